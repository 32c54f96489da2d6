/* SPDX-License-Identifier: BSD-2-Clause */
/* ESP through two engines, and against vectors made by others: RFC 4303, 4106, 3602, 2410, 4868, 6040. */
#include "core_rig.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

static const struct rig_sa suites[] = {
	{ .cipher = SADB_X_EALG_AES_GCM_ICV16, .bits = 128 },
	{ .cipher = SADB_X_EALG_AES_GCM_ICV16, .bits = 256, .flags = CW_SAF_ESN },
	{ .cipher = CW_EALG_CHACHA20POLY1305, .bits = 256 },
	{ .cipher = SADB_X_EALG_AESCBC, .bits = 128, .auth = SADB_X_AALG_SHA2_256HMAC },
	{ .cipher = SADB_X_EALG_AESCBC, .bits = 256, .auth = SADB_X_AALG_SHA2_256HMAC, .flags = CW_SAF_ESN },
	{ .cipher = SADB_X_EALG_AESCBC, .bits = 256, .auth = SADB_X_AALG_SHA2_384HMAC },
	{ .cipher = SADB_X_EALG_AESCBC, .bits = 256, .auth = SADB_X_AALG_SHA2_512HMAC, .udp = 4500 },
	{ .cipher = SADB_EALG_NULL, .auth = SADB_X_AALG_SHA2_256HMAC },
	{ .cipher = SADB_EALG_NULL, .auth = SADB_X_AALG_SHA2_512HMAC, .flags = CW_SAF_ESN },
	{ .cipher = SADB_X_EALG_AESCTR, .bits = 192, .auth = SADB_AALG_SHA1HMAC },
	{ .cipher = SADB_X_EALG_AESCTR, .bits = 256, .auth = CW_AALG_AES_CMAC, .flags = CW_SAF_ESN },
	{ .cipher = SADB_X_EALG_CAMELLIACBC, .bits = 192, .auth = SADB_X_AALG_AES_XCBC_MAC, .flags = CW_SAF_ESN },
	{ .cipher = SADB_X_EALG_NULL_AES_GMAC, .bits = 128, .flags = CW_SAF_ESN },
	{ .cipher = SADB_EALG_NULL, .auth = CW_AALG_SHA2_256HMAC_96 },
	{ .cipher = SADB_EALG_3DESCBC, .bits = 192, .auth = SADB_AALG_SHA1HMAC },
	{ .cipher = SADB_EALG_DESCBC, .bits = 64, .auth = SADB_AALG_MD5HMAC },
	{ .cipher = SADB_X_EALG_CASTCBC, .bits = 80, .auth = SADB_X_AALG_RIPEMD160HMAC },
	{ .cipher = SADB_X_EALG_BLOWFISHCBC, .bits = 448, .auth = SADB_AALG_MD5HMAC, .flags = CW_SAF_ESN },
};
#define NSUITES	(sizeof(suites) / sizeof(suites[0]))

struct pair { struct host *a, *b; };

static struct pair
joined(const struct rig_sa *like)
{
	struct pair p = { rig_new(), rig_new() };

	assert_int_equal(cw_knob_set(p.a->e, CW_KNOB_LEGACY, 1), 0);
	assert_int_equal(cw_knob_set(p.b->e, CW_KNOB_LEGACY, 1), 0);
	rig_tunnel(p.a, true, like);
	rig_tunnel(p.b, false, like);
	return p;
}

static void
part(struct pair p)
{
	rig_free(p.a);
	rig_free(p.b);
}

/* Every payload length, both families, every suite: what comes out is what went in, to the last octet. */
static void
every_length(void **state)
{
	for (unsigned s = 0; s < NSUITES; s++) {
		struct pair t = joined(&suites[s]);

		for (size_t n = 0; n <= 1350; n++) {
			struct cw_pkt *p = n % 2 ? rig_udp6("fd01::5", "fd02::6", n, 0) : rig_udp4("10.0.1.5", "10.0.2.6", n, 0, false);
			struct cw_pkt *was = rig_copy(p);

			p = rig_seal(t.a, p);
			assert_true(p->len >= was->len + 8 + 2);
			assert_int_equal(p->outer.udp, suites[s].udp != 0);
			rig_carry(t.b, p);
			assert_int_equal(t.b->nplain, 1);
			assert_int_equal(t.b->plain[0]->verdict, CW_DELIVER);
			assert_int_equal(t.b->plain[0]->checked, 1);
			assert_int_equal(t.b->plain[0]->nhist, 1);
			assert_int_equal(t.b->plain[0]->len, was->len);
			assert_memory_equal(cw_pkt_data(t.b->plain[0]), cw_pkt_data(was), was->len);
			rig_clear(t.b);
			rig_pkt_free(was);
		}
		assert_int_equal(rig_drops(t.a) + rig_drops(t.b), 0);
		part(t);
	}
}

/* A burst keeps its order and comes out whole. */
static void
bursts(void **state)
{
	struct pair t = joined(&suites[0]);
	struct cw_pkt *v[200];

	for (unsigned i = 0; i < 200; i++)
		v[i] = rig_udp4("10.0.1.5", "10.0.2.6", i, 0, false);
	cw_plain_in(t.a->e, v, 200, t.a->now);
	assert_int_equal(t.a->nwire, 200);
	memcpy(v, t.a->wire, sizeof(v));
	t.a->nwire = 0;
	cw_wire_in(t.b->e, v, 200, t.b->now);
	assert_int_equal(t.b->nplain, 200);
	for (unsigned i = 0; i < 200; i++)
		assert_int_equal(t.b->plain[i]->len, 28 + i);
	part(t);
}

/* CVE-2002-0666: every shorter form of a good packet is refused, by its own reason, and never as something else. */
static void
every_truncation(void **state)
{
	for (unsigned s = 0; s < NSUITES; s++) {
		struct pair t = joined(&suites[s]);
		struct cw_pkt *good = rig_seal(t.a, rig_udp4("10.0.1.5", "10.0.2.6", 120, 0, false));
		const struct cw_alg *enc = cw_alg_find(false, suites[s].cipher), *auth = cw_alg_find(true, suites[s].auth);
		uint32_t icv = auth ? auth->icv : enc->icv, head = 8u + enc->iv, block = enc->block > 4 ? enc->block : 4u;

		for (uint32_t n = 0; n < good->len && n <= 200; n++) {
			struct cw_pkt *p = rig_pkt(cw_pkt_data(good), n);
			unsigned why = n < 8 ? CW_DROP_ESP_SHORT : n < head + icv + block || (n - head - icv) % block ?
			    CW_DROP_ESP_TRUNCATED : CW_DROP_ICV_WRONG;
			uint64_t before = cw_counter(t.b->e, why), all = rig_drops(t.b);

			p->outer = good->outer;
			rig_carry(t.b, p);
			rig_dropped(t.b, why);
			assert_int_equal(cw_counter(t.b->e, why), before + 1);
			assert_int_equal(rig_drops(t.b), all + 1);
			rig_clear(t.b);
		}
		rig_carry(t.b, good);	/* and none of it moved the window */
		assert_int_equal(t.b->nplain, 1);
		part(t);
	}
}

/* Every bit of the packet: the SPI's bits lead nowhere, all others break the ICV. */
static void
every_bit(void **state)
{
	for (unsigned s = 0; s < NSUITES; s++) {
		struct pair t = joined(&suites[s]);
		struct cw_pkt *good = rig_seal(t.a, rig_udp4("10.0.1.5", "10.0.2.6", 33, 0, false));

		for (uint32_t bit = 0; bit < good->len * 8; bit++) {
			struct cw_pkt *p = rig_copy(good);
			uint32_t spi;

			cw_pkt_data(p)[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
			memcpy(&spi, cw_pkt_data(p), 4);
			rig_carry(t.b, p);
			if (bit == 63)	/* sequence number 1 becomes 0 */
				rig_dropped(t.b, CW_DROP_SEQUENCE_ZERO);
			else if (bit < 32)
				rig_dropped(t.b, spi == 0 ? CW_DROP_SPI_RESERVED : CW_DROP_SPI_UNKNOWN);
			else
				rig_dropped(t.b, CW_DROP_ICV_WRONG);
			rig_clear(t.b);
		}
		rig_carry(t.b, good);
		assert_int_equal(t.b->nplain, 1);
		part(t);
	}
}

/* CVE-2006-0905: the same frame twice, and out of order inside and outside the window, in a window of 64. */
static void
replays(void **state)
{
	struct pair t = joined(&suites[0]);
	struct cw_pkt *v[200];

	for (unsigned i = 0; i < 200; i++)
		v[i] = rig_seal(t.a, rig_udp4("10.0.1.5", "10.0.2.6", 10, 0, false));
	rig_carry(t.b, rig_copy(v[99]));	/* sequence number 100 */
	rig_clear(t.b);
	rig_carry(t.b, rig_copy(v[99]));
	rig_dropped(t.b, CW_DROP_REPLAY_DUPLICATE);
	rig_clear(t.b);
	rig_carry(t.b, rig_copy(v[36]));	/* 37 = 100 - 63: the last one inside */
	assert_int_equal(t.b->nplain, 1);
	rig_clear(t.b);
	rig_carry(t.b, rig_copy(v[35]));
	rig_dropped(t.b, CW_DROP_REPLAY_OLD);
	rig_clear(t.b);
	rig_carry(t.b, rig_copy(v[36]));
	rig_dropped(t.b, CW_DROP_REPLAY_DUPLICATE);
	rig_clear(t.b);
	assert_int_equal(cw_counter(t.b->e, CW_DROP_REPLAY_DUPLICATE), 2);
	assert_int_equal(cw_counter(t.b->e, CW_DROP_REPLAY_OLD), 1);
	for (unsigned i = 0; i < 200; i++)
		rig_pkt_free(v[i]);
	part(t);
}

/* The same frame twice in one burst: both pass the first check, only one the second. */
static void
replay_in_a_burst(void **state)
{
	struct pair t = joined(&suites[0]);
	struct cw_pkt *v[2];

	v[0] = rig_seal(t.a, rig_udp4("10.0.1.5", "10.0.2.6", 10, 0, false));
	v[1] = rig_copy(v[0]);
	cw_wire_in(t.b->e, v, 2, t.b->now);
	assert_int_equal(t.b->nplain, 1);
	assert_int_equal(t.b->ndrop, 1);
	assert_int_equal(t.b->drop[0]->drop, CW_DROP_REPLAY_DUPLICATE);
	part(t);
}

/* A whole packet, made here with EVP and nothing of the engine. AES-256-GCM; the IV is not the engine's own choice. */
static size_t
foreign_gcm(uint8_t out[2048], uint32_t spi, uint64_t seq, bool esn, uint8_t seed, const uint8_t *inner, size_t n)
{
	struct rig_sa like = { .cipher = SADB_X_EALG_AES_GCM_ICV16, .bits = 256, .seed = seed };
	uint8_t key[64], akey[64], nonce[12], aad[12], text[1600];
	size_t elen, alen, pad = (4 - (n + 2) % 4) % 4, total = n + pad + 2;
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int k;

	rig_keys(&like, key, &elen, akey, &alen);
	memcpy(text, inner, n);
	for (size_t i = 0; i < pad; i++)
		text[n + i] = (uint8_t)(i + 1);
	text[n + pad] = (uint8_t)pad;
	text[n + pad + 1] = inner[0] >> 4 == 6 ? 41 : 4;
	for (unsigned i = 0; i < 4; i++) {
		out[i] = (uint8_t)(spi >> (24 - 8 * i));
		out[4 + i] = (uint8_t)(seq >> (24 - 8 * i));
		aad[4 + i] = (uint8_t)(seq >> (56 - 8 * i));
	}
	memcpy(aad, out, 4);
	memcpy(aad + 8, out + 4, 4);
	memset(out + 8, 0xee, 8);
	out[15] = (uint8_t)seq;
	memcpy(nonce, key + 32, 4);
	memcpy(nonce + 4, out + 8, 8);
	assert_int_equal(EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, nonce), 1);
	assert_int_equal(EVP_EncryptUpdate(c, NULL, &k, esn ? aad : out, esn ? 12 : 8), 1);
	assert_int_equal(EVP_EncryptUpdate(c, out + 16, &k, text, (int)total), 1);
	assert_int_equal(EVP_EncryptFinal_ex(c, out + 16 + k, &k), 1);
	assert_int_equal(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, 16, out + 16 + total), 1);
	EVP_CIPHER_CTX_free(c);
	return 16 + total + 16;
}

static struct cw_pkt *
arrived(const uint8_t *p, size_t n, bool left)
{
	struct cw_pkt *k = rig_pkt(p, n);

	k->outer.src = rig_addr(left ? "20.0.0.2" : "20.0.0.1");
	k->outer.dst = rig_addr(left ? "20.0.0.1" : "20.0.0.2");
	return k;
}

static void
foreign_packet(void **state)
{
	for (unsigned esn = 0; esn < 2; esn++) {
		struct rig_sa like = { .cipher = SADB_X_EALG_AES_GCM_ICV16, .bits = 256, .flags = esn ? CW_SAF_ESN : 0 };
		struct host *h = rig_new();
		struct cw_pkt *in = rig_udp4("10.0.1.5", "10.0.2.6", 200, 0, false), *mine;
		uint8_t wire[2048];
		size_t n;

		rig_tunnel(h, false, &like);
		n = foreign_gcm(wire, 0x2000, 1, esn, 2, cw_pkt_data(in), in->len);
		rig_carry(h, arrived(wire, n, false));
		assert_int_equal(h->nplain, 1);
		assert_int_equal(h->plain[0]->len, in->len);
		assert_memory_equal(cw_pkt_data(h->plain[0]), cw_pkt_data(in), in->len);
		rig_clear(h);
		rig_pkt_free(in);

		/* the other way: what the engine seals has exactly the octets of the independent construction, IV = sequence number */
		in = rig_udp4("10.0.2.6", "10.0.1.5", 64, 0, false);
		n = foreign_gcm(wire, 0x1000, 1, esn, 1, cw_pkt_data(in), in->len);
		mine = rig_seal(h, in);
		assert_int_equal(mine->len, n);
		assert_memory_equal(cw_pkt_data(mine), wire, 8);
		assert_memory_equal(cw_pkt_data(mine) + 8, "\0\0\0\0\0\0\0\1", 8);
		rig_pkt_free(mine);
		rig_free(h);
	}
}

/* What is inside an authenticated packet is not believed either. */
static void
bad_inside(void **state)
{
	static const struct { const char *what; size_t cut; int at; uint8_t v; unsigned why; } t[] = {
		{ "version 5", 0, 0, 0x55, CW_DROP_INNER_HEADER },
		{ "header of 16 octets", 0, 0, 0x44, CW_DROP_INNER_HEADER },
		{ "checksum", 0, 11, 0x99, CW_DROP_INNER_HEADER },
		{ "19 octets", 9 + 100, -1, 0, CW_DROP_INNER_SHORT },
		{ "claims more than is there", 50, -1, 0, CW_DROP_INNER_LENGTH },
		{ "nothing at all", 128, -1, 0, CW_DROP_INNER_SHORT },
	};
	struct rig_sa like = { .cipher = SADB_X_EALG_AES_GCM_ICV16, .bits = 256, .sel_src = NULL };
	struct host *h = rig_new();

	rig_tunnel(h, false, &like);
	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct cw_pkt *in = rig_udp4("10.0.1.5", "10.0.2.6", 100, 0, false);
		uint64_t before = cw_counter(h->e, t[i].why);
		uint8_t wire[2048];
		size_t n;

		if (t[i].at >= 0)
			cw_pkt_data(in)[t[i].at] = t[i].v;
		n = foreign_gcm(wire, 0x2000, 1 + i, false, 2, cw_pkt_data(in), in->len - t[i].cut);
		rig_carry(h, arrived(wire, n, false));
		rig_dropped(h, t[i].why);
		assert_int_equal(cw_counter(h->e, t[i].why), before + 1);
		rig_clear(h);
		rig_pkt_free(in);
	}
	assert_int_equal(rig_drops(h), sizeof(t) / sizeof(t[0]));
	rig_free(h);
}

/* NIST SP 800-38A F.2.1 through our cipher context: CBC-AES128, and RFC 4868 2.7.2.1's HMAC-SHA-256-128 (AUTH256-2's key shape). */
static void
seam_vectors(void **state)
{
	static const uint8_t key[16] = { 0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c };
	static const uint8_t iv[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	static const uint8_t plain[16] = { 0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96, 0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a };
	static const uint8_t want[16] = { 0x76, 0x49, 0xab, 0xac, 0x81, 0x19, 0xb2, 0x46, 0xce, 0xe9, 0x8e, 0x9b, 0x12, 0xe9, 0x19, 0x7d };
	uint8_t akey[32], pkt[8 + 16 + 16 + 32] = { 0, 0, 0x10, 0, 0, 0, 0, 9 }, mac[32];
	struct cw_crypt c;
	struct host_aead *a;
	unsigned n;

	memset(akey, 0x0b, sizeof(akey));
	a = host_aead_new(SADB_X_EALG_AESCBC, SADB_X_AALG_SHA2_256HMAC, key, 16, akey, 32);
	assert_non_null(a);
	memcpy(pkt + 8, iv, 16);
	memcpy(pkt + 24, plain, 16);
	c = (struct cw_crypt){ .aead = a, .esp = pkt, .head = 24, .text = 16 };
	assert_true(host_crypt_one(&c, true));
	assert_memory_equal(pkt + 24, want, 16);
	HMAC(EVP_sha256(), akey, 32, pkt, 40, mac, &n);
	assert_memory_equal(pkt + 40, mac, 16);
	assert_true(host_crypt_one(&c, false));
	assert_memory_equal(pkt + 24, plain, 16);
	host_aead_free(a);
}

/* RFC 2410: the text is what it was; then the ICV is that of RFC 4868 2.7.2, whose data stand here as header and text. */
static void
null_vectors(void **state)
{
	static const struct { const char *key, *data; unsigned auth, alen; uint8_t icv[32]; } v[] = {
		{ "\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v", "Hi There", SADB_X_AALG_SHA2_256HMAC, 32,
		  { 0x19, 0x8a, 0x60, 0x7e, 0xb4, 0x4b, 0xfb, 0xc6, 0x99, 0x03, 0xa0, 0xf1, 0xcf, 0x2b, 0xbd, 0xc5 } },
		{ "JefeJefeJefeJefeJefeJefeJefeJefe", "what do ya want for nothing?", SADB_X_AALG_SHA2_256HMAC, 32,
		  { 0x16, 0x7f, 0x92, 0x85, 0x88, 0xc5, 0xcc, 0x2e, 0xef, 0x8e, 0x30, 0x93, 0xca, 0xa0, 0xe8, 0x7c } },
		{ "JefeJefeJefeJefeJefeJefeJefeJefeJefeJefeJefeJefe", "what do ya want for nothing?", SADB_X_AALG_SHA2_384HMAC, 48,
		  { 0x2c, 0x73, 0x53, 0x97, 0x4f, 0x18, 0x42, 0xfd, 0x66, 0xd5, 0x3c, 0x45, 0x2c, 0xa4, 0x21, 0x22,
		    0xb2, 0x8c, 0x0b, 0x59, 0x4c, 0xfb, 0x18, 0x4d } },
		{ "JefeJefeJefeJefeJefeJefeJefeJefeJefeJefeJefeJefeJefeJefeJefeJefe", "what do ya want for nothing?", SADB_X_AALG_SHA2_512HMAC, 64,
		  { 0xcb, 0x37, 0x09, 0x17, 0xae, 0x8a, 0x7c, 0xe2, 0x8c, 0xfd, 0x1d, 0x8f, 0x47, 0x05, 0xd6, 0x14,
		    0x1c, 0x17, 0x3b, 0x2a, 0x93, 0x62, 0xc1, 0x5d, 0xf2, 0x35, 0xdf, 0xb2, 0x51, 0xb1, 0x54, 0x54 } },
	};

	for (unsigned i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct host_aead *a = host_aead_new(SADB_EALG_NULL, v[i].auth, NULL, 0, (const uint8_t *)v[i].key, v[i].alen);
		uint32_t n = (uint32_t)strlen(v[i].data), icv = v[i].alen / 2;
		uint8_t pkt[64];
		struct cw_crypt c = { .aead = a, .esp = pkt, .head = 8, .text = n - 8 };

		assert_non_null(a);
		memcpy(pkt, v[i].data, n);
		assert_true(host_crypt_one(&c, true));
		assert_memory_equal(pkt, v[i].data, n);
		assert_memory_equal(pkt + n, v[i].icv, icv);
		assert_true(host_crypt_one(&c, false));
		assert_memory_equal(pkt, v[i].data, n);
		pkt[n + icv - 1] ^= 1;
		assert_false(host_crypt_one(&c, false));
		host_aead_free(a);
	}
	assert_null(host_aead_new(SADB_EALG_NULL, 0, NULL, 0, NULL, 0));	/* nothing protects it */
}

/* Selectors of the SA, RFC 4301 5.2; and the reasons for having no SA at all. */
static void
selectors(void **state)
{
	struct rig_sa like = { .cipher = SADB_X_EALG_AES_GCM_ICV16, .bits = 256 };
	struct host *h = rig_new();
	struct cw_pkt *in = rig_udp4("10.0.1.5", "10.0.2.6", 20, 0, false), *p;
	struct rig_sa narrow = { .bits = 256, .spi = 0x3000, .reqid = 7, .src = "20.0.0.1", .dst = "20.0.0.2", .seed = 3, .window = 64,
	    .flags = CW_SAF_IN, .sel_src = "10.0.1.128/25", .sel_dst = "10.0.2.0/24" };
	struct rig_sa out = narrow;
	uint8_t wire[2048];
	size_t n;

	rig_tunnel(h, false, &like);
	assert_int_equal(rig_sa(h, &narrow), 0);
	n = foreign_gcm(wire, 0x3000, 1, false, 3, cw_pkt_data(in), in->len);
	rig_carry(h, arrived(wire, n, false));
	rig_dropped(h, CW_DROP_SELECTOR_IN);
	rig_clear(h);
	rig_pkt_free(in);

	/* the newest SA for sending is too narrow for this packet, the older one takes it; without the older, its own reason */
	out.spi = 0x4000;
	out.flags = CW_SAF_OUT;
	out.src = "20.0.0.2";
	out.dst = "20.0.0.1";
	out.sel_src = "10.0.2.0/24";
	out.sel_dst = "10.0.1.128/25";
	assert_int_equal(rig_sa(h, &out), 0);
	p = rig_seal(h, rig_udp4("10.0.2.6", "10.0.1.5", 20, 0, false));
	assert_int_equal(cw_pkt_data(p)[2], 0x10);
	rig_pkt_free(p);
	p = rig_seal(h, rig_udp4("10.0.2.6", "10.0.1.200", 20, 0, false));
	assert_int_equal(cw_pkt_data(p)[2], 0x40);
	rig_pkt_free(p);
	rig_free(h);
}

/* Each thing that a selector says, one by one outside of it: addresses at both ends of a range, the protocol, ports, the other family. */
static void
each_selector(void **state)
{
	static const struct { const char *src, *dst; unsigned proto, sport, dport; bool in; } t[] = {
		{ "10.0.1.128", "10.0.2.6", 17, 1000, 53, true }, { "10.0.1.255", "10.0.2.127", 17, 2000, 53, true },
		{ "10.0.1.127", "10.0.2.6", 17, 1000, 53, false }, { "10.0.1.200", "10.0.2.128", 17, 1000, 53, false },
		{ "10.0.1.200", "10.0.2.6", 17, 999, 53, false }, { "10.0.1.200", "10.0.2.6", 17, 2001, 53, false },
		{ "10.0.1.200", "10.0.2.6", 17, 1500, 54, false }, { "10.0.1.200", "10.0.2.6", 17, 53, 1500, false },
		{ "10.0.1.200", "10.0.2.6", 136, 1500, 53, false }, { "fd01::5", "fd02::6", 17, 1500, 53, false },
	};
	struct rig_sa narrow = { .bits = 256, .spi = 0x3000, .reqid = 7, .src = "20.0.0.1", .dst = "20.0.0.2", .seed = 3, .window = 64,
	    .flags = CW_SAF_IN, .sel_src = "10.0.1.128/25", .sel_dst = "10.0.2.0/25" };
	struct host *h = rig_new();
	unsigned outside = 0;
	struct pfkey_msg m;
	uint8_t keys[128];

	rig_tunnel(h, false, &(struct rig_sa){ 0 });
	rig_sa_msg(&m, &narrow, SADB_ADD, keys);
	m.sel_src.v[0].proto = m.sel_dst.v[0].proto = 17;
	m.sel_src.v[0].port_lo = 1000;
	m.sel_src.v[0].port_hi = 2000;
	m.sel_dst.v[0].port_lo = m.sel_dst.v[0].port_hi = 53;
	assert_int_equal(rig_call(h, 0, &m), 0);
	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		bool v6 = strchr(t[i].src, ':') != NULL;
		struct cw_pkt *in = v6 ? rig_udp6(t[i].src, t[i].dst, 20, 0) : rig_udp4(t[i].src, t[i].dst, 20, 0, false);
		uint8_t *d = cw_pkt_data(in), *udp = d + (v6 ? 40 : 20), wire[2048];
		unsigned sum = (unsigned)d[10] << 8 | d[11];

		if (t[i].proto != 17) {	/* UDP-Lite, whose ports are where UDP has them; the header's sum goes down by as much */
			d[9] = (uint8_t)t[i].proto;
			sum = sum >= t[i].proto - 17 ? sum - (t[i].proto - 17) : sum + 65535 - (t[i].proto - 17);
			d[10] = (uint8_t)(sum >> 8);
			d[11] = (uint8_t)sum;
		}
		udp[0] = (uint8_t)(t[i].sport >> 8);
		udp[1] = (uint8_t)t[i].sport;
		udp[2] = (uint8_t)(t[i].dport >> 8);
		udp[3] = (uint8_t)t[i].dport;
		rig_clear(h);
		rig_carry(h, arrived(wire, foreign_gcm(wire, 0x3000, 1 + i, false, 3, d, in->len), false));
		if (t[i].in != (h->nplain == 1))
			fail_msg("row %u: %u came out", i, h->nplain);
		if (!t[i].in) {
			rig_dropped(h, CW_DROP_SELECTOR_IN);
			outside++;
		}
		rig_pkt_free(in);
	}
	assert_int_equal(rig_by_name(h, 0, SADB_GET, &narrow), 0);
	assert_true(rig_last(h, 0, &m));
	assert_int_equal(m.stats.selector, outside);
	assert_int_equal(m.current.packets, sizeof(t) / sizeof(t[0]) - outside);
	rig_free(h);
}

/* The ports of a later fragment are not known (RFC 4301 7): an SA for some ports has none, also where 0 is one of them, and an SA for all takes it. */
static void
fragments_by_port(void **state)
{
	for (unsigned all = 0; all < 2; all++) {
		struct rig_sa narrow = { .bits = 256, .spi = 0x3000, .reqid = 7, .src = "20.0.0.1", .dst = "20.0.0.2", .seed = 3, .window = 64,
		    .flags = CW_SAF_IN, .sel_src = "10.0.1.0/24", .sel_dst = "10.0.2.0/24" };
		struct cw_pkt *in = rig_udp4("10.0.1.5", "10.0.2.6", 20, 0, false);
		uint8_t *d = cw_pkt_data(in), keys[128], wire[2048];
		struct host *h = rig_new();
		struct pfkey_msg m;

		rig_tunnel(h, false, &(struct rig_sa){ 0 });
		rig_sa_msg(&m, &narrow, SADB_ADD, keys);
		m.sel_src.v[0].proto = m.sel_dst.v[0].proto = 17;
		m.sel_src.v[0].port_hi = m.sel_dst.v[0].port_hi = all ? 65535 : 1023;
		assert_int_equal(rig_call(h, 0, &m), 0);
		d[7] = 5;	/* its place in the packet; the header's sum goes down by as much */
		assert_true(d[11] >= 5);
		d[11] = (uint8_t)(d[11] - 5);
		rig_carry(h, arrived(wire, foreign_gcm(wire, 0x3000, 1, false, 3, d, in->len), false));
		if (all)
			assert_int_equal(h->nplain, 1);
		else
			rig_dropped(h, CW_DROP_SELECTOR_IN);
		rig_pkt_free(in);
		rig_free(h);
	}
}

static void
dscp_ecn_df(void **state)
{
	static const struct { uint8_t inner, outer, want; bool drop; } t[] = {	/* RFC 6040 4.2 */
		{ 0, 0, 0, false }, { 0, 1, 0, false }, { 0, 2, 0, false }, { 0, 3, 0, true },
		{ 2, 0, 2, false }, { 2, 1, 1, false }, { 2, 2, 2, false }, { 2, 3, 3, false },
		{ 1, 0, 1, false }, { 1, 1, 1, false }, { 1, 2, 1, false }, { 1, 3, 3, false },
		{ 3, 0, 3, false }, { 3, 1, 3, false }, { 3, 2, 3, false }, { 3, 3, 3, false },
	};

	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct pair p = joined(&suites[0]);

		for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
			unsigned tos = 0xb8 | t[i].inner;
			struct cw_pkt *k = rig_seal(p.a, v6 ? rig_udp6("fd01::1", "fd02::1", 9, tos) : rig_udp4("10.0.1.5", "10.0.2.6", 9, tos, i % 2));
			const uint8_t *d;

			assert_int_equal(k->outer.tos, tos);
			assert_int_equal(k->outer.df, v6 ? 1 : i % 2);
			k->outer.tos = (uint8_t)(0xb8 | t[i].outer);
			rig_carry(p.b, k);
			if (t[i].drop) {
				rig_dropped(p.b, CW_DROP_ECN_ILLEGAL);
			} else {
				assert_int_equal(p.b->nplain, 1);
				d = cw_pkt_data(p.b->plain[0]);
				assert_int_equal(v6 ? (d[0] << 4 | d[1] >> 4) & 0xff : d[1], 0xb8 | t[i].want);
				assert_int_equal(cw_policy_check_in(p.b->e, p.b->plain[0]), CW_DROP_NONE);	/* checksum still right */
			}
			rig_clear(p.b);
		}
		part(p);
	}
}

/* Too big and not to be fragmented: the sender is told the size that does pass, and a packet of that size passes. */
static void
path_mtu(void **state)
{
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct pair t = joined(&suites[0]);
		struct cw_addr peer = rig_addr("20.0.0.2");
		const uint8_t *d;
		struct cw_pkt *p;
		uint32_t mtu;
		size_t head = v6 ? 48 : 28;

		cw_path_mtu(t.a->e, &peer, 1400);
		p = v6 ? rig_udp6("fd01::1", "fd02::1", 1380, 0) : rig_udp4("10.0.1.5", "10.0.2.6", 1380, 0, true);
		cw_plain_in(t.a->e, &p, 1, t.a->now);
		assert_int_equal(t.a->nplain, 1);
		assert_int_equal(t.a->nwire, 0);
		assert_int_equal(t.a->plain[0]->verdict, CW_ANSWER);
		d = cw_pkt_data(t.a->plain[0]);
		if (v6) {
			assert_int_equal(d[40], 2);
			mtu = (uint32_t)d[46] << 8 | d[47];
			assert_int_equal(d[39], 1);	/* to fd01::1 */
		} else {
			assert_int_equal(d[20] << 8 | d[21], 0x304);
			mtu = (uint32_t)d[26] << 8 | d[27];
			assert_memory_equal(d + 16, "\x0a\x00\x01\x05", 4);
		}
		assert_int_equal(cw_policy_check_in(t.b->e, t.a->plain[0]), CW_DROP_NONE);	/* well formed */
		assert_int_equal(cw_counter(t.a->e, CW_DROP_TOO_BIG), 1);
		rig_clear(t.a);
		assert_in_range(mtu, 1340, 1362);
		p = v6 ? rig_udp6("fd01::1", "fd02::1", mtu - head, 0) : rig_udp4("10.0.1.5", "10.0.2.6", mtu - head, 0, true);
		p = rig_seal(t.a, p);
		assert_in_range(p->len + 20, 1400 - 3, 1400);
		assert_int_equal(p->outer.df, 1);
		rig_pkt_free(p);
		if (!v6) {	/* without DF it leaves, to be cut by the host */
			p = rig_seal(t.a, rig_udp4("10.0.1.5", "10.0.2.6", 1380, 0, false));
			assert_int_equal(p->outer.df, 0);
			assert_int_equal(p->outer.piece, 1400);
			rig_pkt_free(p);
		}
		part(t);
	}
}

static void
mss(void **state)
{
	/* TCP SYN with MSS 1460 after a NOP, so that the value lies across two words of the sum */
	static const uint8_t opts[8] = { 1, 2, 4, 0x05, 0xb4, 1, 1, 0 };

	for (unsigned even = 0; even < 2; even++) {
		struct pair t = joined(&suites[0]);
		struct cw_pkt *p = rig_udp4("10.0.1.5", "10.0.2.6", 20, 0, true);	/* 20 + 28 octets: TCP header with 8 of options */
		uint8_t *d = cw_pkt_data(p), *tcp = d + 20;
		uint32_t s = 6 + 28;

		d[9] = 6;
		d[10] = d[11] = 0;
		memset(tcp, 0, 28);
		tcp[1] = 9;
		tcp[3] = 80;
		tcp[12] = 7 << 4;
		tcp[13] = 2;
		memcpy(tcp + 20, opts + even, 8 - even);
		for (unsigned i = 12; i < 48; i += 2)
			s += (uint32_t)d[i] << 8 | d[i + 1];
		while (s >> 16)
			s = (s & 0xffff) + (s >> 16);
		tcp[16] = (uint8_t)(~s >> 8);
		tcp[17] = (uint8_t)~s;
		s = 0;
		for (unsigned i = 0; i < 20; i += 2)
			s += (uint32_t)d[i] << 8 | d[i + 1];
		while (s >> 16)
			s = (s & 0xffff) + (s >> 16);
		d[10] = (uint8_t)(~s >> 8);
		d[11] = (uint8_t)~s;
		rig_carry(t.b, rig_seal(t.a, p));
		assert_int_equal(t.b->nplain, 1);
		d = cw_pkt_data(t.b->plain[0]);
		tcp = d + 20;
		s = (uint32_t)tcp[23 - even] << 8 | tcp[24 - even];
		assert_in_range(s, 1380, 1420);
		s = 6 + 28;
		for (unsigned i = 12; i < 48; i += 2)
			s += (uint32_t)d[i] << 8 | d[i + 1];
		while (s >> 16)
			s = (s & 0xffff) + (s >> 16);
		assert_int_equal(s, 0xffff);
		part(t);
	}
}

/* A peer behind a NAT that moves: only the newest authenticated packet moves it, and what we send follows. */
static void
mapping(void **state)
{
	struct rig_sa udp = { .udp = 4500 };
	struct pair t = joined(&udp);
	struct cw_pkt *one = rig_seal(t.a, rig_udp4("10.0.1.5", "10.0.2.6", 1, 0, false));
	struct cw_pkt *two = rig_seal(t.a, rig_udp4("10.0.1.5", "10.0.2.6", 1, 0, false)), *p;
	struct pfkey_msg m;

	two->outer.src = rig_addr("9.9.9.9");
	two->outer.sport = 61000;
	p = rig_copy(two);
	cw_pkt_data(p)[20] ^= 1;
	rig_carry(t.b, p);
	rig_dropped(t.b, CW_DROP_ICV_WRONG);
	assert_false(rig_event(t.b, 0, SADB_X_NAT_T_NEW_MAPPING, &m));
	rig_clear(t.b);
	rig_carry(t.b, two);
	assert_true(rig_event(t.b, 0, CW_MSG_USED, &m));
	assert_int_equal(m.sa.spi, 0x2000);
	assert_true(rig_event(t.b, 0, SADB_X_NAT_T_NEW_MAPPING, &m));
	assert_int_equal(m.natt_dport, 61000);
	assert_int_equal(m.natt_sport, 4500);
	assert_memory_equal(m.dst.ep.addr.b, "\x09\x09\x09\x09", 4);
	p = rig_seal(t.b, rig_udp4("10.0.2.6", "10.0.1.5", 1, 0, false));
	assert_int_equal(p->outer.dport, 61000);
	assert_memory_equal(p->outer.dst.b, "\x09\x09\x09\x09", 4);
	rig_pkt_free(p);
	rig_forget(t.b, 0);
	t.b->now += S;		/* by the clock it might move again */
	rig_carry(t.b, one);	/* older: it comes from the old place, and changes nothing */
	assert_false(rig_event(t.b, 0, SADB_X_NAT_T_NEW_MAPPING, &m));
	p = rig_seal(t.b, rig_udp4("10.0.2.6", "10.0.1.5", 1, 0, false));
	assert_int_equal(p->outer.dport, 61000);
	rig_pkt_free(p);
	part(t);
}

/* A peer that seems to move with every packet is told of, and followed, eight times a second at most; where it stays in the end counts. */
static void
mapping_flood(void **state)
{
	struct rig_sa udp = { .udp = 4500 };
	struct pair t = joined(&udp);
	struct pfkey_msg m;
	struct cw_pkt *p;
	unsigned told = 0;

	for (unsigned i = 0; i < 2000; i++) {
		rig_forget(t.b, 0);
		p = rig_seal(t.a, rig_udp4("10.0.1.5", "10.0.2.6", 1, 0, false));
		p->outer.src = rig_addr(i % 2 ? "9.9.9.9" : "8.8.8.8");
		t.b->now += S / 1000;
		rig_carry(t.b, p);
		told += rig_event(t.b, 0, SADB_X_NAT_T_NEW_MAPPING, &m);
	}
	assert_in_range(told, 15, 17);
	t.b->now += S / 8;
	p = rig_seal(t.a, rig_udp4("10.0.1.5", "10.0.2.6", 1, 0, false));
	p->outer.src = rig_addr("7.7.7.7");
	rig_carry(t.b, p);
	p = rig_seal(t.b, rig_udp4("10.0.2.6", "10.0.1.5", 1, 0, false));
	assert_memory_equal(p->outer.dst.b, "\x07\x07\x07\x07", 4);
	rig_pkt_free(p);
	part(t);
}

static void
set_spi(uint8_t *p, uint32_t spi)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(spi >> (24 - 8 * i));
}

/* A packet that has no SA here is told, with where it came from; of a flood once a second for each group of sources. */
static void
strays(void **state)
{
	struct pair t = joined(&(struct rig_sa){ .udp = 4500 });
	struct cw_pkt *good = rig_seal(t.a, rig_udp4("10.0.1.5", "10.0.2.6", 33, 0, false));
	struct pfkey_msg m;

	pfkey_msg_init(&m, SADB_REGISTER, SADB_SATYPE_ESP);
	assert_int_equal(rig_call(t.b, 1, &m), 0);
	t.b->now += 5 * S;
	set_spi(cw_pkt_data(good), 0x77777777);
	good->outer.sport = 61000;
	rig_carry(t.b, rig_copy(good));
	rig_dropped(t.b, CW_DROP_SPI_UNKNOWN);
	assert_true(rig_event(t.b, 0, CW_MSG_STRAY, &m));
	assert_true(m.satype == SADB_SATYPE_ESP && m.sa.spi == 0x77777777 && m.natt_type == CW_NATT_ESPINUDP && m.natt_sport == 61000 && m.natt_dport == 4500);
	assert_memory_equal(m.src.ep.addr.b, good->outer.src.b, 4);
	assert_memory_equal(m.dst.ep.addr.b, good->outer.dst.b, 4);
	assert_false(rig_event(t.b, 1, CW_MSG_STRAY, &m));	/* it is registered, and has not said HELLO */
	rig_forget(t.b, 0);
	t.b->now += S - 1;
	rig_carry(t.b, rig_copy(good));
	assert_int_equal(t.b->client[0].n, 0);
	t.b->now += 1;
	rig_carry(t.b, rig_copy(good));
	assert_int_equal(t.b->client[0].n, 1);

	rig_clear(t.b);
	rig_forget(t.b, 0);
	for (unsigned second = 0; second < 3; second++, t.b->now += S)
		for (unsigned i = 0; i < 3000; i++) {
			struct cw_pkt *p = rig_copy(good);

			p->outer.src = (struct cw_addr){ .fam = 4, .b = { 9, (uint8_t)second, (uint8_t)(i >> 8), (uint8_t)i } };
			set_spi(cw_pkt_data(p), 0x10000 + i);
			rig_carry(t.b, p);
		}
	assert_in_range(t.b->client[0].n, CW_STRAYS * 3 - 6, CW_STRAYS * 3);

	rig_clear(t.b);
	rig_forget(t.b, 0);
	t.b->now += 2 * S;
	set_spi(cw_pkt_data(good), 7);		/* no SPI that anybody may use, and no packet at all */
	rig_carry(t.b, rig_copy(good));
	set_spi(cw_pkt_data(good), 0x77777777);
	good->len = 7;
	rig_carry(t.b, rig_copy(good));
	assert_int_equal(t.b->client[0].n, 0);
	rig_pkt_free(good);
	part(t);
}

/* Both forms are received, whatever the SA says it sends. */
static void
both_forms(void **state)
{
	struct pair t = joined(&suites[0]);
	struct cw_pkt *p = rig_seal(t.a, rig_udp4("10.0.1.5", "10.0.2.6", 1, 0, false));

	p->outer.udp = 1;
	p->outer.sport = p->outer.dport = 4500;
	rig_carry(t.b, p);
	assert_int_equal(t.b->nplain, 1);
	part(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length), cmocka_unit_test(bursts), cmocka_unit_test(every_truncation), cmocka_unit_test(every_bit),
		cmocka_unit_test(replays), cmocka_unit_test(replay_in_a_burst), cmocka_unit_test(foreign_packet), cmocka_unit_test(bad_inside),
		cmocka_unit_test(seam_vectors), cmocka_unit_test(null_vectors), cmocka_unit_test(selectors), cmocka_unit_test(each_selector), cmocka_unit_test(fragments_by_port), cmocka_unit_test(dscp_ecn_df), cmocka_unit_test(path_mtu),
		cmocka_unit_test(mss), cmocka_unit_test(mapping), cmocka_unit_test(mapping_flood), cmocka_unit_test(strays), cmocka_unit_test(both_forms),
	};

	assert_true(host_legacy_open());
	return cmocka_run_group_tests(tests, NULL, NULL);
}
