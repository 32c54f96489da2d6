/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The guard's file: read at the start, replaced (a new file renamed over it) on every change. */
#ifndef CAUSEWAY_GUARD_DISK_H
#define CAUSEWAY_GUARD_DISK_H

#include "guard_file.h"

/* No file at all is an empty guard: the first start. */
bool guard_disk_load(const char *path, struct guard_want *, char why[256]);
bool guard_disk_save(const char *path, const struct guard_want *, const struct guard_sets *, char why[256]);

#endif
