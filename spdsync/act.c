/* SPDX-License-Identifier: BSD-2-Clause */
/* What an administrator asks for by hand: up, down, rekey, the guard, the end of the suite. The other daemon's answer is ours. */
#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "act.h"
#include "api.h"
#include "msg_esp.h"


/* ---- tunnels ---- */

static void
on_late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	req_error(arg, 504, R_BUSY, "It is not done yet; it goes on.", "'ikectl status' shows how far it is.");
}

static void
tunnel_done(void *arg, enum reason reason, struct rd *body)
{
	struct req *r = arg;
	char detail[256] = "", text[600];

	r->call = 0;
	if (reason == R_OK) {
		req_reply(r, 200, json_pack("{s:s, s:b}", "tunnel", r->name, "done", 1));
		return;
	}
	if (body && rd_left(body))
		str_get(body, detail, sizeof(detail));
	if (reason == R_NOT_FOUND) {
		snprintf(text, sizeof(text), "Of %s %s.", r->audit ? r->audit->detail : r->name, detail[0] ? detail : "nothing is known to iked");
		req_error(r, 404, reason, text, "'ikectl up' sets it up; 'ikectl explain' says why it is down.");
		return;
	}
	snprintf(text, sizeof(text), "%s%s%s", reason_row(reason)->sentence, detail[0] ? " " : "", detail);
	req_error(r, reason == R_IKED_DOWN ? 503 : 502, reason, text, NULL);
}

/* Of a tunnel that policies ask for. */
static bool
has_policy(const struct utunnel *u, const char *child)
{
	char name[NAME_CAP];

	for (unsigned i = 0; u && child[0] && i < u->n; i++) {
		uchild_name(&u->child[i], name);
		if (strcmp(name, child) == 0)
			return true;
	}
	return u && child[0] == '\0';
}

/* "": the tunnel itself. */
static bool
has_child(const struct want_tunnel *w, const char *child)
{
	for (unsigned i = 0; w && child[0] && i < w->t->nchildren; i++)
		if (strcmp(want_child_name(w, i), child) == 0)
			return true;
	return w && child[0] == '\0';
}

static void
tunnel_call(struct req *r, uint16_t type, const char *action)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(r->http);
	size_t n = evbuffer_get_length(in);
	char full[CHILD_NAME_CAP], why[200] = "The body is too long.";
	uint8_t buf[256];
	struct wr w = wr_of(buf, sizeof(buf));
	struct act a;
	unsigned wait_s;

	if (n > 4096 || !act_body(n ? (const char *)evbuffer_pullup(in, -1) : "", n, &a, why, sizeof(why))) {
		req_error(r, 400, R_REQUEST_INVALID, why, NULL);
		return;
	}
	if (!has_child(want_find(&r->s->want, r->name), a.child) && !has_policy(umap_find(&r->s->demand.map, r->name), a.child)) {
		no_tunnel(r, "tunnel or child");
		return;
	}
	if (!req_wait(r, &wait_s))
		return;
	snprintf(full, sizeof(full), "%.63s%s%.63s", r->name, a.child[0] ? "/" : "", a.child);
	str_put(&w, full);
	if (type == IKE_REKEY)
		wr_u8(&w, a.what);
	req_audit(r, action, full);
	r->call_link = r->s->iked.ipc;
	r->call = r->s->iked.up ? ipc_call(r->call_link, type, wr_bytes(&w), R_IKED_DOWN, tunnel_done, r) : 0;
	if (r->call == 0)
		req_error(r, 503, R_IKED_DOWN, NULL, NULL);
	else
		req_timer(r, wait_s, on_late);
}

void post_up(struct req *r) { tunnel_call(r, IKE_UP, "up"); }
void post_down(struct req *r) { tunnel_call(r, IKE_DOWN, "down"); }
void post_rekey(struct req *r) { tunnel_call(r, IKE_REKEY, "rekey"); }
void post_restart(struct req *r) { tunnel_call(r, IKE_RESTART, "restart"); }

/* ---- the guard ---- */

static void
guard_done(struct req *r, enum reason reason, bool open)
{
	r->call = 0;
	if (reason != R_OK) {
		req_error(r, reason == R_ENGINE_DOWN ? 503 : 502, reason, NULL, NULL);
		return;
	}
	engine_guard(r->s, !open);
	req_reply(r, 200, json_pack("{s:s}", "guard", open ? "open" : "closed"));
}

static void
open_done(void *arg, enum reason reason, struct rd *body)
{
	(void)body;
	guard_done(arg, reason, true);
}

static void
close_done(void *arg, enum reason reason, struct rd *body)
{
	(void)body;
	guard_done(arg, reason, false);
}

static void
guard_call(struct req *r, uint16_t type, const char *action, ipc_done *done)
{
	struct host *h = &r->s->host;
	unsigned wait_s;

	if (!req_wait(r, &wait_s))
		return;
	req_audit(r, "guard", action);
	r->call_link = h->ipc;
	r->call = h->up ? ipc_call(h->ipc, type, bytes_of(NULL, 0), R_ENGINE_DOWN, done, r) : 0;
	if (r->call == 0)
		req_error(r, 503, R_ENGINE_DOWN, NULL, NULL);
	else
		req_timer(r, wait_s, on_late);
}

void post_open(struct req *r) { guard_call(r, ESP_OPEN, "open", open_done); }

static void
close_late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	guard_call(arg, ESP_CLOSE, "close", close_done);
}

/* Policies that went with the guard come back before it, so that it is made from them. */
void
post_close(struct req *r)
{
	struct sync *s = r->s;
	bool gone = s->host.guard == 0 && proc_kernel_engine(s->proc);

	if (gone)
		engine_guard(s, 1);
	if (!gone || !req_timer(r, 1, close_late))
		guard_call(r, ESP_CLOSE, "close", close_done);
}

/* ---- the end ---- */

static void
stop_now(evutil_socket_t fd, short what, void *arg)
{
	struct sync *s = arg;

	(void)fd, (void)what;
	proc_ask_stop(s->proc);
}

static void
stop_soon(struct sync *s)
{
	struct timeval soon = { 0, 100000 };	/* the answer leaves first */

	event_base_once(s->base, -1, EV_TIMEOUT, stop_now, s, &soon);
}

/* A guard that could follow the policies would open: then these stay as well. */
static void
kept(void *arg, enum reason reason, struct rd *body)
{
	struct sync *s = arg;

	(void)body;
	if (reason == R_OK && s->engine.up)
		engine_end(s, stop_soon);
	else
		stop_soon(s);
}

/*
 * ipsecd ends with the suite and takes SAs and policies with it. From a kernel's engine our policies are taken away, after ipsecd was told
 * that its guard stays as it is: it would derive an open one from an empty table (contracts, "Stop, upgrade").
 */
static void
end_suite(struct sync *s)
{
	struct timeval late = { 5, 0 };

	if (s->ends == ENDS_NOW)
		return;
	s->ends = ENDS_NOW;
	if (s->ending)
		req_reply(s->ending, 200, json_pack("{s:b}", "stopping", 1));
	if (!proc_kernel_engine(s->proc) || !s->host.up || ipc_call(s->host.ipc, ESP_KEEP, bytes_of(NULL, 0), R_ENGINE_DOWN, kept, s) == 0)
		stop_soon(s);
	else
		event_base_once(s->base, -1, EV_TIMEOUT, stop_now, s, &late);
}

static void
deletes_done(void *arg, enum reason reason, struct rd *body)
{
	(void)reason, (void)body;
	end_suite(arg);
}

static void
deletes_late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	end_suite(arg);
}

/* Once asked for it goes on to its end, also when who asked does not wait for that: iked has told the peers, and sets up no tunnel any more. */
void
post_shutdown(struct req *r)
{
	struct timeval late = { 5, 0 };
	struct sync *s = r->s;
	bool asked;

	req_audit(r, "shutdown", "");
	if (s->ends != ENDS_NOT) {
		req_reply(r, 200, json_pack("{s:b}", "stopping", 1));
		return;
	}
	s->ends = ENDS_ASKED;
	s->ending = r;
	asked = s->iked.up && ipc_call(s->iked.ipc, IKE_SHUTDOWN, bytes_of(NULL, 0), R_IKED_DOWN, deletes_done, s) != 0;
	if (!asked || event_base_once(s->base, -1, EV_TIMEOUT, deletes_late, s, &late) < 0)
		end_suite(s);
}
