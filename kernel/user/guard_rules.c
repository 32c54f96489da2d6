/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The guard's rules as nftables expressions. guard_file.c says the same as text; the scenario holds the two against each other.
 *
 *	pre  (prerouting, before connection tracking):  lo; the TUN, marked so that the reverse path filter looks in our table;
 *	     neighbour discovery; what is of the link alone; our own ESP, IPComp and IKE and later fragments of UDP, only towards this host, marked so that the filter looks past our table; networks of ours among themselves; then: drop.
 *	post (postrouting, before any translation):  our own sockets by their mark; lo; the TUN; neighbour discovery; what is of the link alone; then: drop.
 *
 * Over the system's own IPsec (XFRM) there is no TUN: in `pre` what it took out of ESP passes, without the mark that its ESP was
 * given; in `post` what it will put into ESP, and the ESP that it made, which in UDP comes from our port.
 */
#include <errno.h>
#include <stdio.h>
#include <netinet/in.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>

#include "guard.h"

enum { R0 = NFT_REG32_00, R1 = NFT_REG32_01, R4 = NFT_REG32_04 };

static struct nftnl_expr *
add(struct nftnl_rule *r, const char *kind)
{
	struct nftnl_expr *e = r ? nftnl_expr_alloc(kind) : NULL;

	if (e)
		nftnl_rule_add_expr(r, e);
	return e;
}

static void
meta(struct nftnl_rule *r, uint32_t key)
{
	struct nftnl_expr *e = add(r, "meta");

	if (e == NULL)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_DREG, R0);
}

static void
meta_set_mark(struct nftnl_rule *r)
{
	struct nftnl_expr *e = add(r, "meta");

	if (e == NULL)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, NFT_META_MARK);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_SREG, R0);
}

static void
compare(struct nftnl_rule *r, uint32_t op, const void *data, uint32_t n)
{
	struct nftnl_expr *e = add(r, "cmp");

	if (e == NULL)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, R0);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP, op);
	nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, data, n);
}

static void
is_u8(struct nftnl_rule *r, uint32_t key, uint8_t v)
{
	meta(r, key);
	compare(r, NFT_CMP_EQ, &v, 1);
}

static void
name_is(struct nftnl_rule *r, uint32_t key, const char *name)
{
	char pad[16] = "";

	memcpy(pad, name, strnlen(name, sizeof(pad) - 1));
	meta(r, key);
	compare(r, NFT_CMP_EQ, pad, sizeof(pad));
}

static void
mask_wide(struct nftnl_rule *r, const void *mask, const void *xor, uint32_t n)
{
	struct nftnl_expr *e = add(r, "bitwise");

	if (e == NULL)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_SREG, R0);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_DREG, R0);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_LEN, n);
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, mask, n);
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, xor, n);
}

static void
bits(struct nftnl_rule *r, uint32_t mask, uint32_t xor)
{
	mask_wide(r, &mask, &xor, 4);
}

/* The user's other bits of the mark stay: "mark and 0xffff00ff or 0x100", as nft writes it. */
static void
set_mark(struct nftnl_rule *r, uint32_t mark)
{
	meta(r, NFT_META_MARK);
	bits(r, ~NL_MARK_MASK & ~mark, mark);
	meta_set_mark(r);
}

static void
payload(struct nftnl_rule *r, uint32_t base, uint32_t reg, uint32_t at, uint32_t n)
{
	struct nftnl_expr *e = add(r, "payload");

	if (e == NULL)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, reg);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, at);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, n);
}

static void
fragment_header(struct nftnl_rule *r, uint32_t at, uint32_t n)
{
	struct nftnl_expr *e = add(r, "exthdr");

	if (e == NULL)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_EXTHDR_DREG, R0);
	nftnl_expr_set_u8(e, NFTNL_EXPR_EXTHDR_TYPE, 44);
	nftnl_expr_set_u32(e, NFTNL_EXPR_EXTHDR_OFFSET, at);
	nftnl_expr_set_u32(e, NFTNL_EXPR_EXTHDR_LEN, n);
}

static void
lookup(struct nftnl_rule *r, const char *set)
{
	struct nftnl_expr *e = add(r, "lookup");

	if (e == NULL)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SREG, R0);
	nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, set);
}

static void
fib(struct nftnl_rule *r, uint32_t flags, uint32_t result)
{
	struct nftnl_expr *e = add(r, "fib");

	if (e == NULL)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_FLAGS, flags);
	nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_RESULT, result);
	nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_DREG, R0);
}

static void
this_host(struct nftnl_rule *r, uint32_t side)
{
	uint32_t local = RTN_LOCAL;

	fib(r, side, NFT_FIB_RESULT_ADDRTYPE);
	compare(r, NFT_CMP_EQ, &local, 4);
}

static void
verdict(struct nftnl_rule *r, uint32_t v)
{
	struct nftnl_expr *e = add(r, "immediate");

	if (e == NULL)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_VERDICT, v);
}

static void
count(struct nftnl_rule *r, const char *name)
{
	struct nftnl_expr *e = add(r, "objref");

	if (e == NULL)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_OBJREF_IMM_TYPE, NFT_OBJECT_COUNTER);
	nftnl_expr_set_str(e, NFTNL_EXPR_OBJREF_IMM_NAME, name);
}

static struct nftnl_rule *
begin(struct guard_batch *b, const char *chain)
{
	struct nftnl_rule *r = nftnl_rule_alloc();

	if (r == NULL) {
		b->bad = true;
		return NULL;
	}
	nftnl_rule_set_u32(r, NFTNL_RULE_FAMILY, NFPROTO_INET);
	nftnl_rule_set_str(r, NFTNL_RULE_TABLE, GUARD_TABLE);
	nftnl_rule_set_str(r, NFTNL_RULE_CHAIN, chain);
	return r;
}

static void
finish(struct guard_batch *b, struct nftnl_rule *r, uint32_t v)
{
	struct nlmsghdr *h;

	if (r == NULL)
		return;
	verdict(r, v);
	h = guard_msg(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	if (h) {
		nftnl_rule_nlmsg_build_payload(h, r);
		guard_end(b, h);
	}
	nftnl_rule_free(r);
}

static void
discovery(struct guard_batch *b, const char *chain)
{
	struct nftnl_rule *r = begin(b, chain);
	uint8_t lo = 133, hi = 137;

	/* RFC 4861: without it no IPv6 neighbour, and so no peer, is ever found. */
	is_u8(r, NFT_META_NFPROTO, NFPROTO_IPV6);
	is_u8(r, NFT_META_L4PROTO, 58);
	payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, R0, 0, 1);
	compare(r, NFT_CMP_GTE, &lo, 1);
	compare(r, NFT_CMP_LTE, &hi, 1);
	finish(b, r, NF_ACCEPT);
}

/*
 * Destinations that no router forwards, which the engine spares too (kernel/core/own.c): 224.0.0.0/24 (RFC 5771 4), 255.255.255.255
 * (RFC 919 7), fe80::/10 (RFC 4291 2.5.6) and multicast of the scopes interface and link (RFC 4291 2.7). A policy of 0.0.0.0/0
 * or ::/0 would otherwise silence DHCP and the routing protocols on the gateway's own LAN.
 */
struct link_scope { uint8_t nfproto, at, len, mask[2], value[4]; };
static const struct link_scope scopes[] = {
	{ NFPROTO_IPV4, 16, 3, { 0, 0 }, { 224, 0, 0 } },
	{ NFPROTO_IPV4, 16, 4, { 0, 0 }, { 255, 255, 255, 255 } },
	{ NFPROTO_IPV6, 24, 16, { 0xff, 0xc0 }, { 0xfe, 0x80 } },
	{ NFPROTO_IPV6, 24, 16, { 0xff, 0x0f }, { 0xff, 0x01 } },
	{ NFPROTO_IPV6, 24, 16, { 0xff, 0x0f }, { 0xff, 0x02 } },
};

static void
of_link(struct guard_batch *b, const char *chain)
{
	for (unsigned i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
		const struct link_scope *s = &scopes[i];
		struct nftnl_rule *r = begin(b, chain);
		uint8_t mask[16] = { s->mask[0], s->mask[1] }, value[16] = { 0 }, none[16] = { 0 };

		memcpy(value, s->value, sizeof(s->value));
		is_u8(r, NFT_META_NFPROTO, s->nfproto);
		payload(r, NFT_PAYLOAD_NETWORK_HEADER, R0, s->at, s->len);
		if (s->mask[0])
			mask_wide(r, mask, none, s->len);
		compare(r, NFT_CMP_EQ, value, s->len);
		finish(b, r, NF_ACCEPT);
	}
}

static void
interface(struct guard_batch *b, const char *chain, uint32_t key, const char *name, bool mark)
{
	struct nftnl_rule *r = begin(b, chain);

	name_is(r, key, name);
	if (mark)
		set_mark(r, NL_MARK_PROTECT);
	finish(b, r, NF_ACCEPT);
}

static void
udp_port(struct nftnl_rule *r, uint32_t at, uint16_t port)
{
	uint8_t be[2] = { (uint8_t)(port >> 8), (uint8_t)port };

	is_u8(r, NFT_META_L4PROTO, 17);
	payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, R0, at, 2);
	compare(r, NFT_CMP_EQ, be, 2);
}

static void
our_protocol(struct guard_batch *b, uint8_t proto)
{
	struct nftnl_rule *r = begin(b, "pre");

	is_u8(r, NFT_META_L4PROTO, proto);
	this_host(r, NFTA_FIB_F_DADDR);
	set_mark(r, NL_MARK_OWN);
	finish(b, r, NF_ACCEPT);
}

static void
our_port(struct guard_batch *b, uint16_t port)
{
	struct nftnl_rule *r = begin(b, "pre");

	udp_port(r, 2, port);
	this_host(r, NFTA_FIB_F_DADDR);
	set_mark(r, NL_MARK_OWN);
	finish(b, r, NF_ACCEPT);
}

/* Where policies protect the gateways' own addresses: the pieces of our UDP after the first have no port to be known by. */
static void
later_fragments(struct guard_batch *b)
{
	uint8_t none[2] = { 0 }, at4[2] = { 0x1f, 0xff }, at6[2] = { 0xff, 0xf8 };

	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct nftnl_rule *r = begin(b, "pre");

		is_u8(r, NFT_META_NFPROTO, v6 ? NFPROTO_IPV6 : NFPROTO_IPV4);
		is_u8(r, NFT_META_L4PROTO, 17);
		if (v6)
			fragment_header(r, 2, 2);
		else
			payload(r, NFT_PAYLOAD_NETWORK_HEADER, R0, 6, 2);
		mask_wide(r, v6 ? at6 : at4, none, 2);
		compare(r, NFT_CMP_NEQ, none, 2);
		this_host(r, NFTA_FIB_F_DADDR);
		set_mark(r, NL_MARK_OWN);
		finish(b, r, NF_ACCEPT);
	}
}

static void
out_of_esp(struct guard_batch *b)
{
	struct nftnl_rule *r = begin(b, "pre");

	is_u8(r, NFT_META_SECPATH, 1);
	set_mark(r, 0);
	finish(b, r, NF_ACCEPT);
}

static void
into_esp(struct guard_batch *b, uint16_t natt_port)
{
	struct nftnl_rule *r = begin(b, "post");
	struct nftnl_expr *e = add(r, "rt");
	uint8_t yes = 1;

	if (e) {
		nftnl_expr_set_u32(e, NFTNL_EXPR_RT_KEY, NFT_RT_XFRM);
		nftnl_expr_set_u32(e, NFTNL_EXPR_RT_DREG, R0);
	}
	compare(r, NFT_CMP_EQ, &yes, 1);
	finish(b, r, NF_ACCEPT);
	r = begin(b, "post");
	is_u8(r, NFT_META_L4PROTO, 50);
	this_host(r, NFTA_FIB_F_SADDR);
	finish(b, r, NF_ACCEPT);
	r = begin(b, "post");
	udp_port(r, 0, natt_port);
	this_host(r, NFTA_FIB_F_SADDR);
	finish(b, r, NF_ACCEPT);
}

/* One family's addresses: source and destination begin here in the IP header. */
struct fam { uint8_t nfproto; uint32_t saddr, daddr, len, second; const char *loc, *in, *out; };
static const struct fam fams[2] = {
	{ NFPROTO_IPV4, 12, 16, 4, R1, "loc4", "in4", "out4" },
	{ NFPROTO_IPV6, 8, 24, 16, R4, "loc6", "in6", "out6" },
};

static void
among_ours(struct guard_batch *b, const char *chain, const struct fam *f, bool strict)
{
	struct nftnl_rule *r = begin(b, chain);
	uint8_t yes = 1;

	is_u8(r, NFT_META_NFPROTO, f->nfproto);
	payload(r, NFT_PAYLOAD_NETWORK_HEADER, R0, f->saddr, f->len);
	lookup(r, f->loc);
	payload(r, NFT_PAYLOAD_NETWORK_HEADER, R0, f->daddr, f->len);
	lookup(r, f->loc);
	if (strict) {	/* and it came by the interface that leads to its source: not from outside */
		fib(r, NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF | NFTA_FIB_F_PRESENT, NFT_FIB_RESULT_OIF);
		compare(r, NFT_CMP_EQ, &yes, 1);
	}
	finish(b, r, NF_ACCEPT);
}

/* The remote address first: the field with more distinct values (measured: the other order costs 20 times as much). */
static void
drop_pair(struct guard_batch *b, const char *chain, const struct fam *f, bool in)
{
	struct nftnl_rule *r = begin(b, chain);

	is_u8(r, NFT_META_NFPROTO, f->nfproto);
	payload(r, NFT_PAYLOAD_NETWORK_HEADER, R0, in ? f->saddr : f->daddr, f->len);
	payload(r, NFT_PAYLOAD_NETWORK_HEADER, f->second, in ? f->daddr : f->saddr, f->len);
	lookup(r, in ? f->in : f->out);
	count(r, in ? "guard_in" : "guard_out");
	finish(b, r, NF_DROP);
}

void
guard_rules(struct guard_batch *b, const struct guard_want *g)
{
	struct nftnl_rule *r;
	uint32_t own = NL_MARK_OWN;

	interface(b, "pre", NFT_META_IIFNAME, "lo", false);
	if (g->xfrm)
		out_of_esp(b);
	else
		interface(b, "pre", NFT_META_IIFNAME, g->tun, true);
	discovery(b, "pre");
	of_link(b, "pre");
	our_protocol(b, IPPROTO_ESP);
	our_protocol(b, IPPROTO_COMP);
	our_port(b, g->ike_port);
	our_port(b, g->natt_port);
	later_fragments(b);
	among_ours(b, "pre", &fams[0], true);
	among_ours(b, "pre", &fams[1], true);
	drop_pair(b, "pre", &fams[0], true);
	drop_pair(b, "pre", &fams[1], true);

	r = begin(b, "post");
	meta(r, NFT_META_MARK);
	bits(r, NL_MARK_MASK, 0);
	compare(r, NFT_CMP_EQ, &own, 4);
	finish(b, r, NF_ACCEPT);
	interface(b, "post", NFT_META_OIFNAME, "lo", false);
	if (g->xfrm)
		into_esp(b, g->natt_port);
	else
		interface(b, "post", NFT_META_OIFNAME, g->tun, false);
	discovery(b, "post");
	of_link(b, "post");
	among_ours(b, "post", &fams[0], false);
	among_ours(b, "post", &fams[1], false);
	drop_pair(b, "post", &fams[0], false);
	drop_pair(b, "post", &fams[1], false);
}
