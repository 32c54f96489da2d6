/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CREATE_CHILD_SA for a child, initiator (RFC 7296 1.3.1, 1.3.3):
 *	HDR, SK {[N(REKEY_SA),] SA, Ni, [KEi,] TSi, TSr}  -->
 *	                               <--  HDR, SK {SA, Nr, [KEr,] TSi, TSr}
 * The order of keymgr's work: an SPI, a key exchange value when there is PFS, then the request; after the response one call that
 * installs both directions, inbound first.
 */
#include "ex/ex.h"

static bool
send_child(struct turn *tn)
{
	struct engine *e = tn->e;
	struct xch *x = tn->x;
	struct child *c = x->child;
	const struct tunnel_child *pol = &tn->ike->t->cfg.children[c->pol];
	struct bytes none = { NULL, 0 };
	struct proposals esp;
	struct msg_out o;
	uint8_t spi[4], old[4];
	struct wr w = wr_of(spi, sizeof(spi)), wo = wr_of(old, sizeof(old));

	wr_u32(&w, c->spi_in);
	offer_proposals(e, x, &esp);
	msg_first(e, &o);
	if (x->kind == XK_REKEY) {
		wr_u32(&wo, x->old_spi);
		pld_notify_put(&o, x->old_ah ? PROTO_AH : PROTO_ESP, wr_bytes(&wo), N_REKEY_SA, none);
	}
	offer_mode(x, &o);
	pld_sa_put(&o, &esp, wr_bytes(&w));
	pld_nonce_put(&o, nonce_bytes(&x->ni));
	if (x->group != KE_NONE)
		pld_ke_put(&o, x->group, octets_bytes(&x->pub));
	pld_ts_put(&o, true, &pol->local);
	pld_ts_put(&o, false, &pol->remote);
	return send_request(e, tn->ike, EX_CREATE_CHILD_SA, &o);
}

enum verdict
child_start(struct turn *tn)
{
	struct xch *x = tn->x;
	struct proposals esp;

	if (x->kind != XK_CHILD && x->kind != XK_REKEY)
		return V_PASS;
	offer_proposals(tn->e, x, &esp);
	x->group = offer_group(&esp, tn->ike->suite.ke);
	fresh_nonce(tn->e, &x->ni);
	return offer_ask_spi(tn) ? V_GO : V_PASS;
}

/* PFS: a key exchange value first. */
enum verdict
child_value(struct turn *tn)
{
	struct xch *x = tn->x;

	if (x->group == KE_NONE || !offer_spi(tn))
		return V_PASS;
	return ask_ke(tn->e, tn->ike, x, x->group) ? V_GO : V_PASS;
}

enum verdict
child_request(struct turn *tn)
{
	return tn->reason == R_OK && offer_child(tn) && send_child(tn) ? V_GO : V_PASS;
}

static bool
in_offer(const struct turn *tn, uint16_t group)
{
	struct proposals esp;

	offer_proposals(tn->e, tn->x, &esp);
	return group != KE_NONE && offer_group(&esp, group) == group;
}

/* RFC 7296 1.3: the responder names the group that it would take. */
enum verdict
child_other_group(struct turn *tn)
{
	const struct wire_notify *n = msg_notify(tn->m, N_INVALID_KE_PAYLOAD);
	struct xch *x = tn->x;
	uint16_t group;

	if (!n || x->retried || n->data.n != 2)
		return V_PASS;
	group = (uint16_t)(n->data.p[0] << 8 | n->data.p[1]);
	if (group == x->group || !in_offer(tn, group))
		return V_PASS;
	x->retried = true;
	key_remove(tn->e, KEY_RM_KE, x->ke);
	x->ke = 0;
	x->group = group;
	fresh_nonce(tn->e, &x->ni);
	return ask_ke(tn->e, tn->ike, x, group) ? V_GO : V_PASS;
}

enum verdict
child_refused(struct turn *tn)
{
	const struct wire_notify *n = msg_error(tn->m);
	struct xch *x = tn->x;
	struct tun *t = tn->ike->t;
	enum reason why = n ? notify_reason(n->type, true) : R_MSG_UNEXPECTED;
	struct proposals esp;
	struct record *r;
	char text[IKE_FACT];

	/*
	 * RFC 7296 2.25: the peer has no such child. If we still have it, it is of no use; a new one is made from nothing. It is
	 * deleted aloud, because the peer may only not have it yet: our answer that makes it can still be under way.
	 */
	if (n && n->type == N_CHILD_SA_NOT_FOUND && x->kind == XK_REKEY) {
		if (x->old && x->old->state == CH_UP) {
			t->pol[x->old->pol].urgent = true;
			child_want_delete(tn->e, x->old, R_PEER_CHILD_NOT_FOUND);
			r = rec_begun(rec_new(tn->ike, "CREATE_CHILD_SA", pol_name(t, x->old->pol), why), x->ours);
			rec_notify(r, n);
			todo_record(tn->e, r);
		}
		return V_GO;
	}
	r = rec_begun(rec_new(tn->ike, "CREATE_CHILD_SA", pol_name(t, x->child->pol), why), x->ours);
	rec_notify(r, n);
	if (r && why == R_PEER_NO_PROPOSAL_CHILD) {
		offer_proposals(tn->e, x, &esp);
		record_fact(r, "offered", "%s", proposals_str(&esp, text, sizeof(text)));
	}
	if (r && why == R_PEER_TS_UNACCEPTABLE) {
		record_fact(r, "local_ts", "%s", ts_list_str(&t->cfg.children[x->child->pol].local, text, sizeof(text)));
		record_fact(r, "remote_ts", "%s", ts_list_str(&t->cfg.children[x->child->pol].remote, text, sizeof(text)));
	}
	xch_fail(tn->e, x, why, r);
	return V_OVER;
}

enum verdict
child_response(struct turn *tn)
{
	struct xch *x = tn->x;
	struct record *rec;

	if (offer_accept(tn, &rec))
		return offer_install(tn->e, x) ? V_GO : V_PASS;
	child_drop(tn->ike, x->child);
	xch_fail(tn->e, x, rec ? rec->reason : R_INTERNAL, rec);
	return V_OVER;
}

/* The response was good and the engine took the SA, or it did not: then the peer's half must go. */
enum verdict
child_made(struct turn *tn)
{
	struct engine *e = tn->e;
	struct xch *x = tn->x;
	struct child *c = x->child;
	struct record *r;
	char text[IKE_FACT];

	if (tn->reason != R_OK) {
		child_drop(tn->ike, c);
		r = rec_begun(rec_new(tn->ike, "CREATE_CHILD_SA", pol_name(tn->ike->t, c->pol), tn->reason), x->ours);
		if (r && tn->detail[0])
			record_fact(r, "errno", "%s", tn->detail);
		xch_fail(e, x, tn->reason, r);
		return V_OVER;
	}
	x->child = NULL;
	x->ke = 0;		/* consumed */
	r = rec_begun(rec_new(tn->ike, x->kind == XK_AUTH ? "IKE_AUTH" : "CREATE_CHILD_SA", pol_name(tn->ike->t, c->pol), R_OK), x->ours);
	if (r) {
		const struct tunnel_child *pol = &c->t->cfg.children[c->pol];

		record_fact(r, "chosen", "%s%s", suite_str(c->ah ? PROTO_AH : PROTO_ESP, &c->suite, text, sizeof(text)), c->ah ? " (AH)" : c->comp ? ", IPComp with DEFLATE" : "");
		record_fact(r, "local_ts", "%s", ts_list_str(&c->local, text, sizeof(text)));
		record_fact(r, "remote_ts", "%s", ts_list_str(&c->remote, text, sizeof(text)));
		if (!ts_list_eq(&c->local, &pol->local) || !ts_list_eq(&c->remote, &pol->remote))
			r->reason = R_TS_NARROWED;
	}
	todo_record(e, r);
	child_up(e, c, x->old);
	for (unsigned i = 0; i < x->ngone; i++)
		if (x->gone[i] == c->spi_out)
			child_gone(e, c, R_DELETED_BY_PEER);
	return V_GO;
}
