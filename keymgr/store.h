/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pre-shared keys by name: one file each in the secrets directory (contracts, "Secrets"). A file is read afresh for every proof
 * and not kept, so an exchanged key counts at once. What is not exactly a file that only root or keymgr can read and replace is
 * refused, each fault with its own reason.
 */
#ifndef KEYMGR_STORE_H
#define KEYMGR_STORE_H

#include "reason.h"
#include "secret.h"

#define STORE_FILE_MAX	4096	/* octets of a secret's file */
#define STORE_DETAIL	384

/* The content of a secret's file: "hex:...", "base64:...", or the octets up to the first newline. Pure. */
bool store_decode(struct bytes file, struct secret *);

/* R_OK and the secret, or R_SECRET_* and what is wrong with which file. */
enum reason store_read(const char *dir, const char *name, struct secret *, char detail[static STORE_DETAIL]);

#endif
