/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "log.h"
#include "revoke_in.h"

enum revocation
revoke_policy(const struct revoke *r, const char *anchor)
{
	const struct trust_rule *rule = bind_rule(r->bindings, anchor);

	return rule ? (enum revocation)rule->revocation : REVOKE_SOFT;
}

/* Checks */

static void
check_free(struct check *c)
{
	struct check **pp = &c->r->checks;

	while (*pp != c)
		pp = &(*pp)->next;
	*pp = c->next;
	c->r->nchecks--;
	path_put(c->path);
	free(c);
}

/* done may begin new checks, and cancel others. */
static void
finish(struct check *c, enum reason reason, const char *detail)
{
	revoke_done *done = c->done;
	void *arg = c->arg;
	char words[REVOKE_DETAIL];

	snprintf(words, sizeof(words), "%s", detail);
	check_free(c);
	done(arg, reason, words);
}

static bool
ask_all(struct subject *s, uint64_t now)
{
	bool waits = false;

	for (unsigned i = 0; i < s->n; i++)
		if (!source_fresh(s->src[i], now) || s->src[i]->flight)
			waits |= source_ask(s->src[i]);
	return waits;
}

/* RFC 5280 5.2.6: the list says where its delta lists are. Who cannot get one goes by the list alone. */
bool
revoke_ask_deltas(struct revoke *r, struct path *p, struct subject *s, const struct verdict *v)
{
	uint64_t now = r->sources.now();
	bool waits = false;

	for (unsigned i = 0; v->base && i < CRL_URLS && v->base->fresh[i][0]; i++) {
		struct source *d = source_list(&r->sources, v->base->fresh[i], false, p->anchor);

		if (d == NULL)
			continue;
		source_look(d);
		if (!source_fresh(d, now))
			waits |= source_ask(d);
		subject_add(s, d, true);
	}
	/* and those that the certificate itself names */
	for (unsigned i = 0; v->base && i < s->n; i++)
		if (s->src[i]->list.base.n && !source_fresh(s->src[i], now))
			waits |= source_ask(s->src[i]);
	return waits;
}

static void
judge(struct check *c, unsigned i, uint64_t now, struct verdict *v)
{
	verdict_of(&c->path->v[i], now, v);
	if (i != 0 || !c->has_in_band || v->status == STATUS_REVOKED)
		return;
	if (c->in_band_answer.status == OCSP_REVOKED)
		verdict_revoked(&c->path->v[0], c->in_band_answer.when, c->in_band_answer.why, "the OCSP answer that the peer itself sent", v);
	else if (c->in_band_answer.status == OCSP_GOOD)
		v->status = STATUS_GOOD;
}

static void
conclude(struct check *c, const struct verdict *open)
{
	bool strict = revoke_policy(c->r, c->path->anchor) == REVOKE_STRICT;
	char words[REVOKE_DETAIL];

	if (open->status == STATUS_GOOD) {
		finish(c, R_OK, "");
		return;
	}
	snprintf(words, sizeof(words), "%.420s%s%.160s", open->detail, c->in_band_fault[0] ? "; the OCSP answer that the peer sent: " : "",
	    c->in_band_fault);
	finish(c, strict ? open->reason : R_OK, words);
}

/* One look at all of it. The check may be over afterwards. */
static void
step(struct check *c, bool late)
{
	uint64_t now = c->r->sources.now();
	struct verdict v, open = { .status = STATUS_GOOD };
	bool waits = false;

	c->dirty = false;
	for (unsigned i = 0; i < c->path->n; i++) {
		struct subject *s = &c->path->v[i];

		judge(c, i, now, &v);
		if (v.status == STATUS_GOOD && revoke_ask_deltas(c->r, c->path, s, &v))
			waits = true;
		else if (v.status == STATUS_GOOD)
			judge(c, i, now, &v);	/* a delta list may have been at hand */
		if (v.status == STATUS_REVOKED) {
			finish(c, R_CERT_REVOKED, v.detail);
			return;
		}
		if (v.status == STATUS_UNKNOWN) {
			waits |= ask_all(s, now);
			if (open.status == STATUS_GOOD)
				open = v;
		}
	}
	if (waits && !late)
		return;
	if (open.status == STATUS_UNKNOWN)	/* what could not even be asked says why by now */
		for (unsigned i = 0; i < c->path->n; i++) {
			judge(c, i, now, &v);
			if (v.status == STATUS_UNKNOWN) {
				open = v;
				break;
			}
		}
	conclude(c, &open);
}

/* Until nobody is left to be looked at: callbacks change the list. */
static void
step_all(struct revoke *r)
{
	struct check *c;

	if (r->stepping)
		return;
	r->stepping = true;
	do {
		for (c = r->checks; c && !c->dirty; c = c->next)
			continue;
		if (c)
			step(c, false);
	} while (c);
	r->stepping = false;
}

static void
on_changed(void *ctx, struct source *s)
{
	struct revoke *r = ctx;

	for (struct check *c = r->checks; c; c = c->next)
		for (unsigned i = 0; i < c->path->n; i++)
			for (unsigned k = 0; k < c->path->v[i].n; k++)
				c->dirty |= c->path->v[i].src[k] == s;
	step_all(r);
	watch_changed(r, s);
}

/* Time */

static void
arm(struct revoke *r)
{
	struct timeval tv = { 1, 0 };

	if (r->checks && !event_pending(r->timer, EV_TIMEOUT, NULL))
		event_add(r->timer, &tv);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct revoke *r = arg;
	uint64_t now = clock_now_ns();
	struct check *c = r->checks;

	while (c) {
		if (now - c->since_ns >= CHECK_LIMIT_S * NS_PER_S) {
			step(c, true);
			c = r->checks;
		} else {
			c = c->next;
		}
	}
	arm(r);
}

static void
on_tend(evutil_socket_t fd, short what, void *arg)
{
	watch_tend(arg);
}

/* Interface */

static struct check *
check_new(struct revoke *r, const struct chain *chain, struct bytes in_band, revoke_done *done, void *arg)
{
	struct check *c = calloc(1, sizeof(*c));
	struct subject *end;

	if (c == NULL || (c->path = path_new(&r->sources, &r->places, bind_rule(r->bindings, chain->anchor), chain)) == NULL) {
		free(c);
		return NULL;
	}
	c->r = r;
	c->since_ns = clock_now_ns();
	c->done = done;
	c->arg = arg;
	do
		c->id = ++r->last_id;
	while (c->id == 0);
	c->next = r->checks;
	r->checks = c;
	r->nchecks++;
	end = &c->path->v[0];
	if (in_band.n && c->path->n)
		c->has_in_band = ocsp_read(in_band, end->issuer->cert, bytes_of(end->serial, end->nserial), bytes_of(NULL, 0), r->sources.now(),
		    REVOKE_SKEW_S, &c->in_band_answer, c->in_band_fault) == R_OK;
	return c;
}

uint32_t
revoke_check(struct revoke *r, const struct chain *chain, struct bytes in_band, revoke_done *done, void *arg)
{
	struct check *c;
	uint32_t id;

	if (revoke_policy(r, chain->anchor) == REVOKE_OFF) {
		done(arg, R_OK, "");
		return 0;
	}
	if (r->nchecks >= CHECKS_MAX) {
		done(arg, R_BUSY, "too many certificates are being checked for revocation");
		return 0;
	}
	if ((c = check_new(r, chain, in_band, done, arg)) == NULL) {
		done(arg, R_NO_MEMORY, "");
		return 0;
	}
	id = c->id;
	step(c, false);
	for (c = r->checks; c && c->id != id; c = c->next)
		continue;
	arm(r);
	return c ? id : 0;
}

void
revoke_cancel(struct revoke *r, uint32_t id)
{
	for (struct check *c = r->checks; c && id; c = c->next)
		if (c->id == id) {
			check_free(c);
			return;
		}
}

static uint64_t
wall(void)
{
	return clock_wall_s();
}

struct revoke *
revoke_new(struct event_base *base, const struct bindings *b, struct fetching *f, const struct revoke_places *places, uint64_t (*now)(void),
    revoke_invalid *invalid, void *ctx)
{
	struct revoke *r = calloc(1, sizeof(*r));
	struct timeval tv = { TEND_S, 0 };

	if (r == NULL)
		return NULL;
	r->base = base;
	r->bindings = b;
	r->invalid = invalid;
	r->ctx = ctx;
	snprintf(r->own, sizeof(r->own), "%s", places->own ? places->own : "");
	snprintf(r->secret, sizeof(r->secret), "%s", places->secret ? places->secret : "");
	r->places = (struct revoke_places){ .own = r->own, .secret = r->secret };
	r->timer = event_new(base, -1, 0, on_timer, r);
	r->tend = event_new(base, -1, EV_PERSIST, on_tend, r);
	if (!sources_init(&r->sources, f, places->cache, now ? now : wall, REVOKE_SKEW_S) || !r->timer || !r->tend || event_add(r->tend, &tv) != 0) {
		revoke_free(r);
		return NULL;
	}
	r->sources.changed = on_changed;
	r->sources.ctx = r;
	return r;
}

void
revoke_free(struct revoke *r)
{
	if (r == NULL)
		return;
	while (r->checks)
		check_free(r->checks);
	revoke_unwatch_all(r);
	if (r->sources.now)
		sources_fini(&r->sources);
	if (r->timer)
		event_free(r->timer);
	if (r->tend)
		event_free(r->tend);
	free(r);
}
