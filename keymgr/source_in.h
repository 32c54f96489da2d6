/* SPDX-License-Identifier: BSD-2-Clause */
/* Between source.c and arrival.c. */
#ifndef KEYMGR_SOURCE_IN_H
#define KEYMGR_SOURCE_IN_H

#include "source.h"

void source_forget(struct source *);		/* what it gave */
bool source_room(struct source *, size_t octets);	/* others that nobody needs give way; false: it would be too much */
void source_plan(struct source *, uint64_t from, uint64_t to);	/* when it is asked again */
void source_arrived(void *source, enum reason, const char *detail, struct bytes octets);	/* what was fetched; fetching_done */

#endif
