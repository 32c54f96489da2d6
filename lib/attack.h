/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Test hook (--enable-test-hooks only): a daemon attacks what its sandbox and its links must hold against. A fork would be stopped
 * by seccomp, so each attack is one run of the process: the supervisor passes the number of the attack, counts it up at each
 * restart, and after the last one the daemon serves as ever. One log record says what came of each attack.
 */
#ifndef CAUSEWAY_ATTACK_H
#define CAUSEWAY_ATTACK_H

#include "proc.h"

/* --attack N: all of the sandbox; --attack-landlock N: all but seccomp; --attack-open N: none of it. */
enum attack_mode { ATTACK_CLOSED, ATTACK_LANDLOCK, ATTACK_OPEN };

void attack_options(struct proc *, int argc, char **argv);
/* What the attacks need and the sandbox would not give: pids, a socket. After GO. */
void attack_prepare(struct proc *);
/* Runs the attack soon, from the event loop. */
void attack_arm(struct proc *);

#endif
