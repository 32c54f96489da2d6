/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The seam's ciphers by OpenSSL's EVP. Contexts are keyed once for each SA and direction; a packet costs no fetch and no allocation.
 * What OpenSSL keeps in its provider "legacy" (DES, Blowfish, CAST-128) is fetched from a library context of its own, so that nothing
 * else in the process ever gets it.
 */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include "../core/cw.h"
#include "kpdk.h"
#include "xcbc.h"
#include <causeway/pfkey.h>

enum kind { CBC, CTR, AEAD, GMAC, AH_GMAC };
struct host_aead {
	EVP_CIPHER_CTX	*seal, *open;	/* NULL beside a MAC: the text stays as it is (RFC 2410) */
	EVP_MAC_CTX	*mac;
	struct xcbc	*xcbc;
	struct kpdk	*kpdk;
	enum kind	 kind;
	uint8_t		 salt[4];
	uint32_t	 icv;
};

static OSSL_LIB_CTX *legacy;

static const struct cipher {
	uint8_t		 id, kind;
	bool		 legacy;	/* in that provider */
	uint8_t		 key;		/* octets; 0: any, the context is told */
	const char	*name;
} ciphers[] = {
	{ SADB_X_EALG_AES_GCM_ICV16, AEAD, false, 16, "AES-128-GCM" },
	{ SADB_X_EALG_AES_GCM_ICV16, AEAD, false, 24, "AES-192-GCM" },
	{ SADB_X_EALG_AES_GCM_ICV16, AEAD, false, 32, "AES-256-GCM" },
	{ SADB_X_EALG_NULL_AES_GMAC, GMAC, false, 16, "AES-128-GCM" },
	{ SADB_X_EALG_NULL_AES_GMAC, GMAC, false, 24, "AES-192-GCM" },
	{ SADB_X_EALG_NULL_AES_GMAC, GMAC, false, 32, "AES-256-GCM" },
	{ CW_EALG_CHACHA20POLY1305, AEAD, false, 32, "ChaCha20-Poly1305" },
	{ SADB_X_EALG_AESCBC, CBC, false, 16, "AES-128-CBC" },
	{ SADB_X_EALG_AESCBC, CBC, false, 24, "AES-192-CBC" },
	{ SADB_X_EALG_AESCBC, CBC, false, 32, "AES-256-CBC" },
	{ SADB_X_EALG_AESCTR, CTR, false, 16, "AES-128-CTR" },
	{ SADB_X_EALG_AESCTR, CTR, false, 24, "AES-192-CTR" },
	{ SADB_X_EALG_AESCTR, CTR, false, 32, "AES-256-CTR" },
	{ SADB_X_EALG_CAMELLIACBC, CBC, false, 16, "CAMELLIA-128-CBC" },
	{ SADB_X_EALG_CAMELLIACBC, CBC, false, 24, "CAMELLIA-192-CBC" },
	{ SADB_X_EALG_CAMELLIACBC, CBC, false, 32, "CAMELLIA-256-CBC" },
	{ SADB_EALG_3DESCBC, CBC, false, 24, "DES-EDE3-CBC" },
	{ SADB_EALG_DESCBC, CBC, true, 8, "DES-CBC" },
	{ SADB_X_EALG_CASTCBC, CBC, true, 0, "CAST5-CBC" },
	{ SADB_X_EALG_BLOWFISHCBC, CBC, true, 0, "BF-CBC" },
};

static const struct { uint8_t id; const char *mac, *param, *value; } macs[] = {
	{ SADB_AALG_MD5HMAC, "HMAC", OSSL_MAC_PARAM_DIGEST, "MD5" },
	{ SADB_AALG_SHA1HMAC, "HMAC", OSSL_MAC_PARAM_DIGEST, "SHA1" },
	{ SADB_X_AALG_SHA2_256HMAC, "HMAC", OSSL_MAC_PARAM_DIGEST, "SHA256" },
	{ SADB_X_AALG_SHA2_384HMAC, "HMAC", OSSL_MAC_PARAM_DIGEST, "SHA384" },
	{ SADB_X_AALG_SHA2_512HMAC, "HMAC", OSSL_MAC_PARAM_DIGEST, "SHA512" },
	{ CW_AALG_SHA2_256HMAC_96, "HMAC", OSSL_MAC_PARAM_DIGEST, "SHA256" },
	{ SADB_X_AALG_RIPEMD160HMAC, "HMAC", OSSL_MAC_PARAM_DIGEST, "RIPEMD160" },
	{ CW_AALG_AES_CMAC, "CMAC", OSSL_MAC_PARAM_CIPHER, "AES-128-CBC" },
};

bool
host_legacy_open(void)
{
	if (legacy == NULL) {
		legacy = OSSL_LIB_CTX_new();
		if (legacy && OSSL_PROVIDER_load(legacy, "legacy") == NULL) {
			OSSL_LIB_CTX_free(legacy);
			legacy = NULL;
		}
	}
	return legacy != NULL;
}

static const struct cipher *
cipher_find(unsigned id, size_t key)
{
	for (unsigned i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++)
		if (ciphers[i].id == id && (ciphers[i].key == key || ciphers[i].key == 0))
			return &ciphers[i];
	return NULL;
}

static EVP_CIPHER_CTX *
keyed(const struct cipher *row, const uint8_t *key, size_t n, int enc)
{
	EVP_CIPHER *c = row->legacy && legacy == NULL ? NULL : EVP_CIPHER_fetch(row->legacy ? legacy : NULL, row->name, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	if (!c || !ctx || EVP_CipherInit_ex2(ctx, c, NULL, NULL, enc, NULL) != 1 ||
	    (row->key == 0 && EVP_CIPHER_CTX_set_key_length(ctx, (int)n) != 1) ||
	    EVP_CipherInit_ex2(ctx, NULL, key, NULL, enc, NULL) != 1 || EVP_CIPHER_CTX_set_padding(ctx, 0) != 1) {
		EVP_CIPHER_CTX_free(ctx);
		ctx = NULL;
	}
	EVP_CIPHER_free(c);
	return ctx;
}

static EVP_MAC_CTX *
keyed_mac(unsigned auth, const uint8_t *key, size_t n)
{
	OSSL_PARAM params[2] = { OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end() };
	EVP_MAC_CTX *ctx;
	EVP_MAC *mac;
	unsigned i;

	for (i = 0; i < sizeof(macs) / sizeof(macs[0]) && macs[i].id != auth; i++)
		;
	if (i == sizeof(macs) / sizeof(macs[0]))
		return NULL;
	params[0] = OSSL_PARAM_construct_utf8_string(macs[i].param, (char *)macs[i].value, 0);
	mac = EVP_MAC_fetch(NULL, macs[i].mac, NULL);
	ctx = EVP_MAC_CTX_new(mac);
	EVP_MAC_free(mac);
	if (ctx && EVP_MAC_init(ctx, key, n, params) != 1) {
		EVP_MAC_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

/* The cipher's half. False: there is none of that name and size. */
static bool
encrypts(struct host_aead *a, unsigned id, const struct cw_alg *alg, const uint8_t *key, size_t n)
{
	const struct cipher *row;

	if (id == 0 || id == SADB_EALG_NULL)
		return true;
	if (alg == NULL || n < alg->salt)
		return false;
	n -= alg->salt;
	memcpy(a->salt, key + n, alg->salt);
	row = cipher_find(id, n);
	if (row == NULL)
		return false;
	a->kind = row->kind;
	a->seal = keyed(row, key, n, 1);
	a->open = keyed(row, key, n, 0);
	return a->seal && a->open;
}

/* AH's GMAC: a MAC alone, that wants an IV (RFC 4543 4). The key is the cipher's in ESP; to check one is to make one. */
static bool
authenticates_ah(struct host_aead *a, const struct cw_alg *mac, const uint8_t *key, size_t n)
{
	const struct cipher *row = n > mac->salt ? cipher_find(SADB_X_EALG_NULL_AES_GMAC, n - mac->salt) : NULL;

	if (row == NULL)
		return false;
	a->kind = AH_GMAC;
	memcpy(a->salt, key + n - mac->salt, mac->salt);
	a->seal = keyed(row, key, n - mac->salt, 1);
	return a->seal != NULL;
}

static bool
authenticates(struct host_aead *a, const struct cw_alg *mac, const uint8_t *key, size_t n)
{
	unsigned id = mac->id;

	if (mac->iv)
		return authenticates_ah(a, mac, key, n);
	if (id == SADB_X_AALG_AES_XCBC_MAC)
		return n == 16 && (a->xcbc = xcbc_new(key)) != NULL;
	if (id == CW_AALG_KEYED_MD5 || id == CW_AALG_KEYED_SHA1)
		return (a->kpdk = kpdk_new(id, key, n)) != NULL;
	if (id == SADB_X_AALG_NULL)	/* the ICV stays what the engine wrote, and is not looked at */
		return true;
	a->mac = keyed_mac(id, key, n);
	return a->mac != NULL;
}

struct host_aead *
host_aead_new(unsigned cipher, unsigned auth, const uint8_t *ekey, size_t elen, const uint8_t *akey, size_t alen)
{
	const struct cw_alg *enc = cw_alg_find(false, cipher), *mac = cw_alg_find(true, auth & ~CW_AALG_OLD);
	struct host_aead *a;

	if (auth ? mac == NULL || (enc && enc->aead) || (cipher && mac->iv) : cipher == 0 || cipher == SADB_EALG_NULL)
		return NULL;
	a = host_zalloc(sizeof(*a));
	if (a == NULL)
		return NULL;
	a->icv = auth & CW_AALG_OLD ? CW_OLD_ICV : mac ? mac->icv : enc ? enc->icv : 0;
	if (!encrypts(a, cipher, enc, ekey, elen) || (auth && !authenticates(a, mac, akey, alen))) {
		host_aead_free(a);
		return NULL;
	}
	return a;
}

void
host_aead_free(struct host_aead *a)
{
	if (!a)
		return;
	EVP_CIPHER_CTX_free(a->seal);
	EVP_CIPHER_CTX_free(a->open);
	EVP_MAC_CTX_free(a->mac);
	xcbc_free(a->xcbc);
	kpdk_free(a->kpdk);
	host_wipe(a, sizeof(*a));
	host_free(a);
}

static void
be32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static uint8_t *
icv_of(const struct cw_crypt *c)
{
	return c->icv ? c->icv : c->esp + c->head + c->text;
}

/* The text: enciphered and authenticated, or with GMAC the latter alone (RFC 4543 3.3: the IV and the text are part of the AAD). */
static bool
body(EVP_CIPHER_CTX *ctx, const struct host_aead *a, const struct cw_crypt *c)
{
	uint8_t *text = c->esp + c->head;
	int n;

	if (a->kind == GMAC)
		return EVP_CipherUpdate(ctx, NULL, &n, c->esp + 8, (int)(c->head - 8 + c->text)) == 1 && EVP_CipherFinal_ex(ctx, text, &n) == 1;
	return EVP_CipherUpdate(ctx, text, &n, text, (int)c->text) == 1 && EVP_CipherFinal_ex(ctx, text + n, &n) == 1;
}

static bool
aead_run(const struct host_aead *a, const struct cw_crypt *c, bool seal)
{
	EVP_CIPHER_CTX *ctx = seal ? a->seal : a->open;
	uint8_t nonce[12], aad[12], *icv = icv_of(c);
	int n, naad = 8;

	memcpy(nonce, a->salt, 4);
	memcpy(nonce + 4, c->esp + 8, 8);
	memcpy(aad, c->esp, 8);
	if (c->esn) {	/* RFC 4106 5: SPI, high half, low half */
		be32(aad + 4, c->seqhi);
		memcpy(aad + 8, c->esp + 4, 4);
		naad = 12;
	}
	if (EVP_CipherInit_ex2(ctx, NULL, NULL, nonce, -1, NULL) != 1)
		return false;
	if (!seal && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)a->icv, icv) != 1)
		return false;
	if (EVP_CipherUpdate(ctx, NULL, &n, aad, naad) != 1 || !body(ctx, a, c))
		return false;
	return !seal || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, (int)a->icv, icv) == 1;
}

static bool
mac_run(const struct host_aead *a, const struct cw_crypt *c, uint8_t out[EVP_MAX_MD_SIZE])
{
	uint8_t high[4];
	size_t n;

	be32(high, c->seqhi);
	if (a->xcbc)
		return xcbc_begin(a->xcbc) && xcbc_add(a->xcbc, c->esp, c->head + c->text) && (!c->esn || xcbc_add(a->xcbc, high, 4)) &&
		    xcbc_end(a->xcbc, out);
	if (a->kpdk)
		return kpdk_begin(a->kpdk) && kpdk_add(a->kpdk, c->esp, c->head + c->text) && (!c->esn || kpdk_add(a->kpdk, high, 4)) &&
		    kpdk_end(a->kpdk, out);
	return EVP_MAC_init(a->mac, NULL, 0, NULL) == 1 &&
	    EVP_MAC_update(a->mac, c->esp, c->head + c->text) == 1 &&
	    (!c->esn || EVP_MAC_update(a->mac, high, 4) == 1) &&
	    EVP_MAC_final(a->mac, out, &n, EVP_MAX_MD_SIZE) == 1 && n >= a->icv;
}

static bool
ah_gmac_run(const struct host_aead *a, const struct cw_crypt *c, bool seal)
{
	uint8_t nonce[12], high[4], tag[16], *icv = c->icv + 8;
	int n;

	memcpy(nonce, a->salt, 4);
	memcpy(nonce + 4, c->icv, 8);
	be32(high, c->seqhi);
	if (EVP_CipherInit_ex2(a->seal, NULL, NULL, nonce, -1, NULL) != 1 ||
	    EVP_CipherUpdate(a->seal, NULL, &n, c->esp, (int)(c->head + c->text)) != 1 ||
	    (c->esn && EVP_CipherUpdate(a->seal, NULL, &n, high, 4) != 1) || EVP_CipherFinal_ex(a->seal, tag, &n) != 1 ||
	    EVP_CIPHER_CTX_ctrl(a->seal, EVP_CTRL_AEAD_GET_TAG, sizeof(tag), tag) != 1)
		return false;
	if (!seal)
		return CRYPTO_memcmp(tag, icv, sizeof(tag)) == 0;
	memcpy(icv, tag, sizeof(tag));
	return true;
}

static bool
text_run(const struct host_aead *a, const struct cw_crypt *c, bool seal)
{
	EVP_CIPHER_CTX *ctx = seal ? a->seal : a->open;
	uint8_t *text = c->esp + c->head, counter[16];
	const uint8_t *iv = c->iv ? c->iv : c->esp + 8;
	int n;

	if (ctx == NULL)
		return true;
	if (a->kind == CTR) {	/* RFC 3686 4: nonce, IV, and a count of blocks that begins at one */
		memcpy(counter, a->salt, 4);
		memcpy(counter + 4, iv, 8);
		be32(counter + 12, 1);
		iv = counter;
	}
	return EVP_CipherInit_ex2(ctx, NULL, NULL, iv, -1, NULL) == 1 &&
	    EVP_CipherUpdate(ctx, text, &n, text, (int)c->text) == 1 && n == (int)c->text;
}

/* Encrypt, then MAC; without a MAC the text alone. */
static bool
mac_and_text_run(const struct host_aead *a, const struct cw_crypt *c, bool seal)
{
	uint8_t *icv = icv_of(c), mac[EVP_MAX_MD_SIZE];

	if (!a->mac && !a->xcbc && !a->kpdk)
		return text_run(a, c, seal);
	if (!seal)
		return mac_run(a, c, mac) && CRYPTO_memcmp(mac, icv, a->icv) == 0 && text_run(a, c, false);
	if (!text_run(a, c, true) || !mac_run(a, c, mac))
		return false;
	memcpy(icv, mac, a->icv);
	return true;
}

bool
host_crypt_one(struct cw_crypt *c, bool seal)
{
	const struct host_aead *a = c->aead;

	if (a->kind == AH_GMAC)
		return ah_gmac_run(a, c, seal);
	return a->kind == AEAD || a->kind == GMAC ? aead_run(a, c, seal) : mac_and_text_run(a, c, seal);
}

void
host_seal(struct cw_engine *e, struct cw_pkt **v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		v[i]->crypt.ok = host_crypt_one(&v[i]->crypt, true);
	cw_sealed(e, v, n);
}

void
host_open(struct cw_engine *e, struct cw_pkt **v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		v[i]->crypt.ok = host_crypt_one(&v[i]->crypt, false);
	cw_opened(e, v, n);
}
