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
#include "edit.h"

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
		req_error(r, 404, R_NOT_FOUND, "The applied revision has no tunnel of that name.", NULL);
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

/* The text as the edit makes it is checked and comes into force. */
static void
finish(struct req *r, const struct edit *e)
{
	struct sync *s = r->s;
	struct change c = { 0 };
	struct yt_error err;
	char said[160];

	snprintf(said, sizeof(said), "%s %s", r->audit ? r->audit->action : "edit", r->name);
	c.text = edit_text(e, s->rev.text, s->rev.n, &c.n);
	if (!c.text)
		req_error(r, 503, R_NO_MEMORY, NULL, NULL);
	else if (c.n > API_BODY_MAX)
		req_error(r, 413, R_TOO_LARGE, "The site file would be larger than 16 MiB.", "");
	else if (!change_plan(s, &c, true, &err))
		req_error_at(r, err.reason == R_NO_MEMORY ? 503 : 400, &err);
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
	struct site_tunnel t = { 0 };
	struct site_key *keys = NULL;
	struct sync *s = r->s;
	struct edit e = { 0 };
	struct yt yt = { 0 };

	if (!may_begin(r, "edit"))
		return;
	if (!block)
		req_error(r, 503, R_NO_MEMORY, NULL, NULL);
	else if (!edit_put(&e, &yt, s->sites, s->rev.text, s->rev.n, r->name, block, n) ||
	    !sites_read_tunnel(&yt, s->sites, yt.root->child, s->legacy, &t, &keys))
		req_error_at(r, yt.err.reason == R_NO_MEMORY ? 503 : yt.err.reason == R_EDIT_UNSAFE ? 409 : 400, &yt.err);
	else
		finish(r, &e);
	tunnel_fini(&t);
	site_keys_free(keys);
	edit_fini(&e);
	yt_free(&yt);
}

void
delete_tunnel(struct req *r)
{
	struct sync *s = r->s;
	struct yt_error err;
	struct edit e = { 0 };

	if (!may_begin(r, "remove"))
		return;
	if (!edit_remove(&e, s->sites, s->rev.text, s->rev.n, r->name, &err))
		req_error_at(r, err.reason == R_NOT_FOUND ? 404 : err.reason == R_NO_MEMORY ? 503 : 409, &err);
	else
		finish(r, &e);
	edit_fini(&e);
}
