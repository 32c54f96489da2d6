/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pieces of messages in any order: each is u8 number, u8 total, u8 id, u8 length and the part. Whatever comes, what is put together is
 * exactly the parts of one message in their order, and no more is kept than the room allows.
 */
#include <stdlib.h>

#include "wire/frag.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define ROOM	600

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct msg m;
	struct frags f = { 0 };
	struct rd r = rd_of(bytes_of(p, n));

	while (rd_left(&r) >= 4) {
		uint8_t number = rd_u8(&r), total = rd_u8(&r), id = rd_u8(&r), len = rd_u8(&r);
		struct bytes part = rd_bytes(&r, len < rd_left(&r) ? len : rd_left(&r)), chain;
		uint8_t buf[ROOM];
		enum frag_verdict v;

		if (number == 0 || number > total)
			continue;	/* msg_get_outer() refuses it */
		m = (struct msg){ .hdr = { .exchange = EX_IKE_AUTH, .id = id }, .frag = number, .frags = total, .sk_first = number == 1 ? PLD_IDI : 0 };
		v = frags_add(&f, &m, part, ROOM);
		if (f.octets > ROOM || f.have > f.total || (v == FRAG_WHOLE) != (f.total && f.have == f.total))
			abort();
		if (v != FRAG_WHOLE)
			continue;
		if (f.octets && frags_take(&f, &m, buf, f.octets - 1, &chain) != WE_FRAGMENT)
			abort();
		if (frags_take(&f, &m, buf, sizeof(buf), &chain) != WE_OK || chain.n != f.octets || m.sk_first != PLD_IDI ||
		    memcmp(chain.p + chain.n - f.v[f.total - 1].n, f.v[f.total - 1].p, f.v[f.total - 1].n) != 0)
			abort();
		frags_free(&f);
	}
	frags_free(&f);
	return 0;
}
