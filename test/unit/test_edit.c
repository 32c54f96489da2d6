/* SPDX-License-Identifier: BSD-2-Clause */
/* The edit of one tunnel's block in the text: every other octet stays, in awkward texts too; what cannot be told apart is refused. */
#include "test.h"

#include "edit.h"

#define SITES	"version: 1\nsites:\n  a: {address: 1.0.0.1, networks: [10.0.1.0/24]}\n  b: {address: 1.0.0.2, networks: [10.0.2.0/24]}\n" \
		"  c: {address: 1.0.0.3, networks: [10.0.3.0/24]}\n"
#define AC(in)	in "a-c:\n" in "  between: [a, c]\n" in "  auth: {psk: k}\n" in "  policy: modern\n" in "  start: always\n"
#define AB(in)	in "a-b:\n" in "  between: [a, b]\n" in "  auth: {psk: k}\n" in "  policy: modern\n" in "  start: always\n"
#define NEW(in)	in "a-b:\n" in "  between: [a, b]\n" in "  # why\n" in "  auth: {psk: other}\n" in "  policy: modern\n" in "  start: always\n"

static struct sites *
must_read(const char *text)
{
	struct yt_error err;
	struct sites *s = sites_read(text, strlen(text), false, &err);

	if (!s)
		fail_msg("%s at %u:%u: %s\n%s", reason_row(err.reason)->name, err.line, err.column, err.message, text);
	return s;
}

/* The text after the block was put (NULL: removed), or the reason's name. */
static char *
edited(const char *text, const char *name, const char *block)
{
	struct sites *s = must_read(text);
	struct yt_error err;
	struct edit e;
	struct yt yt = { 0 };
	char *out;
	size_t n;

	if (block ? edit_put(&e, &yt, s, text, strlen(text), name, block, strlen(block)) : edit_remove(&e, s, text, strlen(text), name, &err)) {
		out = edit_text(&e, text, strlen(text), &n);
		assert_int_equal(n, strlen(out));
	} else {
		if (block)
			err = yt.err;
		assert_true(err.reason != R_OK && err.message[0]);
		out = strdup(reason_row(err.reason)->name);
	}
	edit_fini(&e);
	yt_free(&yt);
	sites_free(s);
	return out;
}

static void
becomes(const char *text, const char *name, const char *block, const char *want)
{
	char *got = edited(text, name, block);

	assert_string_equal(got, want);
	if (strchr(want, '\n'))
		sites_free(must_read(want));
	free(got);
}

/* Comments and empty lines between blocks belong to nobody; what stands behind the last value goes with it. */
static void
test_comments(void **state)
{
	static const char text[] = SITES "tunnels:   # all of them\n\n  # first\n" AB("  ") "  # second\n\n  # third\n" AC("  ") "  # end\n\n";

	(void)state;
	becomes(text, "a-b", NEW(""), SITES "tunnels:   # all of them\n\n  # first\n" NEW("  ") "  # second\n\n  # third\n" AC("  ") "  # end\n\n");
	becomes(text, "a-b", NULL, SITES "tunnels:   # all of them\n\n  # first\n  # second\n\n  # third\n" AC("  ") "  # end\n\n");
	becomes(text, "a-c", NULL, SITES "tunnels:   # all of them\n\n  # first\n" AB("  ") "  # second\n\n  # third\n  # end\n\n");
	becomes(SITES "tunnels:\n  a-b: # mine\n    between: [a, b] # x\n\n    # inside\n    auth: {psk: k}\n    policy: modern\n    start: always # last\n# left\n" AC("  "), "a-b", NEW(""),
	    SITES "tunnels:\n" NEW("  ") "# left\n" AC("  "));
	becomes(SITES "tunnels:\n" AB("  ") AC("  ") "trust: {}\n# end\n", "a-c", NULL, SITES "tunnels:\n" AB("  ") "trust: {}\n# end\n");
	/* comments of the block itself, also before its name: they get its indentation */
	becomes(SITES "tunnels:\n" AB("  ") AC("  "), "a-b", "# one\n      # two\n\n" NEW("") "  # behind\n\n\n", SITES "tunnels:\n  # one\n  # two\n\n" NEW("  ") "    # behind\n" AC("  "));
}

/* Flow style within a block, names in quotes, lines that are indented less than their own name, values over several lines. */
static void
test_styles(void **state)
{
	(void)state;
	becomes(SITES "tunnels:\n  a-b: {between: [a, b], auth: {psk: k},\npolicy: modern,\n start: always } # x\n" AC("  "), "a-b", NEW(""), SITES "tunnels:\n" NEW("  ") AC("  "));
	becomes(SITES "tunnels:\n  \"a-b\": {between: [a, b], auth: {psk: k}, policy: modern, start: always}\n", "a-b", NEW(""), SITES "tunnels:\n" NEW("  "));
	becomes(SITES "tunnels:\n" AB("  "), "a-b", "'a-b': {between: [a,\n b], auth: {psk: k}, policy: modern, start: always}",
	    SITES "tunnels:\n  'a-b': {between: [a,\n   b], auth: {psk: k}, policy: modern, start: always}\n");
	becomes(SITES "tunnels:\n  a-b:\n    between:\n    - a\n    -\n      b\n    auth:\n      psk: \"k\\\n        \"\n    policy: modern\n    start:\n      always\n" AC("  "), "a-b", NEW(""),
	    SITES "tunnels:\n" NEW("  ") AC("  "));
	becomes("%YAML 1.1\n---\n" SITES "tunnels:\n" AB("  ") "...\n", "a-b", NEW(""), "%YAML 1.1\n---\n" SITES "tunnels:\n" NEW("  ") "...\n");
	becomes("# \xc3\xbc\xe2\x82\xac\n" SITES "tunnels:\n  # \xc3\xa4\n" AB("  ") AC("  "), "a-c", NULL, "# \xc3\xbc\xe2\x82\xac\n" SITES "tunnels:\n  # \xc3\xa4\n" AB("  "));
}

/* The block takes the indentation of the file, whatever its own is. */
static void
test_indent(void **state)
{
	(void)state;
	becomes(SITES "tunnels:\n" AB("      ") AC("      "), "a-b", NEW(""), SITES "tunnels:\n" NEW("      ") AC("      "));
	becomes(SITES "tunnels:\n" AB(" ") AC(" "), "a-b", NEW("       "), SITES "tunnels:\n" NEW(" ") AC(" "));
	becomes(SITES "tunnels:\n" AB("  ") AC("  "), "a-b", NEW("  "), SITES "tunnels:\n" NEW("  ") AC("  "));
	becomes(SITES "tunnels:\n" AB("  ") AC("  "), "a-b", "    a-b: {between: [a,\nb], auth: {psk: k}, policy: modern, start: always}\n", "EDIT_UNSAFE");
}

/* Line ends are the file's, and a last line is ended. */
static void
test_ends(void **state)
{
	static const char crlf[] = "version: 1\r\nsites:\r\n  a: {address: 1.0.0.1, networks: [10.0.1.0/24]}\r\n  b: {address: 1.0.0.2, networks: [10.0.2.0/24]}\r\n"
	    "tunnels:\r\n  # x\r\n  a-b:\r\n    between: [a, b]\r\n    auth: {psk: k}\r\n    policy: modern\r\n    start: always\r\n";

	(void)state;
	becomes(crlf, "a-b", "a-b:\n  between: [b, a]\n  auth: {psk: k}\n  policy: modern\n  start: always", "version: 1\r\nsites:\r\n"
	    "  a: {address: 1.0.0.1, networks: [10.0.1.0/24]}\r\n  b: {address: 1.0.0.2, networks: [10.0.2.0/24]}\r\n"
	    "tunnels:\r\n  # x\r\n  a-b:\r\n    between: [b, a]\r\n    auth: {psk: k}\r\n    policy: modern\r\n    start: always\r\n");
	becomes(SITES "tunnels:\n" AC("  "), "a-c", "a-c:\r\n  between: [a, c]\r\n  auth: {psk: k}\r\n  policy: modern\r\n  start: always", SITES "tunnels:\n" AC("  "));
	becomes(SITES "# a\rtunnels: # b\n" AC("  "), "a-c", NULL, "EDIT_UNSAFE");
	becomes(SITES "# a\xc2\x85tunnels:\n" AC("  "), "a-c", AC(""), "EDIT_UNSAFE");
	becomes(SITES "# a\xe2\x80\xa8tunnels:\n" AC("  "), "a-c", AC(""), "EDIT_UNSAFE");
	becomes(SITES "tunnels:\n" AB("  "), "a-b", "a-b: # \xe2\x80\xa9\n  between: [a, b]\n  auth: {psk: k}\n  policy: modern\n  start: always\n", "EDIT_UNSAFE");
}

/* New ones stand behind the last; the first one, and the last that goes. */
static void
test_new(void **state)
{
	(void)state;
	becomes(SITES "tunnels:\n  # x\n" AC("  ") "# end\n", "a-b", NEW(""), SITES "tunnels:\n  # x\n" AC("  ") NEW("  ") "# end\n");
	becomes(SITES "tunnels:\n" AC("  ") "trust: {}\n", "a-b", NEW(""), SITES "tunnels:\n" AC("  ") NEW("  ") "trust: {}\n");
	becomes("version: 1\ntunnels:\n" AC("  ") "sites:\n  a: {address: 1.0.0.1, networks: [10.0.1.0/24]}\n  b: {address: any, networks: [10.0.2.0/24]}\n  c: {address: any, networks: [10.0.3.0/24]}\n", "a-b", NEW(""),
	    "version: 1\ntunnels:\n" AC("  ") NEW("  ") "sites:\n  a: {address: 1.0.0.1, networks: [10.0.1.0/24]}\n  b: {address: any, networks: [10.0.2.0/24]}\n  c: {address: any, networks: [10.0.3.0/24]}\n");
	becomes(SITES "tunnels:\n  # x\n" AB("    ") "# end\n", "a-b", NULL, SITES "tunnels:\n  # x\n    {}\n# end\n");
	becomes(SITES "tunnels:\n  # x\n    {}\n# end\n", "a-b", NEW(""), SITES "tunnels:\n  # x\n" NEW("    ") "# end\n");
	becomes(SITES "tunnels: {}\n# end\n", "a-b", NEW(""), SITES "tunnels: \n" NEW("  ") "# end\n");
	becomes(SITES "tunnels: { } # none\n", "a-b", NEW(""), SITES "tunnels: \n" NEW("  ") " # none\n");
	becomes(SITES "tunnels: {\n}\n", "a-b", NEW(""), "EDIT_UNSAFE");
}

static void
test_refused(void **state)
{
	static const char text[] = SITES "tunnels:\n" AB("  ") AC("  ");

	(void)state;
	becomes(text, "b-c", NULL, "NOT_FOUND");
	becomes(text, "a-b", AC(""), "VALUE_INVALID");
	becomes(text, "a-b", NEW("") AC(""), "VALUE_INVALID");
	becomes(text, "a-b", "{a-b: {between: [a, b]}}\n", "VALUE_INVALID");
	becomes(text, "a-b", "a-b\n", "VALUE_INVALID");
	becomes(text, "a-b", "", "YAML_TRUNCATED");
	becomes(text, "a-b", "a-b:\n  between: [a, b\n", "YAML_TRUNCATED");
	becomes(text, "a-b", NEW("") "---\n" NEW(""), "YAML_SYNTAX");
	becomes(text, "a-b", "---\n" NEW(""), "EDIT_UNSAFE");
	becomes(text, "a-b", "%YAML 1.1\n---\n" NEW(""), "EDIT_UNSAFE");
	becomes(text, "a-b", NEW("") "...\n", "EDIT_UNSAFE");
	becomes(text, "a-b", "\xef\xbb\xbf" NEW(""), "EDIT_UNSAFE");
	becomes(text, "a-b", "a-b:\n  between: [a, b]\n  policy: |-\n    modern\n", "EDIT_UNSAFE");
	becomes(text, "a-b", "a-b: &x\n  between: [a, b]\n", "YAML_FORBIDDEN");
	becomes(SITES "tunnels: {a-c: {between: [a, c], auth: {psk: k}, policy: modern, start: always}}\n", "a-c", AC(""), "EDIT_UNSAFE");
	becomes(SITES "tunnels: {\n  a-c: {between: [a, c], auth: {psk: k}, policy: modern, start: always}\n  }\n", "a-c", NULL, "EDIT_UNSAFE");
	becomes(SITES "tunnels:\n  ? a-c\n  : {between: [a, c], auth: {psk: k}, policy: modern, start: always}\n", "a-c", AC(""), "EDIT_UNSAFE");
	/* what is written with '|' at a block's end would take in a comment that is left below it */
	becomes(SITES "tunnels:\n  a-b:\n    between: [a, b]\n    auth: {psk: k}\n    policy: modern\n    start: |-\n      always\n" AC("  ") "      # deep\n", "a-c", NULL, "EDIT_UNSAFE");
	becomes(SITES "tunnels:\n  a-b:\n    between: [a, b]\n    auth: {psk: k}\n    policy: modern\n    start: |-\n      always\n\n\n" AC("  ") "      # deep\n", "a-b", NULL,
	    SITES "tunnels:\n" AC("  ") "      # deep\n");
}

#define PART(name)	"--- # file: " name "\n"

/* A directory of files: a block is edited in its own file, a new one stands behind the last. */
static void
test_parts(void **state)
{
	(void)state;
	becomes(PART("a") SITES "tunnels:\n" AB("  ") PART("b") "version: 1\ntunnels:\n" AC("    ") "# end\n", "a-b", NEW(""),
	    PART("a") SITES "tunnels:\n" NEW("  ") PART("b") "version: 1\ntunnels:\n" AC("    ") "# end\n");
	becomes(PART("a") SITES PART("b") "version: 1\ntunnels:\n" AC("    ") "# end\n", "a-b", NEW(""),
	    PART("a") SITES PART("b") "version: 1\ntunnels:\n" AC("    ") NEW("    ") "# end\n");
	becomes(PART("a") SITES "tunnels:\n" AB("  ") PART("b") "version: 1\ntunnels: {\n  a-c: {between: [a, c], auth: {psk: k}, policy: modern, start: always}\n  }\n", "a-c", AC(""), "EDIT_UNSAFE");
	becomes(PART("a") SITES "tunnels:\n" AB("  ") PART("b") "version: 1\ntunnels:\n" AC("  "), "a-c", NULL, PART("a") SITES "tunnels:\n" AB("  ") PART("b") "version: 1\ntunnels:\n");
	becomes(PART("a") SITES "tunnels:\n" AB("  ") PART("b") "version: 1\ntunnels:\n" AC("  "), "a-b", NULL, PART("a") SITES "tunnels:\n" PART("b") "version: 1\ntunnels:\n" AC("  "));
}

static void
test_block(void **state)
{
	static const struct { const char *text, *name, *block; } rows[] = {
		{ SITES "tunnels:\n  # x\n" AB("   ") "   # y\n", "a-b", AB("") },
		{ SITES "tunnels:\n" AB("  ") AC("  "), "a-c", AC("") },
		{ SITES "tunnels:\n  a-b: {between: [a,\n b], auth: {psk: k}, policy: modern, start: always} # x\n", "a-b",
		    "  a-b: {between: [a,\n b], auth: {psk: k}, policy: modern, start: always} # x\n" },
		{ SITES "tunnels:\n  a-b: {between: [a,\n\n   b], auth: {psk: k}, policy: modern, start: always}\n", "a-b",
		    "a-b: {between: [a,\n\n b], auth: {psk: k}, policy: modern, start: always}\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sites *s = must_read(rows[i].text);
		char *got;
		size_t n;

		got = edit_block(sites_find_tunnel(s, rows[i].name), rows[i].text, &n);
		assert_string_equal(got, rows[i].block);
		assert_int_equal(n, strlen(got));
		becomes(rows[i].text, rows[i].name, got, rows[i].text);	/* and put back it is the same file */
		free(got);
		sites_free(s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comments), cmocka_unit_test(test_styles), cmocka_unit_test(test_indent), cmocka_unit_test(test_ends),
		cmocka_unit_test(test_new), cmocka_unit_test(test_refused), cmocka_unit_test(test_block), cmocka_unit_test(test_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
