/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Policies of the user's, followed: each look at the engine's table says which there are, keymgr says whom psk.txt has keys for, and what
 * bypolicy.c makes of it is told to iked and keymgr like the tunnels of the site file. The policies themselves are never touched.
 */
#ifndef CAUSEWAY_DEMAND_H
#define CAUSEWAY_DEMAND_H

#include "bypolicy.h"

struct rt;
struct sync;

struct demand {
	size_t		npol, cap;
	struct upolicy	*pol;		/* as of the last look that is done; while one runs, its own */
	bool		looking;	/* one runs */
	bool		more;		/* there were more than BYPOLICY_MAX */
	struct umap	map;
	size_t		nrt;
	struct rt	**rt;		/* one for each tunnel of the map, in its order */
	bool		asked, known;	/* keymgr is being asked for the peers; it has answered once */
	enum reason	why;		/* its answer: R_OK, or what is wrong with psk.txt */
	char		detail[256];
	size_t		npeers;
	struct addr	*peers;
	struct racoon	*conf;		/* in force; NULL: none */
	struct racoon	*next;		/* takes its place when the look is done that runs */
	bool		next_due;
};

void demand_begin(struct sync *);				/* a look begins */
struct spd_entry;
void demand_entry(struct sync *, const struct pfkey_msg *, const struct spd_entry *);
void demand_settle(struct sync *);				/* it is done */
void demand_ask(struct sync *);					/* psk.txt may be another one */
void demand_keymgr_down(struct sync *);
/* The daemons are to be told of these tunnels, and it is not known yet which those are. */
bool demand_waits(const struct sync *);
/*
 * racoon.conf: the one of the store, at the start; and another one (takes it; NULL: none any more). False: no memory, and it stays as it was.
 */
void demand_load(struct sync *);
bool demand_configure(struct sync *, struct racoon *);
struct rt *demand_rt(const struct sync *, const char *tunnel);
void demand_fini(struct sync *);

#endif
