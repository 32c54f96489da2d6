/* SPDX-License-Identifier: BSD-2-Clause */
#include "pcapng.h"

enum { SECTION = 0x0A0D0D0A, INTERFACE = 1, STATISTICS = 5, PACKET = 6 };	/* 4.1, 4.2, 4.6, 4.3 */
enum { ORDER_MAGIC = 0x1A2B3C4D };
enum { LINK_RAW = 101 };	/* no link layer: the IP version tells the rest */
enum { OPT_END = 0, OPT_COMMENT = 1, IF_NAME = 2, IF_DESCRIPTION = 3, EPB_FLAGS = 2, ISB_RECEIVED = 4, EPB_LOST = 4, SHB_PROGRAM = 4,
	ISB_LOST = 5, IF_RESOLUTION = 9 };
enum { INBOUND = 1, OUTBOUND = 2 };	/* 4.3.1, bits 0 and 1 */

/* A block's length stands at its beginning and at its end. */
static size_t
open_block(struct wr *w, uint32_t type)
{
	size_t at = w->n;

	wr_le32(w, type);
	wr_le32(w, 0);
	return at;
}

static bool
close_block(struct wr *w, size_t at)
{
	uint32_t len = (uint32_t)(w->n - at) + 4;

	wr_le32(w, len);
	if (!wr_ok(w))
		return false;
	for (unsigned i = 0; i < 4; i++)
		w->p[at + 4 + i] = (uint8_t)(len >> 8 * i);
	return true;
}

static void
padded(struct wr *w, const void *p, size_t n)
{
	static const uint8_t zeroes[3];

	wr_mem(w, p, n);
	wr_mem(w, zeroes, (4 - n % 4) % 4);
}

static void
option(struct wr *w, uint16_t code, const void *p, size_t n)
{
	wr_le16(w, code);
	wr_le16(w, (uint16_t)n);
	padded(w, p, n);
}

/* 3.5: UTF-8; what is cut is cut before a character, not inside it. */
static void
text(struct wr *w, uint16_t code, const char *s)
{
	size_t n = strlen(s);

	if (n > PCAPNG_TEXT_MAX)
		for (n = PCAPNG_TEXT_MAX; n && ((uint8_t)s[n] & 0xc0) == 0x80; n--)
			;
	if (n)
		option(w, code, s, n);
}

static void
number(struct wr *w, uint16_t code, uint64_t v)
{
	wr_le16(w, code);
	wr_le16(w, 8);
	wr_le64(w, v);
}

static void
time_of(struct wr *w, uint64_t ns)
{
	wr_le32(w, (uint32_t)(ns >> 32));
	wr_le32(w, (uint32_t)ns);
}

bool
pcapng_begin(struct wr *w, const char *program, const char *interface, const char *description, uint32_t snaplen)
{
	size_t at = open_block(w, SECTION);
	uint8_t nanoseconds = 9;

	wr_le32(w, ORDER_MAGIC);
	wr_le16(w, 1);
	wr_le16(w, 0);
	wr_le64(w, UINT64_MAX);		/* nobody knows how long it gets */
	text(w, SHB_PROGRAM, program);
	option(w, OPT_END, "", 0);
	close_block(w, at);
	at = open_block(w, INTERFACE);
	wr_le16(w, LINK_RAW);
	wr_le16(w, 0);
	wr_le32(w, snaplen);
	text(w, IF_NAME, interface);
	text(w, IF_DESCRIPTION, description);
	option(w, IF_RESOLUTION, &nanoseconds, 1);
	option(w, OPT_END, "", 0);
	return close_block(w, at);
}

bool
pcapng_packet(struct wr *w, const struct pcapng_packet *p)
{
	size_t at = open_block(w, PACKET);
	uint8_t flags[4] = { p->inbound ? INBOUND : OUTBOUND };

	wr_le32(w, 0);
	time_of(w, p->when_ns);
	wr_le32(w, (uint32_t)p->octets.n);
	wr_le32(w, p->whole);
	padded(w, p->octets.p, p->octets.n);
	text(w, OPT_COMMENT, p->comment);
	option(w, EPB_FLAGS, flags, sizeof(flags));
	if (p->lost)
		number(w, EPB_LOST, p->lost);
	option(w, OPT_END, "", 0);
	return close_block(w, at);
}

bool
pcapng_end(struct wr *w, uint64_t when_ns, uint64_t packets, uint64_t lost)
{
	size_t at = open_block(w, STATISTICS);

	wr_le32(w, 0);
	time_of(w, when_ns);
	number(w, ISB_RECEIVED, packets + lost);
	number(w, ISB_LOST, lost);
	option(w, OPT_END, "", 0);
	return close_block(w, at);
}
