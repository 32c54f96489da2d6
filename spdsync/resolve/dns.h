/* SPDX-License-Identifier: BSD-2-Clause */
/* Questions for addresses and their answers (RFC 1035), and the resolver's two files. Pure. */
#ifndef RESOLVE_DNS_H
#define RESOLVE_DNS_H

#include "addr.h"
#include "msg_resolve.h"

#define DNS_PORT	53
#define DNS_SIZE	1232u		/* what is asked for at most (RFC 6891 6.2.5) */
#define DNS_SERVERS	4

enum { DNS_A = 1, DNS_AAAA = 28 };
enum { DNS_NOERROR = 0, DNS_NXDOMAIN = 3 };

struct dns_answer {
	uint8_t		rcode;
	bool		cut;		/* it did not fit into the datagram */
	uint32_t	ttl_s;		/* the lowest on the way, RESOLVE_TTL_MAX at most */
	unsigned	n;
	struct addr	addr[RESOLVE_ADDRS];
};

/* Octets written; 0: no room, or the name is none. */
size_t dns_question(uint16_t id, const char *host, uint16_t type, uint8_t *buf, size_t cap);
/* False: it is no answer to this question, or malformed: as if it had not come. */
bool dns_answer(struct bytes in, uint16_t id, const char *host, uint16_t type, struct dns_answer *);

/* The servers of a resolv.conf. Returns their number. */
unsigned dns_servers(struct bytes conf, struct addr out[static DNS_SERVERS]);
/* What a hosts file says of the name. Returns the number of addresses. */
unsigned dns_hosts(struct bytes file, const char *host, struct addr out[static RESOLVE_ADDRS]);

#endif
