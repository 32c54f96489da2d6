/* SPDX-License-Identifier: BSD-2-Clause */
/* Lifetimes, sequence numbers to their ends, and what happens when there is no SA to send by. */
#include "core_rig.h"
#include "core.h"

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

/* The same number at both ends: octets of the inner packet, whatever is around it. */
static void
counted_alike(void **state)
{
	static const struct rig_sa like[] = {
		{ 0 }, { .udp = 4500 }, { .flags = CW_SAF_ESN }, { .cipher = SADB_X_EALG_AESCBC, .bits = 256, .auth = SADB_X_AALG_SHA2_512HMAC },
	};
	struct rig_sa name = { .spi = 0x2000, .src = "20.0.0.1", .dst = "20.0.0.2" };

	for (unsigned i = 0; i < sizeof(like) / sizeof(like[0]); i++) {
		struct host *a = rig_new(), *b = rig_new();

		rig_tunnel(a, true, &like[i]);
		rig_tunnel(b, false, &like[i]);
		rig_carry(b, rig_seal(a, rig_udp4("10.0.1.5", "10.0.2.6", 73, 0, false)));
		rig_carry(b, rig_seal(a, rig_udp6("fd01::5", "fd02::6", 500, 0)));
		assert_int_equal(b->nplain, 2);
		for (unsigned k = 0; k < 2; k++) {
			struct host *h = k ? b : a;
			struct pfkey_msg m;

			assert_int_equal(rig_by_name(h, 0, SADB_GET, &name), 0);
			assert_true(rig_last(h, 0, &m));
			assert_int_equal(m.current.packets, 2);
			assert_int_equal(m.current.bytes, 28 + 73 + 48 + 500);
			assert_int_equal(m.stats.bytes, m.current.bytes);
		}
		rig_free(a);
		rig_free(b);
	}
}

/* Who receives holds each packet against the octets too, and needs no tick for it. */
static void
byte_lifetime_of_a_receiver(void **state)
{
	struct host *a = rig_new(), *b = rig_new();
	struct rig_sa like = { 0 };
	struct pfkey_msg m;

	rig_tunnel(a, true, &like);
	like.soft_bytes = 200;
	like.hard_bytes = 300;
	rig_tunnel(b, false, &like);
	for (unsigned i = 1; i <= 3; i++) {
		rig_carry(b, rig_seal(a, rig_udp4("10.0.1.5", "10.0.2.6", 72, 0, false)));
		assert_int_equal(b->nplain, i);
		assert_int_equal(rig_event(b, 0, SADB_EXPIRE, &m), i >= 2);
	}
	assert_true(m.has & PFKEY_HAS(SADB_EXT_LIFETIME_SOFT));
	assert_int_equal(m.current.bytes, 200);
	rig_clear(b);
	rig_carry(b, rig_seal(a, rig_udp4("10.0.1.5", "10.0.2.6", 72, 0, false)));
	rig_dropped(b, CW_DROP_SA_EXPIRED);
	assert_true(rig_event(b, 0, SADB_EXPIRE, &m));
	assert_true(m.has & PFKEY_HAS(SADB_EXT_LIFETIME_HARD));
	rig_free(a);
	rig_free(b);
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

/* Hard without soft: soft is 80 %, of each of them. Soft without hard: it is told, and nothing ends. */
static void
one_sided_lifetime(void **state)
{
	struct host *h = rig_new();
	struct rig_sa a = { .spi = 0x1234, .reqid = 7, .src = "20.0.0.1", .dst = "20.0.0.2", .window = 64, .flags = CW_SAF_IN };
	struct pfkey_msg m;
	uint8_t keys[128];

	rig_sa_msg(&m, &a, SADB_ADD, keys);
	m.hard = (struct pfkey_lifetime){ .packets = 50, .bytes = 5000, .addtime = 1000, .usetime = 500 };
	m.has &= ~(PFKEY_HAS(SADB_EXT_LIFETIME_SOFT) | PFKEY_HAS(CW_EXT_PACKETS));
	assert_int_equal(rig_call(h, 0, &m), 0);
	assert_true(rig_last(h, 0, &m));
	assert_int_equal(m.hard.bytes, 5000);
	assert_int_equal(m.soft.packets, 40);
	assert_int_equal(m.soft.bytes, 4000);
	assert_int_equal(m.soft.addtime, 800);
	assert_int_equal(m.soft.usetime, 400);
	rig_free(h);

	h = rig_new();
	rig_sa_msg(&m, &a, SADB_ADD, keys);
	m.soft.addtime = 60;
	m.has &= ~(PFKEY_HAS(SADB_EXT_LIFETIME_HARD) | PFKEY_HAS(CW_EXT_PACKETS));
	assert_int_equal(rig_call(h, 0, &m), 0);
	assert_true(cw_tick(h->e, h->now + 60 * S) == UINT64_MAX);
	assert_true(rig_event(h, 0, SADB_EXPIRE, &m));
	assert_true(m.has & PFKEY_HAS(SADB_EXT_LIFETIME_SOFT));
	cw_tick(h->e, h->now + 100000 * S);
	assert_int_equal(cw_sa_count(h->e), 1);
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

/* Refused each time: it is asked for again after 1, 2, 4 ... 32 s, not before that and never later. When there was an SA, it begins anew. */
static void
back_off(void **state)
{
	static const unsigned after[] = { 1, 2, 4, 8, 16, 32, 32, 32, 0, 1, 2 };	/* 0: there is an SA for a while */
	struct rig_sa out = { .spi = 0x900, .reqid = 7, .src = "20.0.0.1", .dst = "20.0.0.2", .flags = CW_SAF_OUT };
	struct host *h = rig_new();
	struct pfkey_msg m;
	struct cw_pkt *p;

	assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.1.0/24", "10.0.2.0/24", 7, 10), 0);
	for (unsigned i = 0; i < sizeof(after) / sizeof(after[0]); i++) {
		rig_clear(h);
		rig_forget(h, 0);
		if (after[i] == 0) {
			assert_int_equal(rig_sa(h, &out), 0);
			rig_pkt_free(rig_seal(h, rig_udp4("10.0.1.5", "10.0.2.6", 9, 0, false)));
			assert_int_equal(rig_by_name(h, 0, SADB_DELETE, &out), 0);
			continue;
		}
		p = rig_udp4("10.0.1.5", "10.0.2.6", 9, 0, false);
		cw_plain_in(h->e, &p, 1, h->now);
		assert_true(rig_event(h, 0, SADB_ACQUIRE, &m));
		m = (struct pfkey_msg){ .type = SADB_ACQUIRE, .satype = SADB_SATYPE_ESP, .seq = m.seq, .err = ETIMEDOUT };
		assert_int_equal(rig_call(h, 0, &m), -1);
		rig_dropped(h, CW_DROP_NO_SA);
		rig_clear(h);
		rig_forget(h, 0);
		h->now += after[i] * S;
		p = rig_udp4("10.0.1.5", "10.0.2.6", 9, 0, false);
		cw_plain_in(h->e, &p, 1, h->now - 1);
		rig_dropped(h, CW_DROP_NO_SA);
		assert_false(rig_event(h, 0, SADB_ACQUIRE, &m));
	}
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

/* -- policies that end (KAME's lifetime and validtime) -- */

/* When, by what is asked and what has happened: born at 10 s. */
static void
policy_ends(void **state)
{
	static const struct { uint64_t life, idle, used, end; } v[] = {
		{ 0, 0, 0, UINT64_MAX }, { 0, 0, 99 * S, UINT64_MAX }, { 100, 0, 0, 110 * S }, { 100, 0, 109 * S, 110 * S },
		{ 0, 30, 0, 40 * S }, { 0, 30, 10 * S, 40 * S }, { 0, 30, 25 * S, 55 * S }, { 100, 30, 0, 40 * S }, { 100, 30, 70 * S, 100 * S },
		{ 100, 30, 80 * S, 110 * S }, { 100, 30, 90 * S, 110 * S }, { 100, 200, 109 * S, 110 * S }, { UINT64_MAX, 0, 0, UINT64_MAX },
		{ 0, UINT64_MAX, 50 * S, UINT64_MAX }, { UINT64_MAX, 5, 9 * S, 15 * S },
	};

	for (unsigned i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct cw_policy p = { .life = v[i].life, .idle = v[i].idle };

		if (cw_spd_end(&p, 10 * S, v[i].used) != v[i].end)
			fail_msg("row %u: %llu", i, (unsigned long long)cw_spd_end(&p, 10 * S, v[i].used));
	}
}

static void
lasting(struct host *h, uint8_t type, unsigned dir, unsigned pol, const char *net, uint64_t life, uint64_t idle)
{
	struct pfkey_msg m;

	rig_policy_msg(&m, type, dir, pol, dir == CW_DIR_OUT ? "10.0.1.0/24" : net, dir == CW_DIR_OUT ? net : "10.0.1.0/24", 7, 0);
	m.hard.addtime = life;
	m.hard.usetime = idle;
	m.has |= PFKEY_HAS(SADB_EXT_LIFETIME_HARD);
	assert_int_equal(rig_call(h, 0, &m), 0);
}

/* A row of the table, told by SPDGET: when it came, how long after that it was used, and what ends it. */
static void
told(struct host *h, uint32_t id, uint64_t used_after, uint64_t life, uint64_t idle)
{
	struct pfkey_msg m;

	pfkey_msg_init(&m, SADB_X_SPDGET, 0);
	m.policy.id = id;
	m.has |= PFKEY_HAS(SADB_X_EXT_POLICY);
	assert_int_equal(rig_call(h, 1, &m), 0);
	assert_true(rig_last(h, 1, &m));
	assert_in_range(host_wall_s() - m.current.addtime, 0, 2);
	assert_int_equal(m.current.usetime, used_after == UINT64_MAX ? 0 : m.current.addtime + used_after);
	assert_int_equal((m.has & PFKEY_HAS(SADB_EXT_LIFETIME_HARD)) != 0, life || idle);
	assert_int_equal(m.hard.addtime, life);
	assert_int_equal(m.hard.usetime, idle);
}

/* At its time and not before it is gone, everybody is told so once, and the host's routes and guard hear of it. */
static void
policy_lifetime(void **state)
{
	struct host *h = rig_new();
	struct cw_pkt *p;
	struct pfkey_msg m;
	uint64_t end = h->now + 100 * S;

	lasting(h, SADB_X_SPDADD, CW_DIR_OUT, CW_POLICY_DISCARD, "10.0.2.0/24", 100, 0);
	assert_true(cw_deadline(h->e) == end);
	h->now = end - 1;
	assert_true(cw_tick(h->e, h->now) == end);
	p = rig_udp4("10.0.1.5", "10.0.2.6", 9, 0, false);
	cw_plain_in(h->e, &p, 1, h->now);
	rig_dropped(h, CW_DROP_POLICY_DISCARD_OUT);	/* used, which does not put this off */
	told(h, 1, 99, 100, 0);
	rig_clear(h);
	for (unsigned i = 0; i < 3; i++)
		rig_forget(h, i);
	h->changes = 0;
	h->now = end;
	assert_true(cw_tick(h->e, h->now) == UINT64_MAX);
	assert_int_equal(cw_policy_count(h->e), 0);
	assert_int_equal(h->changes, 1);
	for (unsigned i = 0; i < 3; i++) {	/* also the keyless one, and who never registered */
		assert_int_equal(h->client[i].n, 1);
		assert_true(rig_event(h, i, SADB_X_SPDEXPIRE, &m));
		assert_int_equal(m.policy.id, 1);
		assert_int_equal(m.policy.dir, CW_DIR_OUT);
		assert_int_equal(m.policy.type, CW_POLICY_DISCARD);
		assert_int_equal(m.dst.prefixlen, 24);
		assert_int_equal(m.hard.addtime, 100);
		assert_int_equal(m.current.usetime - m.current.addtime, 99);
		assert_true(pfkey_changes_policies(&m));
	}
	p = rig_udp4("10.0.1.5", "10.0.2.6", 9, 0, false);
	cw_plain_in(h->e, &p, 1, h->now);
	assert_int_equal(h->nplain, 1);
	rig_free(h);
}

/* Each packet that meets it begins anew: protected or discarded, out, in, and on the way through. */
static void
policy_unused(void **state)
{
	struct host *h = rig_new();
	struct cw_pkt *p;
	struct pfkey_msg m;
	uint64_t begin = h->now;

	lasting(h, SADB_X_SPDADD, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.2.0/24", 0, 30);
	lasting(h, SADB_X_SPDADD, CW_DIR_IN, CW_POLICY_IPSEC, "10.0.2.0/24", 0, 30);
	lasting(h, SADB_X_SPDADD, CW_DIR_IN, CW_POLICY_NONE, "10.0.3.0/24", 0, 30);
	lasting(h, SADB_X_SPDADD, CW_DIR_FWD, CW_POLICY_NONE, "10.0.4.0/24", 0, 30);
	lasting(h, SADB_X_SPDADD, CW_DIR_OUT, CW_POLICY_NONE, "10.0.5.0/24", 0, 30);
	told(h, 1, UINT64_MAX, 0, 30);
	h->now = begin + 20 * S;
	p = rig_udp4("10.0.1.5", "10.0.2.6", 9, 0, false);
	cw_plain_in(h->e, &p, 1, h->now);			/* 1: waits for an SA */
	p = rig_udp4("10.0.2.6", "10.0.1.5", 9, 0, false);
	cw_check_clear(h->e, &p, 1, h->now);			/* 2: refused */
	p = rig_udp4("10.0.3.6", "10.0.1.5", 9, 0, false);
	assert_int_equal(cw_ask_clear(h->e, cw_pkt_data(p), p->len, p->len, false, h->now), CW_DROP_NONE);	/* 3 */
	rig_pkt_free(p);
	p = rig_udp4("10.0.4.6", "10.0.1.5", 9, 0, false);
	assert_int_equal(cw_ask_clear(h->e, cw_pkt_data(p), p->len, p->len, false, h->now), CW_DROP_NONE);	/* not 4: delivered */
	rig_pkt_free(p);
	p = rig_udp4("10.0.1.5", "10.0.5.6", 9, 0, false);
	assert_int_equal(cw_ask_out(h->e, cw_pkt_data(p), p->len, p->len, CW_ASK_SENT, h->now), CW_POLICY_NONE);	/* 5 */
	rig_pkt_free(p);
	told(h, 1, 20, 0, 30);
	rig_forget(h, 1);
	h->now = begin + 30 * S;
	assert_true(cw_tick(h->e, h->now) == begin + 50 * S);
	assert_int_equal(cw_policy_count(h->e), 4);
	assert_true(rig_event(h, 1, SADB_X_SPDEXPIRE, &m));
	assert_int_equal(m.policy.id, 4);
	p = rig_udp4("10.0.2.6", "10.0.1.5", 9, 0, false);
	h->now = begin + 49 * S;
	cw_check_clear(h->e, &p, 1, h->now);
	h->now = begin + 50 * S;
	cw_tick(h->e, h->now);
	assert_int_equal(cw_policy_count(h->e), 1);		/* 2 was used a second ago */
	assert_true(cw_tick(h->e, h->now) == begin + 79 * S);
	cw_tick(h->e, begin + 79 * S);
	assert_int_equal(cw_policy_count(h->e), 0);
	rig_free(h);
}

/* An update begins anew or takes the end away; who is deleted has no end any more. */
static void
policy_lifetime_changed(void **state)
{
	struct host *h = rig_new();
	struct pfkey_msg m;
	uint64_t begin = h->now;

	lasting(h, SADB_X_SPDADD, CW_DIR_OUT, CW_POLICY_DISCARD, "10.0.2.0/24", 100, 0);
	lasting(h, SADB_X_SPDADD, CW_DIR_OUT, CW_POLICY_DISCARD, "10.0.3.0/24", 50, 0);
	lasting(h, SADB_X_SPDADD, CW_DIR_OUT, CW_POLICY_DISCARD, "10.0.4.0/24", 200, 0);
	lasting(h, SADB_X_SPDADD, CW_DIR_OUT, CW_POLICY_DISCARD, "10.0.5.0/24", 300, 0);
	h->now = begin + 40 * S;
	lasting(h, SADB_X_SPDUPDATE, CW_DIR_OUT, CW_POLICY_DISCARD, "10.0.3.0/24", 100, 0);	/* ends at 140 */
	lasting(h, SADB_X_SPDUPDATE, CW_DIR_OUT, CW_POLICY_DISCARD, "10.0.2.0/24", 0, 0);	/* never */
	rig_policy_msg(&m, SADB_X_SPDDELETE, CW_DIR_OUT, CW_POLICY_DISCARD, "10.0.1.0/24", "10.0.4.0/24", 0, 0);
	assert_int_equal(rig_call(h, 0, &m), 0);
	rig_forget(h, 0);
	h->now = begin + 250 * S;
	cw_tick(h->e, begin + 139 * S);
	assert_int_equal(cw_policy_count(h->e), 3);
	assert_true(cw_tick(h->e, begin + 140 * S) == begin + 300 * S);
	assert_int_equal(cw_policy_count(h->e), 2);
	pfkey_msg_init(&m, SADB_X_SPDFLUSH, 0);
	assert_int_equal(rig_call(h, 0, &m), 0);
	rig_forget(h, 0);
	cw_tick(h->e, begin + 300 * S);
	assert_false(rig_event(h, 0, SADB_X_SPDEXPIRE, &m));	/* the flush took it */
	assert_true(cw_deadline(h->e) == UINT64_MAX);
	/* a policy ends by time alone, and what KAME refuses is refused */
	rig_policy_msg(&m, SADB_X_SPDADD, CW_DIR_OUT, CW_POLICY_DISCARD, "10.0.1.0/24", "10.0.4.0/24", 0, 0);
	m.hard.bytes = 1;
	m.has |= PFKEY_HAS(SADB_EXT_LIFETIME_HARD);
	assert_int_equal(rig_call(h, 0, &m), EOPNOTSUPP);
	rig_policy_msg(&m, SADB_X_SPDADD, CW_DIR_OUT, 3 /* entrust: a socket's */, "10.0.1.0/24", "10.0.4.0/24", 0, 0);
	assert_int_equal(rig_call(h, 0, &m), EINVAL);
	assert_int_equal(cw_policy_count(h->e), 0);
	rig_free(h);
}

/* Thousands, of which each ends at its own time, and SAs among them: the same heap. */
static void
many_policy_ends(void **state)
{
	enum { N = 2000 };
	struct host *h = rig_new();
	struct rig_sa like = { .hard_s = 1500, .soft_s = 700 };
	uint64_t begin = h->now;
	char net[32];

	for (unsigned i = 0; i < N; i++) {
		snprintf(net, sizeof(net), "10.%u.%u.0/24", 100 + i / 256, i % 256);
		lasting(h, SADB_X_SPDADD, CW_DIR_OUT, CW_POLICY_DISCARD, net, 1 + i * 7919u % N, 0);
	}
	assert_int_equal(cw_policy_count(h->e), N);
	rig_tunnel(h, true, &like);	/* four policies that stay */
	for (unsigned t = 0; t <= N; t++) {
		rig_forget(h, 0);
		cw_tick(h->e, begin + t * S);
		assert_int_equal(cw_policy_count(h->e), N + 4 - t);
		assert_int_equal(cw_sa_count(h->e), t < 1500 ? 2 : 0);
	}
	rig_free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_lifetimes),
		cmocka_unit_test(expiry_by_packet),
		cmocka_unit_test(packet_and_byte_lifetimes), cmocka_unit_test(counted_alike), cmocka_unit_test(byte_lifetime_of_a_receiver),
		cmocka_unit_test(newest_first),
		cmocka_unit_test(one_sided_lifetime),
		cmocka_unit_test(sequence_end),
		cmocka_unit_test(esn_crossing),
		cmocka_unit_test(acquire), cmocka_unit_test(back_off), cmocka_unit_test(acquire_beside_another),
		cmocka_unit_test(acquire_of_a_changed_policy), cmocka_unit_test(limits),
		cmocka_unit_test(policy_ends), cmocka_unit_test(policy_lifetime), cmocka_unit_test(policy_unused),
		cmocka_unit_test(policy_lifetime_changed), cmocka_unit_test(many_policy_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
