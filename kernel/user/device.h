/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The device that the routes of protected networks lead to: the TUN, or, with a kernel's engine, its stand-in. That one is a
 * dummy: the engine takes packets on their way to it, and what it does not take ends there. It outlives an ipsecd that crashed.
 */
#ifndef CAUSEWAY_DEVICE_H
#define CAUSEWAY_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#define DEVICE_NAME	"cw0"

struct nl;
/* Root's work, before the sandbox. False, with errno and the step that failed. */
bool device_set_up(const char *name, uint32_t *ifindex, const char **step);
bool device_stand_in(struct nl *, const char *name, uint32_t *ifindex, const char **step);
/* The stand-in of that name goes, if there is one: a TUN is to have the name. 0 or errno. */
int device_clear(struct nl *, const char *name);

#endif
