/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Certificates for tests, good and bad: a spec says what a certificate is to have, pki_cert makes it through OpenSSL and takes it for
 * granted that this works. Revocation lists and OCSP answers by the same way. Everything is the caller's to free.
 */
#ifndef TEST_PKI_H
#define TEST_PKI_H

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <stdbool.h>

#include "bytes.h"

#define PKI_NOW		1800000000	/* what the tests give as the time: 2027-01-15T08:00:00Z */
#define PKI_DAY		86400
#define PKI_EXTS	12

/* "p256", "p384", "p521", "ed25519", "ed448", "rsa" and its bits ("rsa2048"), "rsa2048e3". Those with "rsa" are made once and shared. */
EVP_PKEY *pki_key(const char *kind);

struct pki_ext {
	const char	*name, *value;	/* as in openssl.cnf: { "subjectAltName", "DNS:a" }; NULL ends the list */
};

struct pki {
	const char	*dn;		/* "O=Example, CN=tokyo", the parts joined by ", " */
	const char	*kind;		/* of its key, when key is NULL; NULL: "p256" */
	EVP_PKEY	*key;
	X509		*ca;		/* NULL: self-signed */
	EVP_PKEY	*ca_key;
	const char	*digest;	/* NULL: "sha256"; not for Ed25519 and Ed448 */
	bool		 pss;		/* signed with RSASSA-PSS */
	bool		 v1;		/* no extensions at all */
	bool		 bad_signature;
	long		 serial;	/* 0: the next one */
	long		 from, to;	/* relative to PKI_NOW, seconds; both 0: a day before to a year after */
	struct pki_ext	 ext[PKI_EXTS];
};

/* The certificate; *key gets a reference to its key when key is not NULL. */
X509 *pki_cert(const struct pki *, EVP_PKEY **key);

/* A CA (with the extensions that it needs, and more), and a certificate of it for an end. */
X509 *pki_ca(const char *dn, X509 *ca, EVP_PKEY *ca_key, EVP_PKEY **key);
X509 *pki_leaf(const char *dn, const char *san, X509 *ca, EVP_PKEY *ca_key, EVP_PKEY **key);

struct pki_revoked {
	long	serial, when;		/* when: relative to PKI_NOW */
	int	why;			/* CRLReason, -1 not written; 8 (removeFromCRL) in a delta takes it off */
};
struct pki_crl {
	X509		*ca;
	EVP_PKEY	*key;
	long		 this_update, next_update;	/* relative to PKI_NOW; next_update 0: none */
	long		 number, base;		/* base > 0: a delta to that number */
	bool		 bad_signature;
	const char	*digest;		/* NULL: "sha256" */
	unsigned	 n;
	const struct pki_revoked *v;
	struct pki_ext	 ext[PKI_EXTS];		/* { "issuingDistributionPoint", "critical,fullname:URI:http://x" } */
};
X509_CRL *pki_crl(const struct pki_crl *);

struct pki_ocsp {
	X509		*subject, *ca;
	X509		*signer;	/* NULL: ca */
	EVP_PKEY	*key;		/* the signer's */
	int		 status;	/* V_OCSP_CERTSTATUS_* */
	int		 why;		/* revoked: CRLReason, -1 none */
	long		 when, this_update, next_update;	/* relative to PKI_NOW; next_update 0: none */
	bool		 bad_signature, no_certs;
	struct bytes	 nonce;
};
OCSP_RESPONSE *pki_ocsp(const struct pki_ocsp *);

/* DER to malloc'ed octets. */
struct bytes pki_der(X509 *);
struct bytes pki_crl_der(X509_CRL *);
struct bytes pki_ocsp_der(OCSP_RESPONSE *);

/* Files in PEM, with that mode. */
void pki_write_certs(const char *dir, const char *name, unsigned mode, unsigned n, X509 *const *);
void pki_write_key(const char *dir, const char *name, unsigned mode, EVP_PKEY *);

#endif
