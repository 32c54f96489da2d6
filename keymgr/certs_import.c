/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Import: what a file holds is taken apart, checked against what is here already, and only then written. The own certificate goes with
 * the key that came with it, or that waits here for it; a root becomes a trust anchor. Nothing is overwritten by accident.
 */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "altname.h"
#include "ca.h"
#include "certs_in.h"
#include "certtext.h"

struct import {
	const char		*dir;
	const struct cert_import *q;
	struct certfile		 f;
	struct certchain	 c;
	char			 name[NAME_CAP];
	bool			 waited;	/* the key was made here for a request */
	bool			 same_root;	/* the anchor is here already */
	char			*detail;
};

/* The name under which a key lives that belongs to this public key. */
static bool
name_by_key(struct import *i, const char *suffix, const EVP_PKEY *public)
{
	const char *const suffixes[] = { suffix, NULL };
	struct keydir_names names;
	bool found = false;

	if (keydir_names(i->dir, suffixes, &names))
		for (unsigned k = 0; k < names.n && !found; k++)
			if (certs_key_fits(i->dir, names.v[k], suffix, public)) {
				memcpy(i->name, names.v[k], NAME_CAP);
				found = true;
			}
	free(names.v);
	return found;
}

/* A certificate that brings its key has no name here yet: its first DNS name, or its common name. */
static bool
name_by_cert(struct import *i)
{
	GENERAL_NAMES *names = altname_of_cert(i->c.own);
	char id[ID_CAP], cn[NAME_CAP] = "";

	for (int k = 0; k < sk_GENERAL_NAME_num(names) && i->name[0] == '\0'; k++)
		if (altname_id(sk_GENERAL_NAME_value(names, k), id) && strncmp(id, "fqdn:", 5) == 0 && name_ok(id + 5))
			snprintf(i->name, sizeof(i->name), "%.63s", id + 5);
	GENERAL_NAMES_free(names);
	if (i->name[0] == '\0' && X509_NAME_get_text_by_NID(X509_get_subject_name(i->c.own), NID_commonName, cn, sizeof(cn)) > 0 && name_ok(cn))
		memcpy(i->name, cn, sizeof(cn));
	return i->name[0] != '\0';
}

static enum reason
choose_name(struct import *i)
{
	EVP_PKEY *public = X509_get0_pubkey(i->c.own);
	char subject[CERT_TEXT];
	bool named = i->q->name[0] != '\0';

	if (public == NULL) {
		CERTS_SAY(i->detail, "the certificate's public key is malformed or of an unknown kind");
		return R_KEY_KIND;
	}
	snprintf(i->name, sizeof(i->name), "%s", i->q->name);
	if (i->f.key) {
		if (named || name_by_cert(i))
			return R_OK;
		CERTS_SAY(i->detail, "say with '--name' what it is to be called here: the certificate has no name that can be one");
		return R_VALUE_INVALID;
	}
	if (named ? certs_key_fits(i->dir, i->name, ".req.key", public) : name_by_key(i, ".req.key", public)) {
		i->waited = true;
		return R_OK;
	}
	if (named ? certs_key_fits(i->dir, i->name, ".key", public) : name_by_key(i, ".key", public))
		return R_OK;
	altname_dn(X509_get_subject_name(i->c.own), subject, sizeof(subject));
	if (named && (certs_has(i->dir, i->name, ".req.key") || certs_has(i->dir, i->name, ".key"))) {
		CERTS_SAY(i->detail, "the key '%s' here is another one than that of the certificate (%.100s)", i->name, subject);
		return R_PRIVATE_KEY_OTHER;
	}
	CERTS_SAY(i->detail, "no key here belongs to the certificate (%.100s): give its file with '--key'", subject);
	return R_PRIVATE_KEY_MISSING;
}

/* May NAME be written? A renewal may: its key was made here under that name. */
static enum reason
check_own(const struct import *i)
{
	struct certfile old;
	enum reason r = R_OK;

	if (ca_lives(i->dir, i->name)) {
		CERTS_SAY(i->detail, "'%s' is a CA that lives here", i->name);
		return R_CERT_EXISTS;
	}
	if (i->c.root && strcmp(i->name, i->q->trust) == 0) {
		CERTS_SAY(i->detail, "'%s' would be both this gateway's certificate and the CA's", i->name);
		return R_VALUE_INVALID;
	}
	if (i->waited || i->q->replace || certs_key_fits(i->dir, i->name, ".key", X509_get0_pubkey(i->c.own)))
		return R_OK;
	if (!certs_has(i->dir, i->name, ".crt") && !certs_has(i->dir, i->name, ".key") && !certs_has(i->dir, i->name, ".req.key"))
		return R_OK;
	if (certs_load(i->dir, i->name, ".crt", &old, i->detail) != R_OK || old.n == 0 || X509_cmp(old.cert[0], i->c.own) != 0)
		r = R_CERT_EXISTS;
	certfile_free(&old);
	if (r != R_OK)
		CERTS_SAY(i->detail, "'%s'", i->name);
	return r;
}

static enum reason
check_root(struct import *i)
{
	const char *name = i->q->trust;
	char subject[CERT_TEXT] = "-";
	struct certfile old;

	altname_dn(X509_get_subject_name(i->c.root), subject, sizeof(subject));
	if (X509_check_ca(i->c.root) != 1) {
		CERTS_SAY(i->detail, "%.200s", subject);
		return R_NOT_A_CA;
	}
	if (!certs_has(i->dir, name, ".crt") && !certs_has(i->dir, name, ".key") && !certs_has(i->dir, name, ".req.key"))
		return R_OK;
	if (certs_load(i->dir, name, ".crt", &old, i->detail) == R_OK && old.n && X509_cmp(old.cert[0], i->c.root) == 0)
		i->same_root = true;
	if (!i->same_root && old.n)
		altname_dn(X509_get_subject_name(old.cert[0]), subject, sizeof(subject));
	certfile_free(&old);
	if (i->same_root || (i->q->replace && !ca_lives(i->dir, name) && !certs_has(i->dir, name, ".key")))
		return R_OK;
	CERTS_SAY(i->detail, "'%s' is %.200s; the CA's certificate in the file can have another name by '--trust'", name, subject);
	return R_CERT_EXISTS;
}

/* A CA's certificate alone is an anchor, also when another CA signed it. */
static enum reason
sort(struct import *i)
{
	enum reason r = certfile_chain(&i->f, &i->c, i->detail);

	if (r != R_OK)
		return r;
	if (i->c.own && i->f.key == NULL && X509_check_ca(i->c.own) == 1 && i->c.root == NULL) {
		i->c.root = i->c.own;
		i->c.own = NULL;
	}
	if (i->c.own || i->c.root)
		return R_OK;
	CERTS_SAY(i->detail, "it holds a private key only; import it together with its certificate: 'ikectl cert import CERTIFICATE --key KEY'");
	return R_CREDENTIAL_UNREADABLE;
}

static enum reason
write_root(const struct import *i)
{
	char file[NAME_CAP + 16];
	uint8_t pem[16384];
	struct wr w = wr_of(pem, sizeof(pem));

	snprintf(file, sizeof(file), "%s.crt", i->q->trust);
	if (!certfile_pem(i->c.root, 0, NULL, NULL, &w))
		return R_NO_MEMORY;
	return keydir_write(i->dir, file, wr_bytes(&w), i->detail);
}

/* The key that waited is read from its file and written as the pair's, then its file goes. */
static enum reason
write_own(struct import *i)
{
	uint8_t *key = OPENSSL_secure_malloc(CERTS_KEY_MAX), *crt = malloc(CERT_BOX_MAX);
	struct wr k = wr_of(key, key ? CERTS_KEY_MAX : 0), c = wr_of(crt, crt ? CERT_BOX_MAX : 0);
	char file[NAME_CAP + 16];
	enum reason r = R_OK;
	struct certfile req = { 0 };

	if (i->waited)
		r = certs_load(i->dir, i->name, ".req.key", &req, i->detail);
	if (r == R_OK && (i->f.key || req.key) && !certfile_key_pem(i->f.key ? i->f.key : req.key, &k))
		r = R_NO_MEMORY;
	if (r == R_OK && !certfile_pem(i->c.own, i->c.n, i->c.inter, NULL, &c))
		r = R_NO_MEMORY;
	if (r == R_OK)
		r = keydir_write_pair(i->dir, i->name, wr_bytes(&c), wr_bytes(&k), i->detail);
	snprintf(file, sizeof(file), "%s.req.key", i->name);
	if (r == R_OK && i->waited)
		r = keydir_remove(i->dir, file, i->detail);
	certfile_free(&req);
	OPENSSL_secure_clear_free(key, CERTS_KEY_MAX);
	free(crt);
	return r;
}

static enum reason
run(struct import *i, const struct box *box)
{
	enum reason r = certfile_read(box->file, box->password, &i->f, i->detail);

	if (r == R_OK && box->key.n)
		r = certfile_read(box->key, box->password, &i->f, i->detail);
	if (r == R_OK)
		r = sort(i);
	if (r == R_OK && i->c.own)
		r = choose_name(i);
	if (r == R_OK && i->c.own)
		r = check_own(i);
	if (r == R_OK && i->c.root)
		r = check_root(i);
	if (r == R_OK && i->c.root && !i->same_root)
		r = write_root(i);
	if (r == R_OK && i->c.own)
		r = write_own(i);
	return r;
}

enum reason
certs_import(const char *dir, const struct cert_import *q, const struct box *box, struct cert_made *made, char detail[static CERTS_DETAIL])
{
	struct import *i = calloc(1, sizeof(*i));
	enum reason r;

	memset(made, 0, sizeof(*made));
	if (i == NULL)
		return R_NO_MEMORY;
	*i = (struct import){ .dir = dir, .q = q, .detail = detail };
	r = run(i, box);
	if (r == R_OK) {
		snprintf(made->name, sizeof(made->name), "%s", i->c.own ? i->name : q->trust);
		if (i->c.root)
			snprintf(made->ca, sizeof(made->ca), "%s", q->trust);
		certtext_made(i->c.own ? i->c.own : i->c.root, made);
		made->has_cert = 1;
		made->has_key = i->c.own != NULL;
	}
	certfile_free(&i->f);
	free(i);
	ERR_clear_error();
	return r;
}
