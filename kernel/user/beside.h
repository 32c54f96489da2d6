/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ipsecd --routes: beside a kernel's engine it has what is not the engine's, routes, rules and guard, and reports on it to
 * spdsync. It has no TUN, no packet's socket, and no SA.
 */
#ifndef CAUSEWAY_BESIDE_H
#define CAUSEWAY_BESIDE_H

#include "proc.h"

int beside_main(struct proc *);		/* after proc_start; the daemon's exit status */

#endif
