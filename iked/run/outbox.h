/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of negotiations for spdsync, kept while it is away: the newest OUTBOX_MAX, each already encoded. */
#ifndef IKED_RUN_OUTBOX_H
#define IKED_RUN_OUTBOX_H

#include "bytes.h"

#define OUTBOX_MAX	64

struct outbox {
	unsigned	first, n;
	struct { uint8_t *p; size_t n; } v[OUTBOX_MAX];
};

/* Copies; the oldest goes when it is full. Without memory the record is lost. */
void outbox_put(struct outbox *, struct bytes);
/* The oldest; false when empty. The caller frees p. */
bool outbox_take(struct outbox *, uint8_t **p, size_t *n);
void outbox_free(struct outbox *);

#endif
