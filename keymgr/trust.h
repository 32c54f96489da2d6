/* SPDX-License-Identifier: BSD-2-Clause */
/* The trust anchors of all tunnels together, as CERTREQ names them (RFC 7296 3.7): what iked asks every peer for. */
#ifndef KEYMGR_TRUST_H
#define KEYMGR_TRUST_H

#include "bind.h"
#include "cred.h"
#include "msg_key.h"

/* The anchors' names, sorted, the first KEY_ANCHORS of them, and what their files hold. */
struct trust {
	unsigned	nnames;
	char		names[KEY_ANCHORS][NAME_CAP];
	unsigned	n;
	uint8_t		id[KEY_ANCHORS][KEY_ANCHOR];
	bool		lacking;	/* some file is missing or of no use */
	uint64_t	changes;	/* of the files, when it was made */
};

void trust_names(const struct bindings *, struct trust *);
void trust_load(struct creds *, struct trust *);
/* Would this binding change it? */
bool trust_has(const struct trust *, const struct binding *);

#endif
