/* SPDX-License-Identifier: BSD-2-Clause */
/* What causewayd says of the processes that it keeps: its lines "NAME pid=7 state=ready since=T version=0.1 restarts=0 last_exit=none" as JSON. Pure. */
#ifndef CAUSEWAY_PROCS_H
#define CAUSEWAY_PROCS_H

#include <jansson.h>

/* An array, for the caller: program, pid, state, since, restarts, last_exit; what a line has not, or "none", is null. text may be NULL. */
json_t *procs_json(const char *text);

#endif
