/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Encrypted payload, RFC 7296 3.14 and RFC 5282: AES-GCM-16 and ChaCha20-Poly1305, or AES-CBC with HMAC-SHA2. One struct
 * sk_key is one direction of one IKE SA. The IV is an argument: for AEAD 8 octets that never repeat under a key (the SA's
 * counter; sk_iv_counter()), for CBC 16 unpredictable octets.
 */
#ifndef IKED_WIRE_SK_H
#define IKED_WIRE_SK_H

#include "secret.h"
#include "wire/msg.h"

#define SK_IV_MAX	16

struct sk_key {
	const struct alg *encr;
	const struct alg *integ;	/* NULL with AEAD */
	struct secret	ek;		/* SK_e; AEAD: key then salt */
	struct secret	ak;		/* SK_a; empty with AEAD */
};

/* Checks that the lengths are the algorithm's; false (and wiped) otherwise. */
bool sk_key_set(struct sk_key *, const struct suite *, struct bytes sk_e, struct bytes sk_a);
void sk_key_wipe(struct sk_key *);
/* Octets of IV that sk_seal() wants. */
size_t sk_iv_len(const struct sk_key *);
void sk_iv_counter(uint64_t counter, uint8_t iv[static 8]);

/* The whole message: header, SK with the chain inside. first: the chain's first type (msg_out.first). Empty: it did not fit. */
struct bytes sk_seal(const struct sk_key *, const struct ike_hdr *, const uint8_t *iv, uint8_t first, struct bytes chain,
    void *buf, size_t cap);
/* The same for fragment number of total, from 1; first is 0 in all but the first (RFC 7383 2.5). */
struct bytes sk_seal_fragment(const struct sk_key *, const struct ike_hdr *, const uint8_t *iv, uint8_t first, uint16_t number, uint16_t total,
    struct bytes part, void *buf, size_t cap);
/* How much of a chain fits into a message of at most so many octets, whole or with a fragment; 0: nothing does. */
size_t sk_room(const struct sk_key *, size_t message, bool fragment);
/* Check and decrypt m->sk into buf; *plain is the chain without padding. Then msg_get_inner(m, plain). */
enum werr sk_open(const struct sk_key *, const struct msg *m, void *buf, size_t cap, struct bytes *plain);

#endif
