/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One selector: whether a packet can be it, its line in the saved guard, and what follows from it in each chain. */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "causeway/pfkey.h"
#include "select.h"

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
select_keyed(const struct selector *s)
{
	return s->proto == IPPROTO_GRE && (s->sport || s->dport);
}

bool
selector_possible(const struct selector *s)
{
	return (s->sport == 0 && s->dport == 0) || select_ports(s->proto) || select_keyed(s) ||
	    (select_icmp(s->proto) && s->sport <= 255 && s->dport <= 255) || (s->proto == IPPROTO_MH && s->sport <= 255 && s->dport == 0);
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
select_verdict(unsigned chain, const struct selector *s, enum select_form form)
{
	enum select_verdict v = first_verdict(chain, s->action);

	if (s->dir != (chain == SELECT_IN ? CW_DIR_IN : CW_DIR_OUT))
		return SELECT_NO_RULE;
	if (form == SELECT_SUMMED)
		return select_keyed(s) ? v : SELECT_NO_RULE;
	if (form == SELECT_WHOLE)
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
