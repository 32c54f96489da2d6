/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * spdsync to keymgr: the certificates, private keys and CAs that keymgr keeps. Private keys come in and never go out, but in the file
 * that an administrator asks for by name. Both ways they go in a box: a memory file (memfd_create(2)) whose descriptor ikectl hands
 * over and spdsync passes on unread. Before a request it holds three u32 lengths and as many contents: the file, the file of its key,
 * the password; after it what keymgr wrote instead, from its first octet to its end.
 */
#ifndef CAUSEWAY_MSG_CERT_H
#define CAUSEWAY_MSG_CERT_H

#include "msg_bind.h"

enum {
	CERT_LIST = 32,		/* str after -> u16 n, n * struct cert_info, sorted by name; n 0 ends */
	CERT_CSR = 33,		/* struct cert_csr -> struct cert_made with the request in pem */
	CERT_IMPORT = 34,	/* struct cert_import and a box -> struct cert_made */
	CERT_EXPORT = 35,	/* struct cert_export and a box -> struct cert_made; the box has the file */
	CERT_REMOVE = 36,	/* str name -> */
	CA_INIT = 37,		/* struct ca_init -> struct cert_made */
	CA_ISSUE = 38,		/* struct ca_issue -> struct cert_made; with a request of another gateway pem is the chain with the CA's */
	CA_REVOKE = 39,		/* struct ca_revoke -> struct cert_made: what was revoked, and the new list */
	CA_CRL = 40,		/* struct ca_crl and a box or none -> struct cert_made; the box has the list */
	CA_LIST = 41,		/* str ca, u32 from -> u16 n, n * struct ca_issued in the order of their issue; n 0 ends */
	PSK_PUT = 42,		/* str name, u8 replace, the secret as in its file -> str why it is weak, or "" */
	PSK_REMOVE = 43,	/* str name -> */
	PSKTXT_PUT = 44		/* a psk.txt as in its file, or nothing: the one that was handed in goes -> u16 how many keys it has */
};

#define CERT_BOX_MAX	(256u << 10)	/* octets of a box that comes in */
#define CERT_BOX_HEAD	12u
#define CERT_PEM_MAX	32768u		/* a request, or a chain, in a message */
#define CERT_IDS	8
#define CERT_DAYS_MAX	36500u
#define CERT_KEY_CAP	32		/* "ecdsa-p256", "rsa-3072", "ed25519" */

#define CERT_TEXT	256
#define CERT_NAMES	512
#define CERT_PUBLIC	((BIND_PUBLIC + 2) / 3 * 4 + 1)	/* base64 of a SubjectPublicKeyInfo */
#define CERT_USERS	16	/* tunnels that are named; nusers counts all */

/* One certificate or key by its name, and what is known about it. Times are wall time, seconds; 0: none. */
struct cert_info {
	char		name[NAME_CAP];
	uint8_t		own;			/* 1: kept by keymgr; 0: a file of the secrets directory */
	uint8_t		has_cert, has_key, is_ca;	/* is_ca: it may sign certificates */
	uint8_t		issues;			/* 1: a CA that lives here */
	char		key[CERT_KEY_CAP];
	char		subject[CERT_TEXT], issuer[CERT_TEXT], serial[64];
	char		names[CERT_NAMES];	/* of subjectAltName: "fqdn:tokyo, ip:192.0.2.1" */
	char		fingerprint[65];	/* SHA-256 of the certificate, hex */
	char		public_key[CERT_PUBLIC];	/* of the private key that is here: what other sites' files call public_key */
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

/* A key is made (or the one that is there is taken, if keep_key) and kept as NAME until its certificate comes. */
struct cert_csr {
	char		name[NAME_CAP];
	char		key[CERT_KEY_CAP];	/* "": ecdsa-p256 */
	char		subject[CERT_TEXT];	/* as dn_to_der takes it; "": CN=NAME */
	uint8_t		keep_key;
	unsigned	nids;			/* at least one */
	char		ids[CERT_IDS][ID_CAP];
};

struct cert_import {
	char		name[NAME_CAP];		/* "": that of the key which the certificate belongs to, else its own */
	char		trust[NAME_CAP];	/* what a root in the file is called as a trust anchor; never "" */
	uint8_t		replace;		/* something else under these names may go */
};

enum { CERT_AS_PEM, CERT_AS_P12 };
struct cert_export {
	char		name[NAME_CAP];
	uint8_t		form;			/* CERT_AS_* */
	uint8_t		with_key;		/* of PEM; PKCS#12 always has it */
};

struct ca_init {
	char		name[NAME_CAP];
	char		key[CERT_KEY_CAP];
	char		subject[CERT_TEXT];	/* "": made from its name and its key */
	char		crl_url[TRUST_URL];	/* named in what it issues; "": none */
	uint32_t	days;			/* 0: ten years */
};

struct ca_issue {
	char		ca[NAME_CAP];
	char		site[NAME_CAP];
	char		key[CERT_KEY_CAP];	/* without a request: "": ecdsa-p256, or as it was */
	uint32_t	days;			/* 0: 397 */
	uint8_t		renew;			/* names as in the last one that was issued for it */
	uint8_t		keep_key;		/* renew only */
	unsigned	nids;			/* none: renew's, or those of the request */
	char		ids[CERT_IDS][ID_CAP];
	struct bytes	csr;			/* PEM or DER of another gateway's request; empty: the key is made and kept here */
};

struct ca_revoke {
	char		ca[NAME_CAP];
	char		site[NAME_CAP];		/* all of its certificates; or "" and */
	char		serial[64];		/* this one */
	uint8_t		why;			/* CRLReason, RFC 5280 5.3.1: 0 to 10 without 6, 7 and 8 */
};

struct ca_crl {
	char		ca[NAME_CAP];
	uint32_t	days;			/* until the next; 0: 30 */
	uint8_t		der;			/* the box gets DER instead of PEM */
};

/* What came of it; what does not apply is "" or 0. */
struct cert_made {
	char		name[NAME_CAP];
	char		ca[NAME_CAP];		/* who issued it, if it lives here; import: the trust anchor that came with it */
	char		key[CERT_KEY_CAP];
	uint8_t		has_cert, has_key;	/* here, under that name, now */
	char		subject[CERT_TEXT], serial[64], names[CERT_NAMES], fingerprint[65];
	uint64_t	not_before, not_after;
	uint64_t	crl_number, crl_next;
	uint32_t	crl_revoked;
	uint32_t	count;			/* revoke: how many; export: octets in the box */
	struct bytes	pem;
};

struct ca_issued {
	char		serial[64], site[NAME_CAP], names[CERT_NAMES];
	uint64_t	not_after, revoked;	/* revoked: when, or 0 */
	uint8_t		why;
};

void cert_csr_put(struct wr *, const struct cert_csr *);
bool cert_csr_get(struct rd *, struct cert_csr *);
void cert_import_put(struct wr *, const struct cert_import *);
bool cert_import_get(struct rd *, struct cert_import *);
void cert_export_put(struct wr *, const struct cert_export *);
bool cert_export_get(struct rd *, struct cert_export *);
void ca_init_put(struct wr *, const struct ca_init *);
bool ca_init_get(struct rd *, struct ca_init *);
void ca_issue_put(struct wr *, const struct ca_issue *);
bool ca_issue_get(struct rd *, struct ca_issue *);
void ca_revoke_put(struct wr *, const struct ca_revoke *);
bool ca_revoke_get(struct rd *, struct ca_revoke *);
void ca_crl_put(struct wr *, const struct ca_crl *);
bool ca_crl_get(struct rd *, struct ca_crl *);
void cert_made_put(struct wr *, const struct cert_made *);
bool cert_made_get(struct rd *, struct cert_made *);
void ca_issued_put(struct wr *, const struct ca_issued *);
bool ca_issued_get(struct rd *, struct ca_issued *);
void cert_info_put(struct wr *, const struct cert_info *);
bool cert_info_get(struct rd *, struct cert_info *);

#endif
