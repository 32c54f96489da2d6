/* SPDX-License-Identifier: BSD-2-Clause */
/* A directory of site files as one text, and what random edits do to a good text: it is whole, or refused with a place. */
#include "test.h"

#include "edit.h"
#include "plan.h"
#include "site.h"
#include "sync.h"
#include "want.h"

#define HEAD(name)	YT_PART name "\n"
#define V		"version: 1\n"

static const char sites_file[] =
    HEAD("10-sites.yaml") "# where we are\n" V "sites:\n  a: {address: 192.0.2.1, networks: [10.0.1.0/24]}\n"
    "  b: {address: 192.0.2.2, networks: [10.0.2.0/24]}\n";
static const char more_file[] = HEAD("20-c.yaml") V "sites:\n  c: {address: any, networks: [10.0.3.0/24]}\n"
    "tunnels:\n  a-c: {between: [a, c], auth: {psk: k}, policy: modern, start: always}\n";
static const char last_file[] = HEAD("30-b.yaml") V "tunnels:\n  a-b:\n    between: [a, b]\n    auth: {psk: k}\n    policy: modern\n    start: always\n";

static char *
join(const char *a, const char *b, const char *c)
{
	static char buf[8192];

	snprintf(buf, sizeof(buf), "%s%s%s", a, b, c);
	return buf;
}

static void
test_one(void **state)
{
	const char *text = join(sites_file, more_file, last_file);
	struct yt_error e;
	struct sites *s = sites_read(text, strlen(text), false, &e);
	const struct site_tunnel *t;
	size_t n;
	char *block;

	(void)state;
	if (!s)
		fail_msg("%s:%u:%u: %s", e.file, e.line, e.column, e.message);
	assert_int_equal(s->nsites, 3);
	assert_int_equal(s->ntunnels, 2);
	t = sites_find_tunnel(s, "a-b");
	block = edit_block(t, text, &n);
	assert_string_equal(block, "a-b:\n  between: [a, b]\n  auth: {psk: k}\n  policy: modern\n  start: always\n");
	free(block);
	sites_free(s);
	/* a file whose last tunnel was taken away is still one */
	text = join(sites_file, more_file, HEAD("40.yaml") V "tunnels:\n");
	s = sites_read(text, strlen(text), false, &e);
	assert_non_null(s);
	assert_int_equal(s->ntunnels, 1);
	sites_free(s);
}

static void
refused(const char *text, enum reason why, const char *file, unsigned line, const char *message)
{
	struct yt_error e;
	struct sites *s = sites_read(text, strlen(text), false, &e);

	assert_null(s);
	if (e.reason != why || strcmp(e.file, file) != 0 || e.line != line || !strstr(e.message, message) || !strchr(e.excerpt, '^'))
		fail_msg("%s in '%s':%u:%u: %s\n%s", reason_row(e.reason)->name, e.file, e.line, e.column, e.message, e.excerpt);
}

static void
test_places(void **state)
{
	(void)state;
	/* a name that two files give: both places */
	refused(join(sites_file, more_file, HEAD("x.yaml") V "\nsites:\n  b: {address: 192.0.2.9, networks: [10.0.9.0/24]}\n"), R_KEY_DUPLICATE, "x.yaml",
	    4, "the first is in line 5 of '10-sites.yaml'");
	refused(join(sites_file, more_file, HEAD("x.yaml") V "tunnels:\n  a-c: {between: [a, c]}\n"), R_KEY_DUPLICATE, "x.yaml", 3,
	    "the first is in line 5 of '20-c.yaml'");
	refused(join(sites_file, more_file, HEAD("x.yaml") V "sites: [1]\n"), R_KEY_DUPLICATE, "x.yaml", 2, "line 3 of '10-sites.yaml'");
	refused(join(sites_file, more_file, HEAD("x.yaml") "version: 2\n"), R_KEY_DUPLICATE, "x.yaml", 1, "line 2 of '10-sites.yaml'");
	refused(join(sites_file, more_file, HEAD("x.yaml") "tunnels: {}\n"), R_KEY_MISSING, "x.yaml", 1, "version");
	refused(join(sites_file, more_file, HEAD("x.yaml") V "tunels:\n  q: 1\n"), R_KEY_UNKNOWN, "x.yaml", 2, "tunels");
	refused(join(sites_file, HEAD("m.yaml") V "tunnels:\n  a-q: {between: [a, q], auth: {psk: k}, policy: modern, start: always}\n", last_file),
	    R_REFERENCE_UNKNOWN, "m.yaml", 3, "'q'");
	/* one that was cut in the middle is that file's error, not the next one's */
	refused(join(sites_file, HEAD("m.yaml") V "tunnels:\n  a-c: {between: [a,\n", last_file), R_YAML_SYNTAX, "m.yaml", 4, "");
	refused(join(sites_file, HEAD("empty.yaml"), last_file), R_YAML_SYNTAX, "empty.yaml", 1, "block of keys");
	/* without a mark a second document is none of ours */
	refused(join(sites_file, "---\n", last_file + sizeof(HEAD("30-b.yaml")) - 1), R_YAML_SYNTAX, "10-sites.yaml", 6, "second document");
}

/* Cut off at any octet it is refused, with a place, by itself or beside the whole one that is in force. */
static void
test_cuts(void **state)
{
	const char *text = join(sites_file, more_file, last_file);
	size_t len = strlen(text);
	struct yt_error e;
	struct sites *whole = sites_read(text, len, false, &e);

	(void)state;
	assert_non_null(whole);
	for (size_t n = 0; n < len; n++) {
		char *cut = malloc(n + 1);
		struct sites *s;

		assert_non_null(cut);
		memcpy(cut, text, n);
		s = sites_read(cut, n, false, &e);
		if (s && plan_allowed(whole, text, len, s, cut, n, NULL, &e))
			fail_msg("the first %zu octets were taken", n);
		if (e.reason == R_OK || e.line == 0 || e.column == 0 || !strchr(e.excerpt, '^'))
			fail_msg("%zu octets: %s at '%s':%u:%u", n, reason_row(e.reason)->name, e.file, e.line, e.column);
		sites_free(s);
		free(cut);
	}
	sites_free(whole);
}

/* One file of a directory is cut off at the end of a line (ikectl sends none whose last line does not end), and the others are whole. */
static unsigned
one_cut(const struct sites *whole, const char *text, const char *from, const char *to)
{
	size_t len = strlen(text), cut_n;
	unsigned refusals = 0;

	for (const char *p = from; p < to; p++) {
		char *cut;
		struct yt_error e;
		struct sites *s;

		if (p[-1] != '\n')
			continue;
		cut_n = len - (size_t)(to - p);
		cut = malloc(cut_n + 1);
		assert_non_null(cut);
		memcpy(cut, text, (size_t)(p - text));
		memcpy(cut + (p - text), to, len - (size_t)(to - text));
		s = sites_read(cut, cut_n, false, &e);
		if (s && plan_allowed(whole, text, len, s, cut, cut_n, NULL, &e))
			fail_msg("without this a file was taken: %.*s", (int)(to - p), p);
		if (e.line == 0 || e.column == 0 || !e.file[0] || !strchr(e.excerpt, '^'))
			fail_msg("%s at '%s':%u:%u", reason_row(e.reason)->name, e.file, e.line, e.column);
		sites_free(s);
		free(cut);
		refusals++;
	}
	return refusals;
}

static void
test_one_cut(void **state)
{
	static const char more[] = "    replay_window: 64\n    child_lifetime: 30m\n" HEAD("40-last.yaml") V "tunnels:\n  b-c:\n    between: [b, c]\n"
	    "    auth: {psk: k}\n    policy: modern\n    start: respond-only\n    replay_window: 128\n";
	char text[8192];
	struct yt_file f;
	size_t at = 0;
	unsigned files = 0, refusals = 0;
	struct yt_error e;
	struct sites *whole;

	(void)state;
	snprintf(text, sizeof(text), "%s%s%s%s", sites_file, more_file, last_file, more);
	whole = sites_read(text, strlen(text), false, &e);
	assert_non_null(whole);
	while (yt_next_file(text, strlen(text), &at, &f)) {
		refusals += one_cut(whole, text, f.text, f.text + f.n);
		files++;
	}
	assert_int_equal(files, 4);
	assert_int_equal(refusals, 5 + 5 + 9 + 8);	/* lines */
	sites_free(whole);
}

/* ---- ten thousand random edits ---- */

static uint32_t seed;

static uint32_t
any(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return below ? seed % below : 0;
}

/* A piece goes, comes twice, or another octet or word stands there. */
static size_t
scramble(char *t, size_t n, size_t cap)
{
	static const char *const words[] = { ": ", "- ", "\n", "  ", "{", "}", "[", "]", "#", "'", "\"", "any", "0", "ff", "\t", "---\n", "&a", "*a", "|", "!!x",
		"a-b", "\xc3\xbc", "\xff", "tunnels:", "10.0.2.0/24", "start: always\n", "psk", YT_PART };
	size_t at = any((uint32_t)n), len = 1 + any(40), w;
	const char *word;

	switch (any(4)) {
	case 0:
		len = at + len > n ? n - at : len;
		memmove(t + at, t + at + len, n - at - len);
		return n - len;
	case 1:
		len = at + len > n || n + len > cap ? 0 : len;
		memmove(t + at + len, t + at, n - at);
		return n + len;
	case 2:
		t[at] = (char)any(256);
		return n;
	default:
		word = words[any(sizeof(words) / sizeof(words[0]))];
		w = strlen(word);
		if (n + w > cap)
			return n;
		memmove(t + at + w, t + at, n - at);
		memcpy(t + at, word, w);
		return n + w;
	}
}

static uint32_t
number(void *arg, const char *tunnel, const char *child)
{
	(void)tunnel, (void)child;
	return ++*(uint32_t *)arg;
}

static void
use(const struct sites *s)
{
	for (unsigned i = 0; i < s->nsites; i++) {
		uint32_t next = 0;
		struct want w;
		struct plan p;

		assert_true(want_build(&w, s, s->sites[i].name, number, &next));
		want_fini(&w);
		assert_true(plan_make(&p, s, s, s->sites[i].name, NULL, NULL));
		plan_fini(&p);
	}
}

static void
test_random(void **state)
{
	char whole[8192], t[9000];
	unsigned good = 0;
	size_t n;

	(void)state;
	snprintf(whole, sizeof(whole), "%s", join(sites_file, more_file, last_file));
	for (unsigned i = 1; i <= 10000; i++) {
		struct yt_error e;
		struct sites *s;

		seed = i * 2654435761u;
		n = strlen(whole);
		memcpy(t, whole, n);
		for (unsigned k = any(3) + 1; k > 0 && n; k--)
			n = scramble(t, n, sizeof(t));
		s = sites_read(t, n, false, &e);
		if (s) {
			good++;
			use(s);
		} else if (e.reason == R_OK || e.line == 0 || e.column == 0 || !e.message[0] || !strchr(e.excerpt, '^'))
			fail_msg("edit %u: %s at '%s':%u:%u: %s", i, reason_row(e.reason)->name, e.file, e.line, e.column, e.message);
		sites_free(s);
	}
	assert_true(good > 100 && good < 9000);	/* both happened */
}

/* A manual SA that nothing ends is told when its keys are old. */
static void
test_old_keys(void **state)
{
	const uint64_t then = 1700000000u, late = then + KEYS_OLD_S + 1;
	struct sa_info a = { .state = SADB_SASTATE_MATURE, .added = then };

	(void)state;
	assert_true(sas_old_keys(&a, late));
	assert_false(sas_old_keys(&a, late - 1));
	assert_false(sas_old_keys(&a, then - 1));	/* the clock was set back */
	a.hard_s = 3600;
	assert_false(sas_old_keys(&a, late));
	a.hard_s = 0;
	a.hard_bytes = 1 << 30;
	assert_false(sas_old_keys(&a, late));
	a.hard_bytes = 0;
	a.added = 0;
	assert_false(sas_old_keys(&a, late));
	a.added = then;
	a.state = SADB_SASTATE_LARVAL;
	assert_false(sas_old_keys(&a, late));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_old_keys), cmocka_unit_test(test_one), cmocka_unit_test(test_places), cmocka_unit_test(test_cuts), cmocka_unit_test(test_one_cut),
		cmocka_unit_test(test_random) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
