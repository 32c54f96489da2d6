/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What keymgr serves: the links to iked and spdsync, by their tables, over the store, the objects and the engine. iked's link waits
 * until the engine's SAD was read once (or the engine is known to be away), so that its first KEY_CHILD_LIST is complete.
 */
#ifndef KEYMGR_SERVE_H
#define KEYMGR_SERVE_H

#include "bind.h"
#include "child.h"
#include "cred.h"
#include "fetching.h"
#include "ike.h"
#include "ipc.h"
#include "keyjob.h"
#include "log.h"
#include "proc.h"
#include "revoke.h"
#include "sadb.h"

#define SERVE_ENGINE_WAIT_S	3	/* for the first dump; then iked is served without an engine */

#define SERVE_ASKS	256u	/* the last ACQUIREs, which may have to be answered that there is nothing */

struct keymgr {
	struct event_base	*base;
	struct proc		*proc;		/* after serve_init; NULL: without a supervisor */
	char			 secret_dir[256];
	char			 key_dir[256];	/* keymgr's own: certificates, keys, CAs */
	struct bindings		 bindings;
	struct ike_objects	 objects;
	struct creds		*creds;
	struct chain_memo	*memo;
	struct serve_auth	*auth;
	uint64_t		(*wall)(void);	/* the time by which certificates are judged */
	struct sadb		*sadb;
	struct children		*children;
	struct fetching		*fetching;
	struct revoke		*revoke;
	struct ipc		*iked, *spdsync;
	uint32_t		 iked_round;	/* counts iked's links: an answer goes to the link that asked */
	int			 iked_waits;	/* its descriptor until the engine was read; -1 none */
	bool			 settled;
	struct event		*settle_timer;
	struct log_limit	 refusals, unserved;
	struct { uint32_t number, seq; } asks[SERVE_ASKS];
	unsigned		 nasks;		/* counts them */
	struct keyjob		*keyjob;
	struct event		*tend;		/* of the CAs' revocation lists */
};

/* wall: NULL, or what says the time in a test. */
bool serve_init(struct keymgr *, struct event_base *, const char *secret_dir, const char *key_dir, uint64_t (*wall)(void));
/* At an orderly end of the whole suite, which is when iked and spdsync are gone already, a kernel's engine loses its SAs as ipsecd would. */
void serve_leave(struct keymgr *);
void serve_fini(struct keymgr *);
/* iked has no SA for what was asked for by this number (msg_bind.h): the engine's ACQUIREs for it are answered so. */
void serve_refuse(struct keymgr *, uint32_t number);
/* A descriptor from the supervisor: "pfkey", "iked", "spdsync" or "fetch"; taken. ctx is struct keymgr. */
void serve_on_fd(void *ctx, const char *name, int fd);

#endif
