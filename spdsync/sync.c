/* SPDX-License-Identifier: BSD-2-Clause */
/* A revision comes into force: from the store at start, or from an apply. What changed is pushed by the pumps, the rest is not touched. */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api.h"
#include "clock.h"
#include "log.h"
#include "names.h"
#include "news.h"
#include "sync.h"
#include "system.h"

static uint32_t
stored_reqid(void *arg, const char *tunnel, const char *child)
{
	return store_reqid(arg, tunnel, child);
}

struct rt *
rt_find(struct sync *s, const char *tunnel)
{
	unsigned lo = 0, hi = s->nrt;

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;
		int c = strcmp(tunnel, s->rt[mid]->name);

		if (c == 0)
			return s->rt[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return demand_rt(s, tunnel);
}

struct rt *
rt_new(const char *name)
{
	struct rt *rt = calloc(1, sizeof(*rt));

	if (rt)
		snprintf(rt->name, sizeof(rt->name), "%s", name);
	return rt;
}

void
rt_free(struct rt *rt)
{
	if (!rt)
		return;
	records_fini(&rt->records);
	free(rt->state);
	free(rt);
}

/* The new list keeps the objects of tunnels that stay; those that go are told to the daemons. */
static struct rt **
new_rts(struct sync *s, const struct want *want)
{
	struct rt **v = calloc(want->n + 1u, sizeof(*v));

	for (unsigned i = 0; v && i < want->n; i++) {
		v[i] = rt_find(s, want->v[i].t->name);
		if (v[i])
			continue;
		v[i] = rt_new(want->v[i].t->name);
		if (!v[i]) {
			while (i-- > 0)
				if (!rt_find(s, v[i]->name))
					rt_free(v[i]);
			free(v);
			return NULL;
		}
	}
	return v;
}

static void
swap_in(struct sync *s, struct rt **rts, struct want *want, struct sites *sites, struct revision *rev)
{
	for (unsigned i = 0; i < s->nrt; i++)
		if (!want_find(want, s->rt[i]->name)) {
			news_gone(s, s->rt[i]->name);
			peers_drop(s, s->rt[i]->name);
			peers_forget(s, s->rt[i]);
		}
	/* Not before all are told: what is told of one is looked up in this list. */
	for (unsigned i = 0; i < s->nrt; i++)
		if (!want_find(want, s->rt[i]->name))
			rt_free(s->rt[i]);
	for (unsigned i = 0; i < want->n; i++) {
		const struct want_tunnel *before = want_find(&s->want, want->v[i].t->name);

		if (!before || !want_same(before, &want->v[i]))
			peers_due(s, rts[i]);
	}
	peers_unrule(s, sites);
	free(s->rt);
	s->rt = rts;
	s->nrt = want->n;
	want_fini(&s->want);
	s->want = *want;
	sites_free(s->sites);
	s->sites = sites;
	revision_fini(&s->rev);
	s->rev = *rev;
	memset(rev, 0, sizeof(*rev));
}

bool
sync_peer(struct sync *s, struct want *w, unsigned tunnel, const struct rt *rt)
{
	return system_is(s->proc->engine) && rt && rt->state && rt->state->ike_up && system_peer(w, tunnel, &rt->state->remote.addr);
}

bool
sync_shape(struct sync *s, struct want *w)
{
	if (system_is(s->proc->engine) && !system_policies(w))
		return false;
	for (unsigned i = 0; i < w->n; i++)
		sync_peer(s, w, i, rt_find(s, w->v[i].t->name));
	return true;
}

bool
sync_adopt(struct sync *s, struct revision *rev, struct sites *sites)
{
	struct want want;
	struct rt **rts;

	if (!want_build(&want, sites, s->site, stored_reqid, s->store))
		return false;
	rts = sync_shape(s, &want) ? new_rts(s, &want) : NULL;
	if (!rts) {
		want_fini(&want);
		return false;
	}
	swap_in(s, rts, &want, sites, rev);
	s->engine.gen++;
	s->engine.stands = false;
	s->host.synced = false;
	log_info(NULL, "revision", "Revision %llu is in force: %u tunnels here.", (unsigned long long)s->rev.number, s->nrt);
	news_revision(s);
	news_settled(s);
	names_follow(s);
	peers_pump(s);
	engine_reconcile(s, false);
	return true;
}

/* "site:" of the gateway file may have changed since the commit: then other tunnels of the same revision are ours. */
static bool
number_ours(struct sync *s, const struct sites *sites, struct store_error *err)
{
	size_t n;
	char (*names)[CHILD_NAME_CAP] = want_children(sites, s->site, &n);
	bool ok = names && store_number(s->store, clock_wall_s(), (const char (*)[CHILD_NAME_CAP])names, n, err);

	if (!sites_find(sites, s->site))
		log_at(LOG_WARN, NULL, "site", R_SITE_UNKNOWN, "The revision in force has no site '%s', so this gateway has no tunnels.", s->site);
	free(names);
	return ok;
}

bool
sync_load(struct sync *s, struct store_error *err)
{
	struct revision rev;
	struct sites *sites = NULL;
	struct yt_error yerr = { 0 };

	if (!store_current(s->store, &rev, err))
		return false;
	if (rev.number) {
		/* It was valid when it was applied; "legacy" may have been switched off since, which stops no tunnel that runs. */
		sites = sites_read(rev.text, rev.n, true, &yerr);
		if (!sites) {
			err->reason = yerr.reason;
			snprintf(err->text, sizeof(err->text), "The stored revision cannot be read: %.400s", yerr.message);
			revision_fini(&rev);
			return false;
		}
	}
	err->reason = R_STORE_FAILED;
	snprintf(err->text, sizeof(err->text), "There is not enough memory for the revision in force.");
	if ((!sites || number_ours(s, sites, err)) && sync_adopt(s, &rev, sites))
		return true;
	sites_free(sites);
	revision_fini(&rev);
	return false;
}

bool
sync_settled(const struct sync *s)
{
	return s->engine.stands && !s->engine.blocked && !s->engine.busy &&
	    s->iked.up && !s->iked.sync_due && !s->iked.first && s->iked.flight == 0 &&
	    s->keymgr.up && !s->keymgr.sync_due && !s->keymgr.first && s->keymgr.flight == 0 &&
	    s->host.up && (s->host.synced || s->rev.number == 0);
}

void
sync_progress(struct sync *s)
{
	host_pump(s);
	iked_pump(s);
	news_settled(s);
	if (s->api && (sync_settled(s) || (s->engine.stands && s->engine.blocked)))
		api_settled(s->api);
}

void
sync_attach(struct sync *s, const char *name, int fd)
{
	if (strcmp(name, "pfkey") == 0)
		engine_attach(s, fd);
	else if (strcmp(name, "iked") == 0)
		iked_attach(s, fd);
	else if (strcmp(name, "keymgr") == 0)
		keymgr_attach(s, fd);
	else if (strcmp(name, "ipsecd") == 0)
		host_attach(s, fd);
	else if (strcmp(name, "resolve") == 0 && s->names)
		names_attach(s, fd);
	else if (strncmp(name, "api-", 4) == 0 && s->api)
		api_listen(s->api, name, fd);
	else
		close(fd);
}

void
sync_fini(struct sync *s)
{
	sas_fini(s);
	tally_fini(s);
	rates_fini(&s->rates);
	engine_fini(s);
	peers_fini(s);
	if (s->host.ipc)
		ipc_free(s->host.ipc);
	if (s->pass)
		event_free(s->pass);
	if (s->secrets)
		event_free(s->secrets);
	if (s->minute)
		event_free(s->minute);
	demand_fini(s);
	for (unsigned i = 0; i < s->nrt; i++)
		rt_free(s->rt[i]);
	free(s->rt);
	records_fini(&s->others);
	want_fini(&s->want);
	sites_free(s->sites);
	revision_fini(&s->rev);
	free(s->supervisor);
	store_close(s->store);
}
