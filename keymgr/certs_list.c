/* SPDX-License-Identifier: BSD-2-Clause */
/* The list: what is in the two folders, what the tunnels name, and what is wrong with any of it. */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca.h"
#include "certs_in.h"
#include "certtext.h"
#include "keykind.h"

#define SOON_S	(30u * 86400)

struct user { char name[NAME_CAP], tunnel[NAME_CAP]; bool anchor; };
struct users { unsigned n, cap; struct user *v; bool failed; };

static void
add_user(struct users *u, const char *name, const char *tunnel, bool anchor)
{
	if (name[0] == '\0')
		return;
	if (u->n == u->cap) {
		unsigned cap = u->cap ? u->cap * 2 : 64;
		void *v = reallocarray(u->v, cap, sizeof(*u->v));

		if (v == NULL) {
			u->failed = true;
			return;
		}
		u->v = v;
		u->cap = cap;
	}
	u->v[u->n].anchor = anchor;
	snprintf(u->v[u->n].name, NAME_CAP, "%s", name);
	snprintf(u->v[u->n++].tunnel, NAME_CAP, "%s", tunnel);
}

static void
of_binding(void *arg, const struct binding *b)
{
	add_user(arg, b->cert, b->tunnel, false);
	for (unsigned i = 0; i < b->ntrust; i++)
		add_user(arg, b->trust[i], b->tunnel, true);
}

static int
by_name(const void *a, const void *b)
{
	const struct user *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c ? c : strcmp(x->tunnel, y->tunnel);
}

static void
tell_users(struct cert_info *c, const struct users *u)
{
	for (unsigned i = 0; i < u->n; i++) {
		if (strcmp(u->v[i].name, c->name) != 0)
			continue;
		c->is_anchor |= u->v[i].anchor;
		if (c->nusers && c->nusers <= CERT_USERS && strcmp(c->users[c->nusers - 1], u->v[i].tunnel) == 0)
			continue;	/* it trusts the CA of its own certificate's name: once is enough */
		if (c->nusers < CERT_USERS)
			snprintf(c->users[c->nusers], NAME_CAP, "%s", u->v[i].tunnel);
		c->nusers++;
	}
}

static void
judge(struct cert_info *c, uint64_t now, uint64_t end)
{
	char date[32];

	if (c->not_before > now) {
		c->reason = R_OUR_CERT_NOT_YET_VALID;
		certtext_date(c->not_before, date);
		snprintf(c->detail, sizeof(c->detail), "from %s on", date);
	} else if (end <= now) {
		c->reason = R_OUR_CERT_EXPIRED;
		certtext_date(end, date);
		snprintf(c->detail, sizeof(c->detail), "since %s", date);
	} else if (end - now <= SOON_S) {
		c->reason = R_CERT_EXPIRES_SOON;
		certtext_date(end, date);
		snprintf(c->detail, sizeof(c->detail), "in %llu days, %s", (unsigned long long)((end - now) / 86400), date);
	}
}

/* The one of a chain that ends first ends all of it. */
static uint64_t
earliest(const struct certfile *f)
{
	uint64_t end = UINT64_MAX, t;

	for (unsigned i = 0; i < f->n; i++)
		if ((t = certtext_time(X509_get0_notAfter(f->cert[i]))) < end)
			end = t;
	return end;
}

static void
look_key(const char *dir, struct cert_info *c, X509 *x)
{
	char detail[CERTS_DETAIL];
	struct certfile key;
	enum reason r = certs_load(dir, c->name, ".key", &key, detail);

	c->has_key = key.key != NULL;
	if (key.key && !x)
		keykind_name(key.key, c->key);
	if (r == R_OK && key.key && x && EVP_PKEY_eq(X509_get0_pubkey(x), key.key) != 1)
		c->reason = R_PRIVATE_KEY_OTHER;
	else if (r != R_OK && r != R_NOT_FOUND) {
		c->reason = R_PRIVATE_KEY_UNUSABLE;
		snprintf(c->detail, sizeof(c->detail), "%.250s", detail);
	}
	certfile_free(&key);
}

static void
look_request(const char *dir, struct cert_info *c)
{
	char detail[CERTS_DETAIL];
	struct certfile key;

	if (certs_load(dir, c->name, ".req.key", &key, detail) == R_OK && key.key) {
		c->own = c->has_key = 1;
		keykind_name(key.key, c->key);
		snprintf(c->detail, sizeof(c->detail), "a key waits here for the certificate that was requested");
	}
	certfile_free(&key);
}

static void
look(const char *dir, const char *secret_dir, struct cert_info *c, uint64_t now)
{
	const char *at = certs_has(dir, c->name, ".crt") || certs_has(dir, c->name, ".key") ? dir : secret_dir;
	char detail[CERTS_DETAIL] = "";
	struct certfile crt;
	enum reason r;

	c->own = at == dir;
	c->issues = ca_lives(dir, c->name);
	r = certs_load(at, c->name, ".crt", &crt, detail);
	c->has_cert = r == R_OK && crt.n > 0;
	if (c->has_cert) {
		certtext_info(crt.cert[0], c);
		judge(c, now, earliest(&crt));
	} else if (r == R_NOT_FOUND) {
		c->reason = R_CERT_MISSING;
	} else {
		c->reason = R_CERT_UNUSABLE;
		snprintf(c->detail, sizeof(c->detail), "%.250s", detail);
	}
	look_key(at, c, c->has_cert ? crt.cert[0] : NULL);
	if (!c->has_cert && !c->has_key)
		look_request(dir, c);
	certfile_free(&crt);
	ERR_clear_error();
}

/* What is not there at all, but named by a tunnel, is a row too. */
static void
tell_missing(struct cert_info *c)
{
	if (c->has_cert || c->reason != R_CERT_MISSING)
		return;
	if (c->is_anchor)
		c->reason = R_TRUST_MISSING;
}

/* The smallest name behind `after` in a sorted list, if it comes before best. */
static const char *
nearer(const char *best, const char *name, const char *after)
{
	return strcmp(name, after) > 0 && (best == NULL || strcmp(name, best) < 0) ? name : best;
}

static const char *
next_name(const struct keydir_names *a, const struct keydir_names *b, const struct users *u, const char *after)
{
	const char *best = NULL;

	for (unsigned i = 0; i < a->n; i++)
		best = nearer(best, a->v[i], after);
	for (unsigned i = 0; i < b->n; i++)
		best = nearer(best, b->v[i], after);
	for (unsigned i = 0; i < u->n; i++)
		best = nearer(best, u->v[i].name, after);
	return best;
}

bool
certs_list(const char *dir, const char *secret_dir, const struct bindings *bindings, uint64_t now, const char *after, struct cert_info *v,
    unsigned cap, unsigned *n)
{
	static const char *const own[] = { ".crt", ".key", ".req.key", NULL }, *const theirs[] = { ".crt", ".key", NULL };
	struct keydir_names a = { 0 }, b = { 0 };
	struct users u = { 0 };
	const char *name;
	bool ok;

	*n = 0;
	bind_each(bindings, of_binding, &u);
	if (u.n)
		qsort(u.v, u.n, sizeof(*u.v), by_name);
	ok = keydir_names(dir, own, &a) && !u.failed;
	keydir_names(secret_dir, theirs, &b);	/* that folder may be missing: the tunnels' reasons tell */
	while (ok && *n < cap && (name = next_name(&a, &b, &u, after)) != NULL) {
		struct cert_info *c = &v[(*n)++];

		memset(c, 0, sizeof(*c));
		snprintf(c->name, sizeof(c->name), "%s", name);
		look(dir, secret_dir, c, now);
		tell_users(c, &u);
		tell_missing(c);
		after = c->name;
	}
	free(a.v);
	free(b.v);
	free(u.v);
	return ok;
}
