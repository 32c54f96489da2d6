/* SPDX-License-Identifier: BSD-2-Clause */
/* Users, sessions and tokens, for administrators: lists, and changes. The store keeps the last administrator. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "apiserve.h"
#include "clock.h"

/* ---- users ---- */

void
get_users(struct req *r)
{
	const char *after = req_query(r, "after");
	struct account *v;
	uint64_t before;
	size_t limit, n;
	json_t *list;

	if ((v = list_rows(r, LIST_MAX, sizeof(*v), &limit, &before)) == NULL)
		return;
	list = json_array();
	n = account_list(r->s->store, after ? after : "", v, limit + 1);
	for (size_t i = 0; i < n && i < limit; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:o}", "user", v[i].name, "role", role_name(v[i].role), "disabled", v[i].disabled,
		    "created", json_time(v[i].created)));
	list_answer(r, "users", list, n > limit ? json_string(v[limit - 1].name) : NULL);
	free(v);
}

static void
done(struct req *r, enum reason reason)
{
	if (reason == R_OK)
		req_reply(r, 200, json_pack("{s:s, s:b}", "name", r->name, "done", 1));
	else
		account_fail(r, reason);
}

static void
add_done(void *arg, const char *made)
{
	struct req *r = arg;
	struct accountbody *b;
	struct account *a;

	account_waited(r, &b, &a);
	snprintf(a->hash, sizeof(a->hash), "%s", made);
	if (account_still(r))
		done(r, *made ? account_add(r->s->store, a) : R_INTERNAL);
}

void
post_users(struct req *r)
{
	struct account a = { .created = clock_wall_s() }, is;
	struct accountbody b;

	if (!account_body(r, ACCOUNT_NEW, &b))
		return;
	snprintf(r->name, sizeof(r->name), "%s", b.user);
	snprintf(a.name, sizeof(a.name), "%s", b.user);
	a.role = b.role;
	req_audit(r, "new user", b.user);
	if (account_get(r->s->store, b.user, &is))
		account_fail(r, R_USER_EXISTS);
	else if (!password_good(&b.password, b.user))
		account_fail(r, R_PASSWORD_WEAK);
	else
		account_hash(r, &b, &a, NULL, add_done);
	wipe(&is, sizeof(is));
	accountbody_wipe(&b);
}

static void
change_done(void *arg, const char *made)
{
	struct req *r = arg;
	struct accountbody *b;
	struct account *a;

	account_waited(r, &b, &a);
	if (account_still(r))
		done(r, *made ? account_change(r->s->store, r->name, b->role, made, b->disabled) : R_INTERNAL);
}

void
post_user(struct req *r)
{
	struct accountbody b;
	struct account a;
	char said[AUDIT_TEXT];

	if (!account_body(r, ACCOUNT_CHANGE, &b))
		return;
	snprintf(said, sizeof(said), "%.63s%s%s%s%s", r->name, b.role ? ": role " : "", role_name(b.role), b.password.n ? ", a new password" : "",
	    b.disabled > 0 ? ", disabled" : b.disabled == 0 ? ", enabled" : "");
	req_audit(r, "user", said);
	if (!account_get(r->s->store, r->name, &a))
		account_fail(r, R_NOT_FOUND);
	else if (b.password.n && !password_good(&b.password, r->name))
		account_fail(r, R_PASSWORD_WEAK);
	else if (b.password.n)
		account_hash(r, &b, &a, NULL, change_done);
	else
		done(r, account_change(r->s->store, r->name, b.role, NULL, b.disabled));
	wipe(&a, sizeof(a));
	accountbody_wipe(&b);
}

void
delete_user(struct req *r)
{
	req_audit(r, "user removal", r->name);
	done(r, account_delete(r->s->store, r->name));
}

void
post_first_token(struct req *r)
{
	uint64_t now = clock_wall_s();
	char token[TOKEN_CAP];
	enum reason reason;

	req_audit(r, "first token", "");
	reason = token_make("cwf_", token) ? first_token_set(r->s->store, token, now) : R_INTERNAL;
	if (reason == R_OK)
		req_reply(r, 200, json_pack("{s:s, s:o}", "token", token, "expires", json_time(now + FIRST_TOKEN_S)));
	else
		account_fail(r, reason);
	wipe(token, sizeof(token));
}

/* ---- sessions ---- */

void
get_sessions(struct req *r)
{
	struct session_row *v;
	uint64_t before;
	size_t limit, n;
	json_t *list;

	if ((v = list_rows(r, LIST_MAX, sizeof(*v), &limit, &before)) == NULL)
		return;
	list = json_array();
	n = session_list(r->s->store, clock_wall_s(), before, v, limit + 1);
	for (size_t i = 0; i < n && i < limit; i++)
		json_array_append_new(list, json_pack("{s:I, s:s, s:o, s:o, s:o, s:o}", "id", (json_int_t)v[i].number, "user", v[i].user, "client",
		    json_words(v[i].client), "created", json_time(v[i].created), "seen", json_time(v[i].seen), "expires", json_time(v[i].expires)));
	list_answer(r, "sessions", list, n > limit ? json_integer((json_int_t)v[limit - 1].number) : NULL);
	free(v);
}

void
delete_session(struct req *r)
{
	uint64_t id = parse_count(r->name, INT64_MAX);

	req_audit(r, "session end", r->name);
	done(r, id ? session_end(r->s->store, id) : R_NOT_FOUND);
}

/* ---- tokens ---- */

void
get_tokens(struct req *r)
{
	struct token_row *v;
	uint64_t before;
	size_t limit, n;
	json_t *list;

	if ((v = list_rows(r, LIST_MAX, sizeof(*v), &limit, &before)) == NULL)
		return;
	list = json_array();
	n = token_list(r->s->store, before, v, limit + 1);
	for (size_t i = 0; i < n && i < limit; i++)
		json_array_append_new(list, json_pack("{s:I, s:s, s:o, s:s, s:o, s:o, s:o}", "id", (json_int_t)v[i].number, "name", v[i].name, "user",
		    json_text(v[i].user), "role", role_name(v[i].role), "created", json_time(v[i].created), "used",
		    v[i].used ? json_time(v[i].used) : json_null(), "expires", json_time(v[i].expires)));
	list_answer(r, "tokens", list, n > limit ? json_integer((json_int_t)v[limit - 1].number) : NULL);
	free(v);
}

/* It belongs to who made it; one made at the console belongs to nobody. */
void
post_tokens(struct req *r)
{
	struct token_row t = { .created = clock_wall_s() };
	struct accountbody b;
	char token[TOKEN_CAP], said[AUDIT_TEXT];
	enum reason reason;

	if (!account_body(r, ACCOUNT_TOKEN, &b))
		return;
	snprintf(said, sizeof(said), "%s: role %s, %u days", b.name, role_name(b.role), b.days);
	req_audit(r, "new token", said);
	if (b.role > r->grant.role) {
		req_error(r, 403, R_NOT_PERMITTED, "A token has at most the role of who makes it.", "");
		return;
	}
	snprintf(t.name, sizeof(t.name), "%s", b.name);
	snprintf(t.user, sizeof(t.user), "%s", r->grant.user);
	t.role = b.role;
	t.expires = t.created + b.days * 86400ull;
	reason = token_make("cwt_", token) ? token_add(r->s->store, token, &t) : R_INTERNAL;
	if (reason == R_OK)
		req_reply(r, 200, json_pack("{s:I, s:s, s:s, s:s, s:o}", "id", (json_int_t)t.number, "token", token, "name", t.name, "role",
		    role_name(t.role), "expires", json_time(t.expires)));
	else
		account_fail(r, reason);
	wipe(token, sizeof(token));
}

void
delete_token(struct req *r)
{
	uint64_t id = parse_count(r->name, INT64_MAX);

	req_audit(r, "token removal", r->name);
	done(r, id ? token_remove(r->s->store, id) : R_NOT_FOUND);
}
