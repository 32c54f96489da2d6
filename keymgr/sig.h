/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signatures in AUTH: RFC 7427 and 8420 (method 14), RFC 4754 (9 to 11) and RFC 7296's RSA (1). Which one is made follows from our key
 * and from the hashes that the peer named; which ones are taken, from what we offer: SHA2-256, 384, 512 and Identity.
 */
#ifndef KEYMGR_SIG_H
#define KEYMGR_SIG_H

#include <openssl/evp.h>

#include "bytes.h"
#include "reason.h"

#define SIG_DETAIL	256
#define SIG_NAME	64
#define SIG_MAX		1100	/* octets of AUTH's data: RSA of 8192 bits */

enum { AUTH_METHOD_RSA = 1, AUTH_METHOD_ECDSA_256 = 9, AUTH_METHOD_ECDSA_384 = 10, AUTH_METHOD_ECDSA_521 = 11, AUTH_METHOD_SIGNATURE = 14 };
enum { HASH_SHA1 = 1, HASH_SHA2_256 = 2, HASH_SHA2_384 = 3, HASH_SHA2_512 = 4, HASH_IDENTITY = 5 };	/* RFC 7427 7, 8420 3 */
#define HASH_BIT(h)	(1u << (h))

/* What AUTH's data says of itself (method 14), or what its method means. */
enum sig_kind { SIG_RSA_PKCS1, SIG_RSA_PSS, SIG_ECDSA, SIG_ED25519, SIG_ED448 };
struct sig_alg {
	enum sig_kind	kind;
	uint8_t		hash;		/* HASH_* */
	uint16_t	salt;		/* PSS */
};

/* An AlgorithmIdentifier, to its last octet. Pure. False: it is none of ours, or not DER. */
bool sig_alg_get(struct bytes der, struct sig_alg *);
void sig_alg_put(struct wr *, const struct sig_alg *);
/* Method 14's data: a length, the AlgorithmIdentifier, the signature. False: cut off, or an algorithm that is not known. */
bool sig_data_get(struct bytes data, struct sig_alg *, struct bytes *signature);

struct sig_want {
	uint16_t	hashes;		/* that the peer named, by bits; 0: none */
	bool		old_methods;	/* RSA with SHA-1 may be used */
};

/* AUTH over these octets. R_OK, SIGNATURE_NONE or INTERNAL. name: "ECDSA P-256 with SHA-256", for people. */
enum reason sig_make(EVP_PKEY *, const struct sig_want *, struct bytes octets, uint8_t *method, struct wr *data, char name[static SIG_NAME],
    char detail[static SIG_DETAIL]);
/* R_OK, SIGNATURE_NOT_OFFERED or SIGNATURE_BAD. alg: what was used. */
enum reason sig_check(EVP_PKEY *, bool old_methods, uint8_t method, struct bytes data, struct bytes octets, struct sig_alg *alg,
    char name[static SIG_NAME], char detail[static SIG_DETAIL]);

#endif
