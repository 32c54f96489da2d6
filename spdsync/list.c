/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists that are read from the store in parts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"

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
list_query(struct req *r, unsigned preset, unsigned *limit, uint64_t *before)
{
	const char *most = req_query(r, "limit"), *text = req_query(r, "before");

	*limit = most ? (unsigned)parse_count(most, LIST_MAX) : preset;
	*before = text ? parse_count(text, INT64_MAX) : 0;
	if (*limit == 0)
		req_error(r, 400, R_REQUEST_INVALID, "'limit' must be 1 to 1000.", "");
	else if (text && *before == 0)
		req_error(r, 400, R_REQUEST_INVALID, "'before' is the number of a row of the list.", "");
	else
		return true;
	return false;
}

/* One row more is read than shown: whether there is one says whether the list goes on. */
void
list_serve(struct req *r, const struct list *l)
{
	unsigned limit, shown;
	json_t *list, *next;
	uint64_t before;
	char *rows;
	int n;

	if (!list_query(r, l->preset, &limit, &before))
		return;
	if ((rows = calloc(limit + 1, l->size)) == NULL) {
		req_error(r, 503, R_NO_MEMORY, NULL, NULL);
		return;
	}
	if ((n = l->read(r, before, rows, (int)limit + 1)) < 0) {
		free(rows);
		req_error(r, 503, R_STORE_FAILED, NULL, NULL);
		return;
	}
	shown = (unsigned)n > limit ? limit : (unsigned)n;
	list = json_array();
	for (unsigned i = 0; i < shown; i++)
		json_array_append_new(list, l->row(r, rows + i * l->size));
	next = (unsigned)n > limit ? l->place(rows + (limit - 1) * l->size) : json_null();
	free(rows);
	req_reply(r, 200, json_pack("{s:o, s:o}", l->key, list, "next", next));
}

bool
window_good(struct req *r)
{
	const char *limit = req_query(r, "limit"), *offset = req_query(r, "offset");

	if ((!limit || parse_count(limit, LIST_MAX)) && (!offset || (limit && (strcmp(offset, "0") == 0 || parse_count(offset, 1000000)))))
		return true;
	req_error(r, 400, R_REQUEST_INVALID, "'limit' is 1 to 1000; 'offset' is a number, and goes with it.", "");
	return false;
}

json_t *
window_of(struct req *r, const json_t *list, bool newest)
{
	const char *limit = req_query(r, "limit"), *offset = req_query(r, "offset");
	size_t all = json_array_size(list), n = limit ? (size_t)parse_count(limit, LIST_MAX) : all, at = offset ? (size_t)parse_count(offset, 1000000) : 0;
	json_t *part = json_array();

	for (; n > 0 && at < all; at++, n--)
		json_array_append(part, json_array_get(list, newest ? all - 1 - at : at));
	return part;
}

#define NEAR_MAX	2000	/* tunnels that a mistyped name is held against: some milliseconds */

void
no_tunnel(struct req *r, const char *what)
{
	const struct want *w = &r->s->want;
	const char *names[NEAR_MAX + 1], *near;
	char text[120], hint[120];
	unsigned n = 0;

	for (; n < w->n && n < NEAR_MAX; n++)
		names[n] = w->v[n].t->name;
	names[n] = NULL;
	near = yt_nearest(r->name, names);
	snprintf(text, sizeof(text), "The applied revision has no %s of that name here.", what);
	snprintf(hint, sizeof(hint), "Did you mean '%.63s'? 'ikectl status' lists them all.", near ? near : "");
	req_error(r, 404, R_NOT_FOUND, text, near && strcmp(near, r->name) != 0 ? hint : NULL);
}
