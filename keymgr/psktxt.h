/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * psk.txt, as the FAQ writes it: one key a line, "IDENTIFIER KEY". The identifier ends at the first blank; the key is the rest of the line, and
 * hexadecimal when it begins with 0x. Lines that are empty or begin with # count for nothing. It lies in the secrets directory, and what
 * holds for a secret's file there (store.h) holds for it: mode, owner, no link, and nobody else may write the directory.
 * It serves the peers of policies that IKE negotiates for (msg_bind.h); what the site file names has files of its own.
 */
#ifndef KEYMGR_PSKTXT_H
#define KEYMGR_PSKTXT_H

#include "addr.h"
#include "store.h"

#define PSKTXT_FILE	"psk.txt"	/* never the name of a secret: those have no dot */
#define PSKTXT_MAX	(256u * 1024u)	/* octets of the file */
#define PSKTXT_ID	256		/* an identifier, with its terminator */

/* Pure: a file's lines, one after the other. */
struct psktxt {
	struct bytes	left;
	unsigned	line;		/* of the entry that came last, from 1 */
};
enum psktxt_got { PSKTXT_END, PSKTXT_ENTRY, PSKTXT_BAD };
/* The next entry; key borrows from the file. BAD: *why is what is wrong with this line, and the next call goes on behind it. */
enum psktxt_got psktxt_next(struct psktxt *, char id[static PSKTXT_ID], struct bytes *key, const char **why);
/* The octets of a key: hexadecimal after 0x, else as they stand. False: none, too many, or not hexadecimal. */
bool psktxt_key(struct bytes key, struct secret *);
/* Is each line good, and is there one? *keys: how many. */
enum reason psktxt_check(struct bytes file, unsigned *keys, char detail[static STORE_DETAIL]);

/*
 * The key of this peer: the first line of its identity ("ip:192.0.2.1", or "fqdn:", "email:"; as contracts, "Identity"). Addresses are compared as
 * addresses. R_SECRET_MISSING when no line is.
 */
enum reason psktxt_find(struct bytes file, const char *identity, struct secret *, char detail[static STORE_DETAIL]);
/*
 * The same of the file in the secrets directory, or, when none is there, of the one that was handed in and lies in keymgr's own folder (NULL or
 * "": there is none). peer: where the identity is none of an address and has no line, that address's counts; NULL: none does.
 */
enum reason psktxt_read(const char *dir, const char *key_dir, const char *identity, const struct addr *peer, struct secret *,
    char detail[static STORE_DETAIL]);
/* The addresses that have a line, at most cap of them. */
size_t psktxt_addresses(struct bytes file, struct addr *, size_t cap);
enum reason psktxt_peers(const char *dir, const char *key_dir, struct addr *, size_t cap, size_t *n, char detail[static STORE_DETAIL]);
/*
 * A file that is handed in, of which each line has to be good. SECRET_EXISTS: the administrator's own lies in the secrets directory and is
 * another one; an equal one is well. An empty one takes away what was handed in before. *keys: how many it has.
 */
enum reason psktxt_put(const char *dir, const char *key_dir, struct bytes file, unsigned *keys, char detail[static STORE_DETAIL]);

#endif
