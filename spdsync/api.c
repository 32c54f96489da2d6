/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP by libevent's evhttp over Unix listeners that the supervisor opened. One request a connection, a bounded number of connections
 * (door.h) and of requests at a time, bounded bodies, and time limits on both: a dead reader costs one slot for a minute and a half.
 * Who may connect is decided by the sockets' modes; on api-ro only GET is served.
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api.h"
#include "certs.h"
#include "clock.h"
#include "door.h"
#include "files.h"
#include "log.h"

#define GET_WAIT_S	3
#define CHECK_WAIT_S	1	/* for keymgr, once a revision is in force */

struct listener {
	struct api	*api;
	struct evhttp	*http;
	struct door	*door;
	bool		rw, panel;
	unsigned	open;		/* connections with a request, until their answer has left; a socket's readers fill its own slots only */
};

struct api {
	struct sync	*s;
	struct listener	l[8];
	unsigned	nl;
	struct files	*files;
	struct req	*reqs;
};

struct route {
	enum evhttp_cmd_type method;
	const char	*path;		/* "*" stands for one name */
	void		(*run)(struct req *);
};

/* The first row whose path fits decides between 404 and 405. */
static const struct route routes[] = {
	{ EVHTTP_REQ_GET,	"/v1/status",		get_status },
	{ EVHTTP_REQ_GET,	"/v1/tunnels",		get_tunnels },
	{ EVHTTP_REQ_GET,	"/v1/tunnels/*",	get_tunnel },
	{ EVHTTP_REQ_GET,	"/v1/sas",		get_sas },
	{ EVHTTP_REQ_GET,	"/v1/policies",		get_policies },
	{ EVHTTP_REQ_GET,	"/v1/explain/*",	get_explain },
	{ EVHTTP_REQ_GET,	"/v1/counters",		get_counters },
	{ EVHTTP_REQ_GET,	"/v1/revisions",	get_revisions },
	{ EVHTTP_REQ_GET,	"/v1/revisions/*",	get_revision },
	{ EVHTTP_REQ_GET,	"/v1/diff",		get_diff },
	{ EVHTTP_REQ_GET,	"/v1/audit",		get_audit },
	{ EVHTTP_REQ_GET,	"/v1/certs",		get_certs },
	{ EVHTTP_REQ_GET,	"/v1/ca/*/issued",	get_issued },
	{ EVHTTP_REQ_POST,	"/v1/certs/import",	post_import },
	{ EVHTTP_REQ_POST,	"/v1/certs/*/csr",	post_csr },
	{ EVHTTP_REQ_POST,	"/v1/certs/*/export",	post_export },
	{ EVHTTP_REQ_POST,	"/v1/certs/*/remove",	post_remove },
	{ EVHTTP_REQ_POST,	"/v1/ca/*/init",	post_ca_init },
	{ EVHTTP_REQ_POST,	"/v1/ca/*/issue",	post_ca_issue },
	{ EVHTTP_REQ_POST,	"/v1/ca/*/revoke",	post_ca_revoke },
	{ EVHTTP_REQ_POST,	"/v1/ca/*/crl",		post_ca_crl },
	{ EVHTTP_REQ_POST,	"/v1/check",		post_check },
	{ EVHTTP_REQ_POST,	"/v1/apply",		post_apply },
	{ EVHTTP_REQ_POST,	"/v1/rollback",		post_rollback },
	{ EVHTTP_REQ_POST,	"/v1/tunnels/*/up",	post_up },
	{ EVHTTP_REQ_POST,	"/v1/tunnels/*/down",	post_down },
	{ EVHTTP_REQ_POST,	"/v1/tunnels/*/rekey",	post_rekey },
	{ EVHTTP_REQ_POST,	"/v1/guard/open",	post_open },
	{ EVHTTP_REQ_POST,	"/v1/guard/close",	post_close },
	{ EVHTTP_REQ_POST,	"/v1/shutdown",		post_shutdown },
};

#define NROUTES	(sizeof(routes) / sizeof(routes[0]))

/* ---- the audit log ---- */

void
req_audit(struct req *r, const char *action, const char *detail)
{
	struct audit_row *a = r->audit ? r->audit : calloc(1, sizeof(*a));

	log_info(NULL, "command", "%s: %s%s%s", r->author, action, *detail ? " " : "", detail);
	if (!a)
		return;
	a->time_s = clock_wall_s();
	snprintf(a->author, sizeof(a->author), "%s", r->author);
	snprintf(a->origin, sizeof(a->origin), "%s", r->origin);
	snprintf(a->action, sizeof(a->action), "%s", action);
	snprintf(a->detail, sizeof(a->detail), "%s", detail);
	r->audit = a;
}

void
req_audited(struct req *r)
{
	free(r->audit);
	r->audit = NULL;
}

static void
write_audit(struct req *r, json_t *answer)
{
	const char *reason = json_string_value(json_object_get(answer, "reason"));

	if (!r->audit)
		return;
	snprintf(r->audit->result, sizeof(r->audit->result), "%s", !answer ? "" : reason ? reason : "OK");
	if (!store_audit(r->s->store, r->audit))
		log_at(LOG_ERROR, NULL, "audit", R_STORE_FAILED, "The audit log could not be written: %s: %s %s", r->author, r->audit->action, r->audit->detail);
	req_audited(r);
}

/* ---- the life of a request ---- */

static void
req_free(struct req *r)
{
	struct req **p;

	write_audit(r, NULL);
	for (p = &r->api->reqs; *p && *p != r; p = &(*p)->next)
		;
	if (*p)
		*p = r->next;
	sas_cancel(r->s, r);
	if (r->call && r->call_link)
		ipc_cancel(r->call_link, r->call);
	if (r->dump && r->s->engine.pf)
		pfkey_cancel(r->s->engine.pf, r->dump);
	if (r->timer)
		event_free(r->timer);
	json_decref(r->reply);
	json_decref(r->counters);
	json_decref(r->drops);
	json_decref(r->list);
	evhttp_clear_headers(&r->query);
	free(r);
}

/* The client went away before its answer. */
static void
on_close(struct evhttp_connection *c, void *arg)
{
	struct req *r = arg;

	(void)c;
	r->l->open--;
	r->http = NULL;
	req_free(r);
}

/* The answer has left, or its reader took too long. */
static void
on_sent(struct evhttp_connection *c, void *arg)
{
	struct listener *l = arg;

	(void)c;
	l->open--;
}

static const char *
status_words(int code)
{
	static const struct { int code; const char *words; } w[] = {
		{ 200, "OK" }, { 400, "Bad Request" }, { 403, "Forbidden" }, { 404, "Not Found" }, { 405, "Method Not Allowed" },
		{ 409, "Conflict" }, { 413, "Content Too Large" }, { 502, "Bad Gateway" }, { 503, "Service Unavailable" }, { 504, "Gateway Timeout" },
	};

	for (size_t i = 0; i < sizeof(w) / sizeof(w[0]); i++)
		if (w[i].code == code)
			return w[i].words;
	return "Error";
}

static void
send_json(struct evhttp_request *http, int code, json_t *body)
{
	struct evbuffer *out = evbuffer_new();
	char *text = json_dumps(body, JSON_COMPACT);
	struct evkeyvalq *h = evhttp_request_get_output_headers(http);

	json_decref(body);
	evhttp_add_header(h, "Connection", "close");
	evhttp_add_header(h, "Content-Type", "application/json");
	evhttp_add_header(h, "Cache-Control", "no-store");
	if (out && text) {
		evbuffer_add_printf(out, "%s\n", text);
		evhttp_send_reply(http, code, status_words(code), out);
	} else
		evhttp_send_reply(http, 503, "Service Unavailable", NULL);
	free(text);
	if (out)
		evbuffer_free(out);
}

void
req_reply(struct req *r, int code, json_t *body)
{
	struct evhttp_request *http = r->http;

	write_audit(r, body);
	if (http) {
		evhttp_connection_set_closecb(evhttp_request_get_connection(http), on_sent, r->l);
		r->http = NULL;
		send_json(http, code, body);
	} else
		json_decref(body);
	req_free(r);
}

static json_t *
error_json(int code, enum reason reason, const char *message, const char *hint)
{
	const struct reason_row *row = reason_row(reason);

	return json_pack("{s:i, s:s, s:o, s:o, s:n, s:n, s:n, s:n}", "code", code, "reason", row->name,
	    "message", json_words(message ? message : row->sentence), "hint", json_words(hint ? hint : row->hint),
	    "file", "line", "column", "excerpt");
}

void
req_error(struct req *r, int code, enum reason reason, const char *message, const char *hint)
{
	req_reply(r, code, error_json(code, reason, message, hint));
}

void
req_error_at(struct req *r, int code, const struct yt_error *e)
{
	json_t *j = error_json(code, e->reason, e->message, e->hint);

	json_object_set_new(j, "file", json_text(r->file));
	if (e->line) {
		json_object_set_new(j, "line", json_integer(e->line));
		json_object_set_new(j, "column", json_integer(e->column));
		json_object_set_new(j, "excerpt", json_words(e->excerpt));
	}
	req_reply(r, code, j);
}

const char *
req_query(struct req *r, const char *key)
{
	return evhttp_find_header(&r->query, key);
}

bool
req_timer(struct req *r, unsigned seconds, void (*run)(evutil_socket_t, short, void *))
{
	struct timeval tv = { (time_t)seconds, 0 };

	if (r->timer)
		event_free(r->timer);
	r->timer = evtimer_new(r->s->base, run, r);
	return r->timer && evtimer_add(r->timer, &tv) == 0;
}

/* ---- waiting for a revision to settle, and for keymgr's word on what it names ---- */

static void
reply_checked(struct req *r)
{
	json_t *j = r->reply;

	r->reply = NULL;
	apply_warnings(r->s, j);
	req_reply(r, 200, j);
}

static void
on_unchecked(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	reply_checked(arg);
}

/* The answer warns of what is so now, not of what keymgr said some time ago; a keymgr that is slow is not waited for. */
static void
reply_settled(struct req *r, bool settled)
{
	json_object_set_new(r->reply, "in_sync", json_boolean(settled));
	r->checking = true;
	keymgr_check_all(r->s);
	if (r->s->checks == 0 || !req_timer(r, CHECK_WAIT_S, on_unchecked))
		reply_checked(r);
}

void
api_checked(struct api *a)
{
	struct req *r, *next;

	for (r = a ? a->reqs : NULL; r; r = next) {
		next = r->next;
		if (r->checking)
			reply_checked(r);
	}
}

static void
on_not_settled(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	reply_settled(arg, false);
}

void
req_wait_settled(struct req *r)
{
	if (sync_settled(r->s) || !req_timer(r, 10, on_not_settled))
		reply_settled(r, sync_settled(r->s));
}

void
api_settled(struct api *a)
{
	struct req *r, *next;

	for (r = a->reqs; r; r = next) {
		next = r->next;
		if (r->reply && !r->checking)
			reply_settled(r, sync_settled(r->s));
	}
}

void
api_link_gone(struct api *a, struct ipc *link)
{
	struct req *r, *next;

	for (r = a ? a->reqs : NULL; r; r = next) {
		next = r->next;
		if (link ? r->call == 0 || r->call_link != link : r->dump == 0)
			continue;
		r->call = 0;
		r->dump = 0;
		req_error(r, 503, R_BUSY, "The daemon that was asked was just replaced.", "Try again.");
	}
}

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

/* Does the path fit? The part that "*" stands for goes to name. */
static bool
path_fits(const char *pattern, const char *path, char *name, size_t cap)
{
	const char *star = strchr(pattern, '*'), *end;
	size_t head, n;

	if (!star)
		return strcmp(pattern, path) == 0;
	head = (size_t)(star - pattern);
	if (strncmp(pattern, path, head) != 0)
		return false;
	end = strchr(path + head, '/');
	n = end ? (size_t)(end - path) - head : strlen(path + head);
	if (n == 0 || n >= cap || strcmp(star + 1, end ? end : "") != 0)
		return false;
	memcpy(name, path + head, n);
	name[n] = '\0';
	return true;
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

	for (size_t i = 0; i < NROUTES; i++) {
		if (!path_fits(routes[i].path, path, r->name, sizeof(r->name)))
			continue;
		path_known = true;
		if (routes[i].method != method)
			continue;
		if (method != EVHTTP_REQ_GET && !r->l->rw) {
			req_error(r, 403, R_NOT_PERMITTED, "This socket only answers questions.", "Use rw.sock with an account of the group causeway-admin.");
			return;
		}
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
on_request(struct evhttp_request *http, void *arg)
{
	struct listener *l = arg;
	struct api *a = l->api;
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(http);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
	struct req *r;

	door_asked(l->door, http);
	if (l->panel) {
		send_json(http, 404, error_json(404, R_NOT_FOUND, "The panel is not served yet.", ""));
		return;
	}
	r = l->open < API_OPEN_MAX ? calloc(1, sizeof(*r)) : NULL;
	if (!r) {
		send_json(http, 503, error_json(503, R_BUSY, "Too many requests are open.", "Try again in a moment."));
		return;
	}
	r->api = a;
	r->s = a->s;
	r->http = http;
	r->l = l;
	r->next = a->reqs;
	a->reqs = r;
	l->open++;
	TAILQ_INIT(&r->query);
	evhttp_connection_set_closecb(evhttp_request_get_connection(http), on_close, r);
	author_of(r, http);
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

	if (a)
		a->s = s;
	return a;
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
	/* Only who may apply has something to say: everybody else's bodies would be memory for nothing. */
	evhttp_set_max_body_size(l->http, l->rw ? API_BODY_MAX : API_BODY_ASK);
	evhttp_set_max_headers_size(l->http, 16384);
	evhttp_set_allowed_methods(l->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST);
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
	free(a);
}

/* ---- pieces of JSON ---- */

json_t *
json_words(const char *text)
{
	json_t *j = json_string(text);
	char *clean;

	if (j)
		return j;
	/* Not UTF-8: it came from outside. What is not ASCII becomes a question mark. */
	clean = strdup(text ? text : "");
	for (char *p = clean; p && *p; p++)
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	j = json_string(clean ? clean : "");
	free(clean);
	return j;
}

json_t *
json_text(const char *text)
{
	return text && *text ? json_words(text) : json_null();
}

json_t *
json_time(uint64_t unix_s)
{
	time_t t = (time_t)unix_s;
	struct tm tm;
	char buf[32];

	if (!gmtime_r(&t, &tm) || strftime(buf, sizeof(buf), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return json_null();
	return json_string(buf);
}

json_t *
json_spi(uint32_t spi)
{
	return spi ? json_sprintf("0x%08x", spi) : json_null();
}
