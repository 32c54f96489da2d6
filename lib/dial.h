/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A client's end of a Unix socket. */
#ifndef CAUSEWAY_DIAL_H
#define CAUSEWAY_DIAL_H

/* type is SOCK_STREAM or SOCK_SEQPACKET, with SOCK_NONBLOCK when that is wanted; close-on-exec is added. The descriptor, the caller's; or -1 and errno. */
int dial_unix(const char *path, int type);

#endif
