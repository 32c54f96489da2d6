/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The registry of algorithms, in PF_KEY numbers. RFC 4106 (GCM), 4543 (GMAC), 7634 (ChaCha20), 3602 (CBC), 3686 (CTR), 4312
 * (Camellia), 2451 (3DES, Blowfish, CAST-128), 2405 (DES), 2410 (NULL); 2404 (HMAC-SHA1), 4868 (HMAC-SHA2), 3566 (XCBC), 4494 (CMAC),
 * 2403 (HMAC-MD5), 2857 (HMAC-RIPEMD-160), 1828 (keyed MD5), 1852 (keyed SHA); nothing, which is for the AH of RFC 1826 alone. legacy: what RFC 8221 5 and 6 say may not be used, or has blocks of 64 bits, whose
 * ciphertext tells of the text after some gigabytes under one key (RFC 8221 5, "Sweet32").
 */
#include "core.h"

static const struct cw_alg algs[] = {
	/*  id                       auth aead salt iv icv block  min  max step legacy */
	{ SADB_X_EALG_AES_GCM_ICV16,    0, 1, 4,  8, 16,  4, 128, 256,  64, 0 },
	{ SADB_X_EALG_AESCBC,           0, 0, 0, 16,  0, 16, 128, 256,  64, 0 },
	{ CW_EALG_CHACHA20POLY1305,     0, 1, 4,  8, 16,  4, 256, 256, 256, 0 },
	{ SADB_X_EALG_AESCTR,           0, 0, 4,  8,  0,  4, 128, 256,  64, 0 },
	{ SADB_X_EALG_CAMELLIACBC,      0, 0, 0, 16,  0, 16, 128, 256,  64, 0 },
	{ SADB_X_EALG_NULL_AES_GMAC,            0, 1, 4,  8, 16,  4, 128, 256,  64, 0 },
	{ SADB_EALG_NULL,               0, 0, 0,  0,  0,  1,   0,   0,   1, 0 },
	{ SADB_EALG_3DESCBC,            0, 0, 0,  8,  0,  8, 192, 192, 192, 1 },
	{ SADB_EALG_DESCBC,             0, 0, 0,  8,  0,  8,  64,  64,  64, 1 },
	{ SADB_X_EALG_CASTCBC,          0, 0, 0,  8,  0,  8,  40, 128,   8, 1 },
	{ SADB_X_EALG_BLOWFISHCBC,      0, 0, 0,  8,  0,  8,  40, 448,   8, 1 },
	{ SADB_X_AALG_SHA2_256HMAC,     1, 0, 0,  0, 16,  1, 256, 256, 256, 0 },
	{ SADB_X_AALG_SHA2_384HMAC,     1, 0, 0,  0, 24,  1, 384, 384, 384, 0 },
	{ SADB_X_AALG_SHA2_512HMAC,     1, 0, 0,  0, 32,  1, 512, 512, 512, 0 },
	{ CW_AALG_SHA2_256HMAC_96,      1, 0, 0,  0, 12,  1, 256, 256, 256, 0 },
	{ SADB_AALG_SHA1HMAC,           1, 0, 0,  0, 12,  1, 160, 160, 160, 0 },
	{ SADB_X_AALG_AES_XCBC_MAC,     1, 0, 0,  0, 12,  1, 128, 128, 128, 0 },
	{ CW_AALG_AES_CMAC,             1, 0, 0,  0, 12,  1, 128, 128, 128, 0 },
	/* in AH alone; its ICV is the IV, then the tag (RFC 4543 4) */
	{ CW_AALG_AES_128_GMAC,         1, 0, 4,  8, 24,  1, 128, 128, 128, 0 },
	{ CW_AALG_AES_192_GMAC,         1, 0, 4,  8, 24,  1, 192, 192, 192, 0 },
	{ CW_AALG_AES_256_GMAC,         1, 0, 4,  8, 24,  1, 256, 256, 256, 0 },
	{ SADB_AALG_MD5HMAC,            1, 0, 0,  0, 12,  1, 128, 128, 128, 1 },
	{ SADB_X_AALG_RIPEMD160HMAC,    1, 0, 0,  0, 12,  1, 160, 160, 160, 1 },
	{ CW_AALG_KEYED_MD5,            1, 0, 0,  0, 16,  1, 128, 128, 128, 1 },
	{ CW_AALG_KEYED_SHA1,           1, 0, 0,  0, 20,  1, 160, 160, 160, 1 },
	{ SADB_X_AALG_NULL,             1, 0, 0,  0, 16,  1,   0,   0,   1, 1 },
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
cw_alg_private(const struct cw_alg *a)
{
	return a->auth ? a->id == CW_AALG_SHA2_256HMAC_96 || a->id == CW_AALG_AES_CMAC : a->id == CW_EALG_CHACHA20POLY1305;
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
