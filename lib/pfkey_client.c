/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The PF_KEY client. As in ipc.c a descriptor that ends is reported in a turn of the loop of its own, never inside a caller's
 * pfkey_call, and a callback may free the client that called it. Buffers that may have held key octets are wiped.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "dgram.h"
#include "pfkey.h"
#include "secret.h"

#define TURN	64		/* messages read in one turn of the loop */
#define CALLS	65536u		/* requests that wait for an answer at most */
#define QUEUE	(8u << 20)	/* octets of requests that the engine has not taken */
#define CUT	"its events were not read in time"
#define PFKEY_INFORMS (PFKEY_HAS(CW_EXT_OWNER) | PFKEY_HAS(CW_EXT_STATS) | PFKEY_HAS(CW_EXT_PACKETS))

struct call {
	struct call	*next;
	uint32_t	 seq;
	uint8_t		 type;
	bool		 dump, hello;
	bool		 sent;		/* dumps wait for their turn */
	pfkey_entry	*entry;
	pfkey_done	*done;		/* NULL: nobody waits */
	void		*arg;
	struct bytes	 octets;	/* of a dump that was not sent */
};

struct item {
	struct item	*next;
	size_t		 n;
	uint8_t		 b[];
};

#define BUCKETS	256

struct pfkey {
	const struct pfkey_ops	*ops;
	void			*ctx;
	int			 fd;
	uint32_t		 pid, last_seq;
	uint64_t		 features;
	bool			 greeted;	/* HELLO was answered */
	bool			 broken, freed;
	bool			 cut;		/* by an engine that lives */
	const char		*why;
	bool			 other;		/* the engine's version is not ours */
	char			 text[PFKEY_VERSION_TEXT];
	unsigned		 depth, ncalls;
	struct event		*ev_read, *ev_write, *ev_end;
	struct call		*calls[BUCKETS];	/* by seq */
	struct call		*dumps, **dumps_tail;	/* the first is the one that runs */
	struct item		*queue, **queue_tail;
	size_t			 queued;
	struct pfkey_msg	 msg;
	uint8_t			 buf[PFKEY_MSG_MAX];
};

static void
drop_queue(struct pfkey *k)
{
	struct item *it;

	while ((it = k->queue) != NULL) {
		k->queue = it->next;
		wipe(it->b, it->n);
		free(it);
	}
	k->queue_tail = &k->queue;
	k->queued = 0;
}

static void
call_free(struct call *c)
{
	free((void *)(uintptr_t)c->octets.p);
	free(c);
}

static struct call *
any_call(struct pfkey *k)
{
	struct call *c = k->dumps;

	if (c) {
		k->dumps = c->next;
		if (k->dumps == NULL)
			k->dumps_tail = &k->dumps;
		return c;
	}
	for (unsigned i = 0; i < BUCKETS; i++)
		if ((c = k->calls[i]) != NULL) {
			k->calls[i] = c->next;
			return c;
		}
	return NULL;
}

/* Everything but the memory and the calls. */
static void
shut(struct pfkey *k)
{
	k->broken = true;
	if (k->ev_read)
		event_free(k->ev_read);
	if (k->ev_write)
		event_free(k->ev_write);
	if (k->ev_end)
		event_free(k->ev_end);
	k->ev_read = k->ev_write = k->ev_end = NULL;
	if (k->fd >= 0)
		close(k->fd);
	k->fd = -1;
	drop_queue(k);
	wipe(k->buf, sizeof(k->buf));
}

static void
leave(struct pfkey *k)
{
	if (--k->depth == 0 && k->freed)
		free(k);
}

static void
drop(struct pfkey *k)
{
	struct call *c;

	k->freed = true;
	shut(k);
	while ((c = any_call(k)) != NULL)
		call_free(c);
}

void
pfkey_free(struct pfkey *k)
{
	if (k == NULL || k->freed)
		return;
	k->depth++;
	drop(k);
	leave(k);
}

static void
on_end(evutil_socket_t fd, short what, void *arg)
{
	struct pfkey *k = arg;
	struct call *c;

	k->depth++;
	shut(k);
	while (!k->freed && (c = any_call(k)) != NULL) {
		if (c->done)
			c->done(c->arg, ECONNRESET, NULL);
		call_free(c);
	}
	if (!k->freed && k->ops->down)
		k->ops->down(k->ctx, k->why);
	if (!k->freed)
		drop(k);
	leave(k);
}

static void
mark_broken(struct pfkey *k, const char *why)
{
	if (k->broken)
		return;
	k->broken = true;
	k->why = why;
	event_del(k->ev_read);
	event_del(k->ev_write);
	event_active(k->ev_end, EV_TIMEOUT, 1);
}

/* ipsecd's socket cannot say ENOBUFS: its last message does, of a type that RFC 2367 3 keeps free, and nothing but a header. */
static bool
says_cut(const uint8_t *p, size_t n)
{
	return n == sizeof(struct sadb_msg) && p[1] == SADB_RESERVED && p[2] == ENOBUFS;
}

/* A socket that was cut off says so to who reads, and only that it is closed to who writes. */
static void
mark_ended(struct pfkey *k)
{
	uint8_t octets[64];
	size_t n;

	if (k->broken)
		return;
	k->cut = dgram_get(k->fd, octets, sizeof(octets), &n, NULL, MSG_DONTWAIT) == DGRAM_CUT;
	wipe(octets, sizeof(octets));
	mark_broken(k, k->cut ? CUT : "the engine closed the PF_KEY socket");
}

/* Send or queue. */
static bool
transmit(struct pfkey *k, struct bytes b)
{
	struct iovec iov = { (void *)(uintptr_t)b.p, b.n };
	struct item *it;
	enum dgram rc;

	if (k->queue == NULL) {
		rc = dgram_put(k->fd, &iov, 1, -1, MSG_DONTWAIT);
		if (rc == DGRAM_OK)
			return true;
		if (rc != DGRAM_NOT_NOW) {
			mark_ended(k);
			return false;
		}
	}
	if (k->queued + b.n + sizeof(*it) > QUEUE || (it = calloc(1, sizeof(*it) + b.n)) == NULL)
		return false;
	it->n = b.n;
	memcpy(it->b, b.p, b.n);
	*k->queue_tail = it;
	k->queue_tail = &it->next;
	k->queued += b.n + sizeof(*it);
	event_add(k->ev_write, NULL);
	return true;
}

static void
on_write(evutil_socket_t fd, short what, void *arg)
{
	struct pfkey *k = arg;
	struct item *it;

	while ((it = k->queue) != NULL) {
		struct iovec iov = { it->b, it->n };
		enum dgram rc = dgram_put(k->fd, &iov, 1, -1, MSG_DONTWAIT);

		if (rc == DGRAM_NOT_NOW) {
			event_add(k->ev_write, NULL);
			return;
		}
		if (rc != DGRAM_OK) {
			mark_ended(k);
			return;
		}
		k->queue = it->next;
		if (k->queue == NULL)
			k->queue_tail = &k->queue;
		k->queued -= it->n + sizeof(*it);
		wipe(it->b, it->n);
		free(it);
	}
}

/* Let the first dump of the row begin. */
static void
next_dump(struct pfkey *k)
{
	struct call *c = k->dumps;

	if (c == NULL || c->sent || k->broken)
		return;
	c->sent = true;
	if (!transmit(k, c->octets))
		mark_broken(k, "the engine does not read its PF_KEY socket");
}

static void
on_dump(struct pfkey *k)
{
	struct call *c = k->dumps;
	const struct pfkey_msg *m = &k->msg;
	/* An error or a bare header ends a dump; otherwise the entry with sequence number 0 is the last. */
	bool bare = m->err != 0 || m->has == 0, last = bare || m->seq == 0;

	if (!bare && c->entry && c->done)
		c->entry(c->arg, m);
	if (k->freed || !last)
		return;
	k->dumps = c->next;
	if (k->dumps == NULL)
		k->dumps_tail = &k->dumps;
	k->ncalls--;
	if (c->done)
		c->done(c->arg, m->err == ENOENT ? 0 : m->err, NULL);
	call_free(c);
	if (!k->freed)
		next_dump(k);
}

/* The call that this message answers, taken out of its bucket; or NULL. */
static struct call *
take_call(struct pfkey *k, const struct pfkey_msg *m)
{
	struct call **pp = &k->calls[m->seq % BUCKETS], *c;

	if (m->pid != k->pid)
		return NULL;
	for (; (c = *pp) != NULL; pp = &c->next)
		if (c->seq == m->seq && c->type == m->type) {
			*pp = c->next;
			k->ncalls--;
			return c;
		}
	return NULL;
}

/* False: it is another version's. */
static bool
on_hello(struct pfkey *k, const struct pfkey_msg *m)
{
	bool said = m->err == 0 && (m->has & PFKEY_HAS(CW_EXT_HELLO));

	k->greeted = said && m->hello_version == CW_HELLO_VERSION;
	k->features = k->greeted ? m->hello_features : 0;
	if (!said || k->greeted)
		return true;
	k->other = true;
	mark_broken(k, pfkey_version_text(k->text, m->hello_version));
	return false;
}

static void
on_message(struct pfkey *k)
{
	const struct pfkey_msg *m = &k->msg;
	struct call *c;

	if (k->dumps && k->dumps->sent && m->type == k->dumps->type && m->pid == k->pid) {
		on_dump(k);
		return;
	}
	c = take_call(k, m);
	if (c == NULL) {
		/* an answer that nobody waits for any more is no event */
		if (m->err == 0 || m->pid != k->pid)
			k->ops->event(k->ctx, m);
		return;
	}
	if (c->hello && !on_hello(k, m)) {
		if (c->done)
			c->done(c->arg, ECONNRESET, NULL);
	} else if (c->done) {
		c->done(c->arg, m->err, m);
	}
	call_free(c);
}

static void
on_read(evutil_socket_t fd, short what, void *arg)
{
	struct pfkey *k = arg;

	k->depth++;
	for (int i = 0; i < TURN && !k->broken; i++) {
		const char *why;
		size_t n;
		enum dgram rc = dgram_get(k->fd, k->buf, sizeof(k->buf), &n, NULL, MSG_DONTWAIT);

		if (rc == DGRAM_NOT_NOW)
			break;
		k->cut = rc == DGRAM_CUT || (rc == DGRAM_OK && says_cut(k->buf, n));
		if (k->cut)
			mark_broken(k, CUT);
		else if (rc != DGRAM_OK)
			mark_broken(k, rc == DGRAM_CLOSED ? "the engine closed the PF_KEY socket" : "a PF_KEY message is too long or carries a descriptor");
		else if (!pfkey_get(bytes_of(k->buf, n), &k->msg, &why))
			mark_broken(k, why);
		else
			on_message(k);
		if (!k->freed)
			wipe(k->buf, n < sizeof(k->buf) ? n : sizeof(k->buf));
	}
	leave(k);
}

struct pfkey *
pfkey_new(struct event_base *base, int fd, const struct pfkey_ops *ops, void *ctx)
{
	struct pfkey *k = calloc(1, sizeof(*k));

	if (k == NULL || fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0) {
		free(k);
		close(fd);
		return NULL;
	}
	*k = (struct pfkey){ .ops = ops, .ctx = ctx, .fd = fd, .pid = (uint32_t)getpid() };
	k->dumps_tail = &k->dumps;
	k->queue_tail = &k->queue;
	k->ev_read = event_new(base, fd, EV_READ | EV_PERSIST, on_read, k);
	k->ev_write = event_new(base, fd, EV_WRITE, on_write, k);
	k->ev_end = event_new(base, -1, 0, on_end, k);
	if (!k->ev_read || !k->ev_write || !k->ev_end || event_add(k->ev_read, NULL) < 0) {
		pfkey_free(k);
		return NULL;
	}
	return k;
}

uint64_t
pfkey_features(const struct pfkey *k)
{
	return k ? k->features : 0;
}

bool
pfkey_is_other(const struct pfkey *k)
{
	return k && k->other;
}

bool
pfkey_was_cut(const struct pfkey *k)
{
	return k && k->cut;
}

/* What the engine must understand for the request to mean the same: it may not be left out. */
static bool
admissible(struct pfkey *k, struct pfkey_msg *m, bool hello)
{
	if (k->greeted || hello)
		return true;
	m->has &= ~PFKEY_INFORMS;
	return !(m->has & PFKEY_PRIVATE);
}

static struct call *
call_new(struct pfkey *k, struct pfkey_msg *m, pfkey_done *done, void *arg)
{
	struct call *c;

	if (k == NULL || k->broken || k->ncalls >= CALLS || (c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	if (++k->last_seq == 0)		/* 0 belongs to the engine and to the end of dumps */
		k->last_seq = 1;
	m->seq = k->last_seq;
	m->pid = k->pid;
	*c = (struct call){ .seq = m->seq, .type = m->type, .done = done, .arg = arg };
	return c;
}

static uint32_t
send_call(struct pfkey *k, struct pfkey_msg *m, bool hello, pfkey_done *done, void *arg)
{
	uint8_t buf[PFKEY_MSG_MAX];
	struct wr w = wr_of(buf, sizeof(buf));
	struct call *c;
	bool ok;

	if (k == NULL || !admissible(k, m, hello) || (c = call_new(k, m, done, arg)) == NULL)
		return 0;
	c->hello = hello;
	ok = pfkey_put(&w, m) && transmit(k, wr_bytes(&w));
	wipe(buf, w.n);
	if (!ok) {
		call_free(c);
		return 0;
	}
	c->next = k->calls[c->seq % BUCKETS];
	k->calls[c->seq % BUCKETS] = c;
	k->ncalls++;
	return c->seq;
}

void
pfkey_refuse(struct pfkey *k, uint8_t satype, uint32_t seq, int err)
{
	uint8_t buf[64];
	struct wr w = wr_of(buf, sizeof(buf));
	struct pfkey_msg m;

	if (k == NULL || k->broken)
		return;
	pfkey_msg_init(&m, SADB_ACQUIRE, satype);
	m.seq = seq;
	m.pid = k->pid;
	m.err = (uint8_t)err;
	if (pfkey_put(&w, &m))
		transmit(k, wr_bytes(&w));
}

uint32_t
pfkey_call(struct pfkey *k, struct pfkey_msg *m, pfkey_done *done, void *arg)
{
	return send_call(k, m, false, done, arg);
}

bool
pfkey_hello(struct pfkey *k, uint8_t satype, bool keyless, pfkey_done *done, void *arg)
{
	struct pfkey_msg m;

	pfkey_msg_init(&m, SADB_REGISTER, satype);
	m.has = PFKEY_HAS(CW_EXT_HELLO) | (keyless ? PFKEY_HAS(CW_EXT_KEYLESS) : 0);
	m.hello_version = CW_HELLO_VERSION;
	return send_call(k, &m, true, done, arg) != 0;
}

uint32_t
pfkey_dump(struct pfkey *k, struct pfkey_msg *m, pfkey_entry *entry, pfkey_done *done, void *arg)
{
	uint8_t buf[4096], *copy;
	struct wr w = wr_of(buf, sizeof(buf));
	struct call *c;
	uint32_t seq;

	if (k == NULL || !admissible(k, m, false) || (c = call_new(k, m, done, arg)) == NULL)
		return 0;
	if (!pfkey_put(&w, m) || (copy = malloc(w.n)) == NULL) {
		call_free(c);
		return 0;
	}
	memcpy(copy, buf, w.n);
	c->octets = bytes_of(copy, w.n);
	c->dump = true;
	c->entry = entry;
	seq = c->seq;
	*k->dumps_tail = c;
	k->dumps_tail = &c->next;
	k->ncalls++;
	next_dump(k);
	return seq;
}

void
pfkey_cancel(struct pfkey *k, uint32_t seq)
{
	if (k == NULL || seq == 0)
		return;
	for (struct call *c = k->calls[seq % BUCKETS]; c; c = c->next)
		if (c->seq == seq)
			c->done = NULL;
	for (struct call *c = k->dumps; c; c = c->next)
		if (c->seq == seq)
			c->done = NULL;
}
