/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "sadb.h"

struct sadb {
	struct event_base	*base;
	const struct sadb_ops	*ops;
	void			*ctx;
	struct pfkey		*pf;
	bool			up;		/* HELLO and dump are done */
	char			other[PFKEY_VERSION_TEXT];	/* why the last engine was not taken: it is of another version */
	bool			cut;		/* the last link was cut off: the next dump is compared with what was */
	bool			listed;		/* no part of the dump failed */
	unsigned		listing;	/* which kind is being dumped */
	struct op		*ops_pending;
};

struct op {
	struct op	*next, **prev;
	sadb_done	*done;
	void		*arg;
};

#define COMP_RAWCPI	0x80	/* KAME's SADB_X_EXT_RAWCPI: the SA's number is the CPI on the wire */

static const char OWNER[] = "keymgr:";

static const uint8_t satypes[] = { [SA_ESP] = SADB_SATYPE_ESP, [SA_AH] = SADB_SATYPE_AH, [SA_COMP] = SADB_X_SATYPE_IPCOMP };
#define KINDS	(sizeof(satypes) / sizeof(satypes[0]))

static bool
kind_of(uint8_t satype, enum sa_kind *kind)
{
	for (unsigned i = 0; i < KINDS; i++)
		if (satypes[i] == satype) {
			*kind = (enum sa_kind)i;
			return true;
		}
	return false;
}

void
sadb_owner_text(char *buf, size_t cap, const char *name, uint32_t peer_spi, uint32_t number)
{
	snprintf(buf, cap, number ? "%s%s %08x %08x" : "%s%s %08x", OWNER, name, (unsigned)peer_spi, (unsigned)number);
}

/* Eight digits. */
static bool
number_of(const char *p, uint32_t *v)
{
	*v = 0;
	for (unsigned i = 0; i < 8; i++) {
		unsigned d = p[i] >= '0' && p[i] <= '9' ? (unsigned)(p[i] - '0') : p[i] >= 'a' && p[i] <= 'f' ? (unsigned)(p[i] - 'a') + 10 : 16;

		if (d == 16)
			return false;
		*v = *v << 4 | d;
	}
	return true;
}

bool
sadb_owner_parse(const char *text, char name[static CHILD_NAME_CAP], uint32_t *peer_spi, uint32_t *number)
{
	const char *space, *slash;
	size_t n;

	if (strncmp(text, OWNER, sizeof(OWNER) - 1) != 0)
		return false;
	text += sizeof(OWNER) - 1;
	space = strchr(text, ' ');
	slash = strchr(text, '/');
	if (space == NULL || slash == NULL || slash > space || (n = (size_t)(space - text)) >= CHILD_NAME_CAP)
		return false;
	*number = 0;
	if (!name_ok_n(text, (size_t)(slash - text)) || !name_ok_n(slash + 1, (size_t)(space - slash - 1)) || !number_of(space + 1, peer_spi) ||
	    !(space[9] == '\0' || (space[9] == ' ' && number_of(space + 10, number) && space[18] == '\0' && *number >= BIND_NUMBERS)))
		return false;
	memcpy(name, text, n);
	name[n] = '\0';
	return true;
}

/* Events */

static struct endpoint
with_port(const struct pfkey_msg *m, const struct pfkey_address *a, uint16_t port)
{
	struct endpoint e = a->ep;

	e.port = (m->has & PFKEY_HAS(SADB_X_EXT_NAT_T_TYPE)) && m->natt_type != 0 ? port : 0;
	return e;
}

static void
on_dump_entry(void *arg, const struct pfkey_msg *m)
{
	struct sadb *s = arg;
	struct sa_found f = { .spi = m->sa.spi };
	const uint64_t need = PFKEY_HAS(SADB_EXT_SA) | PFKEY_HAS(SADB_EXT_ADDRESS_SRC) | PFKEY_HAS(SADB_EXT_ADDRESS_DST);

	if ((m->has & need) != need || !kind_of(m->satype, &f.kind) || (m->sa.state != SADB_SASTATE_MATURE && m->sa.state != SADB_SASTATE_DYING))
		return;
	if (m->has & PFKEY_HAS(CW_EXT_SAFLAGS)) {
		f.in = m->sa_flags & CW_SAF_IN;
		f.out = m->sa_flags & CW_SAF_OUT;
	}
	if (m->has & PFKEY_HAS(CW_EXT_OWNER))
		f.ours = sadb_owner_parse(m->owner, f.name, &f.peer_spi, &f.number);
	if (f.number == 0)
		f.number = m->sa2.reqid;
	f.dying = m->sa.state == SADB_SASTATE_DYING;
	f.src = with_port(m, &m->src, m->natt_sport);
	f.dst = with_port(m, &m->dst, m->natt_dport);
	s->ops->found(s->ctx, &f);
}

static void list(struct sadb *);

/* Linux's own PF_KEY, which answers no HELLO, is asked for ESP alone: IKE makes nothing else there. */
static void
on_dump_done(void *arg, int err, const struct pfkey_msg *m)
{
	struct sadb *s = arg;

	if (err == ECONNRESET)
		return;		/* down() follows */
	s->listed &= err == 0;
	if (++s->listing < KINDS && pfkey_features(s->pf)) {
		list(s);
		return;
	}
	if (!s->listed && s->cut)
		s->ops->lost(s->ctx, "it does not list what it has", false);
	s->cut = false;
	s->up = true;
	s->ops->back(s->ctx);
}

static void
list(struct sadb *s)
{
	struct pfkey_msg dump;

	pfkey_msg_init(&dump, SADB_DUMP, satypes[s->listing]);
	if (pfkey_dump(s->pf, &dump, on_dump_entry, on_dump_done, s) == 0)
		on_dump_done(s, ENOBUFS, NULL);
}

static void
on_registered(void *arg, int err, const struct pfkey_msg *m)
{
	struct sadb *s = arg;

	if (err == ECONNRESET)
		return;
	s->other[0] = '\0';
	s->listing = 0;
	s->listed = true;
	list(s);
}

/* As on Linux: SRC is the peer's old address, DST with DPORT where it is now; the SPI is the inbound SA's. */
static void
on_mapping(struct sadb *s, const struct pfkey_msg *m)
{
	struct endpoint peer = { .addr = m->dst.ep.addr, .port = m->natt_dport };

	if (m->has & PFKEY_HAS(SADB_EXT_ADDRESS_DST))
		s->ops->mapping(s->ctx, m->sa.spi, &peer);
}

/* Its ports are whatever a stranger wrote into his packet, 0 too, which is nowhere: what iked's contract does not know is not passed on. */
static void
on_stray(struct sadb *s, enum sa_kind kind, const struct pfkey_msg *m)
{
	const uint64_t need = PFKEY_HAS(SADB_EXT_SA) | PFKEY_HAS(SADB_EXT_ADDRESS_SRC) | PFKEY_HAS(SADB_EXT_ADDRESS_DST);
	struct key_stray y = { .ah = kind == SA_AH, .spi = m->sa.spi, .local = with_port(m, &m->dst, m->natt_dport), .remote = with_port(m, &m->src, m->natt_sport) };

	if ((m->has & need) == need && kind != SA_COMP && m->sa.spi && y.local.addr.fam && y.local.addr.fam == y.remote.addr.fam &&
	    (y.local.port != 0) == (y.remote.port != 0))
		s->ops->stray(s->ctx, &y);
}

static void
on_policy(void *arg, int err, const struct pfkey_msg *m)
{
	struct sadb *s = arg;

	if (err == 0 && (m->has & PFKEY_HAS(SADB_X_EXT_POLICY)) && m->policy.n && m->policy.req[0].reqid)
		s->ops->acquire(s->ctx, &(struct sa_asked){ .reqid = m->policy.req[0].reqid, .peer = m->dst.ep.addr });
}

/* Ours says the reqid; Linux's own PF_KEY says which policy it was. */
static void
on_acquire(struct sadb *s, enum sa_kind kind, const struct pfkey_msg *m)
{
	struct pfkey_msg q;

	if (m->has & PFKEY_HAS(SADB_X_EXT_SA2)) {
		s->ops->acquire(s->ctx, &(struct sa_asked){ .ah = kind == SA_AH, .reqid = m->sa2.reqid, .seq = m->seq, .peer = m->dst.ep.addr,
		    .policy = m->has & PFKEY_HAS(SADB_X_EXT_POLICY) ? m->policy.id : 0 });
	} else if (m->has & PFKEY_HAS(SADB_X_EXT_POLICY)) {
		pfkey_msg_init(&q, SADB_X_SPDGET, SADB_SATYPE_UNSPEC);
		q.policy = (struct pfkey_policy){ .type = CW_POLICY_IPSEC, .dir = m->policy.dir, .id = m->policy.id };
		q.has |= PFKEY_HAS(SADB_X_EXT_POLICY);
		pfkey_call(s->pf, &q, on_policy, s);
	}
}

static void
on_event(void *ctx, const struct pfkey_msg *m)
{
	struct sadb *s = ctx;
	bool has_sa = m->has & PFKEY_HAS(SADB_EXT_SA);
	const struct addr *dst = &m->dst.ep.addr;
	bool all = m->type == SADB_FLUSH && m->satype == SADB_SATYPE_UNSPEC;
	enum sa_kind kind = SA_ESP;

	if (!kind_of(m->satype, &kind) && !all)
		return;
	switch (m->type) {
	case SADB_ACQUIRE:
		if (m->err == 0)
			on_acquire(s, kind, m);
		break;
	case SADB_EXPIRE:
		if (has_sa)
			s->ops->expire(s->ctx, kind, m->sa.spi, dst, m->has & PFKEY_HAS(SADB_EXT_LIFETIME_HARD), m->sa.state == SADB_SASTATE_LARVAL);
		break;
	case CW_MSG_USED:
		if (has_sa)
			s->ops->used(s->ctx, kind, m->sa.spi, dst);
		break;
	case CW_MSG_STRAY:
		on_stray(s, kind, m);
		break;
	case SADB_X_NAT_T_NEW_MAPPING:
		if (has_sa)
			on_mapping(s, m);
		break;
	case SADB_DELETE:
		if (m->err == 0 && has_sa)
			s->ops->deleted(s->ctx, kind, m->sa.spi, dst);
		break;
	case SADB_FLUSH:
		if (m->err == 0)
			s->ops->flushed(s->ctx, all ? (1u << KINDS) - 1 : 1u << kind);
		break;
	default:	/* others' ADD, UPDATE, policies: not ours to see to */
		break;
	}
}

static void
on_down(void *ctx, const char *why)
{
	struct sadb *s = ctx;
	bool other = pfkey_is_other(s->pf), news = strcmp(s->other, why) != 0;

	s->cut = pfkey_was_cut(s->pf);
	snprintf(s->other, sizeof(s->other), "%s", other ? why : "");
	s->pf = NULL;
	s->up = false;
	if (other)
		s->ops->refused(s->ctx, why, news);
	else if (s->cut)
		s->ops->cut(s->ctx, why);
	else
		s->ops->lost(s->ctx, why, true);
}

static const struct pfkey_ops pf_ops = { .event = on_event, .down = on_down };

/* Requests */

static enum reason
reason_of(int err)
{
	switch (err) {
	case 0:
		return R_OK;
	case ECONNRESET:
		return R_ENGINE_DOWN;
	case ENOSYS:
	case EOPNOTSUPP:
	case EPROTONOSUPPORT:
		return R_ENGINE_NO_ALG;
	default:
		return R_ENGINE_REFUSED;
	}
}

static void
op_free(struct op *o)
{
	*o->prev = o->next;
	if (o->next)
		o->next->prev = o->prev;
	free(o);
}

static void
on_reply(void *arg, int err, const struct pfkey_msg *m)
{
	struct op *o = arg;
	char detail[SADB_DETAIL] = "";

	if (err)
		snprintf(detail, sizeof(detail), "the engine says: %s", strerror(err));
	o->done(o->arg, reason_of(err), detail, err == 0 && m && (m->has & PFKEY_HAS(SADB_EXT_SA)) ? m->sa.spi : 0);
	op_free(o);
}

static struct op *
op_new(struct sadb *s, sadb_done *done, void *arg)
{
	struct op *o = s->pf && s->up ? calloc(1, sizeof(*o)) : NULL;

	if (o) {
		*o = (struct op){ .next = s->ops_pending, .prev = &s->ops_pending, .done = done, .arg = arg };
		if (o->next)
			o->next->prev = &o->next;
		s->ops_pending = o;
	}
	return o;
}

bool
sadb_getspi(struct sadb *s, enum sa_kind kind, const struct key_spi *k, const struct bound_terms *terms, uint32_t spi, sadb_done *done, void *arg)
{
	struct endpoint src = { .addr = k->remote }, dst = { .addr = k->local };
	struct op *o = op_new(s, done, arg);
	struct pfkey_msg m;

	pfkey_msg_init(&m, SADB_GETSPI, satypes[kind]);
	if (kind == SA_COMP)
		pfkey_set_sa2(&m, terms->comp_tunnel ? CW_MODE_TUNNEL : CW_MODE_TRANSPORT, terms->comp_reqid);
	else
		pfkey_set_sa2(&m, terms->transport ? CW_MODE_TRANSPORT : CW_MODE_TUNNEL, terms->reqid);
	pfkey_set_ends(&m, &src, &dst);
	m.spi_min = spi ? spi : 0x100;
	m.spi_max = spi ? spi : kind == SA_COMP ? 0xefff : 0xffffffff;	/* RFC 3173 3.3: the CPIs that are negotiated */
	m.has |= PFKEY_HAS(SADB_EXT_SPIRANGE);
	if (o && pfkey_call(s->pf, &m, on_reply, o))
		return true;
	if (o)
		op_free(o);
	return false;
}

enum reason
sadb_can(const struct sadb *s, const struct sa_spec *a, char detail[static SADB_DETAIL])
{
	const struct alg *e = alg_find(T_ENCR, a->suite.encr, a->suite.key_bits);
	uint8_t f = sadb_features(s);
	const char *lacks = NULL;

	if (!sadb_is_up(s)) {
		snprintf(detail, SADB_DETAIL, "keymgr has no link to the engine");
		return R_ENGINE_DOWN;
	}
	if (e && alg_is_aead(e) && !(f & KEY_FEAT_AEAD))
		lacks = "AEAD ciphers";
	else if (a->esn && !(f & KEY_FEAT_ESN))
		lacks = "64-bit sequence numbers";
	else if (a->replay_window > 32 && !(f & KEY_FEAT_WINDOW))
		lacks = "replay windows over 32 packets";
	else if (a->iface[0] && !(pfkey_features(s->pf) & CW_FEAT_IFACE))
		lacks = "interfaces for tunnels";
	if (lacks == NULL)
		return R_OK;
	snprintf(detail, SADB_DETAIL, "this engine does not have %s", lacks);
	return R_ENGINE_NO_ALG;
}

static void
put_private(struct pfkey_msg *m, const struct sa_spec *a)
{
	m->replay_window = a->replay_window;
	m->sa_flags = (a->esn ? CW_SAF_ESN : 0) | (a->out ? CW_SAF_OUT : CW_SAF_IN);
	m->has |= PFKEY_HAS(CW_EXT_SAFLAGS) | PFKEY_HAS(CW_EXT_OWNER) | PFKEY_HAS(CW_EXT_PACKETS) | (a->kind == SA_COMP ? 0 : PFKEY_HAS(CW_EXT_REPLAY));
	if (a->ts_src) {
		m->sel_src = *a->ts_src;
		m->sel_dst = *a->ts_dst;
		m->has |= PFKEY_HAS(CW_EXT_SELECTORS);
	}
	pfkey_set_iface(m, a->iface);
	sadb_owner_text(m->owner, sizeof(m->owner), a->name, a->peer_spi, a->number != a->reqid ? a->number : 0);
}

static void
put_sa(struct pfkey_msg *m, const struct sa_spec *a)
{
	const struct alg *e = alg_find(T_ENCR, a->suite.encr, a->suite.key_bits), *i = alg_find(T_INTEG, a->suite.integ, 0);

	m->sa = (struct pfkey_sa){ .spi = a->spi, .state = SADB_SASTATE_MATURE, .encrypt = e ? e->pfkey : 0, .auth = i ? i->pfkey : 0,
	    .replay = a->replay_window > 32 ? 32 : (uint8_t)a->replay_window };
	if (a->kind == SA_COMP) {
		m->sa.encrypt = SADB_X_CALG_DEFLATE;
		m->sa.flags = COMP_RAWCPI;
	}
	m->soft = (struct pfkey_lifetime){ .addtime = a->soft_s, .bytes = a->soft_bytes, .packets = a->soft_packets };
	m->hard = (struct pfkey_lifetime){ .addtime = a->hard_s, .bytes = a->hard_bytes, .packets = a->hard_packets };
	m->has |= PFKEY_HAS(SADB_EXT_SA) | PFKEY_HAS(SADB_EXT_LIFETIME_SOFT) | PFKEY_HAS(SADB_EXT_LIFETIME_HARD);
	if (a->encr && a->encr->n) {
		m->key_encrypt = secret_bytes(a->encr);
		m->has |= PFKEY_HAS(SADB_EXT_KEY_ENCRYPT);
	}
	if (a->integ && a->integ->n) {
		m->key_auth = secret_bytes(a->integ);
		m->has |= PFKEY_HAS(SADB_EXT_KEY_AUTH);
	}
	if (a->udp) {
		m->natt_type = CW_NATT_ESPINUDP;
		m->natt_sport = a->src.port;
		m->natt_dport = a->dst.port;
		m->has |= PFKEY_HAS(SADB_X_EXT_NAT_T_TYPE) | PFKEY_HAS(SADB_X_EXT_NAT_T_SPORT) | PFKEY_HAS(SADB_X_EXT_NAT_T_DPORT);
	}
}

bool
sadb_install(struct sadb *s, const struct sa_spec *a, sadb_done *done, void *arg)
{
	struct op *o = op_new(s, done, arg);
	struct pfkey_msg m;

	pfkey_msg_init(&m, a->larval ? SADB_UPDATE : SADB_ADD, satypes[a->kind]);
	pfkey_set_sa2(&m, a->transport ? CW_MODE_TRANSPORT : CW_MODE_TUNNEL, a->reqid);
	pfkey_set_ends(&m, &a->src, &a->dst);
	put_sa(&m, a);
	if (pfkey_features(s->pf))
		put_private(&m, a);
	if (o && pfkey_call(s->pf, &m, on_reply, o))
		return true;
	if (o)
		op_free(o);
	return false;
}

void
sadb_refuse(struct sadb *s, uint32_t seq)
{
	if (sadb_is_up(s) && seq)
		pfkey_refuse(s->pf, SADB_SATYPE_ESP, seq, ESRCH);
}

static void
delete(struct sadb *s, enum sa_kind kind, uint32_t spi, const struct endpoint *src, const struct endpoint *dst)
{
	struct pfkey_msg m;

	pfkey_msg_init(&m, SADB_DELETE, satypes[kind]);
	pfkey_set_ends(&m, src, dst);
	m.sa.spi = spi;
	m.has |= PFKEY_HAS(SADB_EXT_SA);
	pfkey_call(s->pf, &m, NULL, NULL);
}

void
sadb_delete(struct sadb *s, enum sa_kind kind, uint32_t spi, const struct endpoint *src, const struct endpoint *dst)
{
	if (sadb_is_up(s) && spi)
		delete(s, kind, spi, src, dst);
}

/* While the dump runs, that is before the link counts as up. */
void
sadb_delete_found(struct sadb *s, const struct sa_found *f)
{
	if (s->pf)
		delete(s, f->kind, f->spi, &f->src, &f->dst);
}

/* The link */

struct sadb *
sadb_new(struct event_base *base, const struct sadb_ops *ops, void *ctx)
{
	struct sadb *s = calloc(1, sizeof(*s));

	if (s)
		*s = (struct sadb){ .base = base, .ops = ops, .ctx = ctx };
	return s;
}

/* pfkey_free drops its calls silently; who waits here is told. */
static void
give_up(struct sadb *s)
{
	struct op *o;

	pfkey_free(s->pf);
	s->pf = NULL;
	s->up = false;
	while ((o = s->ops_pending) != NULL) {
		o->done(o->arg, R_ENGINE_DOWN, "the link to the engine was replaced", 0);
		op_free(o);
	}
}

void
sadb_free(struct sadb *s)
{
	if (s)
		give_up(s);
	free(s);
}

void
sadb_attach(struct sadb *s, int fd)
{
	if (s->pf) {
		give_up(s);
		s->ops->lost(s->ctx, "a new PF_KEY socket took its place", false);
	}
	s->pf = pfkey_new(s->base, fd, &pf_ops, s);
	if (s->pf && !pfkey_hello(s->pf, SADB_SATYPE_ESP, false, on_registered, s)) {
		pfkey_free(s->pf);
		s->pf = NULL;
	}
	if (s->pf == NULL)
		s->ops->lost(s->ctx, "the PF_KEY socket cannot be used", true);
}

bool
sadb_is_up(const struct sadb *s)
{
	return s->pf && s->up;
}

uint8_t
sadb_features(const struct sadb *s)
{
	uint64_t f = pfkey_features(s->pf);

	return (uint8_t)((f ? KEY_FEAT_HELLO : 0) | (f & CW_FEAT_ESN ? KEY_FEAT_ESN : 0) | (f & CW_FEAT_AEAD ? KEY_FEAT_AEAD : 0) |
	    (f & CW_FEAT_WINDOW ? KEY_FEAT_WINDOW : 0));
}
