/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * GETSPI, ADD, UPDATE, DELETE, GET, FLUSH and the failed ACQUIRE. An ESP key enters the engine once: UPDATE fills a larval
 * SA, and afterwards changes lifetimes and ports, never keys, so that no sequence number starts again under an old key.
 */
#include "pf.h"

static bool
address_pair(const struct pf_msg *m)
{
	return m->src.a.fam == m->dst.a.fam;
}

static void
broadcast_sa(struct cw_engine *e, const struct pf_msg *m, struct cw_sa *sa)
{
	struct pf_out o = pf_begin(e, m->type, m->satype, m->seq, m->pid);

	pf_put_sa_all(&o, sa, false);
	pf_broadcast(&o, PF_ALL);
}

static struct cw_sa *
find(struct cw_engine *e, const struct pf_msg *m)
{
	struct cw_sa *sa = cw_sad_by_spi(e, pf_proto(m->satype), m->spi, &m->dst.a);

	return sa && (cw_addr_any(&m->src.a) || cw_addr_any(&sa->src) || cw_addr_eq(&sa->src, &m->src.a)) ? sa : NULL;
}

static uint32_t
pick_spi(struct cw_engine *e, unsigned proto, uint32_t lo, uint32_t hi)
{
	uint64_t span = (uint64_t)hi - lo + 1;
	uint64_t r;

	for (unsigned i = 0, tries = cw_knob(e, CW_KNOB_SPI_TRY); i < tries; i++) {
		uint32_t spi;

		host_random(&r, sizeof(r));
		spi = lo + (uint32_t)(r % span);
		if (!cw_sad_spi_taken(e, proto, spi))
			return spi;
	}
	for (uint64_t i = 0; i < span && i < CW_SA_MAX; i++)	/* a narrow range that is nearly full */
		if (!cw_sad_spi_taken(e, proto, lo + (uint32_t)i))
			return lo + (uint32_t)i;
	return 0;
}

static struct cw_sa *
sa_named(const struct cw_engine *e, const struct pf_msg *m, uint32_t spi, uint64_t now)
{
	struct cw_sa *sa = cw_sa_new();

	if (!sa)
		return NULL;
	sa->proto = pf_proto(m->satype);
	sa->spi = spi;
	sa->src = sa->now_src = m->src.a;
	sa->dst = sa->now_dst = m->dst.a;
	sa->pf_seq = m->seq;
	sa->reqid = m->reqid;
	sa->mode = m->mode;
	sa->state = SADB_SASTATE_LARVAL;
	sa->larval = cw_knob(e, CW_KNOB_LARVAL) * NS;
	sa->born = now;
	sa->born_wall = host_wall_s();
	return sa;
}

static void
answer_spi(struct cw_engine *e, struct cw_client *c, const struct pf_msg *m, struct cw_sa *sa)
{
	struct pf_out o = pf_begin(e, SADB_GETSPI, m->satype, m->seq, m->pid);

	pf_put_sa(&o, sa);
	pf_put_addr(&o, SADB_EXT_ADDRESS_SRC, &sa->src, 0, CW_ULPROTO_ANY, cw_addr_len(&sa->src) * 8);
	pf_put_addr(&o, SADB_EXT_ADDRESS_DST, &sa->dst, 0, CW_ULPROTO_ANY, cw_addr_len(&sa->dst) * 8);
	pf_put_iface(&o, &sa->iface);
	pf_send(&o, c, false);
}

/* One that is in no list: it holds its interface by itself. */
static void
forget(struct cw_engine *e, struct cw_sa *sa)
{
	cw_iface_put(e, &sa->iface);
	cw_sa_put(sa);
}

int
pf_getspi(struct cw_engine *e, struct cw_client *c, const struct pf_msg *m, uint64_t now)
{
	uint32_t lo = cw_knob(e, CW_KNOB_SPI_MIN), hi = cw_knob(e, CW_KNOB_SPI_MAX), spi;
	struct cw_sa *sa;
	int err;

	if (!address_pair(m) || m->mode > CW_MODE_TUNNEL)
		return EINVAL;
	if (m->has & PF_BIT(SADB_EXT_SPIRANGE)) {
		lo = m->spi_min;
		hi = m->spi_max;
	}
	else if (m->satype == SADB_X_SATYPE_IPCOMP) {	/* RFC 3173 3.3: those that are negotiated */
		lo = 0x100;
		hi = 0xefff;
	}
	if (lo < 0x100 || lo > hi || (m->satype == SADB_X_SATYPE_IPCOMP && hi > 0xffff))
		return EINVAL;
	sa = lo == hi ? cw_sad_by_spi(e, pf_proto(m->satype), lo, &m->dst.a) : NULL;
	if (sa && sa->state == SADB_SASTATE_LARVAL && cw_addr_eq(&sa->src, &m->src.a) && sa->reqid == m->reqid &&
	    memcmp(sa->iface.name, m->iface, CW_IFACE_LEN) == 0) {
		sa->born = now;		/* asked for again by its number: it lives on */
		answer_spi(e, c, m, sa);
		return 0;
	}
	spi = pick_spi(e, pf_proto(m->satype), lo, hi);
	if (spi == 0)
		return EEXIST;
	sa = sa_named(e, m, spi, now);
	if (!sa)
		return ENOMEM;
	sa->flags = CW_SAF_IN;
	err = cw_iface_get(e, m->iface, &sa->iface);
	if (err == 0 && !cw_sad_insert(e, sa))
		err = ENOBUFS;
	if (err) {
		forget(e, sa);
		return err;
	}
	answer_spi(e, c, m, sa);
	return 0;
}

/* Lifetimes of a message. Hard without soft: soft is 80 % of it. */
static void
limits(struct cw_sa *sa, const struct pf_msg *m)
{
	if (m->has & PF_BIT(SADB_EXT_LIFETIME_HARD))
		sa->hard = m->hard;
	if (m->has & PF_BIT(CW_EXT_PACKETS))
		sa->hard.packets = m->hard_packets;
	if (m->has & PF_BIT(SADB_EXT_LIFETIME_SOFT)) {
		sa->soft = m->soft;
	} else if (m->has & PF_BIT(SADB_EXT_LIFETIME_HARD)) {
		sa->soft.packets = sa->hard.packets - sa->hard.packets / 5;
		sa->soft.bytes = sa->hard.bytes - sa->hard.bytes / 5;
		sa->soft.add = sa->hard.add - sa->hard.add / 5;
		sa->soft.use = sa->hard.use - sa->hard.use / 5;
	}
	if (m->has & PF_BIT(CW_EXT_PACKETS))
		sa->soft.packets = m->soft_packets;
}

static int
ports(struct cw_sa *sa, const struct pf_msg *m)
{
	if (!(m->has & PF_BIT(SADB_X_EXT_NAT_T_TYPE)))
		return 0;
	if (m->natt != 0 && (m->natt != CW_NATT_ESPINUDP || sa->proto != IP_ESP || sa->old))
		return EINVAL;
	sa->udp = m->natt != 0;
	sa->sport = sa->now_sport = m->has & PF_BIT(SADB_X_EXT_NAT_T_SPORT) ? m->sport : 4500;
	sa->dport = sa->now_dport = m->has & PF_BIT(SADB_X_EXT_NAT_T_DPORT) ? m->dport : 4500;
	return 0;
}

static int
selectors(struct cw_sa *sa, const struct pf_msg *m)
{
	struct cw_selector *v;

	if (!(m->has & PF_BIT(CW_EXT_SELECTORS)))
		return 0;
	v = host_zalloc(m->nsel * sizeof(*v));
	if (!v)
		return ENOMEM;
	for (unsigned i = 0; i < m->nsel; i++)
		pf_selector_get(m->sel + i * sizeof(struct cw_ext_selector), &v[i]);
	sa->sel = v;
	sa->nsel = m->nsel;
	return 0;
}

/* Nothing would tell a forged packet from a real one: then no window may move, and no peer (RFC 4303 3.4.3). */
bool
pf_unauthenticated(const struct pf_msg *m)
{
	const struct cw_alg *enc = cw_alg_find(false, m->encrypt);

	return m->auth == 0 && enc && !enc->aead;
}

/* May these algorithms be used together, here? */
static int
algorithms(struct cw_engine *e, struct cw_sa *sa, const struct pf_msg *m)
{
	bool open = pf_unauthenticated(m);

	sa->enc = cw_alg_find(false, m->encrypt);
	sa->auth = m->auth ? cw_alg_find(true, m->auth) : NULL;
	if (!sa->enc || (m->auth && (!sa->auth || sa->auth->iv)))
		return EOPNOTSUPP;	/* GMAC beside a cipher is nothing of ESP's */
	if ((sa->enc->aead && m->auth) || (m->auth && !(m->has & PF_BIT(SADB_EXT_KEY_AUTH))))
		return EINVAL;		/* an AEAD has no second key, the others have to have one */
	if (open && (m->encrypt == SADB_EALG_NULL || (sa->flags & CW_SAF_ESN)))
		return EINVAL;		/* RFC 4303 3.2: not both services may be missing; 2.2.1: the high half is in the ICV only */
	return (open || sa->enc->legacy || (sa->auth && sa->auth->legacy)) && !cw_knob(e, CW_KNOB_LEGACY) ? EPERM : 0;
}

/* RFC 3173 3.3: a CPI has 16 bits; below 256 are the well-known ones, of which DEFLATE's alone may be sent. */
static int
compression(struct cw_sa *sa, const struct pf_msg *m)
{
	if (m->auth || m->ekey.n || m->akey.n || sa->udp || (sa->flags & CW_SAF_ESN) || sa->spi > 0xffff)
		return EINVAL;
	if ((m->sa_flags & CW_COMP_RAWCPI) && sa->spi < 0x100 && sa->spi != CW_COMP_DEFLATE)
		return EINVAL;
	if (m->encrypt != CW_COMP_DEFLATE)
		return EOPNOTSUPP;
	sa->ealg = m->encrypt;
	sa->comp = host_comp_new();
	return sa->comp ? 0 : ENOMEM;
}

/* AH authenticates only, and always; but for tests of the form of RFC 1826, which is weak anyway, KAME had an ICV of zeros. */
static int
authentication(struct cw_engine *e, struct cw_sa *sa, const struct pf_msg *m)
{
	bool none = m->auth == SADB_X_AALG_NULL;

	if (m->encrypt || m->ekey.n || sa->udp || m->auth == 0 || (none && !sa->old) || none == ((m->has & PF_BIT(SADB_EXT_KEY_AUTH)) != 0))
		return EINVAL;
	sa->auth = cw_alg_find(true, m->auth);
	if (!sa->auth || (sa->old && sa->auth->iv))	/* an IV is a number, which the old form has not */
		return EOPNOTSUPP;
	if (sa->auth->legacy && !cw_knob(e, CW_KNOB_LEGACY))
		return EPERM;
	if (!cw_alg_key_ok(sa->auth, m->akey.bits, m->akey.n))
		return EINVAL;
	sa->aalg = m->auth;
	sa->icv = sa->old ? CW_OLD_ICV : sa->auth->icv;
	sa->alen = (uint8_t)m->akey.n;
	if (m->akey.n)
		memcpy(sa->akey, m->akey.p, m->akey.n);
	sa->aead = host_aead_new(0, sa->aalg | (sa->old ? CW_AALG_OLD : 0), NULL, 0, sa->akey, sa->alen);
	return sa->aead ? 0 : EOPNOTSUPP;
}

static int
keys(struct cw_engine *e, struct cw_sa *sa, const struct pf_msg *m)
{
	int err;

	if (sa->proto == IP_COMP)
		return compression(sa, m);
	if (sa->proto == IP_AH)
		return authentication(e, sa, m);
	err = algorithms(e, sa, m);
	if (err)
		return err;
	if (!cw_alg_key_ok(sa->enc, m->ekey.bits, m->ekey.n) || (sa->auth && !cw_alg_key_ok(sa->auth, m->akey.bits, m->akey.n)))
		return EINVAL;
	sa->ealg = m->encrypt;
	sa->aalg = m->auth;
	sa->iv = m->sa_flags & CW_SA_IV4B ? 4 : sa->enc->iv;
	sa->icv = sa->auth ? sa->auth->icv : sa->enc->icv;
	sa->block = sa->enc->block;
	sa->elen = (uint8_t)m->ekey.n;
	if (m->ekey.n)
		memcpy(sa->ekey, m->ekey.p, m->ekey.n);
	if (sa->auth) {
		sa->alen = (uint8_t)m->akey.n;
		memcpy(sa->akey, m->akey.p, m->akey.n);
	}
	sa->aead = host_aead_new(sa->ealg, sa->aalg, sa->ekey, sa->elen, sa->akey, sa->alen);
	return sa->aead ? 0 : EOPNOTSUPP;
}

static int
window(struct cw_sa *sa, const struct pf_msg *m)
{
	uint32_t w = m->sa_replay && m->sa_replay < 32 ? 32 : m->sa_replay;

	if (m->has & PF_BIT(CW_EXT_REPLAY))
		w = m->replay;
	if (w != 0 && (w < 32 || w > 4096))
		return EINVAL;
	if (sa->proto == IP_COMP)	/* has no sequence numbers */
		return w ? EINVAL : 0;
	if (sa->proto == IP_ESP && pf_unauthenticated(m)) {
		sa->flags |= CW_SAF_FIXED;
		w = 0;
	}
	if (w == 0 && (sa->flags & (CW_SAF_ESN | CW_SAF_OUT)) == CW_SAF_ESN)
		return EINVAL;		/* the high half is found by the window */
	return cw_replay_init(&sa->replay, w) ? 0 : ENOMEM;
}

/* Everything an SA gets once. sa is new, or a copy of a larval one. */
static int
fill(struct cw_engine *e, struct cw_sa *sa, const struct pf_msg *m, uint64_t now)
{
	int err;

	if (m->mode > CW_MODE_TUNNEL)
		return EOPNOTSUPP;
	if ((m->saflags & CW_SAF_IN) && (m->saflags & CW_SAF_OUT))
		return EINVAL;
	sa->flags |= m->saflags;
	if (m->saflags & CW_SAF_OUT)
		sa->flags &= ~CW_SAF_IN;	/* a larval SA is for receiving, unless it is said */
	if (m->has & PF_BIT(SADB_X_EXT_SA2))
		sa->reqid = m->reqid;
	sa->std_flags = m->sa_flags;
	if (m->owner)
		memcpy(sa->owner, m->owner, CW_OWNER_LEN);
	limits(sa, m);
	err = pf_old(e, sa, m);
	if (err == 0)
		err = ports(sa, m);
	if (err == 0)
		err = window(sa, m);
	if (err == 0)
		err = selectors(sa, m);
	if (err == 0)
		err = keys(e, sa, m);
	if (err)
		return err;
	sa->born = now;
	sa->born_wall = host_wall_s();
	cw_sa_mtu(sa, host_path_mtu(e->host, &sa->now_src, &sa->now_dst));
	return 0;
}

static int
install(struct cw_engine *e, const struct pf_msg *m, struct cw_sa *sa, struct cw_sa *larval, uint64_t now)
{
	int err = cw_iface_get(e, m->iface[0] || !larval ? m->iface : larval->iface.name, &sa->iface);

	if (err == 0)
		err = fill(e, sa, m, now);
	sa->state = SADB_SASTATE_MATURE;
	if (err == 0 && larval)
		cw_sad_remove(e, larval);
	if (err == 0 && !cw_sad_insert(e, sa))
		err = ENOBUFS;
	if (err) {
		forget(e, sa);
		return err;
	}
	cw_sad_mature(e, sa);
	broadcast_sa(e, m, sa);
	if (!(sa->flags & CW_SAF_IN))
		cw_wait_go(e, sa->reqid, now);
	return 0;
}

int
pf_add(struct cw_engine *e, struct cw_client *c, const struct pf_msg *m, uint64_t now)
{
	struct cw_sa *sa;

	if (!address_pair(m) || m->spi < (m->satype == SADB_X_SATYPE_IPCOMP ? 1u : 0x100u))
		return EINVAL;
	if (cw_sad_by_spi(e, pf_proto(m->satype), m->spi, &m->dst.a))
		return EEXIST;
	sa = sa_named(e, m, m->spi, now);
	return sa ? install(e, m, sa, NULL, now) : ENOMEM;
}

/* Lifetimes, ports and owner of a living SA. */
static int
amend(struct cw_engine *e, struct cw_sa *sa, const struct pf_msg *m, uint64_t now)
{
	unsigned bare = cw_sa_bare(sa);
	struct cw_addr src, dst;
	uint32_t mtu;
	int err;

	if (m->has & (PF_BIT(SADB_EXT_KEY_AUTH) | PF_BIT(SADB_EXT_KEY_ENCRYPT)))
		return EEXIST;
	if (m->iface[0] && memcmp(m->iface, sa->iface.name, CW_IFACE_LEN))
		return EINVAL;		/* it would answer for what it has let in by another */
	host_lock(&sa->lock);
	err = sa->dead ? ENOENT : ports(sa, m);	/* a packet may have been quicker */
	if (err == 0 && (m->has & (PF_BIT(SADB_EXT_LIFETIME_HARD) | PF_BIT(SADB_EXT_LIFETIME_SOFT) | PF_BIT(CW_EXT_PACKETS)))) {
		limits(sa, m);
		sa->soft_told = false;
		host_publish(sa->state, SADB_SASTATE_MATURE);
	}
	src = sa->now_src;
	dst = sa->now_dst;
	host_unlock(&sa->lock);
	if (err)
		return err;
	host_publish(e->nbare, e->nbare + cw_sa_bare(sa) - bare);
	cw_due_set(e, &sa->timer, cw_sa_deadline(sa));
	if (m->owner)
		memcpy(sa->owner, m->owner, CW_OWNER_LEN);
	mtu = host_path_mtu(e->host, &src, &dst);
	host_lock(&sa->lock);
	cw_sa_mtu(sa, mtu);
	host_unlock(&sa->lock);
	broadcast_sa(e, m, sa);
	return 0;
}

int
pf_update(struct cw_engine *e, struct cw_client *c, const struct pf_msg *m, uint64_t now)
{
	struct cw_sa *larval = find(e, m), *sa;

	if (!larval)
		return ENOENT;
	if (larval->state != SADB_SASTATE_LARVAL)
		return amend(e, larval, m, now);
	if (!address_pair(m))
		return EINVAL;
	sa = sa_named(e, m, m->spi, now);
	if (!sa)
		return ENOMEM;
	sa->flags = larval->flags;
	sa->reqid = larval->reqid;
	if (!(m->has & PF_BIT(SADB_X_EXT_SA2)))
		sa->mode = larval->mode;
	return install(e, m, sa, larval, now);
}

int
pf_delete(struct cw_engine *e, struct cw_client *c, const struct pf_msg *m, uint64_t now)
{
	struct cw_sa *sa = find(e, m);
	struct pf_out o;

	if (!sa)
		return ENOENT;
	/* With what it counted: nobody can ask for that any more. */
	o = pf_begin(e, SADB_DELETE, m->satype, m->seq, m->pid);
	pf_put_sa_all(&o, sa, false);
	cw_sad_remove(e, sa);
	pf_broadcast(&o, PF_ALL);
	return 0;
}

int
pf_get(struct cw_engine *e, struct cw_client *c, const struct pf_msg *m, uint64_t now)
{
	struct cw_sa *sa = find(e, m);
	struct pf_out o;

	if (!sa)
		return ENOENT;
	o = pf_begin(e, SADB_GET, m->satype, m->seq, m->pid);
	pf_put_sa_all(&o, sa, (c->flags & CW_CLIENT_KEYS) != 0);
	pf_send(&o, c, false);
	host_wipe(e->pf, o.n);
	return 0;
}

int
pf_flush(struct cw_engine *e, struct cw_client *c, const struct pf_msg *m, uint64_t now)
{
	unsigned proto = pf_proto(m->satype);
	struct cw_sa *next;
	struct pf_out o;

	for (struct cw_sa *sa = e->sa_first; sa; sa = next) {
		next = sa->succ;
		if (proto == 0 || sa->proto == proto)
			cw_sad_remove(e, sa);
	}
	o = pf_begin(e, SADB_FLUSH, m->satype, m->seq, m->pid);
	pf_broadcast(&o, PF_ALL);
	return 0;
}

/* RFC 2367 3.1.6: the key manager's "it failed", a base message with the ACQUIRE's number. It has no answer. */
int
pf_acquire(struct cw_engine *e, struct cw_client *c, const struct pf_msg *m, uint64_t now)
{
	if (m->error == 0)
		return EINVAL;
	cw_acquire_failed(e, m->seq, now);
	return 0;
}
