/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One tunnel of the revision in force changes, comes or goes. The checks are those of a whole text and the outcome is the same; what is
 * done is in proportion to the tunnel: its block alone is parsed, compared, numbered, and told to the daemons. What still grows with the
 * store is copied or counted, never parsed: the text in memory, the sorted lists of tunnels and policies.
 */
#ifndef CAUSEWAY_ONE_H
#define CAUSEWAY_ONE_H

#include "change.h"
#include "edit.h"

struct one {
	char		name[NAME_CAP];
	struct edit	edit;
	bool		gone;
	struct site_tunnel t;		/* unless it goes */
	struct site_key	*keys;
};

/*
 * As change_plan(), of the edit alone; block NULL: the tunnel goes. The plan has the tunnel's row, or none when it does not end here.
 * False: *err says why; a place in it is one of the block. Where the text has no tunnel, or would have none, the whole is planned anew.
 */
bool one_plan(struct sync *, struct change *, const char *name, const char *block, size_t n, struct yt_error *err);
/* The full names of our children that it has then, as want_children(). */
char (*one_children(const struct sync *, struct one *, size_t *n))[CHILD_NAME_CAP];
/* For the store: what differs from the text in force. */
void one_describe(const struct sync *, const struct one *, struct revision *);
void one_free(struct one *);

#endif
