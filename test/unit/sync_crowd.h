/* SPDX-License-Identifier: BSD-2-Clause */
/* Clients of DIR/ro.sock that only take room. */
#ifndef SYNC_CROWD_H
#define SYNC_CROWD_H

/* So many more that there are n: each asks for path and reads nothing of the answer; NULL: each says half a request. Returns how many there are. */
unsigned crowd_add(const char *dir, unsigned n, const char *path);
void crowd_leave(void);

#endif
