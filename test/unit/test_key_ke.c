/* SPDX-License-Identifier: BSD-2-Clause */
/* Key exchange: published vectors, agreement both ways, and every kind of bad public value. */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "alg.h"
#include "ke.h"
#include "key_hex.h"

static const uint16_t all[] = { KE_X25519, KE_CURVE448, KE_ECP256, KE_ECP384, KE_ECP521, KE_MODP2048, KE_MODP3072, KE_MODP4096 };

#define N(a) (sizeof(a) / sizeof((a)[0]))

/* RFC 7748 6.1 and 6.2, RFC 5903 8.1 to 8.3: private and public of both, and the secret. */
static const struct vector {
	uint16_t	group;
	const char	*curve;		/* NULL: raw keys */
	const char	*priv_a, *pub_a, *priv_b, *pub_b, *secret;
} vectors[] = {
	{ KE_X25519, NULL,
	  "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
	  "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
	  "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
	  "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
	  "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742" },
	{ KE_CURVE448, NULL,
	  "9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28dd9c9baf574a9419744897391006382a6f127ab1d9ac2d8c0a598726b",
	  "9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c22c5d9bbc836647241d953d40c5b12da88120d53177f80e532c41fa0",
	  "1c306a7ac2a0e2e0990b294470cba339e6453772b075811d8fad0d1d6927c120bb5ee8972b0d3e21374c9c921b09d1b0366f10b65173992d",
	  "3eb7a829b0cd20f5bcfc0b599b6feccf6da4627107bdb0d4f345b43027d8b972fc3e34fb4232a13ca706dcb57aec3dae07bdc1c67bf33609",
	  "07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282bb60c0b56fd2464c335543936521c24403085d59a449a5037514a879d" },
	{ KE_ECP256, "P-256",
	  "C88F01F510D9AC3F70A292DAA2316DE544E9AAB8AFE84049C62A9C57862D1433",
	  "DAD0B65394221CF9B051E1FECA5787D098DFE637FC90B9EF945D0C37725811805271A0461CDB8252D61F1C456FA3E59AB1F45B33ACCF5F58389E0577B8990BB3",
	  "C6EF9C5D78AE012A011164ACB397CE2088685D8F06BF9BE0B283AB46476BEE53",
	  "D12DFB5289C8D4F81208B70270398C342296970A0BCCB74C736FC7554494BF6356FBF3CA366CC23E8157854C13C58D6AAC23F046ADA30F8353E74F33039872AB",
	  "D6840F6B42F6EDAFD13116E0E12565202FEF8E9ECE7DCE03812464D04B9442DE" },
	{ KE_ECP384, "P-384",
	  "099F3C7034D4A2C699884D73A375A67F7624EF7C6B3C0F160647B67414DCE655E35B538041E649EE3FAEF896783AB194",
	  "667842D7D180AC2CDE6F74F37551F55755C7645C20EF73E31634FE72B4C55EE6DE3AC808ACB4BDB4C88732AEE95F41AA"
	  "9482ED1FC0EEB9CAFC4984625CCFC23F65032149E0E144ADA024181535A0F38EEB9FCFF3C2C947DAE69B4C634573A81C",
	  "41CB0779B4BDB85D47846725FBEC3C9430FAB46CC8DC5060855CC9BDA0AA2942E0308312916B8ED2960E4BD55A7448FC",
	  "E558DBEF53EECDE3D3FCCFC1AEA08A89A987475D12FD950D83CFA41732BC509D0D1AC43A0336DEF96FDA41D0774A3571"
	  "DCFBEC7AACF3196472169E838430367F66EEBE3C6E70C416DD5F0C68759DD1FFF83FA40142209DFF5EAAD96DB9E6386C",
	  "11187331C279962D93D604243FD592CB9D0A926F422E47187521287E7156C5C4D603135569B9E9D09CF5D4A270F59746" },
	{ KE_ECP521, "P-521",
	  "0037ADE9319A89F4DABDB3EF411AACCCA5123C61ACAB57B5393DCE47608172A095AA85A30FE1C2952C6771D937BA9777F5957B2639BAB072462F68C27A57382D4A52",
	  "0015417E84DBF28C0AD3C278713349DC7DF153C897A1891BD98BAB4357C9ECBEE1E3BF42E00B8E380AEAE57C2D107564941885942AF5A7F4601723C4195D176CED3E"
	  "017CAE20B6641D2EEB695786D8C946146239D099E18E1D5A514C739D7CB4A10AD8A788015AC405D7799DC75E7B7D5B6CF2261A6A7F1507438BF01BEB6CA3926F9582",
	  "0145BA99A847AF43793FDD0E872E7CDFA16BE30FDC780F97BCCC3F078380201E9C677D600B343757A3BDBF2A3163E4C2F869CCA7458AA4A4EFFC311F5CB151685EB9",
	  "00D0B3975AC4B799F5BEA16D5E13E9AF971D5E9B984C9F39728B5E5739735A219B97C356436ADC6E95BB0352F6BE64A6C2912D4EF2D0433CED2B6171640012D9460F"
	  "015C68226383956E3BD066E797B623C27CE0EAC2F551A10C2C724D9852077B87220B6536C5C408A1D2AEBB8E86D678AE49CB57091F4732296579AB44FCD17F0FC56A",
	  "01144C7D79AE6956BC8EDB8E7C787C4521CB086FA64407F97894E5E6B2D79B04D1427E73CA4BAA240A34786859810C06B3C715A3A8CC3151F2BEE417996D19F3DDEA" },
};

static EVP_PKEY *
ec_key(const char *curve, const struct hex *priv, const struct hex *pub)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	BIGNUM *d = BN_bin2bn(priv->b, (int)priv->n, NULL);
	uint8_t point[1 + 1024];
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;
	OSSL_PARAM *params;

	point[0] = POINT_CONVERSION_UNCOMPRESSED;
	memcpy(point + 1, pub->b, pub->n);
	assert_true(OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, curve, 0));
	assert_true(OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, d));
	assert_true(OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point, pub->n + 1));
	params = OSSL_PARAM_BLD_to_param(bld);
	assert_true(EVP_PKEY_fromdata_init(ctx) > 0);
	assert_true(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) > 0);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	BN_free(d);
	EVP_PKEY_CTX_free(ctx);
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	assert_int_equal(EVP_PKEY_pairwise_check(ctx), 1);	/* the vector's halves belong together */
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static struct ke
from_vector(const struct vector *v, const char *priv_s, const char *pub_s)
{
	struct hex priv = hex(priv_s), pub = hex(pub_s);
	struct ke k = { .group = v->group };

	if (v->curve)
		k.key = ec_key(v->curve, &priv, &pub);
	else
		k.key = EVP_PKEY_new_raw_private_key(v->group == KE_X25519 ? EVP_PKEY_X25519 : EVP_PKEY_X448, NULL, priv.b, priv.n);
	assert_non_null(k.key);
	return k;
}

static void
test_vectors(void **state)
{
	for (size_t i = 0; i < N(vectors); i++) {
		const struct vector *v = &vectors[i];
		struct ke a = from_vector(v, v->priv_a, v->pub_a), b = from_vector(v, v->priv_b, v->pub_b);
		struct hex pub_a = hex(v->pub_a), pub_b = hex(v->pub_b);
		struct secret s = { 0 };
		uint8_t buf[KE_PUB_MAX];
		struct wr w = wr_of(buf, sizeof(buf));

		assert_true(ke_public(&a, &w));
		assert_hex(wr_bytes(&w), v->pub_a);
		w = wr_of(buf, sizeof(buf));
		assert_true(ke_public(&b, &w));
		assert_hex(wr_bytes(&w), v->pub_b);
		assert_int_equal(ke_secret(&a, hex_bytes(&pub_b), &s), KE_OK);
		assert_hex(secret_bytes(&s), v->secret);
		assert_int_equal(ke_secret(&b, hex_bytes(&pub_a), &s), KE_OK);
		assert_hex(secret_bytes(&s), v->secret);
		ke_wipe(&a);
		ke_wipe(&b);
	}
}

static void
test_agreement(void **state)
{
	for (size_t i = 0; i < N(all); i++) {
		const struct alg *alg = alg_find(T_KE, all[i], 0);
		uint8_t pa[KE_PUB_MAX], pb[KE_PUB_MAX];
		struct wr wa = wr_of(pa, sizeof(pa)), wb = wr_of(pb, sizeof(pb));
		struct secret sa = { 0 }, sb = { 0 };
		struct ke a, b;

		assert_int_equal(ke_new(&a, all[i], &wa), KE_OK);
		assert_int_equal(ke_new(&b, all[i], &wb), KE_OK);
		assert_int_equal(wa.n, alg->pub_len);	/* the table that iked uses agrees */
		assert_int_equal(wb.n, alg->pub_len);
		assert_memory_not_equal(pa, pb, wa.n);
		assert_int_equal(ke_secret(&a, wr_bytes(&wb), &sa), KE_OK);
		assert_int_equal(ke_secret(&b, wr_bytes(&wa), &sb), KE_OK);
		assert_true(secret_eq(&sa, secret_bytes(&sb)));
		ke_wipe(&a);
		ke_wipe(&b);
	}
}

static const struct modp {
	uint16_t	group;
	size_t		n;		/* octets */
	BIGNUM		*(*prime)(BIGNUM *);
	unsigned	c;		/* RFC 3526: p = 2^b - 2^(b-64) - 1 + 2^64 * (floor(2^(b-130) pi) + c) */
} modp[] = {
	{ KE_MODP2048, 256, BN_get_rfc3526_prime_2048, 124476 },
	{ KE_MODP3072, 384, BN_get_rfc3526_prime_3072, 1690314 },
	{ KE_MODP4096, 512, BN_get_rfc3526_prime_4096, 240904 },
};

/* 2^bits / x - 2^bits / (3 x^3) + 2^bits / (5 x^5) ...: the arc tangent of 1/x. */
static BIGNUM *
arctan(unsigned bits, unsigned x)
{
	BIGNUM *sum = BN_new(), *power = BN_new(), *term = BN_new();

	BN_zero(sum);
	BN_zero(power);
	assert_true(BN_set_bit(power, (int)bits));
	BN_div_word(power, x);
	for (unsigned k = 1; !BN_is_zero(power); k += 2) {
		assert_non_null(BN_copy(term, power));
		BN_div_word(term, k);
		assert_true(k % 4 == 1 ? BN_add(sum, sum, term) : BN_sub(sum, sum, term));
		BN_div_word(power, x);
		BN_div_word(power, x);
	}
	BN_free(power);
	BN_free(term);
	return sum;
}

/* The primes are RFC 3526's: made anew from pi (16 arctan 1/5 - 4 arctan 1/239), and p and (p-1)/2 stand the test of Fermat. */
static void
test_modp_primes(void **state)
{
	for (size_t i = 0; i < N(modp); i++) {
		unsigned bits = (unsigned)modp[i].n * 8, guard = 64;
		BIGNUM *pi = arctan(bits - 130 + guard, 5), *t = arctan(bits - 130 + guard, 239), *two = BN_new(), *have = modp[i].prime(NULL);
		BN_CTX *ctx = BN_CTX_new();

		BN_lshift(pi, pi, 4);
		BN_lshift(t, t, 2);
		assert_true(BN_sub(pi, pi, t));
		BN_rshift(pi, pi, (int)guard);
		BN_add_word(pi, modp[i].c);
		BN_lshift(pi, pi, 64);
		BN_zero(t);
		BN_set_bit(t, (int)bits);
		BN_add(pi, pi, t);
		BN_zero(t);
		BN_set_bit(t, (int)bits - 64);
		BN_sub(pi, pi, t);
		BN_sub_word(pi, 1);
		assert_int_equal(BN_cmp(pi, have), 0);

		BN_set_word(two, 2);
		BN_rshift1(pi, have);		/* q = (p-1)/2; 2 generates the subgroup of that order */
		assert_true(BN_mod_exp(t, two, pi, have, ctx) && BN_is_one(t));
		assert_non_null(BN_copy(have, pi));
		BN_sub_word(pi, 1);
		assert_true(BN_mod_exp(t, two, pi, have, ctx) && BN_is_one(t));
		BN_free(pi);
		BN_free(t);
		BN_free(two);
		BN_free(have);
		BN_CTX_free(ctx);
	}
}

/* The public value and the secret again by plain arithmetic: 2^x and y^x mod p, padded. */
static void
test_modp_by_hand(void **state)
{
	for (size_t i = 0; i < N(modp); i++) {
		uint8_t pa[KE_PUB_MAX], pb[KE_PUB_MAX], want[KE_PUB_MAX];
		struct wr wa = wr_of(pa, sizeof(pa)), wb = wr_of(pb, sizeof(pb));
		int n = (int)modp[i].n;
		BIGNUM *p = modp[i].prime(NULL), *x = NULL, *y, *z = BN_new();
		BN_CTX *ctx = BN_CTX_new();
		struct secret s = { 0 };
		struct ke a, b;

		assert_int_equal(ke_new(&a, modp[i].group, &wa), KE_OK);
		assert_int_equal(ke_new(&b, modp[i].group, &wb), KE_OK);
		assert_int_equal(wa.n, n);
		assert_int_equal(EVP_PKEY_get_bn_param(a.key, OSSL_PKEY_PARAM_PRIV_KEY, &x), 1);
		BN_set_word(z, 2);
		assert_int_equal(BN_mod_exp(z, z, x, p, ctx), 1);
		assert_int_equal(BN_bn2binpad(z, want, n), n);
		assert_memory_equal(pa, want, n);
		y = BN_bin2bn(pb, n, NULL);
		assert_int_equal(BN_mod_exp(z, y, x, p, ctx), 1);
		assert_int_equal(BN_bn2binpad(z, want, n), n);
		assert_int_equal(ke_secret(&a, wr_bytes(&wb), &s), KE_OK);
		assert_true(secret_eq(&s, bytes_of(want, modp[i].n)));
		BN_free(p);
		BN_free(x);
		BN_free(y);
		BN_free(z);
		BN_CTX_free(ctx);
		ke_wipe(&a);
		ke_wipe(&b);
	}
}

static enum ke_result
try(uint16_t group, struct bytes peer)
{
	uint8_t pub[KE_PUB_MAX];
	struct wr w = wr_of(pub, sizeof(pub));
	struct secret s = { 0 };
	enum ke_result r;
	struct ke k;

	assert_int_equal(ke_new(&k, group, &w), KE_OK);
	r = ke_secret(&k, peer, &s);
	assert_true((r == KE_OK) == (s.n != 0));
	ke_wipe(&k);
	return r;
}

/* RFC 6989 2.1 */
static void
test_modp_range(void **state)
{
	for (size_t i = 0; i < N(modp); i++) {
		uint8_t y[512] = { 0 };
		BIGNUM *p = modp[i].prime(NULL);

		assert_int_equal(try(modp[i].group, bytes_of(y, modp[i].n)), KE_BAD_PUBLIC);	/* 0 */
		y[modp[i].n - 1] = 1;
		assert_int_equal(try(modp[i].group, bytes_of(y, modp[i].n)), KE_BAD_PUBLIC);	/* 1 */
		BN_sub_word(p, 1);
		BN_bn2binpad(p, y, (int)modp[i].n);
		assert_int_equal(try(modp[i].group, bytes_of(y, modp[i].n)), KE_BAD_PUBLIC);	/* p-1 */
		BN_add_word(p, 1);
		BN_bn2binpad(p, y, (int)modp[i].n);
		assert_int_equal(try(modp[i].group, bytes_of(y, modp[i].n)), KE_BAD_PUBLIC);	/* p */
		memset(y, 0xff, sizeof(y));
		assert_int_equal(try(modp[i].group, bytes_of(y, modp[i].n)), KE_BAD_PUBLIC);	/* over p */
		BN_free(p);
	}
}

static void
test_ecp_members(void **state)
{
	static const struct { uint16_t group; size_t n; } g[] = { { KE_ECP256, 64 }, { KE_ECP384, 96 }, { KE_ECP521, 132 } };

	for (size_t i = 0; i < N(g); i++) {
		uint8_t y[KE_PUB_MAX] = { 0 };
		struct wr w = wr_of(y, sizeof(y));
		struct ke k;

		assert_int_equal(try(g[i].group, bytes_of(y, g[i].n)), KE_BAD_PUBLIC);	/* (0, 0) is not on the curve */
		memset(y, 0xff, sizeof(y));
		assert_int_equal(try(g[i].group, bytes_of(y, g[i].n)), KE_BAD_PUBLIC);	/* coordinates over p */
		assert_int_equal(ke_new(&k, g[i].group, &w), KE_OK);
		assert_int_equal(try(g[i].group, bytes_of(y, g[i].n)), KE_OK);
		y[g[i].n - 1] ^= 1;							/* beside the curve */
		assert_int_equal(try(g[i].group, bytes_of(y, g[i].n)), KE_BAD_PUBLIC);
		ke_wipe(&k);
	}
}

/* Points of small order give zero: RFC 7748 6.1, RFC 8031 4. */
static void
test_small_order(void **state)
{
	static const char *const points[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};
	uint8_t zero[56] = { 0 };

	for (size_t i = 0; i < N(points); i++) {
		struct hex h = hex(points[i]);

		assert_int_equal(try(KE_X25519, hex_bytes(&h)), KE_BAD_PUBLIC);
	}
	assert_int_equal(try(KE_CURVE448, bytes_of(zero, 56)), KE_BAD_PUBLIC);
	zero[0] = 1;
	assert_int_equal(try(KE_CURVE448, bytes_of(zero, 56)), KE_BAD_PUBLIC);
}

static void
test_lengths(void **state)
{
	for (size_t i = 0; i < N(all); i++) {
		uint8_t pub[KE_PUB_MAX + 1] = { 0 };
		struct wr w = wr_of(pub, sizeof(pub));
		struct ke k;

		assert_int_equal(ke_new(&k, all[i], &w), KE_OK);
		assert_int_equal(try(all[i], bytes_of(pub, w.n)), KE_OK);
		assert_int_equal(try(all[i], bytes_of(pub, w.n - 1)), KE_BAD_PUBLIC);
		assert_int_equal(try(all[i], bytes_of(pub, w.n + 1)), KE_BAD_PUBLIC);
		assert_int_equal(try(all[i], bytes_of(NULL, 0)), KE_BAD_PUBLIC);
		ke_wipe(&k);
	}
}

static void
test_unknown(void **state)
{
	uint8_t pub[KE_PUB_MAX];
	struct wr w = wr_of(pub, sizeof(pub));
	struct secret s = { 0 };
	struct ke k;

	assert_int_equal(ke_new(&k, 2, &w), KE_UNKNOWN_GROUP);
	assert_int_equal(w.n, 0);
	assert_null(k.key);
	assert_int_equal(ke_secret(&k, bytes_of(pub, 32), &s), KE_UNKNOWN_GROUP);
	w = wr_of(pub, 31);	/* no room: nothing is left over */
	assert_int_equal(ke_new(&k, KE_X25519, &w), KE_FAILED);
	assert_null(k.key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_agreement),
		cmocka_unit_test(test_modp_primes),
		cmocka_unit_test(test_modp_by_hand),
		cmocka_unit_test(test_modp_range),
		cmocka_unit_test(test_ecp_members),
		cmocka_unit_test(test_small_order),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
