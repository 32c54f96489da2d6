/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The whole daemon: what main.c owns and the engine calls its host. */
#ifndef CAUSEWAY_IPSECD_H
#define CAUSEWAY_IPSECD_H

#include "ctl.h"
#include "cw.h"
#include "droplog.h"
#include "ifaces.h"
#include "proc.h"
#include "sadb.h"
#include "tun.h"
#include "wire.h"

struct host {
	struct event_base *base;
	struct proc	proc;
	struct cw_engine *engine;
	struct pool	pool;
	struct tun	tun;
	struct ifaces	ifaces;
	struct wire	wire;
	struct sadb	sadb;
	struct net	net;
	struct ctl	ctl;
	struct droplog	log;
	struct ipc	*iked;
	struct event	*tick;
	uint64_t	tick_at;
};

extern const struct sandbox ipsecd_sandbox;

/* relay.c: the link to iked, for IKE that came on the port of ESP. */
bool relay_link(struct host *, int fd);
bool relay_ike(void *host, const struct endpoint *local, const struct endpoint *remote, struct bytes);

#endif
