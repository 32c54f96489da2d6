/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ifaces.h"
#include "log.h"
#include "nl_read.h"

static struct nlmsghdr *
message(char *buf, uint16_t type, uint16_t flags, uint32_t ifindex)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *i;

	h->nlmsg_type = type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	i = mnl_nlmsg_put_extra_header(h, sizeof(*i));
	i->ifi_index = (int)ifindex;
	return h;
}

/* Where devices are that are about to go: a number that nobody else gives. */
#define GROUP_GOING	(CW_IFACES_GROUP | 0x63770000u)

static bool
is_ours(const struct nl_link *l)
{
	return (l->group == CW_IFACES_GROUP || l->group == GROUP_GOING) && strcmp(l->kind, "tun") == 0;
}

static int
on_link(const struct nlmsghdr *h, void *arg)
{
	struct nl_link l;

	if (nl_get_link(h, &l))
		memcpy(arg, &l, sizeof(l));
	return MNL_CB_OK;
}

/* 0 and what is there, or ENODEV. */
static int
look(struct nl *nl, const char *name, struct nl_link *l)
{
	char buf[256];
	struct nlmsghdr *h = message(buf, RTM_GETLINK, 0, 0);

	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	return nl_talk(nl, nl->route, h, on_link, l);
}

/* In our group; its MTU as cw0's, so that the system never cuts before us. */
static int
set_up(struct nl *nl, uint32_t ifindex)
{
	char buf[512];
	struct nlmsghdr *h = message(buf, RTM_NEWLINK, NLM_F_ACK, ifindex);
	struct ifinfomsg *i;
	struct nlattr *spec, *fam;
	int e;

	mnl_attr_put_u32(h, IFLA_MTU, 65535);
	mnl_attr_put_u32(h, IFLA_GROUP, CW_IFACES_GROUP);
	e = nl_talk(nl, nl->route, h, NULL, NULL);
	if (e)
		return e;
	/* Nobody else is on this link: no link-local address by itself. Where IPv6 is switched off there is none, and this is refused. */
	h = message(buf, RTM_NEWLINK, NLM_F_ACK, ifindex);
	spec = mnl_attr_nest_start(h, IFLA_AF_SPEC);
	fam = mnl_attr_nest_start(h, AF_INET6);
	mnl_attr_put_u8(h, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(h, fam);
	mnl_attr_nest_end(h, spec);
	nl_talk(nl, nl->route, h, NULL, NULL);
	h = message(buf, RTM_NEWLINK, NLM_F_ACK, ifindex);
	i = mnl_nlmsg_get_payload(h);
	i->ifi_flags = i->ifi_change = IFF_UP;
	return nl_talk(nl, nl->route, h, NULL, NULL);
}

static int
attach(struct ifaces *f, struct tun *t, const char *name)
{
	struct nl_link there = { 0 };
	const char *step = "";
	int e = look(f->nl, name, &there);

	t->fd = -1;
	if (e == 0 && !is_ours(&there))
		return EEXIST;
	if (e && e != ENODEV)
		return e;
	if (!tun_attach(t, name, &step) || ioctl(t->fd, TUNSETPERSIST, 1) < 0)
		return errno == EBUSY || errno == EINVAL ? EEXIST : errno;
	e = look(f->nl, name, &there);
	if (e == 0)
		e = set_up(f->nl, there.index);
	t->ifindex = t->iface = there.index;
	if (e == 0 && !tun_start(t, f->base, f->engine, f->pool))
		e = ENOMEM;
	return e;
}

/*
 * The system takes some hundredths of a second to let go of a device, in which nobody else is served, and half a second for a thousand of them
 * when it is asked for a group.
 */
static int
set_going(struct nl *nl, uint32_t ifindex)
{
	char buf[256];
	struct nlmsghdr *h = message(buf, RTM_NEWLINK, NLM_F_ACK, ifindex);

	mnl_attr_put_u32(h, IFLA_GROUP, GROUP_GOING);
	return nl_talk(nl, nl->route, h, NULL, NULL);
}

static int
delete_going(struct nl *nl)
{
	char buf[256];
	struct nlmsghdr *h = message(buf, RTM_DELLINK, NLM_F_ACK, 0);

	mnl_attr_put_u32(h, IFLA_GROUP, GROUP_GOING);
	return nl_talk(nl, nl->route, h, NULL, NULL);
}

/* The device goes with its descriptor. */
static void
detach(struct tun *t)
{
	if (t->fd >= 0)
		ioctl(t->fd, TUNSETPERSIST, 0);
	tun_close(t);
}

static struct iface **
bucket(struct ifaces *f, uint32_t num)
{
	return &f->bucket[num % IFACES_BUCKETS];
}

static struct iface *
of_name(const struct ifaces *f, const char *name)
{
	struct iface *x = f->first;

	while (x && strcmp(x->tun.name, name) != 0)
		x = x->after;
	return x;
}

static struct iface *
of_number(struct ifaces *f, uint32_t num)
{
	struct iface *x = *bucket(f, num);

	while (x && x->tun.iface != num)
		x = x->next;
	return x;
}

static void
add(struct ifaces *f, struct iface *x)
{
	x->next = *bucket(f, x->tun.iface);
	*bucket(f, x->tun.iface) = x;
	x->after = f->first;
	f->first = x;
	f->n++;
}

/* It was given back a moment ago. */
static struct iface *
take_back(struct ifaces *f, const char *name)
{
	struct iface **at = &f->going, *x;

	while (*at && strcmp((*at)->tun.name, name) != 0)
		at = &(*at)->after;
	x = *at;
	if (x) {
		*at = x->after;
		add(f, x);
	}
	return x;
}

int
ifaces_hold(struct ifaces *f, const char *name, uint32_t *num)
{
	struct iface *x = of_name(f, name);
	int e;

	if (x == NULL)
		x = take_back(f, name);
	if (x == NULL) {
		if (f->n >= CW_IFACES_MAX)
			return ENOSPC;
		x = calloc(1, sizeof(*x));
		if (x == NULL)
			return ENOMEM;
		e = attach(f, &x->tun, name);
		if (e) {
			if (e == EEXIST)
				tun_close(&x->tun);
			else
				detach(&x->tun);
			log_warn(NULL, "interface", "The interface %s could not be made: %s.", name, strerror(e));
			free(x);
			return e;
		}
		add(f, x);
	}
	x->users++;
	*num = x->tun.iface;
	return 0;
}

static void
take_out(struct ifaces *f, struct iface *x)
{
	struct iface **at = bucket(f, x->tun.iface);

	while (*at != x)
		at = &(*at)->next;
	*at = x->next;
	for (at = &f->first; *at != x; )
		at = &(*at)->after;
	*at = x->after;
	f->n--;
}

void
ifaces_put(struct ifaces *f, uint32_t num)
{
	struct iface *x = of_number(f, num);

	if (x == NULL || --x->users > 0)
		return;
	take_out(f, x);
	x->after = f->going;
	f->going = x;
}

void
ifaces_turn_end(struct ifaces *f)
{
	struct iface *x = f->going;
	bool many = x && x->after;

	if (many) {
		for (; x; x = x->after)
			set_going(f->nl, x->tun.ifindex);
		delete_going(f->nl);
	}
	while (f->going) {
		x = f->going;
		f->going = x->after;
		detach(&x->tun);
		free(x);
	}
}

uint32_t
ifaces_find(const struct ifaces *f, const char *name)
{
	const struct iface *x = of_name(f, name);

	return x ? x->tun.iface : 0;
}

struct tun *
ifaces_tun(struct ifaces *f, uint32_t num)
{
	struct iface *x = of_number(f, num);

	return x ? &x->tun : NULL;
}

void
ifaces_fini(struct ifaces *f)
{
	struct iface *x;

	ifaces_turn_end(f);
	while (f->first) {
		x = f->first;
		tun_close(&x->tun);
		take_out(f, x);
		free(x);
	}
}

struct left { const struct ifaces *f; uint32_t v[CW_IFACES_MAX]; unsigned n; };

static int
on_left(const struct nlmsghdr *h, void *arg)
{
	struct left *l = arg;
	struct nl_link x;

	if (nl_get_link(h, &x) && is_ours(&x) && l->n < CW_IFACES_MAX && !(l->f && of_name(l->f, x.name)))
		l->v[l->n++] = x.index;
	return MNL_CB_OK;
}

int
ifaces_sweep(struct nl *nl, const struct ifaces *f)
{
	struct left l = { .f = f };
	char buf[256];
	int e = nl_talk(nl, nl->route, message(buf, RTM_GETLINK, NLM_F_DUMP, 0), on_left, &l);

	for (unsigned i = 0; i < l.n && (e == 0 || e == ENODEV); i++)
		e = set_going(nl, l.v[i]);
	if (l.n && (e == 0 || e == ENODEV))
		e = delete_going(nl);
	return e == ENODEV ? 0 : e;
}
