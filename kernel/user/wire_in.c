/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Receiving. The system bundles datagrams of one five-tuple whatever they hold, so a bundle is cut at its segment size and each
 * segment is looked at: one octet 0xff is a keepalive, four zero octets are IKE (RFC 3948 2.2, 2.3), the rest is ESP.
 */
#include <errno.h>

#include "clock.h"
#include "wire_buf.h"
#include "wire_cmsg.h"
#include "wire_split.h"

static struct cw_addr
to_cw(const struct addr *a)
{
	struct cw_addr c;

	c.fam = a->fam;
	memcpy(c.b, a->b, sizeof(c.b));
	return c;
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
take_one(struct wire_sock *s, uint8_t *p, size_t n, size_t head, size_t hlen, size_t room, const struct endpoint *from, const struct wire_beside *b)
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
take_udp(struct wire_sock *s, uint8_t *p, size_t n, const struct endpoint *from, const struct wire_beside *b)
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

/* An IP packet in an IP packet that is not IPComp's: somebody else's tunnel, of which raw sockets get a copy. */
static bool
is_foreign(const struct wire_sock *s, const struct endpoint *from, const struct wire_beside *b)
{
	struct cw_addr src = to_cw(&from->addr), dst = to_cw(&b->local);

	return (s->proto == IPPROTO_IPIP || s->proto == IPPROTO_IPV6) && !cw_ask_raw(s->w->engine, &src, &dst);
}

static void
take(struct wire_sock *s, unsigned i)
{
	struct wire_rx *x = s->w->rx;
	struct msghdr *m = &x->msg[i].msg_hdr;
	struct wire_beside b;
	struct endpoint from;
	uint8_t *p = x->buf[i] + WIRE_ROOM, front[CW_AH_FRONT];
	size_t n = x->msg[i].msg_len, head = 0;

	if ((m->msg_flags & MSG_TRUNC) || !endpoint_from_sa(m->msg_name, m->msg_namelen, &from)) {
		cw_count(s->w->engine, CW_DROP_WIRE_MALFORMED, 1);
		return;
	}
	wire_beside(m, &b);
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
		head = wire_header6(m, s->proto, n, &from.addr, &b, front);
		memcpy(p - head, front, head);
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
