/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "names.h"
#include "news.h"
#include "one.h"

/* The sites in force with this one tunnel, or none: what reads whole files then says what it says of the tunnel alone. */
static struct sites
alone(const struct sites *all, struct site_tunnel *t)
{
	struct sites s = *all;

	s.tunnels = t;
	s.ntunnels = t ? 1 : 0;
	return s;
}

/* ---- may it? ---- */

static bool
trusts(const struct site_tunnel *t, const char *anchor)
{
	for (unsigned k = 0; k < 2; k++)
		for (unsigned i = 0; i < t->auth[k].ntrust; i++)
			if (strcmp(t->auth[k].trust[i], anchor) == 0)
				return true;
	return false;
}

/* A rule of a trust anchor must be used (siteauth.c): also when the tunnel that used it does not any more. */
static bool
rules_used(struct yt *yt, const struct sites *all, const struct one *o)
{
	const struct site_tunnel *old = sites_find_tunnel(all, o->name);

	for (unsigned i = 0; i < all->nrules; i++) {
		const char *anchor = all->rules[i].name;
		bool used = !old || !trusts(old, anchor) || (!o->gone && trusts(&o->t, anchor));

		for (unsigned k = 0; k < all->ntunnels && !used; k++)
			used = &all->tunnels[k] != old && trusts(&all->tunnels[k], anchor);
		if (!used)
			return yt_fail(yt, R_REFERENCE_UNKNOWN, 0, 0, "Take its rule out of 'trust:' first, by a whole file.",
			    "No other tunnel trusts '%s', which has a rule in 'trust:'.", anchor);
	}
	return true;
}

static bool
plan_row(struct sync *s, struct change *c, struct yt *yt)
{
	const struct site_tunnel *was = sites_find_tunnel(s->sites, c->one->name);
	struct site_tunnel before = was ? *was : (struct site_tunnel){ .n = 0 };
	struct sites old = alone(s->sites, was ? &before : NULL), new = alone(s->sites, c->one->gone ? NULL : &c->one->t);

	if (engine_lacks_iface(s, &new))
		return yt_fail(yt, R_ENGINE_NO_IFACE, 0, 0, NULL, "The tunnel '%s' has an interface, and the engine of this gateway has none for tunnels.", c->one->name);
	return plan_make(&c->plan, &old, &new, s->site, change_suite, s) || yt_fail(yt, R_NO_MEMORY, 0, 0, NULL, "There is not enough memory.");
}

static bool
read_edit(struct sync *s, struct one *o, struct yt *yt, const char *block, size_t n)
{
	struct yt_error err;

	o->gone = block == NULL;
	if (o->gone) {
		if (edit_remove(&o->edit, s->sites, s->rev.text, s->rev.n, o->name, &err))
			return true;
		yt->err = err;
		return false;
	}
	/* The policy "legacy" is asked for anew here, so the gateway file has to allow it. */
	return edit_put(&o->edit, yt, s->sites, s->rev.text, s->rev.n, o->name, block, n) &&
	    sites_read_tunnel(yt, s->sites, yt->root->child, s->legacy, &o->t, &o->keys) && tunnel_check_others(yt, s->sites, &o->t);
}

bool
one_plan(struct sync *s, struct change *c, const char *name, const char *block, size_t n, struct yt_error *err)
{
	struct one *o = c->one = calloc(1, sizeof(*o));
	struct yt yt = { .text = "" };
	bool ok;

	if (!o) {
		yt_fail(&yt, R_NO_MEMORY, 0, 0, NULL, "There is not enough memory.");
		*err = yt.err;
		return false;
	}
	snprintf(o->name, sizeof(o->name), "%s", name);
	ok = read_edit(s, o, &yt, block, n) && rules_used(&yt, s->sites, o);
	if (ok) {
		c->text = edit_text(&o->edit, s->rev.text, s->rev.n, &c->n);
		ok = c->text ? plan_row(s, c, &yt) : yt_fail(&yt, R_NO_MEMORY, 0, 0, NULL, "There is not enough memory.");
	}
	*err = yt.err;
	yt_free(&yt);
	if (ok && (s->sites->ntunnels == 0 || (o->gone && s->sites->ntunnels == 1))) {
		one_free(o);
		c->one = NULL;
		plan_fini(&c->plan);
		return change_plan(s, c, true, err);
	}
	return ok;
}

char
(*one_children(const struct sync *s, struct one *o, size_t *n))[CHILD_NAME_CAP]
{
	struct sites with = alone(s->sites, o->gone ? NULL : &o->t);

	return want_children(&with, s->site, n);
}

void
one_describe(const struct sync *s, const struct one *o, struct revision *r)
{
	r->base = s->rev.number;
	r->at = o->edit.at;
	r->cut = o->edit.n;
	r->ins = o->edit.ins_n;
	r->tunnel = o->name;
}

void
one_free(struct one *o)
{
	if (!o)
		return;
	edit_fini(&o->edit);
	tunnel_fini(&o->t);
	site_keys_free(o->keys);
	free(o);
}

/* ---- into force ---- */

/* Where the name stands, or would stand, in the sorted list. */
static unsigned
place_of(const struct sites *all, const char *name)
{
	unsigned lo = 0, hi = all->ntunnels;

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;

		if (strcmp(all->tunnels[mid].name, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Keys of tunnels that went are of no use to anybody. */
static void
sweep_keys(struct sites *all)
{
	for (struct site_key **p = &all->keys; *p;) {
		struct site_key *k = *p;
		bool used = false;

		for (unsigned i = 0; i < all->nsites && !used; i++)
			used = all->sites[i].own && all->sites[i].own->public_key == k;
		for (unsigned i = 0; i < all->ntunnels && !used; i++)
			used = all->tunnels[i].auth[0].public_key == k || all->tunnels[i].auth[1].public_key == k;
		if (used) {
			p = &k->next;
		} else {
			*p = k->next;
			free(k);
		}
	}
}

/* Everything that sync_adopt_one() needs before it begins to change what is in force. */
struct room {
	struct want	part;		/* the tunnel alone, as wanted here */
	struct site_tunnel *tunnels;	/* for one more */
	struct want_tunnel *v;
	struct want_child *by_reqid;
	struct rt	**rts, *rt;
	struct spd	spd;
	struct spd_ops	ops;
};

static void
room_fini(struct room *m)
{
	want_fini(&m->part);
	free(m->tunnels);
	free(m->v);
	free(m->by_reqid);
	free(m->rts);
	if (m->rt)
		rt_free(m->rt);
	spd_fini(&m->spd);
	spd_ops_fini(&m->ops);
}

static uint32_t
stored(void *arg, const char *tunnel, const char *child)
{
	return store_reqid(arg, tunnel, child);
}

static bool
room_make(struct room *m, struct sync *s, struct one *o)
{
	struct sites with = alone(s->sites, o->gone ? NULL : &o->t);
	size_t n = s->want.n + 2u;

	memset(m, 0, sizeof(*m));
	if (!want_build(&m->part, &with, s->site, stored, s->store) || !sync_shape(s, &m->part))
		return false;
	for (unsigned i = 0; i < m->part.n; i++)
		m->part.v[i].all = s->sites;	/* with goes, its sites are these */
	m->tunnels = calloc(s->sites->ntunnels + 2u, sizeof(*m->tunnels));
	m->v = calloc(n, sizeof(*m->v));
	m->by_reqid = calloc(s->want.nchildren + m->part.nchildren + 1u, sizeof(*m->by_reqid));
	m->rts = calloc(n, sizeof(*m->rts));
	m->spd.cap = s->want.spd.n + m->part.spd.n + 1;
	m->spd.v = calloc(m->spd.cap, sizeof(*m->spd.v));
	if (m->part.n && !rt_find(s, o->name))
		m->rt = rt_new(o->name);
	return m->tunnels && m->v && m->by_reqid && m->rts && m->spd.v && (m->rt || m->part.n == 0 || rt_find(s, o->name));
}

/* What the engine has to hear: the tunnel's policies as they are against those as they are to be. */
static bool
delta(struct room *m, const struct sync *s, int at)
{
	struct spd have = { 0 };
	bool ok = true;

	for (size_t i = 0; at >= 0 && ok && i < s->want.spd.n; i++) {
		struct spd_entry e = s->want.spd.v[i];

		if (e.tunnel != (unsigned)at || !e.present)
			continue;
		e.owner = SPD_OURS;
		e.plain = true;
		ok = spd_add(&have, &e);
	}
	ok = ok && spd_diff(&m->part.spd, &have, &m->ops);
	spd_fini(&have);
	return ok;
}

/* The tunnel takes its place among the others, whose blocks move in the text. */
static void
take_tunnel(struct sync *s, struct one *o, struct room *m)
{
	struct sites *all = s->sites;
	const struct site_tunnel *base = all->tunnels;
	unsigned pos = place_of(all, o->name);
	bool was = pos < all->ntunnels && strcmp(all->tunnels[pos].name, o->name) == 0;
	bool keys = o->keys || (was && (all->tunnels[pos].auth[0].public_key || all->tunnels[pos].auth[1].public_key));
	unsigned rest = all->ntunnels - pos - was, is = !o->gone;
	struct site_key **end = &o->keys;

	for (unsigned i = 0; i < all->ntunnels; i++)
		if (all->tunnels[i].at > o->edit.at || (!was && all->tunnels[i].at == o->edit.at))
			all->tunnels[i].at += o->edit.ins_n - o->edit.n;
	memcpy(m->tunnels, base, pos * sizeof(*base));
	memcpy(m->tunnels + pos + is, base + pos + was, rest * sizeof(*base));
	if (is) {
		o->t.at = o->edit.at + o->edit.key_at;
		o->t.n = o->edit.ins_n - o->edit.key_at - o->edit.tail_n;
		o->t.column = (unsigned)strspn(o->edit.ins + o->edit.key_at, " ") + 1;
		m->tunnels[pos] = o->t;
		memset(&o->t, 0, sizeof(o->t));
	}
	for (unsigned i = 0; i < s->want.n; i++) {
		size_t k = (size_t)(s->want.v[i].t - base);

		s->want.v[i].t = m->tunnels + (k < pos + was ? k : k - was + is);
	}
	if (was)
		tunnel_fini(&all->tunnels[pos]);
	free(all->tunnels);
	all->tunnels = m->tunnels;
	all->ntunnels = pos + is + rest;
	m->tunnels = NULL;
	while (*end)
		end = &(*end)->next;
	*end = all->keys;
	all->keys = o->keys;
	o->keys = NULL;
	if (keys)
		sweep_keys(all);
}

/* Its policies among those of the others, whose entries say at which place their tunnel stands. */
static void
take_policies(struct want *w, struct room *m, unsigned pos, bool was, bool is)
{
	for (size_t i = 0; is && !was && i < w->spd.n; i++)
		w->spd.v[i].tunnel += w->spd.v[i].tunnel >= pos;
	for (size_t i = 0; i < m->part.spd.n; i++)
		m->part.spd.v[i].tunnel = pos;
	spd_splice(&w->spd, pos, was, &m->part.spd, &m->spd);
	for (size_t i = 0; was && !is && i < m->spd.n; i++)
		m->spd.v[i].tunnel -= m->spd.v[i].tunnel > pos;
	spd_fini(&w->spd);
	w->spd = m->spd;
	memset(&m->spd, 0, sizeof(m->spd));
	for (size_t i = 0; i < m->ops.n; i++)
		if (m->ops.v[i].kind != SPD_DELETE)
			m->ops.v[i].want = (size_t)(spd_find(&w->spd, &m->part.spd.v[m->ops.v[i].want]) - w->spd.v);
}

/* Its place among the wanted tunnels, where it was, or is, or both. */
static void
take_want(struct sync *s, const char *name, struct room *m, unsigned pos, bool was, bool is)
{
	struct want *w = &s->want;
	unsigned rest = w->n - pos - was;

	take_policies(w, m, pos, was, is);
	memcpy(m->v, w->v, pos * sizeof(*w->v));
	memcpy(m->v + pos + is, w->v + pos + was, rest * sizeof(*w->v));
	memcpy(m->rts, s->rt, pos * sizeof(*s->rt));
	memcpy(m->rts + pos + is, s->rt + pos + was, rest * sizeof(*s->rt));
	if (is) {
		m->v[pos] = m->part.v[0];
		m->v[pos].t = sites_find_tunnel(s->sites, name);
		m->v[pos].all = s->sites;
		m->rts[pos] = was ? s->rt[pos] : m->rt;
		m->rt = NULL;
	} else {
		news_gone(s, name);
		peers_drop(s, name);
		peers_forget(s, s->rt[pos]);
		rt_free(s->rt[pos]);
	}
	w->n = pos + is + rest;
	free(w->v);
	free(w->by_reqid);
	free(s->rt);
	w->v = m->v;
	want_index(w, m->by_reqid);
	s->rt = m->rts;
	s->nrt = w->n;
	m->v = NULL;
	m->by_reqid = NULL;
	m->rts = NULL;
}

bool
sync_adopt_one(struct sync *s, struct revision *rev, struct one *o)
{
	const struct want_tunnel *before = want_find(&s->want, o->name);
	bool was = before != NULL, is, changed, ok;
	unsigned pos = 0;
	struct room m;

	while (pos < s->want.n && strcmp(s->want.v[pos].t->name, o->name) < 0)
		pos++;
	ok = room_make(&m, s, o) && delta(&m, s, was ? (int)pos : -1);
	if (!ok) {
		room_fini(&m);
		return false;
	}
	is = m.part.n != 0;
	changed = is && (!was || !want_same(before, &m.part.v[0]));
	take_tunnel(s, o, &m);
	if (was || is)
		take_want(s, o->name, &m, pos, was, is);
	revision_fini(&s->rev);
	s->rev = *rev;
	s->rev.base = 0;
	s->rev.tunnel = NULL;
	memset(rev, 0, sizeof(*rev));
	log_info(NULL, "revision", "Revision %llu is in force: %s '%s' and no other tunnel; %u tunnels here.", (unsigned long long)s->rev.number,
	    o->gone ? "without" : "with another", o->name, s->nrt);
	if (changed)
		peers_due(s, s->rt[pos]);
	news_revision(s);
	news_settled(s);
	engine_delta(s, &m.ops, was != is);
	names_follow(s);
	peers_pump(s);
	room_fini(&m);
	return true;
}
