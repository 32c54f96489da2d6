/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The same question over TCP, for an answer that does not fit into a datagram (RFC 1035 4.2.2, RFC 7766 5): two octets of length before the
 * question and before the answer. The server has the time of one more datagram for it.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "resolve.h"

/* More of the answer; true: there is no more to come, whole or not. */
static bool
receive(struct question *q)
{
	for (;;) {
		size_t want = q->nin < 2 ? 2 : 2u + ((size_t)q->in[0] << 8 | q->in[1]);
		ssize_t n;

		if (q->nin == want && q->nin > 2)
			return true;
		n = recv(q->fd, q->in + q->nin, want - q->nin, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return false;
		if (n <= 0) {
			q->nin = 0;
			return true;
		}
		q->nin += (size_t)n;
		if (q->nin == 2 && q->in[0] == 0 && q->in[1] == 0) {	/* an answer of no octets */
			q->nin = 0;
			return true;
		}
	}
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct question *q = arg;

	(void)fd, (void)what;
	if (receive(q))
		question_answered(q, q->nin ? bytes_of(q->in + 2, q->nin - 2) : bytes_of(NULL, 0));
}

/* Connected, or refused: then sending fails. */
static void
on_connected(evutil_socket_t fd, short what, void *arg)
{
	struct question *q = arg;
	uint8_t buf[512];
	size_t n = dns_question(q->id, q->l->host, q->type, buf + 2, sizeof(buf) - 2);

	(void)what;
	event_free(q->ev);
	q->ev = NULL;
	buf[0] = (uint8_t)(n >> 8);
	buf[1] = (uint8_t)n;
	if (n && send(fd, buf, n + 2, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)n + 2)
		q->ev = event_new(q->l->r->base, fd, EV_READ | EV_PERSIST, on_readable, q);
	if (!q->ev || event_add(q->ev, NULL) != 0)
		question_answered(q, bytes_of(NULL, 0));
}

bool
question_by_tcp(struct question *q, const struct endpoint *server)
{
	struct sockaddr_storage ss;
	socklen_t len = endpoint_to_sa(server, &ss);

	q->in = malloc(2 + 0xffff);
	q->nin = 0;
	q->fd = socket(server->addr.fam == 4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (!q->in || q->fd < 0 || (connect(q->fd, (struct sockaddr *)&ss, len) != 0 && errno != EINPROGRESS))
		return false;
	q->ev = event_new(q->l->r->base, q->fd, EV_WRITE, on_connected, q);
	return q->ev && event_add(q->ev, NULL) == 0;
}
