/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>

#include "ifaces.h"
#include "ifroutes.h"
#include "nl_read.h"

void
ifroutes_fini(struct ifroutes *f)
{
	free(f->now);
	free(f->next);
	free(f->v);
	free(f->routes);
	*f = (struct ifroutes){ 0 };
}

bool
ifroutes_named(struct ifroutes *f, bool first, const struct esp_route *r)
{
	if (first)
		f->nnext = 0;
	f->told = true;
	if (r == NULL)
		return true;
	if (f->nnext == f->cap) {
		size_t cap = f->cap ? f->cap * 2 : 16;
		struct esp_route *v = f->nnext < IFROUTES_MAX ? realloc(f->next, cap * sizeof(*v)) : NULL;

		if (v == NULL)
			return false;
		f->next = v;
		f->cap = cap;
	}
	f->next[f->nnext++] = *r;
	return true;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct esp_route *)a)->iface, ((const struct esp_route *)b)->iface);
}

bool
ifroutes_synced(struct ifroutes *f)
{
	struct ifroute *v;
	size_t n = 0;

	if (!f->told)
		return true;
	v = calloc(f->nnext + 1, sizeof(*v));
	if (v == NULL)
		return false;
	if (f->nnext)
		qsort(f->next, f->nnext, sizeof(*f->next), by_name);
	for (size_t i = 0; i < f->nnext; i++)
		if (i == 0 || by_name(&f->next[i - 1], &f->next[i]) != 0)
			memcpy(v[n++].name, f->next[i].iface, sizeof(v[0].name));
	free(f->now);
	free(f->v);
	f->now = f->next;
	f->nnow = f->nnext;
	f->v = v;
	f->n = n;
	f->next = NULL;
	f->nnext = f->cap = 0;
	f->told = false;
	return true;
}

static int
on_link(const struct nlmsghdr *h, void *arg)
{
	struct ifroute *v = arg;
	struct nl_link l;

	if (!nl_get_link(h, &l))
		return MNL_CB_OK;
	if (l.group == CW_IFACES_GROUP)
		v->index = l.index;
	v->up = l.flags & IFF_UP;
	return MNL_CB_OK;
}

static int
look(struct ifroute *v, struct nl *nl)
{
	char buf[256];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	int e;

	v->index = 0;
	v->up = false;
	h->nlmsg_type = RTM_GETLINK;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(h, IFLA_IFNAME, v->name);
	e = nl_talk(nl, nl->route, h, on_link, v);
	return e == ENODEV ? 0 : e;
}

int
ifroutes_look(struct ifroutes *f, struct nl *nl)
{
	int e = 0;

	for (size_t i = 0; i < f->n && e == 0; i++)
		e = look(&f->v[i], nl);
	return e;
}

bool
ifroutes_routes(struct ifroutes *f, const struct addr *own, size_t nown)
{
	struct route *v = calloc(f->nnow + 1, sizeof(*v));
	size_t n = 0, k = 0;

	if (v == NULL)
		return false;
	for (size_t i = 0; i < f->nnow; i++) {
		while (strcmp(f->v[k].name, f->now[i].iface) != 0)
			k++;		/* both are in the order of the names */
		if (f->v[k].index && f->v[k].up)
			v[n++] = (struct route){ f->now[i].remote, ROUTE_IFACE, routes_own_inside(&f->now[i].local, own, nown), f->v[k].index };
	}
	free(f->routes);
	f->routes = v;
	f->nroutes = n;
	return true;
}

bool
ifroutes_judge(struct ifroutes *f, const struct routes *r)
{
	bool changed = false;

	for (size_t i = 0; i < f->n; i++) {
		struct ifroute *v = &f->v[i];
		uint8_t is = v->index == 0 ? IFACE_MISSING : !v->up ? IFACE_DOWN : IFACE_ROUTED;

		for (size_t k = 0; is == IFACE_ROUTED && k < f->nroutes; k++)
			if (f->routes[k].oif == v->index && !routes_stands(r, &f->routes[k]))
				is = IFACE_UNROUTED;
		changed |= is != v->state;
		v->state = is;
	}
	return changed;
}
