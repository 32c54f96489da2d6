/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <openssl/crypto.h>

#include "secret.h"

bool
secret_set(struct secret *s, struct bytes b)
{
	secret_wipe(s);
	if (b.n > sizeof(s->b))
		return false;
	if (b.n)
		memcpy(s->b, b.p, b.n);
	s->n = b.n;
	return true;
}

void
secret_wipe(struct secret *s)
{
	wipe(s, sizeof(*s));
}

bool
secret_eq(const struct secret *s, struct bytes b)
{
	return s->n == b.n && CRYPTO_memcmp(s->b, b.p, b.n) == 0;
}

void
wipe(void *p, size_t n)
{
	OPENSSL_cleanse(p, n);
}
