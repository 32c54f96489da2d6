/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host names of peers and their addresses, by spdsync-resolve. A name is asked for when a wanted tunnel's other site is given by it, and
 * again when its time to live is over. Its last addresses are kept in the store and stay in use until others come: neither a silent DNS
 * nor a restart moves a tunnel. An address that is in use stays in use as long as the DNS names it among others.
 */
#ifndef CAUSEWAY_NAMES_H
#define CAUSEWAY_NAMES_H

#include <jansson.h>

#include "msg_resolve.h"
#include "sync.h"

struct name;
struct names *names_new(struct sync *);			/* NULL: no memory */
void names_free(struct names *);
void names_attach(struct sync *, int fd);		/* the link to spdsync-resolve */
bool names_up(const struct names *);		/* spdsync-resolve is there */
/* The wanted tunnels are others now. */
void names_follow(struct sync *);
/* The message for iked with the peer's address as it is known now; without one the tunnel can only wait for the peer. */
void names_fill(const struct sync *, const struct want_tunnel *, struct tunnel *);
/* Why the peer has no address, or R_OK. *detail may be set to a borrowed text. */
enum reason names_why(const struct sync *, const struct want_tunnel *, const char **detail);
/* {host, addresses, reason, detail, message}, or null for a peer that is not given by name. */
json_t *names_json(const struct sync *, const struct want_tunnel *);

/* Pure. The newly told addresses, those in front that were in front: of each family the one in use stays it while it is among them. */
void names_keep(const struct addr *old, unsigned nold, struct addr *told, unsigned n);
/* The address to use beside a local address of that family; fam 0: any, IPv4 first. NULL: none fits. */
const struct addr *names_pick(const struct addr *v, unsigned n, uint8_t fam);

#endif
