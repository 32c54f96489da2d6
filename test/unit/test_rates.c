/* SPDX-License-Identifier: BSD-2-Clause */
/* Rates: what is kept of counters that only grow, by a clock that the test sets. */
#include "test.h"

#include "rates.h"

#include <stdio.h>
#include <stdlib.h>

static struct rates r;
static uint64_t now_ms = 1000000;

/* A look at children 1 to n, each with the same totals. */
static void
look(uint64_t ms, bool minute, uint32_t n, uint64_t in, uint64_t out)
{
	now_ms += ms;
	assert_true(rates_begin(&r, now_ms, minute, n));
	for (uint32_t i = 1; i <= n; i++)
		rates_take(&r, i, (const uint64_t[RATE_KINDS]) { in, out, in / 1000, out / 1000 });
	rates_end(&r);
}

static void
samples(const struct rates_child *c, unsigned tier, uint64_t (*v)[RATE_KINDS])
{
	memset(v, 0, 372 * sizeof(*v));
	rates_add(&r, c, tier, v);
}

static void
test_pack(void **state)
{
	(void)state;
	for (uint64_t v = 0; v < 2048; v++)
		assert_int_equal(rates_unpack(rates_pack(v)), v);
	for (uint64_t v = 2047; v < UINT64_MAX / 3; v = v * 3 + 1) {
		uint64_t back = rates_unpack(rates_pack(v)), off = back > v ? back - v : v - back;

		assert_true(off <= v / 2048);
	}
	assert_int_equal(rates_unpack(rates_pack(4095)), 4096);		/* rounding makes it longer */
	assert_true(rates_unpack(rates_pack(UINT64_MAX)) >= UINT64_MAX / 2);
}

static void
test_live(void **state)
{
	(void)state;
	look(0, false, 2, 500000, 0);
	assert_false(rates_of(&r, 1)->live);
	look(1000, false, 2, 600000, 0);
	assert_false(rates_of(&r, 1)->live);		/* too short a time to say anything */
	look(4000, false, 2, 1000000, 10000);
	assert_true(rates_of(&r, 2)->live);
	assert_int_equal(rates_of(&r, 2)->per_s[RATE_BYTES_IN], 100000);
	assert_int_equal(rates_of(&r, 2)->per_s[RATE_BYTES_OUT], 2000);
	assert_int_equal(rates_of(&r, 2)->per_s[RATE_PACKETS_IN], 100);
	assert_int_equal(r.whole.per_s[RATE_BYTES_IN], 200000);
	look(5000, false, 1, 900000, 10000);		/* a total that shrank is no traffic */
	assert_int_equal(rates_of(&r, 1)->per_s[RATE_BYTES_IN], 0);
	assert_null(rates_of(&r, 2));
	assert_null(rates_of(&r, 0));
}

/* When packets were last seen: of each way by itself, of a child that is new, and of what was counted before anybody looked. */
static void
test_last(void **state)
{
	uint64_t ago;

	(void)state;
	look(0, false, 1, 500000, 500000);
	assert_false(rates_last(rates_of(&r, 1), RATE_PACKETS_IN, now_ms, &ago));	/* before spdsync began */
	look(1000, false, 1, 501000, 500000);
	assert_true(rates_last(rates_of(&r, 1), RATE_PACKETS_IN, now_ms + 1500, &ago));
	assert_int_equal(ago, 1500);
	assert_false(rates_last(rates_of(&r, 1), RATE_PACKETS_OUT, now_ms, &ago));
	look(60000, true, 2, 501000, 501000);
	assert_true(rates_last(rates_of(&r, 1), RATE_PACKETS_IN, now_ms, &ago));
	assert_int_equal(ago, 60000);
	assert_true(rates_last(rates_of(&r, 1), RATE_PACKETS_OUT, now_ms, &ago));
	assert_int_equal(ago, 0);
	assert_true(rates_last(rates_of(&r, 2), RATE_PACKETS_IN, now_ms, &ago));	/* it is new since the last look, with what it carried */
	assert_int_equal(ago, 0);
	look(5000, false, 2, 0, 0);							/* an engine that began anew */
	look(5000, false, 2, 1000, 0);
	assert_true(rates_last(rates_of(&r, 1), RATE_PACKETS_IN, now_ms, &ago));
	assert_int_equal(ago, 0);
	assert_true(rates_last(rates_of(&r, 1), RATE_PACKETS_OUT, now_ms, &ago));
	assert_int_equal(ago, 10000);
	assert_false(rates_last(NULL, RATE_PACKETS_IN, now_ms, &ago));
}

/* Packets that go and are not answered: so many, for so long, and until one comes. */
static void
test_unanswered(void **state)
{
	uint64_t n, ago;

	(void)state;
	look(0, false, 1, 7000, 90000);
	look(20000, false, 1, 7000, 90000);
	assert_false(rates_unanswered(rates_of(&r, 1), now_ms, &n, &ago));	/* what was counted before spdsync began */
	look(1000, false, 1, 7000, 94000);
	assert_false(rates_unanswered(rates_of(&r, 1), now_ms + 60000, &n, &ago));	/* four in an hour say nothing */
	look(5000, false, 1, 7000, 95000);
	assert_false(rates_unanswered(rates_of(&r, 1), now_ms + 4999, &n, &ago));	/* the answer may be on its way */
	assert_true(rates_unanswered(rates_of(&r, 1), now_ms + 5000, &n, &ago));
	assert_int_equal(n, 5);
	assert_int_equal(ago, 10000);						/* since the first of them, not the last */
	look(60000, true, 1, 7000, 99000);
	assert_true(rates_unanswered(rates_of(&r, 1), now_ms, &n, &ago));
	assert_int_equal(n, 9);
	look(1000, false, 1, 8000, 150000);					/* one came: they pass both ways */
	assert_false(rates_unanswered(rates_of(&r, 1), now_ms + 60000, &n, &ago));
	look(1000, false, 1, 8000, 156000);
	assert_false(rates_unanswered(rates_of(&r, 1), now_ms, &n, &ago));
	look(10000, false, 1, 8000, 156000);
	assert_true(rates_unanswered(rates_of(&r, 1), now_ms, &n, &ago));
	assert_int_equal(n, 6);
	assert_false(rates_unanswered(NULL, now_ms, &n, &ago));
}

static void
test_tiers(void **state)
{
	uint64_t v[372][RATE_KINDS], total = 0;

	(void)state;
	look(0, true, 1, 0, 0);
	assert_int_equal(rates_count(&r, 0), 0);
	look(60000, true, 1, 0, 0);
	assert_null(rates_of(&r, 1)->ring);		/* nothing came: nothing is kept */
	for (unsigned i = 0; i < 249; i++) {
		total += 60 * (i < 124 ? 100u : 1000u);
		look(60000, true, 1, total, 2 * total);
	}
	assert_int_equal(rates_count(&r, 0), 120);
	assert_int_equal(rates_count(&r, 1), 50);
	assert_int_equal(rates_count(&r, 2), 2);
	samples(rates_of(&r, 1), 0, v);
	assert_int_equal(v[0][RATE_BYTES_IN], 1000);
	assert_int_equal(v[119][RATE_BYTES_OUT], 2000);
	samples(rates_of(&r, 1), 1, v);
	assert_int_equal(v[0][RATE_BYTES_IN], 80);	/* four of the five minutes carried something */
	assert_int_equal(v[1][RATE_BYTES_IN], 100);
	assert_int_equal(v[24][RATE_BYTES_IN], 100);
	assert_int_equal(v[25][RATE_BYTES_IN], 1000);
	samples(rates_of(&r, 1), 2, v);
	assert_int_equal(v[0][RATE_BYTES_IN], 99);
	samples(&r.whole, 0, v);
	assert_int_equal(v[119][RATE_BYTES_IN], 1000);
}

static void
test_missed(void **state)
{
	uint64_t v[372][RATE_KINDS];

	(void)state;
	look(0, true, 1, 0, 0);
	look(10 * 60000 + 400, true, 1, 60 * 10 * 700, 0);	/* the machine slept: the ten minutes share it */
	assert_int_equal(rates_count(&r, 0), 10);
	samples(rates_of(&r, 1), 0, v);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(v[i][RATE_BYTES_IN], 700);
	look(1, true, 1, 60 * 10 * 700, 0);			/* and one that comes early is one */
	assert_int_equal(rates_count(&r, 0), 11);
	look(1000ull * 86400 * 400, true, 1, UINT64_MAX, 0);	/* a year */
	assert_int_equal(rates_count(&r, 2), 372);
}

/* Ten thousand children for 31 days: as much memory as was said, and each has its own numbers. */
static void
test_many(void **state)
{
	uint64_t v[372][RATE_KINDS];
	size_t rings = 0;

	(void)state;
	assert_true(sizeof(struct rates_ring) < 6400);
	for (unsigned m = 0; m < 4; m++) {
		now_ms += 60000;
		assert_true(rates_begin(&r, now_ms, true, 10000));
		for (uint32_t i = 1; i <= 10000; i++)
			rates_take(&r, 2 * i, (const uint64_t[RATE_KINDS]) { i % 2 ? 60ull * i * m : 7, 7, 7, 7 });
		rates_end(&r);
	}
	for (size_t i = 0; i < r.n; i++)
		rings += r.v[i].ring != NULL;
	assert_int_equal(rings, 5000);
	samples(rates_of(&r, 2 * 1001), 0, v);
	assert_int_equal(v[2][RATE_BYTES_IN], 1001);
	assert_null(rates_of(&r, 1001));
}

/* Also after one that failed. */
static int
end(void **state)
{
	(void)state;
	rates_fini(&r);
	return 0;
}

#define T(f)	cmocka_unit_test_teardown(f, end)

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_pack), T(test_live), T(test_last), T(test_unanswered), T(test_tiers), T(test_missed), T(test_many) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
