/* SPDX-License-Identifier: BSD-2-Clause */
/* The message-id window and the timers alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "clock.h"
#include "sa/timer.h"
#include "sa/window.h"

static void
test_ours(void **state)
{
	/* contracts, "Timers" */
	static const uint64_t at_ms[WINDOW_TRIES] = { 500, 1000, 2000, 4000, 8000, 16000, 32000 };
	struct window w = { 0 };
	struct bytes b = bytes_of("request", 7);

	assert_int_equal(window_resend_at(&w), UINT64_MAX);
	assert_false(window_is_response(&w, 0));
	assert_false(window_send(&w, bytes_of(NULL, 0), 1, 0));
	assert_true(window_send(&w, b, b.n, 10 * NS_PER_S));
	assert_false(window_send(&w, b, b.n, 10 * NS_PER_S));	/* one at a time */
	for (unsigned i = 0; i < WINDOW_TRIES; i++) {
		assert_int_equal(window_resend_at(&w), 10 * NS_PER_S + at_ms[i] * NS_PER_MS);
		assert_true(bytes_eq(window_resend(&w), b));
	}
	assert_int_equal(window_resend_at(&w), 74 * NS_PER_S);
	assert_int_equal(window_resend(&w).n, 0);		/* dead */
	assert_false(window_is_response(&w, 1));
	assert_true(window_is_response(&w, 0));
	window_response(&w);
	assert_false(window_is_response(&w, 0));
	assert_true(window_send(&w, b, b.n, 0));
	assert_true(window_send_again(&w, bytes_of("other", 5), NS_PER_S));
	assert_int_equal(window_resend(&w).n, 5);
	assert_true(window_is_response(&w, 1));
	window_fini(&w);
}

static void
test_theirs(void **state)
{
	struct window w = { 0 };

	assert_int_equal(window_request(&w, 0), WIN_NEW);
	assert_int_equal(window_request(&w, 1), WIN_OUTSIDE);
	assert_int_equal(window_request(&w, UINT32_MAX), WIN_OUTSIDE);
	assert_false(window_answer(&w, bytes_of("a", 1), 1));	/* to nothing */
	window_work(&w);
	assert_int_equal(window_request(&w, 0), WIN_WORKING);	/* a repeat is absorbed */
	assert_true(window_answer(&w, bytes_of("first", 5), 5));
	assert_int_equal(window_request(&w, 0), WIN_REPEAT);
	assert_true(bytes_eq(window_reply(&w), bytes_of("first", 5)));
	assert_int_equal(window_request(&w, 1), WIN_NEW);
	window_work(&w);
	assert_int_equal(window_request(&w, 0), WIN_REPEAT);	/* still kept while the next is worked on */
	assert_true(window_answer(&w, bytes_of("second", 6), 6));
	assert_int_equal(window_request(&w, 0), WIN_OUTSIDE);
	assert_int_equal(window_request(&w, 1), WIN_REPEAT);
	window_fini(&w);
}

static void
fire(struct engine *e, void *arg)
{
}

/* Against a list: set, moved and stopped at random, they always come in order and none is lost. */
static void
test_timers(void **state)
{
	struct timers h = { 0 };
	struct timer t[64] = { { 0 } }, *due;
	unsigned set, r = 1;
	uint64_t last;

	for (unsigned round = 0; round < 200; round++) {
		for (unsigned i = 0; i < 200; i++) {
			r = r * 1103515245 + 12345;
			if (r >> 16 & 3)
				assert_true(timer_set(&h, &t[r >> 20 & 63], r >> 8 & 1023, fire, NULL));
			else
				timer_stop(&h, &t[r >> 20 & 63]);
		}
		set = 0;
		for (unsigned i = 0; i < 64; i++)
			set += t[i].idx != 0;
		assert_int_equal(h.n, set);
		for (last = 0; (due = timer_due(&h, 2000)); last = due->at, set--) {
			assert_true(due->at >= last);
			assert_int_equal(due->idx, 0);
		}
		assert_int_equal(set, 0);
		assert_int_equal(timers_next(&h), UINT64_MAX);
	}
	assert_true(timer_set(&h, &t[0], 5, fire, NULL));
	assert_null(timer_due(&h, 4));
	assert_ptr_equal(timer_due(&h, 5), &t[0]);
	timers_free(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_ours), cmocka_unit_test(test_theirs), cmocka_unit_test(test_timers) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
