/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ask.h"
#include "dial.h"

/* ---- what came ---- */

/* The value of a header in lines that end with CRLF; NULL: it is not there. */
static const char *
header(const char *p, const char *end, const char *name, size_t *len)
{
	size_t n = strlen(name);

	for (; p < end; p = memchr(p, '\n', (size_t)(end - p)), p = p ? p + 1 : end) {
		const char *stop;

		if ((size_t)(end - p) <= n || strncasecmp(p, name, n) != 0 || p[n] != ':')
			continue;
		stop = memchr(p, '\r', (size_t)(end - p));
		for (p += n + 1; p < end && *p == ' '; p++)
			continue;
		*len = stop && stop > p ? (size_t)(stop - p) : 0;
		return p;
	}
	return NULL;
}

bool
answer_decode(const char *p, size_t n, int *status, size_t *body, size_t *len)
{
	const char *end = n ? memmem(p, n, "\r\n\r\n", 4) : NULL, *value;
	size_t digits = 0, want = 0, value_n = 0;

	/* "HTTP/1.1 200 OK" */
	if (!end || n < 12 || memcmp(p, "HTTP/1.", 7) != 0 || p[8] != ' ')
		return false;
	*status = 0;
	for (int i = 9; i < 12; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		*status = *status * 10 + (p[i] - '0');
	}
	*body = (size_t)(end - p) + 4;
	*len = n - *body;
	if (header(p, end, "Transfer-Encoding", &value_n))
		return false;
	value = header(p, end + 2, "Content-Length", &value_n);
	for (; value && digits < value_n && digits < 9 && value[digits] >= '0' && value[digits] <= '9'; digits++)
		want = want * 10 + (size_t)(value[digits] - '0');
	if (value && (digits == 0 || digits != value_n || want > *len))
		return false;
	if (value)
		*len = want;
	return *status >= 200 && *status <= 599;
}

/* ---- asking ---- */

static long long
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool
wait_for(int fd, short what, long long until)
{
	struct pollfd p = { fd, what, 0 };
	long long left = until - now_ms();

	return left > 0 && poll(&p, 1, (int)left) > 0;
}

static bool
send_all(int fd, const char *p, size_t n, long long until)
{
	while (n > 0) {
		ssize_t sent = wait_for(fd, POLLOUT, until) ? send(fd, p, n, MSG_NOSIGNAL) : -1;

		/* Who refuses a body early has answered already. */
		if (sent < 0)
			return errno == EPIPE || errno == ECONNRESET;
		p += sent;
		n -= (size_t)sent;
	}
	return true;
}

static char *
receive(int fd, size_t *n, long long until)
{
	size_t cap = 16384;
	char *p = malloc(cap), *grown;
	ssize_t got = 1;

	*n = 0;
	while (p && got > 0) {
		if (*n == cap) {
			grown = cap < ASK_MAX ? realloc(p, cap * 2) : NULL;
			if (!grown)
				break;
			p = grown;
			cap *= 2;
		}
		got = wait_for(fd, POLLIN, until) ? recv(fd, p + *n, cap - *n, 0) : -1;
		if (got > 0)
			*n += (size_t)got;
	}
	if (got == 0)
		return p;
	free(p);
	return NULL;
}

static void
exchange(int fd, struct answer *a, const char *head, size_t head_n, const char *body, unsigned deadline_s)
{
	long long until = now_ms() + (long long)deadline_s * 1000;
	size_t n = 0, at, len;
	char *p = NULL;

	if (send_all(fd, head, head_n, until) && (!body || send_all(fd, body, strlen(body), until)))
		p = receive(fd, &n, until);
	if (p && answer_decode(p, n, &a->status, &at, &len)) {
		a->body = len ? json_loadb(p + at, len, JSON_REJECT_DUPLICATES, NULL) : NULL;
	} else {
		a->status = 0;
		snprintf(a->why, sizeof(a->why), p ? "spdsync's answer could not be read." : "spdsync did not answer in time.");
	}
	free(p);
}

void
ask(const struct asker *w, struct answer *a, const char *method, const char *path, const char *body, unsigned deadline_s)
{
	char head[6144];
	int fd, n;

	memset(a, 0, sizeof(*a));
	n = snprintf(head, sizeof(head), "%s %s HTTP/1.1\r\nHost: causeway\r\nConnection: close\r\nX-Causeway-Client: %s\r\n%s%s%s%s%zu\r\n\r\n", method, path,
	    w->client, w->token[0] ? "Authorization: Bearer " : "", w->token, w->token[0] ? "\r\n" : "",
	    "Content-Type: application/octet-stream\r\nContent-Length: ", body ? strlen(body) : 0);
	if (n < 0 || (size_t)n >= sizeof(head)) {
		snprintf(a->why, sizeof(a->why), "The question is too long.");
		return;
	}
	fd = dial_unix(w->socket, SOCK_STREAM | SOCK_NONBLOCK);
	if (fd < 0) {
		snprintf(a->why, sizeof(a->why), "spdsync cannot be reached (%s). On the gateway: ikectl status.", strerror(errno));
		return;
	}
	exchange(fd, a, head, (size_t)n, body, deadline_s);
	explicit_bzero(head, sizeof(head));
	close(fd);
}

void
answer_free(struct answer *a)
{
	json_decref(a->body);
	a->body = NULL;
}

/* ---- members ---- */

const char *
js_str(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : "";
}

long long
js_int(const json_t *j, const char *key)
{
	return json_integer_value(json_object_get(j, key));
}

bool
js_is(const json_t *j, const char *key)
{
	return json_is_true(json_object_get(j, key));
}

bool
js_has(const json_t *j, const char *key)
{
	const json_t *v = json_object_get(j, key);

	return v && !json_is_null(v);
}
