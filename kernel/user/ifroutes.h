/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Routes to the interfaces that tunnels are, as the site file's networks ask for. The engine makes the interfaces, in a group of devices by which they
 * are known: one of another's with such a name is left alone. Which networks those are spdsync says (ESP_ROUTES); the list holds until it said another one and SYNCED.
 */
#ifndef CAUSEWAY_IFROUTES_H
#define CAUSEWAY_IFROUTES_H

#include "msg_esp.h"
#include "nl.h"
#include "routes.h"

#define IFROUTES_MAX	65536u	/* that spdsync may name */

struct ifroute {
	char		name[IFACE_CAP];
	uint32_t	index;		/* 0: it is not there */
	uint8_t		state;		/* enum iface_state */
	bool		up;
};

struct ifroutes {
	struct esp_route *now, *next;	/* now: sorted by name */
	size_t		nnow, nnext, cap;
	bool		told;		/* next is to take now's place */
	struct ifroute	*v;		/* those that now names, by name */
	size_t		n;
	struct route	*routes;	/* of those that are up */
	size_t		nroutes;
};

void ifroutes_fini(struct ifroutes *);
/* One that spdsync named. first: what was named before does not count. False: no memory, or too many. */
bool ifroutes_named(struct ifroutes *, bool first, const struct esp_route *);
bool ifroutes_synced(struct ifroutes *);		/* what was named is in force; false: no memory, and the former is */
/* Looks which of them are there. 0 or errno. */
int ifroutes_look(struct ifroutes *, struct nl *);
/* The routes of those that are up; own: this gateway's addresses, sorted. False: no memory. */
bool ifroutes_routes(struct ifroutes *, const struct addr *own, size_t nown);
/* After routes_sync(): which have theirs. True: a state changed. */
bool ifroutes_judge(struct ifroutes *, const struct routes *);

#endif
