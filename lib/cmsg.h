/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What comes beside a datagram, piece by piece: each inside what the system gave, whatever its length says. Pure. */
#ifndef CAUSEWAY_CMSG_H
#define CAUSEWAY_CMSG_H

#include <sys/socket.h>

#include "bytes.h"

struct cmsg {
	int		level, type;
	struct bytes	data;
};

/* *at is 0 before the first. False: there are no more. */
bool cmsg_next(const struct msghdr *, size_t *at, struct cmsg *);

#endif
