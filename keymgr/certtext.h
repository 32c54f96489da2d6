/* SPDX-License-Identifier: BSD-2-Clause */
/* A certificate in words and numbers. */
#ifndef KEYMGR_CERTTEXT_H
#define KEYMGR_CERTTEXT_H

#include <openssl/x509.h>

#include "msg_cert.h"

#define SERIAL_CAP	64

uint64_t certtext_time(const ASN1_TIME *);			/* seconds since 1970; 0 when it is none */
void certtext_serial(const X509 *, char buf[static SERIAL_CAP]);	/* lower-case hex */
void certtext_fingerprint(const X509 *, char buf[static 65]);	/* SHA-256, hex */
void certtext_date(uint64_t, char buf[static 32]);		/* "2026-01-02T03:04:05Z" */
/* subject, serial, names, fingerprint, times and kind of key; key NULL: the certificate's. */
void certtext_made(X509 *, struct cert_made *);
void certtext_info(X509 *, struct cert_info *);

#endif
