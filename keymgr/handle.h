/* SPDX-License-Identifier: BSD-2-Clause */
/* Handles: u32, never 0, half of it random, so that a handle of a dead link or a guessed one meets nothing. */
#ifndef KEYMGR_HANDLE_H
#define KEYMGR_HANDLE_H

#include <stdbool.h>
#include <stdint.h>

#define HANDLES_MAX	65535u

struct handles {
	unsigned	max;	/* objects at most; up to HANDLES_MAX */
	unsigned	n, cap;
	unsigned	free_first;	/* slot + 1; 0 none */
	struct handle_slot {
		void		*p;
		uint32_t	 handle;
		unsigned	 next;	/* of a free slot: slot + 1 */
	} *v;
};

/* The new object's handle, or 0: full, or no memory. */
uint32_t handle_add(struct handles *, void *);
void *handle_get(const struct handles *, uint32_t);
/* The object, which has no handle any more; or NULL. */
void *handle_take(struct handles *, uint32_t);
/* Any object, taken; NULL when none is left. */
void *handle_take_any(struct handles *);
void handle_fini(struct handles *);

#endif
