/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the TUN's offloads ask of us: checksums, splitting and joining. The main property: what is joined, once split again, is
 * octet for octet what came in, in its order within each flow, whatever was mixed in between.
 */
#include "test.h"

#include "csum.h"
#include "gro.h"
#include "gso.h"
#include "wire_split.h"

#define BIG	65536

static uint32_t seed = 1;

static uint32_t
rnd(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

struct shape { int fam; uint16_t port; uint32_t seq; uint16_t id; uint8_t flags, tos, ttl; size_t options, payload; };

/* A whole TCP packet with right checksums; its length. */
static size_t
build(uint8_t *p, const struct shape *s)
{
	size_t ip = s->fam == 4 ? 20 : 40, tcp = 20 + s->options, n = ip + tcp + s->payload;
	uint8_t *t = p + ip;
	uint16_t c;

	memset(p, 0, ip + tcp);
	if (s->fam == 4) {
		p[0] = 0x45; p[1] = s->tos; p[2] = (uint8_t)(n >> 8); p[3] = (uint8_t)n; p[4] = (uint8_t)(s->id >> 8); p[5] = (uint8_t)s->id;
		p[8] = s->ttl; p[9] = 6; p[12] = 10; p[15] = 1; p[16] = 10; p[19] = 2;
		csum_ipv4(p, 20);
	} else {
		p[0] = 0x60; p[4] = (uint8_t)((n - 40) >> 8); p[5] = (uint8_t)(n - 40); p[6] = 6; p[7] = s->ttl; p[8] = 0xfd; p[24] = 0xfd; p[39] = 2;
	}
	t[0] = (uint8_t)(s->port >> 8); t[1] = (uint8_t)s->port; t[3] = 80;
	for (int i = 0; i < 4; i++)
		t[4 + i] = (uint8_t)(s->seq >> (24 - 8 * i));
	t[11] = 9; t[12] = (uint8_t)(tcp / 4 << 4); t[13] = s->flags; t[15] = 200;
	memset(t + 20, 1, s->options);
	for (size_t i = 0; i < s->payload; i++)
		t[tcp + i] = (uint8_t)(s->seq + i);
	c = (uint16_t)~csum_fold(csum_add(csum_pseudo(p, 6, n - ip), t, n - ip));
	memcpy(t + 16, &c, 2);
	return n;
}

/* The sum as RFC 1071 describes it, 16 bits at a time. */
static uint16_t
slow_sum(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	if (n & 1)
		sum += (uint32_t)p[n - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void
test_sum(void **state)
{
	static uint8_t p[2000];

	for (size_t n = 0; n < 300; n++) {
		uint16_t c;
		uint8_t b[2];

		for (size_t i = 0; i < n; i++)
			p[i] = (uint8_t)rnd(256);
		c = csum_fold(csum_add(0, p, n));
		memcpy(b, &c, 2);
		assert_int_equal(b[0] << 8 | b[1], slow_sum(p, n));
	}
	/* RFC 1071 section 3's example: 0001 f203 f4f5 f6f7 sums to ddf2. */
	assert_int_equal(slow_sum((const uint8_t *)"\x00\x01\xf2\x03\xf4\xf5\xf6\xf7", 8), 0xddf2);
}

static void
test_finish(void **state)
{
	struct shape s = { 4, 1000, 7, 1, 0x10, 0, 64, 0, 101 };
	struct virtio_net_hdr vh = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 20, .csum_offset = 16 };
	uint8_t whole[512], p[512];
	size_t n = build(whole, &s);
	uint16_t part;

	memcpy(p, whole, n);
	part = csum_fold(csum_pseudo(p, 6, n - 20));
	memcpy(p + 36, &part, 2);
	assert_true(gso_finish(&vh, p, n));
	assert_memory_equal(p, whole, n);
	vh.csum_start = (uint16_t)n;
	assert_false(gso_finish(&vh, p, n));
	vh.csum_start = (uint16_t)(n - 17);
	assert_false(gso_finish(&vh, p, n));
	vh.flags = 0;
	assert_true(gso_finish(&vh, p, n));
	assert_memory_equal(p, whole, n);
}

/* One super packet split: each piece is the packet that its sender would have built. */
static void
test_split(void **state)
{
	static uint8_t big[BIG], out[BIG], want[BIG];

	for (int fam = 4; fam <= 6; fam += 2)
		for (size_t total = 1; total < 9000; total += 677) {
			struct shape s = { fam, 4321, 0xfffff000, 65530, 0x19 /* FIN PSH ACK */, 3, 61, 12, total };
			struct virtio_net_hdr vh = { .gso_type = fam == 4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6, .gso_size = 1000 };
			size_t n = build(big, &s), at = 0, got;
			struct gso g;

			assert_true(gso_begin(&g, &vh, big, n));
			while ((got = gso_next(&g, out, sizeof(out))) > 0) {
				struct shape one = s;
				size_t len;

				one.payload = total - at > 1000 ? 1000 : total - at;
				one.seq = s.seq + (uint32_t)at;
				one.id = (uint16_t)(s.id + at / 1000);
				if (at + one.payload < total)
					one.flags = 0x10;
				len = build(want, &one);
				assert_int_equal(got, len);
				assert_memory_equal(out, want, len);
				at += one.payload;
			}
			assert_int_equal(at, total);
		}
}

static void
test_split_refuses(void **state)
{
	struct shape s = { 4, 1, 1, 1, 0x10, 0, 64, 0, 3000 };
	struct virtio_net_hdr vh = { .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 1000 };
	static uint8_t p[BIG], out[BIG];
	size_t n = build(p, &s);
	struct gso g;

	assert_true(gso_begin(&g, &vh, p, n));
	for (size_t k = 0; k <= 40; k++)	/* no payload, or not even a header */
		assert_false(gso_begin(&g, &vh, p, k));
	vh.gso_size = 0;
	assert_false(gso_begin(&g, &vh, p, n));
	vh.gso_size = 1000;
	vh.gso_type = VIRTIO_NET_HDR_GSO_TCPV6;
	assert_false(gso_begin(&g, &vh, p, n));
	vh.gso_type = VIRTIO_NET_HDR_GSO_UDP;
	assert_false(gso_begin(&g, &vh, p, n));
	vh.gso_type = VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN;
	assert_true(gso_begin(&g, &vh, p, n));
	assert_int_equal(gso_next(&g, out, 1039), 0);	/* no room for a piece */
	p[6] = 0x20;					/* a fragment */
	assert_false(gso_begin(&g, &vh, p, n));
	p[6] = 0;
	p[9] = 17;
	assert_false(gso_begin(&g, &vh, p, n));
}

/* The property test's expectation: what each flow sent, one after the other. */
#define FLOWS	12
#define KEEP	256
struct expect {
	uint8_t		*pkt[KEEP];
	size_t		len[KEEP];
	unsigned	put, got;
};
struct world { struct expect flow[FLOWS]; unsigned writes, packets; };

static void
expect_one(struct world *w, const uint8_t *p, size_t n)
{
	size_t ip = p[0] >> 4 == 4 ? 20 : 40;
	struct expect *e = &w->flow[p[ip + 1]];

	assert_true(e->got < e->put);
	assert_int_equal(n, e->len[e->got]);
	assert_memory_equal(p, e->pkt[e->got], n);
	e->got++;
}

static void
on_out(void *ctx, struct iovec *iov, unsigned n, size_t len, unsigned packets)
{
	static uint8_t flat[BIG], one[BIG];
	struct world *w = ctx;
	struct virtio_net_hdr vh;
	size_t at = 0, got;
	struct gso g;

	assert_int_equal(iov[0].iov_len, sizeof(vh));
	memcpy(&vh, iov[0].iov_base, sizeof(vh));
	for (unsigned i = 1; i < n; i++) {
		assert_true(at + iov[i].iov_len <= sizeof(flat));
		memcpy(flat + at, iov[i].iov_base, iov[i].iov_len);
		at += iov[i].iov_len;
	}
	assert_int_equal(at, len);
	w->writes++;
	w->packets += packets;
	if (vh.gso_type == VIRTIO_NET_HDR_GSO_NONE) {
		assert_int_equal(packets, 1);
		expect_one(w, flat, len);
		return;
	}
	assert_int_equal(vh.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	assert_true(gso_begin(&g, &vh, flat, len));
	while ((got = gso_next(&g, one, sizeof(one))) > 0)
		expect_one(w, one, got);
	assert_int_equal(g.n, packets);
	/* The joined packet's own checksum, finished as the system would. */
	assert_true(gso_finish(&vh, flat, len));
	assert_true(csum_tcp_ok(flat, flat[0] >> 4 == 4 ? 20 : 40, len));
}

static void
disturb(uint8_t *p, size_t n, const struct shape *s)
{
	switch (rnd(40)) {
	case 0: p[n - 1] ^= 1; break;				/* wrong checksum: must stay wrong */
	case 1: p[(s->fam == 4 ? 20 : 40) + 17] ^= 0x40; break;
	case 2: if (s->fam == 4) { p[6] = 0x20; csum_ipv4(p, 20); } break;	/* a fragment */
	}
}

static void
test_join(void **state)
{
	static uint8_t mem[KEEP][2048], copy[KEEP][2048];
	static struct world w;
	struct gro g;

	for (unsigned round = 0; round < 3000; round++) {
		struct shape s[FLOWS];
		unsigned total = 1 + rnd(KEEP - 1);

		memset(&w, 0, sizeof(w));
		gro_init(&g, on_out, &w);
		for (unsigned i = 0; i < FLOWS; i++)
			s[i] = (struct shape){ i % 2 ? 6 : 4, (uint16_t)i, rnd(1u << 24) * 256, (uint16_t)rnd(65536), 0x10, 0, 64, rnd(3) * 4, 100 + rnd(1200) };
		for (unsigned k = 0; k < total; k++) {
			unsigned f = rnd(round % 2 ? FLOWS : 2);
			struct shape one = s[f];
			struct expect *e = &w.flow[f];
			size_t n;

			if (rnd(12) == 0)
				one.payload = rnd((uint32_t)one.payload + 40);	/* shorter, longer, or none */
			if (rnd(15) == 0)
				one.flags |= (uint8_t)(1u << rnd(8));
			if (rnd(25) == 0)
				one.ttl++;
			if (rnd(25) == 0)
				one.id += 7;
			if (rnd(30) == 0)
				one.seq += 1;					/* a hole */
			n = build(mem[k], &one);
			disturb(mem[k], n, &one);
			memcpy(copy[k], mem[k], n);
			e->pkt[e->put] = copy[k];
			e->len[e->put++] = n;
			s[f].seq = one.seq + (uint32_t)one.payload;
			s[f].id = (uint16_t)(one.id + 1);
			gro_add(&g, mem[k], n);
		}
		gro_flush(&g);
		assert_int_equal(w.packets, total);
		for (unsigned i = 0; i < FLOWS; i++)
			assert_int_equal(w.flow[i].got, w.flow[i].put);
	}
}

/* And it does join: forty segments of one flow are one write. */
static void
test_join_works(void **state)
{
	static uint8_t mem[40][1500], copy[40][1500];
	static struct world w;
	struct gro g;

	for (int fam = 4; fam <= 6; fam += 2) {
		memset(&w, 0, sizeof(w));
		gro_init(&g, on_out, &w);
		for (unsigned k = 0; k < 40; k++) {
			struct shape s = { fam, 1, 5000 + k * 1300, (uint16_t)(10 + k), 0x10, 0, 64, 12, k == 39 ? 77 : 1300 };
			size_t n;

			if (k == 39)
				s.flags |= 0x08;
			n = build(mem[k], &s);
			memcpy(copy[k], mem[k], n);
			w.flow[1].pkt[k] = copy[k];
			w.flow[1].len[k] = n;
			w.flow[1].put++;
			gro_add(&g, mem[k], n);
		}
		assert_int_equal(w.writes, 0);
		gro_flush(&g);
		assert_int_equal(w.writes, 1);
		assert_int_equal(w.flow[1].got, 40);
	}
}

static void
test_bundle(void **state)
{
	uint8_t ka = 0xff, short3[3] = { 1, 2, 3 }, ike[5] = { 0, 0, 0, 0, 9 }, esp[4] = { 0, 0, 0, 1 };
	size_t at = 0;

	assert_int_equal(wire_kind(bytes_of(&ka, 1)), WIRE_KEEPALIVE);
	assert_int_equal(wire_kind(bytes_of(short3, 1)), WIRE_NONE);
	assert_int_equal(wire_kind(bytes_of(short3, 3)), WIRE_NONE);
	assert_int_equal(wire_kind(bytes_of(short3, 0)), WIRE_NONE);
	assert_int_equal(wire_kind(bytes_of(ike, 5)), WIRE_IKE);
	assert_int_equal(wire_kind(bytes_of(esp, 4)), WIRE_ESP);
	assert_int_equal(wire_split(2500, 1000, &at), 1000);
	assert_int_equal(wire_split(2500, 1000, &at), 1000);
	assert_int_equal(wire_split(2500, 1000, &at), 500);
	assert_int_equal(wire_split(2500, 1000, &at), 0);
	at = 0;
	assert_int_equal(wire_split(2500, 0, &at), 2500);
	assert_int_equal(wire_split(2500, 0, &at), 0);
	at = 0;
	assert_int_equal(wire_split(1000, 1000, &at), 1000);
	assert_int_equal(wire_split(1000, 1000, &at), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sum), cmocka_unit_test(test_finish), cmocka_unit_test(test_split), cmocka_unit_test(test_split_refuses),
		cmocka_unit_test(test_join), cmocka_unit_test(test_join_works), cmocka_unit_test(test_bundle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
