/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections become sites and tunnels. A site is a gateway: one address and one identity, with the networks of all its connections. What
 * would make a site file that Causeway refuses (networks that overlap, a pair of networks twice) is left out with a note, connection by
 * connection in the order of the file, so that what is written is valid as it is.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "emit.h"
#include "msg_ike.h"

struct work {
	struct imp	*m;
	unsigned	 nsites, ntunnels;
	struct emit_site *sites;
	struct emit_tunnel *tunnels;
};

/* ---- one connection by itself ---- */

/* A name that a site file takes, in its spelling: lower-case letters. What may be a mistyped address it does not take. */
static bool
settle_host(char *name)
{
	for (char *p = name; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
	return host_ok(name) && strspn(name, "0123456789.x") != strlen(name);
}

/* An address or a host name that a site can have; "" and false: none, the site is "any". */
static bool
settle_address(struct imp *m, const struct imp_conn *c, struct imp_end *e, const char *whose)
{
	struct addr a;

	if (addr_parse(e->address, &a) && !addr_is_any(&a)) {
		addr_str(&a, e->address);
		return true;
	}
	if (settle_host(e->address))
		return true;
	if (e->address[0] && strcmp(e->address, "any") != 0 && !addr_parse(e->address, &a))
		imp_note(m, c->line, "connection '%.60s': '%.80s' of %s is no address and no host name: the site has 'address: any' until you write the address",
		    c->name, e->address, whose);
	else if (e == &c->here)
		imp_note(m, c->line, "connection '%.60s': the file does not say this gateway's address: the site has 'address: any', so it only begins, until you write it",
		    c->name);
	snprintf(e->address, sizeof(e->address), "any");
	return false;
}

static void
settle_id(struct imp *m, const struct imp_conn *c, struct imp_end *e, const char *whose)
{
	struct addr a;

	if (e->id[0])
		return;
	if (e->how == IMP_CERT)
		imp_note(m, c->line, "connection '%.60s': %s has no identity in the file; it may be the subject of its certificate: 'id:' of the site must be in the certificate",
		    c->name, whose);
	if (addr_parse(e->address, &a))
		snprintf(e->id, sizeof(e->id), "ip:%.46s", e->address);
}

static void
settle_nets(struct imp_end *e)
{
	struct prefix p;

	if (e->nets.n == 0 && strcmp(e->address, "any") != 0 && prefix_parse(e->address, &p))
		e->nets.v[e->nets.n++] = p;
}

static bool
meet(const struct prefix *a, const struct prefix *b)
{
	return a->addr.fam == b->addr.fam && (prefix_has(a, &b->addr) || prefix_has(b, &a->addr));
}

/* A network of the peer that overlaps one of ours has no place in a site file; neither has one whose family the other end lacks. */
static void
settle_overlap(struct imp *m, struct imp_conn *c)
{
	char text[PREFIX_STR];
	unsigned kept = 0;

	for (unsigned i = 0; i < c->peer.nets.n; i++) {
		bool clash = false;

		for (unsigned k = 0; k < c->here.nets.n; k++)
			clash = clash || meet(&c->peer.nets.v[i], &c->here.nets.v[k]);
		if (clash)
			imp_note(m, c->line, "connection '%.60s': the network %s of the peer overlaps one of this gateway's: it is left out", c->name,
			    prefix_str(&c->peer.nets.v[i], text));
		else
			c->peer.nets.v[kept++] = c->peer.nets.v[i];
	}
	c->peer.nets.n = kept;
}

static bool
families_meet(const struct imp_nets *a, const struct imp_nets *b)
{
	for (unsigned i = 0; i < a->n; i++)
		for (unsigned k = 0; k < b->n; k++)
			if (a->v[i].addr.fam == b->v[k].addr.fam)
				return true;
	return false;
}

static bool
settle(struct imp *m, struct imp_conn *c)
{
	struct addr a, b;
	bool here, peer;

	if (c->dropped)
		return false;
	m->file = c->file;
	if (c->here.how == IMP_UNSAID && c->peer.how == IMP_UNSAID)
		c->here.how = c->peer.how = c->has_secret || !c->here.cert[0] ? IMP_PSK : IMP_CERT;
	if (c->here.how == IMP_UNSAID)
		c->here.how = c->peer.how;
	if (c->peer.how == IMP_UNSAID)
		c->peer.how = c->here.how;
	if (c->here.how == IMP_OTHER || c->peer.how == IMP_OTHER)
		imp_drop(m, c, "it uses a kind of authentication for single users or none at all");
	here = settle_address(m, c, &c->here, "this gateway");
	peer = settle_address(m, c, &c->peer, "the peer");
	if (!here && !peer)
		imp_drop(m, c, "neither end has an address");
	if (here && peer && addr_parse(c->here.address, &a) && addr_parse(c->peer.address, &b) && (a.fam != b.fam || addr_eq(&a, &b)))
		imp_drop(m, c, "its two addresses are the same, or of different families");
	if (here && peer && strcmp(c->here.address, c->peer.address) == 0)
		imp_drop(m, c, "its two ends have the same name");
	settle_id(m, c, &c->here, "this gateway");
	settle_id(m, c, &c->peer, "the peer");
	settle_nets(&c->here);
	settle_nets(&c->peer);
	settle_overlap(m, c);
	if (!c->dropped && !families_meet(&c->here.nets, &c->peer.nets))
		imp_drop(m, c, "no pair of networks remains");
	if (!c->dropped && c->transport)
		imp_note(m, c->line, "connection '%.60s' is transport mode: it becomes a tunnel between the two, which the peer must have too", c->name);
	return !c->dropped;
}

/* ---- sites ---- */

static bool
taken(const struct work *w, bool site, const char *name)
{
	for (unsigned i = 0; i < (site ? w->nsites : w->ntunnels); i++)
		if (strcmp(site ? w->sites[i].name : w->tunnels[i].name, name) == 0)
			return true;
	return false;
}

static void
unique(const struct work *w, bool site, const char *from, char out[NAME_CAP])
{
	char base[NAME_CAP];

	name_make(from, strlen(from), NAME_CAP - 6, base);
	if (!base[0])
		snprintf(base, sizeof(base), "x");
	snprintf(out, NAME_CAP, "%s", base);
	for (unsigned i = 2; taken(w, site, out); i++)
		snprintf(out, NAME_CAP, "%.57s-%u", base, i);
}

/* The site of this end, made when there is none yet: for "fqdn:tokyo.example.org" it is "tokyo". */
static struct emit_site *
site_of(struct work *w, const struct imp_end *e, const char *fallback)
{
	struct emit_site *s;
	char base[ID_CAP];

	for (unsigned i = 0; i < w->nsites; i++)
		if (strcmp(w->sites[i].address, e->address) == 0 && strcmp(w->sites[i].id, e->id) == 0 &&
		    (e->id[0] || strcmp(e->address, "any") != 0 || strcmp(w->sites[i].from, fallback) == 0))
			return &w->sites[i];
	s = &w->sites[w->nsites];
	memset(s, 0, sizeof(*s));
	snprintf(s->address, sizeof(s->address), "%.253s", e->address);
	snprintf(s->id, sizeof(s->id), "%s", e->id);
	snprintf(s->from, sizeof(s->from), "%s", fallback);
	if (strncmp(e->id, "fqdn:", 5) == 0)
		snprintf(base, sizeof(base), "%.*s", (int)strcspn(e->id + 5, "."), e->id + 5);
	else
		snprintf(base, sizeof(base), "%.200s", fallback);
	unique(w, true, base, s->name);
	w->nsites++;
	return s;
}

/* Into the site's networks, the wider of two that overlap. True: they are others now. False and *full: no room. */
static bool
widen(struct imp_nets *to, const struct imp_nets *from, bool *full)
{
	bool grown = false;

	for (unsigned i = 0; i < from->n; i++) {
		const struct prefix *p = &from->v[i];
		unsigned kept = 0;
		bool inside = false;

		for (unsigned k = 0; k < to->n; k++) {
			if (to->v[k].addr.fam == p->addr.fam && to->v[k].len <= p->len && prefix_has(&to->v[k], &p->addr))
				inside = true;
			if (inside || !meet(&to->v[k], p))
				to->v[kept++] = to->v[k];
		}
		to->n = kept;
		if (inside)
			continue;
		grown = true;
		if (to->n == IMP_NETS)
			*full = true;
		else
			to->v[to->n++] = *p;
	}
	return grown;
}

static bool
same(const struct prefix *a, const struct prefix *b)
{
	return a->len == b->len && addr_eq(&a->addr, &b->addr);
}

static bool
has(const struct imp_nets *nets, const struct prefix *p)
{
	for (unsigned i = 0; i < nets->n; i++)
		if (same(&nets->v[i], p))
			return true;
	return false;
}

/* Do two tunnels join the same pair of networks? */
static bool
pair_twice(const struct work *w, const struct emit_tunnel *t, const struct emit_tunnel *u)
{
	const struct imp_nets *a = &w->sites[t->here].nets, *b = &w->sites[t->peer].nets, *c = &w->sites[u->here].nets, *d = &w->sites[u->peer].nets;

	for (unsigned i = 0; i < a->n; i++)
		for (unsigned k = 0; k < b->n; k++)
			if (a->v[i].addr.fam == b->v[k].addr.fam && ((has(c, &a->v[i]) && has(d, &b->v[k])) || (has(d, &a->v[i]) && has(c, &b->v[k]))))
				return true;
	return false;
}

/* What sitecheck.c would refuse, of tunnels at these two sites. */
static const char *
clash(const struct work *w, unsigned x, unsigned y, bool grown)
{
	for (unsigned i = grown ? 0 : w->ntunnels - 1; i < w->ntunnels; i++) {
		const struct emit_tunnel *t = &w->tunnels[i];
		const struct imp_nets *a = &w->sites[t->here].nets, *b = &w->sites[t->peer].nets;

		if (t->here != x && t->here != y && t->peer != x && t->peer != y)
			continue;
		for (unsigned k = 0; k < a->n; k++)
			for (unsigned j = 0; j < b->n; j++)
				if (meet(&a->v[k], &b->v[j]))
					return "a network of one end, as all its connections together have them, overlaps one of the other end";
		for (unsigned j = 0; j < w->ntunnels; j++)
			if (j != i && pair_twice(w, t, &w->tunnels[j]))
				return "another connection joins the same two networks";
	}
	return NULL;
}

static struct emit_tunnel *
tunnel_between(const struct work *w, unsigned here, unsigned peer)
{
	for (unsigned i = 0; i < w->ntunnels; i++)
		if ((w->tunnels[i].here == here && w->tunnels[i].peer == peer) || (w->tunnels[i].here == peer && w->tunnels[i].peer == here))
			return &w->tunnels[i];
	return NULL;
}

static void
say_wider(struct work *w, const struct imp_conn *c, const struct emit_site *s, const struct imp_nets *own)
{
	if (s->nets.n != own->n)
		imp_note(w->m, c->line, "connection '%.60s' has not all networks of the site '%s'; a tunnel of Causeway joins all of them", c->name, s->name);
}

/* What a child leaves open is the connection's. */
static void
own_children(struct imp *m, struct imp_conn *c)
{
	if (!c->children)
		imp_child_add(m, c, c->name);
	for (struct imp_child *x = c->children; x; x = x->next) {
		if (x->here.n == 0)
			x->here = c->here.nets;
		if (x->peer.n == 0)
			x->peer = c->peer.nets;
	}
}

static void
turn(struct imp_child *x)
{
	struct imp_nets was = x->here;

	x->here = x->peer;
	x->peer = was;
}

/* The connection's children are the tunnel's now; it may be written from the other end. */
static void
join(struct imp *m, const struct emit_tunnel *t, unsigned here, struct imp_conn *c)
{
	struct imp_child *x, **tail = &t->conn->children;

	own_children(m, t->conn);
	own_children(m, c);
	for (x = c->children; x && t->here != here; x = x->next)
		turn(x);
	while (*tail)
		tail = &(*tail)->next;
	*tail = c->children;
	c->children = NULL;
}

static void
add(struct work *w, struct imp_conn *c)
{
	unsigned was_sites = w->nsites, was_tunnels = w->ntunnels, here, peer;
	struct emit_tunnel *joined = NULL;
	struct imp_nets was_here, was_peer;
	bool full = false, grown;
	const char *why;

	here = (unsigned)(site_of(w, &c->here, "gateway") - w->sites);
	peer = (unsigned)(site_of(w, &c->peer, c->name) - w->sites);
	was_here = w->sites[here].nets;
	was_peer = w->sites[peer].nets;
	grown = widen(&w->sites[here].nets, &c->here.nets, &full);
	grown = widen(&w->sites[peer].nets, &c->peer.nets, &full) || grown;
	if (tunnel_between(w, here, peer)) {
		imp_note(w->m, c->line, "connection '%.60s' becomes part of the tunnel '%s', which has the same two ends; the algorithms of that stay", c->name,
		    tunnel_between(w, here, peer)->name);
		joined = tunnel_between(w, here, peer);
	} else {
		struct emit_tunnel *t = &w->tunnels[w->ntunnels];

		unique(w, false, c->name, t->name);
		t->here = here;
		t->peer = peer;
		t->conn = c;
		w->ntunnels++;
	}
	why = full ? "a site would have more networks than it can" : here == peer ? "both ends are the same" : clash(w, here, peer, grown && was_tunnels > 0);
	if (why) {
		imp_drop(w->m, c, "%s", why);
		w->sites[here].nets = was_here;
		w->sites[peer].nets = was_peer;
		w->nsites = was_sites;
		w->ntunnels = was_tunnels;
	} else if (joined)
		join(w->m, joined, here, c);
}

/* A gateway is one site; a file that gives it several addresses or identities needs a person to say which it is. */
static void
say_several(const struct work *w)
{
	char names[200] = "";
	unsigned n = 0;

	for (unsigned i = 0; i < w->nsites; i++) {
		bool mine = false;
		size_t k = strlen(names);

		for (unsigned j = 0; j < w->ntunnels; j++)
			mine = mine || w->tunnels[j].here == i;
		if (mine)
			snprintf(names + k, sizeof(names) - k, "%s%s", n++ ? ", " : "", w->sites[i].name);
	}
	if (n > 1)
		imp_note(w->m, 0, "this gateway has several addresses or identities, so it is several sites (%s); a gateway is one site: make them one, or the others stay down",
		    names);
}

/* ---- secrets ---- */

static bool
names(const struct imp_secret *s, const struct imp_end *e)
{
	char ip[IMP_TEXT + 3];

	snprintf(ip, sizeof(ip), "ip:%s", e->address);
	for (unsigned i = 0; i < s->nids; i++)
		if (strcmp(s->ids[i], e->id) == 0 || strcmp(s->ids[i], ip) == 0)
			return true;
	return false;
}

/* The one that names both ends is better than one that names the peer, than one that names this end, than one for all. */
static void
find_secret(struct imp *m, struct imp_conn *c)
{
	const struct imp_secret *best = NULL;
	int top = -1;

	for (const struct imp_secret *s = m->secrets; s && !c->has_secret; s = s->next) {
		int score = s->nids == 0 ? 0 : names(s, &c->here) + 2 * names(s, &c->peer);

		if ((score || s->nids == 0) && score >= top) {
			best = s;
			top = score;
		}
	}
	if (best)
		c->has_secret = secret_set(&c->secret, secret_bytes(&best->secret));
}

bool
imp_emit(struct imp *m, FILE *out)
{
	struct work w = { .m = m };

	w.sites = calloc(2 * (size_t)m->nconns + 2, sizeof(*w.sites));
	w.tunnels = calloc((size_t)m->nconns + 2, sizeof(*w.tunnels));
	if (!w.sites || !w.tunnels)
		m->no_memory = true;
	for (struct imp_conn *c = m->conns; c && !m->no_memory; c = c->next)
		if (settle(m, c))
			add(&w, c);
	if (!m->no_memory)
		emit_children(m, w.sites, w.tunnels, w.ntunnels);
	for (unsigned i = 0; i < w.ntunnels && !m->no_memory; i++) {
		struct imp_conn *c = w.tunnels[i].conn;

		m->file = c->file;
		if (w.tunnels[i].nchildren == 0) {
			say_wider(&w, c, &w.sites[w.tunnels[i].here], &c->here.nets);
			say_wider(&w, c, &w.sites[w.tunnels[i].peer], &c->peer.nets);
		}
		if (c->here.how == IMP_PSK || c->peer.how == IMP_PSK) {
			snprintf(c->psk, sizeof(c->psk), "%s", w.tunnels[i].name);
			find_secret(m, c);
		}
	}
	m->file = "";
	say_several(&w);
	if (w.ntunnels && !m->no_memory)
		emit_write(m, w.sites, w.nsites, w.tunnels, w.ntunnels, out);
	free(w.sites);
	free(w.tunnels);
	return w.ntunnels > 0 && !m->no_memory;
}
