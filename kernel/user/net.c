/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One direction of flow: policies -> pairs -> (guard, routes, file). The guard comes first, so that there is no moment in which a
 * new pair is routed but not guarded; a failure leaves what stood and is tried again after a second. One pass looks at all pairs, so
 * after a long one the next waits: ten thousand policies that come one by one must not cost ten thousand passes over all of them.
 * What the policies say is then in force a moment later, which is no more than if they had come later; spdsync's requests never wait.
 */
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guard_disk.h"
#include "causeway/pfkey.h"
#include "clock.h"
#include "log.h"
#include "net.h"
#include "nl_read.h"

#define SHORT_NS	5000000u	/* a pass after which nothing waits */
#define REST		4u		/* times as long as the pass took, */
#define REST_MAX_NS	900000000u	/* but not longer than this */

bool
net_load(struct net *n, const char *file, const char *tun, uint16_t ike_port, uint16_t natt_port, char why[256])
{
	struct guard_sets sets = { 0 };
	int e;

	snprintf(n->file, sizeof(n->file), "%s", file);
	if (!nl_open(&n->nl)) {
		snprintf(why, 256, "netlink sockets cannot be had: %s", strerror(errno));
		return false;
	}
	n->routes.nl = n->guard.nl = &n->nl;
	if (!guard_disk_load(file, &n->saved, why))
		return false;
	n->xfrm = n->saved.xfrm = tun == NULL;
	snprintf(n->saved.tun, sizeof(n->saved.tun), "%s", tun ? tun : "");
	n->saved.ike_port = ike_port;
	n->saved.natt_port = natt_port;
	n->open = n->saved.open;
	if (!n->select)
		selectors_fini(&n->saved.sel);	/* a kernel's engine asks each packet itself */
	if (n->open)
		return true;
	if (!guard_sets_make(&n->saved, &sets)) {
		snprintf(why, 256, "the guard: no memory");
		return false;
	}
	e = guard_load(&n->guard, &n->saved, &sets);
	if (e)
		snprintf(why, 256, "the system refuses the guard's nftables rules: %s", strerror(e));
	n->guard.have = sets;
	return e == 0;
}

static int
routes_away(struct net *n)
{
	static const struct pairs none = { NULL, 0, 0 };
	int e = rules_del(&n->routes);

	n->routes.lead = true;		/* perhaps, of before */
	routes_by_ifaces(&n->routes, NULL, 0);
	if (e == 0)
		e = routes_lead(&n->routes, false);
	return e ? e : routes_sync(&n->routes, &none, &none, &none, NULL, &n->troubles);
}

bool
net_begin(struct net *n, uint32_t ifindex, char why[256])
{
	static const struct pairs none = { NULL, 0, 0 };
	int e;

	n->routes.ifindex = ifindex;
	e = routes_addrs(&n->routes);
	if (e == 0)
		e = routes_read(&n->routes, true);
	if (e == 0 && n->xfrm)
		e = routes_away(n);	/* another engine's of before */
	else if (e == 0 && !n->open)
		e = rules_add(&n->routes);
	n->routes.lead = true;		/* perhaps, of before */
	if (e == 0 && !n->open && !n->xfrm)
		e = routes_lead(&n->routes, selectors_lead(&n->saved.sel));
	if (e == 0 && !n->open && !n->xfrm)
		e = routes_sync(&n->routes, &none, &n->saved.out, &n->guard.have.loc, &n->saved.out, &n->troubles);
	if (e)
		snprintf(why, 256, "routes and rules cannot be set: %s", strerror(e));
	return e == 0;
}

struct collect { struct guard_want *w, *hand, shut; struct troubles *t; struct entry *v; size_t n, cap; bool select, special, ok; };
struct entry { uint32_t priority; size_t order; struct selector s; };

static uint8_t
action_of(const struct net_policy *p)
{
	if (p->shut)
		return SELECT_PREFIX;
	if (p->type == CW_POLICY_DISCARD)
		return SELECT_DISCARD;
	if (p->type != CW_POLICY_IPSEC)
		return SELECT_PASS;
	if (p->plain)
		return SELECT_PREFIX;
	return p->open ? SELECT_OPEN : SELECT_PROTECT;
}

static bool
on_entry(void *arg, const struct net_policy *p)
{
	struct collect *c = arg;
	struct selector s = { .dir = p->dir, .action = action_of(p), .proto = p->proto, .sport = p->sport, .dport = p->dport, .src = p->src, .dst = p->dst };

	if (!selector_possible(&s))
		return true;
	if (c->n == c->cap) {
		size_t cap = c->cap ? c->cap * 2 : 64;
		struct entry *v = realloc(c->v, cap * sizeof(*v));

		if (v == NULL)
			return c->ok = false;
		c->v = v;
		c->cap = cap;
	}
	c->v[c->n] = (struct entry){ p->priority, c->n, s };
	c->n++;
	if (c->hand && p->by_hand && s.action != SELECT_PREFIX)
		c->ok = selectors_add(&c->hand->sel, &s);
	return c->ok;
}

static bool
on_policy(void *arg, const struct net_policy *p)
{
	struct collect *c = arg;
	struct pair pair;
	size_t side = p->dir == CW_DIR_OUT ? offsetof(struct guard_want, out) : p->open ? offsetof(struct guard_want, clear) : offsetof(struct guard_want, in);

	c->special |= action_of(p) != SELECT_PREFIX;
	if (!p->plain && !p->shut)
		return true;
	pair.remote = p->dir == CW_DIR_IN ? p->src : p->dst;
	pair.local = p->dir == CW_DIR_IN ? p->dst : p->src;
	if (p->shut)	/* guarded and closed, and not led into the engine */
		return c->ok = pairs_add(p->dir == CW_DIR_IN ? &c->shut.in : &c->shut.out, &pair);
	c->ok = pairs_add((struct pairs *)((char *)c->w + side), &pair) &&
	    (!c->hand || !p->by_hand || pairs_add((struct pairs *)((char *)c->hand + side), &pair));
	return c->ok;
}

static int
entry_cmp(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* The policies that need rules, in the order in which they match (cw.h: by priority, then arrival). */
static bool
choose(struct collect *c)
{
	struct selectors all = { NULL, 0, 0 };
	size_t left = 0;
	bool ok = true;

	if (c->n)
		qsort(c->v, c->n, sizeof(*c->v), entry_cmp);
	for (size_t i = 0; ok && i < c->n; i++)
		ok = selectors_add(&all, &c->v[i].s);
	ok = ok && selectors_choose(&all, &c->w->sel, &left);
	selectors_fini(&all);
	if (left)
		trouble_add(c->t, "%zu policies by protocol or port are more than the %u that can be followed: the last of them are neither routed nor guarded",
		    left, SELECT_MAX);
	return ok;
}

/*
 * What somebody took away, here and now, is not to be closed on account of what was saved before. What only is not there (its
 * engine is another one, or nobody has entered it again) is.
 */
static void
forget(struct net *n, struct guard_want *hand)
{
	struct guard_want gone = n->by_hand;

	pairs_sort(&hand->in);
	pairs_sort(&hand->out);
	pairs_sort(&hand->clear);
	selectors_sort(&hand->sel);
	pairs_less(&gone.in, &hand->in);
	pairs_less(&gone.out, &hand->out);
	pairs_less(&gone.clear, &hand->clear);
	selectors_less(&gone.sel, &hand->sel);
	pairs_less(&n->saved.in, &gone.in);
	pairs_less(&n->saved.out, &gone.out);
	pairs_less(&n->saved.clear, &gone.clear);
	selectors_less(&n->saved.sel, &gone.sel);
	guard_want_fini(&gone);
	n->by_hand = *hand;
	*hand = (struct guard_want){ 0 };
}

/* What the policies ask for, with the saved guard until they are complete. tun: pairs of policies alone. */
static bool
collect(struct net *n, struct guard_want *w, struct pairs *tun)
{
	struct guard_want hand = { 0 };
	struct collect c = { .w = w, .hand = n->synced ? NULL : &hand, .t = &n->troubles, .select = n->select, .ok = true };
	bool ok;

	*w = (struct guard_want){ .open = n->open, .xfrm = n->xfrm, .ike_port = n->saved.ike_port, .natt_port = n->saved.natt_port };
	memcpy(w->tun, n->saved.tun, sizeof(w->tun));
	n->policies.each(n->policies.ctx, on_policy, &c);
	/* Ten thousand that are all by prefix are not put in order for nothing. */
	if (c.ok && c.select && c.special)
		n->policies.each(n->policies.ctx, on_entry, &c);
	ok = c.ok && choose(&c);
	free(c.v);
	if (ok && c.hand)
		forget(n, &hand);
	guard_want_fini(&hand);
	ok = ok && pairs_add_all(tun, &w->out) && pairs_add_all(&w->in, &c.shut.in) && pairs_add_all(&w->out, &c.shut.out);
	guard_want_fini(&c.shut);
	if (!ok || !pairs_add_all(&w->in, &n->saved.in) || !pairs_add_all(&w->out, &n->saved.out) ||
	    !pairs_add_all(&w->clear, &n->saved.clear) ||
	    !selectors_merge(&w->sel, &n->saved.sel))
		return false;
	pairs_sort(&w->in);
	pairs_sort(&w->out);
	pairs_sort(&w->clear);
	pairs_sort(tun);
	return true;
}

/* What is to go by tunnels' interfaces, as they are now. */
static int
by_ifaces(struct net *n)
{
	int e = ifroutes_look(&n->ifroutes, &n->nl);

	if (e)
		return e;
	if (!ifroutes_routes(&n->ifroutes, n->routes.own, n->routes.nown))
		return ENOMEM;
	routes_by_ifaces(&n->routes, n->ifroutes.routes, n->ifroutes.nroutes);
	return 0;
}

static int
apply(struct net *n, struct guard_want *w, const struct pairs *tun)
{
	struct guard_sets sets = { 0 };
	char why[256];
	int e;

	if (!guard_sets_make(w, &sets)) {
		guard_sets_fini(&sets);
		return ENOMEM;
	}
	if (n->reload)
		n->guard.loaded = false;	/* somebody else changed the table: the whole of it again */
	if (n->unsaved || !pairs_eq(&w->in, &n->want.in) || !pairs_eq(&w->out, &n->want.out) ||
	    !pairs_eq(&w->clear, &n->want.clear) || !selectors_eq(&w->sel, &n->want.sel)) {
		n->unsaved = !guard_disk_save(n->file, w, &sets, why);
		if (n->unsaved)
			trouble_add(&n->troubles, "%s", why);
	}
	e = guard_update(&n->guard, w, &sets);
	if (e)
		trouble_add(&n->troubles, "the guard could not be changed: %s; the former one stands", strerror(e));
	n->reload = e != 0;
	if (e == 0 && !n->xfrm)
		e = rules_add(&n->routes);
	if (e == 0 && !n->xfrm)
		e = by_ifaces(n);
	if (e == 0 && !n->xfrm)
		e = routes_sync(&n->routes, tun, &w->out, &n->guard.have.loc, n->synced ? NULL : &n->saved.out, &n->troubles);
	if (e == 0 && !n->xfrm)
		e = routes_lead(&n->routes, selectors_lead(&w->sel));
	guard_sets_fini(&sets);
	return e;
}

static void
rest(struct net *n, uint64_t began)
{
	uint64_t now = clock_now_ns(), took = now - began;

	n->rest_until = took < SHORT_NS ? now : now + (took * REST < REST_MAX_NS ? took * REST : REST_MAX_NS);
}

static int
sync_now(struct net *n)
{
	struct troubles before = n->troubles;
	struct guard_want w = { 0 };
	struct pairs tun = { NULL, 0, 0 };
	uint64_t began = clock_now_ns();
	bool other;
	int e = 0;

	n->dirty = false;
	if (n->kept)
		return 0;
	event_del(n->retry);
	trouble_clear(&n->troubles);
	if (n->addrs_dirty) {
		n->addrs_dirty = false;
		e = routes_addrs(&n->routes);
		if (e == 0)
			e = routes_read(&n->routes, true);	/* the system takes routes away with addresses and links */
	}
	if (e == 0)
		e = collect(n, &w, &tun) ? 0 : ENOMEM;
	if (e == 0 && !n->open)
		e = apply(n, &w, &tun);
	if (e == 0) {
		guard_want_fini(&n->want);
		n->want = w;
		w = (struct guard_want){ 0 };
	}
	guard_want_fini(&w);
	pairs_fini(&tun);
	if (e && !n->failed)
		log_error(NULL, "net_failed", "Routes or guard could not be made what the policies say (%s); it is tried again every second.",
		    strerror(e));
	n->failed = e != 0;
	if (e) {
		struct timeval second = { 1, 0 };

		event_add(n->retry, &second);
	}
	rest(n, began);
	other = ifroutes_judge(&n->ifroutes, &n->routes);
	if ((other || !trouble_eq(&before, &n->troubles)) && n->on_trouble)
		n->on_trouble(n->ctx);
	return e;
}

void
net_changed(struct net *n)
{
	n->dirty = true;
}

void
net_other_engine(struct net *n)
{
	guard_want_fini(&n->by_hand);
}

void
net_turn_end(struct net *n)
{
	uint64_t now = n->dirty ? clock_now_ns() : 0;

	if (n->dirty && (n->reload || n->addrs_dirty || now >= n->rest_until)) {
		sync_now(n);
	} else if (n->dirty) {
		struct timeval wait = { 0, (suseconds_t)((n->rest_until - now) / 1000 + 1) };

		event_add(n->retry, &wait);
	}
}

int
net_synced(struct net *n)
{
	if (n->kept)
		return 0;
	if (!ifroutes_synced(&n->ifroutes))
		return ENOMEM;
	n->synced = true;
	if (n->sweep)		/* what is left of before nobody will name any more */
		n->sweep(n->sweep_ctx);
	pairs_fini(&n->saved.in);
	pairs_fini(&n->saved.out);
	pairs_fini(&n->saved.clear);
	selectors_fini(&n->saved.sel);
	guard_want_fini(&n->by_hand);
	return sync_now(n);
}

int
net_open(struct net *n)
{
	struct guard_sets sets = { 0 };
	char why[256];
	int e;

	n->open = true;
	n->want.open = true;
	n->want.xfrm = n->xfrm;
	memcpy(n->want.tun, n->saved.tun, sizeof(n->want.tun));
	if (!guard_disk_save(n->file, &n->want, &sets, why))
		log_warn(NULL, "guard_file", "%s", why);
	if (n->sweep)
		n->sweep(n->sweep_ctx);
	e = routes_away(n);
	if (e == 0)
		e = guard_remove(&n->guard);
	log_warn(NULL, "opened", "Guard, rules and routes were taken away on request: packets between protected networks may leave in the clear.");
	return e;
}

int
net_close(struct net *n)
{
	int e;

	n->open = false;
	n->unsaved = n->reload = true;
	e = sync_now(n);
	log_info(NULL, "closed", "Guard, rules and routes stand again.");
	return e;
}

int
net_keep(struct net *n)
{
	int e = n->dirty ? sync_now(n) : 0;

	n->kept = e == 0;
	return e;
}

void
net_audit(struct net *n)
{
	if (n->kept)
		return;
	routes_read(&n->routes, true);
	sync_now(n);
}

static int
on_event(const struct nlmsghdr *h, void *arg)
{
	struct net *n = arg;

	if (h->nlmsg_type == RTM_NEWADDR || h->nlmsg_type == RTM_DELADDR || h->nlmsg_type == RTM_NEWLINK || h->nlmsg_type == RTM_DELLINK)
		n->addrs_dirty = n->dirty = true;
	else if (h->nlmsg_type == RTM_DELRULE)
		n->dirty = true;
	else if ((h->nlmsg_type == RTM_NEWROUTE || h->nlmsg_type == RTM_DELROUTE) && h->nlmsg_pid != mnl_socket_get_portid(n->nl.route)) {
		n->routes.read_ns = 0;		/* somebody else's: what stands is no longer known */
		n->dirty = true;
	}
	return MNL_CB_OK;
}

static void
on_route_event(evutil_socket_t fd, short what, void *arg)
{
	struct net *n = arg;
	char buf[NL_BUF];

	for (unsigned i = 0; i < 64; i++) {
		ssize_t got = mnl_socket_recvfrom(n->nl.events, buf, sizeof(buf));

		if (got < 0) {
			if (errno == ENOBUFS)
				n->addrs_dirty = n->dirty = true;	/* some were lost: look at everything */
			return;
		}
		mnl_cb_run(buf, nl_whole(buf, (size_t)got), 0, 0, on_event, n);
	}
}

static int
on_nft(const struct nlmsghdr *h, void *arg)
{
	struct net *n = arg;

	if (!n->open && guard_touched(&n->guard, h))
		n->reload = n->dirty = true;
	return MNL_CB_OK;
}

static void
on_nft_event(evutil_socket_t fd, short what, void *arg)
{
	struct net *n = arg;
	char buf[NL_BUF];

	for (unsigned i = 0; i < 64; i++) {
		ssize_t got = mnl_socket_recvfrom(n->nl.nft_events, buf, sizeof(buf));

		if (got < 0) {
			if (errno == ENOBUFS && !n->open)
				n->reload = n->dirty = true;
			return;
		}
		mnl_cb_run(buf, nl_whole(buf, (size_t)got), 0, 0, on_nft, n);
	}
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct net *n = arg;

	n->dirty = true;
}

bool
net_start(struct net *n, struct event_base *base, struct policy_source policies, void (*on_trouble)(void *), void *ctx)
{
	n->policies = policies;
	n->on_trouble = on_trouble;
	n->ctx = ctx;
	n->ev_route = event_new(base, mnl_socket_get_fd(n->nl.events), EV_READ | EV_PERSIST, on_route_event, n);
	n->ev_nft = event_new(base, mnl_socket_get_fd(n->nl.nft_events), EV_READ | EV_PERSIST, on_nft_event, n);
	n->retry = event_new(base, -1, 0, on_retry, n);
	return n->ev_route && n->ev_nft && n->retry && event_add(n->ev_route, NULL) == 0 && event_add(n->ev_nft, NULL) == 0;
}

void
net_fini(struct net *n)
{
	if (n->ev_route)
		event_free(n->ev_route);
	if (n->ev_nft)
		event_free(n->ev_nft);
	if (n->retry)
		event_free(n->retry);
	guard_fini(&n->guard);
	ifroutes_fini(&n->ifroutes);
	routes_fini(&n->routes);
	guard_want_fini(&n->saved);
	guard_want_fini(&n->want);
	guard_want_fini(&n->by_hand);
	nl_close(&n->nl);
}
