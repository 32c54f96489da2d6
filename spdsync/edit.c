/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Blocks are cut at lines, which works as long as every tunnel begins a line of its own and the lines are libyaml's lines: it ends them at
 * LF, CR LF, CR, NEL, LS and PS, so a text with one of the last four outside the usual is left alone. The new block is read twice: as it
 * came, so that errors have its places, and with its new indentation, which must say the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edit.h"

static const char by_hand[] = "Edit the file, and apply it as a whole.";

static bool
is_blank(const char *p, size_t n)
{
	while (n && strchr(" \t\r\n", p[n - 1]) && p[n - 1])
		n--;
	return n == 0;
}

/* The octets of the line at p, its end included. */
static size_t
line_len(const char *p, const char *end)
{
	const char *nl = memchr(p, '\n', (size_t)(end - p));

	return nl ? (size_t)(nl + 1 - p) : (size_t)(end - p);
}

static size_t
spaces(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && p[i] == ' ')
		i++;
	return i;
}

/* Does the line hold an end that only libyaml sees? CR, NEL (C2 85), LS and PS (E2 80 A8, A9). */
static bool
is_odd(const char *p, size_t n)
{
	const uint8_t *s = (const uint8_t *)p;

	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\r' && (i + 1 == n || s[i + 1] != '\n'))
			return true;
		if (i + 1 < n && s[i] == 0xc2 && s[i + 1] == 0x85)
			return true;
		if (i + 2 < n && s[i] == 0xe2 && s[i + 1] == 0x80 && (s[i + 2] == 0xa8 || s[i + 2] == 0xa9))
			return true;
	}
	return false;
}

bool
edit_places(struct sites *all, const char *text, size_t n)
{
	const char *end = text + n;
	unsigned lines = 0, cap = 2;
	size_t *starts;

	for (const char *p = text; p < end; p += line_len(p, end))
		cap++;
	starts = calloc(cap, sizeof(*starts));
	if (!starts)
		return false;
	for (const char *p = text; p < end;) {
		size_t len = line_len(p, end);

		starts[lines++] = (size_t)(p - text);
		if (!all->odd_line && is_odd(p, len))
			all->odd_line = lines;
		p += len;
	}
	starts[lines] = n;
	for (unsigned i = 0; i < all->ntunnels && !all->odd_line; i++) {
		struct site_tunnel *t = &all->tunnels[i];
		unsigned last = t->end_line < lines ? t->end_line : lines;

		if (t->line == 0 || t->line > last)
			continue;
		t->at = starts[t->line - 1];
		t->n = starts[last] - t->at;
	}
	free(starts);
	return true;
}

/* ---- may the stored text be edited? ---- */

static bool
text_ok(struct yt *yt, const struct sites *old)
{
	if (old->odd_line)
		return yt_fail(yt, R_EDIT_UNSAFE, 0, 0, by_hand, "Line %u of the stored file has an end that is neither LF nor CR LF.", old->odd_line);
	return true;
}

static bool
block_ok(struct yt *yt, const struct site_tunnel *t, const char *text)
{
	size_t indent = t->column - 1;

	if (t->flow)
		return yt_fail(yt, R_EDIT_UNSAFE, 0, 0, by_hand, "In the stored file '%s' stands between braces, with others.", t->name);
	if (t->n == 0 || t->n < indent || spaces(text + t->at, indent) < indent)
		return yt_fail(yt, R_EDIT_UNSAFE, 0, 0, by_hand, "In the stored file '%s' does not begin a line.", t->name);
	return true;
}

/* The last one in the text; NULL: there is none. */
static const struct site_tunnel *
last_block(const struct sites *old, size_t before)
{
	const struct site_tunnel *last = NULL;

	for (unsigned i = 0; i < old->ntunnels; i++)
		if (old->tunnels[i].at < before && (!last || old->tunnels[i].at > last->at))
			last = &old->tunnels[i];
	return last;
}

static const char *
eol_of(const char *text, size_t n)
{
	const char *nl = memchr(text, '\n', n);

	return nl && nl > text && nl[-1] == '\r' ? "\r\n" : "\n";
}

/* ---- the new block ---- */

static bool
read_block(struct yt *yt, const char *name, const char *block, size_t n)
{
	const struct yt_node *t;

	if (!yt_read(yt, block, n))
		return false;
	if (is_odd(block, n) || memmem(block, n, "\xef\xbb\xbf", 3))
		return yt_fail(yt, R_EDIT_UNSAFE, 1, 1, "Write it with usual line ends.", "The block has a line end that is neither LF nor CR LF, or a byte order mark.");
	if (yt->root->kind != YT_MAP || yt->root->n != 1 || yt->root->flow)
		return yt_fail_at(yt, yt->root, R_VALUE_INVALID, "Write 'NAME:' and below it, indented, its keys.", "This is not the block of one tunnel.");
	t = yt->root->child;
	if (strcmp(t->key, name) != 0)
		return yt_fail(yt, R_VALUE_INVALID, t->key_line, t->key_column, "A new name is a removal and a new tunnel.",
		    "The block is that of '%.64s', not of '%.64s'.", t->key, name);
	if (t->open)
		return yt_fail(yt, R_EDIT_UNSAFE, t->end_line, 1, "Put another key behind it.", "The last value of the block is written with '|' or '>'.");
	return true;
}

/* One line of the block, moved; lines before the name are comments and get the indentation of the name. False: it cannot move so far. */
static bool
put_line(struct wr *w, const char *p, size_t len, bool before, size_t indent, size_t from, const char *eol)
{
	size_t has = spaces(p, len), want = before && p[has] == '#' ? indent : has + indent;

	while (len && (p[len - 1] == '\n' || p[len - 1] == '\r'))
		len--;
	if (!is_blank(p, len)) {
		if (!before && has < from && has + indent < from)
			return false;
		if (!before)
			want -= from;
		for (size_t i = 0; i < want; i++)
			wr_u8(w, ' ');
		p += has;
		len -= has;
	}
	wr_mem(w, p, len);
	wr_mem(w, eol, strlen(eol));
	return true;
}

static bool
indent_block(struct edit *e, struct yt *yt, size_t indent, const char *eol)
{
	const struct yt_node *t = yt->root->child;
	const char *end = yt->text + yt->n;
	size_t lines = 2, used = 0, from = t->key_column - 1;
	unsigned line = 1;
	struct wr w;

	for (size_t i = 0; i < yt->n; i++)
		lines += yt->text[i] == '\n';
	e->ins = malloc(yt->n + lines * (indent + 2) + 8);
	if (!e->ins)
		return yt_fail(yt, R_NO_MEMORY, 0, 0, NULL, "There is not enough memory.");
	w = wr_of(e->ins, yt->n + lines * (indent + 2) + 8);
	for (const char *p = yt->text; p < end; line++) {
		size_t len = line_len(p, end);

		if (line == t->key_line)
			e->key_at = w.n;
		if (!put_line(&w, p, len, line < t->key_line, indent, from, eol))
			return yt_fail(yt, R_EDIT_UNSAFE, line, 1, "Indent it at least as far as the name.", "This line is indented less than the name of the tunnel.");
		if (line == t->end_line)
			e->tail_n = w.n;
		if (line <= t->end_line || !is_blank(p, len))
			used = w.n;	/* empty lines at the end stay behind */
		p += len;
	}
	e->ins_n = used;
	e->tail_n = used - e->tail_n;
	return wr_ok(&w) || yt_fail(yt, R_INTERNAL, 0, 0, NULL, "The block grew too much.");
}

/* Where it will stand it must mean the same. */
static bool
means_the_same(struct yt *yt, const struct edit *e, size_t indent)
{
	struct yt there;
	bool ok = yt_read(&there, e->ins, e->ins_n) && yt_same(yt->root, there.root) && there.root->child->key_column == indent + 1;

	yt_free(&there);
	return ok || yt_fail(yt, R_EDIT_UNSAFE, 1, 1, by_hand, "Indented as in the stored file, the block does not mean the same.");
}

/* "tunnels: {}" becomes the name and the first block; what stands behind the braces stays. */
static bool
first_block(struct edit *e, struct yt *yt, const struct sites *old, const char *text, size_t n, const char *eol)
{
	const char *end = text + n, *p = text, *brace, *close;
	size_t len = 0, indent, lead;
	char *moved;

	for (unsigned line = 1; p < end && line < old->none_line; line++)
		p += line_len(p, end);
	len = line_len(p, end);
	brace = p + old->none_column - 1;
	close = old->none_line && brace < p + len ? memchr(brace, '}', (size_t)(p + len - brace)) : NULL;
	if (!close || *brace != '{' || !is_blank(brace + 1, (size_t)(close - brace - 1)))
		return yt_fail(yt, R_EDIT_UNSAFE, 0, 0, by_hand, "The stored file has no tunnel whose place the new one could follow.");
	lead = spaces(p, len);
	indent = p + lead == brace ? lead : lead + 2;
	if (!indent_block(e, yt, indent, eol) || !means_the_same(yt, e, indent))
		return false;
	e->at = (size_t)(brace - text);
	e->n = (size_t)(close + 1 - brace);
	if (is_blank(close + 1, (size_t)(p + len - close - 1)))
		e->n = (size_t)(p + len - brace);
	if (p + lead == brace) {
		e->at -= lead;
		e->n += lead;
		return true;
	}
	moved = malloc(e->ins_n + strlen(eol));
	if (!moved)
		return yt_fail(yt, R_NO_MEMORY, 0, 0, NULL, "There is not enough memory.");
	memcpy(moved, eol, strlen(eol));
	memcpy(moved + strlen(eol), e->ins, e->ins_n);
	free(e->ins);
	e->ins = moved;
	e->ins_n += strlen(eol);
	e->key_at += strlen(eol);
	return true;
}

bool
edit_put(struct edit *e, struct yt *yt, const struct sites *old, const char *text, size_t n, const char *name, const char *block, size_t block_n)
{
	const struct site_tunnel *t = sites_find_tunnel(old, name), *at = t ? t : last_block(old, n);
	const char *eol = eol_of(text, n);
	size_t indent;

	memset(e, 0, sizeof(*e));
	if (!read_block(yt, name, block, block_n) || !text_ok(yt, old))
		return false;
	if (!at)
		return first_block(e, yt, old, text, n, eol);
	if (!block_ok(yt, at, text))
		return false;
	indent = at->column - 1;
	e->at = t ? t->at : at->at + at->n;
	e->n = t ? t->n : 0;
	return indent_block(e, yt, indent, eol) && means_the_same(yt, e, indent);
}

bool
edit_remove(struct edit *e, const struct sites *old, const char *text, size_t n, const char *name, struct yt_error *err)
{
	const struct site_tunnel *t = sites_find_tunnel(old, name), *before = t ? last_block(old, t->at) : NULL;
	struct yt yt = { .text = "", .n = 0 };
	const char *eol = eol_of(text, n);
	size_t indent = t ? t->column - 1 : 0;

	memset(e, 0, sizeof(*e));
	if (!t)
		yt_fail(&yt, R_NOT_FOUND, 0, 0, NULL, "The applied revision has no tunnel '%.64s'.", name);
	else if (text_ok(&yt, old) && block_ok(&yt, t, text) && before && before->open)
		yt_fail(&yt, R_EDIT_UNSAFE, 0, 0, by_hand, "The block before it, '%s', ends with a value that is written with '|' or '>'.", before->name);
	*err = yt.err;
	if (err->reason != R_OK)
		return false;
	e->at = t->at;
	e->n = t->n;
	if (old->ntunnels > 1)
		return true;
	/* A key needs a value. */
	e->ins_n = indent + 2 + strlen(eol);
	e->ins = malloc(e->ins_n + 1);
	if (!e->ins) {
		yt_fail(&yt, R_NO_MEMORY, 0, 0, NULL, "There is not enough memory.");
		*err = yt.err;
		return false;
	}
	snprintf(e->ins, e->ins_n + 1, "%*s{}%s", (int)indent, "", eol);
	return true;
}

void
edit_fini(struct edit *e)
{
	free(e->ins);
	memset(e, 0, sizeof(*e));
}

char *
edit_text(const struct edit *e, const char *text, size_t n, size_t *out_n)
{
	char *out = malloc(n - e->n + e->ins_n + 1);

	if (!out)
		return NULL;
	*out_n = n - e->n + e->ins_n;
	memcpy(out, text, e->at);
	if (e->ins_n)
		memcpy(out + e->at, e->ins, e->ins_n);
	memcpy(out + e->at + e->ins_n, text + e->at + e->n, n - e->at - e->n);
	out[*out_n] = '\0';
	return out;
}

char *
edit_block(const struct site_tunnel *t, const char *text, size_t *n)
{
	const char *p = text + t->at, *end = p + t->n;
	size_t cut = t->column - 1;
	char *out = malloc(t->n + 1);

	if (!out)
		return NULL;
	for (const char *q = p; q < end; q += line_len(q, end))
		if (!is_blank(q, line_len(q, end)) && spaces(q, line_len(q, end)) < cut)
			cut = 0;
	*n = 0;
	for (size_t len; p < end; p += len) {
		size_t skip;

		len = line_len(p, end);
		skip = spaces(p, len) < cut ? spaces(p, len) : cut;
		memcpy(out + *n, p + skip, len - skip);
		*n += len - skip;
	}
	out[*n] = '\0';
	return out;
}
