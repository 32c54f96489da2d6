/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine's settings: their bounds, who may set them, and what each changes at once, in packets; and counters by kind and family. */
#include <stdlib.h>

#include "core_rig.h"

#include "core.h"

#define ESP4	"net.inet.ipsec.esp_net_deflev"
#define ESP6	"net.inet6.ipsec6.esp_net_deflev"

static int
ask(struct host *h, unsigned client, unsigned what, const struct cw_named *v, unsigned n)
{
	struct pfkey_msg m;

	pfkey_msg_init(&m, CW_MSG_NAMED, SADB_SATYPE_UNSPEC);
	m.has = PFKEY_HAS(CW_EXT_NAMED);
	m.named_what = (uint16_t)what;
	m.named = bytes_of((const uint8_t *)v, n * sizeof(*v));
	return rig_call(h, client, &m);
}

static struct cw_named
named(const char *name, uint64_t value)
{
	struct cw_named x = { .value = value };

	snprintf(x.name, sizeof(x.name), "%s", name);
	return x;
}

static int
set(struct host *h, const char *name, uint64_t value)
{
	struct cw_named x = named(name, value);

	return ask(h, 0, CW_NAMED_KNOBS, &x, 1);
}

/* From the table that the engine answers with. */
static struct cw_named
get(struct host *h, unsigned what, const char *name)
{
	struct cw_named x, found = { .value = 12345678 };
	struct pfkey_msg m;
	unsigned times = 0;

	assert_int_equal(ask(h, 0, what, NULL, 0), 0);
	assert_true(rig_last(h, 0, &m));
	for (size_t i = 0; i < m.named.n; i += sizeof(x)) {
		memcpy(&x, m.named.p + i, sizeof(x));
		if (strcmp(x.name, name) == 0) {
			found = x;
			times++;
		}
	}
	assert_int_equal(times, 1);
	rig_forget(h, 0);
	return found;
}

/* What the manual pages say of each, said once more: what `bounds` holds is read from the engine, and would agree with whatever stands there. */
static void
documented(void **state)
{
	static const struct { const char *name; uint64_t usual, least, most; } rows[] = {
		{ "net.inet.ipsec.esp_trans_deflev", 2, 1, 2 }, { "net.inet.ipsec.esp_net_deflev", 2, 1, 2 },
		{ "net.inet.ipsec.ah_trans_deflev", 2, 1, 2 }, { "net.inet.ipsec.ah_net_deflev", 2, 1, 2 },
		{ "net.inet6.ipsec6.esp_trans_deflev", 2, 1, 2 }, { "net.inet6.ipsec6.esp_net_deflev", 2, 1, 2 },
		{ "net.inet6.ipsec6.ah_trans_deflev", 2, 1, 2 }, { "net.inet6.ipsec6.ah_net_deflev", 2, 1, 2 },
		{ "net.inet.ipsec.def_policy", 1, 0, 1 }, { "net.inet6.ipsec6.def_policy", 1, 0, 1 },
		{ "net.inet.ipsec.ah_cleartos", 1, 0, 1 }, { "net.inet.ipsec.ah_offsetmask", 0, 0, 0xffff },
		{ "net.inet.ipsec.dfbit", 2, 0, 2 }, { "net.inet.ipsec.ecn", 1, 0, 1 }, { "net.inet6.ipsec6.ecn", 1, 0, 1 },
		{ "net.inet.ipsec.debug", 0, 0, 1 }, { "net.inet6.ipsec6.debug", 0, 0, 1 },
		{ "net.key.larval_lifetime", 30, 1, 3600 }, { "net.key.blockacq_lifetime", 20, 1, 3600 },
		{ "net.key.spi_try", 1000, 1, 100000 }, { "net.key.prefered_oldsa", 0, 0, 1 }, { "net.causeway.legacy", 0, 0, 1 },
	};
	struct host *h = rig_new();

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(get(h, CW_NAMED_KNOBS, rows[i].name).value, rows[i].usual);
		if (rows[i].least)
			assert_int_equal(set(h, rows[i].name, rows[i].least - 1), EINVAL);
		assert_int_equal(set(h, rows[i].name, rows[i].most + 1), EINVAL);
		assert_int_equal(get(h, CW_NAMED_KNOBS, rows[i].name).value, rows[i].usual);
		for (uint64_t v = rows[i].least; v <= rows[i].most && v < rows[i].least + 3; v++) {
			assert_int_equal(set(h, rows[i].name, v), 0);
			assert_int_equal(get(h, CW_NAMED_KNOBS, rows[i].name).value, v);
			for (unsigned k = 0; k < sizeof(rows) / sizeof(rows[0]); k++)	/* and no other is another one for it */
				if (k != i)
					assert_int_equal(get(h, CW_NAMED_KNOBS, rows[k].name).value, rows[k].usual);
		}
		assert_int_equal(set(h, rows[i].name, rows[i].usual), 0);
	}
	rig_free(h);
}

static void
bounds(void **state)
{
	struct host *h = rig_new();
	struct cw_named two[2], x;
	uint32_t least, most, usual;
	const char *name;

	for (unsigned i = 0; (name = cw_knob_name(i)) != NULL; i++) {
		cw_knob_bounds(i, &least, &most, &usual);
		x = get(h, CW_NAMED_KNOBS, name);
		assert_int_equal(x.value, usual);
		assert_true(x.least == least && x.most == most && x.usual == usual && least <= usual && usual <= most);
		if (least)
			assert_int_equal(set(h, name, (uint64_t)least - 1), EINVAL);
		assert_int_equal(set(h, name, (uint64_t)most + 1), EINVAL);
		assert_int_equal(set(h, name, most), 0);
		assert_int_equal(get(h, CW_NAMED_KNOBS, name).value, most);
		assert_int_equal(set(h, name, usual), 0);
	}
	assert_null(cw_knob_name(CW_KNOBS));
	assert_int_equal(set(h, "net.inet.ipsec.nothing", 1), ENOENT);
	/* all or none */
	two[0] = named(ESP4, 1);
	two[1] = named(ESP6, 3);
	assert_int_equal(ask(h, 0, CW_NAMED_KNOBS, two, 2), EINVAL);
	assert_int_equal(get(h, CW_NAMED_KNOBS, ESP4).value, 2);
	two[1].value = 1;
	assert_int_equal(ask(h, 0, CW_NAMED_KNOBS, two, 2), 0);
	assert_int_equal(get(h, CW_NAMED_KNOBS, ESP4).value, 1);
	assert_int_equal(get(h, CW_NAMED_KNOBS, ESP6).value, 1);
	/* a range is looked at as it will be */
	assert_int_equal(set(h, "net.key.spi_max_value", 0x1fff), 0);
	assert_int_equal(set(h, "net.key.spi_min_value", 0x2000), EINVAL);
	two[0] = named("net.key.spi_min_value", 0x2000);
	two[1] = named("net.key.spi_max_value", 0x2001);
	assert_int_equal(ask(h, 0, CW_NAMED_KNOBS, two, 2), 0);
	/* a host that cannot do something says so, and leaves what is so already */
	cw_knob_fix(h->e, CW_KNOB_DEF4);
	assert_int_equal(set(h, "net.inet.ipsec.def_policy", 1), 0);
	assert_int_equal(set(h, "net.inet.ipsec.def_policy", 0), EOPNOTSUPP);
	rig_free(h);
}

static void
who(void **state)
{
	struct host *h = rig_new();
	struct cw_named x = named(ESP4, 1);
	struct pfkey_msg m;

	/* no HELLO, nothing private */
	assert_int_equal(ask(h, 1, CW_NAMED_KNOBS, NULL, 0), EINVAL);
	pfkey_msg_init(&m, SADB_REGISTER, SADB_SATYPE_UNSPEC);
	m.has = PFKEY_HAS(CW_EXT_HELLO);
	m.hello_version = CW_HELLO_VERSION;
	assert_int_equal(rig_call(h, 2, &m), 0);
	/* the keyless one may look and not set */
	assert_int_equal(ask(h, 2, CW_NAMED_KNOBS, NULL, 0), 0);
	assert_int_equal(ask(h, 2, CW_NAMED_COUNTERS, NULL, 0), 0);
	assert_int_equal(ask(h, 2, CW_NAMED_KNOBS, &x, 1), EACCES);
	assert_int_equal(ask(h, 0, CW_NAMED_COUNTERS, &x, 1), EINVAL);
	assert_int_equal(ask(h, 0, CW_NAMED_KIND + CW_KINDS, NULL, 0), EINVAL);
	assert_int_equal(get(h, CW_NAMED_KNOBS, ESP4).value, 2);
	rig_free(h);
}

/* Lengths that lie, and a name that does not end. */
static void
malformed(void **state)
{
	struct host *h = rig_new();
	struct cw_named x = named(ESP4, 1);
	uint8_t buf[512], bad[512];
	struct wr w = wr_of(buf, sizeof(buf));
	struct pfkey_msg m;

	pfkey_msg_init(&m, CW_MSG_NAMED, SADB_SATYPE_UNSPEC);
	m.has = PFKEY_HAS(CW_EXT_NAMED);
	m.named = bytes_of((const uint8_t *)&x, sizeof(x));
	assert_true(pfkey_put(&w, &m));
	for (size_t at = 18; at < w.n; at++) {
		if (at >= 24 && at < 24 + 39)
			continue;	/* another name, but a name */
		memcpy(bad, buf, w.n);
		bad[at] ^= 0x81;
		cw_pfkey(h->e, h->client[0].c, bad, w.n, h->now);
		assert_true(pfkey_get(h->client[0].msg[h->client[0].n - 1], &m, NULL));
		if (at < 64 + 8)	/* type, what, n, the name's end, the value: refused; what only answers have is not read */
			assert_true(m.err != 0 || at == 19);
	}
	for (size_t n = 0; n < w.n; n += 8) {
		memcpy(bad, buf, w.n);
		bad[4] = (uint8_t)(n / 8);
		cw_pfkey(h->e, h->client[0].c, bad, n, h->now);
	}
	assert_int_equal(get(h, CW_NAMED_KNOBS, ESP4).value, 1);	/* only those that said the same set it */
	rig_free(h);
}

static int
policy_default(struct host *h, unsigned dir, const char *src, const char *dst)
{
	struct pfkey_msg m;

	rig_policy_msg(&m, SADB_X_SPDADD, dir, CW_POLICY_IPSEC, src, dst, 7, 10);
	m.policy.req[0].level = CW_LEVEL_DEFAULT;
	return rig_call(h, 0, &m);
}

static unsigned
clear_in(struct host *h, struct cw_pkt *p)
{
	unsigned why;

	rig_clear(h);
	cw_check_clear(h->e, &p, 1, h->now);
	why = h->ndrop ? h->drop[0]->drop : CW_DROP_NONE;
	assert_int_equal(h->ndrop + h->nplain, 1);
	return why;
}

/* Level default: use or require, as the setting of its protocol, mode and family says at this moment. */
static void
default_level(void **state)
{
	struct host *h = rig_new();
	struct pfkey_msg m;

	assert_int_equal(policy_default(h, CW_DIR_IN, "10.0.1.0/24", "10.0.2.0/24"), 0);
	assert_int_equal(policy_default(h, CW_DIR_IN, "fd01::/16", "fd02::/16"), 0);
	assert_true(rig_last(h, 0, &m));
	assert_int_equal(m.policy.req[0].level, CW_LEVEL_DEFAULT);	/* a dump says what was entered */
	assert_int_equal(clear_in(h, rig_udp4("10.0.1.5", "10.0.2.6", 40, 0, false)), CW_DROP_POLICY_CLEAR);
	assert_int_equal(clear_in(h, rig_udp6("fd01::5", "fd02::6", 40, 0)), CW_DROP_POLICY_CLEAR);
	assert_int_equal(set(h, ESP4, 1), 0);
	assert_int_equal(clear_in(h, rig_udp4("10.0.1.5", "10.0.2.6", 40, 0, false)), CW_DROP_NONE);
	assert_int_equal(clear_in(h, rig_udp6("fd01::5", "fd02::6", 40, 0)), CW_DROP_POLICY_CLEAR);
	assert_int_equal(set(h, ESP6, 1), 0);
	assert_int_equal(set(h, ESP4, 2), 0);
	assert_int_equal(clear_in(h, rig_udp4("10.0.1.5", "10.0.2.6", 40, 0, false)), CW_DROP_POLICY_CLEAR);
	assert_int_equal(clear_in(h, rig_udp6("fd01::5", "fd02::6", 40, 0)), CW_DROP_NONE);
	rig_free(h);
}

/* Which setting it is, of each protocol, mode and family. */
static void
eight_levels(void **state)
{
	static const struct { uint8_t proto, mode, fam; const char *name; } t[] = {
		{ 50, CW_MODE_TRANSPORT, 4, "net.inet.ipsec.esp_trans_deflev" }, { 50, CW_MODE_TUNNEL, 4, ESP4 },
		{ 51, CW_MODE_TRANSPORT, 4, "net.inet.ipsec.ah_trans_deflev" }, { 51, CW_MODE_TUNNEL, 4, "net.inet.ipsec.ah_net_deflev" },
		{ 50, CW_MODE_TRANSPORT, 6, "net.inet6.ipsec6.esp_trans_deflev" }, { 50, CW_MODE_TUNNEL, 6, ESP6 },
		{ 51, CW_MODE_TRANSPORT, 6, "net.inet6.ipsec6.ah_trans_deflev" }, { 51, CW_MODE_TUNNEL, 6, "net.inet6.ipsec6.ah_net_deflev" },
	};
	struct host *h = rig_new();

	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(set(h, t[i].name, 1), 0);
		for (unsigned k = 0; k < 8; k++) {
			struct cw_request r = { .proto = t[k].proto, .mode = t[k].mode, .level = CW_LEVEL_DEFAULT };

			assert_int_equal(cw_level(h->e, &r, t[k].fam), k == i ? CW_LEVEL_USE : CW_LEVEL_REQUIRE);
			r.level = CW_LEVEL_UNIQUE;
			assert_int_equal(cw_level(h->e, &r, t[k].fam), CW_LEVEL_UNIQUE);
		}
		assert_int_equal(set(h, t[i].name, 2), 0);
	}
	rig_free(h);
}

static unsigned
out(struct host *h, struct cw_pkt *p)
{
	rig_clear(h);
	cw_plain_in(h->e, &p, 1, h->now);
	return h->ndrop ? h->drop[0]->drop : CW_DROP_NONE;
}

/* What no policy covers: dropped by family when it is said, but for what never leaves its link. */
static void
unmatched(void **state)
{
	struct cw_pkt *any = rig_udp4("192.0.2.1", "192.0.2.2", 8, 0, false);
	struct host *h = rig_new();
	struct rig_sa like = { 0 };

	rig_tunnel(h, true, &like);
	assert_false(cw_idle(h->e));
	assert_int_equal(out(h, rig_udp4("192.0.2.1", "192.0.2.2", 40, 0, false)), CW_DROP_NONE);
	assert_int_equal(h->plain[0]->verdict, CW_BYPASS);
	assert_int_equal(set(h, "net.inet.ipsec.def_policy", 0), 0);
	assert_int_equal(out(h, rig_udp4("192.0.2.1", "192.0.2.2", 40, 0, false)), CW_DROP_POLICY_DEFAULT_OUT);
	rig_dropped(h, CW_DROP_POLICY_DEFAULT_OUT);
	assert_int_equal(cw_ask_out(h->e, cw_pkt_data(any), any->len, any->len, CW_ASK_SENT, h->now), CW_ASK_UNMATCHED);
	assert_int_equal(cw_ask_clear(h->e, cw_pkt_data(any), any->len, any->len, false, h->now), CW_DROP_POLICY_DEFAULT_IN);
	assert_int_equal(clear_in(h, rig_udp4("192.0.2.2", "192.0.2.1", 40, 0, false)), CW_DROP_POLICY_DEFAULT_IN);
	rig_dropped(h, CW_DROP_POLICY_DEFAULT_IN);
	assert_int_equal(out(h, rig_udp4("192.0.2.1", "224.0.0.5", 40, 0, false)), CW_DROP_NONE);
	assert_int_equal(out(h, rig_udp6("2001:db8::1", "2001:db8::2", 40, 0)), CW_DROP_NONE);
	assert_int_equal(out(h, rig_udp4("10.0.1.5", "10.0.2.6", 40, 0, false)), CW_DROP_NONE);
	assert_int_equal(h->nwire, 1);		/* what a policy covers is as it was */
	assert_int_equal(set(h, "net.inet6.ipsec6.def_policy", 0), 0);
	assert_int_equal(out(h, rig_udp6("2001:db8::1", "2001:db8::2", 40, 0)), CW_DROP_POLICY_DEFAULT_OUT);
	assert_int_equal(out(h, rig_udp6("fe80::1", "ff02::5", 40, 0)), CW_DROP_NONE);
	rig_pkt_free(any);
	rig_free(h);
	h = rig_new();
	assert_true(cw_idle(h->e));
	assert_int_equal(set(h, "net.inet6.ipsec6.def_policy", 0), 0);
	assert_false(cw_idle(h->e));
	rig_free(h);
}

static void
outer_header(void **state)
{
	static const uint8_t df[3][2] = { { 0, 0 }, { 1, 1 }, { 0, 1 } };	/* by setting, then by DF inside */
	struct host *h = rig_new();
	struct rig_sa like = { 0 };

	rig_tunnel(h, true, &like);
	for (unsigned v = 0; v < 3; v++) {
		assert_int_equal(set(h, "net.inet.ipsec.dfbit", v), 0);
		for (unsigned inside = 0; inside < 2; inside++) {
			assert_int_equal(out(h, rig_udp4("10.0.1.5", "10.0.2.6", 40, 0, inside)), CW_DROP_NONE);
			assert_int_equal(h->wire[0]->outer.df, df[v][inside]);
		}
	}
	assert_int_equal(out(h, rig_udp4("10.0.1.5", "10.0.2.6", 40, 0xba, false)), CW_DROP_NONE);
	assert_int_equal(h->wire[0]->outer.tos, 0xba);
	assert_int_equal(set(h, "net.inet.ipsec.ecn", 0), 0);
	assert_int_equal(out(h, rig_udp4("10.0.1.5", "10.0.2.6", 40, 0xba, false)), CW_DROP_NONE);
	assert_int_equal(h->wire[0]->outer.tos, 0xb8);
	assert_int_equal(out(h, rig_udp6("fd01::5", "fd02::6", 40, 0xba)), CW_DROP_NONE);
	assert_int_equal(h->wire[0]->outer.tos, 0xba);		/* IPv6 has a setting of its own */
	assert_int_equal(set(h, "net.inet6.ipsec6.ecn", 0), 0);
	assert_int_equal(out(h, rig_udp6("fd01::5", "fd02::6", 40, 0xba)), CW_DROP_NONE);
	assert_int_equal(h->wire[0]->outer.tos, 0xb8);
	rig_free(h);
}

/* A congestion mark outside and an inner packet that cannot carry it: illegal, or not looked at. */
static void
congestion_in(void **state)
{
	struct host *h = rig_new(), *far = rig_new();
	struct rig_sa like = { 0 };

	rig_tunnel(h, true, &like);
	rig_tunnel(far, false, &like);
	for (unsigned on = 2; on-- > 0; ) {
		struct cw_pkt *p = rig_seal(h, rig_udp4("10.0.1.5", "10.0.2.6", 40, 0, false));

		assert_int_equal(set(far, "net.inet.ipsec.ecn", on), 0);
		p->outer.tos |= 3;
		rig_clear(far);
		rig_carry(far, p);
		if (on)
			rig_dropped(far, CW_DROP_ECN_ILLEGAL);
		else
			assert_int_equal(far->nplain, 1);
	}
	rig_free(h);
	rig_free(far);
}

static uint32_t
getspi(struct host *h)
{
	struct endpoint s = { .addr = { 4, { 20, 0, 0, 1 } } }, d = { .addr = { 4, { 20, 0, 0, 2 } } };
	struct pfkey_msg m;

	pfkey_msg_init(&m, SADB_GETSPI, SADB_SATYPE_ESP);
	pfkey_set_ends(&m, &s, &d);
	if (rig_call(h, 0, &m) != 0)
		return 0;
	assert_true(rig_event(h, 0, SADB_GETSPI, &m));
	return m.sa.spi;
}

static void
key_settings(void **state)
{
	struct host *h = rig_new();
	struct rig_sa old = { .spi = 0x5000, .reqid = 9, .src = "20.0.0.1", .dst = "20.0.0.2", .seed = 5, .window = 64, .flags = CW_SAF_OUT }, young = old;
	struct cw_named range[2] = { named("net.key.spi_min_value", 0x7000), named("net.key.spi_max_value", 0x7001) };
	struct pfkey_msg m;
	uint32_t a, b;

	assert_int_equal(ask(h, 0, CW_NAMED_KNOBS, range, 2), 0);
	a = getspi(h);
	b = getspi(h);
	assert_int_equal(a + b, 0x7000 + 0x7001);
	assert_int_equal(getspi(h), 0);		/* there were two */
	assert_int_equal(cw_sa_count(h->e), 2);
	/* those lived 30 s; from now on 5 */
	assert_int_equal(set(h, "net.key.larval_lifetime", 5), 0);
	range[1].value = 0x7002;
	assert_int_equal(ask(h, 0, CW_NAMED_KNOBS, range, 2), 0);
	assert_int_equal(getspi(h), 0x7002);
	h->now += 6 * S;
	cw_tick(h->e, h->now);
	assert_int_equal(cw_sa_count(h->e), 2);
	h->now += 25 * S;
	cw_tick(h->e, h->now);
	assert_int_equal(cw_sa_count(h->e), 0);
	assert_int_equal(set(h, "net.key.larval_lifetime", 60), 0);
	assert_true(getspi(h) != 0);
	h->now += 50 * S;
	cw_tick(h->e, h->now);
	assert_int_equal(cw_sa_count(h->e), 1);
	/* the older or the newer of two */
	young.spi = 0x5001;
	young.seed = 6;
	assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.1.0/24", "10.0.9.0/24", 9, 100), 0);
	assert_int_equal(rig_sa(h, &old), 0);
	assert_int_equal(rig_sa(h, &young), 0);
	assert_int_equal(out(h, rig_udp4("10.0.1.5", "10.0.9.1", 40, 0, false)), CW_DROP_NONE);
	assert_int_equal(get32(cw_pkt_data(h->wire[0])), 0x5001);
	assert_int_equal(set(h, "net.key.prefered_oldsa", 1), 0);
	assert_int_equal(out(h, rig_udp4("10.0.1.5", "10.0.9.1", 40, 0, false)), CW_DROP_NONE);
	assert_int_equal(get32(cw_pkt_data(h->wire[0])), 0x5000);
	/* how long one ACQUIRE stands */
	assert_int_equal(set(h, "net.key.blockacq_lifetime", 3), 0);
	assert_int_equal(rig_policy(h, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.1.0/24", "10.0.8.0/24", 10, 100), 0);
	rig_forget(h, 0);
	out(h, rig_udp4("10.0.1.5", "10.0.8.1", 40, 0, false));
	assert_true(rig_event(h, 0, SADB_ACQUIRE, &m));
	rig_forget(h, 0);
	h->now += 2 * S;
	out(h, rig_udp4("10.0.1.5", "10.0.8.1", 40, 0, false));
	assert_false(rig_event(h, 0, SADB_ACQUIRE, &m));
	h->now += 2 * S;
	out(h, rig_udp4("10.0.1.5", "10.0.8.1", 40, 0, false));
	assert_true(rig_event(h, 0, SADB_ACQUIRE, &m));
	rig_free(h);
}

static uint64_t
of(struct host *h, unsigned kind, bool six, const char *name)
{
	struct cw_named x = get(h, CW_NAMED_KIND + kind, name);

	return six ? x.value6 : x.value;
}

/* Each packet is counted by what was done with it and by the family of its header; the sums are what they always were. */
static void
counters(void **state)
{
	struct host *h = rig_new(), *far = rig_new();
	struct rig_sa like = { 0 };
	struct cw_pkt *p;

	rig_tunnel(h, true, &like);
	rig_tunnel(far, false, &like);
	rig_carry(far, rig_seal(h, rig_udp4("10.0.1.5", "10.0.2.6", 40, 0, false)));
	rig_carry(far, rig_seal(h, rig_udp6("fd01::5", "fd02::6", 40, 0)));
	assert_int_equal(far->nplain, 2);
	assert_int_equal(of(h, CW_KIND_POLICY, false, "plain_in"), 1);
	assert_int_equal(of(h, CW_KIND_POLICY, true, "plain_in"), 1);
	assert_int_equal(of(h, CW_KIND_ESP, false, "wire_out"), 2);	/* between IPv4 gateways both */
	assert_int_equal(of(h, CW_KIND_ESP, true, "wire_out"), 0);
	assert_int_equal(of(h, CW_KIND_TUNNEL, false, "wire_out"), 1);
	assert_int_equal(of(h, CW_KIND_TUNNEL, true, "wire_out"), 1);
	assert_int_equal(of(far, CW_KIND_ESP, false, "wire_in"), 2);
	assert_int_equal(of(far, CW_KIND_TUNNEL, true, "plain_out"), 1);
	assert_int_equal(get(far, CW_NAMED_COUNTERS, "wire_in").value, 2);
	assert_int_equal(cw_counter(far->e, CW_TOTAL_PLAIN_OUT), 2);
	p = rig_seal(h, rig_udp4("10.0.1.5", "10.0.2.6", 40, 0, false));
	cw_pkt_data(p)[20] ^= 1;
	rig_carry(far, p);
	assert_int_equal(of(far, CW_KIND_ESP, false, "drop_icv_wrong"), 1);
	assert_int_equal(of(far, CW_KIND_POLICY, false, "drop_icv_wrong"), 0);
	p = rig_udp6("fd01::5", "fd02::6", 40, 0);
	cw_check_clear(far->e, &p, 1, far->now);
	assert_int_equal(of(far, CW_KIND_POLICY, true, "drop_policy_clear"), 1);
	assert_int_equal(of(far, CW_KIND_POLICY, true, "drops"), 1);
	assert_int_equal(cw_counter(far->e, CW_TOTAL_DROPS), 2);
	cw_count(far->e, CW_DROP_KEEPALIVE, 3);
	assert_int_equal(of(far, CW_KIND_POLICY, false, "drop_keepalive"), 3);
	rig_free(h);
	rig_free(far);
}

static struct cw_dropped
last_drop(struct host *h, unsigned i, unsigned *n)
{
	struct cw_dropped x = { .reason = 0 };
	struct pfkey_msg m;

	pfkey_msg_init(&m, CW_MSG_DROPS, SADB_SATYPE_UNSPEC);
	assert_int_equal(rig_call(h, 0, &m), 0);
	assert_true(rig_last(h, 0, &m) && (m.has & PFKEY_HAS(CW_EXT_DROPS)));
	*n = (unsigned)(m.drops.n / sizeof(x));
	if (i < *n)
		memcpy(&x, m.drops.p + i * sizeof(x), sizeof(x));
	rig_forget(h, 0);
	return x;
}

/* What a packet carries of what was taken off it is told with its drop, layer by layer. */
static void
layers(void **state)
{
	struct host *h = rig_new(), *far = rig_new();
	struct rig_sa like = { 0 }, ah = { .spi = 0x3000, .reqid = 9, .src = "20.0.0.1", .dst = "20.0.0.2", .auth = SADB_X_AALG_SHA2_256HMAC, .window = 64,
	    .mode = CW_MODE_TRANSPORT };
	struct host *both[2] = { h, far };
	struct cw_layer l[2];
	struct pfkey_msg m;
	struct cw_pkt *p;
	uint8_t keys[128];
	unsigned n;

	rig_tunnel(h, true, &like);
	rig_tunnel(far, false, &like);
	for (unsigned i = 0; i < 2; i++) {
		rig_sa_msg(&m, &ah, SADB_ADD, keys);
		rig_as_ah(&m);
		assert_int_equal(rig_call(both[i], 0, &m), 0);
	}
	/* Here ESP and AH around it; there ESP alone is asked for, of which AH is more than was. */
	rig_policy_msg(&m, SADB_X_SPDUPDATE, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.1.0/24", "10.0.2.0/24", 7, 1000);
	m.policy.n = 2;
	m.policy.req[1] = (struct pfkey_request){ .proto = 51, .mode = CW_MODE_TRANSPORT, .level = CW_LEVEL_REQUIRE };
	assert_int_equal(rig_call(h, 0, &m), 0);
	p = rig_udp4("192.0.2.1", "10.0.2.6", 40, 0, false);
	cw_check_clear(far->e, &p, 1, far->now);
	p = rig_seal(h, rig_udp4("10.0.1.5", "10.0.2.6", 40, 0, false));
	rig_carry(far, rig_arriving(p));
	rig_pkt_free(p);
	assert_int_equal(last_drop(far, 0, &n).reason, CW_DROP_POLICY_MISMATCH);
	pfkey_msg_init(&m, CW_MSG_DROPS, SADB_SATYPE_UNSPEC);
	assert_int_equal(rig_call(far, 0, &m), 0);
	assert_true(rig_last(far, 0, &m) && (m.has & PFKEY_HAS(CW_EXT_LAYERS)));
	assert_int_equal(m.layers.n, sizeof(l));
	memcpy(l, m.layers.p, sizeof(l));
	assert_true(l[0].of == 0 && l[0].proto == 51 && l[0].mode == CW_MODE_TRANSPORT && l[0].spi == 0x3000 && l[0].reqid == 9);
	assert_true(l[1].of == 0 && l[1].proto == 50 && l[1].mode == CW_MODE_TUNNEL && l[1].spi == 0x2000 && l[1].reqid == 7);
	/* With a clear one behind it, it is the second. */
	p = rig_udp4("10.0.1.5", "10.0.2.6", 40, 0, false);
	cw_check_clear(far->e, &p, 1, far->now);
	pfkey_msg_init(&m, CW_MSG_DROPS, SADB_SATYPE_UNSPEC);
	assert_int_equal(rig_call(far, 0, &m), 0);
	assert_true(rig_last(far, 0, &m) && m.layers.n == sizeof(l));
	memcpy(l, m.layers.p, sizeof(l));
	assert_true(l[0].of == 1 && l[1].of == 1);
	rig_free(h);
	rig_free(far);
}

/* The last drops, the newest first: what was alike stands on one line, and there are never more than there is room for. */
static void
drops(void **state)
{
	struct host *h = rig_new(), *far = rig_new();
	struct rig_sa like = { 0 };
	struct cw_dropped x;
	struct cw_pkt *p;
	unsigned n;

	rig_tunnel(h, true, &like);
	rig_tunnel(far, false, &like);
	last_drop(far, 0, &n);
	assert_int_equal(n, 0);
	p = rig_seal(h, rig_udp4("10.0.1.5", "10.0.2.6", 40, 0, false));
	cw_pkt_data(p)[20] ^= 1;
	rig_carry(far, p);
	x = last_drop(far, 0, &n);
	assert_int_equal(n, 1);
	assert_true(x.reason == CW_DROP_ICV_WRONG && x.spi == 0x2000 && x.proto == 50 && x.times == 1 && x.fam == 4 && x.src[0] == 20 && x.dst[3] == 2);
	for (unsigned i = 0; i < 3; i++) {
		p = rig_udp6("fd01::5", "fd02::6", 40, 0);
		cw_check_clear(far->e, &p, 1, far->now);
	}
	x = last_drop(far, 0, &n);
	assert_int_equal(n, 2);
	assert_true(x.reason == CW_DROP_POLICY_CLEAR && x.spi == 0 && x.proto == 17 && x.times == 3 && x.fam == 6 && x.src[0] == 0xfd && x.dst[15] == 6);
	assert_int_equal(last_drop(far, 1, &n).reason, CW_DROP_ICV_WRONG);
	p = rig_udp4("10.0.1.5", "10.0.2.6", 40, 0, false);
	far->now += 3 * S;
	cw_refused(far->e, CW_DROP_POLICY_CLEAR, cw_pkt_data(p), p->len, p->len, far->now - 2 * S);
	x = last_drop(far, 0, &n);
	assert_true(n == 3 && x.fam == 4 && x.times == 1 && x.ago == 2 * S);
	assert_int_equal(of(far, CW_KIND_POLICY, false, "drop_policy_clear"), 1);
	rig_pkt_free(p);
	for (unsigned i = 0; i < 200; i++) {
		p = rig_udp4(i % 2 ? "10.0.1.5" : "10.0.1.6", "10.0.2.6", 40, 0, false);
		cw_check_clear(far->e, &p, 1, far->now);
	}
	last_drop(far, 0, &n);
	assert_int_equal(n, CW_DROPS_MAX);
	rig_free(h);
	rig_free(far);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds), cmocka_unit_test(documented), cmocka_unit_test(who), cmocka_unit_test(malformed), cmocka_unit_test(default_level), cmocka_unit_test(eight_levels),
		cmocka_unit_test(unmatched), cmocka_unit_test(outer_header), cmocka_unit_test(congestion_in), cmocka_unit_test(key_settings),
		cmocka_unit_test(counters), cmocka_unit_test(layers), cmocka_unit_test(drops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
