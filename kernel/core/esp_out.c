/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The way out: outbound policy, then ESP (RFC 4303 3.3) around the packet (tunnel mode) or behind its header (transport mode). The
 * sequence number is taken under the SA's lock and is the IV of AEADs and of CTR (RFC 4106 3.1, 3686 3.1), so a number is never used
 * twice; the burst then goes to the host's cipher as one.
 */
#include "core.h"

static void
seal_burst(struct cw_batch *b)
{
	unsigned n = b->n;

	b->n = 0;
	if (n)
		host_seal(b->e, b->v, n);
}

static void
seal_add(struct cw_batch *b, struct cw_pkt *p)
{
	b->v[b->n++] = p;
	if (b->n == CW_BURST)
		seal_burst(b);
}

/* The next number to send and where to; or the reason why there is none. */
unsigned
cw_out_sequence(struct cw_engine *e, struct cw_sa *sa, struct cw_pkt *p)
{
	uint64_t last = (sa->flags & CW_SAF_ESN) || sa->proto == IP_COMP || sa->old ? UINT64_MAX : UINT32_MAX;
	unsigned why = CW_DROP_NONE, found = 0;

	host_lock(&sa->lock);
	if (!cw_sa_use(sa, p->len, p->now, &found))
		why = CW_DROP_SEND_EXPIRED;
	else if (sa->seq_out >= last)
		why = CW_DROP_SEQUENCE_END;	/* RFC 4303 3.3.3: it must not cycle */
	else
		p->seq = ++sa->seq_out;
	p->outer.src = sa->now_src;
	p->outer.dst = sa->now_dst;
	p->outer.sport = sa->now_sport;
	p->outer.dport = host_load(sa->now_dport);
	if (why != CW_DROP_NONE)
		sa->drop_other++;
	host_unlock(&sa->lock);
	if (found)
		cw_sa_found(e, sa, p->now, found);
	return why;
}

void
cw_out_outer(const struct cw_engine *e, struct cw_pkt *p, const struct cw_sa *sa, const struct cw_ip *ip, uint32_t sealed)
{
	struct cw_outer *o = &p->outer;
	uint32_t own = o->dst.fam == 6 ? 40u : 20u, pmtu = host_load(sa->pmtu), df;
	uint32_t outer = (o->hlen ? o->hlen : own) + (sa->udp ? 8u : 0u);

	o->udp = sa->udp;
	o->proto = sa->proto;
	o->tos = ip->tos;	/* DSCP copied; ECN copied: RFC 6040 4.1 normal mode; in transport mode it is the packet's own */
	if (!o->hlen && !cw_knob(e, ip->ver == 4 ? CW_KNOB_ECN4 : CW_KNOB_ECN6))
		o->tos &= 0xfc;
	o->ttl = 64;
	/* DF copied, but a packet of 1280 octets passes every path, if need be in pieces */
	df = o->hlen ? 2 : cw_knob(e, CW_KNOB_DFBIT);
	o->df = (df == 2 ? ip->df : df) && sealed + outer <= pmtu;
	o->piece = (uint16_t)(pmtu < 65535 ? pmtu : 65535);
}

/*
 * Transport mode: the packet's own header moves to the front, to leave room for ESP's behind it, and is none of the payload any more
 * (RFC 4303 3.1.1).
 */
static void
put_header_aside(struct cw_pkt *p, const struct cw_sa *sa, const struct cw_ip *ip)
{
	uint32_t room = cw_esp_head(sa) + (sa->udp ? 8u : 0u);
	uint8_t *h = cw_pkt_data(p);

	memmove(h - room, h, ip->upper);
	p->outer.hlen = ip->upper;
	p->off += ip->upper;
	p->len -= ip->upper;
}

/* And it leads to ESP now. What the SA says of the ends holds: a peer behind a NAT may have moved. */
void
cw_out_header(struct cw_pkt *p, const struct cw_ip *ip)
{
	struct cw_outer *o = &p->outer;
	uint32_t udp = o->udp ? 8 : 0, at = ip->ver == 4 ? 12 : 8, n = cw_addr_len(&ip->flow.src);
	uint8_t *h = cw_pkt_data(p) - udp - o->hlen;

	o->ttl = ip->ver == 4 ? h[8] : h[7];
	if (cw_addr_any(&o->src))
		o->src = ip->flow.src;
	memcpy(h + at, o->src.b, n);
	memcpy(h + at + n, o->dst.b, n);
	if (ip->ver == 4 && !o->df)
		h[6] &= (uint8_t)~0x40;
	cw_ip_lead(h, o->hlen, o->udp ? IP_UDP : o->proto, o->hlen + udp + p->len);
}

/* Header, IV, padding 1 2 3 … and trailer around the payload (RFC 4303 2.4). The caller made sure of the room. */
static void
frame(struct cw_pkt *p, struct cw_sa *sa, uint64_t seq, unsigned next_header)
{
	uint32_t head = cw_esp_head(sa), block = sa->block > 4 ? sa->block : 4u;
	uint32_t pad = (block - (p->len + 2) % block) % block;
	uint8_t *h, *t;

	t = cw_pkt_data(p) + p->len;
	for (uint32_t i = 1; i <= pad; i++)
		*t++ = (uint8_t)i;
	*t++ = (uint8_t)pad;
	*t = (uint8_t)next_header;
	p->crypt = (struct cw_crypt){
		.aead = sa->aead, .head = head, .text = p->len + pad + 2,
		.seqhi = (uint32_t)(seq >> 32), .esn = (sa->flags & CW_SAF_ESN) != 0,
	};
	p->off -= head;
	p->len = head + p->crypt.text + sa->icv;
	h = cw_pkt_data(p);
	p->crypt.esp = h;
	put32(h, sa->spi);
	if (sa->old) {
		cw_old_head(p, sa, t - 1 - pad, pad);
		return;
	}
	put32(h + 4, (uint32_t)seq);
	if (sa->enc->salt) {	/* a nonce, which may not come twice */
		put32(h + 8, (uint32_t)(seq >> 32));
		put32(h + 12, (uint32_t)seq);
	} else {
		host_random(h + 8, sa->iv);	/* RFC 3602 3: unpredictable */
	}
}

/*
 * In transport mode we are the sender ourselves, who may cut what ESP made too long (RFC 4303 3.3.4): with IPv6 always, and where the
 * system would cut the next packet to what it was told before we see it.
 */
static bool
cut_later(const struct cw_ip *ip)
{
	return HOST_CUTS_BEFORE || ip->ver == 6;
}

/* DF, or IPv6: tell the sender. IPv4 without DF: larger packets leave in pieces. */
static bool
fits(struct cw_engine *e, struct cw_pkt *p, const struct cw_ip *ip, uint32_t mtu, struct cw_batch *plain, struct cw_batch *drops)
{
	if (p->len <= mtu || !ip->df)
		return true;
	if (!cw_icmp_too_big(e, p, ip, mtu)) {
		cw_fail(drops, p, CW_DROP_TOO_BIG_SILENT);
		return false;
	}
	cw_tally(e, p, CW_DROP_TOO_BIG, 1);
	cw_tally(e, p, CW_TOTAL_DROPS, 1);
	p->verdict = CW_ANSWER;
	p->drop = CW_DROP_TOO_BIG;
	cw_batch_add(plain, p);
	return false;
}

/* ESP by p->sa: everything up to the cipher. CW_DROP_NONE or the reason. */
static unsigned
esp(struct cw_engine *e, struct cw_pkt *p, const struct cw_ip *ip, bool transport)
{
	struct cw_sa *sa = p->sa;
	unsigned why = cw_out_sequence(e, sa, p);

	p->spi = sa->spi;
	if (why != CW_DROP_NONE)
		return why;
	p->outer.hlen = 0;
	if (transport)
		put_header_aside(p, sa, ip);
	else
		p->outer.whole = 0;
	frame(p, sa, p->seq, transport ? ip->flow.proto : ip->ver == 4 ? IP_IPIP : IP_IPV6);
	cw_out_outer(e, p, sa, ip, p->len);
	if (transport)
		cw_out_header(p, ip);
	else
		cw_tally_tunnel(e, ip->ver, CW_TOTAL_WIRE_OUT);
	p->bank = cw_bank(CW_KIND_ESP, p->outer.dst.fam);
	cw_tally(e, p, CW_TOTAL_BYTES_SEALED, ip->total);
	return CW_DROP_NONE;
}

/*
 * The transforms that are still to come, up to the next cipher: then the packet is in seal; without one it is in wire, as IPComp needs
 * none. CW_DROP_NONE or the reason.
 */
static unsigned
apply(struct cw_engine *e, struct cw_pkt *p, struct cw_ip *ip, bool transport, struct cw_batch *seal, struct cw_batch *wire)
{
	unsigned why;

	for (;;) {
		if (p->sa->proto != IP_COMP) {
			why = p->sa->proto == IP_AH ? cw_ah_out(e, p, ip, transport) : esp(e, p, ip, transport);
			if (why == CW_DROP_NONE)
				seal_add(seal, p);
			return why;
		}
		why = cw_comp_out(e, p, ip, transport);
		if (why != CW_DROP_NONE)
			return why;
		cw_sa_put(p->sa);
		p->sa = NULL;
		if (p->nthen == 0)
			break;
		if (!cw_bundle_next(p, &transport) || cw_ip_parse(cw_pkt_data(p), p->len, ip) != CW_IP_OK)
			return CW_DROP_PLAIN_MALFORMED;	/* cannot be: we made its header */
	}
	p->verdict = CW_SEALED;
	cw_tally(e, p, CW_TOTAL_WIRE_OUT, 1);
	cw_batch_add(wire, p);
	return CW_DROP_NONE;
}

static void
no_sa(struct cw_engine *e, struct cw_spd_entry *x, struct cw_pkt *p, const struct cw_request *r, const struct cw_flow *f, unsigned why,
    struct cw_batch *drops)
{
	if (why == CW_DROP_NO_SA && x) {
		bool held;

		why = cw_acquire(e, x, r, f, p->now, &held);
		if (why == CW_DROP_NO_SA && !held && cw_wait(e, x, p, p->now))
			return;
	}
	cw_spd_dropped(x, 1);
	cw_fail(drops, p, why);
}

/* Its own header is the outer one; the path is the system's to know. */
static void
as_it_is(struct cw_pkt *p, const struct cw_ip *ip)
{
	const uint8_t *h = cw_pkt_data(p);

	p->outer = (struct cw_outer){
		.src = ip->flow.src, .dst = ip->flow.dst, .proto = ip->flow.proto, .tos = ip->tos, .ttl = ip->ver == 4 ? h[8] : h[7],
		.df = ip->df, .hlen = ip->upper,
	};
	p->off += ip->upper;
	p->len -= ip->upper;
	p->verdict = CW_BYPASS;
}

struct out { struct cw_batch seal, wire, plain, drops; };
#define OUT(engine)	{ .seal = { .e = engine }, .wire = { .e = engine, .out = host_wire_out }, \
	.plain = { .e = engine, .out = host_plain_out }, .drops = { .e = engine, .out = host_drop_out } }

/* On its way through the transforms, or the reason why not. */
static unsigned
seal(struct cw_engine *e, const struct cw_bundle *u, struct cw_pkt *p, struct cw_ip *ip, uint32_t mtu, struct out *b)
{
	bool transport = u->transport & 1;
	unsigned why = cw_bundle_room(u, p, ip);	/* before a number is spent on it */

	if (why != CW_DROP_NONE)
		return why;
	cw_mss_clamp(cw_pkt_data(p), p->len, ip, mtu);
	if (!cw_bundle_hold(u, p))
		return CW_DROP_SEND_EXPIRED;	/* taken off this moment */
	cw_tap_out(e, p, u);
	why = apply(e, p, ip, transport, &b->seal, &b->wire);
	if (why != CW_DROP_NONE)
		cw_bundle_put(p);
	return why;
}

static void
protect(struct cw_engine *e, struct cw_spd_entry *x, const struct cw_policy *pol, struct cw_pkt *p, struct cw_ip *ip, uint64_t now, struct out *b)
{
	const struct cw_request *r;
	struct cw_bundle u;
	struct cw_flow f;
	unsigned why = cw_bundle_find(e, x, pol, ip, now, &u, &r, &f);
	bool transport = u.transport & 1;
	uint32_t mtu, octets = ip->total;

	if (u.n)
		p->spi = u.sa[u.n - 1]->spi;
	if (why != CW_DROP_NONE) {
		no_sa(e, x, p, r, &f, why, &b->drops);
		return;
	}
	if (u.n == 0 && p->iface) {	/* level use, and there is none: an interface has no way into the clear */
		cw_spd_dropped(x, 1);
		cw_fail(&b->drops, p, CW_DROP_IFACE_CLEAR);
		return;
	}
	if (u.n == 0) {		/* level use, and there is none */
		cw_spd_went(x, octets);
		as_it_is(p, ip);
		cw_batch_add(&b->wire, p);
		return;
	}
	mtu = cw_bundle_mtu(&u, ip);
	if (!(transport && cut_later(ip)) && !fits(e, p, ip, mtu, &b->plain, &b->drops)) {
		cw_spd_dropped(x, 1);
		return;
	}
	why = seal(e, &u, p, ip, mtu, b);
	if (why == CW_DROP_NONE) {
		cw_spd_went(x, octets);
	} else {
		cw_spd_dropped(x, 1);
		cw_fail(&b->drops, p, why);
	}
}

/* Something sealed that was routed to an interface of ours: sealing it again would never end. */
static bool
is_own_wire(struct cw_engine *e, const struct cw_pkt *p, const struct cw_ip *ip)
{
	const struct cw_flow *f = &ip->flow;
	uint32_t udp = f->proto == IP_UDP ? 8 : 0, left = p->len - ip->upper;
	const uint8_t *at = cw_pkt_data(p) + ip->upper;
	const struct cw_sa *sa = NULL;

	if (f->opaque || left < udp + 8)
		return false;
	if (f->proto == IP_ESP || udp)
		sa = cw_sad_by_spi(e, IP_ESP, get32(at + udp), &f->dst);
	else if (f->proto == IP_AH)
		sa = cw_sad_by_spi(e, IP_AH, get32(at + 4), &f->dst);
	else if (f->proto == IP_COMP)
		sa = cw_comp_by_cpi(e, get16(at + 2), &f->src, &f->dst);
	else if (cw_is_ip(f->proto))
		sa = cw_comp_raw(e, &f->src, &f->dst);
	return sa && (!udp || (sa->udp && f->dport == sa->now_dport));
}

static void
plain_one(struct cw_engine *e, struct cw_pkt *p, uint64_t now, struct out *b)
{
	struct cw_spd_entry *x;
	struct cw_ip ip;

	p->nhist = 0;
	p->checked = 0;
	p->drop = 0;
	p->verdict = CW_PENDING;
	p->now = now;
	p->bank = cw_bank_plain(p);
	p->spi = 0;
	p->queue = NULL;
	p->outer.whole = 0;
	cw_tally(e, p, CW_TOTAL_PLAIN_IN, 1);
	if (cw_ip_parse(cw_pkt_data(p), p->len, &ip) != CW_IP_OK) {
		cw_fail(&b->drops, p, CW_DROP_PLAIN_MALFORMED);
		return;
	}
	p->len = ip.total;	/* octets behind the packet are link padding */
	if (p->iface && is_own_wire(e, p, &ip)) {
		cw_fail(&b->drops, p, CW_DROP_IFACE_LOOP);
		return;
	}
	if (p->own) {
		protect(e, NULL, p->own, p, &ip, now, b);
		return;
	}
	x = cw_spd_lookup(e, CW_DIR_OUT, p->iface, &ip.flow);
	if (x)
		cw_spd_use(x, now);
	if (x && x->pub.type == CW_POLICY_IPSEC) {
		protect(e, x, &x->pub, p, &ip, now, b);
	} else if (x && x->pub.type == CW_POLICY_DISCARD) {
		cw_spd_dropped(x, 1);
		cw_fail(&b->drops, p, CW_DROP_POLICY_DISCARD_OUT);
	} else if (p->iface) {
		cw_spd_dropped(x, 1);
		cw_fail(&b->drops, p, CW_DROP_IFACE_CLEAR);
	} else if (!x && cw_unmatched_drops(e, &ip.flow)) {
		cw_fail(&b->drops, p, CW_DROP_POLICY_DEFAULT_OUT);
	} else {
		cw_spd_went(x, ip.total);
		p->verdict = CW_BYPASS;
		cw_batch_add(&b->plain, p);
	}
}

void
cw_plain_in(struct cw_engine *e, struct cw_pkt **v, unsigned n, uint64_t now)
{
	struct out b = OUT(e);

	host_read_begin();
	for (unsigned i = 0; i < n; i++)
		plain_one(e, v[i], now, &b);
	host_read_end();
	seal_burst(&b.seal);
	cw_batch_flush(&b.wire);
	cw_batch_flush(&b.plain);
	cw_batch_flush(&b.drops);
}

/* The next transform of a packet that one was given already. */
static unsigned
again(struct cw_engine *e, struct cw_pkt *p, struct out *b)
{
	struct cw_ip ip;
	bool transport;

	if (!cw_bundle_next(p, &transport) || cw_ip_parse(cw_pkt_data(p), p->len, &ip) != CW_IP_OK)
		return CW_DROP_PLAIN_MALFORMED;	/* cannot be: we made its header */
	return apply(e, p, &ip, transport, &b->seal, &b->wire);
}

static void
seal_queue(struct cw_engine *e, struct cw_queue *q)
{
	struct out b = OUT(e);
	struct cw_pkt *p;

	while ((p = cw_queue_take(q)) != NULL) {
		unsigned why;

		host_read_begin();
		why = again(e, p, &b);
		host_read_end();
		if (why == CW_DROP_NONE) {
			seal_burst(&b.seal);
		} else {
			cw_bundle_put(p);
			cw_fail(&b.drops, p, why);
		}
	}
	cw_batch_flush(&b.wire);
	cw_batch_flush(&b.drops);
}

void
cw_sealed(struct cw_engine *e, struct cw_pkt **v, unsigned n)
{
	struct cw_batch wire = { .e = e, .out = host_wire_out }, drops = { .e = e, .out = host_drop_out };
	struct cw_queue own = { NULL, NULL };

	for (unsigned i = 0; i < n; i++) {
		struct cw_pkt *p = v[i];
		struct cw_sa *sa = p->sa;

		p->sa = NULL;
		if (sa->proto == IP_AH)
			cw_ah_sealed(p, sa);
		if (p->crypt.ok && p->nthen) {
			cw_queue_add(p->queue ? p->queue : &own, p);
		} else if (p->crypt.ok) {
			p->verdict = CW_SEALED;
			cw_tally(e, p, CW_TOTAL_WIRE_OUT, 1);
			cw_batch_add(&wire, p);
		} else {
			cw_sa_drop(sa, &sa->drop_other);
			cw_bundle_put(p);
			cw_fail(&drops, p, CW_DROP_SEAL_FAILED);
		}
		cw_sa_put(sa);
	}
	cw_batch_flush(&wire);
	cw_batch_flush(&drops);
	if (own.first)
		seal_queue(e, &own);
}
