/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AH of RFC 1826 and ESP of RFC 1827 from the outside. The first octet picks: the octets behind the IP header as they are on the wire; the same
 * as what is behind the cipher of an SA, or behind an ICV that is right; a clear packet on its way out, which is then received. The second one
 * picks the SA's protocol, mode and family, and whether the switch is on; the third what the SA is to have, which may be what none can.
 */
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "fuzz_core.h"
#include "pfkey.h"

#define SPI	0x1000u

static const uint8_t key[32] = FUZZ_KEY;
static uint8_t buf[70000];
static bool ah;
static const struct kind { uint8_t alg, octets; uint16_t flags; uint8_t auth, window; } *kind, kinds[] = {
	{ SADB_EALG_DESCBC, 8, 0, CW_AALG_KEYED_MD5, 0 },
	{ SADB_EALG_DESCBC, 8, CW_SA_IV4B, CW_AALG_KEYED_SHA1, 0 },
	{ SADB_EALG_3DESCBC, 24, CW_SA_RANDPAD, SADB_AALG_MD5HMAC, 0 },
	{ SADB_X_EALG_AESCBC, 16, CW_SA_ZEROPAD, SADB_X_AALG_NULL, 0 },
	{ SADB_EALG_3DESCBC, 24, CW_SA_IV4B, SADB_X_AALG_SHA2_256HMAC, 32 },
	{ SADB_X_EALG_AESCTR, 20, 0, 0, 0 },
};

static size_t
auth_octets(unsigned id)
{
	return id == SADB_X_AALG_SHA2_256HMAC ? 32 : id == CW_AALG_KEYED_SHA1 ? 20 : id == SADB_X_AALG_NULL ? 0 : 16;
}

static void
keys(struct pfkey_msg *m)
{
	m->sa = (struct pfkey_sa){ .spi = SPI, .state = SADB_SASTATE_MATURE, .replay = kind->window, .flags = CW_SA_OLD | kind->flags };
	m->has |= PFKEY_HAS(SADB_EXT_SA);
	if (ah) {
		m->sa.flags &= ~CW_SA_IV4B;
		m->sa.auth = kind->auth;
		m->key_auth = bytes_of(key, auth_octets(kind->auth));
		m->has |= m->key_auth.n ? PFKEY_HAS(SADB_EXT_KEY_AUTH) : 0;
		return;
	}
	m->sa.encrypt = kind->alg;
	m->key_encrypt = bytes_of(key, kind->octets);
	m->has |= PFKEY_HAS(SADB_EXT_KEY_ENCRYPT);
}

/* Their text, from the second block on, in whole blocks, as what is behind the cipher. */
static uint32_t
encipher(uint8_t *d, size_t n)
{
	struct host_aead *a = host_aead_new(kind->alg, 0, key, kind->octets, NULL, 0);
	uint32_t niv = kind->flags & CW_SA_IV4B ? 4 : kind->alg == SADB_X_EALG_AESCBC ? 16 : 8, head = 4 + niv, block = niv == 4 ? 8 : niv;
	uint8_t iv[16] = { 0 };
	struct cw_crypt c = { .aead = a, .esp = d, .iv = iv, .head = head };

	memmove(d + head, d, n);
	put32(d, SPI);
	memset(d + 4, 0, niv);
	if (niv == 4)
		memset(iv + 4, 0xff, 4);
	c.text = (uint32_t)n / block * block;
	if (a)
		host_crypt_one(&c, true);
	host_aead_free(a);
	return head + c.text;
}

static void
authenticate(uint8_t *h, uint32_t hlen, uint8_t *d, uint32_t n)
{
	static uint8_t copy[70000];
	const struct cw_ah_mute m = { .tos = true };
	struct host_aead *a = host_aead_new(0, kind->auth | CW_AALG_OLD, NULL, 0, key, auth_octets(kind->auth));
	struct cw_crypt c = { .aead = a, .esp = copy, .icv = d + 8, .head = hlen, .text = n };

	d[1] = 4;
	put32(d + 4, SPI);
	memset(d + 8, 0, CW_OLD_ICV);
	memcpy(copy, h, hlen + n);
	if (a && cw_ah_mute(copy, hlen, &m) == CW_DROP_NONE)
		host_crypt_one(&c, true);
	host_aead_free(a);
}

static void
wire(struct host *h, const uint8_t *p, size_t n, bool right, bool six)
{
	uint32_t hlen = six ? 40 : 20;
	struct cw_pkt pkt = { .buf = buf, .cap = sizeof(buf), .off = CW_HEADROOM + hlen, .len = (uint32_t)n };
	uint8_t *d = buf + pkt.off, *front = d - hlen;

	if (n > 60000 || (ah && right && n < 24))
		return;
	pkt.outer.src = fuzz_end(1, six);
	pkt.outer.dst = fuzz_end(2, six);
	pkt.outer.proto = ah ? 51 : 50;
	pkt.outer.hlen = (uint16_t)hlen;
	memcpy(d, p, n);
	if (right && !ah)
		pkt.len = encipher(d, n);
	cw_bundle_header(front, &pkt.outer, pkt.len, 1);
	if (right && ah)
		authenticate(front, hlen, d, pkt.len);
	fuzz_receive(h, &pkt);
}

static void
plain(struct host *h, const uint8_t *p, size_t n)
{
	struct cw_pkt pkt = { .buf = buf, .cap = sizeof(buf) };

	if (!fuzz_plain(h, &pkt, p, n) || (pkt.outer.hlen && pkt.outer.hlen != (pkt.outer.dst.fam == 6 ? 40 : 20)))
		return;
	fuzz_receive(h, &pkt);
	if (pkt.nhist)		/* what was in it is anybody's, and may be wrong */
		return;
	if (pkt.drop == CW_DROP_ICV_WRONG || pkt.drop == CW_DROP_AH_SHORT || pkt.drop == CW_DROP_ESP_TRUNCATED || pkt.drop == CW_DROP_PADDING_WRONG)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct host h = { .mtu = 1400 };
	struct fuzz_sa sa = { .level = CW_LEVEL_REQUIRE };

	host_legacy_open();
	if (n < 3)
		return 0;
	ah = p[1] & 1;
	kind = &kinds[p[2] % (sizeof(kinds) / sizeof(kinds[0]))];
	sa.satype = ah ? SADB_SATYPE_AH : SADB_SATYPE_ESP;
	sa.proto = ah ? 51 : 50;
	sa.mode = p[1] & 2 ? CW_MODE_TUNNEL : CW_MODE_TRANSPORT;
	sa.six = p[1] & 4;
	h.e = cw_new(&h);
	cw_knob_set(h.e, CW_KNOB_LEGACY, !(p[1] & 8));
	fuzz_one_sa(&h, &sa, keys);
	if (p[0] % 3 == 2)
		plain(&h, p + 3, n - 3);
	else
		wire(&h, p + 3, n - 3, p[0] % 3, sa.six);
	cw_free(h.e);
	host_turn_end();
	return 0;
}
