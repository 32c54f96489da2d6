/* SPDX-License-Identifier: BSD-2-Clause */
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "routelead.h"

struct ask {
	struct nlmsghdr	h;
	struct rtmsg	m;
	struct rtattr	a;
	uint8_t		dst[16];
};

static unsigned
oif_of(const struct nlmsghdr *h, size_t n)
{
	const struct rtmsg *m = NLMSG_DATA(h);
	unsigned oif = 0;
	size_t left;

	if (!NLMSG_OK(h, n) || h->nlmsg_len < NLMSG_SPACE(sizeof(*m)) || h->nlmsg_type != RTM_NEWROUTE || m->rtm_type != RTN_UNICAST)
		return 0;
	left = RTM_PAYLOAD(h);
	for (const struct rtattr *a = RTM_RTA(m); RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == RTA_OIF && RTA_PAYLOAD(a) >= sizeof(oif))
			memcpy(&oif, RTA_DATA(a), sizeof(oif));
	return oif;
}

void
route_leads(const struct addr *dst, char iface[static IFACE_CAP])
{
	struct ask q = { .m = { .rtm_family = dst->fam == 4 ? AF_INET : AF_INET6, .rtm_dst_len = (unsigned char)(addr_len(dst) * 8) } };
	union { struct nlmsghdr h; char buf[4096]; } r;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	char name[IF_NAMESIZE];
	unsigned oif = 0;
	ssize_t n;

	iface[0] = '\0';
	if (fd < 0)
		return;
	q.a.rta_type = RTA_DST;
	q.a.rta_len = (unsigned short)RTA_LENGTH(addr_len(dst));
	memcpy(q.dst, dst->b, addr_len(dst));
	q.h = (struct nlmsghdr){ .nlmsg_len = (uint32_t)(offsetof(struct ask, dst) + addr_len(dst)), .nlmsg_type = RTM_GETROUTE, .nlmsg_flags = NLM_F_REQUEST };
	if (send(fd, &q, q.h.nlmsg_len, 0) > 0 && (n = recv(fd, r.buf, sizeof(r.buf), 0)) > 0)
		oif = oif_of(&r.h, (size_t)n);
	close(fd);
	if (oif && if_indextoname(oif, name))
		memcpy(iface, name, strlen(name) + 1);
}
