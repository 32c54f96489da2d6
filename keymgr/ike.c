/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "ike.h"
#ifdef CAUSEWAY_TEST_HOOKS
#include "keylog.h"
#endif

#define SAY(detail, ...)	snprintf(detail, IKE_DETAIL, __VA_ARGS__)

void
ike_objects_init(struct ike_objects *o)
{
	*o = (struct ike_objects){ .ke = { .max = IKE_KE_MAX }, .ike = { .max = IKE_SA_MAX } };
}

static void
ke_free(struct ke *k)
{
	if (k)
		ke_wipe(k);
	free(k);
}

static void
ike_free(struct ike *i)
{
	if (i) {
		free(i->used);
		wipe(i, sizeof(*i));
	}
	free(i);
}

void
ike_objects_wipe(struct ike_objects *o)
{
	void *p;

	while ((p = handle_take_any(&o->ke)) != NULL)
		ke_free(p);
	while ((p = handle_take_any(&o->ike)) != NULL)
		ike_free(p);
	handle_fini(&o->ke);
	handle_fini(&o->ike);
}

/* Key exchanges */

enum reason
ike_ke_new(struct ike_objects *o, uint16_t group, uint32_t *handle, struct wr *pub)
{
	struct ke *k;

	if (o->ke.n >= o->ke.max)
		return R_BUSY;
	if ((k = calloc(1, sizeof(*k))) == NULL)
		return R_NO_MEMORY;
	switch (ke_new(k, group, pub)) {
	case KE_OK:
		*handle = handle_add(&o->ke, k);
		if (*handle)
			return R_OK;
		ke_free(k);
		return R_NO_MEMORY;
	case KE_UNKNOWN_GROUP:
		free(k);
		return R_KE_GROUP_REFUSED;
	default:
		free(k);
		return R_INTERNAL;
	}
}

enum reason
ike_ke_take(struct ike_objects *o, uint32_t handle, uint16_t group, struct bytes peer, struct secret *gir, char detail[static IKE_DETAIL])
{
	struct ke *k = handle_take(&o->ke, handle);
	enum ke_result r;

	if (k == NULL) {
		SAY(detail, "there is no such key exchange, or it was used already");
		return R_NOT_FOUND;
	}
	r = k->group == group ? ke_secret(k, peer, gir) : KE_UNKNOWN_GROUP;
	ke_free(k);
	switch (r) {
	case KE_OK:
		return R_OK;
	case KE_BAD_PUBLIC:
		SAY(detail, "the peer's key exchange value is not a member of group %u", group);
		return R_MSG_MALFORMED;
	case KE_UNKNOWN_GROUP:
		SAY(detail, "the key exchange was begun for another group");
		return R_NOT_PERMITTED;
	default:
		SAY(detail, "OpenSSL failed in group %u", group);
		return R_INTERNAL;
	}
}

void
ike_ke_drop(struct ike_objects *o, uint32_t handle)
{
	ke_free(handle_take(&o->ke, handle));
}

/* Seeds */

static bool
digest(const struct secret *gir, struct bytes ni, struct bytes nr, uint64_t *out)
{
	uint8_t all[SECRET_CAP + 2 * KEY_NONCE_MAX], sum[EVP_MAX_MD_SIZE];
	struct wr w = wr_of(all, sizeof(all));
	unsigned n = 0;
	bool ok;

	wr_span(&w, secret_bytes(gir));
	wr_span(&w, ni);
	wr_span(&w, nr);
	ok = wr_ok(&w) && EVP_Digest(all, w.n, sum, &n, EVP_sha256(), NULL);
	if (ok)
		memcpy(out, sum, sizeof(*out));
	wipe(all, sizeof(all));
	wipe(sum, sizeof(sum));
	return ok;
}

/*
 * SK_d and [g^ir |] Ni | Nr make the keys: the same octets again would be the same keys again, and counters that begin again under
 * them. A key exchange alone does not help: iked can give two of our handles one another's public values, or g^ir as a nonce.
 */
static enum reason
use_seed(struct ike *i, const struct secret *gir, struct bytes ni, struct bytes nr, char detail[static IKE_DETAIL])
{
	uint64_t d, *v;

	if (!digest(gir, ni, nr, &d))
		return R_INTERNAL;
	for (unsigned k = 0; k < i->nused; k++)
		if (i->used[k] == d) {
			SAY(detail, "this key exchange and these nonces made keys already");
			return R_NOT_PERMITTED;
		}
	if (i->nused == i->used_cap) {
		unsigned cap = i->used_cap ? i->used_cap * 2 : 8;

		if (cap > IKE_SEEDS_MAX) {
			SAY(detail, "this IKE SA has made too many children; rekey it");
			return R_BUSY;
		}
		if ((v = reallocarray(i->used, cap, sizeof(*v))) == NULL)
			return R_NO_MEMORY;
		i->used = v;
		i->used_cap = cap;
	}
	i->used[i->nused++] = d;
	return R_OK;
}

/* IKE SAs */

static struct ike *
ike_new(const struct key_derive *d)
{
	struct ike *i = calloc(1, sizeof(*i));

	if (i == NULL)
		return NULL;
	i->suite = d->suite;
	i->initiator = d->initiator;
	i->spi_i = d->spi_i;
	i->spi_r = d->spi_r;
	memcpy(i->nonces, d->ni.p, d->ni.n);
	memcpy(i->nonces + KEY_NONCE_MAX, d->nr.p, d->nr.n);
	i->ni = bytes_of(i->nonces, d->ni.n);
	i->nr = bytes_of(i->nonces + KEY_NONCE_MAX, d->nr.n);
	return i;
}

static bool
derive(struct ike *i, const struct ike *old, const struct key_derive *d, const struct secret *gir, struct ike_keys *keys)
{
	struct secret seed = { 0 };
	bool ok;

	if (old)	/* RFC 7296 2.18: with the old SA's prf */
		ok = derive_skeyseed_rekey(old->suite.prf, &old->sk_d, gir, d->ni, d->nr, &seed);
	else
		ok = derive_skeyseed(d->suite.prf, d->ni, d->nr, gir, &seed);
	ok = ok && derive_ike_keys(&d->suite, &seed, d->ni, d->nr, d->spi_i, d->spi_r, keys);
	secret_wipe(&seed);
	if (!ok)
		return false;
	i->first = old == NULL;
	i->verified = old && old->verified;
	if (old)
		memcpy(i->tunnel, old->tunnel, sizeof(i->tunnel));
	secret_set(&i->sk_d, secret_bytes(&keys->sk_d));
	secret_set(&i->sk_pi, secret_bytes(&keys->sk_pi));
	secret_set(&i->sk_pr, secret_bytes(&keys->sk_pr));
	secret_wipe(&keys->sk_d);
	secret_wipe(&keys->sk_pi);
	secret_wipe(&keys->sk_pr);
	return true;
}

enum reason
ike_derive(struct ike_objects *o, const struct key_derive *d, uint32_t *handle, struct ike_keys *keys, char detail[static IKE_DETAIL])
{
	struct ike *old = NULL, *i = NULL;
	struct secret gir = { 0 };
	enum reason r = ike_ke_take(o, d->ke, d->suite.ke, d->peer_public, &gir, detail);

	if (r == R_OK && !derive_suite_ok(&d->suite, false)) {
		SAY(detail, "keymgr does not know these algorithms");
		r = R_NOT_PERMITTED;
	}
	if (r == R_OK && d->old_ike && (old = handle_get(&o->ike, d->old_ike)) == NULL) {
		SAY(detail, "there is no such IKE SA");
		r = R_NOT_FOUND;
	}
	if (r == R_OK && o->ike.n >= o->ike.max)
		r = R_BUSY;
	if (r == R_OK && old)
		r = use_seed(old, &gir, d->ni, d->nr, detail);
	if (r == R_OK && (i = ike_new(d)) == NULL)
		r = R_NO_MEMORY;
	if (r == R_OK && !derive(i, old, d, &gir, keys))
		r = R_INTERNAL;
	if (r == R_OK && (*handle = handle_add(&o->ike, i)) == 0)
		r = R_NO_MEMORY;
	secret_wipe(&gir);
#ifdef CAUSEWAY_TEST_HOOKS
	if (r == R_OK)
		keylog_write(d, keys);
#endif
	if (r == R_OK)
		return r;
	ike_keys_wipe(keys);
	ike_free(i);
	return r;
}

void
ike_drop(struct ike_objects *o, uint32_t handle)
{
	ike_free(handle_take(&o->ike, handle));
}

/* Children */

static bool
is_child_of(const char *child, const char *tunnel)
{
	size_t n = strlen(tunnel);

	return strncmp(child, tunnel, n) == 0 && child[n] == '/' && name_ok(child + n + 1);
}

/* The child of IKE_AUTH: who began is known here. With the roles turned round both ends would send under one key. */
static bool
turned_round(const struct ike *i, const struct key_child *c)
{
	return i->first && bytes_eq(c->ni, i->ni) && bytes_eq(c->nr, i->nr) && c->initiator != i->initiator;
}

enum reason
ike_child_keys(struct ike_objects *o, const struct key_child *c, struct child_keys *in, struct child_keys *out, char detail[static IKE_DETAIL])
{
	struct ike *i = handle_get(&o->ike, c->ike);
	struct secret gir = { 0 };
	enum reason r = R_OK;
	bool ok;

	if (c->ke)	/* consumed first: it is used once, whatever comes of it */
		r = ike_ke_take(o, c->ke, c->suite.ke, c->peer_public, &gir, detail);
	if (r == R_OK && i == NULL) {
		SAY(detail, "there is no such IKE SA");
		r = R_NOT_FOUND;
	} else if (r == R_OK && (!i->verified || !is_child_of(c->name, i->tunnel))) {
		SAY(detail, "the IKE SA's peer was not verified for %s", c->name);
		r = R_NOT_PERMITTED;
	} else if (r == R_OK && !derive_suite_ok(&c->suite, true)) {
		SAY(detail, "keymgr does not know these algorithms");
		r = R_NOT_PERMITTED;
	} else if (r == R_OK && turned_round(i, c)) {
		SAY(detail, "the other side began the exchange of these nonces");
		r = R_NOT_PERMITTED;
	}
	if (r == R_OK)
		r = use_seed(i, &gir, c->ni, c->nr, detail);
	if (r == R_OK) {
		ok = c->initiator ? derive_child_keys(i->suite.prf, &i->sk_d, &c->suite, c->ke ? &gir : NULL, c->ni, c->nr, out, in) :
		    derive_child_keys(i->suite.prf, &i->sk_d, &c->suite, c->ke ? &gir : NULL, c->ni, c->nr, in, out);
		r = ok ? R_OK : R_INTERNAL;
	}
	secret_wipe(&gir);
	return r;
}
