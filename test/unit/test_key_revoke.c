/* SPDX-License-Identifier: BSD-2-Clause */
/* The verdict over a path: every policy, every way in which what is fetched can be of no use, what is asked when, and what is remembered. */
#include "config.h"

#include "revoke_fix.h"
#include "revoke_in.h"

#define NONE	bytes_of(NULL, 0)

static const struct pki_ext at_root[] = { { "crlDistributionPoints", "URI:" URL_ROOT }, { NULL, NULL } },
    with_ocsp[] = { { "authorityInfoAccess", "OCSP;URI:" URL_OCSP }, { NULL, NULL } },
    with_both[] = { { "crlDistributionPoints", "URI:" URL_ROOT }, { "authorityInfoAccess", "OCSP;URI:" URL_OCSP }, { NULL, NULL } },
    two_points[] = { { "crlDistributionPoints", "URI:" URL_ROOT ",URI:http://mirror.example/root.crl" }, { NULL, NULL } },
    bad_points[] = { { "crlDistributionPoints", "URI:ldap://x/y,URI:file:///etc/passwd,URI:ftp://x/y" }, { NULL, NULL } };

static long
serial(X509 *x)
{
	return ASN1_INTEGER_get(X509_get0_serialNumber(x));
}

static struct bytes
root_list(const struct world *w, long number, long from, long to, long revoked)
{
	return list_of(w->root, w->root_key, number, from, to, revoked);
}

/* Gives and frees. */
static void
give(struct world *w, const char *url, struct bytes b)
{
	world_give(w, url, b);
	bytes_free(b);
}

static void
test_off(void **state)
{
	struct world w;
	struct got g;

	world_make(&w, REVOKE_OFF, at_root);
	world_check(&w, &w.plain, NONE, &g);
	got_is(&g, R_OK, "");
	assert_int_equal(w.nasked, 0);
	world_end(&w);
}

static void
test_good_and_revoked(void **state)
{
	static const enum revocation how[] = { REVOKE_SOFT, REVOKE_STRICT };

	for (unsigned i = 0; i < 2; i++) {
		struct world w;
		struct got g;

		world_make(&w, how[i], at_root);
		world_check(&w, &w.plain, NONE, &g);
		assert_int_equal(g.n, 0);
		assert_false(w.asked[world_wants(&w, URL_ROOT, 1)].configured);
		give(&w, URL_ROOT, root_list(&w, 1, -60, 3600, 0));
		got_is(&g, R_OK, "");
		/* known now: at once, and nobody is asked */
		world_check(&w, &w.plain, NONE, &g);
		got_is(&g, R_OK, "");
		assert_int_equal(w.nasked, 1);
		/* it runs out, and the next one revokes */
		world_now += 3600 + REVOKE_SKEW_S + 1;
		world_check(&w, &w.plain, NONE, &g);
		assert_int_equal(g.n, 0);
		give(&w, URL_ROOT, root_list(&w, 2, 3600, 7200, serial(w.leaf)));
		got_is(&g, R_CERT_REVOKED, "keyCompromise");
		got_is(&g, R_CERT_REVOKED, "2027-01-15T07:58:20Z");
		got_is(&g, R_CERT_REVOKED, "list number 2 of " URL_ROOT);
		got_is(&g, R_CERT_REVOKED, "CN=root");
		world_end(&w);
	}
}

/* Every certificate of the path but the anchor, each with its own CA's list; the two are asked for together. */
static void
test_path(void **state)
{
	struct world w;
	struct got g;

	world_make(&w, REVOKE_STRICT, at_root);
	world_check(&w, &w.chain, NONE, &g);
	world_wants(&w, URL_ROOT, 1);
	world_wants(&w, URL_SUB, 1);
	give(&w, URL_SUB, list_of(w.sub, w.sub_key, 1, -60, 3600, 0));
	assert_int_equal(g.n, 0);
	give(&w, URL_ROOT, root_list(&w, 1, -60, 3600, serial(w.sub)));
	got_is(&g, R_CERT_REVOKED, "CN=root");
	world_end(&w);
}

struct bad_row {
	const char	*what;
	struct pki_crl	 p;
	enum reason	 reason;
	const char	*words;
};

static void
try_bad(const struct bad_row *row, enum revocation how, X509 *other, EVP_PKEY *other_key)
{
	struct pki_crl p = row->p;
	struct world w;
	struct got g;

	world_make(&w, how, at_root);
	if (p.ca == NULL)
		p.ca = w.root;
	else
		p.ca = other;
	p.key = p.key ? other_key : w.root_key;
	world_check(&w, &w.plain, NONE, &g);
	give(&w, URL_ROOT, list_with(&p));
	if (g.n != 1 || g.reason != (how == REVOKE_STRICT ? row->reason : R_OK) || strstr(g.detail, row->words) == NULL)
		fail_msg("%s: %u answers, %s, \"%s\"", row->what, g.n, reason_row(g.reason)->name, g.detail);
	assert_non_null(strstr(g.detail, URL_ROOT));
	/* bad ones are not kept on disk, and the server is left alone for a while */
	world_check(&w, &w.plain, NONE, &g);
	assert_int_equal(g.n, 1);
	assert_int_equal(w.nasked, 1);
	world_restart(&w);
	world_check(&w, &w.plain, NONE, &g);
	if (row->reason == R_CRL_INVALID && strstr(row->words, "not about") == NULL)	/* the others are lists, if not for this */
		assert_int_equal(g.n, 0);
	world_end(&w);
}

static void
test_bad_lists(void **state)
{
	EVP_PKEY *key;
	X509 *other = pki_ca("O=Test, CN=other", NULL, NULL, &key);
	const struct bad_row rows[] = {
		{ "another CA's", { .ca = other, .key = key, .this_update = -60, .next_update = 3600, .number = 1 }, R_CRL_INVALID, "list of O=Test, CN=other" },
		{ "another key", { .key = key, .this_update = -60, .next_update = 3600, .number = 1 }, R_CRL_INVALID, "not signed" },
		{ "damaged", { .this_update = -60, .next_update = 3600, .number = 1, .bad_signature = true }, R_CRL_INVALID, "not signed" },
		{ "SHA-1", { .this_update = -60, .next_update = 3600, .number = 1, .digest = "sha1" }, R_CRL_INVALID, "SHA-1" },
		{ "stale", { .this_update = -7200, .next_update = -3600, .number = 1 }, R_CRL_STALE, "out of date since 2027-01-15T07:00:00Z" },
		{ "of the future", { .this_update = 3600, .next_update = 7200, .number = 1 }, R_CRL_INVALID, "future" },
		{ "without an end", { .this_update = -60, .number = 1 }, R_CRL_INVALID, "next one" },
		{ "only CAs", { .this_update = -60, .next_update = 3600, .number = 1, .ext = { { "issuingDistributionPoint", "critical,onlyCA:TRUE" },
		    { NULL, NULL } } }, R_CRL_INVALID, "not about this certificate" },
		{ "another point", { .this_update = -60, .next_update = 3600, .number = 1, .ext = { { "issuingDistributionPoint",
		    "critical,fullname:URI:http://elsewhere/" }, { NULL, NULL } } }, R_CRL_INVALID, "not about this certificate" },
		{ "unknown extension", { .this_update = -60, .next_update = 3600, .number = 1, .ext = { { "1.2.3.4", "critical,DER:0500" },
		    { NULL, NULL } } }, R_CRL_INVALID, "critical extension" },
		{ "a delta alone", { .this_update = -60, .next_update = 3600, .number = 2, .base = 1 }, R_CRL_MISSING, "delta" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		try_bad(&rows[i], REVOKE_STRICT, other, key);
		try_bad(&rows[i], REVOKE_SOFT, other, key);
	}
	X509_free(other);
	EVP_PKEY_free(key);
}

/* In scope, by the name that the certificate gives the point. */
static void
test_scope(void **state)
{
	struct world w;
	struct got g;

	world_make(&w, REVOKE_STRICT, at_root);
	world_check(&w, &w.plain, NONE, &g);
	give(&w, URL_ROOT, list_with(&(struct pki_crl){ .ca = w.root, .key = w.root_key, .this_update = -60, .next_update = 3600, .number = 1,
	    .ext = { { "issuingDistributionPoint", "critical,fullname:URI:" URL_ROOT ",onlyuser:TRUE" }, { NULL, NULL } } }));
	got_is(&g, R_OK, "");
	world_end(&w);
}

static void
test_failures(void **state)
{
	static const struct { enum reason r; const char *detail; } rows[] = {
		{ R_CRL_UNREACHABLE, "HTTP status 404" }, { R_CRL_TOO_LARGE, "it is larger than 20 MiB" }, { R_URL_REFUSED, "a redirect leads there" },
	};

	for (size_t i = 0; i < 3; i++)
		for (int how = REVOKE_SOFT; how <= REVOKE_STRICT; how++) {
			struct world w;
			struct got g;

			world_make(&w, (enum revocation)how, at_root);
			world_check(&w, &w.plain, NONE, &g);
			world_refuse(&w, URL_ROOT, rows[i].r, rows[i].detail);
			got_is(&g, how == REVOKE_STRICT ? rows[i].r : R_OK, rows[i].detail);
			/* remembered: nobody asks at the next handshakes, and then one does */
			world_check(&w, &w.plain, NONE, &g);
			got_is(&g, how == REVOKE_STRICT ? rows[i].r : R_OK, rows[i].detail);
			assert_int_equal(w.nasked, 1);
			world_now += SOURCE_AGAIN_S + 1;
			world_check(&w, &w.plain, NONE, &g);
			assert_int_equal(g.n, 0);
			give(&w, URL_ROOT, root_list(&w, 1, -60, 3600, 0));
			got_is(&g, R_OK, "");
			world_end(&w);
		}
}

static void
test_nothing_to_ask(void **state)
{
	static const struct pki_ext *const exts[] = { NULL, bad_points };

	for (unsigned i = 0; i < 2; i++) {
		struct world w;
		struct got g;

		world_make(&w, REVOKE_STRICT, exts[i]);
		world_check(&w, &w.plain, NONE, &g);
		got_is(&g, R_CRL_MISSING, "neither the certificate nor the site file");
		world_rule(&w, REVOKE_SOFT, NULL, NULL);
		world_check(&w, &w.plain, NONE, &g);
		got_is(&g, R_OK, "neither");
		assert_int_equal(w.nasked, 0);
		world_end(&w);
	}
}

static void
test_configured(void **state)
{
	struct world w;
	struct got g;

	world_make(&w, REVOKE_STRICT, NULL);
	world_rule(&w, REVOKE_STRICT, "file:///etc/causeway/crl/root.crl", NULL);
	world_check(&w, &w.plain, NONE, &g);
	assert_true(w.asked[world_wants(&w, "file:///etc/causeway/crl/root.crl", 1)].configured);
	give(&w, "file:///etc/causeway/crl/root.crl", root_list(&w, 1, -60, 3600, serial(w.leaf)));
	got_is(&g, R_CERT_REVOKED, "file:///etc/causeway/crl/root.crl");
	world_end(&w);
}

/* One of two addresses is enough; a revocation in any list counts. */
static void
test_two_points(void **state)
{
	struct world w;
	struct got g;

	world_make(&w, REVOKE_STRICT, two_points);
	world_check(&w, &w.plain, NONE, &g);
	world_refuse(&w, URL_ROOT, R_CRL_UNREACHABLE, "dead");
	assert_int_equal(g.n, 0);
	give(&w, "http://mirror.example/root.crl", root_list(&w, 5, -60, 3600, 0));
	got_is(&g, R_OK, "");
	/* a newer list at the other address is the truth, also about what the older one says */
	world_now += 3600 + REVOKE_SKEW_S + 1;
	world_check(&w, &w.plain, NONE, &g);
	give(&w, URL_ROOT, root_list(&w, 7, 3600, 9000, 0));
	got_is(&g, R_OK, "");
	give(&w, "http://mirror.example/root.crl", root_list(&w, 6, 3600, 9000, serial(w.leaf)));
	world_check(&w, &w.plain, NONE, &g);
	got_is(&g, R_OK, "");
	world_end(&w);
}

/* Whoever gives an older list, still valid, could make us forget a revocation. */
static void
test_rollback(void **state)
{
	struct world w;
	struct got g;

	world_make(&w, REVOKE_STRICT, at_root);
	world_check(&w, &w.plain, NONE, &g);
	give(&w, URL_ROOT, root_list(&w, 8, -60, 3600, serial(w.leaf)));
	got_is(&g, R_CERT_REVOKED, "number 8");
	world_now += 3600 + REVOKE_SKEW_S + 1;
	world_check(&w, &w.plain, NONE, &g);
	got_is(&g, R_CERT_REVOKED, "number 8");		/* out of date, and still revoked */
	world_end(&w);
	world_make(&w, REVOKE_STRICT, at_root);
	world_check(&w, &w.plain, NONE, &g);
	give(&w, URL_ROOT, root_list(&w, 8, -60, 60, 0));
	got_is(&g, R_OK, "");
	world_now += 60 + REVOKE_SKEW_S + 1;
	world_check(&w, &w.plain, NONE, &g);
	give(&w, URL_ROOT, root_list(&w, 7, 0, 86400, 0));
	got_is(&g, R_CRL_STALE, "older (number 7) than the one that is known (number 8)");
	world_end(&w);
}

/* Equal requests are one, and whoever waits gets its answer. */
static void
test_merged(void **state)
{
	struct got g[20];
	struct world w;

	world_make(&w, REVOKE_STRICT, at_root);
	for (unsigned i = 0; i < 20; i++)
		world_check(&w, i % 2 ? &w.plain : &w.chain, NONE, &g[i]);
	assert_int_equal(w.nasked, 2);
	give(&w, URL_ROOT, root_list(&w, 1, -60, 3600, 0));
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(g[i].n, i % 2);
	give(&w, URL_SUB, list_of(w.sub, w.sub_key, 1, -60, 3600, 0));
	for (unsigned i = 0; i < 20; i++)
		got_is(&g[i], R_OK, "");
	world_end(&w);
}

static void
on_never(void *arg, enum reason r, const char *detail)
{
	fail();
}

static void
test_cancel(void **state)
{
	struct world w;
	struct got g;
	uint32_t id;

	world_make(&w, REVOKE_STRICT, at_root);
	id = revoke_check(w.revoke, &w.plain, NONE, on_never, NULL);
	world_check(&w, &w.plain, NONE, &g);
	revoke_cancel(w.revoke, id);
	revoke_cancel(w.revoke, id);
	revoke_cancel(w.revoke, 0);
	give(&w, URL_ROOT, root_list(&w, 1, -60, 3600, 0));
	got_is(&g, R_OK, "");
	world_end(&w);
}

/* keymgr-fetch dies and comes back: the check waits for it. Without it, strict says so. */
static void
test_link_loss(void **state)
{
	struct world w;
	struct got g;

	world_make(&w, REVOKE_STRICT, at_root);
	world_check(&w, &w.plain, NONE, &g);
	world_unlink(&w);
	assert_int_equal(g.n, 0);
	w.nasked = 0;
	world_link(&w);
	give(&w, URL_ROOT, root_list(&w, 1, -60, 3600, 0));
	got_is(&g, R_OK, "");
	world_now += 3600 + REVOKE_SKEW_S + 1;
	world_unlink(&w);
	world_check(&w, &w.plain, NONE, &g);
	for (int i = 0; i < 100 && g.n == 0; i++) {
		struct timeval tv = { 0, 100000 };

		event_base_loopexit(w.base, &tv);
		event_base_dispatch(w.base);
	}
	got_is(&g, R_CRL_STALE, "keymgr-fetch is not running");
	world_end(&w);
}

/* Delta lists, RFC 5280 5.2.4 and 5.2.6. */

static struct bytes
base_list(const struct world *w, long number, long held)
{
	static struct pki_revoked one;

	one = (struct pki_revoked){ .serial = held, .when = -100, .why = 6 };
	return list_with(&(struct pki_crl){ .ca = w->root, .key = w->root_key, .this_update = -60, .next_update = 3600, .number = number, .n = held ? 1 : 0,
	    .v = &one, .ext = { { "freshestCRL", "URI:" URL_DELTA }, { NULL, NULL } } });
}

static struct bytes
delta_list(const struct world *w, long number, long base, long serial_no, int why)
{
	static struct pki_revoked one;

	one = (struct pki_revoked){ .serial = serial_no, .when = -30, .why = why };
	return list_with(&(struct pki_crl){ .ca = w->root, .key = w->root_key, .this_update = -20, .next_update = 1800, .number = number, .base = base,
	    .n = 1, .v = &one });
}

static void
test_delta(void **state)
{
	const struct { const char *what; long held, number, base; int why; enum reason r; const char *words; } rows[] = {
		{ "it revokes", 0, 11, 10, 1, R_CERT_REVOKED, "number 11 of " URL_DELTA },
		{ "it gives back", 1, 11, 10, 8, R_OK, "" },
		{ "made for an older base", 0, 11, 9, 1, R_CERT_REVOKED, URL_DELTA },
		{ "made for a later base", 0, 13, 12, 1, R_OK, "" },
		{ "older than the base", 0, 9, 8, 1, R_OK, "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world w;
		struct got g;

		world_make(&w, REVOKE_STRICT, at_root);
		world_check(&w, &w.plain, NONE, &g);
		give(&w, URL_ROOT, base_list(&w, 10, rows[i].held ? serial(w.leaf) : 0));
		if (rows[i].held) {	/* held: there is no waiting for a list that might give it back */
			got_is(&g, R_CERT_REVOKED, "certificateHold");
			world_end(&w);
			continue;
		}
		assert_int_equal(g.n, 0);
		give(&w, URL_DELTA, delta_list(&w, rows[i].number, rows[i].base, serial(w.leaf), rows[i].why));
		if (g.n != 1 || g.reason != rows[i].r || strstr(g.detail, rows[i].words) == NULL)
			fail_msg("%s: %s \"%s\"", rows[i].what, reason_row(g.reason)->name, g.detail);
		world_end(&w);
	}
}

static void
test_delta_gives_back(void **state)
{
	static const struct pki_ext both[] = { { "crlDistributionPoints", "URI:" URL_ROOT }, { "freshestCRL", "URI:" URL_DELTA }, { NULL, NULL } };
	struct world w;
	struct got g;

	world_make(&w, REVOKE_STRICT, both);
	world_check(&w, &w.plain, NONE, &g);
	give(&w, URL_DELTA, delta_list(&w, 11, 10, serial(w.leaf), 8));
	give(&w, URL_ROOT, base_list(&w, 10, serial(w.leaf)));
	got_is(&g, R_OK, "");
	world_end(&w);
}

static void
test_delta_unreachable(void **state)
{
	struct world w;
	struct got g;

	world_make(&w, REVOKE_STRICT, at_root);
	world_check(&w, &w.plain, NONE, &g);
	give(&w, URL_ROOT, base_list(&w, 10, 0));
	world_refuse(&w, URL_DELTA, R_CRL_UNREACHABLE, "dead");
	got_is(&g, R_OK, "");
	world_end(&w);
}

/* OCSP */

static struct bytes
answer_of(const struct world *w, int status, long from, long to)
{
	OCSP_RESPONSE *r = pki_ocsp(&(struct pki_ocsp){ .subject = w->leaf, .ca = w->root, .key = w->root_key, .status = status, .why = status ==
	    V_OCSP_CERTSTATUS_REVOKED ? 1 : -1, .when = -100, .this_update = from, .next_update = to });
	struct bytes b = pki_ocsp_der(r);

	OCSP_RESPONSE_free(r);
	return b;
}

static void
test_ocsp(void **state)
{
	const struct { int status; long from, to; enum reason r; const char *words; } rows[] = {
		{ V_OCSP_CERTSTATUS_GOOD, -60, 3600, R_OK, "" },
		{ V_OCSP_CERTSTATUS_REVOKED, -60, 3600, R_CERT_REVOKED, "by the OCSP responder " URL_OCSP },
		{ V_OCSP_CERTSTATUS_UNKNOWN, -60, 3600, R_OCSP_INVALID, "does not know" },
		{ V_OCSP_CERTSTATUS_GOOD, -7200, -3600, R_OCSP_INVALID, "out of date" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world w;
		struct got g;

		world_make(&w, REVOKE_STRICT, with_ocsp);
		world_check(&w, &w.plain, NONE, &g);
		assert_true(w.asked[world_wants(&w, URL_OCSP, 1)].npost > 40);
		give(&w, URL_OCSP, answer_of(&w, rows[i].status, rows[i].from, rows[i].to));
		got_is(&g, rows[i].r, rows[i].words);
		world_check(&w, &w.plain, NONE, &g);
		got_is(&g, rows[i].r, rows[i].words);
		assert_int_equal(w.nasked, 1);
		world_end(&w);
	}
}

/* Whichever comes first decides; a configured responder is asked too. */
static void
test_ocsp_and_list(void **state)
{
	struct world w;
	struct got g;

	world_make(&w, REVOKE_STRICT, with_both);
	world_rule(&w, REVOKE_STRICT, NULL, "http://own.example/ocsp");
	world_check(&w, &w.plain, NONE, &g);
	world_wants(&w, URL_ROOT, 1);
	world_wants(&w, URL_OCSP, 1);
	assert_true(w.asked[world_wants(&w, "http://own.example/ocsp", 1)].configured);
	world_give(&w, URL_OCSP, bytes_of("garbage", 7));
	world_refuse(&w, "http://own.example/ocsp", R_CRL_UNREACHABLE, "dead");
	assert_int_equal(g.n, 0);
	give(&w, URL_ROOT, root_list(&w, 1, -60, 3600, 0));
	got_is(&g, R_OK, "");
	world_end(&w);
}

static void
test_in_band(void **state)
{
	struct bytes b;
	struct world w;
	struct got g;

	world_make(&w, REVOKE_STRICT, with_ocsp);
	b = answer_of(&w, V_OCSP_CERTSTATUS_GOOD, -60, 3600);
	world_check(&w, &w.plain, b, &g);
	got_is(&g, R_OK, "");
	bytes_free(b);
	b = answer_of(&w, V_OCSP_CERTSTATUS_REVOKED, -60, 3600);
	world_check(&w, &w.plain, b, &g);
	got_is(&g, R_CERT_REVOKED, "that the peer itself sent");
	bytes_free(b);
	assert_int_equal(w.nasked, 0);
	/* one that is no good counts for nothing, and is told */
	b = answer_of(&w, V_OCSP_CERTSTATUS_GOOD, -7200, -3600);
	world_check(&w, &w.plain, b, &g);
	bytes_free(b);
	world_refuse(&w, URL_OCSP, R_CRL_UNREACHABLE, "dead");
	got_is(&g, R_CRL_UNREACHABLE, "that the peer sent: it is out of date");
	world_end(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_off), cmocka_unit_test(test_good_and_revoked), cmocka_unit_test(test_path), cmocka_unit_test(test_bad_lists),
		cmocka_unit_test(test_scope), cmocka_unit_test(test_failures), cmocka_unit_test(test_nothing_to_ask), cmocka_unit_test(test_configured),
		cmocka_unit_test(test_two_points), cmocka_unit_test(test_rollback), cmocka_unit_test(test_merged), cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_link_loss), cmocka_unit_test(test_delta), cmocka_unit_test(test_delta_gives_back),
		cmocka_unit_test(test_delta_unreachable), cmocka_unit_test(test_ocsp), cmocka_unit_test(test_ocsp_and_list),
		cmocka_unit_test(test_in_band),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
