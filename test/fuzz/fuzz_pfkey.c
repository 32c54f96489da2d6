/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PF_KEY messages from a client that may do everything, one engine for each input: messages stand one after the other as their own
 * length fields say, so an input can GETSPI, ADD, SPDADD, DUMP and FLUSH. The first octet picks the client's rights, whether another one
 * listens to him, and whether a packet was dropped before.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz_core.h"
#include "pfkey.h"

/* Two clients that hear all of it: one that may see keys, and one that knows nothing of the private extensions. */
static void
overhear(struct host *h)
{
	struct pfkey_msg m;

	for (unsigned i = 0; i < 2; i++) {
		struct cw_client *c = cw_client_open(h->e, h, i ? CW_CLIENT_KEYS : 0, 0);

		if (i)
			fuzz_hello(h, c);
		pfkey_msg_init(&m, SADB_X_PROMISC, 1);
		fuzz_send(h, c, &m);
	}
}

/* A packet that came out of a tunnel whose policy is gone meanwhile. */
static void
drop_one(struct host *h)
{
	static const uint8_t clear[28] = { 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0x66, 0xcf, 10, 0, 0, 1, 10, 0, 0, 2 };
	static uint8_t buf[2048];
	struct cw_pkt pkt = { .buf = buf, .cap = sizeof(buf) };
	struct cw_client *c = cw_client_open(h->e, h, CW_CLIENT_KEYS, 0);
	struct pfkey_msg m;

	fuzz_tunnel(h);
	if (!fuzz_plain(h, &pkt, clear, sizeof(clear)))
		abort();
	pkt.outer.src = fuzz_addr(1);
	pkt.outer.dst = fuzz_addr(2);
	pfkey_msg_init(&m, SADB_X_SPDFLUSH, 0);
	fuzz_send(h, c, &m);
	cw_client_close(h->e, c);
	fuzz_receive(h, &pkt);
	if (pkt.drop != CW_DROP_POLICY_NONE_IN)
		abort();
}

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
	if (*p & 8)
		overhear(&h);
	if (*p & 16)
		drop_one(&h);
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
