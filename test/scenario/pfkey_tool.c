/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Manual SAs and policies over pfkey.sock, for scenarios that run ipsecd alone, or over a PF_KEY socket of the system, where SOCK
 * is the word "kernel":
 *	pfkey_tool SOCK sa in|out SRC DST SPI REQID KEYHEX [udp SPORT DPORT] [chacha | cbc HASHBITS KEYHEX | null HASHBITS KEYHEX |
 *		alg ENCRYPT AUTH KEYHEX] [noesn] [ah]	(alg: by PF_KEY numbers; no key, or no authentication: a "-"; ah: and none to encrypt)
 *	pfkey_tool SOCK spd in|out SRC/LEN DST/LEN REQID
 *	pfkey_tool SOCK spddel in|out SRC/LEN DST/LEN
 *	pfkey_tool SOCK spdmany N REQID		(10.0.1.0/24 with 10.64.0.0/24, 10.64.1.0/24 and so on, both ways)
 *	pfkey_tool SOCK spdchurn N REQID	(one policy comes and goes so often)
 *	pfkey_tool SOCK flush | spdflush
 *	pfkey_tool SOCK deaf N		(N registered sockets that ask for both tables and take nothing of it, until it is killed; prints how many
 *		got in)
 *	pfkey_tool SOCK deaf-promisc N	(the same, and each wants to hear what the others send)
 *	pfkey_tool SOCK besiege N	(as deaf, and it goes on trying: each place that comes free is taken)
 *	pfkey_tool SOCK hold		(keeps its socket open until it is killed)
 *	pfkey_tool SOCK dump | dumpkeyless	(a line for each SA: spi, and the key's octets in hex if the engine gives them)
 *	pfkey_tool SOCK hello VERSION	(says this version; prints the engine's)
 *	pfkey_tool SOCK engine VERSION	(serves as an engine of this version, which answers HELLO and nothing else)
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "pfkey.h"

static _Noreturn void
fail(const char *what)
{
	fprintf(stderr, "pfkey_tool: %s\n", what);
	exit(1);
}

static int
kernels(void)
{
	return socket(PF_KEY, SOCK_RAW | SOCK_CLOEXEC, PF_KEY_V2);
}

static int
dial(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd;

	if (strcmp(path, "kernel") == 0) {
		fd = kernels();
		if (fd < 0) {
			fprintf(stderr, "pfkey_tool: a PF_KEY socket: %s\n", strerror(errno));
			exit(1);
		}
		return fd;
	}
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		fail("cannot connect");
	return fd;
}

static struct pfkey_msg heard;	/* the last answer */

/* Send, and wait for the answer of the same type and sequence; others' messages are skipped. */
static void
talk(int fd, struct pfkey_msg *m)
{
	static uint8_t buf[PFKEY_MSG_MAX];
	struct pfkey_msg *r = &heard;
	struct wr w = wr_of(buf, sizeof(buf));
	const char *why = "";

	m->seq = 7;
	m->pid = (uint32_t)getpid();
	if (!pfkey_put(&w, m) || send(fd, buf, w.n, 0) < 0)
		fail("cannot send");
	for (;;) {
		ssize_t n = recv(fd, buf, sizeof(buf), 0);

		if (n <= 0)
			fail("closed");
		if (!pfkey_get(bytes_of(buf, (size_t)n), r, &why))
			fail(why);
		if (r->type != m->type || r->pid != m->pid || r->seq != m->seq)
			continue;
		if (r->err) {
			fprintf(stderr, "pfkey_tool: type %u: %s\n", r->type, strerror(r->err));
			exit(1);
		}
		return;
	}
}

static void
greet(int fd, unsigned version)
{
	static struct pfkey_msg m;

	pfkey_msg_init(&m, SADB_REGISTER, SADB_SATYPE_ESP);
	m.has |= PFKEY_HAS(CW_EXT_HELLO);
	m.hello_version = (uint16_t)version;
	m.hello_features = ~0ull;
	talk(fd, &m);
}

static void
engine(const char *path, unsigned version)
{
	static uint8_t buf[PFKEY_MSG_MAX];
	static struct pfkey_msg m;
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), c;

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 5) < 0)
		fail("cannot listen");
	while ((c = accept(fd, NULL, NULL)) >= 0) {
		ssize_t n;

		while ((n = recv(c, buf, sizeof(buf), 0)) > 0 && pfkey_get(bytes_of(buf, (size_t)n), &m, NULL)) {
			struct wr w = wr_of(buf, sizeof(buf));

			m.hello_version = (uint16_t)version;
			if (m.type == SADB_REGISTER && pfkey_put(&w, &m))
				send(c, buf, w.n, MSG_NOSIGNAL);
		}
		close(c);
	}
}

static size_t
unhex(const char *s, uint8_t *out, size_t room)
{
	size_t len = strlen(s) / 2;
	unsigned v;

	if (len > room)
		fail("bad key");
	for (size_t i = 0; i < len; i++) {
		if (sscanf(s + 2 * i, "%2x", &v) != 1)
			fail("bad key");
		out[i] = (uint8_t)v;
	}
	return len;
}

/* What an SA is that is not AES-GCM with ESN on protocol 50. */
static void
sa_words(struct pfkey_msg *m, char **a, int n)
{
	static uint8_t key[64];

	for (int i = 0; i < n; i++) {
		if (strcmp(a[i], "udp") == 0 && i + 2 < n) {
			m->has |= PFKEY_HAS(SADB_X_EXT_NAT_T_TYPE) | PFKEY_HAS(SADB_X_EXT_NAT_T_SPORT) | PFKEY_HAS(SADB_X_EXT_NAT_T_DPORT);
			m->natt_type = CW_NATT_ESPINUDP;
			m->natt_sport = (uint16_t)atoi(a[++i]);
			m->natt_dport = (uint16_t)atoi(a[++i]);
		} else if (strcmp(a[i], "chacha") == 0) {
			m->sa.encrypt = CW_EALG_CHACHA20POLY1305;
		} else if ((strcmp(a[i], "cbc") == 0 || strcmp(a[i], "null") == 0) && i + 2 < n) {
			m->sa.encrypt = *a[i] == 'c' ? SADB_X_EALG_AESCBC : SADB_EALG_NULL;
			if (*a[i] == 'n')
				m->has &= ~PFKEY_HAS(SADB_EXT_KEY_ENCRYPT);
			m->sa.auth = (uint8_t)(SADB_X_AALG_SHA2_256HMAC + (atoi(a[++i]) - 256) / 128);
			m->has |= PFKEY_HAS(SADB_EXT_KEY_AUTH);
			m->key_auth = bytes_of(key, unhex(a[++i], key, sizeof(key)));
		} else if (strcmp(a[i], "alg") == 0 && i + 3 < n) {
			m->sa.encrypt = (uint8_t)atoi(a[++i]);
			if (m->sa.encrypt == SADB_EALG_NULL)
				m->has &= ~PFKEY_HAS(SADB_EXT_KEY_ENCRYPT);
			m->sa.auth = (uint8_t)atoi(a[++i]);
			if (strcmp(a[++i], "-") != 0) {
				m->has |= PFKEY_HAS(SADB_EXT_KEY_AUTH);
				m->key_auth = bytes_of(key, unhex(a[i], key, sizeof(key)));
			}
		} else if (strcmp(a[i], "noesn") == 0) {
			m->sa_flags &= ~(unsigned)CW_SAF_ESN;
		} else if (strcmp(a[i], "ah") == 0) {
			m->satype = SADB_SATYPE_AH;
			m->sa.encrypt = 0;
			m->has &= ~PFKEY_HAS(SADB_EXT_KEY_ENCRYPT);
		} else {
			fail("unknown word after the key");
		}
	}
}

static void
add_sa(int fd, char **a, int n)
{
	static struct pfkey_msg m;
	static uint8_t key[64];
	struct endpoint src = { { 0 }, 0 }, dst = { { 0 }, 0 };

	if (!addr_parse(a[1], &src.addr) || !addr_parse(a[2], &dst.addr))
		fail("bad address");
	pfkey_msg_init(&m, SADB_ADD, SADB_SATYPE_ESP);
	pfkey_set_ends(&m, &src, &dst);
	pfkey_set_sa2(&m, CW_MODE_TUNNEL, (uint32_t)strtoul(a[4], NULL, 0));
	m.has |= PFKEY_HAS(SADB_EXT_SA) | PFKEY_HAS(SADB_EXT_KEY_ENCRYPT) | PFKEY_HAS(CW_EXT_SAFLAGS) | PFKEY_HAS(CW_EXT_REPLAY);
	m.sa.spi = (uint32_t)strtoul(a[3], NULL, 0);
	m.sa.state = SADB_SASTATE_MATURE;
	m.sa.encrypt = SADB_X_EALG_AES_GCM_ICV16;
	m.key_encrypt = bytes_of(key, unhex(a[5], key, sizeof(key)));
	m.sa_flags = CW_SAF_ESN | (strcmp(a[0], "in") == 0 ? CW_SAF_IN : CW_SAF_OUT);
	m.replay_window = 1024;
	sa_words(&m, a + 6, n - 6);
	talk(fd, &m);
}

static void
policy(int fd, uint8_t type, char **a, int n)
{
	static struct pfkey_msg m;
	struct prefix src, dst;

	if (!prefix_parse(a[1], &src) || !prefix_parse(a[2], &dst))
		fail("bad network");
	pfkey_msg_init(&m, type, SADB_SATYPE_UNSPEC);
	pfkey_set_selector(&m, &src, &dst, 0, 0, 0);
	m.has |= PFKEY_HAS(SADB_X_EXT_POLICY);
	m.policy.type = CW_POLICY_IPSEC;
	m.policy.dir = strcmp(a[0], "in") == 0 ? CW_DIR_IN : CW_DIR_OUT;
	if (n > 3) {
		m.policy.n = 1;
		m.policy.req[0].proto = 50;
		m.policy.req[0].mode = CW_MODE_TUNNEL;
		m.policy.req[0].level = CW_LEVEL_UNIQUE;
		m.policy.req[0].reqid = (uint32_t)strtoul(a[3], NULL, 0);
		m.policy.req[0].src.fam = m.policy.req[0].dst.fam = 4;	/* 0.0.0.0: what the SA says */
	}
	talk(fd, &m);
}

static void
many(int fd, char **a)
{
	unsigned n = (unsigned)strtoul(a[0], NULL, 0);

	for (unsigned i = 0; i < n; i++) {
		char there[32], here[] = "10.0.1.0/24", out[] = "out", in[] = "in";

		snprintf(there, sizeof(there), "10.%u.%u.0/24", 64 + i / 256, i % 256);
		policy(fd, SADB_X_SPDADD, (char *[]){ out, here, there, a[1] }, 4);
		policy(fd, SADB_X_SPDADD, (char *[]){ in, there, here, a[1] }, 4);
	}
}

static void
churn(int fd, char **a)
{
	char dir[] = "out", here[] = "10.0.1.0/24", there[] = "10.64.0.0/24";

	for (unsigned long n = strtoul(a[0], NULL, 0); n; n--) {
		policy(fd, SADB_X_SPDADD, (char *[]){ dir, here, there, a[1] }, 4);
		policy(fd, SADB_X_SPDDELETE, (char *[]){ dir, here, there }, 3);
	}
}

static void
hex(const char *name, struct bytes b)
{
	printf(" %s=", name);
	for (size_t i = 0; i < b.n; i++)
		printf("%02x", b.p[i]);
}

static void
dump(int fd, bool keyless)
{
	static uint8_t buf[PFKEY_MSG_MAX];
	static struct pfkey_msg m;
	struct wr w = wr_of(buf, sizeof(buf));
	const char *why = "";

	if (keyless) {
		pfkey_msg_init(&m, SADB_REGISTER, SADB_SATYPE_ESP);
		m.has |= PFKEY_HAS(CW_EXT_HELLO) | PFKEY_HAS(CW_EXT_KEYLESS);
		m.hello_version = CW_HELLO_VERSION;
		m.hello_features = ~0ull;
		talk(fd, &m);
	}
	pfkey_msg_init(&m, SADB_DUMP, SADB_SATYPE_UNSPEC);
	m.seq = 9;
	m.pid = (uint32_t)getpid();
	if (!pfkey_put(&w, &m) || send(fd, buf, w.n, 0) < 0)
		fail("cannot send");
	do {
		ssize_t n = recv(fd, buf, sizeof(buf), 0);

		if (n <= 0)
			fail("closed");
		if (!pfkey_get(bytes_of(buf, (size_t)n), &m, &why))
			fail(why);
		if (m.type != SADB_DUMP || m.pid != (uint32_t)getpid())
			continue;
		if (m.err)
			return;
		printf("spi=%08x", ntohl(m.sa.spi));
		hex("encrypt", m.key_encrypt);
		hex("auth", m.key_auth);
		putchar('\n');
	} while (m.type != SADB_DUMP || m.seq != 0);
}

static bool
say(int fd, uint8_t type, uint8_t satype)
{
	static uint8_t buf[PFKEY_MSG_MAX];
	static struct pfkey_msg m;
	struct wr w = wr_of(buf, sizeof(buf));

	pfkey_msg_init(&m, type, satype);
	m.pid = (uint32_t)getpid();
	return pfkey_put(&w, &m) && send(fd, buf, w.n, MSG_DONTWAIT | MSG_NOSIGNAL) > 0;
}

static bool
refused(int fd)
{
	char c;

	usleep(5000);
	return recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* What may be refused is tried: an engine has only so many clients, and shuts the door on the others; the kernel's does not open it. */
static void
deaf(const char *sock, unsigned n, bool promisc, bool again)
{
	for (unsigned i = 0, in = 0;; i++) {
		int fd = strcmp(sock, "kernel") == 0 ? kernels() : dial(sock);
		bool ok = fd >= 0 && say(fd, SADB_REGISTER, SADB_SATYPE_ESP);

		if (fd < 0)
			usleep(5000);
		if (promisc)
			ok = ok && say(fd, SADB_X_PROMISC, 1);
		for (unsigned k = 0; ok && k < 20; k++)
			ok = say(fd, SADB_X_SPDDUMP, 0) && say(fd, SADB_DUMP, 0);
		if (ok && !refused(fd))
			in++;
		else if (fd >= 0)
			close(fd);
		if (i + 1 == n) {
			printf("%u in\n", in);
			fflush(stdout);
			if (!again)
				pause();
		}
	}
}

int
main(int argc, char **argv)
{
	static struct pfkey_msg m;
	const char *verb = argc > 2 ? argv[2] : "";
	int fd;

	if (argc < 3)
		fail("usage: pfkey_tool SOCK VERB ...");
	if ((strcmp(verb, "deaf") == 0 || strcmp(verb, "deaf-promisc") == 0 || strcmp(verb, "besiege") == 0) && argc == 4) {
		deaf(argv[1], (unsigned)strtoul(argv[3], NULL, 10), verb[4] == '-', *verb == 'b');
		return 0;
	}
	if (strcmp(verb, "engine") == 0 && argc == 4) {
		engine(argv[1], (unsigned)atoi(argv[3]));
		return 0;
	}
	fd = dial(argv[1]);
	greet(fd, strcmp(verb, "hello") == 0 && argc == 4 ? (unsigned)atoi(argv[3]) : CW_HELLO_VERSION);
	if (strcmp(verb, "hello") == 0) {
		printf("%u\n", heard.hello_version);
	} else if (strcmp(verb, "sa") == 0 && argc >= 9) {
		add_sa(fd, argv + 3, argc - 3);
	} else if (strcmp(verb, "spd") == 0 && argc == 7) {
		policy(fd, SADB_X_SPDADD, argv + 3, 4);
	} else if (strcmp(verb, "spddel") == 0 && argc == 6) {
		policy(fd, SADB_X_SPDDELETE, argv + 3, 3);
	} else if (strcmp(verb, "spdmany") == 0 && argc == 5) {
		many(fd, argv + 3);
	} else if (strcmp(verb, "spdchurn") == 0 && argc == 5) {
		churn(fd, argv + 3);
	} else if (strcmp(verb, "flush") == 0) {
		pfkey_msg_init(&m, SADB_FLUSH, SADB_SATYPE_UNSPEC);
		talk(fd, &m);
	} else if (strcmp(verb, "spdflush") == 0) {
		pfkey_msg_init(&m, SADB_X_SPDFLUSH, SADB_SATYPE_UNSPEC);
		talk(fd, &m);
	} else if (strcmp(verb, "dump") == 0 || strcmp(verb, "dumpkeyless") == 0) {
		dump(fd, strcmp(verb, "dumpkeyless") == 0);
	} else if (strcmp(verb, "hold") == 0) {
		pause();
	} else {
		fail("unknown verb");
	}
	return 0;
}
