/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The daemon's own state: what the store says (revision, sites), what that asks of this gateway (want), what every tunnel of it
 * is doing (rt), and the links to the four neighbours. Everything is driven by level, not by edge: a change sets a mark and
 * calls the pump of whoever has to hear of it; a pump does what is missing and may be called at any time.
 */
#ifndef CAUSEWAY_SYNC_H
#define CAUSEWAY_SYNC_H

#include <event2/event.h>

#include "capture.h"
#include "demand.h"
#include "ipc.h"
#include "msg_ike.h"
#include "pfkey.h"
#include "proc.h"
#include "rates.h"
#include "site.h"
#include "store.h"
#include "tally.h"
#include "want.h"

#define RECORDS_TUNNEL	8
#define RECORDS_OTHER	32
#define TROUBLES	32
#define CHECKS		100	/* tunnels whose secrets are asked for at a time, and in flight */
#define PUSH_WINDOW	32	/* requests in flight on one link */

/* The last records, newest first. */
struct kept_record {
	size_t		n;
	uint8_t		octets[];		/* as record_put() writes it */
};
struct records {
	unsigned	n;
	struct kept_record *v[RECORDS_OTHER];
};

/* A place in the queue of those that a daemon has to hear of. */
struct rt;
struct due {
	bool		on;
	struct rt	*prev, *next;
};

/* One tunnel of the applied revision as it lives here. */
struct rt {
	char		name[NAME_CAP];
	struct due	due[2];				/* by pump */
	bool		policies, fresh;		/* it is of demand.c's; and was not there before */
	uint8_t		iked_has[32], key_has[32];	/* SHA-256 of the message that the daemon has; zero: none */
	enum reason	put;				/* iked's answer */
	bool		certs;				/* its binding names certificates */
	bool		secret_known;
	enum reason	secret;				/* keymgr's answer */
	uint64_t	secret_ns;			/* when */
	char		secret_detail[256];
	struct tunnel_state *state;			/* only the children it has; NULL: iked never told */
	uint64_t	told_ns;			/* when iked told: its ages and times left are as of then */
	struct records	records;
	struct rt_tally	tally;
};

/* A daemon that is told all tunnels one by one and then SYNC. */
struct call;
struct pump {
	struct ipc	*ipc;
	struct call	*calls;		/* in flight */
	unsigned	which;		/* 0 iked, 1 keymgr */
	struct rt	*first, *last;	/* tunnels that it has to hear of */
	bool		up;
	unsigned	flight;
	bool		sync_due, sync_flight;
};

struct sa_info {
	uint32_t	spi, reqid;
	uint8_t		state, auth, encrypt, mode, natt, satype;
	uint32_t	flags, replay;
	struct addr	src, dst;
	uint16_t	sport, dport;
	char		owner[PFKEY_OWNER_CAP];
	bool		has_stats;
	struct pfkey_stats stats;
	uint64_t	bytes, packets, added;
	uint64_t	soft_s, hard_s, soft_bytes, hard_bytes;
	char		selectors[256];
	char		iface[CW_IFACE_LEN];	/* "": of the ordinary policies */
	bool		folded;		/* it has ended; its tally has it */
};

struct sync;
typedef void sas_done(void *arg);
struct sas_wait { sas_done *done; void *arg; struct sas_wait *next; };

struct engine {
	struct pfkey	*pf;
	bool		up;		/* HELLO was answered */
	char		other[PFKEY_VERSION_TEXT];	/* why it was not taken: it is of another version */
	bool		busy, again;	/* a reconciliation runs; another is due */
	bool		race, raced;	/* in this run somebody was faster; in the last one, which was followed by this at once */
	bool		by_event;	/* the one that is due or running was asked for by an event */
	bool		stands;		/* the wanted policies stand, as of the last look */
	int		refused;	/* of the last run, an interface's policies: why the engine does not have them; its tunnel alone lacks them */
	bool		said;		/* which is in the log */
	bool		came;		/* one that was refused is there now: its networks are to be routed */
	unsigned	blocked;	/* wanted policies that a foreign one keeps out */
	unsigned	gen, push_gen;	/* of want: ops of an older one are stopped */
	struct spd	have;
	struct spd_ops	ops;
	size_t		at, flight;
	unsigned	failed;
	int		last_err;
	struct event	*retry;
	void		(*ended)(struct sync *);	/* the suite ends: no policy is wanted, and then this */
	/* SAs, on demand */
	size_t		nsas, sas_cap;
	struct sa_info	*sas;		/* sorted by reqid */
	bool		sas_busy, sas_failed;
	struct sas_wait	*sas_wait;
};

struct host {				/* ipsecd, what PF_KEY has no words for */
	struct ipc	*ipc;
	bool		up, synced;
	bool		synced_flight;
	unsigned	synced_gen;
	bool		has_routes;	/* it was told of interfaces' networks */
	char		name[16], version[128];	/* version "": there is no such engine now */
	int		guard;		/* -1 unknown, 0 open, 1 closed */
	unsigned	ntroubles;
	char		troubles[TROUBLES][256];
	unsigned	nifaces;
	struct host_iface *ifaces;	/* tunnels' interfaces, as ipsecd last said */
};

struct host_iface { char name[IFACE_CAP]; uint8_t state; };

struct counter { char name[64]; uint64_t value; };
#define IKED_COUNTERS	256

struct api;
struct events;
struct names;
struct sync {
	struct proc	*proc;
	struct event_base *base;
	char		site[NAME_CAP];
	bool		legacy;
	struct store	*store;
	struct revision	rev;
	struct sites	*sites;		/* NULL: nothing was applied yet */
	struct want	want;
	unsigned	nrt;
	struct rt	**rt;		/* the tunnels of want, in its order */
	struct records	others;		/* records without a tunnel */
	struct engine	engine;
	struct host	host;
	struct demand	demand;
	struct pump	iked, keymgr;
	unsigned	checks;		/* questions to keymgr about secrets in flight */
	bool		certs_due;	/* other certificates may be in use */
	bool		rules_told;	/* keymgr has the trust anchors' rules of this revision */
	unsigned	niked_counters;
	struct counter	iked_counters[IKED_COUNTERS];
	uint64_t	reconciles, repairs_event, repairs_pass, applies;
	struct event	*pass, *secrets, *minute;
	char		*supervisor;
	struct api	*api;
	struct certwatch *certs;
	struct names	*names;
	struct events	*events;
	struct captures	captures;
	size_t		ntallies;
	struct tally	*tallies;	/* sorted by reqid */
	struct rates	rates;
	bool		rates_due;	/* with the next look a sample */
	struct rt_tally	strangers;	/* negotiations without a tunnel */
	bool		said_settled;	/* the last "in_sync" event */
	struct confirm	*confirm;	/* confirm.h */
	enum ends { ENDS_NOT, ENDS_ASKED, ENDS_NOW } ends;	/* the suite: iked was asked to say so; the supervisor is */
	struct req	*ending;	/* who asked for it, while he waits */
};

/* sync.c */
bool sync_load(struct sync *, struct store_error *);	/* the current revision of the store */
/* The store has a new current revision: takes over text and sites, and pushes what changed. */
bool sync_adopt(struct sync *, struct revision *, struct sites *);
/* The same for the edit of one tunnel. False: no memory; nothing was taken over. */
struct one;
bool sync_adopt_one(struct sync *, struct revision *, struct one *);
/* Policies as this engine takes them (system.h); false: no memory. And when iked says where the other end is; true: that changed one. */
bool sync_shape(struct sync *, struct want *);
bool sync_peer(struct sync *, struct want *, unsigned tunnel, const struct rt *);
bool sync_settled(const struct sync *);			/* everything of the revision is with everybody */
void sync_progress(struct sync *);			/* something may have settled: whoever waits is told */
void sync_attach(struct sync *, const char *name, int fd);	/* a link or listener from the supervisor */
void sync_fini(struct sync *);
struct rt *rt_find(struct sync *, const char *tunnel);
/* An age of rt->state as of now, and what is left of a time that it names. */
uint64_t rt_age(const struct rt *, uint64_t told_s);
uint64_t rt_left(const struct rt *, uint64_t told_s);

/* records.c */
void records_add(struct records *, unsigned cap, const struct record *);
bool records_get(const struct records *, unsigned i, struct record *);	/* false: there is none */
bool records_take(struct sync *, struct rd *);	/* one that iked sends; false: it is malformed */
void records_fini(struct records *);

/* engine.c */
void engine_attach(struct sync *, int fd);
void engine_reconcile(struct sync *, bool by_event);
void engine_delta(struct sync *, struct spd_ops *, bool moved);	/* the wanted policies changed by this (takes it); moved: there are more or fewer */
void engine_guard(struct sync *, int guard);		/* the guard is open (0) or closed; policies follow it where they must */
void engine_end(struct sync *, void (*ended)(struct sync *));	/* takes our policies away for good */
void engine_fini(struct sync *);
/* sas.c: reads the SAs anew (one dump serves all who wait); done is called in any case, with the last known ones after a failure. */
void sas_refresh(struct sync *, sas_done *, void *arg);
void sas_cancel(struct sync *, void *arg);
void sas_fini(struct sync *);
void sas_wake(struct sync *);
void sa_info_take(const struct pfkey_msg *, struct sa_info *);
/* The first SA of this reqid, or NULL; the others follow it. */
const struct sa_info *sas_of(const struct sync *, uint32_t reqid, size_t *n);
/* Its direction: by the engine's word, or by its ends when the engine has no words for it. Ours: keymgr made it. */
bool sas_in(const struct sa_info *, const struct want_tunnel *);
bool sas_ours(const struct sync *, const struct sa_info *);
/* Nothing ends it, and its keys are old (RFC 4301 4.4.2.1 wants a lifetime). now: seconds since 1970. */
#define KEYS_OLD_S	(30u * 86400u)
bool sas_old_keys(const struct sa_info *, uint64_t now);

/* ratesapi.c: the SAs are known as of now; a minute has passed */
void rates_look(struct sync *);
void rates_minute(struct sync *);

/* peers.c: iked and keymgr */
void iked_attach(struct sync *, int fd);
void keymgr_attach(struct sync *, int fd);
void iked_pump(struct sync *);
void keymgr_pump(struct sync *);
void peers_unrule(struct sync *, const struct sites *next);
void peers_drop(struct sync *, const char *tunnel);	/* it is not wanted any more */
void peers_fini(struct sync *);
void peers_due(struct sync *, struct rt *);		/* both have to hear of it */
void peers_forget(struct sync *, struct rt *);		/* it is going to be freed */
void peers_pump(struct sync *);
struct rt *rt_new(const char *name);
void rt_free(struct rt *);
void keymgr_check(struct sync *, struct rt *);		/* ask again what the secret is like */
/* Of CHECKS tunnels at most, those first that were not well, and none of which keymgr spoke since then; then api_checked(). */
void keymgr_check_all(struct sync *, uint64_t since_ns);
/* host.c: ipsecd */
void host_attach(struct sync *, int fd);
void host_pump(struct sync *);
int host_iface_state(const struct sync *, const char *name);	/* enum iface_state; -1: not known */
bool engine_has_ifaces(const struct sync *);	/* its HELLO says so; also while there is no engine that could say otherwise */
/* The first tunnel of the list, if any, that has an interface here, which the engine does not have. */
const struct site_tunnel *engine_lacks_iface(const struct sync *, const struct sites *);

#endif
