/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Certificates and private keys by name. NAME.crt is PEM, the own certificate first and then the intermediates; NAME.key is PEM, not
 * encrypted. Each is looked for in keymgr's own folder first and in the secrets directory then, and is taken only from a file that nobody
 * but root or keymgr could have written (store.h). What was parsed is kept for as long as the file is the same one by its inode, size and
 * times, so that a handshake does not pay for the parsing, and a renewed certificate counts at its next use.
 */
#ifndef KEYMGR_CRED_H
#define KEYMGR_CRED_H

#include <openssl/x509.h>

#include "msg_bind.h"
#include "reason.h"

#define CRED_DETAIL	400
#define CRED_PATH	320
#define CRED_KEPT	256u	/* files of which the content is kept */

enum { CRED_CERT = 1, CRED_KEY = 2 };

struct creds;

struct cred {
	X509		*cert;		/* NULL without CRED_CERT */
	STACK_OF(X509)	*chain;		/* the other certificates of its file, in their order; NULL: none */
	EVP_PKEY	*key;		/* NULL without CRED_KEY */
	char		 path[CRED_PATH];	/* of the certificate's file, or the key's */
	bool		 own;		/* it lies in keymgr's own folder */
};

/* own may be "": there is none. NULL: no memory, or a path that is too long. */
struct creds *creds_new(const char *own, const char *secret);
void creds_free(struct creds *);
/* Grows when a file turns out to be another one than when it was read last, or is gone. */
uint64_t creds_changes(const struct creds *);

/*
 * What need says. With both, the key is that of the certificate. R_OK, or CERT_MISSING, CERT_UNUSABLE, PRIVATE_KEY_* or SECRET_* with a
 * sentence; *c holds nothing then. Times and names in the certificate are not looked at.
 */
enum reason cred_load(struct creds *, const char *name, unsigned need, struct cred *, char detail[static CRED_DETAIL]);
void cred_free(struct cred *);
/* A trust anchor: a reference to the first certificate of NAME.crt. TRUST_MISSING, NOT_A_CA or CERT_UNUSABLE. */
enum reason cred_anchor(struct creds *, const char *name, X509 **, char detail[static CRED_DETAIL]);

#endif
