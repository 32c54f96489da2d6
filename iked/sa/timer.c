/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "sa/timer.h"

static void
put(struct timers *h, size_t i, struct timer *t)
{
	h->v[i - 1] = t;
	t->idx = i;
}

static void
up(struct timers *h, size_t i, struct timer *t)
{
	for (; i > 1 && h->v[i / 2 - 1]->at > t->at; i /= 2)
		put(h, i, h->v[i / 2 - 1]);
	put(h, i, t);
}

static void
down(struct timers *h, size_t i, struct timer *t)
{
	for (size_t kid = 2 * i; kid <= h->n; i = kid, kid = 2 * i) {
		if (kid < h->n && h->v[kid]->at < h->v[kid - 1]->at)
			kid++;
		if (h->v[kid - 1]->at >= t->at)
			break;
		put(h, i, h->v[kid - 1]);
	}
	put(h, i, t);
}

void
timer_stop(struct timers *h, struct timer *t)
{
	size_t i = t->idx;
	struct timer *last;

	if (i == 0)
		return;
	t->idx = 0;
	last = h->v[--h->n];
	if (last == t)
		return;
	if (i > 1 && h->v[i / 2 - 1]->at > last->at)
		up(h, i, last);
	else
		down(h, i, last);
}

bool
timer_set(struct timers *h, struct timer *t, uint64_t at, void (*fire)(struct engine *, void *), void *arg)
{
	timer_stop(h, t);
	if (h->n == h->cap) {
		size_t cap = h->cap ? 2 * h->cap : 64;
		struct timer **v = reallocarray(h->v, cap, sizeof(*v));

		if (!v)
			return false;
		h->v = v;
		h->cap = cap;
	}
	t->at = at;
	t->fire = fire;
	t->arg = arg;
	h->n++;
	up(h, h->n, t);
	return true;
}

struct timer *
timer_due(struct timers *h, uint64_t now)
{
	struct timer *t = h->n ? h->v[0] : NULL;

	if (!t || t->at > now)
		return NULL;
	timer_stop(h, t);
	return t;
}

uint64_t
timers_next(const struct timers *h)
{
	return h->n ? h->v[0]->at : UINT64_MAX;
}

void
timers_free(struct timers *h)
{
	free(h->v);
	*h = (struct timers){ 0 };
}
