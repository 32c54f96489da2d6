/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GET /metrics: what the answers of the API say as numbers, for Prometheus and its kin. Gauges for what is wanted stand beside those for
 * what is: "wanted and not up" is the alert, an on-demand tunnel that rests is none. Times are times, not ages. Labels are names of the
 * site file and reasons, whose number is bounded.
 */
#include "config.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "apiserve.h"
#include "certwatch.h"
#include "clock.h"
#include "events.h"
#include "om.h"
#include "tally.h"

static const char *const way_names[] = { "in", "out" };

/* ---- the gateway ---- */

static void
put_gateway(struct om *o, const struct sync *s)
{
	om_family(o, OM_INFO, "causeway_build", NULL, "The version that runs.");
	om_uint(o, 1, "version", PACKAGE_VERSION, NULL);
	om_family(o, OM_INFO, "causeway_gateway", NULL, "Which site this gateway is, and which engine serves.");
	om_uint(o, 1, "site", s->site, "engine", s->proc->engine, NULL);
	om_family(o, OM_GAUGE, "causeway_daemon_up", NULL, "1 while spdsync has a link to it.");
	om_uint(o, s->engine.up, "daemon", "engine", NULL);
	om_uint(o, s->host.up, "daemon", "ipsecd", NULL);
	om_uint(o, s->keymgr.up, "daemon", "keymgr", NULL);
	om_uint(o, s->iked.up, "daemon", "iked", NULL);
	om_family(o, OM_GAUGE, "causeway_revision", NULL, "The number of the revision in force, 0 before the first.");
	om_uint(o, s->rev.number, NULL);
	om_family(o, OM_GAUGE, "causeway_in_sync", NULL, "1 when policies, tunnels and bindings of the revision are with their daemons.");
	om_uint(o, sync_settled(s), NULL);
	om_family(o, OM_GAUGE, "causeway_guard_closed", NULL, "1: what is to be protected cannot leave in the clear; 0: the guard is open, or not known.");
	om_uint(o, s->host.guard == 1, NULL);
	om_family(o, OM_GAUGE, "causeway_policies_blocked", NULL, "Wanted policies that a foreign one keeps out.");
	om_uint(o, s->engine.blocked, NULL);
	om_family(o, OM_COUNTER, "causeway_drift_repairs", NULL, "Policies that were put right after somebody else had changed them.");
	om_uint(o, s->repairs_event, "found_by", "event", NULL);
	om_uint(o, s->repairs_pass, "found_by", "pass", NULL);
	om_family(o, OM_COUNTER, "causeway_applies", NULL, "Revisions that were brought into force since spdsync began.");
	om_uint(o, s->applies, NULL);
}

static void
put_events(struct om *o, const struct sync *s)
{
	struct events_count c = events_counted(s->events);

	om_family(o, OM_COUNTER, "causeway_events", NULL, "Events told.");
	om_uint(o, c.events, NULL);
	om_family(o, OM_GAUGE, "causeway_event_readers", NULL, "Readers of the event stream.");
	om_uint(o, c.readers, NULL);
	om_family(o, OM_COUNTER, "causeway_event_readers_cut", NULL, "Readers that were cut off because they took nothing.");
	om_uint(o, c.cut, NULL);
	om_family(o, OM_COUNTER, "causeway_events_lost", NULL, "Events that a reader did not hear because it was too slow.");
	om_uint(o, c.lost, NULL);
}

static void
put_counters(struct om *o, const struct sync *s, json_t *engine)
{
	const char *name;
	json_t *v;

	om_family(o, OM_COUNTER, "causeway_engine_drops", NULL, "Packets that the engine dropped, by reason.");
	json_object_foreach(engine, name, v)
		if (strncmp(name, "drop_", 5) == 0)
			om_uint(o, (uint64_t)json_integer_value(v), "reason", name + 5, NULL);
	om_family(o, OM_COUNTER, "causeway_engine_count", NULL, "Other counters of the engine and its host.");
	json_object_foreach(engine, name, v)
		if (strncmp(name, "drop_", 5) != 0)
			om_uint(o, (uint64_t)json_integer_value(v), "counter", name, NULL);
	om_family(o, OM_COUNTER, "causeway_iked_count", NULL, "Counters of iked.");
	for (unsigned i = 0; i < s->niked_counters; i++)
		om_uint(o, s->iked_counters[i].value, "counter", s->iked_counters[i].name, NULL);
}

static void
put_certificate(void *arg, const char *name, uint64_t not_after, bool good)
{
	struct om *o = arg;

	(void)good;
	om_uint(o, not_after, "certificate", name, NULL);
}

static void
put_goodness(void *arg, const char *name, uint64_t not_after, bool good)
{
	struct om *o = arg;

	(void)not_after;
	om_uint(o, good, "certificate", name, NULL);
}

/* ---- tunnels ---- */

static const struct child_state *
child_of(const struct rt *rt, const char *name)
{
	for (unsigned i = 0; rt->state && i < rt->state->nchildren; i++)
		if (strcmp(rt->state->children[i].name, name) == 0)
			return &rt->state->children[i];
	return NULL;
}

static bool
is_up(const struct sync *s, const struct child_state *c)
{
	return s->iked.up && c && (c->negotiated == CHILD_UP || c->negotiated == CHILD_REKEYING);
}

/*
 * Wanted is what somebody would miss: not what was closed by hand, nor what rests until it is needed or the peer begins.
 */
static bool
is_wanted(const struct want_tunnel *w, const struct child_state *c)
{
	return (!c || c->wanted) && w->t->start == START_ALWAYS;
}

enum gauge { G_TUNNEL_WANTED, G_TUNNEL_UP, G_DIFFERS, G_IKE_UP, G_CHILD_WANTED, G_CHILD_UP, G_PROVEN, G_SINCE, G_REKEY, GAUGES };
static const struct { const char *name, *unit, *help; bool child; } gauges[GAUGES] = {
	[G_TUNNEL_WANTED] = { "causeway_tunnel_wanted", NULL, "1 when it is to be up: start: always, and not closed by hand.", false },
	[G_TUNNEL_UP] = { "causeway_tunnel_up", NULL, "1 when all of its children are up.", false },
	[G_DIFFERS] = { "causeway_tunnel_config_differs", NULL, "1 when the two ends' site files differ.", false },
	[G_IKE_UP] = { "causeway_ike_up", NULL, "1 while it has an IKE SA.", false },
	[G_CHILD_WANTED] = { "causeway_child_wanted", NULL, "1 when it is to be up.", true },
	[G_CHILD_UP] = { "causeway_child_up", NULL, "1 when it is negotiated and carries traffic.", true },
	[G_PROVEN] = { "causeway_child_proven", NULL, "1 once an authenticated packet came in by its present SAs.", true },
	[G_SINCE] = { "causeway_child_established_timestamp_seconds", "seconds", "Since when its present SAs carry traffic.", true },
	[G_REKEY] = { "causeway_child_rekey_timestamp_seconds", "seconds", "When it is going to be rekeyed.", true },
};

static bool
all_up(const struct sync *s, const struct want_tunnel *w, const struct rt *rt)
{
	bool up = true;

	for (unsigned k = 0; k < w->t->nchildren; k++)
		up &= is_up(s, child_of(rt, want_child_name(w, k)));
	return up;
}

static bool
one_wanted(const struct want_tunnel *w, const struct rt *rt)
{
	bool wanted = false;

	for (unsigned k = 0; k < w->t->nchildren; k++)
		wanted |= is_wanted(w, child_of(rt, want_child_name(w, k)));
	return wanted;
}

/* Of a tunnel, or of its child. False: it has no value now. */
static bool
gauge_value(const struct sync *s, const struct want_tunnel *w, unsigned child, const struct rt *rt, enum gauge g, uint64_t now, uint64_t *v)
{
	const struct child_state *c = child_of(rt, want_child_name(w, child));

	switch (g) {
	case G_TUNNEL_WANTED: *v = one_wanted(w, rt); return true;
	case G_CHILD_WANTED: *v = is_wanted(w, c); return true;
	case G_TUNNEL_UP: *v = all_up(s, w, rt); return true;
	case G_CHILD_UP: *v = is_up(s, c); return true;
	case G_DIFFERS: *v = rt->state && rt->state->reason == R_CONFIG_DIFFERS; return true;
	case G_IKE_UP: *v = s->iked.up && rt->state && rt->state->ike_up; return true;
	case G_PROVEN: *v = is_up(s, c) && c->proven; return true;
	case G_SINCE: *v = c ? now - rt_age(rt, c->since_s) : 0; return is_up(s, c);
	case G_REKEY: *v = c ? now + rt_left(rt, c->rekey_in_s) : 0; return is_up(s, c);
	default: return false;
	}
}

static void
put_gauges(struct om *o, const struct sync *s)
{
	uint64_t now = clock_wall_s(), v;

	for (unsigned g = 0; g < GAUGES; g++) {
		om_family(o, OM_GAUGE, gauges[g].name, gauges[g].unit, gauges[g].help);
		for (unsigned i = 0; i < s->nrt; i++) {
			const struct want_tunnel *w = &s->want.v[i];

			for (unsigned k = 0; k < (gauges[g].child ? w->t->nchildren : 1); k++)
				if (!gauge_value(s, w, k, s->rt[i], (enum gauge)g, now, &v))
					continue;
				else if (gauges[g].child)
					om_uint(o, v, "tunnel", s->rt[i]->name, "child", want_child_name(w, k), NULL);
				else
					om_uint(o, v, "tunnel", s->rt[i]->name, NULL);
		}
	}
}

enum total { T_BYTES, T_PACKETS, T_REPLAY, T_ICV, T_SELECTOR, T_OTHER };

static uint64_t
total_of(const struct tally_way *w, enum total t)
{
	const uint64_t v[] = { w->bytes, w->packets, w->replay, w->icv, w->selector, w->other };

	return v[t];
}

/* Sums and their names, in the order of the reqids. */
static const char *
tunnel_of(const struct sync *s, unsigned i)
{
	return s->want.v[s->want.by_reqid[i].tunnel].t->name;
}

static const char *
name_of(const struct sync *s, unsigned i)
{
	return want_child_name(&s->want.v[s->want.by_reqid[i].tunnel], s->want.by_reqid[i].child);
}

static void
put_ways(struct om *o, const struct sync *s, const struct tally *sums, enum total t)
{
	for (unsigned i = 0; i < s->want.nchildren; i++)
		for (unsigned w = 0; w < 2; w++)
			om_uint(o, total_of(&sums[i].way[w], t), "tunnel", tunnel_of(s, i), "child", name_of(s, i), "direction", way_names[w], NULL);
}

static void
put_children(struct om *o, struct sync *s)
{
	static const char *const drops[] = { [T_REPLAY] = "replay", [T_ICV] = "icv", [T_SELECTOR] = "selector", [T_OTHER] = "other" };
	struct tally *sums = calloc(s->want.nchildren + 1u, sizeof(*sums));

	for (unsigned i = 0; sums && i < s->want.nchildren; i++)
		tally_sums(s, &s->want.v[s->want.by_reqid[i].tunnel], s->want.by_reqid[i].reqid, &sums[i]);
	if (!sums) {
		o->bad = true;
		return;
	}
	om_family(o, OM_COUNTER, "causeway_child_bytes", "bytes", "Octets of inner packets, over all of its SAs.");
	put_ways(o, s, sums, T_BYTES);
	om_family(o, OM_COUNTER, "causeway_child_packets", NULL, "Packets, over all of its SAs.");
	put_ways(o, s, sums, T_PACKETS);
	om_family(o, OM_COUNTER, "causeway_child_drops", NULL, "Packets that were dropped for want of a fresh number, a good ICV, a fitting selector, or else.");
	for (unsigned i = 0; i < s->want.nchildren; i++)
		for (unsigned t = T_REPLAY; t <= T_OTHER; t++)
			for (unsigned w = 0; w < 2; w++)
				om_uint(o, total_of(&sums[i].way[w], (enum total)t), "tunnel", tunnel_of(s, i), "child", name_of(s, i),
				    "direction", way_names[w], "reason", drops[t], NULL);
	om_family(o, OM_COUNTER, "causeway_child_rekeys", NULL, "How often its SAs were replaced while it was up.");
	for (unsigned i = 0; i < s->want.nchildren; i++)
		om_uint(o, sums[i].rekeys, "tunnel", tunnel_of(s, i), "child", name_of(s, i), NULL);
	free(sums);
}

static void
put_failures(struct om *o, const char *tunnel, const struct rt_tally *t)
{
	for (unsigned i = 0; i < t->n; i++)
		om_uint(o, t->failed[i].count, "tunnel", tunnel, "reason", reason_row(t->failed[i].reason)->name, NULL);
	if (t->failed_other)
		om_uint(o, t->failed_other, "tunnel", tunnel, "reason", "other", NULL);
}

static void
put_negotiations(struct om *o, const struct sync *s)
{
	om_family(o, OM_COUNTER, "causeway_ike_handshakes", NULL, "IKE SAs that were set up.");
	for (unsigned i = 0; i < s->nrt; i++)
		om_uint(o, s->rt[i]->tally.ike_setups, "tunnel", s->rt[i]->name, NULL);
	om_family(o, OM_COUNTER, "causeway_ike_rekeys", NULL, "IKE SAs that took the place of another.");
	for (unsigned i = 0; i < s->nrt; i++)
		om_uint(o, s->rt[i]->tally.ike_rekeys, "tunnel", s->rt[i]->name, NULL);
	om_family(o, OM_COUNTER, "causeway_negotiations_succeeded", NULL, "Children that were negotiated.");
	for (unsigned i = 0; i < s->nrt; i++)
		om_uint(o, s->rt[i]->tally.children_made, "tunnel", s->rt[i]->name, NULL);
	om_family(o, OM_COUNTER, "causeway_negotiations_failed", NULL, "Negotiations that failed, by reason; without a tunnel: those of peers that no tunnel knows.");
	put_failures(o, "", &s->strangers);
	for (unsigned i = 0; i < s->nrt; i++)
		put_failures(o, s->rt[i]->name, &s->rt[i]->tally);
}

/* ---- the answer ---- */

static void
metrics_now(void *arg)
{
	struct req *r = arg;
	const char *accept = evhttp_find_header(evhttp_request_get_input_headers(r->http), "Accept");
	struct sync *s = r->s;
	const char *text;
	struct om o;
	size_t n;

	om_init(&o, accept && strstr(accept, "application/openmetrics-text"));
	put_gateway(&o, s);
	put_gauges(&o, s);
	put_children(&o, s);
	put_negotiations(&o, s);
	put_counters(&o, s, r->drops);
	om_family(&o, OM_GAUGE, "causeway_cert_not_after_timestamp_seconds", "seconds", "When a certificate ends.");
	certwatch_each(s->certs, put_certificate, &o);
	om_family(&o, OM_GAUGE, "causeway_cert_good", NULL, "0: something is wrong with a certificate that is in use, or it ends within 30 days.");
	certwatch_each(s->certs, put_goodness, &o);
	put_events(&o, s);
	text = om_end(&o, &n);
	if (text)
		req_text(r, o.open ? "application/openmetrics-text; version=1.0.0; charset=utf-8" : "text/plain; version=0.0.4; charset=utf-8", text, n);
	else
		req_error(r, 503, R_NO_MEMORY, NULL, NULL);
	om_fini(&o);
}

static void
metrics_counted(struct req *r, json_t *counters)
{
	r->drops = json_incref(counters);
	r->late = metrics_now;
	sas_refresh(r->s, metrics_now, r);
}

void
get_metrics(struct req *r)
{
	engine_counters(r, metrics_counted);
}
