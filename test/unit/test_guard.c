/* SPDX-License-Identifier: BSD-2-Clause */
/* The saved guard's text both ways, disjoint pairs, the networks that a wide policy must not take, and the routes that follow. */
#include "test.h"

#include "causeway/pfkey.h"
#include "routes.h"

static struct pair
pair(const char *remote, const char *local)
{
	struct pair p;

	assert_true(prefix_parse(remote, &p.remote) && prefix_parse(local, &p.local));
	return p;
}

static void
add(struct pairs *p, const char *remote, const char *local)
{
	struct pair one = pair(remote, local);

	assert_true(pairs_add(p, &one));
}

static struct guard_want
sample(void)
{
	struct guard_want g = { .tun = "cw0", .ike_port = 500, .natt_port = 4500 };

	add(&g.in, "10.0.2.0/24", "10.0.1.0/24");
	add(&g.in, "fd00:2::/64", "fd00:1::/64");
	add(&g.out, "10.0.2.0/24", "10.0.1.0/24");
	add(&g.out, "0.0.0.0/0", "10.9.0.0/16");
	add(&g.clear, "10.3.0.0/16", "10.0.1.0/24");	/* level use: one inside the other */
	add(&g.clear, "10.3.4.0/24", "10.0.1.0/24");
	pairs_sort(&g.clear);
	pairs_sort(&g.in);
	pairs_sort(&g.out);
	return g;
}

static char *
text_of(const struct guard_want *g, size_t *n)
{
	struct guard_sets s = { 0 };
	char *t;

	assert_true(guard_sets_make(g, &s));
	t = guard_text(g, &s, n);
	assert_non_null(t);
	guard_sets_fini(&s);
	return t;
}

static void
test_text(void **state)
{
	struct guard_want g = sample(), back;
	const char *why = NULL;
	size_t n;
	char *t = text_of(&g, &n);

	assert_true(guard_decode(bytes_of(t, n), &back, &why));
	assert_true(pairs_eq(&g.in, &back.in) && pairs_eq(&g.out, &back.out) && pairs_eq(&g.clear, &back.clear));
	assert_non_null(strstr(t, "\tset clear4 {\n\t\ttype ipv4_addr . ipv4_addr\n\t\tflags interval\n\t\telements = { 10.3.0.0/16 . 10.0.1.0/24 }\n"));
	assert_string_equal(back.tun, "cw0");
	assert_int_equal(back.natt_port, 4500);
	assert_false(back.open);
	guard_want_fini(&back);
	/* Cut anywhere, it is refused: half a guard is none. */
	for (size_t k = 0; k < n; k++)
		assert_false(guard_decode(bytes_of(t, k), &back, &why));
	free(t);
	g.open = true;
	t = text_of(&g, &n);
	assert_null(strstr(t, "chain"));
	assert_true(guard_decode(bytes_of(t, n), &back, &why));
	assert_true(back.open);
	guard_want_fini(&back);
	guard_want_fini(&g);
	free(t);
}

/* Over the system's own IPsec: no device is named, and what it read from another engine's file is written its own way. */
static void
test_xfrm(void **state)
{
	struct guard_want g = sample(), back;
	const char *why = NULL;
	size_t n;
	char *t;

	g.xfrm = true;
	t = text_of(&g, &n);
	assert_null(strstr(t, "cw0"));
	assert_non_null(strstr(t, "meta secpath exists"));
	assert_non_null(strstr(t, "rt ipsec exists accept"));
	assert_true(guard_decode(bytes_of(t, n), &back, &why));
	assert_true(back.xfrm);
	assert_string_equal(back.tun, "");
	assert_true(pairs_eq(&g.in, &back.in) && pairs_eq(&g.out, &back.out));
	guard_want_fini(&back);
	free(t);
	g.xfrm = false;
	t = text_of(&g, &n);
	assert_null(strstr(t, "secpath"));
	assert_null(strstr(t, "ipsec"));
	assert_true(guard_decode(bytes_of(t, n), &back, &why));
	assert_false(back.xfrm);
	guard_want_fini(&back);
	guard_want_fini(&g);
	free(t);
}

static void
test_refused(void **state)
{
	static const char *const bad[] = {
		"", "x\n# whole\n", "# causeway guard 1\n# whole\n",
		"# causeway guard 1\n# state closed cw0 500 4500\n# whole\n",
		"# causeway guard 1\n# state ajar cw0 500 4500\n# end 0\n# whole\n",
		"# causeway guard 1\n# state closed cw0 500 70000\n# end 0\n# whole\n",
		"# causeway guard 1\n# state closed cw\"0 500 4500\n# end 0\n# whole\n",
		"# causeway guard 1\n# state closed cw0 500 4500\n# end 1\n# whole\n",
		"# causeway guard 1\n# state closed cw0 500 4500\n# in 10.0.0.1/24 10.0.1.0/24\n# end 1\n# whole\n",
		"# causeway guard 1\n# state closed cw0 500 4500\n# in 10.0.0.0/24 fd00::/64\n# end 1\n# whole\n",
		"# causeway guard 1\n# state closed cw0 500 4500\n# up 10.0.0.0/24 10.0.1.0/24\n# end 1\n# whole\n",
		"# causeway guard 1\n# state closed cw0 500 4500\n# in 10.0.0.0/24 10.0.1.0/24 x\n# end 1\n# whole\n",
	};
	static const char good[] = "# causeway guard 1\n# state closed cw0 500 4500\n# in 10.0.0.0/24 10.0.1.0/24\n# end 1\n# whole\n";
	struct guard_want g;
	const char *why = NULL;

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(guard_decode(bytes_of(bad[i], strlen(bad[i])), &g, &why));
		assert_non_null(why);
	}
	assert_true(guard_decode(bytes_of(good, sizeof(good) - 1), &g, &why));
	guard_want_fini(&g);
}

static bool
covers(const struct pairs *p, const struct addr *remote, const struct addr *local, unsigned *times)
{
	*times = 0;
	for (size_t i = 0; i < p->n; i++)
		*times += prefix_has(&p->v[i].remote, remote) && prefix_has(&p->v[i].local, local);
	return *times > 0;
}

/* Every pair of addresses of a small universe: covered by the disjoint list exactly when by the other, and once. */
static void
test_disjoint(void **state)
{
	uint32_t seed = 7;

	for (unsigned round = 0; round < 400; round++) {
		struct pairs in = { NULL, 0, 0 }, out = { NULL, 0, 0 };
		unsigned n = 1 + round % 12;

		for (unsigned i = 0; i < n; i++) {
			struct pair p = { { { 4, { 10 } }, 0 }, { { 4, { 10 } }, 0 } };
			struct prefix *side[2] = { &p.remote, &p.local };

			for (int k = 0; k < 2; k++) {
				unsigned free_bits;

				seed = seed * 1664525 + 1013904223;
				free_bits = (seed >> 20) % 5;
				side[k]->len = (uint8_t)(32 - free_bits);
				side[k]->addr.b[3] = (uint8_t)((seed >> 12 & 15) >> free_bits << free_bits);
			}
			assert_true(pairs_add(&in, &p));
		}
		pairs_sort(&in);
		assert_true(pairs_disjoint(&in, &out));
		for (unsigned r = 0; r < 16; r++)
			for (unsigned l = 0; l < 16; l++) {
				struct addr ra = { 4, { 10, 0, 0, (uint8_t)r } }, la = { 4, { 10, 0, 0, (uint8_t)l } };
				unsigned a, b;

				assert_int_equal(covers(&in, &ra, &la, &a), covers(&out, &ra, &la, &b));
				assert_true(b <= 1);
			}
		pairs_fini(&in);
		pairs_fini(&out);
	}
}

static void
test_covered(void **state)
{
	struct pairs in = { NULL, 0, 0 }, out = { NULL, 0, 0 };

	add(&in, "10.0.0.0/8", "10.1.0.0/16");
	add(&in, "192.0.2.0/24", "10.2.0.0/16");
	add(&in, "fd00:2::/64", "fd00:1::/64");
	add(&in, "198.51.100.0/24", "203.0.113.0/24");
	pairs_sort(&in);
	assert_true(pairs_covered_locals(&in, &out));
	assert_int_equal(out.n, 2);
	assert_int_equal(out.v[0].remote.addr.b[1], 1);
	assert_int_equal(out.v[1].remote.addr.b[1], 2);
	add(&in, "::/0", "fd00:1::/64");
	pairs_sort(&in);
	assert_true(pairs_covered_locals(&in, &out));
	assert_int_equal(out.n, 3);
	pairs_fini(&in);
	pairs_fini(&out);
}

/* A hub with an uplink for everything, its own 10.0.0.0/8 and branches inside of it: branches are remote, the rest is its own. */
static void
test_less_remotes(void **state)
{
	struct pairs list = { NULL, 0, 0 }, nets = { NULL, 0, 0 }, out = { NULL, 0, 0 };

	add(&list, "0.0.0.0/0", "10.0.0.0/8");
	add(&list, "10.0.2.0/24", "10.0.0.0/8");
	add(&list, "10.0.2.128/25", "10.9.0.0/16");
	add(&list, "10.128.0.0/9", "10.0.0.0/8");
	pairs_sort(&list);
	add(&nets, "10.0.0.0/8", "10.0.0.0/8");
	assert_true(pairs_less_remotes(&nets, &list, &out));
	for (unsigned b = 0; b < 256; b++)
		for (unsigned c = 0; c < 256; c++) {
			struct addr a = { 4, { 10, (uint8_t)b, (uint8_t)c, 77 } };
			unsigned times = 0;

			for (size_t i = 0; i < out.n; i++)
				times += prefix_has(&out.v[i].remote, &a);
			assert_int_equal(times, b >= 128 || (b == 0 && c == 2) ? 0 : 1);
		}
	assert_int_equal(out.n, 15);	/* 10.0.0.0/9 without one /24 */
	pairs_fini(&list);
	pairs_fini(&nets);
	pairs_fini(&out);
}

static void
is_route(const struct route *r, const char *dst, uint8_t kind, const char *src)
{
	struct prefix p;
	struct addr a = { 0 };

	assert_true(prefix_parse(dst, &p));
	assert_true(src == NULL || addr_parse(src, &a));
	assert_true(addr_eq(&r->dst.addr, &p.addr) && r->dst.len == p.len);
	assert_int_equal(r->kind, kind);
	assert_true(addr_eq(&r->src, &a));
}

static void
test_routes(void **state)
{
	struct pairs tun = { NULL, 0, 0 }, closed = { NULL, 0, 0 }, loc = { NULL, 0, 0 };
	struct route_list l = { NULL, 0, 0 };
	struct addr own[3];

	assert_true(addr_parse("10.0.1.1", &own[0]) && addr_parse("20.0.0.1", &own[1]) && addr_parse("fd00:1::1", &own[2]));
	add(&tun, "10.0.2.0/24", "10.0.9.0/24");	/* no address of ours in there */
	add(&tun, "10.0.2.0/24", "10.0.1.0/24");	/* the same route, but with a source */
	add(&tun, "fd00:2::/64", "fd00:1::/64");
	add(&closed, "10.0.3.0/24", "10.0.1.0/24");
	add(&closed, "10.0.2.0/24", "10.0.1.0/24");
	add(&loc, "10.0.1.0/24", "10.0.1.0/24");
	assert_true(routes_want(&l, &tun, &closed, &loc, own, 3));
	assert_int_equal(l.n, 6);
	is_route(&l.v[0], "10.0.1.0/24", ROUTE_THROW, NULL);
	is_route(&l.v[1], "10.0.2.0/24", ROUTE_TUN, "10.0.1.1");
	is_route(&l.v[2], "10.0.2.0/24", ROUTE_UNREACHABLE, NULL);
	is_route(&l.v[3], "10.0.3.0/24", ROUTE_UNREACHABLE, NULL);
	is_route(&l.v[4], "fd00:2::/64", ROUTE_TUN, "fd00:1::1");
	is_route(&l.v[5], "fd00:2::/64", ROUTE_UNREACHABLE, NULL);
	pairs_fini(&tun);
	pairs_fini(&closed);
	pairs_fini(&loc);
	free(l.v);
}

static void
select_add(struct selectors *s, const char *line)
{
	struct selector one;
	char back[SELECT_STR];

	assert_true(selector_parse(line, &one));
	assert_string_equal(selector_str(&one, back), line);
	assert_true(selectors_add(s, &one));
}

static const char *const lines[] = {
	"select in protect 6 110 0 10.0.2.0/24 10.0.1.0/24", "select out pass 6 0 22 10.0.1.0/24 10.0.2.0/24",
	"select out discard 1 8 3 10.0.1.0/24 0.0.0.0/0", "select out prefix 255 0 0 fd00:1::/64 fd00:2::/64",
	"select in open 17 0 53 fd00:2::/64 fd00:1::/64", "select out protect 47 0 0 0.0.0.0/0 0.0.0.0/0",
	"select out protect 47 258 772 10.0.1.0/24 10.0.2.0/24", "select in discard 47 0 7 10.0.1.0/24 10.0.2.0/24",
	"select out discard 135 5 0 fd00:1::/64 fd00:2::/64",
};

/* Selectors in the saved guard: the same list back, cut anywhere none; each has its rules in its chains. */
static void
test_select_text(void **state)
{
	struct guard_want g = sample(), back;
	const char *why = NULL;
	size_t n;
	char *t;

	for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		select_add(&g.sel, lines[i]);
	t = text_of(&g, &n);
	assert_non_null(strstr(t, "ip daddr 10.0.2.0/24 meta l4proto 6 th dport 22 meta mark set"));
	assert_non_null(strstr(t, "meta l4proto 1 ip frag-off & 0x1fff != 0 counter name guard_out drop"));
	assert_non_null(strstr(t, "@th,0,8 8 @th,8,8 3 counter name guard_out drop"));
	assert_non_null(strstr(t, "th sport 110 counter name guard_in drop"));
	assert_null(strstr(t, "th sport 110 counter name guard_out"));
	/* a key of GRE, also behind a checksum */
	assert_non_null(strstr(t, "@th,0,16 & 0x2007 == 0x2000 @th,0,16 & 0xc000 == 0 @th,32,32 16909060 meta l4proto 47 counter name guard_out drop"));
	assert_non_null(strstr(t, "@th,0,16 & 0x2007 == 0x2000 @th,0,16 & 0xc000 != 0 @th,64,32 16909060 meta l4proto 47 counter name guard_out drop"));
	assert_non_null(strstr(t, "@th,0,16 & 0xc000 == 0 @th,48,16 7 meta l4proto 47 counter name guard_in drop"));
	assert_non_null(strstr(t, "@th,0,16 & 0xc000 != 0 @th,80,16 7 meta l4proto 47 counter name guard_in drop"));
	assert_non_null(strstr(t, "meta l4proto 135 @th,16,8 5 counter name guard_out drop"));
	assert_true(guard_decode(bytes_of(t, n), &back, &why));
	assert_true(selectors_eq(&g.sel, &back.sel));
	guard_want_fini(&back);
	for (size_t k = 0; k < n; k++)
		assert_false(guard_decode(bytes_of(t, k), &back, &why));
	free(t);
	guard_want_fini(&g);
}

static void
test_select_refused(void **state)
{
	static const char *const bad[] = {
		"", "select", "select in protect 6 110 0 10.0.2.0/24", "select up protect 6 110 0 10.0.2.0/24 10.0.1.0/24",
		"select in hide 6 110 0 10.0.2.0/24 10.0.1.0/24", "select in protect 256 0 0 10.0.2.0/24 10.0.1.0/24",
		"select in protect 6 65536 0 10.0.2.0/24 10.0.1.0/24", "select in protect 1 256 0 10.0.2.0/24 10.0.1.0/24",
		"select in protect 50 1 0 10.0.2.0/24 10.0.1.0/24", "select in protect 135 5 1 fd00:2::/64 fd00:1::/64",
		"select in protect 6 1 0 10.0.2.0/24 fd00::/64",
		"select in protect 6 1 0 10.0.2.1/24 10.0.1.0/24", "select in protect 6 1 0 10.0.2.0/24 10.0.1.0/24 x",
		"select in protect -1 1 0 10.0.2.0/24 10.0.1.0/24",
	};
	struct selector one;

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(selector_parse(bad[i], &one));
}

static void
chosen(const char *const *all, unsigned n, const char *want)
{
	struct selectors in = { NULL, 0, 0 }, out = { NULL, 0, 0 };
	char got[16] = "", line[SELECT_STR];
	size_t left;

	for (unsigned i = 0; i < n; i++)
		select_add(&in, all[i]);
	assert_true(selectors_choose(&in, &out, &left));
	assert_int_equal(left, 0);
	for (size_t i = 0; i < out.n; i++) {
		selector_str(&out.v[i], line);
		for (unsigned k = 0; k < n; k++)
			if (strcmp(line, all[k]) == 0)
				snprintf(got + strlen(got), sizeof(got) - strlen(got), "%u", k);
	}
	assert_string_equal(got, want);
	selectors_fini(&in);
	selectors_fini(&out);
}

/* Which policies need a rule: all but those by prefix, and of these those before one that meets them; none that lets pass at the end. */
static void
test_select_choose(void **state)
{
	static const char *const all[] = {
		"select out pass 6 0 22 10.0.1.0/24 10.0.2.0/24", "select out prefix 255 0 0 10.0.1.0/24 10.0.2.0/24",
		"select out prefix 255 0 0 10.0.1.0/24 10.0.3.0/24", "select in prefix 255 0 0 10.0.2.0/24 10.0.1.0/24",
		"select out protect 6 0 25 0.0.0.0/0 10.0.2.0/25", "select out prefix 255 0 0 10.0.1.0/24 10.0.4.0/24",
		"select out pass 6 0 80 10.0.1.0/24 10.0.2.0/24",
	};

	chosen(all, 7, "014");
	chosen(all, 4, "0");
	chosen(all, 1, "");
	chosen(all + 1, 2, "");
	chosen(NULL, 0, "");
}

/* More than there may be: the first ones stay, and the rest is counted. */
static void
test_select_many(void **state)
{
	struct selectors in = { NULL, 0, 0 }, out = { NULL, 0, 0 };
	struct selector one;
	size_t left;

	assert_true(selector_parse("select out protect 6 0 25 0.0.0.0/0 10.0.2.0/25", &one));
	for (unsigned i = 0; i < SELECT_MAX + 7; i++) {
		one.dport = (uint16_t)(i + 1);
		assert_true(selectors_add(&in, &one));
	}
	assert_true(selectors_choose(&in, &out, &left));
	assert_int_equal(out.n, SELECT_MAX);
	assert_int_equal(left, 7);
	assert_int_equal(out.v[0].dport, 1);
	assert_true(selectors_merge(&out, &in));
	assert_int_equal(out.n, SELECT_MAX + 7);
	selectors_fini(&in);
	selectors_fini(&out);
}

/* What is taken away goes, in whatever order it is told; the others stay in theirs. A hundred thousand that are all told cost no hour. */
static void
test_select_less(void **state)
{
	struct selectors all = { NULL, 0, 0 }, gone = { NULL, 0, 0 };
	const uint32_t n = 100000;
	size_t next = 0;

	(void)state;
	for (uint32_t i = 0; i < n; i++) {
		struct selector one = { .dir = i % 2 ? CW_DIR_IN : CW_DIR_OUT, .action = SELECT_PASS, .proto = (uint8_t)(i % 5), .sport = (uint16_t)(i % 7),
			.dport = (uint16_t)(i % 11), .src = { { 4, { 10, 0, 1, 0 } }, (uint8_t)(24 + i % 3) },
			.dst = { { i % 13 ? 4 : 6, { 11, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i } }, 32 } };

		assert_true(selectors_add(&all, &one));
		one = (struct selector){ 0 };
		if (i % 3 == 0)
			one = all.v[i / 3 * 3];
		else if (i % 3 == 1)
			one = all.v[i - 1];
		one.dport = (uint16_t)(one.dport + (i % 3 == 1 ? 100 : 0));	/* and one that is nobody's */
		if (i % 3 != 2)
			assert_true(selectors_add(&gone, &one));
	}
	for (size_t i = 0; i < gone.n / 2; i++) {
		struct selector swap = gone.v[i];

		gone.v[i] = gone.v[gone.n - 1 - i];
		gone.v[gone.n - 1 - i] = swap;
	}
	selectors_sort(&gone);
	selectors_less(&all, &gone);
	for (uint32_t i = 0; i < n; i++) {
		if (i % 3 == 0)
			continue;
		assert_true(next < all.n);
		assert_int_equal(all.v[next].dst.addr.b[1] << 16 | all.v[next].dst.addr.b[2] << 8 | all.v[next].dst.addr.b[3], i);
		next++;
	}
	assert_int_equal(next, all.n);
	gone.n = 0;
	selectors_sort(&gone);
	selectors_less(&all, &gone);
	assert_int_equal(next, all.n);
	selectors_fini(&all);
	selectors_fini(&gone);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text), cmocka_unit_test(test_xfrm), cmocka_unit_test(test_refused), cmocka_unit_test(test_disjoint), cmocka_unit_test(test_covered),
		cmocka_unit_test(test_less_remotes), cmocka_unit_test(test_routes), cmocka_unit_test(test_select_text), cmocka_unit_test(test_select_refused),
		cmocka_unit_test(test_select_choose), cmocka_unit_test(test_select_many), cmocka_unit_test(test_select_less),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
