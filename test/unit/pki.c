/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pki.h"
#include "test.h"

#define SHARED	8

/* Keys: RSA's take long, so that one of a size does for all. */

static EVP_PKEY *
make_rsa(unsigned bits, unsigned long e)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *n = BN_new();
	EVP_PKEY *k = NULL;

	assert_true(c && n && BN_set_word(n, e));
	assert_int_equal(EVP_PKEY_keygen_init(c), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(c, (int)bits), 1);
	assert_int_equal(EVP_PKEY_CTX_set1_rsa_keygen_pubexp(c, n), 1);
	assert_int_equal(EVP_PKEY_generate(c, &k), 1);
	BN_free(n);
	EVP_PKEY_CTX_free(c);
	return k;
}

static EVP_PKEY *
make_key(const char *kind)
{
	static const char *const curves[][2] = { { "p256", "P-256" }, { "p384", "P-384" }, { "p521", "P-521" }, { "p224", "P-224" }, { "k256", "secp256k1" } };
	unsigned bits, e = 65537;

	if (sscanf(kind, "rsa%ue%u", &bits, &e) >= 1)
		return make_rsa(bits, e);
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
		if (strcmp(curves[i][0], kind) == 0)
			return EVP_EC_gen(curves[i][1]);
	return EVP_PKEY_Q_keygen(NULL, NULL, strcmp(kind, "ed448") == 0 ? "ED448" : "ED25519");
}

EVP_PKEY *
pki_key(const char *kind)
{
	static struct { char kind[16]; EVP_PKEY *k; } shared[SHARED];
	EVP_PKEY *k;

	if (strncmp(kind, "rsa", 3) != 0) {
		k = make_key(kind);
		assert_non_null(k);
		return k;
	}
	for (unsigned i = 0; i < SHARED; i++) {
		if (shared[i].k == NULL) {
			snprintf(shared[i].kind, sizeof(shared[i].kind), "%s", kind);
			shared[i].k = make_key(kind);
			assert_non_null(shared[i].k);
		}
		if (strcmp(shared[i].kind, kind) == 0) {
			EVP_PKEY_up_ref(shared[i].k);
			return shared[i].k;
		}
	}
	fail_msg("too many sizes of RSA keys");
	return NULL;
}

/* Certificates */

static void
set_name(X509_NAME *name, const char *dn)
{
	char copy[512], *part, *save = NULL;

	snprintf(copy, sizeof(copy), "%s", dn);
	for (part = strtok_r(copy, ",", &save); part; part = strtok_r(NULL, ",", &save)) {
		char *eq;

		part += strspn(part, " ");
		eq = strchr(part, '=');
		assert_non_null(eq);
		*eq = '\0';
		assert_int_equal(X509_NAME_add_entry_by_txt(name, strcmp(part, "E") == 0 ? "emailAddress" : part, MBSTRING_UTF8,
		    (const unsigned char *)eq + 1, -1, -1, 0), 1);
	}
}

static void
set_time(ASN1_TIME *t, long offset)
{
	assert_non_null(ASN1_TIME_set(t, PKI_NOW + offset));
}

static X509_EXTENSION *
make_ext(const struct pki_ext *e, X509V3_CTX *ctx)
{
	X509_EXTENSION *x = X509V3_EXT_conf(NULL, ctx, e->name, e->value);

	if (x == NULL)
		fail_msg("extension %s=%s: %s", e->name, e->value, ERR_reason_error_string(ERR_peek_last_error()));
	return x;
}

static EVP_MD_CTX *
sign_ctx(EVP_PKEY *key, const char *digest, bool pss)
{
	bool own = EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448");
	EVP_MD_CTX *m = EVP_MD_CTX_new();
	EVP_PKEY_CTX *p = NULL;

	assert_int_equal(EVP_DigestSignInit(m, &p, own ? NULL : EVP_get_digestbyname(digest ? digest : "sha256"), NULL, key), 1);
	if (pss) {
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(p, RSA_PKCS1_PSS_PADDING), 1);
		assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(p, RSA_PSS_SALTLEN_DIGEST), 1);
	}
	return m;
}

/* The last octet of the signature is another one; X509_sign and its sisters keep the encoding. */
static void
spoil(const ASN1_BIT_STRING *sig)
{
	((ASN1_BIT_STRING *)(uintptr_t)sig)->data[sig->length - 1] ^= 1;
}

X509 *
pki_cert(const struct pki *p, EVP_PKEY **key_out)
{
	static long serial = 1000;
	EVP_PKEY *key = p->key ? p->key : pki_key(p->kind ? p->kind : "p256");
	X509 *x = X509_new();
	const ASN1_BIT_STRING *sig;
	X509V3_CTX ctx;
	EVP_MD_CTX *m;
	bool times = p->from || p->to;

	assert_true(x && X509_set_version(x, p->v1 ? X509_VERSION_1 : X509_VERSION_3) && X509_set_pubkey(x, key));
	assert_true(ASN1_INTEGER_set(X509_get_serialNumber(x), p->serial ? p->serial : ++serial));
	set_name(X509_get_subject_name(x), p->dn);
	X509_set_issuer_name(x, p->ca ? X509_get_subject_name(p->ca) : X509_get_subject_name(x));
	set_time(X509_getm_notBefore(x), times ? p->from : -PKI_DAY);
	set_time(X509_getm_notAfter(x), times ? p->to : 365 * PKI_DAY);
	X509V3_set_ctx(&ctx, p->ca ? p->ca : x, x, NULL, NULL, 0);
	for (unsigned i = 0; i < PKI_EXTS && p->ext[i].name && !p->v1; i++) {
		X509_EXTENSION *e = make_ext(&p->ext[i], &ctx);

		assert_int_equal(X509_add_ext(x, e, -1), 1);
		X509_EXTENSION_free(e);
	}
	m = sign_ctx(p->ca_key ? p->ca_key : key, p->digest, p->pss);
	assert_true(X509_sign_ctx(x, m) > 0);
	EVP_MD_CTX_free(m);
	X509_get0_signature(&sig, NULL, x);
	if (p->bad_signature)
		spoil(sig);
	if (p->key)
		EVP_PKEY_up_ref(key);
	if (key_out)
		*key_out = key;
	else
		EVP_PKEY_free(key);
	return x;
}

X509 *
pki_ca(const char *dn, X509 *ca, EVP_PKEY *ca_key, EVP_PKEY **key)
{
	struct pki p = { .dn = dn, .ca = ca, .ca_key = ca_key, .ext = { { "basicConstraints", "critical,CA:TRUE" },
	    { "keyUsage", "critical,keyCertSign,cRLSign" }, { "subjectKeyIdentifier", "hash" }, { NULL, NULL } } };

	if (ca && X509_get0_subject_key_id(ca))
		p.ext[3] = (struct pki_ext){ "authorityKeyIdentifier", "keyid" };
	return pki_cert(&p, key);
}

X509 *
pki_leaf(const char *dn, const char *san, X509 *ca, EVP_PKEY *ca_key, EVP_PKEY **key)
{
	struct pki p = { .dn = dn, .ca = ca, .ca_key = ca_key, .ext = { { "basicConstraints", "critical,CA:FALSE" },
	    { "keyUsage", "critical,digitalSignature" }, { "subjectKeyIdentifier", "hash" }, { NULL, NULL } } };
	unsigned n = 3;

	if (ca && X509_get0_subject_key_id(ca))
		p.ext[n++] = (struct pki_ext){ "authorityKeyIdentifier", "keyid" };
	if (san)
		p.ext[n] = (struct pki_ext){ "subjectAltName", san };
	return pki_cert(&p, key);
}

/* Revocation lists */

static void
add_revoked(X509_CRL *crl, const struct pki_revoked *v)
{
	X509_REVOKED *r = X509_REVOKED_new();
	ASN1_INTEGER *n = ASN1_INTEGER_new();
	ASN1_TIME *t = ASN1_TIME_new();
	ASN1_ENUMERATED *why = ASN1_ENUMERATED_new();

	set_time(t, v->when);
	assert_true(ASN1_INTEGER_set(n, v->serial) && X509_REVOKED_set_serialNumber(r, n) && X509_REVOKED_set_revocationDate(r, t));
	if (v->why >= 0)
		assert_true(ASN1_ENUMERATED_set(why, v->why) && X509_REVOKED_add1_ext_i2d(r, NID_crl_reason, why, 0, 0) == 1);
	assert_int_equal(X509_CRL_add0_revoked(crl, r), 1);
	ASN1_INTEGER_free(n);
	ASN1_TIME_free(t);
	ASN1_ENUMERATED_free(why);
}

static void
add_number(X509_CRL *crl, int nid, long v, bool critical)
{
	ASN1_INTEGER *n = ASN1_INTEGER_new();

	assert_true(ASN1_INTEGER_set(n, v) && X509_CRL_add1_ext_i2d(crl, nid, n, critical, 0) == 1);
	ASN1_INTEGER_free(n);
}

X509_CRL *
pki_crl(const struct pki_crl *p)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *t = ASN1_TIME_new();
	const ASN1_BIT_STRING *sig;
	X509V3_CTX ctx;
	EVP_MD_CTX *m;

	assert_true(X509_CRL_set_version(crl, X509_CRL_VERSION_2) && X509_CRL_set_issuer_name(crl, X509_get_subject_name(p->ca)));
	set_time(t, p->this_update);
	X509_CRL_set1_lastUpdate(crl, t);
	set_time(t, p->next_update);
	if (p->next_update)
		X509_CRL_set1_nextUpdate(crl, t);
	ASN1_TIME_free(t);
	for (unsigned i = 0; i < p->n; i++)
		add_revoked(crl, &p->v[i]);
	if (p->number)
		add_number(crl, NID_crl_number, p->number, false);
	if (p->base)
		add_number(crl, NID_delta_crl, p->base, true);
	X509V3_set_ctx(&ctx, p->ca, NULL, NULL, crl, 0);
	for (unsigned i = 0; i < PKI_EXTS && p->ext[i].name; i++) {
		X509_EXTENSION *e = make_ext(&p->ext[i], &ctx);

		assert_int_equal(X509_CRL_add_ext(crl, e, -1), 1);
		X509_EXTENSION_free(e);
	}
	X509_CRL_sort(crl);
	m = sign_ctx(p->key, p->digest, false);
	assert_true(X509_CRL_sign_ctx(crl, m) > 0);
	EVP_MD_CTX_free(m);
	X509_CRL_get0_signature(crl, &sig, NULL);
	if (p->bad_signature)
		spoil(sig);
	return crl;
}

/* OCSP */

OCSP_RESPONSE *
pki_ocsp(const struct pki_ocsp *p)
{
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), p->subject, p->ca);
	OCSP_BASICRESP *b = OCSP_BASICRESP_new();
	ASN1_TIME *when = ASN1_GENERALIZEDTIME_set(NULL, PKI_NOW + p->when), *a = ASN1_GENERALIZEDTIME_set(NULL, PKI_NOW + p->this_update),
	    *n = p->next_update ? ASN1_GENERALIZEDTIME_set(NULL, PKI_NOW + p->next_update) : NULL;
	OCSP_RESPONSE *r;

	assert_true(id && b && when && a);
	assert_non_null(OCSP_basic_add1_status(b, id, p->status, p->why, when, a, n));
	if (p->nonce.n)
		assert_int_equal(OCSP_basic_add1_nonce(b, (unsigned char *)(uintptr_t)p->nonce.p, (int)p->nonce.n), 1);
	assert_int_equal(OCSP_basic_sign(b, p->signer ? p->signer : p->ca, p->key, EVP_sha256(), NULL, p->no_certs ? OCSP_NOCERTS : 0), 1);
	if (p->bad_signature)
		((ASN1_OCTET_STRING *)(uintptr_t)OCSP_resp_get0_signature(b))->data[8] ^= 1;
	r = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, b);
	assert_non_null(r);
	OCSP_BASICRESP_free(b);
	OCSP_CERTID_free(id);
	ASN1_TIME_free(when);
	ASN1_TIME_free(a);
	ASN1_TIME_free(n);
	return r;
}

/* Octets and files */

static struct bytes
octets(uint8_t *der, int n)
{
	uint8_t *p = malloc((size_t)n);

	assert_true(n > 0 && p);
	memcpy(p, der, (size_t)n);
	OPENSSL_free(der);
	return bytes_of(p, (size_t)n);
}

struct bytes
pki_der(X509 *x)
{
	uint8_t *der = NULL;
	int n = i2d_X509(x, &der);

	return octets(der, n);
}

struct bytes
pki_crl_der(X509_CRL *x)
{
	uint8_t *der = NULL;
	int n = i2d_X509_CRL(x, &der);

	return octets(der, n);
}

struct bytes
pki_ocsp_der(OCSP_RESPONSE *x)
{
	uint8_t *der = NULL;
	int n = i2d_OCSP_RESPONSE(x, &der);

	return octets(der, n);
}

static FILE *
create(const char *dir, const char *name, const char *suffix, unsigned mode)
{
	char path[512];
	FILE *f;
	int fd;

	snprintf(path, sizeof(path), "%s/%s%s", dir, name, suffix);
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0 && fchmod(fd, mode) == 0);
	f = fdopen(fd, "w");
	assert_non_null(f);
	return f;
}

void
pki_write_certs(const char *dir, const char *name, unsigned mode, unsigned n, X509 *const *v)
{
	FILE *f = create(dir, name, ".crt", mode);

	for (unsigned i = 0; i < n; i++)
		assert_int_equal(PEM_write_X509(f, v[i]), 1);
	fclose(f);
}

void
pki_write_key(const char *dir, const char *name, unsigned mode, EVP_PKEY *k)
{
	FILE *f = create(dir, name, ".key", mode);

	assert_int_equal(PEM_write_PrivateKey(f, k, NULL, NULL, 0, NULL, NULL), 1);
	fclose(f);
}
