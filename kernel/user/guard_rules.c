/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The guard's rules as nftables expressions. guard_file.c says the same as text; the scenario holds the two against each other.
 *
 *	pre  (prerouting, before connection tracking):  lo; the TUN, marked so that the reverse path filter looks in our table; interfaces that tunnels are;
 *	     neighbour discovery; what is of the link alone; our own ESP, AH, IPComp and IKE and later fragments of UDP, AH and destination options, only towards this host, marked so that the filter looks past our table; networks of ours among themselves; then: drop.
 *	post (postrouting, before any translation):  our own sockets by their mark; lo; the TUN; interfaces that tunnels are; neighbour discovery; what is of the link alone; then: drop.
 *
 * Where there are policies by protocol or port, their chains (select_rules.c) are asked before the drop.
 *
 * Over the system's own IPsec (XFRM) there is no TUN: in `pre` what it took out of ESP passes, without the mark that its ESP was
 * given; in `post` what it will put into ESP, and the ESP that it made, which in UDP comes from our port.
 */
#include <errno.h>
#include <stdio.h>
#include <netinet/in.h>

#include "guard_expr.h"
#include "ifaces.h"

static void
discovery(struct guard_batch *b, const char *chain)
{
	struct nftnl_rule *r = ex_begin(b, chain);
	uint8_t lo = 133, hi = 137;

	/* RFC 4861: without it no IPv6 neighbour, and so no peer, is ever found. */
	ex_is_u8(r, NFT_META_NFPROTO, NFPROTO_IPV6);
	ex_is_u8(r, NFT_META_L4PROTO, 58);
	ex_payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, R0, 0, 1);
	ex_compare(r, NFT_CMP_GTE, &lo, 1);
	ex_compare(r, NFT_CMP_LTE, &hi, 1);
	ex_finish(b, r, NF_ACCEPT);
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
		struct nftnl_rule *r = ex_begin(b, chain);
		uint8_t mask[16] = { s->mask[0], s->mask[1] }, value[16] = { 0 }, none[16] = { 0 };

		memcpy(value, s->value, sizeof(s->value));
		ex_is_u8(r, NFT_META_NFPROTO, s->nfproto);
		ex_payload(r, NFT_PAYLOAD_NETWORK_HEADER, R0, s->at, s->len);
		if (s->mask[0])
			ex_mask_wide(r, mask, none, s->len);
		ex_compare(r, NFT_CMP_EQ, value, s->len);
		ex_finish(b, r, NF_ACCEPT);
	}
}

void
guard_spared(struct guard_batch *b, const char *chain)
{
	discovery(b, chain);
	of_link(b, chain);
}

static void
interface(struct guard_batch *b, const char *chain, uint32_t key, const char *name, bool mark)
{
	struct nftnl_rule *r = ex_begin(b, chain);

	ex_name_is(r, key, name);
	if (mark)
		ex_set_mark(r, NL_MARK_PROTECT);
	ex_finish(b, r, NF_ACCEPT);
}

/* Tunnels that are interfaces have policies of their own, which nothing passes without; the filter of reverse paths sees their routes as any other's. */
static void
interfaces(struct guard_batch *b, const char *chain, uint32_t key)
{
	struct nftnl_rule *r = ex_begin(b, chain);
	uint32_t group = CW_IFACES_GROUP;

	ex_meta(r, key);
	ex_compare(r, NFT_CMP_EQ, &group, sizeof(group));
	ex_finish(b, r, NF_ACCEPT);
}

static void
udp_port(struct nftnl_rule *r, uint32_t at, uint16_t port)
{
	uint8_t be[2] = { (uint8_t)(port >> 8), (uint8_t)port };

	ex_is_u8(r, NFT_META_L4PROTO, 17);
	ex_payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, R0, at, 2);
	ex_compare(r, NFT_CMP_EQ, be, 2);
}

static void
our_protocol(struct guard_batch *b, uint8_t proto)
{
	struct nftnl_rule *r = ex_begin(b, "pre");

	ex_is_u8(r, NFT_META_L4PROTO, proto);
	ex_this_host(r, NFTA_FIB_F_DADDR);
	ex_set_mark(r, NL_MARK_OWN);
	ex_finish(b, r, NF_ACCEPT);
}

static void
our_port(struct guard_batch *b, uint16_t port)
{
	struct nftnl_rule *r = ex_begin(b, "pre");

	udp_port(r, 2, port);
	ex_this_host(r, NFTA_FIB_F_DADDR);
	ex_set_mark(r, NL_MARK_OWN);
	ex_finish(b, r, NF_ACCEPT);
}

/* Where policies protect the gateways' own addresses: the pieces of our UDP after the first have no port to be known by. */
static void
later_fragments(struct guard_batch *b)
{
	uint8_t none[2] = { 0 }, at4[2] = { 0x1f, 0xff }, at6[2] = { 0xff, 0xf8 };

	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct nftnl_rule *r = ex_begin(b, "pre");

		ex_is_u8(r, NFT_META_NFPROTO, v6 ? NFPROTO_IPV6 : NFPROTO_IPV4);
		ex_is_u8(r, NFT_META_L4PROTO, 17);
		if (v6)
			ex_fragment_header(r, 2, 2);
		else
			ex_payload(r, NFT_PAYLOAD_NETWORK_HEADER, R0, 6, 2);
		ex_mask_wide(r, v6 ? at6 : at4, none, 2);
		ex_compare(r, NFT_CMP_NEQ, none, 2);
		ex_this_host(r, NFTA_FIB_F_DADDR);
		ex_set_mark(r, NL_MARK_OWN);
		ex_finish(b, r, NF_ACCEPT);
	}
}

/*
 * An extension header of IPv6, as AH counts as one: behind a fragment header that is not the first's, none is told as the protocol. The first one,
 * without which they are nothing, is judged by what is behind all of its headers, which have to be there (RFC 7112).
 */
static void
later_fragments_from(struct guard_batch *b, uint8_t header)
{
	uint8_t none[2] = { 0 }, at6[2] = { 0xff, 0xf8 };
	struct nftnl_rule *r = ex_begin(b, "pre");

	ex_is_u8(r, NFT_META_NFPROTO, NFPROTO_IPV6);
	ex_fragment_header(r, 0, 1);
	ex_compare(r, NFT_CMP_EQ, &header, 1);
	ex_fragment_header(r, 2, 2);
	ex_mask_wide(r, at6, none, 2);
	ex_compare(r, NFT_CMP_NEQ, none, 2);
	ex_this_host(r, NFTA_FIB_F_DADDR);
	ex_set_mark(r, NL_MARK_OWN);
	ex_finish(b, r, NF_ACCEPT);
}

static void
out_of_esp(struct guard_batch *b)
{
	struct nftnl_rule *r = ex_begin(b, "pre");

	ex_is_u8(r, NFT_META_SECPATH, 1);
	ex_set_mark(r, 0);
	ex_finish(b, r, NF_ACCEPT);
}

static void
into_esp(struct guard_batch *b, uint16_t natt_port)
{
	struct nftnl_rule *r = ex_begin(b, "post");
	struct nftnl_expr *e = ex_add(r, "rt");
	uint8_t yes = 1;

	if (e) {
		nftnl_expr_set_u32(e, NFTNL_EXPR_RT_KEY, NFT_RT_XFRM);
		nftnl_expr_set_u32(e, NFTNL_EXPR_RT_DREG, R0);
	}
	ex_compare(r, NFT_CMP_EQ, &yes, 1);
	ex_finish(b, r, NF_ACCEPT);
	r = ex_begin(b, "post");
	ex_is_u8(r, NFT_META_L4PROTO, 50);
	ex_this_host(r, NFTA_FIB_F_SADDR);
	ex_finish(b, r, NF_ACCEPT);
	r = ex_begin(b, "post");
	udp_port(r, 0, natt_port);
	ex_this_host(r, NFTA_FIB_F_SADDR);
	ex_finish(b, r, NF_ACCEPT);
}

/* One family's addresses: source and destination begin here in the IP header. */
struct fam { uint8_t nfproto; uint32_t saddr, daddr, len, second; const char *loc, *in, *out, *clear; };
static const struct fam fams[2] = {
	{ NFPROTO_IPV4, 12, 16, 4, R1, "loc4", "in4", "out4", "clear4" },
	{ NFPROTO_IPV6, 8, 24, 16, R4, "loc6", "in6", "out6", "clear6" },
};

static void
among_ours(struct guard_batch *b, const char *chain, const struct fam *f, bool strict)
{
	struct nftnl_rule *r = ex_begin(b, chain);
	uint8_t yes = 1;

	ex_is_u8(r, NFT_META_NFPROTO, f->nfproto);
	ex_payload(r, NFT_PAYLOAD_NETWORK_HEADER, R0, f->saddr, f->len);
	ex_lookup(r, f->loc);
	ex_payload(r, NFT_PAYLOAD_NETWORK_HEADER, R0, f->daddr, f->len);
	ex_lookup(r, f->loc);
	if (strict) {	/* and it came by the interface that leads to its source: not from outside */
		ex_fib(r, NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF | NFTA_FIB_F_PRESENT, NFT_FIB_RESULT_OIF);
		ex_compare(r, NFT_CMP_EQ, &yes, 1);
	}
	ex_finish(b, r, NF_ACCEPT);
}

/* The remote address first: the field with more distinct values (measured: the other order costs 20 times as much). */
static void
drop_pair(struct guard_batch *b, const char *chain, const struct fam *f, bool in)
{
	struct nftnl_rule *r = ex_begin(b, chain);

	ex_is_u8(r, NFT_META_NFPROTO, f->nfproto);
	ex_payload(r, NFT_PAYLOAD_NETWORK_HEADER, R0, in ? f->saddr : f->daddr, f->len);
	ex_payload(r, NFT_PAYLOAD_NETWORK_HEADER, f->second, in ? f->daddr : f->saddr, f->len);
	ex_lookup(r, in ? f->in : f->out);
	ex_count(r, in ? "guard_in" : "guard_out");
	ex_finish(b, r, NF_DROP);
}

/*
 * What may come in the clear although the way back is the engine's: a strict reverse path filter is to look past that. Not where the way
 * on is the engine's, too, which the same mark would miss (what then leaves in the clear is dropped in `post`).
 */
static void
mark_clear(struct guard_batch *b, const struct fam *f)
{
	struct nftnl_rule *r = ex_begin(b, "pre");

	ex_is_u8(r, NFT_META_NFPROTO, f->nfproto);
	ex_payload(r, NFT_PAYLOAD_NETWORK_HEADER, R0, f->saddr, f->len);
	ex_payload(r, NFT_PAYLOAD_NETWORK_HEADER, f->second, f->daddr, f->len);
	ex_lookup(r, f->clear);
	ex_payload(r, NFT_PAYLOAD_NETWORK_HEADER, R0, f->daddr, f->len);
	ex_payload(r, NFT_PAYLOAD_NETWORK_HEADER, f->second, f->saddr, f->len);
	ex_lookup_not(r, f->out);
	ex_set_mark(r, NL_MARK_PASS);
	ex_finish(b, r, EX_CONTINUE);
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
	if (!g->xfrm)
		interfaces(b, "pre", NFT_META_IIFGROUP);
	guard_spared(b, "pre");
	our_protocol(b, IPPROTO_ESP);
	our_protocol(b, IPPROTO_AH);
	our_protocol(b, IPPROTO_COMP);
	our_port(b, g->ike_port);
	our_port(b, g->natt_port);
	later_fragments(b);
	later_fragments_from(b, IPPROTO_AH);
	later_fragments_from(b, IPPROTO_DSTOPTS);
	among_ours(b, "pre", &fams[0], true);
	among_ours(b, "pre", &fams[1], true);
	if (!g->xfrm) {
		mark_clear(b, &fams[0]);
		mark_clear(b, &fams[1]);
	}
	if (g->sel.n)
		ex_jump(b, "pre", select_chains[SELECT_IN]);
	drop_pair(b, "pre", &fams[0], true);
	drop_pair(b, "pre", &fams[1], true);

	r = ex_begin(b, "post");
	ex_meta(r, NFT_META_MARK);
	ex_bits(r, NL_MARK_MASK, 0);
	ex_compare(r, NFT_CMP_EQ, &own, 4);
	ex_finish(b, r, NF_ACCEPT);
	interface(b, "post", NFT_META_OIFNAME, "lo", false);
	if (g->xfrm)
		into_esp(b, g->natt_port);
	else
		interface(b, "post", NFT_META_OIFNAME, g->tun, false);
	if (!g->xfrm)
		interfaces(b, "post", NFT_META_OIFGROUP);
	guard_spared(b, "post");
	among_ours(b, "post", &fams[0], false);
	among_ours(b, "post", &fams[1], false);
	if (g->sel.n)
		ex_jump(b, "post", select_chains[SELECT_OUT]);
	drop_pair(b, "post", &fams[0], false);
	drop_pair(b, "post", &fams[1], false);
}
