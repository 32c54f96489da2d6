/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the engine of this gateway is able to do, by what keymgr told of it. Linux's own PF_KEY, which answers no HELLO, has AES-CBC
 * with HMAC-SHA-384 or -512 and nothing else that may be used: no AEAD, no ESN, and it cuts SHA-256 to 96 bits.
 */
#include "sa/ops.h"

bool
able_transform(const struct engine *e, const struct transform *t)
{
	const struct alg *a = t->type == T_ENCR ? alg_find(T_ENCR, t->id, t->key_bits) : NULL;

	switch (t->type) {
	case T_ENCR:
		return !(a && alg_is_aead(a)) || (e->features & KEY_FEAT_AEAD);
	case T_ESN:
		return t->id != ESN_YES || (e->features & KEY_FEAT_ESN);
	case T_INTEG:
		return t->id != INTEG_HMAC_SHA2_256_128 || (e->features & KEY_FEAT_HELLO);
	default:
		return true;
	}
}

bool
able_proposals(const struct engine *e, const struct proposals *esp)
{
	for (unsigned i = 0; i < esp->n; i++) {
		bool encr = esp->v[i].proto == PROTO_AH, esn = false, integ = false, said = false;

		for (unsigned k = 0; k < esp->v[i].n; k++) {
			const struct transform *t = &esp->v[i].t[k];

			said |= t->type == T_INTEG;
			if (!able_transform(e, t))
				continue;
			encr |= t->type == T_ENCR;
			esn |= t->type == T_ESN;
			integ |= t->type == T_INTEG;
		}
		if (encr && esn && integ == said)
			return true;
	}
	return false;
}
