/* SPDX-License-Identifier: BSD-2-Clause */
/* Site files: what they mean, every refusal with its place, cuts at every octet, the digest that both ends compare. */
#include "test.h"

#include "names.h"
#include "plan.h"
#include "site.h"
#include "want.h"

static const char sample[] =
    "version: 1\n"
    "sites:\n"
    "  tokyo:   {address: 20.0.0.1, networks: [10.0.1.0/24]}\n"
    "  newyork: {address: 20.0.0.2, networks: [10.0.2.0/24]}\n"
    "tunnels:\n"
    "  tokyo-newyork:\n"
    "    between: [tokyo, newyork]\n"
    "    auth: {psk: tokyo-newyork}      # the name of a secret, never the secret\n"
    "    policy: modern                  # a named preset; algorithms can be listed instead\n"
    "    start: always                   # always | on-demand | respond-only\n";

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
test_sample(void **state)
{
	struct sites *s = must_read(sample);
	const struct site *tokyo = sites_find(s, "tokyo");
	const struct site_tunnel *t = sites_find_tunnel(s, "tokyo-newyork");
	struct proposals ike, esp;

	(void)state;
	assert_int_equal(s->nsites, 2);
	assert_non_null(tokyo);
	assert_string_equal(tokyo->id, "fqdn:tokyo");
	assert_int_equal(tokyo->nnets, 1);
	assert_int_equal(tokyo->nets[0].len, 24);
	assert_non_null(t);
	assert_string_equal(s->sites[t->a].name, "tokyo");
	assert_string_equal(s->sites[t->b].name, "newyork");
	assert_string_equal(t->auth[0].psk, "tokyo-newyork");
	assert_int_equal(t->start, START_ALWAYS);
	assert_int_equal(t->encap, ENCAP_AUTO);
	assert_int_equal(t->ike_life_s, 8 * 3600);
	assert_int_equal(t->child_life_s, 3600);
	assert_int_equal(t->child_hard_s, 0);
	assert_true(t->child_bytes == 64ull << 30 && t->child_packets == 1ull << 32);
	assert_int_equal(t->replay_window, 1024);
	assert_true(preset_find("modern", &ike, &esp));
	assert_int_equal(t->ike->n, ike.n);
	assert_int_equal(t->esp->n, esp.n);
	sites_free(s);
}

/* A tunnel of the sample with other lines in it. */
static char *
with(const char *from, const char *to)
{
	static char buf[8192];
	const char *at = strstr(sample, from);

	assert_non_null(at);
	snprintf(buf, sizeof(buf), "%.*s%s%s", (int)(at - sample), sample, to, at + strlen(from));
	return buf;
}

static void
test_options(void **state)
{
	struct sites *s = must_read(with("    policy: modern                  # a named preset; algorithms can be listed instead\n",
	    "    ike: [aes128gcm16-prfsha256-x25519, aes256-sha256-modp2048]\n    esp: [aes128gcm16-x25519-esn]\n    encapsulation: esp\n"
	    "    ike_lifetime: 2h\n    child_lifetime: 30s\n    ike_hard_lifetime: 3h\n    child_hard_lifetime: 10m\n    child_bytes: 10GiB\n    child_packets: 100000\n    replay_window: 64\n"));
	const struct site_tunnel *t = &s->tunnels[0];

	(void)state;
	assert_int_equal(t->ike->n, 2);
	assert_int_equal(t->esp->n, 1);
	assert_string_equal(t->policy, "");
	assert_int_equal(t->encap, ENCAP_ESP);
	assert_int_equal(t->ike_life_s, 7200);
	assert_int_equal(t->child_life_s, 30);
	assert_int_equal(t->ike_hard_s, 3 * 3600);
	assert_int_equal(t->child_hard_s, 600);
	assert_true(t->child_bytes == 10ull << 30);
	assert_int_equal(t->child_packets, 100000);
	assert_int_equal(t->replay_window, 64);
	sites_free(s);
}

static void
test_units(void **state)
{
	static const struct { const char *text; bool ok; uint64_t v; } d[] = {
		{ "30s", true, 30 }, { "10m", true, 600 }, { "8h", true, 28800 }, { "7d", true, 604800 }, { "30", false, 0 },
		{ "s", false, 0 }, { "010s", false, 0 }, { "1.5h", false, 0 }, { "-1s", false, 0 }, { "99999999999999999999s", false, 0 },
		{ "1w", false, 0 }, { "213503982334602d", false, 0 }, { " 1s", false, 0 },
	}, q[] = {
		{ "64GiB", true, 64ull << 30 }, { "1TiB", true, 1ull << 40 }, { "0", true, 0 }, { "5KiB", true, 5120 }, { "3MiB", true, 3 << 20 },
		{ "1GB", false, 0 }, { "18446744073709551615KiB", false, 0 }, { "", false, 0 }, { "0x10", false, 0 },
	};
	uint64_t v;

	(void)state;
	for (size_t i = 0; i < sizeof(d) / sizeof(d[0]); i++) {
		assert_int_equal(duration_parse(d[i].text, &v), d[i].ok);
		assert_true(!d[i].ok || v == d[i].v);
	}
	for (size_t i = 0; i < sizeof(q) / sizeof(q[0]); i++) {
		assert_int_equal(quantity_parse(q[i].text, &v), q[i].ok);
		assert_true(!q[i].ok || v == q[i].v);
	}
}

static void
test_refused(void **state)
{
	static const struct { const char *from, *to; enum reason reason; unsigned line, column; const char *word; } rows[] = {
		{ "version: 1", "version: 2", R_VALUE_INVALID, 1, 10, "version 1" },
		{ "version: 1\n", "", R_KEY_MISSING, 1, 1, "'version'" },
		{ "sites:\n", "site:\n", R_KEY_UNKNOWN, 2, 1, "'site'" },
		{ "tokyo:   {", "Tokyo:   {", R_NAME_INVALID, 3, 3, "'Tokyo'" },
		{ "  tokyo-newyork:", "  spd-20-0-0-2:", R_NAME_INVALID, 6, 3, "setkey's policies" },
		{ "20.0.0.2", "newyork", R_VALUE_INVALID, 4, 22, "whole name" },
		{ "20.0.0.2", "new_york.example", R_VALUE_INVALID, 4, 22, "whole name" },
		{ "20.0.0.2", "20.o.0.2", R_VALUE_INVALID, 4, 22, "whole name" },
		{ "20.0.0.2", "20.0.0.256", R_VALUE_INVALID, 4, 22, "not an IP address" },
		{ "20.0.0.2", "020.0.0.2", R_VALUE_INVALID, 4, 22, "not an IP address" },
		{ "20.0.0.2", "0.0.0.0", R_VALUE_INVALID, 4, 22, "no gateway" },
		{ "20.0.0.2", "fc00::2", R_VALUE_INVALID, 6, 3, "different families" },
		{ "20.0.0.2", "20.0.0.1", R_VALUE_INVALID, 6, 3, "same address" },
		{ "[10.0.2.0/24]", "[10.0.2.1/24]", R_VALUE_INVALID, 4, 43, "not a network" },
		{ "[10.0.2.0/24]", "[]", R_VALUE_INVALID, 4, 42, "1 to 64" },
		{ "[10.0.2.0/24]", "10.0.2.0/24", R_VALUE_INVALID, 4, 42, "must be a list" },
		{ "[10.0.2.0/24]", "[10.0.2.0/24, 10.0.0.0/16]", R_OVERLAP, 4, 56, "same site" },
		{ "[10.0.2.0/24]", "[10.0.0.0/16]", R_OVERLAP, 6, 3, "overlap" },
		{ "[10.0.2.0/24]", "[fd00::/64]", R_VALUE_INVALID, 6, 3, "family" },
		{ "networks: [10.0.2.0/24]", "id: fqdn:x", R_KEY_MISSING, 4, 3, "'networks'" },
		{ "networks: [10.0.2.0/24]", "networks: [10.0.2.0/24], id: newyork", R_VALUE_INVALID, 4, 61, "identity" },
		{ "[tokyo, newyork]", "[tokyo, osaka]", R_REFERENCE_UNKNOWN, 7, 22, "'osaka'" },
		{ "[tokyo, newyork]", "[tokyo, newyorc]", R_REFERENCE_UNKNOWN, 7, 22, "'newyorc'" },
		{ "[tokyo, newyork]", "[tokyo, tokyo]", R_VALUE_INVALID, 7, 22, "different" },
		{ "[tokyo, newyork]", "[tokyo]", R_VALUE_INVALID, 7, 14, "two sites" },
		{ "{psk: tokyo-newyork}", "{psk: /etc/x}", R_NAME_INVALID, 8, 17, "name" },
		{ "{psk: tokyo-newyork}", "{cert: x}", R_KEY_UNKNOWN, 8, 12, "'cert'" },
		{ "policy: modern", "policy: modren", R_VALUE_INVALID, 9, 13, "'modren'" },
		{ "policy: modern", "policy: legacy", R_PRESET_FORBIDDEN, 9, 13, "legacy" },
		{ "policy: modern ", "polcy: modern ", R_KEY_UNKNOWN, 9, 5, "'polcy'" },
		{ "policy: modern ", "ike: [aes128gcm16-prfsha256-x25519] ", R_KEY_MISSING, 6, 3, "'esp'" },
		{ "policy: modern ", "policy: modern\n    esp: [aes128gcm16] ", R_VALUE_INVALID, 10, 5, "exclude" },
		{ "policy: modern ", "ike: [aes128gcm17-prfsha256-x25519]\n    esp: [aes128gcm16] ", R_VALUE_INVALID, 9, 11, "not a proposal" },
		{ "start: always ", "start: allways ", R_VALUE_INVALID, 10, 12, "'allways'" },
		{ "start: always ", "replay_window: 16 ", R_KEY_MISSING, 6, 3, "'start'" },
		{ "start: always ", "start: always\n    replay_window: 16 ", R_VALUE_INVALID, 11, 20, "32 to 4096" },
		{ "start: always ", "start: always\n    child_lifetime: 10 ", R_VALUE_INVALID, 11, 21, "length of time" },
		{ "start: always ", "start: always\n    child_hard_lifetime: 59m ", R_VALUE_INVALID, 11, 26, "seconds" },
		{ "start: always ", "start: always\n    ike_lifetime: 1s ", R_VALUE_INVALID, 11, 19, "seconds" },
		{ "start: always ", "start: always\n    child_bytes: 7 ", R_VALUE_INVALID, 11, 18, "at least" },
		{ "start: always ", "start: always\n    interface: lo ", R_NAME_INVALID, 11, 16, "'lo'" },
		{ "start: always ", "start: always\n    interface: to-site.2_longer ", R_NAME_INVALID, 11, 16, "not a name" },
		{ "start: always ", "start: always\n    interface: {tokio: vpn0} ", R_KEY_UNKNOWN, 11, 17, "'tokio'" },
		{ "start: always ", "start: always\n    interface: [vpn0] ", R_VALUE_INVALID, 11, 16, "expected" },
		{ "start: always ", "start: always\n    children: {} ", R_VALUE_INVALID, 11, 15, "1 to 15" },
		{ "start: always ", "start: always\n    children: {Office: {}} ", R_NAME_INVALID, 11, 16, "not a name" },
		{ "start: always ", "start: always\n    children: {x: [10.0.1.0/24]} ", R_VALUE_INVALID, 11, 19, "two ends" },
		{ "start: always ", "start: always\n    children: {x: {tokio: [10.0.1.0/24]}} ", R_KEY_UNKNOWN, 11, 20, "'tokio'" },
		{ "start: always ", "start: always\n    children: {x: {tokyo: [10.0.2.0/24]}} ", R_VALUE_INVALID, 11, 28, "not in the networks" },
		{ "start: always ", "start: always\n    children: {x: {tokyo: [10.0.0.0/16]}} ", R_VALUE_INVALID, 11, 28, "not in the networks" },
		{ "start: always ", "start: always\n    children: {x: {tokyo: [10.0.1.0/25, 10.0.1.0/26]}} ", R_OVERLAP, 11, 41, "same child" },
		{ "start: always ", "start: always\n    children: {x: {tokyo: [10.0.1.0/25]}, y: {tokyo: [10.0.1.0/25]}} ", R_OVERLAP, 11, 43, "'x' and 'y'" },
		{ "start: always ", "start: always\n    children: {x: {protocol: tcpp}} ", R_VALUE_INVALID, 11, 30, "not a protocol" },
		{ "start: always ", "start: always\n    children: {x: {protocol: 0}} ", R_VALUE_INVALID, 11, 30, "not a protocol" },
		{ "start: always ", "start: always\n    children: {x: {protocol: 256}} ", R_VALUE_INVALID, 11, 30, "not a protocol" },
		{ "start: always ", "start: always\n    children: {x: {protocol: [tcp]}} ", R_VALUE_INVALID, 11, 30, "must be" },
		{ "start: always ", "start: always\n    children: {x: {protocl: tcp}} ", R_KEY_UNKNOWN, 11, 20, "'protocl'" },
		{ "start: always ", "start: always\n    children: {x: {ports: {tokyo: 80}}} ", R_VALUE_INVALID, 11, 27, "has ports" },
		{ "start: always ", "start: always\n    children: {x: {protocol: icmp, ports: {tokyo: 80}}} ", R_VALUE_INVALID, 11, 43, "has ports" },
		{ "start: always ", "start: always\n    children: {x: {protocol: tcp, ports: {kyoto: 80}}} ", R_KEY_UNKNOWN, 11, 43, "'kyoto'" },
		{ "start: always ", "start: always\n    children: {x: {protocol: tcp, ports: {tokyo: 65536}}} ", R_VALUE_INVALID, 11, 50, "1 to 65535" },
		{ "start: always ", "start: always\n    children: {x: {protocol: tcp, ports: {tokyo: 80}}, y: {protocol: 6, ports: {tokyo: 80}}} ", R_OVERLAP, 11, 56,
		    "port 80 at the first" },
		{ "start: always ", "start: always\n    start: always ", R_KEY_DUPLICATE, 11, 5, "'start'" },
		{ "always | on-demand | respond-only\n", "always", R_YAML_TRUNCATED, 10, 45, "does not end" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *text = with(rows[i].from, rows[i].to);
		struct yt_error e;

		if (sites_read(text, strlen(text), false, &e))
			fail_msg("'%s' was taken", rows[i].to);
		if (e.reason != rows[i].reason || e.line != rows[i].line || e.column != rows[i].column || !strstr(e.message, rows[i].word))
			fail_msg("'%s': got %s at %u:%u: %s", rows[i].to, reason_row(e.reason)->name, e.line, e.column, e.message);
		assert_non_null(strchr(e.excerpt, '^'));
	}
}

static void
test_legacy_and_any(void **state)
{
	struct yt_error e;
	const char *text = with("20.0.0.2", "any");
	struct sites *s = must_read(text);

	(void)state;
	assert_int_equal(sites_find(s, "newyork")->address.fam, 0);
	sites_free(s);
	text = with("address: 20.0.0.1, networks: [10.0.1.0/24]}\n  newyork: {address: 20.0.0.2", "address: any, networks: [10.0.1.0/24]}\n  newyork: {address: any");
	assert_null(sites_read(text, strlen(text), false, &e));
	assert_non_null(strstr(e.message, "nobody can begin"));
}

/* Two tunnels that join the same pair of networks, in whatever order the sites stand. */
static void
test_same_pair(void **state)
{
	static const char text[] =
	    "version: 1\nsites:\n  a: {address: 1.0.0.1, networks: [10.0.1.0/24]}\n  b: {address: 1.0.0.2, networks: [10.0.2.0/24]}\n"
	    "  c: {address: 1.0.0.3, networks: [10.0.2.0/24]}\ntunnels:\n"
	    "  one: {between: [a, b], auth: {psk: x}, policy: modern, start: always}\n"
	    "  two: {between: [c, a], auth: {psk: x}, policy: modern, start: always}\n";
	struct yt_error e;

	(void)state;
	assert_null(sites_read(text, strlen(text), false, &e));
	assert_int_equal(e.reason, R_OVERLAP);
	assert_int_equal(e.line, 8);
	assert_non_null(strstr(e.message, "'one' and 'two'"));
}

/* doc/decisions/0004: every proper beginning of a file is refused, with a place and a caret, also when it is still YAML. */
static void
every_cut(const char *text)
{
	struct sites *whole = must_read(text);
	size_t len = strlen(text);

	for (size_t n = 0; n < len; n++) {
		char *cut = malloc(n + 1);
		struct yt_error e;
		struct sites *s;

		memcpy(cut, text, n);
		s = sites_read(cut, n, false, &e);
		if (s && plan_allowed(whole, text, len, s, cut, n, NULL, &e))
			fail_msg("the first %zu octets were taken", n);
		if (e.line == 0 || e.column == 0 || !strchr(e.excerpt, '^'))
			fail_msg("the first %zu octets: no place (%s)", n, e.message);
		sites_free(s);
		free(cut);
	}
	sites_free(whole);
}

static void
test_cuts(void **state)
{
	static const char three[] =
	    "version: 1\ntunnels:\n  one:\n    between: [a, b]\n    auth: {psk: x}\n    policy: modern\n    start: always\n    replay_window: 64\n"
	    "  two:\n    between: [a, c]\n    auth: {psk: x}\n    policy: modern\n    start: respond-only\n    child_lifetime: 600s\n"
	    "sites:\n  a: {address: 1.0.0.1, networks: [10.0.1.0/24]}\n  b: {address: 1.0.0.2, networks: [10.0.2.0/24]}\n"
	    "  c: {address: 1.0.0.3, networks: [10.0.3.0/24]}\n  d: {address: 1.0.0.4, networks: [10.0.4.0/24]}\n# the end\n";

	(void)state;
	every_cut(sample);
	every_cut(three);
}

static void
digest_of(const char *text, uint8_t out[32])
{
	struct sites *s = must_read(text);

	memcpy(out, s->tunnels[0].digest, 32);
	sites_free(s);
}

static void
test_digest(void **state)
{
	uint8_t one[32], other[32];

	(void)state;
	digest_of(sample, one);
	digest_of(with("# the name of a secret, never the secret", "# another comment"), other);
	assert_memory_equal(one, other, 32);
	digest_of(with("{address: 20.0.0.1, networks: [10.0.1.0/24]}", "\n    networks: [10.0.1.0/24]\n    address: '20.0.0.1'\n    id: fqdn:tokyo"), other);
	assert_memory_equal(one, other, 32);
	digest_of(with("policy: modern", "policy: compatible"), other);
	assert_memory_not_equal(one, other, 32);
	digest_of(with("[10.0.2.0/24]", "[10.0.2.0/25]"), other);
	assert_memory_not_equal(one, other, 32);
	digest_of(with("start: always ", "start: always\n    child_lifetime: 59m "), other);
	assert_memory_not_equal(one, other, 32);
	digest_of(with("[tokyo, newyork]", "[newyork, tokyo]"), other);
	assert_memory_not_equal(one, other, 32);
}

static uint32_t
reqid_seven(void *arg, const char *tunnel, const char *child)
{
	(void)arg, (void)tunnel;
	return strcmp(child, "net") == 0 ? 7 : 0;
}

/* Who initiates, and what each end is told: the two ends mirror each other. */
static void
test_want(void **state)
{
	struct sites *s = must_read(sample);
	struct tunnel *t = calloc(2, sizeof(*t));
	struct want a, b;
	struct binding bind;

	(void)state;
	assert_true(want_build(&a, s, "tokyo", reqid_seven, NULL) && want_build(&b, s, "newyork", reqid_seven, NULL));
	assert_int_equal(a.n, 1);
	assert_int_equal(a.spd.n, 2);
	want_tunnel_msg(&a.v[0], true, &t[0]);
	want_tunnel_msg(&b.v[0], false, &t[1]);
	assert_true(t[0].start == START_ALWAYS && t[0].first == 1 && t[1].start == START_ALWAYS && t[1].first == 0);
	assert_true(addr_eq(&t[0].local, &t[1].remote) && addr_eq(&t[0].remote, &t[1].local));
	assert_string_equal(t[0].id_local, t[1].id_remote);
	assert_memory_equal(t[0].digest, t[1].digest, 32);
	assert_true(ts_list_eq(&t[0].children[0].local, &t[1].children[0].remote));
	assert_int_equal(t[0].children[0].reqid, 7);
	assert_int_equal(t[0].prefer_udp, 1);
	assert_int_equal(t[1].prefer_udp, 0);
	want_binding(&a.v[0], &bind);
	assert_string_equal(bind.psk_local, "tokyo-newyork");
	assert_string_equal(bind.psk_remote, "tokyo-newyork");
	assert_string_equal(bind.id_remote, "fqdn:newyork");
	assert_non_null(want_by_reqid(&a, 7));
	assert_int_equal(want_by_reqid(&a, 7)->tunnel, 0);
	assert_null(want_by_reqid(&a, 8));
	want_fini(&a);
	want_fini(&b);
	sites_free(s);
	s = must_read(with("20.0.0.1", "any"));
	assert_true(want_build(&a, s, "tokyo", reqid_seven, NULL) && want_build(&b, s, "newyork", reqid_seven, NULL));
	assert_true(a.v[0].start == START_ALWAYS && a.v[0].first == 1);
	assert_true(b.v[0].start == START_RESPOND && b.v[0].first == 0);
	want_fini(&a);
	want_fini(&b);
	sites_free(s);
	free(t);
}

/* Networks without a partner of their family take no part. */
static void
test_families(void **state)
{
	struct sites *s = must_read(with("[10.0.2.0/24]", "[10.0.2.0/24, fd00:2::/64]"));
	struct ts_list local, remote;
	struct want w;

	(void)state;
	assert_true(want_build(&w, s, "newyork", reqid_seven, NULL));
	assert_int_equal(w.spd.n, 2);
	want_selectors(&w.v[0], 0, &local, &remote);
	assert_int_equal(local.n, 1);
	assert_int_equal(remote.n, 1);
	want_fini(&w);
	sites_free(s);
}

static uint32_t
reqid_of(void *arg, const char *tunnel, const char *child)
{
	(void)arg, (void)tunnel;
	return child[0] == 'o' ? 11 : child[0] == 'v' ? 12 : 0;
}

/* Children with networks of their own; a side that is left out has all of its site's. */
static void
test_children(void **state)
{
	const char *text = with("start: always ",
	    "start: always\n    children:\n      voice: {newyork: [10.0.2.128/25]}\n      office: {tokyo: [10.0.1.0/25], newyork: [10.0.2.0/25]}\n    # ");
	struct sites *s = must_read(text), *plain;
	struct tunnel *t = calloc(1, sizeof(*t));
	struct binding bind;
	char buf[200];
	struct want w;

	(void)state;
	assert_non_null(t);
	assert_int_equal(s->tunnels[0].nchildren, 2);
	assert_true(want_build(&w, s, "newyork", reqid_of, NULL));
	assert_int_equal(w.spd.n, 4);
	assert_int_equal(w.nchildren, 2);
	assert_string_equal(want_child_name(&w.v[want_by_reqid(&w, 11)->tunnel], want_by_reqid(&w, 11)->child), "office");
	assert_string_equal(want_child_name(&w.v[want_by_reqid(&w, 12)->tunnel], want_by_reqid(&w, 12)->child), "voice");
	want_tunnel_msg(&w.v[0], false, t);
	assert_int_equal(t->nchildren, 2);
	assert_string_equal(t->children[0].name, "office");
	assert_string_equal(t->children[1].name, "voice");
	assert_int_equal(t->children[1].reqid, 12);
	assert_string_equal(ts_list_str(&t->children[0].local, buf, sizeof(buf)), "10.0.2.0/25");
	assert_string_equal(ts_list_str(&t->children[1].local, buf, sizeof(buf)), "10.0.2.128/25");
	assert_string_equal(ts_list_str(&t->children[1].remote, buf, sizeof(buf)), "10.0.1.0/24");
	want_binding(&w.v[0], &bind);
	assert_int_equal(bind.nreqids, 2);
	assert_int_equal(bind.reqids[1], 12);
	plain = must_read(sample);
	assert_memory_not_equal(plain->tunnels[0].digest, s->tunnels[0].digest, 32);
	sites_free(plain);
	want_fini(&w);
	sites_free(s);
	free(t);
}

/* A site that is given by a name: the same in capitals, another one than an address or another name, and not "any". */
static void
test_host(void **state)
{
	static const char *const hosts[] = { "gw.Example.ORG", "gw.example.org", "gx.example.org", "20.0.0.2", "any" };
	struct sites *s[5];
	char text[SITE_ADDRESS_STR], address[64];
	struct tunnel *t = malloc(sizeof(*t));
	struct want w;

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		snprintf(address, sizeof(address), "address: %s,", hosts[i]);
		s[i] = must_read(with("address: 20.0.0.2,", address));
		for (unsigned k = 0; k < i; k++)
			assert_int_equal(memcmp(s[i]->tunnels[0].digest, s[k]->tunnels[0].digest, 32) == 0, i == 1);
	}
	assert_string_equal(site_address_str(sites_find(s[0], "newyork"), text), "gw.example.org");
	assert_true(want_build(&w, s[0], "tokyo", reqid_seven, NULL));
	assert_int_equal(w.v[0].start, START_ALWAYS);	/* it may begin, unlike a peer whose address is not known */
	want_tunnel_msg(&w.v[0], false, t);
	assert_int_equal(t->remote.fam, 0);
	want_fini(&w);
	assert_true(want_build(&w, s[0], "newyork", reqid_seven, NULL));
	assert_int_equal(w.v[0].first, 0);		/* nor does it begin at once, as one without an address does */
	want_fini(&w);
	for (unsigned i = 0; i < 5; i++)
		sites_free(s[i]);
	free(t);
}

static void
test_address_in_use(void **state)
{
	struct addr v[4] = { { 4, { 1 } }, { 6, { 2 } }, { 4, { 3 } }, { 6, { 4 } } }, old[2] = { { 6, { 4 } }, { 4, { 3 } } };

	(void)state;
	assert_int_equal(names_pick(v, 4, 0)->b[0], 1);
	assert_int_equal(names_pick(v, 4, 6)->b[0], 2);
	assert_null(names_pick(v, 1, 6));
	names_keep(old, 2, v, 4);
	assert_int_equal(names_pick(v, 4, 4)->b[0], 3);
	assert_int_equal(names_pick(v, 4, 6)->b[0], 4);
	old[1].b[0] = 9;		/* the one in use is not among them any more */
	v[0] = (struct addr){ 4, { 7 } };
	names_keep(old, 2, v, 1);
	assert_int_equal(names_pick(v, 1, 4)->b[0], 7);
}

static void
test_labels(void **state)
{
	static const char *const yes[] = { "region", "region=asia", "customer=a.b/c@d", "region=asia,customer" }, *const no[] = { "", "regio", "region=", "region=asi", "region=asia,x",
		"region=asia,", "=asia", "customer=asia" };
	struct sites *plain = must_read(sample), *s = must_read(with("    start: always", "    labels: {region: asia, customer: 'a.b/c@d'}\n    start: always"));
	const struct site_tunnel *t = &s->tunnels[0];

	(void)state;
	assert_int_equal(t->nlabels, 2);
	assert_string_equal(t->labels[0].name, "customer");
	assert_memory_equal(t->digest, plain->tunnels[0].digest, sizeof(t->digest));	/* the other end may have others */
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		assert_true(labels_match(t, yes[i]));
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		assert_false(labels_match(t, no[i]));
	assert_false(labels_match(&plain->tunnels[0], "region"));
	sites_free(plain);
	sites_free(s);
}

/* The words of one section of the manual, in the order of the page. */
static unsigned
manual_words(const char *page, const char *section, char out[][NAME_CAP])
{
	const char *p = strstr(page, section), *end;
	unsigned n = 0;

	assert_non_null(p);
	end = strstr(p, "\n.Ss ");
	assert_non_null(end);
	for (p = strstr(p, ".It Ic "); p && p < end; p = strstr(p, ".It Ic ")) {
		p += 7;
		do {
			size_t k = strcspn(p, " \n");

			snprintf(out[n++], NAME_CAP, "%.*s", (int)k, p);
			p += k;
			p += strspn(p, " ,");
		} while (*p != '\n');
	}
	return n;
}

static void
same_words(const char *page, const char *section, const char *const *keys)
{
	static char words[64][NAME_CAP];
	unsigned n = manual_words(page, section, words), k = 0;

	for (; keys[k]; k++) {
		bool found = false;

		for (unsigned i = 0; i < n; i++)
			found |= strcmp(words[i], keys[k]) == 0;
		if (!found)
			fail_msg("'%s' is read, and is not in '%s' of the manual", keys[k], section);
	}
	if (n != k)
		fail_msg("'%s' of the manual has %u keys, the reader %u", section, n, k);
}

/* A line of the sample, and another one; what it does to the message that iked gets, or to nothing but the sites. */
static const struct { const char *key, *from, *to; bool here_only; } effects[] = {
	{ "between", "between: [tokyo, newyork]", "between: [newyork, tokyo]", false },
	{ "auth", "auth: {psk: tokyo-newyork}", "auth: {psk: other}", false },
	{ "policy", "policy: modern ", "policy: compatible ", false },
	{ "ike", "policy: modern ", "ike: [aes128gcm16-prfsha256-x25519]\n    esp: [aes256gcm16-x25519-esn, aes256gcm16-x25519] ", false },
	{ "esp", "policy: modern ", "ike: [aes256gcm16-prfsha384-x25519]\n    esp: [aes128gcm16] ", false },
	{ "start", "start: always ", "start: on-demand ", false },
	{ "encapsulation", "start: always ", "start: always\n    encapsulation: udp ", false },
	{ "ike_lifetime", "start: always ", "start: always\n    ike_lifetime: 2h ", false },
	{ "child_lifetime", "start: always ", "start: always\n    child_lifetime: 2h ", false },
	{ "ike_hard_lifetime", "start: always ", "start: always\n    ike_hard_lifetime: 9h ", false },
	{ "child_hard_lifetime", "start: always ", "start: always\n    child_hard_lifetime: 9h ", false },
	{ "child_bytes", "start: always ", "start: always\n    child_bytes: 1GiB ", false },
	{ "child_packets", "start: always ", "start: always\n    child_packets: 5000 ", false },
	{ "interface", "start: always ", "start: always\n    interface: {tokyo: vpn0} ", false },
	{ "children", "start: always ", "start: always\n    children: {a: {tokyo: [10.0.1.0/25]}} ", false },
	{ "protocol", "start: always ", "start: always\n    children: {net: {protocol: udp}} ", false },
	{ "ports", "start: always ", "start: always\n    children: {net: {protocol: udp, ports: {tokyo: 53}}} ", false },
	{ "replay_window", "start: always ", "start: always\n    replay_window: 64 ", false },
	{ "labels", "start: always ", "start: always\n    labels: {a: b} ", true },
	{ "address", "20.0.0.2", "20.0.0.3", false },
	{ "networks", "10.0.2.0/24", "10.0.3.0/24", false },
	{ "id", "{address: 20.0.0.2,", "{address: 20.0.0.2, id: 'fqdn:ny.example.org',", false },
};

static uint32_t
any_reqid(void *arg, const char *tunnel, const char *child)
{
	return 7;
}

static void
message(const struct sites *s, struct tunnel *t)
{
	struct want w;

	assert_true(want_build(&w, s, "tokyo", any_reqid, NULL));
	want_tunnel_msg(&w.v[0], false, t);
	memset(t->digest, 0, sizeof(t->digest));
	want_fini(&w);
}

/* Every key of the manual is read, every key that is read is in the manual, and each does something. */
static void
test_keys(void **state)
{
	struct tunnel *t = calloc(2, sizeof(*t));
	struct sites *s = must_read(sample);
	static char page[65536];

	(void)state;
	source_text("doc/causeway-sites.5", page, sizeof(page));
	same_words(page, ".Ss Keys of the file", sites_top_keys);
	same_words(page, ".Ss Keys of a site", sites_site_keys);
	same_words(page, ".Ss Keys of a tunnel", sites_tunnel_keys);
	same_words(page, ".Ss Keys of a child", sites_child_keys);
	message(s, &t[0]);
	sites_free(s);
	for (size_t i = 0; i < sizeof(effects) / sizeof(effects[0]); i++) {
		s = must_read(with(effects[i].from, effects[i].to));
		message(s, &t[1]);
		if ((memcmp(&t[0], &t[1], sizeof(*t)) == 0) != effects[i].here_only)
			fail_msg("'%s' does not do what it should", effects[i].key);
		sites_free(s);
	}
	for (const char *const *k = sites_tunnel_keys; *k; k++) {
		bool found = false;

		for (size_t i = 0; i < sizeof(effects) / sizeof(effects[0]); i++)
			found |= strcmp(effects[i].key, *k) == 0;
		if (!found)
			fail_msg("'%s' is not tried", *k);
	}
	free(t);
}

#define KEY_1	"MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
#define KEY_2	"MCowBQYDK2VwAyEA12HALdF3mfjvvNZryKnGOPATSyJKUq5lvXBn5MnpNtk="
#define ENDS(tokyo, newyork)	"auth: {tokyo: {" tokyo "}, newyork: {" newyork "}}"

/* Two ways to say how the ends prove themselves that differ in one key: keymgr is told another thing. */
static const struct { const char *key, *one, *other; } proofs[] = {
	{ "psk", "auth: {psk: tokyo-newyork}", "auth: {psk: other}" },
	{ "trust", "auth: {trust: ca}", "auth: {trust: [ca, other]}" },
	{ "certificate", "auth: {trust: ca}", ENDS("certificate: own, trust: ca", "trust: ca") },
	{ "key", ENDS("public_key: " KEY_1, "public_key: " KEY_2), ENDS("key: own, public_key: " KEY_1, "public_key: " KEY_2) },
	{ "public_key", ENDS("public_key: " KEY_1, "public_key: " KEY_2), ENDS("public_key: " KEY_1, "public_key: " KEY_1) },
};
static const struct { const char *key, *text; } rules[] = {
	{ "revocation", "revocation: strict" }, { "crl", "crl: ['http://crl.example.org/ca.crl']" }, { "ocsp", "ocsp: 'http://ocsp.example.org'" },
};

static void
binding(const char *auth, struct binding *b)
{
	struct sites *s = must_read(with("auth: {psk: tokyo-newyork}", auth));
	struct want w;

	memset(b, 0, sizeof(*b));
	assert_true(want_build(&w, s, "tokyo", any_reqid, NULL));
	want_binding(&w.v[0], b);
	want_fini(&w);
	sites_free(s);
}

static struct sites *
rule(const char *words)
{
	char text[1024];

	snprintf(text, sizeof(text), "%strust: {ca: {%s}}\n", with("auth: {psk: tokyo-newyork}", "auth: {trust: ca}"), words);
	return must_read(text);
}

/* The same of the words of a proof and of a CA's rule. */
static void
test_proof_keys(void **state)
{
	static char page[65536];
	struct binding *b = calloc(2, sizeof(*b));
	const char *tried[8] = { NULL };

	(void)state;
	source_text("doc/causeway-sites.5", page, sizeof(page));
	same_words(page, ".Ss Proofs", sites_proof_keys);
	same_words(page, ".Ss Keys of a CA below trust", sites_rule_keys);
	for (size_t i = 0; i < sizeof(proofs) / sizeof(proofs[0]); i++) {
		binding(proofs[i].one, &b[0]);
		binding(proofs[i].other, &b[1]);
		if (memcmp(&b[0], &b[1], sizeof(*b)) == 0)
			fail_msg("'%s' does nothing", proofs[i].key);
		tried[i] = proofs[i].key;
	}
	for (const char *const *k = sites_proof_keys; *k; k++) {
		size_t i = 0;

		while (tried[i] && strcmp(tried[i], *k) != 0)
			i++;
		if (!tried[i])
			fail_msg("'%s' is not tried", *k);
	}
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct sites *one = rule("revocation: soft"), *other = rule(rules[i].text);

		if (memcmp(sites_find_rule(one, "ca"), sites_find_rule(other, "ca"), sizeof(struct trust_rule)) == 0)
			fail_msg("'%s' does nothing", rules[i].key);
		assert_string_equal(rules[i].key, sites_rule_keys[i]);
		sites_free(one);
		sites_free(other);
	}
	assert_null(sites_rule_keys[sizeof(rules) / sizeof(rules[0])]);
	free(b);
}

/* Of two errors the first of the file is told, whatever the names are. */
static void
test_first_error(void **state)
{
	const char *text = with("tokyo:   {address: 20.0.0.1, networks: [10.0.1.0/24]}\n  newyork: {address: 20.0.0.2",
	    "tokyo:   {address: bad, networks: [10.0.1.0/24]}\n  newyork: {address: also_bad");
	struct yt_error e;

	(void)state;
	assert_null(sites_read(text, strlen(text), false, &e));
	assert_int_equal(e.line, 3);
}

/* The examples of causeway-sites(5) are files that are taken. */
static void
test_manual(void **state)
{
	char page[32768], *p, *end;
	unsigned n = 0;

	(void)state;
	source_text("doc/causeway-sites.5", page, sizeof(page));
	for (p = page; (p = strstr(p, "\nversion: 1\n")) != NULL; p = end + 2, n++) {
		end = strstr(p, "\n.Ed");
		assert_non_null(end);
		end[1] = '\0';
		sites_free(must_read(p + 1));
	}
	assert_int_equal(n, 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sample), cmocka_unit_test(test_options), cmocka_unit_test(test_units), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_legacy_and_any), cmocka_unit_test(test_same_pair), cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_digest), cmocka_unit_test(test_want), cmocka_unit_test(test_families), cmocka_unit_test(test_children),
		cmocka_unit_test(test_first_error), cmocka_unit_test(test_host), cmocka_unit_test(test_labels), cmocka_unit_test(test_keys), cmocka_unit_test(test_proof_keys),
		cmocka_unit_test(test_address_in_use), cmocka_unit_test(test_manual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
