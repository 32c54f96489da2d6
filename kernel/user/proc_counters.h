/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The module's counters, from /proc/net/causeway: lines of a name, a blank and a value. */
#ifndef CAUSEWAY_PROC_COUNTERS_H
#define CAUSEWAY_PROC_COUNTERS_H

#include "bytes.h"

#define PROC_COUNTERS	256
#define PROC_TEXT	16384

struct proc_counters {
	char		version[32];	/* the module's */
	unsigned	n;
	struct { char name[48]; uint64_t value; } v[PROC_COUNTERS];
};

/* Pure. What is no number is left out, but the version; so is what has octets that cannot be seen. */
void proc_counters_get(struct bytes text, struct proc_counters *);
/* proc_counters_read.c: from the file's beginning; false: it cannot be read. */
bool proc_counters_read(int fd, struct proc_counters *);

#endif
