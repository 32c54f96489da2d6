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

/* An answer like any other: what is kept, and where to go on. */
static void
answer_kept(struct req *r, const struct evring *ring, uint64_t at, int64_t lost)
{
	json_t *list = json_array();
	size_t n;

	for (; at < ring->next; at++) {
		const char *text = evring_get(ring, at, &n);

		if (text)
			json_array_append_new(list, json_loadb(text, n, 0, NULL));
	}
	req_reply(r, 200, json_pack("{s:o, s:o, s:I}", "events", list, "lost", lost < 0 ? json_null() : json_integer(lost),
	    "last", (json_int_t)(ring->next - 1)));
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
