/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How each end of a tunnel proves itself. What a tunnel does not say its site may say; what neither says is an error with the place, never
 * a guess about whom to trust. Files are named, not read: which of them exist is keymgr's business.
 */
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "siteauth.h"

static const char *const site_side_keys[] = { "certificate", "trust", "key", "public_key", NULL };
const char *const sites_proof_keys[] = { "psk", "certificate", "trust", "key", "public_key", NULL };
const char *const sites_rule_keys[] = { "revocation", "crl", "ocsp", NULL };

/* ---- one side ---- */

static const char EITHER[] = "Write {psk: NAME}, or {trust: NAME} with certificates, or {key: NAME, public_key: ...}.";

/* Two keys that say different ways. True: they do. */
static bool
both(struct yt *yt, const struct yt_node *map, const char *one, const char *other)
{
	const struct yt_node *a = yt_get(yt, map, one, YT_MAY), *b = yt_get(yt, map, other, YT_MAY), *late;

	if (!a || !b)
		return false;
	late = a->key_line > b->key_line || (a->key_line == b->key_line && a->key_column > b->key_column) ? a : b;
	yt_fail(yt, R_VALUE_INVALID, late->key_line, late->key_column, EITHER, "'%s' and '%s' exclude each other.", one, other);
	return true;
}

static bool
read_trust(struct yt *yt, const struct yt_node *n, struct site_auth *a)
{
	const struct yt_node *c = n->kind == YT_LIST ? n->child : n;

	if (n->kind == YT_MAP || (n->kind == YT_LIST && (n->n == 0 || n->n > BIND_TRUSTS)))
		return yt_fail_at(yt, n, R_VALUE_INVALID, "Write the name of a CA's certificate, or a list like [ca, old-ca].",
		    "'trust' must name 1 to %d CAs.", BIND_TRUSTS);
	for (; c; c = n->kind == YT_LIST ? c->next : NULL) {
		if (!site_name_read(yt, c, a->trust[a->ntrust]))
			return false;
		for (unsigned i = 0; i < a->ntrust; i++)
			if (strcmp(a->trust[i], a->trust[a->ntrust]) == 0)
				return yt_fail_at(yt, c, R_VALUE_INVALID, "Keep one.", "'%s' is named twice.", a->trust[i]);
		a->ntrust++;
	}
	return true;
}

/* The base64 of a SubjectPublicKeyInfo, as in a PEM file without its first and last line. */
static bool
read_public(struct yt *yt, struct sites *all, const struct yt_node *n, struct site_auth *a)
{
	size_t len = n->kind == YT_SCALAR && n->text ? strlen(n->text) : 0, pad = 0;
	struct site_key *k = len && len % 4 == 0 && len / 4 * 3 <= BIND_PUBLIC + 2 ? calloc(1, sizeof(*k) + len) : NULL;
	int got = k ? EVP_DecodeBlock(k->der, (const uint8_t *)n->text, (int)len) : -1;
	const uint8_t *p = k ? k->der : NULL;
	EVP_PKEY *key;

	if (got > 0) {
		pad = (n->text[len - 1] == '=') + (n->text[len - 2] == '=');
		k->n = (unsigned)got - (unsigned)pad;
	}
	key = got > 0 && k->n <= BIND_PUBLIC ? d2i_PUBKEY(NULL, &p, (long)k->n) : NULL;
	if (!key || p != k->der + k->n) {
		EVP_PKEY_free(key);
		free(k);
		return yt_fail_at(yt, n, R_VALUE_INVALID, "'ikectl show certs' prints it on the gateway that has the private key; it is one line of base64.",
		    "'public_key' is not a public key.");
	}
	EVP_PKEY_free(key);
	k->next = all->keys;
	all->keys = k;
	a->public_key = k;
	return true;
}

static bool
read_side(struct yt *yt, struct sites *all, const struct yt_node *map, bool of_site, struct site_auth *a)
{
	const struct yt_node *psk = yt_get(yt, map, "psk", YT_MAY), *cert = yt_get(yt, map, "certificate", YT_MAY),
	    *trust = yt_get(yt, map, "trust", YT_MAY), *key = yt_get(yt, map, "key", YT_MAY), *pub = yt_get(yt, map, "public_key", YT_MAY);

	if (!yt_only(yt, map, of_site ? site_side_keys : sites_proof_keys))
		return false;
	if (both(yt, map, "psk", "certificate") || both(yt, map, "psk", "trust") || both(yt, map, "psk", "key") || both(yt, map, "psk", "public_key") ||
	    both(yt, map, "certificate", "key") || both(yt, map, "certificate", "public_key") || both(yt, map, "trust", "key") ||
	    both(yt, map, "trust", "public_key"))
		return false;
	if (psk) {
		a->how = AUTH_BY_PSK;
		return site_name_read(yt, psk, a->psk);
	}
	if (cert || trust) {
		a->how = AUTH_BY_CERT;
		return (!cert || site_name_read(yt, cert, a->cert)) && (!trust || read_trust(yt, trust, a));
	}
	if (!key && !pub)
		return yt_fail_at(yt, map, R_KEY_MISSING, of_site ? "Write {trust: NAME}, or {key: NAME, public_key: ...}." : EITHER, "'auth' says nothing.");
	a->how = AUTH_BY_KEY;
	if (!pub)
		return yt_get(yt, map, "public_key", YT_MUST) != NULL;
	return (!key || site_name_read(yt, key, a->cert)) && read_public(yt, all, pub, a);
}

bool
site_auth_read(struct yt *yt, struct sites *all, const struct yt_node *site, struct site *s)
{
	const struct yt_node *n = yt_get(yt, site, "auth", YT_MAY);

	if (!n)
		return yt->err.reason == R_OK;
	if (!(n = yt_get_kind(yt, site, "auth", YT_MAP, YT_MUST)))
		return false;
	s->own = calloc(1, sizeof(*s->own));
	if (!s->own)
		return yt_fail_at(yt, n, R_NO_MEMORY, NULL, "There is not enough memory.");
	return read_side(yt, all, n, true, s->own);
}

/* ---- a tunnel ---- */

/* What the tunnel leaves open the site says; the certificate's and key's name is the site's own at last. */
static bool
complete(struct yt *yt, const struct yt_node *at, const struct site *s, struct site_auth *a)
{
	const struct site_auth *own = s->own && s->own->how == a->how ? s->own : NULL;

	if (a->how == AUTH_BY_PSK)
		return true;
	if (a->cert[0] == '\0')
		snprintf(a->cert, sizeof(a->cert), "%s", own && own->cert[0] ? own->cert : s->name);
	if (a->how == AUTH_BY_CERT && a->ntrust == 0 && own) {
		a->ntrust = own->ntrust;
		memcpy(a->trust, own->trust, sizeof(a->trust));
	}
	if (a->how == AUTH_BY_CERT && a->ntrust == 0)
		return yt_fail_at(yt, at, R_KEY_MISSING, "Add 'trust:' with the name of the CA's certificate, here or in the site.",
		    "Nothing says which CA vouches for '%s'.", s->name);
	return true;
}

static bool
from_site(struct yt *yt, const struct yt_node *at, const struct site *s, struct site_auth *a)
{
	if (!s->own)
		return yt_fail_at(yt, at, R_KEY_MISSING, "Give the site an 'auth:', or say it in the tunnel.",
		    "The site '%s' does not say how it proves itself.", s->name);
	*a = *s->own;
	return complete(yt, at, s, a);
}

/* {SITE: {...}, SITE: {...}}: each side its own way. A side that is left out takes its site's. */
static bool
read_sides(struct yt *yt, struct sites *all, const struct yt_node *map, struct site_tunnel *t)
{
	const unsigned index[2] = { t->a, t->b };
	const char *names[3] = { all->sites[t->a].name, all->sites[t->b].name, NULL };

	for (const struct yt_node *c = map->child; c; c = c->next)
		if (strcmp(c->key, names[0]) != 0 && strcmp(c->key, names[1]) != 0)
			return yt_fail(yt, R_REFERENCE_UNKNOWN, c->key_line, c->key_column, EITHER,
			    "'%.64s' is neither of the two sites of this tunnel.", c->key);
	for (unsigned i = 0; i < 2; i++) {
		const struct site *s = &all->sites[index[i]];
		const struct yt_node *n = yt_get(yt, map, s->name, YT_MAY);

		if (!n) {
			if (!from_site(yt, map, s, &t->auth[i]))
				return false;
			continue;
		}
		if (!(n = yt_get_kind(yt, map, s->name, YT_MAP, YT_MUST)) || !read_side(yt, all, n, false, &t->auth[i]) ||
		    !complete(yt, n, s, &t->auth[i]))
			return false;
	}
	return true;
}

bool
tunnel_auth_read(struct yt *yt, struct sites *all, const struct yt_node *tunnel, struct site_tunnel *t)
{
	const struct yt_node *n = yt_get(yt, tunnel, "auth", YT_MUST);
	const struct site *a = &all->sites[t->a], *b = &all->sites[t->b];

	if (!n)
		return false;
	t->auth = calloc(2, sizeof(*t->auth));
	if (!t->auth)
		return yt_fail_at(yt, n, R_NO_MEMORY, NULL, "There is not enough memory.");
	if (n->kind == YT_SCALAR && n->text && strcmp(n->text, "sites") == 0)
		return from_site(yt, n, a, &t->auth[0]) && from_site(yt, n, b, &t->auth[1]);
	if (n->kind == YT_SCALAR)
		return yt_fail_at(yt, n, R_VALUE_INVALID, EITHER, "'%.40s' is not a value of 'auth'; the only single word is 'sites'.", n->text ? n->text : "");
	if (!(n = yt_get_kind(yt, tunnel, "auth", YT_MAP, YT_MUST)))
		return false;
	if (n->child && n->child->kind == YT_MAP)
		return read_sides(yt, all, n, t);
	if (!read_side(yt, all, n, false, &t->auth[0]))
		return false;
	if (t->auth[0].how == AUTH_BY_KEY)
		return yt_fail_at(yt, n, R_VALUE_INVALID, "Say it in each site, and 'auth: sites' here.", "Two sites cannot have the same key.");
	t->auth[1] = t->auth[0];
	return complete(yt, n, a, &t->auth[0]) && complete(yt, n, b, &t->auth[1]);
}

/* ---- trust ---- */

static bool
url_ok(const char *s)
{
	static const char *const schemes[] = { "http://", "https://", "file:///", "ldap://", "ldaps://" };

	for (const char *p = s; *p; p++)
		if (*p <= ' ' || *p >= 0x7f)
			return false;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (strncmp(s, schemes[i], strlen(schemes[i])) == 0)
			return s[strlen(schemes[i])] != '\0' && strlen(s) < TRUST_URL;
	return false;
}

static bool
read_url(struct yt *yt, const struct yt_node *n, bool ocsp, char out[TRUST_URL])
{
	bool ok = n->kind == YT_SCALAR && n->text && url_ok(n->text) && (!ocsp || strncmp(n->text, "http", 4) == 0);

	if (!ok)
		return yt_fail_at(yt, n, R_VALUE_INVALID, ocsp ? "It begins with http:// or https://." : "It begins with http://, https://, file:/// or ldap://.",
		    "'%.80s' is not the address of %s.", n->kind == YT_SCALAR && n->text ? n->text : "this", ocsp ? "an OCSP responder" : "a revocation list");
	snprintf(out, TRUST_URL, "%s", n->text);
	return true;
}

static bool
is_used(const struct sites *all, const char *anchor)
{
	for (unsigned i = 0; i < all->ntunnels; i++)
		for (unsigned k = 0; k < 2; k++)
			for (unsigned j = 0; j < all->tunnels[i].auth[k].ntrust; j++)
				if (strcmp(all->tunnels[i].auth[k].trust[j], anchor) == 0)
					return true;
	return false;
}

static bool
read_rule(struct yt *yt, const struct sites *all, const struct yt_node *n, struct trust_rule *r)
{
	static const char *const words[] = { "off", "soft", "strict", NULL };	/* order: enum revocation */
	const struct yt_node *crl, *ocsp, *c;

	if (!name_ok(n->key))
		return yt_fail(yt, R_NAME_INVALID, n->key_line, n->key_column, "Names are lower-case letters, digits and inner hyphens, at most 63.",
		    "'%.80s' is not a name.", n->key);
	snprintf(r->name, sizeof(r->name), "%s", n->key);
	if (!yt_only(yt, n, sites_rule_keys))
		return false;
	if (!is_used(all, r->name))
		return yt_fail(yt, R_REFERENCE_UNKNOWN, n->key_line, n->key_column, "Is it misspelled? Else remove it.",
		    "No tunnel of this file trusts '%s'.", r->name);
	r->revocation = (uint8_t)site_word_read(yt, n, "revocation", YT_MAY, words, REVOKE_SOFT);
	crl = yt_get(yt, n, "crl", YT_MAY);
	if (crl && (crl->kind == YT_MAP || (crl->kind == YT_LIST && (crl->n == 0 || crl->n > TRUST_URLS))))
		return yt_fail_at(yt, crl, R_VALUE_INVALID, "", "'crl' must have 1 to %d addresses.", TRUST_URLS);
	for (c = crl && crl->kind == YT_LIST ? crl->child : crl; c; c = crl->kind == YT_LIST ? c->next : NULL)
		if (!read_url(yt, c, false, r->crls[r->ncrls++]))
			return false;
	ocsp = yt_get(yt, n, "ocsp", YT_MAY);
	return (!ocsp || read_url(yt, ocsp, true, r->ocsp)) && yt->err.reason == R_OK;
}

bool
trust_read(struct yt *yt, struct sites *all)
{
	const struct yt_node *map = yt_get(yt, yt->root, "trust", YT_MAY);

	if (!map)
		return yt->err.reason == R_OK;
	if (!(map = yt_get_kind(yt, yt->root, "trust", YT_MAP, YT_MUST)))
		return false;
	if (map->n > SITE_RULES)
		return yt_fail_at(yt, map, R_TOO_LARGE, NULL, "'trust' has more than %d members.", SITE_RULES);
	all->rules = calloc(map->n + 1u, sizeof(*all->rules));
	if (!all->rules)
		return yt_fail_at(yt, map, R_NO_MEMORY, NULL, "There is not enough memory.");
	for (const struct yt_node *c = map->child; c; c = c->next)
		if (!read_rule(yt, all, c, &all->rules[all->nrules++]))
			return false;
	return true;
}

const struct trust_rule *
sites_find_rule(const struct sites *all, const char *anchor)
{
	for (unsigned i = 0; i < all->nrules; i++)
		if (strcmp(all->rules[i].name, anchor) == 0)
			return &all->rules[i];
	return NULL;
}

/* ---- comparing ---- */

void
auth_put(struct wr *w, const struct site_auth *a)
{
	wr_u8(w, a->how);
	str_put(w, a->psk);
	str_put(w, a->cert);
	wr_u8(w, (uint8_t)a->ntrust);
	for (unsigned i = 0; i < a->ntrust; i++)
		str_put(w, a->trust[i]);
	span_put(w, a->public_key ? bytes_of(a->public_key->der, a->public_key->n) : bytes_of(NULL, 0));
}

bool
auth_same(const struct site_auth *a, const struct site_auth *b)
{
	uint8_t x[2048], y[2048];
	struct wr wx = wr_of(x, sizeof(x)), wy = wr_of(y, sizeof(y));

	auth_put(&wx, a);
	auth_put(&wy, b);
	return wr_ok(&wx) && wr_ok(&wy) && bytes_eq(wr_bytes(&wx), wr_bytes(&wy));
}
