/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The guard: nftables' table `inet causeway`. It drops clear packets that an inbound policy forbids, and clear packets that an
 * outbound policy protects and that would leave by another interface than the TUN. It is a plain table, not one that its owner
 * takes along when it dies: a crash closes.
 */
#ifndef CAUSEWAY_GUARD_H
#define CAUSEWAY_GUARD_H

#include "guard_file.h"
#include "nl.h"

#define GUARD_TABLE	"causeway"

struct guard {
	struct nl		*nl;
	bool			loaded;
	struct guard_sets	have;	/* what the kernel's sets hold when loaded */
	struct selectors	have_sel; /* and its chains of selectors */
};

void guard_fini(struct guard *);
/* The whole table in one transaction. 0 or errno; on failure what stood before still stands. */
int guard_load(struct guard *, const struct guard_want *, const struct guard_sets *);
/* Only the elements that differ, in one transaction; the whole table when that fails. sets' contents are taken over. */
int guard_update(struct guard *, const struct guard_want *, struct guard_sets *);
int guard_remove(struct guard *);
/* Packets dropped, by named counter; false when they cannot be read. */
bool guard_counters(struct guard *, uint64_t *in, uint64_t *out);
/* Does this event of nftables, from somebody else, touch our table? */
bool guard_touched(const struct guard *, const struct nlmsghdr *);

/* guard_rules.c: adds every rule of the table to a batch. */
struct guard_batch {
	char		*p;
	size_t		n, cap;
	uint32_t	seq, first;
	unsigned	acks;
	bool		bad;
};
struct nlmsghdr *guard_msg(struct guard_batch *, uint16_t type, uint16_t flags);
void guard_end(struct guard_batch *, struct nlmsghdr *);
void guard_rules(struct guard_batch *, const struct guard_want *);
/* Accepts neighbour discovery and what never leaves its link. */
void guard_spared(struct guard_batch *, const char *chain);
/* select_rules.c: the rules of the three chains of selectors; and those of the two that ask select_lead. */
void select_rules(struct guard_batch *, const struct selectors *);
void select_lead_rules(struct guard_batch *, const struct guard_want *);

#endif
