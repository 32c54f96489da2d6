/* SPDX-License-Identifier: BSD-2-Clause */
/* Differences of texts: known ones, and random ones, which are right when patch(1)'s rules make the second text of the first. */
#include "test.h"

#include "textdiff.h"

static void
expect(const char *a, const char *b, const char *diff)
{
	char *d = text_diff(a, strlen(a), b, strlen(b));

	assert_non_null(d);
	assert_string_equal(d, diff);
	free(d);
}

static void
test_known(void **state)
{
	(void)state;
	expect("", "", "");
	expect("a\nb\n", "a\nb\n", "");
	expect("", "a\n", "@@ -0,0 +1,1 @@\n+a\n");
	expect("a\n", "", "@@ -1,1 +0,0 @@\n-a\n");
	expect("a\nb\nc\n", "a\nx\nc\n", "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n");
	expect("a\n", "a", "@@ -1,1 +1,1 @@\n-a\n+a\n\\ No newline at end of file\n");
	/* Two places that are far apart are two hunks; near ones are one. */
	expect("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1x\n2\n3\n4\n5\n6\n7\n8\n9x\n",
	    "@@ -1,4 +1,4 @@\n-1\n+1x\n 2\n 3\n 4\n@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-9\n+9x\n");
	expect("1\n2\n3\n4\n5\n6\n7\n", "1x\n2\n3\n4\n5\n6\n7x\n", "@@ -1,7 +1,7 @@\n-1\n+1x\n 2\n 3\n 4\n 5\n 6\n-7\n+7x\n");
}

/* What a hunk says of a is copied or left out, what it says of b is written: the rules of "diff -u". */
static char *
patch(const char *a, const char *diff)
{
	char *out = calloc(1, strlen(a) + strlen(diff) + 1), *at = out;
	size_t line = 1;

	while (*diff) {
		size_t start, count, n = strcspn(diff, "\n") + 1;

		if (*diff == '@') {
			assert_int_equal(sscanf(diff, "@@ -%zu,%zu", &start, &count), 2);
			for (start += count == 0; line < start; line++) {
				size_t k = strcspn(a, "\n") + 1;

				memcpy(at, a, k);
				at += k;
				a += k;
			}
		} else {
			if (*diff != '+') {
				assert_memory_equal(a, diff + 1, n - 1);
				a += n - 1;
				line++;
			}
			if (*diff != '-') {
				memcpy(at, diff + 1, n - 1);
				at += n - 1;
			}
		}
		diff += n;
	}
	strcpy(at, a);
	return out;
}

static void
random_text(char *out, unsigned lines, unsigned letters)
{
	for (unsigned i = 0; i < lines; i++)
		out += sprintf(out, "%c\n", (int)('a' + (unsigned)rand() % letters));
	*out = '\0';
}

static void
test_random(void **state)
{
	(void)state;
	srand(1);
	for (unsigned i = 0; i < 20000; i++) {
		char a[128], b[128], *d, *back;

		random_text(a, (unsigned)rand() % 20, 1 + (unsigned)rand() % 5);
		random_text(b, (unsigned)rand() % 20, 1 + (unsigned)rand() % 5);
		d = text_diff(a, strlen(a), b, strlen(b));
		assert_non_null(d);
		back = patch(a, d);
		assert_string_equal(back, b);
		free(back);
		free(d);
	}
}

/* Too much differs: it is still right, and does not take for ever. */
static void
test_large(void **state)
{
	const unsigned lines = 60000;
	char *a = malloc(lines * 8 + 1), *b = malloc(lines * 8 + 1), *x = a, *y = b, *d, *back;

	(void)state;
	for (unsigned i = 0; i < lines; i++) {
		x += sprintf(x, "%u\n", i);
		y += sprintf(y, "%u\n", i % 3 ? i : i + 100000);
	}
	d = text_diff(a, strlen(a), b, strlen(b));
	assert_non_null(d);
	back = patch(a, d);
	assert_string_equal(back, b);
	free(back);
	free(d);
	free(a);
	free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_known), cmocka_unit_test(test_random), cmocka_unit_test(test_large) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
