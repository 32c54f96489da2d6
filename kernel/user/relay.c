/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* IKE that came on the port of ESP goes to iked, without its non-ESP marker (RFC 3948 2.2). */
#include "ipsecd.h"
#include "msg_esp.h"

#define WAITING	(512u << 10)

static void
on_down(void *ctx, struct ipc *l)
{
	struct host *h = ctx;

	if (h->iked == l)
		h->iked = NULL;
}

/* iked asks nothing of us. */
static const struct ipc_table table = { "ipsecd-iked", NULL, 0, NULL, on_down };

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
