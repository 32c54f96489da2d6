/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AH of RFC 1826 and ESP of RFC 1827 through two engines: keyed digests (RFC 1828, 1852) and wire forms against known answers, made by hashlib of
 * Python and "openssl enc"; what is covered and what is not, bit by bit; truncation; the switch that they need, and what they cannot have.
 */
#include "core_ends.h"
#include "core_rig.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#include "core.h"

enum { AH = 51, ESP = 50 };

struct form {
	unsigned proto, alg, bits, flags, mode;
	const char *gw[2], *end[2];
};
static const struct form forms[] = {
	{ AH, CW_AALG_KEYED_MD5, 0, 0, TRA, { HOSTS }, { HOSTS } },
	{ AH, CW_AALG_KEYED_MD5, 0, 0, TUN, { HOSTS6 }, { NETS } },
	{ AH, CW_AALG_KEYED_SHA1, 0, 0, TRA, { HOSTS6 }, { HOSTS6 } },
	{ AH, CW_AALG_KEYED_SHA1, 0, 0, TUN, { HOSTS }, { NETS6 } },
	{ AH, SADB_AALG_MD5HMAC, 0, 0, TUN, { HOSTS }, { NETS } },
	{ AH, SADB_AALG_SHA1HMAC, 0, 0, TRA, { HOSTS }, { HOSTS } },
	{ AH, SADB_X_AALG_SHA2_256HMAC, 0, 0, TUN, { HOSTS6 }, { NETS6 } },
	{ AH, SADB_X_AALG_AES_XCBC_MAC, 0, 0, TRA, { HOSTS6 }, { HOSTS6 } },
	{ AH, SADB_X_AALG_NULL, 0, 0, TRA, { HOSTS }, { HOSTS } },
	{ ESP, SADB_EALG_DESCBC, 64, 0, TRA, { HOSTS }, { HOSTS } },
	{ ESP, SADB_EALG_DESCBC, 64, CW_SA_IV4B, TRA, { HOSTS }, { HOSTS } },
	{ ESP, SADB_EALG_DESCBC, 64, CW_SA_IV4B, TUN, { HOSTS6 }, { NETS } },
	{ ESP, SADB_EALG_3DESCBC, 192, CW_SA_RANDPAD, TRA, { HOSTS6 }, { HOSTS6 } },
	{ ESP, SADB_EALG_DESCBC, 64, CW_SA_ZEROPAD, TUN, { HOSTS }, { NETS6 } },
	{ ESP, SADB_X_EALG_BLOWFISHCBC, 128, 0, TUN, { HOSTS6 }, { NETS6 } },
	{ ESP, SADB_X_EALG_AESCBC, 128, 0, TRA, { HOSTS }, { HOSTS } },
};
#define NFORMS	(sizeof(forms) / sizeof(forms[0]))

struct ends { struct host *a, *b; const struct form *f; };

static void
sa_msg(struct pfkey_msg *m, const struct form *f, bool back, uint8_t keys[128])
{
	struct rig_sa sa = {
		.spi = back ? 0x1000 : 0x2000, .src = f->gw[back], .dst = f->gw[!back], .mode = (uint8_t)f->mode, .bits = f->bits,
		.seed = back ? 8 : 0,
	};

	*(f->proto == AH ? &sa.auth : &sa.cipher) = f->alg;
	rig_sa_msg(m, &sa, SADB_ADD, keys);
	m->sa.flags = CW_SA_OLD | f->flags;
	if (f->proto == AH)
		rig_as_ah(m);
}

static void
policy(struct host *h, const struct form *f, unsigned dir, bool back)
{
	bool six = strchr(f->end[0], ':') != NULL;
	struct pfkey_msg m;
	char src[64], dst[64];

	snprintf(src, sizeof(src), "%s/%d", f->end[back], six ? 128 : 32);
	snprintf(dst, sizeof(dst), "%s/%d", f->end[!back], six ? 128 : 32);
	rig_policy_msg(&m, SADB_X_SPDADD, dir, CW_POLICY_IPSEC, src, dst, 0, 1000);
	m.policy.req[0] = (struct pfkey_request){ .proto = (uint8_t)f->proto, .mode = (uint8_t)f->mode, .level = CW_LEVEL_REQUIRE };
	if (f->mode == TUN) {
		assert_true(addr_parse(f->gw[back], &m.policy.req[0].src));
		assert_true(addr_parse(f->gw[!back], &m.policy.req[0].dst));
	}
	assert_int_equal(rig_call(h, 0, &m), 0);
}

static struct host *
end(const struct form *f, bool right)
{
	struct host *h = rig_new();

	assert_int_equal(cw_knob_set(h->e, CW_KNOB_LEGACY, 1), 0);
	for (unsigned back = 0; back < 2; back++) {
		struct pfkey_msg m;
		uint8_t keys[128];

		sa_msg(&m, f, back, keys);
		assert_int_equal(rig_call(h, 0, &m), 0);
		policy(h, f, (back != 0) == right ? CW_DIR_OUT : CW_DIR_IN, back);
	}
	rig_clear(h);
	return h;
}

static struct ends
joined(const struct form *f)
{
	return (struct ends){ end(f, false), end(f, true), f };
}

static void
part(struct ends t)
{
	rig_free(t.a);
	rig_free(t.b);
}

static struct cw_pkt *
packet(const struct form *f, size_t n)
{
	return strchr(f->end[0], ':') ? rig_udp6(f->end[0], f->end[1], n, 0x28) : rig_udp4(f->end[0], f->end[1], n, 0x28, true);
}

static void
carry(struct host *to, const struct cw_pkt *p)
{
	rig_carry(to, rig_arriving(p));
}

static unsigned
wire_iv(const struct form *f)
{
	return f->flags & CW_SA_IV4B ? 4 : cw_alg_find(false, f->alg)->iv;
}

/* Every length: as it was at the other end, as often as it is sent; and so many octets on the wire. */
static void
both_ways(void **state)
{
	for (unsigned k = 0; k < NFORMS; k++) {
		const struct form *f = &forms[k];
		struct ends t = joined(f);

		for (size_t n = 0; n < 1150; n += n < 40 ? 1 : 97) {
			struct cw_pkt *sent = packet(f, n), *w = rig_seal(t.a, rig_copy(sent));
			const uint8_t *h = cw_pkt_data(w);
			uint32_t inner = f->mode == TUN ? sent->len : 8 + (uint32_t)n, block = f->proto == ESP ? cw_alg_find(false, f->alg)->block : 1;

			if (f->proto == AH) {
				assert_int_equal(h[1], 4);	/* words of the ICV alone */
				assert_int_equal(get32(h + 4), 0x2000);
				assert_int_equal(w->len, 24 + inner);
			} else {
				assert_int_equal(get32(h), 0x2000);
				assert_int_equal(w->len, 4 + wire_iv(f) + (inner + 2 + block - 1) / block * block);
			}
			for (unsigned i = 0; i < 3; i++) {	/* there is no number to tell them by */
				carry(t.b, w);
				rig_same(t.b, sent, true);
			}
			rig_pkt_free(w);
			rig_pkt_free(sent);
		}
		assert_int_equal(rig_drops(t.a) + rig_drops(t.b), 0);
		part(t);
	}
}

/* RFC 1828 2 and 1852 2, the key filled to 512 bits; by hashlib of Python. */
static const struct { unsigned id; const char *key, *data, *mac; } digest[] = {
	{ CW_AALG_KEYED_MD5, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265", "9ae6acbb1580859e1461f3cc8e7172aa" },
	{ CW_AALG_KEYED_MD5, "4a6566654a6566654a6566654a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	  "a74320ecbfe4be61c7d6f09867e5bfd9" },
	{ CW_AALG_KEYED_SHA1, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265", "c3a23731314af5b48020a7a75259ebb043bf3acb" },
	{ CW_AALG_KEYED_SHA1, "4a6566654a6566654a6566654a6566654a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	  "efd186d18b6e76e3961c86e56dd6e0f0e14248fc" },
};

static void
digests(void **state)
{
	for (unsigned i = 0; i < sizeof(digest) / sizeof(digest[0]); i++)
		for (unsigned old = 0; old < 2; old++) {
			uint8_t key[64], want[32], pkt[128] = { 0 }, got[32] = { 0 };
			size_t k = rig_octets(digest[i].key, key), n = rig_octets(digest[i].data, pkt), m = rig_octets(digest[i].mac, want);
			struct host_aead *a = host_aead_new(0, digest[i].id | (old ? CW_AALG_OLD : 0), NULL, 0, key, k);
			struct cw_crypt c = { .aead = a, .esp = pkt, .head = (uint32_t)n, .icv = got };

			assert_non_null(a);
			m = old ? 16 : m;
			for (unsigned twice = 0; twice < 2; twice++) {
				assert_true(host_crypt_one(&c, true));
				assert_memory_equal(got, want, m);
				assert_int_equal(got[m], 0);
				assert_true(host_crypt_one(&c, false));
			}
			got[m - 1] ^= 1;
			assert_false(host_crypt_one(&c, false));
			c = (struct cw_crypt){ .aead = a, .esp = pkt, .head = 1, .text = (uint32_t)n - 5, .icv = want, .esn = 1, .seqhi = get32(pkt + n - 4) };
			assert_true(host_crypt_one(&c, false));
			host_aead_free(a);
		}
	assert_null(host_aead_new(0, CW_AALG_KEYED_MD5, NULL, 0, (const uint8_t *)"", 0));
}

static void
keyfill(void **state)
{
	uint8_t key[55], block[CW_KEYFILL], want[CW_KEYFILL] = { 0 };

	for (unsigned i = 0; i < sizeof(key); i++)
		want[i] = key[i] = (uint8_t)(i + 1);
	want[55] = 0x80;
	want[56] = 0xb8;	/* 440 bits */
	want[57] = 1;
	cw_keyfill(CW_AALG_KEYED_MD5, key, sizeof(key), block);
	assert_memory_equal(block, want, sizeof(block));
	want[56] = want[57] = 0;
	want[62] = 1;
	want[63] = 0xb8;
	cw_keyfill(CW_AALG_KEYED_SHA1, key, sizeof(key), block);
	assert_memory_equal(block, want, sizeof(block));
}

#define UDP	"003500500028000000070e151c232a31383f464d545b626970777e858c939aa1a8afb6bdc4cbd2d9"
#define FRONT4	"45b8005400014000403311bc14000001140000021104000000002000"
#define FRONT6	"6000000000543340fd200000000000000000000000000001fd2000000000000000000000000000020404000000002000"
#define IN4	"4500003c00000000401163a70a0001050a000206"

static void
ah_answer(unsigned alg, bool tunnel, const char *hex)
{
	struct form f = { AH, alg, 0, 0, TRA, { HOSTS }, { HOSTS } }, tun = { AH, alg, 0, 0, TUN, { HOSTS6 }, { NETS } };
	struct ends t = joined(tunnel ? &tun : &f);
	struct cw_pkt *w = rig_seal(t.a, tunnel ? rig_udp4(NETS, 32, 0, false) : rig_udp4(HOSTS, 32, 0xb8, true));
	uint8_t want[256];
	size_t n = rig_octets(hex, want);

	assert_int_equal(w->outer.hlen + w->len, n);
	assert_memory_equal(cw_pkt_data(w) - w->outer.hlen, want, n);
	rig_pkt_free(w);
	part(t);
}

static void
ah_answers(void **state)
{
	ah_answer(CW_AALG_KEYED_MD5, false, FRONT4 "b104f932954f5fab6d0d922f61911737" UDP);
	ah_answer(CW_AALG_KEYED_SHA1, false, FRONT4 "daa4135f37549b20917066afd1557ed0" UDP);
	ah_answer(SADB_AALG_MD5HMAC, false, FRONT4 "2016234e52e809a1bdcc1e23a0e7cd2c" UDP);
	ah_answer(SADB_AALG_SHA1HMAC, false, FRONT4 "1852d1444fb46a24fdb7af0196f5beb1" UDP);
	ah_answer(SADB_X_AALG_NULL, false, FRONT4 "00000000000000000000000000000000" UDP);
	ah_answer(CW_AALG_KEYED_MD5, true, FRONT6 "c640ca44562bbe9b0af5384b43c65b13" IN4 UDP);
	ah_answer(CW_AALG_KEYED_SHA1, true, FRONT6 "4d0b9b54ce67b5bdd83aa2a4567fdc77" IN4 UDP);
}

/* What another program enciphered, with padding of its own, is opened. */
static void
esp_answers(void **state)
{
	static const struct { struct form f; const char *hex; } v[] = {
		{ { ESP, SADB_EALG_DESCBC, 64, 0, TRA, { HOSTS }, { HOSTS } },
		  "000020000123456789abcdef191a574acb852d799c69628dc1681f952aaef658a028d647c2458f5004a74ed516e71794a68b088b8694098b083c2c5d" },
		{ { ESP, SADB_EALG_DESCBC, 64, CW_SA_IV4B, TRA, { HOSTS }, { HOSTS } },
		  "00002000012345673acf19075d9b4bfb4467034122455de43896c90580d8c19baf2267d37c608da82c7ffceb657ca2e01f6c2987d14eefed" },
		{ { ESP, SADB_EALG_3DESCBC, 192, 0, TRA, { HOSTS }, { HOSTS } },
		  "000020000123456789abcdefbdc2b978665abb5e3f724cbb9aa25032a8af5f41020d0a4efbf52dfe71e58e683c57d18b60d3d5ead0b780349dbe693b" },
		{ { ESP, SADB_X_EALG_AESCBC, 128, 0, TRA, { HOSTS }, { HOSTS } },
		  "000020000123456789abcdef0123456789abcdefd0b7f5ffdf5961d01a0a253e0ddbbe2e5699f3093a59a6b3973d2d17c9ec758f76c6b517fc03f0a9b872281396a407e7" },
		{ { ESP, SADB_X_EALG_BLOWFISHCBC, 128, 0, TRA, { HOSTS }, { HOSTS } },
		  "000020000123456789abcdef0faa71ef8e7e964f245cf41c93228375fe86b010b160a5b85de83bbfec81e1cdd1b6400a559216f175929623d745c657" },
		{ { ESP, SADB_EALG_DESCBC, 64, CW_SA_IV4B, TUN, { HOSTS6 }, { NETS } },
		  "00002000012345678d5416fb80cca50dd43dd14f9d1c305d1ec6b84ed13d0d6a054c2cdcc0046242334c90a301adec86217e717c2075bbe9096a22e28efc3194"
		  "d26a5044e7fe1680" },
	};

	for (unsigned i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct ends t = joined(&v[i].f);
		struct cw_pkt *sent = v[i].f.mode == TUN ? rig_udp4(NETS, 32, 0, false) : rig_udp4(HOSTS, 32, 0, false), *w = rig_seal(t.a, rig_copy(sent));
		uint8_t got[256];
		size_t n = rig_octets(v[i].hex, got);

		assert_int_equal(w->len, n);
		memcpy(cw_pkt_data(w), got, n);
		carry(t.b, w);
		rig_same(t.b, sent, true);
		rig_pkt_free(w);
		rig_pkt_free(sent);
		part(t);
	}
}

/* The octets where the new ESP has its number are an IV, of which zero is one. */
static void
zero_iv(void **state)
{
	struct ends t = joined(&forms[10]);
	struct cw_pkt *w = rig_seal(t.a, packet(t.f, 100));

	memset(cw_pkt_data(w) + 4, 0, 4);
	carry(t.b, w);
	assert_int_equal(t.b->nplain, 1);
	rig_pkt_free(w);
	part(t);
}

/* And what the engine enciphered, EVP opens by the IV on the wire; the padding is as its flags have it, each IV another one. */
static void
sealed_form(void **state)
{
	OSSL_LIB_CTX *legacy = OSSL_LIB_CTX_new();
	OSSL_PROVIDER *p = OSSL_PROVIDER_load(legacy, "legacy");
	EVP_CIPHER *des = EVP_CIPHER_fetch(legacy, "DES-CBC", NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	assert_non_null(des);
	for (unsigned k = 0; k < 6; k++) {
		struct form f = { ESP, SADB_EALG_DESCBC, 64, k & 1 ? CW_SA_IV4B : 0, TRA, { HOSTS }, { HOSTS } };
		struct ends t;
		uint8_t before[8] = { 0 }, padding[8] = { 0 };
		bool random = k / 2 == 2;

		f.flags |= k / 2 == 1 ? CW_SA_ZEROPAD : random ? CW_SA_RANDPAD : 0;
		t = joined(&f);
		for (unsigned twice = 0; twice < 2; twice++) {
			struct cw_pkt *w = rig_seal(t.a, rig_udp4(HOSTS, 27, 0, false));	/* 35 octets, three of padding */
			const uint8_t *h = cw_pkt_data(w);
			uint8_t iv[8], text[64], keys[128];
			struct pfkey_msg m;
			int n;

			assert_int_equal(w->len, 4 + wire_iv(&f) + 40);
			memcpy(iv, h + 4, 8);
			for (unsigned i = 0; f.flags & CW_SA_IV4B && i < 4; i++)
				iv[4 + i] = iv[i] ^ 0xff;
			assert_memory_not_equal(iv, before, 8);
			memcpy(before, iv, 8);
			sa_msg(&m, &f, false, keys);
			assert_int_equal(EVP_CipherInit_ex2(ctx, des, keys, iv, 0, NULL), 1);
			EVP_CIPHER_CTX_set_padding(ctx, 0);
			assert_int_equal(EVP_CipherUpdate(ctx, text, &n, h + 4 + wire_iv(&f), 40), 1);
			assert_int_equal(text[38], 3);
			assert_int_equal(text[39], 17);
			assert_int_equal(get16(text + 4), 35);	/* UDP's length */
			if (random && twice)
				assert_memory_not_equal(text + 35, padding, 3);
			else if (!random)
				assert_memory_equal(text + 35, f.flags & CW_SA_ZEROPAD ? "\0\0\0" : "\1\2\3", 3);
			memcpy(padding, text + 35, 3);
			rig_pkt_free(w);
		}
		part(t);
	}
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(des);
	OSSL_PROVIDER_unload(p);
	OSSL_LIB_CTX_free(legacy);
}

/* Every bit of AH's packets, once: only what routers may change may be another one. */
static void
every_bit(void **state)
{
	for (unsigned k = 0; k < 8; k++) {
		struct ends t = joined(&forms[k]);
		struct cw_pkt *w = rig_seal(t.a, packet(t.f, 60));
		uint32_t n = w->outer.hlen + w->len;

		for (uint32_t bit = 0; bit < n * 8; bit++) {
			struct cw_pkt *q = rig_arriving(w);
			unsigned want = rig_ah_flip(q, bit, true);

			rig_carry(t.b, q);
			if (want != CW_DROP_NONE)
				rig_dropped(t.b, want);
			else if (t.b->ndrop)
				fail_msg("form %u, bit %u: %s", k, (unsigned)bit, cw_drop_sentence(t.b->drop[0]->drop));
			rig_clear(t.b);
		}
		rig_pkt_free(w);
		part(t);
	}
}

/* Cut at every length: nothing is read that is not there (ASan), and of AH nothing is delivered; ESP without an ICV cannot tell. */
static void
truncation(void **state)
{
	for (unsigned k = 0; k < NFORMS; k++) {
		struct ends t = joined(&forms[k]);
		struct cw_pkt *w = rig_seal(t.a, packet(t.f, 100));

		for (uint32_t n = 0; n < w->len; n++) {
			struct cw_pkt *q = calloc(1, sizeof(*q));
			uint32_t whole = w->outer.hlen + n, head = t.f->proto == ESP ? 4 + wire_iv(t.f) : 0;

			assert_non_null(q);
			*q = (struct cw_pkt){ .buf = malloc(whole + 1), .cap = whole, .off = w->outer.hlen, .len = n, .outer = w->outer };
			memcpy(q->buf, cw_pkt_data(w) - w->outer.hlen, whole);
			rig_carry(t.b, q);
			if (t.f->proto == AH && (n < 24 || t.f->alg != SADB_X_AALG_NULL))
				rig_dropped(t.b, n < 24 ? CW_DROP_AH_SHORT : CW_DROP_ICV_WRONG);
			else if (t.f->proto == AH)
				assert_int_equal(t.b->nplain + t.b->ndrop, 1);
			else if (n < 8)
				rig_dropped(t.b, CW_DROP_ESP_SHORT);
			else if (n <= head || (n - head) % cw_alg_find(false, t.f->alg)->block)
				rig_dropped(t.b, CW_DROP_ESP_TRUNCATED);
			else if (t.f->mode == TUN)
				assert_int_equal(t.b->nplain, 0);
			rig_clear(t.b);
		}
		rig_pkt_free(w);
		part(t);
	}
}

/* AH's length field is its ICV's, nothing else. */
static void
lengths(void **state)
{
	struct ends t = joined(&forms[0]);
	struct cw_pkt *w = rig_seal(t.a, packet(t.f, 1200));

	for (unsigned len = 0; len < 256; len++) {
		struct cw_pkt *q = rig_arriving(w);

		cw_pkt_data(q)[1] = (uint8_t)len;
		rig_carry(t.b, q);
		if (len == 4)
			assert_int_equal(t.b->nplain, 1);
		else
			rig_dropped(t.b, CW_DROP_AH_SHORT);
		rig_clear(t.b);
	}
	rig_pkt_free(w);
	part(t);
}

/* An SA of the old form takes nothing of the new one, nor the other way round. */
static void
forms_apart(void **state)
{
	struct ends t = joined(&forms[0]), u;
	struct host *h = rig_new();
	struct pfkey_msg m;
	uint8_t keys[128];
	struct cw_pkt *w;

	for (unsigned back = 0; back < 2; back++) {
		sa_msg(&m, &forms[0], back, keys);
		m.sa.flags = 0;
		assert_int_equal(cw_knob_set(h->e, CW_KNOB_LEGACY, 1), 0);
		assert_int_equal(rig_call(h, 0, &m), 0);
		policy(h, &forms[0], back ? CW_DIR_OUT : CW_DIR_IN, back);
	}
	rig_clear(h);
	u = (struct ends){ h, NULL, &forms[0] };
	w = rig_seal(t.a, packet(t.f, 100));
	carry(u.a, w);
	rig_dropped(u.a, CW_DROP_AH_SHORT);
	rig_pkt_free(w);
	rig_free(h);
	part(t);
}

/* The switch: off at first; what is there when it goes off stays. */
static void
legacy(void **state)
{
	for (unsigned k = 0; k < NFORMS; k++) {
		struct host *h = rig_new();
		struct pfkey_msg m;
		uint8_t keys[128];

		sa_msg(&m, &forms[k], false, keys);
		assert_int_equal(rig_call(h, 0, &m), EPERM);
		assert_int_equal(cw_sa_count(h->e), 0);
		assert_int_equal(cw_knob_set(h->e, CW_KNOB_LEGACY, 1), 0);
		assert_int_equal(rig_call(h, 0, &m), 0);
		assert_int_equal(cw_knob_set(h->e, CW_KNOB_LEGACY, 0), 0);
		assert_int_equal(cw_sa_count(h->e), 1);
		rig_free(h);
	}
}

/* What they cannot have. */
static void
refusals(void **state)
{
	enum what { WINDOW, OLD_WINDOW, ESN, UDP4500, ICV, GCM, CTR, NULL_CIPHER, IV4B_3DES, IV4B_AH, IV4B_NEW, NULL_NEW, KEYED_NULL, WHATS };
	static const int errors[WHATS] = {
		EINVAL, EINVAL, EINVAL, EINVAL, EINVAL, EOPNOTSUPP, EOPNOTSUPP, EOPNOTSUPP, EINVAL, EINVAL, EINVAL, EINVAL, EINVAL,
	};
	struct host *h = rig_new();

	assert_int_equal(cw_knob_set(h->e, CW_KNOB_LEGACY, 1), 0);
	for (unsigned i = 0; i < WHATS; i++) {
		struct form f = forms[i == IV4B_AH || i == NULL_NEW || i == KEYED_NULL ? 8 : 9];
		static const uint8_t none[36] = { 1 };
		struct pfkey_msg m;
		uint8_t keys[128];
		int err;

		if (i == IV4B_3DES) {
			f.alg = SADB_EALG_3DESCBC;
			f.bits = 192;
		}
		sa_msg(&m, &f, false, keys);
		switch (i) {
		case WINDOW: m.replay_window = 64; break;
		case OLD_WINDOW: m.has &= ~PFKEY_HAS(CW_EXT_REPLAY); m.sa.replay = 4; break;
		case ESN: m.sa_flags = CW_SAF_ESN | CW_SAF_OUT; break;
		case UDP4500:
			m.natt_type = CW_NATT_ESPINUDP;
			m.natt_sport = m.natt_dport = 4500;
			m.has |= PFKEY_HAS(SADB_X_EXT_NAT_T_TYPE) | PFKEY_HAS(SADB_X_EXT_NAT_T_SPORT) | PFKEY_HAS(SADB_X_EXT_NAT_T_DPORT);
			break;
		case ICV:
			m.sa.auth = SADB_AALG_MD5HMAC;
			m.key_auth = bytes_of(none, 16);
			m.has |= PFKEY_HAS(SADB_EXT_KEY_AUTH);
			break;
		case GCM: case CTR:
			m.sa.encrypt = i == GCM ? SADB_X_EALG_AES_GCM_ICV16 : SADB_X_EALG_AESCTR;
			m.key_encrypt = bytes_of(none, 20);
			break;
		case NULL_CIPHER:
			m.sa.encrypt = SADB_EALG_NULL;
			m.has &= ~PFKEY_HAS(SADB_EXT_KEY_ENCRYPT);
			break;
		case IV4B_3DES: case IV4B_AH: m.sa.flags |= CW_SA_IV4B; break;
		case IV4B_NEW: m.sa.flags = CW_SA_IV4B; break;
		case NULL_NEW: m.sa.flags = 0; break;
		default:
			m.key_auth = bytes_of(none, 16);
			m.has |= PFKEY_HAS(SADB_EXT_KEY_AUTH);
		}
		err = rig_call(h, 0, &m);
		if (err != errors[i])
			fail_msg("%u: error %d", i, err);
	}
	rig_free(h);
}

/*
 * RFC 2367's PFS has the number of KAME's old form. An ESP with an ICV and a window, as key managers make it, is none of those, with the switch
 * or without; but who has said HELLO, as our setkey does, means what it says, and so do KAME's other flags, and who asks for no window.
 */
static void
pfs(void **state)
{
	static const struct rig_sa rows[] = {
		{ .spi = 0x2000, .src = "20.0.0.1", .dst = "20.0.0.2", .mode = CW_MODE_TRANSPORT, .window = 64 },
		{ .spi = 0x2000, .src = "20.0.0.1", .dst = "20.0.0.2", .mode = CW_MODE_TRANSPORT, .window = 64,
		  .cipher = SADB_X_EALG_AESCBC, .bits = 128, .auth = SADB_X_AALG_SHA2_256HMAC },
	};
	/* KAME's setkey: nocyclic-seq, as it is without a word, and each -f there is */
	static const uint32_t kame[] = { 0, 0x40, 0x240, 0x140, 0x50, 0x20, 0x80, 0x200, 0x100, 0x10 };

	for (unsigned i = 0; i < 4; i++) {
		struct host *a = rig_new(), *b = rig_new(), *both[2] = { a, b };
		struct pfkey_msg m, got;
		struct cw_pkt *w;
		uint8_t keys[128];

		for (unsigned k = 0; k < 2; k++) {
			assert_int_equal(cw_knob_set(both[k]->e, CW_KNOB_LEGACY, i / 2), 0);
			rig_sa_msg(&m, &rows[i % 2], SADB_ADD, keys);
			m.has &= ~(PFKEY_HAS(CW_EXT_REPLAY) | PFKEY_HAS(CW_EXT_SAFLAGS) | PFKEY_HAS(CW_EXT_PACKETS));
			m.sa.replay = 64;
			for (unsigned f = 0; f < sizeof(kame) / sizeof(*kame); f++) {
				m.sa.flags = CW_SA_OLD | kame[f];
				m.sa.replay = 0;
				assert_int_equal(rig_call(both[k], 1, &m), i / 2 == 0 ? EPERM : i % 2 ? EINVAL : EOPNOTSUPP);
				m.sa.replay = 64;
				if (kame[f])
					assert_int_equal(rig_call(both[k], 1, &m), i / 2 ? EINVAL : EPERM);
			}
			assert_int_equal(cw_sa_count(both[k]->e), 0);
			m.sa.replay = 64;
			m.sa.flags = SADB_SAFLAGS_PFS;
			assert_int_equal(rig_call(both[k], 0, &m), i / 2 ? EINVAL : EPERM);
			assert_int_equal(rig_call(both[k], 1, &m), 0);
			assert_int_equal(rig_by_name(both[k], 0, SADB_GET, &rows[i % 2]), 0);
			assert_true(rig_last(both[k], 0, &got));
			assert_int_equal(got.sa.flags, 0);	/* what it is, not what it was called */
			assert_int_equal(got.replay_window, 64);
		}
		policy(a, &forms[9], CW_DIR_OUT, false);
		w = rig_seal(a, packet(&forms[9], 100));
		assert_int_equal(get32(cw_pkt_data(w) + 4), 1);	/* a sequence number */
		carry(b, w);
		assert_int_equal(b->nplain, 1);
		rig_clear(b);
		carry(b, w);
		rig_dropped(b, CW_DROP_REPLAY_DUPLICATE);
		rig_pkt_free(w);
		rig_free(a);
		rig_free(b);
	}
}

/* An UPDATE cannot put it into UDP afterwards, and dumps give its flags back. */
static void
known_by_its_flags(void **state)
{
	struct ends t = joined(&forms[10]);
	struct rig_sa name = { .spi = 0x2000, .src = "20.0.0.1", .dst = "20.0.0.2" };
	struct pfkey_msg m, got;
	uint8_t keys[128];
	struct cw_pkt *w;

	assert_int_equal(rig_by_name(t.a, 0, SADB_GET, &name), 0);
	assert_true(rig_last(t.a, 0, &got));
	assert_int_equal(got.sa.flags, CW_SA_OLD | CW_SA_IV4B);
	w = rig_seal(t.a, packet(t.f, 8));
	carry(t.b, w);
	rig_pkt_free(w);
	assert_int_equal(rig_by_name(t.b, 0, SADB_GET, &name), 0);
	assert_true(rig_last(t.b, 0, &got));
	assert_int_equal(got.stats.packets, 1);
	assert_int_equal(got.stats.sequence, 0);	/* it came without one */
	sa_msg(&m, &forms[10], false, keys);
	m.type = SADB_UPDATE;
	m.has &= ~PFKEY_HAS(SADB_EXT_KEY_ENCRYPT);
	m.natt_type = CW_NATT_ESPINUDP;
	m.has |= PFKEY_HAS(SADB_X_EXT_NAT_T_TYPE);
	assert_int_equal(rig_call(t.a, 0, &m), EINVAL);
	part(t);
}

/* Sent without end: no number stops it (RFC 1827 has none that could cycle). */
static void
endless(void **state)
{
	for (unsigned k = 0; k < NFORMS; k++) {
		struct ends t = joined(&forms[k]);
		struct cw_pkt *w;

		rig_set_sequence(t.a->e, 0x2000, 0xffffffff);
		w = rig_seal(t.a, packet(t.f, 8));
		carry(t.b, w);
		assert_int_equal(t.b->nplain, 1);
		rig_pkt_free(w);
		part(t);
	}
}

/* The largest packet that passes whole fills the path, and leaves it when it is an octet longer. */
static void
path(void **state)
{
	for (unsigned k = 0; k < NFORMS; k++) {
		struct ends t = joined(&forms[k]);
		struct cw_addr peer = rig_addr(t.f->gw[1]);
		uint32_t most, front;
		struct cw_pkt *p;

		if (t.f->mode != TUN) {
			part(t);
			continue;
		}
		front = strchr(t.f->gw[0], ':') ? 40 : 20;
		most = t.f->proto == AH ? 1500 - front - 24 : (1500 - front - 4 - wire_iv(t.f)) / 8 * 8 - 2;
		cw_path_mtu(t.a->e, &peer, 1500);
		for (unsigned more = 0; more < 2; more++) {
			p = packet(t.f, most + more - (strchr(t.f->end[0], ':') ? 48 : 28));
			cw_plain_in(t.a->e, &p, 1, t.a->now);
			assert_int_equal(t.a->nwire, !more);
			assert_int_equal(t.a->nplain, more);
			if (!more)
				assert_true(t.a->wire[0]->len + front <= 1500);
			rig_clear(t.a);
		}
		part(t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways), cmocka_unit_test(digests), cmocka_unit_test(keyfill), cmocka_unit_test(ah_answers),
		cmocka_unit_test(esp_answers), cmocka_unit_test(zero_iv), cmocka_unit_test(sealed_form), cmocka_unit_test(every_bit), cmocka_unit_test(truncation),
		cmocka_unit_test(lengths), cmocka_unit_test(forms_apart), cmocka_unit_test(legacy), cmocka_unit_test(refusals),
		cmocka_unit_test(pfs), cmocka_unit_test(known_by_its_flags), cmocka_unit_test(endless), cmocka_unit_test(path),
	};

	host_legacy_open();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
