/* SPDX-License-Identifier: BSD-2-Clause */
/* Children from SPI to removal: order, content of the SAs, keys, what is held back, and what iked may not do. */
#include <unistd.h>

#include "key_fix.h"
#include "test.h"

static void
test_install_both(void **state)
{
	struct key_fix *f = *state;
	struct fake_sa *in_i, *out_i, *in_r, *out_r;
	struct key_pair p;

	key_pair(f, &p, KEY_IN | KEY_OUT);
	assert_string_equal(f->order, "GGUAUA");	/* in before out */
	in_i = key_sa(f, p.spi_i);
	out_i = key_sa(f, p.spi_r + KEY_PEER);
	in_r = key_sa(f, p.spi_r);
	out_r = key_sa(f, p.spi_i + KEY_PEER);
	assert_true(in_i && out_i && in_r && out_r);
	assert_int_equal(in_i->encr.n, 20);
	assert_true(secret_eq(&in_i->encr, secret_bytes(&out_r->encr)));	/* the two ends agree */
	assert_true(secret_eq(&in_r->encr, secret_bytes(&out_i->encr)));
	assert_false(secret_eq(&in_i->encr, secret_bytes(&in_r->encr)));
	assert_int_equal(in_i->integ.n, 0);
}

static void
test_sa_content(void **state)
{
	struct key_fix *f = *state;
	const struct pfkey_msg *m;
	struct addr tokyo, newyork;
	struct key_pair p;

	key_pair(f, &p, KEY_IN | KEY_OUT);
	assert_true(addr_parse("20.0.0.1", &tokyo) && addr_parse("20.0.0.2", &newyork));
	m = &key_sa(f, p.spi_i)->m;
	assert_true(addr_eq(&m->src.ep.addr, &newyork) && addr_eq(&m->dst.ep.addr, &tokyo));
	assert_int_equal(m->natt_type, CW_NATT_ESPINUDP);
	assert_int_equal(m->natt_sport, 4501);
	assert_int_equal(m->natt_dport, 4500);
	assert_int_equal(m->sa2.mode, CW_MODE_TUNNEL);
	assert_int_equal(m->sa2.reqid, 7);
	assert_int_equal(m->sa.encrypt, SADB_X_EALG_AES_GCM_ICV16);
	assert_int_equal(m->sa.auth, 0);
	assert_int_equal(m->replay_window, 1024);
	assert_int_equal(m->sa_flags, CW_SAF_ESN | CW_SAF_IN);
	assert_int_equal(m->soft.addtime, 10);
	assert_int_equal(m->hard.addtime, 20);
	assert_int_equal(m->hard.bytes, 2000);
	assert_true(m->soft.packets == 5000000000 && m->hard.packets == 6000000000);
	assert_int_equal(m->sel_src.v[0].lo.b[2], 2);	/* what comes in is from their network */
	assert_int_equal(m->sel_dst.v[0].lo.b[2], 1);
	m = &key_sa(f, p.spi_r + KEY_PEER)->m;
	assert_true(addr_eq(&m->src.ep.addr, &tokyo) && addr_eq(&m->dst.ep.addr, &newyork));
	assert_int_equal(m->natt_sport, 4500);
	assert_int_equal(m->sa_flags, CW_SAF_ESN | CW_SAF_OUT);
	assert_int_equal(m->sel_src.v[0].lo.b[2], 1);
}

static void
test_cbc_pfs(void **state)
{
	struct key_fix *f = *state;
	uint8_t pi[KE_PUB_MAX], pr[KE_PUB_MAX];
	struct key_child c;
	struct ends e;
	enum reason r;
	size_t ni, nr;
	uint32_t ki, kr, si, sr;

	key_ends(f, &e);
	key_prove(f, &e);
	si = key_spi_new(f, 1, &r);
	sr = key_spi_new(f, 2, &r);
	ki = key_ke(f, KE_ECP256, pi, &ni);
	kr = key_ke(f, KE_ECP256, pr, &nr);
	key_child(&c, 1, e.ike_i, true, KEY_IN | KEY_OUT, si, 0x7001, &e);
	c.suite = (struct suite){ .encr = ENCR_AES_CBC, .key_bits = 256, .integ = INTEG_HMAC_SHA2_256_128, .ke = KE_ECP256 };
	c.ke = ki;
	c.peer_public = bytes_of(pr, nr);
	c.esn = 0;
	assert_int_equal(key_install(f, &c), R_OK);
	c.child = 2;
	c.ike = e.ike_r;
	c.initiator = 0;
	strcpy(c.name, "b/net");
	c.ke = kr;
	c.peer_public = bytes_of(pi, ni);
	c.spi_in = sr;
	c.spi_out = 0x7002;
	assert_int_equal(key_install(f, &c), R_OK);
	assert_int_equal(key_sa(f, si)->encr.n, 32);
	assert_int_equal(key_sa(f, si)->integ.n, 32);
	assert_int_equal(key_sa(f, si)->m.sa.auth, SADB_X_AALG_SHA2_256HMAC);
	assert_true(secret_eq(&key_sa(f, si)->encr, secret_bytes(&key_sa(f, 0x7002)->encr)));
	assert_true(secret_eq(&key_sa(f, si)->integ, secret_bytes(&key_sa(f, 0x7002)->integ)));
	assert_true(secret_eq(&key_sa(f, sr)->encr, secret_bytes(&key_sa(f, 0x7001)->encr)));
	key_spi_new(f, 3, &r);
	c.child = 3;
	assert_int_equal(key_install(f, &c), R_NOT_PERMITTED);	/* another SPI than the child's */
	assert_int_equal(f->k.objects.ke.n, 0);			/* used up in any case */
}

static void
test_held_back(void **state)
{
	struct key_fix *f = *state;
	struct key_installed v[4];
	struct key_pair p;

	key_pair(f, &p, KEY_IN);
	assert_string_equal(f->order, "GGUU");
	assert_int_equal(key_list(f, v, 4), 2);
	assert_int_equal(key_u32(f, KEY_CHILD_SEND, 1), R_OK);
	assert_string_equal(f->order, "GGUUA");
	assert_non_null(key_sa(f, p.spi_r + KEY_PEER));
	assert_int_equal(key_u32(f, KEY_CHILD_SEND, 1), R_OK);	/* said twice, done once: a key enters the engine once */
	assert_int_equal(f->n_add, 1);
	assert_int_equal(key_remove(f, KEY_RM_CHILD_OUT, 2), R_OK);	/* wiped unsent */
	assert_int_equal(key_u32(f, KEY_CHILD_SEND, 2), R_NOT_FOUND);
	assert_int_equal(f->n_add, 1);
}

static void
test_order_of_life(void **state)
{
	struct key_fix *f = *state;
	struct key_child c;
	enum reason r;
	struct ends e;
	uint32_t spi;

	key_ends(f, &e);
	spi = key_spi_new(f, 1, &r);
	key_spi_new(f, 1, &r);
	assert_int_equal(r, R_NOT_PERMITTED);		/* the number is taken */
	key_spi_new(f, KEY_CHILD_KEPT, &r);
	assert_int_equal(r, R_NOT_PERMITTED);		/* these are keymgr's */
	key_child(&c, 1, e.ike_i, true, KEY_IN | KEY_OUT, spi, 0x9999, &e);
	assert_int_equal(key_install(f, &c), R_NOT_PERMITTED);	/* nobody has proved anything yet */
	key_prove(f, &e);
	c.child = 5;
	assert_int_equal(key_install(f, &c), R_ENGINE_NO_SPI);
	c.child = 1;
	strcpy(c.name, "b/net");
	assert_int_equal(key_install(f, &c), R_NOT_PERMITTED);	/* the proof was for tunnel a */
	strcpy(c.name, "a");
	assert_int_equal(key_install(f, &c), R_NOT_PERMITTED);
	strcpy(c.name, "a/net");
	c.which = KEY_OUT;
	assert_int_equal(key_install(f, &c), R_NOT_PERMITTED);
	c.which = KEY_IN | KEY_OUT;
	c.reqid = 8;
	assert_int_equal(key_install(f, &c), R_NOT_PERMITTED);
	c.reqid = 7;
	c.suite.integ = INTEG_HMAC_SHA2_256_128;	/* beside an AEAD */
	assert_int_equal(key_install(f, &c), R_NOT_PERMITTED);
	c.suite.integ = INTEG_NONE;
	assert_int_equal(key_install(f, &c), R_OK);
	assert_int_equal(key_install(f, &c), R_NOT_PERMITTED);	/* once */
	assert_int_equal(f->n_add, 1);
}

/* The same nonces without a key exchange are the same keys: RFC 4303's counter would start again under them. */
static void
test_nonces_once(void **state)
{
	struct key_fix *f = *state;
	struct key_child c;
	enum reason r;
	struct key_pair p;
	uint32_t spi;

	key_pair(f, &p, KEY_IN | KEY_OUT);
	spi = key_spi_new(f, 3, &r);
	key_child(&c, 3, p.e.ike_i, true, KEY_IN | KEY_OUT, spi, 0x9999, &p.e);
	assert_int_equal(key_install(f, &c), R_NOT_PERMITTED);
	c.initiator = 0;
	assert_int_equal(key_install(f, &c), R_NOT_PERMITTED);
	p.e.ni[5] ^= 1;
	assert_int_equal(key_install(f, &c), R_OK);
}

/* What iked asks for is not weaker than what a site file can say; a refusal costs nothing and can be put right. */
static void
test_terms(void **state)
{
	struct key_fix *f = *state;
	struct key_child good, c;
	struct ends e;
	enum reason r;

	key_ends(f, &e);
	key_prove(f, &e);
	key_child(&good, 1, e.ike_i, true, KEY_IN | KEY_OUT, key_spi_new(f, 1, &r), 0x9999, &e);
	for (uint32_t window = 0; window < 32; window += 31) {
		c = good;
		c.replay_window = window;
		assert_int_equal(key_install(f, &c), R_NOT_PERMITTED);
		assert_non_null(strstr(f->detail, "replay window"));
	}
	c = good;
	c.hard_s = c.hard_bytes = c.hard_packets = 0;
	assert_int_equal(key_install(f, &c), R_NOT_PERMITTED);
	assert_non_null(strstr(f->detail, "limits the life"));
	c = good;
	memset(c.remote.addr.b, 0, sizeof(c.remote.addr.b));
	assert_int_equal(key_install(f, &c), R_NOT_PERMITTED);
	assert_non_null(strstr(f->detail, "one family"));
	assert_int_equal(f->n_add + f->n_update, 0);
	c = good;
	c.replay_window = 32;
	c.hard_s = c.hard_bytes = 0;	/* one limit is enough */
	assert_int_equal(key_install(f, &c), R_OK);
	assert_int_equal(f->n_add + f->n_update, 2);
}

/* Ends of two families, or without an address, are no message at all: the link ends. */
static void
test_families(void **state)
{
	struct key_fix *f = *state;
	static uint8_t buf[16384];
	struct wr w = wr_of(buf, sizeof(buf));
	struct key_child c, got;
	struct ends e;
	struct rd rd;

	key_ends(f, &e);
	key_child(&c, 1, e.ike_i, true, KEY_IN | KEY_OUT, 0x1111, 0x9999, &e);
	key_child_put(&w, &c);
	rd = rd_of(wr_bytes(&w));
	assert_true(key_child_get(&rd, &got) && rd_done(&rd));
	c.remote.addr.fam = 6;
	w = wr_of(buf, sizeof(buf));
	key_child_put(&w, &c);
	rd = rd_of(wr_bytes(&w));
	assert_false(key_child_get(&rd, &got) && rd_done(&rd));
	c.remote.addr.fam = c.local.addr.fam = 0;
	w = wr_of(buf, sizeof(buf));
	key_child_put(&w, &c);
	rd = rd_of(wr_bytes(&w));
	assert_false(key_child_get(&rd, &got) && rd_done(&rd));
}

static void
test_remove(void **state)
{
	struct key_fix *f = *state;
	struct key_installed v[4];
	struct key_pair p;
	enum reason r;

	key_pair(f, &p, KEY_IN | KEY_OUT);
	assert_int_equal(key_remove(f, KEY_RM_CHILD_IN, 1), R_OK);
	assert_int_equal(f->n_delete, 1);
	assert_int_equal(key_list(f, v, 4), 2);
	assert_int_equal(key_remove(f, KEY_RM_CHILD_OUT, 1), R_OK);
	assert_int_equal(f->n_delete, 2);
	assert_int_equal(key_list(f, v, 4), 1);
	assert_int_equal(v[0].child, 2);
	assert_string_equal(v[0].name, "b/net");
	assert_int_equal(v[0].spi_in, p.spi_r);
	assert_int_equal(v[0].remote.port, 4501);
	assert_int_equal(key_remove(f, KEY_RM_SPI, 2), R_OK);	/* installed: not a larval one */
	assert_int_equal(f->n_delete, 2);
	assert_int_equal(key_remove(f, KEY_RM_CHILD, 2), R_OK);
	assert_int_equal(f->n_delete, 4);
	assert_int_equal(key_list(f, v, 4), 0);
	key_spi_new(f, 3, &r);
	assert_int_equal(key_remove(f, KEY_RM_SPI, 3), R_OK);
	assert_int_equal(f->n_delete, 5);
	key_spi_new(f, 3, &r);
	assert_int_equal(r, R_OK);
}

/* Removed while the engine is asked: the SPI that comes late is given back. */
static void
test_remove_meanwhile(void **state)
{
	struct key_fix *f = *state;
	struct key_spi s = { .child = 1, .reqid = 7 };
	uint8_t buf[64], rm[5];
	struct wr w = wr_of(buf, sizeof(buf)), x = wr_of(rm, sizeof(rm));
	struct pfkey_msg m;

	assert_true(addr_parse("20.0.0.1", &s.local) && addr_parse("20.0.0.2", &s.remote));
	f->silent = true;
	key_spi_put(&w, &s);
	key_post(f, KEY_SPI_NEW, &w);
	assert_false(f->answered);
	wr_u8(&x, KEY_RM_CHILD);
	wr_le32(&x, 1);
	ipc_event(f->iked, KEY_REMOVE, wr_bytes(&x));
	key_spin(f);
	f->silent = false;
	pfkey_msg_init(&m, SADB_GETSPI, SADB_SATYPE_ESP);
	m.pid = (uint32_t)getpid();
	m.seq = 5;		/* REGISTER, DUMP of each kind, and this */
	m.sa.spi = 0x4242;
	m.has = PFKEY_HAS(SADB_EXT_SA);
	key_engine_says(f, &m);
	assert_true(f->answered);
	assert_int_equal(f->reason, R_NOT_FOUND);
	assert_int_equal(f->n_delete, 1);
	assert_int_equal(f->k.children ? 0 : 1, 0);
}

static void
test_list_pages(void **state)
{
	struct key_fix *f = *state;
	struct key_installed v[200];
	struct key_child c;
	struct ends e;
	enum reason r;

	key_ends(f, &e);
	key_prove(f, &e);
	for (uint32_t i = 150; i > 0; i--) {
		uint32_t spi = key_spi_new(f, i, &r);

		e.ni[7] = (uint8_t)i;
		e.ni[8] = (uint8_t)(i >> 8);
		key_child(&c, i, e.ike_i, true, KEY_IN, spi, 0x10000 + i, &e);
		f->n = 0;
		assert_int_equal(key_install(f, &c), R_OK);
	}
	assert_int_equal(key_list(f, v, 200), 150);
	for (uint32_t i = 0; i < 150; i++)
		assert_int_equal(v[i].child, i + 1);
}

static void
test_owner_text(void **state)
{
	static const char *const bad[] = { "", "keymgr:", "keymgr:a/b", "keymgr:a 12345678", "keymgr:a/b 1234567", "keymgr:a/b 123456789", "keymgr:a/b 1234567g",
		"keymgr:A/b 12345678", "keymgr:a/b/c 12345678", "keymgr:/b 12345678", "keymgr:a/ 12345678", "keymgr:a b/c 12345678", "keymgr:a/b 12345678 ",
		"keymgr:a/b 12345678 8000000", "keymgr:a/b 12345678 800000000", "keymgr:a/b 12345678 7fffffff", "keymgr:a/b 12345678,80000000", "spdsync:a/b 12345678" };
	char name[CHILD_NAME_CAP], text[PFKEY_OWNER_CAP], longest[128];
	uint32_t spi, number;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(sadb_owner_parse(bad[i], name, &spi, &number));
	memset(longest, 'a', 127);
	longest[63] = '/';
	longest[127] = '\0';
	sadb_owner_text(text, sizeof(text), longest, 0xdeadbeef, 0);
	assert_true(strlen(text) <= CW_OWNER_LEN);
	assert_true(sadb_owner_parse(text, name, &spi, &number));
	assert_string_equal(name, longest);
	assert_int_equal(spi, 0xdeadbeef);
	assert_int_equal(number, 0);
	sadb_owner_text(text, sizeof(text), longest, 0xdeadbeef, 0x80000007);
	assert_true(strlen(text) <= CW_OWNER_LEN);
	assert_true(sadb_owner_parse(text, name, &spi, &number));
	assert_int_equal(spi, 0xdeadbeef);
	assert_int_equal(number, 0x80000007);
}

#define T(t) cmocka_unit_test_setup_teardown(t, key_setup, key_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_install_both),
		T(test_sa_content),
		T(test_cbc_pfs),
		T(test_held_back),
		T(test_order_of_life),
		T(test_nonces_once),
		T(test_terms),
		T(test_families),
		T(test_remove),
		T(test_remove_meanwhile),
		T(test_list_pages),
		cmocka_unit_test(test_owner_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
