/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is a certificate of a trusted chain revoked? Asked once for each proof (revoke_check), and for as long as the IKE SA lives that was made by it
 * (revoke_watch). What is known is in memory and in a cache on disk; the rest is fetched, for trusted chains only: from the addresses in the
 * certificates, and from those of the site file. Nobody waits for what is fetched but who needs it.
 * Policy is the trust anchor's (struct trust_rule): strict accepts only what is known to be good, soft whatever is not known to be
 * revoked, off looks at nothing. See doc/decisions/0031-revocation.md.
 */
#ifndef KEYMGR_REVOKE_H
#define KEYMGR_REVOKE_H

#include <event2/event.h>

#include "bind.h"
#include "chain.h"
#include "fetching.h"
#include "msg_cert.h"

#define REVOKE_DETAIL	640
#define REVOKE_SKEW_S	300u	/* how far clocks may differ: more for a CA's than for IKE's own times, because CAs are not ours */

struct revoke;

struct revoke_places {
	const char	*cache;		/* STATE/keys/cache; NULL or "": nothing is kept on disk */
	const char	*own, *secret;	/* folders where NAME.crl of the anchor NAME may lie, which counts at once */
};

/* The certificate that an IKE SA's peer proved itself with is valid no more (KEY_PEER_INVALID). The watch is over; do not unwatch inside. */
typedef void revoke_invalid(void *ctx, uint32_t ike, enum reason, const char *detail);

/* bindings and fetching are borrowed. Wall time is read by now, so that a test can say what it is; NULL: the clock. */
struct revoke *revoke_new(struct event_base *, const struct bindings *, struct fetching *, const struct revoke_places *, uint64_t (*now)(void),
    revoke_invalid *, void *ctx);
void revoke_free(struct revoke *);	/* pending checks are dropped, done is not called */

/*
 * The verdict over a path that was found valid: R_OK, R_CERT_REVOKED, or what keeps a strict policy from knowing. detail: a sentence's part for
 * people, also with R_OK when something could not be learned. done may run at once, inside; else it runs once, later.
 * ocsp_in_band: the answer that the peer sent along (RFC 4806), or empty. Number of the check, for revoke_cancel; 0 when done ran.
 */
typedef void revoke_done(void *arg, enum reason, const char *detail);
uint32_t revoke_check(struct revoke *, const struct chain *, struct bytes ocsp_in_band, revoke_done *, void *arg);
void revoke_cancel(struct revoke *, uint32_t check);

/* The IKE SA of this handle was made by that chain: from now on its end is told. False: no memory. */
bool revoke_watch(struct revoke *, uint32_t ike, const struct chain *);
/* After a rekey the new SA is watched for the same chain; the old one still is until it is unwatched. */
bool revoke_inherit(struct revoke *, uint32_t old_ike, uint32_t new_ike);
void revoke_unwatch(struct revoke *, uint32_t ike);
void revoke_unwatch_all(struct revoke *);

/*
 * An OCSP answer about our own certificate for a peer that asks for it (RFC 4806), if its CA's responder gave one; borrowed, until the
 * next call. False: there is none yet; it is asked for, and is there for a later proof. chain: what lies beside it in its file, with its CA.
 */
bool revoke_staple(struct revoke *, X509 *cert, STACK_OF(X509) *chain, struct bytes *der);

/*
 * Is our own certificate known to be revoked, as a peer that trusts this anchor would find? By what is at hand: nobody is asked. chain: what lies
 * beside it in its file. detail is set with true.
 */
bool revoke_known(struct revoke *, X509 *cert, STACK_OF(X509) *chain, const char *anchor, X509 *anchor_cert, char detail[static REVOKE_DETAIL]);

/* What is known of an anchor's own list: the crl_ fields and revocation. cert: the anchor's. */
void revoke_describe(struct revoke *, const char *anchor, X509 *cert, struct cert_info *);

#endif
