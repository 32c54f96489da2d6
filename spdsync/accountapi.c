/* SPDX-License-Identifier: BSD-2-Clause */
/* Users, sessions and tokens, for administrators: lists, and changes. The store keeps the last administrator. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "apiserve.h"
#include "clock.h"

/* ---- users ---- */

static int
read_users(struct req *r, uint64_t before, void *rows, int most)
{
	const char *after = req_query(r, "after");

	(void)before;
	return account_list(r->s->store, after ? after : "", rows, most);
}

static json_t *
user_row(struct req *r, const void *row)
{
	const struct account *a = row;

	(void)r;
	return json_pack("{s:s, s:s, s:b, s:o}", "user", a->name, "role", role_name(a->role), "disabled", a->disabled, "created", json_time(a->created));
}

static json_t *
user_place(const void *row)
{
	return json_string(((const struct account *)row)->name);
}

void
get_users(struct req *r)
{
	static const struct list users = { "users", LIST_MAX, sizeof(struct account), read_users, user_row, user_place };

	list_serve(r, &users);
}

static void
done(struct req *r, enum reason reason)
{
	if (reason == R_OK) {
		req_told(r);
		req_reply(r, 200, json_pack("{s:s, s:b}", "name", r->name, "done", 1));
	} else
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
		done(r, *made ? account_add(r->s->store, a, req_line(r)) : R_INTERNAL);
}

void
post_users(struct req *r)
{
	struct account a = { .created = clock_wall_s() }, is;
	struct accountbody b;
	enum reason reason;

	if (!account_body(r, ACCOUNT_NEW, &b))
		return;
	snprintf(r->name, sizeof(r->name), "%s", b.user);
	snprintf(a.name, sizeof(a.name), "%s", b.user);
	a.role = b.role;
	req_audit(r, "new user", b.user);
	if ((reason = account_get(r->s->store, b.user, &is)) != R_NOT_FOUND)
		account_fail(r, reason == R_OK ? R_USER_EXISTS : reason);
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
		done(r, *made ? account_change(r->s->store, r->name, b->role, made, b->disabled, req_line(r)) : R_INTERNAL);
}

void
post_user(struct req *r)
{
	struct accountbody b;
	struct account a;
	char said[AUDIT_TEXT];
	enum reason reason;

	if (!account_body(r, ACCOUNT_CHANGE, &b))
		return;
	snprintf(said, sizeof(said), "%.63s%s%s%s%s", r->name, b.role ? ": role " : "", role_name(b.role), b.password.n ? ", a new password" : "",
	    b.disabled > 0 ? ", disabled" : b.disabled == 0 ? ", enabled" : "");
	req_audit(r, "user", said);
	if ((reason = account_get(r->s->store, r->name, &a)) != R_OK)
		account_fail(r, reason);
	else if (b.password.n && !password_good(&b.password, r->name))
		account_fail(r, R_PASSWORD_WEAK);
	else if (b.password.n)
		account_hash(r, &b, &a, NULL, change_done);
	else
		done(r, account_change(r->s->store, r->name, b.role, NULL, b.disabled, req_line(r)));
	wipe(&a, sizeof(a));
	accountbody_wipe(&b);
}

void
delete_user(struct req *r)
{
	req_audit(r, "user removal", r->name);
	done(r, account_delete(r->s->store, r->name, req_line(r)));
}

void
post_first_token(struct req *r)
{
	uint64_t now = clock_wall_s();
	char token[TOKEN_CAP];
	enum reason reason;

	req_audit(r, "first token", "");
	reason = token_make("cwf_", token) ? first_token_set(r->s->store, token, now, req_line(r)) : R_INTERNAL;
	if (reason == R_OK) {
		req_told(r);
		req_reply(r, 200, json_pack("{s:s, s:o}", "token", token, "expires", json_time(now + FIRST_TOKEN_S)));
	} else
		account_fail(r, reason);
	wipe(token, sizeof(token));
}

/* ---- sessions ---- */

static int
read_sessions(struct req *r, uint64_t before, void *rows, int most)
{
	return session_list(r->s->store, clock_wall_s(), before, rows, most);
}

static json_t *
session_row(struct req *r, const void *row)
{
	const struct session_row *v = row;

	return json_pack("{s:I, s:b, s:s, s:o, s:o, s:o, s:o}", "id", (json_int_t)v->number, "own", r->grant.kind == GRANT_SESSION && v->number == r->grant.number, "user", v->user, "client", json_words(v->client),
	    "created", json_time(v->created), "seen", json_time(v->seen), "expires", json_time(v->expires));
}

static json_t *
session_place(const void *row)
{
	return json_integer((json_int_t)((const struct session_row *)row)->number);
}

void
get_sessions(struct req *r)
{
	static const struct list sessions = { "sessions", LIST_MAX, sizeof(struct session_row), read_sessions, session_row, session_place };

	list_serve(r, &sessions);
}

void
delete_session(struct req *r)
{
	uint64_t id = parse_count(r->name, INT64_MAX);

	req_audit(r, "session end", r->name);
	done(r, id ? session_end(r->s->store, id, req_line(r)) : R_NOT_FOUND);
}

/* ---- tokens ---- */

static int
read_tokens(struct req *r, uint64_t before, void *rows, int most)
{
	return token_list(r->s->store, before, rows, most);
}

static json_t *
token_row(struct req *r, const void *row)
{
	const struct token_row *v = row;

	(void)r;
	return json_pack("{s:I, s:s, s:o, s:s, s:o, s:o, s:o}", "id", (json_int_t)v->number, "name", v->name, "user", json_text(v->user),
	    "role", role_name(v->role), "created", json_time(v->created), "used", v->used ? json_time(v->used) : json_null(), "expires", json_time(v->expires));
}

static json_t *
token_place(const void *row)
{
	return json_integer((json_int_t)((const struct token_row *)row)->number);
}

void
get_tokens(struct req *r)
{
	static const struct list tokens = { "tokens", LIST_MAX, sizeof(struct token_row), read_tokens, token_row, token_place };

	list_serve(r, &tokens);
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
	reason = token_make("cwt_", token) ? token_add(r->s->store, token, &t, req_line(r)) : R_INTERNAL;
	if (reason == R_OK) {
		req_told(r);
		req_reply(r, 200, json_pack("{s:I, s:s, s:s, s:s, s:o}", "id", (json_int_t)t.number, "token", token, "name", t.name, "role",
		    role_name(t.role), "expires", json_time(t.expires)));
	} else
		account_fail(r, reason);
	wipe(token, sizeof(token));
}

void
delete_token(struct req *r)
{
	uint64_t id = parse_count(r->name, INT64_MAX);

	req_audit(r, "token removal", r->name);
	done(r, id ? token_remove(r->s->store, id, req_line(r)) : R_NOT_FOUND);
}
