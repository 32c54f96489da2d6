/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Several transforms around one packet (RFC 4301 4.3: nested SAs). A policy names them from the inside out. All SAs are found before the
 * first number is spent, and the packet holds a reference to each; when one has sealed it, its outer header is written into the
 * buffer and the next one takes the whole for its packet.
 */
#include "core.h"

/* The newest SA that has not reached its end: one that has goes at once, and the next older is asked. */
static struct cw_sa *
choose(struct cw_engine *e, const struct cw_request *r, uint32_t iface, const struct cw_flow *f, uint64_t now, unsigned *why)
{
	struct cw_sa *sa;

	do {
		sa = cw_sad_out(e, r, iface, f, why);
	} while (sa && !cw_sa_alive(e, sa, now));
	return sa;
}

/* What the packet looks like to the next transform. False: one end of it is not known; the last one's sender the host may choose. */
static bool
flow_outside(struct cw_sa *sa, bool transport, bool last, struct cw_flow *f)
{
	if (transport && sa->proto == IP_COMP)
		return true;	/* as it was: that is what the selectors of the next one are about */
	host_lock(&sa->lock);
	f->dst = sa->now_dst;
	if (!transport || !cw_addr_any(&sa->now_src))
		f->src = sa->now_src;
	f->proto = sa->udp ? IP_UDP : sa->proto;
	f->opaque = 0;
	f->sport = sa->udp ? sa->now_sport : 0;
	f->dport = sa->udp ? sa->now_dport : 0;
	host_unlock(&sa->lock);
	return !cw_addr_any(&f->dst) && (last || !cw_addr_any(&f->src));
}

unsigned
cw_bundle_find(struct cw_engine *e, struct cw_spd_entry *x, const struct cw_policy *pol, const struct cw_ip *ip, uint64_t now,
    struct cw_bundle *b, const struct cw_request **r, struct cw_flow *f)
{
	bool skipped = false, held;
	unsigned why = CW_DROP_NONE;

	*b = (struct cw_bundle){ .n = 0 };
	*f = ip->flow;
	for (unsigned i = 0; i < pol->nreq; i++) {
		bool transport;

		*r = &pol->req[i];
		transport = (*r)->mode == CW_MODE_TRANSPORT;
		b->sa[b->n] = choose(e, *r, pol->iface.num, f, now, &why);
		if (!b->sa[b->n] && why == CW_DROP_NO_SA && cw_level(e, *r, ip->ver) == CW_LEVEL_USE) {
			if (x && (*r)->proto != IP_COMP) {	/* whose asking would stand in ESP's way: a policy asks for one at a time */
				cw_acquire(e, x, *r, f, now, &held);	/* and done without until it is there */
				skipped = true;
			}
			continue;
		}
		if (!b->sa[b->n])
			return why;
		b->transport |= (uint8_t)(transport << b->n);
		b->n++;
		if (!flow_outside(b->sa[b->n - 1], transport, i + 1 == pol->nreq, f))
			return CW_DROP_ENDPOINT_UNKNOWN;
	}
	if (!skipped && x)
		cw_acquire_answered(e, x);
	return CW_DROP_NONE;
}

static uint32_t
header_len(const struct cw_bundle *b, unsigned i, const struct cw_ip *ip)	/* of the packet that the transform i is given */
{
	while (i > 0 && b->transport >> (i - 1) & 1)
		i--;
	return i == 0 ? ip->upper : b->sa[i - 1]->dst.fam == 6 ? 40 : 20;
}

uint32_t
cw_bundle_mtu(const struct cw_bundle *b, const struct cw_ip *ip)
{
	unsigned i = b->n - 1;
	uint32_t m = host_load(b->sa[i]->inner_mtu);

	for (;; i--) {
		if (b->transport >> i & 1)
			m += header_len(b, i, ip);
		if (i == 0)
			break;
		m = cw_sa_inner(b->sa[i - 1], m);
	}
	return m < 1280 ? 1280 : m;	/* as for one: what is longer then leaves in pieces */
}

unsigned
cw_bundle_room(const struct cw_bundle *b, const struct cw_pkt *p, const struct cw_ip *ip)
{
	uint32_t head = 0, tail = 0, room = 0;
	bool whole = false;		/* a packet of our own is around it */

	for (unsigned i = 0; i < b->n; i++) {
		const struct cw_sa *sa = b->sa[i];
		bool transport = b->transport >> i & 1, last = i + 1 == b->n;

		head += transport || (last && sa->proto != IP_AH) ? 0u : sa->dst.fam == 6 ? 40u : 20u;
		whole |= !transport;
		if (sa->proto == IP_COMP) {	/* which never makes a packet longer, and leaves a fragment as it is */
			room = head + CW_COMP_HEADER > room ? head + CW_COMP_HEADER : room;
			continue;
		}
		if (sa->proto == IP_AH)
			head += cw_ah_len(sa, 6);
		else
			head += cw_esp_head(sa) + (sa->udp && (transport || !last) ? 8u : 0u);
		if (!whole && ip->fragment)
			return CW_DROP_FRAGMENT_TRANSPORT;
		tail += sa->proto == IP_AH ? 0u : (sa->block > 4 ? sa->block : 4u) + 2u + sa->icv;
	}
	if ((b->n > 1 || (b->transport & 1) || b->sa[0]->proto == IP_AH) && p->len + head + tail > 65535)
		return CW_DROP_TRANSPORT_TOO_BIG;
	room = head > room ? head : room;
	return p->off < room || p->cap - p->off - p->len < tail ? CW_DROP_NO_ROOM : CW_DROP_NONE;
}

bool
cw_bundle_hold(const struct cw_bundle *b, struct cw_pkt *p)
{
	p->nthen = 0;
	p->then_transport = b->transport >> 1;
	p->sa = b->sa[0];
	if (!host_ref_get(&p->sa->ref)) {
		p->sa = NULL;
		return false;
	}
	for (unsigned i = 1; i < b->n; i++) {
		if (!host_ref_get(&b->sa[i]->ref)) {
			cw_bundle_put(p);
			return false;
		}
		p->then[p->nthen++] = b->sa[i];
	}
	return true;
}

void
cw_bundle_put(struct cw_pkt *p)
{
	if (p->sa)
		cw_sa_put(p->sa);
	p->sa = NULL;
	while (p->nthen)
		cw_sa_put(p->then[--p->nthen]);
}

static void
udp_header(uint8_t *h, const struct cw_outer *o, uint32_t len)
{
	put16(h, o->sport);
	put16(h + 2, o->dport);
	put16(h + 4, len);
	put16(h + 6, 0);	/* RFC 3948 2.1: no checksum */
}

void
cw_bundle_header(uint8_t *h, const struct cw_outer *o, uint32_t len, uint64_t seq)
{
	uint32_t n = cw_addr_len(&o->dst), hlen = n == 4 ? 20 : 40, at = n == 4 ? 12 : 8;

	memset(h, 0, at);
	if (n == 4) {
		h[0] = 0x45;
		h[1] = o->tos;
		put16(h + 4, (uint32_t)seq & 0xffff);	/* as good as any: one for each packet of the SA */
		h[6] = o->df ? 0x40 : 0;
		h[8] = o->ttl;
	} else {
		h[0] = (uint8_t)(0x60 | o->tos >> 4);
		h[1] = (uint8_t)(o->tos << 4);
		h[7] = o->ttl;
	}
	memcpy(h + at, o->src.b, n);
	memcpy(h + at + n, o->dst.b, n);
	cw_ip_lead(h, hlen, o->udp ? IP_UDP : o->proto, hlen + len);
}

bool
cw_bundle_next(struct cw_pkt *p, bool *transport)
{
	const struct cw_outer *o = &p->outer;
	uint32_t hlen = o->hlen ? o->hlen : o->dst.fam == 6 ? 40 : 20;

	p->sa = p->then[0];
	*transport = p->then_transport & 1;
	p->nthen--;
	for (unsigned i = 0; i < p->nthen; i++)
		p->then[i] = p->then[i + 1];
	p->then_transport >>= 1;
	if (p->off < hlen + 8)
		return false;
	if (o->udp) {
		p->off -= 8;
		p->len += 8;
		udp_header(cw_pkt_data(p), o, p->len);
	}
	p->off -= hlen;
	if (!o->hlen)	/* in transport mode, and of AH, it is there, and leads where it should already */
		cw_bundle_header(cw_pkt_data(p), o, p->len, p->seq);
	p->len += hlen;
	return true;
}
