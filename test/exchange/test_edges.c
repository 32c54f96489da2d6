/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables are what the machine runs: from a copy of the edge table, and of the payload rules, one row after the other is taken
 * away, and every time a scenario that used the row no longer gets where it should, or what came is refused for want of a row.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "sa/ops.h"
#include "sim.h"
#include "wire/rules.h"

struct scenario {
	const char *name;
	void (*change)(struct sim *, struct tunnel *a, struct tunnel *b);	/* before it begins */
	bool (*play)(struct sim *);						/* true: it got where it should */
};

static void
proposal(struct proposals *out, uint8_t proto, const char *text)
{
	const char *why;
	size_t at;

	out->n = 1;
	assert_true(proposal_parse(proto, text, &out->v[0], &why, &at));
}

static bool
come_up(struct sim *m)
{
	return sim_until(m, sim_up, 5 * SEC);
}

static bool
fine(struct sim *m)
{
	sim_run(m, 3 * SEC);
	return sim_idle(m) && sim_up(m) && toy_children(&m->s[A]) == 1 && toy_children(&m->s[B]) == 1;
}

static bool
play_rekeys(struct sim *m)
{
	uint32_t spi;

	if (!come_up(m))
		return false;
	for (int side = 0; side < 2; side++) {
		spi = toy_newest(&m->s[A], 0)->spi_in;
		sim_soft(m, side);
		if (!fine(m) || spi == toy_newest(&m->s[A], 0)->spi_in)
			return false;
		m->s[side].ndone = 0;
		sim_command(m, side, ENGINE_REKEY_SA);
		if (!fine(m) || m->s[side].ndone != 1 || m->s[side].done[0].reason != R_OK)
			return false;
	}
	return true;
}

static void
other_group(struct sim *m, struct tunnel *a, struct tunnel *b)
{
	proposal(&a->ike, PROTO_IKE, "aes256gcm16-prfsha384-x25519-ecp384");
	proposal(&b->ike, PROTO_IKE, "aes256gcm16-prfsha384-x25519-ecp384");
	b->ike.v[0].t[2].id = KE_ECP384;
	b->ike.v[0].n = 3;
	proposal(&a->esp, PROTO_ESP, "aes256gcm16-x25519-ecp256-esn");
	proposal(&b->esp, PROTO_ESP, "aes256gcm16-ecp256-esn");
}

/* Rekeys begin with the group that the IKE SA has; B prefers another by then. */
static bool
play_other_group(struct sim *m)
{
	struct tunnel *b = calloc(1, sizeof(*b));
	bool ok = b && come_up(m);
	uint32_t spi = ok ? toy_newest(&m->s[A], 0)->spi_in : 0;

	sim_soft(m, A);
	ok = ok && fine(m) && toy_newest(&m->s[A], 0)->spi_in != spi;
	sim_tunnel(b, B);
	proposal(&b->ike, PROTO_IKE, "aes256gcm16-prfsha384-x25519-ecp384");
	proposal(&b->esp, PROTO_ESP, "aes256gcm16-ecp256-esn");
	engine_tunnel_put(m->s[B].e, b, m->now);
	sim_command(m, A, ENGINE_REKEY_SA);
	sim_run(m, 100 * MS);
	ok = ok && m->s[A].ndone == 1 && m->s[A].done[0].reason == R_OK && fine(m);
	free(b);
	return ok;
}

static void
no_pfs(struct sim *m, struct tunnel *a, struct tunnel *b)
{
	proposal(&a->esp, PROTO_ESP, "aes256-sha256-noesn");
	b->esp = a->esp;
	proposal(&a->ike, PROTO_IKE, "aes128-sha256-prfsha256-ecp256");
	b->ike = a->ike;
}

static void
no_common(struct sim *m, struct tunnel *a, struct tunnel *b)
{
	proposal(&a->ike, PROTO_IKE, "aes128gcm16-prfsha256-ecp256");
	proposal(&b->ike, PROTO_IKE, "aes256gcm16-prfsha384-ecp256");
	b->start = START_RESPOND;
}

static bool
play_no_common(struct sim *m)
{
	sim_run(m, 3 * SEC);
	return sim_recorded(&m->s[A], R_PEER_NO_PROPOSAL_IKE) && sim_recorded(&m->s[B], R_NO_PROPOSAL_IKE);
}

static bool
play_mute(struct sim *m)
{
	m->s[B].mute = true;
	sim_run(m, 65 * SEC);
	return sim_recorded(&m->s[A], R_PEER_NO_ANSWER);
}

static enum fate
no_auth(struct sim *m, int from, const struct ike_hdr *h, void *arg, uint64_t *hold)
{
	return h->exchange == EX_IKE_AUTH ? FATE_DROP : FATE_AS_USUAL;
}

static bool
play_no_auth(struct sim *m)
{
	m->filter = no_auth;
	sim_run(m, 66 * SEC);
	return sim_recorded(&m->s[A], R_PEER_DEAD);
}

static void
no_selectors(struct sim *m, struct tunnel *a, struct tunnel *b)
{
	addr_parse("10.77.0.0", &a->children[0].remote.v[0].lo);
	addr_parse("10.77.0.255", &a->children[0].remote.v[0].hi);
	b->start = START_RESPOND;
}

static bool
play_no_selectors(struct sim *m)
{
	sim_run(m, 3 * SEC);
	return sim_recorded(&m->s[A], R_PEER_TS_UNACCEPTABLE) && sim_recorded(&m->s[B], R_TS_MISMATCH);
}

static void
wrong_psk(struct sim *m, struct tunnel *a, struct tunnel *b)
{
	strcpy(m->s[B].psk, "another");
	b->start = START_RESPOND;
}

static bool
play_wrong_psk(struct sim *m)
{
	sim_run(m, 3 * SEC);
	return sim_recorded(&m->s[A], R_PEER_REFUSED_AUTH) && sim_recorded(&m->s[B], R_PSK_MISMATCH);
}

static void
distrust(struct sim *m, struct tunnel *a, struct tunnel *b)
{
	m->s[A].fail[KEY_AUTH_VERIFY] = R_PSK_MISMATCH;
}

static bool
play_distrust(struct sim *m)
{
	sim_run(m, 300 * MS);
	return sim_recorded(&m->s[A], R_PSK_MISMATCH) && sim_recorded(&m->s[B], R_PEER_REFUSED_AUTH);
}

/* B is about to answer IKE_AUTH. */
static struct setup *
answering(struct sim *m)
{
	struct ikesa *s = m->s[B].e->tuns ? m->s[B].e->tuns->sas : NULL;

	return s && s->set && s->set->proof.n ? s->set : NULL;
}

static bool
is_answering(struct sim *m)
{
	return answering(m) != NULL;
}

/* A does not take an answer of that size, and says so, since B believes that all is well. */
static bool
play_oversized(struct sim *m)
{
	static const uint8_t huge[5000];

	if (!sim_until(m, is_answering, SEC) || !octets_set(&answering(m)->proof, bytes_of(huge, sizeof(huge))))
		return false;
	sim_run(m, 300 * MS);
	return sim_recorded(&m->s[A], R_MSG_MALFORMED) && sim_recorded(&m->s[B], R_PEER_REFUSED_AUTH) && sim_until(m, sim_up, 10 * SEC);
}

static void
no_spi(struct sim *m, struct tunnel *a, struct tunnel *b)
{
	m->s[B].fail[KEY_SPI_NEW] = R_ENGINE_NO_SPI;
}

static bool
play_no_spi(struct sim *m)
{
	sim_run(m, 300 * MS);
	return sim_recorded(&m->s[A], R_PEER_CHILD_FAILED) && sim_recorded(&m->s[B], R_ENGINE_NO_SPI) && sim_until(m, sim_up, 10 * SEC);
}

static bool
play_refused_rekey(struct sim *m)
{
	if (!come_up(m))
		return false;
	m->s[B].fail[KEY_SPI_NEW] = R_ENGINE_NO_SPI;
	sim_soft(m, A);
	sim_run(m, 300 * MS);
	return sim_recorded(&m->s[A], R_PEER_CHILD_FAILED) && fine(m);
}

/* The peer dies while we rekey the child, or the IKE SA, or delete. */
static bool
die(struct sim *m, int what)
{
	if (!come_up(m))
		return false;
	m->s[B].mute = true;
	if (what == 0)
		sim_soft(m, A);
	else if (what == 1)
		sim_command(m, A, ENGINE_REKEY_SA);
	sim_run(m, 100 * SEC);
	return sim_recorded(&m->s[A], R_PEER_DEAD) && m->s[A].sent[(what == 2 ? EX_INFORMATIONAL : EX_CREATE_CHILD_SA) & 3] == 8 &&
	    toy_children(&m->s[A]) == 0;
}

static bool
play_die_child(struct sim *m)
{
	return die(m, 0);
}

static bool
play_die_ike(struct sim *m)
{
	return die(m, 1);
}

static bool
play_die_live(struct sim *m)
{
	return die(m, 2);
}

static bool
play_down(struct sim *m)
{
	struct engine_census c;

	if (!come_up(m))
		return false;
	sim_command(m, A, ENGINE_DOWN);
	sim_command(m, B, ENGINE_DOWN);
	sim_run(m, 3 * SEC);
	engine_count(m->s[A].e, &c);
	return c.ike_sas == 0 && c.children == 0 && m->s[A].ndone == 1 && toy_children(&m->s[B]) == 0;
}

static bool
play_down_one(struct sim *m)
{
	if (!come_up(m))
		return false;
	sim_command(m, A, ENGINE_DOWN);
	sim_run(m, 200 * MS);
	return sim_recorded(&m->s[B], R_DELETED_BY_PEER) && m->s[A].ndone == 1;
}

static bool
play_delete_child(struct sim *m)
{
	uint32_t spi;

	if (!come_up(m))
		return false;
	spi = toy_newest(&m->s[A], 0)->spi_in;
	sim_hard(m, A);
	return fine(m) && toy_newest(&m->s[A], 0)->spi_in != spi;
}

static bool
play_alive(struct sim *m)
{
	if (!come_up(m))
		return false;
	sim_run(m, 40 * SEC);
	return m->s[A].sent[EX_INFORMATIONAL & 3] >= 1 && sim_up(m);
}

/* An IKE SA is being closed while the peer begins something on it. */
static bool
too_late(struct sim *m, int what)
{
	int closer = A;

	if (!come_up(m))
		return false;
	if (what == 0) {
		sim_soft(m, B);
	} else if (what == 1) {
		sim_command(m, B, ENGINE_REKEY_SA);
	} else if (what == 2) {
		sim_hard(m, B);
	} else {
		sim_hard(m, A);
		sim_run(m, 9 * MS);		/* its delete is answered, a new child will be asked for */
		closer = B;
	}
	sim_run(m, 3 * MS);
	sim_command(m, closer, ENGINE_DOWN);
	sim_command(m, closer, ENGINE_UP);
	return sim_until(m, fine, 60 * SEC);
}

static bool
play_late_rekey(struct sim *m)
{
	return too_late(m, 0);
}

static bool
play_late_ike(struct sim *m)
{
	return too_late(m, 1);
}

static bool
play_late_delete(struct sim *m)
{
	return too_late(m, 2);
}

static bool
play_late_child(struct sim *m)
{
	return too_late(m, 3);
}

static bool
play_cross_ike(struct sim *m)
{
	if (!come_up(m))
		return false;
	sim_command(m, A, ENGINE_REKEY_SA);
	sim_soft(m, B);
	sim_run(m, SEC);
	return sim_until(m, fine, 20 * SEC);
}

/* A hundred strangers before, so that the tunnel's first message is answered with a cookie. */
static bool
play_cookie(struct sim *m)
{
	struct endpoint to = { m->s[B].addr.addr, 500 };
	struct proposals ike, esp;
	uint8_t buf[2048], pub[32] = { 1 }, nonce[32] = { 2 };

	preset_find("modern", &ike, &esp);
	m->s[A].mute = true;
	sim_run(m, 10 * MS);
	for (unsigned i = 0; i < 100; i++) {
		struct ike_hdr h = { .spi_i = i + 1, .version = 0x20, .exchange = EX_IKE_SA_INIT, .initiator = true };
		struct endpoint from = { { 4, { 203, 0, (uint8_t)(i / 50), (uint8_t)i } }, 500 };
		struct msg_out o;

		msg_begin(&o, buf, sizeof(buf), &h);
		pld_sa_put(&o, &ike, bytes_of(NULL, 0));
		pld_ke_put(&o, KE_X25519, bytes_of(pub, 32));
		pld_nonce_put(&o, bytes_of(nonce, 32));
		engine_packet(m->s[B].e, &to, &from, false, msg_end(&o), m->now);
		sim_run(m, 4 * MS);
	}
	m->s[A].mute = false;
	return come_up(m);
}

static void
any_address(struct sim *m, struct tunnel *a, struct tunnel *b)
{
	memset(&b->remote, 0, sizeof(b->remote));
	b->start = START_RESPOND;
}

static const struct scenario scenarios[] = {
	{ "up", NULL, come_up }, { "rekeys", NULL, play_rekeys }, { "no PFS", no_pfs, play_rekeys },
	{ "another group", other_group, play_other_group }, { "cookie", any_address, play_cookie },
	{ "no common proposal", no_common, play_no_common }, { "no answer", NULL, play_mute },
	{ "no answer to IKE_AUTH", NULL, play_no_auth }, { "no common selectors", no_selectors, play_no_selectors },
	{ "wrong secret", wrong_psk, play_wrong_psk }, { "wrong peer", distrust, play_distrust }, { "no SPI", no_spi, play_no_spi },
	{ "too large", NULL, play_oversized }, { "too large without a child", no_spi, play_oversized },
	{ "child rekey refused", NULL, play_refused_rekey }, { "dead in child rekey", NULL, play_die_child },
	{ "dead in IKE rekey", NULL, play_die_ike }, { "dead", NULL, play_die_live }, { "down", NULL, play_down },
	{ "down at one end", NULL, play_down_one }, { "child deleted", NULL, play_delete_child }, { "alive", NULL, play_alive },
	{ "too late for a child rekey", NULL, play_late_rekey }, { "too late for an IKE rekey", NULL, play_late_ike },
	{ "too late for a child's delete", NULL, play_late_delete }, { "too late for a child", NULL, play_late_child },
	{ "IKE rekey crosses child rekey", NULL, play_cross_ike },
};
#define SCENARIOS (sizeof(scenarios) / sizeof(scenarios[0]))

struct result { bool ok; uint64_t refused; bool took[256]; };

static uint64_t
count_refused(const struct engine *e)
{
	unsigned n;
	const struct engine_counter *c = engine_counters(e, &n);
	uint64_t sum = 0;

	for (unsigned i = 0; i < n; i++)
		if (strcmp(c[i].name, "no_edge") == 0 || strcmp(c[i].name, "msg_malformed") == 0)
			sum += c[i].value;
	return sum;
}

static void
run(const struct scenario *s, const struct edge *edges, size_t nedges, const struct rule *rules, size_t nrules, struct result *r)
{
	struct tunnel *t = calloc(2, sizeof(*t));
	struct sim m;

	assert_non_null(t);
	memset(r, 0, sizeof(*r));
	sim_init(&m, 77);
	for (int i = 0; i < 2; i++) {
		engine_use_edges(m.s[i].e, edges, nedges);
		engine_use_rules(m.s[i].e, rules, nrules);
		sim_tunnel(&t[i], i);
	}
	if (s->change)
		s->change(&m, &t[0], &t[1]);
	sim_keymgr(&m, A, true, false);
	sim_keymgr(&m, B, true, false);
	sim_put(&m, &t[0], &t[1]);
	r->ok = s->play(&m);
	for (int i = 0; i < 2; i++)
		r->refused += count_refused(m.s[i].e);
	for (unsigned i = 0; i < m.ntrace; i++)
		r->took[m.trace[i].row] = true;
	sim_fini(&m);
	free(t);
}

static struct result base[SCENARIOS];

static void
test_scenarios(void **state)
{
	unsigned bad = 0;

	for (unsigned i = 0; i < SCENARIOS; i++) {
		run(&scenarios[i], ike_edges, ike_nedges, ike_rules, ike_nrules, &base[i]);
		if (!base[i].ok) {
			print_message("# \"%s\" does not get where it should\n", scenarios[i].name);
			bad++;
		}
	}
	assert_int_equal(bad, 0);
}

static void
test_edges(void **state)
{
	struct edge *copy = calloc(ike_nedges, sizeof(*copy));
	unsigned bad = 0;

	assert_non_null(copy);
	for (size_t row = 0; row < ike_nedges; row++) {
		const struct edge *d = &ike_edges[row];
		bool used = false, refused = false;

		memcpy(copy, ike_edges, row * sizeof(*copy));
		memcpy(copy + row, ike_edges + row + 1, (ike_nedges - row - 1) * sizeof(*copy));
		for (unsigned i = 0; i < SCENARIOS && !refused; i++) {
			struct result r;

			if (!base[i].took[row])
				continue;
			used = true;
			run(&scenarios[i], copy, ike_nedges - 1, ike_rules, ike_nrules, &r);
			refused = !r.ok || r.refused > base[i].refused;
		}
		if (!refused) {
			print_message("# %s + %s (%s): %s\n", place_name(d->from), on_name(d->on), d->name,
			    used ? "its absence is not noticed" : "no scenario uses it");
			bad++;
		}
	}
	free(copy);
	assert_int_equal(bad, 0);
}

/* A row that asks for or allows what our own messages carry: without it those messages are refused. */
static void
test_rules(void **state)
{
	struct rule *copy = calloc(ike_nrules, sizeof(*copy));
	unsigned noticed = 0, rows = 0;

	assert_non_null(copy);
	for (size_t row = 0; row < ike_nrules; row++) {
		bool refused = false;

		if (ike_rules[row].min == 0)
			continue;	/* what foreign messages may carry: test_ike_rules has a message for each */
		rows++;
		memcpy(copy, ike_rules, row * sizeof(*copy));
		memcpy(copy + row, ike_rules + row + 1, (ike_nrules - row - 1) * sizeof(*copy));
		for (unsigned i = 0; i < SCENARIOS && !refused; i++) {
			struct result r;

			run(&scenarios[i], ike_edges, ike_nedges, copy, ike_nrules - 1, &r);
			refused = !r.ok || r.refused > base[i].refused;
		}
		if (refused)
			noticed++;
		else
			print_message("# %s, payload %u: its absence is not noticed\n", msg_kind_name(ike_rules[row].kind),
			    ike_rules[row].pld);
	}
	free(copy);
	assert_int_equal(noticed, rows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_scenarios), cmocka_unit_test(test_edges),
	    cmocka_unit_test(test_rules) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
