/* SPDX-License-Identifier: BSD-2-Clause */
#include <openssl/err.h>
#include <openssl/rand.h>
#include <string.h>

#include "keykind.h"
#include "x509make.h"

enum { USE_DIGITAL_SIGNATURE = 0, USE_CERT_SIGN = 5, USE_CRL_SIGN = 6 };	/* bits of KeyUsage, RFC 5280 4.2.1.3 */

static const int leaf_usages[] = { NID_server_auth, NID_client_auth, NID_ipsec_IKE };	/* serverAuth first: Windows and iOS ask for it */

bool
make_serial(uint8_t serial[static MAKE_SERIAL])
{
	if (RAND_bytes(serial, MAKE_SERIAL) != 1)
		return false;
	serial[0] = (serial[0] & 0x3f) | 0x40;
	return true;
}

/* Each adds one extension to a certificate; a list of them is straight-line code with one verdict. */

static bool
add(X509 *x, int nid, void *value, bool critical)
{
	return value && X509_add1_ext_i2d(x, nid, value, critical, X509V3_ADD_DEFAULT) == 1;
}

static bool
add_basic(X509 *x, bool ca)
{
	BASIC_CONSTRAINTS *b = BASIC_CONSTRAINTS_new();
	bool ok = b != NULL;

	if (ok && ca) {
		b->ca = 0xff;
		b->pathlen = ASN1_INTEGER_new();
		ok = b->pathlen && ASN1_INTEGER_set(b->pathlen, 0);
	}
	ok = ok && add(x, NID_basic_constraints, b, true);
	BASIC_CONSTRAINTS_free(b);
	return ok;
}

static bool
add_usage(X509 *x, int first, int second)
{
	ASN1_BIT_STRING *s = ASN1_BIT_STRING_new();
	bool ok;

	ok = s && ASN1_BIT_STRING_set_bit(s, first, 1) && (second < 0 || ASN1_BIT_STRING_set_bit(s, second, 1)) &&
	    add(x, NID_key_usage, s, true);
	ASN1_BIT_STRING_free(s);
	return ok;
}

static bool
add_purposes(X509 *x)
{
	EXTENDED_KEY_USAGE *all = sk_ASN1_OBJECT_new_null();
	bool ok = all != NULL;

	for (size_t i = 0; ok && i < sizeof(leaf_usages) / sizeof(leaf_usages[0]); i++)
		ok = sk_ASN1_OBJECT_push(all, OBJ_nid2obj(leaf_usages[i])) > 0;
	ok = ok && add(x, NID_ext_key_usage, all, false);
	sk_ASN1_OBJECT_free(all);
	return ok;
}

/* RFC 5280 4.2.1.2: SHA-1 of the public key's bits; it is a name, not a proof. */
static ASN1_OCTET_STRING *
key_id(const X509 *x)
{
	ASN1_OCTET_STRING *s = ASN1_OCTET_STRING_new();
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (s && X509_pubkey_digest(x, EVP_sha1(), sum, &n) && ASN1_OCTET_STRING_set(s, sum, (int)n))
		return s;
	ASN1_OCTET_STRING_free(s);
	return NULL;
}

static bool
add_key_id(X509 *x)
{
	ASN1_OCTET_STRING *s = key_id(x);
	bool ok = add(x, NID_subject_key_identifier, s, false);

	ASN1_OCTET_STRING_free(s);
	return ok;
}

static AUTHORITY_KEYID *
authority(const X509 *ca)
{
	AUTHORITY_KEYID *a = AUTHORITY_KEYID_new();
	const ASN1_OCTET_STRING *id = X509_get0_subject_key_id((X509 *)(uintptr_t)ca);

	if (a)
		a->keyid = id ? ASN1_OCTET_STRING_dup(id) : key_id(ca);
	if (a && a->keyid)
		return a;
	AUTHORITY_KEYID_free(a);
	return NULL;
}

static bool
add_authority(X509 *x, const X509 *ca)
{
	AUTHORITY_KEYID *a = authority(ca);
	bool ok = add(x, NID_authority_key_identifier, a, false);

	AUTHORITY_KEYID_free(a);
	return ok;
}

static bool
add_crl_url(X509 *x, const char *url)
{
	CRL_DIST_POINTS *all = CRL_DIST_POINTS_new();
	DIST_POINT *p = DIST_POINT_new();
	GENERAL_NAME *g = GENERAL_NAME_new();
	ASN1_IA5STRING *s = ASN1_IA5STRING_new();
	bool ok = false;

	if (all && p && g && s && (p->distpoint = DIST_POINT_NAME_new()) != NULL && ASN1_STRING_set(s, url, -1)) {
		GENERAL_NAME_set0_value(g, GEN_URI, s);
		s = NULL;
		p->distpoint->type = 0;
		p->distpoint->name.fullname = sk_GENERAL_NAME_new_null();
		if (p->distpoint->name.fullname && sk_GENERAL_NAME_push(p->distpoint->name.fullname, g) > 0) {
			g = NULL;
			ok = sk_DIST_POINT_push(all, p) > 0;
		}
		if (ok)
			p = NULL;
	}
	ok = ok && add(x, NID_crl_distribution_points, all, false);
	ASN1_IA5STRING_free(s);
	GENERAL_NAME_free(g);
	DIST_POINT_free(p);
	CRL_DIST_POINTS_free(all);
	return ok;
}

/* UTCTime until 2049, GeneralizedTime after: RFC 5280 4.1.2.5. */
static bool
set_times(X509 *x, const struct make *m)
{
	uint64_t from = m->now > MAKE_EARLY_S ? m->now - MAKE_EARLY_S : 0, to = m->now + (uint64_t)m->days * 86400;
	ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)to);
	bool ok = t && ASN1_TIME_set(X509_getm_notBefore(x), (time_t)from);

	if (ok && m->ca && ASN1_TIME_compare(t, X509_get0_notAfter(m->ca)) > 0)
		ok = X509_set1_notAfter(x, X509_get0_notAfter(m->ca));
	else if (ok)
		ok = X509_set1_notAfter(x, t);
	ASN1_TIME_free(t);
	return ok;
}

static bool
set_serial(X509 *x, const uint8_t serial[static MAKE_SERIAL])
{
	BIGNUM *n = BN_bin2bn(serial, MAKE_SERIAL, NULL);
	bool ok = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x));

	BN_free(n);
	return ok;
}

static X509 *
begin(const struct make *m)
{
	X509 *x = X509_new();

	if (x && X509_set_version(x, X509_VERSION_3) && set_serial(x, m->serial) && X509_set_subject_name(x, m->subject) &&
	    X509_set_issuer_name(x, m->ca ? X509_get_subject_name(m->ca) : m->subject) && X509_set_pubkey(x, m->key) && set_times(x, m))
		return x;
	X509_free(x);
	return NULL;
}

X509 *
make_ca(const struct make *m)
{
	X509 *x = begin(m);

	if (x && add_basic(x, true) && add_usage(x, USE_CERT_SIGN, USE_CRL_SIGN) && add_key_id(x) &&
	    X509_sign(x, m->key, keykind_digest(m->key)) > 0)
		return x;
	X509_free(x);
	return NULL;
}

X509 *
make_cert(const struct make *m)
{
	X509 *x = begin(m);

	if (x && add_basic(x, false) && add_usage(x, USE_DIGITAL_SIGNATURE, -1) && add_purposes(x) &&
	    (sk_GENERAL_NAME_num(m->names) <= 0 || add(x, NID_subject_alt_name, m->names, false)) && add_key_id(x) &&
	    add_authority(x, m->ca) && (m->crl_url[0] == '\0' || add_crl_url(x, m->crl_url)) &&
	    X509_sign(x, m->ca_key, keykind_digest(m->ca_key)) > 0)
		return x;
	X509_free(x);
	return NULL;
}

X509_REQ *
make_request(const X509_NAME *subject, EVP_PKEY *k, const GENERAL_NAMES *names)
{
	X509_REQ *req = X509_REQ_new();
	STACK_OF(X509_EXTENSION) *exts = NULL;
	bool ok;

	ok = req && X509_REQ_set_version(req, X509_REQ_VERSION_1) && X509_REQ_set_subject_name(req, subject) && X509_REQ_set_pubkey(req, k);
	if (ok && sk_GENERAL_NAME_num(names) > 0)
		ok = X509V3_add1_i2d(&exts, NID_subject_alt_name, (void *)(uintptr_t)names, 0, X509V3_ADD_DEFAULT) == 1 &&
		    X509_REQ_add_extensions(req, exts);
	ok = ok && X509_REQ_sign(req, k, keykind_digest(k)) > 0;
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
	if (ok)
		return req;
	X509_REQ_free(req);
	return NULL;
}

/* Revocation lists */

static X509_REVOKED *
revoked_new(const struct make_revoked *v)
{
	X509_REVOKED *r = X509_REVOKED_new();
	ASN1_TIME *when = ASN1_TIME_set(NULL, (time_t)v->when);
	ASN1_ENUMERATED *why = v->why ? ASN1_ENUMERATED_new() : NULL;
	ASN1_INTEGER *serial = NULL;
	BIGNUM *n = NULL;
	bool ok;

	ok = r && when && BN_hex2bn(&n, v->serial) && (serial = BN_to_ASN1_INTEGER(n, NULL)) != NULL &&
	    X509_REVOKED_set_serialNumber(r, serial) && X509_REVOKED_set_revocationDate(r, when);
	if (ok && v->why)
		ok = why && ASN1_ENUMERATED_set(why, v->why) &&
		    X509_REVOKED_add1_ext_i2d(r, NID_crl_reason, why, 0, X509V3_ADD_DEFAULT) == 1;
	BN_free(n);
	ASN1_INTEGER_free(serial);
	ASN1_ENUMERATED_free(why);
	ASN1_TIME_free(when);
	if (ok)
		return r;
	X509_REVOKED_free(r);
	return NULL;
}

static bool
crl_times(X509_CRL *crl, const struct make_crl *m)
{
	ASN1_TIME *a = ASN1_TIME_set(NULL, (time_t)(m->now > MAKE_EARLY_S ? m->now - MAKE_EARLY_S : 0)), *b = ASN1_TIME_set(NULL, (time_t)m->next);
	bool ok = a && b && X509_CRL_set1_lastUpdate(crl, a) && X509_CRL_set1_nextUpdate(crl, b);

	ASN1_TIME_free(a);
	ASN1_TIME_free(b);
	return ok;
}

static bool
crl_extensions(X509_CRL *crl, const struct make_crl *m)
{
	AUTHORITY_KEYID *a = authority(m->ca);
	ASN1_INTEGER *number = ASN1_INTEGER_new();
	bool ok;

	ok = a && number && ASN1_INTEGER_set_uint64(number, m->number) &&
	    X509_CRL_add1_ext_i2d(crl, NID_authority_key_identifier, a, 0, X509V3_ADD_DEFAULT) == 1 &&
	    X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, X509V3_ADD_DEFAULT) == 1;
	AUTHORITY_KEYID_free(a);
	ASN1_INTEGER_free(number);
	return ok;
}

X509_CRL *
make_crl(const struct make_crl *m)
{
	X509_CRL *crl = X509_CRL_new();
	bool ok;

	ok = crl && X509_CRL_set_version(crl, X509_CRL_VERSION_2) && X509_CRL_set_issuer_name(crl, X509_get_subject_name(m->ca)) &&
	    crl_times(crl, m) && crl_extensions(crl, m);
	for (unsigned i = 0; ok && i < m->n; i++) {
		X509_REVOKED *r = revoked_new(&m->v[i]);

		ok = r && X509_CRL_add0_revoked(crl, r);
	}
	ok = ok && X509_CRL_sort(crl) && X509_CRL_sign(crl, m->key, keykind_digest(m->key)) > 0;
	if (ok)
		return crl;
	X509_CRL_free(crl);
	return NULL;
}
