/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * storm: PF_KEY sockets under stress, in this network namespace.
 *	storm fuzz COUNT SEED [CORPUS]	messages that were right, damaged, and those of a fuzzer's corpus; a socket that is told off is
 *					closed and opened again, some are never read; at the end the engine still answers
 *	storm race SECONDS		threads that add and delete SAs and policies, dump, flush, and open and close sockets, at once
 *	storm nth FILE COUNT		everything a client can ask for, once for each n below COUNT, with n written to FILE before: the
 *					allocation of that number fails, and the client is told so, cut off, or does not notice
 *	storm reload FILE COUNT		the module of this file goes in and out so often, each time with SAs and policies in it
 */
#include "config.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "pfkey.h"

#define CORPUS_MAX	256
#define DEAF		4	/* sockets that nobody reads */

static struct bytes corpus[CORPUS_MAX];
static unsigned ncorpus;
static _Thread_local uint64_t state = 88172645463325252ull;

static _Noreturn void
die(const char *why)
{
	fprintf(stderr, "storm: %s: %s\n", why, strerror(errno));
	exit(1);
}

static uint32_t
rnd(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return below ? (uint32_t)(state >> 16) % below : 0;
}

static int
open_socket(void)
{
	struct timeval t = { 10, 0 };
	int fd = socket(PF_KEY, SOCK_RAW | SOCK_CLOEXEC, PF_KEY_V2);

	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	return fd;
}

/* -- messages that are right -- */

static size_t
encode(uint8_t *buf, struct pfkey_msg *m)
{
	struct wr w = wr_of(buf, PFKEY_MSG_MAX);

	m->seq = 7;
	m->pid = (uint32_t)getpid();
	if (!pfkey_put(&w, m))
		die("a message of ours does not fit");
	return w.n;
}

static void
ends(struct pfkey_msg *m, bool v6)
{
	struct endpoint a = { { 0 }, 0 }, b = { { 0 }, 0 };

	if (!addr_parse(v6 ? "fc00::1" : "20.0.0.1", &a.addr) || !addr_parse(v6 ? "fc00::2" : "20.0.0.2", &b.addr))
		die("address");
	pfkey_set_ends(m, &a, &b);
}

static void
sa(struct pfkey_msg *m, uint8_t type, uint32_t spi, uint32_t reqid, bool v6)
{
	static const uint8_t key[64] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };

	pfkey_msg_init(m, type, SADB_SATYPE_ESP);
	ends(m, v6);
	pfkey_set_sa2(m, CW_MODE_TUNNEL, reqid);
	m->has |= PFKEY_HAS(SADB_EXT_SA);
	m->sa.spi = spi;
	m->sa.state = SADB_SASTATE_MATURE;
	if (type != SADB_ADD && type != SADB_UPDATE)
		return;
	m->has |= PFKEY_HAS(SADB_EXT_KEY_ENCRYPT) | PFKEY_HAS(CW_EXT_SAFLAGS) | PFKEY_HAS(CW_EXT_REPLAY) | PFKEY_HAS(SADB_EXT_LIFETIME_HARD);
	m->hard.addtime = 2 + rnd(60);
	m->hard.packets = rnd(2) ? 1 + rnd(50) : 0;
	m->sa_flags = CW_SAF_ESN | (spi & 1 ? CW_SAF_IN : CW_SAF_OUT);
	m->replay_window = 64;
	if (spi % 3) {
		m->sa.encrypt = SADB_X_EALG_AES_GCM_ICV16;
		m->key_encrypt = bytes_of(key, 20);
	} else {
		m->sa.encrypt = SADB_X_EALG_AESCBC;
		m->sa.auth = SADB_X_AALG_SHA2_256HMAC;
		m->has |= PFKEY_HAS(SADB_EXT_KEY_AUTH);
		m->key_encrypt = bytes_of(key, 16);
		m->key_auth = bytes_of(key, 32);
	}
	if (spi % 5 == 0) {
		m->has |= PFKEY_HAS(SADB_X_EXT_NAT_T_TYPE) | PFKEY_HAS(SADB_X_EXT_NAT_T_SPORT) | PFKEY_HAS(SADB_X_EXT_NAT_T_DPORT);
		m->natt_type = CW_NATT_ESPINUDP;
		m->natt_sport = m->natt_dport = 4500;
	}
}

static void
policy(struct pfkey_msg *m, uint8_t type, unsigned n, bool in)
{
	struct prefix here, there;
	char text[32];

	snprintf(text, sizeof(text), "10.%u.%u.0/24", n == 0 ? 0 : 64 + n / 256, n == 0 ? 2 : n % 256);
	if (!prefix_parse("10.0.1.0/24", &here) || !prefix_parse(text, &there))
		die("prefix");
	pfkey_msg_init(m, type, SADB_SATYPE_UNSPEC);
	pfkey_set_selector(m, in ? &there : &here, in ? &here : &there, 0, 0, 0);
	m->has |= PFKEY_HAS(SADB_X_EXT_POLICY);
	m->policy.type = CW_POLICY_IPSEC;
	m->policy.dir = in ? CW_DIR_IN : CW_DIR_OUT;
	m->policy.priority = rnd(1000);
	m->policy.n = 1;
	m->policy.req[0].proto = 50;
	m->policy.req[0].mode = CW_MODE_TUNNEL;
	m->policy.req[0].level = CW_LEVEL_UNIQUE;
	m->policy.req[0].reqid = 1;
	m->policy.req[0].src.fam = m->policy.req[0].dst.fam = 4;
}

static void
plain(struct pfkey_msg *m, uint8_t type, uint8_t satype)
{
	pfkey_msg_init(m, type, satype);
	if (type == SADB_REGISTER) {
		m->has |= PFKEY_HAS(CW_EXT_HELLO);
		m->hello_version = CW_HELLO_VERSION;
		m->hello_features = ~0ull;
	}
}

/* Any of them. */
static size_t
some(uint8_t *buf, unsigned which)
{
	static _Thread_local struct pfkey_msg m;
	uint32_t spi = 0x1000 + rnd(64), n = rnd(32);

	switch (which % 16) {
	case 0: sa(&m, SADB_ADD, spi, 1 + rnd(3), false); break;
	case 1: sa(&m, SADB_ADD, spi, 1 + rnd(3), true); break;
	case 2: sa(&m, SADB_UPDATE, spi, 1 + rnd(3), false); break;
	case 3: sa(&m, SADB_DELETE, spi, 1, rnd(2)); break;
	case 4: sa(&m, SADB_GET, spi, 1, false); break;
	case 5:
		sa(&m, SADB_GETSPI, 0, 1, false);
		m.has &= ~PFKEY_HAS(SADB_EXT_SA);
		m.has |= PFKEY_HAS(SADB_EXT_SPIRANGE);
		m.spi_min = 0x1000;
		m.spi_max = 0x1000 + rnd(100);
		break;
	case 6: policy(&m, SADB_X_SPDADD, n, false); break;
	case 7: policy(&m, SADB_X_SPDADD, n, true); break;
	case 8: policy(&m, SADB_X_SPDUPDATE, n, rnd(2)); break;
	case 9: policy(&m, SADB_X_SPDDELETE, n, rnd(2)); break;
	case 10:
		policy(&m, SADB_X_SPDGET, n, false);
		m.policy.id = rnd(200);
		break;
	case 11: plain(&m, SADB_DUMP, SADB_SATYPE_UNSPEC); break;
	case 12: plain(&m, SADB_X_SPDDUMP, SADB_SATYPE_UNSPEC); break;
	case 13: plain(&m, rnd(50) ? SADB_DUMP : rnd(2) ? SADB_FLUSH : SADB_X_SPDFLUSH, SADB_SATYPE_UNSPEC); break;
	case 14: plain(&m, SADB_REGISTER, SADB_SATYPE_ESP); break;
	default:
		policy(&m, SADB_X_SPDDELETE2, n, false);
		m.policy.id = rnd(200);
		break;
	}
	return encode(buf, &m);
}

/* Reads what is there; false: the socket was cut off. */
static bool
drain(int fd)
{
	static _Thread_local uint8_t buf[PFKEY_MSG_MAX];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		;
	return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

static bool
answers(void)
{
	static uint8_t buf[PFKEY_MSG_MAX];
	static struct pfkey_msg m;
	int fd = -1;
	bool yes = false;
	ssize_t n;

	for (unsigned i = 0; i < 100 && fd < 0; i++)
		fd = open_socket();
	if (fd < 0)
		return false;
	plain(&m, SADB_REGISTER, SADB_SATYPE_ESP);
	if (send(fd, buf, encode(buf, &m), 0) > 0 && (n = recv(fd, buf, sizeof(buf), 0)) > 0)
		yes = pfkey_get(bytes_of(buf, (size_t)n), &m, NULL) && m.type == SADB_REGISTER && m.err == 0;
	close(fd);
	return yes;
}

/* -- fuzz -- */

static void
read_corpus(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *x;

	if (!d)
		die(dir);
	while ((x = readdir(d)) != NULL && ncorpus < CORPUS_MAX) {
		char name[512];
		uint8_t *p = malloc(PFKEY_MSG_MAX);
		FILE *f;

		snprintf(name, sizeof(name), "%s/%s", dir, x->d_name);
		f = x->d_name[0] == '.' ? NULL : fopen(name, "re");
		if (f && p) {	/* the first octet picks the client's rights in the fuzzer */
			size_t n = fread(p, 1, PFKEY_MSG_MAX, f);

			if (n > 1)
				corpus[ncorpus++] = bytes_of(p + 1, n - 1);
		}
		if (f)
			fclose(f);
	}
	closedir(d);
}

static size_t
damage(uint8_t *p, size_t n)
{
	static const uint16_t odd[] = { 0, 1, 2, 0x7fff, 0x8000, 0xffff, 0x7f00, 0x7f01, 0x7f07 };

	for (unsigned k = rnd(4); k && n; k--) {
		switch (rnd(5)) {
		case 0:
			p[rnd((uint32_t)n)] ^= (uint8_t)(1 << rnd(8));
			break;
		case 1:
			p[rnd((uint32_t)n)] = (uint8_t)rnd(256);
			break;
		case 2:		/* lengths and types stand at multiples of eight */
			if (n >= 24)
				memcpy(p + 16 + 8 * rnd((uint32_t)(n - 16) / 8) + 2 * rnd(2), &odd[rnd(9)], 2);
			break;
		case 3:
			n = rnd(2) ? n & ~7ul : rnd((uint32_t)n + 1);
			break;
		default:
			if (n + 64 < PFKEY_MSG_MAX && n > 80) {
				memmove(p + 80, p + 16, n - 16);
				n += 64;
			}
		}
	}
	if (n >= 16 && rnd(4)) {
		uint16_t words = (uint16_t)(n / 8);

		memcpy(p + 4, &words, 2);
	}
	return n;
}

/* A corpus' file is several messages; each is sent alone. */
static void
send_corpus(int fd, struct bytes b)
{
	while (b.n) {
		size_t len = b.n;
		uint16_t words;

		if (b.n >= 16) {
			memcpy(&words, b.p + 4, 2);
			if (words * 8u >= 16 && words * 8u < b.n)
				len = words * 8u;
		}
		send(fd, b.p, len, MSG_DONTWAIT);
		drain(fd);
		b = bytes_of(b.p + len, b.n - len);
	}
}

static int
fuzz(unsigned long count)
{
	static uint8_t buf[PFKEY_MSG_MAX + 1024];
	int deaf[DEAF], fd = -1;

	for (unsigned i = 0; i < DEAF; i++)
		deaf[i] = -1;
	for (unsigned long i = 0; i < count; i++) {
		size_t n = some(buf, rnd(16));

		if (fd < 0 || !drain(fd) || rnd(200) == 0) {
			unsigned k = rnd(DEAF);

			if (deaf[k] >= 0)
				close(deaf[k]);
			deaf[k] = fd;
			fd = open_socket();
			if (fd < 0)
				die("a PF_KEY socket");
			if (rnd(4))
				send(fd, buf, some(buf, 14), 0);
			n = some(buf, rnd(16));
		}
		if (ncorpus && rnd(8) == 0)
			send_corpus(fd, corpus[rnd(ncorpus)]);
		n = damage(buf, n);
		if (send(fd, buf, n, MSG_DONTWAIT) < 0 && errno != EPIPE && errno != EMSGSIZE && errno != ENOBUFS)
			die("send");
	}
	return answers() ? 0 : 1;
}

/* -- race -- */

static atomic_bool stop;
static atomic_ulong done;

static void *
racer(void *arg)
{
	unsigned self = (unsigned)(uintptr_t)arg;
	static _Thread_local uint8_t buf[PFKEY_MSG_MAX];
	int fd = -1;

	state = 0x9e3779b97f4a7c15ull * (self + 1);
	while (!stop) {
		if (fd < 0 || (self == 3 && rnd(4) == 0)) {
			if (fd >= 0)
				close(fd);
			fd = open_socket();
			if (fd < 0)
				continue;	/* no memory, when that is what is tested */
			send(fd, buf, some(buf, 14), 0);
		}
		/* SAs, policies, dumps and readers, everything */
		send(fd, buf, some(buf, self == 0 ? rnd(6) : self == 1 ? 6 + rnd(4) : self == 2 ? 11 + rnd(2) : rnd(16)), 0);
		if (!drain(fd)) {
			close(fd);
			fd = -1;
		}
		done++;
	}
	if (fd >= 0)
		close(fd);
	return NULL;
}

static int
race(unsigned seconds)
{
	pthread_t t[4];

	for (uintptr_t i = 0; i < 4; i++)
		if (pthread_create(&t[i], NULL, racer, (void *)i))
			die("thread");
	sleep(seconds);
	stop = true;
	for (unsigned i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	printf("%lu calls\n", (unsigned long)done);
	/* where allocations are made to fail, some of these fail for that */
	for (unsigned i = 0; i < 50; i++)
		if (answers())
			return 0;
	return 1;
}

/* -- nth -- */

static void
tell(const char *file, unsigned n)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || dprintf(fd, "%u\n", n) < 0)
		die(file);
	close(fd);
}

static int
nth(const char *file, unsigned count)
{
	static uint8_t buf[PFKEY_MSG_MAX];

	for (unsigned n = 1; n < count; n++) {
		int fd;

		tell(file, n);
		fd = open_socket();
		for (unsigned i = 0; i < 16 && fd >= 0; i++) {
			unsigned which = (14 + i) % 16;	/* REGISTER first */

			send(fd, buf, some(buf, which == 13 ? 11 : which), 0);
			if (!drain(fd)) {
				close(fd);
				fd = open_socket();
			}
		}
		if (fd >= 0)
			close(fd);
	}
	tell(file, 0);
	return answers() ? 0 : 1;
}

/* -- reload -- */

/* A socket's last reference may go a moment later than its descriptor. */
static bool
take_out(void)
{
	for (unsigned i = 0; i < 600; i++) {
		if (syscall(SYS_delete_module, "causeway", O_NONBLOCK) == 0)
			return true;
		usleep(100000);
	}
	return false;
}

static int
reload(const char *file, unsigned count)
{
	static uint8_t buf[PFKEY_MSG_MAX];

	for (unsigned n = 0; n < count; n++) {
		int fd = open(file, O_RDONLY | O_CLOEXEC);

		if (fd < 0 || syscall(SYS_finit_module, fd, "", 0) < 0)
			die("it does not go in");
		close(fd);
		fd = open_socket();
		if (fd < 0)
			die("a PF_KEY socket");
		for (unsigned i = 0; i < 12; i++) {
			send(fd, buf, some(buf, i == 0 ? 14 : i < 8 ? i % 2 : 6 + i % 2), 0);
			if (!drain(fd))
				die("cut off");
		}
		close(fd);
		if (!take_out())
			die("it does not come out");
	}
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc >= 4 && strcmp(argv[1], "fuzz") == 0) {
		state = strtoull(argv[3], NULL, 0) * 0x9e3779b97f4a7c15ull + 1;
		if (argc > 4)
			read_corpus(argv[4]);
		return fuzz(strtoul(argv[2], NULL, 0));
	}
	if (argc == 3 && strcmp(argv[1], "race") == 0)
		return race((unsigned)atoi(argv[2]));
	if (argc == 4 && strcmp(argv[1], "nth") == 0)
		return nth(argv[2], (unsigned)atoi(argv[3]));
	if (argc == 4 && strcmp(argv[1], "reload") == 0)
		return reload(argv[2], (unsigned)atoi(argv[3]));
	fprintf(stderr, "usage: storm fuzz COUNT SEED [CORPUS] | race SECONDS | nth FILE COUNT | reload FILE COUNT\n");
	return 2;
}
