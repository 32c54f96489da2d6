/* SPDX-License-Identifier: BSD-2-Clause */
/* A site file on its way into force, whoever sends it: an apply, a rollback, an undo. */
#ifndef CAUSEWAY_CHANGE_H
#define CAUSEWAY_CHANGE_H

#include "plan.h"
#include "sync.h"

struct change {
	char		*text;		/* NULL: nothing is to be in force */
	size_t		n;
	struct sites	*sites;
	struct plan	plan;
	struct one	*one;		/* only one tunnel is edited (one.h); then there is no sites */
	const char	*author;	/* of the revision, when it is not the audit line's */
};

/*
 * Validates the text and plans. False: *err says why, with its place.
 * legacy: the policy "legacy" may stand in it, because it was in force before.
 */
bool change_plan(struct sync *, struct change *, bool legacy, struct yt_error *err);
/* For plan_make(): the suite of the tunnel's IKE SA; arg: the struct sync. */
const struct suite *change_suite(void *arg, const char *tunnel);
/* Is it the text in force, octet for octet? */
bool change_is_none(const struct sync *, const struct change *);
/*
 * The commit, and then the plan's work: all or nothing, and the change is used up. who says author, origin and action; pending: until it
 * is confirmed, the revision that is confirmed now stays the one to fall back to.
 */
bool change_commit(struct sync *, struct change *, struct audit_row *who, const char *comment, bool pending, struct store_error *);
void change_fini(struct change *);

#endif
