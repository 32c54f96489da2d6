/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "demand.h"
#include "log.h"
#include "news.h"
#include "sync.h"
#include "system.h"

void
demand_begin(struct sync *s)
{
	s->demand.looking = true;
	s->demand.npol = 0;
	s->demand.more = false;
}

/* Linux's own PF_KEY says of no policy who made it, so none is taken for the user's there. */
void
demand_entry(struct sync *s, const struct pfkey_msg *m, const struct spd_entry *e)
{
	struct demand *d = &s->demand;
	const struct spd_entry *want;
	struct upolicy p;

	if (e->owner == SPD_OURS || system_is(s->proc->engine) || !upolicy_get(m, &p))
		return;
	want = e->owner == SPD_UNSAID ? spd_find(&s->want.spd, e) : NULL;
	if (want && want->reqid == e->reqid)
		return;
	if (d->npol == d->cap) {
		size_t cap = d->cap ? d->cap * 2 : 16;
		struct upolicy *v = d->npol >= BYPOLICY_MAX ? NULL : reallocarray(d->pol, cap, sizeof(*v));

		if (!v && d->npol >= BYPOLICY_MAX)
			d->more = true;
		else if (!v)
			s->engine.failed++;	/* no memory: what this look found counts for nothing, and the next is soon */
		if (!v)
			return;
		d->pol = v;
		d->cap = cap;
	}
	d->pol[d->npol++] = p;
}

static bool
reqid_taken(void *arg, uint32_t reqid)
{
	return want_by_reqid(&((struct sync *)arg)->want, reqid) != NULL;
}

static bool
name_taken(void *arg, const char *name)
{
	return want_find(&((struct sync *)arg)->want, name) != NULL;
}

struct rt *
demand_rt(const struct sync *s, const char *tunnel)
{
	const struct utunnel *t = umap_find(&s->demand.map, tunnel);
	size_t i = t ? (size_t)(t - s->demand.map.v) : 0;

	return t && i < s->demand.nrt ? s->demand.rt[i] : NULL;
}

static const struct urefused *
find_refused(const struct umap *m, uint32_t id)
{
	for (size_t i = 0; i < m->nrefused; i++)
		if (m->refused[i].id == id)
			return &m->refused[i];
	return NULL;
}

/* Once for each policy and reason, in the log and among the records that no tunnel has. */
static void
say_refused(struct sync *s, const struct umap *before)
{
	const struct umap *m = &s->demand.map;

	for (size_t i = 0; i < m->nrefused; i++) {
		const struct urefused *u = &m->refused[i], *old = find_refused(before, u->id);
		struct record *r;

		if (old && old->why == u->why)
			continue;
		log_at(LOG_WARN, NULL, "policy_unserved", R_POLICY_UNSERVED, "IKE makes no SAs for policy %u: %s.", (unsigned)u->id, u->why);
		if ((r = calloc(1, sizeof(*r))) == NULL)
			continue;
		r->reason = R_POLICY_UNSERVED;
		r->time_s = clock_wall_s();
		record_fact(r, "detail", "Policy %u: %s.", (unsigned)u->id, u->why);
		news_record(s, r);
		records_add(&s->others, RECORDS_OTHER, r);
		free(r);
	}
}

static void
leave(struct sync *s, struct rt *rt)
{
	struct log_ctx ctx = { rt->name, NULL };

	log_info(&ctx, "policies_gone", "The policies that asked for SAs with this peer are gone.");
	news_gone(s, rt->name);
	peers_drop(s, rt->name);
	peers_forget(s, rt);
	rt_free(rt);
}

/* The objects of tunnels that stay go over to the new list. False: no memory; all is as it was. */
static bool
swap_in(struct sync *s, struct umap *map, bool all)
{
	struct demand *d = &s->demand;
	struct rt **v = calloc(map->n + 1, sizeof(*v));
	struct umap before = d->map;
	bool ok = v != NULL;

	for (size_t i = 0; ok && i < map->n; i++) {
		v[i] = demand_rt(s, map->v[i].name);
		if (!v[i] && (v[i] = rt_new(map->v[i].name)) != NULL)
			v[i]->fresh = true;
		ok = v[i] != NULL;
	}
	if (!ok) {
		for (size_t i = 0; v && i < map->n; i++)
			if (v[i] && v[i]->fresh)
				rt_free(v[i]);
		free(v);
		return false;
	}
	for (size_t i = 0; i < d->nrt; i++)
		if (!umap_find(map, d->rt[i]->name))
			leave(s, d->rt[i]);
	free(d->rt);
	d->rt = v;
	d->nrt = map->n;
	d->map = *map;
	for (size_t i = 0; i < d->nrt; i++) {
		const struct utunnel *old = v[i]->fresh ? NULL : umap_find(&before, v[i]->name);
		struct log_ctx ctx = { v[i]->name, NULL };

		v[i]->policies = true;
		if (v[i]->fresh)
			log_info(&ctx, "policies", "Policies ask for SAs with this peer; IKE makes them when a packet needs them.");
		v[i]->fresh = false;
		if (all || !old || memcmp(old, &map->v[i], sizeof(*old)) != 0)
			peers_due(s, v[i]);
	}
	say_refused(s, &before);
	umap_fini(&before);
	memset(map, 0, sizeof(*map));
	return true;
}

/* conf: the racoon.conf that serves, which is another one than before when all have to be told. False: no memory. */
static bool
build(struct sync *s, const struct racoon *conf, bool all)
{
	struct demand *d = &s->demand;
	const struct utaken taken = { reqid_taken, name_taken, s };
	struct umap map;
	bool ok = umap_build(&map, d->pol, d->npol, d->peers, d->npeers, conf, &taken) && swap_in(s, &map, all);

	if (!ok) {
		umap_fini(&map);
		log_error(NULL, "policies", "There is no memory for the policies that IKE is to serve.");
	}
	return ok;
}

static void
rebuild(struct sync *s)
{
	build(s, s->demand.conf, false);
	peers_pump(s);
}

/* ---- racoon.conf ---- */

static bool
configure(struct sync *s, struct racoon *conf)
{
	struct demand *d = &s->demand;

	if (!build(s, conf, true)) {
		racoon_free(conf);
		return false;
	}
	racoon_free(d->conf);
	d->conf = conf;
	peers_pump(s);
	return true;
}

bool
demand_configure(struct sync *s, struct racoon *conf)
{
	struct demand *d = &s->demand;

	if (!d->looking)
		return configure(s, conf);
	if (d->next_due)
		racoon_free(d->next);
	d->next = conf;		/* the list of policies is not whole now */
	d->next_due = true;
	return true;
}

/* It was good when it was taken; one that is not any more serves nobody, rather than that everybody is served by other algorithms. */
void
demand_load(struct sync *s)
{
	struct stored_racoon r;
	struct yt_error err = { 0 };

	if (!store_racoon_get(s->store, &r))
		log_at(LOG_ERROR, NULL, "racoon_conf", R_STORE_FAILED, "The racoon.conf in force cannot be read; policies are served without it.");
	if (!r.text)
		return;
	s->demand.conf = racoon_read(r.text, r.n, &err);
	if (!s->demand.conf) {
		log_at(LOG_ERROR, NULL, "racoon_conf", err.reason, "The racoon.conf in force is not understood (line %u: %s): no policy is served.", err.line, err.message);
		s->demand.conf = racoon_read("", 0, &err);
	}
	free(r.text);
}

void
demand_settle(struct sync *s)
{
	struct demand *d = &s->demand;

	d->looking = false;
	if (d->more)
		log_warn(NULL, "policies", "There are more than %u policies that others than Causeway made; IKE serves the first ones.", BYPOLICY_MAX);
	if (d->next_due) {
		d->next_due = false;
		configure(s, d->next);
		d->next = NULL;
	} else if (d->npol == 0 && d->nrt == 0 && d->map.nrefused == 0)
		return;
	else
		rebuild(s);
	if (!d->known)
		demand_ask(s);
}

/* ---- whom psk.txt has keys for ---- */

static void
take_peers(struct demand *d, struct rd *body)
{
	unsigned n = rd_le16(body);
	struct addr *v = calloc(n + 1u, sizeof(*v));

	for (unsigned i = 0; v && i < n; i++)
		addr_get(body, &v[i]);
	if (!v || !rd_done(body)) {
		free(v);
		return;
	}
	free(d->peers);
	d->peers = v;
	d->npeers = n;
}

static void
asked(void *arg, enum reason reason, struct rd *body)
{
	struct sync *s = arg;
	struct demand *d = &s->demand;
	char detail[sizeof(d->detail)] = "";

	d->asked = false;
	if (reason == R_KEYMGR_DOWN)
		return;
	if (reason != R_OK && body && rd_left(body))
		str_get(body, detail, sizeof(detail));
	if (reason != R_OK && (reason != d->why || strcmp(detail, d->detail) != 0))
		log_at(LOG_WARN, NULL, "psk_txt", reason, "Policies ask for IKE, and the file of its keys is not used: %s.", detail);
	d->why = reason;
	memcpy(d->detail, detail, sizeof(detail));
	if (reason == R_OK && body)
		take_peers(d, body);
	else
		d->npeers = 0;
	d->known = true;
	if (!d->looking)
		rebuild(s);
}

void
demand_ask(struct sync *s)
{
	struct demand *d = &s->demand;

	if (d->asked || !s->keymgr.up || (d->npol == 0 && d->nrt == 0))
		return;
	d->asked = ipc_call(s->keymgr.ipc, BIND_PEERS, bytes_of(NULL, 0), R_KEYMGR_DOWN, asked, s) != 0;
}

void
demand_keymgr_down(struct sync *s)
{
	s->demand.asked = false;
}

bool
demand_waits(const struct sync *s)
{
	return s->demand.map.by_peers && !s->demand.known;
}

void
demand_fini(struct sync *s)
{
	for (size_t i = 0; i < s->demand.nrt; i++)
		rt_free(s->demand.rt[i]);
	free(s->demand.rt);
	free(s->demand.pol);
	free(s->demand.peers);
	umap_fini(&s->demand.map);
	racoon_free(s->demand.conf);
	if (s->demand.next_due)
		racoon_free(s->demand.next);
	memset(&s->demand, 0, sizeof(s->demand));
}
