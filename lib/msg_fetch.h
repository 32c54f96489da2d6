/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * keymgr to keymgr-fetch: please get that. keymgr-fetch has the network and no key; what it brings is parsed as hostile. The octets come
 * in a memfd that is sealed against growing, shrinking and writing, because a CRL does not fit into a message of a link.
 */
#ifndef CAUSEWAY_MSG_FETCH_H
#define CAUSEWAY_MSG_FETCH_H

#include "name.h"

enum {
	FETCH_GET = 16		/* struct fetch -> */
};
enum {
	/* from keymgr-fetch, an event: it comes once for each GET that was answered with R_OK */
	FETCH_DONE = 32		/* struct fetched, with the memfd attached when reason is R_OK */
};

#define FETCH_URL	512		/* with the terminator */
#define FETCH_POST	4096		/* octets of an OCSP request */
#define FETCH_MAX	(20u << 20)	/* octets of an answer (contracts of issue "Certificates": 20 MiB) */
#define FETCH_WAIT_S	10		/* from the first octet asked for to the last received */
#define FETCH_DETAIL	256

struct fetch {
	uint32_t	id;		/* keymgr's number for it */
	uint8_t		configured;	/* 1: from the site file, so file: and ldap: are allowed; 0: from a certificate, http and https only */
	char		url[FETCH_URL];
	struct bytes	post;		/* OCSP: the request; else empty */
};

struct fetched {
	uint32_t	id;
	uint16_t	reason;		/* R_OK, R_CRL_UNREACHABLE, R_CRL_TOO_LARGE, R_URL_REFUSED */
	uint32_t	size;		/* octets in the memfd */
	char		detail[FETCH_DETAIL];	/* "HTTP status 404", "Connection refused" */
};

void fetch_put(struct wr *, const struct fetch *);
bool fetch_get(struct rd *, struct fetch *);
void fetched_put(struct wr *, const struct fetched *);
bool fetched_get(struct rd *, struct fetched *);

#endif
