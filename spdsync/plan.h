/* SPDX-License-Identifier: BSD-2-Clause */
/* What a new site file would do to every tunnel of this gateway, and whether it may. Pure. */
#ifndef CAUSEWAY_PLAN_H
#define CAUSEWAY_PLAN_H

#include "site.h"

enum plan_action { PLAN_KEPT, PLAN_REKEYED, PLAN_DROPPED, PLAN_NEW };

struct plan_row {
	char		tunnel[NAME_CAP];
	enum plan_action action;
	char		why[256];
};

struct plan {
	unsigned	n;
	struct plan_row	*v;		/* sorted by name */
};

/* old may be NULL. False: no memory. */
bool plan_make(struct plan *, const struct sites *old, const struct sites *new, const char *our_site);
void plan_fini(struct plan *);

/*
 * Refuses a file that was probably cut (doc/decisions/0004-truncated-files.md): one that loses tunnels or sites which are not
 * in the comma separated list remove ("all": any), or one that is the beginning of the text in force and loses none.
 */
bool plan_allowed(const struct sites *old, const char *old_text, size_t old_n, const struct sites *new, const char *text, size_t n,
    const char *remove, struct yt_error *);

#endif
