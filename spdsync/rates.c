/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "rates.h"

const struct rates_tier rates_tiers[RATES_TIERS] = { { "2h", 1, 120 }, { "1d", 5, 288 }, { "31d", 120, 372 } };

#define MINUTE_MS	60000u
#define ALONE		5u		/* packets, and milliseconds: less than both may be answered yet */
#define ALONE_MS	10000u
#define LONGEST		(31u * 1440u)	/* minutes; what lies before is kept nowhere */

uint16_t
rates_pack(uint64_t v)
{
	unsigned e = 0;

	if (v >= 1024)
		e = 53 - (unsigned)__builtin_clzll(v);
	if (e > 0)
		v += (uint64_t)1 << (e - 1) <= UINT64_MAX - v ? (uint64_t)1 << (e - 1) : 0;
	if (v >= 1024)		/* rounding may have made it longer */
		e = 53 - (unsigned)__builtin_clzll(v);
	v >>= e;
	return v < 1024 ? (uint16_t)v : (uint16_t)((e + 1) << 10 | (v & 1023));
}

uint64_t
rates_unpack(uint16_t c)
{
	return c < 1024 ? c : (uint64_t)(1024 | (c & 1023)) << ((c >> 10) - 1);
}

/* ---- a look ---- */

bool
rates_begin(struct rates *r, uint64_t now_ms, bool minute, size_t n)
{
	uint64_t live = now_ms - r->looked_ms;

	r->next = calloc(n + 1, sizeof(*r->next));
	if (!r->next)
		return false;
	r->cap = n;
	r->at = r->taken = 0;
	r->first = !r->looked_ms;
	r->now_ms = now_ms;
	r->live_ms = r->looked_ms && live >= RATES_LIVE_MS ? live : 0;
	if (!r->looked_ms || r->live_ms)
		r->looked_ms = now_ms;
	r->slots = 0;
	if (!r->kept_ms) {
		r->kept_ms = now_ms;
	} else if (minute) {
		r->slots = (now_ms - r->kept_ms + MINUTE_MS / 2) / MINUTE_MS;
		r->slots = r->slots < 1 ? 1 : r->slots > LONGEST ? LONGEST : r->slots;
		r->kept_ms = now_ms;
	}
	if (r->live_ms) {
		memset(r->whole.per_s, 0, sizeof(r->whole.per_s));
		r->whole.live = true;
	}
	return true;
}

/* Into the rings: a share of what came in, and the samples that it makes whole. */
static void
push(struct rates_ring *g, uint64_t minute, const uint64_t share[RATE_KINDS])
{
	unsigned base = 0;

	for (unsigned t = 0; t < RATES_TIERS; base += rates_tiers[t++].slots) {
		unsigned long_s = rates_tiers[t].minutes * 60;
		bool whole = (minute + 1) % rates_tiers[t].minutes == 0;
		uint16_t *to = g->v[base + minute / rates_tiers[t].minutes % rates_tiers[t].slots];

		for (unsigned k = 0; k < RATE_KINDS; k++) {
			g->part[t][k] += share[k];
			if (whole) {
				to[k] = rates_pack((g->part[t][k] + long_s / 2) / long_s);
				g->part[t][k] = 0;
			}
		}
	}
}

static void
keep(const struct rates *r, struct rates_child *c, const uint64_t more[RATE_KINDS])
{
	uint64_t any = 0, share[RATE_KINDS];

	for (unsigned k = 0; k < RATE_KINDS; k++)
		any |= more[k];
	if (!c->ring && any)
		c->ring = calloc(1, sizeof(*c->ring));
	for (uint64_t i = 0; c->ring && i < r->slots; i++) {
		for (unsigned k = 0; k < RATE_KINDS; k++)
			share[k] = more[k] / r->slots + (i < more[k] % r->slots);
		push(c->ring, r->minutes + i, share);
	}
}

static uint64_t
grown(uint64_t from, uint64_t to)
{
	return to > from ? to - from : 0;
}

/* New packets since the last look; of a child that is new here all are. */
static void
note_last(const struct rates *r, struct rates_child *c, const uint64_t total[RATE_KINDS])
{
	if (total[RATE_PACKETS_IN] > c->last[0] || r->first) {
		c->alone = 0;
	} else if (total[RATE_PACKETS_OUT] > c->last[1]) {
		if (c->alone == 0)
			c->alone_ms = r->now_ms;
		c->alone += total[RATE_PACKETS_OUT] - c->last[1];
	}
	for (unsigned k = RATE_PACKETS_IN; k <= RATE_PACKETS_OUT; k++) {
		unsigned i = k - RATE_PACKETS_IN;

		if (total[k] > c->last[i] && !r->first)
			c->last_ms[i] = r->now_ms;
		c->last[i] = total[k];
	}
}

void
rates_take(struct rates *r, uint32_t reqid, const uint64_t total[RATE_KINDS])
{
	uint64_t more[RATE_KINDS] = { 0 };
	struct rates_child *c;

	if (!r->next || r->taken == r->cap)
		return;
	c = &r->next[r->taken++];
	while (r->at < r->n && r->v[r->at].reqid < reqid)
		free(r->v[r->at++].ring);
	if (r->at == r->n || r->v[r->at].reqid != reqid) {
		c->reqid = reqid;
		memcpy(c->seen, total, sizeof(c->seen));
		memcpy(c->kept, total, sizeof(c->kept));
		note_last(r, c, total);
		return;
	}
	*c = r->v[r->at++];
	note_last(r, c, total);
	for (unsigned k = 0; k < RATE_KINDS && r->live_ms; k++) {
		c->per_s[k] = grown(c->seen[k], total[k]) * 1000 / r->live_ms;
		r->whole.per_s[k] += c->per_s[k];
		c->seen[k] = total[k];
		c->live = true;
	}
	if (r->slots == 0)
		return;
	for (unsigned k = 0; k < RATE_KINDS; k++) {
		more[k] = grown(c->kept[k], total[k]);
		r->whole.kept[k] += more[k];
		c->kept[k] = total[k];
	}
	keep(r, c, more);
}

void
rates_end(struct rates *r)
{
	if (!r->next)
		return;
	while (r->at < r->n)
		free(r->v[r->at++].ring);
	free(r->v);
	r->v = r->next;
	r->n = r->taken;
	r->next = NULL;
	keep(r, &r->whole, r->whole.kept);
	memset(r->whole.kept, 0, sizeof(r->whole.kept));
	r->minutes += r->slots;
}

void
rates_fini(struct rates *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->v[i].ring);
	free(r->v);
	free(r->next);
	free(r->whole.ring);
	memset(r, 0, sizeof(*r));
}

/* ---- reading ---- */

const struct rates_child *
rates_of(const struct rates *r, uint32_t reqid)
{
	size_t lo = 0, hi = r->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (r->v[mid].reqid == reqid)
			return &r->v[mid];
		if (r->v[mid].reqid < reqid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

bool
rates_last(const struct rates_child *c, unsigned kind, uint64_t now_ms, uint64_t *ago_ms)
{
	uint64_t at = c ? c->last_ms[kind - RATE_PACKETS_IN] : 0;

	*ago_ms = now_ms > at ? now_ms - at : 0;
	return at != 0;
}

bool
rates_unanswered(const struct rates_child *c, uint64_t now_ms, uint64_t *packets, uint64_t *ago_ms)
{
	*packets = c ? c->alone : 0;
	*ago_ms = c && now_ms > c->alone_ms ? now_ms - c->alone_ms : 0;
	return *packets >= ALONE && *ago_ms >= ALONE_MS;
}

unsigned
rates_count(const struct rates *r, unsigned tier)
{
	uint64_t n = r->minutes / rates_tiers[tier].minutes;

	return n < rates_tiers[tier].slots ? (unsigned)n : rates_tiers[tier].slots;
}

void
rates_add(const struct rates *r, const struct rates_child *c, unsigned tier, uint64_t (*out)[RATE_KINDS])
{
	uint64_t end = r->minutes / rates_tiers[tier].minutes;
	unsigned n = rates_count(r, tier), base = 0;

	for (unsigned t = 0; t < tier; t++)
		base += rates_tiers[t].slots;
	for (unsigned i = 0; c->ring && i < n; i++)
		for (unsigned k = 0; k < RATE_KINDS; k++)
			out[i][k] += rates_unpack(c->ring->v[base + (end - n + i) % rates_tiers[tier].slots][k]);
}
