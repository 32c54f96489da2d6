/* SPDX-License-Identifier: BSD-2-Clause */
/* The panel's parts that see octets from outside: the environment, forms, spdsync's answers; and the writer that lets none of them out as they are. */
#include "test.h"

#include "ask.h"
#include "compose.h"
#include "fields.h"
#include "html.h"
#include "page.h"
#include "request.h"

#define TOKEN "cws_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopq"

static enum verdict
decode(struct request *r, const char *const *more)
{
	const char *env[24] = { "REQUEST_METHOD=GET", "SCRIPT_NAME=/causeway", "PATH_INFO=/tunnels", "REMOTE_ADDR=192.0.2.7", "HTTPS=on", "HTTP_HOST=gw.example",
	    "QUERY_STRING=match=a%20b&state=up" };
	unsigned n = 7;

	for (; *more; more++) {
		size_t head = strcspn(*more, "=") + 1;
		unsigned i;

		for (i = 0; i < n && strncmp(env[i], *more, head) != 0; i++)
			continue;
		env[i] = *more;
		n = i == n ? n + 1 : n;
	}
	env[n] = NULL;
	return request_decode(r, (char *const *)(uintptr_t)env);
}

#define DECODE(r, ...) decode((r), (const char *const[]){ __VA_ARGS__ __VA_OPT__(,) NULL })

static void
test_request(void **state)
{
	struct request r;

	(void)state;
	assert_int_equal(DECODE(&r, "HTTP_COOKIE=a=b; __Host-causeway=" TOKEN "; c=d", "HTTP_SEC_FETCH_SITE=same-origin"), RQ_OK);
	assert_int_equal(r.method, M_GET);
	assert_string_equal(r.base, "/causeway");
	assert_string_equal(r.path, "/tunnels");
	assert_string_equal(r.session, TOKEN);
	assert_true(r.tls && !r.foreign && !r.strange);
	assert_string_equal(fields_get(&r.query, "match"), "a b");
	request_free(&r);
	assert_int_equal(DECODE(&r, "SCRIPT_NAME=/", "PATH_INFO="), RQ_OK);
	assert_string_equal(r.base, "");
	assert_string_equal(r.path, "/");
	request_free(&r);
}

static void
test_refused(void **state)
{
	static char long_one[REQUEST_VALUE + 32] = "HTTP_COOKIE=";
	static const struct { const char *v; enum verdict want; } rows[] = {
		{ "REQUEST_METHOD=PUT", RQ_METHOD }, { "REQUEST_METHOD=TRACE", RQ_METHOD }, { "REQUEST_METHOD=", RQ_METHOD }, { "PATH_INFO=/../etc", RQ_BAD },
		{ "PATH_INFO=//x", RQ_BAD }, { "PATH_INFO=x", RQ_BAD }, { "PATH_INFO=/a\nb", RQ_BAD }, { "PATH_INFO=/%00", RQ_BAD }, { "PATH_INFO=/a b", RQ_BAD },
		{ "SCRIPT_NAME=//evil.example", RQ_BAD }, { "SCRIPT_NAME=/\"x", RQ_BAD }, { "SCRIPT_NAME=evil", RQ_BAD }, { "REMOTE_ADDR=", RQ_BAD },
		{ "REMOTE_ADDR=a b", RQ_BAD }, { "HTTPS=off", RQ_CLEAR }, { "QUERY_STRING=a=1&a=2", RQ_BAD }, { "QUERY_STRING=a=%0", RQ_BAD },
		{ "QUERY_STRING=a=%00", RQ_BAD }, { "QUERY_STRING==b", RQ_BAD }, { "CONTENT_LENGTH=-1", RQ_BAD }, { "CONTENT_LENGTH=99999999", RQ_LONG },
		{ "CONTENT_LENGTH=9999999999", RQ_BAD }, { "CONTENT_LENGTH=7", RQ_BAD }, { "REQUEST_METHOD=POST", RQ_TYPE },
	};
	struct request r;

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (DECODE(&r, rows[i].v) != rows[i].want)
			fail_msg("%s", rows[i].v);
		request_free(&r);
	}
	memset(long_one + 12, 'a', REQUEST_VALUE);
	assert_int_equal(DECODE(&r, long_one), RQ_LONG);
	request_free(&r);
	assert_int_equal(DECODE(&r, "HTTPS=", "REMOTE_ADDR=127.0.0.1"), RQ_OK);
	request_free(&r);
	assert_int_equal(DECODE(&r, "REQUEST_METHOD=POST", "CONTENT_TYPE=application/x-www-form-urlencoded; charset=UTF-8"), RQ_OK);
	request_free(&r);
}

static void
test_origin(void **state)
{
	static const struct { const char *site, *origin; bool foreign; } rows[] = {
		{ "same-origin", "", false }, { "same-origin", "https://gw.example", false }, { "", "https://gw.example", false }, { "", "", true },
		{ "cross-site", "", true }, { "same-site", "", true }, { "none", "", true }, { "cross-site", "https://gw.example", true },
		{ "same-origin", "https://evil.example", true }, { "", "http://gw.example", true }, { "", "null", true }, { "", "https://gw.example.evil", true },
	};
	char site[64], origin[64];
	struct request r;

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(site, sizeof(site), "HTTP_SEC_FETCH_SITE=%s", rows[i].site);
		snprintf(origin, sizeof(origin), "HTTP_ORIGIN=%s", rows[i].origin);
		assert_int_equal(DECODE(&r, site, origin), RQ_OK);
		if (r.foreign != rows[i].foreign)
			fail_msg("%s %s", site, origin);
		request_free(&r);
	}
	assert_int_equal(DECODE(&r, "HTTP_SEC_FETCH_SITE=cross-site", "HTTP_SEC_FETCH_MODE=no-cors"), RQ_OK);
	assert_true(r.strange);
	request_free(&r);
}

static void
test_cookie(void **state)
{
	static const struct { const char *v, *want; } rows[] = {
		{ "HTTP_COOKIE=__Host-causeway=", "" }, { "HTTP_COOKIE=__Host-causeway=a; __Host-causeway=b", "" }, { "HTTP_COOKIE=__Host-causeway=a\"b", "" },
		{ "HTTP_COOKIE=x__Host-causeway=a", "" }, { "HTTP_COOKIE=;;; __Host-causeway=ab", "ab" },
		{ "HTTP_COOKIE=__Host-causeway=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "" },
	};
	struct request r;

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(DECODE(&r, rows[i].v), RQ_OK);
		assert_string_equal(r.session, rows[i].want);
		request_free(&r);
	}
}

/* Every beginning of a form is a form or none, and is never read over its end (the sanitizers and malloc's edge see that). */
static void
test_truncated(void **state)
{
	static const char form[] = "a=1&b=%41+x&c&d=%e2%82%ac&ee=";
	static const char http[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
	struct fields f;
	/* Of no length, of another length than it says, or with something after it that nobody asked for. */
	static const char *const none[] = {
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n{}", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}{",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
		"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n", "SSH-2.0-OpenSSH\r\n\r\n",
	};
	size_t body, len;
	int status;

	(void)state;
	for (size_t n = 0; n < sizeof(form); n++) {
		char *p = malloc(n ? n : 1);

		memcpy(p, form, n);
		if (fields_decode(&f, p, n) && n == sizeof(form) - 1) {
			assert_string_equal(fields_get(&f, "b"), "A x");
			assert_string_equal(fields_get(&f, "c"), "");
			assert_string_equal(fields_get(&f, "ee"), "");
		}
		fields_free(&f);
		free(p);
	}
	for (size_t n = 0; n < sizeof(http); n++) {
		char *p = malloc(n ? n : 1);
		enum answered got;

		memcpy(p, http, n);
		got = answer_decode(p, n, &status, &body, &len);
		assert_int_equal(got, n == sizeof(http) - 1 ? ANSWER_OK : ANSWER_MORE);
		if (got == ANSWER_OK)
			assert_memory_equal(p + body, "{}", len);
		free(p);
	}
	for (unsigned i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		if (answer_decode(none[i], strlen(none[i]), &status, &body, &len) != ANSWER_BAD)
			fail_msg("%s", none[i]);
}

static void
test_fields(void **state)
{
	static const struct field d[] = { { "name", F_NAME, 0, true, NULL }, { "n", F_NUMBER, 10, false, NULL }, { "line", F_LINE, 4, false, NULL },
	    { "text", F_TEXT, 9, false, NULL }, { "pick", F_CHOICE, 0, false, "up|down" }, { "tok", F_TOKEN, 4, false, NULL }, { 0 } };
	static const struct { const char *form; bool good; } rows[] = {
		{ "name=a", true }, { "", false }, { "name=", false }, { "name=A", false }, { "name=a&x=1", false }, { "name=a&n=10", true }, { "name=a&n=11", false },
		{ "name=a&n=-1", false }, { "name=a&n=18446744073709551626", false }, { "name=a&line=a%0ab", false }, { "name=a&line=abcde", false },
		{ "name=a&text=a%0d%0ab", true }, { "name=a&text=a%01", false }, { "name=a&pick=up", true }, { "name=a&pick=u", false }, { "name=a&pick=up|down", false },
		{ "name=a&tok=a-_9", true }, { "name=a&tok=a%2b", false }, { "name=a&n=", true },
	};
	struct fields f;
	char why[160];

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(fields_decode(&f, rows[i].form, strlen(rows[i].form)));
		if (fields_check(&f, d, why, sizeof(why)) != rows[i].good)
			fail_msg("%s", rows[i].form);
		if (fields_get(&f, "text") && rows[i].good)
			assert_string_equal(fields_get(&f, "text"), "a\nb");
		fields_free(&f);
	}
}

static void
wrote(struct html *h, const char *want)
{
	html_raw(h, "|");
	h->p[h->n - 1] = '\0';
	assert_string_equal(h->p, want);
	html_free(h);
}

static void
test_html(void **state)
{
	struct html h = { .base = "/cw" };
	const char *hostile = "</td><script>alert('x')</script>\"&";
	char turned[] = "a\xe2\x80\xae" "b\x1b[31m\xff\xc0\x80\xed\xa0\x80";

	(void)state;
	put(&h, L("<td>"), hostile, L("</td>"));
	wrote(&h, "<td>&lt;/td&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;</td>");
	put(&h, turned);
	wrote(&h, "a\xef\xbf\xbd" "b\xef\xbf\xbd[31m\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	put(&h, P("/tunnels/"), SEG("a/b?\"c"), L("\">"), 7, -1, 3u, (long long)9);
	wrote(&h, "/cw/tunnels/a%2Fb%3F%22c\">7-139");
	put(&h, OCTETS(0), L(" "), OCTETS(1536), L(" "), OCTETS(UINT64_MAX), L(" "), SECS(59), L(" "), SECS(3700), L(" "), SECS(-90061));
	wrote(&h, "0 B 1.5 KiB 16.0 EiB 59 s 1 h 1 min -1 d 1 h");
	put(&h, RATE(0), L(" "), RATE(155000), L(" "), RATE(124999), L(" "), RATE(UINT64_MAX));
	wrote(&h, "0 bit/s 1.24 Mbit/s 1 Mbit/s 147574 Pbit/s");
	put(&h, "plain literals are text too: <b>");
	wrote(&h, "plain literals are text too: &lt;b&gt;");
}

static void
test_csrf(void **state)
{
	char a[65], b[65];

	(void)state;
	csrf_make(TOKEN, a);
	csrf_make("cws_other", b);
	assert_int_equal(strlen(a), 64);
	assert_string_not_equal(a, b);
	assert_true(csrf_good(TOKEN, a));
	assert_false(csrf_good(TOKEN, b) || csrf_good(TOKEN, "") || csrf_good("", "") || csrf_good("", a));
}

static void
test_compose(void **state)
{
	static const struct { const char *text, *want; } rows[] = {
		{ "", "version: 1\nsites:\n  b: {address: any, networks: [10.0.2.0/24]}\ntunnels:\n  a-b:\n    between: [a, b]\n    auth: {psk: a-b}\n    policy: modern\n    start: always\n" },
		{ "# c\nversion: 1\nsites:  # s\n    a: {address: 1.2.3.4}\ntunnels:\n\n # x\n    o:\n     between: [a, a]",
		  "# c\nversion: 1\nsites:  # s\n    b: {address: any, networks: [10.0.2.0/24]}\n    a: {address: 1.2.3.4}\ntunnels:\n    a-b:\n        between: [a, b]\n"
		  "        auth: {psk: a-b}\n        policy: modern\n        start: always\n\n # x\n    o:\n     between: [a, a]" },
		{ "sites:", "sites:\n  b: {address: any, networks: [10.0.2.0/24]}\ntunnels:\n  a-b:\n    between: [a, b]\n    auth: {psk: a-b}\n    policy: modern\n    start: always\n" },
	};
	struct new_tunnel t = { .name = "a-b", .here = "a", .there = "b", .policy = "modern", .start = "always" };
	char why[200], out[600];

	(void)state;
	t.sites[1] = (struct new_site){ "b", "any", "10.0.2.0/24" };
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = compose_text(rows[i].text, &t);

		assert_string_equal(text, rows[i].want);
		free(text);
	}
	assert_true(compose_networks("10.0.1.0/24 2001:db8::/48,10.0.2.0/24", out, why, sizeof(why)));
	assert_string_equal(out, "10.0.1.0/24, 2001:db8::/48, 10.0.2.0/24");
	assert_false(compose_networks("10.0.1.0/24, 10.0.0.0/16", out, why, sizeof(why)));
	assert_false(compose_networks("10.0.1.0/24]", out, why, sizeof(why)) || compose_networks(" , ", out, why, sizeof(why)));
	assert_true(compose_overlap("10.0.0.0/8", "192.168.0.0/24, 10.9.0.0/16", why, sizeof(why)));
	assert_false(compose_overlap("10.0.0.0/8", "192.168.0.0/24, 2001:db8::/32", why, sizeof(why)));
	assert_true(compose_address("any") && compose_address("2001:db8::1"));
	assert_false(compose_address("any]") || compose_address("010.0.0.1"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request), cmocka_unit_test(test_refused), cmocka_unit_test(test_origin), cmocka_unit_test(test_cookie),
		cmocka_unit_test(test_truncated), cmocka_unit_test(test_fields), cmocka_unit_test(test_html), cmocka_unit_test(test_csrf), cmocka_unit_test(test_compose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
