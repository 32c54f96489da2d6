/* SPDX-License-Identifier: BSD-2-Clause */
/* What spdsync answers, as its octets come: JSON, a text, or lines; at most 64 MiB. Pure. */
#ifndef IKECTL_ANSWER_H
#define IKECTL_ANSWER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct answer {
	char	*p;	/* with a zero behind it; NULL before the first octet */
	size_t	 n;
};

bool answer_add(struct answer *, const void *, size_t n);	/* false: no memory, or it is too long */
/* Takes away each line that is whole, without its end, and gives it to line. */
void answer_lines(struct answer *, void (*line)(void *arg, const char *), void *arg);
json_t *answer_json(struct answer *);	/* and frees the octets; NULL: it is none */

#endif
