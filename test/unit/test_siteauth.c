/* SPDX-License-Identifier: BSD-2-Clause */
/* "auth:" and "trust:" of site files: every form, what each end is told of it, every refusal with its place, cuts, the plan. */
#include "test.h"

#include "plan.h"
#include "site.h"
#include "want.h"

#define SPKI	"MCowBQYDK2VwAyEAiSPBL6OumaIw8eCcBX4B8tXwEMsLW7HnKMAwwqzdltw="
static const char certs[] =
    "version: 1\n"
    "trust:\n"
    "  ca: {revocation: strict, crl: [\"http://ca.example.org/ca.crl\", \"file:///srv/ca.crl\"], ocsp: \"http://ocsp.example.org\"}\n"
    "  old-ca: {crl: \"http://ca.example.org/old.crl\"}\n"
    "sites:\n"
    "  a: {address: 1.0.0.1, networks: [10.0.1.0/24], auth: {certificate: a-gw, trust: ca}}\n"
    "  b: {address: 1.0.0.2, networks: [10.0.2.0/24], auth: {trust: [ca, old-ca]}}\n"
    "  c: {address: 1.0.0.3, networks: [10.0.3.0/24], auth: {key: c-key, public_key: " SPKI "}}\n"
    "  d: {address: 1.0.0.4, networks: [10.0.4.0/24]}\n"
    "tunnels:\n"
    "  a-b: {between: [a, b], auth: sites, policy: modern, start: always}\n"
    "  b-d: {between: [b, d], auth: {trust: ca}, policy: compatible, start: always}\n"
    "  a-c: {between: [c, a], auth: sites, policy: modern, start: always}\n"
    "  a-d: {between: [a, d], auth: {a: {certificate: other, trust: ca}, d: {psk: d-psk}}, policy: modern, start: always}\n"
    "  c-d: {between: [c, d], auth: {d: {psk: cd}}, policy: modern, start: always}\n";

static const char *
with(const char *from, const char *to)
{
	static char buf[8192];
	const char *at = strstr(certs, from);

	assert_non_null(at);
	snprintf(buf, sizeof(buf), "%.*s%s%s", (int)(at - certs), certs, to, at + strlen(from));
	return buf;
}

static struct sites *
must_read(const char *text)
{
	struct yt_error err;
	struct sites *s = sites_read(text, strlen(text), false, &err);

	if (!s)
		fail_msg("%s at %u:%u: %s", reason_row(err.reason)->name, err.line, err.column, err.message);
	return s;
}

static const struct site_auth *
auth(const struct sites *s, const char *tunnel, unsigned side)
{
	return &sites_find_tunnel(s, tunnel)->auth[side];
}

static void
test_forms(void **state)
{
	struct sites *s = must_read(certs);
	const struct trust_rule *r = sites_find_rule(s, "ca");

	(void)state;
	assert_int_equal(auth(s, "a-b", 0)->how, AUTH_BY_CERT);
	assert_string_equal(auth(s, "a-b", 0)->cert, "a-gw");
	assert_string_equal(auth(s, "a-b", 1)->cert, "b");
	assert_int_equal(auth(s, "a-b", 0)->ntrust, 1);
	assert_int_equal(auth(s, "a-b", 1)->ntrust, 2);
	assert_string_equal(auth(s, "a-b", 1)->trust[1], "old-ca");
	assert_string_equal(auth(s, "b-d", 0)->cert, "b");
	assert_string_equal(auth(s, "b-d", 1)->cert, "d");
	assert_int_equal(auth(s, "b-d", 0)->ntrust, 1);
	assert_int_equal(auth(s, "a-c", 0)->how, AUTH_BY_KEY);
	assert_string_equal(auth(s, "a-c", 0)->cert, "c-key");
	assert_int_equal(auth(s, "a-c", 0)->public_key->n, 44);
	assert_int_equal(auth(s, "a-c", 1)->how, AUTH_BY_CERT);
	assert_string_equal(auth(s, "a-d", 0)->cert, "other");
	assert_int_equal(auth(s, "a-d", 1)->how, AUTH_BY_PSK);
	assert_string_equal(auth(s, "a-d", 1)->psk, "d-psk");
	assert_int_equal(auth(s, "c-d", 0)->how, AUTH_BY_KEY);
	assert_string_equal(auth(s, "c-d", 1)->psk, "cd");
	assert_int_equal(s->nrules, 2);
	assert_int_equal(r->revocation, REVOKE_STRICT);
	assert_int_equal(r->ncrls, 2);
	assert_string_equal(r->crls[1], "file:///srv/ca.crl");
	assert_string_equal(r->ocsp, "http://ocsp.example.org");
	assert_int_equal(sites_find_rule(s, "old-ca")->revocation, REVOKE_SOFT);
	assert_null(sites_find_rule(s, "d"));
	sites_free(s);
}

static uint32_t
any_reqid(void *arg, const char *tunnel, const char *child)
{
	(void)arg, (void)child;
	return 1 + (uint32_t)tunnel[0] * 256 + (uint32_t)tunnel[2];
}

/* What keymgr and iked are told: each end the mirror of the other, and each binding one that keymgr takes. */
static void
test_want(void **state)
{
	struct tunnel *t = calloc(1, sizeof(*t));
	struct sites *s = must_read(certs);
	struct binding x, y;
	struct want a, d;

	(void)state;
	assert_true(want_build(&a, s, "a", any_reqid, NULL) && want_build(&d, s, "d", any_reqid, NULL));
	want_binding(want_find(&a, "a-d"), &x);
	want_binding(want_find(&d, "a-d"), &y);
	assert_true(x.how_local == AUTH_BY_CERT && x.how_remote == AUTH_BY_PSK && y.how_local == AUTH_BY_PSK && y.how_remote == AUTH_BY_CERT);
	assert_string_equal(x.cert, "other");
	assert_string_equal(x.psk_remote, "d-psk");
	assert_int_equal(x.ntrust, 0);
	assert_string_equal(y.psk_local, "d-psk");
	assert_string_equal(y.trust[0], "ca");
	assert_string_equal(y.cert, "");
	assert_int_equal(x.old_methods, 0);
	want_tunnel_msg(want_find(&a, "a-d"), true, t);
	assert_true(t->auth_local == AUTH_BY_CERT && t->auth_remote == AUTH_BY_PSK);
	want_binding(want_find(&a, "a-c"), &x);
	assert_int_equal(x.npublic, 44);
	want_binding(want_find(&d, "b-d"), &x);
	assert_int_equal(x.old_methods, 1);
	for (unsigned i = 0; i < a.n; i++) {
		uint8_t buf[4096];
		struct wr w = wr_of(buf, sizeof(buf));
		struct rd r;

		want_binding(&a.v[i], &x);
		binding_put(&w, &x);
		r = rd_of(wr_bytes(&w));
		assert_true(wr_ok(&w) && binding_get(&r, &y) && rd_done(&r));
	}
	want_fini(&a);
	want_fini(&d);
	sites_free(s);
	free(t);
}

static void
test_refused(void **state)
{
	static const struct { const char *from, *to; enum reason reason; unsigned line; const char *word; } rows[] = {
		{ "auth: {trust: ca}", "auth: {}", R_KEY_MISSING, 12, "says nothing" },
		{ "auth: {trust: ca}", "auth: site", R_VALUE_INVALID, 12, "'site'" },
		{ "auth: {trust: ca}", "auth: [ca]", R_VALUE_INVALID, 12, "auth" },
		{ "auth: {trust: ca}", "auth: {psk: x, trust: ca}", R_VALUE_INVALID, 12, "exclude" },
		{ "auth: {trust: ca}", "auth: {certificate: x, public_key: y}", R_VALUE_INVALID, 12, "exclude" },
		{ "auth: {trust: ca}", "auth: {certificate: x}", R_KEY_MISSING, 12, "vouches for 'd'" },
		{ "auth: {trust: ca}", "auth: {trust: []}", R_VALUE_INVALID, 12, "1 to 8" },
		{ "auth: {trust: ca}", "auth: {trust: [ca, ca]}", R_VALUE_INVALID, 12, "twice" },
		{ "auth: {trust: ca}", "auth: {trust: [ca, {}]}", R_VALUE_INVALID, 12, "name" },
		{ "auth: {trust: ca}", "auth: {trust: ca.pem}", R_NAME_INVALID, 12, "ca.pem" },
		{ "auth: {trust: ca}", "auth: {trsut: ca}", R_KEY_UNKNOWN, 12, "trsut" },
		{ "auth: {trust: ca}", "auth: {key: k, public_key: " SPKI "}", R_VALUE_INVALID, 12, "same key" },
		{ "auth: {trust: ca}", "auth: sites", R_KEY_MISSING, 12, "'d'" },
		{ "{d: {psk: cd}}", "{a: {psk: cd}}", R_REFERENCE_UNKNOWN, 15, "'a'" },
		{ "{d: {psk: cd}}", "{d: {psk: cd}, c: psk}", R_VALUE_INVALID, 15, "c" },
		{ "{d: {psk: cd}}", "{c: {psk: cd}}", R_KEY_MISSING, 15, "'d'" },
		{ "public_key: " SPKI, "public_key: AAAA", R_VALUE_INVALID, 8, "not a public key" },
		{ "public_key: " SPKI, "public_key: " SPKI "AAAA", R_VALUE_INVALID, 8, "not a public key" },
		{ "public_key: " SPKI, "public_key: /etc/key.pem", R_VALUE_INVALID, 8, "not a public key" },
		{ "key: c-key, public_key: " SPKI, "key: c-key", R_KEY_MISSING, 8, "'public_key'" },
		{ "auth: {certificate: a-gw, trust: ca}", "auth: {psk: x}", R_KEY_UNKNOWN, 6, "psk" },
		{ "  old-ca: {", "  older-ca: {", R_REFERENCE_UNKNOWN, 4, "older-ca" },
		{ "revocation: strict", "revocation: hard", R_VALUE_INVALID, 3, "'hard'" },
		{ "revocation: strict", "revokation: strict", R_KEY_UNKNOWN, 3, "revokation" },
		{ "file:///srv", "ftp://srv", R_VALUE_INVALID, 3, "revocation list" },
		{ "ocsp: \"http", "ocsp: \"ldap", R_VALUE_INVALID, 3, "OCSP" },
		{ "\"http://ca.example.org/old.crl\"", "[]", R_VALUE_INVALID, 4, "1 to 4" },
		{ "\"http://ca.example.org/old.crl\"", "\"http://\"", R_VALUE_INVALID, 4, "address" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *text = with(rows[i].from, rows[i].to);
		struct yt_error e;

		if (sites_read(text, strlen(text), false, &e))
			fail_msg("'%s' was taken", rows[i].to);
		if (e.reason != rows[i].reason || e.line != rows[i].line || !strstr(e.message, rows[i].word))
			fail_msg("'%s': got %s at %u:%u: %s", rows[i].to, reason_row(e.reason)->name, e.line, e.column, e.message);
		assert_non_null(strchr(e.excerpt, '^'));
	}
}

/* doc/decisions/0004: no beginning of the file takes its place, not even one that only lacks rules of trust. */
static void
test_cuts(void **state)
{
	struct sites *whole = must_read(certs);
	size_t len = strlen(certs);

	(void)state;
	for (size_t n = 0; n < len; n++) {
		char *cut = malloc(n + 1);
		struct yt_error e;
		struct sites *s;

		memcpy(cut, certs, n);
		s = sites_read(cut, n, false, &e);
		if (s && plan_allowed(whole, certs, len, s, cut, n, NULL, &e))
			fail_msg("the first %zu octets were taken", n);
		sites_free(s);
		free(cut);
	}
	sites_free(whole);
}

static const struct plan_row *
row(const struct plan *p, const char *tunnel)
{
	for (unsigned i = 0; i < p->n; i++)
		if (strcmp(p->v[i].tunnel, tunnel) == 0)
			return &p->v[i];
	fail_msg("%s is not in the plan", tunnel);
	return NULL;
}

/* What a changed line touches, and what it does not. */
static void
test_plan(void **state)
{
	struct sites *old = must_read(certs), *new = must_read(with("certificate: a-gw", "certificate: a-new"));
	struct yt_error e;
	struct plan p;

	(void)state;
	assert_true(plan_make(&p, old, new, "a", NULL, NULL));
	assert_int_equal(row(&p, "a-b")->fate, FATE_RESTARTED);
	assert_string_equal(row(&p, "a-b")->why, "auth of 'a': certificate 'a-gw' trusted by 'ca' -> certificate 'a-new' trusted by 'ca'");
	assert_int_equal(row(&p, "a-d")->fate, FATE_KEPT);
	plan_fini(&p);
	sites_free(new);
	/* a rule of trust alone touches no tunnel; leaving one out is to be meant */
	new = must_read(with("revocation: strict, ", ""));
	assert_true(plan_make(&p, old, new, "a", NULL, NULL));
	for (unsigned i = 0; i < p.n; i++)
		assert_int_equal(p.v[i].fate, FATE_KEPT);
	plan_fini(&p);
	sites_free(new);
	new = must_read(with("  old-ca: {crl: \"http://ca.example.org/old.crl\"}\n", ""));
	assert_false(plan_allowed(old, certs, strlen(certs), new, "x", 1, NULL, &e));
	assert_non_null(strstr(e.message, "old-ca"));
	assert_true(plan_allowed(old, certs, strlen(certs), new, "x", 1, "old-ca", &e));
	sites_free(new);
	sites_free(old);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms), cmocka_unit_test(test_want), cmocka_unit_test(test_refused), cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
