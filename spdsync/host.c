/* SPDX-License-Identifier: BSD-2-Clause */
/* ipsecd: what PF_KEY has no words for. It is told when the revision's policies all stand: then its saved guard may follow them. */
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "log.h"
#include "msg_esp.h"
#include "news.h"
#include "sync.h"

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
	if (!rd_ok(body))
		h->ntroubles = 0;
	rd_rest(body);		/* more troubles than are shown */
	engine_guard(arg, guard);
}

static void
ask_info(struct sync *s)
{
	if (s->host.up)
		ipc_call(s->host.ipc, ESP_INFO, bytes_of(NULL, 0), R_ENGINE_DOWN, info_done, s);
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
