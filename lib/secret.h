/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Key material. A struct secret has a fixed capacity, is wiped when it is finished and has no
 * printer: there is no way to hand one to the log. Embed it; never copy one by assignment.
 */
#ifndef CAUSEWAY_SECRET_H
#define CAUSEWAY_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"

#define SECRET_CAP	512	/* modp4096's shared secret is 512 octets */

struct secret {
	size_t	n;
	uint8_t	b[SECRET_CAP];
};

/* Copy octets in; false (and empty) when they do not fit. */
bool secret_set(struct secret *, struct bytes);
/* Wipe; the compiler cannot leave it out. A secret that was zeroed at declaration may be wiped too. */
void secret_wipe(struct secret *);
/* Compare in constant time. */
bool secret_eq(const struct secret *, struct bytes);
/* Wipe any memory the same way. */
void wipe(void *, size_t);

static inline struct bytes
secret_bytes(const struct secret *s)
{
	return (struct bytes){ s->b, s->n };
}

#endif
