/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "causeway/pfkey.h"
#include "select.h"

void
selectors_fini(struct selectors *s)
{
	free(s->v);
	*s = (struct selectors){ NULL, 0, 0 };
}

bool
selectors_add(struct selectors *s, const struct selector *one)
{
	if (s->n == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 16;
		struct selector *v = realloc(s->v, cap * sizeof(*v));

		if (v == NULL)
			return false;
		s->v = v;
		s->cap = cap;
	}
	s->v[s->n++] = *one;
	return true;
}

static bool
prefix_eq(const struct prefix *a, const struct prefix *b)
{
	return a->len == b->len && addr_eq(&a->addr, &b->addr);
}

static bool
same(const struct selector *a, const struct selector *b)
{
	return a->dir == b->dir && a->action == b->action && a->proto == b->proto && a->sport == b->sport && a->dport == b->dport &&
	    prefix_eq(&a->src, &b->src) && prefix_eq(&a->dst, &b->dst);
}

bool
selectors_eq(const struct selectors *a, const struct selectors *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!same(&a->v[i], &b->v[i]))
			return false;
	return true;
}

bool
selectors_merge(struct selectors *s, const struct selectors *more)
{
	size_t n = s->n;

	for (size_t i = 0; i < more->n; i++) {
		bool there = false;

		for (size_t k = 0; k < n && !there; k++)
			there = same(&s->v[k], &more->v[i]);
		if (!there && !selectors_add(s, &more->v[i]))
			return false;
	}
	return true;
}

bool
selectors_lead(const struct selectors *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].action != SELECT_PASS && s->v[i].action != SELECT_PREFIX)
			return true;
	return false;
}

bool
select_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP || proto == IPPROTO_UDPLITE || proto == IPPROTO_DCCP;
}

bool
select_icmp(uint8_t proto)
{
	return proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6;
}

bool
selector_possible(const struct selector *s)
{
	return (s->sport == 0 && s->dport == 0) || select_ports(s->proto) || (select_icmp(s->proto) && s->sport <= 255 && s->dport <= 255);
}

static bool
meet(const struct prefix *a, const struct prefix *b)
{
	return a->addr.fam == b->addr.fam && (a->len < b->len ? prefix_has(a, &b->addr) : prefix_has(b, &a->addr));
}

static bool
overlap(const struct selector *a, const struct selector *b)
{
	return a->dir == b->dir && meet(&a->src, &b->src) && meet(&a->dst, &b->dst);
}

/* Does a rule behind this policy by prefix take some of what is its? Such rules are only of the other kinds. */
static bool
precedes(const struct selectors *all, size_t i, const size_t *special, size_t n)
{
	for (size_t k = n; k-- > 0 && special[k] > i; )
		if (overlap(&all->v[i], &all->v[special[k]]))
			return true;
	return false;
}

/* The places of those that are not by prefix alone, without those behind which nothing is protected any more. */
static size_t
specials(const struct selectors *all, size_t special[SELECT_MAX], size_t *left)
{
	size_t n = 0, end = 0;

	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].action != SELECT_PASS)
			end = i + 1;
	*left = 0;
	for (size_t i = 0; i < end; i++) {
		if (all->v[i].action == SELECT_PREFIX)
			continue;
		if (n == SELECT_MAX)
			(*left)++;
		else
			special[n++] = i;
	}
	return n;
}

bool
selectors_choose(const struct selectors *all, struct selectors *out, size_t *left)
{
	size_t special[SELECT_MAX], n = specials(all, special, left), k = 0;

	out->n = 0;
	for (size_t i = 0; n > 0 && i <= special[n - 1]; i++) {
		bool is_special = k < n && special[k] == i;

		k += is_special;
		if (!is_special && (all->v[i].action != SELECT_PREFIX || !precedes(all, i, special, n)))
			continue;
		if (out->n == SELECT_MAX)
			*left += is_special;
		else if (!selectors_add(out, &all->v[i]))
			return false;
	}
	return true;
}

const char *const select_chains[SELECT_CHAINS] = { "select_in", "select_out", "select_lead" };

/*
 * What the sets or the routes say of it follows (RETURN), or nothing more is asked (ACCEPT). What may come in clear is marked, too: its way
 * back by the engine's routes would be the device, which a strict reverse path filter takes for a forgery.
 */
static enum select_verdict
first_verdict(unsigned chain, uint8_t action)
{
	static const enum select_verdict table[SELECT_CHAINS][SELECT_DISCARD + 1] = {
		[SELECT_IN] = { [SELECT_PREFIX] = SELECT_RETURN, [SELECT_PASS] = SELECT_MARK_PASS, [SELECT_PROTECT] = SELECT_DROP,
		    [SELECT_OPEN] = SELECT_MARK_PASS, [SELECT_DISCARD] = SELECT_DROP },
		[SELECT_OUT] = { [SELECT_PREFIX] = SELECT_RETURN, [SELECT_PASS] = SELECT_ACCEPT, [SELECT_PROTECT] = SELECT_DROP,
		    [SELECT_OPEN] = SELECT_DROP, [SELECT_DISCARD] = SELECT_DROP },
		[SELECT_LEAD] = { [SELECT_PREFIX] = SELECT_RETURN, [SELECT_PASS] = SELECT_MARK_PASS, [SELECT_PROTECT] = SELECT_MARK_LEAD,
		    [SELECT_OPEN] = SELECT_MARK_LEAD, [SELECT_DISCARD] = SELECT_MARK_LEAD },
	};

	return table[chain][action];
}

enum select_verdict
select_verdict(unsigned chain, const struct selector *s, bool later_fragment)
{
	enum select_verdict v = first_verdict(chain, s->action);

	if (s->dir != (chain == SELECT_IN ? CW_DIR_IN : CW_DIR_OUT))
		return SELECT_NO_RULE;
	if (!later_fragment)
		return v;
	/* Inbound its first fragment is judged, and without that one it is never made whole. */
	return chain != SELECT_IN && (s->sport || s->dport) && (v == SELECT_DROP || v == SELECT_MARK_LEAD) ? v : SELECT_NO_RULE;
}

static const char *const actions[] = { [SELECT_PREFIX] = "prefix", [SELECT_PASS] = "pass", [SELECT_PROTECT] = "protect", [SELECT_OPEN] = "open",
    [SELECT_DISCARD] = "discard" };

const char *
selector_str(const struct selector *s, char buf[SELECT_STR])
{
	char src[PREFIX_STR], dst[PREFIX_STR];

	snprintf(buf, SELECT_STR, "select %s %s %u %u %u %s %s", s->dir == CW_DIR_IN ? "in" : "out", actions[s->action], s->proto, s->sport, s->dport,
	    prefix_str(&s->src, src), prefix_str(&s->dst, dst));
	return buf;
}

bool
selector_parse(const char *line, struct selector *s)
{
	char dir[4], action[8], src[PREFIX_STR], dst[PREFIX_STR], rest[2];
	unsigned proto, sport, dport;

	memset(s, 0, sizeof(*s));
	if (sscanf(line, "select %3s %7s %3u %5u %5u %51s %51s%1s", dir, action, &proto, &sport, &dport, src, dst, rest) != 7 ||
	    proto > 255 || sport > 0xffff || dport > 0xffff)
		return false;
	s->proto = (uint8_t)proto;
	s->sport = (uint16_t)sport;
	s->dport = (uint16_t)dport;
	s->dir = strcmp(dir, "in") == 0 ? CW_DIR_IN : CW_DIR_OUT;
	for (uint8_t i = SELECT_PREFIX; i <= SELECT_DISCARD; i++)
		if (strcmp(action, actions[i]) == 0)
			s->action = i;
	return (s->dir == CW_DIR_IN || strcmp(dir, "out") == 0) && s->action && prefix_parse(src, &s->src) && prefix_parse(dst, &s->dst) &&
	    s->src.addr.fam == s->dst.addr.fam && selector_possible(s);
}
