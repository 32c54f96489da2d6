// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The seam's memory. Every object of the engine, of a client, a policy, an SA and a cipher is counted: the module parameter
 * "objects" says how many there are, and when the module is taken out there must be none.
 */
#include <linux/module.h>

#include "mod.h"

static atomic_long_t objects = ATOMIC_LONG_INIT(0);

void *
host_zalloc(size_t n)
{
	void *p = mod_fail() ? NULL : kvzalloc(n, GFP_KERNEL_ACCOUNT);

	if (p)
		atomic_long_inc(&objects);
	return p;
}

void
host_free(void *p)
{
	if (p)
		atomic_long_dec(&objects);
	kvfree(p);
}

void
mod_mem_exit(void)
{
	long n = atomic_long_read(&objects);

	WARN(n != 0, "causeway: %ld objects are left\n", n);
}

static int
on_get(char *buf, const struct kernel_param *unused)
{
	return sysfs_emit(buf, "%ld\n", atomic_long_read(&objects));
}

static const struct kernel_param_ops get_objects = { .get = on_get };
module_param_cb(objects, &get_objects, NULL, 0444);
MODULE_PARM_DESC(objects, "memory objects in use (to be read)");
