/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "xcbc.h"

#define CHUNK	512	/* octets that go through the cipher together; what comes out is of no use but for the last block */

static bool
run(struct xcbc *x, const uint8_t *p, size_t n, uint8_t last[16])
{
	uint8_t out[CHUNK];
	int got;

	while (n) {
		size_t k = n < CHUNK ? n : CHUNK;

		if (EVP_CipherUpdate(x->cbc, out, &got, p, (int)k) != 1 || got != (int)k)
			return false;
		if (last)
			memcpy(last, out + k - 16, 16);
		p += k;
		n -= k;
	}
	return true;
}

static bool
start(struct xcbc *x, const uint8_t *key)
{
	static const uint8_t zeros[16];

	return EVP_CipherInit_ex2(x->cbc, NULL, key, zeros, 1, NULL) == 1 && EVP_CIPHER_CTX_set_padding(x->cbc, 0) == 1;
}

/* RFC 3566 4: three keys out of one, each the encryption of a block that is filled with its number. */
static bool
expand(struct xcbc *x, const uint8_t key[16])
{
	uint8_t block[16], k1[16];
	uint8_t *const to[] = { k1, x->k2, x->k3 };
	EVP_CIPHER *aes = EVP_CIPHER_fetch(NULL, "AES-128-CBC", NULL);
	bool ok = aes && EVP_CipherInit_ex2(x->cbc, aes, NULL, NULL, 1, NULL) == 1;

	for (unsigned i = 0; ok && i < 3; i++) {
		memset(block, (int)i + 1, sizeof(block));
		ok = start(x, key) && run(x, block, sizeof(block), to[i]);
	}
	ok = ok && start(x, k1);
	OPENSSL_cleanse(k1, sizeof(k1));
	EVP_CIPHER_free(aes);
	return ok;
}

struct xcbc *
xcbc_new(const uint8_t key[16])
{
	struct xcbc *x = calloc(1, sizeof(*x));

	if (x == NULL)
		return NULL;
	x->cbc = EVP_CIPHER_CTX_new();
	if (x->cbc == NULL || !expand(x, key)) {
		xcbc_free(x);
		return NULL;
	}
	return x;
}

void
xcbc_free(struct xcbc *x)
{
	if (x == NULL)
		return;
	EVP_CIPHER_CTX_free(x->cbc);
	OPENSSL_cleanse(x, sizeof(*x));
	free(x);
}

bool
xcbc_begin(struct xcbc *x)
{
	x->nheld = 0;
	return start(x, NULL);
}

bool
xcbc_add(struct xcbc *x, const uint8_t *p, size_t n)
{
	size_t k = sizeof(x->held) - x->nheld;

	if (n == 0)
		return true;
	if (n > k && x->nheld) {
		memcpy(x->held + x->nheld, p, k);
		if (!run(x, x->held, sizeof(x->held), NULL))
			return false;
		x->nheld = 0;
		p += k;
		n -= k;
	}
	if (n > sizeof(x->held)) {	/* the last block stays, whole or not */
		k = (n - 1) / sizeof(x->held) * sizeof(x->held);
		if (!run(x, p, k, NULL))
			return false;
		p += k;
		n -= k;
	}
	memcpy(x->held + x->nheld, p, n);
	x->nheld += n;
	return true;
}

bool
xcbc_end(struct xcbc *x, uint8_t mac[16])
{
	const uint8_t *key = x->nheld == sizeof(x->held) ? x->k2 : x->k3;

	if (x->nheld < sizeof(x->held)) {
		memset(x->held + x->nheld, 0, sizeof(x->held) - x->nheld);
		x->held[x->nheld] = 0x80;
	}
	for (unsigned i = 0; i < sizeof(x->held); i++)
		x->held[i] ^= key[i];
	return run(x, x->held, sizeof(x->held), mac);
}
