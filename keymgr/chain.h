/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A peer's chain of certificates: OpenSSL builds a path from the first one to an anchor of the tunnel, with the others as helpers that
 * nobody trusts; what RFC 5280 leaves to its user (strength, usage, the identity) is checked here. Every way in which it can fail has a
 * reason and a sentence. Revocation is not looked at (revoke.h).
 */
#ifndef KEYMGR_CHAIN_H
#define KEYMGR_CHAIN_H

#include <openssl/x509.h>

#include "msg_bind.h"
#include "msg_key.h"
#include "reason.h"

#define CHAIN_DETAIL	400

/* A path that holds. Copy with chain_copy, never by assignment. */
struct chain {
	STACK_OF(X509)	*path;		/* the end's first, the anchor last */
	char		 anchor[NAME_CAP];
	uint64_t	 not_after;	/* wall time, seconds: when the first of them expires */
};

struct chain_anchor {
	char	 name[NAME_CAP];
	X509	*cert;			/* borrowed */
};

struct chain_request {
	unsigned	nanchors;
	struct chain_anchor anchors[BIND_TRUSTS];
	STACK_OF(X509)	*known;		/* intermediates that we know of, only to tell what is missing; may be NULL */
	struct bytes	id;		/* the body of the ID payload: it has to be in the certificate */
	unsigned	ncerts;		/* as they came, the end's first; what is not of CERT_X509 is passed over */
	const struct key_cert *certs;
	uint64_t	now;		/* wall time, seconds */
};

/* R_OK and the path, or why not. */
enum reason chain_validate(const struct chain_request *, struct chain *, char detail[static CHAIN_DETAIL]);
/* May this certificate's key sign an AUTH? CERT_WRONG_USAGE if not. */
enum reason chain_check_usage(X509 *, char detail[static CHAIN_DETAIL]);
/* The sentence of CERT_EXPIRED, CERT_NOT_YET_VALID and of their OUR_ sisters. */
void chain_say_time(X509 *, uint64_t now, enum reason, char detail[static CHAIN_DETAIL]);
bool chain_copy(struct chain *to, const struct chain *from);
void chain_free(struct chain *);

#endif
