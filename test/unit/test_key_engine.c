/* SPDX-License-Identifier: BSD-2-Clause */
/* Children and an engine that refuses, knows less, dies, comes back or reports something; and the restarts of iked and keymgr. */
#include <errno.h>

#include "childtab.h"
#include "dgram.h"
#include "key_fix.h"
#include "test.h"

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
	struct key_pair p;
	uint32_t spi;

	key_pair(f, &p, KEY_IN);
	spi = key_spi_new(f, 3, &r);
	f->nev = 0;
	key_drop_engine(f);
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

/* A link that ends while nobody replaced it is asked for; one whose place was taken is not. */
static void
test_asks_for_link(void **state)
{
	struct key_fix *f = *state;
	struct proc p = { .base = f->base };

	f->k.proc = &p;
	f->nev = 0;
	key_attach_engine(f, true);
	assert_int_equal(f->ev[0].type, KEY_ENGINE_LOST);
	assert_null(p.lost[0].timer);
	key_drop_engine(f);
	key_spin(f);
	assert_string_equal(p.lost[0].name, "pfkey");
	assert_true(p.lost[0].timer && event_pending(p.lost[0].timer, EV_TIMEOUT, NULL));
	event_free(p.lost[0].timer);
	f->k.proc = NULL;
}

/* Not what the system's own PF_KEY is: nothing is made, and another engine is asked for until one is there that is understood. */
static void
test_other_version(void **state)
{
	struct key_fix *f = *state;
	struct proc p = { .base = f->base };
	enum reason r;

	f->k.proc = &p;
	for (f->ahead = 1; f->ahead >= -1; f->ahead -= 2) {
		f->nev = 0;
		key_attach_engine(f, true);
		for (unsigned i = 0; i < f->nev; i++)
			assert_int_not_equal(f->ev[i].type, KEY_ENGINE_BACK);
		key_spi_new(f, 1, &r);
		assert_int_equal(r, R_ENGINE_DOWN);
		assert_string_equal(p.lost[0].name, "pfkey");
		assert_true(event_pending(p.lost[0].timer, EV_TIMEOUT, NULL));
	}
	f->ahead = 0;
	key_attach_engine(f, true);
	key_spi_new(f, 1, &r);
	assert_int_equal(r, R_OK);
	event_free(p.lost[0].timer);
	f->k.proc = NULL;
}

/* What a kernel's PF_KEY socket says to a reader that was too slow; other links ask for descriptors. */
static bool cut_off;
enum dgram __real_dgram_get(int, void *, size_t, size_t *, int *, int);
enum dgram __wrap_dgram_get(int, void *, size_t, size_t *, int *, int);

enum dgram
__wrap_dgram_get(int sock, void *buf, size_t cap, size_t *n, int *fd, int flags)
{
	return cut_off && fd == NULL ? DGRAM_CUT : __real_dgram_get(sock, buf, cap, n, fd, flags);
}

static void
cut(struct key_fix *f)
{
	struct pfkey_msg m;

	pfkey_msg_init(&m, SADB_X_SPDFLUSH, SADB_SATYPE_UNSPEC);
	m.pid = 4711;
	cut_off = true;
	key_engine_says(f, &m);
	cut_off = false;
}

/* The engine lives: children stay as they are, but those that went meanwhile; what nobody knows any more is removed. */
static void
test_cut_off(void **state)
{
	struct key_fix *f = *state;
	struct key_installed v[4];
	struct key_spi s = { .child = 9, .reqid = 7 };
	struct key_pair p;
	uint8_t buf[64];
	struct wr w = wr_of(buf, sizeof(buf));
	unsigned deleted;

	key_pair(f, &p, KEY_IN | KEY_OUT);
	f->dump[0] = *key_sa(f, p.spi_i);
	f->dump[1] = *key_sa(f, p.spi_r + KEY_PEER);
	f->dump[2] = *key_sa(f, p.spi_r);	/* the second child's outbound SA went meanwhile */
	f->dump[3] = f->dump[0];		/* asked for, and the answer did not arrive */
	f->dump[3].m.sa.spi = 0x7777;
	sadb_owner_text(f->dump[3].m.owner, sizeof(f->dump[3].m.owner), "a/net", 0x8888, 0);
	f->ndump = 4;
	assert_true(addr_parse("20.0.0.1", &s.local) && addr_parse("20.0.0.2", &s.remote));
	f->silent = true;
	key_spi_put(&w, &s);
	key_post(f, KEY_SPI_NEW, &w);
	f->silent = false;
	f->nev = 0;
	deleted = f->n_delete;
	cut(f);
	assert_true(f->answered);		/* who waits is told … */
	assert_int_equal(f->reason, R_ENGINE_DOWN);
	assert_int_equal(f->nev, 0);		/* … and nothing is lost */
	assert_int_equal(key_list(f, v, 4), 2);
	key_attach_engine(f, true);
	assert_int_equal(f->nev, 2);
	assert_true(f->ev[0].type == KEY_GONE && f->ev[0].v == 2);
	assert_int_equal(f->ev[1].type, KEY_ENGINE_BACK);
	assert_int_equal(f->n_delete, deleted + 1);
	assert_int_equal(key_list(f, v, 4), 2);
	assert_int_equal(v[0].child, 1);
	assert_int_equal(v[0].spi_in, p.spi_i);

	/* a soft lifetime that ended meanwhile is told */
	f->ndump = 3;
	f->dump[0].m.sa.state = SADB_SASTATE_DYING;
	f->nev = 0;
	cut(f);
	key_attach_engine(f, true);
	assert_true(f->nev == 2 && f->ev[0].type == KEY_EXPIRE && f->ev[0].v == 1 && f->ev[0].a == 0);

	/* the engine dies before it could tell */
	f->nev = 0;
	cut(f);
	f->ndump = 0;
	key_attach_engine(f, true);
	assert_true(f->nev == 3 && f->ev[0].type == KEY_GONE && f->ev[1].type == KEY_GONE && f->ev[2].type == KEY_ENGINE_BACK);
	assert_int_equal(key_list(f, v, 4), 0);
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
			key_drop_engine(f);
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
	struct key_pair p;

	key_pair(f, &p, KEY_IN | KEY_OUT);
	f->nev = 0;
	pfkey_msg_init(&m, SADB_ACQUIRE, SADB_SATYPE_ESP);
	pfkey_set_sa2(&m, CW_MODE_TUNNEL, 7);
	key_engine_says(f, &m);
	assert_true(f->nev == 1 && f->ev[0].type == KEY_ACQUIRE && f->ev[0].v == 7);
	pfkey_set_sa2(&m, CW_MODE_TUNNEL, 77);		/* of a policy that no tunnel serves: nobody is asked */
	key_engine_says(f, &m);
	assert_int_equal(f->nev, 1);
	pfkey_set_sa2(&m, CW_MODE_TUNNEL, 7);		/* nor for AH by the number of a tunnel, whose SAs are ESP's */
	m.satype = SADB_SATYPE_AH;
	key_engine_says(f, &m);
	assert_int_equal(f->nev, 1);

	f->nev = 0;			/* Linux's own names the policy, and is asked for it; one that is gone is no event */
	pfkey_msg_init(&m, SADB_ACQUIRE, SADB_SATYPE_ESP);
	m.policy = (struct pfkey_policy){ .type = CW_POLICY_IPSEC, .dir = CW_DIR_OUT, .id = 41 };
	m.has |= PFKEY_HAS(SADB_X_EXT_POLICY);
	f->policy_reqid = 8;
	key_engine_says(f, &m);
	assert_true(f->nev == 1 && f->ev[0].type == KEY_ACQUIRE && f->ev[0].v == 8);
	f->policy_reqid = 0;
	key_engine_says(f, &m);
	assert_int_equal(f->nev, 1);

	pfkey_msg_init(&m, SADB_ACQUIRE, SADB_X_SATYPE_IPCOMP);	/* which nobody negotiates */
	pfkey_set_sa2(&m, CW_MODE_TRANSPORT, 77);
	key_engine_says(f, &m);
	m = key_sa(f, p.spi_i)->m;	/* and the number of an SA of ours in another protocol */
	m.satype = SADB_X_SATYPE_IPCOMP;
	m.type = SADB_DELETE;
	m.pid = 4711;
	m.has &= PFKEY_HAS(SADB_EXT_SA) | PFKEY_HAS(SADB_EXT_ADDRESS_SRC) | PFKEY_HAS(SADB_EXT_ADDRESS_DST);
	key_engine_says(f, &m);
	assert_int_equal(f->nev, 1);

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

	m = key_sa(f, p.spi_r + KEY_PEER)->m;	/* the outbound SA of child 1 */
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

/* A packet of no SA of ours is told with where it came from. */
static void
test_stray(void **state)
{
	struct key_fix *f = *state;
	struct pfkey_msg m;

	f->nev = 0;
	pfkey_msg_init(&m, CW_MSG_STRAY, SADB_SATYPE_AH);
	pfkey_set_ends(&m, &(struct endpoint){ .addr = { 4, { 192, 0, 2, 7 } } }, &(struct endpoint){ .addr = { 4, { 192, 0, 2, 8 } } });
	m.sa.spi = 0x31337;
	m.has |= PFKEY_HAS(SADB_EXT_SA);
	key_engine_says(f, &m);
	assert_true(f->nev == 1 && f->ev[0].type == KEY_STRAY && f->stray.ah == 1 && f->stray.spi == 0x31337);
	assert_true(f->stray.remote.addr.b[3] == 7 && f->stray.local.addr.b[3] == 8 && f->stray.remote.port == 0);
	m.satype = SADB_SATYPE_ESP;
	m.natt_type = CW_NATT_ESPINUDP;
	m.natt_sport = 61000;
	m.natt_dport = 4500;
	m.has |= PFKEY_HAS(SADB_X_EXT_NAT_T_TYPE) | PFKEY_HAS(SADB_X_EXT_NAT_T_SPORT) | PFKEY_HAS(SADB_X_EXT_NAT_T_DPORT);
	key_engine_says(f, &m);
	assert_true(f->nev == 2 && f->stray.ah == 0 && f->stray.remote.port == 61000 && f->stray.local.port == 4500);
	m.natt_sport = 0;			/* a stranger's packet may say so; iked would take it for a breach of its link */
	key_engine_says(f, &m);
	m.natt_dport = 0;
	m.natt_sport = 61000;
	key_engine_says(f, &m);
	assert_true(f->nev == 2 && f->iked != NULL);
	m.natt_dport = 4500;
	m.satype = SADB_X_SATYPE_IPCOMP;	/* a CPI says nothing of a peer */
	key_engine_says(f, &m);
	assert_int_equal(f->nev, 2);
}

static void
test_gone(void **state)
{
	struct key_fix *f = *state;
	struct key_installed v[4];
	struct pfkey_msg m;
	struct key_pair p;
	enum reason r;

	key_pair(f, &p, KEY_IN | KEY_OUT);
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
	assert_int_equal(f->renewed, 1);	/* it expired in the engine: asked for again at once */
	assert_int_equal(f->nev, 0);
	children_renew_due(f->k.children);
	key_spin(f);
	assert_int_equal(f->renewed, 1);	/* not due yet */
	childtab_find(f->k.children, 1)->renew_at = 0;
	children_renew_due(f->k.children);
	key_spin(f);
	assert_int_equal(f->renewed, 2);
	assert_true(childtab_find(f->k.children, 1)->renew_at > 0);
	assert_int_equal(key_remove(f, KEY_RM_SPI, 1), R_OK);
	children_renew_due(f->k.children);
	assert_int_equal(f->renewed, 2);
}

/* iked dies: what is installed stays, under numbers of keymgr's, and can send. */
static void
test_iked_restart(void **state)
{
	struct key_fix *f = *state;
	struct key_installed v[4];
	struct key_pair p;
	enum reason r;

	key_pair(f, &p, KEY_IN);
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
	struct key_pair p;
	uint32_t spis[4];

	key_pair(f, &p, KEY_IN | KEY_OUT);
	spis[0] = p.spi_i, spis[1] = p.spi_r + KEY_PEER, spis[2] = p.spi_r, spis[3] = 0xabcd;
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
	assert_true(serve_init(&f->k, f->base, f->dir, "", NULL));
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
	assert_int_equal(v[0].spi_out, p.spi_r + KEY_PEER);
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

#define T(t) cmocka_unit_test_setup_teardown(t, key_setup, key_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_refusals),
		T(test_stock_engine),
		T(test_engine_lost),
		T(test_asks_for_link), T(test_other_version),
		T(test_cut_off),
		T(test_lost_meanwhile),
		T(test_events),
		T(test_stray),
		T(test_gone),
		T(test_renewal),
		T(test_iked_restart),
		T(test_own_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
