/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Pairs of prefixes: what the SPD protects, seen from outside the engine. Routes, the guard's sets and the saved guard are all
 * made from two such lists, one for each direction. A list is a value: sorted, without duplicates, compared by merging.
 */
#ifndef CAUSEWAY_PAIRS_H
#define CAUSEWAY_PAIRS_H

#include "addr.h"

#define PAIRS_MAX	262144u

struct pair {
	struct prefix	remote, local;
};

struct pairs {
	struct pair	*v;
	size_t		n, cap;
};

void pairs_fini(struct pairs *);
/* False: no memory, or over PAIRS_MAX. */
bool pairs_add(struct pairs *, const struct pair *);
bool pairs_add_all(struct pairs *, const struct pairs *);
int pair_cmp(const struct pair *, const struct pair *);	/* family, remote address, remote length, then local */
void pairs_sort(struct pairs *);	/* and drop duplicates */
bool pairs_eq(const struct pairs *, const struct pairs *);
void pairs_less(struct pairs *, const struct pairs *gone);	/* both sorted */
bool prefix_in(const struct prefix *inner, const struct prefix *outer);

/*
 * The same set of address pairs as disjoint pairs, sorted: the kernel's interval sets refuse elements that overlap. `in` is sorted.
 */
bool pairs_disjoint(const struct pairs *in, struct pairs *out);
/* Prefixes (in both members) that are local in some pair and inside the remote of some pair; in is sorted: what a wide policy must not take. */
bool pairs_covered_locals(const struct pairs *in, struct pairs *out);
/* Networks (as pairs_covered_locals gives them) without what is remote in the sorted list: a remote inside a local network is remote. */
bool pairs_less_remotes(const struct pairs *nets, const struct pairs *list, struct pairs *out);

#endif
