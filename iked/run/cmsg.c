/* SPDX-License-Identifier: BSD-2-Clause */
/* The ancillary data of IKE's sockets: which of our addresses a datagram is for or from, and what ICMP said. */
#include <arpa/inet.h>
#include <linux/errqueue.h>
#include <netinet/in.h>

#include "cmsg.h"
#include "run/sockets.h"

/* An IPv4-mapped address is its IPv4 address, as in endpoint_from_sa(). */
static void
from_in6(const struct in6_addr *in, struct addr *a)
{
	memset(a, 0, sizeof(*a));
	if (IN6_IS_ADDR_V4MAPPED(in)) {
		a->fam = 4;
		memcpy(a->b, in->s6_addr + 12, 4);
	} else {
		a->fam = 6;
		memcpy(a->b, in->s6_addr, 16);
	}
}

bool
pktinfo_get(const struct msghdr *m, struct addr *a)
{
	size_t at = 0;
	struct cmsg c;

	while (cmsg_next(m, &at, &c)) {
		if (c.level == IPPROTO_IP && c.type == IP_PKTINFO && c.data.n >= sizeof(struct in_pktinfo)) {
			struct in_pktinfo i;

			memcpy(&i, c.data.p, sizeof(i));
			*a = (struct addr){ .fam = 4 };
			memcpy(a->b, &i.ipi_addr, 4);
			return true;
		}
		if (c.level == IPPROTO_IPV6 && c.type == IPV6_PKTINFO && c.data.n >= sizeof(struct in6_pktinfo)) {
			struct in6_pktinfo i;

			memcpy(&i, c.data.p, sizeof(i));
			from_in6(&i.ipi6_addr, a);
			return true;
		}
	}
	return false;
}

static void
one_cmsg(struct msghdr *m, void *control, int level, int type, const void *data, size_t n)
{
	struct cmsghdr *c;

	m->msg_control = control;
	m->msg_controllen = CMSG_SPACE(n);
	memset(control, 0, CMSG_ROOM);
	c = CMSG_FIRSTHDR(m);
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(n);
	memcpy(CMSG_DATA(c), data, n);
}

_Static_assert(CMSG_SPACE(sizeof(struct in6_pktinfo)) <= CMSG_ROOM, "the control buffer holds either pktinfo");

void
pktinfo_put(struct msghdr *m, void *control, const struct addr *a)
{
	struct in_pktinfo i4 = { 0 };
	struct in6_pktinfo i6 = { 0 };

	m->msg_control = NULL;
	m->msg_controllen = 0;
	if (addr_is_any(a))
		return;
	if (a->fam == 4) {
		memcpy(&i4.ipi_spec_dst, a->b, 4);
		one_cmsg(m, control, IPPROTO_IP, IP_PKTINFO, &i4, sizeof(i4));
	} else {
		memcpy(&i6.ipi6_addr, a->b, 16);
		one_cmsg(m, control, IPPROTO_IPV6, IPV6_PKTINFO, &i6, sizeof(i6));
	}
}

bool
icmp_error_get(const struct msghdr *m, struct endpoint *remote, int *err)
{
	size_t at = 0;
	struct cmsg c;

	while (cmsg_next(m, &at, &c)) {
		struct sock_extended_err e;

		if (!(c.level == IPPROTO_IP && c.type == IP_RECVERR) && !(c.level == IPPROTO_IPV6 && c.type == IPV6_RECVERR))
			continue;
		if (c.data.n < sizeof(e))
			continue;
		memcpy(&e, c.data.p, sizeof(e));
		if (e.ee_origin != SO_EE_ORIGIN_ICMP && e.ee_origin != SO_EE_ORIGIN_ICMP6 && e.ee_origin != SO_EE_ORIGIN_LOCAL)
			continue;
		*err = (int)e.ee_errno;
		return m->msg_name && endpoint_from_sa(m->msg_name, m->msg_namelen, remote);
	}
	return false;
}
