/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of the daemons. Each is started when the one before it first said READY; from then on each is restarted by
 * itself, whatever its neighbours do, and its neighbours are given fresh ends of their links. At the end they are stopped in the
 * opposite order, so that none of them sees a neighbour vanish and begins to repair it.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "ipc.h"
#include "log.h"
#include "spawn.h"
#include "supervise.h"

#define STOP_S	5	/* then SIGKILL */

/* A new version takes over one daemon at a time; keymgr, whose memory is the dearest, comes last. */
static const enum daemon renewal[] = { D_FETCH, D_RESOLVE, D_IPSECD, D_SPDSYNC, D_IKED, D_KEYMGR };
#define RENEWALS	(sizeof(renewal) / sizeof(renewal[0]))

static void stop(struct supervisor *);
static void start(struct child *);
static void renew(struct supervisor *);

#define ENGINE_S 1	/* between two looks for a kernel's engine that is not there */
#define UNUSED_S 5	/* for one that nobody waits for */

/* Who gets which socket (lib/msg_sup.h); what is not open is not given. */
static const struct { enum daemon who; const char *name; } grants[] = {
	{ D_IPSECD, "natt4" }, { D_IPSECD, "natt6" }, { D_IPSECD, "esp4" }, { D_IPSECD, "esp6" }, { D_IPSECD, "pfkey-listen" },
	{ D_SPDSYNC, "api-ro" }, { D_SPDSYNC, "api-rw" }, { D_SPDSYNC, "api-files" }, { D_SPDSYNC, "api-panel" },
	{ D_IKED, "ike4" }, { D_IKED, "ike6" }, { D_IKED, "natt4" }, { D_IKED, "natt6" },
};

static void
publish(struct supervisor *s)
{
	struct state_line lines[DAEMONS + 1];
	char text[2048];
	uint8_t b[2100];
	struct wr w = wr_of(b, sizeof(b));
	size_t n;

	lines[0] = s->own;
	for (unsigned i = 0; i < DAEMONS; i++)
		lines[i + 1] = s->child[i].line;
	n = state_text(text, sizeof(text), lines, DAEMONS + 1);
	if (s->module_unused && n + sizeof(SUP_MODULE_UNUSED) <= sizeof(text))
		n = (size_t)(stpcpy(text + n, SUP_MODULE_UNUSED) - text);
	if (!state_write(s->places->run, text, n))
		log_warn(NULL, "state_failed", "The file %s/state cannot be written: %s.", s->places->run, strerror(errno));
	if (s->child[D_SPDSYNC].line.life == LIFE_READY) {
		str_put(&w, text);
		ipc_event(s->child[D_SPDSYNC].link, SUP_STATE, wr_bytes(&w));
	}
}

static void
set_life(struct child *c, enum life life)
{
	c->line.life = life;
	snprintf(c->line.version, sizeof(c->line.version), "%s", life == LIFE_READY ? ipc_peer_version(c->link) : "");
	c->line.since = clock_wall_s();
	publish(c->sup);
}

static bool
give(void *ctx, enum daemon who, const char *name, int fd)
{
	struct supervisor *s = ctx;
	struct child *c = &s->child[who];
	uint8_t b[64];
	struct wr w = wr_of(b, sizeof(b));

	if (c->link == NULL)
		return false;
	str_put(&w, name);
	if (!ipc_send_fd(c->link, SUP_FD, 0, wr_bytes(&w), fd))
		c->give_failed = true;
	return true;
}

/* Who speaks PF_KEY. */
static bool
needs_pfkey(enum daemon d)
{
	return d == D_IPSECD || d == D_KEYMGR || d == D_SPDSYNC;
}

static void
say_engine(struct supervisor *s, enum reason why)
{
	const struct reason_row *row = reason_row(why);

	if (why != R_OK && why != s->engine_lacks)
		log_at(LOG_ERROR, NULL, "engine_missing", why, "%s %s", row->sentence, row->hint);
	else if (why == R_OK && s->engine_lacks != R_OK)
		log_info(NULL, "engine_there", "The engine '%s' is there now.", conf_engine_name(s->engine));
	s->engine_lacks = why;
}

/* A fresh PF_KEY socket for a daemon that needs one, or another try in a second. */
static void
give_pfkey(struct child *c)
{
	struct supervisor *s = c->sup;
	struct timeval tv = { ENGINE_S, 0 };
	enum reason why;
	int fd = host_pfkey_open(s->engine, c->which != D_KEYMGR, &why), counters;

	c->wants_pfkey = fd < 0;
	say_engine(s, fd < 0 ? why : R_OK);
	if (fd < 0) {
		event_add(s->ev_engine, &tv);
		return;
	}
	if (!sockets_spare(s->sockets))
		log_warn(NULL, "engine", "The kernel refuses policies for sockets: a tunnel for everything would swallow IKE itself.");
	counters = c->which == D_IPSECD ? open(HOST_PROC, O_RDONLY | O_CLOEXEC) : -1;
	if (counters >= 0) {
		give(s, c->which, "counters", counters);
		close(counters);
	}
	give(s, c->which, "pfkey", fd);
	close(fd);
}

/* The engine is chosen once. A module that comes later than that, or goes again, is told, so that nobody takes it for the engine. */
static void
look_for_unused(struct supervisor *s)
{
	const struct reason_row *row = reason_row(R_ENGINE_UNUSED);
	struct timeval tv = { UNUSED_S, 0 };

	if (s->stopping)
		return;
	event_add(s->ev_engine, &tv);
	if (host_module_is_there() == s->module_unused)
		return;
	s->module_unused = !s->module_unused;
	if (s->module_unused)
		log_at(LOG_WARN, NULL, "engine_unused", R_ENGINE_UNUSED, "%s %s", row->sentence, row->hint);
	else
		log_info(NULL, "engine_unused", "The kernel module was taken out again; ipsecd goes on as the engine.");
	publish(s);
}

static void
on_engine(evutil_socket_t fd, short what, void *arg)
{
	struct supervisor *s = arg;

	if (s->asked == CONF_AUTO && s->engine == CONF_USER) {
		look_for_unused(s);
		return;
	}
	for (unsigned i = 0; i < DAEMONS && !s->stopping; i++)
		if (s->child[i].wants_pfkey && s->child[i].link)
			give_pfkey(&s->child[i]);
}

static bool
equip(struct child *c)
{
	struct supervisor *s = c->sup;
	struct msg_sup_config config = s->config;
	uint8_t b[2048];
	struct wr w = wr_of(b, sizeof(b));

	snprintf(config.user, sizeof(config.user), "%s", c->user);
	msg_sup_config_put(&w, &config);
	c->give_failed = false;
	if (!wr_ok(&w) || !ipc_send(c->link, SUP_CONFIG, 0, wr_bytes(&w)))
		return false;
	for (unsigned i = 0; i < sizeof(grants) / sizeof(grants[0]); i++) {
		if (grants[i].who != c->which || (c->which == D_IPSECD && host_is_kernel(s->engine)))
			continue;
		for (unsigned k = 0; k < s->sockets->n; k++)
			if (strcmp(s->sockets->row[k].name, grants[i].name) == 0)
				give(s, c->which, grants[i].name, s->sockets->row[k].fd);
	}
	if (host_is_kernel(s->engine) && needs_pfkey(c->which))
		give_pfkey(c);
	return links_start(&s->links, c->which, give, s) && !c->give_failed &&
	    ipc_send(c->link, SUP_GO, 0, bytes_of(NULL, 0));
}

/* What the daemon says */

/* keymgr-fetch and spdsync-resolve are the last, and nobody waits for them: tunnels come up without them. */
static void
start_next(struct supervisor *s)
{
	for (unsigned i = 0; i < DAEMONS; i++) {
		if (!s->child[i].was_started)
			start(&s->child[i]);
		if (s->child[i].line.life != LIFE_READY && i < D_FETCH)
			return;
	}
	if (!s->announced) {
		s->announced = true;
		log_info(NULL, "ready", "All daemons are up.");
		notify("READY=1");
	}
}

static bool
on_ready(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct child *c = ctx;

	set_life(c, LIFE_READY);
	if (!c->sup->stopping)
		start_next(c->sup);
	if (c->renewing == RENEW_STARTED && !c->sup->stopping) {
		c->renewing = RENEW_NO;
		c->sup->renewed++;
		renew(c->sup);
	}
	return true;
}

static bool
on_stop(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct child *c = ctx;

	if (c->which != D_SPDSYNC)
		return false;
	stop(c->sup);
	return true;
}

/* Only when both live: who was restarted has fresh links anyway. */
static bool
on_lost(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct child *c = ctx;
	enum daemon other;
	char name[32];

	str_get(&m->body, name, sizeof(name));
	if (!rd_done(&m->body))
		return false;
	if (host_is_kernel(c->sup->engine) && needs_pfkey(c->which) && strcmp(name, "pfkey") == 0) {
		give_pfkey(c);
		return true;
	}
	if (links_find(&c->sup->links, c->which, name, &other) == NULL)
		return false;
	if (c->sup->child[other].line.life != LIFE_READY)
		return true;
	log_warn(NULL, "rejoin", "The link between %s and %s ended while both run; they are joined anew.", daemon_names[c->which],
	    daemon_names[other]);
	links_rejoin(&c->sup->links, c->which, name, give, c->sup);
	return true;
}

/* A daemon without its supervisor's link is of no use: whatever it is doing, it is started again. */
static void
on_down(void *ctx, struct ipc *l)
{
	struct child *c = ctx;

	c->link = NULL;
	if (c->line.pid > 0)
		kill(c->line.pid, SIGKILL);
}

static const struct ipc_row rows[] = {
	{ SUP_READY,	"READY",	IPC_AFTER_HELLO | IPC_ONCE,	0,	on_ready },
	{ SUP_STOP,	"STOP",		IPC_AFTER_HELLO,		0,	on_stop },
	{ SUP_LOST,	"LOST",		IPC_AFTER_HELLO,		34,	on_lost },
};

#define NROWS (sizeof(rows) / sizeof(rows[0]))

static const struct ipc_table tables[DAEMONS] = {
	{ "causewayd-ipsecd", rows, NROWS, NULL, on_down }, { "causewayd-keymgr", rows, NROWS, NULL, on_down },
	{ "causewayd-spdsync", rows, NROWS, NULL, on_down }, { "causewayd-iked", rows, NROWS, NULL, on_down },
	{ "causewayd-keymgr-fetch", rows, NROWS, NULL, on_down }, { "causewayd-spdsync-resolve", rows, NROWS, NULL, on_down },
};

/* Start and death */

static void
retry_later(struct child *c, uint64_t lived_ns)
{
	unsigned ms = backoff_next_ms(&c->backoff_ms, lived_ns);
	struct timeval tv;

	if (c->sup->attack_daemon == (int)c->which)
		ms = 100;
	tv = (struct timeval){ ms / 1000, (suseconds_t)(ms % 1000) * 1000 };
	event_add(c->retry, &tv);
}

static void
start(struct child *c)
{
	const char *name = daemon_names[c->which];
	char number[16];
	char *argv[4] = { (char *)(uintptr_t)name, NULL, NULL, NULL };
	int pair[2];

	if (c->which == D_IPSECD && host_is_kernel(c->sup->engine))
		argv[1] = (char *)(uintptr_t)"--routes";

#ifdef CAUSEWAY_TEST_HOOKS
	if (c->sup->attack_daemon == (int)c->which) {
		argv[1] = (char *)(uintptr_t)c->sup->attack_option;
		snprintf(number, sizeof(number), "%u", c->line.restarts + 1);
		argv[2] = number;
	}
#else
	(void)number;
#endif
	c->was_started = true;
	c->started_ns = clock_now_ns();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		log_error(NULL, "start_failed", "%s cannot be started: %s.", name, strerror(errno));
		retry_later(c, 0);
		return;
	}
	c->line.pid = spawn(c->sup->places->libexec, name, argv, pair[1]);
	close(pair[1]);
	if (c->line.pid < 0) {
		log_error(NULL, "start_failed", "%s cannot be started: %s.", name, strerror(errno));
		c->line.pid = 0;
		close(pair[0]);
		retry_later(c, 0);
		return;
	}
	log_info(NULL, "start", "%s is started, process %d.", name, (int)c->line.pid);
	c->link = ipc_new(c->sup->base, pair[0], &tables[c->which], c);
	if (c->link == NULL || !equip(c)) {
		log_error(NULL, "start_failed", "%s cannot be given its descriptors.", name);
		kill(c->line.pid, SIGKILL);
	}
	set_life(c, LIFE_STARTING);
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct child *c = arg;

	if (c->sup->stopping)
		return;
	c->line.restarts++;
	start(c);
}

static void
died(struct child *c, int status)
{
	struct supervisor *s = c->sup;

	state_exit_text(status, c->line.last_exit, sizeof(c->line.last_exit));
	c->line.pid = 0;
	ipc_free(c->link);
	c->link = NULL;
	links_gone(&s->links, c->which);
	set_life(c, LIFE_DOWN);
	if (s->stopping) {
		stop(s);
		return;
	}
	if (c->renewing == RENEW_ASKED) {
		event_del(s->ev_renew);
		c->renewing = RENEW_STARTED;
		start(c);
		return;
	}
	if (c->which == D_IPSECD && WIFEXITED(status) && WEXITSTATUS(status) == SUP_EXIT_GUARD)
		log_at(LOG_ERROR, NULL, "guard_failed", R_GUARD_FAILED, "%s %s", reason_row(R_GUARD_FAILED)->sentence,
		    reason_row(R_GUARD_FAILED)->hint);
	else
		log_warn(NULL, "daemon_ended", "%s ended (%s); it is started again.", daemon_names[c->which], c->line.last_exit);
	retry_later(c, clock_now_ns() - c->started_ns);
}

static void
on_child(evutil_socket_t sig, short what, void *arg)
{
	struct supervisor *s = arg;
	int status;

	for (unsigned i = 0; i < DAEMONS; i++)
		if (s->child[i].line.pid > 0 && waitpid(s->child[i].line.pid, &status, WNOHANG) == s->child[i].line.pid)
			died(&s->child[i], status);
}

/* A new version */

/* The next one, when the one before is READY. To a daemon SIGUSR2 is SIGTERM, and that another one takes over (lib/proc). One that is down anyway comes with the new version by itself. */
static void
renew(struct supervisor *s)
{
	struct timeval tv = { STOP_S, 0 };

	for (; s->renewed < RENEWALS; s->renewed++) {
		struct child *c = &s->child[renewal[s->renewed]];

		if (c->line.pid <= 0)
			continue;
		c->renewing = RENEW_ASKED;
		event_add(s->ev_renew, &tv);
		kill(c->line.pid, SIGUSR2);
		return;
	}
	log_info(NULL, "renewed", "Every daemon was started anew.");
}

static void
on_renew_late(evutil_socket_t fd, short what, void *arg)
{
	struct supervisor *s = arg;
	struct child *c = &s->child[renewal[s->renewed < RENEWALS ? s->renewed : 0]];

	if (c->renewing == RENEW_ASKED && c->line.pid > 0)
		kill(c->line.pid, SIGKILL);
}

static void
on_renew(evutil_socket_t sig, short what, void *arg)
{
	struct supervisor *s = arg;

	if (s->stopping || !s->announced || s->renewed < RENEWALS)
		return;
	log_info(NULL, "renew", "The daemons are started anew, one after the other.");
	s->renewed = 0;
	renew(s);
}

/* The end */

/* One after the other, the last one started first; called again at each death. */
static void
stop(struct supervisor *s)
{
	struct timeval tv = { STOP_S, 0 };

	if (!s->stopping) {
		s->stopping = true;
		log_info(NULL, "stop", "All daemons are stopped; what is protected stays protected by the guard.");
		notify("STOPPING=1");
		event_add(s->ev_kill, &tv);
		for (unsigned i = 0; i < DAEMONS; i++)
			event_del(s->child[i].retry);
	}
	for (unsigned i = DAEMONS; i-- > 0;) {
		if (s->child[i].line.pid > 0) {
			kill(s->child[i].line.pid, SIGTERM);
			return;
		}
	}
	event_base_loopexit(s->base, NULL);
}

static void
on_kill(evutil_socket_t fd, short what, void *arg)
{
	struct supervisor *s = arg;

	for (unsigned i = 0; i < DAEMONS; i++) {
		if (s->child[i].line.pid <= 0)
			continue;
		log_warn(NULL, "stop", "%s does not end by itself and is killed.", daemon_names[i]);
		kill(s->child[i].line.pid, SIGKILL);
	}
}

static void
on_signal(evutil_socket_t sig, short what, void *arg)
{
	struct supervisor *s = arg;

	if (!s->stopping)
		stop(s);
}

bool
supervise_start(struct supervisor *s)
{
	bool ok;

	log_info(NULL, "engine", "The engine is %s%s.", host_is_kernel(s->engine) ? s->engine == CONF_MODULE ? "the kernel module causeway" :
	    "the system's own PF_KEY" : "ipsecd", s->asked == CONF_AUTO ? ", chosen by itself (engine: auto)" : "");
	links_init(&s->links, host_is_kernel(s->engine));
	s->own = (struct state_line){ .name = "causewayd", .life = LIFE_READY, .pid = getpid(), .since = clock_wall_s(), .version = PACKAGE_VERSION };
	s->ev_chld = evsignal_new(s->base, SIGCHLD, on_child, s);
	s->ev_term = evsignal_new(s->base, SIGTERM, on_signal, s);
	s->ev_int = evsignal_new(s->base, SIGINT, on_signal, s);
	s->ev_kill = evtimer_new(s->base, on_kill, s);
	s->ev_usr2 = evsignal_new(s->base, SIGUSR2, on_renew, s);
	s->ev_renew = evtimer_new(s->base, on_renew_late, s);
	s->renewed = RENEWALS;
	s->ev_engine = evtimer_new(s->base, on_engine, s);
	ok = s->ev_chld && s->ev_term && s->ev_int && s->ev_kill && s->ev_engine && s->ev_usr2 && s->ev_renew &&
	    event_add(s->ev_chld, NULL) == 0 && event_add(s->ev_usr2, NULL) == 0 && event_add(s->ev_term, NULL) == 0 && event_add(s->ev_int, NULL) == 0;
	for (unsigned i = 0; i < DAEMONS; i++) {
		struct child *c = &s->child[i];

		c->sup = s;
		c->which = (enum daemon)i;
		c->line.name = daemon_names[i];
		c->line.since = clock_wall_s();
		c->retry = evtimer_new(s->base, on_retry, c);
		ok = ok && c->retry;
	}
	if (ok)
		start_next(s);
	if (ok)
		on_engine(-1, 0, s);
	return ok;
}

void
supervise_end(struct supervisor *s)
{
	struct event *const events[] = { s->ev_chld, s->ev_term, s->ev_int, s->ev_kill, s->ev_engine, s->ev_usr2, s->ev_renew };

	for (unsigned i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (events[i])
			event_free(events[i]);
	for (unsigned i = 0; i < DAEMONS; i++) {
		ipc_free(s->child[i].link);
		if (s->child[i].retry)
			event_free(s->child[i].retry);
	}
	links_fini(&s->links);
}
