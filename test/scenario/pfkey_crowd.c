/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pfkey_crowd SOCK N: N SAs and N policies are entered (SOCK as in pfkey_tool). Then both tables are read through a receive buffer of 64 KiB
 * while two other programs add and delete SAs and policies of their own without end: each of the N is there exactly once, the
 * numbers count down, and 0 is the last. Prints what it saw; exit 0 when that is so. One of the two that got no turn for long is told
 * that it lost messages (ENOBUFS), as every PF_KEY program may be; it opens a new socket and goes on.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pfkey.h"

#define AT_ONCE	32u

static _Noreturn void
fail(const char *what)
{
	fprintf(stderr, "pfkey_crowd: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int
dial(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd, size = 32768;	/* which the system doubles */

	if (strcmp(path, "kernel") == 0) {
		fd = socket(PF_KEY, SOCK_RAW | SOCK_CLOEXEC, PF_KEY_V2);
	} else {
		fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
		snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
		if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
			fail("connect");
	}
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) < 0)
		fail("socket");
	return fd;
}

static void
say(int fd, struct pfkey_msg *m, uint32_t seq)
{
	uint8_t buf[PFKEY_MSG_MAX];
	struct wr w = wr_of(buf, sizeof(buf));

	m->seq = seq;
	m->pid = (uint32_t)getpid();
	if (!pfkey_put(&w, m) || send(fd, buf, w.n, 0) < 0)
		fail("send");
}

/* The next message for this process of that type; what others are told is passed over. False: messages were lost, perhaps this one. */
static bool
next(int fd, uint8_t type, struct pfkey_msg *m)
{
	static uint8_t buf[PFKEY_MSG_MAX];
	const char *why = "closed";

	do {
		ssize_t n = recv(fd, buf, sizeof(buf), 0);

		if (n < 0 && errno == ENOBUFS)
			return false;
		if (n <= 0 || !pfkey_get(bytes_of(buf, (size_t)n), m, &why))
			fail(why);
		if (m->type == SADB_RESERVED && m->err == ENOBUFS)
			return false;
	} while (m->type != type || m->pid != (uint32_t)getpid());
	return true;
}

static void
hear(int fd, uint8_t type, struct pfkey_msg *m)
{
	if (!next(fd, type, m))
		fail("messages were lost");
	if (m->err) {
		errno = m->err;
		fail("the engine answers");
	}
}

static void
some_sa(struct pfkey_msg *m, uint8_t type, uint32_t i)
{
	static const uint8_t key[20] = { 7 };
	struct endpoint src = { .addr = { 4, { 20, 0, 0, 1 } } }, dst = { .addr = { 4, { 30, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i } } };

	pfkey_msg_init(m, type, SADB_SATYPE_ESP);
	pfkey_set_ends(m, &src, &dst);
	m->sa = (struct pfkey_sa){ .spi = 0x10000 + i, .state = SADB_SASTATE_MATURE };
	m->has |= PFKEY_HAS(SADB_EXT_SA);
	if (type != SADB_ADD)
		return;
	pfkey_set_sa2(m, CW_MODE_TUNNEL, i + 1);
	m->sa.encrypt = SADB_X_EALG_AES_GCM_ICV16;
	m->key_encrypt = bytes_of(key, sizeof(key));
	m->has |= PFKEY_HAS(SADB_EXT_KEY_ENCRYPT);
}

static void
some_policy(struct pfkey_msg *m, uint8_t type, uint32_t i)
{
	struct prefix src = { { 4, { 10, 0, 1, 0 } }, 24 }, dst = { { 4, { 11, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i } }, 32 };

	pfkey_msg_init(m, type, SADB_SATYPE_UNSPEC);
	pfkey_set_selector(m, &src, &dst, 0, 0, 0);
	m->policy = (struct pfkey_policy){ .type = CW_POLICY_NONE, .dir = CW_DIR_OUT };
	m->has |= PFKEY_HAS(SADB_X_EXT_POLICY);
}

typedef void about(struct pfkey_msg *, uint8_t type, uint32_t i);

static void
enter(int fd, about *fn, uint8_t type, uint32_t n)
{
	struct pfkey_msg m;

	for (uint32_t i = 0; i < n; i += AT_ONCE) {
		uint32_t end = i + AT_ONCE < n ? i + AT_ONCE : n;

		for (uint32_t k = i; k < end; k++) {
			fn(&m, type, k);
			say(fd, &m, k + 1);
		}
		for (uint32_t k = i; k < end; k++)
			hear(fd, type, &m);
	}
}

struct traffic {
	volatile uint32_t pairs, lost;
};

/* Whether the engine did it. After a loss what the answer lost told of may have been done, or not. */
static bool
done(int fd, uint8_t type, struct pfkey_msg *m, const struct traffic *t)
{
	if (!next(fd, type, m))
		return false;
	if (m->err && !(t->lost && (m->err == EEXIST || m->err == ESRCH || m->err == ENOENT))) {
		errno = m->err;
		fail("the engine answers");
	}
	return true;
}

static _Noreturn void
come_and_go(const char *sock, uint32_t at, struct traffic *t)
{
	int fd = dial(sock);
	struct pfkey_msg m;

	for (uint32_t i = 0;; i++) {
		uint32_t k = at + i % 50;
		bool here = i / 50 % 2 == 0, heard;

		some_sa(&m, here ? SADB_ADD : SADB_DELETE, k);
		say(fd, &m, i);
		heard = done(fd, here ? SADB_ADD : SADB_DELETE, &m, t);
		if (heard) {
			some_policy(&m, here ? SADB_X_SPDADD : SADB_X_SPDDELETE, k);
			say(fd, &m, i);
			heard = done(fd, here ? SADB_X_SPDADD : SADB_X_SPDDELETE, &m, t);
		}
		if (heard) {
			t->pairs++;
			continue;
		}
		t->lost++;
		close(fd);
		fd = dial(sock);
	}
}

static bool
read_all(const char *sock, uint8_t type, uint32_t n)
{
	uint8_t *seen = calloc(n, 1);
	uint32_t rows = 0, others = 0, left = UINT32_MAX, missing = 0;
	struct pfkey_msg m;
	bool ok = true;
	int fd = dial(sock);

	if (!seen)
		fail("memory");
	pfkey_msg_init(&m, type, SADB_SATYPE_UNSPEC);
	say(fd, &m, 1);
	do {
		uint32_t i;

		hear(fd, type, &m);
		ok = ok && m.seq < left;	/* what went meanwhile may be skipped, nothing else */
		left = m.seq;
		if (!m.has)
			break;		/* the end alone */
		i = type == SADB_DUMP ? m.sa.spi - 0x10000 :
		    (uint32_t)m.dst.ep.addr.b[1] << 16 | (uint32_t)m.dst.ep.addr.b[2] << 8 | m.dst.ep.addr.b[3];
		if (i >= n)
			others++;
		else if (seen[i]++)
			ok = false;
		rows++;
	} while (left != 0);
	for (uint32_t i = 0; i < n; i++)
		missing += !seen[i];
	printf("type %u: %u rows, %u of them others', %u missing, the last is %u\n", type, rows, others, missing, left);
	free(seen);
	close(fd);
	return ok && missing == 0 && left == 0;
}

int
main(int argc, char **argv)
{
	struct traffic *t = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint32_t n = argc == 3 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
	pid_t child[2];
	bool ok = true;
	int fd;

	if (n == 0 || n > 1000000 || t == MAP_FAILED) {
		fprintf(stderr, "usage: pfkey_crowd SOCK N\n");
		return 2;
	}
	fd = dial(argv[1]);
	enter(fd, some_sa, SADB_ADD, n);
	enter(fd, some_policy, SADB_X_SPDADD, n);
	close(fd);
	for (unsigned i = 0; i < 2; i++) {
		child[i] = fork();
		if (child[i] < 0)
			fail("fork");
		if (child[i] == 0)
			come_and_go(argv[1], 0x200000 + i * 0x100000, &t[i]);
		while (t[i].pairs < 100 && waitpid(child[i], NULL, WNOHANG) == 0)
			usleep(1000);
	}
	for (unsigned i = 0; i < 2; i++) {
		uint32_t before[2] = { t[0].pairs, t[1].pairs };

		ok = read_all(argv[1], i ? SADB_X_SPDDUMP : SADB_DUMP, n) && ok;
		printf("meanwhile %u and %u pairs of others came or went\n", t[0].pairs - before[0], t[1].pairs - before[1]);
		ok = ok && t[0].pairs != before[0] && t[1].pairs != before[1];
	}
	for (unsigned i = 0; i < 2; i++) {
		int status;

		if (waitpid(child[i], &status, WNOHANG) != 0)
			ok = false;	/* it ended by itself: it was refused something */
		kill(child[i], SIGKILL);
		waitpid(child[i], &status, 0);
	}
	printf("they were told of lost messages %u and %u times\n", t[0].lost, t[1].lost);
	return !ok;
}
