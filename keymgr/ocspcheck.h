/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * OCSP, RFC 6960: ask about one certificate, and judge an answer: from a responder, or from the peer itself (RFC 4806). An answer counts
 * when the CA of the certificate signed it, or somebody whom that CA gave a certificate for just this.
 */
#ifndef KEYMGR_OCSPCHECK_H
#define KEYMGR_OCSPCHECK_H

#include <openssl/x509.h>

#include "bytes.h"
#include "reason.h"

#define OCSP_ANSWER_MAX	65536u
#define OCSP_NONCE	16u
#define OCSP_DETAIL	256
#define OCSP_UNDATED_S	3600u	/* how long an answer holds that does not say when the next one comes */

enum ocsp_status { OCSP_GOOD, OCSP_REVOKED, OCSP_UNKNOWN };

struct ocsp_answer {
	enum ocsp_status status;
	uint64_t	when;			/* revoked: since */
	int		why;			/* CRLReason, or -1 */
	uint64_t	this_update, next_update;
};

/* serial: an INTEGER's content octets. Octets written to out, 0 on failure. */
size_t ocsp_request(X509 *issuer, struct bytes serial, struct bytes nonce, uint8_t *out, size_t cap);
/*
 * R_OK and what it says, or R_OCSP_INVALID and why it does not count. nonce: of the request; one in the answer must be the same (RFC 8954);
 * empty: whatever the answer has. skew: how far the clocks may differ.
 */
enum reason ocsp_read(struct bytes der, X509 *issuer, struct bytes serial, struct bytes nonce, uint64_t now, uint64_t skew, struct ocsp_answer *,
    char detail[static OCSP_DETAIL]);

#endif
