/* SPDX-License-Identifier: BSD-2-Clause */
/* Tunnels that are interfaces: each number has an SPD and SAs of its own, and no packet meets another's. */
#include "core_rig.h"

#include "causeway/pfkey.h"
#include "core.h"

#define WEST	"20.0.0.1"
#define EAST	"20.0.0.2"

/* Both ends of a tunnel for everything, by interface; "": of none. The same reqids and ends: only the name tells them apart. */
struct pair { struct host *a, *b; };

static void
tunnel(struct host *h, bool west, const char *iface, uint32_t spi, uint32_t reqid)
{
	struct rig_sa out = { .spi = spi, .reqid = reqid, .flags = CW_SAF_OUT, .src = WEST, .dst = EAST, .seed = (uint8_t)spi, .window = 64,
	    .iface = *iface ? iface : NULL };
	struct rig_sa in = { .spi = spi + 1, .reqid = reqid, .flags = CW_SAF_IN, .src = EAST, .dst = WEST, .seed = (uint8_t)(spi + 1), .window = 64,
	    .iface = *iface ? iface : NULL };
	struct pfkey_msg m;

	if (!west) {
		struct rig_sa t = out;

		out = in;
		in = t;
		out.flags = CW_SAF_OUT;
		in.flags = CW_SAF_IN;
	}
	assert_int_equal(rig_sa(h, &out), 0);
	assert_int_equal(rig_sa(h, &in), 0);
	for (unsigned dir = CW_DIR_IN; dir <= CW_DIR_OUT; dir++) {
		for (unsigned six = 0; six < 2; six++) {
			rig_policy_msg(&m, SADB_X_SPDADD, dir, CW_POLICY_IPSEC, six ? "::/0" : "0.0.0.0/0", six ? "::/0" : "0.0.0.0/0", reqid, 0);
			if (*iface)
				pfkey_set_iface(&m, iface);
			assert_int_equal(rig_call(h, 0, &m), 0);
		}
	}
}

/* Its header was changed. */
static struct cw_pkt *
summed(struct cw_pkt *p)
{
	uint8_t *h = cw_pkt_data(p);

	put16(h + 10, 0);
	put16(h + 10, cw_sum16(h, 20, 0));
	return p;
}

static unsigned
num(struct host *h, const char *name)
{
	unsigned n = host_iface_find(h, name);

	assert_true(n > 0);
	return n;
}

static void
send_by(struct host *h, struct cw_pkt *p, uint32_t iface)
{
	p->iface = iface;
	cw_plain_in(h->e, &p, 1, h->now);
}

static void
test_partition(void **state)
{
	struct host *a = rig_new(), *b = rig_new();
	uint32_t none = 0, x, y;

	tunnel(a, true, "vpn0", 0x1000, 7);
	tunnel(a, true, "vpn1", 0x2000, 7);
	tunnel(b, false, "vpn0", 0x1000, 7);
	tunnel(b, false, "vpn1", 0x2000, 7);
	x = num(a, "vpn0");
	y = num(a, "vpn1");
	assert_true(x != y);
	/* What is led to none of them meets nothing, although all is covered by policies for everything. */
	assert_true(cw_idle(a->e));
	rig_clear(a);
	send_by(a, rig_udp4("10.0.1.5", "10.0.2.6", 30, 0, false), none);
	assert_true(a->nplain == 1 && a->plain[0]->verdict == CW_BYPASS && a->nwire == 0 && a->ndrop == 0);
	/* And each of them its own SA. */
	for (unsigned i = 0; i < 2; i++) {
		for (unsigned six = 0; six < 2; six++) {
			struct cw_pkt *sent = six ? rig_udp6("fd01::5", "fe80::6", 30, 0) : rig_udp4("10.0.1.5", "224.0.0.5", 30, 0, false), *copy = rig_copy(sent);

			rig_clear(a);
			rig_clear(b);
			send_by(a, sent, i ? y : x);
			assert_true(a->nwire == 1 && a->ndrop == 0 && a->nplain == 0);
			assert_int_equal(a->wire[0]->spi, i ? 0x2000 : 0x1000);
			rig_carry(b, rig_arriving(a->wire[0]));
			assert_int_equal(b->nplain, 1);
			assert_int_equal(b->plain[0]->verdict, CW_DELIVER);
			assert_int_equal(b->plain[0]->iface, num(b, i ? "vpn1" : "vpn0"));
			rig_same(b, copy, false);
			rig_pkt_free(copy);
		}
	}
	/* One of a third number, whose policies are gone or not there yet, meets none. */
	rig_clear(a);
	send_by(a, rig_udp4("10.0.1.5", "10.0.2.6", 30, 0, false), 4);
	rig_dropped(a, CW_DROP_IFACE_CLEAR);
	rig_free(a);
	rig_free(b);
}

/* Beside a tunnel of no interface, of the same ends and networks. */
static void
test_beside_policies(void **state)
{
	struct host *a = rig_new(), *b = rig_new();

	tunnel(a, true, "vpn0", 0x1000, 7);
	tunnel(a, true, "", 0x3000, 7);
	tunnel(b, false, "vpn0", 0x1000, 7);
	tunnel(b, false, "", 0x3000, 7);
	assert_false(cw_idle(a->e));
	rig_clear(a);
	send_by(a, rig_udp4("10.0.1.5", "10.0.2.6", 30, 0, false), 0);
	assert_true(a->nwire == 1 && a->wire[0]->spi == 0x3000);
	rig_carry(b, rig_arriving(a->wire[0]));
	assert_true(b->nplain == 1 && b->plain[0]->iface == 0);
	rig_clear(a);
	rig_clear(b);
	send_by(a, rig_udp4("10.0.1.5", "10.0.2.6", 30, 0, false), num(a, "vpn0"));
	assert_true(a->nwire == 1 && a->wire[0]->spi == 0x1000);
	rig_carry(b, rig_arriving(a->wire[0]));
	assert_true(b->nplain == 1 && b->plain[0]->iface == num(b, "vpn0"));
	rig_free(a);
	rig_free(b);
}

/* An SA's packets are held against the policies of its own interface: neither those of another nor those of none let them in. */
static void
test_inbound(void **state)
{
	static const char *const let[] = { "", "vpn1" };

	for (unsigned i = 0; i < 2; i++) {
		struct host *a = rig_new(), *b = rig_new();
		struct rig_sa in = { .spi = 0x1000, .reqid = 7, .flags = CW_SAF_IN, .src = WEST, .dst = EAST, .seed = 0, .window = 64, .iface = "vpn0" };
		struct pfkey_msg m;

		tunnel(a, true, "vpn0", 0x1000, 7);
		assert_int_equal(rig_sa(b, &in), 0);
		rig_policy_msg(&m, SADB_X_SPDADD, CW_DIR_IN, CW_POLICY_IPSEC, "0.0.0.0/0", "0.0.0.0/0", 7, 0);
		if (*let[i])
			pfkey_set_iface(&m, let[i]);
		assert_int_equal(rig_call(b, 0, &m), 0);
		rig_clear(a);
		rig_clear(b);
		send_by(a, rig_udp4("10.0.1.5", "10.0.2.6", 30, 0, false), num(a, "vpn0"));
		assert_int_equal(a->nwire, 1);
		rig_carry(b, rig_arriving(a->wire[0]));
		rig_dropped(b, CW_DROP_POLICY_NONE_IN);
		/* and with one of its own they come in */
		rig_policy_of(b, "vpn0", CW_DIR_IN, "10.0.1.0/24", "10.0.2.0/24", 7);
		rig_clear(a);
		rig_clear(b);
		send_by(a, rig_udp4("10.0.1.5", "10.0.2.6", 30, 0, false), num(a, "vpn0"));
		rig_carry(b, rig_arriving(a->wire[0]));
		assert_true(b->nplain == 1 && b->plain[0]->iface == num(b, "vpn0"));
		rig_free(a);
		rig_free(b);
	}
}

/* Clear packets: those of an interface's inbound policies may come by the others. */
static void
test_clear(void **state)
{
	struct host *h = rig_new();
	struct cw_pkt *p = rig_udp4("10.0.2.6", "10.0.1.5", 30, 0, false);

	tunnel(h, true, "vpn0", 0x1000, 7);
	assert_int_equal(cw_ask_clear(h->e, cw_pkt_data(p), p->len, p->len, true, h->now), CW_DROP_NONE);
	assert_int_equal(cw_ask_out(h->e, cw_pkt_data(p), p->len, p->len, CW_ASK_SENT, h->now), CW_POLICY_NONE);
	p->iface = 1;		/* what a host left in it */
	cw_check_clear(h->e, &p, 1, h->now);
	assert_true(h->nplain == 1 && h->plain[0]->verdict == CW_CLEAR);
	rig_free(h);
}

/* SAs: one of none, or of another, serves no policy of this; then somebody is asked, and told which it is. */
static void
test_sa_of_another(void **state)
{
	struct host *h = rig_new();
	struct rig_sa out = { .spi = 0x1000, .reqid = 7, .flags = CW_SAF_OUT, .src = WEST, .dst = EAST };
	struct pfkey_msg m;

	pfkey_msg_init(&m, SADB_REGISTER, SADB_SATYPE_ESP);
	assert_int_equal(rig_call(h, 1, &m), 0);
	rig_policy_of(h, "vpn0", CW_DIR_OUT, "0.0.0.0/0", "0.0.0.0/0", 7);
	assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_IPSEC, "0.0.0.0/0", "0.0.0.0/0", 7, 0), 0);
	assert_int_equal(rig_sa(h, &out), 0);
	out.spi = 0x2000;
	out.iface = "vpn1";
	assert_int_equal(rig_sa(h, &out), 0);
	rig_clear(h);
	send_by(h, rig_udp4("10.0.1.5", "10.0.2.6", 30, 0, false), num(h, "vpn0"));
	assert_int_equal(h->nwire, 0);
	assert_true(rig_event(h, 0, SADB_ACQUIRE, &m) && (m.has & PFKEY_HAS(CW_EXT_IFACE)));
	assert_string_equal(m.iface, "vpn0");
	assert_true(rig_event(h, 1, SADB_ACQUIRE, &m) && !(m.has & PFKEY_HAS(CW_EXT_IFACE)));
	/* The one that it asked for comes: the packet goes on by it, and not by those that were there. */
	out.spi = 0x4000;
	out.iface = "vpn0";
	assert_int_equal(rig_sa(h, &out), 0);
	assert_true(h->nwire == 1 && h->wire[0]->spi == 0x4000);
	rig_clear(h);
	send_by(h, rig_udp4("10.0.1.5", "10.0.2.6", 30, 0, false), 0);
	assert_true(h->nwire == 1 && h->wire[0]->spi == 0x1000);
	rig_free(h);
}

/* Fragments, whose ports are not known, are found by what else is said: of the same interface. */
static void
test_fragments(void **state)
{
	struct host *h = rig_new();
	struct cw_pkt *p;
	struct pfkey_msg m;

	tunnel(h, true, "vpn0", 0x1000, 7);
	rig_policy_msg(&m, SADB_X_SPDADD, CW_DIR_OUT, CW_POLICY_DISCARD, "10.0.1.0/24", "10.0.2.0/24", 0, 0);
	m.src.proto = m.dst.proto = 17;
	m.dst.ep.port = 9;
	m.policy.priority = 0;
	pfkey_set_iface(&m, "vpn1");
	assert_int_equal(rig_call(h, 0, &m), 0);
	for (unsigned i = 0; i < 2; i++) {
		rig_clear(h);
		p = rig_udp4("10.0.1.5", "10.0.2.6", 30, 0, false);
		cw_pkt_data(p)[6] = 0;
		cw_pkt_data(p)[7] = 4;
		send_by(h, summed(p), num(h, i ? "vpn1" : "vpn0"));
		if (i)
			rig_dropped(h, CW_DROP_POLICY_DISCARD_OUT);
		else
			assert_int_equal(h->nwire, 1);
	}
	rig_free(h);
}

/* The route to the peer leads into its own tunnel. */
static void
test_loop(void **state)
{
	struct host *h = rig_new();
	struct cw_pkt *w;

	tunnel(h, true, "vpn0", 0x1000, 7);
	send_by(h, rig_udp4("10.0.1.5", "10.0.2.6", 30, 0, false), num(h, "vpn0"));
	assert_int_equal(h->nwire, 1);
	/* as it is on the wire */
	w = rig_udp4(WEST, EAST, h->wire[0]->len - 8, 0, false);
	memcpy(cw_pkt_data(w) + 20, cw_pkt_data(h->wire[0]), h->wire[0]->len);
	cw_pkt_data(w)[9] = 50;
	summed(w);
	rig_clear(h);
	send_by(h, rig_copy(w), num(h, "vpn0"));
	rig_dropped(h, CW_DROP_IFACE_LOOP);
	/* another's ESP to the same gateway is carried */
	cw_pkt_data(w)[21] ^= 1;
	rig_clear(h);
	send_by(h, w, num(h, "vpn0"));
	assert_int_equal(h->nwire, 1);
	rig_free(h);
}

/* Of two layers each has to be of the same. */
static void
test_mixed(void **state)
{
	struct host *a = rig_new(), *c = rig_new(), *b = rig_new();
	struct cw_pkt *w;

	tunnel(a, true, "vpn1", 0x2000, 7);
	tunnel(c, true, "vpn0", 0x1000, 7);
	tunnel(b, false, "vpn0", 0x1000, 7);
	tunnel(b, false, "vpn1", 0x2000, 7);
	send_by(a, rig_udp4("10.0.1.5", "10.0.2.6", 30, 0, false), num(a, "vpn1"));
	assert_int_equal(a->nwire, 1);
	w = rig_udp4(WEST, EAST, a->wire[0]->len - 8, 0, false);
	memcpy(cw_pkt_data(w) + 20, cw_pkt_data(a->wire[0]), a->wire[0]->len);
	cw_pkt_data(w)[9] = 50;
	send_by(c, summed(w), num(c, "vpn0"));
	assert_int_equal(c->nwire, 1);
	rig_clear(b);
	rig_carry(b, rig_arriving(c->wire[0]));
	rig_dropped(b, CW_DROP_IFACE_MIXED);
	rig_free(a);
	rig_free(b);
	rig_free(c);
}

/* No way into the clear: neither without a policy, nor by one that does without an SA, nor by one that lets pass. */
static void
test_never_clear(void **state)
{
	struct host *h = rig_new();
	struct pfkey_msg m;

	rig_policy_of(h, "vpn0", CW_DIR_OUT, "10.0.1.0/24", "10.0.2.0/24", 7);
	rig_clear(h);
	send_by(h, rig_udp4("10.0.1.5", "10.0.3.6", 30, 0, false), num(h, "vpn0"));
	rig_dropped(h, CW_DROP_IFACE_CLEAR);
	rig_policy_msg(&m, SADB_X_SPDADD, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.1.0/24", "10.0.3.0/24", 7, 0);
	m.policy.req[0].level = CW_LEVEL_USE;
	pfkey_set_iface(&m, "vpn0");
	assert_int_equal(rig_call(h, 0, &m), 0);
	rig_clear(h);
	send_by(h, rig_udp4("10.0.1.5", "10.0.3.6", 30, 0, false), num(h, "vpn0"));
	rig_dropped(h, CW_DROP_IFACE_CLEAR);
	for (unsigned type = CW_POLICY_NONE; type <= CW_POLICY_BYPASS; type++) {
		if (type == CW_POLICY_IPSEC)
			continue;
		rig_policy_msg(&m, SADB_X_SPDADD, CW_DIR_OUT, type, "10.0.1.0/24", "10.0.4.0/24", 0, 0);
		pfkey_set_iface(&m, "vpn0");
		assert_int_equal(rig_call(h, 0, &m), EINVAL);
	}
	rig_free(h);
}

static int
call_of(struct host *h, uint8_t type, const char *iface)
{
	struct pfkey_msg m;

	rig_policy_msg(&m, type, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.1.0/24", "10.0.2.0/24", 7, 0);
	pfkey_set_iface(&m, iface);
	return rig_call(h, 0, &m);
}

/* It is there from the first that names it to the last, by whatever way they go; errors leave nothing behind. */
static void
test_life(void **state)
{
	struct host *h = rig_new();
	struct rig_sa sa = { .spi = 0x1000, .reqid = 7, .flags = CW_SAF_OUT, .src = WEST, .dst = EAST, .iface = "vpn0", .hard_s = 10 };
	struct pfkey_msg m;
	uint8_t keys[128];

	assert_int_equal(call_of(h, SADB_X_SPDADD, "vpn0"), 0);
	assert_int_equal(h->iface[0].users, 1);
	assert_int_equal(call_of(h, SADB_X_SPDADD, "vpn0"), EEXIST);
	assert_int_equal(call_of(h, SADB_X_SPDUPDATE, "vpn0"), 0);
	assert_int_equal(h->iface[0].users, 1);
	assert_int_equal(call_of(h, SADB_X_SPDADD, "eth0"), EEXIST);
	assert_int_equal(call_of(h, SADB_X_SPDADD, ""), 0);	/* the same selectors, of none */
	assert_int_equal(call_of(h, SADB_X_SPDUPDATE, "vpn1"), 0);
	assert_int_equal(cw_policy_count(h->e), 3);
	assert_int_equal(rig_sa(h, &sa), 0);
	assert_int_equal(h->iface[0].users, 2);
	assert_int_equal(rig_sa(h, &sa), EEXIST);
	sa.spi = 0x2000;
	sa.bits = 24;		/* no such key */
	assert_int_not_equal(rig_sa(h, &sa), 0);
	assert_int_equal(h->iface[0].users, 2);
	/* An SA keeps its interface. */
	sa.spi = 0x1000;
	rig_sa_msg(&m, &sa, SADB_UPDATE, keys);
	m.has &= ~(PFKEY_HAS(SADB_EXT_KEY_ENCRYPT) | PFKEY_HAS(SADB_EXT_KEY_AUTH));
	assert_int_equal(rig_call(h, 0, &m), 0);
	pfkey_set_iface(&m, "vpn1");
	assert_int_equal(rig_call(h, 0, &m), EINVAL);
	/* Deleting is by name, too. */
	assert_int_equal(call_of(h, SADB_X_SPDDELETE, "vpn9"), ENOENT);
	assert_int_equal(h->iface_gone, 0);
	assert_int_equal(call_of(h, SADB_X_SPDDELETE, "vpn1"), 0);
	assert_true(rig_last(h, 0, &m) && strcmp(m.iface, "vpn1") == 0);
	assert_int_equal(h->iface_gone, 1);
	assert_int_equal(call_of(h, SADB_X_SPDDELETE, ""), 0);
	assert_int_equal(call_of(h, SADB_X_SPDDELETE, "vpn0"), 0);
	assert_int_equal(h->iface[0].users, 1);
	/* The SA's end takes it. */
	h->now += 11 * S;
	cw_tick(h->e, h->now);
	assert_int_equal(h->iface[0].users, 0);
	assert_int_equal(h->iface_gone, 2);
	/* A bound of the host's. */
	for (unsigned i = 0; i < RIG_IFACES + 1; i++)
		assert_int_equal(call_of(h, SADB_X_SPDADD, (const char *[]){ "a", "b", "c", "d", "e" }[i]), i < RIG_IFACES ? 0 : ENOSPC);
	pfkey_msg_init(&m, SADB_X_SPDFLUSH, 0);
	assert_int_equal(rig_call(h, 0, &m), 0);
	assert_int_equal(h->iface_gone, 2 + RIG_IFACES);
	rig_free(h);
}

/* GETSPI says it once, and the SA has it; what is asked for is told, to who said HELLO. */
static void
test_larval(void **state)
{
	struct host *h = rig_new();
	struct rig_sa sa = { .spi = 0x1234, .reqid = 7, .src = EAST, .dst = WEST, .iface = "vpn0", .window = 32 };
	struct endpoint s = { 0 }, d = { 0 };
	struct pfkey_msg m;

	assert_true(addr_parse(sa.src, &s.addr) && addr_parse(sa.dst, &d.addr));
	pfkey_msg_init(&m, SADB_GETSPI, SADB_SATYPE_ESP);
	pfkey_set_ends(&m, &s, &d);
	pfkey_set_sa2(&m, CW_MODE_TUNNEL, 7);
	m.spi_min = m.spi_max = 0x1234;
	m.has |= PFKEY_HAS(SADB_EXT_SPIRANGE);
	pfkey_set_iface(&m, "vpn0");
	assert_int_equal(rig_call(h, 0, &m), 0);
	assert_true(rig_last(h, 0, &m) && strcmp(m.iface, "vpn0") == 0);
	assert_int_equal(h->iface[0].users, 1);
	sa.iface = NULL;
	{
		uint8_t keys[128];

		rig_sa_msg(&m, &sa, SADB_UPDATE, keys);
		assert_int_equal(rig_call(h, 0, &m), 0);
	}
	assert_int_equal(h->iface[0].users, 1);
	assert_int_equal(rig_by_name(h, 0, SADB_GET, &sa), 0);
	assert_true(rig_last(h, 0, &m) && strcmp(m.iface, "vpn0") == 0);
	assert_int_equal(rig_by_name(h, 1, SADB_GET, &sa), 0);
	assert_true(rig_last(h, 1, &m) && !(m.has & PFKEY_HAS(CW_EXT_IFACE)));
	assert_int_equal(rig_by_name(h, 0, SADB_DELETE, &sa), 0);
	assert_int_equal(h->iface_gone, 1);
	rig_free(h);
}

/* Who did not say HELLO may not say it either. And the extension cut at each octet, and changed in its length. */
static void
test_message(void **state)
{
	struct host *h = rig_new();
	uint8_t buf[PFKEY_MSG_MAX], part[PFKEY_MSG_MAX];
	struct wr w = wr_of(buf, sizeof(buf));
	char name[CW_IFACE_LEN];
	struct pfkey_msg m;
	size_t at;

	rig_policy_msg(&m, SADB_X_SPDADD, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.1.0/24", "10.0.2.0/24", 7, 0);
	m.has &= ~PFKEY_HAS(CW_EXT_OWNER);
	pfkey_set_iface(&m, "vpn0");
	assert_int_equal(rig_call(h, 1, &m), EINVAL);
	assert_true(pfkey_put(&w, &m));
	at = w.n - sizeof(struct cw_ext_iface);		/* the last one */
	assert_true(cw_pfkey_iface(buf, w.n, name));
	assert_string_equal(name, "vpn0");
	for (size_t n = 0; n < w.n; n++) {
		uint16_t words = (uint16_t)((n + 7) / 8);
		uint8_t *exact = malloc(n ? n : 1);

		memcpy(exact, buf, n);
		if (n >= 16)
			memcpy(exact + 4, &words, 2);
		assert_false(cw_pfkey_iface(exact, n, name));
		if (n > at) {
			rig_forget(h, 0);
			cw_pfkey(h->e, h->client[0].c, exact, n, h->now);
			assert_true(rig_last(h, 0, &m) && m.err != 0);
		}
		free(exact);
	}
	for (uint16_t len = 0; len < 8; len++) {
		memcpy(part, buf, w.n);
		memcpy(part + at, &len, 2);
		assert_int_equal(cw_pfkey_iface(part, w.n, name), len == 3);
		if (len == 3)
			continue;
		rig_forget(h, 0);
		cw_pfkey(h->e, h->client[0].c, part, w.n, h->now);
		assert_true(rig_last(h, 0, &m) && m.err == EINVAL);
	}
	memcpy(part, buf, w.n);
	part[at + 8] = '/';
	assert_false(cw_pfkey_iface(part, w.n, name));
	rig_forget(h, 0);
	cw_pfkey(h->e, h->client[0].c, part, w.n, h->now);
	assert_true(rig_last(h, 0, &m) && m.err == EINVAL);
	part[1] = SADB_X_SPDDELETE;
	assert_false(cw_pfkey_iface(buf, 15, name));
	assert_int_equal(cw_policy_count(h->e), 0);
	rig_free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_partition),
		cmocka_unit_test(test_beside_policies),
		cmocka_unit_test(test_inbound),
		cmocka_unit_test(test_clear),
		cmocka_unit_test(test_sa_of_another),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_loop),
		cmocka_unit_test(test_mixed),
		cmocka_unit_test(test_never_clear),
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_larval),
		cmocka_unit_test(test_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
