/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A box (msg_cert.h) as a descriptor: only a memory file is taken, because reading and writing it waits for nobody. Whoever handed it
 * over may still change it: it is read once.
 */
#ifndef KEYMGR_BOX_H
#define KEYMGR_BOX_H

#include <stdbool.h>

#include "bytes.h"

struct boxfile {
	uint8_t	*p;	/* in the secure heap */
	size_t	 n;
};

/* False: it is not a memory file, too large, or there is no memory. */
bool boxfile_read(int fd, struct boxfile *);
void boxfile_free(struct boxfile *);
/* These octets and nothing else are in it afterwards. */
bool boxfile_write(int fd, struct bytes);

#endif
