/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The least supervisor that ipsecd needs, for scenarios that run it alone: it opens the sockets, hands them over as lib/msg_sup.h
 * says, starts ipsecd again when it dies, and plays spdsync and iked on their links. One word on a line of standard input is a
 * request to ipsecd (synced, open, close, info, counters, relayed); the answer goes to the file given, ending in "end".
 *	fake_sup IPSECD DIR		(DIR/pfkey.sock, DIR/guard/guard.nft, DIR/pid, DIR/answer)
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipc.h"
#include "log.h"
#include "msg_esp.h"
#include "msg_sup.h"

struct sup {
	struct event_base *base;
	const char	*prog, *dir;
	pid_t		pid;
	struct ipc	*link, *ctl, *iked;
	struct { const char *name; int fd; } s[8];
	unsigned	n;
	unsigned	relayed;
	bool		ready;
};

static void
die(const char *what)
{
	fprintf(stderr, "fake_sup: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void
opt(int fd, int level, int name, int v)
{
	if (setsockopt(fd, level, name, &v, sizeof(v)) < 0)
		die("setsockopt");
}

static int
net_socket(int family, bool udp)
{
	struct sockaddr_in a4 = { .sin_family = AF_INET, .sin_port = htons(4500) };
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6, .sin6_port = htons(4500) };
	int fd = socket(family, (udp ? SOCK_DGRAM : SOCK_RAW) | SOCK_NONBLOCK | SOCK_CLOEXEC, udp ? 0 : 50);

	if (fd < 0)
		die("socket");
	opt(fd, SOL_SOCKET, SO_MARK, 0x4d00);
	opt(fd, SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20);
	opt(fd, SOL_SOCKET, SO_SNDBUFFORCE, 8 << 20);
	if (!udp)
		return fd;
	if (family == AF_INET6)
		opt(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	opt(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	opt(fd, IPPROTO_UDP, UDP_GRO, 1);
	if (bind(fd, family == AF_INET ? (struct sockaddr *)&a4 : (struct sockaddr *)&a6, family == AF_INET ? sizeof(a4) : sizeof(a6)) < 0)
		die("bind");
	return fd;
}

static int
listener(const char *dir)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s/pfkey.sock", dir);
	unlink(a.sun_path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 16) < 0)
		die("pfkey.sock");
	return fd;
}

static void
keep(struct sup *p, const char *name, int fd)
{
	p->s[p->n].name = name;
	p->s[p->n++].fd = fd;
}

static bool
on_ready(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct sup *p = ctx;
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/pid", p->dir);
	f = fopen(path, "w");
	if (f) {
		fprintf(f, "%d\n", (int)p->pid);
		fclose(f);
	}
	return rd_done(&m->body);
}

static bool
on_relay(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct sup *p = ctx;
	struct relay r;

	if (!relay_get(&m->body, &r))
		return false;
	p->relayed++;
	return true;
}

static bool
on_trouble(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	return rd_done(&m->body);
}

static void
ctl_down(void *ctx, struct ipc *l)
{
	struct sup *p = ctx;

	if (p->ctl == l)
		p->ctl = NULL;
	if (p->iked == l)
		p->iked = NULL;
}

static void spawn(struct sup *);

static void
on_down(void *ctx, struct ipc *l)
{
	struct sup *p = ctx;
	int status = 0;

	p->link = NULL;
	waitpid(p->pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) != 0) {
		fprintf(stderr, "fake_sup: ipsecd exited with status %d\n", WEXITSTATUS(status));
		exit(WEXITSTATUS(status));
	}
	spawn(p);
}

static const struct ipc_row sup_rows[] = { { SUP_READY, "READY", IPC_AFTER_HELLO, 0, on_ready } };
static const struct ipc_table sup_table = { "sup", sup_rows, 1, NULL, on_down };
static const struct ipc_row ctl_rows[] = { { ESP_TROUBLE, "TROUBLE", IPC_AFTER_HELLO, 0, on_trouble } };
static const struct ipc_table ctl_table = { "spdsync", ctl_rows, 1, NULL, ctl_down };
static const struct ipc_row iked_rows[] = { { RELAY_IKE, "RELAY", IPC_AFTER_HELLO, IPC_MAX, on_relay } };
static const struct ipc_table iked_table = { "iked", iked_rows, 1, NULL, ctl_down };

static struct ipc *
link_new(struct sup *p, const char *name, const struct ipc_table *t)
{
	uint8_t b[64];
	struct wr w = wr_of(b, sizeof(b));
	int pair[2];
	struct ipc *l = NULL;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0 || (l = ipc_new(p->base, pair[0], t, p)) == NULL)
		die("link");
	str_put(&w, name);
	ipc_send_fd(p->link, SUP_FD, 0, wr_bytes(&w), pair[1]);
	close(pair[1]);
	return l;
}

static void
hand_over(struct sup *p)
{
	struct msg_sup_config c = { .ike_port = 500, .natt_port = 4500, .log_level = LOG_INFO };
	uint8_t b[2048];
	struct wr w = wr_of(b, sizeof(b));

	snprintf(c.run_dir, sizeof(c.run_dir), "%s", p->dir);
	snprintf(c.state_dir, sizeof(c.state_dir), "%s", p->dir);
	snprintf(c.secret_dir, sizeof(c.secret_dir), "%s", p->dir);
	snprintf(c.key_dir, sizeof(c.key_dir), "%s/keys", p->dir);
	snprintf(c.guard_file, sizeof(c.guard_file), "%s/guard/guard.nft", p->dir);
	snprintf(c.user, sizeof(c.user), "%s", getenv("FAKE_SUP_USER") ? getenv("FAKE_SUP_USER") : "");
	snprintf(c.engine, sizeof(c.engine), "user");
	snprintf(c.site, sizeof(c.site), "here");
	msg_sup_config_put(&w, &c);
	ipc_send(p->link, SUP_CONFIG, 0, wr_bytes(&w));
	for (unsigned i = 0; i < p->n; i++) {
		w = wr_of(b, sizeof(b));
		str_put(&w, p->s[i].name);
		ipc_send_fd(p->link, SUP_FD, 0, wr_bytes(&w), p->s[i].fd);
	}
	p->ctl = link_new(p, "spdsync", &ctl_table);
	p->iked = link_new(p, "iked", &iked_table);
	ipc_send(p->link, SUP_GO, 0, bytes_of(NULL, 0));
}

static void
spawn(struct sup *p)
{
	int pair[2];

	ipc_free(p->ctl);
	ipc_free(p->iked);
	p->ctl = p->iked = NULL;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		die("socketpair");
	p->pid = fork();
	if (p->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
		dup2(pair[1], 3);
		fcntl(3, F_SETFD, 0);
		execl(p->prog, "ipsecd", (char *)NULL);
		_exit(127);
	}
	close(pair[1]);
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	p->link = ipc_new(p->base, pair[0], &sup_table, p);
	if (p->link == NULL)
		die("link");
	hand_over(p);
}

/* Answers go to DIR/answer, whole or not at all. */
struct ask { struct sup *p; char verb[32]; };

static void
say_fields(FILE *f, const char *verb, struct rd *r)
{
	char text[512];
	unsigned n;

	if (strcmp(verb, "info") == 0) {
		str_get(r, text, sizeof(text));
		fprintf(f, "host %s", text);
		str_get(r, text, sizeof(text));
		fprintf(f, " version %s guard %u\n", text, rd_u8(r));
		for (n = rd_le16(r); n > 0; n--) {
			str_get(r, text, sizeof(text));
			fprintf(f, "trouble %s\n", text);
		}
	} else if (strcmp(verb, "counters") == 0) {
		for (n = rd_le16(r); n > 0 && rd_ok(r); n--) {
			str_get(r, text, sizeof(text));
			fprintf(f, "%s %llu\n", text, (unsigned long long)rd_le64(r));
		}
	}
}

static void
on_answer(void *arg, enum reason reason, struct rd *r)
{
	struct ask *a = arg;
	char path[512], tmp[520];
	FILE *f;

	snprintf(path, sizeof(path), "%s/answer", a->p->dir);
	snprintf(tmp, sizeof(tmp), "%s.new", path);
	f = fopen(tmp, "w");
	if (f == NULL)
		die("answer");
	fprintf(f, "reason %s\n", reason_row(reason)->name);
	if (reason == R_OK)
		say_fields(f, a->verb, r);
	rd_rest(r);
	fprintf(f, "end\n");
	fclose(f);
	rename(tmp, path);
	free(a);
}

static void
ask(struct sup *p, const char *verb)
{
	static const struct { const char *verb; uint16_t type; } verbs[] = {
		{ "synced", ESP_SYNCED }, { "open", ESP_OPEN }, { "close", ESP_CLOSE }, { "info", ESP_INFO }, { "counters", ESP_COUNTERS }
	};
	struct ask *a = calloc(1, sizeof(*a));
	struct rd none = rd_of(bytes_of(NULL, 0));
	uint8_t zero[2] = { 0, 0 };

	a->p = p;
	snprintf(a->verb, sizeof(a->verb), "%s", verb);
	if (strcmp(verb, "relayed") == 0) {
		fprintf(stdout, "relayed %u\n", p->relayed);
		fflush(stdout);
		on_answer(a, p->relayed ? R_OK : R_NOT_FOUND, &none);
		return;
	}
	for (unsigned i = 0; i < 5; i++)
		if (strcmp(verbs[i].verb, verb) == 0 && p->ctl &&
		    ipc_call(p->ctl, verbs[i].type, bytes_of(zero, verbs[i].type == ESP_COUNTERS ? 2 : 0), R_ENGINE_DOWN, on_answer, a))
			return;
	on_answer(a, R_ENGINE_DOWN, &none);
}

static void
on_stdin(evutil_socket_t fd, short what, void *arg)
{
	struct sup *p = arg;
	char line[32];
	ssize_t n = read(fd, line, sizeof(line) - 1);

	if (n <= 0) {
		event_base_loopexit(p->base, NULL);
		return;
	}
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	ask(p, line);
}

int
main(int argc, char **argv)
{
	static struct sup p;
	char guard[512];
	struct event *in;

	if (argc != 3)
		die("usage: fake_sup IPSECD DIR");
	signal(SIGPIPE, SIG_IGN);
	log_init("fake_sup", LOG_WARN);
	p.prog = argv[1];
	p.dir = argv[2];
	snprintf(guard, sizeof(guard), "%s/guard", p.dir);
	mkdir(guard, 0700);
	if (getenv("FAKE_SUP_USER")) {
		const struct passwd *pw = getpwnam(getenv("FAKE_SUP_USER"));

		if (pw == NULL || chown(guard, pw->pw_uid, pw->pw_gid) < 0)
			die("FAKE_SUP_USER");
	}
	p.base = event_base_new();
	keep(&p, "natt4", net_socket(AF_INET, true));
	keep(&p, "natt6", net_socket(AF_INET6, true));
	keep(&p, "esp4", net_socket(AF_INET, false));
	keep(&p, "esp6", net_socket(AF_INET6, false));
	keep(&p, "pfkey-listen", listener(p.dir));
	spawn(&p);
	in = event_new(p.base, 0, EV_READ | EV_PERSIST, on_stdin, &p);
	event_add(in, NULL);
	event_base_dispatch(p.base);
	kill(p.pid, SIGTERM);
	waitpid(p.pid, NULL, 0);
	return 0;
}
