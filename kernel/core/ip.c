/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Inner IP headers: the pure parser, and the three things the engine changes in them (ECN on the way in, the MSS of TCP
 * SYNs, and the "too big" errors that replace a packet). Every length comes from the packet and is held against what is there.
 */
#include "core.h"

/* Every packet comes here several times: words, not octets. */
bool
cw_addr_eq(const struct cw_addr *a, const struct cw_addr *b)
{
	uint64_t v[2], w[2];

	memcpy(v, a->b, sizeof(v));
	memcpy(w, b->b, sizeof(w));
	return a->fam == b->fam && ((v[0] ^ w[0]) | (v[1] ^ w[1])) == 0;
}

bool
cw_addr_any(const struct cw_addr *a)
{
	uint64_t v[2];

	memcpy(v, a->b, sizeof(v));
	return (v[0] | v[1]) == 0;
}

void
cw_addr_mask(struct cw_addr *a, unsigned bits)
{
	unsigned end = a->fam == 4 ? 4 : sizeof(a->b);

	for (unsigned i = bits / 32 * 4, keep = bits % 32; i < end; i += 4, keep = 0)
		put32(a->b + i, get32(a->b + i) & ~(~0u >> keep));
}

uint32_t
cw_hash(const void *p, size_t n, uint32_t seed)
{
	const uint8_t *b = p;
	uint32_t h = seed ^ (uint32_t)n, w;

	for (; n >= sizeof(w); b += sizeof(w), n -= sizeof(w)) {
		memcpy(&w, b, sizeof(w));
		h = cw_mix(h, w);
	}
	if (n) {
		for (w = 0; n; n--)
			w = w << 8 | *b++;
		h = cw_mix(h, w);
	}
	h = (h ^ h >> 16) * 0x85ebca6bu;
	h = (h ^ h >> 13) * 0xc2b2ae35u;
	return h ^ h >> 16;
}

/* RFC 1071 2: the order of octets does not matter until the end, nor does the width of what is added. */
uint16_t
cw_sum16(const uint8_t *p, size_t n, uint32_t start)
{
	uint64_t sum = 0, w8;
	uint32_t w = 0;
	uint8_t b[2];
	uint16_t s;

	for (; n >= sizeof(w8); p += sizeof(w8), n -= sizeof(w8)) {
		memcpy(&w8, p, sizeof(w8));
		sum += (uint32_t)w8;
		sum += w8 >> 32;
	}
	if (n >= sizeof(w)) {
		memcpy(&w, p, sizeof(w));
		sum += w;
		p += sizeof(w);
		n -= sizeof(w);
	}
	if (n) {
		w = 0;
		memcpy(&w, p, n);
		sum += w;
	}
	sum = (uint32_t)sum + (sum >> 32);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	s = (uint16_t)sum;
	memcpy(b, &s, sizeof(b));
	sum = (uint64_t)start + get16(b);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* RFC 1624: the checksum when one 16-bit word changes. */
static void
sum_change(uint8_t *sum, uint16_t from, uint16_t to)
{
	uint32_t s = (uint16_t)~get16(sum) + (uint32_t)(uint16_t)~from + to;

	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	put16(sum, (uint16_t)~s);
}

/*
 * RFC 2890 2: the key, behind a checksum where there is one (or an old route); its halves are where ports would be, as KAME has it. What has no key, or is of
 * another version (PPTP), has none that a policy could name.
 */
static void
gre_key(const uint8_t *p, size_t left, struct cw_flow *f)
{
	unsigned at = left > 0 && p[0] & 0xc0 ? 8 : 4;

	if (left < 2 || ((p[0] & 0x20) && !(p[1] & 7) && left < at + 4u)) {
		f->opaque = 1;
		return;
	}
	if (!(p[0] & 0x20) || (p[1] & 7))
		return;
	f->sport = get16(p + at);
	f->dport = get16(p + at + 2);
}

/* Octets of the upper header that tell a packet's ports or what is in their place. */
static unsigned
ports_end(const struct cw_ip *ip)
{
	return ip->flow.proto == IP_GRE && !ip->flow.opaque ? 12 : 4;
}

static void
flow_ports(const uint8_t *p, size_t have, struct cw_ip *ip)
{
	struct cw_flow *f = &ip->flow;
	size_t end = have < ip->total ? have : ip->total, left = end > ip->upper ? end - ip->upper : 0;

	if (f->opaque)
		return;
	p += ip->upper;
	switch (f->proto) {
	case IP_TCP:
	case IP_UDP:
	case 132:	/* SCTP */
	case 33:	/* DCCP */
	case 136:	/* UDP-Lite */
		if (left < 4) {
			f->opaque = 1;
			return;
		}
		f->sport = get16(p);
		f->dport = get16(p + 2);
		return;
	case IP_ICMP:
	case IP_ICMP6:
		if (left < 2) {
			f->opaque = 1;
			return;
		}
		f->sport = p[0];
		f->dport = p[1];
		return;
	case IP_GRE:
		gre_key(p, left, f);
		return;
	case IP_MH:	/* RFC 6275 6.1.1: its type */
		if (left < 3) {
			f->opaque = 1;
			return;
		}
		f->sport = p[2];
		return;
	}
}

static enum cw_ip_err
parse4(const uint8_t *p, size_t have, size_t n, struct cw_ip *ip)
{
	unsigned hlen, frag;

	if (have < 20)
		return CW_IP_SHORT;
	hlen = (p[0] & 15u) * 4;
	ip->total = get16(p + 2);
	if (hlen < 20)
		return CW_IP_HEADER;
	if (ip->total < hlen || ip->total > n)
		return CW_IP_LENGTH;
	if (have < hlen)
		return CW_IP_SHORT;
	if (cw_sum16(p, hlen, 0) != 0)
		return CW_IP_HEADER;
	frag = get16(p + 6);
	ip->tos = p[1];
	ip->df = frag >> 14 & 1;
	ip->fragment = (frag & 0x3fff) != 0;
	ip->flow.opaque = (frag & 0x1fff) != 0;
	ip->flow.proto = p[9];
	ip->upper = (uint16_t)hlen;
	ip->flow.src.fam = ip->flow.dst.fam = 4;
	memcpy(ip->flow.src.b, p + 12, 4);
	memcpy(ip->flow.dst.b, p + 16, 4);
	return CW_IP_OK;
}

/* Extension headers in front of the upper layer, RFC 8200 4. At most 16 are read. */
static enum cw_ip_err
chain6(const uint8_t *p, size_t have, struct cw_ip *ip)
{
	unsigned next = p[6];
	uint32_t at = 40;

	for (unsigned i = 0; i < 16; i++) {
		bool ext = next == 0 || next == 43 || next == 60;

		if (!ext && next != 44) {
			ip->flow.proto = (uint8_t)next;
			ip->upper = (uint16_t)at;
			return CW_IP_OK;
		}
		if (ip->total - at < 8)
			return CW_IP_LENGTH;
		if (have < at + 8)
			return CW_IP_SHORT;
		if (next == 44) {
			unsigned frag = get16(p + at + 2);

			ip->fragment = true;
			ip->flow.opaque = (frag & 0xfff8) != 0;
			next = p[at];
			at += 8;
			if (ip->flow.opaque) {	/* what follows is the middle of the packet */
				if (next == 0 || next == 43 || next == 44 || next == 60)
					ip->flow.opaque = 2;	/* the first fragment has more headers, and the protocol */
				ip->flow.proto = (uint8_t)next;
				ip->upper = (uint16_t)at;
				return CW_IP_OK;
			}
			continue;
		}
		if (ip->total - at < 8u * (p[at + 1] + 1u))
			return CW_IP_LENGTH;
		next = p[at];
		at += 8u * (p[at + 1] + 1u);
	}
	return CW_IP_HEADER;
}

static enum cw_ip_err
parse6(const uint8_t *p, size_t have, size_t n, struct cw_ip *ip)
{
	if (have < 40)
		return CW_IP_SHORT;
	ip->total = 40u + get16(p + 4);
	if (ip->total > n)
		return CW_IP_LENGTH;
	if (ip->total > 65535)
		return CW_IP_HEADER;
	ip->tos = (uint8_t)(p[0] << 4 | p[1] >> 4);
	ip->df = 1;
	ip->flow.src.fam = ip->flow.dst.fam = 6;
	memcpy(ip->flow.src.b, p + 8, 16);
	memcpy(ip->flow.dst.b, p + 24, 16);
	return chain6(p, have, ip);
}

enum cw_ip_err
cw_ip_head(const uint8_t *p, size_t have, size_t whole, struct cw_ip *ip)
{
	enum cw_ip_err err;

	*ip = (struct cw_ip){ 0 };
	if (have < 1)
		return CW_IP_SHORT;
	ip->ver = p[0] >> 4;
	if (ip->ver == 4)
		err = parse4(p, have, whole, ip);
	else if (ip->ver == 6)
		err = parse6(p, have, whole, ip);
	else
		err = CW_IP_HEADER;
	if (err == CW_IP_OK && have < whole && have < ip->upper + ports_end(ip) && have < ip->total)
		err = CW_IP_SHORT;	/* its ports */
	if (err == CW_IP_OK)
		flow_ports(p, have, ip);
	return err;
}

enum cw_ip_err
cw_ip_parse(const uint8_t *p, size_t n, struct cw_ip *ip)
{
	return cw_ip_head(p, n, n, ip);
}

void
cw_ip_set_ecn(uint8_t *p, const struct cw_ip *ip, unsigned ecn)
{
	if (ip->ver == 4) {
		uint16_t old = get16(p);

		p[1] = (uint8_t)((p[1] & ~3u) | ecn);
		sum_change(p + 10, old, get16(p));
	} else {
		p[1] = (uint8_t)((p[1] & ~0x30u) | ecn << 4);
	}
}

/* The last of the extension headers, or the IPv6 header itself, says what follows: where it says so. */
static uint8_t *
last_next6(uint8_t *p, size_t hlen)
{
	uint8_t *next = p + 6;

	for (size_t at = 40; at + 8 <= hlen; at += 8u * (p[at + 1] + 1u))
		next = p + at;
	return next;
}

void
cw_ip_lead(uint8_t *p, size_t hlen, unsigned proto, size_t total)
{
	if (p[0] >> 4 == 4) {
		put16(p + 2, (uint32_t)total);
		p[9] = (uint8_t)proto;
		put16(p + 10, 0);
		put16(p + 10, cw_sum16(p, hlen, 0));
	} else {
		put16(p + 4, (uint32_t)total - 40);
		*last_next6(p, hlen) = (uint8_t)proto;
	}
}

/* RFC 3948 3.1.2: a NAT changed the addresses that these sums include; ESP has shown that nothing else was changed. */
void
cw_ip_sum_upper(uint8_t *p, const struct cw_ip *ip)
{
	unsigned proto = ip->flow.proto, at = proto == IP_TCP ? 16 : proto == IP_UDP ? 6 : proto == IP_ICMP6 ? 2 : 0;
	size_t n = ip->total - ip->upper, least = proto == IP_TCP ? 20 : 8, na = cw_addr_len(&ip->flow.src);
	uint8_t *upper = p + ip->upper, pseudo[32];
	uint16_t sum;

	if (at == 0 || n < least || ip->fragment || (proto == IP_ICMP6 && ip->ver == 4))
		return;
	if (proto == IP_UDP && (get16(upper + at) == 0 || get16(upper + 4) != n))	/* no sum; or one over less than that */
		return;
	memcpy(pseudo, ip->flow.src.b, na);
	memcpy(pseudo + na, ip->flow.dst.b, na);
	put16(upper + at, 0);
	sum = (uint16_t)~cw_sum16(pseudo, 2 * na, proto + (uint32_t)n);
	sum = cw_sum16(upper, n, sum);
	put16(upper + at, proto == IP_UDP && sum == 0 ? 0xffff : sum);
}

/* RFC 9293 3.7.1: the MSS counts the segment without IP and TCP headers. Only a SYN has the option. */
void
cw_mss_clamp(uint8_t *p, size_t n, const struct cw_ip *ip, uint32_t mtu)
{
	uint32_t head = ip->ver == 4 ? 40 : 60, most = mtu > head ? mtu - head : 0;
	uint8_t *tcp = p + ip->upper;
	size_t left = n > ip->upper ? n - ip->upper : 0, end;

	if (ip->flow.proto != IP_TCP || ip->flow.opaque || left < 20 || !(tcp[13] & 2))
		return;
	end = (tcp[12] >> 4) * 4u;
	if (end > left)
		return;
	for (size_t i = 20; i < end && tcp[i] != 0; ) {
		if (tcp[i] == 1) {
			i++;
			continue;
		}
		if (i + 1 >= end || tcp[i + 1] < 2 || i + tcp[i + 1] > end)
			return;
		if (tcp[i] == 2 && tcp[i + 1] == 4 && get16(tcp + i + 2) > most) {
			uint16_t old = get16(tcp + i + 2);

			/* an option at an odd offset lies across two words of the sum, where its octets are swapped */
			put16(tcp + i + 2, most);
			if (i % 2)
				sum_change(tcp + 16, (uint16_t)(old << 8 | old >> 8), (uint16_t)(most << 8 | most >> 8));
			else
				sum_change(tcp + 16, old, (uint16_t)most);
		}
		i += tcp[i + 1];
	}
}
