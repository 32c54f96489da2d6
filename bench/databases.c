/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one operation on the engine's databases costs when there are a thousand, ten thousand, a hundred thousand and a million SAs and
 * as many policies: a PF_KEY message over a socket pair into kernel/core and its answer back, and a packet of 1400 octets
 * that finds its policy and SA and is sealed (AES-GCM).
 *	bench/databases [MOST]
 * Each figure is the least of several rounds, in nanoseconds for one operation, each on another member. Exit 1 when an
 * operation costs more than twice at the last size what it costs at the first.
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "addr.h"
#include "core.h"
#include "pfkey.h"

#define OPS	1000u
#define ROUNDS	7u
#define SIZE	1400u
#define NOW	(1000 * NS)

struct host {
	struct cw_engine *e;
	struct cw_client *c;
	int	fd[2];		/* the client's end, the engine's */
	unsigned	bad;
	uint64_t	sealed;
};

static uint64_t rnd = 88172645463325252ull;

static uint64_t
next_random(void)
{
	rnd ^= rnd << 13;
	rnd ^= rnd >> 7;
	return rnd ^= rnd << 17;
}

void
host_plain_out(struct host *h, struct cw_pkt **v, unsigned n)
{
	(void)v;
	h->bad += n;
}

void
host_wire_out(struct host *h, struct cw_pkt **v, unsigned n)
{
	(void)v;
	h->sealed += n;
}

void
host_drop_out(struct host *h, struct cw_pkt **v, unsigned n)
{
	(void)v;
	h->bad += n;
}

bool
host_pfkey_out(struct host *h, void *cookie, const uint8_t *msg, size_t len, bool may_refuse)
{
	(void)cookie, (void)may_refuse;
	h->bad += msg[2] != 0;
	return send(h->fd[1], msg, len, 0) == (ssize_t)len;
}

int
host_iface_hold(struct host *h, const char *name, uint32_t *num)
{
	(void)h, (void)name, (void)num;
	return EOPNOTSUPP;
}

void
host_iface_put(struct host *h, uint32_t num)
{
	(void)h, (void)num;
}

uint32_t
host_iface_find(struct host *h, const char *name)
{
	(void)h, (void)name;
	return 0;
}

void
host_policy_changed(struct host *h, unsigned change, const struct cw_policy *p)
{
	(void)h, (void)change, (void)p;
}

uint32_t
host_path_mtu(struct host *h, const struct cw_addr *src, const struct cw_addr *dst)
{
	(void)h, (void)src, (void)dst;
	return 1500;
}

bool
host_pkt_room(struct host *h, struct cw_pkt *p, uint32_t front, uint32_t len)
{
	(void)h, (void)p, (void)front, (void)len;
	return false;
}

/* -- messages about number i -- */

struct msg { uint8_t p[512]; size_t n; };

static void
put(struct msg *to, struct pfkey_msg *m)
{
	struct wr w = wr_of(to->p, sizeof(to->p));

	m->seq = 1;
	m->pid = 1;
	if (!pfkey_put(&w, m))
		abort();
	to->n = w.n;
}

static struct addr
address(uint8_t first, uint32_t i)
{
	return (struct addr){ .fam = 4, .b = { first, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i } };
}

static void
about_sa(struct msg *to, unsigned type, uint32_t i)
{
	static const uint8_t key[20] = { 1 };
	struct endpoint src = { .addr = address(20, 1) }, dst = { .addr = address(100, i) };
	struct pfkey_msg m;

	pfkey_msg_init(&m, (uint8_t)type, SADB_SATYPE_ESP);
	pfkey_set_ends(&m, &src, &dst);
	m.sa = (struct pfkey_sa){ .spi = 0x1000 + i };
	m.has |= PFKEY_HAS(SADB_EXT_SA);
	if (type == SADB_ADD) {
		pfkey_set_sa2(&m, CW_MODE_TUNNEL, i + 1);
		m.sa.state = SADB_SASTATE_MATURE;
		m.sa.encrypt = SADB_X_EALG_AES_GCM_ICV16;
		m.key_encrypt = bytes_of(key, sizeof(key));
		m.hard = (struct pfkey_lifetime){ .addtime = 3600 + i % 3600 };
		m.sa_flags = CW_SAF_OUT;
		m.has |= PFKEY_HAS(SADB_EXT_KEY_ENCRYPT) | PFKEY_HAS(SADB_EXT_LIFETIME_HARD) | PFKEY_HAS(CW_EXT_SAFLAGS);
	}
	put(to, &m);
}

/* Every fourth one is for a port of TCP, all of these between the same two networks. */
static void
about_policy(struct msg *to, unsigned type, uint32_t i)
{
	bool port = i % 4 == 3;
	struct prefix src = { address(10, 0), 8 }, dst = { address(11, port ? i / 4 / 50000 << 8 : i), port ? 24 : 32 };
	struct pfkey_msg m;

	pfkey_msg_init(&m, (uint8_t)type, SADB_SATYPE_UNSPEC);
	pfkey_set_selector(&m, &src, &dst, port ? 6 : 0, 0, port ? (uint16_t)(1 + i / 4 % 50000) : 0);
	m.policy = (struct pfkey_policy){ .type = CW_POLICY_IPSEC, .dir = CW_DIR_OUT, .n = type == SADB_X_SPDADD };
	m.policy.req[0] = (struct pfkey_request){ .proto = 50, .mode = CW_MODE_TUNNEL, .level = CW_LEVEL_UNIQUE, .reqid = i + 1 };
	m.has |= PFKEY_HAS(SADB_X_EXT_POLICY);
	put(to, &m);
}

static struct msg msgs[OPS];
static uint32_t pick[OPS];

static void
ask(struct host *h, unsigned i)
{
	uint8_t buf[CW_PF_MAX];
	ssize_t n = send(h->fd[0], msgs[i].p, msgs[i].n, 0) < 0 ? -1 : recv(h->fd[1], buf, sizeof(buf), 0);

	if (n > 0)
		cw_pfkey(h->e, h->c, buf, (size_t)n, NOW);
	host_turn_end();
	h->bad += n <= 0 || recv(h->fd[0], buf, sizeof(buf), MSG_DONTWAIT) <= 0;
}

static uint64_t
clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
}

static uint64_t
all(struct host *h, void (*about)(struct msg *, unsigned, uint32_t), unsigned type)
{
	uint64_t from;

	for (unsigned i = 0; i < OPS; i++)
		about(&msgs[i], type, pick[i]);
	from = clock_ns();
	for (unsigned i = 0; i < OPS; i++)
		ask(h, i);
	return (clock_ns() - from) / OPS;
}

/* A packet for each: its policy, that policy's SA, and the cipher. */
static uint64_t
packets(struct host *h)
{
	static uint8_t buf[OPS][CW_HEADROOM + SIZE + CW_TAILROOM];
	static struct cw_pkt pkt[OPS];
	uint64_t from;

	for (unsigned i = 0; i < OPS; i++) {
		uint32_t to = pick[i] % 4 == 3 ? pick[i] - 1 : pick[i];
		uint8_t *p = buf[i] + CW_HEADROOM;
		struct addr dst = address(11, to);

		memset(buf[i], 0, sizeof(buf[i]));
		pkt[i] = (struct cw_pkt){ .buf = buf[i], .cap = sizeof(buf[i]), .off = CW_HEADROOM, .len = SIZE };
		p[0] = 0x45, p[2] = SIZE >> 8, p[3] = SIZE & 255, p[8] = 64, p[9] = 17, p[12] = 10, p[15] = 1, p[25] = 80;
		memcpy(p + 16, dst.b, 4);
		put16(p + 10, cw_sum16(p, 20, 0));
	}
	from = clock_ns();
	for (unsigned i = 0; i < OPS; i++) {
		struct cw_pkt *v = &pkt[i];

		cw_plain_in(h->e, &v, 1, NOW);
	}
	return (clock_ns() - from) / OPS;
}

enum { SA_ADD, SA_GET, SA_DEL, SP_ADD, SP_DEL, PACKET, WHAT };
static const char *const what[WHAT] = { "add an SA", "get an SA", "delete an SA", "add a policy", "delete a policy", "seal a packet" };

static void
measure(struct host *h, uint32_t n, uint64_t least[WHAT])
{
	for (unsigned i = 0; i < WHAT; i++)
		least[i] = UINT64_MAX;
	for (unsigned r = 0; r < ROUNDS; r++) {
		uint64_t t[WHAT];
		uint32_t first = (uint32_t)(next_random() % n);

		/* a step that meets all of them, none twice */
		for (unsigned i = 0; i < OPS; i++)
			pick[i] = (uint32_t)((first + (uint64_t)i * (n == OPS ? 7 : n / OPS * 7 + 1)) % n);
		t[PACKET] = packets(h);
		t[SA_GET] = all(h, about_sa, SADB_GET);
		t[SA_DEL] = all(h, about_sa, SADB_DELETE);
		t[SA_ADD] = all(h, about_sa, SADB_ADD);
		t[SP_DEL] = all(h, about_policy, SADB_X_SPDDELETE);
		t[SP_ADD] = all(h, about_policy, SADB_X_SPDADD);
		for (unsigned i = 0; i < WHAT; i++)
			if (t[i] < least[i])
				least[i] = t[i];
	}
}

int
main(int argc, char **argv)
{
	uint32_t most = 1000000, have = 0, n;
	uint64_t ns[WHAT], first[WHAT] = { 0 };
	struct host h = { 0 };
	struct pfkey_msg m;
	bool ok = true;

	if (argc > 1)
		most = (uint32_t)strtoul(argv[1], NULL, 10);
	h.e = socketpair(AF_UNIX, SOCK_SEQPACKET, 0, h.fd) == 0 ? cw_new(&h) : NULL;
	h.c = h.e ? cw_client_open(h.e, &h, CW_CLIENT_KEYS, 0) : NULL;
	if (!h.c || most < OPS || most > 1000000) {
		fprintf(stderr, "usage: bench/databases [MOST], from %u to 1000000\n", OPS);
		return 2;
	}
	pfkey_msg_init(&m, SADB_REGISTER, SADB_SATYPE_ESP);
	m.hello_version = CW_HELLO_VERSION;
	m.has |= PFKEY_HAS(CW_EXT_HELLO);
	put(&msgs[0], &m);
	ask(&h, 0);
	printf("%10s", "");
	for (unsigned i = 0; i < WHAT; i++)
		printf("%17s", what[i]);
	printf("\n");
	for (n = OPS; n <= most; n *= 10) {
		for (; have < n; have++) {
			about_sa(&msgs[0], SADB_ADD, have);
			about_policy(&msgs[1], SADB_X_SPDADD, have);
			ask(&h, 0);
			ask(&h, 1);
		}
		measure(&h, n, ns);
		printf("%10" PRIu32, n);
		for (unsigned i = 0; i < WHAT; i++) {
			printf("%14" PRIu64 " ns", ns[i]);
			first[i] = n == OPS ? ns[i] : first[i];
			ok = ok && ns[i] <= 2 * first[i];
		}
		printf("\n");
		fflush(stdout);
	}
	if (h.bad)
		printf("%u answers were errors or packets went elsewhere\n", h.bad);
	cw_free(h.e);
	host_turn_end();
	close(h.fd[0]);
	close(h.fd[1]);
	return !ok || h.bad;
}
