/* SPDX-License-Identifier: BSD-2-Clause */
/* IKE messages for tests: one of each kind, with exactly the payloads that are asked for, and any decoded message written again. */
#ifndef IKE_SAMPLES_H
#define IKE_SAMPLES_H

#include "wire/rules.h"

#define SAMPLE_MAX	8192

struct sample {
	struct ike_hdr	hdr;
	uint8_t		first;		/* inner chain: first payload's type */
	bool		sealed;		/* chain is the inside of SK */
	size_t		n;
	uint8_t		b[SAMPLE_MAX];	/* a whole message, or the inner chain */
};

/* rekey: with N(REKEY_SA) (of PLD_NOTIFY). payloads: PLD_BIT()s in the clear or inside SK; SK itself is implied. */
void sample_make(struct sample *, enum msg_kind, uint32_t payloads, bool rekey, bool plain_notify);
/* The same with every payload that the table lets it carry. */
void sample_full(struct sample *, enum msg_kind);
/* Decode it as the program would; for a sealed one the outside is a bare SK. */
enum werr sample_get(const struct sample *, struct msg *);
/* Every payload of m once more, in the order of the RFC's pictures. */
void sample_again(struct msg_out *, const struct msg *m);
/* Do the two say the same (spans by content)? */
bool sample_same(const struct msg *, const struct msg *);
void sample_suite(struct suite *);

#endif
