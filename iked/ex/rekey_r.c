/* SPDX-License-Identifier: BSD-2-Clause */
/* The same, responder. RFC 7296 2.25.2 says when it must wait: while a child is being made, replaced or closed. */
#include "ex/ex.h"

static const struct bytes none;

static enum verdict
refuse(struct turn *tn, uint16_t notify, struct bytes data)
{
	send_notify(tn->e, tn->ike, EX_CREATE_CHILD_SA, notify, data);
	if (tn->x)
		xch_end(tn->e, tn->x);
	return V_STAY;
}

enum verdict
ike_requested(struct turn *tn)
{
	struct ikesa *s = tn->ike;
	struct msg *m = tn->m;
	struct suite suite;
	struct record *r;
	char text[IKE_FACT];
	uint8_t group[2];
	unsigned which;

	if (!ikesa_usable(s) || !tn->e->keymgr || (s->from && s->from->own && s->from->own->kind == XK_IKE) || (s->own && s->own->kind != XK_IKE && s->own->kind != XK_LIVE))
		return refuse(tn, N_TEMPORARY_FAILURE, none);
	if (!proposals_choose(&s->t->cfg.ike, &m->sa.proposals, &suite, &which) || spi64(m->sa.spi[which]) == 0) {
		if ((r = rec_begun(rec_new(s, "CREATE_CHILD_SA", NULL, R_NO_PROPOSAL_IKE), false))) {
			record_fact(r, "offered", "%s", proposals_str(&s->t->cfg.ike, text, sizeof(text)));
			record_fact(r, "received", "%s", proposals_str(&m->sa.proposals, text, sizeof(text)));
			record_fact(r, "difference", "%s",
			    proposals_differ(&s->t->cfg.ike, &m->sa.proposals, text, sizeof(text)));
			record_fact(r, "sent", "%s", notify_name(N_NO_PROPOSAL_CHOSEN));
		}
		todo_record(tn->e, r);
		return refuse(tn, N_NO_PROPOSAL_CHOSEN, none);
	}
	if (m->ke.group != suite.ke) {
		group[0] = (uint8_t)(suite.ke >> 8);
		group[1] = (uint8_t)suite.ke;
		return refuse(tn, N_INVALID_KE_PAYLOAD, bytes_of(group, 2));
	}
	if (!ke_fits(suite.ke, m->ke.data))
		return refuse(tn, N_INVALID_SYNTAX, none);
	if (!(tn->x = xch_new(tn->e, s, XK_IKE, false)))
		return refuse(tn, N_TEMPORARY_FAILURE, none);
	tn->x->suite = suite;
	tn->x->num = m->sa.num[which];
	tn->x->new_spi = spi64(m->sa.spi[which]);
	if (!nonce_set(&tn->x->ni, m->nonce) || !octets_set(&tn->x->peer_pub, m->ke.data) || !ask_ke(tn->e, s, tn->x, suite.ke))
		return refuse(tn, N_TEMPORARY_FAILURE, none);
	fresh_nonce(tn->e, &tn->x->nr);
	return V_GO;
}

enum verdict
ike_derive_r(struct turn *tn)
{
	struct xch *x = tn->x;
	struct ikesa *s;

	if (tn->reason != R_OK || !offer_ke(tn, &x->ke, &x->pub) || !(s = ike_fresh(tn, fresh64(tn->e), x->new_spi)))
		return V_PASS;
	s->suite = x->suite;
	ikesa_hash(tn->e, s);
	return ike_ask_derive(tn, s) ? V_GO : V_PASS;
}

enum verdict
ike_answer(struct turn *tn)
{
	struct engine *e = tn->e;
	struct xch *x = tn->x;
	struct ikesa *s = x->fresh, *old = tn->ike;
	struct msg_out o;
	uint8_t spi[8];
	struct wr w = wr_of(spi, sizeof(spi));

	if (tn->reason != R_OK || !ike_take_keys(tn, s))
		return V_PASS;
	/* Ours was finished while keymgr worked on this one: the old IKE SA is being closed, 2.25.2. */
	if (old->state != S_UP || old->replaced) {
		key_remove(e, KEY_RM_IKE, s->handle);
		s->handle = 0;
		return V_PASS;
	}
	wr_u64(&w, s->spi_r);
	msg_first(e, &o);
	pld_sa_put_chosen(&o, x->num, PROTO_IKE, &x->suite, wr_bytes(&w));
	pld_nonce_put(&o, nonce_bytes(&x->nr));
	pld_ke_put(&o, x->suite.ke, octets_bytes(&x->pub));
	if (!send_response(e, old, EX_CREATE_CHILD_SA, &o))
		return V_PASS;
	x->fresh = NULL;
	s->rank = *nonce_low(&x->ni, &x->nr);
	ikesa_move(e, s, S_UP);
	ikesa_up(e, s);
	xch_end(e, x);
	ike_inherit(e, old);
	return V_OVER;
}
