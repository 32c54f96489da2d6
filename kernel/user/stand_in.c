/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "device.h"
#include "nl.h"
#include "nl_read.h"

#define STAND_IN	"dummy"

static struct nlmsghdr *
link_message(char *buf, uint16_t type, uint16_t flags, const char *name)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);

	h->nlmsg_type = type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	return h;
}

/* *arg: is it a stand-in? */
static int
on_link(const struct nlmsghdr *h, void *arg)
{
	struct nl_link l;

	if (nl_get_link(h, &l))
		*(bool *)arg = strcmp(l.kind, STAND_IN) == 0;
	return MNL_CB_OK;
}

int
device_clear(struct nl *nl, const char *name)
{
	char buf[256];
	bool ours = false;
	int e = nl_talk(nl, nl->route, link_message(buf, RTM_GETLINK, 0, name), on_link, &ours);

	if (e == 0 && ours)
		e = nl_talk(nl, nl->route, link_message(buf, RTM_DELLINK, NLM_F_ACK, name), NULL, NULL);
	return e == ENODEV ? 0 : e;
}

bool
device_stand_in(struct nl *nl, const char *name, uint32_t *ifindex, const char **step)
{
	char buf[256];
	bool ours = false;
	struct nlmsghdr *h;
	struct nlattr *info;
	int e = nl_talk(nl, nl->route, link_message(buf, RTM_GETLINK, 0, name), on_link, &ours);

	*step = "making the device that stands in for the TUN (the kernel's module dummy)";
	if (e == ENODEV) {
		h = link_message(buf, RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, name);
		info = mnl_attr_nest_start(h, IFLA_LINKINFO);
		mnl_attr_put_strz(h, IFLA_INFO_KIND, STAND_IN);
		mnl_attr_nest_end(h, info);
		e = nl_talk(nl, nl->route, h, NULL, NULL);
	} else if (e == 0 && !ours) {
		e = EEXIST;
	}
	errno = e;
	return e == 0 && device_set_up(name, ifindex, step);
}
