/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SPDADD, SPDUPDATE (in place), SPDDELETE by selector and by number, SPDGET, SPDFLUSH; and SPDEXPIRE. */
#include "pf.h"

static int
request_ok(const struct cw_request *r, unsigned dir)
{
	if (r->proto != IP_ESP && r->proto != IP_AH && r->proto != IP_COMP)
		return EPROTONOSUPPORT;
	if (r->mode != CW_MODE_TUNNEL && r->mode != CW_MODE_TRANSPORT)
		return r->mode > CW_MODE_TUNNEL ? EINVAL : EOPNOTSUPP;
	if (r->level > CW_LEVEL_UNIQUE || (r->level == CW_LEVEL_UNIQUE && r->reqid == 0))
		return EINVAL;
	if (dir == CW_DIR_OUT && r->mode == CW_MODE_TUNNEL && r->reqid == 0 && (cw_addr_any(&r->src) || cw_addr_any(&r->dst)))
		return EINVAL;		/* neither a reqid nor addresses: any SA at all */
	return 0;
}

/* The selectors and direction of a message: what names a policy. */
static int
named(const struct pf_msg *m, struct cw_policy *p)
{
	*p = (struct cw_policy){ .dir = m->pol_dir, .priority = m->pol_priority };
	if (m->pol_dir < CW_DIR_IN || m->pol_dir > CW_DIR_FWD || m->src.a.fam != m->dst.a.fam || m->src.proto != m->dst.proto)
		return EINVAL;
	p->proto = m->src.proto ? m->src.proto : CW_ULPROTO_ANY;
	p->src = (struct cw_prefix){ m->src.a, m->src.plen };
	p->dst = (struct cw_prefix){ m->dst.a, m->dst.plen };
	cw_addr_mask(&p->src.addr, p->src.len);
	cw_addr_mask(&p->dst.addr, p->dst.len);
	p->sport = m->src.port;
	p->dport = m->dst.port;
	if (p->proto == CW_ULPROTO_ANY && (p->sport || p->dport))
		return EINVAL;		/* a port of no protocol */
	return 0;
}

static int
whole(const struct pf_msg *m, struct cw_policy *p)
{
	unsigned ncomp = 0;
	int err = named(m, p);

	if (err)
		return err;
	if (m->hard.bytes || m->hard.packets)
		return EOPNOTSUPP;	/* a policy ends by time */
	p->life = m->hard.add;
	p->idle = m->hard.use;
	if (m->pol_type != CW_POLICY_DISCARD && m->pol_type != CW_POLICY_NONE && m->pol_type != CW_POLICY_IPSEC &&
	    m->pol_type != CW_POLICY_BYPASS)
		return EINVAL;	/* as in KAME: a socket's "entrust" is this table, which cannot ask itself */
	if (m->iface[0] && m->pol_type != CW_POLICY_DISCARD && m->pol_type != CW_POLICY_IPSEC)
		return EINVAL;	/* nothing leaves or comes by an interface in the clear */
	p->type = (uint8_t)m->pol_type;
	if ((p->type == CW_POLICY_IPSEC) != (m->nreq > 0))
		return EINVAL;
	p->nreq = m->nreq;
	for (unsigned i = 0; i < m->nreq; i++) {
		err = request_ok(&m->req[i], p->dir);
		if (err)
			return err;
		if (m->req[i].proto == IP_COMP && ncomp++)
			return EINVAL;	/* one packet is expanded once */
		p->req[i] = m->req[i];
	}
	if (m->owner)
		memcpy(p->owner, m->owner, CW_OWNER_LEN);
	return 0;
}

int
cw_policy_read(const uint8_t *b, size_t n, struct cw_policy *p)
{
	struct pf_msg m = { 0 };
	int err = pf_policy_get(b, n, &m) ? 0 : EINVAL;

	*p = (struct cw_policy){ .dir = m.pol_dir, .type = (uint8_t)m.pol_type, .proto = CW_ULPROTO_ANY, .nreq = m.nreq };
	if (err == 0 && ((p->dir != CW_DIR_IN && p->dir != CW_DIR_OUT) || m.pol_type > CW_POLICY_BYPASS || (p->type == CW_POLICY_IPSEC) != (p->nreq > 0)))
		err = EINVAL;
	for (unsigned i = 0, ncomp = 0; i < p->nreq && err == 0; i++) {
		err = request_ok(&m.req[i], p->dir);
		if (err == 0 && m.req[i].proto == IP_COMP && ncomp++)
			err = EINVAL;	/* a packet is expanded once */
		p->req[i] = m.req[i];
	}
	return err;
}

static void
tell(struct cw_engine *e, const struct pf_msg *m, const struct cw_spd_entry *x)
{
	struct pf_out o = pf_begin(e, m->type, SADB_SATYPE_UNSPEC, m->seq, m->pid);

	pf_put_entry(&o, x);
	pf_broadcast(&o, PF_ALL);
}

static int
add(struct cw_engine *e, const struct pf_msg *m, const struct cw_policy *p, uint64_t now)
{
	int err;
	struct cw_spd_entry *x = cw_spd_add(e, p, now, &err);

	if (x)
		tell(e, m, x);
	return err;
}

int
pf_spdadd(struct cw_engine *e, struct cw_client *c, const struct pf_msg *m, uint64_t now)
{
	struct cw_policy p;
	int err = whole(m, &p);

	if (err == 0)
		err = cw_iface_get(e, m->iface, &p.iface);
	if (err)
		return err;
	err = cw_spd_find(e, &p) ? EEXIST : add(e, m, &p, now);
	if (err)
		cw_iface_put(e, &p.iface);	/* else the policy has it */
	return err;
}

int
pf_spdupdate(struct cw_engine *e, struct cw_client *c, const struct pf_msg *m, uint64_t now)
{
	struct cw_policy p;
	struct cw_spd_entry *x;
	int err = whole(m, &p);

	if (err == 0)
		err = cw_iface_get(e, m->iface, &p.iface);
	if (err)
		return err;
	x = cw_spd_find(e, &p);
	if (!x) {
		err = add(e, m, &p, now);
		if (err)
			cw_iface_put(e, &p.iface);
		return err;
	}
	x = cw_spd_update(e, x, &p, now);
	cw_iface_put(e, &p.iface);	/* the new entry has what the old one had */
	if (!x)
		return ENOMEM;
	tell(e, m, x);
	return 0;
}

static int
drop(struct cw_engine *e, const struct pf_msg *m, struct cw_spd_entry *x)
{
	struct cw_policy p;
	struct cw_spd_past t;
	struct pf_out o;

	if (!x)
		return ENOENT;
	p = x->pub;
	t = cw_spd_past(x);
	cw_spd_remove(e, x);		/* its interface may go; the name is said still */
	o = pf_begin(e, m->type, SADB_SATYPE_UNSPEC, m->seq, m->pid);
	pf_put_policy_all(&o, &p, &t);
	pf_broadcast(&o, PF_ALL);
	return 0;
}

int
pf_spddelete(struct cw_engine *e, struct cw_client *c, const struct pf_msg *m, uint64_t now)
{
	struct cw_policy p;
	int err = named(m, &p);

	if (err)
		return err;
	cw_iface_find(e, m->iface, &p.iface);
	return m->iface[0] && !p.iface.num ? ENOENT : drop(e, m, cw_spd_find(e, &p));
}

int
pf_spddelete2(struct cw_engine *e, struct cw_client *c, const struct pf_msg *m, uint64_t now)
{
	return drop(e, m, cw_spd_by_id(e, m->pol_id));
}

int
pf_spdget(struct cw_engine *e, struct cw_client *c, const struct pf_msg *m, uint64_t now)
{
	struct cw_spd_entry *x = cw_spd_by_id(e, m->pol_id);
	struct pf_out o;

	if (!x)
		return ENOENT;
	o = pf_begin(e, SADB_X_SPDGET, SADB_SATYPE_UNSPEC, m->seq, m->pid);
	pf_put_entry(&o, x);
	pf_send(&o, c, false);
	return 0;
}

int
pf_spdflush(struct cw_engine *e, struct cw_client *c, const struct pf_msg *m, uint64_t now)
{
	struct pf_out o;

	while (e->sp_first)
		cw_spd_remove(e, e->sp_first);
	o = pf_begin(e, SADB_X_SPDFLUSH, SADB_SATYPE_UNSPEC, m->seq, m->pid);
	pf_broadcast(&o, PF_ALL);
	return 0;
}

/* KAME's message for it, to everybody: the policy, when it came and was last used, what went by it, and what ended it. */
void
cw_event_spdexpire(struct cw_engine *e, const struct cw_policy *p, const struct cw_spd_past *t)
{
	struct pf_out o = pf_begin(e, SADB_X_SPDEXPIRE, SADB_SATYPE_UNSPEC, 0, 0);

	pf_put_policy_all(&o, p, t);
	pf_broadcast(&o, PF_ALL);
}
