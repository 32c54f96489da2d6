/* SPDX-License-Identifier: BSD-2-Clause */
/* Authentication, RFC 7296 3.8. */
#include "wire/msg.h"

enum werr
pld_auth_get(struct bytes in, struct msg *m)
{
	struct rd r = rd_of(in);

	m->auth.method = rd_u8(&r);
	rd_bytes(&r, 3);		/* reserved */
	m->auth.data = rd_rest(&r);
	return rd_done(&r) && m->auth.data.n > 0 ? WE_OK : WE_AUTH_SYNTAX;
}

void
pld_auth_put(struct msg_out *o, uint8_t method, struct bytes data)
{
	size_t at = pld_open(o, PLD_AUTH);

	wr_u8(&o->w, method);
	wr_be(&o->w, 0, 3);
	wr_span(&o->w, data);
	pld_close(o, at);
}
