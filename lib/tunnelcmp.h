/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What another definition of a tunnel does to the tunnel as it lives: iked does it, and spdsync's plan says it beforehand, by the
 * same function. Pure.
 */
#ifndef CAUSEWAY_TUNNELCMP_H
#define CAUSEWAY_TUNNELCMP_H

#include "msg_ike.h"

/* What differs. */
enum {
	TD_LOCAL = 1 << 0, TD_REMOTE = 1 << 1, TD_ID_LOCAL = 1 << 2, TD_ID_REMOTE = 1 << 3, TD_PROOFS = 1 << 4,
	TD_IKE = 1 << 5, TD_ESP = 1 << 6, TD_START = 1 << 7, TD_FIRST = 1 << 8, TD_ENCAP = 1 << 9, TD_IKE_LIFE = 1 << 10,
	TD_CHILD_LIFE = 1 << 11, TD_IKE_HARD = 1 << 12, TD_CHILD_HARD = 1 << 13, TD_BYTES = 1 << 14, TD_PACKETS = 1 << 15,
	TD_WINDOW = 1 << 16, TD_TS_LOCAL = 1 << 17, TD_TS_REMOTE = 1 << 18, TD_IFACE = 1 << 19,
	/* Who was believed by other proofs, or is somewhere else, must prove himself anew. */
	TD_WHO = TD_LOCAL | TD_REMOTE | TD_ID_LOCAL | TD_ID_REMOTE | TD_PROOFS
};

enum fate { FATE_KEPT, FATE_REKEYED, FATE_RESTARTED, FATE_DROPPED, FATE_NEW };	/* the order of how bad it is, up to restarted */

struct child_diff {
	uint32_t	fields;		/* TD_ESP, TD_TS_*, TD_IFACE */
	uint8_t		fate;		/* of the old one: never FATE_NEW */
	int		to;		/* which of the new ones it is; -1: dropped */
};

struct tunnel_diff {
	uint32_t	fields;		/* of the tunnel and of all its children */
	/*
	 * The IKE SA's. FATE_REKEYED: only if the suite it uses is not among the proposals any more (suite_allowed());
	 * and what is being set up, by no matter which proposals, begins again.
	 */
	uint8_t		fate;
	unsigned	nold;
	struct child_diff child[IKE_CHILDREN];
	bool		is_new[IKE_CHILDREN];	/* of the new ones: none of the old is it */
};

void tunnel_compare(const struct tunnel *old, const struct tunnel *new, struct tunnel_diff *);

#endif
