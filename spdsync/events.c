/* SPDX-License-Identifier: BSD-2-Clause */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apiserve.h"
#include "clock.h"
#include "events.h"
#include "evring.h"
#include "log.h"

#define TICK_S	2

struct reader {
	struct events	*e;
	struct evhttp_request *http;
	uint64_t	at;		/* the next event it hears */
	int64_t		lost;		/* what it has to be told first */
	bool		busy;		/* a chunk is on its way */
	uint64_t	since_ns;	/* of that, or of the last one's end */
	char		who[2 * STORE_AUTHOR + 4];
	struct grant	grant;		/* it hears no longer than that holds */
	struct reader	*next;
};

struct events {
	struct sync	*s;
	struct evring	ring;
	struct event	*wake, *tick;
	struct reader	*readers;
	struct events_count count;
};

static void feed(struct reader *);

/* ---- one reader ---- */

static void
reader_gone(struct evhttp_connection *c, void *arg)
{
	struct reader *r = arg, **p;

	(void)c;
	for (p = &r->e->readers; *p != r; p = &(*p)->next)
		;
	*p = r->next;
	r->e->count.readers--;
	request_closed(r->http);
	free(r);
}

static void
chunk_left(struct evhttp_connection *c, void *arg)
{
	struct reader *r = arg;

	(void)c;
	r->busy = false;
	r->since_ns = clock_now_ns();
	feed(r);
}

static void
send_chunk(struct reader *r, struct evbuffer *out)
{
	r->busy = true;
	r->since_ns = clock_now_ns();
	evhttp_send_reply_chunk_with_cb(r->http, out, chunk_left, r);
	client_heard(r->http);
}

static void
tell_lost(struct reader *r, struct evbuffer *out)
{
	if (r->lost > 0)
		evbuffer_add_printf(out, "data: {\"event\":\"lost\",\"count\":%" PRId64 "}\n\n", r->lost);
	else if (r->lost < 0)
		evbuffer_add_printf(out, "data: {\"event\":\"lost\",\"count\":null}\n\n");
	r->lost = 0;
}

/* What it has not heard yet, a chunk of it. */
static void
feed(struct reader *r)
{
	struct events *e = r->e;
	struct evbuffer *out;

	if (r->busy || (r->lost == 0 && r->at == e->ring.next))
		return;
	out = evbuffer_new();
	if (!out)
		return;
	while (r->at < e->ring.next && evbuffer_get_length(out) < EVENTS_CHUNK) {
		const char *text;
		size_t n;

		if (r->at < e->ring.first) {
			e->count.lost += e->ring.first - r->at;
			r->lost += (int64_t)(e->ring.first - r->at);
			r->at = e->ring.first;
		}
		text = evring_get(&e->ring, r->at, &n);
		if (text) {
			tell_lost(r, out);
			evbuffer_add_printf(out, "id: %" PRIu64 "\ndata: ", r->at);
			evbuffer_add(out, text, n);
			evbuffer_add(out, "\n\n", 2);
		} else
			r->lost++;
		r->at++;
	}
	tell_lost(r, out);
	send_chunk(r, out);
	evbuffer_free(out);
}

/* ---- all of them ---- */

static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct events *e = arg;
	struct reader *r, *next;

	(void)fd, (void)what;
	for (r = e->readers; r; r = next) {
		next = r->next;
		feed(r);
	}
}

static void
say_alive(struct reader *r)
{
	struct evbuffer *out = evbuffer_new();

	if (!out)
		return;
	evbuffer_add(out, ":\n\n", 3);
	send_chunk(r, out);
	evbuffer_free(out);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	uint64_t now = clock_now_ns();
	struct events *e = arg;
	struct reader *r, *next;

	(void)fd, (void)what;
	for (r = e->readers; r; r = next) {
		next = r->next;
		if (client_gone(r->http)) {
			evhttp_connection_free(evhttp_request_get_connection(r->http));		/* reader_gone runs */
		} else if (r->busy && now - r->since_ns > EVENTS_STALL_S * NS_PER_S) {
			e->count.cut++;
			log_warn(NULL, "reader_cut", "%s took no event for %u seconds and is cut off.", r->who, EVENTS_STALL_S);
			evhttp_connection_free(evhttp_request_get_connection(r->http));
		} else if (!grant_holds(e->s->store, &r->grant, clock_wall_s())) {
			log_info(NULL, "reader_ended", "%s: the session or token ended, and its stream of events with it.", r->who);
			evhttp_connection_free(evhttp_request_get_connection(r->http));
		} else if (!r->busy && now - r->since_ns > EVENTS_IDLE_S * NS_PER_S)
			say_alive(r);
	}
}

struct events *
events_new(struct sync *s)
{
	struct timeval tv = { TICK_S, 0 };
	struct events *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->s = s;
	evring_init(&e->ring, clock_wall_s() * 1000000);
	e->wake = event_new(s->base, -1, 0, on_wake, e);
	e->tick = event_new(s->base, -1, EV_PERSIST, on_tick, e);
	if (e->wake && e->tick && event_add(e->tick, &tv) == 0)
		return e;
	events_free(e);
	return NULL;
}

void
events_free(struct events *e)
{
	if (!e)
		return;
	if (e->wake)
		event_free(e->wake);
	if (e->tick)
		event_free(e->tick);
	evring_fini(&e->ring);
	free(e);
}

void
events_add(struct events *e, const char *name, json_t *members)
{
	json_t *j = e && members ? json_pack("{s:I, s:o, s:s}", "id", (json_int_t)e->ring.next, "time", json_time(clock_wall_s()), "event", name) : NULL;
	char *text = NULL;

	if (j && json_object_update(j, members) == 0)
		text = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	json_decref(members);
	if (!text)
		return;
	e->count.events++;
	evring_put(&e->ring, text, strlen(text));
	event_active(e->wake, EV_TIMEOUT, 0);
}

struct events_count
events_counted(const struct events *e)
{
	return e ? e->count : (struct events_count){ 0 };
}

/* ---- GET /v1/events ---- */

/* Where to begin: the query "since" or the header that a browser sends when it connects again; "oldest"; nothing: from now on. */
static bool
begin(struct req *r, const struct evring *ring, uint64_t *at, int64_t *lost)
{
	const char *since = req_query(r, "since");
	uint64_t heard;

	*lost = 0;
	*at = ring->next;
	if (!since)
		since = evhttp_find_header(evhttp_request_get_input_headers(r->http), "Last-Event-ID");
	if (!since)
		return true;
	if (strcmp(since, "oldest") == 0) {
		*at = ring->first;
		return true;
	}
	heard = parse_count(since, INT64_MAX - 1);
	if (heard)
		*at = evring_resume(ring, heard, lost);
	return heard != 0;
}

/* The newest of what is kept, so many of them (the query "newest"), and those before an id. False: a query is none of that. */
static bool
newest(struct req *r, const struct evring *ring, uint64_t *at, uint64_t *end)
{
	const char *n_text = req_query(r, "newest"), *before_text = req_query(r, "before");
	uint64_t before = before_text ? parse_count(before_text, INT64_MAX - 1) : 0;

	if (n_text ? !parse_count(n_text, EVRING_ROWS) : before_text || req_query(r, "tunnel") || req_query(r, "event") || req_query(r, "match"))
		return false;
	if (!n_text)
		return true;
	if (before_text && !before)
		return false;
	if (before && before < *end)
		*end = before > ring->first ? before : ring->first;
	*at = ring->first;
	return true;
}

static bool
member_is(const json_t *e, const char *key, const char *value)
{
	const char *s = json_string_value(json_object_get(e, key));

	return !value || !*value || (s && strcmp(s, value) == 0);
}

/* Has it the word in a member's text, in great or small letters? */
static bool
has_word(const json_t *e, const char *word)
{
	const char *name;
	json_t *v;

	if (!word || !*word)
		return true;
	json_object_foreach((json_t *)(uintptr_t)e, name, v)
		if (json_is_string(v) && strcasestr(json_string_value(v), word))
			return true;
	return false;
}

/* A word that stands in JSON as it is; another cannot be looked for without reading it. */
static bool
plain(const char *word)
{
	for (; *word; word++)
		if ((unsigned char)*word < 0x20 || (unsigned char)*word > 0x7e || *word == '"' || *word == '\\' || *word == '/')
			return false;
	return true;
}

/* Backwards from the end; only a text that has the words is read as JSON, so that a look through all that are kept costs little. */
static void
collect_newest(struct req *r, const struct evring *ring, uint64_t at, uint64_t end, json_t *list)
{
	const char *tunnel = req_query(r, "tunnel"), *event = req_query(r, "event"), *match = req_query(r, "match");
	const char *const words[] = { tunnel, event, match };
	uint64_t most = parse_count(req_query(r, "newest"), EVRING_ROWS);
	json_t *e, *found = json_array();

	while (end-- > at && json_array_size(found) < most) {
		size_t n;
		const char *text = evring_get(ring, end, &n);
		bool may = text != NULL;

		for (unsigned i = 0; may && i < 3; i++)
			may = !words[i] || !plain(words[i]) || strcasestr(text, words[i]);
		e = may ? json_loadb(text, n, 0, NULL) : NULL;
		if (e && member_is(e, "tunnel", tunnel) && member_is(e, "event", event) && has_word(e, match))
			json_array_append(found, e);
		json_decref(e);
	}
	for (size_t i = json_array_size(found); i > 0; i--)
		json_array_append(list, json_array_get(found, i - 1));
	json_decref(found);
}

/* An answer like any other: what is kept, and where to go on. */
static void
answer_kept(struct req *r, const struct evring *ring, uint64_t at, int64_t lost)
{
	json_t *list;
	uint64_t end = ring->next;
	size_t n;

	if (!newest(r, ring, &at, &end)) {
		req_error(r, 400, R_REQUEST_INVALID, "'newest' is 1 to 8192; 'before' is the id of an event; it, 'tunnel', 'event' and 'match' go with 'newest'.", "");
		return;
	}
	list = json_array();
	if (req_query(r, "newest"))
		collect_newest(r, ring, at, end, list);
	else
		for (; at < end; at++) {
			const char *text = evring_get(ring, at, &n);

			if (text)
				json_array_append_new(list, json_loadb(text, n, 0, NULL));
		}
	req_reply(r, 200, json_pack("{s:o, s:o, s:I, s:I}", "events", list, "lost", lost < 0 ? json_null() : json_integer(lost),
	    "last", (json_int_t)(ring->next - 1), "oldest", (json_int_t)ring->first));
}

static void
start(struct events *e, struct reader *r, uint64_t at, int64_t lost)
{
	struct evkeyvalq *h = evhttp_request_get_output_headers(r->http);
	struct evhttp_connection *c = evhttp_request_get_connection(r->http);
	struct evbuffer *out = evbuffer_new();

	r->e = e;
	r->at = at;
	r->lost = lost;
	r->next = e->readers;
	e->readers = r;
	e->count.readers++;
	evhttp_connection_set_closecb(c, reader_gone, r);
	/* It listens for as long as it likes; who takes nothing is found by the tick. */
	bufferevent_set_timeouts(evhttp_connection_get_bufferevent(c), NULL, NULL);
	evhttp_add_header(h, "Connection", "close");
	evhttp_add_header(h, "Content-Type", "text/event-stream");
	evhttp_add_header(h, "Cache-Control", "no-store");
	evhttp_send_reply_start(r->http, 200, "OK");
	if (!out)
		return;
	/* The id goes with it, so that a reader that is cut off before its first event knows where to go on. */
	evbuffer_add_printf(out, "retry: 2000\nid: %" PRIu64 "\ndata: {\"event\":\"begin\",\"last\":%" PRIu64 "}\n\n", at - 1, e->ring.next - 1);
	send_chunk(r, out);
	evbuffer_free(out);
}

void
get_events(struct req *q)
{
	const char *follow = req_query(q, "follow");
	struct events *e = q->s->events;
	struct reader *r;
	uint64_t at;
	int64_t lost;

	if (!begin(q, &e->ring, &at, &lost)) {
		req_error(q, 400, R_REQUEST_INVALID, "'since' and Last-Event-ID are the id of an event, or 'oldest'.", "");
		return;
	}
	if (follow && strcmp(follow, "0") == 0) {
		answer_kept(q, &e->ring, at, lost);
		return;
	}
	r = e->count.readers < EVENTS_READERS ? calloc(1, sizeof(*r)) : NULL;
	if (!r) {
		req_error(q, 503, R_BUSY, "Too many are listening already.", "Try again in a moment.");
		return;
	}
	snprintf(r->who, sizeof(r->who), "%s (%s)", q->author, q->origin);
	r->grant = q->grant;
	r->http = req_detach(q);
	start(e, r, at, lost);
}
