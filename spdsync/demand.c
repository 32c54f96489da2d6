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

		if (!v) {
			d->more = true;
			return;
		}
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
	peers_drop(s, rt->name);
	peers_forget(s, rt);
	rt_free(rt);
}

/* The objects of tunnels that stay go over to the new list. False: no memory; all is as it was. */
static bool
swap_in(struct sync *s, struct umap *map)
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
		if (!old || memcmp(old, &map->v[i], sizeof(*old)) != 0)
			peers_due(s, v[i]);
	}
	say_refused(s, &before);
	umap_fini(&before);
	memset(map, 0, sizeof(*map));
	return true;
}

static void
build(struct sync *s)
{
	struct demand *d = &s->demand;
	const struct utaken taken = { reqid_taken, name_taken, s };
	struct umap map;

	if (!umap_build(&map, d->pol, d->npol, d->peers, d->npeers, &taken) || !swap_in(s, &map)) {
		umap_fini(&map);
		log_error(NULL, "policies", "There is no memory for the policies that IKE is to serve.");
	}
	peers_pump(s);
}

void
demand_settle(struct sync *s)
{
	struct demand *d = &s->demand;

	d->looking = false;
	if (d->more)
		log_warn(NULL, "policies", "There are more than %u policies that others than Causeway made; IKE serves the first ones.", BYPOLICY_MAX);
	if (d->npol == 0 && d->nrt == 0 && d->map.nrefused == 0)
		return;
	build(s);
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
		build(s);
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
	memset(&s->demand, 0, sizeof(s->demand));
}
