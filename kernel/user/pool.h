/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Packet buffers: two sizes, made when first needed, kept, bounded in number. A packet whose cookie is not NULL came from here
 * and goes back by pool_put; one with a NULL cookie lies in somebody's receive buffer and is not ours to free.
 */
#ifndef CAUSEWAY_POOL_H
#define CAUSEWAY_POOL_H

#include "cw.h"

#define POOL_SMALL	1728u	/* octets of packet: every Ethernet one */
#define POOL_LARGE	65535u
#define POOL_NSMALL	4096u
#define POOL_NLARGE	128u

struct pool_buf;
struct pool {
	struct pool_buf	*free[2];
	unsigned	made[2];
};

/* A packet of len octets with the engine's room on both sides, or NULL. */
struct cw_pkt *pool_get(struct pool *, size_t len);
void pool_put(struct pool *, struct cw_pkt *);
void pool_fini(struct pool *);

#endif
