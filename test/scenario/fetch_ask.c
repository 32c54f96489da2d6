/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * causewayd and keymgr for keymgr-fetch, for a scenario that runs it alone, in its sandbox: fetch_ask PROGRAM USER CRL-FOLDER. Each line of
 * standard input, "from-certificate URL" or "configured URL", is a request; one line is printed for each answer, in the order of
 * their coming: REASON SIZE MILLISECONDS URL DETAIL. At the end of the input it waits for what is under way.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "fetching.h"
#include "ipc.h"
#include "log.h"
#include "msg_sup.h"

struct asked {
	struct asked	*next;
	char		 url[FETCH_URL];
	uint64_t	 since;
};

static struct event_base *base;
static struct fetching *fetching;
static struct ipc *sup;
static unsigned under_way;
static bool input_over;

static void
on_done(void *arg, enum reason r, const char *detail, struct bytes octets)
{
	struct asked *a = arg;

	printf("%s %zu %llu %s %s\n", reason_row(r)->name, octets.n, (unsigned long long)((clock_now_ns() - a->since) / NS_PER_MS), a->url, detail);
	fflush(stdout);
	free(a);
	if (--under_way == 0 && input_over)
		event_base_loopexit(base, NULL);
}

static void
on_input(evutil_socket_t fd, short what, void *arg)
{
	struct event *ev = arg;
	struct timeval soon = { 0, 20000 };
	struct pollfd p = { STDIN_FILENO, POLLIN, 0 };
	char line[FETCH_URL + 32], how[32];
	struct asked *a;

	/* stdin may be a file, which epoll does not take */
	if (poll(&p, 1, 0) == 0) {
		event_add(ev, &soon);
		return;
	}
	if (fgets(line, sizeof(line), stdin) == NULL) {
		input_over = true;
		if (under_way == 0)
			event_base_loopexit(base, NULL);
		return;
	}
	a = calloc(1, sizeof(*a));
	if (a == NULL || sscanf(line, "%31s %511s", how, a->url) != 2)
		exit(2);
	a->since = clock_now_ns();
	under_way++;
	if (fetching_get(fetching, a->url, strcmp(how, "configured") == 0, bytes_of(NULL, 0), on_done, a) == 0)
		exit(2);
	event_active(ev, EV_TIMEOUT, 1);
}

static bool
on_ready(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	static struct event *ev;

	setvbuf(stdin, NULL, _IONBF, 0);
	ev = event_new(base, -1, 0, on_input, event_self_cbarg());
	event_active(ev, EV_TIMEOUT, 1);
	return rd_done(&m->body);
}

static void
on_down(void *ctx, struct ipc *l)
{
	fprintf(stderr, "fetch_ask: keymgr-fetch is gone\n");
	exit(1);
}

static const struct ipc_row rows[] = { { SUP_READY, "READY", IPC_AFTER_HELLO, 0, on_ready }, { SUP_LOST, "LOST", IPC_AFTER_HELLO, 64, NULL } };
static const struct ipc_table table = { "sup", rows, 1, NULL, on_down };

static void
run(const char *program, int link)
{
	char *const argv[] = { (char *)(uintptr_t)program, NULL };
	char *const env[] = { NULL };

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (link == 3 ? fcntl(link, F_SETFD, 0) != 0 : dup2(link, 3) < 0)
		_exit(1);
	execve(program, argv, env);
	_exit(1);
}

int
main(int argc, char **argv)
{
	struct msg_sup_config c = { .log_level = LOG_DEBUG, .engine = "user", .run_dir = "/nowhere", .state_dir = "/nowhere", .secret_dir = "/nowhere",
		.key_dir = "/nowhere", .guard_file = "/nowhere/x", .site = "a" };
	uint8_t b[2048], name[16];
	struct wr w = wr_of(b, sizeof(b)), n = wr_of(name, sizeof(name));
	int s[2], k[2];
	pid_t pid;

	if (argc != 4 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s) != 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, k) != 0)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	log_init("fetch_ask", LOG_ERROR);
	pid = fork();
	if (pid == 0)
		run(argv[1], s[1]);
	close(s[1]);
	base = event_base_new();
	fetching = fetching_new(base);
	sup = ipc_new(base, s[0], &table, NULL);
	snprintf(c.user, sizeof(c.user), "%s", argv[2]);
	snprintf(c.crl_dir, sizeof(c.crl_dir), "%s", argv[3]);
	msg_sup_config_put(&w, &c);
	ipc_send(sup, SUP_CONFIG, 0, wr_bytes(&w));
	str_put(&n, "keymgr");
	ipc_send_fd(sup, SUP_FD, 0, wr_bytes(&n), k[1]);
	close(k[1]);
	ipc_send(sup, SUP_GO, 0, bytes_of(NULL, 0));
	fetching_link(fetching, k[0]);
	printf("pid %d\n", (int)pid);
	fflush(stdout);
	event_base_dispatch(base);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	return 0;
}
