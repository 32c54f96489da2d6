/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The rules of select.h, and the two chains that ask select_lead: `lead` for what is forwarded, before routing, behind the translation of destinations and the
 * defragmentation of connection tracking where that is in use; `lead_own` for what this host sends, whose route the kernel looks up again
 * when the mark has changed. They set two marks, since only the former is asked for its way back (routes.c).
 */
#include <netinet/in.h>

#include "causeway/pfkey.h"
#include "guard_expr.h"

static void
prefix_is(struct nftnl_rule *r, const struct prefix *p, uint32_t at)
{
	uint32_t n = addr_len(&p->addr);
	uint8_t mask[16] = { 0 }, none[16] = { 0 };

	if (p->len == 0)
		return;
	for (unsigned i = 0; i < p->len; i++)
		mask[i / 8] |= (uint8_t)(0x80 >> (i % 8));
	ex_payload(r, NFT_PAYLOAD_NETWORK_HEADER, R0, at, n);
	if (p->len < n * 8)
		ex_mask_wide(r, mask, none, n);
	ex_compare(r, NFT_CMP_EQ, p->addr.b, n);
}

static void
later_fragment(struct nftnl_rule *r, bool v4)
{
	uint8_t none[2] = { 0 }, at4[2] = { 0x1f, 0xff }, at6[2] = { 0xff, 0xf8 };

	if (v4)
		ex_payload(r, NFT_PAYLOAD_NETWORK_HEADER, R0, 6, 2);
	else
		ex_fragment_header(r, 2, 2);
	ex_mask_wide(r, v4 ? at4 : at6, none, 2);
	ex_compare(r, NFT_CMP_NEQ, none, 2);
}

/* A port, or of ICMP the type (at 0) and the code (at 1), or the type of MH (at 2). */
static void
transport_is(struct nftnl_rule *r, const struct selector *s, unsigned field, uint16_t v)
{
	uint8_t be[2] = { (uint8_t)(v >> 8), (uint8_t)v };
	bool mh = s->proto == IPPROTO_MH;
	uint32_t n = mh || select_icmp(s->proto) ? 1 : 2;

	if (v == 0)
		return;
	ex_payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, R0, mh ? 2 : field * n, n);
	ex_compare(r, NFT_CMP_EQ, be + 2 - n, n);
}

static void
masked(struct nftnl_rule *r, uint32_t op, uint16_t mask, uint16_t v)
{
	uint8_t m[2] = { (uint8_t)(mask >> 8), (uint8_t)mask }, none[2] = { 0 }, be[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	ex_payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, R0, 0, 2);
	ex_mask_wide(r, m, none, 2);
	ex_compare(r, op, be, 2);
}

/* A half that is 0 is any. */
static void
key_is(struct nftnl_rule *r, const struct selector *s, bool summed)
{
	uint8_t be[4] = { (uint8_t)(s->sport >> 8), (uint8_t)s->sport, (uint8_t)(s->dport >> 8), (uint8_t)s->dport };
	uint32_t from = s->sport ? 0 : 2, to = s->dport ? 4 : 2;

	masked(r, NFT_CMP_EQ, GRE_KEY, GRE_KEY & 0xff00u);
	masked(r, summed ? NFT_CMP_NEQ : NFT_CMP_EQ, GRE_SUM, 0);
	ex_payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, R0, (summed ? 8 : 4) + from, to - from);
	ex_compare(r, NFT_CMP_EQ, be + from, to - from);
}

static void
match(struct nftnl_rule *r, const struct selector *s, enum select_form form)
{
	bool v4 = s->src.addr.fam == 4;

	ex_is_u8(r, NFT_META_NFPROTO, v4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
	prefix_is(r, &s->src, v4 ? 12 : 8);
	prefix_is(r, &s->dst, v4 ? 16 : 24);
	/* In front of the protocol: behind it, nft 1.0.6 ends with an assertion when it is to list the rule. */
	if (select_keyed(s) && form != SELECT_LATER)
		key_is(r, s, form == SELECT_SUMMED);
	if (s->proto != CW_ULPROTO_ANY)
		ex_is_u8(r, NFT_META_L4PROTO, s->proto);
	if (form == SELECT_LATER) {
		later_fragment(r, v4);
	} else if (!select_keyed(s)) {
		transport_is(r, s, 0, s->sport);
		transport_is(r, s, 1, s->dport);
	}
}

static uint32_t
add_verdict(struct nftnl_rule *r, unsigned chain, enum select_verdict v)
{
	switch (v) {
	case SELECT_ACCEPT:
		return NF_ACCEPT;
	case SELECT_DROP:
		ex_count(r, chain == SELECT_IN ? "guard_in" : "guard_out");
		return NF_DROP;
	case SELECT_MARK_LEAD:
		ex_set_mark(r, NL_MARK_LEAD);
		break;
	case SELECT_MARK_PASS:
		ex_set_mark(r, NL_MARK_PASS);
		return chain == SELECT_IN ? NF_ACCEPT : (uint32_t)NFT_RETURN;
	default:
		break;
	}
	return (uint32_t)NFT_RETURN;
}

void
select_rules(struct guard_batch *b, const struct selectors *s)
{
	for (unsigned chain = 0; chain < SELECT_CHAINS; chain++)
		for (size_t i = 0; i < s->n * SELECT_FORMS; i++) {
			const struct selector *one = &s->v[i / SELECT_FORMS];
			enum select_form form = i % SELECT_FORMS;
			enum select_verdict v = select_verdict(chain, one, form);
			struct nftnl_rule *r = v == SELECT_NO_RULE ? NULL : ex_begin(b, select_chains[chain]);

			if (r == NULL)
				continue;
			match(r, one, form);
			ex_finish(b, r, add_verdict(r, chain, v));
		}
}

static void
returns(struct guard_batch *b, const char *chain, uint32_t key, const char *name)
{
	struct nftnl_rule *r = ex_begin(b, chain);

	ex_name_is(r, key, name);
	ex_finish(b, r, (uint32_t)NFT_RETURN);
}

static void
returns_marked(struct guard_batch *b, const char *chain, uint32_t mark, uint32_t then)
{
	struct nftnl_rule *r = ex_begin(b, chain);

	ex_meta(r, NFT_META_MARK);
	ex_bits(r, NL_MARK_MASK, 0);
	ex_compare(r, NFT_CMP_EQ, &mark, 4);
	if (then)
		ex_set_mark(r, then);
	ex_finish(b, r, then ? EX_CONTINUE : (uint32_t)NFT_RETURN);
}

void
select_lead_rules(struct guard_batch *b, const struct guard_want *g)
{
	struct nftnl_rule *r;

	returns(b, "lead", NFT_META_IIFNAME, "lo");
	returns(b, "lead", NFT_META_IIFNAME, g->tun);
	r = ex_begin(b, "lead");
	ex_this_host(r, NFTA_FIB_F_DADDR);
	ex_finish(b, r, (uint32_t)NFT_RETURN);
	guard_spared(b, "lead");
	ex_jump(b, "lead", select_chains[SELECT_LEAD]);

	returns_marked(b, "lead_own", NL_MARK_OWN, 0);
	returns(b, "lead_own", NFT_META_OIFNAME, "lo");
	guard_spared(b, "lead_own");
	ex_jump(b, "lead_own", select_chains[SELECT_LEAD]);
	returns_marked(b, "lead_own", NL_MARK_LEAD, NL_MARK_LEAD_OWN);
}
