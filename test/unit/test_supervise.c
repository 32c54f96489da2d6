/* SPDX-License-Identifier: BSD-2-Clause */
/* The supervisor's parts without processes: the links' table, the state's text, the back-off. */
#include "config.h"

#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../causewayd/links.h"
#include "../../causewayd/state.h"
#include "clock.h"

struct net {
	struct links	links;
	bool		alive[DAEMONS];
	int		end[DAEMONS][16];	/* by index in names */
	char		names[DAEMONS][16][32];
	unsigned	n[DAEMONS];
	unsigned	given[DAEMONS];
};

/* A daemon as it will be: a new end replaces the old one of that name. */
static bool
give(void *ctx, enum daemon d, const char *name, int fd)
{
	struct net *net = ctx;
	unsigned i = 0;

	if (!net->alive[d])
		return false;
	while (i < net->n[d] && strcmp(net->names[d][i], name) != 0)
		i++;
	if (i == net->n[d])
		net->n[d]++;
	else
		close(net->end[d][i]);
	snprintf(net->names[d][i], 32, "%s", name);
	net->end[d][i] = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	net->given[d]++;
	return true;
}

static void
start(struct net *net, enum daemon d)
{
	net->alive[d] = true;
	assert_true(links_start(&net->links, d, give, net));
}

static void
die(struct net *net, enum daemon d)
{
	net->alive[d] = false;
	for (unsigned i = 0; i < net->n[d]; i++)
		close(net->end[d][i]);
	net->n[d] = 0;
	links_gone(&net->links, d);
}

static int
end_of(struct net *net, enum daemon d, const char *name)
{
	for (unsigned i = 0; i < net->n[d]; i++)
		if (strcmp(net->names[d][i], name) == 0)
			return net->end[d][i];
	fail_msg("%s has no link %s", daemon_names[d], name);
	return -1;
}

/* Every two neighbours that live are joined: what one says on a link, the other hears on the same one. */
static void
assert_joined(struct net *net)
{
	char b[32];

	for (unsigned i = 0; i < LINKS; i++) {
		const struct link_row *row = &link_rows[i];

		if (!net->alive[row->who[0]] || !net->alive[row->who[1]] || (net->links.kernel && row->engine))
			continue;
		for (int side = 0; side < 2; side++) {
			int from = end_of(net, row->who[side], row->name[side]), to = end_of(net, row->who[1 - side], row->name[1 - side]);

			b[0] = (char)i;
			assert_int_equal(send(from, b, 1, MSG_NOSIGNAL), 1);
			assert_int_equal(recv(to, b, sizeof(b), MSG_DONTWAIT), 1);
			assert_int_equal(b[0], i);
		}
	}
}

static unsigned
open_fds(void)
{
	unsigned n = 0;

	for (int i = 0; i < 256; i++)
		n += fcntl(i, F_GETFD) >= 0;
	return n;
}

static void
links_once(bool kernel)
{
	struct net net;
	unsigned before = open_fds();

	memset(&net, 0, sizeof(net));
	links_init(&net.links, kernel);
	for (unsigned d = 0; d < DAEMONS; d++) {
		start(&net, (enum daemon)d);
		assert_joined(&net);
	}
	assert_int_equal(net.given[D_IPSECD], kernel ? 1 : 4);	/* the first start gives each end once */
	assert_int_equal(net.given[D_KEYMGR], kernel ? 3 : 4);
	assert_int_equal(net.given[D_SPDSYNC], kernel ? 4 : 5);
	assert_int_equal(net.given[D_IKED], kernel ? 2 : 3);
	assert_int_equal(net.given[D_FETCH], 1);
	assert_int_equal(net.given[D_RESOLVE], 1);
	for (unsigned d = 0; d < DAEMONS; d++) {
		die(&net, (enum daemon)d);
		assert_joined(&net);
		start(&net, (enum daemon)d);
		assert_joined(&net);
	}
	for (unsigned d = 0; d < DAEMONS; d++)
		die(&net, (enum daemon)d);
	links_fini(&net.links);
	assert_int_equal(open_fds(), before);
}

static void
test_links(void **state)
{
	enum daemon other;
	struct links l;

	links_once(false);
	links_once(true);
	links_init(&l, false);
	assert_non_null(links_find(&l, D_KEYMGR, "pfkey", &other));
	assert_int_equal(other, D_IPSECD);
	links_init(&l, true);
	assert_null(links_find(&l, D_KEYMGR, "pfkey", &other));
	assert_null(links_find(&l, D_IKED, "ipsecd", &other));
	assert_non_null(links_find(&l, D_SPDSYNC, "ipsecd", &other));
}

/* Any order of deaths and starts, also several at once. */
static void
test_links_random(void **state)
{
	unsigned before = open_fds(), seed = 1;
	struct net net;

	memset(&net, 0, sizeof(net));
	links_init(&net.links, false);
	for (int i = 0; i < 5000; i++) {
		enum daemon d = (enum daemon)(rand_r(&seed) % DAEMONS);

		if (net.alive[d])
			die(&net, d);
		else
			start(&net, d);
		assert_joined(&net);
	}
	for (unsigned d = 0; d < DAEMONS; d++)
		if (net.alive[d])
			die(&net, (enum daemon)d);
	links_fini(&net.links);
	assert_int_equal(open_fds(), before);
}

static void
test_state(void **state)
{
	struct state_line lines[2] = {
		{ "ipsecd", LIFE_READY, 42, 86400, 0, "", "1.2" },
		{ "iked", LIFE_DOWN, 0, 86401, 7, "signal:KILL", "" },
	};
	const char *want = "ipsecd pid=42 state=ready since=1970-01-02T00:00:00Z version=1.2 restarts=0 last_exit=none\n"
	    "iked pid=0 state=down since=1970-01-02T00:00:01Z version=none restarts=7 last_exit=signal:KILL\n";
	char b[512], cut[100];

	assert_int_equal(state_text(b, sizeof(b), lines, 2), strlen(want));
	assert_string_equal(b, want);
	assert_int_equal(state_text(cut, sizeof(cut), lines, 2), strchr(want, '\n') - want + 1);	/* whole lines only */
	assert_string_equal(cut + strlen(cut) - 1, "\n");
	state_exit_text(3 << 8, b, sizeof(b));
	assert_string_equal(b, "status:3");
	state_exit_text(SIGSEGV, b, sizeof(b));
	assert_string_equal(b, "signal:SEGV");
}

static void
test_state_file(void **state)
{
	char dir[] = "/tmp/causeway-state.XXXXXX", path[64], b[16] = "";
	FILE *f;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/state", dir);
	assert_true(state_write(dir, "first\n", 6));
	assert_true(state_write(dir, "two\n", 4));
	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fread(b, 1, sizeof(b), f), 4);
	assert_memory_equal(b, "two\n", 4);
	fclose(f);
	unlink(path);
	assert_int_equal(rmdir(dir), 0);	/* nothing else was left */
	assert_false(state_write(dir, "x", 1));
}

static void
test_backoff(void **state)
{
	static const unsigned want[] = { 100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000 };
	unsigned b = 0;

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_int_equal(backoff_next_ms(&b, 10 * NS_PER_S - 1), want[i]);
	assert_int_equal(backoff_next_ms(&b, 10 * NS_PER_S), 100);
	assert_int_equal(backoff_next_ms(&b, 0), 200);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_links_random),
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_state_file),
		cmocka_unit_test(test_backoff),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
