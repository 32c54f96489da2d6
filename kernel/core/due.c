/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which SA or policy has something to be told next: a heap by the time, which control calls alone touch, so that a lifetime that ends
 * costs the logarithm of how many there are. What a packet finds out of an SA (its SA's first use begins a lifetime, a limit is
 * reached) it leaves in a list, and the tick that it wakes takes it from there.
 */
#include "core.h"

static void
set(struct cw_engine *e, uint32_t i, struct cw_due d)
{
	e->due[i] = d;
	d.t->place = i + 1;
}

static void
rise(struct cw_engine *e, uint32_t i, struct cw_due d)
{
	while (i && e->due[(i - 1) / 2].at > d.at) {
		set(e, i, e->due[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	set(e, i, d);
}

static void
sink(struct cw_engine *e, uint32_t i, struct cw_due d)
{
	uint32_t k;

	while ((k = 2 * i + 1) < e->ndue) {
		if (k + 1 < e->ndue && e->due[k + 1].at < e->due[k].at)
			k++;
		if (e->due[k].at >= d.at)
			break;
		set(e, i, e->due[k]);
		i = k;
	}
	set(e, i, d);
}

bool
cw_due_room(struct cw_engine *e)
{
	uint32_t more = e->due_room ? e->due_room * 2 : 64;
	struct cw_due *v;

	if (e->ndue < e->due_room)
		return true;
	v = host_zalloc(more * sizeof(*v));
	if (!v)
		return false;
	if (e->ndue)
		memcpy(v, e->due, e->ndue * sizeof(*v));
	host_free(e->due);
	e->due = v;
	e->due_room = more;
	return true;
}

/* In, after cw_due_room, or moved to where it belongs now. */
void
cw_due_set(struct cw_engine *e, struct cw_timer *t, uint64_t at)
{
	struct cw_due d = { at, t };
	uint64_t was = t->due;

	host_publish(t->due, at);
	if (!t->place)
		rise(e, e->ndue++, d);
	else if (at < was)
		rise(e, t->place - 1, d);
	else
		sink(e, t->place - 1, d);
	cw_wake(e, at);
}

void
cw_due_out(struct cw_engine *e, struct cw_timer *t)
{
	uint32_t i = t->place - 1;
	struct cw_due last;

	if (!t->place)
		return;
	t->place = 0;
	last = e->due[--e->ndue];
	if (last.t == t)
		return;
	if (last.at < t->due)
		rise(e, i, last);
	else
		sink(e, i, last);
}

/* From a packet: this SA is to be looked at by the next tick, which comes now. */
void
cw_due_look(struct cw_engine *e, struct cw_sa *sa, uint64_t now)
{
	bool is_new;

	if (!host_ref_get(&sa->ref))
		return;
	host_lock(&e->lock);
	is_new = !sa->looked;
	if (is_new) {
		sa->looked = true;
		sa->look_next = e->look;
		e->look = sa;
	}
	host_unlock(&e->lock);
	if (!is_new)
		cw_sa_put(sa);
	cw_wake(e, now);
}

static void
look(struct cw_engine *e, struct cw_sa *sa, uint64_t now)
{
	if (cw_sa_alive(e, sa, now))
		cw_due_set(e, &sa->timer, cw_sa_deadline(sa));
	else
		cw_due_out(e, &sa->timer);	/* told, and to be reaped */
}

/* Everything whose time has come by now. */
void
cw_due_run(struct cw_engine *e, uint64_t now)
{
	struct cw_sa *sa;

	for (;;) {
		host_lock(&e->lock);
		sa = e->look;
		if (sa) {
			e->look = sa->look_next;
			sa->looked = false;
		}
		host_unlock(&e->lock);
		if (!sa)
			break;
		if (sa->listed)
			look(e, sa, now);
		cw_sa_put(sa);
	}
	while (e->ndue && e->due[0].at <= now) {
		struct cw_timer *t = e->due[0].t;

		if (t->policy)
			cw_spd_due(e, CW_OF(t, struct cw_spd_entry, timer), now);
		else
			look(e, CW_OF(t, struct cw_sa, timer), now);
	}
	if (e->ndue)
		cw_wake(e, e->due[0].at);
}

void
cw_due_free(struct cw_engine *e)
{
	struct cw_sa *sa;

	while ((sa = e->look) != NULL) {
		e->look = sa->look_next;
		cw_sa_put(sa);
	}
	host_free(e->due);
}
