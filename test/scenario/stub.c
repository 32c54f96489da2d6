/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A daemon that does nothing but what every daemon does: it starts under causewayd with the sandbox, says HELLO on its links, and
 * logs what it is given. The supervisor's test runs it under the names of the daemons. Files in the run directory
 * tell it to misbehave: RUN/NAME.exit holds a status to exit with before READY; RUN/NAME.trap makes it break the sandbox after, RUN/NAME.drop
 * makes it close its link to keymgr and go on.
 */
#include "config.h"

#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ipc.h"
#include "log.h"
#include "proc.h"

#define LINKS	8

struct link {
	char		 name[32];
	struct ipc	*ipc;
};

struct stub {
	struct proc		 proc;
	struct event_base	*base;
	unsigned		 n;
	struct link		 link[LINKS];
	bool			 trap;
};

static struct stub stub;

static struct link *
find(const char *name)
{
	for (unsigned i = 0; i < stub.n; i++)
		if (strcmp(stub.link[i].name, name) == 0)
			return &stub.link[i];
	if (stub.n == LINKS)
		abort();
	snprintf(stub.link[stub.n].name, sizeof(stub.link[0].name), "%s", name);
	return &stub.link[stub.n++];
}

static void
on_up(void *ctx, struct ipc *l)
{
	for (unsigned i = 0; i < stub.n; i++)
		if (stub.link[i].ipc == l)
			log_info(NULL, "link_up", "%s", stub.link[i].name);
}

static void
on_down(void *ctx, struct ipc *l)
{
	for (unsigned i = 0; i < stub.n; i++) {
		if (stub.link[i].ipc != l)
			continue;
		log_info(NULL, "link_down", "%s", stub.link[i].name);
		stub.link[i].ipc = NULL;
		proc_link_lost(&stub.proc, stub.link[i].name);
	}
}

static const struct ipc_table table = { "stub", NULL, 0, on_up, on_down };

static void
on_fd(void *ctx, const char *name, int fd)
{
	struct link *l;

	if (strcmp(name, "counters") == 0 || (strcmp(name, "pfkey") == 0 && proc_kernel_engine(&stub.proc))) {
		log_info(NULL, "kernel_given", "%s", name);
		close(fd);	/* the kernel's, and no link */
		return;
	}
	l = find(name);
	ipc_free(l->ipc);
	l->ipc = ipc_new(stub.base, fd, &table, NULL);
}

static void
on_state(void *ctx, const char *text)
{
	log_info(NULL, "state", "%s", text);
}

/* The number in RUN/NAME.WHAT, or -1. */
static int
told(const char *what)
{
	char path[256];
	int v = -1;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.%s", stub.proc.run_dir, stub.proc.name, what);
	f = fopen(path, "r");
	if (f && fscanf(f, "%d", &v) != 1)
		v = 0;
	if (f)
		fclose(f);
	return v;
}

static void
take_all(void)
{
	struct proc *p = &stub.proc;

	while (p->nfds > 0) {
		char name[32];
		int fd, type = 0;
		socklen_t n = sizeof(type);

		memcpy(name, p->fds[0].name, sizeof(name));
		fd = proc_take(p, name);
		getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n);
		log_info(NULL, "got", "%s type %d", name, type);
		if (type == SOCK_SEQPACKET && strcmp(name, "pfkey-listen") != 0 && strncmp(name, "api-", 4) != 0)	/* those are listeners */
			on_fd(NULL, name, fd);
	}
}

static void
on_drop(evutil_socket_t fd, short what, void *arg)
{
	struct link *l = find("keymgr");

	log_info(NULL, "drop", "keymgr");
	ipc_free(l->ipc);
	l->ipc = NULL;
}

static const int calls[] = { SANDBOX_BASE, SANDBOX_END };
static const struct sandbox sandbox = { .syscalls = calls };

int
main(int argc, char **argv)
{
	static const char *const names[] = { "ipsecd", "keymgr", "spdsync", "iked", "keymgr-fetch", "spdsync-resolve" };
	const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	struct timeval soon = { 0, 300000 };
	bool drop;
	int status;

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			proc_start(&stub.proc, names[i], argc, argv);
	if (stub.proc.name == NULL)
		return 2;
	stub.base = event_base_new();
	status = told("exit");
	if (status >= 0)
		return status;
	stub.trap = told("trap") >= 0;
	drop = told("drop") >= 0;
	take_all();
	stub.proc.on_state = on_state;
	proc_confine(&stub.proc, &sandbox);
	log_info(NULL, "serving", "The sandbox is closed.");
	proc_ready(&stub.proc, stub.base, on_fd, NULL);
	if (stub.trap)
		close(socket(AF_INET, SOCK_DGRAM, 0));
	if (drop)
		event_base_once(stub.base, -1, EV_TIMEOUT, on_drop, NULL, &soon);
	event_base_dispatch(stub.base);
	log_info(NULL, "end", "quietly");
	proc_end(&stub.proc);
	return 0;
}
