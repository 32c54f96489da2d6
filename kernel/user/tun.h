/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The TUN: clear packets from and to this system. With offloads, so that one read or write carries up to 64 KiB of one TCP flow. */
#ifndef CAUSEWAY_TUN_H
#define CAUSEWAY_TUN_H

#include <event2/event.h>

#include "cw.h"
#include "gro.h"
#include "pool.h"

#define TUN_BURST	64
#define TUN_READS	32	/* a turn */

struct tun {
	struct cw_engine *engine;
	struct pool	*pool;
	struct event	*ev;
	int		fd;
	char		name[16];
	uint32_t	ifindex;
	uint32_t	iface;		/* the number of the interface that it is; 0: it is for all that is of none */
	struct gro	gro;
};

/* Make the device and set it up: root's work, before the sandbox. False, with errno and the step that failed. */
bool tun_open(struct tun *, const char *name, const char **step);
/* The device alone, by whatever state it is in. The same of one that is there already, if it is free. */
bool tun_attach(struct tun *, const char *name, const char **step);
bool tun_start(struct tun *, struct event_base *, struct cw_engine *, struct pool *);
void tun_close(struct tun *);
/* Hand packets to the system. Their memory is free again when it returns. */
void tun_write(struct tun *, struct cw_pkt **v, unsigned n);

#endif
