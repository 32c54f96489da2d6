/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests for other CAs, export and removal. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "altname.h"
#include "ca.h"
#include "certs_in.h"
#include "certtext.h"
#include "keykind.h"
#include "secret.h"
#include "x509make.h"

bool
certs_has(const char *dir, const char *name, const char *suffix)
{
	char file[NAME_CAP + 16];

	snprintf(file, sizeof(file), "%s%s", name, suffix);
	return keydir_has(dir, file);
}

enum reason
certs_load(const char *dir, const char *name, const char *suffix, struct certfile *f, char detail[static CERTS_DETAIL])
{
	char file[NAME_CAP + 16];
	struct keyfile k;
	enum reason r;

	*f = (struct certfile){ 0 };
	snprintf(file, sizeof(file), "%s%s", name, suffix);
	r = keydir_read(dir, file, strcmp(suffix, ".crt") != 0, &k, detail);
	if (r != R_OK)
		return r;
	r = certfile_read(keyfile_bytes(&k), bytes_of(NULL, 0), f, detail);
	keyfile_free(&k);
	if (r != R_OK)
		certfile_free(f);
	return r;
}

bool
certs_key_fits(const char *dir, const char *name, const char *suffix, const EVP_PKEY *public)
{
	char detail[CERTS_DETAIL];
	struct certfile f;
	bool fits;

	if (certs_load(dir, name, suffix, &f, detail) != R_OK)
		return false;
	fits = f.key && EVP_PKEY_eq(f.key, public) == 1;
	certfile_free(&f);
	return fits;
}

X509 *
certs_anchor_of(const char *dir, X509 *x)
{
	static const char *const crt[] = { ".crt", NULL };
	struct keydir_names names;
	char detail[CERTS_DETAIL];
	X509 *found = NULL;
	struct certfile f;

	if (keydir_names(dir, crt, &names))
		for (unsigned i = 0; i < names.n && found == NULL; i++) {
			if (certs_load(dir, names.v[i], ".crt", &f, detail) != R_OK)
				continue;
			if (f.n && X509_cmp(f.cert[0], x) != 0 && X509_check_ca(f.cert[0]) == 1 && certfile_issued(f.cert[0], x)) {
				found = f.cert[0];
				X509_up_ref(found);
			}
			certfile_free(&f);
		}
	free(names.v);
	return found;
}

/* Requests */

/* The key that waits for its certificate is used again: asking twice gives the same request, and the first one stays good. */
static bool
waits(const char *dir, const struct cert_csr *q)
{
	char kind[CERT_KEY_CAP] = "", detail[CERTS_DETAIL];
	struct certfile f;

	if (certs_load(dir, q->name, ".req.key", &f, detail) != R_OK)
		return false;
	if (f.key)
		keykind_name(f.key, kind);
	certfile_free(&f);
	return kind[0] && (q->key[0] == '\0' || strcmp(q->key, kind) == 0);
}

static bool
is_ca(const char *dir, const char *name)
{
	char detail[CERTS_DETAIL];
	struct certfile f;
	bool ca;

	if (certs_load(dir, name, ".crt", &f, detail) != R_OK)
		return false;
	ca = f.n && X509_check_ca(f.cert[0]) == 1;
	certfile_free(&f);
	return ca;
}

enum reason
certs_csr_check(const char *dir, const struct cert_csr *q, char kind[static CERT_KEY_CAP], char detail[static CERTS_DETAIL])
{
	bool slow;

	kind[0] = '\0';
	if (is_ca(dir, q->name)) {
		CERTS_SAY(detail, "'%s' is the certificate of a CA", q->name);
		return R_CERT_EXISTS;
	}
	if (q->keep_key && !certs_has(dir, q->name, ".key")) {
		CERTS_SAY(detail, "there is no key '%s' to keep", q->name);
		return R_PRIVATE_KEY_MISSING;
	}
	if (q->keep_key || waits(dir, q))
		return R_OK;
	snprintf(kind, CERT_KEY_CAP, "%s", q->key[0] ? q->key : KEYKIND_DEFAULT);
	if (keykind_made(kind, &slow))
		return R_OK;
	CERTS_SAY(detail, "'%s'", kind);
	return R_KEY_KIND;
}

static X509_NAME *
subject_of(const struct cert_csr *q)
{
	char text[NAME_CAP + 8];

	if (q->subject[0])
		return altname_dn_make(q->subject);
	for (unsigned k = 0; k < q->nids; k++)
		if (strncmp(q->ids[k], "dn:", 3) == 0)
			return altname_dn_make(q->ids[k] + 3);
	snprintf(text, sizeof(text), "CN=%s", q->name);
	return altname_dn_make(text);
}

static enum reason
request(const struct cert_csr *q, EVP_PKEY *k, struct cert_made *made, struct wr *pem, char detail[static CERTS_DETAIL])
{
	X509_NAME *subject = subject_of(q);
	BIO *bio = BIO_new(BIO_s_mem());
	GENERAL_NAMES *names;
	X509_REQ *req = NULL;
	enum reason r = R_INTERNAL;
	unsigned bad = 0;
	char *p;

	names = altname_make(q->nids, q->ids, &bad);
	if (subject == NULL || names == NULL) {
		if (names == NULL)
			CERTS_SAY(detail, "'%.200s' is not an identity that a certificate can hold: fqdn:, email:, ip: or dn:", q->ids[bad]);
		else
			CERTS_SAY(detail, "the subject is not a distinguished name, as 'O=Example, CN=%s'", q->name);
		r = R_VALUE_INVALID;
	} else if ((req = make_request(subject, k, names)) != NULL && bio && PEM_write_bio_X509_REQ(bio, req)) {
		long n = BIO_get_mem_data(bio, &p);

		wr_mem(pem, p, (size_t)n);
		altname_dn(subject, made->subject, sizeof(made->subject));
		altname_text(names, made->names, sizeof(made->names));
		r = wr_ok(pem) ? R_OK : R_INTERNAL;
	}
	made->pem = wr_bytes(pem);
	X509_REQ_free(req);
	GENERAL_NAMES_free(names);
	X509_NAME_free(subject);
	BIO_free(bio);
	return r;
}

static enum reason
save_key(const char *dir, const char *name, const char *suffix, EVP_PKEY *k, char detail[static CERTS_DETAIL])
{
	uint8_t *buf = OPENSSL_secure_malloc(CERTS_KEY_MAX);
	struct wr w = wr_of(buf, buf ? CERTS_KEY_MAX : 0);
	char file[NAME_CAP + 16];
	enum reason r = R_NO_MEMORY;

	snprintf(file, sizeof(file), "%s%s", name, suffix);
	if (certfile_key_pem(k, &w))
		r = keydir_write(dir, file, wr_bytes(&w), detail);
	OPENSSL_secure_clear_free(buf, CERTS_KEY_MAX);
	return r;
}

enum reason
certs_csr_do(const char *dir, const struct cert_csr *q, EVP_PKEY *new, struct cert_made *made, struct wr *pem, char detail[static CERTS_DETAIL])
{
	struct certfile f = { 0 };
	enum reason r = R_OK;
	EVP_PKEY *k = new;

	memset(made, 0, sizeof(*made));
	if (k == NULL) {
		r = certs_load(dir, q->name, q->keep_key ? ".key" : ".req.key", &f, detail);
		k = f.key;
	}
	if (r == R_OK && k == NULL)
		r = R_PRIVATE_KEY_UNUSABLE;
	if (r == R_OK)
		r = request(q, k, made, pem, detail);
	if (r == R_OK && new)
		r = save_key(dir, q->name, ".req.key", new, detail);	/* before anybody gets the request */
	if (r == R_OK) {
		snprintf(made->name, sizeof(made->name), "%s", q->name);
		keykind_name(k, made->key);
		made->has_key = 1;
		made->has_cert = certs_has(dir, q->name, ".crt");
	}
	certfile_free(&f);
	ERR_clear_error();
	return r;
}

/* Export */

static enum reason
export_p12(const struct cert_export *q, struct bytes password, struct certfile *crt, EVP_PKEY *key, X509 *root, struct wr *out,
    char detail[static CERTS_DETAIL])
{
	X509 *more[CERTFILE_CERTS + 1];
	char text[256];
	unsigned n = 0;
	bool ok;

	if (password.n == 0 || password.n >= sizeof(text) || memchr(password.p, 0, password.n)) {
		CERTS_SAY(detail, "a PKCS#12 file needs one, of 1 to %zu octets", sizeof(text) - 1);
		return R_PASSWORD_WRONG;
	}
	for (unsigned i = 1; i < crt->n; i++)
		more[n++] = crt->cert[i];
	if (root)
		more[n++] = root;
	memcpy(text, password.p, password.n);
	text[password.n] = '\0';
	ok = certfile_p12(text, q->name, key, crt->cert[0], n, more, out);
	wipe(text, sizeof(text));
	return ok ? R_OK : R_INTERNAL;
}

enum reason
certs_export(const char *dir, const struct cert_export *q, struct bytes password, struct cert_made *made, struct wr *out,
    char detail[static CERTS_DETAIL])
{
	bool with_key = q->with_key || q->form == CERT_AS_P12;
	struct certfile crt, key = { 0 };
	X509 *root = NULL;
	enum reason r;

	memset(made, 0, sizeof(*made));
	r = certs_load(dir, q->name, ".crt", &crt, detail);
	if (r == R_NOT_FOUND)
		CERTS_SAY(detail, "no certificate '%s' is kept here; one that was issued for a request is where its key is", q->name);
	if (r == R_OK && crt.n == 0)
		r = R_CERT_UNUSABLE;
	if (r == R_OK && with_key && (certs_load(dir, q->name, ".key", &key, detail) != R_OK || key.key == NULL)) {
		CERTS_SAY(detail, "no private key '%s' is kept here%s", q->name,
		    ca_lives(dir, q->name) ? "; that of a CA stays where it is" : "");
		r = R_PRIVATE_KEY_MISSING;
	}
	if (r == R_OK) {
		root = certs_anchor_of(dir, crt.cert[crt.n - 1]);
		if (q->form == CERT_AS_P12)
			r = export_p12(q, password, &crt, key.key, root, out, detail);
		else if (!certfile_pem(crt.cert[0], crt.n - 1, crt.cert + 1, root, out) || (with_key && !certfile_key_pem(key.key, out)))
			r = R_INTERNAL;
	}
	if (r == R_OK) {
		snprintf(made->name, sizeof(made->name), "%s", q->name);
		certtext_made(crt.cert[0], made);
		made->has_cert = 1;
		made->has_key = key.key != NULL;
		made->count = (uint32_t)out->n;
	}
	X509_free(root);
	certfile_free(&crt);
	certfile_free(&key);
	ERR_clear_error();
	return r;
}

/* Removal */

struct search { const char *name; const char *tunnel; };

static void
find_user(void *arg, const struct binding *b)
{
	struct search *s = arg;

	if (strcmp(b->cert, s->name) == 0)
		s->tunnel = b->tunnel;
	for (unsigned i = 0; i < b->ntrust; i++)
		if (strcmp(b->trust[i], s->name) == 0)
			s->tunnel = b->tunnel;
}

enum reason
certs_remove(const char *dir, const struct bindings *bindings, const char *name, char detail[static CERTS_DETAIL])
{
	static const char *const suffixes[] = { ".key", ".req.key", ".crt", ".crl" };
	struct search s = { name, NULL };
	char file[NAME_CAP + 16];
	enum reason r = R_OK;
	bool any = false;

	bind_each(bindings, find_user, &s);
	if (s.tunnel || ca_lives(dir, name)) {
		if (s.tunnel)
			CERTS_SAY(detail, "by the tunnel %s", s.tunnel);
		else
			CERTS_SAY(detail, "by the CA of that name, which lives here");
		return R_CERT_IN_USE;
	}
	for (size_t i = 0; r == R_OK && i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		any = any || certs_has(dir, name, suffixes[i]);
		snprintf(file, sizeof(file), "%s%s", name, suffixes[i]);
		r = keydir_remove(dir, file, detail);
	}
	if (r == R_OK && !any) {
		CERTS_SAY(detail, "no certificate and no key '%s' is kept here; what is in the folder of secrets is the administrator's", name);
		r = R_NOT_FOUND;
	}
	return r;
}
