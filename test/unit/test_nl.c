/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Netlink: of which routes ipsecd is told, and answers of the kernel's that are cut anywhere. The sockets are the test's: what is behind an answer
 * in the reader's buffer is FILL, so that whoever reads on has a number that nobody said.
 */
#include "test.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include "routes.h"

#define FILL	0x5a
#define INDEX	7u
#define MTU	1400u

/* ---- the filter ---- */

static bool
passes(const int ends[2], const void *p, size_t n)
{
	uint8_t got[256];

	assert_int_equal(send(ends[0], p, n, 0), n);
	return recv(ends[1], got, sizeof(got), MSG_DONTWAIT) == (ssize_t)n;
}

static void
test_routes_told(void **state)
{
	static const struct { uint16_t type; uint8_t table; bool passes; } rows[] = {
		{ RTM_NEWROUTE, RT_TABLE_MAIN, false }, { RTM_DELROUTE, RT_TABLE_MAIN, false }, { RTM_NEWROUTE, RT_TABLE_LOCAL, false },
		{ RTM_NEWROUTE, RT_TABLE_DEFAULT, false }, { RTM_DELROUTE, RT_TABLE_UNSPEC, false }, { RTM_NEWROUTE, 100, false },
		{ RTM_NEWROUTE, RT_TABLE_COMPAT, true }, { RTM_DELROUTE, RT_TABLE_COMPAT, true },
		{ RTM_NEWADDR, 0, true }, { RTM_DELADDR, RT_TABLE_MAIN, true }, { RTM_NEWLINK, 0, true }, { RTM_DELLINK, 0, true },
		{ RTM_NEWRULE, RT_TABLE_MAIN, true }, { RTM_DELRULE, RT_TABLE_MAIN, true }, { RTM_GETROUTE, RT_TABLE_MAIN, true },
	};
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
	assert_int_equal(nl_few_routes(ends[1]), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct { struct nlmsghdr h; struct rtmsg r; uint8_t rest[40]; } m = { .h = { .nlmsg_len = sizeof(m), .nlmsg_type = rows[i].type } };
		bool route = rows[i].type == RTM_NEWROUTE || rows[i].type == RTM_DELROUTE;
		size_t says = route ? NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_table) + 1 : offsetof(struct nlmsghdr, nlmsg_type) + 2;

		m.r.rtm_table = rows[i].table;
		for (size_t n = 1; n <= sizeof(m); n++)
			assert_int_equal(passes(ends, &m, n), rows[i].passes && n >= says);
	}
	close(ends[0]);
	close(ends[1]);
}

/* ---- answers ---- */

static struct { uint8_t b[512]; size_t n; } answers[4];
static unsigned nanswers, next;
static int after;		/* the error when there is no more */

ssize_t
mnl_socket_sendto(const struct mnl_socket *s, const void *p, size_t n)
{
	return (ssize_t)n;
}

unsigned
mnl_socket_get_portid(const struct mnl_socket *s)
{
	return 0;
}

ssize_t
mnl_socket_recvfrom(const struct mnl_socket *s, void *p, size_t n)
{
	memset(p, FILL, n);
	if (next == nanswers) {
		errno = after;
		return -1;
	}
	memcpy(p, answers[next].b, answers[next].n);
	return (ssize_t)answers[next++].n;
}

/* An answer to the request of this number, the same in each test; its attributes are the caller's. */
static struct nlmsghdr *
answer(unsigned i, uint16_t type, uint32_t seq, size_t head)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(answers[i].b);

	h->nlmsg_type = type;
	h->nlmsg_seq = seq;
	if (head)
		mnl_nlmsg_put_extra_header(h, head);
	return h;
}

static void
put_answer(unsigned i, const struct nlmsghdr *h)
{
	answers[i].n = h->nlmsg_len;
	nanswers = i + 1;
	next = 0;
	after = EIO;
}

static void
path_route(uint32_t seq)
{
	struct nlmsghdr *h = answer(0, RTM_NEWROUTE, seq, sizeof(struct rtmsg));
	struct nlattr *m;

	((struct rtmsg *)mnl_nlmsg_get_payload(h))->rtm_family = AF_INET;
	mnl_attr_put_u32(h, RTA_TABLE, RT_TABLE_MAIN);
	m = mnl_attr_nest_start(h, RTA_METRICS);
	mnl_attr_put_u32(h, RTAX_MTU, 9000);
	mnl_attr_nest_end(h, m);
	mnl_attr_put_u32(h, RTA_OIF, INDEX);
	put_answer(0, h);
}

static void
path_link(uint32_t seq)
{
	struct nlmsghdr *h = answer(1, RTM_NEWLINK, seq, sizeof(struct ifinfomsg));

	mnl_attr_put_u32(h, IFLA_GROUP, 0);
	mnl_attr_put_u32(h, IFLA_MTU, MTU);
	put_answer(1, h);
}

static uint32_t
path(void)
{
	static const struct addr dst = { 4, { 20, 0, 0, 2 } };
	struct nl nl = { .seq = 0 };

	next = 0;
	return nl_path(&nl, NULL, &dst);
}

/* The kernel's length stays, or is that of what is left. */
enum cut { AS_SAID, AS_LEFT, CUTS };

static void
cut_answer(unsigned i, size_t n, enum cut how)
{
	struct nlmsghdr *h = (struct nlmsghdr *)answers[i].b;

	answers[i].n = n;
	if (how == AS_LEFT && n >= NLMSG_HDRLEN)
		h->nlmsg_len = (uint32_t)n;
}

static void
test_path_cut(void **state)
{
	size_t whole[2];

	path_route(1);
	path_link(2);
	assert_int_equal(path(), MTU);
	whole[0] = answers[0].n;
	whole[1] = answers[1].n;
	for (unsigned i = 0; i < 2; i++)
		for (int how = AS_SAID; how < CUTS; how++)
			for (size_t n = 1; n < whole[i]; n++) {
				path_route(1);
				path_link(2);
				cut_answer(i, n, (enum cut)how);
				assert_int_equal(path(), 0);
			}
}

/* An attribute says that it has fewer octets, or more, than a number: it is not taken for one. */
static void
test_path_attributes(void **state)
{
	static const uint16_t lengths[] = { 0, 1, 2, 3, 4, 5, 6, 7, 9, 12, 255, 65535 };

	for (unsigned i = 0; i < 2; i++)
		for (size_t k = 0; k < sizeof(lengths) / sizeof(lengths[0]); k++) {
			uint32_t got;

			path_route(1);
			path_link(2);
			memcpy(answers[i].b + answers[i].n - 8, &lengths[k], 2);	/* the last one: RTA_OIF, IFLA_MTU */
			got = path();
			assert_int_equal(got, 0);
		}
}

static struct routes
read_routes(int *e)
{
	static struct nl nl;
	struct routes r = { .nl = &nl };

	next = 0;
	nl.seq = 0;
	*e = routes_read(&r, true);
	return r;
}

static void
one_route(void)
{
	struct nlmsghdr *h = answer(0, RTM_NEWROUTE, 1, sizeof(struct rtmsg));
	struct rtmsg *m = mnl_nlmsg_get_payload(h);
	static const uint8_t net[4] = { 10, 0, 2, 0 }, own[4] = { 10, 0, 1, 1 };

	h->nlmsg_flags = NLM_F_MULTI;
	m->rtm_family = AF_INET;
	m->rtm_dst_len = 24;
	m->rtm_table = RT_TABLE_COMPAT;
	m->rtm_protocol = NL_PROTO;
	mnl_attr_put(h, RTA_DST, 4, net);
	mnl_attr_put(h, RTA_PREFSRC, 4, own);
	mnl_attr_put_u32(h, RTA_PRIORITY, 101);
	mnl_attr_put_u32(h, RTA_OIF, INDEX);
	mnl_attr_put_u32(h, RTA_TABLE, NL_TABLE);
	put_answer(0, h);
	for (unsigned i = 1; i <= 2; i++) {
		h = answer(i, NLMSG_DONE, i, sizeof(int));
		h->nlmsg_flags = NLM_F_MULTI;
		put_answer(i, h);
	}
}

static void
test_routes_cut(void **state)
{
	struct routes r;
	size_t whole;
	int e;

	one_route();
	whole = answers[0].n;
	r = read_routes(&e);
	assert_int_equal(e, 0);
	assert_int_equal(r.have.n, 1);
	assert_true(r.have.v[0].kind == ROUTE_IFACE && r.have.v[0].oif == INDEX && r.have.v[0].dst.len == 24 && r.have.v[0].dst.addr.b[2] == 2 &&
	    r.have.v[0].src.fam == 4);
	routes_fini(&r);
	for (int how = AS_SAID; how < CUTS; how++)
		for (size_t n = 1; n < whole; n++) {
			one_route();
			cut_answer(0, n, (enum cut)how);
			r = read_routes(&e);
			/* the table comes last: without it the route is none of ours */
			assert_int_equal(r.have.n + r.foreign.n, 0);
			routes_fini(&r);
		}
	/* a number that is none is as if it were not there: a priority, and an interface */
	for (uint16_t len = 5; len < 8; len++)
		for (unsigned back = 2; back <= 3; back++) {
			one_route();
			memcpy(answers[0].b + whole - back * 8, &len, 2);
			r = read_routes(&e);
			assert_int_equal(r.have.n, 1);
			assert_int_equal(r.have.v[0].kind, back == 3 ? ROUTE_TUN : ROUTE_IFACE);
			assert_int_equal(r.have.v[0].oif, 0);
			routes_fini(&r);
		}
}

static unsigned told;

static void
on_failed(void *arg, unsigned index, int error)
{
	assert_int_equal(index, 1);
	assert_int_equal(error, EEXIST);
	told++;
}

/* Three messages, of which the second failed, in one answer. */
static void
three(void)
{
	size_t n = 0;

	for (uint32_t i = 0; i < 3; i++) {
		struct nlmsghdr *h = mnl_nlmsg_put_header(answers[0].b + n);
		struct nlmsgerr *e = mnl_nlmsg_put_extra_header(h, sizeof(*e));

		h->nlmsg_type = NLMSG_ERROR;
		h->nlmsg_seq = 100 + i;
		e->error = i == 1 ? -EEXIST : 0;
		n += h->nlmsg_len;
	}
	answers[0].n = n;
	nanswers = 1;
	next = 0;
	after = EIO;
	told = 0;
}

static void
test_many_cut(void **state)
{
	struct nl nl = { .seq = 0 };
	size_t whole, each;

	three();
	whole = answers[0].n;
	each = whole / 3;
	assert_int_equal(nl_many(&nl, NULL, "", 0, 100, 3, on_failed, NULL), 0);
	assert_int_equal(told, 1);
	for (size_t n = 1; n < whole; n++) {
		three();
		answers[0].n = n;
		assert_int_equal(nl_many(&nl, NULL, "", 0, 100, 3, on_failed, NULL), EIO);
		assert_int_equal(told, n >= 2 * each);
	}
	/* the last of what is there says that it ends there: an error that is not all there is none */
	for (size_t n = NLMSG_HDRLEN; n < NLMSG_HDRLEN + sizeof(int); n++) {
		struct nlmsghdr *h = (struct nlmsghdr *)(answers[0].b + each);

		three();
		h->nlmsg_len = (uint32_t)n;
		answers[0].n = each + n;
		assert_int_equal(nl_many(&nl, NULL, "", 0, 100, 3, on_failed, NULL), EIO);
		assert_int_equal(told, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routes_told), cmocka_unit_test(test_path_cut), cmocka_unit_test(test_path_attributes), cmocka_unit_test(test_routes_cut),
		cmocka_unit_test(test_many_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
