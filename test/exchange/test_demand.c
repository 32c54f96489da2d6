/* SPDX-License-Identifier: BSD-2-Clause */
/* Tunnels on demand: nothing is sent before a packet asks, and whoever is asked once more begins once more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "sim.h"

static void
begin(struct sim *m, uint64_t seed, enum start_mode b)
{
	struct tunnel *t = calloc(2, sizeof(*t));

	assert_non_null(t);
	sim_init(m, seed);
	sim_tunnel(&t[A], A);
	sim_tunnel(&t[B], B);
	t[A].start = START_ON_DEMAND;
	t[B].start = (uint8_t)b;
	sim_keymgr(m, A, true, false);
	sim_keymgr(m, B, true, false);
	sim_put(m, &t[A], &t[B]);
	free(t);
}

static void
packet(struct sim *m, int side)
{
	uint8_t reqid[4] = { 1 };

	sim_event(&m->s[side], KEY_ACQUIRE, bytes_of(reqid, sizeof(reqid)));
}

static enum reason
says(struct sim *m, int side, bool *wanted)
{
	struct tunnel_state *t = calloc(1, sizeof(*t));
	enum reason why;

	assert_non_null(t);
	assert_true(engine_state(m->s[side].e, "a-b", m->now, t));
	why = (enum reason)t->reason;
	*wanted = t->children[0].wanted;
	free(t);
	return why;
}

static unsigned
begun(const struct sim *m)
{
	return m->s[A].sent[EX_IKE_SA_INIT & 3] + m->s[B].sent[EX_IKE_SA_INIT & 3];
}

static void
test_first_packet(void **state)
{
	for (int side = 0; side < 2; side++) {
		struct sim m;
		bool wanted;

		begin(&m, 300, START_ON_DEMAND);
		sim_run(&m, 60 * SEC);
		assert_int_equal(begun(&m), 0);
		assert_int_equal(says(&m, A, &wanted), R_WAITING_FOR_PACKET);
		assert_false(wanted);
		packet(&m, side);
		assert_true(sim_until(&m, sim_up, 5 * SEC));
		assert_int_equal(says(&m, side, &wanted), R_OK);
		assert_true(wanted);
		assert_null(sim_check(&m, 1));
		sim_fini(&m);
	}
}

/* The peer closes it: nobody begins again by himself, the next packet does. */
static void
test_closed_by_peer(void **state)
{
	struct sim m;
	unsigned n;
	bool wanted;

	begin(&m, 301, START_RESPOND);
	packet(&m, A);
	assert_true(sim_until(&m, sim_up, 5 * SEC));
	sim_command(&m, B, ENGINE_DOWN);
	sim_run(&m, 5 * SEC);
	assert_false(sim_up(&m));
	n = begun(&m);
	sim_run(&m, 120 * SEC);
	assert_int_equal(begun(&m), n);
	packet(&m, A);
	sim_run(&m, SEC);
	assert_true(begun(&m) > n);
	sim_command(&m, B, ENGINE_UP);
	assert_true(sim_until(&m, sim_up, 90 * SEC));
	assert_int_equal(says(&m, A, &wanted), R_OK);
	sim_fini(&m);
}

/* The peer does not answer: it is given up, not tried for ever, and a later packet tries again. */
static void
test_no_answer(void **state)
{
	struct sim m;
	unsigned n;

	begin(&m, 302, START_RESPOND);
	m.s[B].mute = true;
	packet(&m, A);
	sim_run(&m, 120 * SEC);
	n = begun(&m);
	assert_int_not_equal(n, 0);
	sim_run(&m, 600 * SEC);
	assert_int_equal(begun(&m), n);
	m.s[B].mute = false;
	packet(&m, A);
	assert_true(sim_until(&m, sim_up, 65 * SEC));
	sim_fini(&m);
}

/* A failure is told to the engine, which asks again; success is not, nor what no packet asked for. */
static void
test_refused(void **state)
{
	struct sim m;

	begin(&m, 304, START_RESPOND);
	strcpy(m.s[B].psk, "another");
	packet(&m, A);
	sim_run(&m, 2 * SEC);
	assert_true(sim_recorded(&m.s[B], R_PSK_MISMATCH));
	assert_int_equal(m.s[A].refused, 1);
	assert_int_equal(m.s[B].refused, 0);
	m.s[A].refused = 0;
	strcpy(m.s[B].psk, m.s[A].psk);
	packet(&m, A);
	assert_true(sim_until(&m, sim_up, 90 * SEC));
	sim_run(&m, 5 * SEC);
	assert_int_equal(m.s[A].refused, 0);
	sim_fini(&m);
}

/* Closed by command is closed, whatever packets come; opened by command it is up at once. */
static void
test_command(void **state)
{
	struct sim m;
	bool wanted;

	begin(&m, 303, START_RESPOND);
	sim_command(&m, A, ENGINE_DOWN);
	packet(&m, A);
	sim_run(&m, 30 * SEC);
	assert_int_equal(begun(&m), 0);
	assert_int_equal(says(&m, A, &wanted), R_DELETED_BY_USER);
	sim_command(&m, A, ENGINE_UP);
	assert_true(sim_until(&m, sim_up, 5 * SEC));
	sim_fini(&m);
}

/* iked is killed while children serve: the new one makes others beside them, though no packet asks. */
static void
test_restart(void **state)
{
	struct sim m;
	uint32_t spi;

	begin(&m, 304, START_ON_DEMAND);
	packet(&m, A);
	assert_true(sim_until(&m, sim_up, 5 * SEC));
	sim_run(&m, 3 * SEC);
	spi = toy_newest(&m.s[A], 0)->spi_in;
	m.traffic = true;
	m.next_packet = m.now;
	sim_restart(&m, A);
	sim_run(&m, 60 * SEC);
	m.traffic = false;
	assert_null(sim_check(&m, 1));
	assert_int_equal(m.esp_lost + m.esp_no_out, 0);
	assert_int_not_equal(spi, toy_newest(&m.s[A], 0)->spi_in);
	sim_fini(&m);
}

/* "ikectl restart": the old IKE SA and child end at both ends, and new ones carry; a tunnel that waits for its first packet goes on waiting. */
static void
test_restart_command(void **state)
{
	bool wanted;
	struct sim m;
	uint32_t spi;
	unsigned n;

	sim_init(&m, 305);
	sim_begin(&m);
	assert_true(sim_until(&m, sim_up, 5 * SEC));
	sim_run(&m, 3 * SEC);
	spi = toy_newest(&m.s[A], 0)->spi_in;
	assert_false(m.s[B].logged[R_DELETED_BY_PEER]);
	sim_command(&m, A, ENGINE_RESTART);
	sim_run(&m, 5 * SEC);
	assert_true(sim_up(&m));
	assert_int_not_equal(toy_newest(&m.s[A], 0)->spi_in, spi);
	assert_true(m.s[B].logged[R_DELETED_BY_PEER]);
	assert_int_equal(says(&m, A, &wanted), R_OK);
	sim_run(&m, 30 * SEC);
	assert_null(sim_check(&m, 1));
	sim_fini(&m);

	begin(&m, 306, START_RESPOND);
	sim_command(&m, A, ENGINE_RESTART);
	sim_run(&m, 10 * SEC);
	assert_int_equal(begun(&m), 0);		/* nobody asked for it yet */
	assert_int_equal(says(&m, A, &wanted), R_WAITING_FOR_PACKET);
	packet(&m, A);
	assert_true(sim_until(&m, sim_up, 5 * SEC));
	n = begun(&m);
	sim_run(&m, 3 * SEC);
	sim_command(&m, A, ENGINE_RESTART);
	sim_run(&m, 10 * SEC);
	assert_true(sim_up(&m) && begun(&m) > n);
	assert_int_equal(says(&m, A, &wanted), R_OK);
	sim_fini(&m);
}

static void
put(struct sim *m, struct tunnel t[2], const char *esp)
{
	const char *why;
	size_t at;

	t[A].esp.n = 1;
	assert_true(proposal_parse(PROTO_ESP, esp, &t[A].esp.v[0], &why, &at));
	t[B].esp = t[A].esp;
	sim_put(m, &t[A], &t[B]);
}

/*
 * Linux's own PF_KEY has nothing of what a tunnel offers: one that waits for a packet, or for the peer, says so before either comes. What the
 * peer asks for is refused, which is no mismatch of the two; another definition heals it.
 */
static void
test_engine_cannot(void **state)
{
	static const enum start_mode modes[] = { START_RESPOND, START_ON_DEMAND };
	const uint8_t none = 0;

	for (unsigned i = 0; i < 2; i++) {
		struct tunnel *t = calloc(2, sizeof(*t));
		struct sim m;
		bool wanted;

		assert_non_null(t);
		sim_init(&m, 308);
		sim_tunnel(&t[A], A);
		sim_tunnel(&t[B], B);
		t[A].start = (uint8_t)modes[i];
		t[B].start = START_RESPOND;
		sim_keymgr(&m, A, true, false);
		sim_keymgr(&m, B, true, false);
		sim_run(&m, SEC);
		sim_event(&m.s[A], KEY_ENGINE_BACK, bytes_of(&none, 1));
		put(&m, t, "aes256gcm16-esn");
		sim_run(&m, 20 * SEC);
		assert_int_equal(says(&m, A, &wanted), R_ENGINE_NO_ALG);
		packet(&m, A);
		sim_run(&m, 5 * SEC);
		assert_int_equal(says(&m, A, &wanted), R_ENGINE_NO_ALG);
		assert_int_equal(begun(&m), 0);
		sim_command(&m, B, ENGINE_UP);
		sim_run(&m, 20 * SEC);
		assert_false(sim_up(&m));
		assert_true(sim_recorded(&m.s[A], R_ENGINE_NO_ALG));
		assert_false(sim_recorded(&m.s[B], R_PEER_NO_PROPOSAL_CHILD));
		assert_int_equal(says(&m, A, &wanted), R_ENGINE_NO_ALG);
		put(&m, t, "aes256-sha512-noesn");
		sim_run(&m, 120 * SEC);
		assert_true(sim_up(&m));
		assert_int_equal(says(&m, A, &wanted), R_OK);
		sim_fini(&m);
		free(t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_packet), cmocka_unit_test(test_closed_by_peer), cmocka_unit_test(test_no_answer), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_command), cmocka_unit_test(test_restart), cmocka_unit_test(test_restart_command), cmocka_unit_test(test_engine_cannot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
