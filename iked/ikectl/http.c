/* SPDX-License-Identifier: BSD-2-Clause */
/* libcurl speaks HTTP; here is only what an answer may be: JSON, and at most 64 MiB of it. */
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"

#define ANSWER_MAX	(64u << 20)

struct answer {
	char	*p;
	size_t	 n;
};

static size_t
on_octets(char *p, size_t size, size_t n, void *arg)
{
	struct answer *a = arg;
	size_t more = size * n;
	char *grown;

	if (more > ANSWER_MAX - a->n)
		return 0;
	grown = realloc(a->p, a->n + more + 1);
	if (!grown)
		return 0;
	memcpy(grown + a->n, p, more);
	a->p = grown;
	a->n += more;
	return more;
}

static void
perform(struct http *h, CURL *c, const char *type)
{
	struct answer a = { NULL, 0 };
	struct curl_slist *headers = NULL;
	char line[128];
	long error = 0;
	CURLcode rc;

	if (type) {
		snprintf(line, sizeof(line), "Content-Type: %s", type);
		headers = curl_slist_append(headers, line);
		headers = curl_slist_append(headers, "Expect:");
		curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	}
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_octets);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, &a);
	rc = curl_easy_perform(c);
	if (rc == CURLE_OK) {
		curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &h->status);
		if (a.n)
			h->body = json_loadb(a.p, a.n, JSON_DECODE_ANY, NULL);
	} else {
		h->timed_out = rc == CURLE_OPERATION_TIMEDOUT;
		curl_easy_getinfo(c, CURLINFO_OS_ERRNO, &error);
		h->denied = error == EACCES || error == EPERM;
		snprintf(h->error, sizeof(h->error), "%s", curl_easy_strerror(rc));
	}
	curl_slist_free_all(headers);
	free(a.p);
}

void
http_call(struct http *h, const char *socket, const char *method, const char *path, const char *type, const void *body, size_t n, long timeout_s)
{
	CURL *c = curl_easy_init();
	char url[4200];

	memset(h, 0, sizeof(*h));
	if (!c) {
		snprintf(h->error, sizeof(h->error), "no memory");
		return;
	}
	snprintf(url, sizeof(url), "http://causeway%s", path);
	curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, socket);
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, timeout_s);
	if (body) {
		curl_easy_setopt(c, CURLOPT_POST, 1L);
		curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)n);
	}
	perform(h, c, body ? type : NULL);
	curl_easy_cleanup(c);
}

void
http_free(struct http *h)
{
	json_decref(h->body);
	h->body = NULL;
}
