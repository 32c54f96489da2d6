/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last events, oldest first, bounded in number and in octets. Their ids go up by one; a process begins at its start's microsecond,
 * so that an id that a reader kept over a restart is never one of ours that says something else.
 */
#ifndef CAUSEWAY_EVRING_H
#define CAUSEWAY_EVRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVRING_ROWS	8192u
#define EVRING_OCTETS	(2u << 20)
#define EVRING_TEXT	4096u		/* one event at most; what is longer is not kept */

struct evring {
	uint64_t	begin;		/* the first id of all */
	uint64_t	first, next;	/* the oldest one's id; the id that the next one gets */
	size_t		octets;
	struct { char *text; size_t n; } row[EVRING_ROWS];
};

void evring_init(struct evring *, uint64_t first);
void evring_fini(struct evring *);
/* Takes a malloc'd text; the oldest make room. False (text freed): it is too long; its id is used all the same, and readers count it as lost. */
bool evring_put(struct evring *, char *text, size_t n);
const char *evring_get(const struct evring *, uint64_t id, size_t *n);	/* NULL: not there */
/*
 * Where a reader goes on that has heard all up to heard. *lost: how many it will never hear; -1: nobody knows, the id is of another
 * process, and the reader gets all there is.
 */
uint64_t evring_resume(const struct evring *, uint64_t heard, int64_t *lost);

#endif
