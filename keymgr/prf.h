/* SPDX-License-Identifier: BSD-2-Clause */
/* The PRFs of IKEv2 that Causeway knows (HMAC-SHA2, RFC 4868) and prf+ (RFC 7296 2.13). */
#ifndef KEYMGR_PRF_H
#define KEYMGR_PRF_H

#include "secret.h"

#define PRF_MAX		64	/* octets of the longest output */
#define PRF_SPANS	8	/* inputs of one call, concatenated */

/* Output length, which is the preferred key length too (RFC 7296 2.13); 0: unknown PRF. id is the transform ID. */
size_t prf_len(uint16_t id);
/* prf(key, in[0] | in[1] | ...) into out. False: unknown PRF, or OpenSSL failed; out is empty then. */
bool prf(uint16_t id, struct bytes key, const struct bytes *in, unsigned n, struct secret *out);
/* The first len octets of prf+(key, seed[0] | seed[1] | ...). False as above, or more than 255 blocks. */
bool prf_plus(uint16_t id, struct bytes key, const struct bytes *seed, unsigned n, uint8_t *out, size_t len);

#endif
