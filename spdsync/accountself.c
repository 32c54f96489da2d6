/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What everybody who signed in may do with his own account: who am I, show the password again (before what is dangerous, routes.c), change it, end
 * his other sessions. A password that is shown here is a guess like one at the sign-in, and is charged like one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "apiserve.h"
#include "clock.h"
#include "confirm.h"

/* For how many seconds still what is dangerous needs no password; null where it never does. */
static json_t *
proof_left(const struct req *r)
{
	uint64_t now = clock_wall_s(), age = now - r->grant.proved;

	if (r->grant.kind != GRANT_SESSION)
		return json_null();
	return json_integer(now >= r->grant.proved && age < PROOF_S ? (json_int_t)(PROOF_S - age) : 0);
}

void
get_self(struct req *r)
{
	static const char *const kinds[] = { "none", "console", "session", "token" };
	bool session = r->grant.kind == GRANT_SESSION;

	req_reply(r, 200, json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "user", r->author, "role", role_name(r->grant.role), "kind", kinds[r->grant.kind],
	    "expires", r->grant.expires ? json_time(r->grant.expires) : json_null(), "proof_s", proof_left(r),
	    "others", session ? json_integer((json_int_t)session_others(r->s->store, &r->grant, clock_wall_s())) : json_null(), "confirm", confirm_json(r->s)));
}

static bool
is_session(struct req *r)
{
	if (r->grant.kind == GRANT_SESSION)
		return true;
	req_error(r, 400, R_REQUEST_INVALID, "This is not a session.", "");
	return false;
}

/* The password of who asks, compared; done goes on. */
static void
compare(struct req *r, const struct accountbody *b, hash_done *done)
{
	enum reason reason;
	struct account a;

	if ((reason = account_get(r->s->store, r->grant.user, &a)) != R_OK)
		account_fail(r, reason == R_NOT_FOUND ? R_SESSION_NONE : reason);
	else if (account_charged(r, a.name))
		account_hash(r, b, &a, a.hash, done);
	wipe(&a, sizeof(a));
}

static void
proof_done(void *arg, const char *made)
{
	struct req *r = arg;
	struct accountbody *b;
	struct account *a;
	uint64_t now = clock_wall_s();
	char session[TOKEN_CAP];
	enum reason reason = R_LOGIN_FAILED;

	account_waited(r, &b, &a);
	if (account_matches(r, a, made))
		reason = token_make("cws_", session) ? session_prove(r->s->store, a, &r->grant, r->client, session, now, req_line(r)) : R_INTERNAL;
	account_answer(r, reason, session, a, r->grant.expires - SESSION_MAX_S);
}

void
post_proof(struct req *r)
{
	struct accountbody b;

	if (!is_session(r) || !account_body(r, ACCOUNT_PROOF, &b))
		return;
	req_audit(r, "password shown again", "");
	compare(r, &b, proof_done);
	accountbody_wipe(&b);
}

static void
fresh_done(void *arg, const char *made)
{
	struct req *r = arg;
	struct accountbody *b;
	struct account *a;
	uint64_t now = clock_wall_s();
	char session[TOKEN_CAP];
	enum reason reason = R_INTERNAL;

	account_waited(r, &b, &a);
	if (*made && token_make("cws_", session))
		reason = account_password(r->s->store, a, made, r->client, session, now, req_line(r));
	account_answer(r, reason, session, a, now);
}

/* The old one is right: now the new one's hash. */
static void
old_done(void *arg, const char *made)
{
	struct req *r = arg;
	struct accountbody *b, next = { 0 };
	struct account *a, mine;

	account_waited(r, &b, &a);
	mine = *a;
	secret_set(&next.password, secret_bytes(&b->fresh));
	if (!account_matches(r, a, made)) {
		account_fail(r, R_LOGIN_FAILED);
	} else {
		account_forget(r);
		account_hash(r, &next, &mine, NULL, fresh_done);
	}
	wipe(&mine, sizeof(mine));
	accountbody_wipe(&next);
}

void
post_password(struct req *r)
{
	struct accountbody b;

	if (!is_session(r) || !account_body(r, ACCOUNT_PASSWORD, &b))
		return;
	req_audit(r, "password", "one's own");
	if (password_good(&b.fresh, r->grant.user))
		compare(r, &b, old_done);
	else
		account_fail(r, R_PASSWORD_WEAK);
	accountbody_wipe(&b);
}

void
delete_others(struct req *r)
{
	enum reason reason;

	if (!is_session(r))
		return;
	req_audit(r, "session end", "one's others");
	reason = session_end_others(r->s->store, &r->grant, req_line(r));
	if (reason == R_OK) {
		req_told(r);
		req_reply(r, 200, json_pack("{s:b}", "done", 1));
	} else
		account_fail(r, reason);
}
