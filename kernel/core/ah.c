/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * AH (RFC 4302, and the form of RFC 1826), both ways, behind a packet's header (transport mode) or around it (tunnel mode). The ICV covers the IP header in front
 * of it, so that one is final when the packet goes to the cipher, and stands in the buffer; hosts send it as it is. While the cipher
 * has the packet, what routers may change is zero in it (ah_icv.c), and the header as it was, and the ICV, are set aside.
 */
#include "core.h"

/* RFC 4302 2.6: the header is a multiple of 32 bits in IPv4, of 64 bits in IPv6. That of RFC 1826 has 24 octets. */
uint32_t
cw_ah_len(const struct cw_sa *sa, unsigned fam)
{
	uint32_t step = fam == 6 ? 8 : 4;

	return (cw_ah_fixed(sa) + sa->icv + step - 1) / step * step;
}

/* The header before AH is put aside, and what may change is zeroed; then the packet is ready for the cipher, which is told so. */
static unsigned
mute(const struct cw_engine *e, struct cw_pkt *p, const struct cw_sa *sa, uint32_t ahlen, bool out)
{
	const struct cw_ah_mute m = { .tos = cw_knob(e, CW_KNOB_AH_TOS) != 0, .offset = (uint16_t)cw_knob(e, CW_KNOB_AH_OFFSET), .out = out };
	uint8_t *ah = cw_pkt_data(p), *h = ah - p->outer.hlen;
	unsigned why;

	if (p->outer.hlen > CW_AH_FRONT)
		return CW_DROP_AH_HEADER;
	memcpy(p->aside.front, h, p->outer.hlen);
	memcpy(p->aside.icv, ah + cw_ah_fixed(sa), sa->icv);
	if (out && sa->auth->iv) {	/* GMAC's, which may not come twice (RFC 4543 3.1): the whole number */
		put32(p->aside.icv, (uint32_t)(p->seq >> 32));
		put32(p->aside.icv + 4, (uint32_t)p->seq);
	}
	why = cw_ah_mute(h, p->outer.hlen, &m);
	if (why != CW_DROP_NONE) {
		memcpy(h, p->aside.front, p->outer.hlen);
		return why;
	}
	memset(ah + cw_ah_fixed(sa), 0, sa->icv);
	p->crypt = (struct cw_crypt){
		.aead = sa->aead, .esp = h, .icv = p->aside.icv, .head = p->outer.hlen + ahlen, .text = p->len - ahlen,
		.seqhi = (uint32_t)(p->seq >> 32), .esn = (sa->flags & CW_SAF_ESN) != 0,
	};
	return CW_DROP_NONE;
}

/* After the cipher: the header as it was before it. */
static void
unmute(struct cw_pkt *p)
{
	memcpy(cw_pkt_data(p) - p->outer.hlen, p->aside.front, p->outer.hlen);
}

/* -- out -- */

static void
put_header(struct cw_pkt *p, const struct cw_sa *sa, uint32_t ahlen, unsigned next)
{
	uint8_t *ah;

	p->off -= ahlen;
	p->len += ahlen;
	ah = cw_pkt_data(p);
	memset(ah, 0, ahlen);
	ah[0] = (uint8_t)next;
	ah[1] = (uint8_t)(ahlen / 4 - 2);
	put32(ah + 4, sa->spi);
	if (!sa->old)
		put32(ah + 8, (uint32_t)p->seq);
}

/* The identification is in the ICV, and a system that gets a header with none would choose one (RFC 6864 4.1 allows any without fragments). */
static void
identify(uint8_t *h, uint64_t seq)
{
	if (get16(h + 4) == 0)
		put16(h + 4, (seq & 0xffff) ? (uint32_t)seq & 0xffff : 1);
}

static void
transport_out(const struct cw_engine *e, struct cw_pkt *p, const struct cw_sa *sa, const struct cw_ip *ip)
{
	uint32_t ahlen = cw_ah_len(sa, ip->ver);
	uint8_t *h = cw_pkt_data(p);

	memmove(h - ahlen, h, ip->upper);
	p->outer.hlen = ip->upper;
	p->off += ip->upper;
	p->len -= ip->upper;
	put_header(p, sa, ahlen, ip->flow.proto);
	cw_out_outer(e, p, sa, ip, p->len);
	if (ip->ver == 4)
		identify(h - ahlen, p->seq);
	cw_out_header(p, ip);
}

static void
tunnel_out(struct cw_engine *e, struct cw_pkt *p, const struct cw_sa *sa, const struct cw_ip *ip)
{
	unsigned fam = p->outer.dst.fam;
	uint16_t hlen = fam == 6 ? 40 : 20;

	p->outer.hlen = 0;
	put_header(p, sa, cw_ah_len(sa, fam), ip->ver == 4 ? IP_IPIP : IP_IPV6);
	cw_out_outer(e, p, sa, ip, p->len);
	cw_bundle_header(cw_pkt_data(p) - hlen, &p->outer, p->len, (p->seq & 0xffff) ? p->seq : 1);
	p->outer.hlen = hlen;
	cw_tally_tunnel(e, ip->ver, CW_TOTAL_WIRE_OUT);
}

unsigned
cw_ah_out(struct cw_engine *e, struct cw_pkt *p, const struct cw_ip *ip, bool transport)
{
	struct cw_sa *sa = p->sa;
	unsigned why = cw_out_sequence(e, sa, p);

	p->spi = sa->spi;
	p->bank = cw_bank(CW_KIND_AH, transport ? ip->ver : sa->dst.fam);
	if (why != CW_DROP_NONE)
		return why;
	if (!transport && cw_addr_any(&p->outer.src))
		return CW_DROP_ENDPOINT_UNKNOWN;	/* the host would choose it, after the ICV was made */
	if (transport)
		transport_out(e, p, sa, ip);
	else
		tunnel_out(e, p, sa, ip);
	p->outer.whole = 1;
	why = mute(e, p, sa, cw_ah_len(sa, p->outer.dst.fam), true);
	if (why == CW_DROP_NONE)
		cw_tally(e, p, CW_TOTAL_BYTES_SEALED, ip->total);
	return why;
}

void
cw_ah_sealed(struct cw_pkt *p, const struct cw_sa *sa)
{
	unmute(p);
	memcpy(cw_pkt_data(p) + cw_ah_fixed(sa), p->aside.icv, sa->icv);
}

/* -- in -- */

/*
 * The header's length is that of its ICV, up to the padding: 64 bits of it IPv4 may have too, and old systems send them. hlen is from the
 * host, or from a packet that was parsed; without the header in front nothing can be checked.
 */
static bool
length_ok(const struct cw_pkt *p, const struct cw_sa *sa, uint32_t ahlen)
{
	return ahlen <= p->len && (ahlen == cw_ah_len(sa, p->outer.dst.fam) || ahlen == cw_ah_len(sa, 6));
}

unsigned
cw_ah_prepare(struct cw_engine *e, struct cw_pkt *p)
{
	const uint8_t *ah = cw_pkt_data(p);
	struct cw_sa *sa;
	uint32_t ahlen;
	unsigned why;

	if (p->len < 8)
		return CW_DROP_AH_SHORT;
	if (get32(ah + 4) < 256)
		return CW_DROP_SPI_RESERVED;
	p->spi = get32(ah + 4);
	sa = cw_sad_by_spi(e, IP_AH, p->spi, &p->outer.dst);
	why = cw_sa_usable(sa);
	if (why != CW_DROP_NONE)
		return why;
	ahlen = (ah[1] + 2u) * 4;
	if (!length_ok(p, sa, ahlen))
		why = CW_DROP_AH_SHORT;
	else if (p->outer.hlen > p->off)
		why = CW_DROP_AH_HEADER;
	if (why == CW_DROP_NONE)
		why = cw_in_admits(e, sa, sa->old ? 1 : get32(ah + 8), p->now, &p->seq);
	else
		cw_sa_drop(sa, &sa->drop_other);
	if (why != CW_DROP_NONE)
		return why;
	if (!host_ref_get(&sa->ref))
		return CW_DROP_SA_EXPIRED;	/* taken off this moment */
	why = mute(e, p, sa, ahlen, false);
	if (why != CW_DROP_NONE) {
		cw_sa_drop(sa, &sa->drop_other);
		cw_sa_put(sa);
		return why;
	}
	p->sa = sa;
	return CW_DROP_NONE;
}

void
cw_ah_opened(struct cw_pkt *p, const struct cw_sa *sa)
{
	unmute(p);
	memcpy(cw_pkt_data(p) + cw_ah_fixed(sa), p->aside.icv, sa->icv);
}

unsigned
cw_ah_off(const struct cw_sa *sa, struct cw_pkt *p, uint8_t *mode)
{
	uint8_t *ah = cw_pkt_data(p);
	uint32_t ahlen = (ah[1] + 2u) * 4;

	p->crypt.esp = ah;	/* where its own header ends */
	p->off += ahlen;
	p->len -= ahlen;
	return cw_in_next(sa, p, ah[0], mode);
}
