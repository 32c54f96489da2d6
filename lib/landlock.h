/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Landlock by system call: newer rights than the system's header knows are used when the kernel has them. */
#ifndef CAUSEWAY_LANDLOCK_H
#define CAUSEWAY_LANDLOCK_H

#include <stdbool.h>

/* A rule set that handles all file rights, TCP bind and connect, abstract sockets and signals, as far as the kernel knows them
 * (but TCP connect, when it is to stay allowed); -1 and errno when it has no Landlock. */
int landlock_new(bool connects);
/* May read (or write, make and remove too) below the path. False and errno. */
bool landlock_allow(int ruleset, const char *path, bool write);
/* From here on, for ever. Needs no_new_privs. */
bool landlock_close(int ruleset);

#endif
