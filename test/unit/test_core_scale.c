/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine's databases as they grow: the hashes against a list, policies against a search from the first to the last (with
 * fragments, of which ports or protocol are not known), lifetimes in their order, answers to ACQUIREs among many policies.
 */
#include "core_rig.h"

#include "core.h"

static uint32_t
dice(void)
{
	static uint64_t x = 0x853c49e6748fea9bull;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (uint32_t)(x >> 16);
}

struct thing { struct cw_link link; uint32_t hash; bool in; uint32_t when; };

/* Each hash's chain has what is in, and nothing else, the newest first. */
static void
same(struct cw_index *ix, const struct thing *v, unsigned n, uint32_t hashes)
{
	unsigned want = 0, got = 0;

	for (unsigned i = 0; i < n; i++)
		want += v[i].in;
	for (uint32_t h = 0; h < hashes; h++) {
		struct cw_walk w = cw_index_walk(ix, h * 0x9e3779b9u);
		uint32_t last = UINT32_MAX;
		struct cw_link *l;

		for (; (l = cw_index_next(&w)) != NULL; got++) {
			struct thing *t = CW_OF(l, struct thing, link);

			assert_true(t->in);
			assert_int_equal(t->hash, h * 0x9e3779b9u);
			assert_true(t->when < last);
			last = t->when;
		}
	}
	assert_int_equal(got, want);
	assert_int_equal(ix->count, want);
}

static void
index_grows_and_keeps_its_order(void **state)
{
	enum { N = 5000, HASHES = 1500 };
	struct thing *v = calloc(N, sizeof(*v)), other = { 0 };
	struct cw_index ix = { 0 };
	uint32_t when = 0;

	(void)state;
	assert_non_null(v);
	same(&ix, v, N, HASHES);
	for (unsigned round = 0; round < 6; round++) {
		for (unsigned i = 0; i < N; i++) {
			if (dice() % 4 == 0) {
				cw_index_del(&ix, &v[i].link);	/* also what is not in */
				v[i].in = false;
			} else if (!v[i].in) {
				v[i] = (struct thing){ .hash = dice() % HASHES * 0x9e3779b9u, .in = true, .when = ++when };
				assert_true(cw_index_room(&ix));
				cw_index_add(&ix, &v[i].link, v[i].hash);
			}
		}
		same(&ix, v, N, HASHES);
	}
	assert_true(ix.slots->buckets >= ix.count);
	for (unsigned i = 0; i < N; i++)
		if (v[i].in) {
			other = v[i];
			memset(&other.link, 0, sizeof(other.link));
			cw_index_swap(&ix, &v[i].link, &other.link);
			v[i].in = false;
			cw_index_del(&ix, &v[i].link);	/* is out already */
			cw_index_del(&ix, &other.link);
			break;
		}
	same(&ix, v, N, HASHES);
	cw_index_free(&ix);
	free(v);
}

/* -- policies -- */
enum { POLICIES = 400 };

static void
some_policy(struct pfkey_msg *m, uint8_t type)
{
	static const uint8_t lens[] = { 0, 8, 24, 32 }, protos[] = { 0, 6, 17, 17 };
	static const uint16_t ports[] = { 0, 0, 53, 80 }, types[] = { CW_POLICY_IPSEC, CW_POLICY_IPSEC, CW_POLICY_NONE, CW_POLICY_DISCARD };
	struct prefix src = { { 4, { 10, 0, 1, (uint8_t)(dice() % 3) } }, lens[dice() % 4] };
	struct prefix dst = { { 4, { 10, 0, 2, (uint8_t)(dice() % 3) } }, lens[dice() % 4] };
	uint8_t proto = protos[dice() % 4];

	pfkey_msg_init(m, type, SADB_SATYPE_UNSPEC);
	pfkey_set_selector(m, &src, &dst, proto, proto ? ports[dice() % 4] : 0, proto ? ports[dice() % 4] : 0);
	m->policy = (struct pfkey_policy){ .type = types[dice() % 4], .dir = CW_DIR_OUT, .priority = dice() % 3 };
	m->policy.n = m->policy.type == CW_POLICY_IPSEC;
	m->policy.req[0] = (struct pfkey_request){ .proto = 50, .mode = CW_MODE_TUNNEL, .level = CW_LEVEL_UNIQUE, .reqid = 1 + dice() % 9 };
	m->has |= PFKEY_HAS(SADB_X_EXT_POLICY);
}

static bool
in_prefix(const struct cw_prefix *p, const struct cw_addr *a)
{
	struct cw_addr k = *a;

	cw_addr_mask(&k, p->len);
	return cw_addr_eq(&k, &p->addr);
}

/* RFC 4301 4.4.1 read aloud: the first, in order, that matches; 7: what is not known matches where that is the safe side. */
static const struct cw_policy *
slow(const struct host *h, const struct cw_flow *f)
{
	const struct cw_policy *best = NULL;

	for (const struct cw_spd_entry *x = h->e->sp_first; x; x = x->succ) {
		const struct cw_policy *p = &x->pub;
		bool safe = p->type == CW_POLICY_IPSEC || p->type == CW_POLICY_DISCARD;

		if (!in_prefix(&p->src, &f->src) || !in_prefix(&p->dst, &f->dst) || (best && best->priority <= p->priority))
			continue;
		if (p->proto != CW_ULPROTO_ANY && (f->opaque == 2 ? !safe : p->proto != f->proto))
			continue;
		if (f->opaque ? (p->sport || p->dport) && !safe :
		    (p->sport && p->sport != f->sport) || (p->dport && p->dport != f->dport))
			continue;
		best = p;
	}
	return best;
}

static void
look_up_everywhere(struct host *h)
{
	static const uint16_t ports[] = { 53, 80, 99 };

	for (unsigned i = 0; i < 3000; i++) {
		struct cw_flow f = {
			.src = { 4, { 10, 0, 1, (uint8_t)(dice() % 4) } }, .dst = { 4, { 10, 0, (uint8_t)(1 + dice() % 2), (uint8_t)(dice() % 4) } },
			.proto = dice() % 3 ? 17 : 6, .opaque = (uint8_t)(dice() % 3),
		};
		const struct cw_policy *want;
		const struct cw_spd_entry *got;

		if (f.opaque == 0) {
			f.sport = ports[dice() % 3];
			f.dport = ports[dice() % 3];
		}
		want = slow(h, &f);
		got = cw_spd_lookup(h->e, CW_DIR_OUT, 0, &f);
		assert_ptr_equal(got ? &got->pub : NULL, want);
	}
}

static void
lookups_find_what_a_search_finds(void **state)
{
	struct host *h = rig_new();

	(void)state;
	for (unsigned round = 0; round < 5; round++) {
		struct pfkey_msg m;
		int err;

		for (unsigned i = 0; i < POLICIES; i++) {
			some_policy(&m, round % 2 ? SADB_X_SPDUPDATE : SADB_X_SPDADD);
			err = rig_call(h, 0, &m);
			assert_true(err == 0 || err == EEXIST);
		}
		look_up_everywhere(h);
		for (unsigned i = 0; i < POLICIES; i++) {
			some_policy(&m, SADB_X_SPDDELETE);
			m.policy.n = 0;
			err = rig_call(h, 0, &m);
			assert_true(err == 0 || err == ENOENT);
			host_turn_end();
		}
		look_up_everywhere(h);
	}
	assert_true(h->e->nsp > 50);
	rig_forget(h, 0);
	while (h->e->sp_first)
		cw_spd_remove(h->e, h->e->sp_first);
	assert_int_equal(h->e->shades.count, 0);
	assert_null(h->e->tuples);		/* shapes that nobody has any more cost nothing */
	rig_free(h);
}

/* -- lifetimes -- */
static void
add_sa(struct host *h, uint32_t i, uint64_t soft, uint64_t hard)
{
	char dst[40];
	struct rig_sa a = { .spi = 0x1000 + i, .reqid = 1 + i, .src = "20.0.0.1", .dst = dst, .soft_s = soft, .hard_s = hard, .flags = CW_SAF_OUT };

	snprintf(dst, sizeof(dst), "30.0.%u.%u", i >> 8, i & 255);
	assert_int_equal(rig_sa(h, &a), 0);
}

static void
lifetimes_end_in_their_order(void **state)
{
	enum { N = 3000 };
	struct host *h = rig_new();
	uint64_t due, last = 0;
	unsigned softs = 0, hards = 0, gone = 0;

	(void)state;
	for (uint32_t i = 0; i < N; i++) {
		uint64_t soft = 1 + dice() % 500;

		add_sa(h, i, soft, soft + 1 + dice() % 100);
		if (i % 7 == 6) {	/* taken out of the middle */
			struct rig_sa a = { .spi = 0x1000 + i - 3, .src = "20.0.0.1", .dst = "0.0.0.0" };
			char dst[40];

			snprintf(dst, sizeof(dst), "30.0.%u.%u", (i - 3) >> 8, (i - 3) & 255);
			a.dst = dst;
			assert_int_equal(rig_by_name(h, 0, SADB_DELETE, &a), 0);
			gone++;
		}
	}
	while ((due = cw_deadline(h->e)) != UINT64_MAX) {
		struct pfkey_msg m;

		assert_true(due >= last);
		h->now = last = due;
		rig_forget(h, 0);
		cw_tick(h->e, due);
		host_turn_end();
		for (unsigned i = 0; i < h->client[0].n; i++) {
			assert_true(pfkey_get(h->client[0].msg[i], &m, NULL));
			assert_int_equal(m.type, SADB_EXPIRE);
			if (m.has & PFKEY_HAS(SADB_EXT_LIFETIME_SOFT)) {
				assert_int_equal((due - 1000 * S) / S, m.soft.addtime);
				softs++;
			} else {
				assert_int_equal((due - 1000 * S) / S, m.hard.addtime);
				hards++;
			}
		}
	}
	assert_int_equal(softs, N - gone);
	assert_int_equal(hards, N - gone);
	assert_int_equal(cw_sa_count(h->e), 0);
	assert_int_equal(h->e->ndue, 0);
	rig_free(h);
}

/* -- ACQUIRE -- */
static void
a_refusal_finds_its_policy(void **state)
{
	enum { N = 1500 };
	struct host *h = rig_new();
	uint32_t seqs[N];
	struct pfkey_msg m;
	char net[40], at[40];

	(void)state;
	for (unsigned i = 0; i < N; i++) {
		snprintf(net, sizeof(net), "10.9.%u.%u/32", i >> 8, i & 255);
		assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.1.0/24", net, 5000 + i, 9), 0);
		rig_forget(h, 0);
		snprintf(at, sizeof(at), "10.9.%u.%u", i >> 8, i & 255);
		cw_plain_in(h->e, &(struct cw_pkt *){ rig_udp4("10.0.1.1", at, 10, 0, false) }, 1, h->now);
		assert_true(rig_event(h, 0, SADB_ACQUIRE, &m));
		seqs[i] = m.seq;
	}
	for (unsigned i = 0; i < N / 2; i++)
		cw_spd_remove(h->e, h->e->sp_first);
	for (unsigned i = 0; i < N; i++) {	/* of policies that are gone there is none */
		assert_int_equal(cw_acquire_failed(h->e, seqs[i], h->now), i >= N / 2);
		assert_false(cw_acquire_failed(h->e, seqs[i], h->now));
	}
	assert_false(cw_acquire_failed(h->e, 0, h->now));
	rig_free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(index_grows_and_keeps_its_order),
		cmocka_unit_test(lookups_find_what_a_search_finds),
		cmocka_unit_test(lifetimes_end_in_their_order),
		cmocka_unit_test(a_refusal_finds_its_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
