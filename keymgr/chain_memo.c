/* SPDX-License-Identifier: BSD-2-Clause */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "certtext.h"
#include "chain_memo.h"

#define KEY	32	/* SHA-256 */

struct path {
	uint8_t		key[KEY];
	uint64_t	not_before;
	struct chain	chain;		/* without a path: an empty place */
};

struct chain_memo {
	struct path	v[CHAIN_MEMO];
};

struct chain_memo *
chain_memo_new(void)
{
	return calloc(1, sizeof(struct chain_memo));
}

void
chain_memo_free(struct chain_memo *m)
{
	for (unsigned i = 0; m && i < CHAIN_MEMO; i++)
		chain_free(&m->v[i].chain);
	free(m);
}

/* Each part with its length before it, so that no two requests have the same octets. */
static bool
add(EVP_MD_CTX *c, struct bytes b)
{
	uint64_t n = b.n;

	return EVP_DigestUpdate(c, &n, sizeof(n)) == 1 && EVP_DigestUpdate(c, b.p, b.n) == 1;
}

static bool
add_anchor(EVP_MD_CTX *c, const struct chain_anchor *a)
{
	uint8_t sum[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	return X509_digest(a->cert, EVP_sha256(), sum, &n) == 1 && add(c, bytes_of(sum, n)) && add(c, bytes_of(a->name, strlen(a->name)));
}

static bool
key_of(const struct chain_request *q, uint8_t key[static KEY])
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool ok = c && EVP_DigestInit_ex(c, EVP_sha256(), NULL) == 1 && add(c, q->id);

	for (unsigned i = 0; ok && i < q->nanchors; i++)
		ok = add_anchor(c, &q->anchors[i]);
	for (unsigned i = 0; ok && i < q->ncerts; i++)
		if (q->certs[i].encoding == CERT_X509)
			ok = add(c, q->certs[i].data);
	ok = ok && EVP_DigestFinal_ex(c, key, NULL) == 1;
	EVP_MD_CTX_free(c);
	ERR_clear_error();
	return ok;
}

static uint64_t
latest_begin(const struct chain *c)
{
	uint64_t latest = 0;

	for (int i = 0; i < sk_X509_num(c->path); i++) {
		uint64_t t = certtext_time(X509_get0_notBefore(sk_X509_value(c->path, i)));

		if (t > latest)
			latest = t;
	}
	return latest;
}

enum reason
chain_memo_validate(struct chain_memo *m, const struct chain_request *q, struct chain *out, char detail[static CHAIN_DETAIL])
{
	uint8_t key[KEY];
	struct path *p;
	enum reason r;

	if (m == NULL || q->ncerts == 0 || !key_of(q, key))
		return chain_validate(q, out, detail);
	p = &m->v[(key[0] | (unsigned)key[1] << 8) % CHAIN_MEMO];
	if (p->chain.path && memcmp(p->key, key, KEY) == 0 && q->now >= p->not_before && q->now < p->chain.not_after) {
		detail[0] = '\0';
		return chain_copy(out, &p->chain) ? R_OK : R_NO_MEMORY;
	}
	r = chain_validate(q, out, detail);
	if (r != R_OK)
		return r;
	chain_free(&p->chain);
	if (chain_copy(&p->chain, out)) {
		memcpy(p->key, key, KEY);
		p->not_before = latest_begin(out);
	}
	return r;
}

void
chain_memo_known(const struct chain_memo *m, STACK_OF(X509) *known)
{
	for (unsigned i = 0; m && i < CHAIN_MEMO; i++)
		for (int k = 1; k + 1 < sk_X509_num(m->v[i].chain.path); k++)
			(void)sk_X509_push(known, sk_X509_value(m->v[i].chain.path, k));
}
