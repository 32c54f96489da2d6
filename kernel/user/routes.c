/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every prefix has two routes: one to the TUN, and under it an `unreachable` one with a bad metric. When ipsecd dies the TUN
 * goes and takes the first with it; the second stays and closes (measured: without it packets leave by the default route).
 * The same for what goes by a tunnel's interface; where a policy wants the same prefix for the TUN, that comes first, as it did before the interface was.
 * What stands is kept in memory after one dump, so that a change costs what it changes.
 */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>

#include "clock.h"
#include "device.h"
#include "nl_read.h"
#include "routes.h"

enum { METRIC_TUN = 100, METRIC_IFACE = 101, METRIC_CLOSED = 9999999 };
#define BATCH	(256u * 1024)
#define MSG	256u

void
routes_fini(struct routes *r)
{
	free(r->have.v);
	free(r->foreign.v);
	free(r->own);
	r->have = r->foreign = (struct route_list){ NULL, 0, 0 };
	r->own = NULL;
	r->nown = r->capown = 0;
}

static int
on_route(const struct nlmsghdr *h, void *arg)
{
	struct routes *r = arg;
	struct nl_route m;
	struct route one;

	if (!nl_get_route(h, &m) || m.cloned || m.table != NL_TABLE)
		return MNL_CB_OK;
	one = (struct route){ .dst = m.dst, .src = m.src };
	one.kind = m.type == RTN_UNREACHABLE ? ROUTE_UNREACHABLE : m.type == RTN_THROW ? ROUTE_THROW : m.metric == METRIC_IFACE ? ROUTE_IFACE : ROUTE_TUN;
	if (one.kind == ROUTE_IFACE)
		one.oif = m.oif;
	if (m.protocol == NL_PROTO && (one.kind != ROUTE_UNREACHABLE || m.metric == METRIC_CLOSED))
		return route_list_add(&r->have, &one) ? MNL_CB_OK : MNL_CB_ERROR;
	return route_list_add(&r->foreign, &one) ? MNL_CB_OK : MNL_CB_ERROR;
}

static int
on_addr(const struct nlmsghdr *h, void *arg)
{
	struct routes *r = arg;
	struct nl_addr a;

	if (!nl_get_addr(h, &a) || a.scope == RT_SCOPE_HOST || a.scope == RT_SCOPE_LINK)
		return MNL_CB_OK;
	if (r->nown == r->capown) {
		size_t cap = r->capown ? r->capown * 2 : 16;
		struct addr *v = realloc(r->own, cap * sizeof(*v));

		if (v == NULL)
			return MNL_CB_ERROR;
		r->own = v;
		r->capown = cap;
	}
	r->own[r->nown++] = a.addr;
	return MNL_CB_OK;
}

/* The socket checks strictly, so that the kernel goes through our table only: a router's main table may hold a million. */
static int
dump(struct routes *r, uint16_t type, size_t head, int family, mnl_cb_t cb)
{
	char buf[256];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	uint8_t *body;

	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	body = mnl_nlmsg_put_extra_header(h, head);
	body[0] = (uint8_t)family;	/* first octet of rtmsg and ifaddrmsg alike */
	if (type == RTM_GETROUTE)
		mnl_attr_put_u32(h, RTA_TABLE, NL_TABLE);
	return nl_talk(r->nl, r->nl->route, h, cb, r);
}

static int
addr_cmp_v(const void *a, const void *b)
{
	return addr_cmp(a, b);
}

int
routes_addrs(struct routes *r)
{
	int e;

	r->nown = 0;
	e = dump(r, RTM_GETADDR, sizeof(struct ifaddrmsg), AF_INET, on_addr);
	if (e == 0)
		e = dump(r, RTM_GETADDR, sizeof(struct ifaddrmsg), AF_INET6, on_addr);
	if (r->nown)
		qsort(r->own, r->nown, sizeof(*r->own), addr_cmp_v);
	return e;
}

int
routes_read(struct routes *r, bool now)
{
	uint64_t t = clock_now_ns();
	int e;

	if (!now && r->read_ns && t - r->read_ns < NS_PER_S)
		return 0;
	r->read_ns = t;
	r->have.n = r->foreign.n = 0;
	e = dump(r, RTM_GETROUTE, sizeof(struct rtmsg), AF_INET, on_route);
	if (e == ENOENT)	/* so the kernel says that the table does not exist yet */
		e = 0;
	if (e == 0)
		e = dump(r, RTM_GETROUTE, sizeof(struct rtmsg), AF_INET6, on_route);
	if (e == ENOENT)
		e = 0;
	route_list_sort(&r->have);
	route_list_sort(&r->foreign);
	return e;
}

static void
put_route(struct nlmsghdr *h, const struct routes *r, const struct route *one, uint32_t table, bool add)
{
	bool to_dev = one->kind == ROUTE_TUN || one->kind == ROUTE_IFACE;
	struct rtmsg *m;

	h->nlmsg_type = add ? RTM_NEWROUTE : RTM_DELROUTE;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | (add ? NLM_F_CREATE | NLM_F_EXCL : 0));
	m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	m->rtm_family = one->dst.addr.fam == 4 ? AF_INET : AF_INET6;
	m->rtm_dst_len = one->dst.len;
	m->rtm_table = RT_TABLE_UNSPEC;
	m->rtm_protocol = NL_PROTO;
	m->rtm_scope = RT_SCOPE_UNIVERSE;
	m->rtm_type = to_dev ? RTN_UNICAST : one->kind == ROUTE_THROW ? RTN_THROW : RTN_UNREACHABLE;
	if (to_dev && one->dst.addr.fam == 4)
		m->rtm_scope = RT_SCOPE_LINK;
	mnl_attr_put_u32(h, RTA_TABLE, table);
	if (one->dst.len)
		mnl_attr_put(h, RTA_DST, addr_len(&one->dst.addr), one->dst.addr.b);
	mnl_attr_put_u32(h, RTA_PRIORITY, one->kind == ROUTE_UNREACHABLE ? METRIC_CLOSED : one->kind == ROUTE_IFACE ? METRIC_IFACE : METRIC_TUN);
	if (to_dev) {
		mnl_attr_put_u32(h, RTA_OIF, one->kind == ROUTE_IFACE ? one->oif : r->ifindex);
		if (add && one->src.fam)
			mnl_attr_put(h, RTA_PREFSRC, addr_len(&one->src), one->src.b);
	}
}

struct batch {
	struct routes	*r;
	struct troubles	*t;
	struct route	*ops;		/* what each message was, for the sentence */
	bool		add;
	unsigned	n;
	int		error;
	uint32_t	first;
	size_t		len;
	char		*buf;
};

static void
foreign_trouble(struct troubles *t, const struct route *one)
{
	char p[PREFIX_STR];

	trouble_add(t, "table %d has a route to %s that is not ours; it is left alone, and packets there follow it", NL_TABLE,
	    prefix_str(&one->dst, p));
}

static void
on_failed(void *arg, unsigned i, int error)
{
	struct batch *b = arg;
	char p[PREFIX_STR];

	if (!b->add && (error == ESRCH || error == ENODEV))
		return;		/* went with the TUN: that is what was wanted */
	if (b->add && b->ops[i].kind == ROUTE_IFACE && (error == ENODEV || error == ENETDOWN))
		return;		/* the interface went a moment ago: that is told by itself */
	if (error == EEXIST) {
		foreign_trouble(b->t, &b->ops[i]);
		return;
	}
	b->error = error;
	trouble_add(b->t, "the route to %s could not be %s: %s", prefix_str(&b->ops[i].dst, p), b->add ? "added" : "removed", strerror(error));
}

static void
batch_flush(struct batch *b)
{
	int e;

	if (b->n == 0)
		return;
	e = nl_many(b->r->nl, b->r->nl->route, b->buf, b->len, b->first, b->n, on_failed, b);
	if (e)
		b->error = e;
	b->n = 0;
	b->len = 0;
}

static void
batch_add(struct batch *b, const struct route *one)
{
	struct nlmsghdr *h;

	if (b->len + MSG > BATCH)
		batch_flush(b);
	if (b->n == 0)
		b->first = b->r->nl->seq + 1;
	h = mnl_nlmsg_put_header(b->buf + b->len);
	put_route(h, b->r, one, NL_TABLE, b->add);
	h->nlmsg_seq = ++b->r->nl->seq;
	b->ops[b->n++] = *one;
	b->len += NLMSG_ALIGN(h->nlmsg_len);
}

/* Where somebody else has a route of the same prefix, ours is not put beside it; the closed one under it may stay. */
static void
leave_foreign(const struct routes *r, struct route_list *want, struct troubles *t)
{
	size_t n = 0, f = 0;

	for (size_t i = 0; i < want->n; i++) {
		struct route key = want->v[i];

		key.kind = 0;
		while (f < r->foreign.n && route_cmp(&r->foreign.v[f], &key) < 0)
			f++;
		if (want->v[i].kind != ROUTE_UNREACHABLE && f < r->foreign.n &&
		    addr_eq(&r->foreign.v[f].dst.addr, &key.dst.addr) && r->foreign.v[f].dst.len == key.dst.len)
			foreign_trouble(t, &want->v[i]);
		else
			want->v[n++] = want->v[i];
	}
	want->n = n;
}

/* One pass over the two sorted lists: what one has and the other has not goes or comes. */
static void
merge(struct batch *b, const struct route_list *from, const struct route_list *to)
{
	size_t k = 0;

	for (size_t i = 0; i < from->n; i++) {
		while (k < to->n && route_cmp(&to->v[k], &from->v[i]) < 0)
			k++;
		if (k < to->n && route_cmp(&to->v[k], &from->v[i]) == 0 && addr_eq(&to->v[k].src, &from->v[i].src) &&
		    to->v[k].oif == from->v[i].oif)
			continue;
		batch_add(b, &from->v[i]);
	}
	batch_flush(b);
}

static bool
add_kept(struct route_list *want, const struct route_list *have, const struct pairs *keep)
{
	size_t k = 0;

	for (size_t i = 0; i < have->n; i++) {
		const struct route *one = &have->v[i];
		struct route at;

		for (; k < keep->n; k++) {
			at = (struct route){ .dst = keep->v[k].remote, .kind = one->kind };
			if (route_cmp(&at, one) >= 0)
				break;
		}
		if (one->kind == ROUTE_TUN && k < keep->n && route_cmp(&at, one) == 0 && !route_list_add(want, one))
			return false;
	}
	route_list_sort(want);
	return true;
}

void
routes_by_ifaces(struct routes *r, const struct route *v, size_t n)
{
	r->by_iface = v;
	r->nby_iface = n;
}

bool
routes_stands(const struct routes *r, const struct route *one)
{
	size_t lo = 0, hi = r->have.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = route_cmp(&r->have.v[mid], one);

		if (c == 0)
			return r->have.v[mid].oif == one->oif;
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

static bool
add_by_ifaces(struct route_list *want, const struct routes *r)
{
	for (size_t i = 0; i < r->nby_iface; i++)
		if (!route_list_add(want, &r->by_iface[i]))
			return false;
	if (r->nby_iface)
		route_list_sort(want);
	return true;
}

int
routes_sync(struct routes *r, const struct pairs *tun, const struct pairs *closed, const struct pairs *loc, const struct pairs *keep, struct troubles *t)
{
	struct batch b = { r, t, NULL, false, 0, 0, 0, 0, NULL };
	struct route_list want = { NULL, 0, 0 };
	int e = routes_read(r, false);

	if (e)
		return e;
	e = ENOMEM;
	if (!routes_want(&want, tun, closed, loc, r->own, r->nown))
		goto out;
	if (keep && !add_kept(&want, &r->have, keep))
		goto out;
	if (!add_by_ifaces(&want, r))
		goto out;
	leave_foreign(r, &want, t);
	b.buf = malloc(BATCH);
	b.ops = malloc((BATCH / 32) * sizeof(*b.ops));
	if (b.buf == NULL || b.ops == NULL)
		goto out;
	merge(&b, &r->have, &want);
	b.add = true;
	merge(&b, &want, &r->have);
	e = b.error;
	free(r->have.v);
	r->have = want;
	want = (struct route_list){ NULL, 0, 0 };
	if (e)		/* what stands is no longer certain */
		r->read_ns = 0;
out:
	free(want.v);
	free(b.buf);
	free(b.ops);
	return e;
}

/* What leads to a table, or on to a later rule: the mark, if any, and the device that it came from, if any. */
struct rule { unsigned priority; uint32_t mark; const char *iif; uint32_t table, on; };
/*
 * The reverse path filter looks up the way back by the same mark, as if the packet had come from where it goes (and for this host from
 * lo). A packet that a selector leads into the engine is therefore looked up past the engine's other table; and one that came out of the
 * engine by that table, since it may come from anywhere and was checked there (RFC 4301 5.2), while its way on is asked of the system.
 */
static const struct rule all_rules[] = {
	{ 103, 0, NULL, 0, 0 },	/* does nothing: behind ours */
	{ 102, 0, NULL, NL_TABLE, 0 },
	{ 100, NL_MARK_OWN, NULL, RT_TABLE_MAIN, 0 },
	{ 101, NL_MARK_PROTECT, NULL, NL_TABLE, 0 },
	{ 101, NL_MARK_PROTECT, DEVICE_NAME, 0, 102 },
	{ 101, NL_MARK_LEAD, DEVICE_NAME, 0, 102 },
	{ 101, NL_MARK_LEAD, NULL, NL_TABLE_LEAD, 0 },
	{ 101, NL_MARK_LEAD_OWN, NULL, NL_TABLE_LEAD, 0 },
	{ 101, NL_MARK_PASS, NULL, 0, 103 },
	{ 101, NL_MARK_PROTECT, NULL, NL_TABLE_LEAD, 0 },
};

static int
rule(struct routes *r, int family, const struct rule *one, bool add)
{
	char buf[256];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct fib_rule_hdr *f;
	int e;

	h->nlmsg_type = add ? RTM_NEWRULE : RTM_DELRULE;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | (add ? NLM_F_CREATE | NLM_F_EXCL : 0));
	f = mnl_nlmsg_put_extra_header(h, sizeof(*f));
	f->family = (uint8_t)family;
	f->action = one->table ? FR_ACT_TO_TBL : one->on ? FR_ACT_GOTO : FR_ACT_NOP;
	f->table = RT_TABLE_UNSPEC;
	if (one->table)
		mnl_attr_put_u32(h, FRA_TABLE, one->table);
	if (one->on)
		mnl_attr_put_u32(h, FRA_GOTO, one->on);
	mnl_attr_put_u32(h, FRA_PRIORITY, one->priority);
	mnl_attr_put_u8(h, FRA_PROTOCOL, NL_PROTO);
	if (one->mark) {
		mnl_attr_put_u32(h, FRA_FWMARK, one->mark);
		mnl_attr_put_u32(h, FRA_FWMASK, NL_MARK_MASK);
	}
	if (one->iif)
		mnl_attr_put_strz(h, FRA_IIFNAME, one->iif);
	e = nl_talk(r->nl, r->nl->route, h, NULL, NULL);
	if (e == EAFNOSUPPORT && family == AF_INET6)
		return 0;	/* a machine without IPv6 */
	return e == (add ? EEXIST : ENOENT) ? 0 : e;
}

static int
rules(struct routes *r, bool add)
{
	static const int family[2] = { AF_INET, AF_INET6 };
	int e = 0;

	for (int i = 0; i < 2 && e == 0; i++)
		for (size_t k = 0; k < sizeof(all_rules) / sizeof(all_rules[0]) && e == 0; k++)
			e = rule(r, family[i], &all_rules[k], add);
	return e;
}

int
rules_add(struct routes *r)
{
	return rules(r, true);
}

int
rules_del(struct routes *r)
{
	return rules(r, false);
}

/* As routes_sync has it: a route into the device, which goes with it, and one under it that stays and closes. */
int
routes_lead(struct routes *r, bool lead)
{
	static const struct route defaults[] = {
		{ { { 4, { 0 } }, 0 }, ROUTE_TUN, { 0 }, 0 }, { { { 4, { 0 } }, 0 }, ROUTE_UNREACHABLE, { 0 }, 0 },
		{ { { 6, { 0 } }, 0 }, ROUTE_TUN, { 0 }, 0 }, { { { 6, { 0 } }, 0 }, ROUTE_UNREACHABLE, { 0 }, 0 },
	};
	char buf[MSG];
	int error = 0;

	if (!lead && !r->lead)
		return 0;
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
		struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
		int e;

		if (lead && defaults[i].kind == ROUTE_TUN && r->ifindex == 0)
			continue;
		put_route(h, r, &defaults[i], NL_TABLE_LEAD, lead);
		e = nl_talk(r->nl, r->nl->route, h, NULL, NULL);
		if (e == (lead ? EEXIST : ESRCH) || (!lead && e == ENODEV) || (e == EAFNOSUPPORT && defaults[i].dst.addr.fam == 6))
			e = 0;
		if (e)
			error = e;
	}
	r->lead = lead || error != 0;
	return error;
}
