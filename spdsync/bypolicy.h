/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What IKE is to negotiate for policies that are not the site file's: those that setkey or another program entered (doc/decisions,
 * "IKE by the user's policies"). Each pair of gateways that such policies name becomes a tunnel on demand, each policy a child of it. Pure: the same
 * policies and peers give the same tunnels, names and numbers.
 */
#ifndef CAUSEWAY_BYPOLICY_H
#define CAUSEWAY_BYPOLICY_H

#include "msg_bind.h"
#include "msg_ike.h"
#include "pfkey.h"
#include "racoon.h"

#define BYPOLICY_PREFIX	"spd-"	/* of their names, which no tunnel of a site file has */
#define BYPOLICY_MAX	4096u	/* policies that are looked at, and tunnels that are made of them */

/* An outbound policy with an IPsec action. */
struct upolicy {
	uint32_t	id;		/* the engine's number */
	struct prefix	src, dst;
	uint8_t		proto;		/* 0 any */
	uint16_t	sport, dport;	/* 0 any */
	unsigned	nreq;
	struct pfkey_request req[2];	/* the first of them, from the inside out */
};

struct uchild {
	uint32_t	id, number, reqid;	/* the policy's; by which iked and keymgr name it; of its SAs, 0 none */
	bool		transport, ah;
	uint8_t		inside;			/* its packets are those that the policy's other child has made, by this protocol; 0: the policy's own */
	uint8_t		comp;			/* enum child_comp, */
	uint32_t	comp_reqid;		/* and the reqid of its SAs of IPComp, 0 none */
	int		sainfo;			/* its section of racoon.conf; -1: there is no racoon.conf */
	struct ts	local, remote;
};

struct utunnel {
	char		name[NAME_CAP];		/* "spd-" and the peer's address */
	struct addr	local, remote;
	int		section;		/* the peer's section of racoon.conf; -1: there is no racoon.conf */
	unsigned	n;
	struct uchild	child[IKE_CHILDREN];	/* in the order of their policies' numbers */
};

struct urefused {
	uint32_t	id;
	const char	*why;			/* half a sentence: "it ..." */
};

struct umap {
	size_t		n;
	struct utunnel	*v;			/* sorted by name */
	size_t		nrefused;
	struct urefused	*refused;		/* in the order of their numbers */
	bool		by_peers;		/* a policy names no single peer: who is in psk.txt counts */
};

/* False when it is none: another direction or action, or without selectors. */
bool upolicy_get(const struct pfkey_msg *, struct upolicy *);
/*
 * Sorts the policies. peers: who may be negotiated with where a policy names none. taken(arg, reqid): it is a tunnel's of the site file; used(arg, name):
 * so is the name. conf: racoon.conf; NULL: there is none, and the preset "compatible" serves. False: no memory.
 */
struct utaken { bool (*reqid)(void *arg, uint32_t reqid); bool (*name)(void *arg, const char *name); void *arg; };
bool umap_build(struct umap *, struct upolicy *, size_t n, const struct addr *peers, size_t npeers, const struct racoon *conf, const struct utaken *);
void umap_fini(struct umap *);
const struct utunnel *umap_find(const struct umap *, const char *name);

/* For iked and for keymgr; conf as it was built with. */
void uchild_name(const struct uchild *, char name[static NAME_CAP]);
void utunnel_msg(const struct utunnel *, const struct racoon *conf, struct tunnel *);
void utunnel_binding(const struct utunnel *, const struct racoon *conf, struct binding *);

#endif
