/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The user-space side of the seam that is not inline: ciphers by OpenSSL's EVP, randomness, and frees put off to the end
 * of the loop's turn. A context is keyed once for each SA and direction; a packet costs no fetch and no allocation.
 */
#include <sys/random.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "../core/cw.h"
#include <causeway/pfkey.h>

struct host_aead {
	EVP_CIPHER_CTX	*seal, *open;	/* NULL beside a MAC: the text stays as it is (RFC 2410) */
	EVP_MAC_CTX	*mac;
	bool		 aead;
	uint8_t		 salt[4];
	uint32_t	 icv;
};

#define RANDOM_POOL	4096

/* Per-process state of the host, not of an engine: what is waiting to be freed, and random octets drawn ahead. */
static struct host_defer *deferred;
static struct { uint8_t b[RANDOM_POOL]; size_t left; } pool;

void
host_wipe(void *p, size_t n)
{
	OPENSSL_cleanse(p, n);
}

void
host_defer(struct host_defer *d, void (*fn)(void *), void *p)
{
	d->fn = fn;
	d->p = p;
	d->next = deferred;
	deferred = d;
}

void
host_turn_end(void)
{
	struct host_defer *d;

	while ((d = deferred) != NULL) {
		deferred = d->next;
		d->fn(d->p);
	}
}

/* getrandom cannot fail once the kernel's pool is ready, and blocks until then. */
static void
draw(uint8_t *p, size_t n)
{
	while (n) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0 && errno != EINTR)
			abort();
		if (got > 0) {
			p += got;
			n -= (size_t)got;
		}
	}
}

void
host_random(void *p, size_t n)
{
	if (n > RANDOM_POOL / 4) {
		draw(p, n);
		return;
	}
	if (pool.left < n) {
		draw(pool.b, sizeof(pool.b));
		pool.left = sizeof(pool.b);
	}
	pool.left -= n;
	memcpy(p, pool.b + pool.left, n);
	host_wipe(pool.b + pool.left, n);
}

uint64_t
host_wall_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec;
}

static const char *
cipher_name(unsigned cipher, size_t key)
{
	static const char *const gcm[] = { "AES-128-GCM", "AES-192-GCM", "AES-256-GCM" };
	static const char *const cbc[] = { "AES-128-CBC", "AES-192-CBC", "AES-256-CBC" };

	if (cipher == CW_EALG_CHACHA20POLY1305)
		return key == 32 ? "ChaCha20-Poly1305" : NULL;
	if (key != 16 && key != 24 && key != 32)
		return NULL;
	if (cipher == SADB_X_EALG_AES_GCM_ICV16)
		return gcm[key / 8 - 2];
	return cipher == SADB_X_EALG_AESCBC ? cbc[key / 8 - 2] : NULL;
}

static EVP_CIPHER_CTX *
keyed(const char *name, const uint8_t *key, int enc)
{
	EVP_CIPHER *c = EVP_CIPHER_fetch(NULL, name, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	if (!c || !ctx || EVP_CipherInit_ex2(ctx, c, key, NULL, enc, NULL) != 1 || EVP_CIPHER_CTX_set_padding(ctx, 0) != 1) {
		EVP_CIPHER_CTX_free(ctx);
		ctx = NULL;
	}
	EVP_CIPHER_free(c);
	return ctx;
}

static EVP_MAC_CTX *
keyed_mac(unsigned auth, const uint8_t *key, size_t n, uint32_t *icv)
{
	char sha[3][8] = { "SHA256", "SHA384", "SHA512" };
	unsigned i = auth - SADB_X_AALG_SHA2_256HMAC;
	OSSL_PARAM params[2] = { OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end() };
	EVP_MAC *mac;
	EVP_MAC_CTX *ctx;

	if (i > 2)
		return NULL;
	*icv = 16 + 8 * i;
	params[0] = OSSL_PARAM_construct_utf8_string("digest", sha[i], 0);
	mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	ctx = EVP_MAC_CTX_new(mac);
	EVP_MAC_free(mac);
	if (ctx && EVP_MAC_init(ctx, key, n, params) != 1) {
		EVP_MAC_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

struct host_aead *
host_aead_new(unsigned cipher, unsigned auth, const uint8_t *ekey, size_t elen, const uint8_t *akey, size_t alen)
{
	struct host_aead *a = host_zalloc(sizeof(*a));
	const char *name;

	if (!a)
		return NULL;
	a->aead = auth == 0;
	a->icv = 16;
	if (a->aead && elen > 4) {
		elen -= 4;
		memcpy(a->salt, ekey + elen, 4);
	}
	name = cipher_name(cipher, elen);
	if (name) {
		a->seal = keyed(name, ekey, 1);
		a->open = keyed(name, ekey, 0);
	}
	if (!a->aead)
		a->mac = keyed_mac(auth, akey, alen, &a->icv);
	if ((cipher != SADB_EALG_NULL && (!a->seal || !a->open)) || (!a->aead && !a->mac) ||
	    a->aead != (cipher != SADB_X_EALG_AESCBC && cipher != SADB_EALG_NULL)) {
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

static bool
aead_run(const struct host_aead *a, const struct cw_crypt *c, bool seal)
{
	EVP_CIPHER_CTX *ctx = seal ? a->seal : a->open;
	uint8_t nonce[12], aad[12], *text = c->esp + c->head, *icv = text + c->text;
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
	if (EVP_CipherUpdate(ctx, NULL, &n, aad, naad) != 1 ||
	    EVP_CipherUpdate(ctx, text, &n, text, (int)c->text) != 1 ||
	    EVP_CipherFinal_ex(ctx, text + n, &n) != 1)
		return false;
	return !seal || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, (int)a->icv, icv) == 1;
}

static bool
mac_run(const struct host_aead *a, const struct cw_crypt *c, uint8_t out[EVP_MAX_MD_SIZE])
{
	uint8_t high[4];
	size_t n;

	be32(high, c->seqhi);
	return EVP_MAC_init(a->mac, NULL, 0, NULL) == 1 &&
	    EVP_MAC_update(a->mac, c->esp, c->head + c->text) == 1 &&
	    (!c->esn || EVP_MAC_update(a->mac, high, 4) == 1) &&
	    EVP_MAC_final(a->mac, out, &n, EVP_MAX_MD_SIZE) == 1 && n >= a->icv;
}

static bool
mac_and_text_run(const struct host_aead *a, const struct cw_crypt *c, bool seal)
{
	EVP_CIPHER_CTX *ctx = seal ? a->seal : a->open;
	uint8_t *text = c->esp + c->head, *icv = text + c->text, mac[EVP_MAX_MD_SIZE];
	int n;

	if (!seal && (!mac_run(a, c, mac) || CRYPTO_memcmp(mac, icv, a->icv) != 0))
		return false;
	if (ctx && (EVP_CipherInit_ex2(ctx, NULL, NULL, c->esp + 8, -1, NULL) != 1 ||
	    EVP_CipherUpdate(ctx, text, &n, text, (int)c->text) != 1 || n != (int)c->text))
		return false;
	if (!seal)
		return true;
	if (!mac_run(a, c, mac))
		return false;
	memcpy(icv, mac, a->icv);
	return true;
}

bool
host_crypt_one(struct cw_crypt *c, bool seal)
{
	return c->aead->aead ? aead_run(c->aead, c, seal) : mac_and_text_run(c->aead, c, seal);
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
