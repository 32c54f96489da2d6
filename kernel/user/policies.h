/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The policies that routes and guard are made from, wherever they stand: in the engine of this process, or in a kernel's, where
 * they are read by PF_KEY and read again when somebody changed them.
 */
#ifndef CAUSEWAY_POLICIES_H
#define CAUSEWAY_POLICIES_H

#include <event2/event.h>

#include "addr.h"

#define NET_SPDSYNC	"spdsync"	/* begins the owner of its policies */

struct net_policy {
	uint8_t		dir;		/* CW_DIR_* */
	uint8_t		type;		/* CW_POLICY_* */
	bool		plain;		/* by prefix alone */
	bool		open;		/* every transform may be missing: clear packets are taken */
	bool		shut;		/* spdsync's, by prefix alone, and it discards: what is routed to a tunnel's interface, or nowhere */
	bool		by_hand;	/* it says who entered it, and that is not spdsync */
	uint32_t	priority;
	uint8_t		proto;		/* CW_ULPROTO_ANY: any */
	uint16_t	sport, dport;	/* 0: any */
	struct prefix	src, dst;
};

/*
 * Each policy that protects, in and out, in the order of arrival; stops when fn says false. Of an engine in this process also those
 * that discard and that let pass; none of a socket, which the system leads by its binding,
 * nor of an interface, which routes lead to.
 */
typedef bool net_policy_fn(void *arg, const struct net_policy *);
struct policy_source {
	void	(*each)(void *ctx, net_policy_fn *, void *arg);
	void	*ctx;
};

struct cw_engine;
struct policy_source policies_own(struct cw_engine *);

/* A kernel's. */
struct pfkey_msg;
struct policies;
struct policies_ops {
	void	(*changed)(void *ctx, bool anew);	/* the list is another one now; anew: of another engine, perhaps */
	void	(*down)(void *ctx, const char *why);	/* why NULL: as the last time, an engine of another version */
};
typedef void policies_then(void *arg, bool ok);	/* not ok: the engine went away */

/* hello: the engine is ours, and is greeted; the system's own would look for all its algorithms. NULL: no memory. */
struct policies *policies_new(struct event_base *, bool hello, const struct policies_ops *, void *ctx);
void policies_free(struct policies *);
bool policies_attach(struct policies *, int fd);	/* a PF_KEY socket; takes it */
bool policies_known(const struct policies *);		/* they were read from a socket that lives */
/* then: when what stands in the engine now is in the list. One at a time; false: there is no engine, and then is not called. */
bool policies_settle(struct policies *, policies_then *, void *arg);
struct policy_source policies_kernel(struct policies *);
/* Pure: what SPDDUMP says of one policy. False: it protects nothing, or has no direction of ours. */
bool policies_take(const struct pfkey_msg *, struct net_policy *);

#endif
