/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An engine in a box, for test_core_*: a host that keeps what comes out, PF_KEY clients that speak through lib/pfkey (a codec
 * that knows nothing of the engine's own), packets with room, and the two SAs of a tunnel in one call.
 */
#ifndef CORE_RIG_H
#define CORE_RIG_H

#include "test.h"

#include "addr.h"
#include "cw.h"
#include "pfkey.h"

#define S		1000000000ull
#define RIG_OUT		20000u
#define RIG_CLIENTS	4
#define RIG_MSGS	4096u
#define RIG_IFACES	4u

struct rig_client {
	struct cw_client *c;
	unsigned	 n;			/* messages kept */
	struct bytes	 msg[RIG_MSGS];
	unsigned	 room;			/* dump rows it still takes; UINT_MAX: all */
	unsigned	 refused;
};

struct host {
	struct cw_engine *e;
	unsigned	 nplain, nwire, ndrop;
	struct cw_pkt	*plain[RIG_OUT], *wire[RIG_OUT], *drop[RIG_OUT];
	struct rig_client client[RIG_CLIENTS];
	unsigned	 changes;		/* host_policy_changed */
	uint32_t	 mtu;			/* host_path_mtu */
	struct { char name[CW_IFACE_LEN]; unsigned users; } iface[RIG_IFACES];	/* the number is its place, from 1 on */
	unsigned	 iface_gone;		/* that were there */
	bool		 no_room;		/* host_pkt_room has none */
	uint64_t	 now;
	uint64_t	 base[CW_COUNTERS];	/* at the last rig_clear() */
};

struct host *rig_new(void);
void rig_free(struct host *);			/* and every packet that came out */
void rig_clear(struct host *);			/* forget what came out */

/* PF_KEY. Clients: 0 sees keys and has said HELLO; 1 plain; 2 keyless. They are opened by rig_new. */
int rig_call(struct host *, unsigned client, struct pfkey_msg *);	/* errno of the answer; -1: there was none */
bool rig_last(struct host *, unsigned client, struct pfkey_msg *);	/* the newest message it got */
bool rig_event(struct host *, unsigned client, unsigned type, struct pfkey_msg *);	/* the newest of a type */
void rig_forget(struct host *, unsigned client);

struct rig_sa {
	uint32_t	spi, reqid, flags, window;
	const char	*src, *dst;
	uint16_t	udp;		/* 0: protocol 50; else both ports */
	unsigned	cipher, bits, auth;	/* PF_KEY numbers; default AES-GCM 128 */
	uint64_t	soft_s, hard_s, soft_bytes, hard_bytes, soft_packets, hard_packets;
	const char	*sel_src, *sel_dst;	/* prefixes */
	uint8_t		seed;		/* of the keys */
	uint8_t		mode;		/* CW_MODE_*; 0: tunnel */
	bool		any_mode;
	const char	*iface;
};
void rig_keys(const struct rig_sa *, uint8_t ekey[64], size_t *elen, uint8_t akey[64], size_t *alen);
void rig_sa_msg(struct pfkey_msg *, const struct rig_sa *, uint8_t type, uint8_t keys[128]);
int rig_sa(struct host *, const struct rig_sa *);
void rig_as_ah(struct pfkey_msg *);		/* an SA of AH has the key of its MAC alone */
int rig_by_name(struct host *, unsigned client, uint8_t type, const struct rig_sa *);	/* GET or DELETE */
void rig_policy_msg(struct pfkey_msg *, uint8_t type, unsigned dir, unsigned pol, const char *src, const char *dst, uint32_t reqid, uint32_t prio);
int rig_policy(struct host *, unsigned dir, unsigned pol, const char *src, const char *dst, uint32_t reqid, uint32_t prio);
void rig_policy_of(struct host *, const char *iface, unsigned dir, const char *src, const char *dst, uint32_t reqid);	/* of an interface */
/* The usual tunnel: 10.0.1.0/24 = 20.0.0.1 === 20.0.0.2 = 10.0.2.0/24 (and fd01::/16, fd02::/16), reqid 7, seen from one end. */
void rig_tunnel(struct host *, bool left, const struct rig_sa *like);
/* An SA's next sequence number less one; the top of its window. */
void rig_set_sequence(struct cw_engine *, uint32_t spi, uint64_t last);
void rig_set_window(struct cw_engine *, uint32_t spi, uint64_t top);

/* Packets. */
struct cw_pkt *rig_pkt(const void *, size_t);
struct cw_pkt *rig_udp4(const char *src, const char *dst, size_t payload, unsigned tos, bool df);
struct cw_pkt *rig_udp6(const char *src, const char *dst, size_t payload, unsigned tclass);
struct cw_pkt *rig_copy(const struct cw_pkt *);
/* A sealed packet as it arrives: a copy, with the header before it where the sender had one. */
struct cw_pkt *rig_arriving(const struct cw_pkt *);
size_t rig_octets(const char *hex, uint8_t *to);	/* hexadecimal, spaces between octets as one likes */
void rig_pkt_free(struct cw_pkt *);
struct cw_addr rig_addr(const char *);
/* What came out of one engine's wire goes into the other's, with the outer header as it would arrive. Takes the packet. */
void rig_carry(struct host *to, struct cw_pkt *);
/* One bit of a packet of AH as it arrives is changed, counted from its IP header on: what it comes to, CW_DROP_NONE where routers may. old: RFC 1826's. */
unsigned rig_ah_flip(struct cw_pkt *arriving, uint32_t bit, bool old);
struct cw_pkt *rig_seal(struct host *, struct cw_pkt *);	/* plain in, the one packet out by the wire */

/* One packet came out, this one, and no other nor a drop. New identification: where IPv4 had none it may have got one. Forgets what came out. */
void rig_same(struct host *, const struct cw_pkt *sent, bool new_id);

uint64_t rig_drops(const struct host *);		/* sum of all drop counters */
/* Exactly one drop since rig_clear(), for exactly this reason: its counter rose by one and no other did. */
void rig_dropped(struct host *, unsigned reason);

#endif
