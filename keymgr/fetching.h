/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keymgr's side of the link to keymgr-fetch: ask for an address, and get its octets or the reason why there are none. Each request is
 * answered once. What is asked while keymgr-fetch is being started again waits for it, FETCHING_PATIENCE_S at most.
 */
#ifndef KEYMGR_FETCHING_H
#define KEYMGR_FETCHING_H

#include "ipc.h"
#include "msg_fetch.h"
#include "proc.h"

#define FETCHING_MAX		1024u	/* requests under way */
#define FETCHING_PATIENCE_S	3u
#define FETCHING_LIMIT_S	60u	/* keymgr-fetch answers in FETCH_WAIT_S and its queue's time, or it hangs */

struct fetching;
/* octets are there while this runs, and hostile; R_FETCH_DOWN, R_CRL_UNREACHABLE, R_CRL_TOO_LARGE, R_URL_REFUSED: none. */
typedef void fetching_done(void *arg, enum reason, const char *detail, struct bytes octets);

struct fetching *fetching_new(struct event_base *);
void fetching_free(struct fetching *);			/* nobody is answered any more */
void fetching_proc(struct fetching *, struct proc *);	/* who is told of a link that ended */
void fetching_link(struct fetching *, int fd);		/* taken */
/* The request's number, or 0: too many are under way, or no memory. done never runs inside. */
uint32_t fetching_get(struct fetching *, const char *url, bool configured, struct bytes post, fetching_done *, void *arg);
void fetching_cancel(struct fetching *, uint32_t);	/* done is not called; 0 and unknown numbers are allowed */

#endif
