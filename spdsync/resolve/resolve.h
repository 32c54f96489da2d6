/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spdsync-resolve: addresses of host names for spdsync, which may not meet the network. A request becomes a lookup: two questions
 * (A, AAAA), each on a socket of its own with a port and a number that nobody can guess, asked of one server after the other, by UDP, and by TCP what does not fit
 * into a datagram.
 * LOOKUPS run at a time; a server that is silent delays nobody but who asked it.
 */
#ifndef RESOLVE_RESOLVE_H
#define RESOLVE_RESOLVE_H

#include <event2/event.h>

#include "dns.h"
#include "ipc.h"
#include "proc.h"

#define LOOKUPS		64u
#define LOOKUPS_WAITING	1024u		/* in line at most */
#define LOOKUP_WAIT_MS	1500		/* for one server */
#define LOOKUP_ROUNDS	2u		/* over all servers */
#define HOSTS_TTL_S	60u		/* of what /etc/hosts says */

struct lookup;
struct question {
	struct lookup	*l;
	uint16_t	 type, id;
	int		 fd;		/* or -1 */
	struct event	*ev;
	uint8_t		*in;		/* by TCP: what came of the answer and its length */
	size_t		 nin;
	bool		 over;
	enum reason	 reason;
	struct dns_answer got;
};

struct lookup {
	struct lookup	*next;
	struct resolver	*r;
	uint32_t	 id;
	char		 host[HOST_CAP];
	bool		 runs;
	unsigned	 tries;
	unsigned	 nservers;
	struct addr	 server[DNS_SERVERS];
	struct event	*timer;
	struct question	 q[2];
	char		 detail[RESOLVE_DETAIL];
};

struct resolver {
	struct event_base *base;
	struct proc	*proc;		/* NULL: without a supervisor */
	struct ipc	*link;
	const char	*conf, *hosts;	/* names of the two files */
	uint16_t	 port;
	struct lookup	*first, **tail;	/* in the order of their coming */
	unsigned	 n, nruns;
};

void resolver_init(struct resolver *, struct event_base *);
void resolver_fini(struct resolver *);
/* A descriptor from the supervisor: "spdsync"; taken. ctx is struct resolver. */
void resolver_on_fd(void *ctx, const char *name, int fd);
/* Its answer goes to spdsync, and it is over. */
void lookup_end(struct lookup *, const struct resolved *);
void lookup_next(struct resolver *);

/* ask.c */
void lookup_start(struct lookup *);
void lookup_stop(struct lookup *);	/* allowed for one that does not run */
/* An answer, or with no octets: there is none to be had of this server. */
void question_answered(struct question *, struct bytes);
/* tcp.c: asks the server anew; false: it cannot be asked. */
bool question_by_tcp(struct question *, const struct endpoint *server);
/* Can its files still be read? No: one was replaced after the sandbox was closed. */
bool resolver_sees(const struct resolver *);

extern const struct sandbox resolve_sandbox;

#endif
