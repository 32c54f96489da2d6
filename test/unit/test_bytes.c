/* SPDX-License-Identifier: BSD-2-Clause */
/* The byte cursor: both orders, stickiness, sub-cursors, borrowed spans, back-patching. */
#include "test.h"

#include "bytes.h"

static void
test_read(void **state)
{
	static const uint8_t b[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	struct rd r = rd_of(bytes_of(b, sizeof(b)));

	assert_int_equal(rd_u8(&r), 1);
	assert_int_equal(rd_u16(&r), 0x0203);
	assert_int_equal(rd_u32(&r), 0x04050607);
	assert_int_equal(rd_left(&r), 8);
	assert_true(rd_u64(&r) == 0x08090a0b0c0d0e0full);
	assert_true(rd_done(&r));
	r = rd_of(bytes_of(b, sizeof(b)));
	assert_int_equal(rd_le16(&r), 0x0201);
	assert_int_equal(rd_le32(&r), 0x06050403);
	assert_true(rd_le64(&r) == 0x0e0d0c0b0a090807ull);
	assert_true(rd_ok(&r));
	assert_false(rd_done(&r));
}

static void
test_sticky(void **state)
{
	static const uint8_t b[] = { 1, 2, 3 };
	uint8_t out[4] = { 9, 9, 9, 9 };
	struct rd r = rd_of(bytes_of(b, 3)), sub;

	assert_int_equal(rd_u32(&r), 0);
	assert_false(rd_ok(&r));
	assert_int_equal(rd_u8(&r), 0);		/* would fit, but the cursor is bad */
	assert_int_equal(rd_left(&r), 0);
	assert_int_equal(rd_rest(&r).n, 0);
	rd_copy(&r, out, sizeof(out));
	assert_int_equal(out[0] | out[1] | out[2] | out[3], 0);
	sub = rd_sub(&r, 0);
	assert_false(rd_ok(&sub));
	r = rd_of(bytes_of(b, 3));
	rd_fail(&r);
	assert_false(rd_done(&r));
	r = rd_of(bytes_of(NULL, 0));
	assert_true(rd_done(&r));
	assert_int_equal(rd_bytes(&r, 0).n, 0);
	assert_true(rd_ok(&r));
	assert_int_equal(rd_bytes(&r, SIZE_MAX).n, 0);
	assert_false(rd_ok(&r));
}

static void
test_sub(void **state)
{
	static const uint8_t b[] = { 1, 2, 3, 4 };
	struct rd r = rd_of(bytes_of(b, 4)), sub = rd_sub(&r, 2);

	assert_int_equal(rd_u16(&sub), 0x0102);
	assert_int_equal(rd_u8(&sub), 0);	/* the parent has more, the child not */
	assert_false(rd_ok(&sub));
	assert_true(rd_ok(&r));
	assert_int_equal(rd_u16(&r), 0x0304);
	sub = rd_sub(&r, 1);
	assert_false(rd_ok(&sub));
	assert_false(rd_ok(&r));
}

static void
test_write(void **state)
{
	static const uint8_t want[] = { 1, 0, 9, 2, 3, 4, 5, 6, 7, 5, 4, 3, 2, 8 };
	uint8_t b[14];
	struct wr w = wr_of(b, sizeof(b));
	size_t at;

	wr_u8(&w, 1);
	at = wr_mark16(&w);
	wr_u16(&w, 0x0203);
	wr_u32(&w, 0x04050607);
	wr_le32(&w, 0x02030405);
	wr_set16(&w, at, 9);
	wr_span(&w, bytes_of("\x08", 1));
	assert_true(wr_ok(&w));
	assert_true(bytes_eq(wr_bytes(&w), bytes_of(want, sizeof(want))));
	wr_mem(&w, NULL, 0);
	assert_true(wr_ok(&w));
	wr_u8(&w, 1);
	assert_false(wr_ok(&w));
	assert_int_equal(wr_bytes(&w).n, 0);
	assert_null(wr_room(&w, 0));
}

static void
test_patch(void **state)
{
	uint8_t b[4];
	struct wr w = wr_of(b, 4);
	size_t at = wr_mark16(&w);

	wr_set16(&w, at, 0x10000);		/* a length that does not fit */
	assert_false(wr_ok(&w));
	w = wr_of(b, 4);
	wr_u16(&w, 0);
	wr_set16(&w, 1, 1);			/* beyond what was written */
	assert_false(wr_ok(&w));
	w = wr_of(b, 1);
	wr_u16(&w, 1);
	assert_false(wr_ok(&w));
	wr_u8(&w, 1);				/* would fit, but the cursor is bad */
	assert_int_equal(w.n, 0);
}

static void
test_eq(void **state)
{
	assert_true(bytes_eq(bytes_of(NULL, 0), bytes_of("x", 0)));
	assert_true(bytes_eq(bytes_of("ab", 2), bytes_of("ab", 2)));
	assert_false(bytes_eq(bytes_of("ab", 2), bytes_of("ac", 2)));
	assert_false(bytes_eq(bytes_of("ab", 2), bytes_of("ab", 1)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_sticky),
		cmocka_unit_test(test_sub),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_patch),
		cmocka_unit_test(test_eq),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
