/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the system says, which only this host's kernel can say: ancillary data and rtnetlink. Each decoder with what it is for, with lengths that lie,
 * and with every truncation, in blocks of exactly that size.
 */
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/udp.h>
#include <netinet/in.h>

#include "../../kernel/user/nl_read.h"
#include "../../kernel/user/wire_cmsg.h"
#include "cmsg.h"

static uint8_t ctl[1024] __attribute__((aligned(8)));
static size_t nctl;

static void
add(int level, int type, const void *data, size_t n)
{
	struct cmsghdr h = { .cmsg_len = CMSG_LEN(n), .cmsg_level = level, .cmsg_type = type };

	assert_true(nctl + CMSG_SPACE(n) <= sizeof(ctl));
	memset(ctl + nctl, 0, CMSG_SPACE(n));
	memcpy(ctl + nctl, &h, sizeof(h));
	memcpy(ctl + nctl + CMSG_LEN(0), data, n);
	nctl += CMSG_SPACE(n);
}

static struct msghdr
all(void)
{
	return (struct msghdr){ .msg_control = ctl, .msg_controllen = nctl };
}

static void
test_pieces(void **state)
{
	struct msghdr m;
	struct cmsg c;
	size_t at = 0, len;

	nctl = 0;
	add(1, 2, "abc", 3);
	add(3, 4, "", 0);
	add(5, 6, "01234567", 8);
	m = all();
	assert_true(cmsg_next(&m, &at, &c) && c.level == 1 && c.type == 2 && bytes_eq(c.data, bytes_of("abc", 3)));
	assert_true(cmsg_next(&m, &at, &c) && c.level == 3 && c.data.n == 0);
	assert_true(cmsg_next(&m, &at, &c) && c.type == 6 && c.data.n == 8);
	assert_false(cmsg_next(&m, &at, &c));
	/* The last may end without its padding. */
	nctl = 0;
	add(1, 2, "abc", 3);
	m = all();
	m.msg_controllen = CMSG_LEN(3);
	at = 0;
	assert_true(cmsg_next(&m, &at, &c) && c.data.n == 3);
	assert_false(cmsg_next(&m, &at, &c));
	m.msg_control = NULL;
	at = 0;
	assert_false(cmsg_next(&m, &at, &c));
	/* Lengths that lie: too short for a header, too long by one, and all that overflow. */
	for (unsigned i = 0; i < 6; i++) {
		m = all();
		len = (const size_t[]){ 0, CMSG_LEN(0) - 1, nctl + 1, SIZE_MAX, SIZE_MAX - 7, SIZE_MAX / 2 + 1 }[i];
		memcpy(ctl, &len, sizeof(len));
		at = 0;
		assert_false(cmsg_next(&m, &at, &c));
	}
}

/* Everything that may come beside a datagram, at once. */
static void
everything(void)
{
	struct in_pktinfo four = { .ipi_addr.s_addr = htonl(0xc0000201) };
	struct in6_pktinfo six = { .ipi6_addr.s6_addr = { 0x20, 1, 0xd, 0xb8 } };
	int v = 0x1b8, segment = 1400, hops = 9;
	uint8_t tos = 0x2e;

	nctl = 0;
	add(IPPROTO_IP, IP_PKTINFO, &four, sizeof(four));
	add(IPPROTO_IP, IP_TOS, &tos, 1);
	add(IPPROTO_UDP, UDP_GRO, &segment, sizeof(segment));
	add(IPPROTO_IPV6, IPV6_PKTINFO, &six, sizeof(six));
	add(IPPROTO_IPV6, IPV6_TCLASS, &v, sizeof(v));
	add(IPPROTO_IPV6, IPV6_HOPLIMIT, &hops, sizeof(hops));
	add(IPPROTO_IPV6, IPV6_HOPOPTS, "\0\0\5\2\0\0\1\0", 8);
	add(IPPROTO_IPV6, IPV6_RTHDR, "\0\2\0\0\0\0\0\0" "0123456789abcdef", 24);
	add(IPPROTO_IPV6, IPV6_DSTOPTS, "\0\0\1\4\0\0\0\0", 8);
}

static void
test_beside(void **state)
{
	static const uint8_t want[] = { 0x6b, 0x80, 0, 0, 0, 140, IPPROTO_HOPOPTS, 9 };
	struct addr from = { 6, { 0xfe, 0x80, [15] = 7 } };
	uint8_t head[CW_AH_FRONT];
	struct wire_beside b;
	struct msghdr m;
	size_t gave = 0;

	everything();
	m = all();
	wire_beside(&m, &b);
	assert_true(b.local.fam == 6 && b.local.b[0] == 0x20 && b.tos == 0xb8 && b.segment == 1400);
	assert_int_equal(wire_header6(&m, IPPROTO_AH, 100, &from, &b, head), 80);
	assert_memory_equal(head, want, sizeof(want));
	assert_memory_equal(head + 8, from.b, 16);
	assert_memory_equal(head + 24, b.local.b, 16);
	assert_true(head[40] == IPPROTO_ROUTING && head[48] == IPPROTO_DSTOPTS && head[72] == IPPROTO_AH);
	assert_int_equal(wire_header6(&m, IPPROTO_AH, 65535 - 40, &from, &b, head), 80);
	assert_int_equal(wire_header6(&m, IPPROTO_AH, 65535 - 39, &from, &b, head), 0);
	m.msg_flags = MSG_CTRUNC;
	assert_int_equal(wire_header6(&m, IPPROTO_AH, 100, &from, &b, head), 0);
	for (size_t n = 0; n <= nctl; n++) {
		uint8_t *exact = malloc(n ? n : 1);
		size_t got;

		memcpy(exact, ctl, n);
		m = (struct msghdr){ .msg_control = exact, .msg_controllen = n };
		wire_beside(&m, &b);
		assert_true(b.local.fam == 0 || n >= CMSG_LEN(sizeof(struct in_pktinfo)));
		got = wire_header6(&m, IPPROTO_AH, 100, &from, &b, head);
		assert_true(got >= 40 && got >= gave && got <= 80);
		gave = got;
		free(exact);
	}
	assert_int_equal(gave, 80);
	nctl = 0;
	add(IPPROTO_IPV6, IPV6_HOPOPTS, "\0\0\5", 3);
	m = all();
	assert_int_equal(wire_header6(&m, IPPROTO_AH, 100, &from, &b, head), 0);	/* no extension header is that short */
	nctl = 0;
	add(IPPROTO_IPV6, IPV6_DSTOPTS, head, CW_AH_FRONT - 40);
	m = all();
	assert_int_equal(wire_header6(&m, IPPROTO_AH, 100, &from, &b, head), CW_AH_FRONT);
	add(IPPROTO_IPV6, IPV6_DSTOPTS, head, 8);
	m = all();
	assert_int_equal(wire_header6(&m, IPPROTO_AH, 100, &from, &b, head), 0);	/* there is no more room */
}

static void
test_short_pieces(void **state)
{
	static const struct { int level, type; } kinds[] = {
		{ IPPROTO_IP, IP_PKTINFO }, { IPPROTO_IPV6, IPV6_PKTINFO }, { IPPROTO_IP, IP_TOS }, { IPPROTO_IPV6, IPV6_TCLASS }, { IPPROTO_UDP, UDP_GRO },
		{ IPPROTO_IP, IP_RECVERR }, { IPPROTO_IPV6, IPV6_RECVERR } };
	static const size_t size[] = { sizeof(struct in_pktinfo), sizeof(struct in6_pktinfo), 1, 4, 4, sizeof(struct sock_extended_err), sizeof(struct sock_extended_err) };
	struct sock_extended_err e = { .ee_errno = EMSGSIZE, .ee_info = 1280 };
	uint8_t data[64];

	memset(data, 1, sizeof(data));
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		for (size_t n = 0; n <= size[i]; n++) {
			struct wire_beside b;
			uint8_t *exact;
			struct msghdr m;
			bool said;

			nctl = 0;
			add(kinds[i].level, kinds[i].type, i < 5 ? data : (uint8_t *)&e, n);
			exact = malloc(CMSG_LEN(n));
			memcpy(exact, ctl, CMSG_LEN(n));
			m = (struct msghdr){ .msg_control = exact, .msg_controllen = CMSG_LEN(n) };
			wire_beside(&m, &b);
			said = b.local.fam || b.tos || b.segment || wire_too_big(&m) == 1280;
			assert_int_equal(said, n == size[i]);
			free(exact);
		}
	e.ee_errno = ECONNREFUSED;
	nctl = 0;
	add(IPPROTO_IP, IP_RECVERR, &e, sizeof(e));
	struct msghdr m = all();
	assert_int_equal(wire_too_big(&m), 0);
}

/* ---- rtnetlink ---- */

static char msg[1024] __attribute__((aligned(8)));

static struct nlmsghdr *
begin(uint16_t type, const void *head, size_t n)
{
	struct nlmsghdr *h;

	memset(msg, 0, sizeof(msg));
	h = mnl_nlmsg_put_header(msg);
	h->nlmsg_type = type;
	memcpy(mnl_nlmsg_put_extra_header(h, n), head, n);
	return h;
}

static struct nlmsghdr *
a_link(void)
{
	struct ifinfomsg i = { .ifi_index = 7, .ifi_flags = 1 };
	struct nlmsghdr *h = begin(RTM_NEWLINK, &i, sizeof(i));
	struct nlattr *info;

	mnl_attr_put_strz(h, IFLA_IFNAME, "cw-tokyo");
	mnl_attr_put_u32(h, IFLA_MTU, 1400);
	mnl_attr_put_u32(h, IFLA_GROUP, 71);
	info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_strz(h, IFLA_INFO_KIND, "tun");
	mnl_attr_nest_end(h, info);
	return h;
}

static struct nlmsghdr *
a_route(void)
{
	struct rtmsg r = { .rtm_family = AF_INET6, .rtm_dst_len = 64, .rtm_table = 252, .rtm_protocol = 171, .rtm_type = RTN_UNREACHABLE };
	struct nlmsghdr *h = begin(RTM_NEWROUTE, &r, sizeof(r));
	static const uint8_t net[16] = { 0xfd, 1 }, own[16] = { 0xfd, 2 };

	mnl_attr_put_u32(h, RTA_TABLE, 7100);
	mnl_attr_put(h, RTA_DST, 16, net);
	mnl_attr_put_u32(h, RTA_PRIORITY, 9999999);
	mnl_attr_put(h, RTA_PREFSRC, 16, own);
	mnl_attr_put_u32(h, RTA_OIF, 3);
	return h;
}

static struct nlmsghdr *
an_addr(void)
{
	struct ifaddrmsg a = { .ifa_family = AF_INET, .ifa_scope = RT_SCOPE_SITE };
	struct nlmsghdr *h = begin(RTM_NEWADDR, &a, sizeof(a));

	mnl_attr_put_u32(h, IFA_ADDRESS, htonl(0xc0000202));
	mnl_attr_put_u32(h, IFA_LOCAL, htonl(0xc0000201));
	return h;
}

static void
test_messages(void **state)
{
	struct nlmsgerr e = { .error = -ENODEV };
	struct nl_route r;
	struct nl_addr a;
	struct nl_link l;
	int error;

	assert_true(nl_get_link(a_link(), &l));
	assert_true(l.index == 7 && l.flags == 1 && l.group == 71 && l.mtu == 1400);
	assert_string_equal(l.name, "cw-tokyo");
	assert_string_equal(l.kind, "tun");
	assert_true(nl_get_route(a_route(), &r));
	assert_true(r.table == 7100 && r.metric == 9999999 && r.oif == 3 && r.protocol == 171 && r.type == RTN_UNREACHABLE && !r.cloned);
	assert_true(r.dst.len == 64 && r.dst.addr.fam == 6 && r.dst.addr.b[1] == 1 && r.src.fam == 6 && r.src.b[1] == 2);
	assert_true(nl_get_addr(an_addr(), &a));
	assert_true(a.scope == RT_SCOPE_SITE && a.addr.fam == 4 && a.addr.b[3] == 1);
	assert_true(nl_get_error(begin(NLMSG_ERROR, &e, sizeof(e)), &error) && error == -ENODEV);
	assert_false(nl_get_error(a_link(), &error) || nl_get_link(a_route(), &l) || nl_get_route(an_addr(), &r) || nl_get_addr(a_link(), &a));
}

/* A message that ends anywhere, with a length that says so; and each attribute with any length of its own. */
static void
test_cut(void **state)
{
	struct nlmsghdr *(*const make[])(void) = { a_link, a_route, an_addr };
	const size_t heads[] = { sizeof(struct ifinfomsg), sizeof(struct rtmsg), sizeof(struct ifaddrmsg) };

	for (unsigned i = 0; i < 3; i++) {
		struct nlmsghdr *h = make[i]();
		size_t whole = h->nlmsg_len;

		for (size_t n = NLMSG_HDRLEN; n <= whole; n++) {
			struct nlmsghdr *exact = malloc(n);
			struct nl_route r;
			struct nl_addr a;
			struct nl_link l;
			int error;
			bool ok;

			memcpy(exact, msg, n);
			exact->nlmsg_len = (uint32_t)n;
			ok = i == 0 ? nl_get_link(exact, &l) : i == 1 ? nl_get_route(exact, &r) : nl_get_addr(exact, &a);
			assert_true(ok ? n >= NLMSG_HDRLEN + heads[i] : n < whole);
			exact->nlmsg_type = NLMSG_ERROR;
			assert_int_equal(nl_get_error(exact, &error), n >= NLMSG_HDRLEN + sizeof(struct nlmsgerr));
			free(exact);
		}
		for (size_t at = NLMSG_HDRLEN + heads[i]; at + sizeof(struct nlattr) <= whole; at++)
			for (unsigned len = 0; len < 300; len++) {
				struct nl_route r;
				struct nl_addr a;
				struct nl_link l;
				uint16_t lie = (uint16_t)len;

				h = make[i]();
				memcpy(msg + at, &lie, sizeof(lie));
				if (i == 0 ? nl_get_link(h, &l) && (strlen(l.name) > 15 || strlen(l.kind) > 15) :
				    i == 1 ? nl_get_route(h, &r) && r.dst.len > addr_bits(&r.dst.addr) : nl_get_addr(h, &a) && a.addr.fam == 0)
					fail();
			}
	}
}

/* Messages one behind the other, of which the last may lack its padding; and a length that is none, or one that libmnl takes as a negative one. */
static void
test_whole(void **state)
{
	static const uint32_t lies[] = { 0, NLMSG_HDRLEN - 1, 25, 0x7fffffff, 0x80000000, 0xfffffffd, UINT32_MAX };
	uint32_t words[12] = { 16, 0, 0, 0, 22 };
	size_t whole[49] = { 0 };

	for (size_t n = 0; n <= 48; n++)
		whole[n] = n < 16 ? 0 : n < 38 ? 16 : n < 40 ? n : 40;
	for (size_t n = 0; n <= 48; n++) {
		void *exact = malloc(n ? n : 1);

		memcpy(exact, words, n);
		assert_int_equal(nl_whole(exact, n), whole[n]);
		free(exact);
	}
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		words[4] = lies[i];
		assert_int_equal(nl_whole(words, 40), 16);
		words[4] = 22;
	}
}

static void
test_not_as_it_should_be(void **state)
{
	struct ifaddrmsg am = { .ifa_family = AF_INET };
	struct ifinfomsg im = { .ifi_index = 7 };
	struct rtmsg rm = { .rtm_family = AF_INET, .rtm_dst_len = 33 };
	static const uint8_t six[16] = { 1 };
	struct nlmsghdr *h;
	struct nl_route r;
	struct nl_addr a;
	struct nl_link l;

	assert_false(nl_get_route(begin(RTM_NEWROUTE, &rm, sizeof(rm)), &r));	/* no prefix is that long */
	rm.rtm_dst_len = 32;
	assert_true(nl_get_route(begin(RTM_NEWROUTE, &rm, sizeof(rm)), &r));
	h = begin(RTM_NEWROUTE, &rm, sizeof(rm));
	mnl_attr_put(h, RTA_DST, 16, six);					/* of the other family */
	assert_false(nl_get_route(h, &r));
	h = begin(RTM_NEWROUTE, &rm, sizeof(rm));
	mnl_attr_put_u16(h, RTA_OIF, 3);
	assert_true(nl_get_route(h, &r) && r.oif == 0);				/* as if it were not there */
	rm.rtm_family = AF_UNIX;
	assert_false(nl_get_route(begin(RTM_NEWROUTE, &rm, sizeof(rm)), &r));
	assert_false(nl_get_addr(begin(RTM_NEWADDR, &am, sizeof(am)), &a));	/* without one */
	h = begin(RTM_NEWADDR, &am, sizeof(am));
	mnl_attr_put_u32(h, IFA_ADDRESS, htonl(0xc0000202));
	assert_true(nl_get_addr(h, &a) && a.addr.b[3] == 2);
	am.ifa_family = AF_UNIX;
	h = begin(RTM_NEWADDR, &am, sizeof(am));
	mnl_attr_put_u32(h, IFA_ADDRESS, htonl(0xc0000202));
	assert_false(nl_get_addr(h, &a));
	h = begin(RTM_NEWLINK, &im, sizeof(im));
	mnl_attr_put_str(h, IFLA_IFNAME, "fifteen-octets-");			/* without its zero */
	assert_true(nl_get_link(h, &l));
	assert_string_equal(l.name, "fifteen-octets-");
	h = begin(RTM_NEWLINK, &im, sizeof(im));
	mnl_attr_put_str(h, IFLA_IFNAME, "sixteen-octets-x");
	assert_true(nl_get_link(h, &l));
	assert_string_equal(l.name, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_beside),
		cmocka_unit_test(test_short_pieces),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_not_as_it_should_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
