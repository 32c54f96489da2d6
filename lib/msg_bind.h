/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * spdsync to keymgr: what belongs to which tunnel. keymgr uses a PSK only for the tunnel it is bound to, and installs SAs of a
 * tunnel only under that tunnel's reqids: a captured iked cannot send one tunnel's packets to another tunnel's peer.
 */
#ifndef CAUSEWAY_MSG_BIND_H
#define CAUSEWAY_MSG_BIND_H

#include "name.h"

enum {
	BIND_PUT = 16,		/* struct binding -> u16 reason: R_OK, or what is wrong with the secret (it stays bound and is read again at use) */
	BIND_DEL = 17,		/* str tunnel -> */
	BIND_SYNC = 18,		/* -> : everything that was not PUT on this link since it came up is forgotten */
	BIND_CHECK = 19		/* str secret -> reason */
};

#define BIND_REQIDS	16	/* IKE_CHILDREN */

struct binding {
	char	tunnel[NAME_CAP];
	char	psk[NAME_CAP];
	char	id_local[ID_CAP], id_remote[ID_CAP];	/* AUTH is made and checked for these only */
	unsigned	nreqids;
	uint32_t	reqids[BIND_REQIDS];	/* of its children */
};

void binding_put(struct wr *, const struct binding *);
bool binding_get(struct rd *, struct binding *);

#endif
