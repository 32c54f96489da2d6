/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CAUSEWAY_SYSTEM_H
#define CAUSEWAY_SYSTEM_H

#include "want.h"

/* Is this engine the system's own PF_KEY? */
bool system_is(const char *engine);
/* The wanted policies as it takes them: fwd entries, and the other end's address in those out. False: no memory. */
bool system_policies(struct want *);
/* The tunnel's other end is there now. True: that changed a policy. */
bool system_peer(struct want *, unsigned tunnel, const struct addr *);
/* Without OWNER an entry is ours when it has the form of ours and its reqid stands in the store. */
void system_owner(struct spd_entry *, bool (*known)(void *, uint32_t reqid), void *arg);

#endif
