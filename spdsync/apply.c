/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check and apply: validate, plan, commit, reconcile. Up to the commit nothing was changed; the commit is one transaction; after it
 * the daemons are brought to what it says, and the answer waits for them.
 */
#include <event2/buffer.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "clock.h"
#include "log.h"
#include "plan.h"

static const char *const actions[] = { "kept", "rekeyed", "dropped", "new" };	/* order: enum plan_action */

/* One apply on its way. */
struct work {
	char		*text;
	size_t		n;
	struct sites	*sites;
	struct plan	plan;
};

static void
work_fini(struct work *w)
{
	free(w->text);
	sites_free(w->sites);
	plan_fini(&w->plan);
}

static json_t *
plan_json(const struct plan *p)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < p->n; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:o}", "tunnel", p->v[i].tunnel, "action", actions[p->v[i].action],
		    "why", json_words(p->v[i].why)));
	return list;
}

void
apply_warnings(struct sync *s, json_t *reply)
{
	json_t *list = json_object_get(reply, "warnings");
	unsigned n = 0;

	for (unsigned i = 0; list && i < s->nrt && n < 100; i++) {
		const struct rt *rt = s->rt[i];

		if (!rt->secret_known || rt->secret == R_OK)
			continue;
		json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:s}", "reason", reason_row(rt->secret)->name,
		    "message", rt->secret_detail[0] ? json_sprintf("%s (%s)", reason_row(rt->secret)->sentence, rt->secret_detail) :
		    json_words(reason_row(rt->secret)->sentence), "hint", json_words(reason_row(rt->secret)->hint), "tunnel", rt->name));
		n++;
	}
}

static bool
take_body(struct req *r, struct work *w)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(r->http);

	w->n = evbuffer_get_length(in);
	w->text = malloc(w->n + 1);
	if (!w->text || evbuffer_remove(in, w->text, w->n) != (int)w->n) {
		req_error(r, 503, R_NO_MEMORY, NULL, NULL);
		return false;
	}
	w->text[w->n] = '\0';
	return true;
}

static bool
validate(struct req *r, struct work *w, bool apply)
{
	struct sync *s = r->s;
	struct yt_error err;
	struct yt yt = { .text = w->text, .n = w->n };
	unsigned line, column;

	w->sites = sites_read(w->text, w->n, s->legacy, &err);
	if (!w->sites) {
		req_error_at(r, 400, &err);
		return false;
	}
	if (!sites_find(w->sites, s->site)) {
		yt_end(&yt, &line, &column);
		yt_fail(&yt, R_SITE_UNKNOWN, line, column, NULL, "This gateway is the site '%s', which is not in the file.", s->site);
		req_error_at(r, 400, &yt.err);
		return false;
	}
	if (apply && !plan_allowed(s->sites, s->rev.text, s->rev.n, w->sites, w->text, w->n, req_query(r, "remove"), &err)) {
		req_error_at(r, 409, &err);
		return false;
	}
	if (!plan_make(&w->plan, s->sites, w->sites, s->site)) {
		req_error(r, 503, R_NO_MEMORY, NULL, NULL);
		return false;
	}
	return true;
}

static bool
sha256_hex(const char *text, size_t n, char out[65])
{
	uint8_t d[32];

	if (EVP_Digest(text, n, d, NULL, EVP_sha256(), NULL) != 1)
		return false;
	for (int i = 0; i < 32; i++)
		snprintf(out + 2 * i, 3, "%02x", d[i]);
	return true;
}

static json_t *
answer(const struct work *w, json_t *revision, bool unchanged)
{
	return json_pack("{s:o, s:b, s:b, s:o, s:[]}", "revision", revision, "unchanged", unchanged, "in_sync", 0,
	    "plan", plan_json(&w->plan), "warnings");
}

/* The names of our children, for their numbers. */
static bool
commit(struct req *r, struct work *w, struct revision *rev, struct store_error *err)
{
	struct sync *s = r->s;
	const char *comment = req_query(r, "comment");
	size_t n;
	char (*names)[CHILD_NAME_CAP] = want_children(w->sites, s->site, &n);
	bool ok;

	snprintf(err->text, sizeof(err->text), "There is not enough memory.");
	err->reason = R_NO_MEMORY;
	if (!names)
		return false;
	rev->time_s = clock_wall_s();
	snprintf(rev->author, sizeof(rev->author), "%s", r->author);
	snprintf(rev->comment, sizeof(rev->comment), "%s", comment ? comment : "");
	rev->text = w->text;
	rev->n = w->n;
	ok = sha256_hex(w->text, w->n, rev->sha256) && store_commit(s->store, rev, (const char (*)[CHILD_NAME_CAP])names, n, err);
	free(names);
	if (!ok)
		rev->text = NULL;
	return ok;
}

static void
put_in_force(struct req *r, struct work *w)
{
	struct sync *s = r->s;
	struct revision rev = { 0 };
	struct store_error err;
	char what[64];

	if (!commit(r, w, &rev, &err)) {
		req_error(r, 503, err.reason, err.text, NULL);
		return;
	}
	r->reply = answer(w, json_integer((json_int_t)rev.number), false);
	snprintf(what, sizeof(what), "revision %llu", (unsigned long long)rev.number);
	store_audit(s->store, rev.time_s, r->author, "apply", what);
	s->applies++;
	w->text = NULL;		/* the revision owns it now */
	if (!sync_adopt(s, &rev, w->sites)) {
		/* Committed, but not taken over for want of memory: a restart reads it from the store. */
		log_error(NULL, "apply", "%s is in the store, but could not be brought into force.", what);
		revision_fini(&rev);
		json_decref(r->reply);
		r->reply = NULL;
		req_error(r, 503, R_NO_MEMORY, NULL, NULL);
		return;
	}
	w->sites = NULL;
	req_wait_settled(r);
}

void
post_apply(struct req *r)
{
	struct work w = { 0 };
	struct sync *s = r->s;

	if (!take_body(r, &w))
		return;
	if (validate(r, &w, true)) {
		if (s->rev.text && w.n == s->rev.n && memcmp(w.text, s->rev.text, w.n) == 0) {
			r->reply = answer(&w, json_integer((json_int_t)s->rev.number), true);
			engine_reconcile(s, false);
			req_wait_settled(r);
		} else
			put_in_force(r, &w);
	}
	work_fini(&w);
}

void
post_check(struct req *r)
{
	struct work w = { 0 };

	if (!take_body(r, &w))
		return;
	if (validate(r, &w, false))
		req_reply(r, 200, answer(&w, json_null(), r->s->rev.text && w.n == r->s->rev.n && memcmp(w.text, r->s->rev.text, w.n) == 0));
	work_fini(&w);
}
