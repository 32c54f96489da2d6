/* SPDX-License-Identifier: BSD-2-Clause */
/* The last negotiation records, newest first. A record in memory ends behind its last fact: most have few. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "sync.h"

void
records_add(struct records *rs, unsigned cap, const struct record *r)
{
	size_t n = offsetof(struct record, facts) + r->nfacts * sizeof(r->facts[0]);
	struct record *copy = malloc(n);

	if (!copy)
		return;
	memcpy(copy, r, n);
	if (cap > RECORDS_OTHER)
		cap = RECORDS_OTHER;
	if (rs->n == cap)
		free(rs->v[--rs->n]);
	memmove(&rs->v[1], &rs->v[0], rs->n * sizeof(rs->v[0]));
	rs->v[0] = copy;
	rs->n++;
}

void
records_fini(struct records *rs)
{
	for (unsigned i = 0; i < rs->n; i++)
		free(rs->v[i]);
	rs->n = 0;
}
