/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <netinet/in.h>
#include <time.h>

#include <linux/errqueue.h>
#include <linux/udp.h>

#include "cmsg.h"
#include "wire_cmsg.h"

/* Its first octets, as many as out has; false, and out as it was: they are not there. */
static bool
take(const struct cmsg *c, void *out, size_t n)
{
	if (c->data.n < n)
		return false;
	memcpy(out, c->data.p, n);
	return true;
}

void
wire_beside(const struct msghdr *m, struct wire_beside *b)
{
	struct in6_pktinfo six;
	struct in_pktinfo four;
	size_t at = 0;
	struct cmsg c;
	int v;

	memset(b, 0, sizeof(*b));
	while (cmsg_next(m, &at, &c)) {
		if (c.level == IPPROTO_IP && c.type == IP_PKTINFO && take(&c, &four, sizeof(four))) {
			b->local.fam = 4;
			memcpy(b->local.b, &four.ipi_addr, 4);
		} else if (c.level == IPPROTO_IPV6 && c.type == IPV6_PKTINFO && take(&c, &six, sizeof(six))) {
			b->local.fam = 6;
			memcpy(b->local.b, &six.ipi6_addr, 16);
		} else if (c.level == IPPROTO_IP && c.type == IP_TOS) {
			take(&c, &b->tos, 1);
		} else if (c.level == IPPROTO_IPV6 && c.type == IPV6_TCLASS && take(&c, &v, sizeof(v))) {
			b->tos = (uint8_t)v;
		} else if (c.level == IPPROTO_UDP && c.type == UDP_GRO && take(&c, &v, sizeof(v))) {
			b->segment = v > 0 ? (size_t)v : 0;
		}
	}
}

size_t
wire_header6(const struct msghdr *m, uint8_t proto, size_t n, const struct addr *from, const struct wire_beside *b, uint8_t head[static CW_AH_FRONT])
{
	uint8_t *next = head + 6;
	size_t at = 40, where = 0;
	struct cmsg c;

	if (m->msg_flags & MSG_CTRUNC)
		return 0;
	memset(head, 0, CW_AH_FRONT);
	head[0] = (uint8_t)(0x60 | b->tos >> 4);
	head[1] = (uint8_t)(b->tos << 4);
	head[7] = 64;
	memcpy(head + 8, from->b, 16);
	memcpy(head + 24, b->local.b, 16);
	while (cmsg_next(m, &where, &c)) {
		if (c.level != IPPROTO_IPV6)
			continue;
		if (c.type == IPV6_HOPLIMIT && c.data.n == sizeof(int))
			head[7] = c.data.p[0];
		if (c.type != IPV6_HOPOPTS && c.type != IPV6_RTHDR && c.type != IPV6_DSTOPTS)
			continue;
		if (c.data.n < 8 || c.data.n > CW_AH_FRONT - at)
			return 0;
		*next = c.type == IPV6_HOPOPTS ? IPPROTO_HOPOPTS : c.type == IPV6_RTHDR ? IPPROTO_ROUTING : IPPROTO_DSTOPTS;
		memcpy(head + at, c.data.p, c.data.n);
		next = head + at;
		at += c.data.n;
	}
	*next = proto;
	if (at - 40 + n > 65535)
		return 0;
	head[4] = (uint8_t)((at - 40 + n) >> 8);
	head[5] = (uint8_t)(at - 40 + n);
	return at;
}

uint32_t
wire_too_big(const struct msghdr *m)
{
	struct sock_extended_err e;
	size_t at = 0;
	struct cmsg c;

	while (cmsg_next(m, &at, &c))
		if (((c.level == IPPROTO_IP && c.type == IP_RECVERR) || (c.level == IPPROTO_IPV6 && c.type == IPV6_RECVERR)) && take(&c, &e, sizeof(e)))
			return e.ee_errno == EMSGSIZE ? e.ee_info : 0;
	return 0;
}
