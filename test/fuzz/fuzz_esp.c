/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ESP from the outside, and behind the cipher. The first octet picks: the octets as they are on the wire; or as the text of a packet
 * that is sealed here with the SA's key (so trailer, padding, inner headers, selectors, ECN, MSS and policy see them); or as a clear
 * packet on its way out, which is then received.
 */
#include <string.h>

#include "fuzz_core.h"

#define SPI	0x1000u

static void
seal(uint8_t *esp, size_t text)
{
	static struct host_aead *aead;
	static const uint8_t key[20] = FUZZ_KEY;
	struct cw_crypt c = { .esp = esp, .head = 16, .text = (uint32_t)text };

	if (!aead)
		aead = host_aead_new(SADB_X_EALG_AES_GCM_ICV16, 0, key, sizeof(key), NULL, 0);
	c.aead = aead;
	host_crypt_one(&c, true);
}

static void
wire(struct host *h, const uint8_t *p, size_t n, bool sealed, uint8_t tos)
{
	static uint8_t buf[70000];
	struct cw_pkt pkt = { .buf = buf, .cap = sizeof(buf), .off = CW_HEADROOM }, *v[1] = { &pkt };
	uint8_t *d = buf + pkt.off;

	if (n > 65000)
		return;
	if (sealed) {
		static const uint8_t head[16] = { 0, 0, 0x10, 0, 0, 0, 0, 1 };

		memcpy(d, head, sizeof(head));
		memcpy(d + 16, p, n);
		while (n % 4)
			d[16 + n++] = 0;
		if (n == 0)
			return;
		seal(d, n);
		pkt.len = (uint32_t)(16 + n + 16);
	} else {
		memcpy(d, p, n);
		pkt.len = (uint32_t)n;
	}
	pkt.outer.src = fuzz_addr(1);
	pkt.outer.dst = fuzz_addr(2);
	pkt.outer.udp = 1;
	pkt.outer.sport = (uint16_t)(4500 + tos / 64);
	pkt.outer.tos = tos;
	cw_wire_in(h->e, v, 1, 5);
	if (h->out != 1)
		abort();	/* a packet comes back exactly once */
}

static void
plain(struct host *h, const uint8_t *p, size_t n)
{
	static uint8_t buf[70000];
	struct cw_pkt pkt = { .buf = buf, .cap = sizeof(buf) };

	if (!fuzz_plain(h, &pkt, p, n))
		return;
	pkt.outer.src = fuzz_addr(1);
	pkt.outer.dst = fuzz_addr(2);
	fuzz_receive(h, &pkt);
	if (pkt.drop == CW_DROP_ICV_WRONG)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct host h = { .mtu = 1400 };

	if (n < 2)
		return 0;
	h.e = cw_new(&h);
	fuzz_tunnel(&h);
	if (p[0] % 3 == 2)
		plain(&h, p + 2, n - 2);
	else
		wire(&h, p + 2, n - 2, p[0] % 3 == 1, p[1]);
	cw_free(h.e);
	host_turn_end();
	return 0;
}
