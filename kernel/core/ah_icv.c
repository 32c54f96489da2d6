/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What AH's ICV sees of the IP header in front of it (RFC 4302 3.3.3.1 and appendix A): pure. Fields that routers change become
 * zero, in place; those that change in a way that can be told become what the receiver will see. Every length comes from the
 * packet: a header that cannot be walked to its end, exactly, is refused (CVE-2018-6916 was options that nobody had checked).
 */
#include "core.h"

enum { OPT_END = 0, OPT_NOP = 1, OPT_LSRR = 131, OPT_SSRR = 137, NEXT_HOPOPTS = 0, NEXT_ROUTING = 43, NEXT_FRAGMENT = 44, NEXT_DSTOPTS = 60 };

/* Appendix A1. What is not named there is taken for mutable. */
static bool
immutable4(unsigned option)
{
	static const uint8_t v[] = { 130, 133, 134, 148, 149 };	/* security, extended, CIPSO, router alert, directed multi-destination */

	for (unsigned i = 0; i < sizeof(v); i++)
		if (v[i] == option)
			return true;
	return false;
}

/* Source routes: to the ICV the destination is the last stop. When the pointer is beyond the route, the packet is there. */
static void
last_stop4(uint8_t *h, const uint8_t *option, unsigned len)
{
	unsigned at = option[2];

	if (at >= 4 && at + 3 <= len)
		memcpy(h + 16, option + (len - 3) / 4 * 4 - 1, 4);
}

static unsigned
options4(uint8_t *h, uint32_t hlen, bool out)
{
	for (uint32_t at = 20, len; at < hlen && h[at] != OPT_END; at += len) {
		len = 1;
		if (h[at] == OPT_NOP)
			continue;
		if (hlen - at < 2 || h[at + 1] < 2 || h[at + 1] > hlen - at)
			return CW_DROP_AH_HEADER;
		len = h[at + 1];
		if (immutable4(h[at]))
			continue;
		if (out && (h[at] == OPT_LSRR || h[at] == OPT_SSRR) && len >= 7)
			last_stop4(h, h + at, len);
		memset(h + at, 0, len);
	}
	return CW_DROP_NONE;
}

static unsigned
mute4(uint8_t *h, uint32_t hlen, const struct cw_ah_mute *m)
{
	if (hlen < 20 || (h[0] & 15u) * 4 != hlen || h[9] != IP_AH)
		return CW_DROP_AH_HEADER;
	if (get16(h + 6) & 0x3fff)	/* RFC 4302 3.4.1 */
		return CW_DROP_AH_FRAGMENT;
	if (m->tos)
		h[1] = 0;
	put16(h + 6, get16(h + 6) & m->offset);
	h[8] = 0;
	put16(h + 10, 0);
	return options4(h, hlen, m->out);
}

/* Appendix A2: the third bit of an option's type says that its data change on the way (RFC 8200 4.2). */
static unsigned
options6(uint8_t *x, uint32_t len)
{
	for (uint32_t at = 2, n; at < len; at += n) {
		n = 1;
		if (x[at] == 0)
			continue;
		if (len - at < 2 || x[at + 1] > len - at - 2)
			return CW_DROP_AH_HEADER;
		n = 2u + x[at + 1];
		if (x[at] & 0x20)
			memset(x + at + 2, 0, n - 2);
	}
	return CW_DROP_NONE;
}

/*
 * A routing header as it is at the last stop. Types 0 and 2 hold addresses that change places with the destination; of others it
 * cannot be told. What has arrived has no segments left.
 */
static unsigned
routing6(uint8_t *h, uint8_t *x, uint32_t len, bool out)
{
	uint32_t n = (len - 8) / 16, left = x[3], at;
	uint8_t dst[16];

	if (left == 0)
		return CW_DROP_NONE;
	if (!out || (x[2] != 0 && x[2] != 2) || (len - 8) % 16 || left > n)
		return CW_DROP_AH_HEADER;
	memcpy(dst, h + 24, 16);
	memcpy(h + 24, x + len - 16, 16);
	at = 8 + (n - left) * 16;
	memmove(x + at + 16, x + at, (left - 1) * 16);
	memcpy(x + at, dst, 16);
	x[3] = 0;
	return CW_DROP_NONE;
}

static unsigned
mute6(uint8_t *h, uint32_t hlen, const struct cw_ah_mute *m)
{
	unsigned next = h[6], why = CW_DROP_NONE;
	uint32_t len;

	if (hlen < 40)
		return CW_DROP_AH_HEADER;
	h[0] = 0x60;
	h[1] = h[2] = h[3] = 0;
	h[7] = 0;
	for (uint32_t at = 40; at < hlen && why == CW_DROP_NONE; at += len) {
		uint8_t *x = h + at;

		if (next == NEXT_FRAGMENT)
			return CW_DROP_AH_FRAGMENT;
		if (hlen - at < 8 || (x[1] + 1u) * 8 > hlen - at)
			return CW_DROP_AH_HEADER;
		len = (x[1] + 1u) * 8;
		if (next == NEXT_HOPOPTS || next == NEXT_DSTOPTS)
			why = options6(x, len);
		else if (next == NEXT_ROUTING)
			why = routing6(h, x, len, m->out);
		else
			return CW_DROP_AH_HEADER;
		next = x[0];
	}
	return why == CW_DROP_NONE && next != IP_AH ? CW_DROP_AH_HEADER : why;
}

unsigned
cw_ah_mute(uint8_t *h, uint32_t hlen, const struct cw_ah_mute *m)
{
	if (hlen < 20 || hlen > CW_AH_FRONT)
		return CW_DROP_AH_HEADER;
	if (h[0] >> 4 == 4)
		return mute4(h, hlen, m);
	return h[0] >> 4 == 6 ? mute6(h, hlen, m) : CW_DROP_AH_HEADER;
}
