/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What ipsecd's PF_KEY clients wait for: events reach each of them whole and in order however late it reads, who is too late is told so, and
 * an event that many wait for is kept once. The engine is left out: the test tells the clients itself.
 */
#include "test.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sadb.h"

#define READERS	50u

struct cw_client *
cw_client_open(struct cw_engine *e, void *cookie, unsigned flags, uint32_t opener)
{
	return cookie;
}

void
cw_client_close(struct cw_engine *e, struct cw_client *c)
{
}

void
cw_pfkey(struct cw_engine *e, struct cw_client *c, const uint8_t *msg, size_t len, uint64_t now)
{
}

bool
cw_pfkey_resume(struct cw_engine *e, struct cw_client *c, uint64_t now)
{
	return false;
}

static size_t wiped;		/* what waited is wiped when the last reader has it: so much was kept */

void
host_wipe(void *p, size_t n)
{
	memset(p, 0, n);
	wiped += n;
}

struct rig {
	struct sadb	s;
	int		fd[READERS];		/* the readers' ends */
	struct sadb_client *k[READERS];
};

static int
setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	sadb_init(&r->s, event_base_new(), NULL);
	for (unsigned i = 0; i < READERS; i++) {
		int p[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, p), 0);
		assert_true(sadb_client(&r->s, p[0], 0));
		r->fd[i] = p[1];
		r->k[i] = r->s.clients;
	}
	*state = r;
	return 0;
}

static int
teardown(void **state)
{
	struct rig *r = *state;

	sadb_fini(&r->s);
	for (unsigned i = 0; i < READERS; i++)
		close(r->fd[i]);
	event_base_free(r->s.base);
	free(r);
	return 0;
}

/* Event n, of a length of its own, to the readers from first on; every seventh as with a client that did not say HELLO: its end is left out. */
static void
tell(struct rig *r, unsigned first, uint32_t n)
{
	uint8_t msg[600];
	size_t len = 300 + n % 30 * 8;

	memset(msg, (int)(n & 0xff), sizeof(msg));
	memcpy(msg, &n, sizeof(n));
	for (unsigned i = first; i < READERS; i++)
		assert_true(sadb_out(&r->s, r->k[i], msg, i % 7 ? len : len - 8, false));
	sadb_turn_end(&r->s);
}

static ssize_t
hear(struct rig *r, unsigned i, uint8_t *msg, size_t room)
{
	ssize_t n = recv(r->fd[i], msg, room, 0);

	if (n < 0)
		assert_int_equal(errno, EAGAIN);
	return n;
}

/* All that reader i can have by now, of which the first is event from: the one after the last. */
static uint32_t
hear_all(struct rig *r, unsigned i, uint32_t from)
{
	uint8_t msg[600], want[600];

	for (;;) {
		ssize_t n = hear(r, i, msg, sizeof(msg));
		size_t len = 300 + from % 30 * 8;

		if (n < 0) {
			event_base_loop(r->s.base, EVLOOP_NONBLOCK);
			n = hear(r, i, msg, sizeof(msg));
			if (n < 0)
				return from;
		}
		memset(want, (int)(from & 0xff), sizeof(want));
		memcpy(want, &from, sizeof(from));
		assert_int_equal(n, i % 7 ? len : len - 8);
		assert_memory_equal(msg, want, (size_t)n);
		from++;
	}
}

static void
test_late_and_whole(void **state)
{
	struct rig *r = *state;

	for (uint32_t n = 0; n < 2000; n++)
		tell(r, 0, n);
	for (unsigned i = 0; i < READERS; i++)
		assert_int_equal(hear_all(r, i, 0), 2000);
	tell(r, 0, 2000);	/* and on, at once */
	for (unsigned i = 0; i < READERS; i++)
		assert_int_equal(hear_all(r, i, 2000), 2001);
}

static void
test_waits_once(void **state)
{
	struct rig *r = *state;

	wiped = 0;
	for (uint32_t n = 0; n < 2000; n++)
		tell(r, 0, n);
	for (unsigned i = 0; i < READERS; i++)
		assert_int_equal(hear_all(r, i, 0), 2000);
	/* Two forms of 416 octets on the average, not one for each reader. The first events waited in the sockets, where all had room. */
	assert_in_range(wiped, 1500 * 2 * 416, 2000 * 2 * 416);
}

static void
test_too_late(void **state)
{
	struct rig *r = *state;
	struct sadb_msg m;
	uint8_t msg[600];
	ssize_t n = 0;
	unsigned heard = 0;

	for (uint32_t k = 0; k < SADB_QUEUE / 300 + 2000; k++) {
		tell(r, 0, k);
		hear(r, 1, msg, sizeof(msg));
	}
	while (heard < 100000) {
		ssize_t got = hear(r, 2, msg, sizeof(msg));

		if (got < 0) {
			event_base_loop(r->s.base, EVLOOP_NONBLOCK);
			got = hear(r, 2, msg, sizeof(msg));
		}
		if (got < 0)
			break;
		n = got;
		memcpy(&m, msg, sizeof(m));
		heard++;
	}
	assert_int_equal(n, sizeof(m));
	assert_int_equal(m.sadb_msg_errno, ENOBUFS);
	assert_in_range(heard, 2, SADB_QUEUE / 300);
	close(r->fd[3]);	/* one that goes while others wait for the same */
	event_base_loop(r->s.base, EVLOOP_NONBLOCK);
	sadb_turn_end(&r->s);
	assert_int_equal(r->s.n, READERS - 1);
	r->fd[3] = -1;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_late_and_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(test_waits_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_late, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
