/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A kernel's policies by PF_KEY, as a keyless client. Every change that is told asks for a new dump; one dump runs at a time, and
 * what is told meanwhile asks for one more, so that a thousand changes in a row cost two. When the socket ends, the last list
 * stays: a failure closes.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "pfkey.h"
#include "policies.h"

struct list { struct net_policy *v; size_t n, cap; };

struct policies {
	struct event_base	*base;
	const struct policies_ops *ops;
	void			*ctx;
	struct pfkey		*pf;
	struct event		*retry;
	char			other[PFKEY_VERSION_TEXT];	/* why the last engine was not taken: it is of another version */
	bool			hello;		/* the engine is asked to know us; the system's own does not */
	bool			known, busy, again, failed;
	struct list		now, next;
	policies_then		*then;		/* who waits for the list to be what stands */
	bool			then_next;	/* the dump that runs began before it was asked */
	void			*then_arg;
};

static void read_all(struct policies *);

/* Level use, or IPComp (RFC 3173 2.2), as kernel/core/check.c has it; what level default says there is not known here. */
static bool
takes_clear(const struct pfkey_policy *p)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->req[i].proto != IPPROTO_COMP && p->req[i].level != CW_LEVEL_USE)
			return false;
	return true;
}

bool
policies_take(const struct pfkey_msg *m, struct net_policy *n)
{
	const uint64_t need = PFKEY_HAS(SADB_X_EXT_POLICY) | PFKEY_HAS(SADB_EXT_ADDRESS_SRC) | PFKEY_HAS(SADB_EXT_ADDRESS_DST);
	const struct pfkey_policy *p = &m->policy;
	bool any, ours = (m->has & PFKEY_HAS(CW_EXT_OWNER)) && strncmp(m->owner, NET_SPDSYNC, sizeof(NET_SPDSYNC) - 1) == 0;


	if ((m->has & need) != need || (p->type != CW_POLICY_IPSEC && !(ours && p->type == CW_POLICY_DISCARD)) || (p->dir != CW_DIR_IN && p->dir != CW_DIR_OUT) ||
	    (m->has & PFKEY_HAS(CW_EXT_IFACE)))		/* what is routed to an interface is its administrator's matter */
		return false;
	*n = (struct net_policy){ .dir = p->dir, .type = p->type };
	n->src = (struct prefix){ .addr = m->src.ep.addr, .len = m->src.prefixlen };
	n->dst = (struct prefix){ .addr = m->dst.ep.addr, .len = m->dst.prefixlen };
	any = (m->src.proto == CW_ULPROTO_ANY || m->src.proto == 0) && m->src.ep.port == 0 && m->dst.ep.port == 0;
	n->shut = any && p->type == CW_POLICY_DISCARD;
	n->plain = any && p->n > 0 && (p->req[0].mode == CW_MODE_TUNNEL || p->req[0].mode == CW_MODE_TRANSPORT);
	n->open = p->n && takes_clear(p);
	n->by_hand = (m->has & PFKEY_HAS(CW_EXT_OWNER)) && !ours;
	return true;
}

static bool
list_add(struct list *l, const struct net_policy *n)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 64;
		struct net_policy *v = realloc(l->v, cap * sizeof(*v));

		if (v == NULL)
			return false;
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = *n;
	return true;
}

static void
list_free(struct list *l)
{
	free(l->v);
	*l = (struct list){ NULL, 0, 0 };
}

static void
on_entry(void *arg, const struct pfkey_msg *m)
{
	struct policies *p = arg;
	struct net_policy n;

	if (policies_take(m, &n) && !list_add(&p->next, &n))
		p->failed = true;
}

static void
finish_waiting(struct policies *p, bool ok)
{
	policies_then *then = p->then;

	p->then = NULL;
	if (then)
		then(p->then_arg, ok);
}

static void
on_done(void *arg, int err, const struct pfkey_msg *m)
{
	struct policies *p = arg;
	struct timeval second = { 1, 0 };
	bool anew;

	(void)m;
	p->busy = false;
	if (err == ECONNRESET)
		return;		/* on_down follows */
	if (err || p->failed) {
		event_add(p->retry, &second);
		return;
	}
	list_free(&p->now);
	p->now = p->next;
	p->next = (struct list){ NULL, 0, 0 };
	anew = !p->known;
	p->known = true;
	p->ops->changed(p->ctx, anew);
	if (p->then && !p->then_next)
		finish_waiting(p, true);
	if (p->again || p->then)
		read_all(p);
}

static void
read_all(struct policies *p)
{
	struct timeval second = { 1, 0 };
	struct pfkey_msg m;

	if (p->busy) {
		p->again = true;
		return;
	}
	p->again = p->then_next = p->failed = false;
	p->next.n = 0;
	pfkey_msg_init(&m, SADB_X_SPDDUMP, SADB_SATYPE_UNSPEC);
	p->busy = p->pf && pfkey_dump(p->pf, &m, on_entry, on_done, p) != 0;
	if (p->pf && !p->busy)
		event_add(p->retry, &second);
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	read_all(arg);
}

static void
on_event(void *ctx, const struct pfkey_msg *m)
{
	if (pfkey_changes_policies(m))	/* SAs change no route */
		read_all(ctx);
}

static void
ended(struct policies *p)
{
	p->pf = NULL;
	p->busy = p->again = p->known = false;
	event_del(p->retry);
	finish_waiting(p, false);
}

static void
on_down(void *ctx, const char *why)
{
	struct policies *p = ctx;
	bool news = strcmp(p->other, why) != 0;

	snprintf(p->other, sizeof(p->other), "%s", pfkey_is_other(p->pf) ? why : "");
	ended(p);
	p->ops->down(p->ctx, news ? why : NULL);
}

static void
on_hello(void *arg, int err, const struct pfkey_msg *m)
{
	struct policies *p = arg;

	(void)m;
	if (err == 0) {
		p->other[0] = '\0';
		read_all(p);
	} else if (err != ECONNRESET) {
		log_error(NULL, "engine", "The kernel's engine refused REGISTER: %s.", strerror(err));
	}
}

static const struct pfkey_ops pf_ops = { on_event, on_down };

bool
policies_attach(struct policies *p, int fd)
{
	if (p->pf) {
		pfkey_free(p->pf);
		ended(p);
	}
	p->pf = pfkey_new(p->base, fd, &pf_ops, p);
	if (p->pf && !p->hello)
		read_all(p);
	return p->pf && (!p->hello || pfkey_hello(p->pf, SADB_SATYPE_UNSPEC, true, on_hello, p));
}

bool
policies_known(const struct policies *p)
{
	return p->known;
}

bool
policies_settle(struct policies *p, policies_then *then, void *arg)
{
	if (p->pf == NULL || p->then)
		return false;
	p->then = then;
	p->then_arg = arg;
	p->then_next = p->busy;
	if (!p->busy)
		read_all(p);
	return true;
}

static void
each(void *ctx, net_policy_fn *fn, void *arg)
{
	const struct policies *p = ctx;

	for (size_t i = 0; i < p->now.n; i++)
		if (!fn(arg, &p->now.v[i]))
			return;
}

struct policy_source
policies_kernel(struct policies *p)
{
	return (struct policy_source){ each, p };
}

struct policies *
policies_new(struct event_base *base, bool hello, const struct policies_ops *ops, void *ctx)
{
	struct policies *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	*p = (struct policies){ .base = base, .hello = hello, .ops = ops, .ctx = ctx };
	p->retry = evtimer_new(base, on_retry, p);
	if (p->retry)
		return p;
	free(p);
	return NULL;
}

void
policies_free(struct policies *p)
{
	if (p == NULL)
		return;
	pfkey_free(p->pf);
	event_free(p->retry);
	list_free(&p->now);
	list_free(&p->next);
	free(p);
}
