/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * racoon.conf, as far as it says how IKE is to serve policies (doc/decisions/0079-racoon-conf.md): with which algorithms, lifetimes and
 * identities each peer is spoken with. Pure: text -> struct racoon, or the one error that says where and what. What has no meaning here
 * is a note with its line; what would mean something else than is written is an error.
 */
#ifndef CAUSEWAY_RACOON_H
#define CAUSEWAY_RACOON_H

#include "alg.h"
#include "name.h"
#include "ts.h"
#include "yamltree.h"

#define RACOON_MAX	(64u * 1024u)	/* octets of the file */
#define RACOON_SECTIONS	256u		/* of a kind */
#define RACOON_NOTES	64u
#define RACOON_PATH	256

struct racoon_remote {
	bool		anonymous;
	char		name[NAME_CAP];		/* remote "NAME"; "" */
	struct addr	address;
	char		id_local[ID_CAP], id_remote[ID_CAP];	/* our form; "": the address */
	struct proposals ike;
	uint64_t	life_s;			/* 0: not said */
	bool		passive, udp;		/* it never begins; ESP in UDP whether there is a NAT or not */
	unsigned	line, column;
};

/* One end of a sainfo. */
struct racoon_end {
	bool		any;
	struct ts	ts;
	uint8_t		len;			/* of its prefix */
};

struct racoon_sainfo {
	struct racoon_end here, peer;
	struct proposals esp, ah;	/* ah: of the integrity algorithms alone; n 0: it names none */
	uint64_t	life_s;			/* 0: not said */
	unsigned	line;
};

struct racoon_note {
	unsigned	line;
	char		text[160];
};

struct racoon {
	unsigned	nremotes, nsainfos, nnotes;
	struct racoon_remote *remotes;
	struct racoon_sainfo *sainfos;
	struct racoon_note *notes;
	char		psk[RACOON_PATH];	/* path pre_shared_key; "": not said */
	unsigned	psk_line, psk_column;
};

/* NULL: *err says why. */
struct racoon *racoon_read(const char *text, size_t n, struct yt_error *err);
void racoon_free(struct racoon *);
/* The section of this peer: its own, or the anonymous one; -1: none. */
int racoon_remote_of(const struct racoon *, const struct addr *peer);
/* The section of these selectors: of those that hold them all the narrowest; -1: none. */
int racoon_sainfo_of(const struct racoon *, const struct ts *local, const struct ts *remote);

/* ---- racoonalg.c ---- */

enum racoon_word { RW_OK, RW_UNKNOWN, RW_WEAK };
#define RACOON_WORDS	12

/* What the words of a proposal or a sainfo say, in our spelling. */
struct racoon_algs {
	unsigned	nencr, ninteg;
	char		encr[RACOON_WORDS][24], integ[RACOON_WORDS][24], group[24];
	bool		aead[RACOON_WORDS];
};

/* bits: of the key, 0 when none are given. UNKNOWN also for a length that the algorithm does not have, and when there are too many. */
enum racoon_word racoon_encr(struct racoon_algs *, const char *word, unsigned bits);
enum racoon_word racoon_integ(struct racoon_algs *, const char *word);
enum racoon_word racoon_group(struct racoon_algs *, const char *word);
/* The proposals that they make, added to the list. False: *why says what is missing or too much. */
bool racoon_ah(const struct racoon_algs *, struct proposals *, const char **why);
bool racoon_proposals(const struct racoon_algs *, uint8_t proto, struct proposals *, const char **why);

#endif
