/* SPDX-License-Identifier: BSD-2-Clause */
#include <malloc.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "secret.h"
#include "wipeheap.h"

static void *
heap_alloc(size_t n, const char *file, int line)
{
	return malloc(n);
}

static void
heap_free(void *p, const char *file, int line)
{
	if (p)
		wipe(p, malloc_usable_size(p));
	free(p);
}

/* realloc(3) would leave a copy behind when it moves. */
static void *
heap_realloc(void *p, size_t n, const char *file, int line)
{
	size_t had = p ? malloc_usable_size(p) : 0;
	void *q;

	if (n == 0) {
		heap_free(p, file, line);
		return NULL;
	}
	if (p && n <= had)
		return p;
	q = malloc(n);
	if (q == NULL)
		return NULL;
	if (p)
		memcpy(q, p, had);
	heap_free(p, file, line);
	return q;
}

bool
wipeheap_start(void)
{
	return CRYPTO_set_mem_functions(heap_alloc, heap_realloc, heap_free) == 1;
}
