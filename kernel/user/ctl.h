/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The link to spdsync: counters, trouble, and the guard's three verbs (lib/msg_esp.h); for the engine here and for a kernel's. */
#ifndef CAUSEWAY_CTL_H
#define CAUSEWAY_CTL_H

#include "ipc.h"
#include "net.h"

/* The engine that is reported on. */
struct ctl_engine {
	const char	*name, *version;	/* "user", "module" */
	/* Counter number i; *name NULL: not in use; false: there are no more. */
	bool		(*counter)(void *ctx, unsigned i, const char **name, uint64_t *v);
	/* NULL: the policies are at hand. Else: then, once they are; false: there is no engine. */
	bool		(*settle)(void *ctx, policies_then *then, void *arg);
	void		*ctx;
};

struct ctl {
	struct event_base *base;
	struct ctl_engine engine;
	struct net	*net;
	struct ipc	*link;
	struct ipc	*waiting;	/* whose SYNCED or CLOSE waits for the policies; NULL nobody's */
	struct ipc_msg	asked;
};

bool ctl_link(struct ctl *, int fd);	/* takes fd; an older link is closed */
void ctl_trouble(void *ctl);		/* the list of trouble changed */
void ctl_fini(struct ctl *);

#endif
