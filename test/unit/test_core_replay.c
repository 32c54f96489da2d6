/* SPDX-License-Identifier: BSD-2-Clause */
/* The anti-replay window by itself: against a plain set of numbers, at its edges, and across 2^32 (RFC 4303 A2). */
#include "test.h"

#include "core.h"

static struct cw_replay
window(uint32_t w, uint64_t top)
{
	struct cw_replay r;

	assert_true(cw_replay_init(&r, w));
	if (top)
		cw_replay_update(&r, top);
	return r;
}

static void
edges(void **state)
{
	static const uint32_t sizes[] = { 32, 64, 65, 127, 128, 1000, 4096 };

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint32_t w = sizes[i];
		struct cw_replay r = window(w, 10000);

		assert_int_equal(cw_replay_check(&r, 0), CW_DROP_SEQUENCE_ZERO);
		assert_int_equal(cw_replay_check(&r, 10000), CW_DROP_REPLAY_DUPLICATE);
		assert_int_equal(cw_replay_check(&r, 10000 - w), CW_DROP_REPLAY_OLD);
		assert_int_equal(cw_replay_check(&r, 10000 - w + 1), CW_DROP_NONE);
		cw_replay_update(&r, 10000 - w + 1);
		assert_int_equal(cw_replay_check(&r, 10000 - w + 1), CW_DROP_REPLAY_DUPLICATE);
		assert_int_equal(cw_replay_check(&r, 10001), CW_DROP_NONE);
		cw_replay_update(&r, 10001);	/* the oldest falls out */
		assert_int_equal(cw_replay_check(&r, 10000 - w + 1), CW_DROP_REPLAY_OLD);
		cw_replay_fini(&r);
	}
}

/* Random steps forth and back against the definition: seen, or too far below the highest. */
static void
against_a_set(void **state)
{
	static uint8_t seen[300000];
	uint64_t x = 88172645463325252ull;

	for (uint32_t w = 32; w <= 4096; w = w * 3 / 2) {
		struct cw_replay r = window(w, 0);
		uint64_t top = 0;

		memset(seen, 0, sizeof(seen));
		for (unsigned i = 0; i < 20000; i++) {
			uint64_t seq;
			unsigned want;

			x ^= x << 13, x ^= x >> 7, x ^= x << 17;
			seq = x % 16 == 0 ? top + x / 16 % (w * 2) : top > w ? top - w - 2 + x / 16 % (w + 8) : 1 + x / 16 % (w * 2);
			if (seq == 0 || seq >= sizeof(seen))
				break;
			want = seq <= top && top - seq >= w ? CW_DROP_REPLAY_OLD : seen[seq] ? CW_DROP_REPLAY_DUPLICATE : CW_DROP_NONE;
			assert_int_equal(cw_replay_check(&r, seq), want);
			if (want == CW_DROP_NONE) {
				cw_replay_update(&r, seq);
				seen[seq] = 1;
				if (seq > top)
					top = seq;
			}
		}
		assert_true(top > w);
		cw_replay_fini(&r);
	}
}

static void
infer_over_2_32(void **state)
{
	static const struct { uint64_t top; uint32_t low; bool ok; uint64_t seq; } t[] = {	/* window 64 */
		{ 0, 1, true, 1 },
		{ 0, 0xffffffff, false, 0 },			/* before the first packet */
		{ 10, 0xffffffff, false, 0 },
		{ 0xfffffff0, 0xffffffff, true, 0xffffffff },
		{ 0xffffffff, 0, true, 0x100000000 },		/* the crossing */
		{ 0xffffffff, 5, true, 0x100000005 },
		{ 0x100000000, 0xffffffff, true, 0xffffffff },	/* late, from before it */
		{ 0x100000003, 0xffffffc4, true, 0xffffffc4 },	/* the oldest inside */
		{ 0x100000003, 0xffffffc3, true, 0x1ffffffc3 },	/* outside: taken for one far ahead, its ICV decides */
		{ 0x10000003e, 0xffffffff, true, 0xffffffff },
		{ 0x10000003f, 0xffffffff, true, 0x1ffffffff },
		{ 0x1ffffffff, 0, true, 0x200000000 },
		{ 0xffffffffffffffff, 1, false, 0 },		/* there is nothing above */
		{ 0xffffffffffffffff, 0xfffffffe, true, 0xfffffffffffffffe },
	};

	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct cw_replay r = window(64, t[i].top);
		uint64_t seq = 0;

		assert_int_equal(cw_replay_infer(&r, true, t[i].low, &seq), t[i].ok);
		if (t[i].ok && seq != t[i].seq)
			fail_msg("row %u: %llx", i, (unsigned long long)seq);
		cw_replay_fini(&r);
	}
}

static void
crossing_packet_by_packet(void **state)
{
	struct cw_replay r = window(128, 0xffffff00);
	uint64_t seq, n = 0;

	for (uint64_t want = 0xffffff01; want < 0x100000200; want++) {
		assert_true(cw_replay_infer(&r, true, (uint32_t)want, &seq));
		assert_true(seq == want);
		assert_int_equal(cw_replay_check(&r, seq), CW_DROP_NONE);
		cw_replay_update(&r, seq);
		assert_int_equal(cw_replay_check(&r, seq), CW_DROP_REPLAY_DUPLICATE);
		n++;
	}
	assert_int_equal(n, 0x2ff);
	cw_replay_fini(&r);
}

static void
off(void **state)
{
	struct cw_replay r = window(0, 0);
	uint64_t seq;

	cw_replay_update(&r, 5);
	assert_int_equal(cw_replay_check(&r, 5), CW_DROP_NONE);
	assert_true(cw_replay_infer(&r, false, 3, &seq));
	assert_true(seq == 3);
	assert_int_equal(cw_replay_check(&r, 0), CW_DROP_SEQUENCE_ZERO);
	cw_replay_fini(&r);
}

/* A jump of any size clears what it has to, also by more than the ring is long. */
static void
jumps(void **state)
{
	for (uint64_t jump = 1; jump < 1000; jump++) {
		struct cw_replay r = window(64, 0);

		for (uint64_t i = 1; i <= 200; i++)
			cw_replay_update(&r, i);
		cw_replay_update(&r, 200 + jump);
		for (uint64_t i = 201; i < 200 + jump; i++)
			assert_int_equal(cw_replay_check(&r, i), 200 + jump - i >= 64 ? CW_DROP_REPLAY_OLD : CW_DROP_NONE);
		cw_replay_fini(&r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edges), cmocka_unit_test(against_a_set), cmocka_unit_test(infer_over_2_32),
		cmocka_unit_test(crossing_packet_by_packet), cmocka_unit_test(off), cmocka_unit_test(jumps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
