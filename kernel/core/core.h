/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the engine's files share. An SA is found by SPI and by reqid, a policy by its prefixes; both hang on one list in
 * order of arrival, which dumps walk with a cursor that removal moves on. Packets hold a reference to their SA while the
 * host's cipher has them; SAs are freed, and their keys wiped, when the last reference is gone.
 *
 * Who may do what when several processors are here at once:
 *  - Control calls (cw.h), one at a time, alone change the hashes and lists, and may sleep. Packets read them inside read
 *    sections; a step is published whole, so that no lookup ever misses a policy that stands.
 *  - An SA's lock holds what packets change in it: sequence, window, counters, state, where the peer is.
 *  - The engine's lock holds the rest that packets change: waiting packets, ACQUIREs, the deadline, SAs to be reaped,
 *    ICMP's tokens; and the list of clients, which events walk. No lock is taken inside another, and none is
 *    held over the cipher or a packet's way out.
 */
#ifndef CAUSEWAY_CORE_H
#define CAUSEWAY_CORE_H

#include "cw.h"
#include <causeway/pfkey.h>

#define NS		1000000000ull
#define NEVER		UINT64_MAX
#define CW_BURST	HOST_BURST
#define CW_KEY_MAX	64
#define CW_SA_MAX	(1u << 20)
#define CW_SPD_MAX	(1u << 20)
#define CW_CLIENTS_MAX	64
#define CW_CLIENTS_KEPT	8	/* of them, for who opens the suite's: however many others there are, a daemon that died comes back */
#define CW_ASKED	1024	/* power of two: chains of policies with an ACQUIRE, by its number */
#define CW_ICMP_A_SECOND 1000u
#define CW_PF_MAX	16384	/* one PF_KEY message */

enum { IP_ICMP = 1, IP_IPIP = 4, IP_TCP = 6, IP_UDP = 17, IP_IPV6 = 41, IP_GRE = 47, IP_ESP = 50, IP_AH = 51, IP_ICMP6 = 58, IP_NONE = 59, IP_COMP = 108, IP_MH = 135 };

/* -- index.c: hashes that grow -- */
struct cw_link {
	struct cw_link	*next[2], **at;		/* at: what points to it; NULL: it is in no index */
	uint32_t	 hash;
};

struct cw_slots {
	uint32_t	buckets;		/* power of two */
	uint8_t		way;			/* which next its chains use */
	struct cw_link	*bucket[];
};

struct cw_index {
	struct cw_slots	*slots;
	uint32_t	 count;
};

struct cw_walk {
	struct cw_link	*at;
	uint32_t	 hash;
	uint8_t		 way;
};

#define CW_OF(l, type, member)	((type *)(void *)((char *)(l) - offsetof(type, member)))
bool cw_index_room(struct cw_index *);
void cw_index_add(struct cw_index *, struct cw_link *, uint32_t hash);
void cw_index_del(struct cw_index *, struct cw_link *);
void cw_index_swap(struct cw_index *, struct cw_link *, struct cw_link *by);
void cw_index_free(struct cw_index *);
struct cw_walk cw_index_walk(const struct cw_index *, uint32_t hash);
struct cw_link *cw_index_next(struct cw_walk *);

/* -- ip.c: inner headers -- */
struct cw_ip {
	uint8_t		ver, tos, df;
	uint16_t	upper;		/* offset of the upper layer's header */
	uint32_t	total;
	bool		fragment;	/* any fragment, the first one too */
	struct cw_flow	flow;
};

enum cw_ip_err { CW_IP_OK, CW_IP_SHORT, CW_IP_HEADER, CW_IP_LENGTH };
enum cw_ip_err cw_ip_parse(const uint8_t *p, size_t n, struct cw_ip *);
bool cw_addr_eq(const struct cw_addr *, const struct cw_addr *);
bool cw_addr_any(const struct cw_addr *);
static inline unsigned cw_addr_len(const struct cw_addr *a) { return a->fam == 4 ? 4 : a->fam == 6 ? 16 : 0; }
void cw_addr_mask(struct cw_addr *, unsigned bits);
/* As MurmurHash3 mixes, with a random seed: our keys are prefixes and SPIs. cw_mix is a step of it, cw_hash some steps and the end. */
static inline uint32_t
cw_mix(uint32_t h, uint32_t w)
{
	w *= 0xcc9e2d51u;
	h ^= (w << 15 | w >> 17) * 0x1b873593u;
	return (h << 13 | h >> 19) * 5 + 0xe6546b64u;
}
uint32_t cw_hash(const void *p, size_t n, uint32_t seed);
uint16_t cw_sum16(const uint8_t *p, size_t n, uint32_t start);	/* Internet checksum, complemented */
/* The same with only the first octets at hand: have of them, of a packet of whole. CW_IP_SHORT: its headers are longer. */
enum cw_ip_err cw_ip_head(const uint8_t *p, size_t have, size_t whole, struct cw_ip *);
void cw_ip_set_ecn(uint8_t *p, const struct cw_ip *, unsigned ecn);
/* A header of hlen octets, extension headers included, leads to proto now, in a packet of total octets. */
void cw_ip_lead(uint8_t *p, size_t hlen, unsigned proto, size_t total);
/* The checksum of TCP, UDP or ICMPv6 in a packet that was parsed, made anew. */
void cw_ip_sum_upper(uint8_t *p, const struct cw_ip *);
void cw_mss_clamp(uint8_t *p, size_t n, const struct cw_ip *, uint32_t mtu);
/* Turn a packet that is too big into the error for its sender; false when there is to be none. */
bool cw_icmp_too_big(struct cw_engine *, struct cw_pkt *, const struct cw_ip *, uint32_t mtu);

static inline uint32_t get32(const uint8_t *p) { return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]; }
static inline uint16_t get16(const uint8_t *p) { return (uint16_t)(p[0] << 8 | p[1]); }
static inline void put16(uint8_t *p, uint32_t v) { p[0] = (uint8_t)(v >> 8); p[1] = (uint8_t)v; }
static inline void put32(uint8_t *p, uint32_t v) { put16(p, v >> 16); put16(p + 2, v & 0xffff); }

/* -- alg.c -- */
#define CW_ALGS_MAX	32	/* rows of one kind, at most */
bool cw_alg_private(const struct cw_alg *);	/* its number is ours, and nothing to others */
bool cw_alg_key_ok(const struct cw_alg *, unsigned bits, size_t octets);
const struct cw_alg *cw_alg_row(unsigned i);	/* NULL ends */

/* -- replay.c -- */
struct cw_replay {
	uint32_t	window;		/* packets; 0: off */
	uint32_t	words;		/* of the ring: one more than the window fills */
	uint64_t	top;		/* highest sequence number received */
	uint64_t	*ring;
};
bool cw_replay_init(struct cw_replay *, uint32_t window);
void cw_replay_fini(struct cw_replay *);
/* The 64-bit number that low stands for, RFC 4303 A2.1; without ESN it is low. False: it would lie before the first packet. */
bool cw_replay_infer(const struct cw_replay *, bool esn, uint32_t low, uint64_t *seq);
unsigned cw_replay_check(const struct cw_replay *, uint64_t seq);	/* CW_DROP_NONE or the reason */
void cw_replay_update(struct cw_replay *, uint64_t seq);		/* only after the ICV was right */

/* -- due.c: what ends when -- */
struct cw_timer {
	uint64_t	due;		/* when there is something to be told of it */
	uint32_t	place;		/* in the heap, and one; 0: it is not there */
	bool		policy;		/* of an entry of the SPD, not of an SA */
};

/* -- sad.c -- */
struct cw_limits {
	uint64_t	packets, bytes, add, use;	/* 0: none; times in seconds */
};

struct cw_selector {
	uint8_t		side, proto;
	uint16_t	lo_port, hi_port;
	struct cw_addr	lo, hi;
};

struct cw_sa {
	struct cw_link	 by_spi, by_reqid, by_ends;
	struct cw_sa	*prev, *succ, *reap_next, *look_next;
	struct host_ref	 ref;
	struct host_defer defer;
	struct host_lock lock;		/* state, now_*, seq_out, replay, limits and counters once it is listed */
	uint64_t	 id;		/* order of arrival, for dumps */
	struct cw_timer	 timer;
	bool		 looked;	/* in the list of those to be looked at; the engine's lock */
	uint32_t	 spi, reqid, pf_seq;
	uint8_t		 proto;		/* ESP, AH or IPComp: part of its name */
	uint8_t		 mode, state, udp, ealg, aalg, listed;
	uint8_t		 dead;		/* at its end: no lookup gives it any more */
	uint8_t		 old;		/* of a form before RFC 2401 (old.c) */
	uint32_t	 flags;		/* CW_SAF_* */
	uint32_t	 std_flags;	/* sadb_sa_flags, given back as they came */
	struct cw_addr	 src, dst;	/* its name; never changes */
	uint16_t	 sport, dport;
	struct cw_addr	 now_src, now_dst;	/* where the packets go; a NAT may move the peer's side */
	uint16_t	 now_sport, now_dport;
	uint64_t	 moved;		/* ns: when the peer did last */
	const struct cw_alg *enc, *auth;
	uint8_t		 ekey[CW_KEY_MAX], akey[CW_KEY_MAX];
	uint8_t		 elen, alen;
	uint8_t		 iv, icv, block;
	struct host_aead *aead;
	struct host_comp *comp;	/* IPComp, instead of all that */
	uint64_t	 seq_out;	/* the last one sent */
	struct cw_replay replay;
	struct cw_limits soft, hard;
	bool		 soft_told, used_told, overrun;
	uint64_t	 larval;	/* ns that it may be larval */
	uint64_t	 born, used;	/* ns; used 0: never */
	uint64_t	 born_wall, used_wall;
	uint64_t	 packets, bytes, drop_replay, drop_icv, drop_selector, drop_other;
	uint32_t	 pmtu, inner_mtu;
	unsigned	 nsel;
	struct cw_selector *sel;
	struct cw_iface	 iface;
	uint8_t		 owner[CW_OWNER_LEN];
};

struct cw_sa *cw_sa_new(void);
void cw_sa_put(struct cw_sa *);
bool cw_sad_insert(struct cw_engine *, struct cw_sa *);	/* takes over the caller's reference */
void cw_sad_remove(struct cw_engine *, struct cw_sa *);
void cw_sad_mature(struct cw_engine *, struct cw_sa *);	/* listed already; now first in its reqid's chain */
void cw_sad_reap(struct cw_engine *);	/* take off what packets found dead; every control call begins with it */
struct cw_sa *cw_sad_by_spi(struct cw_engine *, unsigned proto, uint32_t spi, const struct cw_addr *dst);
bool cw_sad_spi_taken(struct cw_engine *, unsigned proto, uint32_t spi);
/* This one or the next of them in order of arrival that is of proto; 0: of any. */
struct cw_sa *cw_sad_of_proto(struct cw_sa *, unsigned proto);
/* The newest SA to send by; *why when there is none. */
struct cw_sa *cw_sad_out(struct cw_engine *, const struct cw_request *, uint32_t iface, const struct cw_flow *, unsigned *why);
struct cw_walk cw_sad_between(struct cw_engine *, const struct cw_addr *src, const struct cw_addr *dst);	/* by_ends: and others, of the same hash */
/* Those that send the way back of one, the newest first, and the newest of them. */
struct cw_walk cw_sad_back(struct cw_engine *, const struct cw_sa *);
struct cw_sa *cw_sad_back_next(const struct cw_sa *, struct cw_walk *);
bool cw_sa_selects(const struct cw_sa *, const struct cw_flow *);
static inline unsigned cw_sa_bare(const struct cw_sa *sa) { return sa->udp && sa->mode != CW_MODE_TUNNEL; }
void cw_sa_mtu(struct cw_sa *, uint32_t pmtu);
uint32_t cw_sa_inner(const struct cw_sa *, uint32_t pmtu);	/* octets of the largest packet that it makes no longer than pmtu; tunnel mode */
uint64_t cw_sa_deadline(struct cw_sa *);
bool cw_sa_alive(struct cw_engine *, struct cw_sa *, uint64_t now);	/* holds the limits against it; false: it is dead */
/* The same in two steps, around other work under the SA's lock: what the first two find, the third tells without it. */
bool cw_sa_judge(struct cw_sa *, uint64_t now, unsigned *found);
bool cw_sa_use(struct cw_sa *, uint64_t bytes, uint64_t now, unsigned *found);	/* and count one packet */
void cw_sa_found(struct cw_engine *, struct cw_sa *, uint64_t now, unsigned found);
unsigned cw_sa_usable(const struct cw_sa *);	/* for receiving, or NULL: CW_DROP_NONE or the reason */
void cw_sa_drop(struct cw_sa *, uint64_t *counter);	/* raise one of its counters of drops */

bool cw_due_room(struct cw_engine *);
void cw_due_set(struct cw_engine *, struct cw_timer *, uint64_t at);
void cw_due_out(struct cw_engine *, struct cw_timer *);
void cw_due_look(struct cw_engine *, struct cw_sa *, uint64_t now);
void cw_due_run(struct cw_engine *, uint64_t now);
void cw_due_free(struct cw_engine *);

/* -- spd.c -- */
struct cw_shade;
struct cw_spd_entry {
	struct cw_policy pub;
	uint64_t	 order;
	struct cw_spd_entry *next[2];	/* bucket, in the table of that link */
	uint64_t	 used;		/* ns, by a packet, noted 16 times a second at most; 0: never. Beside what each lookup reads */
	struct cw_spd_entry *prev, *succ;
	struct cw_link	 by_id;
	struct { struct cw_shade *in; struct cw_spd_entry *prev, *next; } shade[2];
	struct cw_spd_entry *wait_next;
	struct cw_timer	 timer;
	uint64_t	 born;		/* ns */
	uint64_t	 born_wall;
	struct cw_spd_entry *asked_next, **asked_at;	/* those with an acquire_seq; the engine's lock */
	struct host_defer defer;
	uint64_t	 acquire_until, acquire_back;	/* no new ACQUIRE before; the back-off in use */
	uint32_t	 acquire_seq;
	struct host_count packets, bytes, dropped;	/* what went on its way by it, and what did not; apart from what each lookup reads */
	uint32_t	 nwait;
	uint64_t	 wait_until;
	struct cw_pkt	*wait, **wait_end;
	bool		 waiting;
	bool		 gone;		/* no packet may be left with it any more */
};

/*
 * A table that is full is followed by a larger one, in which the entries hang by their other link: whoever walks the old
 * one is not led astray. The old one goes when nobody walks it any more.
 */
struct cw_table {
	uint32_t	buckets;	/* power of two */
	uint8_t		link;
	struct cw_spd_entry *bucket[];
};

struct cw_tuple {	/* one pair of prefix lengths and what is said of the upper layer, in one direction and family */
	struct cw_tuple	*next;
	struct host_defer defer;
	uint8_t		 dir, fam, slen, dlen;
	uint8_t		 has;		/* protocol, ports */
	uint32_t	 best;		/* no entry here has a lower priority value */
	uint32_t	 count;
	struct cw_table	*table;
};

struct cw_spd_entry *cw_spd_lookup(struct cw_engine *, unsigned dir, uint32_t iface, const struct cw_flow *);
struct cw_spd_entry *cw_spd_find(struct cw_engine *, const struct cw_policy *);	/* the same selectors, direction and interface */
struct cw_spd_entry *cw_spd_by_id(struct cw_engine *, uint32_t id);
struct cw_spd_entry *cw_spd_add(struct cw_engine *, const struct cw_policy *, uint64_t now, int *err);
/* The entry that stands in its place now; NULL: no memory. */
struct cw_spd_entry *cw_spd_update(struct cw_engine *, struct cw_spd_entry *, const struct cw_policy *, uint64_t now);
void cw_spd_remove(struct cw_engine *, struct cw_spd_entry *);
uint64_t cw_spd_end(const struct cw_policy *, uint64_t born, uint64_t used);	/* when it expires; NEVER */
struct cw_spd_past {
	uint64_t	created, used;		/* of the wall clock, in seconds; used 0: never */
	uint64_t	packets, bytes, dropped;
};
struct cw_spd_past cw_spd_past(const struct cw_spd_entry *);
void cw_spd_due(struct cw_engine *, struct cw_spd_entry *, uint64_t now);	/* its time has come, or was put off by a packet */
static inline void
cw_spd_use(struct cw_spd_entry *x, uint64_t now)
{
	uint64_t used = host_load(x->used);

	if (now > used && now - used >= NS / 16)
		host_publish(x->used, now);
}
/* The end of a packet that met it, once: it goes on its way, of so many octets as it is in the clear, or does not. NULL: it met none. */
static inline void
cw_spd_went(struct cw_spd_entry *x, uint64_t octets)
{
	if (!x)
		return;
	host_count_add(&x->packets, 1);
	host_count_add(&x->bytes, octets);
}
static inline void
cw_spd_dropped(struct cw_spd_entry *x, uint64_t n)
{
	if (x)
		host_count_add(&x->dropped, n);
}
uint64_t cw_after(uint64_t from, uint64_t seconds);	/* NEVER for 0 */

/* -- own.c: networks of our own, which wide policies spare -- */
bool cw_own_get(struct cw_engine *, const struct cw_policy *);	/* false: no memory */
void cw_own_put(struct cw_engine *, const struct cw_policy *);	/* of one that is gone already */
bool cw_own_spares(struct cw_engine *, const struct cw_policy *, const struct cw_flow *);
bool cw_of_link(const struct cw_flow *);	/* it never leaves its link */

/* -- iface.c -- */
/* A policy or an SA is of the interface of this name now: 0 or an errno; "": of none. Each has to be given back. */
int cw_iface_get(struct cw_engine *, const char name[CW_IFACE_LEN], struct cw_iface *);
void cw_iface_put(struct cw_engine *, const struct cw_iface *);
void cw_iface_find(struct cw_engine *, const char name[CW_IFACE_LEN], struct cw_iface *);	/* its number is 0 where it is not there; not to be given back */

/* -- check.c -- */
/* A clear packet was refused for a reason that one of the policies gave: that one counts it. */
void cw_check_refused(struct cw_engine *, unsigned reason, const struct cw_flow *);

/* -- seen.c -- */
#define CW_SEEN	CW_DROPS_MAX
struct cw_seen {
	struct cw_addr	src, dst;
	uint8_t		proto;
	uint16_t	sport, dport, reason;
	uint32_t	spi, times;
	uint64_t	when;
	uint8_t		nlayers;	/* taken off before, the outermost first */
	struct { uint8_t proto, mode; uint32_t spi, reqid; } layer[CW_NEST_MAX];
};
void cw_seen_add(struct cw_engine *, const struct cw_pkt *);	/* one that is dropped, its reason stands in it */
unsigned cw_seen_copy(struct cw_engine *, struct cw_seen v[CW_SEEN]);

/* -- tap.c: clear packets for who looks into a tunnel -- */
struct cw_tap;
struct cw_bundle;
void cw_tap_out(struct cw_engine *, const struct cw_pkt *, const struct cw_bundle *);	/* before it is given its first transform */
void cw_tap_in(struct cw_engine *, const struct cw_pkt *, unsigned why);	/* all is off; why: of the policy check */
void cw_tap_close(struct cw_engine *, const struct cw_client *);	/* its taps end */

/* -- knob.c -- */
void cw_knobs_init(struct cw_engine *);
int cw_knob_check(const struct cw_engine *, unsigned i, uint32_t v);	/* what cw_knob_set would say; i is one */
unsigned cw_level(const struct cw_engine *, const struct cw_request *, unsigned fam);	/* never CW_LEVEL_DEFAULT */
bool cw_unmatched_drops(const struct cw_engine *, const struct cw_flow *);	/* what no policy covers is dropped */

/* -- acquire.c -- */
/* The reason for the packet; *held: the key manager has refused a moment ago. */
unsigned cw_acquire(struct cw_engine *, struct cw_spd_entry *, const struct cw_request *, const struct cw_flow *, uint64_t now, bool *held);
void cw_acquire_answered(struct cw_engine *, struct cw_spd_entry *);
bool cw_wait(struct cw_engine *, struct cw_spd_entry *, struct cw_pkt *, uint64_t now);
void cw_wait_go(struct cw_engine *, uint32_t reqid, uint64_t now);
void cw_wait_drop(struct cw_engine *, struct cw_spd_entry *, unsigned reason, bool gone);
void cw_wait_move(struct cw_engine *, struct cw_spd_entry *from, struct cw_spd_entry *to);	/* from is gone */
uint64_t cw_wait_tick(struct cw_engine *, uint64_t now);
bool cw_acquire_failed(struct cw_engine *, uint32_t seq, uint64_t now);

/* -- clients and events -- */
struct cw_client {
	struct cw_client *next;
	void		*cookie;
	unsigned	 flags;
	uint32_t	 opener;
	bool		 hello, registered, promisc;
	/* the dump under way: type 0 none */
	uint8_t		 dump, dump_proto;	/* dump_proto 0: of every protocol */
	uint32_t	 dump_pid, dump_left;
	uint64_t	 dump_end;	/* ids above came after the dump began */
	struct cw_sa	*dump_sa;
	struct cw_spd_entry *dump_sp;
};

struct cw_due {
	uint64_t	 at;
	struct cw_timer	*t;
};

struct cw_engine {
	struct host	*host;
	struct host_lock lock;
	struct cw_index	 by_spi, by_reqid, by_ends;
	struct cw_sa	*sa_first, *sa_last, *reap, *look;
	struct cw_due	*due;		/* a heap */
	uint32_t	 ndue, due_room;
	unsigned	 nsa, nbare;	/* nbare: encapsulated in UDP, and perhaps not in tunnel mode */
	uint64_t	 next_id;
	uint32_t	 seed;
	struct cw_tuple	*tuples;
	struct cw_index	 sp_by_id, shades;
	struct cw_spd_entry *sp_first, *sp_last;
	unsigned	 nsp, nsp_iface;	/* the latter: of them, of interfaces */
	struct cw_index	 nets;
	uint32_t	 net_lens[2][2][129];	/* local and remote prefixes of IPv4 and IPv6 by their lengths */
	uint32_t	 net_most[2][2];	/* the longest of them */
	uint32_t	 next_policy;
	struct cw_spd_entry *waiters, *asked[CW_ASKED];
	unsigned	 nwaiting;
	struct cw_client *clients;
	unsigned	 nclients, npromisc;
	uint32_t	 suite;		/* who opened the last client that said HELLO; 0: unknown */
	uint32_t	 acquire_seq;
	uint64_t	 deadline;
	struct cw_bounds bounds;
	struct cw_addr	 icmp4, icmp6;
	uint64_t	 icmp_at;
	uint32_t	 icmp_tokens;
	struct host_stats *stats;
	struct cw_tap	*taps;			/* a list; the engine's lock */
	unsigned	 ntaps;			/* published: packets look at it without the lock */
	struct cw_seen	 seen[CW_SEEN];		/* a ring; the engine's lock */
	uint64_t	 nseen;
	uint64_t	 stray_at[CW_STRAYS];	/* when each group of sources may be told of again; without a lock */
	uint32_t	 knob[CW_KNOBS];
	uint64_t	 knob_fixed;	/* a bit for each that this host cannot change */
	uint8_t		 pf[CW_PF_MAX];	/* the PF_KEY message that a control call writes */
};

struct cw_batch {
	struct cw_engine *e;
	void	(*out)(struct host *, struct cw_pkt **, unsigned);
	unsigned n;
	struct cw_pkt *v[CW_BURST];
};
static inline void
cw_batch_flush(struct cw_batch *b)
{
	unsigned n = b->n;

	b->n = 0;
	if (n)
		b->out(b->e->host, b->v, n);
}
static inline void
cw_batch_add(struct cw_batch *b, struct cw_pkt *p)
{
	b->v[b->n++] = p;
	if (b->n == CW_BURST)
		cw_batch_flush(b);
}
/*
 * A packet's layers are gone through in a loop, not by recursion, by the call that has the packet: a queue that all calls shared would grow
 * for as long as the others were quicker than who is at it. What the host's cipher gives back at once is with the loop that runs already.
 */
static inline void
cw_queue_add(struct cw_queue *q, struct cw_pkt *p)
{
	p->next = NULL;
	*(q->first ? &q->last->next : &q->first) = p;
	q->last = p;
}
static inline struct cw_pkt *
cw_queue_take(struct cw_queue *q)
{
	struct cw_pkt *p = q->first;

	if (!p)
		return NULL;
	q->first = p->next;
	p->next = NULL;
	p->queue = q;
	return p;
}
void cw_fail(struct cw_batch *drops, struct cw_pkt *, unsigned reason);	/* count, mark, put into the batch */
void cw_wake(struct cw_engine *, uint64_t at);
/* Counters are kept by the kind of traffic and the family of the packet's header, as a packet says while it is inside. */
static inline uint8_t cw_bank(unsigned kind, unsigned fam) { return (uint8_t)(kind * 2 + (fam == 6)); }
static inline uint8_t cw_bank_plain(const struct cw_pkt *p) { return cw_bank(CW_KIND_POLICY, p->len ? cw_pkt_data(p)[0] >> 4 : 4); }
static inline void
cw_tally(struct cw_engine *e, const struct cw_pkt *p, unsigned i, uint64_t n)
{
	/* a packet that a host drops before it was ever inside says nothing */
	host_stats_add(e->stats, (p->bank < CW_KINDS * 2 ? p->bank : 0) * CW_COUNTERS + i, n);
}
static inline void
cw_tally_tunnel(struct cw_engine *e, unsigned fam, unsigned i)	/* fam: of the packet inside */
{
	host_stats_add(e->stats, cw_bank(CW_KIND_TUNNEL, fam) * CW_COUNTERS + i, 1);
}

/* -- pf_event.c -- */
void cw_event_expire(struct cw_engine *, struct cw_sa *, bool hard);
void cw_event_used(struct cw_engine *, struct cw_sa *);
void cw_event_spdexpire(struct cw_engine *, const struct cw_policy *, const struct cw_spd_past *);
void cw_event_stray(struct cw_engine *, const struct cw_pkt *);	/* there is no SA of its SPI */
void cw_event_mapping(struct cw_engine *, struct cw_sa *, const struct cw_outer *old, const struct cw_outer *now);
bool cw_event_acquire(struct cw_engine *, struct cw_spd_entry *, const struct cw_request *, const struct cw_flow *, uint32_t seq);	/* false: no listener */

/* -- bundle.c: several transforms around one packet, the innermost first (RFC 4301 4.4.1.2, 5.1) -- */
struct cw_bundle {
	unsigned	 n;
	struct cw_sa	*sa[CW_REQUESTS_MAX];
	uint8_t		 transport;	/* a bit for each */
};
/*
 * One SA for each request, CW_DROP_NONE or the reason; then *r and *f are the request and the packet that lack it. n 0: send it in the
 * clear. Without an entry, which is a socket's policy, nobody is asked for an SA.
 */
unsigned cw_bundle_find(struct cw_engine *, struct cw_spd_entry *, const struct cw_policy *, const struct cw_ip *, uint64_t now, struct cw_bundle *,
	const struct cw_request **r, struct cw_flow *f);
uint32_t cw_bundle_mtu(const struct cw_bundle *, const struct cw_ip *);	/* octets of the largest packet that passes whole */
unsigned cw_bundle_room(const struct cw_bundle *, const struct cw_pkt *, const struct cw_ip *);	/* CW_DROP_NONE or the reason */
bool cw_bundle_hold(const struct cw_bundle *, struct cw_pkt *);	/* references for the packet; false: an SA has just gone */
void cw_bundle_put(struct cw_pkt *);
/* Turn what was sealed into a packet for the next transform: its outer header in the buffer, p->sa that transform's. */
bool cw_bundle_next(struct cw_pkt *, bool *transport);

void cw_bundle_header(uint8_t *h, const struct cw_outer *, uint32_t len, uint64_t seq);	/* an outer IP header in front of len octets */

/* -- esp_out.c, esp_in.c: what all transforms do -- */
unsigned cw_out_sequence(struct cw_engine *, struct cw_sa *, struct cw_pkt *);	/* the next number and where to; CW_DROP_NONE or the reason */
void cw_out_outer(const struct cw_engine *, struct cw_pkt *, const struct cw_sa *, const struct cw_ip *, uint32_t sealed);
void cw_out_header(struct cw_pkt *, const struct cw_ip *);	/* transport mode: the packet's own header, made to lead to the transform */
/* The lifetime, then the window; *seq is the whole sequence number. */
unsigned cw_in_admits(struct cw_engine *, struct cw_sa *, uint32_t low, uint64_t now, uint64_t *seq);
/* The header is off; next says what follows. In transport mode the packet gets its own back, which lies before p->crypt.esp. */
unsigned cw_in_next(const struct cw_sa *, struct cw_pkt *, unsigned next, uint8_t *mode);
unsigned cw_in_packet(struct cw_engine *, struct cw_sa *, struct cw_pkt *, struct cw_ip *, unsigned mode);	/* then the packet itself */

/* -- comp.c: IPComp (RFC 3173) -- */
#define CW_COMP_DEFLATE	2u	/* its well-known CPI, and its PF_KEY number */
#define CW_COMP_RAWCPI	0x80u	/* sadb_sa_flags of KAME: the SA's number is the CPI on the wire */
unsigned cw_comp_out(struct cw_engine *, struct cw_pkt *, const struct cw_ip *, bool transport);	/* as ESP's: CW_DROP_NONE or the reason */
unsigned cw_comp_in(struct cw_engine *, struct cw_pkt *, struct cw_ip *inside);
unsigned cw_comp_cpi(const struct cw_sa *);	/* in the header of what it sends */
struct cw_sa *cw_comp_by_cpi(struct cw_engine *, unsigned cpi, const struct cw_addr *src, const struct cw_addr *dst);
struct cw_sa *cw_comp_raw(struct cw_engine *, const struct cw_addr *src, const struct cw_addr *dst);

/* -- ah.c: AH (RFC 4302); ah_icv.c: what its ICV sees of the IP header in front -- */
struct cw_ah_mute {
	bool		tos;		/* IPv4: the TOS is none of it */
	uint16_t	offset;		/* IPv4: what of flags and fragment offset is */
	bool		out;		/* it is on its way still: as it will be when it arrives */
};
unsigned cw_ah_mute(uint8_t *h, uint32_t hlen, const struct cw_ah_mute *);	/* in place; CW_DROP_NONE or the reason */
uint32_t cw_ah_len(const struct cw_sa *, unsigned fam);		/* octets of its header */
unsigned cw_ah_out(struct cw_engine *, struct cw_pkt *, const struct cw_ip *, bool transport);	/* as ESP's: CW_DROP_NONE or the reason */
void cw_ah_sealed(struct cw_pkt *, const struct cw_sa *);	/* the cipher has made the ICV */
unsigned cw_ah_prepare(struct cw_engine *, struct cw_pkt *);	/* up to the cipher: CW_DROP_NONE, and the packet holds its SA, or the reason */
void cw_ah_opened(struct cw_pkt *, const struct cw_sa *);	/* the cipher is done with it */
unsigned cw_ah_off(const struct cw_sa *, struct cw_pkt *, uint8_t *mode);	/* and its ICV was right */

/* -- old.c: AH and ESP before RFC 2401, without numbers: RFC 1826, 1827 -- */
static inline uint32_t cw_esp_head(const struct cw_sa *sa) { return (sa->old ? 4u : 8u) + sa->iv; }
static inline uint32_t cw_ah_fixed(const struct cw_sa *sa) { return sa->old ? 8u : 12u; }	/* octets before the ICV */
void cw_old_head(struct cw_pkt *, const struct cw_sa *, uint8_t *padding, uint32_t n);	/* IV, and padding as the SA wants it */
void cw_old_iv(struct cw_pkt *, const struct cw_sa *);		/* for the cipher */

static inline bool cw_is_ip(unsigned proto) { return proto == IP_IPIP || proto == IP_IPV6; }

#endif
