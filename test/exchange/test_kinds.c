/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Children that are more than ESP: AH (RFC 7296 3.3), IPComp inside ESP (2.22), and transport mode with a translator between the ends (2.23.1). Each
 * through rekeys from either end, and each against a peer that does not have the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "ex/ex.h"
#include "sim.h"

struct pair {
	struct sim	m;
	struct tunnel	t[2];
};

static struct pair *
pair_new(uint64_t seed)
{
	struct pair *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	sim_init(&p->m, seed);
	for (int i = A; i <= B; i++) {
		struct proposals ah;

		sim_tunnel(&p->t[i], i);
		preset_ah(&ah);
		p->t[i].esp.v[p->t[i].esp.n++] = ah.v[0];
		p->m.s[i].comp = true;
		sim_keymgr(&p->m, i, true, false);
	}
	return p;
}

static void
pair_go(struct pair *p)
{
	sim_put(&p->m, &p->t[A], &p->t[B]);
}

static void
pair_free(struct pair *p)
{
	sim_fini(&p->m);
	free(p);
}

static void
check(struct pair *p)
{
	const char *why = p->m.nat ? NULL : sim_check(&p->m, 1);	/* which wants the same selectors at both ends */

	assert_true(sim_until(&p->m, sim_idle, 60 * SEC));
	if (why)
		fail_msg("%s", why);
}

/* Each end renews it once; what is then there is asked for by is(). */
static void
renewed(struct pair *p, bool (*is)(const struct toy_child *))
{
	for (int side = A; side <= B; side++) {
		uint32_t spi = toy_newest(&p->m.s[A], 0)->spi_in;

		sim_soft(&p->m, side);
		sim_run(&p->m, 5 * SEC);
		for (int i = A; i <= B; i++) {	/* the old one was renewed and deleted by its name, not given up after a time */
			assert_int_equal(toy_children(&p->m.s[i]), 1);
			assert_false(sim_recorded(&p->m.s[i], R_PEER_CHILD_NOT_FOUND));
		}
		check(p);
		assert_int_not_equal(spi, toy_newest(&p->m.s[A], 0)->spi_in);
		for (int i = A; i <= B; i++)
			assert_true(is(toy_newest(&p->m.s[i], 0)));
	}
}

static bool
none_left(struct sim *m)
{
	return toy_children(&m->s[A]) == 0 && toy_children(&m->s[B]) == 0;
}

static bool
is_ah(const struct toy_child *c)
{
	return c->ah && !c->comp && !c->udp;
}

static void
test_ah(void **state)
{
	struct tunnel_state *t = calloc(1, sizeof(*t));
	struct pair *p = pair_new(400);

	p->t[A].children[0].ah = p->t[B].children[0].ah = 1;
	p->t[A].prefer_udp = p->t[B].prefer_udp = 1;	/* which AH knows nothing of */
	pair_go(p);
	assert_true(sim_until(&p->m, sim_up, 5 * SEC));
	check(p);
	assert_true(is_ah(toy_newest(&p->m.s[A], 0)) && is_ah(toy_newest(&p->m.s[B], 0)));
	assert_non_null(strstr(sim_fact(&p->m.s[A], R_OK, "chosen"), "sha256-esn (AH)"));
	assert_true(t && engine_state(p->m.s[B].e, "a-b", p->m.now, t) && t->children[0].ah);
	renewed(p, is_ah);
	sim_hard(&p->m, A);		/* deleted by its protocol and SPI, and made anew */
	sim_run(&p->m, 5 * SEC);
	check(p);
	assert_true(is_ah(toy_newest(&p->m.s[B], 0)));
	free(t);
	pair_free(p);
}

/* One end has AH and the other ESP. */
static void
test_protocols_differ(void **state)
{
	for (int ah = A; ah <= B; ah++) {
		struct pair *p = pair_new(401);

		p->t[ah].children[0].ah = 1;
		p->t[B].start = START_RESPOND;
		pair_go(p);
		sim_run(&p->m, 3 * SEC);
		assert_true(sim_recorded(&p->m.s[A], R_PEER_NO_PROPOSAL_CHILD));
		assert_true(sim_recorded(&p->m.s[B], R_NO_PROPOSAL_CHILD));
		assert_string_equal(sim_fact(&p->m.s[B], R_NO_PROPOSAL_CHILD, "difference"),
		    ah == A ? "The peer offers AH, and here it is ESP.\n" : "The peer offers ESP, and here it is AH.\n");
		assert_true(none_left(&p->m));
		pair_free(p);
	}
}

/* Two policies with the same selectors, of ESP and of AH: each end finds the one that is meant. */
static void
test_both_protocols(void **state)
{
	struct pair *p = pair_new(402);

	for (int i = A; i <= B; i++) {
		struct tunnel *t = &p->t[i];

		t->nchildren = 2;
		t->children[1] = t->children[0];
		strcpy(t->children[1].name, "other");
		t->children[1].reqid = 2;
		t->children[i == A].ah = 1;	/* in another order at the other end */
		t->children[i == A].reqid = 2;
		t->children[i == B].reqid = 1;
	}
	pair_go(p);
	assert_true(sim_until(&p->m, sim_up, 10 * SEC));
	sim_run(&p->m, 5 * SEC);
	assert_null(sim_check(&p->m, 2));
	for (int i = A; i <= B; i++) {
		assert_true(toy_newest(&p->m.s[i], 2)->ah);
		assert_false(toy_newest(&p->m.s[i], 1)->ah);
	}
	pair_free(p);
}

/* What goes over the wire, opened: the DELETEs of children by one side in one kind of message; and where transform is not 0, it stands in IPComp's place. */
struct wire {
	struct msg	 m;
	int		 from;
	bool		 response;
	unsigned	 ndel;
	uint8_t		 proto;		/* of the last of them */
	uint32_t	 spi;
	uint8_t		 transform;
	uint64_t	 iv;
	uint8_t		 plain[MSG_MAX + 1];
};

static void
other_transform(struct wire *w, const struct ikesa *to, struct bytes chain, uint8_t *datagram, size_t n)
{
	static const uint8_t supported[] = { N_IPCOMP_SUPPORTED >> 8, N_IPCOMP_SUPPORTED & 0xff };
	uint8_t iv[8], *p = memmem(w->plain, chain.n, supported, sizeof(supported));
	struct bytes b;

	if (!p)
		return;
	assert_int_equal(p[4], IPCOMP_DEFLATE);
	p[4] = w->transform;
	sk_iv_counter((1ull << 40) + w->iv++, iv);
	b = sk_seal(&to->sk_in, &w->m.hdr, iv, w->m.sk_first, chain, datagram, n);
	assert_int_equal(b.n, n);
}

static bool
look(struct sim *m, int from, uint8_t *datagram, size_t n, void *arg, uint64_t *hold)
{
	struct wire *w = arg;
	struct ikesa *to;
	struct bytes chain;

	(void)hold;
	if (from != w->from || msg_get_outer(bytes_of(datagram, n), &w->m) != WE_OK || w->m.hdr.response != w->response || !msg_has(&w->m, PLD_SK))
		return true;
	to = ikesa_find(m->s[!from].e, w->m.hdr.initiator ? w->m.hdr.spi_r : w->m.hdr.spi_i);
	if (!to || sk_open(&to->sk_in, &w->m, w->plain, sizeof(w->plain), &chain) != WE_OK)
		return true;
	if (w->transform)
		other_transform(w, to, chain, datagram, n);
	else if (msg_get_inner(&w->m, chain) == WE_OK)
		for (unsigned i = 0; i < w->m.ndelete; i++)
			if (w->m.del[i].n) {
				w->ndel++;
				w->proto = w->m.del[i].proto;
				w->spi = delete_spi(&w->m.del[i], 0);
			}
	return true;
}

/* The answer to the DELETE of a child of AH names the other half as AH's (RFC 7296 1.4.1, 3.11). */
static void
test_ah_delete_answer(void **state)
{
	struct wire *w = calloc(1, sizeof(*w));
	struct pair *p = pair_new(413);
	uint32_t spi;

	assert_non_null(w);
	p->t[A].children[0].ah = p->t[B].children[0].ah = 1;
	pair_go(p);
	assert_true(sim_until(&p->m, sim_up, 5 * SEC));
	sim_run(&p->m, 2 * SEC);
	spi = toy_newest(&p->m.s[A], 0)->spi_in;
	*w = (struct wire){ .from = A, .response = true };
	p->m.touch = look;
	p->m.touch_arg = w;
	sim_hard(&p->m, B);
	sim_run(&p->m, 200 * MS);
	assert_true(w->ndel == 1 && w->proto == PROTO_AH && w->spi == spi);
	pair_free(p);
	free(w);
}

/* What only the peer has is deleted by its protocol, also when the IKE SA was replaced in between. */
static void
test_ah_drop_inherited(void **state)
{
	struct wire *w = calloc(1, sizeof(*w));
	struct pair *p = pair_new(414);
	struct ikesa *s;

	assert_non_null(w);
	p->t[A].children[0].ah = p->t[B].children[0].ah = 1;
	pair_go(p);
	assert_true(sim_until(&p->m, sim_up, 5 * SEC));
	sim_run(&p->m, 2 * SEC);
	sim_command(&p->m, A, ENGINE_REKEY_SA);
	s = p->m.s[A].e->tuns->sas;
	while (s->own == NULL || s->own->kind != XK_IKE)
		s = s->sib;
	s->drop_spi = 0xabcd1234;	/* it came while that exchange was open */
	s->drop_ah = true;
	*w = (struct wire){ .from = A };
	p->m.touch = look;
	p->m.touch_arg = w;
	for (int i = 0; i < 200 && !(w->ndel && w->spi == 0xabcd1234); i++)
		sim_run(&p->m, 5 * MS);
	assert_true(w->spi == 0xabcd1234 && w->proto == PROTO_AH);
	pair_free(p);
	free(w);
}

/* Two children whose SAs have the same number, which protocol tells apart: the one that the peer deletes goes. */
static void
test_same_spi(void **state)
{
	for (int ah = 0; ah < 2; ah++) {
		struct pair *p = pair_new(415);
		uint32_t other;

		for (int i = A; i <= B; i++) {
			p->t[i].nchildren = 2;
			p->t[i].children[1] = p->t[i].children[0];
			strcpy(p->t[i].children[1].name, "other");
			p->t[i].children[1].reqid = 2;
			p->t[i].children[1].ah = 1;
		}
		pair_go(p);
		assert_true(sim_until(&p->m, sim_up, 10 * SEC));
		sim_run(&p->m, 5 * SEC);
		for (struct child *c = p->m.s[A].e->tuns->children; c; c = c->sib)
			c->spi_out = 0x4711;
		for (struct child *c = p->m.s[B].e->tuns->children; c; c = c->sib)
			c->spi_in = 0x4711;
		other = toy_newest(&p->m.s[A], ah ? 1 : 2)->spi_in;
		sim_expire(&p->m, B, ah ? 2 : 1, true);
		sim_run(&p->m, 300 * MS);
		for (struct child *c = p->m.s[A].e->tuns->children; c; c = c->sib)
			if (c->spi_in == other)
				assert_true(c->state == CH_UP && c->ah == !ah);
		sim_run(&p->m, 5 * SEC);
		assert_int_equal(toy_newest(&p->m.s[A], ah ? 1 : 2)->spi_in, other);
		pair_free(p);
	}
}

/* DEFLATE is all that there is: another transform is one that is not there. */
static void
test_comp_transform(void **state)
{
	for (int odd = A; odd <= B; odd++) {
		struct wire *w = calloc(1, sizeof(*w));
		struct pair *p = pair_new(416);

		assert_non_null(w);
		*w = (struct wire){ .from = odd, .response = odd == B, .transform = 3 };	/* LZS, RFC 2395 */
		p->t[A].children[0].comp = p->t[B].children[0].comp = COMP_WANTED;
		p->t[B].start = START_RESPOND;
		p->m.touch = look;
		p->m.touch_arg = w;
		pair_go(p);
		sim_run(&p->m, 3 * SEC);
		assert_true(w->iv > 0);
		if (odd == A)
			assert_true(sim_up(&p->m) && !toy_newest(&p->m.s[A], 0)->comp && !toy_newest(&p->m.s[B], 0)->comp);
		else
			assert_true(sim_recorded(&p->m.s[A], R_PEER_CHOSE_NOT_OFFERED));
		pair_free(p);
		free(w);
	}
}

/* AH covers the addresses: with a translator between it is not made, whoever begins. */
static void
test_ah_translated(void **state)
{
	struct pair *p = pair_new(403);

	p->m.nat = true;
	p->t[A].children[0].ah = p->t[B].children[0].ah = 1;
	p->t[B].remote = (struct addr){ 0 };
	p->t[B].start = START_RESPOND;
	pair_go(p);
	sim_run(&p->m, 3 * SEC);
	assert_true(sim_recorded(&p->m.s[B], R_AH_TRANSLATED));
	assert_true(sim_recorded(&p->m.s[A], R_PEER_NO_PROPOSAL_CHILD));
	assert_true(none_left(&p->m));
	assert_false(sim_recorded(&p->m.s[A], R_AH_TRANSLATED));
	for (struct ikesa *s = p->m.s[B].e->tuns->sas; s; s = s->sib)
		s->nat_local = s->nat_remote = false;	/* a peer that does not look at it, and agrees */
	sim_run(&p->m, 5 * SEC);
	assert_true(sim_recorded(&p->m.s[A], R_AH_TRANSLATED));
	assert_int_equal(toy_children(&p->m.s[A]), 0);
	pair_free(p);
}

static bool
is_comp(const struct toy_child *c)
{
	return c->comp && !c->ah && c->cpi_in >= 256 && c->cpi_out >= 256;
}

static bool
is_plain(const struct toy_child *c)
{
	return !c->comp && c->cpi_out == 0;
}

static void
test_comp(void **state)
{
	for (unsigned kind = 0; kind < 2; kind++) {
		struct pair *p = pair_new(404 + kind);

		p->t[A].children[0].comp = COMP_WANTED;
		p->t[B].children[0].comp = COMP_DEMANDED;
		p->t[A].children[0].mode = p->t[B].children[0].mode = kind ? CHILD_TRANSPORT : CHILD_TUNNEL;
		pair_go(p);
		assert_true(sim_until(&p->m, sim_up, 5 * SEC));
		check(p);
		assert_true(is_comp(toy_newest(&p->m.s[A], 0)) && is_comp(toy_newest(&p->m.s[B], 0)));
		assert_int_equal(toy_newest(&p->m.s[A], 0)->cpi_in, toy_newest(&p->m.s[B], 0)->cpi_out);
		assert_int_equal(toy_newest(&p->m.s[A], 0)->cpi_out, toy_newest(&p->m.s[B], 0)->cpi_in);
		renewed(p, is_comp);
		pair_free(p);
	}
}

/* Who only wants it goes without, as initiator and as responder, and when the engine has no CPI. */
static void
test_comp_declined(void **state)
{
	for (unsigned kind = 0; kind < 4; kind++) {
		struct pair *p = pair_new(406);

		p->t[A].children[0].comp = kind != B ? COMP_WANTED : COMP_NONE;
		p->t[B].children[0].comp = kind != A ? COMP_WANTED : COMP_NONE;
		if (kind >= 2)
			p->m.s[kind - 2].comp = false;
		pair_go(p);
		assert_true(sim_until(&p->m, sim_up, 5 * SEC));
		check(p);
		assert_true(is_plain(toy_newest(&p->m.s[A], 0)) && is_plain(toy_newest(&p->m.s[B], 0)));
		renewed(p, is_plain);
		pair_free(p);
	}
}

/*
 * A peer may name a well-known CPI (RFC 3173 3.3), and 64 to 255 name nothing: asked so we answer without; an answer with one makes no child,
 * since the peer would take ours for compressing, and it is said what is wrong with it.
 */
static void
test_comp_well_known(void **state)
{
	static const uint16_t cpis[] = { 1, 2, 63, 64, 255 };

	for (unsigned i = 0; i < sizeof(cpis) / sizeof(cpis[0]); i++)
		for (int odd = A; odd <= B; odd++) {
			struct pair *p = pair_new(412);
			const char *why;

			p->t[A].children[0].comp = p->t[B].children[0].comp = COMP_WANTED;
			p->t[B].start = START_RESPOND;
			p->m.s[odd].cpi = cpis[i];
			pair_go(p);
			sim_run(&p->m, 3 * SEC);
			if (odd == A) {
				assert_true(sim_up(&p->m));
				assert_true(is_plain(toy_newest(&p->m.s[A], 0)) && is_plain(toy_newest(&p->m.s[B], 0)));
			} else {
				assert_int_equal(toy_children(&p->m.s[A]), 0);
				assert_true(sim_recorded(&p->m.s[A], R_PEER_CHOSE_NOT_OFFERED));
				why = sim_fact(&p->m.s[A], R_PEER_CHOSE_NOT_OFFERED, "difference");
				assert_true(why && strstr(why, "well-known CPI"));
				assert_true(sim_until(&p->m, none_left, 60 * SEC));
			}
			pair_free(p);
		}
}

/* Who demands it makes nothing without, and says why; nothing is left at the other end. */
static void
test_comp_demanded(void **state)
{
	for (int demands = A; demands <= B; demands++) {
		struct pair *p = pair_new(407);

		p->t[demands].children[0].comp = COMP_DEMANDED;
		p->t[B].start = START_RESPOND;
		pair_go(p);
		sim_run(&p->m, 3 * SEC);
		assert_true(sim_recorded(&p->m.s[demands], R_COMP_DECLINED));
		assert_int_equal(toy_children(&p->m.s[demands]), 0);
		assert_true(sim_until(&p->m, none_left, 60 * SEC));
		pair_free(p);
	}
	for (int lacks = A; lacks <= B; lacks++) {	/* our own engine has no CPI */
		struct pair *p = pair_new(408);

		p->t[A].children[0].comp = p->t[B].children[0].comp = COMP_DEMANDED;
		p->m.s[lacks].comp = false;
		p->t[B].start = START_RESPOND;
		pair_go(p);
		sim_run(&p->m, 3 * SEC);
		assert_true(sim_until(&p->m, none_left, 60 * SEC));
		pair_free(p);
	}
}

/* RFC 7296 2.23.1: A calls itself 192.0.2.1, and B sees 198.51.100.7; each end's policy has the addresses that it knows. */
static struct ts_list
host(const char *text)
{
	struct ts_list l = { .n = 1 };
	struct prefix p;

	assert_true(prefix_parse(text, &p));
	l.v[0] = ts_from_prefix(&p);
	l.v[0].proto = 6;
	return l;
}

static void
translated(struct pair *p, int begins)
{
	p->m.nat = true;
	for (int i = A; i <= B; i++)
		p->t[i].children[0].mode = CHILD_TRANSPORT;
	p->t[A].children[0].local = host("192.0.2.1");
	p->t[A].children[0].remote = host("192.0.2.2");
	p->t[B].children[0].local = host("192.0.2.2");
	p->t[B].children[0].remote = host("198.51.100.7");
	addr_parse("198.51.100.7", &p->t[B].remote);
	p->t[!begins].start = START_RESPOND;
}

static bool
is_udp(const struct toy_child *c)
{
	return c->udp && !c->comp;
}

static bool
is_udp_comp(const struct toy_child *c)
{
	return c->udp && c->comp;
}

static void
transport_translated(uint8_t comp, bool (*is)(const struct toy_child *))
{
	struct pair *p = pair_new(409);

	translated(p, A);
	p->t[A].children[0].comp = p->t[B].children[0].comp = comp;
	pair_go(p);
	assert_true(sim_until(&p->m, sim_up, 5 * SEC));
	check(p);
	for (int i = A; i <= B; i++) {
		assert_true(is(toy_newest(&p->m.s[i], 0)));
		assert_true(ts_list_eq(&toy_newest(&p->m.s[i], 0)->local, &p->t[i].children[0].local));
		assert_true(ts_list_eq(&toy_newest(&p->m.s[i], 0)->remote, &p->t[i].children[0].remote));
	}
	renewed(p, is);
	for (int i = A; i <= B; i++)
		assert_true(ts_list_eq(&toy_newest(&p->m.s[i], 0)->remote, &p->t[i].children[0].remote));
	pair_free(p);
}

static void
test_transport_translated(void **state)
{
	transport_translated(COMP_NONE, is_udp);
	transport_translated(COMP_DEMANDED, is_udp_comp);
}

/* With a peer that is no Causeway IPComp does not pass a translator: wanted, it goes without; demanded, it is said why not, by who demands it. */
static void
test_comp_translated(void **state)
{
	for (int renews = A; renews <= B; renews++)
		for (uint8_t comp = COMP_WANTED; comp <= COMP_DEMANDED; comp++) {
			struct pair *p = pair_new(411);
			uint32_t spi;

			translated(p, A);
			p->t[A].children[0].comp = p->t[B].children[0].comp = comp;
			pair_go(p);
			assert_true(sim_until(&p->m, sim_up, 5 * SEC));
			assert_true(is_udp_comp(toy_newest(&p->m.s[A], 0)));
			for (int i = A; i <= B; i++)
				p->m.s[i].e->tuns->sas->causeway = false;
			spi = toy_newest(&p->m.s[A], 0)->spi_in;
			sim_soft(&p->m, renews);
			sim_run(&p->m, SEC);
			assert_int_equal(spi == toy_newest(&p->m.s[A], 0)->spi_in, comp == COMP_DEMANDED);
			assert_int_equal(toy_newest(&p->m.s[A], 0)->comp, comp == COMP_DEMANDED);
			assert_int_equal(sim_recorded(&p->m.s[!renews], R_COMP_TRANSLATED), comp == COMP_DEMANDED);
			pair_free(p);
		}
}

/* The answer has the addresses as the peer calls them. */
static void
test_answer_translated(void **state)
{
	struct child *c = calloc(1, sizeof(*c));
	struct msg *m = calloc(1, sizeof(*m));
	struct ts_list said = host("192.0.2.1"), here = host("192.0.2.2");
	uint8_t buf[512];
	struct msg_out o;

	assert_true(c && m);
	c->remote = host("198.51.100.7");
	c->local = here;
	c->said_remote = said.v[0].lo;
	msg_begin_inner(&o, buf, sizeof(buf));
	offer_selectors(c, &o);
	m->sk_first = PLD_TSI;
	assert_int_equal(msg_get_inner(m, msg_end(&o)), WE_OK);
	assert_true(ts_list_eq(&m->tsi, &said) && ts_list_eq(&m->tsr, &here));
	free(c);
	free(m);
}

/* In tunnel mode nobody's selectors are touched: what is behind the translator has networks of its own. */
static void
test_tunnel_translated(void **state)
{
	struct pair *p = pair_new(410);

	translated(p, A);
	p->t[A].children[0].mode = p->t[B].children[0].mode = CHILD_TUNNEL;
	pair_go(p);
	sim_run(&p->m, 3 * SEC);
	assert_true(sim_recorded(&p->m.s[B], R_TS_MISMATCH));
	pair_free(p);
}

/* Nor the answer's: a network of one address is not the gateway's. */
static void
test_tunnel_of_hosts_translated(void **state)
{
	struct pair *p = pair_new(417);

	translated(p, A);
	for (int i = A; i <= B; i++)
		p->t[i].children[0].mode = CHILD_TUNNEL;
	p->t[A].children[0].local = p->t[B].children[0].remote = host("10.0.1.7");
	p->t[A].children[0].remote = p->t[B].children[0].local = host("10.0.2.7");
	pair_go(p);
	assert_true(sim_until(&p->m, sim_up, 5 * SEC));
	for (int i = A; i <= B; i++)
		assert_true(ts_list_eq(&toy_newest(&p->m.s[i], 0)->local, &p->t[i].children[0].local));
	pair_free(p);
}

/* Who is translated is one address: a peer that names two, or a network, is not taken for the one that is seen. */
static void
test_two_translated(void **state)
{
	static const char *const more[] = { "192.0.2.9", "192.0.2.0/30" };

	for (unsigned i = 0; i < 2; i++) {
		struct pair *p = pair_new(418);
		struct ts_list two = host(more[i]);

		translated(p, A);
		if (i)
			p->t[A].children[0].local = two;
		else
			p->t[A].children[0].local.v[p->t[A].children[0].local.n++] = two.v[0];
		pair_go(p);
		sim_run(&p->m, 3 * SEC);
		assert_true(sim_recorded(&p->m.s[B], R_TS_MISMATCH));
		assert_int_equal(toy_children(&p->m.s[B]), 0);
		pair_free(p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ah), cmocka_unit_test(test_protocols_differ), cmocka_unit_test(test_both_protocols), cmocka_unit_test(test_ah_translated), cmocka_unit_test(test_ah_delete_answer), cmocka_unit_test(test_ah_drop_inherited), cmocka_unit_test(test_same_spi),
		cmocka_unit_test(test_comp_transform),
		cmocka_unit_test(test_comp), cmocka_unit_test(test_comp_declined), cmocka_unit_test(test_comp_well_known), cmocka_unit_test(test_comp_demanded),
		cmocka_unit_test(test_transport_translated), cmocka_unit_test(test_comp_translated), cmocka_unit_test(test_answer_translated), cmocka_unit_test(test_tunnel_translated),
		cmocka_unit_test(test_tunnel_of_hosts_translated), cmocka_unit_test(test_two_translated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
