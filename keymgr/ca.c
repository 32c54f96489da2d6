/* SPDX-License-Identifier: BSD-2-Clause */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "altname.h"
#include "ca_in.h"
#include "certtext.h"
#include "keykind.h"
#include "x509make.h"

#define SAY(detail, ...)	snprintf(detail, CA_DETAIL, __VA_ARGS__)

bool
ca_has(const char *dir, const char *name, const char *suffix)
{
	char file[NAME_CAP + 16];

	snprintf(file, sizeof(file), "%s%s", name, suffix);
	return keydir_has(dir, file);
}

enum reason
ca_check_kind(const char *kind, char out[static CERT_KEY_CAP], char detail[static CA_DETAIL])
{
	bool slow;

	snprintf(out, CERT_KEY_CAP, "%s", kind[0] ? kind : KEYKIND_DEFAULT);
	if (keykind_made(out, &slow))
		return R_OK;
	SAY(detail, "'%s'", out);
	return R_KEY_KIND;
}

/* What goes into certificates of others: http or https, printable ASCII. */
static bool
url_ok(const char *s)
{
	if (strncmp(s, "http://", 7) != 0 && strncmp(s, "https://", 8) != 0)
		return false;
	for (const char *p = s; *p; p++)
		if (*p <= ' ' || *p >= 0x7f || strchr("\"<>\\^`{|}", *p))
			return false;
	return true;
}

/* A new CA */

enum reason
ca_init_check(const char *dir, const struct ca_init *q, char kind[static CERT_KEY_CAP], char detail[static CA_DETAIL])
{
	X509_NAME *dn;

	if (ca_has(dir, q->name, ".crt") || ca_has(dir, q->name, ".key") || ca_has(dir, q->name, ".req.key")) {
		SAY(detail, "'%s'", q->name);
		return R_CA_EXISTS;
	}
	if (q->crl_url[0] && !url_ok(q->crl_url)) {
		SAY(detail, "the address of the revocation list is not one of http or https");
		return R_VALUE_INVALID;
	}
	dn = q->subject[0] ? altname_dn_make(q->subject) : NULL;
	X509_NAME_free(dn);
	if (q->subject[0] && dn == NULL) {
		SAY(detail, "the subject is not a distinguished name, as 'O=Example, CN=Example CA'");
		return R_VALUE_INVALID;
	}
	return ca_check_kind(q->key, kind, detail);
}

/*
 * Two CAs with one name and different keys are a riddle to whoever trusts both ("the signature is wrong"): the name that is made up here
 * holds a part of the key.
 */
static X509_NAME *
ca_subject(const struct ca_init *q, EVP_PKEY *k)
{
	uint8_t *der = NULL, sum[EVP_MAX_MD_SIZE];
	char text[CERT_TEXT];
	unsigned n = 0;
	int len;

	if (q->subject[0])
		return altname_dn_make(q->subject);
	len = i2d_PUBKEY(k, &der);
	if (len <= 0 || !EVP_Digest(der, (size_t)len, sum, &n, EVP_sha256(), NULL))
		n = 0;
	OPENSSL_free(der);
	/* 64 characters at most: RFC 5280 A.1, ub-common-name */
	snprintf(text, sizeof(text), "O=Causeway CA, CN=%.50s %02x%02x%02x%02x", q->name, sum[0], sum[1], sum[2], sum[3]);
	return n ? altname_dn_make(text) : NULL;
}

enum reason
ca_init_do(const char *dir, const struct ca_init *q, uint64_t now, EVP_PKEY *k, struct cert_made *made, char detail[static CA_DETAIL])
{
	struct make m = { .key = k, .now = now, .days = q->days ? q->days : CA_DAYS, .crl_url = "" };
	X509_NAME *subject = ca_subject(q, k);
	uint8_t pem[8192];
	struct wr w = wr_of(pem, sizeof(pem));
	char file[NAME_CAP + 16];
	struct ca ca = { .dir = dir };
	enum reason r = R_INTERNAL;

	memset(made, 0, sizeof(*made));
	snprintf(ca.name, sizeof(ca.name), "%s", q->name);
	snprintf(ca.ix.crl_url, sizeof(ca.ix.crl_url), "%s", q->crl_url);
	m.subject = subject;
	if (subject && make_serial(m.serial))
		ca.cert = make_ca(&m);
	if (ca.cert && certfile_pem(ca.cert, 0, NULL, NULL, &w)) {
		snprintf(file, sizeof(file), "ca/%s.key", q->name);
		r = ca_save_key(dir, file, k, detail);
	}
	if (r == R_OK)
		r = ca_save(&ca, now, detail);
	snprintf(file, sizeof(file), "%s.crt", q->name);
	if (r == R_OK)
		r = keydir_write(dir, file, wr_bytes(&w), detail);
	EVP_PKEY_up_ref(k);
	ca.key = k;
	if (r == R_OK)
		r = ca_publish(&ca, now, made, detail);
	if (r == R_OK) {
		snprintf(made->name, sizeof(made->name), "%s", q->name);
		snprintf(made->ca, sizeof(made->ca), "%s", q->name);
		certtext_made(ca.cert, made);
		made->has_cert = 1;
	}
	X509_NAME_free(subject);
	ca_free(&ca);
	ERR_clear_error();
	return r;
}

/* Revoke */

static bool
same_serial(const char *a, const char *b)
{
	while (*a == '0')
		a++;
	while (*b == '0')
		b++;
	return strcasecmp(a, b) == 0;
}

enum reason
ca_revoke_do(const char *dir, const struct ca_revoke *q, uint64_t now, struct cert_made *made, char detail[static CA_DETAIL])
{
	unsigned fit = 0, done = 0;
	struct ca ca;
	enum reason r = ca_load(&ca, dir, q->ca, detail);

	memset(made, 0, sizeof(*made));
	for (unsigned i = 0; r == R_OK && i < ca.ix.n; i++) {
		struct caindex_row *row = &ca.ix.row[i];

		if (q->site[0] ? strcmp(row->site, q->site) != 0 || row->not_after < now : !same_serial(row->serial, q->serial))
			continue;
		fit++;
		if (row->revoked)
			continue;
		row->revoked = now;
		row->why = q->why;
		done++;
		snprintf(made->name, sizeof(made->name), "%s", row->site);
		snprintf(made->serial, sizeof(made->serial), "%s", row->serial);
		made->not_after = row->not_after;
	}
	if (r == R_OK && done == 0) {
		SAY(detail, fit ? "'%s' is revoked already" : "'%s'", q->site[0] ? q->site : q->serial);
		r = R_NOT_ISSUED;
	}
	if (r == R_OK)
		r = ca_publish(&ca, now, made, detail);	/* it saves the index first */
	snprintf(made->ca, sizeof(made->ca), "%s", q->ca);
	made->count = done;
	ca_free(&ca);
	return r;
}

/* Lists */

static bool
copy_out(const char *dir, const char *name, bool der, uint8_t **out, size_t *n, char detail[static CA_DETAIL])
{
	char file[NAME_CAP + 16];
	X509_CRL *crl = NULL;
	struct keyfile k;
	BIO *bio = NULL;
	uint8_t *octets = NULL;
	int len = -1;

	snprintf(file, sizeof(file), CA_CRL_FILE, name);
	if (keydir_read(dir, file, false, &k, detail) != R_OK)
		return false;
	if (!der) {
		*out = k.p;
		*n = k.n;
		return true;
	}
	bio = BIO_new_mem_buf(k.p, (int)k.n);
	crl = bio ? PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL) : NULL;
	len = crl ? i2d_X509_CRL(crl, &octets) : -1;
	if (len > 0 && (*out = malloc((size_t)len)) != NULL) {
		memcpy(*out, octets, (size_t)len);
		*n = (size_t)len;
	}
	OPENSSL_free(octets);
	X509_CRL_free(crl);
	BIO_free(bio);
	keyfile_free(&k);
	return *out != NULL;
}

enum reason
ca_crl_do(const char *dir, const struct ca_crl *q, uint64_t now, struct cert_made *made, uint8_t **out, size_t *n,
    char detail[static CA_DETAIL])
{
	struct ca ca;
	enum reason r = ca_load(&ca, dir, q->ca, detail);

	memset(made, 0, sizeof(*made));
	*out = NULL;
	*n = 0;
	if (r != R_OK)
		return r;
	if (q->days)
		ca.ix.crl_days = q->days;
	r = ca_publish(&ca, now, made, detail);
	if (r == R_OK && !copy_out(dir, q->ca, q->der, out, n, detail))
		r = R_INTERNAL;
	snprintf(made->name, sizeof(made->name), "%s", q->ca);
	snprintf(made->ca, sizeof(made->ca), "%s", q->ca);
	made->count = (uint32_t)*n;
	ca_free(&ca);
	return r;
}

enum reason
ca_list_do(const char *dir, const char *name, uint32_t from, struct ca_issued *v, unsigned cap, unsigned *n, char detail[static CA_DETAIL])
{
	struct ca ca;
	enum reason r = ca_load(&ca, dir, name, detail);

	*n = 0;
	for (unsigned i = from; r == R_OK && i < ca.ix.n && *n < cap; i++, ++*n) {
		const struct caindex_row *row = &ca.ix.row[i];
		struct ca_issued *c = &v[*n];

		memset(c, 0, sizeof(*c));
		snprintf(c->serial, sizeof(c->serial), "%s", row->serial);
		snprintf(c->site, sizeof(c->site), "%s", row->site);
		for (unsigned k = 0, at = 0; k < row->nids && at < sizeof(c->names); k++)
			at += (unsigned)snprintf(c->names + at, sizeof(c->names) - at, "%s%s", k ? ", " : "", row->ids[k]);
		c->not_after = row->not_after;
		c->revoked = row->revoked;
		c->why = row->why;
	}
	ca_free(&ca);
	return r;
}
