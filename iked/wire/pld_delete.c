/* SPDX-License-Identifier: BSD-2-Clause */
/* Delete, RFC 7296 3.11: the IKE SA itself (no SPI), or SPIs of 4 octets that are the sender's inbound ones. */
#include "wire/msg.h"

enum werr
pld_delete_get(struct bytes in, struct wire_delete *d)
{
	struct rd r = rd_of(in);
	uint8_t nspi;

	d->proto = rd_u8(&r);
	nspi = rd_u8(&r);
	d->n = rd_u16(&r);
	d->spis = rd_rest(&r);
	if (!rd_done(&r))
		return WE_DELETE_SYNTAX;
	if (d->proto == PROTO_IKE)
		return nspi == 0 && d->n == 0 && d->spis.n == 0 ? WE_OK : WE_DELETE_SYNTAX;
	if (d->proto != PROTO_ESP && d->proto != PROTO_AH)
		return WE_DELETE_SYNTAX;
	return nspi == 4 && d->n * 4 == d->spis.n ? WE_OK : WE_DELETE_SYNTAX;
}

void
pld_delete_put(struct msg_out *o, uint8_t proto, const uint32_t *spis, unsigned n)
{
	size_t at = pld_open(o, PLD_DELETE);

	wr_u8(&o->w, proto);
	wr_u8(&o->w, proto == PROTO_IKE ? 0 : 4);
	if (n > 0xffff)
		o->w.bad = true;
	wr_u16(&o->w, (uint16_t)n);
	for (unsigned i = 0; i < n; i++)
		wr_u32(&o->w, spis[i]);
	pld_close(o, at);
}

uint32_t
spi32(struct bytes b)
{
	struct rd r = rd_of(b);

	return b.n == 4 ? rd_u32(&r) : 0;
}

uint64_t
spi64(struct bytes b)
{
	struct rd r = rd_of(b);

	return b.n == 8 ? rd_u64(&r) : 0;
}

uint32_t
delete_spi(const struct wire_delete *d, unsigned i)
{
	if (i >= d->n || d->spis.n < (size_t)(i + 1) * 4)
		return 0;
	return spi32(bytes_of(d->spis.p + (size_t)i * 4, 4));
}
