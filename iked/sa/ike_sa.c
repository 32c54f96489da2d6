/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IKE SA: made, moved, ended. ikesa_move() alone writes its state. An IKE SA that ends takes its exchanges with it; its
 * children stay for their linger so that packets under way still arrive.
 */
#include <stdlib.h>

#include "sa/ops.h"

struct ikesa *
ikesa_new(struct engine *e, struct tun *t, bool initiator)
{
	struct ikesa *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	e->nikes++;
	s->initiator = s->made_by_us = initiator;
	s->created = s->last_in = s->last_out = e->now;
	if (t)
		ikesa_attach(s, t);
	return s;
}

void
ikesa_attach(struct ikesa *s, struct tun *t)
{
	s->t = t;
	s->sib = t->sas;
	t->sas = s;
}

void
ikesa_hash(struct engine *e, struct ikesa *s)
{
	struct ikesa **head = &e->by_spi[ikesa_spi(s) % HASH];

	s->hnext = *head;
	*head = s;
}

struct ikesa *
ikesa_find(struct engine *e, uint64_t our_spi)
{
	for (struct ikesa *s = e->by_spi[our_spi % HASH]; s; s = s->hnext)
		if (ikesa_spi(s) == our_spi)
			return s;
	return NULL;
}

struct setup *
setup_new(void)
{
	return calloc(1, sizeof(struct setup));
}

void
setup_free(struct engine *e, struct ikesa *s)
{
	struct setup *u = s->set;

	if (!u)
		return;
	key_remove(e, KEY_RM_KE, u->ke);
	octets_free(&u->pub);
	octets_free(&u->peer_pub);
	octets_free(&u->msg_i);
	octets_free(&u->msg_r);
	octets_free(&u->id_i);
	octets_free(&u->id_r);
	octets_free(&u->auth);
	octets_free(&u->proof);
	octets_free(&u->cookie);
	certs_free(&u->theirs);
	certs_free(&u->ours);
	free(u);
	s->set = NULL;
}

bool
ikesa_keys(struct engine *e, struct ikesa *s, const struct key_derived *k)
{
	s->handle = k->ike;
	return sk_key_set(s->initiator ? &s->sk_out : &s->sk_in, &s->suite, k->sk_ei, k->sk_ai) &&
	    sk_key_set(s->initiator ? &s->sk_in : &s->sk_out, &s->suite, k->sk_er, k->sk_ar);
}

bool
ikesa_differs(const struct ikesa *s)
{
	return s->has_digest && s->t && memcmp(s->digest, s->t->cfg.digest, sizeof(s->digest)) != 0;
}

bool
ikesa_usable(const struct ikesa *s)
{
	return s->state == S_UP && !s->keyless && !s->replaced && !s->want_delete;
}

/*
 * While our own attempt to replace an IKE SA is open, nobody knows which of the new ones stays (RFC 7296 2.8.2): neither the old
 * one nor a new one begins anything, nor is it replaced itself.
 */
bool
ikesa_undecided(const struct ikesa *s)
{
	if (s->from && s->from->own && s->from->own->kind == XK_IKE)
		return true;
	for (const struct ikesa *o = s->t ? s->t->sas : NULL; o; o = o->sib)
		if (o->from == s && o->state == S_UP)
			return true;
	return false;
}

/* The soft lifetime came: replace it (RFC 7296 2.8). When even the hard one comes, it ends. */
static void
life_over(struct engine *e, void *arg)
{
	struct ikesa *s = arg;
	const struct tunnel *t = &s->t->cfg;
	uint64_t hard = s->up_at + (t->ike_hard_s ? t->ike_hard_s * NS_PER_S : t->ike_life_s * NS_PER_S / 100 * 110);

	if (e->now >= hard || s->leaving) {
		s->why = s->leaving ? R_REPLACED : R_EXPIRED;
		s->want_delete = true;
	} else {
		s->want_rekey = true;
		timer_set(&e->timers, &s->life, hard, life_over, s);
	}
	tun_touch(e, s->t);
}

/* It has lost, and the peer should close it. A peer that never learned of it will not: then we do. */
void
ikesa_leave(struct engine *e, struct ikesa *s)
{
	s->leaving = true;
	if (s->made_by_us)
		s->want_delete = true;
	else
		timer_set(&e->timers, &s->life, e->now + RETIRE_NS, life_over, s);
}

static void
idle_over(struct engine *e, void *arg)
{
	struct ikesa *s = arg;

	if (s->frags_at && e->now > s->frags_at + REASSEMBLE_NS)
		frags_drop(e, s);
	if (e->now >= s->last_in + IDLE_NS) {
		s->want_live = true;
		tun_touch(e, s->t);
		timer_set(&e->timers, &s->idle, e->now + IDLE_NS, idle_over, s);
	} else {
		timer_set(&e->timers, &s->idle, s->last_in + IDLE_NS, idle_over, s);
	}
}

/* RFC 3948 4: one octet 0xff keeps the translator's mapping; only who sits behind it needs to. */
static void
keepalive(struct engine *e, void *arg)
{
	struct ikesa *s = arg;

	if (e->now >= s->last_out + KEEPALIVE_NS) {
		todo_send(e, &s->local, &s->remote, true, false, bytes_of("\xff", 1));
		s->last_out = e->now;
	}
	timer_set(&e->timers, &s->keepalive, s->last_out + KEEPALIVE_NS, keepalive, s);
}

/*
 * Our engine sends ESP to where it came from last. Linux's own tells where that is, and goes on sending to where the SA was made for: only
 * another SA leads to the new place.
 */
void
ikesa_follow(struct engine *e, struct ikesa *s, const struct endpoint *to)
{
	if (!s->nat_remote || s->nat_local || endpoint_eq(&s->remote, to))
		return;
	s->remote = *to;
	if (!s->t)
		return;
	for (struct child *c = s->t->children; c && !(e->features & KEY_FEAT_HELLO); c = c->sib)
		if (c->ike == s && c->state == CH_UP) {
			c->want_rekey = true;
			c->rekey_at = 0;
		}
	tun_changed(e, s->t);
}

void
ikesa_up(struct engine *e, struct ikesa *s)
{
	uint64_t life = s->t->cfg.ike_life_s * NS_PER_S, soft;

	s->up_at = s->last_in = e->now;
	soft = s->made_by_us ? life / 100 * 75 + fresh64(e) % (life / 10 + 1) : life / 100 * 95;
	if (life)
		timer_set(&e->timers, &s->life, e->now + soft, life_over, s);
	timer_set(&e->timers, &s->idle, e->now + IDLE_NS, idle_over, s);
	if (s->nat_local && s->natt)
		timer_set(&e->timers, &s->keepalive, e->now + KEEPALIVE_NS, keepalive, s);
	tun_changed(e, s->t);
}

/* A half-open IKE SA of a peer that went away, or a setup that keymgr never finished. */
static void
setup_over(struct engine *e, void *arg)
{
	struct ikesa *s = arg;

	ikesa_end(e, s, R_PEER_NO_ANSWER);
}

static void
unhash(struct engine *e, struct ikesa *s)
{
	for (struct ikesa **p = &e->by_spi[ikesa_spi(s) % HASH]; *p; p = &(*p)->hnext)
		if (*p == s) {
			*p = s->hnext;
			break;
		}
}

/* The exchange that was making it has nothing to make any more. */
static void
half_made(struct engine *e, struct xch *x, struct ikesa *s)
{
	if (x && x->fresh == s) {
		x->fresh = NULL;
		xch_fail(e, x, s->why, NULL);
	}
}

static void
detach(struct engine *e, struct ikesa *s)
{
	struct tun *t = s->t;

	unhash(e, s);
	half_remove(e, s);
	if (!t)
		return;
	for (struct ikesa **p = &t->sas; *p; p = &(*p)->sib)
		if (*p == s) {
			*p = s->sib;
			break;
		}
	for (struct ikesa *o = t->sas; o; o = o->sib) {
		if (o->from == s)
			o->from = NULL;
		half_made(e, o->own, s);
		half_made(e, o->peer, s);
	}
	if (!t->sas) {
		t->since = e->now;
		tun_rest(t);
	}
	tun_changed(e, t);
}

static void
finish(struct engine *e, struct ikesa *s)
{
	struct child *next;

	if (s->own)
		xch_end(e, s->own);
	if (s->peer)
		xch_end(e, s->peer);
	call_forget(&s->call);
	setup_free(e, s);
	octets_free(&s->proved);
	frags_drop(e, s);
	timer_stop(&e->timers, &s->resend);
	timer_stop(&e->timers, &s->life);
	timer_stop(&e->timers, &s->idle);
	timer_stop(&e->timers, &s->keepalive);
	for (struct child *c = s->t ? s->t->children : NULL; c; c = next) {
		next = c->sib;
		if (c->ike == s)
			child_gone(e, c, s->why);
	}
	if (!s->keyless)
		key_remove(e, KEY_RM_IKE, s->handle);
	sk_key_wipe(&s->sk_in);
	sk_key_wipe(&s->sk_out);
	window_fini(&s->win);
	detach(e, s);
	s->grave = e->grave_ike;
	e->grave_ike = s;
	e->nikes--;
}

void
ikesa_move(struct engine *e, struct ikesa *s, enum place to)
{
	enum place from = s->state;

	if (from == to || from == S_DEAD)
		return;
	s->state = to;
	todo_log(e, LOG_DEBUG, "ike_sa", R_OK, tun_name(s), NULL, "IKE SA %016llx: %s -> %s", (unsigned long long)ikesa_spi(s),
	    place_name(from), place_name(to));
	if (to == S_DEAD) {
		finish(e, s);
		return;
	}
	if (from == S_NONE && to < S_UP)
		timer_set(&e->timers, &s->life, e->now + (s->initiator ? 6 : 1) * HALF_OPEN_NS, setup_over, s);
	if (to == S_R_VERIFY)		/* a verdict takes as long as a revocation list does */
		timer_set(&e->timers, &s->life, e->now + 2 * HALF_OPEN_NS, setup_over, s);
	if (to == S_UP && from < S_UP)
		half_remove(e, s);
	if (s->t)
		tun_changed(e, s->t);
}

/* Another one is up, and with it the tunnel: how this one ends is no word about the tunnel. */
bool
ikesa_has_heir(const struct ikesa *s)
{
	for (const struct ikesa *o = s->t ? s->t->sas : NULL; o; o = o->sib)
		if (o != s && ikesa_usable(o) && !o->suspect)
			return true;
	return false;
}

void
ikesa_end(struct engine *e, struct ikesa *s, enum reason why)
{
	if (s->state == S_DEAD)
		return;
	s->why = why;
	if (s->t && s->state >= S_UP && !s->replaced && !s->leaving && why != R_REPLACED && !(why == R_DELETED_BY_USER && s->t->wanted) &&
	    !(why == R_PEER_DEAD && ikesa_has_heir(s)))
		tun_reason(e, s->t, why, "");
	ikesa_move(e, s, S_DEAD);
}

/* The setup of an IKE SA failed: say why, and try again after a pause. */
void
ikesa_fail(struct engine *e, struct ikesa *s, enum reason why, struct record *rec)
{
	struct tun *t = s->t;

	uint64_t skipped;

	if (rec)
		rec->reason = (uint16_t)why;
	COUNT(e, setups_failed);
	/* A responder is asked by anybody, and as often as he likes. */
	if (s->initiator || log_allow(t ? &t->noise : &e->strangers, e->now, &skipped)) {
		todo_log(e, LOG_WARN, "setup_failed", why, tun_name(s), NULL, "%s", reason_row(why)->sentence);
		todo_record(e, rec);
	} else {
		free(rec);
	}
	ikesa_move(e, s, S_DEAD);
	if (t && s->initiator) {
		if (t->reason != why)
			tun_reason(e, t, why, "");
		if (t->cfg.start != START_ALWAYS)
			t->up_now = false;
		tun_rest(t);
		tun_backoff(e, t);
		tun_failed(e, t, NULL, why, t->detail);
	}
}
