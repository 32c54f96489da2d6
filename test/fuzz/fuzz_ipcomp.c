/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPComp from the outside: it protects nothing, so these octets may be anybody's. The first octet picks: the octets as they are on the wire, behind
 * a header that an SA has, behind DEFLATE's stored block (so that the inner packet is theirs), as an IP packet in an IP packet, or as a clear
 * packet on its way out, which is then received; the second one the mode and the families.
 */
#include <string.h>

#include "fuzz_core.h"
#include "pfkey.h"

#define CPI	0x1000u
#define ROOM	70000u

static uint8_t buf[ROOM];

static void
keys(struct pfkey_msg *m)
{
	m->sa = (struct pfkey_sa){ .spi = CPI, .state = SADB_SASTATE_MATURE, .encrypt = 2, .flags = 0x80 };
	m->has |= PFKEY_HAS(SADB_EXT_SA);
}

static void
wire(struct host *h, const uint8_t *p, size_t n, unsigned kind, bool six, uint8_t tos)
{
	struct cw_pkt pkt = { .buf = buf, .cap = sizeof(buf), .off = CW_HEADROOM };
	uint8_t *d = buf + pkt.off;
	size_t head = 0;

	if (n > 65000)
		return;
	if (kind == 1 || kind == 2) {	/* next header, flags, CPI */
		d[0] = tos & 1 ? 4 : tos & 2 ? 41 : 17;
		d[1] = tos;
		d[2] = CPI >> 8;
		d[3] = CPI & 0xff;
		head = 4;
	}
	if (kind == 2) {
		d[4] = 1;
		d[5] = (uint8_t)n;
		d[6] = (uint8_t)(n >> 8);
		d[7] = (uint8_t)~d[5];
		d[8] = (uint8_t)~d[6];
		head = 9;
	}
	memcpy(d + head, p, n);
	pkt.len = (uint32_t)(head + n);
	pkt.outer.src = fuzz_end(1, six);
	pkt.outer.dst = fuzz_end(2, six);
	pkt.outer.tos = tos;
	pkt.outer.proto = kind == 3 ? (tos & 1 ? 4 : 41) : 108;
	fuzz_receive(h, &pkt);
}

/* What went out compressed comes in as it was. */
static void
plain(struct host *h, const uint8_t *p, size_t n)
{
	static uint8_t was[65535];
	struct cw_pkt pkt = { .buf = buf, .cap = sizeof(buf) };
	uint32_t len;

	if (!fuzz_plain(h, &pkt, p, n) || pkt.outer.proto != 108)
		return;
	len = pkt.len;
	memcpy(was, cw_pkt_data(&pkt), len);
	fuzz_receive(h, &pkt);
	if (pkt.drop == CW_DROP_COMP_MALFORMED || pkt.drop == CW_DROP_COMP_TOO_LARGE || pkt.drop == CW_DROP_COMP_SHORT)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const uint8_t modes[] = { CW_MODE_TRANSPORT, CW_MODE_TUNNEL, CW_MODE_ANY, CW_MODE_TUNNEL };
	struct host h = { .mtu = 1400 };
	bool six;

	if (n < 3)
		return 0;
	six = p[1] & 4;
	h.e = cw_new(&h);
	fuzz_one_sa(&h, &(struct fuzz_sa){ .satype = SADB_X_SATYPE_IPCOMP, .proto = 108, .mode = modes[p[1] % 4], .level = CW_LEVEL_USE, .six = six }, keys);
	if (p[0] % 5 == 4)
		plain(&h, p + 3, n - 3);
	else
		wire(&h, p + 3, n - 3, p[0] % 5, six, p[2]);
	cw_free(h.e);
	host_turn_end();
	return 0;
}
