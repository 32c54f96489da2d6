/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the module's files share. Every network namespace has a struct host; its engine comes to be with the first PF_KEY socket
 * there, and only then are packets of that namespace looked at.
 */
#ifndef CAUSEWAY_MOD_H
#define CAUSEWAY_MOD_H

#include <crypto/aead.h>
#include <crypto/algapi.h>
#include <linux/completion.h>
#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/percpu-refcount.h>
#include <linux/scatterlist.h>
#include <linux/skbuff.h>
#include <linux/timer.h>
#include <net/net_namespace.h>

#include "cw.h"

/* Fragments that we put together are never mixed with others, nor those out of tunnels with clear ones. The system's own numbers are below 2^20. */
#define MOD_DEFRAG_CLEAR	0x43560000u
#define MOD_DEFRAG_TUNNEL	0x57000000u	/* and 24 bits of what was taken off them (in.c) */
#define PATHS	8	/* path MTUs that were told and are not looked at yet */

struct host {
	struct net	*net;
	struct mutex	 mutex;		/* control calls */
	struct cw_bounds limits;	/* as somebody wrote them, for the engine that is or comes */
	u32		 knob[CW_KNOBS];	/* likewise */
	struct cw_engine *e;		/* NULL until the first PF_KEY socket */
	struct percpu_ref busy;		/* packets that are in a cipher; the engine outlives them */
	bool		 stale;		/* policies have changed since the last tick */
	bool		 sock_in;	/* there was a socket with a policy for what it gets */
	bool		 sock_out;	/* and one for what it sends */
	struct completion idle;
	struct timer_list timer;
	struct work_struct tick;
	spinlock_t	 iface_lock;
	struct list_head ifaces;	/* tunnels that are interfaces */
	unsigned int	 nifaces;	/* under rtnl */
	int		 iface_err;	/* why the one that the message in hand names is not there */
	struct work_struct iface_work;
	spinlock_t	 path_lock;
	unsigned int	 npaths;
	struct { struct cw_addr peer; u32 mtu; } path[PATHS];
};

/* A packet inside the engine. The skb's head is the engine's buffer; the rest is what its cipher request needs, which may be
 * neither on a stack nor in the module's own data. */
#define REQUEST_ROOM	448
struct mod_pkt {
	struct cw_pkt	 p;
	struct sk_buff	*skb;
	struct host	*h;
	void		*request;	/* room, or memory of its own when that is not enough */
	bool		 seal;
	struct scatterlist sg[3];
	u8		 aad[12], iv[16];
	u8		 room[REQUEST_ROOM] __aligned(CRYPTO_MINALIGN);
};
static inline struct mod_pkt *mod_pkt_of(struct cw_pkt *p) { return container_of(p, struct mod_pkt, p); }

extern struct workqueue_struct *mod_wq;
extern unsigned int mod_net_id;
static inline u64 mod_now(void) { return ktime_get_boottime_ns(); }
struct host *mod_host(struct net *);
int mod_host_start(struct host *);	/* under its mutex; the engine is there after 0 */

/* -- mem.c -- */
void mod_mem_exit(void);
/* The tests' build makes allocations fail, and ciphers finish later or do nothing (test/fail.c). */
#ifdef CAUSEWAY_TEST
bool mod_fail(void);
bool mod_crypt_later(struct aead_request *, bool seal);	/* true: it will be done */
bool mod_cipher_null(void);
#else
static inline bool mod_fail(void) { return false; }
static inline bool mod_crypt_later(struct aead_request *r, bool seal) { return false; }
static inline bool mod_cipher_null(void) { return false; }
#endif

/* -- kpdk.c: a digest of the key, what is authenticated, and the key again (RFC 1828, RFC 1852), which the crypto API does not have -- */
struct mod_kpdk;
struct mod_kpdk *mod_kpdk_new(unsigned int auth, const u8 *key, size_t n, u32 icv);	/* NULL: no memory, or no such digest */
void mod_kpdk_free(struct mod_kpdk *);
int mod_kpdk_seal(struct mod_kpdk *, const struct cw_crypt *);	/* into the ICV's place */
int mod_kpdk_open(struct mod_kpdk *, const struct cw_crypt *);	/* -EBADMSG: it is another one */

/* -- pkt.c: skbs and the engine's packets -- */
int mod_pkt_init(void);
void mod_pkt_exit(void);
/* Linear, owned by us alone, with head and tail octets to spare. */
bool mod_skb_room(struct sk_buff *, unsigned int head, unsigned int tail);
struct cw_pkt *mod_pkt_new(struct host *, struct sk_buff *);	/* NULL: no memory, the skb is gone and counted */
struct sk_buff *mod_pkt_fit(struct cw_pkt *);	/* the skb as the engine left it; the packet is there until mod_pkt_free() */
void mod_pkt_free(struct cw_pkt *);
struct sk_buff *mod_pkt_skb(struct cw_pkt *);	/* both */
void mod_addr4(struct cw_addr *, __be32);
void mod_addr6(struct cw_addr *, const struct in6_addr *);
__be32 mod_in4(const struct cw_addr *);
struct in6_addr mod_in6(const struct cw_addr *);
/* An outbound packet goes to the engine, split into segments where it has them; skb is gone after it. own: of its socket, or NULL; iface: by
 * which of our interfaces it leaves, or 0. */
void mod_take_plain(struct host *, struct sk_buff *, const struct cw_policy *own, u32 iface);
/* An inbound one: off octets behind its network header begins what it is of ours (struct cw_outer's proto); udp: encapsulated, with these ports. */
void mod_take_wire(struct host *, struct sk_buff *, unsigned int off, u8 proto, bool udp, u16 sport, u16 dport);

/* -- out.c, in.c -- */
/* Is this the skb that we are handing to the system right now, on this processor? True once. */
bool mod_is_ours(const struct sk_buff *);
void mod_pass(const struct sk_buff *);	/* it is, until it was asked once or mod_passed(); without bottom halves */
void mod_passed(void);
void mod_send(struct host *, struct cw_pkt *, const struct cw_outer *, u8 proto);
void mod_answer(struct host *, struct cw_pkt *);	/* an ICMP error of the engine, to whom it concerns */
void mod_path_told(struct host *, const struct cw_addr *peer, u32 mtu);
void mod_paths(struct host *);		/* a control call: tell the engine what was told */

/* -- iface.c: tunnels that are interfaces -- */
bool mod_iface_is(const struct net_device *);
void mod_iface_deliver(struct host *, struct cw_pkt *);	/* by the one that the packet came by; under RCU */
/* Before the mutex: a message that names one has it made, and holds it until host_iface_put(num) (0: it names none). An error, positive. */
int mod_iface_before(struct host *, const u8 *msg, size_t len, u32 *num);
void mod_iface_init(struct host *);
void mod_iface_exit(struct host *);

/* -- hooks.c, pfkey.c, sockopt.c, proc.c -- */
int mod_hooks_on(struct net *);
/* A packet that was put together of pieces out of a tunnel, each of which passed the policies: does the socket that gets it take it? */
bool mod_sock_takes(struct host *, struct sk_buff *, const struct cw_pkt *piece);
/* Where IPv6's own code begins with a packet's headers, again: behind the first one, which hop-by-hop options belong to. */
void mod_headers_anew6(struct sk_buff *);
void mod_hooks_off(struct net *);
int mod_pfkey_init(void);
void mod_pfkey_exit(void);
void mod_sockopt_init(void);
void mod_sockopt_exit(void);
/* What a socket has for one direction (XFRM_POLICY_IN, XFRM_POLICY_OUT); MOD_SOCK_IPSEC: its policy. Under RCU. */
enum { MOD_SOCK_NONE, MOD_SOCK_BYPASS, MOD_SOCK_IPSEC };
unsigned int mod_sock_policy(struct sock *, unsigned int dir, struct cw_policy *);
/* The same of the socket that gets a packet which came in by that device. local: it is known to be for this system, whatever its address is. */
unsigned int mod_sock_receives(struct host *, const struct net_device *, const struct cw_flow *, bool local, struct cw_policy *);
unsigned int mod_sock_ended(struct host *, const struct net_device *out, const struct cw_flow *, struct cw_policy *own);
int mod_proc_on(struct net *);
void mod_proc_off(struct net *);

#endif
