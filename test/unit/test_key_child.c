/* SPDX-License-Identifier: BSD-2-Clause */
/* Children, from the SPI to the engine's events, with an engine that can refuse, fall silent, vanish and come back. */
#include <errno.h>
#include <unistd.h>

#include "key_fix.h"
#include "test.h"

#define NEW_KE	0x100

/* A proved IKE SA and one child of each end, installed both ways; SPIs of each. */
struct pair {
	struct ends	e;
	uint32_t	spi_i, spi_r;
};

static void
make_pair(struct key_fix *f, struct pair *p, uint8_t which)
{
	struct key_child c;
	enum reason r;

	key_ends(f, &p->e);
	key_prove(f, &p->e);
	p->spi_i = key_spi_new(f, 1, &r);
	assert_int_equal(r, R_OK);
	p->spi_r = key_spi_new(f, 2, &r);
	assert_int_equal(r, R_OK);
	key_child(&c, 1, p->e.ike_i, true, which, p->spi_i, p->spi_r + NEW_KE, &p->e);
	assert_int_equal(key_install(f, &c), R_OK);
	key_child(&c, 2, p->e.ike_r, false, which, p->spi_r, p->spi_i + NEW_KE, &p->e);
	assert_int_equal(key_install(f, &c), R_OK);
}

static void
test_install_both(void **state)
{
	struct key_fix *f = *state;
	struct fake_sa *in_i, *out_i, *in_r, *out_r;
	struct pair p;

	make_pair(f, &p, KEY_IN | KEY_OUT);
	assert_string_equal(f->order, "GGUAUA");	/* in before out */
	in_i = key_sa(f, p.spi_i);
	out_i = key_sa(f, p.spi_r + NEW_KE);
	in_r = key_sa(f, p.spi_r);
	out_r = key_sa(f, p.spi_i + NEW_KE);
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
	struct pair p;

	make_pair(f, &p, KEY_IN | KEY_OUT);
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
	m = &key_sa(f, p.spi_r + NEW_KE)->m;
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
	struct pair p;

	make_pair(f, &p, KEY_IN);
	assert_string_equal(f->order, "GGUU");
	assert_int_equal(key_list(f, v, 4), 2);
	assert_int_equal(key_u32(f, KEY_CHILD_SEND, 1), R_OK);
	assert_string_equal(f->order, "GGUUA");
	assert_non_null(key_sa(f, p.spi_r + NEW_KE));
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
	struct pair p;
	uint32_t spi;

	make_pair(f, &p, KEY_IN | KEY_OUT);
	spi = key_spi_new(f, 3, &r);
	key_child(&c, 3, p.e.ike_i, true, KEY_IN | KEY_OUT, spi, 0x9999, &p.e);
	assert_int_equal(key_install(f, &c), R_NOT_PERMITTED);
	c.initiator = 0;
	assert_int_equal(key_install(f, &c), R_NOT_PERMITTED);
	p.e.ni[5] ^= 1;
	assert_int_equal(key_install(f, &c), R_OK);
}

static void
test_remove(void **state)
{
	struct key_fix *f = *state;
	struct key_installed v[4];
	struct pair p;
	enum reason r;

	make_pair(f, &p, KEY_IN | KEY_OUT);
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
	m.seq = 3;		/* REGISTER, DUMP, and this */
	m.sa.spi = 0x4242;
	m.has = PFKEY_HAS(SADB_EXT_SA);
	key_engine_says(f, &m);
	assert_true(f->answered);
	assert_int_equal(f->reason, R_NOT_FOUND);
	assert_int_equal(f->n_delete, 1);
	assert_int_equal(f->k.children ? 0 : 1, 0);
}

static void
test_refusals(void **state)
{
	struct key_fix *f = *state;
	struct key_installed v[4];
	struct key_child c;
	enum reason r;
	struct ends e;
	uint32_t spi;

	key_ends(f, &e);
	key_prove(f, &e);
	f->refuse_type = SADB_GETSPI;
	f->refuse_err = ENOBUFS;
	key_spi_new(f, 1, &r);
	assert_int_equal(r, R_ENGINE_NO_SPI);
	assert_non_null(strstr(f->detail, strerror(ENOBUFS)));
	f->refuse_type = SADB_UPDATE;
	spi = key_spi_new(f, 1, &r);
	assert_int_equal(r, R_OK);
	key_child(&c, 1, e.ike_i, true, KEY_IN | KEY_OUT, spi, 0x9999, &e);
	assert_int_equal(key_install(f, &c), R_ENGINE_REFUSED);
	assert_non_null(strstr(f->detail, strerror(ENOBUFS)));
	assert_int_equal(key_list(f, v, 4), 0);
	f->refuse_type = SADB_ADD;	/* half a pair is taken back */
	f->refuse_err = EOPNOTSUPP;
	c.spi_in = key_spi_new(f, 1, &r);
	assert_int_equal(r, R_OK);
	e.ni[3] ^= 1;
	assert_int_equal(key_install(f, &c), R_ENGINE_NO_ALG);
	assert_int_equal(f->n_delete, 1);
	assert_int_equal(key_list(f, v, 4), 0);
}

/* A stock af_key: nothing private is sent, and what it cannot do is refused before anything is derived. */
static void
test_stock_engine(void **state)
{
	struct key_fix *f = *state;
	struct key_child c;
	struct ends e;
	enum reason r;

	f->nev = 0;
	key_attach_engine(f, false);
	assert_int_equal(f->nev, 2);
	assert_int_equal(f->ev[0].type, KEY_ENGINE_LOST);
	assert_int_equal(f->ev[1].type, KEY_ENGINE_BACK);
	assert_int_equal(f->ev[1].a, 0);
	key_ends(f, &e);
	key_prove(f, &e);
	f->n_private = 0;
	key_child(&c, 1, e.ike_i, true, KEY_IN | KEY_OUT, key_spi_new(f, 1, &r), 0x9999, &e);
	assert_int_equal(key_install(f, &c), R_ENGINE_NO_ALG);
	c.suite = (struct suite){ .encr = ENCR_AES_CBC, .key_bits = 256, .integ = INTEG_HMAC_SHA2_512_256 };
	assert_int_equal(key_install(f, &c), R_ENGINE_NO_ALG);	/* ESN */
	c.esn = 0;
	assert_int_equal(key_install(f, &c), R_ENGINE_NO_ALG);	/* window */
	c.replay_window = 32;
	assert_int_equal(key_install(f, &c), R_OK);
	assert_int_equal(f->n_private, 0);
	assert_int_equal(key_sa(f, c.spi_in)->m.sa.replay, 32);
}

static void
test_engine_lost(void **state)
{
	struct key_fix *f = *state;
	struct key_installed v[4];
	struct key_child c;
	enum reason r;
	struct pair p;
	uint32_t spi;

	make_pair(f, &p, KEY_IN);
	spi = key_spi_new(f, 3, &r);
	f->nev = 0;
	close(f->engine);
	f->engine = -1;
	event_free(f->engine_ev);
	f->engine_ev = NULL;
	key_spin(f);
	assert_int_equal(f->nev, 1);
	assert_int_equal(f->ev[0].type, KEY_ENGINE_LOST);
	assert_int_equal(key_list(f, v, 4), 0);
	key_spi_new(f, 4, &r);
	assert_int_equal(r, R_ENGINE_DOWN);
	assert_int_equal(key_u32(f, KEY_CHILD_SEND, 1), R_NOT_FOUND);	/* held keys went with it */
	p.e.ni[1] ^= 1;
	key_child(&c, 3, p.e.ike_i, true, KEY_IN | KEY_OUT, spi, 0x9999, &p.e);
	assert_int_equal(key_install(f, &c), R_ENGINE_DOWN);
	key_attach_engine(f, true);
	assert_int_equal(f->nev, 2);
	assert_int_equal(f->ev[1].type, KEY_ENGINE_BACK);
	assert_int_equal(key_install(f, &c), R_ENGINE_NO_SPI);	/* of the lost engine */
	c.spi_in = key_spi_new(f, 3, &r);
	assert_int_equal(r, R_OK);
	assert_int_equal(key_install(f, &c), R_OK);
}

/* The engine ends, or is replaced, while it owes an answer. */
static void
test_lost_meanwhile(void **state)
{
	struct key_fix *f = *state;
	uint8_t buf[64];

	for (int replaced = 0; replaced < 2; replaced++) {
		struct key_spi s = { .child = 1, .reqid = 7 };
		struct wr w = wr_of(buf, sizeof(buf));

		assert_true(addr_parse("20.0.0.1", &s.local) && addr_parse("20.0.0.2", &s.remote));
		f->silent = true;
		key_spi_put(&w, &s);
		key_post(f, KEY_SPI_NEW, &w);
		assert_false(f->answered);
		f->silent = false;
		if (replaced) {
			key_attach_engine(f, true);
		} else {
			close(f->engine);
			f->engine = -1;
			event_free(f->engine_ev);
			f->engine_ev = NULL;
			key_spin(f);
			key_attach_engine(f, true);
		}
		assert_true(f->answered);
		assert_int_equal(f->reason, R_ENGINE_DOWN);
	}
}

static void
test_events(void **state)
{
	struct key_fix *f = *state;
	struct pfkey_msg m;
	struct pair p;

	make_pair(f, &p, KEY_IN | KEY_OUT);
	f->nev = 0;
	pfkey_msg_init(&m, SADB_ACQUIRE, SADB_SATYPE_ESP);
	pfkey_set_sa2(&m, CW_MODE_TUNNEL, 77);
	key_engine_says(f, &m);
	assert_true(f->nev == 1 && f->ev[0].type == KEY_ACQUIRE && f->ev[0].v == 77);

	m = key_sa(f, p.spi_i)->m;
	m.type = SADB_EXPIRE;
	m.pid = 0;
	m.has &= PFKEY_HAS(SADB_EXT_SA) | PFKEY_HAS(SADB_EXT_ADDRESS_SRC) | PFKEY_HAS(SADB_EXT_ADDRESS_DST);
	m.has |= PFKEY_HAS(SADB_EXT_LIFETIME_SOFT);
	key_engine_says(f, &m);
	assert_true(f->nev == 2 && f->ev[1].type == KEY_EXPIRE && f->ev[1].v == 1 && f->ev[1].a == 0 && f->ev[1].b == 1);
	m.has ^= PFKEY_HAS(SADB_EXT_LIFETIME_SOFT);
	m.type = CW_MSG_USED;
	key_engine_says(f, &m);
	assert_true(f->nev == 3 && f->ev[2].type == KEY_USED && f->ev[2].v == 1);
	m.type = SADB_X_NAT_T_NEW_MAPPING;
	m.dst = m.src;
	m.dst.ep.addr.b[3] = 99;
	m.natt_dport = 7777;
	m.has |= PFKEY_HAS(SADB_X_EXT_NAT_T_DPORT);
	key_engine_says(f, &m);
	assert_true(f->nev == 4 && f->ev[3].type == KEY_MAPPING && f->ev[3].v == 1 && f->ev[3].e.port == 7777 && f->ev[3].e.addr.b[3] == 99);

	m = key_sa(f, p.spi_r + NEW_KE)->m;	/* the outbound SA of child 1 */
	m.type = SADB_EXPIRE;
	m.pid = 0;
	m.has &= PFKEY_HAS(SADB_EXT_SA) | PFKEY_HAS(SADB_EXT_ADDRESS_SRC) | PFKEY_HAS(SADB_EXT_ADDRESS_DST);
	m.has |= PFKEY_HAS(SADB_EXT_LIFETIME_HARD);
	key_engine_says(f, &m);
	assert_true(f->nev == 5 && f->ev[4].type == KEY_EXPIRE && f->ev[4].v == 1 && f->ev[4].a == 1 && f->ev[4].b == 0);
	key_engine_says(f, &m);			/* it is gone: no second event */
	assert_int_equal(f->nev, 5);
	m.sa.spi = 0x31337;			/* somebody else's */
	key_engine_says(f, &m);
	assert_int_equal(f->nev, 5);
}

static void
test_gone(void **state)
{
	struct key_fix *f = *state;
	struct key_installed v[4];
	struct pfkey_msg m;
	struct pair p;
	enum reason r;

	make_pair(f, &p, KEY_IN | KEY_OUT);
	f->nev = 0;
	m = key_sa(f, p.spi_i)->m;
	m.type = SADB_DELETE;
	m.pid = 4711;
	m.has &= PFKEY_HAS(SADB_EXT_SA) | PFKEY_HAS(SADB_EXT_ADDRESS_SRC) | PFKEY_HAS(SADB_EXT_ADDRESS_DST);
	key_engine_says(f, &m);
	assert_true(f->nev == 1 && f->ev[0].type == KEY_GONE && f->ev[0].v == 1);
	assert_int_equal(key_remove(f, KEY_RM_CHILD, 2), R_OK);
	assert_int_equal(f->nev, 1);		/* our own is no news */
	key_spi_new(f, 3, &r);
	f->renewed = 0;
	pfkey_msg_init(&m, SADB_FLUSH, SADB_SATYPE_UNSPEC);
	m.pid = 4711;
	key_engine_says(f, &m);
	assert_true(f->nev == 2 && f->ev[1].type == KEY_GONE && f->ev[1].v == 1);
	assert_int_equal(f->renewed, 1);	/* an SPI that is still negotiated is asked for again */
	assert_int_equal(key_list(f, v, 4), 0);
}

static void
test_renewal(void **state)
{
	struct key_fix *f = *state;
	struct pfkey_msg m;
	enum reason r;
	uint32_t spi = key_spi_new(f, 1, &r);

	pfkey_msg_init(&m, SADB_EXPIRE, SADB_SATYPE_ESP);
	m.sa.spi = spi;
	m.sa.state = SADB_SASTATE_LARVAL;
	assert_true(addr_parse("20.0.0.2", &m.src.ep.addr) && addr_parse("20.0.0.1", &m.dst.ep.addr));
	m.has = PFKEY_HAS(SADB_EXT_SA) | PFKEY_HAS(SADB_EXT_LIFETIME_HARD) | PFKEY_HAS(SADB_EXT_ADDRESS_SRC) | PFKEY_HAS(SADB_EXT_ADDRESS_DST);
	f->nev = 0;
	key_engine_says(f, &m);
	assert_int_equal(f->renewed, 1);
	assert_int_equal(f->nev, 0);
}

/* iked dies: what is installed stays, under numbers of keymgr's, and can send. */
static void
test_iked_restart(void **state)
{
	struct key_fix *f = *state;
	struct key_installed v[4];
	struct pair p;
	enum reason r;

	make_pair(f, &p, KEY_IN);
	key_spi_new(f, 3, &r);
	assert_int_equal(f->n_add, 0);
	ipc_free(f->iked);
	f->iked = NULL;
	key_spin(f);
	assert_int_equal(f->n_add, 2);		/* what was held back is installed */
	assert_int_equal(f->n_delete, 1);	/* the larval one is not wanted any more */
	key_attach_iked(f);
	assert_int_equal(key_list(f, v, 4), 2);
	assert_true(v[0].child > KEY_CHILD_KEPT && v[1].child > v[0].child);
	key_spi_new(f, 1, &r);			/* the old numbers are free */
	assert_int_equal(r, R_OK);
	assert_int_equal(key_remove(f, KEY_RM_CHILD, v[0].child), R_OK);
	assert_int_equal(f->n_delete, 3);
	ipc_free(f->iked);
	f->iked = NULL;
	key_spin(f);
	key_attach_iked(f);
	r = (enum reason)v[1].child;
	assert_int_equal(key_list(f, v, 4), 1);
	assert_int_equal(v[0].child, (uint32_t)r);	/* it keeps its number */
}

/* keymgr itself was restarted: its predecessor's SAs are in the dump. */
static void
test_own_restart(void **state)
{
	struct key_fix *f = *state;
	struct key_installed v[4];
	struct pair p;
	uint32_t spis[4];

	make_pair(f, &p, KEY_IN | KEY_OUT);
	spis[0] = p.spi_i, spis[1] = p.spi_r + NEW_KE, spis[2] = p.spi_r, spis[3] = 0xabcd;
	for (unsigned i = 0; i < 3; i++)
		f->dump[i] = *key_sa(f, spis[i]);
	f->dump[3] = f->dump[0];		/* not ours */
	f->dump[3].m.sa.spi = spis[3];
	strcpy(f->dump[3].m.owner, "setkey");
	f->dump[4] = f->dump[0];		/* larval */
	f->dump[4].m.sa.spi = 0xabce;
	f->dump[4].m.sa.state = SADB_SASTATE_LARVAL;
	f->ndump = 5;
	ipc_free(f->iked);
	f->iked = NULL;
	ipc_free(f->spdsync);
	serve_fini(&f->k);
	assert_true(serve_init(&f->k, f->base, f->dir));
	key_attach_spdsync(f);
	f->nev = 0;
	key_attach_iked(f);			/* before the engine: it waits */
	assert_false(ipc_is_up(f->iked));
	key_attach_engine(f, true);
	assert_true(ipc_is_up(f->iked));
	assert_true(f->nev == 1 && f->ev[0].type == KEY_ENGINE_BACK);
	assert_int_equal(key_list(f, v, 4), 2);
	assert_true(v[0].child > KEY_CHILD_KEPT);
	assert_int_equal(v[0].spi_in, p.spi_i);
	assert_int_equal(v[0].spi_out, p.spi_r + NEW_KE);
	assert_string_equal(v[0].name, "a/net");
	assert_int_equal(v[0].reqid, 7);
	assert_int_equal(v[0].local.port, 4500);
	assert_int_equal(v[0].remote.port, 4501);
	assert_int_equal(v[1].spi_in, p.spi_r);
	f->n_delete = 0;
	assert_int_equal(key_remove(f, KEY_RM_CHILD, v[0].child), R_OK);
	assert_int_equal(f->n_delete, 2);
	assert_int_equal(key_remove(f, KEY_RM_CHILD, v[1].child), R_OK);
	assert_int_equal(f->n_delete, 3);	/* its other half was not in the dump */
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
		"keymgr:A/b 12345678", "keymgr:a/b/c 12345678", "keymgr:/b 12345678", "keymgr:a/ 12345678", "keymgr:a b/c 12345678", "spdsync:a/b 12345678" };
	char name[CHILD_NAME_CAP], text[PFKEY_OWNER_CAP], longest[128];
	uint32_t spi;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(sadb_owner_parse(bad[i], name, &spi));
	memset(longest, 'a', 127);
	longest[63] = '/';
	longest[127] = '\0';
	sadb_owner_text(text, sizeof(text), longest, 0xdeadbeef);
	assert_true(strlen(text) <= CW_OWNER_LEN);
	assert_true(sadb_owner_parse(text, name, &spi));
	assert_string_equal(name, longest);
	assert_int_equal(spi, 0xdeadbeef);
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
		T(test_remove),
		T(test_remove_meanwhile),
		T(test_refusals),
		T(test_stock_engine),
		T(test_engine_lost),
		T(test_lost_meanwhile),
		T(test_events),
		T(test_gone),
		T(test_renewal),
		T(test_iked_restart),
		T(test_own_restart),
		T(test_list_pages),
		cmocka_unit_test(test_owner_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
