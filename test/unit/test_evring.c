/* SPDX-License-Identifier: BSD-2-Clause */
/* The ring of events: what is kept, what gives way, and where a reader goes on. */
#include "test.h"

#include "evring.h"

#include <stdio.h>
#include <stdlib.h>

static struct evring ring;

static void
put(unsigned n, size_t octets)
{
	while (n-- > 0) {
		char *text = malloc(octets + 32);

		memset(text, 'x', octets);
		assert_true(evring_put(&ring, text, octets));
	}
}

static void
test_keeps(void **state)
{
	size_t n;

	(void)state;
	evring_init(&ring, 100);
	assert_null(evring_get(&ring, 99, &n));
	assert_null(evring_get(&ring, 100, &n));
	put(3, 10);
	assert_non_null(evring_get(&ring, 100, &n));
	assert_int_equal(n, 10);
	assert_non_null(evring_get(&ring, 102, &n));
	assert_null(evring_get(&ring, 103, &n));
	evring_fini(&ring);
}

static void
test_bounds(void **state)
{
	size_t n;

	(void)state;
	evring_init(&ring, 1);
	put(EVRING_ROWS + 5, 8);
	assert_int_equal(ring.next - ring.first, EVRING_ROWS);
	assert_int_equal(ring.first, 6);
	assert_int_equal(ring.octets, 8 * EVRING_ROWS);
	put(1000, EVRING_TEXT);
	assert_true(ring.octets <= EVRING_OCTETS);
	assert_int_equal(ring.octets, (ring.next - ring.first) * EVRING_TEXT);
	/* Too long: an id without a text. */
	assert_false(evring_put(&ring, malloc(EVRING_TEXT + 1), EVRING_TEXT + 1));
	assert_null(evring_get(&ring, ring.next - 1, &n));
	evring_fini(&ring);
	assert_int_equal(ring.octets, 0);
}

static void
test_resume(void **state)
{
	int64_t lost;

	(void)state;
	evring_init(&ring, 1000);
	put(EVRING_ROWS + 10, 4);	/* 1010 to 1010 + EVRING_ROWS - 1 are here */
	assert_int_equal(evring_resume(&ring, 1009, &lost), 1010);
	assert_int_equal(lost, 0);
	assert_int_equal(evring_resume(&ring, 1500, &lost), 1501);
	assert_int_equal(lost, 0);
	assert_int_equal(evring_resume(&ring, 1004, &lost), 1010);
	assert_int_equal(lost, 5);
	assert_int_equal(evring_resume(&ring, ring.next - 1, &lost), ring.next);
	assert_int_equal(lost, 0);
	assert_int_equal(evring_resume(&ring, ring.next, &lost), 1010);
	assert_int_equal(lost, -1);
	/* The process before: its ids are far below. */
	assert_int_equal(evring_resume(&ring, 3, &lost), 1010);
	assert_int_equal(lost, -1);
	evring_fini(&ring);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keeps), cmocka_unit_test(test_bounds), cmocka_unit_test(test_resume),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
