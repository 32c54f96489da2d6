/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets of SAs that one end does not have (RFC 7296 1.5, 2.4): a peer that has lost what it had is found within seconds, and whoever forges
 * such packets, or the word in the clear, gets a question asked now and then and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "sa/ops.h"
#include "sim.h"

static void
up(struct sim *m, uint64_t seed)
{
	sim_init(m, seed);
	sim_begin(m);
	assert_true(sim_until(m, sim_up, 5 * SEC));
	sim_run(m, 15 * SEC);
}

static void
traffic(struct sim *m)
{
	m->traffic = true;
	m->next_packet = m->now;
}

static void
check(struct sim *m)
{
	const char *why;

	m->traffic = false;
	why = sim_check(m, 1);
	if (why)
		fail_msg("%s", why);
}

/* The whole gateway has forgotten: its SAs, and its IKE SA. */
static void
reboot(struct sim *m, int side)
{
	sim_keymgr(m, side, false, false);
	sim_restart(m, side);
}

/* It only waits, as with start: respond-only, so nothing but the other end's packets heals it. */
static void
up_waiting(struct sim *m, uint64_t seed, bool nat)
{
	struct tunnel a, b;

	sim_init(m, seed);
	m->nat = nat;
	m->nat_port = 61000;
	sim_tunnel(&a, A);
	sim_tunnel(&b, B);
	b.start = START_RESPOND;
	if (nat)
		b.remote = (struct addr){ 0 };
	sim_put(m, &a, &b);
	sim_keymgr(m, A, true, true);
	sim_keymgr(m, B, true, true);
	assert_true(sim_until(m, sim_up, 5 * SEC));
	sim_run(m, 15 * SEC);
}

static void
test_lost_all(void **state)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct sim m;

		up_waiting(&m, seed, false);
		traffic(&m);
		reboot(&m, B);
		sim_run(&m, 5 * SEC);
		if (!sim_up(&m))
			fail_msg("seed %u: not up again after five seconds", (unsigned)seed);
		assert_int_equal(sim_counted(&m, B, "stray_checks"), 1);
		assert_int_equal(sim_counted(&m, A, "stray_checks"), 1);
		sim_run(&m, 30 * SEC);
		check(&m);
		sim_fini(&m);
	}
}

/* Without the engine's word it is thirty seconds: what the others are held against. */
static void
test_quiet(void **state)
{
	struct sim m;

	up_waiting(&m, 1, false);
	m.s[A].quiet = m.s[B].quiet = true;
	traffic(&m);
	reboot(&m, B);
	sim_run(&m, 10 * SEC);
	assert_false(sim_up(&m));
	sim_run(&m, 60 * SEC);
	check(&m);
	sim_fini(&m);
}

/* Behind a translator: the other knows no address of its peer's, and tells whoever sends to its own. */
static void
test_translated(void **state)
{
	struct sim m;

	up_waiting(&m, 1, true);
	traffic(&m);
	reboot(&m, B);
	sim_run(&m, 5 * SEC);
	assert_true(sim_up(&m));
	assert_true(sim_counted(&m, B, "stray_checks") >= 1 && sim_counted(&m, A, "stray_checks") == 1);
	sim_run(&m, 60 * SEC);
	check(&m);
	sim_fini(&m);
}

/* One end's engine has a child no more, and nobody there was told: the other hears of it over the IKE SA, and makes another. */
static void
test_lost_child(void **state)
{
	for (int side = 0; side < 2; side++) {
		struct sim m;
		uint32_t spi;

		up(&m, 3);
		spi = toy_newest(&m.s[side], 0)->spi_in;
		toy_newest(&m.s[side], 0)->in = false;
		for (struct child *c = m.s[side].e->tuns->children; c; c = c->sib)
			c->spi_in ^= 0x80000000u;	/* nor does it know what it had */
		traffic(&m);
		sim_run(&m, 3 * SEC);
		assert_true(m.s[!side].logged[R_PEER_INVALID_SPI]);
		assert_int_not_equal(spi, toy_newest(&m.s[side], 0)->spi_in);
		assert_true(sim_counted(&m, side, "stray_checks") == 1 && sim_counted(&m, !side, "stray_checks") == 0);
		sim_fini(&m);
	}
}

static void
stray(struct sim *m, int to, uint32_t spi, const char *from)
{
	struct key_stray y = { .spi = spi, .local = { .addr = m->s[to].addr.addr } };

	assert_true(addr_parse(from, &y.remote.addr));
	engine_stray(m->s[to].e, &y, m->now);
}

/* INVALID_SPI in the clear, as another implementation sends it: the SPIs of the header are zeros. */
static void
say(struct sim *m, int to, const char *from, uint32_t spi, uint64_t spi_i, bool response)
{
	struct ike_hdr h = { .spi_i = spi_i, .version = 0x20, .exchange = EX_INFORMATIONAL, .initiator = true, .response = response };
	struct endpoint local = { m->s[to].addr.addr, 500 }, remote = { .port = 500 };
	uint8_t buf[64], data[4] = { (uint8_t)(spi >> 24), (uint8_t)(spi >> 16), (uint8_t)(spi >> 8), (uint8_t)spi };
	struct msg_out o;

	assert_true(addr_parse(from, &remote.addr));
	msg_begin(&o, buf, sizeof(buf), &h);
	pld_notify_put(&o, 0, bytes_of(NULL, 0), N_INVALID_SPI, bytes_of(data, 4));
	engine_packet(m->s[to].e, &local, &remote, false, msg_end(&o), m->now);
}

static void
nothing(struct sim *m, void *arg)
{
}

/* What was put in by hand is looked at now, as in life. */
static void
run(struct sim *m, uint64_t ns)
{
	sim_at(m, 0, nothing, NULL);
	sim_run(m, ns);
}

#define INFO	(EX_INFORMATIONAL & 3)

/* Whatever is forged, and however much of it: one question to a peer in ten seconds, and none to anybody else. */
static void
test_flood(void **state)
{
	struct sim m;
	unsigned info;

	up(&m, 4);
	info = m.s[B].sent[INFO];
	for (unsigned i = 0; i < 20000; i++) {
		char from[32];

		stray(&m, B, 0x1000 + i, "192.0.2.1");
		snprintf(from, sizeof(from), "10.%u.%u.%u", i % 250, i / 250 % 250, i % 7);
		stray(&m, B, 0x1000 + i, from);
		say(&m, B, from, 0x1000 + i, i, false);
		say(&m, B, "192.0.2.1", 0x1000 + i, i, false);
		if (i % 20 == 0)
			run(&m, MS);
	}
	assert_int_equal(m.s[B].sent[INFO] - info, 1);
	assert_int_equal(sim_counted(&m, B, "stray_checks"), 1);
	assert_int_equal(sim_counted(&m, B, "msg_no_sa"), 0);
	assert_true(sim_up(&m));
	run(&m, 20 * SEC);
	check(&m);
	sim_fini(&m);
}

/* The same where there is no IKE SA: the peer is told once in ten seconds, others never. */
static void
test_flood_down(void **state)
{
	struct tunnel a, b;
	struct sim m;

	sim_init(&m, 5);
	sim_tunnel(&a, A);
	sim_tunnel(&b, B);
	a.start = b.start = START_RESPOND;
	sim_put(&m, &a, &b);
	sim_keymgr(&m, B, true, false);
	run(&m, 15 * SEC);
	for (unsigned i = 0; i < 2500; i++) {
		stray(&m, B, 0x1000 + i, "192.0.2.1");
		stray(&m, B, 0x1000 + i, "192.0.2.77");
		run(&m, 10 * MS);
	}
	assert_int_equal(m.s[B].sent[INFO], 3);
	assert_int_equal(m.s[B].sent[EX_IKE_SA_INIT & 3], 0);
	sim_fini(&m);
}

/* The peer may be anywhere: then whoever sends is told, sixteen times a second at most. */
static void
test_flood_anyone(void **state)
{
	struct tunnel b;
	struct sim m;

	sim_init(&m, 8);
	sim_tunnel(&b, B);
	b.start = START_RESPOND;
	b.remote = (struct addr){ 0 };
	sim_put_one(&m, B, &b);
	sim_keymgr(&m, B, true, false);
	run(&m, 15 * SEC);
	for (unsigned i = 0; i < 2000; i++) {
		char from[32];

		snprintf(from, sizeof(from), "10.%u.%u.%u", i % 250, i / 250 % 250, i % 7);
		stray(&m, B, 0x1000 + i, from);
		run(&m, 5 * MS);
	}
	assert_in_range(m.s[B].sent[INFO], 10, 160);
	sim_fini(&m);
}

/* The word in the clear moves who sends on that SPI to ask, once, and nothing else; an answer never comes to it. */
static void
test_clear(void **state)
{
	struct sim m;
	unsigned info;
	uint32_t spi;

	up(&m, 6);
	spi = toy_newest(&m.s[B], 0)->spi_out;
	info = m.s[B].sent[INFO];
	say(&m, B, "192.0.2.1", spi + 1, 0, false);
	say(&m, B, "192.0.2.1", 0, 0, false);
	say(&m, B, "192.0.2.9", spi, 0, false);
	say(&m, B, "192.0.2.1", spi, 7, true);
	run(&m, SEC);
	assert_int_equal(m.s[B].sent[INFO], info);
	say(&m, B, "192.0.2.1", spi, 0, false);
	say(&m, B, "192.0.2.1", spi, 7, false);
	run(&m, SEC);
	assert_int_equal(m.s[B].sent[INFO] - info, 1);
	assert_int_equal(spi, toy_newest(&m.s[B], 0)->spi_out);
	say(&m, B, "192.0.2.1", spi, 0, false);
	run(&m, SEC);
	assert_int_equal(m.s[B].sent[INFO] - info, 1);
	run(&m, 10 * SEC);
	say(&m, B, "192.0.2.1", spi, 0, false);
	run(&m, SEC);
	assert_int_equal(m.s[B].sent[INFO] - info, 2);
	check(&m);
	sim_fini(&m);
}

/* What was deleted, and what rekeys leave behind, is no loss: in quiet times nobody is asked. */
static void
test_rekeys(void **state)
{
	struct sim m;

	up(&m, 7);
	traffic(&m);
	for (int i = 0; i < 20; i++) {
		sim_soft(&m, i % 2);
		sim_run(&m, 12 * SEC);
	}
	assert_int_equal(sim_counted(&m, A, "stray_checks") + sim_counted(&m, B, "stray_checks"), 0);
	check(&m);
	sim_fini(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lost_all), cmocka_unit_test(test_quiet), cmocka_unit_test(test_translated), cmocka_unit_test(test_lost_child),
		cmocka_unit_test(test_flood), cmocka_unit_test(test_flood_down), cmocka_unit_test(test_flood_anyone), cmocka_unit_test(test_clear), cmocka_unit_test(test_rekeys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
