/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is an identity in a certificate? RFC 4945 3.1: FQDN, user FQDN and addresses are in subjectAltName, a DN is the subject. Everything is
 * compared whole; one wildcard is known, "*." as the first label of a DNS name, which stands for exactly one label. A common name is not
 * looked at, and a key ID is in no certificate.
 */
#ifndef KEYMGR_CERTID_H
#define KEYMGR_CERTID_H

#include <openssl/x509.h>
#include <stdbool.h>

#include "bytes.h"

/* id: the body of an ID payload. */
bool certid_has(const X509 *, struct bytes id);
/* Which identities are in it, for people: "fqdn:tokyo, ip:192.0.2.1, dn:O=Example, CN=tokyo". Returns buf. */
const char *certid_text(const X509 *, char *buf, size_t cap);

#endif
