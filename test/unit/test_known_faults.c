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
			struct cw_pkt *exact = calloc(1, sizeof(*exact));

			assert_non_null(exact);
			*exact = (struct cw_pkt){ .buf = malloc(n ? n : 1), .cap = n, .len = n, .outer = p->outer };	/* ASan sees what is read behind it */
			memcpy(exact->buf, cw_pkt_data(p), n);
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

/* Row 8: TCP options that are not all there, or that say less than their own two octets: they stay as they are, and so does what is behind them. */
static void
options_of_tcp(void **state)
{
	/* the header in words, options, and how many octets of the latter the packet has */
	static const struct { uint8_t words, opts[8]; unsigned n; bool good; } t[] = {
		{ 7, { 1, 1, 1, 1, 2, 4, 0xff, 0xff }, 8, true }, { 15, { 1, 1, 1, 1, 2, 4, 0xff, 0xff }, 4, false },
		{ 15, { 1, 1, 1, 1, 2, 4, 0xff, 0xff }, 8, false }, { 6, { 1, 1, 2, 4, 0xff, 0xff, 0, 0 }, 8, false }, { 6, { 1, 1, 1, 2, 4, 0xff, 0xff, 0 }, 8, false },
		{ 4, { 2, 4, 0xff, 0xff, 2, 4, 0xff, 0xff }, 8, false }, { 7, { 2, 3, 0xff, 0xff, 0xff, 0, 0, 0 }, 8, false },
		{ 7, { 3, 0, 2, 4, 0xff, 0xff, 0, 0 }, 8, false }, { 7, { 3, 1, 2, 4, 0xff, 0xff, 0, 0 }, 8, false }, { 7, { 3, 9, 2, 4, 0xff, 0xff, 0, 0 }, 8, false },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct cw_ip ip = { .ver = 4, .upper = 20, .total = (uint32_t)(40 + t[i].n), .flow = { .proto = 6 } };
		uint8_t p[48] = { 0x45 }, was[48];

		p[20 + 12] = (uint8_t)(t[i].words << 4);
		p[20 + 13] = 2;
		memcpy(p + 40, t[i].opts, 8);
		memcpy(was, p, sizeof(p));
		cw_mss_clamp(p, 40 + t[i].n, &ip, 1400);
		if (t[i].good == (memcmp(p, was, sizeof(p)) == 0))
			fail_msg("row %u", i);
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

static const struct rig_sa one_in = { .spi = 0x1234, .reqid = 7, .src = "20.0.0.1", .dst = "20.0.0.2", .window = 1024, .bits = 256,
	.flags = CW_SAF_IN | CW_SAF_ESN, .sel_src = "10.0.1.0/24", .sel_dst = "10.0.2.0/24", .hard_s = 3600, .soft_s = 3000,
	.hard_packets = 1ull << 33, .udp = 4500, .seed = 9 };

/* Row 23: a reqid has 32 bits. Row 43: a policy of four transforms with IPv6 ends is one message, and so is what asks for its SA. */
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
	m.type = SADB_X_SPDADD;
	m.policy.dir = CW_DIR_OUT;
	m.seq = 0;
	m.has &= ~(PFKEY_HAS(SADB_EXT_LIFETIME_CURRENT) | PFKEY_HAS(CW_EXT_STATS));
	assert_int_equal(rig_call(h, 0, &m), 0);
	cw_plain_in(h->e, &(struct cw_pkt *){ rig_udp6("fd01::5", "fd02::6", 9, 0) }, 1, h->now);
	assert_true(rig_event(h, 0, SADB_ACQUIRE, &m));
	assert_int_equal(m.policy.n, 4);
	assert_int_equal(m.policy.req[3].reqid, 0xfffffff3u);
	rig_free(h);
}

/* Row 43: an SA with as many selectors as it may have is more than 5 KiB, and is entered, told and dumped in one piece. */
static void
large_messages(void **state)
{
	struct rig_sa many = one_in;
	struct host *h = rig_new();
	uint8_t keys[128], buf[PFKEY_MSG_MAX];
	struct wr w = wr_of(buf, sizeof(buf));
	struct pfkey_msg m;

	(void)state;
	rig_sa_msg(&m, &many, SADB_ADD, keys);
	m.sel_src.n = m.sel_dst.n = CW_SELECTORS_MAX / 2;
	for (unsigned i = 0; i < CW_SELECTORS_MAX / 2; i++) {
		m.sel_src.v[i] = m.sel_src.v[0];
		m.sel_dst.v[i] = m.sel_dst.v[0];
		m.sel_dst.v[i].port_lo = m.sel_dst.v[i].port_hi = (uint16_t)(1000 + i);
		m.sel_dst.v[i].proto = 17;
	}
	assert_true(pfkey_put(&w, &m) && w.n > 5120);
	assert_int_equal(rig_call(h, 0, &m), 0);
	assert_true(rig_last(h, 0, &m));
	assert_int_equal(m.sel_src.n + m.sel_dst.n, CW_SELECTORS_MAX);
	for (unsigned i = 0; i < 2; i++) {
		rig_forget(h, 0);
		if (i == 0) {
			assert_int_equal(rig_by_name(h, 0, SADB_GET, &many), 0);
		} else {
			pfkey_msg_init(&m, SADB_DUMP, SADB_SATYPE_UNSPEC);
			rig_call(h, 0, &m);
		}
		assert_true(rig_last(h, 0, &m));
		assert_int_equal(m.sel_dst.n, CW_SELECTORS_MAX / 2);
		assert_int_equal(m.sel_dst.v[CW_SELECTORS_MAX / 2 - 1].port_hi, 1000 + CW_SELECTORS_MAX / 2 - 1);
	}
	rig_free(h);
}

/* Row 23: SAs whose reqids have the same 14 or 16 bits at the end are not taken for each other's; the newest is none of the first policy's. */
static void
reqids_apart(void **state)
{
	static const struct { uint32_t reqid; const char *net; } way[] = { { 7, "10.0.2.0/24" }, { 0x10007, "10.0.3.0/24" }, { 0x4007, "10.0.4.0/24" } };
	struct host *h = rig_new();
	struct pfkey_msg m;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct rig_sa sa = { .spi = 0x1000 + i, .reqid = way[i].reqid, .src = "20.0.0.1", .dst = "20.0.0.2", .flags = CW_SAF_OUT };

		assert_int_equal(rig_sa(h, &sa), 0);
		assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.1.0/24", way[i].net, way[i].reqid, 10), 0);
		assert_int_equal(rig_by_name(h, 0, SADB_GET, &sa), 0);
		assert_true(rig_last(h, 0, &m));
		assert_int_equal(m.sa2.reqid, way[i].reqid);
	}
	for (unsigned i = 0; i < 3; i++) {
		char dst[16];
		struct cw_pkt *p;

		snprintf(dst, sizeof(dst), "10.0.%u.6", 2 + i);
		p = rig_seal(h, rig_udp4("10.0.1.5", dst, 9, 0, false));
		assert_int_equal(cw_pkt_data(p)[3], i);		/* the SPI's last octet */
		rig_pkt_free(p);
	}
	rig_free(h);
}

static int
raw(struct host *h, const uint8_t *p, size_t n)
{
	struct pfkey_msg m;

	rig_forget(h, 0);
	cw_pfkey(h->e, h->client[0].c, p, n, h->now);
	return rig_last(h, 0, &m) ? m.err : -1;
}

/* In memory of its own, which ends where the message ends: ASan sees what is read behind it. */
static int
raw_exact(struct host *h, const uint8_t *p, size_t n)
{
	uint8_t *exact = malloc(n);
	int err;

	assert_non_null(exact);
	memcpy(exact, p, n);
	err = raw(h, exact, n);
	free(exact);
	return err;
}

/* The message with another form of one of its extensions: what it says in its stead, at the end. */
static int
raw_with(struct host *h, struct bytes whole, unsigned type, const uint8_t *as, size_t n)
{
	uint8_t b[PFKEY_MSG_MAX];
	uint16_t head[2], words;
	size_t to = 16;

	memcpy(b, whole.p, 16);
	for (size_t at = 16; at < whole.n; at += head[0] * 8u) {
		memcpy(head, whole.p + at, 4);
		if (head[1] == type)
			continue;
		memcpy(b + to, whole.p + at, head[0] * 8u);
		to += head[0] * 8u;
	}
	memcpy(b + to, as, n);
	head[0] = (uint16_t)(n / 8);
	head[1] = (uint16_t)type;
	memcpy(b + to, head, 4);
	to += n;
	words = (uint16_t)(to / 8);
	memcpy(b + 4, &words, 2);
	return raw_exact(h, b, to);
}

static void
sockaddr_at(uint8_t *p, uint16_t family, unsigned last)
{
	memcpy(p, &family, 2);
	if (family == 10) {
		p[8] = 0xfc;
		p[23] = (uint8_t)last;
	} else {
		p[4] = 20;
		p[7] = (uint8_t)last;
	}
}

/* Row 9: a sockaddr has the length of its family and nothing else has an address in it: extensions of SAs, and requests of policies. */
static void
sockaddrs(void **state)
{
	/* octets behind the extension's first eight, the family that it says, its prefix */
	static const struct { unsigned octets; uint16_t family; uint8_t plen; int err; } ext[] = {
		{ 16, 2, 32, 0 }, { 16, 2, 33, EINVAL }, { 8, 2, 32, EINVAL }, { 0, 2, 0, EINVAL }, { 24, 2, 32, EINVAL }, { 32, 2, 32, EINVAL },
		{ 128, 2, 32, EINVAL }, { 16, 10, 32, EINVAL }, { 24, 10, 32, EINVAL }, { 40, 10, 128, EINVAL }, { 16, 0, 0, EINVAL }, { 16, 1, 32, EINVAL },
		{ 16, 99, 32, EINVAL }, { 16, 0x202, 32, EINVAL }, { 32, 99, 32, EINVAL },
	};
	/* what a request of a policy has behind its sixteen octets, and the families of the two that begin there */
	static const struct { unsigned octets; uint16_t family[2]; int err; } req[] = {
		{ 32, { 2, 2 }, 0 }, { 56, { 10, 10 }, 0 }, { 0, { 0, 0 }, 0 }, { 40, { 2, 2 }, EINVAL }, { 56, { 2, 2 }, EINVAL }, { 64, { 10, 10 }, EINVAL },
		{ 16, { 2, 0 }, EINVAL }, { 24, { 2, 0 }, EINVAL }, { 32, { 10, 0 }, EINVAL }, { 32, { 2, 99 }, EINVAL }, { 32, { 1, 2 }, EINVAL },
		{ 48, { 2, 10 }, EINVAL }, { 48, { 10, 2 }, EINVAL }, { 8, { 2, 0 }, EINVAL },
	};
	uint8_t keys[128], buf[PFKEY_MSG_MAX], as[256];
	struct host *h = rig_new();
	struct pfkey_msg m;
	struct wr w;

	for (unsigned i = 0; i < sizeof(ext) / sizeof(ext[0]); i++)
		for (unsigned type = SADB_EXT_ADDRESS_SRC; type <= SADB_EXT_ADDRESS_DST; type++) {
			int err;

			w = wr_of(buf, sizeof(buf));
			rig_sa_msg(&m, &one_in, SADB_ADD, keys);
			assert_true(pfkey_put(&w, &m));
			memset(as, 0, sizeof(as));
			as[4] = CW_ULPROTO_ANY;
			as[5] = ext[i].plen;
			sockaddr_at(as + 8, ext[i].family, 2);
			err = raw_with(h, wr_bytes(&w), type, as, 8 + ext[i].octets);
			if (err != ext[i].err)
				fail_msg("address %u: %d", i, err);
			assert_int_equal(cw_sa_count(h->e), err == 0);
			pfkey_msg_init(&m, SADB_FLUSH, 0);
			assert_int_equal(rig_call(h, 0, &m), 0);
		}
	for (unsigned i = 0; i < sizeof(req) / sizeof(req[0]); i++) {
		const uint16_t head[2] = { (uint16_t)(16 + req[i].octets), 50 }, type_dir[2] = { CW_POLICY_IPSEC, CW_DIR_IN };
		int err;

		w = wr_of(buf, sizeof(buf));
		rig_policy_msg(&m, SADB_X_SPDADD, CW_DIR_IN, CW_POLICY_IPSEC, "10.1.0.0/16", "10.2.0.0/16", 5, 10);
		assert_true(pfkey_put(&w, &m));
		memset(as, 0, sizeof(as));
		memcpy(as + 4, type_dir, 4);
		memcpy(as + 16, head, 4);
		as[20] = CW_MODE_TUNNEL;
		as[21] = CW_LEVEL_REQUIRE;
		sockaddr_at(as + 32, req[i].family[0], 1);
		sockaddr_at(as + 32 + (req[i].family[0] == 10 ? 28 : 16), req[i].family[1], 2);
		err = raw_with(h, wr_bytes(&w), SADB_X_EXT_POLICY, as, 32 + req[i].octets);
		if (err != req[i].err)
			fail_msg("request %u: %d", i, err);
		assert_int_equal(cw_policy_count(h->e), err == 0);
		pfkey_msg_init(&m, SADB_X_SPDFLUSH, 0);
		assert_int_equal(rig_call(h, 0, &m), 0);
	}
	rig_free(h);
}

/* One extension of a message at each length that it can say, at the end of the message: its own alone is taken. */
static void
each_length(struct host *h, struct bytes whole, size_t at)
{
	uint8_t as[512] = { 0 };
	uint16_t head[2];
	size_t n;

	memcpy(head, whole.p + at, 4);
	n = head[0] * 8u;
	memcpy(as, whole.p + at, n);
	for (size_t k = 8; k <= n + 64; k += 8) {
		int err = raw_with(h, whole, head[1], as, k);
		struct pfkey_msg m;

		if (err != (k == n ? 0 : EINVAL))
			fail_msg("message %u, extension %u of %zu octets, said to be %zu: %d", whole.p[1], head[1], n, k, err);
		pfkey_msg_init(&m, SADB_FLUSH, 0);
		assert_int_equal(rig_call(h, 0, &m), 0);
		pfkey_msg_init(&m, SADB_X_SPDFLUSH, 0);
		assert_int_equal(rig_call(h, 0, &m), 0);
	}
}

static void
each_extension(struct host *h, const struct pfkey_msg *m)
{
	uint8_t buf[PFKEY_MSG_MAX];
	struct wr w = wr_of(buf, sizeof(buf));
	uint16_t words;

	assert_true(pfkey_put(&w, m));
	for (size_t at = 16; at < w.n; at += words * 8u) {
		memcpy(&words, buf + at, 2);
		each_length(h, wr_bytes(&w), at);
	}
}

/* Row 26: every length that a message has in it says what is there, or it is refused: its own, its extensions', its keys' and its requests'. */
static void
lengths(void **state)
{
	/* the lengths of up to five requests, which have nothing but their first 16 octets, and all that the policy has behind its own */
	static const struct { uint16_t len[5]; unsigned octets; int err; } req[] = {
		{ { 16 }, 16, 0 }, { { 16, 16, 16, 16 }, 64, 0 }, { { 16, 16, 16, 16, 16 }, 80, EINVAL }, { { 0 }, 16, EINVAL }, { { 8, 8 }, 16, EINVAL },
		{ { 16, 8 }, 24, EINVAL }, { { 24 }, 16, EINVAL }, { { 24 }, 24, EINVAL }, { { 17 }, 24, EINVAL }, { { 16, 32 }, 32, EINVAL },
		{ { 0xfff8 }, 16, EINVAL },
	};
	struct rig_sa cbc = one_in;
	struct host *h = rig_new();
	uint8_t keys[128], buf[PFKEY_MSG_MAX], as[256] = { 0 };
	struct wr w = wr_of(buf, sizeof(buf));
	struct pfkey_msg m;
	uint16_t words, bits;

	(void)state;
	cbc.cipher = SADB_X_EALG_AESCBC;
	cbc.bits = 128;
	cbc.auth = SADB_X_AALG_SHA2_256HMAC;
	cbc.iface = "vpn0";
	rig_sa_msg(&m, &cbc, SADB_ADD, keys);
	pfkey_set_owner(&m, "somebody");
	each_extension(h, &m);
	assert_true(pfkey_put(&w, &m));

	/* more octets than the message says, and less */
	memset(buf + w.n, 0, 8);
	assert_int_equal(raw_exact(h, buf, w.n + 8), EMSGSIZE);
	assert_int_equal(raw_exact(h, buf, w.n - 8), EMSGSIZE);
	/* an extension of length 0, of a type that nobody knows too, and one that is longer than the message */
	for (unsigned i = 0; i < 3; i++) {
		const uint16_t head[2] = { i == 2 ? 2 : 0, i == 1 ? SADB_EXT_IDENTITY_SRC : 0x3355 };

		memcpy(buf + w.n, head, 4);
		words = (uint16_t)((w.n + 8) / 8);
		memcpy(buf + 4, &words, 2);
		assert_int_equal(raw_exact(h, buf, w.n + 8), EINVAL);
	}
	words = (uint16_t)(w.n / 8);
	memcpy(buf + 4, &words, 2);
	/* a key of more octets than its extension has, and of less */
	memcpy(as + 8, keys, 16);
	for (bits = 64; bits <= 256; bits += 64) {
		memcpy(as + 4, &bits, 2);
		assert_int_equal(raw_with(h, bytes_of(buf, w.n), SADB_EXT_KEY_ENCRYPT, as, 24), bits == 128 ? 0 : EINVAL);
	}
	pfkey_msg_init(&m, SADB_FLUSH, 0);
	assert_int_equal(rig_call(h, 0, &m), 0);

	rig_sa_msg(&m, &one_in, SADB_GETSPI, keys);
	m.spi_min = m.spi_max = 0x4000;
	m.has = PFKEY_HAS(SADB_EXT_ADDRESS_SRC) | PFKEY_HAS(SADB_EXT_ADDRESS_DST) | PFKEY_HAS(SADB_EXT_SPIRANGE) | PFKEY_HAS(SADB_X_EXT_SA2);
	each_extension(h, &m);
	rig_policy_msg(&m, SADB_X_SPDADD, CW_DIR_IN, CW_POLICY_IPSEC, "10.1.0.0/16", "10.2.0.0/16", 5, 10);
	m.policy.req[0].src = m.src.ep.addr;
	m.policy.req[0].dst = m.dst.ep.addr;
	each_extension(h, &m);
	w = wr_of(buf, sizeof(buf));
	assert_true(pfkey_put(&w, &m));
	for (unsigned i = 0; i < sizeof(req) / sizeof(req[0]); i++) {
		const uint16_t type_dir[2] = { CW_POLICY_IPSEC, CW_DIR_IN }, esp[2] = { 50, CW_MODE_TUNNEL | CW_LEVEL_REQUIRE << 8 };
		int err;

		memset(as, 0, sizeof(as));
		memcpy(as + 4, type_dir, 4);
		for (unsigned k = 0, at = 16; k < 5 && at + 16 <= sizeof(as); at += req[i].len[k] ? req[i].len[k] : 16, k++) {
			memcpy(as + at, &req[i].len[k], 2);
			memcpy(as + at + 2, esp, 4);
		}
		err = raw_with(h, wr_bytes(&w), SADB_X_EXT_POLICY, as, 16 + req[i].octets);
		if (err != req[i].err)
			fail_msg("requests %u: %d", i, err);
		pfkey_msg_init(&m, SADB_X_SPDFLUSH, 0);
		assert_int_equal(rig_call(h, 0, &m), 0);
	}
	rig_free(h);
}

static __attribute__((noinline)) void
dirty(struct host *h, uint8_t v)
{
	volatile uint8_t stack[32768];

	for (unsigned i = 0; i < sizeof(stack); i++)
		stack[i] = v;
	memset(h->e->pf, v, sizeof(h->e->pf));
}

/* Messages of every kind to everybody; whatever there is in them that was not written is v. */
static struct host *
chatter(uint8_t v)
{
	struct host *h = rig_new();
	struct rig_sa name = one_in, out = { .spi = 0x900, .reqid = 70, .src = "20.0.0.1", .dst = "20.0.0.2", .flags = CW_SAF_OUT, .soft_packets = 1 };
	struct pfkey_msg m;
	struct cw_pkt *p;
	uint32_t seq = 1000;

	for (unsigned i = 0; i < 10; i++) {
		uint8_t keys[128];

		if (i == 0)
			rig_sa_msg(&m, &one_in, SADB_ADD, keys);
		else if (i == 1 || i == 2)
			pfkey_msg_init(&m, i == 1 ? SADB_DUMP : SADB_X_SPDDUMP, 0);
		else if (i == 3)
			rig_policy_msg(&m, SADB_X_SPDADD, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.1.0/24", "10.0.2.0/24", 70, 10);
		else if (i == 4)
			rig_policy_msg(&m, SADB_X_SPDADD, CW_DIR_IN, CW_POLICY_IPSEC, "fd01::/16", "fd02::/16", 71, 10);
		else if (i == 5 || i == 6)
			pfkey_msg_init(&m, SADB_REGISTER, i == 5 ? SADB_SATYPE_ESP : SADB_SATYPE_AH);
		else if (i == 7)
			rig_sa_msg(&m, &out, SADB_ADD, keys);
		else
			pfkey_msg_init(&m, i == 8 ? SADB_DUMP : SADB_X_SPDDUMP, 0);
		m.seq = ++seq;
		dirty(h, v);
		rig_call(h, 0, &m);
		if (i == 4) {		/* ACQUIRE; with the SA of 7 the packet leaves, and its EXPIRE is told */
			p = rig_udp4("10.0.1.5", "10.0.2.6", 10, 0, false);
			dirty(h, v);
			cw_plain_in(h->e, &p, 1, h->now);
		}
	}
	assert_true(rig_event(h, 0, SADB_ACQUIRE, &m) && rig_event(h, 0, SADB_EXPIRE, &m));
	p = rig_pkt("\0\0\x77\x77\0\0\0\1..................................", 40);
	p->outer.src = rig_addr("20.0.0.2");
	p->outer.dst = rig_addr("20.0.0.1");
	dirty(h, v);
	rig_carry(h, p);
	assert_true(rig_event(h, 0, CW_MSG_STRAY, &m));
	name.spi = 0x1234;
	rig_sa_msg(&m, &name, SADB_DELETE, (uint8_t[128]){ 0 });
	m.has = PFKEY_HAS(SADB_EXT_SA) | PFKEY_HAS(SADB_EXT_ADDRESS_SRC) | PFKEY_HAS(SADB_EXT_ADDRESS_DST);
	m.seq = ++seq;
	dirty(h, v);
	assert_int_equal(rig_call(h, 0, &m), 0);
	return h;
}

/* Row 57: what stood in the memory that a message is written to, on the heap and on the stack, is not told to anybody. */
static void
nothing_of_before(void **state)
{
	struct host *h[2];
	uint64_t second;

	for (;;) {		/* both in one second: SAs and policies have the time when they came */
		second = host_wall_s();
		h[0] = chatter(0xaa);
		h[1] = chatter(0x55);
		if (host_wall_s() == second)
			break;
		rig_free(h[0]);
		rig_free(h[1]);
	}
	for (unsigned c = 0; c < RIG_CLIENTS; c++) {
		assert_int_equal(h[0]->client[c].n, h[1]->client[c].n);
		assert_true(h[0]->client[c].n >= 4);
		for (unsigned i = 0; i < h[0]->client[c].n; i++) {
			struct bytes a = h[0]->client[c].msg[i], b = h[1]->client[c].msg[i];

			assert_int_equal(a.n, b.n);
			for (size_t at = 0; at < a.n; at++)
				if (a.p[at] == 0xaa && b.p[at] == 0x55)
					fail_msg("client %u, message %u of type %u: octet %zu", c, i, a.p[1], at);
		}
	}
	rig_free(h[0]);
	rig_free(h[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replay_on_every_way), cmocka_unit_test(every_truncation), cmocka_unit_test(options_of_tcp), cmocka_unit_test(update_in_place),
		cmocka_unit_test(states), cmocka_unit_test(nobody_listens), cmocka_unit_test(large_numbers), cmocka_unit_test(large_messages), cmocka_unit_test(reqids_apart),
		cmocka_unit_test(sockaddrs), cmocka_unit_test(lengths), cmocka_unit_test(nothing_of_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
