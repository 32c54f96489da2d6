/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * PF_KEY inside the engine: the pure decoder, the encoder, and the handlers behind one table. A message is decoded whole
 * before anything happens; then the table says what it must carry and who may send it; then its handler runs.
 */
#ifndef CAUSEWAY_PF_H
#define CAUSEWAY_PF_H

#include "core.h"

enum { PF_AF_INET = 2, PF_AF_INET6 = 10 };	/* Linux */

/* A bit for each extension; the private ones stand from 32 on. */
#define PF_BIT(ext)	(1ull << ((ext) >= CW_EXT_FIRST ? 32 + (ext) - CW_EXT_FIRST : (ext)))
#define PF_PRIVATE	(0xffffffffull << 32)

struct pf_addr {
	struct cw_addr	a;
	uint16_t	port;
	uint8_t		proto, plen;
};

struct pf_key {
	const uint8_t	*p;		/* borrowed from the message */
	unsigned	bits, n;
};

struct pf_msg {
	uint8_t		type, satype, error;
	uint32_t	seq, pid;
	uint64_t	has;
	uint32_t	spi, sa_flags;
	uint8_t		sa_replay, sa_state, auth, encrypt;
	struct cw_limits hard, soft;
	struct pf_addr	src, dst;
	struct pf_key	akey, ekey;
	uint32_t	spi_min, spi_max;
	uint16_t	pol_type;
	uint8_t		pol_dir;
	uint32_t	pol_id, pol_priority;
	unsigned	nreq;
	struct cw_request req[CW_REQUESTS_MAX];
	uint8_t		mode, natt;
	uint32_t	reqid;
	uint16_t	sport, dport;
	uint32_t	hello_magic, replay, saflags;
	uint16_t	hello_version;
	unsigned	nsel;
	const uint8_t	*sel;		/* borrowed: nsel * struct cw_ext_selector, checked */
	const uint8_t	*owner;		/* borrowed: CW_OWNER_LEN octets */
	uint64_t	soft_packets, hard_packets;
	unsigned	named_what, nnamed;
	const uint8_t	*named;		/* borrowed: nnamed * struct cw_named, their names end */
	uint32_t	tap_id, tap_octets, tap_rate;
	unsigned	ntap;
	const uint8_t	*tap;		/* borrowed: ntap reqids */
	char		iface[CW_IFACE_LEN];	/* a name that can be; "": of no interface */
};

/* 0, or the errno of the answer; on error type, seq, pid and satype are filled as far as they were there. */
int pf_decode(const uint8_t *msg, size_t len, struct pf_msg *);
bool pf_policy_get(const uint8_t *, size_t, struct pf_msg *);	/* the extension SADB_X_EXT_POLICY; false: it is none */
void pf_selector_get(const uint8_t *p, struct cw_selector *);

struct pf_out {
	struct cw_engine *e;
	uint8_t		*p;
	size_t		 n, cap;
	size_t		 priv;		/* private extensions from here; 0: none */
	bool		 bad;
};

/* The engine's own buffer is for control calls; an event, which may come from any packet, brings one of PF_EVENT_MAX. */
#define PF_EVENT_MAX	576
struct pf_out pf_begin(struct cw_engine *, unsigned type, unsigned satype, uint32_t seq, uint32_t pid);
struct pf_out pf_event(struct cw_engine *, uint8_t buf[PF_EVENT_MAX], unsigned type, unsigned proto, uint32_t seq);
uint8_t pf_satype(unsigned proto);
uint8_t pf_proto(unsigned satype);	/* 0: of none, or of every one */
void *pf_ext(struct pf_out *, unsigned type, size_t octets);	/* zeroed, len and type set; a private one starts the private part */
void pf_put_addr(struct pf_out *, unsigned type, const struct cw_addr *, uint16_t port, unsigned proto, unsigned plen);
void pf_put_port(struct pf_out *, unsigned type, uint16_t port);
void pf_put_sa(struct pf_out *, struct cw_sa *);		/* SA, SA2 */
void pf_put_life(struct pf_out *, unsigned type, struct cw_sa *);
void pf_put_natt(struct pf_out *, const struct cw_sa *);
void pf_put_sa_all(struct pf_out *, struct cw_sa *, bool keys);
void pf_put_sa_counts(struct pf_out *, struct cw_sa *);	/* flags and counters, private extensions */
void pf_put_policy(struct pf_out *, const struct cw_policy *);
void pf_put_iface(struct pf_out *, const struct cw_iface *);	/* nothing where it is none */
void pf_put_entry(struct pf_out *, const struct cw_spd_entry *);
void pf_put_policy_all(struct pf_out *, const struct cw_policy *, const struct cw_spd_past *);
bool pf_send(struct pf_out *, struct cw_client *, bool may_refuse);	/* false: refused */
enum pf_who { PF_ALL, PF_REGISTERED, PF_HELLO };
unsigned pf_broadcast(struct pf_out *, enum pf_who);			/* how many that may set keys it went to */
void pf_error(struct cw_engine *, struct cw_client *, const struct pf_msg *, int error);

/* Handlers: 0 (they have answered), or the errno to answer with. */
typedef int pf_handler(struct cw_engine *, struct cw_client *, const struct pf_msg *, uint64_t now);
/* Nothing of such an ESP would tell a forged packet from a real one. */
bool pf_unauthenticated(const struct pf_msg *);
void pf_pfs(struct pf_msg *);	/* of a client that need not know what CW_SA_OLD means */
int pf_old(struct cw_engine *, struct cw_sa *, const struct pf_msg *);	/* is it of an old form, and may it be: 0 or the errno */
pf_handler pf_getspi, pf_add, pf_update, pf_delete, pf_get, pf_acquire, pf_flush;
pf_handler pf_spdadd, pf_spdupdate, pf_spddelete, pf_spddelete2, pf_spdget, pf_spdflush;
pf_handler pf_register, pf_dump, pf_spddump, pf_promisc, pf_named, pf_drops, pf_tap;
void pf_overheard(struct cw_engine *, const struct cw_client *whose, const uint8_t *msg, size_t len);

#endif
