/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AH from the outside. The first octet picks: the octets as they are on the wire, IP header included; the same with an AH header that an SA
 * has and an ICV that is right, so that what is behind it is theirs; a clear packet on its way out, which is then received; the header alone.
 * The second one the mode and the family, the third how long the IP header is said to be.
 */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "fuzz_core.h"
#include "pfkey.h"

#define SPI	0x1000u
#define ICV	16u

static const uint8_t key[32] = FUZZ_KEY;
static uint8_t buf[70000];

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
	pfkey_msg_init(&m, SADB_ADD, SADB_SATYPE_AH);
	pfkey_set_ends(&m, &src, &dst);
	pfkey_set_sa2(&m, mode, 0);
	m.sa = (struct pfkey_sa){ .spi = SPI, .state = SADB_SASTATE_MATURE, .auth = SADB_X_AALG_SHA2_256HMAC };
	m.key_auth = bytes_of(key, sizeof(key));
	m.has |= PFKEY_HAS(SADB_EXT_SA) | PFKEY_HAS(SADB_EXT_KEY_AUTH);
	fuzz_send(h, c, &m);
	for (unsigned i = 0; i < 4; i++) {
		pfkey_msg_init(&m, SADB_X_SPDADD, 0);
		pfkey_set_selector(&m, &nets[i / 2], &nets[i / 2], 0, 0, 0);
		m.policy = (struct pfkey_policy){ .type = CW_POLICY_IPSEC, .dir = (uint8_t)(i % 2 ? CW_DIR_IN : CW_DIR_OUT), .n = 1 };
		m.policy.req[0] = (struct pfkey_request){ .proto = 51, .mode = mode == CW_MODE_TRANSPORT ? CW_MODE_TRANSPORT : CW_MODE_TUNNEL, .level = CW_LEVEL_REQUIRE };
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

/* A header of ours in front of ah, of which whatever is walked is theirs, and the ICV over all of it. */
static void
authenticate(uint8_t *h, uint32_t hlen, uint8_t *ah, uint32_t n, bool six)
{
	static uint8_t copy[70000];
	const struct cw_ah_mute m = { .tos = true };
	uint8_t mac[EVP_MAX_MD_SIZE];

	if (six) {
		h[0] = 0x60 | (h[0] & 15);
		h[6] = hlen == 40 ? 51 : h[6];
	} else {
		h[0] = (uint8_t)(0x40 | hlen / 4);
		h[6] &= 0xc0;
		h[7] = 0;
		h[9] = 51;
	}
	ah[1] = six ? 6 : 5;
	put32(ah + 4, SPI);
	put32(ah + 8, 1);
	memset(ah + 12, 0, ICV);
	memcpy(copy, h, hlen + n);
	if (cw_ah_mute(copy, hlen, &m) != CW_DROP_NONE || !HMAC(EVP_sha256(), key, sizeof(key), copy, hlen + n, mac, NULL))
		return;
	memcpy(ah + 12, mac, ICV);
}

static void
wire(struct host *h, const uint8_t *p, size_t n, bool right, bool six, unsigned units)
{
	uint32_t hlen = six ? 40 + units % 32 * 8 : 20 + units % 16 * 4;
	struct cw_pkt pkt = { .buf = buf, .cap = sizeof(buf), .off = CW_HEADROOM + hlen };

	if (n < hlen || n > 65000 || (right && n < hlen + 32))
		return;
	memcpy(buf + CW_HEADROOM, p, n);
	pkt.len = (uint32_t)(n - hlen);
	pkt.outer.src = cw_end(1, six);
	pkt.outer.dst = cw_end(2, six);
	pkt.outer.proto = 51;
	pkt.outer.hlen = (uint16_t)hlen;
	if (right)
		authenticate(buf + CW_HEADROOM, hlen, buf + pkt.off, pkt.len, six);
	receive(h, &pkt);
}

/* What went out comes in, and its ICV is right; with a source route it is not there yet. */
static void
plain(struct host *h, const uint8_t *p, size_t n)
{
	struct cw_pkt pkt = { .buf = buf, .cap = sizeof(buf), .off = CW_HEADROOM, .len = (uint32_t)n }, *v[1] = { &pkt };
	unsigned hlen;

	if (n > 65535)
		return;
	memcpy(buf + pkt.off, p, n);
	cw_plain_in(h->e, v, 1, 5);
	if (h->out != 1)
		abort();
	if (pkt.verdict != CW_SEALED)
		return;
	hlen = pkt.outer.hlen;
	receive(h, &pkt);
	if (hlen > (pkt.outer.dst.fam == 6 ? 40 : 20))
		return;
	if (pkt.drop == CW_DROP_ICV_WRONG || pkt.drop == CW_DROP_AH_SHORT)
		abort();
}

static void
header(const uint8_t *p, size_t n, bool out)
{
	const struct cw_ah_mute m = { .tos = true, .out = out };
	uint8_t *exact = malloc(n ? n : 1);

	if (exact) {
		memcpy(exact, p, n);
		cw_ah_mute(exact, (uint32_t)n, &m);
	}
	free(exact);
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
	if (p[0] % 4 == 3) {
		header(p + 3, n - 3, p[1] & 1);
		return 0;
	}
	h.e = cw_new(&h);
	set_up(&h, modes[p[1] % 4], six);
	if (p[0] % 4 == 2)
		plain(&h, p + 3, n - 3);
	else
		wire(&h, p + 3, n - 3, p[0] % 4, six, p[2]);
	cw_free(h.e);
	host_turn_end();
	return 0;
}
