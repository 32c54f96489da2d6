/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IKE_SA_INIT, responder (RFC 7296 1.2, 2.6). Whoever asks has proved nothing: refusals keep no state, and their records and log
 * lines are limited in rate.
 */
#include <stdlib.h>

#include "ex/ex.h"

static void
refuse(struct turn *tn, enum reason why, uint16_t notify, const struct tun *near)
{
	struct engine *e = tn->e;
	uint64_t skipped;
	struct record *r;
	char at[ENDPOINT_STR], text[IKE_FACT];

	if (notify)
		send_clear_notify(e, tn, &tn->m->hdr, notify, (struct bytes){ NULL, 0 });
	if (!log_allow(&e->strangers, e->now, &skipped))
		return;
	todo_log(e, LOG_WARN, "init_refused", why, near ? near->cfg.name : NULL, NULL, "IKE_SA_INIT from %s refused%s",
	    endpoint_str(&tn->remote, at), skipped ? " (others were not logged)" : "");
	if (!(r = rec_new(NULL, "IKE_SA_INIT", NULL, why)))
		return;
	record_fact(r, "role", "responder");
	record_fact(r, "peer", "%s", at);
	record_fact(r, "received", "%s", proposals_str(&tn->m->sa.proposals, text, sizeof(text)));
	if (near) {
		memcpy(r->tunnel, near->cfg.name, sizeof(r->tunnel));
		record_fact(r, "offered", "%s", proposals_str(&near->cfg.ike, text, sizeof(text)));
		record_fact(r, "difference", "%s", proposals_differ(&near->cfg.ike, &tn->m->sa.proposals, text, sizeof(text)));
	}
	if (notify)
		record_fact(r, "sent", "%s", notify_name(notify));
	todo_record(e, r);
}

/* RFC 7296 2.6: under load a newcomer shows first that it receives what is sent to its address. False: answered or dropped. */
static bool
admit(struct turn *tn)
{
	struct engine *e = tn->e;
	const struct wire_notify *n = msg_notify(tn->m, N_COOKIE);
	uint8_t fresh[32], cookie[COOKIE_LEN];
	bool want;

	if (!half_admit(e, &tn->remote.addr, &want)) {
		COUNT(e, half_open_refused);
		refuse(tn, R_HALF_OPEN_LIMIT, 0, NULL);
		return false;
	}
	if (!want)
		return true;
	if (cookie_due(&e->jar, e->now)) {
		e->host.random(e->host.ctx, fresh, sizeof(fresh));
		cookie_turn(&e->jar, e->now, fresh);
		wipe(fresh, sizeof(fresh));
	}
	if (n && cookie_ok(&e->jar, n->data, tn->m->nonce, &tn->remote, tn->m->hdr.spi_i))
		return true;
	if (cookie_make(&e->jar, tn->m->nonce, &tn->remote, tn->m->hdr.spi_i, cookie)) {
		COUNT(e, cookies_sent);
		send_clear_notify(e, tn, &tn->m->hdr, N_COOKIE, bytes_of(cookie, sizeof(cookie)));
	}
	return false;
}

static bool
open_half(struct turn *tn, const struct suite *suite, unsigned which)
{
	struct engine *e = tn->e;
	struct msg *m = tn->m;
	struct ikesa *s = ikesa_new(e, NULL, false);
	struct setup *u = s ? (s->set = setup_new()) : NULL;

	if (!u || !nonce_set(&u->ni, m->nonce) || !octets_set(&u->peer_pub, m->ke.data) || !octets_set(&u->msg_i, m->whole)) {
		if (s) {
			setup_free(e, s);
			e->nikes--;
		}
		free(s);
		return false;
	}
	s->spi_i = m->hdr.spi_i;
	s->spi_r = fresh64(e);
	s->local = tn->local;
	s->remote = tn->remote;
	s->natt = tn->natt;
	s->suite = *suite;
	s->rank = u->ni;
	u->num = m->sa.num[which];
	u->group = suite->ke;
	fresh_nonce(e, &u->nr);
	abilities_take(s, m);
	nat_check(e, s, m);
	ikesa_hash(e, s);
	half_add(e, s);
	window_work(&s->win);
	tn->ike = s;
	return true;
}

enum verdict
init_requested(struct turn *tn)
{
	struct msg *m = tn->m;
	const struct tun *near;
	struct suite suite;
	uint8_t group[2];
	unsigned which;

	COUNT(tn->e, init_received);
	if (!tn->e->keymgr || m->whole.n > KEY_MSG_MAX || !admit(tn))
		return V_STAY;
	if (!match_address(tn->e, &tn->local.addr, &tn->remote.addr, &m->sa.proposals, &suite, &which, &near)) {
		if (!tn->e->synced)
			return V_STAY;	/* its tunnel may not be known here yet: it will ask again */
		COUNT(tn->e, no_tunnel);
		refuse(tn, near ? R_NO_PROPOSAL_IKE : R_NO_TUNNEL_FOR_ADDRESS, N_NO_PROPOSAL_CHOSEN, near);
		return V_STAY;
	}
	if (m->ke.group != suite.ke) {
		group[0] = (uint8_t)(suite.ke >> 8);
		group[1] = (uint8_t)suite.ke;
		send_clear_notify(tn->e, tn, &m->hdr, N_INVALID_KE_PAYLOAD, bytes_of(group, 2));
		return V_STAY;
	}
	if (!ke_fits(suite.ke, m->ke.data)) {
		refuse(tn, R_MSG_MALFORMED, N_INVALID_SYNTAX, near);
		return V_STAY;
	}
	if (!open_half(tn, &suite, which))
		return V_STAY;
	if (!ask_ke(tn->e, tn->ike, NULL, suite.ke)) {
		ikesa_end(tn->e, tn->ike, R_KEYMGR_DOWN);
		return V_OVER;
	}
	return V_GO;
}

enum verdict
init_value(struct turn *tn)
{
	struct setup *u = tn->ike->set;

	if (tn->reason != R_OK || !offer_ke(tn, &u->ke, &u->pub))
		return V_PASS;
	return ike_ask_derive(tn, NULL) ? V_GO : V_PASS;
}

enum verdict
init_answer(struct turn *tn)
{
	struct engine *e = tn->e;
	struct ikesa *s = tn->ike;
	struct setup *u = s->set;
	struct ike_hdr h = { .spi_i = s->spi_i, .spi_r = s->spi_r, .version = 0x20, .exchange = EX_IKE_SA_INIT, .response = true };
	struct bytes none = { NULL, 0 }, b;
	struct msg_out o;

	if (tn->reason != R_OK || !ike_take_keys(tn, s))
		return V_PASS;
	msg_begin(&o, e->plain, sizeof(e->plain), &h);
	pld_sa_put_chosen(&o, u->num, PROTO_IKE, &s->suite, none);
	pld_ke_put(&o, u->group, octets_bytes(&u->pub));
	pld_nonce_put(&o, nonce_bytes(&u->nr));
	certreq_put(e, &o, NULL, s);
	nat_put(e, &o, s);
	abilities_put(&o);
	pld_vendor_put(&o, nat_vendor(e));
	b = msg_end(&o);
	if (b.n == 0 || !octets_set(&u->msg_r, b) || !window_answer(&s->win, b, b.n))
		return V_PASS;
	todo_send(e, &s->local, &s->remote, s->natt, s->natt, b);
	return V_GO;
}
