/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fragments (RFC 7383) between two that mean well: no datagram is too large, whatever is in it; what is sent again is the same, octet
 * by octet; a message that is cut anew, or comes whole after all, takes the place of its old pieces; IKE_SA_INIT is never cut.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "sa/ops.h"
#include "sim.h"

static struct ikesa *
the_sa(struct sim *m, int side)
{
	for (unsigned i = 0; i < HASH; i++)
		if (m->s[side].e->by_spi[i])
			return m->s[side].e->by_spi[i];
	return NULL;
}

/* Both prove themselves with certificates of that many octets, and speak with this proposal. */
static void
begin(struct sim *m, uint64_t seed, size_t len, const char *ike, bool translated)
{
	struct tunnel *t = calloc(2, sizeof(*t));
	const char *why;
	size_t at;

	assert_non_null(t);
	sim_init(m, seed);
	m->nat = translated;
	for (int i = 0; i < 2; i++) {
		m->s[i].ncerts = 1;
		m->s[i].cert_len = len;
		sim_tunnel(&t[i], i);
		t[i].ike.n = 1;
		assert_true(proposal_parse(PROTO_IKE, ike, &t[i].ike.v[0], &why, &at));
		sim_keymgr(m, i, true, false);
	}
	if (translated)
		memset(&t[B].remote, 0, sizeof(t[B].remote));
	sim_put(m, &t[A], &t[B]);
	free(t);
}

static void
end(struct sim *m)
{
	const char *why = sim_until(m, sim_up, 200 * SEC) ? sim_check(m, 1) : "not up";

	if (why)
		fail_msg("%s", why);
	sim_fini(m);
}

struct seen {
	unsigned ip;			/* octets of an IP datagram */
	unsigned whole, pieces, init;	/* how many of each kind; IKE_SA_INIT: of those that are larger */
};

/* IPv4, UDP, and on 4500 the marker: all of it counts. */
static bool
measure(struct sim *m, int from, uint8_t *p, size_t n, void *arg, uint64_t *hold)
{
	static struct msg msg;
	struct seen *seen = arg;

	(void)hold;
	if (msg_get_outer(bytes_of(p, n), &msg) != WE_OK)
		return true;	/* a keepalive */
	if (msg.hdr.exchange == EX_IKE_SA_INIT) {
		assert_int_equal(msg.frags, 0);
		seen->init += n + 28 > seen->ip;
		return true;
	}
	assert_in_range(n + 28 + (the_sa(m, from)->natt ? 4 : 0), HDR_LEN, seen->ip);
	if (msg.frags)
		seen->pieces++;
	else
		seen->whole++;
	return true;
}

static void
test_sizes(void **state)
{
	static const char *const suites[] = { "aes256gcm16-prfsha384-x25519", "aes128-sha256-prfsha256-x25519", "aes256-sha512-prfsha512-x25519" };
	struct seen seen = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		for (size_t len = 1; len < 200; len++) {
			struct sim m;

			seen.ip = len % 7 ? 400 : 200;
			begin(&m, 1 + len, len, suites[i], len % 2);
			sim_fragments(&m, (uint16_t)seen.ip);
			m.touch = measure;
			m.touch_arg = &seen;
			assert_true(sim_until(&m, sim_up, 10 * SEC));
			if (len % 20 == 0)
				sim_soft(&m, A);
			end(&m);
		}
	assert_true(seen.whole > 100 && seen.pieces > 100 && seen.init > 100);
}

struct kept {
	unsigned n, again;
	struct { int from; uint16_t number; size_t n; uint8_t b[1500]; } v[64];
};

/* Every second piece is lost the first time; each that is seen twice is the same. */
static bool
same(struct sim *m, int from, uint8_t *p, size_t n, void *arg, uint64_t *hold)
{
	static struct msg msg;
	struct kept *k = arg;

	(void)m, (void)hold;
	if (msg_get_outer(bytes_of(p, n), &msg) != WE_OK || !msg.frags || msg.hdr.exchange != EX_IKE_AUTH)
		return true;
	for (unsigned i = 0; i < k->n; i++)
		if (k->v[i].from == from && k->v[i].number == msg.frag) {
			assert_int_equal(k->v[i].n, n);
			assert_memory_equal(k->v[i].b, p, n);
			k->again++;
			return true;
		}
	assert_true(k->n < 64 && n <= sizeof(k->v[0].b));
	k->v[k->n].from = from;
	k->v[k->n].number = msg.frag;
	k->v[k->n].n = n;
	memcpy(k->v[k->n++].b, p, n);
	return msg.frag % 2;
}

static void
test_again(void **state)
{
	struct kept *k = calloc(1, sizeof(*k));
	struct sim m;

	(void)state;
	assert_non_null(k);
	begin(&m, 10, 1400, "aes256gcm16-prfsha384-x25519", false);
	sim_fragments(&m, 300);
	m.touch = same;
	m.touch_arg = k;
	assert_true(sim_until(&m, sim_up, 10 * SEC));
	assert_true(k->again >= k->n && k->n >= 12);
	assert_int_equal(sim_counted(&m, A, "fragmented_out"), 1);	/* sealed once */
	assert_int_equal(sim_counted(&m, B, "fragmented_out"), 1);
	assert_int_equal(m.s[B].verdicts, 1);
	end(&m);
	free(k);
}

/* One message with A's keys, in a piece or whole (total 0). */
static void
throw(struct sim *m, uint8_t exchange, uint32_t id, uint16_t number, uint16_t total, struct bytes part)
{
	struct ikesa *a = the_sa(m, A);
	struct ike_hdr h = { .spi_i = a->spi_i, .spi_r = a->spi_r, .version = 0x20, .exchange = exchange, .initiator = true, .id = id };
	uint8_t buf[1500], iv[8];
	struct bytes b;

	sk_iv_counter(a->iv++, iv);
	b = total ? sk_seal_fragment(&a->sk_out, &h, iv, number == 1 ? PLD_NOTIFY : PLD_NONE, number, total, part, buf, sizeof(buf)) :
	    sk_seal(&a->sk_out, &h, iv, PLD_NONE, part, buf, sizeof(buf));
	assert_true(b.n > 0);
	engine_packet(m->s[B].e, &m->s[B].addr, &m->s[A].addr, the_sa(m, B)->natt, b, m->now);
}

static void
nothing(struct sim *m, void *arg)
{
	(void)m, (void)arg;
}

/* What B's engine wants to send leaves. */
static void
deliver(struct sim *m)
{
	sim_at(m, 0, nothing, NULL);
	sim_run(m, MS);
}

static bool
keyed(struct sim *m)
{
	struct ikesa *a = the_sa(m, A), *b = the_sa(m, B);

	return a && b && a->sk_out.encr && b->state == S_R_KEYED;
}

/* Of A's IKE_AUTH only the first piece arrives. */
static bool
first_only(struct sim *m, int from, uint8_t *p, size_t n, void *arg, uint64_t *hold)
{
	static struct msg msg;

	(void)m, (void)arg, (void)hold;
	return from != A || msg_get_outer(bytes_of(p, n), &msg) != WE_OK || msg.frags == 0 || msg.frag == 1;
}

/* Two pieces, then cut anew into more: the new ones count, and what is late of the old ones is nothing. */
static void
test_cut_anew(void **state)
{
	static const uint8_t rubbish[40] = { 200, 0x80 };
	struct ikesa *b;
	struct sim m;

	(void)state;
	begin(&m, 20, 1400, "aes256gcm16-prfsha384-x25519", false);
	sim_fragments(&m, 300);
	m.touch = first_only;
	assert_true(sim_until(&m, keyed, SEC));
	b = the_sa(&m, B);
	throw(&m, EX_IKE_AUTH, 1, 2, 2, bytes_of(rubbish, sizeof(rubbish)));
	assert_true(b->frags[0].total == 2 && b->frags[0].have == 1);
	sim_run(&m, 400 * MS);
	assert_true(b->frags[0].total > 4 && b->frags[0].have == 1 && b->frags[0].v[0].p && !b->frags[0].v[1].p);
	throw(&m, EX_IKE_AUTH, 1, 1, 2, bytes_of(rubbish, sizeof(rubbish)));
	throw(&m, EX_IKE_AUTH, 1, 1, b->frags[0].total, bytes_of(rubbish, sizeof(rubbish)));	/* a double */
	assert_int_equal(b->frags[0].have, 1);
	assert_true(b->state == S_R_KEYED);
	m.touch = NULL;
	end(&m);
}

/* A piece of a request, then the request whole: it is answered, once, and the piece is not kept. */
static void
test_whole_after_all(void **state)
{
	static const uint8_t part[20];
	struct ikesa *b;
	struct sim m;
	uint32_t id;
	unsigned answers;

	(void)state;
	begin(&m, 30, 100, "aes256gcm16-prfsha384-x25519", false);
	assert_true(sim_until(&m, sim_up, 10 * SEC));
	sim_run(&m, 3 * SEC);
	b = the_sa(&m, B);
	id = b->win.next_in;
	answers = m.s[B].sent[EX_INFORMATIONAL & 3];
	throw(&m, EX_INFORMATIONAL, id, 2, 3, bytes_of(part, sizeof(part)));
	assert_int_equal(b->frags[0].have, 1);
	throw(&m, EX_INFORMATIONAL, id, 0, 0, bytes_of(NULL, 0));
	assert_int_equal(b->frags[0].total, 0);
	assert_int_equal(b->frags_at, 0);
	deliver(&m);
	assert_int_equal(m.s[B].sent[EX_INFORMATIONAL & 3], answers + 1);
	/* pieces of what was answered: the answer again for the first alone, and nothing is kept (2.6.1) */
	throw(&m, EX_INFORMATIONAL, id, 2, 3, bytes_of(part, sizeof(part)));
	throw(&m, EX_INFORMATIONAL, id, 1, 3, bytes_of(part, sizeof(part)));
	throw(&m, EX_INFORMATIONAL, id, 3, 3, bytes_of(part, sizeof(part)));
	assert_int_equal(b->frags[0].total, 0);
	deliver(&m);
	assert_int_equal(m.s[B].sent[EX_INFORMATIONAL & 3], answers + 2);
	/* of older ones and of those that are not due yet: nothing at all */
	throw(&m, EX_INFORMATIONAL, id - 1, 1, 1, bytes_of(part, sizeof(part)));
	throw(&m, EX_INFORMATIONAL, id + 2, 1, 2, bytes_of(part, sizeof(part)));
	assert_int_equal(b->frags[0].total, 0);
	deliver(&m);
	assert_int_equal(m.s[B].sent[EX_INFORMATIONAL & 3], answers + 2);
	sim_fini(&m);		/* A knows nothing of the request that had its name */
}

/* SKF has no place in IKE_SA_INIT, which has no keys: as a request and as the answer that A waits for. */
static void
test_init(void **state)
{
	uint8_t buf[256];
	struct sim m;

	(void)state;
	begin(&m, 40, 100, "aes256gcm16-prfsha384-x25519", false);
	m.s[B].mute = true;
	sim_run(&m, 10 * MS);
	assert_true(the_sa(&m, A) && the_sa(&m, A)->state == S_I_SENT);
	for (int from = 0; from < 2; from++) {
		struct ike_hdr h = { .spi_i = the_sa(&m, A)->spi_i, .spi_r = from == B ? 7 : 0, .version = 0x20, .exchange = EX_IKE_SA_INIT,
			.initiator = from == A, .response = from == B, .next = PLD_SKF };
		uint64_t before = sim_counted(&m, !from, "msg_malformed");
		struct engine_census c;
		struct wr w = wr_of(buf, sizeof(buf));

		hdr_put(&w, &h, 0);
		wr_u32(&w, PLD_SA << 24 | 60);
		wr_u32(&w, 1 << 16 | 2);
		for (unsigned i = 0; i < 52; i++)
			wr_u8(&w, 0);
		wr_set16(&w, HDR_LEN - 2, w.n);
		engine_count(m.s[!from].e, &c);
		engine_packet(m.s[!from].e, &m.s[!from].addr, &m.s[from].addr, false, wr_bytes(&w), m.now);
		assert_int_equal(sim_counted(&m, !from, "msg_malformed"), before + 1);
		if (from == A)
			assert_null(the_sa(&m, B));
		else
			assert_true(the_sa(&m, A)->state == S_I_SENT && the_sa(&m, A)->frags[1].total == 0);
	}
	m.s[B].mute = false;
	end(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes), cmocka_unit_test(test_again), cmocka_unit_test(test_cut_anew), cmocka_unit_test(test_whole_after_all),
		cmocka_unit_test(test_init),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
