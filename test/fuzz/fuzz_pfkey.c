/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PF_KEY messages from a client that may do everything, one engine for each input: messages stand one after the other as their own
 * length fields say, so an input can GETSPI, ADD, SPDADD, DUMP and FLUSH. The first octet picks the client's rights.
 */
#include <string.h>

#include "fuzz_core.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct host h = { .mtu = 1500 };
	struct cw_client *c;
	uint64_t now = 1000000000;

	if (n < 1)
		return 0;
	h.e = cw_new(&h);
	c = cw_client_open(h.e, &h, *p & 1 ? CW_CLIENT_KEYS : *p & 2 ? CW_CLIENT_KEYLESS : 0, 0);
	if (*p & 4)
		fuzz_hello(&h, c);
	for (p++, n--; n; ) {
		size_t len = n;

		if (n >= 16) {
			uint16_t words;

			memcpy(&words, p + 4, 2);
			if (words * 8u >= 16 && words * 8u < n)
				len = words * 8u;
		}
		cw_pfkey(h.e, c, p, len, now);
		cw_pfkey_resume(h.e, c, now);
		now += 3000000000;
		cw_tick(h.e, now);
		p += len;
		n -= len;
	}
	cw_free(h.e);
	host_turn_end();
	return 0;
}
