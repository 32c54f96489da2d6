/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The links between daemons, over libevent. A link has three ways to end: its owner frees it, the other side closes it, or
 * it breaks the contract. The last two run every pending call's done, then down(), then free it; that never happens inside
 * a caller's ipc_send, but in a turn of its own, so that a caller need not fear for the link it holds. A callback may free
 * the link that called it: while `depth` is not zero the memory stays, and everything else of the link is gone at once.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dgram.h"
#include "ipc.h"
#include "log.h"
#include "name.h"
#include "secret.h"

#define TURN	64	/* messages read in one turn of the loop: other links get theirs */
#define CALLS	16384	/* calls that wait for an answer at most */
#define LAST	1024	/* messages still read from one who is gone */

struct call {
	struct call	*next;
	uint32_t	 id;
	uint16_t	 type;
	enum reason	 gone;
	ipc_done	*done;		/* NULL: cancelled, the answer is ignored */
	void		*arg;
};

struct item {
	struct item	*next;
	int		 fd;
	size_t		 n;
	uint8_t		 b[];
};

struct ipc {
	const struct ipc_table	*table;
	void			*ctx;
	int			 fd;
	int			 in_fd;		/* came with the message that is being read */
	struct event		*ev_read, *ev_write, *ev_end;
	unsigned		 depth;
	bool			 up, ready;
	char			 version[32];
	bool			 broken;	/* nothing is sent or received any more; the end comes in its own turn */
	bool			 deaf;		/* the other side takes no more, but what it sent before is still read */
	bool			 freed;
	uint32_t		 last_id;
	unsigned		 ncalls;
	struct call		*calls, **calls_tail;
	struct item		*queue, **queue_tail;
	size_t			 queued;
	bool			*once;		/* by row: came already */
	uint8_t			 buf[IPC_MAX];
};

static void
drop_calls(struct ipc *l)
{
	struct call *c;

	while ((c = l->calls) != NULL) {
		l->calls = c->next;
		free(c);
	}
	l->calls_tail = &l->calls;
	l->ncalls = 0;
}

static void
drop_queue(struct ipc *l)
{
	struct item *it;

	while ((it = l->queue) != NULL) {
		l->queue = it->next;
		if (it->fd >= 0)
			close(it->fd);
		wipe(it->b, it->n);
		free(it);
	}
	l->queue_tail = &l->queue;
	l->queued = 0;
}

/* Everything but the memory. */
static void
shut(struct ipc *l)
{
	l->broken = true;
	if (l->ev_read)
		event_free(l->ev_read);
	if (l->ev_write)
		event_free(l->ev_write);
	if (l->ev_end)
		event_free(l->ev_end);
	l->ev_read = l->ev_write = l->ev_end = NULL;
	if (l->in_fd >= 0)
		close(l->in_fd);
	if (l->fd >= 0)
		close(l->fd);
	l->in_fd = l->fd = -1;
	drop_queue(l);
}

static void
leave(struct ipc *l)
{
	if (--l->depth > 0 || !l->freed)
		return;
	free(l->once);
	free(l);
}

void
ipc_free(struct ipc *l)
{
	if (l == NULL || l->freed)
		return;
	l->depth++;
	l->freed = true;
	shut(l);
	drop_calls(l);
	leave(l);
}

/* The other side is gone, or was thrown out: tell everyone who waits, then the owner, then mark it to be freed. */
static void
end(struct ipc *l)
{
	struct rd none = rd_of(bytes_of(NULL, 0));
	struct call *c;

	shut(l);
	while (!l->freed && (c = l->calls) != NULL) {
		l->calls = c->next;
		if (l->calls == NULL)
			l->calls_tail = &l->calls;
		l->ncalls--;
		if (c->done)
			c->done(c->arg, c->gone, &none);
		free(c);
	}
	if (!l->freed && l->table->down)
		l->table->down(l->ctx, l);
	if (!l->freed) {
		l->freed = true;
		drop_calls(l);
	}
}

/* From here on the link is silent; end() runs in the next turn of the loop. */
static void
mark_broken(struct ipc *l)
{
	if (l->broken)
		return;
	l->broken = true;
	drop_queue(l);
	if (l->ev_write)
		event_del(l->ev_write);
	if (l->ev_end)
		event_active(l->ev_end, EV_TIMEOUT, 1);
}

static void
mark_deaf(struct ipc *l)
{
	if (l->broken || l->deaf)
		return;
	l->deaf = true;
	drop_queue(l);
	event_del(l->ev_write);
	event_active(l->ev_end, EV_TIMEOUT, 1);
}

static void
breach(struct ipc *l, const char *what, const char *why)
{
	if (l->broken)
		return;
	log_warn(NULL, "ipc_breach", "The link %s is closed: %s %s.", l->table->name, what, why);
	mark_broken(l);
}

static bool
enqueue(struct ipc *l, const struct iovec *iov, unsigned n, size_t len, int fd)
{
	struct item *it;

	/* The bookkeeping counts too: many empty messages are memory as well. */
	if (l->queued + len + sizeof(*it) > IPC_QUEUE) {
		breach(l, "its queue", "is full, the other side does not read");
		return false;
	}
	it = calloc(1, sizeof(*it) + len);
	if (it == NULL)
		return false;
	it->fd = -1;
	if (fd >= 0 && (it->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0)) < 0) {
		free(it);
		return false;
	}
	for (unsigned i = 0; i < n; i++) {
		if (iov[i].iov_len)
			memcpy(it->b + it->n, iov[i].iov_base, iov[i].iov_len);
		it->n += iov[i].iov_len;
	}
	*l->queue_tail = it;
	l->queue_tail = &it->next;
	l->queued += len + sizeof(*it);
	event_add(l->ev_write, NULL);
	return true;
}

static bool
transmit(struct ipc *l, uint16_t type, uint32_t id, struct bytes pre, struct bytes body, int fd)
{
	uint8_t head[IPC_HEAD];
	struct wr w = wr_of(head, sizeof(head));
	struct iovec iov[3] = {
		{ head, sizeof(head) }, { (void *)(uintptr_t)pre.p, pre.n }, { (void *)(uintptr_t)body.p, body.n } };

	if (l == NULL || l->broken || l->deaf || body.n > IPC_MAX - IPC_HEAD - pre.n)
		return false;
	wr_le16(&w, type);
	wr_le16(&w, IPC_VERSION);
	wr_le32(&w, id);
	if (l->queue == NULL) {
		enum dgram rc = dgram_put(l->fd, iov, 3, fd, MSG_DONTWAIT);

		if (rc == DGRAM_OK)
			return true;
		if (rc != DGRAM_NOT_NOW) {
			mark_deaf(l);
			return false;
		}
	}
	return enqueue(l, iov, 3, IPC_HEAD + pre.n + body.n, fd);
}

static void
on_write(evutil_socket_t fd, short what, void *arg)
{
	struct ipc *l = arg;
	struct item *it;

	while ((it = l->queue) != NULL) {
		struct iovec iov = { it->b, it->n };
		enum dgram rc = dgram_put(l->fd, &iov, 1, it->fd, MSG_DONTWAIT);

		if (rc == DGRAM_NOT_NOW) {
			event_add(l->ev_write, NULL);
			return;
		}
		if (rc != DGRAM_OK) {
			mark_deaf(l);
			return;
		}
		l->queue = it->next;
		if (l->queue == NULL)
			l->queue_tail = &l->queue;
		l->queued -= it->n + sizeof(*it);
		if (it->fd >= 0)
			close(it->fd);
		wipe(it->b, it->n);	/* keymgr's answers hold keys */
		free(it);
	}
}

bool
ipc_send(struct ipc *l, uint16_t type, uint32_t id, struct bytes body)
{
	return transmit(l, type, id, bytes_of(NULL, 0), body, -1);
}

bool
ipc_event(struct ipc *l, uint16_t type, struct bytes body)
{
	return transmit(l, type, 0, bytes_of(NULL, 0), body, -1);
}

bool
ipc_send_fd(struct ipc *l, uint16_t type, uint32_t id, struct bytes body, int fd)
{
	return transmit(l, type, id, bytes_of(NULL, 0), body, fd);
}

uint32_t
ipc_call(struct ipc *l, uint16_t type, struct bytes body, enum reason gone, ipc_done *done, void *arg)
{
	return ipc_call_fd(l, type, body, -1, gone, done, arg);
}

uint32_t
ipc_call_fd(struct ipc *l, uint16_t type, struct bytes body, int fd, enum reason gone, ipc_done *done, void *arg)
{
	struct call *c;

	if (l == NULL || l->broken || l->deaf || l->ncalls >= CALLS || (c = calloc(1, sizeof(*c))) == NULL)
		return 0;
	if (++l->last_id == 0)
		l->last_id = 1;
	*c = (struct call){ .id = l->last_id, .type = type, .gone = gone, .done = done, .arg = arg };
	if (!transmit(l, type, c->id, bytes_of(NULL, 0), body, fd)) {
		free(c);
		return 0;
	}
	*l->calls_tail = c;
	l->calls_tail = &c->next;
	l->ncalls++;
	return c->id;
}

void
ipc_cancel(struct ipc *l, uint32_t id)
{
	for (struct call *c = l ? l->calls : NULL; c; c = c->next)
		if (c->id == id)
			c->done = NULL;
}

bool
ipc_reply(struct ipc *l, const struct ipc_msg *m, struct bytes fields)
{
	static const uint8_t ok[2] = { R_OK, 0 };

	if (m->id == 0)
		return true;	/* who asks without an id wants no answer */
	return transmit(l, m->type | IPC_REPLY, m->id, bytes_of(ok, 2), fields, -1);
}

bool
ipc_fail(struct ipc *l, const struct ipc_msg *m, enum reason reason, const char *detail)
{
	uint8_t b[1024];
	struct wr w = wr_of(b, sizeof(b));
	size_t n = detail ? strlen(detail) : 0;

	if (m->id == 0)
		return true;
	if (n > sizeof(b) - 4)
		n = sizeof(b) - 4;
	wr_le16(&w, (uint16_t)(reason == R_OK ? R_INTERNAL : reason));
	span_put(&w, bytes_of(detail, n));
	return transmit(l, m->type | IPC_REPLY, m->id, bytes_of(NULL, 0), wr_bytes(&w), -1);
}

const char *
ipc_peer_version(const struct ipc *l)
{
	return l->version;
}

bool
ipc_same_major(const char *a, const char *b)
{
	size_t n = strcspn(a, ".");

	return n > 0 && n == strcspn(b, ".") && memcmp(a, b, n) == 0;
}

static void
on_hello(struct ipc *l, struct rd *body)
{
	char version[32], why[160];

	str_get(body, version, sizeof(version));
	if (l->up) {
		breach(l, "HELLO", "came twice");
	} else if (!rd_done(body)) {
		breach(l, "HELLO", "is malformed");
	} else if (!ipc_same_major(version, PACKAGE_VERSION)) {
		for (char *p = version; *p; p++)
			if (*p < ' ' || *p > '~')
				*p = '?';
		snprintf(why, sizeof(why), "says version %s and this is version %s: restart all daemons of the suite after an "
		    "upgrade", version, PACKAGE_VERSION);
		breach(l, "the other side", why);
	} else {
		l->up = true;
		for (unsigned i = 0; version[i]; i++)	/* it is told on as a word */
			l->version[i] = version[i] > ' ' && version[i] <= '~' ? version[i] : '?';
		if (l->table->up)
			l->table->up(l->ctx, l);
	}
}

static void
on_answer(struct ipc *l, struct ipc_msg *m)
{
	struct call **pp = &l->calls, *c;
	enum reason reason = (enum reason)rd_le16(&m->body);
	struct rd rest = m->body;
	const uint8_t *start = rest.p;

	while ((c = *pp) != NULL && !(c->id == m->id && (c->type | IPC_REPLY) == m->type))
		pp = &c->next;
	if (!l->up || c == NULL) {
		breach(l, "an answer", "belongs to no request");
		return;
	}
	if (reason != R_OK)
		span_get(&m->body);
	if (!rd_ok(&m->body) || (reason != R_OK && !rd_done(&m->body))) {
		breach(l, "an answer", "is malformed");
		return;
	}
	*pp = c->next;
	if (*pp == NULL)
		l->calls_tail = pp;
	l->ncalls--;
	if (c->done)
		c->done(c->arg, reason, &rest);
	free(c);
	/* Who has no use for an answer any more need not read it; who began must have read it to its end. */
	if (!l->freed && reason == R_OK && (!rd_ok(&rest) || (rest.p != start && !rd_done(&rest))))
		breach(l, "an answer", "was not consumed to its last octet");
}

/* The permission table, before any handler runs. NULL: not allowed, and the link is closed. */
static const struct ipc_row *
admit(struct ipc *l, const struct ipc_msg *m)
{
	char what[80];

	for (unsigned i = 0; i < l->table->n; i++) {
		const struct ipc_row *row = &l->table->rows[i];
		const char *why = NULL;

		if (row->type != m->type)
			continue;
		if (!(row->when & IPC_ANYTIME) && !l->up)
			why = "is not permitted before HELLO";
		else if ((row->when & IPC_WHEN_READY) && !l->ready)
			why = "is not permitted at this point";
		else if ((row->when & IPC_ONCE) && l->once[i])
			why = "came a second time";
		else if (rd_left(&m->body) > row->max)
			why = "is too long";
		if (why == NULL) {
			l->once[i] = true;
			return row;
		}
		snprintf(what, sizeof(what), "message %s", row->name);
		breach(l, what, why);
		return NULL;
	}
	snprintf(what, sizeof(what), "message type %u", m->type);
	breach(l, what, "is unknown here");
	return NULL;
}

static void
on_message(struct ipc *l, struct bytes in)
{
	struct rd r = rd_of(in);
	struct ipc_msg m;
	const struct ipc_row *row;
	char what[80], why[160];
	uint16_t version;

	m.type = rd_le16(&r);
	version = rd_le16(&r);
	m.id = rd_le32(&r);
	m.body = r;
	if (!rd_ok(&r)) {
		breach(l, "a message", "has no valid header");
		return;
	}
	if (version != IPC_VERSION) {
		snprintf(why, sizeof(why), "has messages of version %u and here they are of version %u: restart all daemons of the suite after an upgrade", version,
		    IPC_VERSION);
		breach(l, "the other side", why);
		return;
	}
	if (m.type == IPC_HELLO) {
		on_hello(l, &m.body);
		return;
	}
	if (m.type & IPC_REPLY) {
		on_answer(l, &m);
		return;
	}
	row = admit(l, &m);
	if (row == NULL)
		return;
	snprintf(what, sizeof(what), "message %s", row->name);
	if (!row->run(l->ctx, l, &m)) {
		/* Who went away with its question gets no answer, which is no breach of its. */
		if (!l->freed && !(l->deaf && rd_done(&m.body)))
			breach(l, what, "breaks the contract");
	} else if (!l->freed && !rd_done(&m.body)) {
		breach(l, what, "was not consumed to its last octet");
	}
}

/* False: nothing is there now, or the link ended. */
static bool
read_one(struct ipc *l)
{
	size_t n;

	switch (dgram_get(l->fd, l->buf, sizeof(l->buf), &n, &l->in_fd, MSG_DONTWAIT)) {
	case DGRAM_OK:
		on_message(l, bytes_of(l->buf, n));
		break;
	case DGRAM_NOT_NOW:
		return false;
	case DGRAM_CLOSED:
	case DGRAM_CUT:
		mark_broken(l);
		return false;
	case DGRAM_LONG:
		breach(l, "a message", "is longer than any may be");
		return false;
	case DGRAM_DESCRIPTORS:
		breach(l, "a message", "carries more than one descriptor");
		return false;
	}
	if (l->in_fd >= 0) {
		close(l->in_fd);
		l->in_fd = -1;
	}
	return !l->broken;
}

int
ipc_take_fd(struct ipc *l)
{
	int fd = l->in_fd;

	l->in_fd = -1;
	return fd;
}

static void
on_read(evutil_socket_t fd, short what, void *arg)
{
	struct ipc *l = arg;

	l->depth++;
	for (int i = 0; i < TURN && !l->broken && read_one(l); i++)
		continue;
	leave(l);
}

static void
on_end(evutil_socket_t fd, short what, void *arg)
{
	struct ipc *l = arg;

	l->depth++;
	for (int i = 0; i < LAST && !l->broken && read_one(l); i++)
		continue;
	if (!l->freed)
		end(l);
	leave(l);
}

struct ipc *
ipc_adopt(struct event_base *base, int fd, const struct ipc_table *table, void *ctx)
{
	struct ipc *l = calloc(1, sizeof(*l));

	if (l == NULL) {
		close(fd);
		return NULL;
	}
	l->table = table;
	l->ctx = ctx;
	l->fd = fd;
	l->in_fd = -1;
	l->up = true;
	l->calls_tail = &l->calls;
	l->queue_tail = &l->queue;
	l->once = calloc(table->n ? table->n : 1, sizeof(*l->once));
	l->ev_read = event_new(base, fd, EV_READ | EV_PERSIST, on_read, l);
	l->ev_write = event_new(base, fd, EV_WRITE, on_write, l);
	l->ev_end = event_new(base, -1, 0, on_end, l);
	if (!l->once || !l->ev_read || !l->ev_write || !l->ev_end || event_add(l->ev_read, NULL) != 0) {
		ipc_free(l);
		return NULL;
	}
	return l;
}

struct ipc *
ipc_new(struct event_base *base, int fd, const struct ipc_table *table, void *ctx)
{
	struct ipc *l = ipc_adopt(base, fd, table, ctx);
	uint8_t hello[64];
	struct wr w = wr_of(hello, sizeof(hello));

	if (l) {
		l->up = false;
		str_put(&w, PACKAGE_VERSION);
		ipc_send(l, IPC_HELLO, 0, wr_bytes(&w));	/* to a dead peer: down() follows in its turn */
	}
	return l;
}

size_t
ipc_waiting(const struct ipc *l)
{
	return l ? l->queued : 0;
}

bool
ipc_is_up(const struct ipc *l)
{
	return l && l->up && !l->broken && !l->deaf;
}

void
ipc_ready(struct ipc *l)
{
	if (l)
		l->ready = true;
}
