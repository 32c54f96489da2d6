/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The device has MTU 65535, so that the system never fragments before us; the engine tells senders what fits. An address-less TUN
 * is dropped by the reverse path filter in both its modes; src_valid_mark together with the mark that the guard sets on what
 * comes from it makes the filter look in our table (measured: neither alone is enough). For the same filter's sake the engine's
 * ICMP errors carry the address that the refused packet was sent to: an address of this gateway would not pass.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "gso.h"
#include "tun.h"

static bool
set_sysctl(const char *family, const char *name, const char *key, const char *value)
{
	char path[128];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/%s", family, name, key);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = write(fd, value, strlen(value));
		close(fd);
	}
	return n > 0;
}

static bool
set_device(struct tun *t, const char **step)
{
	struct ifreq r = { 0 };
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool ok = false;

	*step = "setting the device up";
	if (s < 0)
		return false;
	memcpy(r.ifr_name, t->name, sizeof(t->name));
	r.ifr_mtu = 65535;
	if (ioctl(s, SIOCSIFMTU, &r) < 0 || ioctl(s, SIOCGIFINDEX, &r) < 0)
		goto out;
	t->ifindex = (uint32_t)r.ifr_ifindex;
	*step = "setting net.ipv4.conf of the device";
	if (!set_sysctl("ipv4", t->name, "rp_filter", "0") || !set_sysctl("ipv4", t->name, "src_valid_mark", "1"))
		goto out;
	/*
	 * With a policy for everything the way back to the peer's address is the TUN too, and a strict filter would drop its ESP;
	 * the guard marks that as ours, and the filter of every interface is told to mind the mark.
	 */
	if (!set_sysctl("ipv4", "all", "src_valid_mark", "1"))
		goto out;
	set_sysctl("ipv4", t->name, "send_redirects", "0");
	/* Nobody else is on this link: no link-local address, no solicitations. Absent where IPv6 is switched off. */
	set_sysctl("ipv6", t->name, "addr_gen_mode", "1");
	set_sysctl("ipv6", t->name, "router_solicitations", "0");
	set_sysctl("ipv6", t->name, "accept_ra", "0");
	*step = "switching the device on";
	r.ifr_flags = IFF_UP | IFF_RUNNING | IFF_POINTOPOINT | IFF_NOARP;
	ok = ioctl(s, SIOCSIFFLAGS, &r) == 0;
out:
	close(s);
	return ok;
}

bool
tun_open(struct tun *t, const char *name, const char **step)
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
	if (ioctl(t->fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6) < 0)
		return false;
	return set_device(t, step);
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
	burst_add(b, p);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct tun *t = arg;
	struct burst b = { .t = t, .now = clock_now_ns() };
	struct virtio_net_hdr vh;

	for (unsigned i = 0; i < TUN_READS; i++) {
		struct iovec iov[2] = { { &vh, sizeof(vh) }, { t->in, sizeof(t->in) } };
		ssize_t n = readv(t->fd, iov, 2);

		if (n <= (ssize_t)sizeof(vh))
			break;
		n -= (ssize_t)sizeof(vh);
		if (vh.gso_type != VIRTIO_NET_HDR_GSO_NONE)
			take_gso(&b, &vh, t->in, (size_t)n);
		else
			take_single(&b, &vh, t->in, (size_t)n);
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
