/* SPDX-License-Identifier: BSD-2-Clause */
/* Chains, good and bad: each verdict, its reason, and what its sentence has to name. */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>

#include "certid.h"
#include "chain_memo.h"
#include "pki.h"
#include "test.h"

#define CERTS	12

struct fix {
	X509		*root, *mid, *leaf;
	EVP_PKEY	*root_key, *mid_key, *key;
	char		 detail[CHAIN_DETAIL];
	struct chain	 chain;
};

static int
setup(void **state)
{
	struct fix *f = calloc(1, sizeof(*f));

	f->root = pki_ca("O=Example, CN=Example Root", NULL, NULL, &f->root_key);
	f->mid = pki_ca("O=Example, CN=Example Issuing", f->root, f->root_key, &f->mid_key);
	f->leaf = pki_leaf("O=Example, CN=tokyo", "DNS:tokyo", f->mid, f->mid_key, &f->key);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fix *f = *state;

	X509_free(f->root);
	X509_free(f->mid);
	X509_free(f->leaf);
	EVP_PKEY_free(f->root_key);
	EVP_PKEY_free(f->mid_key);
	EVP_PKEY_free(f->key);
	chain_free(&f->chain);
	free(f);
	return 0;
}

static struct bytes
id_body(const char *id, uint8_t *buf, size_t cap)
{
	struct wr w = wr_of(buf, cap);

	assert_true(id_to_wire(id, &w));
	return wr_bytes(&w);
}

/* The certificates in v (ended by NULL) against one anchor, or two. */
static enum reason
check_at(struct fix *f, const char *id, X509 *anchor, X509 *second, X509 *const *v, STACK_OF(X509) *known, uint64_t now)
{
	struct chain_request q = { .nanchors = second ? 2 : 1, .anchors = { { "ca", anchor }, { "second", second } }, .known = known, .now = now };
	struct key_cert certs[CERTS];
	uint8_t idb[ID_CAP + 8];
	enum reason r;

	chain_free(&f->chain);
	q.id = id_body(id, idb, sizeof(idb));
	q.certs = certs;
	for (; v[q.ncerts]; q.ncerts++)
		certs[q.ncerts] = (struct key_cert){ CERT_X509, pki_der(v[q.ncerts]) };
	r = chain_validate(&q, &f->chain, f->detail);
	assert_true(ERR_peek_error() == 0);	/* nothing is left for the next one */
	for (unsigned i = 0; i < q.ncerts; i++)
		free((void *)(uintptr_t)certs[i].data.p);
	if (r == R_OK) {
		assert_non_null(f->chain.path);
	} else {
		assert_null(f->chain.path);
		assert_true(f->detail[0]);
	}
	return r;
}

#define LIST(...)	((X509 *const []){ __VA_ARGS__, NULL })

static enum reason
check(struct fix *f, const char *id, X509 *anchor, X509 *const *v)
{
	return check_at(f, id, anchor, NULL, v, NULL, PKI_NOW);
}

static void
says(struct fix *f, const char *what)
{
	if (!strstr(f->detail, what))
		fail_msg("\"%s\" is not in: %s", what, f->detail);
}

/* A certificate for fqdn:tokyo below a CA, with these extensions; checked and freed. */
static enum reason
leaf_with(struct fix *f, struct pki p, const char *id)
{
	X509 *x;
	enum reason r;

	if (p.dn == NULL)
		p.dn = "O=Example, CN=tokyo";
	if (p.ca == NULL) {
		p.ca = f->root;
		p.ca_key = f->root_key;
	}
	x = pki_cert(&p, NULL);
	r = check(f, id ? id : "fqdn:tokyo", f->root, LIST(x));
	X509_free(x);
	return r;
}

/* A leaf below an intermediate that has these properties. */
static enum reason
below(struct fix *f, struct pki p, const char *san, const char *id)
{
	EVP_PKEY *k;
	X509 *mid, *x;
	enum reason r;

	if (p.dn == NULL)
		p.dn = "O=Example, CN=Strange CA";
	p.ca = f->root;
	p.ca_key = f->root_key;
	mid = pki_cert(&p, &k);
	x = pki_leaf("O=Example, CN=tokyo", san, mid, k, NULL);
	r = check(f, id, f->root, LIST(x, mid));
	X509_free(x);
	X509_free(mid);
	EVP_PKEY_free(k);
	return r;
}

#define SAN	{ "subjectAltName", "DNS:tokyo" }
#define CA	{ "basicConstraints", "critical,CA:TRUE" }

static void
test_good(void **state)
{
	struct fix *f = *state;
	X509 *x = pki_leaf("CN=direct", "DNS:direct", f->root, f->root_key, NULL), *other = pki_ca("CN=unrelated", NULL, NULL, NULL);

	assert_int_equal(check(f, "fqdn:direct", f->root, LIST(x)), R_OK);
	assert_int_equal(sk_X509_num(f->chain.path), 2);
	assert_string_equal(f->chain.anchor, "ca");
	assert_int_equal(f->chain.not_after, PKI_NOW + 365 * PKI_DAY);
	assert_int_equal(check(f, "fqdn:tokyo", f->root, LIST(f->leaf, f->mid)), R_OK);
	assert_int_equal(sk_X509_num(f->chain.path), 3);
	assert_int_equal(check(f, "fqdn:tokyo", f->root, LIST(f->leaf, f->mid, f->root)), R_OK);
	assert_int_equal(check(f, "fqdn:tokyo", f->root, LIST(f->leaf, other, f->root, x, f->mid)), R_OK);
	/* the intermediate itself is what is trusted: the path ends there, with and without its root in what came */
	assert_int_equal(check(f, "fqdn:tokyo", f->mid, LIST(f->leaf)), R_OK);
	assert_int_equal(sk_X509_num(f->chain.path), 2);
	assert_int_equal(check(f, "fqdn:tokyo", f->mid, LIST(f->leaf, f->mid, f->root)), R_OK);
	assert_int_equal(sk_X509_num(f->chain.path), 2);
	/* of several anchors the one that it leads to is named */
	assert_int_equal(check_at(f, "fqdn:tokyo", other, f->root, LIST(f->leaf, f->mid), NULL, PKI_NOW), R_OK);
	assert_string_equal(f->chain.anchor, "second");
	X509_free(x);
	X509_free(other);
}

/* Every kind of key and signature, in the end's certificate and in its CA's. */
static void
test_kinds(void **state)
{
	static const struct { const char *kind; bool pss; const char *digest; } v[] = { { "p256", false, NULL }, { "p384", false, "sha384" },
	    { "p521", false, "sha512" }, { "ed25519", false, NULL }, { "ed448", false, NULL }, { "rsa2048", false, NULL }, { "rsa3072", true, "sha384" } };
	struct fix *f = *state;

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct pki ca = { .dn = "CN=a CA", .kind = v[i].kind, .pss = v[i].pss, .digest = v[i].digest, .ext = { CA } };
		struct pki leaf = { .dn = "CN=tokyo", .kind = v[i].kind, .pss = v[i].pss, .digest = v[i].digest, .ext = { SAN } };
		EVP_PKEY *k;
		X509 *root = pki_cert(&ca, &k), *x;

		leaf.ca = root;
		leaf.ca_key = k;
		x = pki_cert(&leaf, NULL);
		assert_int_equal(check(f, "fqdn:tokyo", root, LIST(x)), R_OK);
		X509_free(x);
		X509_free(root);
		EVP_PKEY_free(k);
	}
}

static void
test_times(void **state)
{
	struct fix *f = *state;
	X509 *old;

	assert_int_equal(leaf_with(f, (struct pki){ .from = -3 * PKI_DAY, .to = -PKI_DAY, .ext = { SAN } }, NULL), R_CERT_EXPIRED);
	says(f, "CN=tokyo expired at 2027-01-14T08:00:00Z; this gateway's clock says 2027-01-15T08:00:00Z");
	assert_int_equal(leaf_with(f, (struct pki){ .from = 7500, .to = PKI_DAY, .ext = { SAN } }, NULL), R_CERT_NOT_YET_VALID);
	says(f, "2 h 5 min earlier");
	assert_int_equal(leaf_with(f, (struct pki){ .from = 5 * PKI_DAY, .to = 6 * PKI_DAY, .ext = { SAN } }, NULL), R_CERT_NOT_YET_VALID);
	says(f, "5 days earlier");
	assert_int_equal(leaf_with(f, (struct pki){ .from = 61, .to = 6 * PKI_DAY, .ext = { SAN } }, NULL), R_CERT_NOT_YET_VALID);
	says(f, "1 min 1 s earlier");
	/* an intermediate, and the anchor */
	assert_int_equal(below(f, (struct pki){ .from = -3 * PKI_DAY, .to = -PKI_DAY, .ext = { CA } }, "DNS:tokyo", "fqdn:tokyo"), R_CERT_EXPIRED);
	says(f, "CN=Strange CA expired");
	assert_int_equal(check_at(f, "fqdn:tokyo", f->root, NULL, LIST(f->leaf, f->mid), NULL, PKI_NOW + 366 * PKI_DAY), R_CERT_EXPIRED);
	/* a moment before and at the end */
	assert_int_equal(check_at(f, "fqdn:tokyo", f->root, NULL, LIST(f->leaf, f->mid), NULL, PKI_NOW + 365 * PKI_DAY - 1), R_OK);
	old = pki_cert(&(struct pki){ .dn = "CN=old", .from = -9 * PKI_DAY, .to = -PKI_DAY, .ext = { CA } }, NULL);
	assert_int_equal(check(f, "fqdn:tokyo", old, LIST(f->leaf, f->mid)), R_CERT_UNKNOWN_CA);
	X509_free(old);
}

static void
test_unknown_ca(void **state)
{
	struct fix *f = *state;
	EVP_PKEY *k, *k2;
	X509 *other = pki_ca("CN=Other CA", NULL, NULL, &k), *x = pki_leaf("CN=tokyo", "DNS:tokyo", other, k, NULL);
	X509 *twin = pki_ca("O=Example, CN=Example Root", NULL, NULL, &k2), *y = pki_leaf("CN=tokyo", "DNS:tokyo", twin, k2, NULL);
	X509 *self = pki_cert(&(struct pki){ .dn = "CN=tokyo", .ext = { SAN } }, NULL), *z;

	assert_int_equal(check(f, "fqdn:tokyo", f->root, LIST(x)), R_CERT_UNKNOWN_CA);
	says(f, "CN=tokyo was issued by CN=Other CA");
	says(f, "this tunnel trusts 'ca' (O=Example, CN=Example Root)");
	assert_int_equal(check(f, "fqdn:tokyo", f->root, LIST(x, other)), R_CERT_UNKNOWN_CA);	/* its root came along; that is no reason */
	says(f, "CN=Other CA is self-signed");
	assert_int_equal(check(f, "fqdn:tokyo", f->root, LIST(self)), R_CERT_UNKNOWN_CA);
	says(f, "self-signed");
	/* a CA of the same name with another key: told by the key's identifier, or by the signature */
	assert_int_equal(check(f, "fqdn:tokyo", f->root, LIST(y)), R_CERT_UNKNOWN_CA);
	says(f, "another key");
	z = pki_cert(&(struct pki){ .dn = "CN=tokyo", .ca = twin, .ca_key = k2, .ext = { SAN } }, NULL);
	assert_int_equal(check(f, "fqdn:tokyo", f->root, LIST(z)), R_CERT_SIGNATURE_BAD);
	X509_free(other);
	X509_free(x);
	X509_free(twin);
	X509_free(y);
	X509_free(z);
	X509_free(self);
	EVP_PKEY_free(k);
	EVP_PKEY_free(k2);
}

static void
test_incomplete(void **state)
{
	struct fix *f = *state;
	STACK_OF(X509) *known = sk_X509_new_null();
	EVP_PKEY *rk, *mk;
	X509 *root = pki_ca("CN=Root", NULL, NULL, &rk), *mid = pki_ca("CN=Issuing", root, rk, &mk);
	X509 *x = pki_leaf("CN=tokyo", "DNS:tokyo", mid, mk, NULL);

	assert_int_equal(check(f, "fqdn:tokyo", f->root, LIST(f->leaf)), R_CERT_CHAIN_INCOMPLETE);	/* of the same organisation */
	says(f, "CN=tokyo was issued by O=Example, CN=Example Issuing, which was not sent");
	assert_int_equal(check(f, "fqdn:tokyo", root, LIST(x)), R_CERT_UNKNOWN_CA);	/* nothing tells */
	sk_X509_push(known, mid);
	assert_int_equal(check_at(f, "fqdn:tokyo", root, NULL, LIST(x), known, PKI_NOW), R_CERT_CHAIN_INCOMPLETE);	/* we have it ourselves */
	assert_int_equal(check_at(f, "fqdn:tokyo", root, NULL, LIST(x, mid), known, PKI_NOW), R_OK);
	sk_X509_free(known);
	X509_free(x);
	/* the certificate says who issued its issuer */
	x = pki_cert(&(struct pki){ .dn = "CN=tokyo", .ca = mid, .ca_key = mk, .ext = { SAN, { "authorityKeyIdentifier", "keyid,issuer:always" } } }, NULL);
	assert_int_equal(check(f, "fqdn:tokyo", root, LIST(x)), R_CERT_CHAIN_INCOMPLETE);
	assert_int_equal(check(f, "fqdn:tokyo", f->root, LIST(x)), R_CERT_UNKNOWN_CA);
	X509_free(x);
	X509_free(root);
	X509_free(mid);
	EVP_PKEY_free(rk);
	EVP_PKEY_free(mk);
	/* of the same organisation, but nothing can be between */
	root = pki_cert(&(struct pki){ .dn = "O=Example, CN=Small CA", .ext = { { "basicConstraints", "critical,CA:TRUE,pathlen:0" } } }, NULL);
	assert_int_equal(check(f, "fqdn:tokyo", root, LIST(f->leaf)), R_CERT_UNKNOWN_CA);
	X509_free(root);
}

static void
test_ids(void **state)
{
	static const struct { const char *dn, *san, *id; bool in; } v[] = {
		{ "CN=x", "DNS:tokyo", "fqdn:tokyo", true }, { "CN=x", "DNS:Tokyo.Example", "fqdn:tokyo.example", true },
		{ "CN=x", "DNS:tokyo", "fqdn:tokyo2", false }, { "CN=x", "DNS:tokyo", "fqdn:toky", false }, { "CN=x", "DNS:tokyo", "email:a@tokyo", false },
		{ "CN=x", "DNS:*.example.com", "fqdn:a.example.com", true }, { "CN=x", "DNS:*.example.com", "fqdn:a.b.example.com", false },
		{ "CN=x", "DNS:*.example.com", "fqdn:example.com", false }, { "CN=x", "DNS:*.example.com", "fqdn:.example.com", false },
		{ "CN=x", "DNS:f*.example.com", "fqdn:foo.example.com", false }, { "CN=x", "DNS:a.*.com", "fqdn:a.b.com", false },
		{ "CN=x", "DNS:*", "fqdn:tokyo", false }, { "CN=x", "DNS:a.example.com", "fqdn:*.example.com", false },
		{ "CN=x", "DNS:nowhere, DNS:tokyo", "fqdn:tokyo", true }, { "CN=tokyo", NULL, "fqdn:tokyo", false }, { "CN=tokyo", "DNS:x", "fqdn:tokyo", false },
		{ "CN=x", "email:ops@example.com", "email:ops@example.com", true }, { "CN=x", "email:ops@example.com", "email:Ops@example.com", false },
		{ "E=ops@example.com, CN=x", "DNS:x", "email:ops@example.com", false }, { "CN=x", "email:ops@example.com", "fqdn:ops@example.com", false },
		{ "CN=x", "IP:192.0.2.1", "ip:192.0.2.1", true }, { "CN=x", "IP:192.0.2.1", "ip:192.0.2.2", false },
		{ "CN=x", "IP:2001:db8::1", "ip:2001:db8::1", true }, { "CN=x", "DNS:192.0.2.1", "ip:192.0.2.1", false },
		{ "CN=x", "IP:192.0.2.1", "fqdn:192.0.2.1", false },
		{ "C=JP, O=Example, CN=tokyo", NULL, "dn:C=JP, O=Example, CN=tokyo", true }, { "C=JP, O=Example, CN=tokyo", NULL, "dn:O=Example, C=JP, CN=tokyo", false },
		{ "C=JP, O=Example, CN=tokyo", NULL, "dn:O=Example, CN=tokyo", false }, { "C=JP, O=Example, CN=tokyo", NULL, "dn:C=JP, O=Example", false },
		{ "C=JP, O=EXAMPLE  two, CN=Tokyo", NULL, "dn:C=JP, O=Example two, CN=tokyo", true },	/* RFC 5280 7.1 */
		{ "CN=x", "DNS:tokyo", "key:tokyo", false }, { "CN=x", "DNS:tokyo", "key:0x746f6b796f", false },
	};
	struct fix *f = *state;

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct pki p = { .dn = v[i].dn, .ext = { { v[i].san ? "subjectAltName" : NULL, v[i].san } } };
		enum reason r = leaf_with(f, p, v[i].id);

		if (r != (v[i].in ? R_OK : R_CERT_ID_MISSING))
			fail_msg("%s in %s, %s: reason %d", v[i].id, v[i].dn, v[i].san ? v[i].san : "-", r);
	}
	assert_int_equal(leaf_with(f, (struct pki){ .dn = "CN=x", .ext = { { "subjectAltName", "DNS:a, IP:192.0.2.1, email:b@c" } } }, NULL), R_CERT_ID_MISSING);
	says(f, "the peer says it is fqdn:tokyo; in the certificate are: fqdn:a, ip:192.0.2.1, email:b@c, dn:CN=x");
}

/* What is not text in a name does not end it, and bodies that are no identity are in no certificate. */
static void
test_id_octets(void **state)
{
	struct fix *f = *state;
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	GENERAL_NAME *g = GENERAL_NAME_new();
	ASN1_IA5STRING *s = ASN1_IA5STRING_new();
	X509 *x = X509_dup(f->leaf);
	uint8_t body[64];
	int at;

	assert_true(ASN1_STRING_set(s, "tokyo\0.evil.example", 19));
	GENERAL_NAME_set0_value(g, GEN_DNS, s);
	sk_GENERAL_NAME_push(names, g);
	at = X509_get_ext_by_NID(x, NID_subject_alt_name, -1);
	X509_EXTENSION_free(X509_delete_ext(x, at));
	assert_int_equal(X509_add1_ext_i2d(x, NID_subject_alt_name, names, 0, 0), 1);
	assert_false(certid_has(x, id_body("fqdn:tokyo", body, sizeof(body))));
	assert_true(certid_has(x, bytes_of("\2\0\0\0tokyo\0.evil.example", 23)));
	for (size_t n = 0; n < 23; n++)
		assert_false(certid_has(x, bytes_of("\2\0\0\0tokyo\0.evil.example", n)));
	assert_false(certid_has(x, bytes_of("\1\0\0\0abc", 7)));
	assert_false(certid_has(x, bytes_of("\5\0\0\0abcd", 8)));
	assert_false(certid_has(x, bytes_of("\11\0\0\0\x30\0", 6)));
	assert_false(certid_has(x, bytes_of("\12\0\0\0x", 5)));
	GENERAL_NAMES_free(names);
	X509_free(x);
}

static void
test_usage(void **state)
{
	static const struct { const char *name, *value; bool good; } v[] = {
		{ "keyUsage", "digitalSignature", true }, { "keyUsage", "nonRepudiation", true }, { "keyUsage", "critical,keyEncipherment", false },
		{ "keyUsage", "keyCertSign,cRLSign", false }, { "keyUsage", "keyEncipherment,digitalSignature", true },
		{ "extendedKeyUsage", "1.3.6.1.5.5.7.3.17", true }, { "extendedKeyUsage", "1.3.6.1.5.5.8.2.2", true }, { "extendedKeyUsage", "serverAuth", true },
		{ "extendedKeyUsage", "clientAuth", true }, { "extendedKeyUsage", "anyExtendedKeyUsage", true }, { "extendedKeyUsage", "critical,1.3.6.1.5.5.7.3.5", true },
		{ "extendedKeyUsage", "codeSigning", false }, { "extendedKeyUsage", "critical,emailProtection,OCSPSigning", false },
		{ "extendedKeyUsage", "codeSigning,1.3.6.1.5.5.7.3.17", true },
	};
	struct fix *f = *state;

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		if (leaf_with(f, (struct pki){ .ext = { SAN, { v[i].name, v[i].value } } }, NULL) != (v[i].good ? R_OK : R_CERT_WRONG_USAGE))
			fail_msg("%s=%s: %s", v[i].name, v[i].value, f->detail);
	assert_int_equal(leaf_with(f, (struct pki){ .ext = { SAN, { "extendedKeyUsage", "codeSigning" } } }, NULL), R_CERT_WRONG_USAGE);
	says(f, "Code Signing");
	/* RFC 3820: a certificate that the end's own key made */
	assert_int_equal(leaf_with(f, (struct pki){ .ext = { { "1.3.6.1.5.5.7.1.14", "critical,DER:30:0c:30:0a:06:08:2b:06:01:05:05:07:15:00" } } },
	    "dn:O=Example, CN=tokyo"), R_CERT_WRONG_USAGE);
}

static void
test_path(void **state)
{
	struct fix *f = *state;
	X509 *ca[CERTS], *x, *v[CERTS + 1] = { NULL };
	EVP_PKEY *key[CERTS];

	assert_int_equal(below(f, (struct pki){ .ext = { { "basicConstraints", "CA:FALSE" } } }, "DNS:tokyo", "fqdn:tokyo"), R_CERT_PATH_INVALID);
	says(f, "Strange CA");
	assert_int_equal(below(f, (struct pki){ .ext = { { "subjectKeyIdentifier", "hash" } } }, "DNS:tokyo", "fqdn:tokyo"), R_CERT_PATH_INVALID);
	assert_int_equal(below(f, (struct pki){ .ext = { CA, { "keyUsage", "digitalSignature" } } }, "DNS:tokyo", "fqdn:tokyo"), R_CERT_PATH_INVALID);
	assert_int_equal(below(f, (struct pki){ .ext = { { "keyUsage", "keyCertSign" } } }, "DNS:tokyo", "fqdn:tokyo"), R_CERT_PATH_INVALID);
	assert_int_equal(below(f, (struct pki){ .v1 = true }, "DNS:tokyo", "fqdn:tokyo"), R_CERT_PATH_INVALID);
	assert_int_equal(below(f, (struct pki){ .ext = { CA, { "policyConstraints", "critical,requireExplicitPolicy:0" } } }, "DNS:tokyo", "fqdn:tokyo"), R_CERT_PATH_INVALID);
	assert_int_equal(below(f, (struct pki){ .ext = { { "basicConstraints", "critical,CA:TRUE,pathlen:0" } } }, "DNS:tokyo", "fqdn:tokyo"), R_OK);
	/* one CA more than the first one allows, in the middle and in the anchor itself */
	{
		struct pki p = { .dn = "CN=short", .ca = f->root, .ca_key = f->root_key, .ext = { { "basicConstraints", "critical,CA:TRUE,pathlen:0" } } };

		ca[0] = pki_cert(&p, &key[0]);
		ca[1] = pki_ca("CN=sub", ca[0], key[0], &key[1]);
		x = pki_leaf("CN=tokyo", "DNS:tokyo", ca[1], key[1], NULL);
		assert_int_equal(check(f, "fqdn:tokyo", f->root, LIST(x, ca[1], ca[0])), R_CERT_PATH_INVALID);
		assert_int_equal(check(f, "fqdn:tokyo", ca[0], LIST(x, ca[1])), R_CERT_PATH_INVALID);
		says(f, "short");
		assert_int_equal(check(f, "fqdn:tokyo", ca[1], LIST(x)), R_OK);
		X509_free(x);
		for (unsigned i = 0; i < 2; i++) {
			X509_free(ca[i]);
			EVP_PKEY_free(key[i]);
		}
	}
	/* longer than is looked at: 8 certificates of one side */
	for (unsigned i = 0; i < CERTS; i++) {
		char dn[32];

		snprintf(dn, sizeof(dn), "O=Example, CN=ca %u", i);
		ca[i] = pki_ca(dn, i ? ca[i - 1] : NULL, i ? key[i - 1] : NULL, &key[i]);
	}
	x = pki_leaf("CN=tokyo", "DNS:tokyo", ca[CERTS - 2], key[CERTS - 2], NULL);
	v[0] = x;
	for (unsigned i = 0; i < CERTS - 1; i++)
		v[1 + i] = ca[CERTS - 2 - i];
	assert_int_equal(check(f, "fqdn:tokyo", ca[0], v), R_CERT_CHAIN_INCOMPLETE);
	X509_free(x);
	x = pki_leaf("CN=tokyo", "DNS:tokyo", ca[7], key[7], NULL);
	for (unsigned i = 0; i < 7; i++)
		v[1 + i] = ca[7 - i];
	v[0] = x;
	v[8] = NULL;
	assert_int_equal(check(f, "fqdn:tokyo", ca[0], v), R_OK);
	X509_free(x);
	for (unsigned i = 0; i < CERTS; i++) {
		X509_free(ca[i]);
		EVP_PKEY_free(key[i]);
	}
}

/* Issuers in a circle, of two and of one: it ends. */
static void
test_loops(void **state)
{
	struct fix *f = *state;
	EVP_PKEY *ka = pki_key("p256"), *kb = pki_key("p256");
	struct pki pa = { .dn = "CN=A", .key = ka, .ca_key = kb, .ext = { CA } }, pb = { .dn = "CN=B", .key = kb, .ca_key = ka, .ext = { CA } };
	X509 *a0 = pki_cert(&(struct pki){ .dn = "CN=A", .key = ka, .ext = { CA } }, NULL), *a, *b, *x;

	pb.ca = a0;
	b = pki_cert(&pb, NULL);
	pa.ca = b;
	a = pki_cert(&pa, NULL);
	x = pki_leaf("CN=tokyo", "DNS:tokyo", a, ka, NULL);
	assert_int_equal(check(f, "fqdn:tokyo", f->root, LIST(x, a, b)), R_CERT_UNKNOWN_CA);
	assert_int_equal(check(f, "fqdn:tokyo", f->root, LIST(x, a, b, a, b, a, b)), R_CERT_UNKNOWN_CA);
	assert_int_equal(check(f, "fqdn:tokyo", f->root, LIST(x, a0, a0, a)), R_CERT_UNKNOWN_CA);
	assert_int_equal(check(f, "fqdn:tokyo", a0, LIST(x, b)), R_OK);
	assert_int_equal(check(f, "fqdn:tokyo", f->root, LIST(x, x, x, x)), R_CERT_UNKNOWN_CA);
	X509_free(a0);
	X509_free(a);
	X509_free(b);
	X509_free(x);
	EVP_PKEY_free(ka);
	EVP_PKEY_free(kb);
}

static void
test_name_constraints(void **state)
{
	static const struct { const char *nc, *san, *id; bool good; } v[] = {
		{ "critical,permitted;DNS:example.com", "DNS:tokyo.example.com", "fqdn:tokyo.example.com", true },
		{ "critical,permitted;DNS:example.com", "DNS:tokyo.example.org", "fqdn:tokyo.example.org", false },
		{ "permitted;DNS:example.com", "DNS:tokyo.example.org", "fqdn:tokyo.example.org", false },
		{ "critical,excluded;DNS:evil.com", "DNS:a.evil.com", "fqdn:a.evil.com", false },
		{ "critical,permitted;DNS:example.com", "DNS:a.example.com,DNS:b.org", "fqdn:a.example.com", false },
		{ "critical,permitted;email:example.com", "email:a@example.com", "email:a@example.com", true },
		{ "critical,permitted;email:example.com", "email:a@example.org", "email:a@example.org", false },
		{ "critical,permitted;IP:192.0.2.0/255.255.255.0", "IP:192.0.2.7", "ip:192.0.2.7", true },
		{ "critical,permitted;IP:192.0.2.0/255.255.255.0", "IP:192.0.3.7", "ip:192.0.3.7", false },
		{ "critical,excluded;IP:2001:db8:0:0:0:0:0:0/ffff:ffff:0:0:0:0:0:0", "IP:2001:db8::7", "ip:2001:db8::7", false },
	};
	struct fix *f = *state;

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		if (below(f, (struct pki){ .ext = { CA, { "nameConstraints", v[i].nc } } }, v[i].san, v[i].id) != (v[i].good ? R_OK : R_CERT_NAME_CONSTRAINT))
			fail_msg("%s, %s: %s", v[i].nc, v[i].san, f->detail);
}

/* The subject's own name, "dirName", by the only form in which OpenSSL's text can give it: as another name that is permitted. */
static void
test_dn_constraint(void **state)
{
	struct fix *f = *state;
	NAME_CONSTRAINTS *nc = NAME_CONSTRAINTS_new();
	GENERAL_SUBTREE *sub = GENERAL_SUBTREE_new();
	X509_NAME *name = X509_NAME_new();
	EVP_PKEY *k = pki_key("p256");
	X509 *ca, *x;

	assert_int_equal(X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const unsigned char *)"Another", -1, -1, 0), 1);
	GENERAL_NAME_set0_value(sub->base, GEN_DIRNAME, name);
	nc->permittedSubtrees = sk_GENERAL_SUBTREE_new_null();
	sk_GENERAL_SUBTREE_push(nc->permittedSubtrees, sub);
	ca = pki_cert(&(struct pki){ .dn = "CN=limited", .key = k, .ext = { CA } }, NULL);
	assert_int_equal(X509_add1_ext_i2d(ca, NID_name_constraints, nc, 1, 0), 1);
	assert_true(X509_sign(ca, k, EVP_sha256()) > 0);
	x = pki_leaf("O=Example, CN=tokyo", NULL, ca, k, NULL);
	assert_int_equal(check(f, "dn:O=Example, CN=tokyo", ca, LIST(x)), R_CERT_NAME_CONSTRAINT);
	X509_free(x);
	x = pki_leaf("O=Another, CN=tokyo", NULL, ca, k, NULL);
	assert_int_equal(check(f, "dn:O=Another, CN=tokyo", ca, LIST(x)), R_OK);
	X509_free(x);
	X509_free(ca);
	EVP_PKEY_free(k);
	NAME_CONSTRAINTS_free(nc);
}

static void
test_critical(void **state)
{
	struct fix *f = *state;

	assert_int_equal(leaf_with(f, (struct pki){ .ext = { SAN, { "1.2.3.4", "critical,ASN1:UTF8String:x" } } }, NULL), R_CERT_CRITICAL_UNKNOWN);
	says(f, "1.2.3.4");
	assert_int_equal(leaf_with(f, (struct pki){ .ext = { SAN, { "1.2.3.4", "ASN1:UTF8String:x" } } }, NULL), R_OK);
	assert_int_equal(below(f, (struct pki){ .ext = { CA, { "1.2.3.5", "critical,ASN1:NULL" } } }, "DNS:tokyo", "fqdn:tokyo"), R_CERT_CRITICAL_UNKNOWN);
	says(f, "CN=Strange CA: extension 1.2.3.5");
}

static void
test_signatures(void **state)
{
	struct fix *f = *state;

	assert_int_equal(leaf_with(f, (struct pki){ .bad_signature = true, .ext = { SAN } }, NULL), R_CERT_SIGNATURE_BAD);
	says(f, "CN=tokyo");
	assert_int_equal(below(f, (struct pki){ .bad_signature = true, .ext = { CA } }, "DNS:tokyo", "fqdn:tokyo"), R_CERT_SIGNATURE_BAD);
	says(f, "Strange CA");
}

static void
test_weak(void **state)
{
	struct fix *f = *state;
	EVP_PKEY *k;
	X509 *root, *x;

	assert_int_equal(leaf_with(f, (struct pki){ .kind = "rsa1024", .ext = { SAN } }, NULL), R_CERT_TOO_WEAK);
	assert_int_equal(leaf_with(f, (struct pki){ .kind = "rsa2048e3", .ext = { SAN } }, NULL), R_CERT_TOO_WEAK);
	says(f, "exponent");
	assert_int_equal(leaf_with(f, (struct pki){ .kind = "p224", .ext = { SAN } }, NULL), R_CERT_TOO_WEAK);
	assert_int_equal(leaf_with(f, (struct pki){ .kind = "k256", .ext = { SAN } }, NULL), R_CERT_TOO_WEAK);
	assert_int_equal(leaf_with(f, (struct pki){ .digest = "sha1", .ext = { SAN } }, NULL), R_CERT_TOO_WEAK);
	assert_int_equal(below(f, (struct pki){ .kind = "rsa1024", .ext = { CA } }, "DNS:tokyo", "fqdn:tokyo"), R_CERT_TOO_WEAK);
	assert_int_equal(below(f, (struct pki){ .kind = "rsa2048e3", .ext = { CA } }, "DNS:tokyo", "fqdn:tokyo"), R_CERT_TOO_WEAK);
	assert_int_equal(below(f, (struct pki){ .digest = "sha1", .ext = { CA } }, "DNS:tokyo", "fqdn:tokyo"), R_CERT_TOO_WEAK);
	says(f, "Strange CA");
	/* the signature of an anchor proves nothing, so how it was made does not matter */
	root = pki_cert(&(struct pki){ .dn = "CN=old root", .kind = "rsa2048", .digest = "sha1", .ext = { CA } }, &k);
	x = pki_leaf("CN=tokyo", "DNS:tokyo", root, k, NULL);
	assert_int_equal(check(f, "fqdn:tokyo", root, LIST(x)), R_OK);
	X509_free(x);
	x = pki_cert(&(struct pki){ .dn = "CN=tokyo", .ca = root, .ca_key = k, .digest = "md5", .ext = { SAN } }, NULL);
	assert_int_equal(check(f, "fqdn:tokyo", root, LIST(x)), R_CERT_TOO_WEAK);
	X509_free(x);
	X509_free(root);
	EVP_PKEY_free(k);
	/* a curve by its parameters instead of its name */
	k = pki_key("p256");
	assert_int_equal(EVP_PKEY_set_utf8_string_param(k, OSSL_PKEY_PARAM_EC_ENCODING, "explicit"), 1);
	assert_int_equal(leaf_with(f, (struct pki){ .key = k, .ext = { SAN } }, NULL), R_CERT_TOO_WEAK);
	EVP_PKEY_free(k);
}

/* Octets: cut off anywhere, longer, and with any one of them changed, a certificate is no good. */
static void
test_octets(void **state)
{
	struct fix *f = *state;
	struct bytes der = pki_der(f->leaf), mid = pki_der(f->mid);
	struct key_cert certs[2] = { { CERT_X509, { NULL, 0 } }, { CERT_X509, mid } };
	uint8_t idb[64], *copy = malloc(der.n + 1);
	struct chain_request q = { .nanchors = 1, .anchors = { { "ca", f->root } }, .ncerts = 2, .certs = certs, .now = PKI_NOW };

	q.id = id_body("fqdn:tokyo", idb, sizeof(idb));
	memcpy(copy, der.p, der.n);
	copy[der.n] = 0;
	certs[0].data = bytes_of(copy, der.n);
	assert_int_equal(chain_validate(&q, &f->chain, f->detail), R_OK);
	chain_free(&f->chain);
	certs[0].data.n = der.n + 1;
	assert_int_equal(chain_validate(&q, &f->chain, f->detail), R_CERT_MALFORMED);
	for (size_t n = 0; n < der.n; n++) {
		uint8_t *exact = malloc(n ? n : 1);

		memcpy(exact, der.p, n);
		certs[0].data = bytes_of(exact, n);
		assert_int_equal(chain_validate(&q, &f->chain, f->detail), R_CERT_MALFORMED);
		free(exact);
	}
	certs[0].data = bytes_of(copy, der.n);
	for (size_t i = 0; i < der.n; i++)
		for (unsigned bit = 1; bit < 256; bit <<= 1) {
			enum reason r;

			copy[i] ^= (uint8_t)bit;
			r = chain_validate(&q, &f->chain, f->detail);
			copy[i] ^= (uint8_t)bit;
			if (r == R_OK)
				fail_msg("octet %zu, bit %u: not noticed", i, bit);
			assert_null(f->chain.path);
		}
	/* a helper that cannot be read is said, too */
	certs[1].data.n--;
	assert_int_equal(chain_validate(&q, &f->chain, f->detail), R_CERT_MALFORMED);
	says(f, "certificate 2");
	free(copy);
	free((void *)(uintptr_t)der.p);
	free((void *)(uintptr_t)mid.p);
}

static void
test_not_sent(void **state)
{
	struct fix *f = *state;
	struct key_cert certs[1] = { { 12, bytes_of("sha1 and http://x/", 18) } };
	uint8_t idb[64];
	struct chain_request q = { .nanchors = 1, .anchors = { { "ca", f->root } }, .certs = certs, .now = PKI_NOW };

	q.id = id_body("fqdn:tokyo", idb, sizeof(idb));
	assert_int_equal(chain_validate(&q, &f->chain, f->detail), R_CERT_NOT_SENT);
	q.ncerts = 1;
	assert_int_equal(chain_validate(&q, &f->chain, f->detail), R_CERT_NOT_SENT);
	says(f, "12");
}

/* What was found valid is kept as long as it is, and for nothing else than it was found valid for. */
static void
test_memo(void **state)
{
	struct fix *f = *state;
	struct bytes der = pki_der(f->leaf), mid = pki_der(f->mid);
	struct key_cert certs[2] = { { CERT_X509, der }, { CERT_X509, mid } };
	struct chain_memo *m = chain_memo_new();
	struct chain again = { 0 };
	uint8_t idb[64], other[64];
	struct chain_request q = { .nanchors = 1, .anchors = { { "ca", f->root } }, .ncerts = 2, .certs = certs, .now = PKI_NOW }, p;
	X509 *x = pki_ca("CN=Other CA", NULL, NULL, NULL);

	q.id = id_body("fqdn:tokyo", idb, sizeof(idb));
	assert_int_equal(chain_memo_validate(m, &q, &f->chain, f->detail), R_OK);
	assert_int_equal(chain_memo_validate(m, &q, &again, f->detail), R_OK);
	assert_ptr_equal(sk_X509_value(again.path, 0), sk_X509_value(f->chain.path, 0));	/* it was not parsed again */
	assert_string_equal(again.anchor, "ca");
	chain_free(&again);
	p = q;
	p.id = id_body("fqdn:osaka", other, sizeof(other));
	assert_int_equal(chain_memo_validate(m, &p, &again, f->detail), R_CERT_ID_MISSING);
	p = q;
	p.anchors[0].cert = x;
	assert_int_equal(chain_memo_validate(m, &p, &again, f->detail), R_CERT_UNKNOWN_CA);
	p = q;
	p.ncerts = 1;
	assert_int_equal(chain_memo_validate(m, &p, &again, f->detail), R_CERT_CHAIN_INCOMPLETE);
	p = q;
	p.now = PKI_NOW + 366 * PKI_DAY;
	assert_int_equal(chain_memo_validate(m, &p, &again, f->detail), R_CERT_EXPIRED);
	p.now = PKI_NOW - 2 * PKI_DAY;
	assert_int_equal(chain_memo_validate(m, &p, &again, f->detail), R_CERT_NOT_YET_VALID);
	p.now = PKI_NOW - PKI_DAY;
	assert_int_equal(chain_memo_validate(m, &p, &again, f->detail), R_OK);
	chain_free(&again);
	p = q;
	strcpy(p.anchors[0].name, "new-name");
	assert_int_equal(chain_memo_validate(m, &p, &again, f->detail), R_OK);
	assert_string_equal(again.anchor, "new-name");
	chain_free(&again);
	for (unsigned i = 0; i < der.n; i++) {		/* other octets are another certificate */
		((uint8_t *)(uintptr_t)der.p)[i] ^= 1;
		assert_int_not_equal(chain_memo_validate(m, &q, &again, f->detail), R_OK);
		((uint8_t *)(uintptr_t)der.p)[i] ^= 1;
	}
	assert_int_equal(chain_memo_validate(m, &q, &again, f->detail), R_OK);
	chain_free(&again);
	chain_memo_free(m);
	X509_free(x);
	free((void *)(uintptr_t)der.p);
	free((void *)(uintptr_t)mid.p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_good, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kinds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_times, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown_ca, setup, teardown),
		cmocka_unit_test_setup_teardown(test_incomplete, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ids, setup, teardown),
		cmocka_unit_test_setup_teardown(test_id_octets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_usage, setup, teardown),
		cmocka_unit_test_setup_teardown(test_path, setup, teardown),
		cmocka_unit_test_setup_teardown(test_loops, setup, teardown),
		cmocka_unit_test_setup_teardown(test_name_constraints, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dn_constraint, setup, teardown),
		cmocka_unit_test_setup_teardown(test_critical, setup, teardown),
		cmocka_unit_test_setup_teardown(test_signatures, setup, teardown),
		cmocka_unit_test_setup_teardown(test_weak, setup, teardown),
		cmocka_unit_test_setup_teardown(test_octets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_sent, setup, teardown),
		cmocka_unit_test_setup_teardown(test_memo, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
