/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The outside: UDP 4500 (ESP, keepalives, and IKE on its way to iked) and raw sockets of protocols 50 and 51 and of IPComp's, both families. Every socket is bound
 * to no peer: one that connects leaves its SO_REUSEPORT group.
 */
#ifndef CAUSEWAY_WIRE_H
#define CAUSEWAY_WIRE_H

#include <event2/event.h>

#include "addr.h"
#include "cw.h"
#include "pool.h"

#define WIRE_SOCKS	32
#define WIRE_BURST	64	/* packets given to the engine at once */
#define WIRE_MSGS	16	/* datagrams (GRO bundles) read at once */
#define WIRE_READS	4	/* times that a turn reads */

struct wire;
struct wire_sock {
	struct wire	*w;
	struct event	*ev;
	int		fd;
	uint8_t		fam;		/* 4 or 6 */
	bool		udp;
	uint8_t		proto;		/* of a raw one; IPPROTO_RAW: it sends whole packets */
	bool		df;		/* path MTU discovery "probe": DF set, EMSGSIZE beyond the device; else fragments */
};

struct wire_ops {
	/* One IKE message that came on the UDP port, without its marker. False: it could not be handed on. */
	bool	(*ike)(void *ctx, const struct endpoint *local, const struct endpoint *remote, struct bytes);
	void	*ctx;
};

struct wire {
	struct cw_engine *engine;
	struct wire_ops	ops;
	uint16_t	port;		/* of the UDP sockets */
	unsigned	nsocks;
	struct wire_sock sock[WIRE_SOCKS];
	bool		no_gso;		/* the system cannot split for us */
	uint16_t	identification;	/* of the last packet that had none and was cut; 0: none was */
	uint64_t	send_gso, send_calls;
	struct wire_rx	*rx;
	struct wire_tx	*tx;
};

/* Take a socket of the supervisor's. False: it is not what its name says. */
bool wire_add(struct wire *, int fd, uint8_t fam, bool udp);
/* Beside each kind of socket one that fragments, and AH's and IPComp's own; root's work, before the sandbox. False with errno. */
bool wire_open_more(struct wire *);
bool wire_start(struct wire *, struct event_base *, struct cw_engine *, const struct wire_ops *);
void wire_close(struct wire *);
/* Send sealed packets. What the system refuses is counted by reason. Memory is free again when it returns. */
void wire_write(struct wire *, struct cw_pkt **v, unsigned n);
/* An IKE message, with its marker in front and without DF. */
void wire_send_ike(struct wire *, const struct addr *local, const struct endpoint *remote, struct bytes);
/* wire_in.c */
void wire_readable(evutil_socket_t, short, void *sock);
/* wire_whole.c: a packet with its own IP header, as it is; in pieces where it may be cut. An errno. */
int wire_whole(struct wire_sock *, struct cw_pkt *);
/* wire_err.c: what the path told; the MTU of a peer goes to the engine. */
void wire_errors(struct wire_sock *);

#endif
