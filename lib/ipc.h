/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Links between our own daemons: SOCK_SEQPACKET, one datagram a message, header {u16 type, u16 version, u32 id} and
 * a body encoded field by field, all little endian (rd_le and wr_le of bytes.h). The other side is hostile: a message that is
 * unknown, not permitted at this point, too long or not consumed to its last octet closes the link, is logged once,
 * and the service goes on for the others. Sending never blocks: what the socket does not take waits in a bounded queue.
 *
 * Requests carry an id that is not 0; the answer has the type with IPC_REPLY set, the same id, and a body that begins
 * with a u16 reason (R_OK and the fields, or a reason and one string of detail). Events have id 0.
 */
#ifndef CAUSEWAY_IPC_H
#define CAUSEWAY_IPC_H

#include <event2/event.h>

#include "bytes.h"
#include "reason.h"

#define IPC_MAX		65536u
#define IPC_HEAD	8u
/*
 * Of all messages of all links together. Whoever adds one, or changes what is in one, or what it means, raises it: two daemons of different numbers
 * say so and part at HELLO, before either reads anything of the other's (test_msg knows what the messages of a number look like).
 */
#define IPC_VERSION	3u
#define IPC_REPLY	0x8000u
#define IPC_QUEUE	(4u << 20)	/* octets waiting at most; over that the link is closed */
#define IPC_HELLO	1u		/* every link: first message of both sides; body str "MAJOR.MINOR" */

enum ipc_when {
	IPC_ANYTIME	= 1,		/* also before HELLO */
	IPC_AFTER_HELLO	= 2,
	IPC_ONCE	= 4,		/* a second one is a breach */
	IPC_WHEN_READY	= 8		/* only after ipc_ready() */
};

struct ipc;
struct ipc_msg {
	uint16_t	type;
	uint32_t	id;
	struct rd	body;
};

/* The permission table of one link: what may come, when, how long. False from run: the message breaks the contract. */
struct ipc_row {
	uint16_t	type;
	const char	*name;
	unsigned	when;
	uint32_t	max;		/* octets of body */
	bool		(*run)(void *ctx, struct ipc *, struct ipc_msg *);	/* consumes all of msg->body */
};

struct ipc_table {
	const char		*name;	/* "iked-keymgr": for the log */
	const struct ipc_row	*rows;	/* HELLO is built in */
	unsigned		n;
	void			(*up)(void *ctx, struct ipc *);		/* HELLO came; may be NULL */
	void			(*down)(void *ctx, struct ipc *);	/* closed, for whatever reason; the link is freed after it returns */
};

/* Takes the descriptor. Sends HELLO at once. NULL: no memory (fd closed). */
struct ipc *ipc_new(struct event_base *, int fd, const struct ipc_table *, void *ctx);
/* The same for a link whose HELLOs were exchanged already (proc.c does it by hand). */
struct ipc *ipc_adopt(struct event_base *, int fd, const struct ipc_table *, void *ctx);
/* Versions of the two sides agree: the part before the first dot is equal. */
bool ipc_same_major(const char *, const char *);
/* No down() is called; pending calls are dropped. Allowed in every callback of the same link; NULL is allowed here and below. */
void ipc_free(struct ipc *);
bool ipc_is_up(const struct ipc *);	/* HELLO was exchanged */
const char *ipc_peer_version(const struct ipc *);	/* what it said of the other side, one word; "" before, and on an adopted link */
void ipc_ready(struct ipc *);

/* Octets that wait because the other side does not read: who can drop what it has to say does so long before IPC_QUEUE. */
size_t ipc_waiting(const struct ipc *);
/* Queue one message. False: the link is dead or the message too long. */
bool ipc_send(struct ipc *, uint16_t type, uint32_t id, struct bytes body);
bool ipc_event(struct ipc *, uint16_t type, struct bytes body);
/* With one descriptor attached (SCM_RIGHTS); fd stays the caller's. */
bool ipc_send_fd(struct ipc *, uint16_t type, uint32_t id, struct bytes body, int fd);
/* In a row's run(): the descriptor that came with this message, or -1; the caller now owns it. */
int  ipc_take_fd(struct ipc *);

/*
 * A request; done gets the reason and the rest of the answer. R_BUSY never comes by itself; a closed link gives gone.
 * 0: nothing was sent and done is never called. Else done is called once, later, unless the call is cancelled or the link
 * freed. Of an answer, done reads everything (then rd_done of body is true) or nothing at all.
 */
typedef void ipc_done(void *arg, enum reason, struct rd *body);
uint32_t ipc_call(struct ipc *, uint16_t type, struct bytes body, enum reason gone, ipc_done *, void *arg);
uint32_t ipc_call_fd(struct ipc *, uint16_t type, struct bytes body, int fd, enum reason gone, ipc_done *, void *arg);	/* as ipc_send_fd; -1: without */
void ipc_cancel(struct ipc *, uint32_t id);

/* Answers. ipc_fail's detail may be NULL. */
bool ipc_reply(struct ipc *, const struct ipc_msg *, struct bytes fields);
bool ipc_fail(struct ipc *, const struct ipc_msg *, enum reason, const char *detail);

#endif
