/* SPDX-License-Identifier: BSD-2-Clause */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "altname.h"
#include "certid.h"
#include "certtext.h"
#include "chain_in.h"
#include "keykind.h"

/* Between the end and the anchor at most so many. */
#define DEPTH		8
/* OpenSSL's measure of strength: 112 bits, which leaves out RSA under 2048 bits and signatures with SHA-1 and MD5. */
#define AUTH_LEVEL	2

/* What came */

static X509 *
cert_parse(struct bytes der)
{
	const uint8_t *p = der.p;
	X509 *x = der.n && der.n <= KEY_CERTS_MAX ? d2i_X509(NULL, &p, (long)der.n) : NULL;

	if (x && p == der.p + der.n)
		return x;
	X509_free(x);
	ERR_clear_error();
	return NULL;
}

/* The others are of no use to us: RFC 7296 3.6 has addresses to fetch from among them, and keymgr fetches nothing that is not trusted. */
static enum reason
parse_all(const struct chain_request *q, STACK_OF(X509) *out, char detail[static CHAIN_DETAIL])
{
	unsigned seen = 0;

	for (unsigned i = 0; i < q->ncerts && i < KEY_CERTS; i++) {
		X509 *x;

		if (q->certs[i].encoding != CERT_X509)
			continue;
		seen++;
		x = cert_parse(q->certs[i].data);
		if (x == NULL) {
			SAY(detail, "certificate %u of those that came", seen);
			return R_CERT_MALFORMED;
		}
		if (sk_X509_push(out, x) <= 0) {
			X509_free(x);
			return R_NO_MEMORY;
		}
	}
	if (sk_X509_num(out) > 0)
		return R_OK;
	SAY(detail, q->ncerts ? "what came has encoding %u, not X.509 signature (%u)" : "there was no CERT payload",
	    q->ncerts ? q->certs[0].encoding : 0, CERT_X509);
	return R_CERT_NOT_SENT;
}

/* The path */

static X509_STORE_CTX *
context(const struct chain_request *q, STACK_OF(X509) *came, STACK_OF(X509) *anchors)
{
	X509_STORE_CTX *c = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *p;

	if (c == NULL || X509_STORE_CTX_init(c, NULL, sk_X509_value(came, 0), came) != 1) {
		X509_STORE_CTX_free(c);
		return NULL;
	}
	X509_STORE_CTX_set0_trusted_stack(c, anchors);
	p = X509_STORE_CTX_get0_param(c);
	/* An intermediate CA can be trusted without its root: what the tunnel names is where the path ends. */
	X509_VERIFY_PARAM_set_flags(p, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_POLICY_CHECK);
	X509_VERIFY_PARAM_set_time(p, (time_t)q->now);
	X509_VERIFY_PARAM_set_depth(p, DEPTH);
	X509_VERIFY_PARAM_set_auth_level(p, AUTH_LEVEL);
	return c;
}

static enum reason
build(const struct chain_request *q, STACK_OF(X509) *came, STACK_OF(X509) **path, char detail[static CHAIN_DETAIL])
{
	STACK_OF(X509) *anchors = sk_X509_new_null();
	X509_STORE_CTX *c = NULL;
	enum reason r = R_NO_MEMORY;
	bool ok = anchors != NULL;

	for (unsigned i = 0; ok && i < q->nanchors; i++)
		ok = sk_X509_push(anchors, q->anchors[i].cert) > 0;	/* borrowed */
	if (ok && (c = context(q, came, anchors)) != NULL) {
		if (X509_verify_cert(c) == 1) {
			*path = X509_STORE_CTX_get1_chain(c);
			r = *path ? R_OK : R_NO_MEMORY;
		} else
			r = chain_why(q, c, detail);
	}
	X509_STORE_CTX_free(c);
	sk_X509_free(anchors);
	ERR_clear_error();
	return r;
}

/* What RFC 5280 leaves to us */

static enum reason
check_strength(STACK_OF(X509) *path, char detail[static CHAIN_DETAIL])
{
	for (int i = 0; i < sk_X509_num(path); i++) {
		X509 *x = sk_X509_value(path, i);
		EVP_PKEY *k = X509_get0_pubkey(x);
		char name[CHAIN_NAME], kind[CERT_KEY_CAP];

		if (k && keykind_taken(k))
			continue;
		SAY(detail, "the key of %s is of the kind %s%s", chain_name(x, name), k ? keykind_name(k, kind) : "unknown",
		    k && EVP_PKEY_get_base_id(k) == EVP_PKEY_RSA && EVP_PKEY_get_bits(k) >= 2048 ? ", its exponent is under 65537 or too large" : "");
		return R_CERT_TOO_WEAK;
	}
	return R_OK;
}

/* OpenSSL lets older certificates pass as CAs that do not say they are one. */
static enum reason
check_cas(STACK_OF(X509) *path, char detail[static CHAIN_DETAIL])
{
	for (int i = 1; i < sk_X509_num(path); i++) {
		char name[CHAIN_NAME];

		if (X509_check_ca(sk_X509_value(path, i)) == 1)
			continue;
		SAY(detail, "%s is not a CA", chain_name(sk_X509_value(path, i), name));
		return R_CERT_PATH_INVALID;
	}
	return R_OK;
}

/* RFC 4945 5.1.3.12, and what gateways carry in practice. */
static bool
purposes_ok(X509 *x, char *buf, size_t cap)
{
	/* ipsecIKE, iKEIntermediate, serverAuth, clientAuth, any; ipsecEndSystem, ipsecTunnel and ipsecUser are obsolete */
	static const char *const good[] = { "1.3.6.1.5.5.7.3.17", "1.3.6.1.5.5.8.2.2", "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2", "2.5.29.37.0",
	    "1.3.6.1.5.5.7.3.5", "1.3.6.1.5.5.7.3.6", "1.3.6.1.5.5.7.3.7" };
	EXTENDED_KEY_USAGE *all;
	bool ok = false;

	buf[0] = '\0';
	if (!(X509_get_extension_flags(x) & EXFLAG_XKUSAGE) || (X509_get_extended_key_usage(x) & (XKU_SSL_SERVER | XKU_SSL_CLIENT | XKU_ANYEKU)))
		return true;
	all = X509_get_ext_d2i(x, NID_ext_key_usage, NULL, NULL);
	for (int i = 0; i < sk_ASN1_OBJECT_num(all) && !ok; i++) {
		char oid[64], name[64];
		size_t at = strlen(buf);

		OBJ_obj2txt(oid, sizeof(oid), sk_ASN1_OBJECT_value(all, i), 1);
		OBJ_obj2txt(name, sizeof(name), sk_ASN1_OBJECT_value(all, i), 0);
		for (size_t k = 0; k < sizeof(good) / sizeof(good[0]); k++)
			ok = ok || strcmp(oid, good[k]) == 0;
		snprintf(buf + at, cap - at, "%s%s", at ? ", " : "", name);
	}
	sk_ASN1_OBJECT_pop_free(all, ASN1_OBJECT_free);
	ERR_clear_error();
	return ok;
}

enum reason
chain_check_usage(X509 *x, char detail[static CHAIN_DETAIL])
{
	char name[CHAIN_NAME], purposes[128];

	/* RFC 4945 5.1.3.2: either of the two; without the extension everything is allowed */
	if (!(X509_get_key_usage(x) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION))) {
		SAY(detail, "%s: its key usage has neither digitalSignature nor nonRepudiation", chain_name(x, name));
		return R_CERT_WRONG_USAGE;
	}
	if (!purposes_ok(x, purposes, sizeof(purposes))) {
		SAY(detail, "%s: its extended key usage is %s", chain_name(x, name), purposes);
		return R_CERT_WRONG_USAGE;
	}
	return R_OK;
}

static enum reason
check_id(const struct chain_request *q, X509 *x, char detail[static CHAIN_DETAIL])
{
	char id[ID_CAP], have[192];

	if (certid_has(x, q->id))
		return R_OK;
	id_from_wire(q->id, id);
	SAY(detail, "the peer says it is %.120s; in the certificate are: %s", id, certid_text(x, have, sizeof(have)));
	return R_CERT_ID_MISSING;
}

/* The result */

static void
set_result(const struct chain_request *q, STACK_OF(X509) *path, struct chain *out)
{
	X509 *last = sk_X509_value(path, sk_X509_num(path) - 1);

	out->path = path;
	out->not_after = UINT64_MAX;
	for (int i = 0; i < sk_X509_num(path); i++) {
		uint64_t t = certtext_time(X509_get0_notAfter(sk_X509_value(path, i)));

		if (t < out->not_after)
			out->not_after = t;
	}
	for (unsigned i = 0; i < q->nanchors; i++)
		if (X509_cmp(q->anchors[i].cert, last) == 0) {
			memcpy(out->anchor, q->anchors[i].name, sizeof(out->anchor));
			return;
		}
}

enum reason
chain_validate(const struct chain_request *q, struct chain *out, char detail[static CHAIN_DETAIL])
{
	STACK_OF(X509) *came = sk_X509_new_null(), *path = NULL;
	enum reason r = came ? R_OK : R_NO_MEMORY;
	X509 *leaf;

	*out = (struct chain){ 0 };
	detail[0] = '\0';
	if (r == R_OK)
		r = parse_all(q, came, detail);
	leaf = r == R_OK ? sk_X509_value(came, 0) : NULL;
	if (r == R_OK)
		r = build(q, came, &path, detail);
	if (r == R_OK)
		r = check_strength(path, detail);
	if (r == R_OK)
		r = check_cas(path, detail);
	if (r == R_OK)
		r = chain_check_usage(leaf, detail);
	if (r == R_OK)
		r = check_id(q, leaf, detail);
	if (r == R_OK)
		set_result(q, path, out);
	else
		sk_X509_pop_free(path, X509_free);
	sk_X509_pop_free(came, X509_free);
	return r;
}

bool
chain_copy(struct chain *to, const struct chain *from)
{
	*to = *from;
	to->path = X509_chain_up_ref(from->path);
	if (to->path)
		return true;
	chain_free(to);
	return false;
}

void
chain_free(struct chain *c)
{
	sk_X509_pop_free(c->path, X509_free);
	*c = (struct chain){ 0 };
}
