/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rules of the guard as nftables expressions: each function adds to a rule what its name says; without memory the rule is left out and the batch is bad. */
#ifndef CAUSEWAY_GUARD_EXPR_H
#define CAUSEWAY_GUARD_EXPR_H

#include <stdio.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "guard.h"

enum { R0 = NFT_REG32_00, R1 = NFT_REG32_01, R4 = NFT_REG32_04 };

struct nftnl_expr *ex_add(struct nftnl_rule *r, const char *kind);
void ex_meta(struct nftnl_rule *r, uint32_t key);
void ex_meta_set_mark(struct nftnl_rule *r);
void ex_compare(struct nftnl_rule *r, uint32_t op, const void *data, uint32_t n);
void ex_is_u8(struct nftnl_rule *r, uint32_t key, uint8_t v);
void ex_name_is(struct nftnl_rule *r, uint32_t key, const char *name);
void ex_mask_wide(struct nftnl_rule *r, const void *mask, const void *xor, uint32_t n);
void ex_bits(struct nftnl_rule *r, uint32_t mask, uint32_t xor);
void ex_set_mark(struct nftnl_rule *r, uint32_t mark);
void ex_payload(struct nftnl_rule *r, uint32_t base, uint32_t reg, uint32_t at, uint32_t n);
void ex_fragment_header(struct nftnl_rule *r, uint32_t at, uint32_t n);
void ex_lookup(struct nftnl_rule *r, const char *set);
void ex_lookup_not(struct nftnl_rule *, const char *set);
void ex_fib(struct nftnl_rule *r, uint32_t flags, uint32_t result);
void ex_this_host(struct nftnl_rule *r, uint32_t side);
void ex_count(struct nftnl_rule *r, const char *name);
struct nftnl_rule *ex_begin(struct guard_batch *b, const char *chain);
/* The rule's end: NF_* or NFT_RETURN, or EX_CONTINUE for one that only sets something. Adds it to the batch and frees it. */
#define EX_CONTINUE	0xffffff00u
void ex_finish(struct guard_batch *b, struct nftnl_rule *r, uint32_t v);
void ex_jump(struct guard_batch *b, const char *chain, const char *to);

#endif
