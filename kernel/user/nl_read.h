/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What rtnetlink says, one message each, which nl_whole() found to be whole. False: it is another message, or one that is not as it should be; then
 * nothing of it counts. What a message does not say is 0, and a text that is too long for its place is "". Pure.
 */
#ifndef CAUSEWAY_NL_READ_H
#define CAUSEWAY_NL_READ_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>

#include "addr.h"

struct nl_link {
	uint32_t	index, flags, group, mtu;
	char		name[16], kind[16];
};

struct nl_route {
	struct prefix	dst;
	struct addr	src;		/* preferred; fam 0: none */
	uint8_t		type, protocol;
	bool		cloned;
	uint32_t	table, metric, oif;
};

struct nl_addr {
	uint8_t		scope;
	struct addr	addr;		/* the local one, where there is also a peer's */
};

/*
 * Of n octets that were received: how many are messages that are whole. libmnl, which is given no more, takes a length of 2^31 and above as a negative one,
 * that is in bounds, and would not move on from there.
 */
size_t nl_whole(const void *, size_t n);
bool nl_get_link(const struct nlmsghdr *, struct nl_link *);
bool nl_get_route(const struct nlmsghdr *, struct nl_route *);
bool nl_get_addr(const struct nlmsghdr *, struct nl_addr *);
bool nl_get_error(const struct nlmsghdr *, int *error);	/* 0, or the negative errno */

#endif
