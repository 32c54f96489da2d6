/* SPDX-License-Identifier: BSD-2-Clause */
/* How many may stand at one API socket, and for how long without saying what they want. */
#ifndef CAUSEWAY_DOOR_H
#define CAUSEWAY_DOOR_H

#include <event2/http.h>
#include <stdbool.h>

#define DOOR_MAX	128	/* connections at a time on one socket; the next ones wait in the kernel's queue */
#define DOOR_ASK_S	10	/* from its arrival, until a request must be whole */

struct door;

/* Serves the listening socket fd by http; takes fd, also when it fails (NULL). */
struct door *door_new(struct event_base *, struct evhttp *, int fd);
/* After evhttp_free, which ends the connections and the listener. */
void door_free(struct door *);
/* Its request is whole: from now on the request's own limits count. */
void door_asked(struct door *, struct evhttp_request *);
/* It stays, and somebody else counts it. */
void door_leave(struct door *, struct evhttp_request *);

#endif
