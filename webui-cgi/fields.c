/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "name.h"

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One name or value, from in to out, which never gets longer. SIZE_MAX: it is none. */
static size_t
unescape(const char *in, size_t n, char *out)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		char c = in[i];

		if (c == '+') {
			c = ' ';
		} else if (c == '%') {
			if (n - i < 3 || hex(in[i + 1]) < 0 || hex(in[i + 2]) < 0)
				return SIZE_MAX;
			c = (char)(hex(in[i + 1]) << 4 | hex(in[i + 2]));
			i += 2;
		}
		if (c == '\0')
			return SIZE_MAX;
		out[at++] = c;
	}
	out[at] = '\0';
	return at;
}

bool
fields_decode(struct fields *f, const char *in, size_t n)
{
	size_t at = 0, used = 0;

	memset(f, 0, sizeof(*f));
	if (n == 0)
		return true;
	if (n > FIELDS_OCTETS)
		return false;
	/* "a" is a name and an empty value: two terminators for one octet and the "&". */
	f->text = malloc(2 * n + 4);
	while (f->text && at < n) {
		const char *p = in + at, *end = memchr(p, '&', n - at), *eq;
		size_t len = end ? (size_t)(end - p) : n - at, got;

		at += len + 1;
		if (len == 0)
			continue;
		if (f->n == FIELDS_MAX)
			return false;
		eq = memchr(p, '=', len);
		for (int part = 0; part < 2; part++) {
			const char *from = part == 0 ? p : eq ? eq + 1 : p + len;
			size_t size = part == 0 ? (eq ? (size_t)(eq - p) : len) : (size_t)(p + len - from);

			got = unescape(from, size, f->text + used);
			if (got == SIZE_MAX || (part == 0 && (got == 0 || fields_get(f, f->text + used))))
				return false;
			*(part == 0 ? &f->v[f->n].name : &f->v[f->n].value) = f->text + used;
			used += got + 1;
		}
		f->n++;
	}
	return f->text != NULL;
}

void
fields_free(struct fields *f)
{
	free(f->text);
	memset(f, 0, sizeof(*f));
}

const char *
fields_get(const struct fields *f, const char *name)
{
	for (unsigned i = 0; i < f->n; i++)
		if (strcmp(f->v[i].name, name) == 0)
			return f->v[i].value;
	return NULL;
}

static bool
is_choice(const char *value, const char *choices)
{
	size_t n = strlen(value);

	for (const char *p = strchr(value, '|') ? NULL : choices; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL)
		if (strncmp(p, value, n) == 0 && (p[n] == '|' || p[n] == '\0'))
			return true;
	return false;
}

static bool
is_number(const char *value, uint64_t max)
{
	uint64_t v = 0;

	for (const char *p = value; *p; p++) {
		if (*p < '0' || *p > '9' || p - value > 18)
			return false;
		v = v * 10 + (uint64_t)(*p - '0');
	}
	return v <= max;
}

/* A browser sends "\r\n" for the ends of lines; the files have "\n". */
static bool
plain_lines(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (*s == '\r' && s[1] == '\n')
			continue;
		if ((unsigned char)*s < 0x20 && *s != '\n' && *s != '\t')
			return false;
		*to++ = *s;
	}
	*to = '\0';
	return true;
}

static bool
is_line(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	return true;
}

static bool
fits(char *value, const struct field *d)
{
	size_t n = strlen(value);

	switch (d->type) {
	case F_NAME:	return name_ok(value);
	case F_NUMBER:	return is_number(value, d->max);
	case F_LINE: case F_HIDDEN:
			return n <= d->max && is_line(value);
	case F_TEXT:	return n <= d->max && plain_lines(value);
	case F_CHOICE:	return is_choice(value, d->choices);
	case F_TOKEN:	return n <= d->max && strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == n;
	case F_END:	break;
	}
	return false;
}

bool
fields_check(struct fields *f, const struct field *declared, char *why, size_t cap)
{
	const struct field *d;

	for (unsigned i = 0; i < f->n; i++) {
		for (d = declared; d && d->type != F_END && strcmp(d->name, f->v[i].name) != 0; d++)
			continue;
		if (!d || d->type == F_END) {
			snprintf(why, cap, "This page has no field '%.40s'.", f->v[i].name);
			return false;
		}
		if (f->v[i].value[0] && !fits((char *)(f->text + (f->v[i].value - f->text)), d)) {
			snprintf(why, cap, "The field '%s' has a value that cannot be.", d->name);
			return false;
		}
	}
	for (d = declared; d && d->type != F_END; d++) {
		const char *value = fields_get(f, d->name);

		if (d->required && (!value || !*value)) {
			snprintf(why, cap, "The field '%s' is empty.", d->name);
			return false;
		}
	}
	return true;
}
