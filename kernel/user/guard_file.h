/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The saved guard: a text that "nft -f" loads at boot, before the network is up, and whose first lines are comments that say the
 * same to ipsecd (which may not run nft). Its last line shows that it is whole.
 */
#ifndef CAUSEWAY_GUARD_FILE_H
#define CAUSEWAY_GUARD_FILE_H

#include "pairs.h"
#include "select.h"

struct guard_want {
	bool		open;		/* the administrator took the guard away (ikectl open) */
	char		tun[16];	/* that leads into the engine */
	bool		xfrm;		/* the engine is the system's own: no device, its packets are known by what they carry */
	uint16_t	ike_port, natt_port;
	struct pairs	in, out;	/* sorted */
	struct pairs	clear;		/* sorted; by prefix, and in the clear as well as protected: level use, IPComp */
	struct selectors sel;		/* in the order in which they match */
};

void guard_want_fini(struct guard_want *);
/* What the kernel is given, made from a guard_want: disjoint pairs, and the networks that a wide remote must not take. */
struct guard_sets {
	struct pairs	in, out, loc, clear;
};
bool guard_sets_make(const struct guard_want *, struct guard_sets *);
void guard_sets_fini(struct guard_sets *);

/* The text, to be freed; NULL: no memory. */
char *guard_text(const struct guard_want *, const struct guard_sets *, size_t *len);
/* Reads the comment lines only. False, and *why, when the file is torn or of another form. */
bool guard_decode(struct bytes text, struct guard_want *, const char **why);

#endif
