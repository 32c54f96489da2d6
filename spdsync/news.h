/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What spdsync sees happen, as events (events.h) and as counts that outlive every SA (tally.h). Called where it is noticed; none of these
 * functions fails, waits, or changes what it speaks of.
 */
#ifndef CAUSEWAY_NEWS_H
#define CAUSEWAY_NEWS_H

#include "sync.h"

void news_state(struct sync *, struct rt *, const struct tunnel_state *old);	/* iked's word has changed; old NULL: it is the first */
void news_record(struct sync *, const struct record *);
void news_gone(struct sync *, const char *tunnel);			/* the revision has it no more */
void news_daemon(struct sync *, const char *name, bool up);
void news_revision(struct sync *);					/* another one is in force */
void news_settled(struct sync *);					/* in_sync may have changed */
void news_drift(struct sync *, size_t changes, bool by_event);
void news_guard(struct sync *, int guard);				/* -1: not known */
/* state: "pending" (to revision back it goes back in seconds), "confirmed", "undone" (back is in force again, because of why) */
void news_confirm(struct sync *, const char *state, uint64_t revision, uint64_t back, unsigned seconds, const char *why);
void news_certificate(struct sync *, enum reason, const char *text);
void news_command(struct sync *, const struct audit_row *);

#endif
