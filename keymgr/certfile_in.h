/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of certfile share: what is found goes into the file's struct, and each refusal is said once. */
#ifndef KEYMGR_CERTFILE_IN_H
#define KEYMGR_CERTFILE_IN_H

#include "certfile.h"

/* Both take what they are given; NULL: it was malformed. */
enum reason certfile_add_cert(struct certfile *, X509 *, char detail[static CERTFILE_DETAIL]);
enum reason certfile_add_key(struct certfile *, EVP_PKEY *, char detail[static CERTFILE_DETAIL]);
/* How much work a password costs is the file's choice: takes it from what is left, or refuses. */
enum reason certfile_rounds(const X509_ALGOR *, uint32_t *left, char detail[static CERTFILE_DETAIL]);
OSSL_LIB_CTX *certfile_old(void);	/* with what only old files need; NULL before certfile_start */
PKCS12 *certfile_p12_get(const uint8_t **, long n);
enum reason certfile_read_p12(PKCS12 *, struct bytes password, struct certfile *, char detail[static CERTFILE_DETAIL]);	/* takes it */

#endif
