/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The UDP sockets of IKE. They come open from the supervisor: "ike4" and "ike6" (UDP 500) are read and written here, "natt4" and
 * "natt6" (UDP 4500) are only written where ipsecd is the engine: it reads them and relays what is IKE. A kernel's engine takes ESP
 * before any socket sees it, and then they are read here too. Replies leave from the address that was asked.
 */
#ifndef IKED_RUN_SOCKETS_H
#define IKED_RUN_SOCKETS_H

#include <event2/event.h>
#include <sys/socket.h>

#include "addr.h"

/* What comes in. natt: on UDP 4500, without its non-ESP marker. */
struct sockets_sink {
	void	*ctx;
	void	(*packet)(void *ctx, const struct endpoint *local, const struct endpoint *remote, bool natt, struct bytes);
	/* ESP on UDP 4500 that a kernel's engine left: it has no SA for it. */
	void	(*stray)(void *ctx, const struct endpoint *local, const struct endpoint *remote, uint32_t spi);
	void	(*unreachable)(void *ctx, const struct endpoint *remote, int err);
};

struct sockets_counters {
	uint64_t	received, sent, truncated, no_source, not_ike, icmp_errors, send_failed;	/* not_ike: on 4500, ESP of no SA, keepalives */
};

struct sockets;

/* reads_natt: UDP 4500 is ours alone. NULL: no memory. */
struct sockets *sockets_new(struct event_base *, const struct sockets_sink *, uint16_t ike_port, uint16_t natt_port, bool reads_natt);
void sockets_free(struct sockets *);
/* Takes the descriptor; name is the supervisor's. False: not a name of ours (the descriptor stays the caller's). */
bool sockets_give(struct sockets *, const char *name, int fd);
/* Ask for destination addresses and ICMP errors. Before the sandbox, which has no setsockopt. */
void sockets_prepare(struct sockets *);
/* 0, or the errno that says why it did not leave. marker: four zero octets in front (RFC 3948 2.2). */
int  sockets_send(struct sockets *, const struct endpoint *local, const struct endpoint *remote, bool natt, bool marker,
    struct bytes);
const struct sockets_counters *sockets_counters(const struct sockets *);

/* Pure parts. The destination address of a received datagram (PKTINFO), without port; false when the kernel gave none. */
bool pktinfo_get(const struct msghdr *, struct addr *);
/* Ask for a source address; control has CMSG_ROOM octets. No address: nothing is asked. */
#define CMSG_ROOM	64
void pktinfo_put(struct msghdr *, void *control, const struct addr *);
/* The errno of an error-queue message and whom it was sent to; false when it is something else (a time stamp, say). */
bool icmp_error_get(const struct msghdr *, struct endpoint *remote, int *err);

#endif
