/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Table 7100 and the rules that lead to it; and table 7101, where what a selector chose goes into the device. A route is found by destination alone; whether the source belongs to the
 * policy is the engine's question, and a packet that no policy is for is dropped there by its own reason (ROUTE_LOOP): once
 * the table sent it to the TUN there is no way around.
 */
#ifndef CAUSEWAY_ROUTES_H
#define CAUSEWAY_ROUTES_H

#include "guard_file.h"
#include "nl.h"
#include "trouble.h"

enum route_kind { ROUTE_TUN = 1, ROUTE_UNREACHABLE = 2, ROUTE_THROW = 3, ROUTE_IFACE = 4 };

struct route {
	struct prefix	dst;
	uint8_t		kind;
	struct addr	src;	/* preferred source; fam 0 none */
	uint32_t	oif;	/* ROUTE_IFACE: the interface */
};

struct route_list { struct route *v; size_t n, cap; };

struct routes {
	struct nl		*nl;
	uint32_t		ifindex;	/* of the TUN; 0: there is none */
	struct route_list	have;		/* ours in the kernel, sorted */
	struct route_list	foreign;	/* others' in our table */
	struct addr		*own;		/* this gateway's addresses, sorted */
	size_t			nown, capown;
	uint64_t		read_ns;	/* when the table was read last */
	const struct route	*by_iface;	/* borrowed */
	size_t			nby_iface;
	bool			lead;		/* the other table may have routes of ours */
};

/* Read what stands: routes of our table (but not twice within a second unless now is set) and own addresses. 0 or errno. */
int routes_read(struct routes *, bool now);
int routes_addrs(struct routes *);
void routes_fini(struct routes *);
/* What is to go by tunnels' interfaces, beside what goes into the TUN; borrowed until it is said anew. */
void routes_by_ifaces(struct routes *, const struct route *, size_t n);
bool routes_stands(const struct routes *, const struct route *);	/* among what stood after the last routes_sync() */
/*
 * Make the table what the pairs say. tun: pairs to route into the TUN; closed: pairs that are only kept unreachable (from the
 * saved guard). keep: what leads into the TUN for these pairs stays, too (their policies are not here yet); NULL: none. Returns 0 or the last errno; what failed is added to t.
 */
int routes_sync(struct routes *, const struct pairs *tun, const struct pairs *closed, const struct pairs *loc, const struct pairs *keep, struct troubles *t);
/* The other table; lead: there are selectors. 0 or errno. */
int routes_lead(struct routes *, bool lead);
int rules_add(struct routes *);		/* all of them; those that stand already are fine */
int rules_del(struct routes *);

/* This gateway's own address inside a local prefix, the lowest; own is sorted. fam 0: it has none. */
struct addr routes_own_inside(const struct prefix *local, const struct addr *own, size_t nown);
/* Pure parts, for tests. */
bool route_list_add(struct route_list *, const struct route *);
void route_list_sort(struct route_list *);
int route_cmp(const struct route *, const struct route *);	/* by prefix and kind */
bool routes_want(struct route_list *, const struct pairs *tun, const struct pairs *closed, const struct pairs *loc,
    const struct addr *own, size_t nown);

#endif
