/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of a site file say about each other: addresses that can meet, networks that do not overlap, and no pair of
 * networks that two tunnels claim. Also the digest of a tunnel's definition, which both ends compare (contracts, "On the wire").
 */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "siteauth.h"

#define PAIR_STR	(2 * PREFIX_STR + 96)

static int
cmp_site(const void *name, const void *s)
{
	return strcmp(name, ((const struct site *)s)->name);
}

static int
cmp_tunnel(const void *name, const void *t)
{
	return strcmp(name, ((const struct site_tunnel *)t)->name);
}

const struct site *
sites_find(const struct sites *all, const char *name)
{
	return all->nsites ? bsearch(name, all->sites, all->nsites, sizeof(*all->sites), cmp_site) : NULL;
}

const struct site_tunnel *
sites_find_tunnel(const struct sites *all, const char *name)
{
	return all->ntunnels ? bsearch(name, all->tunnels, all->ntunnels, sizeof(*all->tunnels), cmp_tunnel) : NULL;
}

bool
tunnel_has_site(const struct sites *all, const struct site_tunnel *t, const char *site)
{
	return strcmp(all->sites[t->a].name, site) == 0 || strcmp(all->sites[t->b].name, site) == 0;
}

bool
site_is_any(const struct site *s)
{
	return s->address.fam == 0 && !s->host;
}

const char *
site_address_str(const struct site *s, char buf[static SITE_ADDRESS_STR])
{
	if (s->address.fam)
		return addr_str(&s->address, buf);
	memcpy(buf, s->host ? s->host : "any", strlen(s->host ? s->host : "any") + 1);
	return buf;
}

bool
site_nets_meet(const struct site *a, const struct site *b)
{
	for (unsigned i = 0; i < a->nnets; i++)
		for (unsigned j = 0; j < b->nnets; j++)
			if (a->nets[i].addr.fam == b->nets[j].addr.fam)
				return true;
	return false;
}

bool
site_same_nets(const struct site *a, const struct site *b)
{
	if (a->nnets != b->nnets)
		return false;
	for (unsigned i = 0; i < a->nnets; i++)
		if (a->nets[i].len != b->nets[i].len || !addr_eq(&a->nets[i].addr, &b->nets[i].addr))
			return false;
	return true;
}

static bool
meet(const struct prefix *a, const struct prefix *b)
{
	return a->addr.fam == b->addr.fam && (prefix_has(a, &b->addr) || prefix_has(b, &a->addr));
}

static bool
check_ends(struct yt *yt, const struct site_tunnel *t, const struct site *a, const struct site *b)
{
	char pa[PREFIX_STR], pb[PREFIX_STR];

	if (site_is_any(a) && site_is_any(b))
		return yt_fail(yt, R_VALUE_INVALID, t->line, t->column, "Give one of them its address.",
		    "Both sites of '%s' have 'address: any', so nobody can begin.", t->name);
	if (a->address.fam && b->address.fam && a->address.fam != b->address.fam)
		return yt_fail(yt, R_VALUE_INVALID, t->line, t->column, "Give both sites an IPv4 address, or both an IPv6 address.",
		    "The addresses of '%s' and '%s' are of different families.", a->name, b->name);
	if ((a->address.fam && addr_eq(&a->address, &b->address)) || (a->host && b->host && strcmp(a->host, b->host) == 0))
		return yt_fail(yt, R_VALUE_INVALID, t->line, t->column, "", "'%s' and '%s' have the same address.", a->name, b->name);
	if (!site_nets_meet(a, b))
		return yt_fail(yt, R_VALUE_INVALID, t->line, t->column, "Give both sites networks of the same family.",
		    "'%s' has only networks of the one family, '%s' only of the other.", a->name, b->name);
	for (unsigned i = 0; i < a->nnets; i++)
		for (unsigned j = 0; j < b->nnets; j++)
			if (meet(&a->nets[i], &b->nets[j]))
				return yt_fail(yt, R_OVERLAP, t->line, t->column, "Every network can be behind one gateway only.",
				    "%s of '%s' and %s of '%s' overlap.", prefix_str(&a->nets[i], pa), a->name, prefix_str(&b->nets[j], pb), b->name);
	return true;
}

/*
 * One pair of networks of one child, with the ports at each; the lower network first, so that the same pair looks the same from both sides.
 */
struct pair {
	struct prefix		lo, hi;
	uint16_t		lo_port, hi_port;
	const struct site_tunnel *t;
	const struct site_child *c;
};

static int
cmp_prefix(const struct prefix *x, const struct prefix *y)
{
	int c = addr_cmp(&x->addr, &y->addr);

	return c ? c : (int)x->len - (int)y->len;
}

/* 0: the same packets. */
static int
cmp_nets(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int c = cmp_prefix(&x->lo, &y->lo);

	if (c == 0)
		c = cmp_prefix(&x->hi, &y->hi);
	if (c == 0)
		c = (int)x->c->proto - (int)y->c->proto;
	if (c == 0)
		c = (int)x->lo_port - (int)y->lo_port;
	return c ? c : (int)x->hi_port - (int)y->hi_port;
}

static int
cmp_pair(const void *a, const void *b)
{
	int c = cmp_nets(a, b);

	return c ? c : strcmp(((const struct pair *)a)->t->name, ((const struct pair *)b)->t->name);
}

/* "10.0.1.0/24 and 10.0.2.0/24 by tcp, port 443 at the second" */
static const char *
pair_str(const struct pair *p, char buf[static PAIR_STR])
{
	char lo[PREFIX_STR], hi[PREFIX_STR], proto[4];
	int n = snprintf(buf, PAIR_STR, "%s and %s", prefix_str(&p->lo, lo), prefix_str(&p->hi, hi));

	if (p->c->proto)
		n += snprintf(buf + n, PAIR_STR - (size_t)n, " by %s", ts_proto_str(p->c->proto, proto));
	if (p->lo_port)
		n += snprintf(buf + n, PAIR_STR - (size_t)n, ", port %u at the first", p->lo_port);
	if (p->hi_port)
		snprintf(buf + n, PAIR_STR - (size_t)n, ", port %u at the second", p->hi_port);
	return buf;
}

static size_t
child_pairs(const struct sites *all, const struct site_tunnel *t, unsigned child, struct pair *out)
{
	unsigned na, nb;
	const struct prefix *a = child_nets(all, t, child, 0, &na), *b = child_nets(all, t, child, 1, &nb);
	const struct site_child *c = &t->children[child];
	size_t n = 0;

	for (unsigned i = 0; i < na; i++)
		for (unsigned j = 0; j < nb; j++) {
			bool less = cmp_prefix(&a[i], &b[j]) < 0;

			if (a[i].addr.fam != b[j].addr.fam)
				continue;
			if (out)
				out[n] = (struct pair){ less ? a[i] : b[j], less ? b[j] : a[i], c->port[!less], c->port[less], t, c };
			n++;
		}
	return n;
}

static size_t
tunnel_pairs(const struct sites *all, const struct site_tunnel *t, struct pair *out)
{
	size_t n = 0;

	for (unsigned i = 0; i < t->nchildren; i++)
		n += child_pairs(all, t, i, out ? out + n : NULL);
	return n;
}

/*
 * The same pair of networks, with the same protocol and ports, in two tunnels: neither end could tell which of them a packet belongs to.
 * Pairs that only overlap are allowed: the longer prefix wins (contracts, "Policy order"), then what names more (spd_priority).
 */
static bool
check_pairs(struct yt *yt, const struct sites *all)
{
	char text[PAIR_STR];
	struct pair *v;
	size_t n = 0, at = 0;

	for (unsigned i = 0; i < all->ntunnels; i++)
		n += tunnel_pairs(all, &all->tunnels[i], NULL);
	v = calloc(n + 1, sizeof(*v));
	if (!v)
		return yt_fail(yt, R_NO_MEMORY, 0, 0, NULL, "There is not enough memory.");
	for (unsigned i = 0; i < all->ntunnels; i++)
		at += tunnel_pairs(all, &all->tunnels[i], v + at);
	qsort(v, n, sizeof(*v), cmp_pair);
	for (size_t i = 1; i < n; i++) {
		const struct site_tunnel *x = v[i - 1].t, *y = v[i].t, *late = x->line > y->line ? x : y;

		if (cmp_nets(&v[i], &v[i - 1]) != 0)
			continue;
		yt_fail(yt, R_OVERLAP, late->line, late->column, "Join the two tunnels, or give them different networks.",
		    "The tunnels '%s' and '%s' both join %s.", x->name, y->name, pair_str(&v[i], text));
		break;
	}
	free(v);
	return yt->err.reason == R_OK;
}

/* The pairs of one tunnel against those of all others; its namesake is the one whose place it takes. */
bool
tunnel_check_others(struct yt *yt, const struct sites *all, const struct site_tunnel *t)
{
	size_t n = tunnel_pairs(all, t, NULL), cap = 0;
	struct pair *mine = calloc(n + 1, sizeof(*mine)), *theirs = NULL, *hit = NULL;
	char text[PAIR_STR];

	if (!mine)
		return yt_fail(yt, R_NO_MEMORY, 0, 0, NULL, "There is not enough memory.");
	iface_check_others(yt, all, t);
	tunnel_pairs(all, t, mine);
	qsort(mine, n, sizeof(*mine), cmp_nets);
	for (unsigned i = 0; i < all->ntunnels && !hit && yt->err.reason == R_OK; i++) {
		const struct site_tunnel *o = &all->tunnels[i];
		size_t m = tunnel_pairs(all, o, NULL);

		if (strcmp(o->name, t->name) == 0)
			continue;
		if (m > cap) {
			free(theirs);
			theirs = calloc(cap = m, sizeof(*theirs));
			if (!theirs) {
				yt_fail(yt, R_NO_MEMORY, 0, 0, NULL, "There is not enough memory.");
				break;
			}
		}
		tunnel_pairs(all, o, theirs);
		for (size_t k = 0; k < m && !hit; k++)
			hit = bsearch(&theirs[k], mine, n, sizeof(*mine), cmp_nets);
		if (hit)
			yt_fail(yt, R_OVERLAP, t->line, t->column, "Join the two tunnels, or give them different networks.",
			    "The tunnels '%s' and '%s' both join %s.", t->name, o->name, pair_str(hit, text));
	}
	free(theirs);
	free(mine);
	return yt->err.reason == R_OK;
}

/* A child that joins nothing, or two that join the same. */
static bool
check_children(struct yt *yt, const struct sites *all, const struct site_tunnel *t)
{
	size_t n = tunnel_pairs(all, t, NULL);
	char text[PAIR_STR];
	struct pair *v;

	for (unsigned i = 0; i < t->nchildren; i++)
		if (child_pairs(all, t, i, NULL) == 0)
			return yt_fail(yt, R_VALUE_INVALID, t->children[i].line, t->children[i].column, "Give both its sides networks of the same family.",
			    "The child '%s' has networks of the one family at one end, and only of the other at the other.", t->children[i].name);
	if (t->nchildren == 1)
		return true;
	v = calloc(n, sizeof(*v));
	if (!v)
		return yt_fail(yt, R_NO_MEMORY, 0, 0, NULL, "There is not enough memory.");
	tunnel_pairs(all, t, v);
	qsort(v, n, sizeof(*v), cmp_nets);
	for (size_t i = 1; i < n && yt->err.reason == R_OK; i++)
		if (cmp_nets(&v[i], &v[i - 1]) == 0) {
			const struct site_child *x = v[i - 1].c, *y = v[i].c, *late = x->line > y->line ? x : y;

			yt_fail(yt, R_OVERLAP, late->line, late->column, "Give them different networks.", "The children '%s' and '%s' both join %s.",
			    x->name, y->name, pair_str(&v[i], text));
		}
	free(v);
	return yt->err.reason == R_OK;
}

bool
tunnel_check(struct yt *yt, const struct sites *all, struct site_tunnel *t)
{
	if (!check_ends(yt, t, &all->sites[t->a], &all->sites[t->b]) || !check_children(yt, all, t))
		return false;
	return tunnel_digest(all, t) || yt_fail(yt, R_INTERNAL, t->line, t->column, NULL, "The digest of '%s' could not be made.", t->name);
}

bool
sites_check(struct yt *yt, struct sites *all)
{
	for (unsigned i = 0; i < all->ntunnels; i++)
		if (!tunnel_check(yt, all, &all->tunnels[i]))
			return false;
	return ifaces_check(yt, all) && check_pairs(yt, all);
}

/* ---- the digest ---- */

static void
put_nets(struct wr *w, const struct prefix *from, unsigned n)
{
	struct prefix nets[SITE_NETS];

	memcpy(nets, from, n * sizeof(nets[0]));
	qsort(nets, n, sizeof(nets[0]), (int (*)(const void *, const void *))cmp_prefix);
	wr_le16(w, (uint16_t)n);
	for (unsigned i = 0; i < n; i++) {
		addr_put(w, &nets[i].addr);
		wr_u8(w, nets[i].len);
	}
}

static void
put_site(struct wr *w, const struct site *s)
{
	str_put(w, s->name);
	addr_put(w, &s->address);
	if (s->host)
		str_put(w, s->host);
	str_put(w, s->id);
	put_nets(w, s->nets, s->nnets);
}

/* The automatic child says nothing that the sites did not say. */
static void
put_children(struct wr *w, const struct sites *all, const struct site_tunnel *t)
{
	const struct prefix *nets;
	unsigned n;

	if (children_are_auto(t))
		return;
	wr_le16(w, (uint16_t)t->nchildren);
	for (unsigned i = 0; i < t->nchildren; i++) {
		str_put(w, t->children[i].name);
		for (unsigned side = 0; side < 2; side++) {
			nets = child_nets(all, t, i, side, &n);
			put_nets(w, nets, n);
		}
	}
	for (unsigned i = 0; i < t->nchildren; i++) {	/* only who has one, so that all others have the digest that older gateways make */
		if (t->children[i].proto == 0)
			continue;
		wr_u8(w, (uint8_t)i);
		wr_u8(w, t->children[i].proto);
		wr_le16(w, t->children[i].port[0]);
		wr_le16(w, t->children[i].port[1]);
	}
}

/* Only who has one, so that all others have the digest that older gateways make. */
static void
put_ifaces(struct wr *w, const struct site_tunnel *t)
{
	if (!tunnel_has_iface(t))
		return;
	str_put(w, "interface");
	str_put(w, t->iface[0]);
	str_put(w, t->iface[1]);
}

bool
tunnel_digest(const struct sites *all, struct site_tunnel *t)
{
	static const char label[] = "Causeway tunnel 1";
	size_t cap = 65536;
	uint8_t *buf = malloc(cap);
	struct wr w;
	bool ok;

	if (!buf)
		return false;
	w = wr_of(buf, cap);
	str_put(&w, label);
	str_put(&w, t->name);
	put_site(&w, &all->sites[t->a]);
	put_site(&w, &all->sites[t->b]);
	if (t->auth[0].how == AUTH_BY_PSK && auth_same(&t->auth[0], &t->auth[1])) {
		str_put(&w, t->auth[0].psk);
	} else {
		str_put(&w, "");
		auth_put(&w, &t->auth[0]);
		auth_put(&w, &t->auth[1]);
	}
	proposals_put(&w, t->ike);
	proposals_put(&w, t->esp);
	wr_u8(&w, t->start);
	wr_u8(&w, t->encap);
	wr_le64(&w, t->ike_life_s);
	wr_le64(&w, t->child_life_s);
	wr_le64(&w, t->child_bytes);
	wr_le64(&w, t->child_packets);
	wr_le64(&w, t->ike_hard_s);
	wr_le64(&w, t->child_hard_s);
	wr_le32(&w, t->replay_window);
	put_children(&w, all, t);
	put_ifaces(&w, t);
	ok = wr_ok(&w) && EVP_Digest(buf, w.n, t->digest, NULL, EVP_sha256(), NULL) == 1;
	free(buf);
	return ok;
}
