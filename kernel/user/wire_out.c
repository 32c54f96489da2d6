/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sending. Packets that go the same way and have one size (the last may be smaller) leave in one datagram that the system cuts
 * (UDP_SEGMENT); everything of one socket leaves in one sendmmsg. Where the system cannot cut (EIO: a device without checksum
 * offload), one message a packet is sent from then on.
 */
#include <errno.h>
#include <linux/udp.h>
#include <poll.h>

#include "wire_buf.h"

#define SEGMENTS	64u	/* what every kernel with UDP_SEGMENT takes */
#define GSO_OCTETS	65000u	/* with headers still below 65535 */

static void
from_cw(struct addr *to, const struct cw_addr *a)
{
	to->fam = a->fam;
	memcpy(to->b, a->b, sizeof(to->b));
}

static void
put_cmsg(struct msghdr *m, int level, int type, const void *data, size_t n)
{
	struct cmsghdr *c = (struct cmsghdr *)((char *)m->msg_control + m->msg_controllen);

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(n);
	memcpy(CMSG_DATA(c), data, n);
	m->msg_controllen += CMSG_SPACE(n);
}

static void
put_source(struct msghdr *m, uint8_t fam, const uint8_t *b)
{
	struct in_pktinfo i4 = { 0 };
	struct in6_pktinfo i6 = { 0 };

	if (fam == 4) {
		memcpy(&i4.ipi_spec_dst, b, 4);
		put_cmsg(m, IPPROTO_IP, IP_PKTINFO, &i4, sizeof(i4));
	} else if (fam == 6) {
		memcpy(&i6.ipi6_addr, b, 16);
		put_cmsg(m, IPPROTO_IPV6, IPV6_PKTINFO, &i6, sizeof(i6));
	}
}

static struct wire_sock *
sock_of(struct wire *w, const struct cw_outer *o, bool whole)
{
	struct wire_sock *other = NULL;

	for (unsigned i = 0; i < w->nsocks; i++) {
		struct wire_sock *s = &w->sock[i];

		if (s->fam != o->dst.fam || s->udp != (o->udp != 0) || (!s->udp && s->proto != (whole ? IPPROTO_RAW : o->proto)))
			continue;
		if (s->df == (o->df != 0))
			return s;
		other = s;
	}
	return other;
}

/* Options or extension headers, of which the sockets that make the header know nothing. */
static bool
has_options(const struct cw_outer *o)
{
	return o->hlen > (o->dst.fam == 4 ? 20 : 40);
}

/*
 * Has a protocol no socket of its own, its packet goes as it is: IPComp's in transport mode, which could not make it smaller; and one whose policy
 * does without an SA. So does what AH is in, whose ICV covers the header, and what has more than a header in front of its transform.
 */
static struct wire_sock *
sock_for(struct wire *w, const struct cw_pkt *p)
{
	const struct cw_outer *o = &p->outer;
	bool as_it_is = p->verdict == CW_BYPASS || (!o->udp && (o->whole || has_options(o)));
	struct wire_sock *s = as_it_is ? NULL : sock_of(w, o, false);

	return s || o->hlen == 0 ? s : sock_of(w, o, true);
}

/*
 * ESP in UDP leaves by the UDP socket, from its port, with a header that the system makes: options would be lost, and so would an identification
 * that AH inside has in its ICV. Nor could either come in, as that socket tells of neither.
 */
static bool
cannot_go(const struct cw_outer *o)
{
	return has_options(o) || (o->whole && o->dst.fam == 4);
}

static bool
same_way(const struct cw_outer *a, const struct cw_outer *b)
{
	return a->udp == b->udp && a->proto == b->proto && a->df == b->df && a->tos == b->tos && a->ttl == b->ttl && a->sport == b->sport && a->dport == b->dport &&
	    cannot_go(a) == cannot_go(b) && memcmp(&a->dst, &b->dst, sizeof(a->dst)) == 0 && memcmp(&a->src, &b->src, sizeof(a->src)) == 0;
}

/* One message for k packets from v on, which go the same way. */
static void
put_msg(struct wire *w, struct cw_pkt **v, unsigned first, unsigned k)
{
	struct wire_tx *x = w->tx;
	const struct cw_outer *o = &v[first]->outer;
	struct msghdr *m = &x->msg[x->n].msg_hdr;
	struct endpoint to;
	int tos = o->tos, ttl = o->ttl;

	for (unsigned i = 0; i < k; i++)
		x->iov[first + i] = (struct iovec){ cw_pkt_data(v[first + i]), v[first + i]->len };
	from_cw(&to.addr, &o->dst);
	to.port = o->udp ? o->dport : 0;
	*m = (struct msghdr){ &x->to[x->n], 0, &x->iov[first], k, x->ctl[x->n], 0, 0 };
	m->msg_namelen = endpoint_to_sa(&to, &x->to[x->n]);
	memset(x->ctl[x->n], 0, WIRE_CMSG);
	put_source(m, o->src.fam, o->src.b);
	if (o->dst.fam == 4)
		put_cmsg(m, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
	else
		put_cmsg(m, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof(tos));
	if (o->ttl != 64)	/* transport mode: it is the packet's own */
		put_cmsg(m, o->dst.fam == 4 ? IPPROTO_IP : IPPROTO_IPV6, o->dst.fam == 4 ? IP_TTL : IPV6_HOPLIMIT, &ttl, sizeof(ttl));
	if (k > 1) {
		uint16_t size = (uint16_t)v[first]->len;

		put_cmsg(m, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size));
	}
	x->n++;
}

/* How many packets from v[i] on can leave as one datagram. */
static unsigned
run_of(const struct wire *w, struct cw_pkt **v, unsigned i, unsigned n)
{
	size_t total = v[i]->len;
	unsigned k = 1;

	if (w->no_gso || !v[i]->outer.udp)
		return 1;
	while (i + k < n && k < SEGMENTS && v[i + k]->len <= v[i]->len && total + v[i + k]->len <= GSO_OCTETS &&
	    same_way(&v[i]->outer, &v[i + k]->outer)) {
		total += v[i + k]->len;
		k++;
		if (v[i + k - 1]->len < v[i]->len)
			break;
	}
	return k;
}

static unsigned
reason_of(int error)
{
	return error == EMSGSIZE ? CW_DROP_WIRE_TOO_BIG : CW_DROP_WIRE_WRITE;
}

/* The bundle of message i did not pass: its packets one by one. */
static void
send_singly(struct wire *w, struct wire_sock *s, unsigned i)
{
	struct msghdr m = w->tx->msg[i].msg_hdr;
	struct iovec *iov = m.msg_iov;
	size_t n = m.msg_iovlen;

	m.msg_controllen -= CMSG_SPACE(sizeof(uint16_t));	/* UDP_SEGMENT was put last */
	for (size_t k = 0; k < n; k++) {
		m.msg_iov = &iov[k];
		m.msg_iovlen = 1;
		if (sendmsg(s->fd, &m, MSG_DONTWAIT) < 0)
			cw_count(w->engine, reason_of(errno), 1);
	}
}

/* Message i was refused. True: try it again. */
static bool
on_refused(struct wire *w, struct wire_sock *s, unsigned i, int error, unsigned *tries)
{
	struct pollfd p = { s->fd, POLLOUT, 0 };
	unsigned packets = (unsigned)w->tx->msg[i].msg_hdr.msg_iovlen;

	if ((error == EAGAIN || error == ENOBUFS) && ++*tries <= 3) {
		poll(&p, 1, 5);		/* the device is behind: that is the back-pressure the TUN's senders feel */
		return true;
	}
	if (packets > 1 && (error == EIO || error == EINVAL || error == EMSGSIZE)) {
		w->no_gso |= error == EIO;
		send_singly(w, s, i);
		return false;
	}
	/* An ICMP error of an earlier packet stands in the socket and stops one call; this packet has no part in it. */
	if (error != EMSGSIZE && error != EAGAIN && error != ENOBUFS && ++*tries <= 2)
		return true;
	cw_count(w->engine, reason_of(error), packets);
	return false;
}

static void
send_all(struct wire *w, struct wire_sock *s)
{
	struct wire_tx *x = w->tx;
	unsigned i = 0, tries = 0;
	bool trouble = false;

	while (i < x->n) {
		int sent = sendmmsg(s->fd, &x->msg[i], x->n - i, MSG_DONTWAIT);

		w->send_calls++;
		if (sent > 0) {
			i += (unsigned)sent;
			tries = 0;
			continue;
		}
		trouble = true;
		if (!on_refused(w, s, i, errno, &tries)) {
			i++;
			tries = 0;
		}
	}
	x->n = 0;
	if (trouble)
		wire_errors(s);
}

static void
write_some(struct wire *w, struct cw_pkt **v, unsigned n)
{
	struct wire_sock *s = NULL, *next;

	for (unsigned i = 0, k; i < n; i += k) {
		next = sock_for(w, v[i]);
		k = 1;
		if (next && next->proto == IPPROTO_RAW) {
			int error = wire_whole(next, v[i]);

			if (error)
				cw_count(w->engine, reason_of(error), 1);
			continue;
		}
		if (next == NULL || cannot_go(&v[i]->outer)) {
			cw_count(w->engine, next ? CW_DROP_WIRE_OPTIONS : CW_DROP_WIRE_WRITE, 1);
			continue;
		}
		if (s && s != next)
			send_all(w, s);
		s = next;
		k = run_of(w, v, i, n);
		if (k > 1)
			w->send_gso++;
		put_msg(w, v, i, k);
	}
	if (s)
		send_all(w, s);
}

void
wire_write(struct wire *w, struct cw_pkt **v, unsigned n)
{
	while (n > WIRE_BURST) {
		write_some(w, v, WIRE_BURST);
		v += WIRE_BURST;
		n -= WIRE_BURST;
	}
	write_some(w, v, n);
}

void
wire_send_ike(struct wire *w, const struct addr *local, const struct endpoint *remote, struct bytes data)
{
	struct cw_outer o = { .udp = 1, .dst.fam = remote->addr.fam };
	struct wire_sock *s = sock_of(w, &o, false);
	uint8_t zeros[4] = { 0 }, control[WIRE_CMSG] __attribute__((aligned(8))) = { 0 };
	struct iovec iov[2] = { { zeros, sizeof(zeros) }, { (void *)(uintptr_t)data.p, data.n } };
	struct sockaddr_storage to;
	struct msghdr m = { &to, endpoint_to_sa(remote, &to), iov, 2, control, 0, 0 };

	if (s == NULL || m.msg_namelen == 0)
		return;
	if (!addr_is_any(local) && local->fam == remote->addr.fam)
		put_source(&m, local->fam, local->b);
	if (m.msg_controllen == 0)
		m.msg_control = NULL;
	/* A pending ICMP error of an earlier packet stops one call. What the system refuses is like a lost datagram: iked sends again. */
	if (sendmsg(s->fd, &m, MSG_DONTWAIT) < 0 && (wire_errors(s), sendmsg(s->fd, &m, MSG_DONTWAIT) < 0))
		cw_count(w->engine, reason_of(errno), 1);
}
