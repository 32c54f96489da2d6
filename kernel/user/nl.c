/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A request to the kernel is answered before sendmsg returns, so waiting for it never waits for anybody else; a socket timeout
 * guards against a kernel that does not answer at all.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <sys/time.h>

#include "nl.h"
#include "nl_read.h"

static struct mnl_socket *
open_one(int bus, unsigned groups)
{
	struct mnl_socket *s = mnl_socket_open2(bus, SOCK_CLOEXEC | (groups ? SOCK_NONBLOCK : 0));
	struct timeval t = { 5, 0 };
	int size = 16 << 20, one = 1;

	if (s == NULL)
		return NULL;
	if (mnl_socket_bind(s, groups, MNL_SOCKET_AUTOPID) < 0) {
		mnl_socket_close(s);
		return NULL;
	}
	setsockopt(mnl_socket_get_fd(s), SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	setsockopt(mnl_socket_get_fd(s), SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	setsockopt(mnl_socket_get_fd(s), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	mnl_socket_setsockopt(s, NETLINK_CAP_ACK, &one, sizeof(one));
	return s;
}

/*
 * Of routes only what happens in tables beyond 255, where ours are: a router may have a million others that come and go. The headers are in this
 * host's order, and the filter reads words in the network's.
 */
int
nl_few_routes(int fd)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWROUTE), 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 0, 2),	/* neither: passes */
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_table)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RT_TABLE_COMPAT, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog prog = { sizeof(f) / sizeof(f[0]), f };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog));
}

bool
nl_open(struct nl *nl)
{
	int rules4 = RTNLGRP_IPV4_RULE, rules6 = RTNLGRP_IPV6_RULE;	/* beyond what the bits of bind can say */
	int one = 1;

	nl->seq = 1;
	nl->route = open_one(NETLINK_ROUTE, 0);
	nl->nft = open_one(NETLINK_NETFILTER, 0);
	nl->events = open_one(NETLINK_ROUTE, RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_LINK | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE);
	nl->nft_events = open_one(NETLINK_NETFILTER, 1u << (NFNLGRP_NFTABLES - 1));
	if (nl->route == NULL || nl->nft == NULL || nl->events == NULL || nl->nft_events == NULL)
		return false;
	mnl_socket_setsockopt(nl->route, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	return nl_few_routes(mnl_socket_get_fd(nl->events)) == 0 && mnl_socket_setsockopt(nl->events, NETLINK_ADD_MEMBERSHIP, &rules4, sizeof(rules4)) == 0 &&
	    mnl_socket_setsockopt(nl->events, NETLINK_ADD_MEMBERSHIP, &rules6, sizeof(rules6)) == 0;
}

void
nl_close(struct nl *nl)
{
	if (nl->route)
		mnl_socket_close(nl->route);
	if (nl->nft)
		mnl_socket_close(nl->nft);
	if (nl->events)
		mnl_socket_close(nl->events);
	if (nl->nft_events)
		mnl_socket_close(nl->nft_events);
	nl->route = nl->nft = nl->events = nl->nft_events = NULL;
}

int
nl_talk(struct nl *nl, struct mnl_socket *s, struct nlmsghdr *h, mnl_cb_t cb, void *arg)
{
	char buf[NL_BUF];
	unsigned port = mnl_socket_get_portid(s);
	ssize_t n;
	int r = 1;

	h->nlmsg_seq = ++nl->seq;
	if (mnl_socket_sendto(s, h, h->nlmsg_len) < 0)
		return errno;
	while (r > 0) {
		n = mnl_socket_recvfrom(s, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		r = mnl_cb_run(buf, nl_whole(buf, (size_t)n), h->nlmsg_seq, port, cb, arg);
		if (r < 0 && errno == ESRCH && ((struct nlmsghdr *)buf)->nlmsg_seq != h->nlmsg_seq)
			r = 1;	/* a late answer to an earlier request */
		else if (r < 0)
			return errno;
		if (r > 0 && !(h->nlmsg_flags & (NLM_F_DUMP | NLM_F_ACK)))
			r = 0;
	}
	return 0;
}

int
nl_many(struct nl *nl, struct mnl_socket *s, const void *buf, size_t len, uint32_t first_seq, unsigned n,
    void (*failed)(void *arg, unsigned index, int error), void *arg)
{
	char in[NL_BUF];
	unsigned left = n;

	if (mnl_socket_sendto(s, buf, len) < 0)
		return errno;
	while (left > 0) {
		ssize_t got = mnl_socket_recvfrom(s, in, sizeof(in));
		struct nlmsghdr *h = (struct nlmsghdr *)in;
		int room;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno;
		room = (int)nl_whole(in, (size_t)got);
		for (; mnl_nlmsg_ok(h, room); h = mnl_nlmsg_next(h, &room)) {
			uint32_t index = h->nlmsg_seq - first_seq;
			int error;

			if (!nl_get_error(h, &error))
				continue;
			if (index == UINT32_MAX && error)
				return -error;	/* the message before ours: a batch that was refused whole */
			if (index >= n)
				continue;
			left--;
			if (error && failed)
				failed(arg, index, -error);
		}
	}
	return 0;
}

static int
on_route(const struct nlmsghdr *h, void *arg)
{
	struct nl_route r;

	if (nl_get_route(h, &r))
		*(uint32_t *)arg = r.oif;
	return MNL_CB_OK;
}

static int
on_link(const struct nlmsghdr *h, void *arg)
{
	struct nl_link l;

	if (nl_get_link(h, &l))
		*(uint32_t *)arg = l.mtu;
	return MNL_CB_OK;
}

uint32_t
nl_path(struct nl *nl, const struct addr *src, const struct addr *dst)
{
	char buf[256];
	uint32_t oif = 0, mtu = 0;
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct rtmsg *r;
	struct ifinfomsg *i;

	h->nlmsg_type = RTM_GETROUTE;
	h->nlmsg_flags = NLM_F_REQUEST;
	r = mnl_nlmsg_put_extra_header(h, sizeof(*r));
	r->rtm_family = dst->fam == 4 ? AF_INET : AF_INET6;
	r->rtm_dst_len = addr_bits(dst);
	mnl_attr_put(h, RTA_DST, addr_len(dst), dst->b);
	if (src && src->fam == dst->fam && !addr_is_any(src)) {
		r->rtm_src_len = addr_bits(src);
		mnl_attr_put(h, RTA_SRC, addr_len(src), src->b);
	}
	mnl_attr_put_u32(h, RTA_MARK, NL_MARK_OWN);
	if (nl_talk(nl, nl->route, h, on_route, &oif) != 0 || oif == 0)
		return 0;
	/* A learned path MTU stands in the metrics of a host's exception; the interface's own is the ceiling we begin with. */
	h = mnl_nlmsg_put_header(buf);
	h->nlmsg_type = RTM_GETLINK;
	h->nlmsg_flags = NLM_F_REQUEST;
	i = mnl_nlmsg_put_extra_header(h, sizeof(*i));
	i->ifi_index = (int)oif;
	return nl_talk(nl, nl->route, h, on_link, &mtu) == 0 ? mtu : 0;
}
