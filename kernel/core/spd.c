/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The security policy database. A lookup asks one hash for each pair of prefix lengths in use, so 10,000 policies of the
 * usual few shapes cost a few probes. The lowest priority value wins, then the order of arrival; an update keeps its place.
 * RFC 4301 4.4.1: the SPD is ordered, and here the order is these two numbers and nothing else.
 */
#include "core.h"

struct pair { struct cw_addr s, d; };

static uint32_t
pair_hash(const struct cw_engine *e, const struct pair *p)
{
	unsigned n = cw_addr_len(&p->s);

	return cw_hash(p->d.b, n, cw_hash(p->s.b, n, e->seed));
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

/* Ports, and with IPv6 perhaps the protocol, of a later fragment are not known. Whatever protects or discards takes it; a bypass has to be sure. */
static bool
covers(const struct cw_policy *p, const struct pair *k, const struct cw_flow *f)
{
	if (!cw_addr_eq(&p->src.addr, &k->s) || !cw_addr_eq(&p->dst.addr, &k->d))
		return false;
	if (p->proto != CW_ULPROTO_ANY && f->opaque < 2 && p->proto != f->proto)
		return false;
	if ((f->opaque && (p->sport || p->dport)) || (f->opaque == 2 && p->proto != CW_ULPROTO_ANY))
		return p->type == CW_POLICY_IPSEC || p->type == CW_POLICY_DISCARD;
	return port_ok(p->sport, f->sport) && port_ok(p->dport, f->dport);
}

struct cw_spd_entry *
cw_spd_lookup(struct cw_engine *e, unsigned dir, const struct cw_flow *f)
{
	struct cw_spd_entry *best = NULL;

	for (struct cw_tuple *t = host_load(e->tuples); t; t = host_load(t->next)) {
		const struct cw_table *b;
		struct pair k;
		struct cw_spd_entry *p;

		if (t->dir != dir || t->fam != f->src.fam || host_load(t->count) == 0 ||
		    (best && host_load(t->best) > best->pub.priority))
			continue;
		k = (struct pair){ f->src, f->dst };
		cw_addr_mask(&k.s, t->slen);
		cw_addr_mask(&k.d, t->dlen);
		b = host_load(t->table);
		p = host_load(b->bucket[pair_hash(e, &k) & (b->buckets - 1)]);
		for (; p; p = host_load(p->next[b->link]))
			if (covers(&p->pub, &k, f)) {
				if (!best || before(p, best))
					best = p;
				break;		/* a bucket is sorted */
			}
	}
	return best;
}

static bool
same_selectors(const struct cw_policy *a, const struct cw_policy *b)
{
	return a->dir == b->dir && a->proto == b->proto && a->sport == b->sport && a->dport == b->dport &&
	    a->src.len == b->src.len && a->dst.len == b->dst.len &&
	    cw_addr_eq(&a->src.addr, &b->src.addr) && cw_addr_eq(&a->dst.addr, &b->dst.addr);
}

static struct cw_tuple *
tuple_find(struct cw_engine *e, const struct cw_policy *p)
{
	struct cw_tuple *t;

	for (t = e->tuples; t; t = t->next)
		if (t->dir == p->dir && t->fam == p->src.addr.fam && t->slen == p->src.len && t->dlen == p->dst.len)
			return t;
	return NULL;
}

static struct cw_spd_entry **
bucket_of(const struct cw_engine *e, struct cw_table *b, const struct cw_policy *p)
{
	struct pair k = { p->src.addr, p->dst.addr };

	return &b->bucket[pair_hash(e, &k) & (b->buckets - 1)];
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
	struct cw_spd_entry *x = e->sp_by_id[id & (CW_SAD_BUCKETS - 1)];

	while (x && x->pub.id != id)
		x = x->id_next;
	return x;
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

/* The tuple's best value goes first: who skips the tuple by the old one is as before the change. */
static void
entry_in(const struct cw_engine *e, struct cw_tuple *t, struct cw_spd_entry *x)
{
	if (x->pub.priority < t->best)
		host_publish(t->best, x->pub.priority);
	bucket_in(e, t->table, x);
}

struct cw_spd_entry *
cw_spd_add(struct cw_engine *e, const struct cw_policy *p, int *err)
{
	struct cw_tuple *t = NULL;
	struct cw_spd_entry *x = NULL;

	*err = ENOBUFS;
	if (e->nsp >= host_load(e->bounds.policies) || !(t = tuple_get(e, p)) || !(x = host_zalloc(sizeof(*x))))
		return NULL;
	if (!cw_own_get(e, p)) {
		host_free(x);
		return NULL;
	}
	x->pub = *p;
	x->order = e->next_id++;
	x->wait_end = &x->wait;
	do {
		x->pub.id = e->next_policy++;
	} while (x->pub.id == 0 || cw_spd_by_id(e, x->pub.id));
	x->id_next = e->sp_by_id[x->pub.id & (CW_SAD_BUCKETS - 1)];
	e->sp_by_id[x->pub.id & (CW_SAD_BUCKETS - 1)] = x;
	entry_in(e, t, x);
	host_publish(t->count, t->count + 1);
	x->prev = e->sp_last;
	*(e->sp_last ? &e->sp_last->succ : &e->sp_first) = x;
	e->sp_last = x;
	e->nsp++;
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
	struct cw_spd_entry **at = &e->sp_by_id[x->pub.id & (CW_SAD_BUCKETS - 1)];

	while (*at != x)
		at = &(*at)->id_next;
	*at = y;
	y->id_next = x->id_next;
	y->prev = x->prev;
	y->succ = x->succ;
	*(x->prev ? &x->prev->succ : &e->sp_first) = y;
	*(x->succ ? &x->succ->prev : &e->sp_last) = y;
	for (struct cw_client *c = e->clients; c; c = c->next)
		if (c->dump_sp == x)
			c->dump_sp = y;
}

/* In place: id and order stay, so neither its neighbours nor its dump position move. A lookup finds the old one or the new. */
struct cw_spd_entry *
cw_spd_update(struct cw_engine *e, struct cw_spd_entry *x, const struct cw_policy *p)
{
	struct cw_tuple *t = tuple_find(e, &x->pub);
	struct cw_spd_entry *y = host_zalloc(sizeof(*y));

	if (!y)
		return NULL;
	if (!cw_own_get(e, p)) {
		host_free(y);
		return NULL;
	}
	y->pub = *p;
	y->pub.id = x->pub.id;
	y->order = x->order;
	y->wait_end = &y->wait;
	entry_in(e, t, y);
	if (before(y, x))
		host_synchronize();	/* who has passed the new one's place still comes by the old one */
	bucket_out(e, t->table, x);
	stand_in(e, x, y);
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
	struct cw_spd_entry **at = &e->sp_by_id[x->pub.id & (CW_SAD_BUCKETS - 1)];

	bucket_out(e, t->table, x);
	host_publish(t->count, t->count - 1);
	if (t->count == 0)
		host_publish(t->best, UINT32_MAX);
	cw_wait_drop(e, x, CW_DROP_QUEUE_OLD, true);
	while (*at != x)
		at = &(*at)->id_next;
	*at = x->id_next;
	move_cursors(e, x);
	*(x->prev ? &x->prev->succ : &e->sp_first) = x->succ;
	*(x->succ ? &x->succ->prev : &e->sp_last) = x->prev;
	e->nsp--;
	cw_own_put(e, &x->pub);
	host_policy_changed(e->host, CW_POLICY_DELETED, &x->pub);
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
