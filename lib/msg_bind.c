/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "msg.h"
#include "msg_bind.h"

void
binding_put(struct wr *w, const struct binding *b)
{
	str_put(w, b->tunnel);
	str_put(w, b->psk);
	str_put(w, b->id_local);
	str_put(w, b->id_remote);
	if (b->nreqids > BIND_REQIDS)
		w->bad = true;
	wr_u8(w, (uint8_t)b->nreqids);
	for (unsigned i = 0; i < b->nreqids && wr_ok(w); i++)
		wr_le32(w, b->reqids[i]);
}

bool
binding_get(struct rd *r, struct binding *b)
{
	memset(b, 0, sizeof(*b));
	msg_name(r, b->tunnel);
	msg_name(r, b->psk);
	msg_text(r, b->id_local, sizeof(b->id_local));
	msg_text(r, b->id_remote, sizeof(b->id_remote));
	b->nreqids = msg_u8(r, BIND_REQIDS);
	for (unsigned i = 0; i < b->nreqids && rd_ok(r); i++)
		b->reqids[i] = msg_id32(r);
	return msg_end(r, b, sizeof(*b));
}
