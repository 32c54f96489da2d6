// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * causeway.ko: kernel/core in the kernel. This file has the life of the module, of a namespace and of its engine. A namespace's
 * engine ends in this order: no packet comes any more, those in a cipher come back, then the engine goes.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <net/netns/generic.h>

#include "mod.h"

struct workqueue_struct *mod_wq;
unsigned int mod_net_id;

struct host *
mod_host(struct net *net)
{
	return net_generic(net, mod_net_id);
}

/* -- the seam's odds and ends -- */

static void
run_deferred(struct work_struct *w)
{
	struct host_defer *d = container_of(to_rcu_work(w), struct host_defer, work);

	d->fn(d->p);
}

void
host_defer(struct host_defer *d, void (*fn)(void *), void *p)
{
	d->fn = fn;
	d->p = p;
	INIT_RCU_WORK(&d->work, run_deferred);
	queue_rcu_work(mod_wq, &d->work);
}

struct host_stats *
host_stats_new(void)
{
	struct host_stats *s = host_zalloc(sizeof(*s));

	if (!s)
		return NULL;
	s->v = __alloc_percpu_gfp(HOST_STATS * sizeof(u64), sizeof(u64), GFP_KERNEL_ACCOUNT);
	if (!s->v) {
		host_free(s);
		return NULL;
	}
	return s;
}

void
host_stats_free(struct host_stats *s)
{
	free_percpu(s->v);
	host_free(s);
}

u64
host_stats_read(const struct host_stats *s, unsigned int i)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(*per_cpu_ptr(s->v + i, cpu));
	return sum;
}

void
host_policy_changed(struct host *h, unsigned int change, const struct cw_policy *p)
{
	h->stale = true;
}

/*
 * A flow table of nftables sends what it knows on from the device that it came in by, past our hooks, for as long as its route holds. A policy
 * may be about it now: as the system's own IPsec does with each policy, its routes are let go, and the next packet comes by the hooks.
 */
static void
flows_anew(struct host *h)
{
	if (h->stale)
		rt_genid_bump_all(h->net);
	h->stale = false;
}

/* -- time -- */

void
host_wake(struct host *h)
{
	queue_work(mod_wq, &h->tick);
}

static void
on_timer(struct timer_list *t)
{
	host_wake(from_timer(((struct host *)NULL), t, timer));
}

/* Who wakes us while we run queues us again, so that no deadline is lost. */
static void
on_tick(struct work_struct *w)
{
	struct host *h = container_of(w, struct host, tick);
	u64 now, at;

	mutex_lock(&h->mutex);
	if (h->e) {
		mod_paths(h);
		now = mod_now();
		at = cw_tick(h->e, now);
		flows_anew(h);
		if (at != U64_MAX)
			mod_timer(&h->timer, jiffies + (at > now ? nsecs_to_jiffies(min(at - now, 3600ull * NSEC_PER_SEC)) + 1 : 0));
	}
	mutex_unlock(&h->mutex);
}

/* -- a namespace -- */

static void
on_idle(struct percpu_ref *r)
{
	complete(&container_of(r, struct host, busy)->idle);
}

int
mod_host_start(struct host *h)
{
	unsigned int i;
	int err;

	if (h->e)
		return 0;
	init_completion(&h->idle);
	err = percpu_ref_init(&h->busy, on_idle, 0, GFP_KERNEL);
	if (err)
		return err;
	h->e = cw_new(h);
	if (h->e)
		cw_bounds_set(h->e, &h->limits);
	for (i = 0; h->e && i < CW_KNOBS; i++)
		cw_knob_set(h->e, i, h->knob[i]);
	err = h->e ? mod_hooks_on(h->net) : -ENOMEM;
	if (err) {
		synchronize_net();	/* some of the hooks may have been there for a moment */
		cw_free(h->e);
		h->e = NULL;
		percpu_ref_exit(&h->busy);
	}
	return err;
}

static void
host_stop(struct host *h)
{
	struct cw_engine *e;

	if (!h->e)
		return;
	mod_iface_exit(h);
	mod_hooks_off(h->net);
	percpu_ref_kill(&h->busy);
	wait_for_completion(&h->idle);
	mutex_lock(&h->mutex);
	e = h->e;
	h->e = NULL;
	mutex_unlock(&h->mutex);
	/* what wakes after this finds no engine */
	cw_free(e);
	del_timer_sync(&h->timer);
	cancel_work_sync(&h->tick);
	cancel_work_sync(&h->iface_work);
	percpu_ref_exit(&h->busy);
}

static int __net_init
on_net(struct net *net)
{
	struct host *h = mod_host(net);
	u32 least, most;
	unsigned int i;

	h->net = net;
	for (i = 0; i < CW_KNOBS; i++)
		cw_knob_bounds(i, &least, &most, &h->knob[i]);
	h->limits = cw_bounds_most;
	mutex_init(&h->mutex);
	spin_lock_init(&h->path_lock);
	mod_iface_init(h);
	timer_setup(&h->timer, on_timer, 0);
	INIT_WORK(&h->tick, on_tick);
	return mod_proc_on(net);
}

static void __net_exit
on_net_gone(struct net *net)
{
	mod_proc_off(net);
	host_stop(mod_host(net));
}

static struct pernet_operations net_ops = {
	.init = on_net,
	.exit = on_net_gone,
	.id = &mod_net_id,
	.size = sizeof(struct host),
};

static int __init
causeway_init(void)
{
	int err = -ENOMEM;

	mod_wq = alloc_workqueue("causeway", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!mod_wq)
		return err;
	err = mod_pkt_init();
	if (err)
		goto out_wq;
	err = register_pernet_subsys(&net_ops);
	if (err)
		goto out_pkt;
	err = mod_pfkey_init();
	if (err)
		goto out_net;
	mod_sockopt_init();
	return 0;
out_net:
	unregister_pernet_subsys(&net_ops);
out_pkt:
	mod_pkt_exit();
out_wq:
	destroy_workqueue(mod_wq);
	return err;
}

/* The module is not in use: there is no PF_KEY socket. SAs and policies go, and with them every packet of ours. */
static void __exit
causeway_exit(void)
{
	mod_sockopt_exit();
	mod_pfkey_exit();
	unregister_pernet_subsys(&net_ops);
	rcu_barrier();			/* frees that wait for their grace period are queued now … */
	destroy_workqueue(mod_wq);	/* … and done now */
	mod_pkt_exit();
	mod_mem_exit();
}

module_init(causeway_init);
module_exit(causeway_exit);
MODULE_LICENSE("Dual BSD/GPL");
MODULE_DESCRIPTION("Causeway: IPsec with PF_KEY sockets");
