/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What setkey knows of policies without an engine. Shadowed ones: the FAQ's order, the edges of prefixes, ports and priorities, and random tables against a search
 * from the first to the last. And the filter of the boot.
 */
#include <stdlib.h>

#include "bootguard.h"
#include "lang.h"
#include "test.h"

static struct lint_policy
policy(uint8_t dir, const char *src, const char *dst, uint8_t proto, uint16_t sport, uint16_t dport, uint32_t priority)
{
	struct lint_policy p = { .dir = dir, .type = CW_POLICY_IPSEC, .proto = proto, .sport = sport, .dport = dport, .priority = priority };

	assert_true(prefix_parse(src, &p.src));
	assert_true(prefix_parse(dst, &p.dst));
	return p;
}

/* The second of two, behind the first: is it shadowed? */
static bool
behind(struct lint_policy a, struct lint_policy b)
{
	struct lint *l = lint_new();
	const struct lint_policy *by;
	bool yes;

	assert_non_null(l);
	assert_non_null(lint_put(l, &a));
	by = lint_shadow(l, lint_put(l, &b));
	yes = by != NULL;
	assert_true(!by || prefix_has(&by->src, &b.src.addr));
	lint_free(l);
	return yes;
}

static void
test_pairs(void **state)
{
	const struct lint_policy all = policy(CW_DIR_IN, "0.0.0.0/0", "0.0.0.0/0", 255, 0, 0, 0);
	const struct lint_policy pop = policy(CW_DIR_IN, "0.0.0.0/0", "10.1.1.1/32", 6, 0, 110, 0);
	const struct lint_policy self = policy(CW_DIR_IN, "10.1.1.1/32", "10.1.1.1/32", 6, 0, 110, 0);
	const struct lint_policy six = policy(CW_DIR_IN, "fd00:1::/64", "::/0", 255, 0, 0, 0);
	struct lint_policy p;

	assert_true(behind(all, self));
	assert_true(behind(pop, self));		/* the FAQ's POP example the wrong way round */
	assert_false(behind(self, pop));
	assert_false(behind(pop, all));
	assert_false(behind(pop, pop));		/* the same again takes its own place */
	assert_false(behind(all, six));		/* another family */
	p = self;
	p.dir = CW_DIR_OUT;
	assert_false(behind(all, p));		/* another direction */
	p = self;
	p.dport = 25;
	assert_false(behind(pop, p));		/* another port */
	p.dport = 0;
	assert_false(behind(pop, p));		/* more ports */
	p = self;
	p.proto = 17;
	assert_false(behind(pop, p));		/* another protocol */
	p = all;
	p.priority = 7;
	assert_false(behind(p, self));		/* it comes later although it was entered before */
	p = self;
	p.priority = 7;
	assert_true(behind(all, p));
	assert_true(behind(policy(CW_DIR_OUT, "10.0.0.128/25", "0.0.0.0/0", 255, 0, 0, 0), policy(CW_DIR_OUT, "10.0.0.192/26", "10.9.0.0/16", 255, 0, 0, 0)));
	assert_false(behind(policy(CW_DIR_OUT, "10.0.0.128/25", "0.0.0.0/0", 255, 0, 0, 0), policy(CW_DIR_OUT, "10.0.0.64/26", "10.9.0.0/16", 255, 0, 0, 0)));
	assert_true(behind(policy(CW_DIR_OUT, "fd00:1::/33", "::/0", 255, 0, 0, 0), policy(CW_DIR_OUT, "fd00:1:7fff::/48", "fd00:2::1/128", 58, 128, 0, 0)));
	assert_false(behind(policy(CW_DIR_OUT, "fd00:1::/33", "::/0", 255, 0, 0, 0), policy(CW_DIR_OUT, "fd00:1:8000::/48", "fd00:2::1/128", 58, 128, 0, 0)));
}

/* Put in place of the one with the same selectors; taken away; cleared. */
static void
test_changes(void **state)
{
	struct lint_policy all = policy(CW_DIR_OUT, "10.0.0.0/8", "10.0.0.0/8", 255, 0, 0, 0), one = policy(CW_DIR_OUT, "10.1.0.0/16", "10.2.0.0/16", 255, 0, 0, 0);
	struct lint *l = lint_new();
	const struct lint_policy *mine;
	char text[LINT_TEXT];

	assert_non_null(lint_put(l, &one));
	assert_non_null(lint_put(l, &all));
	assert_null(lint_shadow(l, lint_put(l, &one)));		/* an update keeps its place, which is before */
	one.priority = 9;
	mine = lint_put(l, &one);
	assert_non_null(lint_shadow(l, mine));
	assert_string_equal(lint_text(lint_shadow(l, mine), text), "10.0.0.0/8[any] 10.0.0.0/8[any] any out ipsec");
	lint_take(l, &all);
	assert_null(lint_shadow(l, mine));
	assert_non_null(lint_put(l, &all));
	assert_non_null(lint_shadow(l, mine = lint_put(l, &one)));
	lint_clear(l);
	assert_null(lint_shadow(l, lint_put(l, &one)));
	one = policy(CW_DIR_IN, "::/0", "fd00::1/128", 58, 8, 3, 0);
	assert_string_equal(lint_text(&one, text), "::/0 fd00::1/128 icmp6 8,3 in ipsec");
	lint_free(l);
}

/* A message's host bits do not count, and one without selectors is none. */
static void
test_messages(void **state)
{
	struct prefix src, dst;
	struct lint_policy p;
	struct pfkey_msg m;

	assert_true(prefix_parse("10.0.1.0/24", &src));
	assert_true(prefix_parse("10.0.2.0/24", &dst));
	src.addr.b[3] = 77;
	pfkey_msg_init(&m, SADB_X_SPDADD, 0);
	assert_false(lint_of(&m, &p));
	pfkey_set_selector(&m, &src, &dst, 6, 0, 25);
	m.policy = (struct pfkey_policy){ .type = CW_POLICY_NONE, .dir = CW_DIR_IN, .priority = 3, .id = 5 };
	assert_true(lint_of(&m, &p));
	assert_int_equal(p.src.addr.b[3], 0);
	assert_int_equal(p.dport, 25);
	assert_int_equal(p.id, 5);
	m.src.prefixlen = 33;
	assert_false(lint_of(&m, &p));
	m.src.prefixlen = 255;
	assert_false(lint_of(&m, &p));
}

static bool
inside(const struct prefix *wide, const struct prefix *p)
{
	return wide->len <= p->len && prefix_has(wide, &p->addr);
}

static bool
covers(const struct lint_policy *a, const struct lint_policy *b)
{
	return a->dir == b->dir && inside(&a->src, &b->src) && inside(&a->dst, &b->dst) && (a->proto == 255 || a->proto == b->proto) &&
	    (a->sport == 0 || a->sport == b->sport) && (a->dport == 0 || a->dport == b->dport);
}

static uint32_t seed = 7;
static uint32_t any(uint32_t n) { seed = seed * 1103515245u + 12345u; return (seed >> 16) % n; }

static void
test_random(void **state)
{
	enum { N = 700 };
	static struct lint_policy v[N];
	unsigned shadowed = 0;
	struct lint *l = lint_new();

	for (unsigned i = 0; i < N; i++) {
		char src[32], dst[32];

		snprintf(src, sizeof(src), "10.%u.%u.0/24", any(4), any(4));
		snprintf(dst, sizeof(dst), any(3) ? "10.%u.0.0/16" : "%u.0.0.0/8", any(4));
		v[i] = policy((uint8_t)(1 + any(2)), any(5) ? src : "10.0.0.0/8", dst, any(2) ? 6 : 255, 0, 0, any(3));
		if (v[i].proto == 6)
			v[i].dport = (uint16_t)any(3);
		v[i] = *lint_put(l, &v[i]);
	}
	for (unsigned i = 0; i < N; i++) {
		const struct lint_policy *by = lint_shadow(l, &v[i]), *best = NULL;

		for (unsigned k = 0; k < N; k++) {
			bool again = false, first = v[k].priority != v[i].priority ? v[k].priority < v[i].priority : v[k].order < v[i].order;

			for (unsigned j = k + 1; j < N; j++)	/* one that was entered again counts as it is now */
				again = again || v[j].order == v[k].order;
			if (!again && first && covers(&v[k], &v[i]) && (!best || v[k].priority < best->priority ||
			    (v[k].priority == best->priority && v[k].order < best->order)))
				best = &v[k];
		}
		assert_int_equal(by != NULL, best != NULL);
		if (by)
			assert_int_equal(by->order, best->order);
		shadowed += by != NULL;
	}
	assert_in_range(shadowed, N / 20, N - N / 20);
	lint_free(l);
}

/* The lines of a chain of the boot's filter that are about addresses of one network. */
static char *
rules(const struct lint *l, const char *chain, const char *about)
{
	static char text[4096];
	char *all = NULL, *line, *at;
	bool in = false;
	size_t n;
	FILE *f = open_memstream(&all, &n);

	assert_true(bootguard_print(f, l));
	fclose(f);
	text[0] = '\0';
	for (at = all; (line = strsep(&at, "\n")) != NULL; ) {
		if (strncmp(line, "\tchain ", 7) == 0)
			in = strncmp(line + 7, chain, strlen(chain)) == 0;
		else if (in && strstr(line, about))
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s\n", line + 2);
	}
	free(all);
	return text;
}

/* In the policies' order; drops never narrower, passes never wider than what was said. */
static void
test_boot_filter(void **state)
{
	struct lint_policy v[] = {
		policy(CW_DIR_OUT, "10.7.0.1/32", "0.0.0.0/0", 6, 110, 0, 0), policy(CW_DIR_OUT, "10.7.0.1/32", "10.7.0.1/32", 6, 110, 0, 0),
		policy(CW_DIR_OUT, "10.7.2.0/24", "10.9.0.0/16", 47, 1, 2, 0), policy(CW_DIR_OUT, "10.7.2.0/24", "10.9.0.0/16", 47, 1, 3, 0),
		policy(CW_DIR_IN, "0.0.0.0/0", "10.7.1.0/24", 255, 0, 0, 0), policy(CW_DIR_IN, "10.7.1.128/25", "10.7.1.0/24", 255, 0, 0, 0),
		policy(CW_DIR_OUT, "10.7.4.0/24", "10.9.0.0/16", 1, 8, 0, 0), policy(CW_DIR_OUT, "10.7.4.0/24", "10.9.0.0/16", 1, 0, 0, 7),
	};
	struct lint *l = lint_new();

	v[1].clear_ok = v[2].clear_ok = v[6].clear_ok = true;
	for (unsigned i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		assert_non_null(lint_put(l, &v[i]));
	assert_string_equal(rules(l, "post", "saddr 10.7.0.1"),
	    "ip saddr 10.7.0.1/32 ip daddr 10.7.0.1/32 meta l4proto 6 th sport 110 accept\n"	/* to itself: spared, as in the engine */
	    "ip saddr 10.7.0.1/32 ip daddr 0.0.0.0/0 meta l4proto 6 th sport 110 counter drop\n"
	    "ip saddr 10.7.0.1/32 ip daddr 0.0.0.0/0 meta l4proto 6 ip frag-off & 0x1fff != 0 counter drop\n"
	    "ip saddr 10.7.0.1/32 ip daddr 10.7.0.1/32 meta l4proto 6 th sport 110 accept\n");
	/* a GRE key is nothing the filter can see: what lets one pass lets none pass, what protects one closes all */
	assert_string_equal(rules(l, "post", "saddr 10.7.2.0"), "ip saddr 10.7.2.0/24 ip daddr 10.9.0.0/16 meta l4proto 47 counter drop\n"
	    "ip saddr 10.7.2.0/24 ip daddr 10.9.0.0/16 meta l4proto 47 ip frag-off & 0x1fff != 0 counter drop\n");
	/* our own network under a policy for everything, but for the part that is somewhere else */
	assert_string_equal(rules(l, "pre", "daddr 10.7.1.0"), "ip saddr 10.7.1.128/25 ip daddr 10.7.1.0/24 counter drop\n"
	    "ip saddr 10.7.1.0/24 ip daddr 10.7.1.0/24 fib saddr . iif oif exists accept\n"
	    "ip saddr 0.0.0.0/0 ip daddr 10.7.1.0/24 counter drop\nip saddr 10.7.1.128/25 ip daddr 10.7.1.0/24 counter drop\n");
	assert_string_equal(rules(l, "post", "saddr 10.7.4.0"), "ip saddr 10.7.4.0/24 ip daddr 10.9.0.0/16 meta l4proto 1 icmp type 8 accept\n"
	    "ip saddr 10.7.4.0/24 ip daddr 10.9.0.0/16 meta l4proto 1 counter drop\n");
	lint_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs), cmocka_unit_test(test_changes), cmocka_unit_test(test_messages), cmocka_unit_test(test_random),
		cmocka_unit_test(test_boot_filter),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
