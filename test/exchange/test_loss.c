/* SPDX-License-Identifier: BSD-2-Clause */
/* After a loss (design, section 5): of the engine, of keymgr, of iked, of the peer. With traffic all the time: what is not lost carries on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "sim.h"

static void
up(struct sim *m, uint64_t seed)
{
	sim_init(m, seed);
	sim_begin(m);
	assert_true(sim_until(m, sim_up, 5 * SEC));
	sim_run(m, 3 * SEC);
	m->traffic = true;
	m->next_packet = m->now;
}

static void
check(struct sim *m, unsigned policies)
{
	const char *why;

	m->traffic = false;
	why = sim_check(m, policies);
	if (why)
		fail_msg("%s", why);
}

/* keymgr's link ends and comes back; its children are still there: new keys, and not one packet lost. */
static void
test_keymgr(void **state)
{
	for (int side = 0; side < 2; side++) {
		struct sim m;
		uint32_t spi;

		up(&m, 100);
		spi = toy_newest(&m.s[A], 0)->spi_in;
		sim_keymgr(&m, side, false, true);
		sim_run(&m, 500 * MS);
		sim_keymgr(&m, side, true, true);
		sim_run(&m, 20 * SEC);
		check(&m, 1);
		assert_int_equal(m.esp_lost + m.esp_no_out, 0);
		assert_int_not_equal(spi, toy_newest(&m.s[A], 0)->spi_in);
		sim_soft(&m, A);
		sim_run(&m, 5 * SEC);
		check(&m, 1);
		sim_fini(&m);
	}
}

/*
 * The same where keymgr is slow: the end that answers the new negotiation is done long before the other has installed what it
 * will receive on, and keeps the older child until then.
 */
static void
test_keymgr_slow(void **state)
{
	for (unsigned i = 0; i < 200; i++) {
		struct sim m;

		up(&m, 200 + i);
		m.key_spread = 40 * MS;
		sim_keymgr(&m, i % 2, false, true);
		sim_run(&m, (i / 2 % 10) * 100 * MS + MS);
		sim_keymgr(&m, i % 2, true, true);
		sim_run(&m, 20 * SEC);
		if (m.esp_lost + m.esp_no_out)
			fail_msg("seed %u: %u packets lost, %u without an SA", 200 + i, m.esp_lost, m.esp_no_out);
		check(&m, 1);
		sim_fini(&m);
	}
}

/* keymgr comes back without children: they are replaced, the peer's halves deleted. */
static void
test_keymgr_empty(void **state)
{
	for (int side = 0; side < 2; side++) {
		struct sim m;

		up(&m, 101);
		sim_keymgr(&m, side, false, false);
		sim_run(&m, 100 * MS);
		sim_keymgr(&m, side, true, false);
		sim_run(&m, 3 * SEC);
		check(&m, 1);
		sim_fini(&m);
	}
}

static void
test_engine(void **state)
{
	for (int side = 0; side < 2; side++) {
		struct sim m;
		uint64_t lost;

		up(&m, 102);
		sim_engine(&m, side, false);
		sim_run(&m, SEC);
		sim_engine(&m, side, true);
		sim_run(&m, 500 * MS);
		assert_true(sim_up(&m));		/* at once, whoever initiated */
		lost = m.esp_lost + m.esp_no_out;
		sim_run(&m, 5 * SEC);
		assert_int_equal(lost, m.esp_lost + m.esp_no_out);
		check(&m, 1);
		sim_fini(&m);
	}
}

static void
test_both_engines(void **state)
{
	struct sim m;

	up(&m, 103);
	sim_engine(&m, A, false);
	sim_engine(&m, B, false);
	sim_run(&m, SEC);
	sim_engine(&m, A, true);
	sim_engine(&m, B, true);
	sim_run(&m, 5 * SEC);
	check(&m, 1);
	sim_fini(&m);
}

/* A rekey meets a dead engine: the peer hears TEMPORARY_FAILURE and tries again with a pause, not in a stampede. */
static void
test_no_stampede(void **state)
{
	struct sim m;

	up(&m, 104);
	sim_engine(&m, B, false);
	sim_run(&m, 30 * SEC);
	assert_true(m.s[A].sent[EX_CREATE_CHILD_SA & 3] < 12);
	sim_engine(&m, B, true);
	sim_run(&m, 70 * SEC);
	check(&m, 1);
	sim_fini(&m);
}

/* iked is killed: installed children carry on, the new iked makes new ones beside them; nothing is lost. */
static void
test_restart(void **state)
{
	for (int side = 0; side < 2; side++) {
		struct sim m;
		uint32_t spi;

		up(&m, 105);
		spi = toy_newest(&m.s[A], 0)->spi_in;
		sim_restart(&m, side);
		sim_run(&m, 60 * SEC);
		check(&m, 1);
		assert_int_equal(m.esp_lost + m.esp_no_out, 0);
		assert_int_not_equal(spi, toy_newest(&m.s[A], 0)->spi_in);
		sim_fini(&m);
	}
}

static void
test_both_restart(void **state)
{
	struct sim m;

	up(&m, 106);
	sim_restart(&m, A);
	sim_restart(&m, B);
	sim_run(&m, 60 * SEC);
	check(&m, 1);
	assert_int_equal(m.esp_lost + m.esp_no_out, 0);
	sim_fini(&m);
}

static void
keymgr_back(struct sim *m, void *arg)
{
	sim_keymgr(m, arg != NULL, true, true);
}

/*
 * ikeds and key managers are killed on both ends, each when the one before is hardly over: whoever is slow, nothing is sent to
 * where nobody receives. A key manager that dies between the two halves of a child takes the key of the outbound one with it;
 * when the peer takes the older child away in that moment too, the engine keeps the packets until the next one is made.
 */
static void
test_kill_upon_kill(void **state)
{
	unsigned without = 0;

	for (uint64_t seed = 1; seed <= 200; seed++) {
		uint64_t r = seed;
		struct sim m;

		up(&m, 1000 + seed);
		m.key_spread = 1 + sim_random(&r) % (40 * MS);
		for (int i = 0; i < 8; i++) {
			void *side = sim_random(&r) % 2 ? &m : NULL;

			if (sim_random(&r) % 2) {
				sim_restart(&m, side != NULL);
			} else {
				sim_keymgr(&m, side != NULL, false, true);
				sim_at(&m, 20 * MS, keymgr_back, side);
			}
			sim_run(&m, 40 * MS);
			assert_true(sim_until(&m, sim_up, 90 * SEC));
			sim_run(&m, sim_random(&r) % (300 * MS));
		}
		sim_run(&m, 60 * SEC);
		if (m.esp_lost || m.esp_no_out > 30)	/* 30: 1.5 s of traffic */
			fail_msg("seed %u: %u packets lost, %u without an SA", (unsigned)seed, m.esp_lost, m.esp_no_out);
		without += m.esp_no_out != 0;
		check(&m, 1);
		sim_fini(&m);
	}
	assert_true(without < 20);
}

/* The peer vanishes: it is noticed within the time of the liveness check, and comes back by itself. */
static void
test_peer_dead(void **state)
{
	struct sim m;

	up(&m, 107);
	m.traffic = false;
	m.s[B].mute = true;
	sim_run(&m, 96 * SEC);
	assert_true(sim_recorded(&m.s[A], R_PEER_DEAD));
	sim_run(&m, 5 * SEC);
	assert_int_equal(toy_children(&m.s[A]), 0);
	m.s[B].mute = false;
	assert_true(sim_until(&m, sim_up, 200 * SEC));
	check(&m, 1);
	sim_fini(&m);
}

/* What B says of the IKE SA that it began, its DELETE among it, does not come, and nobody's answers to it. */
static enum fate
no_word_of_b(struct sim *m, int from, const struct ike_hdr *h, void *arg, uint64_t *hold)
{
	uint64_t *spi = arg;

	(void)m, (void)hold;
	if (h->exchange == EX_IKE_SA_INIT && from == B && !h->response)
		*spi = h->spi_i;
	return h->exchange == EX_INFORMATIONAL && h->spi_i == *spi ? FATE_DROP : FATE_AS_USUAL;
}

/* Both began, and A's IKE SA is the one that stays. Of B's A hears nothing more, until it is dead: the tunnel is up and has no reason not to be. */
static void
test_older_dies(void **state)
{
	struct tunnel *t = calloc(2, sizeof(*t));
	struct tunnel_state *st = calloc(1, sizeof(*st));
	unsigned stayed = 0;

	assert_true(t && st);
	for (unsigned seed = 1; seed < 12; seed++) {
		uint64_t spi = 0;
		struct sim m;

		sim_init(&m, seed);
		m.filter = no_word_of_b;
		m.arg = &spi;
		for (int i = 0; i < 2; i++) {
			sim_tunnel(&t[i], i);
			t[i].first = 1;
			sim_keymgr(&m, i, true, false);
		}
		sim_put(&m, &t[A], &t[B]);
		assert_true(sim_until(&m, sim_up, 30 * SEC));
		sim_run(&m, 300 * SEC);
		assert_true(engine_state(m.s[A].e, "a-b", m.now, st));
		if (st->spi_i != spi && sim_recorded(&m.s[A], R_PEER_DEAD)) {
			stayed++;
			assert_true(st->ike_up && st->children[0].negotiated == CHILD_UP);
			assert_int_equal(st->reason, R_OK);
		}
		sim_fini(&m);
	}
	assert_true(stayed > 0);
	free(st);
	free(t);
}

static void
test_shutdown(void **state)
{
	struct engine_census c;
	struct sim m;

	up(&m, 108);
	m.traffic = false;
	sim_command(&m, A, ENGINE_SHUTDOWN);
	sim_run(&m, 100 * MS);
	assert_int_equal(m.s[A].ndone, 1);
	engine_count(m.s[A].e, &c);
	assert_int_equal(c.ike_sas, 0);
	assert_true(sim_recorded(&m.s[B], R_DELETED_BY_PEER));
	sim_fini(&m);
	/* A peer that does not answer does not keep it: 3 s. */
	up(&m, 109);
	m.traffic = false;
	m.s[B].mute = true;
	sim_command(&m, A, ENGINE_SHUTDOWN);
	sim_run(&m, 2900 * MS);
	assert_int_equal(m.s[A].ndone, 0);
	sim_run(&m, 200 * MS);
	assert_int_equal(m.s[A].ndone, 1);
	sim_fini(&m);
}

/* A hard expiry that no rekey came before: the policy is without a child for a moment, and then has one. */
static void
test_hard(void **state)
{
	for (int side = 0; side < 2; side++) {
		struct sim m;

		up(&m, 110);
		sim_hard(&m, side);
		sim_run(&m, SEC);
		assert_true(sim_up(&m));
		check(&m, 1);
		sim_fini(&m);
	}
}

/* The IKE SA's lifetime: rekeyed by itself before the end, from both ends' clocks. */
static void
test_ike_lifetime(void **state)
{
	struct tunnel *t = calloc(2, sizeof(*t));
	struct engine_counter const *c;
	uint64_t rekeys = 0;
	unsigned n;
	struct sim m;

	assert_non_null(t);
	sim_init(&m, 111);
	for (int i = 0; i < 2; i++) {
		sim_tunnel(&t[i], i);
		t[i].ike_life_s = 60;
		sim_keymgr(&m, i, true, false);
	}
	sim_put(&m, &t[0], &t[1]);
	assert_true(sim_until(&m, sim_up, 5 * SEC));
	m.traffic = true;
	m.next_packet = m.now;
	sim_run(&m, 600 * SEC);
	for (int i = 0; i < 2; i++) {
		c = engine_counters(m.s[i].e, &n);
		for (unsigned k = 0; k < n; k++)
			if (strcmp(c[k].name, "ike_rekeys") == 0)
				rekeys += c[k].value;
	}
	assert_in_range(rekeys, 10, 14);
	assert_int_equal(m.esp_lost + m.esp_no_out, 0);
	assert_false(sim_recorded(&m.s[A], R_EXPIRED));
	m.traffic = false;
	sim_until(&m, sim_idle, 5 * SEC);
	sim_fini(&m);
	free(t);
}

/* A tunnel that is put again unchanged is not touched; a changed list of networks makes new children before the old ones go. */
static void
test_put_again(void **state)
{
	struct tunnel *t = calloc(2, sizeof(*t));
	uint32_t spi;
	struct sim m;

	assert_non_null(t);
	up(&m, 112);
	spi = toy_newest(&m.s[A], 0)->spi_in;
	for (int i = 0; i < 2; i++)
		sim_tunnel(&t[i], i);
	sim_put(&m, &t[0], &t[1]);
	sim_run(&m, 3 * SEC);
	assert_int_equal(spi, toy_newest(&m.s[A], 0)->spi_in);
	t[0].children[0].local.v[0].hi.b[3] = 127;
	t[1].children[0].remote.v[0].hi.b[3] = 127;
	sim_put(&m, &t[0], &t[1]);
	sim_run(&m, 5 * SEC);
	assert_int_not_equal(spi, toy_newest(&m.s[A], 0)->spi_in);
	assert_int_equal(toy_newest(&m.s[A], 0)->local.v[0].hi.b[3], 127);
	assert_int_equal(m.esp_lost + m.esp_no_out, 0);
	check(&m, 1);
	engine_tunnel_del(m.s[A].e, "a-b", false, m.now);
	sim_run(&m, 5 * SEC);
	assert_int_equal(toy_children(&m.s[A]), 0);
	assert_int_equal(toy_children(&m.s[B]), 0);
	sim_fini(&m);
	free(t);
}

/* Taken away and put again at once, as itself or as another child: the DELETE goes its way, and the tunnel comes up anew. */
static void
test_back_at_once(void **state)
{
	struct tunnel *t = calloc(2, sizeof(*t));

	assert_non_null(t);
	for (unsigned reqid = 0; reqid < 2; reqid++) {
		struct sim m;
		uint32_t spi;

		up(&m, 114 + reqid);
		spi = toy_newest(&m.s[A], 0)->spi_in;
		sim_tunnel(&t[0], A);
		t[0].children[0].reqid += reqid * 100;
		engine_tunnel_del(m.s[A].e, "a-b", false, m.now);
		engine_tunnel_put(m.s[A].e, &t[0], m.now);
		sim_run(&m, 20 * SEC);
		assert_true(sim_up(&m));
		assert_int_not_equal(spi, toy_newest(&m.s[A], 0)->spi_in);
		assert_int_equal(toy_newest(&m.s[A], 0)->reqid, t[0].children[0].reqid);
		check(&m, 1);
		sim_fini(&m);
	}
	free(t);
}

/* Two hundred tunnels lose the engine: they come back 50 a second. */
static void
test_pace(void **state)
{
	struct tunnel *t = calloc(1, sizeof(*t));
	struct engine_census c;
	struct sim m;

	assert_non_null(t);
	sim_init(&m, 113);
	m.s[B].mute = true;
	sim_keymgr(&m, A, true, false);
	sim_tunnel(t, A);
	engine_sync_begin(m.s[A].e, m.now);
	for (unsigned i = 0; i < 200; i++) {
		snprintf(t->name, sizeof(t->name), "t%u", i);
		t->remote.b[3] = (uint8_t)i;
		engine_tunnel_put(m.s[A].e, t, m.now);
	}
	engine_sync(m.s[A].e, m.now);
	sim_run(&m, SEC);
	engine_count(m.s[A].e, &c);
	assert_in_range(c.ike_sas, 45, 51);
	sim_run(&m, 3100 * MS);
	engine_count(m.s[A].e, &c);
	assert_int_equal(c.ike_sas, 200);
	sim_fini(&m);
	free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keymgr), cmocka_unit_test(test_keymgr_slow), cmocka_unit_test(test_keymgr_empty), cmocka_unit_test(test_engine),
		cmocka_unit_test(test_both_engines), cmocka_unit_test(test_no_stampede), cmocka_unit_test(test_restart),
		cmocka_unit_test(test_both_restart), cmocka_unit_test(test_kill_upon_kill), cmocka_unit_test(test_peer_dead), cmocka_unit_test(test_older_dies), cmocka_unit_test(test_shutdown),
		cmocka_unit_test(test_hard), cmocka_unit_test(test_ike_lifetime), cmocka_unit_test(test_put_again), cmocka_unit_test(test_back_at_once),
		cmocka_unit_test(test_pace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
