/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A small strict YAML reader over libyaml's events: text -> tree, or one error that names line and column and shows the
 * line with a caret. Anchors, aliases, tags, merge keys, duplicate keys, a second document, NUL and deep nesting are refused.
 * A text in parts, one a file, is read as one map. Every scalar is text; who reads it decides what it means, so "no" is never a truth value by accident.
 * (The file is not called yaml.h because libyaml's header has that name.)
 *
 *	struct yt yt;
 *	if (yt_read(&yt, text, n) && yt_only(&yt, yt.root, keys))
 *		v = yt_scalar(&yt, yt.root, "version", YT_MUST);
 *	if (yt.err.reason != R_OK) ... yt.err says all
 *	yt_free(&yt);
 */
#ifndef CAUSEWAY_YAMLTREE_H
#define CAUSEWAY_YAMLTREE_H

#include <stdbool.h>
#include <stddef.h>

#include "reason.h"

#define YT_DEPTH	16
#define YT_NODES	2000000u
#define YT_EXCERPT	320
#define YT_FILE		128
#define YT_PART		"--- # file: "	/* a text that begins so is several files, each begins so */

enum yt_kind { YT_SCALAR, YT_LIST, YT_MAP };

struct yt_node {
	enum yt_kind	 kind;
	unsigned	 line, column;		/* from 1; the value's */
	char		*text;			/* scalar: its text, without NUL inside */
	char		*key;			/* in a map: the key; else NULL */
	unsigned	 key_line, key_column;
	unsigned	 end_line;		/* the line of its last octet; comments and empty lines behind it are not its own */
	bool		 flow;			/* list or map: written with brackets or braces */
	bool		 open;			/* its last scalar is written with '|' or '>': what is indented below would belong to it */
	unsigned	 n;			/* members of a list or map */
	struct yt_node	*child, *next;		/* in the order of the file */
	struct yt_node	**by_key;		/* map: sorted by key */
};

struct yt_error {
	enum reason	reason;			/* R_OK: none */
	char		file[YT_FILE];		/* of a text in parts: which; else "" */
	unsigned	line, column;		/* in that file */
	char		message[512];		/* one sentence */
	char		hint[512];		/* may be "" */
	char		excerpt[YT_EXCERPT];	/* the line, newline, spaces and a caret; "" when there is no such line */
};

struct yt {
	const char	*text;			/* borrowed */
	size_t		 n;
	struct yt_node	*root;
	unsigned	 nodes;
	struct yt_error	 err;			/* the first error; later ones are ignored */
};

enum yt_need { YT_MAY, YT_MUST };

/* False: yt->err is set. The tree is to be freed in either case. The text must live as long as yt. */
bool yt_read(struct yt *, const char *text, size_t n);
void yt_free(struct yt *);

/* Set the error (if there is none yet) at a place; always false, for "return yt_fail(...)". */
bool yt_fail(struct yt *, enum reason, unsigned line, unsigned column, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
/* The same at a node's value. */
bool yt_fail_at(struct yt *, const struct yt_node *, enum reason, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/* Line and column just behind the last character of the text (its last newlines do not count). */
void yt_end(const struct yt *, unsigned *line, unsigned *column);

/* ---- a text in parts (yamlparts.c) ---- */
bool yt_in_parts(const char *text, size_t n);
/* The line in its part, whose name goes to name; "" when the text is one file. */
unsigned yt_part(const char *text, size_t n, unsigned line, char *name, size_t cap);
/* One file of such a text: its name, and what stands behind the line with it. */
struct yt_file { const char *name, *text; size_t name_n, n; };
/* The one at *at, which moves behind it; *at is 0 for the first. False: there is none. */
bool yt_next_file(const char *text, size_t n, size_t *at, struct yt_file *);
const char *yt_where(const struct yt *, unsigned line, char *buf, size_t cap);	/* "line 3", "line 3 of 'a.yaml'" */
bool yt_join(struct yt *, struct yt_node *doc);		/* the next part's map into the root; doc's members are taken out */
bool yt_index(struct yt *, struct yt_node *map);	/* the members by key; a duplicate is an error */

/* The same kinds, keys and texts in the same order, wherever they stand. */
bool yt_same(const struct yt_node *, const struct yt_node *);
/* The map has no other keys than these (ended by NULL); the error suggests the nearest one. False also when it is no map. */
bool yt_only(struct yt *, const struct yt_node *map, const char *const *keys);
/* A member by key, or NULL; with YT_MUST its absence is an error. */
struct yt_node *yt_get(struct yt *, const struct yt_node *map, const char *key, enum yt_need);
/* The same, and the member must be of that kind. */
struct yt_node *yt_get_kind(struct yt *, const struct yt_node *map, const char *key, enum yt_kind, enum yt_need);
/* The text of a scalar member; NULL when it is absent or (with an error) not a non-empty scalar. */
const char *yt_scalar(struct yt *, const struct yt_node *map, const char *key, enum yt_need);
/* A whole number in lo..hi, or fallback when the key is absent. */
unsigned long long yt_number(struct yt *, const struct yt_node *map, const char *key, unsigned long long lo,
    unsigned long long hi, unsigned long long fallback);

/* The candidate (of a NULL-ended list) that is nearest to a word, or NULL when none is near. */
const char *yt_nearest(const char *word, const char *const *candidates);

#endif
