/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * spdsync to iked: the tunnels, and the administrator's wishes; iked to spdsync: states and negotiation records.
 * After HELLO spdsync sends PUT for every tunnel, then SYNC: what was not PUT is gone. Later PUT and DEL are single changes.
 * A PUT whose content iked has already changes nothing.
 */
#ifndef CAUSEWAY_MSG_IKE_H
#define CAUSEWAY_MSG_IKE_H

#include "alg.h"
#include "name.h"
#include "reason.h"
#include "ts.h"

#define IKE_CHILDREN	16
#define IKE_FACTS	16
#define IKE_FACT	1024

enum {
	IKE_TUNNEL_PUT = 16,	/* struct tunnel -> */
	IKE_TUNNEL_DEL = 17,	/* str tunnel, u8 quiet (1: send no DELETE) -> */
	IKE_SYNC = 18,		/* -> */
	IKE_UP = 19,		/* str tunnel or tunnel/child -> when it is up, or the reason why not */
	IKE_DOWN = 20,		/* the same -> when it is down */
	IKE_REKEY = 21,		/* str, u8 what (IKE_REKEY_*) -> when done, or the reason */
	IKE_RESTART = 23,	/* str tunnel or tunnel/child: closed, and set up anew -> when the new one is up, or the reason why not */
	IKE_SHUTDOWN = 22,	/* -> when every DELETE was answered or 3 s have passed */
	/* events from iked */
	IKE_STATE = 32,		/* struct tunnel_state: whenever it changes; all of them after SYNC */
	IKE_RECORD = 33,	/* struct record: the end of a negotiation, good or bad */
	IKE_COUNTERS = 34	/* u16 n, n * {str name, u64} every 10 s when something changed */
};

enum { IKE_REKEY_CHILD = 1, IKE_REKEY_SA = 2 };
enum start_mode { START_RESPOND = 0, START_ALWAYS = 1, START_ON_DEMAND = 2 };
enum child_mode { CHILD_TUNNEL = 0, CHILD_TRANSPORT = 1 };	/* TRANSPORT: that or nothing (RFC 7296 1.3.1) */
/* IPComp around ESP's text (RFC 7296 2.22): WANTED goes without where the peer declines, DEMANDED does not. */
enum child_comp { COMP_NONE = 0, COMP_WANTED = 1, COMP_DEMANDED = 2 };
enum encap_mode { ENCAP_AUTO = 0, ENCAP_UDP = 1, ENCAP_ESP = 2 };

struct tunnel_child {
	char		name[NAME_CAP];	/* "net" */
	uint32_t	reqid;
	uint8_t		mode;			/* enum child_mode; another mode is another child: it comes with another reqid */
	uint8_t		ah;			/* 1: its SAs are of AH; another protocol is another child too */
	uint8_t		comp;			/* enum child_comp; not with AH */
	uint16_t	esp;			/* bit n: the n'th of the tunnel's proposals is this child's; 0: all of its protocol are */
	uint64_t	life_s;			/* 0: the tunnel's child_life_s */
	struct ts_list	local, remote;
};

struct tunnel {
	char		name[NAME_CAP];
	struct addr	local, remote;		/* fam 0: any; not both */
	char		id_local[ID_CAP], id_remote[ID_CAP];
	uint8_t		start;			/* enum start_mode, this gateway's part of it: */
	uint8_t		first;			/* 1: initiates at once; 0: after 15 s without an IKE SA */
	uint8_t		encap;
	char		iface[IFACE_CAP];	/* its SAs are this interface's; "": of the ordinary policies. keymgr has it from the binding; here it only tells that it changed */
	uint8_t		auth_local, auth_remote;	/* enum auth_how */
	uint8_t		prefer_udp;		/* the engine is the user host: "auto" means UDP */
	uint64_t	ike_life_s, child_life_s, child_life_bytes, child_life_packets;
	uint64_t	ike_hard_s, child_hard_s;	/* 0: 110 % of the lifetime */
	uint32_t	replay_window;
	uint8_t		proofs[32];		/* of how both ends prove themselves: when it changes they do so anew */
	uint8_t		digest[32];		/* of the definition, equal on both ends (contracts, "On the wire") */
	struct proposals ike, esp;		/* esp: those of children, for AH too */
	unsigned	nchildren;
	struct tunnel_child children[IKE_CHILDREN];
};

enum child_negotiated { CHILD_DOWN, CHILD_CONNECTING, CHILD_UP, CHILD_REKEYING, CHILD_FAILED };

struct child_state {
	char		name[NAME_CAP];
	uint8_t		wanted;			/* 1 up */
	uint8_t		negotiated;		/* enum child_negotiated */
	uint8_t		proven;			/* an authenticated packet came in */
	uint32_t	spi_in, spi_out, reqid;
	struct suite	suite;
	uint8_t		udp, ah, comp;		/* comp: 1: both ends compress */
	uint64_t	since_s, rekey_in_s;	/* ages and remaining, seconds */
	struct ts_list	local, remote;		/* as negotiated */
};

struct tunnel_state {
	char		name[NAME_CAP];
	uint8_t		ike_up;
	uint8_t		ike_initiator;
	uint64_t	spi_i, spi_r;
	struct suite	ike_suite;
	struct endpoint	local, remote;
	uint8_t		nat_local, nat_remote;	/* somebody translates our, the peer's address */
	char		id_remote[ID_CAP];
	uint64_t	since_s, rekey_in_s;
	uint16_t	reason;			/* why it is not up, or R_OK; R_CONFIG_DIFFERS with ike_up */
	char		detail[256];
	char		proved[256];		/* with what the peer proved itself: "pre-shared key", "certificate CN=..."; "" while it is not up */
	uint64_t	retry_in_s;
	unsigned	nchildren;
	struct child_state children[IKE_CHILDREN];
};

/*
 * One finished negotiation. Facts are pairs for people and for JSON; keys in use: "exchange" (IKE_SA_INIT …), "role"
 * (initiator, responder), "peer" (endpoint), "offered", "received", "chosen", "difference", "local_ts", "remote_ts",
 * "peer_local_ts", "peer_remote_ts", "id_expected", "id_received", "notify" (the peer's, in words), "file", "errno",
 * "sent" (the notify we answered with), "tries", "detail" (what our own part said), "certificate" (what the peer proved itself with),
 * "peer_says" (a Causeway peer's reason for refusing our certificate).
 */
struct fact { char key[24]; char text[IKE_FACT]; };
struct record {
	char		tunnel[NAME_CAP];	/* "" when no tunnel was found */
	char		child[NAME_CAP];
	uint64_t	time_s;			/* wall */
	uint16_t	reason;
	unsigned	nfacts;
	struct fact	facts[IKE_FACTS];
};

/* The proposals of one child, in the tunnel's order: those of its protocol. */
void tunnel_child_esp(const struct tunnel *, unsigned child, struct proposals *);
/* Only the children it has: pages of the others are never touched, which is most of the struct. */
void tunnel_copy(struct tunnel *to, const struct tunnel *);
void tunnel_put(struct wr *, const struct tunnel *);
bool tunnel_get(struct rd *, struct tunnel *);
void tunnel_state_put(struct wr *, const struct tunnel_state *);
bool tunnel_state_get(struct rd *, struct tunnel_state *);
void record_put(struct wr *, const struct record *);
bool record_get(struct rd *, struct record *);
/* Adds a fact, cut to fit; no-op when full. */
void record_fact(struct record *, const char *key, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
