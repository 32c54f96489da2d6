/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the other end of a tunnel needs, in its own language. Pure: sites -> text, one format a file (export_*.c). A text never holds a
 * secret: it says where the secret goes, and a daemon that gets the text as it is refuses the tunnel rather than use a placeholder.
 * What a format cannot say stands in comments at the head, so nobody has to find it out from a tunnel that does not come up.
 */
#ifndef CAUSEWAY_EXPORT_H
#define CAUSEWAY_EXPORT_H

#include <stdio.h>

#include "site.h"

enum export_for { EXPORT_CAUSEWAY, EXPORT_STRONGSWAN, EXPORT_LIBRESWAN, EXPORT_OPENIKED, EXPORT_FIELDS };

/* "causeway", "strongswan", ...; -1: there is no such format. */
int export_find(const char *word);
extern const char *const export_words[];	/* ended by NULL, in the order of enum export_for */
/* The text for the site at the other end than "here", one of the tunnel's two; the caller's to free. NULL: no memory. */
char *export_peer(enum export_for, const struct sites *, const struct site_tunnel *, const char *here);

/* ---- what the writers share ---- */

struct ex {
	FILE			*body, *notes;
	unsigned		 nnotes;
	const struct sites	*all;
	const struct site_tunnel *t;
	const struct site	*here, *peer;		/* the text is for the peer */
	const struct site_auth	*here_auth, *peer_auth;
	bool			 peer_begins;
	const char		*peer_iface;		/* the peer's end is this interface; "": one of policies */
};

void export_causeway(struct ex *);
void export_strongswan(struct ex *);
void export_libreswan(struct ex *);
void export_openiked(struct ex *);
void export_fields(struct ex *);

/* One thing that the format cannot say. */
void ex_note(struct ex *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The value of an identity behind its "fqdn:" and so on; *kind gets the letter f, e, i, d or k. */
const char *ex_id(const struct site *, char *kind);
unsigned ex_count(const struct proposal *, uint8_t type);
bool ex_has(const struct proposal *, uint8_t type, uint16_t id);
/* When the keys are given up: what the file says, or 110 % of the lifetime (contracts, "Lifetimes"). */
uint64_t ex_hard(uint64_t life_s, uint64_t hard_s);
/* A child's networks at one end that have a partner of their family at the other: their number, and as a list. */
unsigned ex_nets(const struct ex *, unsigned child, bool peer);
void ex_write_nets(const struct ex *, unsigned child, bool peer, const char *between, const char *tail);
uint16_t ex_port(const struct ex *, unsigned child, bool peer);	/* 0: any */
bool ex_selects(const struct ex *);	/* does a child name a protocol? */
/* Whether it is the automatic child, of which the file says nothing. */
bool ex_is_auto(const struct ex *);
/* A format without interfaces: what the peer's administrator has to do, if the file gives that end one. */
void ex_no_iface(struct ex *);
/* The octets that the worst ESP suite of the tunnel adds to a packet. */
unsigned ex_overhead(const struct ex *);

#endif
