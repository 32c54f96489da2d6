/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a hostile peer can say: at first without any proof, then as somebody who has one and uses it badly. The toy key manager
 * stops the test when iked asks it for something that breaks their contract, as the real one would close the link.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "sa/ops.h"
#include "sim.h"

/* An IKE_SA_INIT request with a public value of that many octets, and that many more in a vendor id. */
static void
greet_from(struct sim *m, const struct endpoint *from, uint64_t spi, uint16_t group, size_t pub, size_t more)
{
	static uint8_t buf[65536], octets[65536];
	struct ike_hdr h = { .spi_i = spi, .version = 0x20, .exchange = EX_IKE_SA_INIT, .initiator = true };
	struct endpoint to = { m->s[B].addr.addr, 500 };
	struct proposals ike, esp;
	struct msg_out o;

	preset_find("modern", &ike, &esp);
	msg_begin(&o, buf, sizeof(buf), &h);
	pld_sa_put(&o, &ike, bytes_of(NULL, 0));
	pld_ke_put(&o, group, bytes_of(octets, pub));
	pld_nonce_put(&o, bytes_of(octets, 32));
	if (more)
		pld_vendor_put(&o, bytes_of(octets, more));
	engine_packet(m->s[B].e, &to, from, false, msg_end(&o), m->now);
	sim_run(m, 5 * MS);
}

static void
greet(struct sim *m, uint64_t spi, uint16_t group, size_t pub, size_t more)
{
	struct endpoint from = { m->s[A].addr.addr, 500 };

	greet_from(m, &from, spi, group, pub, more);
	sim_run(m, 15 * MS);
}

static unsigned
half_open(struct sim *m)
{
	struct engine_census c;

	engine_count(m->s[B].e, &c);
	return c.half_open;
}

static void
test_sizes(void **state)
{
	struct sim m;

	sim_init(&m, 1);
	m.s[A].mute = true;
	sim_begin(&m);
	greet(&m, 1, KE_X25519, 32, 0);
	assert_int_equal(half_open(&m), 1);
	greet(&m, 2, KE_X25519, 31, 0);
	greet(&m, 3, KE_X25519, 33, 0);
	greet(&m, 4, KE_X25519, 4000, 0);
	greet(&m, 5, KE_X25519, 1, 0);
	greet(&m, 6, KE_ECP384, 96, 0);			/* not our choice: INVALID_KE_PAYLOAD */
	greet(&m, 7, 0xffff, 32, 0);
	greet(&m, 8, KE_X25519, 32, KEY_MSG_MAX);	/* more than AUTH may cover */
	assert_int_equal(half_open(&m), 1);
	sim_fini(&m);
}

/* A thousand strangers a second: what is written about them does not grow with them. */
static void
test_records(void **state)
{
	struct sim m;

	sim_init(&m, 2);
	m.s[A].mute = true;
	sim_begin(&m);
	for (unsigned i = 0; i < 200; i++)
		greet(&m, i + 1, KE_X25519, 31, 0);
	assert_in_range(m.s[B].nrec, 1, 6);		/* 4 s */
	sim_fini(&m);
}

/* B serves anybody, and does not begin itself; A is silent for now. */
static void
serve(struct sim *m, uint64_t seed)
{
	struct tunnel *t = calloc(2, sizeof(*t));

	assert_non_null(t);
	sim_init(m, seed);
	sim_tunnel(&t[0], A);
	sim_tunnel(&t[1], B);
	memset(&t[1].remote, 0, sizeof(t[1].remote));
	t[1].start = START_RESPOND;
	sim_keymgr(m, B, true, false);
	sim_put(m, &t[0], &t[1]);
	free(t);
}

static uint64_t
counted(struct sim *m, const char *name)
{
	unsigned n;
	const struct engine_counter *c = engine_counters(m->s[B].e, &n);

	for (unsigned i = 0; i < n; i++)
		if (strcmp(c[i].name, name) == 0)
			return c[i].value;
	fail();
	return 0;
}

/* Two hundred strangers open half-open IKE SAs: newcomers must bring a cookie then, and the tunnel comes up all the same. */
static void
test_cookies(void **state)
{
	struct sim m;

	serve(&m, 3);
	for (unsigned i = 0; i < 200; i++) {
		struct endpoint from = { { 4, { 203, 0, (uint8_t)(i / 50), (uint8_t)i } }, 500 };

		greet_from(&m, &from, i + 1, KE_X25519, 32, 0);
	}
	assert_int_equal(half_open(&m), 100);
	assert_int_equal(counted(&m, "cookies_sent"), 100);
	sim_keymgr(&m, A, true, false);
	assert_true(sim_until(&m, sim_up, 5 * SEC));
	assert_int_equal(counted(&m, "cookies_sent"), 101);
	sim_run(&m, 31 * SEC);			/* and the half-open ones are forgotten */
	assert_int_equal(half_open(&m), 0);
	assert_null(sim_check(&m, 1));
	sim_fini(&m);
}

static void
test_one_network(void **state)
{
	struct sim m;

	serve(&m, 4);
	for (unsigned i = 0; i < 90; i++) {
		struct endpoint from = { { 4, { 203, 0, 113, (uint8_t)i } }, 500 };

		greet_from(&m, &from, i + 1, KE_X25519, 32, 0);
	}
	assert_int_equal(half_open(&m), 64);
	assert_int_equal(counted(&m, "half_open_refused"), 26);
	assert_true(sim_recorded(&m.s[B], R_HALF_OPEN_LIMIT));
	sim_keymgr(&m, A, true, false);		/* another network is not hindered */
	assert_true(sim_until(&m, sim_up, 5 * SEC));
	sim_fini(&m);
}

static void
chain(struct msg_out *o, struct sim *m, struct ikesa *s, unsigned kind)
{
	struct bytes none = { NULL, 0 };
	uint8_t spi[8], nonce[32] = { 3 }, pub[32] = { 4 };
	uint32_t in = toy_newest(&m->s[A], 0) ? toy_newest(&m->s[A], 0)->spi_in : 1;
	struct tun *t = s->t;
	struct wr w = wr_of(spi, sizeof(spi));

	if (kind == 0) {
		pld_delete_put(o, PROTO_ESP, &in, 1);
		return;
	}
	if (kind == 1) {
		pld_delete_put(o, PROTO_IKE, NULL, 0);
		return;
	}
	if (kind == 2) {
		wr_u64(&w, 0x1122334455667788);
		pld_sa_put(o, &t->cfg.ike, wr_bytes(&w));
		pld_nonce_put(o, bytes_of(nonce, 32));
		pld_ke_put(o, KE_X25519, bytes_of(pub, 32));
		return;
	}
	wr_u32(&w, in);
	if (kind == 3)
		pld_notify_put(o, PROTO_ESP, wr_bytes(&w), N_REKEY_SA, none);
	pld_sa_put(o, &t->cfg.esp, wr_bytes(&w));
	pld_nonce_put(o, bytes_of(nonce, 32));
	pld_ke_put(o, KE_X25519, bytes_of(pub, 32));
	pld_ts_put(o, true, &t->cfg.children[0].local);
	pld_ts_put(o, false, &t->cfg.children[0].remote);
}

/* One authentic message whose inside was changed at random. */
static void
say(struct sim *m, struct ikesa *s, uint64_t *r)
{
	static const uint8_t exchanges[] = { EX_CREATE_CHILD_SA, EX_INFORMATIONAL, EX_IKE_AUTH };
	struct ike_hdr h = { .spi_i = s->spi_i, .spi_r = s->spi_r, .version = 0x20, .initiator = s->initiator };
	static uint8_t inner[4096], buf[8192];
	unsigned kind = sim_random(r) % 5, flips = sim_random(r) % 4;
	struct msg_out o;
	struct bytes b;
	uint8_t iv[8];

	msg_begin_inner(&o, inner, sizeof(inner));
	chain(&o, m, s, kind);
	b = msg_end(&o);
	h.exchange = sim_random(r) % 8 ? (kind < 2 ? EX_INFORMATIONAL : EX_CREATE_CHILD_SA) : exchanges[sim_random(r) % 3];
	h.response = sim_random(r) % 4 == 0;
	h.id = sim_random(r) % 16 ? (h.response ? s->win.next_in : s->win.next_out) : (uint32_t)sim_random(r);
	if (h.response && sim_random(r) % 2)
		h.id = s->win.next_in ? s->win.next_in - 1 : 0;
	while (flips--)
		inner[sim_random(r) % b.n] = (uint8_t)sim_random(r);
	if (sim_random(r) % 8 == 0)
		b.n -= sim_random(r) % b.n;
	sk_iv_counter(s->iv++, iv);
	b = sk_seal(&s->sk_out, &h, iv, o.first, b, buf, sizeof(buf));
	engine_packet(m->s[B].e, &m->s[B].addr, &m->s[A].addr, s->natt, b, m->now);
	if (!h.response)
		s->win.next_out++;	/* A itself knows nothing of it */
}

static void
test_bad_peer(void **state)
{
	uint64_t r = 99;

	for (unsigned i = 0; i < 400; i++) {
		struct sim *m = calloc(1, sizeof(*m));
		struct ikesa *s;

		assert_non_null(m);
		sim_init(m, i);
		sim_begin(m);
		assert_true(sim_until(m, sim_up, 5 * SEC));
		for (unsigned k = 0; k < 10 && (s = sim_up_sa(m->s[A].e)); k++) {
			if (sim_random(&r) % 4 == 0)
				sim_soft(m, B);
			if (sim_random(&r) % 4 == 0)
				sim_command(m, B, ENGINE_REKEY_SA);
			sim_run(m, sim_random(&r) % (15 * MS));
			if ((s = sim_up_sa(m->s[A].e)))
				say(m, s, &r);
			sim_run(m, sim_random(&r) % (15 * MS));
		}
		sim_run(m, 2 * SEC);
		sim_fini(m);
		free(m);
	}
}

struct recorded { uint8_t b[4096]; size_t n; bool done; };

/* Keeps A's newest sealed message. */
static bool
record(struct sim *m, int from, uint8_t *p, size_t n, void *arg, uint64_t *hold)
{
	struct recorded *r = arg;
	struct ike_hdr h;

	(void)m, (void)hold;
	if (from == A && !r->done && n <= sizeof(r->b) && hdr_get(bytes_of(p, n), &h) == WE_OK && h.exchange != EX_IKE_SA_INIT) {
		memcpy(r->b, p, n);
		r->n = n;
	}
	return true;
}

/* RFC 7296 2.4: what was recorded and is sent again does not make a dead peer look alive. */
static void
test_replayed_life(void **state)
{
	struct recorded r = { .n = 0 };
	struct sim m;

	sim_init(&m, 77);
	m.touch = record;
	m.touch_arg = &r;
	sim_begin(&m);
	assert_true(sim_until(&m, sim_up, 10 * SEC));
	sim_command(&m, A, ENGINE_REKEY_CHILD);
	sim_run(&m, 5 * SEC);
	assert_true(r.n > HDR_LEN);
	m.s[A].mute = r.done = true;
	for (unsigned i = 0; i < 40; i++) {
		struct endpoint from = { m.s[A].addr.addr, 4500 }, to = { m.s[B].addr.addr, 4500 };

		engine_packet(m.s[B].e, &to, &from, true, bytes_of(r.b, r.n), m.now);
		sim_run(&m, 5 * SEC);
	}
	assert_true(sim_recorded(&m.s[B], R_PEER_DEAD));
	sim_fini(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_sizes), cmocka_unit_test(test_records),
	    cmocka_unit_test(test_replayed_life), cmocka_unit_test(test_cookies), cmocka_unit_test(test_one_network),
	    cmocka_unit_test(test_bad_peer) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
