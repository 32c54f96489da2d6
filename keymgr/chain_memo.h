/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paths that were found valid, kept: a peer that comes again with the same certificates, for the same identity and anchors, costs one hash
 * instead of parsing and checking (OpenSSL 3.0 takes a third of a millisecond to parse a certificate). Validity depends on nothing else but
 * time, and a kept path holds from the last of its certificates' beginnings to the first of their ends. Refusals are not kept: who is
 * refused cannot push anybody out.
 */
#ifndef KEYMGR_CHAIN_MEMO_H
#define KEYMGR_CHAIN_MEMO_H

#include "chain.h"

#define CHAIN_MEMO	1024u	/* paths; a new one takes the place of another by its hash */

struct chain_memo;

struct chain_memo *chain_memo_new(void);
void chain_memo_free(struct chain_memo *);
/* As chain_validate. memo may be NULL. */
enum reason chain_memo_validate(struct chain_memo *, const struct chain_request *, struct chain *, char detail[static CHAIN_DETAIL]);

/* Adds the intermediates of the kept paths, borrowed: for chain_request's known. */
void chain_memo_known(const struct chain_memo *, STACK_OF(X509) *);

#endif
