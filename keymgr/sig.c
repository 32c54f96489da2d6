/* SPDX-License-Identifier: BSD-2-Clause */
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <stdio.h>

#include "keykind.h"
#include "sig.h"

#define SAY(detail, ...)	snprintf(detail, SIG_DETAIL, __VA_ARGS__)

/* What Causeway offers, in every IKE_SA_INIT. */
#define OFFERED	(HASH_BIT(HASH_SHA2_256) | HASH_BIT(HASH_SHA2_384) | HASH_BIT(HASH_SHA2_512) | HASH_BIT(HASH_IDENTITY))

enum key_type { KEY_OTHER, KEY_RSA, KEY_EC, KEY_ED25519, KEY_ED448 };

/* RFC 4754: the curve and the hash belong together, and the signature is r and s, each as long as the curve's order. */
static const struct old_ecdsa {
	uint8_t	method, hash;
	int	bits;
	size_t	half;
} old_ecdsa[] = {
	{ AUTH_METHOD_ECDSA_256, HASH_SHA2_256, 256, 32 },
	{ AUTH_METHOD_ECDSA_384, HASH_SHA2_384, 384, 48 },
	{ AUTH_METHOD_ECDSA_521, HASH_SHA2_512, 521, 66 },
};
#define NOLD	(sizeof(old_ecdsa) / sizeof(old_ecdsa[0]))

static const struct digest {
	const char	*name;
	const EVP_MD	*(*md)(void);
	uint16_t	len;
} digests[] = {
	[HASH_SHA1] = { "SHA-1", EVP_sha1, 20 },
	[HASH_SHA2_256] = { "SHA-256", EVP_sha256, 32 },
	[HASH_SHA2_384] = { "SHA-384", EVP_sha384, 48 },
	[HASH_SHA2_512] = { "SHA-512", EVP_sha512, 64 },
	[HASH_IDENTITY] = { "no hash", NULL, 0 },
};

static enum key_type
type_of(const EVP_PKEY *k)
{
	switch (EVP_PKEY_get_base_id(k)) {
	case EVP_PKEY_RSA: return KEY_RSA;
	case EVP_PKEY_EC: return KEY_EC;
	case EVP_PKEY_ED25519: return KEY_ED25519;
	case EVP_PKEY_ED448: return KEY_ED448;
	default: return KEY_OTHER;
	}
}

static enum key_type
type_for(enum sig_kind kind)
{
	static const enum key_type types[] = { [SIG_RSA_PKCS1] = KEY_RSA, [SIG_RSA_PSS] = KEY_RSA, [SIG_ECDSA] = KEY_EC,
	    [SIG_ED25519] = KEY_ED25519, [SIG_ED448] = KEY_ED448 };

	return types[kind];
}

static void
name_of(const EVP_PKEY *k, const struct sig_alg *a, char name[static SIG_NAME])
{
	int bits = EVP_PKEY_get_bits(k);

	switch (a->kind) {
	case SIG_RSA_PKCS1: snprintf(name, SIG_NAME, "RSA of %d bits (PKCS#1 v1.5) with %s", bits, digests[a->hash].name); return;
	case SIG_RSA_PSS: snprintf(name, SIG_NAME, "RSA of %d bits (PSS) with %s", bits, digests[a->hash].name); return;
	case SIG_ECDSA: snprintf(name, SIG_NAME, "ECDSA P-%d with %s", bits, digests[a->hash].name); return;
	case SIG_ED25519: snprintf(name, SIG_NAME, "Ed25519"); return;
	case SIG_ED448: snprintf(name, SIG_NAME, "Ed448"); return;
	}
}

/* The operation itself, for both directions. */

static bool
set_up(EVP_PKEY_CTX *c, const struct sig_alg *a)
{
	if (a->kind == SIG_RSA_PKCS1)
		return EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PADDING) == 1;
	if (a->kind == SIG_RSA_PSS)
		return EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PSS_PADDING) == 1 &&
		    EVP_PKEY_CTX_set_rsa_pss_saltlen(c, a->salt) == 1 && EVP_PKEY_CTX_set_rsa_mgf1_md(c, digests[a->hash].md()) == 1;
	return true;
}

static const EVP_MD *
digest_of(const struct sig_alg *a)
{
	return digests[a->hash].md ? digests[a->hash].md() : NULL;
}

static bool
sign(EVP_PKEY *k, const struct sig_alg *a, struct bytes octets, uint8_t *sig, size_t *n)
{
	EVP_MD_CTX *m = EVP_MD_CTX_new();
	EVP_PKEY_CTX *c = NULL;
	bool ok;

	ok = m && EVP_DigestSignInit(m, &c, digest_of(a), NULL, k) == 1 && set_up(c, a) &&
	    EVP_DigestSign(m, sig, n, octets.p, octets.n) == 1;
	EVP_MD_CTX_free(m);
	return ok;
}

static bool
verify(EVP_PKEY *k, const struct sig_alg *a, struct bytes octets, struct bytes sig)
{
	EVP_MD_CTX *m = EVP_MD_CTX_new();
	EVP_PKEY_CTX *c = NULL;
	bool ok;

	/* 1 and nothing else is yes: below 0 are errors */
	ok = m && EVP_DigestVerifyInit(m, &c, digest_of(a), NULL, k) == 1 && set_up(c, a) &&
	    EVP_DigestVerify(m, sig.p, sig.n, octets.p, octets.n) == 1;
	EVP_MD_CTX_free(m);
	ERR_clear_error();
	return ok;
}

/* ECDSA-Sig-Value in DER, and r | s */

static bool
raw_of_der(const uint8_t *der, size_t n, size_t half, struct wr *w)
{
	ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &der, (long)n);
	uint8_t *out = s ? wr_room(w, 2 * half) : NULL;
	bool ok;

	ok = out && BN_bn2binpad(ECDSA_SIG_get0_r(s), out, (int)half) == (int)half &&
	    BN_bn2binpad(ECDSA_SIG_get0_s(s), out + half, (int)half) == (int)half;
	ECDSA_SIG_free(s);
	return ok;
}

static size_t
der_of_raw(struct bytes raw, size_t half, uint8_t *der, size_t cap)
{
	BIGNUM *r = BN_bin2bn(raw.p, (int)half, NULL), *s = BN_bin2bn(raw.p + half, (int)half, NULL);
	ECDSA_SIG *sig = ECDSA_SIG_new();
	int n = 0;

	if (r && s && sig && ECDSA_SIG_set0(sig, r, s)) {
		r = s = NULL;
		n = i2d_ECDSA_SIG(sig, NULL);
		n = n > 0 && (size_t)n <= cap ? i2d_ECDSA_SIG(sig, &der) : 0;
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(sig);
	return n > 0 ? (size_t)n : 0;
}

/* Making */

/* The hash that fits the key best goes first. */
static uint8_t
choose_hash(const EVP_PKEY *k, uint16_t hashes)
{
	static const uint8_t order[3][3] = { { HASH_SHA2_256, HASH_SHA2_384, HASH_SHA2_512 }, { HASH_SHA2_384, HASH_SHA2_512, HASH_SHA2_256 },
	    { HASH_SHA2_512, HASH_SHA2_384, HASH_SHA2_256 } };
	int bits = EVP_PKEY_get_bits(k);
	unsigned row = type_of(k) != KEY_EC || bits < 384 ? 0 : bits < 521 ? 1 : 2;

	for (unsigned i = 0; i < 3; i++)
		if (hashes & HASH_BIT(order[row][i]))
			return order[row][i];
	return 0;
}

/* By RFC 7427, if the peer speaks it and has a hash for our key. PSS is what RFC 8247 3.2 has everybody know. */
static bool
choose_new(const EVP_PKEY *k, uint16_t hashes, struct sig_alg *a)
{
	enum key_type type = type_of(k);

	if (type == KEY_ED25519 || type == KEY_ED448) {
		*a = (struct sig_alg){ .kind = type == KEY_ED25519 ? SIG_ED25519 : SIG_ED448, .hash = HASH_IDENTITY };
		return hashes & HASH_BIT(HASH_IDENTITY);
	}
	*a = (struct sig_alg){ .kind = type == KEY_RSA ? SIG_RSA_PSS : SIG_ECDSA, .hash = choose_hash(k, hashes) };
	if (a->hash == 0 || type == KEY_OTHER)
		return false;
	a->salt = type == KEY_RSA ? digests[a->hash].len : 0;
	return true;
}

static const struct old_ecdsa *
old_by_bits(int bits)
{
	for (size_t i = 0; i < NOLD; i++)
		if (old_ecdsa[i].bits == bits)
			return &old_ecdsa[i];
	return NULL;
}

/* The methods of RFC 7296 and 4754. */
static uint8_t
choose_old(const EVP_PKEY *k, bool old_methods, struct sig_alg *a)
{
	const struct old_ecdsa *o = type_of(k) == KEY_EC ? old_by_bits(EVP_PKEY_get_bits(k)) : NULL;

	if (o)
		*a = (struct sig_alg){ .kind = SIG_ECDSA, .hash = o->hash };
	else
		*a = (struct sig_alg){ .kind = SIG_RSA_PKCS1, .hash = HASH_SHA1 };
	return o ? o->method : type_of(k) == KEY_RSA && old_methods ? AUTH_METHOD_RSA : 0;
}

static bool
data_put(uint8_t method, const struct sig_alg *a, const EVP_PKEY *k, const uint8_t *sig, size_t n, struct wr *data)
{
	size_t at = data->n;

	if (method == AUTH_METHOD_SIGNATURE) {
		wr_u8(data, 0);
		sig_alg_put(data, a);
		if (wr_ok(data))
			data->p[at] = (uint8_t)(data->n - at - 1);
	} else if (method != AUTH_METHOD_RSA)
		return raw_of_der(sig, n, old_by_bits(EVP_PKEY_get_bits(k))->half, data);
	wr_mem(data, sig, n);
	return wr_ok(data);
}

enum reason
sig_make(EVP_PKEY *k, const struct sig_want *want, struct bytes octets, uint8_t *method, struct wr *data, char name[static SIG_NAME],
    char detail[static SIG_DETAIL])
{
	char kind[CERT_KEY_CAP];
	uint8_t sig[SIG_MAX];
	size_t n = sizeof(sig);
	struct sig_alg a;
	bool ok;

	detail[0] = name[0] = '\0';
	*method = choose_new(k, want->hashes, &a) ? AUTH_METHOD_SIGNATURE : choose_old(k, want->old_methods, &a);
	if (*method == 0) {
		SAY(detail, "our key is of the kind %s; the peer %s", keykind_name(k, kind),
		    want->hashes ? "names no hash for it" : "does not know the signatures of RFC 7427");
		return R_SIGNATURE_NONE;
	}
	name_of(k, &a, name);
	ok = sign(k, &a, octets, sig, &n) && data_put(*method, &a, k, sig, n, data);
	ERR_clear_error();
	return ok ? R_OK : R_INTERNAL;
}

/* Checking */

static enum reason
not_offered(char detail[static SIG_DETAIL], const char *what)
{
	SAY(detail, "%s", what);
	return R_SIGNATURE_NOT_OFFERED;
}

/* Is it one that we offer, and one of this key? */
static enum reason
check_alg(const EVP_PKEY *k, const struct sig_alg *a, char detail[static SIG_DETAIL])
{
	static const char *const kinds[] = { [SIG_RSA_PKCS1] = "RSA", [SIG_RSA_PSS] = "RSA", [SIG_ECDSA] = "ECDSA", [SIG_ED25519] = "Ed25519",
	    [SIG_ED448] = "Ed448" };
	char kind[CERT_KEY_CAP];

	if (type_for(a->kind) != type_of(k)) {
		SAY(detail, "the signature is one of %s, the peer's key is of the kind %s", kinds[a->kind], keykind_name(k, kind));
		return R_SIGNATURE_NOT_OFFERED;
	}
	if (!(OFFERED & HASH_BIT(a->hash))) {
		SAY(detail, "%s with %s", kinds[a->kind], digests[a->hash].name);
		return R_SIGNATURE_NOT_OFFERED;
	}
	if (a->kind == SIG_RSA_PSS && a->salt != digests[a->hash].len) {
		SAY(detail, "RSASSA-PSS with a salt of %u octets; it is to be as long as the hash, %u", a->salt, digests[a->hash].len);
		return R_SIGNATURE_NOT_OFFERED;
	}
	return R_OK;
}

static enum reason
alg_of_method(const EVP_PKEY *k, bool old_methods, uint8_t method, struct sig_alg *a, char detail[static SIG_DETAIL])
{
	const struct old_ecdsa *o = type_of(k) == KEY_EC ? old_by_bits(EVP_PKEY_get_bits(k)) : NULL;
	char kind[CERT_KEY_CAP];

	if (method == AUTH_METHOD_RSA && type_of(k) == KEY_RSA) {
		*a = (struct sig_alg){ .kind = SIG_RSA_PKCS1, .hash = HASH_SHA1 };
		return old_methods ? R_OK : not_offered(detail, "method 1, RSA with SHA-1");
	}
	if (o && o->method == method) {
		*a = (struct sig_alg){ .kind = SIG_ECDSA, .hash = o->hash };
		return R_OK;
	}
	SAY(detail, "method %u; the peer's key is of the kind %s", method, keykind_name(k, kind));
	return R_SIGNATURE_NOT_OFFERED;
}

enum reason
sig_check(EVP_PKEY *k, bool old_methods, uint8_t method, struct bytes data, struct bytes octets, struct sig_alg *a,
    char name[static SIG_NAME], char detail[static SIG_DETAIL])
{
	const struct old_ecdsa *o;
	struct bytes sig = data;
	uint8_t der[160];
	enum reason r;

	detail[0] = name[0] = '\0';
	if (method != AUTH_METHOD_SIGNATURE)
		r = alg_of_method(k, old_methods, method, a, detail);
	else if (sig_data_get(data, a, &sig))
		r = check_alg(k, a, detail);
	else
		r = not_offered(detail, "the algorithm that is named before the signature is not known here, or malformed");
	if (r != R_OK)
		return r;
	name_of(k, a, name);
	o = method == AUTH_METHOD_SIGNATURE || method == AUTH_METHOD_RSA ? NULL : old_by_bits(EVP_PKEY_get_bits(k));
	if (o) {
		size_t n = sig.n == 2 * o->half ? der_of_raw(sig, o->half, der, sizeof(der)) : 0;

		sig = bytes_of(der, n);
	}
	SAY(detail, "%s", name);
	return sig.n && verify(k, a, octets, sig) ? R_OK : R_SIGNATURE_BAD;
}
