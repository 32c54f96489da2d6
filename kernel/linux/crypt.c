// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The seam's ciphers by the kernel's crypto API. Implementations that finish later are asked for too, because the fast ones are
 * among them; a packet then waits with a reference to its SA and holds no lock. GCM and ChaCha20 get their whole nonce from us:
 * the forms for ESP want an AAD in one piece with the packet, which it is not with 64-bit sequence numbers.
 */
#include <crypto/aead.h>
#include <crypto/authenc.h>
#include <linux/rtnetlink.h>
#include <linux/version.h>

#include "mod.h"
#include <causeway/pfkey.h>

struct host_aead {
	struct crypto_aead *tfm;
	struct crypto_aead *esn;	/* with a MAC: the one that takes the high half into it */
	bool		 aead;		/* it takes the whole nonce from us */
	bool		 bare;		/* the MAC alone */
	struct mod_kpdk	*kpdk;		/* the MAC, apart from the cipher, which then has no ICV */
	bool		 none;		/* bare, and not even that */
	u8		 salt[4];
	u32		 icv;		/* of which the first octets are given, not made: */
	u32		 iv;		/* AH's GMAC (RFC 4543 4) */
};

static struct crypto_aead *
keyed(const char *name, const u8 *key, size_t n, u32 icv)
{
	struct crypto_aead *t = mod_fail() ? ERR_PTR(-ENOMEM) : crypto_alloc_aead(name, 0, 0);

	if (IS_ERR(t))
		return NULL;
	if (crypto_aead_setkey(t, key, n) || crypto_aead_setauthsize(t, icv)) {
		crypto_free_aead(t);
		return NULL;
	}
	return t;
}

static const char *
name_of(bool auth, unsigned int id)
{
	static const struct { u8 id; bool auth; const char *name; } names[] = {
		{ 0, false, "ecb(cipher_null)" },
		{ SADB_EALG_NULL, false, "ecb(cipher_null)" },
		{ SADB_X_EALG_AESCBC, false, "cbc(aes)" },
		{ SADB_X_EALG_AESCTR, false, "rfc3686(ctr(aes))" },
		{ SADB_X_EALG_CAMELLIACBC, false, "cbc(camellia)" },
		{ SADB_EALG_3DESCBC, false, "cbc(des3_ede)" },
		{ SADB_EALG_DESCBC, false, "cbc(des)" },
		{ SADB_X_EALG_CASTCBC, false, "cbc(cast5)" },
		{ SADB_X_EALG_BLOWFISHCBC, false, "cbc(blowfish)" },
		{ 0, true, "digest_null" },
		{ SADB_AALG_MD5HMAC, true, "hmac(md5)" },
		{ SADB_AALG_SHA1HMAC, true, "hmac(sha1)" },
		{ SADB_X_AALG_SHA2_256HMAC, true, "hmac(sha256)" },
		{ SADB_X_AALG_SHA2_384HMAC, true, "hmac(sha384)" },
		{ SADB_X_AALG_SHA2_512HMAC, true, "hmac(sha512)" },
		{ CW_AALG_SHA2_256HMAC_96, true, "hmac(sha256)" },
		{ SADB_X_AALG_RIPEMD160HMAC, true, "hmac(rmd160)" },
		{ SADB_X_AALG_AES_XCBC_MAC, true, "xcbc(aes)" },
		{ CW_AALG_AES_CMAC, true, "cmac(aes)" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].id == id && names[i].auth == auth)
			return names[i].name;
	return NULL;
}

/* A cipher with a MAC. One key out of two, as authenc wants it: what is the cipher's part stands in front. */
static void
cipher_mac(struct host_aead *a, unsigned int cipher, unsigned int auth, const u8 *ekey, size_t elen, const u8 *akey, size_t alen)
{
	const char *enc = name_of(false, cipher), *mac = name_of(true, auth);
	size_t n = RTA_SPACE(sizeof(struct crypto_authenc_key_param)) + alen + elen;
	struct crypto_authenc_key_param *param;
	char name[CRYPTO_MAX_ALG_NAME];
	struct rtattr *rta;
	u8 *key;

	if (!enc || !mac)
		return;
	key = kzalloc(n, GFP_KERNEL);
	if (!key)
		return;
	rta = (struct rtattr *)key;
	rta->rta_type = CRYPTO_AUTHENC_KEYA_PARAM;
	rta->rta_len = RTA_LENGTH(sizeof(*param));
	param = RTA_DATA(rta);
	param->enckeylen = cpu_to_be32((u32)elen);
	memcpy(key + RTA_SPACE(sizeof(*param)), akey, alen);
	memcpy(key + RTA_SPACE(sizeof(*param)) + alen, ekey, elen);
	snprintf(name, sizeof(name), "authenc(%s,%s)", mac, enc);
	a->tfm = keyed(name, key, n, a->icv);
	if (!a->bare && auth) {
		snprintf(name, sizeof(name), "authencesn(%s,%s)", mac, enc);
		a->esn = keyed(name, key, n, a->icv);
	}
	kfree_sensitive(key);
}

/* A MAC that the crypto API has not, beside a cipher or alone. */
static void
cipher_kpdk(struct host_aead *a, unsigned int cipher, unsigned int auth, const u8 *ekey, size_t elen, const u8 *akey, size_t alen)
{
	a->kpdk = mod_kpdk_new(auth, akey, alen, a->icv);
	a->icv = 0;
	if (a->kpdk && !a->bare)
		cipher_mac(a, cipher, 0, ekey, elen, NULL, 0);
}

/* For bench/vm, which wants neither cipher nor ICV: the form is that of CBC, so that the cipher is asked as it is there. */
static void
null_cipher(struct host_aead *a)
{
	static const u8 key[] = { 8, 0, 1, 0, 0, 0, 0, 0 };	/* struct rtattr, and that the cipher's part has no octets */

	a->aead = false;
	a->icv = 0;
	a->tfm = keyed("authenc(digest_null,ecb(cipher_null))", key, sizeof(key), 0);
	a->esn = keyed("authencesn(digest_null,ecb(cipher_null))", key, sizeof(key), 0);
}

struct host_aead *
host_aead_new(unsigned int cipher, unsigned int auth, const u8 *ekey, size_t elen, const u8 *akey, size_t alen)
{
	struct host_aead *a = host_zalloc(sizeof(*a));
	const struct cw_alg *enc = cw_alg_find(false, cipher), *mac = cw_alg_find(true, auth & ~CW_AALG_OLD);

	if (!a)
		return NULL;
	a->icv = auth & CW_AALG_OLD ? CW_OLD_ICV : mac ? mac->icv : enc ? enc->icv : 0;
	a->bare = cipher == 0;
	a->iv = mac ? mac->iv : 0;
	a->aead = enc && enc->aead && cipher != SADB_X_EALG_NULL_AES_GMAC;
	auth = mac ? mac->id : auth;
	a->none = a->bare && auth == SADB_X_AALG_NULL;
	if (mod_cipher_null()) {
		null_cipher(a);
	} else if (a->aead && !auth && elen > 4) {
		elen -= 4;
		memcpy(a->salt, ekey + elen, 4);
		a->tfm = keyed(cipher == SADB_X_EALG_AES_GCM_ICV16 ? "gcm(aes)" : "rfc7539(chacha20,poly1305)", ekey, elen, a->icv);
	} else if (a->iv && a->bare && alen > 4) {
		a->icv -= a->iv;
		alen -= 4;
		memcpy(a->salt, akey + alen, 4);
		a->tfm = keyed("gcm(aes)", akey, alen, a->icv);
	} else if (cipher == SADB_X_EALG_NULL_AES_GMAC && !auth) {	/* its form for ESP, with the salt in the key, is all there is */
		a->tfm = keyed("rfc4543(gcm(aes))", ekey, elen, a->icv);
	} else if (!a->aead && (auth == CW_AALG_KEYED_MD5 || auth == CW_AALG_KEYED_SHA1)) {
		cipher_kpdk(a, cipher, auth, ekey, elen, akey, alen);
	} else if (!a->none && !a->aead && (auth ? mac != NULL : cipher != 0 && cipher != SADB_EALG_NULL)) {
		cipher_mac(a, cipher, auth, ekey, elen, akey, alen);
	}
	if (!a->none && !(a->kpdk && (a->bare || a->tfm)) && (!a->tfm || (mac && !a->bare && !a->esn))) {
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
	if (a->tfm)
		crypto_free_aead(a->tfm);
	if (a->esn)
		crypto_free_aead(a->esn);
	mod_kpdk_free(a->kpdk);
	host_wipe(a, sizeof(*a));
	host_free(a);
}

/* The cipher is done; what is sent may lack its ICV yet. */
static void
request_end(struct mod_pkt *m, int err)
{
	struct host_aead *a = m->p.crypt.aead;

	if (m->request != m->room)
		kfree_sensitive(m->request);
	m->request = NULL;
	if (!err && m->seal && a->kpdk)
		err = mod_kpdk_seal(a->kpdk, &m->p.crypt);
	m->p.crypt.ok = err == 0;
}

static void
done_later(struct mod_pkt *m, int err)
{
	struct net_device *dev = m->seal ? NULL : m->skb->dev;
	struct host *h = m->h;
	struct cw_pkt *p = &m->p;

	if (err == -EINPROGRESS)
		return;
	request_end(m, err);
	p->queue = NULL;
	if (m->seal)
		cw_sealed(h->e, &p, 1);
	else
		cw_opened(h->e, &p, 1);
	dev_put(dev);
	percpu_ref_put(&h->busy);
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
static void on_done(void *arg, int err) { done_later(arg, err); }
#else
static void on_done(struct crypto_async_request *r, int err) { done_later(r->data, err); }
#endif

/* The parts of the packet that the request names; returns the octets of its AAD. */
static unsigned int
lay_out(struct mod_pkt *m, const struct host_aead *a, unsigned int text)
{
	const struct cw_crypt *c = &m->p.crypt;
	unsigned int iv = c->head - 8, naad = c->esn ? 12 : 8;
	__be32 hi = cpu_to_be32(c->seqhi);

	if (a->bare) {	/* all that the MAC covers is AAD, the high half at its end; there is no text */
		unsigned int k = 0;

		sg_init_table(m->sg, c->esn ? 3 : 2);
		sg_set_buf(&m->sg[k++], c->esp, c->head + c->text);
		if (c->esn) {
			memcpy(m->aad, &hi, 4);
			sg_set_buf(&m->sg[k++], m->aad, 4);
		}
		if (a->iv) {
			memcpy(m->iv, a->salt, 4);
			memcpy(m->iv + 4, c->icv, a->iv);
		}
		sg_set_buf(&m->sg[k], c->icv ? c->icv + a->iv : c->esp + c->head + c->text, a->icv);
		return c->head + c->text + (c->esn ? 4 : 0);
	}
	sg_init_table(m->sg, 2);
	if (c->iv) {	/* RFC 1829: there is no MAC, so what the AAD is does not matter; but something has to be there */
		memset(m->aad, 0, naad);
		sg_set_buf(&m->sg[0], m->aad, naad);
		memcpy(m->iv, c->iv, crypto_aead_ivsize(a->tfm));
		sg_set_buf(&m->sg[1], c->esp + c->head, text);
		return naad;
	}
	memcpy(m->aad, c->esp, 8);
	if (c->esn) {	/* RFC 4106 5: SPI, high half, low half; authencesn wants the same and puts it right itself */
		memcpy(m->aad + 8, c->esp + 4, 4);
		memcpy(m->aad + 4, &hi, 4);
	}
	sg_set_buf(&m->sg[0], m->aad, naad);
	if (a->aead) {
		memcpy(m->iv, a->salt, 4);
		memcpy(m->iv + 4, c->esp + 8, 8);
		sg_set_buf(&m->sg[1], c->esp + c->head, text);
		return naad;
	}
	memcpy(m->iv, c->esp + 8, iv);
	sg_set_buf(&m->sg[1], c->esp + 8, iv + text);
	return naad + iv;
}

/* -EINPROGRESS: on_done comes, or has come. */
static int
crypt_start(struct cw_pkt *p, bool seal)
{
	struct mod_pkt *m = mod_pkt_of(p);
	struct host_aead *a = p->crypt.aead;
	struct crypto_aead *t = p->crypt.esn && a->esn ? a->esn : a->tfm;
	unsigned int text = (a->bare ? 0 : p->crypt.text) + (seal ? 0 : a->icv), aad;
	struct aead_request *r;
	size_t need;
	int err = 0;

	m->seal = seal;
	m->request = NULL;
	if (!seal && a->kpdk)
		err = mod_kpdk_open(a->kpdk, &p->crypt);
	if (err || !t)
		return err;
	need = sizeof(struct aead_request) + crypto_aead_reqsize(t);
	m->request = need <= sizeof(m->room) ? m->room : mod_fail() ? NULL : kmalloc(need, GFP_ATOMIC | __GFP_NOWARN);
	if (!m->request)
		return -ENOMEM;
	r = m->request;
	aad = lay_out(m, a, p->crypt.text + a->icv);
	aead_request_set_tfm(r, t);
	aead_request_set_callback(r, 0, on_done, m);
	aead_request_set_crypt(r, m->sg, m->sg, text, m->iv);
	aead_request_set_ad(r, aad);
	if (mod_crypt_later(r, seal))
		return -EINPROGRESS;
	return seal ? crypto_aead_encrypt(r) : crypto_aead_decrypt(r);
}

static void
crypt_all(struct cw_engine *e, struct cw_pkt **v, unsigned int n, bool seal)
{
	struct cw_pkt *ready[HOST_BURST];
	unsigned int k = 0, i;

	for (i = 0; i < n; i++) {
		struct percpu_ref *busy = &mod_pkt_of(v[i])->h->busy;
		struct net_device *dev = seal ? NULL : mod_pkt_of(v[i])->skb->dev;
		int err;

		percpu_ref_get(busy);
		dev_hold(dev);	/* where it came in may go while it waits */
		err = crypt_start(v[i], seal);
		if (err == -EINPROGRESS)	/* never -EBUSY: nobody was asked to keep a backlog, so that is a refusal */
			continue;
		request_end(mod_pkt_of(v[i]), err);
		dev_put(dev);
		percpu_ref_put(busy);
		ready[k++] = v[i];
	}
	if (k == 0)
		return;
	if (seal)
		cw_sealed(e, ready, k);
	else
		cw_opened(e, ready, k);
}

void
host_seal(struct cw_engine *e, struct cw_pkt **v, unsigned int n)
{
	crypt_all(e, v, n, true);
}

void
host_open(struct cw_engine *e, struct cw_pkt **v, unsigned int n)
{
	crypt_all(e, v, n, false);
}
