/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The security policy database. A lookup asks one hash for each shape in use (the two prefix lengths, and whether protocol and
 * ports are said), so a million policies of the usual few shapes cost a few probes. The lowest priority value wins, then the order of arrival; an update keeps its place.
 * Each interface that tunnels are has an SPD of its own: its number is part of what a policy is found by, so that they share the shapes.
 * RFC 4301 4.4.1: the SPD is ordered, and here the order is these two numbers and nothing else.
 */
#include "core.h"

enum { HAS_PROTO = 1, HAS_SPORT = 2, HAS_DPORT = 4, HAS_PORTS = HAS_SPORT | HAS_DPORT };

struct spd_key {
	struct cw_addr	s, d;
	uint16_t	upper[3];	/* protocol and ports, each 0 where the tuple does not have it */
	uint32_t	iface;
};

/*
 * Of a later fragment the ports are not known, and with IPv6 perhaps not the protocol. Whatever protects or discards takes it; a
 * bypass has to be sure (RFC 4301 7). So what protects or discards is kept once more without what may be unknown: a
 * shade has those of one pair of prefixes and protocol in their order, and a lookup needs the first.
 */
struct cw_shade {
	struct cw_link	 link;
	struct host_defer defer;
	const struct cw_tuple *t;
	struct cw_addr	 s, d;
	uint8_t		 proto;		/* CW_ULPROTO_ANY: all that have one */
	uint32_t	 iface;
	struct cw_spd_entry *first, *last;
};

/* Both addresses in one go: what is hashed with them ends it. */
static uint32_t
pair_hash(const struct cw_addr *s, const struct cw_addr *d, uint32_t seed)
{
	uint32_t h = seed, v, w;

	for (unsigned i = 0, n = cw_addr_len(s); i < n; i += 4) {
		memcpy(&v, s->b + i, sizeof(v));
		memcpy(&w, d->b + i, sizeof(w));
		h = cw_mix(cw_mix(h, v), w);
	}
	return h;
}

static uint32_t
key_hash(const struct cw_engine *e, const struct spd_key *k)
{
	return cw_hash(k->upper, sizeof(k->upper), pair_hash(&k->s, &k->d, e->seed + k->iface));
}

static struct spd_key
key_of(const struct cw_tuple *t, uint32_t iface, const struct cw_flow *f)
{
	struct spd_key k = { .s = f->src, .d = f->dst, .iface = iface };

	cw_addr_mask(&k.s, t->slen);
	cw_addr_mask(&k.d, t->dlen);
	k.upper[0] = t->has & HAS_PROTO ? f->proto : 0;
	k.upper[1] = t->has & HAS_SPORT ? f->sport : 0;
	k.upper[2] = t->has & HAS_DPORT ? f->dport : 0;
	return k;
}

static uint8_t
has(const struct cw_policy *p)
{
	return (uint8_t)((p->proto != CW_ULPROTO_ANY ? HAS_PROTO : 0) | (p->sport ? HAS_SPORT : 0) | (p->dport ? HAS_DPORT : 0));
}

static bool
before(const struct cw_spd_entry *a, const struct cw_spd_entry *b)
{
	return a->pub.priority != b->pub.priority ? a->pub.priority < b->pub.priority : a->order < b->order;
}

static bool
port_ok(uint16_t want, uint16_t have)
{
	return want == 0 || want == have;
}

static bool
covers(const struct cw_policy *p, const struct spd_key *k, const struct cw_flow *f)
{
	return p->iface.num == k->iface && cw_addr_eq(&p->src.addr, &k->s) && cw_addr_eq(&p->dst.addr, &k->d) &&
	    (p->proto == CW_ULPROTO_ANY || p->proto == f->proto) && port_ok(p->sport, f->sport) && port_ok(p->dport, f->dport);
}

static uint32_t
shade_hash(const struct cw_engine *e, const struct cw_tuple *t, const struct spd_key *k, uint8_t proto)
{
	const uint8_t of[] = { t->dir, t->slen, t->dlen, t->has, proto };

	return cw_hash(of, sizeof(of), pair_hash(&k->s, &k->d, e->seed + k->iface));
}

static struct cw_shade *
shade_find(struct cw_engine *e, const struct cw_tuple *t, const struct spd_key *k, uint8_t proto)
{
	struct cw_walk w = cw_index_walk(&e->shades, shade_hash(e, t, k, proto));
	struct cw_link *l;

	while ((l = cw_index_next(&w)) != NULL) {
		struct cw_shade *x = CW_OF(l, struct cw_shade, link);

		if (x->t == t && x->proto == proto && x->iface == k->iface && cw_addr_eq(&x->s, &k->s) && cw_addr_eq(&x->d, &k->d))
			return x;
	}
	return NULL;
}

/* The first entry of a tuple that covers a packet. */
static struct cw_spd_entry *
probe(struct cw_engine *e, const struct cw_tuple *t, uint32_t iface, const struct cw_flow *f)
{
	const struct spd_key k = key_of(t, iface, f);
	const struct cw_table *b;
	struct cw_spd_entry *p;

	if ((f->opaque && (t->has & HAS_PORTS)) || (f->opaque == 2 && t->has)) {
		const struct cw_shade *x = shade_find(e, t, &k, f->opaque == 2 ? CW_ULPROTO_ANY : f->proto);

		return x ? host_load(x->first) : NULL;
	}
	b = host_load(t->table);
	for (p = host_load(b->bucket[key_hash(e, &k) & (b->buckets - 1)]); p; p = host_load(p->next[b->link]))
		if (covers(&p->pub, &k, f))
			return p;		/* a bucket is sorted */
	return NULL;
}

struct cw_spd_entry *
cw_spd_lookup(struct cw_engine *e, unsigned dir, uint32_t iface, const struct cw_flow *f)
{
	struct cw_spd_entry *best = NULL;

	for (struct cw_tuple *t = host_load(e->tuples); t; t = host_load(t->next)) {
		struct cw_spd_entry *p;

		if (t->dir != dir || t->fam != f->src.fam || host_load(t->count) == 0 ||
		    (best && host_load(t->best) > best->pub.priority))
			continue;
		p = probe(e, t, iface, f);
		if (p && (!best || before(p, best)))
			best = p;
	}
	return best;
}

static bool
same_selectors(const struct cw_policy *a, const struct cw_policy *b)
{
	return a->iface.num == b->iface.num && a->dir == b->dir && a->proto == b->proto && a->sport == b->sport && a->dport == b->dport &&
	    a->src.len == b->src.len && a->dst.len == b->dst.len &&
	    cw_addr_eq(&a->src.addr, &b->src.addr) && cw_addr_eq(&a->dst.addr, &b->dst.addr);
}

static struct cw_tuple *
tuple_find(struct cw_engine *e, const struct cw_policy *p)
{
	struct cw_tuple *t;

	for (t = e->tuples; t; t = t->next)
		if (t->dir == p->dir && t->fam == p->src.addr.fam && t->slen == p->src.len && t->dlen == p->dst.len &&
		    t->has == has(p))
			return t;
	return NULL;
}

static struct cw_spd_entry **
bucket_of(const struct cw_engine *e, struct cw_table *b, const struct cw_policy *p)
{
	struct spd_key k = { p->src.addr, p->dst.addr, { p->proto == CW_ULPROTO_ANY ? 0 : p->proto, p->sport, p->dport }, p->iface.num };

	return &b->bucket[key_hash(e, &k) & (b->buckets - 1)];
}

struct cw_spd_entry *
cw_spd_find(struct cw_engine *e, const struct cw_policy *p)
{
	struct cw_tuple *t = tuple_find(e, p);
	struct cw_spd_entry *x = t ? *bucket_of(e, t->table, p) : NULL;

	while (x && !same_selectors(&x->pub, p))
		x = x->next[t->table->link];
	return x;
}

struct cw_spd_entry *
cw_spd_by_id(struct cw_engine *e, uint32_t id)
{
	struct cw_walk w = cw_index_walk(&e->sp_by_id, id);
	struct cw_link *l = cw_index_next(&w);	/* they count up: the number is its own hash */

	return l ? CW_OF(l, struct cw_spd_entry, by_id) : NULL;
}

static void
bucket_in(const struct cw_engine *e, struct cw_table *b, struct cw_spd_entry *x)
{
	struct cw_spd_entry **at = bucket_of(e, b, &x->pub);

	while (*at && before(*at, x))
		at = &(*at)->next[b->link];
	x->next[b->link] = *at;
	host_publish(*at, x);
}

static void
bucket_out(const struct cw_engine *e, struct cw_table *b, struct cw_spd_entry *x)
{
	struct cw_spd_entry **at = bucket_of(e, b, &x->pub);

	while (*at && *at != x)
		at = &(*at)->next[b->link];
	if (*at)
		host_publish(*at, x->next[b->link]);
}

static bool
tuple_grow(struct cw_engine *e, struct cw_tuple *t)
{
	struct cw_table *from = t->table, *to;
	uint32_t more = from ? from->buckets * 4 : 16;

	to = host_zalloc(sizeof(*to) + more * sizeof(to->bucket[0]));
	if (!to)
		return false;
	to->buckets = more;
	to->link = from ? !from->link : 0;
	for (uint32_t i = 0; from && i < from->buckets; i++)
		for (struct cw_spd_entry *x = from->bucket[i]; x; x = x->next[from->link])
			bucket_in(e, to, x);
	host_publish(t->table, to);
	if (from) {
		host_synchronize();	/* the next growth uses the old links again */
		host_free(from);
	}
	return true;
}

static struct cw_tuple *
tuple_get(struct cw_engine *e, const struct cw_policy *p)
{
	struct cw_tuple *t = tuple_find(e, p);

	if (!t) {
		t = host_zalloc(sizeof(*t));
		if (!t)
			return NULL;
		t->dir = p->dir;
		t->fam = p->src.addr.fam;
		t->slen = p->src.len;
		t->dlen = p->dst.len;
		t->has = has(p);
		t->best = UINT32_MAX;
		if (!tuple_grow(e, t)) {
			host_free(t);
			return NULL;
		}
		t->next = e->tuples;
		host_publish(e->tuples, t);
	}
	if (t->count >= t->table->buckets * 2 && !tuple_grow(e, t))
		return NULL;
	return t;
}

static void
shade_out(struct cw_engine *e, struct cw_spd_entry *x, unsigned i)
{
	struct cw_shade *a = x->shade[i].in;
	struct cw_spd_entry *prev = x->shade[i].prev, *next = x->shade[i].next;

	if (!a)
		return;
	x->shade[i].in = NULL;
	if (prev)
		prev->shade[i].next = next;
	else
		host_publish(a->first, next);
	*(next ? &next->shade[i].prev : &a->last) = prev;
	if (a->last)
		return;
	cw_index_del(&e->shades, &a->link);
	host_defer(&a->defer, host_free, a);
}

/* The usual one comes last: it is looked for from there. */
static bool
shade_in(struct cw_engine *e, const struct cw_tuple *t, struct cw_spd_entry *x, unsigned i, uint8_t proto)
{
	const struct spd_key k = { .s = x->pub.src.addr, .d = x->pub.dst.addr, .iface = x->pub.iface.num };
	struct cw_shade *a = shade_find(e, t, &k, proto);
	struct cw_spd_entry *prev, *next = NULL;

	if (!a) {
		if (!cw_index_room(&e->shades) || !(a = host_zalloc(sizeof(*a))))
			return false;
		a->t = t;
		a->s = k.s;
		a->d = k.d;
		a->iface = k.iface;
		a->proto = proto;
		cw_index_add(&e->shades, &a->link, shade_hash(e, t, &k, proto));
	}
	for (prev = a->last; prev && before(x, prev); prev = prev->shade[i].prev)
		next = prev;
	x->shade[i].in = a;
	x->shade[i].prev = prev;
	x->shade[i].next = next;
	*(next ? &next->shade[i].prev : &a->last) = x;
	if (prev)
		prev->shade[i].next = x;
	else
		host_publish(a->first, x);
	return true;
}

static bool
shades_in(struct cw_engine *e, const struct cw_tuple *t, struct cw_spd_entry *x)
{
	if (x->pub.type != CW_POLICY_IPSEC && x->pub.type != CW_POLICY_DISCARD)
		return true;
	if ((t->has & HAS_PORTS) && !shade_in(e, t, x, 0, x->pub.proto))
		return false;
	if (!t->has || shade_in(e, t, x, 1, CW_ULPROTO_ANY))
		return true;
	shade_out(e, x, 0);
	return false;
}

static void
tuple_free(void *p)
{
	struct cw_tuple *t = p;

	host_free(t->table);
	host_free(t);
}

static void
tuple_out(struct cw_engine *e, struct cw_tuple *t)
{
	struct cw_tuple **at = &e->tuples;

	while (*at != t)
		at = &(*at)->next;
	host_publish(*at, t->next);
	host_defer(&t->defer, tuple_free, t);
}

/* The tuple's best value goes first: who skips the tuple by the old one is as before the change. */
static void
entry_in(const struct cw_engine *e, struct cw_tuple *t, struct cw_spd_entry *x)
{
	if (x->pub.priority < t->best)
		host_publish(t->best, x->pub.priority);
	bucket_in(e, t->table, x);
}

/*
 * As KAME has it: at the end of its lifetime, or when nothing has used it for so long; who was never used begins when it came. A packet that
 * finds it until then puts the latter off, also one that comes after that end and before the tick: it is closed longer, not shorter.
 */
uint64_t
cw_spd_end(const struct cw_policy *p, uint64_t born, uint64_t used)
{
	uint64_t a = cw_after(born, p->life), b = cw_after(used > born ? used : born, p->idle);

	return a < b ? a : b;
}

/* The wall clock was asked when it came: whatever it does since then, the two stay as far apart as they were. */
struct cw_spd_past
cw_spd_past(const struct cw_spd_entry *x)
{
	uint64_t used = host_load(x->used);
	struct cw_spd_past t = {
		.created = x->born_wall, .packets = host_count_read(&x->packets), .bytes = host_count_read(&x->bytes),
		.dropped = host_count_read(&x->dropped),
	};

	if (used)
		t.used = used > x->born ? x->born_wall + (used - x->born) / NS : x->born_wall - (x->born - used) / NS;
	return t;
}

static void
time_in(struct cw_engine *e, struct cw_spd_entry *x)
{
	uint64_t end = cw_spd_end(&x->pub, x->born, host_load(x->used));

	if (end != NEVER)
		cw_due_set(e, &x->timer, end);
}

void
cw_spd_due(struct cw_engine *e, struct cw_spd_entry *x, uint64_t now)
{
	struct cw_spd_past t = cw_spd_past(x);
	struct cw_policy p = x->pub;

	if (cw_spd_end(&p, x->born, host_load(x->used)) > now) {
		time_in(e, x);
		return;
	}
	cw_spd_remove(e, x);
	cw_event_spdexpire(e, &p, &t);
}

struct cw_spd_entry *
cw_spd_add(struct cw_engine *e, const struct cw_policy *p, uint64_t now, int *err)
{
	struct cw_tuple *t = NULL;
	struct cw_spd_entry *x = NULL;

	*err = ENOBUFS;
	if (e->nsp >= host_load(e->bounds.policies) || !cw_index_room(&e->sp_by_id) || !cw_due_room(e) || !(t = tuple_get(e, p)) ||
	    !(x = host_zalloc(sizeof(*x))))
		return NULL;
	if (!cw_own_get(e, p)) {
		host_free(x);
		return NULL;
	}
	x->pub = *p;
	x->order = e->next_id++;
	x->born = now;
	x->born_wall = host_wall_s();
	x->timer.policy = true;
	x->wait_end = &x->wait;
	if (!shades_in(e, t, x)) {
		cw_own_put(e, p);
		host_free(x);
		return NULL;
	}
	do {
		x->pub.id = e->next_policy++;
	} while (x->pub.id == 0 || cw_spd_by_id(e, x->pub.id));
	cw_index_add(&e->sp_by_id, &x->by_id, x->pub.id);
	entry_in(e, t, x);
	host_publish(t->count, t->count + 1);
	x->prev = e->sp_last;
	*(e->sp_last ? &e->sp_last->succ : &e->sp_first) = x;
	e->sp_last = x;
	e->nsp++;
	e->nsp_iface += p->iface.num != 0;
	time_in(e, x);
	*err = 0;
	host_policy_changed(e->host, CW_POLICY_ADDED, &x->pub);
	return x;
}

static void
move_cursors(struct cw_engine *e, struct cw_spd_entry *x)
{
	for (struct cw_client *c = e->clients; c; c = c->next) {
		if (c->dump != SADB_X_SPDDUMP || x->order > c->dump_end || !c->dump_sp || x->order < c->dump_sp->order)
			continue;
		c->dump_left--;
		if (c->dump_sp == x)
			c->dump_sp = x->succ;
	}
}

/* Where a new entry takes the place of an old one: in the list, among the numbers, and for dumps that stand there. */
static void
stand_in(struct cw_engine *e, struct cw_spd_entry *x, struct cw_spd_entry *y)
{
	cw_index_swap(&e->sp_by_id, &x->by_id, &y->by_id);
	y->prev = x->prev;
	y->succ = x->succ;
	*(x->prev ? &x->prev->succ : &e->sp_first) = y;
	*(x->succ ? &x->succ->prev : &e->sp_last) = y;
	for (struct cw_client *c = e->clients; c; c = c->next)
		if (c->dump_sp == x)
			c->dump_sp = y;
}

/*
 * In place: id and order stay, so neither its neighbours nor its dump position move. A lookup finds the old one or the new. Its lifetime
 * begins anew; what was counted stays.
 */
struct cw_spd_entry *
cw_spd_update(struct cw_engine *e, struct cw_spd_entry *x, const struct cw_policy *p, uint64_t now)
{
	struct cw_tuple *t = tuple_find(e, &x->pub);
	struct cw_spd_entry *y = cw_due_room(e) ? host_zalloc(sizeof(*y)) : NULL;

	if (!y)
		return NULL;
	if (!cw_own_get(e, p)) {
		host_free(y);
		return NULL;
	}
	y->pub = *p;
	y->pub.id = x->pub.id;
	y->order = x->order;
	y->born = now;
	y->born_wall = host_wall_s();
	y->used = host_load(x->used);
	host_count_set(&y->packets, host_count_read(&x->packets));	/* but for a packet that is with the old one this moment */
	host_count_set(&y->bytes, host_count_read(&x->bytes));
	host_count_set(&y->dropped, host_count_read(&x->dropped));
	y->timer.policy = true;
	y->wait_end = &y->wait;
	if (!shades_in(e, t, y)) {
		cw_own_put(e, p);
		host_free(y);
		return NULL;
	}
	entry_in(e, t, y);
	if (before(y, x))
		host_synchronize();	/* who has passed the new one's place still comes by the old one */
	bucket_out(e, t->table, x);
	shade_out(e, x, 0);
	shade_out(e, x, 1);
	stand_in(e, x, y);
	cw_due_out(e, &x->timer);
	time_in(e, y);
	cw_own_put(e, &x->pub);
	cw_wait_move(e, x, y);
	host_policy_changed(e->host, CW_POLICY_UPDATED, &y->pub);
	host_defer(&x->defer, host_free, x);
	return y;
}

void
cw_spd_remove(struct cw_engine *e, struct cw_spd_entry *x)
{
	struct cw_tuple *t = tuple_find(e, &x->pub);

	bucket_out(e, t->table, x);
	shade_out(e, x, 0);
	shade_out(e, x, 1);
	host_publish(t->count, t->count - 1);
	if (t->count == 0)
		tuple_out(e, t);
	cw_wait_drop(e, x, CW_DROP_QUEUE_OLD, true);
	cw_due_out(e, &x->timer);
	cw_index_del(&e->sp_by_id, &x->by_id);
	move_cursors(e, x);
	*(x->prev ? &x->prev->succ : &e->sp_first) = x->succ;
	*(x->succ ? &x->succ->prev : &e->sp_last) = x->prev;
	e->nsp--;
	e->nsp_iface -= x->pub.iface.num != 0;
	cw_own_put(e, &x->pub);
	host_policy_changed(e->host, CW_POLICY_DELETED, &x->pub);
	cw_iface_put(e, &x->pub.iface);
	host_defer(&x->defer, host_free, x);
}

void
cw_policies(struct cw_engine *e, bool (*fn)(void *arg, const struct cw_policy *), void *arg)
{
	for (struct cw_spd_entry *x = e->sp_first; x; x = x->succ)
		if (!fn(arg, &x->pub))
			return;
}

unsigned
cw_policy_count(const struct cw_engine *e)
{
	return e->nsp;
}
