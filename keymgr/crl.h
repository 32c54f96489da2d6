/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One revocation list, RFC 5280 5. It may have 20 MiB and half a million entries, so it is read by a decoder of our own that looks at each
 * octet once and keeps the list as it came, with an index of 4 octets an entry or two: OpenSSL's would take ten times that, and a
 * second. crl_read is pure; nothing of a list counts before crl_signed_by was true, and the index is made after that.
 */
#ifndef KEYMGR_CRL_H
#define KEYMGR_CRL_H

#include <openssl/x509.h>

#include "bytes.h"
#include "msg_bind.h"

#define CRL_MAX		(20u << 20)
#define CRL_NUMBER	20	/* octets, RFC 5280 5.2.3 */
#define CRL_SERIAL	20	/* octets of a serial number that are shown; RFC 5280 4.1.2.2 allows no more */
#define CRL_URLS	2	/* of its delta lists */

struct crl {
	uint8_t		*der;			/* owned */
	size_t		 n;
	struct bytes	 tbs, alg, signature;	/* in der, and so on */
	struct bytes	 issuer;		/* Name, with its header */
	uint64_t	 this_update, next_update;
	struct bytes	 number, base;		/* magnitudes; number.n 0: none; base.n 0: not a delta list */
	struct bytes	 key_id;		/* of its authority key identifier, or empty */
	struct bytes	 scope;			/* issuingDistributionPoint as it came, or empty */
	struct bytes	 scope_names;		/* its GeneralNames, or empty */
	bool		 only_users, only_cas;
	struct bytes	 entries;
	uint32_t	 nentries;
	char		 fresh[CRL_URLS][TRUST_URL];	/* freshestCRL */
	uint32_t	*index, mask;		/* after crl_index; places in entries, each plus one */
};

struct crl_entry {
	uint64_t	when;
	int		why;			/* CRLReason, or -1 */
};

/* DER, or PEM as files have it. A copy is kept. NULL: all is well; else what is wrong, and *crl holds nothing. */
const char *crl_read(struct bytes in, struct crl *crl);
void crl_free(struct crl *);
/* What crl_signed_by needs of a key is that it verifies; usage is asked by the caller. why: a sentence's part, or "". */
bool crl_signed_by(const struct crl *, EVP_PKEY *, const char **why);
bool crl_index(struct crl *);			/* false: no memory */
/* serial: an INTEGER's content octets. Only after crl_index. */
bool crl_find(const struct crl *, struct bytes serial, struct crl_entry *);
/* Two magnitudes; a missing one is the lowest. */
int crl_number_cmp(struct bytes a, struct bytes b);

/* DistributionPoints, RFC 5280 4.2.1.13: of certificates, and of freshestCRL. Pure. */
struct distpoint {
	struct bytes	names;		/* GeneralNames of fullName, or empty */
	struct bytes	issuer;		/* GeneralNames of cRLIssuer, or empty */
	bool		some_reasons;
};
#define DISTPOINTS	8
/* How many; 0: none, or malformed. */
unsigned distpoint_read(struct bytes ext, struct distpoint v[static DISTPOINTS]);
/* The next URI in GeneralNames that is one of http or https and fits. */
bool distpoint_url(struct rd *names, char url[static TRUST_URL]);
/* One of the names is that URI. */
bool distpoint_has(struct bytes names, const char *url);

const char *crl_why_name(int why);	/* "keyCompromise"; "" for -1 */
/* Times of RFC 5280 4.1.2.5, UTC; 0: it is none. */
uint64_t crl_time(uint8_t tag, struct bytes);

#endif
