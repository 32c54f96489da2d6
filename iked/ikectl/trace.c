/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace.h"

static bool
inside(const struct pfkey_address *p, const struct addr *a)
{
	struct prefix x = { p->ep.addr, p->prefixlen };

	return prefix_has(&x, a);
}

static bool
port_ok(uint16_t want, const struct trace_flow *f, uint16_t have)
{
	return want == 0 || (f->ports && want == have);
}

bool
trace_covers(const struct pfkey_msg *m, const struct trace_flow *f)
{
	uint8_t proto = m->src.proto ? m->src.proto : CW_ULPROTO_ANY;

	return inside(&m->src, &f->src) && inside(&m->dst, &f->dst) && (proto == CW_ULPROTO_ANY || proto == f->proto) &&
	    port_ok(m->src.ep.port, f, f->sport) && port_ok(m->dst.ep.port, f, f->dport);
}

bool
trace_before(const struct trace_policy *a, const struct trace_policy *b)
{
	uint32_t p = a->m.policy.priority, q = b->m.policy.priority;

	return p != q ? p < q : a->order < b->order;
}

bool
trace_serves(const struct pfkey_msg *sa, const struct pfkey_request *q)
{
	uint8_t satype = q->proto == 50 ? SADB_SATYPE_ESP : q->proto == 51 ? SADB_SATYPE_AH : SADB_X_SATYPE_IPCOMP;

	if (sa->satype != satype || (sa->sa2.mode != CW_MODE_ANY && q->mode != CW_MODE_ANY && sa->sa2.mode != q->mode))
		return false;
	if (q->reqid && q->level == CW_LEVEL_UNIQUE)
		return sa->sa2.reqid == q->reqid;
	return (addr_is_any(&q->src) || addr_eq(&q->src, &sa->src.ep.addr)) && (addr_is_any(&q->dst) || addr_eq(&q->dst, &sa->dst.ep.addr)) &&
	    (q->reqid == 0 || q->reqid == sa->sa2.reqid);
}

bool
trace_is_drop_of(const struct cw_dropped *d, const struct trace_flow *f)
{
	struct addr s = { d->fam, { 0 } }, t = s;

	memcpy(s.b, d->src, sizeof(s.b));
	memcpy(t.b, d->dst, sizeof(t.b));
	return addr_eq(&s, &f->src) && addr_eq(&t, &f->dst) && (f->proto == CW_ULPROTO_ANY || f->proto == d->proto) &&
	    (!f->ports || (f->sport == d->sport && f->dport == d->dport));
}

static const struct { uint16_t num; const char *name, *sentence; } reasons[] = {
#define D(num, NAME, name, sentence) { num, name, sentence },
#include "causeway/drop.def"
#undef D
};

const char *
trace_sentence(unsigned reason)
{
	for (unsigned i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].num == reason)
			return reasons[i].sentence;
	return NULL;
}

const char *
trace_reason(unsigned reason)
{
	for (unsigned i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].num == reason)
			return reasons[i].name;
	return NULL;
}
