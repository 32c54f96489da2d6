/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a policy's selectors cover and what not: directions, edges of prefixes, ports, every protocol number, types of ICMP and MH, keys of GRE,
 * IPv6's extension headers, fragments; unique SAs; and by what an SA is named. Packets, through the engine's own lookup.
 */
#include "core_rig.h"
#include "core.h"

static int
discard(struct host *h, unsigned dir, const char *src, const char *dst, uint8_t proto, uint16_t sport, uint16_t dport)
{
	struct pfkey_msg m;

	rig_policy_msg(&m, SADB_X_SPDADD, dir, CW_POLICY_DISCARD, src, dst, 0, 10);
	m.src.proto = m.dst.proto = proto;
	m.src.ep.port = sport;
	m.dst.ep.port = dport;
	return rig_call(h, 0, &m);
}

/* Does the outbound policy take it? */
static bool
taken(struct host *h, struct cw_pkt *p)
{
	bool yes;

	rig_clear(h);
	cw_plain_in(h->e, &p, 1, h->now);
	assert_int_equal(h->ndrop + h->nplain, 1);
	yes = h->ndrop == 1;
	if (yes)
		assert_int_equal(h->drop[0]->drop, CW_DROP_POLICY_DISCARD_OUT);
	return yes;
}

static struct cw_pkt *
four(const char *src, const char *dst)
{
	return rig_udp4(src, dst, 20, 0, false);
}

static void
sum4(uint8_t *h)
{
	uint32_t s = 0;

	h[10] = h[11] = 0;
	for (unsigned i = 0; i < 20; i += 2)
		s += (uint32_t)h[i] << 8 | h[i + 1];
	s = (s & 0xffff) + (s >> 16);
	s += s >> 16;
	h[10] = (uint8_t)~(s >> 8);
	h[11] = (uint8_t)~s;
}

/* Protocol, the first four octets behind the header (ports, or type and code), and a fragment's offset in eights. */
static struct cw_pkt *
like(uint8_t proto, uint16_t a, uint16_t b, unsigned frag)
{
	struct cw_pkt *p = four("10.0.1.5", "10.0.2.6");
	uint8_t *h = cw_pkt_data(p);

	h[9] = proto;
	h[20] = (uint8_t)(a >> 8);
	h[21] = (uint8_t)a;
	h[22] = (uint8_t)(b >> 8);
	h[23] = (uint8_t)b;
	if (proto == 1 || proto == 58) {
		h[20] = (uint8_t)a;
		h[21] = (uint8_t)b;
	}
	if (proto == 6)
		h[32] = 0x50;
	h[6] = (uint8_t)(frag >> 8);
	h[7] = (uint8_t)frag;
	sum4(h);
	return p;
}

static void
directions(void **state)
{
	struct host *h = rig_new();
	struct cw_pkt *p = four("10.0.1.5", "10.0.2.6");

	assert_int_equal(discard(h, CW_DIR_IN, "10.0.1.0/24", "10.0.2.0/24", 255, 0, 0), 0);
	assert_false(taken(h, four("10.0.1.5", "10.0.2.6")));
	assert_int_equal(cw_ask_clear(h->e, cw_pkt_data(p), p->len, p->len, false, h->now), CW_DROP_POLICY_DISCARD_IN);
	rig_free(h);
	h = rig_new();
	assert_int_equal(discard(h, CW_DIR_OUT, "10.0.1.0/24", "10.0.2.0/24", 255, 0, 0), 0);
	assert_true(taken(h, four("10.0.1.5", "10.0.2.6")));
	assert_int_equal(cw_ask_clear(h->e, cw_pkt_data(p), p->len, p->len, false, h->now), CW_DROP_NONE);
	assert_false(taken(h, four("10.0.2.6", "10.0.1.5")));		/* nor the way back */
	rig_pkt_free(p);
	rig_free(h);
}

static void
edges(void **state)
{
	struct host *h = rig_new();

	assert_int_equal(discard(h, CW_DIR_OUT, "10.0.1.0/24", "0.0.0.0/0", 255, 0, 0), 0);
	assert_int_equal(discard(h, CW_DIR_OUT, "fd00:1::/64", "::/0", 255, 0, 0), 0);
	assert_int_equal(discard(h, CW_DIR_OUT, "192.0.2.128/25", "198.51.100.7/32", 255, 0, 0), 0);
	assert_true(taken(h, four("10.0.1.0", "1.2.3.4")));
	assert_true(taken(h, four("10.0.1.1", "255.0.0.1")));
	assert_true(taken(h, four("10.0.1.255", "10.0.2.6")));
	assert_false(taken(h, four("10.0.2.0", "1.2.3.4")));
	assert_false(taken(h, four("10.0.0.255", "1.2.3.4")));
	assert_true(taken(h, four("192.0.2.128", "198.51.100.7")));
	assert_true(taken(h, four("192.0.2.255", "198.51.100.7")));
	assert_false(taken(h, four("192.0.2.127", "198.51.100.7")));
	assert_false(taken(h, four("192.0.2.128", "198.51.100.6")));
	assert_true(taken(h, rig_udp6("fd00:1::1", "2001:db8::1", 20, 0)));
	assert_true(taken(h, rig_udp6("fd00:1::ffff:ffff:ffff:ffff", "2001:db8::1", 20, 0)));
	assert_false(taken(h, rig_udp6("fd00:1:0:1::", "2001:db8::1", 20, 0)));
	rig_free(h);
}

static void
ports(void **state)
{
	struct host *h = rig_new();

	assert_int_equal(discard(h, CW_DIR_OUT, "10.0.1.0/24", "10.0.2.0/24", 6, 110, 0), 0);
	assert_int_equal(discard(h, CW_DIR_OUT, "10.0.1.0/24", "10.0.2.0/24", 17, 0, 53), 0);
	assert_true(taken(h, like(6, 110, 40000, 0)));
	assert_false(taken(h, like(6, 25, 40000, 0)));
	assert_false(taken(h, like(6, 40000, 110, 0)));
	assert_false(taken(h, like(17, 110, 40000, 0)));
	assert_true(taken(h, like(17, 9, 53, 0)));
	assert_false(taken(h, like(17, 53, 9, 0)));
	assert_false(taken(h, like(132, 110, 53, 0)));
	rig_free(h);
}

/* RFC 4301 4.4.1.1: "any" is every protocol there is, and a number is that one alone. */
static void
protocols(void **state)
{
	struct host *all = rig_new();

	assert_int_equal(discard(all, CW_DIR_OUT, "10.0.1.0/24", "10.0.2.0/24", 255, 0, 0), 0);
	for (unsigned proto = 1; proto < 255; proto++) {
		struct host *h = rig_new();

		assert_int_equal(discard(h, CW_DIR_OUT, "10.0.1.0/24", "10.0.2.0/24", (uint8_t)proto, 0, 0), 0);
		assert_true(taken(h, like((uint8_t)proto, 5, 6, 0)));
		assert_false(taken(h, like((uint8_t)(proto == 254 ? 200 : proto + 1), 5, 6, 0)));
		assert_true(taken(all, like((uint8_t)proto, 5, 6, 0)));
		rig_free(h);
	}
	rig_free(all);
}

static void
icmp(void **state)
{
	struct host *h = rig_new();

	assert_int_equal(discard(h, CW_DIR_OUT, "10.0.1.0/24", "10.0.2.0/24", 1, 8, 0), 0);
	assert_int_equal(discard(h, CW_DIR_OUT, "10.0.1.0/24", "10.0.2.0/24", 1, 3, 4), 0);
	assert_true(taken(h, like(1, 8, 0, 0)));
	assert_false(taken(h, like(1, 13, 0, 0)));
	assert_true(taken(h, like(1, 3, 4, 0)));
	assert_false(taken(h, like(1, 3, 3, 0)));
	assert_false(taken(h, like(17, 8, 0, 0)));
	rig_free(h);
}

/* IPv6, with another protocol behind the header, and its first octets. */
static struct cw_pkt *
six(uint8_t proto, const void *upper, unsigned n)
{
	struct cw_pkt *p = rig_udp6("fd00:1::5", "fd00:2::6", 20, 0);
	uint8_t *h = cw_pkt_data(p);

	h[6] = proto;
	memcpy(h + 40, upper, n);
	return p;
}

/* ICMPv6 by type and code, and the mobility header by its type (RFC 6275 6.1.1), which has no code. */
static void
types6(void **state)
{
	struct host *h = rig_new();

	assert_int_equal(discard(h, CW_DIR_OUT, "fd00:1::/64", "fd00:2::/64", 58, 128, 0), 0);
	assert_int_equal(discard(h, CW_DIR_OUT, "fd00:1::/64", "fd00:2::/64", 58, 1, 4), 0);
	assert_int_equal(discard(h, CW_DIR_OUT, "fd00:1::/64", "fd00:2::/64", 135, 5, 0), 0);
	assert_true(taken(h, six(58, "\x80\x00", 2)));
	assert_true(taken(h, six(58, "\x80\x07", 2)));
	assert_false(taken(h, six(58, "\x81\x00", 2)));
	assert_true(taken(h, six(58, "\x01\x04", 2)));
	assert_false(taken(h, six(58, "\x01\x03", 2)));
	assert_true(taken(h, six(135, "\x3b\x00\x05\x00", 4)));
	assert_false(taken(h, six(135, "\x3b\x05\x06\x05", 4)));
	assert_false(taken(h, six(135, "\x05\x05\x00\x05", 4)));
	assert_false(taken(h, six(17, "\x00\x05\x05\x00", 4)));
	rig_free(h);
}

/* Ports of SCTP, DCCP and UDP-Lite. */
static void
other_ports(void **state)
{
	static const uint8_t protos[] = { 132, 33, 136 };

	for (unsigned i = 0; i < sizeof(protos); i++) {
		struct host *h = rig_new();

		assert_int_equal(discard(h, CW_DIR_OUT, "10.0.1.0/24", "10.0.2.0/24", protos[i], 0, 2905), 0);
		assert_true(taken(h, like(protos[i], 40000, 2905, 0)));
		assert_false(taken(h, like(protos[i], 2905, 40000, 0)));
		assert_false(taken(h, like(protos[(i + 1) % 3], 40000, 2905, 0)));
		rig_free(h);
	}
}

static struct cw_pkt *
gre(const char *octets, unsigned n, unsigned len)
{
	struct cw_pkt *p = rig_udp4("10.0.1.5", "10.0.2.6", len, 0, false);
	uint8_t *h = cw_pkt_data(p);

	h[9] = 47;
	memset(h + 20, 0, p->len - 20);
	memcpy(h + 20, octets, n < p->len - 20 ? n : p->len - 20);
	sum4(h);
	return p;
}

/* GRE by its key (RFC 2890), as KAME has it: behind a checksum where there is one. What has none, or cannot be read, is another packet. */
static void
gre_keys(void **state)
{
	struct host *h = rig_new();
	struct cw_pkt *p;
	unsigned why;

	assert_int_equal(discard(h, CW_DIR_OUT, "10.0.1.0/24", "10.0.2.0/24", 47, 0x0102, 0x0304), 0);
	assert_true(taken(h, gre("\x20\0\x08\0\1\2\3\4", 8, 20)));
	assert_true(taken(h, gre("\x30\0\x08\0\1\2\3\4\0\0\0\1", 12, 20)));		/* with a number behind it */
	assert_true(taken(h, gre("\xa0\0\x08\0\1\2\3\5\1\2\3\4", 12, 20)));		/* with a checksum in front */
	assert_false(taken(h, gre("\xa0\0\x08\0\1\2\3\4\1\2\3\5", 12, 20)));
	assert_false(taken(h, gre("\x20\0\x08\0\1\2\3\5\1\2\3\4", 12, 20)));
	assert_false(taken(h, gre("\x20\0\x08\0\0\2\3\4", 8, 20)));
	assert_false(taken(h, gre("\0\0\x08\0\1\2\3\4", 8, 20)));			/* no key */
	assert_false(taken(h, gre("\x20\1\x88\x0b\1\2\3\4", 8, 20)));			/* version 1, PPTP's: a length and a call */
	/* Cut off in front of its key, it might be it: what discards takes it. Where the rest is still to come, it is asked for. */
	p = gre("\xa0\0\x08\0\0\0\0\0\1\2\3\4", 12, 20);
	assert_int_equal(cw_ask_out(h->e, cw_pkt_data(p), 31, p->len, CW_ASK_FORWARDED, h->now), CW_ASK_MORE);
	assert_int_equal(cw_ask_out(h->e, cw_pkt_data(p), 32, p->len, CW_ASK_FORWARDED, h->now), CW_POLICY_DISCARD);
	rig_pkt_free(p);
	p = gre("\xa0\0\x08\0\0\0\0\0", 8, 0);
	assert_true(p->len < 32);
	assert_true(taken(h, p));
	rig_free(h);
	h = rig_new();
	assert_int_equal(discard(h, CW_DIR_IN, "10.0.1.0/24", "10.0.2.0/24", 47, 0, 7), 0);	/* half a key: the other is any */
	for (unsigned k = 6; k < 9; k++) {
		char head[8] = { 0x20, 0, 8, 0, 9, 9, 0, (char)k };

		p = gre(head, 8, 20);
		why = cw_ask_clear(h->e, cw_pkt_data(p), p->len, p->len, false, h->now);
		assert_int_equal(why, k == 7 ? CW_DROP_POLICY_DISCARD_IN : CW_DROP_NONE);
		rig_pkt_free(p);
	}
	rig_free(h);
}

/* A TCP header behind hop-by-hop, routing and destination options. */
static void
chains(void **state)
{
	static const uint8_t kinds[3] = { 0, 43, 60 };
	struct host *h = rig_new();

	assert_int_equal(discard(h, CW_DIR_OUT, "fd00:1::/64", "fd00:2::/64", 6, 0, 25), 0);
	for (unsigned n = 0; n <= 3; n++) {
		for (unsigned port = 25; port <= 26; port++) {
			struct cw_pkt *p = rig_udp6("fd00:1::5", "fd00:2::6", 60, 0);
			uint8_t *ip = cw_pkt_data(p), *at = ip + 40;

			ip[6] = n ? kinds[0] : 6;
			for (unsigned i = 0; i < n; i++, at += 8) {
				memset(at, 0, 8);
				at[0] = i + 1 < n ? kinds[i + 1] : 6;
				at[2] = kinds[i] == 43 ? 0 : 1;		/* PadN of four */
				at[3] = kinds[i] == 43 ? 0 : 4;
			}
			memset(at, 0, 20);
			at[3] = (uint8_t)port;
			at[12] = 0x50;
			assert_int_equal(taken(h, p), port == 25);
		}
	}
	rig_free(h);
}

/* Of a later fragment the ports are not known: what discards or protects takes it, what lets pass has to be sure (RFC 4301 7). */
static void
fragments(void **state)
{
	struct host *h = rig_new();
	struct pfkey_msg m;

	assert_int_equal(discard(h, CW_DIR_OUT, "10.0.1.0/24", "10.0.2.0/24", 17, 0, 53), 0);
	assert_true(taken(h, like(17, 9, 53, 0x2000)));		/* the first one has them */
	assert_false(taken(h, like(17, 9, 54, 0x2000)));
	assert_true(taken(h, like(17, 0x4141, 0x4141, 0x2002)));
	assert_true(taken(h, like(17, 0x4141, 0x4141, 0x0004)));
	assert_false(taken(h, like(6, 0x4141, 0x4141, 0x0004)));
	rig_free(h);
	h = rig_new();
	rig_policy_msg(&m, SADB_X_SPDADD, CW_DIR_OUT, CW_POLICY_NONE, "10.0.1.0/24", "10.0.2.0/24", 0, 5);
	m.src.proto = m.dst.proto = 17;
	m.dst.ep.port = 53;
	assert_int_equal(rig_call(h, 0, &m), 0);
	assert_int_equal(discard(h, CW_DIR_OUT, "10.0.1.0/24", "10.0.2.0/24", 255, 0, 0), 0);
	assert_false(taken(h, like(17, 9, 53, 0)));
	assert_true(taken(h, like(17, 0x4141, 0x4141, 0x0004)));
	rig_free(h);
}

/* unique:1 and unique:2 to one peer go by SAs of their own. */
static void
unique(void **state)
{
	struct host *h = rig_new();
	struct rig_sa a = { .spi = 0x5001, .reqid = 1, .src = "20.0.0.1", .dst = "20.0.0.2", .seed = 5, .window = 64, .flags = CW_SAF_OUT }, b = a;

	b.spi = 0x5002;
	b.reqid = 2;
	b.seed = 6;
	assert_int_equal(rig_sa(h, &a), 0);
	assert_int_equal(rig_sa(h, &b), 0);
	assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.1.0/24", "10.0.2.0/24", 1, 10), 0);
	assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.1.0/24", "10.0.3.0/24", 2, 10), 0);
	for (unsigned i = 0; i < 2; i++) {
		struct cw_pkt *p = rig_seal(h, four("10.0.1.5", i ? "10.0.3.6" : "10.0.2.6"));

		assert_int_equal(cw_pkt_data(p)[3], 1 + i);
		rig_pkt_free(p);
	}
	rig_free(h);
}

/* An SA is named by SPI and destination: the same twice is refused and leaves the first as it was, another destination is another SA. */
static void
names(void **state)
{
	struct host *h = rig_new();
	struct rig_sa a = { .spi = 0x5001, .reqid = 1, .src = "20.0.0.1", .dst = "20.0.0.2", .seed = 5, .window = 64 }, b = a;
	struct pfkey_msg m;

	assert_int_equal(rig_sa(h, &a), 0);
	b.seed = 6;
	b.reqid = 2;
	assert_int_equal(rig_sa(h, &b), EEXIST);
	assert_int_equal(rig_by_name(h, 0, SADB_GET, &a), 0);
	assert_true(rig_last(h, 0, &m));
	assert_int_equal(m.sa2.reqid, 1);
	assert_int_equal(m.key_encrypt.p[0], 0x40 + 5);
	b.dst = "20.0.0.3";
	assert_int_equal(rig_sa(h, &b), 0);
	assert_int_equal(cw_sa_count(h->e), 2);
	rig_free(h);
}

/* What every packet costs is written for speed: masks and sums against their definitions, at every length. */
static void
words(void **state)
{
	uint8_t octets[80];
	struct cw_addr a;
	uint32_t sum;

	for (unsigned fam = 4; fam <= 6; fam += 2)
		for (unsigned bits = 0; bits <= (fam == 4 ? 32u : 128u); bits++) {
			a = (struct cw_addr){ .fam = (uint8_t)fam };
			memset(a.b, 0xff, fam == 4 ? 4 : 16);
			cw_addr_mask(&a, bits);
			for (unsigned i = 0; i < 128; i++)
				assert_int_equal(a.b[i / 8] >> (7 - i % 8) & 1, i < bits);
		}
	for (unsigned i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(255 - i * 5 % 97);
	for (unsigned at = 0; at < 8; at++)
		for (unsigned n = 0; n + at <= sizeof(octets); n++) {
			sum = 0x1234;
			for (unsigned i = 0; i < n; i++)
				sum += i % 2 ? octets[at + i] : (unsigned)octets[at + i] << 8;
			sum = (sum & 0xffff) + (sum >> 16);
			sum = (sum & 0xffff) + (sum >> 16);
			assert_int_equal(cw_sum16(octets + at, n, 0x1234), (uint16_t)~sum);
		}
}

static unsigned
asked(struct host *h, const char *src, const char *dst)
{
	struct cw_pkt *p = four(src, dst);
	unsigned type = cw_ask_out(h->e, cw_pkt_data(p), p->len, p->len, CW_ASK_SENT, h->now);

	rig_pkt_free(p);
	return type;
}

/* A network of ours that is longer than the policy for everything spares what it sends to itself, as long as a policy names it. */
static void
own(void **state)
{
	struct host *h = rig_new();
	struct pfkey_msg m;

	rig_policy(h, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.1.0/24", "0.0.0.0/0", 1, 10);
	assert_int_equal(asked(h, "10.0.1.1", "10.0.1.2"), CW_POLICY_NONE);
	assert_int_equal(asked(h, "10.0.1.1", "10.0.2.2"), CW_POLICY_IPSEC);
	rig_policy(h, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.0.0/16", "10.0.1.2/32", 1, 20);
	assert_int_equal(asked(h, "10.0.1.1", "10.0.1.2"), CW_POLICY_IPSEC);
	rig_policy_msg(&m, SADB_X_SPDDELETE, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.0.0/16", "10.0.1.2/32", 1, 20);
	assert_int_equal(rig_call(h, 0, &m), 0);
	assert_int_equal(asked(h, "10.0.1.1", "10.0.1.2"), CW_POLICY_NONE);
	rig_free(h);
	h = rig_new();		/* a longer one where there were some before */
	rig_policy(h, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.1.0/24", "10.0.0.0/16", 1, 10);
	assert_int_equal(asked(h, "10.0.1.1", "10.0.1.2"), CW_POLICY_NONE);
	rig_policy(h, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.0.0/8", "10.0.1.2/32", 1, 20);
	assert_int_equal(asked(h, "10.0.1.1", "10.0.1.2"), CW_POLICY_IPSEC);
	rig_free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(directions), cmocka_unit_test(edges), cmocka_unit_test(ports), cmocka_unit_test(protocols), cmocka_unit_test(icmp),
		cmocka_unit_test(types6), cmocka_unit_test(other_ports), cmocka_unit_test(gre_keys),
		cmocka_unit_test(chains), cmocka_unit_test(fragments), cmocka_unit_test(unique), cmocka_unit_test(names),
		cmocka_unit_test(words), cmocka_unit_test(own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
