/* SPDX-License-Identifier: BSD-2-Clause */
/* Nonce, RFC 7296 3.9: 16 to 256 octets. */
#include "wire/msg.h"

enum werr
pld_nonce_get(struct bytes in, struct bytes *nonce)
{
	*nonce = in;
	return in.n >= 16 && in.n <= 256 ? WE_OK : WE_NONCE_SIZE;
}

void
pld_nonce_put(struct msg_out *o, struct bytes nonce)
{
	size_t at = pld_open(o, PLD_NONCE);

	wr_span(&o->w, nonce);
	pld_close(o, at);
}
