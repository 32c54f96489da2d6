/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which routes a list of protected pairs asks for: pure, so that it is tested without a kernel. */
#include <stdlib.h>

#include "routes.h"

bool
route_list_add(struct route_list *l, const struct route *r)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 32;
		struct route *v = realloc(l->v, cap * sizeof(*v));

		if (v == NULL)
			return false;
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = *r;
	return true;
}

int
route_cmp(const struct route *a, const struct route *b)
{
	int c = addr_cmp(&a->dst.addr, &b->dst.addr);

	if (c == 0)
		c = (int)a->dst.len - (int)b->dst.len;
	return c ? c : (int)a->kind - (int)b->kind;
}

static int
cmp(const void *a, const void *b)
{
	const struct route *x = a, *y = b;
	int c = route_cmp(x, y);

	/* Of equal ones the one that has a source comes first and stays. */
	return c ? c : addr_cmp(&y->src, &x->src);
}

void
route_list_sort(struct route_list *l)
{
	size_t n = 0;

	if (l->n == 0)
		return;
	qsort(l->v, l->n, sizeof(*l->v), cmp);
	for (size_t i = 1; i < l->n; i++)
		if (route_cmp(&l->v[n], &l->v[i]) != 0)
			l->v[++n] = l->v[i];
	l->n = n + 1;
}

struct addr
routes_own_inside(const struct prefix *local, const struct addr *own, size_t nown)
{
	size_t lo = 0, hi = nown;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (addr_cmp(&own[mid], &local->addr) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < nown && prefix_has(local, &own[lo]))
		return own[lo];
	return (struct addr){ 0 };
}

bool
routes_want(struct route_list *l, const struct pairs *tun, const struct pairs *closed, const struct pairs *loc, const struct addr *own, size_t nown)
{
	bool ok = true;

	l->n = 0;
	for (size_t i = 0; ok && i < tun->n; i++) {
		struct route r = { tun->v[i].remote, ROUTE_TUN, routes_own_inside(&tun->v[i].local, own, nown), 0 };

		ok = route_list_add(l, &r);
		r.kind = ROUTE_UNREACHABLE;
		r.src = (struct addr){ 0 };
		ok = ok && route_list_add(l, &r);
	}
	for (size_t i = 0; ok && i < closed->n; i++) {
		struct route r = { closed->v[i].remote, ROUTE_UNREACHABLE, { 0 }, 0 };

		ok = route_list_add(l, &r);
	}
	for (size_t i = 0; ok && i < loc->n; i++) {
		struct route r = { loc->v[i].remote, ROUTE_THROW, { 0 }, 0 };

		ok = route_list_add(l, &r);
	}
	if (ok)
		route_list_sort(l);
	return ok;
}
