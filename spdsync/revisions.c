/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"

json_t *
json_revision(const struct revision *v, uint64_t current)
{
	return json_pack("{s:I, s:o, s:o, s:o, s:s, s:b}", "number", (json_int_t)v->number, "time", json_time(v->time_s),
	    "author", json_words(v->author), "comment", json_words(v->comment), "sha256", v->sha256, "current", v->number == current);
}

/* 0: not a number in 1..max. */
static uint64_t
parse(const char *text, uint64_t max)
{
	char *end;
	unsigned long long v;

	if (*text < '0' || *text > '9')
		return 0;
	errno = 0;
	v = strtoull(text, &end, 10);
	return errno || *end || v > max ? 0 : v;
}

void
get_revisions(struct req *r)
{
	const char *text = req_query(r, "limit");
	size_t limit = text ? (size_t)parse(text, 1000) : 100, n;
	json_t *list = json_array();
	struct revision *v;

	if (limit == 0) {
		json_decref(list);
		req_error(r, 400, R_REQUEST_INVALID, "'limit' must be 1 to 1000.", "");
		return;
	}
	v = calloc(limit, sizeof(*v));
	n = v ? store_list(r->s->store, v, limit) : 0;
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_revision(&v[i], r->s->rev.number));
	free(v);
	req_reply(r, 200, json_pack("{s:o}", "revisions", list));
}

void
get_revision(struct req *r)
{
	uint64_t number = parse(r->name, INT64_MAX);
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
