/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests that keymgr answers: one call, one answer, and its refusals in words. */
#ifndef CAUSEWAY_KEYMGRCALL_H
#define CAUSEWAY_KEYMGRCALL_H

#include <event2/util.h>

#include "api.h"

/* Asks keymgr and waits as long as the request says; fd (-1: none) stays the caller's. late: what is answered when it takes longer. */
void keymgr_call(struct req *, uint16_t type, const struct wr *, int fd, ipc_done *, void (*late)(evutil_socket_t, short, void *));
/*
 * Refuses by keymgr's reason and the detail in its answer (body may be NULL): "Another certificate has that name: 'tokyo'." missing: the hint when
 * there is none of that name; NULL is the reason's own.
 */
void keymgr_fail(struct req *, enum reason, struct rd *body, const char *missing);
/* Is the name in the path one? False: it was refused. */
bool keymgr_named(struct req *);
/* The whole of a removal by name: a call of that type, its line of the audit log, and done, which ends in keymgr_removed. */
void keymgr_remove(struct req *, uint16_t type, const char *action, ipc_done *done, void (*late)(evutil_socket_t, short, void *));
ipc_done keymgr_removed;

#endif
