/* SPDX-License-Identifier: BSD-2-Clause */
/* ESP in transport mode through two engines: RFC 4303 3.1.1, 3.3.4, 3.4.4; RFC 3948 3.1.2; RFC 4301 5.2. */
#include "core_rig.h"

#include "core.h"

static const struct rig_sa suites[] = {
	{ .cipher = SADB_X_EALG_AES_GCM_ICV16, .bits = 128 },
	{ .cipher = SADB_X_EALG_AES_GCM_ICV16, .bits = 256, .flags = CW_SAF_ESN },
	{ .cipher = SADB_X_EALG_AESCBC, .bits = 256, .auth = SADB_X_AALG_SHA2_256HMAC },
	{ .cipher = SADB_EALG_NULL, .auth = SADB_X_AALG_SHA2_256HMAC },
	{ .cipher = CW_EALG_CHACHA20POLY1305, .bits = 256, .udp = 4500 },
	{ .cipher = SADB_EALG_NULL, .auth = SADB_X_AALG_SHA2_512HMAC, .udp = 4500 },
};
#define NSUITES	(sizeof(suites) / sizeof(suites[0]))

struct ends { struct host *a, *b; const char *src, *dst; };

static void
policy(struct host *h, unsigned dir, const char *src, const char *dst, unsigned mode)
{
	char s[64], d[64];
	struct pfkey_msg m;

	snprintf(s, sizeof(s), "%s/%d", src, strchr(src, ':') ? 128 : 32);
	snprintf(d, sizeof(d), "%s/%d", dst, strchr(dst, ':') ? 128 : 32);
	rig_policy_msg(&m, SADB_X_SPDADD, dir, CW_POLICY_IPSEC, s, d, 0, 1000);
	m.policy.req[0].mode = (uint8_t)mode;
	m.policy.req[0].level = CW_LEVEL_REQUIRE;
	if (mode == CW_MODE_TUNNEL) {
		assert_true(addr_parse(src, &m.policy.req[0].src));
		assert_true(addr_parse(dst, &m.policy.req[0].dst));
	}
	assert_int_equal(rig_call(h, 0, &m), 0);
}

/* By hand, as setkey does: no reqid, no direction; the SA's addresses are the packet's. */
static struct ends
joined_by(const struct rig_sa *like, bool v6, unsigned mode)
{
	struct ends t = { rig_new(), rig_new(), v6 ? "fd01::5" : "20.0.0.1", v6 ? "fd02::6" : "20.0.0.2" };
	struct rig_sa there = *like, back = *like;

	there.src = back.dst = t.src;
	there.dst = back.src = t.dst;
	there.spi = 0x2000;
	back.spi = 0x1000;
	there.window = back.window = 64;
	there.seed = 2;
	for (unsigned i = 0; i < 2; i++) {
		struct host *h = i ? t.b : t.a;

		assert_int_equal(rig_sa(h, &there), 0);
		assert_int_equal(rig_sa(h, &back), 0);
		policy(h, i ? CW_DIR_IN : CW_DIR_OUT, t.src, t.dst, mode);
		policy(h, i ? CW_DIR_OUT : CW_DIR_IN, t.dst, t.src, mode);
	}
	return t;
}

static struct ends
joined(const struct rig_sa *like, bool v6)
{
	struct rig_sa sa = *like;

	sa.mode = CW_MODE_TRANSPORT;
	return joined_by(&sa, v6, CW_MODE_TRANSPORT);
}

static void
part(struct ends t)
{
	rig_free(t.a);
	rig_free(t.b);
}

static struct cw_pkt *
packet(const struct ends *t, size_t n)
{
	return strchr(t->src, ':') ? rig_udp6(t->src, t->dst, n, 0) : rig_udp4(t->src, t->dst, n, 0, false);
}

/* As a host gives it that has no IP header: just the datagram, and not an octet around it. */
static struct cw_pkt *
bare(struct cw_pkt *p, uint32_t room)
{
	struct cw_pkt *q = rig_copy(p);
	uint8_t *buf = malloc(room + p->len);

	assert_non_null(buf);
	memset(buf, 0xa5, room);
	memcpy(buf + room, cw_pkt_data(p), p->len);
	free(q->buf);
	q->buf = buf;
	q->off = room;
	q->cap = room + p->len;
	q->outer.hlen = 0;
	rig_pkt_free(p);
	return q;
}

static void
came_out(struct ends *t, const struct cw_pkt *was)
{
	const uint8_t *got;

	assert_int_equal(t->b->nplain, 1);
	assert_int_equal(t->b->plain[0]->verdict, CW_DELIVER);
	assert_int_equal(t->b->plain[0]->hist[0].mode, CW_MODE_TRANSPORT);
	assert_int_equal(t->b->plain[0]->len, was->len);
	got = cw_pkt_data(t->b->plain[0]);
	if (memcmp(got, cw_pkt_data(was), was->len) != 0)
		for (uint32_t i = 0; i < was->len; i++)
			if (got[i] != cw_pkt_data(was)[i])
				fail_msg("octet %u of %u is %02x, was %02x", i, was->len, got[i], cw_pkt_data(was)[i]);
	rig_clear(t->b);
}

/* The wire form's own header, and what it gives back, for every suite, family and payload length. */
static void
every_length(void **state)
{
	for (unsigned s = 0; s < NSUITES * 2; s++) {
		struct ends t = joined(&suites[s / 2], s % 2);
		uint32_t udp = suites[s / 2].udp ? 8 : 0, hlen = s % 2 ? 40 : 20;

		for (size_t n = 0; n <= 300; n++) {
			struct cw_pkt *p = packet(&t, n), *was = rig_copy(p);
			const uint8_t *h;

			p = rig_seal(t.a, p);
			assert_int_equal(p->outer.hlen, hlen);
			assert_int_equal(p->outer.udp, udp != 0);
			h = cw_pkt_data(p) - udp - hlen;
			assert_int_equal(h[s % 2 ? 6 : 9], udp ? 17 : 50);
			assert_memory_equal(h + (s % 2 ? 8 : 12), cw_pkt_data(was) + (s % 2 ? 8 : 12), s % 2 ? 32 : 8);
			assert_int_equal(s % 2 ? 40 + (h[4] << 8 | h[5]) : h[2] << 8 | h[3], hlen + udp + p->len);
			assert_true(p->len < was->len - hlen + 8 + 16 + 16 + 2 + 32);
			if (n % 2)	/* IPv4 finds the room in the ICV's place, IPv6 has 40 octets before it */
				p = bare(p, s % 2 ? 40 : 0);
			rig_carry(t.b, p);
			came_out(&t, was);
			rig_pkt_free(was);
		}
		assert_int_equal(rig_drops(t.a) + rig_drops(t.b), 0);
		part(t);
	}
}

/* Without the room it is refused: nothing is written outside of the buffer. */
static void
no_room(void **state)
{
	struct ends t = joined(&suites[0], true);

	rig_carry(t.b, bare(rig_seal(t.a, packet(&t, 64)), 0));
	rig_dropped(t.b, CW_DROP_NO_ROOM);
	part(t);
}

/* IPv4 options stay in front of ESP (RFC 4303 3.1.1), and so do hop-by-hop and destination options of IPv6. */
static void
options(void **state)
{
	struct ends t = joined(&suites[0], false);
	struct cw_pkt *p = packet(&t, 40), *q, *was;
	uint8_t b[200];

	memcpy(b, cw_pkt_data(p), 20);
	b[0] = 0x46;
	memcpy(b + 20, "\x94\x04\0\0", 4);	/* router alert */
	memcpy(b + 24, cw_pkt_data(p) + 20, 48);
	cw_ip_lead(b, 24, 17, 72);
	q = rig_pkt(b, 72);
	rig_pkt_free(p);
	was = rig_copy(q);
	q = rig_seal(t.a, q);
	assert_int_equal(q->outer.hlen, 24);
	rig_carry(t.b, q);
	came_out(&t, was);
	rig_pkt_free(was);
	part(t);

	t = joined(&suites[0], true);
	p = packet(&t, 40);
	memcpy(b, cw_pkt_data(p), 40);
	b[6] = 0;
	memcpy(b + 40, "\x3c\0\x05\x02\0\0\x01\0" "\x11\0\x01\x04\0\0\0\0", 16);	/* hop-by-hop, then destination */
	memcpy(b + 56, cw_pkt_data(p) + 40, 48);
	b[5] = 64;
	q = rig_pkt(b, 104);
	rig_pkt_free(p);
	was = rig_copy(q);
	q = rig_seal(t.a, q);
	assert_int_equal(q->outer.hlen, 56);
	assert_int_equal(cw_pkt_data(q)[-8], 50);	/* the last of them leads to ESP, */
	assert_int_equal(cw_pkt_data(q)[-16], 60);	/* the others to each other */
	rig_carry(t.b, q);
	came_out(&t, was);
	rig_pkt_free(was);
	part(t);
}

/* What cannot be put into transport mode, each with its reason. */
static void
refused(void **state)
{
	struct ends t = joined(&suites[0], false);
	struct cw_pkt *p = packet(&t, 40);
	uint8_t *big = calloc(1, 65535);

	cw_pkt_data(p)[6] = 0x20;	/* more fragments */
	cw_ip_lead(cw_pkt_data(p), 20, 17, 68);
	cw_plain_in(t.a->e, &p, 1, t.a->now);
	rig_dropped(t.a, CW_DROP_FRAGMENT_TRANSPORT);
	rig_clear(t.a);
	assert_non_null(big);
	p = packet(&t, 0);
	memcpy(big, cw_pkt_data(p), 28);
	rig_pkt_free(p);
	cw_ip_lead(big, 20, 17, 65500);
	p = rig_pkt(big, 65500);
	cw_plain_in(t.a->e, &p, 1, t.a->now);
	rig_dropped(t.a, CW_DROP_TRANSPORT_TOO_BIG);
	free(big);
	part(t);
}

/*
 * With DF what fits leaves with DF, header and flag alike. What does not leaves without: this host's system would cut what follows to
 * the MTU that it was told, and transport mode takes no fragments. The module tells the sender (t_xfrm_modes).
 */
static void
path(void **state)
{
	struct ends t = joined(&suites[0], false);
	uint32_t most = 0;

	for (uint32_t n = 1400; n < 1500; n++) {
		struct cw_pkt *p = rig_udp4(t.src, t.dst, n - 28, 0, true);

		p = rig_seal(t.a, p);
		assert_int_equal(p->outer.df, p->len + 20 <= 1500);
		assert_int_equal((cw_pkt_data(p) - 20)[6], p->outer.df ? 0x40 : 0);
		if (p->outer.df)
			most = n;
		rig_pkt_free(p);
	}
	assert_int_equal(most, 1500 - 8 - 8 - 16 - 2);	/* SPI and sequence number, IV, ICV, pad length and next header */
	part(t);
}

/* An SA of one mode does not serve a policy of the other, nor satisfy it; one of any mode does both. */
static void
modes(void **state)
{
	struct rig_sa any = { .any_mode = true }, tunnel = { .mode = CW_MODE_TUNNEL }, transport = { .mode = CW_MODE_TRANSPORT };
	struct ends t = joined_by(&tunnel, false, CW_MODE_TRANSPORT), o;
	struct cw_pkt *p = packet(&t, 40), *was;

	cw_plain_in(t.a->e, &p, 1, t.a->now);
	assert_int_equal(t.a->nwire, 0);
	part(t);

	t = joined_by(&any, false, CW_MODE_TRANSPORT);
	p = packet(&t, 40);
	was = rig_copy(p);
	p = rig_seal(t.a, p);
	assert_int_equal(p->outer.hlen, 20);
	rig_carry(t.b, p);
	came_out(&t, was);
	rig_pkt_free(was);

	/* The other end wants tunnel mode: its policy is not satisfied. */
	o = joined_by(&any, false, CW_MODE_TRANSPORT);
	policy(o.b, CW_DIR_FWD, o.src, o.dst, CW_MODE_TUNNEL);
	p = rig_seal(o.a, packet(&o, 40));
	p->forward = 1;
	rig_carry(o.b, p);
	rig_dropped(o.b, CW_DROP_POLICY_MISMATCH);
	part(o);

	/* In tunnel mode only an IP packet may be inside. */
	o = joined(&transport, false);
	p = rig_seal(o.a, packet(&o, 40));
	part(t);
	t = joined_by(&tunnel, false, CW_MODE_TUNNEL);
	rig_carry(t.b, p);
	rig_dropped(t.b, CW_DROP_NEXT_HEADER);
	part(t);
	part(o);
}

/* The address that a packet claims to come from is the SA's: its header is in no ICV. */
static void
forged_source(void **state)
{
	struct ends t = joined(&suites[0], false);
	struct cw_pkt *p = rig_seal(t.a, packet(&t, 40));

	policy(t.b, CW_DIR_IN, "20.0.0.9", "20.0.0.2", CW_MODE_TRANSPORT);
	p->outer.src = rig_addr("20.0.0.9");
	rig_carry(t.b, p);
	rig_dropped(t.b, CW_DROP_SELECTOR_IN);
	part(t);
}

/* Behind a NAT the addresses that the sums include are others at the end (RFC 3948 3.1.2). */
static void
translated(void **state)
{
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct ends t = joined(&suites[4], v6);
		const char *nat = v6 ? "fd09::9" : "20.0.0.9";
		struct cw_pkt *p = packet(&t, 41), *want = v6 ? rig_udp6(nat, t.dst, 41, 0) : rig_udp4(nat, t.dst, 41, 0, false);
		struct cw_ip ip;

		assert_int_equal(cw_ip_parse(cw_pkt_data(p), p->len, &ip), CW_IP_OK);
		cw_pkt_data(p)[ip.upper + 6] = 1;	/* there is a sum; */
		cw_ip_sum_upper(cw_pkt_data(p), &ip);	/* a right one */
		assert_int_equal(cw_ip_parse(cw_pkt_data(want), want->len, &ip), CW_IP_OK);
		cw_pkt_data(want)[ip.upper + 6] = 1;
		cw_ip_sum_upper(cw_pkt_data(want), &ip);
		assert_memory_not_equal(cw_pkt_data(want) + ip.upper + 6, cw_pkt_data(p) + ip.upper + 6, 2);
		policy(t.b, CW_DIR_IN, nat, t.dst, CW_MODE_TRANSPORT);
		p = bare(rig_seal(t.a, p), 40);
		p->outer.src = rig_addr(nat);
		rig_carry(t.b, p);
		came_out(&t, want);
		rig_pkt_free(want);
		part(t);
	}
}

/*
 * Nobody else's sum is made anew: not in a tunnel, nor where no UDP was around it, whatever its host left in the struct from the packet before. A wrong
 * one stays wrong for its receiver to see.
 */
static void
sums_kept(void **state)
{
	for (unsigned kind = 0; kind < 2; kind++) {
		struct rig_sa like = suites[kind ? 4 : 0];
		struct ends t;
		struct cw_pkt *p, *want;
		struct cw_ip ip;

		like.mode = kind ? CW_MODE_TUNNEL : CW_MODE_TRANSPORT;
		t = joined_by(&like, false, like.mode);
		p = packet(&t, 41);
		assert_int_equal(cw_ip_parse(cw_pkt_data(p), p->len, &ip), CW_IP_OK);
		cw_pkt_data(p)[ip.upper + 6] = 0x47;
		cw_pkt_data(p)[ip.upper + 7] = 0x11;
		want = rig_copy(p);
		p = rig_seal(t.a, p);
		p->translated = 1;
		rig_carry(t.b, p);
		assert_int_equal(t.b->nplain, 1);
		assert_memory_equal(cw_pkt_data(t.b->plain[0]) + ip.upper, cw_pkt_data(want) + ip.upper, want->len - ip.upper);
		rig_pkt_free(want);
		part(t);
	}
}

/* Every shorter form is refused, and none of them moves the window; the replayed packet too. */
static void
cut_and_again(void **state)
{
	for (unsigned s = 0; s < NSUITES; s++) {
		struct ends t = joined(&suites[s], false);
		struct cw_pkt *good = bare(rig_seal(t.a, packet(&t, 120)), 0);

		for (uint32_t n = 0; n < good->len && n <= 200; n++) {
			struct cw_pkt *p = rig_pkt(cw_pkt_data(good), n);
			uint64_t all = rig_drops(t.b);

			p->outer = good->outer;
			rig_carry(t.b, bare(p, 0));
			assert_int_equal(rig_drops(t.b), all + 1);
			assert_int_equal(t.b->nplain, 0);
		}
		rig_clear(t.b);
		rig_carry(t.b, rig_copy(good));
		assert_int_equal(t.b->nplain, 1);
		rig_clear(t.b);
		rig_carry(t.b, good);
		rig_dropped(t.b, CW_DROP_REPLAY_DUPLICATE);
		part(t);
	}
}

/* Who sends and who receives count the same: the packet as it was, with its header. */
static void
counted(void **state)
{
	for (unsigned s = 0; s < NSUITES * 2; s++) {
		struct ends t = joined(&suites[s / 2], s % 2);
		struct rig_sa name = { .spi = 0x2000, .src = t.src, .dst = t.dst };
		struct cw_pkt *p = packet(&t, 333);
		uint32_t octets = p->len;

		rig_carry(t.b, rig_seal(t.a, p));
		assert_int_equal(t.b->nplain, 1);
		for (unsigned k = 0; k < 2; k++) {
			struct host *h = k ? t.b : t.a;
			struct pfkey_msg m;

			assert_int_equal(rig_by_name(h, 0, SADB_GET, &name), 0);
			assert_true(rig_last(h, 0, &m));
			assert_int_equal(m.current.packets, 1);
			assert_int_equal(m.current.bytes, octets);
		}
		part(t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length), cmocka_unit_test(no_room), cmocka_unit_test(options), cmocka_unit_test(refused),
		cmocka_unit_test(path), cmocka_unit_test(modes), cmocka_unit_test(forged_source), cmocka_unit_test(translated), cmocka_unit_test(sums_kept),
		cmocka_unit_test(cut_and_again), cmocka_unit_test(counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
