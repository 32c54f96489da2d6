/* SPDX-License-Identifier: BSD-2-Clause */
/* Rates: the looks that make them, and what the API says of them. */
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "clock.h"

/* ---- looking ---- */

/* The engine's SAs are known as of now. */
void
rates_look(struct sync *s)
{
	const struct want *w = &s->want;

	if (s->engine.sas_failed || !rates_begin(&s->rates, clock_now_ns() / NS_PER_MS, s->rates_due, w->nchildren))
		return;
	s->rates_due = false;
	for (unsigned i = 0; i < w->nchildren; i++) {
		const struct want_child *c = &w->by_reqid[i];
		struct tally t;

		tally_sums(s, &w->v[c->tunnel], c->reqid, &t);
		rates_take(&s->rates, c->reqid, (const uint64_t[RATE_KINDS]) { t.way[TALLY_IN].bytes, t.way[TALLY_OUT].bytes,
		    t.way[TALLY_IN].packets, t.way[TALLY_OUT].packets });
	}
	rates_end(&s->rates);
}

static void
looked(void *arg)
{
	(void)arg;
}

void
rates_minute(struct sync *s)
{
	s->rates_due = true;
	if (s->engine.up)
		sas_refresh(s, looked, &s->rates);
}

/* ---- saying ---- */

static const char *const kind_names[RATE_KINDS] = { "bytes_in", "bytes_out", "packets_in", "packets_out" };

json_t *
rate_json(const struct rates_child *c, unsigned kind)
{
	return c && c->live ? json_integer((json_int_t)c->per_s[kind]) : json_null();
}

json_t *
rate_last_json(const struct rates_child *c, unsigned kind)
{
	uint64_t ago_ms;

	return rates_last(c, kind, clock_now_ns() / NS_PER_MS, &ago_ms) ? json_integer((json_int_t)(ago_ms / 1000)) : json_null();
}

static json_t *
now_json(const struct rates_child *c)
{
	json_t *j = json_object();

	for (unsigned k = 0; k < RATE_KINDS; k++)
		json_object_set_new(j, kind_names[k], rate_json(c, k));
	return j;
}

json_t *
rates_now_json(const struct sync *s)
{
	return now_json(s->engine.up ? &s->rates.whole : NULL);
}

static void
put_lists(json_t *j, uint64_t (*v)[RATE_KINDS], unsigned n)
{
	for (unsigned k = 0; k < RATE_KINDS; k++) {
		json_t *list = json_array();

		for (unsigned i = 0; i < n; i++)
			json_array_append_new(list, json_integer((json_int_t)v[i][k]));
		json_object_set_new(j, kind_names[k], list);
	}
}

/* Adds one child's samples to the sum; its own go to "into". */
static void
put_child(const struct sync *s, const struct want_tunnel *w, unsigned child, unsigned tier, uint64_t (*sum)[RATE_KINDS], json_t *into)
{
	uint64_t (*own)[RATE_KINDS] = calloc(rates_tiers[tier].slots, sizeof(*own));
	const struct rates_child *c = rates_of(&s->rates, w->reqid[child]);
	json_t *j = json_pack("{s:s, s:o}", "name", want_child_name(w, child), "now", now_json(s->engine.up ? c : NULL));

	if (own && c) {
		rates_add(&s->rates, c, tier, own);
		rates_add(&s->rates, c, tier, sum);
	}
	if (own)
		put_lists(j, own, rates_count(&s->rates, tier));
	json_array_append_new(into, j);
	free(own);
}

static bool
find_tier(struct req *r, unsigned *tier)
{
	const char *span = req_query(r, "span");

	for (*tier = 0; *tier < RATES_TIERS; ++*tier)
		if (strcmp(span ? span : "2h", rates_tiers[*tier].name) == 0)
			return true;
	req_error(r, 400, R_REQUEST_INVALID, "'span' is 2h, 1d or 31d.", "");
	return false;
}

/* A tunnel's: what its children carry together. */
static json_t *
now_of(const struct sync *s, const struct want_tunnel *w)
{
	struct rates_child sum = { .live = s->engine.up };

	for (unsigned k = 0; k < w->t->nchildren; k++) {
		const struct rates_child *c = rates_of(&s->rates, w->reqid[k]);

		sum.live &= c && c->live;
		for (unsigned i = 0; c && i < RATE_KINDS; i++)
			sum.per_s[i] += c->per_s[i];
	}
	return now_json(&sum);
}

/* When the last whole sample ended. */
static json_t *
until(const struct sync *s, unsigned tier)
{
	uint64_t since_s = s->rates.kept_ms ? (clock_now_ns() / NS_PER_MS - s->rates.kept_ms) / 1000 : 0;

	return json_time(clock_wall_s() - since_s - s->rates.minutes % rates_tiers[tier].minutes * 60);
}

static void
traffic_now(void *arg)
{
	struct req *r = arg;
	const struct want_tunnel *w = r->name[0] ? want_find(&r->s->want, r->name) : NULL;
	uint64_t (*sum)[RATE_KINDS];
	json_t *j, *children = json_array();
	unsigned tier;

	if (r->name[0] && !w) {
		no_tunnel(r, "tunnel");
		json_decref(children);
		return;
	}
	if (!find_tier(r, &tier)) {
		json_decref(children);
		return;
	}
	sum = calloc(rates_tiers[tier].slots, sizeof(*sum));
	for (unsigned k = 0; sum && w && k < w->t->nchildren; k++)
		put_child(r->s, w, k, tier, sum, children);
	if (sum && !w)
		rates_add(&r->s->rates, &r->s->rates.whole, tier, sum);
	j = json_pack("{s:o, s:s, s:i, s:o}", "tunnel", json_text(r->name), "span", rates_tiers[tier].name, "every_s", (int)rates_tiers[tier].minutes * 60,
	    "until", until(r->s, tier));
	if (sum)
		put_lists(j, sum, rates_count(&r->s->rates, tier));
	json_object_set_new(j, "now", w ? now_of(r->s, w) : rates_now_json(r->s));
	json_object_set_new(j, "children", children);
	free(sum);
	req_reply(r, 200, j);
}

void
get_traffic(struct req *r)
{
	r->late = traffic_now;
	sas_refresh(r->s, traffic_now, r);
}
