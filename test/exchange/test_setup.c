/* SPDX-License-Identifier: BSD-2-Clause */
/* One tunnel from nothing to up, and every way in which that fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <errno.h>

#include "msg_bind.h"
#include "sim.h"

static void
test_plain(void **state)
{
	struct sim m;
	const char *why;

	sim_init(&m, 1);
	sim_begin(&m);
	assert_true(sim_until(&m, sim_up, 5 * SEC));
	why = sim_check(&m, 1);
	if (why)
		fail_msg("%s", why);
	assert_true(sim_recorded(&m.s[A], R_OK));
	sim_fini(&m);
}

static void
test_child_rekey(void **state)
{
	for (int side = 0; side < 2; side++) {
		struct sim m;
		const char *why;
		uint32_t spi;

		sim_init(&m, 2);
		sim_begin(&m);
		assert_true(sim_until(&m, sim_up, 5 * SEC));
		spi = toy_newest(&m.s[A], 0)->spi_in;
		m.traffic = true;
		m.next_packet = m.now;
		sim_soft(&m, side);
		sim_run(&m, 5 * SEC);
		m.traffic = false;
		why = sim_check(&m, 1);
		if (why)
			fail_msg("%s", why);
		assert_int_not_equal(spi, toy_newest(&m.s[A], 0)->spi_in);
		/* Who begins this exchange is its initiator, whoever began the IKE SA; and has the record of it. */
		assert_int_equal(strncmp(sim_fact(&m.s[side], R_OK, "exchange"), "CREATE_CHILD_SA\n", 16), 0);
		assert_int_equal(strncmp(sim_fact(&m.s[side], R_OK, "role"), "initiator\n", 10), 0);
		assert_int_equal(m.esp_lost + m.esp_no_out, 0);
		assert_true(m.esp_ok > 100);
		sim_fini(&m);
	}
}

static void
test_ike_rekey(void **state)
{
	for (int side = 0; side < 2; side++) {
		struct sim m;
		const char *why;

		sim_init(&m, 3);
		sim_begin(&m);
		assert_true(sim_until(&m, sim_up, 5 * SEC));
		sim_command(&m, side, ENGINE_REKEY_SA);
		sim_run(&m, 2 * SEC);
		why = sim_check(&m, 1);
		if (why)
			fail_msg("%s", why);
		assert_int_equal(m.s[side].ndone, 1);
		assert_int_equal(m.s[side].done[0].reason, R_OK);
		sim_soft(&m, !side);
		sim_run(&m, 5 * SEC);
		why = sim_check(&m, 1);
		if (why)
			fail_msg("%s", why);
		sim_fini(&m);
	}
}

static void
test_delete(void **state)
{
	struct engine_census c;
	struct sim m;

	sim_init(&m, 4);
	sim_begin(&m);
	assert_true(sim_until(&m, sim_up, 5 * SEC));
	sim_command(&m, B, ENGINE_DOWN);
	sim_command(&m, A, ENGINE_DOWN);
	sim_run(&m, 10 * SEC);
	for (int i = 0; i < 2; i++) {
		engine_count(m.s[i].e, &c);
		assert_int_equal(c.ike_sas, 0);
		assert_int_equal(c.children, 0);
		assert_int_equal(c.calls, 0);
		assert_int_equal(c.timers, 0);
		assert_int_equal(toy_children(&m.s[i]), 0);
		assert_int_equal(m.s[i].ndone, 1);
		assert_int_equal(m.s[i].done[0].reason, R_OK);
	}
	sim_fini(&m);
}

/* Both tunnels at hand, to be changed before they are put. */
struct pair { struct sim m; struct tunnel a, b; };

static struct pair *
pair_new(uint64_t seed)
{
	struct pair *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	sim_init(&p->m, seed);
	sim_tunnel(&p->a, A);
	sim_tunnel(&p->b, B);
	return p;
}

static void
pair_go(struct pair *p)
{
	sim_keymgr(&p->m, A, true, false);
	sim_keymgr(&p->m, B, true, false);
	sim_put(&p->m, &p->a, &p->b);
}

static void
pair_free(struct pair *p)
{
	sim_fini(&p->m);
	free(p);
}

static void
check(struct sim *m, unsigned policies)
{
	const char *why = sim_check(m, policies);

	if (why)
		fail_msg("%s", why);
}

static void
one_proposal(struct proposals *out, uint8_t proto, const char *text)
{
	const char *why;
	size_t at;

	out->n = 1;
	assert_true(proposal_parse(proto, text, &out->v[0], &why, &at));
}

static struct ts_list
ts_of(const char *prefix)
{
	struct ts_list l = { .n = 1 };
	struct prefix x;

	assert_true(prefix_parse(prefix, &x));
	l.v[0] = ts_from_prefix(&x);
	return l;
}

/* Nothing is left of failed attempts but the timer of the next one. */
static void
check_nothing(struct sim *m)
{
	for (int i = 0; i < 2; i++)
		assert_int_equal(toy_children(&m->s[i]), 0);
}

static void
test_wrong_psk(void **state)
{
	struct pair *p = pair_new(10);

	strcpy(p->m.s[B].psk, "another");
	pair_go(p);
	sim_run(&p->m, 3 * SEC);
	assert_true(sim_recorded(&p->m.s[B], R_PSK_MISMATCH));
	assert_true(sim_recorded(&p->m.s[A], R_PEER_REFUSED_AUTH));
	assert_false(sim_recorded(&p->m.s[A], R_PSK_MISMATCH));
	check_nothing(&p->m);
	strcpy(p->m.s[B].psk, p->m.s[A].psk);		/* mended: it comes up by itself */
	assert_true(sim_until(&p->m, sim_up, 90 * SEC));
	check(&p->m, 1);
	pair_free(p);
}

/* The initiator's file expects another identity than the responder's is: the responder knows, the initiator does not. */
static void
test_wrong_answer(void **state)
{
	struct pair *p = pair_new(11);

	strcpy(p->b.id_local, "fqdn:c");
	strcpy(p->a.id_remote, "fqdn:b");
	p->b.start = START_RESPOND;
	pair_go(p);
	sim_run(&p->m, 3 * SEC);
	assert_true(sim_recorded(&p->m.s[A], R_PEER_REFUSED_AUTH));
	assert_true(sim_recorded(&p->m.s[B], R_OUR_ID_REFUSED));
	check_nothing(&p->m);
	pair_free(p);
}

static void
test_unknown_id(void **state)
{
	struct pair *p = pair_new(12);

	strcpy(p->a.id_local, "fqdn:nobody");
	p->b.start = START_RESPOND;
	pair_go(p);
	sim_run(&p->m, 3 * SEC);
	assert_true(sim_recorded(&p->m.s[B], R_PEER_ID_UNKNOWN));
	assert_true(strncmp(sim_fact(&p->m.s[B], R_PEER_ID_UNKNOWN, "id_received"), "fqdn:nobody", 11) == 0);
	assert_true(sim_recorded(&p->m.s[A], R_PEER_REFUSED_AUTH));
	check_nothing(&p->m);
	pair_free(p);
}

static void
test_no_ike_proposal(void **state)
{
	struct pair *p = pair_new(13);

	one_proposal(&p->a.ike, PROTO_IKE, "aes128gcm16-prfsha256-ecp256");
	one_proposal(&p->b.ike, PROTO_IKE, "aes256gcm16-prfsha384-ecp256");
	p->b.start = START_RESPOND;
	pair_go(p);
	sim_run(&p->m, 3 * SEC);
	assert_true(sim_recorded(&p->m.s[A], R_PEER_NO_PROPOSAL_IKE));
	assert_true(sim_recorded(&p->m.s[B], R_NO_PROPOSAL_IKE));
	assert_non_null(sim_fact(&p->m.s[B], R_NO_PROPOSAL_IKE, "difference"));
	check_nothing(&p->m);
	pair_free(p);
}

static void
test_no_esp_proposal(void **state)
{
	struct pair *p = pair_new(14);
	struct engine_census c;

	one_proposal(&p->a.esp, PROTO_ESP, "aes128gcm16-x25519-noesn");
	one_proposal(&p->b.esp, PROTO_ESP, "aes256gcm16-x25519-noesn");
	p->b.start = START_RESPOND;
	pair_go(p);
	sim_run(&p->m, 3 * SEC);
	assert_true(sim_recorded(&p->m.s[A], R_PEER_NO_PROPOSAL_CHILD));
	assert_true(sim_recorded(&p->m.s[B], R_NO_PROPOSAL_CHILD));
	engine_count(p->m.s[A].e, &c);
	assert_int_equal(c.ike_up, 1);		/* the IKE SA stands, RFC 7296 2.21.2 */
	check_nothing(&p->m);
	pair_free(p);
}

static void
test_selectors_do_not_meet(void **state)
{
	struct pair *p = pair_new(15);

	p->a.children[0].remote = ts_of("10.9.0.0/16");
	p->b.start = START_RESPOND;
	pair_go(p);
	sim_run(&p->m, 3 * SEC);
	assert_true(sim_recorded(&p->m.s[A], R_PEER_TS_UNACCEPTABLE));
	assert_true(sim_recorded(&p->m.s[B], R_TS_MISMATCH));
	assert_non_null(sim_fact(&p->m.s[B], R_TS_MISMATCH, "peer_local_ts"));
	check_nothing(&p->m);
	pair_free(p);
}

static void
test_narrowing(void **state)
{
	struct pair *p = pair_new(16);

	p->a.children[0].remote = ts_of("10.2.0.0/16");
	p->a.children[0].local = ts_of("10.1.0.0/16");
	p->b.children[0].local = ts_of("10.2.3.0/24");
	p->b.children[0].remote = ts_of("10.1.0.0/16");
	pair_go(p);
	assert_true(sim_until(&p->m, sim_up, 5 * SEC));
	check(&p->m, 1);
	assert_true(sim_recorded(&p->m.s[A], R_TS_NARROWED));
	assert_true(ts_list_eq(&toy_newest(&p->m.s[A], 0)->remote, &p->b.children[0].local));
	sim_soft(&p->m, B);				/* the rekey narrows in the other direction too */
	sim_run(&p->m, 5 * SEC);
	check(&p->m, 1);
	pair_free(p);
}

/* RFC 7296 1.3.1: both demand transport mode; it stays so through rekeys from either end. */
static void
test_transport(void **state)
{
	struct pair *p = pair_new(116);

	p->a.children[0].mode = p->b.children[0].mode = CHILD_TRANSPORT;
	pair_go(p);
	assert_true(sim_until(&p->m, sim_up, 5 * SEC));
	for (int side = A; side <= B; side++) {
		sim_soft(&p->m, side);
		sim_run(&p->m, 5 * SEC);
		check(&p->m, 1);
	}
	assert_false(sim_recorded(&p->m.s[A], R_MODE_MISMATCH));
	assert_false(sim_recorded(&p->m.s[B], R_MODE_MISMATCH));
	pair_free(p);
}

static bool
nothing_left(struct sim *m)
{
	return toy_children(&m->s[A]) == 0 && toy_children(&m->s[B]) == 0;
}

/* One end demands transport mode and the other has a tunnel: nothing is made of it, whoever begins, and it is said why. */
static void
test_modes_differ(void **state)
{
	for (int begins = A; begins <= B; begins++)
		for (int transport = A; transport <= B; transport++) {
			struct pair *p = pair_new(117);

			(transport == A ? &p->a : &p->b)->children[0].mode = CHILD_TRANSPORT;
			(begins == A ? &p->b : &p->a)->start = START_RESPOND;
			pair_go(p);
			sim_run(&p->m, 24 * SEC);		/* B begins after 15 s */
			assert_true(sim_recorded(&p->m.s[transport], R_MODE_MISMATCH));
			assert_non_null(sim_fact(&p->m.s[transport], R_MODE_MISMATCH, "difference"));
			if (begins != transport)
				assert_true(sim_recorded(&p->m.s[begins], R_PEER_NO_PROPOSAL_CHILD));
			assert_int_equal(toy_children(&p->m.s[transport]), 0);
			/* A peer that has a tunnel declines by saying nothing, and what it made lingers after the DELETE. */
			assert_true(sim_until(&p->m, nothing_left, 60 * SEC));
			pair_free(p);
		}
}

/* Of two tunnels for the same peer with the same identities, one by setkey's policies, the site file's answers, whichever came first. */
static void
test_site_before_policies(void **state)
{
	(void)state;
	for (int late = 0; late < 2; late++) {
		struct pair *p = pair_new(119);
		struct tunnel *policies = malloc(sizeof(*policies));

		assert_non_null(policies);
		sim_keymgr(&p->m, A, true, false);
		sim_keymgr(&p->m, B, true, false);
		p->b.start = START_RESPOND;
		*policies = p->b;
		strcpy(policies->name, "spd-20-0-0-1");
		policies->children[0].reqid = BIND_NUMBERS | 7;
		p->m.s[B].tunnel = p->b;
		sim_put_two(&p->m, B, late ? &p->b : policies, late ? policies : &p->b);
		sim_put_one(&p->m, A, &p->a);
		assert_true(sim_until(&p->m, sim_up, 5 * SEC));
		assert_int_equal(toy_newest(&p->m.s[B], 0)->reqid, p->b.children[0].reqid);
		free(policies);
		pair_free(p);
	}
}

static void
test_other_group(void **state)
{
	struct pair *p = pair_new(17);

	one_proposal(&p->a.ike, PROTO_IKE, "aes256gcm16-prfsha384-x25519-ecp384");
	one_proposal(&p->b.ike, PROTO_IKE, "aes256gcm16-prfsha384-ecp384");
	one_proposal(&p->a.esp, PROTO_ESP, "aes256gcm16-x25519-ecp256-esn");
	one_proposal(&p->b.esp, PROTO_ESP, "aes256gcm16-ecp256-esn");
	pair_go(p);
	assert_true(sim_until(&p->m, sim_up, 5 * SEC));
	check(&p->m, 1);
	sim_soft(&p->m, A);				/* INVALID_KE_PAYLOAD in CREATE_CHILD_SA */
	sim_run(&p->m, 5 * SEC);
	check(&p->m, 1);
	sim_command(&p->m, A, ENGINE_REKEY_SA);
	sim_run(&p->m, 5 * SEC);
	check(&p->m, 1);
	pair_free(p);
}

static void
test_group_not_offered(void **state)
{
	struct pair *p = pair_new(18);

	one_proposal(&p->a.ike, PROTO_IKE, "aes256gcm16-prfsha384-x25519");
	one_proposal(&p->b.ike, PROTO_IKE, "aes256gcm16-prfsha384-ecp384");
	p->b.start = START_RESPOND;
	pair_go(p);
	sim_run(&p->m, 3 * SEC);
	assert_true(sim_recorded(&p->m.s[A], R_PEER_NO_PROPOSAL_IKE));
	pair_free(p);
}

static void
test_cbc(void **state)
{
	struct pair *p = pair_new(19);

	one_proposal(&p->a.ike, PROTO_IKE, "aes256-sha256-prfsha256-modp2048");
	one_proposal(&p->a.esp, PROTO_ESP, "aes256-sha256-noesn");
	p->b.ike = p->a.ike;
	p->b.esp = p->a.esp;
	pair_go(p);
	assert_true(sim_until(&p->m, sim_up, 5 * SEC));
	sim_soft(&p->m, A);				/* no PFS */
	sim_run(&p->m, 5 * SEC);
	check(&p->m, 1);
	pair_free(p);
}

static void
test_ipv6(void **state)
{
	struct pair *p = pair_new(20);

	for (int i = 0; i < 2; i++) {
		struct tunnel *t = i ? &p->b : &p->a;

		addr_parse(i ? "2001:db8::2" : "2001:db8::1", &t->local);
		addr_parse(i ? "2001:db8::1" : "2001:db8::2", &t->remote);
		t->children[0].local = ts_of(i ? "2001:db8:2::/48" : "2001:db8:1::/48");
		t->children[0].remote = ts_of(i ? "2001:db8:1::/48" : "2001:db8:2::/48");
	}
	pair_go(p);
	assert_true(sim_until(&p->m, sim_up, 5 * SEC));
	check(&p->m, 1);
	pair_free(p);
}

static void
test_two_children(void **state)
{
	struct pair *p = pair_new(21);

	for (int i = 0; i < 2; i++) {
		struct tunnel *t = i ? &p->b : &p->a;

		t->nchildren = 2;
		strcpy(t->children[1].name, "more");
		t->children[1].reqid = 2;
		t->children[1].local = ts_of(i ? "10.2.2.0/24" : "10.1.1.0/24");
		t->children[1].remote = ts_of(i ? "10.1.1.0/24" : "10.2.2.0/24");
	}
	pair_go(p);
	assert_true(sim_until(&p->m, sim_up, 5 * SEC));
	check(&p->m, 2);
	pair_free(p);
}

static void
nat(uint64_t seed, enum encap_mode encap, bool translated, bool prefer)
{
	struct pair *p = pair_new(seed);
	struct toy_child *c;

	p->m.nat = translated;
	p->a.encap = p->b.encap = encap;
	p->a.prefer_udp = p->b.prefer_udp = prefer;
	p->b.remote.fam = translated ? 0 : 4;
	if (translated)
		memset(&p->b.remote, 0, sizeof(p->b.remote));
	pair_go(p);
	assert_true(sim_until(&p->m, sim_up, 5 * SEC));
	check(&p->m, 1);
	c = toy_newest(&p->m.s[B], 0);
	assert_true(c->udp == (translated || prefer || encap == ENCAP_UDP));
	assert_int_equal(c->local_ep.port, 4500);
	assert_int_equal(c->remote_ep.port, translated ? p->m.nat_port : 4500);
	if (translated) {
		struct tunnel_state *t = calloc(1, sizeof(*t));

		assert_true(t && engine_state(p->m.s[A].e, "a-b", p->m.now, t));
		assert_true(t->nat_local && !t->nat_remote);
		assert_true(engine_state(p->m.s[B].e, "a-b", p->m.now, t));
		assert_true(!t->nat_local && t->nat_remote);
		p->m.nat_port = 50000;			/* the translator forgot: the next message tells the new port */
		sim_command(&p->m, A, ENGINE_REKEY_CHILD);
		sim_run(&p->m, 5 * SEC);
		check(&p->m, 1);
		assert_true(engine_state(p->m.s[B].e, "a-b", p->m.now, t));
		assert_int_equal(t->remote.port, 50000);
		free(t);
	}
	pair_free(p);
}

static void
test_nat(void **state)
{
	nat(22, ENCAP_AUTO, true, false);
	nat(23, ENCAP_UDP, false, false);
	nat(24, ENCAP_ESP, false, false);
	nat(25, ENCAP_AUTO, false, true);
}

/*
 * The translator of A forgot, and the first that B sees of it is ESP from another port. Our engine goes on to there by itself; of Linux's
 * own, which does not, another SA is asked for, once.
 */
static void
moved(uint64_t seed, bool stock)
{
	struct pair *p = pair_new(seed);
	struct tunnel_state *t = calloc(1, sizeof(*t));
	const uint8_t none = 0;
	struct toy_child *was;
	uint8_t body[64];

	p->m.nat = true;
	memset(&p->b.remote, 0, sizeof(p->b.remote));
	one_proposal(&p->a.esp, PROTO_ESP, "aes256-sha512-noesn");
	p->b.esp = p->a.esp;
	sim_keymgr(&p->m, A, true, false);
	sim_keymgr(&p->m, B, true, false);
	sim_run(&p->m, SEC);
	if (stock)
		sim_event(&p->m.s[B], KEY_ENGINE_BACK, bytes_of(&none, 1));
	sim_run(&p->m, SEC);
	sim_put(&p->m, &p->a, &p->b);
	assert_true(sim_until(&p->m, sim_up, 5 * SEC));
	was = toy_newest(&p->m.s[B], 0);
	p->m.nat_port = 50001;
	for (unsigned i = 0; i < 3; i++) {	/* Linux says it for each packet */
		struct wr w = wr_of(body, sizeof(body));
		struct endpoint to = was->remote_ep;

		to.port = 50001;
		wr_le32(&w, was->id);
		endpoint_put(&w, &to);
		sim_event(&p->m.s[B], KEY_MAPPING, wr_bytes(&w));
	}
	sim_run(&p->m, 10 * SEC);
	check(&p->m, 1);
	assert_true(t && engine_state(p->m.s[B].e, "a-b", p->m.now, t));
	assert_int_equal(t->remote.port, 50001);
	assert_int_equal(toy_newest(&p->m.s[B], 0)->remote_ep.port, stock ? 50001 : 40000);
	assert_int_equal(p->m.s[B].sent[EX_CREATE_CHILD_SA & 3], stock ? 1 : 0);
	free(t);
	pair_free(p);
}

static void
test_moved(void **state)
{
	(void)state;
	moved(34, false);
	moved(35, true);
}

/* An end that does not know its address is not taken for one behind a NAT; where there is one, it is. */
static void
unknown_address(uint64_t seed, bool translated)
{
	struct pair *p = pair_new(seed);
	struct tunnel_state *t = calloc(1, sizeof(*t));

	p->m.nat = translated;
	memset(&p->a.local, 0, sizeof(p->a.local));
	memset(&p->b.remote, 0, sizeof(p->b.remote));
	pair_go(p);
	assert_true(sim_until(&p->m, sim_up, 5 * SEC));
	check(&p->m, 1);
	assert_true(toy_newest(&p->m.s[A], 0)->udp == translated);
	assert_true(toy_newest(&p->m.s[B], 0)->udp == translated);
	assert_true(t && engine_state(p->m.s[A].e, "a-b", p->m.now, t));
	assert_true(t->nat_local == translated && !t->nat_remote);
	assert_true(engine_state(p->m.s[B].e, "a-b", p->m.now, t));
	assert_true(t->nat_remote == translated && !t->nat_local);
	free(t);
	pair_free(p);
}

static void
test_unknown_address(void **state)
{
	unknown_address(28, false);
	unknown_address(29, true);
}

static void
test_no_answer(void **state)
{
	struct pair *p = pair_new(27);

	p->m.s[B].mute = true;
	pair_go(p);
	sim_command(&p->m, A, ENGINE_UP);
	sim_run(&p->m, 10 * SEC);
	assert_int_equal(p->m.s[A].ndone, 1);		/* who waits hears it soon */
	assert_int_equal(p->m.s[A].done[0].reason, R_PEER_NO_ANSWER);
	sim_run(&p->m, 54200 * MS);			/* dead at 64 s, tried again not before 0.75 s later */
	assert_true(sim_recorded(&p->m.s[A], R_PEER_NO_ANSWER));
	assert_int_equal(p->m.s[A].sent[EX_IKE_SA_INIT & 3], 8);
	p->m.s[B].mute = false;
	assert_true(sim_until(&p->m, sim_up, 90 * SEC));
	check(&p->m, 1);
	pair_free(p);
}

static void
test_unreachable(void **state)
{
	struct pair *p = pair_new(28);
	struct endpoint at = p->m.s[B].addr;

	p->m.s[B].mute = true;
	pair_go(p);
	sim_run(&p->m, SEC);
	engine_unreachable(p->m.s[A].e, &at, ECONNREFUSED, p->m.now);
	sim_run(&p->m, SEC);
	assert_true(sim_recorded(&p->m.s[A], R_PEER_PORT_CLOSED));
	pair_free(p);
}

/* Linux's own PF_KEY: it answers no HELLO. What it has is offered; a tunnel of nothing that it has sends nothing at all. */
static void
test_stock_engine(void **state)
{
	static const char *const esp[] = { "aes256-sha512-noesn", "aes256gcm16-esn", "aes128-sha256-noesn", "aes256-sha384-esn" };
	struct tunnel_state *t = calloc(1, sizeof(*t));
	const uint8_t none = 0;

	assert_non_null(t);
	for (unsigned i = 0; i < sizeof(esp) / sizeof(esp[0]); i++) {
		struct pair *p = pair_new(33);

		one_proposal(&p->a.esp, PROTO_ESP, esp[i]);
		p->b.esp = p->a.esp;
		p->a.replay_window = 1024;
		p->b.prefer_udp = true;		/* which A could not take, and says so */
		sim_keymgr(&p->m, A, true, false);
		sim_keymgr(&p->m, B, true, false);
		sim_run(&p->m, SEC);
		sim_event(&p->m.s[A], KEY_ENGINE_BACK, bytes_of(&none, 1));
		sim_run(&p->m, SEC);
		sim_put(&p->m, &p->a, &p->b);
		sim_run(&p->m, 10 * SEC);
		assert_int_equal(sim_up(&p->m), i == 0);
		assert_int_equal(p->m.s[A].sent[EX_IKE_SA_INIT & 3] > 0, i == 0);
		assert_true(engine_state(p->m.s[A].e, "a-b", p->m.now, t));
		assert_int_equal(t->reason, i == 0 ? R_OK : R_ENGINE_NO_ALG);
		assert_true(i || (!toy_newest(&p->m.s[A], 0)->udp && !toy_newest(&p->m.s[B], 0)->udp));
		pair_free(p);
	}
	free(t);
}

/* The engine fails on one end: the other never hears that the configurations differ (known-faults of others). */
static void
test_own_failure(void **state)
{
	for (int side = 0; side < 2; side++) {
		struct pair *p = pair_new(29);

		p->m.s[side].fail[KEY_CHILD_INSTALL] = R_ENGINE_REFUSED;
		pair_go(p);
		sim_run(&p->m, 200 * MS);
		assert_true(sim_recorded(&p->m.s[side], R_ENGINE_REFUSED));
		assert_false(sim_recorded(&p->m.s[!side], R_PEER_TS_UNACCEPTABLE));
		assert_false(sim_recorded(&p->m.s[!side], R_PEER_NO_PROPOSAL_CHILD));
		if (side == B)
			assert_true(sim_recorded(&p->m.s[A], R_PEER_CHILD_FAILED));
		assert_true(sim_until(&p->m, sim_up, 20 * SEC));
		check(&p->m, 1);
		pair_free(p);
	}
}

static void
test_secret_missing(void **state)
{
	struct pair *p = pair_new(30);

	p->m.s[B].fail[KEY_AUTH_VERIFY] = R_SECRET_MISSING;
	pair_go(p);
	sim_run(&p->m, 300 * MS);
	assert_true(sim_recorded(&p->m.s[B], R_SECRET_MISSING));
	assert_true(sim_recorded(&p->m.s[A], R_PEER_REFUSED_AUTH));
	assert_true(sim_until(&p->m, sim_up, 20 * SEC));
	check(&p->m, 1);
	pair_free(p);
}

/* Definitions that differ are known at both ends, and what changes later too, by one INFORMATIONAL exchange: nothing is made anew. */
static void
test_config_differs(void **state)
{
	static const struct { uint8_t a, b; enum reason why; } steps[] = { { 1, 0, R_CONFIG_DIFFERS }, { 0, 0, R_OK }, { 0, 1, R_CONFIG_DIFFERS }, { 2, 2, R_OK } };
	struct tunnel_state *t = calloc(1, sizeof(*t));
	struct pair *p = pair_new(31);
	unsigned made = 0;

	for (unsigned k = 0; t && k < 4; k++) {
		p->a.digest[31] = steps[k].a;
		p->b.digest[31] = steps[k].b;
		pair_go(p);
		assert_true(sim_until(&p->m, sim_up, 5 * SEC));
		sim_run(&p->m, 3 * SEC);
		for (int i = 0; i < 2; i++) {
			assert_true(engine_state(p->m.s[i].e, "a-b", p->m.now, t));
			assert_int_equal(t->reason, steps[k].why);
		}
		if (k == 0)
			made = p->m.s[A].sent[0] + p->m.s[A].sent[2] + p->m.s[A].sent[3];	/* all but INFORMATIONAL */
		assert_int_equal(p->m.s[A].sent[0] + p->m.s[A].sent[2] + p->m.s[A].sent[3], made);
	}
	check(&p->m, 1);
	free(t);
	pair_free(p);
}

static void
test_second_begins(void **state)
{
	struct pair *p = pair_new(32);

	p->a.start = START_RESPOND;
	pair_go(p);
	sim_run(&p->m, 14 * SEC);
	assert_false(sim_up(&p->m));
	assert_true(sim_until(&p->m, sim_up, 3 * SEC));
	check(&p->m, 1);
	pair_free(p);
}

/* Who has not heard of its tunnels yet refuses nobody: that would tell the peer of a mismatch that is none. */
static void
test_not_told_yet(void **state)
{
	struct tunnel *t = calloc(2, sizeof(*t));
	struct sim m;

	assert_non_null(t);
	sim_init(&m, 33);
	sim_tunnel(&t[A], A);
	sim_tunnel(&t[B], B);
	sim_keymgr(&m, A, true, false);
	sim_keymgr(&m, B, true, false);
	sim_put_one(&m, A, &t[A]);
	sim_run(&m, 3 * SEC);
	assert_true(m.s[A].sent[2] > 1);	/* IKE_SA_INIT, and again */
	assert_int_equal(m.s[B].sent[2], 0);
	assert_false(sim_recorded(&m.s[A], R_PEER_NO_PROPOSAL_IKE));
	assert_false(sim_recorded(&m.s[B], R_NO_TUNNEL_FOR_ADDRESS));
	sim_put_one(&m, B, &t[B]);
	assert_true(sim_until(&m, sim_up, 5 * SEC));
	check(&m, 1);
	sim_fini(&m);
	free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain), cmocka_unit_test(test_child_rekey), cmocka_unit_test(test_ike_rekey),
		cmocka_unit_test(test_delete), cmocka_unit_test(test_wrong_psk), cmocka_unit_test(test_wrong_answer),
		cmocka_unit_test(test_unknown_id), cmocka_unit_test(test_no_ike_proposal), cmocka_unit_test(test_no_esp_proposal),
		cmocka_unit_test(test_selectors_do_not_meet), cmocka_unit_test(test_narrowing), cmocka_unit_test(test_transport), cmocka_unit_test(test_modes_differ), cmocka_unit_test(test_site_before_policies), cmocka_unit_test(test_other_group),
		cmocka_unit_test(test_group_not_offered), cmocka_unit_test(test_cbc), cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_two_children), cmocka_unit_test(test_nat), cmocka_unit_test(test_moved), cmocka_unit_test(test_unknown_address), cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_unreachable),
		cmocka_unit_test(test_stock_engine), cmocka_unit_test(test_own_failure), cmocka_unit_test(test_secret_missing), cmocka_unit_test(test_config_differs),
		cmocka_unit_test(test_second_begins), cmocka_unit_test(test_not_told_yet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
