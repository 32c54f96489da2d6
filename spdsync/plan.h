/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a new site file would do to every tunnel of this gateway and to its children, and whether it may. Pure. What it says iked does:
 * both decide by tunnel_compare().
 */
#ifndef CAUSEWAY_PLAN_H
#define CAUSEWAY_PLAN_H

#include "site.h"
#include "tunnelcmp.h"

struct plan_child {
	char		name[NAME_CAP];
	enum fate	fate;
};

struct plan_row {
	char		tunnel[NAME_CAP];
	enum fate	fate;		/* the worst of its IKE SA and of the children that it had and has */
	enum fate	ike;
	char		*why;		/* which field changed, from what to what; NULL: nothing did */
	unsigned	nchildren;	/* those who fare otherwise than the tunnel as a whole */
	struct plan_child *children;
};

struct plan {
	unsigned	n;
	struct plan_row	*v;		/* sorted by name */
};

/* The suite that a tunnel's IKE SA uses now; NULL: it has none, or it is not known. */
typedef const struct suite *plan_suite(void *arg, const char *tunnel);

/* old may be NULL, in_use too. False: no memory. */
bool plan_make(struct plan *, const struct sites *old, const struct sites *new, const char *our_site, plan_suite *in_use, void *arg);
void plan_fini(struct plan *);
const char *fate_name(enum fate);
/* The words for the bits of a tunnel_diff (planwhy.c); to be freed, NULL when there is nothing to say. */
struct want_tunnel;
char *plan_why(const struct want_tunnel *old, const struct want_tunnel *new, uint32_t fields, bool ike_stays);

/*
 * Refuses a file that was probably cut (doc/decisions/0004-truncated-files.md): one that loses tunnels or sites which are not
 * in the comma separated list remove ("all": any), or one that is the beginning of the text in force and loses none.
 */
bool plan_allowed(const struct sites *old, const char *old_text, size_t old_n, const struct sites *new, const char *text, size_t n,
    const char *remove, struct yt_error *);

#endif
