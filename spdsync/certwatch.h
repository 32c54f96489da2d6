/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Certificates that tunnels use are looked at now and then, so that 'ikectl status' and the log say in time what is about to fail: what
 * expires within 30 days, what is missing or does not fit, which revocation list is stale or out of reach.
 */
#ifndef CAUSEWAY_CERTWATCH_H
#define CAUSEWAY_CERTWATCH_H

#include <jansson.h>

#include "sync.h"

#define CERTWATCH_S	3600
#define CERTWATCH_MAX	16	/* troubles that are told */
#define CERTWATCH_ENDS	256	/* certificates whose end is known for metrics */

struct certwatch *certwatch_new(struct sync *);
/* Every certificate as of the last look. */
void certwatch_each(const struct certwatch *, void (*)(void *, const char *name, uint64_t not_after, bool good), void *);
void certwatch_free(struct certwatch *);
/* Something may have changed: look now. NULL is allowed. */
void certwatch_look(struct certwatch *);
void certwatch_link_gone(struct certwatch *);
void certwatch_troubles(const struct certwatch *, json_t *list);
json_t *certwatch_counts(const struct certwatch *);	/* all, and of those that are used: ends soon, not good, lists that are not */

#endif
