/* SPDX-License-Identifier: BSD-2-Clause */
/* SAs of AH over PF_KEY: what is taken and what is refused, by which errno; the list of algorithms; a sender that is not known. */
#include "core_rig.h"

#include "core.h"

#define AH	51
#define TUN	CW_MODE_TUNNEL
#define TRA	CW_MODE_TRANSPORT

static void
ah_msg(struct pfkey_msg *m, const struct rig_sa *a, uint8_t keys[128])
{
	rig_sa_msg(m, a, SADB_ADD, keys);
	m->satype = SADB_SATYPE_AH;
	m->sa.encrypt = 0;
	m->has &= ~PFKEY_HAS(SADB_EXT_KEY_ENCRYPT);
}

static int
admitted(struct host *h, const struct rig_sa *a, void (*change)(struct pfkey_msg *))
{
	struct pfkey_msg m;
	uint8_t keys[128];

	ah_msg(&m, a, keys);
	if (change)
		change(&m);
	return rig_call(h, 0, &m);
}

static void no_auth(struct pfkey_msg *m) { m->sa.auth = 0; }
static void no_key(struct pfkey_msg *m) { m->has &= ~PFKEY_HAS(SADB_EXT_KEY_AUTH); }
static void short_key(struct pfkey_msg *m) { m->key_auth.n--; }
static void encrypted(struct pfkey_msg *m) { m->sa.encrypt = SADB_EALG_NULL; }
static void unknown(struct pfkey_msg *m) { m->sa.auth = 99; }
static void salt_missing(struct pfkey_msg *m) { m->sa.auth = CW_AALG_AES_256_GMAC; }
static void old(struct pfkey_msg *m) { m->sa.flags |= CW_SA_OLD; m->replay_window = 0; }
static void null(struct pfkey_msg *m) { m->sa.auth = 251; }

static void
admission(void **state)
{
	static const struct { void (*change)(struct pfkey_msg *); int err; } v[] = {
		{ no_auth, EINVAL }, { no_key, EINVAL }, { short_key, EINVAL }, { encrypted, EINVAL }, { unknown, EOPNOTSUPP }, { null, EINVAL },
		{ salt_missing, EINVAL },
	};
	struct rig_sa sa = { .spi = 0x4000, .src = "20.0.0.1", .dst = "20.0.0.2", .auth = SADB_X_AALG_SHA2_256HMAC, .mode = TRA };
	struct host *h = rig_new();
	struct pfkey_msg m;

	for (unsigned i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		assert_int_equal(admitted(h, &sa, v[i].change), v[i].err);
	sa.udp = 4500;
	assert_int_equal(admitted(h, &sa, NULL), EINVAL);	/* RFC 3948 1: ESP alone */
	sa.udp = 0;
	sa.auth = SADB_AALG_MD5HMAC;
	assert_int_equal(admitted(h, &sa, NULL), EPERM);
	assert_int_equal(cw_knob_set(h->e, CW_KNOB_LEGACY, 1), 0);
	assert_int_equal(admitted(h, &sa, NULL), 0);
	assert_int_equal(admitted(h, &sa, NULL), EEXIST);
	sa.auth = 0;
	assert_int_equal(rig_sa(h, &sa), 0);			/* the same SPI of ESP is another SA */
	for (unsigned i = 0; i < 2; i++) {			/* it is told by protocol */
		pfkey_msg_init(&m, SADB_GET, i ? SADB_SATYPE_ESP : SADB_SATYPE_AH);
		m.sa.spi = sa.spi;
		assert_true(addr_parse(sa.src, &m.src.ep.addr) && addr_parse(sa.dst, &m.dst.ep.addr));
		m.has |= PFKEY_HAS(SADB_EXT_SA) | PFKEY_HAS(SADB_EXT_ADDRESS_SRC) | PFKEY_HAS(SADB_EXT_ADDRESS_DST);
		assert_int_equal(rig_call(h, 0, &m), 0);
		assert_true(rig_last(h, 0, &m));
		assert_int_equal(m.satype, i ? SADB_SATYPE_ESP : SADB_SATYPE_AH);
		assert_int_equal(m.sa.auth, i ? 0 : SADB_AALG_MD5HMAC);
	}
	/* a living SA of AH is not put into UDP either */
	sa.udp = 4500;
	sa.auth = SADB_AALG_MD5HMAC;
	ah_msg(&m, &sa, (uint8_t[128]){ 0 });
	m.type = SADB_UPDATE;
	m.has &= ~PFKEY_HAS(SADB_EXT_KEY_AUTH);
	assert_int_equal(rig_call(h, 0, &m), EINVAL);
	rig_free(h);
}

static unsigned
listed(struct host *h, unsigned satype, unsigned id)
{
	struct pfkey_msg m;
	unsigned n = 0;

	pfkey_msg_init(&m, SADB_REGISTER, satype);
	assert_int_equal(rig_call(h, 1, &m), 0);
	assert_true(rig_last(h, 1, &m));
	for (unsigned i = 0; i < m.algs_auth.n; i++)
		n += m.algs_auth.v[i].sadb_alg_id == id;
	return n;
}

/* AES-GMAC as a MAC is AH's (RFC 4543 4): ESP has a form of its own, in which it is the cipher. Its salt is part of the key. */
static void
gmac(void **state)
{
	static const unsigned ids[] = { CW_AALG_AES_128_GMAC, CW_AALG_AES_192_GMAC, CW_AALG_AES_256_GMAC };
	struct rig_sa sa = { .spi = 0x4000, .src = "20.0.0.1", .dst = "20.0.0.2", .mode = TRA };
	struct host *h = rig_new();

	for (unsigned i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		sa.spi++;
		sa.auth = ids[i];
		assert_int_equal(listed(h, SADB_SATYPE_AH, ids[i]), 1);
		assert_int_equal(listed(h, SADB_SATYPE_ESP, ids[i]), 0);
		assert_int_equal(admitted(h, &sa, short_key), EINVAL);
		assert_int_equal(admitted(h, &sa, NULL), 0);
		for (unsigned k = 0; k < 3; k++) {
			sa.cipher = k == 0 ? SADB_EALG_NULL : k == 1 ? SADB_X_EALG_AESCBC : SADB_X_EALG_AES_GCM_ICV16;
			assert_int_equal(rig_sa(h, &sa), EOPNOTSUPP);
		}
		sa.cipher = 0;
		assert_int_equal(cw_knob_set(h->e, CW_KNOB_LEGACY, 1), 0);
		sa.spi += 0x100;
		assert_int_equal(admitted(h, &sa, old), EOPNOTSUPP);
		assert_int_equal(cw_knob_set(h->e, CW_KNOB_LEGACY, 0), 0);
	}
	rig_free(h);
}

/* RFC 2367 3.1.7: AH's own list has no ciphers. */
static void
registered(void **state)
{
	struct host *h = rig_new();
	struct pfkey_msg m;

	pfkey_msg_init(&m, SADB_REGISTER, SADB_SATYPE_AH);
	assert_int_equal(rig_call(h, 1, &m), 0);
	assert_true(rig_last(h, 1, &m));
	assert_true(m.has & PFKEY_HAS(SADB_EXT_SUPPORTED_AUTH));
	assert_false(m.has & PFKEY_HAS(SADB_EXT_SUPPORTED_ENCRYPT));
	rig_free(h);
}

/* The ICV covers the outer header: its sender has to be known. */
static void
no_sender(void **state)
{
	struct rig_sa sa = { .spi = 0x4000, .reqid = 9, .src = "0.0.0.0", .dst = "20.0.0.2", .auth = SADB_X_AALG_SHA2_256HMAC, .mode = TUN, .flags = CW_SAF_OUT };
	struct host *h = rig_new();
	struct cw_pkt *p = rig_udp4("10.0.1.5", "10.0.2.6", 10, 0, false);
	struct pfkey_msg m;

	assert_int_equal(admitted(h, &sa, NULL), 0);
	rig_policy_msg(&m, SADB_X_SPDADD, CW_DIR_OUT, CW_POLICY_IPSEC, "10.0.1.0/24", "10.0.2.0/24", 9, 1000);
	m.policy.req[0].proto = AH;
	assert_int_equal(rig_call(h, 0, &m), 0);
	rig_clear(h);
	cw_plain_in(h->e, &p, 1, h->now);
	rig_dropped(h, CW_DROP_ENDPOINT_UNKNOWN);
	rig_free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(admission), cmocka_unit_test(registered), cmocka_unit_test(gmac), cmocka_unit_test(no_sender) };

	host_legacy_open();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
