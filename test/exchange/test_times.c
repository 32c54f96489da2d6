/* SPDX-License-Identifier: BSD-2-Clause */
/* Times of the contract ("Timers", "Lifetimes") as the other end sees them. Retransmission is in test_window, half-open limits in test_hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "sim.h"

static void
up(struct sim *m, uint64_t seed, bool translated)
{
	struct tunnel *t = calloc(2, sizeof(*t));

	assert_non_null(t);
	sim_init(m, seed);
	m->nat = translated;
	for (int i = 0; i < 2; i++) {
		sim_tunnel(&t[i], i);
		t[i].ike_life_s = 1000;
		t[i].child_life_s = 2000;
		sim_keymgr(m, i, true, false);
	}
	if (translated)
		memset(&t[1].remote, 0, sizeof(t[1].remote));
	sim_put(m, &t[0], &t[1]);
	assert_true(sim_until(m, sim_up, 5 * SEC));
	free(t);
}

static unsigned
questions(const struct sim *m)
{
	return m->s[A].sent[EX_INFORMATIONAL & 3] + m->s[B].sent[EX_INFORMATIONAL & 3];
}

/* 30 s without an authenticated message: the peer is asked, and its answer is good for another 30 s. */
static void
liveness(void **state)
{
	struct sim m;

	up(&m, 201, false);
	assert_int_equal(questions(&m), 0);
	sim_run(&m, 28 * SEC);
	assert_int_equal(questions(&m), 0);
	sim_run(&m, 4 * SEC);
	assert_in_range(questions(&m), 2, 4);		/* both ends may have asked at once */
	sim_run(&m, 24 * SEC);
	assert_in_range(questions(&m), 2, 4);
	sim_fini(&m);
}

/* 20 s after its last datagram, who sits behind a translator says one octet, and only who sits there. */
static void
keepalives(void **state)
{
	struct sim m;

	up(&m, 202, true);
	sim_run(&m, 18 * SEC);
	assert_int_equal(m.s[A].keepalives, 0);
	sim_run(&m, 3 * SEC);
	assert_int_equal(m.s[A].keepalives, 1);
	sim_run(&m, 100 * SEC);
	assert_in_range(m.s[A].keepalives, 3, 6);
	assert_int_equal(m.s[B].keepalives, 0);
	sim_fini(&m);
	up(&m, 203, false);
	sim_run(&m, 100 * SEC);
	assert_int_equal(m.s[A].keepalives + m.s[B].keepalives, 0);
	sim_fini(&m);
}

/* Soft: 85 % less 0-10 % for the SA's initiator, 95 % for the other; hard: 110 %. */
static void
lifetimes(void **state)
{
	uint64_t least = UINT64_MAX, most = 0;

	for (unsigned seed = 0; seed < 20; seed++) {
		struct toy_child *a, *b;
		struct sim m;

		up(&m, 300 + seed, false);
		a = toy_newest(&m.s[A], 0);
		b = toy_newest(&m.s[B], 0);
		assert_in_range(a->soft_s, 1500, 1700);
		least = a->soft_s < least ? a->soft_s : least;
		most = a->soft_s > most ? a->soft_s : most;
		assert_int_equal(b->soft_s, 1900);
		assert_int_equal(a->hard_s, 2200);
		assert_int_equal(b->hard_s, 2200);
		sim_run(&m, 745 * SEC);			/* the IKE SA: 750 to 850 s */
		assert_int_equal(m.s[A].sent[EX_CREATE_CHILD_SA & 3] + m.s[B].sent[EX_CREATE_CHILD_SA & 3], 0);
		sim_run(&m, 107 * SEC);
		assert_int_equal(m.s[A].sent[EX_CREATE_CHILD_SA & 3], 1);
		assert_int_equal(m.s[B].sent[EX_CREATE_CHILD_SA & 3], 1);
		sim_fini(&m);
	}
	assert_true(most - least > 50);			/* it is spread */
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(liveness), cmocka_unit_test(keepalives), cmocka_unit_test(lifetimes) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
