/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of reasons, and secrets. */
#include "test.h"

#include "reason.h"
#include "secret.h"

static void
test_rows(void **state)
{
	unsigned found = 0;

	for (unsigned n = 0; n < 65536; n++) {
		const struct reason_row *row = reason_row(n);

		assert_non_null(row);
		if (row->num != n) {
			assert_int_equal(row->num, R_INTERNAL);
			continue;
		}
		found++;
		assert_int_equal(reason_by_name(row->name), n);
		assert_true(strlen(row->sentence) > 5);
		assert_true(row->sentence[strlen(row->sentence) - 1] == '.');
		assert_non_null(row->hint);
	}
	assert_true(found > 80);
	assert_int_equal(reason_by_name("NO_SUCH_REASON"), -1);
	assert_int_equal(reason_by_name("PSK_MISMATCH"), R_PSK_MISMATCH);
	assert_string_equal(reason_row(R_PSK_MISMATCH)->name, "PSK_MISMATCH");
}

static void
test_secret(void **state)
{
	static const uint8_t big[SECRET_CAP + 1] = { 1 };
	struct secret s = { 0 };

	assert_true(secret_set(&s, bytes_of("key", 3)));
	assert_true(secret_eq(&s, bytes_of("key", 3)));
	assert_false(secret_eq(&s, bytes_of("kez", 3)) || secret_eq(&s, bytes_of("ke", 2)));
	assert_true(bytes_eq(secret_bytes(&s), bytes_of("key", 3)));
	assert_false(secret_set(&s, bytes_of(big, sizeof(big))));
	assert_int_equal(s.n, 0);
	assert_int_equal(s.b[0], 0);		/* the old one is gone too */
	assert_true(secret_set(&s, bytes_of(big, SECRET_CAP)));
	secret_wipe(&s);
	for (size_t i = 0; i < sizeof(s.b); i++)
		assert_int_equal(s.b[i], 0);
	assert_true(secret_set(&s, bytes_of(NULL, 0)) && secret_eq(&s, bytes_of(NULL, 0)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows), cmocka_unit_test(test_secret) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
