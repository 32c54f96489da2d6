/* SPDX-License-Identifier: BSD-2-Clause */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <string.h>

#include "keykind.h"

static const struct kind {
	const char	*name;
	int		 type;		/* EVP_PKEY_* */
	const char	*curve;		/* OpenSSL's name of it */
	unsigned	 bits;		/* RSA */
	const EVP_MD	*(*digest)(void);
} kinds[] = {
	{ "ecdsa-p256",	EVP_PKEY_EC,		"prime256v1",	0,	EVP_sha256 },
	{ "ecdsa-p384",	EVP_PKEY_EC,		"secp384r1",	0,	EVP_sha384 },
	{ "ecdsa-p521",	EVP_PKEY_EC,		"secp521r1",	0,	EVP_sha512 },
	{ "ed25519",	EVP_PKEY_ED25519,	NULL,		0,	NULL },
	{ "ed448",	EVP_PKEY_ED448,		NULL,		0,	NULL },
	{ "rsa-2048",	EVP_PKEY_RSA,		NULL,		2048,	EVP_sha256 },
	{ "rsa-3072",	EVP_PKEY_RSA,		NULL,		3072,	EVP_sha256 },
	{ "rsa-4096",	EVP_PKEY_RSA,		NULL,		4096,	EVP_sha256 },
};

#define NKINDS		(sizeof(kinds) / sizeof(kinds[0]))
#define RSA_MIN		2048
#define RSA_MAX		8192	/* what a signature takes grows with the cube of it */

/* The curve by its name; "" when it was given by its parameters, which no one has to. */
static void
curve_of(const EVP_PKEY *k, char *buf, size_t cap)
{
	size_t n = 0;

	if (!EVP_PKEY_get_utf8_string_param(k, OSSL_PKEY_PARAM_GROUP_NAME, buf, cap, &n))
		buf[0] = '\0';
}

static const struct kind *
kind_of(const EVP_PKEY *k)
{
	int type = EVP_PKEY_get_base_id(k);
	char curve[64] = "";

	if (type == EVP_PKEY_EC)
		curve_of(k, curve, sizeof(curve));
	for (size_t i = 0; i < NKINDS; i++) {
		const struct kind *d = &kinds[i];

		if (d->type == type && (!d->curve || strcmp(d->curve, curve) == 0) &&
		    (!d->bits || (int)d->bits == EVP_PKEY_get_bits(k)))
			return d;
	}
	return NULL;
}

const char *
keykind_name(const EVP_PKEY *k, char buf[static CERT_KEY_CAP])
{
	const struct kind *d = kind_of(k);
	char curve[64];

	if (d) {
		snprintf(buf, CERT_KEY_CAP, "%s", d->name);
	} else if (EVP_PKEY_get_base_id(k) == EVP_PKEY_RSA) {
		snprintf(buf, CERT_KEY_CAP, "rsa-%d", EVP_PKEY_get_bits(k));
	} else if (EVP_PKEY_get_base_id(k) == EVP_PKEY_EC) {
		curve_of(k, curve, sizeof(curve));
		snprintf(buf, CERT_KEY_CAP, "ecdsa-%.20s", curve[0] ? curve : "other");
	} else {
		snprintf(buf, CERT_KEY_CAP, "%.30s", EVP_PKEY_get0_type_name(k) ? EVP_PKEY_get0_type_name(k) : "other");
	}
	return buf;
}

/* A public exponent from 65537 to 64 bits: smaller ones have forgeries, larger ones make a signature expensive to look at. */
static bool
rsa_taken(const EVP_PKEY *k)
{
	BIGNUM *e = NULL;
	bool ok;

	ok = EVP_PKEY_get_bits(k) >= RSA_MIN && EVP_PKEY_get_bits(k) <= RSA_MAX && EVP_PKEY_get_bn_param(k, OSSL_PKEY_PARAM_RSA_E, &e) &&
	    BN_num_bits(e) > 16 && BN_num_bits(e) <= 64;
	BN_free(e);
	return ok;
}

bool
keykind_taken(const EVP_PKEY *k)
{
	return EVP_PKEY_get_base_id(k) == EVP_PKEY_RSA ? rsa_taken(k) : kind_of(k) != NULL;
}

static const struct kind *
kind_by_name(const char *name)
{
	for (size_t i = 0; i < NKINDS; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

bool
keykind_made(const char *name, bool *slow)
{
	const struct kind *d = kind_by_name(name);

	*slow = d && d->bits;
	return d != NULL;
}

EVP_PKEY *
keykind_new(const char *name)
{
	const struct kind *d = kind_by_name(name);

	if (d == NULL)
		return NULL;
	if (d->curve)
		return EVP_EC_gen(d->curve);
	if (d->bits)
		return EVP_RSA_gen(d->bits);
	return EVP_PKEY_Q_keygen(NULL, NULL, d->type == EVP_PKEY_ED25519 ? "ED25519" : "ED448");
}

const EVP_MD *
keykind_digest(const EVP_PKEY *k)
{
	const struct kind *d = kind_of(k);

	if (d)
		return d->digest ? d->digest() : NULL;
	return EVP_sha256();	/* RSA of a size of its own */
}

bool
keykind_works(EVP_PKEY *k)
{
	static const uint8_t text[] = "does this private key belong to this public key?";
	EVP_MD_CTX *sign = EVP_MD_CTX_new(), *verify = EVP_MD_CTX_new();
	uint8_t sig[RSA_MAX / 8];
	size_t n = sizeof(sig);
	bool ok;

	ok = sign && verify && EVP_DigestSignInit(sign, NULL, keykind_digest(k), NULL, k) == 1 &&
	    EVP_DigestSign(sign, sig, &n, text, sizeof(text)) == 1 &&
	    EVP_DigestVerifyInit(verify, NULL, keykind_digest(k), NULL, k) == 1 &&
	    EVP_DigestVerify(verify, sig, n, text, sizeof(text)) == 1;
	EVP_MD_CTX_free(sign);
	EVP_MD_CTX_free(verify);
	return ok;
}
