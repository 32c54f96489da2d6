/* SPDX-License-Identifier: BSD-2-Clause */
/* One tunnel from nothing to up, and every way in which that fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "sim.h"

static void
test_plain(void **state)
{
	struct sim m;
	const char *why;

	sim_init(&m, 1);
	sim_begin(&m);
	assert_true(sim_until(&m, sim_up, 5 * SEC));
	why = sim_check(&m, 1);
	if (why)
		fail_msg("%s", why);
	assert_true(sim_recorded(&m.s[A], R_OK));
	sim_fini(&m);
}

static void
test_child_rekey(void **state)
{
	for (int side = 0; side < 2; side++) {
		struct sim m;
		const char *why;
		uint32_t spi;

		sim_init(&m, 2);
		sim_begin(&m);
		assert_true(sim_until(&m, sim_up, 5 * SEC));
		spi = toy_newest(&m.s[A])->spi_in;
		m.traffic = true;
		m.next_packet = m.now;
		sim_soft(&m, side);
		sim_run(&m, 5 * SEC);
		m.traffic = false;
		why = sim_check(&m, 1);
		if (why)
			fail_msg("%s", why);
		assert_int_not_equal(spi, toy_newest(&m.s[A])->spi_in);
		assert_int_equal(m.esp_lost + m.esp_no_out, 0);
		assert_true(m.esp_ok > 100);
		sim_fini(&m);
	}
}

static void
test_ike_rekey(void **state)
{
	for (int side = 0; side < 2; side++) {
		struct sim m;
		const char *why;

		sim_init(&m, 3);
		sim_begin(&m);
		assert_true(sim_until(&m, sim_up, 5 * SEC));
		sim_command(&m, side, ENGINE_REKEY_SA);
		sim_run(&m, 2 * SEC);
		why = sim_check(&m, 1);
		if (why)
			fail_msg("%s", why);
		assert_int_equal(m.s[side].ndone, 1);
		assert_int_equal(m.s[side].done[0].reason, R_OK);
		sim_soft(&m, !side);
		sim_run(&m, 5 * SEC);
		why = sim_check(&m, 1);
		if (why)
			fail_msg("%s", why);
		sim_fini(&m);
	}
}

static void
test_delete(void **state)
{
	struct engine_census c;
	struct sim m;

	sim_init(&m, 4);
	sim_begin(&m);
	assert_true(sim_until(&m, sim_up, 5 * SEC));
	sim_command(&m, B, ENGINE_DOWN);
	sim_command(&m, A, ENGINE_DOWN);
	sim_run(&m, 10 * SEC);
	for (int i = 0; i < 2; i++) {
		engine_count(m.s[i].e, &c);
		assert_int_equal(c.ike_sas, 0);
		assert_int_equal(c.children, 0);
		assert_int_equal(c.calls, 0);
		assert_int_equal(c.timers, 0);
		assert_int_equal(toy_children(&m.s[i]), 0);
		assert_int_equal(m.s[i].ndone, 1);
		assert_int_equal(m.s[i].done[0].reason, R_OK);
	}
	sim_fini(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_child_rekey),
		cmocka_unit_test(test_ike_rekey),
		cmocka_unit_test(test_delete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
