/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP by libevent's evhttp over Unix listeners that the supervisor opened. One request a connection, a bounded number of connections
 * (door.h) and of requests at a time, bounded bodies, and time limits on both: a dead reader costs one slot for a minute and a half, or
 * until another one needs it (leaving.h).
 * Who may connect is decided by the sockets' modes; on api-ro only GET is served, and on the panel's everybody shows a session or a token. What a
 * route takes is a column of its row, looked at here and nowhere else.
 */
#include <event2/bufferevent.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "account.h"
#include "apiserve.h"
#include "door.h"
#include "files.h"
#include "leaving.h"
#include "log.h"
#include "routes.h"

#define GET_WAIT_S	3
#define LOOK_S		1

/* ---- arrival ---- */

/* fgetpwent reads the file alone: no name service, no library that would have to be loaded in the sandbox. */
static void
author_of(struct req *r, struct evhttp_request *http)
{
	struct bufferevent *b = evhttp_connection_get_bufferevent(evhttp_request_get_connection(http));
	struct ucred who;
	socklen_t n = sizeof(who);
	struct passwd *pw;
	FILE *f;

	if (getsockopt(bufferevent_getfd(b), SOL_SOCKET, SO_PEERCRED, &who, &n) != 0) {
		snprintf(r->author, sizeof(r->author), "unknown");
		return;
	}
	snprintf(r->author, sizeof(r->author), "uid-%u", (unsigned)who.uid);
	snprintf(r->origin, sizeof(r->origin), "%s.sock, process %d", r->l->rw ? "rw" : "ro", (int)who.pid);
	f = fopen("/etc/passwd", "re");
	while (f && (pw = fgetpwent(f)) != NULL)
		if (pw->pw_uid == who.uid) {
			snprintf(r->author, sizeof(r->author), "%s", pw->pw_name);
			break;
		}
	if (f)
		fclose(f);
}

/* A question is answered within seconds also when a neighbour hangs: with what is known, or with an error. */
static void
on_late(evutil_socket_t fd, short what, void *arg)
{
	struct req *r = arg;

	(void)fd, (void)what;
	if (r->counted) {
		void (*next)(struct req *, json_t *) = r->counted;

		if (r->call)
			ipc_cancel(r->call_link, r->call);
		r->call = 0;
		r->counted = NULL;
		if (req_timer(r, GET_WAIT_S, on_late)) {
			next(r, NULL);
			return;
		}
	}
	sas_cancel(r->s, r);
	if (r->late)
		r->late(r);
	else
		req_error(r, 504, R_ENGINE_DOWN, "The engine does not answer.", NULL);
}

static void
dispatch(struct req *r, const char *path)
{
	enum evhttp_cmd_type method = evhttp_request_get_command(r->http);
	bool path_known = false;

	for (size_t i = 0; i < nroutes; i++) {
		if (!route_fits(routes[i].path, path, r->name, sizeof(r->name)))
			continue;
		path_known = true;
		if (routes[i].method != method)
			continue;
		if (method != EVHTTP_REQ_GET && routes[i].proof != ASKED && !r->l->rw && !r->l->panel) {
			req_error(r, 403, R_NOT_PERMITTED, "This socket only answers questions.", "Use rw.sock with an account of the group causeway-admin.");
			return;
		}
		if (!may_do(r, routes[i].role) || (routes[i].proof == PROVED && !has_proof(r)))
			return;
		if (method == EVHTTP_REQ_GET && !req_timer(r, GET_WAIT_S, on_late)) {
			req_error(r, 503, R_NO_MEMORY, NULL, NULL);
			return;
		}
		routes[i].run(r);
		return;
	}
	if (path_known)
		req_error(r, 405, R_REQUEST_INVALID, "This route has another method.", "");
	else
		req_error(r, 404, R_NOT_FOUND, "There is no such route.", "The routes are described in doc/api.md.");
}

static bool
parse_query(struct req *r, const struct evhttp_uri *uri)
{
	const char *q = uri ? evhttp_uri_get_query(uri) : NULL, *file;

	if (q && evhttp_parse_query_str(q, &r->query) != 0)
		return false;
	file = req_query(r, "file");
	snprintf(r->file, sizeof(r->file), "%s", file ? file : "");
	return true;
}

static void
look_soon(struct api *a)
{
	struct timeval tv = { LOOK_S, 0 };

	if (!event_pending(a->look, EV_TIMEOUT, NULL))
		event_add(a->look, &tv);
}

/* Requests whose clients are gone are given up, and their places with them. */
static void
on_look(evutil_socket_t fd, short what, void *arg)
{
	struct api *a = arg;
	struct req *r = a->reqs;

	(void)fd, (void)what;
	while (r) {
		if (r->http && client_gone(r->http)) {
			evhttp_connection_free(evhttp_request_get_connection(r->http));		/* the request ends, and perhaps others behind it */
			r = a->reqs;
		} else
			r = r->next;
	}
	if (a->reqs)
		look_soon(a);
}

/* evhttp reads a body before we hear of its request, so a long one needs a request before it that says who comes (GET /v1/self). */
static void
body_limit(struct req *r)
{
	if (r->l->panel)
		evhttp_connection_set_max_body_size(evhttp_request_get_connection(r->http), r->grant.role >= ROLE_EDITOR ? API_BODY_MAX : API_BODY_FIRST);
}

static void
on_request(struct evhttp_request *http, void *arg)
{
	struct listener *l = arg;
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(http);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
	struct req *r;

	door_asked(l->door, http);
	client_heard(http);
	look_soon(l->api);
	r = l->open < API_OPEN_MAX || leaving_make_room(l) ? req_new(l, http) : NULL;
	if (!r) {
		req_busy(http);
		return;
	}
	author_of(r, http);
	who_asks(r);
	body_limit(r);
	if (!path || !parse_query(r, uri)) {
		req_error(r, 400, R_REQUEST_INVALID, "The request's address is malformed.", "");
		return;
	}
	dispatch(r, path);
}

/* ---- the server ---- */

struct api *
api_new(struct sync *s)
{
	struct api *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->s = s;
	a->hashing = hashing_new(s->base);
	a->look = evtimer_new(s->base, on_look, a);
	if (a->hashing && a->look)
		return a;
	api_free(a);
	return NULL;
}

int
api_take_file(struct api *a, const char *ticket)
{
	return files_take(a->files, ticket);
}

static void
listen_files(struct api *a, int fd)
{
	if (a->files == NULL)
		a->files = files_new(a->s->base);
	if (a->files)
		files_listen(a->files, fd);
	else
		close(fd);
}

void
api_listen(struct api *a, const char *name, int fd)
{
	struct listener *l = &a->l[a->nl];

	if (strcmp(name, "api-files") == 0) {
		listen_files(a, fd);
		return;
	}
	if (a->nl == sizeof(a->l) / sizeof(a->l[0]) || !(l->http = evhttp_new(a->s->base))) {
		close(fd);
		return;
	}
	l->api = a;
	l->rw = strcmp(name, "api-rw") == 0;
	l->panel = strcmp(name, "api-panel") == 0;
	/* Only who may apply has much to say: everybody else's bodies would be memory for nothing. */
	evhttp_set_max_body_size(l->http, l->rw ? API_BODY_MAX : l->panel ? API_BODY_FIRST : API_BODY_ASK);
	evhttp_set_max_headers_size(l->http, 16384);
	evhttp_set_allowed_methods(l->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE);
	evhttp_set_timeout(l->http, 90);
	evhttp_set_gencb(l->http, on_request, l);
	evutil_make_socket_nonblocking(fd);
	if ((l->door = door_new(a->s->base, l->http, fd)) == NULL) {
		log_error(NULL, "api", "The socket '%s' cannot be served.", name);
		evhttp_free(l->http);
		return;
	}
	a->nl++;
}

void
api_free(struct api *a)
{
	if (!a)
		return;
	for (unsigned i = 0; i < a->nl; i++) {
		evhttp_free(a->l[i].http);	/* its connections end, and their requests with them */
		door_free(a->l[i].door);
	}
	while (a->reqs) {
		a->reqs->http = NULL;
		req_free(a->reqs);
	}
	files_free(a->files);
	hashing_free(a->hashing);
	if (a->look)
		event_free(a->look);
	free(a);
}
