/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Encrypted payload, RFC 7296 3.14 and RFC 5282. It ends the message, so its place follows from the lengths: header, generic
 * header, IV, ciphertext, ICV. AEAD covers the two headers as associated data; otherwise HMAC covers all octets up to the ICV
 * and is checked before anything is decrypted. Nothing of the plaintext is given out when a check failed.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "wire/sk.h"

#define SK_HEAD	(HDR_LEN + 4)	/* also the associated data: RFC 5282 5.1 */
#define FRAG_HEAD 4		/* number and total, covered too: RFC 7383 2.5.2 */
#define ICV_MAX	32

static const EVP_CIPHER *
cipher_of(const struct alg *a)
{
	switch (a->id) {
	case ENCR_AES_GCM_16:
		return a->key_bits == 256 ? EVP_aes_256_gcm() : a->key_bits == 128 ? EVP_aes_128_gcm() : NULL;
	case ENCR_CHACHA20_POLY1305:
		return EVP_chacha20_poly1305();
	case ENCR_AES_CBC:
		return a->key_bits == 256 ? EVP_aes_256_cbc() : a->key_bits == 128 ? EVP_aes_128_cbc() : NULL;
	default:
		return NULL;
	}
}

static const EVP_MD *
digest_of(const struct alg *a)
{
	switch (a->id) {
	case INTEG_HMAC_SHA2_256_128:
		return EVP_sha256();
	case INTEG_HMAC_SHA2_384_192:
		return EVP_sha384();
	case INTEG_HMAC_SHA2_512_256:
		return EVP_sha512();
	default:
		return NULL;
	}
}

static size_t
icv_len(const struct sk_key *k)
{
	return k->integ ? k->integ->icv_len : k->encr->icv_len;
}

size_t
sk_iv_len(const struct sk_key *k)
{
	return k->encr->iv_len;
}

void
sk_iv_counter(uint64_t counter, uint8_t iv[static 8])
{
	struct wr w = wr_of(iv, 8);

	wr_u64(&w, counter);
}

bool
sk_key_set(struct sk_key *k, const struct suite *s, struct bytes sk_e, struct bytes sk_a)
{
	sk_key_wipe(k);
	k->encr = alg_find(T_ENCR, s->encr, s->key_bits);
	if (k->encr == NULL || cipher_of(k->encr) == NULL || sk_e.n != k->encr->key_len)
		goto bad;
	if (!alg_is_aead(k->encr)) {
		k->integ = alg_find(T_INTEG, s->integ, 0);
		if (k->integ == NULL || digest_of(k->integ) == NULL || sk_a.n != k->integ->key_len)
			goto bad;
	} else if (sk_a.n != 0) {
		goto bad;
	}
	if (icv_len(k) > ICV_MAX || sk_iv_len(k) > SK_IV_MAX || !secret_set(&k->ek, sk_e) || !secret_set(&k->ak, sk_a))
		goto bad;
	return true;
bad:
	sk_key_wipe(k);
	return false;
}

void
sk_key_wipe(struct sk_key *k)
{
	secret_wipe(&k->ek);
	secret_wipe(&k->ak);
	k->encr = NULL;
	k->integ = NULL;
}

/* Salt, then the explicit IV: RFC 5282 4. */
static void
aead_nonce(const struct sk_key *k, const uint8_t *iv, uint8_t nonce[static 12])
{
	memcpy(nonce, k->ek.b + k->ek.n - 4, 4);
	memcpy(nonce + 4, iv, 8);
}

/* What stands before the IV, and is associated data. */
static size_t
head_len(uint16_t total)
{
	return SK_HEAD + (total ? FRAG_HEAD : 0);
}

/* One pass of AEAD. tag is written when sealing and compared (by OpenSSL, in constant time) when opening. */
static bool
aead_run(const struct sk_key *k, bool seal, const uint8_t *iv, struct bytes aad, const uint8_t *in, size_t n, uint8_t *out,
    uint8_t *tag)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint8_t nonce[12];
	int done, tail, tag_len = k->encr->icv_len;
	bool ok;

	aead_nonce(k, iv, nonce);
	ok = c != NULL && EVP_CipherInit_ex(c, cipher_of(k->encr), NULL, k->ek.b, nonce, seal) == 1;
	if (ok && !seal)
		ok = EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, tag_len, tag) == 1;
	ok = ok && EVP_CipherUpdate(c, NULL, &done, aad.p, (int)aad.n) == 1;
	ok = ok && EVP_CipherUpdate(c, out, &done, in, (int)n) == 1 && (size_t)done == n;
	ok = ok && EVP_CipherFinal_ex(c, out + n, &tail) == 1 && tail == 0;
	if (ok && seal)
		ok = EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, tag_len, tag) == 1;
	EVP_CIPHER_CTX_free(c);
	return ok;
}

static bool
cbc_run(const struct sk_key *k, bool seal, const uint8_t *iv, const uint8_t *in, size_t n, uint8_t *out)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int done, tail;
	bool ok;

	ok = c != NULL && EVP_CipherInit_ex(c, cipher_of(k->encr), NULL, k->ek.b, iv, seal) == 1 &&
	    EVP_CIPHER_CTX_set_padding(c, 0) == 1 && EVP_CipherUpdate(c, out, &done, in, (int)n) == 1 && (size_t)done == n &&
	    EVP_CipherFinal_ex(c, out + n, &tail) == 1 && tail == 0;
	EVP_CIPHER_CTX_free(c);
	return ok;
}

/* The HMAC of the first n octets of the message, cut to the ICV's length by who uses it. */
static bool
integ_run(const struct sk_key *k, const uint8_t *p, size_t n, uint8_t out[static EVP_MAX_MD_SIZE])
{
	unsigned len = 0;

	return HMAC(digest_of(k->integ), k->ak.b, (int)k->ak.n, p, n, out, &len) != NULL && len >= icv_len(k);
}

/* Chain, padding, pad length in the place of the ciphertext: encrypted where it stands. Returns its size. */
static size_t
lay_out(const struct sk_key *k, struct wr *w, struct bytes chain)
{
	size_t block = k->integ ? k->encr->block : 1;
	size_t pad = (block - (chain.n + 1) % block) % block;

	wr_span(w, chain);
	for (size_t i = 0; i < pad; i++)
		wr_u8(w, 0);
	wr_u8(w, (uint8_t)pad);
	return chain.n + pad + 1;
}

static struct bytes
seal(const struct sk_key *k, const struct ike_hdr *h, const uint8_t *iv, uint8_t first, uint16_t number, uint16_t total, struct bytes chain,
    void *buf, size_t cap)
{
	struct wr w = wr_of(buf, cap > MSG_MAX ? MSG_MAX : cap);
	uint8_t mac[EVP_MAX_MD_SIZE], *text, *icv, *head = buf;
	struct ike_hdr sk_hdr = *h;
	size_t n, ivn = sk_iv_len(k), all;
	bool ok;

	sk_hdr.next = total ? PLD_SKF : PLD_SK;
	hdr_put(&w, &sk_hdr, 0);
	wr_u8(&w, first);
	wr_u8(&w, 0);
	wr_u16(&w, 0);
	if (total) {
		wr_u16(&w, number);
		wr_u16(&w, total);
	}
	wr_mem(&w, iv, ivn);
	n = lay_out(k, &w, chain);
	icv = wr_room(&w, icv_len(k));
	wr_set16(&w, HDR_LEN - 2, w.n);
	wr_set16(&w, HDR_LEN + 2, w.n - HDR_LEN);
	if (!wr_ok(&w) || icv == NULL)
		return bytes_of(NULL, 0);
	text = icv - n;
	all = w.n;
	if (k->integ == NULL) {
		ok = aead_run(k, true, iv, bytes_of(head, head_len(total)), text, n, text, icv);
	} else {
		ok = cbc_run(k, true, iv, text, n, text) && integ_run(k, head, all - icv_len(k), mac);
		if (ok)
			memcpy(icv, mac, icv_len(k));
	}
	if (!ok)
		wipe(buf, all);
	return ok ? wr_bytes(&w) : bytes_of(NULL, 0);
}

struct bytes
sk_seal(const struct sk_key *k, const struct ike_hdr *h, const uint8_t *iv, uint8_t first, struct bytes chain, void *buf, size_t cap)
{
	return seal(k, h, iv, first, 0, 0, chain, buf, cap);
}

struct bytes
sk_seal_fragment(const struct sk_key *k, const struct ike_hdr *h, const uint8_t *iv, uint8_t first, uint16_t number, uint16_t total,
    struct bytes part, void *buf, size_t cap)
{
	return seal(k, h, iv, first, number, total, part, buf, cap);
}

size_t
sk_room(const struct sk_key *k, size_t message, bool fragment)
{
	size_t block = k->integ ? k->encr->block : 1, over = head_len(fragment) + sk_iv_len(k) + icv_len(k);

	return message < over + block ? 0 : (message - over) / block * block - 1;
}

/* Take padding and its length off. Its octets may have any value: 3.14. */
static enum werr
unpad(struct bytes text, struct bytes *plain)
{
	size_t pad = text.p[text.n - 1];

	if (pad + 1 > text.n)
		return WE_SK_PAD;
	*plain = bytes_of(text.p, text.n - pad - 1);
	return WE_OK;
}

enum werr
sk_open(const struct sk_key *k, const struct msg *m, void *buf, size_t cap, struct bytes *plain)
{
	struct rd r = rd_of(m->sk);
	size_t icvn = icv_len(k);
	struct bytes iv = rd_bytes(&r, sk_iv_len(k));
	struct bytes text = rd_bytes(&r, rd_left(&r) > icvn ? rd_left(&r) - icvn : 0);
	struct bytes icv = rd_rest(&r);
	uint8_t mac[EVP_MAX_MD_SIZE], tag[ICV_MAX];
	bool ok;

	*plain = bytes_of(NULL, 0);
	/* SK directly follows the header, and ends the datagram: then the associated data is the datagram's beginning. */
	if (!rd_ok(&r) || text.n == 0 || icv.n != icvn || text.n > cap || m->whole.n != head_len(m->frags) + m->sk.n)
		return WE_SK_SHORT;
	if (k->integ == NULL) {
		memcpy(tag, icv.p, icvn);
		ok = aead_run(k, false, iv.p, bytes_of(m->whole.p, head_len(m->frags)), text.p, text.n, buf, tag);
	} else {
		if (text.n % k->encr->block != 0)
			return WE_SK_SHORT;
		ok = integ_run(k, m->whole.p, m->whole.n - icvn, mac) && CRYPTO_memcmp(mac, icv.p, icvn) == 0;
		if (ok && !cbc_run(k, false, iv.p, text.p, text.n, buf))
			ok = false;
	}
	if (!ok) {
		wipe(buf, text.n);
		return WE_SK_ICV;
	}
	return unpad(bytes_of(buf, text.n), plain);
}
