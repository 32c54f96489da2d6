/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * When there is no SA to send by: one ACQUIRE for a policy, then quiet until it is answered, refused or 20 s old. A refusal
 * (ACQUIRE from the key manager with an error) allows the next one after a back-off that doubles from 1 s to 32 s. The
 * newest packets wait for the SA, so that the first ping of a tunnel is not lost, and little of what comes between the start of an
 * engine and its new keys.
 */
#include "core.h"

#define ACQUIRE_HOLD	(20 * NS)
#define BACK_MIN	(1 * NS)
#define BACK_MAX	(32 * NS)
#define WAIT_NS		(10 * NS)
#define WAIT_POLICY	64u
#define WAIT_ALL	1024u

unsigned
cw_acquire(struct cw_engine *e, struct cw_spd_entry *x, const struct cw_flow *f, uint64_t now)
{
	if (now < x->acquire_until)
		return CW_DROP_NO_SA;
	if (++e->acquire_seq == 0)
		e->acquire_seq = 1;
	if (!cw_event_acquire(e, x, f, e->acquire_seq))
		return CW_DROP_NO_SA_NO_LISTENER;	/* and the next packet asks again */
	x->acquire_seq = e->acquire_seq;
	x->acquire_until = now + ACQUIRE_HOLD;
	e->count[CW_TOTAL_ACQUIRE]++;
	return CW_DROP_NO_SA;
}

static struct cw_pkt *
wait_pop(struct cw_engine *e, struct cw_spd_entry *x)
{
	struct cw_pkt *p = x->wait;

	if (!p)
		return NULL;
	x->wait = p->next;
	if (!x->wait)
		x->wait_end = &x->wait;
	p->next = NULL;
	x->nwait--;
	e->nwaiting--;
	return p;
}

bool
cw_wait(struct cw_engine *e, struct cw_spd_entry *x, struct cw_pkt *p, uint64_t now)
{
	if (e->nwaiting >= WAIT_ALL)
		return false;
	if (x->nwait >= WAIT_POLICY)
		cw_drop(e, wait_pop(e, x), CW_DROP_QUEUE_OLD);
	p->next = NULL;
	*x->wait_end = p;
	x->wait_end = &p->next;
	x->nwait++;
	e->nwaiting++;
	x->wait_until = now + WAIT_NS;
	if (!x->waiting) {
		x->waiting = true;
		x->wait_next = e->waiters;
		e->waiters = x;
	}
	cw_wake(e, x->wait_until);
	return true;
}

static void
waiter_out(struct cw_engine *e, struct cw_spd_entry *x)
{
	struct cw_spd_entry **at = &e->waiters;

	while (*at && *at != x)
		at = &(*at)->wait_next;
	if (*at)
		*at = x->wait_next;
	x->waiting = false;
}

void
cw_wait_drop(struct cw_engine *e, struct cw_spd_entry *x, unsigned reason)
{
	struct cw_pkt *p;

	while ((p = wait_pop(e, x)) != NULL)
		cw_drop(e, p, reason);
	if (x->waiting)
		waiter_out(e, x);
}

/* An SA of this reqid became usable: what waited goes the usual way again. */
void
cw_wait_go(struct cw_engine *e, uint32_t reqid, uint64_t now)
{
	struct cw_spd_entry *x, *next;

	for (x = e->waiters; x; x = next) {
		struct cw_pkt *v[WAIT_POLICY];
		unsigned n = 0;

		next = x->wait_next;
		if (x->pub.nreq == 0 || (x->pub.req[0].reqid && x->pub.req[0].reqid != reqid))
			continue;
		waiter_out(e, x);
		while (n < WAIT_POLICY && (v[n] = wait_pop(e, x)) != NULL)
			n++;
		x->acquire_until = 0;
		x->acquire_back = 0;
		cw_plain_in(e, v, n, now);
	}
}

uint64_t
cw_wait_tick(struct cw_engine *e, uint64_t now)
{
	struct cw_spd_entry *x, *next;
	uint64_t first = NEVER;

	for (x = e->waiters; x; x = next) {
		next = x->wait_next;
		if (now >= x->wait_until)
			cw_wait_drop(e, x, CW_DROP_QUEUE_OLD);
		else if (x->wait_until < first)
			first = x->wait_until;
	}
	return first;
}

/* The key manager's answer "it failed" to the ACQUIRE of this number. */
bool
cw_acquire_failed(struct cw_engine *e, uint32_t seq, uint64_t now)
{
	for (struct cw_spd_entry *x = e->sp_first; x; x = x->succ) {
		if (seq == 0 || x->acquire_seq != seq)
			continue;
		x->acquire_back = x->acquire_back == 0 ? BACK_MIN : x->acquire_back >= BACK_MAX / 2 ? BACK_MAX : x->acquire_back * 2;
		x->acquire_until = now + x->acquire_back;
		x->acquire_seq = 0;
		cw_wait_drop(e, x, CW_DROP_NO_SA);
		return true;
	}
	return false;
}
