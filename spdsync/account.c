/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who asks (api.c calls who_asks for every request), signing in and out. A password is compared beside the loop; the verdict, the session and the
 * line of the audit log are one transaction. An unknown or disabled user costs the same hash as a known one.
 */
#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "apiserve.h"
#include "clock.h"
#include "log.h"
#include "news.h"

/* Nobody's: a hash is made of every wrong name too. The same cost as new ones have. */
#define NOBODY	"$y$j9T$Xx5GkQq0Yc3rJkqvVnN0E/$"

#define BODY_CAP	4096
#define REFUSALS_A_MINUTE	20

/* One request that waits for a hash. */
struct account_wait {
	struct hashjob		*job;
	struct account		account;	/* as it was read before */
	struct accountbody	body;
};

void
account_forget(struct req *r)
{
	if (!r->wait)
		return;
	hash_cancel(r->wait->job);
	wipe(r->wait, sizeof(*r->wait));
	free(r->wait);
	r->wait = NULL;
}

/* ---- who asks ---- */

/* What the web server's side says of its client: an address, or nothing. It grants nothing; it slows guesses down and goes to the audit log. */
static void
client_of(struct req *r)
{
	const char *v = evhttp_find_header(evhttp_request_get_input_headers(r->http), "X-Causeway-Client");

	if (v && strlen(v) < sizeof(r->client) && v[strspn(v, "0123456789abcdefABCDEF.:")] == '\0')
		snprintf(r->client, sizeof(r->client), "%s", v);
	snprintf(r->origin, sizeof(r->origin), "panel.sock, %s", r->client[0] ? r->client : "no address");
}

void
who_asks(struct req *r)
{
	const char *v = evhttp_find_header(evhttp_request_get_input_headers(r->http), "Authorization");

	if (!r->l->panel) {
		r->grant = (struct grant){ .kind = GRANT_CONSOLE, .role = r->l->rw ? ROLE_ADMIN : ROLE_VIEWER };
		return;
	}
	client_of(r);
	snprintf(r->author, sizeof(r->author), "-");
	if (!v || strncmp(v, "Bearer ", 7) != 0 || !grant_find(r->s->store, v + 7, clock_wall_s(), &r->grant))
		return;
	if (r->grant.kind == GRANT_TOKEN)
		snprintf(r->author, sizeof(r->author), "%.31s/token-%llu", r->grant.user[0] ? r->grant.user : "console", (unsigned long long)r->grant.number);
	else
		snprintf(r->author, sizeof(r->author), "%s", r->grant.user);
}

/* A session that ended and a button that is not for one's role are daily life: so many a minute are written down, the others are counted. */
static void
audit_refusal(struct req *r)
{
	struct refusals *f = &r->api->refusals;
	uint64_t now = clock_now_ns();
	char what[AUDIT_TEXT];
	int n;

	if (r->audit)		/* it waited for a hash, and its line is there */
		return;
	if (f->n == 0 || now - f->since > 60 * NS_PER_S) {
		f->since = now;
		f->n = 0;
	}
	if (f->n >= REFUSALS_A_MINUTE) {
		f->untold++;
		return;
	}
	f->n++;
	n = snprintf(what, sizeof(what), "%.120s", evhttp_request_get_uri(r->http));
	if (f->untold)
		snprintf(what + n, sizeof(what) - (size_t)n, " (and %u before it)", f->untold);
	f->untold = 0;
	req_audit(r, "refused", what);
}

bool
may_do(struct req *r, enum role needed)
{
	enum role least = needed == ROLE_PERSON ? ROLE_ADMIN : needed;
	char why[160] = "An API token may not change who may do what.";

	if (r->grant.role >= least && (needed != ROLE_PERSON || r->grant.kind != GRANT_TOKEN))
		return true;
	if (r->grant.kind == GRANT_NONE) {
		if (r->l->panel && evhttp_find_header(evhttp_request_get_input_headers(r->http), "Authorization"))
			audit_refusal(r);
		req_error(r, 401, R_SESSION_NONE, NULL, NULL);
		return false;
	}
	if (r->grant.role < least)
		snprintf(why, sizeof(why), "This needs the role %s; yours is %s.", role_name(least), role_name(r->grant.role));
	if (r->l->panel)
		audit_refusal(r);
	req_error(r, 403, R_NOT_PERMITTED, why, r->l->panel ? "An administrator may give you that role." : NULL);
	return false;
}

bool
has_proof(struct req *r)
{
	uint64_t now = clock_wall_s();

	/* A clock that was set back proves nothing. */
	if (r->grant.kind != GRANT_SESSION || (now >= r->grant.proved && now - r->grant.proved <= PROOF_S))
		return true;
	req_error(r, 403, R_PROOF_OLD, NULL, NULL);
	return false;
}

/* ---- bodies ---- */

static void
wipe_input(struct evbuffer *in)
{
	struct evbuffer_iovec v[16];
	int n = evbuffer_peek(in, -1, NULL, v, 16);

	for (int i = 0; i < n && i < 16; i++)
		wipe(v[i].iov_base, v[i].iov_len);
	evbuffer_drain(in, evbuffer_get_length(in));
}

bool
account_body(struct req *r, int kind, struct accountbody *b)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(r->http);
	char text[BODY_CAP], why[200] = "The body is too long.";
	size_t n = evbuffer_get_length(in);
	bool ok = false;

	if (n <= sizeof(text)) {
		evbuffer_copyout(in, text, n);
		ok = accountbody_get(text, n, (enum accountbody_kind)kind, b, why, sizeof(why));
		wipe(text, sizeof(text));
	}
	wipe_input(in);
	if (!ok)
		req_error(r, 400, R_REQUEST_INVALID, why, "");
	return ok;
}

static int
status_of(enum reason reason)
{
	switch (reason) {
	case R_LOGIN_FAILED: case R_SESSION_NONE:
		return 401;
	case R_NOT_FOUND:
		return 404;
	case R_LAST_ADMIN: case R_USER_EXISTS: case R_FIRST_USER_DONE:
		return 409;
	case R_LOGIN_THROTTLED:
		return 429;
	case R_PASSWORD_WEAK: case R_REQUEST_INVALID:
		return 400;
	default:
		return 503;
	}
}

void
account_fail(struct req *r, enum reason reason)
{
	req_error(r, status_of(reason), reason, NULL, NULL);
}

bool
account_hash(struct req *r, const struct accountbody *b, const struct account *a, const char *setting, void (*done)(void *, const char *))
{
	struct account_wait *w = calloc(1, sizeof(*w));

	if (w) {
		w->body = (struct accountbody){ .role = b->role, .disabled = b->disabled };	/* wiped by account_forget */
		secret_set(&w->body.token, secret_bytes(&b->token));
		secret_set(&w->body.fresh, secret_bytes(&b->fresh));
		w->account = *a;
		w->job = hash_start(r->api->hashing, &b->password, setting, done, r);
		r->wait = w;
	}
	if (w && w->job)
		return true;
	req_error(r, 503, R_BUSY, "Too many passwords are being looked at.", "Try again in a moment.");
	return false;
}

struct account_wait *
account_waited(struct req *r, struct accountbody **b, struct account **a)
{
	r->wait->job = NULL;
	*b = &r->wait->body;
	*a = &r->wait->account;
	return r->wait;
}

bool
account_still(struct req *r)
{
	who_asks(r);
	return may_do(r, ROLE_PERSON);
}

/* ---- signing in ---- */

void
account_answer(struct req *r, enum reason reason, char session[static TOKEN_CAP], const struct account *a, uint64_t since)
{
	if (reason == R_OK) {
		req_told(r);
		req_reply(r, 200, json_pack("{s:s, s:s, s:s, s:o}", "session", session, "user", a->name, "role", role_name(a->role), "expires",
		    json_time(since + SESSION_MAX_S)));
	} else
		account_fail(r, reason);
	wipe(session, TOKEN_CAP);
}

bool
account_matches(struct req *r, const struct account *a, const char *made)
{
	struct secret is;
	bool same;

	secret_set(&is, bytes_of(a->hash, strlen(a->hash)));
	same = a->name[0] && !a->disabled && *made && secret_eq(&is, bytes_of(made, strlen(made)));
	secret_wipe(&is);
	return same;
}

static void
login_done(void *arg, const char *made)
{
	struct req *r = arg;
	struct accountbody *b;
	struct account *a;
	uint64_t now = clock_wall_s();
	char session[TOKEN_CAP];
	enum reason reason = R_LOGIN_FAILED;

	account_waited(r, &b, &a);
	if (account_matches(r, a, made))
		reason = token_make("cws_", session) ? session_begin(r->s->store, a, r->client, session, now, req_line(r)) : R_INTERNAL;
	account_answer(r, reason, session, a, now);
}

/* The audit log hears of each delay once. */
bool
account_charged(struct req *r, const char *user)
{
	enum reason reason;
	bool first = false;
	unsigned wait_s;
	char why[160];

	reason = throttle_charge(r->s->store, user, r->client, clock_wall_s(), &wait_s, &first);
	if (reason == R_OK)
		return true;
	if (reason == R_LOGIN_THROTTLED && !first)
		req_audited(r);
	snprintf(why, sizeof(why), "Too many logins failed; the next one is looked at in %u s.", wait_s);
	req_error(r, status_of(reason), reason, reason == R_LOGIN_THROTTLED ? why : NULL, NULL);
	return false;
}

void
post_login(struct req *r)
{
	struct accountbody b;
	struct account a;
	bool known;

	if (!account_body(r, ACCOUNT_LOGIN, &b))
		return;
	known = account_get(r->s->store, b.user, &a) == R_OK;
	if (r->l->panel)	/* what is typed into the wrong field is a password: only names that there are are written down */
		snprintf(r->author, sizeof(r->author), "%s", known ? b.user : "-");
	req_audit(r, "login", !known ? "an unknown name" : r->l->panel ? "" : b.user);	/* the author is who logs in */
	if (account_charged(r, b.user))
		account_hash(r, &b, &a, known ? a.hash : NOBODY, login_done);
	wipe(&a, sizeof(a));
	accountbody_wipe(&b);
}

static void
first_done(void *arg, const char *made)
{
	struct req *r = arg;
	struct accountbody *b;
	struct account *a;
	uint64_t now = clock_wall_s();
	char session[TOKEN_CAP], token[SECRET_CAP + 1];
	enum reason reason = R_INTERNAL;

	account_waited(r, &b, &a);
	memcpy(token, b->token.b, b->token.n);
	token[b->token.n] = '\0';
	snprintf(a->hash, sizeof(a->hash), "%s", made);
	if (*made && token_make("cws_", session))
		reason = first_user_add(r->s->store, token, a, r->client, session, now, req_line(r));
	wipe(token, sizeof(token));
	account_answer(r, reason, session, a, now);
}

void
post_first_user(struct req *r)
{
	struct account a = { .role = ROLE_ADMIN, .created = clock_wall_s() };
	struct accountbody b;

	if (!account_body(r, ACCOUNT_FIRST, &b))
		return;
	if (r->l->panel)
		snprintf(r->author, sizeof(r->author), "%s", b.user);
	req_audit(r, "first user", r->l->panel ? "" : b.user);
	snprintf(a.name, sizeof(a.name), "%s", b.user);
	if (account_charged(r, "")) {
		char token[SECRET_CAP + 1] = "";
		enum reason reason;

		memcpy(token, b.token.b, b.token.n);
		reason = accounts_any(r->s->store) ? R_FIRST_USER_DONE : !first_token_good(r->s->store, token, clock_wall_s()) ? R_LOGIN_FAILED :
		    password_good(&b.password, b.user) ? R_OK : R_PASSWORD_WEAK;
		wipe(token, sizeof(token));
		if (reason == R_OK)
			account_hash(r, &b, &a, NULL, first_done);
		else if (reason == R_LOGIN_FAILED)
			req_error(r, 401, reason, "The token is wrong, or it is too old.", "'ikectl user first' on the gateway prints a new one.");
		else
			account_fail(r, reason);
	}
	accountbody_wipe(&b);
}

void
post_logout(struct req *r)
{
	enum reason reason;

	if (r->grant.kind != GRANT_SESSION) {
		req_error(r, 400, R_REQUEST_INVALID, "This is not a session.", "");
		return;
	}
	req_audit(r, "logout", "");
	reason = session_end(r->s->store, r->grant.number, req_line(r));
	if (reason == R_STORE_FAILED) {
		account_fail(r, reason);
		return;
	}
	if (reason == R_OK)
		req_told(r);
	req_reply(r, 200, json_pack("{s:b}", "done", 1));
}

