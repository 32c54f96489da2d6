/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sorted by remote prefix, a prefix that contains another comes before it. So one walk with the list of remotes that are still
 * "open" finds every overlap, and only the local side of the later pair has to be cut.
 */
#include <stdlib.h>

#include "pairs.h"

void
pairs_fini(struct pairs *p)
{
	free(p->v);
	*p = (struct pairs){ NULL, 0, 0 };
}

bool
pairs_add(struct pairs *p, const struct pair *one)
{
	if (p->n == p->cap) {
		size_t cap = p->cap ? p->cap * 2 : 16;
		struct pair *v;

		if (p->n >= PAIRS_MAX || (v = realloc(p->v, cap * sizeof(*v))) == NULL)
			return false;
		p->v = v;
		p->cap = cap;
	}
	p->v[p->n++] = *one;
	return true;
}

bool
pairs_add_all(struct pairs *p, const struct pairs *more)
{
	for (size_t i = 0; i < more->n; i++)
		if (!pairs_add(p, &more->v[i]))
			return false;
	return true;
}

int
pair_cmp(const struct pair *a, const struct pair *b)
{
	int c = prefix_cmp(&a->remote, &b->remote);

	return c ? c : prefix_cmp(&a->local, &b->local);
}

static int
cmp(const void *a, const void *b)
{
	return pair_cmp(a, b);
}

void
pairs_sort(struct pairs *p)
{
	size_t n = 0;

	if (p->n == 0)
		return;
	qsort(p->v, p->n, sizeof(*p->v), cmp);
	for (size_t i = 1; i < p->n; i++)
		if (pair_cmp(&p->v[n], &p->v[i]) != 0)
			p->v[++n] = p->v[i];
	p->n = n + 1;
}

bool
pairs_eq(const struct pairs *a, const struct pairs *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (pair_cmp(&a->v[i], &b->v[i]) != 0)
			return false;
	return true;
}

void
pairs_less(struct pairs *p, const struct pairs *gone)
{
	size_t n = 0, k = 0;

	for (size_t i = 0; i < p->n; i++) {
		while (k < gone->n && pair_cmp(&gone->v[k], &p->v[i]) < 0)
			k++;
		if (k == gone->n || pair_cmp(&gone->v[k], &p->v[i]) != 0)
			p->v[n++] = p->v[i];
	}
	p->n = n;
}

bool
prefix_in(const struct prefix *inner, const struct prefix *outer)
{
	return inner->len >= outer->len && prefix_has(outer, &inner->addr);
}

/* One of the two halves of a prefix. */
static struct prefix
half(const struct prefix *p, bool upper)
{
	struct prefix h = *p;

	if (upper)
		h.addr.b[p->len / 8] |= (uint8_t)(0x80 >> (p->len % 8));
	h.len++;
	return h;
}

/* Append `one` less what out->v[from..] of the same remote or a wider one covers. open: indices of those pairs. */
static bool
add_rest(struct pairs *out, const struct pair *one, const size_t *open, size_t nopen)
{
	struct pair piece = *one;
	struct pair todo[130];
	size_t n = 0;

	todo[n++] = piece;
	while (n) {
		bool cut = false;

		piece = todo[--n];
		for (size_t i = 0; i < nopen && !cut; i++) {
			const struct prefix *l = &out->v[open[i]].local;

			if (prefix_in(&piece.local, l)) {
				cut = true;	/* covered whole */
			} else if (prefix_in(l, &piece.local)) {
				struct pair a = piece, b = piece;

				a.local = half(&piece.local, false);
				b.local = half(&piece.local, true);
				todo[n++] = b;
				todo[n++] = a;
				cut = true;
			}
		}
		if (!cut && !pairs_add(out, &piece))
			return false;
	}
	return true;
}

bool
pairs_disjoint(const struct pairs *in, struct pairs *out)
{
	size_t *open = NULL, nopen = 0, cap = 0;
	bool ok = true;

	out->n = 0;
	for (size_t i = 0; ok && i < in->n; i++) {
		size_t first = out->n, keep = 0;

		for (size_t k = 0; k < nopen; k++)
			if (prefix_in(&in->v[i].remote, &out->v[open[k]].remote))
				open[keep++] = open[k];
		nopen = keep;
		ok = add_rest(out, &in->v[i], open, nopen);
		if (ok && nopen + (out->n - first) > cap) {
			size_t more = (nopen + (out->n - first)) * 2 + 64;
			size_t *v = realloc(open, more * sizeof(*v));

			ok = v != NULL;
			if (ok) {
				open = v;
				cap = more;
			}
		}
		for (size_t k = first; ok && k < out->n; k++)
			open[nopen++] = k;
	}
	free(open);
	if (ok)
		pairs_sort(out);
	return ok;
}

/* Is there a pair with exactly this remote? in is sorted by remote. */
static bool
has_remote(const struct pairs *in, const struct prefix *p)
{
	size_t lo = 0, hi = in->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = prefix_cmp(&in->v[mid].remote, p);

		if (c == 0)
			return true;
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

bool
pairs_covered_locals(const struct pairs *in, struct pairs *out)
{
	out->n = 0;
	for (size_t i = 0; i < in->n; i++) {
		struct pair p = { in->v[i].local, in->v[i].local };
		struct prefix up = p.local;
		bool found = has_remote(in, &up);

		while (!found && up.len > 0) {
			up.len--;
			up.addr.b[up.len / 8] &= (uint8_t)~(0x80 >> (up.len % 8));
			found = has_remote(in, &up);
		}
		if (found && !pairs_add(out, &p))
			return false;
	}
	pairs_sort(out);
	return true;
}

/* The first remote at or behind p in the order of the list. */
static size_t
lower_bound(const struct pairs *list, const struct prefix *p)
{
	size_t lo = 0, hi = list->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (prefix_cmp(&list->v[mid].remote, p) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool
pairs_less_remotes(const struct pairs *nets, const struct pairs *list, struct pairs *out)
{
	struct prefix todo[130];

	out->n = 0;
	for (size_t i = 0; i < nets->n; i++) {
		size_t n = 0;

		todo[n++] = nets->v[i].remote;
		while (n) {
			struct prefix p = todo[--n];
			size_t at = lower_bound(list, &p);
			struct pair one = { p, p };

			if (at == list->n || !prefix_in(&list->v[at].remote, &p)) {
				if (!pairs_add(out, &one))
					return false;
			} else if (list->v[at].remote.len > p.len) {
				todo[n++] = half(&p, true);
				todo[n++] = half(&p, false);
			}
		}
	}
	pairs_sort(out);
	return true;
}
