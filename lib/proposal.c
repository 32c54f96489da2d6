/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Choosing among proposals (RFC 7296 2.7, 3.3). One function compares a pair and says which transform type has nothing
 * in common; choosing, checking an answer and the sentence for people all rest on it, so they cannot disagree.
 *
 * A type that a proposal does not list is the set {0} where the RFC lets it be left out (no integrity with an AEAD, no
 * key exchange in ESP and AH, nothing for types that belong to the other protocol), and the empty set where it does not.
 */
#include <stdio.h>

#include "alg.h"

static bool
may_lack(uint8_t proto, unsigned type)
{
	switch (type) {
	case T_ENCR: return proto == PROTO_AH;
	case T_PRF: case T_KE: return proto != PROTO_IKE;
	case T_ESN: return proto == PROTO_IKE;		/* mandatory in ESP and AH: RFC 7296 3.3.3 */
	default: return true;
	}
}

static bool
lists_type(const struct proposal *p, unsigned type)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->t[i].type == type)
			return true;
	return false;
}

static bool
has(const struct proposal *p, unsigned type, uint16_t id, uint16_t key_bits)
{
	if (id == 0 && may_lack(p->proto, type) && !lists_type(p, type))
		return true;
	for (unsigned i = 0; i < p->n; i++)
		if (p->t[i].type == type && p->t[i].id == id && p->t[i].key_bits == key_bits)
			return true;
	return false;
}

/* The first id of ours that theirs has; from: 1 leaves id 0 out. */
static bool
common(const struct proposal *ours, const struct proposal *theirs, unsigned type, uint16_t from, uint16_t *id)
{
	for (unsigned i = 0; i < ours->n; i++) {
		const struct transform *t = &ours->t[i];

		if (t->type == type && t->id >= from && has(theirs, type, t->id, t->key_bits)) {
			*id = t->id;
			return true;
		}
	}
	*id = 0;
	return from == 0 && has(ours, type, 0, 0) && has(theirs, type, 0, 0);
}

/* An AEAD goes with no integrity algorithm, every other cipher with one that is not NONE. */
static bool
integ_for(const struct proposal *ours, const struct proposal *theirs, const struct transform *encr, uint16_t *id)
{
	const struct alg *a = alg_find(T_ENCR, encr->id, encr->key_bits);

	*id = INTEG_NONE;
	if (a && alg_is_aead(a))
		return has(ours, T_INTEG, INTEG_NONE, 0) && has(theirs, T_INTEG, INTEG_NONE, 0);
	return common(ours, theirs, T_INTEG, 1, id);
}

/* A bit for each of cipher and integrity algorithm that has nothing in common. AH has no cipher, and always an integrity algorithm. */
static unsigned
compare_keys(const struct proposal *ours, const struct proposal *theirs, struct suite *s)
{
	unsigned differ = 1u << T_ENCR | 1u << T_INTEG;

	if (ours->proto == PROTO_AH)
		return (common(ours, theirs, T_ENCR, 0, &s->encr) ? 0 : 1u << T_ENCR) | (common(ours, theirs, T_INTEG, 1, &s->integ) ? 0 : 1u << T_INTEG);
	for (unsigned i = 0; i < ours->n && differ; i++) {
		const struct transform *t = &ours->t[i];

		if (t->type != T_ENCR || !has(theirs, T_ENCR, t->id, t->key_bits))
			continue;
		differ &= ~(1u << T_ENCR);
		if (!integ_for(ours, theirs, t, &s->integ))
			continue;
		differ = 0;
		s->encr = t->id;
		s->key_bits = t->key_bits;
	}
	return differ & 1u << T_ENCR ? 1u << T_ENCR : differ;
}

/* A bit for each transform type that has nothing in common; 0 and the suite when all have. */
static unsigned
compare(const struct proposal *ours, const struct proposal *theirs, struct suite *s)
{
	unsigned differ;

	memset(s, 0, sizeof(*s));
	if (ours->proto != theirs->proto)
		return ~0u;
	for (unsigned i = 0; i < theirs->n; i++)
		if (theirs->t[i].type < T_ENCR || theirs->t[i].type > T_ESN)
			return ~0u;	/* RFC 7296 3.3.6: a type we do not know spoils the whole proposal */
	differ = compare_keys(ours, theirs, s);
	if (!common(ours, theirs, T_PRF, 0, &s->prf))
		differ |= 1u << T_PRF;
	if (!common(ours, theirs, T_KE, 0, &s->ke))
		differ |= 1u << T_KE;
	if (!common(ours, theirs, T_ESN, 0, &s->esn))
		differ |= 1u << T_ESN;
	if (differ)
		memset(s, 0, sizeof(*s));
	return differ;
}

bool
proposals_choose(const struct proposals *ours, const struct proposals *theirs, struct suite *s, unsigned *which)
{
	*which = 0;
	memset(s, 0, sizeof(*s));
	for (unsigned i = 0; i < ours->n; i++)
		for (unsigned k = 0; k < theirs->n; k++)
			if (compare(&ours->v[i], &theirs->v[k], s) == 0) {
				*which = k;
				return true;
			}
	return false;
}

bool
proposals_accept(const struct proposals *offered, const struct proposal *answer, struct suite *s)
{
	bool seen[T_ESN + 1] = { false };

	memset(s, 0, sizeof(*s));
	for (unsigned i = 0; i < answer->n; i++) {
		unsigned type = answer->t[i].type;

		if (type > T_ESN || seen[type])
			return false;	/* RFC 7296 2.7: exactly one of each type */
		seen[type] = true;
	}
	for (unsigned i = 0; i < offered->n; i++)
		if (compare(&offered->v[i], answer, s) == 0)
			return true;
	return false;
}

bool
suite_allowed(const struct proposals *p, const struct suite *s)
{
	struct proposal one = { .proto = PROTO_IKE };
	struct suite again;

	one.t[one.n++] = (struct transform){ T_ENCR, s->encr, s->key_bits };
	one.t[one.n++] = (struct transform){ T_PRF, s->prf, 0 };
	if (s->integ)
		one.t[one.n++] = (struct transform){ T_INTEG, s->integ, 0 };
	one.t[one.n++] = (struct transform){ T_KE, s->ke, 0 };
	return proposals_accept(p, &one, &again);
}

/* Every id of one type in one proposal: "x25519, ecp384", or "none". */
static void
type_str(const struct proposal *p, unsigned type, char *buf, size_t cap)
{
	char word[32];
	size_t n = 0;

	snprintf(buf, cap, "none");
	for (unsigned i = 0; i < p->n && n + 34 < cap; i++)
		if (p->t[i].type == type)
			n += (size_t)snprintf(buf + n, cap - n, "%s%s", n ? ", " : "",
			    alg_str(type, p->t[i].id, p->t[i].key_bits, word));
}

static unsigned
bits(unsigned v)
{
	unsigned n = 0;

	for (; v; v &= v - 1)
		n++;
	return n;
}

const char *
proposals_differ(const struct proposals *ours, const struct proposals *theirs, char *buf, size_t cap)
{
	static const char *const names[] = { "", "encryption algorithm", "PRF", "integrity algorithm",
	    "key exchange group", "kind of sequence numbers" };
	const struct proposal *a = NULL, *b = NULL;
	unsigned least = ~0u, type = T_ENCR;
	char here[256], there[256];
	struct suite s;

	for (unsigned i = 0; i < ours->n; i++)
		for (unsigned k = 0; k < theirs->n; k++) {
			unsigned d = compare(&ours->v[i], &theirs->v[k], &s);

			if (!a || bits(d) < bits(least)) {
				a = &ours->v[i];
				b = &theirs->v[k];
				least = d;
			}
		}
	if (!a)
		snprintf(buf, cap, "%s proposes nothing.", ours->n ? "The peer" : "This end");
	else if (least == 0)
		snprintf(buf, cap, "The proposals have a suite in common.");
	else if (least == ~0u && a->proto != b->proto && a->proto != PROTO_IKE && (b->proto == PROTO_AH || b->proto == PROTO_ESP))
		snprintf(buf, cap, "The peer offers %s, and here it is %s.", b->proto == PROTO_AH ? "AH" : "ESP", a->proto == PROTO_AH ? "AH" : "ESP");
	else if (least == ~0u)
		snprintf(buf, cap, "The peer's proposals are for another protocol or have transform types that are not known here.");
	else {
		while (!(least & 1u << type))
			type++;
		type_str(a, type, here, sizeof(here));
		type_str(b, type, there, sizeof(there));
		snprintf(buf, cap, "No common %s: here %s; there %s.", names[type], here, there);
	}
	return buf;
}
