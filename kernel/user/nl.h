/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Netlink, as little as routes, rules, addresses and nftables need: blocking requests to the kernel, which answers before
 * sendmsg returns, and one socket of events. The sockets are opened before the sandbox closes.
 */
#ifndef CAUSEWAY_NL_H
#define CAUSEWAY_NL_H

#include <libmnl/libmnl.h>
#include <stdbool.h>

#include "addr.h"

#define NL_BUF		32768
#define NL_TABLE	7100
#define NL_TABLE_LEAD	7101	/* everything into the device: who comes here was chosen by a selector */
#define NL_PROTO	171
#define NL_MARK_OWN	0x4d00u
#define NL_MARK_PROTECT	0x0100u
#define NL_MARK_LEAD	0x0200u	/* into the engine by a selector: what is forwarded, */
#define NL_MARK_LEAD_OWN 0x0300u	/* and what this host sends */
#define NL_MARK_PASS	0x0400u	/* past the engine, though a route may lead there */
#define NL_MARK_MASK	0xff00u

struct nl {
	struct mnl_socket *route, *nft, *events, *nft_events;
	uint32_t	seq;
};

/* False with errno: which of the sockets could not be had. */
bool nl_open(struct nl *);
void nl_close(struct nl *);
/* Send one message and read its answers to the end; 0 or the kernel's errno. cb may be NULL. */
int nl_talk(struct nl *, struct mnl_socket *, struct nlmsghdr *, mnl_cb_t cb, void *arg);
/* Many messages, each with NLM_F_ACK, n of them; done(arg, index, error) for each that failed. */
int nl_many(struct nl *, struct mnl_socket *, const void *buf, size_t len, uint32_t first_seq, unsigned n,
    void (*failed)(void *arg, unsigned index, int error), void *arg);

/* The route to a peer as our own sockets see it: the path's MTU by metric or interface, and the source; 0 when there is none. */
uint32_t nl_path(struct nl *, const struct addr *src, const struct addr *dst);
/* Of routes only those in tables beyond 255, where ours are, come to this socket, and all that is no route. 0, or -1 with errno. */
int nl_few_routes(int fd);

#endif
