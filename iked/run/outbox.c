/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "run/outbox.h"

bool
outbox_take(struct outbox *o, uint8_t **p, size_t *n)
{
	if (o->n == 0)
		return false;
	*p = o->v[o->first].p;
	*n = o->v[o->first].n;
	o->first = (o->first + 1) % OUTBOX_MAX;
	o->n--;
	return true;
}

void
outbox_put(struct outbox *o, struct bytes b)
{
	uint8_t *copy = malloc(b.n ? b.n : 1), *old;
	unsigned at;
	size_t n;

	if (copy == NULL)
		return;
	if (o->n == OUTBOX_MAX && outbox_take(o, &old, &n))
		free(old);
	if (b.n)
		memcpy(copy, b.p, b.n);
	at = (o->first + o->n++) % OUTBOX_MAX;
	o->v[at].p = copy;
	o->v[at].n = b.n;
}

void
outbox_free(struct outbox *o)
{
	uint8_t *p;
	size_t n;

	while (outbox_take(o, &p, &n))
		free(p);
}
