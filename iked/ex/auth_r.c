/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IKE_AUTH, responder. A peer that has not proved who it is learns one thing only, AUTHENTICATION_FAILED, whether the identity,
 * the proof or our own secret is at fault; and a Causeway what is wrong with the certificate that it showed. A peer that has, and whose child fails, keeps the IKE SA (RFC 7296 2.21.2).
 */
#include <stdlib.h>

#include "ex/ex.h"

/* tell: what a Causeway hears of it; R_OK: nothing. */
enum verdict
auth_refuse(struct turn *tn, enum reason why, enum reason tell, struct record *r)
{
	struct ikesa *s = tn->ike;
	struct msg_out o;

	if (r) {
		r->reason = (uint16_t)why;
		record_fact(r, "sent", "%s", notify_name(N_AUTHENTICATION_FAILED));
	}
	msg_first(tn->e, &o);
	refusal_put(&o, s, tell);
	send_response(tn->e, s, EX_IKE_AUTH, &o);
	ikesa_fail(tn->e, s, why, r);
	return V_OVER;
}

static enum verdict
refuse(struct turn *tn, enum reason why, struct record *r)
{
	return auth_refuse(tn, why, R_OK, r);
}

/* Nobody here is known by that name, or the peer wants somebody else than we are for it. id_ours: its IDr, or NULL. */
static enum verdict
stranger(struct turn *tn, const char *id, const char *id_ours)
{
	const struct tun *near, *t = match_identity(tn->e, id, NULL, &tn->local.addr, &tn->remote.addr, &near);
	enum reason why = t && id_ours ? R_OUR_ID_REFUSED : R_PEER_ID_UNKNOWN;
	struct record *r = rec_new(tn->ike, "IKE_AUTH", NULL, why);

	if (!t)
		t = near;
	if (r && t) {
		memcpy(r->tunnel, t->cfg.name, sizeof(r->tunnel));
		record_fact(r, "id_expected", "%s", why == R_OUR_ID_REFUSED ? t->cfg.id_local : t->cfg.id_remote);
	}
	if (r)
		record_fact(r, "id_received", "%s", why == R_OUR_ID_REFUSED ? id_ours : id);
	return refuse(tn, why, r);
}

static bool
take(struct turn *tn)
{
	struct setup *u = tn->ike->set;
	struct msg *m = tn->m;
	const struct wire_notify *n = msg_notify(m, N_CAUSEWAY_DIGEST);

	if (n && n->data.n == sizeof(u->digest)) {
		memcpy(u->digest, n->data.p, sizeof(u->digest));
		u->has_digest = true;
	}
	if (m->idi.n > PROOF_MAX || m->auth.data.n > PROOF_MAX)
		return false;
	u->peer_contact = msg_notify(m, N_INITIAL_CONTACT) != NULL;
	u->auth_method = m->auth.method;
	certreq_take(u, m);
	return octets_set(&u->id_i, m->idi) && octets_set(&u->auth, m->auth.data) && certs_take(u, m);
}

enum verdict
auth_requested(struct turn *tn)
{
	struct engine *e = tn->e;
	struct ikesa *s = tn->ike;
	struct setup *u = s->set;
	char id[ID_CAP], id_ours[ID_CAP];
	const struct tun *near;
	struct suite suite;
	struct tun *t;
	uint8_t buf[ID_CAP + 8];
	struct wr w = wr_of(buf, sizeof(buf));

	id_from_wire(tn->m->idi, id);
	if (msg_has(tn->m, PLD_IDR))
		id_from_wire(tn->m->idr, id_ours);
	t = match_identity(e, id, msg_has(tn->m, PLD_IDR) ? id_ours : NULL, &tn->local.addr, &tn->remote.addr, &near);
	memcpy(s->id_remote, id, sizeof(s->id_remote));
	if (!t)
		return stranger(tn, id, msg_has(tn->m, PLD_IDR) ? id_ours : NULL);
	ikesa_attach(s, t);
	/* The address alone chose the suite; now that the tunnel is known, the suite must be one of the tunnel's. */
	suite = s->suite;
	if (!suite_allowed(&t->cfg.ike, &suite))
		return refuse(tn, R_NO_PROPOSAL_IKE, rec_new(s, "IKE_AUTH", NULL, R_NO_PROPOSAL_IKE));
	if (!take(tn) || !id_to_wire(t->cfg.id_local, &w) || !octets_set(&u->id_r, wr_bytes(&w)))
		return refuse(tn, R_MSG_MALFORMED, certs_refused(s));
	if (!(tn->x = xch_new(e, s, XK_AUTH, false)))
		return refuse(tn, R_NO_MEMORY, NULL);
	tn->x->ni = u->ni;
	tn->x->nr = u->nr;
	(void)offer_choose(tn, &tn->x->rec);
	return auth_ask(tn, false) ? V_GO : refuse(tn, R_KEYMGR_DOWN, NULL);
}

enum verdict
auth_verified(struct turn *tn)
{
	if (tn->reason != R_OK) {
		struct record *r = rec_new(tn->ike, "IKE_AUTH", NULL, tn->reason);

		if (r)
			record_fact(r, "id_received", "%s", tn->ike->id_remote);
		rec_detail(r, tn->reason, tn->detail);
		return auth_refuse(tn, tn->reason, tn->reason, r);
	}
	auth_note(tn);
	return auth_ask(tn, true) ? V_GO : refuse(tn, R_KEYMGR_DOWN, NULL);
}

static void
answer(struct turn *tn, bool child, uint16_t error)
{
	struct engine *e = tn->e;
	struct ikesa *s = tn->ike;
	struct setup *u = s->set;
	struct xch *x = s->peer;
	struct bytes none = { NULL, 0 };
	struct msg_out o;
	uint8_t spi[4];
	struct wr w = wr_of(spi, sizeof(spi));

	msg_first(e, &o);
	pld_id_put(&o, false, octets_bytes(&u->id_r));
	certs_put(&o, &u->ours);
	pld_auth_put(&o, u->proof_method, octets_bytes(&u->proof));
	if (child) {
		wr_u32(&w, x->child->spi_in);
		offer_mode(x, &o);
		pld_sa_put_chosen(&o, x->num, x->child->ah ? PROTO_AH : PROTO_ESP, &x->suite, wr_bytes(&w));
		offer_selectors(x->child, &o);
	}
	pld_notify_put(&o, 0, none, N_CAUSEWAY_DIGEST, bytes_of(s->t->cfg.digest, sizeof(s->t->cfg.digest)));
	if (error)
		pld_notify_put(&o, 0, none, error, none);
	send_response(e, s, EX_IKE_AUTH, &o);
}

/* The IKE SA stands, the child does not. */
static void
up_without_child(struct turn *tn, uint16_t error)
{
	struct xch *x = tn->ike->peer;
	struct record *rec = x->rec;

	x->rec = NULL;
	answer(tn, false, error);
	auth_done(tn, false);
	if (rec)
		tun_failed(tn->e, tn->ike->t, rec->child, rec->reason, "");
	todo_record(tn->e, rec);
	xch_end(tn->e, x);
}

static bool
take_proof(struct turn *tn)
{
	struct setup *u = tn->ike->set;
	struct key_proof proof;

	if (tn->reason != R_OK)
		return false;
	if (!key_proof_get(tn->body, &proof))
		return false;
	u->proof_method = proof.method;
	return octets_set(&u->proof, proof.data) && certs_keep(u, &proof);
}

/* Our own proof could not be made: what is wrong with our files is nobody else's business. */
static enum verdict
no_proof(struct turn *tn)
{
	enum reason why = tn->reason == R_OK ? R_INTERNAL : tn->reason;
	struct record *r = rec_new(tn->ike, "IKE_AUTH", NULL, why);

	rec_detail(r, why, tn->detail);
	tun_reason(tn->e, tn->ike->t, why, tn->detail);
	return refuse(tn, why, r);
}

enum verdict
auth_childless(struct turn *tn)
{
	if (!tn->ike->peer->refuse)
		return V_PASS;
	if (!take_proof(tn))
		return no_proof(tn);
	up_without_child(tn, tn->ike->peer->refuse);
	return V_GO;
}

enum verdict
auth_signed(struct turn *tn)
{
	tn->x = tn->ike->peer;
	if (!tn->x->child)
		return V_PASS;
	if (!take_proof(tn))
		return no_proof(tn);
	return offer_ask_spi(tn) ? V_GO : refuse(tn, R_KEYMGR_DOWN, NULL);
}

static void
note_failure(struct turn *tn, const char *what)
{
	struct xch *x = tn->ike->peer;

	x->rec = rec_new(tn->ike, "IKE_AUTH", pol_name(tn->ike->t, x->child->pol), tn->reason == R_OK ? R_INTERNAL : tn->reason);
	if (x->rec) {
		record_fact(x->rec, "difference", "%s", what);
		record_fact(x->rec, "sent", "%s", notify_name(N_TEMPORARY_FAILURE));
		if (tn->detail[0])
			record_fact(x->rec, "errno", "%s", tn->detail);
	}
}

enum verdict
auth_spi_failed(struct turn *tn)
{
	tn->x = tn->ike->peer;
	if (tn->reason == R_OK && !offer_lacks_comp(tn))
		return V_PASS;
	note_failure(tn, tn->reason == R_OK ? "The engine gave no CPI, and the policy demands IPComp." : "The engine gave no SPI.");
	up_without_child(tn, N_TEMPORARY_FAILURE);
	return V_GO;
}

enum verdict
auth_spi_r(struct turn *tn)
{
	tn->x = tn->ike->peer;
	return offer_spi(tn) && offer_install(tn->e, tn->x) ? V_GO : V_PASS;
}

enum verdict
auth_answer(struct turn *tn)
{
	struct xch *x = tn->ike->peer;
	struct child *c = x->child;

	if (tn->reason != R_OK) {
		note_failure(tn, "The engine did not take the SA.");
		up_without_child(tn, N_TEMPORARY_FAILURE);
		return V_GO;
	}
	answer(tn, true, 0);
	auth_done(tn, true);
	x->child = NULL;
	child_up(tn->e, c, NULL);
	xch_end(tn->e, x);
	return V_GO;
}
