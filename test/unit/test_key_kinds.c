/* SPDX-License-Identifier: BSD-2-Clause */
/* Children of the user's policies that are AH, or ESP with IPComp inside: what the engine is told of them, what goes with them, and what iked may not do. */
#include <netinet/in.h>
#include <unistd.h>

#include "key_fix.h"
#include "test.h"

#define AH	0x80000001u	/* their numbers */
#define COMP	0x80000002u	/* in transport mode */
#define TUNNEL	0x80000003u
#define PAIR	0x80000004u	/* ESP, and AH around it */

static void
bind_policies(struct key_fix *f)
{
	struct binding b = { .how_local = AUTH_BY_PSK, .how_remote = AUTH_BY_PSK, .policies = 1, .nreqids = 5, .reqids = { AH, COMP, TUNNEL, PAIR, PAIR + 1 } };

	strcpy(b.tunnel, "a");
	assert_true(addr_parse("20.0.0.2", &b.peer));
	b.policy[0] = (struct bound_policy){ .id = 1, .transport = 1, .ah = 1 };
	b.policy[1] = (struct bound_policy){ .id = 2, .reqid = 40, .transport = 1, .comp = 1, .comp_reqid = 41 };
	b.policy[2] = (struct bound_policy){ .id = 3, .comp = 1 };
	b.policy[3] = (struct bound_policy){ .id = 4, .transport = 1 };
	b.policy[4] = (struct bound_policy){ .id = 4, .transport = 1, .ah = 1 };
	assert_true(bind_put(&f->k.bindings, &b));
}

/* An SPI for it, and a CPI where it has one. */
static uint32_t
spi_of(struct key_fix *f, uint32_t child, uint32_t number, uint16_t *cpi)
{
	struct key_spi s = { .child = child, .reqid = number };
	uint8_t buf[64];
	struct wr w = wr_of(buf, sizeof(buf));
	struct rd rd;
	uint32_t spi;

	assert_true(addr_parse("20.0.0.1", &s.local) && addr_parse("20.0.0.2", &s.remote));
	key_spi_put(&w, &s);
	assert_int_equal(key_call(f, f->iked, KEY_SPI_NEW, &w), R_OK);
	rd = key_answer(f);
	spi = rd_le32(&rd);
	*cpi = rd_le16(&rd);
	assert_true(rd_done(&rd));
	return spi;
}

static void
begin(struct key_fix *f, struct ends *e)
{
	key_ends(f, e);
	key_prove(f, e);
	bind_policies(f);
}

static void
child_of(struct key_fix *f, struct key_child *c, uint32_t child, uint32_t number, struct ends *e)
{
	uint16_t cpi;
	uint32_t spi = spi_of(f, child, number, &cpi);

	e->ni[0] = (uint8_t)child;	/* nonces once */
	key_child(c, child, e->ike_i, true, KEY_IN | KEY_OUT, spi, 0x9000 + child, e);
	c->reqid = number;
	c->cpi_in = cpi;
	c->cpi_out = cpi ? (uint16_t)(0x5000 + child) : 0;
	if (number == AH) {
		c->suite = (struct suite){ .integ = INTEG_HMAC_SHA2_256_128, .esn = 1 };
		c->udp = 0;
	}
}

/* One that stands in the engine; order and kinds have what that took. */
static void
installed(struct key_fix *f, struct key_child *c, uint32_t number, struct ends *e)
{
	begin(f, e);
	memset(f->order, 0, sizeof(f->order));
	memset(f->kinds, 0, sizeof(f->kinds));
	child_of(f, c, 1, number, e);
	assert_int_equal(key_install(f, c), R_OK);
}

static bool
has_ts(const struct ts_list *l, const char *text)
{
	char buf[TS_STR];

	for (unsigned i = 0; i < l->n; i++)
		if (strcmp(ts_str(&l->v[i], buf), text) == 0)
			return true;
	return false;
}

static void
test_ah(void **state)
{
	struct key_fix *f = *state;
	struct fake_sa *in, *out;
	struct key_child c, other;
	struct ends e;

	begin(f, &e);
	memset(f->order, 0, sizeof(f->order));
	memset(f->kinds, 0, sizeof(f->kinds));
	child_of(f, &c, 1, AH, &e);
	assert_int_equal(c.cpi_in, 0);
	other = c;
	other.suite = (struct suite){ .encr = ENCR_AES_GCM_16, .key_bits = 128, .esn = 1 };	/* ESP, where the policy asks for AH */
	assert_int_equal(key_install(f, &other), R_NOT_PERMITTED);
	assert_non_null(strstr(f->detail, "asks for AH"));
	assert_int_equal(key_install(f, &c), R_OK);
	in = key_sa(f, c.spi_in);
	out = key_sa(f, c.spi_out);
	assert_true(in && out);
	assert_string_equal(f->order, "GUA");
	assert_string_equal(f->kinds, "aaa");
	assert_true(in->m.satype == SADB_SATYPE_AH && out->m.satype == SADB_SATYPE_AH);
	assert_true(in->m.type == SADB_UPDATE && in->m.sa2.mode == CW_MODE_TRANSPORT && in->m.sa2.reqid == 0);
	assert_true(in->m.sa.encrypt == 0 && in->m.sa.auth == 5 && in->encr.n == 0 && in->integ.n == 32 && out->integ.n == 32);
	assert_false(in->m.has & PFKEY_HAS(SADB_X_EXT_NAT_T_TYPE));
	assert_int_equal(key_remove(f, KEY_RM_CHILD, 1), R_OK);
	assert_string_equal(f->order, "GUADD");
	assert_string_equal(f->kinds, "aaaaa");
	/* ESP for a policy of ESP, and no AH */
	child_of(f, &other, 2, COMP, &e);
	other.suite = c.suite;
	other.udp = other.cpi_in = other.cpi_out = 0;
	assert_int_equal(key_install(f, &other), R_NOT_PERMITTED);
	assert_non_null(strstr(f->detail, "asks for ESP"));
}

/* What another did to one of AH is told; an SA of ESP that has its number by chance is another. */
static void
test_ah_events(void **state)
{
	struct key_fix *f = *state;
	struct key_child c;
	struct pfkey_msg m;
	struct ends e;

	installed(f, &c, AH, &e);
	f->nev = 0;
	for (int ah = 0; ah < 2; ah++) {
		pfkey_msg_init(&m, SADB_DELETE, ah ? SADB_SATYPE_AH : SADB_SATYPE_ESP);
		pfkey_set_ends(&m, &c.remote, &c.local);
		m.sa.spi = c.spi_in;
		m.has |= PFKEY_HAS(SADB_EXT_SA);
		m.pid = 77;
		key_engine_says(f, &m);
		assert_int_equal(f->nev, ah);
	}
	assert_true(f->ev[0].type == KEY_GONE && f->ev[0].v == 1);
}

static void
test_comp(void **state)
{
	struct key_fix *f = *state;
	const struct pfkey_msg *in, *out, *cin, *cout;
	struct key_child c;
	unsigned deleted;
	struct ends e;

	installed(f, &c, COMP, &e);
	assert_true(c.cpi_in != 0);
	assert_string_equal(f->order, "GGUUAA");	/* IPComp's before ESP's, in before out */
	assert_string_equal(f->kinds, "eccece");
	assert_true(key_sa(f, c.spi_in) && key_sa(f, c.cpi_in) && key_sa(f, c.spi_out) && key_sa(f, c.cpi_out));
	in = &key_sa(f, c.spi_in)->m;
	out = &key_sa(f, c.spi_out)->m;
	cin = &key_sa(f, c.cpi_in)->m;
	cout = &key_sa(f, c.cpi_out)->m;
	assert_true(cin->satype == SADB_X_SATYPE_IPCOMP && cin->sa.encrypt == SADB_X_CALG_DEFLATE && cin->sa.flags & 0x80 && cin->sa2.reqid == 41);
	assert_true(cin->sa2.mode == CW_MODE_TRANSPORT && cout->sa2.mode == CW_MODE_TRANSPORT && in->sa2.mode == CW_MODE_TRANSPORT && in->sa2.reqid == 40);
	assert_false(cin->has & (PFKEY_HAS(SADB_EXT_KEY_ENCRYPT) | PFKEY_HAS(SADB_EXT_KEY_AUTH) | PFKEY_HAS(SADB_X_EXT_NAT_T_TYPE)));
	/* inside ESP stands IPComp, or what did not get smaller; outside it is as it was */
	assert_true(has_ts(&in->sel_src, "10.0.2.0/24") && has_ts(&in->sel_src, "10.0.2.0/24 proto-108"));
	assert_true(out->sel_dst.n == 1 && has_ts(&out->sel_dst, "10.0.2.0/24"));
	assert_true(has_ts(&cin->sel_src, "10.0.2.0/24") && has_ts(&cout->sel_dst, "10.0.2.0/24"));
	deleted = f->n_delete;
	assert_int_equal(key_remove(f, KEY_RM_CHILD_OUT, 1), R_OK);
	assert_int_equal(f->n_delete, deleted + 2);
	assert_int_equal(key_remove(f, KEY_RM_CHILD_IN, 1), R_OK);
	assert_int_equal(f->n_delete, deleted + 4);
	assert_string_equal(f->order, "GGUUAADDDD");
	assert_true(strchr(f->kinds + 6, 'e') && strchr(f->kinds + 6, 'c') && !strstr(f->kinds + 6, "eee") && !strstr(f->kinds + 6, "ccc"));
}

static void
test_comp_tunnel(void **state)
{
	struct key_fix *f = *state;
	const struct pfkey_msg *in, *out, *cin, *cout;
	struct key_child c, other;
	struct ends e;

	begin(f, &e);
	child_of(f, &c, 1, TUNNEL, &e);
	other = c;
	other.cpi_in = other.cpi_out = 0;	/* then its packets would have no tunnel's header */
	assert_int_equal(key_install(f, &other), R_NOT_PERMITTED);
	other = c;
	other.cpi_in++;
	assert_int_equal(key_install(f, &other), R_NOT_PERMITTED);
	other = c;
	other.cpi_out = 2;			/* well known, not negotiated */
	assert_int_equal(key_install(f, &other), R_NOT_PERMITTED);
	assert_int_equal(key_install(f, &c), R_OK);
	in = &key_sa(f, c.spi_in)->m;
	out = &key_sa(f, c.spi_out)->m;
	cin = &key_sa(f, c.cpi_in)->m;
	cout = &key_sa(f, c.cpi_out)->m;
	assert_true(in->sa2.mode == CW_MODE_TRANSPORT && cin->sa2.mode == CW_MODE_TUNNEL && cout->sa2.mode == CW_MODE_TUNNEL);
	assert_true(out->sel_src.n == 1 && has_ts(&out->sel_src, "20.0.0.1/32 proto-108") && has_ts(&out->sel_dst, "20.0.0.2/32 proto-108"));
	assert_true(in->sel_src.n == 3 && has_ts(&in->sel_src, "20.0.0.2/32 proto-4") && has_ts(&in->sel_src, "20.0.0.2/32 proto-41"));
	assert_true(has_ts(&cout->sel_src, "10.0.1.0/24"));
	assert_false(cin->has & PFKEY_HAS(CW_EXT_SELECTORS));
}

/* The peer declined: the CPI is given back. Ours was refused: the child is made without, and iked knows. */
static void
test_comp_without(void **state)
{
	struct key_fix *f = *state;
	struct key_child c;
	unsigned deleted;
	struct ends e;

	begin(f, &e);
	child_of(f, &c, 1, COMP, &e);
	c.cpi_in = c.cpi_out = 0;
	deleted = f->n_delete;
	assert_int_equal(key_install(f, &c), R_OK);
	assert_int_equal(f->n_delete, deleted + 1);
	assert_int_equal(f->n_add + f->n_update, 2);
}

/* The engine takes ESP and not IPComp: nothing is left of the child. */
static void
test_comp_refused(void **state)
{
	struct key_fix *f = *state;
	struct key_installed v[4];
	struct key_child c;
	struct ends e;

	begin(f, &e);
	child_of(f, &c, 1, COMP, &e);
	f->refuse_type = SADB_UPDATE;
	f->refuse_err = 12;
	f->refuse_comp = true;
	assert_int_equal(key_install(f, &c), R_ENGINE_REFUSED);
	assert_non_null(strstr(f->detail, "IPComp"));
	assert_int_equal(key_list(f, v, 4), 0);
	f->refuse_type = SADB_ADD;
	child_of(f, &c, 2, COMP, &e);
	assert_int_equal(key_install(f, &c), R_ENGINE_REFUSED);
	assert_int_equal(key_list(f, v, 4), 0);
	f->refuse_err = 0;
}

static void
comp_deleted(struct key_fix *f, const struct endpoint *from, const struct endpoint *to, uint16_t cpi)
{
	struct pfkey_msg m;

	f->nev = 0;
	pfkey_msg_init(&m, SADB_DELETE, SADB_X_SATYPE_IPCOMP);
	pfkey_set_ends(&m, from, to);
	m.sa.spi = cpi;
	m.has |= PFKEY_HAS(SADB_EXT_SA);
	m.pid = 77;
	key_engine_says(f, &m);
}

/* Of many children it is told of the one with that CPI at that end, and of none when that is gone. Their outbound ones are all in one bucket. */
static void
test_comp_which(void **state)
{
	struct key_fix *f = *state;
	struct key_child c[5];
	struct ends e;

	begin(f, &e);
	for (unsigned i = 0; i < 5; i++) {
		child_of(f, &c[i], i + 1, COMP, &e);
		c[i].cpi_out = (uint16_t)(0x5010 + 0x1000 * i);
		assert_int_equal(key_install(f, &c[i]), R_OK);
	}
	comp_deleted(f, &c[2].local, &c[2].remote, c[2].cpi_out);
	assert_true(f->nev == 1 && f->ev[0].type == KEY_GONE && f->ev[0].v == 3);
	comp_deleted(f, &c[2].local, &c[2].remote, c[2].cpi_out);
	assert_int_equal(f->nev, 0);
	comp_deleted(f, &c[3].remote, &c[3].local, c[3].cpi_out);	/* at the other end it is none of ours */
	assert_int_equal(f->nev, 0);
	comp_deleted(f, &c[1].remote, &c[1].local, c[1].cpi_in);
	assert_true(f->nev == 1 && f->ev[0].type == KEY_GONE && f->ev[0].v == 2);
	comp_deleted(f, &c[1].remote, &c[1].local, c[1].cpi_in);
	assert_int_equal(f->nev, 0);
	assert_int_equal(key_remove(f, KEY_RM_CHILD, 1), R_OK);
	assert_int_equal(key_remove(f, KEY_RM_CHILD, 4), R_OK);
	comp_deleted(f, &c[0].local, &c[0].remote, c[0].cpi_out);
	comp_deleted(f, &c[3].remote, &c[3].local, c[3].cpi_in);
	assert_int_equal(f->nev, 0);
	comp_deleted(f, &c[4].local, &c[4].remote, c[4].cpi_out);
	assert_true(f->nev == 1 && f->ev[0].v == 5);
	comp_deleted(f, &c[4].remote, &c[4].local, c[4].cpi_in);
	assert_true(f->nev == 1 && f->ev[0].v == 5);
}

/* One of IPComp that another deletes, or flushes, is told as the child's end; that keymgr died and another found them changes nothing. */
static void
test_comp_events(void **state)
{
	struct key_fix *f = *state;
	struct key_installed v[4];
	struct key_child c;
	struct pfkey_msg m;
	unsigned deleted;
	struct ends e;

	installed(f, &c, COMP, &e);
	f->nev = 0;
	pfkey_msg_init(&m, SADB_DELETE, SADB_X_SATYPE_IPCOMP);
	pfkey_set_ends(&m, &c.local, &c.remote);
	m.sa.spi = c.cpi_out;
	m.has |= PFKEY_HAS(SADB_EXT_SA);
	m.pid = 77;
	key_engine_says(f, &m);
	assert_true(f->nev == 1 && f->ev[0].type == KEY_GONE && f->ev[0].v == 1);
	pfkey_msg_init(&m, SADB_FLUSH, SADB_X_SATYPE_IPCOMP);
	m.pid = 77;
	key_engine_says(f, &m);
	assert_true(f->nev == 2 && f->ev[1].type == KEY_GONE && f->ev[1].v == 1);
	assert_int_equal(key_list(f, v, 4), 1);		/* ESP's are there: iked deletes them */

	child_of(f, &c, 2, COMP, &e);
	assert_int_equal(key_install(f, &c), R_OK);
	f->dump[0] = *key_sa(f, c.cpi_in);	/* in any order */
	f->dump[1] = *key_sa(f, c.spi_out);
	f->dump[2] = *key_sa(f, c.spi_in);
	f->dump[3] = *key_sa(f, c.cpi_out);
	f->ndump = 4;
	children_forget(f->k.children);
	key_attach_engine(f, true);
	assert_int_equal(key_list(f, v, 4), 1);
	deleted = f->n_delete;
	assert_int_equal(key_remove(f, KEY_RM_CHILD, v[0].child), R_OK);
	assert_int_equal(f->n_delete, deleted + 4);
	f->ndump = 0;
}

/* A new keymgr finds those of AH: it knows them by their protocol then, in the engine's events and in what it deletes. */
static void
test_ah_found(void **state)
{
	struct key_fix *f = *state;
	struct key_installed v[4];
	struct key_child c;
	struct pfkey_msg m;
	struct ends e;

	installed(f, &c, AH, &e);
	f->dump[0] = *key_sa(f, c.spi_out);
	f->dump[1] = *key_sa(f, c.spi_in);
	f->ndump = 2;
	children_forget(f->k.children);
	key_attach_engine(f, true);
	assert_int_equal(key_list(f, v, 4), 1);
	f->nev = 0;
	pfkey_msg_init(&m, SADB_EXPIRE, SADB_SATYPE_ESP);	/* of another, that has its number */
	pfkey_set_ends(&m, &c.remote, &c.local);
	m.sa.spi = c.spi_in;
	m.sa.state = SADB_SASTATE_DYING;
	m.has |= PFKEY_HAS(SADB_EXT_SA) | PFKEY_HAS(SADB_EXT_LIFETIME_SOFT);
	key_engine_says(f, &m);
	assert_int_equal(f->nev, 0);
	m.satype = SADB_SATYPE_AH;
	key_engine_says(f, &m);
	assert_true(f->nev == 1 && f->ev[0].type == KEY_EXPIRE && f->ev[0].v == v[0].child);
	memset(f->kinds, 0, sizeof(f->kinds));
	memset(f->order, 0, sizeof(f->order));
	assert_int_equal(key_remove(f, KEY_RM_CHILD, v[0].child), R_OK);
	assert_string_equal(f->kinds, "aa");
	f->ndump = 0;
}

/* A new keymgr finds SAs of IPComp whose ESP has gone meanwhile: they go too, and nobody else's do. */
static void
test_comp_orphans(void **state)
{
	struct key_fix *f = *state;
	struct key_installed v[4];
	struct key_child c;
	unsigned deleted;
	struct ends e;

	installed(f, &c, COMP, &e);
	f->dump[0] = *key_sa(f, c.cpi_in);
	f->dump[1] = *key_sa(f, c.cpi_out);
	f->dump[2] = f->dump[0];
	f->dump[2].m.sa.spi++;
	f->dump[2].m.has &= ~PFKEY_HAS(CW_EXT_OWNER);	/* setkey's */
	f->ndump = 3;
	children_forget(f->k.children);
	deleted = f->n_delete;
	key_attach_engine(f, true);
	assert_int_equal(key_list(f, v, 4), 0);
	assert_int_equal(f->n_delete, deleted + 2);
	f->ndump = 0;
}

/* A packet asks: for AH by its peer; where IPComp makes the tunnel and may be missing, the packet's own end is asked for. */
static void
test_acquire(void **state)
{
	static const struct { uint32_t policy; uint8_t satype; const char *peer; uint32_t number; } asks[] = {
		{ 1, SADB_SATYPE_AH, "20.0.0.2", AH }, { 1, SADB_SATYPE_AH, "20.0.0.3", 0 }, { 2, SADB_X_SATYPE_IPCOMP, "20.0.0.2", COMP },
		{ 3, SADB_SATYPE_ESP, "10.0.2.10", TUNNEL }, { 2, SADB_SATYPE_ESP, "10.0.2.10", 0 },
		{ 4, SADB_SATYPE_ESP, "20.0.0.2", PAIR }, { 4, SADB_SATYPE_AH, "20.0.0.2", PAIR + 1 },
	};
	struct key_fix *f = *state;
	struct endpoint from = { 0 };
	struct pfkey_msg m;
	struct ends e;

	begin(f, &e);
	assert_true(addr_parse("20.0.0.1", &from.addr));
	for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
		struct endpoint to = { 0 };

		assert_true(addr_parse(asks[i].peer, &to.addr));
		f->nev = 0;
		pfkey_msg_init(&m, SADB_ACQUIRE, asks[i].satype);
		pfkey_set_ends(&m, &from, &to);
		pfkey_set_sa2(&m, CW_MODE_TRANSPORT, 0);
		m.seq = 100 + (uint32_t)i;
		m.policy = (struct pfkey_policy){ .type = CW_POLICY_IPSEC, .dir = CW_DIR_OUT, .id = asks[i].policy };
		m.has |= PFKEY_HAS(SADB_X_EXT_POLICY);
		key_engine_says(f, &m);
		assert_int_equal(f->nev, asks[i].number != 0);
		if (asks[i].number)
			assert_true(f->ev[0].type == KEY_ACQUIRE && f->ev[0].v == asks[i].number);
	}
}

#define T(f)	cmocka_unit_test_setup_teardown(f, key_setup, key_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = { T(test_ah), T(test_ah_events), T(test_comp), T(test_comp_tunnel), T(test_comp_without), T(test_comp_refused),
	    T(test_comp_which), T(test_comp_events), T(test_comp_orphans), T(test_ah_found), T(test_acquire) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
