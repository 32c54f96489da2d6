/* SPDX-License-Identifier: BSD-2-Clause */
/* The form of a record: escapes, time without the C library, cut lines, levels, the rate limit. */
#include "test.h"

#include <fcntl.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"

static void
record(uint64_t t, const struct log_ctx *ctx, const char *msg, const char *want)
{
	char buf[1024];
	size_t n = log_format(buf, sizeof(buf), t, LOG_INFO, "iked", ctx, "child_up", R_OK, msg);

	assert_int_equal(n, strlen(buf));
	assert_string_equal(buf, want);
}

static void
test_form(void **state)
{
	struct log_ctx ctx = { "a-b", "net" }, evil = { "a b\n", NULL };

	record(1767323045, &ctx, "up", "time=2026-01-02T03:04:05Z level=info prog=iked event=child_up tunnel=a-b child=net "
	    "reason=OK msg=\"up\"\n");
	record(0, NULL, "", "time=1970-01-01T00:00:00Z level=info prog=iked event=child_up reason=OK msg=\"\"\n");
	record(1709210096, &evil, "a\"b\\c\n\t\x1b[0m\x7f", "time=2024-02-29T12:34:56Z level=info prog=iked event=child_up "
	    "tunnel=a\\x20b\\x0a reason=OK msg=\"a\\\"b\\\\c\\x0a\\x09\\x1b[0m\\x7f\"\n");
	record(951868799, NULL, "\xc3\xa9 \xe2\x80\xa6 \xf0\x9f\x8c\x8a", "time=2000-02-29T23:59:59Z level=info prog=iked "
	    "event=child_up reason=OK msg=\"\xc3\xa9 \xe2\x80\xa6 \xf0\x9f\x8c\x8a\"\n");
	/* C1 controls, a lone continuation, an overlong form, a surrogate, a sequence cut by the end */
	record(4102444800, NULL, "\xc2\x9b|\x80|\xc0\xaf|\xed\xa0\x80|\xe2\x80", "time=2100-01-01T00:00:00Z level=info prog=iked "
	    "event=child_up reason=OK msg=\"\\xc2\\x9b|\\x80|\\xc0\\xaf|\\xed\\xa0\\x80|\\xe2\\x80\"\n");
}

/* Against gmtime_r, a day at a time over four centuries. */
static void
test_time(void **state)
{
	for (uint64_t t = 0; t < 400ull * 366 * 86400; t += 86399) {
		char buf[256], want[64];
		time_t tt = (time_t)t;
		struct tm tm;

		gmtime_r(&tt, &tm);
		strftime(want, sizeof(want), "time=%Y-%m-%dT%H:%M:%SZ ", &tm);
		log_format(buf, sizeof(buf), t, LOG_INFO, "p", NULL, "e", R_OK, "");
		assert_memory_equal(buf, want, strlen(want));
	}
}

static void
test_cut(void **state)
{
	char buf[256], big[600];

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	for (size_t cap = 0; cap <= 200; cap++) {
		size_t n;

		memset(buf, '#', sizeof(buf));
		n = log_format(buf, cap, 1, LOG_ERROR, "p", NULL, "e", R_INTERNAL, big);
		for (size_t i = cap; i < sizeof(buf); i++)
			assert_int_equal(buf[i], '#');
		assert_true(cap == 0 || n < cap);
		if (n) {
			assert_int_equal(n, strlen(buf));
			assert_string_equal(buf + n - 5, "\xe2\x80\xa6\"\n");
		}
	}
}

/* What reaches stderr, through a file. */
static void
test_levels(void **state)
{
	char path[] = "/tmp/test_log.XXXXXX", buf[1024];
	int fd = mkstemp(path), old = dup(STDERR_FILENO);
	ssize_t n;

	assert_true(fd >= 0 && old >= 0);
	unlink(path);
	dup2(fd, STDERR_FILENO);
	log_init("test", LOG_WARN);
	log_info(NULL, "quiet", "no %d", 1);
	log_warn(NULL, "loud", "yes %d", 2);
	log_set_level(LOG_DEBUG);
	log_debug(NULL, "louder", "%s", "three");
	log_at(LOG_ERROR, NULL, "why", R_PSK_MISMATCH, "four");
	dup2(old, STDERR_FILENO);
	close(old);
	n = pread(fd, buf, sizeof(buf) - 1, 0);
	close(fd);
	assert_true(n > 0);
	buf[n] = '\0';
	assert_null(strstr(buf, "quiet"));
	assert_non_null(strstr(buf, "level=warn prog=test event=loud reason=OK msg=\"yes 2\"\n"));
	assert_non_null(strstr(buf, "level=debug prog=test event=louder reason=OK msg=\"three\"\n"));
	assert_non_null(strstr(buf, "level=error prog=test event=why reason=PSK_MISMATCH msg=\"four\"\n"));
}

static void
test_level_names(void **state)
{
	enum log_level l = LOG_INFO;

	assert_true(log_level_parse("error", &l) && l == LOG_ERROR);
	assert_true(log_level_parse("debug", &l) && l == LOG_DEBUG);
	assert_false(log_level_parse("Debug", &l) || log_level_parse("", &l));
	assert_int_equal(l, LOG_DEBUG);
}

static void
test_limit(void **state)
{
	struct log_limit l = { 0 };
	uint64_t skipped;

	assert_true(log_allow(&l, 5 * NS_PER_S, &skipped) && skipped == 0);
	for (unsigned i = 0; i < 1000; i++)
		assert_false(log_allow(&l, 5 * NS_PER_S + i, &skipped));
	assert_true(log_allow(&l, 6 * NS_PER_S, &skipped));
	assert_int_equal(skipped, 1000);
	assert_true(log_allow(&l, 7 * NS_PER_S, &skipped) && skipped == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_level_names),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
