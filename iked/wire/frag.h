/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Putting fragments together, RFC 7383 2.6. What comes in here was authenticated alone before, so whoever forges fragments can make
 * nobody keep anything. One struct frags is one message: one id, one direction.
 */
#ifndef IKED_WIRE_FRAG_H
#define IKED_WIRE_FRAG_H

#include "wire/msg.h"

#define FRAGS_MAX	128	/* fragments of one message: 64 KiB in the smallest datagrams that IPv4 must carry */

struct frags {
	uint32_t	id;
	uint8_t		exchange;
	uint8_t		first;		/* the first payload's type, from fragment 1 */
	uint16_t	total, have;	/* total 0: empty */
	size_t		octets;
	struct { uint8_t *p; size_t n; } *v;
};

enum frag_verdict { FRAG_KEPT, FRAG_WHOLE, FRAG_IGNORED };

/*
 * Fragment m (m->frag of m->frags) with its decrypted part. A message that is cut anew into more pieces takes the place of what was
 * kept; fewer pieces, a double, or more than room octets in all are ignored. FRAG_WHOLE: frags_take() has the message.
 */
enum frag_verdict frags_add(struct frags *, const struct msg *m, struct bytes part, size_t room);
/* The chain of the whole message, into buf; m becomes as if it had come in one piece. Then msg_get_inner(m, *chain), and frags_free(). */
enum werr frags_take(const struct frags *, struct msg *m, void *buf, size_t cap, struct bytes *chain);
void frags_free(struct frags *);

#endif
