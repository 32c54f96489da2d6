/* SPDX-License-Identifier: BSD-2-Clause */
/* What an engine does with a packet, from its policies, SAs and last drops. Pure. */
#ifndef IKECTL_TRACE_H
#define IKECTL_TRACE_H

#include "pfkey.h"

struct trace_flow {
	struct addr	src, dst;
	uint8_t		proto;		/* 255: one that no policy singles out */
	bool		ports;		/* else only policies without ports cover it */
	uint16_t	sport, dport;	/* ICMP: type, code */
};

struct trace_policy {
	struct pfkey_msg m;
	uint64_t	order;		/* of arrival */
};

bool trace_covers(const struct pfkey_msg *policy, const struct trace_flow *);
/* Does a come before b? */
bool trace_before(const struct trace_policy *a, const struct trace_policy *b);
/* Would this request of a policy be served by this SA? */
bool trace_serves(const struct pfkey_msg *sa, const struct pfkey_request *);
bool trace_is_drop_of(const struct cw_dropped *, const struct trace_flow *);
const char *trace_sentence(unsigned reason);	/* NULL: no such reason */
const char *trace_reason(unsigned reason);

#endif
