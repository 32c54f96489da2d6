/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Encrypted payload and the COOKIE. The first octet: 'o' any datagram, by a suite; 'a' one that is authentic, with any octets where the chain and its
 * padding stand; 's' what is sealed is opened again; 'c' cookies. Nothing of what was refused is given out, and no cookie is good that we did not make.
 */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#include "wire/cookie.h"
#include "wire/sk.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const struct { uint16_t encr, bits, integ; size_t ne, na; } suites[] = {
	{ ENCR_AES_GCM_16, 128, INTEG_NONE, 20, 0 }, { ENCR_AES_GCM_16, 256, INTEG_NONE, 36, 0 },
	{ ENCR_CHACHA20_POLY1305, 0, INTEG_NONE, 36, 0 }, { ENCR_AES_CBC, 128, INTEG_HMAC_SHA2_256_128, 16, 32 },
	{ ENCR_AES_CBC, 256, INTEG_HMAC_SHA2_384_192, 32, 48 }, { ENCR_AES_CBC, 256, INTEG_HMAC_SHA2_512_256, 32, 64 } };
#define NSUITES (sizeof(suites) / sizeof(suites[0]))

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* Every octet of the keys is one. The high bits of suite: one that there is not, or a key that is too short. */
static bool
key_of(uint8_t suite, struct sk_key *k)
{
	uint8_t one[64];
	unsigned i = (suite & 15) % NSUITES;
	const struct suite s = { .encr = suites[i].encr, .key_bits = suite & 16 ? 192 : suites[i].bits, .integ = suite & 32 ? 1 : suites[i].integ };

	memset(one, 1, sizeof(one));
	memset(k, 0, sizeof(*k));
	return sk_key_set(k, &s, bytes_of(one, suites[i].ne - (suite >> 6 & 1)), bytes_of(one, suite & 128 ? 1 : suites[i].na));
}

static enum werr
open_it(const struct sk_key *k, struct bytes datagram, size_t cap, struct bytes *plain, uint8_t *first)
{
	static struct msg m;
	static uint8_t back[MSG_MAX];
	enum werr e = msg_get_outer(datagram, &m);

	*plain = bytes_of(NULL, 0);
	*first = 0;
	if (e != WE_OK || m.sk.n == 0)
		return e ? e : WE_SK_SHORT;
	memset(back, 0xa5, sizeof(back));
	e = sk_open(k, &m, back, cap < sizeof(back) ? cap : sizeof(back), plain);
	must(plain->n < m.sk.n && (plain->n == 0 || (plain->p >= back && plain->p + plain->n <= back + cap)));
	must(e == WE_OK || plain->n == 0);
	if (e == WE_SK_ICV)	/* what was decrypted before it was known to be wrong is gone */
		for (size_t i = 0; i < m.sk.n; i++)
			must(back[i] == 0 || back[i] == 0xa5);
	*first = m.sk_first;
	if (e == WE_OK && m.frags == 0)
		msg_get_inner(&m, *plain);
	return e;
}

static void
opened(const struct sk_key *k, struct rd *r)
{
	struct bytes plain;
	uint8_t first;

	must(open_it(k, rd_rest(r), MSG_MAX, &plain, &first) != WE_OK || plain.n < MSG_MAX);
}

/* What a peer who has the keys sends: the text is encrypted as it is. A second way, by OpenSSL alone. */
static struct bytes
authentic(const struct sk_key *k, uint8_t first, struct bytes text, uint8_t *out, size_t cap)
{
	struct ike_hdr h = { .spi_i = 1, .spi_r = 2, .next = PLD_SK, .version = 0x20, .exchange = EX_INFORMATIONAL, .id = 3 };
	size_t ivn = sk_iv_len(k), icvn = k->integ ? k->integ->icv_len : k->encr->icv_len, all = HDR_LEN + 4 + ivn + text.n + icvn;
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint8_t iv[16] = { 9 }, nonce[12], mac[64], *at;
	struct wr w = wr_of(out, cap);
	const EVP_CIPHER *alg;
	int n;

	hdr_put(&w, &h, all);
	wr_u8(&w, first);
	wr_u8(&w, 0);
	wr_u16(&w, (uint16_t)(all - HDR_LEN));
	wr_mem(&w, iv, ivn);
	at = wr_room(&w, text.n);
	must(c && at);
	if (k->integ) {
		must(EVP_EncryptInit_ex(c, k->encr->key_bits == 256 ? EVP_aes_256_cbc() : EVP_aes_128_cbc(), NULL, k->ek.b, iv) == 1);
		EVP_CIPHER_CTX_set_padding(c, 0);
		must(EVP_EncryptUpdate(c, at, &n, text.p, (int)text.n) == 1);
		must(HMAC(k->integ->icv_len == 16 ? EVP_sha256() : k->integ->icv_len == 24 ? EVP_sha384() : EVP_sha512(), k->ak.b, (int)k->ak.n, out, w.n, mac, NULL) != NULL);
	} else {
		alg = k->encr->id == ENCR_CHACHA20_POLY1305 ? EVP_chacha20_poly1305() : k->encr->key_bits == 256 ? EVP_aes_256_gcm() : EVP_aes_128_gcm();
		memcpy(nonce, k->ek.b + k->ek.n - 4, 4);
		memcpy(nonce + 4, iv, 8);
		must(EVP_EncryptInit_ex(c, alg, NULL, k->ek.b, nonce) == 1 && EVP_EncryptUpdate(c, NULL, &n, out, HDR_LEN + 4) == 1);
		must(EVP_EncryptUpdate(c, at, &n, text.p, (int)text.n) == 1 && EVP_EncryptFinal_ex(c, at + n, &n) == 1);
		must(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, mac) == 1);
	}
	wr_mem(&w, mac, icvn);
	EVP_CIPHER_CTX_free(c);
	must(wr_ok(&w) && w.n == all);
	return wr_bytes(&w);
}

static void
padded(const struct sk_key *k, struct rd *r)
{
	static uint8_t buf[MSG_MAX];
	uint8_t first = rd_u8(r), got;
	struct bytes text = rd_rest(r), plain, sealed;
	size_t pad;
	enum werr e;

	text.n = text.n > 2048 ? 2048 : text.n;
	text.n -= k->integ ? text.n % k->encr->block : 0;
	if (text.n == 0)
		return;
	pad = text.p[text.n - 1];
	sealed = authentic(k, first, text, buf, sizeof(buf));
	must(open_it(k, sealed, text.n - 1, &plain, &got) == WE_SK_SHORT);
	e = open_it(k, sealed, text.n, &plain, &got);
	must(e == (pad < text.n ? WE_OK : WE_SK_PAD));
	must(e != WE_OK || (got == first && bytes_eq(plain, bytes_of(text.p, text.n - 1 - pad))));
}

static void
sealed(const struct sk_key *k, struct rd *r)
{
	struct ike_hdr h = { .spi_i = rd_u32(r) + UINT64_C(1), .spi_r = 2, .version = 0x20, .exchange = EX_IKE_AUTH, .initiator = true, .id = rd_u8(r) };
	uint8_t first = rd_u8(r), got, iv[SK_IV_MAX] = { 7 }, *buf;
	uint16_t number = rd_u8(r), total = rd_u8(r);
	size_t cap = rd_u16(r), room;
	struct bytes chain = rd_rest(r), out, plain;

	if (!rd_ok(r))
		return;
	buf = malloc(cap ? cap : 1);
	must(buf != NULL);
	room = sk_room(k, cap, total != 0);
	sk_iv_counter(h.id, iv);
	out = total ? sk_seal_fragment(k, &h, iv, first, number, total, chain, buf, cap) : sk_seal(k, &h, iv, first, chain, buf, cap);
	must((out.n > 0) == (chain.n <= room && sk_room(k, cap, total != 0) > 0) || (out.n > 0 && chain.n == 0));
	if (out.n && (total == 0 || (number >= 1 && number <= total && (number == 1 || first == 0)))) {
		must(out.n <= cap && open_it(k, out, MSG_MAX, &plain, &got) == WE_OK && bytes_eq(plain, chain) && got == first);
		buf[h.spi_i % out.n] ^= 1;
		must(open_it(k, out, MSG_MAX, &plain, &got) != WE_OK);
	}
	free(buf);
}

static void
cookies(struct rd *r)
{
	struct endpoint from = { { 4, { 192, 0, 2, 1 } }, 500 }, other;
	struct cookie_jar j = { 0 };
	uint8_t fresh[32] = { 1 }, ours[COOKIE_LEN] = { 0 }, before[COOKIE_LEN];
	uint64_t now = 1, spi = rd_u8(r);
	size_t n = rd_u16(r);
	struct bytes ni = rd_bytes(r, n), given;
	bool had = false, has;

	must(rd_ok(r) || ni.n == 0);
	for (unsigned i = rd_u8(r) % 4; i > 0; i--) {
		had = cookie_make(&j, ni, &from, spi, before);
		fresh[0]++;
		now += (uint64_t)rd_u8(r) * COOKIE_LIFE_NS / 32;
		must(cookie_due(&j, now) || j.now.n);
		if (j.now.n && now - j.since_ns >= 2 * COOKIE_LIFE_NS)
			had = false;
		cookie_turn(&j, now, fresh);
	}
	given = rd_rest(r);
	has = cookie_make(&j, ni, &from, spi, ours);
	must(has == (j.now.n && ni.n <= 256));
	must(!has || cookie_ok(&j, bytes_of(ours, sizeof(ours)), ni, &from, spi));
	must(!had || ni.n > 256 || cookie_ok(&j, bytes_of(before, sizeof(before)), ni, &from, spi));
	if (cookie_ok(&j, given, ni, &from, spi))
		must((has && bytes_eq(given, bytes_of(ours, sizeof(ours)))) || (had && bytes_eq(given, bytes_of(before, sizeof(before)))));
	other = from;
	other.port++;
	must(!has || (!cookie_ok(&j, bytes_of(ours, sizeof(ours)), ni, &other, spi) && !cookie_ok(&j, bytes_of(ours, sizeof(ours)), ni, &from, spi + 1)));
	ours[0] = (uint8_t)(ours[0] + 1);
	must(!cookie_ok(&j, bytes_of(ours, sizeof(ours)), ni, &from, spi));
	secret_wipe(&j.now);
	secret_wipe(&j.before);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct rd r = rd_of(bytes_of(p, n));
	uint8_t what = rd_u8(&r);
	struct sk_key k;

	if (what == 'c') {
		cookies(&r);
		return 0;
	}
	if (!key_of(rd_u8(&r), &k) || !rd_ok(&r))
		goto out;
	switch (what) {
	case 'o': opened(&k, &r); break;
	case 'a': padded(&k, &r); break;
	case 's': sealed(&k, &r); break;
	}
out:
	sk_key_wipe(&k);
	return 0;
}
