/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One tunnel over the API: its block as it stands in the text in force, another in its place, or none. Text, revision, plan and audit are
 * those of an apply of the whole; only the way there is shorter.
 */
#include <event2/buffer.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "change.h"
#include "one.h"

static bool
sha256_of(const char *p, size_t n, char out[65])
{
	uint8_t d[32];

	if (EVP_Digest(p, n, d, NULL, EVP_sha256(), NULL) != 1)
		return false;
	for (unsigned i = 0; i < sizeof(d); i++)
		snprintf(out + 2 * i, 3, "%02x", d[i]);
	return true;
}

/* The tunnel's block and its digest, or NULL after an error was sent. */
static char *
block_now(struct req *r, size_t *n, char sum[65])
{
	const struct sync *s = r->s;
	const struct site_tunnel *t = s->sites ? sites_find_tunnel(s->sites, r->name) : NULL;
	char *block;

	if (!t) {
		no_tunnel(r, "tunnel");
		return NULL;
	}
	if (s->sites->odd_line || t->flow || t->n == 0) {
		req_error(r, 409, R_EDIT_UNSAFE, NULL, NULL);
		return NULL;
	}
	block = edit_block(t, s->rev.text, n);
	if (block && sha256_of(block, *n, sum))
		return block;
	free(block);
	req_error(r, 503, R_NO_MEMORY, NULL, NULL);
	return NULL;
}

void
get_tunnel_text(struct req *r)
{
	char sum[65];
	size_t n;
	char *block = block_now(r, &n, sum);

	if (block)
		req_reply(r, 200, json_pack("{s:s, s:I, s:s, s:o}", "tunnel", r->name, "revision", (json_int_t)r->s->rev.number, "sha256", sum,
		    "text", json_stringn(block, n)));
	free(block);
}

/* The query "was" says on which block the change was made: the digest that GET gave. False: an error was sent. */
static bool
still_is(struct req *r)
{
	const char *was = req_query(r, "was");
	char sum[65], *block;
	size_t n;
	bool same;

	if (!was)
		return true;
	block = block_now(r, &n, sum);
	if (!block)
		return false;
	same = strcmp(was, sum) == 0;
	free(block);
	if (!same)
		req_error(r, 409, R_EDIT_CONFLICT, NULL, NULL);
	return same;
}

static bool
may_begin(struct req *r, const char *action)
{
	req_audit(r, action, r->name);
	if (!name_ok(r->name)) {
		req_error(r, 400, R_NAME_INVALID, NULL, NULL);
		return false;
	}
	if (!r->s->sites) {
		req_error(r, 409, R_NOT_FOUND, "No site file was applied yet.", "Apply one with 'ikectl apply'.");
		return false;
	}
	return still_is(r);
}

static void
edit(struct req *r, const char *block, size_t n)
{
	struct change c = { 0 };
	struct sync *s = r->s;
	struct yt_error err;
	char said[160];

	snprintf(said, sizeof(said), "%s %s", block ? "edit" : "remove", r->name);
	r->one = true;
	if (!one_plan(s, &c, r->name, block, n, &err))
		req_error_at(r, err.reason == R_NO_MEMORY ? 503 : err.reason == R_NOT_FOUND ? 404 : err.reason == R_EDIT_UNSAFE ? 409 : 400, &err);
	else if (c.n > API_BODY_MAX)
		req_error(r, 413, R_TOO_LARGE, "The site file would be larger than 16 MiB.", "");
	else
		apply_change(r, &c, req_query(r, "comment") ? req_query(r, "comment") : said);
	change_fini(&c);
}

void
put_tunnel(struct req *r)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(r->http);
	size_t n = evbuffer_get_length(in);
	const char *block = n ? (const char *)evbuffer_pullup(in, -1) : "";

	if (!may_begin(r, "edit"))
		return;
	if (block)
		edit(r, block, n);
	else
		req_error(r, 503, R_NO_MEMORY, NULL, NULL);
}

void
delete_tunnel(struct req *r)
{
	if (may_begin(r, "remove"))
		edit(r, NULL, 0);
}
