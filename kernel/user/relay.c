/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * IKE that came on the port of ESP goes to iked, without its non-ESP marker (RFC 3948 2.2). What iked sends there it sends itself, but for
 * messages that may have to be fragmented: its sockets are those that have DF set.
 */
#include "ipsecd.h"
#include "msg_esp.h"

#define WAITING	(512u << 10)
#define IKE_MAX	(65535u - 60 - 8 - 4)	/* what UDP carries beside the marker */

static void
on_down(void *ctx, struct ipc *l)
{
	struct host *h = ctx;

	if (h->iked == l)
		h->iked = NULL;
}

static bool
on_send(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct host *h = ctx;
	struct relay r;

	(void)l;
	if (!relay_get(&m->body, &r) || !rd_done(&m->body) || r.remote.port == 0 || r.data.n > IKE_MAX)
		return false;
	wire_send_ike(&h->wire, &r.local.addr, &r.remote, r.data);
	return true;
}

static const struct ipc_row rows[] = { { RELAY_SEND, "SEND", IPC_AFTER_HELLO, IPC_MAX, on_send } };
static const struct ipc_table table = { "ipsecd-iked", rows, 1, NULL, on_down };

bool
relay_link(struct host *h, int fd)
{
	ipc_free(h->iked);
	h->iked = ipc_new(h->base, fd, &table, h);
	return h->iked != NULL;
}

bool
relay_ike(void *arg, const struct endpoint *local, const struct endpoint *remote, struct bytes data)
{
	static uint8_t buf[IPC_MAX];
	struct host *h = arg;
	struct relay r = { *local, *remote, data };
	struct wr w = wr_of(buf, IPC_MAX - IPC_HEAD);

	/* Anybody can send to this port: what iked does not read in time is dropped and counted, and its link stays. */
	if (h->iked == NULL || !ipc_is_up(h->iked) || ipc_waiting(h->iked) > WAITING)
		return false;
	relay_put(&w, &r);
	return wr_ok(&w) && ipc_event(h->iked, RELAY_IKE, wr_bytes(&w));
}
