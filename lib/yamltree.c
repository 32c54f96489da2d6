/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * libyaml gives events with marks; this makes a tree of them and refuses what a configuration file does not need. When an
 * error stands at the very end of the text the file was most likely cut, and the reason says so (R_YAML_TRUNCATED instead of
 * R_YAML_SYNTAX).
 */
#include <yaml.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yamltree.h"

static const char no_yaml_hint[] = "Write the value out.";

static void
copy_text(char *to, size_t cap, const char *from)
{
	snprintf(to, cap, "%s", from ? from : "");
}

/* Octets of the character at s (UTF-8; a broken one counts as one octet). */
static size_t
char_len(const char *s, const char *end)
{
	unsigned char c = (unsigned char)*s;
	size_t n = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4, i;

	for (i = 1; i < n && s + i < end && ((unsigned char)s[i] & 0xc0) == 0x80; i++)
		;
	return i;
}

/* Where line and column are in the text; its end when they are behind it. */
static const char *
place(const struct yt *yt, unsigned line, unsigned column)
{
	const char *p = yt->text, *end = yt->text + yt->n;

	while (p < end && line > 1)
		if (*p++ == '\n')
			line--;
	while (p < end && *p != '\n' && column-- > 1)
		p += char_len(p, end);
	return p;
}

/* The line, cut to a window around the column, and below it a caret. */
static void
make_excerpt(struct yt *yt, unsigned line, unsigned column)
{
	const char *end = yt->text + yt->n, *p;
	unsigned skip = column > 60 ? column - 60 : 0;
	char *out = yt->err.excerpt;
	size_t n = 0;

	out[0] = '\0';
	if (line == 0)
		return;
	for (p = place(yt, line, skip + 1); p < end && *p != '\n' && n < YT_EXCERPT / 2 - 8;) {
		size_t len = char_len(p, end);

		if (len == 1 && ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f))
			out[n++] = *p == '\t' ? ' ' : '?';
		else
			memcpy(out + n, p, len), n += len;
		p += len;
	}
	out[n++] = '\n';
	for (unsigned i = 1; i < column - skip && n < YT_EXCERPT - 2; i++)
		out[n++] = ' ';
	out[n++] = '^';
	out[n] = '\0';
}

static bool
fail_va(struct yt *yt, enum reason reason, unsigned line, unsigned column, const char *hint, const char *fmt, va_list ap)
{
	struct yt_error *e = &yt->err;

	if (e->reason != R_OK)
		return false;
	e->reason = reason;
	e->line = line;
	e->column = column;
	copy_text(e->hint, sizeof(e->hint), hint ? hint : reason_row(reason)->hint);
	vsnprintf(e->message, sizeof(e->message), fmt, ap);
	make_excerpt(yt, line, column);
	if (line)
		e->line = yt_part(yt->text, yt->n, line, e->file, sizeof(e->file));
	return false;
}

bool
yt_fail(struct yt *yt, enum reason reason, unsigned line, unsigned column, const char *hint, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fail_va(yt, reason, line, column, hint, fmt, ap);
	va_end(ap);
	return false;
}

bool
yt_fail_at(struct yt *yt, const struct yt_node *n, enum reason reason, const char *hint, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fail_va(yt, reason, n ? n->line : 1, n ? n->column : 1, hint, fmt, ap);
	va_end(ap);
	return false;
}

void
yt_end(const struct yt *yt, unsigned *line, unsigned *column)
{
	const char *p = yt->text, *end = yt->text + yt->n, *start = p;

	while (end > yt->text && (end[-1] == '\n' || end[-1] == '\r'))
		end--;
	*line = *column = 1;
	for (; p < end; p++)
		if (*p == '\n') {
			++*line;
			start = p + 1;
		}
	for (p = start; p < end; p += char_len(p, end))
		++*column;
}

/* ---- building the tree ---- */

static struct yt_node *
node_new(struct yt *yt, enum yt_kind kind, const yaml_mark_t *m)
{
	struct yt_node *n;

	if (++yt->nodes > YT_NODES) {
		yt_fail(yt, R_TOO_LARGE, (unsigned)m->line + 1, (unsigned)m->column + 1, "", "The file has too many values.");
		return NULL;
	}
	n = calloc(1, sizeof(*n));
	if (!n) {
		yt_fail(yt, R_NO_MEMORY, 0, 0, NULL, "There is not enough memory to read the file.");
		return NULL;
	}
	n->kind = kind;
	n->line = n->end_line = (unsigned)m->line + 1;
	n->column = (unsigned)m->column + 1;
	return n;
}

/*
 * Where a scalar ends. libyaml's mark is behind its last octet, but for '|' and '>' it is the start of the line below them and below the
 * empty lines that follow: those may be the scalar's, so they count.
 */
static void
end_scalar(struct yt_node *n, const yaml_event_t *e)
{
	yaml_scalar_style_t style = e->data.scalar.style;

	n->open = style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE;
	n->end_line = (unsigned)e->end_mark.line + (n->open && e->end_mark.column == 0 && (unsigned)e->end_mark.line >= n->line ? 0 : 1);
}

/* Brackets and braces say where they end; a block ends with its last member. */
static void
end_members(struct yt_node *n, const struct yt_node *last, const yaml_event_t *e)
{
	if (n->flow) {
		n->end_line = (unsigned)e->end_mark.line + 1;
	} else if (last) {
		n->end_line = last->end_line;
		n->open = last->open;
	}
}

static void
node_free(struct yt_node *n)
{
	struct yt_node *next;

	for (; n; n = next) {
		next = n->next;
		node_free(n->child);	/* at most YT_DEPTH deep */
		free(n->by_key);
		free(n->text);
		free(n->key);
		free(n);
	}
}

static bool
syntax_error(struct yt *yt, const yaml_parser_t *p)
{
	const char *at;
	unsigned line = (unsigned)p->problem_mark.line + 1, column = (unsigned)p->problem_mark.column + 1;
	const char *what = p->problem ? p->problem : "unreadable";

	if (p->error == YAML_MEMORY_ERROR)
		return yt_fail(yt, R_NO_MEMORY, 0, 0, NULL, "There is not enough memory to read the file.");
	if (p->error == YAML_READER_ERROR) {	/* it has an offset in octets instead of a mark */
		struct yt upto = { .text = yt->text, .n = p->problem_offset < yt->n ? p->problem_offset : yt->n };

		yt_end(&upto, &line, &column);
		return yt_fail(yt, R_YAML_SYNTAX, line, column, "Save the file as UTF-8.", "The file is not UTF-8 text: %s.", what);
	}
	for (at = place(yt, line, column); at < yt->text + yt->n && strchr(" \r\n\t", *at); at++)
		;
	if (at == yt->text + yt->n) {
		yt_end(yt, &line, &column);
		return yt_fail(yt, R_YAML_TRUNCATED, line, column, NULL, "The file ends in the middle of a value: %s.", what);
	}
	return yt_fail(yt, R_YAML_SYNTAX, line, column, "", "The file is not valid YAML: %s%s%s.", what,
	    p->context ? " " : "", p->context ? p->context : "");
}

static bool
next_event(struct yt *yt, yaml_parser_t *p, yaml_event_t *e)
{
	if (!yaml_parser_parse(p, e)) {
		memset(e, 0, sizeof(*e));
		return syntax_error(yt, p);
	}
	return true;
}

static bool
refuse_decoration(struct yt *yt, const yaml_mark_t *m, const yaml_char_t *anchor, const yaml_char_t *tag)
{
	unsigned line = (unsigned)m->line + 1, column = (unsigned)m->column + 1;

	if (anchor)
		return yt_fail(yt, R_YAML_FORBIDDEN, line, column, no_yaml_hint, "The anchor '&%.64s' is not allowed.", (const char *)anchor);
	if (tag)
		return yt_fail(yt, R_YAML_FORBIDDEN, line, column, no_yaml_hint, "The tag '%.64s' is not allowed.", (const char *)tag);
	return true;
}

static char *
scalar_text(struct yt *yt, const yaml_event_t *e)
{
	const char *s = (const char *)e->data.scalar.value;
	size_t n = e->data.scalar.length;
	char *t;

	if (memchr(s, '\0', n)) {
		yt_fail(yt, R_YAML_SYNTAX, (unsigned)e->start_mark.line + 1, (unsigned)e->start_mark.column + 1, "",
		    "A value holds a NUL octet.");
		return NULL;
	}
	t = malloc(n + 1);
	if (!t) {
		yt_fail(yt, R_NO_MEMORY, 0, 0, NULL, "There is not enough memory to read the file.");
		return NULL;
	}
	memcpy(t, s, n);
	t[n] = '\0';
	return t;
}

static struct yt_node *build(struct yt *, yaml_parser_t *, yaml_event_t *, unsigned depth);

static int
by_key(const void *a, const void *b)
{
	const struct yt_node *x = *(struct yt_node *const *)a, *y = *(struct yt_node *const *)b;
	int c = strcmp(x->key, y->key);

	if (c)
		return c;
	if (x->key_line != y->key_line)
		return x->key_line < y->key_line ? -1 : 1;
	return x->key_column < y->key_column ? -1 : x->key_column > y->key_column;
}

bool
yt_index(struct yt *yt, struct yt_node *map)
{
	char where[YT_FILE + 32];
	const struct yt_node *dup = NULL, *first = NULL;
	struct yt_node *c;
	unsigned i = 0;

	if (map->n == 0)
		return true;
	free(map->by_key);	/* of a part alone */
	map->by_key = calloc(map->n, sizeof(struct yt_node *));
	if (!map->by_key)
		return yt_fail(yt, R_NO_MEMORY, 0, 0, NULL, "There is not enough memory to read the file.");
	for (c = map->child; c; c = c->next)
		map->by_key[i++] = c;
	qsort(map->by_key, map->n, sizeof(struct yt_node *), by_key);
	for (i = 1; i < map->n; i++) {
		c = map->by_key[i];
		if (strcmp(map->by_key[i - 1]->key, c->key) != 0)
			continue;
		if (!dup || c->key_line < dup->key_line) {
			dup = c;
			first = map->by_key[i - 1];
		}
	}
	if (dup)
		return yt_fail(yt, R_KEY_DUPLICATE, dup->key_line, dup->key_column, "Remove one of the two.",
		    "The key '%.64s' is given twice; the first is in %s.", dup->key, yt_where(yt, first->key_line, where, sizeof(where)));
	return true;
}

static bool
map_key(struct yt *yt, yaml_event_t *e, char **key)
{
	unsigned line = (unsigned)e->start_mark.line + 1, column = (unsigned)e->start_mark.column + 1;

	if (e->type == YAML_ALIAS_EVENT)
		return yt_fail(yt, R_YAML_FORBIDDEN, line, column, no_yaml_hint, "The alias '*%.64s' is not allowed.",
		    (const char *)e->data.alias.anchor);
	if (e->type != YAML_SCALAR_EVENT)
		return yt_fail(yt, R_YAML_SYNTAX, line, column, "", "A key must be one word.");
	if (!refuse_decoration(yt, &e->start_mark, e->data.scalar.anchor, e->data.scalar.tag))
		return false;
	*key = scalar_text(yt, e);
	if (*key && strcmp(*key, "<<") == 0)
		return yt_fail(yt, R_YAML_FORBIDDEN, line, column, no_yaml_hint, "Merge keys ('<<') are not allowed.");
	return *key != NULL;
}

static bool
build_members(struct yt *yt, yaml_parser_t *p, struct yt_node *into, yaml_event_type_t end, unsigned depth)
{
	struct yt_node **tail = &into->child, *last = NULL;
	bool ok = true;

	while (ok) {
		yaml_event_t e;
		struct yt_node *n;
		char *key = NULL;
		unsigned key_line = 0, key_column = 0;

		if (!next_event(yt, p, &e))
			return false;
		if (e.type == end) {
			end_members(into, last, &e);
			yaml_event_delete(&e);
			return into->kind != YT_MAP || yt_index(yt, into);
		}
		if (into->kind == YT_MAP) {
			key_line = (unsigned)e.start_mark.line + 1;
			key_column = (unsigned)e.start_mark.column + 1;
			ok = map_key(yt, &e, &key);
			yaml_event_delete(&e);
			ok = ok && next_event(yt, p, &e);
		}
		n = ok ? build(yt, p, &e, depth) : NULL;
		if (ok)
			yaml_event_delete(&e);
		if (!n) {
			free(key);
			return false;
		}
		n->key = key;
		n->key_line = key_line;
		n->key_column = key_column;
		*tail = last = n;
		tail = &n->next;
		into->n++;
		ok = yt->err.reason == R_OK;
	}
	return false;
}

/* The node that begins with this event; what was built so far also after an error, so that it is freed. */
static struct yt_node *
build(struct yt *yt, yaml_parser_t *p, yaml_event_t *e, unsigned depth)
{
	const yaml_mark_t *m = &e->start_mark;
	struct yt_node *n;

	if (depth > YT_DEPTH) {
		yt_fail(yt, R_YAML_SYNTAX, (unsigned)m->line + 1, (unsigned)m->column + 1, "", "The file is nested too deeply.");
		return NULL;
	}
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		if (!refuse_decoration(yt, m, e->data.scalar.anchor, e->data.scalar.tag))
			return NULL;
		n = node_new(yt, YT_SCALAR, m);
		if (n) {
			n->text = scalar_text(yt, e);
			end_scalar(n, e);
		}
		return n;
	case YAML_SEQUENCE_START_EVENT:
		if (!refuse_decoration(yt, m, e->data.sequence_start.anchor, e->data.sequence_start.tag))
			return NULL;
		n = node_new(yt, YT_LIST, m);
		if (n) {
			n->flow = e->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
			build_members(yt, p, n, YAML_SEQUENCE_END_EVENT, depth + 1);
		}
		return n;
	case YAML_MAPPING_START_EVENT:
		if (!refuse_decoration(yt, m, e->data.mapping_start.anchor, e->data.mapping_start.tag))
			return NULL;
		n = node_new(yt, YT_MAP, m);
		if (n) {
			n->flow = e->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
			build_members(yt, p, n, YAML_MAPPING_END_EVENT, depth + 1);
		}
		return n;
	case YAML_ALIAS_EVENT:
		yt_fail(yt, R_YAML_FORBIDDEN, (unsigned)m->line + 1, (unsigned)m->column + 1, no_yaml_hint,
		    "The alias '*%.64s' is not allowed.", (const char *)e->data.alias.anchor);
		return NULL;
	default:
		yt_fail(yt, R_YAML_SYNTAX, (unsigned)m->line + 1, (unsigned)m->column + 1, "", "Something else than a value stands here.");
		return NULL;
	}
}

static bool
refuse_directives(struct yt *yt, const yaml_event_t *e)
{
	if (e->data.document_start.tag_directives.start != e->data.document_start.tag_directives.end)
		return yt_fail(yt, R_YAML_FORBIDDEN, (unsigned)e->start_mark.line + 1, 1, "Remove the line.", "Tag directives are not allowed.");
	return true;
}

/* Its start was read: the node, and the end. */
static bool
read_document(struct yt *yt, yaml_parser_t *p, struct yt_node **doc)
{
	yaml_event_t e;

	if (!next_event(yt, p, &e))
		return false;
	*doc = build(yt, p, &e, 0);
	yaml_event_delete(&e);
	if (yt->err.reason != R_OK || !*doc || !next_event(yt, p, &e))
		return false;
	yaml_event_delete(&e);
	return true;
}

static bool
may_begin(struct yt *yt, const yaml_event_t *e, bool first)
{
	unsigned line = (unsigned)e->start_mark.line + 1, column = (unsigned)e->start_mark.column + 1;
	const char *p = place(yt, line, column);

	if (!refuse_directives(yt, e))
		return false;
	if (first || (yt_in_parts(yt->text, yt->n) && yt_in_parts(p, (size_t)(yt->text + yt->n - p))))
		return true;
	return yt_fail(yt, R_YAML_SYNTAX, line, column, "Remove the line '---' or '...'.", "A second document begins here.");
}

/* stream start; document start, one node, document end; stream end */
static bool
read_stream(struct yt *yt, yaml_parser_t *p)
{
	yaml_event_t e;
	bool ok;

	if (!next_event(yt, p, &e))
		return false;
	yaml_event_delete(&e);
	for (;;) {
		struct yt_node *doc = NULL;
		unsigned line, column;

		if (!next_event(yt, p, &e))
			return false;
		if (e.type == YAML_STREAM_END_EVENT) {
			yaml_event_delete(&e);
			yt_end(yt, &line, &column);
			return yt->root != NULL || yt_fail(yt, R_YAML_TRUNCATED, line, column, NULL, "The file is empty.");
		}
		ok = may_begin(yt, &e, yt->root == NULL);
		yaml_event_delete(&e);
		if (!yt->root)
			ok = ok && read_document(yt, p, &yt->root);
		else {
			ok = ok && read_document(yt, p, &doc) && yt_join(yt, doc);
			node_free(doc);
		}
		if (!ok)
			return false;
	}
}

bool
yt_read(struct yt *yt, const char *text, size_t n)
{
	yaml_parser_t p;
	bool ok;

	memset(yt, 0, sizeof(*yt));
	text = text ? text : "";	/* libyaml ends the process for a NULL, also of no octets */
	yt->text = text;
	yt->n = n;
	if (!yaml_parser_initialize(&p))
		return yt_fail(yt, R_NO_MEMORY, 0, 0, NULL, "There is not enough memory to read the file.");
	yaml_parser_set_encoding(&p, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&p, (const unsigned char *)text, n);
	ok = read_stream(yt, &p);
	yaml_parser_delete(&p);
	return ok && yt->err.reason == R_OK;
}

void
yt_free(struct yt *yt)
{
	node_free(yt->root);
	yt->root = NULL;
}
