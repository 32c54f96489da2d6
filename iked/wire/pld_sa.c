/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The SA payload: proposals of transforms of attributes, RFC 7296 3.3. The lists have fixed room. A peer may offer more than
 * fits: known transforms are kept before unknown ones, which can never be chosen and are kept for `explain` only. A transform
 * with an attribute that we do not understand is kept as one that matches nothing (3.3.6), and so are other transform types.
 */
#include "wire/msg.h"

#define PROPOSAL_LAST	0
#define PROPOSAL_MORE	2
#define TRANSFORM_LAST	0
#define TRANSFORM_MORE	3
#define ATTR_TV		0x8000
#define ATTR_KEY_LENGTH	14
#define ID_NEVER	0xffff		/* private use; not in alg.h's table, so it is never chosen */

static bool
size_ok(uint8_t proto, size_t n)
{
	switch (proto) {
	case PROTO_IKE:
		return n == 0 || n == 8;
	case PROTO_AH:
	case PROTO_ESP:
		return n == 4;
	default:		/* an unknown protocol is never chosen */
		return n <= 8;
	}
}

/* Attributes, 3.3.5: TV has its value in the header, TLV a length and octets. */
static void
attributes_get(struct rd *r, struct transform *t)
{
	while (rd_left(r) > 0) {
		uint16_t type = rd_u16(r);
		uint16_t value = rd_u16(r);

		if (type == (ATTR_TV | ATTR_KEY_LENGTH)) {
			if (t->key_bits != 0 && t->key_bits != value)
				t->id = ID_NEVER;
			t->key_bits = value;
			continue;
		}
		if (!(type & ATTR_TV))
			rd_bytes(r, value);
		t->id = ID_NEVER;
	}
}

static bool
is_known(const struct transform *t)
{
	return alg_find((enum transform_type)t->type, t->id, t->key_bits) != NULL;
}

static bool
is_odd_type(const struct transform *t)
{
	return t->type < T_ENCR || t->type > T_ESN;
}

/*
 * A full list: a known transform takes the place of an unknown one of a known type. An odd type makes the whole proposal
 * unacceptable (3.3.6), so the first of them stays whatever comes.
 */
static void
keep(struct proposal *p, const struct transform *t)
{
	bool odd = false;

	if (p->n < PROPOSAL_TRANSFORMS) {
		p->t[p->n++] = *t;
		return;
	}
	for (unsigned i = 0; i < p->n; i++) {
		odd = odd || is_odd_type(&p->t[i]);
		if (memcmp(&p->t[i], t, sizeof(*t)) == 0)
			return;
	}
	if (!is_known(t) && (!is_odd_type(t) || odd))
		return;
	for (unsigned i = 0; i < p->n; i++) {
		if (!is_known(&p->t[i]) && !is_odd_type(&p->t[i])) {
			memmove(&p->t[i], &p->t[i + 1], (p->n - i - 1) * sizeof(p->t[0]));
			p->t[p->n - 1] = *t;
			return;
		}
	}
	if (is_odd_type(t))
		p->t[p->n - 1] = *t;
}

static enum werr
transforms_get(struct rd *r, uint8_t count, struct proposal *p)
{
	for (unsigned i = 0; i < count; i++) {
		struct transform t;
		struct rd sub;
		uint8_t more = rd_u8(r);
		uint16_t length;

		rd_u8(r);
		length = rd_u16(r);
		if (!rd_ok(r) || length < 8)
			return WE_SA_SYNTAX;
		if (more != (i + 1 == count ? TRANSFORM_LAST : TRANSFORM_MORE))
			return WE_SA_COUNT;
		sub = rd_sub(r, (size_t)(length - 4));
		memset(&t, 0, sizeof(t));
		t.type = rd_u8(&sub);
		rd_u8(&sub);
		t.id = rd_u16(&sub);
		attributes_get(&sub, &t);
		if (!rd_done(&sub))
			return WE_SA_SYNTAX;
		keep(p, &t);
	}
	return rd_done(r) ? WE_OK : WE_SA_COUNT;
}

static enum werr
proposal_get(struct rd *r, struct wire_sa *sa, unsigned i, uint8_t *more)
{
	struct proposal scratch, *p = i < PROPOSALS_MAX ? &sa->proposals.v[i] : &scratch;
	struct rd sub;
	struct bytes spi;
	uint8_t num, nspi, count;
	uint16_t length;

	*more = rd_u8(r);
	rd_u8(r);
	length = rd_u16(r);
	if (!rd_ok(r) || length < 8)
		return WE_SA_SYNTAX;
	sub = rd_sub(r, (size_t)(length - 4));
	num = rd_u8(&sub);
	memset(p, 0, sizeof(*p));
	p->proto = rd_u8(&sub);
	nspi = rd_u8(&sub);
	count = rd_u8(&sub);
	spi = rd_bytes(&sub, nspi);
	if (!rd_ok(&sub) || (*more != PROPOSAL_LAST && *more != PROPOSAL_MORE))
		return WE_SA_SYNTAX;
	if (!size_ok(p->proto, spi.n))
		return WE_SA_SPI;
	if (i > 0 && num != i + 1)	/* an answer repeats the number of what it chose, so the first may be any */
		return WE_SA_NUMBER;
	if (i < PROPOSALS_MAX) {
		sa->num[i] = num;
		sa->spi[i] = spi;
		sa->proposals.n = i + 1;
	}
	return transforms_get(&sub, count, p);
}

enum werr
pld_sa_get(struct bytes in, struct wire_sa *sa)
{
	struct rd r = rd_of(in);
	uint8_t more = PROPOSAL_MORE;

	memset(sa, 0, sizeof(*sa));
	if (in.n == 0)
		return WE_SA_EMPTY;
	for (unsigned i = 0; more == PROPOSAL_MORE; i++) {
		enum werr e = proposal_get(&r, sa, i, &more);

		if (e != WE_OK)
			return e;
		if (i > 0 && sa->num[0] != 1)
			return WE_SA_NUMBER;
	}
	return rd_done(&r) ? WE_OK : WE_SA_SYNTAX;
}

static void
transform_put(struct wr *w, const struct transform *t, bool last)
{
	wr_u8(w, last ? TRANSFORM_LAST : TRANSFORM_MORE);
	wr_u8(w, 0);
	wr_u16(w, t->key_bits ? 12 : 8);
	wr_u8(w, t->type);
	wr_u8(w, 0);
	wr_u16(w, t->id);
	if (t->key_bits) {
		wr_u16(w, ATTR_TV | ATTR_KEY_LENGTH);
		wr_u16(w, t->key_bits);
	}
}

static void
one_put(struct wr *w, uint8_t num, const struct proposal *p, struct bytes spi, bool last)
{
	size_t at = w->n;

	wr_u8(w, last ? PROPOSAL_LAST : PROPOSAL_MORE);
	wr_u8(w, 0);
	wr_u16(w, 0);
	wr_u8(w, num);
	wr_u8(w, p->proto);
	wr_be(w, spi.n, 1);
	wr_u8(w, p->n);
	wr_span(w, spi);
	for (unsigned i = 0; i < p->n; i++)
		transform_put(w, &p->t[i], i + 1 == p->n);
	if (wr_ok(w))
		wr_set16(w, at + 2, w->n - at);
}

void
pld_sa_put(struct msg_out *o, const struct proposals *ps, struct bytes spi)
{
	size_t at = pld_open(o, PLD_SA);

	for (unsigned i = 0; i < ps->n; i++)
		one_put(&o->w, (uint8_t)(i + 1), &ps->v[i], spi, i + 1 == ps->n);
	pld_close(o, at);
}

void
pld_sa_put_raw(struct msg_out *o, const struct wire_sa *sa)
{
	size_t at = pld_open(o, PLD_SA);

	for (unsigned i = 0; i < sa->proposals.n; i++)
		one_put(&o->w, sa->num[i], &sa->proposals.v[i], sa->spi[i], i + 1 == sa->proposals.n);
	pld_close(o, at);
}

/*
 * The answer has exactly one transform of each type (2.7). With AEAD there is no integrity transform; without PFS the child's
 * answer has no key exchange transform; ESN is a transform of ESP and AH only, and always there (3.3.3).
 */
void
pld_sa_put_chosen(struct msg_out *o, uint8_t num, uint8_t proto, const struct suite *s, struct bytes spi)
{
	struct proposal p = { .proto = proto };
	size_t at;

	if (proto != PROTO_AH)
		p.t[p.n++] = (struct transform){ T_ENCR, s->encr, s->key_bits };
	if (proto == PROTO_IKE)
		p.t[p.n++] = (struct transform){ T_PRF, s->prf, 0 };
	if (s->integ != INTEG_NONE)
		p.t[p.n++] = (struct transform){ T_INTEG, s->integ, 0 };
	if (s->ke != KE_NONE)
		p.t[p.n++] = (struct transform){ T_KE, s->ke, 0 };
	if (proto != PROTO_IKE)
		p.t[p.n++] = (struct transform){ T_ESN, s->esn, 0 };
	at = pld_open(o, PLD_SA);
	one_put(&o->w, num, &p, spi, true);
	pld_close(o, at);
}
