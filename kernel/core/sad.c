/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The security association database. Three hashes: by SPI for what comes in; by reqid and by both ends, the newest first, for
 * what goes out.
 * Lifetimes are told here too: every packet counts and is held against the limits, and cw_tick does the same for time. A packet
 * that finds an SA at its end only marks it dead, and no lookup gives it any more; the next control call takes it off.
 */
#include "core.h"

static uint32_t
hash32(const struct cw_engine *e, uint32_t v)
{
	return cw_hash(&v, sizeof(v), e->seed);
}

static uint32_t
ends_hash(const struct cw_engine *e, const struct cw_addr *src, const struct cw_addr *dst)
{
	return cw_hash(dst->b, cw_addr_len(dst), cw_hash(src->b, cw_addr_len(src), e->seed));
}

struct cw_sa *
cw_sa_new(void)
{
	struct cw_sa *sa = host_zalloc(sizeof(*sa));

	if (sa) {
		host_ref_init(&sa->ref);
		host_lock_init(&sa->lock);
	}
	return sa;
}

static void
sa_free(void *p)
{
	struct cw_sa *sa = p;

	host_aead_free(sa->aead);
	host_comp_free(sa->comp);
	cw_replay_fini(&sa->replay);
	host_free(sa->sel);
	host_wipe(sa, sizeof(*sa));
	host_free(sa);
}

void
cw_sa_put(struct cw_sa *sa)
{
	if (host_ref_put(&sa->ref))
		host_defer(&sa->defer, sa_free, sa);
}

bool
cw_wants_room(const struct cw_engine *e)
{
	return host_load(e->nbare) != 0;
}

bool
cw_sad_insert(struct cw_engine *e, struct cw_sa *sa)
{
	if (e->nsa >= host_load(e->bounds.sas) || !cw_index_room(&e->by_spi) || !cw_index_room(&e->by_reqid) ||
	    !cw_index_room(&e->by_ends) || !cw_due_room(e))
		return false;
	sa->id = e->next_id++;
	cw_due_set(e, &sa->timer, cw_sa_deadline(sa));
	cw_index_add(&e->by_spi, &sa->by_spi, hash32(e, sa->spi));
	sa->prev = e->sa_last;
	*(e->sa_last ? &e->sa_last->succ : &e->sa_first) = sa;
	e->sa_last = sa;
	e->nsa++;
	host_publish(e->nbare, e->nbare + cw_sa_bare(sa));
	sa->listed = 1;
	return true;
}

void
cw_sad_mature(struct cw_engine *e, struct cw_sa *sa)
{
	if (sa->reqid)
		cw_index_add(&e->by_reqid, &sa->by_reqid, hash32(e, sa->reqid));
	cw_index_add(&e->by_ends, &sa->by_ends, ends_hash(e, &sa->src, &sa->dst));
}

struct cw_sa *
cw_sad_of_proto(struct cw_sa *sa, unsigned proto)
{
	while (sa && proto && sa->proto != proto)
		sa = sa->succ;
	return sa;
}

/* A dump that stands at this SA goes on behind it. */
static void
move_cursors(struct cw_engine *e, struct cw_sa *sa)
{
	for (struct cw_client *c = e->clients; c; c = c->next) {
		if (c->dump != SADB_DUMP || (c->dump_proto && c->dump_proto != sa->proto) || sa->id > c->dump_end || !c->dump_sa || sa->id < c->dump_sa->id)
			continue;
		c->dump_left--;
		if (c->dump_sa == sa)
			c->dump_sa = cw_sad_of_proto(sa->succ, c->dump_proto);
	}
}

void
cw_sad_remove(struct cw_engine *e, struct cw_sa *sa)
{
	if (!sa->listed)
		return;
	sa->listed = 0;
	host_lock(&sa->lock);
	host_publish(sa->dead, 1);
	host_publish(sa->state, SADB_SASTATE_DEAD);
	host_unlock(&sa->lock);
	cw_index_del(&e->by_spi, &sa->by_spi);
	cw_index_del(&e->by_reqid, &sa->by_reqid);
	cw_index_del(&e->by_ends, &sa->by_ends);
	cw_due_out(e, &sa->timer);
	cw_iface_put(e, &sa->iface);
	move_cursors(e, sa);
	*(sa->prev ? &sa->prev->succ : &e->sa_first) = sa->succ;
	*(sa->succ ? &sa->succ->prev : &e->sa_last) = sa->prev;
	e->nsa--;
	host_publish(e->nbare, e->nbare - cw_sa_bare(sa));
	/* the octets go now; the cipher's own copy goes with the last packet that is inside it */
	host_wipe(sa->ekey, sizeof(sa->ekey));
	host_wipe(sa->akey, sizeof(sa->akey));
	cw_sa_put(sa);
}

struct cw_sa *
cw_sad_by_spi(struct cw_engine *e, unsigned proto, uint32_t spi, const struct cw_addr *dst)
{
	struct cw_walk w = cw_index_walk(&e->by_spi, hash32(e, spi));
	struct cw_link *l;

	while ((l = cw_index_next(&w)) != NULL) {
		struct cw_sa *sa = CW_OF(l, struct cw_sa, by_spi);

		if (sa->spi == spi && sa->proto == proto && !host_load(sa->dead) &&
		    (cw_addr_eq(&sa->dst, dst) || (sa->dst.fam == dst->fam && cw_addr_any(&sa->dst))))
			return sa;
	}
	return NULL;
}

bool
cw_sad_spi_taken(struct cw_engine *e, unsigned proto, uint32_t spi)
{
	struct cw_walk w = cw_index_walk(&e->by_spi, hash32(e, spi));
	struct cw_link *l;

	while ((l = cw_index_next(&w)) != NULL) {
		const struct cw_sa *sa = CW_OF(l, struct cw_sa, by_spi);

		if (sa->spi == spi && sa->proto == proto)
			return true;
	}
	return false;
}

static bool
selector_has(const struct cw_selector *s, const struct cw_addr *a, uint8_t proto, bool opaque, uint16_t port)
{
	if (s->lo.fam != a->fam || memcmp(a->b, s->lo.b, sizeof(a->b)) < 0 || memcmp(a->b, s->hi.b, sizeof(a->b)) > 0)
		return false;
	if (s->proto == 0)
		return true;
	if (s->proto != proto)
		return false;
	if (s->lo_port == 0 && s->hi_port == 65535)
		return true;
	return !opaque && port >= s->lo_port && port <= s->hi_port;
}

/* RFC 4301 5.2 step 4: both ends of the packet inside the SA's selectors. ICMP: type and code are one number, as is MH's type, RFC 7296 3.13.1. */
bool
cw_sa_selects(const struct cw_sa *sa, const struct cw_flow *f)
{
	bool icmp = f->proto == IP_ICMP || f->proto == IP_ICMP6 || f->proto == IP_MH;
	uint16_t icmp_port = (uint16_t)(f->sport << 8 | f->dport);
	bool side[2] = { false, false };

	if (sa->nsel == 0)
		return true;
	for (unsigned i = 0; i < sa->nsel; i++) {
		const struct cw_selector *s = &sa->sel[i];
		uint16_t port = icmp ? icmp_port : s->side ? f->dport : f->sport;

		if (!side[s->side] && selector_has(s, s->side ? &f->dst : &f->src, f->proto, f->opaque, port))
			side[s->side] = true;
	}
	return side[0] && side[1];
}

static bool
serves(const struct cw_sa *sa, const struct cw_request *r)
{
	bool any_src = cw_addr_any(&r->src), any_dst = cw_addr_any(&r->dst);

	unsigned state = host_load(sa->state);

	if (host_load(sa->dead) || (state != SADB_SASTATE_MATURE && state != SADB_SASTATE_DYING))
		return false;
	if (sa->proto != r->proto || (sa->flags & CW_SAF_IN) || (r->reqid && sa->reqid != r->reqid) || (sa->mode != CW_MODE_ANY && sa->mode != r->mode))
		return false;
	/* without a direction only its addresses say that this SA is for sending */
	if (!(sa->flags & CW_SAF_OUT) && (any_src || any_dst))
		return false;
	return (any_src || cw_addr_eq(&sa->src, &r->src)) && (any_dst || cw_addr_eq(&sa->dst, &r->dst));
}

/* In transport mode the ends are the packet's own (RFC 4301 4.4.1.2), whatever the policy names. */
struct cw_sa *
cw_sad_out(struct cw_engine *e, const struct cw_request *asked, uint32_t iface, const struct cw_flow *f, unsigned *why)
{
	struct cw_request own = *asked;
	const struct cw_request *r = asked->mode == CW_MODE_TRANSPORT ? &own : asked;
	struct cw_walk w;
	struct cw_sa *oldest = NULL;
	struct cw_link *l;

	own.src = f->src;
	own.dst = f->dst;
	w = r->reqid ? cw_index_walk(&e->by_reqid, hash32(e, r->reqid)) : cw_index_walk(&e->by_ends, ends_hash(e, &r->src, &r->dst));
	*why = CW_DROP_NO_SA;
	while ((l = cw_index_next(&w)) != NULL) {
		struct cw_sa *sa = r->reqid ? CW_OF(l, struct cw_sa, by_reqid) : CW_OF(l, struct cw_sa, by_ends);

		if (sa->iface.num != iface || !serves(sa, r))
			continue;
		if (!cw_sa_selects(sa, f)) {
			if (r->reqid)	/* else it may as well be another policy's, and this one has none yet */
				*why = CW_DROP_SELECTOR_OUT;
			continue;
		}
		if (cw_knob(e, CW_KNOB_OLD_SA) == 0)
			return sa;
		oldest = sa;
	}
	return oldest;
}

struct cw_walk
cw_sad_between(struct cw_engine *e, const struct cw_addr *src, const struct cw_addr *dst)
{
	return cw_index_walk(&e->by_ends, ends_hash(e, src, dst));
}

/* What sends for the reqid of an SA that receives, or, where it has none, to its sender. */
struct cw_walk
cw_sad_back(struct cw_engine *e, const struct cw_sa *sa)
{
	if (sa->reqid)
		return cw_index_walk(&e->by_reqid, hash32(e, sa->reqid));
	return cw_sad_between(e, &sa->dst, &sa->src);
}

struct cw_sa *
cw_sad_back_next(const struct cw_sa *sa, struct cw_walk *w)
{
	struct cw_link *l;

	while ((l = cw_index_next(w)) != NULL) {
		struct cw_sa *x = sa->reqid ? CW_OF(l, struct cw_sa, by_reqid) : CW_OF(l, struct cw_sa, by_ends);

		if (x->proto == sa->proto && x->reqid == sa->reqid && (x->flags & CW_SAF_OUT) && !host_load(x->dead) &&
		    (sa->reqid || (cw_addr_eq(&x->src, &sa->dst) && cw_addr_eq(&x->dst, &sa->src))))
			return x;
	}
	return NULL;
}

/* What is left for the inner packet of a path: RFC 4301 8.2. */
uint32_t
cw_sa_inner(const struct cw_sa *sa, uint32_t pmtu)
{
	uint32_t ip = sa->now_dst.fam == 6 ? 40u : 20u;
	uint32_t outer = ip + (sa->udp ? 8u : 0u) + cw_esp_head(sa) + sa->icv;
	uint32_t block = sa->block > 4 ? sa->block : 4u;
	uint32_t inner = pmtu > outer ? (pmtu - outer) / block * block : 0;

	if (sa->proto == IP_AH) {
		ip += cw_ah_len(sa, sa->now_dst.fam);
		return pmtu > ip ? pmtu - ip : 0;
	}
	if (sa->proto == IP_COMP)	/* at worst the packet stays as it is */
		return pmtu > ip ? pmtu - ip : 0;
	return inner > 2 ? inner - 2 : 0;
}

/* At least 1280, the least that IPv6 may be told. */
void
cw_sa_mtu(struct cw_sa *sa, uint32_t pmtu)
{
	uint32_t inner = cw_sa_inner(sa, pmtu ? pmtu : 1500);

	host_publish(sa->pmtu, pmtu ? pmtu : 1500);
	host_publish(sa->inner_mtu, inner < 1280 ? 1280 : inner);
}

uint64_t
cw_after(uint64_t from, uint64_t seconds)
{
	if (seconds == 0)
		return NEVER;
	return seconds > (NEVER - from) / NS ? NEVER : from + seconds * NS;
}

static uint64_t
limit_at(const struct cw_sa *sa, const struct cw_limits *l)
{
	uint64_t a = cw_after(sa->born, l->add), u = sa->used ? cw_after(sa->used, l->use) : NEVER;

	return a < u ? a : u;
}

static uint64_t
deadline_locked(const struct cw_sa *sa)
{
	uint64_t h, s;

	if (sa->state == SADB_SASTATE_LARVAL)
		return sa->born + sa->larval;
	h = limit_at(sa, &sa->hard);
	s = sa->soft_told ? NEVER : limit_at(sa, &sa->soft);
	return h < s ? h : s;
}

uint64_t
cw_sa_deadline(struct cw_sa *sa)
{
	uint64_t at;

	host_lock(&sa->lock);
	at = deadline_locked(sa);
	host_unlock(&sa->lock);
	return at;
}

static bool
over(const struct cw_sa *sa, const struct cw_limits *l, uint64_t now)
{
	return now >= limit_at(sa, l) || (l->packets && sa->packets >= l->packets) || (l->bytes && sa->bytes >= l->bytes);
}

enum { FOUND_SOFT = 1, FOUND_HARD = 2, FOUND_FIRST = 4, FOUND_LAST = 8 };

/* Soft and hard limits, now; false when the SA is dead. Who finds it so first is the one to tell. */
bool
cw_sa_judge(struct cw_sa *sa, uint64_t now, unsigned *found)
{
	bool larval = sa->state == SADB_SASTATE_LARVAL;

	if (sa->dead)
		return false;
	if (larval ? now >= sa->born + sa->larval : over(sa, &sa->hard, now)) {
		host_publish(sa->dead, 1);
		*found |= FOUND_HARD;
		return false;
	}
	if (!larval && !sa->soft_told && over(sa, &sa->soft, now)) {
		sa->soft_told = true;
		host_publish(sa->state, SADB_SASTATE_DYING);
		*found |= FOUND_SOFT;
	}
	return true;
}

/* The packet that reaches a limit still passes; the next one finds it reached. */
bool
cw_sa_use(struct cw_sa *sa, uint64_t bytes, uint64_t now, unsigned *found)
{
	if (!cw_sa_judge(sa, now, found))
		return false;
	if (sa->used == 0) {
		sa->used = now ? now : 1;
		sa->used_wall = host_wall_s();
		*found |= FOUND_FIRST;
	}
	sa->packets++;
	sa->bytes += bytes;
	if (over(sa, &sa->hard, now)) {
		*found |= FOUND_LAST;	/* told at the next tick, or by the next packet */
	} else if (!sa->soft_told && over(sa, &sa->soft, now)) {
		sa->soft_told = true;
		host_publish(sa->state, SADB_SASTATE_DYING);
		*found |= FOUND_SOFT;
	}
	return true;
}

static void
retire(struct cw_engine *e, struct cw_sa *sa)
{
	if (!host_ref_get(&sa->ref))
		return;
	host_lock(&e->lock);
	sa->reap_next = e->reap;
	host_publish(e->reap, sa);
	host_unlock(&e->lock);
	host_wake(e->host);
}

/* Both limits are told, also for an SA that was never used. */
void
cw_sa_found(struct cw_engine *e, struct cw_sa *sa, uint64_t now, unsigned found)
{
	if (found & FOUND_SOFT)
		cw_event_expire(e, sa, false);
	if (found & FOUND_HARD) {
		cw_event_expire(e, sa, true);
		retire(e, sa);
	}
	if ((found & FOUND_LAST) || ((found & FOUND_FIRST) && cw_sa_deadline(sa) < host_load(sa->timer.due)))
		cw_due_look(e, sa, now);
}

bool
cw_sa_alive(struct cw_engine *e, struct cw_sa *sa, uint64_t now)
{
	unsigned found = 0;
	bool alive;

	host_lock(&sa->lock);
	alive = cw_sa_judge(sa, now, &found);
	host_unlock(&sa->lock);
	if (found)
		cw_sa_found(e, sa, now, found);
	return alive;
}

unsigned
cw_sa_usable(const struct cw_sa *sa)
{
	if (!sa)
		return CW_DROP_SPI_UNKNOWN;
	if (host_load(sa->state) == SADB_SASTATE_LARVAL)
		return CW_DROP_SA_LARVAL;
	if (sa->flags & CW_SAF_OUT)
		return CW_DROP_SA_DIRECTION;
	return CW_DROP_NONE;
}

void
cw_sa_drop(struct cw_sa *sa, uint64_t *counter)
{
	host_lock(&sa->lock);
	++*counter;
	host_unlock(&sa->lock);
}

void
cw_sad_reap(struct cw_engine *e)
{
	struct cw_sa *sa, *next;

	if (!host_load(e->reap))
		return;
	host_lock(&e->lock);
	sa = e->reap;
	host_publish(e->reap, NULL);
	host_unlock(&e->lock);
	for (; sa; sa = next) {
		next = sa->reap_next;
		cw_sad_remove(e, sa);
		cw_sa_put(sa);
	}
}

uint64_t
cw_tick(struct cw_engine *e, uint64_t now)
{
	cw_sad_reap(e);
	if (now < host_load(e->deadline))
		return cw_deadline(e);
	host_lock(&e->lock);
	host_publish(e->deadline, NEVER);
	host_unlock(&e->lock);
	cw_due_run(e, now);
	cw_sad_reap(e);
	cw_wake(e, cw_wait_tick(e, now));
	return cw_deadline(e);
}

uint64_t
cw_deadline(struct cw_engine *e)
{
	return host_load(e->reap) ? 0 : host_load(e->deadline);
}

void
cw_path_mtu(struct cw_engine *e, const struct cw_addr *peer, uint32_t mtu)
{
	for (struct cw_sa *sa = e->sa_first; sa; sa = sa->succ) {
		host_lock(&sa->lock);
		if (cw_addr_eq(&sa->now_dst, peer))
			cw_sa_mtu(sa, mtu);
		host_unlock(&sa->lock);
	}
}

unsigned
cw_sa_count(const struct cw_engine *e)
{
	return e->nsa;
}
