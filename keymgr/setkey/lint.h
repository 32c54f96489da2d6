/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Policies that no packet can reach: the first match counts, so one that an earlier one covers entirely does nothing. Pure. A lookup
 * asks one hash for each shape in use (direction, prefix lengths, what is said of the upper layer), as the engine does, so that a
 * hundred thousand policies are looked through in a second.
 */
#ifndef SETKEY_LINT_H
#define SETKEY_LINT_H

#include "pfkey.h"

struct lint_policy {
	struct prefix	src, dst;	/* host bits zero */
	uint8_t		dir, type, proto;	/* proto 255: any */
	uint16_t	sport, dport;	/* 0 any */
	uint32_t	priority;
	uint32_t	id;		/* the engine's number, 0: not from an engine */
	unsigned	line;		/* of the text it was read from, 0: none */
	uint64_t	order;		/* of arrival; lint_put gives it */
	bool		clear_ok;	/* what matches may pass in the clear: none, bypass, or no level above use */
};

struct lint;
struct lint *lint_new(void);		/* NULL: no memory */
void lint_free(struct lint *);		/* NULL is nothing */
/* What a message of a policy says. False: it has no selectors (a socket's own), or is of an interface, whose policies meet no others. */
bool lint_of(const struct pfkey_msg *, struct lint_policy *);
/* Enter one at the end, or in the place of the one with the same selectors and direction. NULL: no memory. */
const struct lint_policy *lint_put(struct lint *, const struct lint_policy *);
void lint_take(struct lint *, const struct lint_policy *);	/* by selectors and direction */
void lint_clear(struct lint *);
/* The one that every packet of this one meets first; NULL: some packet reaches it. It has been put before. */
const struct lint_policy *lint_shadow(const struct lint *, const struct lint_policy *);
/* Every one, in order of arrival, until fn says false. */
void lint_each(const struct lint *, bool (*fn)(void *, const struct lint_policy *), void *);
bool lint_count(void *n, const struct lint_policy *);	/* for lint_each: raises the unsigned at n */
/* "10.0.1.0/24[any] 10.0.2.0/24[any] any out ipsec" */
#define LINT_TEXT	192
const char *lint_text(const struct lint_policy *, char buf[static LINT_TEXT]);

#endif
