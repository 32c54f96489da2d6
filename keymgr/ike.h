/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The objects behind iked's handles: pending key exchanges and IKE SAs with SK_d, SK_pi, SK_pr. They die with the link. A key
 * exchange is used once, whatever comes of it. An IKE SA makes children only after its peer's proof was verified here (a rekeyed one
 * inherits that), only for that tunnel, and neither children nor rekeyed SAs twice from the same key exchange and nonces: a captured
 * iked cannot skip authentication, nor make the engine repeat a sequence number under one key.
 */
#ifndef KEYMGR_IKE_H
#define KEYMGR_IKE_H

#include "derive.h"
#include "handle.h"
#include "ke.h"
#include "msg_key.h"
#include "reason.h"

#define IKE_KE_MAX	2048u	/* key exchanges pending on one link */
#define IKE_SA_MAX	20000u
#define IKE_SEEDS_MAX	65536u	/* children and rekeyed SAs of one IKE SA */
#define IKE_DETAIL	640

struct ike {
	struct suite	suite;
	bool		initiator;	/* we are */
	bool		first;		/* made by IKE_SA_INIT: it has proofs */
	bool		verified;
	char		tunnel[NAME_CAP];	/* whose peer was verified */
	uint64_t	spi_i, spi_r;
	uint8_t		nonces[2 * KEY_NONCE_MAX];
	struct bytes	ni, nr;
	struct secret	sk_d, sk_pi, sk_pr;
	uint64_t	*used;		/* digests of what made a child or a rekeyed SA: g^ir, if any, and the nonces */
	unsigned	nused, used_cap;
};

struct ike_objects {
	struct handles	ke, ike;
};

void ike_objects_init(struct ike_objects *);
void ike_objects_wipe(struct ike_objects *);	/* all of them */

enum reason ike_ke_new(struct ike_objects *, uint16_t group, uint32_t *handle, struct wr *pub);
/* Consumes a pending key exchange. */
enum reason ike_ke_take(struct ike_objects *, uint32_t handle, uint16_t group, struct bytes peer, struct secret *gir, char detail[static IKE_DETAIL]);
void ike_ke_drop(struct ike_objects *, uint32_t handle);

/* keys gets SK_ai to SK_er for iked; sk_d, sk_pi and sk_pr stay in the object, and are empty there. */
enum reason ike_derive(struct ike_objects *, const struct key_derive *, uint32_t *handle, struct ike_keys *keys, char detail[static IKE_DETAIL]);
void ike_drop(struct ike_objects *, uint32_t handle);

/* KEYMAT of a child, in and out as this end sees them. */
enum reason ike_child_keys(struct ike_objects *, const struct key_child *, struct child_keys *in, struct child_keys *out, char detail[static IKE_DETAIL]);

#endif
