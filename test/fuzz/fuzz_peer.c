/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a peer who proved himself says, and what anybody says in his name, to an IKE engine with a tunnel that is up: datagrams as they
 * are; messages that are authentic, whole ones with something wrong in them or any octets; while both ends do things of their own. The toy key
 * manager stops it when iked asks for what breaks their contract. Whatever was said: when the peer begins anew the tunnel comes up.
 */
#include <stdlib.h>

#include "../exchange/sim.h"
#include "sa/ops.h"

#define OPS	16
#define INNER	1024u

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* The payloads of a message that would be right, but for what kind says that it is. */
static void
chain(struct msg_out *o, struct sim *m, struct ikesa *s, unsigned kind)
{
	struct bytes none = { NULL, 0 };
	uint8_t spi[8], nonce[32] = { 3 }, pub[32] = { 4 };
	uint32_t in = toy_newest(&m->s[A], 0) ? toy_newest(&m->s[A], 0)->spi_in : 1;
	const struct tunnel *t = &s->t->cfg;
	struct wr w = wr_of(spi, sizeof(spi));

	switch (kind) {
	case 0:
		pld_delete_put(o, PROTO_ESP, &in, 1);
		return;
	case 1:
		pld_delete_put(o, PROTO_IKE, NULL, 0);
		return;
	case 2:
		wr_u64(&w, 0x1122334455667788);
		pld_sa_put(o, &t->ike, wr_bytes(&w));
		pld_nonce_put(o, bytes_of(nonce, 32));
		pld_ke_put(o, KE_X25519, bytes_of(pub, 32));
		return;
	case 3:
		wr_u32(&w, in);
		pld_notify_put(o, PROTO_ESP, wr_bytes(&w), N_REKEY_SA, none);
		w = wr_of(spi, sizeof(spi));
		break;
	case 4:
		pld_notify_put(o, 0, none, N_CHILD_SA_NOT_FOUND, none);
		return;
	case 5:
		return;		/* nothing: is he there? */
	default:
		break;
	}
	wr_u32(&w, in ^ (kind != 3));
	pld_sa_put(o, &t->esp, wr_bytes(&w));
	pld_nonce_put(o, bytes_of(nonce, 32));
	pld_ke_put(o, KE_X25519, bytes_of(pub, 32));
	pld_ts_put(o, true, &t->children[0].local);
	pld_ts_put(o, false, &t->children[0].remote);
}

/* Authentic. how: which exchange, whether it is an answer, and to what. */
static void
say(struct sim *m, struct ikesa *s, uint8_t first, struct bytes inner, uint8_t how)
{
	static const uint8_t exchanges[4] = { EX_CREATE_CHILD_SA, EX_INFORMATIONAL, EX_IKE_AUTH, EX_IKE_SA_INIT };
	static uint8_t buf[8192];
	struct ike_hdr h = { .spi_i = s->spi_i, .spi_r = s->spi_r, .version = 0x20, .initiator = s->initiator, .exchange = exchanges[how & 3], .response = how >> 2 & 1 };
	uint8_t iv[8];
	struct bytes b;

	h.id = h.response ? s->win.next_in : s->win.next_out;
	if (how & 8)
		h.id -= how >> 4 & 3;
	sk_iv_counter(s->iv++, iv);
	b = sk_seal(&s->sk_out, &h, iv, first, inner, buf, sizeof(buf));
	engine_packet(m->s[B].e, &m->s[B].addr, &m->s[A].addr, s->natt, b, m->now);
	if (!h.response && !(how & 8))
		s->win.next_out++;	/* A itself knows nothing of it */
}

static void
say_whole(struct sim *m, struct ikesa *s, struct rd *r)
{
	static uint8_t inner[4096];
	unsigned kind = rd_u8(r) % 7, how = rd_u8(r), flips = rd_u8(r) % 4;
	struct msg_out o;
	struct bytes b;

	msg_begin_inner(&o, inner, sizeof(inner));
	chain(&o, m, s, kind);
	b = msg_end(&o);
	while (flips-- && b.n) {
		uint16_t at = rd_u16(r);

		inner[at % b.n] = rd_u8(r);
	}
	if (how & 0x80)
		b.n -= rd_u8(r) % (b.n + 1);
	say(m, s, o.first, b, (uint8_t)how);
}

static struct bytes
some(struct rd *r)
{
	size_t n = rd_u16(r) % INNER;

	return rd_bytes(r, n < rd_left(r) ? n : rd_left(r));
}

static void
anybody(struct sim *m, struct rd *r)
{
	uint8_t who = rd_u8(r);
	struct endpoint from = m->s[A].addr, to = m->s[B].addr;
	struct bytes b = some(r);
	uint8_t *exact = malloc(b.n ? b.n : 1);

	if (exact == NULL)
		abort();
	memcpy(exact, b.p ? b.p : exact, b.n);
	if (who & 1)
		from.addr.b[3] ^= who;
	engine_packet(m->s[B].e, &to, &from, who & 2, bytes_of(exact, b.n), m->now);
	free(exact);
}

static void
own_doing(struct sim *m, uint8_t what)
{
	int side = what & 1 ? A : B;

	switch (what >> 1 & 3) {
	case 0: sim_soft(m, side); break;
	case 1: sim_command(m, side, ENGINE_REKEY_SA); break;
	case 2: sim_command(m, side, ENGINE_REKEY_CHILD); break;
	case 3: sim_hard(m, side); break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct sim m;
	struct rd r = rd_of(bytes_of(p, n));
	struct ikesa *s;
	uint8_t first, how;

	sim_init(&m, 1);
	sim_begin(&m);
	if (!sim_until(&m, sim_up, 5 * SEC))
		abort();
	for (unsigned i = 0; i < OPS && rd_left(&r); i++) {
		uint8_t op = rd_u8(&r);

		s = sim_up_sa(m.s[A].e);
		switch (op % 5) {
		case 0:
			anybody(&m, &r);
			break;
		case 1:
			if (s)
				say_whole(&m, s, &r);
			break;
		case 2:
			first = rd_u8(&r);
			how = rd_u8(&r);
			if (s)
				say(&m, s, first, some(&r), how);
			break;
		case 3:
			own_doing(&m, rd_u8(&r));
			break;
		case 4:
			sim_run(&m, rd_u8(&r) * 4 * MS);
			break;
		}
		sim_run(&m, (op >> 4) * MS);
	}
	sim_run(&m, 2 * SEC);
	sim_restart(&m, A);
	if (!sim_until(&m, sim_up, 20 * SEC))
		abort();
	sim_fini(&m);
	return 0;
}
