/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The error queue of the sockets: ICMP that came back for a packet of ours, and the system's own refusal of one that is larger
 * than its device. Only "too big" matters here, and only as a hint: the engine never goes below 1280 octets, so that a forged
 * one (RFC 8899 section 1 tells of them) costs little.
 */
#include <errno.h>
#include <time.h>

#include <linux/errqueue.h>

#include "wire_buf.h"

static const struct sock_extended_err *
find_error(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
		if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) || (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR))
			return (const void *)CMSG_DATA(c);
	return NULL;
}

void
wire_errors(struct wire_sock *s)
{
	struct sockaddr_storage to;
	char ctl[512] __attribute__((aligned(8)));
	uint8_t quoted[64];

	for (unsigned i = 0; i < 64; i++) {
		struct iovec iov = { quoted, sizeof(quoted) };
		struct msghdr m = { &to, sizeof(to), &iov, 1, ctl, sizeof(ctl), 0 };
		const struct sock_extended_err *e;
		struct endpoint peer;
		struct cw_addr a;

		if (recvmsg(s->fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			return;
		e = find_error(&m);
		if (e == NULL || e->ee_errno != EMSGSIZE || e->ee_info == 0 || !endpoint_from_sa((struct sockaddr *)&to, m.msg_namelen, &peer))
			continue;
		a.fam = peer.addr.fam;
		memcpy(a.b, peer.addr.b, sizeof(a.b));
		cw_path_mtu(s->w->engine, &a, e->ee_info);
	}
}
