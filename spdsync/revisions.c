/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "textdiff.h"

json_t *
json_revision(const struct revision *v, uint64_t current)
{
	return json_pack("{s:I, s:o, s:o, s:o, s:s, s:b}", "number", (json_int_t)v->number, "time", json_time(v->time_s),
	    "author", json_words(v->author), "comment", json_words(v->comment), "sha256", v->sha256, "current", v->number == current);
}

static int
read_revisions(struct req *r, uint64_t before, void *rows, int most)
{
	return store_list(r->s->store, before, rows, most);
}

static json_t *
revision_row(struct req *r, const void *row)
{
	return json_revision(row, r->s->rev.number);
}

static json_t *
revision_place(const void *row)
{
	return json_integer((json_int_t)((const struct revision *)row)->number);
}

void
get_revisions(struct req *r)
{
	static const struct list revisions = { "revisions", 100, sizeof(struct revision), read_revisions, revision_row, revision_place };

	list_serve(r, &revisions);
}

/* The query "head": so many octets of a text at most, whole lines. False: it is none. */
static bool
head_good(struct req *r)
{
	const char *text = req_query(r, "head");

	if (!text || parse_count(text, 1u << 30))
		return true;
	req_error(r, 400, R_REQUEST_INVALID, "'head' is a number of octets.", "");
	return false;
}

static void
cut_head(struct req *r, char *text, json_t *j)
{
	size_t max = (size_t)parse_count(req_query(r, "head"), 1u << 30), n = strlen(text);

	json_object_set_new(j, "octets", json_integer((json_int_t)n));
	if (max == 0 || n <= max)
		return;
	while (max > 0 && text[max - 1] != '\n')
		max--;
	text[max] = '\0';
}

void
no_revision(struct req *r, const struct store_error *err)
{
	bool missing = err->reason == R_NOT_FOUND;

	req_error(r, missing ? 404 : 503, err->reason, err->text, missing ? "'ikectl history' lists them." : NULL);
}

void
get_revision(struct req *r)
{
	uint64_t number = parse_count(r->name, INT64_MAX);
	struct store_error err = { R_NOT_FOUND, "There is no such revision." };
	struct revision v = { 0 };
	json_t *j;

	if (!head_good(r))
		return;
	if (number == 0 || !store_get(r->s->store, number, &v, &err)) {
		no_revision(r, &err);
		return;
	}
	j = json_revision(&v, r->s->rev.number);
	cut_head(r, v.text, j);
	json_object_set_new(j, "text", json_words(v.text));
	revision_fini(&v);
	req_reply(r, 200, j);
}

static int
read_audit(struct req *r, uint64_t before, void *rows, int most)
{
	return store_audit_list(r->s->store, before, rows, most);
}

static json_t *
audit_row(struct req *r, const void *row)
{
	const struct audit_row *a = row;

	(void)r;
	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "number", (json_int_t)a->number, "time", json_time(a->time_s), "author", json_words(a->author),
	    "origin", json_text(a->origin), "action", json_words(a->action), "detail", json_words(a->detail), "result", json_text(a->result));
}

static json_t *
audit_place(const void *row)
{
	return json_integer((json_int_t)((const struct audit_row *)row)->number);
}

void
get_audit(struct req *r)
{
	static const struct list audit = { "audit", 100, sizeof(struct audit_row), read_audit, audit_row, audit_place };

	list_serve(r, &audit);
}

/* ---- differences ---- */

/* A number of the query; absent: fallback. Before the first revision, 0, nothing was in force. False: an error was sent. */
static bool
revision_of(struct req *r, const char *key, uint64_t fallback, struct revision *v)
{
	const char *text = req_query(r, key);
	uint64_t number = text ? parse_count(text, INT64_MAX) : fallback;
	struct store_error err = { R_NOT_FOUND, "There is no such revision." };

	if (strcmp(key, "from") == 0 && (text ? strcmp(text, "0") == 0 : fallback == 0))
		return (v->text = strdup("")) != NULL || (req_error(r, 503, R_NO_MEMORY, NULL, NULL), false);
	if (number == 0 || !store_get(r->s->store, number, v, &err)) {
		no_revision(r, &err);
		return false;
	}
	return true;
}

/* What going from one to the other does here; null when one of them cannot be read any more. */
static json_t *
plan_between(const struct sync *s, const struct revision *a, const struct revision *b)
{
	struct yt_error err;
	struct sites *from = a->number ? sites_read(a->text, a->n, true, &err) : NULL, *to = sites_read(b->text, b->n, true, &err);
	json_t *j = NULL;
	struct plan p;

	if ((from || !a->number) && to && plan_make(&p, from, to, s->site, NULL, NULL)) {
		j = plan_json(&p);
		plan_fini(&p);
	}
	sites_free(from);
	sites_free(to);
	return j ? j : json_null();
}

void
get_diff(struct req *r)
{
	uint64_t current = r->s->rev.number;
	struct revision from = { 0 }, to = { 0 };
	json_t *plan, *j;
	char *text;

	if (!head_good(r))
		return;
	/* What became of the text before: that is what one wants to see who asks without numbers. */
	if (!revision_of(r, "to", current, &to))
		return;
	if (!revision_of(r, "from", to.number - 1, &from)) {
		revision_fini(&to);
		return;
	}
	text = text_diff(from.text, from.n, to.text, to.n);
	plan = plan_between(r->s, &from, &to);
	if (text) {
		j = json_pack("{s:I, s:I, s:o}", "from", (json_int_t)from.number, "to", (json_int_t)to.number, "plan", plan);
		cut_head(r, text, j);
		json_object_set_new(j, "diff", json_words(text));
		req_reply(r, 200, j);
	} else {
		json_decref(plan);
		req_error(r, 503, R_NO_MEMORY, NULL, NULL);
	}
	free(text);
	revision_fini(&from);
	revision_fini(&to);
}
