/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the sockets' files share: the arrays that the vector calls of the system need. */
#ifndef CAUSEWAY_WIRE_BUF_H
#define CAUSEWAY_WIRE_BUF_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "wire.h"

#define WIRE_CMSG	160
#define WIRE_DATAGRAM	65536
#define WIRE_RX_CMSG	1024	/* AH's have extension headers beside them */
#define WIRE_ROOM	CW_AH_FRONT	/* before a datagram: transport mode and AH give it an IP header */

struct wire_rx {
	struct mmsghdr		msg[WIRE_MSGS];
	struct iovec		iov[WIRE_MSGS];
	struct sockaddr_storage	from[WIRE_MSGS];
	char			ctl[WIRE_MSGS][WIRE_RX_CMSG] __attribute__((aligned(8)));
	struct cw_pkt		pkt[WIRE_BURST];
	struct cw_pkt		*v[WIRE_BURST];
	unsigned		n;
	uint64_t		now;
	uint8_t			buf[WIRE_MSGS][WIRE_ROOM + WIRE_DATAGRAM];
};

struct wire_tx {
	struct mmsghdr		msg[WIRE_BURST];
	struct iovec		iov[WIRE_BURST];
	struct sockaddr_storage	to[WIRE_BURST];
	char			ctl[WIRE_BURST][WIRE_CMSG] __attribute__((aligned(8)));
	struct wire_sock	*sock[WIRE_BURST];
	unsigned		n;
};

#endif
