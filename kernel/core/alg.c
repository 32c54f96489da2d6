/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The algorithms of ESP, in PF_KEY numbers. RFC 4106 (GCM), 7634 (ChaCha20), 3602 (CBC), 2410 (NULL), 4868 (HMAC-SHA2). */
#include "core.h"

static const struct cw_alg algs[] = {
	/*  id                       auth aead salt iv icv block  min  max step */
	{ SADB_X_EALG_AES_GCM_ICV16,    0, 1, 4,  8, 16,  4, 128, 256,  64 },
	{ SADB_X_EALG_AESCBC,           0, 0, 0, 16,  0, 16, 128, 256,  64 },
	{ CW_EALG_CHACHA20POLY1305,     0, 1, 4,  8, 16,  4, 256, 256, 256 },
	{ SADB_EALG_NULL,               0, 0, 0,  0,  0,  1,   0,   0,   1 },
	{ SADB_X_AALG_SHA2_256HMAC,     1, 0, 0,  0, 16,  1, 256, 256, 256 },
	{ SADB_X_AALG_SHA2_384HMAC,     1, 0, 0,  0, 24,  1, 384, 384, 384 },
	{ SADB_X_AALG_SHA2_512HMAC,     1, 0, 0,  0, 32,  1, 512, 512, 512 },
};

const struct cw_alg *
cw_alg_row(unsigned i)
{
	return i < sizeof(algs) / sizeof(algs[0]) ? &algs[i] : NULL;
}

const struct cw_alg *
cw_alg_find(bool auth, unsigned id)
{
	const struct cw_alg *a;

	for (unsigned i = 0; (a = cw_alg_row(i)) != NULL; i++)
		if (a->auth == auth && a->id == id)
			return a;
	return NULL;
}

bool
cw_alg_key_ok(const struct cw_alg *a, unsigned bits, size_t octets)
{
	unsigned key = bits - a->salt * 8u;

	if (a->max == 0)
		return bits == 0 && octets == 0;	/* RFC 2410 2.1: NULL has no key */
	return bits > a->salt * 8u && octets == bits / 8 && bits % 8 == 0 && octets <= CW_KEY_MAX &&
	    key >= a->min && key <= a->max && (key - a->min) % a->step == 0;
}
