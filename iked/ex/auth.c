/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IKE_AUTH, initiator (RFC 7296 1.2, 2.15):
 *	HDR, SK {IDi, [CERT,] [N(INITIAL_CONTACT),] [CERTREQ,] IDr, AUTH, SAi2, TSi, TSr, N(digest)}  -->
 *	                               <--  HDR, SK {IDr, [CERT,] AUTH, SAr2, TSi, TSr, N(digest)}
 * or <-- HDR, SK {IDr, AUTH, N(error)}: the IKE SA stands, the child does not; or <-- HDR, SK {N(AUTHENTICATION_FAILED)}.
 */
#include <stdlib.h>

#include "ex/ex.h"

/* The keys are there: now an SPI for the first child that is wanted. */
enum verdict
auth_keys(struct turn *tn)
{
	struct engine *e = tn->e;
	struct ikesa *s = tn->ike;
	unsigned pol = 0;

	if (tn->reason != R_OK || !ike_take_keys(tn, s))
		return V_PASS;
	while (pol < s->t->cfg.nchildren && !s->t->pol[pol].wanted)
		pol++;
	if (pol == s->t->cfg.nchildren)
		return V_PASS;
	tn->x = xch_new(e, s, XK_AUTH, true);
	if (!tn->x || !xch_child(e, tn->x, pol))
		return V_PASS;
	tn->x->ni = s->set->ni;
	tn->x->nr = s->set->nr;
	return offer_ask_spi(tn) ? V_GO : V_PASS;
}

static bool
id_body(const char *text, struct octets *out)
{
	uint8_t buf[ID_CAP + 8];
	struct wr w = wr_of(buf, sizeof(buf));

	return id_to_wire(text, &w) && wr_ok(&w) && octets_set(out, wr_bytes(&w));
}

enum verdict
auth_spi(struct turn *tn)
{
	struct ikesa *s = tn->ike;

	if (!offer_spi(tn) || !id_body(s->t->cfg.id_local, &s->set->id_i))
		return V_PASS;
	return auth_ask(tn, true) ? V_GO : V_PASS;
}

enum verdict
auth_request(struct turn *tn)
{
	struct engine *e = tn->e;
	struct ikesa *s = tn->ike;
	struct setup *u = s->set;
	struct child *c = s->own->child;
	const struct tunnel_child *pol = &s->t->cfg.children[c->pol];
	struct bytes none = { NULL, 0 };
	struct key_proof proof;
	struct octets id_r = { 0 };
	struct proposals esp;
	struct msg_out o;
	uint8_t spi[4];
	struct wr w = wr_of(spi, sizeof(spi));
	bool ok;

	if (tn->reason != R_OK)
		return V_PASS;
	if (!key_proof_get(tn->body, &proof) || !certs_keep(u, &proof) || !id_body(s->t->cfg.id_remote, &id_r))
		return V_PASS;
	wr_u32(&w, c->spi_in);
	offer_proposals(e, s->own, &esp);
	msg_first(e, &o);
	pld_id_put(&o, true, octets_bytes(&u->id_i));
	certs_put(&o, &u->ours);
	if (u->initial_contact)
		pld_notify_put(&o, 0, none, N_INITIAL_CONTACT, none);
	certreq_put(e, &o, s->t, s);
	pld_id_put(&o, false, octets_bytes(&id_r));
	pld_auth_put(&o, proof.method, proof.data);
	offer_mode(s->own, &o);
	pld_sa_put(&o, &esp, wr_bytes(&w));
	pld_ts_put(&o, true, &pol->local);
	pld_ts_put(&o, false, &pol->remote);
	pld_notify_put(&o, 0, none, N_CAUSEWAY_DIGEST, bytes_of(s->t->cfg.digest, sizeof(s->t->cfg.digest)));
	ok = send_request(e, s, EX_IKE_AUTH, &o);
	octets_free(&id_r);
	return ok ? V_GO : V_PASS;
}

/* The child's half of the answer; the IKE SA does not depend on it. */
static void
child_part(struct turn *tn)
{
	struct xch *x = tn->x = tn->ike->own;
	const struct wire_notify *n;
	struct record *rec = NULL;

	if (msg_has(tn->m, PLD_SA) && msg_has(tn->m, PLD_TSI) && msg_has(tn->m, PLD_TSR)) {
		if (!offer_accept(tn, &rec))
			x->refuse = N_TEMPORARY_FAILURE;
	} else {
		n = msg_error(tn->m);
		x->refuse = n ? n->type : N_TEMPORARY_FAILURE;
		rec = rec_new(tn->ike, "IKE_AUTH", pol_name(tn->ike->t, x->child->pol),
		    n ? notify_reason(n->type, true) : R_MSG_UNEXPECTED);	/* no child, and no word why */
		rec_notify(rec, n);
	}
	free(x->rec);
	x->rec = rec;
}

/* RFC 7296 2.21.2: the peer believes that all is well, so it is told in an INFORMATIONAL exchange. */
static enum verdict
turn_away(struct turn *tn, enum reason why, const char *detail, struct record *r)
{
	struct engine *e = tn->e;
	struct ikesa *s = tn->ike;
	struct tun *t = s->t;

	todo_record(e, r);
	COUNT(e, setups_failed);
	xch_end(e, s->own);
	s->refuse_auth = true;
	s->why = why;
	tun_reason(e, t, why, detail);
	tun_backoff(e, t);
	tun_failed(e, t, NULL, why, detail);
	xch_begin(e, s, XK_DEL_IKE, NULL, 0);
	return s->state == S_DEAD || !s->own ? V_PASS : V_GO;
}

/* Is there room for the peer's half? Then its certificates are kept. */
static bool
fits(const struct turn *tn)
{
	return tn->m->idr.n <= PROOF_MAX && tn->m->auth.data.n <= PROOF_MAX && certs_take(tn->ike->set, tn->m);
}

/* What is more than that was not proved, and is not going to be. */
enum verdict
auth_oversized(struct turn *tn)
{
	return fits(tn) ? V_PASS : turn_away(tn, R_MSG_MALFORMED, "", certs_refused(tn->ike));
}

enum verdict
auth_response(struct turn *tn)
{
	struct ikesa *s = tn->ike;
	struct setup *u = s->set;
	const struct wire_notify *n = msg_notify(tn->m, N_CAUSEWAY_DIGEST);

	if (!fits(tn))
		return V_PASS;
	if (n && n->data.n == sizeof(u->digest)) {
		memcpy(u->digest, n->data.p, sizeof(u->digest));
		u->has_digest = true;
	}
	u->auth_method = tn->m->auth.method;
	if (!octets_set(&u->auth, tn->m->auth.data) || !octets_set(&u->id_r, tn->m->idr))
		return V_PASS;
	id_from_wire(tn->m->idr, s->id_remote);
	child_part(tn);
	return auth_ask(tn, false) ? V_GO : V_PASS;
}

enum verdict
auth_refused(struct turn *tn)
{
	const struct wire_notify *n = msg_error(tn->m);
	enum reason says = R_OK, why = n ? notify_reason(n->type, false) : R_MSG_UNEXPECTED;
	struct record *r;

	if (why == R_PEER_REFUSED_AUTH)
		why = refusal_take(tn->m, &says);
	r = rec_new(tn->ike, "IKE_AUTH", NULL, why);
	rec_notify(r, n);
	rec_says(r, says);
	ikesa_fail(tn->e, tn->ike, why, r);
	return V_OVER;
}

/* The peer has proved who it is. Is it the one of this tunnel? */
static enum reason
peer_verdict(const struct turn *tn)
{
	if (tn->reason == R_OK && strcmp(tn->ike->id_remote, tn->ike->t->cfg.id_remote) != 0)
		return R_PEER_ID_UNEXPECTED;
	return tn->reason;
}

enum verdict
auth_up(struct turn *tn)
{
	struct ikesa *s = tn->ike;
	struct xch *x = s->own;

	if (peer_verdict(tn) != R_OK)
		return V_PASS;
	auth_note(tn);
	tn->x = x;
	if (x->refuse) {
		struct child *c = x->child;
		enum reason why = x->rec ? x->rec->reason : R_INTERNAL;
		struct record *rec = x->rec;

		x->rec = NULL;
		auth_done(tn, false);
		if (why == R_PEER_TS_WIDER || why == R_MODE_MISMATCH || why == R_COMP_DECLINED || why == R_ENGINE_NO_SPI || why == R_AH_TRANSLATED || why == R_COMP_TRANSLATED || why == R_PEER_CHOSE_NOT_OFFERED || why == R_MSG_UNEXPECTED)
			child_drop(s, c);	/* the peer has it, or did not say that it has not */
		xch_fail(tn->e, x, why, rec);
		return V_GO;
	}
	auth_done(tn, true);
	xch_move(tn->e, x, X_INSTALL);
	if (!offer_install(tn->e, x))
		xch_fail(tn->e, x, R_KEYMGR_DOWN, NULL);
	return V_GO;
}

/* The peer is never told which of two it was. */
enum verdict
auth_distrust(struct turn *tn)
{
	struct ikesa *s = tn->ike;
	enum reason why = peer_verdict(tn);
	struct record *r = rec_new(s, "IKE_AUTH", NULL, why);

	if (r) {
		record_fact(r, "id_expected", "%s", s->t->cfg.id_remote);
		record_fact(r, "id_received", "%s", s->id_remote);
		rec_detail(r, why, tn->detail);
	}
	return turn_away(tn, why, tn->detail, r);
}
