/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The link to spdsync: tunnels and commands come, states, records and counters go. While spdsync is away the machine runs on with
 * the tunnels it has; records wait in the outbox, states need not: after SYNC all of them are sent.
 */
#include <stdlib.h>

#include "clock.h"
#include "log.h"
#include "run/iked.h"

#define NAMED_MAX	256

static bool
on_tunnel_put(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct iked *k = ctx;
	struct tunnel *t = malloc(sizeof(*t));
	bool ok;

	if (t == NULL) {
		rd_rest(&m->body);
		return ipc_fail(l, m, R_NO_MEMORY, NULL), true;
	}
	ok = tunnel_get(&m->body, t);
	if (ok) {
		engine_tunnel_put(k->engine, t, clock_now_ns());
		ipc_reply(l, m, bytes_of(NULL, 0));
		iked_turn(k);
	}
	free(t);
	return ok;
}

static bool
on_tunnel_del(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct iked *k = ctx;
	char name[NAME_CAP];
	uint8_t quiet;

	str_get(&m->body, name, sizeof(name));
	quiet = rd_u8(&m->body);
	if (!rd_done(&m->body) || !name_ok(name) || quiet > 1)
		return false;
	engine_tunnel_del(k->engine, name, quiet != 0, clock_now_ns());
	ipc_reply(l, m, bytes_of(NULL, 0));
	iked_turn(k);
	return true;
}

static bool
on_sync(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct iked *k = ctx;

	engine_sync(k->engine, clock_now_ns());
	ipc_reply(l, m, bytes_of(NULL, 0));
	iked_turn(k);
	return true;
}

/* "tunnel" or "tunnel/child". */
static bool
target_ok(const char *s)
{
	const char *slash = strchr(s, '/');

	return slash ? name_ok_n(s, (size_t)(slash - s)) && name_ok(slash + 1) : name_ok(s);
}

static bool
command(struct iked *k, struct ipc *l, struct ipc_msg *m, enum engine_command what, const char *name)
{
	uint64_t tag = waits_add(&k->waits, m->type, m->id);

	if (tag == 0) {
		ipc_fail(l, m, R_BUSY, "Too many commands are waiting.");
		return true;
	}
	engine_command(k->engine, what, name, tag, clock_now_ns());
	iked_turn(k);
	return true;
}

static bool
on_up_down(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	char name[CHILD_NAME_CAP];

	str_get(&m->body, name, sizeof(name));
	if (!rd_done(&m->body) || !target_ok(name))
		return false;
	return command(ctx, l, m, m->type == IKE_UP ? ENGINE_UP : m->type == IKE_DOWN ? ENGINE_DOWN : ENGINE_RESTART, name);
}

static bool
on_rekey(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	char name[CHILD_NAME_CAP];
	uint8_t what;

	str_get(&m->body, name, sizeof(name));
	what = rd_u8(&m->body);
	if (!rd_done(&m->body) || !target_ok(name) || (what != IKE_REKEY_CHILD && what != IKE_REKEY_SA))
		return false;
	return command(ctx, l, m, what == IKE_REKEY_CHILD ? ENGINE_REKEY_CHILD : ENGINE_REKEY_SA, name);
}

static bool
on_shutdown(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	return command(ctx, l, m, ENGINE_SHUTDOWN, NULL);
}

void
sync_done(struct iked *k, uint64_t tag, enum reason reason, const char *detail)
{
	struct wait w;
	struct ipc_msg m = { 0 };

	if (!waits_take(&k->waits, tag, &w))
		return;
	m.type = w.type;
	m.id = w.id;
	if (reason == R_OK)
		ipc_reply(k->spdsync, &m, bytes_of(NULL, 0));
	else
		ipc_fail(k->spdsync, &m, reason, detail[0] ? detail : NULL);
}

void
sync_state(struct iked *k, const char *tunnel)
{
	struct tunnel_state *s;
	uint8_t *buf;
	struct wr w;

	if (!ipc_is_up(k->spdsync))
		return;
	s = malloc(sizeof(*s));
	buf = malloc(IPC_MAX);
	w = wr_of(buf, buf ? IPC_MAX : 0);
	if (s && buf && engine_state(k->engine, tunnel, clock_now_ns(), s)) {
		tunnel_state_put(&w, s);
		if (wr_ok(&w))
			ipc_event(k->spdsync, IKE_STATE, wr_bytes(&w));
	}
	free(buf);
	free(s);
}

void
sync_record(struct iked *k, struct record *r)
{
	uint8_t *buf = malloc(IPC_MAX);
	struct wr w = wr_of(buf, buf ? IPC_MAX : 0);

	r->time_s = clock_wall_s();
	record_put(&w, r);
	if (buf && wr_ok(&w) && (!ipc_is_up(k->spdsync) || !ipc_event(k->spdsync, IKE_RECORD, wr_bytes(&w))))
		outbox_put(&k->records, wr_bytes(&w));
	free(buf);
}

void
sync_counters(struct iked *k)
{
	const struct sockets_counters *s = sockets_counters(k->sockets);
	const struct { const char *name; uint64_t value; } own[] = {
		{ "udp_received", s->received }, { "udp_sent", s->sent }, { "udp_truncated", s->truncated },
		{ "udp_no_source", s->no_source }, { "udp_not_ike", s->not_ike },
		{ "udp_icmp_errors", s->icmp_errors }, { "udp_send_failed", s->send_failed } };
	const unsigned nown = sizeof(own) / sizeof(own[0]);
	unsigned n;
	const struct engine_counter *c = engine_counters(k->engine, &n);
	uint8_t buf[8192];
	struct wr w = wr_of(buf, sizeof(buf));
	uint64_t sum = 0;

	wr_le16(&w, (uint16_t)(n + nown));
	for (unsigned i = 0; i < n; i++) {
		str_put(&w, c[i].name);
		wr_le64(&w, c[i].value);
		sum += c[i].value;
	}
	for (unsigned i = 0; i < nown; i++) {
		str_put(&w, own[i].name);
		wr_le64(&w, own[i].value);
		sum += own[i].value;
	}
	if (sum == k->reported || !wr_ok(&w) || !ipc_is_up(k->spdsync))
		return;
	if (ipc_event(k->spdsync, IKE_COUNTERS, wr_bytes(&w)))
		k->reported = sum;
}

static void
on_up(void *ctx, struct ipc *l)
{
	struct iked *k = ctx;
	uint8_t *p;
	size_t n;

	engine_sync_begin(k->engine, clock_now_ns());
	while (outbox_take(&k->records, &p, &n)) {
		ipc_event(l, IKE_RECORD, bytes_of(p, n));
		free(p);
	}
	k->reported = UINT64_MAX;	/* a new spdsync knows no counters */
	iked_turn(k);
}

/* The commands of a spdsync that is gone are carried out; only nobody waits for their end any more. */
static void
on_down(void *ctx, struct ipc *l)
{
	struct iked *k = ctx;

	if (k->spdsync != l)
		return;
	k->spdsync = NULL;
	for (unsigned i = 0; i < k->waits.n; i++)
		engine_forget_tag(k->engine, k->waits.v[i].tag);
	waits_free(&k->waits);
	proc_link_lost(&k->proc, "spdsync");
	log_at(LOG_WARN, NULL, "spdsync_down", R_SYNC_DOWN, "The link to spdsync ended; the tunnels stay as they are.");
}

static const struct ipc_row rows[] = {
	{ IKE_TUNNEL_PUT,	"TUNNEL_PUT",	IPC_AFTER_HELLO,		IPC_MAX,	on_tunnel_put },
	{ IKE_TUNNEL_DEL,	"TUNNEL_DEL",	IPC_AFTER_HELLO,		NAMED_MAX,	on_tunnel_del },
	{ IKE_SYNC,		"SYNC",		IPC_AFTER_HELLO,		0,		on_sync },
	{ IKE_UP,		"UP",		IPC_AFTER_HELLO,		NAMED_MAX,	on_up_down },
	{ IKE_DOWN,		"DOWN",		IPC_AFTER_HELLO,		NAMED_MAX,	on_up_down },
	{ IKE_RESTART,		"RESTART",	IPC_AFTER_HELLO,		NAMED_MAX,	on_up_down },
	{ IKE_REKEY,		"REKEY",	IPC_AFTER_HELLO,		NAMED_MAX,	on_rekey },
	{ IKE_SHUTDOWN,		"SHUTDOWN",	IPC_AFTER_HELLO,		0,		on_shutdown },
};

const struct ipc_table spdsync_table = { "iked-spdsync", rows, sizeof(rows) / sizeof(rows[0]), on_up, on_down };
