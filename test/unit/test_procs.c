/* SPDX-License-Identifier: BSD-2-Clause */
/* causewayd's lines as JSON: each member, what is missing, lines that are none, and every truncation. */
#include "test.h"

#include "procs.h"

static const char lines[] = "causewayd pid=1 state=ready since=2026-01-01T00:00:00Z version=1.2 restarts=0 last_exit=none\n"
    "iked pid=77 state=down since=2026-01-01T00:00:01Z restarts=12 last_exit=signal:SEGV\n"
    "engine serves=user module=loaded\n";

static void
is(const char *text, const char *want)
{
	json_t *j = procs_json(text);
	char *got = json_dumps(j, JSON_COMPACT);

	assert_string_equal(got, want);
	free(got);
	json_decref(j);
}

static void
test_lines(void **state)
{
	(void)state;
	is(NULL, "[]");
	is("", "[]");
	is("\n\n", "[]");
	is(lines, "[{\"program\":\"causewayd\",\"pid\":1,\"state\":\"ready\",\"since\":\"2026-01-01T00:00:00Z\",\"version\":\"1.2\",\"restarts\":0,\"last_exit\":null},"
	    "{\"program\":\"iked\",\"pid\":77,\"state\":\"down\",\"since\":\"2026-01-01T00:00:01Z\",\"version\":null,\"restarts\":12,\"last_exit\":\"signal:SEGV\"}]");
	is("iked pid=7", "[{\"program\":\"iked\",\"pid\":7,\"state\":null,\"since\":null,\"version\":null,\"restarts\":null,\"last_exit\":null}]");
	is("iked xpid=9 pid=7 pidx=8", "[{\"program\":\"iked\",\"pid\":7,\"state\":null,\"since\":null,\"version\":null,\"restarts\":null,\"last_exit\":null}]");
	is("iked pid=7a restarts=4294967296 state=", "[{\"program\":\"iked\",\"pid\":null,\"state\":null,\"since\":null,\"version\":null,\"restarts\":null,\"last_exit\":null}]");
	is("IKED pid=7\npid=7\n pid=7\niked pid=\n", "[]");
}

static void
test_truncated(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof(lines); n++) {
		char *exact = malloc(n + 1);
		json_t *j;

		memcpy(exact, lines, n);
		exact[n] = '\0';
		j = procs_json(exact);
		assert_true(json_array_size(j) <= 2);
		json_decref(j);
		free(exact);
	}
	is("iked pid=7 state=\xff\nkeymgr pid=8 state=ready\n", "[{\"program\":\"iked\",\"pid\":7,\"state\":null,\"since\":null,\"version\":null,\"restarts\":null,\"last_exit\":null},"
	    "{\"program\":\"keymgr\",\"pid\":8,\"state\":\"ready\",\"since\":null,\"version\":null,\"restarts\":null,\"last_exit\":null}]");
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_lines), cmocka_unit_test(test_truncated) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
