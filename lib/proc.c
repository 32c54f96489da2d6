/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The start of a daemon. Until GO its link to causewayd is read with blocking calls and framed by hand: there is no event
 * loop yet, and nothing else to do. From READY on the same descriptor is an ordinary link.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef CAUSEWAY_TEST_HOOKS
#include "attack.h"
#endif
#include "dgram.h"
#include "ipc.h"
#include "log.h"
#include "msg_sup.h"
#include "proc.h"

#define SUP_LINK	3
#define LOST_S		2	/* a neighbour that died is back by then, with new links */

static _Noreturn void
start_failed(const char *why)
{
	log_error(NULL, "start_failed", "%s", why);
	exit(1);
}

static void
say(int fd, uint16_t type, const char *text)
{
	uint8_t b[128];
	struct wr w = wr_of(b, sizeof(b));
	struct iovec iov;

	wr_le16(&w, type);
	wr_le16(&w, IPC_VERSION);
	wr_le32(&w, 0);
	if (text)
		str_put(&w, text);
	iov = (struct iovec){ b, w.n };
	if (!wr_ok(&w) || dgram_put(fd, &iov, 1, -1, 0) != DGRAM_OK)
		start_failed("The supervisor is gone.");
}

static void
options(struct proc *p, int argc, char **argv)
{
	int type = 0;
	socklen_t n = sizeof(type);

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		printf("%s (Causeway) %s\n", p->name, PACKAGE_VERSION);
		exit(0);
	}
#ifdef CAUSEWAY_TEST_HOOKS
	attack_options(p, argc, argv);
#endif
	if (getsockopt(SUP_LINK, SOL_SOCKET, SO_TYPE, &type, &n) != 0 || type != SOCK_SEQPACKET) {
		fprintf(stderr, "%s: causewayd starts this program; it cannot be started by hand.\n", p->name);
		exit(2);
	}
}

void
proc_start(struct proc *p, const char *name, int argc, char **argv)
{
	uint8_t *buf = malloc(IPC_MAX);
	bool hello = false, go = false;
	const char *why;

	memset(p, 0, sizeof(*p));
	p->log_level = LOG_INFO;
	p->name = name;
	p->sup = SUP_LINK;
	log_init(name, LOG_INFO);
	options(p, argc, argv);
	umask(077);
	signal(SIGPIPE, SIG_IGN);
	if (buf == NULL)
		start_failed("No memory.");
	say(p->sup, IPC_HELLO, PACKAGE_VERSION);
	while (!go) {
		size_t n;
		int fd;

		if (dgram_get(p->sup, buf, IPC_MAX, &n, &fd, 0) != DGRAM_OK)
			start_failed("The supervisor is gone.");
		why = proc_said(p, bytes_of(buf, n), &fd, &hello, &go);
		if (why)
			start_failed(why);
		if (fd >= 0)
			close(fd);
		log_set_level((enum log_level)p->log_level);
	}
	free(buf);
#ifdef CAUSEWAY_TEST_HOOKS
	if (p->attack)
		attack_prepare(p);
#endif
}

bool
proc_kernel_engine(const struct proc *p)
{
	return strcmp(p->engine, "module") == 0 || strcmp(p->engine, "system") == 0;
}

int
proc_take(struct proc *p, const char *name)
{
	for (unsigned i = 0; i < p->nfds; i++) {
		int fd = p->fds[i].fd;

		if (strcmp(p->fds[i].name, name) != 0)
			continue;
		memmove(&p->fds[i], &p->fds[i + 1], (p->nfds - i - 1) * sizeof(p->fds[0]));
		p->nfds--;
		return fd;
	}
	return -1;
}

static struct proc_lost *
lost_find(struct proc *p, const char *name)
{
	for (unsigned i = 0; i < PROC_LOST; i++)
		if (strcmp(p->lost[i].name, name) == 0)
			return &p->lost[i];
	return NULL;
}

static void
on_lost(evutil_socket_t fd, short what, void *arg)
{
	struct proc_lost *l = arg;
	uint8_t b[64];
	struct wr w = wr_of(b, sizeof(b));
	struct timeval tv = { LOST_S, 0 };

	str_put(&w, l->name);
	ipc_event(l->proc->link, SUP_LOST, wr_bytes(&w));
	event_add(l->timer, &tv);	/* until a new one comes: the neighbour may be between death and restart */
}

void
proc_link_lost(struct proc *p, const char *name)
{
	struct proc_lost *l = lost_find(p, name);
	struct timeval tv = { LOST_S, 0 };

	if (p == NULL || p->base == NULL)
		return;
	if (l == NULL && (l = lost_find(p, "")) == NULL)
		return;
	if (l->timer == NULL) {
		snprintf(l->name, sizeof(l->name), "%s", name);
		l->proc = p;
		l->timer = evtimer_new(p->base, on_lost, l);
	}
	if (l->timer)
		event_add(l->timer, &tv);
}

static bool
on_sup_fd(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct proc *p = ctx;
	struct proc_lost *lost;
	char name[32];
	int fd;

	str_get(&m->body, name, sizeof(name));
	fd = ipc_take_fd(l);
	if (!rd_done(&m->body) || fd < 0) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	lost = lost_find(p, name);
	if (lost && lost->timer)
		event_del(lost->timer);
	if (p->on_fd)
		p->on_fd(p->ctx, name, fd);
	else
		close(fd);
	return true;
}

static bool
on_sup_state(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct proc *p = ctx;
	char text[4096];

	str_get(&m->body, text, sizeof(text));
	if (!rd_done(&m->body))
		return false;
	if (p->on_state)
		p->on_state(p->ctx, text);
	return true;
}

/* Nobody outlives the supervisor, who alone may start us again. */
static void
on_sup_down(void *ctx, struct ipc *l)
{
	log_info(NULL, "stop", "The supervisor is gone, so this daemon ends.");
	_exit(0);
}

static const struct ipc_row sup_rows[] = {
	{ SUP_FD,	"FD",		IPC_AFTER_HELLO,	64,	on_sup_fd },
	{ SUP_STATE,	"STATE",	IPC_AFTER_HELLO,	4096,	on_sup_state },
};

static const struct ipc_table sup_table = {
	"causewayd", sup_rows, sizeof(sup_rows) / sizeof(sup_rows[0]), NULL, on_sup_down
};

static void
on_term(evutil_socket_t sig, short what, void *arg)
{
	struct proc *p = arg;

	p->renewed = sig == SIGUSR2;
	event_base_loopexit(p->base, NULL);
}

void
proc_ready(struct proc *p, struct event_base *base, void (*on_fd)(void *ctx, const char *name, int fd), void *ctx)
{
	p->base = base;
	p->on_fd = on_fd;
	p->ctx = ctx;
	p->link = ipc_adopt(base, p->sup, &sup_table, p);
	p->term = evsignal_new(base, SIGTERM, on_term, p);
	p->renew = evsignal_new(base, SIGUSR2, on_term, p);
	if (p->link == NULL || p->term == NULL || p->renew == NULL || event_add(p->term, NULL) != 0 || event_add(p->renew, NULL) != 0)
		start_failed("No memory.");
	ipc_send(p->link, SUP_READY, 0, bytes_of(NULL, 0));
#ifdef CAUSEWAY_TEST_HOOKS
	if (p->attack)
		attack_arm(p);
#endif
}

void
proc_end(struct proc *p)
{
	if (p->term)
		event_free(p->term);
	if (p->renew)
		event_free(p->renew);
	for (unsigned i = 0; i < PROC_LOST; i++)
		if (p->lost[i].timer)
			event_free(p->lost[i].timer);
	ipc_free(p->link);
	p->term = p->renew = NULL;
	p->link = NULL;
}

void
proc_ask_stop(struct proc *p)
{
	ipc_send(p->link, SUP_STOP, 0, bytes_of(NULL, 0));
}

void
proc_harden(void)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}
