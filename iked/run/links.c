/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The neighbours. Each of them may be restarted at any time; then the supervisor gives both ends a fresh pair, and the old link is
 * closed here as if it had ended by itself. The relay of UDP 4500 has no more to it than this, so it stands here too.
 */
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "msg_esp.h"
#include "run/iked.h"

#define WAITING	(512u << 10)

static bool
on_relay(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct iked *k = ctx;
	struct relay r;

	if (!relay_get(&m->body, &r))
		return false;
	engine_packet(k->engine, &r.local, &r.remote, true, r.data, clock_now_ns());
	iked_turn(k);
	return true;
}

/*
 * The sockets of UDP 4500 are shared with ESP and have DF set, but beside a kernel's engine; what is larger than the smallest packet that every path carries would be lost
 * where the path is narrow (RFC 7296 2: IP fragmentation is what remains to a peer without RFC 7383).
 */
bool
links_send_large(struct iked *k, const struct endpoint *local, const struct endpoint *remote, struct bytes data)
{
	static uint8_t buf[IPC_MAX];
	size_t room = remote->addr.fam == 4 ? 576 - 20 : 1280 - 40;	/* RFC 791, RFC 8200 */
	struct relay r = { *local, *remote, data };
	struct wr w = wr_of(buf, IPC_MAX - IPC_HEAD);

	if (data.n + 8 + 4 <= room || proc_kernel_engine(&k->proc) || !k->ipsecd || !ipc_is_up(k->ipsecd) || ipc_waiting(k->ipsecd) > WAITING)
		return false;
	relay_put(&w, &r);
	return wr_ok(&w) && ipc_event(k->ipsecd, RELAY_SEND, wr_bytes(&w));
}

static void
on_relay_down(void *ctx, struct ipc *l)
{
	struct iked *k = ctx;

	if (k->ipsecd != l)
		return;
	k->ipsecd = NULL;
	proc_link_lost(&k->proc, "ipsecd");
	log_at(LOG_WARN, NULL, "ipsecd_down", R_ENGINE_DOWN, "The link to ipsecd ended: nothing comes from UDP 4500.");
}

static const struct ipc_row rows[] = {
	{ RELAY_IKE,	"IKE",	IPC_AFTER_HELLO,	IPC_MAX,	on_relay },
};

const struct ipc_table relay_table = { "ipsecd-iked", rows, sizeof(rows) / sizeof(rows[0]), NULL, on_relay_down };

static void
replace(struct iked *k, struct ipc **link, const struct ipc_table *table, int fd)
{
	struct ipc *old = *link;

	if (old) {
		table->down(k, old);
		ipc_free(old);
	}
	*link = ipc_new(k->base, fd, table, k);
	if (*link == NULL)
		log_error(NULL, "no_memory", "The link %s could not be made.", table->name);
}

void
iked_give(struct iked *k, const char *name, int fd)
{
	if (sockets_give(k->sockets, name, fd))
		return;
	if (strcmp(name, "keymgr") == 0)
		replace(k, &k->keymgr, &keymgr_table, fd);
	else if (strcmp(name, "spdsync") == 0)
		replace(k, &k->spdsync, &spdsync_table, fd);
	else if (strcmp(name, "ipsecd") == 0)
		replace(k, &k->ipsecd, &relay_table, fd);
	else
		close(fd);
}

void
links_free(struct iked *k)
{
	ipc_free(k->keymgr);
	ipc_free(k->spdsync);
	ipc_free(k->ipsecd);
	key_waits_free(k);
	k->keymgr = k->spdsync = k->ipsecd = NULL;
}
