/* SPDX-License-Identifier: BSD-2-Clause */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/dh.h>
#include <openssl/ec.h>
#include <openssl/params.h>

#include "alg.h"
#include "ke.h"

enum kind { EDWARDS, ECP, MODP };

/* pub: octets of the KE payload's value; secret: octets of the shared secret (ECP: the x coordinate alone, RFC 5903 7). */
static const struct group {
	uint16_t	id;
	enum kind	kind;
	const char	*type;		/* OpenSSL's names */
	const char	*name;
	uint16_t	pub, secret;
	BIGNUM		*(*prime)(BIGNUM *);
} groups[] = {
	{ KE_X25519,   EDWARDS, "X25519", NULL,        32,  32,  NULL },
	{ KE_CURVE448, EDWARDS, "X448",   NULL,        56,  56,  NULL },
	{ KE_ECP256,   ECP,     "EC",     "P-256",     64,  32,  NULL },
	{ KE_ECP384,   ECP,     "EC",     "P-384",     96,  48,  NULL },
	{ KE_ECP521,   ECP,     "EC",     "P-521",     132, 66,  NULL },
	{ KE_MODP2048, MODP,    "DH",     "modp_2048", 256, 256, BN_get_rfc3526_prime_2048 },
	{ KE_MODP3072, MODP,    "DH",     "modp_3072", 384, 384, BN_get_rfc3526_prime_3072 },
	{ KE_MODP4096, MODP,    "DH",     "modp_4096", 512, 512, BN_get_rfc3526_prime_4096 },
};

static const struct group *
find(uint16_t id)
{
	for (unsigned i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (groups[i].id == id)
			return &groups[i];
	return NULL;
}

static void
group_param(const struct group *g, char name[static 16], OSSL_PARAM *p)
{
	strcpy(name, g->name);
	*p = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0);
}

bool
ke_public(const struct ke *k, struct wr *pub)
{
	const struct group *g = find(k->group);
	uint8_t buf[1 + KE_PUB_MAX];
	BIGNUM *y = NULL;
	size_t n = 0;
	bool ok = false;

	if (g == NULL || k->key == NULL)
		return false;
	switch (g->kind) {
	case EDWARDS:
		n = sizeof(buf);
		ok = EVP_PKEY_get_raw_public_key(k->key, buf, &n) && n == g->pub;
		if (ok)
			wr_mem(pub, buf, g->pub);
		break;
	case ECP:	/* 04 | x | y; the payload has x | y (RFC 5903 7) */
		ok = EVP_PKEY_get_octet_string_param(k->key, OSSL_PKEY_PARAM_PUB_KEY, buf, sizeof(buf), &n) &&
		    n == 1u + g->pub && buf[0] == POINT_CONVERSION_UNCOMPRESSED;
		if (ok)
			wr_mem(pub, buf + 1, g->pub);
		break;
	case MODP:	/* padded with zeros to the modulus (RFC 7296 3.4) */
		ok = EVP_PKEY_get_bn_param(k->key, OSSL_PKEY_PARAM_PUB_KEY, &y) && BN_bn2binpad(y, buf, g->pub) == g->pub;
		if (ok)
			wr_mem(pub, buf, g->pub);
		BN_free(y);
		break;
	}
	return ok && wr_ok(pub);
}

enum ke_result
ke_new(struct ke *k, uint16_t id, struct wr *pub)
{
	const struct group *g = find(id);
	OSSL_PARAM params[2] = { OSSL_PARAM_END, OSSL_PARAM_END };
	char name[16];
	EVP_PKEY_CTX *ctx;
	bool ok;

	*k = (struct ke){ .group = id };
	if (g == NULL)
		return KE_UNKNOWN_GROUP;
	if (g->name)
		group_param(g, name, &params[0]);
	ctx = EVP_PKEY_CTX_new_from_name(NULL, g->type, NULL);
	ok = ctx && EVP_PKEY_keygen_init(ctx) > 0 && EVP_PKEY_CTX_set_params(ctx, params) > 0 && EVP_PKEY_generate(ctx, &k->key) > 0;
	EVP_PKEY_CTX_free(ctx);
	if (ok && ke_public(k, pub))
		return KE_OK;
	ke_wipe(k);
	return KE_FAILED;
}

/* RFC 6989 2.1: 2 <= y <= p-2. The primes are safe, and every exponent is used once: no more is needed (2.2). */
static bool
modp_in_range(const struct group *g, struct bytes peer)
{
	BIGNUM *p = g->prime(NULL), *y = BN_bin2bn(peer.p, (int)peer.n, NULL);
	bool ok = p && y && BN_sub_word(p, 2) && BN_cmp(y, BN_value_one()) > 0 && BN_cmp(y, p) <= 0;

	BN_free(p);
	BN_free(y);
	return ok;
}

static EVP_PKEY *
import(const struct group *g, OSSL_PARAM *params)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, g->type, NULL);
	EVP_PKEY *key = NULL;

	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) <= 0 || EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) <= 0)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* The peer's value as a key that passed the checks of its kind, or NULL. */
static EVP_PKEY *
peer_key(const struct group *g, struct bytes peer)
{
	OSSL_PARAM params[3] = { OSSL_PARAM_END, OSSL_PARAM_END, OSSL_PARAM_END };
	uint8_t buf[1 + KE_PUB_MAX];
	char name[16];
	EVP_PKEY_CTX *check;
	EVP_PKEY *key;
	bool ok;

	if (g->kind == EDWARDS)
		return EVP_PKEY_new_raw_public_key_ex(NULL, g->type, NULL, peer.p, peer.n);
	group_param(g, name, &params[0]);
	if (g->kind == MODP) {
		if (!modp_in_range(g, peer))
			return NULL;
		for (size_t i = 0; i < peer.n; i++)	/* OpenSSL's integers are in host order */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
			buf[i] = peer.p[peer.n - 1 - i];
#else
			buf[i] = peer.p[i];
#endif
		params[1] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PUB_KEY, buf, peer.n);
		return import(g, params);
	}
	buf[0] = POINT_CONVERSION_UNCOMPRESSED;
	memcpy(buf + 1, peer.p, peer.n);
	params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, buf, peer.n + 1);
	key = import(g, params);
	if (key == NULL)
		return NULL;
	/* RFC 6989 2.3: coordinates in range and on the curve; the cofactor is 1, so that is membership */
	check = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	ok = check && EVP_PKEY_public_check_quick(check) == 1;
	EVP_PKEY_CTX_free(check);
	if (ok)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

/* RFC 8031 4: an all-zero result comes from a point of small order. */
static bool
all_zero(const struct secret *s)
{
	uint8_t any = 0;

	for (size_t i = 0; i < s->n; i++)
		any |= s->b[i];
	return any == 0;
}

enum ke_result
ke_secret(const struct ke *k, struct bytes peer, struct secret *out)
{
	const struct group *g = find(k->group);
	EVP_PKEY *other;
	EVP_PKEY_CTX *ctx;
	size_t n = sizeof(out->b);
	bool ok;

	secret_wipe(out);
	if (g == NULL || k->key == NULL)
		return KE_UNKNOWN_GROUP;
	if (peer.n != g->pub || (other = peer_key(g, peer)) == NULL)
		return KE_BAD_PUBLIC;
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, k->key, NULL);
	ok = ctx && EVP_PKEY_derive_init(ctx) > 0 && (g->kind != MODP || EVP_PKEY_CTX_set_dh_pad(ctx, 1) > 0) &&
	    EVP_PKEY_derive_set_peer(ctx, other) > 0;
	if (ok) {
		/* what fails from here on fails by the peer's value */
		if (EVP_PKEY_derive(ctx, out->b, &n) > 0 && n == g->secret)
			out->n = n;
	}
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(other);
	if (!ok)
		return KE_FAILED;
	if (out->n == 0 || all_zero(out)) {
		secret_wipe(out);
		return KE_BAD_PUBLIC;
	}
	return KE_OK;
}

void
ke_wipe(struct ke *k)
{
	EVP_PKEY_free(k->key);
	k->key = NULL;
}
