/* SPDX-License-Identifier: BSD-2-Clause */
/* IPComp through two engines: RFC 3173 in each mode and family, alone and around or inside ESP; its raw form (2.2); its bounds. */
#include "core_rig.h"

#include <zlib.h>

#include "core.h"

enum { NONE, COMP, ESP, ESP_UDP };
struct layer { unsigned proto, mode; const char *src, *dst; };
struct stack {
	const char *name, *src, *dst;
	unsigned n;
	struct layer layer[CW_REQUESTS_MAX];
	unsigned raw;		/* the protocol on the wire of what was not compressed */
};

#define TUN	CW_MODE_TUNNEL
#define TRA	CW_MODE_TRANSPORT
static const struct stack stacks[] = {
	{ "transport, IPv4", "20.0.0.1", "20.0.0.2", 1, { { COMP, TRA, "20.0.0.1", "20.0.0.2" } }, IP_UDP },
	{ "transport, IPv6", "fd20::1", "fd20::2", 1, { { COMP, TRA, "fd20::1", "fd20::2" } }, IP_UDP },
	{ "tunnel, IPv4", "10.0.1.5", "10.0.2.6", 1, { { COMP, TUN, "20.0.0.1", "20.0.0.2" } }, IP_IPIP },
	{ "tunnel, IPv6", "fd01::5", "fd02::6", 1, { { COMP, TUN, "fd20::1", "fd20::2" } }, IP_IPV6 },
	{ "tunnel, IPv4 in IPv6", "10.0.1.5", "10.0.2.6", 1, { { COMP, TUN, "fd20::1", "fd20::2" } }, IP_IPIP },
	{ "tunnel, IPv6 in IPv4", "fd01::5", "fd02::6", 1, { { COMP, TUN, "20.0.0.1", "20.0.0.2" } }, IP_IPV6 },
	{ "transport, then ESP in transport", "20.0.0.1", "20.0.0.2", 2, {
		{ COMP, TRA, "20.0.0.1", "20.0.0.2" }, { ESP, TRA, "20.0.0.1", "20.0.0.2" } }, IP_ESP },
	{ "transport, then ESP in a tunnel", "fd01::5", "fd02::6", 2, {
		{ COMP, TRA, "fd01::5", "fd02::6" }, { ESP, TUN, "20.0.0.1", "20.0.0.2" } }, IP_ESP },
	{ "tunnel, then ESP in transport", "10.0.1.5", "10.0.2.6", 2, {
		{ COMP, TUN, "20.0.0.1", "20.0.0.2" }, { ESP, TRA, "20.0.0.1", "20.0.0.2" } }, IP_ESP },
	{ "tunnel, then ESP in a tunnel", "10.0.1.5", "10.0.2.6", 2, {
		{ COMP, TUN, "fd20::1", "fd20::2" }, { ESP, TUN, "30.0.0.1", "30.0.0.2" } }, IP_ESP },
	{ "ESP in transport, then transport", "20.0.0.1", "20.0.0.2", 2, {
		{ ESP, TRA, "20.0.0.1", "20.0.0.2" }, { COMP, TRA, "20.0.0.1", "20.0.0.2" } }, IP_ESP },
	{ "ESP in a tunnel, then a tunnel", "10.0.1.5", "10.0.2.6", 2, {
		{ ESP, TUN, "20.0.0.1", "20.0.0.2" }, { COMP, TUN, "fd20::1", "fd20::2" } }, IP_IPIP },
	{ "ESP, IPComp, ESP", "20.0.0.1", "20.0.0.2", 3, {
		{ ESP, TRA, "20.0.0.1", "20.0.0.2" }, { COMP, TUN, "30.0.0.1", "30.0.0.2" }, { ESP, TRA, "30.0.0.1", "30.0.0.2" } }, IP_ESP },
};
#define NSTACKS	(sizeof(stacks) / sizeof(stacks[0]))
#define RAWCPI	CW_COMP_RAWCPI

struct ends { struct host *a, *b; const struct stack *s; };

static struct pfkey_msg
comp_msg(uint8_t type, uint32_t spi, const char *src, const char *dst, unsigned mode, uint32_t flags)
{
	struct endpoint s = { 0 }, d = { 0 };
	struct pfkey_msg m;

	pfkey_msg_init(&m, type, SADB_X_SATYPE_IPCOMP);
	assert_true(addr_parse(src, &s.addr) && addr_parse(dst, &d.addr));
	pfkey_set_ends(&m, &s, &d);
	pfkey_set_sa2(&m, mode, 0);
	m.sa = (struct pfkey_sa){ .spi = spi, .state = SADB_SASTATE_MATURE, .encrypt = CW_COMP_DEFLATE, .flags = flags };
	m.has |= PFKEY_HAS(SADB_EXT_SA);
	return m;
}

static void
key(struct host *h, const struct layer *l, unsigned i, bool back, uint32_t cpi_flags)
{
	const char *src = back ? l->dst : l->src, *dst = back ? l->src : l->dst;
	uint32_t spi = (back ? 0x1000 : 0x2000) + i;

	if (l->proto == COMP) {
		struct pfkey_msg m = comp_msg(SADB_ADD, spi, src, dst, l->mode, cpi_flags);

		assert_int_equal(rig_call(h, 0, &m), 0);
	} else {
		struct rig_sa sa = { .spi = spi, .src = src, .dst = dst, .mode = l->mode, .window = 64,
		    .seed = (uint8_t)(i + (back ? 8 : 0)), .udp = l->proto == ESP_UDP ? 4500 : 0 };

		assert_int_equal(rig_sa(h, &sa), 0);
	}
}

static void
policy_msg(struct pfkey_msg *m, const struct stack *s, unsigned dir, bool back, unsigned level)
{
	char src[64], dst[64];

	snprintf(src, sizeof(src), "%s/%d", back ? s->dst : s->src, strchr(s->src, ':') ? 128 : 32);
	snprintf(dst, sizeof(dst), "%s/%d", back ? s->src : s->dst, strchr(s->src, ':') ? 128 : 32);
	rig_policy_msg(m, SADB_X_SPDADD, dir, CW_POLICY_IPSEC, src, dst, 0, 1000);
	m->policy.n = (uint8_t)s->n;
	for (unsigned i = 0; i < s->n; i++) {
		const struct layer *l = &s->layer[i];
		struct pfkey_request *r = &m->policy.req[i];

		*r = (struct pfkey_request){ .proto = l->proto == COMP ? 108 : 50, .mode = (uint8_t)l->mode, .level = (uint8_t)level };
		if (l->mode == TUN) {
			assert_true(addr_parse(back ? l->dst : l->src, &r->src));
			assert_true(addr_parse(back ? l->src : l->dst, &r->dst));
		}
	}
}

static struct host *
end_of(const struct stack *s, bool far, unsigned level, uint32_t cpi_flags)
{
	struct host *h = rig_new();
	struct pfkey_msg m;

	for (unsigned i = 0; i < s->n; i++) {
		key(h, &s->layer[i], i, false, cpi_flags);
		key(h, &s->layer[i], i, true, cpi_flags);
	}
	policy_msg(&m, s, far ? CW_DIR_IN : CW_DIR_OUT, false, level);
	assert_int_equal(rig_call(h, 0, &m), 0);
	policy_msg(&m, s, far ? CW_DIR_OUT : CW_DIR_IN, true, level);
	assert_int_equal(rig_call(h, 0, &m), 0);
	rig_clear(h);
	return h;
}

static struct ends
joined_by(const struct stack *s, unsigned level, uint32_t cpi_flags)
{
	return (struct ends){ end_of(s, false, level, cpi_flags), end_of(s, true, level, cpi_flags), s };
}

static struct ends
joined(const struct stack *s)
{
	return joined_by(s, CW_LEVEL_REQUIRE, RAWCPI);
}

static void
part(struct ends t)
{
	rig_free(t.a);
	rig_free(t.b);
}

/* UDP of n octets that repeat, or do not. */
static struct cw_pkt *
packet(const struct stack *s, size_t n, bool noise)
{
	bool six = strchr(s->src, ':') != NULL;
	struct cw_pkt *p = six ? rig_udp6(s->src, s->dst, n, 0) : rig_udp4(s->src, s->dst, n, 0, false);
	uint8_t *text = cw_pkt_data(p) + p->len - n;
	uint32_t r = 4711;

	for (size_t i = 0; i < n; i++) {
		r = r * 1664525 + 1013904223;
		text[i] = noise ? (uint8_t)(r >> 24) : 0xff;
	}
	return p;
}

/* A host tells clear packets from those of ours. */
static void
carry(struct host *to, const struct cw_pkt *p)
{
	struct cw_pkt *q = rig_arriving(p);
	unsigned proto = p->outer.proto;

	if (proto == IP_ESP || proto == IP_COMP || (cw_is_ip(proto) && cw_ask_raw(to->e, &p->outer.src, &p->outer.dst))) {
		rig_carry(to, q);
	} else {
		q->off -= p->outer.hlen;
		q->len += p->outer.hlen;
		cw_check_clear(to->e, &q, 1, to->now);
	}
}

static void
same(struct host *h, struct cw_pkt *sent)
{
	rig_same(h, sent, false);
	rig_pkt_free(sent);
}

/* Every stack and size, compressed and raw: the same octets come out at the other end, by what the wire should have. */
static void
every_stack(void **state)
{
	for (unsigned k = 0; k < NSTACKS; k++) {
		const struct stack *s = &stacks[k];
		struct ends t = joined(s);

		print_message("%s\n", s->name);
		for (size_t n = 0; n < 1400; n += n < 200 ? 1 : 97)
			for (unsigned noise = 0; noise < 2; noise++) {
				struct cw_pkt *sent = packet(s, n, noise), *w = rig_seal(t.a, rig_copy(sent));
				size_t text = n + (s->layer[0].mode == TRA ? 8 : sent->len - n);
				bool packed = !noise && text >= 90 && s->layer[0].proto == COMP;

				if (!(noise && s->layer[0].mode == TUN))	/* a header may be worth it even there */
					assert_int_equal(w->outer.proto, packed && s->n == 1 ? IP_COMP : s->raw);
				if (packed && n > 400)
					assert_true(w->len + w->outer.hlen < 200);
				carry(t.b, w);
				rig_pkt_free(w);
				same(t.b, sent);
			}
		assert_int_equal(rig_drops(t.a) + rig_drops(t.b), 0);
		part(t);
	}
}

/* Whatever it carries: its own number is the next header. */
static void
other_protocol(void **state)
{
	for (unsigned k = 0; k < 2; k++) {
		struct ends t = joined(&stacks[k]);
		struct cw_pkt *sent = packet(&stacks[k], 600, false), *w;

		cw_ip_lead(cw_pkt_data(sent), k ? 40 : 20, 47, sent->len);
		w = rig_seal(t.a, rig_copy(sent));
		assert_int_equal(w->outer.proto, IP_COMP);
		assert_int_equal(cw_pkt_data(w)[0], 47);
		carry(t.b, w);
		rig_pkt_free(w);
		same(t.b, sent);
		part(t);
	}
}

static void
with_sum(struct cw_pkt *p)
{
	struct cw_ip ip;

	assert_int_equal(cw_ip_parse(cw_pkt_data(p), p->len, &ip), CW_IP_OK);
	cw_pkt_data(p)[ip.upper + 6] = 1;	/* there is one; */
	cw_ip_sum_upper(cw_pkt_data(p), &ip);	/* a right one */
}

/* A NAT between the two: the sum is made anew (RFC 3948 3.1.2) where the packet stands open, and that is when IPComp is off. */
static void
translated(void **state)
{
	static const struct stack here = { "", "20.0.0.1", "20.0.0.2", 2, { { COMP, TRA, "20.0.0.1", "20.0.0.2" }, { ESP_UDP, TRA, "20.0.0.1", "20.0.0.2" } }, IP_ESP },
	    there = { "", "20.0.0.9", "20.0.0.2", 2, { { COMP, TRA, "20.0.0.9", "20.0.0.2" }, { ESP_UDP, TRA, "20.0.0.9", "20.0.0.2" } }, IP_ESP };
	struct ends t = { end_of(&here, false, CW_LEVEL_REQUIRE, RAWCPI), end_of(&there, true, CW_LEVEL_REQUIRE, RAWCPI), &here };

	for (unsigned noise = 0; noise < 2; noise++)
		for (size_t n = 10; n < 1300; n += 97) {
			struct cw_pkt *sent = packet(&here, n, noise), *want = packet(&there, n, noise), *w;

			with_sum(sent);
			with_sum(want);
			w = rig_seal(t.a, sent);
			assert_true(w->outer.udp && (noise || n < 400 || w->len < 200));
			w->outer.src = rig_addr("20.0.0.9");
			w->outer.sport = 61000;
			w->outer.hlen = 0;
			carry(t.b, w);
			rig_pkt_free(w);
			same(t.b, want);
		}
	assert_int_equal(rig_drops(t.b), 0);
	part(t);
}

/* RFC 3173 3.1: next header, flags of zero, CPI; what leads there is 108, with the right length and checksum; the flags are not looked at. */
static void
header(void **state)
{
	for (unsigned k = 0; k < 4; k++)
		for (unsigned known = 0; known < 2; known++) {
			const struct stack *s = &stacks[k];
			bool six = strchr(s->src, ':') != NULL, tunnel = k > 1;
			struct ends t = joined_by(s, CW_LEVEL_USE, known ? 0 : RAWCPI);
			struct cw_pkt *sent = packet(s, 600, false), *w = rig_seal(t.a, rig_copy(sent));
			const uint8_t *h = cw_pkt_data(w), *ip = h - w->outer.hlen;

			assert_int_equal(h[0], tunnel ? (six ? 41 : 4) : 17);
			assert_int_equal(h[1], 0);
			assert_int_equal(get16(h + 2), known ? 2 : 0x2000);
			if (!tunnel && six) {
				assert_int_equal(ip[6], 108);
				assert_int_equal(get16(ip + 4), w->len);
			} else if (!tunnel) {
				assert_int_equal(ip[9], 108);
				assert_int_equal(get16(ip + 2), 20 + w->len);
				assert_int_equal(cw_sum16(ip, 20, 0), 0);
			}
			cw_pkt_data(w)[1] = 0xff;
			carry(t.b, w);
			rig_pkt_free(w);
			same(t.b, sent);
			part(t);
		}
}

static uint64_t
counted(struct host *h, unsigned i)
{
	return cw_counter_of(h->e, CW_KIND_IPCOMP, 4, i);
}

/* RFC 3173 2.2: what is small, what does not get smaller, and everything while it is off, goes as it was. */
static void
threshold(void **state)
{
	struct ends t = joined(&stacks[0]);
	static const struct { size_t payload; unsigned knob; bool noise, packed; unsigned counter; } v[] = {
		{ 81, 90, false, false, CW_TOTAL_COMP_SMALL }, { 82, 90, false, true, 0 }, { 600, 90, true, false, CW_TOTAL_COMP_USELESS },
		{ 600, 609, false, false, CW_TOTAL_COMP_SMALL }, { 600, 608, false, true, 0 }, { 60, 0, false, true, 0 },
		{ 0, 0, false, false, CW_TOTAL_COMP_USELESS },
	};

	for (unsigned i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct cw_pkt *sent = packet(t.s, v[i].payload, v[i].noise), *w;
		uint64_t before = v[i].counter ? counted(t.a, v[i].counter) : 0;

		assert_int_equal(cw_knob_set(t.a->e, CW_KNOB_COMP_LEAST, v[i].knob), 0);
		w = rig_seal(t.a, rig_copy(sent));
		assert_int_equal(w->outer.proto, v[i].packed ? IP_COMP : IP_UDP);
		if (v[i].counter)
			assert_int_equal(counted(t.a, v[i].counter), before + 1);
		if (!v[i].packed)
			assert_memory_equal(cw_pkt_data(w) - w->outer.hlen, cw_pkt_data(sent), sent->len);
		rig_pkt_free(w);
		rig_pkt_free(sent);
	}
	assert_int_equal(cw_knob_set(t.a->e, CW_KNOB_COMP, 0), 0);
	assert_int_equal(cw_knob_set(t.a->e, CW_KNOB_COMP_LEAST, 90), 0);
	for (unsigned i = 0; i < 2; i++) {
		struct cw_pkt *w = rig_seal(t.a, packet(t.s, 600, false));

		assert_int_equal(w->outer.proto, i ? IP_COMP : IP_UDP);
		rig_pkt_free(w);
		assert_int_equal(cw_knob_set(t.a->e, CW_KNOB_COMP, 1), 0);
	}
	part(t);
}

/* The other end of 2.2: a policy of IPComp takes what came without it, at every level; what protects is asked for as ever. */
static void
without(void **state)
{
	for (unsigned level = CW_LEVEL_DEFAULT; level <= CW_LEVEL_REQUIRE; level++) {
		struct ends t = joined_by(&stacks[0], level, RAWCPI), u = joined_by(&stacks[6], level == CW_LEVEL_USE ? CW_LEVEL_REQUIRE : level, RAWCPI);
		struct cw_pkt *p = packet(t.s, 600, false), *q = rig_copy(p), *w;

		cw_check_clear(t.b->e, &q, 1, t.b->now);
		same(t.b, p);
		q = packet(u.s, 600, false);
		cw_check_clear(u.b->e, &q, 1, u.b->now);
		rig_dropped(u.b, CW_DROP_POLICY_CLEAR);
		rig_clear(u.b);
		/* IPComp alone where ESP is asked for around it */
		w = rig_seal(t.a, packet(t.s, 600, false));
		assert_int_equal(w->outer.proto, IP_COMP);
		carry(u.b, w);
		rig_dropped(u.b, CW_DROP_POLICY_MISMATCH);
		rig_pkt_free(w);
		part(t);
		part(u);
	}
}

/*
 * A host that asks first takes what is only forwarded past its filters when it leaves in another form; IPComp in transport mode alone
 * might leave it as it is. With another transform around it, or in a tunnel, nothing does.
 */
static void
forwarded(void **state)
{
	for (unsigned i = 0; i < NSTACKS; i++) {
		struct ends t = joined(&stacks[i]);
		struct cw_pkt *p = packet(t.s, 600, true);
		bool stays = stacks[i].n == 1 && stacks[i].layer[0].mode == TRA;

		assert_int_equal(cw_ask_out(t.a->e, cw_pkt_data(p), p->len, p->len, CW_ASK_SENT, t.a->now), CW_POLICY_IPSEC);
		assert_int_equal(cw_ask_out(t.a->e, cw_pkt_data(p), p->len, p->len, CW_ASK_FORWARDED, t.a->now), stays ? CW_POLICY_NONE : CW_POLICY_IPSEC);
		rig_pkt_free(p);
		part(t);
	}
}

/* The same where ESP has the level use and is not there. */
static void
forwarded_use(void **state)
{
	struct host *h = rig_new();
	struct cw_pkt *p = packet(&stacks[6], 600, true);
	struct pfkey_msg m;

	key(h, &stacks[6].layer[0], 0, false, RAWCPI);
	policy_msg(&m, &stacks[6], CW_DIR_OUT, false, CW_LEVEL_USE);
	assert_int_equal(rig_call(h, 0, &m), 0);
	assert_int_equal(cw_ask_out(h->e, cw_pkt_data(p), p->len, p->len, CW_ASK_FORWARDED, h->now), CW_POLICY_NONE);
	assert_int_equal(cw_ask_out(h->e, cw_pkt_data(p), p->len, p->len, CW_ASK_SENT, h->now), CW_POLICY_IPSEC);
	key(h, &stacks[6].layer[1], 1, false, RAWCPI);
	assert_int_equal(cw_ask_out(h->e, cw_pkt_data(p), p->len, p->len, CW_ASK_FORWARDED, h->now), CW_POLICY_IPSEC);
	rig_pkt_free(p);
	rig_free(h);
}

/* What an ICMP error quotes: the CPI that is sent between these two, its own or the well-known one. */
static void
quoted(void **state)
{
	struct ends t = joined(&stacks[0]), u = joined_by(&stacks[0], CW_LEVEL_REQUIRE, 0);
	struct cw_addr a = rig_addr("20.0.0.1"), b = rig_addr("20.0.0.2"), x = rig_addr("20.0.0.3");

	assert_true(cw_ask_comp(t.a->e, 0x2000, &a, &b));
	assert_false(cw_ask_comp(t.a->e, 0x1000, &a, &b));	/* the way back */
	assert_false(cw_ask_comp(t.a->e, CW_COMP_DEFLATE, &a, &b));
	assert_false(cw_ask_comp(t.a->e, 0x2000, &a, &x));
	assert_true(cw_ask_comp(u.a->e, CW_COMP_DEFLATE, &a, &b));
	assert_false(cw_ask_comp(u.a->e, 0x2000, &a, &b));
	part(t);
	part(u);
}

/* An IP packet in an IP packet is ours where an SA in tunnel mode is between its ends, and the policy still has its say. */
static void
raw_tunnel(void **state)
{
	struct ends t = joined(&stacks[2]), u = joined(&stacks[0]);
	struct cw_addr a = rig_addr("20.0.0.1"), b = rig_addr("20.0.0.2"), x = rig_addr("20.0.0.3");
	struct cw_pkt *p;

	assert_true(cw_ask_raw(t.b->e, &a, &b));
	assert_false(cw_ask_raw(t.b->e, &x, &b));
	assert_false(cw_ask_raw(u.b->e, &a, &b));	/* transport mode */
	p = rig_udp4("10.0.1.6", "10.0.2.7", 100, 0, false);	/* no policy has these */
	p->outer = (struct cw_outer){ .src = a, .dst = b, .proto = IP_IPIP };
	rig_carry(t.b, p);
	rig_dropped(t.b, CW_DROP_POLICY_NONE_IN);
	rig_clear(t.b);
	p = packet(t.s, 100, true);
	p->outer = (struct cw_outer){ .src = x, .dst = b, .proto = IP_IPIP };
	rig_carry(t.b, p);
	rig_dropped(t.b, CW_DROP_SPI_UNKNOWN);
	rig_clear(t.b);
	p = packet(t.s, 100, true);
	p->outer = (struct cw_outer){ .src = a, .dst = b, .proto = IP_IPV6 };
	rig_carry(t.b, p);
	rig_dropped(t.b, CW_DROP_INNER_HEADER);
	part(t);
	part(u);
}

/* Each reason, once, and nothing else. */
static void
drop_with(struct ends t, uint8_t *comp, size_t n, unsigned reason)
{
	struct cw_pkt *p = rig_pkt(comp, n);

	p->outer = (struct cw_outer){ .src = rig_addr(t.s->layer[0].src), .dst = rig_addr(t.s->layer[0].dst), .proto = IP_COMP };
	rig_carry(t.b, p);
	rig_dropped(t.b, reason);
	rig_clear(t.b);
}

static void
drops(void **state)
{
	struct ends t = joined(&stacks[0]), u = joined(&stacks[2]);
	struct cw_pkt *w = rig_seal(t.a, packet(t.s, 600, false)), *z;
	struct pfkey_msg m = comp_msg(SADB_ADD, 0x3000, "20.0.0.1", "20.0.0.2", TRA, RAWCPI);
	uint8_t *h = cw_pkt_data(w), bomb[300] = { 17, 0, 0x20, 0 }, stored[] = { 17, 0, 0x20, 0, 1, 3, 0, 0xfc, 0xff, 'a', 'b', 'c' };
	static uint8_t zeros[60000];
	static struct cw_seen seen[CW_SEEN];
	z_stream pack = { 0 };

	for (size_t n = 0; n < 4; n++)
		drop_with(t, h, n, CW_DROP_COMP_SHORT);
	for (size_t n = 4; n < w->len; n++)
		drop_with(t, h, n, CW_DROP_COMP_MALFORMED);
	h[3] ^= 1;
	drop_with(t, h, w->len, CW_DROP_SPI_UNKNOWN);
	h[3] ^= 1;
	assert_int_equal(deflateInit2(&pack, 9, Z_DEFLATED, -11, 8, Z_DEFAULT_STRATEGY), Z_OK);
	pack.next_in = zeros;
	pack.avail_in = sizeof(zeros);
	pack.next_out = bomb + 4;
	pack.avail_out = sizeof(bomb) - 4;
	assert_int_equal(deflate(&pack, Z_FINISH), Z_STREAM_END);
	drop_with(t, bomb, 4 + pack.total_out, CW_DROP_COMP_TOO_LARGE);
	deflateEnd(&pack);
	drop_with(u, stored, sizeof(stored), CW_DROP_NEXT_HEADER);
	assert_int_equal(cw_knob_set(t.b->e, CW_KNOB_COMP, 0), 0);
	drop_with(t, h, w->len, CW_DROP_COMP_OFF);
	assert_int_equal(cw_knob_set(t.b->e, CW_KNOB_COMP, 1), 0);
	t.b->no_room = true;
	z = rig_arriving(w);
	z->cap = z->off + z->len;
	rig_carry(t.b, z);
	rig_dropped(t.b, CW_DROP_NO_MEMORY);
	assert_true(cw_seen_copy(t.b->e, seen) > 0);
	assert_int_equal(seen[0].proto, IP_COMP);
	assert_int_equal(seen[0].spi, 0x2000);
	rig_clear(t.b);
	t.b->no_room = false;
	/* an SA for sending only, and one from another sender */
	m.sa_flags = CW_SAF_OUT;
	m.has |= PFKEY_HAS(CW_EXT_SAFLAGS);
	assert_int_equal(rig_call(t.b, 0, &m), 0);
	put16(h + 2, 0x3000);
	drop_with(t, h, w->len, CW_DROP_SA_DIRECTION);
	put16(h + 2, 0x2000);
	z = rig_arriving(w);
	z->outer.src = rig_addr("20.0.0.9");
	rig_carry(t.b, z);
	rig_dropped(t.b, CW_DROP_SELECTOR_IN);
	rig_clear(t.b);
	rig_pkt_free(w);
	part(t);
	part(u);
}

/* DEFLATE with a stored block: any octets, a little longer. */
static size_t
wrap(uint8_t *to, unsigned next, unsigned cpi, const uint8_t *in, size_t n)
{
	to[0] = (uint8_t)next;
	to[1] = 0;
	put16(to + 2, cpi);
	to[4] = 1;
	to[5] = (uint8_t)n;
	to[6] = (uint8_t)(n >> 8);
	to[7] = (uint8_t)~to[5];
	to[8] = (uint8_t)~to[6];
	memcpy(to + 9, in, n);
	return n + 9;
}

/* CVE-2011-1547: IPComp in IPComp a thousand times. One is taken off. And no more IP in IP than the engine takes off layers. */
static void
nested(void **state)
{
	static uint8_t buf[2][20000];
	struct ends t = joined(&stacks[0]), u = joined(&stacks[2]);
	size_t n = 8;

	for (unsigned i = 0; i < 1000; i++)
		n = wrap(buf[(i + 1) % 2], i ? 108 : 17, 0x2000, buf[i % 2], n);
	drop_with(t, buf[0], n, CW_DROP_COMP_NESTED);
	for (unsigned i = 0; i < 1000; i++) {
		struct cw_pkt *p = rig_udp4("20.0.0.1", "20.0.0.2", n < 8 ? 8 : n - 8, 0, false);

		/* the packet of the round before inside one more header */
		n = i ? p->len : 28;
		if (i)
			memcpy(cw_pkt_data(p) + 20, buf[0], n - 20);
		cw_ip_lead(cw_pkt_data(p), 20, i ? IP_IPIP : IP_UDP, n);
		memcpy(buf[0], cw_pkt_data(p), n);
		rig_pkt_free(p);
		if (n + 20 > sizeof(buf[0]))
			break;
	}
	{
		struct cw_pkt *p = rig_pkt(buf[0], n);

		p->outer = (struct cw_outer){ .src = rig_addr("20.0.0.1"), .dst = rig_addr("20.0.0.2"), .proto = IP_IPIP };
		rig_carry(u.b, p);
		rig_dropped(u.b, CW_DROP_TOO_NESTED);
	}
	part(t);
	part(u);
}

/* Compression comes before fragmentation (RFC 3173 2.1): a fragment stays as it is, and ESP's transport mode takes none. */
static void
fragment(void **state)
{
	struct ends t = joined(&stacks[0]), u = joined(&stacks[7]), v = joined(&stacks[6]);
	struct cw_pkt *p = packet(t.s, 600, false), *w;

	cw_pkt_data(p)[6] = 0x20;
	cw_ip_lead(cw_pkt_data(p), 20, IP_UDP, p->len);
	w = rig_seal(t.a, rig_copy(p));
	assert_int_equal(w->outer.proto, IP_UDP);
	assert_memory_equal(cw_pkt_data(w) - 20, cw_pkt_data(p), p->len);
	rig_pkt_free(w);
	cw_plain_in(v.a->e, &p, 1, v.a->now);
	rig_dropped(v.a, CW_DROP_FRAGMENT_TRANSPORT);
	part(t);
	part(u);
	part(v);
}

static int
refused(struct host *h, struct pfkey_msg m)
{
	m.seq = 0;
	return rig_call(h, 0, &m);
}

static void
pf_key(void **state)
{
	struct host *h = rig_new();
	struct pfkey_msg m = comp_msg(SADB_ADD, 0x2000, "20.0.0.1", "20.0.0.2", TRA, RAWCPI), x;
	struct rig_sa esp = { .spi = 0x2000, .src = "20.0.0.1", .dst = "20.0.0.2" };
	struct stack twice = { "", "20.0.0.1", "20.0.0.2", 2, { { COMP, TRA, "20.0.0.1", "20.0.0.2" }, { COMP, TRA, "20.0.0.1", "20.0.0.2" } }, 0 };
	static const uint8_t octets[16] = { 1 };

	for (unsigned alg = 0; alg < 6; alg++) {	/* OUI, LZS, LZJH … */
		x = m;
		x.sa.encrypt = (uint8_t)alg;
		if (alg != CW_COMP_DEFLATE)
			assert_int_equal(refused(h, x), EOPNOTSUPP);
	}
	x = m;
	x.sa.spi = 0x10000;
	assert_int_equal(refused(h, x), EINVAL);
	x.sa.spi = 0;
	assert_int_equal(refused(h, x), EINVAL);
	x.sa.spi = 3;		/* LZS's, on the wire */
	assert_int_equal(refused(h, x), EINVAL);
	x.sa.flags = 0;		/* a number of its own only */
	assert_int_equal(refused(h, x), 0);
	x = m;
	x.key_encrypt = bytes_of(octets, sizeof(octets));
	x.has |= PFKEY_HAS(SADB_EXT_KEY_ENCRYPT);
	assert_int_equal(refused(h, x), EINVAL);
	x = m;
	x.sa.auth = SADB_AALG_SHA1HMAC;
	assert_int_equal(refused(h, x), EINVAL);
	x = m;
	x.sa.replay = 32;
	assert_int_equal(refused(h, x), EINVAL);
	assert_int_equal(refused(h, m), 0);
	assert_int_equal(refused(h, m), EEXIST);
	assert_int_equal(rig_sa(h, &esp), 0);		/* the same number, another protocol */
	policy_msg(&x, &twice, CW_DIR_OUT, false, CW_LEVEL_USE);
	assert_int_equal(refused(h, x), EINVAL);
	/* a number of those that are negotiated */
	x = comp_msg(SADB_GETSPI, 0, "20.0.0.1", "20.0.0.2", TRA, 0);
	x.has &= ~PFKEY_HAS(SADB_EXT_SA);
	for (unsigned i = 0; i < 50; i++) {
		assert_int_equal(refused(h, x), 0);
		assert_true(rig_last(h, 0, &x));
		assert_int_equal(x.satype, SADB_X_SATYPE_IPCOMP);
		assert_in_range(x.sa.spi, 0x100, 0xefff);
		x = comp_msg(SADB_GETSPI, 0, "20.0.0.1", "20.0.0.2", TRA, 0);
		x.has &= ~PFKEY_HAS(SADB_EXT_SA);
	}
	/* dumps and flushes of one kind */
	rig_forget(h, 0);
	pfkey_msg_init(&x, SADB_DUMP, SADB_SATYPE_ESP);
	refused(h, x);		/* rows have numbers of their own */
	assert_int_equal(h->client[0].n, 1);
	pfkey_msg_init(&x, SADB_DUMP, SADB_X_SATYPE_IPCOMP);
	rig_forget(h, 0);
	refused(h, x);
	assert_int_equal(h->client[0].n, 52);
	assert_true(pfkey_get(h->client[0].msg[1], &x, NULL));
	assert_int_equal(x.satype, SADB_X_SATYPE_IPCOMP);
	assert_int_equal(x.sa.encrypt, CW_COMP_DEFLATE);
	assert_int_equal(x.sa.flags, RAWCPI);
	assert_int_equal(cw_sa_count(h->e), 53);
	pfkey_msg_init(&x, SADB_FLUSH, SADB_X_SATYPE_IPCOMP);
	assert_int_equal(refused(h, x), 0);
	assert_int_equal(cw_sa_count(h->e), 1);
	assert_int_equal(rig_by_name(h, 0, SADB_GET, &esp), 0);
	rig_free(h);
}

/* IPComp that lacks an SA is not asked for where it may be missing, so that ESP's ACQUIRE is; where it may not, with its own kind. */
static void
acquire(void **state)
{
	for (unsigned level = CW_LEVEL_USE; level <= CW_LEVEL_REQUIRE; level++) {
		const struct stack *s = &stacks[6];
		struct host *h = rig_new();
		struct pfkey_msg m;
		struct cw_pkt *p = packet(s, 100, false);

		policy_msg(&m, s, CW_DIR_OUT, false, level);
		m.policy.req[1].level = CW_LEVEL_REQUIRE;
		assert_int_equal(rig_call(h, 0, &m), 0);
		rig_forget(h, 0);
		cw_plain_in(h->e, &p, 1, h->now);
		assert_true(rig_event(h, 0, SADB_ACQUIRE, &m));
		assert_int_equal(m.satype, level == CW_LEVEL_USE ? SADB_SATYPE_ESP : SADB_X_SATYPE_IPCOMP);
		assert_int_equal(h->ndrop, 0);	/* it waits */
		rig_free(h);
	}
}

/* Lifetimes end an SA for IPComp too, and where its level is use, packets go on without. */
static void
lifetime(void **state)
{
	struct ends t = joined_by(&stacks[0], CW_LEVEL_USE, RAWCPI);
	struct pfkey_msg m = comp_msg(SADB_ADD, 0x2100, "20.0.0.1", "20.0.0.2", TRA, RAWCPI);
	struct cw_pkt *w;

	m.hard = (struct pfkey_lifetime){ .packets = 1 };
	m.has |= PFKEY_HAS(SADB_EXT_LIFETIME_HARD);
	assert_int_equal(rig_call(t.b, 0, &m), 0);
	w = rig_seal(t.a, packet(t.s, 600, false));
	put16(cw_pkt_data(w) + 2, 0x2100);
	carry(t.b, w);
	assert_int_equal(t.b->nplain, 1);
	rig_clear(t.b);
	carry(t.b, w);
	assert_int_equal(t.b->ndrop, 1);
	assert_int_equal(t.b->drop[0]->drop, CW_DROP_SA_EXPIRED);
	rig_pkt_free(w);
	part(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_stack), cmocka_unit_test(other_protocol), cmocka_unit_test(translated), cmocka_unit_test(header), cmocka_unit_test(threshold), cmocka_unit_test(without),
		cmocka_unit_test(raw_tunnel), cmocka_unit_test(forwarded), cmocka_unit_test(forwarded_use), cmocka_unit_test(quoted), cmocka_unit_test(drops), cmocka_unit_test(nested), cmocka_unit_test(fragment),
		cmocka_unit_test(pf_key), cmocka_unit_test(acquire), cmocka_unit_test(lifetime),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
