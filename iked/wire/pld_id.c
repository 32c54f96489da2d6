/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Identification, RFC 7296 3.5. The body is kept whole (type, three reserved octets, data), because AUTH covers it as it was sent
 * (2.15). What it means is lib/name.h's id_from_wire().
 */
#include "wire/msg.h"

enum werr
pld_id_get(struct bytes in, struct bytes *body)
{
	*body = in;
	return in.n >= 4 ? WE_OK : WE_ID_SYNTAX;
}

void
pld_id_put(struct msg_out *o, bool initiator, struct bytes body)
{
	size_t at = pld_open(o, initiator ? PLD_IDI : PLD_IDR);

	wr_span(&o->w, body);
	pld_close(o, at);
}
