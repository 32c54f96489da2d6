/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of proofs share. */
#ifndef KEYMGR_PROOF_IN_H
#define KEYMGR_PROOF_IN_H

#include <stdio.h>

#include "proof.h"

#define SAY(detail, ...)	snprintf(detail, IKE_DETAIL, __VA_ARGS__)

/* One proof that was asked for, when it is one that may be asked for. */
struct proof_job {
	const struct proof_env	*env;
	const struct key_auth	*a;
	const struct binding	*b;
	struct ike		*ike;
};

/* The octets that a proof covers: message | nonce of the other side | prf(SK_p, ID body). */
struct proof_octets {
	size_t	n;
	uint8_t	b[KEY_MSG_MAX + KEY_NONCE_MAX + SECRET_CAP];
};
enum reason proof_octets(const struct proof_job *, struct proof_octets *, char detail[static IKE_DETAIL]);

/* Certificates and raw public keys: proof_cert.c */
enum reason proof_sign_cert(const struct proof_job *, struct proof_made *, char detail[static IKE_DETAIL]);
enum reason proof_sign_key(const struct proof_job *, struct proof_made *, char detail[static IKE_DETAIL]);
enum reason proof_verify_cert(const struct proof_job *, struct proof_verdict *, char detail[static IKE_DETAIL]);
enum reason proof_verify_key(const struct proof_job *, struct proof_verdict *, char detail[static IKE_DETAIL]);
/* What is wrong with the tunnel's own certificate, and with what it believes the peer by. */
enum reason proof_check_own(const struct proof_env *, const struct binding *, struct cred *, char detail[static IKE_DETAIL]);
enum reason proof_check_trust(const struct proof_env *, const struct binding *, char detail[static IKE_DETAIL]);

#endif
