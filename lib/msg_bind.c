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
}

bool
binding_get(struct rd *r, struct binding *b)
{
	memset(b, 0, sizeof(*b));
	msg_name(r, b->tunnel);
	msg_name(r, b->psk);
	msg_text(r, b->id_local, sizeof(b->id_local));
	msg_text(r, b->id_remote, sizeof(b->id_remote));
	return msg_end(r, b, sizeof(*b));
}
