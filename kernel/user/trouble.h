/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sentences about what stands in the way and only an administrator can change: foreign routes, policies that cannot be routed. */
#ifndef CAUSEWAY_TROUBLE_H
#define CAUSEWAY_TROUBLE_H

#include <stdbool.h>

#define TROUBLES	32
#define TROUBLE_LEN	160

struct troubles {
	unsigned	n, more;	/* more: how many found no place */
	char		text[TROUBLES][TROUBLE_LEN];
};

void trouble_clear(struct troubles *);
void trouble_add(struct troubles *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));	/* equal ones once */
bool trouble_eq(const struct troubles *, const struct troubles *);

#endif
