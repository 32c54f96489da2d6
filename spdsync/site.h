/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The site file: text -> struct sites, or the one error that says where and what. Pure: no file, no clock, no daemon. Both ends
 * read the same file; which site we are comes later (want.h), so nothing here knows "local" and "remote".
 */
#ifndef CAUSEWAY_SITE_H
#define CAUSEWAY_SITE_H

#include "addr.h"
#include "alg.h"
#include "msg_bind.h"
#include "msg_ike.h"
#include "msg_resolve.h"
#include "name.h"
#include "yamltree.h"

#define SITE_RULES	32	/* rules of trust anchors */
#define SITE_NETS	64	/* networks of one site: TS_MAX */
#define SITE_CHILDREN	(IKE_CHILDREN - 1)	/* the last place is of those that go */
#define SITE_ADDRESS_STR HOST_CAP
#define SITES_MAX	20000u
#define TUNNELS_MAX	20000u

/* A SubjectPublicKeyInfo; struct sites owns it. */
struct site_key {
	struct site_key	*next;
	unsigned	n;
	uint8_t		der[];
};

/* How one side proves itself, and by what the other side believes it. */
struct site_auth {
	uint8_t		how;			/* enum auth_how */
	char		psk[NAME_CAP];		/* PSK */
	char		cert[NAME_CAP];		/* CERT, KEY: the name of its certificate and key */
	unsigned	ntrust;			/* CERT */
	char		trust[BIND_TRUSTS][NAME_CAP];
	const struct site_key *public_key;	/* KEY */
};

struct site {
	char		name[NAME_CAP];
	struct addr	address;	/* fam 0: any, or by its name */
	char		*host;		/* the name of its address, or NULL */
	char		id[ID_CAP];
	unsigned	nnets;
	struct prefix	*nets;
	struct site_auth *own;		/* NULL: it says nothing */
	unsigned	line, column;
};

#define CHILD_AUTO	"net"	/* contracts, "Names": the automatic child */

/* What one child joins; no networks of a side: all of that site's. */
struct site_child {
	char		name[NAME_CAP];
	unsigned	nnets[2];		/* of a, of b */
	struct prefix	*nets[2];
	uint8_t		proto;			/* 0: any */
	uint16_t	port[2];		/* of a, of b; 0: any */
	unsigned	line, column;
};

#define SITE_LABELS	16
#define LABEL_CAP	64	/* a value, with the terminator */

struct site_label {
	char		name[NAME_CAP], value[LABEL_CAP];
};

struct site_tunnel {
	char		name[NAME_CAP];
	unsigned	a, b;			/* "between": index into sites; a begins */
	struct site_auth *auth;			/* two: of a, of b */
	char		policy[16];		/* the preset's name, or "" */
	struct proposals *ike, *esp;
	uint8_t		start, encap;		/* of msg_ike.h */
	char		iface[2][IFACE_CAP];	/* at a, at b: what is routed to this interface is its traffic; "": its policies choose */
	uint64_t	ike_life_s, child_life_s, child_bytes, child_packets;
	uint64_t	ike_hard_s, child_hard_s;	/* 0: the default, 110 % of the lifetime */
	uint32_t	replay_window;
	unsigned	nchildren;		/* at least 1 */
	struct site_child *children;		/* sorted by name */
	unsigned	nlabels;
	struct site_label *labels;		/* sorted by name */
	uint8_t		digest[32];		/* of this definition and both sites: equal on both ends */
	unsigned	line, column;
	unsigned	end_line;		/* of its block */
	bool		flow;			/* it stands between braces, with others */
	bool		open;			/* its last value is written with '|' or '>' */
	size_t		at, n;			/* the lines of its block in the text (edit.h) */
};

struct sites {
	unsigned	nsites, ntunnels;
	struct site	*sites;			/* sorted by name */
	struct site_tunnel *tunnels;		/* sorted by name */
	unsigned	nrules;
	struct trust_rule *rules;		/* of trust anchors, in the order of the file */
	struct site_key	*keys;
	unsigned	odd_line;		/* the first line with an end that is not LF or CR LF, or 0 */
	unsigned	none_line, none_column;	/* where "{}" stands when there is no tunnel */
};

/* NULL: *err says why. legacy: the policy "legacy" is allowed here. */
struct sites *sites_read(const char *text, size_t n, bool legacy, struct yt_error *err);
void sites_free(struct sites *);
const struct site *sites_find(const struct sites *, const char *name);
const struct site_tunnel *sites_find_tunnel(const struct sites *, const char *name);
const struct trust_rule *sites_find_rule(const struct sites *, const char *anchor);
/* A tunnel that is to stand among these sites: read, checked by itself and with its two sites. Its keys go into *keys. False: yt->err. */
bool sites_read_tunnel(struct yt *, const struct sites *, const struct yt_node *, bool legacy, struct site_tunnel *, struct site_key **keys);
void tunnel_fini(struct site_tunnel *);
void site_keys_free(struct site_key *);
/* Does this tunnel end at that site? */
bool tunnel_has_site(const struct sites *, const struct site_tunnel *, const char *site);
/* Does it have all of these labels: "region=asia,customer", a name alone with whatever value? */
bool labels_match(const struct site_tunnel *, const char *words);
/* Every key there is: of the file, a site, a tunnel. Ended by NULL. */
extern const char *const sites_top_keys[], *const sites_site_keys[], *const sites_tunnel_keys[];
extern const char *const sites_child_keys[];	/* sitechild.c: of a child, beside its two sites */
/* Is it the automatic one, that says nothing of its own? */
bool children_are_auto(const struct site_tunnel *);
extern const char *const sites_proof_keys[], *const sites_rule_keys[];	/* siteauth.c: of auth; of a CA below trust */
/* The networks of a child's side: 0 of between's first, 1 of its second. Borrowed. */
const struct prefix *child_nets(const struct sites *, const struct site_tunnel *, unsigned child, unsigned side, unsigned *n);
bool site_is_any(const struct site *);	/* its address is not known: it begins */
/* The interface of a tunnel at its end 0 or 1; "": there it is one of policies. */
bool tunnel_has_iface(const struct site_tunnel *);	/* at either end */
/* The address as the file says it: "any", a number or a name; returns buf. */
const char *site_address_str(const struct site *, char buf[static SITE_ADDRESS_STR]);
/* Does a pair of networks of one family exist? Networks without a partner of their family take no part in the tunnel. */
bool site_nets_meet(const struct site *, const struct site *);
bool site_same_nets(const struct site *, const struct site *);	/* in the same order */
/* Fills digest; false: no memory or no SHA-256. */
bool tunnel_digest(const struct sites *, struct site_tunnel *);

/* Cross checks (sitecheck.c): false and yt->err. Of all, of one tunnel with its sites, and of one with all others. */
bool sites_check(struct yt *, struct sites *);
bool tunnel_check(struct yt *, const struct sites *, struct site_tunnel *);
bool tunnel_check_others(struct yt *, const struct sites *, const struct site_tunnel *);

/* "90", "30s", "10m", "8h", "7d" -> seconds; "64GiB", "1000000" -> a number. False when it is none. */
bool duration_parse(const char *, uint64_t *seconds);
bool quantity_parse(const char *, uint64_t *);

#endif
