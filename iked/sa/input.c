/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a datagram to an edge: find the IKE SA, open the message, look at the window, and let the table decide. Until sk_open() has
 * said yes nothing about the IKE SA changes.
 */
#include "sa/ops.h"
#include "wire/rules.h"

static void
noise(struct engine *e, const struct turn *tn, enum reason why, enum werr w, uint8_t pld)
{
	char at[ENDPOINT_STR], text[WERR_STR];
	uint64_t skipped;

	if (log_allow(&e->noise, e->now, &skipped))
		todo_log(e, LOG_INFO, "msg_dropped", why, tn->ike ? tun_name(tn->ike) : NULL, NULL, "message from %s: %s",
		    endpoint_str(&tn->remote, at), werr_str(w, pld, text));
}

/* RFC 7296 2.21.4: a hint at most, and seldom. */
static void
unknown_sa(struct engine *e, struct turn *tn, const struct ike_hdr *h)
{
	if (stray_clear(tn))
		return;
	COUNT(e, msg_no_sa);
	if (h->spi_i && !h->response && h->exchange != EX_IKE_SA_INIT && e->now >= e->hint_at) {
		e->hint_at = e->now + NS_PER_S / 20;
		send_clear_notify(e, tn, h, N_INVALID_IKE_SPI, (struct bytes){ NULL, 0 });
	}
}

static void
clear_request(struct engine *e, struct turn *tn)
{
	struct ikesa *s = half_find(e, tn->m->hdr.spi_i, &tn->remote);
	enum msg_kind kind;
	enum werr w;

	if (s) {
		if (window_request(&s->win, 0) == WIN_REPEAT) {
			struct bytes b = window_reply(&s->win);

			COUNT(e, repeats_answered);
			todo_send(e, &s->local, &s->remote, s->natt, s->natt, b);
		}
		return;
	}
	w = rules_check(e->rules, e->nrules, tn->m, &kind);
	if (w != WE_OK || tn->m->hdr.id != 0) {
		COUNT(e, msg_malformed);
		noise(e, tn, R_MSG_UNEXPECTED, w, tn->m->bad);
		return;
	}
	(void)edge_run(tn, S_NONE, kind);
}

static void
clear_response(struct engine *e, struct turn *tn)
{
	enum msg_kind kind;
	enum werr w = rules_check(e->rules, e->nrules, tn->m, &kind);

	if (w != WE_OK) {
		COUNT(e, msg_malformed);
		noise(e, tn, R_MSG_UNEXPECTED, w, tn->m->bad);
		return;
	}
	if (tn->ike->state != S_I_SENT || !window_is_response(&tn->ike->win, tn->m->hdr.id))
		return;
	(void)edge_run(tn, tn->ike->state, kind);
}

static enum reason
werr_reason(enum werr w)
{
	return w == WE_CRITICAL ? R_MSG_CRITICAL : w >= WE_KIND ? R_MSG_UNEXPECTED : R_MSG_MALFORMED;
}

/* Whoever did IKE_SA_INIT can send authentic messages, as fast as he likes, and has proved nothing yet: records and lines have one limit. */
static void
malformed_record(struct engine *e, struct turn *tn, enum werr w)
{
	char text[WERR_STR], at[ENDPOINT_STR];
	uint64_t skipped;
	struct record *r;

	if (!log_allow(&e->noise, e->now, &skipped))
		return;
	r = rec_new(tn->ike, exchange_name(tn->m->hdr.exchange), NULL, werr_reason(w));
	werr_str(w, tn->m->bad, text);
	if (r)
		record_fact(r, "difference", "%s", text);
	todo_record(e, r);
	todo_log(e, LOG_INFO, "msg_dropped", R_MSG_MALFORMED, tun_name(tn->ike), NULL, "message from %s: %s", endpoint_str(&tn->remote, at), text);
}

/* RFC 7296 2.21.3: malformed although authentic. The answer says so, and both ends give the IKE SA up. */
static void
malformed(struct engine *e, struct turn *tn, enum werr w)
{
	struct ikesa *s = tn->ike;
	uint16_t notify = werr_notify(w);

	COUNT(e, msg_malformed);
	malformed_record(e, tn, w);
	if (tn->m->hdr.response && s->state == S_A_SENT && window_is_response(&s->win, tn->m->hdr.id))
		s->heard = werr_reason(w);	/* when nothing better comes, this is why it failed */
	if (tn->m->hdr.response || !notify || window_request(&s->win, tn->m->hdr.id) != WIN_NEW)
		return;
	window_work(&s->win);
	send_notify(e, s, tn->m->hdr.exchange, notify, bytes_of(&tn->m->bad, w == WE_CRITICAL ? 1 : 0));
	if (notify == N_INVALID_SYNTAX || (s->state < S_UP && !s->initiator))
		ikesa_end(e, s, R_MSG_MALFORMED);
}

static void
frags_end(struct engine *e, struct ikesa *s, struct frags *f)
{
	if (s->frags_unproved)
		e->unproved -= f->octets;
	frags_free(f);
	if (s->frags[0].total == 0 && s->frags[1].total == 0) {
		s->frags_unproved = false;
		s->frags_at = 0;
	}
}

/* The fragments that wait at an IKE SA are given up. */
void
frags_drop(struct engine *e, struct ikesa *s)
{
	frags_end(e, s, &s->frags[0]);
	frags_end(e, s, &s->frags[1]);
}

/* RFC 7296 2.4: only what is new shows that the peer lives. Anybody can send again what was once recorded. */
static void
lives(struct engine *e, struct ikesa *s)
{
	s->last_in = e->now;
	s->suspect = false;
}

static void
request(struct engine *e, struct turn *tn, enum msg_kind kind)
{
	struct ikesa *s = tn->ike;

	switch (window_request(&s->win, tn->m->hdr.id)) {
	case WIN_REPEAT:
		COUNT(e, repeats_answered);
		child_hold(e, s);
		send_parts(e, s, window_reply(&s->win), s->win.rsp_part);
		return;
	case WIN_WORKING:
		return;
	case WIN_OUTSIDE:
		COUNT(e, msg_outside_window);
		return;
	case WIN_NEW:
		lives(e, s);
		frags_end(e, s, &s->frags[0]);	/* pieces of it, when it came whole too */
		break;
	}
	if (s->state < S_UP && !s->initiator && tn->natt && !s->natt) {	/* the initiator went on to 4500 */
		s->natt = true;
		s->local = tn->local;
		s->remote = tn->remote;
	}
	if (tn->natt == s->natt)
		ikesa_follow(e, s, &tn->remote);
	window_work(&s->win);
	if (edge_run(tn, s->state, kind))
		return;
	if (tn->m->hdr.exchange == EX_CREATE_CHILD_SA && s->state >= S_UP)
		send_notify(e, s, EX_CREATE_CHILD_SA, N_TEMPORARY_FAILURE, (struct bytes){ NULL, 0 });
	else
		s->win.working = false;
}

static void
response(struct engine *e, struct turn *tn, enum msg_kind kind)
{
	struct ikesa *s = tn->ike;
	bool setup = s->state < S_UP;

	if (!window_is_response(&s->win, tn->m->hdr.id)) {
		COUNT(e, msg_outside_window);
		return;
	}
	lives(e, s);
	frags_end(e, s, &s->frags[1]);
	if (tn->natt == s->natt)
		ikesa_follow(e, s, &tn->remote);
	window_response(&s->win);
	ike_resend_arm(e, s);
	tn->x = s->own;
	if (!setup && msg_notify(tn->m, N_INVALID_SYNTAX)) {	/* RFC 7296 2.21.3: the peer has given it up */
		struct record *r = rec_begun(rec_new(s, exchange_name(tn->m->hdr.exchange), NULL, R_PEER_INVALID_SYNTAX), true);

		rec_notify(r, msg_notify(tn->m, N_INVALID_SYNTAX));
		todo_record(e, r);
		ikesa_end(e, s, R_PEER_INVALID_SYNTAX);
		return;
	}
	if (edge_run(tn, setup ? s->state : tn->x ? tn->x->at : X_DONE, kind))
		return;
	if (setup)
		ikesa_fail(e, s, R_MSG_UNEXPECTED, rec_new(s, exchange_name(tn->m->hdr.exchange), NULL, R_MSG_UNEXPECTED));
	else if (tn->x)
		xch_fail(e, tn->x, R_MSG_UNEXPECTED, rec_begun(rec_new(s, exchange_name(tn->m->hdr.exchange),
		    tn->x->child ? pol_name(s->t, tn->x->child->pol) : NULL, R_MSG_UNEXPECTED), true));
}

/* RFC 7383 2.6.1: the answer to a message in pieces is sent again once, not for each piece. */
static bool
is_wanted(struct engine *e, struct turn *tn)
{
	struct ikesa *s = tn->ike;
	struct msg *m = tn->m;

	if (m->hdr.response)
		return window_is_response(&s->win, m->hdr.id);
	switch (window_request(&s->win, m->hdr.id)) {
	case WIN_REPEAT:
		if (m->frag == 1)
			request(e, tn, KIND_NONE);
		return false;
	case WIN_NEW:
		return true;
	default:
		return false;
	}
}

/* An authentic fragment. True: the message is whole, and tn->m and *chain are as if it had come so. */
static bool
reassemble(struct engine *e, struct turn *tn, struct bytes *chain)
{
	struct ikesa *s = tn->ike;
	struct frags *f = &s->frags[tn->m->hdr.response];
	size_t room = MSG_MAX, had;
	enum frag_verdict v;
	bool whole;

	if (!s->fragments || !is_wanted(e, tn)) {
		COUNT(e, fragments_ignored);
		return false;
	}
	if (s->frags_at && e->now > s->frags_at + REASSEMBLE_NS)
		frags_drop(e, s);
	if (s->state < S_UP) {		/* who did IKE_SA_INIT and nothing else may be anybody */
		s->frags_unproved = true;
		if (e->unproved + chain->n > REASSEMBLE_MAX)
			room = 0;
	}
	had = f->octets;
	v = frags_add(f, tn->m, *chain, room);
	if (s->frags_unproved)
		e->unproved += f->octets - had;
	if (v == FRAG_IGNORED)
		COUNT(e, fragments_ignored);
	if (f->total && !s->frags_at)
		s->frags_at = e->now;
	if (v != FRAG_WHOLE)
		return false;
	whole = frags_take(f, tn->m, e->rx, sizeof(e->rx), chain) == WE_OK;
	frags_end(e, s, f);
	if (whole)
		COUNT(e, reassembled);
	return whole;
}

static void
sealed(struct engine *e, struct turn *tn)
{
	struct ikesa *s = tn->ike;
	enum msg_kind kind;
	struct bytes plain;
	enum werr w;

	if (!s->sk_in.encr || (w = sk_open(&s->sk_in, tn->m, e->rx, sizeof(e->rx), &plain)) != WE_OK) {
		COUNT(e, msg_not_authentic);
		noise(e, tn, R_MSG_NOT_AUTHENTIC, WE_SK_ICV, PLD_SK);
		/* Anybody can forge it: it explains a setup that gets no other answer, and decides nothing. */
		if (s->state == S_A_SENT && tn->m->hdr.response && window_is_response(&s->win, tn->m->hdr.id))
			s->heard = R_MSG_NOT_AUTHENTIC;
		return;
	}
	if (tn->m->frags && !reassemble(e, tn, &plain))
		return;
	w = msg_get_inner(tn->m, plain);
	if (w == WE_OK)
		w = rules_check(e->rules, e->nrules, tn->m, &kind);
	if (w != WE_OK)
		malformed(e, tn, w);
	else if (tn->m->hdr.response)
		response(e, tn, kind);
	else
		request(e, tn, kind);
	if (s->state == S_UP && s->t)
		tun_touch(e, s->t);
}

/* Somebody says that the peer does not know the IKE SA. Nobody has proved it; so another one is set up beside it. */
static void
hinted(struct engine *e, struct turn *tn)
{
	struct ikesa *s = tn->ike;

	if (!msg_notify(tn->m, N_INVALID_IKE_SPI))
		return;
	if ((s->state == S_DELETING || s->state == S_REKEYED || s->leaving) && s->win.busy && s->win.tries) {
		ikesa_end(e, s, s->why);	/* what it is told to forget it has forgotten */
		return;
	}
	if (s->state == S_A_SENT && window_is_response(&s->win, tn->m->hdr.id))
		s->heard = R_PEER_INVALID_IKE_SPI;	/* explains, and decides nothing either */
	if (s->state != S_UP || s->suspect || !s->win.busy ||
	    e->now < s->up_at + 10 * NS_PER_S || !s->win.tries)
		return;
	s->suspect = true;
	tun_touch(e, s->t);
}

static void
dispatch(struct engine *e, struct turn *tn, struct bytes datagram)
{
	const struct ike_hdr *h = &tn->m->hdr;
	enum werr w = msg_get_outer(datagram, tn->m);

	if (w != WE_OK) {
		COUNT(e, msg_malformed);
		noise(e, tn, R_MSG_MALFORMED, w, tn->m->bad);
		if (w == WE_MAJOR && !h->response)
			send_clear_notify(e, tn, h, N_INVALID_MAJOR_VERSION, (struct bytes){ NULL, 0 });
		return;
	}
	if (h->exchange == EX_IKE_SA_INIT && !h->response) {
		if (h->initiator && h->spi_r == 0)
			clear_request(e, tn);
		return;
	}
	tn->ike = ikesa_find(e, h->initiator ? h->spi_r : h->spi_i);
	if (!tn->ike || tn->ike->initiator == h->initiator ||
	    (h->exchange != EX_IKE_SA_INIT && (h->initiator ? tn->ike->spi_i != h->spi_i : tn->ike->spi_r != h->spi_r))) {
		unknown_sa(e, tn, h);
		return;
	}
	if (h->exchange == EX_IKE_SA_INIT)
		clear_response(e, tn);
	else if (!msg_has(tn->m, PLD_SK) && !tn->m->frags)
		hinted(e, tn);
	else
		sealed(e, tn);
}

void
engine_packet(struct engine *e, const struct endpoint *local, const struct endpoint *remote, bool natt, struct bytes b, uint64_t now)
{
	struct turn tn = { .e = e, .m = &e->msg, .local = *local, .remote = *remote, .natt = natt };

	e->now = now;
	dispatch(e, &tn, b);
	engine_settle(e);
}
