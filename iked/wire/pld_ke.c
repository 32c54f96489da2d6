/* SPDX-License-Identifier: BSD-2-Clause */
/* Key Exchange, RFC 7296 3.4: a group and a public value, whose length keymgr checks against the group. */
#include "wire/msg.h"

enum werr
pld_ke_get(struct bytes in, struct msg *m)
{
	struct rd r = rd_of(in);

	m->ke.group = rd_u16(&r);
	rd_u16(&r);			/* reserved */
	m->ke.data = rd_rest(&r);
	return rd_done(&r) && m->ke.data.n > 0 ? WE_OK : WE_KE_SYNTAX;
}

void
pld_ke_put(struct msg_out *o, uint16_t group, struct bytes data)
{
	size_t at = pld_open(o, PLD_KE);

	wr_u16(&o->w, group);
	wr_u16(&o->w, 0);
	wr_span(&o->w, data);
	pld_close(o, at);
}
