/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * When there is no SA to send by: one ACQUIRE for a policy, then quiet until it is answered, refused or 20 s old (blockacq_lifetime). A refusal
 * (ACQUIRE from the key manager with an error) allows the next one after a back-off that doubles from 1 s to 32 s. The
 * newest packets wait for the SA, so that the first ping of a tunnel is not lost, and little of what comes between the start of an
 * engine and its new keys.
 */
#include "core.h"

#define BACK_MIN	(1 * NS)
#define BACK_MAX	(32 * NS)
#define WAIT_NS		(10 * NS)
#define WAIT_POLICY	64u
#define WAIT_ALL	1024u

/* Where the answer to an ACQUIRE finds its policy. Under the engine's lock. */
static void
asked_out(struct cw_spd_entry *x)
{
	if (!x->asked_at)
		return;
	*x->asked_at = x->asked_next;
	if (x->asked_next)
		x->asked_next->asked_at = x->asked_at;
	x->asked_at = NULL;
}

static void
asked_in(struct cw_engine *e, struct cw_spd_entry *x, uint32_t seq)
{
	struct cw_spd_entry **head = &e->asked[seq & (CW_ASKED - 1)];

	asked_out(x);
	x->acquire_seq = seq;
	if (seq == 0)
		return;
	x->asked_next = *head;
	x->asked_at = head;
	if (*head)
		(*head)->asked_at = &x->asked_next;
	*head = x;
}

static struct cw_spd_entry *
asked_find(struct cw_engine *e, uint32_t seq)
{
	struct cw_spd_entry *x = seq ? e->asked[seq & (CW_ASKED - 1)] : NULL;

	while (x && x->acquire_seq != seq)
		x = x->asked_next;
	return x;
}

unsigned
cw_acquire(struct cw_engine *e, struct cw_spd_entry *x, const struct cw_request *r, const struct cw_flow *f, uint64_t now, bool *held)
{
	uint32_t seq;

	host_lock(&e->lock);
	*held = now < x->acquire_until && x->acquire_seq == 0;
	if (x->gone || now < x->acquire_until) {
		host_unlock(&e->lock);
		return CW_DROP_NO_SA;
	}
	if (++e->acquire_seq == 0)
		e->acquire_seq = 1;
	seq = e->acquire_seq;
	asked_in(e, x, seq);
	host_publish(x->acquire_until, now + cw_knob(e, CW_KNOB_BLOCKACQ) * NS);
	host_unlock(&e->lock);
	if (cw_event_acquire(e, x, r, f, seq)) {
		host_stats_add(e->stats, cw_bank(CW_KIND_POLICY, f->src.fam) * CW_COUNTERS + CW_TOTAL_ACQUIRE, 1);
		return CW_DROP_NO_SA;
	}
	host_lock(&e->lock);
	x = asked_find(e, seq);		/* it may have been changed meanwhile */
	if (x)
		host_publish(x->acquire_until, 0);	/* and the next packet asks again */
	host_unlock(&e->lock);
	return CW_DROP_NO_SA_NO_LISTENER;
}

/* There is an SA: whatever was asked, it is answered. */
void
cw_acquire_answered(struct cw_engine *e, struct cw_spd_entry *x)
{
	if (host_load(x->acquire_until) == 0)
		return;
	host_lock(&e->lock);
	host_publish(x->acquire_until, 0);
	x->acquire_back = 0;
	host_unlock(&e->lock);
}

/* The functions below that end in _locked are for who holds the engine's lock. */
static struct cw_pkt *
pop_locked(struct cw_engine *e, struct cw_spd_entry *x)
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

static void
push_locked(struct cw_engine *e, struct cw_spd_entry *x, struct cw_pkt *p)
{
	p->next = NULL;
	*x->wait_end = p;
	x->wait_end = &p->next;
	x->nwait++;
	e->nwaiting++;
	if (x->waiting)
		return;
	x->waiting = true;
	x->wait_next = e->waiters;
	e->waiters = x;
}

/* Everything that waits with x, as a list behind *end; x is no waiter any more. */
static struct cw_pkt **
take_locked(struct cw_engine *e, struct cw_spd_entry *x, struct cw_pkt **end)
{
	struct cw_spd_entry **at = &e->waiters;
	struct cw_pkt *p;

	while ((p = pop_locked(e, x)) != NULL) {
		*end = p;
		end = &p->next;
	}
	while (*at && *at != x)
		at = &(*at)->wait_next;
	if (*at)
		*at = x->wait_next;
	x->waiting = false;
	return end;
}

static void
drop_list(struct cw_engine *e, struct cw_pkt *p, unsigned reason)
{
	struct cw_pkt *next;

	for (; p; p = next) {
		next = p->next;
		p->next = NULL;
		cw_drop(e, p, reason);
	}
}

bool
cw_wait(struct cw_engine *e, struct cw_spd_entry *x, struct cw_pkt *p, uint64_t now)
{
	struct cw_pkt *old = NULL;
	bool room;

	host_lock(&e->lock);
	room = e->nwaiting < WAIT_ALL && !x->gone;
	if (room) {
		if (x->nwait >= WAIT_POLICY)
			old = pop_locked(e, x);
		push_locked(e, x, p);
		x->wait_until = now + WAIT_NS;
	}
	host_unlock(&e->lock);
	if (old)
		cw_spd_dropped(x, 1);
	drop_list(e, old, CW_DROP_QUEUE_OLD);
	if (room)
		cw_wake(e, now + WAIT_NS);
	return room;
}

void
cw_wait_drop(struct cw_engine *e, struct cw_spd_entry *x, unsigned reason, bool gone)
{
	struct cw_pkt *list = NULL;

	host_lock(&e->lock);
	cw_spd_dropped(x, x->nwait);
	take_locked(e, x, &list);
	x->gone = gone;
	if (gone)
		asked_out(x);
	host_unlock(&e->lock);
	drop_list(e, list, reason);
}

/*
 * A policy that is changed keeps what waits and what was asked, and for how long it is quiet. The new entry was found before the old
 * one went: what it has asked itself since stands, and what came to it waits behind what waited before, within the same bound.
 */
void
cw_wait_move(struct cw_engine *e, struct cw_spd_entry *from, struct cw_spd_entry *to)
{
	struct cw_pkt *list = NULL, **end, *old = NULL, **old_end = &old, *next;

	host_lock(&e->lock);
	end = take_locked(e, from, &list);
	take_locked(e, to, end);
	from->gone = true;
	if (from->wait_until > to->wait_until)
		to->wait_until = from->wait_until;
	if (to->acquire_until == 0) {
		host_publish(to->acquire_until, from->acquire_until);
		to->acquire_back = from->acquire_back;
		asked_in(e, to, from->acquire_seq);
	}
	asked_out(from);
	for (; list; list = next) {
		next = list->next;
		if (to->nwait >= WAIT_POLICY) {
			*old_end = pop_locked(e, to);
			old_end = &(*old_end)->next;
			cw_spd_dropped(to, 1);
		}
		push_locked(e, to, list);
	}
	host_unlock(&e->lock);
	drop_list(e, old, CW_DROP_QUEUE_OLD);
}

static bool
asks_for(const struct cw_policy *p, uint32_t reqid)
{
	for (unsigned i = 0; i < p->nreq; i++)
		if (p->req[i].reqid == 0 || p->req[i].reqid == reqid)
			return true;
	return false;
}

/* An SA of this reqid became usable: what waited goes the usual way again. */
void
cw_wait_go(struct cw_engine *e, uint32_t reqid, uint64_t now)
{
	struct cw_pkt *list = NULL, **end = &list, *v[CW_BURST];
	struct cw_spd_entry *x, *next;

	host_lock(&e->lock);
	for (x = e->waiters; x; x = next) {
		next = x->wait_next;
		if (!asks_for(&x->pub, reqid))
			continue;
		end = take_locked(e, x, end);
		host_publish(x->acquire_until, 0);
		x->acquire_back = 0;
	}
	host_unlock(&e->lock);
	while (list) {
		unsigned n = 0;

		while (list && n < CW_BURST) {
			v[n] = list;
			list = list->next;
			v[n++]->next = NULL;
		}
		cw_plain_in(e, v, n, now);
	}
}

uint64_t
cw_wait_tick(struct cw_engine *e, uint64_t now)
{
	struct cw_pkt *list = NULL, **end = &list;
	struct cw_spd_entry *x, *next;
	uint64_t first = NEVER;

	host_lock(&e->lock);
	for (x = e->waiters; x; x = next) {
		next = x->wait_next;
		if (now >= x->wait_until) {
			cw_spd_dropped(x, x->nwait);
			end = take_locked(e, x, end);
		} else if (x->wait_until < first) {
			first = x->wait_until;
		}
	}
	host_unlock(&e->lock);
	drop_list(e, list, CW_DROP_QUEUE_OLD);
	return first;
}

/* The key manager's answer "it failed" to the ACQUIRE of this number. */
bool
cw_acquire_failed(struct cw_engine *e, uint32_t seq, uint64_t now)
{
	struct cw_spd_entry *x;

	host_lock(&e->lock);
	x = asked_find(e, seq);
	if (x) {
		x->acquire_back = x->acquire_back == 0 ? BACK_MIN : x->acquire_back >= BACK_MAX / 2 ? BACK_MAX : x->acquire_back * 2;
		host_publish(x->acquire_until, now + x->acquire_back);
		asked_in(e, x, 0);
	}
	host_unlock(&e->lock);
	if (x)		/* policies go by control calls alone, and this is one */
		cw_wait_drop(e, x, CW_DROP_NO_SA, false);
	return x != NULL;
}
