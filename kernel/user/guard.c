/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The guard's table is replaced whole, or its sets' elements are changed one by one; either is one nftables transaction, so that
 * there is no moment without a guard. Elements are written by hand (a list of key and key end), everything else by libnftnl.
 */
#include <errno.h>
#include <stdio.h>
#include <arpa/inet.h>
#include <libnftnl/chain.h>
#include <libnftnl/object.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>

#include "guard.h"

#define ELEMS		256	/* elements a message */
#define LEAD_PRIORITY	(-90)	/* behind what users mark (mangle, -150) and the translation of destinations (-100): the engine sees what is routed */
#define ROOM		65536u	/* that a message may need: 256 elements of IPv6 pairs are 36 KiB */

struct nlmsghdr *
guard_msg(struct guard_batch *b, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *h;
	struct nfgenmsg *g;

	if (b->cap - b->n < ROOM) {
		size_t cap = b->cap * 2 + ROOM * 4;
		char *p = b->bad ? NULL : realloc(b->p, cap);

		if (p == NULL) {
			b->bad = true;
			return NULL;
		}
		b->p = p;
		b->cap = cap;
	}
	h = mnl_nlmsg_put_header(b->p + b->n);
	g = mnl_nlmsg_put_extra_header(h, sizeof(*g));
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	if (type == NFNL_MSG_BATCH_BEGIN || type == NFNL_MSG_BATCH_END) {
		h->nlmsg_type = type;
		g->res_id = htons(NFNL_SUBSYS_NFTABLES);
	} else {
		h->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
		h->nlmsg_flags |= NLM_F_ACK;
		g->nfgen_family = NFPROTO_INET;
		b->acks++;
	}
	h->nlmsg_seq = b->seq++;
	return h;
}

void
guard_end(struct guard_batch *b, struct nlmsghdr *h)
{
	b->n += NLMSG_ALIGN(h->nlmsg_len);
}

static void
batch_begin(struct guard_batch *b, struct nl *nl)
{
	struct nlmsghdr *h;

	memset(b, 0, sizeof(*b));
	b->seq = nl->seq + 1;
	h = guard_msg(b, NFNL_MSG_BATCH_BEGIN, 0);
	if (h)
		guard_end(b, h);
	b->first = b->seq;
}

static void
on_failed(void *arg, unsigned index, int error)
{
	int *first = arg;

	if (*first == 0)
		*first = error;
}

static int
batch_send(struct guard_batch *b, struct nl *nl)
{
	struct nlmsghdr *h = guard_msg(b, NFNL_MSG_BATCH_END, 0);
	int error = b->bad ? ENOMEM : 0, e;

	if (h)
		guard_end(b, h);
	if (error == 0 && b->acks) {
		e = nl_many(nl, nl->nft, b->p, b->n, b->first, b->acks, on_failed, &error);
		if (error == 0)
			error = e;
	}
	nl->seq = b->seq;
	free(b->p);
	b->p = NULL;
	return error;
}

static void
put_table(struct guard_batch *b, uint16_t type)
{
	struct nftnl_table *t = nftnl_table_alloc();
	struct nlmsghdr *h = t ? guard_msg(b, type, type == NFT_MSG_NEWTABLE ? NLM_F_CREATE : 0) : NULL;

	if (h) {
		nftnl_table_set_u32(t, NFTNL_TABLE_FAMILY, NFPROTO_INET);
		nftnl_table_set_str(t, NFTNL_TABLE_NAME, GUARD_TABLE);
		nftnl_table_nlmsg_build_payload(h, t);
		guard_end(b, h);
	} else {
		b->bad = true;
	}
	if (t)
		nftnl_table_free(t);
}

/* A chain of the kernel's hooks, by what nft calls its type; kind NULL: one that others jump to. */
static void
put_chain(struct guard_batch *b, const char *name, const char *kind, uint32_t hook, int32_t priority)
{
	struct nftnl_chain *c = nftnl_chain_alloc();
	struct nlmsghdr *h = c ? guard_msg(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE) : NULL;

	if (h) {
		nftnl_chain_set_u32(c, NFTNL_CHAIN_FAMILY, NFPROTO_INET);
		nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, GUARD_TABLE);
		nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, name);
		if (kind) {
			nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, kind);
			nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM, hook);
			nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, priority);
			nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY, NF_ACCEPT);
		}
		nftnl_chain_nlmsg_build_payload(h, c);
		guard_end(b, h);
	} else {
		b->bad = true;
	}
	if (c)
		nftnl_chain_free(c);
}

static void
put_counter(struct guard_batch *b, const char *name)
{
	struct nftnl_obj *o = nftnl_obj_alloc();
	struct nlmsghdr *h = o ? guard_msg(b, NFT_MSG_NEWOBJ, NLM_F_CREATE) : NULL;

	if (h) {
		nftnl_obj_set_u32(o, NFTNL_OBJ_FAMILY, NFPROTO_INET);
		nftnl_obj_set_str(o, NFTNL_OBJ_TABLE, GUARD_TABLE);
		nftnl_obj_set_str(o, NFTNL_OBJ_NAME, name);
		nftnl_obj_set_u32(o, NFTNL_OBJ_TYPE, NFT_OBJECT_COUNTER);
		nftnl_obj_nlmsg_build_payload(h, o);
		guard_end(b, h);
	} else {
		b->bad = true;
	}
	if (o)
		nftnl_obj_free(o);
}

/* One kind of set: its name, family, and whether it holds pairs or single networks. */
struct setkind { const char *name; uint8_t fam; bool pair; size_t list; };
static const struct setkind kinds[] = {
	{ "loc4", 4, false, offsetof(struct guard_sets, loc) }, { "in4", 4, true, offsetof(struct guard_sets, in) },
	{ "out4", 4, true, offsetof(struct guard_sets, out) }, { "clear4", 4, true, offsetof(struct guard_sets, clear) }, { "loc6", 6, false, offsetof(struct guard_sets, loc) },
	{ "in6", 6, true, offsetof(struct guard_sets, in) }, { "out6", 6, true, offsetof(struct guard_sets, out) },
	{ "clear6", 6, true, offsetof(struct guard_sets, clear) },
};
#define KINDS	(sizeof(kinds) / sizeof(kinds[0]))

static const struct pairs *
list_of(const struct guard_sets *s, const struct setkind *k)
{
	return (const struct pairs *)((const char *)s + k->list);
}

static void
put_set(struct guard_batch *b, const struct setkind *k, uint32_t id)
{
	/* nft's own numbers of the types ipv4_addr and ipv6_addr; concatenated six bits apart. For print only. */
	uint32_t type = k->fam == 4 ? 7 : 8, len = k->fam == 4 ? 4 : 16;
	uint8_t desc[2] = { (uint8_t)len, (uint8_t)len };
	struct nftnl_set *s = nftnl_set_alloc();
	struct nlmsghdr *h = s ? guard_msg(b, NFT_MSG_NEWSET, NLM_F_CREATE) : NULL;

	if (h) {
		nftnl_set_set_u32(s, NFTNL_SET_FAMILY, NFPROTO_INET);
		nftnl_set_set_str(s, NFTNL_SET_TABLE, GUARD_TABLE);
		nftnl_set_set_str(s, NFTNL_SET_NAME, k->name);
		nftnl_set_set_u32(s, NFTNL_SET_ID, id);
		nftnl_set_set_u32(s, NFTNL_SET_FLAGS, NFT_SET_INTERVAL | (k->pair ? NFT_SET_CONCAT : 0));
		nftnl_set_set_u32(s, NFTNL_SET_KEY_TYPE, k->pair ? type << 6 | type : type);
		nftnl_set_set_u32(s, NFTNL_SET_KEY_LEN, k->pair ? len * 2 : len);
		if (k->pair)
			nftnl_set_set_data(s, NFTNL_SET_DESC_CONCAT, desc, sizeof(desc));
		nftnl_set_nlmsg_build_payload(h, s);
		guard_end(b, h);
	} else {
		b->bad = true;
	}
	if (s)
		nftnl_set_free(s);
}

static void
put_key(struct nlmsghdr *h, uint16_t attr, const void *data, size_t n)
{
	struct nlattr *nest = mnl_attr_nest_start(h, attr);

	mnl_attr_put(h, NFTA_DATA_VALUE, n, data);
	mnl_attr_nest_end(h, nest);
}

/* An element of pairs: first and last of both fields. */
static void
put_pair(struct nlmsghdr *h, const struct pair *p)
{
	struct addr rlo, rhi, llo, lhi;
	size_t n = addr_len(&p->remote.addr);
	uint8_t lo[32], hi[32];
	struct nlattr *e = mnl_attr_nest_start(h, NFTA_LIST_ELEM);

	prefix_range(&p->remote, &rlo, &rhi);
	prefix_range(&p->local, &llo, &lhi);
	memcpy(lo, rlo.b, n);
	memcpy(lo + n, llo.b, n);
	memcpy(hi, rhi.b, n);
	memcpy(hi + n, lhi.b, n);
	put_key(h, NFTA_SET_ELEM_KEY, lo, n * 2);
	put_key(h, NFTA_SET_ELEM_KEY_END, hi, n * 2);
	mnl_attr_nest_end(h, e);
}

/* A network in a set of one field: an element where it begins, and one behind its end that ends it. */
static void
put_network(struct nlmsghdr *h, const struct prefix *p)
{
	struct addr lo, hi;
	size_t n = addr_len(&p->addr), i = n;
	struct nlattr *e = mnl_attr_nest_start(h, NFTA_LIST_ELEM);

	prefix_range(p, &lo, &hi);
	put_key(h, NFTA_SET_ELEM_KEY, lo.b, n);
	mnl_attr_nest_end(h, e);
	while (i > 0 && ++hi.b[i - 1] == 0)
		i--;
	if (i == 0)
		return;		/* it reaches to the end of all addresses */
	e = mnl_attr_nest_start(h, NFTA_LIST_ELEM);
	mnl_attr_put_u32(h, NFTA_SET_ELEM_FLAGS, htonl(NFT_SET_ELEM_INTERVAL_END));
	put_key(h, NFTA_SET_ELEM_KEY, hi.b, n);
	mnl_attr_nest_end(h, e);
}

/* Elements that are in `from` and not in `less` (which may be NULL), both sorted. */
static void
put_elems(struct guard_batch *b, const struct setkind *k, const struct pairs *from, const struct pairs *less, bool add)
{
	struct nlmsghdr *h = NULL;
	struct nlattr *list = NULL;
	size_t j = 0;
	unsigned n = 0;

	for (size_t i = 0; i < from->n && !b->bad; i++) {
		if (from->v[i].remote.addr.fam != k->fam)
			continue;
		while (less && j < less->n && pair_cmp(&less->v[j], &from->v[i]) < 0)
			j++;
		if (less && j < less->n && pair_cmp(&less->v[j], &from->v[i]) == 0)
			continue;
		if (h == NULL) {
			h = guard_msg(b, add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, add ? NLM_F_CREATE : 0);
			if (h == NULL)
				return;
			mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_TABLE, GUARD_TABLE);
			mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, k->name);
			list = mnl_attr_nest_start(h, NFTA_SET_ELEM_LIST_ELEMENTS);
			n = 0;
		}
		if (k->pair)
			put_pair(h, &from->v[i]);
		else
			put_network(h, &from->v[i].remote);
		if (++n == ELEMS) {
			mnl_attr_nest_end(h, list);
			guard_end(b, h);
			h = NULL;
		}
	}
	if (h) {
		mnl_attr_nest_end(h, list);
		guard_end(b, h);
	}
}

void
guard_fini(struct guard *g)
{
	guard_sets_fini(&g->have);
	selectors_fini(&g->have_sel);
	g->loaded = false;
}

static void
put_selectors(struct guard_batch *b, const struct guard_want *want)
{
	for (unsigned i = 0; i < SELECT_CHAINS; i++)
		put_chain(b, select_chains[i], NULL, 0, 0);
	select_rules(b, &want->sel);
	put_chain(b, "lead", "filter", NF_INET_PRE_ROUTING, LEAD_PRIORITY);
	put_chain(b, "lead_own", "route", NF_INET_LOCAL_OUT, LEAD_PRIORITY);
	select_lead_rules(b, want);
}

static void
flush_chain(struct guard_batch *b, const char *name)
{
	struct nlmsghdr *h = guard_msg(b, NFT_MSG_DELRULE, 0);

	if (h == NULL)
		return;
	mnl_attr_put_strz(h, NFTA_RULE_TABLE, GUARD_TABLE);
	mnl_attr_put_strz(h, NFTA_RULE_CHAIN, name);
	guard_end(b, h);
}

/* False: no memory. Then nothing is said to stand, and the next change loads the table anew. */
static bool
have_selectors(struct guard *g, const struct selectors *s)
{
	g->have_sel.n = 0;
	g->loaded = selectors_merge(&g->have_sel, s);
	return g->loaded;
}

int
guard_load(struct guard *g, const struct guard_want *want, const struct guard_sets *sets)
{
	struct guard_batch b;
	int e;

	batch_begin(&b, g->nl);
	put_table(&b, NFT_MSG_NEWTABLE);
	put_table(&b, NFT_MSG_DELTABLE);
	put_table(&b, NFT_MSG_NEWTABLE);
	put_counter(&b, "guard_in");
	put_counter(&b, "guard_out");
	for (unsigned i = 0; i < KINDS; i++)
		put_set(&b, &kinds[i], i + 1);
	for (unsigned i = 0; i < KINDS; i++)
		put_elems(&b, &kinds[i], list_of(sets, &kinds[i]), NULL, true);
	if (want->sel.n)
		put_selectors(&b, want);
	put_chain(&b, "pre", "filter", NF_INET_PRE_ROUTING, -300);
	put_chain(&b, "post", "filter", NF_INET_POST_ROUTING, -300);
	guard_rules(&b, want);
	e = batch_send(&b, g->nl);
	if (e)
		return e;
	g->loaded = true;
	return have_selectors(g, &want->sel) ? 0 : ENOMEM;
}

int
guard_update(struct guard *g, const struct guard_want *want, struct guard_sets *sets)
{
	struct guard_batch b;
	bool other = !selectors_eq(&g->have_sel, &want->sel);
	int e = ENOENT;

	/* The chains of selectors are there where there are selectors. */
	if (g->loaded && (g->have_sel.n == 0) == (want->sel.n == 0)) {
		batch_begin(&b, g->nl);
		for (unsigned i = 0; other && i < SELECT_CHAINS; i++)
			flush_chain(&b, select_chains[i]);
		if (other)
			select_rules(&b, &want->sel);
		for (unsigned i = 0; i < KINDS; i++)
			put_elems(&b, &kinds[i], list_of(&g->have, &kinds[i]), list_of(sets, &kinds[i]), false);
		for (unsigned i = 0; i < KINDS; i++)
			put_elems(&b, &kinds[i], list_of(sets, &kinds[i]), list_of(&g->have, &kinds[i]), true);
		e = batch_send(&b, g->nl);
		if (e == 0 && other && !have_selectors(g, &want->sel))
			e = ENOMEM;
	}
	if (e)
		e = guard_load(g, want, sets);
	if (e == 0) {
		guard_sets_fini(&g->have);
		g->have = *sets;
		*sets = (struct guard_sets){ 0 };
	}
	return e;
}

int
guard_remove(struct guard *g)
{
	struct guard_batch b;

	batch_begin(&b, g->nl);
	put_table(&b, NFT_MSG_NEWTABLE);
	put_table(&b, NFT_MSG_DELTABLE);
	guard_fini(g);
	return batch_send(&b, g->nl);
}

struct counters { uint64_t in, out; };

static int
on_counter(const struct nlmsghdr *h, void *arg)
{
	struct counters *c = arg;
	struct nftnl_obj *o = nftnl_obj_alloc();

	if (o && nftnl_obj_nlmsg_parse(h, o) == 0 && nftnl_obj_get_str(o, NFTNL_OBJ_NAME)) {
		uint64_t n = nftnl_obj_get_u64(o, NFTNL_OBJ_CTR_PKTS);

		if (strcmp(nftnl_obj_get_str(o, NFTNL_OBJ_NAME), "guard_in") == 0)
			c->in = n;
		else
			c->out = n;
	}
	if (o)
		nftnl_obj_free(o);
	return MNL_CB_OK;
}

bool
guard_counters(struct guard *g, uint64_t *in, uint64_t *out)
{
	char buf[256];
	struct counters c = { 0, 0 };
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *n = mnl_nlmsg_put_extra_header(h, sizeof(*n));

	if (!g->loaded)
		return false;
	h->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETOBJ;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	n->nfgen_family = NFPROTO_INET;
	mnl_attr_put_strz(h, NFTA_OBJ_TABLE, GUARD_TABLE);
	mnl_attr_put_u32(h, NFTA_OBJ_TYPE, htonl(NFT_OBJECT_COUNTER));
	if (nl_talk(g->nl, g->nl->nft, h, on_counter, &c) != 0)
		return false;
	*in = c.in;
	*out = c.out;
	return true;
}

bool
guard_touched(const struct guard *g, const struct nlmsghdr *h)
{
	struct nlattr *a;

	if (h->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES || h->nlmsg_pid == mnl_socket_get_portid(g->nl->nft))
		return false;
	if ((h->nlmsg_type & 0xff) == NFT_MSG_NEWGEN)
		return false;
	mnl_attr_for_each(a, h, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(a) == NFTA_TABLE_NAME && mnl_attr_get_payload_len(a) == sizeof(GUARD_TABLE) &&
		    memcmp(mnl_attr_get_payload(a), GUARD_TABLE, sizeof(GUARD_TABLE)) == 0)
			return true;
	return false;
}
