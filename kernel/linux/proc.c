// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * /proc/net/causeway: that the module is there (by which the daemons choose it), and every counter of this namespace's engine;
 * /proc/net/causeway_limits: what the engine may hold and say at most, a name and a number a line, and written the same way;
 * /proc/net/causeway_knobs: its settings, likewise.
 */
#include <linux/capability.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/seq_file_net.h>

#include "mod.h"

static int
on_show(struct seq_file *s, void *unused)
{
	struct host *h = mod_host(seq_file_single_net(s));
	const char *name;
	unsigned int i;

	seq_printf(s, "version %s\n", CW_VERSION);
	mutex_lock(&h->mutex);
	seq_printf(s, "running %u\nsas %u\npolicies %u\n", h->e != NULL, h->e ? cw_sa_count(h->e) : 0, h->e ? cw_policy_count(h->e) : 0);
	for (i = 1; h->e && i < CW_COUNTERS; i++) {
		name = cw_counter_name(i);
		if (name)
			seq_printf(s, "%s %llu\n", name, cw_counter(h->e, i));
	}
	mutex_unlock(&h->mutex);
	return 0;
}

static const struct { const char *name; size_t at; } limits[] = {
	{ "sas", offsetof(struct cw_bounds, sas) },
	{ "policies", offsetof(struct cw_bounds, policies) },
	{ "icmp_errors", offsetof(struct cw_bounds, icmp_errors) },
};

static u32 *
limit(struct cw_bounds *l, unsigned int i)
{
	return (u32 *)((u8 *)l + limits[i].at);
}

static int
on_limits(struct seq_file *s, void *unused)
{
	struct host *h = mod_host(seq_file_single_net(s));
	unsigned int i;

	mutex_lock(&h->mutex);
	for (i = 0; i < ARRAY_SIZE(limits); i++)
		seq_printf(s, "%s %u\n", limits[i].name, *limit(&h->limits, i));
	mutex_unlock(&h->mutex);
	return 0;
}

/* One "NAME NUMBER". A number over the most that there may be is refused. */
static int
on_write(struct file *file, char *buf, size_t len)
{
	struct net *net = seq_file_single_net(file->private_data);
	struct cw_bounds most = cw_bounds_most;
	struct host *h = mod_host(net);
	char *text = strim(buf), *name = strsep(&text, " \t");
	unsigned int i;
	u32 v;

	if (!ns_capable(net->user_ns, CAP_NET_ADMIN))
		return -EPERM;
	if (!text || kstrtou32(skip_spaces(text), 10, &v))
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(limits) && strcmp(name, limits[i].name) != 0; i++)
		;
	if (i == ARRAY_SIZE(limits) || v > *limit(&most, i))
		return -EINVAL;
	mutex_lock(&h->mutex);
	*limit(&h->limits, i) = v;
	if (h->e)
		cw_bounds_set(h->e, &h->limits);
	mutex_unlock(&h->mutex);
	return 0;
}

static int
on_knobs(struct seq_file *s, void *unused)
{
	struct host *h = mod_host(seq_file_single_net(s));
	unsigned int i;

	mutex_lock(&h->mutex);
	for (i = 0; i < CW_KNOBS; i++)
		seq_printf(s, "%s %u\n", cw_knob_name(i), h->e ? cw_knob(h->e, i) : h->knob[i]);
	mutex_unlock(&h->mutex);
	return 0;
}

static int
set_knob(struct host *h, unsigned int i, u32 v)
{
	u32 lo = h->knob[CW_KNOB_SPI_MIN], hi = h->knob[CW_KNOB_SPI_MAX], least, most, usual;

	if (h->e) {
		lo = cw_knob(h->e, CW_KNOB_SPI_MIN);
		hi = cw_knob(h->e, CW_KNOB_SPI_MAX);
	}
	cw_knob_bounds(i, &least, &most, &usual);
	if (v < least || v > most || (i == CW_KNOB_SPI_MIN && v > hi) || (i == CW_KNOB_SPI_MAX && v < lo))
		return -EINVAL;
	h->knob[i] = v;
	return h->e ? -cw_knob_set(h->e, i, v) : 0;
}

static int
on_knob_write(struct file *file, char *buf, size_t len)
{
	struct net *net = seq_file_single_net(file->private_data);
	struct host *h = mod_host(net);
	char *text = strim(buf), *name = strsep(&text, " \t");
	unsigned int i;
	int err;
	u32 v;

	if (!ns_capable(net->user_ns, CAP_NET_ADMIN))
		return -EPERM;
	if (!text || kstrtou32(skip_spaces(text), 0, &v))
		return -EINVAL;
	for (i = 0; i < CW_KNOBS && strcmp(name, cw_knob_name(i)) != 0; i++)
		;
	if (i == CW_KNOBS)
		return -EINVAL;
	mutex_lock(&h->mutex);
	err = set_knob(h, i, v);
	mutex_unlock(&h->mutex);
	return err;
}

int
mod_proc_on(struct net *net)
{
	if (!proc_create_net_single("causeway", 0444, net->proc_net, on_show, NULL))
		return -ENOMEM;
	if (proc_create_net_single_write("causeway_limits", 0644, net->proc_net, on_limits, on_write, NULL)) {
		if (proc_create_net_single_write("causeway_knobs", 0644, net->proc_net, on_knobs, on_knob_write, NULL))
			return 0;
		remove_proc_entry("causeway_limits", net->proc_net);
	}
	remove_proc_entry("causeway", net->proc_net);
	return -ENOMEM;
}

void
mod_proc_off(struct net *net)
{
	remove_proc_entry("causeway_knobs", net->proc_net);
	remove_proc_entry("causeway_limits", net->proc_net);
	remove_proc_entry("causeway", net->proc_net);
}
