/* SPDX-License-Identifier: BSD-2-Clause */
/* lib/pfkey: octets against <linux/pfkeyv2.h>, round trips, truncation, strictness, and the client. */
#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pfkey.h"
#include "test.h"

static struct addr
addr(const char *s)
{
	struct addr a;

	assert_true(addr_parse(s, &a));
	return a;
}

static struct prefix
prefix(const char *s)
{
	struct prefix p;

	assert_true(prefix_parse(s, &p));
	return p;
}

static size_t
build(const struct pfkey_msg *m, uint8_t *buf)
{
	struct wr w = wr_of(buf, PFKEY_MSG_MAX);

	assert_true(pfkey_put(&w, m));
	return w.n;
}

/* Everything an SA message can carry. */
static void
full_sa(struct pfkey_msg *m, bool six)
{
	struct endpoint src = { .addr = addr(six ? "2001:db8::1" : "20.0.0.1") }, dst = { .addr = addr(six ? "2001:db8::2" : "20.0.0.2") };
	struct prefix net = prefix(six ? "2001:db8:1::/48" : "10.0.1.0/24");

	pfkey_msg_init(m, SADB_UPDATE, SADB_SATYPE_ESP);
	m->seq = 0x01020304;
	m->pid = 4711;
	pfkey_set_ends(m, &src, &dst);
	pfkey_set_sa2(m, CW_MODE_TUNNEL, 99);
	pfkey_set_owner(m, "keymgr:a/b 00000001");
	m->sa = (struct pfkey_sa){ .spi = 0xdeadbeef, .replay = 32, .state = 1, .auth = 5, .encrypt = 12, .flags = 0x20000000 };
	m->soft = (struct pfkey_lifetime){ .packets = 5000000000, .bytes = 100, .addtime = 10, .usetime = 1 };
	m->hard = (struct pfkey_lifetime){ .packets = 6000000000, .bytes = 200, .addtime = 20, .usetime = 2 };
	m->current = (struct pfkey_lifetime){ .packets = 7, .bytes = 8, .addtime = 9, .usetime = 10 };
	m->proxy = m->src;
	m->key_auth = bytes_of("0123456789abcdef0123456789abcdef", 32);
	m->key_encrypt = bytes_of("0123456789abcdefABCD", 20);
	m->spi_min = 256;
	m->spi_max = 0xffffffff;
	m->natt_type = 2;
	m->natt_sport = 4500;
	m->natt_dport = 1024;
	m->replay_window = 4096;
	m->sa_flags = CW_SAF_ESN | CW_SAF_IN;
	m->sel_src.n = 2;
	m->sel_src.v[0] = m->sel_src.v[1] = ts_from_prefix(&net);
	m->sel_src.v[1].proto = 6;
	m->sel_src.v[1].port_lo = 80;
	m->sel_src.v[1].port_hi = 90;
	m->sel_dst.n = 1;
	m->sel_dst.v[0] = ts_from_prefix(&net);
	m->stats = (struct pfkey_stats){ 1, 2, 3, 4, 5, 6, 7 };
	m->has |= PFKEY_HAS(SADB_EXT_SA) | PFKEY_HAS(SADB_EXT_LIFETIME_CURRENT) | PFKEY_HAS(SADB_EXT_LIFETIME_HARD) | PFKEY_HAS(SADB_EXT_LIFETIME_SOFT) |
	    PFKEY_HAS(SADB_EXT_ADDRESS_PROXY) | PFKEY_HAS(SADB_EXT_KEY_AUTH) | PFKEY_HAS(SADB_EXT_KEY_ENCRYPT) | PFKEY_HAS(SADB_EXT_SPIRANGE) |
	    PFKEY_HAS(SADB_X_EXT_NAT_T_TYPE) | PFKEY_HAS(SADB_X_EXT_NAT_T_SPORT) | PFKEY_HAS(SADB_X_EXT_NAT_T_DPORT) | PFKEY_HAS(CW_EXT_REPLAY) |
	    PFKEY_HAS(CW_EXT_SAFLAGS) | PFKEY_HAS(CW_EXT_SELECTORS) | PFKEY_HAS(CW_EXT_STATS) | PFKEY_HAS(CW_EXT_PACKETS);
}

static void
full_policy(struct pfkey_msg *m, bool six)
{
	struct prefix src = prefix(six ? "2001:db8:1::/48" : "10.0.1.0/24"), dst = prefix(six ? "::/0" : "0.0.0.0/0");

	pfkey_msg_init(m, SADB_X_SPDADD, 0);
	pfkey_set_selector(m, &src, &dst, 6, 80, 0);
	pfkey_set_owner(m, "spdsync:a/b");
	m->policy = (struct pfkey_policy){ .type = CW_POLICY_IPSEC, .dir = CW_DIR_OUT, .id = 8, .priority = 0x80000000, .n = 2 };
	m->policy.req[0] = (struct pfkey_request){ .proto = 50, .mode = CW_MODE_TUNNEL, .level = CW_LEVEL_UNIQUE, .reqid = 70000,
	    .src = addr(six ? "2001:db8::1" : "20.0.0.1"), .dst = addr(six ? "::" : "0.0.0.0") };
	m->policy.req[1] = (struct pfkey_request){ .proto = 51, .mode = CW_MODE_TRANSPORT, .level = CW_LEVEL_REQUIRE };
	m->has |= PFKEY_HAS(SADB_X_EXT_POLICY);
}

static void
register_reply(struct pfkey_msg *m)
{
	pfkey_msg_init(m, SADB_REGISTER, SADB_SATYPE_ESP);
	m->algs_auth.n = 1;
	m->algs_auth.v[0] = (struct sadb_alg){ .sadb_alg_id = 5, .sadb_alg_minbits = 256, .sadb_alg_maxbits = 256 };
	m->algs_encrypt.n = 2;
	m->algs_encrypt.v[0] = (struct sadb_alg){ .sadb_alg_id = 12, .sadb_alg_ivlen = 16, .sadb_alg_minbits = 128, .sadb_alg_maxbits = 256 };
	m->algs_encrypt.v[1] = (struct sadb_alg){ .sadb_alg_id = 20, .sadb_alg_ivlen = 8, .sadb_alg_minbits = 160, .sadb_alg_maxbits = 288 };
	m->hello_version = CW_HELLO_VERSION;
	m->hello_features = CW_FEAT_ESN | CW_FEAT_AEAD;
	m->has = PFKEY_HAS(SADB_EXT_SUPPORTED_AUTH) | PFKEY_HAS(SADB_EXT_SUPPORTED_ENCRYPT) | PFKEY_HAS(CW_EXT_HELLO) | PFKEY_HAS(CW_EXT_KEYLESS);
}

static void
sample(unsigned i, struct pfkey_msg *m)
{
	if (i < 2)
		full_sa(m, i == 1);
	else if (i < 4)
		full_policy(m, i == 3);
	else
		register_reply(m);
}

static const void *
find_ext(const uint8_t *b, size_t n, uint16_t type)
{
	for (size_t at = 16; at < n; ) {
		uint16_t head[2];

		memcpy(head, b + at, 4);
		if (head[1] == type)
			return b + at;
		at += head[0] * 8u;
	}
	fail_msg("extension %u is missing", type);
	return NULL;
}

static void
test_layout_sa(void **state)
{
	static uint8_t b[PFKEY_MSG_MAX];
	const struct sadb_address *a;
	const struct sadb_lifetime *l;
	const struct sockaddr_in *in;
	const struct sadb_sa *sa;
	const struct sadb_key *k;
	struct sadb_msg h;
	struct pfkey_msg m;
	size_t n;

	full_sa(&m, false);
	n = build(&m, b);
	memcpy(&h, b, sizeof(h));
	assert_int_equal(h.sadb_msg_version, PF_KEY_V2);
	assert_int_equal(h.sadb_msg_type, SADB_UPDATE);
	assert_int_equal(h.sadb_msg_satype, SADB_SATYPE_ESP);
	assert_int_equal(h.sadb_msg_len * 8, n);
	assert_int_equal(h.sadb_msg_seq, 0x01020304);
	assert_int_equal(h.sadb_msg_pid, 4711);
	sa = find_ext(b, n, SADB_EXT_SA);
	assert_int_equal(sa->sadb_sa_len, 2);
	assert_int_equal(ntohl(sa->sadb_sa_spi), 0xdeadbeef);
	assert_int_equal(sa->sadb_sa_flags, 0x20000000);
	l = find_ext(b, n, SADB_EXT_LIFETIME_HARD);
	assert_int_equal(l->sadb_lifetime_allocations, UINT32_MAX);	/* what does not fit is in PACKETS */
	assert_int_equal(l->sadb_lifetime_addtime, 20);
	a = find_ext(b, n, SADB_EXT_ADDRESS_DST);
	assert_int_equal(a->sadb_address_len, 3);
	assert_int_equal(a->sadb_address_prefixlen, 32);
	in = (const struct sockaddr_in *)(a + 1);
	assert_int_equal(in->sin_family, AF_INET);
	assert_int_equal(ntohl(in->sin_addr.s_addr), 0x14000002);
	k = find_ext(b, n, SADB_EXT_KEY_ENCRYPT);
	assert_int_equal(k->sadb_key_bits, 160);
	assert_int_equal(k->sadb_key_len, 4);
	assert_memory_equal(k + 1, "0123456789abcdefABCD\0\0\0\0", 24);
	assert_int_equal(ntohs(((const struct sadb_x_nat_t_port *)find_ext(b, n, SADB_X_EXT_NAT_T_DPORT))->sadb_x_nat_t_port_port), 1024);
	assert_int_equal(((const struct sadb_x_sa2 *)find_ext(b, n, SADB_X_EXT_SA2))->sadb_x_sa2_reqid, 99);
	assert_int_equal(((const struct cw_ext_replay *)find_ext(b, n, CW_EXT_REPLAY))->packets, 4096);
	assert_int_equal(((const struct cw_ext_selectors *)find_ext(b, n, CW_EXT_SELECTORS))->n, 3);
	assert_int_equal(((const struct cw_ext_selectors *)find_ext(b, n, CW_EXT_SELECTORS))->len * 8, 8 + 3 * sizeof(struct cw_ext_selector));
	assert_int_equal(((const struct cw_ext_owner *)find_ext(b, n, CW_EXT_OWNER))->len * 8, sizeof(struct cw_ext_owner));
	assert_int_equal(((const struct cw_ext_stats *)find_ext(b, n, CW_EXT_STATS))->len * 8, sizeof(struct cw_ext_stats));
	assert_true(((const struct cw_ext_packets *)find_ext(b, n, CW_EXT_PACKETS))->hard == 6000000000);
}

static void
test_layout_policy(void **state)
{
	static uint8_t b[PFKEY_MSG_MAX];
	const struct sadb_x_ipsecrequest *q;
	const struct sadb_x_policy *p;
	const struct sockaddr_in6 *in6;
	struct pfkey_msg m;
	size_t n;

	full_policy(&m, true);
	n = build(&m, b);
	p = find_ext(b, n, SADB_X_EXT_POLICY);
	assert_int_equal(p->sadb_x_policy_type, CW_POLICY_IPSEC);
	assert_int_equal(p->sadb_x_policy_dir, CW_DIR_OUT);
	assert_int_equal(p->sadb_x_policy_priority, 0x80000000);
	assert_int_equal(p->sadb_x_policy_len * 8, 16 + 16 + 56 + 16);
	q = (const struct sadb_x_ipsecrequest *)(p + 1);
	assert_int_equal(q->sadb_x_ipsecrequest_len, 16 + 56);		/* octets */
	assert_int_equal(q->sadb_x_ipsecrequest_reqid, 70000);
	in6 = (const struct sockaddr_in6 *)(q + 1);
	assert_int_equal(in6[0].sin6_family, AF_INET6);
	assert_int_equal(in6[0].sin6_addr.s6_addr[15], 1);
	assert_int_equal(in6[1].sin6_family, AF_INET6);			/* back to back, without padding */
	q = (const struct sadb_x_ipsecrequest *)((const uint8_t *)q + 72);
	assert_int_equal(q->sadb_x_ipsecrequest_len, 16);
	assert_int_equal(q->sadb_x_ipsecrequest_proto, 51);
}

static void
test_round_trips(void **state)
{
	static uint8_t b[PFKEY_MSG_MAX], c[PFKEY_MSG_MAX];

	for (unsigned i = 0; i < 5; i++) {
		struct pfkey_msg m, r;
		const char *why = "";
		size_t n;

		sample(i, &m);
		n = build(&m, b);
		if (!pfkey_get(bytes_of(b, n), &r, &why))
			fail_msg("sample %u: %s", i, why);
		assert_null(why);
		assert_true(r.has == m.has);
		assert_int_equal(build(&r, c), n);
		assert_memory_equal(b, c, n);
		assert_true(bytes_eq(r.key_encrypt, m.key_encrypt) && bytes_eq(r.key_auth, m.key_auth));
		r.key_encrypt = m.key_encrypt;
		r.key_auth = m.key_auth;
		assert_memory_equal(&r, &m, sizeof(m));
	}
}

/* Every prefix, in a block of its own size, with the length in the header as it was and as it would have to be. */
static void
test_truncation(void **state)
{
	static uint8_t b[PFKEY_MSG_MAX];

	for (unsigned i = 0; i < 5; i++) {
		struct pfkey_msg m, r;
		size_t n;

		sample(i, &m);
		n = build(&m, b);
		for (size_t k = 0; k < n; k++) {
			uint8_t *part = malloc(k ? k : 1);
			uint16_t words = (uint16_t)(k / 8);

			memcpy(part, b, k);
			assert_false(pfkey_get(bytes_of(part, k), &r, NULL));
			if (k >= 16 && k % 8 == 0) {
				memcpy(part + 4, &words, 2);
				if (pfkey_get(bytes_of(part, k), &r, NULL))	/* it ended between two extensions */
					assert_true(r.has != m.has && (r.has & ~m.has) == 0);
			}
			free(part);
		}
	}
}

static bool
taken(uint8_t *b, size_t n)
{
	uint16_t words = (uint16_t)(n / 8);
	struct pfkey_msg m;
	const char *why = "";
	bool ok;

	memcpy(b + 4, &words, 2);
	ok = pfkey_get(bytes_of(b, n), &m, &why);
	assert_true(ok == (why == NULL));
	return ok;
}

static void
ext(uint8_t *b, size_t *n, uint16_t words, uint16_t type, const char *body, size_t len)
{
	memset(b + *n, 0, words * 8u);
	memcpy(b + *n, &words, 2);
	memcpy(b + *n + 2, &type, 2);
	memcpy(b + *n + 4, body, len);
	*n += words * 8u;
}

static void
test_strict(void **state)
{
	static uint8_t b[PFKEY_MSG_MAX];
	struct pfkey_msg m;
	size_t n, base;

	pfkey_msg_init(&m, SADB_GET, SADB_SATYPE_ESP);
	base = build(&m, b);
	assert_true(taken(b, n = base));
	b[0] = 1;
	assert_false(taken(b, n));			/* version */
	b[0] = 2;
	ext(b, &n, 2, SADB_EXT_SA, "", 0);
	assert_true(taken(b, n));
	ext(b, &n, 2, SADB_EXT_SA, "", 0);
	assert_false(taken(b, n));			/* twice */
	ext(b, (n = base, &n), 3, SADB_EXT_SA, "", 0);
	assert_false(taken(b, n));			/* longer than it may be */
	ext(b, (n = base, &n), 1, SADB_EXT_SA, "", 0);
	assert_false(taken(b, n));
	ext(b, (n = base, &n), 1, 200, "", 0);
	assert_true(taken(b, n));			/* unknown: skipped */
	memset(b + base, 0, 8);
	assert_false(taken(b, n));			/* length 0 */
	ext(b, (n = base, &n), 3, SADB_EXT_ADDRESS_SRC, "\0\x20\0\0\x02\0", 6);
	assert_true(taken(b, n));
	b[base + 5] = 33;
	assert_false(taken(b, n));			/* prefix longer than the address */
	ext(b, (n = base, &n), 3, SADB_EXT_ADDRESS_SRC, "\0\x20\0\0\x0a\0", 6);
	assert_false(taken(b, n));			/* an IPv6 family in IPv4's room */
	ext(b, (n = base, &n), 5, SADB_EXT_ADDRESS_SRC, "\0\x20\0\0\x02\0", 6);
	assert_false(taken(b, n));			/* and the other way round */
	ext(b, (n = base, &n), 3, SADB_EXT_ADDRESS_SRC, "\0\x20\0\0\x63\0", 6);
	assert_false(taken(b, n));
	ext(b, (n = base, &n), 2, SADB_EXT_KEY_AUTH, "\x41\0\0\0", 4);
	assert_false(taken(b, n));			/* 65 bits */
	ext(b, (n = base, &n), 2, SADB_EXT_KEY_AUTH, "\x48\0\0\0", 4);
	assert_false(taken(b, n));			/* 72 bits in 8 octets */
	ext(b, (n = base, &n), 3, CW_EXT_HELLO, "nope", 4);
	assert_false(taken(b, n));
	ext(b, (n = base, &n), 6, CW_EXT_SELECTORS, "\x02\0\0\0", 4);
	assert_false(taken(b, n));			/* two promised, one there */
	ext(b, (n = base, &n), 6, CW_EXT_SELECTORS, "\x01\0\0\0\x02\0\x04\0", 8);
	assert_false(taken(b, n));			/* side 2 */
	ext(b, (n = base, &n), 6, CW_EXT_SELECTORS, "\x01\0\0\0\x01\0\x04\0", 8);
	assert_true(taken(b, n));
	b[base + 8 + 8 + 15] = 1;
	assert_false(taken(b, n));			/* rubbish behind an IPv4 address */
	ext(b, (n = base, &n), 3, SADB_X_EXT_POLICY, "", 0);
	assert_false(taken(b, n));			/* a request of length 0 */
}

static void
test_unsayable(void **state)
{
	uint8_t b[64];
	struct wr w = wr_of(b, sizeof(b));
	struct pfkey_msg m;

	full_sa(&m, false);
	assert_false(pfkey_put(&w, &m));		/* no room */
	assert_false(wr_ok(&w));
	pfkey_msg_init(&m, SADB_ADD, SADB_SATYPE_ESP);
	m.has = PFKEY_HAS(SADB_EXT_KEY_ENCRYPT);
	w = wr_of(b, sizeof(b));
	assert_false(pfkey_put(&w, &m));		/* an empty key */
	m.has = PFKEY_HAS(SADB_EXT_ADDRESS_SRC);
	w = wr_of(b, sizeof(b));
	assert_false(pfkey_put(&w, &m));		/* an address of no family */
}

/* The client */

struct fix {
	struct event_base *base;
	struct pfkey	*k;
	int		 raw;
	unsigned	 events, dones, entries, downs;
	int		 err;
	uint32_t	 spi, last_seq;
	bool		 free_in_done, free_in_event, has_reply;
	char		 why[128];
};

static void
on_event(void *ctx, const struct pfkey_msg *m)
{
	struct fix *f = ctx;

	f->events++;
	if (f->free_in_event) {
		pfkey_free(f->k);
		f->k = NULL;
	}
}

static void
on_down(void *ctx, const char *why)
{
	struct fix *f = ctx;

	f->downs++;
	f->k = NULL;
	snprintf(f->why, sizeof(f->why), "%s", why);
}

static const struct pfkey_ops ops = { on_event, on_down };

static void
on_done(void *arg, int err, const struct pfkey_msg *m)
{
	struct fix *f = arg;

	f->dones++;
	f->err = err;
	f->has_reply = m != NULL;
	f->spi = m ? m->sa.spi : 0;
	if (f->free_in_done) {
		pfkey_free(f->k);
		f->k = NULL;
	}
}

static void
on_entry(void *arg, const struct pfkey_msg *m)
{
	((struct fix *)arg)->entries++;
}

static int
setup(void **state)
{
	struct fix *f = calloc(1, sizeof(*f));
	int v[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, v), 0);
	f->base = event_base_new();
	f->raw = v[1];
	f->k = pfkey_new(f->base, v[0], &ops, f);
	assert_non_null(f->k);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fix *f = *state;

	pfkey_free(f->k);
	if (f->raw >= 0)
		close(f->raw);
	event_base_free(f->base);
	free(f);
	return 0;
}

static void
spin(struct fix *f)
{
	for (int i = 0; i < 5; i++)
		event_base_loop(f->base, EVLOOP_NONBLOCK);
}

static void
engine_says(struct fix *f, struct pfkey_msg *m)
{
	static uint8_t b[PFKEY_MSG_MAX];
	size_t n = build(m, b);

	assert_int_equal(send(f->raw, b, n, MSG_NOSIGNAL), n);
	spin(f);
}

/* What the client sent; false: nothing. */
static bool
engine_hears(struct fix *f, struct pfkey_msg *m)
{
	static uint8_t b[PFKEY_MSG_MAX];
	ssize_t n = recv(f->raw, b, sizeof(b), MSG_DONTWAIT);

	if (n <= 0)
		return false;
	assert_true(pfkey_get(bytes_of(b, (size_t)n), m, NULL));
	return true;
}

static uint32_t
get(struct fix *f)
{
	struct pfkey_msg m;

	pfkey_msg_init(&m, SADB_GET, SADB_SATYPE_ESP);
	return pfkey_call(f->k, &m, on_done, f);
}

static void
greet(struct fix *f, bool knows)
{
	struct pfkey_msg m;

	assert_true(pfkey_hello(f->k, SADB_SATYPE_ESP, false, on_done, f));
	assert_true(engine_hears(f, &m));
	assert_int_equal(m.type, SADB_REGISTER);
	assert_true(m.has == PFKEY_HAS(CW_EXT_HELLO));
	m.has = knows ? PFKEY_HAS(CW_EXT_HELLO) : 0;
	m.hello_features = CW_FEAT_ESN;
	engine_says(f, &m);
	assert_int_equal(f->dones, 1);
	f->dones = 0;
	assert_int_equal(pfkey_features(f->k), knows ? CW_FEAT_ESN : 0);
}

static void
test_matching(void **state)
{
	struct fix *f = *state;
	struct pfkey_msg a, b, m;
	uint32_t x = get(f), y = get(f);

	assert_true(x && y && x != y);
	assert_true(engine_hears(f, &a) && engine_hears(f, &b));
	assert_true(a.seq == x && b.seq == y && a.pid == (uint32_t)getpid());
	m = b;
	m.pid++;
	m.err = 0;
	engine_says(f, &m);		/* another client's answer */
	assert_true(f->dones == 0 && f->events == 1);
	m = b;
	m.type = SADB_DELETE;
	engine_says(f, &m);		/* ours, but not to this request */
	assert_true(f->dones == 0 && f->events == 2);
	b.sa.spi = 77;
	b.has = PFKEY_HAS(SADB_EXT_SA);
	engine_says(f, &b);		/* answers may come in any order */
	assert_true(f->dones == 1 && f->err == 0 && f->spi == 77);
	engine_says(f, &b);		/* and count once */
	assert_int_equal(f->dones, 1);
	a.err = ENOENT;
	engine_says(f, &a);
	assert_true(f->dones == 2 && f->err == ENOENT && f->has_reply);
}

static void
test_cancel(void **state)
{
	struct fix *f = *state;
	struct pfkey_msg m;

	pfkey_cancel(f->k, get(f));
	assert_true(engine_hears(f, &m));
	m.err = ENOENT;
	engine_says(f, &m);
	assert_true(f->dones == 0 && f->events == 0);
}

static void
test_hello_first(void **state)
{
	struct fix *f = *state;
	struct pfkey_msg m, got;

	pfkey_msg_init(&m, SADB_ADD, SADB_SATYPE_ESP);
	pfkey_set_owner(&m, "x");
	m.has |= PFKEY_HAS(CW_EXT_PACKETS);
	assert_int_not_equal(pfkey_call(f->k, &m, NULL, NULL), 0);
	assert_true(engine_hears(f, &got) && !(got.has & PFKEY_PRIVATE));	/* left out: it only informs */
	m.has |= PFKEY_HAS(CW_EXT_SAFLAGS);
	assert_int_equal(pfkey_call(f->k, &m, NULL, NULL), 0);			/* this would have been another SA */
	assert_false(engine_hears(f, &got));
	greet(f, true);
	pfkey_set_owner(&m, "x");
	assert_int_not_equal(pfkey_call(f->k, &m, NULL, NULL), 0);
	assert_true(engine_hears(f, &got) && (got.has & PFKEY_HAS(CW_EXT_SAFLAGS)) && (got.has & PFKEY_HAS(CW_EXT_OWNER)));
}

static void
test_stock(void **state)
{
	struct fix *f = *state;
	struct pfkey_msg m;

	greet(f, false);
	pfkey_msg_init(&m, SADB_ADD, SADB_SATYPE_ESP);
	m.has |= PFKEY_HAS(CW_EXT_REPLAY);
	assert_int_equal(pfkey_call(f->k, &m, NULL, NULL), 0);
}

static void
dump_entry(struct fix *f, uint8_t type, uint32_t seq)
{
	struct pfkey_msg m;

	pfkey_msg_init(&m, type, SADB_SATYPE_ESP);
	m.pid = (uint32_t)getpid();
	m.seq = seq;
	m.has = PFKEY_HAS(SADB_EXT_SA);
	engine_says(f, &m);
}

static void
test_dump(void **state)
{
	struct fix *f = *state;
	struct pfkey_msg m, got;

	pfkey_msg_init(&m, SADB_DUMP, SADB_SATYPE_ESP);
	assert_int_not_equal(pfkey_dump(f->k, &m, on_entry, on_done, f), 0);
	pfkey_msg_init(&m, SADB_X_SPDDUMP, 0);
	assert_int_not_equal(pfkey_dump(f->k, &m, on_entry, on_done, f), 0);
	assert_true(engine_hears(f, &got) && got.type == SADB_DUMP);
	assert_false(engine_hears(f, &got));		/* the second waits for the first */
	dump_entry(f, SADB_DUMP, 2);
	dump_entry(f, SADB_DUMP, 1);
	assert_true(f->entries == 2 && f->dones == 0);
	get(f);						/* other requests go on meanwhile */
	assert_true(engine_hears(f, &got) && got.type == SADB_GET);
	engine_says(f, &got);
	assert_int_equal(f->dones, 1);
	dump_entry(f, SADB_DUMP, 0);
	assert_true(f->entries == 3 && f->dones == 2 && f->err == 0);
	assert_true(engine_hears(f, &got) && got.type == SADB_X_SPDDUMP);
	got.err = ENOENT;				/* an empty table */
	engine_says(f, &got);
	assert_true(f->entries == 3 && f->dones == 3 && f->err == 0);
	assert_int_equal(f->events, 0);
	pfkey_msg_init(&m, SADB_DUMP, SADB_SATYPE_ESP);
	pfkey_dump(f->k, &m, on_entry, on_done, f);
	assert_true(engine_hears(f, &got));
	got.has = 0;
	got.seq = 0;
	engine_says(f, &got);				/* a bare end */
	assert_true(f->entries == 3 && f->dones == 4 && f->err == 0);
}

static void
test_end(void **state)
{
	struct fix *f = *state;
	struct pfkey_msg m;

	get(f);
	get(f);
	pfkey_msg_init(&m, SADB_DUMP, SADB_SATYPE_ESP);
	pfkey_dump(f->k, &m, on_entry, on_done, f);
	close(f->raw);
	f->raw = -1;
	spin(f);
	assert_true(f->dones == 3 && f->err == ECONNRESET && f->downs == 1);
	assert_null(f->k);
}

static void
test_malformed(void **state)
{
	struct fix *f = *state;

	get(f);
	assert_int_equal(send(f->raw, "rubbish", 7, 0), 7);
	spin(f);
	assert_true(f->downs == 1 && f->dones == 1 && f->err == ECONNRESET);
	assert_non_null(strstr(f->why, "header"));
}

static void
test_free_in_callbacks(void **state)
{
	struct fix *f = *state;
	struct pfkey_msg m, got;

	get(f);
	get(f);
	assert_true(engine_hears(f, &got));
	f->free_in_done = true;
	pfkey_msg_init(&m, SADB_FLUSH, 0);
	engine_says(f, &got);
	assert_true(f->dones == 1 && f->k == NULL && f->downs == 0);
}

static void
test_free_in_event(void **state)
{
	struct fix *f = *state;
	struct pfkey_msg m;

	f->free_in_event = true;
	pfkey_msg_init(&m, SADB_FLUSH, 0);
	m.pid = 1;
	engine_says(f, &m);
	assert_true(f->events == 1 && f->k == NULL);
}

/* An engine that does not read: requests wait, and after a bound they are refused; when it reads again they all come. */
static void
test_queue(void **state)
{
	struct fix *f = *state;
	unsigned sent = 0, heard = 0;
	struct pfkey_msg m, got;

	full_sa(&m, false);
	greet(f, true);
	while (pfkey_call(f->k, &m, NULL, NULL) && sent < 100000)
		sent++;
	assert_true(sent > 1000 && sent < 65536);
	for (unsigned i = 0; i < 100000 && heard < sent; i++) {
		while (engine_hears(f, &got))
			heard++;
		spin(f);
	}
	assert_int_equal(heard, sent);
	assert_int_equal(f->downs, 0);
}

#define T(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout_sa),
		cmocka_unit_test(test_layout_policy),
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_unsayable),
		T(test_matching),
		T(test_cancel),
		T(test_hello_first),
		T(test_stock),
		T(test_dump),
		T(test_end),
		T(test_malformed),
		T(test_free_in_callbacks),
		T(test_free_in_event),
		T(test_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
