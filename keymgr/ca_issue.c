/* SPDX-License-Identifier: BSD-2-Clause */
/* One certificate of the CA: first, and again. Who it is for and what key it has are settled before anything is made. */
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "altname.h"
#include "ca_in.h"
#include "certtext.h"
#include "keykind.h"
#include "x509make.h"

#define SAY(detail, ...)	snprintf(detail, CA_DETAIL, __VA_ARGS__)

/* Is the certificate that has this name here one of the CA's? Another CA's is not replaced. */
static bool
is_of(const struct ca *ca, const char *name)
{
	char file[NAME_CAP + 16], serial[SERIAL_CAP], detail[CA_DETAIL];
	bool found = false;
	X509 *x;

	snprintf(file, sizeof(file), "%s.crt", name);
	x = ca_read_cert(ca->dir, file, detail);
	if (x == NULL)
		return false;
	certtext_serial(x, serial);
	if (X509_NAME_cmp(X509_get_issuer_name(x), X509_get_subject_name(ca->cert)) == 0)
		for (unsigned i = 0; i < ca->ix.n && !found; i++)
			found = strcmp(ca->ix.row[i].serial, serial) == 0;
	X509_free(x);
	return found;
}

/* The private key stays where it is, or is made anew here: both need that it lives here. */
static enum reason
check_renew(const struct ca *ca, const struct ca_issue *q, char kind[static CERT_KEY_CAP], char detail[static CA_DETAIL])
{
	const struct caindex_row *old = caindex_newest(&ca->ix, q->site);
	char file[NAME_CAP + 16], as_before[CERT_KEY_CAP] = "";
	EVP_PKEY *k;

	kind[0] = '\0';
	if (old == NULL) {
		SAY(detail, "none for '%s'; 'ikectl ca issue %s' makes the first", q->site, q->site);
		return R_NOT_ISSUED;
	}
	if (q->csr.n || (q->keep_key && old->nkey && !ca_has(ca->dir, q->site, ".key")))
		return R_OK;
	if (!ca_has(ca->dir, q->site, ".key")) {
		SAY(detail, "it lives on another gateway. Run 'ikectl csr %s' there and bring the request with '--csr', or say '--keep-key'", q->site);
		return R_PRIVATE_KEY_MISSING;
	}
	if (!is_of(ca, q->site)) {
		SAY(detail, "'%s' here was not issued by this CA", q->site);
		return R_CERT_EXISTS;
	}
	if (q->keep_key)
		return R_OK;
	if (q->key[0])
		return ca_check_kind(q->key, kind, detail);
	snprintf(file, sizeof(file), "%s.key", q->site);
	if ((k = ca_read_key(ca->dir, file, detail)) != NULL)
		keykind_name(k, as_before);
	EVP_PKEY_free(k);
	return ca_check_kind(as_before, kind, detail);
}

static enum reason
check_issue(const struct ca *ca, const struct ca_issue *q, char kind[static CERT_KEY_CAP], char detail[static CA_DETAIL])
{
	kind[0] = '\0';
	if (strcmp(q->ca, q->site) == 0) {
		SAY(detail, "'%s' is the CA's own name", q->site);
		return R_CERT_EXISTS;
	}
	if (q->csr.n)
		return R_OK;
	if (ca_has(ca->dir, q->site, ".crt") || ca_has(ca->dir, q->site, ".key")) {
		SAY(detail, "'%s'%s", q->site, is_of(ca, q->site) ? ": 'ikectl ca renew' with that name replaces it" : "");
		return R_CERT_EXISTS;
	}
	return ca_check_kind(q->key, kind, detail);
}

enum reason
ca_issue_check(const char *dir, const struct ca_issue *q, char kind[static CERT_KEY_CAP], char detail[static CA_DETAIL])
{
	struct ca ca;
	enum reason r = ca_load(&ca, dir, q->ca, detail);

	if (r != R_OK)
		return r;
	r = q->renew ? check_renew(&ca, q, kind, detail) : check_issue(&ca, q, kind, detail);
	ca_free(&ca);
	return r;
}

/* A certificate in the making. */
struct issue {
	struct ca		 ca;
	const struct ca_issue	*q;
	EVP_PKEY		*key;		/* what is certified */
	bool			 here;		/* its private half lives, or is to live, on this gateway */
	unsigned		 nids;
	char			 ids[CERT_IDS][ID_CAP];
	X509			*cert;
};

/* The names that a request asks for, of those kinds that can be asked for. */
static void
ids_of_request(struct issue *i, X509_REQ *req)
{
	GENERAL_NAMES *names = altname_of_request(req);

	for (int k = 0; k < sk_GENERAL_NAME_num(names) && i->nids < CERT_IDS; k++)
		if (altname_id(sk_GENERAL_NAME_value(names, k), i->ids[i->nids]))
			i->nids++;
	GENERAL_NAMES_free(names);
}

static void
choose_ids(struct issue *i, X509_REQ *req)
{
	const struct caindex_row *old = i->q->renew ? caindex_newest(&i->ca.ix, i->q->site) : NULL;

	if (i->q->nids) {
		i->nids = i->q->nids;
		memcpy(i->ids, i->q->ids, sizeof(i->ids));
	} else if (old) {
		i->nids = old->nids;
		memcpy(i->ids, old->ids, old->nids * sizeof(*old->ids));
	} else if (req)
		ids_of_request(i, req);
	if (i->nids == 0)
		snprintf(i->ids[i->nids++], ID_CAP, "fqdn:%s", i->q->site);
}

/* The key: the new one, the request's, the one that is here, or the one that was certified before. */
static enum reason
choose_key(struct issue *i, EVP_PKEY *made, X509_REQ *req, char detail[static CA_DETAIL])
{
	const struct caindex_row *old;
	char file[NAME_CAP + 16];
	const uint8_t *p;

	if (req || made) {
		i->key = req ? X509_REQ_get0_pubkey(req) : made;
		i->here = req == NULL;
		EVP_PKEY_up_ref(i->key);
		return R_OK;
	}
	snprintf(file, sizeof(file), "%s.key", i->q->site);
	if (keydir_has(i->ca.dir, file)) {
		i->here = true;
		i->key = ca_read_key(i->ca.dir, file, detail);
	} else if ((old = caindex_newest(&i->ca.ix, i->q->site)) != NULL && old->nkey) {
		p = old->key;
		i->key = d2i_PUBKEY(NULL, &p, (long)old->nkey);
	}
	return i->key ? R_OK : R_PRIVATE_KEY_MISSING;
}

/* The subject is the identity's when it is a distinguished name (RFC 4945 3.1.5), else it just names the site. */
static X509_NAME *
subject_of(const struct issue *i)
{
	char text[NAME_CAP + 8];

	for (unsigned k = 0; k < i->nids; k++)
		if (strncmp(i->ids[k], "dn:", 3) == 0)
			return altname_dn_make(i->ids[k] + 3);
	snprintf(text, sizeof(text), "CN=%s", i->q->site);
	return altname_dn_make(text);
}

static enum reason
build(struct issue *i, uint64_t now, char detail[static CA_DETAIL])
{
	struct make m = { .key = i->key, .ca = i->ca.cert, .ca_key = i->ca.key, .crl_url = i->ca.ix.crl_url, .now = now,
	    .days = i->q->days ? i->q->days : CA_CERT_DAYS };
	char date[32];
	X509_NAME *subject;
	unsigned bad;

	if (certtext_time(X509_get0_notAfter(i->ca.cert)) <= now) {
		certtext_date(certtext_time(X509_get0_notAfter(i->ca.cert)), date);
		SAY(detail, "the CA's own certificate expired at %s; make a new CA", date);
		return R_VALUE_INVALID;
	}
	m.names = altname_make(i->nids, i->ids, &bad);
	if (m.names == NULL) {
		SAY(detail, "'%.200s' is not an identity that a certificate can hold: fqdn:, email:, ip: or dn:", i->ids[bad]);
		return R_VALUE_INVALID;
	}
	m.subject = subject = subject_of(i);
	if (subject && make_serial(m.serial))
		i->cert = make_cert(&m);
	X509_NAME_free(subject);
	GENERAL_NAMES_free(m.names);
	return i->cert ? R_OK : R_INTERNAL;
}

static enum reason
write_down(struct issue *i, uint64_t now, char detail[static CA_DETAIL])
{
	struct caindex_row row = { .nids = i->nids, .ids = i->ids };
	enum reason r = R_NO_MEMORY;
	uint8_t *spki = NULL;
	int n = i2d_PUBKEY(i->key, &spki);

	certtext_serial(i->cert, row.serial);
	snprintf(row.site, sizeof(row.site), "%s", i->q->site);
	row.not_after = certtext_time(X509_get0_notAfter(i->cert));
	if (n > 0 && n <= CAINDEX_KEY) {
		row.nkey = (unsigned)n;
		row.key = spki;
	}
	if (caindex_issue(&i->ca.ix, &row))
		r = ca_save(&i->ca, now, detail);
	else
		SAY(detail, "the CA has issued %u certificates, which is all it can", CAINDEX_MAX);
	OPENSSL_free(spki);
	return r;
}

/* Where the private key is: the certificate takes its place beside it. */
static enum reason
deliver(struct issue *i, EVP_PKEY *made, struct wr *pem, char detail[static CA_DETAIL])
{
	enum { KEY_MAX = 16384 };
	uint8_t crt[16384], *key = NULL;
	struct wr w = wr_of(crt, sizeof(crt)), k = wr_of(NULL, 0);
	enum reason r = R_NO_MEMORY;

	if (!i->here)
		return certfile_pem(i->cert, 0, NULL, i->ca.cert, pem) ? R_OK : R_NO_MEMORY;
	if (made) {
		key = OPENSSL_secure_malloc(KEY_MAX);
		k = wr_of(key, key ? KEY_MAX : 0);
	}
	if (certfile_pem(i->cert, 0, NULL, NULL, &w) && (!made || certfile_key_pem(made, &k)))
		r = keydir_write_pair(i->ca.dir, i->q->site, wr_bytes(&w), wr_bytes(&k), detail);
	OPENSSL_secure_clear_free(key, KEY_MAX);
	return r;
}

enum reason
ca_issue_do(const char *dir, const struct ca_issue *q, uint64_t now, EVP_PKEY *made_key, struct cert_made *made, struct wr *pem,
    char detail[static CA_DETAIL])
{
	struct issue *i = calloc(1, sizeof(*i));
	X509_REQ *req = NULL;
	enum reason r;

	memset(made, 0, sizeof(*made));
	if (i == NULL)
		return R_NO_MEMORY;
	i->q = q;
	r = ca_load(&i->ca, dir, q->ca, detail);
	if (r == R_OK && q->csr.n && (req = certfile_request(q->csr, detail)) == NULL)
		r = R_CSR_INVALID;
	if (r == R_OK)
		r = choose_key(i, made_key, req, detail);
	if (r == R_OK) {
		choose_ids(i, req);
		r = build(i, now, detail);
	}
	if (r == R_OK)
		r = write_down(i, now, detail);
	if (r == R_OK)
		r = deliver(i, made_key, pem, detail);
	if (r == R_OK) {
		snprintf(made->name, sizeof(made->name), "%s", q->site);
		snprintf(made->ca, sizeof(made->ca), "%s", q->ca);
		certtext_made(i->cert, made);
		made->has_cert = made->has_key = i->here;
		made->pem = wr_bytes(pem);
	}
	X509_REQ_free(req);
	X509_free(i->cert);
	EVP_PKEY_free(i->key);
	ca_free(&i->ca);
	free(i);
	ERR_clear_error();
	return r;
}
