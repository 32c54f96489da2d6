/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "trouble.h"

void
trouble_clear(struct troubles *t)
{
	t->n = t->more = 0;
}

void
trouble_add(struct troubles *t, const char *fmt, ...)
{
	char line[TROUBLE_LEN];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	for (unsigned i = 0; i < t->n; i++)
		if (strcmp(t->text[i], line) == 0)
			return;
	if (t->n == TROUBLES) {
		t->more++;
		return;
	}
	memcpy(t->text[t->n++], line, sizeof(line));
}

bool
trouble_eq(const struct troubles *a, const struct troubles *b)
{
	if (a->n != b->n || a->more != b->more)
		return false;
	for (unsigned i = 0; i < a->n; i++)
		if (strcmp(a->text[i], b->text[i]) != 0)
			return false;
	return true;
}
