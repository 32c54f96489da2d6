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
earliest(const struct cred *c)
{
	uint64_t end = certtext_time(X509_get0_notAfter(c->cert)), t;

	for (int i = 0; i < sk_X509_num(c->chain); i++)
		if ((t = certtext_time(X509_get0_notAfter(sk_X509_value(c->chain, i)))) < end)
			end = t;
	return end;
}

static void
set_wrong(struct cert_info *c, enum reason r, const char *detail)
{
	c->reason = (uint16_t)r;
	snprintf(c->detail, sizeof(c->detail), "%.250s", detail);
}

/* The form in which the site files of other gateways name it. */
static void
tell_public(struct cert_info *c, EVP_PKEY *key)
{
	uint8_t *der = NULL;
	int n = i2d_PUBKEY(key, &der);

	if (n > 0 && n <= BIND_PUBLIC)
		EVP_EncodeBlock((uint8_t *)c->public_key, der, n);
	OPENSSL_free(der);
}

/* A certificate that nobody has the key of is a trust anchor's; that one lacks nothing. */
static void
look_key(struct creds *creds, struct cert_info *c, X509 *x)
{
	char detail[CRED_DETAIL];
	struct cred key;
	enum reason r = cred_load(creds, c->name, CRED_KEY, &key, detail);

	c->has_key = key.key != NULL;
	if (key.key)
		tell_public(c, key.key);
	if (key.key && !x)
		keykind_name(key.key, c->key);
	if (key.key && !c->has_cert)
		c->own = key.own;
	if (key.key && x && EVP_PKEY_eq(X509_get0_pubkey(x), key.key) != 1)
		set_wrong(c, R_PRIVATE_KEY_OTHER, "");
	else if (r != R_OK && r != R_PRIVATE_KEY_MISSING)
		set_wrong(c, r, detail);
	cred_free(&key);
}

static void
look_request(const char *dir, struct cert_info *c)
{
	char detail[CERTS_DETAIL];
	struct certfile key;

	if (certs_load(dir, c->name, ".req.key", &key, detail) == R_OK && key.key) {
		c->own = c->has_key = 1;
		tell_public(c, key.key);
		keykind_name(key.key, c->key);
		snprintf(c->detail, sizeof(c->detail), "a key waits here for the certificate that was requested");
	}
	certfile_free(&key);
}

static void
look(const char *dir, struct creds *creds, struct cert_info *c, uint64_t now)
{
	char detail[CRED_DETAIL] = "";
	struct cred crt;
	enum reason r;

	c->issues = ca_lives(dir, c->name);
	r = cred_load(creds, c->name, CRED_CERT, &crt, detail);
	c->has_cert = r == R_OK;
	if (r == R_OK) {
		c->own = crt.own;
		certtext_info(crt.cert, c);
		judge(c, now, earliest(&crt));
	} else
		set_wrong(c, r, r == R_CERT_MISSING ? "" : detail);
	look_key(creds, c, crt.cert);
	if (!c->has_cert && !c->has_key)
		look_request(dir, c);
	cred_free(&crt);
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
certs_list(const struct certs_places *p, const struct bindings *bindings, uint64_t now, const char *after, struct cert_info *v, unsigned cap,
    unsigned *n)
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
	ok = keydir_names(p->own, own, &a) && !u.failed;
	keydir_names(p->secret, theirs, &b);	/* that folder may be missing: the tunnels' reasons tell */
	while (ok && *n < cap && (name = next_name(&a, &b, &u, after)) != NULL) {
		struct cert_info *c = &v[(*n)++];

		memset(c, 0, sizeof(*c));
		snprintf(c->name, sizeof(c->name), "%s", name);
		look(p->own, p->creds, c, now);
		tell_users(c, &u);
		tell_missing(c);
		after = c->name;
	}
	free(a.v);
	free(b.v);
	free(u.v);
	return ok;
}
