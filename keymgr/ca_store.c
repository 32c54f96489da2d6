/* SPDX-License-Identifier: BSD-2-Clause */
/* A CA's files: load, save, and its revocation list. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca_in.h"
#include "certtext.h"
#include "log.h"
#include "secret.h"
#include "x509make.h"

#define SAY(detail, ...)	snprintf(detail, CA_DETAIL, __VA_ARGS__)
#define KEY_PEM_MAX		16384

X509 *
ca_read_cert(const char *dir, const char *file, char detail[static CA_DETAIL])
{
	struct certfile f = { 0 };
	struct keyfile k;
	X509 *x = NULL;

	if (keydir_read(dir, file, false, &k, detail) != R_OK)
		return NULL;
	if (certfile_read(keyfile_bytes(&k), bytes_of(NULL, 0), &f, detail) == R_OK && f.n > 0) {
		x = f.cert[0];
		X509_up_ref(x);
	}
	certfile_free(&f);
	keyfile_free(&k);
	return x;
}

EVP_PKEY *
ca_read_key(const char *dir, const char *file, char detail[static CA_DETAIL])
{
	struct certfile f = { 0 };
	struct keyfile k;
	EVP_PKEY *key = NULL;

	if (keydir_read(dir, file, true, &k, detail) != R_OK)
		return NULL;
	if (certfile_read(keyfile_bytes(&k), bytes_of(NULL, 0), &f, detail) == R_OK && f.key) {
		key = f.key;
		f.key = NULL;
	}
	certfile_free(&f);
	keyfile_free(&k);
	return key;
}

bool
ca_lives(const char *dir, const char *name)
{
	char index[NAME_CAP + 16], crt[NAME_CAP + 16];

	snprintf(index, sizeof(index), "ca/%s.index", name);
	snprintf(crt, sizeof(crt), "%s.crt", name);
	return name_ok(name) && keydir_has(dir, index) && keydir_has(dir, crt);	/* the certificate comes last */
}

void
ca_free(struct ca *ca)
{
	X509_free(ca->cert);
	EVP_PKEY_free(ca->key);
	caindex_free(&ca->ix);
	memset(ca, 0, sizeof(*ca));
}

static enum reason
load_index(struct ca *ca, char detail[static CA_DETAIL])
{
	char file[NAME_CAP + 16];
	struct keyfile k;
	unsigned line;
	enum reason r;

	snprintf(file, sizeof(file), "ca/%s.index", ca->name);
	r = keydir_read(ca->dir, file, false, &k, detail);
	if (r != R_OK)
		return r == R_NOT_FOUND ? R_CA_MISSING : r;
	if (!caindex_decode(keyfile_bytes(&k), &ca->ix, &line)) {
		SAY(detail, "%s in the folder of keys is damaged in line %u; put a copy of it back", file, line);
		r = R_KEYS_UNWRITABLE;
	}
	keyfile_free(&k);
	return r;
}

enum reason
ca_load(struct ca *ca, const char *dir, const char *name, char detail[static CA_DETAIL])
{
	char file[NAME_CAP + 16];
	enum reason r;

	memset(ca, 0, sizeof(*ca));
	ca->dir = dir;
	snprintf(ca->name, sizeof(ca->name), "%s", name);
	detail[0] = '\0';
	if (!ca_lives(dir, name)) {
		SAY(detail, "'%s'", name);
		return R_CA_MISSING;
	}
	r = load_index(ca, detail);
	snprintf(file, sizeof(file), "%s.crt", name);
	if (r == R_OK && (ca->cert = ca_read_cert(dir, file, detail)) == NULL)
		r = R_CERT_UNUSABLE;
	snprintf(file, sizeof(file), "ca/%s.key", name);
	if (r == R_OK && (ca->key = ca_read_key(dir, file, detail)) == NULL)
		r = R_PRIVATE_KEY_MISSING;
	if (r == R_OK && EVP_PKEY_eq(X509_get0_pubkey(ca->cert), ca->key) != 1) {
		SAY(detail, "%s.crt and ca/%s.key do not belong together", name, name);
		r = R_PRIVATE_KEY_OTHER;
	}
	ERR_clear_error();
	if (r != R_OK)
		ca_free(ca);
	return r;
}

enum reason
ca_save(struct ca *ca, uint64_t now, char detail[static CA_DETAIL])
{
	char file[NAME_CAP + 16];
	uint8_t *text;
	enum reason r;
	size_t n;

	text = caindex_encode(&ca->ix, now, &n);
	if (text == NULL)
		return R_NO_MEMORY;
	snprintf(file, sizeof(file), "ca/%s.index", ca->name);
	r = keydir_write(ca->dir, file, bytes_of(text, n), detail);
	free(text);
	return r;
}

enum reason
ca_save_key(const char *dir, const char *file, EVP_PKEY *k, char detail[static CA_DETAIL])
{
	uint8_t *buf = OPENSSL_secure_malloc(KEY_PEM_MAX);
	struct wr w = wr_of(buf, buf ? KEY_PEM_MAX : 0);
	enum reason r = R_NO_MEMORY;

	if (certfile_key_pem(k, &w))
		r = keydir_write(dir, file, wr_bytes(&w), detail);
	OPENSSL_secure_clear_free(buf, KEY_PEM_MAX);
	return r;
}

/* An expired certificate needs no line any more, but for one list after its end (RFC 5280 3.3). */
static unsigned
collect(const struct ca *ca, uint64_t now, struct make_revoked *v)
{
	uint64_t grace = (ca->ix.crl_days + 1) * 86400ull;
	unsigned n = 0;

	for (unsigned i = 0; i < ca->ix.n; i++) {
		const struct caindex_row *row = &ca->ix.row[i];

		if (row->revoked && row->not_after + grace >= now)
			v[n++] = (struct make_revoked){ row->serial, row->revoked, row->why };
	}
	return n;
}

static enum reason
write_crl(struct ca *ca, X509_CRL *crl, char detail[static CA_DETAIL])
{
	BIO *bio = BIO_new(BIO_s_mem());
	char file[NAME_CAP + 16], *p;
	enum reason r = R_NO_MEMORY;

	snprintf(file, sizeof(file), CA_CRL_FILE, ca->name);
	if (bio && PEM_write_bio_X509_CRL(bio, crl)) {
		long n = BIO_get_mem_data(bio, &p);

		r = keydir_write(ca->dir, file, bytes_of(p, (size_t)n), detail);
	}
	BIO_free(bio);
	return r;
}

enum reason
ca_publish(struct ca *ca, uint64_t now, struct cert_made *made, char detail[static CA_DETAIL])
{
	struct make_revoked *v = calloc(ca->ix.n + 1, sizeof(*v));
	struct make_crl m = { .ca = ca->cert, .key = ca->key, .now = now, .v = v };
	X509_CRL *crl = NULL;
	enum reason r = R_NO_MEMORY;

	if (ca->ix.crl_days == 0)
		ca->ix.crl_days = CA_CRL_DAYS;
	m.number = ++ca->ix.crl_number;
	m.next = now + ca->ix.crl_days * 86400ull;
	m.n = v ? collect(ca, now, v) : 0;
	if (v && (crl = make_crl(&m)) != NULL)
		r = ca_save(ca, now, detail);
	if (r == R_OK)
		r = write_crl(ca, crl, detail);
	if (r == R_OK) {
		made->crl_number = m.number;
		made->crl_next = m.next;
		made->crl_revoked = m.n;
	}
	X509_CRL_free(crl);
	ERR_clear_error();
	free(v);
	return r;
}

/* Is the list that stands there the one of the index, and younger than half of its life? */
static bool
is_fresh(const struct ca *ca, uint64_t now)
{
	char file[NAME_CAP + 16], detail[CA_DETAIL];
	ASN1_INTEGER *number = NULL;
	X509_CRL *crl = NULL;
	struct keyfile k;
	uint64_t n = 0, from, to;
	bool ok = false;
	BIO *bio;

	snprintf(file, sizeof(file), CA_CRL_FILE, ca->name);
	if (keydir_read(ca->dir, file, false, &k, detail) != R_OK)
		return false;
	bio = BIO_new_mem_buf(k.p, (int)k.n);
	crl = bio ? PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL) : NULL;
	number = crl ? X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL) : NULL;
	if (number && ASN1_INTEGER_get_uint64(&n, number) && n == ca->ix.crl_number) {
		from = certtext_time(X509_CRL_get0_lastUpdate(crl));
		to = certtext_time(X509_CRL_get0_nextUpdate(crl));
		ok = to > from && now < from + (to - from) / 2;
	}
	ASN1_INTEGER_free(number);
	X509_CRL_free(crl);
	BIO_free(bio);
	keyfile_free(&k);
	ERR_clear_error();
	return ok;
}

static void
tend(const char *dir, const char *name, uint64_t now)
{
	char detail[CA_DETAIL] = "";
	struct cert_made made;
	struct ca ca;
	enum reason r;

	if (!ca_lives(dir, name))
		return;
	r = ca_load(&ca, dir, name, detail);
	if (r == R_OK && is_fresh(&ca, now)) {
		ca_free(&ca);
		return;
	}
	if (r == R_OK)
		r = ca_publish(&ca, now, &made, detail);
	if (r == R_OK)
		log_info(NULL, "crl_made", "The CA %s has a new revocation list, number %llu.", name, (unsigned long long)made.crl_number);
	else
		log_at(LOG_WARN, NULL, "crl_failed", r, "The CA %s has no new revocation list: %s", name, detail);
	ca_free(&ca);
}

void
ca_tend(const char *dir, uint64_t now)
{
	static const char *const index[] = { ".index", NULL };
	struct keydir_names names;
	char path[512];

	snprintf(path, sizeof(path), "%.500s/ca", dir);
	if (keydir_names(path, index, &names))
		for (unsigned i = 0; i < names.n; i++)
			tend(dir, names.v[i], now);
	free(names.v);
}
