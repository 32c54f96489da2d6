/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CAUSEWAYD_SPAWN_H
#define CAUSEWAYD_SPAWN_H

#include <sys/types.h>

/* Runs LIBEXEC/NAME with the descriptor as its number 3 and nothing else but stdout and stderr. -1 and errno. */
pid_t spawn(const char *libexec, const char *name, char *const *argv, int link);

#endif
