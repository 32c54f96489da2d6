/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* spdsync to spdsync-resolve: the addresses of a host name, please. What comes back was said by the network: it is parsed as hostile. */
#ifndef CAUSEWAY_MSG_RESOLVE_H
#define CAUSEWAY_MSG_RESOLVE_H

#include "addr.h"
#include "name.h"

enum {
	RESOLVE_ASK = 16	/* struct resolve -> */
};
enum {
	/* from spdsync-resolve, an event: it comes once for each ASK that was answered with R_OK */
	RESOLVE_DONE = 32	/* struct resolved */
};

#define HOST_CAP	254	/* RFC 1035 2.3.4: 253 octets as a text, and the terminator */
#define RESOLVE_ADDRS	16
#define RESOLVE_TTL_MAX	86400u	/* a day: nothing is believed for longer */
#define RESOLVE_DETAIL	128

struct resolve {
	uint32_t	id;		/* spdsync's number for it */
	char		host[HOST_CAP];
};

struct resolved {
	uint32_t	id;
	uint16_t	reason;		/* R_OK, HOST_UNKNOWN, DNS_SILENT, DNS_FAILED */
	uint32_t	ttl_s;
	uint8_t		n;		/* at least 1 when reason is R_OK, else 0 */
	struct addr	addr[RESOLVE_ADDRS];
	char		detail[RESOLVE_DETAIL];
};

/* A host name of the DNS as it is written in files: labels of lower-case letters, digits and inner hyphens, two at least, the last no number. */
bool host_ok(const char *);

void resolve_put(struct wr *, const struct resolve *);
bool resolve_get(struct rd *, struct resolve *);
void resolved_put(struct wr *, const struct resolved *);
bool resolved_get(struct rd *, struct resolved *);

#endif
