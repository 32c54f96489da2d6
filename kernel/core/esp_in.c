/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The way in: RFC 4303 3.4. Before the cipher only cheap refusals; after it, and only if the ICV was right, the window
 * moves, the trailer and the inner packet are read, the selectors of the SA are held against it, the history grows, and
 * the policy check decides. ESP inside ESP is taken off in a loop, at most CW_NEST_MAX times.
 */
#include "core.h"

#define MOVE_NS		(NS / 8)

static void
open_burst(struct cw_batch *b)
{
	unsigned n = b->n;

	b->n = 0;
	if (n)
		host_open(b->e, b->v, n);
}

unsigned
cw_in_admits(struct cw_engine *e, struct cw_sa *sa, uint32_t low, uint64_t now, uint64_t *seq)
{
	unsigned why = CW_DROP_NONE, found = 0;

	host_lock(&sa->lock);
	if (!cw_sa_judge(sa, now, &found))
		why = CW_DROP_SA_EXPIRED;
	else if (!cw_replay_infer(&sa->replay, (sa->flags & CW_SAF_ESN) != 0, low, seq))
		why = CW_DROP_REPLAY_OLD;
	else
		why = cw_replay_check(&sa->replay, *seq);
	if (why != CW_DROP_NONE && why != CW_DROP_SA_EXPIRED)
		sa->drop_replay++;
	host_unlock(&sa->lock);
	if (found)
		cw_sa_found(e, sa, now, found);
	return why;
}

/* Lengths and the sequence number; on success the packet is ready for the cipher and holds its SA. */
static unsigned
prepare(struct cw_engine *e, struct cw_pkt *p)
{
	uint8_t *h = cw_pkt_data(p);
	struct cw_sa *sa;
	uint32_t head, block;
	unsigned why;

	if (p->len < 8)
		return CW_DROP_ESP_SHORT;
	if (get32(h) < 256)
		return CW_DROP_SPI_RESERVED;
	p->spi = get32(h);
	sa = cw_sad_by_spi(e, IP_ESP, p->spi, &p->outer.dst);
	why = cw_sa_usable(sa);
	if (why != CW_DROP_NONE)
		return why;
	head = cw_esp_head(sa);
	block = sa->block > 4 ? sa->block : 4u;
	if (p->len < head + sa->icv + block || (p->len - head - sa->icv) % block) {
		cw_sa_drop(sa, &sa->drop_other);
		return CW_DROP_ESP_TRUNCATED;
	}
	why = cw_in_admits(e, sa, sa->old ? 1 : get32(h + 4), p->now, &p->seq);
	if (why != CW_DROP_NONE)
		return why;
	if (!host_ref_get(&sa->ref))
		return CW_DROP_SA_EXPIRED;	/* taken off this moment */
	p->sa = sa;
	p->crypt = (struct cw_crypt){
		.aead = sa->aead, .esp = h, .head = head, .text = p->len - head - sa->icv,
		.seqhi = (uint32_t)(p->seq >> 32), .esn = (sa->flags & CW_SAF_ESN) != 0,
	};
	if (sa->old)
		cw_old_iv(p, sa);
	return CW_DROP_NONE;
}

/*
 * Under the SA's lock. Has a NAT changed the peer's address or port (RFC 3948, RFC 7296 2.23)? Then *old is where it was. Somebody on the path
 * who sends every second packet on from elsewhere would have each of them told: it moves a few times a second, and a later packet moves it too.
 */
static bool
has_moved(struct cw_sa *sa, const struct cw_pkt *p, struct cw_outer *old)
{
	const struct cw_outer *o = &p->outer;

	if (!sa->udp || !o->udp || p->nhist || (sa->flags & CW_SAF_FIXED) ||
	    (cw_addr_eq(&sa->now_src, &o->src) && sa->now_sport == o->sport) || p->now < sa->moved + MOVE_NS)
		return false;
	sa->moved = p->now;
	old->src = sa->now_src;
	old->sport = sa->now_sport;
	sa->now_src = o->src;
	sa->now_sport = o->sport;
	return true;
}

/* What is sent to where the peer was goes to where it is. */
static void
follow(struct cw_engine *e, const struct cw_sa *sa, const struct cw_outer *old, const struct cw_outer *o)
{
	struct cw_walk w = cw_sad_back(e, sa);
	struct cw_sa *out;

	while ((out = cw_sad_back_next(sa, &w)) != NULL) {
		uint32_t mtu;

		if (!out->udp || (out->flags & CW_SAF_FIXED))
			continue;
		mtu = host_path_mtu(e->host, &out->src, &o->src);
		host_lock(&out->lock);
		if (cw_addr_eq(&out->now_dst, &old->src) && out->now_dport == old->sport) {
			out->now_dst = o->src;
			out->now_dport = o->sport;
			cw_sa_mtu(out, mtu);
		}
		host_unlock(&out->lock);
	}
}

/* The window, under the lock, again: two packets of one number may have been inside the cipher together. */
static unsigned
authenticated(struct cw_engine *e, struct cw_sa *sa, struct cw_pkt *p)
{
	struct cw_outer old;
	bool newest, first = false, moved = false;
	unsigned why;

	host_lock(&sa->lock);
	newest = p->seq > sa->replay.top;
	why = cw_replay_check(&sa->replay, p->seq);
	if (why == CW_DROP_NONE) {
		if (!sa->old)
			cw_replay_update(&sa->replay, p->seq);
		first = !sa->used_told;
		sa->used_told = true;
		moved = newest && has_moved(sa, p, &old);
	} else {
		sa->drop_replay++;
	}
	host_unlock(&sa->lock);
	if (first)
		cw_event_used(e, sa);
	if (moved) {
		follow(e, sa, &old, &p->outer);
		cw_event_mapping(e, sa, &old, &p->outer);
	}
	return why;
}

/* Transport mode: no NAT on the way, no other sender than the SA's (RFC 4301 5.2 step 4; the header itself is not in the ICV). */
static bool
from_peer(const struct cw_sa *sa, const struct cw_pkt *p)
{
	return sa->udp || p->nhist || cw_addr_any(&sa->src) || cw_addr_eq(&sa->src, &p->outer.src);
}

static void
make_header(uint8_t *h, const struct cw_outer *o)
{
	unsigned n = cw_addr_len(&o->dst), at = n == 4 ? 12 : 8;

	memset(h, 0, at);
	if (n == 4) {
		h[0] = 0x45;
		h[1] = o->tos;
		h[8] = 64;
	} else {
		h[0] = (uint8_t)(0x60 | o->tos >> 4);
		h[1] = (uint8_t)(o->tos << 4);
		h[7] = 64;
	}
	memcpy(h + at, o->src.b, n);
	memcpy(h + at + n, o->dst.b, n);
}

/*
 * Transport mode: the header that stood before ESP, or one like it, before the payload, which moves to the back where there is not
 * enough room in front of it: the ICV's place is free now.
 */
static unsigned
restore_header(struct cw_pkt *p, unsigned next)
{
	const struct cw_outer *o = &p->outer;
	uint32_t hlen = o->hlen ? o->hlen : o->dst.fam == 6 ? 40 : 20, lack = p->off < hlen ? hlen - p->off : 0;
	uint8_t *old = p->crypt.esp - (o->udp ? 8 : 0) - o->hlen;

	if (lack > p->cap - p->off - p->len)
		return CW_DROP_NO_ROOM;
	if (hlen + p->len > 65535 + (o->dst.fam == 6 ? 40u : 0u))
		return CW_DROP_INNER_LENGTH;
	memmove(cw_pkt_data(p) + lack, cw_pkt_data(p), p->len);
	p->off += lack - hlen;
	p->len += hlen;
	if (o->hlen)
		memmove(cw_pkt_data(p), old, hlen);
	else
		make_header(cw_pkt_data(p), o);
	cw_ip_lead(cw_pkt_data(p), hlen, next, p->len);
	return CW_DROP_NONE;
}

/* An SA of any mode is in tunnel mode where an IP packet is inside. */
unsigned
cw_in_next(const struct cw_sa *sa, struct cw_pkt *p, unsigned next, uint8_t *mode)
{
	*mode = sa->mode;
	if (*mode == CW_MODE_ANY)
		*mode = cw_is_ip(next) ? CW_MODE_TUNNEL : CW_MODE_TRANSPORT;
	if (*mode == CW_MODE_TUNNEL && !cw_is_ip(next))
		return CW_DROP_NEXT_HEADER;
	if (*mode == CW_MODE_TRANSPORT)
		return from_peer(sa, p) ? restore_header(p, next) : CW_DROP_SELECTOR_IN;
	if (p->len && cw_pkt_data(p)[0] >> 4 != (next == IP_IPIP ? 4 : 6))
		return CW_DROP_INNER_HEADER;
	return CW_DROP_NONE;
}

/* RFC 4303 2.4: the padding is checked, but RFC 1829 2 lets it be anything; 2.6: next header 59 is a dummy packet. */
static unsigned
trailer(const struct cw_sa *sa, struct cw_pkt *p, uint8_t *mode)
{
	const uint8_t *t = p->crypt.esp + p->crypt.head;
	uint32_t n = p->crypt.text, pad = t[n - 2], next = t[n - 1];

	if (next == IP_NONE)
		return CW_DROP_DUMMY;
	if (pad > n - 2)
		return CW_DROP_PADDING_WRONG;
	for (uint32_t i = 0; i < pad && !sa->old; i++)
		if (t[n - 2 - pad + i] != i + 1)
			return CW_DROP_PADDING_WRONG;
	p->off += p->crypt.head;
	p->len = n - 2 - pad;
	return cw_in_next(sa, p, next, mode);
}

/* RFC 6040 4.2: what the outer ECN field does to the inner one. */
static unsigned
ecn(const struct cw_engine *e, struct cw_pkt *p, const struct cw_ip *ip)
{
	unsigned outer = p->outer.tos & 3, inner = ip->tos & 3;

	if (!cw_knob(e, ip->ver == 4 ? CW_KNOB_ECN4 : CW_KNOB_ECN6))
		return CW_DROP_NONE;
	if (outer == 3 && inner == 0)
		return CW_DROP_ECN_ILLEGAL;
	if ((outer == 3 && inner != 3) || (outer == 1 && inner == 2))
		cw_ip_set_ecn(cw_pkt_data(p), ip, outer);
	return CW_DROP_NONE;
}

static unsigned
inner(struct cw_engine *e, struct cw_sa *sa, struct cw_pkt *p, struct cw_ip *ip, unsigned mode)
{
	struct cw_walk w;
	struct cw_sa *back;
	unsigned why;

	switch (cw_ip_parse(cw_pkt_data(p), p->len, ip)) {
	case CW_IP_OK:
		break;
	case CW_IP_SHORT:
		return CW_DROP_INNER_SHORT;
	case CW_IP_LENGTH:
		return CW_DROP_INNER_LENGTH;
	default:
		return CW_DROP_INNER_HEADER;
	}
	p->len = ip->total;	/* what follows is traffic flow padding, RFC 4303 2.7 */
	p->translated = mode == CW_MODE_TRANSPORT && (p->outer.udp || p->translated);
	if (p->translated)	/* also where IPComp was around it: it has no sum itself */
		cw_ip_sum_upper(cw_pkt_data(p), ip);
	if (!cw_sa_selects(sa, &ip->flow)) {
		cw_sa_drop(sa, &sa->drop_selector);
		return CW_DROP_SELECTOR_IN;
	}
	why = ecn(e, p, ip);
	if (why != CW_DROP_NONE)
		return why;
	w = cw_sad_back(e, sa);
	back = cw_sad_back_next(sa, &w);
	if (back)
		cw_mss_clamp(cw_pkt_data(p), p->len, ip, host_load(back->inner_mtu) + (mode == CW_MODE_TRANSPORT ? ip->upper : 0));
	return CW_DROP_NONE;
}

static unsigned
count_in(struct cw_engine *e, struct cw_sa *sa, const struct cw_pkt *p)
{
	unsigned found = 0;
	bool alive;

	host_lock(&sa->lock);
	alive = cw_sa_use(sa, p->len, p->now, &found);
	host_unlock(&sa->lock);
	if (found)
		cw_sa_found(e, sa, p->now, found);
	return alive ? CW_DROP_NONE : CW_DROP_SA_EXPIRED;
}

unsigned
cw_in_packet(struct cw_engine *e, struct cw_sa *sa, struct cw_pkt *p, struct cw_ip *ip, unsigned mode)
{
	unsigned why = inner(e, sa, p, ip, mode);

	if (why == CW_DROP_NONE && p->nhist && p->iface != sa->iface.num)
		why = CW_DROP_IFACE_MIXED;
	p->iface = sa->iface.num;
	if (why == CW_DROP_NONE)
		why = count_in(e, sa, p);
	if (why != CW_DROP_NONE)
		return why;
	p->hist[p->nhist++] = (struct cw_hist){ sa->proto, (uint8_t)mode, sa->spi, sa->reqid, sa->src, sa->dst };
	if (mode == CW_MODE_TUNNEL)
		cw_tally_tunnel(e, ip->ver, CW_TOTAL_PLAIN_OUT);
	cw_tally(e, p, CW_TOTAL_BYTES_OPENED, p->len);
	return CW_DROP_NONE;
}

static unsigned
decapsulate(struct cw_engine *e, struct cw_sa *sa, struct cw_pkt *p, struct cw_ip *ip)
{
	unsigned why = authenticated(e, sa, p);
	uint8_t mode = CW_MODE_TUNNEL;

	if (why == CW_DROP_NONE)
		why = sa->proto == IP_AH ? cw_ah_off(sa, p, &mode) : trailer(sa, p, &mode);
	return why == CW_DROP_NONE ? cw_in_packet(e, sa, p, ip, mode) : why;
}

static bool
is_esp(struct cw_engine *e, const uint8_t *at, uint32_t left, const struct cw_flow *f)
{
	uint32_t udp = f->proto == IP_UDP ? 8 : 0;
	const struct cw_sa *sa;

	if (left < udp + 8)
		return false;
	sa = cw_sad_by_spi(e, IP_ESP, get32(at + udp), &f->dst);
	return sa && (!udp || (sa->udp && f->dport == sa->dport && get16(at + 4) == left));
}

/* Is the inner packet a transform of one of our own SAs? Then it is the next layer; otherwise it is somebody else's and passes. */
static bool
is_layer(struct cw_engine *e, struct cw_pkt *p, const struct cw_ip *ip)
{
	const struct cw_flow *f = &ip->flow;
	uint32_t udp = f->proto == IP_UDP ? 8 : 0, left = p->len - ip->upper;
	const uint8_t *at = cw_pkt_data(p) + ip->upper;
	bool is = false;

	if (ip->fragment)
		return false;
	if (f->proto == IP_ESP || udp)
		is = is_esp(e, at, left, f);
	else if (f->proto == IP_AH)
		is = left >= 8 && cw_sad_by_spi(e, IP_AH, get32(at + 4), &f->dst);
	else if (f->proto == IP_COMP)
		is = left >= CW_COMP_HEADER && cw_comp_by_cpi(e, get16(at + 2), &f->src, &f->dst);
	else if (cw_is_ip(f->proto))
		is = cw_comp_raw(e, &f->src, &f->dst) != NULL;
	if (!is)
		return false;
	p->outer = (struct cw_outer){
		.src = f->src, .dst = f->dst, .tos = ip->tos, .hlen = ip->upper, .udp = udp != 0, .proto = udp ? IP_ESP : f->proto,
	};
	if (udp) {
		p->outer.sport = f->sport;
		p->outer.dport = f->dport;
	}
	p->off += ip->upper + udp;
	p->len = left - udp;
	return true;
}

struct in {
	struct cw_batch open, plain, drops;
	struct cw_queue more;	/* those with one more layer */
};
#define IN(engine)	{ .open = { .e = engine }, .plain = { .e = engine, .out = host_plain_out }, .drops = { .e = engine, .out = host_drop_out } }

/* One layer is off, or why says why not. */
static void
arrived(struct cw_engine *e, struct cw_pkt *p, const struct cw_ip *ip, unsigned why, struct in *b)
{
	if (why == CW_DROP_NONE && is_layer(e, p, ip)) {
		cw_queue_add(p->queue ? p->queue : &b->more, p);
		return;
	}
	if (why == CW_DROP_NONE) {
		why = cw_policy_check_in(e, p);
		cw_tap_in(e, p, why);
		if (why != CW_DROP_NONE)
			p->bank = cw_bank_plain(p);	/* the transforms were good: the policy has it */
	}
	if (why != CW_DROP_NONE) {
		cw_fail(&b->drops, p, why);
		return;
	}
	p->verdict = CW_DELIVER;
	cw_tally(e, p, CW_TOTAL_PLAIN_OUT, 1);
	cw_batch_add(&b->plain, p);
}

static unsigned
proto_of(const struct cw_outer *o)
{
	return o->udp || o->proto == 0 ? IP_ESP : o->proto;
}

static unsigned
kind_of(unsigned proto)
{
	return proto == IP_ESP ? CW_KIND_ESP : proto == IP_AH ? CW_KIND_AH : CW_KIND_IPCOMP;
}

/* One layer, by what its header is said to be: to the cipher, or off at once. */
static void
layer(struct cw_engine *e, struct cw_pkt *p, struct in *b)
{
	unsigned proto = proto_of(&p->outer), why;
	struct cw_ip ip;

	p->bank = cw_bank(kind_of(proto), p->outer.dst.fam);
	if (p->nhist >= CW_NEST_MAX) {
		cw_fail(&b->drops, p, CW_DROP_TOO_NESTED);
	} else if (proto == IP_ESP || proto == IP_AH) {
		why = proto == IP_AH ? cw_ah_prepare(e, p) : prepare(e, p);
		if (why == CW_DROP_SPI_UNKNOWN && p->nhist == 0)
			cw_event_stray(e, p);
		if (why != CW_DROP_NONE)
			cw_fail(&b->drops, p, why);
		else
			b->open.v[b->open.n++] = p;
	} else {
		why = cw_comp_in(e, p, &ip);
		arrived(e, p, &ip, why, b);
	}
}

static void
open_queue(struct cw_engine *e, struct cw_queue *q)
{
	struct in b = IN(e);
	struct cw_pkt *p;

	while ((p = cw_queue_take(q)) != NULL) {
		host_read_begin();
		layer(e, p, &b);
		host_read_end();
		open_burst(&b.open);
	}
	cw_batch_flush(&b.plain);
	cw_batch_flush(&b.drops);
}

void
cw_opened(struct cw_engine *e, struct cw_pkt **v, unsigned n)
{
	struct in b = IN(e);

	host_read_begin();
	for (unsigned i = 0; i < n; i++) {
		struct cw_pkt *p = v[i];
		struct cw_sa *sa = p->sa;
		struct cw_ip ip;
		unsigned why = CW_DROP_ICV_WRONG;

		p->sa = NULL;
		if (sa->proto == IP_AH)
			cw_ah_opened(p, sa);
		if (p->crypt.ok) {
			why = decapsulate(e, sa, p, &ip);
			if (why != CW_DROP_NONE && why != CW_DROP_SELECTOR_IN)
				cw_sa_drop(sa, &sa->drop_other);
		} else {
			cw_sa_drop(sa, &sa->drop_icv);
		}
		cw_sa_put(sa);
		arrived(e, p, &ip, why, &b);
	}
	host_read_end();
	cw_batch_flush(&b.plain);
	cw_batch_flush(&b.drops);
	if (b.more.first)
		open_queue(e, &b.more);
}

void
cw_wire_in(struct cw_engine *e, struct cw_pkt **v, unsigned n, uint64_t now)
{
	struct in b = IN(e);

	host_read_begin();
	for (unsigned i = 0; i < n; i++) {
		struct cw_pkt *p = v[i];

		p->nhist = 0;
		p->iface = 0;
		p->expanded = 0;
		p->translated = 0;
		p->checked = 0;
		p->drop = 0;
		p->verdict = CW_PENDING;
		p->now = now;
		p->spi = 0;
		p->queue = NULL;
		p->bank = cw_bank(kind_of(proto_of(&p->outer)), p->outer.dst.fam);
		cw_tally(e, p, CW_TOTAL_WIRE_IN, 1);
		layer(e, p, &b);
		if (b.open.n == CW_BURST)
			open_burst(&b.open);
	}
	host_read_end();
	open_burst(&b.open);
	cw_batch_flush(&b.plain);
	cw_batch_flush(&b.drops);
	if (b.more.first)
		open_queue(e, &b.more);
}
