/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why a tunnel is as it is. Our own failures come before the protocol's: with the engine down or the secret missing it would be
 * wrong to speak of the peer. The rest is iked's word; the records are what iked saw of the last negotiations.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "msg_esp.h"
#include "names.h"
#include "clock.h"

#define LATELY_S	300	/* a peer that is refused tries again before */

const char *
negotiated_name(enum child_negotiated n)
{
	static const char *const names[] = { "down", "connecting", "up", "rekeying", "failed" };

	return n < sizeof(names) / sizeof(names[0]) ? names[n] : "down";
}

/* failed, down, connecting, rekeying, up: the first of these that a child is in is the tunnel's. */
int
tunnel_badness(enum child_negotiated n)
{
	static const int rank[] = { 3, 2, 0, 1, 4 };

	return n < 5 ? rank[n] : 5;
}

enum child_negotiated
tunnel_worst(const struct tunnel_state *st)
{
	enum child_negotiated worst = CHILD_UP;

	if (!st || st->nchildren == 0)
		return CHILD_DOWN;
	for (unsigned i = 0; i < st->nchildren; i++) {
		enum child_negotiated n = (enum child_negotiated)st->children[i].negotiated;

		if (tunnel_badness(n) > tunnel_badness(worst))
			worst = n;
	}
	return worst;
}

static void
set(struct verdict *v, enum reason reason, const char *detail)
{
	v->reason = reason;
	snprintf(v->detail, sizeof(v->detail), "%s", detail ? detail : "");
}

/*
 * IKE speaks, and by a child that is up packets go, but none comes: the usual sign of a filter that drops protocol 50 or UDP 4500. Who sends and
 * never wants an answer looks alike, so the tunnel stays up, and is only said to be so.
 */
static void
unanswered(const struct sync *s, const struct want_tunnel *w, const struct rt *rt, struct verdict *v)
{
	uint64_t now_ms = clock_now_ns() / NS_PER_MS, packets, ago_ms, out_ms;
	const struct child_state *c;
	const struct rates_child *seen;
	bool up;

	for (unsigned k = 0; k < w->t->nchildren; k++) {
		c = child_state_of(rt, want_child_name(w, k), &up);
		seen = rates_of(&s->rates, w->reqid[k]);
		if (!up || !rates_unanswered(seen, now_ms, &packets, &ago_ms) || !rates_last(seen, RATE_PACKETS_OUT, now_ms, &out_ms) ||
		    out_ms / 1000 > rt_age(rt, c->since_s))
			continue;
		v->reason = R_NOTHING_COMES_IN;
		snprintf(v->detail, sizeof(v->detail), "%s: %llu packets in %llu s, in %s.", c->name, (unsigned long long)packets,
		    (unsigned long long)(ago_ms / 1000), c->udp ? "UDP 4500" : "ESP (protocol 50)");
		return;
	}
}

/* How the newest negotiation ended that the other site began: iked has no word for it in the state of a tunnel that waits. R_OK: well, or long ago. */
static enum reason
refused_lately(const struct rt *rt)
{
	struct record *r = malloc(sizeof(*r));
	enum reason why = R_OK;

	if (r && records_get(&rt->records, 0, r) && r->time_s + LATELY_S >= clock_wall_s())
		why = (enum reason)r->reason;
	free(r);
	return why;
}

/* Where a tunnel is an interface, SAs alone carry nothing. */
static enum reason
iface_why(const struct sync *s, const struct want_tunnel *w)
{
	int state = want_iface(w)[0] ? host_iface_state(s, want_iface(w)) : IFACE_ROUTED;

	if (!engine_has_ifaces(s) && want_iface(w)[0])
		return R_ENGINE_NO_IFACE;
	if (state == IFACE_MISSING || (state < 0 && s->host.synced))
		return R_IFACE_MISSING;
	return state == IFACE_DOWN ? R_IFACE_DOWN : state == IFACE_UNROUTED ? R_IFACE_UNROUTED : R_OK;
}

void
tunnel_verdict(struct sync *s, const struct want_tunnel *w, const struct rt *rt, struct verdict *v)
{
	const struct tunnel_state *st = rt->state;
	enum reason unnamed, lacks;
	const char *detail = NULL;
	bool up;

	memset(v, 0, sizeof(*v));
	v->state = tunnel_worst(st);
	up = v->state == CHILD_UP || v->state == CHILD_REKEYING;
	if (st && st->retry_in_s && !up) {
		v->retry = true;
		v->retry_in_s = rt_left(rt, st->retry_in_s);
	}
	if (!s->engine.up)
		set(v, s->engine.other[0] ? R_ENGINE_VERSION : R_ENGINE_DOWN, NULL);
	else if (!s->keymgr.up)
		set(v, R_KEYMGR_DOWN, NULL);
	else if (!s->iked.up)
		set(v, R_IKED_DOWN, NULL);
	else if (w && (lacks = iface_why(s, w)) != R_OK)
		set(v, lacks, want_iface(w));
	else if (!up && rt->secret_known && rt->secret != R_OK)
		set(v, rt->secret, rt->secret_detail);
	else if (w && !up && (unnamed = names_why(s, w, &detail)) != R_OK)
		set(v, unnamed, detail);
	else if (rt->put != R_OK)
		set(v, rt->put, "iked did not take the tunnel.");
	else if (st && st->reason != R_OK)
		set(v, (enum reason)st->reason, st->detail);
	else if (w && !up && w->start == START_RESPOND)
		set(v, R_WAITING_FOR_PEER, !site_is_any(w->remote) ? "This end is respond-only." : "The peer's address is not known, so the peer begins.");
	else if (w && !up && !w->first && (unnamed = refused_lately(rt)) != R_OK)
		set(v, unnamed, "So ended what the other site began last.");
	else if (w && !up && !w->first && !st)
		set(v, R_WAITING_FOR_PEER, "The other site begins; this one follows after 15 s.");
	else if (w && up && st->ike_up)
		unanswered(s, w, rt, v);
}

/* ---- records ---- */

const char *
verdict_message(const struct verdict *v)
{
	if (v->reason != R_OK)
		return reason_row(v->reason)->sentence;
	return v->state == CHILD_UP || v->state == CHILD_REKEYING ? "It is up." : "It is being set up.";
}

static json_t *
record_json(const struct record *r, const char *matched_by)
{
	const struct reason_row *row = reason_row(r->reason);
	json_t *facts = json_object();

	for (unsigned i = 0; i < r->nfacts; i++)
		json_object_set_new(facts, r->facts[i].key, json_words(r->facts[i].text));
	return json_pack("{s:o, s:o, s:o, s:s, s:s, s:s, s:o, s:s}", "time", json_time(r->time_s), "tunnel", json_text(r->tunnel),
	    "child", json_text(r->child), "reason", row->name, "message", row->sentence, "hint", row->hint, "facts", facts,
	    "matched_by", matched_by);
}

/* Does the "peer" fact (an endpoint's text) have this address? */
static bool
peer_is(const struct record *r, const struct addr *a)
{
	char text[ADDR_STR], v4[ADDR_STR + 2], v6[ADDR_STR + 4];

	if (a->fam == 0)
		return false;
	addr_str(a, text);
	snprintf(v4, sizeof(v4), "%s:", text);
	snprintf(v6, sizeof(v6), "[%s]", text);
	for (unsigned i = 0; i < r->nfacts; i++)
		if (strcmp(r->facts[i].key, "peer") == 0)
			return strcmp(r->facts[i].text, text) == 0 || strncmp(r->facts[i].text, v4, strlen(v4)) == 0 ||
			    strncmp(r->facts[i].text, v6, strlen(v6)) == 0;
	return false;
}

/* The tunnel's own records and those of its peer's address that found no tunnel, newest first, at most RECORDS_TUNNEL. */
static json_t *
tunnel_records(struct sync *s, const struct addr *remote, const struct rt *rt)
{
	struct record *r = malloc(2 * sizeof(*r));
	json_t *list = json_array();
	unsigned i = 0, j = 0;

	while (r && json_array_size(list) < RECORDS_TUNNEL) {
		bool own = records_get(&rt->records, i, &r[0]), other = records_get(&s->others, j, &r[1]);

		while (other && !peer_is(&r[1], remote))
			other = records_get(&s->others, ++j, &r[1]);
		if (!own && !other)
			break;
		if (own && (!other || r[0].time_s >= r[1].time_s)) {
			json_array_append_new(list, record_json(&r[0], "name"));
			i++;
		} else {
			json_array_append_new(list, record_json(&r[1], "address"));
			j++;
		}
	}
	free(r);
	return list;
}

static json_t *
other_records(struct sync *s)
{
	struct record *r = malloc(sizeof(*r));
	json_t *list = json_array();

	for (unsigned i = 0; r && records_get(&s->others, i, r); i++)
		json_array_append_new(list, record_json(r, "name"));
	free(r);
	return list;
}

static void
explain(void *arg)
{
	struct req *r = arg;
	struct sync *s = r->s;
	const struct want_tunnel *w = want_find(&s->want, r->name);
	const struct utunnel *u = umap_find(&s->demand.map, r->name);
	const struct rt *rt = rt_find(s, r->name);
	const struct reason_row *row;
	struct verdict v;
	json_t *now;

	if (!rt || (!w && !u)) {
		no_tunnel(r, "tunnel");
		return;
	}
	tunnel_verdict(s, w, rt, &v);
	row = reason_row(v.reason);
	now = json_pack("{s:s, s:s, s:s, s:o, s:s, s:o}", "reason", row->name, "message", verdict_message(&v), "hint", row->hint,
	    "detail", json_words(v.detail), "state", negotiated_name(v.state), "retry_in_s",
	    v.retry ? json_integer((json_int_t)v.retry_in_s) : json_null());
	req_reply(r, 200, json_pack("{s:s, s:o, s:o}", "tunnel", rt->name, "now", now, "records",
	    tunnel_records(s, w ? &w->remote->address : &u->remote, rt)));
}

static void
on_asked(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	explain(arg);
}

/* keymgr is asked what the secret is like now: its answer is there within a millisecond, and is waited for 50 of them. */
static void
counted(void *arg)
{
	struct req *r = arg;
	struct rt *rt = rt_find(r->s, r->name);
	struct timeval soon = { 0, 50000 };

	if (rt && r->s->keymgr.up) {
		keymgr_check(r->s, rt);
		event_free(r->timer);
		r->timer = evtimer_new(r->s->base, on_asked, r);
		r->checked = explain;
		if (r->timer && evtimer_add(r->timer, &soon) == 0)
			return;
		r->checked = NULL;
	}
	explain(r);
}

/* What the SAs carried comes first. */
void
get_explain(struct req *r)
{
	if (strcmp(r->name, "-") == 0) {
		req_reply(r, 200, json_pack("{s:n, s:n, s:o}", "tunnel", "now", "records", other_records(r->s)));
		return;
	}
	r->late = counted;
	sas_refresh(r->s, counted, r);
}
