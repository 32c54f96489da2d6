/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * OpenSSL's verdicts as reasons and sentences. "No issuer was found" is two things for whoever has to mend it: a CA that this tunnel does
 * not trust, or an intermediate certificate that the peer should have sent. The octets seldom tell which. An intermediate is missing when we
 * know one of that name from elsewhere, when the certificate says that its issuer was issued by a trusted CA, or, a guess, when the issuer
 * is of the same organisation as a trusted CA that may have CAs below itself.
 */
#include <openssl/x509v3.h>
#include <string.h>

#include "altname.h"
#include "certid.h"
#include "certtext.h"
#include "chain_in.h"

static const struct verdict {
	int		err;
	enum reason	reason;
} verdicts[] = {
	{ X509_V_ERR_CERT_HAS_EXPIRED, R_CERT_EXPIRED },
	{ X509_V_ERR_CERT_NOT_YET_VALID, R_CERT_NOT_YET_VALID },
	{ X509_V_ERR_CERT_SIGNATURE_FAILURE, R_CERT_SIGNATURE_BAD },
	{ X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY, R_CERT_SIGNATURE_BAD },
	{ X509_V_ERR_CERT_CHAIN_TOO_LONG, R_CERT_PATH_INVALID },
	{ X509_V_ERR_PATH_LENGTH_EXCEEDED, R_CERT_PATH_INVALID },
	{ X509_V_ERR_INVALID_CA, R_CERT_PATH_INVALID },
	{ X509_V_ERR_INVALID_NON_CA, R_CERT_PATH_INVALID },
	{ X509_V_ERR_KEYUSAGE_NO_CERTSIGN, R_CERT_PATH_INVALID },
	{ X509_V_ERR_NO_EXPLICIT_POLICY, R_CERT_PATH_INVALID },
	{ X509_V_ERR_PERMITTED_VIOLATION, R_CERT_NAME_CONSTRAINT },
	{ X509_V_ERR_EXCLUDED_VIOLATION, R_CERT_NAME_CONSTRAINT },
	{ X509_V_ERR_SUBTREE_MINMAX, R_CERT_NAME_CONSTRAINT },
	{ X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE, R_CERT_NAME_CONSTRAINT },
	{ X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX, R_CERT_NAME_CONSTRAINT },
	{ X509_V_ERR_UNSUPPORTED_NAME_SYNTAX, R_CERT_NAME_CONSTRAINT },
	{ X509_V_ERR_UNNESTED_RESOURCE, R_CERT_NAME_CONSTRAINT },
	{ X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, R_CERT_CRITICAL_UNKNOWN },
	{ X509_V_ERR_EE_KEY_TOO_SMALL, R_CERT_TOO_WEAK },
	{ X509_V_ERR_CA_KEY_TOO_SMALL, R_CERT_TOO_WEAK },
	{ X509_V_ERR_CA_MD_TOO_WEAK, R_CERT_TOO_WEAK },
	{ X509_V_ERR_EC_KEY_EXPLICIT_PARAMS, R_CERT_TOO_WEAK },
	{ X509_V_ERR_PROXY_CERTIFICATES_NOT_ALLOWED, R_CERT_WRONG_USAGE },
	{ X509_V_ERR_INVALID_EXTENSION, R_CERT_MALFORMED },
	{ X509_V_ERR_INVALID_POLICY_EXTENSION, R_CERT_MALFORMED },
	{ X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD, R_CERT_MALFORMED },
	{ X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD, R_CERT_MALFORMED },
	{ X509_V_ERR_OUT_OF_MEM, R_NO_MEMORY },
	/* no issuer */
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, R_CERT_UNKNOWN_CA },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, R_CERT_UNKNOWN_CA },
	{ X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, R_CERT_UNKNOWN_CA },
	{ X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, R_CERT_UNKNOWN_CA },
	{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, R_CERT_UNKNOWN_CA },
	{ X509_V_ERR_CERT_UNTRUSTED, R_CERT_UNKNOWN_CA },
	{ X509_V_ERR_CERT_REJECTED, R_CERT_UNKNOWN_CA },
};

const char *
chain_name(const X509 *x, char buf[static CHAIN_NAME])
{
	if (X509_NAME_entry_count(X509_get_subject_name(x)) > 0)
		altname_dn(X509_get_subject_name(x), buf, CHAIN_NAME);
	else
		certid_text(x, buf, CHAIN_NAME);
	return buf;
}

/* "3 h 20 min" */
static const char *
span(uint64_t s, char buf[static 32])
{
	if (s >= 2 * 86400)
		snprintf(buf, 32, "%llu days", (unsigned long long)(s / 86400));
	else if (s >= 3600)
		snprintf(buf, 32, "%llu h %llu min", (unsigned long long)(s / 3600), (unsigned long long)(s / 60 % 60));
	else
		snprintf(buf, 32, "%llu min %llu s", (unsigned long long)(s / 60), (unsigned long long)(s % 60));
	return buf;
}

void
chain_say_time(X509 *x, uint64_t now, enum reason r, char detail[static CHAIN_DETAIL])
{
	uint64_t from = certtext_time(X509_get0_notBefore(x)), to = certtext_time(X509_get0_notAfter(x));
	char name[CHAIN_NAME], when[32], clock[32], apart[32];

	certtext_date(r == R_CERT_EXPIRED || r == R_OUR_CERT_EXPIRED ? to : from, when);
	certtext_date(now, clock);
	if (r == R_CERT_EXPIRED || r == R_OUR_CERT_EXPIRED)
		SAY(detail, "%s expired at %s; this gateway's clock says %s", chain_name(x, name), when, clock);
	else
		SAY(detail, "%s is valid from %s on; this gateway's clock says %s, %s earlier", chain_name(x, name), when, clock,
		    span(from > now ? from - now : 0, apart));
}

/* "CN=a (name), CN=b (name2)" of the anchors, as far as it goes. */
static const char *
anchors_text(const struct chain_request *q, char *buf, size_t cap)
{
	size_t at = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < q->nanchors && at + 8 < cap; i++) {
		char name[CHAIN_NAME];
		int n = snprintf(buf + at, cap - at, "%s'%s' (%s)", at ? ", " : "", q->anchors[i].name, chain_name(q->anchors[i].cert, name));

		at = n < 0 || (size_t)n >= cap - at ? cap : at + (size_t)n;
	}
	return buf;
}

/* One organisation: the same O, if both have one. */
static bool
same_organisation(const X509_NAME *a, const X509_NAME *b)
{
	int i = X509_NAME_get_index_by_NID(a, NID_organizationName, -1), k = X509_NAME_get_index_by_NID(b, NID_organizationName, -1);

	return i >= 0 && k >= 0 && ASN1_STRING_cmp(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(a, i)),
	    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(b, k))) == 0;
}

/* AuthorityKeyIdentifier can name the issuer of the issuer (RFC 5280 4.2.1.1). */
static bool
is_grandparent(X509 *top, const X509_NAME *anchor)
{
	const GENERAL_NAMES *names = X509_get0_authority_issuer(top);

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		int type;
		const X509_NAME *n = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);

		if (type == GEN_DIRNAME && n && X509_NAME_cmp(n, anchor) == 0)
			return true;
	}
	return false;
}

static bool
is_known(const struct chain_request *q, const X509_NAME *name)
{
	for (int i = 0; i < sk_X509_num(q->known); i++)
		if (X509_NAME_cmp(X509_get_subject_name(sk_X509_value(q->known, i)), name) == 0)
			return true;
	return false;
}

/* The path ended at top, whose issuer was not found. */
static enum reason
no_issuer(const struct chain_request *q, X509 *top, char detail[static CHAIN_DETAIL])
{
	const X509_NAME *issuer = X509_get_issuer_name(top);
	char name[CHAIN_NAME], by[CHAIN_NAME], trusted[160];
	bool incomplete = is_known(q, issuer);

	chain_name(top, name);
	altname_dn(issuer, by, sizeof(by));
	for (unsigned i = 0; i < q->nanchors; i++) {
		const X509_NAME *anchor = X509_get_subject_name(q->anchors[i].cert);

		if (X509_NAME_cmp(anchor, issuer) == 0) {
			SAY(detail, "%s was issued by %s; '%s' has that name too, but it is another one, with another key", name, by, q->anchors[i].name);
			return R_CERT_UNKNOWN_CA;
		}
		incomplete = incomplete || is_grandparent(top, anchor) ||
		    (X509_get_pathlen(q->anchors[i].cert) != 0 && same_organisation(anchor, issuer));
	}
	if (X509_NAME_cmp(X509_get_subject_name(top), issuer) == 0) {
		SAY(detail, "%s is self-signed; this tunnel trusts %s", name, anchors_text(q, trusted, sizeof(trusted)));
		return R_CERT_UNKNOWN_CA;
	}
	SAY(detail, "%s was issued by %s, which was not sent; this tunnel trusts %s", name, by, anchors_text(q, trusted, sizeof(trusted)));
	return incomplete ? R_CERT_CHAIN_INCOMPLETE : R_CERT_UNKNOWN_CA;
}

/* Which critical extension it is. */
static void
say_critical(const X509 *x, char detail[static CHAIN_DETAIL])
{
	char name[CHAIN_NAME], oid[80] = "";

	for (int i = 0; i < X509_get_ext_count(x); i++) {
		X509_EXTENSION *e = X509_get_ext(x, i);

		if (X509_EXTENSION_get_critical(e) && !X509_supported_extension(e)) {
			OBJ_obj2txt(oid, sizeof(oid), X509_EXTENSION_get_object(e), 0);
			break;
		}
	}
	SAY(detail, "%s: extension %s", chain_name(x, name), oid);
}

static enum reason
reason_of(int err)
{
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		if (verdicts[i].err == err)
			return verdicts[i].reason;
	return R_CERT_PATH_INVALID;
}

enum reason
chain_why(const struct chain_request *q, X509_STORE_CTX *c, char detail[static CHAIN_DETAIL])
{
	STACK_OF(X509) *path = X509_STORE_CTX_get0_chain(c);
	int err = X509_STORE_CTX_get_error(c);
	X509 *at = X509_STORE_CTX_get_current_cert(c);
	enum reason r = reason_of(err);
	char name[CHAIN_NAME];

	if (r == R_CERT_UNKNOWN_CA && sk_X509_num(path) > 0)
		return no_issuer(q, sk_X509_value(path, sk_X509_num(path) - 1), detail);
	if (at == NULL)
		SAY(detail, "%s", X509_verify_cert_error_string(err));
	else if (r == R_CERT_EXPIRED || r == R_CERT_NOT_YET_VALID)
		chain_say_time(at, q->now, r, detail);
	else if (r == R_CERT_CRITICAL_UNKNOWN)
		say_critical(at, detail);
	else
		SAY(detail, "%s: %s", chain_name(at, name), X509_verify_cert_error_string(err));
	return r;
}
