/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CREATE_CHILD_SA that replaces the IKE SA, initiator (RFC 7296 1.3.2, 2.8, 2.18):
 *	HDR, SK {SA, Ni, KEi}  -->   <--  HDR, SK {SA, Nr, KEr}
 * The new IKE SA begins its own window, inherits the children and closes the old one.
 */
#include "ex/ex.h"

/* SKEYSEED of 2.14, or of 2.18 when fresh takes the place of tn->ike. */
bool
ike_ask_derive(struct turn *tn, struct ikesa *fresh)
{
	struct ikesa *s = fresh ? fresh : tn->ike;
	struct setup *u = s->set;
	struct xch *x = tn->x;
	struct key_derive k = { .initiator = s->initiator, .suite = s->suite, .spi_i = s->spi_i, .spi_r = s->spi_r };
	struct wr w = wr_of(tn->e->cipher, sizeof(tn->e->cipher));

	if (fresh) {
		k.ke = x->ke;
		k.old_ike = tn->ike->handle;
		k.ni = nonce_bytes(&x->ni);
		k.nr = nonce_bytes(&x->nr);
		k.peer_public = octets_bytes(&x->peer_pub);
	} else {
		k.ke = u->ke;
		k.ni = nonce_bytes(&u->ni);
		k.nr = nonce_bytes(&u->nr);
		k.peer_public = octets_bytes(&u->peer_pub);
	}
	key_derive_put(&w, &k);
	if (!wr_ok(&w))
		return false;
	return fresh ? call_xch(tn->e, x, KEY_IKE_DERIVE, wr_bytes(&w), 0) : call_ike(tn->e, s, KEY_IKE_DERIVE, wr_bytes(&w));
}

bool
ike_take_keys(struct turn *tn, struct ikesa *fresh)
{
	struct key_derived d;

	if (!key_derived_get(tn->body, &d))
		return false;
	if (fresh->set)
		fresh->set->ke = 0;	/* consumed, as the exchange's is */
	else
		tn->x->ke = 0;
	return ikesa_keys(tn->e, fresh, &d);
}

/* A new IKE SA beside the old one, not yet up. */
struct ikesa *
ike_fresh(struct turn *tn, uint64_t ours, uint64_t theirs)
{
	struct ikesa *old = tn->ike, *s = ikesa_new(tn->e, old->t, tn->x->ours);

	if (!s)
		return NULL;
	s->spi_i = tn->x->ours ? ours : theirs;
	s->spi_r = tn->x->ours ? theirs : ours;
	s->local = old->local;
	s->remote = old->remote;
	s->natt = old->natt;
	s->natd = old->natd;
	s->nat_local = old->nat_local;
	s->nat_remote = old->nat_remote;
	s->has_digest = old->has_digest;
	memcpy(s->digest, old->digest, sizeof(s->digest));
	memcpy(s->id_remote, old->id_remote, sizeof(s->id_remote));
	s->causeway = old->causeway;
	s->one_form = old->one_form;
	s->fragments = old->fragments;
	if (old->proved.n)
		(void)octets_set(&s->proved, octets_bytes(&old->proved));
	s->from = old;
	tn->x->fresh = s;
	return s;
}

enum verdict
ike_start(struct turn *tn)
{
	struct xch *x = tn->x;

	if (x->kind != XK_IKE)
		return V_PASS;
	x->group = offer_group(&tn->ike->t->cfg.ike, tn->ike->suite.ke);
	return ask_ke(tn->e, tn->ike, x, x->group) ? V_GO : V_PASS;
}

enum verdict
ike_request(struct turn *tn)
{
	struct engine *e = tn->e;
	struct xch *x = tn->x;
	struct msg_out o;
	uint8_t spi[8];
	struct wr w = wr_of(spi, sizeof(spi));

	if (tn->reason != R_OK || !offer_ke(tn, &x->ke, &x->pub))
		return V_PASS;
	fresh_nonce(e, &x->ni);
	x->new_spi = fresh64(e);
	wr_u64(&w, x->new_spi);
	msg_first(e, &o);
	pld_sa_put(&o, &tn->ike->t->cfg.ike, wr_bytes(&w));
	pld_nonce_put(&o, nonce_bytes(&x->ni));
	pld_ke_put(&o, x->group, octets_bytes(&x->pub));
	return send_request(e, tn->ike, EX_CREATE_CHILD_SA, &o) ? V_GO : V_PASS;
}

enum verdict
ike_other_group(struct turn *tn)
{
	const struct wire_notify *n = msg_notify(tn->m, N_INVALID_KE_PAYLOAD);
	struct xch *x = tn->x;
	uint16_t group;

	if (!n || x->retried || n->data.n != 2)
		return V_PASS;
	group = (uint16_t)(n->data.p[0] << 8 | n->data.p[1]);
	if (group == x->group || offer_group(&tn->ike->t->cfg.ike, group) != group)
		return V_PASS;
	x->retried = true;
	key_remove(tn->e, KEY_RM_KE, x->ke);
	x->ke = 0;
	x->group = group;
	return ask_ke(tn->e, tn->ike, x, group) ? V_GO : V_PASS;
}

enum verdict
ike_refused(struct turn *tn)
{
	const struct wire_notify *n = msg_error(tn->m);
	enum reason why = n ? notify_reason(n->type, false) : R_MSG_UNEXPECTED;
	struct record *r = rec_begun(rec_new(tn->ike, "CREATE_CHILD_SA", NULL, why), true);
	struct ikesa *s = tn->ike;

	rec_notify(r, n);
	xch_fail(tn->e, tn->x, why, r);
	ike_inherit(tn->e, s);		/* the peer's rekey, if there was one, stands */
	return V_OVER;
}

enum verdict
ike_response(struct turn *tn)
{
	struct xch *x = tn->x;
	struct msg *m = tn->m;
	uint64_t theirs = spi64(m->sa.spi[0]);
	struct suite suite;
	struct ikesa *s;

	if (m->sa.proposals.n != 1 || theirs == 0 || !proposals_accept(&tn->ike->t->cfg.ike, &m->sa.proposals.v[0], &suite) ||
	    suite.ke != x->group || m->ke.group != x->group || !ke_fits(x->group, m->ke.data)) {
		struct ikesa *old = tn->ike;
		struct record *r = rec_begun(rec_new(old, "CREATE_CHILD_SA", NULL, R_PEER_CHOSE_NOT_OFFERED), true);
		char text[IKE_FACT];

		if (r) {
			record_fact(r, "offered", "%s", proposals_str(&old->t->cfg.ike, text, sizeof(text)));
			record_fact(r, "received", "%s", proposals_str(&m->sa.proposals, text, sizeof(text)));
		}
		xch_fail(tn->e, x, R_PEER_CHOSE_NOT_OFFERED, r);
		ike_inherit(tn->e, old);
		return V_OVER;
	}
	if (!nonce_set(&x->nr, m->nonce) || !octets_set(&x->peer_pub, m->ke.data) || !(s = ike_fresh(tn, x->new_spi, theirs)))
		return V_PASS;
	s->suite = suite;
	ikesa_hash(tn->e, s);
	return ike_ask_derive(tn, s) ? V_GO : V_PASS;
}

enum verdict
ike_made(struct turn *tn)
{
	struct engine *e = tn->e;
	struct xch *x = tn->x;
	struct ikesa *s = x->fresh, *old = tn->ike;

	if (tn->reason != R_OK || !ike_take_keys(tn, s))
		return V_PASS;
	x->fresh = NULL;
	s->rank = *nonce_low(&x->ni, &x->nr);
	COUNT(e, ike_rekeys);
	ikesa_move(e, s, S_UP);
	ikesa_up(e, s);
	old->tries = 0;
	xch_end(e, x);
	ike_inherit(e, old);
	return V_OVER;
}

/*
 * RFC 7296 2.8.2: when both ends have replaced it, the new one with the lowest nonce is closed by who made it, the other inherits
 * every child, and who made the other closes the old one. While our own attempt is still open nothing is decided.
 */
void
ike_inherit(struct engine *e, struct ikesa *old)
{
	struct ikesa *top = NULL;

	if (old->state == S_DEAD || !old->t || (old->own && old->own->kind == XK_IKE))
		return;
	for (struct ikesa *s = old->t->sas; s; s = s->sib)
		if (s->from == old && s->state == S_UP && !s->want_delete && (!top || nonce_cmp(&s->rank, &top->rank) > 0))
			top = s;
	if (!top)
		return;
	for (struct ikesa *s = old->t->sas; s; s = s->sib)
		if (s->from == old && s->state == S_UP && s != top) {
			COUNT(e, collisions);
			ikesa_leave(e, s);
		}
	old->replaced = true;
	for (struct child *c = old->t->children; c; c = c->sib)
		if (c->ike && (c->ike == old || (c->ike->from == old && c->ike != top)) && c->state != CH_LARVAL)
			c->ike = top;
	if (!top->drop_spi) {
		top->drop_spi = old->drop_spi;
		top->drop_ah = old->drop_ah;
	}
	if (top->made_by_us)
		old->want_delete = true;
	old->why = R_REPLACED;
	if (old->state == S_UP)
		ikesa_move(e, old, S_REKEYED);
	tun_changed(e, old->t);
}
