/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificates, requests and revocation lists as the small CA makes them, by RFC 5280's profile. Time and serial number are arguments. */
#ifndef KEYMGR_X509MAKE_H
#define KEYMGR_X509MAKE_H

#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdint.h>

#define MAKE_SERIAL	20	/* octets: RFC 5280 4.1.2.2 */
#define MAKE_EARLY_S	3600	/* a certificate or list is valid from an hour before it was made: clocks differ */

struct make {
	const X509_NAME	*subject;
	EVP_PKEY	*key;		/* its public half is certified */
	X509		*ca;		/* NULL: of itself */
	EVP_PKEY	*ca_key;
	GENERAL_NAMES	*names;		/* may be NULL or empty */
	const char	*crl_url;	/* "" none */
	uint8_t		 serial[MAKE_SERIAL];
	uint64_t	 now;
	uint32_t	 days;
};

/* 159 bits, of which 158 are random and one keeps it positive and long. */
bool make_serial(uint8_t serial[static MAKE_SERIAL]);
X509 *make_ca(const struct make *);
/* It never lives longer than its CA. */
X509 *make_cert(const struct make *);
X509_REQ *make_request(const X509_NAME *subject, EVP_PKEY *, const GENERAL_NAMES *);

struct make_revoked {
	const char	*serial;	/* hex */
	uint64_t	 when;
	uint8_t		 why;		/* CRLReason; 0: not written */
};
struct make_crl {
	X509		*ca;
	EVP_PKEY	*key;
	uint64_t	 number, now, next;
	unsigned	 n;
	const struct make_revoked *v;
};
X509_CRL *make_crl(const struct make_crl *);

#endif
