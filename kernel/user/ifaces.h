/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Interfaces that tunnels are: each a TUN of its own, by the name that its policies and SAs say. It is persistent, so that it outlives an ipsecd
 * that dies: what is routed there is dropped then, and the next ipsecd takes it up again. Ours are in a group of devices, by which
 * the guard knows them and we do, after a crash. All of it is done behind the sandbox.
 */
#ifndef CAUSEWAY_IFACES_H
#define CAUSEWAY_IFACES_H

#include "nl.h"
#include "tun.h"

#define IFACES_BUCKETS	256u

struct iface {
	struct iface	*next, *after;	/* of its number, of all */
	unsigned	users;
	struct tun	tun;		/* its number is the device's index */
};

struct ifaces {
	struct nl	*nl;
	struct event_base *base;
	struct cw_engine *engine;
	struct pool	*pool;
	struct iface	*first, *bucket[IFACES_BUCKETS];
	struct iface	*going;		/* that nobody uses since this turn */
	unsigned	n;
};

/* As the seam's calls (host.h). */
int ifaces_hold(struct ifaces *, const char *name, uint32_t *num);
void ifaces_put(struct ifaces *, uint32_t num);
uint32_t ifaces_find(const struct ifaces *, const char *name);
struct tun *ifaces_tun(struct ifaces *, uint32_t num);	/* NULL: it has gone */
void ifaces_turn_end(struct ifaces *);			/* the devices that nobody uses any more go, all at once */
void ifaces_fini(struct ifaces *);			/* the devices stay */
/* The devices of earlier ones that nobody has named again go. f NULL: all. 0 or errno. */
int ifaces_sweep(struct nl *, const struct ifaces *f);

#endif
