/* SPDX-License-Identifier: BSD-2-Clause */
/* One pass over two sorted lists. Order of the operations: ADD and UPDATE before DELETE, so that no pair is bare in between. */
#include <stdlib.h>
#include <string.h>

#include "spd.h"

bool
spd_add(struct spd *s, const struct spd_entry *e)
{
	if (s->n == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 64;
		struct spd_entry *v = reallocarray(s->v, cap, sizeof(*v));

		if (!v)
			return false;
		s->v = v;
		s->cap = cap;
	}
	s->v[s->n++] = *e;
	return true;
}

void
spd_fini(struct spd *s)
{
	free(s->v);
	memset(s, 0, sizeof(*s));
}

static int
cmp_prefix(const struct prefix *x, const struct prefix *y)
{
	int c = addr_cmp(&x->addr, &y->addr);

	return c ? c : (int)x->len - (int)y->len;
}

static int
cmp_key(const struct spd_entry *x, const struct spd_entry *y)
{
	int c;

	if (x->dir != y->dir)
		return (int)x->dir - (int)y->dir;
	if ((c = cmp_prefix(&x->src, &y->src)) != 0 || (c = cmp_prefix(&x->dst, &y->dst)) != 0)
		return c;
	if (x->proto != y->proto)
		return (int)x->proto - (int)y->proto;
	if (x->sport != y->sport)
		return (int)x->sport - (int)y->sport;
	if (x->dport != y->dport)
		return (int)x->dport - (int)y->dport;
	return strcmp(x->iface, y->iface);
}

/* Of several with one key, ours come first, so that the first is the one to compare with. */
static int
cmp_entry(const void *a, const void *b)
{
	const struct spd_entry *x = a, *y = b;
	int c = cmp_key(x, y);

	if (c)
		return c;
	if (x->owner != y->owner)
		return x->owner == SPD_OURS ? -1 : y->owner == SPD_OURS ? 1 : (int)y->owner - (int)x->owner;
	return x->id < y->id ? -1 : x->id > y->id;
}

void
spd_sort(struct spd *s)
{
	if (s->n)
		qsort(s->v, s->n, sizeof(s->v[0]), cmp_entry);
}

static bool
add_op(struct spd_ops *ops, enum spd_op_kind kind, const struct spd_entry *e, size_t want)
{
	if (ops->n == ops->cap) {
		size_t cap = ops->cap ? ops->cap * 2 : 64;
		struct spd_op *v = reallocarray(ops->v, cap, sizeof(*v));

		if (!v)
			return false;
		ops->v = v;
		ops->cap = cap;
	}
	ops->v[ops->n++] = (struct spd_op){ kind, *e, want };
	return true;
}

static bool
is_ours(const struct spd_entry *have, const struct spd_entry *want)
{
	return have->owner == SPD_OURS || (have->owner == SPD_UNSAID && want && have->reqid == want->reqid);
}

static bool
same(const struct spd_entry *have, const struct spd_entry *want)
{
	return have->plain && have->discard == want->discard && have->priority == want->priority && have->reqid == want->reqid &&
	    addr_cmp(&have->peer, &want->peer) == 0;
}

/* One wanted entry against all present ones of its key, have[i..j). */
static bool
compare(struct spd_entry *want, size_t index, const struct spd *have, size_t i, size_t j, struct spd_ops *ops)
{
	bool ok = true;

	want->present = false;
	want->id = 0;
	if (i == j)
		return add_op(ops, SPD_ADD, want, index);
	if (!is_ours(&have->v[i], want))
		return add_op(ops, SPD_BLOCKED, &have->v[i], index);
	want->present = same(&have->v[i], want);
	want->id = have->v[i].id;
	if (!want->present)
		ok = add_op(ops, SPD_UPDATE, want, index);
	for (i++; ok && i < j; i++)
		if (have->v[i].owner == SPD_OURS)
			ok = add_op(ops, SPD_DELETE, &have->v[i], 0);
	return ok;
}

static int
by_kind(const void *a, const void *b)
{
	const struct spd_op *x = a, *y = b;
	int dx = x->kind == SPD_DELETE, dy = y->kind == SPD_DELETE, c;

	if (dx != dy)
		return dx - dy;
	c = cmp_key(&x->e, &y->e);
	return c ? c : x->e.id < y->e.id ? -1 : x->e.id > y->e.id;
}

bool
spd_diff(struct spd *want, const struct spd *have, struct spd_ops *ops)
{
	size_t w = 0, h = 0;
	bool ok = true;

	ops->n = 0;
	while (ok && (w < want->n || h < have->n)) {
		int c = w == want->n ? 1 : h == have->n ? -1 : cmp_key(&want->v[w], &have->v[h]);
		size_t end = h;

		if (c > 0) {
			if (have->v[h].owner == SPD_OURS)
				ok = add_op(ops, SPD_DELETE, &have->v[h], 0);
			h++;
			continue;
		}
		while (end < have->n && cmp_key(&want->v[w], &have->v[end]) == 0)
			end++;
		ok = compare(&want->v[w], w, have, h, end, ops);
		w++;
		h = end;
	}
	if (ops->n)
		qsort(ops->v, ops->n, sizeof(ops->v[0]), by_kind);
	return ok;
}

struct spd_entry *
spd_find(const struct spd *s, const struct spd_entry *key)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = cmp_key(key, &s->v[mid]);

		if (c == 0)
			return &s->v[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

void
spd_splice(const struct spd *s, unsigned tunnel, bool without, const struct spd *with, struct spd *out)
{
	size_t k = 0;

	out->n = 0;
	for (size_t i = 0; i < s->n; i++) {
		if (without && s->v[i].tunnel == tunnel)
			continue;
		while (k < with->n && cmp_key(&with->v[k], &s->v[i]) < 0)
			out->v[out->n++] = with->v[k++];
		out->v[out->n++] = s->v[i];
	}
	while (k < with->n)
		out->v[out->n++] = with->v[k++];
}

void
spd_ops_fini(struct spd_ops *ops)
{
	free(ops->v);
	memset(ops, 0, sizeof(*ops));
}

/*
 * Which of two a packet meets must not depend on which came first, or the two ends would differ. Of the same prefixes no two that cover one
 * packet have the same weight: what they name alike is the same (sitecheck.c), and the ports are told apart by the network that they are at.
 */
uint32_t
spd_priority(const struct spd_entry *e)
{
	bool less = cmp_prefix(&e->src, &e->dst) < 0;
	uint16_t lo = less ? e->sport : e->dport, hi = less ? e->dport : e->sport;

	return 0x80000000u + 1024u * (256u - e->src.len - e->dst.len) - (e->proto ? 1u : 0) - (lo ? 2u : 0) - (hi ? 4u : 0);
}
