/* SPDX-License-Identifier: BSD-2-Clause */
/* Vendor ID, RFC 7296 3.12: any octets. Certificates and requests for them, 3.6 and 3.7: an encoding and octets. */
#include "wire/msg.h"

enum werr
pld_cert_get(struct bytes in, struct wire_cert *c)
{
	struct rd r = rd_of(in);

	c->encoding = rd_u8(&r);
	c->data = rd_rest(&r);
	return rd_done(&r) ? WE_OK : WE_CERT_SYNTAX;
}

void
pld_cert_put(struct msg_out *o, bool request, uint8_t encoding, struct bytes data)
{
	size_t at = pld_open(o, request ? PLD_CERTREQ : PLD_CERT);

	wr_u8(&o->w, encoding);
	wr_span(&o->w, data);
	pld_close(o, at);
}

void
pld_vendor_put(struct msg_out *o, struct bytes id)
{
	size_t at = pld_open(o, PLD_VENDOR);

	wr_span(&o->w, id);
	pld_close(o, at);
}
