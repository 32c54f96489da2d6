/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "psktxt.h"

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* Up to the newline, which is taken too; a carriage return before it is not of the line. */
static struct bytes
next_line(struct bytes *left)
{
	const uint8_t *nl = memchr(left->p, '\n', left->n);
	size_t n = nl ? (size_t)(nl - left->p) : left->n;
	struct bytes line = bytes_of(left->p, n);

	left->p += n + (nl != NULL);
	left->n -= n + (nl != NULL);
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

enum psktxt_got
psktxt_next(struct psktxt *f, char id[static PSKTXT_ID], struct bytes *key, const char **why)
{
	while (f->left.n) {
		struct bytes l = next_line(&f->left);
		size_t n = 0;

		f->line++;
		while (l.n && is_blank(l.p[0])) {
			l.p++;
			l.n--;
		}
		if (l.n == 0 || l.p[0] == '#')
			continue;
		while (n < l.n && !is_blank(l.p[n]))
			n++;
		if (n >= PSKTXT_ID || memchr(l.p, '\0', n)) {
			*why = "it has an identifier that is too long or no text";
			return PSKTXT_BAD;
		}
		memcpy(id, l.p, n);
		id[n] = '\0';
		while (n < l.n && is_blank(l.p[n]))
			n++;
		*key = bytes_of(l.p + n, l.n - n);
		if (key->n)
			return PSKTXT_ENTRY;
		*why = "it has an identifier and no key";
		return PSKTXT_BAD;
	}
	return PSKTXT_END;
}

bool
psktxt_key(struct bytes key, struct secret *s)
{
	secret_wipe(s);
	if (key.n >= 2 && key.p[0] == '0' && (key.p[1] == 'x' || key.p[1] == 'X'))
		return store_hex(bytes_of(key.p + 2, key.n - 2), s);
	return key.n > 0 && secret_set(s, key);
}

static bool
is_of(const char *id, const char *identity)
{
	const char *text = strchr(identity, ':');
	struct addr a, b;

	if (!text)
		return false;
	text++;
	if (strncmp(identity, "ip:", 3) == 0)
		return addr_parse(id, &a) && addr_parse(text, &b) && addr_eq(&a, &b);
	return strcmp(id, text) == 0;
}

enum reason
psktxt_find(struct bytes file, const char *identity, struct secret *s, char detail[static STORE_DETAIL])
{
	struct psktxt f = { .left = file };
	char id[PSKTXT_ID], bad[96] = "";
	enum psktxt_got got;
	struct bytes key;
	const char *why;

	secret_wipe(s);
	detail[0] = '\0';
	while ((got = psktxt_next(&f, id, &key, &why)) != PSKTXT_END) {
		if (got == PSKTXT_BAD) {
			if (!bad[0])
				snprintf(bad, sizeof(bad), "; its line %u is of no use: %s", f.line, why);
			continue;
		}
		if (!is_of(id, identity))
			continue;
		if (psktxt_key(key, s))
			return R_OK;
		snprintf(detail, STORE_DETAIL, "line %u: the key is too long, or begins with 0x and is not whole octets in hexadecimal", f.line);
		return R_SECRET_INVALID;
	}
	snprintf(detail, STORE_DETAIL, "it has no line for %.80s%s", strchr(identity, ':') ? strchr(identity, ':') + 1 : identity, bad);
	return R_SECRET_MISSING;
}

size_t
psktxt_addresses(struct bytes file, struct addr *v, size_t cap)
{
	struct psktxt f = { .left = file };
	char id[PSKTXT_ID];
	enum psktxt_got got;
	struct bytes key;
	const char *why;
	size_t n = 0;

	while (n < cap && (got = psktxt_next(&f, id, &key, &why)) != PSKTXT_END)
		if (got == PSKTXT_ENTRY && addr_parse(id, &v[n]))
			n++;
	return n;
}

enum reason
psktxt_check(struct bytes file, unsigned *keys, char detail[static STORE_DETAIL])
{
	struct psktxt f = { .left = file };
	struct secret s = { 0 };
	char id[PSKTXT_ID];
	enum psktxt_got got;
	struct bytes key;
	const char *why = NULL;
	bool ok = true;

	for (*keys = 0; ok && (got = psktxt_next(&f, id, &key, &why)) != PSKTXT_END; ++*keys) {
		ok = got == PSKTXT_ENTRY && psktxt_key(key, &s);
		if (got == PSKTXT_ENTRY && !ok)
			why = "its key is too long, or begins with 0x and is not whole octets in hexadecimal";
		secret_wipe(&s);
	}
	if (!ok)
		snprintf(detail, STORE_DETAIL, "line %u: %s", f.line, why);
	else if (*keys == 0)
		snprintf(detail, STORE_DETAIL, "it has no keys");
	return ok && *keys ? R_OK : R_SECRET_INVALID;
}
