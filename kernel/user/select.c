/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdlib.h>

#include "causeway/pfkey.h"
#include "select.h"

void
selectors_fini(struct selectors *s)
{
	free(s->v);
	*s = (struct selectors){ NULL, 0, 0 };
}

bool
selectors_add(struct selectors *s, const struct selector *one)
{
	if (s->n == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 16;
		struct selector *v = realloc(s->v, cap * sizeof(*v));

		if (v == NULL)
			return false;
		s->v = v;
		s->cap = cap;
	}
	s->v[s->n++] = *one;
	return true;
}

/* Any order will do, if it is one. */
static int
selector_cmp(const void *x, const void *y)
{
	const struct selector *a = x, *b = y;
	int c = (int)a->dir - (int)b->dir;

	if (c == 0)
		c = (int)a->action - (int)b->action;
	if (c == 0)
		c = (int)a->proto - (int)b->proto;
	if (c == 0)
		c = (int)a->sport - (int)b->sport;
	if (c == 0)
		c = (int)a->dport - (int)b->dport;
	if (c == 0)
		c = prefix_cmp(&a->dst, &b->dst);
	return c ? c : prefix_cmp(&a->src, &b->src);
}

bool
selectors_eq(const struct selectors *a, const struct selectors *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (selector_cmp(&a->v[i], &b->v[i]) != 0)
			return false;
	return true;
}

bool
selectors_merge(struct selectors *s, const struct selectors *more)
{
	size_t n = s->n;

	for (size_t i = 0; i < more->n; i++) {
		bool there = false;

		for (size_t k = 0; k < n && !there; k++)
			there = selector_cmp(&s->v[k], &more->v[i]) == 0;
		if (!there && !selectors_add(s, &more->v[i]))
			return false;
	}
	return true;
}

void
selectors_sort(struct selectors *s)
{
	if (s->n)
		qsort(s->v, s->n, sizeof(*s->v), selector_cmp);
}

void
selectors_less(struct selectors *s, const struct selectors *gone)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (!gone->n || !bsearch(&s->v[i], gone->v, gone->n, sizeof(*gone->v), selector_cmp))
			s->v[n++] = s->v[i];
	s->n = n;
}

bool
selectors_lead(const struct selectors *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].action != SELECT_PASS && s->v[i].action != SELECT_PREFIX)
			return true;
	return false;
}

static bool
meet(const struct prefix *a, const struct prefix *b)
{
	return a->addr.fam == b->addr.fam && (a->len < b->len ? prefix_has(a, &b->addr) : prefix_has(b, &a->addr));
}

static bool
overlap(const struct selector *a, const struct selector *b)
{
	return a->dir == b->dir && meet(&a->src, &b->src) && meet(&a->dst, &b->dst);
}

/* Does a rule behind this policy by prefix take some of what is its? Such rules are only of the other kinds. */
static bool
precedes(const struct selectors *all, size_t i, const size_t *special, size_t n)
{
	for (size_t k = n; k-- > 0 && special[k] > i; )
		if (overlap(&all->v[i], &all->v[special[k]]))
			return true;
	return false;
}

/* The places of those that are not by prefix alone, without those behind which nothing is protected any more. */
static size_t
specials(const struct selectors *all, size_t special[SELECT_MAX], size_t *left)
{
	size_t n = 0, end = 0;

	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].action != SELECT_PASS)
			end = i + 1;
	*left = 0;
	for (size_t i = 0; i < end; i++) {
		if (all->v[i].action == SELECT_PREFIX)
			continue;
		if (n == SELECT_MAX)
			(*left)++;
		else
			special[n++] = i;
	}
	return n;
}

bool
selectors_choose(const struct selectors *all, struct selectors *out, size_t *left)
{
	size_t special[SELECT_MAX], n = specials(all, special, left), k = 0;

	out->n = 0;
	for (size_t i = 0; n > 0 && i <= special[n - 1]; i++) {
		bool is_special = k < n && special[k] == i;

		k += is_special;
		if (!is_special && (all->v[i].action != SELECT_PREFIX || !precedes(all, i, special, n)))
			continue;
		if (out->n == SELECT_MAX)
			*left += is_special;
		else if (!selectors_add(out, &all->v[i]))
			return false;
	}
	return true;
}
