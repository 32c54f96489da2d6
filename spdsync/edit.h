/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The edit of one tunnel in the text of a site file: its block gives way to another, or goes, and every other octet stays, comments
 * included. Pure. A tunnel's block is its lines from its name to the last line of its value. What is written so that a block cannot be
 * told from what is around it is refused with the reason.
 */
#ifndef CAUSEWAY_EDIT_H
#define CAUSEWAY_EDIT_H

#include "site.h"

/* n octets at "at" give way to ins. */
struct edit {
	size_t		at, n;
	char		*ins;		/* NULL: to nothing */
	size_t		ins_n;
	size_t		key_at;		/* where in ins the line of the name begins: lines of comments may stand before it */
	size_t		tail_n;		/* and what of its end is not the block: lines behind the value, the rest of a line that was cut */
};

/* Where the blocks of the tunnels stand in the text that the sites were read from. False: no memory. */
bool edit_places(struct sites *, const char *text, size_t n);

/*
 * The block "NAME: ..." comes into the text of old, in the place of the tunnel of that name or behind the last one; it may be indented as
 * it likes. *yt holds the block as it was read: yt->root->child is the tunnel. False: yt->err says why, with a place in the block.
 * To be freed in either case: edit_fini() and yt_free().
 */
bool edit_put(struct edit *, struct yt *, const struct sites *old, const char *text, size_t n, const char *name, const char *block, size_t block_n);
/* The tunnel's block goes. False: *err says why; R_NOT_FOUND when there is none. */
bool edit_remove(struct edit *, const struct sites *old, const char *text, size_t n, const char *name, struct yt_error *);
void edit_fini(struct edit *);
/* The text after it; NULL: no memory. */
char *edit_text(const struct edit *, const char *text, size_t n, size_t *out_n);
/* The tunnel's block by itself, its name at the start of its line; NULL: no memory. */
char *edit_block(const struct site_tunnel *, const char *text, size_t *n);

#endif
