/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine as a whole: made, freed, its timers, its graveyard, its tables, keymgr's events and the census for tests. */
#include <stdlib.h>

#include "sa/ops.h"
#include "wire/rules.h"

struct engine *
engine_new(const struct engine_host *host)
{
	static const char *const names[C_MAX] = {
#define C(name) #name,
#include "sa/counters.def"
#undef C
	};
	struct engine *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->host = *host;
	if (!e->host.ike_port)
		e->host.ike_port = 500;
	if (!e->host.natt_port)
		e->host.natt_port = 4500;
	e->edges = ike_edges;
	e->nedges = ike_nedges;
	e->rules = ike_rules;
	e->nrules = ike_nrules;
	e->tail = &e->head;
	e->engine_up = true;
	e->features = KEY_FEAT_HELLO | KEY_FEAT_ESN | KEY_FEAT_AEAD | KEY_FEAT_WINDOW;
	e->next_child = (uint32_t)(fresh64(e) % (KEY_CHILD_KEPT - 1));
	for (unsigned i = 0; i < C_MAX; i++)
		e->counters[i].name = names[i];
	return e;
}

/* What ended in this input is freed now that no handler is running. */
void
engine_bury(struct engine *e)
{
	while (e->grave_xch) {
		struct xch *x = e->grave_xch;

		e->grave_xch = x->grave;
		free(x);
	}
	while (e->grave_ike) {
		struct ikesa *s = e->grave_ike;

		e->grave_ike = s->grave;
		free(s);
	}
	while (e->grave_child) {
		struct child *c = e->grave_child;

		e->grave_child = c->next;
		free(c);
	}
	while (e->grave_tun) {
		struct tun *t = e->grave_tun;

		e->grave_tun = t->grave;
		tun_bury(t);
	}
}

void
engine_free(struct engine *e)
{
	struct todo *t;

	if (!e)
		return;
	e->keymgr = false;
	while (e->tuns)
		tun_free(e, e->tuns);
	for (unsigned i = 0; i < HASH; i++)
		while (e->by_spi[i])
			ikesa_end(e, e->by_spi[i], R_OK);
	engine_bury(e);
	for (unsigned i = 0; i < CALLS; i++)
		while (e->calls[i]) {
			struct call *c = e->calls[i];

			e->calls[i] = c->next;
			free(c);
		}
	while (e->orphans) {
		struct orphan *o = e->orphans;

		e->orphans = o->next;
		free(o);
	}
	while (e->waiters) {
		struct waiter *w = e->waiters;

		e->waiters = w->next;
		free(w);
	}
	while ((t = engine_take(e)))
		todo_free(t);
	timers_free(&e->timers);
	secret_wipe(&e->jar.now);
	secret_wipe(&e->jar.before);
	wipe(e->plain, sizeof(e->plain));
	wipe(e->rx, sizeof(e->rx));
	free(e);
}

uint64_t
engine_next(const struct engine *e)
{
	return timers_next(&e->timers);
}

void
engine_timer(struct engine *e, uint64_t now)
{
	struct timer *t;

	e->now = now;
	while ((t = timer_due(&e->timers, now)))
		t->fire(e, t->arg);
	engine_settle(e);
}

void
engine_keymgr_up(struct engine *e, uint64_t now)
{
	e->now = now;
	e->keymgr = true;
	e->engine_up = true;
	e->listed = false;
	e->list_after = 0;
	for (struct tun *t = e->tuns; t; t = t->next)
		if (t->reason == R_KEYMGR_DOWN)
			tun_reason(e, t, R_OK, "");
	ask_list(e);
	engine_settle(e);
}

/*
 * Handles die with the link, and SK_d with them: no IKE SA can make children any more, but each can still say DELETE. Children
 * that are installed carry on; when keymgr is back its list says which (design, section 5).
 */
static void
without_keys(struct engine *e, struct ikesa *s)
{
	struct xch *x = s->own;

	s->keyless = true;
	if (s->state < S_UP) {
		ikesa_fail(e, s, R_KEYMGR_DOWN, rec_new(s, "", NULL, R_KEYMGR_DOWN));
		return;
	}
	if (s->peer)
		xch_fail(e, s->peer, R_KEYMGR_DOWN, NULL);
	if (!x || x->kind >= XK_DEL_CHILD)
		return;
	if (x->at == X_SENT)
		child_drop(s, x->child);		/* the peer may have made it */
	xch_fail(e, x, R_KEYMGR_DOWN, NULL);
}

void
engine_keymgr_down(struct engine *e, uint64_t now)
{
	e->now = now;
	e->keymgr = false;
	e->listed = false;
	calls_end(e);
	while (e->orphans) {
		struct orphan *o = e->orphans;

		e->orphans = o->next;
		free(o);
	}
	for (unsigned i = 0; i < HASH; i++)
		for (struct ikesa *s = e->by_spi[i], *next; s; s = next) {
			next = s->hnext;
			without_keys(e, s);
		}
	for (struct tun *t = e->tuns; t; t = t->next) {
		for (struct child *c = t->children; c; c = c->sib)
			if (c->state != CH_LARVAL) {
				c->lost = true;		/* until keymgr lists it again, by another number */
				child_rename(e, c, 0);
			}
		tun_reason(e, t, R_KEYMGR_DOWN, "");
		tun_changed(e, t);
	}
	engine_settle(e);
}

static void
engine_lost(struct engine *e)
{
	e->engine_up = false;
	for (struct tun *t = e->tuns; t; t = t->next) {
		struct child *next;

		for (struct child *c = t->children; c; c = next) {
			next = c->sib;
			child_lost(e, c);
		}
		tun_reason(e, t, R_ENGINE_DOWN, "");
	}
}

static void
engine_back(struct engine *e, uint8_t features)
{
	e->features = features;
	e->engine_up = true;
	for (struct tun *t = e->tuns; t; t = t->next) {
		if (t->reason == R_ENGINE_DOWN || t->reason == R_ENGINE_NO_ALG)
			tun_reason(e, t, R_OK, "");
		for (unsigned i = 0; i < t->cfg.nchildren; i++)
			t->pol[i].retry_at = 0;
		tun_changed(e, t);
	}
}

static void
orphan_gone(struct engine *e, uint32_t child)
{
	for (struct orphan **p = &e->orphans; *p; p = &(*p)->next)
		if ((*p)->child == child) {
			struct orphan *o = *p;

			*p = o->next;
			free(o);
			return;
		}
}

/* On demand: a packet met a policy that has no SA. What was closed by command stays closed. */
static void
acquire(struct engine *e, uint32_t reqid)
{
	for (struct tun *t = e->tuns; t; t = t->next)
		for (unsigned i = 0; i < t->cfg.nchildren && t->cfg.start == START_ON_DEMAND; i++)
			if (t->cfg.children[i].reqid == reqid && t->pol[i].wanted) {
				t->wanted = true;
				t->pol[i].asked = true;
				tun_changed(e, t);
			}
}

/* ESP came from a new address or port of a peer behind a translator: IKE follows. */
static void
mapping(struct engine *e, uint32_t child, const struct endpoint *to)
{
	struct child *c = child_find(e, child);

	if (c && c->ike && c->ike->natt)
		ikesa_follow(e, c->ike, to);
}

/* KEY_TRUST */
static bool
trust(struct engine *e, struct rd *body)
{
	unsigned n = rd_u8(body);
	struct bytes all = rd_bytes(body, n * KEY_ANCHOR);

	if (!rd_done(body) || n > KEY_ANCHORS)
		return false;
	if (n)
		memcpy(e->anchors, all.p, all.n);
	e->nanchors = n;
	return true;
}

/* KEY_PEER_INVALID */
static bool
invalid(struct engine *e, struct rd *body)
{
	uint32_t handle = rd_le32(body);
	uint16_t why = rd_le16(body);
	char detail[KEY_WORDS];

	str_get(body, detail, sizeof(detail));
	if (!rd_done(body) || why == R_OK || reason_row(why)->num != why)
		return false;
	for (struct tun *t = e->tuns; t; t = t->next)
		for (struct ikesa *s = t->sas; s; s = s->sib)
			if (handle && s->handle == handle && !s->keyless && s->state >= S_R_SIGN) {	/* of this link, and verified */
				peer_invalid(e, s, (enum reason)why, detail);
				return true;
			}
	return true;
}

bool
engine_key_event(struct engine *e, uint16_t type, struct rd *body, uint64_t now)
{
	uint32_t id;
	uint8_t hard;
	struct endpoint to = { 0 };

	e->now = now > e->now ? now : e->now;
	if (type == KEY_TRUST)
		return trust(e, body);
	if (type == KEY_STRAY) {
		struct key_stray y;

		if (!key_stray_get(body, &y) || !rd_done(body))
			return false;
		engine_stray(e, &y, e->now);
		return true;
	}
	if (type == KEY_PEER_INVALID) {
		bool ok = invalid(e, body);

		engine_settle(e);
		return ok;
	}
	id = type == KEY_ENGINE_LOST || type == KEY_ENGINE_BACK ? 0 : rd_le32(body);
	hard = type == KEY_EXPIRE ? rd_u8(body) : type == KEY_ENGINE_BACK ? rd_u8(body) : 0;
	if (type == KEY_EXPIRE)
		(void)rd_u8(body);
	if (type == KEY_MAPPING)
		endpoint_get(body, &to);
	if (!rd_done(body))
		return false;
	switch (type) {
	case KEY_ACQUIRE: acquire(e, id); break;
	case KEY_EXPIRE:
		if (!engine_expire(e, id, hard != 0) && hard)
			orphan_gone(e, id);
		break;
	case KEY_USED: engine_used(e, id); break;
	case KEY_GONE:
		child_lost(e, child_find(e, id));
		orphan_gone(e, id);
		break;
	case KEY_MAPPING: mapping(e, id, &to); break;
	case KEY_ENGINE_LOST: engine_lost(e); break;
	case KEY_ENGINE_BACK: engine_back(e, hard); break;
	default: return false;
	}
	engine_settle(e);
	return true;
}

const struct engine_counter *
engine_counters(const struct engine *e, unsigned *n)
{
	*n = C_MAX;
	return e->counters;
}

void
engine_count(const struct engine *e, struct engine_census *c)
{
	*c = (struct engine_census){ .ike_sas = e->nikes, .half_open = e->half_open, .children = e->nchildren,
	    .calls = e->ncalls, .timers = (unsigned)e->timers.n };
	for (const struct tun *t = e->tuns; t; t = t->next) {
		c->tunnels++;
		for (const struct ikesa *s = t->sas; s; s = s->sib) {
			c->ike_up += s->state == S_UP;
			c->exchanges += (s->own || s->win.busy) + (s->peer || s->win.working);
		}
		for (const struct child *k = t->children; k; k = k->sib)
			c->children_up += k->state == CH_UP;
	}
}

void
engine_use_edges(struct engine *e, const struct edge *v, size_t n)
{
	e->edges = v;
	e->nedges = n;
}

void
engine_use_rules(struct engine *e, const struct rule *v, size_t n)
{
	e->rules = v;
	e->nrules = n;
}

void
engine_trace(struct engine *e, void (*fn)(void *, const struct edge *, uint64_t), void *ctx)
{
	e->trace = fn;
	e->trace_ctx = ctx;
}
