/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IKE machine of one gateway, sans I/O: every input is a call, every effect is an entry in a list. No sockets, no clock, no
 * global: two engines can stand back to back in one test. Time is an argument (nanoseconds of CLOCK_BOOTTIME, never going back),
 * random octets come from a callback.
 *
 * The host's loop is: call one input; take and perform every effect (engine_take, todo_free); sleep until engine_next(), or until
 * something comes; then call engine_timer() or the input that came.
 */
#ifndef IKED_SA_ENGINE_H
#define IKED_SA_ENGINE_H

#include "log.h"
#include "msg_ike.h"
#include "msg_key.h"

struct engine;
struct edge;
struct rule;

/* What the machine needs from its host. */
struct engine_host {
	void	*ctx;
	void	(*random)(void *ctx, void *out, size_t n);	/* cryptographic; cannot fail */
	uint16_t ike_port, natt_port;				/* 500 and 4500; 0 means these */
	uint16_t fragment;					/* octets of an IP datagram with a fragment; 0 means 1280 */
};

/* NULL: no memory. */
struct engine *engine_new(const struct engine_host *);
void engine_free(struct engine *);		/* says nothing to anybody */

/*
 * Inputs. Octets are borrowed for the call.
 * natt: the datagram came on UDP 4500; the four zero octets (non-ESP marker) are taken off already.
 */
void engine_packet(struct engine *, const struct endpoint *local, const struct endpoint *remote, bool natt, struct bytes,
    uint64_t now);
/* An ICMP error for something we sent (ECONNREFUSED, EHOSTUNREACH, ENETUNREACH), or sendto()'s errno (also EADDRNOTAVAIL). */
void engine_unreachable(struct engine *, const struct endpoint *remote, int err, uint64_t now);
/* The answer to the KEY_CALL of that number. body: the fields when reason is R_OK, else a str of detail (may be empty or NULL). */
void engine_key_answer(struct engine *, uint32_t call, enum reason, struct rd *body, uint64_t now);
/* A packet came of an SA that the engine does not have; nobody has proved anything by it. */
void engine_stray(struct engine *, const struct key_stray *, uint64_t now);
/* KEY_ACQUIRE … KEY_ENGINE_BACK, with the event's body. False: it is not one, the link broke its contract. */
bool engine_key_event(struct engine *, uint16_t type, struct rd *body, uint64_t now);
/* The link to keymgr stands (HELLO exchanged), or ended: then no answer comes any more, for none of the calls. */
void engine_keymgr_up(struct engine *, uint64_t now);
void engine_keymgr_down(struct engine *, uint64_t now);

/* From spdsync. */
void engine_tunnel_put(struct engine *, const struct tunnel *, uint64_t now);
void engine_tunnel_del(struct engine *, const char *name, bool quiet, uint64_t now);
void engine_sync_begin(struct engine *, uint64_t now);	/* spdsync's link came up: PUTs follow */
void engine_sync(struct engine *, uint64_t now);	/* SYNC: what was not PUT since then goes; then STATE for all */

enum engine_command { ENGINE_UP, ENGINE_DOWN, ENGINE_REKEY_CHILD, ENGINE_REKEY_SA, ENGINE_RESTART, ENGINE_SHUTDOWN };
/* name: "tunnel" or "tunnel/child" (SHUTDOWN: NULL). DONE with this tag follows exactly once, now or later. */
void engine_command(struct engine *, enum engine_command, const char *name, uint64_t tag, uint64_t now);
void engine_forget_tag(struct engine *, uint64_t tag);	/* nobody waits for it any more */

/* When engine_timer() is due; UINT64_MAX: never. */
uint64_t engine_next(const struct engine *);
void engine_timer(struct engine *, uint64_t now);

/* Effects, in their order. What a todo holds is its own; todo_free() frees it with it. */
enum todo_kind { TODO_SEND, TODO_KEY_CALL, TODO_STATE, TODO_RECORD, TODO_DONE, TODO_LOG };

struct todo {
	struct todo	*next;
	enum todo_kind	 kind;
	union {
		/* natt: from the socket on 4500; marker: write four zero octets in front (all but the keepalive, one octet 0xff). */
		struct { struct endpoint local, remote; bool natt, marker; } send;
		struct { uint16_t type; uint32_t call; } key;	/* octets: the encoded body, for ipc_call() */
		struct { char tunnel[NAME_CAP]; } state;	/* then call engine_state(); false there: the tunnel is gone */
		struct record *record;				/* time_s is 0: the host fills in the wall time */
		struct { uint64_t tag; enum reason reason; char detail[256]; } done;
		struct { enum log_level level; const char *event; enum reason reason; char tunnel[NAME_CAP], child[NAME_CAP]; } log;
	} u;
	size_t		 n;
	uint8_t		 octets[];	/* SEND: the datagram; KEY_CALL: the body; LOG: the text with its NUL */
};

struct todo *engine_take(struct engine *);	/* the oldest effect, now the caller's; NULL: none */
void todo_free(struct todo *);

/* The tunnel's state now; false: there is no such tunnel. */
bool engine_state(struct engine *, const char *tunnel, uint64_t now, struct tunnel_state *);

/* Counters for IKE_COUNTERS and for tests; a fixed array of names. */
struct engine_counter { const char *name; uint64_t value; };
const struct engine_counter *engine_counters(const struct engine *, unsigned *n);

/* What an engine holds, for tests: "nothing left over". */
struct engine_census {
	unsigned tunnels, ike_sas, ike_up, half_open, children, children_up, exchanges, calls, timers;
};
void engine_count(const struct engine *, struct engine_census *);

/* The tables the machine runs; a test gives it a copy that lacks a row. They are borrowed. */
void engine_use_edges(struct engine *, const struct edge *, size_t n);
void engine_use_rules(struct engine *, const struct rule *, size_t n);
/* Called with every edge taken: "where and what", for graphs and for traces in tests. */
void engine_trace(struct engine *, void (*fn)(void *ctx, const struct edge *, uint64_t now), void *ctx);

#endif
