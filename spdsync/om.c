/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "om.h"

void
om_init(struct om *o, bool open)
{
	*o = (struct om){ .open = open };
}

void
om_fini(struct om *o)
{
	free(o->p);
	o->p = NULL;
}

static void
add(struct om *o, const char *s, size_t n)
{
	if (o->bad)
		return;
	if (o->cap - o->n <= n) {
		size_t cap = (o->cap + n) * 2 + 4096;
		char *p = realloc(o->p, cap);

		if (!p) {
			o->bad = true;
			return;
		}
		o->p = p;
		o->cap = cap;
	}
	memcpy(o->p + o->n, s, n);
	o->n += n;
	o->p[o->n] = '\0';
}

static void
put(struct om *o, const char *s)
{
	add(o, s, strlen(s));
}

static const char *
suffix(const struct om *o)
{
	return o->type == OM_COUNTER ? "_total" : o->type == OM_INFO ? "_info" : "";
}

void
om_family(struct om *o, enum om_type type, const char *name, const char *unit, const char *help)
{
	static const char *const open_types[] = { "gauge", "counter", "info" }, *const types[] = { "gauge", "counter", "gauge" };
	char line[256];

	o->family = name;
	o->type = type;
	snprintf(line, sizeof(line), "# TYPE %s%s %s\n", name, o->open ? "" : suffix(o), (o->open ? open_types : types)[type]);
	put(o, line);
	if (unit && o->open) {
		snprintf(line, sizeof(line), "# UNIT %s %s\n", name, unit);
		put(o, line);
	}
	snprintf(line, sizeof(line), "# HELP %s%s ", name, o->open ? "" : suffix(o));
	put(o, line);
	put(o, help);
	put(o, "\n");
}

/* Octets of the UTF-8 character at s, 0 when it is none. */
static size_t
utf8(const unsigned char *s)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : s[0] >= 0xe0 && s[0] < 0xf0 ? 3 : s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : 0;

	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

static void
put_value(struct om *o, const char *s)
{
	while (*s) {
		size_t n = utf8((const unsigned char *)s);

		if (*s == '\n')
			put(o, "\\n");
		else if (*s == '"' || *s == '\\')
			put(o, *s == '"' ? "\\\"" : "\\\\");
		else if (n == 0 || (unsigned char)*s < 0x20)
			put(o, "?");
		else
			add(o, s, n);
		s += n ? n : 1;
	}
}

void
om_uint(struct om *o, uint64_t value, ...)
{
	const char *name, *text;
	char number[32];
	bool first = true;
	va_list ap;

	put(o, o->family);
	put(o, suffix(o));
	va_start(ap, value);
	while ((name = va_arg(ap, const char *)) != NULL) {
		text = va_arg(ap, const char *);
		put(o, first ? "{" : ",");
		put(o, name);
		put(o, "=\"");
		put_value(o, text ? text : "");
		put(o, "\"");
		first = false;
	}
	va_end(ap);
	snprintf(number, sizeof(number), "%s %" PRIu64 "\n", first ? "" : "}", value);
	put(o, number);
}

const char *
om_end(struct om *o, size_t *n)
{
	if (o->open)
		put(o, "# EOF\n");
	*n = o->n;
	return o->bad ? NULL : o->p ? o->p : "";
}
