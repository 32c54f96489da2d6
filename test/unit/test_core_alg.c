/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registry of algorithms and the user host's ciphers: known answers, printed in the RFC of each algorithm or in what it refers to;
 * key lengths; and the switch "legacy", off, on and off again.
 */
#include "core_rig.h"

#include <openssl/evp.h>

#include "core.h"

static size_t
hex(const char *s, uint8_t *to)
{
	size_t n = 0;

	for (; s[0]; s += 2) {
		unsigned v;

		assert_int_equal(sscanf(s, "%2x", &v), 1);
		to[n++] = (uint8_t)v;
	}
	return n;
}

#define JEFE	"4a656665"
#define HI	"4869205468657265"
#define WHAT	"7768617420646f2079612077616e7420666f72206e6f7468696e673f"
#define B20	"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"
#define K16	"000102030405060708090a0b0c0d0e0f"
#define CMAC	"2b7e151628aed2a6abf7158809cf4f3c"
#define CMSG	"6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52ef"

static const struct { const char *from; unsigned id; const char *key, *data, *icv; } mac[] = {
	{ "RFC 2202 2.1", SADB_AALG_MD5HMAC, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", HI, "9294727a3638bb1c13f48ef8" },
	{ "RFC 2202 3.1", SADB_AALG_SHA1HMAC, B20, HI, "b617318655057264e28bc0b6" },
	{ "RFC 2202 3.2", SADB_AALG_SHA1HMAC, JEFE, WHAT, "effcdf6ae5eb2fa2d27416d5" },
	{ "RFC 1828 2, by hashlib", CW_AALG_KEYED_MD5, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", HI, "9ae6acbb1580859e1461f3cc8e7172aa" },
	{ "RFC 1852 2, by hashlib", CW_AALG_KEYED_SHA1, B20, HI, "c3a23731314af5b48020a7a75259ebb043bf3acb" },
	{ "RFC 2286 2.1", SADB_X_AALG_RIPEMD160HMAC, B20, HI, "24cb4bd67d20fc1a5d2ed773" },
	{ "RFC 4868 2.7.2.1", SADB_X_AALG_SHA2_256HMAC, B20 "0b0b0b0b0b0b0b0b0b0b0b0b", HI, "198a607eb44bfbc69903a0f1cf2bbdc5" },
	{ "RFC 4868 2.7.2.1, 96 bits", CW_AALG_SHA2_256HMAC_96, B20 "0b0b0b0b0b0b0b0b0b0b0b0b", HI, "198a607eb44bfbc69903a0f1" },
	{ "RFC 4868 2.7.2.2", SADB_X_AALG_SHA2_384HMAC, JEFE JEFE JEFE JEFE JEFE JEFE JEFE JEFE JEFE JEFE JEFE JEFE, WHAT,
	  "2c7353974f1842fd66d53c452ca42122b28c0b594cfb184d" },
	{ "RFC 4868 2.7.2.3", SADB_X_AALG_SHA2_512HMAC, JEFE JEFE JEFE JEFE JEFE JEFE JEFE JEFE JEFE JEFE JEFE JEFE JEFE JEFE JEFE JEFE, WHAT,
	  "cb370917ae8a7ce28cfd1d8f4705d6141c173b2a9362c15df235dfb251b15454" },
	{ "RFC 3566 test 1", SADB_X_AALG_AES_XCBC_MAC, K16, "", "75f0251d528ac01c4573dfd5" },
	{ "RFC 3566 test 2", SADB_X_AALG_AES_XCBC_MAC, K16, "000102", "5b376580ae2f19afe7219cee" },
	{ "RFC 3566 test 3", SADB_X_AALG_AES_XCBC_MAC, K16, K16, "d2a246fa349b68a79998a439" },
	{ "RFC 3566 test 4", SADB_X_AALG_AES_XCBC_MAC, K16, K16 "10111213", "47f51b4564966215b8985c63" },
	{ "RFC 3566 test 5", SADB_X_AALG_AES_XCBC_MAC, K16, K16 "101112131415161718191a1b1c1d1e1f", "f54f0ec8d2b9f3d36807734b" },
	{ "RFC 3566 test 6", SADB_X_AALG_AES_XCBC_MAC, K16, K16 "101112131415161718191a1b1c1d1e1f2021", "becbb3bccdb518a30677d548" },
	{ "RFC 4493 example 2", CW_AALG_AES_CMAC, CMAC, "6bc1bee22e409f96e93d7e117393172a", "070a16b46b4d4144f79bdd9d" },
	{ "RFC 4493 example 3", CW_AALG_AES_CMAC, CMAC, "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411",
	  "dfa66747de9ae63030ca3261" },
	{ "RFC 4493 example 4", CW_AALG_AES_CMAC, CMAC, CMSG "f69f2445df4f9b17ad2b417be66c3710", "51f0bebf7e3b9d92fc497417" },
};

/* Each twice by one context, in one piece; then split between head, text and the high half, and with the ICV elsewhere. */
static void
macs(void **state)
{
	for (unsigned i = 0; i < sizeof(mac) / sizeof(mac[0]); i++) {
		uint8_t key[64], icv[32], got[32], pkt[256];
		size_t k = hex(mac[i].key, key), n = hex(mac[i].data, pkt), m = hex(mac[i].icv, icv);
		struct host_aead *a = host_aead_new(0, mac[i].id, NULL, 0, key, k);
		struct cw_crypt c = { .aead = a, .esp = pkt, .head = (uint32_t)n };

		if (a == NULL)
			fail_msg("%s: it is not there", mac[i].from);
		assert_int_equal(cw_alg_find(true, mac[i].id)->icv, m);
		for (unsigned twice = 0; twice < 2; twice++) {
			assert_true(host_crypt_one(&c, true));
			if (memcmp(pkt + n, icv, m) != 0)
				fail_msg("%s: another ICV", mac[i].from);
			assert_true(host_crypt_one(&c, false));
		}
		pkt[n] ^= 1;
		assert_false(host_crypt_one(&c, false));
		c.icv = got;
		assert_true(host_crypt_one(&c, true));
		assert_memory_equal(got, icv, m);
		if (n >= 4) {	/* the last four octets as the high half of a sequence number */
			c = (struct cw_crypt){ .aead = a, .esp = pkt, .head = 1, .text = (uint32_t)n - 5, .icv = got, .esn = 1, .seqhi = get32(pkt + n - 4) };
			assert_true(host_crypt_one(&c, false));
			c.seqhi ^= 1;
			assert_false(host_crypt_one(&c, false));
		}
		host_aead_free(a);
	}
}

/* RFC 3566, test 7: a thousand zeros. */
static void
xcbc_long(void **state)
{
	uint8_t key[16], icv[16], pkt[1100] = { 0 };
	struct host_aead *a;

	hex(K16, key);
	hex("f0dafee895db30253761103b5d84528f", icv);
	a = host_aead_new(0, SADB_X_AALG_AES_XCBC_MAC, NULL, 0, key, sizeof(key));
	assert_non_null(a);
	for (unsigned esn = 0; esn < 2; esn++) {	/* in one piece, and in two */
		uint8_t got[16] = { 0 };
		struct cw_crypt c = { .aead = a, .esp = pkt, .head = esn ? 996 : 1000, .icv = got, .esn = (uint8_t)esn };

		assert_true(host_crypt_one(&c, true));
		assert_memory_equal(got, icv, 12);
	}
	host_aead_free(a);
}

static const struct { const char *from; unsigned id; const char *key, *iv, *text, *out; } cipher[] = {
	{ "RFC 3602 4, case 1", SADB_X_EALG_AESCBC, "06a9214036b8a15b512e03d534120006", "3dafba429d9eb430b422da802c9fac41",
	  "53696e676c6520626c6f636b206d7367", "e353779c1079aeb82708942dbe77181a" },
	{ "RFC 3686 6, vector 1", SADB_X_EALG_AESCTR, "ae6852f8121067cc4bf7a5765577f39e" "00000030", "0000000000000000",
	  "53696e676c6520626c6f636b206d7367", "e4095d4fb7a7b3792d6175a3261311b8" },
	{ "RFC 3686 6, vector 2", SADB_X_EALG_AESCTR, "7e24067817fae0d743d6ce1f32539163" "006cb6db", "c0543b59da48d90b",
	  K16 "101112131415161718191a1b1c1d1e1f", "5104a106168a72d9790d41ee8edad388eb2e1efc46da57c8fce630df9141be28" },
	{ "RFC 3713 A, 128 bits", SADB_X_EALG_CAMELLIACBC, "0123456789abcdeffedcba9876543210", "00000000000000000000000000000000",
	  "0123456789abcdeffedcba9876543210", "67673138549669730857065648eabe43" },
	{ "RFC 3713 A, 192 bits", SADB_X_EALG_CAMELLIACBC, "0123456789abcdeffedcba98765432100011223344556677", "00000000000000000000000000000000",
	  "0123456789abcdeffedcba9876543210", "b4993401b3e996f84ee5cee7d79b09b9" },
	{ "RFC 3713 A, 256 bits", SADB_X_EALG_CAMELLIACBC, "0123456789abcdeffedcba987654321000112233445566778899aabbccddeeff",
	  "00000000000000000000000000000000", "0123456789abcdeffedcba9876543210", "9acc237dff16d76c20ef7c919e3a7509" },
	{ "FIPS 81 table C1", SADB_EALG_DESCBC, "0123456789abcdef", "1234567890abcdef", "4e6f77206973207468652074696d6520666f7220616c6c20",
	  "e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6" },
	{ "SP 800-67 B.1", SADB_EALG_3DESCBC, "0123456789abcdef23456789abcdef01456789abcdef0123", "0000000000000000", "5468652071756663",
	  "a826fd8ce53b855f" },
	{ "RFC 2144 B.1, 128 bits", SADB_X_EALG_CASTCBC, "0123456712345678234567893456789a", "0000000000000000", "0123456789abcdef",
	  "238b4fe5847e44b2" },
	{ "RFC 2144 B.1, 80 bits", SADB_X_EALG_CASTCBC, "01234567123456782345", "0000000000000000", "0123456789abcdef", "eb6a711a2c02271b" },
	{ "RFC 2144 B.1, 40 bits", SADB_X_EALG_CASTCBC, "0123456712", "0000000000000000", "0123456789abcdef", "7ac816d16e9b302e" },
	{ "Blowfish's own", SADB_X_EALG_BLOWFISHCBC, "0123456789abcdef", "0000000000000000", "1111111111111111", "61f9c3802281b096" },
};

static void
ciphers(void **state)
{
	for (unsigned i = 0; i < sizeof(cipher) / sizeof(cipher[0]); i++) {
		const struct cw_alg *row = cw_alg_find(false, cipher[i].id);
		uint8_t key[64], text[64], out[64], pkt[256] = { 0 };
		size_t k = hex(cipher[i].key, key), n = hex(cipher[i].text, text);
		struct host_aead *a = host_aead_new(cipher[i].id, 0, key, k, NULL, 0);
		struct cw_crypt c = { .aead = a, .esp = pkt, .head = 8u + row->iv, .text = (uint32_t)n };

		if (a == NULL)
			fail_msg("%s: it is not there", cipher[i].from);
		assert_int_equal(hex(cipher[i].out, out), n);
		assert_int_equal(hex(cipher[i].iv, pkt + 8), row->iv);
		memcpy(pkt + c.head, text, n);
		for (unsigned twice = 0; twice < 2; twice++) {
			assert_true(host_crypt_one(&c, true));
			if (memcmp(pkt + c.head, out, n) != 0)
				fail_msg("%s: another ciphertext", cipher[i].from);
			assert_int_equal(pkt[c.head + n], 0);	/* nothing behind it: there is no ICV */
			assert_true(host_crypt_one(&c, false));
			assert_memory_equal(pkt + c.head, text, n);
		}
		host_aead_free(a);
	}
}

/* RFC 4543 3.3 and 3.4: the text stays; the tag of GCM over SPI, sequence number, IV and text as AAD. */
static void
gmac(void **state)
{
	uint8_t key[20], pkt[64], aad[64], tag[16], nonce[12];
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	struct host_aead *a;
	int n;

	for (unsigned i = 0; i < sizeof(pkt); i++)
		pkt[i] = (uint8_t)(i * 7);
	for (unsigned i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(0xa0 + i);
	a = host_aead_new(SADB_X_EALG_NULL_AES_GMAC, 0, key, sizeof(key), NULL, 0);
	assert_non_null(a);
	for (unsigned esn = 0; esn < 2; esn++) {
		struct cw_crypt c = { .aead = a, .esp = pkt, .head = 16, .text = 24, .esn = (uint8_t)esn, .seqhi = 5 };
		size_t k = 0;

		memcpy(aad, pkt, 4);
		k = 4;
		if (esn) {
			put32(aad + k, 5);
			k += 4;
		}
		memcpy(aad + k, pkt + 4, 36);
		memcpy(nonce, key + 16, 4);
		memcpy(nonce + 4, pkt + 8, 8);
		assert_int_equal(EVP_EncryptInit_ex2(ctx, EVP_aes_128_gcm(), key, nonce, NULL), 1);
		assert_int_equal(EVP_EncryptUpdate(ctx, NULL, &n, aad, (int)k + 36), 1);
		assert_int_equal(EVP_EncryptFinal_ex(ctx, tag, &n), 1);
		assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, tag), 1);
		assert_true(host_crypt_one(&c, true));
		assert_memory_equal(pkt + 40, tag, 16);
		for (unsigned i = 0; i < 40; i++)
			assert_int_equal(pkt[i], (uint8_t)(i * 7));
		assert_true(host_crypt_one(&c, false));
		pkt[20] ^= 1;
		assert_false(host_crypt_one(&c, false));
		pkt[20] ^= 1;
	}
	host_aead_free(a);
	EVP_CIPHER_CTX_free(ctx);
}

/* Every length of key from none to the longest, by what the registry says, and the host agrees. */
static void
key_lengths(void **state)
{
	uint8_t key[CW_KEY_MAX + 8] = { 1 };
	const struct cw_alg *row;

	for (unsigned i = 0; (row = cw_alg_row(i)) != NULL; i++)
		for (unsigned n = 0; n <= CW_KEY_MAX; n++) {
			bool fits = cw_alg_key_ok(row, n * 8, n);
			struct host_aead *a;

			if (!row->auth && row->max)
				assert_int_equal(fits, n * 8 >= row->min + row->salt * 8u && n * 8 <= row->max + row->salt * 8u &&
				    (n * 8 - row->salt * 8 - row->min) % row->step == 0);
			if (!fits)
				continue;
			a = row->auth ? host_aead_new(row->iv ? 0 : SADB_EALG_NULL, row->id, NULL, 0, key, n) :
			    row->id == SADB_EALG_NULL ? host_aead_new(row->id, SADB_AALG_SHA1HMAC, NULL, 0, key, 20) :
			    host_aead_new(row->id, 0, key, n, NULL, 0);
			if (a == NULL)
				fail_msg("algorithm %u (%u) with %u octets of key is not there", row->id, row->auth, n);
			host_aead_free(a);
		}
	assert_null(host_aead_new(SADB_EALG_NULL, 0, NULL, 0, NULL, 0));	/* nothing protects it */
	assert_null(host_aead_new(SADB_X_EALG_AES_GCM_ICV16, SADB_AALG_SHA1HMAC, key, 20, key, 20));
	assert_null(host_aead_new(99, SADB_AALG_SHA1HMAC, key, 20, key, 20));
	assert_null(host_aead_new(SADB_X_EALG_AESCBC, 99, key, 16, key, 20));
	assert_null(host_aead_new(SADB_EALG_NULL, CW_AALG_AES_128_GMAC, NULL, 0, key, 20));	/* AH's alone */
}

static unsigned
listed(struct host *h, bool auth, unsigned id)
{
	const struct pfkey_algs *v;
	struct pfkey_msg m;
	unsigned n = 0;

	pfkey_msg_init(&m, SADB_REGISTER, SADB_SATYPE_ESP);
	assert_int_equal(rig_call(h, 0, &m), 0);
	assert_true(rig_last(h, 0, &m));
	v = auth ? &m.algs_auth : &m.algs_encrypt;
	for (unsigned i = 0; i < v->n; i++)
		n += v->v[i].sadb_alg_id == id;
	return n;
}

/* Weak algorithms and ESP without authentication: EPERM and not listed while the switch is off; it is off at first. */
static void
legacy(void **state)
{
	static const struct rig_sa weak[] = {
		{ .cipher = SADB_EALG_DESCBC, .bits = 64, .auth = SADB_X_AALG_SHA2_256HMAC },
		{ .cipher = SADB_EALG_3DESCBC, .bits = 192, .auth = SADB_X_AALG_SHA2_256HMAC },
		{ .cipher = SADB_X_EALG_CASTCBC, .bits = 128, .auth = SADB_X_AALG_SHA2_256HMAC },
		{ .cipher = SADB_X_EALG_BLOWFISHCBC, .bits = 448, .auth = SADB_X_AALG_SHA2_256HMAC },
		{ .cipher = SADB_X_EALG_AESCBC, .bits = 128, .auth = SADB_AALG_MD5HMAC },
		{ .cipher = SADB_EALG_NULL, .auth = SADB_X_AALG_RIPEMD160HMAC },
		{ .cipher = SADB_X_EALG_AESCBC, .bits = 128, .auth = CW_AALG_KEYED_MD5 },
		{ .cipher = SADB_EALG_NULL, .auth = CW_AALG_KEYED_SHA1 },
		{ .cipher = SADB_X_EALG_AESCBC, .bits = 256 },
		{ .cipher = SADB_X_EALG_AESCTR, .bits = 128 },
	};
	struct host *h = rig_new();

	for (unsigned i = 0; i < sizeof(weak) / sizeof(weak[0]); i++) {
		struct rig_sa sa = weak[i];
		const struct cw_alg *enc = cw_alg_find(false, sa.cipher), *auth = cw_alg_find(true, sa.auth);

		sa.src = "20.0.0.1";
		sa.dst = "20.0.0.2";
		sa.spi = 0x1000 + i;
		assert_int_equal(rig_sa(h, &sa), EPERM);
		if (enc->legacy)
			assert_int_equal(listed(h, false, enc->id), 0);
		if (auth && auth->legacy)
			assert_int_equal(listed(h, true, auth->id), 0);
		assert_int_equal(cw_knob_set(h->e, CW_KNOB_LEGACY, 1), 0);
		assert_int_equal(rig_sa(h, &sa), 0);
		assert_int_equal(listed(h, false, enc->id), 1);
		if (auth)
			assert_int_equal(listed(h, true, auth->id), 1);
		assert_int_equal(cw_knob_set(h->e, CW_KNOB_LEGACY, 0), 0);
		sa.spi += 0x100;
		assert_int_equal(rig_sa(h, &sa), EPERM);
	}
	assert_int_equal(cw_sa_count(h->e), sizeof(weak) / sizeof(weak[0]));	/* what is there stays */
	rig_free(h);
}

/* Without authentication: no window, which any packet could move, no 64-bit numbers, no NULL, and packets pass. */
static void
unauthenticated(void **state)
{
	struct rig_sa sa = { .cipher = SADB_X_EALG_AESCBC, .bits = 128, .udp = 4500, .window = 64, .src = "20.0.0.1", .dst = "20.0.0.2", .spi = 0x999 };
	struct host *a = rig_new(), *b = rig_new();
	struct cw_pkt *p, *again;
	struct pfkey_msg m;

	assert_int_equal(cw_knob_set(a->e, CW_KNOB_LEGACY, 1), 0);
	assert_int_equal(cw_knob_set(b->e, CW_KNOB_LEGACY, 1), 0);
	rig_tunnel(a, true, &sa);
	rig_tunnel(b, false, &sa);
	p = rig_seal(a, rig_udp4("10.0.1.5", "10.0.2.6", 100, 0, false));
	assert_int_equal(p->len, 8 + 16 + 144);		/* 128 and the trailer, to whole blocks, and no ICV */
	again = rig_copy(p);
	again->outer = p->outer;
	rig_carry(b, p);
	rig_carry(b, again);
	p = rig_seal(a, rig_udp4("10.0.1.5", "10.0.2.6", 100, 0, false));
	p->outer.sport = 999;		/* nor does a newer one move the peer, or say that it did */
	b->now += NS;
	rig_carry(b, p);
	assert_int_equal(b->nplain, 3);
	assert_false(rig_event(b, 0, SADB_X_NAT_T_NEW_MAPPING, &m));
	rig_clear(b);
	p = rig_seal(b, rig_udp4("10.0.2.6", "10.0.1.5", 100, 0, false));
	assert_int_equal(p->outer.dport, 4500);
	rig_pkt_free(p);
	sa.flags = CW_SAF_ESN;
	assert_int_equal(rig_sa(a, &sa), EINVAL);
	sa.flags = 0;
	sa.cipher = SADB_EALG_NULL;
	sa.bits = 0;
	assert_int_equal(rig_sa(a, &sa), EINVAL);
	rig_free(a);
	rig_free(b);
}

/* Numbers that are ours mean something else, or nothing, to who did not say HELLO. */
static void
private_numbers(void **state)
{
	struct host *h = rig_new();
	struct pfkey_msg m;

	assert_int_equal(listed(h, true, CW_AALG_AES_CMAC), 1);
	assert_int_equal(listed(h, true, CW_AALG_SHA2_256HMAC_96), 1);
	pfkey_msg_init(&m, SADB_REGISTER, SADB_SATYPE_ESP);
	assert_int_equal(rig_call(h, 1, &m), 0);
	assert_true(rig_last(h, 1, &m));
	for (unsigned i = 0; i < m.algs_auth.n; i++)
		assert_true(m.algs_auth.v[i].sadb_alg_id < 240);
	assert_true(m.algs_auth.n >= 4);
	rig_free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(macs), cmocka_unit_test(xcbc_long), cmocka_unit_test(ciphers), cmocka_unit_test(gmac),
		cmocka_unit_test(key_lengths), cmocka_unit_test(legacy), cmocka_unit_test(unauthenticated), cmocka_unit_test(private_numbers),
	};

	if (!host_legacy_open()) {
		fprintf(stderr, "OpenSSL's provider \"legacy\" is not there.\n");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
