/* SPDX-License-Identifier: BSD-2-Clause */
#include <openssl/evp.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "pfkey.h"
#include "siteauth.h"
#include "want.h"

static bool
add_policies(struct want *w, unsigned index)
{
	struct want_tunnel *t = &w->v[index];

	for (unsigned i = 0; i < t->local->nnets; i++)
		for (unsigned j = 0; j < t->remote->nnets; j++) {
			const struct prefix *l = &t->local->nets[i], *r = &t->remote->nets[j];
			struct spd_entry e = { .dir = CW_DIR_OUT, .src = *l, .dst = *r, .priority = spd_priority(l, r),
				.reqid = t->reqid, .plain = true, .owner = SPD_OURS, .tunnel = index };

			if (l->addr.fam != r->addr.fam)
				continue;
			if (!spd_add(&w->spd, &e))
				return false;
			e.dir = CW_DIR_IN;
			e.src = *r;
			e.dst = *l;
			if (!spd_add(&w->spd, &e))
				return false;
			t->npolicies += 2;
		}
	return true;
}

/*
 * Contracts, "Who initiates". A peer without an address can only be waited for; a site without one is the only one that can
 * begin, so it does so at once.
 */
static void
set_start(struct want_tunnel *w, bool we_are_a)
{
	w->start = START_RESPOND;
	w->first = 0;
	if (w->t->start == START_RESPOND || w->remote->address.fam == 0)
		return;
	w->start = w->t->start;
	w->first = we_are_a || w->local->address.fam == 0;
}

void
want_tunnel_of(struct want_tunnel *v, const struct sites *all, const struct site_tunnel *t, const char *our_site)
{
	bool we_are_a = strcmp(all->sites[t->a].name, our_site) == 0;

	memset(v, 0, sizeof(*v));
	v->t = t;
	v->local = &all->sites[we_are_a ? t->a : t->b];
	v->local_is_a = we_are_a;
	v->remote = &all->sites[we_are_a ? t->b : t->a];
	set_start(v, we_are_a);
}

static int
cmp_reqid(const void *a, const void *b)
{
	const struct want_tunnel *x = *(struct want_tunnel *const *)a, *y = *(struct want_tunnel *const *)b;

	return x->reqid < y->reqid ? -1 : x->reqid > y->reqid;
}

bool
want_build(struct want *w, const struct sites *all, const char *our_site, uint32_t (*reqid)(void *, const char *, const char *), void *arg)
{
	memset(w, 0, sizeof(*w));
	if (!all)
		return true;
	w->v = calloc(all->ntunnels + 1u, sizeof(*w->v));
	if (!w->v)
		return false;
	for (unsigned i = 0; i < all->ntunnels; i++) {
		const struct site_tunnel *t = &all->tunnels[i];
		struct want_tunnel *v = &w->v[w->n];

		if (!tunnel_has_site(all, t, our_site))
			continue;
		want_tunnel_of(v, all, t, our_site);
		v->reqid = reqid(arg, t->name, CHILD_AUTO);
		if (v->reqid == 0 || !add_policies(w, w->n++)) {
			want_fini(w);
			return false;
		}
	}
	spd_sort(&w->spd);
	w->by_reqid = calloc(w->n + 1u, sizeof(*w->by_reqid));
	if (!w->by_reqid) {
		want_fini(w);
		return false;
	}
	for (unsigned i = 0; i < w->n; i++)
		w->by_reqid[i] = &w->v[i];
	if (w->n)
		qsort(w->by_reqid, w->n, sizeof(*w->by_reqid), cmp_reqid);
	return true;
}

char
(*want_children(const struct sites *all, const char *our_site, size_t *n))[CHILD_NAME_CAP]
{
	char (*names)[CHILD_NAME_CAP] = calloc(all->ntunnels + 1u, sizeof(*names));

	*n = 0;
	for (unsigned i = 0; names && i < all->ntunnels; i++)
		if (tunnel_has_site(all, &all->tunnels[i], our_site))
			snprintf(names[(*n)++], sizeof(names[0]), "%s/%s", all->tunnels[i].name, CHILD_AUTO);
	return names;
}

void
want_fini(struct want *w)
{
	free(w->v);
	free(w->by_reqid);
	spd_fini(&w->spd);
	memset(w, 0, sizeof(*w));
}

const struct want_tunnel *
want_find(const struct want *w, const char *tunnel)
{
	unsigned lo = 0, hi = w->n;

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;
		int c = strcmp(tunnel, w->v[mid].t->name);

		if (c == 0)
			return &w->v[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

const struct want_tunnel *
want_by_reqid(const struct want *w, uint32_t reqid)
{
	unsigned lo = 0, hi = w->n;

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;

		if (reqid == w->by_reqid[mid]->reqid)
			return w->by_reqid[mid];
		if (reqid < w->by_reqid[mid]->reqid)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

/* The digest of the definition says all but the order of the networks, and by which preset the algorithms were named. */
bool
want_same(const struct want_tunnel *a, const struct want_tunnel *b)
{
	return memcmp(a->t->digest, b->t->digest, sizeof(a->t->digest)) == 0 && strcmp(a->t->policy, b->t->policy) == 0 && a->reqid == b->reqid &&
	    a->local_is_a == b->local_is_a && site_same_nets(a->local, b->local) && site_same_nets(a->remote, b->remote);
}

static void
side_selectors(const struct site *s, const struct site *partner, struct ts_list *out)
{
	out->n = 0;
	for (unsigned i = 0; i < s->nnets; i++)
		for (unsigned j = 0; j < partner->nnets; j++)
			if (s->nets[i].addr.fam == partner->nets[j].addr.fam) {
				out->v[out->n++] = ts_from_prefix(&s->nets[i]);
				break;
			}
}

void
want_selectors(const struct want_tunnel *w, struct ts_list *local, struct ts_list *remote)
{
	side_selectors(w->local, w->remote, local);
	side_selectors(w->remote, w->local, remote);
}

const struct site_auth *
want_auth(const struct want_tunnel *w, bool local)
{
	return &w->t->auth[w->local_is_a == local ? 0 : 1];
}

/* iked is told when it changes, not what it is. */
static void
proofs_digest(const struct site_tunnel *t, uint8_t out[32])
{
	uint8_t buf[4096];
	struct wr w = wr_of(buf, sizeof(buf));

	auth_put(&w, &t->auth[0]);
	auth_put(&w, &t->auth[1]);
	if (!wr_ok(&w) || EVP_Digest(buf, w.n, out, NULL, EVP_sha256(), NULL) != 1)
		memset(out, 0, 32);
}

void
want_tunnel_msg(const struct want_tunnel *w, bool prefer_udp, struct tunnel *m)
{
	const struct site_tunnel *t = w->t;

	memset(m, 0, sizeof(*m));
	snprintf(m->name, sizeof(m->name), "%s", t->name);
	m->local = w->local->address;
	m->remote = w->remote->address;
	snprintf(m->id_local, sizeof(m->id_local), "%s", w->local->id);
	snprintf(m->id_remote, sizeof(m->id_remote), "%s", w->remote->id);
	m->start = w->start;
	m->first = w->first;
	m->encap = t->encap;
	m->auth_local = want_auth(w, true)->how;
	m->auth_remote = want_auth(w, false)->how;
	m->prefer_udp = prefer_udp;
	m->ike_life_s = t->ike_life_s;
	m->child_life_s = t->child_life_s;
	m->child_life_bytes = t->child_bytes;
	m->child_life_packets = t->child_packets;
	m->ike_hard_s = t->ike_hard_s;
	m->child_hard_s = t->child_hard_s;
	m->replay_window = t->replay_window;
	proofs_digest(t, m->proofs);
	memcpy(m->digest, t->digest, sizeof(m->digest));
	m->ike = *t->ike;
	m->esp = *t->esp;
	m->nchildren = 1;
	snprintf(m->children[0].name, sizeof(m->children[0].name), "%s", CHILD_AUTO);
	m->children[0].reqid = w->reqid;
	want_selectors(w, &m->children[0].local, &m->children[0].remote);
}

void
want_binding(const struct want_tunnel *w, struct binding *b)
{
	const struct site_auth *ours = want_auth(w, true), *theirs = want_auth(w, false);

	memset(b, 0, sizeof(*b));
	snprintf(b->tunnel, sizeof(b->tunnel), "%s", w->t->name);
	b->how_local = ours->how;
	b->how_remote = theirs->how;
	b->old_methods = strcmp(w->t->policy, "compatible") == 0 || strcmp(w->t->policy, "legacy") == 0;
	snprintf(b->psk_local, sizeof(b->psk_local), "%s", ours->psk);
	snprintf(b->psk_remote, sizeof(b->psk_remote), "%s", theirs->psk);
	snprintf(b->cert, sizeof(b->cert), "%s", ours->cert);
	b->ntrust = theirs->ntrust;
	memcpy(b->trust, theirs->trust, sizeof(b->trust));
	if (theirs->public_key) {
		b->npublic = theirs->public_key->n;
		memcpy(b->public_key, theirs->public_key->der, b->npublic);
	}
	snprintf(b->id_local, sizeof(b->id_local), "%s", w->local->id);
	snprintf(b->id_remote, sizeof(b->id_remote), "%s", w->remote->id);
	b->nreqids = 1;
	b->reqids[0] = w->reqid;
}
