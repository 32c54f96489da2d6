/* SPDX-License-Identifier: BSD-2-Clause */
/* Accounts in the API: who asks and what they may, and the handlers. */
#ifndef CAUSEWAY_ACCOUNT_H
#define CAUSEWAY_ACCOUNT_H

#include "accountbody.h"

struct req;

void who_asks(struct req *);			/* fills grant, and on the panel's socket author and origin */
bool may_do(struct req *, enum role needed);	/* false: the error was sent */
bool has_proof(struct req *);			/* the same: a session whose password was shown lately, or no session */
void account_forget(struct req *);		/* it waits for no hash any more */

/* What the handlers share. False: an error was sent. */
bool account_body(struct req *, int kind, struct accountbody *);
bool account_hash(struct req *, const struct accountbody *, const struct account *, const char *setting, hash_done *);
struct account_wait *account_waited(struct req *, struct accountbody **, struct account **);	/* first thing in done */
bool account_still(struct req *);		/* who waited for a hash still may; false: the error was sent */
void account_fail(struct req *, enum reason);
bool account_charged(struct req *, const char *user);	/* a try at this name's password; false: it has to wait, and was told so */
bool account_matches(struct req *, const struct account *, const char *made);	/* that hash is the account's */
/* The end of whatever begins a session: the answer, and the session's token is wiped. since: from when on it counts. */
void account_answer(struct req *, enum reason, char session[static TOKEN_CAP], const struct account *, uint64_t since);

void post_login(struct req *);			/* account.c */
void post_logout(struct req *);
void post_first_user(struct req *);
void get_self(struct req *);			/* accountself.c */
void post_proof(struct req *);
void post_password(struct req *);
void delete_others(struct req *);
void post_first_token(struct req *);		/* accountapi.c */
void get_users(struct req *);
void post_users(struct req *);
void post_user(struct req *);
void delete_user(struct req *);
void get_sessions(struct req *);
void delete_session(struct req *);
void get_tokens(struct req *);
void post_tokens(struct req *);
void delete_token(struct req *);

#endif
