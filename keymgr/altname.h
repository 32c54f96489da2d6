/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Identities in certificates: "fqdn:", "email:" and "ip:" are names of subjectAltName, "dn:" is the subject itself (RFC 4945 3.1).
 * "key:" is in no certificate.
 */
#ifndef KEYMGR_ALTNAME_H
#define KEYMGR_ALTNAME_H

#include <openssl/x509v3.h>
#include <stdbool.h>

#include "name.h"

/* The names, without those of "dn:"; NULL: one of them is not an identity, or cannot be in a certificate (its index in *bad). */
GENERAL_NAMES *altname_make(unsigned n, const char ids[][ID_CAP], unsigned *bad);
/* "fqdn:tokyo, ip:192.0.2.1", of those kinds that are identities; what does not fit ends in an ellipsis. NULL gives "". */
void altname_text(const GENERAL_NAMES *, char *buf, size_t cap);
/* The same one by one: the identity of one name, or false. */
bool altname_id(const GENERAL_NAME *, char id[static ID_CAP]);
/* The names of a certificate or of a request; the caller's, NULL when it has none. */
GENERAL_NAMES *altname_of_cert(const X509 *);
GENERAL_NAMES *altname_of_request(X509_REQ *);
/* A distinguished name for people: as an identity's where it can be one, else as RFC 2253 has it. */
void altname_dn(const X509_NAME *, char *buf, size_t cap);
X509_NAME *altname_dn_make(const char *text);

#endif
