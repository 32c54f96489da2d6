/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Password hashes (yescrypt, by libcrypt's crypt_r) beside the event loop: one at a time in a thread of its own, a short queue before it. A
 * flood of logins costs one core and sixteen places; the daemon's own work goes on.
 */
#ifndef CAUSEWAY_HASHJOB_H
#define CAUSEWAY_HASHJOB_H

#include <event2/event.h>

#include "secret.h"

#define HASH_CAP	384
#define HASH_QUEUE	16

struct hashing;
struct hashjob;

struct hashing *hashing_new(struct event_base *);
void hashing_free(struct hashing *);
/* made: the hash; "" when that failed. */
typedef void hash_done(void *arg, const char *made);
/* setting NULL: a new hash; else the one to compare with. NULL: the queue is full, or no memory. The password is copied. */
struct hashjob *hash_start(struct hashing *, const struct secret *password, const char *setting, hash_done *, void *arg);
void hash_cancel(struct hashjob *);	/* done is not called any more */

#endif
