/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A new private key. RSA's primes take a second or two to find: that is done in a thread, which ends when it is done, and everybody
 * else is served meanwhile. One at a time.
 */
#ifndef KEYMGR_KEYJOB_H
#define KEYMGR_KEYJOB_H

#include <event2/event.h>
#include <openssl/evp.h>

#include "reason.h"

typedef void keyjob_done(void *arg, EVP_PKEY *);	/* the key is the callee's; NULL: it could not be made */

struct keyjob;
struct keyjob *keyjob_new(struct event_base *);
void keyjob_free(struct keyjob *);	/* waits for the thread; done is not called any more */
/* R_OK: done is called, at once or later. R_BUSY: another one is being made. */
enum reason keyjob_start(struct keyjob *, const char *kind, keyjob_done *, void *arg);

#endif
