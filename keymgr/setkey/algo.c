/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The algorithms that the language names, whether an engine has them or not: what an engine has, it says in its answer to REGISTER.
 * The first row of a number is the name that dumps use.
 */
#include <stdio.h>

#include "lang.h"

static const struct algo algos[] = {
	{ "des-cbc",		ALG_ENC,  2,	 64,  64,  64, 0, NULL },
	{ "des-32iv",		ALG_ENC,  2,	 64,  64,  64, SAF_IV4B, NULL },
	{ "des-deriv",		ALG_ENC,  2,	 64,  64,  64, SAF_DERIV, NULL },
	{ "3des-cbc",		ALG_ENC,  3,	192, 192, 192, 0, NULL },
	{ "cast128-cbc",	ALG_ENC,  6,	 40, 128,   8, 0, NULL },
	{ "blowfish-cbc",	ALG_ENC,  7,	 40, 448,   8, 0, NULL },
	{ "null",		ALG_ENC, 11,	  0,   0,   1, 0, NULL },
	{ "simple",		ALG_ENC, 11,	  0,   0,   1, 0, NULL },
	{ "aes-cbc",		ALG_ENC, 12,	128, 256,  64, 0, NULL },
	{ "rijndael-cbc",	ALG_ENC, 12,	128, 256,  64, 0, NULL },
	{ "aes-ctr",		ALG_ENC, 13,	160, 288,  64, 0, NULL },	/* key, then four octets of nonce */
	{ "aes-gcm-16",		ALG_ENC, 20,	160, 288,  64, 0, NULL },	/* key, then four octets of salt */
	{ "camellia-cbc",	ALG_ENC, 22,	128, 256,  64, 0, NULL },
	{ "aes-gmac",		ALG_ENC, 23,	160, 288,  64, 0, NULL },
	{ "chacha20-poly1305",	ALG_ENC, CW_EALG_CHACHA20POLY1305, 288, 288, 288, 0, NULL },
	{ "twofish-cbc",	ALG_ENC, 253,	  8, 256,   8, 0, NULL },
	{ "hmac-md5",		ALG_AUTH, 2,	128, 128, 128, 0, NULL },
	{ "hmac-sha1",		ALG_AUTH, 3,	160, 160, 160, 0, NULL },
	{ "hmac-sha256",	ALG_AUTH, 5,	256, 256, 256, 0, NULL },
	{ "hmac-sha2-256",	ALG_AUTH, 5,	256, 256, 256, 0, NULL },
	{ "hmac-sha256-96",	ALG_AUTH, CW_AALG_SHA2_256HMAC_96, 256, 256, 256, 0, NULL },	/* an ICV as before RFC 4868 */
	{ "hmac-sha384",	ALG_AUTH, 6,	384, 384, 384, 0, NULL },
	{ "hmac-sha2-384",	ALG_AUTH, 6,	384, 384, 384, 0, NULL },
	{ "hmac-sha512",	ALG_AUTH, 7,	512, 512, 512, 0, NULL },
	{ "hmac-sha2-512",	ALG_AUTH, 7,	512, 512, 512, 0, NULL },
	{ "hmac-ripemd160",	ALG_AUTH, 8,	160, 160, 160, 0, NULL },
	{ "aes-xcbc-mac",	ALG_AUTH, 9,	128, 128, 128, 0, NULL },
	{ "aes-cmac",		ALG_AUTH, CW_AALG_AES_CMAC, 128, 128, 128, 0, NULL },
	{ "aes-128-gmac",	ALG_AUTH, CW_AALG_AES_128_GMAC, 160, 160, 160, 0, NULL },	/* AH's; key, then four octets of salt */
	{ "aes-192-gmac",	ALG_AUTH, CW_AALG_AES_192_GMAC, 224, 224, 224, 0, NULL },
	{ "aes-256-gmac",	ALG_AUTH, CW_AALG_AES_256_GMAC, 288, 288, 288, 0, NULL },
	{ "keyed-md5",		ALG_AUTH, 249,	128, 128, 128, 0, "md5" },
	{ "keyed-sha1",		ALG_AUTH, 250,	160, 160, 160, 0, "sha" },
	{ "null",		ALG_AUTH, AALG_NULL, 0, 0,  1, 0, NULL },
	{ "tcp-md5",		ALG_AUTH, 252,	  8, 640,   8, 0, NULL },
	{ "deflate",		ALG_COMP, 2,	  0,   0,   1, 0, NULL },
};
#define ALGOS	(sizeof(algos) / sizeof(algos[0]))

const struct algo *
algo_find(enum alg_kind kind, struct bytes name)
{
	for (unsigned i = 0; i < ALGOS; i++)
		if (algos[i].kind == kind && bytes_eq(name, bytes_of(algos[i].name, strlen(algos[i].name))))
			return &algos[i];
	return NULL;
}

const struct algo *
algo_by_id(enum alg_kind kind, unsigned id)
{
	for (unsigned i = 0; i < ALGOS; i++)
		if (algos[i].kind == kind && algos[i].id == id)
			return &algos[i];
	return NULL;
}

const char *
algo_shown(enum alg_kind kind, unsigned id, char buf[static 16])
{
	const struct algo *a = algo_by_id(kind, id);

	if (a)
		return a->shown ? a->shown : a->name;
	snprintf(buf, 16, "#%u", id);
	return buf;
}

const char *
cipher_shown(unsigned id, uint32_t sa_flags, char buf[static 16])
{
	for (unsigned i = 0; i < ALGOS; i++)
		if (algos[i].kind == ALG_ENC && algos[i].id == id && algos[i].flags && (sa_flags & algos[i].flags) && (sa_flags & SAF_OLD))
			return algos[i].name;
	return algo_shown(ALG_ENC, id, buf);
}

const char *const *
algo_names(enum alg_kind kind)
{
	static const char *names[3][ALGOS + 1];
	unsigned n = 0;

	for (unsigned i = 0; i < ALGOS; i++)
		if (algos[i].kind == kind)
			names[kind][n++] = algos[i].name;
	return names[kind];
}

const char *
algo_never(struct bytes name)
{
	static const struct { const char *name, *why; } v[] = {
		{ "3des-deriv", "no document ever said what it is" },
		{ "rc5-cbc", "nothing here says how many rounds, and no library has it" },
		{ "skipjack", "its keys have 80 bits, and no library has it" },
		{ "lzs", "it was never free to use; deflate (RFC 2394) is done" },
		{ "lzjh", "no library has it; deflate (RFC 2394) is done" },
		{ "oui", "what it is only its vendor knows; deflate (RFC 2394) is done" },
	};

	for (unsigned i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		if (bytes_eq(name, bytes_of(v[i].name, strlen(v[i].name))))
			return v[i].why;
	return NULL;
}

const char *
algo_weak(const struct algo *a)
{
	static const struct { uint8_t kind, id; const char *why; } weak[] = {
		{ ALG_ENC, 2, "keys of 56 bits can be tried out in a day" },
		{ ALG_ENC, 3, "blocks of 64 bits repeat within some gigabytes" },
		{ ALG_ENC, 6, "blocks of 64 bits repeat within some gigabytes" },
		{ ALG_ENC, 7, "blocks of 64 bits repeat within some gigabytes" },
		{ ALG_AUTH, 2, "MD5 is broken" },
		{ ALG_AUTH, 8, "RIPEMD-160 is hardly looked at any more" },
		{ ALG_AUTH, 249, "MD5 is broken, and a key in front and behind is no HMAC" },
		{ ALG_AUTH, 250, "a key in front and behind is no HMAC" },
	};

	for (unsigned i = 0; a && i < sizeof(weak) / sizeof(weak[0]); i++)
		if (weak[i].kind == a->kind && weak[i].id == a->id)
			return weak[i].why;
	return NULL;
}

bool
algo_key_fits(const struct algo *a, size_t bits)
{
	return bits >= a->min && bits <= a->max && (bits - a->min) % a->step == 0;
}

void
algo_lengths(const struct algo *a, char *buf, size_t cap)
{
	if (a->min == a->max)
		snprintf(buf, cap, "%u bits (%u octets)", a->min, a->min / 8);
	else if (a->step == 8)
		snprintf(buf, cap, "from %u to %u bits", a->min, a->max);
	else
		snprintf(buf, cap, "%u, %u or %u bits", a->min, a->min + a->step, a->max);
}
