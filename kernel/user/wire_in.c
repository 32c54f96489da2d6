/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Receiving. The system bundles datagrams of one five-tuple whatever they hold, so a bundle is cut at its segment size and each
 * segment is looked at: one octet 0xff is a keepalive, four zero octets are IKE (RFC 3948 2.2, 2.3), the rest is ESP.
 */
#include <errno.h>
#include <linux/udp.h>

#include "clock.h"
#include "wire_buf.h"
#include "wire_split.h"

static struct cw_addr
to_cw(const struct addr *a)
{
	struct cw_addr c;

	c.fam = a->fam;
	memcpy(c.b, a->b, sizeof(c.b));
	return c;
}

/* What came beside a datagram. */
struct beside { struct addr local; uint8_t tos; size_t segment; };

static void
read_beside(struct msghdr *m, struct beside *b)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			const struct in_pktinfo *i = (const void *)CMSG_DATA(c);

			b->local.fam = 4;
			memcpy(b->local.b, &i->ipi_addr, 4);
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			const struct in6_pktinfo *i = (const void *)CMSG_DATA(c);

			b->local.fam = 6;
			memcpy(b->local.b, &i->ipi6_addr, 16);
		} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
			b->tos = *CMSG_DATA(c);
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
			int v;

			memcpy(&v, CMSG_DATA(c), sizeof(v));
			b->tos = (uint8_t)v;
		} else if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
			int v;

			memcpy(&v, CMSG_DATA(c), sizeof(v));
			b->segment = v > 0 ? (size_t)v : 0;
		}
	}
}

static void
flush(struct wire *w)
{
	struct wire_rx *x = w->rx;

	if (x->n)
		cw_wire_in(w->engine, x->v, x->n, x->now);
	x->n = 0;
}

/* head octets before p are the packet's too, and hlen of them its IP header; room octets in all are there from the first of them. */
static void
take_one(struct wire_sock *s, uint8_t *p, size_t n, size_t head, size_t hlen, size_t room, const struct endpoint *from, const struct beside *b)
{
	struct wire_rx *x = s->w->rx;
	struct cw_pkt *k = &x->pkt[x->n];

	memset(k, 0, offsetof(struct cw_pkt, aside));
	k->buf = p - head;
	k->off = (uint32_t)head;
	k->len = (uint32_t)n;
	k->cap = (uint32_t)room;
	k->outer.hlen = (uint16_t)hlen;
	k->outer.src = to_cw(&from->addr);
	k->outer.dst = to_cw(&b->local);
	k->outer.sport = s->udp ? from->port : 0;
	k->outer.dport = s->udp ? s->w->port : 0;
	k->outer.udp = s->udp;
	k->outer.proto = s->proto;
	k->outer.tos = b->tos;
	x->v[x->n++] = k;
	if (x->n == WIRE_BURST)
		flush(s->w);
}

static void
take_udp(struct wire_sock *s, uint8_t *p, size_t n, const struct endpoint *from, const struct beside *b)
{
	struct wire *w = s->w;
	struct endpoint local = { b->local, w->port };
	size_t at = 0, len;
	bool apart = s->fam == 6 && cw_wants_room(w->engine);

	while ((len = wire_split(n, b->segment, &at)) > 0) {
		uint8_t *one = p + at - len;

		switch (wire_kind(bytes_of(one, len))) {
		case WIRE_KEEPALIVE:
			cw_count(w->engine, CW_DROP_KEEPALIVE, 1);
			break;
		case WIRE_IKE:
			if (!w->ops.ike(w->ops.ctx, &local, from, bytes_of(one + 4, len - 4)))
				cw_count(w->engine, CW_DROP_RELAY_FAILED, 1);
			break;
		case WIRE_ESP:
			/* What lies before the second of a bundle is the first: it must be out of the way. */
			if (apart)
				flush(w);
			take_one(s, one, len, at == len || apart ? WIRE_ROOM : 0, 0, (at == len || apart ? WIRE_ROOM : 0) + len, from, b);
			break;
		case WIRE_NONE:
			cw_count(w->engine, CW_DROP_WIRE_MALFORMED, 1);
			break;
		}
	}
	if (n == 0)
		cw_count(w->engine, CW_DROP_WIRE_MALFORMED, 1);
}

/*
 * IPv6: the header that stood before the transform, made of what the system tells: AH's ICV asks for it (the hop limit is not covered), and in
 * transport mode the packet inside has it again. The extension headers come one by one, in their order. Octets of it, 0: it is not all there.
 */
static size_t
header6(const struct wire_sock *s, struct msghdr *m, uint8_t *p, size_t n, const struct endpoint *from, const struct beside *b)
{
	uint8_t head[CW_AH_FRONT] = { 0 }, *next = head + 6;
	size_t at = 40;

	if (m->msg_flags & MSG_CTRUNC)
		return 0;
	head[0] = (uint8_t)(0x60 | b->tos >> 4);
	head[1] = (uint8_t)(b->tos << 4);
	head[7] = 64;
	memcpy(head + 8, from->addr.b, 16);
	memcpy(head + 24, b->local.b, 16);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		size_t len = c->cmsg_len - CMSG_LEN(0);

		if (c->cmsg_level != IPPROTO_IPV6)
			continue;
		if (c->cmsg_type == IPV6_HOPLIMIT && len == sizeof(int))
			head[7] = CMSG_DATA(c)[0];
		if (c->cmsg_type != IPV6_HOPOPTS && c->cmsg_type != IPV6_RTHDR && c->cmsg_type != IPV6_DSTOPTS)
			continue;
		if (len < 8 || len > sizeof(head) - at)
			return 0;
		*next = c->cmsg_type == IPV6_HOPOPTS ? IPPROTO_HOPOPTS : c->cmsg_type == IPV6_RTHDR ? IPPROTO_ROUTING : IPPROTO_DSTOPTS;
		memcpy(head + at, CMSG_DATA(c), len);
		next = head + at;
		at += len;
	}
	*next = s->proto;
	if (at - 40 + n > 65535)
		return 0;
	head[4] = (uint8_t)((at - 40 + n) >> 8);
	head[5] = (uint8_t)(at - 40 + n);
	memcpy(p - at, head, at);
	return at;
}

/* An IP packet in an IP packet that is not IPComp's: somebody else's tunnel, of which raw sockets get a copy. */
static bool
is_foreign(const struct wire_sock *s, const struct endpoint *from, const struct beside *b)
{
	struct cw_addr src = to_cw(&from->addr), dst = to_cw(&b->local);

	return (s->proto == IPPROTO_IPIP || s->proto == IPPROTO_IPV6) && !cw_ask_raw(s->w->engine, &src, &dst);
}

static void
take(struct wire_sock *s, unsigned i)
{
	struct wire_rx *x = s->w->rx;
	struct msghdr *m = &x->msg[i].msg_hdr;
	struct beside b = { { 0 }, 0, 0 };
	struct endpoint from;
	uint8_t *p = x->buf[i] + WIRE_ROOM;
	size_t n = x->msg[i].msg_len, head = 0;

	if ((m->msg_flags & MSG_TRUNC) || !endpoint_from_sa(m->msg_name, m->msg_namelen, &from)) {
		cw_count(s->w->engine, CW_DROP_WIRE_MALFORMED, 1);
		return;
	}
	read_beside(m, &b);
	if (s->udp) {
		take_udp(s, p, n, &from, &b);
		return;
	}
	if (s->fam == 4) {	/* a raw IPv4 socket gives the IP header too; an IPv6 one does not */
		head = n >= 20 ? (size_t)(p[0] & 15) * 4 : 0;
		if (head < 20 || head > n) {
			cw_count(s->w->engine, CW_DROP_WIRE_MALFORMED, 1);
			return;
		}
		b.tos = p[1];
		p += head;
		n -= head;
	}
	if (s->fam == 6 && (s->proto == IPPROTO_ESP || s->proto == IPPROTO_AH || s->proto == IPPROTO_COMP)) {
		head = header6(s, m, p, n, &from, &b);
		if (head == 0 && s->proto == IPPROTO_AH) {
			cw_count(s->w->engine, CW_DROP_AH_HEADER, 1);
			return;
		}
		take_one(s, p, n, WIRE_ROOM, head, sizeof(x->buf[i]), &from, &b);	/* without one the engine makes a plain one */
		return;
	}
	if (!is_foreign(s, &from, &b))
		take_one(s, p, n, WIRE_ROOM + head, head, sizeof(x->buf[i]), &from, &b);
}

static void
prepare(struct wire_rx *x)
{
	for (unsigned i = 0; i < WIRE_MSGS; i++) {
		x->iov[i] = (struct iovec){ x->buf[i] + WIRE_ROOM, WIRE_DATAGRAM };
		x->msg[i].msg_hdr = (struct msghdr){ &x->from[i], sizeof(x->from[i]), &x->iov[i], 1, x->ctl[i], WIRE_RX_CMSG, 0 };
	}
}

void
wire_readable(evutil_socket_t fd, short what, void *arg)
{
	struct wire_sock *s = arg;
	struct wire_rx *x = s->w->rx;

	x->now = clock_now_ns();
	for (unsigned turn = 0; turn < WIRE_READS; turn++) {
		int n;

		prepare(x);
		n = recvmmsg(s->fd, x->msg, WIRE_MSGS, MSG_DONTWAIT, NULL);
		if (n <= 0) {
			wire_errors(s);
			return;
		}
		for (int i = 0; i < n; i++)
			take(s, (unsigned)i);
		flush(s->w);
		if (n < WIRE_MSGS)
			return;
	}
}
