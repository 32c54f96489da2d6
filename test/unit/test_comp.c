/* SPDX-License-Identifier: BSD-2-Clause */
/* IPComp's DEFLATE: streams made by hand after RFC 1951, both ways over every size, truncations, and the bounds. */
#include "test.h"

#include <zlib.h>

#include "comp.h"

static void
fill(uint8_t *p, size_t n, unsigned kind)
{
	uint32_t r = 12345;

	for (size_t i = 0; i < n; i++) {
		r = r * 1664525 + 1013904223;
		p[i] = (uint8_t)(kind == 0 ? 0xff : kind == 1 ? (uint8_t)"the quick brown fox "[i % 20] : r >> 24);
	}
}

/* Text that repeats gets smaller, noise and what is very small stay as they are; what was made smaller comes back. */
static void
both_ways(void **state)
{
	static uint8_t in[65535], out[65535], back[65535];
	struct comp *c = comp_new();

	assert_non_null(c);
	for (size_t n = 0; n <= sizeof(in); n = n < 1600 ? n + 1 : n * 3 / 2)
		for (unsigned kind = 0; kind < 3; kind++) {
			size_t k;

			fill(in, n, kind);
			k = comp_shrink(c, in, n, out, sizeof(out));
			if (kind == 2 || (k == 0 && n < 60)) {
				assert_int_equal(k, 0);
				continue;
			}
			if (k == 0) {	/* only where too much would come of too little */
				assert_true(n > CW_COMP_FLOOR);
				continue;
			}
			assert_true(k + CW_COMP_HEADER < n);
			assert_int_equal(comp_expand(c, out, k, back, sizeof(back)), n);
			assert_memory_equal(back, in, n);
			assert_int_equal(comp_expand(c, out, k, back, n - 1), 0);	/* one octet too little room */
			assert_int_equal(comp_shrink(c, in, n, out, k - 1), 0);
		}
	comp_free(c);
}

/* RFC 1951 3.2.4 and 3.2.6, and Linux's window: a distance of more than 2^11 is read and never sent. */
static void
by_hand(void **state)
{
	static const uint8_t stored[] = { 1, 3, 0, 0xfc, 0xff, 'a', 'b', 'c' }, fixed[] = { 0x4b, 0x4c, 0x4a, 0x06, 0x00 };
	static uint8_t in[8000], out[8000], back[8000];
	struct comp *c = comp_new();
	z_stream z = { 0 };
	size_t k;

	assert_int_equal(comp_expand(c, stored, sizeof(stored), back, sizeof(back)), 3);
	assert_memory_equal(back, "abc", 3);
	assert_int_equal(comp_expand(c, fixed, sizeof(fixed), back, sizeof(back)), 3);
	assert_memory_equal(back, "abc", 3);
	fill(in, 4000, 2);
	memcpy(in + 4000, in, 4000);
	assert_int_equal(comp_shrink(c, in, sizeof(in), out, sizeof(out)), 0);
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = in;
	z.avail_in = sizeof(in);
	z.next_out = out;
	z.avail_out = sizeof(out);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(comp_expand(c, out, z.total_out, back, sizeof(back)), sizeof(in));
	assert_memory_equal(back, in, sizeof(in));
	deflateEnd(&z);
	fill(in, 1400, 1);
	k = comp_shrink(c, in, 1400, out, sizeof(out));
	assert_int_equal(inflateInit2(&z, -11), Z_OK);
	z.next_in = out;
	z.avail_in = (uInt)k;
	z.next_out = back;
	z.avail_out = sizeof(back);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(z.total_out, 1400);
	inflateEnd(&z);
	comp_free(c);
}

/* Every shorter form is refused, and one with an octet more; the context serves the whole one afterwards. */
static void
truncated(void **state)
{
	uint8_t in[1400], out[1400], back[1400];
	struct comp *c = comp_new();
	size_t k;

	fill(in, sizeof(in), 1);
	k = comp_shrink(c, in, sizeof(in), out, sizeof(out));
	assert_true(k > 20);
	for (size_t n = 0; n < k; n++) {
		uint8_t *cut = malloc(n ? n : 1);	/* ASan watches its end */

		memcpy(cut, out, n);
		assert_int_equal(comp_expand(c, cut, n, back, sizeof(back)), 0);
		free(cut);
	}
	out[k] = 0;
	assert_int_equal(comp_expand(c, out, k + 1, back, sizeof(back)), 0);
	assert_int_equal(comp_expand(c, out, k, back, sizeof(back)), sizeof(in));
	comp_free(c);
}

/* A small packet does not become a large one, however well it is packed. */
static void
ratio(void **state)
{
	static uint8_t in[60000], out[1000], back[65535];
	struct comp *c = comp_new();
	z_stream z = { 0 };

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -11, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = in;
	z.avail_in = sizeof(in);
	z.next_out = out;
	z.avail_out = sizeof(out);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	assert_true(z.total_out * CW_COMP_RATIO < sizeof(in));
	assert_int_equal(comp_expand(c, out, z.total_out, back, sizeof(back)), 0);
	assert_true(comp_was_large(c));
	assert_int_equal(comp_expand(c, out, z.total_out - 1, back, 1), 0);
	assert_true(comp_was_large(c));
	assert_int_equal(comp_expand(c, out, 3, back, sizeof(back)), 0);	/* cut short */
	assert_false(comp_was_large(c));
	assert_int_equal(comp_shrink(c, in, sizeof(in), out, sizeof(out)), 0);	/* nor do we send one */
	deflateEnd(&z);
	comp_free(c);
}

/* Where the saving is less than the header, the payload goes as it is (RFC 3173 2.2): noise with a tail that grows. */
static void
edge(void **state)
{
	uint8_t in[400] = { 0 }, out[500];
	struct comp *c = comp_new();
	unsigned last = 0;

	for (size_t tail = 0; tail < 100; tail++) {
		size_t n = 200 + tail, k;

		fill(in, 200, 2);
		k = comp_shrink(c, in, n, out, sizeof(out));
		assert_true(k == 0 || k + CW_COMP_HEADER < n);
		last += k == 0;
	}
	assert_true(last > 4 && last < 90);
	comp_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways), cmocka_unit_test(by_hand), cmocka_unit_test(truncated), cmocka_unit_test(ratio), cmocka_unit_test(edge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
