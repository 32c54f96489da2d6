/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of a request: the audit line of what it changes, the wait for what it asked of others, its one answer. */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "account.h"
#include "apiserve.h"
#include "clock.h"
#include "door.h"
#include "leaving.h"
#include "log.h"
#include "news.h"
#include "wiping.h"

#define CHECK_WAIT_S	1	/* for keymgr, once a revision is in force */

/* ---- the audit log ---- */

void
req_audit(struct req *r, const char *action, const char *detail)
{
	struct audit_row *a = r->audit ? r->audit : calloc(1, sizeof(*a));

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
tell(struct sync *s, const struct audit_row *a, enum reason reason)
{
	log_at(LOG_INFO, NULL, "command", reason, "%s: %s%s%s", a->author, a->action, *a->detail ? " " : "", a->detail);
	news_command(s, a);
}

const struct audit_row *
req_line(struct req *r)
{
	if (r->audit)
		snprintf(r->audit->result, sizeof(r->audit->result), "OK");
	return r->audit;
}

void
req_told(struct req *r)
{
	if (r->audit)
		tell(r->s, r->audit, R_OK);
	req_audited(r);
}

void
audit_write(struct sync *s, struct audit_row *a, enum reason reason)
{
	tell(s, a, reason);
	if (!store_audit(s->store, a))
		log_at(LOG_ERROR, NULL, "audit", R_STORE_FAILED, "The audit log could not be written: %s: %s %s", a->author, a->action, a->detail);
}

static void
write_audit(struct req *r, json_t *answer)
{
	const char *reason = json_string_value(json_object_get(answer, "reason"));
	int num;

	if (!r->audit)
		return;
	snprintf(r->audit->result, sizeof(r->audit->result), "%s", !answer ? "" : reason ? reason : "OK");
	num = reason ? reason_by_name(reason) : (int)R_OK;
	audit_write(r->s, r->audit, num < 0 ? R_OK : (enum reason)num);
	req_audited(r);
}

/* ---- the life of a request ---- */

void
req_free(struct req *r)
{
	struct req **p;

	write_audit(r, NULL);
	for (p = &r->api->reqs; *p && *p != r; p = &(*p)->next)
		;
	if (*p)
		*p = r->next;
	if (r->s->ending == r)
		r->s->ending = NULL;
	sas_cancel(r->s, r);
	account_forget(r);
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

void
request_closed(struct evhttp_request *http)
{
	if (!evhttp_request_get_connection(http))
		evhttp_request_free(http);
}

void
client_heard(struct evhttp_request *http)
{
	bufferevent_disable(evhttp_connection_get_bufferevent(evhttp_request_get_connection(http)), EV_READ);
}

bool
client_gone(struct evhttp_request *http)
{
	int fd = bufferevent_getfd(evhttp_connection_get_bufferevent(evhttp_request_get_connection(http)));

	return send(fd, "", 0, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno != EAGAIN && errno != EINTR;	/* nothing, said to nobody */
}

/* The client went away before its answer. */
static void
on_close(struct evhttp_connection *c, void *arg)
{
	struct req *r = arg;

	(void)c;
	r->l->open--;
	request_closed(r->http);
	r->http = NULL;
	req_free(r);
}

struct req *
req_new(struct listener *l, struct evhttp_request *http)
{
	struct req *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->api = l->api;
	r->s = l->api->s;
	r->http = http;
	r->l = l;
	r->since_ns = clock_now_ns();
	r->next = l->api->reqs;
	l->api->reqs = r;
	l->open++;
	TAILQ_INIT(&r->query);
	evhttp_connection_set_closecb(evhttp_request_get_connection(http), on_close, r);
	return r;
}

void
req_text(struct req *r, const char *type, const char *text, size_t n)
{
	struct evkeyvalq *h = evhttp_request_get_output_headers(r->http);
	struct evhttp_request *http = r->http;
	struct evbuffer *out = evbuffer_new();

	leaving_begin(r->l, http, false);
	r->http = NULL;
	evhttp_add_header(h, "Connection", "close");
	evhttp_add_header(h, "Content-Type", type);
	evhttp_add_header(h, "Cache-Control", "no-store");
	if (out)
		evbuffer_add(out, text, n);
	evhttp_send_reply(http, out ? 200 : 503, out ? "OK" : "Service Unavailable", out);
	client_heard(http);
	if (out)
		evbuffer_free(out);
	req_free(r);
}

struct evhttp_request *
req_detach(struct req *r)
{
	struct evhttp_request *http = r->http;

	r->l->open--;
	door_leave(r->l->door, http);
	r->http = NULL;
	req_free(r);
	return http;
}

static const char *
status_words(int code)
{
	static const struct { int code; const char *words; } w[] = {
		{ 200, "OK" }, { 400, "Bad Request" }, { 401, "Unauthorized" }, { 403, "Forbidden" }, { 404, "Not Found" }, { 405, "Method Not Allowed" },
		{ 409, "Conflict" }, { 413, "Content Too Large" }, { 429, "Too Many Requests" }, { 502, "Bad Gateway" }, { 503, "Service Unavailable" }, { 504, "Gateway Timeout" },
	};

	for (size_t i = 0; i < sizeof(w) / sizeof(w[0]); i++)
		if (w[i].code == code)
			return w[i].words;
	return "Error";
}

static void
free_text(const void *data, size_t n, void *text)
{
	(void)data, (void)n;
	wiping_free(text);
}

/* The text is handed over, not copied: the status of ten thousand tunnels is nine megabytes. */
static void
send_json(struct evhttp_request *http, int code, json_t *body, bool another)
{
	struct evbuffer *out = evbuffer_new();
	char *text = json_dumps(body, JSON_COMPACT);
	struct evkeyvalq *h = evhttp_request_get_output_headers(http);

	json_decref(body);
	if (!another)
		evhttp_add_header(h, "Connection", "close");
	evhttp_add_header(h, "Content-Type", "application/json");
	evhttp_add_header(h, "Cache-Control", "no-store");
	if (out && text && evbuffer_add_reference(out, text, strlen(text), free_text, text) == 0) {
		text = NULL;
		evbuffer_add(out, "\n", 1);
		evhttp_send_reply(http, code, status_words(code), out);
	} else
		evhttp_send_reply(http, 503, "Service Unavailable", NULL);
	if (!another)
		client_heard(http);
	wiping_free(text);
	if (out)
		evbuffer_free(out);
}

void
http_error(struct evhttp_request *http, int code, enum reason reason, const char *message, const char *hint)
{
	send_json(http, code, error_json(code, reason, message, hint), false);
}

void
req_busy(struct evhttp_request *http)
{
	http_error(http, 503, R_BUSY, "Too many requests are open.", "Try again in a moment.");
}

/*
 * May another request come over this connection? Of the panel, which says so: its program has one connection, made before its sandbox closed, for
 * all that one page asks. Everybody else connects anew, and so cannot hold a place by asking now and then.
 */
static bool
goes_on(const struct req *r)
{
	const char *v = evhttp_find_header(evhttp_request_get_input_headers(r->http), "Connection");

	return r->l->panel && v && strcasecmp(v, "keep-alive") == 0;
}

void
req_reply(struct req *r, int code, json_t *body)
{
	struct evhttp_request *http = r->http;
	bool another;

	write_audit(r, body);
	if (http) {
		another = goes_on(r);
		leaving_begin(r->l, http, another);
		r->http = NULL;
		send_json(http, code, body, another);
	} else
		json_decref(body);
	req_free(r);
}

json_t *
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
	char name[sizeof(r->file) + sizeof(e->file)];

	snprintf(name, sizeof(name), "%s%s%s", r->file, r->file[0] ? "/" : "", e->file);
	if (e->file[0])		/* the text is a directory of files */
		json_object_set_new(j, "file", json_words(name));
	else
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
req_wait(struct req *r, unsigned *seconds)
{
	const char *text = req_query(r, "wait");

	*seconds = text ? (unsigned)parse_count(text, REQ_WAIT_S) : REQ_WAIT_S;
	if (*seconds == 0)
		req_error(r, 400, R_REQUEST_INVALID, "'wait' is 1 to 60 seconds.", "");
	return *seconds != 0;
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
	apply_warnings(r->s, r->one ? r->name : NULL, j);
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
	struct rt *one = r->one ? rt_find(r->s, r->name) : NULL;

	json_object_set_new(r->reply, "in_sync", json_boolean(settled));
	r->checking = true;
	if (!r->one)
		keymgr_check_all(r->s, r->since_ns);
	else if (one && one->secret_ns < r->since_ns)
		keymgr_check(r->s, one);
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
		else if (r->checked)
			r->checked(r);
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
