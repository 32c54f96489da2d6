/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "api.h"
#include "events.h"
#include "news.h"

/* ---- tunnels ---- */

static const struct child_state *
child_of(const struct tunnel_state *st, const char *name)
{
	for (unsigned i = 0; st && i < st->nchildren; i++)
		if (strcmp(st->children[i].name, name) == 0)
			return &st->children[i];
	return NULL;
}

static bool
carries(const struct child_state *c)
{
	return c && (c->negotiated == CHILD_UP || c->negotiated == CHILD_REKEYING);
}

static void
child_news(struct sync *s, const char *tunnel, const struct child_state *c, const struct child_state *old)
{
	bool rekeyed = carries(c) && carries(old) && c->spi_in != old->spi_in;
	struct tally *t;

	if (old && old->negotiated == c->negotiated && old->wanted == c->wanted && old->proven == c->proven && !rekeyed)
		return;
	if (rekeyed && (t = tally_of(s, c->reqid)) != NULL)
		t->rekeys++;
	events_add(s->events, "child", json_pack("{s:s, s:s, s:s, s:s, s:o, s:b, s:b, s:o, s:o}", "tunnel", tunnel, "child", c->name,
	    "wanted", c->wanted ? "up" : "down", "negotiated", negotiated_name((enum child_negotiated)c->negotiated),
	    "was", old ? json_string(negotiated_name((enum child_negotiated)old->negotiated)) : json_null(), "rekeyed", (int)rekeyed,
	    "proven", (int)c->proven, "spi_in", json_spi(carries(c) ? c->spi_in : 0), "spi_out", json_spi(carries(c) ? c->spi_out : 0)));
}

static void
ike_news(struct sync *s, struct rt_tally *t, const struct tunnel_state *st, const struct tunnel_state *old)
{
	bool was = old && old->ike_up, replaced = st->ike_up && was && (st->spi_i != old->spi_i || st->spi_r != old->spi_r);
	char remote[ENDPOINT_STR];

	if (st->ike_up == was && !replaced)
		return;
	if (st->ike_up)
		replaced ? t->ike_rekeys++ : t->ike_setups++;
	events_add(s->events, "ike", json_pack("{s:s, s:b, s:b, s:s, s:o}", "tunnel", st->name, "up", (int)st->ike_up, "replaced", (int)replaced,
	    "remote", endpoint_str(&st->remote, remote), "id_remote", json_text(st->id_remote)));
}

void
news_state(struct sync *s, struct rt *rt, const struct tunnel_state *old)
{
	const struct tunnel_state *st = rt->state;
	enum child_negotiated now, was;

	if (!st)
		return;
	ike_news(s, &rt->tally, st, old);
	for (unsigned i = 0; i < st->nchildren; i++)
		child_news(s, st->name, &st->children[i], child_of(old, st->children[i].name));
	now = tunnel_worst(st);
	was = tunnel_worst(old);
	if (old && now == was && st->reason == old->reason)
		return;
	events_add(s->events, "tunnel", json_pack("{s:s, s:s, s:o, s:s, s:s, s:o}", "tunnel", st->name, "state", negotiated_name(now),
	    "was", old ? json_string(negotiated_name(was)) : json_null(), "reason", reason_row(st->reason)->name,
	    "message", reason_row(st->reason)->sentence, "detail", json_words(st->detail)));
}

void
news_gone(struct sync *s, const char *tunnel)
{
	bool policies = umap_find(&s->demand.map, tunnel) != NULL;
	capture_tunnel_gone(s, tunnel);
	const struct rt *rt = rt_find(s, tunnel);

	events_add(s->events, "tunnel", json_pack("{s:s, s:s, s:o, s:s, s:s, s:s}", "tunnel", tunnel, "state", "gone", "was",
	    rt && rt->state ? json_string(negotiated_name(tunnel_worst(rt->state))) : json_null(), "reason", reason_row(R_OK)->name,
	    "message", policies ? "The policies that asked for SAs with this peer are gone." : "The revision has this tunnel no more.", "detail", ""));
}

void
news_record(struct sync *s, const struct record *r)
{
	struct rt *rt = r->tunnel[0] ? rt_find(s, r->tunnel) : NULL;
	const char *exchange = NULL, *peer = NULL;

	for (unsigned i = 0; i < r->nfacts; i++)
		if (strcmp(r->facts[i].key, "exchange") == 0)
			exchange = r->facts[i].text;
		else if (strcmp(r->facts[i].key, "peer") == 0)
			peer = r->facts[i].text;
	if (r->reason != R_OK)
		tally_failed(rt ? &rt->tally : &s->strangers, r->reason);
	else if (rt && r->child[0])
		rt->tally.children_made++;
	events_add(s->events, "negotiation", json_pack("{s:o, s:o, s:s, s:s, s:o, s:o}", "tunnel", json_text(r->tunnel), "child", json_text(r->child),
	    "reason", reason_row(r->reason)->name, "message", reason_row(r->reason)->sentence, "exchange", json_text(exchange), "peer", json_text(peer)));
}

/* ---- the gateway ---- */

void
news_daemon(struct sync *s, const char *name, bool up)
{
	events_add(s->events, "daemon", json_pack("{s:s, s:b}", "daemon", name, "up", (int)up));
}

void
news_revision(struct sync *s)
{
	events_add(s->events, "revision", json_pack("{s:I, s:o, s:o, s:i}", "revision", (json_int_t)s->rev.number, "author", json_words(s->rev.author),
	    "comment", json_words(s->rev.comment), "tunnels", (int)s->nrt));
}

void
news_settled(struct sync *s)
{
	bool now = sync_settled(s);

	if (s->said_settled == now)
		return;
	s->said_settled = now;
	events_add(s->events, "in_sync", json_pack("{s:b}", "in_sync", (int)now));
}

void
news_drift(struct sync *s, size_t changes, bool by_event)
{
	events_add(s->events, "drift", json_pack("{s:I, s:s}", "changes", (json_int_t)changes, "found_by", by_event ? "event" : "pass"));
}

void
news_guard(struct sync *s, int guard)
{
	events_add(s->events, "guard", json_pack("{s:s}", "guard", guard < 0 ? "unknown" : guard ? "closed" : "open"));
}

void
news_confirm(struct sync *s, const char *state, uint64_t revision, uint64_t back, unsigned seconds, const char *why)
{
	events_add(s->events, "confirm", json_pack("{s:s, s:I, s:o, s:o, s:o}", "state", state, "revision", (json_int_t)revision,
	    "back_to", back ? json_integer((json_int_t)back) : json_null(), "seconds", seconds ? json_integer(seconds) : json_null(),
	    "why", json_text(why)));
}

void
news_certificate(struct sync *s, enum reason reason, const char *text)
{
	events_add(s->events, "certificate", json_pack("{s:s, s:o}", "reason", reason_row(reason)->name, "message", json_words(text)));
}

void
news_command(struct sync *s, const struct audit_row *a)
{
	events_add(s->events, "command", json_pack("{s:o, s:o, s:o, s:o, s:o}", "author", json_words(a->author), "origin", json_text(a->origin),
	    "action", json_words(a->action), "detail", json_words(a->detail), "result", json_text(a->result)));
}
