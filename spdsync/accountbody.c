/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "accountbody.h"
#include "wiping.h"

#define PASSWORD_MIN	8
#define PASSWORD_OWN	6	/* octets that do not follow from others */
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

/* ---- what is guessed first ---- */

/* Small, and the letter that a digit or a sign stands for: "P@ssw0rd" is "password". */
static char
folded(uint8_t c)
{
	static const char as[] = "0o1i3e4a5s7t@a$s!i";

	for (const char *s = as; *s; s += 2)
		if (c == (uint8_t)s[0])
			return s[1];
	return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

/* Does b follow from a: the same, its neighbour in the alphabet, or the key beside it? */
static bool
follows(uint8_t a, uint8_t b)
{
	static const char *const rows[] = { "1234567890", "qwertyuiop", "qwertzuiop", "asdfghjkl", "zxcvbnm", "yxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn", "1q2w3e4r5t6y7u8i9o0p", "1q2w3e4r5t6z7u8i9o0p" };
	char to[] = { (char)(a | (a >= 'A' ? 0x20 : 0)), (char)(b | (b >= 'A' ? 0x20 : 0)), '\0' }, back[] = { to[1], to[0], '\0' };

	if (to[0] == to[1] || to[0] + 1 == to[1] || to[0] - 1 == to[1])
		return true;
	for (unsigned i = 0; a && b && i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strstr(rows[i], to) || strstr(rows[i], back))
			return true;
	return false;
}

/* Do the two octets that end at i stand somewhere before? */
static bool
said_before(const struct secret *p, size_t i)
{
	for (size_t k = 1; k < i; k++)
		if (p->b[k] == p->b[i] && p->b[k - 1] == p->b[i - 1])
			return true;
	return false;
}

/* How long the word is that begins here: one that people take, or the user's own name. */
static size_t
word_at(const struct secret *p, size_t at, const char *user)
{
	static const char *const words[] = { "password", "passwort", "iloveyou", "sunshine", "princess", "football", "baseball", "trustno", "superman", "batman", "starwars",
	    "whatever", "letmein", "welcome", "administrator", "admin", "changeme", "default", "causeway", "computer", "internet", "michelle", "jennifer", "jessica", "charlie",
	    "michael", "master", "dragon", "monkey", "shadow", "secret", "gateway", "firewall", "cisco", "openvpn", "wireguard", "ipsec", "router", "server", "access", "system",
	    "manager", "service", "support", "operator", "oracle", "ubuntu", "debian", "linux", "pfsense", "opnsense", "summer", "winter", "spring", "autumn", "sommer", "january",
	    "monday", "hello", "test", "pass", "login", "user", "root", "guest", "qwerty", "qwertz" };
	size_t longest = 0, n = strlen(user);

	if (n > 2 && p->n - at >= n && strncasecmp((const char *)p->b + at, user, n) == 0)
		longest = n;
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		for (n = 0; words[i][n] && at + n < p->n && folded(p->b[at + n]) == words[i][n]; n++)
			continue;
		if (!words[i][n] && n > longest)
			longest = n;
	}
	return longest;
}

/*
 * By rules and not by a list: what is guessed first is a word with some digits, a row of keys, or a piece said again. Octets that are none of that are counted.
 * (cracklib's list is one for guessing: it has every word of a dictionary, and would refuse a sentence of them.)
 */
bool
password_good(const struct secret *p, const char *user)
{
	size_t own = 0, word;

	if (p->n < PASSWORD_MIN || p->n > PASSWORD_MAX)
		return false;
	for (size_t i = 0; i < p->n; i += word ? word : 1) {
		word = word_at(p, i, user);
		own += word == 0 && (i == 0 || (!follows(p->b[i - 1], p->b[i]) && !said_before(p, i)));
	}
	return own >= PASSWORD_OWN;
}
