/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * OpenSSL finds and prepares algorithms when they are first used, and may want files for it. So every one that iked uses is used
 * once before the sandbox, through the very functions that use it later.
 */
#include <openssl/crypto.h>

#include "run/iked.h"
#include "wire/cookie.h"
#include "wire/natd.h"
#include "wire/sk.h"

static bool
warm_suite(uint16_t encr, uint16_t key_bits, uint16_t integ)
{
	static const uint8_t zeros[SECRET_CAP];
	const struct suite s = { .encr = encr, .key_bits = key_bits, .integ = integ };
	const struct alg *e = alg_find(T_ENCR, encr, key_bits), *i = alg_find(T_INTEG, integ, 0);
	const struct ike_hdr h = { .spi_i = 1, .exchange = EX_INFORMATIONAL };
	uint8_t out[256], in[256];
	struct sk_key k = { 0 };
	struct bytes sealed, plain;
	struct msg m;
	bool ok;

	if (e == NULL || i == NULL || !sk_key_set(&k, &s, bytes_of(zeros, e->key_len), bytes_of(zeros, i->key_len)))
		return false;
	sealed = sk_seal(&k, &h, zeros, PLD_NONE, bytes_of(NULL, 0), out, sizeof(out));
	ok = msg_get_outer(sealed, &m) == WE_OK && sk_open(&k, &m, in, sizeof(in), &plain) == WE_OK && plain.n == 0;
	sk_key_wipe(&k);
	return ok;
}

bool
crypto_warm(void)
{
	static const struct { uint16_t encr, bits, integ; } suites[] = {
		{ ENCR_AES_GCM_16, 128, INTEG_NONE }, { ENCR_AES_GCM_16, 256, INTEG_NONE },
		{ ENCR_CHACHA20_POLY1305, 0, INTEG_NONE }, { ENCR_AES_CBC, 128, INTEG_HMAC_SHA2_256_128 },
		{ ENCR_AES_CBC, 256, INTEG_HMAC_SHA2_384_192 }, { ENCR_AES_CBC, 256, INTEG_HMAC_SHA2_512_256 } };
	static const uint8_t fresh[32];
	const struct endpoint e = { .addr = { .fam = 4 }, .port = 500 };
	struct cookie_jar jar = { 0 };
	uint8_t hash[NATD_LEN], cookie[COOKIE_LEN];

	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL) != 1)
		return false;
	for (unsigned i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		if (!warm_suite(suites[i].encr, suites[i].bits, suites[i].integ))
			return false;
	natd_hash(1, 2, &e, hash);
	cookie_turn(&jar, 0, fresh);
	return cookie_make(&jar, bytes_of(hash, sizeof(hash)), &e, 1, cookie);
}
