/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ESP from the outside, and behind the cipher. The first octet picks: the octets as they are on the wire; or as the text of a packet
 * that is sealed here with the SA's key (so trailer, padding, inner headers, selectors, ECN, MSS and policy see them); or as a clear
 * packet on its way out, which is then received. It picks the SA too: a tunnel's, the same with one for the way back, or one in UDP in
 * transport mode or in any. A sum that what receives it has to write anew is right then.
 */
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "fuzz_core.h"
#include "pfkey.h"

#define SPI	0x1000u

enum { FORMS = 3, TUNNEL = 0, AND_BACK, TRANSPORT, ANY, SAS };

static const uint8_t key[20] = FUZZ_KEY;

/* The tunnel's other SA, which follows the peer, and whose MTU an MSS must fit. */
static void
back(struct host *h)
{
	const struct endpoint src = { { 4, { 20, 0, 0, 2 } }, 0 }, dst = { { 4, { 20, 0, 0, 1 } }, 0 };
	struct cw_client *c = cw_client_open(h->e, h, CW_CLIENT_KEYS, 0);
	struct pfkey_msg m;

	fuzz_hello(h, c);
	pfkey_msg_init(&m, SADB_ADD, SADB_SATYPE_ESP);
	pfkey_set_ends(&m, &src, &dst);
	pfkey_set_sa2(&m, CW_MODE_TUNNEL, 7);
	fuzz_in_udp(&m);
	m.sa.spi = SPI + 1;
	m.sa_flags = CW_SAF_OUT;
	m.has |= PFKEY_HAS(CW_EXT_SAFLAGS);
	fuzz_send(h, c, &m);
	cw_client_close(h->e, c);
	h->out = 0;
}

static void
sas(struct host *h, unsigned which)
{
	struct fuzz_sa sa = { .satype = SADB_SATYPE_ESP, .proto = 50, .mode = which == ANY ? CW_MODE_ANY : CW_MODE_TRANSPORT, .level = CW_LEVEL_REQUIRE };

	if (which == TRANSPORT || which == ANY)
		fuzz_one_sa(h, &sa, fuzz_in_udp);
	else
		fuzz_tunnel(h);
	if (which == AND_BACK)
		back(h);
}

static void
seal(uint8_t *esp, size_t text)
{
	static struct host_aead *aead;
	struct cw_crypt c = { .esp = esp, .head = 16, .text = (uint32_t)text };

	if (!aead)
		aead = host_aead_new(SADB_X_EALG_AES_GCM_ICV16, 0, key, sizeof(key), NULL, 0);
	c.aead = aead;
	host_crypt_one(&c, true);
}

/* TCP's and UDP's, where they have one over all of it. */
static void
sum_is_right(const struct cw_pkt *p)
{
	const uint8_t *d = p->buf + p->off, *upper;
	uint8_t pseudo[32];
	struct cw_ip ip;
	size_t n, na;
	uint16_t sum;

	if (p->verdict != CW_DELIVER || !p->translated)
		return;
	if (cw_ip_parse(d, p->len, &ip) != CW_IP_OK || ip.total != p->len)
		abort();
	upper = d + ip.upper;
	n = ip.total - ip.upper;
	if (ip.fragment || (ip.flow.proto == IP_TCP ? n < 20 : ip.flow.proto != IP_UDP || n < 8 || get16(upper + 6) == 0 || get16(upper + 4) != n))
		return;
	na = cw_addr_len(&ip.flow.src);
	memcpy(pseudo, ip.flow.src.b, na);
	memcpy(pseudo + na, ip.flow.dst.b, na);
	sum = (uint16_t)~cw_sum16(pseudo, 2 * na, ip.flow.proto + (uint32_t)n);
	if (cw_sum16(upper, n, sum) != 0)
		abort();
}

static void
wire(struct host *h, const uint8_t *p, size_t n, bool sealed, uint8_t tos)
{
	static uint8_t buf[70000];
	struct cw_pkt pkt = { .buf = buf, .cap = sizeof(buf), .off = CW_HEADROOM };
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
	fuzz_receive(h, &pkt);
	sum_is_right(&pkt);
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
	sum_is_right(&pkt);
	if (pkt.drop == CW_DROP_ICV_WRONG && pkt.nhist == 0)	/* what was in it is anybody's, and may be wrong */
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct host h = { .mtu = 1400 };

	if (n < 2)
		return 0;
	h.e = cw_new(&h);
	sas(&h, p[0] / FORMS % SAS);
	if (p[0] % FORMS == 2)
		plain(&h, p + 2, n - 2);
	else
		wire(&h, p + 2, n - 2, p[0] % FORMS == 1, p[1]);
	cw_free(h.e);
	host_turn_end();
	return 0;
}
