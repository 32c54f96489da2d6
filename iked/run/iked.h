/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The daemon around the machine: one struct, given to every callback. The rule of all inputs is the same: call the engine, then
 * iked_turn(), which performs what the engine wants and sets the timer anew.
 */
#ifndef IKED_RUN_IKED_H
#define IKED_RUN_IKED_H

#include <event2/event.h>
#include <sys/queue.h>

#include "ipc.h"
#include "proc.h"
#include "run/outbox.h"
#include "run/sockets.h"
#include "run/waits.h"
#include "sa/engine.h"

struct key_wait;

struct iked {
	struct proc		 proc;
	struct event_base	*base;
	struct engine		*engine;
	struct sockets		*sockets;
	struct event		*timer, *report;
	struct ipc		*keymgr, *spdsync, *ipsecd;	/* NULL while a neighbour is away */
	struct waits		 waits;		/* spdsync's requests that are not answered yet */
	LIST_HEAD(, key_wait)	 key_waits;	/* keymgr's answers that the engine waits for */
	struct outbox		 records;	/* negotiations that ended while spdsync was away */
	struct log_limit	 strangers, failures;
	uint64_t		 reported;	/* sum of the counters at the last IKE_COUNTERS */
	bool			 turning;
};

/* host.c: the base, the engine, the sockets and the timers; false: no memory. proc's ports are set before. */
bool iked_build(struct iked *);
void iked_take_down(struct iked *);

/* act.c: perform the engine's effects, in their order, and those that they cause. */
void iked_turn(struct iked *);

/* links.c. Takes a descriptor of the supervisor: a socket or a link, at the start or after a neighbour's restart. */
void iked_give(struct iked *, const char *name, int fd);
void links_free(struct iked *);
/* A message for UDP 4500 that may need IP fragments: to ipsecd, which has a socket for that. False: send it as any other. */
bool links_send_large(struct iked *, const struct endpoint *local, const struct endpoint *remote, struct bytes);
extern const struct ipc_table keymgr_table, spdsync_table, relay_table;

/* link_sync.c */
void sync_state(struct iked *, const char *tunnel);
void sync_record(struct iked *, struct record *);
void sync_done(struct iked *, uint64_t tag, enum reason, const char *detail);
void sync_counters(struct iked *);

/* link_key.c */
void key_call(struct iked *, uint16_t type, uint32_t call, struct bytes body);
void key_waits_free(struct iked *);

/* warm.c: everything of OpenSSL that is used later, once, before the sandbox. False: an algorithm is missing. */
bool crypto_warm(void);

extern const struct sandbox iked_sandbox;

#endif
