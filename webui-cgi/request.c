/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Only the variables named here are looked at; no header gives anybody an identity or another address ("Proxy:" and X-Forwarded-For are nothing to
 * us). Whether a form is ours is what the browser says: Sec-Fetch-Site, and for browsers that do not send it, Origin.
 */
#include <stdio.h>
#include <string.h>

#include "request.h"

#define COOKIE	"__Host-causeway="

static const char *
get(char *const *env, const char *name)
{
	size_t n = strlen(name);

	for (; *env; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return *env + n + 1;
	return "";
}

static bool
copy(char *to, size_t cap, const char *from)
{
	size_t n = strnlen(from, cap);

	if (n == cap)
		return false;
	memcpy(to, from, n + 1);
	return true;
}

static bool
made_of(const char *s, const char *more)
{
	for (; *s; s++)
		if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9') || strchr(more, *s)))
			return false;
	return true;
}

/* The path names things of ours: letters, digits and a few signs; the server has decoded it already. */
static bool
take_path(struct request *r, char *const *env)
{
	size_t n;

	if (!copy(r->base, sizeof(r->base), get(env, "SCRIPT_NAME")) || !copy(r->path, sizeof(r->path), get(env, "PATH_INFO")))
		return false;
	if (!made_of(r->base, "/._-") || !made_of(r->path, "/._-") || strstr(r->path, "//") || strstr(r->path, ".."))
		return false;
	n = strlen(r->base);
	if (n && r->base[n - 1] == '/')
		r->base[n - 1] = '\0';
	if (r->path[0] == '\0')
		strcpy(r->path, "/");
	return r->path[0] == '/' && (r->base[0] == '\0' || (r->base[0] == '/' && r->base[1] != '/'));
}

/* RFC 6265 4.2.1. One that comes twice is nobody's. */
static void
take_cookie(struct request *r, const char *s)
{
	bool seen = false;

	while (*s) {
		size_t n = strcspn(s, ";"), head = sizeof(COOKIE) - 1;

		if (n > head && strncmp(s, COOKIE, head) == 0) {
			if (seen || n - head >= sizeof(r->session)) {
				r->session[0] = '\0';
				return;
			}
			memcpy(r->session, s + head, n - head);
			r->session[n - head] = '\0';
			seen = true;
		}
		s += n;
		s += strspn(s, "; ");
	}
	if (!made_of(r->session, "_-"))
		r->session[0] = '\0';
}

static void
take_origin(struct request *r, char *const *env)
{
	const char *site = get(env, "HTTP_SEC_FETCH_SITE"), *mode = get(env, "HTTP_SEC_FETCH_MODE"), *origin = get(env, "HTTP_ORIGIN");
	const char *host = get(env, "HTTP_HOST");
	size_t n = r->tls ? 8 : 7;

	r->by_script = *mode && strcmp(mode, "navigate") != 0;
	r->strange = strcmp(site, "cross-site") == 0 && strcmp(mode, "navigate") != 0;
	if (*site)
		r->foreign = strcmp(site, "same-origin") != 0;
	else
		r->foreign = true;
	/* An origin that is there must be ours, whatever else was said. */
	if (*origin)
		r->foreign = (*site && r->foreign) || !*host || strncmp(origin, r->tls ? "https://" : "http://", n) != 0 || strcmp(origin + n, host) != 0;
}

static bool
take_length(struct request *r, const char *s)
{
	if (strlen(s) > 9 || strspn(s, "0123456789") != strlen(s))
		return false;
	r->body = 0;
	for (; *s; s++)
		r->body = r->body * 10 + (size_t)(*s - '0');
	return true;
}

static bool
is_form(const char *type)
{
	static const char form[] = "application/x-www-form-urlencoded";
	size_t n = sizeof(form) - 1;

	return strncmp(type, form, n) == 0 && (type[n] == '\0' || type[n] == ';');
}

static bool
too_long(char *const *env)
{
	for (; *env; env++)
		if (strnlen(*env, REQUEST_VALUE) == REQUEST_VALUE)
			return true;
	return false;
}

enum verdict
request_decode(struct request *r, char *const *env)
{
	const char *method = get(env, "REQUEST_METHOD"), *query = get(env, "QUERY_STRING"), *tls = get(env, "HTTPS");

	memset(r, 0, sizeof(*r));
	if (too_long(env))
		return RQ_LONG;
	r->head = strcmp(method, "HEAD") == 0;
	r->method = strcmp(method, "POST") == 0 ? M_POST : M_GET;
	if (r->method == M_GET && !r->head && strcmp(method, "GET") != 0)
		return RQ_METHOD;
	r->tls = strcmp(tls, "on") == 0 || strcmp(tls, "1") == 0;
	if (!copy(r->client, sizeof(r->client), get(env, "REMOTE_ADDR")) || !made_of(r->client, ".:%") || !r->client[0] || !take_path(r, env))
		return RQ_BAD;
	if (!r->tls && strncmp(r->client, "127.", 4) != 0 && strcmp(r->client, "::1") != 0)
		return RQ_CLEAR;
	take_cookie(r, get(env, "HTTP_COOKIE"));
	take_origin(r, env);
	if (!take_length(r, get(env, "CONTENT_LENGTH")))
		return RQ_BAD;
	if (r->body > FIELDS_OCTETS)
		return RQ_LONG;
	if (r->method == M_POST && !is_form(get(env, "CONTENT_TYPE")))
		return RQ_TYPE;
	if (r->method == M_GET && r->body)
		return RQ_BAD;
	return fields_decode(&r->query, query, strlen(query)) ? RQ_OK : RQ_BAD;
}

void
request_free(struct request *r)
{
	fields_free(&r->query);
}
