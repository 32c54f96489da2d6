/* SPDX-License-Identifier: BSD-2-Clause */
/* setkey at work: which answer is whose on an engine that many ask, and commands of any length. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "run.h"
#include "test.h"

static struct talk t;
static int engine;

static int
setup(void **state)
{
	int v[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, v), 0);
	memset(&t, 0, sizeof(t));
	t.fd = v[0];
	engine = v[1];
	return 0;
}

static int
teardown(void **state)
{
	talk_close(&t);
	close(engine);
	return 0;
}

static void
says(uint8_t type, uint32_t pid, uint32_t seq, int err, uint32_t spi)
{
	uint8_t b[512];
	struct wr w = wr_of(b, sizeof(b));
	struct pfkey_msg m;

	pfkey_msg_init(&m, type, SADB_SATYPE_ESP);
	m.pid = pid;
	m.seq = seq;
	m.err = (uint8_t)err;
	m.sa.spi = spi;
	m.has = err ? 0 : PFKEY_HAS(SADB_EXT_SA);
	assert_true(pfkey_put(&w, &m));
	assert_int_equal(send(engine, b, w.n, MSG_NOSIGNAL), w.n);
}

static int
ask(void)
{
	struct pfkey_msg m;

	pfkey_msg_init(&m, SADB_GET, SADB_SATYPE_ESP);
	return talk_ask(&t, &m);
}

/* All of it is there before the question is asked, and the answer is the last of it. */
static void
test_matching(void **state)
{
	const uint32_t me = (uint32_t)getpid();

	says(SADB_ADD, me, 1, 0, 0x301);		/* ours by number, and no answer to this */
	says(SADB_GET, me + 1, 1, 0, 0x302);		/* another process asked the same */
	says(SADB_GET, 0, 1, 0, 0x303);
	says(SADB_GET, me, 77, 0, 0x304);		/* another question of ours */
	says(SADB_GET, me, 77, EINVAL, 0);
	says(SADB_GET, me + 1, 1, EINVAL, 0);
	says(SADB_GET, me, 1, 0, 0x305);
	assert_int_equal(ask(), 0);
	assert_int_equal(t.reply.sa.spi, 0x305);
	says(SADB_GET, me, 1, 0, 0x306);		/* the first question's once more */
	says(SADB_GET, me, 2, ENOENT, 0);
	assert_int_equal(ask(), ENOENT);
	says(SADB_GET, me, 3, 0, 0x307);
	assert_int_equal(ask(), 0);
	assert_int_equal(t.reply.sa.spi, 0x307);
	close(engine);
	engine = -1;
	assert_true(ask() != 0);			/* and without an engine there is no answer */
}

static unsigned
no_hosts(const char *name, uint8_t fam, struct addr *v, unsigned cap, const char **why)
{
	*why = "none";
	return 0;
}

static int none(const char *name) { return -1; }
static const struct names names = { no_hosts, none, none };

/* A policy whose words are so far from each other that it has n octets. */
static void
long_command(FILE *f, unsigned which, size_t n)
{
	int head = fprintf(f, "spdadd 10.%u.%u.0/24", which / 256, which % 256);

	for (size_t i = (size_t)head; i < n; i++)
		fputc(i % 61 ? ' ' : '\t', f);
	fputs("10.255.0.0/16 any -P out none;", f);
}

/* By -c, on one line or on many, and by -f: what the commands are, and that one behind them is wrong. */
static void
test_length(void **state)
{
	static const size_t sizes[] = { 100, 1000, 1023, 1024, 1025, 4095, 4096, 8192, 32767, 32768, 32769, 70000 };

	for (unsigned wrong = 0; wrong < 2; wrong++) {
		for (unsigned file = 0; file < 2; file++) {
			for (unsigned lines = 0; lines < 2; lines++) {
				struct run r = { .names = &names, .linting = true };
				char *text;
				size_t n;
				FILE *f = open_memstream(&text, &n);

				for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
					long_command(f, i, sizes[i]);
					if (lines)
						fputc('\n', f);
				}
				fputs(wrong ? "spdadd 10.1.1.0/24;\n" : "spdflush;\n", f);
				fclose(f);
				if (file) {
					assert_int_equal(run_file(&r, bytes_of(text, n)), !wrong);
				} else {
					f = fmemopen(text, n, "r");
					run_input(&r, f);
					fclose(f);
				}
				assert_int_equal(r.failed, wrong);
				assert_true(file || r.base_line == lines * (unsigned)(sizeof(sizes) / sizeof(sizes[0])));
				lint_free(r.lint);
				free(text);
			}
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(test_matching, setup, teardown), cmocka_unit_test(test_length) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
