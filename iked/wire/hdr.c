/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IKE header, RFC 7296 3.1. The length must be the datagram's: a shorter one would leave octets that nobody checked, a longer
 * one would make somebody wait or allocate for octets that never come.
 */
#include "wire/msg.h"

/*
 * The version is looked at before the exchange type: a higher major version may define other exchanges, and is answered with
 * INVALID_MAJOR_VERSION (2.5). The minor version and all flags but I, V and R are ignored on receipt.
 */
enum werr
hdr_get(struct bytes datagram, struct ike_hdr *h)
{
	struct rd r = rd_of(datagram);
	uint8_t flags;
	uint32_t length;

	*h = (struct ike_hdr){ .spi_i = rd_u64(&r) };
	h->spi_r = rd_u64(&r);
	h->next = rd_u8(&r);
	h->version = rd_u8(&r);
	h->exchange = rd_u8(&r);
	flags = rd_u8(&r);
	h->initiator = (flags & HDR_INITIATOR) != 0;
	h->response = (flags & HDR_RESPONSE) != 0;
	h->id = rd_u32(&r);
	length = rd_u32(&r);
	if (!rd_ok(&r))
		return WE_SHORT;
	if (length != datagram.n)
		return WE_LENGTH;
	if (h->version >> 4 != 2)
		return WE_MAJOR;
	if (h->exchange < EX_IKE_SA_INIT || h->exchange > EX_INFORMATIONAL)
		return WE_EXCHANGE;
	if (h->spi_i == 0 && (h->exchange != EX_INFORMATIONAL || h->response))	/* 1.5: INVALID_SPI may come with zeros */
		return WE_SPI_ZERO;
	return WE_OK;
}

void
hdr_put(struct wr *w, const struct ike_hdr *h, size_t length)
{
	if (length > MSG_MAX)
		w->bad = true;
	wr_u64(w, h->spi_i);
	wr_u64(w, h->spi_r);
	wr_u8(w, h->next);
	wr_u8(w, 0x20);
	wr_u8(w, h->exchange);
	wr_u8(w, (uint8_t)((h->initiator ? HDR_INITIATOR : 0) | (h->response ? HDR_RESPONSE : 0)));
	wr_u32(w, h->id);
	wr_u32(w, (uint32_t)length);
}
