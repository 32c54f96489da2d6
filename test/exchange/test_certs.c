/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Certificates as octets: they reach the other key manager whole, also in fragments that are lost, doubled, late, forged or cut
 * otherwise; a verdict may take its time; a refusal tells another Causeway why; a certificate that ends takes its tunnel down.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "sa/ops.h"
#include "sim.h"

/* Both prove themselves with certificates of that many octets. */
static void
begin(struct sim *m, uint64_t seed, unsigned ncerts, size_t len)
{
	sim_init(m, seed);
	for (int i = 0; i < 2; i++) {
		m->s[i].ncerts = ncerts;
		m->s[i].cert_len = len;
	}
}

/* keymgr names an authority; both tunnels want certificates. */
static void
trust(struct sim *m, int side)
{
	uint8_t b[1 + KEY_ANCHOR] = { 1, 0xaa };

	sim_event(&m->s[side], KEY_TRUST, bytes_of(b, sizeof(b)));
}

static void
put_certs(struct sim *m)
{
	struct tunnel *t = calloc(2, sizeof(*t));

	for (int i = 0; i < 2; i++) {
		sim_tunnel(&t[i], i);
		t[i].auth_local = t[i].auth_remote = AUTH_BY_CERT;
		sim_keymgr(m, i, true, false);
		trust(m, i);
	}
	sim_run(m, 10 * MS);
	sim_put(m, &t[A], &t[B]);
	free(t);
}

static void
test_carried(void **state)
{
	struct sim m;

	(void)state;
	begin(&m, 1, KEY_CERTS, 700);
	put_certs(&m);
	assert_true(sim_until(&m, sim_up, 10 * SEC));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(m.s[i].hashes, 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5);
		assert_int_equal(m.s[i].want, KEY_WANT_X509 | KEY_WANT_OCSP);
		assert_memory_equal(sim_fact(&m.s[i], R_OK, "certificate"), "certificate CN=peer\n", 20);
		assert_true(sim_counted(&m, i, "fragmented_out") >= 1 && sim_counted(&m, i, "reassembled") >= 1);
	}
	assert_null(sim_check(&m, 1));
	sim_fini(&m);
	/* without certificates nothing is asked for, and one datagram is enough */
	begin(&m, 2, 0, 0);
	sim_begin(&m);
	assert_true(sim_until(&m, sim_up, 10 * SEC));
	assert_int_equal(m.s[A].want, 0);
	assert_int_equal(sim_counted(&m, A, "fragmented_out"), 0);
	sim_fini(&m);
}

/* As one octet string of a message: what a fragment is. */
static bool
fragment(const uint8_t *p, size_t n, struct msg *m)
{
	return msg_get_outer(bytes_of(p, n), m) == WE_OK && m->frags != 0;
}

struct fate_of {
	unsigned	seen, lost, number;	/* fragment of that number: lost so many times */
	bool		late, forge, responses;	/* responses: of the others none is lost */
};

static bool
touch(struct sim *m, int from, uint8_t *p, size_t n, void *arg, uint64_t *hold)
{
	static struct msg msg;
	struct fate_of *f = arg;

	(void)m, (void)from;
	if (!fragment(p, n, &msg))
		return true;
	f->seen++;
	if (msg.frag == f->number && f->lost && msg.hdr.response >= f->responses) {
		f->lost--;
		return false;
	}
	if (msg.frag == f->number && f->forge) {
		p[n - 1] ^= 1;
		f->forge = false;
	}
	if (f->late)	/* the last comes first */
		*hold = (uint64_t)(msg.frags - msg.frag) * 2 * MS;
	return true;
}

static void
run_with(struct fate_of *f, uint64_t seed, uint64_t within)
{
	struct sim m;

	begin(&m, seed, 3, 1500);
	m.touch = touch;
	m.touch_arg = f;
	put_certs(&m);
	assert_true(sim_until(&m, sim_up, within));
	assert_true(f->seen > 4);
	assert_int_equal(m.s[B].verdicts, 1);
	assert_null(sim_check(&m, 1));
	sim_fini(&m);
}

static void
test_bad_roads(void **state)
{
	struct fate_of lost = { .number = 2, .lost = 3 }, late = { .late = true }, forged = { .number = 1, .forge = true };
	struct sim m;

	(void)state;
	run_with(&lost, 3, 20 * SEC);
	run_with(&late, 4, SEC);
	run_with(&forged, 5, 5 * SEC);
	begin(&m, 6, 4, 2000);
	m.loss = 150;
	m.dup = 300;
	m.spread = 40 * MS;
	put_certs(&m);
	assert_true(sim_until(&m, sim_up, 300 * SEC));
	m.loss = m.dup = 0;
	assert_null(sim_check(&m, 1));
	sim_fini(&m);
}

/* The answer to a message in pieces goes out again for its first piece alone: RFC 7383 2.6.1. */
static void
test_repeat(void **state)
{
	struct fate_of lost = { .number = 2, .lost = 1, .responses = true };
	struct sim m;

	(void)state;
	begin(&m, 7, 3, 1500);
	m.touch = touch;
	m.touch_arg = &lost;
	put_certs(&m);
	assert_true(sim_until(&m, sim_up, 10 * SEC));
	assert_int_equal(sim_counted(&m, A, "retransmitted"), 1);
	assert_int_equal(sim_counted(&m, B, "repeats_answered"), 1);
	assert_true(lost.seen >= 4 * 4);	/* request and answer in four pieces each, twice */
	sim_fini(&m);

	begin(&m, 8, 3, 1500);
	m.s[B].verify_ns = 700 * MS;	/* A asks again meanwhile: B is at work, and says nothing */
	put_certs(&m);
	assert_true(sim_until(&m, sim_up, 10 * SEC));
	assert_int_equal(m.s[B].verdicts, 1);
	assert_int_equal(sim_counted(&m, B, "repeats_answered"), 0);
	assert_true(sim_counted(&m, A, "retransmitted") >= 1);
	assert_null(sim_check(&m, 1));
	sim_fini(&m);
}

/* Who does not know RFC 7383 gets the message whole. */
static bool
strip(struct sim *m, int from, uint8_t *p, size_t n, void *arg, uint64_t *hold)
{
	struct msg *msg = arg;

	(void)m, (void)from, (void)hold;
	if (msg_get_outer(bytes_of(p, n), msg) != WE_OK || msg->hdr.exchange != EX_IKE_SA_INIT || !msg->hdr.response)
		return true;
	for (size_t i = HDR_LEN; i + 8 <= n; i++)	/* N(16430) becomes N(40000), which means nothing */
		if (p[i] == 0 && p[i + 1] == 0 && p[i + 2] == 0x40 && p[i + 3] == 0x2e)
			p[i + 2] = 0x9c, p[i + 3] = 0x40;
	return true;
}

static void
test_whole(void **state)
{
	static struct msg msg;
	struct sim m;

	(void)state;
	begin(&m, 9, 2, 3000);
	m.touch = strip;
	m.touch_arg = &msg;
	put_certs(&m);
	/* B's proof covers its own message as it was: A's verdict is no; but what A sent was one datagram, and B took it. */
	sim_run(&m, SEC);
	assert_int_equal(sim_counted(&m, A, "fragmented_out"), 0);
	assert_true(m.s[B].verdicts >= 1);
	sim_fini(&m);
}

/* A verdict that takes as long as a revocation list does. */
static void
test_slow_verdict(void **state)
{
	struct sim m;

	(void)state;
	for (int slow = 0; slow < 3; slow++) {
		begin(&m, 20 + (uint64_t)slow, 1, 900);
		m.s[A].verify_ns = slow != 1 ? 20 * SEC : 0;
		m.s[B].verify_ns = slow != 0 ? 20 * SEC : 0;
		put_certs(&m);
		assert_true(sim_until(&m, sim_up, 60 * SEC));
		assert_int_equal(m.s[A].verdicts, 1);
		assert_int_equal(m.s[B].verdicts, 1);
		assert_null(sim_check(&m, 1));
		sim_fini(&m);
	}
}

static bool
no_4500(struct sim *m, int from, uint8_t *p, size_t n, void *arg, uint64_t *hold)
{
	struct ike_hdr h;

	return hdr_get(bytes_of(p, n), &h) != WE_OK || h.exchange != EX_IKE_AUTH;
}

/* Who waits for the tunnel is told of a peer that only takes its time when it takes too long; of silence without certificates soon. */
static void
test_slow_peer(void **state)
{
	static const struct { bool certs, lost; uint64_t takes, told; enum reason reason; } v[] = {
		{ true, false, 15 * SEC, 0, R_OK }, { true, true, 0, 32 * SEC, R_PEER_DEAD },
		{ false, false, 15 * SEC, 4 * SEC, R_PEER_DEAD },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct sim m;

		begin(&m, 60 + i, v[i].certs, 900);
		m.s[B].verify_ns = v[i].takes;
		m.touch = v[i].lost ? no_4500 : NULL;
		if (v[i].certs)
			put_certs(&m);
		else
			sim_begin(&m);
		sim_command(&m, A, ENGINE_UP);
		if (v[i].told) {
			sim_run(&m, v[i].told - 500 * MS);
			assert_int_equal(m.s[A].ndone, 0);
			sim_run(&m, SEC);
		} else
			assert_true(sim_until(&m, sim_up, 20 * SEC));
		assert_int_equal(m.s[A].ndone, 1);
		assert_int_equal(m.s[A].done[0].reason, v[i].reason);
		m.s[B].verify_ns = 0;
		m.touch = NULL;
		assert_true(sim_until(&m, sim_up, 200 * SEC));
		sim_fini(&m);
	}
}

/* What ends while a verdict is awaited does not come back when it comes. */
static void
test_ends_meanwhile(void **state)
{
	struct engine_census c;
	struct sim m;

	(void)state;
	for (int how = 0; how < 4; how++) {
		begin(&m, 30 + (uint64_t)how, 2, 900);
		m.s[how % 2].verify_ns = 10 * SEC;
		put_certs(&m);
		sim_run(&m, 2 * SEC);
		if (how < 2) {
			sim_command(&m, A, ENGINE_DOWN);
			sim_command(&m, B, ENGINE_DOWN);
			sim_run(&m, 120 * SEC);
			engine_count(m.s[how % 2].e, &c);
			assert_int_equal(c.ike_up, 0);
		} else {
			sim_keymgr(&m, how % 2, false, false);
			sim_run(&m, SEC);
			m.s[how % 2].verify_ns = 0;
			sim_keymgr(&m, how % 2, true, false);
			trust(&m, how % 2);
			assert_true(sim_until(&m, sim_up, 120 * SEC));
			assert_null(sim_check(&m, 1));
		}
		sim_fini(&m);
	}
}

/* Each end says no once: the other learns why, in the peer's words, and never anything that is not about its certificate. */
static void
test_refused(void **state)
{
	struct sim m;

	(void)state;
	for (int who = 0; who < 2; who++) {
		begin(&m, 40 + (uint64_t)who, 1, 900);
		m.s[who].verdict = R_CERT_EXPIRED;
		put_certs(&m);
		sim_run(&m, 5 * SEC);
		assert_true(sim_recorded(&m.s[who], R_CERT_EXPIRED));
		assert_non_null(strstr(sim_fact(&m.s[who], R_CERT_EXPIRED, "detail"), "in words"));
		assert_true(sim_recorded(&m.s[!who], R_PEER_REFUSED_CERT));
		assert_ptr_equal(strstr(sim_fact(&m.s[!who], R_PEER_REFUSED_CERT, "peer_says"), "CERT_EXPIRED: "),
		    sim_fact(&m.s[!who], R_PEER_REFUSED_CERT, "peer_says"));
		sim_fini(&m);
		begin(&m, 44 + (uint64_t)who, 1, 900);
		m.s[who].verdict = R_OUR_CERT_EXPIRED;
		put_certs(&m);
		sim_run(&m, 5 * SEC);
		assert_true(sim_recorded(&m.s[!who], R_PEER_REFUSED_AUTH));
		assert_false(sim_recorded(&m.s[!who], R_PEER_REFUSED_CERT));
		sim_fini(&m);
	}
}

static bool
down(struct sim *m)
{
	return toy_children(&m->s[A]) == 0 && toy_children(&m->s[B]) == 0;
}

/* keymgr takes its word back while the tunnel is up. */
static void
test_invalid(void **state)
{
	uint8_t b[64];
	struct wr w = wr_of(b, sizeof(b));
	struct tunnel_state st;
	struct sim m;

	(void)state;
	begin(&m, 50, 1, 900);
	put_certs(&m);
	assert_true(sim_until(&m, sim_up, 10 * SEC));
	sim_run(&m, SEC);
	for (unsigned i = 0; i < SIM_HANDLES; i++)
		if (m.s[B].ike[i].id)
			wr_le32(&w, m.s[B].ike[i].id);
	wr_le16(&w, R_CERT_REVOKED);
	str_put(&w, "serial 7");
	m.s[B].verdict = R_CERT_REVOKED;
	sim_event(&m.s[B], KEY_PEER_INVALID, wr_bytes(&w));
	sim_run(&m, 3 * SEC);
	assert_true(down(&m));
	assert_true(sim_recorded(&m.s[B], R_CERT_REVOKED));
	assert_true(sim_recorded(&m.s[A], R_PEER_REFUSED_CERT));
	assert_true(engine_state(m.s[B].e, "a-b", m.now, &st) && st.reason == R_CERT_REVOKED && !st.ike_up);
	sim_run(&m, 120 * SEC);		/* both try again, with pauses, and in vain */
	assert_in_range(m.s[B].verdicts, 2, 40);
	assert_true(down(&m));
	m.s[B].verdict = R_OK;
	assert_true(sim_until(&m, sim_up, 400 * SEC));
	assert_null(sim_check(&m, 1));
	sim_fini(&m);
}

/* Another way to prove themselves: what was believed before is not carried over. */
static void
test_changed(void **state)
{
	struct tunnel *t = calloc(2, sizeof(*t));
	unsigned verdicts[2];
	struct sim m;

	(void)state;
	begin(&m, 60, 1, 900);
	put_certs(&m);
	assert_true(sim_until(&m, sim_up, 10 * SEC));
	sim_run(&m, 5 * SEC);
	for (int i = 0; i < 2; i++) {
		t[i] = m.s[i].tunnel;
		verdicts[i] = m.s[i].verdicts;
	}
	sim_put(&m, &t[A], &t[B]);		/* the same again touches nothing */
	sim_run(&m, 5 * SEC);
	assert_int_equal(m.s[A].verdicts, verdicts[A]);
	t[A].proofs[0] = t[B].proofs[0] = 1;
	sim_put(&m, &t[A], &t[B]);
	sim_run(&m, 30 * SEC);
	assert_true(sim_until(&m, sim_up, 60 * SEC));
	assert_true(m.s[A].verdicts > verdicts[A] && m.s[B].verdicts > verdicts[B]);
	assert_null(sim_check(&m, 1));
	sim_fini(&m);
	free(t);
}

/* Closed by command, then another definition begins anew: one that asks for the tunnel is obeyed at once. */
static void
test_wanted_again(void **state)
{
	struct tunnel *t = calloc(2, sizeof(*t));
	struct sim m;

	(void)state;
	begin(&m, 61, 1, 900);
	put_certs(&m);
	assert_true(sim_until(&m, sim_up, 10 * SEC));
	sim_command(&m, A, ENGINE_DOWN);
	sim_run(&m, 5 * SEC);
	for (int i = 0; i < 2; i++)
		t[i] = m.s[i].tunnel;
	t[A].start = START_RESPOND;
	t[B].start = START_RESPOND;
	sim_put(&m, &t[A], &t[B]);
	sim_run(&m, SEC);
	t[A].start = START_ALWAYS;
	sim_put(&m, &t[A], &t[B]);
	assert_true(sim_until(&m, sim_up, 5 * SEC));
	assert_false(sim_recorded(&m.s[A], R_INTERNAL));
	assert_null(sim_check(&m, 1));
	sim_fini(&m);
	free(t);
}

/* Schedules with small fragments, slow verdicts and bad weather: both always come to the same end. */
static void
test_random(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++) {
		uint64_t r = seed;
		struct sim m;
		const char *bad;

		begin(&m, seed, 1 + (unsigned)(sim_random(&r) % 4), 100 + sim_random(&r) % 1500);
		sim_fragments(&m, (uint16_t)(200 + sim_random(&r) % 600));
		m.loss = sim_random(&r) % 2 ? 0 : sim_random(&r) % 60;
		m.dup = sim_random(&r) % 2 ? 0 : sim_random(&r) % 200;
		m.spread = sim_random(&r) % 2 ? 0 : 60 * MS;
		m.s[A].verify_ns = sim_random(&r) % 3 ? 0 : sim_random(&r) % (25 * SEC);
		m.s[B].verify_ns = sim_random(&r) % 3 ? 0 : sim_random(&r) % (25 * SEC);
		put_certs(&m);
		if (sim_random(&r) % 3 == 0)
			sim_run(&m, sim_random(&r) % (20 * SEC)), sim_restart(&m, (int)(sim_random(&r) % 2));
		sim_run(&m, 100 * SEC);
		m.loss = m.dup = 0;
		if (!sim_until(&m, sim_up, 900 * SEC))
			fail_msg("seed %llu: not up", (unsigned long long)seed);
		bad = sim_check(&m, 1);
		if (bad)
			fail_msg("seed %llu: %s", (unsigned long long)seed, bad);
		sim_fini(&m);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_carried), cmocka_unit_test(test_bad_roads), cmocka_unit_test(test_repeat), cmocka_unit_test(test_whole),
		cmocka_unit_test(test_slow_verdict), cmocka_unit_test(test_slow_peer), cmocka_unit_test(test_ends_meanwhile), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_invalid), cmocka_unit_test(test_changed), cmocka_unit_test(test_wanted_again), cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
