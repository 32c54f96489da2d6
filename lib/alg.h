/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Algorithms: one table, in IANA's IKEv2 transform numbers. It names each transform (swanctl's
 * spelling), gives its sizes, its PF_KEY number, and is the source of proposals and presets.
 */
#ifndef CAUSEWAY_ALG_H
#define CAUSEWAY_ALG_H

#include "bytes.h"

enum transform_type {		/* RFC 7296 3.3.2 */
	T_ENCR = 1, T_PRF = 2, T_INTEG = 3, T_KE = 4, T_ESN = 5
};

enum {	/* Transform IDs that Causeway knows: IANA "IKEv2 parameters" */
	ENCR_AES_CBC = 12, ENCR_AES_GCM_16 = 20, ENCR_CHACHA20_POLY1305 = 28,
	PRF_HMAC_SHA2_256 = 5, PRF_HMAC_SHA2_384 = 6, PRF_HMAC_SHA2_512 = 7,
	INTEG_NONE = 0, INTEG_HMAC_SHA2_256_128 = 12, INTEG_HMAC_SHA2_384_192 = 13, INTEG_HMAC_SHA2_512_256 = 14,
	KE_NONE = 0, KE_MODP2048 = 14, KE_MODP3072 = 15, KE_MODP4096 = 16,
	KE_ECP256 = 19, KE_ECP384 = 20, KE_ECP521 = 21, KE_X25519 = 31, KE_CURVE448 = 32,
	ESN_NO = 0, ESN_YES = 1
};

/* How a side proves who it is (site file, "auth:"). */
enum auth_how { AUTH_BY_PSK, AUTH_BY_CERT, AUTH_BY_KEY };	/* BY_KEY: a raw public key that the site file names */

enum { PROTO_IKE = 1, PROTO_AH = 2, PROTO_ESP = 3 };	/* RFC 7296 3.3.1 */

struct alg {
	enum transform_type type;
	uint16_t	id;
	uint16_t	key_bits;	/* ENCR: one row for each key length; else 0 */
	const char	*name;		/* "aes256gcm16", "prfsha384", "x25519", "sha256", "esn" */
	uint16_t	key_len;	/* octets taken from KEYMAT, with salt; PRF: preferred key and output length */
	uint8_t		salt_len;	/* octets of key_len that are salt */
	uint8_t		iv_len;		/* octets on the wire */
	uint8_t		icv_len;	/* octets; ENCR: 0 unless AEAD */
	uint8_t		block;		/* padding multiple */
	uint8_t		pfkey;		/* SADB_EALG_ / SADB_X_AALG_ number, 0 none */
	uint16_t	pub_len;	/* KE: octets of the public value */
};

/* The row, or NULL. key_bits counts for T_ENCR only. */
const struct alg *alg_find(enum transform_type, uint16_t id, uint16_t key_bits);
const struct alg *alg_by_name(const char *, size_t n);
static inline bool alg_is_aead(const struct alg *a) { return a->type == T_ENCR && a->icv_len != 0; }
/* "aes256gcm16", or "encr-99/128" for what is not in the table; returns buf. */
const char *alg_str(enum transform_type, uint16_t id, uint16_t key_bits, char buf[static 32]);

struct transform {
	uint8_t		type;
	uint16_t	id;
	uint16_t	key_bits;	/* 0: no Key Length attribute */
};

#define PROPOSAL_TRANSFORMS	24
#define PROPOSALS_MAX		16

struct proposal {
	uint8_t			proto;	/* PROTO_IKE, PROTO_ESP or PROTO_AH */
	uint8_t			n;
	struct transform	t[PROPOSAL_TRANSFORMS];
};

struct proposals {
	unsigned	n;
	struct proposal	v[PROPOSALS_MAX];
};

/* What two ends agreed on: one transform of each type. key_bits belongs to encr; AH has none. */
struct suite {
	uint16_t	encr, key_bits, prf, integ, ke, esn;
};

/*
 * Parse one string of swanctl's spelling, "aes128gcm16-prfsha256-x25519" or "aes128gcm16-x25519-esn".
 * ESP and AH: without "esn"/"noesn" both are meant, ESN first. AH has an integrity algorithm and no cipher: "sha256-x25519". False with *why (static text) and the offset of the word.
 */
bool proposal_parse(uint8_t proto, const char *, struct proposal *, const char **why, size_t *at);
const char *proposal_str(const struct proposal *, char *buf, size_t cap);
const char *proposals_str(const struct proposals *, char *buf, size_t cap);	/* joined by ", " */
const char *suite_str(uint8_t proto, const struct suite *, char *buf, size_t cap);
/*
 * Choose: the first of ours that any of theirs can satisfy, our preference first (RFC 7296 2.7).
 * want_ke: the transform type 4 that the child exchange uses; KE_NONE in an ESP suite means no PFS.
 * *which gets the index of their proposal. False: none; the first difference is explained by proposals_differ().
 */
bool proposals_choose(const struct proposals *ours, const struct proposals *theirs, struct suite *, unsigned *which);
/* One sentence: which transform type has nothing in common in the closest pair. */
const char *proposals_differ(const struct proposals *ours, const struct proposals *theirs, char *buf, size_t cap);
/* Is this answer (one proposal, one transform a type) inside what we offered? */
bool proposals_accept(const struct proposals *offered, const struct proposal *answer, struct suite *);
/* Is the suite of an IKE SA that stands among them? */
bool suite_allowed(const struct proposals *, const struct suite *);

/* Presets of contracts: "modern", "compatible", "legacy"; false when unknown. */
bool preset_find(const char *name, struct proposals *ike, struct proposals *esp);
void preset_ah(struct proposals *);	/* what "compatible" has for AH; no site file asks for it */

void proposals_put(struct wr *, const struct proposals *);	/* IPC */
void proposals_get(struct rd *, struct proposals *);
void suite_put(struct wr *, const struct suite *);
void suite_get(struct rd *, struct suite *);

#endif
