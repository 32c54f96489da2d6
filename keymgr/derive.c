/* SPDX-License-Identifier: BSD-2-Clause */
#include "derive.h"
#include "prf.h"

/* Octets of the keys that the suite takes from the stream; false when an algorithm is not in the table. A child of AH has no cipher. */
static bool
sizes(const struct suite *s, bool child, size_t *encr, size_t *integ)
{
	const struct alg *e = alg_find(T_ENCR, s->encr, s->key_bits), *i = alg_find(T_INTEG, s->integ, 0);

	if (child && s->encr == 0 && s->key_bits == 0) {
		*encr = 0;
		*integ = i ? i->key_len : 0;
		return *integ != 0;
	}

	if (e == NULL || e->key_len == 0)
		return false;
	*encr = e->key_len;
	*integ = 0;
	if (alg_is_aead(e))
		return s->integ == INTEG_NONE;
	if (i == NULL || i->key_len == 0)
		return false;
	*integ = i->key_len;
	return true;
}

bool
derive_suite_ok(const struct suite *s, bool child)
{
	size_t e, i;

	return sizes(s, child, &e, &i) && (child || prf_len(s->prf) != 0);
}

bool
derive_skeyseed(uint16_t prf_id, struct bytes ni, struct bytes nr, const struct secret *gir, struct secret *out)
{
	struct bytes in = secret_bytes(gir);
	struct secret key = { 0 };
	bool ok;

	/* the two nonces are the key here; RFC 7296 2.10 bounds each to 256 octets */
	if (ni.n + nr.n > sizeof(key.b))
		return false;
	memcpy(key.b, ni.p, ni.n);
	memcpy(key.b + ni.n, nr.p, nr.n);
	key.n = ni.n + nr.n;
	ok = prf(prf_id, secret_bytes(&key), &in, 1, out);
	secret_wipe(&key);
	return ok;
}

bool
derive_skeyseed_rekey(uint16_t old_prf, const struct secret *old_sk_d, const struct secret *gir, struct bytes ni, struct bytes nr, struct secret *out)
{
	struct bytes in[3] = { secret_bytes(gir), ni, nr };

	return prf(old_prf, secret_bytes(old_sk_d), in, 3, out);
}

static bool
take(struct rd *r, struct secret *s, size_t n)
{
	return secret_set(s, rd_bytes(r, n)) && rd_ok(r);
}

bool
derive_ike_keys(const struct suite *s, const struct secret *skeyseed, struct bytes ni, struct bytes nr, uint64_t spi_i, uint64_t spi_r, struct ike_keys *k)
{
	uint8_t stream[3 * PRF_MAX + 4 * SECRET_CAP], spis[16];
	size_t e, i, d = prf_len(s->prf), n;
	struct wr w = wr_of(spis, sizeof(spis));
	struct bytes seed[3] = { ni, nr, bytes_of(spis, sizeof(spis)) };
	struct rd r;
	bool ok;

	if (!sizes(s, false, &e, &i) || d == 0 || e > SECRET_CAP || i > SECRET_CAP)
		return false;
	wr_u64(&w, spi_i);
	wr_u64(&w, spi_r);
	n = 3 * d + 2 * e + 2 * i;
	ok = prf_plus(s->prf, secret_bytes(skeyseed), seed, 3, stream, n);
	r = rd_of(bytes_of(stream, n));
	/* RFC 7296 2.14: SK_d | SK_ai | SK_ar | SK_ei | SK_er | SK_pi | SK_pr */
	ok = ok && take(&r, &k->sk_d, d) && take(&r, &k->sk_ai, i) && take(&r, &k->sk_ar, i) && take(&r, &k->sk_ei, e) &&
	    take(&r, &k->sk_er, e) && take(&r, &k->sk_pi, d) && take(&r, &k->sk_pr, d) && rd_done(&r);
	wipe(stream, n);
	if (!ok)
		ike_keys_wipe(k);
	return ok;
}

void
ike_keys_wipe(struct ike_keys *k)
{
	wipe(k, sizeof(*k));
}

bool
derive_child_keys(uint16_t ike_prf, const struct secret *sk_d, const struct suite *s, const struct secret *gir, struct bytes ni, struct bytes nr,
    struct child_keys *i2r, struct child_keys *r2i)
{
	uint8_t stream[4 * SECRET_CAP];
	struct bytes seed[3] = { gir ? secret_bytes(gir) : bytes_of(NULL, 0), ni, nr };
	size_t e, i, n;
	struct rd r;
	bool ok;

	if (!sizes(s, true, &e, &i) || e > SECRET_CAP || i > SECRET_CAP)
		return false;
	n = 2 * e + 2 * i;
	ok = prf_plus(ike_prf, secret_bytes(sk_d), seed, 3, stream, n);
	r = rd_of(bytes_of(stream, n));
	/* RFC 7296 2.17: initiator to responder first; encryption before integrity */
	ok = ok && take(&r, &i2r->encr, e) && take(&r, &i2r->integ, i) && take(&r, &r2i->encr, e) && take(&r, &r2i->integ, i) && rd_done(&r);
	wipe(stream, n);
	if (!ok) {
		child_keys_wipe(i2r);
		child_keys_wipe(r2i);
	}
	return ok;
}

void
child_keys_wipe(struct child_keys *k)
{
	wipe(k, sizeof(*k));
}
