/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pre-shared keys by name: one file each in the secrets directory (contracts, "Secrets"). A file is read afresh for every proof
 * and not kept, so an exchanged key counts at once. What is not exactly a file that only root or keymgr can read and replace is
 * refused, each fault with its own reason.
 */
#ifndef KEYMGR_STORE_H
#define KEYMGR_STORE_H

#include <sys/stat.h>

#include "reason.h"
#include "secret.h"

#define STORE_FILE_MAX	4096	/* octets of a secret's file */
#define STORE_DETAIL	384

/* The content of a secret's file: "hex:...", "base64:...", or the octets up to the first newline. Pure. */
bool store_decode(struct bytes file, struct secret *);
bool store_hex(struct bytes hex, struct secret *);	/* of whole octets, one at least; pure */

/* R_OK and the secret, or R_SECRET_* and what is wrong with which file. */
enum reason store_read(const char *dir, const char *name, struct secret *, char detail[static STORE_DETAIL]);

/*
 * A file of a directory that only root or keymgr can write, opened without following a link, after every check but its content's; *fd is
 * the caller's. A public one (a certificate) may be read by everybody.
 */
bool store_dir_ok(const struct stat *);
enum store_kind { STORE_SECRET, STORE_PUBLIC };
enum reason store_open(const char *dir, const char *file, enum store_kind, size_t max, int *fd, struct stat *, char detail[static STORE_DETAIL]);
/* Up to its end, or to cap. */
bool store_read_fd(int fd, uint8_t *buf, size_t cap, size_t *n);

#endif
