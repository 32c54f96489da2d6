/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PRFs by RFC 4231; prf+, SKEYSEED, the seven keys, KEYMAT and AUTH against the formulas of RFC 7296 2.13 to 2.18 written out here
 * once more, with OpenSSL's one-shot HMAC and plain buffers.
 */
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "auth.h"
#include "derive.h"
#include "key_hex.h"
#include "prf.h"

struct buf {
	size_t	n;
	uint8_t	b[8192];
};

static void
add(struct buf *to, const void *p, size_t n)
{
	assert_true(to->n + n <= sizeof(to->b));
	memcpy(to->b + to->n, p, n);
	to->n += n;
}

static const EVP_MD *
md(uint16_t id)
{
	return id == PRF_HMAC_SHA2_256 ? EVP_sha256() : id == PRF_HMAC_SHA2_384 ? EVP_sha384() : EVP_sha512();
}

static size_t
ref_prf(uint16_t id, const uint8_t *key, size_t keylen, const struct buf *in, uint8_t out[64])
{
	unsigned n = 0;

	assert_non_null(HMAC(md(id), keylen ? key : (const uint8_t *)"", (int)keylen, in->b, in->n, out, &n));
	return n;
}

static void
ref_prf_plus(uint16_t id, const uint8_t *key, size_t keylen, const struct buf *seed, struct buf *out, size_t want)
{
	uint8_t t[64];
	size_t n = 0;

	out->n = 0;
	for (uint8_t i = 1; out->n < want; i++) {
		struct buf in = { 0 };

		add(&in, t, n);
		add(&in, seed->b, seed->n);
		add(&in, &i, 1);
		n = ref_prf(id, key, keylen, &in, t);
		add(out, t, n);
	}
	out->n = want;
}

/* RFC 4231 4.2 to 4.8; case 5 is truncated there and left out. */
static const struct { const char *key, *data, *out[3]; } rfc4231[] = {
	{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
	  { "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
	    "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
	    "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854" } },
	{ "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	  { "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
	    "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
	    "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737" } },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd",
	  { "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
	    "88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b2a5ab39dc13814b94e3ab6e101a34f27",
	    "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb" } },
};

static void
test_rfc4231(void **state)
{
	static const uint16_t ids[] = { PRF_HMAC_SHA2_256, PRF_HMAC_SHA2_384, PRF_HMAC_SHA2_512 };

	for (size_t c = 0; c < sizeof(rfc4231) / sizeof(rfc4231[0]); c++)
		for (size_t i = 0; i < 3; i++) {
			struct hex key = hex(rfc4231[c].key), data = hex(rfc4231[c].data);
			struct bytes in[3] = { bytes_of(data.b, 3), bytes_of(NULL, 0), bytes_of(data.b + 3, data.n - 3) };
			struct secret out = { 0 };

			assert_true(prf(ids[i], hex_bytes(&key), in, 3, &out));
			assert_int_equal(out.n, prf_len(ids[i]));
			assert_hex(secret_bytes(&out), rfc4231[c].out[i]);
		}
}

/* Long keys are hashed first: RFC 4231 4.7, 131 octets of 0xaa. */
static void
test_long_key(void **state)
{
	static const char text[] = "Test Using Larger Than Block-Size Key - Hash Key First";
	struct bytes in = bytes_of(text, sizeof(text) - 1);
	struct secret out = { 0 };
	uint8_t key[131];

	memset(key, 0xaa, sizeof(key));
	assert_true(prf(PRF_HMAC_SHA2_256, bytes_of(key, 131), &in, 1, &out));
	assert_hex(secret_bytes(&out), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void
test_prf_misuse(void **state)
{
	struct bytes in = bytes_of("x", 1);
	struct secret out = { .n = 5 };
	uint8_t stream[256 * 32];

	assert_int_equal(prf_len(99), 0);
	assert_false(prf(99, in, &in, 1, &out));
	assert_int_equal(out.n, 0);
	assert_true(prf_plus(PRF_HMAC_SHA2_256, in, &in, 1, stream, 255 * 32));
	assert_false(prf_plus(PRF_HMAC_SHA2_256, in, &in, 1, stream, 255 * 32 + 1));	/* RFC 7296 2.13: not defined beyond */
}

static void
test_prf_plus(void **state)
{
	static const uint16_t ids[] = { PRF_HMAC_SHA2_256, PRF_HMAC_SHA2_384, PRF_HMAC_SHA2_512 };
	struct buf seed = { 0 }, want;
	uint8_t out[1000];

	add(&seed, "abcdefgh", 8);
	for (size_t i = 0; i < 3; i++)
		for (size_t n = 0; n < sizeof(out); n += 37) {
			struct bytes parts[2] = { bytes_of("abc", 3), bytes_of("defgh", 5) };

			ref_prf_plus(ids[i], (const uint8_t *)"key", 3, &seed, &want, n);
			assert_true(prf_plus(ids[i], bytes_of("key", 3), parts, 2, out, n));
			assert_memory_equal(out, want.b, n);
		}
}

struct inputs {
	uint8_t		ni[256], nr[256];
	size_t		nin, nrn;
	struct secret	gir;
	uint64_t	spi_i, spi_r;
};

static void
fill(struct inputs *x, unsigned seed, size_t nin, size_t nrn, size_t girn)
{
	memset(x, 0, sizeof(*x));
	for (size_t i = 0; i < 256; i++) {
		x->ni[i] = (uint8_t)(i * 7 + seed);
		x->nr[i] = (uint8_t)(i * 11 + seed * 3);
	}
	for (size_t i = 0; i < girn; i++)
		x->gir.b[i] = (uint8_t)(i * 13 + seed * 5);
	x->gir.n = girn;
	x->nin = nin;
	x->nrn = nrn;
	x->spi_i = 0x0102030405060708ull + seed;
	x->spi_r = 0xf1f2f3f4f5f6f7f8ull + seed;
}

static const struct suite suites[] = {
	{ .encr = ENCR_AES_GCM_16, .key_bits = 256, .prf = PRF_HMAC_SHA2_384, .ke = KE_X25519 },
	{ .encr = ENCR_AES_GCM_16, .key_bits = 128, .prf = PRF_HMAC_SHA2_256, .ke = KE_ECP256 },
	{ .encr = ENCR_AES_CBC, .key_bits = 256, .integ = INTEG_HMAC_SHA2_256_128, .prf = PRF_HMAC_SHA2_512, .ke = KE_MODP2048 },
	{ .encr = ENCR_AES_CBC, .key_bits = 128, .integ = INTEG_HMAC_SHA2_512_256, .prf = PRF_HMAC_SHA2_256, .ke = KE_X25519 },
	{ .encr = ENCR_CHACHA20_POLY1305, .prf = PRF_HMAC_SHA2_256, .ke = KE_X25519 },
};
/* Octets of encryption (with salt) and integrity keys: RFC 3602, 4106, 7634, 4868. */
static const size_t sizes[][2] = { { 36, 0 }, { 20, 0 }, { 32, 32 }, { 16, 64 }, { 36, 0 } };

static void
check_seven(const struct suite *s, size_t e, size_t i, const struct inputs *x, const uint8_t *seed, size_t seedlen, const struct ike_keys *k)
{
	struct buf in = { 0 }, out;
	size_t d = prf_len(s->prf), at = 0;
	uint8_t spis[16];
	const struct { const struct secret *s; size_t n; } order[7] = {
		{ &k->sk_d, d }, { &k->sk_ai, i }, { &k->sk_ar, i }, { &k->sk_ei, e }, { &k->sk_er, e }, { &k->sk_pi, d }, { &k->sk_pr, d } };

	for (int b = 0; b < 8; b++) {
		spis[b] = (uint8_t)(x->spi_i >> (56 - 8 * b));
		spis[8 + b] = (uint8_t)(x->spi_r >> (56 - 8 * b));
	}
	add(&in, x->ni, x->nin);
	add(&in, x->nr, x->nrn);
	add(&in, spis, 16);
	ref_prf_plus(s->prf, seed, seedlen, &in, &out, 3 * d + 2 * e + 2 * i);
	for (int n = 0; n < 7; n++) {
		assert_int_equal(order[n].s->n, order[n].n);
		assert_memory_equal(order[n].s->b, out.b + at, order[n].n);
		at += order[n].n;
	}
}

static void
test_ike_keys(void **state)
{
	for (size_t n = 0; n < sizeof(suites) / sizeof(suites[0]); n++) {
		const struct suite *s = &suites[n];
		struct secret seed = { 0 };
		struct ike_keys keys = { 0 };
		struct buf key = { 0 }, in = { 0 };
		uint8_t want[64];
		struct inputs x;

		fill(&x, (unsigned)n, 32 + n, 256 - 3 * n, 32 + 200 * (n & 1));
		add(&key, x.ni, x.nin);
		add(&key, x.nr, x.nrn);
		add(&in, x.gir.b, x.gir.n);
		ref_prf(s->prf, key.b, key.n, &in, want);
		assert_true(derive_skeyseed(s->prf, bytes_of(x.ni, x.nin), bytes_of(x.nr, x.nrn), &x.gir, &seed));
		assert_int_equal(seed.n, prf_len(s->prf));
		assert_memory_equal(seed.b, want, seed.n);
		assert_true(derive_suite_ok(s, false));
		assert_true(derive_ike_keys(s, &seed, bytes_of(x.ni, x.nin), bytes_of(x.nr, x.nrn), x.spi_i, x.spi_r, &keys));
		check_seven(s, sizes[n][0], sizes[n][1], &x, want, seed.n, &keys);
	}
}

/* RFC 7296 2.18: the old SA's prf makes SKEYSEED, the new one's the keys. */
static void
test_rekey(void **state)
{
	struct secret old = { 0 }, seed = { 0 };
	struct ike_keys keys = { 0 };
	struct buf in = { 0 };
	uint8_t want[64];
	struct inputs x;
	size_t n;

	fill(&x, 9, 32, 32, 32);
	memset(old.b, 0x5a, old.n = 48);
	add(&in, x.gir.b, x.gir.n);
	add(&in, x.ni, x.nin);
	add(&in, x.nr, x.nrn);
	n = ref_prf(PRF_HMAC_SHA2_384, old.b, old.n, &in, want);
	assert_true(derive_skeyseed_rekey(PRF_HMAC_SHA2_384, &old, &x.gir, bytes_of(x.ni, x.nin), bytes_of(x.nr, x.nrn), &seed));
	assert_int_equal(seed.n, n);
	assert_memory_equal(seed.b, want, n);
	assert_true(derive_ike_keys(&suites[1], &seed, bytes_of(x.ni, x.nin), bytes_of(x.nr, x.nrn), x.spi_i, x.spi_r, &keys));
	check_seven(&suites[1], 20, 0, &x, want, n, &keys);
}

static void
test_keymat(void **state)
{
	for (size_t n = 0; n < sizeof(suites) / sizeof(suites[0]); n++)
		for (int pfs = 0; pfs < 2; pfs++) {
			struct child_keys i2r = { 0 }, r2i = { 0 };
			size_t e = sizes[n][0], i = sizes[n][1];
			struct secret sk_d = { 0 };
			struct buf in = { 0 }, out;
			struct inputs x;

			fill(&x, (unsigned)(n + 20), 16, 40, 66);
			memset(sk_d.b, 0xc3, sk_d.n = 32);
			if (pfs)
				add(&in, x.gir.b, x.gir.n);
			add(&in, x.ni, x.nin);
			add(&in, x.nr, x.nrn);
			ref_prf_plus(PRF_HMAC_SHA2_256, sk_d.b, sk_d.n, &in, &out, 2 * e + 2 * i);
			assert_true(derive_suite_ok(&suites[n], true));
			assert_true(derive_child_keys(PRF_HMAC_SHA2_256, &sk_d, &suites[n], pfs ? &x.gir : NULL, bytes_of(x.ni, x.nin),
			    bytes_of(x.nr, x.nrn), &i2r, &r2i));
			assert_int_equal(i2r.encr.n, e);
			assert_int_equal(i2r.integ.n, i);
			assert_memory_equal(i2r.encr.b, out.b, e);
			assert_memory_equal(i2r.integ.b, out.b + e, i);
			assert_memory_equal(r2i.encr.b, out.b + e + i, e);
			assert_memory_equal(r2i.integ.b, out.b + 2 * e + i, i);
		}
}

static void
test_bad_suites(void **state)
{
	static const struct suite bad[] = {
		{ .encr = ENCR_AES_GCM_16, .key_bits = 256, .integ = INTEG_HMAC_SHA2_256_128, .prf = PRF_HMAC_SHA2_256 },	/* an AEAD with a MAC */
		{ .encr = ENCR_AES_CBC, .key_bits = 128, .prf = PRF_HMAC_SHA2_256 },						/* CBC without one */
		{ .encr = ENCR_AES_CBC, .key_bits = 129, .integ = INTEG_HMAC_SHA2_256_128, .prf = PRF_HMAC_SHA2_256 },
		{ .encr = 3, .integ = INTEG_HMAC_SHA2_256_128, .prf = PRF_HMAC_SHA2_256 },
		{ .encr = ENCR_AES_CBC, .key_bits = 128, .integ = 2, .prf = PRF_HMAC_SHA2_256 },
		{ .encr = ENCR_AES_GCM_16, .key_bits = 256, .prf = 2 },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(derive_suite_ok(&bad[i], false));
	assert_true(derive_suite_ok(&bad[5], true));	/* a child's suite names no prf */
}

/* RFC 7296 2.15 */
static void
test_auth(void **state)
{
	static const uint8_t id[] = "\x02\0\0\0tokyo", message[] = "any octets will do for the formula itself";
	struct auth_side side = { .prf = PRF_HMAC_SHA2_384, .nonce_other = bytes_of("0123456789abcdef", 16), .sk_p = bytes_of("sk_p", 4) };
	struct secret psk = { .n = 6, .b = "secret" }, out = { 0 };
	struct buf in = { 0 }, key = { 0 };
	uint8_t inner[64], maced[64], want[64];
	size_t n, m;

	add(&key, "Key Pad for IKEv2", 17);
	n = ref_prf(PRF_HMAC_SHA2_384, psk.b, psk.n, &key, inner);
	add(&in, id, sizeof(id) - 1);
	m = ref_prf(PRF_HMAC_SHA2_384, (const uint8_t *)"sk_p", 4, &in, maced);
	in.n = 0;
	add(&in, message, sizeof(message));
	add(&in, "0123456789abcdef", 16);
	add(&in, maced, m);
	n = ref_prf(PRF_HMAC_SHA2_384, inner, n, &in, want);
	assert_true(auth_psk(&side, &psk, bytes_of(message, sizeof(message)), bytes_of(id, sizeof(id) - 1), &out));
	assert_int_equal(out.n, n);
	assert_memory_equal(out.b, want, n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc4231),
		cmocka_unit_test(test_long_key),
		cmocka_unit_test(test_prf_misuse),
		cmocka_unit_test(test_prf_plus),
		cmocka_unit_test(test_ike_keys),
		cmocka_unit_test(test_rekey),
		cmocka_unit_test(test_keymat),
		cmocka_unit_test(test_bad_suites),
		cmocka_unit_test(test_auth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
