/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts of revisions: whole, or as the edit of an earlier one. */
#include <stdlib.h>
#include <string.h>

#include "store_in.h"

#define WHOLE_BELOW	16384u	/* a text that is smaller is kept whole: whoever looks into the store with other tools sees it */
#define EDITS_MAX	64

/* How deep the edit would be; 0: the whole text is to be kept; -1: it failed. */
static int64_t
edit_depth(struct store *s, const struct revision *r)
{
	int64_t depth;

	if (r->base == 0 || r->n < WHOLE_BELOW)
		return 0;
	if (sql_number(sql_prepare(s->db, "SELECT depth FROM edit WHERE revision = ?1", "i", (int64_t)r->base), &depth) == FAILED)
		return -1;
	return depth + 1 > EDITS_MAX ? 0 : depth + 1;
}

static bool
insert_edit(struct store *s, const struct revision *r, int64_t depth)
{
	return sql_finish(sql_prepare(s->db, "INSERT INTO edit (revision, base, at, cut, depth) VALUES (?1, ?2, ?3, ?4, ?5)", "iiiii", (int64_t)r->number,
	    (int64_t)r->base, (int64_t)r->at, (int64_t)r->cut, depth));
}

bool
store_insert_revision(struct store *s, struct revision *r)
{
	int64_t depth = edit_depth(s, r);

	if (depth < 0 || !sql_finish(sql_prepare(s->db, "INSERT INTO revision (time, author, comment, sha256, text) VALUES (?1, ?2, ?3, ?4, ?5)", "itttb",
	    (int64_t)r->time_s, r->author, r->comment, r->sha256, (const void *)(depth ? r->text + r->at : r->text), depth ? r->ins : r->n)))
		return false;
	r->number = (uint64_t)sqlite3_last_insert_rowid(s->db);
	return depth == 0 || insert_edit(s, r, depth);
}

static void
take_row(sqlite3_stmt *st, struct revision *r)
{
	r->number = (uint64_t)sqlite3_column_int64(st, 0);
	r->time_s = (uint64_t)sqlite3_column_int64(st, 1);
	sql_text(st, 2, r->author, sizeof(r->author));
	sql_text(st, 3, r->comment, sizeof(r->comment));
	sql_text(st, 4, r->sha256, sizeof(r->sha256));
}

/* What stands in the store for one revision: the whole text, or an edit. */
struct piece {
	char		*text;
	size_t		n, at, cut;
	uint64_t	base;		/* 0: the whole */
};

static int
get_piece(struct store *s, uint64_t number, struct revision *r, struct piece *p)
{
	sqlite3_stmt *st = sql_prepare(s->db, "SELECT r.number, r.time, r.author, r.comment, r.sha256, r.text, e.base, e.at, e.cut FROM revision r "
	    "LEFT JOIN edit e ON e.revision = r.number WHERE r.number = ?1", "i", (int64_t)number);
	int rc = st ? sqlite3_step(st) : SQLITE_ERROR;

	if (rc == SQLITE_ROW) {
		if (r)
			take_row(st, r);
		p->n = (size_t)sqlite3_column_bytes(st, 5);
		p->base = (uint64_t)sqlite3_column_int64(st, 6);
		p->at = (size_t)sqlite3_column_int64(st, 7);
		p->cut = (size_t)sqlite3_column_int64(st, 8);
		p->text = malloc(p->n + 1);
		if (p->text) {
			if (p->n)
				memcpy(p->text, sqlite3_column_blob(st, 5), p->n);
			p->text[p->n] = '\0';
		}
	}
	sqlite3_finalize(st);
	return rc;
}

/* The edit is made in the text, whose place is taken by the result. False: it does not fit there, or no memory. */
static bool
apply_piece(char **text, size_t *n, const struct piece *p)
{
	bool fits = p->at <= *n && p->cut <= *n - p->at;
	size_t after = fits ? *n - p->cut + p->n : 0;
	char *out = fits ? malloc(after + 1) : NULL;

	if (!out)
		return false;
	memcpy(out, *text, p->at);
	memcpy(out + p->at, p->text, p->n);
	memcpy(out + p->at + p->n, *text + p->at + p->cut, *n - p->at - p->cut);
	out[after] = '\0';
	free(*text);
	*text = out;
	*n = after;
	return true;
}

bool
store_get(struct store *s, uint64_t number, struct revision *r, struct store_error *err)
{
	struct piece v[EDITS_MAX + 1] = { { 0 } };
	unsigned n = 0;
	bool ok;
	int rc;

	memset(r, 0, sizeof(*r));
	rc = get_piece(s, number, r, &v[0]);
	if (rc == SQLITE_DONE) {
		err->reason = R_NOT_FOUND;
		snprintf(err->text, sizeof(err->text), "There is no revision %llu.", (unsigned long long)number);
		return false;
	}
	ok = rc == SQLITE_ROW && v[0].text;
	while (ok && v[n].base && n < EDITS_MAX) {
		ok = v[n].base < (n ? v[n - 1].base : number) && get_piece(s, v[n].base, NULL, &v[n + 1]) == SQLITE_ROW && v[n + 1].text;
		n += ok;
	}
	ok = ok && v[n].base == 0;
	r->text = v[n].text;
	r->n = v[n].n;
	v[n].text = NULL;
	while (ok && n > 0)
		ok = apply_piece(&r->text, &r->n, &v[--n]);
	for (unsigned i = 0; i <= EDITS_MAX; i++)
		free(v[i].text);
	if (ok)
		return true;
	revision_fini(r);
	return store_fail(s, err, "read");
}

int
store_list(struct store *s, uint64_t before, struct revision *out, int limit)
{
	sqlite3_stmt *st = sql_prepare(s->db, "SELECT number, time, author, comment, sha256 FROM revision "
	    "WHERE ?1 = 0 OR number < ?1 ORDER BY number DESC LIMIT ?2", "ii", (int64_t)before, (int64_t)limit);
	bool ok = true;
	int n = 0;

	while (n < limit && sql_row(st, &ok)) {
		memset(&out[n], 0, sizeof(out[n]));
		take_row(st, &out[n++]);
	}
	sqlite3_finalize(st);
	return ok ? n : -1;
}

void
revision_fini(struct revision *r)
{
	free(r->text);
	memset(r, 0, sizeof(*r));
}
