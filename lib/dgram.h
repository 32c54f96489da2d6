/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One datagram of a SOCK_SEQPACKET link, with at most one descriptor attached; no state, no log. */
#ifndef CAUSEWAY_DGRAM_H
#define CAUSEWAY_DGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

enum dgram {
	DGRAM_OK,
	DGRAM_NOT_NOW,		/* it would block */
	DGRAM_CLOSED,		/* the other side is gone; an empty datagram looks the same and is taken for it */
	DGRAM_CUT,		/* ENOBUFS, of a kernel's socket: what was not read in time is lost */
	DGRAM_LONG,		/* longer than the buffer; it is lost */
	DGRAM_DESCRIPTORS	/* more than one descriptor; all of them were closed */
};

/* fd -1: none. Flags are sendmsg's; MSG_NOSIGNAL is added. */
enum dgram dgram_put(int sock, const struct iovec *, unsigned n, int fd, int flags);
/*
 * *fd becomes -1 or a descriptor with close-on-exec, now the caller's. fd NULL: none is taken, and one that came is DGRAM_DESCRIPTORS;
 * Linux's own PF_KEY socket refuses to be asked otherwise.
 */
enum dgram dgram_get(int sock, void *buf, size_t cap, size_t *n, int *fd, int flags);

#endif
