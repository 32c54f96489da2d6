/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Certificates, keys and requests as files bring them: PEM, DER, PKCS#12. All of it is hostile: the functions are pure, what they
 * compute is bounded before it is begun (the rounds of a password's derivation are written in the file), and what comes out was parsed,
 * not believed.
 */
#ifndef KEYMGR_CERTFILE_H
#define KEYMGR_CERTFILE_H

#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "bytes.h"
#include "reason.h"

#define CERTFILE_CERTS	16
#define CERTFILE_DETAIL	400
#define CERTFILE_ROUNDS	2000000u	/* of password derivation, in one file: about a second */
#define CERTFILE_P12_ROUNDS 100000	/* of those that are written here */

struct certfile {
	EVP_PKEY	*key;		/* or NULL */
	unsigned	 n;
	X509		*cert[CERTFILE_CERTS];
};

/* What a box has in it (msg_cert.h): borrowed spans. */
struct box {
	struct bytes file, key, password;
};
bool box_get(struct bytes, struct box *);

/* Once, before the sandbox: what old PKCS#12 files are encrypted with is found nowhere else than by them. False: it is not installed. */
bool certfile_start(void);
void certfile_end(void);

/* Adds what the file holds. The password may be empty. */
enum reason certfile_read(struct bytes file, struct bytes password, struct certfile *, char detail[static CERTFILE_DETAIL]);
void certfile_free(struct certfile *);

/*
 * What a file's certificates are to each other: own, the intermediates from it upwards, the root. own is that of the key (the given or
 * the file's own), else the one that issued none of the others; NULL when there is only a root. Borrowed from the file.
 */
struct certchain {
	X509		*own, *root;
	unsigned	 n;
	X509		*inter[CERTFILE_CERTS];
};
enum reason certfile_chain(const struct certfile *, struct certchain *, char detail[static CERTFILE_DETAIL]);
/* Did this one issue that one? By names, key identifiers and signature. */
bool certfile_issued(X509 *issuer, X509 *subject);

/* A request whose signature is good, of a kind of key that is taken; or NULL and why. */
X509_REQ *certfile_request(struct bytes, char detail[static CERTFILE_DETAIL]);
/* To octets: the own certificate (or NULL), the others in the order given, the root (or NULL). */
bool certfile_pem(X509 *own, unsigned n, X509 *const *inter, X509 *root, struct wr *);
bool certfile_key_pem(EVP_PKEY *, struct wr *);
bool certfile_p12(const char *password, const char *name, EVP_PKEY *, X509 *own, unsigned n, X509 *const *more, struct wr *);

#endif
