/* SPDX-License-Identifier: BSD-2-Clause */
/* The links between daemons: calls, answers, queues, descriptors, death; and freeing a link inside its own callbacks. */
#include "config.h"

#include "test.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dgram.h"
#include "ipc_fix.h"

static void
test_call(void **state)
{
	struct fix f;

	make_pair(&f);
	assert_int_equal(f.a.ups, 1);
	assert_int_not_equal(ipc_call(f.a.link, T_ECHO, text("hello"), R_KEYMGR_DOWN, on_answer, &f.a), 0);
	spin(&f);
	assert_int_equal(f.a.answers, 1);
	assert_int_equal(f.a.reason, R_OK);
	assert_string_equal(f.a.text, "hello");
	assert_int_not_equal(ipc_call(f.b.link, T_KILL, text("x"), R_KEYMGR_DOWN, on_answer, &f.b), 0);
	spin(&f);
	assert_int_equal(f.b.reason, R_NOT_FOUND);
	assert_string_equal(f.b.text, "no such thing");
	assert_alive(&f);
	done(&f);
}

static void
test_matching(void **state)
{
	struct fix f;
	struct ipc_msg first;
	struct side x = { .fd = -1 }, y = { .fd = -1 }, z = { .fd = -1 };
	uint32_t id;

	make_pair(&f);
	ipc_call(f.a.link, T_LATER, text(""), R_KEYMGR_DOWN, on_answer, &x);
	spin(&f);
	first = f.b.later;
	ipc_call(f.a.link, T_LATER, text(""), R_KEYMGR_DOWN, on_answer, &y);
	spin(&f);
	ipc_reply(f.b.link, &f.b.later, text("second"));
	ipc_reply(f.b.link, &first, text("first"));
	spin(&f);
	assert_string_equal(x.text, "first");
	assert_string_equal(y.text, "second");
	id = ipc_call(f.a.link, T_LATER, text(""), R_KEYMGR_DOWN, on_answer, &z);
	spin(&f);
	ipc_cancel(f.a.link, id);
	ipc_reply(f.b.link, &f.b.later, text("too late"));
	assert_alive(&f);
	assert_int_equal(z.answers, 0);
	done(&f);
}

static void
test_death(void **state)
{
	struct fix f;
	struct side x = { .fd = -1 }, y = { .fd = -1 };

	make_pair(&f);
	ipc_call(f.a.link, T_LATER, text(""), R_KEYMGR_DOWN, on_answer, &x);
	ipc_call(f.a.link, T_LATER, text(""), R_ENGINE_DOWN, on_answer, &y);
	spin(&f);
	x.link = f.a.link;
	x.call_in_done = true;
	ipc_free(f.b.link);
	f.b.link = NULL;
	spin(&f);
	assert_int_equal(x.answers, 1);
	assert_int_equal(x.reason, R_KEYMGR_DOWN);
	assert_int_equal(y.reason, R_ENGINE_DOWN);
	assert_int_equal(f.a.downs, 1);
	assert_int_equal(f.b.downs, 0);		/* who frees is not told */
	assert_int_equal(log_lines, 0);		/* and it is no breach */
	done(&f);
}

static void
test_free_inside(void **state)
{
	struct fix f;
	struct side x = { .fd = -1 }, y = { .fd = -1 };
	int p[2];

	make_pair(&f);			/* in run */
	f.b.free_in_run = true;
	ipc_call(f.a.link, T_ECHO, text("x"), R_KEYMGR_DOWN, on_answer, &x);
	spin(&f);
	assert_int_equal(f.b.runs, 1);
	assert_null(f.b.link);
	assert_int_equal(x.reason, R_KEYMGR_DOWN);
	done(&f);

	make_pair(&f);			/* in down */
	f.a.free_in_down = true;
	ipc_free(f.b.link);
	f.b.link = NULL;
	spin(&f);
	assert_int_equal(f.a.downs, 1);
	done(&f);

	make_pair(&f);			/* in done, of an answer */
	f.a.free_in_done = true;
	ipc_call(f.a.link, T_ECHO, text("x"), R_KEYMGR_DOWN, on_answer, &f.a);
	spin(&f);
	assert_null(f.a.link);
	assert_int_equal(f.a.downs, 0);
	done(&f);

	make_pair(&f);			/* in done, of a death: the other call is dropped */
	f.a.free_in_done = true;
	ipc_call(f.a.link, T_LATER, text(""), R_KEYMGR_DOWN, on_answer, &f.a);
	ipc_call(f.a.link, T_LATER, text(""), R_KEYMGR_DOWN, on_answer, &y);
	spin(&f);
	ipc_free(f.b.link);
	f.b.link = NULL;
	spin(&f);
	assert_int_equal(f.a.answers, 1);
	assert_int_equal(y.answers, 0);
	assert_int_equal(f.a.downs, 0);
	done(&f);

	make(&f);			/* in up */
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, p), 0);
	f.a.free_in_up = true;
	f.a.link = ipc_new(f.base, p[0], &table, &f.a);
	f.b.link = ipc_new(f.base, p[1], &table, &f.b);
	spin(&f);
	assert_int_equal(f.a.ups, 1);
	assert_null(f.a.link);
	assert_int_equal(f.b.downs, 1);
	done(&f);
}

static void
test_permitted(void **state)
{
	static uint8_t big[IPC_MAX];
	struct fix f;

	make_raw(&f);
	put_raw(&f, T_EARLY, IPC_VERSION, 1, text(""));
	spin(&f);
	assert_int_equal(f.a.runs, 1);
	put_hello(&f, PACKAGE_VERSION);
	put_raw(&f, T_ONCE, IPC_VERSION, 1, text(""));
	spin(&f);
	ipc_ready(f.a.link);
	put_raw(&f, T_READY, IPC_VERSION, 1, text(""));
	put_raw(&f, T_READY, IPC_VERSION, 1, text(""));
	spin(&f);
	assert_int_equal(f.a.runs, 4);
	put_raw(&f, T_ECHO, IPC_VERSION, 0, bytes_of(big, IPC_MAX - IPC_HEAD));
	assert_alive(&f);
	assert_int_equal(f.a.runs, 5);
	assert_false(ipc_send(f.a.link, T_ECHO, 1, bytes_of(big, IPC_MAX - IPC_HEAD + 1)));
	assert_true(ipc_send(f.a.link, T_ECHO, 1, bytes_of(big, IPC_MAX - IPC_HEAD)));
	assert_alive(&f);
	done(&f);
}

/* What the other side says of its version is told on as one word, whatever it is. */
static void
test_version(void **state)
{
	struct fix f;

	make_raw(&f);
	assert_string_equal(ipc_peer_version(f.a.link), "");
	put_hello(&f, "0.1-rc\n x=\177");
	assert_alive(&f);
	assert_string_equal(ipc_peer_version(f.a.link), "0.1-rc??x=?");
	done(&f);
}

static void
test_queue_order(void **state)
{
	static uint8_t b[8192];
	struct fix f;
	unsigned got = 0;
	size_t n;
	int fd;

	make_raw(&f), put_hello(&f, PACKAGE_VERSION), spin(&f);
	assert_int_equal(dgram_get(f.raw, b, sizeof(b), &n, &fd, MSG_DONTWAIT), DGRAM_OK);	/* its HELLO */
	for (unsigned i = 0; i < 300; i++) {
		memset(b, (int)(i & 0xff), sizeof(b));
		assert_true(ipc_event(f.a.link, T_ECHO, bytes_of(b, 8000)));
	}
	while (got < 300) {
		spin(&f);
		while (dgram_get(f.raw, b, sizeof(b), &n, &fd, MSG_DONTWAIT) == DGRAM_OK) {
			assert_int_equal(n, 8008);
			assert_int_equal(b[8], got & 0xff);
			got++;
		}
	}
	assert_alive(&f);
	done(&f);
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
test_descriptors(void **state)
{
	struct fix f;
	unsigned before;
	int p[2];

	make_pair(&f);
	assert_int_equal(pipe(p), 0);
	before = open_fds();
	assert_true(ipc_send_fd(f.a.link, T_FD, 0, text(""), p[1]));
	spin(&f);
	assert_true(f.b.fd >= 0);
	assert_int_equal(fcntl(f.b.fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(write(f.b.fd, "x", 1), 1);
	assert_int_equal(read(p[0], log_last, 1), 1);
	close(f.b.fd);
	assert_int_equal(open_fds(), before);
	/* Nobody takes it: it is closed, and that is no breach. */
	assert_true(ipc_send_fd(f.a.link, T_ONCE, 0, text(""), p[1]));
	assert_alive(&f);
	assert_int_equal(open_fds(), before);
	close(p[0]);
	close(p[1]);
	done(&f);
}

static void
test_last_words(void **state)
{
	struct fix f;

	make_raw(&f), put_hello(&f, PACKAGE_VERSION), spin(&f);
	put_raw(&f, T_ONCE, IPC_VERSION, 0, text(""));
	close(f.raw);
	f.raw = -1;
	assert_false(ipc_send(f.a.link, T_ECHO, 1, text("to nobody")));
	assert_int_equal(f.a.downs, 0);
	spin(&f);
	assert_int_equal(f.a.runs, 1);
	assert_int_equal(f.a.downs, 1);
	done(&f);
}

/* Who asks and is gone before the answer has broken nothing. */
static void
test_asked_and_gone(void **state)
{
	struct fix f;

	make_raw(&f), put_hello(&f, PACKAGE_VERSION), spin(&f);
	while (recv(f.raw, log_last, 1, MSG_DONTWAIT) > 0)
		;	/* what is left unread would be an error of its own */
	put_raw(&f, T_KILL, IPC_VERSION, 1, text(""));
	close(f.raw);
	f.raw = -1;
	spin(&f);
	assert_int_equal(f.a.downs, 1);
	assert_int_equal(log_lines, 0);
	done(&f);
}

static void
test_null(void **state)
{
	ipc_free(NULL);
	ipc_ready(NULL);
	ipc_cancel(NULL, 1);
	assert_false(ipc_is_up(NULL) || ipc_send(NULL, T_ECHO, 1, text("")) || ipc_event(NULL, T_ECHO, text("")));
	assert_int_equal(ipc_call(NULL, T_ECHO, text(""), R_KEYMGR_DOWN, on_answer, NULL), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_call),
		cmocka_unit_test(test_matching),
		cmocka_unit_test(test_death),
		cmocka_unit_test(test_free_inside),
		cmocka_unit_test(test_permitted), cmocka_unit_test(test_version),
		cmocka_unit_test(test_queue_order),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_last_words),
		cmocka_unit_test(test_asked_and_gone),
		cmocka_unit_test(test_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
