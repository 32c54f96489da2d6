/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Line difference after Myers ("An O(ND) Difference Algorithm", 1986): the shortest script, found by the furthest points that d edits
 * reach on every diagonal. What both texts begin and end with is taken off first, so an edit of one tunnel among thousands costs little.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "textdiff.h"

#define CONTEXT		3
#define EDITS_MAX	2000	/* the trace of d edits takes d * d integers */
#define NOWHERE		(INT32_MIN / 2)	/* a diagonal that left the table */

struct line { const char *p; size_t n; };
struct lines { size_t n; struct line *v; };

enum what { SAME, GONE, NEW };
struct step { enum what what; size_t a, b; };	/* the lines it is about; b of GONE and a of NEW: where it happens */
struct script { size_t n; struct step *v; };

static bool
split(const char *p, size_t n, struct lines *out)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += p[i] == '\n';
	out->n = 0;
	out->v = calloc(count + 1, sizeof(*out->v));
	while (out->v && n) {
		const char *end = memchr(p, '\n', n);
		size_t len = end ? (size_t)(end - p) + 1 : n;

		out->v[out->n++] = (struct line){ p, len };
		p += len;
		n -= len;
	}
	return out->v != NULL;
}

static bool
eq(const struct line *x, const struct line *y)
{
	return x->n == y->n && memcmp(x->p, y->p, x->n) == 0;
}

static void
add(struct script *s, enum what what, size_t a, size_t b)
{
	s->v[s->n++] = (struct step){ what, a, b };
}

static void
replace_all(struct script *s, size_t a0, size_t a1, size_t b0, size_t b1)
{
	for (size_t i = a0; i < a1; i++)
		add(s, GONE, i, b0);
	for (size_t i = b0; i < b1; i++)
		add(s, NEW, a1, i);
}

/* From the end back to the beginning along the trace; then the other way round. */
static void
walk_back(struct script *s, const int32_t *trace, int32_t d, int32_t x, int32_t y, size_t base)
{
	size_t first = s->n;

	for (; d > 0; d--) {
		const int32_t *v = trace + (size_t)d * (size_t)(d - 1) / 2;
		int32_t k = x - y, row = d - 1;
		int32_t up = k + 1 <= row ? v[(k + 1 + row) / 2] : -1, left = k - 1 >= -row ? v[(k - 1 + row) / 2] : -1;
		bool down = k == -d || (k != d && left < up);
		int32_t px = down ? up : left, py = px - (down ? k + 1 : k - 1);

		while (x > px + !down && y > py + down) {
			x--;
			y--;
			add(s, SAME, base + (size_t)x, base + (size_t)y);
		}
		add(s, down ? NEW : GONE, base + (size_t)px, base + (size_t)py);
		x = px;
		y = py;
	}
	while (x > 0) {
		x--;
		y--;
		add(s, SAME, base + (size_t)x, base + (size_t)y);
	}
	for (size_t i = first, j = s->n; i + 1 < j; i++) {
		struct step t = s->v[i];

		s->v[i] = s->v[--j];
		s->v[j] = t;
	}
}

/*
 * The middle, a[base..a1) against b[base..b1). Row d of the trace has the d + 1 furthest x of the diagonals -d, -d + 2 ... d.
 * False: no memory, or too many edits.
 */
static bool
middle(struct script *s, const struct lines *a, size_t a1, const struct lines *b, size_t b1, size_t base)
{
	int32_t n = (int32_t)(a1 - base), m = (int32_t)(b1 - base), max = n + m < EDITS_MAX ? n + m : EDITS_MAX;
	int32_t *trace = NULL;

	for (int32_t d = 0; d <= max; d++) {
		size_t at = (size_t)d * (size_t)(d + 1) / 2;
		int32_t *grown = (d & (d - 1)) == 0 ? realloc(trace, ((size_t)d * 2 + 1) * ((size_t)d * 2 + 2) / 2 * sizeof(*trace)) : trace;
		const int32_t *before;
		int32_t *row;

		if (!grown)
			break;
		trace = grown;
		row = trace + at;
		before = row - d;
		for (int32_t k = -d; k <= d; k += 2) {
			int32_t up = k + 1 <= d - 1 ? before[(k + 1 + d - 1) / 2] : -1, left = k - 1 >= 1 - d ? before[(k - 1 + d - 1) / 2] : -1;
			int32_t x = d == 0 ? 0 : k == -d || (k != d && left < up) ? up : left + 1, y = x - k;

			if (x < 0 || y < 0 || x > n || y > m) {
				row[(k + d) / 2] = NOWHERE;
				continue;
			}
			while (x < n && y < m && eq(&a->v[base + (size_t)x], &b->v[base + (size_t)y])) {
				x++;
				y++;
			}
			row[(k + d) / 2] = x;
			if (x == n && y == m) {
				walk_back(s, trace, d, n, m, base);
				free(trace);
				return true;
			}
		}
	}
	free(trace);
	return false;
}

static bool
compare(const struct lines *a, const struct lines *b, struct script *s)
{
	size_t head = 0, tail = 0;

	s->n = 0;
	s->v = calloc(a->n + b->n + 1, sizeof(*s->v));
	if (!s->v)
		return false;
	while (head < a->n && head < b->n && eq(&a->v[head], &b->v[head]))
		head++;
	while (tail < a->n - head && tail < b->n - head && eq(&a->v[a->n - 1 - tail], &b->v[b->n - 1 - tail]))
		tail++;
	for (size_t i = 0; i < head; i++)
		add(s, SAME, i, i);
	if (!middle(s, a, a->n - tail, b, b->n - tail, head))
		replace_all(s, head, a->n - tail, head, b->n - tail);
	for (size_t i = tail; i > 0; i--)
		add(s, SAME, a->n - i, b->n - i);
	return true;
}

/* One hunk: steps [from, to). */
static void
print_hunk(FILE *out, const struct script *s, size_t from, size_t to, const struct lines *a, const struct lines *b)
{
	static const char mark[] = { ' ', '-', '+' };	/* order: enum what */
	size_t na = 0, nb = 0;

	for (size_t i = from; i < to; i++) {
		na += s->v[i].what != NEW;
		nb += s->v[i].what != GONE;
	}
	fprintf(out, "@@ -%zu,%zu +%zu,%zu @@\n", s->v[from].a + (na != 0), na, s->v[from].b + (nb != 0), nb);
	for (size_t i = from; i < to; i++) {
		const struct line *l = s->v[i].what == NEW ? &b->v[s->v[i].b] : &a->v[s->v[i].a];

		putc(mark[s->v[i].what], out);
		fwrite(l->p, 1, l->n, out);
		if (l->p[l->n - 1] != '\n')
			fputs("\n\\ No newline at end of file\n", out);
	}
}

static void
print_script(FILE *out, const struct script *s, const struct lines *a, const struct lines *b)
{
	size_t i = 0, done = 0;

	while (i < s->n) {
		size_t from, last = i;

		if (s->v[i].what == SAME) {
			i++;
			continue;
		}
		from = i - done > CONTEXT ? i - CONTEXT : done;
		while (i < s->n && i <= last + 2 * CONTEXT)
			if (s->v[i++].what != SAME)
				last = i - 1;
		done = last + 1 + CONTEXT < s->n ? last + 1 + CONTEXT : s->n;
		print_hunk(out, s, from, done, a, b);
		i = done;
	}
}

char *
text_diff(const char *ta, size_t na, const char *tb, size_t nb)
{
	struct lines a = { 0 }, b = { 0 };
	struct script s = { 0 };
	char *text = NULL;
	size_t size = 0;
	bool ok = split(ta, na, &a) && split(tb, nb, &b) && compare(&a, &b, &s);
	FILE *out = ok ? open_memstream(&text, &size) : NULL;

	if (out) {
		print_script(out, &s, &a, &b);
		ok = !ferror(out);
		if (fclose(out) != 0 || !ok) {
			free(text);
			text = NULL;
		}
	}
	free(a.v);
	free(b.v);
	free(s.v);
	return text;
}
