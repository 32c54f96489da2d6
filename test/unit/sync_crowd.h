/* SPDX-License-Identifier: BSD-2-Clause */
/* Clients of the API's sockets that only take room. */
#ifndef SYNC_CROWD_H
#define SYNC_CROWD_H

/* So many more of DIR/SOCK.sock that there are n in all: each asks for path and reads nothing of the answer; NULL: each says half a request. Returns how many there are. */
unsigned crowd_add(const char *dir, const char *sock, unsigned n, const char *path);
void crowd_leave(void);

#endif
