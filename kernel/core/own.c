/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Networks of our own. A policy for everything (0.0.0.0/0), or for a network in which ours lies, would take what our own networks
 * send to each other as well. An address is our own when the longest prefix that has it, of all that policies name, is a local
 * one; where a remote one is as long or longer, it is remote. Packets from an own address to an own one are spared, as the user
 * host's routes and guard spare them, and so is what never leaves its link: no tunnel could carry it on.
 * RFC 4301 4.4.1 has the order of the SPD say such things: a bypass in front of each wide policy, which nobody has to write here.
 */
#include "core.h"

struct cw_net {
	struct cw_link	 link;
	struct cw_addr	 addr;
	uint8_t		 len;
	uint32_t	 count[2];	/* how many policies name it as local, as remote */
	struct host_defer defer;
};

enum { LOCAL, REMOTE };

/* The lengths in use: lookups ask for these alone. */
static uint32_t *
lengths(struct cw_engine *e, unsigned what, unsigned fam)
{
	return e->net_lens[what][fam == 6];
}

/* The longest of them: with the usual policies there is none beyond a policy's own, and no packet looks for one. */
static uint32_t *
most(struct cw_engine *e, unsigned what, unsigned fam)
{
	return &e->net_most[what][fam == 6];
}

static uint32_t
hash(struct cw_engine *e, const struct cw_addr *a, unsigned len)
{
	return cw_hash(a->b, cw_addr_len(a), e->seed + len);
}

static struct cw_net *
find(struct cw_engine *e, const struct cw_addr *a, unsigned len)
{
	struct cw_walk w = cw_index_walk(&e->nets, hash(e, a, len));
	struct cw_link *l;

	while ((l = cw_index_next(&w)) != NULL) {
		struct cw_net *n = CW_OF(l, struct cw_net, link);

		if (n->len == len && cw_addr_eq(&n->addr, a))
			return n;
	}
	return NULL;
}

static const struct cw_prefix *
side(const struct cw_policy *p, unsigned what)
{
	return (p->dir == CW_DIR_OUT) == (what == LOCAL) ? &p->src : &p->dst;
}

static bool
take(struct cw_engine *e, const struct cw_prefix *x, unsigned what)
{
	struct cw_net *n = find(e, &x->addr, x->len);
	uint32_t *used = lengths(e, what, x->addr.fam);

	if (!n) {
		if (!cw_index_room(&e->nets) || !(n = host_zalloc(sizeof(*n))))
			return false;
		n->addr = x->addr;
		n->len = x->len;
		cw_index_add(&e->nets, &n->link, hash(e, &n->addr, n->len));
	}
	host_publish(n->count[what], n->count[what] + 1);
	host_publish(used[x->len], used[x->len] + 1);
	if (x->len > *most(e, what, x->addr.fam))
		host_publish(*most(e, what, x->addr.fam), x->len);
	return true;
}

static void
give(struct cw_engine *e, const struct cw_prefix *x, unsigned what)
{
	struct cw_net *n = find(e, &x->addr, x->len);
	uint32_t *used = lengths(e, what, x->addr.fam), len;

	host_publish(used[x->len], used[x->len] - 1);
	len = *most(e, what, x->addr.fam);
	while (len > 0 && used[len] == 0)
		len--;
	host_publish(*most(e, what, x->addr.fam), len);
	host_publish(n->count[what], n->count[what] - 1);
	if (n->count[LOCAL] || n->count[REMOTE])
		return;
	cw_index_del(&e->nets, &n->link);
	host_defer(&n->defer, host_free, n);
}

/* What is remote is known before what is local, and longer than it: meanwhile too much is protected, never too little. */
bool
cw_own_get(struct cw_engine *e, const struct cw_policy *p)
{
	if (p->type != CW_POLICY_IPSEC || p->iface.num)	/* what is led to an interface is meant for it, whatever it is */
		return true;
	if (!take(e, side(p, REMOTE), REMOTE))
		return false;
	if (take(e, side(p, LOCAL), LOCAL))
		return true;
	give(e, side(p, REMOTE), REMOTE);
	return false;
}

void
cw_own_put(struct cw_engine *e, const struct cw_policy *p)
{
	if (p->type != CW_POLICY_IPSEC || p->iface.num)
		return;
	give(e, side(p, LOCAL), LOCAL);
	give(e, side(p, REMOTE), REMOTE);
}

/* The longest prefix of one kind that has this address, if it is at least so long; otherwise -1. */
static int
longest(struct cw_engine *e, const struct cw_addr *a, unsigned what, int least)
{
	const uint32_t *used = lengths(e, what, a->fam);

	for (int len = (int)host_load(*most(e, what, a->fam)); len >= least; len--) {
		struct cw_addr k = *a;
		struct cw_net *n;

		if (host_load(used[len]) == 0)
			continue;
		cw_addr_mask(&k, (unsigned)len);
		n = find(e, &k, (unsigned)len);
		if (n && host_load(n->count[what]))
			return len;
	}
	return -1;
}

static bool
is_own(struct cw_engine *e, const struct cw_addr *a, int least)
{
	int local = longest(e, a, LOCAL, least);

	return local >= 0 && longest(e, a, REMOTE, local) < 0;
}

/* 255.255.255.255, 224.0.0.0/24 (RFC 5771 4), fe80::/10 and multicast of the scopes interface and link (RFC 4291 2.7). */
static bool
is_of_link(const struct cw_addr *a)
{
	static const uint8_t all[4] = { 255, 255, 255, 255 }, group[3] = { 224, 0, 0 };

	if (a->fam == 4)
		return memcmp(a->b, all, 4) == 0 || memcmp(a->b, group, 3) == 0;
	return (a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80) || (a->b[0] == 0xff && ((a->b[1] & 0x0f) == 1 || (a->b[1] & 0x0f) == 2));
}

bool
cw_of_link(const struct cw_flow *f)
{
	return is_of_link(&f->dst) || is_of_link(&f->src);
}

bool
cw_own_spares(struct cw_engine *e, const struct cw_policy *p, const struct cw_flow *f)
{
	bool out = p->dir == CW_DIR_OUT;

	if (p->iface.num)
		return false;
	if (cw_of_link(f))
		return true;
	/* of the remote side only what is longer than the policy's own prefix can be ours: with the usual policies nothing is */
	return is_own(e, out ? &f->dst : &f->src, side(p, REMOTE)->len + 1) && is_own(e, out ? &f->src : &f->dst, 0);
}
