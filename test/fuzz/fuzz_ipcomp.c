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

static struct endpoint
end(unsigned last, bool six)
{
	struct endpoint e = { { 4, { 20, 0, 0, (uint8_t)last } }, 0 };

	if (six)
		e = (struct endpoint){ { 6, { 0xfd, 0x20, [15] = (uint8_t)last } }, 0 };
	return e;
}

static void
set_up(struct host *h, unsigned mode, bool six)
{
	struct cw_client *c = cw_client_open(h->e, h, CW_CLIENT_KEYS);
	struct endpoint src = end(1, six), dst = end(2, six);
	struct prefix nets[2] = { { { 4, { 0 } }, 0 }, { { 6, { 0 } }, 0 } };
	struct pfkey_msg m;

	fuzz_hello(h, c);
	pfkey_msg_init(&m, SADB_ADD, SADB_X_SATYPE_IPCOMP);
	pfkey_set_ends(&m, &src, &dst);
	pfkey_set_sa2(&m, mode, 0);
	m.sa = (struct pfkey_sa){ .spi = CPI, .state = SADB_SASTATE_MATURE, .encrypt = 2, .flags = 0x80 };
	m.has |= PFKEY_HAS(SADB_EXT_SA);
	fuzz_send(h, c, &m);
	for (unsigned i = 0; i < 4; i++) {
		pfkey_msg_init(&m, SADB_X_SPDADD, 0);
		pfkey_set_selector(&m, &nets[i / 2], &nets[i / 2], 0, 0, 0);
		m.policy = (struct pfkey_policy){ .type = CW_POLICY_IPSEC, .dir = (uint8_t)(i % 2 ? CW_DIR_IN : CW_DIR_OUT), .n = 1 };
		m.policy.req[0] = (struct pfkey_request){ .proto = 108, .mode = mode == CW_MODE_TRANSPORT ? CW_MODE_TRANSPORT : CW_MODE_TUNNEL, .level = CW_LEVEL_USE };
		if (m.policy.req[0].mode == CW_MODE_TUNNEL) {
			m.policy.req[0].src = src.addr;
			m.policy.req[0].dst = dst.addr;
		}
		m.has |= PFKEY_HAS(SADB_X_EXT_POLICY);
		fuzz_send(h, c, &m);
	}
	cw_client_close(h->e, c);
	h->out = 0;
}

static struct cw_addr
cw_end(unsigned last, bool six)
{
	struct endpoint e = end(last, six);
	struct cw_addr a = { .fam = e.addr.fam };

	memcpy(a.b, e.addr.b, sizeof(a.b));
	return a;
}

static void
receive(struct host *h, struct cw_pkt *p)
{
	h->out = 0;
	cw_wire_in(h->e, &p, 1, 5);
	if (h->out != 1 || p->verdict == CW_PENDING)
		abort();	/* a packet comes back exactly once */
	if (p->off > p->cap || p->len > p->cap - p->off || p->nhist > CW_NEST_MAX)
		abort();
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
	pkt.outer.src = cw_end(1, six);
	pkt.outer.dst = cw_end(2, six);
	pkt.outer.tos = tos;
	pkt.outer.proto = kind == 3 ? (tos & 1 ? 4 : 41) : 108;
	receive(h, &pkt);
}

/* What went out compressed comes in as it was. */
static void
plain(struct host *h, const uint8_t *p, size_t n)
{
	static uint8_t was[65535];
	struct cw_pkt pkt = { .buf = buf, .cap = sizeof(buf), .off = CW_HEADROOM, .len = (uint32_t)n }, *v[1] = { &pkt };
	uint32_t len;

	if (n > 65535)
		return;
	memcpy(buf + pkt.off, p, n);
	cw_plain_in(h->e, v, 1, 5);
	if (h->out != 1)
		abort();
	if (pkt.verdict != CW_SEALED || pkt.outer.proto != 108)
		return;
	len = pkt.len;
	memcpy(was, cw_pkt_data(&pkt), len);
	receive(h, &pkt);
	if (pkt.drop == CW_DROP_COMP_MALFORMED || pkt.drop == CW_DROP_COMP_TOO_LARGE || pkt.drop == CW_DROP_COMP_SHORT)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const unsigned modes[] = { CW_MODE_TRANSPORT, CW_MODE_TUNNEL, CW_MODE_ANY, CW_MODE_TUNNEL };
	struct host h = { .mtu = 1400 };
	bool six;

	if (n < 3)
		return 0;
	six = p[1] & 4;
	h.e = cw_new(&h);
	set_up(&h, modes[p[1] % 4], six);
	if (p[0] % 5 == 4)
		plain(&h, p + 3, n - 3);
	else
		wire(&h, p + 3, n - 3, p[0] % 5, six, p[2]);
	cw_free(h.e);
	host_turn_end();
	return 0;
}
