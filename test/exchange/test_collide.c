/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exchanges that cross, by name (RFC 7296 2.8.1, 2.8.2, 2.25). Each case is a schedule of beginnings and of datagrams that are lost
 * or late; each must end with one usable pair for every policy and nothing left over, while traffic flows all the time; and no two
 * cases may take the same path through the edge table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "sim.h"

#define MISHAPS	4

/* The nth (from 1) datagram of that kind is lost, or late by that much. */
struct mishap { int from; uint8_t exchange; bool response; unsigned nth; uint64_t late; };
enum { NOTHING, SOFT, HARD, NEW_IKE, CYCLE, OTHER };	/* CYCLE: down and up again; OTHER: HARD for the first policy */
struct begin { uint64_t in; int side; int what; };

struct crossing {
	const char	*name;
	uint64_t	 seed;
	struct begin	 begin[3];
	struct mishap	 mishap[MISHAPS];
	unsigned	 children;
	bool		 both_first;	/* from nothing, both ends initiate */
	bool		 may_lose;	/* a child is deleted without a successor: packets are lost */
};

#define REQ(side, ex, n)	{ .from = side, .exchange = ex, .nth = n }
#define RSP(side, ex, n)	{ .from = side, .exchange = ex, .response = true, .nth = n }
#define LATE(side, ex, rsp, n, ns) { .from = side, .exchange = ex, .response = rsp, .nth = n, .late = ns }

static const struct crossing crossings[] = {
	{ "child rekeys cross", 1, { { 0, A, SOFT }, { 0, B, SOFT } }, { { 0 } }, 1, 0, 0 },
	{ "child rekeys cross, one request is lost", 1, { { 0, A, SOFT }, { 0, B, SOFT } },
	    { REQ(A, EX_CREATE_CHILD_SA, 1) }, 1, 0, 0 },
	{ "child rekeys cross, one answer is lost", 1, { { 0, A, SOFT }, { 0, B, SOFT } },
	    { RSP(B, EX_CREATE_CHILD_SA, 1) }, 1, 0, 0 },
	{ "child rekeys cross, the other answer is lost", 1, { { 0, A, SOFT }, { 0, B, SOFT } },
	    { RSP(A, EX_CREATE_CHILD_SA, 1) }, 1, 0, 0 },
	{ "child rekey meets one that is nearly done", 1, { { 0, A, SOFT }, { 14 * MS, B, SOFT } }, { { 0 } }, 1, 0, 0 },
	{ "a child rekey's request comes when the old child is gone", 1, { { 0, A, SOFT }, { 0, B, SOFT } },
	    { LATE(B, EX_CREATE_CHILD_SA, false, 1, 40 * MS) }, 1, 0, 0 },
	{ "IKE rekeys cross", 1, { { 0, A, NEW_IKE }, { 0, B, NEW_IKE } }, { { 0 } }, 1, 0, 0 },
	{ "IKE rekeys cross, one request is lost", 1, { { 0, A, NEW_IKE }, { 0, B, NEW_IKE } },
	    { REQ(A, EX_CREATE_CHILD_SA, 1) }, 1, 0, 0 },
	{ "IKE rekeys cross, one answer is lost", 1, { { 0, A, NEW_IKE }, { 0, B, NEW_IKE } },
	    { RSP(A, EX_CREATE_CHILD_SA, 1) }, 1, 0, 0 },
	{ "IKE rekeys cross, the other answer is lost", 1, { { 0, A, NEW_IKE }, { 0, B, NEW_IKE } },
	    { RSP(B, EX_CREATE_CHILD_SA, 1) }, 1, 0, 0 },
	{ "child rekey meets the child's delete", 1, { { 0, A, SOFT }, { 0, B, HARD } }, { { 0 } }, 1, 0, 1 },
	{ "child rekey's answer comes after the delete of what it made", 1, { { 0, A, SOFT }, { 14 * MS, B, HARD } },
	    { LATE(B, EX_CREATE_CHILD_SA, true, 1, 20 * MS) }, 1, 0, 1 },
	{ "IKE rekey meets child rekey", 1, { { 0, A, NEW_IKE }, { 0, B, SOFT } }, { { 0 } }, 1, 0, 0 },
	{ "IKE rekey meets child rekey, an answer is lost", 1, { { 0, A, NEW_IKE }, { 0, B, SOFT } },
	    { RSP(A, EX_CREATE_CHILD_SA, 1) }, 1, 0, 0 },
	{ "IKE rekey meets the delete of a child", 1, { { 0, A, NEW_IKE }, { 0, B, HARD } }, { { 0 } }, 1, 0, 1 },
	{ "child rekey meets the other policy's new child", 1, { { 0, A, SOFT }, { 0, B, OTHER } }, { { 0 } }, 2, 0, 1 },
	{ "deletes of one child cross", 1, { { 0, A, HARD }, { 0, B, HARD } }, { { 0 } }, 1, 0, 1 },
	{ "deletes of one child cross, one answer is lost", 1, { { 0, A, HARD }, { 0, B, HARD } },
	    { RSP(A, EX_INFORMATIONAL, 1) }, 1, 0, 1 },
	{ "delete of the IKE SA meets child rekey", 1, { { 0, A, CYCLE }, { 0, B, SOFT } }, { { 0 } }, 1, 0, 1 },
	{ "delete of the IKE SA meets IKE rekey", 1, { { 0, A, CYCLE }, { 0, B, NEW_IKE } }, { { 0 } }, 1, 0, 1 },
	{ "deletes of the IKE SA cross", 1, { { 0, A, CYCLE }, { 0, B, CYCLE } }, { { 0 } }, 1, 0, 1 },
	{ "deletes of the IKE SA cross, one is lost", 1, { { 0, A, CYCLE }, { 0, B, CYCLE } },
	    { REQ(A, EX_INFORMATIONAL, 1) }, 1, 0, 1 },
	{ "the answer to a child rekey's delete is lost", 1, { { 0, A, SOFT } }, { RSP(B, EX_INFORMATIONAL, 1) }, 1, 0, 0 },
	{ "both ends initiate", 1, { { 0 } }, { { 0 } }, 1, 1, 1 },
	{ "both ends initiate, one first message is lost", 1, { { 0 } }, { REQ(A, EX_IKE_SA_INIT, 1) }, 1, 1, 1 },
	{ "both ends initiate, one IKE_AUTH is late", 1, { { 0 } }, { LATE(A, EX_IKE_AUTH, false, 1, 60 * MS) }, 1, 1, 1 },
	{ "both ends initiate, one answer to IKE_AUTH is lost", 1, { { 0 } }, { RSP(B, EX_IKE_AUTH, 1) }, 1, 1, 1 },
};
#define CASES (sizeof(crossings) / sizeof(crossings[0]))

struct watch { const struct crossing *c; unsigned seen[MISHAPS]; bool on; };

static enum fate
filter(struct sim *m, int from, const struct ike_hdr *h, void *arg, uint64_t *hold)
{
	struct watch *w = arg;

	for (unsigned i = 0; i < MISHAPS && w->on; i++) {
		const struct mishap *x = &w->c->mishap[i];

		if (!x->nth || x->from != from || x->exchange != h->exchange || x->response != h->response || ++w->seen[i] != x->nth)
			continue;
		*hold = x->late;
		return x->late ? FATE_HOLD : FATE_DROP;
	}
	return FATE_AS_USUAL;
}

static void
begin(struct sim *m, void *arg)
{
	const struct begin *b = arg;

	switch (b->what) {
	case SOFT: sim_soft(m, b->side); break;
	case HARD: sim_hard(m, b->side); break;
	case OTHER: sim_expire(m, b->side, 1, true); break;
	case NEW_IKE: sim_command(m, b->side, ENGINE_REKEY_SA); break;
	case CYCLE:
		sim_command(m, b->side, ENGINE_DOWN);
		sim_command(m, b->side, ENGINE_UP);
		break;
	}
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

static void
set_up(struct sim *m, const struct crossing *c)
{
	struct tunnel *t = calloc(2, sizeof(*t));

	assert_non_null(t);
	for (int i = 0; i < 2; i++) {
		sim_tunnel(&t[i], i);
		if (c->both_first)
			t[i].first = 1;
		t[i].nchildren = c->children;
		strcpy(t[i].children[1].name, "more");
		t[i].children[1].reqid = 2;
		t[i].children[1].local = ts_of(i ? "10.2.2.0/24" : "10.1.1.0/24");
		t[i].children[1].remote = ts_of(i ? "10.1.1.0/24" : "10.2.2.0/24");
		sim_keymgr(m, i, true, false);
	}
	sim_put(m, &t[0], &t[1]);
	free(t);
}

/* Plays one case; *path is what the machine did. */
static void
play(const struct crossing *c, char *path, size_t cap)
{
	struct watch w = { .c = c, .on = c->both_first };
	struct sim m;
	const char *why;

	sim_init(&m, c->seed);
	m.filter = filter;
	m.arg = &w;
	set_up(&m, c);
	assert_true(sim_until(&m, sim_up, 30 * SEC));
	if (!c->both_first) {
		sim_run(&m, 3 * SEC);
		m.ntrace = 0;
	}
	w.on = true;
	m.traffic = true;
	m.next_packet = m.now;
	for (unsigned i = 0; i < 3; i++)
		if (c->begin[i].what)
			sim_at(&m, 10 * MS + c->begin[i].in, begin, (void *)(uintptr_t)&c->begin[i]);
	sim_run(&m, 12 * SEC);
	m.traffic = false;
	why = sim_check(&m, c->children);
	if (why)
		fail_msg("%s: %s", c->name, why);
	if (!c->may_lose && m.esp_lost + m.esp_no_out)
		fail_msg("%s: %u packets lost", c->name, m.esp_lost + m.esp_no_out);
	for (unsigned i = 0; i < MISHAPS; i++)
		if (c->mishap[i].nth && w.seen[i] < c->mishap[i].nth)
			fail_msg("%s: mishap %u did not happen", c->name, i);
	sim_path(&m, path, cap);
	sim_fini(&m);
}

static void
test_crossings(void **state)
{
	static char path[CASES][16384];
	unsigned same = 0;

	for (unsigned i = 0; i < CASES; i++)
		play(&crossings[i], path[i], sizeof(path[i]));
	for (unsigned i = 0; i < CASES; i++)
		for (unsigned k = 0; k < i; k++)
			if (strcmp(path[i], path[k]) == 0)
				print_message("# \"%s\" and \"%s\" take the same path\n", crossings[k].name,
				    crossings[i].name), same++;
	assert_int_equal(same, 0);
	print_message("# %u crossings, no two by the same path\n", (unsigned)CASES);
}

/* The harness can fail: a pair that is not one is seen. */
static void
test_harness(void **state)
{
	struct sim m;

	sim_init(&m, 1);
	sim_begin(&m);
	assert_true(sim_until(&m, sim_up, 5 * SEC));
	assert_null(sim_check(&m, 1));
	assert_non_null(sim_check(&m, 2));
	toy_newest(&m.s[A], 0)->key_out[0] ^= 1;
	assert_string_equal(sim_check(&m, 1), "the two halves have different keys");
	sim_fini(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_harness), cmocka_unit_test(test_crossings) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
