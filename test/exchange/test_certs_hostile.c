/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Certificates in bad company: payloads that nobody asked for, too many and too large ones, a peer's word about ours that is none;
 * and a verdict that is taken back at the worst moment: before the tunnel is up, in the middle of a rekey, when the peer is mute.
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
	struct tunnel *t = calloc(2, sizeof(*t));
	uint8_t anchor[1 + KEY_ANCHOR] = { 1, 0xaa };

	assert_non_null(t);
	sim_init(m, seed);
	for (int i = 0; i < 2; i++) {
		m->s[i].ncerts = 1;
		m->s[i].cert_len = 200;
		sim_tunnel(&t[i], i);
		t[i].auth_local = t[i].auth_remote = AUTH_BY_CERT;
		sim_keymgr(m, i, true, false);
		sim_event(&m->s[i], KEY_TRUST, bytes_of(anchor, sizeof(anchor)));
	}
	sim_run(m, 10 * MS);
	sim_put(m, &t[A], &t[B]);
	free(t);
}

static void
end(struct sim *m)
{
	const char *why = NULL;

	if (!sim_until(m, sim_up, 400 * SEC))
		why = "not up";
	sim_run(m, 5 * SEC);		/* what lingers goes */
	if (!why)
		why = sim_check(m, 1);
	if (why)
		fail_msg("%s", why);
	sim_fini(m);
}

/* One IKE_AUTH message on its way is replaced by another that its sender's keys have sealed. */
struct swap {
	bool		response, done, alone;	/* alone: nothing of what was sent stays */
	void		(*put)(struct msg_out *, unsigned arg);
	unsigned	arg;
	int		from;
	struct ike_hdr	h;
	size_t		n;
	uint8_t		octets[4096], plain[4096], inner[MSG_MAX], out[MSG_MAX];
};

static void
say(struct sim *m, void *arg)
{
	static struct msg msg;
	struct swap *w = arg;
	struct ikesa *to = ikesa_find(m->s[!w->from].e, w->response ? w->h.spi_i : w->h.spi_r);
	struct bytes chain = bytes_of(NULL, 0);
	uint8_t iv[8], first = PLD_NONE, *p;
	struct msg_out o;

	assert_non_null(to);
	if (!w->alone) {
		assert_int_equal(msg_get_outer(bytes_of(w->octets, w->n), &msg), WE_OK);
		assert_int_equal(sk_open(&to->sk_in, &msg, w->plain, sizeof(w->plain), &chain), WE_OK);
		first = msg.sk_first;
	}
	msg_begin_inner(&o, w->inner, sizeof(w->inner));
	w->put(&o, w->arg);
	w->inner[o.link] = first;	/* what was sent follows what is new */
	p = chain.n ? wr_room(&o.w, chain.n) : w->inner;
	assert_non_null(p);
	memmove(p, chain.p ? chain.p : p, chain.n);
	sk_iv_counter(1ull << 40, iv);
	chain = sk_seal(&to->sk_in, &w->h, iv, o.first, msg_end(&o), w->out, sizeof(w->out));
	assert_true(chain.n > 0);
	engine_packet(m->s[!w->from].e, &to->local, &to->remote, to->natt, chain, m->now);
}

static bool
swap(struct sim *m, int from, uint8_t *p, size_t n, void *arg, uint64_t *hold)
{
	struct swap *w = arg;
	struct ike_hdr h;

	(void)hold;
	if (w->done || hdr_get(bytes_of(p, n), &h) != WE_OK || h.exchange != EX_IKE_AUTH || h.response != w->response)
		return true;
	assert_true(n <= sizeof(w->octets));
	memcpy(w->octets, p, n);
	w->n = n;
	w->h = h;
	w->from = from;
	w->done = true;
	sim_at(m, m->delay, say, w);
	return false;
}

static struct sim *
swapped(struct swap *w, uint64_t seed)
{
	struct sim *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	begin(m, seed);
	m->touch = swap;
	m->touch_arg = w;
	return m;
}

/* Hash and URL, kinds of the future, empty ones; and requests for what nobody has. */
static void
put_strange(struct msg_out *o, unsigned arg)
{
	static const uint8_t kinds[] = { 12, 13, 0, 255, 1 };
	static const uint8_t junk[50] = { 1, 2, 3 };

	for (unsigned i = 0; i < sizeof(kinds); i++)
		pld_cert_put(o, false, kinds[i], bytes_of(junk, sizeof(junk)));
	pld_cert_put(o, false, CERT_X509, bytes_of(NULL, 0));
	pld_cert_put(o, true, CERT_X509, bytes_of(junk, 7));
	pld_cert_put(o, true, CERT_X509, bytes_of(NULL, 0));
	pld_cert_put(o, true, 12, bytes_of(junk, 20));
	pld_cert_put(o, true, 255, bytes_of(junk, 50));
}

static void
test_strange(void **state)
{
	for (int response = 0; response < 2; response++) {
		struct swap *w = calloc(1, sizeof(*w));
		struct sim *m;

		assert_non_null(w);
		w->response = response;
		w->put = put_strange;
		m = swapped(w, 1);
		if (response) {		/* there CERTREQ has no place: RFC 7296 1.2 */
			sim_run(m, 100 * MS);
			assert_true(w->done);
			assert_int_equal(m->s[A].verdicts, 0);
		} else {
			assert_true(sim_until(m, sim_up, SEC));
			assert_int_equal(m->s[B].verdicts, 1);
			assert_int_equal(m->s[B].want, KEY_WANT_X509 | KEY_WANT_OCSP);
		}
		end(m);
		free(m);
		free(w);
	}
}

/* arg: how many, each of so many octets that nine are too many, or five too large. */
static void
put_many(struct msg_out *o, unsigned arg)
{
	static const uint8_t octets[8192] = { 1 };

	for (unsigned i = 0; i < arg; i++)
		pld_cert_put(o, false, CERT_X509, bytes_of(octets, arg > MSG_CERTS - 1 ? 10 : sizeof(octets)));
}

static void
test_too_much(void **state)
{
	static const unsigned many[] = { 5, MSG_CERTS, 60 };

	for (unsigned i = 0; i < 6; i++) {
		struct swap *w = calloc(1, sizeof(*w));
		struct sim *m;
		int who;

		assert_non_null(w);
		w->put = put_many;
		w->arg = many[i % 3];
		w->response = i >= 3;
		who = w->response ? A : B;
		m = swapped(w, 2 + i);
		sim_run(m, w->response && i % 3 ? 90 * SEC : 300 * MS);
		assert_true(w->done);
		if (!w->response)
			assert_int_equal(m->s[who].verdicts, 0);
		assert_true(sim_recorded(&m->s[who], R_MSG_MALFORMED));
		assert_non_null(sim_fact(&m->s[who], R_MSG_MALFORMED, "difference"));
		if (w->response && i % 3 == 0)	/* the responder was up already */
			assert_true(sim_recorded(&m->s[B], R_PEER_REFUSED_AUTH));
		end(m);
		free(m);
		free(w);
	}
}

/* The peer's word: octets of N(40962) beside AUTHENTICATION_FAILED. */
static const struct { uint8_t b[3], n; enum reason says; } words[] = {
	{ { 0, R_CERT_REVOKED }, 2, R_CERT_REVOKED }, { { 0, 150 }, 2, 150 }, { { 0, 173 }, 2, 173 },
	{ { 0 }, 0, R_OK }, { { 150 }, 1, R_OK }, { { 0, 150, 0 }, 3, R_OK }, { { 0, 0 }, 2, R_OK }, { { 0, 1 }, 2, R_OK },
	{ { 0, 149 }, 2, R_OK }, { { 0, 174 }, 2, R_OK }, { { 0, R_PEER_REFUSED_CERT }, 2, R_OK }, { { 1, 150 }, 2, R_OK },
	{ { 0xff, 0xff }, 2, R_OK }, { { 0, R_PSK_MISMATCH }, 2, R_OK },
};

static void
put_word(struct msg_out *o, unsigned arg)
{
	struct bytes none = { NULL, 0 };

	pld_notify_put(o, 0, none, N_CAUSEWAY_REASON, bytes_of(words[arg].b, words[arg].n));
	pld_notify_put(o, 0, none, N_AUTHENTICATION_FAILED, none);
}

static void
test_words(void **state)
{
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct swap *w = calloc(1, sizeof(*w));
		const char *said;
		struct sim *m;

		assert_non_null(w);
		w->put = put_word;
		w->arg = i;
		w->response = w->alone = true;
		m = swapped(w, 10 + i);
		sim_run(m, 300 * MS);
		assert_true(w->done);
		said = sim_fact(&m->s[A], R_PEER_REFUSED_CERT, "peer_says");
		if (words[i].says) {
			assert_non_null(said);
			assert_memory_equal(said, reason_row(words[i].says)->name, strlen(reason_row(words[i].says)->name));
		} else {
			assert_false(sim_recorded(&m->s[A], R_PEER_REFUSED_CERT));
			assert_true(sim_recorded(&m->s[A], R_PEER_REFUSED_AUTH));
			assert_null(sim_fact(&m->s[A], R_PEER_REFUSED_AUTH, "peer_says"));
		}
		end(m);
		free(m);
		free(w);
	}
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
asked(struct sim *m)
{
	struct ikesa *s = the_sa(m, B);

	return s && s->state == S_R_VERIFY;
}

/* Only another Causeway hears why. */
static void
test_others(void **state)
{
	struct sim m;

	begin(&m, 30);
	m.s[B].verdict = R_CERT_REVOKED;
	assert_true(sim_until(&m, asked, SEC));
	assert_true(the_sa(&m, B)->causeway);
	the_sa(&m, B)->causeway = false;
	sim_run(&m, 100 * MS);
	assert_true(sim_recorded(&m.s[B], R_CERT_REVOKED));
	assert_true(sim_recorded(&m.s[A], R_PEER_REFUSED_AUTH));
	assert_false(sim_recorded(&m.s[A], R_PEER_REFUSED_CERT));
	m.s[B].verdict = R_OK;
	end(&m);
}

/* Our own proof cannot be made: we know why, the peer hears nothing of our files, not even by a reason that could be about its own. */
static void
test_no_proof(void **state)
{
	static const enum reason why[] = { R_PRIVATE_KEY_MISSING, R_CERT_MALFORMED };

	for (unsigned i = 0; i < 4; i++) {
		struct sim m;
		int who = i / 2 ? A : B;

		begin(&m, 40 + i);
		m.s[who].fail[KEY_AUTH_SIGN] = why[i % 2];
		sim_run(&m, 300 * MS);
		assert_memory_equal(sim_fact(&m.s[who], why[i % 2], "detail"), "in words", 8);
		assert_false(sim_recorded(&m.s[!who], R_PEER_REFUSED_CERT));
		assert_int_equal(sim_recorded(&m.s[A], R_PEER_REFUSED_AUTH), who == B);
		end(&m);
	}
}

/* IKE_AUTH comes late, and then the verdict takes its time: together longer than a half-open IKE SA lives. */
static enum fate
late(struct sim *m, int from, const struct ike_hdr *h, void *arg, uint64_t *hold)
{
	unsigned *n = arg;

	return from == A && h->exchange == EX_IKE_AUTH && (*n)++ < 5 ? FATE_DROP : FATE_AS_USUAL;
}

static void
test_late(void **state)
{
	unsigned n = 0;
	struct sim m;

	begin(&m, 50);
	m.filter = late;
	m.arg = &n;
	m.s[B].verify_ns = 25 * SEC;
	assert_true(sim_until(&m, sim_up, 60 * SEC));
	assert_int_equal(m.s[B].verdicts, 1);
	m.s[B].verify_ns = 0;
	end(&m);
}

/* keymgr takes its verdict back, of every IKE SA that it has of that peer now. */
static void
invalid(struct sim *m, int side, uint32_t told[SIM_HANDLES])
{
	for (unsigned i = 0; i < SIM_HANDLES; i++) {
		uint8_t b[64];
		struct wr w = wr_of(b, sizeof(b));
		struct rd r;

		if (!m->s[side].ike[i].id || told[i] == m->s[side].ike[i].id)
			continue;
		told[i] = m->s[side].ike[i].id;
		wr_le32(&w, told[i]);
		wr_le16(&w, R_CERT_REVOKED);
		str_put(&w, "serial 7");
		r = rd_of(wr_bytes(&w));
		assert_true(engine_key_event(m->s[side].e, KEY_PEER_INVALID, &r, m->now));
	}
}

static enum place at;
static bool
there(struct sim *m)
{
	struct ikesa *s = the_sa(m, B);

	return s && s->state == at;
}

/* Between VERIFY's yes and the answer to IKE_AUTH. */
static void
test_invalid_before_up(void **state)
{
	for (at = S_R_SIGN; at <= S_R_INSTALL; at++) {
		uint32_t told[SIM_HANDLES] = { 0 };
		struct sim m;

		begin(&m, 60 + at);
		assert_true(sim_until(&m, there, SEC));
		invalid(&m, B, told);
		sim_run(&m, 100 * MS);
		assert_true(sim_recorded(&m.s[B], R_CERT_REVOKED));
		assert_memory_equal(sim_fact(&m.s[B], R_CERT_REVOKED, "detail"), "serial 7", 8);
		assert_memory_equal(sim_fact(&m.s[A], R_PEER_REFUSED_CERT, "peer_says"), "CERT_REVOKED: ", 14);
		assert_null(the_sa(&m, B));
		assert_int_equal(toy_children(&m.s[B]), 0);
		end(&m);
	}
}

static unsigned
usable(const struct side *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < SIM_CHILDREN; i++)
		n += s->child[i].id && !s->child[i].larval && (s->child[i].in || s->child[i].out);
	return n;
}

/* In each millisecond of a rekey, by either end, of child and IKE SA: nothing of it comes up afterwards. */
static void
test_invalid_in_rekey(void **state)
{
	for (unsigned i = 0; i < 8 * 25; i++) {
		int side = (int)(i & 1);
		uint32_t told[SIM_HANDLES] = { 0 };
		struct sim m;

		begin(&m, 70 + i);
		assert_true(sim_until(&m, sim_up, 5 * SEC));
		sim_run(&m, 3 * SEC);
		if (i & 4)
			sim_command(&m, i & 2 ? A : B, ENGINE_REKEY_SA);
		else
			sim_soft(&m, i & 2 ? A : B);
		sim_run(&m, (i / 8) * MS);
		m.s[side].verdict = R_CERT_REVOKED;
		for (unsigned ms = 0; ms < 100; ms++) {
			invalid(&m, side, told);
			sim_run(&m, MS);
		}
		sim_run(&m, 2100 * MS);		/* what lingers has gone */
		if (usable(&m.s[side]))
			fail_msg("round %u: %u children are left", i, usable(&m.s[side]));
		assert_true(sim_recorded(&m.s[side], R_CERT_REVOKED));
		assert_false(sim_up(&m));
		m.s[side].verdict = R_OK;
		end(&m);
	}
}

/* A peer that says nothing any more, with our own request open: its children go nevertheless, at once. */
static void
test_invalid_mute(void **state)
{
	for (int busy = 0; busy < 2; busy++) {
		uint32_t told[SIM_HANDLES] = { 0 };
		struct sim m;

		begin(&m, 300);
		assert_true(sim_until(&m, sim_up, 5 * SEC));
		sim_run(&m, 3 * SEC);
		m.s[A].mute = true;
		if (busy)
			sim_soft(&m, B);
		sim_run(&m, 100 * MS);
		invalid(&m, B, told);
		sim_run(&m, 2100 * MS);
		assert_int_equal(usable(&m.s[B]), 0);
		sim_run(&m, 150 * SEC);
		assert_int_equal(usable(&m.s[B]), 0);
		m.s[A].mute = false;
		end(&m);
	}
}

/* An IKE SA of a link that ended has a number that means another tunnel's now. */
static bool
beside(struct sim *m)
{
	struct tun *t = tun_find(m->s[B].e, "a-b");

	return t && t->sas && t->sas->sib && t->sas->state == S_UP && t->sas->sib->state == S_UP &&
	    t->sas->keyless != t->sas->sib->keyless;
}

static void
test_other_link(void **state)
{
	struct ikesa *old;
	uint8_t b[64];
	struct wr w = wr_of(b, sizeof(b));
	struct rd r;
	struct sim m;

	begin(&m, 310);
	assert_true(sim_until(&m, sim_up, 5 * SEC));
	sim_keymgr(&m, B, false, true);
	sim_keymgr(&m, B, true, true);
	assert_true(sim_until(&m, beside, 40 * SEC));
	old = tun_find(m.s[B].e, "a-b")->sas;
	if (!old->keyless)
		old = old->sib;
	wr_le32(&w, old->handle = 7777);
	wr_le16(&w, R_CERT_REVOKED);
	str_put(&w, "");
	r = rd_of(wr_bytes(&w));
	assert_true(engine_key_event(m.s[B].e, KEY_PEER_INVALID, &r, m.now));
	assert_true(old->state == S_UP && !old->refuse_auth);
	assert_false(sim_recorded(&m.s[B], R_CERT_REVOKED));
	end(&m);
}

/* keymgr's own word must be one. */
static void
test_event(void **state)
{
	static const struct { uint16_t type; uint8_t n, b[24]; bool ok; } v[] = {
		{ KEY_PEER_INVALID, 8, { 1, 0, 0, 0, 152, 0, 0, 0 }, true },		/* not one of ours: nothing */
		{ KEY_PEER_INVALID, 8, { 1, 0, 0, 0, 0, 0, 0, 0 }, false },
		{ KEY_PEER_INVALID, 8, { 1, 0, 0, 0, 0xff, 0xff, 0, 0 }, false },	/* no such reason */
		{ KEY_PEER_INVALID, 7, { 1, 0, 0, 0, 152, 0, 0 }, false },
		{ KEY_PEER_INVALID, 9, { 1, 0, 0, 0, 152, 0, 0, 0, 0 }, false },
		{ KEY_TRUST, 1, { 0 }, true }, { KEY_TRUST, 0, { 0 }, false }, { KEY_TRUST, 21, { 1 }, true },
		{ KEY_TRUST, 20, { 1 }, false }, { KEY_TRUST, 22, { 1 }, false }, { KEY_TRUST, 21, { KEY_ANCHORS + 1 }, false },
	};
	struct sim m;

	begin(&m, 320);
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct rd r = rd_of(bytes_of(v[i].b, v[i].n));

		if (engine_key_event(m.s[A].e, v[i].type, &r, m.now) != v[i].ok)
			fail_msg("event %zu", i);
	}
	end(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strange), cmocka_unit_test(test_too_much), cmocka_unit_test(test_words), cmocka_unit_test(test_others),
		cmocka_unit_test(test_no_proof), cmocka_unit_test(test_late), cmocka_unit_test(test_invalid_before_up),
		cmocka_unit_test(test_invalid_in_rekey), cmocka_unit_test(test_invalid_mute), cmocka_unit_test(test_other_link),
		cmocka_unit_test(test_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
