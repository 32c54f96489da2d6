/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts the daemons in their order, restarts them, and ends them all. */
#ifndef CAUSEWAYD_SUPERVISE_H
#define CAUSEWAYD_SUPERVISE_H

#include <event2/event.h>

#include "host.h"
#include "links.h"
#include "msg_sup.h"
#include "places.h"
#include "sockets.h"
#include "state.h"

struct ipc;
struct supervisor;

/* Of a daemon whose turn it is: told to end, then started again and not READY yet. */
enum renewing { RENEW_NO, RENEW_ASKED, RENEW_STARTED };

struct child {
	struct supervisor	*sup;
	enum daemon		 which;
	struct state_line	 line;
	char			 user[32];	/* "": stays root */
	struct ipc		*link;
	struct event		*retry;
	uint64_t		 started_ns;
	unsigned		 backoff_ms;
	enum renewing		 renewing;
	bool			 was_started;
	bool			 give_failed;
	bool			 wants_pfkey;	/* the kernel had none yet */
};

struct supervisor {
	struct event_base	*base;
	struct places		*places;
	struct sockets		*sockets;
	struct msg_sup_config	 config;	/* all but the user */
	enum conf_engine	 engine, asked;	/* the one that serves, and what the gateway file says */
	bool			 module_unused;	/* it was loaded after "auto" had chosen ipsecd */
	enum reason		 engine_lacks;	/* why the kernel gives no PF_KEY socket, as it was said last; R_OK */
	struct links		 links;
	struct child		 child[DAEMONS];
	struct state_line	 own;
	struct event		*ev_chld, *ev_term, *ev_int, *ev_kill, *ev_engine, *ev_usr2, *ev_renew;
	unsigned		 renewed;	/* how many of the daemons, of those that are to be started anew */
	bool			 stopping, announced;
	int			 attack_daemon;	/* test hooks: which daemon attacks; -1 none */
	const char		*attack_option;	/* how (lib/attack.h) */
};

/* False: no memory. Then run the loop; it ends after an orderly stop. */
bool supervise_start(struct supervisor *);
void supervise_end(struct supervisor *);

#endif
