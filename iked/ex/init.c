/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IKE_SA_INIT, initiator (RFC 7296 1.2):
 *	HDR, [N(COOKIE),] SAi1, KEi, Ni, N(NATD) x 2, V  -->
 *	                               <--  HDR, SAr1, KEr, Nr, N(NATD) x 2
 * or <-- N(COOKIE): the same again with the cookie; or <-- N(INVALID_KE_PAYLOAD): again with another group. Nothing here is
 * authenticated, so everything is believed only as far as it costs little.
 */
#include "ex/ex.h"

#define COOKIES_MAX	3	/* times that a peer may ask: more is an attack or a broken peer */
#define GROUPS_MAX	3

static bool
offers_group(const struct proposals *p, uint16_t group)
{
	for (unsigned i = 0; i < p->n; i++)
		for (unsigned k = 0; k < p->v[i].n; k++)
			if (p->v[i].t[k].type == T_KE && p->v[i].t[k].id == group)
				return true;
	return false;
}

static bool
send_init(struct engine *e, struct ikesa *s)
{
	struct setup *u = s->set;
	struct ike_hdr h = { .spi_i = s->spi_i, .version = 0x20, .exchange = EX_IKE_SA_INIT, .initiator = true };
	struct bytes none = { NULL, 0 }, b;
	struct msg_out o;

	msg_begin(&o, e->plain, sizeof(e->plain), &h);
	if (u->cookie.n)
		pld_notify_put(&o, 0, none, N_COOKIE, octets_bytes(&u->cookie));
	pld_sa_put(&o, &s->t->cfg.ike, none);
	pld_ke_put(&o, u->group, octets_bytes(&u->pub));
	pld_nonce_put(&o, nonce_bytes(&u->ni));
	nat_put(e, &o, s);
	abilities_put(&o);
	pld_vendor_put(&o, nat_vendor(e));
	b = msg_end(&o);
	if (b.n == 0 || !octets_set(&u->msg_i, b))
		return false;
	if (!(s->win.busy ? window_send_again(&s->win, b, e->now) : window_send(&s->win, b, b.n, e->now)))
		return false;
	COUNT(e, init_sent);
	todo_send(e, &s->local, &s->remote, s->natt, s->natt, b);
	ike_resend_arm(e, s);
	return true;
}

enum verdict
init_start(struct turn *tn)
{
	struct ikesa *s = tn->ike;

	s->set->group = s->t->group ? s->t->group : offer_group(&s->t->cfg.ike, KE_NONE);
	return ask_ke(tn->e, s, NULL, s->set->group) ? V_GO : V_PASS;
}

enum verdict
init_request(struct turn *tn)
{
	struct setup *u = tn->ike->set;

	if (tn->reason != R_OK || !offer_ke(tn, &u->ke, &u->pub))
		return V_PASS;
	fresh_nonce(tn->e, &u->ni);
	return send_init(tn->e, tn->ike) ? V_GO : V_PASS;
}

enum verdict
init_cookie(struct turn *tn)
{
	const struct wire_notify *n = msg_notify(tn->m, N_COOKIE);
	struct setup *u = tn->ike->set;

	if (!n)
		return V_PASS;
	if (n->data.n == 0 || n->data.n > 64 || u->cookies++ >= COOKIES_MAX || !octets_set(&u->cookie, n->data))
		return V_STAY;
	return send_init(tn->e, tn->ike) ? V_GO : V_STAY;
}

/* RFC 7296 1.2, 2.7: the responder names the group it would take. */
enum verdict
init_other_group(struct turn *tn)
{
	const struct wire_notify *n = msg_notify(tn->m, N_INVALID_KE_PAYLOAD);
	struct setup *u = tn->ike->set;
	struct ikesa *s = tn->ike;
	uint16_t group;

	if (!n)
		return V_PASS;
	group = n->data.n == 2 ? (uint16_t)(n->data.p[0] << 8 | n->data.p[1]) : 0;
	if (group == u->group || u->groups++ >= GROUPS_MAX)
		return V_STAY;
	if (!offers_group(&s->t->cfg.ike, group)) {
		struct record *r = rec_new(s, "IKE_SA_INIT", NULL, R_KE_GROUP_REFUSED);
		char word[32];

		if (r) {
			record_fact(r, "notify", "%s", notify_name(N_INVALID_KE_PAYLOAD));
			record_fact(r, "received", "%s", alg_str(T_KE, group, 0, word));
			record_fact(r, "offered", "%s", alg_str(T_KE, u->group, 0, word));
		}
		ikesa_fail(tn->e, s, R_KE_GROUP_REFUSED, r);
		return V_OVER;
	}
	s->t->group = group;
	window_response(&s->win);
	s->win.next_out = 0;
	ike_resend_arm(tn->e, s);
	key_remove(tn->e, KEY_RM_KE, u->ke);
	u->ke = 0;
	u->group = group;
	return ask_ke(tn->e, s, NULL, group) ? V_GO : V_PASS;
}

enum verdict
init_refused(struct turn *tn)
{
	const struct wire_notify *n = msg_error(tn->m);
	struct ikesa *s = tn->ike;
	struct record *r;
	enum reason why;

	if (!n)
		return V_STAY;
	why = notify_reason(n->type, false);
	r = rec_new(s, "IKE_SA_INIT", NULL, why);
	rec_notify(r, n);
	if (r && why == R_PEER_NO_PROPOSAL_IKE) {
		char text[IKE_FACT];

		record_fact(r, "offered", "%s", proposals_str(&s->t->cfg.ike, text, sizeof(text)));
	}
	ikesa_fail(tn->e, s, why, r);
	return V_OVER;
}

/*
 * The request of an end that did not know its address had a hash of none in it, so the peer takes it for one behind a NAT. There is none,
 * and UDP is not wanted: from the beginning, from the address that the answer came to.
 */
static enum verdict
init_anew(struct turn *tn)
{
	struct tun *t = tn->ike->t;

	t->here = tn->local.addr;
	ikesa_move(tn->e, tn->ike, S_DEAD);
	tun_start(tn->e, t, NULL);
	return V_OVER;
}

enum verdict
init_response(struct turn *tn)
{
	struct ikesa *s = tn->ike;
	struct setup *u = s->set;
	struct msg *m = tn->m;
	bool unknown = addr_is_any(&s->local.addr);

	if (m->hdr.spi_r == 0 || m->whole.n > KEY_MSG_MAX)
		return V_STAY;
	if (m->sa.proposals.n != 1 || !proposals_accept(&s->t->cfg.ike, &m->sa.proposals.v[0], &s->suite) ||
	    s->suite.ke != u->group || m->ke.group != u->group || !ke_fits(u->group, m->ke.data)) {
		struct record *r = rec_new(s, "IKE_SA_INIT", NULL, R_PEER_CHOSE_NOT_OFFERED);
		char text[IKE_FACT];

		if (r) {
			record_fact(r, "offered", "%s", proposals_str(&s->t->cfg.ike, text, sizeof(text)));
			record_fact(r, "received", "%s", proposals_str(&m->sa.proposals, text, sizeof(text)));
		}
		ikesa_fail(tn->e, s, R_PEER_CHOSE_NOT_OFFERED, r);
		return V_OVER;
	}
	s->spi_r = m->hdr.spi_r;
	if (unknown)
		s->local.addr = tn->local.addr;
	if (!nonce_set(&u->nr, m->nonce) || !octets_set(&u->peer_pub, m->ke.data) || !octets_set(&u->msg_r, m->whole))
		return V_PASS;
	abilities_take(s, m);
	certreq_take(u, m);
	nat_check(tn->e, s, m);
	if (unknown && s->natd && !nat_udp(s))
		return init_anew(tn);
	nat_float(tn->e, s);
	window_response(&s->win);
	ike_resend_arm(tn->e, s);
	s->rank = u->ni;
	return ike_ask_derive(tn, NULL) ? V_GO : V_PASS;
}

enum verdict
init_no_answer(struct turn *tn)
{
	struct ikesa *s = tn->ike;
	enum reason why = silence(s);
	struct record *r = rec_new(s, s->state == S_I_SENT ? "IKE_SA_INIT" : "IKE_AUTH", NULL, why);

	if (r)
		record_fact(r, "tries", "%u", s->win.tries + 1);
	if (why == R_PEER_INVALID_IKE_SPI)
		rec_notify(r, &(struct wire_notify){ .type = N_INVALID_IKE_SPI });
	ikesa_fail(tn->e, s, why, r);
	return V_OVER;
}
