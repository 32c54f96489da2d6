/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looking after tunnels. Nothing here follows from a chain of events: after every input each touched tunnel is compared with what
 * is wanted, and what is missing is begun, what is double is ended. So a lost message, a restart or a collision needs no path of
 * its own to heal. What is begun is paced: at most 50 a second, so that a return is not a stampede.
 */
#include <stdlib.h>
#include <string.h>

#include "sa/ops.h"

#define BACKOFF_MAX	(60 * NS_PER_S)
#define AGAIN_NS	(1 * NS_PER_S)	/* the same thing is begun at most once a second, whatever becomes of it */

uint64_t
backoff(struct engine *e, unsigned tries)
{
	uint64_t ns = NS_PER_S << (tries < 6 ? tries : 6);

	ns = ns * 3 / 4;
	ns = jitter(e, ns, 50);
	return ns < BACKOFF_MAX ? ns : BACKOFF_MAX;
}

void
tun_backoff(struct engine *e, struct tun *t)
{
	t->retry_at = e->now + backoff(e, t->tries++);
	tun_changed(e, t);
}

void
tun_touch(struct engine *e, struct tun *t)
{
	if (t->dirty)
		return;
	t->dirty = true;
	t->dirty_next = e->dirty;
	e->dirty = t;
}

void
tun_changed(struct engine *e, struct tun *t)
{
	t->report = true;
	tun_touch(e, t);
}

static void
due(struct engine *e, void *arg)
{
	tun_touch(e, arg);
}

/* Is it this tunnel's turn? If not, *at becomes when: each has a moment of its own, so nobody is looked at twice. */
static bool
paced(struct engine *e, struct tun *t, uint64_t *at)
{
	if (!t->turn) {
		t->turn = e->pace > e->now ? e->pace : e->now;
		e->pace = t->turn + PACE_NS;
	}
	if (t->turn > e->now) {
		*at = t->turn;
		return false;
	}
	t->turn = 0;
	return true;
}

void
tun_start(struct engine *e, struct tun *t, struct ikesa *beside)
{
	struct ikesa *s = ikesa_new(e, t, true);
	struct turn tn = { .e = e, .ike = s };

	if (!s)
		return;
	s->spi_i = fresh64(e);
	s->local = (struct endpoint){ addr_is_any(&t->cfg.local) ? t->here : t->cfg.local, e->host.ike_port };
	t->here = (struct addr){ 0 };
	s->remote = (struct endpoint){ t->cfg.remote, e->host.ike_port };
	if (beside) {
		s->local = beside->local;
		s->remote = beside->remote;
		s->natt = beside->natt;
	}
	ikesa_hash(e, s);
	s->set = setup_new();
	if (s->set)
		s->set->initial_contact = !t->contacted;
	if (!s->set || !edge_run(&tn, S_NONE, ON_START))
		ikesa_fail(e, s, R_KEYMGR_DOWN, NULL);
}

static bool
starting(const struct tun *t)
{
	for (const struct ikesa *s = t->sas; s; s = s->sib)
		if (s->state < S_UP)
			return true;
	return false;
}

/* The IKE SA that makes children now; NULL: none can. */
static struct ikesa *
chosen(const struct tun *t)
{
	struct ikesa *top = NULL;

	for (struct ikesa *s = t->sas; s; s = s->sib) {
		if (!ikesa_usable(s) || s->leaving || ikesa_undecided(s))
			continue;
		if (!top || (s->suspect != top->suspect ? top->suspect : nonce_cmp(&s->rank, &top->rank) > 0))
			top = s;
	}
	return top;
}

/*
 * Two IKE SAs of one tunnel (contracts, "Who initiates"): the one with the lower initiator's nonce leaves, closed by who made it,
 * as soon as the other has its children, and the peer is known to receive on them. One without keys, or that the peer may not know, leaves when another stands.
 */
static void
settle_ikes(struct engine *e, struct tun *t)
{
	struct ikesa *top = chosen(t);

	for (struct ikesa *s = t->sas; s; s = s->sib) {
		bool covered = true;

		if (s->state != S_UP || s == top || s->replaced || !top || ikesa_undecided(s))
			continue;
		if (!s->leaving && (s->keyless || s->made_by_us || (s->suspect && !top->suspect))) {
			COUNT(e, collisions);
			s->leaving = true;
			s->why = R_REPLACED;
		}
		if (!s->leaving || s->want_delete || !(s->keyless || s->made_by_us || s->suspect))
			continue;
		for (unsigned i = 0; i < t->cfg.nchildren; i++) {
			const struct child *c = policy_top(t, i);

			if (t->pol[i].wanted && (!c || c->ike == s || c->held))
				covered = false;
		}
		s->want_delete = covered;
	}
}

/* Nothing is left of a tunnel on demand: the next packet wakes it. */
void
tun_rest(struct tun *t)
{
	if (!t->sas && t->cfg.start == START_ON_DEMAND && !t->up_now)
		t->wanted = false;
}

static bool
tun_has_orphan(const struct engine *e, const struct tun *t)
{
	for (const struct orphan *o = e->orphans; o; o = o->next)
		if (strcmp(o->tunnel, t->cfg.name) == 0)
			return true;
	return false;
}

static bool
initiates(const struct engine *e, const struct tun *t)
{
	/* On demand, and children of an iked before us serve: no packet would ask for others. */
	bool served = t->cfg.start == START_ON_DEMAND && t->reason != R_DELETED_BY_USER && tun_has_orphan(e, t);

	return (t->wanted || served) && t->cfg.start != START_RESPOND && !addr_is_any(&t->cfg.remote);
}

/*
 * A tunnel that offers nothing of what the engine has says so by itself, whoever is to begin: not when a packet, the peer or a person asks.
 */
static void
say_unable(struct engine *e, struct tun *t)
{
	bool said = t->reason == R_ENGINE_NO_ALG && strcmp(t->detail, ABLE_NONE) == 0;

	if (!e->keymgr || !e->listed || !e->engine_up || e->stopping || t->gone || t->reason == R_DELETED_BY_USER)
		return;
	if (!able_proposals(e, &t->cfg.esp))
		tun_reason(e, t, R_ENGINE_NO_ALG, ABLE_NONE);
	else if (said)
		tun_reason(e, t, R_OK, "");
}

/* Nobody speaks for this tunnel: begin, if it is ours to begin. Returns when to look again. */
static uint64_t
need_ike(struct engine *e, struct tun *t)
{
	struct ikesa *beside = NULL;
	uint64_t at = t->retry_at;

	for (struct ikesa *s = t->sas; s; s = s->sib)
		if (s->state == S_UP && !s->replaced && !s->want_delete) {
			if (!s->keyless && !s->suspect)
				return UINT64_MAX;
			beside = s;
		}
	if (starting(t) || t->gone || !e->keymgr || !e->listed || e->stopping || !e->engine_up)
		return UINT64_MAX;
	if (!beside && !(initiates(e, t) || (t->up_now && t->wanted && !addr_is_any(&t->cfg.remote))))
		return UINT64_MAX;
	if (!beside && !t->cfg.first && !t->up_now && t->cfg.start == START_ALWAYS) {
		/* Not where children of an iked before us serve: the peer takes the IKE SA that they came from for alive. */
		uint64_t second = t->since + (tun_has_orphan(e, t) ? AGAIN_NS : SECOND_NS);

		at = at > second ? at : second;
	}
	if (at > e->now)
		return at;
	if (t->started && t->started + AGAIN_NS > e->now)
		return t->started + AGAIN_NS;
	if (!able_proposals(e, &t->cfg.esp))
		return UINT64_MAX;	/* another engine, or another definition */
	at = UINT64_MAX;
	if (!paced(e, t, &at))
		return at;
	t->retry_at = 0;
	t->started = e->now;
	tun_start(e, t, beside);
	return UINT64_MAX;
}

/* A policy without a child: the initiator of the IKE SA makes one; the other end does when it lost one itself, or after a while. */
static uint64_t
need_child(struct engine *e, struct tun *t, unsigned i, struct ikesa *s)
{
	struct policy *p = &t->pol[i];
	struct child *top = policy_top(t, i);
	uint64_t at;

	if ((top && !(top->ike && (top->ike->leaving || top->ike->keyless) && top->ike != s)) || !p->wanted) {
		p->missing = 0;
		return UINT64_MAX;
	}
	if (p->missing == 0)
		p->missing = e->now;
	if (!s || policy_busy(t, i) || !e->keymgr || !e->engine_up || e->stopping)
		return UINT64_MAX;
	at = p->retry_at;
	if (!p->urgent && !s->initiator && !(top && top->ike && top->ike->made_by_us)) {
		if (t->cfg.start == START_RESPOND)
			return UINT64_MAX;
		if (p->missing + SECOND_NS > at)
			at = p->missing + SECOND_NS;
	}
	if (at > e->now)
		return at;
	if (s->own || s->win.busy || s->want_delete)
		return UINT64_MAX;	/* looked at again when that is over */
	if (p->started && p->started + AGAIN_NS > e->now)
		return p->started + AGAIN_NS;
	at = UINT64_MAX;
	if (!paced(e, t, &at))
		return at;
	p->started = e->now;
	xch_begin(e, s, XK_CHILD, NULL, i);
	return UINT64_MAX;
}

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Children of an iked before us: they go when a new one is proven, or 10 s after the peer was heard on it (design, section 5). */
void
orphans_check(struct engine *e)
{
	uint64_t at = UINT64_MAX;

	e->orphans_due = false;
	for (struct orphan **p = &e->orphans; *p;) {
		struct orphan *o = *p;
		const struct tun *t = tun_find(e, o->tunnel);
		const struct child *top;
		bool known = !e->synced, up = false;

		for (unsigned i = 0; t && !t->gone && i < t->cfg.nchildren; i++)
			if (t->cfg.children[i].reqid == o->reqid) {
				known = true;
				top = policy_top(t, i);
				up |= top && !top->held && child_confirmed(top);
			}
		if (up && !o->drop_at)
			o->drop_at = e->now + RETIRE_NS;
		if (known && (!o->drop_at || o->drop_at > e->now)) {
			if (o->drop_at)
				at = least(at, o->drop_at);
			p = &o->next;
			continue;
		}
		key_remove(e, KEY_RM_CHILD, o->child);
		*p = o->next;
		free(o);
	}
	if (at == UINT64_MAX)
		timer_stop(&e->timers, &e->orphan_timer);
	else
		timer_set(&e->timers, &e->orphan_timer, at, orphans_due, NULL);
}

void
orphans_due(struct engine *e, void *arg)
{
	orphans_check(e);
}

void
tun_tend(struct engine *e, struct tun *t)
{
	uint64_t at = UINT64_MAX;
	struct ikesa *s, *next;

	for (unsigned i = 0; i < t->cfg.nchildren; i++)
		policy_settle(e, t, i);
	settle_ikes(e, t);
	say_unable(e, t);
	at = least(at, need_ike(e, t));
	for (s = t->sas; s; s = next) {
		next = s->sib;
		ikesa_kick(e, s);
	}
	s = chosen(t);
	for (unsigned i = 0; i < t->cfg.nchildren; i++)
		at = least(at, need_child(e, t, i, s));
	for (const struct child *c = t->children; c; c = c->sib)
		if (c->want_rekey && c->state == CH_UP && c->rekey_at > e->now)
			at = least(at, c->rekey_at);
	for (s = t->sas; s; s = s->sib)
		if (s->want_rekey && s->rekey_at > e->now)
			at = least(at, s->rekey_at);
	if (at == UINT64_MAX)
		timer_stop(&e->timers, &t->timer);
	else
		timer_set(&e->timers, &t->timer, at, due, t);
	waiters_check(e, t);
}

/* The end of every input. */
void
engine_settle(struct engine *e)
{
	for (unsigned rounds = 0; e->dirty && rounds < 100000; rounds++) {
		struct tun *t = e->dirty;

		e->dirty = t->dirty_next;
		t->dirty = false;
		tun_tend(e, t);
		if (!t->dirty && t->report) {
			t->report = false;
			todo_state(e, t->cfg.name);
		}
		if (t->gone && !t->sas && !t->children)
			tun_free(e, t);
	}
	if (e->orphans_due)
		orphans_check(e);
	waiters_shutdown(e);
	engine_bury(e);
}
