/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fragments (RFC 7383) from somebody who did IKE_SA_INIT and has proved nothing: any numbers, any lengths, any order. What is kept for
 * him has a limit, is counted to the octet and goes when the IKE SA goes; pieces that wait too long are given up; and while a message
 * is worked on, its pieces are kept no second time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "sa/ops.h"
#include "sim.h"

static void
begin(struct sim *m, uint64_t seed)
{
	sim_init(m, seed);
	for (int i = 0; i < 2; i++) {
		m->s[i].ncerts = 3;
		m->s[i].cert_len = 1000;
	}
	sim_begin(m);
}

static void
end(struct sim *m)
{
	const char *why = NULL;

	if (!sim_until(m, sim_up, 400 * SEC))
		why = "not up";
	sim_run(m, 5 * SEC);
	if (!why)
		why = sim_check(m, 1);
	if (why)
		fail_msg("%s", why);
	assert_int_equal(m->s[A].e->unproved, 0);
	assert_int_equal(m->s[B].e->unproved, 0);
	sim_fini(m);
}

static struct ikesa *
the_sa(struct sim *m, int side)
{
	for (unsigned i = 0; i < HASH; i++)
		if (m->s[side].e->by_spi[i])
			return m->s[side].e->by_spi[i];
	return NULL;
}

static bool
keyed(struct sim *m)
{
	struct ikesa *a = the_sa(m, A), *b = the_sa(m, B);

	return a && b && a->sk_out.encr && b->state == S_R_KEYED;
}

/* A's IKE_AUTH does not arrive. */
static enum fate
no_auth(struct sim *m, int from, const struct ike_hdr *h, void *arg, uint64_t *hold)
{
	return from == A && h->exchange == EX_IKE_AUTH ? FATE_DROP : FATE_AS_USUAL;
}

/* One fragment with A's keys. */
static void
throw(struct sim *m, struct ikesa *a, uint32_t id, uint16_t number, uint16_t total, struct bytes part)
{
	static uint8_t buf[MSG_MAX];
	struct ike_hdr h = { .spi_i = a->spi_i, .spi_r = a->spi_r, .version = 0x20, .exchange = EX_IKE_AUTH, .initiator = true, .id = id };
	uint8_t iv[8];
	struct bytes b;

	sk_iv_counter(a->iv++, iv);
	b = sk_seal_fragment(&a->sk_out, &h, iv, number == 1 ? PLD_IDI : PLD_NONE, number, total, part, buf, sizeof(buf));
	assert_true(b.n > 0);
	engine_packet(m->s[B].e, &m->s[B].addr, &m->s[A].addr, false, b, m->now);
}

/* Never all of them: the message is not whole, and nothing else happens to it. */
static void
test_any(void **state)
{
	static const uint8_t octets[1200];

	for (uint64_t seed = 1; seed <= 20; seed++) {
		uint64_t r = seed;
		struct ikesa *a, *b;
		struct sim m;

		begin(&m, seed);
		m.filter = no_auth;
		assert_true(sim_until(&m, keyed, SEC));
		a = the_sa(&m, A);
		b = the_sa(&m, B);
		for (unsigned i = 0; i < 2000; i++) {
			uint16_t total = (uint16_t)(3 + sim_random(&r) % 160), number = (uint16_t)(1 + sim_random(&r) % (total - 1));
			uint32_t id = sim_random(&r) % 8 ? 1 : (uint32_t)(sim_random(&r) % 4);

			throw(&m, a, id, number, total, bytes_of(octets, sim_random(&r) % sizeof(octets)));
			assert_true(b->frags[0].octets <= MSG_MAX && b->frags[1].octets == 0);
			assert_true(b->frags[0].total <= FRAGS_MAX);
			assert_int_equal(m.s[B].e->unproved, b->frags[0].octets);
		}
		assert_true(b->frags[0].have > 2 && b->state == S_R_KEYED);
		m.filter = NULL;
		end(&m);
	}
}

/* Pieces that make rubbish when they are together: the IKE SA ends, and what it kept with it. */
static void
test_rubbish(void **state)
{
	static const uint8_t octets[600] = { 200, 0x80, 0, 9 };
	struct sim m;

	begin(&m, 30);
	m.filter = no_auth;
	assert_true(sim_until(&m, keyed, SEC));
	throw(&m, the_sa(&m, A), 1, 2, 2, bytes_of(octets, sizeof(octets)));
	assert_int_equal(m.s[B].e->unproved, sizeof(octets));
	throw(&m, the_sa(&m, A), 1, 1, 2, bytes_of(octets, sizeof(octets)));
	assert_null(the_sa(&m, B));
	assert_int_equal(m.s[B].e->unproved, 0);
	assert_int_equal(m.s[B].verdicts, 0);
	m.filter = NULL;
	end(&m);
}

/* All strangers together have one limit; whoever comes when it is reached waits, and is served afterwards. */
static void
test_limit(void **state)
{
	const size_t others = REASSEMBLE_MAX - 1500;
	struct ikesa *b;
	struct sim m;

	begin(&m, 40);
	m.s[B].e->unproved = others;
	sim_run(&m, 300 * MS);
	b = the_sa(&m, B);
	assert_true(b && b->state == S_R_KEYED);
	assert_int_equal(b->frags[0].have, 1);		/* one fits, two do not */
	assert_true(m.s[B].e->unproved <= REASSEMBLE_MAX);
	m.s[B].e->unproved -= others;
	end(&m);
}

/* Half a message, and then nothing: it goes with the half-open IKE SA. */
static bool
half(struct sim *m, int from, uint8_t *p, size_t n, void *arg, uint64_t *hold)
{
	static struct msg msg;

	(void)m, (void)arg, (void)hold;
	return from != A || msg_get_outer(bytes_of(p, n), &msg) != WE_OK || msg.frag != 2;
}

/* B begins nothing itself. */
static enum fate
quiet(struct sim *m, int from, const struct ike_hdr *h, void *arg, uint64_t *hold)
{
	return from == B && !h->response && h->exchange == EX_IKE_SA_INIT ? FATE_DROP : FATE_AS_USUAL;
}

static void
test_half(void **state)
{
	struct sim m;

	begin(&m, 50);
	m.touch = half;
	m.filter = quiet;
	sim_run(&m, 29 * SEC);
	assert_true(the_sa(&m, B) && m.s[B].e->unproved > 1000);
	m.s[A].mute = true;
	sim_run(&m, 2 * SEC);
	assert_int_equal(m.s[B].e->unproved, 0);
	m.s[A].mute = false;
	m.touch = NULL;
	m.filter = NULL;
	end(&m);
}

/* The same between two that know each other: after 30 s the pieces are too old, and the message is made of new ones alone. */
static void
test_old_pieces(void **state)
{
	struct ikesa *b;
	struct sim m;

	begin(&m, 60);
	assert_true(sim_until(&m, sim_up, 5 * SEC));
	sim_run(&m, 3 * SEC);
	sim_fragments(&m, 200);
	sim_soft(&m, A);
	m.touch = half;
	sim_run(&m, 28 * SEC);
	b = the_sa(&m, B);
	assert_true(b && b->frags[0].total > 2 && b->frags[0].have == b->frags[0].total - 1);
	assert_int_equal(m.s[B].e->unproved, 0);
	sim_run(&m, 3 * SEC);
	m.touch = NULL;
	sim_run(&m, 2 * SEC);		/* it was sent once more after 32 s: whole */
	assert_int_equal(the_sa(&m, B)->frags[0].total, 0);
	end(&m);
}

/* Of what A sends the third piece of a message, and no other. */
static bool
third(struct sim *m, int from, uint8_t *p, size_t n, void *arg, uint64_t *hold)
{
	static struct msg msg;

	(void)m, (void)arg, (void)hold;
	return from != A || msg_get_outer(bytes_of(p, n), &msg) != WE_OK || msg.frag == 0 || msg.frag == 3;
}

/* Of what is too old nothing is left when one new piece comes; and A, who hears nothing for 64 s, begins anew. */
static void
test_old_gone(void **state)
{
	struct ikesa *b;
	struct sim m;

	begin(&m, 60);
	assert_true(sim_until(&m, sim_up, 5 * SEC));
	sim_run(&m, 3 * SEC);
	sim_fragments(&m, 200);
	sim_soft(&m, A);
	m.touch = half;
	sim_run(&m, 31 * SEC);
	b = the_sa(&m, B);
	assert_true(b && b->frags[0].have == 2 && b->frags[0].total == 3);
	m.touch = third;
	sim_run(&m, 2 * SEC);		/* it was sent once more after 32 s */
	b = the_sa(&m, B);
	assert_true(b && b->frags[0].have == 1 && b->frags[0].total == 3);
	m.touch = NULL;
	sim_run(&m, 64 * SEC);
	end(&m);
}

/* While the verdict is awaited A sends its pieces again and again: B keeps none, and asks once. */
static void
test_working(void **state)
{
	struct ikesa *b;
	struct sim m;

	begin(&m, 70);
	m.s[B].verify_ns = 20 * SEC;
	sim_run(&m, 19 * SEC);
	b = the_sa(&m, B);
	assert_true(b && b->state == S_R_VERIFY);
	assert_true(b->frags[0].total == 0 && m.s[B].e->unproved == 0);
	assert_true(m.s[A].sent[EX_IKE_AUTH & 3] >= 6 * 3);
	assert_int_equal(m.s[B].sent[EX_IKE_AUTH & 3], 0);
	assert_true(sim_until(&m, sim_up, 15 * SEC));
	assert_int_equal(m.s[B].verdicts, 1);
	m.s[B].verify_ns = 0;
	end(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any), cmocka_unit_test(test_rubbish), cmocka_unit_test(test_limit), cmocka_unit_test(test_half),
		cmocka_unit_test(test_old_pieces), cmocka_unit_test(test_old_gone), cmocka_unit_test(test_working),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
