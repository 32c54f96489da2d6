/* SPDX-License-Identifier: BSD-2-Clause */
/* Traffic selectors: inside, overlap, lists as sets, text, the IPC form. */
#include "test.h"

#include "ts.h"

static struct ts
ts(const char *lo, const char *hi, uint8_t proto, uint16_t port_lo, uint16_t port_hi)
{
	struct ts t = { .proto = proto, .port_lo = port_lo, .port_hi = port_hi };

	assert_true(addr_parse(lo, &t.lo) && addr_parse(hi, &t.hi));
	return t;
}

static struct ts
net(const char *s)
{
	struct prefix p;

	assert_true(prefix_parse(s, &p));
	return ts_from_prefix(&p);
}

static void
is(const struct ts *t, const char *text)
{
	char buf[TS_STR];

	assert_string_equal(ts_str(t, buf), text);
}

static void
test_text(void **state)
{
	struct ts t = net("10.0.1.0/24");

	is(&t, "10.0.1.0/24");
	t = ts("10.0.1.1", "10.0.1.9", 0, 0, 65535);
	is(&t, "10.0.1.1-10.0.1.9");
	t = ts("10.0.1.0", "10.0.1.255", 6, 80, 90);
	is(&t, "10.0.1.0/24 tcp 80-90");
	t = ts("10.0.1.0", "10.0.1.0", 17, 53, 53);
	is(&t, "10.0.1.0/32 udp 53");
	t = ts("10.0.1.0", "10.0.1.0", 6, 0, 65535);
	is(&t, "10.0.1.0/32 tcp");
	t = ts("10.0.1.0", "10.0.1.0", 1, 0x0800, 0x0800);
	is(&t, "10.0.1.0/32 icmp 8/0");
	t = ts("::", "::", 58, 0x8000, 0x80ff);
	is(&t, "::/128 ipv6-icmp 128/0-128/255");
	t = ts("10.0.1.0", "10.0.1.0", 47, 65535, 0);
	is(&t, "10.0.1.0/32 proto-47 opaque");
	t = ts("10.0.1.0", "10.0.1.0", 0, 7, 9);
	is(&t, "10.0.1.0/32 any 7-9");
	t = ts("1111:1111:1111:1111:1111:1111:1111:1111", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", 58, 0xfefe, 0xffff);
	is(&t, "1111:1111:1111:1111:1111:1111:1111:1111-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe ipv6-icmp 254/254-255/255");
}

static void
test_within(void **state)
{
	struct ts big = net("10.0.0.0/16"), small = net("10.0.1.0/24"), six = net("2001:db8::/32");
	struct ts web = ts("10.0.1.0", "10.0.1.255", 6, 80, 90), one = ts("10.0.1.7", "10.0.1.7", 6, 80, 80);
	struct ts opaque = ts("10.0.1.0", "10.0.1.255", 6, 65535, 0), tcp = ts("10.0.1.0", "10.0.1.255", 6, 0, 65535);
	struct ts high = ts("10.0.1.0", "10.0.1.255", 6, 1, 65535);

	assert_true(ts_within(&small, &big) && !ts_within(&big, &small) && ts_within(&big, &big));
	assert_false(ts_within(&six, &big) || ts_within(&big, &six));
	assert_true(ts_within(&web, &small) && !ts_within(&small, &web));
	assert_true(ts_within(&one, &web) && !ts_within(&web, &one));
	assert_true(ts_within(&opaque, &tcp) && ts_within(&opaque, &big) && ts_within(&opaque, &opaque));
	assert_false(ts_within(&opaque, &high) || ts_within(&high, &opaque) || ts_within(&tcp, &opaque));
}

static void
test_meet(void **state)
{
	struct ts a = net("10.0.0.0/16"), b = ts("10.0.255.0", "10.1.0.9", 17, 5, 9), m, other = net("10.1.0.0/16");
	struct ts tcp = ts("10.0.0.0", "10.0.255.255", 6, 1, 10), udp = ts("10.0.0.0", "10.0.255.255", 17, 8, 20);
	struct ts opaque = ts("10.0.0.0", "10.0.255.255", 17, 65535, 0), six = net("::/0");

	assert_true(ts_meet(&a, &b, &m));
	is(&m, "10.0.255.0/24 udp 5-9");
	assert_true(ts_meet(&b, &a, &m));
	is(&m, "10.0.255.0/24 udp 5-9");
	assert_false(ts_meet(&a, &other, &m));
	assert_int_equal(m.lo.fam, 0);
	assert_false(ts_meet(&tcp, &udp, &m));
	assert_false(ts_meet(&a, &six, &m));
	assert_true(ts_meet(&b, &udp, &m));
	is(&m, "10.0.255.0/24 udp 8-9");
	udp.port_lo = 10;
	assert_false(ts_meet(&b, &udp, &m));
	assert_true(ts_meet(&a, &opaque, &m));
	is(&m, "10.0.0.0/16 udp opaque");
	assert_false(ts_meet(&udp, &opaque, &m));
	assert_true(ts_meet(&opaque, &opaque, &m));
}

static struct ts_list *
list(const char *const *prefixes)
{
	struct ts_list *l = calloc(1, sizeof(*l));

	for (; *prefixes; prefixes++)
		l->v[l->n++] = net(*prefixes);
	return l;
}

#define LIST(...) list((const char *const []){ __VA_ARGS__, NULL })

static void
test_lists(void **state)
{
	struct ts_list *a = LIST("10.0.1.0/24", "10.0.2.0/24"), *b = LIST("10.0.0.0/16"), *c = LIST("10.0.2.0/24", "10.0.1.0/24");
	struct ts_list *d = LIST("10.9.0.0/16"), *e = LIST("10.0.2.128/25", "10.0.2.0/24", "10.0.2.0/24"), out;
	char buf[64];
	struct addr x;

	assert_true(ts_list_meet(a, b, &out) && ts_list_eq(&out, a));
	assert_true(ts_list_eq(a, c) && !ts_list_eq(a, b) && !ts_list_eq(a, e));
	assert_false(ts_list_meet(a, d, &out));
	assert_int_equal(out.n, 0);
	assert_true(ts_list_meet(a, e, &out));
	assert_string_equal(ts_list_str(&out, buf, sizeof(buf)), "10.0.2.0/24");
	assert_true(ts_list_within(a, b) && !ts_list_within(b, a) && ts_list_within(e, c));
	assert_true(addr_parse("10.0.2.3", &x));
	assert_true(ts_list_has(a, 6, &x, 80) && !ts_list_has(d, 6, &x, 80));
	a->v[1].proto = 17;
	assert_false(ts_list_has(a, 6, &x, 80));
	assert_true(ts_list_has(a, 17, &x, 80));
	free(a);
	free(b);
	free(c);
	free(d);
	free(e);
}

/* 9 by 9 overlaps are more than a list can hold: refused, not cut. */
static void
test_too_many(void **state)
{
	struct ts_list *a = calloc(1, sizeof(*a)), *b = calloc(1, sizeof(*b)), out;

	for (unsigned i = 0; i < 9; i++) {
		a->v[i] = ts("10.0.0.0", "10.0.0.255", 6, 0, 65535);
		a->v[i].lo.b[3] = a->v[i].hi.b[3] = (uint8_t)i;
		b->v[i] = ts("10.0.0.0", "10.0.0.255", 6, (uint16_t)(i * 2), (uint16_t)(i * 2));
	}
	a->n = b->n = 8;
	assert_true(ts_list_meet(a, b, &out));
	assert_int_equal(out.n, 64);
	a->n = b->n = 9;
	assert_false(ts_list_meet(a, b, &out));
	assert_int_equal(out.n, 0);
	free(a);
	free(b);
}

static void
test_list_text(void **state)
{
	struct ts_list *a = LIST("10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24"), none = { 0 };
	char buf[64], full[64];

	assert_string_equal(ts_list_str(a, full, sizeof(full)), "10.0.1.0/24, 10.0.2.0/24, 10.0.3.0/24");
	for (size_t cap = 1; cap <= sizeof(buf); cap++) {
		memset(buf, 'x', sizeof(buf));
		ts_list_str(a, buf, cap);
		assert_true(strlen(buf) < cap);
		if (strcmp(buf, full) != 0 && buf[0])
			assert_string_equal(buf + strlen(buf) - 3, "\xe2\x80\xa6");
		for (size_t i = cap; i < sizeof(buf); i++)
			assert_int_equal(buf[i], 'x');
	}
	assert_string_equal(ts_list_str(a, buf, 29), "10.0.1.0/24, \xe2\x80\xa6");
	assert_string_equal(ts_list_str(a, buf, 30), "10.0.1.0/24, 10.0.2.0/24, \xe2\x80\xa6");
	assert_string_equal(ts_list_str(&none, buf, sizeof(buf)), "");
	free(a);
}

static void
test_ipc(void **state)
{
	struct ts_list *a = LIST("10.0.1.0/24", "2001:db8::/32"), back;
	uint8_t b[128];
	struct wr w = wr_of(b, sizeof(b));
	struct rd r;

	a->v[1].port_lo = 65535;
	a->v[1].port_hi = 0;
	ts_list_put(&w, a);
	assert_true(wr_ok(&w));
	r = rd_of(wr_bytes(&w));
	ts_list_get(&r, &back);
	assert_true(rd_done(&r) && ts_list_eq(a, &back));
	for (size_t k = 0; k < w.n; k++) {
		r = rd_of(bytes_of(b, k));
		ts_list_get(&r, &back);
		assert_true(!rd_ok(&r) && back.n == 0);
	}
	b[0] = TS_MAX + 1;
	r = rd_of(bytes_of(b, sizeof(b)));
	ts_list_get(&r, &back);
	assert_true(!rd_ok(&r) && back.n == 0);
	free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_within),
		cmocka_unit_test(test_meet),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_list_text),
		cmocka_unit_test(test_ipc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
