/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PKCS#12 (RFC 7292), walked by hand: PKCS12_parse would do as many rounds of password derivation as the file asks for.
 */
#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <stdio.h>
#include <string.h>

#include "certfile_in.h"
#include "secret.h"

#define SAY(detail, ...)	snprintf(detail, CERTFILE_DETAIL, __VA_ARGS__)
#define PASSWORD_CAP		1024
#define DEEP			4	/* safes in safes */

PKCS12 *
certfile_p12_get(const uint8_t **p, long n)
{
	PKCS12 *p12 = PKCS12_init_ex(NID_pkcs7_data, certfile_old(), NULL);

	return p12 ? d2i_PKCS12(&p12, p, n) : NULL;	/* it frees what was given when it fails */
}

static bool
take(long rounds, uint32_t *left)
{
	if (rounds < 1 || (unsigned long)rounds > *left)
		return false;
	*left -= (uint32_t)rounds;
	return true;
}

/* RFC 8018 A.4: PBES2 with PBKDF2; scrypt's cost has three factors, and nobody's export uses it. */
static bool
rounds_pbes2(const ASN1_TYPE *param, long *rounds)
{
	PBE2PARAM *outer = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), param);
	PBKDF2PARAM *inner = NULL;

	if (outer && OBJ_obj2nid(outer->keyfunc->algorithm) == NID_id_pbkdf2)
		inner = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM), outer->keyfunc->parameter);
	*rounds = inner ? ASN1_INTEGER_get(inner->iter) : -1;
	PBE2PARAM_free(outer);
	PBKDF2PARAM_free(inner);
	return inner != NULL;
}

enum reason
certfile_rounds(const X509_ALGOR *alg, uint32_t *left, char detail[static CERTFILE_DETAIL])
{
	const ASN1_OBJECT *what;
	const void *value;
	PBEPARAM *p = NULL;
	ASN1_TYPE *param;
	long rounds = -1;
	bool known;
	int type;

	X509_ALGOR_get0(&what, &type, &value, alg);
	param = alg->parameter;
	if (OBJ_obj2nid(what) == NID_pbes2) {
		known = param && rounds_pbes2(param, &rounds);
	} else {
		p = param ? ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBEPARAM), param) : NULL;
		rounds = p ? ASN1_INTEGER_get(p->iter) : -1;
		known = p != NULL;
		PBEPARAM_free(p);
	}
	if (known && take(rounds, left))
		return R_OK;
	if (known)
		SAY(detail, "its password is to be worked on in more than %u rounds", CERTFILE_ROUNDS);
	else
		SAY(detail, "it is encrypted in a way that is not known here");
	return R_CREDENTIAL_UNREADABLE;
}

struct walk {
	const char	*password;
	int		 n;
	uint32_t	 rounds;
	struct certfile	*f;
	char		*detail;
};

static enum reason
shrouded(struct walk *w, const PKCS12_SAFEBAG *bag)
{
	const X509_SIG *sig = PKCS12_SAFEBAG_get0_pkcs8(bag);
	PKCS8_PRIV_KEY_INFO *p8;
	const X509_ALGOR *alg;
	enum reason r;
	EVP_PKEY *k;

	X509_SIG_get0(sig, &alg, NULL);
	r = certfile_rounds(alg, &w->rounds, w->detail);
	if (r != R_OK)
		return r;
	p8 = PKCS12_decrypt_skey_ex(bag, w->password, w->n, certfile_old(), NULL);
	if (p8 == NULL) {
		SAY(w->detail, "the private key cannot be deciphered with it");
		return R_PASSWORD_WRONG;
	}
	k = EVP_PKCS82PKEY(p8);
	PKCS8_PRIV_KEY_INFO_free(p8);
	return certfile_add_key(w->f, k, w->detail);
}

static enum reason
one_bag(struct walk *w, const PKCS12_SAFEBAG *bag, unsigned depth)
{
	const STACK_OF(PKCS12_SAFEBAG) *inner;
	X509 *x;
	enum reason r = R_OK;

	switch (PKCS12_SAFEBAG_get_nid(bag)) {
	case NID_keyBag:
		return certfile_add_key(w->f, EVP_PKCS82PKEY(PKCS12_SAFEBAG_get0_p8inf(bag)), w->detail);
	case NID_pkcs8ShroudedKeyBag:
		return shrouded(w, bag);
	case NID_certBag:
		if (PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate)
			return R_OK;
		x = PKCS12_SAFEBAG_get1_cert(bag);
		return certfile_add_cert(w->f, x, w->detail);
	case NID_safeContentsBag:
		inner = PKCS12_SAFEBAG_get0_safes(bag);
		for (int i = 0; r == R_OK && depth < DEEP && i < sk_PKCS12_SAFEBAG_num(inner); i++)
			r = one_bag(w, sk_PKCS12_SAFEBAG_value(inner, i), depth + 1);
		return r;
	default:
		return R_OK;	/* CRLs, secrets of other programs */
	}
}

static enum reason
one_safe(struct walk *w, PKCS7 *p7)
{
	STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
	enum reason r = R_OK;

	if (PKCS7_type_is_data(p7)) {
		bags = PKCS12_unpack_p7data(p7);
	} else if (PKCS7_type_is_encrypted(p7)) {
		if (p7->d.encrypted == NULL || p7->d.encrypted->enc_data == NULL)
			r = R_CREDENTIAL_UNREADABLE;
		else
			r = certfile_rounds(p7->d.encrypted->enc_data->algorithm, &w->rounds, w->detail);
		if (r == R_OK)
			bags = PKCS12_unpack_p7encdata(p7, w->password, w->n);
	} else {
		return R_OK;
	}
	if (r == R_OK && bags == NULL) {
		SAY(w->detail, "a part of it cannot be read");
		r = R_CREDENTIAL_UNREADABLE;
	}
	for (int i = 0; r == R_OK && i < sk_PKCS12_SAFEBAG_num(bags); i++)
		r = one_bag(w, sk_PKCS12_SAFEBAG_value(bags, i), 0);
	sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
	return r;
}

/* An empty password has two encodings; which one it was the checksum tells. */
static enum reason
check_mac(struct walk *w, PKCS12 *p12)
{
	const ASN1_INTEGER *iter = NULL;
	long rounds;

	PKCS12_get0_mac(NULL, NULL, NULL, &iter, p12);
	rounds = iter ? ASN1_INTEGER_get(iter) : 1;
	if (!take(rounds, &w->rounds) || (w->n == 0 && !take(rounds, &w->rounds))) {
		SAY(w->detail, "its password is to be worked on in more than %u rounds", CERTFILE_ROUNDS);
		return R_CREDENTIAL_UNREADABLE;
	}
	if (PKCS12_verify_mac(p12, w->password, w->n))
		return R_OK;
	if (w->n == 0 && PKCS12_verify_mac(p12, NULL, 0)) {
		w->password = NULL;
		return R_OK;
	}
	SAY(w->detail, w->n ? "the file cannot be deciphered with it" : "the file has a password");
	return R_PASSWORD_WRONG;
}

static enum reason
walk(struct walk *w, PKCS12 *p12)
{
	STACK_OF(PKCS7) *safes;
	enum reason r;

	if (!PKCS12_mac_present(p12)) {
		SAY(w->detail, "it has no checksum by a password; one that is signed instead is not taken");
		return R_CREDENTIAL_UNREADABLE;
	}
	r = check_mac(w, p12);
	if (r != R_OK)
		return r;
	safes = PKCS12_unpack_authsafes(p12);
	if (safes == NULL) {
		SAY(w->detail, "its contents cannot be read");
		return R_CREDENTIAL_UNREADABLE;
	}
	for (int i = 0; r == R_OK && i < sk_PKCS7_num(safes); i++)
		r = one_safe(w, sk_PKCS7_value(safes, i));
	sk_PKCS7_pop_free(safes, PKCS7_free);
	return r;
}

enum reason
certfile_read_p12(PKCS12 *p12, struct bytes password, struct certfile *f, char detail[static CERTFILE_DETAIL])
{
	char text[PASSWORD_CAP];
	struct walk w = { .password = text, .n = (int)password.n, .rounds = CERTFILE_ROUNDS, .f = f, .detail = detail };
	enum reason r = R_PASSWORD_WRONG;

	if (password.n < sizeof(text)) {
		if (password.n)
			memcpy(text, password.p, password.n);
		text[password.n] = '\0';
		r = walk(&w, p12);
		wipe(text, sizeof(text));
	}
	PKCS12_free(p12);
	return r;
}
