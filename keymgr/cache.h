/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists and OCSP answers on disk, so that a restart does not depend on their servers. Only what was found valid is put here, and it is judged
 * anew when it is read: a damaged file is as good as none. A file's name is the key in hex; it is written beside its place and then
 * moved there. The folder is bounded: the oldest ones go.
 */
#ifndef KEYMGR_CACHE_H
#define KEYMGR_CACHE_H

#include "bytes.h"

#define CACHE_FILES	256u
#define CACHE_OCTETS	(128u << 20)
#define CACHE_KEY	32u

struct cache;

struct cache *cache_new(const char *dir);	/* NULL: no memory; dir "" or not there: nothing is kept */
void cache_free(struct cache *);
/* What lies there, to be freed; empty: nothing. *when: since when (wall time). */
struct bytes cache_get(struct cache *, const uint8_t key[static CACHE_KEY], size_t max, uint64_t *when);
void cache_put(struct cache *, const uint8_t key[static CACHE_KEY], struct bytes);
void cache_drop(struct cache *, const uint8_t key[static CACHE_KEY]);
void cache_trim(struct cache *);		/* at the start, and after each put */

#endif
