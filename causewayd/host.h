/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which engine serves this gateway: ipsecd in user space, the kernel module, or the system's own PF_KEY. It is chosen once, by
 * /proc/net/causeway and never by opening a PF_KEY socket, which would load the stock af_key. A kernel's engine is reached by
 * PF_KEY sockets that are opened here, as root, one for each daemon's life.
 */
#ifndef CAUSEWAYD_HOST_H
#define CAUSEWAYD_HOST_H

#include <stdbool.h>

#include "conf.h"
#include "reason.h"

#define HOST_PROC	"/proc/net/causeway"

bool host_module_is_there(void);
/* The module's engine runs in this namespace, because somebody opened a PF_KEY socket: it takes packets before anybody else. */
bool host_module_runs(void);
/* What "auto" means on this machine now; what was asked for by name stays. */
enum conf_engine host_choose(enum conf_engine asked);
/* This engine is a kernel's: its PF_KEY is a socket, and it takes ESP itself. */
bool host_is_kernel(enum conf_engine);
/* A fresh PF_KEY socket of the kernel's engine; keyless: it was marked so, where that is known. -1: *why says what is missing. */
int host_pfkey_open(enum conf_engine, bool keyless, enum reason *why);
/* The socket is taken out of every policy: what it sends and receives is never protected. False: the system refused. */
bool host_spare_socket(int fd, int family);

#endif
