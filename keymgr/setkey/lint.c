/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>

#include "lang.h"
#include "lint.h"

enum { HAS_PROTO = 1, HAS_SPORT = 2, HAS_DPORT = 4 };
#define NONE	UINT32_MAX

struct shape { uint8_t dir, fam, slen, dlen, has; };

struct entry {
	struct lint_policy	p;
	uint32_t		next;	/* in its bucket */
	bool			gone;
};

struct lint {
	struct entry	*v;
	uint32_t	n, cap;
	uint32_t	*bucket, buckets;	/* power of two */
	struct shape	*shapes;
	unsigned	nshapes, shape_cap;
	uint64_t	order;
};

struct lint *
lint_new(void)
{
	return calloc(1, sizeof(struct lint));
}

void
lint_free(struct lint *l)
{
	if (!l)
		return;
	free(l->v);
	free(l->bucket);
	free(l->shapes);
	free(l);
}

void
lint_clear(struct lint *l)
{
	l->n = 0;
	l->nshapes = 0;
	for (uint32_t i = 0; i < l->buckets; i++)
		l->bucket[i] = NONE;
}

static void
mask(struct prefix *p, uint8_t len)
{
	size_t whole = len / 8u;

	p->len = len;
	if (len % 8u && whole < sizeof(p->addr.b))
		p->addr.b[whole++] &= (uint8_t)(0xff00u >> len % 8u);
	memset(p->addr.b + whole, 0, sizeof(p->addr.b) - whole);
}

static bool
clear_ok(const struct pfkey_policy *p)
{
	if (p->type == CW_POLICY_NONE || p->type == CW_POLICY_BYPASS)
		return true;
	for (unsigned i = 0; i < p->n; i++)
		if (p->req[i].level != CW_LEVEL_USE)
			return false;
	return p->type == CW_POLICY_IPSEC && p->n > 0;
}

bool
lint_of(const struct pfkey_msg *m, struct lint_policy *p)
{
	*p = (struct lint_policy){
		.src = { m->src.ep.addr, 0 }, .dst = { m->dst.ep.addr, 0 }, .dir = m->policy.dir, .type = (uint8_t)m->policy.type,
		.proto = m->src.proto ? m->src.proto : CW_ULPROTO_ANY, .sport = m->src.ep.port, .dport = m->dst.ep.port,
		.priority = m->policy.priority, .id = m->policy.id, .clear_ok = clear_ok(&m->policy),
	};
	if (!(m->has & PFKEY_HAS(SADB_EXT_ADDRESS_SRC)) || !(m->has & PFKEY_HAS(SADB_EXT_ADDRESS_DST)) || p->src.addr.fam == 0 ||
	    p->src.addr.fam != p->dst.addr.fam || m->src.prefixlen > addr_bits(&p->src.addr) || m->dst.prefixlen > addr_bits(&p->dst.addr))
		return false;
	if (m->has & PFKEY_HAS(CW_EXT_IFACE))
		return false;		/* what is routed elsewhere never meets it, nor it a policy of none */
	mask(&p->src, m->src.prefixlen);
	mask(&p->dst, m->dst.prefixlen);
	return true;
}

static struct shape
shape_of(const struct lint_policy *p)
{
	uint8_t has = (uint8_t)((p->proto != CW_ULPROTO_ANY ? HAS_PROTO : 0) | (p->sport ? HAS_SPORT : 0) | (p->dport ? HAS_DPORT : 0));

	return (struct shape){ p->dir, p->src.addr.fam, p->src.len, p->dst.len, has };
}

/* FNV-1a over what names a policy. */
static uint32_t
hash(const struct lint_policy *p)
{
	const uint8_t rest[] = { p->dir, p->src.len, p->dst.len, p->proto, (uint8_t)(p->sport >> 8), (uint8_t)p->sport, (uint8_t)(p->dport >> 8),
	    (uint8_t)p->dport };
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < sizeof(p->src.addr.b); i++)
		h = (h ^ p->src.addr.b[i]) * 16777619u;
	for (size_t i = 0; i < sizeof(p->dst.addr.b); i++)
		h = (h ^ p->dst.addr.b[i]) * 16777619u;
	for (size_t i = 0; i < sizeof(rest); i++)
		h = (h ^ rest[i]) * 16777619u;
	return h ^ h >> 15;
}

static bool
same(const struct lint_policy *a, const struct lint_policy *b)
{
	return a->dir == b->dir && a->proto == b->proto && a->sport == b->sport && a->dport == b->dport && a->src.len == b->src.len &&
	    a->dst.len == b->dst.len && addr_eq(&a->src.addr, &b->src.addr) && addr_eq(&a->dst.addr, &b->dst.addr);
}

static bool
before(const struct lint_policy *a, const struct lint_policy *b)
{
	return a->priority != b->priority ? a->priority < b->priority : a->order < b->order;
}

static struct entry *
find(const struct lint *l, const struct lint_policy *p)
{
	uint32_t i = l->buckets ? l->bucket[hash(p) & (l->buckets - 1)] : NONE;

	while (i != NONE && (l->v[i].gone || !same(&l->v[i].p, p)))
		i = l->v[i].next;
	return i == NONE ? NULL : &l->v[i];
}

static void
chain(struct lint *l, uint32_t i)
{
	uint32_t *at = &l->bucket[hash(&l->v[i].p) & (l->buckets - 1)];

	l->v[i].next = *at;
	*at = i;
}

static bool
room(struct lint *l)
{
	uint32_t cap = l->cap ? l->cap * 2 : 64;
	struct entry *v;
	uint32_t *b;

	if (l->n < l->cap)
		return true;
	v = realloc(l->v, cap * sizeof(*v));
	if (!v)
		return false;
	l->v = v;
	b = malloc(cap * sizeof(*b));
	if (!b)
		return false;
	free(l->bucket);
	l->bucket = b;
	l->cap = l->buckets = cap;
	for (uint32_t i = 0; i < cap; i++)
		b[i] = NONE;
	for (uint32_t i = 0; i < l->n; i++)
		chain(l, i);
	return true;
}

static bool
shape_known(struct lint *l, const struct lint_policy *p)
{
	struct shape s = shape_of(p), *grown;
	unsigned cap = l->shape_cap ? l->shape_cap * 2 : 16;

	for (unsigned i = 0; i < l->nshapes; i++)
		if (memcmp(&l->shapes[i], &s, sizeof(s)) == 0)
			return true;
	if (l->nshapes == l->shape_cap) {
		grown = realloc(l->shapes, cap * sizeof(*grown));
		if (!grown)
			return false;
		l->shapes = grown;
		l->shape_cap = cap;
	}
	l->shapes[l->nshapes++] = s;
	return true;
}

const struct lint_policy *
lint_put(struct lint *l, const struct lint_policy *p)
{
	struct entry *x = find(l, p);
	uint64_t order = x ? x->p.order : l->order;

	if (!x) {
		if (!room(l) || !shape_known(l, p))
			return NULL;
		x = &l->v[l->n];
		*x = (struct entry){ .p = *p };
		chain(l, l->n++);
		l->order++;
	}
	x->p = *p;
	x->p.order = order;
	return &x->p;
}

void
lint_take(struct lint *l, const struct lint_policy *p)
{
	struct entry *x = find(l, p);

	if (x)
		x->gone = true;
}

const struct lint_policy *
lint_shadow(const struct lint *l, const struct lint_policy *p)
{
	const struct lint_policy *best = NULL;

	for (unsigned i = 0; i < l->nshapes; i++) {
		const struct shape *s = &l->shapes[i], mine = shape_of(p);
		struct lint_policy k = *p;
		const struct entry *x;

		if (s->dir != mine.dir || s->fam != mine.fam || s->slen > mine.slen || s->dlen > mine.dlen || (s->has & ~mine.has))
			continue;
		mask(&k.src, s->slen);
		mask(&k.dst, s->dlen);
		k.proto = s->has & HAS_PROTO ? p->proto : CW_ULPROTO_ANY;
		k.sport = s->has & HAS_SPORT ? p->sport : 0;
		k.dport = s->has & HAS_DPORT ? p->dport : 0;
		x = find(l, &k);
		if (x && before(&x->p, p) && (!best || before(&x->p, best)))
			best = &x->p;
	}
	return best;
}

void
lint_each(const struct lint *l, bool (*fn)(void *, const struct lint_policy *), void *arg)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (!l->v[i].gone && !fn(arg, &l->v[i].p))
			return;
}

bool
lint_count(void *n, const struct lint_policy *p)
{
	++*(unsigned *)n;
	return true;
}

static int
range(char *buf, size_t cap, const struct prefix *p, uint16_t port, bool ports)
{
	char text[PREFIX_STR];

	if (!ports)
		return snprintf(buf, cap, "%s ", prefix_str(p, text));
	return port ? snprintf(buf, cap, "%s[%u] ", prefix_str(p, text), port) : snprintf(buf, cap, "%s[any] ", prefix_str(p, text));
}

const char *
lint_text(const struct lint_policy *p, char buf[static LINT_TEXT])
{
	bool ports = p->proto != 1 && p->proto != 58 && p->proto != 135 && p->proto != 47;
	const char *name = upper_name(p->proto);
	int n = range(buf, LINT_TEXT, &p->src, p->sport, ports);

	n += range(buf + n, LINT_TEXT - (size_t)n, &p->dst, p->dport, ports);
	n += name ? snprintf(buf + n, LINT_TEXT - (size_t)n, "%s", name) : snprintf(buf + n, LINT_TEXT - (size_t)n, "%u", p->proto);
	if (p->proto == 47 && (p->sport || p->dport))
		n += snprintf(buf + n, LINT_TEXT - (size_t)n, " %u", (unsigned)p->sport << 16 | p->dport);
	else if (!ports && (p->sport || p->dport))
		n += snprintf(buf + n, LINT_TEXT - (size_t)n, " %u,%u", p->sport, p->dport);
	snprintf(buf + n, LINT_TEXT - (size_t)n, " %s %s", poltext_dir(p->dir), poltext_type(p->type));
	return buf;
}
