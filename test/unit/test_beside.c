/* SPDX-License-Identifier: BSD-2-Clause */
/* ipsecd beside a kernel's engine: what it reads from /proc/net/causeway, and the policies that it takes from SPDDUMP. */
#include "config.h"

#include "test.h"

#include <fcntl.h>
#include <unistd.h>

#include "../../kernel/user/policies.h"
#include "../../kernel/user/proc_counters.h"
#include "pfkey.h"

static void
get(const char *text, struct proc_counters *c)
{
	proc_counters_get(bytes_of((const uint8_t *)text, strlen(text)), c);
}

static void
test_counters(void **state)
{
	static struct proc_counters c;

	get("version 0.1\nrunning 1\nsas 2\nDROP_NO_SA 18446744073709551615\n", &c);
	assert_string_equal(c.version, "0.1");
	assert_int_equal(c.n, 3);
	assert_string_equal(c.v[1].name, "sas");
	assert_int_equal(c.v[1].value, 2);
	assert_string_equal(c.v[2].name, "DROP_NO_SA");
	assert_true(c.v[2].value == UINT64_MAX);
	/* What is no such line is left out; the last may lack its end. */
	get("\n \n 7\nname\nname \nname x\nname 1x\nname 18446744073709551616\nlast 5", &c);
	assert_int_equal(c.n, 1);
	assert_string_equal(c.v[0].name, "last");
	get("a\033[2J 1\nversion 0\033[2J\n\x80 1\n\x7f 1\na 1\n", &c);		/* nothing that a terminal would obey */
	assert_int_equal(c.n, 1);
	assert_string_equal(c.version, "");
	get("", &c);
	assert_int_equal(c.n, 0);
	assert_string_equal(c.version, "");
	get("a-name-that-is-longer-than-any-counter-may-ever-be 1\nversion a-version-that-is-longer-than-any-may-be-here\n", &c);
	assert_int_equal(c.n, 0);
	assert_string_equal(c.version, "");
}

static void
test_many_counters(void **state)
{
	static char text[PROC_COUNTERS * 8];
	static struct proc_counters c;

	for (unsigned i = 0; i < PROC_COUNTERS + 10; i++)
		strcat(text, "n 1\n");
	get(text, &c);
	assert_int_equal(c.n, PROC_COUNTERS);
}

static void
test_file(void **state)
{
	static struct proc_counters c;
	char path[] = "/tmp/test_beside.XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	unlink(path);
	assert_int_equal(write(fd, "version 1\nsas 1\n", 16), 16);
	for (int i = 0; i < 2; i++) {	/* from its beginning each time */
		assert_true(proc_counters_read(fd, &c));
		assert_int_equal(c.n, 1);
	}
	close(fd);
	assert_false(proc_counters_read(fd, &c));
}

static void
policy(struct pfkey_msg *m, uint8_t dir)
{
	struct prefix src, dst;

	assert_true(prefix_parse("10.0.1.0/24", &src) && prefix_parse("10.0.2.0/24", &dst));
	pfkey_msg_init(m, SADB_X_SPDDUMP, SADB_SATYPE_UNSPEC);
	pfkey_set_selector(m, &src, &dst, 0, 0, 0);
	m->policy = (struct pfkey_policy){ .type = CW_POLICY_IPSEC, .dir = dir, .n = 1, .req[0] = { .proto = 50, .mode = CW_MODE_TUNNEL } };
	m->has |= PFKEY_HAS(SADB_X_EXT_POLICY);
}

static void
test_policies(void **state)
{
	static struct pfkey_msg m;
	struct net_policy n;
	char s[PREFIX_STR];

	policy(&m, CW_DIR_OUT);
	assert_true(policies_take(&m, &n));
	assert_true(n.plain && n.dir == CW_DIR_OUT && !n.open);
	assert_string_equal(prefix_str(&n.src, s), "10.0.1.0/24");
	assert_string_equal(prefix_str(&n.dst, s), "10.0.2.0/24");
	m.dst.ep.port = 80;
	assert_true(policies_take(&m, &n) && !n.plain);
	policy(&m, CW_DIR_IN);
	m.policy.req[0].mode = CW_MODE_TRANSPORT;
	assert_true(policies_take(&m, &n) && n.plain && n.dir == CW_DIR_IN);
	policy(&m, CW_DIR_IN);
	m.src.proto = 17;
	assert_true(policies_take(&m, &n) && !n.plain);
	policy(&m, CW_DIR_IN);	/* the guard stays away from what takes clear packets: IPComp, and level use */
	m.policy.req[0].proto = 108;
	assert_true(policies_take(&m, &n) && n.open);
	m.policy.req[1] = m.policy.req[0];
	m.policy.req[1].proto = 50;
	m.policy.req[1].level = CW_LEVEL_USE;
	m.policy.n = 2;
	assert_true(policies_take(&m, &n) && n.open);
	m.policy.req[1].level = CW_LEVEL_REQUIRE;
	assert_true(policies_take(&m, &n) && !n.open);
	policy(&m, CW_DIR_FWD);
	assert_false(policies_take(&m, &n));
	policy(&m, CW_DIR_OUT);
	m.policy.type = CW_POLICY_BYPASS;
	assert_false(policies_take(&m, &n));
	policy(&m, CW_DIR_OUT);
	m.has &= ~PFKEY_HAS(SADB_EXT_ADDRESS_DST);
	assert_false(policies_take(&m, &n));
}

/* The kernel's side of a PF_KEY socket: what it is asked, and answers of one policy. */
struct far {
	struct event_base *base;
	int		fd;
	unsigned	dumps, changed, anew, settled, lost;
};

static void
far_turn(struct far *f)
{
	uint8_t buf[4096];
	static struct pfkey_msg m, answer;
	struct wr w;
	ssize_t n;

	event_base_loop(f->base, EVLOOP_NONBLOCK);
	while ((n = recv(f->fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		assert_true(pfkey_get(bytes_of(buf, (size_t)n), &m, NULL));
		if (m.type == SADB_X_SPDDUMP) {
			f->dumps++;
			policy(&answer, CW_DIR_OUT);
			answer.seq = 0;		/* the last one */
		} else {
			assert_int_equal(m.type, SADB_REGISTER);
			assert_true(m.has & PFKEY_HAS(CW_EXT_KEYLESS));
			answer = m;
		}
		answer.pid = m.pid;
		w = wr_of(buf, sizeof(buf));
		assert_true(pfkey_put(&w, &answer));
		assert_int_equal(send(f->fd, buf, w.n, 0), w.n);
	}
	event_base_loop(f->base, EVLOOP_NONBLOCK);
}

static void
far_event(struct far *f, uint8_t type)
{
	uint8_t buf[4096];
	static struct pfkey_msg m;
	struct wr w = wr_of(buf, sizeof(buf));

	policy(&m, CW_DIR_OUT);
	m.type = type;
	m.pid = 1;
	assert_true(pfkey_put(&w, &m));
	assert_int_equal(send(f->fd, buf, w.n, 0), w.n);
}

static void on_changed(void *ctx, bool anew) { ((struct far *)ctx)->changed++; ((struct far *)ctx)->anew += anew; }
static void on_down(void *ctx, const char *why) { ((struct far *)ctx)->lost++; }
static void on_settled(void *arg, bool ok) { ((struct far *)arg)->settled += ok ? 1 : 100; }
static bool count_one(void *arg, const struct net_policy *p) { ++*(unsigned *)arg; return true; }

static unsigned
listed(struct policies *p)
{
	struct policy_source s = policies_kernel(p);
	unsigned n = 0;

	s.each(s.ctx, count_one, &n);
	return n;
}

static void
attach(struct far *f, struct policies *p)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	f->fd = pair[1];
	assert_true(policies_attach(p, pair[0]));
}

static void
test_following(void **state)
{
	static const struct policies_ops ops = { on_changed, on_down };
	struct far f = { .base = event_base_new() };
	struct policies *p = policies_new(f.base, true, &ops, &f);

	assert_non_null(p);
	assert_false(policies_settle(p, on_settled, &f));	/* there is no engine */
	attach(&f, p);
	far_turn(&f);
	far_turn(&f);
	assert_true(f.dumps == 1 && f.changed == 1 && f.anew == 1 && policies_known(p));
	assert_int_equal(listed(p), 1);
	/* Many changes while a dump runs ask for one more. */
	for (int i = 0; i < 20; i++)
		far_event(&f, SADB_X_SPDADD);
	far_event(&f, SADB_EXPIRE);
	for (int i = 0; i < 4; i++)
		far_turn(&f);
	assert_int_equal(f.dumps, 3);
	/* Who wants to know what stands now is told after a dump that began after the question. */
	far_event(&f, SADB_X_SPDEXPIRE);
	event_base_loop(f.base, EVLOOP_NONBLOCK);
	assert_true(policies_settle(p, on_settled, &f));
	assert_false(policies_settle(p, on_settled, &f));
	far_turn(&f);
	assert_true(f.dumps == 4 && f.settled == 0);
	far_turn(&f);
	assert_true(f.dumps == 5 && f.settled == 1);
	/* The socket ends: what was known stays, who waits is told. */
	assert_true(policies_settle(p, on_settled, &f));
	close(f.fd);
	event_base_loop(f.base, EVLOOP_NONBLOCK);
	event_base_loop(f.base, EVLOOP_NONBLOCK);
	assert_true(f.lost == 1 && f.settled == 101 && !policies_known(p));
	assert_int_equal(listed(p), 1);
	attach(&f, p);
	far_turn(&f);
	far_turn(&f);
	assert_true(f.dumps == 6 && f.anew == 2 && policies_known(p));	/* perhaps another engine: what it lacks nobody took away */
	policies_free(p);
	close(f.fd);
	event_base_free(f.base);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counters), cmocka_unit_test(test_many_counters), cmocka_unit_test(test_file),
		cmocka_unit_test(test_policies), cmocka_unit_test(test_following),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
