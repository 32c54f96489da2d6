/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <linux/rtnetlink.h>
#include <netinet/in.h>

#include "guard_expr.h"

struct nftnl_expr *
ex_add(struct nftnl_rule *r, const char *kind)
{
	struct nftnl_expr *e = r ? nftnl_expr_alloc(kind) : NULL;

	if (e)
		nftnl_rule_add_expr(r, e);
	return e;
}

void
ex_meta(struct nftnl_rule *r, uint32_t key)
{
	struct nftnl_expr *e = ex_add(r, "meta");

	if (e == NULL)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_DREG, R0);
}

void
ex_meta_set_mark(struct nftnl_rule *r)
{
	struct nftnl_expr *e = ex_add(r, "meta");

	if (e == NULL)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, NFT_META_MARK);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_SREG, R0);
}

void
ex_compare(struct nftnl_rule *r, uint32_t op, const void *data, uint32_t n)
{
	struct nftnl_expr *e = ex_add(r, "cmp");

	if (e == NULL)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, R0);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP, op);
	nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, data, n);
}

void
ex_is_u8(struct nftnl_rule *r, uint32_t key, uint8_t v)
{
	ex_meta(r, key);
	ex_compare(r, NFT_CMP_EQ, &v, 1);
}

void
ex_name_is(struct nftnl_rule *r, uint32_t key, const char *name)
{
	char pad[16] = "";

	memcpy(pad, name, strnlen(name, sizeof(pad) - 1));
	ex_meta(r, key);
	ex_compare(r, NFT_CMP_EQ, pad, sizeof(pad));
}

void
ex_mask_wide(struct nftnl_rule *r, const void *mask, const void *xor, uint32_t n)
{
	struct nftnl_expr *e = ex_add(r, "bitwise");

	if (e == NULL)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_SREG, R0);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_DREG, R0);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_LEN, n);
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, mask, n);
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, xor, n);
}

void
ex_bits(struct nftnl_rule *r, uint32_t mask, uint32_t xor)
{
	ex_mask_wide(r, &mask, &xor, 4);
}

/* The user's other bits of the mark stay: "mark and 0xffff00ff or 0x100", as nft writes it. */
void
ex_set_mark(struct nftnl_rule *r, uint32_t mark)
{
	ex_meta(r, NFT_META_MARK);
	ex_bits(r, ~NL_MARK_MASK & ~mark, mark);
	ex_meta_set_mark(r);
}

void
ex_payload(struct nftnl_rule *r, uint32_t base, uint32_t reg, uint32_t at, uint32_t n)
{
	struct nftnl_expr *e = ex_add(r, "payload");

	if (e == NULL)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, reg);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, at);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, n);
}

void
ex_fragment_header(struct nftnl_rule *r, uint32_t at, uint32_t n)
{
	struct nftnl_expr *e = ex_add(r, "exthdr");

	if (e == NULL)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_EXTHDR_DREG, R0);
	nftnl_expr_set_u8(e, NFTNL_EXPR_EXTHDR_TYPE, 44);
	nftnl_expr_set_u32(e, NFTNL_EXPR_EXTHDR_OFFSET, at);
	nftnl_expr_set_u32(e, NFTNL_EXPR_EXTHDR_LEN, n);
}

static void
lookup(struct nftnl_rule *r, const char *set, uint32_t flags)
{
	struct nftnl_expr *e = ex_add(r, "lookup");

	if (e == NULL)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SREG, R0);
	nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, set);
	if (flags)
		nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_FLAGS, flags);
}

void
ex_lookup(struct nftnl_rule *r, const char *set)
{
	lookup(r, set, 0);
}

void
ex_lookup_not(struct nftnl_rule *r, const char *set)
{
	lookup(r, set, NFT_LOOKUP_F_INV);
}

void
ex_fib(struct nftnl_rule *r, uint32_t flags, uint32_t result)
{
	struct nftnl_expr *e = ex_add(r, "fib");

	if (e == NULL)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_FLAGS, flags);
	nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_RESULT, result);
	nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_DREG, R0);
}

void
ex_this_host(struct nftnl_rule *r, uint32_t side)
{
	uint32_t local = RTN_LOCAL;

	ex_fib(r, side, NFT_FIB_RESULT_ADDRTYPE);
	ex_compare(r, NFT_CMP_EQ, &local, 4);
}

static void
verdict(struct nftnl_rule *r, uint32_t v)
{
	struct nftnl_expr *e = ex_add(r, "immediate");

	if (e == NULL)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_VERDICT, v);
}

void
ex_count(struct nftnl_rule *r, const char *name)
{
	struct nftnl_expr *e = ex_add(r, "objref");

	if (e == NULL)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_OBJREF_IMM_TYPE, NFT_OBJECT_COUNTER);
	nftnl_expr_set_str(e, NFTNL_EXPR_OBJREF_IMM_NAME, name);
}

struct nftnl_rule *
ex_begin(struct guard_batch *b, const char *chain)
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
put(struct guard_batch *b, struct nftnl_rule *r)
{
	struct nlmsghdr *h = guard_msg(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);

	if (h) {
		nftnl_rule_nlmsg_build_payload(h, r);
		guard_end(b, h);
	}
	nftnl_rule_free(r);
}

void
ex_finish(struct guard_batch *b, struct nftnl_rule *r, uint32_t v)
{
	if (r == NULL)
		return;
	if (v != EX_CONTINUE)
		verdict(r, v);
	put(b, r);
}

void
ex_jump(struct guard_batch *b, const char *chain, const char *to)
{
	struct nftnl_rule *r = ex_begin(b, chain);
	struct nftnl_expr *e = ex_add(r, "immediate");

	if (r == NULL)
		return;
	if (e) {
		nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
		nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_VERDICT, (uint32_t)NFT_JUMP);
		nftnl_expr_set_str(e, NFTNL_EXPR_IMM_CHAIN, to);
	} else {
		b->bad = true;
	}
	put(b, r);
}
