/* SPDX-License-Identifier: BSD-2-Clause */
/* Policies between PF_KEY's words and ours. Ours are written as "in|out ipsec esp/tunnel/0.0.0.0-0.0.0.0/unique:reqid". */
#include <netinet/in.h>
#include <string.h>

#include "pfkey.h"
#include "spd.h"

static void
take_prefix(const struct pfkey_address *a, struct prefix *p)
{
	memset(p, 0, sizeof(*p));
	p->addr = a->ep.addr;
	p->len = a->prefixlen;
}

bool
spd_entry_get(const struct pfkey_msg *m, struct spd_entry *e)
{
	const uint64_t need = PFKEY_HAS(SADB_X_EXT_POLICY) | PFKEY_HAS(SADB_EXT_ADDRESS_SRC) | PFKEY_HAS(SADB_EXT_ADDRESS_DST);
	const struct pfkey_policy *p = &m->policy;

	memset(e, 0, sizeof(*e));
	if ((m->has & need) != need)
		return false;
	e->dir = p->dir;
	take_prefix(&m->src, &e->src);
	take_prefix(&m->dst, &e->dst);
	e->proto = m->src.proto == CW_ULPROTO_ANY ? 0 : m->src.proto;
	e->sport = m->src.ep.port;
	e->dport = m->dst.ep.port;
	e->priority = p->priority;
	e->id = p->id;
	if (m->has & PFKEY_HAS(CW_EXT_IFACE))
		memcpy(e->iface, m->iface, sizeof(e->iface));
	e->reqid = p->n ? p->req[0].reqid : 0;
	e->plain = p->type == CW_POLICY_IPSEC && p->n == 1 && p->req[0].proto == IPPROTO_ESP && p->req[0].mode == CW_MODE_TUNNEL &&
	    p->req[0].level == CW_LEVEL_UNIQUE && addr_is_any(&p->req[0].src) &&
	    (p->dir == CW_DIR_OUT || addr_is_any(&p->req[0].dst));
	if (e->plain && !addr_is_any(&p->req[0].dst))
		e->peer = p->req[0].dst;
	e->discard = p->type == CW_POLICY_DISCARD;
	e->plain |= e->discard;
	if (!(m->has & PFKEY_HAS(CW_EXT_OWNER)) || m->owner[0] == '\0')
		e->owner = SPD_UNSAID;
	else
		e->owner = strcmp(m->owner, SPD_OWNER) == 0 ? SPD_OURS : SPD_FOREIGN;
	return true;
}

static void
put_step(const struct spd_entry *e, struct pfkey_policy *p)
{
	struct pfkey_request *r = &p->req[0];

	p->type = e->discard ? CW_POLICY_DISCARD : CW_POLICY_IPSEC;
	p->dir = e->dir;
	p->priority = e->priority;
	p->n = !e->discard;
	memset(r, 0, sizeof(*r));
	r->proto = IPPROTO_ESP;
	r->mode = CW_MODE_TUNNEL;
	r->level = CW_LEVEL_UNIQUE;
	r->reqid = e->reqid;
	r->src.fam = r->dst.fam = e->src.addr.fam;	/* any: what the SA with this reqid says */
	if (e->peer.fam) {
		r->dst = e->peer;
		r->src.fam = e->peer.fam;
	}
}

void
spd_op_put(const struct spd_op *op, struct pfkey_msg *m)
{
	const struct spd_entry *e = &op->e;

	if (op->kind == SPD_DELETE) {
		pfkey_msg_init(m, SADB_X_SPDDELETE2, SADB_SATYPE_UNSPEC);
		m->policy.type = CW_POLICY_IPSEC;
		m->policy.dir = e->dir;
		m->policy.id = e->id;
		m->has |= PFKEY_HAS(SADB_X_EXT_POLICY);
		return;
	}
	pfkey_msg_init(m, op->kind == SPD_ADD ? SADB_X_SPDADD : SADB_X_SPDUPDATE, SADB_SATYPE_UNSPEC);
	pfkey_set_selector(m, &e->src, &e->dst, e->proto, e->sport, e->dport);
	put_step(e, &m->policy);
	m->has |= PFKEY_HAS(SADB_X_EXT_POLICY);
	pfkey_set_owner(m, SPD_OWNER);
	pfkey_set_iface(m, e->iface);
}
