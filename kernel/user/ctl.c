/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "config.h"

#include "ctl.h"
#include "msg_esp.h"

static bool
on_nothing(struct ipc_msg *m)
{
	return rd_done(&m->body);
}

/* The guard's two, then the engine's. */
static bool
counter(struct ctl *c, unsigned i, const char **name, uint64_t *v)
{
	uint64_t in = 0, out = 0;

	if (i >= 2)
		return c->engine.counter(c->engine.ctx, i - 2, name, v);
	guard_counters(&c->net->guard, &in, &out);
	*name = i == 0 ? "guard_in" : "guard_out";
	*v = i == 0 ? in : out;
	return true;
}

/* Counters are API: lower case, whatever the engine's table of names is written in. */
static void
put_lower(struct wr *w, const char *name)
{
	char low[64];
	size_t n = 0;

	for (; name[n] && n + 1 < sizeof(low); n++)
		low[n] = (char)(name[n] >= 'A' && name[n] <= 'Z' ? name[n] + 32 : name[n]);
	low[n] = '\0';
	str_put(w, low);
}

static bool
on_counters(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct ctl *c = ctx;
	unsigned after = rd_le16(&m->body), n = 0, seen = 0;
	uint8_t buf[16384];
	struct wr w = wr_of(buf, sizeof(buf));
	const char *name;
	uint64_t v;

	if (!rd_done(&m->body))
		return false;
	wr_le16(&w, 0);
	for (unsigned i = 0; counter(c, i, &name, &v) && w.n + 128 < sizeof(buf); i++) {
		if (name == NULL || seen++ < after)
			continue;
		put_lower(&w, name);
		wr_le64(&w, v);
		n++;
	}
	buf[0] = (uint8_t)n;
	buf[1] = (uint8_t)(n >> 8);
	return ipc_reply(l, m, wr_bytes(&w));
}

static bool
on_info(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct ctl *c = ctx;
	static uint8_t buf[IPC_MAX - IPC_HEAD];
	struct wr w = wr_of(buf, sizeof(buf));
	const struct ifroutes *f = &c->net->ifroutes;
	size_t most;
	const struct troubles *t = &c->net->troubles;

	if (!on_nothing(m))
		return false;
	net_audit(c->net);
	str_put(&w, c->engine.name);
	str_put(&w, c->engine.version);
	wr_u8(&w, c->net->guard.loaded);
	wr_le16(&w, (uint16_t)t->n);
	for (unsigned i = 0; i < t->n; i++)
		str_put(&w, t->text[i]);
	most = (sizeof(buf) - w.n - 2) / (IFACE_CAP + 3);
	wr_le16(&w, (uint16_t)(f->n < most ? f->n : most));
	for (size_t i = 0; i < f->n && i < most; i++) {
		str_put(&w, f->v[i].name);
		wr_u8(&w, f->v[i].state);
	}
	return ipc_reply(l, m, wr_bytes(&w));
}

static bool
on_routes(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct ctl *c = ctx;
	bool first = rd_u8(&m->body) != 0, ok = true;
	unsigned n = rd_le16(&m->body);
	struct esp_route r;

	if (first && rd_ok(&m->body))
		ifroutes_named(&c->net->ifroutes, true, NULL);
	for (unsigned i = 0; i < n && esp_route_get(&m->body, &r); i++)
		ok = ok && ifroutes_named(&c->net->ifroutes, false, &r);
	if (!rd_done(&m->body))
		return false;
	return ok ? ipc_reply(l, m, bytes_of(NULL, 0)) : ipc_fail(l, m, R_NO_MEMORY, NULL);
}

static bool
answer(struct ipc *l, struct ipc_msg *m, int error)
{
	if (error)
		return ipc_fail(l, m, R_GUARD_FAILED, strerror(error));
	return ipc_reply(l, m, bytes_of(NULL, 0));
}

static bool
on_open(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct ctl *c = ctx;

	return on_nothing(m) && answer(l, m, net_open(c->net));
}

static bool
on_keep(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct ctl *c = ctx;

	return on_nothing(m) && answer(l, m, net_keep(c->net));
}

static bool
act(struct ctl *c, struct ipc *l, struct ipc_msg *m)
{
	return answer(l, m, m->type == ESP_CLOSE ? net_close(c->net) : net_synced(c->net));
}

/* The link may be another by now, and then nobody waits. */
static void
on_settled(void *arg, bool ok)
{
	struct ctl *c = arg;
	struct ipc *l = c->waiting;

	c->waiting = NULL;
	if (l && ok)
		act(c, l, &c->asked);
	else if (l)
		ipc_fail(l, &c->asked, R_ENGINE_DOWN, NULL);
}

/* What follows from the policies waits until those that stand are known. */
static bool
on_policies(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct ctl *c = ctx;

	if (!on_nothing(m))
		return false;
	if (c->engine.settle == NULL)
		return act(c, l, m);
	if (c->waiting)
		return ipc_fail(l, m, R_BUSY, NULL);
	if (!c->engine.settle(c->engine.ctx, on_settled, c))
		return ipc_fail(l, m, R_ENGINE_DOWN, NULL);
	c->waiting = l;
	c->asked = *m;
	return true;
}

static void
on_down(void *ctx, struct ipc *l)
{
	struct ctl *c = ctx;

	if (c->link == l)
		c->link = NULL;
	if (c->waiting == l)
		c->waiting = NULL;
}

static const struct ipc_row rows[] = {
	{ ESP_COUNTERS,	"COUNTERS",	IPC_AFTER_HELLO,	2,	on_counters },
	{ ESP_OPEN,	"OPEN",		IPC_AFTER_HELLO,	0,	on_open },
	{ ESP_CLOSE,	"CLOSE",	IPC_AFTER_HELLO,	0,	on_policies },
	{ ESP_INFO,	"INFO",		IPC_AFTER_HELLO,	0,	on_info },
	{ ESP_SYNCED,	"SYNCED",	IPC_AFTER_HELLO,	0,	on_policies },
	{ ESP_ROUTES,	"ROUTES",	IPC_AFTER_HELLO,	IPC_MAX - IPC_HEAD,	on_routes },
	{ ESP_KEEP,	"KEEP",		IPC_AFTER_HELLO,	0,	on_keep },
};

static const struct ipc_table table = { "spdsync-ipsecd", rows, sizeof(rows) / sizeof(rows[0]), NULL, on_down };

bool
ctl_link(struct ctl *c, int fd)
{
	ipc_free(c->link);
	c->waiting = NULL;
	c->link = ipc_new(c->base, fd, &table, c);
	return c->link != NULL;
}

void
ctl_trouble(void *arg)
{
	struct ctl *c = arg;

	if (c->link && ipc_is_up(c->link))
		ipc_event(c->link, ESP_TROUBLE, bytes_of(NULL, 0));
}

void
ctl_fini(struct ctl *c)
{
	ipc_free(c->link);
	c->link = NULL;
}
