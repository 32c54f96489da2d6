// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* /proc/net/causeway: that the module is there (by which the daemons choose it), and every counter of this namespace's engine. */
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

int
mod_proc_on(struct net *net)
{
	return proc_create_net_single("causeway", 0444, net->proc_net, on_show, NULL) ? 0 : -ENOMEM;
}

void
mod_proc_off(struct net *net)
{
	remove_proc_entry("causeway", net->proc_net);
}
