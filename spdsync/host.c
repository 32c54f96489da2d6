/* SPDX-License-Identifier: BSD-2-Clause */
/* ipsecd: what PF_KEY has no words for. It is told when the revision's policies all stand: then its saved guard may follow them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "log.h"
#include "msg_esp.h"
#include "news.h"
#include "pfkey.h"
#include "sync.h"

static bool
take_ifaces(struct host *h, struct rd *body)
{
	unsigned n = rd_le16(body);
	struct host_iface *v = calloc(n + 1u, sizeof(*v));

	for (unsigned i = 0; v && i < n && rd_ok(body); i++) {
		str_get(body, v[i].name, sizeof(v[i].name));
		v[i].state = rd_u8(body);
	}
	if (!v || !rd_done(body)) {
		free(v);
		return false;
	}
	free(h->ifaces);
	h->ifaces = v;
	h->nifaces = n;
	return true;
}

static void
info_done(void *arg, enum reason reason, struct rd *body)
{
	struct host *h = &((struct sync *)arg)->host;
	unsigned n;
	int guard;

	if (reason != R_OK)
		return;
	str_get(body, h->name, sizeof(h->name));
	str_get(body, h->version, sizeof(h->version));
	guard = rd_u8(body) ? 1 : 0;
	n = rd_le16(body);
	h->ntroubles = 0;
	for (unsigned i = 0; i < n && rd_ok(body) && i < TROUBLES; i++)
		str_get(body, h->troubles[h->ntroubles++], sizeof(h->troubles[0]));
	for (unsigned i = h->ntroubles; i < n && rd_ok(body); i++)
		span_get(body);		/* more than are shown */
	if (!take_ifaces(h, body))
		h->ntroubles = 0;
	rd_rest(body);
	engine_guard(arg, guard);
}

static void
ask_info(struct sync *s)
{
	if (s->host.up)
		ipc_call(s->host.ipc, ESP_INFO, bytes_of(NULL, 0), R_ENGINE_DOWN, info_done, s);
}

int
host_iface_state(const struct sync *s, const char *name)
{
	for (unsigned i = 0; i < s->host.nifaces; i++)
		if (strcmp(s->host.ifaces[i].name, name) == 0)
			return s->host.ifaces[i].state;
	return -1;
}

static void
routes_done(void *arg, enum reason reason, struct rd *body)
{
	(void)arg, (void)body;
	if (reason != R_OK && reason != R_ENGINE_DOWN)
		log_at(LOG_WARN, NULL, "routes", reason, "ipsecd did not take the networks of tunnels' interfaces: %s", reason_row(reason)->sentence);
}

/* One message of them, or the last, perhaps empty one. */
static bool
send_routes(struct sync *s, struct wr *w, uint8_t *buf, unsigned *n, bool *first)
{
	bool ok;

	buf[0] = *first;
	buf[1] = (uint8_t)*n;
	buf[2] = (uint8_t)(*n >> 8);
	ok = wr_ok(w) && ipc_call(s->host.ipc, ESP_ROUTES, wr_bytes(w), R_ENGINE_DOWN, routes_done, s) != 0;
	*w = wr_of(buf, IPC_MAX - IPC_HEAD);
	wr_be(w, 0, 3);
	*n = 0;
	*first = false;
	return ok;
}

/*
 * What is to be routed to tunnels' interfaces: of those whose policies the engine has. That it has them says that the interface is its own, and not
 * one of the system's with that name.
 */
static bool
tell_routes(struct sync *s)
{
	uint8_t *buf = malloc(IPC_MAX);
	struct wr w = wr_of(buf, 0);
	bool first = true, ok = buf != NULL, any = false;
	unsigned n = 0;

	if (ok) {
		w = wr_of(buf, IPC_MAX - IPC_HEAD);
		wr_be(&w, 0, 3);
	}
	for (size_t i = 0; ok && i < s->want.spd.n; i++) {
		const struct spd_entry *e = &s->want.spd.v[i];
		struct esp_route r;

		if (!e->discard || e->dir != CW_DIR_OUT || !want_present(&s->want, e->tunnel))
			continue;
		snprintf(r.iface, sizeof(r.iface), "%s", want_iface(&s->want.v[e->tunnel]));
		r.remote = e->dst;
		r.local = e->src;
		esp_route_put(&w, &r);
		n++;
		any = true;
		if (w.n > IPC_MAX - IPC_HEAD - 128 || n == UINT16_MAX)
			ok = send_routes(s, &w, buf, &n, &first);
	}
	if (ok && (n || (first && s->host.has_routes)))
		ok = send_routes(s, &w, buf, &n, &first);
	s->host.has_routes = any;
	free(buf);
	return ok;
}

static void
synced_done(void *arg, enum reason reason, struct rd *body)
{
	struct sync *s = arg;

	(void)body;
	s->host.synced_flight = false;
	if (reason != R_OK)
		return;
	s->host.synced = s->host.synced_gen == s->engine.gen;
	ask_info(s);
	host_pump(s);
	sync_progress(s);
}

/*
 * Before anything was ever applied nothing is said: a guard that was saved by a store that is lost stays as it is (a failure
 * closes, it does not open).
 */
void
host_pump(struct sync *s)
{
	struct host *h = &s->host;

	if (!h->up || h->synced || h->synced_flight || !s->engine.stands || s->engine.blocked || s->rev.number == 0)
		return;
	if (!tell_routes(s))
		return;
	h->synced_gen = s->engine.gen;
	h->synced_flight = ipc_call(h->ipc, ESP_SYNCED, bytes_of(NULL, 0), R_ENGINE_DOWN, synced_done, s) != 0;
}

static bool
on_trouble(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	(void)l;
	ask_info(ctx);
	return rd_done(&m->body);
}

static void
host_up(void *ctx, struct ipc *l)
{
	struct sync *s = ctx;

	(void)l;
	s->host.up = true;
	news_daemon(s, "ipsecd", true);
	log_info(NULL, "ipsecd_up", "The link to ipsecd is up.");
	ask_info(s);
	host_pump(s);
}

static void
host_forget(struct sync *s)
{
	free(s->host.ifaces);
	memset(&s->host, 0, sizeof(s->host));
	s->host.guard = -1;
}

static void
host_down(void *ctx, struct ipc *l)
{
	struct sync *s = ctx;

	if (s->host.ipc != l)
		return;
	log_warn(NULL, "ipsecd_down", "The link to ipsecd ended.");
	news_daemon(s, "ipsecd", false);
	proc_link_lost(s->proc, "ipsecd");
	host_forget(s);
	sync_progress(s);
}

static const struct ipc_row rows[] = {
	{ ESP_TROUBLE,	"TROUBLE",	IPC_AFTER_HELLO,	IPC_MAX - IPC_HEAD,	on_trouble },
};

static const struct ipc_table table = { "spdsync-ipsecd", rows, sizeof(rows) / sizeof(rows[0]), host_up, host_down };

void
host_attach(struct sync *s, int fd)
{
	if (s->host.ipc) {
		api_link_gone(s->api, s->host.ipc);
		ipc_free(s->host.ipc);
	}
	host_forget(s);
	s->host.ipc = ipc_new(s->base, fd, &table, s);
}
