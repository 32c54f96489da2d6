/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>

#include "proc_counters.h"

/* Decimal digits to the end of the line; false: something else, or more than 64 bits. */
static bool
number(const char *p, size_t n, uint64_t *v)
{
	*v = 0;
	for (size_t i = 0; i < n; i++) {
		unsigned digit = (unsigned)(p[i] - '0');

		if (digit > 9 || *v > (UINT64_MAX - digit) / 10)
			return false;
		*v = *v * 10 + digit;
	}
	return n > 0;
}

/* Of visible octets alone: names and the version are shown to people. */
static bool
plain(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] <= ' ' || p[i] > '~')
			return false;
	return true;
}

static void
take(struct proc_counters *c, const char *line, size_t n)
{
	const char *blank = memchr(line, ' ', n);
	size_t name = blank ? (size_t)(blank - line) : 0, rest = n - name - 1;
	uint64_t v;

	if (name == 0 || name >= sizeof(c->v[0].name) || !plain(line, name))
		return;
	if (name == 7 && memcmp(line, "version", 7) == 0 && rest < sizeof(c->version) && plain(blank + 1, rest)) {
		memcpy(c->version, blank + 1, rest);
		c->version[rest] = '\0';
	} else if (c->n < PROC_COUNTERS && number(blank + 1, rest, &v)) {
		memcpy(c->v[c->n].name, line, name);
		c->v[c->n].name[name] = '\0';
		c->v[c->n++].value = v;
	}
}

void
proc_counters_get(struct bytes text, struct proc_counters *c)
{
	const char *p = (const char *)text.p;
	size_t left = text.n;

	memset(c, 0, sizeof(*c));
	while (left) {
		const char *end = memchr(p, '\n', left);
		size_t n = end ? (size_t)(end - p) : left;

		take(c, p, n);
		n += end != NULL;
		p += n;
		left -= n;
	}
}
