/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers on their way to who asked. Each holds one of its socket's places until it has left; who takes nothing loses his place to the next one
 * that comes when all are taken, and else when evhttp's time limit ends it.
 */
#ifndef CAUSEWAY_LEAVING_H
#define CAUSEWAY_LEAVING_H

#include <event2/http.h>
#include <stdbool.h>

#define LEAVING_STALL_S	2	/* so long nothing was taken of an answer whose place another one gets */

struct listener;

/* To be called before the answer is given to evhttp, for a request that is counted in the listener's places. stays: its connection does. */
void leaving_begin(struct listener *, struct evhttp_request *, bool stays);
/* Ends the answer of which nothing was taken for the longest time. False: all are being read. */
bool leaving_make_room(struct listener *);

#endif
