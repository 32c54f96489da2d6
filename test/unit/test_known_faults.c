/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What went wrong in other engines (doc/known-faults.md names the rows), each as it would go wrong here: the test fails on the fault that is
 * described.
 */
#include "core_rig.h"

#include "core.h"

/* Two ends with one SA between them, and policies for it, over one form of the wire. */
struct way { const char *src, *dst; uint16_t udp; uint32_t flags; unsigned cipher, auth; };
static const struct way ways[] = {
	{ "20.0.0.1", "20.0.0.2", 0, 0, SADB_X_EALG_AES_GCM_ICV16, 0 },
	{ "20.0.0.1", "20.0.0.2", 4500, 0, SADB_X_EALG_AES_GCM_ICV16, 0 },
	{ "fc00::1", "fc00::2", 0, 0, SADB_X_EALG_AES_GCM_ICV16, 0 },
	{ "fc00::1", "fc00::2", 4500, 0, SADB_X_EALG_AES_GCM_ICV16, 0 },
	{ "20.0.0.1", "20.0.0.2", 0, CW_SAF_ESN, SADB_X_EALG_AES_GCM_ICV16, 0 },
	{ "20.0.0.1", "20.0.0.2", 4500, 0, SADB_X_EALG_AESCBC, SADB_X_AALG_SHA2_256HMAC },
	{ "fc00::1", "fc00::2", 0, CW_SAF_ESN, SADB_X_EALG_AESCBC, SADB_X_AALG_SHA2_256HMAC },
	{ "20.0.0.1", "20.0.0.2", 0, 0, SADB_EALG_NULL, SADB_X_AALG_SHA2_256HMAC },
};
#define NWAYS	(sizeof(ways) / sizeof(ways[0]))

struct two { struct host *a, *b; };

static struct two
joined(const struct way *w)
{
	struct two t = { rig_new(), rig_new() };
	struct rig_sa sa = { .spi = 0x1000, .reqid = 7, .src = w->src, .dst = w->dst, .udp = w->udp, .cipher = w->cipher, .auth = w->auth, .window = 64 };

	sa.flags = w->flags | CW_SAF_OUT;
	assert_int_equal(rig_sa(t.a, &sa), 0);
	sa.flags = w->flags | CW_SAF_IN;
	assert_int_equal(rig_sa(t.b, &sa), 0);
	assert_int_equal(rig_policy(t.a, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.1.0/24", "10.0.2.0/24", 7, 1), 0);
	assert_int_equal(rig_policy(t.a, CW_DIR_OUT, CW_POLICY_IPSEC, "fd01::/16", "fd02::/16", 7, 1), 0);
	assert_int_equal(rig_policy(t.b, CW_DIR_IN, CW_POLICY_IPSEC, "10.0.1.0/24", "10.0.2.0/24", 7, 1), 0);
	assert_int_equal(rig_policy(t.b, CW_DIR_IN, CW_POLICY_IPSEC, "fd01::/16", "fd02::/16", 7, 1), 0);
	return t;
}

static struct cw_pkt *
sealed(struct host *h, bool v6)
{
	return rig_seal(h, v6 ? rig_udp6("fd01::5", "fd02::6", 30, 0) : rig_udp4("10.0.1.5", "10.0.2.6", 30, 0, false));
}

/* Rows 3 and 4: the same frame again, at once and out of order, on each way in; and a forged one moves no window. */
static void
replay_on_every_way(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NWAYS * 2; i++) {
		struct two t = joined(&ways[i / 2]);
		struct cw_pkt *v[4], *bad;

		for (unsigned k = 0; k < 4; k++)
			v[k] = sealed(t.a, i % 2);
		bad = rig_copy(v[3]);
		cw_pkt_data(bad)[bad->len - 1] ^= 1;
		rig_carry(t.b, bad);
		rig_dropped(t.b, CW_DROP_ICV_WRONG);
		rig_clear(t.b);
		rig_carry(t.b, rig_copy(v[2]));
		rig_carry(t.b, rig_copy(v[0]));	/* late, inside the window */
		assert_int_equal(t.b->nplain, 2);
		for (unsigned k = 0; k < 3; k += 2) {
			rig_clear(t.b);
			rig_carry(t.b, rig_copy(v[k]));
			rig_dropped(t.b, CW_DROP_REPLAY_DUPLICATE);
		}
		rig_clear(t.b);
		rig_carry(t.b, rig_copy(v[3]));
		assert_int_equal(t.b->nplain, 1);
		for (unsigned k = 0; k < 4; k++)
			rig_pkt_free(v[k]);
		rig_free(t.a);
		rig_free(t.b);
	}
}

/* Rows 2, 8 and 10: an ESP packet cut at each length from nothing on, on each way in: dropped, with a reason. */
static void
every_truncation(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NWAYS; i++) {
		struct two t = joined(&ways[i]);
		struct cw_pkt *p = rig_seal(t.a, rig_udp4("10.0.1.5", "10.0.2.6", 160, 0, false));

		assert_true(p->len > 200);
		for (uint32_t n = 0; n <= 200; n++) {
			struct cw_pkt *cut = rig_copy(p), *exact;

			exact = rig_pkt(cw_pkt_data(cut), n);	/* ASan sees what is read behind it */
			exact->outer = cut->outer;
			rig_pkt_free(cut);
			rig_clear(t.b);
			rig_carry(t.b, exact);
			assert_int_equal(t.b->nplain, 0);
			assert_int_equal(t.b->ndrop, 1);
			assert_true(t.b->drop[0]->drop != CW_DROP_NONE);
		}
		rig_clear(t.b);
		rig_carry(t.b, p);
		assert_int_equal(t.b->nplain, 1);
		rig_free(t.a);
		rig_free(t.b);
	}
}

/* Row 16: what is updated keeps its number and its place. */
static void
update_in_place(void **state)
{
	static const char *const nets[] = { "10.0.0.0/8", "10.0.2.0/24", "0.0.0.0/0" };
	struct host *h = rig_new();
	struct pfkey_msg m;
	uint32_t id[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.1.0/24", nets[i], 1 + i, 0), 0);
		assert_true(rig_last(h, 0, &m));
		id[i] = m.policy.id;
	}
	rig_policy_msg(&m, SADB_X_SPDUPDATE, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.1.0/24", nets[0], 77, 0);
	assert_int_equal(rig_call(h, 0, &m), 0);
	rig_forget(h, 0);
	pfkey_msg_init(&m, SADB_X_SPDDUMP, 0);
	rig_call(h, 0, &m);	/* rows have numbers of their own */
	assert_int_equal(h->client[0].n, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(pfkey_get(h->client[0].msg[i], &m, NULL));
		assert_int_equal(m.policy.id, id[i]);
		assert_int_equal(m.policy.req[0].reqid, i ? 1 + i : 77);
	}
	/* and a packet that all three match still meets the first */
	rig_forget(h, 0);
	cw_plain_in(h->e, &(struct cw_pkt *){ rig_udp4("10.0.1.5", "10.0.2.6", 9, 0, false) }, 1, h->now);
	assert_true(rig_event(h, 0, SADB_ACQUIRE, &m));
	assert_int_equal(m.sa2.reqid, 77);
	rig_free(h);
}

/* Rows 19 and 21: each state of an SA with each thing that can happen to it. */
enum act { TICK, REFRESH, UPDATE_IT, DELETE_IT };
enum said { NOTHING, SOFT, HARD };

static const struct {
	uint8_t		from;
	enum act	act;
	unsigned	after;		/* seconds */
	int		to;		/* -1: it is gone */
	enum said	said;
} life[] = {
	{ SADB_SASTATE_LARVAL, TICK, 29, SADB_SASTATE_LARVAL, NOTHING },
	{ SADB_SASTATE_LARVAL, TICK, 30, -1, HARD },
	{ SADB_SASTATE_LARVAL, REFRESH, 29, SADB_SASTATE_LARVAL, NOTHING },
	{ SADB_SASTATE_LARVAL, UPDATE_IT, 29, SADB_SASTATE_MATURE, NOTHING },
	{ SADB_SASTATE_LARVAL, DELETE_IT, 1, -1, NOTHING },
	{ SADB_SASTATE_MATURE, TICK, 79, SADB_SASTATE_MATURE, NOTHING },
	{ SADB_SASTATE_MATURE, TICK, 80, SADB_SASTATE_DYING, SOFT },
	{ SADB_SASTATE_MATURE, TICK, 100, -1, HARD },	/* a tick that comes late: the end is told, not what came before */
	{ SADB_SASTATE_MATURE, UPDATE_IT, 50, SADB_SASTATE_MATURE, NOTHING },
	{ SADB_SASTATE_MATURE, DELETE_IT, 1, -1, NOTHING },
	{ SADB_SASTATE_DYING, TICK, 99, SADB_SASTATE_DYING, NOTHING },
	{ SADB_SASTATE_DYING, TICK, 100, -1, HARD },
	{ SADB_SASTATE_DYING, UPDATE_IT, 90, SADB_SASTATE_MATURE, NOTHING },
	{ SADB_SASTATE_DYING, DELETE_IT, 90, -1, NOTHING },
};

/* By client 3, which did not make the SA (row 25), and has not said HELLO: it may not say all that is in m. */
static void
updated(struct host *h, struct pfkey_msg *m, bool larval)
{
	m->type = SADB_UPDATE;
	m->seq = 0;
	m->hard.addtime = 1000;
	m->soft.addtime = 800;
	if (!larval)
		m->has &= ~PFKEY_HAS(SADB_EXT_KEY_ENCRYPT);
	assert_int_equal(rig_call(h, 3, m), EINVAL);
	m->has &= ~(PFKEY_HAS(CW_EXT_REPLAY) | PFKEY_HAS(CW_EXT_SAFLAGS) | PFKEY_HAS(CW_EXT_PACKETS));
	m->seq = 0;
	assert_int_equal(rig_call(h, 3, m), 0);
	rig_forget(h, 0);
}

static void
states(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(life) / sizeof(life[0]); i++) {
		struct host *h = rig_new();
		struct rig_sa a = { .spi = 0x4444, .reqid = 3, .src = "20.0.0.1", .dst = "20.0.0.2", .flags = CW_SAF_IN, .hard_s = 100, .soft_s = 80, .window = 64 };
		uint64_t begin = h->now;
		struct pfkey_msg m, g;
		uint8_t keys[128];
		enum said said = NOTHING;
		int is;

		rig_sa_msg(&m, &a, SADB_ADD, keys);
		pfkey_msg_init(&g, SADB_GETSPI, SADB_SATYPE_ESP);
		g.src = m.src;
		g.dst = m.dst;
		pfkey_set_sa2(&g, CW_MODE_TUNNEL, 3);
		g.spi_min = g.spi_max = a.spi;
		g.has |= PFKEY_HAS(SADB_EXT_ADDRESS_SRC) | PFKEY_HAS(SADB_EXT_ADDRESS_DST) | PFKEY_HAS(SADB_EXT_SPIRANGE);
		if (life[i].from == SADB_SASTATE_LARVAL)
			assert_int_equal(rig_call(h, 0, &g), 0);
		else
			assert_int_equal(rig_call(h, 0, &m), 0);
		if (life[i].from == SADB_SASTATE_DYING)
			cw_tick(h->e, begin + 80 * S);
		rig_forget(h, 0);
		h->now = begin + life[i].after * S;
		switch (life[i].act) {
		case REFRESH:
			g.seq = 0;
			assert_int_equal(rig_call(h, 0, &g), 0);
			h->now += 29 * S;
			cw_tick(h->e, h->now);
			break;
		case UPDATE_IT:
			updated(h, &m, life[i].from == SADB_SASTATE_LARVAL);
			break;
		case DELETE_IT:
			assert_int_equal(rig_by_name(h, 0, SADB_DELETE, &a), 0);
			rig_forget(h, 0);
			break;
		default:
			break;
		}
		cw_tick(h->e, h->now);
		if (h->client[0].n > 1)
			fail_msg("row %u: told %u times", i, h->client[0].n);
		if (rig_event(h, 0, SADB_EXPIRE, &g))
			said = g.has & PFKEY_HAS(SADB_EXT_LIFETIME_SOFT) ? SOFT : HARD;
		is = rig_by_name(h, 0, SADB_GET, &a) == 0 && rig_last(h, 0, &g) ? g.sa.state : -1;
		if (is != life[i].to || said != life[i].said)
			fail_msg("row %u: state %d, told %d", i, is, said);
		rig_free(h);
	}
}

/* Row 22: nobody listens for a while: nothing is kept for it, each packet asks again, and the first listener is asked. */
static void
nobody_listens(void **state)
{
	struct host *h = rig_new();
	struct pfkey_msg m;

	(void)state;
	assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.1.0/24", "10.0.2.0/24", 7, 10), 0);
	cw_client_close(h->e, h->client[0].c);
	for (unsigned i = 0; i < 3000; i++) {
		rig_clear(h);
		cw_plain_in(h->e, &(struct cw_pkt *){ rig_udp4("10.0.1.5", "10.0.2.6", 9, 0, false) }, 1, h->now);
		rig_dropped(h, CW_DROP_NO_SA_NO_LISTENER);
	}
	assert_int_equal(h->e->nwaiting, 0);
	assert_null(h->e->waiters);
	assert_int_equal(cw_sa_count(h->e), 0);
	rig_clear(h);
	pfkey_msg_init(&m, SADB_REGISTER, SADB_SATYPE_ESP);
	assert_int_equal(rig_call(h, 1, &m), 0);
	cw_plain_in(h->e, &(struct cw_pkt *){ rig_udp4("10.0.1.5", "10.0.2.6", 9, 0, false) }, 1, h->now);
	assert_true(rig_event(h, 1, SADB_ACQUIRE, &m));
	assert_int_equal(h->ndrop, 0);		/* it waits */
	rig_free(h);
}

/* Rows 23 and 43: a reqid has 32 bits, and a policy of four transforms with IPv6 ends is one message. */
static void
large_numbers(void **state)
{
	struct host *h = rig_new();
	struct pfkey_msg m;

	(void)state;
	rig_policy_msg(&m, SADB_X_SPDADD, CW_DIR_IN, CW_POLICY_IPSEC, "fd01::/16", "fd02::/16", 0xfffffff0u, 1);
	m.policy.n = 4;
	for (unsigned i = 0; i < 4; i++) {
		m.policy.req[i] = m.policy.req[0];
		m.policy.req[i].reqid = 0xfffffff0u + i;
		assert_true(addr_parse("fc00::1", &m.policy.req[i].src));
		assert_true(addr_parse("fc00::2", &m.policy.req[i].dst));
	}
	assert_int_equal(rig_call(h, 0, &m), 0);
	assert_true(rig_last(h, 0, &m));
	assert_int_equal(m.policy.n, 4);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(m.policy.req[i].reqid, 0xfffffff0u + i);
	rig_free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replay_on_every_way), cmocka_unit_test(every_truncation), cmocka_unit_test(update_in_place),
		cmocka_unit_test(states), cmocka_unit_test(nobody_listens), cmocka_unit_test(large_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
