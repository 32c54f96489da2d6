/* SPDX-License-Identifier: BSD-2-Clause */
#include <event2/event.h>
#include <jansson.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "secret.h"
#include "wiping.h"

void
wiping_free(void *p)
{
	if (p)
		wipe(p, malloc_usable_size(p));
	free(p);
}

/* Never in place: what would be cut off, or left behind, is wiped with the rest. */
static void *
wiping_realloc(void *p, size_t n)
{
	size_t had = p ? malloc_usable_size(p) : 0;
	void *q = malloc(n);

	if (!q)
		return NULL;
	if (had)
		memcpy(q, p, had < n ? had : n);
	wiping_free(p);
	return q;
}

void
wiping_begin(void)
{
	event_set_mem_functions(malloc, wiping_realloc, wiping_free);
	json_set_alloc_funcs(malloc, wiping_free);
}
