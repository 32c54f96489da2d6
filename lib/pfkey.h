/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * PF_KEY v2 for keymgr (SAs) and spdsync (policies): one struct for every message, a builder, a strict parser, and a small client
 * over a SOCK_SEQPACKET descriptor. The layout is the host's <linux/pfkeyv2.h>: host byte order but for SPIs and ports, extension
 * lengths in 64-bit words. The private extensions are those of <causeway/pfkey.h>; the client sends none before HELLO was
 * answered, because a stock af_key skips what it does not know without a word.
 */
#ifndef CAUSEWAY_LIB_PFKEY_H
#define CAUSEWAY_LIB_PFKEY_H

#include <event2/event.h>
#include <linux/pfkeyv2.h>

#include "addr.h"
#include "bytes.h"
#include "causeway/pfkey.h"
#include "ts.h"

#define PFKEY_MSG_MAX	32768u	/* octets of one message, either way */
#define PFKEY_REQUESTS	8	/* ipsecrequests of one policy */
#define PFKEY_ALGS	64	/* rows of one SUPPORTED extension */
#define PFKEY_OWNER_CAP	(CW_OWNER_LEN + 1)

/* Which extensions a message has: standard ones by number, private ones (0x7F00 on) from bit 32. */
#define PFKEY_HAS(ext)	((ext) < 0x7f00 ? 1ull << ((ext) & 31) : 1ull << (32 + ((ext) & 31)))
#define PFKEY_PRIVATE	(~0ull << 32)

struct pfkey_sa {		/* SADB_EXT_SA */
	uint32_t	spi;	/* host order */
	uint8_t		replay, state, auth, encrypt;
	uint32_t	flags;
};

struct pfkey_sa2 {		/* SADB_X_EXT_SA2 */
	uint8_t		mode;	/* CW_MODE_* */
	uint32_t	sequence, reqid;
};

struct pfkey_lifetime {
	uint64_t	packets;	/* "allocations" counts packets, as on Linux; PACKETS says what 32 bits cannot; 0 none */
	uint64_t	bytes, addtime, usetime;
};

struct pfkey_address {		/* a policy's selector, or an SA's endpoint */
	struct endpoint	ep;
	uint8_t		proto, prefixlen;
};

struct pfkey_request {		/* one step of a policy */
	uint16_t	proto;	/* 50 ESP, 51 AH, 108 IPComp */
	uint8_t		mode, level;
	uint32_t	reqid;
	struct addr	src, dst;	/* tunnel mode; fam 0: none given; 0.0.0.0 or :: what the SA says */
	uint16_t	sport, dport;	/* host order; 0 none */
};

struct pfkey_policy {		/* SADB_X_EXT_POLICY */
	uint16_t	type;	/* CW_POLICY_* */
	uint8_t		dir;	/* CW_DIR_* */
	uint32_t	id, priority;
	unsigned	n;
	struct pfkey_request req[PFKEY_REQUESTS];
};

struct pfkey_stats {
	uint64_t	packets, bytes, sequence, replay, icv, selector, other;
};

struct pfkey_tap {		/* n 0: the tap with this id ends */
	unsigned	n;
	uint32_t	id, octets, rate;
	uint32_t	reqid[CW_TAP_REQIDS_MAX];
};

struct pfkey_tapped {
	uint16_t	reason;		/* CW_DROP_* */
	uint32_t	id, lost, reqid, spi, whole;
	uint8_t		dir, proto;
	uint64_t	when_ns;	/* CLOCK_BOOTTIME */
	struct bytes	octets;		/* borrowed; the first of the packet, perhaps not all */
};

struct pfkey_algs {		/* SADB_EXT_SUPPORTED_* */
	unsigned	n;
	struct sadb_alg	v[PFKEY_ALGS];
};

/*
 * One message, both ways. Only members whose extension is in `has` count. Spans borrow: in a message that was parsed they point
 * into its buffer and end with it. Selectors: src and dst in the direction of the SA's packets.
 */
struct pfkey_msg {
	uint8_t			type, err, satype;	/* SADB_* or CW_MSG_*, errno, SADB_SATYPE_* */
	uint32_t		seq, pid;
	uint64_t		has;

	struct pfkey_sa		sa;
	struct pfkey_sa2	sa2;
	struct pfkey_lifetime	current, hard, soft;
	struct pfkey_address	src, dst, proxy;
	struct bytes		key_auth, key_encrypt;
	uint32_t		spi_min, spi_max;	/* SPIRANGE */
	struct pfkey_policy	policy;
	uint8_t			natt_type;
	uint16_t		natt_sport, natt_dport;	/* host order */
	struct pfkey_algs	algs_auth, algs_encrypt;
	/* private */
	uint16_t		hello_version;
	uint64_t		hello_features;		/* CW_FEAT_* */
	uint32_t		replay_window;		/* REPLAY: packets */
	uint32_t		sa_flags;		/* SAFLAGS: CW_SAF_* */
	struct ts_list		sel_src, sel_dst;	/* SELECTORS */
	char			owner[PFKEY_OWNER_CAP];	/* OWNER: text, "keymgr:tunnel/child" */
	struct pfkey_stats	stats;			/* STATS */
	uint16_t		named_what;		/* NAMED: CW_NAMED_* */
	struct bytes		named;			/* whole struct cw_named, borrowed */
	struct bytes		drops;			/* DROPS: whole struct cw_dropped, borrowed */
	struct bytes		layers;			/* LAYERS: whole struct cw_layer, borrowed */
	struct pfkey_tap	tap;			/* TAP */
	struct pfkey_tapped	tapped;			/* TAPPED */
	char			iface[CW_IFACE_LEN];	/* IFACE: a name */
	/* KEYLESS has no content; PACKETS' content is soft.packets and hard.packets */
};

/* Octets of a message. False (and the writer bad) when something does not fit or cannot be said. Key octets pass through here: wipe the buffer. */
bool pfkey_put(struct wr *, const struct pfkey_msg *);
/*
 * Strict: version, exact length, every extension inside the message and of its own length, none twice, addresses by family and of
 * exactly that family's size. Unknown extensions are skipped (RFC 2367 2.3). False: *why gets a static sentence; may be NULL.
 */
bool pfkey_get(struct bytes, struct pfkey_msg *, const char **why);

/* Is it the news that policies came, went or changed? */
bool pfkey_changes_policies(const struct pfkey_msg *);

/* Starts of common messages; the caller adds what is special and sets bits in has. */
void pfkey_msg_init(struct pfkey_msg *, uint8_t type, uint8_t satype);
void pfkey_set_ends(struct pfkey_msg *, const struct endpoint *src, const struct endpoint *dst);	/* SA's endpoints; ports of UDP encapsulation are not these */
void pfkey_set_sa2(struct pfkey_msg *, uint8_t mode, uint32_t reqid);
/* A policy's selector: prefixes, protocol (0 any), ports (0 any). */
void pfkey_set_selector(struct pfkey_msg *, const struct prefix *src, const struct prefix *dst, uint8_t proto, uint16_t sport, uint16_t dport);
void pfkey_set_owner(struct pfkey_msg *, const char *);
/* "": of no interface, and nothing is said. A name that cannot be is not put. */
void pfkey_set_iface(struct pfkey_msg *, const char *);

/*
 * The client. Replies are matched by (pid, seq, type); a dump's entries by (pid, type), so dumps run one after the other. What is
 * not an answer to us (ACQUIRE, EXPIRE, NEW_MAPPING, others' ADD, DELETE, FLUSH, SPD…) is an event. The descriptor never blocks:
 * requests that the engine does not take wait in a bounded queue.
 */
struct pfkey;
struct pfkey_ops {
	void	(*event)(void *ctx, const struct pfkey_msg *);
	/* End of file, error, or a message that breaks the format (why says what). Pending calls were answered with ECONNRESET before. The client is freed after it returns. */
	void	(*down)(void *ctx, const char *why);
};

/* err: 0 and the reply, or an errno (of the engine, or ECONNRESET, ENOBUFS, EPROTONOSUPPORT of ours) and NULL or the reply. */
typedef void pfkey_done(void *arg, int err, const struct pfkey_msg *reply);
typedef void pfkey_entry(void *arg, const struct pfkey_msg *);

/* Takes the descriptor. NULL: no memory (fd closed). */
struct pfkey *pfkey_new(struct event_base *, int fd, const struct pfkey_ops *, void *ctx);
void pfkey_free(struct pfkey *);	/* no down(), pending calls are dropped silently */
/*
 * REGISTER with HELLO, the first thing on every new descriptor. keyless: also KEYLESS. After the answer pfkey_features() is what
 * the engine has; 0 when it does not know HELLO (a stock af_key). An engine of ours that speaks another version is no engine for
 * this program: down() follows, with the sentence, and there pfkey_is_other() is true.
 */
#define PFKEY_VERSION_TEXT 256
bool pfkey_is_other(const struct pfkey *);
const char *pfkey_version_text(char buf[static PFKEY_VERSION_TEXT], uint16_t engine);	/* which is newer, and what is to be restarted */
bool pfkey_hello(struct pfkey *, uint8_t satype, bool keyless, pfkey_done *, void *arg);
uint64_t pfkey_features(const struct pfkey *);
/* In down(): the engine lives and keeps what it has; only what it said meanwhile is lost. A new socket and a dump tell. */
bool pfkey_was_cut(const struct pfkey *);
/*
 * Send one request; seq and pid are filled in. Returns its seq, or 0 when nothing was sent (done is not called). Private extensions before HELLO's
 * answer are left out when they only inform (OWNER, STATS); the others fail the call. done may be NULL.
 */
uint32_t pfkey_call(struct pfkey *, struct pfkey_msg *, pfkey_done *, void *arg);
/* DUMP or SPDDUMP: entry for each, then done once (err 0 and NULL; an empty table is err 0 too). */
uint32_t pfkey_dump(struct pfkey *, struct pfkey_msg *, pfkey_entry *, pfkey_done *, void *arg);
/* The answer to an ACQUIRE: it failed (RFC 2367 3.1.6). The engine has no answer to that. */
void pfkey_refuse(struct pfkey *, uint8_t satype, uint32_t seq, int err);
/* Its done will not be called. */
void pfkey_cancel(struct pfkey *, uint32_t seq);

#endif
