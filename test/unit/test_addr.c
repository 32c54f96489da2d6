/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses, endpoints, prefixes: the only text form, ranges, sockaddr, the IPC form. */
#include "test.h"

#include <netinet/in.h>

#include "addr.h"

static struct addr
ip(const char *s)
{
	struct addr a;

	assert_true(addr_parse(s, &a));
	return a;
}

static void
test_text(void **state)
{
	static const char *const good[] = { "0.0.0.0", "10.0.1.255", "255.255.255.255", "::", "::1", "2001:db8::1",
	    "fe80::1", "2001:db8:1:2:3:4:5:6" };
	static const char *const bad[] = { "", "10.0.0", "10.0.0.256", "010.0.0.1", "10.0.0.08", "0x10.0.0.1", "1.2.3.4.5",
	    " 1.2.3.4", "1.2.3.4 ", "fe80::1%eth0", ":::", "1::2::3", "localhost", "any", "[::1]", "1.2.3.4/32" };
	char buf[ADDR_STR];
	struct addr a;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		a = ip(good[i]);
		assert_string_equal(addr_str(&a, buf), good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(&a, 0xff, sizeof(a));
		if (addr_parse(bad[i], &a))
			fail_msg("'%s' was accepted", bad[i]);
		assert_int_equal(a.fam, 0);
	}
	a = (struct addr){ 0 };
	assert_string_equal(addr_str(&a, buf), "any");
}

static void
test_compare(void **state)
{
	struct addr a = ip("10.0.0.1"), b = ip("10.0.0.2"), c = ip("::1"), none = { 0 };
	struct endpoint e = { a, 500 }, f = { a, 4500 };

	assert_true(addr_cmp(&a, &b) < 0 && addr_cmp(&b, &a) > 0 && addr_cmp(&a, &a) == 0);
	assert_true(addr_cmp(&b, &c) < 0);
	assert_true(prefix_cmp(&(struct prefix){ a, 32 }, &(struct prefix){ b, 8 }) < 0);
	assert_true(prefix_cmp(&(struct prefix){ a, 8 }, &(struct prefix){ a, 9 }) < 0 && prefix_cmp(&(struct prefix){ a, 9 }, &(struct prefix){ a, 9 }) == 0);
	assert_true(addr_eq(&a, &a) && !addr_eq(&a, &b) && !addr_eq(&a, &c));
	a.b[7] = 1;		/* not a part of an IPv4 address */
	assert_true(addr_eq(&a, &e.addr));
	assert_true(endpoint_eq(&e, &e) && !endpoint_eq(&e, &f));
	b = ip("0.0.0.0");
	c = ip("::");
	assert_true(addr_is_any(&none) && addr_is_any(&b) && addr_is_any(&c) && !addr_is_any(&e.addr));
	assert_int_equal(addr_len(&none) + addr_len(&b) + addr_len(&c), 20);
}

static void
test_prefix(void **state)
{
	static const char *const bad[] = { "10.0.0.1/24", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/08", "10.0.0.0/-1",
	    "10.0.0.0/8 ", "/8", "2001:db8::1/64", "::/129", "10.0.0.0/1000", "10.0.0.0/24/24",
	    "2001:0db8:0000:0000:0000:0000:0000:0000:0000:0000:0000/32" };
	char buf[PREFIX_STR], a[ADDR_STR];
	struct addr lo, hi, x;
	struct prefix p, q;

	assert_true(prefix_parse("10.1.32.0/19", &p));
	assert_string_equal(prefix_str(&p, buf), "10.1.32.0/19");
	prefix_range(&p, &lo, &hi);
	assert_string_equal(addr_str(&lo, a), "10.1.32.0");
	assert_string_equal(addr_str(&hi, a), "10.1.63.255");
	assert_true(range_prefix(&lo, &hi, &q));
	assert_int_equal(q.len, 19);
	x = ip("10.1.63.255");
	assert_true(prefix_has(&p, &x));
	x = ip("10.1.64.0");
	assert_false(prefix_has(&p, &x));
	x = ip("::1");
	assert_false(prefix_has(&p, &x));
	assert_true(prefix_parse("0.0.0.0/0", &p) && p.len == 0);
	assert_true(prefix_parse("10.0.0.1", &p) && p.len == 32);
	assert_true(prefix_parse("::/0", &p));
	prefix_range(&p, &lo, &hi);
	assert_true(range_prefix(&lo, &hi, &q) && q.len == 0);
	assert_true(prefix_parse("2001:db8::/127", &p) && p.len == 127);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (prefix_parse(bad[i], &p))
			fail_msg("'%s' was accepted", bad[i]);
	assert_int_equal(p.addr.fam, 0);
}

static void
test_range(void **state)
{
	struct addr a = ip("10.0.0.0"), b = ip("10.0.0.254"), c = ip("10.0.0.1"), d = ip("10.0.0.255"), e = ip("::1");
	struct prefix p;

	assert_false(range_prefix(&a, &b, &p));
	assert_false(range_prefix(&c, &d, &p));
	assert_false(range_prefix(&a, &e, &p));
	assert_false(range_prefix(&d, &a, &p));
	assert_true(range_prefix(&c, &c, &p) && p.len == 32);
	assert_true(range_prefix(&a, &c, &p) && p.len == 31);
}

static void
test_sockaddr(void **state)
{
	struct endpoint e = { ip("20.0.0.1"), 4500 }, f = { ip("2001:db8::1"), 500 }, back, none = { 0 };
	struct sockaddr_in6 mapped = { .sin6_family = AF_INET6, .sin6_port = htons(7) };
	struct sockaddr_storage ss;
	char buf[ENDPOINT_STR];
	socklen_t n;

	n = endpoint_to_sa(&e, &ss);
	assert_int_equal(n, sizeof(struct sockaddr_in));
	assert_true(endpoint_from_sa((struct sockaddr *)&ss, n, &back) && endpoint_eq(&e, &back));
	assert_false(endpoint_from_sa((struct sockaddr *)&ss, n - 1, &back));
	n = endpoint_to_sa(&f, &ss);
	assert_int_equal(n, sizeof(struct sockaddr_in6));
	assert_true(endpoint_from_sa((struct sockaddr *)&ss, n, &back) && endpoint_eq(&f, &back));
	assert_false(endpoint_from_sa((struct sockaddr *)&ss, n - 1, &back));
	assert_int_equal(back.addr.fam, 0);
	assert_int_equal(endpoint_to_sa(&none, &ss), 0);
	memcpy(mapped.sin6_addr.s6_addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x14\0\0\x01", 16);
	assert_true(endpoint_from_sa((struct sockaddr *)&mapped, sizeof(mapped), &back));
	assert_string_equal(endpoint_str(&back, buf), "20.0.0.1:7");
	assert_string_equal(endpoint_str(&f, buf), "[2001:db8::1]:500");
}

static void
test_ipc(void **state)
{
	struct endpoint e[] = { { ip("20.0.0.1"), 4500 }, { ip("2001:db8::1"), 500 }, { { 0 }, 1 } }, back;
	uint8_t b[32];

	for (size_t i = 0; i < 3; i++) {
		struct wr w = wr_of(b, sizeof(b));
		struct rd r;

		endpoint_put(&w, &e[i]);
		for (size_t k = 0; k < w.n; k++) {
			r = rd_of(bytes_of(b, k));
			endpoint_get(&r, &back);
			assert_false(rd_ok(&r));
			assert_true(back.addr.fam == 0 && back.port == 0);
		}
		r = rd_of(wr_bytes(&w));
		endpoint_get(&r, &back);
		assert_true(rd_done(&r) && endpoint_eq(&back, &e[i]));
	}
	for (unsigned fam = 0; fam < 256; fam++) {
		struct rd r = rd_of(bytes_of(b, sizeof(b)));

		b[0] = (uint8_t)fam;
		addr_get(&r, &back.addr);
		assert_int_equal(rd_ok(&r), fam == 0 || fam == 4 || fam == 6);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_range),
		cmocka_unit_test(test_sockaddr),
		cmocka_unit_test(test_ipc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
