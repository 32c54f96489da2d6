/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the system says beside a datagram, and of one that did not get through. Pure. */
#ifndef CAUSEWAY_WIRE_CMSG_H
#define CAUSEWAY_WIRE_CMSG_H

#include <sys/socket.h>

#include "addr.h"
#include "cw.h"

struct wire_beside {
	struct addr	local;		/* which of our addresses it is for; fam 0: it was not said */
	uint8_t		tos;
	size_t		segment;	/* of a bundle; 0: it is none */
};

void wire_beside(const struct msghdr *, struct wire_beside *);
/*
 * IPv6: the header that stood before the n octets of a transform, proto, made of what the system tells: AH's ICV asks for it (the hop limit is not covered),
 * and in transport mode the packet inside has it again. The extension headers come one by one, in their order. Octets of it, 0: it is not all there.
 */
size_t wire_header6(const struct msghdr *, uint8_t proto, size_t n, const struct addr *from, const struct wire_beside *, uint8_t head[static CW_AH_FRONT]);
/* Of the error queue: the MTU for which a packet was too big; 0: it says something else. */
uint32_t wire_too_big(const struct msghdr *);

#endif
