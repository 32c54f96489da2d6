/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Several files as one text: each begins with the line "--- # file: NAME". Their maps become one map; what two of them say is a
 * duplicate key, and an error names the file, and the line in it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yamltree.h"

static const char mark[] = YT_PART;
#define MARK	(sizeof(mark) - 1)

bool
yt_in_parts(const char *text, size_t n)
{
	return n > MARK && memcmp(text, mark, MARK) == 0;
}

unsigned
yt_part(const char *text, size_t n, unsigned line, char *name, size_t cap)
{
	const char *p = text, *end = text + n, *nl;
	unsigned at = 1, begin = 0;

	*name = '\0';
	if (!yt_in_parts(text, n))
		return line;
	/* The line of the mark is the end of the file before it: there one sees that it was cut. */
	for (; p < end && (at < line || begin == 0); p = nl + 1, at++) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (!nl)
			nl = end - 1;
		if ((size_t)(nl - p) < MARK || memcmp(p, mark, MARK) != 0)
			continue;
		snprintf(name, cap, "%.*s", (int)(nl - p - (ptrdiff_t)MARK), p + MARK);
		begin = at;
	}
	return line > begin ? line - begin : 1;
}

bool
yt_next_file(const char *text, size_t n, size_t *at, struct yt_file *f)
{
	static const char next[] = "\n" YT_PART;
	const char *p = text + *at, *end = text + n, *nl;

	if (!yt_in_parts(p, n - *at))
		return false;
	nl = memchr(p, '\n', (size_t)(end - p));
	f->name = p + MARK;
	f->name_n = (size_t)((nl ? nl : end) - f->name);
	f->text = nl ? nl + 1 : end;
	/* The line break before a mark is still the file's. */
	p = nl ? memmem(nl, (size_t)(end - nl), next, sizeof(next) - 1) : NULL;
	end = p ? p + 1 : end;
	f->n = (size_t)(end - f->text);
	*at = (size_t)(end - text);
	return true;
}

const char *
yt_where(const struct yt *yt, unsigned line, char *buf, size_t cap)
{
	char name[YT_FILE];

	line = yt_part(yt->text, yt->n, line, name, sizeof(name));
	if (*name)
		snprintf(buf, cap, "line %u of '%s'", line, name);
	else
		snprintf(buf, cap, "line %u", line);
	return buf;
}

static bool
is_empty(const struct yt_node *n)
{
	return n->kind == YT_SCALAR && (!n->text || !*n->text);
}

static void
append(struct yt_node *map, struct yt_node *list, unsigned n)
{
	struct yt_node **tail = &map->child;

	while (*tail)
		tail = &(*tail)->next;
	*tail = list;
	map->n += n;
}

/* What stands under a key in both: blocks become one. False: the two cannot be. */
static bool
join_member(struct yt *yt, struct yt_node *have, struct yt_node *more)
{
	char buf[YT_FILE + 32];

	if (is_empty(more) || (have->kind == YT_SCALAR && more->kind == YT_SCALAR && strcmp(have->text, more->text) == 0))
		return true;
	if (is_empty(have)) {
		have->kind = more->kind;
		have->line = more->line;
		have->column = more->column;
	}
	if (have->kind != YT_MAP || more->kind != YT_MAP)
		return yt_fail(yt, R_KEY_DUPLICATE, more->key_line, more->key_column, "Remove one of the two.",
		    "The key '%.64s' is given twice; the first is in %s.", more->key, yt_where(yt, have->key_line, buf, sizeof(buf)));
	have->flow |= more->flow;
	append(have, more->child, more->n);
	more->child = NULL;
	more->n = 0;
	return yt_index(yt, have);
}

static struct yt_node *
member(struct yt_node *map, const char *key)
{
	for (struct yt_node *c = map->child; c; c = c->next)
		if (strcmp(c->key, key) == 0)
			return c;
	return NULL;
}

bool
yt_join(struct yt *yt, struct yt_node *doc)
{
	struct yt_node *root = yt->root;

	if (root->kind != YT_MAP || doc->kind != YT_MAP)
		return yt_fail_at(yt, root->kind != YT_MAP ? root : doc, R_YAML_SYNTAX, "", "A block of keys is expected here.");
	if (!member(doc, "version"))
		return yt_fail_at(yt, doc, R_KEY_MISSING, "Write 'version: 1' first.", "The key 'version' is missing.");
	for (struct yt_node **p = &doc->child; *p;) {
		struct yt_node *c = *p, *have = member(root, c->key);

		if (have) {
			if (!join_member(yt, have, c))
				return false;
			p = &c->next;
			continue;
		}
		*p = c->next;
		doc->n--;
		c->next = NULL;
		append(root, c, 1);
	}
	return yt_index(yt, root);
}
