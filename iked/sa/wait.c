/* SPDX-License-Identifier: BSD-2-Clause */
/* Those who wait for a command's end: each hears exactly once, with the reason. */
#include <stdlib.h>

#include "sa/ops.h"

static void
done(struct engine *e, struct waiter **p, enum reason why, const char *detail)
{
	struct waiter *w = *p;

	todo_done(e, w->tag, why, detail);
	*p = w->next;
	free(w);
	if (!e->waiters)
		timer_stop(&e->timers, &e->tick);
}

static bool
mine(const struct waiter *w, const struct tun *t, unsigned pol)
{
	return w->child[0] == '\0' || strcmp(w->child, t->cfg.children[pol].name) == 0;
}

static bool
is_up(const struct waiter *w, const struct tun *t)
{
	for (unsigned i = 0; i < t->cfg.nchildren; i++)
		if (mine(w, t, i) && !policy_top(t, i))
			return false;
	return true;
}

static bool
is_down(const struct waiter *w, const struct tun *t)
{
	if (w->child[0] == '\0' && t->sas)
		return false;
	for (const struct child *c = t->children; c; c = c->sib)
		if (mine(w, t, c->pol) && c->state != CH_GONE)
			return false;
	return true;
}

/* Rekeyed: the old one is gone or carries nothing, and a new one does. */
static bool
is_rekeyed(struct engine *e, const struct waiter *w, const struct tun *t)
{
	struct child *c;

	if (w->what == ENGINE_REKEY_SA) {
		struct ikesa *s = ikesa_find(e, w->old_spi);

		if (s && s->state == S_UP)
			return false;
		for (s = t->sas; s; s = s->sib)
			if (s->state == S_UP)
				return true;
		return false;
	}
	c = child_find(e, w->old_child);
	return (!c || c->state != CH_UP) && is_up(w, t);
}

/* The old ones are gone, and new ones carry. */
static bool
is_restarted(struct engine *e, const struct waiter *w, const struct tun *t)
{
	const struct child *c = w->old_child ? child_find(e, w->old_child) : NULL;

	return (!w->old_spi || !ikesa_find(e, w->old_spi)) && (!c || c->state == CH_GONE) && is_up(w, t);
}

void
waiters_check(struct engine *e, struct tun *t)
{
	for (struct waiter **p = &e->waiters; *p;) {
		struct waiter *w = *p;
		bool over = false;

		if (strcmp(w->tunnel, t->cfg.name) == 0)
			switch (w->what) {
			case ENGINE_UP: over = is_up(w, t); break;
			case ENGINE_DOWN: over = is_down(w, t); break;
			case ENGINE_REKEY_CHILD: case ENGINE_REKEY_SA: over = is_rekeyed(e, w, t); break;
			case ENGINE_RESTART: over = is_restarted(e, w, t); break;
			case ENGINE_SHUTDOWN: break;
			}
		if (over)
			done(e, p, R_OK, "");
		else
			p = &w->next;
	}
}

void
waiters_shutdown(struct engine *e)
{
	if (!e->stopping || e->nikes)
		return;
	for (struct waiter **p = &e->waiters; *p;)
		if ((*p)->what == ENGINE_SHUTDOWN)
			done(e, p, R_OK, "");
		else
			p = &(*p)->next;
}

/* The engine has asked for it: it hears that there is none, and asks again when a packet comes after a while, which doubles. */
static void
refuse_packets(struct engine *e, struct tun *t, const char *child)
{
	for (unsigned i = 0; i < t->cfg.nchildren; i++) {
		if (!t->pol[i].asked || (child && child[0] && strcmp(child, t->cfg.children[i].name) != 0) || policy_top(t, i))
			continue;
		t->pol[i].asked = false;
		key_ask_failed(e, t->cfg.children[i].reqid);
	}
}

/* A negotiation of this tunnel failed: whoever asked for it hears why. child: which one, or NULL for all. */
void
tun_failed(struct engine *e, struct tun *t, const char *child, enum reason why, const char *detail)
{
	refuse_packets(e, t, child);
	for (struct waiter **p = &e->waiters; *p;) {
		struct waiter *w = *p;

		if (w->what != ENGINE_DOWN && w->what != ENGINE_SHUTDOWN && strcmp(w->tunnel, t->cfg.name) == 0 &&
		    (!child || !w->child[0] || strcmp(w->child, child) == 0) && why != R_PEER_TEMPORARY_FAILURE &&
		    why != R_REPLACED && !(w->what == ENGINE_RESTART && why == R_DELETED_BY_USER))
			done(e, p, why, detail);
		else
			p = &w->next;
	}
}

static void
late(struct engine *e, void *arg)
{
	for (struct waiter **p = &e->waiters; *p;)
		if ((*p)->until <= e->now)
			done(e, p, (*p)->what == ENGINE_SHUTDOWN ? R_OK : R_RETRY_LATER, "");
		else
			p = &(*p)->next;
	waiters_arm(e);
}

void
waiters_arm(struct engine *e)
{
	uint64_t at = UINT64_MAX;

	for (const struct waiter *w = e->waiters; w; w = w->next)
		if (w->until < at)
			at = w->until;
	if (at == UINT64_MAX)
		timer_stop(&e->timers, &e->tick);
	else
		timer_set(&e->timers, &e->tick, at, late, NULL);
}
