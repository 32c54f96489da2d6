/* SPDX-License-Identifier: BSD-2-Clause */
/* Every way to break the contract of a link closes that link and is logged once; nothing else does. */
#include "config.h"

#include "test.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ipc_fix.h"

static unsigned
open_fds(void)
{
	unsigned n = 0;

	for (int i = 0; i < 256; i++)
		n += fcntl(i, F_GETFD) >= 0;
	return n;
}

static void
test_breaches(void **state)
{
	static const uint8_t two[2] = { 0, 0 };
	static uint8_t big[IPC_MAX];
	struct fix f;

	make_raw(&f), put_hello(&f, PACKAGE_VERSION), put_raw(&f, 99, IPC_VERSION, 1, text(""));
	assert_breach(&f, "type 99 is unknown");
	make_raw(&f), put_hello(&f, PACKAGE_VERSION), put_raw(&f, T_LATER, IPC_VERSION, 1, text("x"));
	assert_breach(&f, "LATER is too long");
	make_raw(&f), put_hello(&f, PACKAGE_VERSION), send(f.raw, "\x10\0\1\0\0\0\0", 7, 0);
	assert_breach(&f, "no valid header");
	make_raw(&f), put_raw(&f, T_ECHO, IPC_VERSION, 1, text(""));
	assert_breach(&f, "ECHO is not permitted before HELLO");
	make_raw(&f), put_raw(&f, T_READY, IPC_VERSION, 1, text(""));
	assert_breach(&f, "READY is not permitted before HELLO");
	make_raw(&f), put_hello(&f, PACKAGE_VERSION), put_raw(&f, T_READY, IPC_VERSION, 1, text(""));
	assert_breach(&f, "READY is not permitted at this point");
	make_raw(&f), put_hello(&f, PACKAGE_VERSION), put_raw(&f, T_ONCE, IPC_VERSION, 1, text(""));
	put_raw(&f, T_ONCE, IPC_VERSION, 1, text(""));
	assert_breach(&f, "ONCE came a second time");
	make_raw(&f), put_hello(&f, PACKAGE_VERSION), put_hello(&f, PACKAGE_VERSION);
	assert_breach(&f, "HELLO came twice");
	make_raw(&f), put_raw(&f, IPC_HELLO, IPC_VERSION, 0, text("\3"));
	assert_breach(&f, "HELLO is malformed");
	make_raw(&f), put_raw(&f, IPC_HELLO, IPC_VERSION, 0, bytes_of("\3\0" "0.1x", 6));
	assert_breach(&f, "HELLO is malformed");
	make_raw(&f), put_hello(&f, PACKAGE_VERSION), put_raw(&f, T_LAZY, IPC_VERSION, 1, text("rest"));
	assert_breach(&f, "LAZY was not consumed to its last octet");
	make_raw(&f), put_hello(&f, PACKAGE_VERSION), put_raw(&f, T_BAD, IPC_VERSION, 1, text(""));
	assert_breach(&f, "BAD breaks the contract");
	make_raw(&f), put_hello(&f, PACKAGE_VERSION), put_raw(&f, T_ECHO, IPC_VERSION, 1, bytes_of(big, IPC_MAX - IPC_HEAD + 1));
	assert_breach(&f, "longer than any may be");
	make_raw(&f), put_hello(&f, PACKAGE_VERSION), put_raw(&f, T_ECHO | IPC_REPLY, IPC_VERSION, 1, bytes_of(two, 2));
	assert_breach(&f, "belongs to no request");
}

static void
test_version(void **state)
{
	struct fix f;

	make_raw(&f), put_hello(&f, "77.1");
	assert_breach(&f, "version 77.1 and this is version " PACKAGE_VERSION);
	make_raw(&f), put_hello(&f, "");
	assert_breach(&f, "version");
	for (unsigned v = 0; v < 4; v++) {	/* of an older or newer revision: it is said, whatever the message is, and nothing in it is looked at */
		char words[64];

		if (v == IPC_VERSION)
			continue;
		snprintf(words, sizeof(words), "messages of version %u and here they are of version %u", v, IPC_VERSION);
		make_raw(&f), put_raw(&f, IPC_HELLO, (uint16_t)v, 0, bytes_of("\3\0" "0.1", 5));
		assert_breach(&f, words);
		make_raw(&f), put_raw(&f, IPC_HELLO, (uint16_t)v, 0, text("junk that is no HELLO"));
		assert_breach(&f, words);
		make_raw(&f), put_hello(&f, PACKAGE_VERSION), put_raw(&f, T_BAD, (uint16_t)v, 1, text(""));
		assert_breach(&f, words);
	}
	make_raw(&f), put_hello(&f, "\x1b[2J");
	assert_breach(&f, "version ?[2J");
	assert_true(ipc_same_major("1.2", "1.3") && ipc_same_major("1", "1.3") && ipc_same_major("10.2", "10"));
	assert_false(ipc_same_major("1.2", "2.2") || ipc_same_major("1.2", "10.2") || ipc_same_major("", "") ||
	    ipc_same_major(".1", ".1"));
}

static void
test_bad_answers(void **state)
{
	static const struct { const char *body; size_t n; const char *words; } cases[] = {
		{ "", 0, "an answer is malformed" },
		{ "\0", 1, "an answer is malformed" },
		{ "\3\0", 2, "an answer is malformed" },		/* a reason without a detail */
		{ "\3\0\2\0x", 5, "an answer is malformed" },		/* a detail cut off */
		{ "\3\0\1\0xy", 6, "an answer is malformed" },		/* octets behind it */
	};
	struct fix f;
	struct side x = { .fd = -1 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t id;

		make_raw(&f), put_hello(&f, PACKAGE_VERSION), spin(&f);
		x.answers = 0;
		id = ipc_call(f.a.link, T_ECHO, text(""), R_KEYMGR_DOWN, on_answer, &x);
		put_raw(&f, T_ECHO | IPC_REPLY, IPC_VERSION, id, bytes_of(cases[i].body, cases[i].n));
		assert_breach(&f, cases[i].words);
		assert_int_equal(x.answers, 1);		/* the call still ends */
		assert_int_equal(x.reason, R_KEYMGR_DOWN);
	}
	make_raw(&f), put_hello(&f, PACKAGE_VERSION), spin(&f);	/* the right id, another type */
	put_raw(&f, T_KILL | IPC_REPLY, IPC_VERSION, ipc_call(f.a.link, T_ECHO, text(""), R_KEYMGR_DOWN, on_answer, &x),
	    bytes_of("\0\0", 2));
	assert_breach(&f, "belongs to no request");
}

static void
half(void *arg, enum reason reason, struct rd *body)
{
	rd_u8(body);
}

static void
none(void *arg, enum reason reason, struct rd *body)
{
}

static void
test_answer_consumed(void **state)
{
	struct fix f;

	make_raw(&f), put_hello(&f, PACKAGE_VERSION), spin(&f);
	put_raw(&f, T_ECHO | IPC_REPLY, IPC_VERSION, ipc_call(f.a.link, T_ECHO, text(""), R_KEYMGR_DOWN, none, NULL),
	    bytes_of("\0\0xy", 4));
	assert_alive(&f);
	put_raw(&f, T_ECHO | IPC_REPLY, IPC_VERSION, ipc_call(f.a.link, T_ECHO, text(""), R_KEYMGR_DOWN, half, NULL),
	    bytes_of("\0\0xy", 4));
	assert_breach(&f, "an answer was not consumed");
}

static void
test_queue_bound(void **state)
{
	static uint8_t big[32768];
	struct fix f;
	size_t sent = 0;

	make_raw(&f), put_hello(&f, PACKAGE_VERSION), spin(&f);
	while (ipc_send(f.a.link, T_ECHO, 0, bytes_of(big, sizeof(big)))) {
		sent += sizeof(big);
		assert_true(sent < 2 * IPC_QUEUE);
	}
	assert_true(sent > IPC_QUEUE / 2);
	assert_int_equal(f.a.downs, 0);
	assert_false(ipc_is_up(f.a.link));
	assert_int_equal(ipc_call(f.a.link, T_ECHO, text(""), R_KEYMGR_DOWN, on_answer, &f.a), 0);
	spin(&f);
	assert_int_equal(f.a.downs, 1);
	assert_int_equal(log_lines, 1);
	assert_non_null(strstr(log_last, "does not read"));
	done(&f);
}

static void
test_many_descriptors(void **state)
{
	union { struct cmsghdr h; char b[CMSG_SPACE(3 * sizeof(int))]; } ctl;
	static uint8_t head[8] = { T_FD, 0, IPC_VERSION };
	struct iovec iov = { head, sizeof(head) };
	struct fix f;
	unsigned before;

	for (unsigned n = 2; n <= 3; n++) {
		struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl.b,
			.msg_controllen = CMSG_SPACE(n * sizeof(int)) };
		int fds[3] = { 0, 1, 2 };

		make_raw(&f), put_hello(&f, PACKAGE_VERSION), spin(&f);
		before = open_fds();
		memset(&ctl, 0, sizeof(ctl));
		ctl.h.cmsg_level = SOL_SOCKET;
		ctl.h.cmsg_type = SCM_RIGHTS;
		ctl.h.cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(&ctl.h), fds, n * sizeof(int));
		assert_int_equal(sendmsg(f.raw, &m, 0), sizeof(head));
		spin(&f);
		assert_int_equal(open_fds(), before - 1);	/* the link's own; none of theirs stayed */
		assert_breach(&f, "more than one descriptor");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_breaches),
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_bad_answers),
		cmocka_unit_test(test_answer_consumed),
		cmocka_unit_test(test_queue_bound),
		cmocka_unit_test(test_many_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
