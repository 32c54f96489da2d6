// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Digests are short of work and never wait: unlike ciphers they are made at once. */
#include <crypto/algapi.h>
#include <crypto/hash.h>

#include "mod.h"
#include <causeway/pfkey.h>

struct mod_kpdk {
	struct crypto_shash *md;
	u8	front[CW_KEYFILL];	/* the key, filled */
	u8	key[CW_KEYFILL];
	size_t	n;
	u32	icv;
};

struct mod_kpdk *
mod_kpdk_new(unsigned int auth, const u8 *key, size_t n, u32 icv)
{
	const char *name = auth == CW_AALG_KEYED_MD5 ? "md5" : "sha1";
	struct mod_kpdk *k = n && n <= CW_KEYFILL - 9 ? host_zalloc(sizeof(*k)) : NULL;

	if (!k)
		return NULL;
	memcpy(k->key, key, n);
	k->n = n;
	k->icv = icv;
	cw_keyfill(auth, key, n, k->front);
	k->md = mod_fail() ? ERR_PTR(-ENOMEM) : crypto_alloc_shash(name, 0, 0);
	if (IS_ERR(k->md) || crypto_shash_digestsize(k->md) < icv) {
		mod_kpdk_free(k);
		return NULL;
	}
	return k;
}

void
mod_kpdk_free(struct mod_kpdk *k)
{
	if (!k)
		return;
	if (!IS_ERR(k->md))
		crypto_free_shash(k->md);
	host_wipe(k, sizeof(*k));
	host_free(k);
}

static int
run(struct mod_kpdk *k, const struct cw_crypt *c, u8 *mac)
{
	SHASH_DESC_ON_STACK(desc, k->md);
	__be32 hi = cpu_to_be32(c->seqhi);
	int err;

	desc->tfm = k->md;
	err = crypto_shash_init(desc);
	if (!err)
		err = crypto_shash_update(desc, k->front, sizeof(k->front));
	if (!err)
		err = crypto_shash_update(desc, c->esp, c->head + c->text);
	if (!err && c->esn)
		err = crypto_shash_update(desc, (const u8 *)&hi, 4);
	if (!err)
		err = crypto_shash_finup(desc, k->key, k->n, mac);
	shash_desc_zero(desc);
	return err;
}

static u8 *
icv_of(const struct cw_crypt *c)
{
	return c->icv ? c->icv : c->esp + c->head + c->text;
}

int
mod_kpdk_seal(struct mod_kpdk *k, const struct cw_crypt *c)
{
	u8 mac[HASH_MAX_DIGESTSIZE];
	int err = run(k, c, mac);

	if (!err)
		memcpy(icv_of(c), mac, k->icv);
	return err;
}

int
mod_kpdk_open(struct mod_kpdk *k, const struct cw_crypt *c)
{
	u8 mac[HASH_MAX_DIGESTSIZE];
	int err = run(k, c, mac);

	return err ? err : crypto_memneq(icv_of(c), mac, k->icv) ? -EBADMSG : 0;
}
