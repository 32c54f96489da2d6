/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AUTH, RFC 7296 2.15: the octets it covers, its value by pre-shared key, and what keymgr insists on before it makes or checks a proof: the message must be an
 * IKE_SA_INIT of this very SA. So a captured iked cannot have other octets signed. Pure functions.
 */
#ifndef KEYMGR_AUTH_H
#define KEYMGR_AUTH_H

#include "secret.h"

#define AUTH_METHOD_PSK	2	/* Shared Key Message Integrity Code, RFC 7296 3.8 */

/* What keymgr knows of the SA, for one side's proof. */
struct auth_side {
	uint16_t	prf;
	bool		initiator;	/* whose proof */
	uint64_t	spi_i, spi_r;
	struct bytes	nonce_own, nonce_other;	/* of the side that proves, and of the other */
	struct bytes	sk_p;		/* SK_pi or SK_pr, of the side that proves */
};

/*
 * NULL, or why these octets are not the IKE_SA_INIT message of that side: header, SPIs, flags, message ID 0, exact length, a chain
 * of payloads that ends where the message ends, and exactly one nonce, that side's.
 */
const char *auth_message_check(struct bytes message, const struct auth_side *);
/* What a proof covers: message | nonce of the other | prf(SK_p, ID body). False: OpenSSL failed, or there is no room. */
bool auth_octets(const struct auth_side *, struct bytes message, struct bytes id, struct wr *);
/* AUTH = prf(prf(PSK, "Key Pad for IKEv2"), message | nonce of the other | prf(SK_p, ID body)). False: OpenSSL failed. */
bool auth_psk(const struct auth_side *, const struct secret *psk, struct bytes message, struct bytes id, struct secret *out);

#endif
