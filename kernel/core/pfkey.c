/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The PF_KEY server: the table of messages, REGISTER with its HELLO, and dumps. A dump is paced by its reader: one row at a
 * time until the host says that the client's socket is full, then on from there when it is writable. What comes after the
 * dump began is not in it, what goes meanwhile is left out, and the last message has sequence 0 in any case.
 */
#include "pf.h"

#define SA_NAME		(PF_BIT(SADB_EXT_SA) | PF_BIT(SADB_EXT_ADDRESS_SRC) | PF_BIT(SADB_EXT_ADDRESS_DST))
#define SP_NAME		(PF_BIT(SADB_X_EXT_POLICY) | PF_BIT(SADB_EXT_ADDRESS_SRC) | PF_BIT(SADB_EXT_ADDRESS_DST))
#define SP_ID		PF_BIT(SADB_X_EXT_POLICY)

enum satypes { ONE_KIND, ONE_OR_ALL, ANY_KIND, NO_SATYPE, ON_OR_OFF };

static const struct {
	uint8_t		type;
	bool		keyless;	/* a client marked keyless may send it */
	enum satypes	satypes;
	uint64_t	must;
	pf_handler	*run;
} rows[] = {
	{ SADB_GETSPI,       false, ONE_KIND,   PF_BIT(SADB_EXT_ADDRESS_SRC) | PF_BIT(SADB_EXT_ADDRESS_DST), pf_getspi },
	{ SADB_UPDATE,       false, ONE_KIND,   SA_NAME, pf_update },
	{ SADB_ADD,          false, ONE_KIND,   SA_NAME, pf_add },
	{ SADB_DELETE,       true,  ONE_KIND,   SA_NAME, pf_delete },
	{ SADB_GET,          true,  ONE_KIND,   SA_NAME, pf_get },
	{ SADB_ACQUIRE,      false, ONE_OR_ALL, 0, pf_acquire },
	{ SADB_REGISTER,     true,  ANY_KIND,   0, pf_register },
	{ SADB_FLUSH,        true,  ONE_OR_ALL, 0, pf_flush },
	{ SADB_DUMP,         true,  ONE_OR_ALL, 0, pf_dump },
	{ SADB_X_PROMISC,    true,  ON_OR_OFF,  0, pf_promisc },
	{ SADB_X_SPDUPDATE,  true,  NO_SATYPE,  SP_NAME, pf_spdupdate },
	{ SADB_X_SPDADD,     true,  NO_SATYPE,  SP_NAME, pf_spdadd },
	{ SADB_X_SPDSETIDX,  true,  NO_SATYPE,  SP_NAME, pf_spdadd },	/* as in KAME, whose handler is the same */
	{ SADB_X_SPDDELETE,  true,  NO_SATYPE,  SP_NAME, pf_spddelete },
	{ SADB_X_SPDGET,     true,  NO_SATYPE,  SP_ID, pf_spdget },
	{ SADB_X_SPDDUMP,    true,  NO_SATYPE,  0, pf_spddump },
	{ SADB_X_SPDFLUSH,   true,  NO_SATYPE,  0, pf_spdflush },
	{ CW_MSG_NAMED,      true,  NO_SATYPE,  PF_BIT(CW_EXT_NAMED), pf_named },
	{ CW_MSG_DROPS,      true,  NO_SATYPE,  0, pf_drops },
	{ CW_MSG_TAP,        true,  NO_SATYPE,  PF_BIT(CW_EXT_TAP), pf_tap },
	{ SADB_X_SPDDELETE2, true,  NO_SATYPE,  SP_ID, pf_spddelete2 },
};

static int
satype_ok(enum satypes want, unsigned satype)
{
	if (want == ON_OR_OFF)
		return 0;
	if (want == NO_SATYPE)
		return satype == SADB_SATYPE_UNSPEC ? 0 : EINVAL;
	if (satype == SADB_SATYPE_ESP || satype == SADB_SATYPE_AH || satype == SADB_X_SATYPE_IPCOMP || (want != ONE_KIND && satype == SADB_SATYPE_UNSPEC))
		return 0;
	return satype == SADB_SATYPE_UNSPEC || satype > SADB_SATYPE_MAX ? EINVAL : EPROTONOSUPPORT;
}

static int
run(struct cw_engine *e, struct cw_client *c, const struct pf_msg *m, uint64_t now)
{
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int err;

		if (rows[i].type != m->type)
			continue;
		if (!rows[i].keyless && (c->flags & CW_CLIENT_KEYLESS))
			return EACCES;
		err = satype_ok(rows[i].satypes, m->satype);
		if (err)
			return err;
		if ((m->has & rows[i].must) != rows[i].must)
			return EINVAL;
		if ((m->has & PF_PRIVATE) && !c->hello && m->type != SADB_REGISTER)
			return EINVAL;	/* private extensions come after HELLO was answered */
		return rows[i].run(e, c, m, now);
	}
	return EOPNOTSUPP;
}

void
cw_pfkey(struct cw_engine *e, struct cw_client *c, const uint8_t *msg, size_t len, uint64_t now)
{
	struct pf_msg m;
	int err = pf_decode(msg, len, &m);

	cw_sad_reap(e);
	if (err == 0) {
		pf_overheard(e, c, msg, len);
		if (!c->hello)
			pf_pfs(&m);
		err = run(e, c, &m, now);
	}
	if (err)
		pf_error(e, c, &m, err);
}

static void
put_supported(struct cw_engine *e, struct pf_out *o, unsigned satype, bool auth, bool hello)
{
	bool legacy = cw_knob(e, CW_KNOB_LEGACY);
	const struct cw_alg *a;
	unsigned n = 0;
	struct sadb_alg v[CW_ALGS_MAX] = { 0 };
	uint8_t *p;

	for (unsigned i = 0; (a = cw_alg_row(i)) != NULL; i++) {
		if (a->auth != auth || (a->legacy && !legacy) || (!hello && cw_alg_private(a)) ||
		    (auth && a->iv && satype == SADB_SATYPE_ESP))	/* a MAC with an IV is AH's alone */
			continue;
		v[n++] = (struct sadb_alg){
			.sadb_alg_id = a->id, .sadb_alg_ivlen = a->iv,
			.sadb_alg_minbits = (uint16_t)(a->min + a->salt * 8), .sadb_alg_maxbits = (uint16_t)(a->max + a->salt * 8),
		};
	}
	p = pf_ext(o, auth ? SADB_EXT_SUPPORTED_AUTH : SADB_EXT_SUPPORTED_ENCRYPT, 8 + n * sizeof(v[0]));
	if (p)
		memcpy(p + 8, v, n * sizeof(v[0]));
}

int
pf_register(struct cw_engine *e, struct cw_client *c, const struct pf_msg *m, uint64_t now)
{
	bool said = (m->has & PF_BIT(CW_EXT_HELLO)) && m->hello_magic == CW_HELLO_MAGIC;
	struct cw_ext_hello *h;
	struct pf_out o;

	if ((m->has & PF_PRIVATE) & ~(PF_BIT(CW_EXT_HELLO) | PF_BIT(CW_EXT_KEYLESS)))
		return EINVAL;
	host_lock(&e->lock);
	if (m->has & PF_BIT(CW_EXT_KEYLESS))
		c->flags = CW_CLIENT_KEYLESS;
	if (m->satype == SADB_SATYPE_ESP || m->satype == SADB_SATYPE_AH)
		c->registered = true;
	if (said && m->hello_version == CW_HELLO_VERSION) {
		c->hello = true;
		e->suite = c->opener ? c->opener : e->suite;
	}
	host_unlock(&e->lock);
	o = pf_begin(e, SADB_REGISTER, m->satype, m->seq, m->pid);
	if (m->satype == SADB_SATYPE_ESP || m->satype == SADB_SATYPE_AH || m->satype == SADB_SATYPE_UNSPEC)
		put_supported(e, &o, m->satype, true, c->hello);
	if (m->satype == SADB_SATYPE_ESP || m->satype == SADB_SATYPE_UNSPEC)
		put_supported(e, &o, m->satype, false, c->hello);
	h = pf_ext(&o, CW_EXT_HELLO, sizeof(*h));
	if (h) {
		h->magic = CW_HELLO_MAGIC;
		h->version = CW_HELLO_VERSION;
		h->features = CW_FEAT_ESN | CW_FEAT_AEAD | CW_FEAT_WINDOW | CW_FEAT_SELECTORS | CW_FEAT_USED | CW_FEAT_MAPPING | CW_FEAT_OLD |
		    (HOST_IFACES ? CW_FEAT_IFACE : 0);
	}
	if (said)
		o.priv = 0;	/* whoever says HELLO is answered, of another version too: by the numbers both know why they part */
	pf_send(&o, c, false);
	return 0;
}

static bool
dump_row(struct cw_engine *e, struct cw_client *c, uint32_t left)
{
	bool keys = (c->flags & CW_CLIENT_KEYS) != 0, sent;
	struct pf_out o = pf_begin(e, c->dump, c->dump == SADB_DUMP && c->dump_sa ? pf_satype(c->dump_sa->proto) : SADB_SATYPE_UNSPEC, left, c->dump_pid);

	if (left == 0 && !c->dump_sa && !c->dump_sp)
		return pf_send(&o, c, true);	/* what was left has gone meanwhile: only the end is to be said */
	if (c->dump == SADB_DUMP)
		pf_put_sa_all(&o, c->dump_sa, keys);
	else
		pf_put_entry(&o, c->dump_sp);
	sent = pf_send(&o, c, true);
	if (c->dump == SADB_DUMP && keys)
		host_wipe(e->pf, o.n);
	return sent;
}

bool
cw_pfkey_resume(struct cw_engine *e, struct cw_client *c, uint64_t now)
{
	cw_sad_reap(e);
	while (c->dump) {
		if (c->dump_left == 0)
			c->dump_sa = NULL, c->dump_sp = NULL;
		if (!dump_row(e, c, c->dump_left ? c->dump_left - 1 : 0))
			return true;
		if (c->dump_left <= 1) {
			c->dump = 0;
			return false;
		}
		c->dump_left--;
		if (c->dump == SADB_DUMP)
			c->dump_sa = cw_sad_of_proto(c->dump_sa->succ, c->dump_proto);
		else
			c->dump_sp = c->dump_sp->succ;
	}
	return false;
}

static int
dump(struct cw_engine *e, struct cw_client *c, const struct pf_msg *m, unsigned count, uint64_t now)
{
	if (c->dump)
		return EBUSY;
	if (count == 0)
		return ENOENT;
	c->dump = m->type;
	c->dump_pid = m->pid;
	c->dump_left = count;
	c->dump_end = e->next_id - 1;
	c->dump_proto = m->type == SADB_DUMP ? pf_proto(m->satype) : 0;
	c->dump_sa = m->type == SADB_DUMP ? cw_sad_of_proto(e->sa_first, c->dump_proto) : NULL;
	c->dump_sp = m->type == SADB_DUMP ? NULL : e->sp_first;
	cw_pfkey_resume(e, c, now);
	return 0;
}

int
pf_dump(struct cw_engine *e, struct cw_client *c, const struct pf_msg *m, uint64_t now)
{
	unsigned n = e->nsa, proto = pf_proto(m->satype);

	if (proto) {
		n = 0;
		for (const struct cw_sa *sa = cw_sad_of_proto(e->sa_first, proto); sa; sa = cw_sad_of_proto(sa->succ, proto))
			n++;
	}
	return dump(e, c, m, n, now);
}

int
pf_spddump(struct cw_engine *e, struct cw_client *c, const struct pf_msg *m, uint64_t now)
{
	return dump(e, c, m, e->nsp, now);
}
