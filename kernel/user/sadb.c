/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A client is freed only at the end of a turn: the engine may be in the middle of telling it something when its socket fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "sadb.h"

/* What waits for several readers waits once: a hundred that read nothing cost an event its octets and a pointer each. */
struct sadb_octets { unsigned refs; size_t len; uint8_t data[]; };
struct queued { struct queued *next; struct sadb_octets *m; };

struct sadb_client {
	struct sadb_client *next;
	struct sadb	*s;
	struct cw_client *c;
	struct event	*rd, *wr;
	int		fd;
	bool		dead, dumping, cut;
	struct queued	*head, **tail;
	size_t		waiting;
};

void
sadb_init(struct sadb *s, struct event_base *base, struct cw_engine *engine)
{
	s->base = base;
	s->engine = engine;
	s->listen_fd = -1;
}

static void
octets_put(struct sadb_octets *m)
{
	if (m == NULL || --m->refs > 0)
		return;
	host_wipe(m->data, m->len);	/* an answer may hold key octets */
	free(m);
}

/* A reference of the caller's, to the octets that a reader before is waiting for where these are the same. */
static struct sadb_octets *
octets_get(struct sadb *s, const uint8_t *msg, size_t len)
{
	struct sadb_octets *m;

	for (unsigned i = 0; i < 2; i++) {
		m = s->last[i];
		if (m && m->len == len && memcmp(m->data, msg, len) == 0) {
			m->refs++;
			return m;
		}
	}
	m = malloc(sizeof(*m) + len);
	if (m == NULL)
		return NULL;
	m->refs = 2;
	m->len = len;
	memcpy(m->data, msg, len);
	octets_put(s->last[1]);
	s->last[1] = s->last[0];
	s->last[0] = m;
	return m;
}

static void
octets_forget(struct sadb *s)
{
	octets_put(s->last[0]);
	octets_put(s->last[1]);
	s->last[0] = s->last[1] = NULL;
}

static void
drop_first(struct sadb_client *k)
{
	struct queued *q = k->head;

	k->head = q->next;
	if (k->head == NULL)
		k->tail = &k->head;
	k->waiting -= q->m->len;
	octets_put(q->m);
	free(q);
}

static void
drop_queue(struct sadb_client *k)
{
	while (k->head)
		drop_first(k);
}

static void
client_free(struct sadb_client *k)
{
	if (k->c)
		cw_client_close(k->s->engine, k->c);
	if (k->rd)
		event_free(k->rd);
	if (k->wr)
		event_free(k->wr);
	close(k->fd);
	drop_queue(k);
	k->s->n--;
	free(k);
}

static void
client_die(struct sadb_client *k)
{
	k->s->dying |= !k->dead;
	k->dead = true;
	event_del(k->rd);
	event_del(k->wr);
}

/*
 * Who reads too late has lost events: it gets no more of them, and as soon as its socket takes one more message, the one that says
 * so, as a kernel's socket says ENOBUFS. An end without it would look as if the engine had gone, and its SAs with it. The reader
 * closes: what of its requests was unread at our close would be ECONNRESET in the place of that message.
 */
static void
client_cut(struct sadb_client *k)
{
	k->cut = true;
	k->dumping = false;
	drop_queue(k);
	event_add(k->wr, NULL);
}

static bool
say_cut(struct sadb_client *k)
{
	struct sadb_msg m = { .sadb_msg_version = PF_KEY_V2, .sadb_msg_type = SADB_RESERVED, .sadb_msg_errno = ENOBUFS,
	    .sadb_msg_len = sizeof(m) / 8 };

	return send(k->fd, &m, sizeof(m), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 || (errno != EAGAIN && errno != EINTR && errno != ENOBUFS);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct sadb_client *k = arg;
	uint64_t now = clock_now_ns();

	for (unsigned i = 0; i < SADB_TURN && !k->dead; i++) {
		ssize_t n = recv(k->fd, k->s->buf, sizeof(k->s->buf), MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0 || (size_t)n > SADB_MSG) {
			client_die(k);
			return;
		}
		if (!k->cut)
			cw_pfkey(k->s->engine, k->c, k->s->buf, (size_t)n, now);
		host_wipe(k->s->buf, (size_t)n);
	}
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct sadb_client *k = arg;

	if (k->cut && !k->dead) {
		if (!say_cut(k))
			event_add(k->wr, NULL);
		return;
	}
	while (k->head && !k->dead) {
		if (send(k->fd, k->head->m->data, k->head->m->len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
			if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS)
				client_die(k);
			else
				event_add(k->wr, NULL);
			return;
		}
		drop_first(k);
	}
	if (k->dumping && !k->dead) {
		k->dumping = false;
		if (cw_pfkey_resume(k->s->engine, k->c, clock_now_ns()) && !k->dead) {
			k->dumping = true;
			event_add(k->wr, NULL);
		}
	}
}

static bool
enqueue(struct sadb_client *k, const uint8_t *msg, size_t len)
{
	struct queued *q = k->waiting + len <= SADB_QUEUE ? malloc(sizeof(*q)) : NULL;

	if (q == NULL || (q->m = octets_get(k->s, msg, len)) == NULL) {
		free(q);
		client_cut(k);
		return true;
	}
	q->next = NULL;
	*k->tail = q;
	k->tail = &q->next;
	k->waiting += len;
	if (k->head == q)
		event_add(k->wr, NULL);
	return true;
}

bool
sadb_out(struct sadb *s, void *client, const uint8_t *msg, size_t len, bool may_refuse)
{
	struct sadb_client *k = client;

	if (k->dead || k->cut)
		return true;
	if (k->head == NULL) {
		if (send(k->fd, msg, len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			return true;
		if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS) {
			client_die(k);
			return true;
		}
	}
	if (may_refuse) {
		k->dumping = true;
		event_add(k->wr, NULL);
		return false;
	}
	return enqueue(k, msg, len);
}

bool
sadb_client(struct sadb *s, int fd, unsigned flags)
{
	struct sadb_client *k = s->n < SADB_CLIENTS ? calloc(1, sizeof(*k)) : NULL;

	if (k == NULL) {
		close(fd);
		return false;
	}
	k->s = s;
	k->fd = fd;
	k->tail = &k->head;
	s->n++;
	k->c = cw_client_open(s->engine, k, flags, 0);
	k->rd = event_new(s->base, fd, EV_READ | EV_PERSIST, on_readable, k);
	k->wr = event_new(s->base, fd, EV_WRITE, on_writable, k);
	if (k->c == NULL || k->rd == NULL || k->wr == NULL || event_add(k->rd, NULL) != 0) {
		client_free(k);
		return false;
	}
	k->next = s->clients;
	s->clients = k;
	return true;
}

static void
on_accept(evutil_socket_t listener, short what, void *arg)
{
	struct sadb *s = arg;
	struct ucred who;
	socklen_t n = sizeof(who);
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) < 0 || who.uid != 0 ||
	    s->n >= SADB_CLIENTS - SADB_KEPT) {
		close(fd);
		return;
	}
	sadb_client(s, fd, CW_CLIENT_KEYS);
}

bool
sadb_listen(struct sadb *s, int fd)
{
	s->listen_fd = fd;
	s->listener = event_new(s->base, fd, EV_READ | EV_PERSIST, on_accept, s);
	return s->listener && event_add(s->listener, NULL) == 0;
}

void
sadb_turn_end(struct sadb *s)
{
	struct sadb_client **at = &s->clients;

	octets_forget(s);
	if (!s->dying)
		return;
	s->dying = false;
	while (*at) {
		struct sadb_client *k = *at;

		if (!k->dead) {
			at = &k->next;
			continue;
		}
		*at = k->next;
		client_free(k);
	}
}

void
sadb_fini(struct sadb *s)
{
	while (s->clients) {
		struct sadb_client *k = s->clients;

		s->clients = k->next;
		client_free(k);
	}
	octets_forget(s);
	if (s->listener)
		event_free(s->listener);
	if (s->listen_fd >= 0)
		close(s->listen_fd);
	s->listener = NULL;
	s->listen_fd = -1;
}
