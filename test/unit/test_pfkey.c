/* SPDX-License-Identifier: BSD-2-Clause */
/* lib/pfkey's codec: octets against <linux/pfkeyv2.h>, round trips, truncation, strictness. */
#include <arpa/inet.h>
#include <sys/socket.h>

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
	pfkey_set_iface(m, six ? "a" : "to-site.2_longs");
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
	pfkey_set_iface(m, "vpn0");
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
tap(struct pfkey_msg *m)
{
	pfkey_msg_init(m, CW_MSG_TAP, 0);
	m->tap = (struct pfkey_tap){ .n = 3, .id = 0x01020304, .octets = 1500, .rate = 1000, .reqid = { 1, 70000, 16383 } };
	m->has = PFKEY_HAS(CW_EXT_TAP);
}

static void
tapped(struct pfkey_msg *m)
{
	pfkey_msg_init(m, CW_MSG_TAPPED, 0);
	m->tapped = (struct pfkey_tapped){ .reason = 33, .id = 0x01020304, .lost = 5, .reqid = 70000, .spi = 0xdeadbeef, .whole = 1400,
	    .dir = CW_DIR_IN, .proto = 50, .when_ns = 0x0102030405060708, .octets = bytes_of("a packet's first", 13) };
	m->has = PFKEY_HAS(CW_EXT_TAPPED);
}

static void
dropped(struct pfkey_msg *m)
{
	static const struct cw_dropped d = { .src = { 10, 0, 1, 5 }, .dst = { 10, 0, 2, 6 }, .fam = 4, .proto = 17, .sport = 53, .dport = 80, .reason = 33,
	    .spi = 0xdeadbeef, .times = 2, .ago = 5 };
	static const struct cw_layer l[2] = { { .proto = 51, .mode = CW_MODE_TRANSPORT, .spi = 0x3000 }, { .proto = 50, .mode = CW_MODE_TUNNEL, .reqid = 70000 } };

	pfkey_msg_init(m, CW_MSG_DROPS, 0);
	m->drops = bytes_of(&d, sizeof(d));
	m->layers = bytes_of(l, sizeof(l));
	m->has = PFKEY_HAS(CW_EXT_DROPS) | PFKEY_HAS(CW_EXT_LAYERS);
}

#define SAMPLES	8u
static void
sample(unsigned i, struct pfkey_msg *m)
{
	if (i < 2)
		full_sa(m, i == 1);
	else if (i < 4)
		full_policy(m, i == 3);
	else if (i == 4)
		register_reply(m);
	else if (i == 5)
		tap(m);
	else if (i == 6)
		dropped(m);
	else
		tapped(m);
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
	assert_int_equal(((const struct cw_ext_iface *)find_ext(b, n, CW_EXT_IFACE))->len * 8, sizeof(struct cw_ext_iface));
	assert_string_equal(((const struct cw_ext_iface *)find_ext(b, n, CW_EXT_IFACE))->name, "to-site.2_longs");
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
test_layout_tap(void **state)
{
	static uint8_t b[PFKEY_MSG_MAX];
	const struct cw_ext_tapped *x;
	const struct cw_ext_tap *t;
	struct pfkey_msg m;
	uint32_t second;
	size_t n;

	tap(&m);
	n = build(&m, b);
	t = find_ext(b, n, CW_EXT_TAP);
	assert_int_equal(t->len * 8, sizeof(*t) + 16);			/* three numbers and a zero */
	assert_true(t->n == 3 && t->id == 0x01020304 && t->octets == 1500 && t->rate == 1000);
	memcpy(&second, (const uint8_t *)(t + 1) + 4, 4);
	assert_int_equal(second, 70000);
	tapped(&m);
	n = build(&m, b);
	x = find_ext(b, n, CW_EXT_TAPPED);
	assert_int_equal(x->len * 8, sizeof(*x) + 16);
	assert_true(x->n == 13 && x->reason == 33 && x->id == 0x01020304 && x->lost == 5 && x->reqid == 70000 && x->spi == 0xdeadbeef && x->whole == 1400);
	assert_true(x->dir == CW_DIR_IN && x->proto == 50 && x->when == 0x0102030405060708);
	assert_memory_equal(x + 1, "a packet's fi\0\0\0", 16);
	m.tapped.octets = bytes_of(b, CW_TAP_OCTETS_MAX + 1);
	assert_false(pfkey_put(&(struct wr){ b, 0, sizeof(b), false }, &m));
	tap(&m);
	m.tap.n = CW_TAP_REQIDS_MAX + 1;
	assert_false(pfkey_put(&(struct wr){ b, 0, sizeof(b), false }, &m));
}

static void
test_round_trips(void **state)
{
	static uint8_t b[PFKEY_MSG_MAX], c[PFKEY_MSG_MAX];

	for (unsigned i = 0; i < SAMPLES; i++) {
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
	}
}

/* Every octet of a message is written: what stood in the memory before does not reach the engine. */
static void
test_no_remains(void **state)
{
	static uint8_t b[PFKEY_MSG_MAX], c[PFKEY_MSG_MAX];

	for (unsigned i = 0; i < SAMPLES; i++) {
		struct pfkey_msg m;
		size_t n;

		sample(i, &m);
		memset(b, 0xaa, sizeof(b));
		memset(c, 0x55, sizeof(c));
		n = build(&m, b);
		assert_int_equal(build(&m, c), n);
		for (size_t at = 0; at < n; at++)
			if (b[at] != c[at])
				fail_msg("sample %u: octet %zu was not written", i, at);
	}
}

/* Every prefix, in a block of its own size, with the length in the header as it was and as it would have to be. */
static void
test_truncation(void **state)
{
	static uint8_t b[PFKEY_MSG_MAX];

	for (unsigned i = 0; i < SAMPLES; i++) {
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
	ext(b, (n = base, &n), 4, CW_EXT_TAP, "\x03\0", 2);
	assert_false(taken(b, n));			/* three numbers promised, two there */
	ext(b, (n = base, &n), 4, CW_EXT_TAP, "\x02\0", 2);
	assert_true(taken(b, n));
	ext(b, (n = base, &n), 36, CW_EXT_TAP, "\x41\0", 2);
	assert_false(taken(b, n));			/* more than there may be */
	ext(b, (n = base, &n), 6, CW_EXT_TAPPED, "\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x07\0\0\0", 24);
	assert_false(taken(b, n));			/* more of a packet than it has */
	b[base + 4 + 20] = 8;
	assert_true(taken(b, n));
	b[base + 4] = 9;
	assert_false(taken(b, n));			/* more than the extension has */
	ext(b, (n = base, &n), 3, CW_EXT_LAYERS, "\x02\0", 2);
	assert_false(taken(b, n));			/* two promised, one there */
	b[base + 4] = 1;
	assert_true(taken(b, n));
	ext(b, (n = base, &n), 1, CW_EXT_LAYERS, "\x01\x02", 2);
	assert_false(taken(b, n));			/* 513 */
	ext(b, (n = base, &n), 3, CW_EXT_IFACE, "\0\0\0\0vpn0", 8);
	assert_true(taken(b, n));
	b[base + 8 + 15] = 'x';
	assert_false(taken(b, n));			/* something behind the name's end */
	ext(b, (n = base, &n), 2, CW_EXT_IFACE, "\0\0\0\0vpn0", 8);
	assert_false(taken(b, n));			/* too short, and too long */
	ext(b, (n = base, &n), 4, CW_EXT_IFACE, "\0\0\0\0vpn0", 8);
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

/* The two ends of a request are of one family. */
static void
test_ends_of_requests(void **state)
{
	static uint8_t b[PFKEY_MSG_MAX];
	struct pfkey_msg m;
	size_t base;

	pfkey_msg_init(&m, SADB_GET, SADB_SATYPE_ESP);
	base = build(&m, b);
	for (unsigned two = 0; two < 4; two++) {
		size_t n = base;
		const uint16_t v4 = 2, v6 = 10, len = (uint16_t)(16 + (two & 1 ? 28 : 16) + (two & 2 ? 28 : 16) + (two == 1 || two == 2 ? 4 : 0)), esp = 50;

		ext(b, &n, (16u + len) / 8, SADB_X_EXT_POLICY, "\x02\0\x02\0", 4);
		memcpy(b + base + 16, &len, 2);
		memcpy(b + base + 18, &esp, 2);
		memcpy(b + base + 32, two & 1 ? &v6 : &v4, 2);
		memcpy(b + base + 32 + (two & 1 ? 28 : 16), two & 2 ? &v6 : &v4, 2);
		assert_int_equal(taken(b, n), two == 0 || two == 3);
	}
}

/* Every octet in each place of a name. */
static void
test_iface_names(void **state)
{
	static const char *const good[] = { "a", "0", "vpn0", "to-site.2_longs", "a.", "all0", "defaul", "cw1", "cw00" };
	static const char *const bad[] = { "", ".", "..", ".a", "-a", "_a", "a/b", "/", "a b", " ", "a\tb", "a:b", "a%d", "a\"b", "a\\b", "a\x7f", "a\xc3\xa4",
	    "to-site.2_longer", "to-site.2_longer1", "all", "default", "cw0" };
	static const char word[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", more[] = "._-";
	static uint8_t b[PFKEY_MSG_MAX];
	struct pfkey_msg m;
	struct wr w;

	for (unsigned i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		pfkey_msg_init(&m, SADB_X_SPDADD, 0);
		pfkey_set_iface(&m, good[i]);
		w = wr_of(b, sizeof(b));
		if (!pfkey_put(&w, &m))
			fail_msg("'%s' is refused", good[i]);
	}
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		pfkey_msg_init(&m, SADB_X_SPDADD, 0);
		pfkey_set_iface(&m, bad[i]);
		m.has |= PFKEY_HAS(CW_EXT_IFACE);
		w = wr_of(b, sizeof(b));
		if (pfkey_put(&w, &m))
			fail_msg("'%s' is taken", bad[i]);
	}
	for (unsigned at = 0; at < 3; at++) {
		for (unsigned c = 0; c < 256; c++) {
			char name[CW_IFACE_LEN] = "xyz";
			bool want = c && (strchr(word, (int)c) || (at && strchr(more, (int)c)));

			name[at] = (char)c;
			if (c == 0 && at == 2)
				continue;	/* it ends there */
			assert_int_equal(cw_iface_name_ok(name), want);
		}
	}
	pfkey_msg_init(&m, SADB_X_SPDADD, 0);
	pfkey_set_iface(&m, "");
	assert_false(m.has & PFKEY_HAS(CW_EXT_IFACE));
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout_sa),
		cmocka_unit_test(test_layout_policy), cmocka_unit_test(test_layout_tap),
		cmocka_unit_test(test_round_trips), cmocka_unit_test(test_no_remains),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_ends_of_requests),
		cmocka_unit_test(test_iface_names),
		cmocka_unit_test(test_unsayable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
