/* SPDX-License-Identifier: BSD-2-Clause */
/* The strict YAML reader: what it refuses, where it says so, and how members are read. */
#include "test.h"

#include "yamltree.h"

static void
refuse(const char *text, enum reason reason, unsigned line, unsigned column)
{
	struct yt yt;

	assert_false(yt_read(&yt, text, strlen(text)));
	if (yt.err.reason != reason || yt.err.line != line || yt.err.column != column)
		fail_msg("'%s': got %s at %u:%u (%s)", text, reason_row(yt.err.reason)->name, yt.err.line, yt.err.column, yt.err.message);
	assert_true(yt.err.message[0]);
	assert_non_null(strchr(yt.err.excerpt, '^'));
	yt_free(&yt);
}

static void
test_refused(void **state)
{
	(void)state;
	refuse("", R_YAML_TRUNCATED, 1, 1);
	refuse("# nothing\n", R_YAML_TRUNCATED, 1, 10);
	refuse("a: 1\nb: [1, 2\n", R_YAML_TRUNCATED, 2, 9);
	refuse("a: \"x\n", R_YAML_TRUNCATED, 1, 6);
	refuse("a: 1\nsit", R_YAML_TRUNCATED, 2, 4);
	refuse("a: 1\na: 2\n", R_KEY_DUPLICATE, 2, 1);
	refuse("b: {c: 1, d: 2, c: 3}\n", R_KEY_DUPLICATE, 1, 17);
	refuse("a: &x 1\n", R_YAML_FORBIDDEN, 1, 4);
	refuse("a: [*x]\n", R_YAML_FORBIDDEN, 1, 5);
	refuse("*x : 1\n", R_YAML_FORBIDDEN, 1, 1);
	refuse("a: !!str x\n", R_YAML_FORBIDDEN, 1, 4);
	refuse("a: ! x\n", R_YAML_FORBIDDEN, 1, 4);
	refuse("a: !x [1]\n", R_YAML_FORBIDDEN, 1, 4);
	refuse("a: &x {b: 1}\n", R_YAML_FORBIDDEN, 1, 4);
	refuse("<<: 1\n", R_YAML_FORBIDDEN, 1, 1);
	refuse("%TAG ! tag:x,2000:\n---\na: 1\n", R_YAML_FORBIDDEN, 1, 1);
	refuse("a: 1\n---\nb: 2\n", R_YAML_SYNTAX, 2, 1);
	refuse("a: 1\n b: 2\nc: 3\n", R_YAML_SYNTAX, 2, 3);
	refuse("a: \"\\0\"\n", R_YAML_SYNTAX, 1, 4);
	refuse("? [a]\n: b\n", R_YAML_SYNTAX, 1, 3);
	refuse("a: \xff\n", R_YAML_SYNTAX, 1, 4);
	refuse("\t- a\n", R_YAML_SYNTAX, 1, 1);
	refuse("[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]\n", R_YAML_SYNTAX, 1, 18);
}

static void
test_tree(void **state)
{
	static const char text[] = "# head\nversion: 1\nlist: [a, 'b c', \"d\"]\nmap:\n  x: \xc3\xbc\n  y: no\n  n: 010\n  m: 12\n";
	static const char *const keys[] = { "version", "list", "map", NULL };
	const struct yt_node *list, *map;
	struct yt yt;

	(void)state;
	assert_true(yt_read(&yt, text, strlen(text)));
	assert_int_equal(yt.root->kind, YT_MAP);
	assert_true(yt_only(&yt, yt.root, keys));
	assert_string_equal(yt_scalar(&yt, yt.root, "version", YT_MUST), "1");
	list = yt_get_kind(&yt, yt.root, "list", YT_LIST, YT_MUST);
	assert_int_equal(list->n, 3);
	assert_string_equal(list->child->next->text, "b c");
	assert_int_equal(list->child->next->line, 3);
	assert_int_equal(list->child->next->column, 11);
	map = yt_get_kind(&yt, yt.root, "map", YT_MAP, YT_MUST);
	assert_string_equal(yt_scalar(&yt, map, "y", YT_MUST), "no");
	assert_null(yt_get(&yt, map, "z", YT_MAY));
	assert_int_equal(yt_number(&yt, map, "m", 1, 20, 5), 12);
	assert_int_equal(yt_number(&yt, map, "absent", 1, 20, 5), 5);
	assert_int_equal(yt.err.reason, R_OK);
	assert_int_equal(yt_number(&yt, map, "n", 1, 20, 5), 5);	/* never octal */
	assert_int_equal(yt.err.reason, R_VALUE_INVALID);
	assert_int_equal(yt.err.line, 7);
	yt_free(&yt);
}

static void
wrong(const char *text, enum reason reason, const char *message, const char *hint)
{
	static const char *const keys[] = { "policy", "between", "start", NULL };
	struct yt yt;

	assert_true(yt_read(&yt, text, strlen(text)));
	assert_false(yt_only(&yt, yt.root, keys) && yt_scalar(&yt, yt.root, "policy", YT_MUST) && yt_number(&yt, yt.root, "start", 1, 9, 0));
	assert_int_equal(yt.err.reason, reason);
	assert_non_null(strstr(yt.err.message, message));
	assert_non_null(strstr(yt.err.hint, hint));
	yt_free(&yt);
}

static void
test_members(void **state)
{
	(void)state;
	wrong("polcy: x\n", R_KEY_UNKNOWN, "'polcy'", "Did you mean 'policy'?");
	wrong("bewteen: x\n", R_KEY_UNKNOWN, "'bewteen'", "Did you mean 'between'?");
	wrong("zzzzzz: x\n", R_KEY_UNKNOWN, "'zzzzzz'", "Known keys here: policy, between, start.");
	wrong("- a\n", R_VALUE_INVALID, "not a list", "");
	wrong("start: 1\n", R_KEY_MISSING, "'policy'", "");
	wrong("policy: [a]\n", R_VALUE_INVALID, "'policy' must be a single value", "");
	wrong("policy:\n", R_VALUE_INVALID, "'policy' has no value", "");
	wrong("policy: x\nstart: 10\n", R_VALUE_INVALID, "from 1 to 9", "");
	wrong("policy: x\nstart: 99999999999999999999999\n", R_VALUE_INVALID, "from 1 to 9", "");
	wrong("policy: x\nstart: -1\n", R_VALUE_INVALID, "from 1 to 9", "");
}

static void
test_excerpt(void **state)
{
	char text[600];
	struct yt yt;

	(void)state;
	assert_false(yt_read(&yt, "\xc3\xa4: 1\nkey: &x 1\n", 16));
	assert_string_equal(yt.err.excerpt, "key: &x 1\n     ^");
	yt_free(&yt);
	memset(text, 'x', sizeof(text));
	memcpy(text + 500, ": &a y\n", 8);
	assert_false(yt_read(&yt, text, strlen(text)));		/* the window moves with the column */
	assert_int_equal(yt.err.column, 503);
	assert_true(strlen(yt.err.excerpt) < YT_EXCERPT);
	assert_int_equal(strrchr(yt.err.excerpt, '^') - strchr(yt.err.excerpt, '\n'), 1 + (strstr(yt.err.excerpt, "&a") - yt.err.excerpt));
	yt_free(&yt);
}

/* Every beginning of a text is read without a fault: a smaller text or an error with a place. */
static void
test_truncation(void **state)
{
	static const char text[] = "version: 1\nsites:\n  a: {address: 1.2.3.4, networks: [10.0.0.0/8]}\ntunnels:\n  \"a-b\":\n    - 'x y'\n    - |\n      text\n";

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++) {
		char *copy = malloc(n + 1);	/* exact, so that ASan sees a read behind it */
		struct yt yt;

		memcpy(copy, text, n);
		if (!yt_read(&yt, copy, n)) {
			assert_int_not_equal(yt.err.reason, R_OK);
			assert_true(yt.err.line > 0 && yt.err.column > 0);
		}
		yt_free(&yt);
		free(copy);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused), cmocka_unit_test(test_tree), cmocka_unit_test(test_members),
		cmocka_unit_test(test_excerpt), cmocka_unit_test(test_truncation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
