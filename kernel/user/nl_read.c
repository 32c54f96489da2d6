/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "nl_read.h"

size_t
nl_whole(const void *buf, size_t n)
{
	size_t at = 0;
	uint32_t len;

	while (n - at >= NLMSG_HDRLEN) {
		memcpy(&len, (const char *)buf + at, sizeof(len));
		if (len < NLMSG_HDRLEN || len > n - at)
			break;
		at += NLMSG_ALIGN(len) < n - at ? NLMSG_ALIGN(len) : n - at;
	}
	return at;
}

/* Is it of that type, and long enough for what every such message begins with? */
static bool
is(const struct nlmsghdr *h, uint16_t type, size_t head)
{
	return h->nlmsg_type == type && mnl_nlmsg_get_payload_len(h) >= head;
}

/* libmnl goes on to the message's length rounded up. */
static bool
ends_inside(const struct nlattr *a, const struct nlmsghdr *h)
{
	return (size_t)((const char *)a - (const char *)h) + a->nla_len <= h->nlmsg_len;
}

/* A number that is none is as if it were not there. */
static void
get_u32(const struct nlattr *a, uint32_t *v)
{
	if (mnl_attr_get_payload_len(a) == sizeof(*v))
		memcpy(v, mnl_attr_get_payload(a), sizeof(*v));
}

/* Of that family alone. */
static bool
get_addr(const struct nlattr *a, int family, struct addr *to)
{
	size_t n = family == AF_INET ? 4 : 16;

	if (mnl_attr_get_payload_len(a) != n)
		return false;
	*to = (struct addr){ .fam = n == 4 ? 4 : 6 };
	memcpy(to->b, mnl_attr_get_payload(a), n);
	return true;
}

/* With or without a zero at its end. */
static void
get_text(const struct nlattr *a, char out[static 16])
{
	size_t n = strnlen(mnl_attr_get_payload(a), mnl_attr_get_payload_len(a));

	memset(out, 0, 16);
	if (n < 16)
		memcpy(out, mnl_attr_get_payload(a), n);
}

bool
nl_get_link(const struct nlmsghdr *h, struct nl_link *l)
{
	const struct ifinfomsg *m = mnl_nlmsg_get_payload(h);
	struct nlattr *a, *k;

	memset(l, 0, sizeof(*l));
	if (!is(h, RTM_NEWLINK, sizeof(*m)))
		return false;
	l->index = (uint32_t)m->ifi_index;
	l->flags = m->ifi_flags;
	mnl_attr_for_each(a, h, sizeof(*m)) {
		if (!ends_inside(a, h))
			return false;
		switch (mnl_attr_get_type(a)) {
		case IFLA_GROUP: get_u32(a, &l->group); break;
		case IFLA_MTU: get_u32(a, &l->mtu); break;
		case IFLA_IFNAME: get_text(a, l->name); break;
		case IFLA_LINKINFO:
			mnl_attr_for_each_nested(k, a)
				if (mnl_attr_get_type(k) == IFLA_INFO_KIND)
					get_text(k, l->kind);
			break;
		}
	}
	return true;
}

bool
nl_get_route(const struct nlmsghdr *h, struct nl_route *r)
{
	const struct rtmsg *m = mnl_nlmsg_get_payload(h);
	struct nlattr *a;
	bool ok = true;

	memset(r, 0, sizeof(*r));
	if (!is(h, RTM_NEWROUTE, sizeof(*m)) || (m->rtm_family != AF_INET && m->rtm_family != AF_INET6))
		return false;
	r->dst.addr.fam = m->rtm_family == AF_INET ? 4 : 6;
	r->dst.len = m->rtm_dst_len;
	r->type = m->rtm_type;
	r->protocol = m->rtm_protocol;
	r->cloned = m->rtm_flags & RTM_F_CLONED;
	r->table = m->rtm_table;
	mnl_attr_for_each(a, h, sizeof(*m)) {
		if (!ends_inside(a, h))
			return false;
		switch (mnl_attr_get_type(a)) {
		case RTA_TABLE: get_u32(a, &r->table); break;
		case RTA_PRIORITY: get_u32(a, &r->metric); break;
		case RTA_OIF: get_u32(a, &r->oif); break;
		case RTA_DST: ok &= get_addr(a, m->rtm_family, &r->dst.addr); break;
		case RTA_PREFSRC: ok &= get_addr(a, m->rtm_family, &r->src); break;
		}
	}
	return ok && r->dst.len <= addr_bits(&r->dst.addr);
}

bool
nl_get_addr(const struct nlmsghdr *h, struct nl_addr *l)
{
	const struct ifaddrmsg *m = mnl_nlmsg_get_payload(h);
	struct addr address = { 0 };
	struct nlattr *a;
	bool ok = true;

	memset(l, 0, sizeof(*l));
	if (!is(h, RTM_NEWADDR, sizeof(*m)) || (m->ifa_family != AF_INET && m->ifa_family != AF_INET6))
		return false;
	l->scope = m->ifa_scope;
	mnl_attr_for_each(a, h, sizeof(*m)) {
		if (!ends_inside(a, h))
			return false;
		if (mnl_attr_get_type(a) == IFA_LOCAL)
			ok &= get_addr(a, m->ifa_family, &l->addr);
		if (mnl_attr_get_type(a) == IFA_ADDRESS)
			ok &= get_addr(a, m->ifa_family, &address);
	}
	if (l->addr.fam == 0)
		l->addr = address;
	return ok && l->addr.fam != 0;
}

bool
nl_get_error(const struct nlmsghdr *h, int *error)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);

	*error = 0;
	if (!is(h, NLMSG_ERROR, sizeof(*e)))
		return false;
	*error = e->error;
	return true;
}
