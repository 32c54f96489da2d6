/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stateless COOKIE, RFC 7296 2.6. It proves that its sender can receive at the address it sends from, and costs us two
 * HMACs and no memory. The first octet tells which secret made it, so that a secret may change while cookies are on the way.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "wire/cookie.h"

bool
cookie_due(const struct cookie_jar *j, uint64_t now_ns)
{
	return j->now.n == 0 || now_ns - j->since_ns >= COOKIE_LIFE_NS;
}

void
cookie_turn(struct cookie_jar *j, uint64_t now_ns, const uint8_t fresh[static 32])
{
	/* A secret that rested for longer than a life is too old to be accepted once more. */
	if (j->now.n == 0 || now_ns - j->since_ns >= 2 * COOKIE_LIFE_NS)
		secret_wipe(&j->before);
	else
		secret_set(&j->before, secret_bytes(&j->now));
	secret_set(&j->now, bytes_of(fresh, 32));
	j->version++;
	j->since_ns = now_ns;
}

static bool
make(const struct secret *s, uint8_t version, struct bytes ni, const struct endpoint *from, uint64_t spi_i,
    uint8_t out[static COOKIE_LEN])
{
	uint8_t text[1 + 2 + 256 + 1 + 16 + 2 + 8], mac[EVP_MAX_MD_SIZE];
	struct wr w = wr_of(text, sizeof(text));
	unsigned len = 0;

	if (s->n == 0)
		return false;
	wr_u8(&w, version);
	wr_be(&w, ni.n, 2);
	wr_span(&w, ni);
	wr_u8(&w, from->addr.fam);
	wr_mem(&w, from->addr.b, sizeof(from->addr.b));
	wr_u16(&w, from->port);
	wr_u64(&w, spi_i);
	if (!wr_ok(&w) || HMAC(EVP_sha256(), s->b, (int)s->n, text, w.n, mac, &len) == NULL || len < COOKIE_LEN)
		return false;
	out[0] = version;
	memcpy(out + 1, mac, COOKIE_LEN - 1);
	return true;
}

bool
cookie_make(const struct cookie_jar *j, struct bytes ni, const struct endpoint *from, uint64_t spi_i,
    uint8_t out[static COOKIE_LEN])
{
	return make(&j->now, j->version, ni, from, spi_i, out);
}

bool
cookie_ok(const struct cookie_jar *j, struct bytes cookie, struct bytes ni, const struct endpoint *from, uint64_t spi_i)
{
	uint8_t want[COOKIE_LEN];
	const struct secret *s;

	if (cookie.n != COOKIE_LEN)
		return false;
	if (cookie.p[0] == j->version)
		s = &j->now;
	else if (cookie.p[0] == (uint8_t)(j->version - 1))
		s = &j->before;
	else
		return false;
	return make(s, cookie.p[0], ni, from, spi_i, want) && CRYPTO_memcmp(want, cookie.p, COOKIE_LEN) == 0;
}
