/* SPDX-License-Identifier: BSD-2-Clause */
/* Two ends of an IKE SA behind one keymgr, with certificates of one CA: what the tests of proofs share. */
#ifndef AUTH_FIX_H
#define AUTH_FIX_H

#include "key_fix.h"
#include "pki.h"
#include "sig.h"

#define ALL	(HASH_BIT(HASH_SHA2_256) | HASH_BIT(HASH_SHA2_384) | HASH_BIT(HASH_SHA2_512) | HASH_BIT(HASH_IDENTITY))

/* Two ends, "a" (tokyo, the initiator) and "b" (newyork), each with a certificate of one CA. */
struct world {
	struct key_fix	*f;
	X509		*ca, *tokyo, *newyork;
	EVP_PKEY	*ca_key, *tokyo_key, *newyork_key;
	struct ends	 e;
	struct binding	 a, b;
	/* the last proof */
	uint8_t		 method;
	uint8_t		 data[SIG_MAX];
	size_t		 ndata;
	unsigned	 ncerts;
	struct key_cert	 certs[KEY_CERTS];
	uint8_t		 octets[KEY_CERTS_MAX];
	char		 words[KEY_WORDS];
};

extern uint64_t auth_later;	/* seconds that have passed since PKI_NOW */

int auth_setup(void **state);
int auth_teardown(void **state);
enum reason put(struct world *, const struct binding *);
void binding_of(struct binding *, const char *tunnel, const char *local, const char *remote);
/* A new key of that kind, and a certificate for it, as the files NAME.key and NAME.crt. */
void credential(struct world *, const char *name, const char *kind);
enum reason call(struct world *, uint16_t type, struct key_auth *, const char *tunnel, const char *id);
enum reason sign_by(struct world *, bool initiator, uint16_t hashes);
/* The last proof, judged by the other end; verify: the initiator's. */
enum reason verify_as(struct world *, bool initiators, const char *id);
enum reason verify(struct world *);
void says(struct world *, const char *what);
/* May the responder install a child? Only after the initiator's proof was good. */
enum reason child(struct world *);

#endif
