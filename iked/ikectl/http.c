/* SPDX-License-Identifier: BSD-2-Clause */
/* libcurl speaks HTTP; what it brings goes to answer.c. */
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "answer.h"
#include "http.h"

static size_t
on_octets(char *p, size_t size, size_t n, void *arg)
{
	return answer_add(arg, p, size * n) ? size * n : 0;
}

static CURL *
begin(struct http *h, const char *socket, const char *path, long timeout_s)
{
	CURL *c = curl_easy_init();
	char url[4200];

	memset(h, 0, sizeof(*h));
	if (!c) {
		snprintf(h->error, sizeof(h->error), "no memory");
		return NULL;
	}
	snprintf(url, sizeof(url), "http://causeway%s", path);
	curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, socket);
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, timeout_s);
	return c;
}

/* to: what the write function gets. */
static void
perform(struct http *h, CURL *c, void *to)
{
	long error = 0;
	CURLcode rc;

	curl_easy_setopt(c, CURLOPT_WRITEDATA, to);
	rc = curl_easy_perform(c);
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &h->status);
	if (rc == CURLE_OK)
		return;
	h->timed_out = rc == CURLE_OPERATION_TIMEDOUT;
	curl_easy_getinfo(c, CURLINFO_OS_ERRNO, &error);
	h->denied = error == EACCES || error == EPERM;
	snprintf(h->error, sizeof(h->error), "%s", curl_easy_strerror(rc));
	h->broken = 1;
}

/* Who waits at a terminal sees that something is waited for, and how long still. */
struct progress {
	time_t	 began, told;
	long	 timeout_s;
};

static int
on_waiting(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct progress *p = arg;
	struct timespec now;

	(void)a, (void)b, (void)c, (void)d;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec - p->began > p->told) {
		p->told = now.tv_sec - p->began;
		fprintf(stderr, "\r\033[Kwaiting: %ld s", (long)p->told);
		if (p->timeout_s)
			fprintf(stderr, " of at most %ld", p->timeout_s);
	}
	return 0;
}

static void
show_progress(CURL *c, struct progress *p, long timeout_s)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	*p = (struct progress){ .began = now.tv_sec, .timeout_s = timeout_s };
	if (!isatty(STDERR_FILENO))
		return;
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_waiting);
	curl_easy_setopt(c, CURLOPT_XFERINFODATA, p);
}

void
http_call(struct http *h, const char *socket, const char *method, const char *path, const char *type, const void *body, size_t n, long timeout_s)
{
	CURL *c = begin(h, socket, path, timeout_s);
	struct curl_slist *headers = NULL;
	struct answer a = { NULL, 0 };
	struct progress progress;
	char line[128];

	if (!c)
		return;
	if (body) {
		snprintf(line, sizeof(line), "Content-Type: %s", type);
		headers = curl_slist_append(headers, line);
		headers = curl_slist_append(headers, "Expect:");
		curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(c, CURLOPT_POST, 1L);
		curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)n);
	}
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_octets);
	show_progress(c, &progress, timeout_s);
	perform(h, c, &a);
	if (progress.told)
		fputs("\r\033[K", stderr);
	if (h->broken) {
		h->status = 0;
		a.n = 0;
	}
	h->body = answer_json(&a);
	curl_slist_free_all(headers);
	curl_easy_cleanup(c);
}

char *
http_text(struct http *h, const char *socket, const char *path, long timeout_s)
{
	CURL *c = begin(h, socket, path, timeout_s);
	struct answer a = { NULL, 0 };

	if (!c)
		return NULL;
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_octets);
	perform(h, c, &a);
	curl_easy_cleanup(c);
	if (h->broken)
		h->status = 0;
	if (h->status == 200 && a.p)
		return a.p;
	h->body = answer_json(&a);
	return NULL;
}

/* ---- an answer in lines ---- */

struct lines {
	CURL		*c;
	struct answer	 a;
	void		(*line)(void *, const char *);
	void		(*idle)(void *);
	void		*arg;
};

static size_t
on_lines(char *p, size_t size, size_t n, void *arg)
{
	struct lines *l = arg;
	size_t took = on_octets(p, size, n, &l->a);
	long status = 0;

	curl_easy_getinfo(l->c, CURLINFO_RESPONSE_CODE, &status);
	if (status == 200)
		answer_lines(&l->a, l->line, l->arg);
	return took;
}

static int
on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct lines *l = arg;

	(void)a, (void)b, (void)c, (void)d;
	l->idle(l->arg);
	return 0;
}

void
http_lines(struct http *h, const char *socket, const char *path, long timeout_s, void (*line)(void *, const char *), void (*idle)(void *), void *arg)
{
	struct lines l = { .line = line, .idle = idle, .arg = arg };

	l.c = begin(h, socket, path, timeout_s);
	if (!l.c)
		return;
	curl_easy_setopt(l.c, CURLOPT_WRITEFUNCTION, on_lines);
	if (idle) {
		curl_easy_setopt(l.c, CURLOPT_NOPROGRESS, 0L);
		curl_easy_setopt(l.c, CURLOPT_XFERINFOFUNCTION, on_progress);
		curl_easy_setopt(l.c, CURLOPT_XFERINFODATA, &l);
	}
	perform(h, l.c, &l);
	curl_easy_cleanup(l.c);
	if (h->status == 200)
		free(l.a.p);
	else
		h->body = answer_json(&l.a);
}

/* ---- an answer that is passed on ---- */

struct copy {
	CURL		*c;
	struct answer	 a;
	bool		(*take)(void *, const void *, size_t);
	void		*arg;
};

static size_t
on_copy(char *p, size_t size, size_t n, void *arg)
{
	struct copy *k = arg;
	long status = 0;

	curl_easy_getinfo(k->c, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200)
		return on_octets(p, size, n, &k->a);
	return k->take(k->arg, p, size * n) ? size * n : 0;
}

void
http_copy(struct http *h, const char *socket, const char *path, long timeout_s, bool (*take)(void *, const void *, size_t), void *arg)
{
	struct copy k = { .take = take, .arg = arg };

	k.c = begin(h, socket, path, timeout_s);
	if (!k.c)
		return;
	curl_easy_setopt(k.c, CURLOPT_POST, 1L);
	curl_easy_setopt(k.c, CURLOPT_POSTFIELDS, "");
	curl_easy_setopt(k.c, CURLOPT_WRITEFUNCTION, on_copy);
	perform(h, k.c, &k);
	curl_easy_cleanup(k.c);
	h->body = answer_json(&k.a);
}

void
http_free(struct http *h)
{
	json_decref(h->body);
	h->body = NULL;
}
