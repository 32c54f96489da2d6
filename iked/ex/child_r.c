/* SPDX-License-Identifier: BSD-2-Clause */
/* CREATE_CHILD_SA for a child, responder (RFC 7296 1.3.1, 1.3.3, 2.25). What stands in the way is answered TEMPORARY_FAILURE. */
#include <stdlib.h>

#include "ex/ex.h"

/* Refused, and nothing is left of it. */
static enum verdict
refuse(struct turn *tn, uint16_t notify, struct bytes data)
{
	struct xch *x = tn->x;

	send_notify(tn->e, tn->ike, EX_CREATE_CHILD_SA, notify, data);
	if (x) {
		struct record *rec = x->rec;

		x->rec = NULL;
		todo_record(tn->e, rec);
		xch_end(tn->e, x);
	}
	return V_STAY;
}

static const struct bytes none;

/* RFC 7296 2.25.2: no child is made while the IKE SA is being replaced, nor without our own parts. */
static bool
busy(const struct turn *tn)
{
	const struct ikesa *s = tn->ike;

	return !ikesa_usable(s) || !tn->e->keymgr || !tn->e->engine_up || (s->own && s->own->kind == XK_IKE);
}

static enum verdict
begin(struct turn *tn, enum xkind kind, struct child *old)
{
	struct xch *x = tn->x = xch_new(tn->e, tn->ike, kind, false);
	uint8_t group[2];

	if (!x)
		return refuse(tn, N_TEMPORARY_FAILURE, none);
	x->old = old;
	if (!offer_choose(tn, &x->rec))
		return refuse(tn, x->refuse, none);
	if (x->suite.ke != KE_NONE && (!msg_has(tn->m, PLD_KE) || tn->m->ke.group != x->suite.ke)) {
		group[0] = (uint8_t)(x->suite.ke >> 8);
		group[1] = (uint8_t)x->suite.ke;
		return refuse(tn, N_INVALID_KE_PAYLOAD, bytes_of(group, 2));
	}
	x->group = x->suite.ke;
	if (x->group != KE_NONE && !ke_fits(x->group, tn->m->ke.data))
		return refuse(tn, N_INVALID_SYNTAX, none);
	if (x->group != KE_NONE && !octets_set(&x->peer_pub, tn->m->ke.data))
		return refuse(tn, N_TEMPORARY_FAILURE, none);
	return offer_ask_spi(tn) ? V_GO : refuse(tn, N_TEMPORARY_FAILURE, none);
}

enum verdict
child_requested(struct turn *tn)
{
	if (busy(tn))
		return refuse(tn, N_TEMPORARY_FAILURE, none);
	return begin(tn, XK_CHILD, NULL);
}

enum verdict
rekey_requested(struct turn *tn)
{
	const struct wire_notify *n = msg_notify(tn->m, N_REKEY_SA);
	struct child *old;

	if (busy(tn))
		return refuse(tn, N_TEMPORARY_FAILURE, none);
	old = n ? child_by_spi(tn->ike->t, n->proto == PROTO_AH, spi32(n->spi), tn->ike) : NULL;
	if (!old)	/* it may be the one that our open exchange makes */
		return refuse(tn, tn->ike->own && tn->ike->own->kind < XK_IKE ? N_TEMPORARY_FAILURE : N_CHILD_SA_NOT_FOUND, none);
	/* 2.25.1: one that we are closing. */
	if (old->deleting || old->want_delete || old->state != CH_UP)
		return refuse(tn, N_TEMPORARY_FAILURE, none);
	return begin(tn, XK_REKEY, old);
}

enum verdict
child_value_r(struct turn *tn)
{
	struct xch *x = tn->x;

	if (tn->reason == R_OK && offer_lacks_comp(tn)) {
		xch_fail(tn->e, x, R_ENGINE_NO_SPI, rec_begun(rec_new(tn->ike, "CREATE_CHILD_SA", pol_name(tn->ike->t, x->child->pol), R_ENGINE_NO_SPI), false));
		return V_OVER;
	}
	if (x->group == KE_NONE || !offer_spi(tn))
		return V_PASS;
	return ask_ke(tn->e, tn->ike, x, x->group) ? V_GO : V_PASS;
}

enum verdict
child_install_r(struct turn *tn)
{
	return tn->reason == R_OK && offer_child(tn) && offer_install(tn->e, tn->x) ? V_GO : V_PASS;
}

/* Installed: the answer may leave, since the peer will send on it at once. */
enum verdict
child_answer(struct turn *tn)
{
	struct engine *e = tn->e;
	struct ikesa *s = tn->ike;
	struct xch *x = tn->x;
	struct child *c = x->child;
	struct msg_out o;
	uint8_t spi[4];
	struct wr w = wr_of(spi, sizeof(spi));

	if (tn->reason != R_OK)
		return V_PASS;
	wr_u32(&w, c->spi_in);
	msg_first(e, &o);
	offer_mode(x, &o);
	pld_sa_put_chosen(&o, x->num, c->ah ? PROTO_AH : PROTO_ESP, &x->suite, wr_bytes(&w));
	pld_nonce_put(&o, nonce_bytes(&x->nr));
	if (x->group != KE_NONE)
		pld_ke_put(&o, x->group, octets_bytes(&x->pub));
	offer_selectors(c, &o);
	if (!send_response(e, s, EX_CREATE_CHILD_SA, &o))
		return V_PASS;
	x->child = NULL;
	x->ke = 0;			/* consumed */
	child_up(e, c, x->old);
	return V_GO;
}
