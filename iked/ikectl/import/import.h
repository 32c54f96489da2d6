/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Other makers' configuration files -> a site file. A decoder (one format a file) reads text into connections; what it cannot carry over is
 * a note with file and line; emit.c makes sites and tunnels of the connections and writes them. Pure: no file is opened, nothing is printed.
 * The files come from an administrator, but from any product and any decade: no text can do more than end in a note.
 */
#ifndef IKECTL_IMPORT_H
#define IKECTL_IMPORT_H

#include <stdio.h>

#include "addr.h"
#include "alg.h"
#include "name.h"
#include "secret.h"

#define IMP_CONNS	1000u
#define IMP_NETS	64u
#define IMP_NOTES	5000u
#define IMP_TEXT	256u
#define IMP_PROPOSALS	8u	/* of one connection and protocol */
#define IMP_PROPOSAL	256u
#define IMP_IDS		4u	/* of one secret */

enum imp_how { IMP_UNSAID, IMP_PSK, IMP_CERT, IMP_OTHER };

struct imp_note {
	struct imp_note	*next;
	const char	*file;		/* borrowed */
	unsigned	 line;		/* 0: of no line */
	char		 text[400];
};

struct imp_nets { unsigned n; struct prefix v[IMP_NETS]; };
struct imp_list { unsigned n; char v[IMP_PROPOSALS][IMP_PROPOSAL]; };

/* One end of a connection, as the file says it. */
struct imp_end {
	char		address[IMP_TEXT];	/* "": not said; else an address, a host name, or "any" */
	char		id[ID_CAP];		/* our form; "" not said */
	enum imp_how	how;
	char		cert[IMP_TEXT], ca[IMP_TEXT];
	struct imp_nets	nets;
	bool		dynamic;		/* the networks are the end's own address */
};

/* A child with networks of its own; none at an end: those of the connection. */
struct imp_child {
	struct imp_child *next;
	char		name[IMP_TEXT];
	struct imp_nets	here, peer;
	bool		kept;			/* by emit */
};

struct imp_conn {
	struct imp_conn	*next;
	char		name[IMP_TEXT];
	const char	*file;
	unsigned	line;
	struct imp_end	here, peer;		/* with the networks of all children */
	struct imp_child *children;		/* NULL: one, with all networks */
	struct imp_list	ike, esp;
	uint64_t	ike_life_s, child_life_s, child_bytes, child_packets, replay_window;	/* 0: not said */
	uint8_t		start, encap;		/* of msg_ike.h */
	bool		transport;
	bool		no_pfs;
	bool		dropped;		/* a note says why */
	bool		has_secret;
	struct secret	secret;
	char		psk[NAME_CAP];		/* the secret's name, by emit */
};

/* A secret that stands beside the connections, with whom it is for; no identity: for all. */
struct imp_secret {
	struct imp_secret *next;
	unsigned	 nids;
	char		 ids[IMP_IDS][ID_CAP];	/* our form */
	struct secret	 secret;
};

struct imp {
	const char	*file;		/* that is read now */
	struct imp_conn	*conns, **tail;
	struct imp_note	*notes, **ntail;
	struct imp_secret *secrets;
	unsigned	 nconns, nnotes;
	bool		 no_memory;
};

struct imp *imp_new(void);
void imp_free(struct imp *);	/* wipes */

/* Decoders. text may hold anything; racoon's and setkey's, ipsec.conf's and its secrets' go into one struct imp, one after the other. */
void imp_swanctl(struct imp *, const char *text, size_t n);
void imp_ipsecconf(struct imp *, const char *text, size_t n);
void imp_ipsecsecrets(struct imp *, const char *text, size_t n);
void imp_ikedconf(struct imp *, const char *text, size_t n);
void imp_setkey(struct imp *, const char *text, size_t n);	/* before racoon.conf: connections are its policies */
void imp_racoon(struct imp *, const char *text, size_t n);
void imp_psktxt(struct imp *, const char *text, size_t n);

/* Makes the site file of what was read; more notes come of it. False: nothing could be carried over. */
bool imp_emit(struct imp *, FILE *out);
/* The secret in the form of a secret file (contracts, "Secrets"); octets written, 0 when it does not fit. */
size_t imp_secret_file(const struct secret *, char *out, size_t cap);

/* ---- for decoders ---- */

struct imp_conn *imp_conn_add(struct imp *, const char *name, unsigned line);	/* NULL: too many, or no memory */
void imp_note(struct imp *, unsigned line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void imp_drop(struct imp *, struct imp_conn *, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
struct imp_secret *imp_secret_add(struct imp *, unsigned line, const char *text, size_t n);	/* takes 0x and 0s forms too */
void imp_secret_id(struct imp *, struct imp_secret *, unsigned line, const char *foreign);

/* children.c. NULL: no memory, which m remembers. */
struct imp_child *imp_child_add(struct imp *m, struct imp_conn *, const char *name);
void imp_children_free(struct imp_child *);

/* Someone's identity or address into our form: "fqdn:", "ip:" ...; false and a note. */
bool imp_id(struct imp *, unsigned line, const char *foreign, char out[ID_CAP]);
/* A list of networks, separated by commas and blanks; "dynamic" words are the caller's. */
void imp_net_add(struct imp *, unsigned line, struct imp_nets *, const char *word);
void imp_nets_join(struct imp *, unsigned line, struct imp_nets *, const struct imp_nets *more);
/* "3600", "60m", "8h", "1 hour" is 1 and "hour"; false: it is none. */
bool imp_duration(const char *, uint64_t *seconds);
bool imp_number(const char *, uint64_t *);

/* A proposal, word by word in any product's spelling. Weak and unknown words are named in notes. */
struct imp_prop {
	uint8_t		proto;
	unsigned	n;
	const struct alg *v[PROPOSAL_TRANSFORMS];
	bool		lost;		/* a word was left out */
};
void imp_word(struct imp *, unsigned line, struct imp_prop *, const char *word, size_t n);
/* Its end: checked, and into the list. */
void imp_prop_end(struct imp *, unsigned line, const struct imp_prop *, struct imp_list *);

/* A lexer's place in the text. */
struct imp_at {
	const char	*p, *end;
	unsigned	 line;
};
static inline struct imp_at
imp_at(const char *text, size_t n)
{
	return (struct imp_at){ text, text + n, 1 };
}
/* Blanks, line ends (counted) and comments from '#' to the end of the line. */
void imp_skip(struct imp_at *, bool lines);
/* A word of these characters, or what is between double quotes (escapes: a backslash before any). False: none. Cut at cap. */
bool imp_take(struct imp_at *, const char *stops, bool escapes, char *out, size_t cap);
bool imp_char(struct imp_at *, char);	/* takes it when it is the next */

#endif
