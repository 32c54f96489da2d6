/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets and selectors by which something could pass beside a policy or an SA that names a protocol. */
#include "core_rig.h"

/* IPv6, a later fragment: its fragment header says what the first fragment's next header is, here first. */
static struct cw_pkt *
later_fragment(uint8_t first, uint8_t next_in_body)
{
	uint8_t p[40 + 8 + 16] = { 0x60, 0, 0, 0, 0, 24, 44, 64 };
	struct cw_addr a = rig_addr("fd01::5"), b = rig_addr("fd02::5");

	memcpy(p + 8, a.b, 16);
	memcpy(p + 24, b.b, 16);
	p[40] = first;
	p[43] = 8;		/* offset 8, the last one */
	p[47] = 1;
	p[48] = next_in_body;
	return rig_pkt(p, sizeof(p));
}

/* Where the policy speaks of TCP alone, a fragment whose protocol cannot be known may not leave in the clear. */
static void
fragment_behind_options(void **state)
{
	struct host *h = rig_new();
	struct pfkey_msg m;
	struct cw_pkt *p;

	rig_policy_msg(&m, SADB_X_SPDADD, CW_DIR_OUT, CW_POLICY_DISCARD, "fd01::/16", "fd02::/16", 0, 1000);
	m.src.proto = m.dst.proto = 6;
	assert_int_equal(rig_call(h, 0, &m), 0);
	p = later_fragment(6, 0xaa);		/* TCP, and it says so */
	cw_plain_in(h->e, &p, 1, h->now);
	rig_dropped(h, CW_DROP_POLICY_DISCARD_OUT);
	rig_clear(h);
	p = later_fragment(60, 0xaa);		/* destination options first, TCP perhaps behind them */
	cw_plain_in(h->e, &p, 1, h->now);
	rig_dropped(h, CW_DROP_POLICY_DISCARD_OUT);
	rig_clear(h);
	p = later_fragment(60, 0xaa);
	cw_check_clear(h->e, &p, 1, h->now);
	assert_int_equal(h->nplain, 1);		/* no policy in */
	rig_clear(h);
	p = later_fragment(17, 0xaa);		/* UDP is not meant */
	cw_plain_in(h->e, &p, 1, h->now);
	assert_int_equal(h->nplain, 1);
	rig_free(h);
}

/* RFC 7296 3.13.1: ports of no protocol select nothing; taken as "any port" they would widen the SA. */
static void
ports_without_protocol(void **state)
{
	struct rig_sa like = { .spi = 0x2000, .reqid = 7, .flags = CW_SAF_IN, .window = 64, .src = "20.0.0.2", .dst = "20.0.0.1",
		.sel_src = "10.0.2.0/24", .sel_dst = "10.0.1.0/24", .seed = 1 };
	struct host *h = rig_new();
	uint8_t keys[128];
	struct pfkey_msg m;

	rig_sa_msg(&m, &like, SADB_ADD, keys);
	m.sel_src.v[0].port_lo = m.sel_src.v[0].port_hi = 80;
	assert_int_equal(rig_call(h, 0, &m), EINVAL);
	rig_sa_msg(&m, &like, SADB_ADD, keys);
	m.sel_src.v[0].proto = 6;
	m.sel_src.v[0].port_lo = m.sel_src.v[0].port_hi = 80;
	assert_int_equal(rig_call(h, 0, &m), 0);
	rig_free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fragment_behind_options),
		cmocka_unit_test(ports_without_protocol),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
