/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The order of the start is that of main.c: the saved guard, the device, rules and closed routes; then the sandbox; then PF_KEY.
 * While the kernel has no engine, what was saved stays in force. Beside the system's own IPsec there is the guard alone.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "beside.h"
#include "ctl.h"
#include "device.h"
#include "ifaces.h"
#include "ipsecd.h"
#include "log.h"
#include "msg_sup.h"
#include "proc_counters.h"

struct beside {
	struct proc	*proc;
	struct event_base *base;
	struct net	net;
	struct ctl	ctl;
	struct policies	*policies;
	struct proc_counters counters;
	int		fd;		/* /proc/net/causeway; -1 */
	char		version[128];	/* of module and kernel; "": it is not loaded */
	char		kernel[64];
};

static _Noreturn void
start_failed(const char *what, const char *why)
{
	log_error(NULL, "start_failed", "%s: %s.", what, why);
	exit(1);
}

/* The kernel's counters; a page of them begins with number 0, and then they are read anew. */
static bool
counter(void *ctx, unsigned i, const char **name, uint64_t *v)
{
	struct beside *b = ctx;

	if (i == 0 && (b->fd < 0 || !proc_counters_read(b->fd, &b->counters)))
		b->counters.n = 0;
	*name = NULL;
	if (i >= b->counters.n)
		return false;
	*name = b->counters.v[i].name;
	*v = b->counters.v[i].value;
	return true;
}

static bool
settle(void *ctx, policies_then *then, void *arg)
{
	struct beside *b = ctx;

	return policies_settle(b->policies, then, arg);
}

static bool
is_system(const struct beside *b)
{
	return strcmp(b->proc->engine, "system") == 0;
}

static void
say_version(struct beside *b)
{
	if (is_system(b))
		snprintf(b->version, sizeof(b->version), "af_key, Linux %s", b->kernel);
	else if (b->fd >= 0 && proc_counters_read(b->fd, &b->counters))
		snprintf(b->version, sizeof(b->version), "%s, Linux %s", b->counters.version, b->kernel);
	else
		b->version[0] = '\0';
}

static void
take_fd(void *ctx, const char *name, int fd)
{
	struct beside *b = ctx;
	bool ok = true;

	if (strcmp(name, "pfkey") == 0) {
		ok = policies_attach(b->policies, fd);
	} else if (strcmp(name, "counters") == 0) {
		if (b->fd >= 0)
			close(b->fd);
		b->fd = fd;
		say_version(b);
		ctl_trouble(&b->ctl);	/* so that spdsync asks again */
	} else if (strcmp(name, "spdsync") == 0) {
		ok = ctl_link(&b->ctl, fd);
	} else {
		close(fd);
	}
	if (!ok)
		log_warn(NULL, "descriptor", "The descriptor '%.31s' could not be used.", name);
}

static void
on_changed(void *ctx, bool anew)
{
	struct beside *b = ctx;

	if (anew)
		net_other_engine(&b->net);
	net_changed(&b->net);
}

static void
on_down(void *ctx, const char *why)
{
	struct beside *b = ctx;

	if (why)
		log_at(LOG_WARN, NULL, "engine_down", R_ENGINE_DOWN, "The kernel's PF_KEY socket ended (%s); routes and guard stay as they are.", why);
	proc_link_lost(b->proc, "pfkey");
}

static void
prepare(struct beside *b)
{
	const char *step = "";
	char why[256] = "";
	uint32_t ifindex = 0;
	struct utsname u;
	bool ok;

	if (!net_load(&b->net, b->proc->guard_file, is_system(b) ? NULL : DEVICE_NAME, b->proc->ike_port, b->proc->natt_port, why)) {
		log_at(LOG_ERROR, NULL, "guard_failed", R_GUARD_FAILED, "The guard could not be loaded, so nothing is started: %s.", why);
		exit(SUP_EXIT_GUARD);
	}
	if (is_system(b))
		ok = device_clear(&b->net.nl, DEVICE_NAME) == 0;
	else	/* a TUN that an engine in user space left has the name that the module is to have */
		ok = ifaces_sweep(&b->net.nl, NULL) == 0 && device_stand_in(&b->net.nl, DEVICE_NAME, &ifindex, &step);
	if (!ok)
		start_failed(step, strerror(errno));
	if (!net_begin(&b->net, ifindex, why))
		start_failed("The network", why);
	if (uname(&u) == 0)
		snprintf(b->kernel, sizeof(b->kernel), "%.63s", u.release);
	say_version(b);
}

static void
serve(struct beside *b)
{
	while (!event_base_got_exit(b->base) && !event_base_got_break(b->base)) {
		if (event_base_loop(b->base, EVLOOP_ONCE) != 0)
			break;
		net_turn_end(&b->net);
	}
}

int
beside_main(struct proc *p)
{
	static const struct policies_ops ops = { on_changed, on_down };
	static struct beside beside;
	struct beside *b = &beside;

	*b = (struct beside){ .proc = p, .fd = -1 };
	prepare(b);
	b->base = event_base_new();
	b->policies = b->base ? policies_new(b->base, !is_system(b), &ops, b) : NULL;
	b->ctl = (struct ctl){ .base = b->base, .net = &b->net,
		.engine = { p->engine, b->version, counter, settle, b } };
	if (b->policies == NULL || !net_start(&b->net, b->base, policies_kernel(b->policies), ctl_trouble, &b->ctl))
		start_failed("The event loop", "no memory");
	proc_confine(p, &ipsecd_sandbox);
	while (p->nfds) {
		char name[32];

		memcpy(name, p->fds[0].name, sizeof(name));
		take_fd(b, name, proc_take(p, name));
	}
	proc_ready(p, b->base, take_fd, b);
	log_info(NULL, "serving", "%s of the kernel's engine '%s' %s served: guard %s.", is_system(b) ? "The guard" : "Routes and guard",
	    p->engine, is_system(b) ? "is" : "are", b->net.open ? "taken away on request" : "in place");
	serve(b);
	/*
	 * An orderly end, which a crash is not: as the TUN would, the device goes with its routes. Guard, rules and unreachable
	 * routes stay: a stop closes. When another one takes over at once, packets find their way meanwhile.
	 */
	if (!p->renewed)
		device_clear(&b->net.nl, DEVICE_NAME);
	proc_end(p);
	ctl_fini(&b->ctl);
	policies_free(b->policies);
	net_fini(&b->net);
	event_base_free(b->base);
	return 0;
}
