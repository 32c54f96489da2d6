/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <openssl/crypto.h>

#include "kpdk.h"
#include <causeway/pfkey.h>

struct kpdk *
kpdk_new(unsigned auth, const uint8_t *key, size_t n)
{
	const char *name = auth == CW_AALG_KEYED_MD5 ? "MD5" : auth == CW_AALG_KEYED_SHA1 ? "SHA1" : NULL;
	struct kpdk *k = name && n && n <= CW_KEYFILL - 9 ? host_zalloc(sizeof(*k)) : NULL;
	EVP_MD *md;

	if (k == NULL)
		return NULL;
	memcpy(k->key, key, n);
	k->n = n;
	cw_keyfill(auth, key, n, k->front);
	md = EVP_MD_fetch(NULL, name, NULL);
	k->md = EVP_MD_CTX_new();
	if (!md || !k->md || EVP_DigestInit_ex2(k->md, md, NULL) != 1) {
		kpdk_free(k);
		k = NULL;
	}
	EVP_MD_free(md);
	return k;
}

void
kpdk_free(struct kpdk *k)
{
	if (!k)
		return;
	EVP_MD_CTX_free(k->md);
	host_wipe(k, sizeof(*k));
	host_free(k);
}

bool
kpdk_begin(struct kpdk *k)
{
	return EVP_DigestInit_ex2(k->md, NULL, NULL) == 1 && kpdk_add(k, k->front, sizeof(k->front));
}

bool
kpdk_add(struct kpdk *k, const uint8_t *p, size_t n)
{
	return EVP_DigestUpdate(k->md, p, n) == 1;
}

bool
kpdk_end(struct kpdk *k, uint8_t mac[EVP_MAX_MD_SIZE])
{
	return kpdk_add(k, k->key, k->n) && EVP_DigestFinal_ex(k->md, mac, NULL) == 1;
}
