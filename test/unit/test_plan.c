/* SPDX-License-Identifier: BSD-2-Clause */
/* What an apply would do to each tunnel, when it is refused, and the JSON bodies of commands. */
#include "test.h"

#include "act.h"
#include "msg_ike.h"
#include "plan.h"

#define SITES	"version: 1\nsites:\n  a: {address: 1.0.0.1, networks: [10.0.1.0/24]}\n  b: {address: 1.0.0.2, networks: [10.0.2.0/24]}\n" \
		"  c: {address: 1.0.0.3, networks: [10.0.3.0/24]}\n"
#define AB	"  a-b:\n    between: [a, b]\n    auth: {psk: k}\n    policy: modern\n    start: always\n"
#define AC	"  a-c:\n    between: [a, c]\n    auth: {psk: k}\n    policy: modern\n    start: always\n"
#define BC	"  b-c:\n    between: [b, c]\n    auth: {psk: k}\n    policy: modern\n    start: always\n"

static struct sites *
must_read(const char *text)
{
	struct yt_error err;
	struct sites *s = sites_read(text, strlen(text), false, &err);

	if (!s)
		fail_msg("%s at %u:%u: %s", reason_row(err.reason)->name, err.line, err.column, err.message);
	return s;
}

static void
plan(const char *old, const char *new, const char *expect)
{
	static const char kinds[] = "=~-+";	/* kept, rekeyed, dropped, new */
	struct sites *o = old ? must_read(old) : NULL, *n = must_read(new);
	char out[1024] = "";
	struct plan p;

	assert_true(plan_make(&p, o, n, "a"));
	for (unsigned i = 0; i < p.n; i++) {
		size_t at = strlen(out);

		snprintf(out + at, sizeof(out) - at, "%s%c%s(%s)", i ? " " : "", kinds[p.v[i].action], p.v[i].tunnel, p.v[i].why);
	}
	assert_string_equal(out, expect);
	plan_fini(&p);
	sites_free(o);
	sites_free(n);
}

static char *
edit(const char *text, const char *from, const char *to)
{
	static char buf[4096];
	const char *at = strstr(text, from);

	assert_non_null(at);
	snprintf(buf, sizeof(buf), "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	return buf;
}

static void
test_plan(void **state)
{
	static const char one[] = SITES "tunnels:\n" AB, two[] = SITES "tunnels:\n" AB AC BC;

	(void)state;
	plan(NULL, one, "+a-b()");
	plan(one, one, "=a-b()");
	plan(one, two, "=a-b() +a-c()");		/* b-c is not ours */
	plan(two, one, "=a-b() -a-c(it is not in the file)");
	plan(one, edit(one, "modern", "compatible"), "~a-b(IKE proposals, ESP proposals)");
	plan(one, edit(one, "{psk: k}", "{psk: other}"), "~a-b(auth)");
	plan(one, edit(one, "1.0.0.2", "1.0.0.9"), "~a-b(address of 'b')");
	plan(one, edit(one, "[10.0.2.0/24]", "[10.0.2.0/24, 10.0.4.0/24]"), "~a-b(networks of 'b')");
	plan(one, edit(one, "[10.0.2.0/24]}", "[10.0.2.0/24], id: fqdn:x}"), "~a-b(id of 'b')");
	plan(one, edit(one, "start: always", "start: respond-only"), "=a-b(start)");
	plan(one, edit(one, "start: always", "start: always\n    child_lifetime: 10m\n    replay_window: 64\n    encapsulation: udp"),
	    "~a-b(encapsulation, lifetimes, replay_window)");
	plan(one, edit(one, "[a, b]", "[a, c]"), "~a-b('c' instead of 'b', address of 'c', id of 'c', networks of 'c')");
	plan(SITES "tunnels:\n" AB AC, edit(SITES "tunnels:\n" AB AC, "[a, c]", "[b, c]"), "=a-b() -a-c(it does not end at this site any more)");
}

static void
allowed(const char *old, const char *new, const char *remove, const char *message, const char *hint)
{
	struct sites *o = must_read(old), *n = must_read(new);
	struct yt_error e;
	bool ok = plan_allowed(o, old, strlen(old), n, new, strlen(new), remove, &e);

	if (!message)
		assert_true(ok);
	else {
		assert_false(ok);
		assert_int_equal(e.reason, R_YAML_TRUNCATED);
		if (!strstr(e.message, message) || !strstr(e.hint, hint))
			fail_msg("'%s' / '%s'", e.message, e.hint);
		assert_true(e.line > 1 && e.column > 1 && strchr(e.excerpt, '^'));
	}
	sites_free(o);
	sites_free(n);
}

static void
test_removal(void **state)
{
	static const char one[] = SITES "tunnels:\n" AB, two[] = SITES "tunnels:\n" AB AC, window[] = SITES "tunnels:\n" AB "    replay_window: 64\n";

	(void)state;
	allowed(one, two, NULL, NULL, NULL);
	allowed(two, one, NULL, "a-c", "--remove a-c FILE");
	allowed(two, one, "a-c", NULL, NULL);
	allowed(two, one, "all", NULL, NULL);
	allowed(two, one, "x,a-c", NULL, NULL);
	allowed(two, one, "a-cx", "a-c", "");
	allowed(two, one, "", "a-c", "");
	allowed(one, edit(one, "  c: {address: 1.0.0.3, networks: [10.0.3.0/24]}\n", ""), NULL, "c", "--remove c FILE");
	allowed(two, edit(one, "  c: {address: 1.0.0.3, networks: [10.0.3.0/24]}\n", ""), "a-c", "c", "--remove c FILE");
	allowed(two, edit(one, "  c: {address: 1.0.0.3, networks: [10.0.3.0/24]}\n", ""), NULL, "a-c, c", "--remove a-c,c FILE");
	/* an optional key at the end that was cut off */
	allowed(window, one, NULL, "beginning", "comment");
	allowed(window, SITES "tunnels:\n" AB "# that is all\n", NULL, NULL, NULL);
}

static void
test_bodies(void **state)
{
	static const struct { const char *text; bool ok; const char *child; uint8_t what; } rows[] = {
		{ "", true, "", IKE_REKEY_CHILD }, { "{}", true, "", IKE_REKEY_CHILD },
		{ "{\"child\": \"net\"}", true, "net", IKE_REKEY_CHILD }, { "{\"what\": \"ike\"}", true, "", IKE_REKEY_SA },
		{ "{\"child\": \"net\", \"what\": \"child\"}", true, "net", IKE_REKEY_CHILD }, { "[]", false, "", 0 }, { "{", false, "", 0 },
		{ "{\"child\": 1}", false, "", 0 }, { "{\"child\": \"Net\"}", false, "", 0 }, { "{\"what\": \"sa\"}", false, "", 0 },
		{ "{\"other\": 1}", false, "", 0 }, { "{\"child\": \"a\", \"child\": \"b\"}", false, "", 0 }, { "x", false, "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char why[200] = "";
		struct act a;

		if (act_body(rows[i].text, strlen(rows[i].text), &a, why, sizeof(why)) != rows[i].ok)
			fail_msg("'%s': %s", rows[i].text, why);
		assert_true(rows[i].ok || why[0]);
		if (rows[i].ok) {
			assert_string_equal(a.child, rows[i].child);
			assert_int_equal(a.what, rows[i].what);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_plan), cmocka_unit_test(test_removal), cmocka_unit_test(test_bodies) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
