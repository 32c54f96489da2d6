/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "sync.h"
#include "tally.h"

struct tally *
tally_of(struct sync *s, uint32_t reqid)
{
	size_t lo = 0, hi = s->ntallies;
	struct tally *v;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->tallies[mid].reqid == reqid)
			return &s->tallies[mid];
		if (s->tallies[mid].reqid < reqid)
			lo = mid + 1;
		else
			hi = mid;
	}
	v = reallocarray(s->tallies, s->ntallies + 1, sizeof(*v));
	if (!v)
		return NULL;
	s->tallies = v;
	memmove(&v[lo + 1], &v[lo], (s->ntallies - lo) * sizeof(*v));
	s->ntallies++;
	v[lo] = (struct tally){ .reqid = reqid };
	return &v[lo];
}

void
tally_fini(struct sync *s)
{
	free(s->tallies);
	s->tallies = NULL;
	s->ntallies = 0;
}

static void
add(struct tally *t, const struct sa_info *a, bool in)
{
	struct tally_way *w = &t->way[in ? TALLY_IN : TALLY_OUT];

	w->packets += a->packets;
	w->bytes += a->bytes;
	w->replay += a->stats.replay;
	w->icv += a->stats.icv;
	w->selector += a->stats.selector;
	w->other += a->stats.other;
}

static bool
is_in(const struct sa_info *a, const struct want_tunnel *w)
{
	return a->flags & CW_SAF_IN ? true : a->flags & CW_SAF_OUT ? false : addr_eq(&a->dst, &w->local->address);
}

/* It has ended: what it counted stays. Only children of the revision are counted, so the table is bounded by it and by what it was. */
static void
fold(struct sync *s, struct sa_info *a)
{
	const struct want_child *c = want_by_reqid(&s->want, a->reqid);
	const struct want_tunnel *w = c ? &s->want.v[c->tunnel] : NULL;
	struct tally *t = w && !a->folded ? tally_of(s, a->reqid) : NULL;

	if (t)
		add(t, a, is_in(a, w));
	a->folded = true;
}

static struct sa_info *
known(struct engine *e, uint32_t spi, const struct addr *dst)
{
	for (size_t i = 0; i < e->nsas; i++)
		if (e->sas[i].spi == spi && addr_eq(&e->sas[i].dst, dst))
			return &e->sas[i];
	return NULL;
}

void
tally_engine_lost(struct sync *s)
{
	for (size_t i = 0; i < s->engine.nsas; i++)
		fold(s, &s->engine.sas[i]);
}

void
tally_event(struct sync *s, const struct pfkey_msg *m)
{
	struct sa_info *old, a;

	if (m->type == SADB_FLUSH && !m->err)
		tally_engine_lost(s);
	if ((m->type != SADB_DELETE && m->type != SADB_EXPIRE) || m->err || !(m->has & PFKEY_HAS(SADB_EXT_SA)))
		return;
	/* RFC 2367 3.1.8: which lifetime it was shows by the extension that is there. After a soft one the SA lives on. */
	if (m->type == SADB_EXPIRE && !(m->has & PFKEY_HAS(SADB_EXT_LIFETIME_HARD)))
		return;
	old = known(&s->engine, m->sa.spi, &m->dst.ep.addr);
	sa_info_take(m, &a);
	if (old && (old->folded || !(m->has & PFKEY_HAS(SADB_EXT_LIFETIME_CURRENT))))
		a = *old;		/* counted already, or an engine that says no more than that it is gone */
	if (a.reqid == 0 && old)
		a.reqid = old->reqid;
	fold(s, &a);
	if (old)
		old->folded = true;
}

void
tally_sums(struct sync *s, const struct want_tunnel *w, uint32_t reqid, struct tally *sum)
{
	const struct tally *t = tally_of(s, reqid);
	const struct sa_info *a;
	size_t n;

	memset(sum, 0, sizeof(*sum));
	if (t)
		*sum = *t;
	for (a = sas_of(s, reqid, &n); n > 0; n--, a++)
		if (!a->folded)
			add(sum, a, is_in(a, w));
}

void
tally_failed(struct rt_tally *t, uint16_t reason)
{
	for (unsigned i = 0; i < t->n; i++)
		if (t->failed[i].reason == reason) {
			t->failed[i].count++;
			return;
		}
	if (t->n == TALLY_REASONS) {
		t->failed_other++;
		return;
	}
	t->failed[t->n].reason = reason;
	t->failed[t->n++].count = 1;
}
