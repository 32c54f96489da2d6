/* SPDX-License-Identifier: BSD-2-Clause */
/* The kinds of keys that are made and taken: their names, their sizes, and a new one of each. */
#ifndef KEYMGR_KEYKIND_H
#define KEYMGR_KEYKIND_H

#include <openssl/evp.h>
#include <stdbool.h>

#include "msg_cert.h"

#define KEYKIND_DEFAULT	"ecdsa-p256"

/* "ecdsa-p256", "rsa-3072", "ed25519"; what is not taken has a name too, as "rsa-1024". Returns buf. */
const char *keykind_name(const EVP_PKEY *, char buf[static CERT_KEY_CAP]);
/* May it prove anything? RSA from 2048 to 8192 bits, ECDSA on three named curves, Ed25519 and Ed448. */
bool keykind_taken(const EVP_PKEY *);
/* Is it a name of one that keykind_new makes? slow: it takes long enough to be made in a thread of its own. */
bool keykind_made(const char *name, bool *slow);
EVP_PKEY *keykind_new(const char *name);
/* Does the private key do what its public key says? */
bool keykind_works(EVP_PKEY *);
/* The digest to sign with; NULL for those that bring their own (Ed25519 and Ed448). */
const EVP_MD *keykind_digest(const EVP_PKEY *);

#endif
