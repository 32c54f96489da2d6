/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CHILD SAs: LARVAL while they are made, UP, REKEYED when another carries the traffic, GONE while the inbound half lingers.
 * policy_settle() is the one answer to every way in which two can exist for one policy, RFC 7296 2.8.1: the one with the lowest
 * nonce is closed by the end that made it, and who made the survivor closes what the survivor replaced.
 */
#include <stdlib.h>

#include "sa/ops.h"

#define FALLBACK_NS	(30 * NS_PER_S)	/* the peer should have deleted the replaced child by then */

struct child *
child_new(struct engine *e, struct tun *t, unsigned pol)
{
	struct child *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	do
		if (++e->next_child >= KEY_CHILD_KEPT)
			e->next_child = 1;	/* the upper half is keymgr's (msg_key.h) */
	while (child_find(e, e->next_child));
	c->id = e->next_child;
	c->t = t;
	c->pol = pol;
	c->ah = t->cfg.children[pol].ah;
	c->since = e->now;
	c->sib = t->children;
	t->children = c;
	c->next = e->by_child[c->id % HASH];
	e->by_child[c->id % HASH] = c;
	e->nchildren++;
	return c;
}

static void
unhash(struct engine *e, struct child *c)
{
	for (struct child **p = &e->by_child[c->id % HASH]; *p; p = &(*p)->next)
		if (*p == c) {
			*p = c->next;
			return;
		}
}

/* keymgr's number for it changed; 0: it has none. */
void
child_rename(struct engine *e, struct child *c, uint32_t id)
{
	unhash(e, c);
	c->id = id;
	if (id == 0)
		return;
	c->next = e->by_child[id % HASH];
	e->by_child[id % HASH] = c;
}

struct child *
child_find(struct engine *e, uint32_t id)
{
	for (struct child *c = e->by_child[id % HASH]; c; c = c->next)
		if (c->id == id)
			return c;
	return NULL;
}

/* While an IKE SA is being replaced the peer may have moved its children already, or not yet. */
static bool
speaks_for(const struct ikesa *s, const struct child *c)
{
	return c->ike && (c->ike == s || s->from == c->ike || c->ike->from == s || (s->from && s->from == c->ike->from));
}

/* By the SPI that the peer receives on: it is how the peer's messages name a child. */
struct child *
child_by_spi(struct tun *t, bool ah, uint32_t spi_out, const struct ikesa *s)
{
	for (struct child *c = t->children; c; c = c->sib)
		if (c->spi_out == spi_out && c->ah == ah && speaks_for(s, c) && (c->state == CH_UP || c->state == CH_REKEYED))
			return c;
	return NULL;
}

void
child_drop(struct ikesa *s, const struct child *c)
{
	s->drop_spi = c->spi_in;
	s->drop_ah = c->ah;
}

void
child_free(struct engine *e, struct child *c)
{
	struct child **p;

	timer_stop(&e->timers, &c->timer);
	unhash(e, c);
	for (p = &c->t->children; *p; p = &(*p)->sib)
		if (*p == c) {
			*p = c->sib;
			break;
		}
	for (struct ikesa *s = c->t->sas; s; s = s->sib) {
		if (s->own && s->own->old == c)
			s->own->old = NULL;
		if (s->peer && s->peer->old == c)
			s->peer->old = NULL;
	}
	tun_changed(e, c->t);
	c->next = e->grave_child;
	e->grave_child = c;
	e->nchildren--;
}

static void
linger_over(struct engine *e, void *arg)
{
	struct child *c = arg;

	key_remove(e, KEY_RM_CHILD, c->id);
	child_free(e, c);
}

/* Does the peer's iked have it too? It sent an authenticated packet on it, or a message since (RFC 7296 2.4). */
bool
child_confirmed(const struct child *c)
{
	return c->used || (c->ike && c->ike->last_in > c->since);
}

/*
 * Whoever began the exchange may have died before our answer came, and who answered it before it sends on it. Then the older one
 * still serves, and is kept until the peer was heard; an empty INFORMATIONAL asks. A peer that lives and lacks our answer repeats
 * its request, see child_hold().
 */
static void
confirm_due(struct engine *e, void *arg)
{
	struct child *c = arg;

	if (!c->ike || child_confirmed(c) || !child_has_elder(e, c)) {
		child_release(e, c);
		return;
	}
	if (!c->ike->own || c->ike->own->kind != XK_LIVE)
		c->ike->want_live = true;
	tun_touch(e, c->t);
	timer_set(&e->timers, &c->timer, e->now + HOLD_NS / 4, confirm_due, c);
}

static void
fallback(struct engine *e, void *arg)
{
	struct child *c = arg;
	const struct child *top = policy_top(c->t, c->pol);

	if (top && (top->held || !child_confirmed(top)))
		timer_set(&e->timers, &c->timer, e->now + HOLD_NS, fallback, c);
	else if (c->ike)
		child_want_delete(e, c, R_REPLACED);
	else
		child_gone(e, c, R_REPLACED);
}

void
child_move(struct engine *e, struct child *c, enum child_place to)
{
	static const char *const name[] = { "LARVAL", "UP", "REKEYED", "GONE" };

	if (c->state == to)
		return;
	todo_log(e, to == CH_UP || to == CH_GONE ? LOG_INFO : LOG_DEBUG, "child_sa", c->why, c->t->cfg.name, pol_name(c->t, c->pol),
	    "child SA %u: %s -> %s, SPI in %08x, out %08x", c->id, name[c->state], name[to], c->spi_in, c->spi_out);
	c->state = to;
	e->orphans_due = e->orphans != NULL;
	timer_stop(&e->timers, &c->timer);
	if (to == CH_UP)
		c->t->pol[c->pol].asked = false;
	if (to == CH_UP)
		timer_set(&e->timers, &c->timer, e->now + (child_has_elder(e, c) ? HOLD_NS : FIRST_HOLD_NS), confirm_due, c);
	else if (to == CH_REKEYED)
		timer_set(&e->timers, &c->timer, e->now + (c->ike ? FALLBACK_NS : RETIRE_NS), fallback, c);
	else if (to == CH_GONE)
		timer_set(&e->timers, &c->timer, e->now + LINGER_NS, linger_over, c);
	tun_changed(e, c->t);
}

/* It is installed. old: what it replaces, or NULL. */
void
child_up(struct engine *e, struct child *c, struct child *old)
{
	struct policy *p = &c->t->pol[c->pol];

	COUNT(e, children_made);
	c->since = e->now;
	c->installed = true;
	child_move(e, c, CH_UP);
	if (old && old->state == CH_UP) {
		COUNT(e, child_rekeys);
		child_move(e, old, CH_REKEYED);
	}
	p->tries = 0;
	p->retry_at = 0;
	p->urgent = false;
	p->reason = R_OK;
	policy_settle(e, c->t, c->pol);
}

/* The DELETE is on its way: the peer may not have it any more. */
static bool
takes_leave(const struct child *c)
{
	return c->deleting || (c->ike && c->ike->state == S_DELETING);
}

/* Is there another child that carries this policy's traffic, of this process or of the one before it? */
bool
child_has_elder(const struct engine *e, const struct child *c)
{
	for (const struct child *o = c->t->children; o; o = o->sib)
		if (o != c && o->pol == c->pol && o->installed && !o->lost && !takes_leave(o) && (o->state == CH_UP || o->state == CH_REKEYED))
			return true;
	for (const struct orphan *o = e->orphans; o; o = o->next)
		if (o->reqid == c->t->cfg.children[c->pol].reqid && strcmp(o->tunnel, c->t->cfg.name) == 0)
			return true;
	return false;
}

/* Did another one carry this policy's traffic until a moment ago (LINGER_NS)? */
bool
child_had_elder(const struct child *c)
{
	for (const struct child *o = c->t->children; o; o = o->sib)
		if (o != c && o->pol == c->pol && o->installed && o->state == CH_GONE)
			return true;
	return false;
}

/*
 * The peer repeats its request, so it does not have our answer, nor the inbound SA that we would send to. The longer it has lasted
 * the longer it may last.
 */
void
child_hold(struct engine *e, const struct ikesa *s)
{
	for (struct child *c = s->t ? s->t->children : NULL; c; c = c->sib)
		if (c->held && c->ike == s && c->state == CH_UP)
			timer_set(&e->timers, &c->timer, e->now + HOLD_NS + (e->now - c->since), confirm_due, c);
}

void
child_release(struct engine *e, struct child *c)
{
	e->orphans_due = e->orphans != NULL;
	if (!c->held)
		return;
	c->held = false;
	if (c->state == CH_UP && child_confirmed(c))
		timer_stop(&e->timers, &c->timer);
	key_send(e, c->id);
	policy_settle(e, c->t, c->pol);
}

/* Its time is over: no packet leaves on it any more, what is under way may still arrive. */
void
child_gone(struct engine *e, struct child *c, enum reason why)
{
	if (c->state == CH_GONE || c->state == CH_LARVAL)
		return;
	c->why = why;
	c->ike = NULL;
	c->want_delete = c->want_rekey = false;
	for (struct ikesa *s = c->t->sas; s; s = s->sib) {
		if (s->own && s->own->old == c)
			s->own->old = NULL;
		if (s->peer && s->peer->old == c)
			s->peer->old = NULL;
	}
	if (c->state == CH_UP && why != R_REPLACED && why != R_DELETED_BY_USER) {
		c->t->pol[c->pol].reason = why;
		c->t->pol[c->pol].missing = 0;
	}
	child_move(e, c, CH_GONE);
	/* The last that could carry the traffic goes: nothing is held back for its sake. */
	for (struct child *o = c->t->children; o; o = o->sib)
		if (o->pol == c->pol && o->state == CH_UP && o->held && !child_has_elder(e, o))
			child_release(e, o);
	if (c->lost)
		linger_over(e, c);
	else
		key_remove(e, KEY_RM_CHILD_OUT, c->id);
}

void
child_retire(struct engine *e, struct child *c)
{
	if (c->state != CH_UP && c->state != CH_REKEYED)
		return;
	c->ike = NULL;
	c->want_delete = c->want_rekey = false;
	c->why = R_REPLACED;
	if (c->state == CH_UP)
		child_move(e, c, CH_REKEYED);
	else
		timer_set(&e->timers, &c->timer, e->now + RETIRE_NS, fallback, c);
}

void
child_want_delete(struct engine *e, struct child *c, enum reason why)
{
	if (c->want_delete || c->deleting || c->state == CH_GONE || c->state == CH_LARVAL)
		return;
	if (!c->ike) {
		child_gone(e, c, why);
		return;
	}
	c->want_delete = true;
	c->why = why;
	tun_touch(e, c->t);
}

/* Which of two serves on: not the one of an IKE SA that leaves; then by the IKE SAs' rank; then by the lowest nonces. */
static int
child_rank(const struct child *a, const struct child *b)
{
	const struct ikesa *s = a->ike, *o = b->ike;

	if (s != o) {
		if (!s || !o)
			return s ? 1 : -1;
		if (s->leaving != o->leaving)
			return s->leaving ? -1 : 1;
		if (s->from != o && o->from != s) {
			int d = nonce_cmp(&s->rank, &o->rank);

			if (d)
				return d;
		}
	}
	return nonce_cmp(&a->low, &b->low);
}

struct child *
policy_top(const struct tun *t, unsigned pol)
{
	struct child *top = NULL;

	for (struct child *c = t->children; c; c = c->sib)
		if (c->pol == pol && c->state == CH_UP && !c->want_delete && !c->deleting && !c->lost &&
		    (!top || child_rank(c, top) > 0))
			top = c;
	return top;
}

/* Is a child of this policy being made? */
bool
policy_busy(const struct tun *t, unsigned pol)
{
	for (struct child *c = t->children; c; c = c->sib)
		if (c->pol == pol && c->state == CH_LARVAL)
			return true;
	return false;
}

void
policy_settle(struct engine *e, struct tun *t, unsigned pol)
{
	struct child *top = policy_top(t, pol), *next;

	/* Not before the peer receives on the one that stays: until then another carries the traffic, see offer_install(). */
	if (!top || top->held)
		return;
	for (struct child *c = t->children; c; c = next) {
		next = c->sib;
		if (c == top || c->pol != pol)
			continue;
		if (c->state == CH_UP && c->ours && !c->want_delete && !c->deleting && ts_list_eq(&c->local, &top->local) &&
		    ts_list_eq(&c->remote, &top->remote)) {
			COUNT(e, collisions);
			child_want_delete(e, c, R_REPLACED);
		} else if (c->state == CH_REKEYED && c->ike && top->ours) {
			child_want_delete(e, c, R_REPLACED);
		}
	}
}

/* The first authenticated packet on a new child: the peer sends on it, so we may, and what it replaced may go. */
void
engine_used(struct engine *e, uint32_t id)
{
	struct child *c = child_find(e, id), *next;

	if (!c || c->state == CH_GONE)
		return;
	c->used = true;
	child_release(e, c);
	if (c->ike)
		c->ike->last_in = e->now;
	if (c->state == CH_UP)
		for (struct child *o = c->t->children; o; o = next) {
			next = o->sib;
			if (o->pol == c->pol && o->state == CH_REKEYED && !o->ike)
				child_gone(e, o, R_REPLACED);
		}
	for (struct orphan *o = e->orphans; o; o = o->next)
		if (o->reqid == c->t->cfg.children[c->pol].reqid && strcmp(o->tunnel, c->t->cfg.name) == 0)
			o->drop_at = e->now;
	e->orphans_due = e->orphans != NULL;
	tun_changed(e, c->t);
}

/* The engine does not have it any more: tell the peer, and make another at once. */
void
child_lost(struct engine *e, struct child *c)
{
	if (!c || c->state == CH_LARVAL || c->state == CH_GONE)
		return;
	c->lost = true;
	c->t->pol[c->pol].urgent = true;
	child_want_delete(e, c, R_ENGINE_DOWN);
	tun_changed(e, c->t);
}

bool
engine_expire(struct engine *e, uint32_t id, bool hard)
{
	struct child *c = child_find(e, id);

	if (!c)
		return false;
	if (c->state == CH_UP && !hard) {
		c->want_rekey = true;
		tun_touch(e, c->t);
	} else if (hard && c->state != CH_LARVAL) {
		c->lost = true;
		c->t->pol[c->pol].urgent |= c->state == CH_UP;
		child_want_delete(e, c, R_EXPIRED);
	}
	return true;
}
