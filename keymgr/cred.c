/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "certfile.h"
#include "cred.h"
#include "secret.h"
#include "store.h"

#define SAY(detail, ...)	snprintf(detail, CRED_DETAIL, __VA_ARGS__)

#define FILE_CAP	65536u
#define SETTLED_NS	1000000000ll

enum where { OWN, SECRETS };

/* One file's content. Until it is older than a second by its own times, it can change without that these tell. */
struct kept {
	struct kept	*next;
	char		 name[NAME_CAP];
	enum where	 where;
	bool		 is_key, settled;
	struct stat	 st;
	struct certfile	 content;
};

struct creds {
	char		 dir[2][256];
	struct kept	*bucket[64];
	unsigned	 n;
	uint64_t	 changes;
};

struct creds *
creds_new(const char *own, const char *secret)
{
	struct creds *s = calloc(1, sizeof(*s));

	if (s == NULL || strlen(own) >= sizeof(s->dir[OWN]) || strlen(secret) >= sizeof(s->dir[SECRETS])) {
		free(s);
		return NULL;
	}
	strcpy(s->dir[OWN], own);
	strcpy(s->dir[SECRETS], secret);
	return s;
}

/* What is kept */

static struct kept **
slot_of(struct creds *s, const char *name, enum where where, bool is_key)
{
	uint32_t h = 2166136261u ^ (uint32_t)(where << 1 | is_key);
	struct kept **pp;

	for (const char *p = name; *p; p++)
		h = (h ^ (uint8_t)*p) * 16777619u;
	for (pp = &s->bucket[h % 64]; *pp; pp = &(*pp)->next)
		if ((*pp)->where == where && (*pp)->is_key == is_key && strcmp((*pp)->name, name) == 0)
			break;
	return pp;
}

static void
drop(struct creds *s, struct kept **pp)
{
	struct kept *k = *pp;

	*pp = k->next;
	certfile_free(&k->content);
	free(k);
	s->n--;
}

static void
drop_all(struct creds *s)
{
	for (unsigned i = 0; i < 64; i++)
		while (s->bucket[i])
			drop(s, &s->bucket[i]);
}

void
creds_free(struct creds *s)
{
	if (s)
		drop_all(s);
	free(s);
}

uint64_t
creds_changes(const struct creds *s)
{
	return s->changes;
}

static bool
same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size && same_time(a->st_mtim, b->st_mtim) &&
	    same_time(a->st_ctim, b->st_ctim);
}

static bool
is_settled(const struct stat *st)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (now.tv_sec - st->st_ctim.tv_sec) * SETTLED_NS + now.tv_nsec - st->st_ctim.tv_nsec > SETTLED_NS;
}

/* One file */

/* A certificate's file says nothing secret: what is wrong with it is one reason, and a sentence. */
static enum reason
reason_of(enum reason r, bool is_key)
{
	if (r == R_SECRET_MISSING || r == R_SECRET_DIR_OPEN)
		return r;
	if (is_key)
		return r == R_SECRET_INVALID ? R_PRIVATE_KEY_UNUSABLE : r;
	return R_CERT_UNUSABLE;
}

static enum reason
parse(int fd, const char *path, bool is_key, struct certfile *f, char detail[static CRED_DETAIL])
{
	uint8_t *buf = OPENSSL_secure_malloc(FILE_CAP);
	char why[CERTFILE_DETAIL] = "";
	enum reason r = R_NO_MEMORY;
	size_t n = 0;

	if (buf == NULL)
		return r;
	if (!store_read_fd(fd, buf, FILE_CAP, &n)) {
		snprintf(why, sizeof(why), "%s", strerror(errno));
		r = R_CERT_UNUSABLE;
	} else
		r = certfile_read(bytes_of(buf, n), bytes_of(NULL, 0), f, why);
	OPENSSL_secure_clear_free(buf, FILE_CAP);
	if (r == R_OK && is_key && f->key == NULL) {
		snprintf(why, sizeof(why), "there is no private key in it");
		r = R_PRIVATE_KEY_UNUSABLE;
	} else if (r == R_OK && !is_key && (f->n == 0 || f->key)) {
		snprintf(why, sizeof(why), f->key ? "there is a private key in it, which belongs into a file of its own" : "there is no certificate in it");
		r = R_CERT_UNUSABLE;
	}
	if (r == R_OK || r == R_NO_MEMORY)
		return r;
	certfile_free(f);
	SAY(detail, "%.200s: %.180s", path, why);
	return is_key ? R_PRIVATE_KEY_UNUSABLE : R_CERT_UNUSABLE;
}

/* The directory's and the file's own words suffice: what was read was checked then, and these would not be the same after any change. */
static bool
is_unchanged(const struct creds *s, const struct kept *k, const char *path)
{
	struct stat dir, st;

	return k->settled && lstat(s->dir[k->where], &dir) == 0 && store_dir_ok(&dir) && lstat(path, &st) == 0 && same_file(&k->st, &st);
}

static enum reason
keep(struct creds *s, enum where where, const char *name, bool is_key, int fd, const char *path, const struct stat *st, const struct kept **out,
    char detail[static CRED_DETAIL])
{
	struct kept *k, **pp;
	enum reason r;

	if (s->n >= CRED_KEPT)
		drop_all(s);
	k = calloc(1, sizeof(*k));
	r = k ? parse(fd, path, is_key, &k->content, detail) : R_NO_MEMORY;
	if (r != R_OK) {
		free(k);
		return r;
	}
	strcpy(k->name, name);
	k->where = where;
	k->is_key = is_key;
	k->st = *st;
	k->settled = is_settled(st);
	pp = slot_of(s, name, where, is_key);
	k->next = *pp;
	*pp = k;
	s->n++;
	*out = k;
	return R_OK;
}

/* The content of that folder's file; R_SECRET_MISSING: it has none. */
static enum reason
load(struct creds *s, enum where where, const char *name, bool is_key, const struct kept **out, char detail[static CRED_DETAIL])
{
	struct kept **pp = slot_of(s, name, where, is_key), *k = *pp;
	char file[NAME_CAP + 8], path[CRED_PATH], why[STORE_DETAIL];
	struct stat st;
	enum reason r;
	int fd;

	snprintf(file, sizeof(file), "%s.%s", name, is_key ? "key" : "crt");
	snprintf(path, sizeof(path), "%.240s/%.70s", s->dir[where], file);
	if (k && is_unchanged(s, k, path)) {
		*out = k;
		return R_OK;
	}
	r = store_open(s->dir[where], file, is_key ? STORE_SECRET : STORE_PUBLIC, FILE_CAP, &fd, &st, why);
	if (k) {
		s->changes += r != R_OK || !same_file(&k->st, &st);
		drop(s, pp);
	}
	if (r != R_OK) {
		SAY(detail, "%.390s", why);
		return reason_of(r, is_key);
	}
	r = keep(s, where, name, is_key, fd, path, &st, out, detail);
	close(fd);
	return r;
}

/* The first folder that has it. */
static enum reason
find(struct creds *s, const char *name, bool is_key, const struct kept **k, char detail[static CRED_DETAIL])
{
	enum reason r = R_SECRET_MISSING;

	if (!name_ok(name)) {	/* a name has no slash and no dot: it stays inside the folder */
		SAY(detail, "this is not the name of a certificate or a key");
		return R_NAME_INVALID;
	}
	if (s->dir[OWN][0])
		r = load(s, OWN, name, is_key, k, detail);
	if (r == R_SECRET_MISSING)
		r = load(s, SECRETS, name, is_key, k, detail);
	if (r != R_SECRET_MISSING)
		return r;
	SAY(detail, "there is no %s.%s, neither in %.120s nor in %.120s", name, is_key ? "key" : "crt", s->dir[OWN], s->dir[SECRETS]);
	return is_key ? R_PRIVATE_KEY_MISSING : R_CERT_MISSING;
}

/* Credentials */

static void
set_path(struct creds *s, const struct kept *k, struct cred *c)
{
	snprintf(c->path, sizeof(c->path), "%.250s/%s.%s", s->dir[k->where], k->name, k->is_key ? "key" : "crt");
	c->own = k->where == OWN;
}

static bool
take_certs(const struct certfile *f, struct cred *c)
{
	if (f->n > 1 && (c->chain = sk_X509_new_null()) == NULL)
		return false;
	for (unsigned i = 1; i < f->n; i++) {
		if (sk_X509_push(c->chain, f->cert[i]) <= 0)
			return false;
		X509_up_ref(f->cert[i]);
	}
	c->cert = f->cert[0];
	return X509_up_ref(c->cert) == 1;
}

/* Do they belong together? */
static bool
is_pair(const struct cred *c)
{
	EVP_PKEY *pub = X509_get0_pubkey(c->cert);
	bool ok = pub && EVP_PKEY_eq(pub, c->key) == 1;

	ERR_clear_error();
	return ok;
}

enum reason
cred_load(struct creds *s, const char *name, unsigned need, struct cred *c, char detail[static CRED_DETAIL])
{
	const struct kept *k;
	enum reason r = R_OK;

	*c = (struct cred){ 0 };
	detail[0] = '\0';
	if (need & CRED_CERT) {
		r = find(s, name, false, &k, detail);
		if (r == R_OK && !take_certs(&k->content, c))
			r = R_NO_MEMORY;
		if (r == R_OK)
			set_path(s, k, c);
	}
	if (r == R_OK && (need & CRED_KEY)) {
		r = find(s, name, true, &k, detail);
		if (r == R_OK) {
			c->key = k->content.key;
			EVP_PKEY_up_ref(c->key);
		}
		if (r == R_OK && c->cert == NULL)
			set_path(s, k, c);
	}
	if (r == R_OK && c->cert && c->key && !is_pair(c)) {
		SAY(detail, "%s.key and %s", name, c->path);
		r = R_PRIVATE_KEY_OTHER;
	}
	if (r != R_OK)
		cred_free(c);
	return r;
}

void
cred_free(struct cred *c)
{
	X509_free(c->cert);
	sk_X509_pop_free(c->chain, X509_free);
	EVP_PKEY_free(c->key);
	*c = (struct cred){ 0 };
}

enum reason
cred_anchor(struct creds *s, const char *name, X509 **out, char detail[static CRED_DETAIL])
{
	const struct kept *k;
	enum reason r;

	*out = NULL;
	detail[0] = '\0';
	r = find(s, name, false, &k, detail);
	if (r == R_CERT_MISSING)
		return R_TRUST_MISSING;
	if (r != R_OK)
		return r;
	if (X509_check_ca(k->content.cert[0]) != 1) {
		SAY(detail, "%.250s/%s.crt", s->dir[k->where], name);
		return R_NOT_A_CA;
	}
	*out = k->content.cert[0];
	X509_up_ref(*out);
	return R_OK;
}
