/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * iked and keymgr are told every tunnel, a window of requests at a time, and then SYNC. What a daemon has is remembered as the
 * digest of the message it was sent, so a new revision costs messages only for what it changed; a new link forgets it all.
 * iked hears of tunnels when their policies stand (contracts, "Boot"), keymgr at once.
 */
#include <openssl/evp.h>
#include <stddef.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "certwatch.h"
#include "clock.h"
#include "log.h"
#include "names.h"
#include "news.h"
#include "sync.h"

static const uint8_t nothing[32];

/* A request in flight: the tunnel may be gone when the answer comes. */
struct call {
	struct sync	*s;
	struct pump	*pump;
	struct call	*next;
	char		tunnel[NAME_CAP];
};

static struct call *
call_new(struct sync *s, struct pump *p, const char *tunnel)
{
	struct call *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->s = s;
	c->pump = p;
	snprintf(c->tunnel, sizeof(c->tunnel), "%s", tunnel);
	c->next = p->calls;
	p->calls = c;
	return c;
}

static void
call_free(struct call *c)
{
	struct call **p;

	if (!c)
		return;
	for (p = &c->pump->calls; *p != c; p = &(*p)->next)
		;
	*p = c->next;
	free(c);
}

static bool
digest(struct bytes b, uint8_t out[32])
{
	return EVP_Digest(b.p, b.n, out, NULL, EVP_sha256(), NULL) == 1;
}

/* ---- who has to be told ---- */

static void
due(struct pump *p, struct rt *rt)
{
	struct due *d = &rt->due[p->which];

	if (d->on)
		return;
	*d = (struct due){ true, p->last, NULL };
	if (p->last)
		p->last->due[p->which].next = rt;
	else
		p->first = rt;
	p->last = rt;
}

static void
undue(struct pump *p, struct rt *rt)
{
	struct due *d = &rt->due[p->which];

	if (!d->on)
		return;
	if (d->prev)
		d->prev->due[p->which].next = d->next;
	else
		p->first = d->next;
	if (d->next)
		d->next->due[p->which].prev = d->prev;
	else
		p->last = d->prev;
	memset(d, 0, sizeof(*d));
}

/* The tunnels of the site file, then those of policies. */
static struct rt *
nth_rt(const struct sync *s, size_t i)
{
	return i < s->nrt ? s->rt[i] : s->demand.rt[i - s->nrt];
}

void
peers_due(struct sync *s, struct rt *rt)
{
	due(&s->iked, rt);
	due(&s->keymgr, rt);
}

void
peers_forget(struct sync *s, struct rt *rt)
{
	undue(&s->iked, rt);
	undue(&s->keymgr, rt);
}

/* The link is gone; what was in flight on it is answered no more. */
static void
pump_reset(struct pump *p)
{
	while (p->calls)
		call_free(p->calls);
	p->up = p->sync_flight = false;
	p->flight = 0;
	p->sync_due = true;
}

/* ---- iked ---- */

static void
iked_put_done(void *arg, enum reason reason, struct rd *body)
{
	struct call *c = arg;
	struct sync *s = c->s;
	struct rt *rt = rt_find(s, c->tunnel);
	struct log_ctx ctx = { c->tunnel, NULL };

	(void)body;
	if (s->iked.flight)
		s->iked.flight--;
	if (rt)
		rt->put = reason;
	if (reason != R_OK && reason != R_IKED_DOWN)
		log_at(LOG_WARN, &ctx, "iked_refused", reason, "iked did not take the tunnel: %s", reason_row(reason)->sentence);
	call_free(c);
	sync_progress(s);
}

static void
iked_sync_done(void *arg, enum reason reason, struct rd *body)
{
	struct sync *s = arg;

	(void)body;
	s->iked.sync_flight = false;
	if (reason != R_OK)
		return;
	s->iked.sync_due = false;
	sync_progress(s);
}

/* What iked is told of it. False: it is wanted no more. */
static bool
iked_msg(struct sync *s, const struct rt *rt, struct tunnel *t)
{
	const struct utunnel *u = rt->policies ? umap_find(&s->demand.map, rt->name) : NULL;
	const struct want_tunnel *w = rt->policies ? NULL : want_find(&s->want, rt->name);

	if (u)
		utunnel_msg(u, s->demand.conf, t);
	if (!w)
		return u != NULL;
	want_tunnel_msg(w, !proc_kernel_engine(s->proc), t);
	names_fill(s, w, t);
	return true;
}

/* False: the window is full or the link is dead. */
static bool
iked_put(struct sync *s, struct rt *rt, struct tunnel *t, uint8_t *buf)
{
	struct wr out = wr_of(buf, IPC_MAX - IPC_HEAD);
	uint8_t sum[32];
	struct call *c;

	tunnel_put(&out, t);
	if (!wr_ok(&out) || !digest(wr_bytes(&out), sum)) {
		rt->put = R_TOO_LARGE;
		return true;
	}
	if (memcmp(sum, rt->iked_has, sizeof(sum)) == 0)
		return true;
	c = call_new(s, &s->iked, rt->name);
	if (!c || !ipc_call(s->iked.ipc, IKE_TUNNEL_PUT, wr_bytes(&out), R_IKED_DOWN, iked_put_done, c)) {
		call_free(c);
		return false;
	}
	memcpy(rt->iked_has, sum, sizeof(sum));
	s->iked.flight++;
	return true;
}

void
iked_pump(struct sync *s)
{
	struct pump *p = &s->iked;
	struct tunnel *t;
	uint8_t *buf;

	if (!p->up || !s->engine.stands || (!p->first && !p->sync_due))
		return;
	if (!p->first && demand_waits(s))
		return;		/* what is not told before SYNC, iked gives up */
	t = malloc(sizeof(*t));
	buf = malloc(IPC_MAX);
	while (t && buf && p->first && p->flight < PUSH_WINDOW) {
		/* iked replaces the SAs of a tunnel that has another interface now: by then keymgr must know which. */
		if (s->keymgr.up && p->first->due[s->keymgr.which].on && !p->first->policies)
			break;
		if (iked_msg(s, p->first, t) && !iked_put(s, p->first, t, buf))
			break;
		undue(p, p->first);
	}
	free(t);
	free(buf);
	if (!p->first && p->flight == 0 && p->sync_due && !p->sync_flight && !demand_waits(s))
		p->sync_flight = ipc_call(p->ipc, IKE_SYNC, bytes_of(NULL, 0), R_IKED_DOWN, iked_sync_done, s) != 0;
}

static uint64_t
told_ago_s(const struct rt *rt)
{
	return rt->told_ns ? (clock_now_ns() - rt->told_ns) / NS_PER_S : 0;
}

uint64_t
rt_age(const struct rt *rt, uint64_t told_s)
{
	return told_s + told_ago_s(rt);
}

uint64_t
rt_left(const struct rt *rt, uint64_t told_s)
{
	uint64_t ago = told_ago_s(rt);

	return told_s > ago ? told_s - ago : 0;
}

static struct tunnel_state *
trim(const struct tunnel_state *st)
{
	size_t n = offsetof(struct tunnel_state, children) + st->nchildren * sizeof(st->children[0]);
	struct tunnel_state *copy = malloc(n);

	if (copy)
		memcpy(copy, st, n);
	return copy;
}

static bool
on_state(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct tunnel_state *st = malloc(sizeof(*st));
	struct sync *s = ctx;
	const struct want_tunnel *w;
	struct rt *rt;
	bool ok;

	(void)l;
	ok = st && tunnel_state_get(&m->body, st) && rd_done(&m->body);
	rt = ok ? rt_find(s, st->name) : NULL;
	if (rt) {
		struct tunnel_state *old = rt->state;

		rt->state = trim(st);
		rt->told_ns = clock_now_ns();
		news_state(s, rt, old);
		free(old);
	}
	w = rt ? want_find(&s->want, rt->name) : NULL;
	if (w && sync_peer(s, &s->want, (unsigned)(w - s->want.v), rt))
		engine_reconcile(s, false);
	free(st);
	return ok;
}

static bool
on_record(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	(void)l;
	return records_take(ctx, &m->body);
}

static bool
on_counters(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct sync *s = ctx;
	unsigned n = rd_le16(&m->body), i;

	(void)l;
	for (i = 0; i < n && i < IKED_COUNTERS && rd_ok(&m->body); i++) {
		str_get(&m->body, s->iked_counters[i].name, sizeof(s->iked_counters[i].name));
		s->iked_counters[i].value = rd_le64(&m->body);
	}
	s->niked_counters = rd_done(&m->body) ? i : 0;
	return rd_done(&m->body);
}

static void
iked_up(void *ctx, struct ipc *l)
{
	struct sync *s = ctx;

	(void)l;
	s->iked.up = true;
	news_daemon(s, "iked", true);
	log_info(NULL, "iked_up", "The link to iked is up.");
	iked_pump(s);
}

static void
iked_forget(struct sync *s)
{
	s->iked.ipc = NULL;
	pump_reset(&s->iked);
	for (size_t i = 0; i < s->nrt + s->demand.nrt; i++) {
		struct rt *rt = nth_rt(s, i);

		memcpy(rt->iked_has, nothing, sizeof(nothing));
		due(&s->iked, rt);
	}
}

static void
iked_down(void *ctx, struct ipc *l)
{
	struct sync *s = ctx;

	if (s->iked.ipc != l)
		return;
	log_warn(NULL, "iked_down", "The link to iked ended.");
	news_daemon(s, "iked", false);
	iked_forget(s);
	sync_progress(s);
}

static const struct ipc_row iked_rows[] = {
	{ IKE_STATE,	"STATE",	IPC_AFTER_HELLO,	IPC_MAX - IPC_HEAD,	on_state },
	{ IKE_RECORD,	"RECORD",	IPC_AFTER_HELLO,	IPC_MAX - IPC_HEAD,	on_record },
	{ IKE_COUNTERS,	"COUNTERS",	IPC_AFTER_HELLO,	IPC_MAX - IPC_HEAD,	on_counters },
};

static const struct ipc_table iked_table = {
	"iked-spdsync", iked_rows, sizeof(iked_rows) / sizeof(iked_rows[0]), iked_up, iked_down
};

void
iked_attach(struct sync *s, int fd)
{
	if (s->iked.ipc) {
		api_link_gone(s->api, s->iked.ipc);
		ipc_free(s->iked.ipc);
	}
	iked_forget(s);
	s->iked.ipc = ipc_new(s->base, fd, &iked_table, s);
}

/* ---- keymgr ---- */

static void
take_secret(struct rt *rt, enum reason reason, struct rd *body)
{
	if (reason == R_KEYMGR_DOWN)
		return;
	rt->secret_detail[0] = '\0';
	if (reason != R_OK && body && rd_left(body))
		str_get(body, rt->secret_detail, sizeof(rt->secret_detail));
	else if (reason == R_OK && body && rd_left(body) >= 2)
		reason = rd_le16(body);
	rt->secret = reason;
	rt->secret_known = true;
	rt->secret_ns = clock_now_ns();
}

static void
bind_done(void *arg, enum reason reason, struct rd *body)
{
	struct call *c = arg;
	struct sync *s = c->s;
	struct rt *rt = rt_find(s, c->tunnel);

	if (s->keymgr.flight)
		s->keymgr.flight--;
	if (rt)
		take_secret(rt, reason, body);
	call_free(c);
	keymgr_pump(s);
	sync_progress(s);
	if (!s->keymgr.first && s->keymgr.flight == 0 && s->certs_due) {
		s->certs_due = false;
		certwatch_look(s->certs);
	}
}

static void
check_done(void *arg, enum reason reason, struct rd *body)
{
	struct call *c = arg;
	struct sync *s = c->s;
	struct rt *rt = rt_find(s, c->tunnel);

	if (rt)
		take_secret(rt, reason, body);
	call_free(c);
	if (s->checks && --s->checks == 0)
		api_checked(s->api);
}

void
keymgr_check(struct sync *s, struct rt *rt)
{
	struct call *c = s->keymgr.up ? call_new(s, &s->keymgr, rt->name) : NULL;
	uint8_t buf[128];
	struct wr out = wr_of(buf, sizeof(buf));

	if (!c)
		return;
	str_put(&out, rt->name);
	if (!ipc_call(s->keymgr.ipc, BIND_CHECK, wr_bytes(&out), R_KEYMGR_DOWN, check_done, c))
		call_free(c);
	else
		s->checks++;
}

void
keymgr_check_all(struct sync *s, uint64_t since_ns)
{
	for (int well = 0; well <= 1; well++)
		for (unsigned i = 0; i < s->nrt && s->checks < CHECKS; i++)
			if (s->rt[i]->secret_known && s->rt[i]->secret_ns < since_ns && (s->rt[i]->secret == R_OK) == well)
				keymgr_check(s, s->rt[i]);
}

static void
bind_sync_done(void *arg, enum reason reason, struct rd *body)
{
	struct sync *s = arg;

	(void)body;
	s->keymgr.sync_flight = false;
	if (reason != R_OK)
		return;
	s->keymgr.sync_due = false;
	sync_progress(s);
	certwatch_look(s->certs);
}

/* False: it is wanted no more. */
static bool
keymgr_msg(const struct sync *s, const struct rt *rt, struct binding *b)
{
	const struct utunnel *u = rt->policies ? umap_find(&s->demand.map, rt->name) : NULL;
	const struct want_tunnel *w = rt->policies ? NULL : want_find(&s->want, rt->name);

	if (u)
		utunnel_binding(u, s->demand.conf, b);
	else if (w)
		want_binding(w, b);
	return u || w;
}

static bool
keymgr_put(struct sync *s, struct rt *rt, const struct binding *b)
{
	uint8_t buf[4096], sum[32];
	struct wr out = wr_of(buf, sizeof(buf));
	struct call *c;
	bool certs = b->how_local != AUTH_BY_PSK || b->how_remote != AUTH_BY_PSK;

	s->certs_due |= certs || rt->certs;
	rt->certs = certs;
	binding_put(&out, b);
	if (!wr_ok(&out) || !digest(wr_bytes(&out), sum) || memcmp(sum, rt->key_has, sizeof(sum)) == 0)
		return true;
	c = call_new(s, &s->keymgr, rt->name);
	if (!c || !ipc_call(s->keymgr.ipc, BIND_PUT, wr_bytes(&out), R_KEYMGR_DOWN, bind_done, c)) {
		call_free(c);
		return false;
	}
	memcpy(rt->key_has, sum, sizeof(sum));
	s->keymgr.flight++;
	return true;
}

static void
rule_done(void *arg, enum reason reason, struct rd *body)
{
	(void)arg, (void)body;
	if (reason != R_OK && reason != R_KEYMGR_DOWN)
		log_at(LOG_WARN, NULL, "rule", reason, "keymgr did not take the rule of a trust anchor.");
}

/*
 * The rules of trust anchors go before the bindings that name the anchors. There are few, so all are said with each revision.
 */
static void
rules_push(struct sync *s)
{
	uint8_t buf[4096];

	for (unsigned i = 0; s->sites && i < s->sites->nrules; i++) {
		struct wr out = wr_of(buf, sizeof(buf));

		trust_rule_put(&out, &s->sites->rules[i]);
		if (!wr_ok(&out) || !ipc_call(s->keymgr.ipc, BIND_TRUST, wr_bytes(&out), R_KEYMGR_DOWN, rule_done, NULL))
			return;
	}
	s->rules_told = true;
}

/* Another revision takes the place of this one: what it does not rule any more keymgr forgets. */
void
peers_unrule(struct sync *s, const struct sites *next)
{
	uint8_t buf[128];

	for (unsigned i = 0; s->sites && i < s->sites->nrules; i++) {
		struct wr out = wr_of(buf, sizeof(buf));

		if (next && sites_find_rule(next, s->sites->rules[i].name))
			continue;
		str_put(&out, s->sites->rules[i].name);
		if (s->keymgr.up)
			ipc_call(s->keymgr.ipc, BIND_TRUST_DEL, wr_bytes(&out), R_KEYMGR_DOWN, rule_done, NULL);
	}
	s->rules_told = false;
}

void
keymgr_pump(struct sync *s)
{
	struct pump *p = &s->keymgr;
	struct binding b;

	if (!p->up || (!p->first && !p->sync_due && s->rules_told))
		return;
	if (!s->rules_told)
		rules_push(s);
	while (p->first && p->flight < PUSH_WINDOW) {
		if (keymgr_msg(s, p->first, &b) && !keymgr_put(s, p->first, &b))
			break;
		undue(p, p->first);
	}
	if (!p->first && p->flight == 0 && p->sync_due && !p->sync_flight)
		p->sync_flight = ipc_call(p->ipc, BIND_SYNC, bytes_of(NULL, 0), R_KEYMGR_DOWN, bind_sync_done, s) != 0;
}

static void
keymgr_up(void *ctx, struct ipc *l)
{
	struct sync *s = ctx;

	(void)l;
	s->keymgr.up = true;
	news_daemon(s, "keymgr", true);
	log_info(NULL, "keymgr_up", "The link to keymgr is up.");
	keymgr_pump(s);
	demand_ask(s);
}

static void
keymgr_forget(struct sync *s)
{
	s->keymgr.ipc = NULL;
	certwatch_link_gone(s->certs);
	s->rules_told = false;
	pump_reset(&s->keymgr);
	demand_keymgr_down(s);
	for (size_t i = 0; i < s->nrt + s->demand.nrt; i++) {
		struct rt *rt = nth_rt(s, i);

		memcpy(rt->key_has, nothing, sizeof(nothing));
		due(&s->keymgr, rt);
		rt->secret_known = false;
	}
	s->checks = 0;
	api_checked(s->api);
}

static void
keymgr_down(void *ctx, struct ipc *l)
{
	struct sync *s = ctx;

	if (s->keymgr.ipc != l)
		return;
	log_warn(NULL, "keymgr_down", "The link to keymgr ended.");
	news_daemon(s, "keymgr", false);
	proc_link_lost(s->proc, "keymgr");
	keymgr_forget(s);
	sync_progress(s);
}

static const struct ipc_table keymgr_table = { "spdsync-keymgr", NULL, 0, keymgr_up, keymgr_down };

void
keymgr_attach(struct sync *s, int fd)
{
	if (s->keymgr.ipc) {
		api_link_gone(s->api, s->keymgr.ipc);
		ipc_free(s->keymgr.ipc);
	}
	keymgr_forget(s);
	s->keymgr.ipc = ipc_new(s->base, fd, &keymgr_table, s);
}

/* ---- both ---- */

static void
dropped(void *arg, enum reason reason, struct rd *body)
{
	(void)arg, (void)reason, (void)body;	/* a link that ended forgets the tunnel by itself */
}

void
peers_drop(struct sync *s, const char *tunnel)
{
	uint8_t buf[128];
	struct wr out = wr_of(buf, sizeof(buf));

	str_put(&out, tunnel);
	if (s->keymgr.up)
		ipc_call(s->keymgr.ipc, BIND_DEL, wr_bytes(&out), R_KEYMGR_DOWN, dropped, NULL);
	wr_u8(&out, 0);		/* not quiet: the peer hears a DELETE */
	if (s->iked.up)
		ipc_call(s->iked.ipc, IKE_TUNNEL_DEL, wr_bytes(&out), R_IKED_DOWN, dropped, NULL);
}

void
peers_fini(struct sync *s)
{
	if (s->iked.ipc)
		ipc_free(s->iked.ipc);
	if (s->keymgr.ipc)
		ipc_free(s->keymgr.ipc);
	pump_reset(&s->iked);
	pump_reset(&s->keymgr);
}

void
peers_pump(struct sync *s)
{
	keymgr_pump(s);
	iked_pump(s);
}
