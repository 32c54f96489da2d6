/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <netinet/in.h>

#include "cw.h"
#include "policies.h"

struct walk { net_policy_fn *fn; void *arg; };

static void
prefix_of(struct prefix *p, const struct cw_prefix *c)
{
	p->addr.fam = c->addr.fam;
	memcpy(p->addr.b, c->addr.b, sizeof(p->addr.b));
	p->len = c->len;
}

static bool
of_socket(const struct cw_policy *p)
{
	return memcmp(p->owner, "socket:", 7) == 0;
}

static bool
on_policy(void *arg, const struct cw_policy *p)
{
	struct walk *w = arg;
	struct net_policy n = { .dir = p->dir, .type = p->type, .open = true, .priority = p->priority, .proto = p->proto, .sport = p->sport,
	    .dport = p->dport };

	if ((p->dir != CW_DIR_IN && p->dir != CW_DIR_OUT) || p->type == CW_POLICY_ENTRUST || of_socket(p) || p->iface.num)
		return true;
	n.by_hand = memcmp(p->owner, NET_SPDSYNC, sizeof(NET_SPDSYNC) - 1) != 0;
	prefix_of(&n.src, &p->src);
	prefix_of(&n.dst, &p->dst);
	n.shut = p->type == CW_POLICY_DISCARD && !n.by_hand && p->proto == CW_ULPROTO_ANY && p->sport == 0 && p->dport == 0;
	n.plain = p->type == CW_POLICY_IPSEC && p->proto == CW_ULPROTO_ANY && p->sport == 0 && p->dport == 0 && p->nreq > 0 &&
	    (p->req[0].mode == CW_MODE_TUNNEL || p->req[0].mode == CW_MODE_TRANSPORT);
	for (unsigned i = 0; i < p->nreq; i++)	/* as in policies.c */
		n.open &= p->req[i].proto == IPPROTO_COMP || p->req[i].level == CW_LEVEL_USE;
	return w->fn(w->arg, &n);
}

static void
each(void *engine, net_policy_fn *fn, void *arg)
{
	struct walk w = { fn, arg };

	cw_policies(engine, on_policy, &w);
}

struct policy_source
policies_own(struct cw_engine *e)
{
	return (struct policy_source){ each, e };
}
