/* SPDX-License-Identifier: BSD-2-Clause */
/* Policies with several requests through two engines: RFC 4301 4.3 (nested SAs), 5.1, 5.2; in each order, mode and family. */
#include "core_rig.h"

#include "core.h"

struct layer { const char *src, *dst; unsigned mode; uint16_t udp; unsigned cipher, auth; };
struct stack {
	const char *name, *src, *dst;
	bool unique;		/* its SAs are told apart by their reqids alone */
	unsigned n;
	struct layer layer[CW_REQUESTS_MAX];
};

#define TUN	CW_MODE_TUNNEL
#define TRA	CW_MODE_TRANSPORT
#define L(mode, src, dst, udp)	{ src, dst, mode, udp, SADB_X_EALG_AES_GCM_ICV16, 0 }
#define C(mode, src, dst, udp)	{ src, dst, mode, udp, SADB_X_EALG_AESCBC, SADB_X_AALG_SHA2_512HMAC }
static const struct stack stacks[] = {
	{ "tunnel, then a wider one", "10.0.1.5", "10.0.2.6", false, 2, {
		L(TUN, "20.0.0.1", "20.0.0.2", 0), C(TUN, "30.0.0.1", "30.0.0.2", 0) } },
	{ "tunnel, then transport", "10.0.1.5", "10.0.2.6", false, 2, {
		C(TUN, "20.0.0.1", "20.0.0.2", 0), L(TRA, "20.0.0.1", "20.0.0.2", 0) } },
	{ "transport, then tunnel", "20.0.0.1", "20.0.0.2", false, 2, {
		L(TRA, "20.0.0.1", "20.0.0.2", 0), L(TUN, "30.0.0.1", "30.0.0.2", 0) } },
	{ "transport twice", "20.0.0.1", "20.0.0.2", true, 2, {
		L(TRA, "20.0.0.1", "20.0.0.2", 0), C(TRA, "20.0.0.1", "20.0.0.2", 0) } },
	{ "four tunnels across families", "10.0.1.5", "10.0.2.6", false, 4, {
		C(TUN, "fd10::1", "fd10::2", 0), C(TUN, "20.0.0.1", "20.0.0.2", 0), C(TUN, "fd30::1", "fd30::2", 0),
		C(TUN, "40.0.0.1", "40.0.0.2", 0) } },
	{ "IPv6 in tunnels and transport, in turn", "fd01::5", "fd02::6", false, 4, {
		C(TUN, "20.0.0.1", "20.0.0.2", 0), C(TRA, "20.0.0.1", "20.0.0.2", 0), C(TUN, "fd30::1", "fd30::2", 0),
		C(TRA, "fd30::1", "fd30::2", 0) } },
	{ "in UDP inside", "10.0.1.5", "10.0.2.6", false, 3, {
		L(TUN, "fd10::1", "fd10::2", 4500), C(TUN, "20.0.0.1", "20.0.0.2", 4500), L(TUN, "30.0.0.1", "30.0.0.2", 0) } },
	{ "transport in UDP inside", "20.0.0.1", "20.0.0.2", false, 2, {
		L(TRA, "20.0.0.1", "20.0.0.2", 4500), L(TUN, "30.0.0.1", "30.0.0.2", 4500) } },
};
#define NSTACKS	(sizeof(stacks) / sizeof(stacks[0]))

struct ends { struct host *a, *b; const struct stack *s; };

static void
prefix_text(char *buf, size_t n, const char *addr)
{
	snprintf(buf, n, "%s/%d", addr, strchr(addr, ':') ? 128 : 32);
}

/* Keyed by hand; the SPIs are 0x2000 and up from a to b, 0x1000 and up from b to a. */
static void
key(struct host *h, const struct stack *s, unsigned i, bool back, bool in)
{
	const struct layer *l = &s->layer[i];
	struct rig_sa sa = {
		.spi = (back ? 0x1000 : 0x2000) + i, .src = back ? l->dst : l->src, .dst = back ? l->src : l->dst,
		.mode = l->mode, .udp = l->udp, .cipher = l->cipher, .auth = l->auth, .window = 64, .seed = (uint8_t)(i + (back ? 8 : 0)),
		.reqid = s->unique ? 100 + i : 0, .flags = !s->unique ? 0 : in ? CW_SAF_IN : CW_SAF_OUT,
	};

	assert_int_equal(rig_sa(h, &sa), 0);
}

static void
policy_msg(struct pfkey_msg *m, const struct stack *s, unsigned dir, bool back, unsigned level)
{
	char src[64], dst[64];

	prefix_text(src, sizeof(src), back ? s->dst : s->src);
	prefix_text(dst, sizeof(dst), back ? s->src : s->dst);
	rig_policy_msg(m, SADB_X_SPDADD, dir, CW_POLICY_IPSEC, src, dst, 0, 1000);
	m->policy.n = (uint8_t)s->n;
	for (unsigned i = 0; i < s->n; i++) {
		const struct layer *l = &s->layer[i];
		struct pfkey_request *r = &m->policy.req[i];

		*r = (struct pfkey_request){ .proto = 50, .mode = (uint8_t)l->mode, .level = (uint8_t)level };
		if (s->unique) {
			r->level = CW_LEVEL_UNIQUE;
			r->reqid = 100 + i;
		}
		if (l->mode == TUN) {
			assert_true(addr_parse(back ? l->dst : l->src, &r->src));
			assert_true(addr_parse(back ? l->src : l->dst, &r->dst));
		}
	}
}

static struct ends
joined(const struct stack *s, unsigned level)
{
	struct ends t = { rig_new(), rig_new(), s };
	struct pfkey_msg m;

	for (unsigned k = 0; k < 2; k++) {
		struct host *h = k ? t.b : t.a;

		for (unsigned i = 0; i < s->n; i++) {
			key(h, s, i, false, k == 1);
			key(h, s, i, true, k == 0);
		}
		policy_msg(&m, s, k ? CW_DIR_IN : CW_DIR_OUT, false, level);
		assert_int_equal(rig_call(h, 0, &m), 0);
		policy_msg(&m, s, k ? CW_DIR_OUT : CW_DIR_IN, true, level);
		assert_int_equal(rig_call(h, 0, &m), 0);
	}
	return t;
}

static void
part(struct ends t)
{
	rig_free(t.a);
	rig_free(t.b);
}

static struct cw_pkt *
packet(const struct stack *s, size_t n, bool df)
{
	return strchr(s->src, ':') ? rig_udp6(s->src, s->dst, n, 0) : rig_udp4(s->src, s->dst, n, 0, df);
}

/* rig_carry, with the header before ESP where the sender had one. */
static void
carry(struct host *to, const struct cw_pkt *p)
{
	uint32_t before = p->outer.hlen ? p->outer.hlen + (p->outer.udp ? 8u : 0u) : 0u;
	struct cw_pkt *q = rig_pkt(cw_pkt_data(p) - before, p->len + before);

	q->outer = p->outer;
	q->off += before;
	q->len -= before;
	rig_carry(to, q);
}

static void
carry_last(struct host *to, struct cw_pkt *p)	/* and free it */
{
	carry(to, p);
	rig_pkt_free(p);
}

static void
every_stack(void **state)
{
	for (unsigned k = 0; k < NSTACKS; k++) {
		const struct stack *s = &stacks[k];
		struct ends t = joined(s, CW_LEVEL_REQUIRE);

		print_message("%s\n", s->name);
		for (size_t n = 0; n < 1000; n += 7) {
			struct cw_pkt *p = packet(s, n, false), *was = rig_copy(p);
			const struct layer *last = &s->layer[s->n - 1];
			struct cw_addr src = rig_addr(last->src);

			p = rig_seal(t.a, p);
			assert_int_equal(get32(cw_pkt_data(p)), 0x2000 + s->n - 1);
			assert_true(cw_addr_eq(&p->outer.src, &src));
			assert_int_equal(p->outer.udp, last->udp != 0);
			assert_int_equal(p->nthen, 0);
			carry(t.b, p);
			if (t.b->nplain != 1)
				fail_msg("%s, %zu octets: %s", s->name, n, cw_drop_sentence(t.b->drop[0]->drop));
			assert_int_equal(t.b->plain[0]->nhist, s->n);
			for (unsigned i = 0; i < s->n; i++) {
				assert_int_equal(t.b->plain[0]->hist[i].spi, 0x2000 + s->n - 1 - i);
				assert_int_equal(t.b->plain[0]->hist[i].mode, s->layer[s->n - 1 - i].mode);
			}
			assert_int_equal(t.b->plain[0]->len, was->len);
			assert_memory_equal(cw_pkt_data(t.b->plain[0]), cw_pkt_data(was), was->len);
			rig_pkt_free(p);
			rig_pkt_free(was);
			rig_clear(t.b);
		}
		assert_int_equal(rig_drops(t.a) + rig_drops(t.b), 0);
		part(t);
	}
}

/* A burst, and the largest packet that passes whole: with DF it leaves no longer than the path, one octet more is answered. */
static void
bursts_and_sizes(void **state)
{
	struct ends t = joined(&stacks[0], CW_LEVEL_REQUIRE);
	struct cw_pkt *v[150];
	size_t n = 1500;

	for (unsigned i = 0; i < 150; i++)
		v[i] = packet(t.s, i, false);
	cw_plain_in(t.a->e, v, 150, t.a->now);
	assert_int_equal(t.a->nwire, 150);
	for (unsigned i = 0; i < 150; i++)
		carry(t.b, t.a->wire[i]);
	assert_int_equal(t.b->nplain, 150);
	for (unsigned i = 0; i < 150; i++)
		assert_int_equal(t.b->plain[i]->len, 28 + i);
	rig_clear(t.a);
	for (; n > 1000; n--) {
		struct cw_pkt *p = packet(t.s, n - 28, true);

		cw_plain_in(t.a->e, &p, 1, t.a->now);
		if (t.a->nwire)
			break;
		assert_int_equal(t.a->plain[0]->verdict, CW_ANSWER);
		assert_int_equal(get16(cw_pkt_data(t.a->plain[0]) + 26), 1366);
		rig_clear(t.a);
		t.a->now += S;
	}
	/* 1500 - 20 - (8 + 16 + 32) in blocks of 16 - 2 is 1422; of that 20 + 8 + 8 + 16, in words, and 2 */
	assert_int_equal(n, 1366);
	assert_true(t.a->wire[0]->len + 20 <= 1500);
	assert_int_equal(t.a->wire[0]->outer.df, 1);
	part(t);
}

/* What was applied is held against the policy: one layer less, another order, the outer one alone. */
static void
other_than_asked(void **state)
{
	struct stack less = stacks[0], swapped = stacks[0];
	struct ends t = joined(&stacks[0], CW_LEVEL_REQUIRE), u, w;

	less.n = 1;
	swapped.layer[0] = stacks[0].layer[1];
	swapped.layer[1] = stacks[0].layer[0];
	u = joined(&less, CW_LEVEL_REQUIRE);
	carry_last(t.b, rig_seal(u.a, packet(t.s, 10, false)));
	rig_dropped(t.b, CW_DROP_POLICY_MISMATCH);
	rig_clear(t.b);
	carry_last(u.b, rig_seal(u.a, packet(t.s, 10, false)));
	assert_int_equal(u.b->nplain, 1);
	w = joined(&swapped, CW_LEVEL_REQUIRE);
	carry_last(w.b, rig_seal(w.a, packet(t.s, 10, false)));
	assert_int_equal(w.b->nplain, 1);
	part(u);
	part(w);
	part(t);
}

/* Tampering and replay at each depth: the outer layer is good and the inner one is told by its own reason. */
static void
inner_replay(void **state)
{
	struct ends t = joined(&stacks[1], CW_LEVEL_REQUIRE);
	struct cw_pkt *p;

	carry_last(t.b, rig_seal(t.a, packet(t.s, 10, false)));
	rig_clear(t.b);
	rig_set_sequence(t.a->e, 0x2000, 0);		/* the inner one sends number 1 again, the outer one its second */
	p = rig_seal(t.a, packet(t.s, 10, false));
	carry_last(t.b, p);
	rig_dropped(t.b, CW_DROP_REPLAY_DUPLICATE);
	rig_clear(t.b);
	rig_set_sequence(t.a->e, 0x2000, 9);
	p = rig_seal(t.a, packet(t.s, 10, false));
	cw_pkt_data(p)[p->len - 1] ^= 1;
	carry_last(t.b, p);
	rig_dropped(t.b, CW_DROP_ICV_WRONG);
	part(t);
}

/* require: nothing is sent, and no number spent, until all SAs are there. The ACQUIRE names the one that is missing. use: without it. */
static void
missing(void **state)
{
	static const unsigned levels[] = { CW_LEVEL_REQUIRE, CW_LEVEL_USE };

	for (unsigned k = 0; k < 2; k++) {
		struct host *h = rig_new();
		struct cw_pkt *p = packet(&stacks[0], 10, false);
		const struct layer *l = stacks[0].layer;
		struct pfkey_msg m;
		struct addr want;

		key(h, &stacks[0], 0, false, false);
		policy_msg(&m, &stacks[0], CW_DIR_OUT, false, CW_LEVEL_REQUIRE);
		m.policy.req[1].level = (uint8_t)levels[k];
		assert_int_equal(rig_call(h, 0, &m), 0);
		rig_forget(h, 0);
		cw_plain_in(h->e, &p, 1, h->now);
		assert_true(rig_event(h, 0, SADB_ACQUIRE, &m));
		assert_true(addr_parse(l[1].dst, &want));
		assert_memory_equal(&m.dst.ep.addr, &want, sizeof(want));
		assert_int_equal(h->nwire, k);
		if (k) {
			assert_int_equal(get32(cw_pkt_data(h->wire[0])), 0x2000);
		} else {
			key(h, &stacks[0], 1, false, false);
			assert_int_equal(h->nwire, 1);		/* it waited */
			assert_int_equal(get32(cw_pkt_data(h->wire[0])), 0x2001);
		}
		assert_int_equal(rig_drops(h), 0);
		rig_free(h);
	}
}

/* use, and there is none at all: in the clear; with one, never. */
static void
use_alone(void **state)
{
	struct stack one = stacks[0];
	struct host *h = rig_new();
	struct cw_pkt *p = packet(&one, 10, false), *q = rig_copy(p);
	struct pfkey_msg m;

	one.n = 1;
	policy_msg(&m, &one, CW_DIR_OUT, false, CW_LEVEL_USE);
	assert_int_equal(rig_call(h, 0, &m), 0);
	/* A host that asks first leaves it to the system, and an SA is asked for all the same. */
	rig_forget(h, 0);
	assert_int_equal(cw_ask_out(h->e, cw_pkt_data(q), q->len, q->len, CW_ASK_SENT, h->now), CW_POLICY_NONE);
	assert_true(rig_event(h, 0, SADB_ACQUIRE, &m));
	cw_plain_in(h->e, &p, 1, h->now);
	assert_int_equal(h->nwire, 1);
	assert_int_equal(h->wire[0]->verdict, CW_BYPASS);
	assert_int_equal(h->wire[0]->outer.proto, 17);
	assert_memory_equal(cw_pkt_data(h->wire[0]) - h->wire[0]->outer.hlen, cw_pkt_data(q), q->len);
	key(h, &one, 0, false, false);
	assert_int_equal(cw_ask_out(h->e, cw_pkt_data(q), q->len, q->len, CW_ASK_SENT, h->now), CW_POLICY_IPSEC);
	rig_pkt_free(q);
	p = packet(&one, 10, false);
	cw_plain_in(h->e, &p, 1, h->now);
	assert_int_equal(h->nwire, 2);
	assert_int_equal(h->wire[1]->verdict, CW_SEALED);
	rig_free(h);
}

/* An SA that ends while the packet is between two ciphers, a number that is used up: dropped, and nothing is left behind. */
static void
ends_between(void **state)
{
	struct ends t = joined(&stacks[4], CW_LEVEL_REQUIRE);
	struct cw_pkt *p = packet(t.s, 10, false);

	rig_set_sequence(t.a->e, 0x2002, UINT32_MAX);
	cw_plain_in(t.a->e, &p, 1, t.a->now);
	rig_dropped(t.a, CW_DROP_SEQUENCE_END);
	assert_int_equal(t.a->drop[0]->nthen, 0);
	assert_null(t.a->drop[0]->sa);
	part(t);
}

/*
 * Another processor's packet comes while this one is in a cipher; or the cipher gives every packet back after the call that brought it has
 * returned. Either way a packet goes through its layers in a call of its own.
 */
static struct { struct host *h; struct cw_pkt *other; unsigned calls, at; bool later; struct cw_pkt *late; } cipher;

void __real_host_seal(struct cw_engine *, struct cw_pkt **, unsigned);
void __wrap_host_seal(struct cw_engine *, struct cw_pkt **, unsigned);
void __real_host_open(struct cw_engine *, struct cw_pkt **, unsigned);
void __wrap_host_open(struct cw_engine *, struct cw_pkt **, unsigned);

static bool
kept(struct cw_pkt **v, unsigned n, bool seal)
{
	if (!cipher.later)
		return false;
	assert_int_equal(n, 1);
	assert_null(cipher.late);
	v[0]->crypt.ok = host_crypt_one(&v[0]->crypt, seal);
	cipher.late = v[0];
	return true;
}

static void
meanwhile(void (*in)(struct cw_engine *, struct cw_pkt **, unsigned, uint64_t), const unsigned *out)
{
	struct cw_pkt *p = cipher.other;
	unsigned before = *out;

	if (!p || ++cipher.calls != cipher.at)
		return;
	cipher.other = NULL;
	in(cipher.h->e, &p, 1, cipher.h->now);
	assert_int_equal(*out, before + 1);
}

void
__wrap_host_seal(struct cw_engine *e, struct cw_pkt **v, unsigned n)
{
	if (kept(v, n, true))
		return;
	if (cipher.h)
		meanwhile(cw_plain_in, &cipher.h->nwire);
	__real_host_seal(e, v, n);
}

void
__wrap_host_open(struct cw_engine *e, struct cw_pkt **v, unsigned n)
{
	if (kept(v, n, false))
		return;
	if (cipher.h)
		meanwhile(cw_wire_in, &cipher.h->nplain);
	__real_host_open(e, v, n);
}

static void
beside_another(void **state)
{
	for (unsigned at = 1; at <= 4; at++) {
		struct ends t = joined(&stacks[4], CW_LEVEL_REQUIRE);
		struct cw_pkt *one = packet(t.s, 10, false), *two;

		cipher.h = t.a;
		cipher.at = at;
		cipher.calls = 0;
		cipher.other = packet(t.s, 20, false);
		cw_plain_in(t.a->e, &one, 1, t.a->now);
		assert_int_equal(t.a->nwire, 2);
		one = rig_arriving(t.a->wire[0]);
		two = rig_arriving(t.a->wire[1]);
		cipher.h = t.b;
		cipher.calls = 0;
		cipher.other = one;
		rig_carry(t.b, two);
		assert_int_equal(t.b->nplain, 2);
		assert_int_equal(t.b->plain[0]->len, 28 + 20);
		assert_int_equal(rig_drops(t.a) + rig_drops(t.b), 0);
		cipher.h = NULL;
		part(t);
	}
}

static void
give_back(struct host *h, void (*back)(struct cw_engine *, struct cw_pkt **, unsigned), unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		struct cw_pkt *p = cipher.late;

		assert_non_null(p);
		cipher.late = NULL;
		p->queue = NULL;
		back(h->e, &p, 1);
	}
	assert_null(cipher.late);
}

static void
later(void **state)
{
	for (unsigned k = 0; k < NSTACKS; k++) {
		struct ends t = joined(&stacks[k], CW_LEVEL_REQUIRE);
		struct cw_pkt *p = packet(t.s, 30, false), *was = rig_copy(p);

		cipher.later = true;
		cw_plain_in(t.a->e, &p, 1, t.a->now);
		assert_int_equal(t.a->nwire, 0);
		give_back(t.a, cw_sealed, t.s->n);
		assert_int_equal(t.a->nwire, 1);
		carry(t.b, t.a->wire[0]);
		give_back(t.b, cw_opened, t.s->n);
		assert_int_equal(t.b->nplain, 1);
		assert_memory_equal(cw_pkt_data(t.b->plain[0]), cw_pkt_data(was), was->len);
		cipher.later = false;
		rig_pkt_free(was);
		part(t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_stack), cmocka_unit_test(bursts_and_sizes), cmocka_unit_test(other_than_asked),
		cmocka_unit_test(inner_replay), cmocka_unit_test(missing), cmocka_unit_test(use_alone), cmocka_unit_test(ends_between),
		cmocka_unit_test(beside_another), cmocka_unit_test(later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
