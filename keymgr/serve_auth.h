/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AUTH_SIGN and AUTH_VERIFY on iked's link, and KEY_TRUST. A verdict over a certificate can wait for a revocation list: it is answered when it
 * is there, others meanwhile, and not at all when its link ended.
 */
#ifndef KEYMGR_SERVE_AUTH_H
#define KEYMGR_SERVE_AUTH_H

#include "proof.h"
#include "serve.h"

#define SERVE_PENDING_MAX	4096u	/* verdicts that wait */

bool serve_auth_init(struct keymgr *);
void serve_auth_fini(struct keymgr *);
bool serve_auth_sign(void *ctx, struct ipc *, struct ipc_msg *);
bool serve_auth_verify(void *ctx, struct ipc *, struct ipc_msg *);
void serve_auth_link_up(struct keymgr *);
void serve_auth_link_down(struct keymgr *);	/* nobody waits any more */
struct proof_env serve_proof_env(struct keymgr *);
/* spdsync said something about this tunnel; NULL: about several, or that it is gone. */
void serve_trust_changed(struct keymgr *, const struct binding *);

#endif
