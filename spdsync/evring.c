/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "evring.h"

void
evring_init(struct evring *r, uint64_t first)
{
	memset(r, 0, sizeof(*r));
	r->begin = r->first = r->next = first;
}

static void
drop_first(struct evring *r)
{
	size_t at = r->first % EVRING_ROWS;

	r->octets -= r->row[at].n;
	free(r->row[at].text);
	r->row[at].text = NULL;
	r->row[at].n = 0;
	r->first++;
}

void
evring_fini(struct evring *r)
{
	while (r->first < r->next)
		drop_first(r);
}

bool
evring_put(struct evring *r, char *text, size_t n)
{
	bool fits = n <= EVRING_TEXT;

	while (r->first < r->next && (r->next - r->first == EVRING_ROWS || (fits && r->octets + n > EVRING_OCTETS)))
		drop_first(r);
	if (!fits) {
		free(text);
		text = NULL;
		n = 0;
	}
	r->row[r->next % EVRING_ROWS].text = text;
	r->row[r->next % EVRING_ROWS].n = n;
	r->octets += n;
	r->next++;
	return fits;
}

const char *
evring_get(const struct evring *r, uint64_t id, size_t *n)
{
	*n = 0;
	if (id < r->first || id >= r->next)
		return NULL;
	*n = r->row[id % EVRING_ROWS].n;
	return r->row[id % EVRING_ROWS].text;
}

uint64_t
evring_resume(const struct evring *r, uint64_t heard, int64_t *lost)
{
	*lost = 0;
	if (heard + 1 < r->begin || heard >= r->next) {		/* not given yet: the clock went back between two processes */
		*lost = -1;
		return r->first;
	}
	if (heard + 1 >= r->first)
		return heard + 1;
	*lost = (int64_t)(r->first - heard - 1);
	return r->first;
}
