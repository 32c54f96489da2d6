/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
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

uint64_t
parse_count(const char *text, uint64_t max)
{
	char *end;
	unsigned long long v;

	if (!text || *text < '0' || *text > '9')
		return 0;
	errno = 0;
	v = strtoull(text, &end, 10);
	return errno || *end || v > max ? 0 : v;
}

static bool
list_query(struct req *r, size_t preset, size_t *limit, uint64_t *before)
{
	const char *most = req_query(r, "limit"), *text = req_query(r, "before");

	*limit = most ? (size_t)parse_count(most, LIST_MAX) : preset;
	*before = text ? parse_count(text, INT64_MAX) : 0;
	if (*limit == 0)
		req_error(r, 400, R_REQUEST_INVALID, "'limit' must be 1 to 1000.", "");
	else if (text && *before == 0)
		req_error(r, 400, R_REQUEST_INVALID, "'before' is the number of a row of the list.", "");
	else
		return true;
	return false;
}

void *
list_rows(struct req *r, size_t preset, size_t size, size_t *limit, uint64_t *before)
{
	void *rows = NULL;

	if (!list_query(r, preset, limit, before))
		return NULL;
	if ((rows = calloc(*limit + 1, size)) == NULL)
		req_error(r, 503, R_NO_MEMORY, NULL, NULL);
	return rows;
}

void
list_answer(struct req *r, const char *key, json_t *rows, json_t *next)
{
	req_reply(r, 200, json_pack("{s:o, s:o}", key, rows, "next", next ? next : json_null()));
}

void
get_revisions(struct req *r)
{
	struct revision *v;
	uint64_t before;
	size_t limit, n;
	json_t *list;

	if ((v = list_rows(r, 100, sizeof(*v), &limit, &before)) == NULL)
		return;
	list = json_array();
	n = store_list(r->s->store, before, v, limit + 1);
	for (size_t i = 0; i < n && i < limit; i++)
		json_array_append_new(list, json_revision(&v[i], r->s->rev.number));
	list_answer(r, "revisions", list, n > limit ? json_integer((json_int_t)v[limit - 1].number) : NULL);
	free(v);
}

void
get_revision(struct req *r)
{
	uint64_t number = parse_count(r->name, INT64_MAX);
	struct store_error err = { R_NOT_FOUND, "There is no such revision." };
	struct revision v = { 0 };
	json_t *j;

	if (number == 0 || !store_get(r->s->store, number, &v, &err)) {
		req_error(r, err.reason == R_NOT_FOUND ? 404 : 503, err.reason, err.text, NULL);
		return;
	}
	j = json_revision(&v, r->s->rev.number);
	json_object_set_new(j, "text", json_words(v.text));
	revision_fini(&v);
	req_reply(r, 200, j);
}

void
get_audit(struct req *r)
{
	struct audit_row *v;
	uint64_t before;
	size_t limit, n;
	json_t *list;

	if ((v = list_rows(r, 100, sizeof(*v), &limit, &before)) == NULL)
		return;
	list = json_array();
	n = store_audit_list(r->s->store, before, v, limit + 1);
	for (size_t i = 0; i < n && i < limit; i++)
		json_array_append_new(list, json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "number", (json_int_t)v[i].number,
		    "time", json_time(v[i].time_s), "author", json_words(v[i].author), "origin", json_text(v[i].origin),
		    "action", json_words(v[i].action), "detail", json_words(v[i].detail), "result", json_text(v[i].result)));
	list_answer(r, "audit", list, n > limit ? json_integer((json_int_t)v[limit - 1].number) : NULL);
	free(v);
}

/* ---- differences ---- */

/* A number of the query; absent: fallback. False: an error was sent. */
static bool
revision_of(struct req *r, const char *key, uint64_t fallback, struct revision *v)
{
	const char *text = req_query(r, key);
	uint64_t number = text ? parse_count(text, INT64_MAX) : fallback;
	struct store_error err = { R_NOT_FOUND, "There is no such revision." };

	if (number == 0 || !store_get(r->s->store, number, v, &err)) {
		req_error(r, err.reason == R_NOT_FOUND ? 404 : 503, err.reason, err.text, NULL);
		return false;
	}
	return true;
}

/* What going from one to the other does here; null when one of them cannot be read any more. */
static json_t *
plan_between(const struct sync *s, const struct revision *a, const struct revision *b)
{
	struct yt_error err;
	struct sites *from = sites_read(a->text, a->n, true, &err), *to = sites_read(b->text, b->n, true, &err);
	json_t *j = NULL;
	struct plan p;

	if (from && to && plan_make(&p, from, to, s->site, NULL, NULL)) {
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
	json_t *plan;
	char *text;

	/* What became of the text before: that is what one wants to see who asks without numbers. */
	if (!revision_of(r, "to", current, &to))
		return;
	if (!revision_of(r, "from", to.number - 1, &from)) {
		revision_fini(&to);
		return;
	}
	text = text_diff(from.text, from.n, to.text, to.n);
	plan = plan_between(r->s, &from, &to);
	if (text)
		req_reply(r, 200, json_pack("{s:I, s:I, s:o, s:o}", "from", (json_int_t)from.number, "to", (json_int_t)to.number,
		    "diff", json_words(text), "plan", plan));
	else {
		json_decref(plan);
		req_error(r, 503, R_NO_MEMORY, NULL, NULL);
	}
	free(text);
	revision_fini(&from);
	revision_fini(&to);
}
