/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * files.sock: HTTP carries no descriptors, and what is in a credential's file is nobody's to read but keymgr's. A client connects here,
 * sends one message with one descriptor attached, and gets a ticket of 32 hexadecimal digits; the query "files=TICKET" of a request to
 * rw.sock then stands for the descriptor. It goes to keymgr unread, once; it is forgotten when the connection ends or after two minutes.
 */
#ifndef CAUSEWAY_FILES_H
#define CAUSEWAY_FILES_H

#include <event2/event.h>

#define FILES_MAX	32	/* connections at a time */
#define FILES_S		120

struct files;
struct files *files_new(struct event_base *);
void files_free(struct files *);
void files_listen(struct files *, int fd);	/* takes it */
/* The descriptor, now the caller's, or -1. */
int files_take(struct files *, const char *ticket);

#endif
