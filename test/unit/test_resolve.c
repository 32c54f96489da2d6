/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers of the DNS: what is taken, what is refused; the resolver's files; and spdsync-resolve's lookups against servers that are there or not. */
#include "test.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "resolve.h"

#define HOST	"gw.example.org"
#define ID	0x1234

struct rec { const char *owner; uint16_t type; uint32_t ttl; const char *data; };	/* data: an address, or a name */

static void
name(struct wr *w, const char *s)
{
	while (*s) {
		size_t n = strcspn(s, ".");

		wr_u8(w, (uint8_t)n);
		wr_mem(w, s, n);
		s += n + (s[n] == '.');
	}
	wr_u8(w, 0);
}

static size_t
make(uint8_t *buf, size_t cap, uint16_t flags, uint16_t type, const struct rec *v, unsigned n)
{
	struct wr w = wr_of(buf, cap);

	wr_u16(&w, ID);
	wr_u16(&w, flags);
	wr_u16(&w, 1);
	wr_u16(&w, (uint16_t)n);
	wr_u32(&w, 0);
	name(&w, "GW.Example.org");	/* RFC 4343: case does not count */
	wr_u16(&w, type);
	wr_u16(&w, 1);
	for (unsigned i = 0; i < n; i++) {
		struct addr a;
		size_t mark;

		if (strcmp(v[i].owner, "@") == 0)
			wr_u16(&w, 0xc00c);	/* a pointer to the question's name */
		else
			name(&w, v[i].owner);
		wr_u16(&w, v[i].type);
		wr_u16(&w, 1);
		wr_u32(&w, v[i].ttl);
		mark = w.n;
		wr_u16(&w, 0);
		if (addr_parse(v[i].data, &a))
			wr_mem(&w, a.b, addr_len(&a));
		else
			name(&w, v[i].data);
		buf[mark] = (uint8_t)((w.n - mark - 2) >> 8);
		buf[mark + 1] = (uint8_t)(w.n - mark - 2);
	}
	assert_true(wr_ok(&w));
	return w.n;
}

static bool
said(const struct dns_answer *a, unsigned i, const char *text)
{
	char buf[ADDR_STR];

	return i < a->n && strcmp(addr_str(&a->addr[i], buf), text) == 0;
}

static void
test_question(void **state)
{
	static const uint8_t want[] = { 0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 'g', 'w', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 3, 'o', 'r', 'g', 0,
		0, 28, 0, 1, 0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0 };
	uint8_t buf[512];

	(void)state;
	assert_int_equal(dns_question(ID, HOST, DNS_AAAA, buf, sizeof(buf)), sizeof(want));
	assert_memory_equal(buf, want, sizeof(want));
	assert_int_equal(dns_question(ID, "gw..example", DNS_A, buf, sizeof(buf)), 0);
	for (size_t cap = 0; cap < sizeof(want); cap++)
		assert_int_equal(dns_question(ID, HOST, DNS_AAAA, buf, cap), 0);
}

static void
test_answer(void **state)
{
	static const struct rec v[] = { { "@", 5, 300, "a.example.net" }, { "other.example.org", DNS_A, 1, "192.0.2.9" },
		{ "b.example.net", DNS_A, 60, "192.0.2.1" }, { "b.example.net", DNS_A, 90, "192.0.2.2" }, { "A.example.net", 5, 120, "b.example.net" } };
	uint8_t buf[1024];
	struct dns_answer a;
	size_t n = make(buf, sizeof(buf), 0x8180, DNS_A, v, 5);

	(void)state;
	assert_true(dns_answer(bytes_of(buf, n), ID, HOST, DNS_A, &a));
	assert_int_equal(a.n, 2);
	assert_true(said(&a, 0, "192.0.2.1") && said(&a, 1, "192.0.2.2"));
	assert_int_equal(a.ttl_s, 60);		/* the lowest on the way */
	for (size_t i = 0; i < n; i++)
		assert_false(dns_answer(bytes_of(buf, i), ID, HOST, DNS_A, &a));	/* cut off anywhere: as if it had not come */
	assert_false(dns_answer(bytes_of(buf, n), ID + 1, HOST, DNS_A, &a));
	assert_false(dns_answer(bytes_of(buf, n), ID, "gx.example.org", DNS_A, &a));
	assert_false(dns_answer(bytes_of(buf, n), ID, HOST, DNS_AAAA, &a));
	buf[2] &= 0x7f;				/* a question */
	assert_false(dns_answer(bytes_of(buf, n), ID, HOST, DNS_A, &a));
}

static void
test_odd_answers(void **state)
{
	struct rec six = { "@", DNS_AAAA, 0x80000000u, "2001:db8::1" }, none = { "@", DNS_A, 9, "0.0.0.0" }, late = { "@", DNS_A, 1000000, "192.0.2.1" };
	static const struct rec loop[] = { { "@", 5, 1, "x.example.org" }, { "x.example.org", 5, 1, HOST } };
	struct rec many[40];
	uint8_t buf[4096];
	struct dns_answer a;
	size_t n;

	(void)state;
	n = make(buf, sizeof(buf), 0x8180, DNS_AAAA, &six, 1);
	assert_true(dns_answer(bytes_of(buf, n), ID, HOST, DNS_AAAA, &a) && a.n == 1 && a.ttl_s == 0);	/* RFC 2181 8 */
	n = make(buf, sizeof(buf), 0x8180, DNS_A, &none, 1);
	assert_true(dns_answer(bytes_of(buf, n), ID, HOST, DNS_A, &a) && a.n == 0);
	n = make(buf, sizeof(buf), 0x8180, DNS_A, &late, 1);
	assert_true(dns_answer(bytes_of(buf, n), ID, HOST, DNS_A, &a) && a.n == 1 && a.ttl_s == RESOLVE_TTL_MAX);
	n = make(buf, sizeof(buf), 0x8380, DNS_A, &late, 1);
	assert_true(dns_answer(bytes_of(buf, n), ID, HOST, DNS_A, &a) && a.cut && a.n == 0);
	n = make(buf, sizeof(buf), 0x8183, DNS_A, NULL, 0);
	assert_true(dns_answer(bytes_of(buf, n), ID, HOST, DNS_A, &a) && a.rcode == DNS_NXDOMAIN && a.n == 0);
	n = make(buf, sizeof(buf), 0x8180, DNS_A, loop, 2);
	assert_true(dns_answer(bytes_of(buf, n), ID, HOST, DNS_A, &a) && a.n == 0);
	for (unsigned i = 0; i < 40; i++)
		many[i] = late;
	n = make(buf, sizeof(buf), 0x8180, DNS_A, many, 40);
	assert_true(dns_answer(bytes_of(buf, n), ID, HOST, DNS_A, &a) && a.n == RESOLVE_ADDRS);
	/* a name that points at itself */
	n = make(buf, sizeof(buf), 0x8180, DNS_A, &late, 1);
	buf[n - 16] = 0xc0;
	buf[n - 15] = (uint8_t)(n - 16);
	assert_false(dns_answer(bytes_of(buf, n), ID, HOST, DNS_A, &a));
}

static void
test_files(void **state)
{
	static const char conf[] = "# x\nsearch example.org\nnameserver 192.0.2.53 ; y\nnameserver fe80::1%eth0\n nameserver\t2001:db8::53\nnameserver";
	static const char hosts[] = "127.0.0.1 localhost\n192.0.2.7 other GW.example.org # z\n::1 ip6\n2001:db8::7\tgw.example.org gw.example.org\n0.0.0.0 gw.example.org\n#1.2.3.4 gw.example.org";
	struct addr v[RESOLVE_ADDRS];
	char buf[ADDR_STR];

	(void)state;
	assert_int_equal(dns_servers(bytes_of(conf, strlen(conf)), v), 2);
	assert_string_equal(addr_str(&v[1], buf), "2001:db8::53");
	assert_int_equal(dns_hosts(bytes_of(hosts, strlen(hosts)), HOST, v), 2);
	assert_string_equal(addr_str(&v[0], buf), "192.0.2.7");
	assert_int_equal(dns_hosts(bytes_of(hosts, strlen(hosts)), "no.example.org", v), 0);
	for (size_t i = 0; i < strlen(hosts); i++)
		assert_true(dns_hosts(bytes_of(hosts, i), HOST, v) <= 2 && dns_servers(bytes_of(conf, i < strlen(conf) ? i : 0), v) <= 2);
}

static void
test_names(void **state)
{
	static const char *const good[] = { "a.b", "gw.example.org", "1.example", "10.0.2.1a", "x-1.y--z.de" }, *const bad[] = { "", "a", "a.", ".a", "a..b", "a.-b", "a.b-", "A.b", "a_b.c", "a b.c",
		"192.o.2.1", "gw.example.0", "1.2" };
	char big[300];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(host_ok(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(host_ok(bad[i]));
	memset(big, 'a', sizeof(big));
	for (size_t i = 60; i < sizeof(big); i += 60)
		big[i] = '.';
	big[253] = '\0';
	assert_true(host_ok(big));
	big[253] = 'a';
	big[254] = '\0';
	assert_false(host_ok(big));
}

/* ---- lookups ---- */

static struct event_base *base;
static struct resolver resolver;
static struct ipc *link_;
static struct resolved got;
static unsigned ngot;
static char dir[64], conf[96], hosts[96];

static bool
on_done(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	(void)ctx, (void)l;
	ngot++;
	if (ngot >= 1)
		event_base_loopbreak(base);
	return resolved_get(&m->body, &got) && rd_done(&m->body);
}

static void
on_gone(void *ctx, struct ipc *l)
{
	(void)ctx, (void)l;
	link_ = NULL;
}

static void
on_taken(void *arg, enum reason r, struct rd *body)
{
	(void)body;
	*(enum reason *)arg = r;
}

static void
put(const char *file, const char *text)
{
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static enum reason
ask(const char *host)
{
	static const struct ipc_row rows[] = { { RESOLVE_DONE, "DONE", IPC_AFTER_HELLO, 1024, on_done } };
	static const struct ipc_table table = { "test", rows, 1, NULL, on_gone };
	struct resolve req = { .id = 7 };
	struct timeval tv = { 20, 0 };
	enum reason taken = R_INTERNAL;
	uint8_t buf[512];
	struct wr w = wr_of(buf, sizeof(buf));
	int v[2];

	if (!link_) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, v), 0);
		link_ = ipc_new(base, v[0], &table, NULL);
		resolver_on_fd(&resolver, "spdsync", v[1]);
		while (!ipc_is_up(link_))
			event_base_loop(base, EVLOOP_ONCE);
	}
	snprintf(req.host, sizeof(req.host), "%s", host);
	resolve_put(&w, &req);
	ngot = 0;
	assert_int_not_equal(ipc_call(link_, RESOLVE_ASK, wr_bytes(&w), R_RESOLVE_DOWN, on_taken, &taken), 0);
	event_base_loopexit(base, &tv);
	while (ngot == 0 && !event_base_got_exit(base))
		event_base_loop(base, EVLOOP_ONCE);
	assert_int_equal(taken, R_OK);
	assert_int_equal(ngot, 1);
	assert_int_equal(got.id, 7);
	return (enum reason)got.reason;
}

/* A server that answers the first question of each kind in its own way. */
struct server { int fd; struct event *ev; uint16_t flags; unsigned asked; bool silent6; };

static void
on_question(evutil_socket_t fd, short what, void *arg)
{
	static const struct rec four = { "@", DNS_A, 30, "192.0.2.1" }, six = { "@", DNS_AAAA, 20, "2001:db8::1" };
	struct server *s = arg;
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	uint8_t q[1024], a[1024];
	ssize_t n = recvfrom(fd, q, sizeof(q), 0, (struct sockaddr *)&from, &len);
	bool is6 = n > 28 && q[29] == DNS_AAAA;
	size_t k;

	(void)what;
	s->asked++;
	if (n < 30 || (is6 && s->silent6))
		return;
	k = make(a, sizeof(a), s->flags, is6 ? DNS_AAAA : DNS_A, is6 ? &six : &four, (s->flags & 15) == 0);
	a[0] = (uint8_t)~q[0];
	a[1] = q[1];
	sendto(fd, a, k, 0, (struct sockaddr *)&from, len);	/* another's number: not taken */
	a[0] = q[0];
	sendto(fd, a, k, 0, (struct sockaddr *)&from, len);
}

static void
test_lookups(void **state)
{
	struct server s = { .flags = 0x8180 };
	struct sockaddr_in me = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001) };
	socklen_t len = sizeof(me);

	(void)state;
	s.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s.fd, (struct sockaddr *)&me, len), 0);
	getsockname(s.fd, (struct sockaddr *)&me, &len);
	s.ev = event_new(base, s.fd, EV_READ | EV_PERSIST, on_question, &s);
	event_add(s.ev, NULL);
	resolver.port = ntohs(me.sin_port);
	put(conf, "nameserver 127.0.0.1\n");
	put(hosts, "192.0.2.9 fixed.example.org\n");
	assert_int_equal(ask(HOST), R_OK);
	assert_int_equal(got.n, 2);
	assert_int_equal(got.ttl_s, 20);
	assert_int_equal(ask("fixed.example.org"), R_OK);
	assert_true(got.n == 1 && got.ttl_s == HOSTS_TTL_S && s.asked == 2);
	s.flags = 0x8183;
	assert_int_equal(ask(HOST), R_HOST_UNKNOWN);
	assert_string_equal(got.detail, "there is no such name");
	s.flags = 0x8180;
	put(conf, "nameserver 127.0.0.2\nnameserver 127.0.0.1\n");	/* nobody listens at the first: the second is asked after its time */
	assert_int_equal(ask(HOST), R_OK);
	assert_int_equal(resolver.n, 0);
	event_free(s.ev);
	close(s.fd);
}

static void
test_link_dies(void **state)
{
	(void)state;
	put(conf, "nameserver 127.0.0.9\n");
	ipc_free(link_);
	link_ = NULL;
	while (resolver.link)
		event_base_loop(base, EVLOOP_ONCE);
	assert_int_equal(resolver.n, 0);
}

static int
setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/cw-resolve.XXXXXX");
	base = event_base_new();
	if (!mkdtemp(dir) || !base)
		return 1;
	snprintf(conf, sizeof(conf), "%s/resolv.conf", dir);
	snprintf(hosts, sizeof(hosts), "%s/hosts", dir);
	log_init("test_resolve", LOG_ERROR);
	resolver_init(&resolver, base);
	resolver.conf = conf;
	resolver.hosts = hosts;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	resolver_fini(&resolver);
	event_base_free(base);
	unlink(conf);
	unlink(hosts);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_question), cmocka_unit_test(test_answer), cmocka_unit_test(test_odd_answers), cmocka_unit_test(test_files),
		cmocka_unit_test(test_names), cmocka_unit_test(test_lookups), cmocka_unit_test(test_link_dies),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
