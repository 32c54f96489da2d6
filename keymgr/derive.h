/* SPDX-License-Identifier: BSD-2-Clause */
/* The key schedule of IKEv2: RFC 7296 2.14 (IKE SA), 2.17 (child), 2.18 (rekeyed IKE SA). Pure functions over secrets. */
#ifndef KEYMGR_DERIVE_H
#define KEYMGR_DERIVE_H

#include "alg.h"
#include "secret.h"

/* All seven keys of an IKE SA. With an AEAD sk_ai and sk_ar are empty and sk_ei, sk_er end with the salt (RFC 5282 7.1). */
struct ike_keys {
	struct secret	sk_d, sk_ai, sk_ar, sk_ei, sk_er, sk_pi, sk_pr;
};

/* Sizes of the suite's keys are known and sane; what the other functions take for granted. */
bool derive_suite_ok(const struct suite *, bool child);

/* SKEYSEED = prf(Ni | Nr, g^ir) */
bool derive_skeyseed(uint16_t prf_id, struct bytes ni, struct bytes nr, const struct secret *gir, struct secret *out);
/* SKEYSEED = prf(SK_d (old), g^ir (new) | Ni | Nr), with the old SA's prf */
bool derive_skeyseed_rekey(uint16_t old_prf, const struct secret *old_sk_d, const struct secret *gir, struct bytes ni, struct bytes nr, struct secret *out);
/* prf+(SKEYSEED, Ni | Nr | SPIi | SPIr), with the new SA's prf */
bool derive_ike_keys(const struct suite *, const struct secret *skeyseed, struct bytes ni, struct bytes nr, uint64_t spi_i, uint64_t spi_r, struct ike_keys *);
void ike_keys_wipe(struct ike_keys *);

/* One direction's keys of a child SA; encr ends with the salt. */
struct child_keys {
	struct secret	encr, integ;
};

/* KEYMAT = prf+(SK_d, [g^ir (new) |] Ni | Nr); i2r protects what the exchange's initiator sends. gir NULL: no PFS. */
bool derive_child_keys(uint16_t ike_prf, const struct secret *sk_d, const struct suite *, const struct secret *gir, struct bytes ni, struct bytes nr,
    struct child_keys *i2r, struct child_keys *r2i);
void child_keys_wipe(struct child_keys *);

#endif
