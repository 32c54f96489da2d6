/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ESP_KEEP: when the suite ends over a kernel's engine, its policies are taken away, and guard and routes must not follow them. What
 * was pending is done before; after that no request, event or audit looks at the policies again. The guard here is open, so that a
 * pass asks for the policies and then has nothing to change in this system.
 */
#include "test.h"

#include <string.h>
#include <unistd.h>

#include "causeway/pfkey.h"
#include "net.h"

struct rig {
	struct net		n;
	struct event_base	*base;
	unsigned		asked;	/* passes over the policies */
	bool			none, by_hand, mail;	/* the one below is not there; is somebody's; and another beside it, for a port */
};

static void
each(void *ctx, net_policy_fn *fn, void *arg)
{
	struct net_policy p = { .dir = CW_DIR_OUT, .plain = true };
	struct rig *r = ctx;

	r->asked++;
	if (r->none)
		return;
	p.by_hand = r->by_hand;
	p.type = CW_POLICY_IPSEC;
	p.proto = CW_ULPROTO_ANY;
	assert_true(prefix_parse("10.0.1.0/24", &p.src) && prefix_parse("10.0.2.0/24", &p.dst));
	assert_true(fn(arg, &p));
	if (!r->mail)
		return;
	p.plain = false;
	p.proto = 6;
	p.dport = 25;
	assert_true(fn(arg, &p));
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	fail_msg("the event base does not run here");
}

static int
begin(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct pair saved;

	assert_non_null(r);
	r->base = event_base_new();
	r->n.retry = event_new(r->base, -1, 0, on_retry, NULL);
	r->n.policies = (struct policy_source){ each, r };
	r->n.routes.nl = r->n.guard.nl = &r->n.nl;
	r->n.open = true;
	assert_true(prefix_parse("10.0.3.0/24", &saved.remote) && prefix_parse("10.0.1.0/24", &saved.local));
	assert_true(pairs_add(&r->n.saved.out, &saved));
	*state = r;
	return 0;
}

static int
end(void **state)
{
	struct rig *r = *state;

	event_free(r->n.retry);
	guard_fini(&r->n.guard);
	routes_fini(&r->n.routes);
	guard_want_fini(&r->n.saved);
	guard_want_fini(&r->n.want);
	guard_want_fini(&r->n.by_hand);
	event_base_free(r->base);
	free(r);
	return 0;
}

/* Without it: that what the next test finds still was not still anyway. */
static void
test_followed(void **state)
{
	struct rig *r = *state;

	net_changed(&r->n);
	net_turn_end(&r->n);
	assert_int_equal(r->asked, 1);
	assert_int_equal(r->n.want.out.n, 2);
	assert_int_equal(net_synced(&r->n), 0);
	assert_int_equal(r->asked, 2);
	assert_true(r->n.synced);
	assert_int_equal(r->n.saved.out.n, 0);
	assert_int_equal(r->n.want.out.n, 1);
}

static void
test_kept(void **state)
{
	struct rig *r = *state;

	net_changed(&r->n);
	assert_int_equal(net_keep(&r->n), 0);
	assert_int_equal(r->asked, 1);
	assert_true(r->n.kept);
	assert_int_equal(r->n.want.out.n, 2);

	net_changed(&r->n);
	net_turn_end(&r->n);
	r->n.reload = r->n.addrs_dirty = true;	/* an event of the system's */
	net_changed(&r->n);
	net_turn_end(&r->n);
	net_audit(&r->n);
	assert_int_equal(net_synced(&r->n), 0);
	assert_int_equal(net_keep(&r->n), 0);
	assert_int_equal(r->asked, 1);
	assert_false(r->n.synced);
	assert_int_equal(r->n.saved.out.n, 1);
	assert_int_equal(r->n.want.out.n, 2);
}

static void
test_nothing_pending(void **state)
{
	struct rig *r = *state;

	assert_int_equal(net_keep(&r->n), 0);
	assert_int_equal(r->asked, 0);
	assert_true(r->n.kept);
}

static size_t
turn(struct rig *r)
{
	net_changed(&r->n);
	r->n.rest_until = 0;
	net_turn_end(&r->n);
	return r->n.want.out.n;
}

/* The saved guard protects the same pair of networks, and one more, that nobody has entered again. */
static void
save_it(struct rig *r, bool mail)
{
	struct pair saved;
	struct selector s = { .dir = CW_DIR_OUT, .action = SELECT_PROTECT, .proto = 6, .dport = 25 };

	assert_true(prefix_parse("10.0.2.0/24", &saved.remote) && prefix_parse("10.0.1.0/24", &saved.local));
	assert_true(pairs_add(&r->n.saved.out, &saved));
	pairs_sort(&r->n.saved.out);
	s.src = saved.local;
	s.dst = saved.remote;
	assert_true(!mail || selectors_add(&r->n.saved.sel, &s));
	r->n.select = mail;
}

/* Before anything was applied: what somebody entered and took away is open, what a crash took is closed. */
static void
test_taken_away(void **state)
{
	struct rig *r = *state;

	save_it(r, true);
	r->by_hand = r->mail = true;
	assert_int_equal(turn(r), 2);
	assert_int_equal(r->n.want.sel.n, 2);	/* and where it stands among those by prefix */
	r->none = true;
	assert_int_equal(turn(r), 1);
	assert_int_equal(r->n.want.sel.n, 0);
	assert_int_equal(r->n.saved.out.n, 1);
	assert_int_equal(turn(r), 1);
}

/* Not when it was spdsync's, which may be about to enter it again; nor when it was never entered here. */
static void
test_not_taken_away(void **state)
{
	struct rig *r = *state;

	save_it(r, true);
	r->none = true;
	assert_int_equal(turn(r), 2);
	assert_int_equal(r->n.want.sel.n, 1);
	r->none = false;
	r->mail = true;
	assert_int_equal(turn(r), 2);
	r->none = true;
	assert_int_equal(turn(r), 2);
	assert_int_equal(r->n.want.sel.n, 1);
}

/* A kernel's engine that was lost and is there again, empty. */
static void
test_other_engine(void **state)
{
	struct rig *r = *state;

	save_it(r, false);
	r->by_hand = true;
	assert_int_equal(turn(r), 2);
	net_other_engine(&r->n);
	r->none = true;
	assert_int_equal(turn(r), 2);
}

/* What was pending could not be done: the answer says so, and it goes on being tried. */
static void
test_failed(void **state)
{
	struct rig *r = *state;

	r->n.nl.route = mnl_socket_open(NETLINK_ROUTE);
	assert_non_null(r->n.nl.route);
	close(mnl_socket_get_fd(r->n.nl.route));
	r->n.addrs_dirty = true;
	net_changed(&r->n);
	assert_int_not_equal(net_keep(&r->n), 0);
	assert_false(r->n.kept);
	assert_true(event_pending(r->n.retry, EV_TIMEOUT, NULL));
	net_changed(&r->n);
	net_turn_end(&r->n);
	mnl_socket_close(r->n.nl.route);
	assert_int_equal(net_synced(&r->n), 0);
	assert_true(r->asked > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_followed, begin, end),
		cmocka_unit_test_setup_teardown(test_kept, begin, end),
		cmocka_unit_test_setup_teardown(test_nothing_pending, begin, end),
		cmocka_unit_test_setup_teardown(test_failed, begin, end),
		cmocka_unit_test_setup_teardown(test_taken_away, begin, end),
		cmocka_unit_test_setup_teardown(test_not_taken_away, begin, end),
		cmocka_unit_test_setup_teardown(test_other_engine, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
