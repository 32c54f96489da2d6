/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The daemon around the machine: ancillary data, waiting requests and the outbox by themselves; then a whole iked on loopback
 * sockets, whose neighbours keymgr, spdsync and ipsecd are played here over socket pairs.
 */
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "msg_esp.h"
#include "run/iked.h"
#include "wire/msg.h"

/* --- the pure parts --- */

static void
test_waits(void **state)
{
	struct waits w = { 0 };
	struct wait got;
	uint64_t tags[WAITS_MAX];

	assert_false(waits_take(&w, 1, &got));
	for (unsigned i = 0; i < WAITS_MAX; i++)
		assert_true((tags[i] = waits_add(&w, (uint16_t)i, i + 1)) != 0);
	assert_true(waits_add(&w, 1, 1) == 0);
	for (unsigned i = 0; i < WAITS_MAX; i += 2) {
		assert_true(waits_take(&w, tags[i], &got));
		assert_true(got.type == (uint16_t)i && got.id == i + 1);
		assert_false(waits_take(&w, tags[i], &got));
	}
	assert_int_equal(w.n, WAITS_MAX / 2);
	waits_free(&w);
	assert_true(waits_add(&w, 1, 1) > tags[WAITS_MAX - 1]);	/* tags are not used again */
	waits_free(&w);
}

static void
test_outbox(void **state)
{
	struct outbox o = { 0 };
	uint8_t *p, i;
	size_t n;

	assert_false(outbox_take(&o, &p, &n));
	for (i = 0; i < OUTBOX_MAX + 10; i++)
		outbox_put(&o, bytes_of(&i, 1));
	for (i = 10; i < OUTBOX_MAX + 10; i++) {
		assert_true(outbox_take(&o, &p, &n));
		assert_true(n == 1 && p[0] == i);
		free(p);
	}
	assert_false(outbox_take(&o, &p, &n));
	outbox_put(&o, bytes_of("x", 1));
	outbox_free(&o);
	assert_int_equal(o.n, 0);
}

static void
test_pktinfo(void **state)
{
	uint8_t control[CMSG_ROOM] __attribute__((aligned(8)));
	const struct addr v4 = { 4, { 127, 0, 0, 1 } }, v6 = { 6, { 0xfd, 1, 2 } }, any = { 4, { 0 } };
	struct msghdr m = { 0 };
	struct in_pktinfo i4;
	struct in6_pktinfo i6;
	struct addr got;

	pktinfo_put(&m, control, &any);
	assert_int_equal(m.msg_controllen, 0);
	assert_false(pktinfo_get(&m, &got));
	pktinfo_put(&m, control, &v4);
	memcpy(&i4, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(i4));
	assert_int_equal(i4.ipi_spec_dst.s_addr, htonl(0x7f000001));
	assert_int_equal(i4.ipi_ifindex, 0);
	i4.ipi_addr = i4.ipi_spec_dst;		/* what the kernel would give back */
	memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), &i4, sizeof(i4));
	assert_true(pktinfo_get(&m, &got) && addr_eq(&got, &v4));
	pktinfo_put(&m, control, &v6);
	memcpy(&i6, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(i6));
	assert_memory_equal(&i6.ipi6_addr, v6.b, 16);
	assert_true(pktinfo_get(&m, &got) && addr_eq(&got, &v6));
	CMSG_FIRSTHDR(&m)->cmsg_len -= 1;
	assert_false(pktinfo_get(&m, &got));
}

static void
test_icmp_error(void **state)
{
	uint8_t control[128] __attribute__((aligned(8))) = { 0 };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(500), .sin_addr.s_addr = htonl(0xc0000201) };
	struct msghdr m = { .msg_name = &to, .msg_namelen = sizeof(to), .msg_control = control,
		.msg_controllen = CMSG_SPACE(sizeof(struct sock_extended_err)) };
	struct sock_extended_err e = { .ee_errno = ECONNREFUSED, .ee_origin = SO_EE_ORIGIN_ICMP };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	struct endpoint remote;
	int err;

	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_RECVERR;
	c->cmsg_len = CMSG_LEN(sizeof(e));
	memcpy(CMSG_DATA(c), &e, sizeof(e));
	assert_true(icmp_error_get(&m, &remote, &err));
	assert_true(err == ECONNREFUSED && remote.port == 500 && remote.addr.b[0] == 192);
	e.ee_origin = SO_EE_ORIGIN_TIMESTAMPING;
	memcpy(CMSG_DATA(c), &e, sizeof(e));
	assert_false(icmp_error_get(&m, &remote, &err));
	e.ee_origin = SO_EE_ORIGIN_ICMP;
	memcpy(CMSG_DATA(c), &e, sizeof(e));
	c->cmsg_len = CMSG_LEN(4);
	assert_false(icmp_error_get(&m, &remote, &err));
	m.msg_controllen = 0;
	assert_false(icmp_error_get(&m, &remote, &err));
}

static void
test_warm(void **state)
{
	assert_true(crypto_warm());
}

/* --- a whole iked --- */

struct world {
	struct iked	k;
	struct ipc	*keymgr, *spdsync, *ipsecd;	/* the far ends */
	unsigned	key_calls, states, records, downs;
	uint16_t	call_type;
	uint32_t	call_id;
	struct tunnel_state state;
	struct record	record;
	unsigned	answers;
	enum reason	answer;
	uint16_t	port;		/* of iked's UDP 500 */
};

static bool
far_call(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct world *w = ctx;

	rd_rest(&m->body);
	w->key_calls++;
	w->call_type = m->type;
	w->call_id = m->id;
	if (m->type == KEY_CHILD_LIST)
		ipc_reply(l, m, bytes_of("\0", 2));	/* none survived */
	return true;
}

static bool
far_state(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct world *w = ctx;

	w->states++;
	return tunnel_state_get(&m->body, &w->state);
}

static bool
far_record(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	struct world *w = ctx;

	w->records++;
	return record_get(&m->body, &w->record);
}

static bool
far_counters(void *ctx, struct ipc *l, struct ipc_msg *m)
{
	rd_rest(&m->body);
	return true;
}

static void
far_down(void *ctx, struct ipc *l)
{
	struct world *w = ctx;

	w->downs++;
	if (l == w->keymgr)
		w->keymgr = NULL;
	if (l == w->spdsync)
		w->spdsync = NULL;
	if (l == w->ipsecd)
		w->ipsecd = NULL;
}

#define ROW(type)	{ type, #type, IPC_AFTER_HELLO, IPC_MAX, far_call }
static const struct ipc_row key_rows[] = { ROW(KEY_KE_NEW), ROW(KEY_IKE_DERIVE), ROW(KEY_AUTH_SIGN), ROW(KEY_AUTH_VERIFY),
	ROW(KEY_SPI_NEW), ROW(KEY_CHILD_INSTALL), ROW(KEY_CHILD_SEND), ROW(KEY_REMOVE), ROW(KEY_CHILD_LIST), ROW(KEY_ASK_FAILED) };
static const struct ipc_table far_key = { "far-keymgr", key_rows, 9, NULL, far_down };
static const struct ipc_row sync_rows[] = {
	{ IKE_STATE, "STATE", IPC_AFTER_HELLO, IPC_MAX, far_state },
	{ IKE_RECORD, "RECORD", IPC_AFTER_HELLO, IPC_MAX, far_record },
	{ IKE_COUNTERS, "COUNTERS", IPC_AFTER_HELLO, IPC_MAX, far_counters } };
static const struct ipc_table far_sync = { "far-spdsync", sync_rows, 3, NULL, far_down };
static const struct ipc_table far_relay = { "far-ipsecd", NULL, 0, NULL, far_down };

static struct ipc *
link_up(struct world *w, const char *name, const struct ipc_table *table)
{
	int s[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, s), 0);
	iked_give(&w->k, name, s[0]);
	iked_turn(&w->k);
	return ipc_new(w->k.base, s[1], table, w);
}

/* Port 0: any. */
static int
udp(const char *addr, uint16_t *port)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(*port), .sin_addr.s_addr = inet_addr(addr) };
	socklen_t n = sizeof(a);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	*port = ntohs(a.sin_port);
	return fd;
}

/* Turn the loop until *what reaches at_least; a ceiling of 10 s that a good run never sees. */
static bool
until(struct world *w, const unsigned *what, unsigned at_least)
{
	uint64_t end = clock_now_ns() + 10 * NS_PER_S;

	while (*what < at_least && clock_now_ns() < end) {
		event_base_loop(w->k.base, EVLOOP_NONBLOCK);
		usleep(500);
	}
	return *what >= at_least;
}

static void
spin(struct world *w)
{
	for (int i = 0; i < 50; i++) {
		event_base_loop(w->k.base, EVLOOP_NONBLOCK);
		usleep(200);
	}
}

static void
answered(void *arg, enum reason reason, struct rd *body)
{
	struct world *w = arg;

	w->answers++;
	w->answer = reason;
	rd_rest(body);
}

static void
put_tunnel(struct world *w, const char *remote)
{
	static uint8_t buf[IPC_MAX];
	struct wr out = wr_of(buf, sizeof(buf));
	struct tunnel *t = calloc(1, sizeof(*t));
	struct prefix p;

	strcpy(t->name, "a-b");
	assert_true(addr_parse("127.0.0.1", &t->local) && addr_parse(remote, &t->remote));
	strcpy(t->id_local, "fqdn:a");
	strcpy(t->id_remote, "fqdn:b");
	t->start = START_ALWAYS;
	t->first = 1;
	t->ike_life_s = 28800;
	t->child_life_s = 3600;
	t->replay_window = 128;
	assert_true(preset_find("modern", &t->ike, &t->esp));
	t->nchildren = 1;
	strcpy(t->children[0].name, "net");
	t->children[0].reqid = 1;
	t->children[0].local.n = t->children[0].remote.n = 1;
	assert_true(prefix_parse("10.0.1.0/24", &p));
	t->children[0].local.v[0] = ts_from_prefix(&p);
	assert_true(prefix_parse("10.0.2.0/24", &p));
	t->children[0].remote.v[0] = ts_from_prefix(&p);
	tunnel_put(&out, t);
	assert_true(wr_ok(&out));
	assert_true(ipc_call(w->spdsync, IKE_TUNNEL_PUT, wr_bytes(&out), R_SYNC_DOWN, answered, w) != 0);
	free(t);
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	int fd;

	assert_non_null(w);
	fd = udp("127.0.0.1", &w->port);
	w->k.proc.natt_port = 4500;
	w->k.proc.ike_port = w->port;
	assert_true(iked_build(&w->k));
	iked_give(&w->k, "ike4", fd);
	sockets_prepare(w->k.sockets);
	w->keymgr = link_up(w, "keymgr", &far_key);
	w->spdsync = link_up(w, "spdsync", &far_sync);
	w->ipsecd = link_up(w, "ipsecd", &far_relay);
	spin(w);
	assert_true(ipc_is_up(w->keymgr) && ipc_is_up(w->spdsync) && ipc_is_up(w->ipsecd));
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	ipc_free(w->keymgr);
	ipc_free(w->spdsync);
	ipc_free(w->ipsecd);
	iked_take_down(&w->k);
	free(w);
	return 0;
}

static void
engine_back(struct world *w)
{
	const uint8_t features = KEY_FEAT_HELLO | KEY_FEAT_ESN | KEY_FEAT_AEAD | KEY_FEAT_WINDOW;

	ipc_event(w->keymgr, KEY_ENGINE_BACK, bytes_of(&features, 1));
	spin(w);
}

/* keymgr's answer to what was asked last, when that is a new key exchange. */
static void
answer_ke(struct world *w)
{
	uint8_t b[512], pub[512] = { 7 };
	struct wr out = wr_of(b, sizeof(b));
	struct ipc_msg m = { .type = w->call_type, .id = w->call_id };

	assert_int_equal(w->call_type, KEY_KE_NEW);
	wr_le32(&out, 1);
	span_put(&out, bytes_of(pub, 32));
	assert_true(ipc_reply(w->keymgr, &m, wr_bytes(&out)));
}

/* PUT, SYNC: a state comes; the engine's wish for a key goes to keymgr; its answer becomes an IKE_SA_INIT on the wire. */
static void
test_tunnel_to_wire(void **state)
{
	struct world *w = *state;
	struct sockaddr_in from;
	socklen_t nfrom = sizeof(from);
	static uint8_t got[4096];
	static struct msg m;
	uint16_t port = w->port;
	int peer = udp("127.0.0.2", &port);
	unsigned before;
	ssize_t n = -1;

	engine_back(w);
	put_tunnel(w, "127.0.0.2");
	ipc_call(w->spdsync, IKE_SYNC, bytes_of(NULL, 0), R_SYNC_DOWN, answered, w);
	assert_true(until(w, &w->answers, 2));
	assert_int_equal(w->answer, R_OK);
	assert_true(until(w, &w->states, 1));
	assert_string_equal(w->state.name, "a-b");
	for (before = 1; w->call_type != KEY_KE_NEW; before++)
		assert_true(until(w, &w->key_calls, before));
	answer_ke(w);
	for (int i = 0; i < 2000 && n < 0; i++) {
		event_base_loop(w->k.base, EVLOOP_NONBLOCK);
		n = recvfrom(peer, got, sizeof(got), 0, (struct sockaddr *)&from, &nfrom);
		usleep(500);
	}
	assert_true(n > 0);
	assert_int_equal(msg_get_outer(bytes_of(got, (size_t)n), &m), WE_OK);
	assert_true(m.hdr.exchange == EX_IKE_SA_INIT && m.hdr.initiator && !m.hdr.response && m.ke.data.p[0] == 7);
	assert_int_equal(from.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
	assert_int_equal(ntohs(from.sin_port), w->port);
	close(peer);
}

/* Datagrams on UDP 500 are read, whatever they are, and do no harm. */
static void
test_packet_in(void **state)
{
	struct world *w = *state;
	uint16_t port = 0;
	int peer = udp("127.0.0.1", &port);
	const struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(w->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	static uint8_t big[60000];

	assert_int_equal(sendto(peer, "hello", 5, 0, (const struct sockaddr *)&to, sizeof(to)), 5);
	assert_int_equal(sendto(peer, big, sizeof(big), 0, (const struct sockaddr *)&to, sizeof(to)), sizeof(big));
	assert_int_equal(sendto(peer, "", 0, 0, (const struct sockaddr *)&to, sizeof(to)), 0);
	for (int i = 0; i < 2000 && sockets_counters(w->k.sockets)->received < 3; i++) {
		event_base_loop(w->k.base, EVLOOP_NONBLOCK);
		usleep(500);
	}
	assert_int_equal(sockets_counters(w->k.sockets)->received, 3);
	assert_int_equal(sockets_counters(w->k.sockets)->truncated + sockets_counters(w->k.sockets)->no_source, 0);
	close(peer);
}

/* UDP 4500 beside a kernel's engine: IKE comes without its marker; ESP of no SA and keepalives are counted. */
struct heard { unsigned n, strays; uint32_t spi; uint16_t from; uint16_t port; bool natt; uint8_t data[16]; size_t len; };

static void
hear(void *ctx, const struct endpoint *local, const struct endpoint *remote, bool natt, struct bytes data)
{
	struct heard *h = ctx;

	h->n++;
	h->port = local->port;
	h->natt = natt;
	h->len = data.n < sizeof(h->data) ? data.n : sizeof(h->data);
	memcpy(h->data, data.p, h->len);
}

static void
hear_stray(void *ctx, const struct endpoint *local, const struct endpoint *remote, uint32_t spi)
{
	struct heard *h = ctx;

	h->strays++;
	h->spi = spi;
	h->from = remote->port;
}

static void
hear_error(void *ctx, const struct endpoint *remote, int err)
{
}

static void
test_natt_read(void **state)
{
	static const uint8_t ike[] = { 0, 0, 0, 0, 'i', 'k', 'e' }, esp[] = { 0, 0, 1, 0, 'e', 's', 'p', '4' }, keepalive[] = { 0xff };
	struct world *w = *state;
	struct heard h = { 0 };
	const struct sockets_sink sink = { &h, hear, hear_stray, hear_error };
	uint16_t port = 0, other = 0;
	int fd = udp("127.0.0.1", &port), peer = udp("127.0.0.1", &other);
	const struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockets *s = sockets_new(w->k.base, &sink, 500, port, true);

	assert_non_null(s);
	assert_true(sockets_give(s, "natt4", fd));
	sockets_prepare(s);
	assert_int_equal(sendto(peer, esp, sizeof(esp), 0, (const struct sockaddr *)&to, sizeof(to)), sizeof(esp));
	assert_int_equal(sendto(peer, esp, sizeof(esp) - 1, 0, (const struct sockaddr *)&to, sizeof(to)), sizeof(esp) - 1);	/* no ESP is that short */
	assert_int_equal(sendto(peer, keepalive, 1, 0, (const struct sockaddr *)&to, sizeof(to)), 1);
	assert_int_equal(sendto(peer, ike, 4, 0, (const struct sockaddr *)&to, sizeof(to)), 4);
	assert_int_equal(sendto(peer, ike, sizeof(ike), 0, (const struct sockaddr *)&to, sizeof(to)), sizeof(ike));
	for (int i = 0; i < 2000 && h.n == 0; i++) {
		event_base_loop(w->k.base, EVLOOP_NONBLOCK);
		usleep(500);
	}
	assert_true(h.n == 1 && h.natt && h.port == port && h.len == 3);
	assert_memory_equal(h.data, "ike", 3);
	assert_int_equal(sockets_counters(s)->received, 5);
	assert_int_equal(sockets_counters(s)->not_ike, 4);
	assert_true(h.strays == 1 && h.spi == 0x100 && h.from == other);
	sockets_free(s);
	close(peer);
}

/* A port where nobody listens: the kernel's ICMP error comes back by the error queue, and spoils no later send. */
static void
test_port_closed(void **state)
{
	struct world *w = *state;
	struct endpoint local = { .addr = { 4, { 127, 0, 0, 1 } } }, remote = local;
	const struct endpoint nowhere = { .addr = { 4, { 192, 0, 2, 9 } }, .port = 1 };
	uint16_t closed = 0, open = 0;
	int fd = udp("127.0.0.1", &closed), peer = udp("127.0.0.1", &open);
	uint8_t got[64];

	close(fd);
	remote.port = closed;
	assert_int_equal(sockets_send(w->k.sockets, &local, &remote, false, false, bytes_of("x", 1)), 0);
	for (int i = 0; i < 2000 && sockets_counters(w->k.sockets)->icmp_errors < 1; i++) {
		event_base_loop(w->k.base, EVLOOP_NONBLOCK);
		usleep(500);
	}
	assert_int_equal(sockets_counters(w->k.sockets)->icmp_errors, 1);
	assert_int_equal(sockets_send(w->k.sockets, &local, &remote, false, false, bytes_of("x", 1)), 0);
	usleep(20000);
	remote.port = open;
	assert_int_equal(sockets_send(w->k.sockets, &local, &remote, false, true, bytes_of("yz", 2)), 0);
	usleep(20000);
	assert_int_equal(recv(peer, got, sizeof(got), 0), 6);
	assert_memory_equal(got, "\0\0\0\0yz", 6);
	assert_int_equal(sockets_send(w->k.sockets, &nowhere, &remote, false, false, bytes_of("x", 1)), EADDRNOTAVAIL);
	assert_int_equal(sockets_send(w->k.sockets, &local, &remote, true, true, bytes_of("x", 1)), EAFNOSUPPORT);
	close(peer);
}

/* Neighbours come and go; iked goes on, and a fresh link works as the first did. */
static void
test_neighbours_restart(void **state)
{
	struct world *w = *state;

	engine_back(w);
	put_tunnel(w, "127.0.0.2");
	ipc_call(w->spdsync, IKE_SYNC, bytes_of(NULL, 0), R_SYNC_DOWN, answered, w);
	assert_true(until(w, &w->answers, 2));
	for (int i = 0; i < 5; i++) {
		struct ipc *old = w->spdsync;

		w->spdsync = NULL;
		w->downs = 0;
		if (i % 2 == 0) {		/* the old end dies first; or the fresh pair comes first, which closes the old one */
			ipc_free(old);
			spin(w);
			assert_null(w->k.spdsync);
		}
		w->spdsync = link_up(w, "spdsync", &far_sync);
		spin(w);
		assert_true(ipc_is_up(w->spdsync) && ipc_is_up(w->k.spdsync));
		assert_int_equal(w->downs, i % 2);
		w->states = w->answers = 0;
		put_tunnel(w, "127.0.0.2");
		ipc_call(w->spdsync, IKE_SYNC, bytes_of(NULL, 0), R_SYNC_DOWN, answered, w);
		assert_true(until(w, &w->answers, 2));
		assert_true(until(w, &w->states, 1));

		ipc_free(w->keymgr);
		w->keymgr = NULL;
		spin(w);
		assert_null(w->k.keymgr);
		w->key_calls = 0;
		w->keymgr = link_up(w, "keymgr", &far_key);
		spin(w);
		engine_back(w);
		assert_true(ipc_is_up(w->k.keymgr));

		ipc_free(w->ipsecd);
		w->ipsecd = link_up(w, "ipsecd", &far_relay);
		spin(w);
		assert_true(ipc_is_up(w->k.ipsecd));
	}
}

/* The relay's messages reach the machine; a malformed one closes that link alone. */
static void
test_relay(void **state)
{
	struct world *w = *state;
	struct relay r = { .local = { { 4, { 127, 0, 0, 1 } }, 4500 }, .remote = { { 4, { 127, 0, 0, 2 } }, 4500 } };
	uint8_t b[256];
	struct wr out = wr_of(b, sizeof(b));

	r.data = bytes_of("not an IKE message, but it has the length of one", 48);
	relay_put(&out, &r);
	assert_true(ipc_event(w->ipsecd, RELAY_IKE, wr_bytes(&out)));
	spin(w);
	assert_true(ipc_is_up(w->k.ipsecd));
	assert_true(ipc_event(w->ipsecd, RELAY_IKE, bytes_of(b, out.n - 1)));
	assert_true(until(w, &w->downs, 1));
	assert_null(w->k.ipsecd);
	assert_true(ipc_is_up(w->k.keymgr) && ipc_is_up(w->k.spdsync));
}

/* Commands for tunnels that do not exist are answered; names that are none close the link. */
static void
test_commands(void **state)
{
	struct world *w = *state;
	uint8_t b[256];
	struct wr out = wr_of(b, sizeof(b));

	str_put(&out, "nobody/net");
	ipc_call(w->spdsync, IKE_UP, wr_bytes(&out), R_SYNC_DOWN, answered, w);
	assert_true(until(w, &w->answers, 1));
	assert_int_equal(w->answer, R_NOT_FOUND);
	wr_u8(&out, IKE_REKEY_SA);
	ipc_call(w->spdsync, IKE_REKEY, wr_bytes(&out), R_SYNC_DOWN, answered, w);
	assert_true(until(w, &w->answers, 2));
	assert_int_equal(w->answer, R_NOT_FOUND);
	ipc_call(w->spdsync, IKE_SHUTDOWN, bytes_of(NULL, 0), R_SYNC_DOWN, answered, w);
	assert_true(until(w, &w->answers, 3));
	assert_int_equal(w->answer, R_OK);
	assert_int_equal(w->k.waits.n, 0);
	out = wr_of(b, sizeof(b));
	str_put(&out, "No Body");
	ipc_call(w->spdsync, IKE_DOWN, wr_bytes(&out), R_SYNC_DOWN, answered, w);
	assert_true(until(w, &w->downs, 1));
	assert_int_equal(w->answer, R_SYNC_DOWN);
}

/* Events that are none of keymgr's, or malformed, close its link. */
static void
test_bad_event(void **state)
{
	struct world *w = *state;
	const uint8_t short_event[3] = { 1 };

	ipc_event(w->keymgr, KEY_EXPIRE, bytes_of(short_event, 3));
	assert_true(until(w, &w->downs, 1));
	assert_null(w->k.keymgr);
	assert_true(ipc_is_up(w->k.spdsync));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waits),
		cmocka_unit_test(test_outbox),
		cmocka_unit_test(test_pktinfo),
		cmocka_unit_test(test_icmp_error),
		cmocka_unit_test(test_warm),
		cmocka_unit_test_setup_teardown(test_tunnel_to_wire, setup, teardown),
		cmocka_unit_test_setup_teardown(test_packet_in, setup, teardown),
		cmocka_unit_test_setup_teardown(test_port_closed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_natt_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_neighbours_restart, setup, teardown),
		cmocka_unit_test_setup_teardown(test_relay, setup, teardown),
		cmocka_unit_test_setup_teardown(test_commands, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_event, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
