/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of certs.h share: one credential as its files have it. */
#ifndef KEYMGR_CERTS_IN_H
#define KEYMGR_CERTS_IN_H

#include "certs.h"

#define CERTS_SAY(detail, ...)	snprintf(detail, CERTS_DETAIL, __VA_ARGS__)
#define CERTS_KEY_MAX		16384	/* octets of a private key's PEM */

/* NAME and a suffix (".crt", ".key", ".req.key") of one folder, read and taken apart; nothing is in it when there is no such file. */
enum reason certs_load(const char *dir, const char *name, const char *suffix, struct certfile *, char detail[static CERTS_DETAIL]);
bool certs_has(const char *dir, const char *name, const char *suffix);
/* Does NAME's key (of that suffix) belong to this public key? */
bool certs_key_fits(const char *dir, const char *name, const char *suffix, const EVP_PKEY *);
/* The trust anchor here that issued this one; the caller frees it. */
X509 *certs_anchor_of(const char *dir, X509 *);

#endif
