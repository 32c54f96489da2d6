/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check, apply and rollback: validate, plan, and, but for check, what change.c does with it; the answer waits for the daemons to be
 * brought to what the revision says.
 */
#include <event2/buffer.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "account.h"
#include "api.h"
#include "confirm.h"

static json_t *
children_json(const struct plan_row *r)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < r->nchildren; i++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "child", r->children[i].name, "action", fate_name(r->children[i].fate)));
	return list;
}

json_t *
plan_json(const struct plan *p)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < p->n; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:o, s:o}", "tunnel", p->v[i].tunnel, "action", fate_name(p->v[i].fate),
		    "ike", fate_name(p->v[i].ike), "why", json_words(p->v[i].why ? p->v[i].why : ""), "children", children_json(&p->v[i])));
	return list;
}

void
apply_warnings(struct sync *s, const char *only, json_t *reply)
{
	json_t *list = json_object_get(reply, "warnings");
	unsigned n = 0;

	for (unsigned i = 0; list && i < s->nrt && n < 100; i++) {
		const struct rt *rt = s->rt[i];

		if (!rt->secret_known || rt->secret == R_OK || (only && strcmp(rt->name, only) != 0))
			continue;
		json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:s}", "reason", reason_row(rt->secret)->name,
		    "message", rt->secret_detail[0] ? json_sprintf("%s (%s)", reason_row(rt->secret)->sentence, rt->secret_detail) :
		    json_words(reason_row(rt->secret)->sentence), "hint", json_words(reason_row(rt->secret)->hint), "tunnel", rt->name));
		n++;
	}
}

static bool
take_body(struct req *r, struct change *c)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(r->http);

	c->n = evbuffer_get_length(in);
	c->text = malloc(c->n + 1);
	if (!c->text || evbuffer_remove(in, c->text, c->n) != (int)c->n) {
		req_error(r, 503, R_NO_MEMORY, NULL, NULL);
		return false;
	}
	c->text[c->n] = '\0';
	return true;
}

json_t *
apply_answer(const struct change *c, json_t *revision, bool unchanged)
{
	return json_pack("{s:o, s:b, s:b, s:n, s:o, s:[]}", "revision", revision, "unchanged", unchanged, "in_sync", 0,
	    "confirm", "plan", plan_json(&c->plan), "warnings");
}

static void
put_in_force(struct req *r, struct change *c, const char *comment, unsigned confirm_s)
{
	json_t *plan = apply_answer(c, json_null(), false);
	struct store_error err = { R_NO_MEMORY, "There is not enough memory." };
	struct sync *s = r->s;

	if (!r->audit || (confirm_s && !confirm_prepare(s, confirm_s)) || !change_commit(s, c, r->audit, comment, confirm_s != 0, &err)) {
		json_decref(plan);
		req_error(r, 503, err.reason, err.text, NULL);
		return;
	}
	if (confirm_s)
		confirm_begin(s);
	req_audited(r);
	json_object_set_new(plan, "revision", json_integer((json_int_t)s->rev.number));
	json_object_set_new(plan, "confirm", confirm_json(s));
	r->reply = plan;
	req_wait_settled(r);
}

/* Nothing may come between a revision and its confirmation: what would an undo go back to? False: an error was sent. */
static bool
may_come(struct req *r, unsigned *confirm_s)
{
	const struct confirm *c = r->s->confirm;
	const char *text = req_query(r, "confirm");
	char why[200];

	*confirm_s = text ? (unsigned)parse_count(text, CONFIRM_MAX_S) : 0;
	if (text && *confirm_s < CONFIRM_MIN_S) {
		snprintf(why, sizeof(why), "'confirm' must be %d to %d seconds.", CONFIRM_MIN_S, CONFIRM_MAX_S);
		req_error(r, 400, R_REQUEST_INVALID, why, "");
		return false;
	}
	if (!confirm_waits(r->s))
		return true;
	snprintf(why, sizeof(why), "Revision %llu waits to be confirmed; until then nothing else is applied.", (unsigned long long)c->revision);
	req_error(r, 409, R_CONFIRM_PENDING, why, NULL);
	return false;
}

/* A tunnel that goes takes its networks off the air: that is dangerous, from whichever request it comes. */
static bool
plan_drops(const struct plan *p)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->v[i].fate == FATE_DROPPED)
			return true;
	return false;
}

void
apply_change(struct req *r, struct change *c, const char *comment)
{
	struct sync *s = r->s;
	unsigned confirm_s;

	if (!may_come(r, &confirm_s) || (plan_drops(&c->plan) && !has_proof(r)))
		return;
	if (change_is_none(s, c)) {
		r->reply = apply_answer(c, json_integer((json_int_t)s->rev.number), true);
		engine_reconcile(s, false);
		req_wait_settled(r);
	} else
		put_in_force(r, c, comment, confirm_s);
}

void
post_apply(struct req *r)
{
	struct change c = { 0 };
	struct sync *s = r->s;
	struct yt_error err;

	req_audit(r, "apply", r->file);
	if (!take_body(r, &c))
		return;
	if (!change_plan(s, &c, s->legacy, &err))
		req_error_at(r, err.reason == R_NO_MEMORY ? 503 : 400, &err);
	else if (!plan_allowed(s->sites, s->rev.text, s->rev.n, c.sites, c.text, c.n, req_query(r, "remove"), &err))
		req_error_at(r, 409, &err);
	else
		apply_change(r, &c, req_query(r, "comment"));
	change_fini(&c);
}

void
post_check(struct req *r)
{
	struct change c = { 0 };
	struct yt_error err;
	json_t *j;

	if (!take_body(r, &c))
		return;
	if (!change_plan(r->s, &c, r->s->legacy, &err))
		req_error_at(r, err.reason == R_NO_MEMORY ? 503 : 400, &err);
	else {
		j = apply_answer(&c, json_null(), change_is_none(r->s, &c));
		/* What goes is to be named when it is applied, and who plans is told so before. */
		if (!plan_allowed(r->s->sites, r->s->rev.text, r->s->rev.n, c.sites, c.text, c.n, req_query(r, "remove"), &err))
			json_array_append_new(json_object_get(j, "warnings"), json_pack("{s:s, s:o, s:o, s:s}", "reason", reason_row(err.reason)->name,
			    "message", json_words(err.message), "hint", json_words(err.hint), "tunnel", ""));
		req_reply(r, 200, j);
	}
	change_fini(&c);
}

/* The text of an earlier revision becomes a new one. It was whole when it was applied, so what it has not is meant to go. */
void
post_rollback(struct req *r)
{
	uint64_t number = parse_count(req_query(r, "to"), INT64_MAX);
	struct store_error err = { R_NOT_FOUND, "There is no such revision." };
	const char *comment = req_query(r, "comment");
	struct revision old = { 0 };
	struct change c = { 0 };
	struct yt_error yerr;
	char said[64];

	snprintf(said, sizeof(said), "rollback to revision %llu", (unsigned long long)number);
	req_audit(r, "rollback", said);
	if (number == 0 || !store_get(r->s->store, number, &old, &err)) {
		no_revision(r, &err);
		return;
	}
	c.text = old.text;
	c.n = old.n;
	if (change_plan(r->s, &c, r->s->legacy, &yerr))
		apply_change(r, &c, comment && *comment ? comment : said);
	else {
		snprintf(r->file, sizeof(r->file), "revision %llu", (unsigned long long)number);
		req_error_at(r, yerr.reason == R_NO_MEMORY ? 503 : 400, &yerr);
	}
	change_fini(&c);
}
