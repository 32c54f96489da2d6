/* SPDX-License-Identifier: BSD-2-Clause */
/* The table against itself and the RFCs' sizes; proposals as text; presets; choosing, accepting, explaining. */
#include "test.h"

#include <linux/pfkeyv2.h>

#include "alg.h"

static struct proposal
prop(uint8_t proto, const char *s)
{
	struct proposal p;
	const char *why;
	size_t at;

	if (!proposal_parse(proto, s, &p, &why, &at))
		fail_msg("%s: %s at %zu", s, why, at);
	return p;
}

static struct proposals
props(uint8_t proto, const char *a, const char *b)
{
	struct proposals ps = { 0 };

	ps.v[ps.n++] = prop(proto, a);
	if (b)
		ps.v[ps.n++] = prop(proto, b);
	return ps;
}

static void
check_row(const struct alg *a)
{
	char buf[32];

	assert_ptr_equal(alg_find(a->type, a->id, a->key_bits), a);
	assert_ptr_equal(alg_by_name(a->name, strlen(a->name)), a);
	assert_string_equal(alg_str(a->type, a->id, a->key_bits, buf), a->name);
	assert_null(strchr(a->name, '-'));
	assert_true(a->type == T_KE ? (a->pub_len != 0) == (a->id != KE_NONE) : a->pub_len == 0);
	if (a->type != T_ENCR) {
		assert_int_equal(a->key_bits, 0);
		return;
	}
	assert_true(a->iv_len >= 8 && a->block >= 4 && a->pfkey != 0);
	if (a->key_bits)
		assert_int_equal(a->key_len, a->key_bits / 8 + a->salt_len);
	assert_int_equal(alg_is_aead(a), a->salt_len != 0);
	assert_int_equal(a->block, alg_is_aead(a) ? 4 : 16);
}

static void
test_table(void **state)
{
	unsigned rows = 0;

	for (unsigned type = 0; type < 8; type++)
		for (unsigned id = 0; id < 300; id++)
			for (unsigned bits = 0; bits <= 512; bits += type == T_ENCR ? 8 : 1024) {
				const struct alg *a = alg_find(type, (uint16_t)id, (uint16_t)bits);

				if (a) {
					check_row(a);
					rows++;
				}
			}
	assert_int_equal(rows, 25);
	assert_int_equal(alg_by_name("sha256", 6)->pfkey, SADB_X_AALG_SHA2_256HMAC);
	assert_int_equal(alg_by_name("sha384", 6)->pfkey, SADB_X_AALG_SHA2_384HMAC);
	assert_int_equal(alg_by_name("sha512", 6)->pfkey, SADB_X_AALG_SHA2_512HMAC);
	assert_int_equal(alg_by_name("aes256", 6)->pfkey, SADB_X_EALG_AESCBC);
	assert_int_equal(alg_by_name("aes128gcm16", 11)->pfkey, SADB_X_EALG_AES_GCM_ICV16);
	assert_int_equal(alg_by_name("chacha20poly1305", 16)->pfkey, 28);
	assert_int_equal(alg_by_name("curve25519", 10)->id, KE_X25519);
	assert_string_equal(alg_by_name("curve448", 8)->name, "x448");
	assert_null(alg_by_name("aes", 3));
	assert_null(alg_by_name("", 0));
	assert_null(alg_find(T_ENCR, ENCR_AES_CBC, 0));
}

static void
test_alg_str(void **state)
{
	char buf[32];

	assert_string_equal(alg_str(T_ENCR, 99, 128, buf), "encr-99/128");
	assert_string_equal(alg_str(T_KE, 2, 0, buf), "ke-2");
	assert_string_equal(alg_str(9, 65535, 65535, buf), "type-65535/65535");
}

static void
test_parse(void **state)
{
	static const char *const ike[] = { "aes128gcm16-prfsha256-x25519", "aes256gcm16-prfsha384-x25519-ecp384",
	    "chacha20poly1305-prfsha256-x448", "aes256-aes128-sha256-prfsha512-modp4096-ecp521" };
	static const char *const esp[] = { "aes128gcm16-x25519-esn", "aes192gcm16-noesn", "aes256-sha512-none-noesn-esn" };
	char buf[128];
	struct proposal p;

	for (size_t i = 0; i < sizeof(ike) / sizeof(ike[0]); i++) {
		p = prop(PROTO_IKE, ike[i]);
		assert_string_equal(proposal_str(&p, buf, sizeof(buf)), ike[i]);
	}
	for (size_t i = 0; i < sizeof(esp) / sizeof(esp[0]); i++) {
		p = prop(PROTO_ESP, esp[i]);
		assert_string_equal(proposal_str(&p, buf, sizeof(buf)), esp[i]);
	}
	p = prop(PROTO_ESP, "aes128gcm16-x25519");
	assert_string_equal(proposal_str(&p, buf, sizeof(buf)), "aes128gcm16-x25519-esn-noesn");
	p = prop(PROTO_IKE, "aes256-sha256-sha384-modp2048");
	assert_string_equal(proposal_str(&p, buf, sizeof(buf)), "aes256-sha256-sha384-modp2048-prfsha256-prfsha384");
	for (size_t cap = 1; cap < 20; cap++)
		assert_int_equal(strlen(proposal_str(&p, buf, cap)), cap - 1);
	p = prop(PROTO_IKE, "aes256gcm16-prfsha384-curve448-curve25519");
	assert_string_equal(proposal_str(&p, buf, sizeof(buf)), "aes256gcm16-prfsha384-x448-x25519");
}

static void
test_parse_bad(void **state)
{
	static const struct { uint8_t proto; const char *text, *why; size_t at; } bad[] = {
		{ PROTO_IKE, "", "a word is missing", 0 },
		{ PROTO_IKE, "aes256-", "a word is missing", 7 },
		{ PROTO_IKE, "-aes256", "a word is missing", 0 },
		{ PROTO_IKE, "aes256gcm16-prfsha1-x25519", "no such algorithm", 12 },
		{ PROTO_IKE, "3des-sha256-modp2048", "no such algorithm", 0 },
		{ PROTO_IKE, "aes256gcm16-prfsha256-x25519-x25519", "this word is given twice", 29 },
		{ PROTO_IKE, "aes256gcm16-prfsha256-x25519-curve25519", "this word is given twice", 29 },
		{ PROTO_IKE, "aes256gcm16-prfsha256-x25519-esn", "this word belongs to ESP proposals", 29 },
		{ PROTO_IKE, "aes256gcm16-prfsha256-none", "this word belongs to ESP proposals", 22 },
		{ PROTO_AH, "sha256-aes128", "AH encrypts nothing: this word belongs to ESP proposals", 7 },
		{ PROTO_AH, "sha256-prfsha256", "this word belongs to IKE proposals", 7 },
		{ PROTO_AH, "x25519", "an integrity algorithm is missing, such as sha256", 6 },
		{ PROTO_ESP, "aes256gcm16-prfsha256", "this word belongs to IKE proposals", 12 },
		{ PROTO_IKE, "prfsha256-x25519", "an encryption algorithm is missing, such as aes256gcm16", 16 },
		{ PROTO_IKE, "aes256-aes256gcm16-sha256-x25519", "combined-mode and other ciphers need a proposal each", 32 },
		{ PROTO_ESP, "aes256gcm16-sha256", "a combined-mode cipher takes no integrity algorithm", 18 },
		{ PROTO_ESP, "aes256-x25519", "an integrity algorithm is missing, such as sha256", 13 },
		{ PROTO_ESP, "aes256-nointeg", "an integrity algorithm is missing, such as sha256", 14 },
		{ PROTO_IKE, "aes256gcm16-x25519", "a PRF is missing, such as prfsha256", 18 },
		{ PROTO_IKE, "aes256gcm16-prfsha256", "a key exchange group is missing, such as x25519", 21 },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct proposal p;
		const char *why = NULL;
		size_t at = 999;

		if (proposal_parse(bad[i].proto, bad[i].text, &p, &why, &at))
			fail_msg("'%s' was accepted", bad[i].text);
		assert_string_equal(why, bad[i].why);
		assert_int_equal(at, bad[i].at);
		assert_int_equal(p.n, 0);
	}
}

static void
reparse(uint8_t proto, const struct proposals *ps)
{
	char buf[256];

	for (unsigned i = 0; i < ps->n; i++) {
		struct proposal p = prop(proto, proposal_str(&ps->v[i], buf, sizeof(buf)));

		assert_memory_equal(&p, &ps->v[i], sizeof(p));
	}
}

static void
test_presets(void **state)
{
	static const struct { const char *name; unsigned ike, esp; } presets[] = {
		{ "modern", 2, 2 }, { "compatible", 5, 5 }, { "legacy", 5, 5 } };
	struct proposals ike, esp, modern;
	struct suite s;
	unsigned which;
	char buf[1024];

	assert_true(preset_find("modern", &modern, &esp));
	assert_string_equal(proposals_str(&modern, buf, sizeof(buf)),
	    "aes256gcm16-prfsha384-x25519-ecp384, aes128gcm16-prfsha256-x25519-ecp256-modp3072");
	assert_string_equal(proposals_str(&esp, buf, sizeof(buf)),
	    "aes256gcm16-x25519-ecp384-esn-noesn, aes128gcm16-x25519-ecp256-modp3072-esn-noesn");
	for (size_t i = 0; i < 3; i++) {
		assert_true(preset_find(presets[i].name, &ike, &esp));
		assert_int_equal(ike.n, presets[i].ike);	/* a line that does not parse would be missing */
		assert_int_equal(esp.n, presets[i].esp);
		reparse(PROTO_IKE, &ike);
		reparse(PROTO_ESP, &esp);
		assert_true(proposals_choose(&modern, &ike, &s, &which));
		assert_string_equal(suite_str(PROTO_IKE, &s, buf, sizeof(buf)), "aes256gcm16-prfsha384-x25519");
		assert_true(proposals_choose(&ike, &modern, &s, &which));
	}
	assert_false(preset_find("Modern", &ike, &esp) || preset_find("", &ike, &esp));
	assert_int_equal(ike.n + esp.n, 0);
}

static void
chosen(uint8_t proto, const char *ours, const char *ours2, const char *theirs, const char *theirs2, const char *want, unsigned index)
{
	struct proposals a = props(proto, ours, ours2), b = props(proto, theirs, theirs2);
	struct suite s;
	unsigned which = 99;
	char buf[128];

	if (!proposals_choose(&a, &b, &s, &which)) {
		if (want)
			fail_msg("%s and %s have nothing in common", ours, theirs);
		assert_true(s.encr == 0 && s.ke == 0);
		return;
	}
	assert_string_equal(suite_str(proto, &s, buf, sizeof(buf)), want ? want : "nothing");
	assert_int_equal(which, index);
}

static void
test_choose(void **state)
{
	/* our order counts, whatever theirs is */
	chosen(PROTO_IKE, "aes256gcm16-prfsha384-x25519-ecp384", NULL, "aes256gcm16-prfsha384-ecp384-x25519", NULL,
	    "aes256gcm16-prfsha384-x25519", 0);
	chosen(PROTO_IKE, "aes256gcm16-prfsha384-x25519", "aes128gcm16-prfsha256-x25519", "aes128gcm16-prfsha256-x25519",
	    "aes256gcm16-prfsha384-x25519", "aes256gcm16-prfsha384-x25519", 1);
	/* the key length is a part of the cipher */
	chosen(PROTO_IKE, "aes256gcm16-prfsha256-x25519", NULL, "aes128gcm16-prfsha256-x25519", NULL, NULL, 0);
	chosen(PROTO_IKE, "aes256-sha256-prfsha256-ecp256", NULL, "aes128-aes256-sha512-sha256-prfsha256-ecp256", NULL,
	    "aes256-sha256-prfsha256-ecp256", 0);
	chosen(PROTO_IKE, "aes256-sha256-prfsha256-ecp256", NULL, "aes256-sha512-prfsha256-ecp256", NULL, NULL, 0);
	/* an AEAD may say so, or not */
	chosen(PROTO_ESP, "aes256gcm16-esn", NULL, "aes256gcm16-nointeg-esn", NULL, "aes256gcm16-esn", 0);
	/* ESN */
	chosen(PROTO_ESP, "aes256gcm16", NULL, "aes256gcm16-noesn", NULL, "aes256gcm16-noesn", 0);
	chosen(PROTO_ESP, "aes256gcm16", NULL, "aes256gcm16-noesn-esn", NULL, "aes256gcm16-esn", 0);
	chosen(PROTO_ESP, "aes256gcm16-esn", NULL, "aes256gcm16-noesn", NULL, NULL, 0);
	/* PFS wanted here, there, optional here, optional there */
	chosen(PROTO_ESP, "aes256gcm16-x25519-esn", NULL, "aes256gcm16-esn", NULL, NULL, 0);
	chosen(PROTO_ESP, "aes256gcm16-esn", NULL, "aes256gcm16-x25519-esn", NULL, NULL, 0);
	chosen(PROTO_ESP, "aes256gcm16-x25519-none-esn", NULL, "aes256gcm16-esn", NULL, "aes256gcm16-esn", 0);
	chosen(PROTO_ESP, "aes256gcm16-esn", NULL, "aes256gcm16-x25519-none-esn", NULL, "aes256gcm16-esn", 0);
	chosen(PROTO_ESP, "aes256gcm16-x25519-none-esn", NULL, "aes256gcm16-none-x25519-esn", NULL, "aes256gcm16-x25519-esn", 0);
}

/* What a peer can send and our parser would not produce. */
static void
test_choose_odd(void **state)
{
	struct proposals a = props(PROTO_ESP, "aes256-sha256-noesn", NULL), b = a, none = { 0 };
	struct suite s;
	unsigned which;

	assert_true(proposals_choose(&a, &b, &s, &which));
	assert_false(proposals_choose(&a, &none, &s, &which) || proposals_choose(&none, &a, &s, &which));
	b.v[0].t[1] = (struct transform){ T_INTEG, INTEG_NONE, 0 };	/* encryption without integrity */
	assert_false(proposals_choose(&a, &b, &s, &which) || proposals_choose(&b, &b, &s, &which));
	b = a;
	b.v[0].n = 2;							/* ESN is mandatory in ESP */
	assert_false(proposals_choose(&a, &b, &s, &which));
	b = a;
	b.v[0].t[b.v[0].n++] = (struct transform){ 6, 35, 0 };		/* a type we do not know */
	assert_false(proposals_choose(&a, &b, &s, &which));
	b = a;
	b.v[0].proto = PROTO_AH;
	assert_false(proposals_choose(&a, &b, &s, &which));
	b = a;
	b.v[0].t[b.v[0].n++] = (struct transform){ T_ENCR, 999, 77 };	/* an unknown cipher beside one we know */
	assert_true(proposals_choose(&a, &b, &s, &which));
	a = props(PROTO_ESP, "aes256gcm16-esn", NULL);			/* AEAD with an integrity algorithm */
	b = a;
	b.v[0].t[b.v[0].n++] = (struct transform){ T_INTEG, INTEG_HMAC_SHA2_256_128, 0 };
	assert_false(proposals_choose(&a, &b, &s, &which));
}

static void
test_accept(void **state)
{
	struct proposals o = props(PROTO_IKE, "aes256gcm16-prfsha384-x25519-ecp384", "aes128-sha512-prfsha512-modp4096"), e;
	struct proposal p = prop(PROTO_IKE, "aes128-sha512-prfsha512-modp4096");
	struct suite s;
	char buf[64];

	assert_true(proposals_accept(&o, &p, &s));
	assert_string_equal(suite_str(PROTO_IKE, &s, buf, sizeof(buf)), "aes128-sha512-prfsha512-modp4096");
	p = prop(PROTO_IKE, "aes256gcm16-prfsha384-ecp384");
	assert_true(proposals_accept(&o, &p, &s));
	p = prop(PROTO_IKE, "aes256gcm16-prfsha384-x25519-ecp384");	/* two of a type */
	assert_false(proposals_accept(&o, &p, &s));
	p = prop(PROTO_IKE, "aes256gcm16-prfsha512-x25519");		/* a mixture of two offers */
	assert_false(proposals_accept(&o, &p, &s));
	assert_int_equal(s.encr, 0);
	p = prop(PROTO_IKE, "aes256gcm16-prfsha384-x25519");
	p.t[0].key_bits = 128;
	assert_false(proposals_accept(&o, &p, &s));
	p = prop(PROTO_IKE, "aes256gcm16-prfsha384-x25519");
	p.t[1].type = 200;
	assert_false(proposals_accept(&o, &p, &s));
	e = props(PROTO_ESP, "aes256gcm16-x25519", NULL);
	p = prop(PROTO_ESP, "aes256gcm16-esn");				/* PFS was offered, so it is not dropped */
	assert_false(proposals_accept(&e, &p, &s));
	p = prop(PROTO_ESP, "aes256gcm16-x25519-noesn");
	assert_true(proposals_accept(&e, &p, &s));
	p.n = 0;
	assert_false(proposals_accept(&e, &p, &s));
}

static void
differ(uint8_t proto, const char *ours, const char *ours2, const char *theirs, const char *theirs2, const char *want)
{
	struct proposals a = props(proto, ours, ours2), b = props(proto, theirs, theirs2);
	char buf[256];

	assert_string_equal(proposals_differ(&a, &b, buf, sizeof(buf)), want);
}

static void
test_differ(void **state)
{
	struct proposals a = props(PROTO_ESP, "aes256gcm16-esn", NULL), b = props(PROTO_IKE, "aes256-sha256-x25519", NULL), none = { 0 };
	char buf[128];

	differ(PROTO_IKE, "aes256gcm16-prfsha384-x25519-ecp384", NULL, "aes256gcm16-prfsha384-modp2048", NULL,
	    "No common key exchange group: here x25519, ecp384; there modp2048.");
	differ(PROTO_IKE, "aes256gcm16-prfsha384-x25519", NULL, "aes128gcm16-prfsha256-x25519", NULL,
	    "No common encryption algorithm: here aes256gcm16; there aes128gcm16.");
	/* the closest pair is the second of each */
	differ(PROTO_IKE, "aes256gcm16-prfsha384-x25519", "aes128gcm16-prfsha256-ecp256", "aes256-sha512-modp2048",
	    "aes128gcm16-prfsha512-ecp256", "No common PRF: here prfsha256; there prfsha512.");
	differ(PROTO_ESP, "aes256-sha256-esn", NULL, "aes256-sha512-esn", NULL,
	    "No common integrity algorithm: here sha256; there sha512.");
	differ(PROTO_ESP, "aes256gcm16-esn", NULL, "aes256gcm16-noesn", NULL, "No common kind of sequence numbers: here esn; there noesn.");
	differ(PROTO_ESP, "aes256gcm16-x25519-esn", NULL, "aes256gcm16-esn", NULL,
	    "No common key exchange group: here x25519; there none.");
	differ(PROTO_ESP, "aes256gcm16-esn", NULL, "aes256gcm16-esn", NULL, "The proposals have a suite in common.");
	assert_string_equal(proposals_differ(&a, &none, buf, sizeof(buf)), "The peer proposes nothing.");
	assert_string_equal(proposals_differ(&none, &a, buf, sizeof(buf)), "This end proposes nothing.");
	assert_non_null(strstr(proposals_differ(&a, &b, buf, sizeof(buf)), "another protocol"));
}

/* AH has no cipher, and always an integrity algorithm (RFC 7296 3.3.3). */
static void
test_ah(void **state)
{
	struct proposals ah, ours = props(PROTO_AH, "sha256-sha512-x25519-none", NULL), theirs = props(PROTO_AH, "sha512-sha384-noesn", NULL),
	    esp = props(PROTO_ESP, "aes256-sha512-noesn", NULL);
	struct suite s;
	unsigned which;
	char buf[256];

	preset_ah(&ah);
	assert_int_equal(ah.n, 1);
	reparse(PROTO_AH, &ah);
	assert_true(proposals_choose(&ours, &theirs, &s, &which));
	assert_string_equal(suite_str(PROTO_AH, &s, buf, sizeof(buf)), "sha512-noesn");
	assert_true(s.encr == 0 && s.key_bits == 0 && s.ke == KE_NONE);
	assert_false(proposals_choose(&ours, &esp, &s, &which) || proposals_choose(&esp, &ours, &s, &which));
	assert_string_equal(proposals_differ(&ours, &esp, buf, sizeof(buf)), "The peer offers ESP, and here it is AH.");
	assert_string_equal(proposals_differ(&esp, &ours, buf, sizeof(buf)), "The peer offers AH, and here it is ESP.");
	theirs.v[0].t[theirs.v[0].n++] = (struct transform){ T_ENCR, ENCR_AES_CBC, 256 };	/* a type that AH does not have */
	assert_false(proposals_choose(&ours, &theirs, &s, &which));
	theirs = props(PROTO_AH, "sha384", NULL);
	differ(PROTO_AH, "sha256-sha512", NULL, "sha384", NULL, "No common integrity algorithm: here sha256, sha512; there sha384.");
	theirs.v[0].n = 0;	/* nor is "none" an algorithm for it */
	theirs.v[0].t[theirs.v[0].n++] = (struct transform){ T_ESN, ESN_NO, 0 };
	assert_false(proposals_choose(&ours, &theirs, &s, &which));
}

static void
test_ipc(void **state)
{
	struct proposals ike, esp, back;
	struct suite s = { ENCR_AES_CBC, 256, PRF_HMAC_SHA2_512, INTEG_HMAC_SHA2_512_256, KE_MODP2048, 0 }, t;
	uint8_t b[1024];
	struct wr w = wr_of(b, sizeof(b));
	struct rd r;

	assert_true(preset_find("compatible", &ike, &esp));
	proposals_put(&w, &esp);
	assert_true(wr_ok(&w));
	r = rd_of(wr_bytes(&w));
	proposals_get(&r, &back);
	assert_true(rd_done(&r));
	assert_memory_equal(&back, &esp, sizeof(esp));
	for (size_t k = 0; k < w.n; k++) {
		r = rd_of(bytes_of(b, k));
		proposals_get(&r, &back);
		assert_true(!rd_ok(&r) && back.n == 0 && back.v[0].n == 0);
	}
	b[0] = PROPOSALS_MAX + 1;
	r = rd_of(wr_bytes(&w));
	proposals_get(&r, &back);
	assert_false(rd_ok(&r));
	b[0] = 5;
	b[2] = PROPOSAL_TRANSFORMS + 1;
	r = rd_of(wr_bytes(&w));
	proposals_get(&r, &back);
	assert_false(rd_ok(&r));

	w = wr_of(b, sizeof(b));
	suite_put(&w, &s);
	r = rd_of(wr_bytes(&w));
	suite_get(&r, &t);
	assert_true(rd_done(&r));
	assert_memory_equal(&s, &t, sizeof(s));
	for (size_t k = 0; k < w.n; k++) {
		r = rd_of(bytes_of(b, k));
		suite_get(&r, &t);
		assert_true(!rd_ok(&r) && t.encr == 0 && t.prf == 0);
	}
	s.key_bits = 255;
	w = wr_of(b, sizeof(b));
	suite_put(&w, &s);
	r = rd_of(wr_bytes(&w));
	suite_get(&r, &t);
	assert_false(rd_ok(&r));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_alg_str),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_bad),
		cmocka_unit_test(test_ah),
		cmocka_unit_test(test_presets),
		cmocka_unit_test(test_choose),
		cmocka_unit_test(test_choose_odd),
		cmocka_unit_test(test_accept),
		cmocka_unit_test(test_differ),
		cmocka_unit_test(test_ipc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
