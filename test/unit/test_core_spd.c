/* SPDX-License-Identifier: BSD-2-Clause */
/* Policies: order and priority, updates in place, lookups among ten thousand, and the one inbound check over the history. */
#include "core_rig.h"

#include <time.h>

/* Which reqid would this packet leave by? 0: in the clear; -1: discarded. */
static int
way_out(struct host *h, const char *src, const char *dst)
{
	struct cw_pkt *p = rig_udp4(src, dst, 5, 0, false);
	struct pfkey_msg m;
	int reqid;

	rig_forget(h, 0);
	cw_plain_in(h->e, &p, 1, h->now);
	h->now += 60 * S;	/* the next ACQUIRE may go */
	if (h->nplain == 1) {
		assert_int_equal(h->plain[0]->verdict, CW_BYPASS);
		reqid = 0;
	} else if (h->ndrop == 1 && h->drop[0]->drop == CW_DROP_POLICY_DISCARD_OUT) {
		reqid = -1;
	} else {
		assert_true(rig_event(h, 0, SADB_ACQUIRE, &m));
		reqid = (int)m.sa2.reqid;
	}
	cw_tick(h->e, h->now);	/* waiting packets are old by now */
	rig_clear(h);
	return reqid;
}

static void
priority_then_arrival(void **state)
{
	struct host *h = rig_new();
	struct pfkey_msg m;

	assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.0.0/8", "10.0.0.0/8", 1, 2000), 0);
	assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_IPSEC, "10.1.0.0/16", "10.2.0.0/16", 2, 1000), 0);
	assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.0.0/8", "10.2.3.0/24", 3, 1000), 0);
	assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_NONE, "10.1.0.0/16", "10.9.0.0/16", 0, 500), 0);
	assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_DISCARD, "10.1.1.0/24", "10.9.0.0/16", 0, 600), 0);
	assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_DISCARD, "10.7.0.0/16", "10.9.0.0/16", 0, 600), 0);
	assert_int_equal(way_out(h, "10.5.0.1", "10.6.0.1"), 1);
	assert_int_equal(way_out(h, "10.1.0.1", "10.2.3.4"), 2);	/* as good as 3, but there before */
	assert_int_equal(way_out(h, "10.3.0.1", "10.2.3.4"), 3);
	assert_int_equal(way_out(h, "10.1.1.1", "10.9.0.1"), 0);	/* the bypass comes before the discard */
	assert_int_equal(way_out(h, "10.7.1.1", "10.9.0.1"), -1);
	assert_int_equal(way_out(h, "11.7.1.1", "10.9.0.1"), 0);	/* no policy */

	/* in place: a new reqid, the same rank; then a better priority */
	rig_policy_msg(&m, SADB_X_SPDUPDATE, CW_DIR_OUT, CW_POLICY_IPSEC, "10.1.0.0/16", "10.2.0.0/16", 22, 1000);
	assert_int_equal(rig_call(h, 0, &m), 0);
	assert_int_equal(way_out(h, "10.1.0.1", "10.2.3.4"), 22);
	rig_policy_msg(&m, SADB_X_SPDUPDATE, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.0.0/8", "10.2.3.0/24", 33, 999);
	assert_int_equal(rig_call(h, 0, &m), 0);
	assert_int_equal(way_out(h, "10.1.0.1", "10.2.3.4"), 33);
	/* an update of what is not there adds it */
	rig_policy_msg(&m, SADB_X_SPDUPDATE, CW_DIR_OUT, CW_POLICY_IPSEC, "10.1.0.1/32", "10.2.3.4/32", 44, 1);
	assert_int_equal(rig_call(h, 0, &m), 0);
	assert_int_equal(way_out(h, "10.1.0.1", "10.2.3.4"), 44);
	assert_int_equal(cw_policy_count(h->e), 7);
	rig_free(h);
}

static void
names_and_errors(void **state)
{
	struct host *h = rig_new();
	struct pfkey_msg m;
	uint32_t id;

	assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_IPSEC, "10.1.0.0/16", "10.2.0.0/16", 5, 10), 0);
	assert_int_equal(h->changes, 1);
	assert_true(rig_last(h, 0, &m));
	id = m.policy.id;
	assert_true(id != 0);
	assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_IPSEC, "10.1.0.0/16", "10.2.0.0/16", 6, 20), EEXIST);
	assert_int_equal(rig_policy(h, CW_DIR_IN, CW_POLICY_IPSEC, "10.1.0.0/16", "10.2.0.0/16", 6, 20), 0);
	pfkey_msg_init(&m, SADB_X_SPDGET, 0);
	m.policy.id = id;
	m.has |= PFKEY_HAS(SADB_X_EXT_POLICY);
	assert_int_equal(rig_call(h, 0, &m), 0);
	assert_true(rig_last(h, 0, &m));
	assert_int_equal(m.policy.priority, 10);
	assert_int_equal(m.policy.req[0].reqid, 5);
	assert_string_equal(m.owner, "spdsync:tokyo-newyork/net");
	assert_int_equal(m.src.prefixlen, 16);
	pfkey_msg_init(&m, SADB_X_SPDDELETE2, 0);
	m.policy.id = id + 77;
	m.has |= PFKEY_HAS(SADB_X_EXT_POLICY);
	assert_int_equal(rig_call(h, 0, &m), ENOENT);
	m.type = SADB_X_SPDGET;
	m.seq = 0;
	assert_int_equal(rig_call(h, 0, &m), ENOENT);
	m.type = SADB_X_SPDDELETE2;
	m.seq = 0;
	m.policy.id = id;
	assert_int_equal(rig_call(h, 0, &m), 0);
	m.seq = 0;
	assert_int_equal(rig_call(h, 0, &m), ENOENT);
	rig_policy_msg(&m, SADB_X_SPDDELETE, CW_DIR_IN, CW_POLICY_IPSEC, "10.1.0.0/16", "10.2.0.0/16", 6, 20);
	assert_int_equal(rig_call(h, 0, &m), 0);
	m.seq = 0;
	assert_int_equal(rig_call(h, 0, &m), ENOENT);
	assert_int_equal(h->changes, 4);
	assert_int_equal(cw_policy_count(h->e), 0);

	/* what is refused, and how */
	rig_policy_msg(&m, SADB_X_SPDADD, CW_DIR_OUT, CW_POLICY_IPSEC, "10.1.0.0/16", "10.2.0.0/16", 5, 10);
	m.policy.req[0].proto = 47;
	assert_int_equal(rig_call(h, 0, &m), EPROTONOSUPPORT);
	m.policy.req[0].proto = 50;
	m.policy.req[0].mode = CW_MODE_ANY;
	m.seq = 0;
	assert_int_equal(rig_call(h, 0, &m), EOPNOTSUPP);
	m.policy.req[0].mode = CW_MODE_TUNNEL;
	m.policy.req[0].reqid = 0;
	m.seq = 0;
	assert_int_equal(rig_call(h, 0, &m), EINVAL);
	m.policy.req[0].reqid = 5;
	m.policy.dir = 4;
	m.seq = 0;
	assert_int_equal(rig_call(h, 0, &m), EINVAL);
	m.policy.dir = CW_DIR_OUT;
	m.satype = SADB_SATYPE_ESP;
	m.seq = 0;
	assert_int_equal(rig_call(h, 0, &m), EINVAL);
	m.satype = 0;
	m.policy.type = 3;	/* entrust is for sockets, as in KAME */
	m.seq = 0;
	assert_int_equal(rig_call(h, 0, &m), EINVAL);
	assert_int_equal(cw_policy_count(h->e), 0);
	rig_free(h);
}

static void
owner_is(struct host *h, uint32_t id, const char *owner)
{
	struct pfkey_msg m;
	bool seen = false;

	rig_forget(h, 0);
	pfkey_msg_init(&m, SADB_X_SPDDUMP, 0);
	rig_call(h, 0, &m);
	for (unsigned i = 0; i < h->client[0].n; i++) {
		assert_true(pfkey_get(h->client[0].msg[i], &m, NULL));
		if (m.policy.id != id)
			continue;
		assert_string_equal(m.owner, owner);
		seen = true;
	}
	assert_true(seen);
}

static uint32_t
made_by(struct host *h, uint8_t type, const char *dst, const char *owner)
{
	struct pfkey_msg m;

	rig_policy_msg(&m, type, CW_DIR_OUT, CW_POLICY_IPSEC, "10.1.0.0/16", dst, 5, 10);
	pfkey_set_owner(&m, owner);
	if (!owner[0])
		m.has &= ~PFKEY_HAS(CW_EXT_OWNER);
	assert_int_equal(rig_call(h, owner[0] ? 0 : 3, &m), 0);
	assert_true(rig_event(h, 0, type, &m));		/* told to who said HELLO, also by whom */
	assert_string_equal(m.owner, owner);
	assert_true(rig_event(h, 1, type, &m));
	assert_false(m.has & PFKEY_HAS(CW_EXT_OWNER));
	return m.policy.id;
}

/* Who made each policy, of several makers: in the table as they said it, and kept as others come, change theirs and go. */
static void
owners(void **state)
{
	struct host *h = rig_new();
	uint32_t a = made_by(h, SADB_X_SPDADD, "10.2.0.0/16", "spdsync:tokyo-newyork/net"), b = made_by(h, SADB_X_SPDADD, "10.3.0.0/16", "setkey");
	uint32_t c = made_by(h, SADB_X_SPDADD, "10.4.0.0/16", "");
	struct pfkey_msg m;

	owner_is(h, a, "spdsync:tokyo-newyork/net");
	owner_is(h, b, "setkey");
	owner_is(h, c, "");
	assert_int_equal(made_by(h, SADB_X_SPDUPDATE, "10.3.0.0/16", "setkey"), b);
	owner_is(h, b, "setkey");
	owner_is(h, a, "spdsync:tokyo-newyork/net");
	assert_int_equal(made_by(h, SADB_X_SPDUPDATE, "10.3.0.0/16", "somebody else who has 31 octets"), b);	/* it is now theirs */
	owner_is(h, b, "somebody else who has 31 octets");
	pfkey_msg_init(&m, SADB_X_SPDDELETE2, 0);
	m.policy.id = a;
	m.has |= PFKEY_HAS(SADB_X_EXT_POLICY);
	assert_int_equal(rig_call(h, 1, &m), 0);
	assert_true(rig_event(h, 0, SADB_X_SPDDELETE2, &m));
	assert_string_equal(m.owner, "spdsync:tokyo-newyork/net");	/* whose it was */
	owner_is(h, b, "somebody else who has 31 octets");
	owner_is(h, c, "");
	rig_free(h);
}

static uint64_t
thread_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * S + (uint64_t)t.tv_nsec;
}

static uint64_t
cost(struct host *h, unsigned others)
{
	uint64_t t = thread_ns();

	(void)others;
	for (unsigned i = 0; i < 2000; i++) {
		struct cw_pkt *p = rig_udp4("10.200.0.1", "10.201.0.1", 5, 0, false);

		cw_plain_in(h->e, &p, 1, h->now);
		assert_int_equal(h->ndrop, 1);
		assert_int_equal(h->drop[0]->drop, CW_DROP_POLICY_DISCARD_OUT);
		rig_clear(h);
	}
	return thread_ns() - t;
}

/* Ten thousand prefix policies: every one is found, and a lookup does not pay for the others. */
static void
ten_thousand(void **state)
{
	struct host *h = rig_new();
	uint64_t few, many;
	char net[32], dst[32];

	assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_DISCARD, "10.200.0.0/24", "10.201.0.0/24", 0, 9), 0);
	few = cost(h, 1);
	for (unsigned i = 0; i < 10000; i++) {
		snprintf(net, sizeof(net), "172.%u.%u.0/24", 16 + i / 256 % 16, i % 256);
		snprintf(dst, sizeof(dst), "10.%u.%u.0/24", i / 256, i % 256);
		assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_IPSEC, net, dst, 100 + i, 1000), 0);
		for (unsigned c = 0; c < RIG_CLIENTS; c++)
			rig_forget(h, c);
	}
	many = cost(h, 10000);
	if (many > few * 20)
		fail_msg("2000 lookups: %llu us alone, %llu us among 10000", (unsigned long long)few / 1000, (unsigned long long)many / 1000);
	for (unsigned i = 0; i < 10000; i += 37) {
		snprintf(net, sizeof(net), "172.%u.%u.5", 16 + i / 256 % 16, i % 256);
		snprintf(dst, sizeof(dst), "10.%u.%u.9", i / 256, i % 256);
		assert_int_equal(way_out(h, net, dst), 100 + i);
	}
	rig_free(h);
}

/* -- the inbound check -- */

static unsigned
verdict(struct host *h, unsigned nhist, const struct cw_hist *hist, bool forward)
{
	struct cw_pkt *p = rig_udp4("10.0.1.5", "10.0.2.6", 5, 0, false);
	unsigned why;

	p->nhist = (uint8_t)nhist;
	p->forward = forward;
	if (nhist)
		memcpy(p->hist, hist, nhist * sizeof(*hist));
	p->checked = 1;		/* the check has to take this back */
	why = cw_policy_check_in(h->e, p);
	assert_int_equal(p->checked, why == CW_DROP_NONE);
	rig_pkt_free(p);
	return why;
}

/* KAME's other name for SPDADD: told to everybody as what it was asked as, and refused where there is such a policy. */
static void
setidx(void **state)
{
	struct host *h = rig_new();
	struct pfkey_msg m;

	rig_policy_msg(&m, SADB_X_SPDSETIDX, CW_DIR_OUT, CW_POLICY_DISCARD, "10.1.0.0/16", "10.2.0.0/16", 0, 10);
	assert_int_equal(rig_call(h, 1, &m), 0);
	assert_int_equal(cw_policy_count(h->e), 1);
	assert_true(rig_event(h, 0, SADB_X_SPDSETIDX, &m) && m.policy.type == CW_POLICY_DISCARD && m.policy.id != 0);
	rig_policy_msg(&m, SADB_X_SPDSETIDX, CW_DIR_OUT, CW_POLICY_NONE, "10.1.0.0/16", "10.2.0.0/16", 0, 10);
	assert_int_equal(rig_call(h, 1, &m), EEXIST);
	assert_int_equal(cw_policy_count(h->e), 1);
	rig_policy_msg(&m, SADB_X_SPDADD, CW_DIR_OUT, CW_POLICY_NONE, "10.1.0.0/16", "10.2.0.0/16", 0, 10);
	assert_int_equal(rig_call(h, 0, &m), EEXIST);
	rig_free(h);
}

static void
history(void **state)
{
	struct host *h = rig_new();
	struct cw_hist outer = { 50, CW_MODE_TUNNEL, 0x200, 8, rig_addr("30.0.0.1"), rig_addr("30.0.0.2") };
	struct cw_hist inner = { 50, CW_MODE_TUNNEL, 0x100, 7, rig_addr("20.0.0.1"), rig_addr("20.0.0.2") };
	struct cw_hist two[2] = { outer, inner }, swapped[2] = { inner, outer }, own[2], ah = inner, other = inner, transport = inner;
	struct pfkey_msg m;

	ah.proto = 51;
	other.reqid = 9;
	transport.mode = CW_MODE_TRANSPORT;
	own[0] = own[1] = transport;
	/* no policy: clear passes; what came by an SA does not */
	assert_int_equal(verdict(h, 0, NULL, true), CW_DROP_NONE);
	assert_int_equal(verdict(h, 1, &inner, true), CW_DROP_POLICY_NONE_IN);
	/* but in transport mode between the packet's own ends, and in every layer */
	assert_int_equal(verdict(h, 1, &transport, true), CW_DROP_POLICY_NONE_IN);
	own[0].src = own[1].src = rig_addr("10.0.1.5");
	assert_int_equal(verdict(h, 2, own, true), CW_DROP_POLICY_NONE_IN);
	own[0].dst = rig_addr("10.0.2.6");
	assert_int_equal(verdict(h, 1, own, true), CW_DROP_NONE);
	assert_int_equal(verdict(h, 2, own, true), CW_DROP_POLICY_NONE_IN);
	own[1].dst = own[0].dst;
	assert_int_equal(verdict(h, 2, own, true), CW_DROP_NONE);
	own[1].mode = CW_MODE_TUNNEL;
	assert_int_equal(verdict(h, 2, own, true), CW_DROP_POLICY_NONE_IN);
	/* esp/tunnel//unique:7, delivery and forwarding alike (CVE-2002-0414) */
	assert_int_equal(rig_policy(h, CW_DIR_IN, CW_POLICY_IPSEC, "10.0.1.0/24", "10.0.2.0/24", 7, 10), 0);
	for (unsigned forward = 0; forward < 2; forward++) {
		assert_int_equal(verdict(h, 0, NULL, forward), CW_DROP_POLICY_CLEAR);
		assert_int_equal(verdict(h, 1, &inner, forward), CW_DROP_NONE);
		assert_int_equal(verdict(h, 1, &other, forward), CW_DROP_POLICY_MISMATCH);
		assert_int_equal(verdict(h, 1, &ah, forward), CW_DROP_POLICY_MISMATCH);
		assert_int_equal(verdict(h, 1, &transport, forward), CW_DROP_POLICY_MISMATCH);
		assert_int_equal(verdict(h, 2, two, forward), CW_DROP_POLICY_MISMATCH);
		assert_int_equal(verdict(h, 2, swapped, forward), CW_DROP_POLICY_MISMATCH);	/* one layer more than asked for, inside */
	}
	/* nested: the policy's first transform is the innermost */
	rig_policy_msg(&m, SADB_X_SPDUPDATE, CW_DIR_IN, CW_POLICY_IPSEC, "10.0.1.0/24", "10.0.2.0/24", 7, 10);
	m.policy.n = 2;
	m.policy.req[1] = m.policy.req[0];
	m.policy.req[1].reqid = 8;
	assert_true(addr_parse("30.0.0.1", &m.policy.req[1].src));
	assert_true(addr_parse("30.0.0.2", &m.policy.req[1].dst));
	assert_int_equal(rig_call(h, 0, &m), 0);
	assert_int_equal(verdict(h, 2, two, false), CW_DROP_NONE);
	assert_int_equal(verdict(h, 2, swapped, false), CW_DROP_POLICY_MISMATCH);
	assert_int_equal(verdict(h, 1, &inner, false), CW_DROP_POLICY_MISMATCH);
	assert_int_equal(verdict(h, 1, &outer, false), CW_DROP_POLICY_MISMATCH);
	/* level use: it may be missing, but nothing else may stand there */
	m.policy.req[1].level = CW_LEVEL_USE;
	m.seq = 0;
	assert_int_equal(rig_call(h, 0, &m), 0);
	assert_int_equal(verdict(h, 1, &inner, false), CW_DROP_NONE);
	assert_int_equal(verdict(h, 2, two, false), CW_DROP_NONE);
	assert_int_equal(verdict(h, 0, NULL, false), CW_DROP_POLICY_CLEAR);
	/* fwd is held in addition, on forwarding only */
	assert_int_equal(rig_policy(h, CW_DIR_FWD, CW_POLICY_DISCARD, "10.0.1.0/24", "10.0.2.0/24", 0, 10), 0);
	assert_int_equal(verdict(h, 1, &inner, false), CW_DROP_NONE);
	assert_int_equal(verdict(h, 1, &inner, true), CW_DROP_POLICY_DISCARD_IN);
	rig_free(h);

	h = rig_new();
	assert_int_equal(rig_policy(h, CW_DIR_IN, CW_POLICY_NONE, "10.0.1.0/24", "10.0.2.0/24", 0, 10), 0);
	assert_int_equal(verdict(h, 0, NULL, true), CW_DROP_NONE);
	assert_int_equal(verdict(h, 1, &inner, true), CW_DROP_POLICY_BYPASS_IN);
	rig_free(h);
}

/* The same through cw_check_clear: packets by the hosts' hook, forged from outside. */
static void
forged_clear(void **state)
{
	struct host *h = rig_new();
	struct rig_sa like = { 0 };
	struct cw_pkt *v[3] = {
		rig_udp4("10.0.1.5", "10.0.2.6", 5, 0, false), rig_udp4("192.0.2.1", "10.0.2.6", 5, 0, false), rig_pkt("\x45junk", 5),
	};

	rig_tunnel(h, false, &like);
	cw_check_clear(h->e, v, 3, h->now);
	assert_int_equal(h->nplain, 1);
	assert_int_equal(h->plain[0]->verdict, CW_CLEAR);
	assert_int_equal(h->ndrop, 2);
	assert_int_equal(cw_counter(h->e, CW_DROP_POLICY_CLEAR), 1);
	assert_int_equal(cw_counter(h->e, CW_DROP_INNER_SHORT), 1);
	assert_int_equal(rig_drops(h), 2);
	rig_free(h);
}

/* ESP in ESP in …: taken off in a loop; one layer too many has its own reason. */
static void
nesting(void **state)
{
	for (unsigned layers = 1; layers <= CW_NEST_MAX + 1; layers++) {
		struct host *a = rig_new(), *b = rig_new();
		struct cw_pkt *p = rig_udp4("10.0.1.5", "10.0.2.6", 5, 0, false);
		struct pfkey_msg m;

		/* a: each layer's outer header is the next one's inner packet; b: all the same SAs for receiving */
		for (unsigned i = 0; i < layers; i++) {
			char src[20], dst[20], ps[24], pd[24];
			struct rig_sa sa = { .spi = 0x1000 + i, .reqid = 7 + i, .src = src, .dst = dst, .seed = (uint8_t)i, .window = 64 };
			struct cw_pkt *outer;

			snprintf(src, sizeof(src), "20.0.%u.1", i);
			snprintf(dst, sizeof(dst), "20.0.%u.2", i);
			sa.flags = CW_SAF_OUT;
			assert_int_equal(rig_sa(a, &sa), 0);
			sa.flags = CW_SAF_IN;
			assert_int_equal(rig_sa(b, &sa), 0);
			snprintf(ps, sizeof(ps), i ? "20.0.%u.1/32" : "10.0.1.0/24", i - 1);
			snprintf(pd, sizeof(pd), i ? "20.0.%u.2/32" : "10.0.2.0/24", i - 1);
			assert_int_equal(rig_policy(a, CW_DIR_OUT, CW_POLICY_IPSEC, ps, pd, 7 + i, 5), 0);
			p = rig_seal(a, p);
			if (i + 1 == layers)
				break;
			outer = rig_udp4(src, dst, p->len - 8, 0, false);	/* an IP header and room for the ESP packet */
			cw_pkt_data(outer)[9] = 50;
			cw_pkt_data(outer)[11] = (uint8_t)(cw_pkt_data(outer)[11] - 33);	/* checksum: protocol 17 became 50 */
			if (cw_pkt_data(outer)[11] > 255 - 33)
				cw_pkt_data(outer)[10]--;
			memcpy(cw_pkt_data(outer) + 20, cw_pkt_data(p), p->len);
			rig_pkt_free(p);
			p = outer;
		}
		if (layers <= 4) {	/* a policy holds four transforms */
			rig_policy_msg(&m, SADB_X_SPDADD, CW_DIR_IN, CW_POLICY_IPSEC, "10.0.1.0/24", "10.0.2.0/24", 7, 10);
			m.policy.n = layers;
			for (unsigned i = 0; i < layers; i++) {
				m.policy.req[i] = m.policy.req[0];
				m.policy.req[i].reqid = 7 + i;
			}
			assert_int_equal(rig_call(b, 0, &m), 0);
		}
		rig_carry(b, p);
		if (layers <= 4) {
			assert_int_equal(b->nplain, 1);
			assert_int_equal(b->plain[0]->nhist, layers);
			assert_int_equal(b->plain[0]->hist[0].reqid, 7 + layers - 1);
		} else if (layers <= CW_NEST_MAX) {
			rig_dropped(b, CW_DROP_POLICY_NONE_IN);
		} else {
			rig_dropped(b, CW_DROP_TOO_NESTED);
		}
		rig_free(a);
		rig_free(b);
	}
}

/* The same of AH, whose packets bring their header with them: each is the next one's inner packet as it is. */
static void
nesting_of_ah(void **state)
{
	for (unsigned layers = CW_NEST_MAX; layers <= CW_NEST_MAX + 1; layers++) {
		struct host *a = rig_new(), *b = rig_new();
		struct cw_pkt *p = rig_udp4("10.0.1.5", "10.0.2.6", 5, 0, false);

		for (unsigned i = 0; i < layers; i++) {
			char src[20], dst[20], ps[24], pd[24];
			struct rig_sa sa = { .spi = 0x1000 + i, .reqid = 7 + i, .src = src, .dst = dst, .auth = SADB_X_AALG_SHA2_256HMAC, .window = 64 };
			struct cw_pkt *sealed;
			struct pfkey_msg m;
			uint8_t keys[128];

			snprintf(src, sizeof(src), "20.0.%u.1", i);
			snprintf(dst, sizeof(dst), "20.0.%u.2", i);
			snprintf(ps, sizeof(ps), i ? "20.0.%u.1/32" : "10.0.1.0/24", i - 1);
			snprintf(pd, sizeof(pd), i ? "20.0.%u.2/32" : "10.0.2.0/24", i - 1);
			for (unsigned side = 0; side < 2; side++) {
				sa.flags = side ? CW_SAF_IN : CW_SAF_OUT;
				rig_sa_msg(&m, &sa, SADB_ADD, keys);
				rig_as_ah(&m);
				assert_int_equal(rig_call(side ? b : a, 0, &m), 0);
			}
			rig_policy_msg(&m, SADB_X_SPDADD, CW_DIR_OUT, CW_POLICY_IPSEC, ps, pd, 7 + i, 5);
			m.policy.req[0].proto = 51;
			assert_int_equal(rig_call(a, 0, &m), 0);
			sealed = rig_seal(a, p);
			p = i + 1 == layers ? sealed : rig_pkt(cw_pkt_data(sealed) - sealed->outer.hlen, sealed->outer.hlen + sealed->len);
			if (p != sealed)
				rig_pkt_free(sealed);
		}
		rig_carry(b, p);
		rig_dropped(b, layers <= CW_NEST_MAX ? CW_DROP_POLICY_NONE_IN : CW_DROP_TOO_NESTED);
		rig_free(a);
		rig_free(b);
	}
}

/* May this go out in the clear, and come in as its answer? Both or neither; what the hosts' hooks ask. */
static bool
spared(struct host *h, const char *src, const char *dst)
{
	bool v6 = strchr(src, ':') != NULL;
	struct cw_pkt *go = v6 ? rig_udp6(src, dst, 20, 0) : rig_udp4(src, dst, 20, 0, false);
	struct cw_pkt *back = v6 ? rig_udp6(dst, src, 20, 0) : rig_udp4(dst, src, 20, 0, false);
	unsigned out = cw_ask_out(h->e, cw_pkt_data(go), go->len, go->len, CW_ASK_SENT, h->now);
	unsigned in = cw_ask_clear(h->e, cw_pkt_data(back), back->len, back->len, false, h->now);

	assert_int_equal(in, cw_ask_clear(h->e, cw_pkt_data(back), back->len, back->len, true, h->now));
	assert_int_equal(out == CW_POLICY_NONE, in == CW_DROP_NONE);
	assert_true(out == CW_POLICY_NONE || (out == CW_POLICY_IPSEC && in == CW_DROP_POLICY_CLEAR));
	rig_pkt_free(go);
	rig_pkt_free(back);
	return out == CW_POLICY_NONE;
}

static void
both_ways(struct host *h, unsigned type, const char *local, const char *remote, uint32_t reqid, uint32_t prio)
{
	struct pfkey_msg m;

	rig_policy_msg(&m, SADB_X_SPDUPDATE, CW_DIR_OUT, type, local, remote, reqid, prio);
	assert_int_equal(rig_call(h, 0, &m), 0);
	rig_policy_msg(&m, SADB_X_SPDUPDATE, CW_DIR_IN, type, remote, local, reqid, prio);
	assert_int_equal(rig_call(h, 0, &m), 0);
}

static void
none_way(struct host *h, const char *local, const char *remote)
{
	struct pfkey_msg m;

	rig_policy_msg(&m, SADB_X_SPDDELETE, CW_DIR_OUT, CW_POLICY_IPSEC, local, remote, 1, 0);
	assert_int_equal(rig_call(h, 0, &m), 0);
	rig_policy_msg(&m, SADB_X_SPDDELETE, CW_DIR_IN, CW_POLICY_IPSEC, remote, local, 1, 0);
	assert_int_equal(rig_call(h, 0, &m), 0);
}

/* A policy for everything leaves our own networks to themselves, and what never leaves a link; nothing else. */
static void
networks_of_our_own(void **state)
{
	struct host *h = rig_new();

	both_ways(h, CW_POLICY_IPSEC, "10.0.1.0/24", "0.0.0.0/0", 1, 3000);
	both_ways(h, CW_POLICY_IPSEC, "fd00:1::/64", "::/0", 1, 3000);
	assert_true(spared(h, "10.0.1.1", "10.0.1.10"));
	assert_true(spared(h, "10.0.1.1", "10.0.1.255"));
	assert_true(spared(h, "10.0.1.1", "224.0.0.18"));
	assert_true(spared(h, "10.0.1.1", "255.255.255.255"));
	assert_true(spared(h, "fd00:1::1", "fd00:1::10"));
	assert_true(spared(h, "fd00:1::1", "fe80::10"));
	assert_true(spared(h, "fd00:1::1", "ff02::12"));
	assert_false(spared(h, "10.0.1.1", "10.0.2.10"));
	assert_false(spared(h, "10.0.1.1", "224.0.1.1"));
	assert_false(spared(h, "10.0.1.1", "198.51.100.1"));
	assert_false(spared(h, "fd00:1::1", "fd00:2::10"));
	assert_false(spared(h, "fd00:1::1", "ff05::2"));

	/* what is remote of a narrower policy stays remote, in our network too; a second network is ours when a policy names it so */
	both_ways(h, CW_POLICY_IPSEC, "10.0.9.0/24", "10.0.1.128/25", 2, 2000);
	assert_false(spared(h, "10.0.1.1", "10.0.1.200"));
	assert_false(spared(h, "10.0.9.1", "10.0.1.200"));
	assert_true(spared(h, "10.0.1.1", "10.0.9.9"));
	both_ways(h, CW_POLICY_IPSEC, "10.0.9.0/24", "10.0.0.0/8", 3, 2500);
	assert_true(spared(h, "10.0.9.1", "10.0.1.10"));
	assert_false(spared(h, "10.0.9.1", "10.0.2.10"));

	/* they go with their policies, and with what these protect */
	none_way(h, "10.0.9.0/24", "10.0.1.128/25");
	assert_true(spared(h, "10.0.1.1", "10.0.1.200"));
	none_way(h, "10.0.9.0/24", "10.0.0.0/8");
	assert_false(spared(h, "10.0.1.1", "10.0.9.9"));
	both_ways(h, CW_POLICY_IPSEC, "10.0.9.0/24", "10.0.0.0/8", 3, 2500);
	both_ways(h, CW_POLICY_NONE, "10.0.9.0/24", "10.0.0.0/8", 3, 2500);
	assert_false(spared(h, "10.0.1.1", "10.0.9.9"));
	rig_free(h);
}

/* The far end of such a tunnel, a hub, and two hosts on one link: nobody's own networks are concerned. */
static void
networks_of_others(void **state)
{
	struct host *h = rig_new();

	both_ways(h, CW_POLICY_IPSEC, "0.0.0.0/0", "10.0.1.0/24", 1, 3000);
	both_ways(h, CW_POLICY_IPSEC, "0.0.0.0/0", "10.0.2.0/24", 2, 3000);
	assert_false(spared(h, "10.0.2.10", "10.0.1.10"));
	assert_false(spared(h, "10.0.1.10", "10.0.2.10"));
	assert_false(spared(h, "198.51.100.1", "10.0.1.10"));
	both_ways(h, CW_POLICY_IPSEC, "20.0.0.1/32", "20.0.0.2/32", 3, 1000);
	assert_false(spared(h, "20.0.0.1", "20.0.0.2"));
	both_ways(h, CW_POLICY_IPSEC, "30.0.0.0/8", "30.0.0.0/8", 4, 4000);
	assert_false(spared(h, "30.0.0.1", "30.0.0.2"));
	both_ways(h, CW_POLICY_IPSEC, "0.0.0.0/0", "0.0.0.0/0", 5, 5000);
	assert_false(spared(h, "198.51.100.1", "198.51.100.2"));
	rig_free(h);
}

/* What a policy has counted, told to who said HELLO; everybody else has it in the fields that RFC 2367 has. */
static void
counted(struct host *h, uint32_t id, uint64_t packets, uint64_t bytes, uint64_t dropped)
{
	for (unsigned client = 0; client < 2; client++) {
		struct pfkey_msg m;

		pfkey_msg_init(&m, SADB_X_SPDGET, SADB_SATYPE_UNSPEC);
		m.policy.id = id;
		m.has |= PFKEY_HAS(SADB_X_EXT_POLICY);
		assert_int_equal(rig_call(h, client, &m), 0);
		assert_true(rig_last(h, client, &m));
		assert_int_equal(m.current.packets, packets);
		assert_int_equal(m.current.bytes, bytes);
		assert_int_equal((m.has & PFKEY_HAS(CW_EXT_STATS)) != 0, client == 0);
		if (client)
			continue;
		assert_int_equal(m.stats.packets, packets);
		assert_int_equal(m.stats.bytes, bytes);
		assert_int_equal(m.stats.other, dropped);
	}
}

static void
send_out(struct host *h, const char *dst, size_t payload, bool df)
{
	struct cw_pkt *p = rig_udp4("10.0.1.5", dst, payload, 0, df);

	cw_plain_in(h->e, &p, 1, h->now);
}

static void
come_in(struct host *h, const char *src)
{
	struct cw_pkt *p = rig_udp4(src, "10.0.1.5", 72, 0, false);

	cw_check_clear(h->e, &p, 1, h->now);
}

/* Every packet that meets a policy counts at it once: on its way, or dropped. */
static void
policy_counts(void **state)
{
	enum { OUT4 = 1, DISCARD = 5, NONE, BARE };
	struct host *h = rig_new();
	struct rig_sa like = { 0 }, late = { .spi = 0x5000, .reqid = 8, .src = "20.0.0.1", .dst = "20.0.0.2", .seed = 5, .flags = CW_SAF_OUT };
	struct pfkey_msg m;

	rig_tunnel(h, true, &like);
	assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_DISCARD, "10.0.1.0/24", "10.0.3.0/24", 0, 5), 0);
	assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_NONE, "10.0.1.0/24", "10.0.4.0/24", 0, 5), 0);
	assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.1.0/24", "10.0.5.0/24", 8, 5), 0);
	counted(h, OUT4, 0, 0, 0);

	send_out(h, "10.0.2.6", 72, false);
	send_out(h, "10.0.2.6", 172, false);
	counted(h, OUT4, 2, 300, 0);
	send_out(h, "10.0.2.6", 3000, true);			/* too big: its sender is told */
	assert_int_equal(h->nplain, 1);
	counted(h, OUT4, 2, 300, 1);
	send_out(h, "10.0.3.6", 72, false);
	counted(h, DISCARD, 0, 0, 1);
	send_out(h, "10.0.4.6", 72, false);
	counted(h, NONE, 1, 100, 0);

	/* What waits is neither; 64 wait, and the eldest gives way. When an SA comes they are on their way, once. */
	for (unsigned i = 0; i < 66; i++)
		send_out(h, "10.0.5.6", 72, false);
	counted(h, BARE, 0, 0, 2);
	assert_int_equal(rig_sa(h, &late), 0);
	counted(h, BARE, 64, 6400, 2);
	assert_int_equal(rig_by_name(h, 0, SADB_DELETE, &late), 0);
	h->now += 100 * S;
	send_out(h, "10.0.5.6", 72, false);
	counted(h, BARE, 64, 6400, 2);
	h->now += 100 * S;
	cw_tick(h->e, h->now);					/* waited in vain */
	counted(h, BARE, 64, 6400, 3);
	send_out(h, "10.0.5.6", 72, false);
	assert_true(rig_event(h, 0, SADB_ACQUIRE, &m));
	m.err = ENOENT;
	assert_int_equal(rig_call(h, 0, &m), -1);		/* the key manager refuses */
	counted(h, BARE, 64, 6400, 4);

	/* Changed in its place it keeps what it has counted. */
	rig_policy_msg(&m, SADB_X_SPDUPDATE, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.1.0/24", "10.0.2.0/24", 7, 999);
	assert_int_equal(rig_call(h, 0, &m), 0);
	counted(h, OUT4, 2, 300, 1);
	rig_free(h);
}

/* A clear packet of which only the host asks, and which it refuses after all. */
static void
refuse(struct host *h, const char *src, const char *dst, bool forward, unsigned why)
{
	struct cw_pkt *p = rig_udp4(src, dst, 72, 0, false);

	assert_int_equal(cw_ask_clear(h->e, cw_pkt_data(p), 28, p->len, forward, h->now), why);
	cw_refused(h->e, why, cw_pkt_data(p), 28, p->len, h->now);
	rig_pkt_free(p);
}

static unsigned
ask_out(struct host *h, const char *dst, enum cw_asked as)
{
	struct cw_pkt *p = rig_udp4("10.0.1.5", dst, 72, 0, false);
	unsigned is = cw_ask_out(h->e, cw_pkt_data(p), 28, p->len, as, h->now);

	if (is == CW_POLICY_DISCARD)
		cw_refused(h->e, CW_DROP_POLICY_DISCARD_OUT, cw_pkt_data(p), 28, p->len, h->now);
	rig_pkt_free(p);
	return is;
}

/* The same of what comes in, in a tunnel or not, and of what only the host asks about. */
static void
policy_counts_in(void **state)
{
	enum { IN4 = 2, NONE_IN = 5, DISCARD_IN, DISCARD_FWD, NONE_OUT, DISCARD_OUT };
	struct host *h = rig_new(), *far = rig_new();
	struct rig_sa like = { 0 };
	struct cw_pkt *p;

	rig_tunnel(h, true, &like);
	rig_tunnel(far, false, &like);
	assert_int_equal(rig_policy(h, CW_DIR_IN, CW_POLICY_NONE, "10.0.4.0/24", "10.0.1.0/24", 0, 5), 0);
	assert_int_equal(rig_policy(h, CW_DIR_IN, CW_POLICY_DISCARD, "10.0.3.0/24", "10.0.1.0/24", 0, 5), 0);
	assert_int_equal(rig_policy(h, CW_DIR_FWD, CW_POLICY_DISCARD, "10.0.6.0/24", "10.0.1.0/24", 0, 5), 0);
	assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_NONE, "10.0.1.0/24", "10.0.4.0/24", 0, 5), 0);
	assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_DISCARD, "10.0.1.0/24", "10.0.3.0/24", 0, 5), 0);
	rig_carry(h, rig_seal(far, rig_udp4("10.0.2.6", "10.0.1.5", 72, 0, false)));
	assert_int_equal(h->nplain, 1);
	counted(h, IN4, 1, 100, 0);
	come_in(h, "10.0.2.6");
	counted(h, IN4, 1, 100, 1);
	come_in(h, "10.0.4.6");
	counted(h, NONE_IN, 1, 100, 0);
	come_in(h, "10.0.3.6");
	counted(h, DISCARD_IN, 0, 0, 1);
	p = rig_udp4("10.0.2.6", "10.0.1.5", 72, 0, false);
	assert_int_equal(cw_ask_clear(h->e, cw_pkt_data(p), 28, p->len, false, h->now), CW_DROP_POLICY_CLEAR);
	rig_pkt_free(p);
	counted(h, IN4, 1, 100, 1);				/* it may be spared yet */
	refuse(h, "10.0.2.6", "10.0.1.5", false, CW_DROP_POLICY_CLEAR);
	counted(h, IN4, 1, 100, 2);
	refuse(h, "10.0.3.6", "10.0.1.5", false, CW_DROP_POLICY_DISCARD_IN);
	counted(h, DISCARD_IN, 0, 0, 2);
	refuse(h, "10.0.6.6", "10.0.1.5", true, CW_DROP_POLICY_DISCARD_IN);
	counted(h, DISCARD_FWD, 0, 0, 1);
	assert_int_equal(ask_out(h, "10.0.4.6", CW_ASK_AHEAD), CW_POLICY_NONE);
	counted(h, NONE_OUT, 0, 0, 0);
	assert_int_equal(ask_out(h, "10.0.4.6", CW_ASK_FORWARDED), CW_POLICY_NONE);
	counted(h, NONE_OUT, 1, 100, 0);
	assert_int_equal(ask_out(h, "10.0.3.6", CW_ASK_SENT), CW_POLICY_DISCARD);
	counted(h, DISCARD_OUT, 0, 0, 1);
	rig_free(h);
	rig_free(far);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(priority_then_arrival), cmocka_unit_test(names_and_errors), cmocka_unit_test(owners), cmocka_unit_test(ten_thousand),
		cmocka_unit_test(history), cmocka_unit_test(setidx), cmocka_unit_test(forged_clear), cmocka_unit_test(nesting), cmocka_unit_test(nesting_of_ah),
		cmocka_unit_test(networks_of_our_own), cmocka_unit_test(networks_of_others), cmocka_unit_test(policy_counts),
		cmocka_unit_test(policy_counts_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
