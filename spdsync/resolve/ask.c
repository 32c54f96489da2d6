/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "resolve.h"

#define FILE_MAX	(1u << 20)	/* of a hosts file that is read */

/* The octets of a small file, or NULL; *n their number. */
static uint8_t *
slurp(const char *name, size_t *n)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	uint8_t *buf = fd >= 0 ? malloc(FILE_MAX) : NULL;
	ssize_t k = 0;

	*n = 0;
	while (buf && *n < FILE_MAX && (k = read(fd, buf + *n, FILE_MAX - *n)) > 0)
		*n += (size_t)k;
	if (fd >= 0)
		close(fd);
	return buf;
}

bool
resolver_sees(const struct resolver *r)
{
	const char *const names[] = { r->conf, r->hosts };

	for (unsigned i = 0; i < 2; i++) {
		int fd = open(names[i], O_RDONLY | O_CLOEXEC);

		if (fd < 0 && errno == EACCES)
			return false;
		if (fd >= 0)
			close(fd);
	}
	return true;
}

static void
question_close(struct question *q)
{
	if (q->ev)
		event_free(q->ev);
	q->ev = NULL;
	if (q->fd >= 0)
		close(q->fd);
	q->fd = -1;
	free(q->in);
	q->in = NULL;
}

void
lookup_stop(struct lookup *l)
{
	for (unsigned i = 0; i < 2; i++)
		question_close(&l->q[i]);
	if (l->timer)
		event_free(l->timer);
	l->timer = NULL;
}

static const char *
server_name(const struct lookup *l, char buf[static ADDR_STR])
{
	return addr_str(&l->server[l->tries % l->nservers], buf);
}

/* Both questions are over: what do they say together? A server that tells nothing of IPv6 does not take the IPv4 address away. */
static void
finish(struct lookup *l)
{
	const struct question *a = &l->q[0], *b = &l->q[1];
	struct resolved m = { .id = l->id, .ttl_s = RESOLVE_TTL_MAX };

	for (unsigned i = 0; i < 2; i++)
		for (unsigned k = 0; k < l->q[i].got.n && m.n < RESOLVE_ADDRS; k++) {
			m.addr[m.n++] = l->q[i].got.addr[k];
			if (l->q[i].got.ttl_s < m.ttl_s)
				m.ttl_s = l->q[i].got.ttl_s;
		}
	m.reason = (uint16_t)(a->reason != R_OK ? a->reason : m.n == 0 && b->reason != R_OK ? b->reason : m.n == 0 ? R_HOST_UNKNOWN : R_OK);
	if (m.reason != R_OK) {
		m.n = 0;
		m.ttl_s = 0;
		snprintf(m.detail, sizeof(m.detail), "%s", l->detail);
	}
	if (m.reason == R_HOST_UNKNOWN)
		snprintf(m.detail, sizeof(m.detail), "%s", a->got.rcode == DNS_NXDOMAIN ? "there is no such name" : "the name has no address");
	lookup_end(l, &m);
}

static void
question_over(struct question *q, enum reason reason)
{
	q->over = true;
	q->reason = reason;
	question_close(q);
	if (q->l->q[0].over && q->l->q[1].over)
		finish(q->l);
}

static struct endpoint
server_of(const struct lookup *l)
{
	return (struct endpoint){ l->server[l->tries % l->nservers], l->r->port };
}

static void
failed(struct question *q, const char *sentence, unsigned code)
{
	char server[ADDR_STR];

	memset(&q->got, 0, sizeof(q->got));
	q->reason = R_DNS_FAILED;
	snprintf(q->l->detail, sizeof(q->l->detail), sentence, server_name(q->l, server), code);
	question_close(q);
}

static void
wait_for_server(struct lookup *l)
{
	struct timeval tv = { LOOKUP_WAIT_MS / 1000, LOOKUP_WAIT_MS % 1000 * 1000 };

	event_add(l->timer, &tv);
}

/* It is asked by TCP, once; it has its time again for that. */
static void
ask_again(struct question *q)
{
	struct endpoint to = server_of(q->l);

	question_close(q);
	if (question_by_tcp(q, &to))
		wait_for_server(q->l);
	else
		failed(q, "the answer of %s does not fit into a datagram, and it cannot be asked by TCP (code %u)", 0);
}

/* What the server says is taken unless the server only says that it cannot: then the next one is asked when its turn comes. */
static void
take_answer(struct question *q, const struct dns_answer *a)
{
	bool tcp = q->in != NULL;

	q->got = *a;
	if (a->cut && !tcp)
		ask_again(q);
	else if (!a->cut && (a->rcode == DNS_NOERROR || a->rcode == DNS_NXDOMAIN))
		question_over(q, R_OK);
	else
		failed(q, a->cut ? "the answer of %s is cut off by TCP too (code %u)" : "%s answers with error code %u", a->rcode);
}

void
question_answered(struct question *q, struct bytes in)
{
	struct dns_answer a;

	if (in.n && dns_answer(in, q->id, q->l->host, q->type, &a))
		take_answer(q, &a);
	else
		failed(q, "the answer of %s does not fit into a datagram, and by TCP it gives none (code %u)", 0);
}

static void
on_answer(evutil_socket_t fd, short what, void *arg)
{
	struct question *q = arg;
	uint8_t buf[4096];
	ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	struct dns_answer a;

	(void)what;
	if (n < 0 && errno != EAGAIN && errno != EINTR) {	/* nobody listens there */
		question_close(q);
		return;
	}
	if (n > 0 && dns_answer(bytes_of(buf, (size_t)n), q->id, q->l->host, q->type, &a))
		take_answer(q, &a);
}

static bool
question_send(struct question *q)
{
	struct endpoint to = server_of(q->l);
	struct sockaddr_storage ss;
	socklen_t len = endpoint_to_sa(&to, &ss);
	uint8_t buf[512];
	size_t n;

	if (getrandom(&q->id, sizeof(q->id), 0) != (ssize_t)sizeof(q->id))
		return false;
	n = dns_question(q->id, q->l->host, q->type, buf, sizeof(buf));
	q->fd = socket(to.addr.fam == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (n == 0 || q->fd < 0 || connect(q->fd, (struct sockaddr *)&ss, len) != 0 || send(q->fd, buf, n, 0) != (ssize_t)n)
		return false;
	q->ev = event_new(q->l->r->base, q->fd, EV_READ | EV_PERSIST, on_answer, q);
	return q->ev && event_add(q->ev, NULL) == 0;
}

static void
ask(struct lookup *l)
{
	for (unsigned i = 0; i < 2; i++)
		if (!l->q[i].over && !question_send(&l->q[i]))
			question_close(&l->q[i]);
	wait_for_server(l);
}

/* The time of a server is over: the next one, or the end. */
static void
on_time(evutil_socket_t fd, short what, void *arg)
{
	struct lookup *l = arg;
	char server[ADDR_STR];

	(void)fd, (void)what;
	for (unsigned i = 0; i < 2; i++) {
		if (!l->q[i].over && l->q[i].reason == R_OK)
			snprintf(l->detail, sizeof(l->detail), "%s does not answer", server_name(l, server));
		question_close(&l->q[i]);
	}
	if (++l->tries < LOOKUP_ROUNDS * l->nservers) {
		ask(l);
		return;
	}
	for (unsigned i = 0; i < 2; i++)
		if (!l->q[i].over) {
			l->q[i].over = true;
			if (l->q[i].reason == R_OK)
				l->q[i].reason = R_DNS_SILENT;
		}
	finish(l);
}

/* What the hosts file says needs no DNS. */
static bool
from_hosts(struct lookup *l)
{
	struct resolved m = { .id = l->id, .ttl_s = HOSTS_TTL_S };
	size_t n;
	uint8_t *text = slurp(l->r->hosts, &n);

	if (text)
		m.n = (uint8_t)dns_hosts(bytes_of(text, n), l->host, m.addr);
	free(text);
	if (m.n)
		lookup_end(l, &m);
	return m.n != 0;
}

/* Ends from the loop, never from within lookup_next(). */
void
lookup_start(struct lookup *l)
{
	size_t n;
	uint8_t *text;

	if (from_hosts(l))
		return;
	text = slurp(l->r->conf, &n);
	if (text)
		l->nservers = dns_servers(bytes_of(text, n), l->server);
	free(text);
	if (l->nservers == 0)		/* resolv.conf(5): the one on this machine */
		l->server[l->nservers++] = (struct addr){ .fam = 4, .b = { 127, 0, 0, 1 } };
	l->timer = event_new(l->r->base, -1, 0, on_time, l);
	if (l->timer)
		ask(l);
	else
		lookup_end(l, &(struct resolved){ .id = l->id, .reason = R_DNS_FAILED, .detail = "there is not enough memory" });
}
