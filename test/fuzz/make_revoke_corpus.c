/* SPDX-License-Identifier: BSD-2-Clause */
/* Seeds for fuzz_revoke, validly signed by its CA: test/fuzz/make_revoke_corpus DIR writes DIR/revoke/seed-NAME. */
#include "test.h"

#include <openssl/pem.h>

#include "../unit/pki.h"
#include "revoke_ca.h"

static const char *dir;

static void
save(const char *name, char kind, struct bytes b)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/revoke/seed-%s", dir, name);
	f = fopen(path, "wb");
	if (f == NULL) {
		perror(path);
		exit(1);
	}
	fputc(kind, f);
	fwrite(b.p, 1, b.n, f);
	fclose(f);
	free((void *)(uintptr_t)b.p);
}

static void
list(const char *name, struct pki_crl p)
{
	p.next_update = p.next_update ? p.next_update : 3600;
	p.this_update = p.this_update ? p.this_update : -60;
	save(name, 'l', pki_crl_der(pki_crl(&p)));
}

static void
save_pem(X509_CRL *c)
{
	BIO *b = BIO_new(BIO_s_mem());
	uint8_t *copy;
	char *text;
	long n;

	PEM_write_bio_X509_CRL(b, c);
	n = BIO_get_mem_data(b, &text);
	copy = malloc((size_t)n);
	memcpy(copy, text, (size_t)n);
	save("pem", 'l', bytes_of(copy, (size_t)n));
	BIO_free(b);
}

static void
answer(const char *name, struct pki_ocsp p)
{
	p.next_update = p.next_update ? p.next_update : 3600;
	p.this_update = p.this_update ? p.this_update : -60;
	save(name, 'o', pki_ocsp_der(pki_ocsp(&p)));
}

static void
lists(X509 *ca, EVP_PKEY *key)
{
	static const struct pki_revoked v[] = { { 7, -100, 1 }, { 300, -200, -1 }, { 9, -10, 6 } };
	static const struct pki_revoked many[20] = { { 1, 0, 0 }, { 2, 0, 1 }, { 3, 0, 2 }, { 4, 0, 3 }, { 5, 0, 4 }, { 6, 0, 5 }, { 8, 0, 8 } };
	static const struct { const char *name, *ext, *value; } rows[] = {
		{ "scope", "issuingDistributionPoint", "critical,fullname:URI:http://ca/list,onlyuser:TRUE" },
		{ "relative", "issuingDistributionPoint", "critical,relativename:r" },
		{ "only-cas", "issuingDistributionPoint", "critical,onlyCA:TRUE" },
		{ "attributes", "issuingDistributionPoint", "critical,onlyAA:TRUE" },
		{ "indirect", "issuingDistributionPoint", "critical,indirectCRL:TRUE" },
		{ "reasons", "issuingDistributionPoint", "critical,onlysomereasons:keyCompromise" },
		{ "fresh", "freshestCRL", "URI:http://ca/delta" },
		{ "unknown", "1.2.3.4", "critical,DER:0500" },
		{ "ignored", "1.2.3.4", "DER:0500" },
		{ "bad-number", "2.5.29.20", "DER:0500" },
		{ "bad-scope", "2.5.29.28", "critical,DER:0500" },
		{ "bad-fresh", "2.5.29.46", "DER:0500" },
	};

	list("plain", (struct pki_crl){ .ca = ca, .key = key, .number = 5, .n = 3, .v = v });
	list("aki", (struct pki_crl){ .ca = ca, .key = key, .number = 300, .ext = { { "2.5.29.35", "DER:3006800401020304" }, { NULL, NULL } } });
	list("delta", (struct pki_crl){ .ca = ca, .key = key, .number = 6, .base = 5, .n = 1, .v = v });
	list("delta-only", (struct pki_crl){ .ca = ca, .key = key, .base = 5 });
	list("stale", (struct pki_crl){ .ca = ca, .key = key, .number = 5, .this_update = -9000, .next_update = -8000 });
	list("sha1", (struct pki_crl){ .ca = ca, .key = key, .number = 5, .digest = "sha1" });
	list("forged", (struct pki_crl){ .ca = ca, .key = key, .number = 5, .bad_signature = true });
	save_pem(pki_crl(&(struct pki_crl){ .ca = ca, .key = key, .number = 5, .this_update = -60, .next_update = 3600 }));
	list("long", (struct pki_crl){ .ca = ca, .key = key, .number = 5, .n = sizeof(many) / sizeof(many[0]), .v = many });
	list("century", (struct pki_crl){ .ca = ca, .key = key, .number = 200, .next_update = 800000000 });
	list("no-end", (struct pki_crl){ .ca = ca, .key = key, .number = 5, .next_update = -PKI_NOW });
	list("twice", (struct pki_crl){ .ca = ca, .key = key, .ext = { { "2.5.29.20", "DER:020105" }, { "2.5.29.20", "DER:020105" }, { NULL, NULL } } });
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pki_crl p = { .ca = ca, .key = key, .number = i == 9 ? 0 : 5, .ext = { { rows[i].ext, rows[i].value }, { NULL, NULL } } };

		if (strcmp(rows[i].name, "relative") != 0)	/* openssl's notation for it needs a section */
			list(rows[i].name, p);
	}
}

static void
answers(X509 *ca, EVP_PKEY *key)
{
	struct pki leaf = { .dn = "CN=leaf", .ca = ca, .ca_key = key, .serial = 7 };
	EVP_PKEY *dkey, *lkey;
	X509 *x = pki_cert(&leaf, &lkey);
	struct pki del = { .dn = "CN=d", .ca = ca, .ca_key = key, .ext = { { "keyUsage", "digitalSignature" }, { "extendedKeyUsage", "OCSPSigning" },
	    { "subjectKeyIdentifier", "hash" }, { NULL, NULL } } };
	X509 *d = pki_cert(&del, &dkey);

	answer("good", (struct pki_ocsp){ .subject = x, .ca = ca, .key = key, .status = V_OCSP_CERTSTATUS_GOOD, .why = -1 });
	answer("revoked", (struct pki_ocsp){ .subject = x, .ca = ca, .key = key, .status = V_OCSP_CERTSTATUS_REVOKED, .why = 1 });
	answer("not-known", (struct pki_ocsp){ .subject = x, .ca = ca, .key = key, .status = V_OCSP_CERTSTATUS_UNKNOWN, .why = -1 });
	answer("old", (struct pki_ocsp){ .subject = x, .ca = ca, .key = key, .status = V_OCSP_CERTSTATUS_GOOD, .why = -1, .this_update = -9000, .next_update = -8000 });
	answer("future", (struct pki_ocsp){ .subject = x, .ca = ca, .key = key, .status = V_OCSP_CERTSTATUS_GOOD, .why = -1, .this_update = 9000, .next_update = 9999 });
	answer("delegate", (struct pki_ocsp){ .subject = x, .ca = ca, .signer = d, .key = dkey, .status = V_OCSP_CERTSTATUS_GOOD, .why = -1 });
	answer("signature", (struct pki_ocsp){ .subject = x, .ca = ca, .key = key, .status = V_OCSP_CERTSTATUS_GOOD, .why = -1, .bad_signature = true });
	answer("other", (struct pki_ocsp){ .subject = d, .ca = ca, .key = key, .status = V_OCSP_CERTSTATUS_GOOD, .why = -1 });
	answer("nonce", (struct pki_ocsp){ .subject = x, .ca = ca, .key = key, .status = V_OCSP_CERTSTATUS_GOOD, .why = -1, .nonce = bytes_of("0123456789abcdef", 16) });
	answer("no-delegate", (struct pki_ocsp){ .subject = x, .ca = ca, .signer = x, .key = lkey, .status = V_OCSP_CERTSTATUS_GOOD, .why = -1 });
	answer("no-signer", (struct pki_ocsp){ .subject = x, .ca = ca, .signer = d, .key = dkey, .status = V_OCSP_CERTSTATUS_GOOD, .why = -1, .no_certs = true });
	del.from = -2 * PKI_DAY;
	del.to = -PKI_DAY;
	d = pki_cert(&del, &dkey);
	answer("old-delegate", (struct pki_ocsp){ .subject = x, .ca = ca, .signer = d, .key = dkey, .status = V_OCSP_CERTSTATUS_GOOD, .why = -1 });
	del.ca = NULL;
	del.ca_key = NULL;
	d = pki_cert(&del, &dkey);
	answer("stranger", (struct pki_ocsp){ .subject = x, .ca = ca, .signer = d, .key = dkey, .status = V_OCSP_CERTSTATUS_GOOD, .why = -1 });
	save("later", 'o', pki_ocsp_der(OCSP_response_create(OCSP_RESPONSE_STATUS_TRYLATER, NULL)));
}

static void
distpoints(X509 *ca, EVP_PKEY *key)
{
	struct pki p = { .dn = "CN=x", .ca = ca, .ca_key = key, .ext = { { "crlDistributionPoints", "URI:ldap://x/y,URI:http://a/1,URI:https://b/2" },
	    { NULL, NULL } } };
	X509 *x = pki_cert(&p, NULL);
	const ASN1_OCTET_STRING *v = X509_EXTENSION_get_data(X509_get_ext(x, X509_get_ext_by_NID(x, NID_crl_distribution_points, -1)));
	size_t n = (size_t)ASN1_STRING_length(v);
	static const uint8_t other[] = { 0x30, 0x10, 0x30, 0x0e, 0xa0, 0x04, 0xa1, 0x02, 0x31, 0x00, 0x81, 0x02, 0x05, 0x20, 0xa2, 0x02, 0x82, 0x00 };
	uint8_t *copy = malloc(n), *two = malloc(sizeof(other));

	memcpy(copy, ASN1_STRING_get0_data(v), n);
	save("points", 'd', bytes_of(copy, n));
	memcpy(two, other, sizeof(other));
	save("points-issuer", 'd', bytes_of(two, sizeof(other)));
}

static void
make(void **state)
{
	EVP_PKEY *key = revoke_ca_key();
	X509 *ca = revoke_ca_cert(key);

	lists(ca, key);
	answers(ca, key);
	distpoints(ca, key);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(make) };

	dir = argc > 1 ? argv[1] : ".";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
