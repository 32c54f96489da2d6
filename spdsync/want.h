/* SPDX-License-Identifier: BSD-2-Clause */
/* What the applied revision asks of this gateway: its tunnels, seen from our site, and their policies. */
#ifndef CAUSEWAY_WANT_H
#define CAUSEWAY_WANT_H

#include "msg_bind.h"
#include "msg_ike.h"
#include "site.h"
#include "spd.h"

struct want_tunnel {
	const struct site_tunnel *t;
	const struct site *local, *remote;
	const struct sites *all;
	uint32_t	reqid[IKE_CHILDREN];	/* of each child of t */
	uint8_t		start;		/* this gateway's part (contracts, "Who initiates") */
	uint8_t		first;
	bool		local_is_a;
	unsigned	npolicies[IKE_CHILDREN];
};

struct want_child {
	uint32_t	reqid;
	unsigned	tunnel, child;		/* indices */
};

struct want {
	unsigned	n;
	struct want_tunnel *v;		/* sorted by name; borrows from the sites */
	unsigned	nchildren;
	struct want_child *by_reqid;	/* sorted */
	struct spd	spd;		/* sorted */
};

/* One tunnel that ends at our site, as seen from there; its reqid and its policies are want_build()'s. */
void want_tunnel_of(struct want_tunnel *, const struct sites *, const struct site_tunnel *, const char *our_site);
/* reqid(arg, tunnel, child) gives the stored number, 0 none. False: no memory, or a child has no number. */
bool want_build(struct want *, const struct sites *, const char *our_site, uint32_t (*reqid)(void *, const char *, const char *), void *arg);
/* The full names of our children, for their numbers; NULL: no memory. To be freed. */
char (*want_children(const struct sites *, const char *our_site, size_t *n))[CHILD_NAME_CAP];
void want_fini(struct want *);
const struct want_tunnel *want_find(const struct want *, const char *tunnel);
const struct want_child *want_by_reqid(const struct want *, uint32_t reqid);
/* Does the engine have policies of the interface of tunnel number t? */
bool want_present(const struct want *, unsigned t);
/* Our end's interface, or "". */
const char *want_iface(const struct want_tunnel *);
/* The name of its child number child. */
const char *want_child_name(const struct want_tunnel *, unsigned child);
/* by_reqid anew, for all in w->v; v has room for want_count(w). */
unsigned want_count(const struct want *);
void want_index(struct want *, struct want_child *v);
/* Do both mean the same to every daemon? */
bool want_same(const struct want_tunnel *, const struct want_tunnel *);
/* A child's selectors: networks that have a partner of their family. */
void want_selectors(const struct want_tunnel *, unsigned child, struct ts_list *local, struct ts_list *remote);
/* How we prove ourselves (local), or the peer does. */
const struct site_auth *want_auth(const struct want_tunnel *, bool local);
/* prefer_udp: the engine is ipsecd, which does better with UDP (contracts, Encapsulation). */
void want_tunnel_msg(const struct want_tunnel *, bool prefer_udp, struct tunnel *);
void want_binding(const struct want_tunnel *, struct binding *);

#endif
