/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Key exchange: x25519 and curve448 (RFC 8031), ECP groups (RFC 5903), MODP groups (RFC 3526). The private half lives
 * in OpenSSL's secure heap and never leaves this file; peers' values are checked as RFC 6989 says.
 */
#ifndef KEYMGR_KE_H
#define KEYMGR_KE_H

#include <openssl/evp.h>

#include "secret.h"

#define KE_PUB_MAX	512	/* octets: modp4096 */

struct ke {
	uint16_t	group;	/* transform ID */
	EVP_PKEY	*key;
};

enum ke_result { KE_OK, KE_UNKNOWN_GROUP, KE_BAD_PUBLIC, KE_FAILED };

/* A fresh pair; its public value in the form of the KE payload goes to pub. */
enum ke_result ke_new(struct ke *, uint16_t group, struct wr *pub);
/* Our public value again, as ke_new gave it. */
bool ke_public(const struct ke *, struct wr *pub);
/* The shared secret, as SKEYSEED and KEYMAT want it: fixed length, big endian. KE_BAD_PUBLIC: the peer's value is not a member of the group. */
enum ke_result ke_secret(const struct ke *, struct bytes peer, struct secret *);
/* Forget the private half. */
void ke_wipe(struct ke *);

#endif
