/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Metrics as text: OpenMetrics 1.0, or Prometheus' older form 0.0.4, which names a counter's family with its "_total" and knows no info.
 * Pure: it writes into memory. A family first, then all of its samples.
 */
#ifndef CAUSEWAY_OM_H
#define CAUSEWAY_OM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum om_type { OM_GAUGE, OM_COUNTER, OM_INFO };

struct om {
	char		*p;
	size_t		n, cap;
	bool		open;		/* OpenMetrics */
	bool		bad;		/* no memory */
	const char	*family;
	enum om_type	type;
};

void om_init(struct om *, bool open);
void om_fini(struct om *);
/* name without "_total" or "_info"; unit: its last word, or NULL. Both strings outlive the family. */
void om_family(struct om *, enum om_type, const char *name, const char *unit, const char *help);
/* labels: name, value, name, value, …, NULL. Values may hold anything; what is not UTF-8 becomes a question mark. */
void om_uint(struct om *, uint64_t value, ...) __attribute__((sentinel));
/* The text, with its end; NULL: no memory. */
const char *om_end(struct om *, size_t *n);

#endif
