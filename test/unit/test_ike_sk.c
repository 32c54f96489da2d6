/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The SK payload. Published vectors go through the program's own functions; where IKE adds headers to what is covered, GHASH and
 * HMAC are computed a second time here, from AES blocks and SHA-256 alone, and this second way is itself held against the vectors.
 */
#include "test.h"

#include <openssl/evp.h>

#include "wire/cookie.h"
#include "wire/natd.h"
#include "wire/sk.h"

static size_t
unhex(const char *s, uint8_t *out)
{
	size_t n = 0;

	for (; s[0] && s[1]; s += 2) {
		unsigned v;

		assert_int_equal(sscanf(s, "%2x", &v), 1);
		out[n++] = (uint8_t)v;
	}
	return n;
}

static void
block(const uint8_t *key, size_t bits, const uint8_t in[16], uint8_t out[16])
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n;

	assert_int_equal(EVP_EncryptInit_ex(c, bits == 256 ? EVP_aes_256_ecb() : EVP_aes_128_ecb(), NULL, key, NULL), 1);
	EVP_CIPHER_CTX_set_padding(c, 0);
	assert_int_equal(EVP_EncryptUpdate(c, out, &n, in, 16), 1);
	EVP_CIPHER_CTX_free(c);
}

/* x * h in GF(2^128), NIST SP 800-38D 6.3, bit by bit. */
static void
gmul(uint8_t x[16], const uint8_t h[16])
{
	uint8_t z[16] = { 0 }, v[16];

	memcpy(v, h, 16);
	for (int i = 0; i < 128; i++) {
		int low = v[15] & 1;

		if (x[i / 8] & (0x80 >> i % 8))
			for (int k = 0; k < 16; k++)
				z[k] ^= v[k];
		for (int k = 15; k > 0; k--)
			v[k] = (uint8_t)(v[k] >> 1 | v[k - 1] << 7);
		v[0] >>= 1;
		if (low)
			v[0] ^= 0xe1;
	}
	memcpy(x, z, 16);
}

static void
absorb(uint8_t y[16], const uint8_t h[16], const uint8_t *p, size_t n)
{
	while (n > 0) {
		size_t k = n < 16 ? n : 16;

		for (size_t i = 0; i < k; i++)
			y[i] ^= p[i];
		gmul(y, h);
		p += k, n -= k;
	}
}

static void
gcm_tag(const uint8_t *key, size_t bits, const uint8_t iv[12], const uint8_t *a, size_t na, const uint8_t *c, size_t nc,
    uint8_t tag[16])
{
	uint8_t zero[16] = { 0 }, h[16], y[16] = { 0 }, j[16], len[16];
	struct wr w = wr_of(len, 16);

	block(key, bits, zero, h);
	absorb(y, h, a, na);
	absorb(y, h, c, nc);
	wr_u64(&w, na * 8);
	wr_u64(&w, nc * 8);
	absorb(y, h, len, 16);
	memcpy(j, iv, 12);
	memcpy(j + 12, "\0\0\0\1", 4);
	block(key, bits, j, tag);
	for (int i = 0; i < 16; i++)
		tag[i] ^= y[i];
}

/* McGrew and Viega's test cases 3, 4 (128 bits) and 15 (256), as NIST published them. */
static const struct { const char *key, *c; size_t bits; const char *tag3; } gcm[] = {
	{ "feffe9928665731c6d6a8f9467308308",
	  "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
	  "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985", 128, "4d5c2af327cd64a62cf35abd2ba6fab4" },
	{ "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
	  "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
	  "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad", 256, "b094dac5d93471bdec1a502270e3cc6c" },
};
static const char gcm_iv[] = "cafebabefacedbaddecaf888";
static const char gcm_p[] = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255";

static void
set_key(struct sk_key *k, uint16_t encr, uint16_t bits, uint16_t integ, const uint8_t *e, size_t ne, const uint8_t *a, size_t na)
{
	const struct suite s = { .encr = encr, .key_bits = bits, .integ = integ };

	memset(k, 0, sizeof(*k));
	assert_true(sk_key_set(k, &s, bytes_of(e, ne), bytes_of(a, na)));
}

static const struct ike_hdr hdr = { .spi_i = 0x0102030405060708, .spi_r = 0x1112131415161718, .exchange = EX_INFORMATIONAL,
	.initiator = true, .id = 7 };

static void
test_gcm_vectors(void **state)
{
	for (unsigned i = 0; i < 2; i++) {
		static struct msg m;
		uint8_t key[64], iv[12], p[64], c[64], tag[16], want[16], out[256], back[256];
		size_t nk = unhex(gcm[i].key, key), total = 28 + 4 + 8 + 65 + 16;
		struct bytes sealed, plain;
		struct sk_key k;

		assert_int_equal(unhex(gcm_iv, iv), 12);
		assert_int_equal(unhex(gcm_p, p), 64);
		assert_int_equal(unhex(gcm[i].c, c), 64);
		unhex(gcm[i].tag3, want);
		gcm_tag(key, gcm[i].bits, iv, NULL, 0, c, 64, tag);
		assert_memory_equal(tag, want, 16);		/* the second way is right */
		memcpy(key + nk, iv, 4);			/* the vector's IV is salt and explicit IV */
		set_key(&k, ENCR_AES_GCM_16, (uint16_t)gcm[i].bits, INTEG_NONE, key, nk + 4, NULL, 0);
		sealed = sk_seal(&k, &hdr, iv + 4, PLD_NOTIFY, bytes_of(p, 64), out, sizeof(out));
		assert_int_equal(sealed.n, total);
		assert_memory_equal(out + 32, iv + 4, 8);
		assert_memory_equal(out + 40, c, 64);		/* the pad length is the 65th octet */
		gcm_tag(key, gcm[i].bits, iv, out, 32, out + 40, 65, tag);
		assert_memory_equal(out + total - 16, tag, 16);
		assert_int_equal(msg_get_outer(sealed, &m), WE_OK);
		assert_int_equal(sk_open(&k, &m, back, sizeof(back), &plain), WE_OK);
		assert_true(bytes_eq(plain, bytes_of(p, 64)));
		assert_true(m.sk_first == PLD_NOTIFY && m.hdr.id == 7);
		sk_key_wipe(&k);
	}
}

static void
hmac_sha256(const uint8_t *key, size_t nk, const uint8_t *p, size_t n, uint8_t out[32])
{
	uint8_t pad[64], *both = malloc(64 + n + 32);

	assert_true(nk <= 64);
	for (int round = 0; round < 2; round++) {
		memset(pad, round ? 0x5c : 0x36, 64);
		for (size_t i = 0; i < nk; i++)
			pad[i] ^= key[i];
		memcpy(both, pad, 64);
		memcpy(both + 64, round ? out : p, round ? 32 : n);
		assert_int_equal(EVP_Digest(both, 64 + (round ? 32 : n), out, NULL, EVP_sha256(), NULL), 1);
	}
	free(both);
}

/* RFC 3602 4, cases 1 and 2, and RFC 4868 2.7.2 for the second way of HMAC. */
static void
test_cbc_vectors(void **state)
{
	static const struct { const char *key, *iv, *p, *c; } v[] = {
		{ "06a9214036b8a15b512e03d534120006", "3dafba429d9eb430b422da802c9fac41",
		  "53696e676c6520626c6f636b206d7367", "e353779c1079aeb82708942dbe77181a" },
		{ "c286696d887c9aa0611bbb3e2025a45a", "562e17996d093d28ddb3ba695a2e6f58",
		  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
		  "d296cd94c2cccf8a3a863028b5e1dc0a7586602d253cfff91b8266bea6d61ab1" },
	};
	uint8_t ak[32], mac[32], want[16];

	memset(ak, 0x0b, 32);
	hmac_sha256(ak, 32, (const uint8_t *)"Hi There", 8, mac);
	unhex("198a607eb44bfbc69903a0f1cf2bbdc5", want);
	assert_memory_equal(mac, want, 16);
	for (unsigned i = 0; i < 2; i++) {
		static struct msg m;
		uint8_t key[16], iv[16], p[32], c[32], out[256], back[256];
		size_t n = unhex(v[i].p, p);
		struct bytes sealed, plain;
		struct sk_key k;

		unhex(v[i].key, key);
		unhex(v[i].iv, iv);
		unhex(v[i].c, c);
		set_key(&k, ENCR_AES_CBC, 128, INTEG_HMAC_SHA2_256_128, key, 16, ak, 32);
		sealed = sk_seal(&k, &hdr, iv, PLD_DELETE, bytes_of(p, n), out, sizeof(out));
		assert_int_equal(sealed.n, 28 + 4 + 16 + n + 16 + 16);	/* a whole block of padding */
		assert_memory_equal(out + 32, iv, 16);
		assert_memory_equal(out + 48, c, n);
		hmac_sha256(ak, 32, out, sealed.n - 16, mac);
		assert_memory_equal(out + sealed.n - 16, mac, 16);
		assert_int_equal(msg_get_outer(sealed, &m), WE_OK);
		assert_int_equal(sk_open(&k, &m, back, sizeof(back), &plain), WE_OK);
		assert_true(bytes_eq(plain, bytes_of(p, n)));
		sk_key_wipe(&k);
	}
}

static const struct { uint16_t encr, bits, integ; size_t ne, na; } suites[] = {
	{ ENCR_AES_GCM_16, 128, INTEG_NONE, 20, 0 }, { ENCR_AES_GCM_16, 256, INTEG_NONE, 36, 0 },
	{ ENCR_CHACHA20_POLY1305, 0, INTEG_NONE, 36, 0 }, { ENCR_AES_CBC, 128, INTEG_HMAC_SHA2_256_128, 16, 32 },
	{ ENCR_AES_CBC, 256, INTEG_HMAC_SHA2_384_192, 32, 48 }, { ENCR_AES_CBC, 256, INTEG_HMAC_SHA2_512_256, 32, 64 } };
#define NSUITES (sizeof(suites) / sizeof(suites[0]))

static void
any_key(struct sk_key *k, unsigned i)
{
	uint8_t e[64], a[64];

	for (unsigned n = 0; n < 64; n++)
		e[n] = (uint8_t)(n * 7 + 1), a[n] = (uint8_t)(n * 5 + 3);
	set_key(k, suites[i].encr, suites[i].bits, suites[i].integ, e, suites[i].ne, a, suites[i].na);
}

static enum werr
open_copy(const struct sk_key *k, const uint8_t *p, size_t n, struct bytes *plain)
{
	static struct msg m;
	static uint8_t back[70000];
	uint8_t *exact = malloc(n ? n : 1);
	enum werr e;

	memcpy(exact, p, n);
	e = msg_get_outer(bytes_of(exact, n), &m);
	if (e == WE_OK && m.sk.n > 0)
		e = sk_open(k, &m, back, sizeof(back), plain);
	free(exact);
	return e;
}

/* Every length of chain comes back; every changed bit, and every cut, is refused. */
static void
test_every_suite(void **state)
{
	static uint8_t chain[300], iv[16] = { 9 }, out[1024];

	for (size_t i = 0; i < sizeof(chain); i++)
		chain[i] = (uint8_t)i;
	for (unsigned i = 0; i < NSUITES; i++) {
		struct sk_key k;
		struct bytes sealed, plain;

		any_key(&k, i);
		for (size_t n = 0; n <= sizeof(chain); n++) {
			sealed = sk_seal(&k, &hdr, iv, PLD_NOTIFY, bytes_of(chain, n), out, sizeof(out));
			assert_true(sealed.n > 0);
			assert_int_equal(open_copy(&k, out, sealed.n, &plain), WE_OK);
			assert_true(bytes_eq(plain, bytes_of(chain, n)));
			assert_int_equal(sk_seal(&k, &hdr, iv, PLD_NOTIFY, bytes_of(chain, n), out, sealed.n - 1).n, 0);
		}
		sealed = sk_seal(&k, &hdr, iv, PLD_NOTIFY, bytes_of(chain, 40), out, sizeof(out));
		for (size_t bit = 0; bit < sealed.n * 8; bit++) {
			out[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_not_equal(open_copy(&k, out, sealed.n, &plain), WE_OK);
			out[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		for (size_t n = HDR_LEN + 5; n < sealed.n; n++) {	/* cut, with lengths that agree */
			uint8_t cut[1024];

			memcpy(cut, out, n);
			cut[26] = 0, cut[27] = (uint8_t)n, cut[30] = 0, cut[31] = (uint8_t)(n - HDR_LEN);
			assert_int_not_equal(open_copy(&k, cut, n, &plain), WE_OK);
		}
		assert_int_equal(open_copy(&k, out, sealed.n, &plain), WE_OK);
		sk_key_wipe(&k);
	}
}

/* A pad length beyond the text is refused, although the ICV was good (3.14). */
static void
test_bad_padding(void **state)
{
	static struct msg m;
	uint8_t key[36] = { 1 }, out[64], back[64], iv[8] = { 0 }, nonce[12] = { 0 }, text[1];
	const struct suite s = { .encr = ENCR_AES_GCM_16, .key_bits = 256 };
	struct wr w = wr_of(out, sizeof(out));
	struct ike_hdr h = hdr;
	struct bytes plain;
	struct sk_key k = { 0 };
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n;

	assert_true(sk_key_set(&k, &s, bytes_of(key, 36), bytes_of(NULL, 0)));
	for (int pad = 0; pad < 2; pad++) {
		w = wr_of(out, sizeof(out));
		h.next = PLD_SK;
		hdr_put(&w, &h, 28 + 4 + 8 + 1 + 16);
		wr_u32(&w, 4 + 8 + 1 + 16);
		wr_mem(&w, iv, 8);
		text[0] = (uint8_t)pad;
		assert_int_equal(EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, nonce), 1);
		assert_int_equal(EVP_EncryptUpdate(c, NULL, &n, out, 32), 1);
		assert_int_equal(EVP_EncryptUpdate(c, wr_room(&w, 1), &n, text, 1), 1);
		assert_int_equal(EVP_EncryptFinal_ex(c, out + w.n, &n), 1);
		assert_int_equal(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, wr_room(&w, 16)), 1);
		assert_int_equal(msg_get_outer(wr_bytes(&w), &m), WE_OK);
		assert_int_equal(sk_open(&k, &m, back, sizeof(back), &plain), pad ? WE_SK_PAD : WE_OK);
		assert_int_equal(plain.n, 0);
	}
	EVP_CIPHER_CTX_free(c);
	sk_key_wipe(&k);
}

static void
test_key_lengths(void **state)
{
	static const uint8_t zero[64];
	struct sk_key k = { 0 };

	for (unsigned i = 0; i < NSUITES; i++) {
		const struct suite s = { .encr = suites[i].encr, .key_bits = suites[i].bits, .integ = suites[i].integ };

		for (size_t n = 0; n <= 64; n++) {
			assert_int_equal(sk_key_set(&k, &s, bytes_of(zero, n), bytes_of(zero, suites[i].na)), n == suites[i].ne);
			assert_int_equal(sk_key_set(&k, &s, bytes_of(zero, suites[i].ne), bytes_of(zero, n)), n == suites[i].na);
		}
	}
	sk_key_wipe(&k);
	assert_false(sk_key_set(&k, &(struct suite){ .encr = 3 }, bytes_of(zero, 16), bytes_of(zero, 0)));
	assert_false(sk_key_set(&k, &(struct suite){ .encr = ENCR_AES_CBC, .key_bits = 128 }, bytes_of(zero, 16), bytes_of(zero, 0)));
}

static void
test_cookie(void **state)
{
	struct cookie_jar j = { 0 };
	uint8_t fresh[32] = { 1 }, nonce[32] = { 2 }, c[COOKIE_LEN], old[COOKIE_LEN];
	const struct endpoint from = { { 4, { 192, 0, 2, 1 } }, 500 };
	struct endpoint other = from;
	struct bytes ni = bytes_of(nonce, 32), cookie = bytes_of(c, COOKIE_LEN);

	assert_true(cookie_due(&j, 5));
	assert_false(cookie_make(&j, ni, &from, 7, c));
	cookie_turn(&j, 5, fresh);
	assert_false(cookie_due(&j, COOKIE_LIFE_NS));
	assert_true(cookie_make(&j, ni, &from, 7, c));
	assert_true(cookie_ok(&j, cookie, ni, &from, 7));
	assert_false(cookie_ok(&j, cookie, ni, &from, 8));
	assert_false(cookie_ok(&j, cookie, bytes_of(nonce, 31), &from, 7));
	assert_false(cookie_ok(&j, bytes_of(c, COOKIE_LEN - 1), ni, &from, 7));
	other.port = 501;
	assert_false(cookie_ok(&j, cookie, ni, &other, 7));
	other = from, other.addr.b[3] = 2;
	assert_false(cookie_ok(&j, cookie, ni, &other, 7));
	for (unsigned bit = 0; bit < COOKIE_LEN * 8; bit++) {
		c[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(cookie_ok(&j, cookie, ni, &from, 7));
		c[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	memcpy(old, c, sizeof(old));
	assert_true(cookie_due(&j, 5 + COOKIE_LIFE_NS));
	fresh[0] = 9;
	cookie_turn(&j, 5 + COOKIE_LIFE_NS, fresh);
	assert_true(cookie_ok(&j, bytes_of(old, COOKIE_LEN), ni, &from, 7));	/* the last secret still counts */
	assert_true(cookie_make(&j, ni, &from, 7, c));
	assert_memory_not_equal(c, old, COOKIE_LEN);
	fresh[0] = 10;
	cookie_turn(&j, 5 + 2 * COOKIE_LIFE_NS, fresh);
	assert_false(cookie_ok(&j, bytes_of(old, COOKIE_LEN), ni, &from, 7));
	assert_true(cookie_ok(&j, cookie, ni, &from, 7));
	cookie_turn(&j, 5 + 9 * COOKIE_LIFE_NS, fresh);				/* a secret that rested too long */
	assert_false(cookie_ok(&j, cookie, ni, &from, 7));
	secret_wipe(&j.now), secret_wipe(&j.before);
}

static void
test_natd(void **state)
{
	static const uint8_t text[] = { 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 9, 192, 0, 2, 1, 0x01, 0xf4 };
	const struct endpoint here = { { 4, { 192, 0, 2, 1 } }, 500 }, there = { { 4, { 192, 0, 2, 2 } }, 500 };
	const uint64_t i = 0x0102030405060708, r = 9;
	uint8_t want[20], ours[20], theirs[20];
	static struct msg m;
	bool local, remote;

	assert_int_equal(EVP_Digest(text, sizeof(text), want, NULL, EVP_sha1(), NULL), 1);
	natd_hash(i, r, &here, ours);
	assert_memory_equal(ours, want, 20);
	natd_hash(i, r, &there, theirs);
	assert_false(natd_check(&m, i, r, &here, &there, &local, &remote));
	m.nnotify = 3;
	m.notify[0] = (struct wire_notify){ .type = N_NAT_DETECTION_SOURCE_IP, .data = bytes_of(want, 19) };
	m.notify[1] = (struct wire_notify){ .type = N_NAT_DETECTION_SOURCE_IP, .data = bytes_of(theirs, 20) };
	m.notify[2] = (struct wire_notify){ .type = N_NAT_DETECTION_DESTINATION_IP, .data = bytes_of(ours, 20) };
	assert_true(natd_check(&m, i, r, &here, &there, &local, &remote));
	assert_true(!local && !remote);
	assert_true(natd_check(&m, i, r, &here, &here, &local, &remote));
	assert_true(!local && remote);
	assert_true(natd_check(&m, i, r, &there, &there, &local, &remote));
	assert_true(local && !remote);
	m.nnotify = 2;
	assert_false(natd_check(&m, i, r, &here, &there, &local, &remote));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gcm_vectors),
		cmocka_unit_test(test_cbc_vectors),
		cmocka_unit_test(test_every_suite),
		cmocka_unit_test(test_bad_padding),
		cmocka_unit_test(test_key_lengths),
		cmocka_unit_test(test_cookie),
		cmocka_unit_test(test_natd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
