/* SPDX-License-Identifier: BSD-2-Clause */
/* Timers: a binary heap of embedded entries. Setting one again moves it; an entry that is not set has idx 0. */
#ifndef IKED_SA_TIMER_H
#define IKED_SA_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;

struct timer {
	uint64_t	at;
	size_t		idx;		/* place in the heap, from 1; 0: not set */
	void		(*fire)(struct engine *, void *arg);
	void		*arg;
};

struct timers {
	struct timer	**v;
	size_t		 n, cap;
};

/* False: no memory; then the timer is not set. */
bool timer_set(struct timers *, struct timer *, uint64_t at, void (*fire)(struct engine *, void *), void *arg);
void timer_stop(struct timers *, struct timer *);
/* The earliest one if it is due, taken off the heap; else NULL. */
struct timer *timer_due(struct timers *, uint64_t now);
uint64_t timers_next(const struct timers *);
void timers_free(struct timers *);

#endif
