/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * TCP segmentation as the sender's stack would do it: the headers are copied in front of each piece of payload; then IPv4 total
 * length, identification and header checksum, or IPv6 payload length, and TCP's sequence number, flags and checksum are set.
 */
#include "csum.h"
#include "gso.h"

enum { TCP_FIN = 0x01, TCP_PSH = 0x08, TCP_CWR = 0x80 };

static void
put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void
put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

bool
gso_finish(const struct virtio_net_hdr *vh, uint8_t *pkt, size_t len)
{
	size_t at = (size_t)vh->csum_start + vh->csum_offset;
	uint16_t c;

	if (!(vh->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
		return true;
	if (vh->csum_start >= len || at + 2 > len)
		return false;
	/* The field holds the sum of the pseudo header already; summing over it finishes the work. */
	c = (uint16_t)~csum_fold(csum_add(0, pkt + vh->csum_start, len - vh->csum_start));
	if (c == 0)
		c = 0xffff;	/* 0 would say "no checksum" in UDP (RFC 768); to TCP the two are equal */
	memcpy(pkt + at, &c, 2);
	return true;
}

/* Octets of the IP header when TCP follows it directly; 0 otherwise. */
static size_t
ip_header(const uint8_t *p, size_t len)
{
	size_t hlen;

	if (len >= 20 && p[0] >> 4 == 4) {
		hlen = (size_t)(p[0] & 15) * 4;
		if (hlen < 20 || hlen > len || p[9] != 6 || ((p[6] & 0x3f) | p[7]) != 0)
			return 0;
		return hlen;
	}
	if (len >= 40 && p[0] >> 4 == 6 && p[6] == 6)
		return 40;
	return 0;
}

bool
gso_begin(struct gso *g, const struct virtio_net_hdr *vh, const uint8_t *pkt, size_t len)
{
	size_t tcplen;
	uint8_t type = vh->gso_type & (uint8_t)~VIRTIO_NET_HDR_GSO_ECN;

	memset(g, 0, sizeof(*g));
	g->iphlen = ip_header(pkt, len);
	if (g->iphlen == 0 || len < g->iphlen + 20 || vh->gso_size == 0)
		return false;
	if (type != (pkt[0] >> 4 == 4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6))
		return false;
	tcplen = (size_t)(pkt[g->iphlen + 12] >> 4) * 4;
	if (tcplen < 20 || g->iphlen + tcplen >= len || g->iphlen + tcplen > GSO_HEADERS)
		return false;
	g->pkt = pkt;
	g->len = len;
	g->hlen = g->iphlen + tcplen;
	g->at = g->hlen;
	g->mss = vh->gso_size;
	g->seq = (uint32_t)pkt[g->iphlen + 4] << 24 | (uint32_t)pkt[g->iphlen + 5] << 16 | (uint32_t)pkt[g->iphlen + 6] << 8 | pkt[g->iphlen + 7];
	g->id = (uint16_t)(pkt[4] << 8 | pkt[5]);
	return true;
}

size_t
gso_next(struct gso *g, uint8_t *out, size_t cap)
{
	size_t n = g->len - g->at;
	uint8_t *tcp = out + g->iphlen;
	uint16_t c;

	if (n > g->mss)
		n = g->mss;
	if (n == 0 || g->hlen + n > cap || g->hlen + n > 0xffff)
		return 0;
	memcpy(out, g->pkt, g->hlen);
	memcpy(out + g->hlen, g->pkt + g->at, n);
	if (out[0] >> 4 == 4) {
		put16(out + 2, g->hlen + n);
		put16(out + 4, (uint16_t)(g->id + g->n));
		csum_ipv4(out, g->iphlen);
	} else {
		put16(out + 4, g->hlen + n - 40);
	}
	put32(tcp + 4, g->seq + (uint32_t)(g->at - g->hlen));
	if (g->n > 0)
		tcp[13] &= (uint8_t)~TCP_CWR;			/* RFC 3168 6.1.2: once, in the first */
	if (g->at + n < g->len)
		tcp[13] &= (uint8_t)~(TCP_FIN | TCP_PSH);	/* the last octet's flags */
	tcp[16] = tcp[17] = 0;
	c = (uint16_t)~csum_fold(csum_add(csum_pseudo(out, 6, g->hlen - g->iphlen + n), tcp, g->hlen - g->iphlen + n));
	memcpy(tcp + 16, &c, 2);
	g->at += n;
	g->n++;
	return g->hlen + n;
}
