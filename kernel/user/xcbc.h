/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* AES-XCBC-MAC (RFC 3566) over EVP, which does not have it. */
#ifndef CAUSEWAY_XCBC_H
#define CAUSEWAY_XCBC_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xcbc {
	EVP_CIPHER_CTX	*cbc;
	uint8_t		 k2[16], k3[16];
	uint8_t		 held[16];	/* what was given and not enciphered yet: the last block is unlike the others */
	size_t		 nheld;
};

struct xcbc *xcbc_new(const uint8_t key[16]);	/* NULL: no memory */
void xcbc_free(struct xcbc *);
bool xcbc_begin(struct xcbc *);
bool xcbc_add(struct xcbc *, const uint8_t *, size_t);
bool xcbc_end(struct xcbc *, uint8_t mac[16]);

#endif
