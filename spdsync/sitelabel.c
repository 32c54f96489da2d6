/* SPDX-License-Identifier: BSD-2-Clause */
/* Labels of a tunnel: words for people and scripts, by which tunnels are chosen. They change no negotiation and are in no digest. */
#include <stdlib.h>
#include <string.h>

#include "siteauth.h"

static bool
value_ok(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n < LABEL_CAP &&
	    strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:/@+-") == n;
}

bool
labels_read(struct yt *yt, const struct yt_node *map, struct site_tunnel *t)
{
	const struct yt_node *n = yt_get_kind(yt, map, "labels", YT_MAP, YT_MAY);

	if (!n)
		return yt->err.reason == R_OK;
	if (n->n == 0 || n->n > SITE_LABELS)
		return yt_fail_at(yt, n, R_VALUE_INVALID, "", "'labels' must have 1 to %d members.", SITE_LABELS);
	t->labels = calloc(n->n, sizeof(*t->labels));
	if (!t->labels)
		return yt_fail_at(yt, n, R_NO_MEMORY, NULL, "There is not enough memory.");
	for (unsigned i = 0; i < n->n; i++) {
		const struct yt_node *m = n->by_key[i];
		struct site_label *l = &t->labels[t->nlabels++];

		if (!name_ok(m->key))
			return yt_fail(yt, R_NAME_INVALID, m->key_line, m->key_column,
			    "Names are lower-case letters, digits and inner hyphens, at most 63.", "'%.80s' is not a name.", m->key);
		if (m->kind != YT_SCALAR || !m->text || !value_ok(m->text))
			return yt_fail_at(yt, m, R_VALUE_INVALID, "A label's value is 1 to 63 letters, digits and . _ : / @ + -", "This is no label's value.");
		memcpy(l->name, m->key, strlen(m->key) + 1);
		memcpy(l->value, m->text, strlen(m->text) + 1);
	}
	return true;
}

static bool
has(const struct site_tunnel *t, const char *word, size_t n)
{
	const char *eq = memchr(word, '=', n);
	size_t name = eq ? (size_t)(eq - word) : n, value = eq ? n - name - 1 : 0;

	for (unsigned i = 0; i < t->nlabels; i++) {
		const struct site_label *l = &t->labels[i];

		if (strlen(l->name) == name && memcmp(l->name, word, name) == 0)
			return !eq || (strlen(l->value) == value && memcmp(l->value, eq + 1, value) == 0);
	}
	return false;
}

bool
labels_match(const struct site_tunnel *t, const char *words)
{
	for (;;) {
		size_t n = strcspn(words, ",");

		if (!has(t, words, n))
			return false;
		if (words[n] == '\0')
			return true;
		words += n + 1;
	}
}
