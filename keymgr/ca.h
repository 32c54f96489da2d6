/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The small CA: issue, renew, revoke, list. A CA NAME is NAME.crt and NAME.crl in keymgr's folder, for everybody who trusts it, and
 * ca/NAME.key and ca/NAME.index for itself. Each function does one request from the files to the files; a request that needs a new
 * private key is checked first, and done when the key was made (keyjob.h).
 */
#ifndef KEYMGR_CA_H
#define KEYMGR_CA_H

#include <openssl/x509.h>

#include "caindex.h"
#include "certfile.h"
#include "keydir.h"

#define CA_DETAIL	400
#define CA_DAYS		3650u
#define CA_CERT_DAYS	397u	/* what browsers allow; a year and a month to be late in */
#define CA_CRL_DAYS	30u

/* kind: of the key that has to be made before it can be done; "" none. */
enum reason ca_init_check(const char *dir, const struct ca_init *, char kind[static CERT_KEY_CAP], char detail[static CA_DETAIL]);
enum reason ca_init_do(const char *dir, const struct ca_init *, uint64_t now, EVP_PKEY *, struct cert_made *, char detail[static CA_DETAIL]);
enum reason ca_issue_check(const char *dir, const struct ca_issue *, char kind[static CERT_KEY_CAP], char detail[static CA_DETAIL]);
/* pem: what the answer's span borrows. */
enum reason ca_issue_do(const char *dir, const struct ca_issue *, uint64_t now, EVP_PKEY *, struct cert_made *, struct wr *pem,
    char detail[static CA_DETAIL]);
enum reason ca_revoke_do(const char *dir, const struct ca_revoke *, uint64_t now, struct cert_made *, char detail[static CA_DETAIL]);
/* A new list; PEM or DER of it to out (malloc'ed, *n octets; the caller frees it). */
enum reason ca_crl_do(const char *dir, const struct ca_crl *, uint64_t now, struct cert_made *, uint8_t **out, size_t *n,
    char detail[static CA_DETAIL]);
/* The rows from the given one on; *n: how many of cap. */
enum reason ca_list_do(const char *dir, const char *ca, uint32_t from, struct ca_issued *v, unsigned cap, unsigned *n,
    char detail[static CA_DETAIL]);
bool ca_lives(const char *dir, const char *name);
/* From time to time: lists that a crash left behind their index, and those past half of their life, are made anew. */
void ca_tend(const char *dir, uint64_t now);

#endif
