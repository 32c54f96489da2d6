/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Traffic selectors, RFC 7296 3.13. Types other than the two address ranges, OPAQUE ports, and ports of no protocol (3.13.1: the
 * range has to be 0 to 65535 then) select nothing that we could protect: they are left out, which narrows (2.9).
 */
#include "wire/msg.h"

#define TS_IPV4_ADDR_RANGE	7
#define TS_IPV6_ADDR_RANGE	8

static void
addr_read(struct rd *r, uint8_t fam, struct addr *a)
{
	memset(a, 0, sizeof(*a));
	a->fam = fam;
	rd_copy(r, a->b, fam == 4 ? 4 : 16);
}

static enum werr
one_get(struct rd *r, struct ts_list *l)
{
	struct ts t = { 0 };
	struct rd sub;
	uint8_t type = rd_u8(r), fam;
	uint16_t length;

	t.proto = rd_u8(r);
	length = rd_u16(r);
	if (!rd_ok(r) || length < 8)
		return WE_TS_SYNTAX;
	sub = rd_sub(r, (size_t)(length - 4));
	if (!rd_ok(&sub))
		return WE_TS_SYNTAX;
	if (type != TS_IPV4_ADDR_RANGE && type != TS_IPV6_ADDR_RANGE)
		return WE_OK;
	fam = type == TS_IPV4_ADDR_RANGE ? 4 : 6;
	t.port_lo = rd_u16(&sub);
	t.port_hi = rd_u16(&sub);
	addr_read(&sub, fam, &t.lo);
	addr_read(&sub, fam, &t.hi);
	if (!rd_done(&sub))
		return WE_TS_SYNTAX;
	if (memcmp(t.lo.b, t.hi.b, sizeof(t.lo.b)) > 0)
		return WE_TS_RANGE;
	if (t.port_lo == 0xffff && t.port_hi == 0)	/* OPAQUE, RFC 4301 4.4.1.1 */
		return WE_OK;
	if (t.port_lo > t.port_hi)
		return WE_TS_RANGE;
	if (t.proto == 0 && (t.port_lo != 0 || t.port_hi != 0xffff))
		return WE_OK;
	if (l->n == TS_MAX)
		return WE_TS_MANY;
	l->v[l->n++] = t;
	return WE_OK;
}

enum werr
pld_ts_get(struct bytes in, struct ts_list *l)
{
	struct rd r = rd_of(in);
	uint8_t count = rd_u8(&r);

	l->n = 0;
	rd_bytes(&r, 3);		/* reserved */
	if (!rd_ok(&r) || count == 0)
		return WE_TS_SYNTAX;
	for (unsigned i = 0; i < count; i++) {
		enum werr e = one_get(&r, l);

		if (e != WE_OK)
			return e;
	}
	return rd_done(&r) ? WE_OK : WE_TS_SYNTAX;
}

void
pld_ts_put(struct msg_out *o, bool initiator, const struct ts_list *l)
{
	size_t at = pld_open(o, initiator ? PLD_TSI : PLD_TSR);

	wr_be(&o->w, l->n, 1);
	wr_be(&o->w, 0, 3);
	for (unsigned i = 0; i < l->n; i++) {
		const struct ts *t = &l->v[i];
		size_t n = addr_len(&t->lo);

		wr_u8(&o->w, t->lo.fam == 6 ? TS_IPV6_ADDR_RANGE : TS_IPV4_ADDR_RANGE);
		wr_u8(&o->w, t->proto);
		wr_u16(&o->w, (uint16_t)(8 + 2 * n));
		wr_u16(&o->w, t->port_lo);
		wr_u16(&o->w, t->port_hi);
		wr_mem(&o->w, t->lo.b, n);
		wr_mem(&o->w, t->hi.b, n);
	}
	pld_close(o, at);
}
