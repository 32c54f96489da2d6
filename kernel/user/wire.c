/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The sockets. The supervisor's have DF set ("probe": the system's learned path MTU is not used, the engine has its own); for
 * packets that may be fragmented a second one of each kind is opened here, since IPv4 has no DF flag per packet. With IPv6 only
 * the sender fragments, so there that socket does use the learned path MTU.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire.h"
#include "wire_buf.h"

static bool
opt(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

/* An IPv6 raw socket gives no IP header, which AH covers and transport mode puts back: what stood before it comes beside the datagram. */
static bool
show_headers(const struct wire_sock *s)
{
	if (s->udp || s->fam != 6 || (s->proto != IPPROTO_ESP && s->proto != IPPROTO_AH && s->proto != IPPROTO_COMP))
		return true;
	return opt(s->fd, IPPROTO_IPV6, IPV6_RECVHOPOPTS, 1) && opt(s->fd, IPPROTO_IPV6, IPV6_RECVRTHDR, 1) &&
	    opt(s->fd, IPPROTO_IPV6, IPV6_RECVDSTOPTS, 1) && opt(s->fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
}

/* What every socket needs, whoever made it. */
static bool
set_options(const struct wire_sock *s)
{
	int one = 1;
	bool ok;

	if (s->fam == 4)
		ok = opt(s->fd, IPPROTO_IP, IP_PKTINFO, 1) && opt(s->fd, IPPROTO_IP, IP_RECVTOS, 1) && opt(s->fd, IPPROTO_IP, IP_RECVERR, 1) &&
		    opt(s->fd, IPPROTO_IP, IP_MTU_DISCOVER, s->df ? IP_PMTUDISC_PROBE : IP_PMTUDISC_OMIT);
	else
		ok = opt(s->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) && opt(s->fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1) &&
		    opt(s->fd, IPPROTO_IPV6, IPV6_RECVERR, 1) &&
		    opt(s->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, s->df ? IPV6_PMTUDISC_PROBE : IPV6_PMTUDISC_DONT);
	if (s->udp)	/* every member of the group, or none is aggregated */
		setsockopt(s->fd, IPPROTO_UDP, UDP_GRO, &one, sizeof(one));
	return ok && show_headers(s);
}

static bool
add(struct wire *w, int fd, uint8_t fam, bool udp, uint8_t proto, bool df)
{
	struct wire_sock *s = &w->sock[w->nsocks];

	if (w->nsocks == WIRE_SOCKS)
		return false;
	*s = (struct wire_sock){ w, NULL, fd, fam, udp, proto, df };
	w->nsocks++;
	return set_options(s);
}

bool
wire_add(struct wire *w, int fd, uint8_t fam, bool udp)
{
	struct sockaddr_storage ss;
	socklen_t n = sizeof(ss);
	struct endpoint local;

	if (getsockname(fd, (struct sockaddr *)&ss, &n) < 0)
		return false;
	if (ss.ss_family != (fam == 4 ? AF_INET : AF_INET6))
		return false;
	if (udp && endpoint_from_sa((struct sockaddr *)&ss, n, &local))
		w->port = local.port;
	return add(w, fd, fam, udp, IPPROTO_ESP, true);
}

/* A raw socket gets a copy of everything its protocol receives; one that only sends throws it away. */
static bool
deaf(int fd)
{
	struct sock_filter none = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog prog = { 1, &none };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) == 0;
}

static int
socket_of(uint8_t fam, bool udp, uint8_t proto)
{
	int size = 8 << 20, fd = socket(fam == 4 ? AF_INET : AF_INET6, (udp ? SOCK_DGRAM : SOCK_RAW) | SOCK_CLOEXEC | SOCK_NONBLOCK, udp ? 0 : proto);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (opt(fd, SOL_SOCKET, SO_MARK, 0x4d00) && (!udp || fam == 4 || opt(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)))
		return fd;
	close(fd);
	return -1;
}

static bool
keep(struct wire *w, int fd, const struct wire_sock *kind, bool df)
{
	if (add(w, fd, kind->fam, kind->udp, kind->proto, df))
		return true;
	w->nsocks--;
	close(fd);
	return false;
}

static bool
open_like(struct wire *w, const struct wire_sock *like)
{
	struct sockaddr_storage ss;
	socklen_t n = sizeof(ss);
	int fd = socket_of(like->fam, like->udp, like->proto);
	bool ok;

	if (fd < 0)
		return false;
	if (like->udp)
		ok = opt(fd, SOL_SOCKET, SO_REUSEPORT, 1) && getsockname(like->fd, (struct sockaddr *)&ss, &n) == 0 &&
		    bind(fd, (struct sockaddr *)&ss, n) == 0;
	else
		ok = deaf(fd);
	if (ok)
		return keep(w, fd, like, false);
	close(fd);
	return false;
}

/*
 * AH's, which only listens; IPComp's, and those for what it leaves as it was: an IP packet in an IP packet; and, sent only, a packet as it is,
 * which AH's are too, and those with options in front of their transform. No supervisor keeps these: the moment that ipsecd is away costs packets,
 * but nothing that was protected.
 */
static bool
open_others(struct wire *w, uint8_t fam)
{
	static const uint8_t protos[] = { IPPROTO_AH, IPPROTO_COMP, IPPROTO_IPIP, IPPROTO_IPV6, IPPROTO_RAW };

	for (unsigned i = 0; i < sizeof(protos); i++) {
		struct wire_sock kind = { .fam = fam, .proto = protos[i] };
		int fd = socket_of(fam, false, kind.proto);

		if (fd < 0 || !keep(w, fd, &kind, true))
			return false;
		if (kind.proto == IPPROTO_RAW) {	/* an IPv4 one has its header from us as it is */
			if (!deaf(fd) || (fam == 6 && !opt(fd, IPPROTO_IPV6, IPV6_HDRINCL, 1)))
				return false;
		} else if (kind.proto != IPPROTO_AH && !open_like(w, &kind)) {
			return false;
		}
	}
	return true;
}

bool
wire_open_more(struct wire *w)
{
	unsigned given = w->nsocks;
	bool have[2][2] = { { false } };

	for (unsigned i = 0; i < given; i++) {
		struct wire_sock *s = &w->sock[i];

		if (have[s->udp][s->fam == 6])
			continue;
		have[s->udp][s->fam == 6] = true;
		if (!open_like(w, s) || (!s->udp && !open_others(w, s->fam)))
			return false;
	}
	return true;
}

bool
wire_start(struct wire *w, struct event_base *base, struct cw_engine *engine, const struct wire_ops *ops)
{
	w->engine = engine;
	w->ops = *ops;
	w->rx = calloc(1, sizeof(*w->rx));
	w->tx = calloc(1, sizeof(*w->tx));
	if (w->rx == NULL || w->tx == NULL)
		return false;
	for (unsigned i = 0; i < w->nsocks; i++) {
		struct wire_sock *s = &w->sock[i];

		s->ev = event_new(base, s->fd, EV_READ | EV_PERSIST, wire_readable, s);
		if (s->ev == NULL || event_add(s->ev, NULL) != 0)
			return false;
	}
	return true;
}

void
wire_close(struct wire *w)
{
	for (unsigned i = 0; i < w->nsocks; i++) {
		if (w->sock[i].ev)
			event_free(w->sock[i].ev);
		close(w->sock[i].fd);
	}
	w->nsocks = 0;
	free(w->rx);
	free(w->tx);
	w->rx = NULL;
	w->tx = NULL;
}
