/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The link to spdsync: counters, trouble, and the guard's three verbs (lib/msg_esp.h). */
#ifndef CAUSEWAY_CTL_H
#define CAUSEWAY_CTL_H

#include "ipc.h"
#include "net.h"
#include "wire.h"

struct ctl {
	struct event_base *base;
	struct cw_engine *engine;
	struct net	*net;
	struct wire	*wire;
	struct ipc	*link;
};

bool ctl_link(struct ctl *, int fd);	/* takes fd; an older link is closed */
void ctl_trouble(void *ctl);		/* the list of trouble changed */
void ctl_fini(struct ctl *);

#endif
