/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "accountbody.h"
#include "wiping.h"

#define PASSWORD_MIN	8
#define PASSWORD_MAX	500	/* crypt_r takes 511 octets; nothing is ever cut off */

struct fields {
	const char	*user, *password, *fresh, *token, *role, *name;
	int		 disabled;
	json_int_t	 days;
};

static bool
unpack(json_t *j, json_error_t *e, enum accountbody_kind kind, struct fields *f)
{
	switch (kind) {
	case ACCOUNT_LOGIN:
		return json_unpack_ex(j, e, JSON_STRICT, "{s:s, s:s}", "user", &f->user, "password", &f->password) == 0;
	case ACCOUNT_FIRST:
		return json_unpack_ex(j, e, JSON_STRICT, "{s:s, s:s, s:s}", "token", &f->token, "user", &f->user, "password", &f->password) == 0;
	case ACCOUNT_NEW:
		return json_unpack_ex(j, e, JSON_STRICT, "{s:s, s:s, s:s}", "user", &f->user, "password", &f->password, "role", &f->role) == 0;
	case ACCOUNT_CHANGE:
		return json_unpack_ex(j, e, JSON_STRICT, "{s?s, s?s, s?b}", "role", &f->role, "password", &f->password, "disabled", &f->disabled) == 0;
	case ACCOUNT_PROOF:
		return json_unpack_ex(j, e, JSON_STRICT, "{s:s}", "password", &f->password) == 0;
	case ACCOUNT_PASSWORD:
		return json_unpack_ex(j, e, JSON_STRICT, "{s:s, s:s}", "password", &f->password, "new", &f->fresh) == 0;
	case ACCOUNT_TOKEN:
		return json_unpack_ex(j, e, JSON_STRICT, "{s:s, s:s, s:I}", "name", &f->name, "role", &f->role, "days", &f->days) == 0;
	}
	return false;
}

static bool
bad(char *why, size_t cap, const char *what)
{
	snprintf(why, cap, "%s", what);
	return false;
}

/* False: it is longer than any password may be. */
static bool
take_password(const char *text, struct secret *to)
{
	return !text || (strlen(text) <= PASSWORD_MAX && secret_set(to, bytes_of(text, strlen(text))));
}

static bool
take(const struct fields *f, enum accountbody_kind kind, struct accountbody *b, char *why, size_t cap)
{
	bool login = kind == ACCOUNT_LOGIN, asked = login || kind == ACCOUNT_PROOF || kind == ACCOUNT_PASSWORD;	/* whatever is typed is compared */

	if (f->user && name_ok(f->user))
		snprintf(b->user, sizeof(b->user), "%s", f->user);
	else if (f->user && !login)
		return bad(why, cap, "'user' is not a name: lower-case letters, digits and hyphens, at most 63.");
	if (f->name && !name_ok(f->name))
		return bad(why, cap, "'name' is not a name: lower-case letters, digits and hyphens, at most 63.");
	if (f->name)
		snprintf(b->name, sizeof(b->name), "%s", f->name);
	if (!take_password(f->password, &b->password))
		return bad(why, cap, "'password' is longer than 500 octets.");
	if (!take_password(f->fresh, &b->fresh))
		return bad(why, cap, "'new' is longer than 500 octets.");
	if (f->password && !*f->password && !asked)
		return bad(why, cap, "'password' is empty.");
	if (f->token && (strlen(f->token) > 64 || !secret_set(&b->token, bytes_of(f->token, strlen(f->token)))))
		return bad(why, cap, "'token' is too long.");
	if (f->role && (b->role = role_by_name(f->role)) == ROLE_NONE)
		return bad(why, cap, "'role' is viewer, operator, editor or admin.");
	if (kind == ACCOUNT_TOKEN && (f->days < 1 || f->days > ACCOUNT_DAYS_MAX))
		return bad(why, cap, "'days' is from 1 to 3650.");
	b->disabled = f->disabled;
	b->days = (unsigned)f->days;
	return true;
}

bool
accountbody_get(const char *text, size_t n, enum accountbody_kind kind, struct accountbody *b, char *why, size_t cap)
{
	struct fields f = { .disabled = -1 };
	json_error_t e;
	json_t *j;
	bool ok = false;

	memset(b, 0, sizeof(*b));
	b->disabled = -1;
	json_set_alloc_funcs(malloc, wiping_free);	/* as wiping_begin has it; a test may not have been there */
	j = json_loadb(text, n, JSON_REJECT_DUPLICATES, &e);
	if (!j)
		bad(why, cap, "The body is not JSON.");	/* jansson's own sentence holds a piece of the body */
	else if (!unpack(j, &e, kind, &f))
		bad(why, cap, "The body has not the members that this request takes; doc/api.md tells which.");
	else
		ok = take(&f, kind, b, why, cap);
	json_decref(j);
	if (!ok)
		accountbody_wipe(b);
	return ok;
}

void
accountbody_wipe(struct accountbody *b)
{
	wipe(b, sizeof(*b));
}

bool
password_good(const struct secret *p, const char *user)
{
	static const char *const tried[] = { "password", "passw0rd", "password1", "password12", "password123", "password1234", "12345678", "123456789",
	    "1234567890", "123123123", "qwertyui", "qwertyuiop", "qwerty123", "qwertz123", "1q2w3e4r", "1q2w3e4r5t", "1qaz2wsx", "iloveyou", "sunshine",
	    "princess", "football", "baseball", "trustno1", "superman", "starwars", "whatever", "letmein1", "welcome1", "welcome123", "administrator",
	    "admin123", "admin1234", "changeme", "changeme1", "default1", "causeway", "causeway1", "abcd1234", "abc12345", "aa123456", "computer",
	    "internet", "michelle", "jennifer", "master123", "dragon123", "monkey123", "zaq12wsx", "asdfghjkl", "q1w2e3r4", "p@ssw0rd", "p@ssword",
	    "secret123", "gateway1", "firewall", "cisco123", "test1234", "testtest", "openvpn1", "wireguard" };
	size_t n = strlen(user), same = 1;

	if (p->n < PASSWORD_MIN || p->n > PASSWORD_MAX || (p->n == n && strncasecmp((const char *)p->b, user, n) == 0))
		return false;
	while (same < p->n && p->b[same] == p->b[0])
		same++;
	for (size_t i = 0; i < sizeof(tried) / sizeof(tried[0]); i++)
		if (p->n == strlen(tried[i]) && strncasecmp((const char *)p->b, tried[i], p->n) == 0)
			return false;
	return same < p->n;
}
