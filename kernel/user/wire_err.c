/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The error queue of the sockets: ICMP that came back for a packet of ours, and the system's own refusal of one that is larger
 * than its device. Only "too big" matters here, and only as a hint: the engine never goes below 1280 octets, so that a forged
 * one (RFC 8899 section 1 tells of them) costs little.
 */
#include <time.h>

#include "wire_buf.h"
#include "wire_cmsg.h"

void
wire_errors(struct wire_sock *s)
{
	struct sockaddr_storage to;
	char ctl[512] __attribute__((aligned(8)));
	uint8_t quoted[64];

	for (unsigned i = 0; i < 64; i++) {
		struct iovec iov = { quoted, sizeof(quoted) };
		struct msghdr m = { &to, sizeof(to), &iov, 1, ctl, sizeof(ctl), 0 };
		struct endpoint peer;
		struct cw_addr a;
		uint32_t mtu;

		if (recvmsg(s->fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			return;
		mtu = wire_too_big(&m);
		if (mtu == 0 || !endpoint_from_sa((struct sockaddr *)&to, m.msg_namelen, &peer))
			continue;
		a.fam = peer.addr.fam;
		memcpy(a.b, peer.addr.b, sizeof(a.b));
		cw_path_mtu(s->w->engine, &a, mtu);
	}
}
