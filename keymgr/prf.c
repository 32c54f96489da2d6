/* SPDX-License-Identifier: BSD-2-Clause */
#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "alg.h"
#include "prf.h"

static const struct {
	uint16_t	id;
	uint8_t		len;
	const char	*digest;
} prfs[] = {
	{ PRF_HMAC_SHA2_256, 32, "SHA256" },
	{ PRF_HMAC_SHA2_384, 48, "SHA384" },
	{ PRF_HMAC_SHA2_512, 64, "SHA512" },
};

static int
find(uint16_t id)
{
	for (unsigned i = 0; i < sizeof(prfs) / sizeof(prfs[0]); i++)
		if (prfs[i].id == id)
			return (int)i;
	return -1;
}

size_t
prf_len(uint16_t id)
{
	int i = find(id);

	return i < 0 ? 0 : prfs[i].len;
}

static bool
mac(EVP_MAC_CTX *ctx, int i, struct bytes key, const struct bytes *in, unsigned n, uint8_t out[static PRF_MAX])
{
	char digest[8];
	OSSL_PARAM params[2] = { OSSL_PARAM_END, OSSL_PARAM_END };
	size_t len = 0;

	memcpy(digest, prfs[i].digest, 7);
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0);
	/* A NULL key would mean "the one of before"; an empty key has an address. */
	if (!EVP_MAC_init(ctx, key.p ? key.p : (const uint8_t *)"", key.n, params))
		return false;
	for (unsigned k = 0; k < n; k++)
		if (in[k].n && !EVP_MAC_update(ctx, in[k].p, in[k].n))
			return false;
	return EVP_MAC_final(ctx, out, &len, PRF_MAX) && len == prfs[i].len;
}

static EVP_MAC_CTX *
hmac_new(void)
{
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = hmac ? EVP_MAC_CTX_new(hmac) : NULL;

	EVP_MAC_free(hmac);
	return ctx;
}

bool
prf(uint16_t id, struct bytes key, const struct bytes *in, unsigned n, struct secret *out)
{
	uint8_t t[PRF_MAX];
	EVP_MAC_CTX *ctx = NULL;
	int i = find(id);
	bool ok;

	/* out may be the key of this very call, so it is written last */
	ok = i >= 0 && (ctx = hmac_new()) != NULL && mac(ctx, i, key, in, n, t);
	EVP_MAC_CTX_free(ctx);
	if (ok)
		ok = secret_set(out, bytes_of(t, prfs[i].len));
	else
		secret_wipe(out);
	wipe(t, sizeof(t));
	return ok;
}

bool
prf_plus(uint16_t id, struct bytes key, const struct bytes *seed, unsigned n, uint8_t *out, size_t len)
{
	struct bytes in[PRF_SPANS + 2];
	uint8_t t[PRF_MAX], count = 0;
	EVP_MAC_CTX *ctx = NULL;
	int i = find(id);
	bool ok;

	ok = i >= 0 && n <= PRF_SPANS && len <= 255u * prfs[i].len && (ctx = hmac_new()) != NULL;
	for (unsigned k = 0; ok && k < n; k++)
		in[k + 1] = seed[k];
	for (size_t done = 0; ok && done < len; ) {
		size_t take = len - done < prfs[i].len ? len - done : prfs[i].len;

		/* RFC 7296 2.13: T1 = prf(K, S | 1), Tn = prf(K, Tn-1 | S | n) */
		in[0] = bytes_of(t, count ? prfs[i].len : 0);
		count++;
		in[n + 1] = bytes_of(&count, 1);
		ok = mac(ctx, i, key, in, n + 2, t);
		if (ok)
			memcpy(out + done, t, take);
		done += take;
	}
	EVP_MAC_CTX_free(ctx);
	wipe(t, sizeof(t));
	if (!ok)
		wipe(out, len);
	return ok;
}
