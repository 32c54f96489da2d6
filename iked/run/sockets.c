/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading UDP 500 by bursts (and 4500 beside a kernel's engine), sending on both, and listening to ICMP. An ICMP error is a hint for `explain` and never more:
 * anybody on the way can forge one (RFC 7296 2.4). A pending one also makes the next send fail that has nothing to do with it, so
 * a failed send is tried once more after the queue of errors was read.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#include "run/sockets.h"

#define BURST		16
#define BURSTS		4	/* a turn of the loop: timers and links get theirs */
#define DATAGRAM	65535
#define ERRORS		64

enum { IKE4, IKE6, NATT4, NATT6, NSOCKETS };
static const char *const names[NSOCKETS] = { "ike4", "ike6", "natt4", "natt6" };

struct slot {
	struct sockaddr_storage	from;
	uint8_t			control[256] __attribute__((aligned(8)));
	uint8_t			data[DATAGRAM];
};

struct sockets {
	struct event_base	*base;
	struct sockets_sink	 sink;
	struct sockets_counters	 count;
	uint16_t		 port, natt_port;
	bool			 reads_natt;
	int			 fd[NSOCKETS];
	struct event		*ev[NSOCKETS];	/* of those that are read */
	struct slot		 slots[BURST];
};

static void
on_error_queue(struct sockets *s, int fd)
{
	for (int i = 0; i < ERRORS; i++) {
		struct sockaddr_storage to;
		uint8_t control[512] __attribute__((aligned(8))), data[64];
		struct iovec iov = { data, sizeof(data) };
		struct msghdr m = { .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &iov, .msg_iovlen = 1,
			.msg_control = control, .msg_controllen = sizeof(control) };
		struct endpoint remote;
		int err;

		if (recvmsg(fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			return;
		if (!icmp_error_get(&m, &remote, &err))
			continue;
		s->count.icmp_errors++;
		s->sink.unreachable(s->sink.ctx, &remote, err);
	}
}

/* RFC 3948 2.2, 2.3: IKE on 4500 has four zero octets in front; what has not is ESP of no SA that lives, or a keepalive. */
static bool
take_marker(struct bytes *b)
{
	static const uint8_t zeros[4];

	if (b->n <= sizeof(zeros) || memcmp(b->p, zeros, sizeof(zeros)) != 0)
		return false;
	*b = bytes_of(b->p + sizeof(zeros), b->n - sizeof(zeros));
	return true;
}

/* A keepalive (RFC 3948 2.3), or ESP: SPI and sequence number at least. */
static void
other_than_ike(struct sockets *s, const struct endpoint *local, const struct endpoint *remote, struct bytes b)
{
	struct rd r = rd_of(b);
	uint32_t spi = rd_u32(&r);

	s->count.not_ike++;
	(void)rd_u32(&r);
	if (rd_ok(&r) && spi && s->sink.stray)
		s->sink.stray(s->sink.ctx, local, remote, spi);
}

static void
one_datagram(struct sockets *s, struct slot *slot, struct mmsghdr *m, bool natt)
{
	struct endpoint local = { .port = natt ? s->natt_port : s->port }, remote;
	struct bytes data = bytes_of(slot->data, m->msg_len);

	s->count.received++;
	if (m->msg_hdr.msg_flags & MSG_TRUNC)
		s->count.truncated++;
	else if (!pktinfo_get(&m->msg_hdr, &local.addr) ||
	    !endpoint_from_sa((struct sockaddr *)&slot->from, m->msg_hdr.msg_namelen, &remote) || remote.port == 0)
		s->count.no_source++;
	else if (natt && !take_marker(&data))
		other_than_ike(s, &local, &remote, data);
	else
		s->sink.packet(s->sink.ctx, &local, &remote, natt, data);
}

/* One burst; false when the socket is empty for now. */
static bool
read_burst(struct sockets *s, int fd)
{
	struct mmsghdr m[BURST];
	struct iovec iov[BURST];
	int n;

	memset(m, 0, sizeof(m));
	for (int i = 0; i < BURST; i++) {
		struct slot *slot = &s->slots[i];

		iov[i] = (struct iovec){ slot->data, sizeof(slot->data) };
		m[i].msg_hdr = (struct msghdr){ .msg_name = &slot->from, .msg_namelen = sizeof(slot->from), .msg_iov = &iov[i],
			.msg_iovlen = 1, .msg_control = slot->control, .msg_controllen = sizeof(slot->control) };
	}
	n = recvmmsg(fd, m, BURST, MSG_DONTWAIT, NULL);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {	/* an ICMP error that is pending: its details are in the queue */
		on_error_queue(s, fd);
		return true;
	}
	for (int i = 0; i < n; i++)
		one_datagram(s, &s->slots[i], &m[i], fd == s->fd[NATT4] || fd == s->fd[NATT6]);
	return n == BURST;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct sockets *s = arg;

	on_error_queue(s, fd);
	for (int i = 0; i < BURSTS && read_burst(s, fd); i++)
		continue;
}

struct sockets *
sockets_new(struct event_base *base, const struct sockets_sink *sink, uint16_t ike_port, uint16_t natt_port, bool reads_natt)
{
	struct sockets *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->base = base;
	s->sink = *sink;
	s->port = ike_port;
	s->natt_port = natt_port;
	s->reads_natt = reads_natt;
	for (int i = 0; i < NSOCKETS; i++)
		s->fd[i] = -1;
	return s;
}

static void
drop(struct sockets *s, int i)
{
	if (s->ev[i])
		event_free(s->ev[i]);
	s->ev[i] = NULL;
	if (s->fd[i] >= 0)
		close(s->fd[i]);
	s->fd[i] = -1;
}

void
sockets_free(struct sockets *s)
{
	for (int i = 0; s && i < NSOCKETS; i++)
		drop(s, i);
	free(s);
}

bool
sockets_give(struct sockets *s, const char *name, int fd)
{
	for (int i = 0; i < NSOCKETS; i++) {
		if (strcmp(name, names[i]) != 0)
			continue;
		drop(s, i);
		s->fd[i] = fd;
		if (i == IKE4 || i == IKE6 || s->reads_natt) {
			s->ev[i] = event_new(s->base, fd, EV_READ | EV_PERSIST, on_readable, s);
			if (s->ev[i])
				event_add(s->ev[i], NULL);
		}
		return true;
	}
	return false;
}

/*
 * IKE messages may be larger than the path's MTU and may be fragmented by IP; whether the path's MTU was learned is ESP's
 * business. On 4500 nothing is set where those sockets are ipsecd's.
 */
void
sockets_prepare(struct sockets *s)
{
	int one = 1, omit4 = IP_PMTUDISC_OMIT, omit6 = IPV6_PMTUDISC_OMIT;

	for (int i = 0; i < NSOCKETS; i++) {
		if (s->fd[i] < 0 || (i >= NATT4 && !s->reads_natt))
			continue;
		if (i == IKE4 || i == NATT4) {
			setsockopt(s->fd[i], IPPROTO_IP, IP_PKTINFO, &one, sizeof(one));
			setsockopt(s->fd[i], IPPROTO_IP, IP_RECVERR, &one, sizeof(one));
			setsockopt(s->fd[i], IPPROTO_IP, IP_MTU_DISCOVER, &omit4, sizeof(omit4));
		} else {
			setsockopt(s->fd[i], IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof(one));
			setsockopt(s->fd[i], IPPROTO_IPV6, IPV6_RECVERR, &one, sizeof(one));
			setsockopt(s->fd[i], IPPROTO_IPV6, IPV6_MTU_DISCOVER, &omit6, sizeof(omit6));
		}
	}
}

/*
 * A source address that this host does not have is EINVAL with IPv6, and ENETUNREACH with IPv4, which is also what a missing route
 * is. So the route is looked up again without the source: MSG_PROBE (of the kernel's socket.h) with MSG_CONFIRM sends nothing.
 */
static int
meaning(int fd, const struct msghdr *sent, int err)
{
	const int probe = 0x10;
	struct msghdr m = { .msg_name = sent->msg_name, .msg_namelen = sent->msg_namelen };

	if (err == EINVAL)
		return EADDRNOTAVAIL;
	if (err == ENETUNREACH && sent->msg_controllen > 0 && sendmsg(fd, &m, probe | MSG_CONFIRM | MSG_DONTWAIT) == 0)
		return EADDRNOTAVAIL;
	return err;
}

int
sockets_send(struct sockets *s, const struct endpoint *local, const struct endpoint *remote, bool natt, bool marker,
    struct bytes data)
{
	static const uint8_t zeros[4];
	struct sockaddr_storage to;
	uint8_t control[CMSG_ROOM] __attribute__((aligned(8)));
	struct iovec iov[2] = { { (void *)(uintptr_t)zeros, marker ? 4 : 0 }, { (void *)(uintptr_t)data.p, data.n } };
	struct msghdr m = { .msg_name = &to, .msg_iov = iov, .msg_iovlen = 2 };
	int fd = s->fd[(natt ? NATT4 : IKE4) + (remote->addr.fam == 6)], err = 0;

	m.msg_namelen = endpoint_to_sa(remote, &to);
	if (fd < 0 || m.msg_namelen == 0)
		return EAFNOSUPPORT;
	pktinfo_put(&m, control, &local->addr);
	for (int try = 0; try < 2; try++) {
		if (sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
			s->count.sent++;
			return 0;
		}
		err = errno;
		if (err == EINTR)
			continue;
		if (err == EAGAIN || err == EINVAL || (natt && !s->reads_natt))
			break;
		on_error_queue(s, fd);
	}
	s->count.send_failed++;
	return meaning(fd, &m, err);
}

const struct sockets_counters *
sockets_counters(const struct sockets *s)
{
	return &s->count;
}
