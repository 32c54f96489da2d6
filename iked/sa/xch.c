/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One exchange that makes or ends something. xch_move() alone writes its place. What it holds while it runs (a larval child, a key
 * exchange value, a half-made IKE SA) goes with it, whichever way it ends; what it made has been taken off it by then.
 */
#include <stdlib.h>

#include "sa/ops.h"

struct xch *
xch_new(struct engine *e, struct ikesa *s, enum xkind kind, bool ours)
{
	struct xch *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->ike = s;
	x->kind = kind;
	x->ours = ours;
	x->at = X_NEW;
	if (ours)
		s->own = x;
	else
		s->peer = x;
	return x;
}

struct child *
xch_child(struct engine *e, struct xch *x, unsigned pol)
{
	struct child *c = child_new(e, x->ike->t, pol);

	if (!c)
		return NULL;
	c->ike = x->ike;
	c->ours = x->ours;
	x->child = c;
	return c;
}

void
xch_end(struct engine *e, struct xch *x)
{
	struct ikesa *fresh = x->fresh;

	if (x->dead)
		return;
	x->dead = true;
	if (x->ike->own == x)
		x->ike->own = NULL;
	if (x->ike->peer == x)
		x->ike->peer = NULL;
	if (x->kind == XK_DEL_CHILD && x->old)
		x->old->deleting = false;	/* not answered: another IKE SA may have to say it again */
	if (x->child && x->child->state == CH_LARVAL) {
		/* While SPI_NEW or CHILD_INSTALL is on its way the late answer removes what it made. */
		if (x->child->asked && !x->call)
			key_remove(e, KEY_RM_CHILD, x->child->id);
		if (!x->call || x->call->type == KEY_KE_NEW)
			key_remove(e, KEY_RM_SPI, x->child->id);
		child_free(e, x->child);
	}
	x->child = NULL;
	call_forget(&x->call);
	key_remove(e, KEY_RM_KE, x->ke);
	x->fresh = NULL;
	if (fresh && fresh->state < S_UP)
		ikesa_move(e, fresh, S_DEAD);
	octets_free(&x->pub);
	octets_free(&x->peer_pub);
	free(x->rec);
	x->rec = NULL;
	x->grave = e->grave_xch;
	e->grave_xch = x;
	if (x->ike->t)
		tun_touch(e, x->ike->t);
}

void
xch_move(struct engine *e, struct xch *x, enum place to)
{
	x->at = to;
	if (to == X_DONE)
		xch_end(e, x);
}

static void
child_later(struct engine *e, struct xch *x, enum reason why)
{
	struct tun *t = x->ike->t;

	if (x->kind == XK_REKEY && x->old) {
		x->old->rekey_at = e->now + backoff(e, x->old->tries++);
		return;
	}
	if (x->child) {
		struct policy *p = &t->pol[x->child->pol];

		p->retry_at = e->now + backoff(e, p->tries++);
		if (p->reason != why)
			todo_log(e, LOG_WARN, "child_failed", why, t->cfg.name, pol_name(t, x->child->pol), "%s", reason_row(why)->sentence);
		p->reason = why;
	}
}

/* Our exchange failed. Nothing is ever tried again at once (design, section 6). */
void
xch_fail(struct engine *e, struct xch *x, enum reason why, struct record *rec)
{
	struct ikesa *s = x->ike;
	const char *child = x->child ? pol_name(s->t, x->child->pol) : x->old ? pol_name(s->t, x->old->pol) : NULL;

	if (rec)
		rec->reason = (uint16_t)why;
	todo_record(e, rec);
	if (!x->ours) {
		if (s->win.working)
			send_notify(e, s, EX_CREATE_CHILD_SA, N_TEMPORARY_FAILURE, (struct bytes){ NULL, 0 });
		xch_end(e, x);
		return;
	}
	if (x->kind == XK_IKE)
		s->rekey_at = e->now + backoff(e, s->tries++);
	else
		child_later(e, x, why);
	tun_changed(e, s->t);
	tun_failed(e, s->t, child, why, "");
	xch_end(e, x);
}

void
xch_begin(struct engine *e, struct ikesa *s, enum xkind kind, struct child *c, unsigned pol)
{
	struct xch *x = xch_new(e, s, kind, true);
	struct turn tn = { .e = e, .ike = s, .x = x };

	if (!x)
		return;
	x->old = kind == XK_REKEY || kind == XK_DEL_CHILD ? c : NULL;
	x->old_spi = x->old ? c->spi_in : s->drop_spi;
	x->old_ah = x->old ? c->ah : s->drop_ah;
	if (kind == XK_CHILD || kind == XK_REKEY)
		if (!xch_child(e, x, pol)) {
			xch_end(e, x);
			return;
		}
	if (!edge_run(&tn, X_NEW, ON_START))
		xch_fail(e, x, R_INTERNAL, NULL);
}

/* The one place that decides what an IKE SA does next: what is most urgent first. */
void
ikesa_kick(struct engine *e, struct ikesa *s)
{
	struct tun *t = s->t;

	if ((s->state != S_UP && s->state != S_REKEYED) || s->own || s->win.busy)
		return;
	if (s->want_delete) {
		xch_begin(e, s, XK_DEL_IKE, NULL, 0);
		return;
	}
	if (s->drop_spi) {
		xch_begin(e, s, XK_DEL_CHILD, NULL, 0);
		return;
	}
	for (struct child *c = t->children; c; c = c->sib)
		if (c->ike == s && c->want_delete && !c->deleting && c->state != CH_LARVAL) {
			xch_begin(e, s, XK_DEL_CHILD, c, c->pol);
			return;
		}
	if (s->state == S_UP && !s->replaced && e->keymgr && !s->keyless && e->engine_up && !ikesa_undecided(s)) {
		for (struct child *c = t->children; c; c = c->sib)
			if (c->ike == s && c->state == CH_UP && c->want_rekey && e->now >= c->rekey_at) {
				xch_begin(e, s, XK_REKEY, c, c->pol);
				return;
			}
		if (s->want_rekey && !s->leaving && e->now >= s->rekey_at && !s->peer) {
			xch_begin(e, s, XK_IKE, NULL, 0);
			return;
		}
	}
	if (s->want_live) {
		s->want_live = false;
		xch_begin(e, s, XK_LIVE, NULL, 0);
	}
}
