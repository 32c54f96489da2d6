/* SPDX-License-Identifier: BSD-2-Clause */
/* Signatures of AUTH: published vectors, what is made for which peer, and what is not taken. */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "key_hex.h"
#include "pki.h"
#include "sig.h"
#include "test.h"

#define SHA2	(HASH_BIT(HASH_SHA2_256) | HASH_BIT(HASH_SHA2_384) | HASH_BIT(HASH_SHA2_512))
#define ALL	(SHA2 | HASH_BIT(HASH_IDENTITY))

static char name[SIG_NAME], detail[SIG_DETAIL];
static const struct bytes text = { (const uint8_t *)"these octets are signed", 23 };

static void
unhex(const char *s, uint8_t *out, size_t n)
{
	struct hex h = hex(s);

	assert_int_equal(h.n, n);
	memcpy(out, h.b, n);
}

/* Keys from numbers */

static EVP_PKEY *
key_of(const char *type, OSSL_PARAM_BLD *b)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM *p = OSSL_PARAM_BLD_to_param(b);
	EVP_PKEY *k = NULL;

	assert_true(c && p && EVP_PKEY_fromdata_init(c) == 1 && EVP_PKEY_fromdata(c, &k, EVP_PKEY_PUBLIC_KEY, p) == 1);
	OSSL_PARAM_free(p);
	OSSL_PARAM_BLD_free(b);
	EVP_PKEY_CTX_free(c);
	return k;
}

static EVP_PKEY *
rsa_of(const char *n, const char *e)
{
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	BIGNUM *bn = NULL, *be = NULL;
	EVP_PKEY *k;

	assert_true(BN_hex2bn(&bn, n) && BN_hex2bn(&be, e) && OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, bn) &&
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, be));
	k = key_of("RSA", b);
	BN_free(bn);
	BN_free(be);
	return k;
}

static EVP_PKEY *
ec_of(const char *curve, size_t half, const char *x, const char *y)
{
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	uint8_t point[133] = { 4 };
	BIGNUM *v = NULL;

	assert_true(BN_hex2bn(&v, x) && BN_bn2binpad(v, point + 1, (int)half) > 0);
	assert_true(BN_hex2bn(&v, y) && BN_bn2binpad(v, point + 1 + half, (int)half) > 0);
	BN_free(v);
	assert_true(OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, curve, 0) &&
	    OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * half));
	return key_of("EC", b);
}

/* AUTH's data of method 14. */
static struct bytes
data14(uint8_t *buf, size_t cap, const struct sig_alg *a, struct bytes sig)
{
	struct wr w = wr_of(buf, cap);

	wr_u8(&w, 0);
	sig_alg_put(&w, a);
	buf[0] = (uint8_t)(w.n - 1);
	wr_span(&w, sig);
	assert_true(wr_ok(&w));
	return wr_bytes(&w);
}

static enum reason
check14(EVP_PKEY *k, const struct sig_alg *a, struct bytes sig, struct bytes msg)
{
	uint8_t buf[SIG_MAX + 128];
	struct sig_alg out;

	return sig_check(k, false, AUTH_METHOD_SIGNATURE, data14(buf, sizeof(buf), a, sig), msg, &out, name, detail);
}

/* A vector holds, and with any bit of its first and last octets turned it does not. */
static void
holds(EVP_PKEY *k, const struct sig_alg *a, const uint8_t *sig, size_t n, struct bytes msg)
{
	uint8_t bad[SIG_MAX];

	assert_int_equal(check14(k, a, bytes_of(sig, n), msg), R_OK);
	assert_string_equal(detail, name);
	for (unsigned bit = 0; bit < 8; bit++) {
		memcpy(bad, sig, n);
		bad[n - 1] ^= (uint8_t)(1u << bit);
		assert_int_equal(check14(k, a, bytes_of(bad, n), msg), R_SIGNATURE_BAD);
		memcpy(bad, sig, n);
		bad[n / 2] ^= (uint8_t)(1u << bit);
		assert_int_equal(check14(k, a, bytes_of(bad, n), msg), R_SIGNATURE_BAD);
	}
	for (size_t i = 1; i < n; i++)
		assert_int_equal(check14(k, a, bytes_of(sig, i), msg), R_SIGNATURE_BAD);
	memcpy(bad, sig, n);
	bad[n] = 0;
	assert_int_equal(check14(k, a, bytes_of(bad, n + 1), msg), R_SIGNATURE_BAD);
	assert_int_equal(check14(k, a, bytes_of(sig, n), bytes_of("another message", 15)), R_SIGNATURE_BAD);
	EVP_PKEY_free(k);
}

/* NIST, CAVP "FIPS 186-3 RSA" SigVer15_186-3.rsp: mod 2048, SHA256, the first that passes. */
static void
test_vector_pkcs1(void **state)
{
	static const char n[] = "c47abacc2a84d56f3614d92fd62ed36ddde459664b9301dcd1d61781cfcc026bcb2399bee7e75681a80b7bf500e2d08ceae1c42ec0b707927f2b2fe92ae85208"
	    "7d25f1d260cc74905ee5f9b254ed05494a9fe06732c3680992dd6f0dc634568d11542a705f83ae96d2a49763d5fbb24398edf3702bc94bc168190166492b8671"
	    "de874bb9cecb058c6c8344aa8c93754d6effcd44a41ed7de0a9dcd9144437f212b18881d042d331a4618a9e630ef9bb66305e4fdf8f0391b3b2313fe549f0189"
	    "ff968b92f33c266a4bc2cffc897d1937eeb9e406f5d0eaa7a14782e76af3fce98f54ed237b4a04a4159a5f6250a296a902880204e61d891c4da29f2d65f34cbb";
	static const char s[] = "51265d96f11ab338762891cb29bf3f1d2b3305107063f5f3245af376dfcc7027d39365de70a31db05e9e10eb6148cb7f6425f0c93c4fb0e2291adbd22c77656a"
	    "fc196858a11e1c670d9eeb592613e69eb4f3aa501730743ac4464486c7ae68fd509e896f63884e9424f69c1c5397959f1e52a368667a598a1fc90125273d9341"
	    "295d2f8e1cc4969bf228c860e07a3546be2eeda1cde48ee94d062801fe666e4a7ae8cb9cd79262c017b081af874ff00453ca43e34efdb43fffb0bb42a4e2d32a"
	    "5e5cc9e8546a221fe930250e5f5333e0efe58ffebf19369a3b8ae5a67f6a048bc9ef915bda25160729b508667ada84a0c27e7e26cf2abca413e5e4693f4a9405";
	static const char m[] = "95123c8d1b236540b86976a11cea31f8bd4e6c54c235147d20ce722b03a6ad756fbd918c27df8ea9ce3104444c0bbe877305bc02e35535a02a58dcda306e632a"
	    "d30b3dc3ce0ba97fdf46ec192965dd9cd7f4a71b02b8cba3d442646eeec4af590824ca98d74fbca934d0b6867aa1991f3040b707e806de6e66b5934f05509bea";
	struct sig_alg a = { .kind = SIG_RSA_PKCS1, .hash = HASH_SHA2_256 };
	uint8_t sig[256], msg[128];

	unhex(s, sig, sizeof(sig));
	unhex(m, msg, sizeof(msg));
	holds(rsa_of(n, "49d2a1"), &a, sig, sizeof(sig), bytes_of(msg, sizeof(msg)));
}

/* Project Wycheproof, rsa_pss_2048_sha256_mgf1_32, test 3. */
static void
test_vector_pss(void **state)
{
	static const char n[] = "a2b451a07d0aa5f96e455671513550514a8a5b462ebef717094fa1fee82224e637f9746d3f7cafd31878d80325b6ef5a1700f65903b469429e89d6eac8845097"
	    "b5ab393189db92512ed8a7711a1253facd20f79c15e8247f3d3e42e46e48c98e254a2fe9765313a03eff8f17e1a029397a1fa26a8dce26f490ed81299615d981"
	    "4c22da610428e09c7d9658594266f5c021d0fceca08d945a12be82de4d1ece6b4c03145b5d3495d4ed5411eb878daf05fd7afc3e09ada0f1126422f590975a19"
	    "69816f48698bcbba1b4d9cae79d460d8f9f85e7975005d9bc22c4e5ac0f7c1a45d12569a62807d3b9a02e5a530e773066f453d1f5b4c2e9cf7820283f742b9d5";
	static const char s[] = "401eb03cdb47ca88033e3030f6bdecbac8f5c8fc1dd6a13d23d379ed9a2b309891d13d74fea9d21d159b9e6d8f37efa2489962e24555f56dd434ff1d31ce4f9f"
	    "5abd3f22cbea8b691d6a11e44efb83e2bca155e6a164325e0fde2a8865afd5c9f51161a9d615f62af7ec2e31b3e5ab649c164490d31d88cfae35b84aea792569"
	    "0f929a144b6d2f48e8fb894a52deecd1b9a6496990c4ecf1588699a42cacd10c53af350514e4291ea9a058e77f101e32c1c0cefa61d945f7bc931f8bd19e7ba3"
	    "169358a60e5a8b0123bc3199b9fdcafe8e519c41ba675491a27b85e44ef2d77277c10fe107293c8290186913bc9a99b640d8da041b64f31eab1d35920985f4a5";
	struct sig_alg a = { .kind = SIG_RSA_PSS, .hash = HASH_SHA2_256, .salt = 32 };
	uint8_t sig[256];

	unhex(s, sig, sizeof(sig));
	holds(rsa_of(n, "10001"), &a, sig, sizeof(sig), bytes_of("Test", 4));
}

/* RFC 6979 A.2.5 to A.2.7: "sample", as method 14 and as the old ones. */
static void
test_vector_ecdsa(void **state)
{
	static const struct {
		const char *curve, *x, *y, *r, *s;
		size_t half;
		uint8_t hash, method;
	} v[] = {
		{ "P-256", "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6",
		  "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299",
		  "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716",
		  "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8", 32, HASH_SHA2_256, AUTH_METHOD_ECDSA_256 },
		{ "P-384", "EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E06AAE5286B300C64DEF8F0EA9055866064A254515480BC13",
		  "8015D9B72D7D57244EA8EF9AC0C621896708A59367F9DFB9F54CA84B3F1C9DB1288B231C3AE0D4FE7344FD2533264720",
		  "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46",
		  "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8", 48, HASH_SHA2_384,
		  AUTH_METHOD_ECDSA_384 },
		{ "P-521", "01894550D0785932E00EAA23B694F213F8C3121F86DC97A04E5A7167DB4E5BCD371123D46E45DB6B5D5370A7F20FB633155D38FFA16D2BD761DCAC474B9A2F5023A4",
		  "00493101C962CD4D2FDDF782285E64584139C2F91B47F87FF82354D6630F746A28A0DB25741B5B34A828008B22ACC23F924FAAFBD4D33F81EA66956DFEAA2BFDFCF5",
		  "00C328FAFCBD79DD77850370C46325D987CB525569FB63C5D3BC53950E6D4C5F174E25A1EE9017B5D450606ADD152B534931D7D4E8455CC91F9B15BF05EC36E377FA",
		  "00617CCE7CF5064806C467F678D3B4080D6F1CC50AF26CA209417308281B68AF282623EAA63E5B5C0723D8B8C37FF0777B1A20F8CCB1DCCC43997F1EE0E44DA4A67A", 66,
		  HASH_SHA2_512, AUTH_METHOD_ECDSA_521 },
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct sig_alg a = { .kind = SIG_ECDSA, .hash = v[i].hash }, out;
		EVP_PKEY *k = ec_of(v[i].curve, v[i].half, v[i].x, v[i].y);
		BIGNUM *r = NULL, *s = NULL;
		ECDSA_SIG *sig = ECDSA_SIG_new();
		uint8_t raw[133], *der = NULL;
		int n;

		assert_true(BN_hex2bn(&r, v[i].r) && BN_hex2bn(&s, v[i].s));
		BN_bn2binpad(r, raw, (int)v[i].half);
		BN_bn2binpad(s, raw + v[i].half, (int)v[i].half);
		ECDSA_SIG_set0(sig, r, s);
		n = i2d_ECDSA_SIG(sig, &der);
		assert_true(n > 0);
		assert_int_equal(sig_check(k, false, v[i].method, bytes_of(raw, 2 * v[i].half), bytes_of("sample", 6), &out, name, detail), R_OK);
		for (size_t m = 0; m < 2 * v[i].half; m++)
			assert_int_equal(sig_check(k, false, v[i].method, bytes_of(raw, m), bytes_of("sample", 6), &out, name, detail), R_SIGNATURE_BAD);
		assert_int_equal(sig_check(k, false, v[i].method, bytes_of(raw, 2 * v[i].half + 1), bytes_of("sample", 6), &out, name, detail), R_SIGNATURE_BAD);
		for (size_t j = 0; j < sizeof(v) / sizeof(v[0]); j++)	/* of another curve */
			assert_int_equal(sig_check(k, false, v[j].method, bytes_of(raw, 2 * v[i].half), bytes_of("sample", 6), &out, name, detail),
			    i == j ? R_OK : R_SIGNATURE_NOT_OFFERED);
		memset(raw, 0, 2 * v[i].half);		/* r = s = 0 */
		assert_int_equal(sig_check(k, false, v[i].method, bytes_of(raw, 2 * v[i].half), bytes_of("sample", 6), &out, name, detail), R_SIGNATURE_BAD);
		memset(raw, 0xff, 2 * v[i].half);
		assert_int_equal(sig_check(k, false, v[i].method, bytes_of(raw, 2 * v[i].half), bytes_of("sample", 6), &out, name, detail), R_SIGNATURE_BAD);
		holds(k, &a, der, (size_t)n, bytes_of("sample", 6));
		OPENSSL_free(der);
		ECDSA_SIG_free(sig);
	}
}

/* RFC 8032 7.1 test 3 and 7.4 "1 octet". */
static void
test_vector_eddsa(void **state)
{
	struct sig_alg a = { .kind = SIG_ED25519, .hash = HASH_IDENTITY }, b = { .kind = SIG_ED448, .hash = HASH_IDENTITY };
	uint8_t pub[57], sig[114];

	unhex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", pub, 32);
	unhex("6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a", sig, 64);
	holds(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, pub, 32), &a, sig, 64, bytes_of("\xaf\x82", 2));
	unhex("43ba28f430cdff456ae531545f7ecd0ac834a55d9358c0372bfa0c6c6798c0866aea01eb00742802b8438ea4cb82169c235160627b4c3a9480", pub, 57);
	unhex("26b8f91727bd62897af15e41eb43c377efb9c610d48f2335cb0bd0087810f4352541b143c4b981b7e18f62de8ccdf633fc1bf037ab7cd779805e0dbcc0aae1cb"
	    "cee1afb2e027df36bc04dcecbf154336c19f0af7e0a6472905e799f1953d2a0ff3348ab21aa4adafd1d234441cf807c03a00", sig, 114);
	holds(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED448, NULL, pub, 57), &b, sig, 114, bytes_of("\x03", 1));
}

/* The encodings of RFC 7427's appendix A, both ways; nothing that is cut off, nothing with an octet more. */
static void
test_identifiers(void **state)
{
	static const struct { const char *hex; struct sig_alg a; bool ours; } v[] = {
		{ "300d06092a864886f70d01010b0500", { SIG_RSA_PKCS1, HASH_SHA2_256, 0 }, true },
		{ "300d06092a864886f70d01010c0500", { SIG_RSA_PKCS1, HASH_SHA2_384, 0 }, true },
		{ "300d06092a864886f70d01010d0500", { SIG_RSA_PKCS1, HASH_SHA2_512, 0 }, true },
		{ "300b06092a864886f70d01010b", { SIG_RSA_PKCS1, HASH_SHA2_256, 0 }, false },
		{ "300d06092a864886f70d0101050500", { SIG_RSA_PKCS1, HASH_SHA1, 0 }, true },
		{ "300906072a8648ce3d0401", { SIG_ECDSA, HASH_SHA1, 0 }, true },
		{ "300a06082a8648ce3d040302", { SIG_ECDSA, HASH_SHA2_256, 0 }, true },
		{ "300a06082a8648ce3d040303", { SIG_ECDSA, HASH_SHA2_384, 0 }, true },
		{ "300a06082a8648ce3d040304", { SIG_ECDSA, HASH_SHA2_512, 0 }, true },
		{ "300506032b6570", { SIG_ED25519, HASH_IDENTITY, 0 }, true },
		{ "300506032b6571", { SIG_ED448, HASH_IDENTITY, 0 }, true },
		{ "304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120",
		  { SIG_RSA_PSS, HASH_SHA2_256, 32 }, true },
		{ "304106092a864886f70d01010a3034a00f300d06096086480165030402020500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130",
		  { SIG_RSA_PSS, HASH_SHA2_384, 48 }, true },
		{ "304606092a864886f70d01010a3039a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120a303020101",
		  { SIG_RSA_PSS, HASH_SHA2_256, 32 }, false },		/* A.4.3, with trailerField */
		{ "303d06092a864886f70d01010a3030a00d300b0609608648016503040201a11a301806092a864886f70d010108300b0609608648016503040201a203020120",
		  { SIG_RSA_PSS, HASH_SHA2_256, 32 }, false },		/* hashes without NULL */
		{ "304206092a864886f70d01010a3035a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a20402020100",
		  { SIG_RSA_PSS, HASH_SHA2_256, 256 }, false },
		{ "300d06092a864886f70d01010a3000", { SIG_RSA_PSS, HASH_SHA1, 20 }, false },	/* A.4.1: all defaults */
	};
	static const char *const bad[] = {
		"300e06082a8648ce3d0403020500", "300c06082a8648ce3d0403020500", "300706032b65700500", "300506032b6572", "300d06092a864886f70d0101010500",
		"300d06092a864886f70d01010b0501", "300e06092a864886f70d01010b050100", "30810d06092a864886f70d01010b0500", "310d06092a864886f70d01010b0500",
		/* MGF1 with another hash, another function, no mask function, a trailer of 2, a salt with a zero in front, negative, out of order */
		"304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020120",
		"304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010109300d06096086480165030402010500a203020120",
		"302306092a864886f70d01010a3016a00f300d06096086480165030402010500a203020120",
		"304606092a864886f70d01010a3039a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120a303020102",
		"304206092a864886f70d01010a3035a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a20402020020",
		"304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a2030201a0",
		"304106092a864886f70d01010a3034a203020120a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500",
		"300b06092a864886f70d01010a", "300d06092a864886f70d01010a0500", "3000", "",
	};
	uint8_t der[128], out[128];
	struct sig_alg a;

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		size_t n = strlen(v[i].hex) / 2;
		struct wr w = wr_of(out, sizeof(out));

		unhex(v[i].hex, der, n);
		if (!sig_alg_get(bytes_of(der, n), &a))
			fail_msg("%s is refused", v[i].hex);
		assert_true(a.kind == v[i].a.kind && a.hash == v[i].a.hash && a.salt == v[i].a.salt);
		if (v[i].ours) {
			sig_alg_put(&w, &a);
			assert_int_equal(w.n, n);
			assert_memory_equal(out, der, n);
		}
		for (size_t k = 0; k < n; k++) {
			uint8_t *exact = malloc(k ? k : 1);

			memcpy(exact, der, k);
			assert_false(sig_alg_get(bytes_of(exact, k), &a));
			free(exact);
		}
		der[n] = 0;
		assert_false(sig_alg_get(bytes_of(der, n + 1), &a));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		unhex(bad[i], der, strlen(bad[i]) / 2);
		if (sig_alg_get(bytes_of(der, strlen(bad[i]) / 2), &a))
			fail_msg("%s is taken", bad[i]);
	}
}

/* Which signature our key makes for a peer with these hashes; what it makes is taken by the same peer. */
static void
test_choice(void **state)
{
	static const struct { const char *kind; uint16_t hashes; bool old; uint8_t method; struct sig_alg a; const char *name; } v[] = {
		{ "p256", ALL, false, 14, { SIG_ECDSA, HASH_SHA2_256, 0 }, "ECDSA P-256 with SHA-256" },
		{ "p384", ALL, false, 14, { SIG_ECDSA, HASH_SHA2_384, 0 }, "ECDSA P-384 with SHA-384" },
		{ "p521", ALL, false, 14, { SIG_ECDSA, HASH_SHA2_512, 0 }, "ECDSA P-521 with SHA-512" },
		{ "p384", HASH_BIT(HASH_SHA2_256), false, 14, { SIG_ECDSA, HASH_SHA2_256, 0 }, "ECDSA P-384 with SHA-256" },
		{ "p256", HASH_BIT(HASH_SHA2_512), false, 14, { SIG_ECDSA, HASH_SHA2_512, 0 }, "ECDSA P-256 with SHA-512" },
		{ "rsa2048", ALL, false, 14, { SIG_RSA_PSS, HASH_SHA2_256, 32 }, "RSA of 2048 bits (PSS) with SHA-256" },
		{ "rsa3072", HASH_BIT(HASH_SHA2_512), true, 14, { SIG_RSA_PSS, HASH_SHA2_512, 64 }, "RSA of 3072 bits (PSS) with SHA-512" },
		{ "ed25519", ALL, false, 14, { SIG_ED25519, HASH_IDENTITY, 0 }, "Ed25519" },
		{ "ed448", HASH_BIT(HASH_IDENTITY), false, 14, { SIG_ED448, HASH_IDENTITY, 0 }, "Ed448" },
		{ "ed25519", SHA2, true, 0, { 0 }, "" },
		{ "ed25519", 0, true, 0, { 0 }, "" },
		{ "p256", 0, false, 9, { SIG_ECDSA, HASH_SHA2_256, 0 }, "ECDSA P-256 with SHA-256" },
		{ "p384", 0, false, 10, { SIG_ECDSA, HASH_SHA2_384, 0 }, "ECDSA P-384 with SHA-384" },
		{ "p521", 0, false, 11, { SIG_ECDSA, HASH_SHA2_512, 0 }, "ECDSA P-521 with SHA-512" },
		{ "rsa2048", 0, true, 1, { SIG_RSA_PKCS1, HASH_SHA1, 0 }, "RSA of 2048 bits (PKCS#1 v1.5) with SHA-1" },
		{ "rsa2048", 0, false, 0, { 0 }, "" },
		{ "rsa2048", HASH_BIT(HASH_SHA1), false, 0, { 0 }, "" },
		{ "rsa2048", HASH_BIT(HASH_SHA1), true, 1, { SIG_RSA_PKCS1, HASH_SHA1, 0 }, "RSA of 2048 bits (PKCS#1 v1.5) with SHA-1" },
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct sig_want want = { .hashes = v[i].hashes, .old_methods = v[i].old };
		EVP_PKEY *k = pki_key(v[i].kind);
		uint8_t buf[SIG_MAX], method;
		struct wr w = wr_of(buf, sizeof(buf));
		struct sig_alg a;
		enum reason r = sig_make(k, &want, text, &method, &w, name, detail);

		assert_int_equal(r, v[i].method ? R_OK : R_SIGNATURE_NONE);
		assert_int_equal(method, v[i].method);
		assert_string_equal(name, v[i].name);
		if (r == R_OK) {
			assert_int_equal(sig_check(k, v[i].old, method, wr_bytes(&w), text, &a, name, detail), R_OK);
			assert_memory_equal(&a, &v[i].a, sizeof(a));
			assert_string_equal(name, v[i].name);
			if (method == 1)
				assert_int_equal(sig_check(k, false, method, wr_bytes(&w), text, &a, name, detail), R_SIGNATURE_NOT_OFFERED);
		} else
			assert_true(detail[0]);
		EVP_PKEY_free(k);
	}
}

/* With one kind of key nothing of another kind is taken, in whatever method it comes. */
static void
test_mismatch(void **state)
{
	static const char *const kinds[] = { "p256", "p384", "rsa2048", "ed25519", "ed448" };
	static const enum sig_kind kind_of[] = { SIG_ECDSA, SIG_ECDSA, SIG_RSA_PSS, SIG_ED25519, SIG_ED448 };
	struct sig_want want = { .hashes = ALL };
	struct sig_alg out;
	uint8_t junk[256] = { 1 };

	for (size_t i = 0; i < 5; i++)
		for (size_t j = 0; j < 5; j++) {
			EVP_PKEY *a = pki_key(kinds[i]), *b = pki_key(kinds[j]);
			uint8_t buf[SIG_MAX], method;
			struct wr w = wr_of(buf, sizeof(buf));

			assert_int_equal(sig_make(a, &want, text, &method, &w, name, detail), R_OK);
			if (kind_of[i] != kind_of[j])
				assert_int_equal(sig_check(b, true, method, wr_bytes(&w), text, &out, name, detail), R_SIGNATURE_NOT_OFFERED);
			else if (EVP_PKEY_eq(a, b) != 1)
				assert_int_equal(sig_check(b, true, method, wr_bytes(&w), text, &out, name, detail), R_SIGNATURE_BAD);
			for (unsigned m = 0; m < 256; m++)
				if (m != AUTH_METHOD_SIGNATURE && sig_check(b, true, (uint8_t)m, bytes_of(junk, sizeof(junk)), text, &out, name, detail) == R_OK)
					fail_msg("%s with method %u", kinds[j], m);
			EVP_PKEY_free(a);
			EVP_PKEY_free(b);
		}
	/* SHA-1 and MD5 are not offered, a salt of another length is not taken */
	{
		EVP_PKEY *r = pki_key("rsa2048"), *e = pki_key("p256");

		assert_int_equal(check14(r, &(struct sig_alg){ SIG_RSA_PKCS1, HASH_SHA1, 0 }, bytes_of(junk, 256), text), R_SIGNATURE_NOT_OFFERED);
		assert_int_equal(check14(e, &(struct sig_alg){ SIG_ECDSA, HASH_SHA1, 0 }, bytes_of(junk, 70), text), R_SIGNATURE_NOT_OFFERED);
		assert_int_equal(check14(r, &(struct sig_alg){ SIG_RSA_PSS, HASH_SHA2_256, 20 }, bytes_of(junk, 256), text), R_SIGNATURE_NOT_OFFERED);
		assert_non_null(strstr(detail, "20"));
		EVP_PKEY_free(r);
		EVP_PKEY_free(e);
	}
}

/*
 * Forgeries of PKCS#1 v1.5: what a verifier that parses the padding instead of comparing it takes. The test has the private key, so it can
 * make any block; with e = 3 nobody needs it (Bleichenbacher, 2006).
 */
#define K	256

static struct bytes
raw_sign(EVP_PKEY *k, const uint8_t em[static K], uint8_t sig[static K])
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(k, NULL);
	size_t n = K;

	assert_true(EVP_PKEY_sign_init(c) == 1 && EVP_PKEY_CTX_set_rsa_padding(c, RSA_NO_PADDING) == 1 && EVP_PKEY_sign(c, sig, &n, em, K) == 1);
	EVP_PKEY_CTX_free(c);
	return bytes_of(sig, n);
}

/* 00 01 FF.. 00 info digest tail, the padding as long as fits, or of that length with the rest zero. */
static void
block(uint8_t em[static K], const char *info_hex, size_t tail, size_t pad)
{
	size_t n = strlen(info_hex) / 2, ps = pad ? pad : K - 3 - n - 32 - tail;
	unsigned len = 32;

	memset(em, 0, K);
	em[1] = 1;
	memset(em + 2, 0xff, ps);
	unhex(info_hex, em + 3 + ps, n);
	assert_int_equal(EVP_Digest(text.p, text.n, em + 3 + ps + n, &len, EVP_sha256(), NULL), 1);
}

#define INFO	"3031300d060960864801650304020105000420"

/* The smallest s whose cube begins with em's first n octets, if any does. */
static bool
cube_root(const uint8_t *em, size_t n, uint8_t sig[static K])
{
	BN_CTX *c = BN_CTX_new();
	BIGNUM *lo = BN_new(), *hi = BN_new(), *mid = BN_new(), *cube = BN_new(), *want = BN_bin2bn(em, (int)n, NULL);
	uint8_t out[K];
	bool ok;

	BN_lshift(want, want, (int)(8 * (K - n)));
	BN_set_bit(hi, 8 * K / 3 + 1);
	while (BN_cmp(lo, hi) < 0) {
		BN_add(mid, lo, hi);
		BN_rshift1(mid, mid);
		BN_sqr(cube, mid, c);
		BN_mul(cube, cube, mid, c);
		if (BN_cmp(cube, want) < 0) {
			BN_add_word(mid, 1);
			BN_copy(lo, mid);
		} else
			BN_copy(hi, mid);
	}
	BN_sqr(cube, lo, c);
	BN_mul(cube, cube, lo, c);
	ok = BN_bn2binpad(cube, out, K) == K && memcmp(out, em, n) == 0 && BN_bn2binpad(lo, sig, K) == K;
	BN_free(lo);
	BN_free(hi);
	BN_free(mid);
	BN_free(cube);
	BN_free(want);
	BN_CTX_free(c);
	return ok;
}

static void
test_forgeries(void **state)
{
	static const char *const infos[] = {
		"302f300b0609608648016503040201" "0420",		/* without NULL */
		"302d300906052b0e03021a0500" "0420",			/* says SHA-1 */
		"3031300d060960864801650304020205000420",		/* says SHA-384 */
		"308131300d060960864801650304020105000420",			/* a length in long form */
		"3031300d060960864801650304020104000420",		/* another empty element for NULL */
		"3041301d0609608648016503040201" "0510" "00000000000000000000000000000000" "0420",	/* room inside NULL */
	};
	struct sig_alg a = { .kind = SIG_RSA_PKCS1, .hash = HASH_SHA2_256 };
	static const char *const kinds[] = { "rsa2048", "rsa2048e3" };
	uint8_t em[K], sig[K];

	for (size_t k = 0; k < 2; k++) {
		EVP_PKEY *key = pki_key(kinds[k]);

		block(em, INFO, 0, 0);
		assert_int_equal(check14(key, &a, raw_sign(key, em, sig), text), R_OK);	/* the control */
		for (size_t i = 0; i < sizeof(infos) / sizeof(infos[0]); i++) {
			block(em, infos[i], 0, 0);
			assert_int_equal(check14(key, &a, raw_sign(key, em, sig), text), R_SIGNATURE_BAD);
		}
		for (size_t tail = 1; tail < 190; tail += 9) {	/* octets behind the digest */
			block(em, INFO, tail, 0);
			assert_int_equal(check14(key, &a, raw_sign(key, em, sig), text), R_SIGNATURE_BAD);
		}
		block(em, INFO, 0, 8);
		assert_int_equal(check14(key, &a, raw_sign(key, em, sig), text), R_SIGNATURE_BAD);
		for (size_t i = 0; i < K - 3 - 51; i += 17) {	/* an octet of the padding, the separator, the type */
			block(em, INFO, 0, 0);
			em[2 + i] = 0xfe;
			assert_int_equal(check14(key, &a, raw_sign(key, em, sig), text), R_SIGNATURE_BAD);
		}
		block(em, INFO, 0, 0);
		em[K - 52] = 1;
		assert_int_equal(check14(key, &a, raw_sign(key, em, sig), text), R_SIGNATURE_BAD);
		block(em, INFO, 0, 0);
		em[1] = 2;
		assert_int_equal(check14(key, &a, raw_sign(key, em, sig), text), R_SIGNATURE_BAD);
		block(em, INFO, 0, 0);
		em[1] = 0;
		assert_int_equal(check14(key, &a, raw_sign(key, em, sig), text), R_SIGNATURE_BAD);
		/* no private key at all: a cube root with garbage behind the digest */
		block(em, INFO, 0, 8);
		assert_true(cube_root(em, 3 + 8 + 51, sig));
		assert_int_equal(check14(key, &a, bytes_of(sig, K), text), R_SIGNATURE_BAD);
		/* 0, 1, and the modulus itself */
		memset(sig, 0, K);
		assert_int_equal(check14(key, &a, bytes_of(sig, K), text), R_SIGNATURE_BAD);
		sig[K - 1] = 1;
		assert_int_equal(check14(key, &a, bytes_of(sig, K), text), R_SIGNATURE_BAD);
		memset(sig, 0xff, K);
		assert_int_equal(check14(key, &a, bytes_of(sig, K), text), R_SIGNATURE_BAD);
		EVP_PKEY_free(key);
	}
}

/* A PSS signature with a shorter salt than it says. */
static void
test_pss_salt(void **state)
{
	struct sig_alg a = { .kind = SIG_RSA_PSS, .hash = HASH_SHA2_256, .salt = 32 };
	EVP_PKEY *k = pki_key("rsa2048");

	for (int salt = 0; salt <= 40; salt += 4) {
		EVP_MD_CTX *m = EVP_MD_CTX_new();
		EVP_PKEY_CTX *p = NULL;
		uint8_t sig[K];
		size_t n = K;

		assert_true(EVP_DigestSignInit(m, &p, EVP_sha256(), NULL, k) == 1 && EVP_PKEY_CTX_set_rsa_padding(p, RSA_PKCS1_PSS_PADDING) == 1 &&
		    EVP_PKEY_CTX_set_rsa_pss_saltlen(p, salt) == 1 && EVP_DigestSign(m, sig, &n, text.p, text.n) == 1);
		assert_int_equal(check14(k, &a, bytes_of(sig, n), text), salt == 32 ? R_OK : R_SIGNATURE_BAD);
		EVP_MD_CTX_free(m);
	}
	EVP_PKEY_free(k);
}

/* The data of method 14, cut off anywhere. */
static void
test_truncated(void **state)
{
	struct sig_want want = { .hashes = ALL };
	EVP_PKEY *k = pki_key("p256");
	uint8_t buf[SIG_MAX], method;
	struct wr w = wr_of(buf, sizeof(buf));
	struct sig_alg out;

	assert_int_equal(sig_make(k, &want, text, &method, &w, name, detail), R_OK);
	for (size_t n = 0; n < w.n; n++) {
		uint8_t *exact = malloc(n ? n : 1);

		memcpy(exact, buf, n);
		assert_int_equal(sig_check(k, false, 14, bytes_of(exact, n), text, &out, name, detail),
		    n <= 1u + buf[0] ? R_SIGNATURE_NOT_OFFERED : R_SIGNATURE_BAD);
		free(exact);
	}
	EVP_PKEY_free(k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vector_pkcs1),
		cmocka_unit_test(test_vector_pss),
		cmocka_unit_test(test_vector_ecdsa),
		cmocka_unit_test(test_vector_eddsa),
		cmocka_unit_test(test_identifiers),
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_mismatch),
		cmocka_unit_test(test_forgeries),
		cmocka_unit_test(test_pss_salt),
		cmocka_unit_test(test_truncated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
