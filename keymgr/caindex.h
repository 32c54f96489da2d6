/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a CA has issued and revoked: one text file, a line a certificate, fields separated by tabs. It is written before what it tells
 * of leaves the CA, so no certificate is ever valid that it does not know. Decoding is pure.
 */
#ifndef KEYMGR_CAINDEX_H
#define KEYMGR_CAINDEX_H

#include <stdbool.h>

#include "msg_cert.h"

#define CAINDEX_MAX	65536u		/* certificates */
#define CAINDEX_KEY	1100		/* octets of a SubjectPublicKeyInfo: RSA up to 8192 bits */
#define CAINDEX_KEEP_S	(366u * 86400)	/* one that expired is forgotten after this */

struct caindex_row {
	char		serial[64];	/* lower-case hex */
	char		site[NAME_CAP];
	uint64_t	not_after, revoked;	/* 0: not revoked */
	uint8_t		why;
	unsigned	nkey;		/* of the newest one of a site only: to renew it with its key */
	uint8_t		*key;
	unsigned	nids;
	char		(*ids)[ID_CAP];
};

struct caindex {
	char		 crl_url[TRUST_URL];
	uint64_t	 crl_number;
	uint32_t	 crl_days;
	unsigned	 n, cap;
	struct caindex_row *row;
};

/* False: the octets are not an index; *line is where. */
bool caindex_decode(struct bytes, struct caindex *, unsigned *line);
/* Rows that expired long before now are left out. The octets are malloc'ed; NULL: no memory. */
uint8_t *caindex_encode(const struct caindex *, uint64_t now, size_t *n);
void caindex_free(struct caindex *);
/* A copy of what is given goes in. False: full or no memory. */
bool caindex_add(struct caindex *, const struct caindex_row *);
bool caindex_issue(struct caindex *, const struct caindex_row *);	/* the same, and older rows of its site lose their keys */
/* The newest one of the site, or NULL. */
const struct caindex_row *caindex_newest(const struct caindex *, const char *site);

#endif
