/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which payloads a message must and may carry, and how often (RFC 7296 1.2, 1.3, appendix C). One const table, and the table is
 * an argument, so that a test can run the same function on a copy that lacks a row. What has no row may not stand there.
 */
#ifndef IKED_WIRE_RULES_H
#define IKED_WIRE_RULES_H

#include "wire/msg.h"

enum msg_kind {
	KIND_NONE,
	KIND_INIT_REQ,
	KIND_INIT_RSP,			/* SA, KE, Nr */
	KIND_INIT_RSP_NOTIFY,		/* COOKIE, INVALID_KE_PAYLOAD or an error, in the clear */
	KIND_AUTH_REQ,
	KIND_AUTH_RSP,			/* with a child */
	KIND_AUTH_RSP_NO_CHILD,		/* IDr and AUTH, and why there is no child */
	KIND_AUTH_RSP_ERROR,		/* the IKE SA failed */
	KIND_CHILD_REQ,
	KIND_CHILD_REKEY_REQ,		/* with N(REKEY_SA) */
	KIND_IKE_REKEY_REQ,
	KIND_CHILD_RSP,			/* new and rekeyed child */
	KIND_IKE_REKEY_RSP,
	KIND_CREATE_RSP_ERROR,
	KIND_INFO_REQ,
	KIND_INFO_RSP,
	KIND_MAX
};

struct rule {
	enum msg_kind	kind;
	uint8_t		pld;
	uint16_t	notify;		/* PLD_NOTIFY: this type only; 0 any */
	uint8_t		min, max;
	const char	*rfc;		/* clause of RFC 7296 */
};

extern const struct rule ike_rules[];
extern const size_t ike_nrules;

const char *msg_kind_name(enum msg_kind);
/* By exchange, direction and payload set alone. An encrypted message must have been opened. KIND_NONE: there is no such message. */
enum msg_kind msg_kind(const struct msg *);
/* WE_OK and *kind, or what is wrong with it, with m->bad naming the payload. */
enum werr rules_check(const struct rule *, size_t n, struct msg *m, enum msg_kind *kind);

#endif
