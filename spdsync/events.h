/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happens, as a stream for whoever listens (GET /v1/events, doc/decisions/0060-events.md). An event is one line of JSON in a ring
 * (evring.h). A reader has a place in the ring and at most one chunk on its way; the next one is made when that has left. So a reader
 * that is slow costs one chunk, hears "lost" when the ring has overtaken it, and is cut off when it takes nothing for ten seconds.
 */
#ifndef CAUSEWAY_EVENTS_H
#define CAUSEWAY_EVENTS_H

#include <jansson.h>
#include <stdint.h>

#define EVENTS_READERS	128		/* at a time, over all sockets */
#define EVENTS_CHUNK	16384u
#define EVENTS_STALL_S	10		/* who has not taken a chunk for so long is cut off */
#define EVENTS_IDLE_S	15		/* after so long without an event a comment is sent: proxies and dead readers */

struct req;
struct sync;
struct events;

struct events *events_new(struct sync *);
void events_free(struct events *);		/* after api_free, which ends its readers */
/* Takes the members; adds id, time and the name. NULL events: nothing. */
void events_add(struct events *, const char *name, json_t *members);
void get_events(struct req *);

struct events_count { uint64_t events, lost, cut; unsigned readers; };
struct events_count events_counted(const struct events *);

#endif
