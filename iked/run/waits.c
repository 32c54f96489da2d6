/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "run/waits.h"

uint64_t
waits_add(struct waits *w, uint16_t type, uint32_t id)
{
	if (w->n == w->cap) {
		unsigned cap = w->cap ? 2 * w->cap : 16;
		struct wait *v = cap > WAITS_MAX ? NULL : realloc(w->v, cap * sizeof(*v));

		if (v == NULL)
			return 0;
		w->v = v;
		w->cap = cap;
	}
	w->v[w->n++] = (struct wait){ ++w->last_tag, type, id };
	return w->last_tag;
}

bool
waits_take(struct waits *w, uint64_t tag, struct wait *out)
{
	for (unsigned i = 0; i < w->n; i++) {
		if (w->v[i].tag != tag)
			continue;
		*out = w->v[i];
		w->v[i] = w->v[--w->n];
		return true;
	}
	return false;
}

/* Tags are not used again, not even by the next link. */
void
waits_free(struct waits *w)
{
	free(w->v);
	w->v = NULL;
	w->n = w->cap = 0;
}
