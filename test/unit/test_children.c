/* SPDX-License-Identifier: BSD-2-Clause */
/* Children for one protocol and its ports: what each end makes of them, and which of several a packet is of. */
#include "test.h"

#include "pfkey.h"
#include "want.h"

#define HEAD	"version: 1\nsites:\n  tokyo: {address: 192.0.2.1, networks: [10.0.1.0/24]}\n  newyork: {address: 192.0.2.2, networks: [10.0.2.0/24]}\n" \
	"tunnels:\n  tokyo-newyork:\n    between: [tokyo, newyork]\n    auth: {psk: x}\n    policy: modern\n    start: always\n"

static struct sites *
must_read(const char *text)
{
	struct yt_error err;
	struct sites *s = sites_read(text, strlen(text), false, &err);

	if (!s)
		fail_msg("%u:%u: %s", err.line, err.column, err.message);
	return s;
}

static const struct spd_entry *
policy_of(const struct want *w, uint8_t dir, uint32_t reqid)
{
	for (size_t i = 0; i < w->spd.n; i++)
		if (w->spd.v[i].dir == dir && w->spd.v[i].reqid == reqid)
			return &w->spd.v[i];
	fail_msg("no policy of reqid %u", reqid);
	return NULL;
}

static uint32_t
reqid_by_letter(void *arg, const char *tunnel, const char *child)
{
	(void)arg, (void)tunnel;
	return (uint32_t)child[0];
}

/*
 * Children for one protocol and its ports, between the same networks: what each end makes of them is the other's, turned round; the one that names
 * more goes first, and both ends say the same of any two.
 */
static void
test_protocols(void **state)
{
	static const char order[] = { 'b', 'f', 's', 'c', 'o' };	/* both ports, newyork's, tokyo's, the protocol, all */
	struct sites *s = must_read(HEAD "    children:\n      only: {}\n      c: {protocol: tcp}\n      s: {protocol: tcp, ports: {tokyo: 80}}\n"
	    "      f: {protocol: 6, ports: {newyork: 443}}\n      b: {protocol: tcp, ports: {newyork: 443, tokyo: 80}}\n      icmp: {protocol: icmp}\n");
	struct tunnel *t = calloc(2, sizeof(*t));
	char buf[200];
	struct want w[2];

	(void)state;
	assert_non_null(t);
	assert_true(want_build(&w[0], s, "tokyo", reqid_by_letter, NULL) && want_build(&w[1], s, "newyork", reqid_by_letter, NULL));
	assert_int_equal(w[0].spd.n, 12);
	for (unsigned i = 0; i < 2; i++)
		want_tunnel_msg(&w[i].v[0], false, &t[i]);
	for (unsigned k = 0; k < 6; k++) {
		assert_true(ts_list_eq(&t[0].children[k].local, &t[1].children[k].remote));
		assert_true(ts_list_eq(&t[0].children[k].remote, &t[1].children[k].local));
	}
	assert_string_equal(ts_list_str(&t[0].children[0].local, buf, sizeof(buf)), "10.0.1.0/24 tcp 80");
	assert_string_equal(ts_list_str(&t[0].children[0].remote, buf, sizeof(buf)), "10.0.2.0/24 tcp 443");
	assert_string_equal(ts_list_str(&t[0].children[2].local, buf, sizeof(buf)), "10.0.1.0/24 tcp");
	assert_string_equal(ts_list_str(&t[0].children[3].local, buf, sizeof(buf)), "10.0.1.0/24 icmp");
	assert_int_equal(policy_of(&w[0], CW_DIR_OUT, 'b')->sport, 80);
	assert_int_equal(policy_of(&w[0], CW_DIR_OUT, 'b')->dport, 443);
	assert_int_equal(policy_of(&w[0], CW_DIR_IN, 'b')->sport, 443);
	assert_int_equal(policy_of(&w[1], CW_DIR_OUT, 'f')->sport, 443);
	assert_int_equal(policy_of(&w[1], CW_DIR_OUT, 'f')->proto, 6);
	for (unsigned i = 0; i < sizeof(order); i++) {
		uint32_t p = policy_of(&w[0], CW_DIR_OUT, order[i])->priority;

		assert_int_equal(policy_of(&w[0], CW_DIR_IN, order[i])->priority, p);
		assert_int_equal(policy_of(&w[1], CW_DIR_OUT, order[i])->priority, p);
		if (i)
			assert_true(policy_of(&w[0], CW_DIR_OUT, order[i - 1])->priority < p);
	}
	want_fini(&w[0]);
	want_fini(&w[1]);
	sites_free(s);
	free(t);
}

/* A site may be called as one of these keys: then it is the site. */
static void
test_protocol_site(void **state)
{
	static const char text[] = "version: 1\nsites:\n  ports: {address: 192.0.2.1, networks: [10.0.1.0/24]}\n  b: {address: 192.0.2.2, networks: [10.0.2.0/24]}\n"
	    "tunnels:\n  x: {between: [ports, b], auth: {psk: x}, policy: modern, start: always, children: {c: {ports: [10.0.1.0/25], protocol: tcp}}}\n";
	struct sites *s = must_read(text);

	(void)state;
	assert_int_equal(s->tunnels[0].children[0].nnets[0], 1);
	assert_int_equal(s->tunnels[0].children[0].proto, 6);
	sites_free(s);
}

/* Two tunnels between the same networks are told apart by what they are for, and not by less. */
static void
test_two_tunnels(void **state)
{
	static const struct { const char *one, *two; bool taken; } rows[] = {
		{ "{protocol: tcp}", "{protocol: udp}", true },
		{ "{protocol: tcp}", "{}", true },
		{ "{protocol: tcp, ports: {tokyo: 80}}", "{protocol: tcp, ports: {newyork: 80}}", true },
		{ "{protocol: tcp, ports: {tokyo: 80}}", "{protocol: tcp, ports: {tokyo: 80}}", false },
		{ "{protocol: tcp}", "{protocol: 6}", false },
	};
	char text[2048];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct yt_error err;
		struct sites *s;

		snprintf(text, sizeof(text), "%s    children: {a: %s}\n  other: {between: [newyork, tokyo], auth: {psk: x}, policy: modern, start: always, children: {a: %s}}\n",
		    HEAD, rows[i].one, rows[i].two);
		s = sites_read(text, strlen(text), false, &err);
		if ((s != NULL) != rows[i].taken)
			fail_msg("%s %s: %s", rows[i].one, rows[i].two, s ? "taken" : err.message);
		assert_true(s || err.reason == R_OVERLAP);
		sites_free(s);
	}
}

/* The ends tell each other the digest: it says all of this. */
static void
test_digest(void **state)
{
	static const char *const v[] = { "{}", "{protocol: tcp}", "{protocol: udp}", "{protocol: tcp, ports: {tokyo: 80}}", "{protocol: tcp, ports: {newyork: 80}}",
		"{protocol: tcp, ports: {tokyo: 81}}" };
	uint8_t sum[sizeof(v) / sizeof(v[0])][32];
	char text[2048];

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct sites *s;

		snprintf(text, sizeof(text), "%s    children: {a: %s}\n", HEAD, v[i]);
		s = must_read(text);
		memcpy(sum[i], s->tunnels[0].digest, sizeof(sum[i]));
		sites_free(s);
		for (size_t k = 0; k < i; k++)
			assert_memory_not_equal(sum[i], sum[k], sizeof(sum[i]));
	}
}

/* "out 10.0.1.0/24 10.0.2.0/24 discard" and so on, in the SPD's order, with a space between. */
static const char *
spd_str(const struct want *w, char *buf, size_t cap)
{
	char src[PREFIX_STR], dst[PREFIX_STR];
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < w->spd.n; i++) {
		const struct spd_entry *e = &w->spd.v[i];

		n += (size_t)snprintf(buf + n, cap - n, "%s%s %s %s %s", i ? "; " : "", e->dir == CW_DIR_IN ? "in" : "out", prefix_str(&e->src, src), prefix_str(&e->dst, dst),
		    e->discard ? "discard" : e->iface);
		assert_int_equal(e->reqid, e->discard ? 0 : 'n');
		assert_true(!e->discard || !e->iface[0]);
	}
	return buf;
}

#define CLOSED	"in 0.0.0.0/0 0.0.0.0/0 vpn0; in 10.0.2.0/24 10.0.1.0/24 discard; in ::/0 ::/0 vpn0; " \
	"out 0.0.0.0/0 0.0.0.0/0 vpn0; out 10.0.1.0/24 10.0.2.0/24 discard; out ::/0 ::/0 vpn0"

/* An end that is an interface: everything is its child's, in a part of its own; where its policies would be, others close. The other end has policies. */
static void
test_interface(void **state)
{
	struct sites *s = must_read(HEAD "    interface: {tokyo: vpn0}\n"), *both = must_read(HEAD "    interface: vpn0\n");
	struct tunnel *t = calloc(2, sizeof(*t));
	struct binding b;
	struct want w[2];
	char buf[1000];

	(void)state;
	assert_non_null(t);
	assert_true(want_build(&w[0], s, "tokyo", reqid_by_letter, NULL) && want_build(&w[1], s, "newyork", reqid_by_letter, NULL));
	assert_string_equal(spd_str(&w[0], buf, sizeof(buf)), CLOSED);
	assert_string_equal(spd_str(&w[1], buf, sizeof(buf)), "in 10.0.1.0/24 10.0.2.0/24 ; out 10.0.2.0/24 10.0.1.0/24 ");
	assert_int_equal(w[0].v[0].npolicies[0], 6);
	assert_false(want_present(&w[0], 0));
	for (size_t i = 0; i < w[0].spd.n; i++)
		w[0].spd.v[i].present = !w[0].spd.v[i].iface[0];
	assert_false(want_present(&w[0], 0));		/* what closes says nothing of the interface */
	for (size_t i = 0; i < w[0].spd.n; i++)
		w[0].spd.v[i].present = true;
	assert_true(want_present(&w[0], 0));
	for (unsigned i = 0; i < 2; i++)
		want_tunnel_msg(&w[i].v[0], false, &t[i]);
	assert_string_equal(t[0].iface, "vpn0");
	assert_string_equal(t[1].iface, "");
	assert_string_equal(ts_list_str(&t[0].children[0].local, buf, sizeof(buf)), "0.0.0.0/0, ::/0");
	assert_string_equal(ts_list_str(&t[0].children[0].remote, buf, sizeof(buf)), "0.0.0.0/0, ::/0");
	assert_string_equal(ts_list_str(&t[1].children[0].local, buf, sizeof(buf)), "10.0.2.0/24");
	want_binding(&w[0].v[0], &b);
	assert_string_equal(b.iface, "vpn0");
	want_binding(&w[1].v[0], &b);
	assert_string_equal(b.iface, "");
	want_fini(&w[0]);
	want_fini(&w[1]);
	assert_true(want_build(&w[1], both, "newyork", reqid_by_letter, NULL));
	assert_string_equal(want_iface(&w[1].v[0]), "vpn0");
	want_fini(&w[1]);
	sites_free(s);
	sites_free(both);
	free(t);
}

/* What a child says of networks and protocols holds there too. */
static void
test_interface_child(void **state)
{
	struct sites *s = must_read(HEAD "    interface: vpn0\n    children:\n      n: {tokyo: [10.0.1.128/25], protocol: tcp, ports: {newyork: 443}}\n");
	struct tunnel *t = calloc(1, sizeof(*t));
	char buf[1000];
	struct want w;

	(void)state;
	assert_non_null(t);
	assert_true(want_build(&w, s, "tokyo", reqid_by_letter, NULL));
	assert_string_equal(spd_str(&w, buf, sizeof(buf)), "in 0.0.0.0/0 10.0.1.128/25 vpn0; in 10.0.2.0/24 10.0.1.128/25 discard; out 10.0.1.128/25 0.0.0.0/0 vpn0; "
	    "out 10.0.1.128/25 10.0.2.0/24 discard");
	for (size_t i = 0; i < w.spd.n; i++) {
		assert_int_equal(w.spd.v[i].proto, 6);
		assert_int_equal(w.spd.v[i].dir == CW_DIR_OUT ? w.spd.v[i].dport : w.spd.v[i].sport, 443);
	}
	want_tunnel_msg(&w.v[0], false, t);
	assert_string_equal(ts_list_str(&t->children[0].remote, buf, sizeof(buf)), "0.0.0.0/0 tcp 443");
	want_fini(&w);
	sites_free(s);
	free(t);
}

static void
test_interface_refused(void **state)
{
	static const struct { const char *is; enum reason reason; unsigned column; } rows[] = { { "{tokyo: 0}", R_NAME_INVALID, 24 }, { "{}", R_VALUE_INVALID, 16 },
	    { "{tokyo: [vpn0]}", R_NAME_INVALID, 24 }, { "{tokyo: vpn0, paris: vpn0}", R_KEY_UNKNOWN, 30 }, { "cw0", R_NAME_INVALID, 16 } };
	struct yt_error err;
	char text[1000];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), "%s    interface: %s\n", HEAD, rows[i].is);
		assert_null(sites_read(text, strlen(text), false, &err));
		assert_int_equal(err.reason, rows[i].reason);
		assert_int_equal(err.line, 11);
		assert_int_equal(err.column, rows[i].column);
	}
}

/* Names of interfaces are one gateway's: two tunnels may not share one there, and may where they do not meet. */
static void
test_interfaces_of_two(void **state)
{
	static const char three[] = "version: 1\nsites:\n  a: {address: 192.0.2.1, networks: [10.0.1.0/24]}\n  b: {address: 192.0.2.2, networks: [10.0.2.0/24]}\n"
	    "  c: {address: 192.0.2.3, networks: [10.0.3.0/24]}\ntunnels:\n"
	    "  x: {between: [a, b], auth: {psk: k}, policy: modern, start: always, interface: vpn0}\n"
	    "  y: {between: [%s, c], auth: {psk: k}, policy: modern, start: always, interface: %s}\n";
	static const struct { const char *site, *iface; bool ok; } rows[] = { { "a", "vpn1", true }, { "a", "vpn0", false }, { "b", "{b: vpn0}", false }, { "b", "{c: vpn0}", true },
	    { "b", "{b: vpn1, c: vpn0}", true } };
	struct yt_error err;
	char text[1000];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sites *s;

		snprintf(text, sizeof(text), three, rows[i].site, rows[i].iface);
		s = sites_read(text, strlen(text), false, &err);
		assert_int_equal(s != NULL, rows[i].ok);
		sites_free(s);
		if (rows[i].ok)
			continue;
		assert_int_equal(err.reason, R_OVERLAP);
		assert_int_equal(err.line, 8);
		assert_non_null(strstr(err.message, "'x' and 'y' both have the interface 'vpn0'"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_digest), cmocka_unit_test(test_protocols), cmocka_unit_test(test_protocol_site), cmocka_unit_test(test_two_tunnels), cmocka_unit_test(test_interface), cmocka_unit_test(test_interface_child),
		cmocka_unit_test(test_interfaces_of_two), cmocka_unit_test(test_interface_refused) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
