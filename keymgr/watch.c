/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paths that live IKE SAs were made by. Their lists are refreshed before they run out; a certificate that is found revoked, or that expires,
 * ends its IKE SA. A list that cannot be had any more ends none: whoever can stop a web server could stop every tunnel otherwise.
 */
#include <stdio.h>
#include <stdlib.h>

#include "certtext.h"
#include "log.h"
#include "revoke_in.h"

static struct watch **
place_of(struct revoke *r, uint32_t ike)
{
	struct watch **pp = &r->watches[ike % WATCH_BUCKETS];

	while (*pp && (*pp)->ike != ike)
		pp = &(*pp)->next;
	return pp;
}

static bool
add(struct revoke *r, uint32_t ike, struct path *p)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (w == NULL) {
		path_put(p);
		return false;
	}
	revoke_unwatch(r, ike);
	w->ike = ike;
	w->path = p;
	w->next = r->watches[ike % WATCH_BUCKETS];
	r->watches[ike % WATCH_BUCKETS] = w;
	return true;
}

bool
revoke_watch(struct revoke *r, uint32_t ike, const struct chain *chain)
{
	struct path *p = path_new(&r->sources, &r->places, bind_rule(r->bindings, chain->anchor), chain);

	return p && add(r, ike, p);
}

bool
revoke_inherit(struct revoke *r, uint32_t old_ike, uint32_t new_ike)
{
	struct watch *w = *place_of(r, old_ike);

	if (w == NULL)
		return true;
	w->path->refs++;
	return add(r, new_ike, w->path);
}

void
revoke_unwatch(struct revoke *r, uint32_t ike)
{
	struct watch **pp = place_of(r, ike), *w = *pp;

	if (w == NULL)
		return;
	*pp = w->next;
	path_put(w->path);
	free(w);
}

void
revoke_unwatch_all(struct revoke *r)
{
	for (unsigned i = 0; i < WATCH_BUCKETS; i++)
		while (r->watches[i])
			revoke_unwatch(r, r->watches[i]->ike);
}

static void
end(struct revoke *r, struct watch *w, enum reason reason, const char *detail)
{
	uint32_t ike = w->ike;
	char words[REVOKE_DETAIL];

	snprintf(words, sizeof(words), "%s", detail);
	revoke_unwatch(r, ike);
	r->invalid(r->ctx, ike, reason, words);
}

/* True: it is over. */
static bool
judge(struct revoke *r, struct watch *w, uint64_t now, const struct source *only)
{
	struct verdict v;

	for (unsigned i = 0; i < w->path->n; i++) {
		struct subject *s = &w->path->v[i];
		bool has = only == NULL;

		for (unsigned k = 0; k < s->n; k++)
			has |= s->src[k] == only;
		if (!has)
			continue;
		verdict_of(s, now, &v);
		if (v.status == STATUS_GOOD)
			revoke_ask_deltas(r, w->path, s, &v);
		if (v.status == STATUS_REVOKED) {
			end(r, w, R_CERT_REVOKED, v.detail);
			return true;
		}
	}
	return false;
}

static bool
expired(struct revoke *r, struct watch *w, uint64_t now)
{
	char words[96], date[32];

	if (w->path->not_after == 0 || now <= w->path->not_after)
		return false;
	certtext_date(w->path->not_after, date);
	snprintf(words, sizeof(words), "a certificate of the peer's chain expired at %s", date);
	end(r, w, R_CERT_EXPIRED, words);
	return true;
}

/* invalid() changes the lists: each bucket is begun anew after it. */
static void
look(struct revoke *r, const struct source *only, bool (*f)(struct revoke *, struct watch *, uint64_t, const struct source *))
{
	uint64_t now = r->sources.now();

	for (unsigned i = 0; i < WATCH_BUCKETS; i++) {
		struct watch *w = r->watches[i];

		while (w) {
			if (revoke_policy(r, w->path->anchor) != REVOKE_OFF && f(r, w, now, only))
				w = r->watches[i];
			else
				w = w->next;
		}
	}
}

static bool
by_time(struct revoke *r, struct watch *w, uint64_t now, const struct source *none)
{
	return expired(r, w, now);
}

void
watch_changed(struct revoke *r, const struct source *s)
{
	if (s->list.der || s->answer_der.n)
		look(r, s, judge);
}

void
watch_tend(struct revoke *r)
{
	look(r, NULL, by_time);
	sources_tend(&r->sources);
}
