/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine's taps: which packets are told to whom, that bounds hold and are counted, and that no packet waits for a reader. */
#include <limits.h>
#include <stdlib.h>

#include "core_rig.h"

#include "core.h"

static int
ask(struct host *h, unsigned client, const struct pfkey_tap *t)
{
	struct pfkey_msg m;

	pfkey_msg_init(&m, CW_MSG_TAP, SADB_SATYPE_UNSPEC);
	m.has = PFKEY_HAS(CW_EXT_TAP);
	m.tap = *t;
	return rig_call(h, client, &m);
}

static int
tap(struct host *h, unsigned client, uint32_t id, uint32_t reqid)
{
	struct pfkey_tap t = { .n = 1, .id = id, .octets = CW_TAP_OCTETS_MAX, .rate = CW_TAP_RATE_MAX, .reqid = { reqid } };

	return ask(h, client, &t);
}

static int
untap(struct host *h, unsigned client, uint32_t id)
{
	struct pfkey_tap t = { .id = id };

	return ask(h, client, &t);
}

/* The i'th packet that it was told of; false: it was told of fewer. */
static bool
told(struct host *h, unsigned client, unsigned i, struct pfkey_tapped *t)
{
	struct pfkey_msg m;

	for (unsigned k = 0; k < h->client[client].n; k++) {
		assert_true(pfkey_get(h->client[client].msg[k], &m, NULL));
		if (m.type != CW_MSG_TAPPED || i-- > 0)
			continue;
		assert_true((m.has & PFKEY_HAS(CW_EXT_TAPPED)) && m.seq == 0 && m.pid == 0);
		*t = m.tapped;
		return true;
	}
	return false;
}

static unsigned
how_many(struct host *h, unsigned client)
{
	struct pfkey_tapped t;
	unsigned n = 0;

	while (told(h, client, n, &t))
		n++;
	return n;
}

struct two { struct host *a, *b; };

static struct two
two(const struct rig_sa *like)
{
	struct two t = { rig_new(), rig_new() };

	rig_tunnel(t.a, true, like);
	rig_tunnel(t.b, false, like);
	return t;
}

static void
two_free(struct two *t)
{
	rig_free(t->a);
	rig_free(t->b);
}

static void
send_one(struct two *t, size_t octets)
{
	rig_carry(t->b, rig_seal(t->a, rig_udp4("10.0.1.5", "10.0.2.6", octets, 0, false)));
}

/* The same packet at both ends: before ESP and after it. */
static void
both_ways(void **state)
{
	struct rig_sa like = { 0 };
	struct two t = two(&like);
	struct cw_pkt *p = rig_udp4("10.0.1.5", "10.0.2.6", 400, 0, false);
	uint8_t *clear = malloc(p->len);
	uint32_t n = p->len;
	struct pfkey_tapped x;

	memcpy(clear, cw_pkt_data(p), n);
	t.a->now = 77 * S;
	assert_int_equal(tap(t.a, 0, 9, 7), 0);
	assert_int_equal(tap(t.b, 0, 5, 7), 0);
	rig_carry(t.b, rig_seal(t.a, p));
	assert_int_equal(how_many(t.a, 0), 1);
	assert_int_equal(how_many(t.b, 0), 1);
	assert_true(told(t.a, 0, 0, &x));
	assert_true(x.id == 9 && x.dir == CW_DIR_OUT && x.reqid == 7 && x.proto == 50 && x.lost == 0 && x.reason == 0 && x.whole == n && x.when_ns == 77 * S);
	assert_true(bytes_eq(x.octets, bytes_of(clear, n)));
	assert_int_equal(x.spi, 0x2000);
	assert_true(told(t.b, 0, 0, &x));
	assert_true(x.id == 5 && x.dir == CW_DIR_IN && x.reqid == 7 && x.spi == 0x2000 && x.whole == n && bytes_eq(x.octets, bytes_of(clear, n)));
	/* nobody else was told, and it is no more when it was taken off */
	assert_int_equal(how_many(t.a, 1) + how_many(t.a, 2), 0);
	assert_int_equal(untap(t.a, 0, 9), 0);
	send_one(&t, 40);
	assert_int_equal(how_many(t.a, 0), 1);
	assert_int_equal(how_many(t.b, 0), 2);
	assert_int_equal(rig_drops(t.a) + rig_drops(t.b), 0);
	free(clear);
	two_free(&t);
}

static void
others_are_not_told(void **state)
{
	struct rig_sa like = { 0 };
	struct two t = two(&like);
	struct cw_pkt *p;

	assert_int_equal(tap(t.a, 0, 1, 8), 0);
	send_one(&t, 40);
	assert_int_equal(how_many(t.a, 0), 0);
	assert_int_equal(tap(t.a, 0, 2, 7), 0);
	/* what goes in the clear, and what is not let in */
	p = rig_udp4("192.0.2.1", "192.0.2.2", 40, 0, false);
	cw_plain_in(t.a->e, &p, 1, t.a->now);
	p = rig_udp4("10.0.2.6", "10.0.1.5", 40, 0, false);
	cw_check_clear(t.a->e, &p, 1, t.a->now);
	assert_int_equal(how_many(t.a, 0), 0);
	send_one(&t, 40);
	assert_int_equal(how_many(t.a, 0), 1);
	two_free(&t);
}

/* A packet that was decrypted and then refused is what somebody who looks for a fault wants to see. */
static void
refused_is_told(void **state)
{
	struct rig_sa like = { 0 };
	struct two t = two(&like);
	struct pfkey_tapped x;
	struct cw_pkt *p;

	assert_int_equal(tap(t.b, 0, 1, 7), 0);
	assert_int_equal(rig_policy(t.b, CW_DIR_IN, CW_POLICY_DISCARD, "10.0.1.9/32", "10.0.2.0/24", 0, 1), 0);
	rig_carry(t.b, rig_seal(t.a, rig_udp4("10.0.1.9", "10.0.2.6", 40, 0, false)));
	assert_int_equal(how_many(t.b, 0), 1);
	assert_true(told(t.b, 0, 0, &x) && x.reason == CW_DROP_POLICY_DISCARD_IN);
	/* what does not authenticate was never clear */
	p = rig_seal(t.a, rig_udp4("10.0.1.5", "10.0.2.6", 40, 0, false));
	cw_pkt_data(p)[20] ^= 1;
	rig_carry(t.b, p);
	assert_int_equal(how_many(t.b, 0), 1);
	two_free(&t);
}

static void
bounds(void **state)
{
	struct rig_sa like = { 0 };
	struct two t = two(&like);
	struct pfkey_tap cut = { .n = 1, .id = 1, .octets = 61, .rate = 3, .reqid = { 7 } };
	struct pfkey_tapped x;

	assert_int_equal(ask(t.a, 0, &cut), 0);
	for (unsigned i = 0; i < 10; i++)
		send_one(&t, 400);
	assert_int_equal(how_many(t.a, 0), 3);
	assert_true(told(t.a, 0, 2, &x) && x.octets.n == 61 && x.whole == 428 && x.lost == 0);
	t.a->now += S;
	send_one(&t, 400);
	send_one(&t, 400);
	assert_true(told(t.a, 0, 3, &x) && x.lost == 7);
	assert_true(told(t.a, 0, 4, &x) && x.lost == 0);
	/* a reader that takes nothing costs packets of the tap and none of the tunnel */
	t.a->now += S;
	t.a->client[0].room = 0;
	for (unsigned i = 0; i < 3; i++)
		send_one(&t, 400);
	t.a->client[0].room = UINT_MAX;
	t.a->now += S;
	send_one(&t, 400);
	assert_int_equal(how_many(t.a, 0), 6);
	assert_true(told(t.a, 0, 5, &x) && x.lost == 3);
	assert_int_equal(t.b->nplain, 16);
	assert_int_equal(rig_drops(t.a) + rig_drops(t.b), 0);
	two_free(&t);
}

static void
askers(void **state)
{
	struct host *h = rig_new();
	struct pfkey_tap t = { .n = 1, .id = 1, .octets = 1, .rate = 1, .reqid = { 7 } };
	struct pfkey_msg m;

	assert_int_equal(ask(h, 1, &t), EINVAL);	/* no HELLO */
	pfkey_msg_init(&m, CW_MSG_TAP, SADB_SATYPE_UNSPEC);
	assert_int_equal(rig_call(h, 0, &m), EINVAL);	/* without its extension */
	t.octets = CW_TAP_OCTETS_MAX + 1;
	assert_int_equal(ask(h, 0, &t), EINVAL);
	t.octets = 0;
	assert_int_equal(ask(h, 0, &t), EINVAL);
	t.octets = 1;
	t.rate = CW_TAP_RATE_MAX + 1;
	assert_int_equal(ask(h, 0, &t), EINVAL);
	t.rate = 0;
	assert_int_equal(ask(h, 0, &t), EINVAL);
	assert_int_equal(untap(h, 0, 1), ENOENT);
	for (uint32_t id = 1; id <= CW_TAPS_MAX; id++)
		assert_int_equal(tap(h, 0, id, 7), 0);
	assert_true(rig_last(h, 0, &m) && m.type == CW_MSG_TAP && m.tap.n == 1 && m.tap.id == CW_TAPS_MAX && m.tap.reqid[0] == 7);
	assert_int_equal(tap(h, 0, 1, 7), EEXIST);
	assert_int_equal(tap(h, 0, CW_TAPS_MAX + 1, 7), EBUSY);
	/* another client's number is its own */
	pfkey_msg_init(&m, SADB_REGISTER, SADB_SATYPE_UNSPEC);
	m.has = PFKEY_HAS(CW_EXT_HELLO);
	m.hello_version = CW_HELLO_VERSION;
	assert_int_equal(rig_call(h, 2, &m), 0);
	assert_int_equal(untap(h, 2, 1), ENOENT);
	assert_int_equal(untap(h, 0, 2), 0);
	assert_int_equal(tap(h, 2, 1, 7), 0);		/* the keyless one may: no key is in it */
	assert_int_equal(tap(h, 0, 9, 7), EBUSY);
	/* who goes takes his with him */
	cw_client_close(h->e, h->client[2].c);
	h->client[2].c = NULL;
	assert_int_equal(h->e->ntaps, CW_TAPS_MAX - 1);
	assert_int_equal(tap(h, 0, 9, 7), 0);
	rig_free(h);
}

/* Two SAs of one bundle, both meant: the packet is told once; and each tap has what is its own. */
static void
once(void **state)
{
	struct rig_sa like = { 0 };
	struct two t = two(&like);
	struct pfkey_tap both = { .n = 2, .id = 1, .octets = 100, .rate = 10, .reqid = { 7, 7 } };
	struct pfkey_tapped x;

	assert_int_equal(ask(t.a, 0, &both), 0);
	assert_int_equal(tap(t.a, 0, 2, 7), 0);
	send_one(&t, 400);
	assert_int_equal(how_many(t.a, 0), 2);
	assert_true(told(t.a, 0, 0, &x) && x.id == 2 && x.octets.n == 428);
	assert_true(told(t.a, 0, 1, &x) && x.id == 1 && x.octets.n == 100);
	two_free(&t);
}

/* Lengths that lie. */
static void
malformed(void **state)
{
	struct host *h = rig_new();
	uint8_t buf[512], bad[512];
	struct wr w = wr_of(buf, sizeof(buf));
	struct pfkey_msg m;

	pfkey_msg_init(&m, CW_MSG_TAP, SADB_SATYPE_UNSPEC);
	m.has = PFKEY_HAS(CW_EXT_TAP);
	m.tap = (struct pfkey_tap){ .n = 3, .id = 1, .octets = 100, .rate = 10, .reqid = { 1, 2, 3 } };
	assert_true(pfkey_put(&w, &m));
	for (size_t n = 16; n < w.n; n += 8) {
		uint16_t words = (uint16_t)(n / 8), ext = (uint16_t)((n - 16) / 8);

		memcpy(bad, buf, n);
		memcpy(bad + 4, &words, 2);
		if (n > 16)
			memcpy(bad + 16, &ext, 2);
		cw_pfkey(h->e, h->client[0].c, bad, n, h->now);
		assert_int_equal(h->e->ntaps, 0);
		assert_true(rig_last(h, 0, &m) && m.err == EINVAL);
	}
	for (unsigned v = 0; v < 256; v++) {
		memcpy(bad, buf, w.n);
		bad[20] = (uint8_t)v;		/* how many numbers */
		cw_pfkey(h->e, h->client[0].c, bad, w.n, h->now);
		assert_int_equal(h->e->ntaps, v == 3 || v == 4);
		if (h->e->ntaps)
			assert_int_equal(untap(h, 0, 1), 0);
	}
	rig_free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways), cmocka_unit_test(others_are_not_told), cmocka_unit_test(refused_is_told), cmocka_unit_test(bounds),
		cmocka_unit_test(askers), cmocka_unit_test(once), cmocka_unit_test(malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
