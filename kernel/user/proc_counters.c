/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>
#include <unistd.h>

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

static void
take(struct proc_counters *c, const char *line, size_t n)
{
	const char *blank = memchr(line, ' ', n);
	size_t name = blank ? (size_t)(blank - line) : 0, rest = n - name - 1;
	uint64_t v;

	if (name == 0 || name >= sizeof(c->v[0].name))
		return;
	if (name == 7 && memcmp(line, "version", 7) == 0 && rest < sizeof(c->version)) {
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

bool
proc_counters_read(int fd, struct proc_counters *c)
{
	static uint8_t text[PROC_TEXT];
	size_t n = 0;
	ssize_t got = 0;

	if (lseek(fd, 0, SEEK_SET) != 0)
		return false;
	while (n < sizeof(text) && (got = read(fd, text + n, sizeof(text) - n)) > 0)
		n += (size_t)got;
	if (got < 0)
		return false;
	proc_counters_get(bytes_of(text, n), c);
	return true;
}
