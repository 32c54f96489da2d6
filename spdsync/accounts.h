/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accounts in the store: users, sessions, tokens, and what slows guesses down. Tokens are 256 random bits behind a prefix; the store has
 * SHA-256 of them. A change and the line of the audit log that tells of it are one transaction.
 */
#ifndef CAUSEWAY_ACCOUNTS_H
#define CAUSEWAY_ACCOUNTS_H

#include "hashjob.h"
#include "store.h"

/* The last one is only ever asked for: an administrator in person. An API token that could make users and tokens would outlive its own end. */
enum role { ROLE_NONE, ROLE_VIEWER, ROLE_OPERATOR, ROLE_EDITOR, ROLE_ADMIN, ROLE_PERSON };

#define TOKEN_CAP	48		/* "cws_", 43 characters, NUL */
#define CLIENT_CAP	48		/* an address */
#define SESSION_IDLE_S	(30 * 60)
#define SESSION_MAX_S	(12 * 3600)
#define PROOF_S		(5 * 60)	/* so long after its password was shown a session may do what is dangerous */
#define FIRST_TOKEN_S	3600
#define SESSIONS_MAX	32		/* of one user; the one that was unused longest makes room */

struct account {
	char		name[NAME_CAP], hash[HASH_CAP];
	enum role	role;
	bool		disabled;
	uint64_t	created;
};

enum grant_kind { GRANT_NONE, GRANT_CONSOLE, GRANT_SESSION, GRANT_TOKEN };

/* Who asks, and what they may. user "": a token that was made at the console. */
struct grant {
	enum grant_kind	kind;
	enum role	role;
	uint64_t	number, expires;
	uint64_t	proved;		/* of a session: when its user's password was shown */
	char		user[NAME_CAP], name[NAME_CAP];
};

/* A row of a list. */
struct session_row { uint64_t number, created, seen, expires; char user[NAME_CAP], client[CLIENT_CAP]; };
struct token_row { uint64_t number, created, used, expires; enum role role; char name[NAME_CAP], user[NAME_CAP]; };

const char *role_name(enum role);
enum role role_by_name(const char *);			/* ROLE_NONE: there is none */

/* A new one with this prefix ("cws_"); false: no randomness. */
bool token_make(const char *prefix, char token[static TOKEN_CAP]);
/* Is it good now? Notes that it was used. */
bool grant_find(struct store *, const char *token, uint64_t now, struct grant *);
/* Is what was found once still good? It is no use of it. */
bool grant_holds(struct store *, const struct grant *, uint64_t now);

bool accounts_any(struct store *);
enum reason account_get(struct store *, const char *name, struct account *);	/* or R_NOT_FOUND, and all of it 0 */
enum reason account_add(struct store *, const struct account *, const struct audit_row *);
/* role ROLE_NONE, hash NULL, disabled -1: stays. The user's sessions end with each of them that is new. */
enum reason account_change(struct store *, const char *name, enum role, const char *hash, int disabled, const struct audit_row *);
enum reason account_delete(struct store *, const char *name, const struct audit_row *);	/* with sessions and tokens */
enum reason first_token_set(struct store *, const char *token, uint64_t now, const struct audit_row *);
/* The token is used up, the user made, the session begun: all or nothing. */
enum reason first_user_add(struct store *, const char *token, const struct account *, const char *client, const char *session, uint64_t now, const struct audit_row *);
bool first_token_good(struct store *, const char *token, uint64_t now);
/* The password was right: a session if the account still is what it was then. With the end of its delays. */
enum reason session_begin(struct store *, const struct account *, const char *client, const char *session, uint64_t now, const struct audit_row *);
/* The same of a session that there is: it goes on by another name, since who had the old one has not shown the password. */
enum reason session_prove(struct store *, const struct account *, const struct grant *, const char *client, const char *session, uint64_t now, const struct audit_row *);
/* hash is a's new password's: all sessions of a end, and this one begins. */
enum reason account_password(struct store *, const struct account *, const char *hash, const char *client, const char *session, uint64_t now, const struct audit_row *);
enum reason session_end(struct store *, uint64_t number, const struct audit_row *);
enum reason session_end_others(struct store *, const struct grant *, const struct audit_row *);	/* of the same user */
uint64_t session_others(struct store *, const struct grant *, uint64_t now);
enum reason token_add(struct store *, const char *token, struct token_row *, const struct audit_row *);
enum reason token_remove(struct store *, uint64_t number, const struct audit_row *);

/* By name, those after that one ("": all); newest first, those before that number (0: all). How many; -1: it failed. */
int account_list(struct store *, const char *after, struct account *, int cap);
int session_list(struct store *, uint64_t now, uint64_t before, struct session_row *, int cap);
int token_list(struct store *, uint64_t before, struct token_row *, int cap);

/*
 * throttle.c. Every try is charged before its password is looked at, in one transaction with the look at the delay, so tries beside each other
 * cannot pass it. wait_s: how long still; first: this delay is not in the audit log yet. A user's name or address takes five tries before it waits.
 * The right password ends the name's delay, and takes back what this one try cost the address.
 */
enum reason throttle_charge(struct store *, const char *user, const char *client, uint64_t now, unsigned *wait_s, bool *first);
bool throttle_clear(struct store *, const char *user, const char *client, uint64_t now);	/* inside the caller's transaction */

#endif
