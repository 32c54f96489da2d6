/* SPDX-License-Identifier: BSD-2-Clause */
/* Finished messages: sealed, kept in the window, and handed to the host. */
#include <stdio.h>

#include "sa/ops.h"

#define SILENT_TRIES	4	/* after 4 s */
#define CHECKING_TRIES	7	/* after 32 s: more than keymgr's CHECK_LIMIT_S */

void
msg_first(struct engine *e, struct msg_out *o)
{
	msg_begin_inner(o, e->plain, sizeof(e->plain));
}

static void
fresh_iv(struct engine *e, struct ikesa *s, uint8_t iv[static SK_IV_MAX])
{
	if (sk_iv_len(&s->sk_out) == 8)
		sk_iv_counter(s->iv++, iv);	/* RFC 5282 3.1: it may not repeat under a key */
	else
		e->host.random(e->host.ctx, iv, SK_IV_MAX);
}

/* Octets of a message that fit into one datagram of the size that every link carries (RFC 7383 2.5.1; IPv6: RFC 8200 5). */
static size_t
message_room(const struct engine *e, const struct ikesa *s)
{
	size_t ip = e->host.fragment ? e->host.fragment : FRAGMENT_IP;

	return ip - (s->remote.addr.fam == 4 ? 20 : 40) - 8 - (s->natt ? 4 : 0);
}

/* Sealed fragments one behind the other in e->cipher, all of *part octets but the last. */
static struct bytes
seal_fragments(struct engine *e, struct ikesa *s, const struct ike_hdr *h, uint8_t first, struct bytes chain, size_t room, size_t *part)
{
	size_t piece = sk_room(&s->sk_out, room, true), total = piece ? (chain.n + piece - 1) / piece : 0, at = 0;
	uint8_t iv[SK_IV_MAX];

	if (total == 0 || total > FRAGS_MAX)
		return (struct bytes){ NULL, 0 };
	for (size_t i = 0; i < total; i++) {
		struct bytes b, p = bytes_of(chain.p + i * piece, i + 1 < total ? piece : chain.n - i * piece);

		fresh_iv(e, s, iv);
		b = sk_seal_fragment(&s->sk_out, h, iv, i ? PLD_NONE : first, (uint16_t)(i + 1), (uint16_t)total, p, e->cipher + at, sizeof(e->cipher) - at);
		if (b.n == 0)
			return b;
		if (i == 0)
			*part = b.n;
		at += b.n;
	}
	COUNT(e, fragmented_out);
	return bytes_of(e->cipher, at);
}

static struct bytes
seal(struct engine *e, struct ikesa *s, uint8_t exchange, bool response, uint32_t id, struct msg_out *o, size_t *part)
{
	struct ike_hdr h = { .spi_i = s->spi_i, .spi_r = s->spi_r, .version = 0x20, .exchange = exchange,
	    .initiator = s->initiator, .response = response, .id = id };
	struct bytes chain = msg_end(o), b;
	size_t room = message_room(e, s);
	uint8_t iv[SK_IV_MAX];

	if (!wr_ok(&o->w))
		return (struct bytes){ NULL, 0 };
	if (s->fragments && chain.n > sk_room(&s->sk_out, room, false) && (b = seal_fragments(e, s, &h, o->first, chain, room, part)).n)
		return b;
	fresh_iv(e, s, iv);
	b = sk_seal(&s->sk_out, &h, iv, o->first, chain, e->cipher, sizeof(e->cipher));
	*part = b.n;
	return b;
}

/* A message as the window keeps it: each of its datagrams. */
void
send_parts(struct engine *e, struct ikesa *s, struct bytes b, size_t part)
{
	for (size_t at = 0; at < b.n; at += part)
		todo_send(e, &s->local, &s->remote, s->natt, s->natt, bytes_of(b.p + at, b.n - at < part ? b.n - at : part));
}

/* Why nothing was heard so far while an IKE SA is set up: the network's own word on it before a guess. */
enum reason
silence(const struct ikesa *s)
{
	if (s->heard != R_OK)
		return s->heard;
	if (s->state == S_I_SENT)
		return R_PEER_NO_ANSWER;
	return s->natt ? R_PEER_NO_ANSWER_NATT : R_PEER_DEAD;
}

/*
 * A responder has nothing to say while it works on IKE_AUTH (RFC 7296 2.1: one answer), and whether our certificate was revoked may take it
 * as long as a server is slow. Then its silence is no failure yet, unless the network said a word.
 */
static bool
may_be_checking(const struct ikesa *s)
{
	return s->state == S_A_SENT && s->t->cfg.auth_local == AUTH_BY_CERT;
}

/* Long before we give up, who asks is told that it does not look good. */
static void
say_silence(struct engine *e, struct ikesa *s)
{
	char detail[192], to[ENDPOINT_STR];
	enum reason why = silence(s);
	bool checking = may_be_checking(s);

	snprintf(detail, sizeof(detail), "%u messages to %s were not answered so far%s", s->win.tries + 1, endpoint_str(&s->remote, to),
	    checking ? "; the peer may still be finding out whether our certificate was revoked." : ".");
	tun_reason(e, s->t, why, detail);
	if (!checking || s->heard != R_OK || s->win.tries == CHECKING_TRIES)
		tun_failed(e, s->t, NULL, why, detail);
}

static void
resend(struct engine *e, void *arg)
{
	struct ikesa *s = arg;
	struct bytes b = window_resend(&s->win);
	struct turn tn = { .e = e, .ike = s, .x = s->state < S_UP ? NULL : s->own, .reason = R_PEER_DEAD };

	if (b.n) {
		COUNT(e, retransmitted);
		if (s->t && s->initiator && s->state < S_UP && (s->win.tries == SILENT_TRIES || (s->win.tries == CHECKING_TRIES && may_be_checking(s))))
			say_silence(e, s);
		s->heard = R_OK;
		send_parts(e, s, b, s->win.req_part);
		ike_resend_arm(e, s);
		return;
	}
	COUNT(e, peers_dead);
	if (!edge_run(&tn, tn.x ? tn.x->at : s->state, ON_DEAD))
		ikesa_end(e, s, R_PEER_DEAD);
}

void
ike_resend_arm(struct engine *e, struct ikesa *s)
{
	uint64_t at = window_resend_at(&s->win);

	if (at == UINT64_MAX)
		timer_stop(&e->timers, &s->resend);
	else
		timer_set(&e->timers, &s->resend, at, resend, s);
}

bool
send_request(struct engine *e, struct ikesa *s, uint8_t exchange, struct msg_out *o)
{
	size_t part = 0;
	struct bytes b = seal(e, s, exchange, false, s->win.next_out, o, &part);

	if (b.n == 0 || !window_send(&s->win, b, part, e->now))
		return false;
	s->last_out = e->now;
	send_parts(e, s, b, part);
	ike_resend_arm(e, s);
	return true;
}

bool
send_response(struct engine *e, struct ikesa *s, uint8_t exchange, struct msg_out *o)
{
	size_t part = 0;
	struct bytes b = seal(e, s, exchange, true, s->win.next_in, o, &part);

	if (b.n == 0 || !window_answer(&s->win, b, part))
		return false;
	s->last_out = e->now;
	send_parts(e, s, b, part);
	return true;
}

bool
send_notify(struct engine *e, struct ikesa *s, uint8_t exchange, uint16_t notify, struct bytes data)
{
	struct msg_out o;

	if (notify == N_TEMPORARY_FAILURE)
		COUNT(e, temporary_failures);
	msg_first(e, &o);
	pld_notify_put(&o, 0, (struct bytes){ NULL, 0 }, notify, data);
	return send_response(e, s, exchange, &o);
}

bool
ke_fits(uint16_t group, struct bytes data)
{
	const struct alg *a = alg_find(T_KE, group, 0);

	return a && data.n == a->pub_len && data.n <= KEY_PUB_MAX;
}

/* An answer outside any IKE SA (RFC 7296 1.5, 2.21.4): nothing is kept. */
void
send_clear_notify(struct engine *e, const struct turn *tn, const struct ike_hdr *h, uint16_t type, struct bytes data)
{
	struct ike_hdr out = { .spi_i = h->spi_i, .spi_r = h->spi_r, .version = 0x20, .exchange = h->exchange,
	    .initiator = !h->initiator, .response = true, .id = h->id };
	struct msg_out o;
	uint8_t buf[256];
	struct bytes b;

	msg_begin(&o, buf, sizeof(buf), &out);
	pld_notify_put(&o, 0, (struct bytes){ NULL, 0 }, type, data);
	b = msg_end(&o);
	if (b.n)
		todo_send(e, &tn->local, &tn->remote, tn->natt, tn->natt, b);
}

/* RFC 7296 1.5: no message of any exchange, and no answer comes to it; its SPIs mean nothing. */
void
send_stray_notify(struct engine *e, const struct endpoint *local, const struct endpoint *remote, bool natt, uint32_t spi)
{
	struct ike_hdr h = { .spi_i = fresh64(e), .version = 0x20, .exchange = EX_INFORMATIONAL, .initiator = true };
	uint8_t buf[64], data[4];
	struct wr w = wr_of(data, sizeof(data));
	struct msg_out o;
	struct bytes b;

	wr_u32(&w, spi);
	msg_begin(&o, buf, sizeof(buf), &h);
	pld_notify_put(&o, 0, (struct bytes){ NULL, 0 }, N_INVALID_SPI, wr_bytes(&w));
	b = msg_end(&o);
	if (b.n)
		todo_send(e, local, remote, natt, natt, b);
}
