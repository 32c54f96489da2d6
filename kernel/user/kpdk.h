/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A digest of the key, what is authenticated, and the key again (RFC 1828, RFC 1852) over EVP, which does not have it. */
#ifndef CAUSEWAY_KPDK_H
#define CAUSEWAY_KPDK_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../core/cw.h"

struct kpdk {
	EVP_MD_CTX	*md;
	uint8_t		 front[CW_KEYFILL];	/* the key, filled */
	uint8_t		 key[CW_KEYFILL];
	size_t		 n;
};

struct kpdk *kpdk_new(unsigned auth, const uint8_t *key, size_t n);	/* NULL: no memory, or none of that number */
void kpdk_free(struct kpdk *);
bool kpdk_begin(struct kpdk *);
bool kpdk_add(struct kpdk *, const uint8_t *, size_t);
bool kpdk_end(struct kpdk *, uint8_t mac[EVP_MAX_MD_SIZE]);

#endif
