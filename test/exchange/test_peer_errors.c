/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A peer that answers with an error: what the record says. B is a real engine, but its answer to one kind of A's requests is taken
 * away and another one is said in its place, sealed with B's own keys where it must be. Each fault has one reason and no two the
 * same; its words are told; what failed is tried again with pauses; and when the fault is over the tunnel comes up clean.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "sa/ops.h"
#include "sim.h"

enum with { W_NOTIFY, W_WIDER, W_OTHER_SUITE, W_NOTHING_KNOWN, W_UNEXPECTED, W_NO_ICV, W_OTHER_KIND, W_CLEAR };

struct fault {
	const char	*name;
	enum reason	 want;
	enum exchange	 at;
	enum engine_command how;	/* CREATE_CHILD_SA: what makes A send it; ENGINE_UP: a child that was lost */
	enum with	 with;
	uint16_t	 notify;
	const char	*fact, *words;	/* in the record */
	uint64_t	 watch;		/* so long it answers so */
	unsigned	 least, most;	/* questions in that time: again, but never at once */
};

static const struct fault faults[] = {
	{ "no such notify", R_PEER_ERROR_NOTIFY, EX_IKE_AUTH, 0, W_NOTIFY, 8000, "notify", "8000: ", 60 * SEC, 3, 9 },
	{ "INVALID_SYNTAX", R_PEER_INVALID_SYNTAX, EX_IKE_AUTH, 0, W_NOTIFY, N_INVALID_SYNTAX, "notify",
	    "INVALID_SYNTAX: It found", 60 * SEC, 3, 9 },
	{ "critical payload", R_PEER_UNSUPPORTED_CRITICAL, EX_IKE_SA_INIT, 0, W_NOTIFY, N_UNSUPPORTED_CRITICAL_PAYLOAD, "notify",
	    "UNSUPPORTED_CRITICAL_PAYLOAD: It does", 60 * SEC, 3, 9 },
	{ "IKEv1", R_PEER_INVALID_VERSION, EX_IKE_SA_INIT, 0, W_NOTIFY, N_INVALID_MAJOR_VERSION, "notify",
	    "INVALID_MAJOR_VERSION: It does", 60 * SEC, 3, 9 },
	{ "IKE SPI", R_PEER_INVALID_IKE_SPI, EX_IKE_AUTH, 0, W_CLEAR, N_INVALID_IKE_SPI, "notify", "INVALID_IKE_SPI: It does",
	    400 * SEC, 4, 40 },
	{ "no more SAs", R_PEER_NO_ADDITIONAL_SAS, EX_CREATE_CHILD_SA, ENGINE_UP, W_NOTIFY, N_NO_ADDITIONAL_SAS, "notify",
	    "NO_ADDITIONAL_SAS: It allows", 60 * SEC, 3, 9 },
	{ "no such child", R_PEER_CHILD_NOT_FOUND, EX_CREATE_CHILD_SA, ENGINE_REKEY_CHILD, W_NOTIFY, N_CHILD_SA_NOT_FOUND, "notify",
	    "CHILD_SA_NOT_FOUND: It does", 1 * SEC, 1, 4 },
	{ "not now", R_PEER_TEMPORARY_FAILURE, EX_CREATE_CHILD_SA, ENGINE_REKEY_SA, W_NOTIFY, N_TEMPORARY_FAILURE, "notify",
	    "TEMPORARY_FAILURE: It cannot", 60 * SEC, 3, 9 },
	{ "child failed", R_PEER_CHILD_FAILED, EX_CREATE_CHILD_SA, ENGINE_UP, W_NOTIFY, N_TEMPORARY_FAILURE, "notify",
	    "TEMPORARY_FAILURE: It cannot", 60 * SEC, 3, 9 },
	{ "wider networks", R_PEER_TS_WIDER, EX_CREATE_CHILD_SA, ENGINE_UP, W_WIDER, 0, "peer_local_ts", "0.0.0.0", 60 * SEC, 3, 9 },
	{ "another suite", R_PEER_CHOSE_NOT_OFFERED, EX_IKE_SA_INIT, 0, W_OTHER_SUITE, 0, "received", "", 60 * SEC, 3, 9 },
	{ "a new payload", R_MSG_CRITICAL, EX_IKE_AUTH, 0, W_NOTHING_KNOWN, 0, "difference", "a critical payload", 400 * SEC, 4, 40 },
	{ "a nonce", R_MSG_UNEXPECTED, EX_IKE_AUTH, 0, W_UNEXPECTED, 0, "difference", "the Nonce payload", 400 * SEC, 4, 40 },
	{ "broken seal", R_MSG_NOT_AUTHENTIC, EX_IKE_AUTH, 0, W_NO_ICV, N_AUTHENTICATION_FAILED, "tries", "", 400 * SEC, 4, 40 },
};
#define NFAULTS (sizeof(faults) / sizeof(faults[0]))

struct peer {
	struct sim	 m;
	const struct fault *f;
	bool		 on;
	unsigned	 answers;
	uint64_t	 iv;
	struct ike_hdr	 asked;
};

static void
inside(struct msg_out *o, struct peer *p)
{
	static const uint8_t octets[32] = { 7 };
	struct bytes none = { NULL, 0 };
	struct ts_list wide;
	struct prefix all;
	struct suite suite;
	struct tunnel *t = &p->m.s[A].tunnel;
	struct proposals *list = p->f->at == EX_IKE_SA_INIT || p->f->with == W_OTHER_KIND ? &t->ike : &t->esp;
	unsigned which;
	uint8_t spi[8] = { 9, 9, 9, 9, 9, 9, 9, 9 };

	switch (p->f->with) {
	case W_NOTIFY: case W_NO_ICV: case W_CLEAR:
		pld_notify_put(o, 0, none, p->f->notify, none);
		return;
	case W_UNEXPECTED:
		pld_nonce_put(o, bytes_of(octets, 32));
		pld_notify_put(o, 0, none, N_AUTHENTICATION_FAILED, none);
		return;
	case W_NOTHING_KNOWN:
		pld_close(o, pld_open(o, 200));
		return;
	case W_OTHER_SUITE: case W_WIDER: case W_OTHER_KIND:
		break;
	}
	assert_true(proposals_choose(list, list, &suite, &which));
	if (p->f->with == W_OTHER_SUITE) {
		suite.encr = 12;		/* AES-CBC with 128 bits is in no preset of today */
		suite.key_bits = 128;
	}
	pld_sa_put_chosen(o, 1, p->f->with == W_WIDER ? PROTO_ESP : PROTO_IKE, &suite,
	    bytes_of(spi, p->f->at == EX_IKE_SA_INIT ? 0 : p->f->with == W_WIDER ? 4 : 8));
	pld_nonce_put(o, bytes_of(octets, 32));
	pld_ke_put(o, KE_X25519, bytes_of(octets, 32));
	if (p->f->with != W_WIDER)
		return;
	prefix_parse("0.0.0.0/0", &all);
	wide = (struct ts_list){ .n = 1, .v = { ts_from_prefix(&all) } };
	pld_ts_put(o, true, &wide);
	pld_ts_put(o, false, &wide);
}

/* The answer, in B's name: what B seals with, A opens with. */
static void
say(struct sim *m, void *arg)
{
	static uint8_t inner[4096], buf[8192];
	struct peer *p = arg;
	struct ikesa *s = ikesa_find(m->s[A].e, p->asked.spi_i);
	struct ike_hdr h = { .spi_i = p->asked.spi_i, .spi_r = p->asked.spi_r, .version = 0x20, .exchange = p->asked.exchange,
	    .initiator = !p->asked.initiator, .response = true, .id = p->asked.id };
	struct msg_out o;
	struct bytes b;
	uint8_t iv[8];

	assert_non_null(s);
	if (p->f->at == EX_IKE_SA_INIT || p->f->with == W_CLEAR) {
		if (p->f->with == W_OTHER_SUITE)
			h.spi_r = 99;
		msg_begin(&o, buf, sizeof(buf), &h);
		inside(&o, p);
		b = msg_end(&o);
	} else {
		msg_begin_inner(&o, inner, sizeof(inner));
		inside(&o, p);
		b = msg_end(&o);
		if (p->f->with == W_NOTHING_KNOWN)
			inner[1] |= 0x80;	/* critical */
		sk_iv_counter(++p->iv << 32, iv);
		b = sk_seal(&s->sk_in, &h, iv, o.first, b, buf, sizeof(buf));
		if (p->f->with == W_NO_ICV)
			buf[b.n - 1] ^= 1;
	}
	assert_true(b.n > 0);
	p->answers++;
	engine_packet(m->s[A].e, &s->local, &s->remote, s->natt, b, m->now);
}

static enum fate
instead(struct sim *m, int from, const struct ike_hdr *h, void *arg, uint64_t *hold)
{
	struct peer *p = arg;
	struct ikesa *b;

	if (!p->on || from != A || h->response || h->exchange != p->f->at)
		return FATE_AS_USUAL;
	p->asked = *h;
	b = ikesa_find(m->s[B].e, h->spi_r);
	if (h->exchange == EX_CREATE_CHILD_SA && b)
		b->win.next_in++;		/* B believes that it has answered */
	sim_at(m, m->delay, say, p);
	return FATE_DROP;
}

static void
nothing_else(const struct peer *p)
{
	static const enum reason never[] = { R_NO_PROPOSAL_IKE, R_NO_PROPOSAL_CHILD, R_PEER_NO_PROPOSAL_IKE,
	    R_PEER_NO_PROPOSAL_CHILD, R_TS_MISMATCH, R_PEER_TS_UNACCEPTABLE, R_PEER_REFUSED_AUTH, R_PEER_NO_ANSWER,
	    R_PEER_NO_ANSWER_NATT, R_PEER_DEAD, R_INTERNAL, R_MSG_MALFORMED };

	for (int i = 0; i < 2; i++) {
		for (size_t k = 0; k < sizeof(never) / sizeof(never[0]); k++)
			assert_false(sim_recorded(&p->m.s[i], never[k]));
		for (size_t k = 0; k < NFAULTS; k++)
			if (i == B || faults[k].want != p->f->want)
				assert_false(sim_recorded(&p->m.s[i], faults[k].want));
	}
}

static void
play(const struct fault *f, uint64_t seed)
{
	struct peer *p = calloc(1, sizeof(*p));
	const char *words, *why;

	assert_non_null(p);
	print_message("# %s\n", f->name);
	sim_init(&p->m, seed);
	p->m.filter = instead;
	p->m.arg = p;
	p->f = f;
	p->on = true;
	sim_begin(&p->m);
	if (f->at == EX_CREATE_CHILD_SA) {
		assert_true(sim_until(&p->m, sim_up, 5 * SEC));
		sim_run(&p->m, 5 * SEC);
		if (f->how == ENGINE_UP)
			sim_hard(&p->m, A);
		else
			sim_command(&p->m, A, f->how);
	}
	sim_run(&p->m, f->watch);
	if (!sim_recorded(&p->m.s[A], f->want))
		fail_msg("%s: no record says %s", f->name, reason_row(f->want)->name);
	nothing_else(p);
	words = sim_fact(&p->m.s[A], f->want, f->fact);
	if (!words || strncmp(words, f->words, strlen(f->words)) != 0)
		fail_msg("%s: the record's fact %s is %.60s", f->name, f->fact, words ? words : "missing");
	if (p->answers < f->least || p->answers > f->most)
		fail_msg("%s: asked %u times", f->name, p->answers);
	p->on = false;
	if ((why = sim_check(&p->m, 1)))
		fail_msg("%s: afterwards %s", f->name, why);
	nothing_else(p);
	sim_fini(&p->m);
	free(p);
}

static void
test_words(void **state)
{
	for (size_t i = 0; i < NFAULTS; i++)
		play(&faults[i], i + 1);
}

static void
test_one_reason_each(void **state)
{
	for (size_t i = 0; i < NFAULTS; i++)
		for (size_t k = i + 1; k < NFAULTS; k++)
			assert_int_not_equal(faults[i].want, faults[k].want);
}

/* What was not asked, or no word on why there is nothing: not an error that the peer named. */
static void
test_not_an_answer(void **state)
{
	static const struct fault more[] = {
		{ "an IKE SA for a child", R_MSG_UNEXPECTED, EX_CREATE_CHILD_SA, ENGINE_UP, W_OTHER_KIND, 0, "exchange",
		    "CREATE_CHILD_SA", 60 * SEC, 3, 9 },
		{ "no child and no error", R_MSG_UNEXPECTED, EX_CREATE_CHILD_SA, ENGINE_UP, W_NOTIFY, N_SET_WINDOW_SIZE, "exchange",
		    "CREATE_CHILD_SA", 60 * SEC, 3, 9 },
		{ "no proof and no error", R_MSG_UNEXPECTED, EX_IKE_AUTH, 0, W_NOTIFY, N_SET_WINDOW_SIZE, "exchange",
		    "IKE_AUTH", 60 * SEC, 3, 9 },
		{ "no IKE SA and no error", R_MSG_UNEXPECTED, EX_CREATE_CHILD_SA, ENGINE_REKEY_SA, W_NOTIFY, N_SET_WINDOW_SIZE,
		    "exchange", "CREATE_CHILD_SA", 60 * SEC, 3, 9 },
	};

	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		play(&more[i], 100 + i);
}

/* Who asked for new keys from a peer that never has the time hears that it goes on, and only once. */
static void
test_later(void **state)
{
	static const struct fault busy = { "not now", R_PEER_TEMPORARY_FAILURE, EX_CREATE_CHILD_SA, ENGINE_REKEY_SA, W_NOTIFY,
	    N_TEMPORARY_FAILURE, "notify", "TEMPORARY_FAILURE: It cannot", 130 * SEC, 4, 12 };
	struct peer *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	sim_init(&p->m, 50);
	p->m.filter = instead;
	p->m.arg = p;
	p->f = &busy;
	p->on = true;
	sim_begin(&p->m);
	assert_true(sim_until(&p->m, sim_up, 5 * SEC));
	sim_command(&p->m, A, ENGINE_REKEY_SA);
	sim_run(&p->m, 119 * SEC);
	assert_int_equal(p->m.s[A].ndone, 0);
	sim_run(&p->m, 2 * SEC);
	assert_int_equal(p->m.s[A].ndone, 1);
	assert_int_equal(p->m.s[A].done[0].reason, R_RETRY_LATER);
	p->on = false;
	assert_null(sim_check(&p->m, 1));
	assert_int_equal(p->m.s[A].ndone, 1);
	sim_fini(&p->m);
	free(p);
}

/* No fault at all: the log says why a child went. */
static void
test_ends(void **state)
{
	struct engine_census c;
	struct tunnel changed;
	struct sim m;

	sim_init(&m, 51);
	sim_begin(&m);
	assert_true(sim_until(&m, sim_up, 5 * SEC));
	assert_false(m.s[A].logged[R_REPLACED]);
	sim_soft(&m, A);
	sim_run(&m, 30 * SEC);
	assert_true(m.s[A].logged[R_REPLACED]);
	assert_null(sim_check(&m, 1));
	changed = m.s[A].tunnel;
	changed.proofs[0] ^= 1;		/* another proof: the tunnel begins anew, and nothing was removed */
	m.s[A].logged[R_REPLACED] = false;
	engine_tunnel_put(m.s[A].e, &changed, m.now);
	sim_run(&m, 10 * SEC);
	assert_true(sim_up(&m) && m.s[A].logged[R_REPLACED]);
	assert_false(m.s[A].logged[R_REMOVED_FROM_SITES]);
	engine_tunnel_del(m.s[A].e, "a-b", false, m.now);
	sim_run(&m, 10 * SEC);
	assert_true(m.s[A].logged[R_REMOVED_FROM_SITES]);
	assert_true(m.s[B].logged[R_DELETED_BY_PEER]);
	engine_count(m.s[A].e, &c);
	assert_int_equal(c.tunnels + c.ike_sas + c.children + c.exchanges + c.timers, 0);
	sim_fini(&m);
}

/* B's true IKE_AUTH response, with a child's half that A cannot take; the proof in it is good. */
struct child_half {
	unsigned kind;		/* 0: none and no error; 1: wider networks; 2: another suite */
	bool	 off;
	uint64_t iv;
	struct ike_hdr h;
	struct msg msg;
	uint8_t	 plain[4096], inner[4096], buf[8192];
};

static void
say_half(struct sim *m, void *arg)
{
	struct child_half *p = arg;
	struct ikesa *s = ikesa_find(m->s[A].e, p->h.spi_i), *b = ikesa_find(m->s[B].e, p->h.spi_r);
	struct bytes none = { NULL, 0 }, octets = window_reply(&b->win);
	struct prefix all;
	struct msg_out o;
	uint8_t iv[8];

	assert_non_null(s);
	assert_int_equal(msg_get_outer(octets, &p->msg), WE_OK);
	assert_int_equal(sk_open(&s->sk_in, &p->msg, p->plain, sizeof(p->plain), &octets), WE_OK);
	assert_int_equal(msg_get_inner(&p->msg, octets), WE_OK);
	prefix_parse("0.0.0.0/0", &all);
	if (p->kind == 1)
		p->msg.tsr = (struct ts_list){ .n = 1, .v = { ts_from_prefix(&all) } };
	if (p->kind == 2)
		p->msg.sa.proposals.v[0].t[0] = (struct transform){ .type = T_ENCR, .id = 12, .key_bits = 128 };
	msg_begin_inner(&o, p->inner, sizeof(p->inner));
	pld_id_put(&o, false, p->msg.idr);
	pld_auth_put(&o, p->msg.auth.method, p->msg.auth.data);
	if (p->kind == 0) {
		pld_notify_put(&o, 0, none, N_SET_WINDOW_SIZE, none);
	} else {
		pld_sa_put_raw(&o, &p->msg.sa);
		pld_ts_put(&o, true, &p->msg.tsi);
		pld_ts_put(&o, false, &p->msg.tsr);
	}
	octets = msg_end(&o);
	sk_iv_counter(++p->iv << 32, iv);
	octets = sk_seal(&s->sk_in, &p->h, iv, o.first, octets, p->buf, sizeof(p->buf));
	engine_packet(m->s[A].e, &s->local, &s->remote, s->natt, octets, m->now);
}

static enum fate
other_half(struct sim *m, int from, const struct ike_hdr *h, void *arg, uint64_t *hold)
{
	struct child_half *p = arg;

	if (p->off || from != B || !h->response || h->exchange != EX_IKE_AUTH)
		return FATE_AS_USUAL;
	p->h = *h;
	p->off = true;		/* the child is asked for again by CREATE_CHILD_SA */
	sim_at(m, m->delay, say_half, p);
	return FATE_DROP;
}

static void
test_half_of_auth(void **state)
{
	static const struct { enum reason why; const char *fact; } want[] = { { R_MSG_UNEXPECTED, "exchange" },
	    { R_PEER_TS_WIDER, "peer_local_ts" }, { R_PEER_CHOSE_NOT_OFFERED, "received" } };

	for (unsigned i = 0; i < 3; i++) {
		struct sim *m = calloc(1, sizeof(*m));
		struct child_half *p = calloc(1, sizeof(*p));

		assert_true(m && p);
		p->kind = i;
		sim_init(m, 60 + i);
		m->filter = other_half;
		m->arg = p;
		sim_begin(m);
		assert_true(sim_until(m, sim_up, 40 * SEC));
		assert_non_null(sim_fact(&m->s[A], want[i].why, want[i].fact));
		for (unsigned k = 0; k < 3; k++)
			assert_true(k == i || !sim_recorded(&m->s[A], want[k].why));
		assert_false(sim_recorded(&m->s[A], R_PEER_NO_PROPOSAL_CHILD));
		assert_false(sim_recorded(&m->s[A], R_PEER_CHILD_FAILED));
		assert_null(sim_check(m, 1));
		sim_fini(m);
		free(p);
		free(m);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_words), cmocka_unit_test(test_one_reason_each),
	    cmocka_unit_test(test_not_an_answer), cmocka_unit_test(test_half_of_auth),
	    cmocka_unit_test(test_later), cmocka_unit_test(test_ends) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
