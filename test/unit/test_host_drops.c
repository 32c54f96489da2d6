/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The drop reasons of the user-space host: its own TUN, socket and relay code around a real engine, with descriptors of the
 * test's: a socketpair in the TUN's place (the vnet header and the packet are one datagram there too) and a UDP socket on
 * loopback. Each fault raises its own counter by the number of packets that were lost, and no other.
 */
#include "test.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "csum.h"
#include "gso.h"
#include "ipsecd.h"
#include "msg_esp.h"

struct rig {
	struct host	h;
	int		tun;		/* the system's side of the TUN */
	int		peer;		/* a UDP socket that sends to ours */
	unsigned	relayed;
	uint64_t	base[CW_COUNTERS];
};

/* What ipsecd has besides packets plays no part here: no client, no policy, no path is ever asked for. */
bool
sadb_out(struct sadb *s, void *client, const uint8_t *msg, size_t len, bool may_refuse)
{
	fail_msg("PF_KEY has no client here");
	return false;
}

void
net_changed(struct net *n)
{
	fail_msg("no policy changes here");
}

/* None is named here: a packet of one is one whose device has gone. */
int ifaces_hold(struct ifaces *f, const char *name, uint32_t *num) { fail_msg("no interface is named here"); return EOPNOTSUPP; }
void ifaces_put(struct ifaces *f, uint32_t num) { }
uint32_t ifaces_find(const struct ifaces *f, const char *name) { return 0; }
struct tun *ifaces_tun(struct ifaces *f, uint32_t num) { return NULL; }

uint32_t
nl_path(struct nl *n, const struct addr *src, const struct addr *dst)
{
	fail_msg("no SA is made here");
	return 0;
}

static int
udp_on_loopback(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static void
mark(struct rig *r)
{
	for (unsigned i = 0; i < CW_COUNTERS; i++)
		r->base[i] = cw_counter(r->h.engine, i);
}

static struct rig *
rig_make(void)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct wire_ops ops = { relay_ike, NULL };
	int p[2];

	assert_non_null(r);
	r->h.base = event_base_new();
	r->h.engine = cw_new(&r->h);
	assert_non_null(r->h.engine);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, p), 0);
	r->h.tun.fd = p[0];
	r->tun = p[1];
	assert_true(tun_start(&r->h.tun, r->h.base, r->h.engine, &r->h.pool));
	assert_true(wire_add(&r->h.wire, udp_on_loopback(), 4, true));
	ops.ctx = &r->h;
	assert_true(wire_start(&r->h.wire, r->h.base, r->h.engine, &ops));
	r->peer = udp_on_loopback();
	mark(r);
	return r;
}

static void
rig_end(struct rig *r)
{
	wire_close(&r->h.wire);
	tun_close(&r->h.tun);
	if (r->tun >= 0)
		close(r->tun);
	close(r->peer);
	ipc_free(r->h.iked);
	cw_free(r->h.engine);
	host_turn_end();
	pool_fini(&r->h.pool);
	event_base_free(r->h.base);
	free(r);
}

/* Since mark(): n drops, all for this reason. */
static void
dropped(struct rig *r, unsigned reason, uint64_t n)
{
	for (unsigned i = 1; i < CW_TOTAL_PLAIN_IN; i++) {
		uint64_t rose = cw_counter(r->h.engine, i) - r->base[i], wanted = i == reason ? n : 0;

		if (rose != wanted)
			fail_msg("%s rose by %u and not by %u", cw_counter_name(i), (unsigned)rose, (unsigned)wanted);
	}
	assert_int_equal(cw_counter(r->h.engine, CW_TOTAL_DROPS) - r->base[CW_TOTAL_DROPS], n);
	mark(r);
}

/* Turn the loop until nothing more comes. */
static void
turn(struct rig *r)
{
	for (unsigned i = 0; i < 20; i++) {
		event_base_loop(r->h.base, EVLOOP_NONBLOCK);
		usleep(500);
	}
}

/* IPv4 and UDP or TCP from 10.0.1.5 to 10.0.2.6, n octets in all; only the checksum of the IP header is looked at. */
static void
packet(uint8_t *p, size_t n, uint8_t proto)
{
	static const uint8_t ends[8] = { 10, 0, 1, 5, 10, 0, 2, 6 };

	memset(p, 0, n);
	p[0] = 0x45;
	p[2] = (uint8_t)(n >> 8);
	p[3] = (uint8_t)n;
	p[8] = 64;
	p[9] = proto;
	memcpy(p + 12, ends, 8);
	csum_ipv4(p, 20);
	p[23] = 80;
	if (proto == IPPROTO_TCP) {
		p[32] = 5 << 4;
		p[33] = 0x10;
	} else {
		p[24] = (uint8_t)((n - 20) >> 8);
		p[25] = (uint8_t)(n - 20);
	}
}

/* The system sends a packet into the TUN. */
static void
from_system(struct rig *r, struct virtio_net_hdr vh, const uint8_t *p, size_t n)
{
	struct iovec iov[2] = { { &vh, sizeof(vh) }, { (void *)p, n } };

	assert_int_equal(writev(r->tun, iov, 2), sizeof(vh) + n);
	turn(r);
}

static struct cw_pkt *
pool_packet(struct rig *r, size_t n)
{
	struct cw_pkt *p = pool_get(&r->h.pool, n);

	assert_non_null(p);
	packet(cw_pkt_data(p), n, IPPROTO_UDP);
	p->verdict = CW_DELIVER;
	p->checked = 1;
	return p;
}

static void
route_loop(void **state)
{
	struct rig *r = rig_make();
	uint8_t p[100];

	packet(p, sizeof(p), IPPROTO_UDP);
	from_system(r, (struct virtio_net_hdr){ 0 }, p, sizeof(p));
	dropped(r, CW_DROP_ROUTE_LOOP, 1);
	assert_true(read(r->tun, p, sizeof(p)) < 0);
	rig_end(r);
}

static void
not_checked(void **state)
{
	struct rig *r = rig_make();
	struct cw_pkt *p = pool_packet(r, 100);
	uint8_t got[200];

	p->checked = 0;
	host_plain_out(&r->h, &p, 1);
	dropped(r, CW_DROP_NOT_CHECKED, 1);
	assert_true(read(r->tun, got, sizeof(got)) < 0);
	/* one that was checked passes */
	p = pool_packet(r, 100);
	host_plain_out(&r->h, &p, 1);
	dropped(r, CW_DROP_NONE, 0);
	assert_int_equal(read(r->tun, got, sizeof(got)), sizeof(struct virtio_net_hdr) + 100);
	rig_end(r);
}

/* Headers that cannot be true of the packet behind them. */
static void
offload(void **state)
{
	static const struct virtio_net_hdr vh[] = {
		{ .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 0 },
		{ .gso_type = VIRTIO_NET_HDR_GSO_TCPV6, .gso_size = 500 },
		{ .gso_type = VIRTIO_NET_HDR_GSO_UDP, .gso_size = 500 },
		{ .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 5000, .csum_offset = 16 },
		{ .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 20, .csum_offset = 65535 },
	};
	struct rig *r = rig_make();
	uint8_t p[1500];

	packet(p, sizeof(p), IPPROTO_TCP);
	for (unsigned i = 0; i < sizeof(vh) / sizeof(vh[0]); i++) {
		from_system(r, vh[i], p, sizeof(p));
		dropped(r, CW_DROP_OFFLOAD, 1);
	}
	/* a header that fits: three segments come to the engine */
	from_system(r, (struct virtio_net_hdr){ .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 500 }, p, sizeof(p));
	dropped(r, CW_DROP_ROUTE_LOOP, 3);
	rig_end(r);
}

static void
no_buffer(void **state)
{
	struct rig *r = rig_make();
	uint8_t p[1500];

	packet(p, sizeof(p), IPPROTO_TCP);
	r->h.pool.made[0] = POOL_NSMALL;	/* all of them are with somebody */
	from_system(r, (struct virtio_net_hdr){ 0 }, p, sizeof(p));
	dropped(r, CW_DROP_NO_BUFFER, 1);
	from_system(r, (struct virtio_net_hdr){ .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 500 }, p, sizeof(p));
	dropped(r, CW_DROP_NO_BUFFER, 1);
	r->h.pool.made[0] = 0;
	from_system(r, (struct virtio_net_hdr){ 0 }, p, sizeof(p));
	dropped(r, CW_DROP_ROUTE_LOOP, 1);
	rig_end(r);
}

static void
plain_write(void **state)
{
	struct rig *r = rig_make();
	struct cw_pkt *v[3];
	struct gso g;
	uint8_t p[1500];

	/* full: the system reads nothing */
	while (write(r->h.tun.fd, p, 1) == 1)
		;
	v[0] = pool_packet(r, 100);
	host_plain_out(&r->h, v, 1);
	dropped(r, CW_DROP_PLAIN_WRITE, 1);
	while (read(r->tun, p, sizeof(p)) > 0)
		;
	v[0] = pool_packet(r, 100);
	host_plain_out(&r->h, v, 1);
	dropped(r, CW_DROP_NONE, 0);
	/* gone: three packets of one flow, which would have been one write */
	close(r->tun);
	r->tun = -1;
	packet(p, sizeof(p), IPPROTO_TCP);
	assert_true(gso_begin(&g, &(struct virtio_net_hdr){ .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 500 }, p, sizeof(p)));
	for (unsigned i = 0; i < 3; i++) {
		v[i] = pool_packet(r, 540);
		v[i]->len = (uint32_t)gso_next(&g, cw_pkt_data(v[i]), 540);
		assert_true(v[i]->len > 40);
	}
	host_plain_out(&r->h, v, 3);
	dropped(r, CW_DROP_PLAIN_WRITE, 3);
	rig_end(r);
}

/* A sealed packet of n octets to an address. */
static struct cw_pkt *
sealed(struct rig *r, size_t n, const char *to)
{
	struct cw_pkt *p = pool_packet(r, n);
	struct addr a;

	assert_true(addr_parse(to, &a));
	p->verdict = CW_SEALED;
	p->outer = (struct cw_outer){ .sport = r->h.wire.port, .dport = 9, .udp = 1, .ttl = 64, .df = 1 };
	p->outer.dst.fam = a.fam;
	memcpy(p->outer.dst.b, a.b, sizeof(a.b));
	return p;
}

static uint16_t
port_of(int fd)
{
	struct sockaddr_in a;
	socklen_t n = sizeof(a);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	return ntohs(a.sin_port);
}

/* What can be sent arrives; nothing is counted. */
static void
still_sends(struct rig *r)
{
	struct cw_pkt *p = sealed(r, 100, "127.0.0.1");
	uint8_t got[200];

	p->outer.dport = port_of(r->peer);
	host_wire_out(&r->h, &p, 1);
	dropped(r, CW_DROP_NONE, 0);
	assert_int_equal(recv(r->peer, got, sizeof(got), 0), 100);
}

static void
wire_refused(void **state)
{
	struct rig *r = rig_make();
	struct cw_pkt *v[3];

	/* there is no socket of this family */
	v[0] = sealed(r, 100, "fd00::1");
	host_wire_out(&r->h, v, 1);
	dropped(r, CW_DROP_WIRE_WRITE, 1);
	/* without SO_BROADCAST the system refuses; one datagram of three packets */
	for (unsigned i = 0; i < 3; i++)
		v[i] = sealed(r, 100, "255.255.255.255");
	host_wire_out(&r->h, v, 3);
	dropped(r, CW_DROP_WIRE_WRITE, 3);
	still_sends(r);
	rig_end(r);
}

static void
wire_too_big(void **state)
{
	struct rig *r = rig_make();
	struct cw_pkt *p = sealed(r, 65530, "127.0.0.1");	/* with UDP's header more than a length field says */

	host_wire_out(&r->h, &p, 1);
	dropped(r, CW_DROP_WIRE_TOO_BIG, 1);
	still_sends(r);
	rig_end(r);
}

/* Transport mode: the socket makes the header anew, so one with options cannot go; what comes behind it in the burst does. */
static void
wire_options(void **state)
{
	struct rig *r = rig_make();
	struct cw_pkt *v[2] = { sealed(r, 100, "127.0.0.1"), sealed(r, 100, "127.0.0.1") };
	uint8_t got[200];

	v[0]->outer.hlen = 24;
	v[1]->outer.hlen = 20;
	v[0]->outer.dport = v[1]->outer.dport = port_of(r->peer);
	host_wire_out(&r->h, v, 2);
	dropped(r, CW_DROP_WIRE_OPTIONS, 1);
	assert_int_equal(recv(r->peer, got, sizeof(got), 0), 100);
	assert_true(recv(r->peer, got, sizeof(got), 0) < 0);
	rig_end(r);
}

static void
from_peer(struct rig *r, const void *p, size_t n)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(r->h.wire.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	assert_int_equal(sendto(r->peer, p, n, 0, (struct sockaddr *)&a, sizeof(a)), n);
	turn(r);
}

static bool
on_relayed(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct rig *r = ctx;
	struct relay got;

	r->relayed++;
	return relay_get(&m->body, &got) && got.data.n == 4 && memcmp(got.data.p, "IKE!", 4) == 0;
}

static void
relay_failed(void **state)
{
	static const struct ipc_row row = { RELAY_IKE, "relay", IPC_AFTER_HELLO, IPC_MAX, on_relayed };
	static const struct ipc_table table = { "ipsecd-iked", &row, 1, NULL, NULL };
	static const uint8_t ike[] = { 0, 0, 0, 0, 'I', 'K', 'E', '!' };
	struct rig *r = rig_make();
	struct ipc *iked;
	int p[2];

	from_peer(r, ike, sizeof(ike));		/* no link yet */
	dropped(r, CW_DROP_RELAY_FAILED, 1);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, p), 0);
	assert_true(relay_link(&r->h, p[0]));
	from_peer(r, ike, sizeof(ike));		/* a link, but nobody has said HELLO */
	dropped(r, CW_DROP_RELAY_FAILED, 1);
	iked = ipc_new(r->h.base, p[1], &table, r);
	assert_non_null(iked);
	turn(r);
	from_peer(r, ike, sizeof(ike));
	dropped(r, CW_DROP_NONE, 0);
	assert_int_equal(r->relayed, 1);
	ipc_free(iked);
	turn(r);
	from_peer(r, ike, sizeof(ike));		/* iked has ended */
	dropped(r, CW_DROP_RELAY_FAILED, 1);
	rig_end(r);
}

/* One message of iked's, to be sent. False: ipsecd closed the link. */
static bool
ask(struct rig *r, struct ipc *iked, const struct endpoint *to, size_t n, size_t cut)
{
	static uint8_t octets[65535], buf[IPC_MAX];
	struct relay m = { .local.addr = to->addr, .remote = *to, .data = bytes_of(octets, n) };
	struct wr w = wr_of(buf, IPC_MAX - IPC_HEAD);

	memset(octets, 'x', sizeof(octets));
	relay_put(&w, &m);
	assert_true(wr_ok(&w) && ipc_event(iked, RELAY_SEND, bytes_of(buf, w.n - cut)));
	turn(r);
	return r->h.iked != NULL;
}

/* A link that ends frees itself. */
static void
iked_down(void *ctx, struct ipc *l)
{
	*(struct ipc **)ctx = NULL;
}

static void
sends_for_iked(void **state)
{
	static const struct ipc_table table = { "ipsecd-iked", NULL, 0, NULL, iked_down };
	static const struct { uint16_t port; size_t n, cut; } bad[] = { { 0, 100, 0 }, { 1, 65464, 0 }, { 1, 100, 1 }, { 1, 0, 0 } };
	static const uint8_t zeros[4];
	static uint8_t got[65536];
	struct sockaddr_in a;
	socklen_t len = sizeof(a);

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct rig *r = rig_make();
		struct endpoint to;
		struct ipc *iked;
		int p[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, p), 0);
		assert_true(relay_link(&r->h, p[0]));
		iked = ipc_new(r->h.base, p[1], &table, &iked);
		turn(r);
		assert_int_equal(getsockname(r->peer, (struct sockaddr *)&a, &len), 0);
		assert_true(endpoint_from_sa((struct sockaddr *)&a, len, &to));
		assert_true(ask(r, iked, &to, 3000, 0));
		assert_int_equal(recv(r->peer, got, sizeof(got), 0), 3004);
		assert_memory_equal(got, zeros, 4);
		assert_int_equal(got[4], 'x');
		assert_int_equal(got[3003], 'x');
		assert_true(ask(r, iked, &to, 65463, 0));
		assert_int_equal(recv(r->peer, got, sizeof(got), 0), 65467);
		dropped(r, CW_DROP_NONE, 0);
		to.port = bad[i].port ? to.port : 0;
		assert_false(ask(r, iked, &to, bad[i].n, bad[i].cut));
		assert_true(recv(r->peer, got, sizeof(got), 0) < 0);
		ipc_free(iked);
		rig_end(r);
	}
}

/* What else comes to the port. */
static void
strays(void **state)
{
	struct rig *r = rig_make();

	from_peer(r, "\xff", 1);
	dropped(r, CW_DROP_KEEPALIVE, 1);
	from_peer(r, "abc", 3);
	dropped(r, CW_DROP_WIRE_MALFORMED, 1);
	from_peer(r, "", 0);
	dropped(r, CW_DROP_WIRE_MALFORMED, 1);
	from_peer(r, "abcdefghijklmnop", 16);
	dropped(r, CW_DROP_SPI_UNKNOWN, 1);
	rig_end(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(route_loop), cmocka_unit_test(not_checked), cmocka_unit_test(offload), cmocka_unit_test(no_buffer),
		cmocka_unit_test(plain_write), cmocka_unit_test(wire_refused), cmocka_unit_test(wire_too_big), cmocka_unit_test(wire_options),
		cmocka_unit_test(relay_failed), cmocka_unit_test(sends_for_iked), cmocka_unit_test(strays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
