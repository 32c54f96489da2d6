/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "answer.h"

#define ANSWER_MAX	(64u << 20)

bool
answer_add(struct answer *a, const void *p, size_t n)
{
	char *grown;

	if (n > ANSWER_MAX - a->n)
		return false;
	grown = realloc(a->p, a->n + n + 1);
	if (!grown)
		return false;
	if (n)
		memcpy(grown + a->n, p, n);
	a->p = grown;
	a->n += n;
	a->p[a->n] = '\0';
	return true;
}

void
answer_lines(struct answer *a, void (*line)(void *, const char *), void *arg)
{
	size_t at = 0;
	char *end;

	while (a->n > at && (end = memchr(a->p + at, '\n', a->n - at)) != NULL) {
		*end = '\0';
		line(arg, a->p + at);
		at = (size_t)(end - a->p) + 1;
	}
	if (at)
		memmove(a->p, a->p + at, a->n - at + 1);
	a->n -= at;
}

json_t *
answer_json(struct answer *a)
{
	json_t *j = a->n ? json_loadb(a->p, a->n, JSON_DECODE_ANY, NULL) : NULL;

	free(a->p);
	*a = (struct answer){ NULL, 0 };
	return j;
}
