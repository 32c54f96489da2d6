/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The children of a tunnel, each with networks of its own: those of the connection's children, and of connections that became part of it.
 * They are written where the tunnel would otherwise join other networks than the file says. What a site file refuses (a network that is not
 * the site's, a pair of networks twice) is left out; a tunnel whose children cannot be written joins all networks of both ends.
 */
#include <stdlib.h>
#include <string.h>

#include "emit.h"
#include "msg_ike.h"

#define CHILDREN	(IKE_CHILDREN - 1)	/* of a tunnel in a site file */

struct imp_child *
imp_child_add(struct imp *m, struct imp_conn *c, const char *name)
{
	struct imp_child *x = calloc(1, sizeof(*x)), **tail = &c->children;

	if (!x) {
		m->no_memory = true;
		return NULL;
	}
	snprintf(x->name, sizeof(x->name), "%s", name);
	while (*tail)
		tail = &(*tail)->next;
	return *tail = x;
}

void
imp_children_free(struct imp_child *x)
{
	for (struct imp_child *next; x; x = next) {
		next = x->next;
		free(x);
	}
}

static bool
meet(const struct prefix *a, const struct prefix *b)
{
	return a->addr.fam == b->addr.fam && (prefix_has(a, &b->addr) || prefix_has(b, &a->addr));
}

static bool
same(const struct prefix *a, const struct prefix *b)
{
	return a->len == b->len && addr_eq(&a->addr, &b->addr);
}

/* Those of the site's networks or parts of them, and of two that overlap the first. */
static void
keep_inside(struct imp_nets *nets, const struct imp_nets *site)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < nets->n; i++) {
		const struct prefix p = nets->v[i];
		bool inside = false, twice = false;

		for (unsigned k = 0; k < site->n; k++)
			inside |= site->v[k].addr.fam == p.addr.fam && site->v[k].len <= p.len && prefix_has(&site->v[k], &p.addr);
		for (unsigned k = 0; k < kept; k++)
			twice |= meet(&nets->v[k], &p);
		if (inside && !twice)
			nets->v[kept++] = p;
	}
	nets->n = kept;
}

/* Do both have a pair of networks of the same family; with u: the same pair, in whichever direction? */
static bool
pairs(const struct imp_nets *a, const struct imp_nets *b, const struct imp_nets *c, const struct imp_nets *d)
{
	for (unsigned i = 0; i < a->n; i++)
		for (unsigned k = 0; k < b->n; k++) {
			bool forth = !c, back = false;

			if (a->v[i].addr.fam != b->v[k].addr.fam)
				continue;
			for (unsigned x = 0; c && x < c->n; x++)
				for (unsigned y = 0; y < d->n; y++) {
					forth |= same(&a->v[i], &c->v[x]) && same(&b->v[k], &d->v[y]);
					back |= same(&a->v[i], &d->v[y]) && same(&b->v[k], &c->v[x]);
				}
			if (forth || back)
				return true;
		}
	return false;
}

static bool
all_of(const struct imp_nets *nets, const struct imp_nets *site)
{
	for (unsigned i = 0; i < site->n; i++) {
		bool there = false;

		for (unsigned k = 0; k < nets->n; k++)
			there |= same(&nets->v[k], &site->v[i]);
		if (!there)
			return false;
	}
	return true;
}

static bool
child_ok(const struct emit_tunnel *t, struct imp_child *x, const struct imp_nets *here, const struct imp_nets *peer)
{
	const struct imp_conn *c = t->conn;

	if (x->here.n == 0)
		x->here = c->here.nets;
	if (x->peer.n == 0)
		x->peer = c->peer.nets;
	keep_inside(&x->here, here);
	keep_inside(&x->peer, peer);
	if (!pairs(&x->here, &x->peer, NULL, NULL))
		return false;
	for (const struct imp_child *y = c->children; y != x; y = y->next)
		if (y->kept && pairs(&x->here, &x->peer, &y->here, &y->peer))
			return false;
	return true;
}

static void
name_child(const struct emit_tunnel *t, struct imp_child *x)
{
	char base[NAME_CAP];
	unsigned n = 1;
	bool taken;

	name_make(x->name, strlen(x->name), NAME_CAP - 6, base);
	if (!base[0])
		snprintf(base, sizeof(base), "net");
	snprintf(x->name, sizeof(x->name), "%s", base);
	do {
		taken = false;
		for (const struct imp_child *y = t->conn->children; y != x; y = y->next)
			taken |= y->kept && strcmp(y->name, x->name) == 0;
		if (taken)
			snprintf(x->name, sizeof(x->name), "%.57s-%u", base, ++n);
	} while (taken);
}

static void
settle(struct imp *m, const struct emit_site *sites, struct emit_tunnel *t)
{
	const struct imp_nets *here = &sites[t->here].nets, *peer = &sites[t->peer].nets;
	struct imp_conn *c = t->conn;

	t->nchildren = 0;
	m->file = c->file;
	if (!c->children)
		imp_child_add(m, c, c->name);
	for (struct imp_child *x = c->children; x; x = x->next) {
		if (!child_ok(t, x, here, peer)) {
			imp_note(m, c->line, "tunnel '%s': the child '%.60s' is left out: no pair of networks of its own remains", t->name, x->name);
			continue;
		}
		name_child(t, x);
		x->kept = true;
		t->nchildren++;
	}
	if (t->nchildren > CHILDREN) {
		imp_note(m, c->line, "tunnel '%s': %u children are more than a tunnel can have: it joins all networks of both ends", t->name, t->nchildren);
		t->nchildren = 0;
	}
	for (const struct imp_child *x = c->children; x && t->nchildren == 1; x = x->next)
		if (x->kept && all_of(&x->here, here) && all_of(&x->peer, peer))
			t->nchildren = 0;
}

/* Does one of t's children join what the other tunnel joins? */
static bool
clash(const struct emit_site *sites, const struct emit_tunnel *t, const struct emit_tunnel *u)
{
	for (const struct imp_child *x = t->conn->children; x; x = x->next) {
		if (!x->kept)
			continue;
		if (u->nchildren == 0 && pairs(&x->here, &x->peer, &sites[u->here].nets, &sites[u->peer].nets))
			return true;
		for (const struct imp_child *y = u->nchildren ? u->conn->children : NULL; y; y = y->next)
			if (y->kept && pairs(&x->here, &x->peer, &y->here, &y->peer))
				return true;
	}
	return false;
}

void
emit_children(struct imp *m, const struct emit_site *sites, struct emit_tunnel *tunnels, unsigned n)
{
	bool changed = true;

	for (unsigned i = 0; i < n; i++)
		settle(m, sites, &tunnels[i]);
	while (changed) {
		changed = false;
		for (unsigned i = 0; i < n; i++)
			for (unsigned k = 0; k < n && tunnels[i].nchildren; k++)
				if (k != i && clash(sites, &tunnels[i], &tunnels[k])) {
					m->file = tunnels[i].conn->file;
					imp_note(m, tunnels[i].conn->line, "tunnel '%s': its children join what '%s' joins: it joins all networks of both ends instead",
					    tunnels[i].name, tunnels[k].name);
					tunnels[i].nchildren = 0;
					changed = true;
				}
	}
}
