/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * spdsync to keymgr: the certificates, private keys and CAs that keymgr keeps. Private keys come in and never go out, but as the PKCS#12
 * file that an administrator asks for by name and password.
 */
#ifndef CAUSEWAY_MSG_CERT_H
#define CAUSEWAY_MSG_CERT_H

#include "msg_bind.h"

enum {
	CERT_LIST = 32		/* str after -> u16 n, n * struct cert_info, sorted by name; n 0 ends */
};

#define CERT_TEXT	256
#define CERT_NAMES	512
#define CERT_USERS	16	/* tunnels that are named; nusers counts all */

/* One certificate or key by its name, and what is known about it. Times are wall time, seconds; 0: none. */
struct cert_info {
	char		name[NAME_CAP];
	uint8_t		own;			/* 1: kept by keymgr; 0: a file of the secrets directory */
	uint8_t		has_cert, has_key, is_ca;	/* is_ca: it may sign certificates */
	uint8_t		issues;			/* 1: a CA that lives here */
	char		key[32];		/* "ecdsa-p256", "rsa-3072", "ed25519" */
	char		subject[CERT_TEXT], issuer[CERT_TEXT], serial[64];
	char		names[CERT_NAMES];	/* of subjectAltName: "fqdn:tokyo, ip:192.0.2.1" */
	char		fingerprint[65];	/* SHA-256 of the certificate, hex */
	uint64_t	not_before, not_after;
	uint16_t	reason;			/* R_OK, R_CERT_EXPIRES_SOON, or what is wrong with it */
	char		detail[CERT_TEXT];
	/* when it is the trust anchor of a tunnel */
	uint8_t		is_anchor, revocation;	/* enum revocation */
	uint64_t	crl_this, crl_next, crl_checked;	/* the newest CRL's thisUpdate and nextUpdate; when it was last asked for */
	uint32_t	crl_revoked;		/* entries */
	char		crl_url[TRUST_URL];	/* where it came from, or was looked for */
	uint16_t	crl_reason;		/* R_OK, or why there is no fresh one */
	char		crl_detail[CERT_TEXT];
	uint32_t	nusers;
	char		users[CERT_USERS][NAME_CAP];
};

void cert_info_put(struct wr *, const struct cert_info *);
bool cert_info_get(struct rd *, struct cert_info *);

#endif
