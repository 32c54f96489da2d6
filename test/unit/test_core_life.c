/* SPDX-License-Identifier: BSD-2-Clause */
/* Lifetimes, sequence numbers to their ends, and what happens when there is no SA to send by. */
#include "core_rig.h"

/* -- lifetimes -- */

static void
time_lifetimes(void **state)
{
	for (unsigned used = 0; used < 2; used++) {
		struct host *h = rig_new();
		struct rig_sa like = { .hard_s = 100, .soft_s = 60 };
		struct pfkey_msg m;
		struct cw_pkt *p;

		rig_tunnel(h, true, &like);
		assert_true(cw_deadline(h->e) == h->now + 60 * S);
		if (used)
			rig_pkt_free(rig_seal(h, rig_udp4("10.0.1.5", "10.0.2.6", 9, 0, false)));
		assert_true(cw_tick(h->e, h->now + 59 * S) == h->now + 60 * S);
		assert_false(rig_event(h, 0, SADB_EXPIRE, &m));
		assert_true(cw_tick(h->e, h->now + 60 * S) == h->now + 100 * S);
		assert_int_equal(h->client[0].n, 2);	/* soft, for both SAs, also the one that was never used */
		assert_true(rig_event(h, 0, SADB_EXPIRE, &m));
		assert_true(m.has & PFKEY_HAS(SADB_EXT_LIFETIME_SOFT));
		assert_false(m.has & PFKEY_HAS(SADB_EXT_LIFETIME_HARD));
		assert_int_equal(m.sa.state, SADB_SASTATE_DYING);
		cw_tick(h->e, h->now + 61 * S);
		assert_int_equal(h->client[0].n, 2);	/* once */
		rig_pkt_free(rig_seal(h, rig_udp4("10.0.1.5", "10.0.2.6", 9, 0, false)));	/* dying still sends */
		rig_forget(h, 0);
		assert_true(cw_tick(h->e, h->now + 100 * S) == UINT64_MAX);
		assert_int_equal(h->client[0].n, 2);
		assert_true(rig_event(h, 0, SADB_EXPIRE, &m));
		assert_true(m.has & PFKEY_HAS(SADB_EXT_LIFETIME_HARD));
		assert_int_equal(cw_sa_count(h->e), 0);
		rig_forget(h, 0);
		h->now += 101 * S;
		p = rig_udp4("10.0.1.5", "10.0.2.6", 9, 0, false);
		cw_plain_in(h->e, &p, 1, h->now);	/* asks for a new one */
		assert_true(rig_event(h, 0, SADB_ACQUIRE, &m));
		assert_int_equal(m.sa2.reqid, 7);
		assert_int_equal(h->nwire, 0);
		rig_free(h);
	}
}

/* A packet finds an SA over its time although no tick has run: it is dropped by that reason and the SA goes, with its EXPIRE. */
static void
expiry_by_packet(void **state)
{
	struct host *a = rig_new(), *b = rig_new();
	struct rig_sa like = { .hard_s = 10, .soft_s = 9 };
	struct cw_pkt *p;
	struct pfkey_msg m;

	rig_tunnel(a, true, &like);
	rig_tunnel(b, false, &like);
	p = rig_seal(a, rig_udp4("10.0.1.5", "10.0.2.6", 9, 0, false));
	b->now += 10 * S;
	rig_carry(b, rig_copy(p));
	rig_dropped(b, CW_DROP_SA_EXPIRED);
	assert_true(rig_event(b, 0, SADB_EXPIRE, &m));
	assert_true(m.has & PFKEY_HAS(SADB_EXT_LIFETIME_HARD));
	rig_clear(b);
	rig_carry(b, p);
	rig_dropped(b, CW_DROP_SPI_UNKNOWN);
	rig_free(a);
	rig_free(b);
}

static void
packet_and_byte_lifetimes(void **state)
{
	for (unsigned bytes = 0; bytes < 2; bytes++) {
		struct host *h = rig_new();
		struct rig_sa like = { 0 };
		struct pfkey_msg m;

		if (bytes) {
			like.soft_bytes = 300;
			like.hard_bytes = 500;
		} else {
			like.soft_packets = 3;
			like.hard_packets = 5;
		}
		rig_tunnel(h, true, &like);
		for (unsigned i = 1; i <= 5; i++) {
			rig_pkt_free(rig_seal(h, rig_udp4("10.0.1.5", "10.0.2.6", 72, 0, false)));
			assert_int_equal(rig_event(h, 0, SADB_EXPIRE, &m), i >= 3);
		}
		assert_false(m.has & PFKEY_HAS(SADB_EXT_LIFETIME_HARD));
		assert_int_equal(m.current.packets, 3);
		assert_int_equal(m.current.bytes, 300);
		cw_tick(h->e, h->now);
		assert_true(rig_event(h, 0, SADB_EXPIRE, &m));
		assert_true(m.has & PFKEY_HAS(SADB_EXT_LIFETIME_HARD));
		assert_int_equal(m.sa.spi, 0x2000);
		assert_int_equal(cw_sa_count(h->e), 1);
		rig_free(h);
	}
}

/* The newest SA sends; when it has reached its end, the one before it does, and only then an ACQUIRE goes out. */
static void
newest_first(void **state)
{
	struct host *h = rig_new();
	struct rig_sa like = { 0 };
	struct rig_sa newer = { .spi = 0x5000, .reqid = 7, .src = "20.0.0.1", .dst = "20.0.0.2", .flags = CW_SAF_OUT, .hard_packets = 2 };
	static const uint8_t third[] = { 0x50, 0x50, 0x20, 0x20 };
	struct pfkey_msg m;

	rig_tunnel(h, true, &like);
	assert_int_equal(rig_sa(h, &newer), 0);
	for (unsigned i = 0; i < 4; i++) {
		struct cw_pkt *p = rig_seal(h, rig_udp4("10.0.1.5", "10.0.2.6", 72, 0, false));

		assert_int_equal(cw_pkt_data(p)[2], third[i]);
		rig_pkt_free(p);
	}
	assert_int_equal(rig_drops(h), 0);
	assert_false(rig_event(h, 0, SADB_ACQUIRE, &m));
	rig_free(h);
}

/* Hard without soft: soft is 80 %. */
static void
one_sided_lifetime(void **state)
{
	struct host *h = rig_new();
	struct rig_sa a = { .spi = 0x1234, .reqid = 7, .src = "20.0.0.1", .dst = "20.0.0.2", .window = 64, .flags = CW_SAF_IN };
	struct pfkey_msg m;
	uint8_t keys[128];

	a.hard_s = 1000;
	rig_sa_msg(&m, &a, SADB_ADD, keys);
	m.has &= ~(PFKEY_HAS(SADB_EXT_LIFETIME_SOFT) | PFKEY_HAS(CW_EXT_PACKETS));
	assert_int_equal(rig_call(h, 0, &m), 0);
	assert_true(rig_last(h, 0, &m));
	assert_int_equal(m.soft.addtime, 800);
	rig_free(h);
}

static void
sequence_end(void **state)
{
	struct host *h = rig_new();
	struct rig_sa like = { 0 };
	struct cw_pkt *p = rig_udp4("10.0.1.5", "10.0.2.6", 72, 0, false);

	/* not by four thousand million packets: by the number that stands in the engine */

	rig_tunnel(h, true, &like);
	rig_set_sequence(h->e, 0x2000, 0xfffffffe);
	rig_pkt_free(rig_seal(h, rig_copy(p)));
	cw_plain_in(h->e, &p, 1, h->now);
	rig_dropped(h, CW_DROP_SEQUENCE_END);
	rig_free(h);

	h = rig_new();
	like.flags = CW_SAF_ESN;
	rig_tunnel(h, true, &like);
	rig_set_sequence(h->e, 0x2000, 0xfffffffe);
	for (unsigned i = 0; i < 3; i++) {
		p = rig_seal(h, rig_udp4("10.0.1.5", "10.0.2.6", 72, 0, false));
		assert_memory_equal(cw_pkt_data(p) + 4, i == 0 ? "\xff\xff\xff\xff" : i == 1 ? "\0\0\0\0" : "\0\0\0\1", 4);
		rig_pkt_free(p);
	}
	rig_free(h);
}

/* 2^32 crossed on the wire, with packets swapped around the crossing. */
static void
esn_crossing(void **state)
{
	struct host *a = rig_new(), *b = rig_new();
	struct rig_sa like = { .flags = CW_SAF_ESN };
	struct cw_pkt *p[64];


	rig_tunnel(a, true, &like);
	rig_tunnel(b, false, &like);
	rig_set_sequence(a->e, 0x2000, 0xffffffe0);
	rig_set_window(b->e, 0x2000, 0xffffffe0);
	for (unsigned i = 0; i < 64; i++)
		p[i] = rig_seal(a, rig_udp4("10.0.1.5", "10.0.2.6", 72, 0, false));
	for (unsigned i = 0; i < 64; i += 2) {
		rig_carry(b, rig_copy(p[i + 1]));
		rig_carry(b, p[i]);
	}
	assert_int_equal(b->nplain, 64);
	assert_int_equal(rig_drops(b), 0);
	for (unsigned i = 1; i < 64; i += 2)
		rig_carry(b, p[i]);
	assert_int_equal(b->ndrop, 32);
	assert_int_equal(cw_counter(b->e, CW_DROP_REPLAY_DUPLICATE), 32);
	rig_free(a);
	rig_free(b);
}

/* -- ACQUIRE -- */

static int
policy_without_reqid(struct host *h, const char *src, const char *dst)
{
	struct pfkey_msg m;

	rig_policy_msg(&m, SADB_X_SPDADD, CW_DIR_OUT, CW_POLICY_IPSEC, src, dst, 0, 10);
	m.policy.req[0].level = CW_LEVEL_REQUIRE;
	addr_parse("20.0.0.1", &m.policy.req[0].src);
	addr_parse("20.0.0.2", &m.policy.req[0].dst);
	return rig_call(h, 0, &m);
}

/* Policies without a reqid: the SA of one, between the same ends, does not stand in the way of the other's question. */
static void
acquire_beside_another(void **state)
{
	struct host *h = rig_new();
	struct rig_sa out = { .spi = 0x900, .src = "20.0.0.1", .dst = "20.0.0.2", .flags = CW_SAF_OUT, .sel_src = "10.0.1.0/24", .sel_dst = "10.0.2.0/24" };
	struct cw_pkt *p;
	struct pfkey_msg m;

	assert_int_equal(policy_without_reqid(h, "10.0.1.0/24", "10.0.2.0/24"), 0);
	assert_int_equal(policy_without_reqid(h, "10.0.3.0/24", "10.0.2.0/24"), 0);
	assert_int_equal(rig_sa(h, &out), 0);
	rig_forget(h, 0);
	p = rig_udp4("10.0.1.5", "10.0.2.6", 100, 0, false);
	cw_plain_in(h->e, &p, 1, h->now);
	assert_int_equal(h->nwire, 1);
	p = rig_udp4("10.0.3.5", "10.0.2.6", 100, 0, false);
	cw_plain_in(h->e, &p, 1, h->now);
	assert_int_equal(h->nwire, 1);
	assert_int_equal(cw_counter(h->e, CW_DROP_SELECTOR_OUT), 0);
	assert_true(rig_event(h, 0, SADB_ACQUIRE, &m));
	rig_free(h);
}

static void
acquire(void **state)
{
	struct host *h = rig_new();
	struct rig_sa out = { .spi = 0x900, .reqid = 7, .src = "20.0.0.1", .dst = "20.0.0.2", .flags = CW_SAF_OUT };
	struct cw_pkt *p;
	struct pfkey_msg m;
	uint32_t seq;

	assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.1.0/24", "10.0.2.0/24", 7, 10), 0);
	rig_forget(h, 0);
	/* 76 packets: one ACQUIRE, the newest 64 wait, and leave in order when the SA comes */
	for (unsigned i = 0; i < 76; i++) {
		p = rig_udp4("10.0.1.5", "10.0.2.6", 100 + i, 0, false);
		cw_plain_in(h->e, &p, 1, h->now);
	}
	assert_int_equal(h->client[0].n, 1);
	assert_true(rig_event(h, 0, SADB_ACQUIRE, &m));
	assert_int_equal(m.sa2.reqid, 7);
	assert_int_equal(h->ndrop, 12);
	assert_int_equal(cw_counter(h->e, CW_DROP_QUEUE_OLD), 12);
	assert_int_equal(rig_sa(h, &out), 0);
	assert_int_equal(h->nwire, 64);
	assert_true(h->wire[0]->len < h->wire[63]->len);
	assert_int_equal(rig_by_name(h, 0, SADB_DELETE, &out), 0);
	rig_clear(h);
	rig_forget(h, 0);
	/* refused: what waits is dropped at once, and the next ACQUIRE goes after the back-off */
	p = rig_udp4("10.0.1.5", "10.0.2.6", 9, 0, false);
	cw_plain_in(h->e, &p, 1, h->now);
	assert_true(rig_event(h, 0, SADB_ACQUIRE, &m));
	seq = m.seq;
	pfkey_msg_init(&m, SADB_ACQUIRE, SADB_SATYPE_ESP);
	m.seq = seq;
	m.err = ETIMEDOUT;
	assert_int_equal(rig_call(h, 0, &m), -1);	/* it has no answer */
	rig_dropped(h, CW_DROP_NO_SA);
	rig_clear(h);
	rig_forget(h, 0);
	p = rig_udp4("10.0.1.5", "10.0.2.6", 9, 0, false);
	cw_plain_in(h->e, &p, 1, h->now + S / 2);
	rig_dropped(h, CW_DROP_NO_SA);
	assert_false(rig_event(h, 0, SADB_ACQUIRE, &m));
	rig_clear(h);
	p = rig_udp4("10.0.1.5", "10.0.2.6", 9, 0, false);
	cw_plain_in(h->e, &p, 1, h->now + S);
	assert_true(rig_event(h, 0, SADB_ACQUIRE, &m));
	assert_int_equal(h->ndrop, 0);
	/* what waits too long is dropped by the tick */
	assert_true(cw_tick(h->e, h->now + 11 * S) == UINT64_MAX);
	rig_dropped(h, CW_DROP_QUEUE_OLD);
	rig_free(h);

	h = rig_new();
	assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.1.0/24", "10.0.2.0/24", 7, 10), 0);
	cw_client_close(h->e, h->client[0].c);
	p = rig_udp4("10.0.1.5", "10.0.2.6", 9, 0, false);
	cw_plain_in(h->e, &p, 1, h->now);
	rig_dropped(h, CW_DROP_NO_SA_NO_LISTENER);
	rig_free(h);
}

/* A policy that is changed while it waits for its SA: it does not ask twice, and what waits stays in its order. */
static void
acquire_of_a_changed_policy(void **state)
{
	struct host *h = rig_new();
	struct rig_sa out = { .spi = 0x900, .reqid = 7, .src = "20.0.0.1", .dst = "20.0.0.2", .flags = CW_SAF_OUT };
	struct cw_pkt *p;
	struct pfkey_msg m;
	uint32_t seq;

	assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.1.0/24", "10.0.2.0/24", 7, 10), 0);
	rig_forget(h, 0);
	for (unsigned i = 0; i < 40; i++) {
		p = rig_udp4("10.0.1.5", "10.0.2.6", 100 + i, 0, false);
		cw_plain_in(h->e, &p, 1, h->now);
	}
	assert_true(rig_event(h, 0, SADB_ACQUIRE, &m));
	seq = m.seq;
	rig_policy_msg(&m, SADB_X_SPDUPDATE, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.1.0/24", "10.0.2.0/24", 7, 11);
	assert_int_equal(rig_call(h, 0, &m), 0);
	rig_forget(h, 0);
	for (unsigned i = 40; i < 70; i++) {	/* within the quiet time of the first question */
		p = rig_udp4("10.0.1.5", "10.0.2.6", 100 + i, 0, false);
		cw_plain_in(h->e, &p, 1, h->now + S);
	}
	assert_false(rig_event(h, 0, SADB_ACQUIRE, &m));
	assert_int_equal(cw_counter(h->e, CW_DROP_QUEUE_OLD), 6);
	/* its refusal is the changed policy's too */
	pfkey_msg_init(&m, SADB_ACQUIRE, SADB_SATYPE_ESP);
	m.seq = seq;
	m.err = ETIMEDOUT;
	assert_int_equal(rig_call(h, 0, &m), -1);
	assert_int_equal(cw_counter(h->e, CW_DROP_NO_SA), 64);
	rig_clear(h);

	/* refused, and changed: the back-off goes on */
	rig_policy_msg(&m, SADB_X_SPDUPDATE, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.1.0/24", "10.0.2.0/24", 7, 12);
	assert_int_equal(rig_call(h, 0, &m), 0);
	rig_forget(h, 0);
	p = rig_udp4("10.0.1.5", "10.0.2.6", 9, 0, false);
	cw_plain_in(h->e, &p, 1, h->now + S / 2);
	rig_dropped(h, CW_DROP_NO_SA);
	assert_false(rig_event(h, 0, SADB_ACQUIRE, &m));
	p = rig_udp4("10.0.1.5", "10.0.2.6", 9, 0, false);
	cw_plain_in(h->e, &p, 1, h->now + S);
	assert_true(rig_event(h, 0, SADB_ACQUIRE, &m));
	assert_int_equal(rig_sa(h, &out), 0);
	assert_int_equal(h->nwire, 1);
	rig_free(h);
}

/* What clients make it hold is limited, and lower limits take nothing away. */
static void
limits(void **state)
{
	struct host *h = rig_new();
	struct cw_bounds l = { 2, 1, 0 };
	struct rig_sa one = { .spi = 0x1000, .reqid = 1, .src = "20.0.0.1", .dst = "20.0.0.2", .window = 64, .flags = CW_SAF_OUT }, two = one, three = one;

	two.spi++;
	three.spi += 2;
	assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.1.0/24", "10.0.2.0/24", 1, 5), 0);
	assert_int_equal(rig_policy(h, CW_DIR_IN, CW_POLICY_IPSEC, "10.0.2.0/24", "10.0.1.0/24", 1, 5), 0);
	cw_bounds_set(h->e, &l);
	assert_int_equal(cw_policy_count(h->e), 2);
	assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.1.0/24", "10.0.3.0/24", 1, 5), ENOBUFS);
	assert_int_equal(rig_sa(h, &one), 0);
	assert_int_equal(rig_sa(h, &two), 0);
	assert_int_not_equal(rig_sa(h, &three), 0);
	assert_int_equal(cw_sa_count(h->e), 2);
	l = (struct cw_bounds){ UINT32_MAX, UINT32_MAX, UINT32_MAX };
	cw_bounds_set(h->e, &l);
	assert_int_equal(rig_sa(h, &three), 0);
	assert_int_equal(cw_sa_count(h->e), 3);
	rig_free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_lifetimes),
		cmocka_unit_test(expiry_by_packet),
		cmocka_unit_test(packet_and_byte_lifetimes),
		cmocka_unit_test(newest_first),
		cmocka_unit_test(one_sided_lifetime),
		cmocka_unit_test(sequence_end),
		cmocka_unit_test(esn_crossing),
		cmocka_unit_test(acquire), cmocka_unit_test(acquire_beside_another),
		cmocka_unit_test(acquire_of_a_changed_policy), cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
