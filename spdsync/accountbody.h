/* SPDX-License-Identifier: BSD-2-Clause */
/* The JSON bodies of requests about accounts: pure. What the parser held of a password is wiped before its memory is given back. */
#ifndef CAUSEWAY_ACCOUNTBODY_H
#define CAUSEWAY_ACCOUNTBODY_H

#include <stdbool.h>

#include "accounts.h"
#include "secret.h"

enum accountbody_kind { ACCOUNT_LOGIN, ACCOUNT_FIRST, ACCOUNT_NEW, ACCOUNT_CHANGE, ACCOUNT_TOKEN, ACCOUNT_PROOF, ACCOUNT_PASSWORD };
#define ACCOUNT_KINDS	(ACCOUNT_PASSWORD + 1)

#define ACCOUNT_DAYS_MAX	3650

struct accountbody {
	char		user[NAME_CAP];		/* of a login: "" when what was typed cannot be a name */
	char		name[NAME_CAP];		/* of a token */
	struct secret	password, token, fresh;	/* n 0: not given; fresh: the password to come */
	enum role	role;			/* ROLE_NONE: not given */
	int		disabled;		/* -1: not given */
	unsigned	days;
};

/* False and a sentence, which never holds a value. */
bool accountbody_get(const char *text, size_t n, enum accountbody_kind, struct accountbody *, char *why, size_t cap);
void accountbody_wipe(struct accountbody *);
/* Not short, not long, not the user's name, not one of those that are tried first. */
bool password_good(const struct secret *, const char *user);

#endif
