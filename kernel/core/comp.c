/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * IPComp (RFC 3173) with DEFLATE (RFC 2394), both ways, behind a packet's header (transport mode) or around it (tunnel mode). What does
 * not get smaller leaves as it was, in tunnel mode as an IP packet in an IP packet, and is taken like that (RFC 3173 2.2). It protects nothing, so
 * what comes may be anybody's: a packet is expanded once, within bounds of size and ratio (CVE-2011-1547 was the other way).
 */
#include "core.h"

static bool
receives(const struct cw_sa *sa)
{
	return sa->proto == IP_COMP && !(sa->flags & CW_SAF_OUT) && !host_load(sa->dead);
}

/* Of those between two ends the newest that receives. */
static struct cw_sa *
between(struct cw_engine *e, const struct cw_addr *src, const struct cw_addr *dst, bool tunnel)
{
	struct cw_walk w = cw_sad_between(e, src, dst);
	struct cw_link *l;

	while ((l = cw_index_next(&w)) != NULL) {
		struct cw_sa *sa = CW_OF(l, struct cw_sa, by_ends);

		if (receives(sa) && (!tunnel || sa->mode != CW_MODE_TRANSPORT) && cw_addr_eq(&sa->src, src) && cw_addr_eq(&sa->dst, dst))
			return sa;
	}
	return NULL;
}

/* The well-known CPI of DEFLATE is that of every SA between the two ends (RFC 3173 3.3). */
struct cw_sa *
cw_comp_by_cpi(struct cw_engine *e, unsigned cpi, const struct cw_addr *src, const struct cw_addr *dst)
{
	struct cw_sa *sa = cw_sad_by_spi(e, IP_COMP, cpi, dst);

	return sa || cpi != CW_COMP_DEFLATE ? sa : between(e, src, dst, false);
}

struct cw_sa *
cw_comp_raw(struct cw_engine *e, const struct cw_addr *src, const struct cw_addr *dst)
{
	return between(e, src, dst, true);
}

/* -- out -- */

/* How many octets the text is now; 0: it stays as it is. */
static uint32_t
shrink(struct cw_engine *e, const struct cw_pkt *p, const struct cw_sa *sa, uint8_t *text, uint32_t n)
{
	uint32_t k;

	if (!cw_knob(e, CW_KNOB_COMP))
		return 0;
	if (n < cw_knob(e, CW_KNOB_COMP_LEAST)) {
		cw_tally(e, p, CW_TOTAL_COMP_SMALL, 1);
		return 0;
	}
	k = host_comp_shrink(sa->comp, text, n);
	if (k == 0)
		cw_tally(e, p, CW_TOTAL_COMP_USELESS, 1);
	return k;
}

unsigned
cw_comp_cpi(const struct cw_sa *sa)
{
	return sa->std_flags & CW_COMP_RAWCPI ? sa->spi : CW_COMP_DEFLATE;
}

/* RFC 3173 3.1: next header, flags (zero), CPI. */
static void
put_header(uint8_t *h, const struct cw_sa *sa, unsigned next)
{
	h[0] = (uint8_t)next;
	h[1] = 0;
	put16(h + 2, cw_comp_cpi(sa));
}

/* A fragment stays as it is: compression comes before fragmentation (RFC 3173 2.1). */
static void
transport_out(struct cw_engine *e, struct cw_pkt *p, const struct cw_sa *sa, const struct cw_ip *ip)
{
	uint8_t *h = cw_pkt_data(p), *text = h + ip->upper;
	uint32_t k = ip->fragment ? 0 : shrink(e, p, sa, text, p->len - ip->upper);
	bool cut;

	p->outer.hlen = ip->upper;
	p->outer.src = ip->flow.src;
	p->outer.dst = ip->flow.dst;
	p->off += ip->upper;
	p->len -= ip->upper;
	if (k) {
		memmove(text + CW_COMP_HEADER, text, k);
		put_header(text, sa, ip->flow.proto);
		p->len = CW_COMP_HEADER + k;
	}
	cw_out_outer(e, p, sa, ip, p->len);
	p->outer.ttl = ip->ver == 4 ? h[8] : h[7];
	p->outer.proto = k ? IP_COMP : ip->flow.proto;
	cut = ip->ver == 4 && ip->df && !p->outer.df;
	if (cut)
		h[6] &= (uint8_t)~0x40;
	if (k || cut)
		cw_ip_lead(h, ip->upper, p->outer.proto, ip->upper + p->len);
}

static void
tunnel_out(struct cw_engine *e, struct cw_pkt *p, const struct cw_sa *sa, const struct cw_ip *ip)
{
	unsigned next = ip->ver == 4 ? IP_IPIP : IP_IPV6;
	uint32_t k = shrink(e, p, sa, cw_pkt_data(p), p->len);

	if (k) {
		p->off -= CW_COMP_HEADER;
		p->len = CW_COMP_HEADER + k;
		put_header(cw_pkt_data(p), sa, next);
	}
	p->outer.hlen = 0;
	p->outer.whole = 0;
	cw_out_outer(e, p, sa, ip, p->len);
	p->outer.proto = (uint8_t)(k ? IP_COMP : next);
	cw_tally_tunnel(e, ip->ver, CW_TOTAL_WIRE_OUT);
}

unsigned
cw_comp_out(struct cw_engine *e, struct cw_pkt *p, const struct cw_ip *ip, bool transport)
{
	struct cw_sa *sa = p->sa;
	unsigned why = cw_out_sequence(e, sa, p);

	p->spi = sa->spi;
	if (why != CW_DROP_NONE)
		return why;
	p->bank = cw_bank(CW_KIND_IPCOMP, transport ? ip->ver : p->outer.dst.fam);
	if (transport)
		transport_out(e, p, sa, ip);
	else
		tunnel_out(e, p, sa, ip);
	cw_tally(e, p, CW_TOTAL_BYTES_SEALED, ip->total);
	return CW_DROP_NONE;
}

/* -- in -- */

static unsigned
expand(struct cw_engine *e, struct cw_pkt *p, const struct cw_sa *sa)
{
	const struct cw_outer *o = &p->outer;
	uint32_t front = o->hlen ? o->hlen : o->dst.fam == 6 ? 40 : 20;

	if (p->expanded)
		return CW_DROP_COMP_NESTED;
	if (!cw_knob(e, CW_KNOB_COMP))
		return CW_DROP_COMP_OFF;
	p->expanded = 1;
	switch (host_comp_expand(e->host, sa->comp, p, CW_COMP_HEADER, front)) {
	case HOST_COMP_OK:
		p->crypt.esp = cw_pkt_data(p);	/* where its own header ends */
		return CW_DROP_NONE;
	case HOST_COMP_LARGE:
		return CW_DROP_COMP_TOO_LARGE;
	case HOST_COMP_NO_MEMORY:
		return CW_DROP_NO_MEMORY;
	default:
		return CW_DROP_COMP_MALFORMED;
	}
}

static unsigned
take_off(struct cw_engine *e, struct cw_sa *sa, struct cw_pkt *p, struct cw_ip *inside, bool raw, unsigned next)
{
	unsigned why = raw ? CW_DROP_NONE : expand(e, p, sa);
	uint8_t mode = CW_MODE_TUNNEL;

	if (why == CW_DROP_NONE)
		why = cw_in_next(sa, p, next, &mode);
	if (why == CW_DROP_NONE)
		why = cw_in_packet(e, sa, p, inside, mode);
	if (why != CW_DROP_NONE && why != CW_DROP_SELECTOR_IN)
		cw_sa_drop(sa, &sa->drop_other);
	return why;
}

unsigned
cw_comp_in(struct cw_engine *e, struct cw_pkt *p, struct cw_ip *inside)
{
	const uint8_t *h = cw_pkt_data(p);
	bool raw = p->outer.proto != IP_COMP;
	struct cw_sa *sa;
	unsigned why;

	if (raw) {
		sa = cw_comp_raw(e, &p->outer.src, &p->outer.dst);
	} else {
		if (p->len < CW_COMP_HEADER)
			return CW_DROP_COMP_SHORT;
		p->spi = get16(h + 2);	/* the flags are not looked at (RFC 3173 3.1) */
		sa = cw_comp_by_cpi(e, p->spi, &p->outer.src, &p->outer.dst);
	}
	why = cw_sa_usable(sa);
	if (why != CW_DROP_NONE)
		return why;
	p->spi = sa->spi;
	return take_off(e, sa, p, inside, raw, raw ? p->outer.proto : h[0]);
}
