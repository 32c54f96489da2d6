/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The engine's whole public interface: SAD, SPD, ESP, AH, IPComp and PF_KEY behind bursts of packets.
 * Ownership: the host gives packets in by cw_plain_in, cw_wire_in and cw_check_clear and loses them; each comes back exactly
 * once, by host_plain_out, host_wire_out or host_drop_out (host.h), in user space before the call returns, in the kernel
 * perhaps later. The engine never allocates packets and prints nothing. Time is an argument (ns, CLOCK_BOOTTIME).
 * cw_pfkey, cw_client_*, cw_tick, cw_path_mtu, cw_policies and cw_icmp_source are control calls: the host makes one at a time,
 * where it may sleep. Packets may go through on several processors meanwhile; cw_free comes when none is inside any more.
 */
#ifndef CAUSEWAY_CW_H
#define CAUSEWAY_CW_H

#include "host.h"
#include <causeway/pfkey.h>

struct cw_engine;
struct cw_client;
struct cw_sa;

/* Same layout as lib's struct addr: fam 0 none, 4 or 6; IPv4 in b[0..3], the rest zero. */
struct cw_addr {
	uint8_t	fam;
	uint8_t	b[16];
};

struct cw_prefix {
	struct cw_addr	addr;
	uint8_t		len;
};

/* The outer header: filled by the host on wire_in, by the engine before wire_out. Ports in host order. */
struct cw_outer {
	struct cw_addr	src, dst;	/* src.fam 0 on wire_out: the host chooses */
	uint16_t	sport, dport;	/* of the UDP encapsulation */
	uint8_t		udp;		/* 1: ESP in UDP */
	uint8_t		proto;		/* else the protocol behind the header: ESP (which 0 stands for on wire_in), AH, IPComp, or what IPComp left as it was */
	uint8_t		tos;		/* or traffic class */
	uint8_t		ttl;		/* wire_out: 64 */
	uint8_t		df;		/* wire_out: 0 means the host fragments what is larger than its interface, */
	uint8_t		whole;		/* wire_out: the header in the buffer goes on as it is to the last field, as an AH inside covers it */
	uint16_t	piece;		/* and IPv6, which routers do not cut, into pieces of this path MTU; 0: not known */
	/*
	 * Octets of the IP header that stands in the buffer before the ESP header (before the UDP header's eight octets where udp
	 * is set); 0: it is not there. wire_out: transport mode, where the packet's own header goes on, changed to lead to ESP; the
	 * fields above say the same; also AH in tunnel mode, whose ICV covers it: it must go on as it is. wire_in, AH always: what transport mode gives back to the packet; without it one is made of src, dst and tos.
	 */
	uint16_t	hlen;
};

struct cw_flow {
	struct cw_addr	src, dst;
	uint8_t		proto;
	uint8_t		opaque;		/* a later fragment: 1 its ports are not known, 2 its protocol neither */
	uint16_t	sport, dport;	/* ICMP: type, code */
};

#define CW_NEST_MAX	8	/* transforms taken off one packet at most */
#define CW_REQUESTS_MAX	4	/* transforms that a policy asks for, and one packet is given, at most */

/* One transform that was taken off, outermost first. */
struct cw_hist {
	uint8_t		proto;		/* 50, 51, 108 */
	uint8_t		mode;		/* CW_MODE_* */
	uint32_t	spi, reqid;
	struct cw_addr	src, dst;
};

enum cw_verdict {
	CW_PENDING = 0,
	CW_DELIVER,	/* plain_out: came in by the wire, decapsulated and checked; deliver or forward it */
	CW_CLEAR,	/* plain_out: a clear inbound packet (cw_check_clear) that may pass */
	CW_BYPASS,	/* plain_out: a packet from plain_in that no policy covers, or that one lets pass; send it in the clear.
			 * wire_out: one whose policy has the level use and no SA; it leaves as what IPComp left as it was */
	CW_ANSWER,	/* plain_out: an ICMP error of the engine for the sender of a packet from plain_in */
	CW_SEALED,	/* wire_out */
	CW_DROPPED	/* drop_out; the reason stands in drop */
};

/* A row of the registry of algorithms (alg.c); hosts ask it for the sizes. */
struct cw_alg {
	uint8_t		id, auth;	/* the PF_KEY number; auth 1: an integrity algorithm */
	uint8_t		aead;		/* it authenticates by itself */
	uint8_t		salt, iv, icv, block;
	uint16_t	min, max, step;	/* key bits without salt */
	uint8_t		legacy;		/* weak: only where CW_KNOB_LEGACY is 1 */
};
const struct cw_alg *cw_alg_find(bool auth, unsigned id);	/* NULL: there is none */

/*
 * With the number of an integrity algorithm, for host_aead_new: an ICV of 128 bits, whatever the registry says, as KAME's AH of RFC 1826 has
 * with each of them.
 */
#define CW_AALG_OLD	0x100u
#define CW_OLD_ICV	16u
/* What goes into the digest before the packet, of RFC 1828 and 1852: the key, filled to a block. n: 55 at most. */
#define CW_KEYFILL	64u
void cw_keyfill(unsigned auth, const uint8_t *key, size_t n, uint8_t block[CW_KEYFILL]);

/* What the host's cipher needs; filled by the engine, embedded so that nothing is allocated for a packet. */
struct cw_crypt {
	struct host_aead *aead;
	uint8_t		*esp;		/* the ESP header; IV and text follow it without a gap; a MAC alone: what it covers */
	uint8_t		*icv;		/* where the ICV is, with GMAC's IV in front; NULL: behind the text */
	uint8_t		*iv;		/* where the IV is; NULL: behind eight octets of header */
	uint32_t	head;		/* octets before the text: 8 + IV; where iv is set, whatever stands there */
	uint32_t	text;		/* octets of text */
	uint32_t	seqhi;		/* ESN: the high half, host order */
	uint8_t		esn;
	uint8_t		ok;		/* out: the cipher's answer */
};

/* IPComp, for the hosts' codecs: what comes of one packet is bounded by a factor, or where that is less, by octets. */
#define CW_COMP_HEADER	4u	/* RFC 3173 3.1 */
#define CW_COMP_RATIO	200u
#define CW_COMP_FLOOR	2048u

/* AH's ICV covers the IP header too: of how many octets at most, with options and extension headers. */
#define CW_AH_FRONT	256u

#define CW_HEADROOM	384	/* octets the engine wants before a packet from plain_in; hosts add their own needs: */
				/* of each transform ESP header, IV and UDP, or AH with its ICV, and an IP header */
#define CW_TAILROOM	224	/* and behind it: of each padding to 16, trailer, ICV to 32 */

struct cw_pkt {
	uint8_t		*buf;
	uint32_t	 cap;
	uint32_t	 off, len;	/* the packet is buf[off .. off+len) */
	struct cw_outer	 outer;
	uint8_t		 verdict;	/* enum cw_verdict */
	uint8_t		 checked;	/* the inbound policy check was passed */
	uint8_t		 forward;	/* cw_check_clear: the host is about to forward, not to deliver, this packet */
	uint8_t		 nhist;
	uint16_t	 drop;		/* CW_DROP_* */
	uint32_t	 spi;		/* of the SA that it came or would have gone by, 0: none was looked for */
	uint8_t		 expanded;	/* IPComp was taken off it, once */
	uint8_t		 translated;	/* it came in UDP, in transport mode: a NAT may have changed what its sums include */
	uint8_t		 bank;		/* which counters are raised: kind of traffic and family */
	struct cw_hist	 hist[CW_NEST_MAX];
	void		*cookie;	/* the host's own */
	uint32_t	 iface;		/* plain_in: the number of our interface that it leaves by, wire_in and out again: of the one that it comes in by; 0: none */
	const struct cw_policy *own;	/* plain_in: of the socket that sends it, and the SPD is not asked; read only during the call */
	/* the engine's own while it has the packet */
	struct cw_sa	*sa;
	struct cw_sa	*then[CW_REQUESTS_MAX - 1];	/* out: what it is still to go through, with a reference each */
	uint8_t		 nthen, then_transport;		/* the latter: a bit for each that is in transport mode */
	uint64_t	 seq, now;
	uint8_t		 ttype;
	struct cw_crypt	 crypt;
	struct cw_pkt	*next;
	struct cw_queue	*queue;		/* of the call that gave it to the cipher, which has not returned; NULL: it has, or there is none */
	/* AH, while the cipher has it: the IP header as it was, and the ICV; the whole IV of RFC 1829. The last member: hosts need not clear it. */
	struct { uint8_t front[CW_AH_FRONT], icv[32]; } aside;
};

/* Packets that still have layers before them, in the call that has them; never more than it was given. */
struct cw_queue { struct cw_pkt *first, *last; };

static inline uint8_t *cw_pkt_data(const struct cw_pkt *p) { return p->buf + p->off; }

enum cw_drop {
#define D(num, NAME, name, sentence) CW_DROP_##NAME = num,
#include <causeway/drop.def>
#undef D
};

/* -- engine -- */
struct cw_engine *cw_new(struct host *);	/* NULL: no memory */
void cw_free(struct cw_engine *);		/* drops waiting packets, wipes keys, sends nothing */

/*
 * What clients and packets can make an engine hold and say. cw_bounds_most: as it begins, and no limit can be set higher. What is
 * there already stays when a limit is set below it.
 */
struct cw_bounds { uint32_t sas, policies, icmp_errors; };	/* the last: ICMP errors a second */
extern const struct cw_bounds cw_bounds_most;
void cw_bounds_set(struct cw_engine *, const struct cw_bounds *);

/* -- packets -- */
/* From an IP header on; checksums complete and segments split. Outbound policy, then ESP. */
void cw_plain_in(struct cw_engine *, struct cw_pkt **v, unsigned n, uint64_t now);
/* Starts at the header of ESP, AH or IPComp, or, with outer.proto 4 or 41, at the packet that cw_ask_raw said yes to; outer is filled;
 * fragments were put together by the host. */
void cw_wire_in(struct cw_engine *, struct cw_pkt **v, unsigned n, uint64_t now);
/* May what comes encapsulated in UDP be in transport mode? Then 40 octets are wanted before its ESP header where IPv6 has no hlen. */
bool cw_wants_room(const struct cw_engine *);
/*
 * For a host that decides before it gives a packet away, by the packet's first octets (have of whole). CW_ASK_MORE: its headers
 * are longer than that. cw_ask_out: what the outbound policy says, CW_POLICY_NONE where there is none, where its requests
 * are all of the level use and there is no SA, and where a packet that is only forwarded would be given nothing but IPComp in transport
 * mode, which may leave it as it is: then it stays on the system's own path, its filters included. cw_ask_clear: may it come
 * in or be forwarded unprotected, as cw_check_clear? The reason it may not, or 0. cw_ask_spi: is there an SA of that
 * SPI, and where port is not 0, is it encapsulated in UDP to that port, or not at all (CW_SPI_BARE)? A peer may encapsulate
 * although we do not (RFC 7296 2.23); to which port, then no SA says.
 */
enum { CW_SPI_NONE, CW_SPI_THERE, CW_SPI_BARE };
#define CW_ASK_MORE	0xffffu
#define CW_ASK_UNMATCHED 0xfffeu	/* cw_ask_out: no policy covers it, and such packets are dropped (def_policy) */
enum cw_asked { CW_ASK_SENT, CW_ASK_FORWARDED, CW_ASK_AHEAD };	/* AHEAD: it will be asked again where it is forwarded, and is not counted now */
unsigned cw_ask_out(struct cw_engine *, const uint8_t *p, size_t have, size_t whole, enum cw_asked, uint64_t now);
unsigned cw_ask_clear(struct cw_engine *, const uint8_t *p, size_t have, size_t whole, bool forward, uint64_t now);
unsigned cw_ask_spi(struct cw_engine *, uint32_t spi, const struct cw_addr *dst, uint16_t port);
bool cw_ask_ah(struct cw_engine *, uint32_t spi, const struct cw_addr *dst);	/* is there an SA of AH? */
/* An IP packet in an IP packet between these ends: is it what an IPComp SA in tunnel mode did not compress (RFC 3173 2.2)? */
bool cw_ask_raw(struct cw_engine *, const struct cw_addr *src, const struct cw_addr *dst);
/* Sends an IPComp SA with that CPI in its header between these ends? The well-known one (RFC 3173 3.3) anybody can guess. */
bool cw_ask_comp(struct cw_engine *, unsigned cpi, const struct cw_addr *src, const struct cw_addr *dst);
/* Inbound packets that never were protected: out they come by plain_out (CW_CLEAR) or drop_out. */
void cw_check_clear(struct cw_engine *, struct cw_pkt **v, unsigned n, uint64_t now);
/*
 * The one policy check, on delivery and on forwarding: CW_DROP_NONE or the reason. Sets p->checked. The host is asked whether a socket
 * with a policy of its own gets the packet (host_socket_policy); then that is what it is held against.
 */
unsigned cw_policy_check_in(struct cw_engine *, struct cw_pkt *);
/* The same of one policy; p NULL: a clear packet of this family. */
unsigned cw_policy_takes(const struct cw_engine *, const struct cw_policy *, const struct cw_pkt *, unsigned fam);
/* Where a packet that is dropped was on its way from and to: the header of its kind of traffic. fam 0: it is not to be read. */
void cw_dropped_ends(const struct cw_pkt *, struct cw_addr *src, struct cw_addr *dst);
/*
 * For host_drop_out: true, and the packet is now the error for its sender, to be sent as what plain_out gives (CW_ANSWER). False: nobody is to
 * hear of this reason, by this setting, of this packet or at this moment.
 */
bool cw_answer(struct cw_engine *, struct cw_pkt *);
/* The host's own drops: count the reason and hand the packet to host_drop_out. */
void cw_drop(struct cw_engine *, struct cw_pkt *, unsigned reason);
void cw_count(struct cw_engine *, unsigned reason, uint64_t n);	/* when there is no struct cw_pkt */
/* One clear packet, of which have octets of whole are at hand: counted by its family and at its policy, and remembered among the last drops. */
void cw_refused(struct cw_engine *, unsigned reason, const uint8_t *p, size_t have, size_t whole, uint64_t now);
/*
 * Completion of host_seal and host_open, for each packet once; crypt.ok holds the answer. What these calls did not complete before they
 * returned is completed later, with its queue NULL: the one that stands in it may be gone by then.
 */
void cw_sealed(struct cw_engine *, struct cw_pkt **v, unsigned n);
void cw_opened(struct cw_engine *, struct cw_pkt **v, unsigned n);

/* -- time and paths -- */
/* Lifetimes of SAs and policies, larval SAs, waiting packets. Returns when it wants to be called next; UINT64_MAX: not before something changes
 * (ask again after cw_pfkey: cw_deadline). */
uint64_t cw_tick(struct cw_engine *, uint64_t now);
uint64_t cw_deadline(struct cw_engine *);
/* The path MTU to a peer (whole outer IP packets) changed. Initially host_path_mtu is asked once for each SA. */
void cw_path_mtu(struct cw_engine *, const struct cw_addr *peer, uint32_t mtu);
/* Source of ICMP errors by family; without it they carry the address that the packet was sent to. */
void cw_icmp_source(struct cw_engine *, const struct cw_addr *);

/* -- PF_KEY -- */
enum { CW_CLIENT_KEYS = 1, CW_CLIENT_KEYLESS = 2 };	/* may see keys (root, keymgr); may never see or set any */
/*
 * opener: a number that the host has for each process; 0: the host has counted by itself. NULL: no memory, or there are too many; the last
 * places are for the opener of those that say HELLO.
 */
struct cw_client *cw_client_open(struct cw_engine *, void *cookie, unsigned flags, uint32_t opener);
void cw_client_close(struct cw_engine *, struct cw_client *);
unsigned cw_client_flags(const struct cw_client *);	/* KEYLESS may have been set by REGISTER */
/* Pure. Does this message name an interface, which will be made where there is none? For a host that has to make it before. */
bool cw_pfkey_iface(const uint8_t *msg, size_t len, char name[CW_IFACE_LEN]);
/* One message from a client. Answers and broadcasts go out by host_pfkey_out before it returns. msg needs no alignment. */
void cw_pfkey(struct cw_engine *, struct cw_client *, const uint8_t *msg, size_t len, uint64_t now);
/* The client's socket is writable again: go on with its dump. True while there is more to send. */
bool cw_pfkey_resume(struct cw_engine *, struct cw_client *, uint64_t now);

/* -- settings -- */
enum cw_knob_number {
#define K(NAME, name, least, most, usual) CW_KNOB_##NAME,
#include <causeway/knob.def>
#undef K
	CW_KNOBS
};
const char *cw_knob_name(unsigned i);	/* NULL: there is no such number */
void cw_knob_bounds(unsigned i, uint32_t *least, uint32_t *most, uint32_t *usual);	/* of a number that is one */
uint32_t cw_knob(const struct cw_engine *, unsigned i);
int cw_knob_set(struct cw_engine *, unsigned i, uint32_t v);	/* control call. 0, EINVAL: outside its bounds, EOPNOTSUPP: not on this host */
void cw_knob_fix(struct cw_engine *, unsigned i);		/* this host cannot do anything else */
bool cw_idle(const struct cw_engine *);	/* nothing here can concern a clear packet */

/* -- counters -- */
#define CW_COUNTERS	128
/* v[i] for every i < CW_COUNTERS: drops by number; from 96 on totals. The name is NULL where a number is not in use. */
enum { CW_TOTAL_PLAIN_IN = 96, CW_TOTAL_PLAIN_OUT, CW_TOTAL_WIRE_IN, CW_TOTAL_WIRE_OUT, CW_TOTAL_ACQUIRE,
	CW_TOTAL_BYTES_SEALED, CW_TOTAL_BYTES_OPENED, CW_TOTAL_DROPS,
	CW_TOTAL_COMP_SMALL, CW_TOTAL_COMP_USELESS };	/* IPComp: sent as they were, below the threshold or because it did not help */
uint64_t cw_counter(const struct cw_engine *, unsigned i);
uint64_t cw_counter_of(const struct cw_engine *, unsigned kind, unsigned fam, unsigned i);	/* CW_KIND_*; 4 or 6 */
const char *cw_counter_name(unsigned i);	/* "drop_icv_wrong", "plain_in" */
const char *cw_drop_sentence(unsigned reason);

/* -- policies, for the host's routes, rules and guard -- */
struct cw_request {
	uint8_t		proto, mode, level;	/* 50, 51, 108; CW_MODE_*; CW_LEVEL_* */
	uint32_t	reqid;
	struct cw_addr	src, dst;	/* fam 0 (or an address of zeros): what the SA with this reqid says */
};

/* An interface that tunnels are: what leaves by it meets the policies of that number alone, and so does what comes by SAs of that number. */
struct cw_iface {
	uint32_t	num;		/* the host's; 0: of none */
	char		name[CW_IFACE_LEN];
};

struct cw_policy {
	uint32_t	id, priority;	/* lower first, then in order of arrival */
	uint8_t		dir, type;	/* CW_DIR_*, CW_POLICY_* */
	uint8_t		proto;		/* 255 any */
	uint16_t	sport, dport;	/* 0 any */
	struct cw_prefix src, dst;
	uint8_t		owner[CW_OWNER_LEN];
	unsigned	nreq;
	struct cw_request req[CW_REQUESTS_MAX];
	uint64_t	life, idle;	/* seconds after which it goes: since it came, and since it was used; 0: never */
	struct cw_iface	iface;
};

enum cw_change { CW_POLICY_ADDED = 1, CW_POLICY_UPDATED = 2, CW_POLICY_DELETED = 3 };
/* Calls fn for every policy, in the order of arrival, until it returns false. fn must not change policies. */
void cw_policies(struct cw_engine *, bool (*fn)(void *arg, const struct cw_policy *), void *arg);
unsigned cw_policy_count(const struct cw_engine *);
unsigned cw_sa_count(const struct cw_engine *);
/* A policy as ipsec_set_policy(3) makes it, for a socket: n octets of struct sadb_x_policy and its requests. 0, or an errno. */
int cw_policy_read(const uint8_t *, size_t n, struct cw_policy *);

#endif
