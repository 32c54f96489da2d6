/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a datagram on UDP 4500 is, and where the segments of a bundle end: pure. */
#ifndef CAUSEWAY_WIRE_SPLIT_H
#define CAUSEWAY_WIRE_SPLIT_H

#include "bytes.h"

enum wire_kind { WIRE_NONE, WIRE_KEEPALIVE, WIRE_IKE, WIRE_ESP };

static inline enum wire_kind
wire_kind(struct bytes d)
{
	if (d.n == 1 && d.p[0] == 0xff)
		return WIRE_KEEPALIVE;
	if (d.n < 4)
		return WIRE_NONE;
	return (d.p[0] | d.p[1] | d.p[2] | d.p[3]) == 0 ? WIRE_IKE : WIRE_ESP;
}

/* The next segment of a datagram of n octets (segment 0: not a bundle): its length, and *at moves to its end; 0 at the end. */
static inline size_t
wire_split(size_t n, size_t segment, size_t *at)
{
	size_t len = n - *at;

	if (segment && len > segment)
		len = segment;
	*at += len;
	return len;
}

#endif
