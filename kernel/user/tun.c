/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Packets from and to the device (device.c has what is set on it). */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "device.h"
#include "gso.h"
#include "tun.h"

static uint8_t in[POOL_LARGE + 64];	/* what was read: it is copied before the next is */

bool
tun_attach(struct tun *t, const char *name, const char **step)
{
	struct ifreq r = { 0 };
	int size = sizeof(struct virtio_net_hdr);

	*step = "opening /dev/net/tun";
	t->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (t->fd < 0)
		return false;
	r.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	*step = "making the device";
	if (ioctl(t->fd, TUNSETIFF, &r) < 0 || ioctl(t->fd, TUNSETVNETHDRSZ, &size) < 0)
		return false;
	snprintf(t->name, sizeof(t->name), "%s", r.ifr_name);
	*step = "the device's offloads";
	return ioctl(t->fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6) == 0;
}

bool
tun_open(struct tun *t, const char *name, const char **step)
{
	return tun_attach(t, name, step) && device_set_up(t->name, &t->ifindex, step);
}

static void
on_write(void *ctx, struct iovec *iov, unsigned n, size_t len, unsigned packets)
{
	struct tun *t = ctx;

	if (writev(t->fd, iov, (int)n) < 0)
		cw_count(t->engine, CW_DROP_PLAIN_WRITE, packets);
}

void
tun_write(struct tun *t, struct cw_pkt **v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		gro_add(&t->gro, cw_pkt_data(v[i]), v[i]->len);
	gro_flush(&t->gro);
}

struct burst {
	struct tun	*t;
	uint64_t	now;
	unsigned	n;
	struct cw_pkt	*v[TUN_BURST];
};

static void
burst_flush(struct burst *b)
{
	if (b->n)
		cw_plain_in(b->t->engine, b->v, b->n, b->now);
	b->n = 0;
}

static void
burst_add(struct burst *b, struct cw_pkt *p)
{
	b->v[b->n++] = p;
	if (b->n == TUN_BURST)
		burst_flush(b);
}

/* One super packet of TCP: as many packets as the sender's stack would have sent. */
static void
take_gso(struct burst *b, const struct virtio_net_hdr *vh, const uint8_t *pkt, size_t len)
{
	struct gso g;
	size_t most, n;

	if (!gso_begin(&g, vh, pkt, len)) {
		cw_count(b->t->engine, CW_DROP_OFFLOAD, 1);
		return;
	}
	most = g.hlen + (g.mss < len - g.hlen ? g.mss : len - g.hlen);
	for (;;) {
		struct cw_pkt *p = pool_get(b->t->pool, most);

		if (p == NULL) {
			cw_count(b->t->engine, CW_DROP_NO_BUFFER, 1);
			return;
		}
		n = gso_next(&g, cw_pkt_data(p), most);
		if (n == 0) {
			pool_put(b->t->pool, p);
			return;
		}
		p->len = (uint32_t)n;
		p->iface = b->t->iface;
		burst_add(b, p);
	}
}

static void
take_single(struct burst *b, const struct virtio_net_hdr *vh, uint8_t *pkt, size_t len)
{
	static const uint8_t unspecified[16];
	struct cw_pkt *p;

	/* The system's own chatter on its new link (multicast listener reports): never to be forwarded, RFC 4291 2.5.2. */
	if (len >= 40 && pkt[0] >> 4 == 6 && memcmp(pkt + 8, unspecified, 16) == 0)
		return;
	if (!gso_finish(vh, pkt, len)) {
		cw_count(b->t->engine, CW_DROP_OFFLOAD, 1);
		return;
	}
	p = pool_get(b->t->pool, len);
	if (p == NULL) {
		cw_count(b->t->engine, CW_DROP_NO_BUFFER, 1);
		return;
	}
	memcpy(cw_pkt_data(p), pkt, len);
	p->iface = b->t->iface;
	burst_add(b, p);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct tun *t = arg;
	struct burst b = { .t = t, .now = clock_now_ns() };
	struct virtio_net_hdr vh;

	for (unsigned i = 0; i < TUN_READS; i++) {
		struct iovec iov[2] = { { &vh, sizeof(vh) }, { in, sizeof(in) } };
		ssize_t n = readv(t->fd, iov, 2);

		if (n < 0 && errno == EBADFD)	/* somebody deleted the device: there is nothing to wait for any more */
			event_del(t->ev);
		if (n <= (ssize_t)sizeof(vh))
			break;
		n -= (ssize_t)sizeof(vh);
		if (vh.gso_type != VIRTIO_NET_HDR_GSO_NONE)
			take_gso(&b, &vh, in, (size_t)n);
		else
			take_single(&b, &vh, in, (size_t)n);
	}
	burst_flush(&b);
}

bool
tun_start(struct tun *t, struct event_base *base, struct cw_engine *engine, struct pool *pool)
{
	t->engine = engine;
	t->pool = pool;
	gro_init(&t->gro, on_write, t);
	t->ev = event_new(base, t->fd, EV_READ | EV_PERSIST, on_readable, t);
	return t->ev && event_add(t->ev, NULL) == 0;
}

void
tun_close(struct tun *t)
{
	if (t->ev)
		event_free(t->ev);
	if (t->fd >= 0)
		close(t->fd);
	t->ev = NULL;
	t->fd = -1;
}
