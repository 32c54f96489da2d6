/* SPDX-License-Identifier: BSD-2-Clause */
#include <openssl/evp.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "pfkey.h"
#include "siteauth.h"
#include "want.h"

const char *
want_iface(const struct want_tunnel *t)
{
	return t->t->iface[t->local_is_a ? 0 : 1];
}

static const struct prefix *
nets(const struct want_tunnel *t, unsigned child, bool local, unsigned *n)
{
	return child_nets(t->all, t->t, child, t->local_is_a == local ? 0 : 1, n);
}

/* What is routed to an interface is its tunnel's, whatever its addresses are; a child that names networks says which of it. */
static const struct prefix *
selected(const struct want_tunnel *t, unsigned child, bool local, unsigned *n)
{
	static const struct prefix all[2] = { { .addr = { .fam = 4 } }, { .addr = { .fam = 6 } } };

	if (!want_iface(t)[0] || t->t->children[child].nets[t->local_is_a == local ? 0 : 1])
		return nets(t, child, local, n);
	*n = 2;
	return all;
}

static uint16_t
port(const struct want_tunnel *t, unsigned child, bool local)
{
	return t->t->children[child].port[t->local_is_a == local ? 0 : 1];
}

/* One out and one in for each pair of networks of one family. like: what they have in common. */
static bool
add_pairs(struct want *w, struct want_tunnel *t, unsigned child, const struct spd_entry *like, const struct prefix *local, unsigned nl,
    const struct prefix *remote, unsigned nr)
{
	for (unsigned i = 0; i < nl; i++)
		for (unsigned j = 0; j < nr; j++) {
			struct spd_entry e = *like;

			if (local[i].addr.fam != remote[j].addr.fam)
				continue;
			e.dir = CW_DIR_OUT;
			e.src = local[i];
			e.dst = remote[j];
			e.sport = port(t, child, true);
			e.dport = port(t, child, false);
			e.priority = spd_priority(&e);
			if (!spd_add(&w->spd, &e))
				return false;
			e.dir = CW_DIR_IN;
			e.src = remote[j];
			e.dst = local[i];
			e.sport = port(t, child, false);
			e.dport = port(t, child, true);
			if (!spd_add(&w->spd, &e))
				return false;
			t->npolicies[child] += 2;
		}
	return true;
}

/*
 * Those of an interface stand in its own part of the SPD, and where they would be without it, others that discard: then what belongs to the tunnel
 * and is routed elsewhere is lost, not sent in the clear.
 */
static bool
add_policies(struct want *w, unsigned index, unsigned child)
{
	struct want_tunnel *t = &w->v[index];
	struct spd_entry e = { .proto = t->t->children[child].proto, .reqid = t->reqid[child], .plain = true, .owner = SPD_OURS, .tunnel = index, .child = child };
	unsigned nl, nr;
	const struct prefix *local, *remote;

	if (want_iface(t)[0]) {
		struct spd_entry none = e;

		none.reqid = 0;
		none.discard = true;
		local = nets(t, child, true, &nl);
		remote = nets(t, child, false, &nr);
		if (!add_pairs(w, t, child, &none, local, nl, remote, nr))
			return false;
		memcpy(e.iface, want_iface(t), sizeof(e.iface));
	}
	local = selected(t, child, true, &nl);
	remote = selected(t, child, false, &nr);
	return add_pairs(w, t, child, &e, local, nl, remote, nr);
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
	if (w->t->start == START_RESPOND || site_is_any(w->remote))
		return;
	w->start = w->t->start;
	w->first = we_are_a || site_is_any(w->local);
}

void
want_tunnel_of(struct want_tunnel *v, const struct sites *all, const struct site_tunnel *t, const char *our_site)
{
	bool we_are_a = strcmp(all->sites[t->a].name, our_site) == 0;

	memset(v, 0, sizeof(*v));
	v->t = t;
	v->all = all;
	v->local = &all->sites[we_are_a ? t->a : t->b];
	v->local_is_a = we_are_a;
	v->remote = &all->sites[we_are_a ? t->b : t->a];
	set_start(v, we_are_a);
}

static int
cmp_reqid(const void *a, const void *b)
{
	const struct want_child *x = a, *y = b;

	return x->reqid < y->reqid ? -1 : x->reqid > y->reqid;
}

unsigned
want_count(const struct want *w)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->n; i++)
		n += w->v[i].t->nchildren;
	return n;
}

void
want_index(struct want *w, struct want_child *v)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->n; i++)
		for (unsigned k = 0; k < w->v[i].t->nchildren; k++)
			v[n++] = (struct want_child){ w->v[i].reqid[k], i, k };
	if (n)
		qsort(v, n, sizeof(*v), cmp_reqid);
	w->by_reqid = v;
	w->nchildren = n;
}

bool
want_build(struct want *w, const struct sites *all, const char *our_site, uint32_t (*reqid)(void *, const char *, const char *), void *arg)
{
	struct want_child *index = NULL;
	bool ok = true;

	memset(w, 0, sizeof(*w));
	if (!all)
		return true;
	w->v = calloc(all->ntunnels + 1u, sizeof(*w->v));
	if (!w->v)
		return false;
	for (unsigned i = 0; i < all->ntunnels && ok; i++) {
		const struct site_tunnel *t = &all->tunnels[i];
		struct want_tunnel *v = &w->v[w->n];

		if (!tunnel_has_site(all, t, our_site))
			continue;
		want_tunnel_of(v, all, t, our_site);
		for (unsigned k = 0; k < t->nchildren && ok; k++) {
			v->reqid[k] = reqid(arg, t->name, t->children[k].name);
			ok = v->reqid[k] != 0 && add_policies(w, w->n, k);
		}
		w->n++;
	}
	spd_sort(&w->spd);
	if (ok)
		index = calloc(want_count(w) + 1u, sizeof(*index));
	if (!index) {
		want_fini(w);
		return false;
	}
	want_index(w, index);
	return true;
}

char
(*want_children(const struct sites *all, const char *our_site, size_t *n))[CHILD_NAME_CAP]
{
	size_t most = 1;
	char (*names)[CHILD_NAME_CAP];

	for (unsigned i = 0; i < all->ntunnels; i++)
		most += all->tunnels[i].nchildren;
	names = calloc(most, sizeof(*names));
	*n = 0;
	for (unsigned i = 0; names && i < all->ntunnels; i++)
		for (unsigned k = 0; k < all->tunnels[i].nchildren && tunnel_has_site(all, &all->tunnels[i], our_site); k++)
			snprintf(names[(*n)++], sizeof(names[0]), "%s/%s", all->tunnels[i].name, all->tunnels[i].children[k].name);
	return names;
}

/* Of one interface all are refused or none: one that has it says it of the interface. */
bool
want_present(const struct want *w, unsigned t)
{
	const struct want_tunnel *v = &w->v[t];
	struct spd_entry key = { .dir = CW_DIR_OUT, .proto = v->t->children[0].proto, .sport = port(v, 0, true), .dport = port(v, 0, false) };
	unsigned nl, nr;
	const struct prefix *l = selected(v, 0, true, &nl), *r = selected(v, 0, false, &nr);
	const struct spd_entry *e;

	memcpy(key.iface, want_iface(v), sizeof(key.iface));
	for (unsigned i = 0; i < nl; i++)
		for (unsigned k = 0; k < nr; k++)
			if (l[i].addr.fam == r[k].addr.fam) {
				key.src = l[i];
				key.dst = r[k];
				e = spd_find(&w->spd, &key);
				return e && e->present;
			}
	return false;
}

const char *
want_child_name(const struct want_tunnel *w, unsigned child)
{
	return w->t->children[child].name;
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

const struct want_child *
want_by_reqid(const struct want *w, uint32_t reqid)
{
	struct want_child key = { .reqid = reqid };

	return w->nchildren ? bsearch(&key, w->by_reqid, w->nchildren, sizeof(key), cmp_reqid) : NULL;
}

static bool
same_children(const struct want_tunnel *a, const struct want_tunnel *b)
{
	if (a->t->nchildren != b->t->nchildren)
		return false;
	for (unsigned i = 0; i < a->t->nchildren; i++)
		for (int local = 0; local < 2; local++) {
			unsigned n, m;
			const struct prefix *x = nets(a, i, local, &n), *y = nets(b, i, local, &m);

			if (a->reqid[i] != b->reqid[i] || n != m)
				return false;
			for (unsigned k = 0; k < n; k++)
				if (x[k].len != y[k].len || !addr_eq(&x[k].addr, &y[k].addr))
					return false;
		}
	return true;
}

/* The digest of the definition says all but the order of the networks, and by which preset the algorithms were named. */
bool
want_same(const struct want_tunnel *a, const struct want_tunnel *b)
{
	return memcmp(a->t->digest, b->t->digest, sizeof(a->t->digest)) == 0 && strcmp(a->t->policy, b->t->policy) == 0 &&
	    a->local_is_a == b->local_is_a && same_children(a, b) && site_same_nets(a->local, b->local) && site_same_nets(a->remote, b->remote);
}

static void
side_selectors(const struct want_tunnel *w, unsigned child, bool local, struct ts_list *out)
{
	unsigned n, m;
	const struct prefix *v = selected(w, child, local, &n), *partner = selected(w, child, !local, &m);
	uint16_t p = port(w, child, local);

	out->n = 0;
	for (unsigned i = 0; i < n; i++)
		for (unsigned j = 0; j < m; j++)
			if (v[i].addr.fam == partner[j].addr.fam) {
				struct ts t = ts_from_prefix(&v[i]);

				t.proto = w->t->children[child].proto;
				if (p)
					t.port_lo = t.port_hi = p;
				out->v[out->n++] = t;
				break;
			}
}

void
want_selectors(const struct want_tunnel *w, unsigned child, struct ts_list *local, struct ts_list *remote)
{
	side_selectors(w, child, true, local);
	side_selectors(w, child, false, remote);
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
	memcpy(m->iface, want_iface(w), sizeof(m->iface));
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
	m->nchildren = (uint8_t)t->nchildren;
	for (unsigned i = 0; i < t->nchildren; i++) {
		snprintf(m->children[i].name, sizeof(m->children[i].name), "%s", t->children[i].name);
		m->children[i].reqid = w->reqid[i];
		want_selectors(w, i, &m->children[i].local, &m->children[i].remote);
	}
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
	memcpy(b->iface, want_iface(w), sizeof(b->iface));
	b->nreqids = (uint8_t)w->t->nchildren;
	memcpy(b->reqids, w->reqid, w->t->nchildren * sizeof(b->reqids[0]));
}
