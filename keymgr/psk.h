/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pre-shared keys from two places: the administrator's files in the secrets directory (store.h), and those that were handed in over the API, which
 * keymgr keeps in its own folder as NAME.psk and gives to nobody. A file of the secrets directory counts before one of these.
 */
#ifndef KEYMGR_PSK_H
#define KEYMGR_PSK_H

#include "bind.h"
#include "keydir.h"
#include "store.h"

#define PSK_DETAIL	STORE_DETAIL

/* As store_read(); key_dir NULL or "": there is no folder of keymgr's own. */
enum reason psk_read(const char *secret_dir, const char *key_dir, const char *name, struct secret *, char detail[static PSK_DETAIL]);

/*
 * Keeps a secret, text as in a file (store_decode). R_OK, or R_SECRET_WEAK when it is kept and detail says why it is easy to guess; R_SECRET_EXISTS
 * when there is one and replace is false, or one of the administrator's, which stays; R_SECRET_INVALID, R_KEYS_UNWRITABLE.
 */
enum reason psk_put(const char *secret_dir, const char *key_dir, const char *name, bool replace, struct bytes text, char detail[static PSK_DETAIL]);
/* Of those that were handed in. R_CERT_IN_USE: a tunnel names it; R_NOT_FOUND. */
enum reason psk_remove(const char *key_dir, const struct bindings *, const char *name, char detail[static PSK_DETAIL]);

/* Is it easy to guess? A sentence, or NULL. An estimate: it never says of words that they are good because they are long, nor of repetitions. */
const char *psk_weak(const struct secret *);

#endif
