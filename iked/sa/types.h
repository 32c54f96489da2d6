/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The objects of the machine. A tunnel (what is wanted) has IKE SAs; an IKE SA has one window of message ids and at most one
 * exchange of ours and one of the peer's; a child belongs to the IKE SA that may speak about it. What ends goes to the engine's
 * graveyard and is freed when the input is done, so no handler ever holds a pointer to freed memory.
 */
#ifndef IKED_SA_TYPES_H
#define IKED_SA_TYPES_H

#include "clock.h"
#include "sa/edges.h"
#include "sa/engine.h"
#include "sa/timer.h"
#include "sa/window.h"
#include "wire/cookie.h"
#include "wire/frag.h"
#include "wire/msg.h"
#include "wire/sk.h"

#define NONCE_LEN	32
#define GONE_SPIS	8

struct nonce {
	size_t	n;
	uint8_t	b[KEY_NONCE_MAX];
};

struct octets {			/* owned */
	uint8_t	*p;
	size_t	 n;
};

enum child_place { CH_LARVAL, CH_UP, CH_REKEYED, CH_GONE };

struct child {
	struct child	*next;		/* of the engine's hash */
	struct child	*sib;		/* of the tunnel's list */
	uint32_t	id;
	enum child_place state;
	struct tun	*t;
	unsigned	pol;		/* index of the policy */
	struct ikesa	*ike;		/* who speaks about it; NULL: nobody, the peer has forgotten it */
	bool		ours;		/* we began the exchange that made it */
	bool		rekey;		/* it replaced an older one */
	bool		asked, installed, held, used, lost;
	bool		deleting;	/* our DELETE is on its way */
	bool		want_delete, want_rekey;
	bool		udp;
	bool		ah;		/* its SAs are of AH: that is what names it too */
	bool		comp;		/* both ends compress (RFC 7296 2.22) */
	enum reason	why;		/* it is to be deleted */
	uint64_t	rekey_at;	/* not before */
	unsigned	tries;
	uint32_t	spi_in, spi_out;
	uint16_t	cpi_in, cpi_out;	/* of IPComp; 0: none */
	struct suite	suite;
	struct nonce	low;		/* the lower of its two nonces, RFC 7296 2.8.1 */
	uint64_t	since, soft_at;
	struct timer	timer;		/* LARVAL: none; UP: CHILD_SEND; REKEYED: fallback; GONE: linger */
	struct ts_list	local, remote;
	struct addr	said_local, said_remote;	/* fam 0, or how the peer calls the two behind a translator (2.23.1) */
};

enum xkind { XK_AUTH, XK_CHILD, XK_REKEY, XK_IKE, XK_DEL_CHILD, XK_DEL_IKE, XK_LIVE };

/* One exchange that makes or ends something. In IKE_AUTH it is the child's half of it. */
struct xch {
	struct ikesa	*ike;
	enum xkind	 kind;
	bool		 ours;
	enum place	 at;
	uint32_t	 id;		/* message id */
	struct child	*child;		/* being made */
	struct child	*old;		/* being replaced or deleted; NULL when it went meanwhile */
	uint32_t	 old_spi;
	bool		 old_ah;	/* of AH */
	struct ikesa	*fresh;		/* the IKE SA being made */
	uint64_t	 new_spi;	/* its SPI: ours or the peer's, whose request it is */
	struct nonce	 ni, nr;
	uint16_t	 group;
	uint32_t	 ke;
	uint8_t		 num;		/* the peer's proposal that we chose */
	bool		 retried;	/* after INVALID_KE_PAYLOAD */
	bool		 dead;
	struct suite	 suite;
	struct octets	 pub, peer_pub;
	uint32_t	 gone[GONE_SPIS];	/* deleted by the peer before ours was done */
	unsigned	 ngone;
	uint16_t	 refuse;	/* notify that answers instead */
	struct record	*rec;		/* why, until the peer is authenticated */
	struct call	*call;		/* that we wait for */
	struct xch	*grave;
};

struct certs {			/* CERT payloads, owned */
	unsigned	n;
	uint8_t		encoding[KEY_CERTS];
	struct octets	data[KEY_CERTS];
};

/* What only IKE_SA_INIT and IKE_AUTH need. */
struct setup {
	struct nonce	ni, nr;
	uint16_t	group;
	uint32_t	ke;
	struct octets	pub, peer_pub;
	struct octets	msg_i, msg_r;	/* the first messages, as AUTH covers them */
	struct octets	id_i, id_r;	/* ID bodies */
	struct octets	auth, proof;	/* the peer's proof, ours */
	uint8_t		auth_method, proof_method, num;
	struct certs	theirs, ours;
	uint16_t	hashes;		/* bit n: the peer knows hash n for signatures, RFC 7427 4 */
	uint8_t		want;		/* KEY_WANT_*: what the peer asked for */
	struct octets	cookie;
	unsigned	cookies, groups;	/* times the peer asked */
	bool		initial_contact, peer_contact;
	uint8_t		digest[32];
	bool		has_digest;
	uint16_t	refuse;		/* why the answer has no child */
	bool		want_child;
};

struct ikesa {
	struct ikesa	*hnext;		/* of the hash by our SPI */
	struct ikesa	*sib;		/* of the tunnel's list */
	struct ikesa	*half_next;	/* of the half-open hash */
	struct tun	*t;		/* NULL: responder before IKE_AUTH */
	enum place	 state;
	bool		 initiator;
	uint64_t	 spi_i, spi_r;
	struct endpoint	 local, remote;
	bool		 natt;		/* UDP 4500 */
	bool		 nat_local, nat_remote, natd;
	bool		 half;		/* counted as half open, */
	struct endpoint	 half_from;	/* under this address */
	bool		 keyless;	/* keymgr has lost SK_d */
	bool		 leaving;	/* another one takes its place */
	bool		 quiet;		/* dies without DELETE */
	bool		 want_delete, want_rekey, want_live;
	bool		 replaced;	/* a rekey made another one in its place */
	bool		 has_digest;	/* the peer said which definition it has: */
	uint8_t		 digest[32];
	bool		 suspect;	/* somebody says that the peer does not know it */
	bool		 refuse_auth;	/* its DELETE says AUTHENTICATION_FAILED */
	bool		 fragments;	/* both know RFC 7383 */
	struct frags	 frags[2];	/* of the request, of the response that comes in pieces */
	uint64_t	 frags_at;	/* since when something waits there */
	bool		 frags_unproved;	/* it is counted in the engine's unproved */
	bool		 causeway;	/* the peer is one, by its vendor ID: whoever it is may say so */
	bool		 one_form;	/* and its engine takes ESP only in the form that it sends (Linux's own) */
	struct octets	 proved;	/* with what the peer proved itself, for people */
	uint32_t	 stray;		/* of a packet from the peer that has no SA here: it is told; 0: none */
	uint64_t	 stray_at;	/* not asked again before, whatever strays (stray.c) */
	uint32_t	 drop_spi;	/* a child that only the peer has: delete it */
	bool		 drop_ah;
	enum reason	 why;
	enum reason	 heard;		/* what the network said of the last message sent, R_OK: nothing */
	uint64_t	 rekey_at;
	unsigned	 tries;
	struct suite	 suite;
	uint32_t	 handle;	/* keymgr's */
	struct sk_key	 sk_out, sk_in;
	uint64_t	 iv;
	struct window	 win;
	struct xch	*own, *peer;
	struct call	*call;		/* setup: that we wait for */
	struct setup	*set;
	struct ikesa	*from;		/* rekey: the old one, while it lives */
	bool		 made_by_us;	/* rekey or init: we began the exchange */
	struct nonce	 rank;		/* initiator's nonce, or the lower of both after a rekey */
	uint64_t	 created, up_at, last_in, last_out;
	char		 id_remote[ID_CAP];
	struct timer	 resend, life, idle, keepalive;
	struct ikesa	*grave;
};

struct policy {
	bool		wanted;
	bool		asked;		/* a packet waits for it in the engine */
	bool		urgent;		/* replace a loss now, whoever initiated */
	uint64_t	missing;	/* since when no child is up; 0: one is */
	uint64_t	retry_at;
	uint64_t	started;
	unsigned	tries;
	enum reason	reason;
	char		detail[128];
};

struct tun {
	struct tun	*next_name, *next_pair, *next_id, *next;
	struct policy	pol[IKE_CHILDREN];
	struct ikesa	*sas;
	struct child	*children;
	bool		seen;		/* PUT since engine_sync_begin() */
	bool		wanted;		/* up */
	bool		contacted;	/* this process had an IKE SA with the peer: no INITIAL_CONTACT */
	bool		dirty, report, gone;
	struct addr	here;		/* our address, as the next setup is to say it; of a tunnel that has none */
	bool		up_now;		/* by command: do not wait for the peer to begin */
	struct tun	*dirty_next;
	struct log_limit noise;		/* peers that say they are this one */
	uint64_t	stray_at;	/* its peer is not told again in the clear before */
	uint64_t	turn;		/* in the pace; 0: none */
	uint64_t	since;		/* no IKE SA since */
	uint64_t	started;	/* when the last one was begun */
	uint64_t	retry_at;
	unsigned	tries;
	uint16_t	group;		/* that the peer asked for last time; 0 */
	enum reason	reason;
	char		detail[256];
	struct timer	timer;
	struct tun	*grave;
	struct tunnel	cfg;		/* last, and written by tunnel_copy(): its unused children cost no memory */
};

struct orphan {			/* a child that an iked before us had installed */
	struct orphan	*next;
	uint32_t	 child, reqid;
	char		 tunnel[NAME_CAP];
	uint64_t	 drop_at;
};

struct call {
	struct call	*next;
	uint32_t	 id;
	uint16_t	 type;
	struct ikesa	*ike;		/* who waits: NULL: nobody any more */
	struct xch	*x;
	struct child	*child;
	uint32_t	 arg;		/* REMOVE's target when the answer comes too late */
};

struct waiter {
	struct waiter	*next;
	uint64_t	 tag;
	enum engine_command what;
	char		 tunnel[NAME_CAP], child[NAME_CAP];
	uint32_t	 old_child;	/* REKEY_CHILD, RESTART of a child */
	uint64_t	 old_spi;	/* REKEY_SA, RESTART */
	uint64_t	 until;
};

#define HASH	4096
#define CALLS	256
#define PREFIXES 1024
#define STRAYS	16

struct half_net {
	struct half_net	*next;
	uint8_t		 key[9];
	unsigned	 n;
};

enum counter {
#define C(name) C_##name,
#include "sa/counters.def"
#undef C
	C_MAX
};

struct engine {
	struct engine_host host;
	const struct edge *edges;
	size_t		 nedges;
	const struct rule *rules;
	size_t		 nrules;
	void		(*trace)(void *, const struct edge *, uint64_t);
	void		*trace_ctx;
	uint64_t	 now;
	struct todo	*head, **tail;
	struct timers	 timers;
	struct tun	*dirty;
	struct tun	*tuns, *by_name[HASH], *by_pair[HASH], *by_id[HASH];
	struct ikesa	*by_spi[HASH], *by_half[HASH];
	struct child	*by_child[HASH];
	struct call	*calls[CALLS];
	struct orphan	*orphans;
	struct waiter	*waiters;
	struct half_net	*nets[PREFIXES];
	unsigned	 half_open;
	size_t		 unproved;	/* octets of fragments that wait at IKE SAs that are not up */
	struct cookie_jar jar;
	uint32_t	 next_call, next_child;
	bool		 keymgr, listed, engine_up, stopping, synced;
	bool		 orphans_due;	/* something happened that may end one */
	uint8_t		 features;	/* KEY_FEAT_* */
	uint32_t	 list_after;
	unsigned	 ncalls, nikes, nchildren;
	unsigned	 nanchors;	/* that CERTREQ names */
	uint8_t		 anchors[KEY_ANCHORS][KEY_ANCHOR];
	uint64_t	 pace;		/* the next start may be then */
	uint64_t	 retire_at;	/* orphans */
	struct timer	 tick, orphan_timer;
	struct ikesa	*grave_ike;
	struct xch	*grave_xch;
	struct child	*grave_child;
	struct tun	*grave_tun;
	uint64_t	 hint_at;	/* INVALID_IKE_SPI may be said again */
	uint64_t	 tell_at;	/* INVALID_SPI in the clear */
	uint64_t	 stray_at[STRAYS];	/* when all IKE SAs may be looked through again for who sits at an address, by groups of addresses */
	struct log_limit noise, strangers;	/* junk; and messages that were understood and refused */
	struct engine_counter counters[C_MAX];
	uint8_t		 plain[MSG_MAX], cipher[MSG_MAX + 1], rx[MSG_MAX + 1];
	struct msg	 msg;
};

/* What a handler gets: a message or keymgr's answer, and where. */
struct turn {
	struct engine	*e;
	struct ikesa	*ike;
	struct xch	*x;
	struct msg	*m;
	enum reason	 reason;	/* of keymgr's answer */
	char		 detail[256];
	struct rd	*body;
	struct endpoint	 local, remote;	/* of the message */
	bool		 natt;
};

#endif
