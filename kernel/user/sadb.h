/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * PF_KEY clients: keymgr's and spdsync's socket pairs, and whoever root connects to pfkey.sock. Nothing here reads a message;
 * the engine does. No client can delay the daemon: what it does not read waits in a bounded queue, a dump waits for it, and a
 * client beyond its bound is closed.
 */
#ifndef CAUSEWAY_SADB_H
#define CAUSEWAY_SADB_H

#include <event2/event.h>

#include "cw.h"

#define SADB_CLIENTS	64
#define SADB_KEPT	8	/* of them, for the suite's own daemons: who is accepted never has these */
#define SADB_QUEUE	(1u << 20)
#define SADB_MSG	32768u
#define SADB_TURN	64	/* messages of one client a turn */

struct sadb_client;
struct sadb_octets;
struct sadb {
	struct event_base *base;
	struct cw_engine *engine;
	struct event	*listener;
	int		listen_fd;
	unsigned	n;
	struct sadb_client *clients;
	struct sadb_octets *last[2];	/* what was queued last in this turn: a message has a form for each kind of client */
	bool		dying;		/* a client is to be closed at the end of this turn */
	uint8_t		buf[SADB_MSG + 1];
};

void sadb_init(struct sadb *, struct event_base *, struct cw_engine *);
bool sadb_listen(struct sadb *, int fd);	/* takes fd */
bool sadb_client(struct sadb *, int fd, unsigned flags);	/* takes fd */
void sadb_turn_end(struct sadb *);		/* closes clients that are to be closed */
void sadb_fini(struct sadb *);
bool sadb_out(struct sadb *, void *client, const uint8_t *msg, size_t len, bool may_refuse);

#endif
