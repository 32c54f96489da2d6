/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Policies that a route by destination cannot serve: those with a protocol or ports, those that discard, and those that let pass
 * what a later one protects. The guard has a rule for each, in the order of the SPD (RFC 4301 4.4.1: it is ordered), which
 * sends what it matches into the engine or past it. Policies by prefix alone stay in the sets; one of them is here, too, where a
 * later one in this list would otherwise take what is its.
 */
#ifndef CAUSEWAY_SELECT_H
#define CAUSEWAY_SELECT_H

#include "addr.h"

/* Each costs every packet a comparison, so there are not many; what is more is a trouble that status shows. */
#define SELECT_MAX	1024u

enum select_action {
	SELECT_PREFIX = 1,	/* what routes and sets do */
	SELECT_PASS,		/* in the clear */
	SELECT_PROTECT,
	SELECT_OPEN,		/* protected, but clear packets are taken: level use, or IPComp alone */
	SELECT_DISCARD
};

struct selector {
	uint8_t		dir, action;	/* CW_DIR_IN or CW_DIR_OUT; enum select_action */
	uint8_t		proto;		/* CW_ULPROTO_ANY: any */
	uint16_t	sport, dport;	/* 0: any; ICMP: type and code; MH: type and nothing; GRE: the key's halves */
	struct prefix	src, dst;
};

struct selectors { struct selector *v; size_t n, cap; };

void selectors_fini(struct selectors *);
bool selectors_add(struct selectors *, const struct selector *);	/* false: no memory */
bool selectors_eq(const struct selectors *, const struct selectors *);
/* What is in `more` and not in s, behind it. */
bool selectors_merge(struct selectors *, const struct selectors *more);
void selectors_sort(struct selectors *);	/* for the next one, not in the order in which they match */
void selectors_less(struct selectors *, const struct selectors *gone);	/* gone: sorted; the order of the others stays */
/* Is something protected or discarded by them? */
bool selectors_lead(const struct selectors *);
/* Has a transport header with two ports in its first four octets. */
bool select_ports(uint8_t proto);
bool select_icmp(uint8_t proto);
bool select_keyed(const struct selector *);	/* by a key of GRE */
/* Can a packet be this? A port of a protocol without any, or a type over 255, matches none. */
bool selector_possible(const struct selector *);

/*
 * Of all policies, in the order in which they match, those that need a rule; the order stays. *left: how many were too many.
 * False: no memory.
 */
bool selectors_choose(const struct selectors *all, struct selectors *out, size_t *left);

/*
 * The guard's chains of such rules. select_in is asked of what came in clear, before the sets; select_out of what leaves clear;
 * select_lead tells before routing where a packet goes. A selector may have a rule of its own for later fragments, which have no ports
 * (RFC 4301 7): they go where the ports of their first one might lead, and the engine, which saw that one, decides. And one by a key of GRE
 * has one for packets with a checksum, behind which the key stands.
 */
enum { SELECT_IN, SELECT_OUT, SELECT_LEAD, SELECT_CHAINS };
extern const char *const select_chains[SELECT_CHAINS];
enum select_verdict { SELECT_NO_RULE, SELECT_RETURN, SELECT_ACCEPT, SELECT_DROP, SELECT_MARK_LEAD, SELECT_MARK_PASS };
enum select_form { SELECT_WHOLE, SELECT_LATER, SELECT_SUMMED, SELECT_FORMS };
enum select_verdict select_verdict(unsigned chain, const struct selector *, enum select_form);
#define GRE_KEY		0x2007u		/* of a header's first 16 bits: has a key, and version 0 (RFC 2890 2) */
#define GRE_SUM		0xc000u		/* a checksum, or what RFC 1701 had there: the key is at 8, not at 4 */

/* A line of the saved guard, without "# " and newline, and back. False: it is not one. */
#define SELECT_STR	160
const char *selector_str(const struct selector *, char buf[SELECT_STR]);
bool selector_parse(const char *, struct selector *);

#endif
