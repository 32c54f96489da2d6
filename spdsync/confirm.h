/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A revision that waits to be confirmed undoes itself: at its deadline; at half of its time when a tunnel that was up before is not
 * up again; and when spdsync starts and finds one. What comes back is the text of the last confirmed revision, as a revision.
 */
#ifndef CAUSEWAY_CONFIRM_H
#define CAUSEWAY_CONFIRM_H

#include <jansson.h>

#include "change.h"

#define CONFIRM_MIN_S	2
#define CONFIRM_MAX_S	86400

struct confirm {
	uint64_t	revision;	/* the one that waits; 0: none does */
	uint64_t	back;		/* the one that comes back; 0: none, nothing is in force then */
	unsigned	seconds;
	uint64_t	end_ns;
	struct event	*half, *end;
	unsigned	nup;
	char		(*up)[NAME_CAP];	/* the tunnels that were up before */
	char		undone[256];	/* why the one before was undone; "" when it was not, or another change came since */
	uint64_t	undone_revision;
};

/* Before the commit: which tunnels are up. False: no memory. */
bool confirm_prepare(struct sync *, unsigned seconds);
/* After it: the time runs. */
void confirm_begin(struct sync *);
bool confirm_waits(const struct sync *);
/* It stays. who: author and origin, for the audit log. */
bool confirm_keep(struct sync *, struct audit_row *who, struct store_error *);
/* It goes. *c is the text that comes back, with the plan, for who wants to tell it; to be ended by change_fini() in any case. */
bool confirm_undo(struct sync *, struct audit_row *who, const char *why, struct change *c, struct store_error *);
/* After a start: one that was not confirmed is undone. */
void confirm_boot(struct sync *);
/* Another change came into force: how the one before ended is of no interest any more. */
void confirm_forget(struct sync *);
void confirm_fini(struct sync *);

json_t *confirm_json(const struct sync *);	/* null: nothing waits */

#endif
