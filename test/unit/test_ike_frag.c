/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SKF and the pieces of a message, RFC 7383: sealed and opened with each kind of suite, what is covered by the ICV, what is malformed,
 * every truncation, and how pieces come together in any order.
 */
#include "test.h"

#include "wire/frag.h"
#include "wire/sk.h"

static const struct ike_hdr hdr = { .spi_i = 0x0102030405060708, .spi_r = 0x1112131415161718, .exchange = EX_IKE_AUTH, .initiator = true, .id = 1 };
static const struct suite suites[] = {
	{ .encr = ENCR_AES_GCM_16, .key_bits = 256 }, { .encr = ENCR_CHACHA20_POLY1305, .key_bits = 0 },
	{ .encr = ENCR_AES_CBC, .key_bits = 128, .integ = INTEG_HMAC_SHA2_256_128 }, { .encr = ENCR_AES_CBC, .key_bits = 256, .integ = INTEG_HMAC_SHA2_512_256 },
};
#define NSUITES	(sizeof(suites) / sizeof(suites[0]))

static struct sk_key
key_of(const struct suite *s)
{
	static const uint8_t octets[64] = { 1, 2, 3 };
	struct sk_key k = { 0 };
	const struct alg *e = alg_find(T_ENCR, s->encr, s->key_bits), *a = s->integ ? alg_find(T_INTEG, s->integ, 0) : NULL;

	assert_true(sk_key_set(&k, s, bytes_of(octets, e->key_len), bytes_of(octets, a ? a->key_len : 0)));
	return k;
}

static void
test_seal_open(void **state)
{
	static uint8_t chain[3000], buf[4096], plain[4096], iv[SK_IV_MAX] = { 9 };
	static struct msg m;

	(void)state;
	for (size_t i = 0; i < sizeof(chain); i++)
		chain[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < NSUITES; i++) {
		struct sk_key k = key_of(&suites[i]);
		size_t room = sk_room(&k, 1252, true);
		struct bytes out, got;

		assert_in_range(room, 1100, 1220);
		out = sk_seal_fragment(&k, &hdr, iv, PLD_IDI, 1, 3, bytes_of(chain, room), buf, sizeof(buf));
		assert_in_range(out.n, 1252 - 16, 1252);	/* as full as it can be */
		assert_int_equal(msg_get_outer(out, &m), WE_OK);
		assert_int_equal(m.frag, 1);
		assert_int_equal(m.frags, 3);
		assert_int_equal(m.sk_first, PLD_IDI);
		assert_int_equal(sk_open(&k, &m, plain, sizeof(plain), &got), WE_OK);
		assert_int_equal(got.n, room);
		assert_memory_equal(got.p, chain, room);
		/* every octet is covered: header, numbers, text, ICV */
		for (size_t at = 0; at < out.n; at++) {
			buf[at] ^= 0x01;
			if (msg_get_outer(bytes_of(buf, out.n), &m) == WE_OK && (m.frags || msg_has(&m, PLD_SK)))
				assert_int_not_equal(sk_open(&k, &m, plain, sizeof(plain), &got), WE_OK);
			buf[at] ^= 0x01;
		}
		for (size_t n = 0; n < out.n; n++)	/* truncated, with a length that fits */ {
			uint8_t cut[4096];
			struct wr w = wr_of(cut, sizeof(cut));

			memcpy(cut, buf, n);
			w.n = n;
			if (n >= HDR_LEN)
				wr_set16(&w, HDR_LEN - 2, n);
			if (msg_get_outer(bytes_of(cut, n), &m) == WE_OK)
				assert_int_not_equal(sk_open(&k, &m, plain, sizeof(plain), &got), WE_OK);
		}
		sk_key_wipe(&k);
	}
}

/* What is said to fit into so many octets does, and one octet more does not: whole and in pieces, with and without blocks. */
static void
test_room(void **state)
{
	static uint8_t chain[700], buf[1024], iv[SK_IV_MAX];

	(void)state;
	for (size_t i = 0; i < NSUITES; i++) {
		struct sk_key k = key_of(&suites[i]);

		for (size_t size = 0; size < 600; size++) {
			size_t whole = sk_room(&k, size, false), piece = sk_room(&k, size, true);

			assert_true(piece <= whole && whole < size + !size);
			if (whole)
				assert_in_range(sk_seal(&k, &hdr, iv, PLD_IDI, bytes_of(chain, whole), buf, sizeof(buf)).n, 1, size);
			if (piece)
				assert_in_range(sk_seal_fragment(&k, &hdr, iv, PLD_IDI, 1, 2, bytes_of(chain, piece), buf, sizeof(buf)).n, 1, size);
			assert_true(sk_seal(&k, &hdr, iv, PLD_IDI, bytes_of(chain, whole + 1), buf, sizeof(buf)).n > size);
			assert_true(sk_seal_fragment(&k, &hdr, iv, PLD_IDI, 1, 2, bytes_of(chain, piece + 1), buf, sizeof(buf)).n > size);
		}
		sk_key_wipe(&k);
	}
}

/* A datagram with SKF and these numbers, and a payload in the clear before it. What is well formed is not authentic. */
static enum werr
outer(uint16_t number, uint16_t total, uint8_t first, bool trailing, uint8_t before)
{
	static struct msg m;
	uint8_t buf[128], plain[128];
	struct wr w = wr_of(buf, sizeof(buf));
	struct sk_key k = key_of(&suites[0]);
	struct ike_hdr h = hdr;
	struct bytes got;
	enum werr e;

	h.next = before ? before : PLD_SKF;
	hdr_put(&w, &h, 0);
	if (before) {
		wr_u8(&w, PLD_SKF);
		wr_u8(&w, 0);
		wr_u16(&w, 4);
	}
	wr_u8(&w, first);
	wr_u8(&w, 0);
	wr_u16(&w, 8 + 30);
	wr_u16(&w, number);
	wr_u16(&w, total);
	for (unsigned i = 0; i < 30; i++)
		wr_u8(&w, 0);
	if (trailing)
		wr_u32(&w, 4);
	wr_set16(&w, HDR_LEN - 2, w.n);
	e = msg_get_outer(wr_bytes(&w), &m);
	return e != WE_OK ? e : sk_open(&k, &m, plain, sizeof(plain), &got);
}

static void
test_malformed(void **state)
{
	(void)state;
	assert_int_equal(outer(1, 1, PLD_IDI, false, 0), WE_SK_ICV);
	assert_int_equal(outer(65535, 65535, PLD_NONE, false, 0), WE_SK_ICV);
	assert_int_equal(outer(0, 1, PLD_IDI, false, 0), WE_FRAGMENT);
	assert_int_equal(outer(0, 0, PLD_IDI, false, 0), WE_FRAGMENT);
	assert_int_equal(outer(1, 0, PLD_IDI, false, 0), WE_FRAGMENT);
	assert_int_equal(outer(3, 2, PLD_NONE, false, 0), WE_FRAGMENT);
	assert_int_equal(outer(2, 2, PLD_IDI, false, 0), WE_FRAGMENT);	/* only the first names the first payload */
	assert_int_equal(outer(1, 2, PLD_IDI, true, 0), WE_FRAGMENT);
	assert_int_equal(outer(1, 2, PLD_IDI, false, PLD_VENDOR), WE_FRAGMENT);	/* something in the clear beside it */
	assert_int_equal(outer(1, 2, PLD_IDI, false, 200), WE_SK_SHORT);	/* something that nobody knows: the associated data would not be the beginning */
}

static enum frag_verdict
add(struct frags *f, uint32_t id, uint16_t number, uint16_t total, const char *part)
{
	static struct msg m;

	m = (struct msg){ .hdr = { .exchange = EX_IKE_AUTH, .id = id }, .frag = number, .frags = total, .sk_first = number == 1 ? PLD_IDI : 0 };
	return frags_add(f, &m, bytes_of(part, strlen(part)), 100);
}

static void
whole(struct frags *f, const char *want)
{
	static struct msg m;
	struct bytes chain;
	char buf[128];

	m = (struct msg){ .frag = 2, .frags = 3, .seen = PLD_BIT(PLD_SKF) };
	assert_int_equal(frags_take(f, &m, buf, sizeof(buf), &chain), WE_OK);
	assert_true(bytes_eq(chain, bytes_of(want, strlen(want))));
	assert_true(m.sk_first == PLD_IDI && m.frags == 0 && m.seen == PLD_BIT(PLD_SK) && m.outer == PLD_BIT(PLD_SK));
	frags_free(f);
}

static void
test_together(void **state)
{
	struct frags f = { 0 };
	char big[101];

	(void)state;
	assert_int_equal(add(&f, 1, 3, 3, "ef"), FRAG_KEPT);
	assert_int_equal(add(&f, 1, 3, 3, "xx"), FRAG_IGNORED);		/* a double */
	assert_int_equal(add(&f, 1, 1, 3, "ab"), FRAG_KEPT);
	assert_int_equal(add(&f, 1, 2, 3, "cd"), FRAG_WHOLE);
	whole(&f, "abcdef");
	/* cut anew into more: the old pieces go; into fewer: those are ignored (RFC 7383 2.6) */
	assert_int_equal(add(&f, 1, 1, 2, "old"), FRAG_KEPT);
	assert_int_equal(add(&f, 1, 2, 3, "b"), FRAG_KEPT);
	assert_int_equal(add(&f, 1, 2, 2, "old"), FRAG_IGNORED);
	assert_int_equal(add(&f, 1, 1, 1, "old"), FRAG_IGNORED);
	assert_int_equal(add(&f, 1, 1, 3, "a"), FRAG_KEPT);
	assert_int_equal(add(&f, 1, 3, 3, ""), FRAG_WHOLE);
	whole(&f, "ab");
	/* another message takes the place */
	assert_int_equal(add(&f, 1, 1, 2, "old"), FRAG_KEPT);
	assert_int_equal(add(&f, 2, 2, 2, "b"), FRAG_KEPT);
	assert_int_equal(add(&f, 2, 1, 2, "a"), FRAG_WHOLE);
	whole(&f, "ab");
	assert_int_equal(add(&f, 3, 1, 1, "one"), FRAG_WHOLE);
	whole(&f, "one");
	/* limits */
	memset(big, 'x', 100);
	big[100] = '\0';
	assert_int_equal(add(&f, 4, 1, FRAGS_MAX + 1, "a"), FRAG_IGNORED);
	assert_int_equal(add(&f, 4, 1, 65535, "a"), FRAG_IGNORED);
	assert_null(f.v);
	assert_int_equal(add(&f, 4, 1, FRAGS_MAX, big), FRAG_KEPT);
	assert_int_equal(add(&f, 4, 2, FRAGS_MAX, "y"), FRAG_IGNORED);
	assert_int_equal(add(&f, 4, 2, FRAGS_MAX, ""), FRAG_KEPT);
	frags_free(&f);
	frags_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seal_open), cmocka_unit_test(test_room), cmocka_unit_test(test_malformed), cmocka_unit_test(test_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
