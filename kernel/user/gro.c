/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A flow is the first packet's headers. A later packet joins when its own headers are those of the next segment of a split of
 * the whole; anything else of the same flow first sends what waits, so that no two packets of a flow change places.
 */
#include "csum.h"
#include "gro.h"

enum { TCP_PSH = 0x08, TCP_ACK = 0x10 };

static uint16_t
get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

void
gro_init(struct gro *g, gro_out *out, void *ctx)
{
	memset(g, 0, sizeof(*g));
	g->out = out;
	g->ctx = ctx;
}

/* Octets of the IP header of a whole TCP packet that is no fragment and has no IP options; 0 otherwise. */
static size_t
tcp_packet(const uint8_t *p, size_t len)
{
	if (len >= 40 && p[0] == 0x45 && p[9] == 6 && ((p[6] & 0x3f) | p[7]) == 0 && get16(p + 2) == len)
		return 20;
	if (len >= 60 && p[0] >> 4 == 6 && p[6] == 6 && (size_t)get16(p + 4) + 40 == len)
		return 40;
	return 0;
}

/* Could it be a part of some TCP flow all the same (a fragment, say)? Then it must not overtake what waits. */
static bool
maybe_tcp(const uint8_t *p, size_t len)
{
	if (len >= 20 && p[0] >> 4 == 4)
		return p[9] == 6;
	return len >= 40 && p[6] != 17 && p[6] != 58;
}

static bool
same_flow(const struct gro_flow *f, const uint8_t *p, size_t iphlen)
{
	size_t addrs = iphlen == 20 ? 12 : 8;

	/* Source and destination address, and the two ports behind them. */
	return f->iphlen == iphlen && memcmp(f->pkt + addrs, p + addrs, iphlen - addrs) == 0 && memcmp(f->pkt + iphlen, p + iphlen, 4) == 0;
}

/* The parts of the IP header that a split copies: TOS, DF and TTL; class, label and hop limit. */
static bool
same_ip(const struct gro_flow *f, const uint8_t *p)
{
	if (f->iphlen == 20)
		return f->pkt[1] == p[1] && f->pkt[6] == p[6] && f->pkt[8] == p[8] &&
		    ((p[6] & 0x40) != 0 || get16(p + 4) == f->id);	/* with DF the identification means nothing, RFC 6864 4.1 */
	return memcmp(f->pkt, p, 4) == 0 && f->pkt[7] == p[7];
}

static bool
continues(const struct gro_flow *f, const uint8_t *p, size_t hlen, size_t payload)
{
	const uint8_t *a = f->pkt + f->iphlen, *b = p + f->iphlen;

	if (f->closed || hlen != f->hlen || payload > f->mss || f->n >= GRO_SEGS || f->len + payload > GRO_LEN)
		return false;
	if (!same_ip(f, p) || get32(b + 4) != f->next)
		return false;
	/* Acknowledgement, offset, flags (PSH may come with the last), window; urgent pointer and options. */
	return memcmp(a + 8, b + 8, 5) == 0 && (a[13] | TCP_PSH) == (b[13] | TCP_PSH) && memcmp(a + 14, b + 14, 2) == 0 &&
	    memcmp(a + 18, b + 18, hlen - f->iphlen - 18) == 0;
}

static void
flow_send(struct gro *g, struct gro_flow *f)
{
	uint8_t *tcp = f->pkt + f->iphlen;

	if (f->n > 1) {
		uint16_t c;

		if (f->iphlen == 20) {
			f->pkt[2] = (uint8_t)(f->len >> 8);
			f->pkt[3] = (uint8_t)f->len;
			csum_ipv4(f->pkt, 20);
		} else {
			f->pkt[4] = (uint8_t)((f->len - 40) >> 8);
			f->pkt[5] = (uint8_t)(f->len - 40);
		}
		/* The stack finishes the checksum when it must: the field holds the pseudo header's sum. */
		c = csum_fold(csum_pseudo(f->pkt, 6, f->len - f->iphlen));
		memcpy(tcp + 16, &c, 2);
		f->vh.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		f->vh.gso_type = f->iphlen == 20 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;
		f->vh.gso_size = (uint16_t)f->mss;
		f->vh.hdr_len = (uint16_t)f->hlen;
		f->vh.csum_start = (uint16_t)f->iphlen;
		f->vh.csum_offset = 16;
	}
	f->iov[0] = (struct iovec){ &f->vh, sizeof(f->vh) };
	g->out(g->ctx, f->iov, f->n + 1, f->len, f->n);
	f->n = 0;
}

static void
single(struct gro *g, uint8_t *pkt, size_t len)
{
	struct virtio_net_hdr vh = { 0 };
	struct iovec iov[2] = { { &vh, sizeof(vh) }, { pkt, len } };

	g->out(g->ctx, iov, 2, len, 1);
}

static struct gro_flow *
flow_find(struct gro *g, const uint8_t *pkt, size_t iphlen)
{
	for (unsigned i = 0; i < GRO_FLOWS; i++)
		if (g->flow[i].n && same_flow(&g->flow[i], pkt, iphlen))
			return &g->flow[i];
	return NULL;
}

/* A free place, or the one that was opened longest ago, sent. */
static struct gro_flow *
flow_place(struct gro *g)
{
	struct gro_flow *f;

	for (unsigned i = 0; i < GRO_FLOWS; i++)
		if (g->flow[i].n == 0)
			return &g->flow[i];
	f = &g->flow[g->turn++ % GRO_FLOWS];
	flow_send(g, f);
	return f;
}

static void
flow_open(struct gro *g, uint8_t *pkt, size_t len, size_t iphlen, size_t hlen)
{
	struct gro_flow *f = flow_place(g);

	memset(&f->vh, 0, sizeof(f->vh));
	f->pkt = pkt;
	f->iphlen = iphlen;
	f->hlen = hlen;
	f->len = len;
	f->mss = len - hlen;
	f->next = get32(pkt + iphlen + 4) + (uint32_t)f->mss;
	f->id = (uint16_t)(get16(pkt + 4) + 1);
	f->closed = (pkt[iphlen + 13] & TCP_PSH) != 0;
	f->n = 1;
	f->iov[1] = (struct iovec){ pkt, len };
}

static void
flow_join(struct gro_flow *f, uint8_t *pkt, size_t hlen, size_t payload)
{
	f->iov[++f->n] = (struct iovec){ pkt + hlen, payload };
	f->len += payload;
	f->next += (uint32_t)payload;
	f->id++;
	if (pkt[f->iphlen + 13] & TCP_PSH) {
		f->pkt[f->iphlen + 13] |= TCP_PSH;	/* a split gives it to the last */
		f->closed = true;
	}
	if (payload < f->mss)
		f->closed = true;
}

void
gro_add(struct gro *g, uint8_t *pkt, size_t len)
{
	struct gro_flow *f = NULL;
	size_t iphlen, hlen;

	iphlen = tcp_packet(pkt, len);
	if (iphlen == 0) {
		if (maybe_tcp(pkt, len))
			gro_flush(g);
		single(g, pkt, len);
		return;
	}
	f = flow_find(g, pkt, iphlen);
	hlen = iphlen + (size_t)(pkt[iphlen + 12] >> 4) * 4;
	/* Only data segments with nothing but ACK and PSH, and a checksum that is right: joining would hide a wrong one. */
	if (hlen < iphlen + 20 || hlen >= len || (pkt[iphlen + 13] & (uint8_t)~TCP_PSH) != TCP_ACK || (pkt[iphlen + 12] & 15) != 0 ||
	    !csum_tcp_ok(pkt, iphlen, len)) {
		if (f)
			flow_send(g, f);
		single(g, pkt, len);
		return;
	}
	if (f && continues(f, pkt, hlen, len - hlen)) {
		flow_join(f, pkt, hlen, len - hlen);
		return;
	}
	if (f)
		flow_send(g, f);
	flow_open(g, pkt, len, iphlen, hlen);
}

void
gro_flush(struct gro *g)
{
	for (unsigned i = 0; i < GRO_FLOWS; i++)
		if (g->flow[i].n)
			flow_send(g, &g->flow[i]);
}
