/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AH (RFC 4302) through two engines: each mode, family and algorithm, alone and in bundles; what its ICV covers and what it does not; replay,
 * truncation, fragments; and its wire form against known answers, made by hashlib, hmac and AESGCM of Python from the fields of the headers.
 */
#include "core_rig.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/params.h>

#include "core.h"
#include "core_ah_stacks.h"

static const struct { unsigned id; unsigned icv; const char *digest; } algs[] = {
	{ SADB_X_AALG_SHA2_256HMAC, 16, "SHA256" }, { SADB_X_AALG_SHA2_384HMAC, 24, "SHA384" }, { SADB_X_AALG_SHA2_512HMAC, 32, "SHA512" },
	{ CW_AALG_SHA2_256HMAC_96, 12, "SHA256" }, { SADB_AALG_SHA1HMAC, 12, "SHA1" }, { SADB_X_AALG_AES_XCBC_MAC, 12, NULL },
	{ CW_AALG_AES_CMAC, 12, NULL }, { CW_AALG_AES_128_GMAC, 24, NULL }, { CW_AALG_AES_192_GMAC, 24, NULL }, { CW_AALG_AES_256_GMAC, 24, NULL },
	{ SADB_AALG_MD5HMAC, 12, "MD5" }, { SADB_X_AALG_RIPEMD160HMAC, 12, "RIPEMD160" },
};
#define NALGS	(sizeof(algs) / sizeof(algs[0]))

struct ends { struct host *a, *b; const struct stack *s; };
struct how { unsigned auth; uint32_t flags, window; };

static void
ah_msg(struct pfkey_msg *m, const struct rig_sa *a, uint8_t keys[128])
{
	rig_sa_msg(m, a, SADB_ADD, keys);
	rig_as_ah(m);
}

static void
key(struct host *h, const struct layer *l, unsigned i, bool back, const struct how *how)
{
	struct rig_sa sa = {
		.spi = (back ? 0x1000 : 0x2000) + i, .src = back ? l->dst : l->src, .dst = back ? l->src : l->dst, .mode = (uint8_t)l->mode,
		.window = how->window ? how->window : 64, .seed = (uint8_t)(i + (back ? 8 : 0)), .flags = how->flags,
	};
	struct pfkey_msg m;
	uint8_t keys[128];

	if (l->proto == ESP) {
		assert_int_equal(rig_sa(h, &sa), 0);
		return;
	}
	sa.auth = how->auth;
	ah_msg(&m, &sa, keys);
	if (l->proto == COMP) {
		m.satype = SADB_X_SATYPE_IPCOMP;
		m.sa.encrypt = CW_COMP_DEFLATE;
		m.sa.auth = 0;
		m.sa.flags = CW_COMP_RAWCPI;
		m.replay_window = 0;
		m.sa_flags = 0;
		m.has &= ~PFKEY_HAS(SADB_EXT_KEY_AUTH);
	}
	assert_int_equal(rig_call(h, 0, &m), 0);
}

static void
policy(struct host *h, const struct stack *s, unsigned dir, bool back)
{
	struct pfkey_msg m;
	char src[64], dst[64];

	snprintf(src, sizeof(src), "%s/%d", back ? s->dst : s->src, strchr(s->src, ':') ? 128 : 32);
	snprintf(dst, sizeof(dst), "%s/%d", back ? s->src : s->dst, strchr(s->src, ':') ? 128 : 32);
	rig_policy_msg(&m, SADB_X_SPDADD, dir, CW_POLICY_IPSEC, src, dst, 0, 1000);
	m.policy.n = (uint8_t)s->n;
	for (unsigned i = 0; i < s->n; i++) {
		const struct layer *l = &s->layer[i];
		struct pfkey_request *r = &m.policy.req[i];

		*r = (struct pfkey_request){ .proto = (uint8_t)l->proto, .mode = (uint8_t)l->mode, .level = CW_LEVEL_REQUIRE };
		if (l->mode == TUN) {
			assert_true(addr_parse(back ? l->dst : l->src, &r->src));
			assert_true(addr_parse(back ? l->src : l->dst, &r->dst));
		}
	}
	assert_int_equal(rig_call(h, 0, &m), 0);
}

static struct host *
end(const struct stack *s, const struct how *how, bool right)
{
	struct host *h = rig_new();

	assert_int_equal(cw_knob_set(h->e, CW_KNOB_LEGACY, 1), 0);
	for (unsigned i = 0; i < s->n; i++) {
		key(h, &s->layer[i], i, false, how);
		key(h, &s->layer[i], i, true, how);
	}
	policy(h, s, right ? CW_DIR_IN : CW_DIR_OUT, false);
	policy(h, s, right ? CW_DIR_OUT : CW_DIR_IN, true);
	rig_clear(h);
	return h;
}

static struct ends
joined_with(const struct stack *s, struct how how)
{
	return (struct ends){ end(s, &how, false), end(s, &how, true), s };
}

static const struct how usual = { .auth = SADB_X_AALG_SHA2_256HMAC };

static struct ends
joined(const struct stack *s)
{
	return joined_with(s, usual);
}

/* The end that receives, as if nothing had come yet. */
static void
renew(struct ends *t)
{
	rig_free(t->b);
	t->b = end(t->s, &usual, true);
}

static void
part(struct ends t)
{
	rig_free(t.a);
	rig_free(t.b);
}

static struct cw_pkt *
packet(const struct stack *s, size_t n)
{
	return strchr(s->src, ':') ? rig_udp6(s->src, s->dst, n, 0x28) : rig_udp4(s->src, s->dst, n, 0x28, false);
}

static void
carry(struct host *to, const struct cw_pkt *p)
{
	rig_carry(to, rig_arriving(p));
}

static void
same(struct host *h, struct cw_pkt *sent)
{
	rig_same(h, sent, true);
	rig_pkt_free(sent);
}

static void
every_stack(void **state)
{
	for (unsigned k = 0; k < NSTACKS; k++) {
		struct ends t = joined(&stacks[k]);

		print_message("%s\n", stacks[k].name);
		for (size_t n = 0; n < 1150; n += n < 70 ? 1 : 97) {
			struct cw_pkt *sent = packet(t.s, n), *w = rig_seal(t.a, rig_copy(sent));

			carry(t.b, w);
			rig_pkt_free(w);
			same(t.b, sent);
		}
		assert_int_equal(rig_drops(t.a) + rig_drops(t.b), 0);
		part(t);
	}
}

/* The last layer is the first on the wire; each header says which one follows. */
static void
order(void **state)
{
	for (unsigned k = 0; k < NSTACKS; k++) {
		const struct layer *l = &stacks[k].layer[stacks[k].n - 1];
		struct ends t = joined(&stacks[k]);
		struct cw_pkt *w = rig_seal(t.a, packet(t.s, 500));
		bool six = w->outer.dst.fam == 6;

		if (l->proto != COMP)		/* what ESP made does not get smaller */
			assert_int_equal(w->outer.proto, l->proto);
		if (l->proto == AH) {
			const uint8_t *ah = cw_pkt_data(w), *ip = ah - w->outer.hlen;

			assert_int_equal(w->outer.hlen, six ? 40 : 20);
			assert_int_equal(six ? ip[6] : ip[9], AH);
			assert_int_equal(six ? get16(ip + 4) + 40u : get16(ip + 2), w->outer.hlen + w->len);
			if (!six) {
				assert_int_equal(cw_sum16(ip, 20, 0), 0);
				assert_int_not_equal(get16(ip + 4), 0);
			}
			if (l->mode == TRA && stacks[k].n > 1 && l[-1].mode == TRA && !(stacks[k].n > 2 && l[-1].proto == COMP))
				assert_int_equal(ah[0], l[-1].proto);
		}
		rig_pkt_free(w);
		part(t);
	}
}

/* The ICV, as RFC 4302 3.3.3 says it, from the octets on the wire. */
static void
covered(const struct cw_pkt *w, unsigned icv, uint8_t b[2048])
{
	size_t hlen = w->outer.hlen, n = hlen + w->len;

	assert_true(n + 4 < 2048);
	memcpy(b, cw_pkt_data(w) - hlen, n);
	if (b[0] >> 4 == 4) {
		b[1] = b[6] = b[7] = b[8] = b[10] = b[11] = 0;
	} else {
		b[0] = 0x60;
		b[1] = b[2] = b[3] = b[7] = 0;
	}
	memset(b + hlen + 12, 0, icv);
}

static void
icv_of(const struct cw_pkt *w, const char *digest, const uint8_t *k, size_t nk, bool esn, uint32_t high, unsigned icv, uint8_t out[EVP_MAX_MD_SIZE])
{
	uint8_t b[2048];
	size_t n = w->outer.hlen + w->len;

	covered(w, icv, b);
	if (esn) {
		put32(b + n, high);
		n += 4;
	}
	assert_non_null(HMAC(EVP_get_digestbyname(digest), k, (int)nk, b, n, out, NULL));
}

/* RFC 4543 4: the IV, which is the number, and the tag, of which the packet's octets are the AAD. */
static void
gmac_ok(const struct cw_pkt *w, const uint8_t *k, size_t nk, uint64_t seq, bool esn)
{
	const uint8_t *ah = cw_pkt_data(w);
	size_t hlen = w->outer.hlen, n = hlen + w->len, got;
	uint8_t b[2048], nonce[12], tag[16];
	char cipher[16];
	OSSL_PARAM params[] = { OSSL_PARAM_octet_string("iv", nonce, sizeof(nonce)), OSSL_PARAM_utf8_string("cipher", cipher, 11), OSSL_PARAM_END };

	covered(w, 24, b);
	if (esn) {
		put32(b + n, (uint32_t)(seq >> 32));
		n += 4;
	}
	put32(nonce + 4, (uint32_t)(seq >> 32));
	put32(nonce + 8, (uint32_t)seq);
	memcpy(nonce, k + nk - 4, 4);
	assert_memory_equal(ah + 12, nonce + 4, 8);
	snprintf(cipher, sizeof(cipher), "AES-%u-GCM", (unsigned)(nk - 4) * 8);
	assert_non_null(EVP_Q_mac(NULL, "GMAC", NULL, NULL, params, k, nk - 4, b, n, tag, sizeof(tag), &got));
	assert_memory_equal(ah + 20, tag, 16);
}

/* With one bit of any of these octets changed it is refused. */
static void
wrong(struct host *h, const struct cw_pkt *w, uint32_t at, uint32_t n)
{
	for (uint32_t i = at; i < at + n; i++) {
		struct cw_pkt *q = rig_arriving(w);

		cw_pkt_data(q)[i] ^= 0x10;
		rig_carry(h, q);
		if (h->ndrop != 1 || h->drop[0]->drop != CW_DROP_ICV_WRONG)
			fail_msg("octet %u is taken", (unsigned)i);
		rig_clear(h);
	}
}

/* Each algorithm, family and mode, with and without 64-bit sequence numbers: the header's length and its fields, and the ICV. */
static void
algorithms(void **state)
{
	for (unsigned a = 0; a < NALGS; a++)
		for (unsigned k = 0; k < 6; k++)
			for (unsigned esn = 0; esn < 2; esn++) {
				struct ends t = joined_with(&stacks[k], (struct how){ .auth = algs[a].id, .flags = esn ? CW_SAF_ESN : 0 });
				struct cw_pkt *sent = packet(t.s, 333), *w;
				uint8_t keys[128], mac[EVP_MAX_MD_SIZE];
				size_t elen, alen;
				const uint8_t *ah;
				uint32_t len;

				if (esn) {
					rig_set_sequence(t.a->e, 0x2000, 0x5ffffffffull);
					rig_set_window(t.b->e, 0x2000, 0x5fffffffeull);
				}
				w = rig_seal(t.a, rig_copy(sent));
				ah = cw_pkt_data(w);
				len = 12 + algs[a].icv;
				if (w->outer.dst.fam == 6)
					len = (len + 7) / 8 * 8;
				assert_int_equal((ah[1] + 2) * 4, len);
				assert_int_equal(w->len, len + (k < 2 ? 8 + 333 : sent->len));
				assert_int_equal(get16(ah + 2), 0);
				assert_int_equal(get32(ah + 4), 0x2000);
				assert_int_equal(get32(ah + 8), esn ? 0 : 1);
				rig_keys(&(struct rig_sa){ .auth = algs[a].id }, keys, &elen, keys + 64, &alen);
				if (algs[a].digest) {
					icv_of(w, algs[a].digest, keys + 64, alen, esn, 6, algs[a].icv, mac);
					assert_memory_equal(mac, ah + 12, algs[a].icv);
				}
				if (algs[a].icv == 24 && algs[a].digest == NULL)
					gmac_ok(w, keys + 64, alen, esn ? 0x600000000ull : 1, esn);
				wrong(t.b, w, 12, algs[a].icv);
				wrong(t.b, w, len, 2);
				carry(t.b, w);
				rig_pkt_free(w);
				same(t.b, sent);
				part(t);
			}
}

static void
known_answer(const struct stack *s, unsigned auth, uint32_t flags, struct cw_pkt *p, const char *hex)
{
	struct ends t = joined_with(s, (struct how){ .auth = auth, .flags = flags });
	struct cw_pkt *w = rig_seal(t.a, p);
	const uint8_t *got = cw_pkt_data(w) - w->outer.hlen;
	char text[1024];

	for (uint32_t i = 0; i < w->outer.hlen + w->len; i++)
		snprintf(text + 2 * i, 3, "%02x", got[i]);
	assert_string_equal(text, hex);
	rig_pkt_free(w);
	part(t);
}

#define UDP	"003500500028000000070e151c232a31383f464d545b626970777e858c939aa1a8afb6bdc4cbd2d9"
static void
known_answers(void **state)
{
	known_answer(&stacks[0], SADB_X_AALG_SHA2_256HMAC, 0, rig_udp4(HOSTS, 32, 0xb8, true),
	    "45b8005800014000403311b8140000011400000211050000000020000000000176f7d91201e157f3ba1357347e7979df" UDP);
	known_answer(&stacks[4], SADB_X_AALG_SHA2_512HMAC, 0, rig_udp4(NETS, 32, 0, false),
	    "60000000006c3340fd200000000000000000000000000001fd200000000000000000000000000002040a00000000200000000001"
	    "b76be26c52a2fb940ec7e0ce5e2b8da35cc4a7323aa285606d58a5027d3f67dd000000004500003c00000000401163a70a0001050a000206" UDP);
	known_answer(&stacks[4], SADB_X_AALG_SHA2_512HMAC, CW_SAF_ESN, rig_udp4(NETS, 32, 0, false),
	    "60000000006c3340fd200000000000000000000000000001fd200000000000000000000000000002040a00000000200000000001"
	    "889615553707a5f708511bfe8e4681cbb1511887fa436fb5944f3c193302a6ec000000004500003c00000000401163a70a0001050a000206" UDP);
	/* RFC 4543 4: with IPv6 there is padding behind the tag (RFC 4302 2.6) */
	known_answer(&stacks[0], CW_AALG_AES_128_GMAC, 0, rig_udp4(HOSTS, 32, 0xb8, true),
	    "45b8006000014000403311b01400000114000002110700000000200000000001000000000000000108439d414ebc8eeb271c1b72"
	    "d49abbd6" UDP);
	known_answer(&stacks[4], CW_AALG_AES_256_GMAC, 0, rig_udp4(NETS, 32, 0, false),
	    "6000000000643340fd200000000000000000000000000001fd200000000000000000000000000002040800000000200000000001"
	    "000000000000000160666f8fcf6f886b93ef4f87415d771d000000004500003c00000000401163a70a0001050a000206" UDP);
	known_answer(&stacks[4], CW_AALG_AES_256_GMAC, CW_SAF_ESN, rig_udp4(NETS, 32, 0, false),
	    "6000000000643340fd200000000000000000000000000001fd200000000000000000000000000002040800000000200000000001"
	    "00000000000000015fb1e283b0ee1eedcb0564c95223d470000000004500003c00000000401163a70a0001050a000206" UDP);
}

/* Every bit of a packet, once: only what routers may change may be another one. */
static void
every_bit(void **state)
{
	for (unsigned k = 0; k < 6; k++) {
		struct ends t = joined(&stacks[k]);
		struct cw_pkt *w = rig_seal(t.a, packet(t.s, 60));
		uint32_t n = w->outer.hlen + w->len;
		uint8_t was[512];

		assert_true(n <= sizeof(was));
		for (uint32_t bit = 0; bit < n * 8; bit++) {
			struct cw_pkt *q = rig_arriving(w);
			uint8_t *h = cw_pkt_data(q) - q->outer.hlen;
			unsigned want = rig_ah_flip(q, bit, false);

			memcpy(was, h, n);
			rig_carry(t.b, q);
			if (want == CW_DROP_NONE) {
				if (t.b->ndrop)
					fail_msg("%s, bit %u: %s", t.s->name, (unsigned)bit, cw_drop_sentence(t.b->drop[0]->drop));
				assert_int_equal(t.b->nplain, 1);
				renew(&t);
				continue;
			}
			if (t.b->ndrop != 1 || t.b->drop[0]->drop != want)
				fail_msg("%s, bit %u: not %s", t.s->name, (unsigned)bit, cw_drop_sentence(want));
			/* as it came in, whatever had been zeroed in it */
			assert_memory_equal(cw_pkt_data(t.b->drop[0]) - w->outer.hlen, was, n);
			rig_clear(t.b);
		}
		rig_pkt_free(w);
		part(t);
	}
}

/* Cut at every length: nothing is read that is not there (ASan), and nothing is delivered. */
static void
truncation(void **state)
{
	for (unsigned k = 0; k < 6; k++) {
		struct ends t = joined(&stacks[k]);
		struct cw_pkt *w = rig_seal(t.a, packet(t.s, 100));

		for (uint32_t n = 0; n < w->len; n++) {
			struct cw_pkt *q = calloc(1, sizeof(*q));
			uint32_t whole = w->outer.hlen + n;

			assert_non_null(q);
			*q = (struct cw_pkt){ .buf = malloc(whole), .cap = whole, .off = w->outer.hlen, .len = n, .outer = w->outer };
			memcpy(q->buf, cw_pkt_data(w) - w->outer.hlen, whole);
			rig_carry(t.b, q);
			rig_dropped(t.b, n < 12 || n < (cw_pkt_data(w)[1] + 2u) * 4 ? CW_DROP_AH_SHORT : CW_DROP_ICV_WRONG);
			rig_clear(t.b);
		}
		carry(t.b, w);		/* and no window has moved */
		assert_int_equal(t.b->nplain, 1);
		rig_pkt_free(w);
		part(t);
	}
}

/* The length field: what its ICV wants, or with the padding of the other family where that is more; anything else is refused. */
static void
lengths(void **state)
{
	for (unsigned k = 0; k < 2; k++) {
		struct ends t = joined(&stacks[k]);
		struct cw_pkt *w = rig_seal(t.a, packet(t.s, 1200));

		for (unsigned len = 0; len < 256; len++) {
			struct cw_pkt *q = rig_arriving(w);

			cw_pkt_data(q)[1] = (uint8_t)len;
			rig_carry(t.b, q);
			if (len == cw_pkt_data(w)[1]) {
				assert_int_equal(t.b->nplain, 1);
				renew(&t);
				continue;
			}
			rig_dropped(t.b, len == 6 ? CW_DROP_ICV_WRONG : CW_DROP_AH_SHORT);
			rig_clear(t.b);
		}
		rig_pkt_free(w);
		part(t);
	}
}

/* IPv4 with the padding of 64 bits, as Linux sends it unless told otherwise: whatever the padding is, the ICV covers it. */
static void
padded(void **state)
{
	struct ends t = joined(&stacks[0]);
	struct cw_pkt *sent = packet(t.s, 100), *w = rig_seal(t.a, rig_copy(sent)), *q = rig_pkt((uint8_t[160]){ 0 }, 160);
	uint8_t *h = cw_pkt_data(q), keys[128], mac[EVP_MAX_MD_SIZE];
	size_t elen, alen;

	memcpy(h, cw_pkt_data(w) - 20, 20 + 28);
	memset(h + 48, 0x5a, 4);
	memcpy(h + 52, cw_pkt_data(w) + 28, 108);
	h[21] = 6;
	cw_ip_lead(h, 20, AH, 160);
	q->outer = w->outer;
	q->off += 20;
	q->len -= 20;
	rig_keys(&(struct rig_sa){ .auth = usual.auth }, keys, &elen, keys + 64, &alen);
	icv_of(q, "SHA256", keys + 64, alen, false, 0, 16, mac);
	memcpy(h + 32, mac, 16);
	carry(t.b, q);
	same(t.b, sent);
	h[48] ^= 1;
	renew(&t);
	rig_carry(t.b, q);
	rig_dropped(t.b, CW_DROP_ICV_WRONG);
	rig_pkt_free(w);
	part(t);
}

/* Without the header in front, or with one that is not in the buffer, nothing can be checked. */
static void
no_header(void **state)
{
	struct ends t = joined(&stacks[0]);
	struct cw_pkt *w = rig_seal(t.a, packet(t.s, 100)), *q = rig_arriving(w);

	q->outer.hlen = 0;
	rig_carry(t.b, q);
	rig_dropped(t.b, CW_DROP_AH_HEADER);
	rig_clear(t.b);
	q = calloc(1, sizeof(*q));	/* ASan would see what is read before it */
	assert_non_null(q);
	*q = (struct cw_pkt){ .buf = malloc(w->len + 20), .cap = w->len + 20, .off = 20, .len = w->len, .outer = w->outer };
	memcpy(q->buf, cw_pkt_data(w) - 20, w->len + 20);
	q->outer.hlen = 24;
	rig_carry(t.b, q);
	rig_dropped(t.b, CW_DROP_AH_HEADER);
	rig_pkt_free(w);
	part(t);
}

static void
replay(void **state)
{
	for (unsigned k = 0; k < 6; k++) {
		struct ends t = joined_with(&stacks[k], (struct how){ .auth = SADB_X_AALG_SHA2_256HMAC, .window = 32 });
		struct cw_pkt *w[40];

		for (unsigned i = 0; i < 40; i++)
			w[i] = rig_seal(t.a, packet(t.s, i));
		carry(t.b, w[39]);
		for (unsigned i = 0; i < 40; i++) {
			rig_clear(t.b);
			carry(t.b, w[i]);
			if (i < 8)
				rig_dropped(t.b, CW_DROP_REPLAY_OLD);
			else if (i == 39)
				rig_dropped(t.b, CW_DROP_REPLAY_DUPLICATE);
			else
				assert_int_equal(t.b->nplain, 1);
			rig_clear(t.b);
			carry(t.b, w[i]);
			rig_dropped(t.b, i < 8 ? CW_DROP_REPLAY_OLD : CW_DROP_REPLAY_DUPLICATE);
		}
		for (unsigned i = 0; i < 40; i++)
			rig_pkt_free(w[i]);
		part(t);
	}
}

/* RFC 4302 3.3.2: the number never cycles. */
static void
numbers(void **state)
{
	struct ends t = joined(&stacks[0]);
	struct cw_pkt *w, *p = packet(t.s, 8);

	rig_set_sequence(t.a->e, 0x2000, 0xfffffffe);
	w = rig_seal(t.a, packet(t.s, 8));
	assert_int_equal(get32(cw_pkt_data(w) + 8), 0xffffffff);
	rig_pkt_free(w);
	cw_plain_in(t.a->e, &p, 1, t.a->now);
	rig_dropped(t.a, CW_DROP_SEQUENCE_END);
	part(t);
}

/* -- options -- */

/* Options and extension headers through both engines, of a packet that goes on in transport mode; and too many of them. */
static void
with_options(void **state)
{
	static const char *const headers[] = {
		"47 00 0024 1234 0000 40 fd 0000 14000001 14000002 94040000 01010100" "0102030405060708",
		"48 00 0028 1234 0000 40 fd 0000 14000001 14000002 440c0500 01020304 05060708" "0102030405060708",
		"60000000 0018 00 40 fd200000000000000000000000000001 fd200000000000000000000000000002" "3c00 3e04 deadbeef" "fd00 1e04 01020304" "0102030405060708",
	};

	for (unsigned i = 0; i < 3; i++) {
		struct ends t = joined(&stacks[i == 2]);
		uint8_t b[512];
		size_t n = rig_octets(headers[i], b);
		struct cw_pkt *sent, *w;

		if (i < 2)
			cw_ip_lead(b, (b[0] & 15u) * 4, b[9], n);
		sent = rig_pkt(b, n);
		w = rig_seal(t.a, rig_copy(sent));
		assert_int_equal(w->outer.hlen, n - 8);
		carry(t.b, w);
		rig_pkt_free(w);
		if (t.b->ndrop)
			fail_msg("dropped: %s", cw_drop_sentence(t.b->drop[0]->drop));
		assert_int_equal(t.b->nplain, 1);
		assert_memory_equal(cw_pkt_data(t.b->plain[0]), b, n);
		rig_pkt_free(sent);
		part(t);
	}
}

static void
too_many_options(void **state)
{
	struct ends t = joined(&stacks[1]);
	uint8_t b[40 + 224 + 8] = { 0x60, 0, 0, 0, 0, 232, 60, 64 };
	struct cw_addr s = rig_addr("fd20::1"), d = rig_addr("fd20::2");
	struct cw_pkt *p;

	memcpy(b + 8, s.b, 16);
	memcpy(b + 24, d.b, 16);
	b[40] = 253;
	b[41] = 224 / 8 - 1;
	b[42] = 1;
	b[43] = 220;
	p = rig_pkt(b, sizeof(b));
	cw_plain_in(t.a->e, &p, 1, t.a->now);
	rig_dropped(t.a, CW_DROP_AH_HEADER);
	part(t);
}

/* -- settings and sizes -- */

static struct cw_pkt *
changed(const struct cw_pkt *w, unsigned at, uint8_t bits)
{
	struct cw_pkt *q = rig_arriving(w);

	cw_pkt_data(q)[(int)at - (int)w->outer.hlen] ^= bits;
	return q;
}

/* ah_cleartos and ah_offsetmask: two ends of one mind agree; what the setting adds to the ICV may not change. */
static void
knobs(void **state)
{
	static const struct { unsigned knob, value, at; uint8_t bits; unsigned why; } v[] = {
		{ CW_KNOB_AH_TOS, 1, 1, 0xb8, CW_DROP_NONE }, { CW_KNOB_AH_TOS, 0, 1, 0xb8, CW_DROP_ICV_WRONG },
		{ CW_KNOB_AH_TOS, 0, 6, 0x40, CW_DROP_NONE }, { CW_KNOB_AH_OFFSET, 0, 6, 0x40, CW_DROP_NONE },
		{ CW_KNOB_AH_OFFSET, 0x4000, 6, 0x40, CW_DROP_ICV_WRONG }, { CW_KNOB_AH_OFFSET, 0x4000, 1, 0xb8, CW_DROP_NONE },
		{ CW_KNOB_AH_OFFSET, 0xffff, 6, 0x40, CW_DROP_ICV_WRONG },
	};

	for (unsigned i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct ends t = joined(&stacks[0]);
		struct cw_pkt *sent = rig_udp4(HOSTS, 50, 0x28, true), *w;

		assert_int_equal(cw_knob_set(t.a->e, v[i].knob, v[i].value), 0);
		assert_int_equal(cw_knob_set(t.b->e, v[i].knob, v[i].value), 0);
		w = rig_seal(t.a, rig_copy(sent));
		rig_carry(t.b, changed(w, v[i].at, v[i].bits));
		if (v[i].why) {
			rig_dropped(t.b, v[i].why);
			rig_clear(t.b);
			carry(t.b, w);
			same(t.b, sent);
		} else {
			assert_int_equal(t.b->nplain, 1);
			rig_pkt_free(sent);
		}
		rig_pkt_free(w);
		part(t);
	}
}

/* The largest packet that passes whole fills the path, or all of it that AH's 32 bits leave; one octet more does not. */
static void
path(void **state)
{
	for (unsigned k = 2; k < 6; k++) {
		struct ends t = joined(&stacks[k]);
		bool six = strchr(t.s->src, ':') != NULL, outer6 = strchr(t.s->layer[0].src, ':') != NULL;
		uint32_t most = 1500 - (outer6 ? 40 + 32 : 20 + 28), head = six ? 48 : 28;
		struct cw_addr peer = rig_addr(t.s->layer[0].dst);
		struct cw_pkt *p, *w;

		cw_path_mtu(t.a->e, &peer, 1500);
		p = six ? rig_udp6(t.s->src, t.s->dst, most - head, 0) : rig_udp4(t.s->src, t.s->dst, most - head, 0, true);
		w = rig_seal(t.a, p);
		assert_int_equal(w->outer.hlen + w->len, 1500);
		assert_int_equal(w->outer.df, 1);
		if (!outer6)
			assert_int_equal(cw_pkt_data(w)[6 - 20] & 0x40, 0x40);	/* the header says what the host is told */
		rig_pkt_free(w);
		p = six ? rig_udp6(t.s->src, t.s->dst, most - head + 1, 0) : rig_udp4(t.s->src, t.s->dst, most - head + 1, 0, true);
		cw_plain_in(t.a->e, &p, 1, t.a->now);
		assert_int_equal(t.a->nplain, 1);
		assert_int_equal(t.a->plain[0]->verdict, CW_ANSWER);
		part(t);
	}
}

/* A fragment is none of transport mode's (RFC 4302 3.3.4), and no longer packet than IP has comes of one. */
static void
impossible(void **state)
{
	struct ends t = joined(&stacks[0]);
	struct cw_pkt *p = packet(t.s, 100);

	cw_pkt_data(p)[6] = 0x20;
	cw_ip_lead(cw_pkt_data(p), 20, 17, p->len);
	cw_plain_in(t.a->e, &p, 1, t.a->now);
	rig_dropped(t.a, CW_DROP_FRAGMENT_TRANSPORT);
	rig_clear(t.a);
	p = packet(t.s, 65535 - 28 - 30);
	cw_plain_in(t.a->e, &p, 1, t.a->now);
	rig_dropped(t.a, CW_DROP_TRANSPORT_TOO_BIG);
	part(t);
	t = joined(&stacks[2]);
	p = packet(t.s, 65535 - 28 - 40);
	cw_plain_in(t.a->e, &p, 1, t.a->now);
	rig_dropped(t.a, CW_DROP_TRANSPORT_TOO_BIG);
	part(t);
}

/* RFC 4301 5.2: AH where the policy wants it around ESP, and ESP without it; a transport SA takes from its own peer only. */
static void
policy_check(void **state)
{
	struct ends t = joined(&stacks[8]), u;
	struct stack bare = stacks[8];
	struct cw_pkt *w;

	bare.n = 1;
	u = joined(&bare);
	w = rig_seal(u.a, packet(&bare, 64));
	carry(t.b, w);
	rig_dropped(t.b, CW_DROP_POLICY_MISMATCH);
	rig_pkt_free(w);
	rig_clear(t.b);
	w = rig_seal(t.a, packet(t.s, 64));
	carry(u.b, w);			/* no SA of AH there */
	rig_dropped(u.b, CW_DROP_SPI_UNKNOWN);
	rig_pkt_free(w);
	part(t);
	part(u);
}

static void
acquired(void **state)
{
	struct host *h = rig_new();
	struct cw_pkt *p = packet(&stacks[0], 10);
	struct pfkey_msg m;

	policy(h, &stacks[0], CW_DIR_OUT, false);
	cw_plain_in(h->e, &p, 1, h->now);
	assert_true(rig_event(h, 0, SADB_ACQUIRE, &m));
	assert_int_equal(m.satype, SADB_SATYPE_AH);
	rig_free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_stack), cmocka_unit_test(order), cmocka_unit_test(algorithms), cmocka_unit_test(known_answers),
		cmocka_unit_test(every_bit), cmocka_unit_test(truncation), cmocka_unit_test(lengths), cmocka_unit_test(padded), cmocka_unit_test(no_header),
		cmocka_unit_test(replay), cmocka_unit_test(numbers),
		 cmocka_unit_test(with_options), cmocka_unit_test(too_many_options), cmocka_unit_test(knobs),
		cmocka_unit_test(path), cmocka_unit_test(impossible),
		cmocka_unit_test(policy_check), cmocka_unit_test(acquired),
	};

	host_legacy_open();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
