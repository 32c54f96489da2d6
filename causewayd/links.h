/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which daemon is joined to which: a table of socket pairs. When a daemon starts, each of its links is either waiting for it
 * (its neighbour got the other end before) or made anew, and then the neighbour is given a fresh end.
 */
#ifndef CAUSEWAYD_LINKS_H
#define CAUSEWAYD_LINKS_H

#include <stdbool.h>

enum daemon { D_IPSECD, D_KEYMGR, D_SPDSYNC, D_IKED, D_FETCH, D_RESOLVE, DAEMONS };	/* in the order of their start */

extern const char *const daemon_names[DAEMONS];

#define LINKS	9

struct link_row {
	enum daemon	who[2];
	const char	*name[2];	/* what each side calls it (lib/msg_sup.h) */
	bool		engine;		/* ipsecd serves here as the engine; a kernel's engine is reached otherwise */
};

extern const struct link_row link_rows[LINKS];

struct links {
	bool	kernel;			/* the engine is a kernel's */
	int	held[LINKS][2];		/* an end that waits for its daemon, or -1 */
};

/* One end for a daemon. False: the daemon is not there to take it. The descriptor stays the caller's. */
typedef bool links_give(void *ctx, enum daemon, const char *name, int fd);

void links_init(struct links *, bool kernel);
void links_fini(struct links *);
/* d is being started: give it its ends; neighbours that live get theirs. False: no descriptors. */
bool links_start(struct links *, enum daemon d, links_give *, void *ctx);
/* Both ends live and say that this link of d is no more: a fresh pair for both. False: d has no such link, or no descriptors. */
bool links_rejoin(struct links *, enum daemon d, const char *name, links_give *, void *ctx);
/* The row of d's link of that name, or NULL; *other is who is at its other end. */
const struct link_row *links_find(const struct links *, enum daemon d, const char *name, enum daemon *other);
/* d is gone: what was held for its neighbours leads nowhere now. */
void links_gone(struct links *, enum daemon d);

#endif
