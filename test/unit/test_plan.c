/* SPDX-License-Identifier: BSD-2-Clause */
/* What an apply would do to each tunnel, when it is refused, and the JSON bodies of commands. */
#include "test.h"

#include "act.h"
#include "msg_ike.h"
#include "plan.h"
#include "tunnelcmp.h"

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
plan_with(const char *old, const char *new, plan_suite *in_use, const char *expect)
{
	static const char kinds[] = "=~!-+";	/* kept, rekeyed, restarted, dropped, new */
	struct sites *o = old ? must_read(old) : NULL, *n = must_read(new);
	char out[4096] = "";
	struct plan p;

	assert_true(plan_make(&p, o, n, "a", in_use, NULL));
	for (unsigned i = 0; i < p.n; i++) {
		const struct plan_row *r = &p.v[i];
		size_t at = strlen(out);

		at += (size_t)snprintf(out + at, sizeof(out) - at, "%s%c%s", i ? " " : "", kinds[r->fate], r->tunnel);
		for (unsigned k = 0; k < r->nchildren; k++)
			at += (size_t)snprintf(out + at, sizeof(out) - at, "%c%s", kinds[r->children[k].fate], r->children[k].name);
		snprintf(out + at, sizeof(out) - at, "(%s)", r->why ? r->why : "");
	}
	assert_string_equal(out, expect);
	plan_fini(&p);
	sites_free(o);
	sites_free(n);
}

static void
plan(const char *old, const char *new, const char *expect)
{
	plan_with(old, new, NULL, expect);
}

/* What both presets begin with. */
static const struct suite *
modern_suite(void *arg, const char *tunnel)
{
	static struct suite s;
	struct proposals ike, esp;
	unsigned which;

	(void)arg, (void)tunnel;
	assert_true(preset_find("modern", &ike, &esp) && proposals_choose(&ike, &ike, &s, &which));
	return &s;
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

	static const char lists[] = SITES "tunnels:\n  a-b:\n    between: [a, b]\n    auth: {psk: k}\n    ike: [aes128gcm16-prfsha256-x25519]\n"
	    "    esp: [aes128gcm16-x25519-esn]\n    start: always\n";

	(void)state;
	plan(NULL, one, "+a-b()");
	plan(one, one, "=a-b()");
	plan(one, two, "=a-b() +a-c()");		/* b-c is not ours */
	plan(two, one, "=a-b() -a-c(it is not in the file)");
	plan(one, edit(one, "modern", "compatible"),
	    "~a-b(IKE proposals: policy 'modern' -> policy 'compatible'; ESP proposals: policy 'modern' -> policy 'compatible')");
	plan_with(one, edit(one, "modern", "compatible"), modern_suite,	/* its IKE SA stays: the child alone is rekeyed */
	    "~a-b(IKE proposals: policy 'modern' -> policy 'compatible' (what the IKE SA uses stays among them); "
	    "ESP proposals: policy 'modern' -> policy 'compatible')");
	plan(lists, edit(lists, "aes128gcm16-prfsha256-x25519]", "aes128gcm16-prfsha256-x25519, aes256gcm16-prfsha384-x25519]"),
	    "~a-b=net(IKE proposals: aes128gcm16-prfsha256-x25519 -> aes128gcm16-prfsha256-x25519, aes256gcm16-prfsha384-x25519)");
	plan(one, edit(one, "{psk: k}", "{psk: other}"), "!a-b(auth: psk 'k' -> psk 'other')");
	plan(one, edit(one, "1.0.0.2", "1.0.0.9"), "!a-b(address of 'b': 1.0.0.2 -> 1.0.0.9)");
	plan(one, edit(one, "1.0.0.2", "any"), "!a-b(address of 'b': 1.0.0.2 -> any; who begins)");
	plan(one, edit(one, "[10.0.2.0/24]", "[10.0.2.0/24, 10.0.4.0/24]"), "~a-b(networks of 'b': 10.0.2.0/24 -> 10.0.2.0/24, 10.0.4.0/24)");
	plan(one, edit(one, "[10.0.2.0/24]}", "[10.0.2.0/24], id: fqdn:x}"), "!a-b(id of 'b': fqdn:b -> fqdn:x)");
	plan(one, edit(one, "start: always", "start: respond-only"), "=a-b(start: always -> respond-only)");
	plan(one, edit(one, "start: always", "start: always\n    child_lifetime: 10m\n    ike_lifetime: 90s\n    ike_hard_lifetime: 2h\n"
	    "    child_hard_lifetime: 1d\n    child_bytes: 1GiB\n    child_packets: 5000\n    replay_window: 64\n    encapsulation: udp"),
	    "=a-b(ike_lifetime: 8h -> 90s; ike_hard_lifetime: 110 % -> 2h; child_lifetime: 1h -> 10m; child_hard_lifetime: 110 % -> 1d; "
	    "child_bytes: 64GiB -> 1GiB; child_packets: 4294967296 -> 5000; replay_window: 1024 -> 64; encapsulation: auto -> udp; "
	    "from the next keys on)");
	/* SAs are of one interface for good: its children are replaced, whether or not their networks change, and nothing else. */
	plan(one, edit(one, "start: always", "start: always\n    interface: vpn0"), "~a-b(interface: none -> vpn0)");
	plan(one, edit(one, "start: always", "start: always\n    interface: {b: vpn0}"), "=a-b()");
	plan(edit(one, "start: always", "start: always\n    interface: vpn0"), one, "~a-b(interface: vpn0 -> none)");
	plan(SITES "tunnels:\n" AB "    interface: vpn0\n    children: {net: {a: [10.0.1.0/24], b: [10.0.2.0/24]}}\n" AC,
	    SITES "tunnels:\n" AB "    interface: vpn1\n    children: {net: {a: [10.0.1.0/24], b: [10.0.2.0/24]}}\n" AC, "~a-b(interface: vpn0 -> vpn1) =a-c()");
	plan(one, edit(one, "[a, b]", "[a, c]"), "!a-b('c' instead of 'b'; address of 'c': 1.0.0.2 -> 1.0.0.3; id of 'c': fqdn:b -> fqdn:c; "
	    "networks of 'c': 10.0.2.0/24 -> 10.0.3.0/24)");
	plan(one, edit(one, "[a, b]", "[b, a]"), "=a-b(who begins)");
	plan(SITES "tunnels:\n" AB AC, edit(SITES "tunnels:\n" AB AC, "[a, c]", "[b, c]"), "=a-b() -a-c(it does not end at this site any more)");
}

/* Of several children: which stay, whose selectors changed, which go and come; and numbers count as well as names. */
static void
test_children(void **state)
{
	struct tunnel *t = calloc(2, sizeof(*t));
	struct prefix net[4];
	struct tunnel_diff d;
	struct suite s;

	(void)state;
	assert_non_null(t);
	for (unsigned i = 0; i < 4; i++) {
		char text[32];

		snprintf(text, sizeof(text), "10.0.%u.0/24", i);
		assert_true(prefix_parse(text, &net[i]));
	}
	assert_true(preset_find("modern", &t[0].ike, &t[0].esp));
	t[0].nchildren = 4;
	for (unsigned i = 0; i < 4; i++) {
		struct tunnel_child *c = &t[0].children[i];

		snprintf(c->name, sizeof(c->name), "c%u", i);
		c->reqid = i + 1;
		c->local.n = c->remote.n = 1;
		c->local.v[0] = ts_from_prefix(&net[0]);
		c->remote.v[0] = ts_from_prefix(&net[i]);
	}
	t[1] = t[0];
	tunnel_compare(&t[0], &t[1], &d);
	assert_int_equal(d.fields, 0);
	assert_int_equal(d.fate, FATE_KEPT);
	t[1].children[0] = t[0].children[3];			/* another order */
	t[1].children[3] = t[0].children[0];
	t[1].children[3].remote.v[0] = ts_from_prefix(&net[2]);	/* c0 wants another network */
	t[1].children[1].reqid = 9;				/* c1 was removed and made anew */
	t[1].nchildren = 4;
	tunnel_compare(&t[0], &t[1], &d);
	assert_int_equal(d.fate, FATE_KEPT);
	assert_int_equal(d.fields, TD_TS_REMOTE);
	assert_int_equal(d.nold, 4);
	assert_int_equal(d.child[0].fate, FATE_REKEYED);
	assert_int_equal(d.child[0].to, 3);
	assert_int_equal(d.child[1].fate, FATE_DROPPED);
	assert_int_equal(d.child[2].fate, FATE_KEPT);
	assert_int_equal(d.child[3].fate, FATE_KEPT);
	assert_int_equal(d.child[3].to, 0);
	assert_true(!d.is_new[0] && d.is_new[1] && !d.is_new[2] && !d.is_new[3]);
	/* who is believed by other proofs takes all children along, but for those that go */
	t[1].proofs[31] = 1;
	tunnel_compare(&t[0], &t[1], &d);
	assert_int_equal(d.fate, FATE_RESTARTED);
	assert_int_equal(d.child[0].fate, FATE_RESTARTED);
	assert_int_equal(d.child[1].fate, FATE_DROPPED);
	assert_int_equal(d.child[2].fate, FATE_RESTARTED);
	/* a cipher less: IKE SAs that use it have to go */
	s = *modern_suite(NULL, NULL);
	assert_true(suite_allowed(&t[0].ike, &s));
	t[0].ike.v[0] = t[0].ike.v[1];
	t[0].ike.n = 1;
	assert_false(suite_allowed(&t[0].ike, &s));
	free(t);
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
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_plan), cmocka_unit_test(test_children), cmocka_unit_test(test_removal), cmocka_unit_test(test_bodies) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
