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

static void
keys(struct pfkey_msg *m)
{
	m->sa = (struct pfkey_sa){ .spi = SPI, .state = SADB_SASTATE_MATURE, .auth = SADB_X_AALG_SHA2_256HMAC };
	m->key_auth = bytes_of(key, sizeof(key));
	m->has |= PFKEY_HAS(SADB_EXT_SA) | PFKEY_HAS(SADB_EXT_KEY_AUTH);
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
	pkt.outer.src = fuzz_end(1, six);
	pkt.outer.dst = fuzz_end(2, six);
	pkt.outer.proto = 51;
	pkt.outer.hlen = (uint16_t)hlen;
	if (right)
		authenticate(buf + CW_HEADROOM, hlen, buf + pkt.off, pkt.len, six);
	fuzz_receive(h, &pkt);
}

/*
 * What went out comes in, and its ICV is right; with a source route it is not there yet, and what was AH before is looked at again
 * behind ours.
 */
static void
plain(struct host *h, const uint8_t *p, size_t n)
{
	struct cw_pkt pkt = { .buf = buf, .cap = sizeof(buf) };
	unsigned hlen;

	if (!fuzz_plain(h, &pkt, p, n))
		return;
	hlen = pkt.outer.hlen;
	fuzz_receive(h, &pkt);
	if ((p[0] >> 4 == 6 ? p[6] : p[9]) == 51 || hlen > (pkt.outer.dst.fam == 6 ? 40 : 20))
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
	static const uint8_t modes[] = { CW_MODE_TRANSPORT, CW_MODE_TUNNEL, CW_MODE_ANY, CW_MODE_TUNNEL };
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
	fuzz_one_sa(&h, &(struct fuzz_sa){ .satype = SADB_SATYPE_AH, .proto = 51, .mode = modes[p[1] % 4], .level = CW_LEVEL_REQUIRE, .six = six }, keys);
	if (p[0] % 4 == 2)
		plain(&h, p + 3, n - 3);
	else
		wire(&h, p + 3, n - 3, p[0] % 4, six, p[2]);
	cw_free(h.e);
	host_turn_end();
	return 0;
}
