/* SPDX-License-Identifier: BSD-2-Clause */
/* The gateway file: what it may say, and that every mistake is named with its place. */
#include "config.h"

#include "test.h"

#include "../../causewayd/conf.h"

static const char whole[] =
    "# A gateway\n"
    "version: 1\n"
    "site: tokyo\n"
    "engine: user\n"
    "listen: {ike: 1500, natt: 14500}\n"
    "log: {level: debug}\n"
    "legacy: true\n"
    "panel: {group: nginx}\n";

static bool
read_text(const char *s, struct conf *c, struct yt_error *e)
{
	return conf_read(c, s, strlen(s), e);
}

static void
test_defaults(void **state)
{
	struct conf c;
	struct yt_error e;

	assert_true(read_text("version: 1\nsite: tokyo\n", &c, &e));
	assert_int_equal(e.reason, R_OK);
	assert_string_equal(c.site, "tokyo");
	assert_int_equal(c.engine, CONF_AUTO);
	assert_int_equal(c.ike_port, 500);
	assert_int_equal(c.natt_port, 4500);
	assert_int_equal(c.level, LOG_INFO);
	assert_false(c.legacy);
	assert_string_equal(c.panel_group, "");
}

static void
test_all(void **state)
{
	struct conf c;
	struct yt_error e;

	assert_true(read_text(whole, &c, &e));
	assert_int_equal(c.engine, CONF_USER);
	assert_string_equal(conf_engine_name(c.engine), "user");
	assert_int_equal(c.ike_port, 1500);
	assert_int_equal(c.natt_port, 14500);
	assert_int_equal(c.level, LOG_DEBUG);
	assert_true(c.legacy);
	assert_string_equal(c.panel_group, "nginx");
	assert_true(read_text("version: 1\nsite: a\nengine: system\nlisten: {natt: 1}\nlegacy: false\nlog: {}\n", &c, &e));
	assert_int_equal(c.engine, CONF_SYSTEM);
	assert_int_equal(c.ike_port, 500);
	assert_int_equal(c.natt_port, 1);
}

static void
test_mistakes(void **state)
{
	static const struct {
		const char	*text;
		enum reason	 reason;
		unsigned	 line, column;
		const char	*words;		/* in the message or the hint */
	} cases[] = {
		{ "version: 1\nsite: a\nengin: user\n", R_KEY_UNKNOWN, 3, 1, "'engine'" },
		{ "version: 1\nsite: a\nsite: b\n", R_KEY_DUPLICATE, 3, 1, "site" },
		{ "version: 1\n", R_KEY_MISSING, 1, 1, "site" },
		{ "site: a\n", R_KEY_MISSING, 1, 1, "version" },
		{ "version: 2\nsite: a\n", R_VALUE_INVALID, 1, 10, "version" },
		{ "version: 1\nsite: Tokyo\n", R_NAME_INVALID, 2, 7, "Tokyo" },
		{ "version: 1\nsite: [a]\n", R_VALUE_INVALID, 2, 7, "site" },
		{ "version: 1\nsite: a\nengine: usr\n", R_VALUE_INVALID, 3, 9, "'user'" },
		{ "version: 1\nsite: a\nlegacy: yes\n", R_VALUE_INVALID, 3, 9, "false, true" },
		{ "version: 1\nsite: a\nlisten: {ike: 0}\n", R_VALUE_INVALID, 3, 15, "ike" },
		{ "version: 1\nsite: a\nlisten: {ike: 65536}\n", R_VALUE_INVALID, 3, 15, "ike" },
		{ "version: 1\nsite: a\nlisten: {ike: 0500}\n", R_VALUE_INVALID, 3, 15, "ike" },
		{ "version: 1\nsite: a\nlisten: {ike: 7, natt: 7}\n", R_VALUE_INVALID, 3, 9, "different" },
		{ "version: 1\nsite: a\nlisten: {nat: 7}\n", R_KEY_UNKNOWN, 3, 10, "'natt'" },
		{ "version: 1\nsite: a\nlisten: 7\n", R_VALUE_INVALID, 3, 9, "listen" },
		{ "version: 1\nsite: a\nlog: {level: loud}\n", R_VALUE_INVALID, 3, 14, "error, warn, info, debug" },
		{ "version: 1\nsite: a\npanel: nginx\n", R_VALUE_INVALID, 3, 8, "panel" },
		{ "version: 1\nsite: a\npanel: {}\n", R_KEY_MISSING, 3, 1, "group" },
		{ "version: 1\nsite: a\npanel: {groop: nginx}\n", R_KEY_UNKNOWN, 3, 9, "'group'" },
		{ "version: 1\nsite: a\npanel: {group: 33}\n", R_VALUE_INVALID, 3, 16, "not a name of a group" },
		{ "version: 1\nsite: a\npanel: {group: \"a:b\"}\n", R_VALUE_INVALID, 3, 16, "not a name of a group" },
		{ "version: 1\nsite: a\npanel: {group: a23456789012345678901234567890123}\n", R_VALUE_INVALID, 3, 16, "at most 32" },
		{ "version: 1\nsite: &x a\n", R_YAML_FORBIDDEN, 2, 7, "" },
		{ "version: 1\nsite: a\nlisten: {ike: 7\n", R_YAML_TRUNCATED, 0, 0, "" },
	};
	struct conf c;
	struct yt_error e;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (read_text(cases[i].text, &c, &e))
			fail_msg("accepted: %s", cases[i].text);
		if (e.reason != cases[i].reason || (cases[i].line && (e.line != cases[i].line || e.column != cases[i].column)))
			fail_msg("%s%s at %u:%u, not %s at %u:%u: %s", cases[i].text, reason_row(e.reason)->name, e.line, e.column,
			    reason_row(cases[i].reason)->name, cases[i].line, cases[i].column, e.message);
		if (!strstr(e.message, cases[i].words) && !strstr(e.hint, cases[i].words))
			fail_msg("%s\"%s\" \"%s\" without \"%s\"", cases[i].text, e.message, e.hint, cases[i].words);
	}
}

/* Every prefix: refused with a reason, or valid in itself (a name that was cut is still a name). */
static void
test_truncated(void **state)
{
	struct conf c;
	struct yt_error e;
	size_t site = (size_t)(strstr(whole, "site: tokyo") - whole) + 7;	/* from here on there is a site, at least its first letter */

	for (size_t n = 0; n < sizeof(whole) - 1; n++) {
		bool ok = conf_read(&c, whole, n, &e);

		assert_true(ok == (e.reason == R_OK));
		if (n < site)
			assert_false(ok);
		if (ok)
			assert_true(name_ok(c.site) && c.ike_port && c.natt_port);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_truncated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
