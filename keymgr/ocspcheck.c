/* SPDX-License-Identifier: BSD-2-Clause */
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "certtext.h"
#include "ocspcheck.h"
#include "sig.h"

#define STRENGTH	112	/* bits: RSA from 2048 on, and no SHA-1 */
#define SERIAL_MAX	64u

static enum reason __attribute__((format(printf, 2, 3)))
bad(char detail[static OCSP_DETAIL], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, OCSP_DETAIL, fmt, ap);
	va_end(ap);
	return R_OCSP_INVALID;
}

/* The request */

static ASN1_INTEGER *
serial_of(struct bytes content)
{
	uint8_t der[2 + SERIAL_MAX] = { 0x02, (uint8_t)content.n };
	const uint8_t *p = der;

	if (content.n == 0 || content.n > SERIAL_MAX)
		return NULL;
	memcpy(der + 2, content.p, content.n);
	return d2i_ASN1_INTEGER(NULL, &p, (long)content.n + 2);
}

static OCSP_CERTID *
id_of(const EVP_MD *md, X509 *issuer, struct bytes serial)
{
	ASN1_INTEGER *n = serial_of(serial);
	OCSP_CERTID *id = n && md ? OCSP_cert_id_new(md, X509_get_subject_name(issuer), X509_get0_pubkey_bitstr(issuer), n) : NULL;

	ASN1_INTEGER_free(n);
	return id;
}

/* The identifier's hash is SHA-1, as RFC 5019 2.1.1 has it: it names the CA and protects nothing. */
size_t
ocsp_request(X509 *issuer, struct bytes serial, struct bytes nonce, uint8_t *out, size_t cap)
{
	OCSP_REQUEST *q = OCSP_REQUEST_new();
	OCSP_CERTID *id = id_of(EVP_sha1(), issuer, serial);
	int n = 0;

	if (q && id && OCSP_request_add0_id(q, id)) {
		id = NULL;	/* the request's now */
		if (nonce.n == 0 || OCSP_request_add1_nonce(q, (unsigned char *)(uintptr_t)nonce.p, (int)nonce.n))
			n = i2d_OCSP_REQUEST(q, NULL);
	}
	n = n > 0 && (size_t)n <= cap ? i2d_OCSP_REQUEST(q, &out) : 0;
	OCSP_CERTID_free(id);
	OCSP_REQUEST_free(q);
	ERR_clear_error();
	return n > 0 ? (size_t)n : 0;
}

/* The answer's signature */

static bool
same_key(X509 *a, X509 *b)
{
	return X509_get0_pubkey(a) && X509_get0_pubkey(b) && EVP_PKEY_eq(X509_get0_pubkey(a), X509_get0_pubkey(b)) == 1;
}

/* RFC 6960 4.2.2.2: a certificate that the CA itself issued, for signing OCSP answers. */
static enum reason
check_delegate(X509 *signer, X509 *issuer, uint64_t now, char detail[static OCSP_DETAIL])
{
	EVP_PKEY *ca = X509_get0_pubkey(issuer), *key = X509_get0_pubkey(signer);
	int bits = 0;

	if (X509_check_issued(issuer, signer) != X509_V_OK || ca == NULL || key == NULL || X509_verify(signer, ca) != 1)
		return bad(detail, "it is signed by somebody whom the CA of the certificate did not appoint");
	if (now < certtext_time(X509_get0_notBefore(signer)) || now > certtext_time(X509_get0_notAfter(signer)))
		return bad(detail, "the certificate of its signer has expired or is not valid yet");
	if ((X509_get_extension_flags(signer) & (EXFLAG_INVALID | EXFLAG_CRITICAL)) ||
	    !(X509_get_extension_flags(signer) & EXFLAG_XKUSAGE) || !(X509_get_extended_key_usage(signer) & XKU_OCSP_SIGN) ||
	    !(X509_get_key_usage(signer) & KU_DIGITAL_SIGNATURE))
		return bad(detail, "the certificate of its signer is not one for signing OCSP answers");
	if (!X509_get_signature_info(signer, NULL, NULL, &bits, NULL) || bits < STRENGTH || EVP_PKEY_get_security_bits(key) < STRENGTH)
		return bad(detail, "the certificate of its signer is too weak");
	return R_OK;
}

static bool
strong_alg(const OCSP_BASICRESP *b)
{
	uint8_t *der = NULL;
	int n = i2d_X509_ALGOR(OCSP_resp_get0_tbs_sigalg(b), &der);
	struct sig_alg alg;
	bool ok = n > 0 && sig_alg_get(bytes_of(der, (size_t)n), &alg) && alg.hash != HASH_SHA1;

	OPENSSL_free(der);
	return ok;
}

static enum reason
check_signature(OCSP_BASICRESP *b, X509 *issuer, uint64_t now, char detail[static OCSP_DETAIL])
{
	STACK_OF(X509) *own = sk_X509_new_null();
	X509 *signer = NULL;
	enum reason r = R_OK;

	if (own == NULL || !sk_X509_push(own, issuer))
		r = R_NO_MEMORY;
	else if (OCSP_resp_get0_signer(b, &signer, own) != 1)
		r = bad(detail, "the certificate of its signer is not there");
	else if (!strong_alg(b))
		r = bad(detail, "it is signed with an algorithm that is too weak or not known here");
	else if (!same_key(signer, issuer))
		r = check_delegate(signer, issuer, now, detail);
	/* NOVERIFY: who the signer is was looked at above; what is left is the signature */
	if (r == R_OK && OCSP_basic_verify(b, own, NULL, OCSP_NOVERIFY) <= 0)
		r = bad(detail, "its signature is wrong");
	sk_X509_free(own);
	return r;
}

/* What it says */

/* RFC 8954 2.1: the extension's value is an OCTET STRING with the nonce. Without one in the answer, times alone count. */
static bool
nonce_fits(OCSP_BASICRESP *b, struct bytes nonce)
{
	int at = OCSP_BASICRESP_get_ext_by_NID(b, NID_id_pkix_OCSP_Nonce, -1);
	const ASN1_OCTET_STRING *v;

	if (at < 0 || nonce.n == 0)
		return true;
	v = X509_EXTENSION_get_data(OCSP_BASICRESP_get_ext(b, at));
	return (size_t)ASN1_STRING_length(v) == nonce.n + 2 && memcmp(ASN1_STRING_get0_data(v) + 2, nonce.p, nonce.n) == 0;
}

/* The CA is named by hashes, and the answer chooses which: it may have been made for another one's question. */
static bool
is_about(OCSP_SINGLERESP *s, X509 *issuer, struct bytes serial)
{
	const OCSP_CERTID *id = OCSP_SINGLERESP_get0_id(s);
	ASN1_OBJECT *md = NULL;
	OCSP_CERTID *want;
	bool is;

	if (!OCSP_id_get0_info(NULL, &md, NULL, NULL, (OCSP_CERTID *)(uintptr_t)id))
		return false;
	want = id_of(EVP_get_digestbyobj(md), issuer, serial);
	is = want && OCSP_id_cmp(want, id) == 0;
	OCSP_CERTID_free(want);
	return is;
}

static enum reason
check_times(const struct ocsp_answer *a, uint64_t now, uint64_t skew, char detail[static OCSP_DETAIL])
{
	uint64_t end = a->next_update ? a->next_update : a->this_update + OCSP_UNDATED_S;
	char date[32];

	if (a->this_update == 0)
		return bad(detail, "its times are malformed");
	if (a->this_update > now + skew) {
		certtext_date(a->this_update, date);
		return bad(detail, "it is from the future, %s: compare the clocks", date);
	}
	if (end + skew < now) {
		certtext_date(end, date);
		return bad(detail, "it is out of date since %s", date);
	}
	return R_OK;
}

static void
single_read(OCSP_SINGLERESP *s, struct ocsp_answer *a)
{
	ASN1_GENERALIZEDTIME *when = NULL, *this = NULL, *next = NULL;
	int why = -1, status = OCSP_single_get0_status(s, &why, &when, &this, &next);

	*a = (struct ocsp_answer){ .status = status == V_OCSP_CERTSTATUS_GOOD ? OCSP_GOOD : status == V_OCSP_CERTSTATUS_REVOKED ? OCSP_REVOKED :
	    OCSP_UNKNOWN, .when = certtext_time(when), .why = why, .this_update = certtext_time(this), .next_update = certtext_time(next) };
}

/* Of several about this certificate, one that says revoked counts. */
static enum reason
find_answer(OCSP_BASICRESP *b, X509 *issuer, struct bytes serial, uint64_t now, uint64_t skew, struct ocsp_answer *out,
    char detail[static OCSP_DETAIL])
{
	enum reason r = bad(detail, "it is about another certificate");

	for (int i = 0; i < OCSP_resp_count(b); i++) {
		OCSP_SINGLERESP *s = OCSP_resp_get0(b, i);
		struct ocsp_answer a;
		enum reason times;

		if (!is_about(s, issuer, serial))
			continue;
		single_read(s, &a);
		times = check_times(&a, now, skew, detail);
		if (times == R_OK && (r != R_OK || a.status == OCSP_REVOKED))
			*out = a;
		if (r != R_OK)
			r = times;
	}
	return r;
}

static enum reason
read_basic(OCSP_RESPONSE *resp, X509 *issuer, struct bytes serial, struct bytes nonce, uint64_t now, uint64_t skew, struct ocsp_answer *a,
    char detail[static OCSP_DETAIL])
{
	OCSP_BASICRESP *b = OCSP_response_get1_basic(resp);
	enum reason r;

	if (b == NULL)
		return bad(detail, "it is of an unknown kind");
	r = find_answer(b, issuer, serial, now, skew, a, detail);	/* cheaper than a signature, and it says more */
	if (r == R_OK)
		r = check_signature(b, issuer, now, detail);
	if (r == R_OK && !nonce_fits(b, nonce))
		r = bad(detail, "it answers another question: the nonce is not ours");
	OCSP_BASICRESP_free(b);
	return r;
}

enum reason
ocsp_read(struct bytes der, X509 *issuer, struct bytes serial, struct bytes nonce, uint64_t now, uint64_t skew, struct ocsp_answer *a,
    char detail[static OCSP_DETAIL])
{
	const uint8_t *p = der.p;
	OCSP_RESPONSE *resp = der.n <= OCSP_ANSWER_MAX ? d2i_OCSP_RESPONSE(NULL, &p, (long)der.n) : NULL;
	enum reason r;

	memset(a, 0, sizeof(*a));
	detail[0] = '\0';
	if (resp == NULL || p != der.p + der.n)
		r = bad(detail, "it is no OCSP answer");
	else if (OCSP_response_status(resp) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
		r = bad(detail, "the responder refuses to answer: %s", OCSP_response_status_str(OCSP_response_status(resp)));
	else
		r = read_basic(resp, issuer, serial, nonce, now, skew, a, detail);
	OCSP_RESPONSE_free(resp);
	ERR_clear_error();
	if (r != R_OK)
		memset(a, 0, sizeof(*a));
	return r;
}
