/* SPDX-License-Identifier: BSD-2-Clause */
/* Two ends of a link in one process, for the tests of lib/ipc.c. */
#include "config.h"

#include "test.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ipc_fix.h"
#include "log.h"

/* Log lines are counted, not printed: a breach is logged once. */
unsigned log_lines;
char log_last[512];

void __wrap_log_at(enum log_level, const struct log_ctx *, const char *, enum reason, const char *, ...)
    __attribute__((format(printf, 5, 6)));

void
__wrap_log_at(enum log_level lv, const struct log_ctx *c, const char *event, enum reason r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(log_last, sizeof(log_last), fmt, ap);
	va_end(ap);
	log_lines++;
}

static bool
on_echo(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct side *s = ctx;

	s->runs++;
	if (s->free_in_run) {
		s->link = NULL;
		ipc_free(l);
		return true;
	}
	ipc_reply(l, m, rd_rest(&m->body));
	return true;
}

static bool
on_later(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct side *s = ctx;

	s->later = *m;
	return rd_done(&m->body);
}

static bool
on_count(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	((struct side *)ctx)->runs++;
	return true;
}

static bool
on_fd(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	((struct side *)ctx)->fd = ipc_take_fd(l);
	return true;
}

static bool
on_kill(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	rd_rest(&m->body);
	return ipc_fail(l, m, R_NOT_FOUND, "no such thing");
}

static bool
on_bad(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	return false;
}

static const struct ipc_row rows[] = {
	{ T_ECHO,	"ECHO",		IPC_AFTER_HELLO,	IPC_MAX,	on_echo },
	{ T_LATER,	"LATER",	IPC_AFTER_HELLO,	0,		on_later },
	{ T_ONCE,	"ONCE",		IPC_AFTER_HELLO | IPC_ONCE, 0,		on_count },
	{ T_READY,	"READY",	IPC_WHEN_READY,		0,		on_count },
	{ T_EARLY,	"EARLY",	IPC_ANYTIME,		0,		on_count },
	{ T_FD,		"FD",		IPC_AFTER_HELLO,	0,		on_fd },
	{ T_KILL,	"KILL",		IPC_AFTER_HELLO,	16,		on_kill },
	{ T_LAZY,	"LAZY",		IPC_AFTER_HELLO,	16,		on_count },
	{ T_BAD,	"BAD",		IPC_AFTER_HELLO,	0,		on_bad },
};

static void
on_up(void *ctx, struct ipc *l)
{
	struct side *s = ctx;

	s->ups++;
	if (s->free_in_up) {
		s->link = NULL;
		ipc_free(l);
	}
}

static void
on_down(void *ctx, struct ipc *l)
{
	struct side *s = ctx;

	s->downs++;
	s->link = NULL;
	if (s->free_in_down)
		ipc_free(l);
}

const struct ipc_table table = { "test", rows, sizeof(rows) / sizeof(rows[0]), on_up, on_down };

struct bytes
text(const char *s)
{
	return bytes_of(s, strlen(s));
}

/* Until nothing is left to do. */
void
spin(struct fix *f)
{
	for (int i = 0; i < 200; i++)
		event_base_loop(f->base, EVLOOP_NONBLOCK);
}

void
make(struct fix *f)
{
	memset(f, 0, sizeof(*f));
	f->base = event_base_new();
	f->raw = f->a.fd = f->b.fd = -1;
	log_lines = 0;
	log_last[0] = '\0';
}

void
make_pair(struct fix *f)
{
	int p[2];

	make(f);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, p), 0);
	f->a.link = ipc_new(f->base, p[0], &table, &f->a);
	f->b.link = ipc_new(f->base, p[1], &table, &f->b);
	spin(f);
	assert_true(ipc_is_up(f->a.link) && ipc_is_up(f->b.link));
}

/* a is a link; the test speaks for the other side by hand. */
void
make_raw(struct fix *f)
{
	int p[2];

	make(f);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, p), 0);
	f->a.link = ipc_new(f->base, p[0], &table, &f->a);
	f->raw = p[1];
}

void
done(struct fix *f)
{
	ipc_free(f->a.link);
	ipc_free(f->b.link);
	if (f->raw >= 0)
		close(f->raw);
	event_base_free(f->base);
}

void
put_raw(struct fix *f, uint16_t type, uint16_t version, uint32_t id, struct bytes body)
{
	static uint8_t b[IPC_MAX + 4096];
	struct wr w = wr_of(b, sizeof(b));

	wr_le16(&w, type);
	wr_le16(&w, version);
	wr_le32(&w, id);
	wr_span(&w, body);
	assert_int_equal(send(f->raw, b, w.n, MSG_NOSIGNAL), w.n);
}

void
put_hello(struct fix *f, const char *version)
{
	uint8_t b[64];
	struct wr w = wr_of(b, sizeof(b));

	str_put(&w, version);
	put_raw(f, IPC_HELLO, IPC_VERSION, 0, wr_bytes(&w));
}

/* The link is closed, that was logged once with these words, and the other side sees the end. */
void
assert_breach(struct fix *f, const char *words)
{
	static uint8_t b[IPC_MAX];
	ssize_t n = 1;

	spin(f);
	assert_int_equal(f->a.downs, 1);
	assert_null(f->a.link);
	assert_int_equal(log_lines, 1);
	if (strstr(log_last, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", log_last, words);
	while (n > 0)
		n = recv(f->raw, b, sizeof(b), 0);
	/* Closed with something unread in its buffer, the other side gets ECONNRESET. */
	assert_true(n == 0 || errno == ECONNRESET);
	done(f);
}

void
assert_alive(struct fix *f)
{
	spin(f);
	assert_int_equal(f->a.downs, 0);
	assert_int_equal(log_lines, 0);
	assert_non_null(f->a.link);
}

void
on_answer(void *arg, enum reason reason, struct rd *body)
{
	struct side *s = arg;
	struct bytes b;

	s->answers++;
	s->reason = reason;
	if (reason == R_OK) {
		b = rd_rest(body);
		snprintf(s->text, sizeof(s->text), "%.*s", (int)b.n, (const char *)b.p);
	} else if (rd_left(body)) {
		str_get(body, s->text, sizeof(s->text));
	}
	if (s->free_in_done) {
		struct ipc *l = s->link;

		s->link = NULL;
		ipc_free(l);
	}
	if (s->call_in_done)
		assert_int_equal(ipc_call(s->link, T_ECHO, text("again"), R_KEYMGR_DOWN, on_answer, s), 0);
}

