/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reading a tree of yamltree.h: members by key, kinds, numbers, and the nearest key for one that is unknown. */
#include <stdio.h>
#include <string.h>

#include "yamltree.h"


static const char *
kind_name(enum yt_kind k)
{
	return k == YT_SCALAR ? "a single value" : k == YT_LIST ? "a list" : "a block of keys";
}

static size_t
min3(size_t a, size_t b, size_t c)
{
	return a < b ? (a < c ? a : c) : (b < c ? b : c);
}

/* Edit distance with swaps of neighbours; words over 31 octets are far from everything. */
static size_t
distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b), d[32][32];

	if (n > 31 || m > 31)
		return 99;
	for (size_t i = 0; i <= n; i++)
		for (size_t j = 0; j <= m; j++) {
			if (i == 0 || j == 0) {
				d[i][j] = i + j;
				continue;
			}
			d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < d[i][j])
				d[i][j] = d[i - 2][j - 2] + 1;
		}
	return d[n][m];
}

const char *
yt_nearest(const char *word, const char *const *candidates)
{
	const char *best = NULL;
	size_t limit = strlen(word) > 5 ? 3 : 2, least = limit + 1;

	for (; *candidates; candidates++) {
		size_t d = distance(word, *candidates);

		if (d < least && d < strlen(*candidates)) {
			least = d;
			best = *candidates;
		}
	}
	return best;
}

bool
yt_same(const struct yt_node *a, const struct yt_node *b)
{
	for (; a && b; a = a->next, b = b->next) {
		if (a->kind != b->kind || !a->text != !b->text || (a->text && strcmp(a->text, b->text) != 0) ||
		    !a->key != !b->key || (a->key && strcmp(a->key, b->key) != 0) || !yt_same(a->child, b->child))
			return false;
	}
	return !a && !b;
}

static void
key_list(const char *const *keys, char *buf, size_t cap)
{
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; keys[i] && n < cap; i++)
		n += (size_t)snprintf(buf + n, cap - n, "%s%s", i ? ", " : "", keys[i]);
}

bool
yt_only(struct yt *yt, const struct yt_node *map, const char *const *keys)
{
	char hint[256], all[200];

	if (map->kind != YT_MAP)
		return yt_fail_at(yt, map, R_VALUE_INVALID, "", "Here must be a block of keys, not %s.", kind_name(map->kind));
	for (const struct yt_node *c = map->child; c; c = c->next) {
		const char *near;
		size_t i;

		for (i = 0; keys[i] && strcmp(keys[i], c->key) != 0; i++)
			;
		if (keys[i])
			continue;
		near = yt_nearest(c->key, keys);
		key_list(keys, all, sizeof(all));
		if (near)
			snprintf(hint, sizeof(hint), "Did you mean '%s'?", near);
		else
			snprintf(hint, sizeof(hint), "Known keys here: %s.", all);
		return yt_fail(yt, R_KEY_UNKNOWN, c->key_line, c->key_column, hint, "There is no key '%.64s' here.", c->key);
	}
	return true;
}

struct yt_node *
yt_get(struct yt *yt, const struct yt_node *map, const char *key, enum yt_need need)
{
	unsigned lo = 0, hi = map->kind == YT_MAP ? map->n : 0;

	while (lo < hi && map->by_key) {
		unsigned mid = lo + (hi - lo) / 2;
		int c = strcmp(key, map->by_key[mid]->key);

		if (c == 0)
			return map->by_key[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	if (need == YT_MUST)
		yt_fail(yt, R_KEY_MISSING, map->key ? map->key_line : map->line, map->key ? map->key_column : map->column, "",
		    "%s%.64s%s lacks the key '%s'.", map->key ? "'" : "", map->key ? map->key : "The file", map->key ? "'" : "", key);
	return NULL;
}

struct yt_node *
yt_get_kind(struct yt *yt, const struct yt_node *map, const char *key, enum yt_kind kind, enum yt_need need)
{
	struct yt_node *n = yt_get(yt, map, key, need);

	if (n && n->kind != kind) {
		yt_fail_at(yt, n, R_VALUE_INVALID, "", "'%s' must be %s, not %s.", key, kind_name(kind), kind_name(n->kind));
		return NULL;
	}
	return n;
}

const char *
yt_scalar(struct yt *yt, const struct yt_node *map, const char *key, enum yt_need need)
{
	struct yt_node *n = yt_get_kind(yt, map, key, YT_SCALAR, need);

	if (n && (!n->text || n->text[0] == '\0')) {
		yt_fail_at(yt, n, R_VALUE_INVALID, "", "'%s' has no value.", key);
		return NULL;
	}
	return n ? n->text : NULL;
}

unsigned long long
yt_number(struct yt *yt, const struct yt_node *map, const char *key, unsigned long long lo, unsigned long long hi,
    unsigned long long fallback)
{
	const char *s = yt_scalar(yt, map, key, YT_MAY), *p;
	unsigned long long v = 0;
	bool ok;

	if (!s)
		return fallback;
	ok = s[0] != '0' || s[1] == '\0';	/* never octal */
	for (p = s; ok && *p; p++) {
		ok = *p >= '0' && *p <= '9' && v <= (~0ull - 9) / 10;
		v = v * 10 + (unsigned)(*p - '0');
	}
	if (!ok || v < lo || v > hi) {
		yt_fail_at(yt, yt_get(yt, map, key, YT_MAY), R_VALUE_INVALID, "", "'%s' must be a whole number from %llu to %llu.", key, lo, hi);
		return fallback;
	}
	return v;
}
