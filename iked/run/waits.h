/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests of spdsync (UP, DOWN, REKEY, SHUTDOWN) that the engine will answer later: from the tag that the engine was given back to
 * the request. The list is short: an administrator's commands.
 */
#ifndef IKED_RUN_WAITS_H
#define IKED_RUN_WAITS_H

#include <stdbool.h>
#include <stdint.h>

#define WAITS_MAX	4096

struct wait { uint64_t tag; uint16_t type; uint32_t id; };
struct waits {
	unsigned	n, cap;
	struct wait	*v;
	uint64_t	last_tag;
};

/* A new tag, never 0; 0 when there are too many, or no memory. */
uint64_t waits_add(struct waits *, uint16_t type, uint32_t id);
/* Take the request of that tag out; false when there is none (its link is gone). */
bool waits_take(struct waits *, uint64_t tag, struct wait *);
void waits_free(struct waits *);

#endif
