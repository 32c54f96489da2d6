/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apiserve.h"
#include "capture.h"
#include "clock.h"
#include "config.h"
#include "pcapng.h"

#define LOOK_S	1

struct capture {
	struct sync	*s;
	struct capture	*next;
	struct evhttp_request *http;
	struct event	*look;
	uint32_t	id, call;	/* the tap's number; its request, until the engine has answered */
	bool		on;		/* the engine has the tap */
	bool		begun;		/* the answer has */
	bool		over;		/* nothing is added any more */
	bool		busy;		/* a chunk is on its way */
	bool		answered;	/* wholly: the request is libevent's, which frees it before it closes the connection */
	struct evbuffer	*waiting;
	const char	*why;		/* it ended */
	uint64_t	until_ns;
	uint64_t	packets, lost, untold, octets;	/* untold: lost, and not written yet */
	uint64_t	most_packets;	/* 0: as many as fit */
	struct grant	grant;
	char		author[STORE_AUTHOR], origin[STORE_AUTHOR];
	char		tunnel[NAME_CAP], name[CHILD_NAME_CAP];	/* name: with the child, if only that was asked for */
	struct pfkey_tap tap;
};

static void feed(struct capture *);

static uint64_t
wall_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

/* ---- the audit log ---- */

static void
note(struct capture *c, const char *detail)
{
	struct audit_row a = { .time_s = clock_wall_s() };

	snprintf(a.author, sizeof(a.author), "%s", c->author);
	snprintf(a.origin, sizeof(a.origin), "%s", c->origin);
	snprintf(a.action, sizeof(a.action), "capture");
	snprintf(a.detail, sizeof(a.detail), "%s", detail);
	snprintf(a.result, sizeof(a.result), "OK");
	audit_write(c->s, &a, R_OK);
}

static void
note_begin(struct capture *c, unsigned seconds)
{
	char detail[256];

	snprintf(detail, sizeof(detail), "%s begins: for %u s at most", c->name, seconds);
	note(c, detail);
}

static void
note_end(struct capture *c)
{
	char detail[256];

	snprintf(detail, sizeof(detail), "%s ended: %" PRIu64 " packets, %" PRIu64 " lost, %" PRIu64 " octets (%s)", c->name, c->packets, c->lost,
	    c->octets, c->why ? c->why : "its reader went away");
	note(c, detail);
}

/* ---- the engine's tap ---- */

static void
untap(struct sync *s, uint32_t id)
{
	struct pfkey_msg m;

	pfkey_msg_init(&m, CW_MSG_TAP, SADB_SATYPE_UNSPEC);
	m.has = PFKEY_HAS(CW_EXT_TAP);
	m.tap.id = id;
	pfkey_call(s->engine.pf, &m, NULL, NULL);
}

static void
tap_off(struct capture *c)
{
	if (c->call)
		pfkey_cancel(c->s->engine.pf, c->call);
	if (c->on || c->call)
		untap(c->s, c->id);	/* behind the request that it follows */
	c->on = false;
	c->call = 0;
}

/* ---- its life ---- */

static void
unlink_it(struct capture *c)
{
	struct captures *all = &c->s->captures;
	struct capture **p = &all->first;

	while (*p != c)
		p = &(*p)->next;
	*p = c->next;
	all->n--;
}

static void
on_close(struct evhttp_connection *connection, void *arg)
{
	struct capture *c = arg;

	(void)connection;
	tap_off(c);
	if (c->begun)
		note_end(c);
	unlink_it(c);
	if (!c->answered)
		request_closed(c->http);
	if (c->look)
		event_free(c->look);
	if (c->waiting)
		evbuffer_free(c->waiting);
	free(c);
}

static void
add(struct capture *c, const struct wr *w)
{
	struct bytes b = wr_bytes(w);

	if (evbuffer_add(c->waiting, b.p, b.n) == 0)
		c->octets += b.n;
}

/* Nothing more is told; what waits still leaves. why is a constant. */
static void
end(struct capture *c, const char *why)
{
	uint8_t buf[PCAPNG_BEGIN_MAX];
	struct wr w = wr_of(buf, sizeof(buf));

	if (c->over)
		return;
	c->over = true;
	c->why = why;
	tap_off(c);
	if (pcapng_end(&w, wall_now_ns(), c->packets, c->lost))
		add(c, &w);
	feed(c);
}

static void
chunk_left(struct evhttp_connection *connection, void *arg)
{
	struct capture *c = arg;

	(void)connection;
	c->busy = false;
	feed(c);
}

static void
feed(struct capture *c)
{
	if (c->busy || !c->begun)
		return;
	if (evbuffer_get_length(c->waiting)) {
		c->busy = true;
		evhttp_send_reply_chunk_with_cb(c->http, c->waiting, chunk_left, c);
		client_heard(c->http);
	} else if (c->over) {
		c->busy = c->answered = true;
		evhttp_send_reply_end(c->http);		/* and the connection's end is ours */
	}
}

/* Once a second: has its time come, or has it no right any more? */
static void
on_look(evutil_socket_t fd, short what, void *arg)
{
	struct capture *c = arg;

	(void)fd, (void)what;
	if (client_gone(c->http))
		evhttp_connection_free(evhttp_request_get_connection(c->http));	/* on_close runs */
	else if (clock_now_ns() >= c->until_ns)
		end(c, "its time was over");
	else if (!grant_holds(c->s->store, &c->grant, clock_wall_s()))
		end(c, "the session or token ended");
}

/* ---- packets ---- */

static const char *
drop_sentence(unsigned reason)
{
	static const struct { unsigned number; const char *sentence; } v[] = {
#define D(num, NAME, name, sentence) { num, sentence },
#include "causeway/drop.def"
#undef D
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		if (v[i].number == reason)
			return v[i].sentence;
	return "the engine's reason is not known here";
}

static const char *
child_of(const struct capture *c, uint32_t reqid)
{
	const struct want_child *w = want_by_reqid(&c->s->want, reqid);
	const struct want_tunnel *t = want_find(&c->s->want, c->tunnel);

	return w && t && t == &c->s->want.v[w->tunnel] ? want_child_name(t, w->child) : "?";
}

static void
told(struct capture *c, const struct pfkey_tapped *t)
{
	static uint8_t buf[PCAPNG_PACKET_MAX(CW_TAP_OCTETS_MAX)];
	struct wr w = wr_of(buf, sizeof(buf));
	uint64_t now = clock_now_ns();
	char comment[PCAPNG_TEXT_MAX + 1];
	struct pcapng_packet p = { .inbound = t->dir == CW_DIR_IN, .octets = t->octets, .whole = t->whole, .comment = comment };
	int n = snprintf(comment, sizeof(comment), "child %s, SPI 0x%08" PRIx32, child_of(c, t->reqid), t->spi);

	if (t->reason)
		snprintf(comment + n, sizeof(comment) - (size_t)n, "; then dropped: %s", drop_sentence(t->reason));
	c->lost += t->lost;
	c->untold += t->lost;
	p.lost = c->untold;
	p.when_ns = wall_now_ns() - (now > t->when_ns ? now - t->when_ns : 0);
	if (!pcapng_packet(&w, &p))
		return;
	if (evbuffer_get_length(c->waiting) + w.n > CAPTURE_WAITING) {
		c->lost++;
		c->untold++;
		return;
	}
	c->packets++;
	c->untold = 0;
	add(c, &w);
	if (c->packets == c->most_packets)
		end(c, "it had as many packets as were asked for");
	else if (c->octets + sizeof(buf) + PCAPNG_BEGIN_MAX > CAPTURE_OCTETS)
		end(c, "it had as many octets as one may have");
	else
		feed(c);
}

void
capture_told(struct sync *s, const struct pfkey_msg *m)
{
	struct capture *c;

	if (!(m->has & PFKEY_HAS(CW_EXT_TAPPED)))
		return;
	for (c = s->captures.first; c && c->id != m->tapped.id; c = c->next)
		;
	if (c && c->begun && !c->over)
		told(c, &m->tapped);
}

static void
refuse(struct capture *c, int err)
{
	char text[160];

	c->answered = true;
	if (err == EBUSY) {
		http_error(c->http, 503, R_BUSY, "As many captures run already as the engine has room for.", "End one of them, or wait.");
		return;
	}
	if (err == EOPNOTSUPP || err == EINVAL || err == EPROTONOSUPPORT) {
		http_error(c->http, 502, R_ENGINE_REFUSED, "This engine cannot show packets.", "The engine of another operating system, or an older one, serves here.");
		return;
	}
	snprintf(text, sizeof(text), "The engine does not show packets: %s.", strerror(err));
	http_error(c->http, 502, R_ENGINE_REFUSED, text, "");
}

void
capture_engine_lost(struct sync *s)
{
	for (struct capture *c = s->captures.first, *next; c; c = next) {
		next = c->next;
		c->on = false;
		if (c->begun)
			end(c, "the engine was replaced");
		else if (c->call) {
			c->call = 0;	/* nobody answers that any more */
			refuse(c, ECONNRESET);
		}
	}
}

void
capture_tunnel_gone(struct sync *s, const char *tunnel)
{
	for (struct capture *c = s->captures.first, *next; c; c = next) {
		next = c->next;
		if (c->begun && strcmp(c->tunnel, tunnel) == 0)
			end(c, "the tunnel was taken away");
	}
}

/* ---- its beginning ---- */

static void
begin(struct capture *c)
{
	struct evkeyvalq *h = evhttp_request_get_output_headers(c->http);
	struct evhttp_connection *connection = evhttp_request_get_connection(c->http);
	struct timeval tv = { LOOK_S, 0 };
	uint8_t buf[PCAPNG_BEGIN_MAX];
	struct wr w = wr_of(buf, sizeof(buf));

	c->begun = true;
	/* It comes as slowly as the tunnel's packets do; its own bounds end it. */
	bufferevent_set_timeouts(evhttp_connection_get_bufferevent(connection), NULL, NULL);
	evhttp_add_header(h, "Connection", "close");
	evhttp_add_header(h, "Content-Type", "application/x-pcapng");
	evhttp_add_header(h, "Cache-Control", "no-store");
	evhttp_send_reply_start(c->http, 200, "OK");
	if (pcapng_begin(&w, PACKAGE_NAME " " PACKAGE_VERSION, c->tunnel, "what its SAs carry, before encryption and after decryption", c->tap.octets))
		add(c, &w);
	event_add(c->look, &tv);
	feed(c);
}

static void
tap_done(void *arg, int err, const struct pfkey_msg *reply)
{
	struct capture *c = arg;

	(void)reply;
	c->call = 0;
	c->on = err == 0;
	if (err)
		refuse(c, err);
	else {
		note_begin(c, (unsigned)((c->until_ns - clock_now_ns() + NS_PER_S / 2) / NS_PER_S));
		begin(c);
	}
}

/* A number of the query; text NULL: as usual. False: an error was sent. */
static bool
query_number(struct req *r, const char *key, const char *text, uint64_t usual, uint64_t most, uint64_t *v)
{
	char why[120];

	*v = text ? parse_count(text, most) : usual;
	if (*v || !text)
		return true;
	snprintf(why, sizeof(why), "'%s' is a number from 1 to %" PRIu64 ".", key, most);
	req_error(r, 400, R_REQUEST_INVALID, why, "");
	return false;
}

/* Which reqids: those of all children, or of the one that the query names. */
static bool
take_children(struct req *r, struct capture *c)
{
	const struct want_tunnel *t = want_find(&r->s->want, r->name);
	const char *child = req_query(r, "child");

	for (unsigned i = 0; t && i < t->t->nchildren; i++)
		if (!child || strcmp(want_child_name(t, i), child) == 0)
			c->tap.reqid[c->tap.n++] = t->reqid[i];
	if (c->tap.n == 0) {
		no_tunnel(r, "tunnel or child");
		return false;
	}
	snprintf(c->tunnel, sizeof(c->tunnel), "%.63s", r->name);
	snprintf(c->name, sizeof(c->name), "%.63s%s%.63s", r->name, child ? "/" : "", child ? child : "");
	return true;
}

static bool
take_query(struct req *r, struct capture *c)
{
	uint64_t seconds, octets, rate;

	if (!query_number(r, "seconds", req_query(r, "seconds"), CAPTURE_SECONDS, 3600, &seconds) ||
	    !query_number(r, "packets", req_query(r, "packets"), 0, UINT32_MAX, &c->most_packets) ||
	    !query_number(r, "snaplen", req_query(r, "snaplen"), CW_TAP_OCTETS_MAX, CW_TAP_OCTETS_MAX, &octets) ||
	    !query_number(r, "rate", req_query(r, "rate"), CAPTURE_RATE, CW_TAP_RATE_MAX, &rate))
		return false;
	c->until_ns = clock_now_ns() + seconds * NS_PER_S;
	c->tap.octets = (uint32_t)octets;
	c->tap.rate = (uint32_t)rate;
	return take_children(r, c);
}

/* From here on the connection is the capture's own. */
static void
ask_engine(struct req *r, struct capture *c)
{
	struct captures *all = &r->s->captures;
	struct pfkey_msg m;

	c->s = r->s;
	c->grant = r->grant;
	snprintf(c->author, sizeof(c->author), "%s", r->author);
	snprintf(c->origin, sizeof(c->origin), "%s", r->origin);
	c->id = c->tap.id = ++all->last_id;
	c->next = all->first;
	all->first = c;
	all->n++;
	c->http = req_detach(r);
	evhttp_connection_set_closecb(evhttp_request_get_connection(c->http), on_close, c);
	pfkey_msg_init(&m, CW_MSG_TAP, SADB_SATYPE_UNSPEC);
	m.has = PFKEY_HAS(CW_EXT_TAP);
	m.tap = c->tap;
	c->call = pfkey_call(c->s->engine.pf, &m, tap_done, c);
	if (c->call == 0)
		refuse(c, EOPNOTSUPP);	/* it did not answer HELLO */
}

void
post_capture(struct req *r)
{
	struct capture *c;

	if (!r->s->engine.up) {
		req_error(r, 503, R_ENGINE_DOWN, NULL, NULL);
		return;
	}
	if (r->s->captures.n >= CW_TAPS_MAX) {
		req_error(r, 503, R_BUSY, "As many captures run already as there may be.", "End one of them, or wait.");
		return;
	}
	c = calloc(1, sizeof(*c));
	if (c) {
		c->look = event_new(r->s->base, -1, EV_PERSIST, on_look, c);
		c->waiting = evbuffer_new();
	}
	if (c && c->look && c->waiting && take_query(r, c)) {
		ask_engine(r, c);
		return;
	}
	if (!c || !c->look || !c->waiting)
		req_error(r, 503, R_NO_MEMORY, NULL, NULL);
	if (c && c->look)
		event_free(c->look);
	if (c && c->waiting)
		evbuffer_free(c->waiting);
	free(c);
}
