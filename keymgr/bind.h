/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which secret, identities and reqids belong to which tunnel, and the rules of trust anchors: what spdsync says. They outlive its link;
 * SYNC clears what it did not say again.
 */
#ifndef KEYMGR_BIND_H
#define KEYMGR_BIND_H

#include "msg_bind.h"

#define BINDINGS_MAX	65536u
#define RULES_MAX	1024u

struct addr;

struct bindings {
	struct bound	*bucket[1024];
	unsigned	n;
	struct ruled	*rules;
	unsigned	nrules;
	uint32_t	round;	/* counts spdsync's links */
	uint64_t	versions;
};

void bind_new_round(struct bindings *);			/* a new link came up */
bool bind_put(struct bindings *, const struct binding *);	/* false: full or no memory */
void bind_del(struct bindings *, const char *tunnel);
void bind_sync(struct bindings *);			/* forget what was not put in this round */
const struct binding *bind_find(const struct bindings *, const char *tunnel);
/* A number that changes with the tunnel's binding; 0: it has none. */
uint64_t bind_version(const struct bindings *, const char *tunnel);
void bind_each(const struct bindings *, void (*f)(void *arg, const struct binding *), void *arg);
/* May an SA of this child ("tunnel/child") have this reqid? */
bool bind_allows(const struct bindings *, const char *child, uint32_t reqid);
const char *bind_iface(const struct bindings *, const char *child);	/* of its tunnel; "": none */
bool bind_has_reqid(const struct bindings *, uint32_t reqid);	/* it is a child's of any tunnel */
/* What the SAs of a child have to be. False: it is the number of a policy's child, and none has it. */
struct bound_terms {
	uint32_t	reqid, comp_reqid;
	bool		transport, ah;		/* of the SAs of ESP or AH */
	bool		comp, comp_tunnel;	/* IPComp goes with them; it makes the tunnel's header */
};
bool bind_terms(const struct bindings *, uint32_t number, struct bound_terms *);
/* The child that serves this policy towards this peer, of two that of this protocol: its number, or 0. */
uint32_t bind_policy(const struct bindings *, uint32_t policy, const struct addr *peer, bool ah);
/* The same for anchors. Who has no rule (NULL) has revocation SOFT and no URLs of its own. */
bool bind_rule_put(struct bindings *, const struct trust_rule *);
void bind_rule_del(struct bindings *, const char *anchor);
const struct trust_rule *bind_rule(const struct bindings *, const char *anchor);
void bind_fini(struct bindings *);

#endif
