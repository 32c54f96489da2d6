/* SPDX-License-Identifier: BSD-2-Clause */
/* Revocation lists and OCSP answers, one at a time: what is read, what is refused and why, every truncation. */
#include "config.h"

#include "test.h"

#include <openssl/pem.h>
#include <time.h>

#include "crl.h"
#include "der.h"
#include "ocspcheck.h"
#include "pki.h"
#include "revoke_fix.h"

static X509 *ca, *other;
static EVP_PKEY *ca_key, *other_key;

static int
setup(void **state)
{
	ca = pki_ca("O=Test, CN=ca", NULL, NULL, &ca_key);
	other = pki_ca("O=Test, CN=other", NULL, NULL, &other_key);
	return 0;
}

static int
teardown(void **state)
{
	X509_free(ca);
	X509_free(other);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(other_key);
	return 0;
}

static bool
listed(const struct crl *c, long serial, struct crl_entry *e)
{
	uint8_t b[8];
	unsigned n = 0;

	for (int i = 7; i >= 0; i--)
		if (n || (serial >> (8 * i)) & 0xff)
			b[n++] = (uint8_t)(serial >> (8 * i));
	if (b[0] & 0x80) {
		memmove(b + 1, b, n++);
		b[0] = 0;
	}
	return crl_find(c, bytes_of(b, n), e);
}

static void
test_reads(void **state)
{
	static const struct pki_revoked v[] = { { 5, -100, 1 }, { 0x80, -200, -1 }, { 0x123456789, -300, 6 }, { 7, -50, 4 } };
	struct bytes b = list_with(&(struct pki_crl){ .ca = ca, .key = ca_key, .this_update = -60, .next_update = 3600, .number = 300, .n = 4, .v = v,
	    .ext = { { "authorityKeyIdentifier", "keyid" }, { NULL, NULL } } });
	struct crl_entry e;
	const char *why;
	struct crl c;

	assert_null(crl_read(b, &c));
	assert_int_equal(c.this_update, PKI_NOW - 60);
	assert_int_equal(c.next_update, PKI_NOW + 3600);
	assert_int_equal(c.number.n, 2);
	assert_memory_equal(c.number.p, "\x01\x2c", 2);
	assert_int_equal(c.base.n, 0);
	assert_int_equal(c.nentries, 4);
	assert_int_equal(c.key_id.n, 20);
	assert_true(crl_signed_by(&c, ca_key, &why));
	assert_false(crl_signed_by(&c, other_key, &why));
	assert_true(crl_index(&c));
	assert_true(listed(&c, 5, &e));
	assert_int_equal(e.why, 1);
	assert_int_equal(e.when, PKI_NOW - 100);
	assert_true(listed(&c, 0x80, &e));
	assert_int_equal(e.why, -1);
	assert_true(listed(&c, 0x123456789, &e));
	assert_int_equal(e.why, 6);
	assert_false(listed(&c, 6, &e));
	assert_false(listed(&c, 0x8000, &e));
	assert_false(crl_find(&c, bytes_of("", 0), &e));
	crl_free(&c);
	bytes_free(b);
}

/* Every key that a CA may have here, and PEM instead of DER. */
static void
test_signatures(void **state)
{
	static const char *const kinds[] = { "p256", "p384", "p521", "ed25519", "ed448", "rsa2048" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		EVP_PKEY *key = pki_key(kinds[i]);
		X509 *x = pki_cert(&(struct pki){ .dn = "CN=x", .key = key }, NULL);
		struct pki_crl p = { .ca = x, .key = key, .this_update = -60, .next_update = 3600, .number = 1 };
		X509_CRL *crl = pki_crl(&p);
		BIO *pem = BIO_new(BIO_s_mem());
		struct bytes b = pki_crl_der(crl);
		const char *why;
		struct crl c;
		char *text;
		long n;

		assert_null(crl_read(b, &c));
		assert_true(crl_signed_by(&c, key, &why));
		crl_free(&c);
		bytes_free(b);
		PEM_write_bio_X509_CRL(pem, crl);
		n = BIO_get_mem_data(pem, &text);
		assert_null(crl_read(bytes_of(text, (size_t)n), &c));
		assert_true(crl_signed_by(&c, key, &why));
		crl_free(&c);
		BIO_free(pem);
		X509_CRL_free(crl);
		p.bad_signature = true;
		b = list_with(&p);
		assert_null(crl_read(b, &c));
		assert_false(crl_signed_by(&c, key, &why));
		crl_free(&c);
		bytes_free(b);
		X509_free(x);
		EVP_PKEY_free(key);
	}
}

static void
refused(const struct pki_crl *p, const char *words)
{
	struct pki_crl full = *p;
	struct bytes b;
	struct crl c;
	const char *why;

	full.ca = ca;
	full.key = ca_key;
	full.this_update = -60;
	full.next_update = full.next_update ? full.next_update : 3600;
	b = list_with(&full);
	why = crl_read(b, &c);
	if (why == NULL || strstr(why, words) == NULL)
		fail_msg("\"%s\", not \"%s\"", why ? why : "it is taken", words);
	assert_null(c.der);
	bytes_free(b);
}

static void
test_refuses(void **state)
{
	static const struct { const char *name, *value, *words; } rows[] = {
		{ "1.2.3.4", "critical,DER:0500", "critical extension" },
		{ "2.5.29.28", "critical,DER:0500", "distribution point is malformed" },
		{ "issuingDistributionPoint", "critical,indirectCRL:TRUE", "indirect" },
		{ "issuingDistributionPoint", "critical,onlyAA:TRUE", "attribute certificates" },
		{ "issuingDistributionPoint", "critical,onlysomereasons:keyCompromise", "some reasons" },
		{ "2.5.29.20", "DER:0201ff", "number is malformed" },
		{ "2.5.29.20", "DER:0216000000000000000000000000000000000000000000000001", "number is malformed" },
		{ "2.5.29.27", "critical,DER:0500", "base number" },
		{ "2.5.29.46", "DER:3000", "freshest" },
		{ "2.5.29.35", "DER:0500", "key identifier" },
	};
	struct bytes b;
	struct crl c;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].words[0])
			refused(&(struct pki_crl){ .ext = { { rows[i].name, rows[i].value }, { NULL, NULL } } }, rows[i].words);
	refused(&(struct pki_crl){ .ext = { { "2.5.29.20", "DER:020101" }, { "2.5.29.20", "DER:020101" }, { NULL, NULL } } }, "twice");
	refused(&(struct pki_crl){ .base = 4 }, "without a number");
	b = list_with(&(struct pki_crl){ .ca = ca, .key = ca_key, .this_update = -60 });
	assert_string_equal(crl_read(b, &c), "it does not say when the next one comes");
	bytes_free(b);
	assert_non_null(crl_read(bytes_of("", 0), &c));
	assert_non_null(crl_read(bytes_of("<html>", 6), &c));
	assert_non_null(crl_read(bytes_of("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", 54), &c));
	assert_non_null(crl_read(bytes_of("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", 60), &c));
}

/* An entry's extensions: a critical one that is not known makes the whole list useless (RFC 5280 5.3). */
static void
test_entries(void **state)
{
	X509_CRL *crl = pki_crl(&(struct pki_crl){ .ca = ca, .key = ca_key, .this_update = -60, .next_update = 3600, .number = 1 });
	X509_REVOKED *r = X509_REVOKED_new();
	ASN1_OBJECT *oid = OBJ_txt2obj("2.5.29.29", 1);
	ASN1_OCTET_STRING *v = ASN1_OCTET_STRING_new();
	ASN1_INTEGER *n = ASN1_INTEGER_new();
	ASN1_TIME *t = ASN1_TIME_set(NULL, PKI_NOW);
	X509_EXTENSION *e;
	struct bytes b;
	struct crl c;

	ASN1_OCTET_STRING_set(v, (const uint8_t *)"\x30\x00", 2);
	e = X509_EXTENSION_create_by_OBJ(NULL, oid, 1, v);
	ASN1_INTEGER_set(n, 9);
	X509_REVOKED_set_serialNumber(r, n);
	X509_REVOKED_set_revocationDate(r, t);
	X509_REVOKED_add_ext(r, e, -1);
	X509_CRL_add0_revoked(crl, r);
	X509_CRL_sign(crl, ca_key, EVP_sha256());
	b = pki_crl_der(crl);
	assert_string_equal(crl_read(b, &c), "an entry has a critical extension that is not known here");
	bytes_free(b);
	X509_CRL_free(crl);
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(v);
	ASN1_INTEGER_free(n);
	ASN1_OBJECT_free(oid);
	ASN1_TIME_free(t);
}

/* Cut anywhere, with any octet changed: refused or read, and never past the end (a sanitizer looks on). */
static void
test_damage(void **state)
{
	static const struct pki_revoked v[] = { { 5, -100, 1 }, { 6, -100, -1 } };
	struct bytes b = list_with(&(struct pki_crl){ .ca = ca, .key = ca_key, .this_update = -60, .next_update = 3600, .number = 3, .base = 2, .n = 2, .v = v,
	    .ext = { { "issuingDistributionPoint", "critical,fullname:URI:http://x/y" }, { "freshestCRL", "URI:http://x/z" }, { "authorityKeyIdentifier", "keyid" },
	    { NULL, NULL } } });
	const char *why;
	struct crl c;

	assert_null(crl_read(b, &c));
	assert_true(distpoint_has(c.scope_names, "http://x/y"));
	assert_false(distpoint_has(c.scope_names, "http://x/"));
	assert_string_equal(c.fresh[0], "http://x/z");
	crl_free(&c);
	for (size_t n = 0; n < b.n; n++) {
		uint8_t *cut = malloc(n ? n : 1);

		memcpy(cut, b.p, n);
		assert_non_null(crl_read(bytes_of(cut, n), &c));
		free(cut);
	}
	for (size_t i = 0; i < b.n; i++) {
		uint8_t *bad = malloc(b.n);

		memcpy(bad, b.p, b.n);
		for (unsigned bit = 0; bit < 8; bit += 3) {
			bad[i] ^= (uint8_t)(1u << bit);
			if (crl_read(bytes_of(bad, b.n), &c) == NULL) {
				assert_false(crl_signed_by(&c, ca_key, &why));
				crl_free(&c);
			}
			bad[i] ^= (uint8_t)(1u << bit);
		}
		free(bad);
	}
	bytes_free(b);
}

/* SHA-1 is too weak, whoever signs with it. */
static void
test_weak(void **state)
{
	struct bytes b = list_with(&(struct pki_crl){ .ca = ca, .key = ca_key, .this_update = -60, .next_update = 3600, .number = 1, .digest = "sha1" });
	const char *why;
	struct crl c;

	assert_null(crl_read(b, &c));
	assert_false(crl_signed_by(&c, ca_key, &why));
	assert_non_null(strstr(why, "SHA-1"));
	crl_free(&c);
	bytes_free(b);
}

static void
test_times(void **state)
{
	static const struct { uint8_t tag; const char *text; uint64_t t; } rows[] = {
		{ DER_UTC_TIME, "270115080000Z", PKI_NOW }, { DER_TIME, "20270115080000Z", PKI_NOW }, { DER_UTC_TIME, "700101000001Z", 1 },
		{ DER_TIME, "20000229235959Z", 951868799 }, { DER_TIME, "21000301000000Z", 4107542400 }, { DER_UTC_TIME, "491231235959Z", 2524607999 },
		{ DER_UTC_TIME, "500101000000Z", 0 }, { DER_UTC_TIME, "2701150800Z", 0 }, { DER_UTC_TIME, "270115080000+0100", 0 },
		{ DER_TIME, "20270115080000.5Z", 0 }, { DER_UTC_TIME, "271315080000Z", 0 }, { DER_UTC_TIME, "270100080000Z", 0 },
		{ DER_UTC_TIME, "270115240000Z", 0 }, { DER_UTC_TIME, "27011508000aZ", 0 }, { DER_UTC_TIME, "2701150800000", 0 },
		{ DER_INTEGER, "270115080000Z", 0 }, { DER_UTC_TIME, "", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (crl_time(rows[i].tag, bytes_of(rows[i].text, strlen(rows[i].text))) != rows[i].t)
			fail_msg("%s", rows[i].text);
	/* against the C library, across leap years and centuries */
	for (int64_t t = 86399; t < 4200000000; t += 86400 * 13 + 3601) {
		time_t tt = t;
		struct tm tm;
		char text[32];

		gmtime_r(&tt, &tm);
		strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &tm);
		assert_int_equal(crl_time(DER_TIME, bytes_of(text, 15)), t);
	}
}

static void
test_numbers(void **state)
{
	assert_true(crl_number_cmp(bytes_of("\1", 1), bytes_of("\2", 1)) < 0);
	assert_true(crl_number_cmp(bytes_of("\1\0", 2), bytes_of("\2", 1)) > 0);
	assert_int_equal(crl_number_cmp(bytes_of("\1\2", 2), bytes_of("\1\2", 2)), 0);
	assert_true(crl_number_cmp(bytes_of("", 0), bytes_of("\1", 1)) < 0);
	assert_int_equal(crl_number_cmp(bytes_of("", 0), bytes_of("", 0)), 0);
	assert_string_equal(crl_why_name(1), "keyCompromise");
	assert_string_equal(crl_why_name(-1), "");
	assert_string_equal(crl_why_name(99), "");
}

/* A list as large as one may be is read in a moment, and found in. */
static void
test_large(void **state)
{
	enum { N = 400000 };
	struct pki_revoked *v = calloc(N, sizeof(*v));
	struct timespec a, b;
	struct crl_entry e;
	struct bytes list;
	const char *why;
	struct crl c;
	double ms;

	for (long i = 0; i < N; i++)
		v[i] = (struct pki_revoked){ .serial = 0x4000000000000000 + i * 7919, .when = -100, .why = 1 };
	list = list_with(&(struct pki_crl){ .ca = ca, .key = ca_key, .this_update = -60, .next_update = 3600, .number = 1, .n = N, .v = v });
	clock_gettime(CLOCK_MONOTONIC, &a);
	assert_null(crl_read(list, &c));
	assert_true(crl_signed_by(&c, ca_key, &why));
	assert_true(crl_index(&c));
	clock_gettime(CLOCK_MONOTONIC, &b);
	ms = (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6;
	print_message("%zu octets, %u entries: %.0f ms\n", list.n, c.nentries, ms);
	for (long i = 0; i < N; i += 997)
		assert_true(listed(&c, v[i].serial, &e));
	assert_false(listed(&c, v[0].serial + 1, &e));
	crl_free(&c);
	bytes_free(list);
	free(v);
}

/* Distribution points */

static void
test_points(void **state)
{
	X509 *x = pki_cert(&(struct pki){ .dn = "CN=x", .ext = { { "crlDistributionPoints",
	    "URI:ldap://x/y,URI:http://a/1,URI:HTTPS://b/2,URI:ftp://c/3" }, { NULL, NULL } } }, NULL);
	const ASN1_OCTET_STRING *v = X509_EXTENSION_get_data(X509_get_ext(x, X509_get_ext_by_NID(x, NID_crl_distribution_points, -1)));
	struct bytes ext = bytes_of(ASN1_STRING_get0_data(v), (size_t)ASN1_STRING_length(v));
	struct distpoint p[DISTPOINTS];
	char url[TRUST_URL];
	unsigned n = distpoint_read(ext, p), urls = 0;

	assert_int_equal(n, 4);
	for (unsigned i = 0; i < n; i++) {
		struct rd r = rd_of(p[i].names);

		while (distpoint_url(&r, url))
			urls++;
	}
	assert_int_equal(urls, 2);
	assert_string_equal(url, "HTTPS://b/2");
	for (size_t k = 0; k < ext.n; k++)
		assert_int_equal(distpoint_read(bytes_of(ext.p, k), p), 0);
	X509_free(x);
}

/* OCSP */

struct answer_row {
	const char	*what;
	struct pki_ocsp	 p;
	enum reason	 reason;
	const char	*words;
	enum ocsp_status status;
};

static size_t
serial_of(X509 *x, uint8_t out[static 32])
{
	uint8_t *der = NULL;
	int n = i2d_ASN1_INTEGER(X509_get0_serialNumber(x), &der);

	memcpy(out, der + 2, (size_t)n - 2);
	OPENSSL_free(der);
	return (size_t)n - 2;
}

static void
judge(const struct answer_row *row, X509 *leaf)
{
	OCSP_RESPONSE *resp = pki_ocsp(&row->p);
	struct bytes b = pki_ocsp_der(resp);
	char detail[OCSP_DETAIL];
	struct ocsp_answer a;
	uint8_t serial[32];
	enum reason r = ocsp_read(b, ca, bytes_of(serial, serial_of(leaf, serial)), bytes_of("0123456789abcdef", 16), PKI_NOW, 300, &a, detail);

	if (r != row->reason || strstr(detail, row->words) == NULL || (r == R_OK && a.status != row->status))
		fail_msg("%s: %s \"%s\", status %u", row->what, reason_row(r)->name, detail, a.status);
	bytes_free(b);
	OCSP_RESPONSE_free(resp);
}

static X509 *
responder(X509 *by, EVP_PKEY *by_key, const char *usage, long from, long to, EVP_PKEY **key)
{
	struct pki p = { .dn = "O=Test, CN=responder", .ca = by, .ca_key = by_key, .from = from, .to = to, .ext = {
	    { "basicConstraints", "critical,CA:FALSE" }, { "keyUsage", "critical,digitalSignature" }, { "subjectKeyIdentifier", "hash" }, { NULL, NULL } } };

	if (usage)
		p.ext[3] = (struct pki_ext){ "extendedKeyUsage", usage };
	return pki_cert(&p, key);
}

static void
test_ocsp(void **state)
{
	X509 *leaf = pki_leaf("CN=leaf", NULL, ca, ca_key, NULL), *twin = pki_leaf("CN=twin", NULL, ca, ca_key, NULL);
	EVP_PKEY *good_key, *plain_key, *old_key, *far_key;
	X509 *good = responder(ca, ca_key, "OCSPSigning", 0, 0, &good_key), *plain = responder(ca, ca_key, "serverAuth", 0, 0, &plain_key),
	    *old = responder(ca, ca_key, "OCSPSigning", -2 * PKI_DAY, -PKI_DAY, &old_key), *far = responder(other, other_key, "OCSPSigning", 0, 0, &far_key);
	struct bytes nonce = bytes_of("0123456789abcdef", 16), wrong = bytes_of("fedcba9876543210", 16);
	const int G = V_OCSP_CERTSTATUS_GOOD, R = V_OCSP_CERTSTATUS_REVOKED, U = V_OCSP_CERTSTATUS_UNKNOWN;
	const struct answer_row rows[] = {
		{ "good", { leaf, ca, NULL, ca_key, G, -1, 0, -60, 3600, false, false, nonce }, R_OK, "", OCSP_GOOD },
		{ "no nonce", { leaf, ca, NULL, ca_key, G, -1, 0, -60, 3600, false, false, { NULL, 0 } }, R_OK, "", OCSP_GOOD },
		{ "no next update", { leaf, ca, NULL, ca_key, G, -1, 0, -60, 0, false, false, nonce }, R_OK, "", OCSP_GOOD },
		{ "revoked", { leaf, ca, NULL, ca_key, R, 1, -500, -60, 3600, false, false, nonce }, R_OK, "", OCSP_REVOKED },
		{ "unknown", { leaf, ca, NULL, ca_key, U, -1, 0, -60, 3600, false, false, nonce }, R_OK, "", OCSP_UNKNOWN },
		{ "delegate", { leaf, ca, good, good_key, G, -1, 0, -60, 3600, false, false, nonce }, R_OK, "", OCSP_GOOD },
		{ "wrong nonce", { leaf, ca, NULL, ca_key, G, -1, 0, -60, 3600, false, false, wrong }, R_OCSP_INVALID, "nonce", 0 },
		{ "stale", { leaf, ca, NULL, ca_key, G, -1, 0, -7200, -3600, false, false, nonce }, R_OCSP_INVALID, "out of date", 0 },
		{ "stale without an end", { leaf, ca, NULL, ca_key, G, -1, 0, -7200, 0, false, false, nonce }, R_OCSP_INVALID, "out of date", 0 },
		{ "from the future", { leaf, ca, NULL, ca_key, G, -1, 0, 3600, 7200, false, false, nonce }, R_OCSP_INVALID, "future", 0 },
		{ "within the skew", { leaf, ca, NULL, ca_key, G, -1, 0, 200, 7200, false, false, nonce }, R_OK, "", OCSP_GOOD },
		{ "of another certificate", { twin, ca, NULL, ca_key, G, -1, 0, -60, 3600, false, false, nonce }, R_OCSP_INVALID, "another certificate", 0 },
		{ "of another CA", { leaf, other, ca, ca_key, G, -1, 0, -60, 3600, false, false, nonce }, R_OCSP_INVALID, "another certificate", 0 },
		{ "forged", { leaf, ca, NULL, ca_key, G, -1, 0, -60, 3600, true, false, nonce }, R_OCSP_INVALID, "signature is wrong", 0 },
		{ "no usage", { leaf, ca, plain, plain_key, G, -1, 0, -60, 3600, false, false, nonce }, R_OCSP_INVALID, "not one for signing", 0 },
		{ "expired signer", { leaf, ca, old, old_key, G, -1, 0, -60, 3600, false, false, nonce }, R_OCSP_INVALID, "expired", 0 },
		{ "appointed by another", { leaf, ca, far, far_key, G, -1, 0, -60, 3600, false, false, nonce }, R_OCSP_INVALID, "did not appoint", 0 },
		{ "another CA itself", { leaf, ca, other, other_key, G, -1, 0, -60, 3600, false, false, nonce }, R_OCSP_INVALID, "did not appoint", 0 },
		{ "no signer", { leaf, ca, good, good_key, G, -1, 0, -60, 3600, false, true, nonce }, R_OCSP_INVALID, "not there", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		judge(&rows[i], leaf);
	X509_free(leaf);
	X509_free(twin);
	X509_free(good);
	X509_free(plain);
	X509_free(old);
	X509_free(far);
	EVP_PKEY_free(good_key);
	EVP_PKEY_free(plain_key);
	EVP_PKEY_free(old_key);
	EVP_PKEY_free(far_key);
}

static void
test_ocsp_octets(void **state)
{
	X509 *leaf = pki_leaf("CN=leaf", NULL, ca, ca_key, NULL);
	OCSP_RESPONSE *resp = pki_ocsp(&(struct pki_ocsp){ .subject = leaf, .ca = ca, .key = ca_key, .status = V_OCSP_CERTSTATUS_GOOD, .why = -1,
	    .this_update = -60, .next_update = 3600 });
	OCSP_RESPONSE *later = OCSP_response_create(OCSP_RESPONSE_STATUS_TRYLATER, NULL);
	struct bytes b = pki_ocsp_der(resp), refusal = pki_ocsp_der(later);
	uint8_t serial[32], q[FETCH_POST];
	size_t n = serial_of(leaf, serial);
	char detail[OCSP_DETAIL];
	struct ocsp_answer a;
	OCSP_REQUEST *req;
	const uint8_t *p = q;

	for (size_t k = 0; k < b.n; k++)
		assert_int_equal(ocsp_read(bytes_of(b.p, k), ca, bytes_of(serial, n), bytes_of(NULL, 0), PKI_NOW, 300, &a, detail), R_OCSP_INVALID);
	assert_int_equal(ocsp_read(refusal, ca, bytes_of(serial, n), bytes_of(NULL, 0), PKI_NOW, 300, &a, detail), R_OCSP_INVALID);
	assert_non_null(strstr(detail, "trylater"));
	/* the request is one that OpenSSL reads */
	n = ocsp_request(ca, bytes_of(serial, n), bytes_of("0123456789abcdef", 16), q, sizeof(q));
	assert_int_not_equal(n, 0);
	req = d2i_OCSP_REQUEST(NULL, &p, (long)n);
	assert_non_null(req);
	assert_int_equal(OCSP_request_onereq_count(req), 1);
	OCSP_REQUEST_free(req);
	assert_int_equal(ocsp_request(ca, bytes_of(serial, 1), bytes_of(NULL, 0), q, 8), 0);
	bytes_free(b);
	bytes_free(refusal);
	OCSP_RESPONSE_free(resp);
	OCSP_RESPONSE_free(later);
	X509_free(leaf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads), cmocka_unit_test(test_signatures), cmocka_unit_test(test_refuses), cmocka_unit_test(test_entries),
		cmocka_unit_test(test_damage), cmocka_unit_test(test_weak), cmocka_unit_test(test_times), cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_large), cmocka_unit_test(test_points), cmocka_unit_test(test_ocsp), cmocka_unit_test(test_ocsp_octets),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
