/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From the policies to the system: routes, rules and guard are made what the SPD says at the end of a turn in which it
 * changed, or a while after a pass that took long. Until spdsync says that its policies all stand, what the saved guard says counts too,
 * but for what a policy protected that somebody entered since then and took away again.
 */
#ifndef CAUSEWAY_NET_H
#define CAUSEWAY_NET_H

#include <event2/event.h>

#include "guard.h"
#include "ifroutes.h"
#include "policies.h"
#include "routes.h"

struct net {
	struct nl		nl;
	struct routes		routes;
	struct guard		guard;
	struct policy_source	policies;
	/* Devices of tunnels that nobody has named again go; NULL: there are none. */
	void			(*sweep)(void *);
	void			*sweep_ctx;
	struct ifroutes		ifroutes;
	struct event		*ev_route, *ev_nft, *retry;
	char			file[256];	/* the guard's file */
	struct guard_want	saved;		/* what was loaded at the start; empty once synced */
	struct guard_want	by_hand;	/* until then: what policies of others than spdsync protected when they were looked at last */
	struct guard_want	want;		/* what was put last; its pairs are what stands in the file */
	bool			select;		/* set before net_load: the engine is in this process, and only what is led there meets it */
	bool			xfrm, open, kept, synced, dirty, addrs_dirty, reload, failed, unsaved;
	uint64_t		rest_until;	/* what only the policies ask for waits until then */
	struct troubles		troubles;
	void			(*on_trouble)(void *ctx);
	void			*ctx;
};

/*
 * Before anything else: the saved guard, in one transaction. False: *why says what failed. tun is the device's name; NULL: the engine is
 * the system's own (XFRM). Then there are no routes and rules: it looks a packet's policy up behind the system's own route.
 */
bool net_load(struct net *, const char *file, const char *tun, uint16_t ike_port, uint16_t natt_port, char why[256]);
/* After the device is there, the TUN or its stand-in: rules, and unreachable routes for what the saved guard protects. Without one: none. */
bool net_begin(struct net *, uint32_t ifindex, char why[256]);
bool net_start(struct net *, struct event_base *, struct policy_source, void (*on_trouble)(void *), void *ctx);
void net_fini(struct net *);

void net_changed(struct net *);			/* a policy came or went */
void net_other_engine(struct net *);		/* what its policies lack was not taken away */
void net_turn_end(struct net *);
/* spdsync's requests; 0 or errno. */
int net_synced(struct net *);
int net_open(struct net *);
int net_close(struct net *);
int net_keep(struct net *);			/* what stands stays: policies are not followed any more */
void net_audit(struct net *);			/* look again for others' routes in our table */

#endif
