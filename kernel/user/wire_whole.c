/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A packet that leaves as it is, with its own IP header: AH's, one in transport mode with options or extension headers, what IPComp in transport
 * mode could not make smaller, and what a policy of the level use lets go without an SA. The system does not cut such
 * packets, so that is done here: IPv4 without DF (RFC 791 3.2), and IPv6, whose sender is this host (RFC 8200 4.5).
 */
#include <errno.h>
#include <string.h>

#include "wire_buf.h"

static int
send_one(struct wire_sock *s, const struct cw_outer *o, const uint8_t *head, size_t nhead, const uint8_t *text, size_t n)
{
	struct iovec iov[2] = { { (void *)(uintptr_t)head, nhead }, { (void *)(uintptr_t)text, n } };
	struct sockaddr_storage to;
	struct endpoint dst = { { o->dst.fam, { 0 } }, 0 };
	struct msghdr m = { &to, 0, iov, 2, NULL, 0, 0 };

	memcpy(dst.addr.b, o->dst.b, sizeof(dst.addr.b));
	m.msg_namelen = endpoint_to_sa(&dst, &to);
	/* A pending ICMP error of an earlier packet stops one call. */
	if (sendmsg(s->fd, &m, MSG_DONTWAIT) >= 0 || (wire_errors(s), sendmsg(s->fd, &m, MSG_DONTWAIT) >= 0))
		return 0;
	return errno;
}

/*
 * Pieces are told by their identification (RFC 791 3.2), and a header with none gets one from the system for each of them. A packet that
 * had DF had no need of one (RFC 6864 4.1); it has now, one that the last of these ends did not have (4.2).
 */
static void
identify(struct wire *w, uint8_t *head)
{
	if (head[4] | head[5])
		return;
	if (w->identification == 0)
		host_random(&w->identification, sizeof(w->identification));
	if (++w->identification == 0)
		w->identification = 1;
	head[4] = (uint8_t)(w->identification >> 8);
	head[5] = (uint8_t)w->identification;
}

/*
 * The header of a later piece, of the first one's: of the options it has those that say so by their highest bit (RFC 791 3.1), the rest are for
 * the first alone. Its length.
 */
static size_t
later4(uint8_t *head, size_t n)
{
	size_t to = 20;

	for (size_t from = 20, len; from < n && head[from] != 0; from += len) {
		len = head[from] == 1 ? 1 : from + 1 < n ? head[from + 1] : 0;
		if (len == 0 || (len < 2 && head[from] != 1) || len > n - from)
			break;		/* no option: nor is what follows */
		if (head[from] & 0x80) {
			memmove(head + to, head + from, len);
			to += len;
		}
	}
	while (to % 4)
		head[to++] = 0;
	head[0] = (uint8_t)(0x40 | to / 4);
	return to;
}

/* The system makes length and checksum of an IPv4 header anew. */
static int
cut4(struct wire_sock *s, const struct cw_outer *o, const uint8_t *ip, const uint8_t *text, size_t n, size_t piece)
{
	unsigned field = (unsigned)ip[6] << 8 | ip[7];
	size_t nhead = o->hlen;
	uint8_t head[60];
	int error = 0;

	memcpy(head, ip, o->hlen);
	identify(s->w, head);
	for (size_t at = 0, k; at < n && error == 0; at += k) {
		unsigned f;

		k = n - at < piece ? n - at : piece;
		f = field + (unsigned)(at / 8);
		if (at + k < n)
			f |= 0x2000;
		head[6] = (uint8_t)(f >> 8);
		head[7] = (uint8_t)f;
		error = send_one(s, o, head, nhead, text + at, k);
		if (at == 0)
			nhead = later4(head, nhead);
	}
	return error;
}

/*
 * RFC 8200 4.5: every piece has what routers on the way look at, up to the options of each hop or to the last routing header. So many octets of
 * these hlen; *next is where they say what follows. 0: it is a piece itself, which is not cut on.
 */
static size_t
front6(const uint8_t *ip, size_t hlen, size_t *next)
{
	size_t front = 40;
	unsigned kind = ip[6];

	*next = 6;
	for (size_t at = 40, len; at + 8 <= hlen; at += len) {
		if (kind == IPPROTO_FRAGMENT)
			return 0;
		len = 8u * (ip[at + 1] + 1u);
		if (len > hlen - at)
			break;
		if (kind == IPPROTO_HOPOPTS || kind == IPPROTO_ROUTING) {
			front = at + len;
			*next = at;
		}
		kind = ip[at];
	}
	return front;
}

/* The packet of n octets at ip. What every piece has is no longer than a header of AH's. */
static int
cut6(struct wire_sock *s, const struct cw_outer *o, const uint8_t *ip, size_t n, size_t mtu)
{
	size_t next, front = front6(ip, o->hlen, &next), room = mtu > front + 16 ? (mtu - front - 8) & ~(size_t)7 : 0;
	uint8_t head[CW_AH_FRONT + 8], *f;
	const uint8_t *text = ip + front;
	int error = 0;

	if (front == 0 || room == 0 || front > CW_AH_FRONT)
		return EMSGSIZE;
	n -= front;
	f = head + front;
	memcpy(head, ip, front);
	f[0] = head[next];
	f[1] = 0;
	head[next] = IPPROTO_FRAGMENT;
	host_random(f + 4, 4);
	for (size_t at = 0, k; at < n && error == 0; at += k) {
		size_t after;

		k = n - at < room ? n - at : room;
		after = front - 40 + 8 + k;
		head[4] = (uint8_t)(after >> 8);
		head[5] = (uint8_t)after;
		f[2] = (uint8_t)(at >> 8);
		f[3] = (uint8_t)(at | (at + k < n));
		error = send_one(s, o, head, front + 8, text + at, k);
	}
	return error;
}

int
wire_whole(struct wire_sock *s, struct cw_pkt *p)
{
	const struct cw_outer *o = &p->outer;
	const uint8_t *text = cw_pkt_data(p), *ip = text - o->hlen;
	size_t mtu = o->piece ? o->piece : 1280, n = o->hlen + p->len;
	int error;

	if (o->piece == 0 && (error = send_one(s, o, ip, o->hlen, text, p->len)) != EMSGSIZE)
		return error;	/* the path is not known: as the device takes it */
	if (n <= mtu || (o->dst.fam == 4 && (ip[6] & 0x40)))
		return send_one(s, o, ip, o->hlen, text, p->len);
	if (o->dst.fam == 6)
		return cut6(s, o, ip, n, mtu);
	return cut4(s, o, ip, text, p->len, mtu > o->hlen + 16u ? (mtu - o->hlen) & ~(size_t)7 : 8);
}
