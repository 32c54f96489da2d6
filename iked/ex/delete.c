/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * INFORMATIONAL (RFC 7296 1.4, 1.4.1, 2.25): deletes of children and of the IKE SA, and the empty message that asks whether the
 * peer lives. A child is deleted by the SPI that the sender receives on; the answer names the other half, but not when both ends
 * are closing the same one.
 */
#include "ex/ex.h"

static const struct bytes none;

enum verdict
delete_child_start(struct turn *tn)
{
	struct xch *x = tn->x;
	struct msg_out o;

	if (x->kind != XK_DEL_CHILD)
		return V_PASS;
	msg_first(tn->e, &o);
	pld_delete_put(&o, x->old_ah ? PROTO_AH : PROTO_ESP, &x->old_spi, 1);
	if (!send_request(tn->e, tn->ike, EX_INFORMATIONAL, &o))
		return V_PASS;
	if (x->old)
		x->old->deleting = true;
	return V_GO;
}

enum verdict
delete_ike_start(struct turn *tn)
{
	struct ikesa *s = tn->ike;
	struct msg_out o;

	if (tn->x->kind != XK_DEL_IKE)
		return V_PASS;
	msg_first(tn->e, &o);
	if (s->refuse_auth)
		refusal_put(&o, s, s->why);
	else
		pld_delete_put(&o, PROTO_IKE, NULL, 0);
	if (!send_request(tn->e, s, EX_INFORMATIONAL, &o))
		return V_PASS;
	ikesa_move(tn->e, s, S_DELETING);
	return V_GO;
}

enum verdict
info_response(struct turn *tn)
{
	struct xch *x = tn->x;
	struct child *c = x->old;

	if (x->kind == XK_DEL_IKE) {
		ikesa_end(tn->e, tn->ike, tn->ike->why);
		return V_OVER;
	}
	if (x->kind == XK_DEL_CHILD && x->old_spi == tn->ike->drop_spi)
		tn->ike->drop_spi = 0;
	if (x->kind == XK_DEL_CHILD && c) {
		x->old = NULL;
		child_gone(tn->e, c, c->why);
	}
	digest_take(tn);
	return V_GO;
}

/* The peer does not answer any more: what was said to it is lost, and so is the IKE SA (RFC 7296 2.4). */
enum verdict
own_dead(struct turn *tn)
{
	struct ikesa *s = tn->ike;
	struct tun *t = s->t;
	bool expected = s->state != S_UP;
	struct record *r;

	if (!expected) {
		r = rec_begun(rec_new(s, "INFORMATIONAL", NULL, R_PEER_DEAD), true);
		if (r)
			record_fact(r, "tries", "%u", s->win.tries + 1);
		todo_record(tn->e, r);
		todo_log(tn->e, LOG_WARN, "peer_dead", R_PEER_DEAD, t->cfg.name, NULL, "the peer does not answer any more");
		if (!ikesa_has_heir(s))
			tun_failed(tn->e, t, NULL, R_PEER_DEAD, "");
	}
	ikesa_end(tn->e, s, expected ? s->why : R_PEER_DEAD);
	return V_OVER;
}

/*
 * The peer may delete a child that it has just made for us before its answer is here or before ours is installed: what our open
 * exchange makes with that SPI is ended as soon as it is made.
 */
static void
delete_unborn(struct ikesa *s, uint32_t spi)
{
	struct xch *x = s->own;

	if (x && x->kind < XK_IKE && x->ngone < GONE_SPIS)
		x->gone[x->ngone++] = spi;
}

/* One DELETE payload for children: each child goes; the halves that the answer names are collected. */
static unsigned
delete_children(struct turn *tn, const struct wire_delete *d, uint32_t *spis, unsigned room)
{
	struct ikesa *s = tn->ike;
	unsigned n = 0;

	for (unsigned i = 0; i < d->n; i++) {
		struct child *c = child_by_spi(s->t, d->proto == PROTO_AH, delete_spi(d, i), s);
		bool crossing;

		if (!c) {
			delete_unborn(s, delete_spi(d, i));
			continue;
		}
		crossing = c->deleting;		/* 2.25.1: then the answer does not name it */
		if (!crossing && n < room)
			spis[n++] = c->spi_in;
		/* Its replacement may send from now on. */
		for (struct child *o = s->t->children; o; o = o->sib)
			if (o->pol == c->pol && o->held)
				child_release(tn->e, o);
		child_gone(tn->e, c, c->state == CH_REKEYED ? R_REPLACED : crossing ? c->why : R_DELETED_BY_PEER);
	}
	return n;
}

/* What the answer names. */
struct halves {
	unsigned	nesp, nah;
	uint32_t	esp[64], ah[64];
};

static void
answer(struct turn *tn, const struct halves *h, bool digest)
{
	struct msg_out o;

	msg_first(tn->e, &o);
	if (digest)
		digest_put(&o, tn->ike);
	if (h && h->nesp)
		pld_delete_put(&o, PROTO_ESP, h->esp, h->nesp);
	if (h && h->nah)
		pld_delete_put(&o, PROTO_AH, h->ah, h->nah);
	send_response(tn->e, tn->ike, EX_INFORMATIONAL, &o);
}

/* Does it end the IKE SA, or say that the peer did not believe our proof? */
static bool
closes(const struct msg *m)
{
	for (unsigned i = 0; i < m->ndelete; i++)
		if (m->del[i].proto == PROTO_IKE)
			return true;
	return msg_notify(m, N_AUTHENTICATION_FAILED) != NULL;
}

/* Deletes of children, and anything else that is only to be answered. */
enum verdict
info_requested(struct turn *tn)
{
	struct halves h = { .nesp = 0 };

	if (closes(tn->m))
		return V_PASS;
	for (unsigned i = 0; i < tn->m->ndelete; i++)
		if (tn->m->del[i].proto == PROTO_ESP)
			h.nesp += delete_children(tn, &tn->m->del[i], h.esp + h.nesp, 64 - h.nesp);
		else if (tn->m->del[i].proto == PROTO_AH)
			h.nah += delete_children(tn, &tn->m->del[i], h.ah + h.nah, 64 - h.nah);
	strays_take(tn);
	answer(tn, &h, digest_take(tn));
	return V_GO;
}

/* The peer closes the IKE SA, or did not believe our proof (2.21.2). Our own open exchange on it is forgotten (2.25.2). */
enum verdict
ike_deleted(struct turn *tn)
{
	struct engine *e = tn->e;
	struct ikesa *s = tn->ike;
	struct tun *t = s->t;
	bool refused = msg_notify(tn->m, N_AUTHENTICATION_FAILED) != NULL;
	bool expected = s->state != S_UP || s->replaced || s->leaving;
	enum reason says = R_OK, why = refused ? refusal_take(tn->m, &says) : R_DELETED_BY_PEER;
	struct ikesa *heir = NULL;
	struct record *r;

	if (!closes(tn->m))
		return V_PASS;
	answer(tn, NULL, false);
	if (s->own)
		xch_end(e, s->own);
	if (s->state == S_UP)
		ike_inherit(e, s);
	for (struct ikesa *o = t->sas; o; o = o->sib)
		if (o != s && ikesa_usable(o))
			heir = o;
	if (!expected && !s->replaced && !heir) {
		r = rec_begun(rec_new(s, "INFORMATIONAL", NULL, why), false);
		rec_says(r, says);
		todo_record(e, r);
		tun_failed(e, t, NULL, why, "");
		t->tries = t->tries ? t->tries : 1;
		tun_backoff(e, t);
	}
	ikesa_end(e, s, s->replaced || heir ? R_REPLACED : expected ? s->why : why);
	return V_OVER;
}

/* An IKE SA that is being closed makes nothing new (2.25.2). */
enum verdict
busy_create(struct turn *tn)
{
	send_notify(tn->e, tn->ike, EX_CREATE_CHILD_SA, N_TEMPORARY_FAILURE, none);
	return V_GO;
}
