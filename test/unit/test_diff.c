/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spd_diff by table: want and have as words, the operations as words. After every comparison the operations are done on a model
 * table, and the next comparison must find nothing to do and nothing foreign changed.
 */
#include "test.h"

#include "pfkey.h"
#include "site.h"
#include "spd.h"
#include "system.h"

/* "i1:7" in, pair 1, reqid 7; "o" out; a trailing "@" of the interface vpn0, "#" one that discards. have: a trailing "!" foreign, "?" without owner, "~" not written as we write. */
static struct spd_entry
entry(const char *w, uint32_t id)
{
	struct spd_entry e = { .dir = w[0] == 'i' ? CW_DIR_IN : CW_DIR_OUT, .plain = true, .owner = SPD_OURS, .id = id };
	char *end;

	e.src = (struct prefix){ { 4, { 10, 0, (uint8_t)w[1] } }, 24 };
	e.dst = (struct prefix){ { 4, { 10, 1, (uint8_t)w[1] } }, 24 };
	e.priority = spd_priority(&e);
	e.reqid = (uint32_t)strtoul(w + 3, &end, 10);
	for (; *end; end++) {
		if (*end == '!')
			e.owner = SPD_FOREIGN;
		if (*end == '?')
			e.owner = SPD_UNSAID;
		if (*end == '~')
			e.plain = false;
		if (*end == '@')
			strcpy(e.iface, "vpn0");
		if (*end == '#')
			e.discard = true;
		if (*end == '^')
			e.priority--;
	}
	return e;
}

static void
parse(const char *text, struct spd *s)
{
	char copy[256], *word, *save;
	uint32_t id = 100;

	snprintf(copy, sizeof(copy), "%s", text);
	for (word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		struct spd_entry e = entry(word, id++);

		assert_true(spd_add(s, &e));
	}
	spd_sort(s);
}

static void
say(const struct spd_ops *ops, char *out, size_t cap)
{
	static const char kinds[] = "+=-x";	/* ADD UPDATE DELETE BLOCKED */

	out[0] = '\0';
	for (size_t i = 0; i < ops->n; i++) {
		const struct spd_entry *e = &ops->v[i].e;
		size_t n = strlen(out);

		snprintf(out + n, cap - n, "%s%c%c%c:%u", i ? " " : "", kinds[ops->v[i].kind], e->dir == CW_DIR_IN ? 'i' : 'o',
		    e->src.addr.b[2], e->reqid);
	}
}

static void
perform(const struct spd_ops *ops, struct spd *have)
{
	for (size_t i = 0; i < ops->n; i++) {
		const struct spd_op *op = &ops->v[i];
		struct spd_entry e = op->e;
		size_t at;

		if (op->kind == SPD_ADD) {
			e.id = 900 + (uint32_t)i;
			assert_true(spd_add(have, &e));
			continue;
		}
		for (at = 0; at < have->n; at++)
			if (op->kind == SPD_DELETE ? have->v[at].id == e.id : have->v[at].dir == e.dir && have->v[at].src.addr.b[2] == e.src.addr.b[2] &&
			    have->v[at].owner != SPD_FOREIGN)
				break;
		if (op->kind == SPD_BLOCKED)
			continue;
		assert_true(at < have->n);
		if (op->kind == SPD_UPDATE) {
			e.id = have->v[at].id;
			have->v[at] = e;
		} else
			have->v[at] = have->v[--have->n];
	}
	spd_sort(have);
}

static void
test_table(void **state)
{
	static const struct { const char *want, *have, *ops; size_t present; } rows[] = {
		{ "", "", "", 0 },
		{ "i1:1 o1:1", "", "+i1:1 +o1:1", 0 },
		{ "i1:1 o1:1", "i1:1 o1:1", "", 2 },
		{ "i1:1 o1:1", "o1:1", "+i1:1", 1 },
		{ "", "i1:1 o1:1", "-i1:1 -o1:1", 0 },
		{ "i1:1 i2:2", "i1:1 i3:3", "+i2:2 -i3:3", 1 },		/* additions before deletions */
		{ "i1:2 o1:2", "i1:1 o1:1", "=i1:2 =o1:2", 0 },		/* another reqid: in place */
		{ "i1:1", "i1:1^", "=i1:1", 0 },			/* priority */
		{ "i1:1", "i1:1~", "=i1:1", 0 },			/* another form */
		{ "i1:1", "i1:1#", "=i1:1", 0 },			/* one that discards where packets are to be protected */
		{ "i1:1#", "i1:1", "=i1:1", 0 },			/* and the other way round */
		{ "i1:1@", "i1:1", "+i1:1 -i1:1", 0 },			/* an interface's is another one */
		{ "i1:1@ i1:1#", "i1:1@ i1:1#", "", 2 },		/* and they stand beside each other */
		{ "i1:1", "i1:1!", "xi1:1", 0 },			/* foreign in the way */
		{ "i1:1", "i2:9!", "+i1:1", 0 },			/* foreign elsewhere */
		{ "", "i2:9! o3:1!", "", 0 },
		{ "i1:1", "i1:1?", "", 1 },				/* no owner, but ours by reqid and selectors */
		{ "i1:1", "i1:5?", "xi1:5", 0 },
		{ "", "i1:1?", "", 0 },
		{ "i1:1", "i1:1 i1:1", "-i1:1", 1 },			/* two of ours: one goes */
		{ "i1:1", "i1:1! i1:1", "", 1 },			/* ours beside a foreign one */
		{ "o1:1 i1:1 o2:2 i2:2", "i2:2 o1:1", "+i1:1 +o2:2", 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct spd want = { 0 }, have = { 0 };
		struct spd_ops ops = { 0 };
		size_t present = 0, foreign = 0, left = 0;
		char text[400];

		parse(rows[i].want, &want);
		parse(rows[i].have, &have);
		for (size_t k = 0; k < have.n; k++)
			foreign += have.v[k].owner == SPD_FOREIGN;
		assert_true(spd_diff(&want, &have, &ops));
		say(&ops, text, sizeof(text));
		for (size_t k = 0; k < want.n; k++)
			present += want.v[k].present;
		if (strcmp(text, rows[i].ops) != 0 || present != rows[i].present)
			fail_msg("row %zu: '%s' instead of '%s', %zu present", i, text, rows[i].ops, present);
		perform(&ops, &have);
		assert_true(spd_diff(&want, &have, &ops));
		for (size_t k = 0; k < ops.n; k++)
			assert_int_equal(ops.v[k].kind, SPD_BLOCKED);
		for (size_t k = 0; k < have.n; k++)
			left += have.v[k].owner == SPD_FOREIGN;
		assert_int_equal(left, foreign);
		spd_fini(&want);
		spd_fini(&have);
		spd_ops_fini(&ops);
	}
}

/* Random tables: the operations always lead to the wanted table, whatever was there. */
static void
test_random(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct spd want = { 0 }, have = { 0 };
		struct spd_ops ops = { 0 };

		for (int pair = 'a'; pair < 'a' + 8; pair++)
			for (int dir = 0; dir < 2; dir++) {
				char w[16];
				struct spd_entry e;

				seed = seed * 1103515245 + 12345;
				snprintf(w, sizeof(w), "%c%c:%u%s", dir ? 'o' : 'i', pair, 1 + (seed >> 16) % 3, (seed >> 20) % 5 ? "" : "~");
				e = entry(w, 1);
				if ((seed >> 24) & 1) {
					e.plain = true;
					assert_true(spd_add(&want, &e));
				}
				seed = seed * 1103515245 + 12345;
				snprintf(w, sizeof(w), "%c%c:%u%s", dir ? 'o' : 'i', pair, 1 + (seed >> 16) % 3, (seed >> 20) % 7 ? "" : "!");
				e = entry(w, (uint32_t)(pair * 2 + dir));
				if ((seed >> 24) & 1)
					assert_true(spd_add(&have, &e));
			}
		spd_sort(&want);
		spd_sort(&have);
		assert_true(spd_diff(&want, &have, &ops));
		perform(&ops, &have);
		assert_true(spd_diff(&want, &have, &ops));
		for (size_t k = 0; k < ops.n; k++)
			assert_int_equal(ops.v[k].kind, SPD_BLOCKED);
		spd_fini(&want);
		spd_fini(&have);
		spd_ops_fini(&ops);
	}
}

/* What we write is what we recognise: through PF_KEY's octets and back. */
static void
test_words(void **state)
{
	static const char *const nets[][2] = { { "10.0.1.0/24", "10.0.2.0/24" }, { "fd00:1::/64", "fd00:2::/48" }, { "0.0.0.0/0", "10.9.9.9/32" } };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct spd_op op = { .kind = SPD_ADD, .e = { .dir = CW_DIR_OUT, .reqid = 9 } };
		struct pfkey_msg *m = calloc(1, sizeof(*m)), *back = calloc(1, sizeof(*back));
		uint8_t buf[PFKEY_MSG_MAX];
		struct wr w = wr_of(buf, sizeof(buf));
		struct spd_entry e;

		assert_true(prefix_parse(nets[i][0], &op.e.src) && prefix_parse(nets[i][1], &op.e.dst));
		op.e.priority = spd_priority(&op.e);
		spd_op_put(&op, m);
		assert_true(pfkey_put(&w, m));
		assert_true(pfkey_get(wr_bytes(&w), back, NULL));
		assert_true(spd_entry_get(back, &e));
		assert_true(e.plain && e.owner == SPD_OURS && e.dir == CW_DIR_OUT && e.reqid == 9 && e.priority == op.e.priority);
		assert_true(e.src.len == op.e.src.len && addr_eq(&e.dst.addr, &op.e.dst.addr));
		free(m);
		free(back);
	}
}

/* The same of an interface's, and of one that discards. */
static void
test_iface_words(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct spd_op op = { .kind = i & 1 ? SPD_ADD : SPD_UPDATE, .e = { .dir = CW_DIR_IN, .reqid = i & 2 ? 0 : 9, .discard = i & 2 } };
		struct pfkey_msg *m = calloc(1, sizeof(*m)), *back = calloc(1, sizeof(*back));
		uint8_t buf[PFKEY_MSG_MAX];
		struct wr w = wr_of(buf, sizeof(buf));
		struct spd_entry e;

		if (!(i & 2))
			strcpy(op.e.iface, "vpn0");
		assert_true(prefix_parse("10.0.1.0/24", &op.e.src) && prefix_parse("10.0.2.0/24", &op.e.dst));
		spd_op_put(&op, m);
		assert_true(pfkey_put(&w, m));
		assert_true(pfkey_get(wr_bytes(&w), back, NULL));
		assert_int_equal((back->has & PFKEY_HAS(CW_EXT_IFACE)) != 0, !(i & 2));
		assert_int_equal(back->policy.type, i & 2 ? CW_POLICY_DISCARD : CW_POLICY_IPSEC);
		assert_true(spd_entry_get(back, &e));
		assert_true(e.plain && e.discard == op.e.discard && e.reqid == op.e.reqid);
		assert_string_equal(e.iface, op.e.iface);
		free(m);
		free(back);
	}
}

static bool
is_reqid(void *arg, uint32_t reqid)
{
	return reqid == *(uint32_t *)arg;
}

/* What Linux's own PF_KEY is given, and what is ours of what it gives back without an owner. */
static void
test_system(void **state)
{
	struct site remote = { .address = { 4, { 20, 0, 0, 2 } } };
	struct want_tunnel t = { .remote = &remote };
	struct want w = { .n = 1, .v = &t };
	unsigned fwd = 0;
	uint32_t ours = 7;

	(void)state;
	parse("o1:7 i1:7", &w.spd);
	assert_true(system_policies(&w));
	assert_int_equal(w.spd.n, 3);
	for (size_t i = 0; i < w.spd.n; i++) {
		struct spd_op op = { .kind = SPD_ADD, .e = w.spd.v[i] };
		struct pfkey_msg *m = calloc(1, sizeof(*m));
		struct spd_entry e;

		fwd += op.e.dir == CW_DIR_FWD;
		assert_int_equal(addr_eq(&op.e.peer, &remote.address), op.e.dir == CW_DIR_OUT);
		spd_op_put(&op, m);
		m->has &= ~PFKEY_PRIVATE;
		assert_true(spd_entry_get(m, &e));
		assert_int_equal(e.owner, SPD_UNSAID);
		assert_true(e.plain && addr_cmp(&e.peer, &op.e.peer) == 0);
		system_owner(&e, is_reqid, &ours);
		assert_int_equal(e.owner, SPD_OURS);
		e.owner = SPD_UNSAID;
		e.priority++;			/* somebody else's with our number */
		system_owner(&e, is_reqid, &ours);
		assert_int_equal(e.owner, SPD_UNSAID);
		free(m);
	}
	assert_int_equal(fwd, 1);
	assert_true(system_is("system") && !system_is("module"));
	spd_fini(&w.spd);
}

static void
test_priority(void **state)
{
	struct prefix wide, narrow;
	struct spd_entry e[3] = { { 0 } };

	(void)state;
	assert_true(prefix_parse("10.0.0.0/8", &wide) && prefix_parse("10.1.2.0/24", &narrow));
	e[0].src = e[1].src = e[1].dst = wide;
	e[0].dst = narrow;
	assert_true(spd_priority(&e[0]) < spd_priority(&e[1]));
	assert_int_equal(spd_priority(&e[0]), 0x80000000u + 1024 * (256 - 32));
	e[1].proto = 6;		/* names more, but the longer prefix wins */
	e[1].sport = e[1].dport = 9;
	assert_true(spd_priority(&e[0]) < spd_priority(&e[1]));
	e[2] = e[1];
	e[2].dport = 0;
	assert_true(spd_priority(&e[1]) < spd_priority(&e[2]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table), cmocka_unit_test(test_random), cmocka_unit_test(test_words), cmocka_unit_test(test_iface_words), cmocka_unit_test(test_priority),
		cmocka_unit_test(test_system),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
