/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One struct to PF_KEY octets. A message is written once, with its private extensions last: who did not say HELLO gets the
 * same octets without that end. Keys are written only where the caller says so, which is GET and DUMP for one client.
 */
#include "pf.h"

static struct pf_out
begin(struct pf_out o, unsigned type, unsigned satype, uint32_t seq, uint32_t pid)
{
	struct sadb_msg h = {
		.sadb_msg_version = PF_KEY_V2, .sadb_msg_type = (uint8_t)type, .sadb_msg_satype = (uint8_t)satype,
		.sadb_msg_seq = seq, .sadb_msg_pid = pid,
	};

	memcpy(o.p, &h, sizeof(h));
	o.n = sizeof(h);
	return o;
}

struct pf_out
pf_begin(struct cw_engine *e, unsigned type, unsigned satype, uint32_t seq, uint32_t pid)
{
	return begin((struct pf_out){ .e = e, .p = e->pf, .cap = CW_PF_MAX }, type, satype, seq, pid);
}

struct pf_out
pf_event(struct cw_engine *e, uint8_t buf[PF_EVENT_MAX], unsigned type, unsigned proto, uint32_t seq)
{
	return begin((struct pf_out){ .e = e, .p = buf, .cap = PF_EVENT_MAX }, type, pf_satype(proto), seq, 0);
}

uint8_t
pf_satype(unsigned proto)
{
	return proto == IP_AH ? SADB_SATYPE_AH : proto == IP_COMP ? SADB_X_SATYPE_IPCOMP : SADB_SATYPE_ESP;
}

uint8_t
pf_proto(unsigned satype)
{
	return satype == SADB_SATYPE_ESP ? IP_ESP : satype == SADB_SATYPE_AH ? IP_AH : satype == SADB_X_SATYPE_IPCOMP ? IP_COMP : 0;
}

void *
pf_ext(struct pf_out *o, unsigned type, size_t octets)
{
	size_t n = (octets + 7) / 8 * 8;
	uint16_t head[2] = { (uint16_t)(n / 8), (uint16_t)type };
	uint8_t *p = o->p + o->n;

	if (n > o->cap - o->n) {
		o->bad = true;
		return NULL;
	}
	if (type >= CW_EXT_FIRST && o->priv == 0)
		o->priv = o->n;
	memset(p, 0, n);
	memcpy(p, head, sizeof(head));
	o->n += n;
	return p;
}

static size_t
put_sockaddr(uint8_t *p, const struct cw_addr *a, unsigned fam, uint16_t port)
{
	uint16_t af = fam == 6 ? PF_AF_INET6 : PF_AF_INET;

	memcpy(p, &af, sizeof(af));
	put16(p + 2, port);
	memcpy(p + (fam == 6 ? 8 : 4), a->b, fam == 6 ? 16 : 4);
	return fam == 6 ? 28 : 16;
}

void
pf_put_addr(struct pf_out *o, unsigned type, const struct cw_addr *a, uint16_t port, unsigned proto, unsigned plen)
{
	unsigned fam = a->fam == 6 ? 6 : 4;
	uint8_t *p = pf_ext(o, type, 8 + (fam == 6 ? 28 : 16));

	if (!p)
		return;
	p[4] = (uint8_t)proto;
	p[5] = (uint8_t)plen;
	put_sockaddr(p + 8, a, fam, port);
}

void
pf_put_port(struct pf_out *o, unsigned type, uint16_t port)
{
	uint8_t *p = pf_ext(o, type, 8);

	if (p)
		put16(p + 4, port);
}

static void
put_host(struct pf_out *o, unsigned type, const struct cw_addr *a)
{
	pf_put_addr(o, type, a, 0, CW_ULPROTO_ANY, cw_addr_len(a) * 8);
}

void
pf_put_sa(struct pf_out *o, struct cw_sa *sa)
{
	struct sadb_sa *x = pf_ext(o, SADB_EXT_SA, sizeof(*x));
	struct sadb_x_sa2 *y = pf_ext(o, SADB_X_EXT_SA2, sizeof(*y));

	if (!x || !y)
		return;
	put32((uint8_t *)x + 4, sa->spi);
	x->sadb_sa_replay = (uint8_t)(sa->replay.window > 255 ? 255 : sa->replay.window);
	x->sadb_sa_auth = sa->aalg;
	x->sadb_sa_encrypt = sa->ealg;
	x->sadb_sa_flags = sa->std_flags;
	y->sadb_x_sa2_mode = sa->mode;
	y->sadb_x_sa2_reqid = sa->reqid;
	host_lock(&sa->lock);
	x->sadb_sa_state = sa->state;
	y->sadb_x_sa2_sequence = (uint32_t)sa->seq_out;
	host_unlock(&sa->lock);
}

static uint32_t
fit32(uint64_t v)
{
	return v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
}

void
pf_put_life(struct pf_out *o, unsigned type, struct cw_sa *sa)
{
	const struct cw_limits *l = type == SADB_EXT_LIFETIME_HARD ? &sa->hard : &sa->soft;
	struct sadb_lifetime *x = pf_ext(o, type, sizeof(*x));

	if (!x)
		return;
	host_lock(&sa->lock);
	if (type == SADB_EXT_LIFETIME_CURRENT) {
		x->sadb_lifetime_allocations = fit32(sa->packets);
		x->sadb_lifetime_bytes = sa->bytes;
		x->sadb_lifetime_addtime = sa->born_wall;
		x->sadb_lifetime_usetime = sa->used_wall;
	} else {
		x->sadb_lifetime_allocations = fit32(l->packets);
		x->sadb_lifetime_bytes = l->bytes;
		x->sadb_lifetime_addtime = l->add;
		x->sadb_lifetime_usetime = l->use;
	}
	host_unlock(&sa->lock);
}

void
pf_put_natt(struct pf_out *o, const struct cw_sa *sa)
{
	uint8_t *p;

	if (!sa->udp || !(p = pf_ext(o, SADB_X_EXT_NAT_T_TYPE, 8)))
		return;
	p[4] = CW_NATT_ESPINUDP;
	pf_put_port(o, SADB_X_EXT_NAT_T_SPORT, sa->sport);
	pf_put_port(o, SADB_X_EXT_NAT_T_DPORT, sa->dport);
}

static void
put_key(struct pf_out *o, unsigned type, const uint8_t *key, unsigned n)
{
	uint8_t *p = n ? pf_ext(o, type, 8 + n) : NULL;
	uint16_t bits = (uint16_t)(n * 8);

	if (!p)
		return;
	memcpy(p + 4, &bits, sizeof(bits));
	memcpy(p + 8, key, n);
}

static void
put_owner(struct pf_out *o, const uint8_t *owner)
{
	struct cw_ext_owner *x = pf_ext(o, CW_EXT_OWNER, sizeof(*x));

	if (x)
		memcpy(x->owner, owner, CW_OWNER_LEN);
}

void
pf_put_iface(struct pf_out *o, const struct cw_iface *f)
{
	struct cw_ext_iface *x = f->num ? pf_ext(o, CW_EXT_IFACE, sizeof(*x)) : NULL;

	if (x)
		memcpy(x->name, f->name, sizeof(x->name));
}

static void
put_selectors(struct pf_out *o, const struct cw_sa *sa)
{
	size_t n = sizeof(struct cw_ext_selectors) + sa->nsel * sizeof(struct cw_ext_selector);
	struct cw_ext_selectors *x = sa->nsel ? pf_ext(o, CW_EXT_SELECTORS, n) : NULL;

	if (!x)
		return;
	x->n = (uint16_t)sa->nsel;
	for (unsigned i = 0; i < sa->nsel; i++) {
		const struct cw_selector *s = &sa->sel[i];
		struct cw_ext_selector y = {
			.side = s->side, .proto = s->proto, .fam = s->lo.fam, .port_lo = s->lo_port, .port_hi = s->hi_port,
		};

		memcpy(y.lo, s->lo.b, 16);
		memcpy(y.hi, s->hi.b, 16);
		memcpy((uint8_t *)(x + 1) + i * sizeof(y), &y, sizeof(y));
	}
}

void
pf_put_sa_counts(struct pf_out *o, struct cw_sa *sa)
{
	struct cw_ext_saflags *f = pf_ext(o, CW_EXT_SAFLAGS, sizeof(*f));
	struct cw_ext_stats *t = pf_ext(o, CW_EXT_STATS, sizeof(*t));

	if (!f || !t)
		return;
	f->flags = sa->flags;
	host_lock(&sa->lock);
	t->packets = sa->packets;
	t->bytes = sa->bytes;
	t->sequence = sa->seq_out > sa->replay.top ? sa->seq_out : sa->replay.top;
	t->replay = sa->drop_replay;
	t->icv = sa->drop_icv;
	t->selector = sa->drop_selector;
	t->other = sa->drop_other;
	host_unlock(&sa->lock);
	pf_put_iface(o, &sa->iface);
}

static void
put_sa_private(struct pf_out *o, struct cw_sa *sa)
{
	struct cw_ext_replay *r = pf_ext(o, CW_EXT_REPLAY, sizeof(*r));
	struct cw_ext_packets *k = pf_ext(o, CW_EXT_PACKETS, sizeof(*k));

	if (!r || !k)
		return;
	r->packets = sa->replay.window;
	pf_put_sa_counts(o, sa);
	host_lock(&sa->lock);
	k->soft = sa->soft.packets;
	k->hard = sa->hard.packets;
	host_unlock(&sa->lock);
	put_owner(o, sa->owner);
	put_selectors(o, sa);
}

void
pf_put_sa_all(struct pf_out *o, struct cw_sa *sa, bool keys)
{
	pf_put_sa(o, sa);
	pf_put_life(o, SADB_EXT_LIFETIME_CURRENT, sa);
	pf_put_life(o, SADB_EXT_LIFETIME_HARD, sa);
	pf_put_life(o, SADB_EXT_LIFETIME_SOFT, sa);
	put_host(o, SADB_EXT_ADDRESS_SRC, &sa->src);
	put_host(o, SADB_EXT_ADDRESS_DST, &sa->dst);
	if (keys) {
		put_key(o, SADB_EXT_KEY_AUTH, sa->akey, sa->alen);
		put_key(o, SADB_EXT_KEY_ENCRYPT, sa->ekey, sa->elen);
	}
	pf_put_natt(o, sa);
	put_sa_private(o, sa);
}

static size_t
request_len(const struct cw_request *r)
{
	unsigned fam = r->src.fam ? r->src.fam : r->dst.fam;

	return fam == 0 ? 16 : 16 + (fam == 6 ? 56 : 32);
}

void
pf_put_policy(struct pf_out *o, const struct cw_policy *p)
{
	size_t n = sizeof(struct sadb_x_policy);
	struct sadb_x_policy *x;
	uint8_t *at;

	for (unsigned i = 0; i < p->nreq; i++)
		n += request_len(&p->req[i]);
	x = pf_ext(o, SADB_X_EXT_POLICY, n);
	if (!x)
		return;
	x->sadb_x_policy_type = p->type;
	x->sadb_x_policy_dir = p->dir;
	x->sadb_x_policy_id = p->id;
	x->sadb_x_policy_priority = p->priority;
	at = (uint8_t *)(x + 1);
	for (unsigned i = 0; i < p->nreq; i++) {
		const struct cw_request *r = &p->req[i];
		struct sadb_x_ipsecrequest y = {
			.sadb_x_ipsecrequest_len = (uint16_t)request_len(r), .sadb_x_ipsecrequest_proto = r->proto,
			.sadb_x_ipsecrequest_mode = r->mode, .sadb_x_ipsecrequest_level = r->level,
			.sadb_x_ipsecrequest_reqid = r->reqid,
		};

		memcpy(at, &y, sizeof(y));
		if (request_len(r) > 16) {
			size_t s = put_sockaddr(at + 16, &r->src, r->src.fam, 0);

			put_sockaddr(at + 16 + s, &r->dst, r->dst.fam, 0);
		}
		at += request_len(r);
	}
}

/* When it came and was used, and what went by it; and what ends it, as KAME has it: usetime is how long it may be unused. */
static void
put_policy_life(struct pf_out *o, const struct cw_policy *p, const struct cw_spd_past *t)
{
	struct sadb_lifetime *c = pf_ext(o, SADB_EXT_LIFETIME_CURRENT, sizeof(*c)), *h = p->life || p->idle ? pf_ext(o, SADB_EXT_LIFETIME_HARD, sizeof(*h)) : NULL;

	if (c) {
		c->sadb_lifetime_allocations = fit32(t->packets);
		c->sadb_lifetime_bytes = t->bytes;
		c->sadb_lifetime_addtime = t->created;
		c->sadb_lifetime_usetime = t->used;
	}
	if (h) {
		h->sadb_lifetime_addtime = p->life;
		h->sadb_lifetime_usetime = p->idle;
	}
}

static void
put_policy_counts(struct pf_out *o, const struct cw_spd_past *t)
{
	struct cw_ext_stats *x = pf_ext(o, CW_EXT_STATS, sizeof(*x));

	if (!x)
		return;
	x->packets = t->packets;
	x->bytes = t->bytes;
	x->other = t->dropped;
}

void
pf_put_policy_all(struct pf_out *o, const struct cw_policy *p, const struct cw_spd_past *t)
{
	pf_put_policy(o, p);
	put_policy_life(o, p, t);
	pf_put_addr(o, SADB_EXT_ADDRESS_SRC, &p->src.addr, p->sport, p->proto, p->src.len);
	pf_put_addr(o, SADB_EXT_ADDRESS_DST, &p->dst.addr, p->dport, p->proto, p->dst.len);
	put_owner(o, p->owner);
	put_policy_counts(o, t);
	pf_put_iface(o, &p->iface);
}

void
pf_put_entry(struct pf_out *o, const struct cw_spd_entry *x)
{
	struct cw_spd_past t = cw_spd_past(x);

	pf_put_policy_all(o, &x->pub, &t);
}

static bool
deliver(struct pf_out *o, struct cw_client *c, bool may_refuse)
{
	size_t n = !c->hello && o->priv ? o->priv : o->n;
	uint16_t words = (uint16_t)(n / 8);

	if (o->bad)
		return true;	/* cannot be: the buffers hold the largest message there is */
	memcpy(o->p + offsetof(struct sadb_msg, sadb_msg_len), &words, sizeof(words));
	return host_pfkey_out(o->e->host, c->cookie, o->p, n, may_refuse);
}

bool
pf_send(struct pf_out *o, struct cw_client *c, bool may_refuse)
{
	bool taken = deliver(o, c, may_refuse);

	if (!may_refuse && !o->bad)
		pf_overheard(o->e, c, o->p, o->n);
	return taken;
}

unsigned
pf_broadcast(struct pf_out *o, enum pf_who who)
{
	unsigned n = 0;

	host_lock(&o->e->lock);
	for (struct cw_client *c = o->e->clients; c; c = c->next) {
		bool meant = who == PF_ALL || (c->registered && (who == PF_REGISTERED || c->hello));

		if (meant || (c->promisc && (who != PF_HELLO || c->hello)))
			deliver(o, c, false);
		n += meant && !(c->flags & CW_CLIENT_KEYLESS);
	}
	host_unlock(&o->e->lock);
	return n;
}

/* RFC 2367 2.1: an error answer is the base message alone, and only the sender gets it. */
void
pf_error(struct cw_engine *e, struct cw_client *c, const struct pf_msg *m, int error)
{
	struct pf_out o = pf_begin(e, m->type, m->satype, m->seq, m->pid);

	o.p[offsetof(struct sadb_msg, sadb_msg_errno)] = (uint8_t)error;
	pf_send(&o, c, false);
}
