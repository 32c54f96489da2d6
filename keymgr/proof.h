/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proofs of identity (AUTH, RFC 7296 2.15): our own made, the peer's judged, by what spdsync bound to the tunnel: a pre-shared key, a
 * certificate, or a raw public key (RFC 7670). Nothing is proved but the first message of an IKE SA whose keys were derived here. Whether a
 * certificate is revoked is asked by the caller, between proof_verify and proof_accept.
 */
#ifndef KEYMGR_PROOF_H
#define KEYMGR_PROOF_H

#include "bind.h"
#include "chain_memo.h"
#include "cred.h"
#include "ike.h"
#include "sig.h"

/* What proofs are made from. All of it is borrowed. */
struct proof_env {
	struct ike_objects	*objects;
	const struct bindings	*bindings;
	struct creds		*creds;
	struct chain_memo	*memo;
	const char		*secret_dir, *key_dir;	/* key_dir NULL: none */
	uint64_t		 now;		/* wall time, seconds */
};

/* Our own proof. */
struct proof_made {
	struct key_proof p;			/* borrows from octets */
	struct cred	 cred;			/* how it was made by certificate: this one; proof_made_free */
	struct wr	 w;
	uint8_t		 octets[SIG_MAX + KEY_CERTS_MAX];
};
enum reason proof_sign(const struct proof_env *, const struct key_auth *, struct proof_made *, char detail[static IKE_DETAIL]);
/* Puts one more of CERT in, if there is room. */
void proof_add_cert(struct proof_made *, uint8_t encoding, struct bytes);
void proof_made_free(struct proof_made *);	/* wipes */

/* The verdict over the peer's, with all that has to be known for what comes after it. */
struct proof_verdict {
	uint32_t	ike;
	char		tunnel[NAME_CAP];
	uint64_t	version;		/* of the tunnel's binding */
	struct chain	chain;			/* by certificate: the path; else without one */
	char		words[KEY_WORDS];	/* with what the peer proved itself */
};
enum reason proof_verify(const struct proof_env *, const struct key_auth *, struct proof_verdict *, char detail[static IKE_DETAIL]);
/* The peer is who it says: from now on children of that tunnel get keys. NOT_FOUND, BUSY: the SA is gone, the binding is another one. */
enum reason proof_accept(const struct proof_env *, const struct proof_verdict *, char detail[static IKE_DETAIL]);

/* What is wrong with the files that a binding names, if anything. */
enum reason proof_binding_check(const struct proof_env *, const struct binding *, char detail[static IKE_DETAIL]);

#endif
