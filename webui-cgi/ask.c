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

#define HEAD_MAX 16384u	/* octets before the body of an answer */

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

enum answered
answer_decode(const char *p, size_t n, int *status, size_t *body, size_t *len)
{
	const char *end = n ? memmem(p, n, "\r\n\r\n", 4) : NULL, *value;
	size_t digits = 0, want = 0, value_n = 0;

	if (!end)
		return n <= HEAD_MAX ? ANSWER_MORE : ANSWER_BAD;
	/* "HTTP/1.1 200 OK" */
	if (end - p < 12 || memcmp(p, "HTTP/1.", 7) != 0 || p[8] != ' ')
		return ANSWER_BAD;
	*status = 0;
	for (int i = 9; i < 12; i++) {
		if (p[i] < '0' || p[i] > '9')
			return ANSWER_BAD;
		*status = *status * 10 + (p[i] - '0');
	}
	if (*status < 200 || *status > 599 || header(p, end, "Transfer-Encoding", &value_n))
		return ANSWER_BAD;
	value = header(p, end + 2, "Content-Length", &value_n);
	for (; value && digits < value_n && digits < 9 && value[digits] >= '0' && value[digits] <= '9'; digits++)
		want = want * 10 + (size_t)(value[digits] - '0');
	if (!value || digits == 0 || digits != value_n || want > ASK_MAX)
		return ANSWER_BAD;
	*body = (size_t)(end - p) + 4;
	*len = want;
	return n - *body < want ? ANSWER_MORE : n - *body == want ? ANSWER_OK : ANSWER_BAD;
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

/* Octets until they are an answer; NULL: none came in time, or it is none, and why says which. */
static char *
receive(int fd, struct answer *a, size_t *at, size_t *len, long long until)
{
	enum answered got = ANSWER_MORE;
	size_t cap = 16384, n = 0;
	char *p = malloc(cap), *grown;
	ssize_t r = 1;

	while (p && got == ANSWER_MORE && r > 0) {
		if (n == cap) {
			grown = cap < ASK_MAX + HEAD_MAX ? realloc(p, cap * 2) : NULL;
			if (!grown)
				break;
			p = grown;
			cap *= 2;
		}
		r = wait_for(fd, POLLIN, until) ? recv(fd, p + n, cap - n, 0) : -1;
		if (r > 0) {
			n += (size_t)r;
			got = answer_decode(p, n, &a->status, at, len);
		}
	}
	if (got == ANSWER_OK)
		return p;
	free(p);
	snprintf(a->why, sizeof(a->why), r < 0 ? "spdsync did not answer in time." : "spdsync's answer could not be read.");
	a->status = 0;
	return NULL;
}

static void
exchange(struct asker *w, struct answer *a, const char *head, size_t head_n, const char *body, unsigned deadline_s)
{
	long long until = now_ms() + (long long)deadline_s * 1000;
	char *p = NULL;
	size_t at, len;

	if (send_all(w->fd, head, head_n, until) && (!body || send_all(w->fd, body, strlen(body), until)))
		p = receive(w->fd, a, &at, &len, until);
	else
		snprintf(a->why, sizeof(a->why), "spdsync did not take the question in time.");
	if (p)
		a->body = len ? json_loadb(p + at, len, JSON_REJECT_DUPLICATES, NULL) : NULL;
	else
		w->fd = -EPROTO;	/* what comes now may be the answer to this question, or the rest of it */
	free(p);
}

void
ask(struct asker *w, struct answer *a, const char *method, const char *path, const char *body, unsigned deadline_s)
{
	char head[6144];
	int n;

	memset(a, 0, sizeof(*a));
	n = snprintf(head, sizeof(head), "%s %s HTTP/1.1\r\nHost: causeway\r\nConnection: keep-alive\r\nX-Causeway-Client: %s\r\n%s%s%s%s%zu\r\n\r\n", method, path,
	    w->client, w->token[0] ? "Authorization: Bearer " : "", w->token, w->token[0] ? "\r\n" : "",
	    "Content-Type: application/octet-stream\r\nContent-Length: ", body ? strlen(body) : 0);
	if (n < 0 || (size_t)n >= sizeof(head))
		snprintf(a->why, sizeof(a->why), "The question is too long.");
	else if (w->fd < 0)
		snprintf(a->why, sizeof(a->why), "spdsync cannot be reached (%s). On the gateway: ikectl status.", strerror(-w->fd));
	else
		exchange(w, a, head, (size_t)n, body, deadline_s);
	explicit_bzero(head, sizeof(head));
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
