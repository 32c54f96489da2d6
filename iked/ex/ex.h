/* SPDX-License-Identifier: BSD-2-Clause */
/* The handlers of the edge table, one exchange a file, and the few helpers that exchanges share. */
#ifndef IKED_EX_EX_H
#define IKED_EX_EX_H

#include "sa/ops.h"

#define PROOF_MAX	4096	/* octets of an identity or a proof that are looked at: keymgr's messages have an end */

/* init.c: IKE_SA_INIT */
enum verdict init_start(struct turn *);
enum verdict init_request(struct turn *);
enum verdict init_cookie(struct turn *);
enum verdict init_other_group(struct turn *);
enum verdict init_refused(struct turn *);
enum verdict init_response(struct turn *);
enum verdict init_no_answer(struct turn *);
/* init_r.c */
enum verdict init_requested(struct turn *);
enum verdict init_value(struct turn *);
enum verdict init_answer(struct turn *);

/* auth.c: IKE_AUTH, initiator */
enum verdict auth_keys(struct turn *);
enum verdict auth_spi(struct turn *);
enum verdict auth_request(struct turn *);
enum verdict auth_oversized(struct turn *);
enum verdict auth_response(struct turn *);
enum verdict auth_refused(struct turn *);
enum verdict auth_up(struct turn *);
enum verdict auth_distrust(struct turn *);
/* auth_r.c: responder */
enum verdict auth_requested(struct turn *);
enum verdict auth_verified(struct turn *);
enum verdict auth_childless(struct turn *);
enum verdict auth_signed(struct turn *);
enum verdict auth_spi_failed(struct turn *);
enum verdict auth_spi_r(struct turn *);
enum verdict auth_answer(struct turn *);
enum verdict auth_refuse(struct turn *, enum reason why, enum reason tell, struct record *);
/* auth_end.c: both */
void auth_done(struct turn *, bool child);
bool auth_ask(struct turn *, bool sign);
void auth_note(struct turn *);

/* cert.c */
bool certs_take(struct setup *, const struct msg *);
struct record *certs_refused(const struct ikesa *);
bool certs_keep(struct setup *, const struct key_proof *);
void certs_put(struct msg_out *, const struct certs *);
void abilities_put(struct msg_out *);
void abilities_take(struct ikesa *, const struct msg *);
void certreq_put(const struct engine *, struct msg_out *, const struct tun *, const struct ikesa *);
void certreq_take(struct setup *, const struct msg *);
void refusal_put(struct msg_out *, const struct ikesa *, enum reason);
enum reason refusal_take(const struct msg *, enum reason *says);
void rec_says(struct record *, enum reason says);

/* liveness.c */
void digest_put(struct msg_out *, const struct ikesa *);
bool digest_take(struct turn *);
/* child.c: CREATE_CHILD_SA, a child */
enum verdict child_start(struct turn *);
enum verdict child_value(struct turn *);
enum verdict child_request(struct turn *);
enum verdict child_other_group(struct turn *);
enum verdict child_refused(struct turn *);
enum verdict child_response(struct turn *);
enum verdict child_made(struct turn *);
/* child_r.c */
enum verdict child_requested(struct turn *);
enum verdict rekey_requested(struct turn *);
enum verdict child_value_r(struct turn *);
enum verdict child_install_r(struct turn *);
enum verdict child_answer(struct turn *);
/* offer.c: what a child's messages say, in IKE_AUTH too */
void offer_proposals(const struct engine *, const struct xch *, struct proposals *);
uint16_t offer_group(const struct proposals *, uint16_t ike_group);
bool offer_accept(struct turn *, struct record **);	/* initiator: the response's SA and TS */
bool offer_choose(struct turn *, struct record **);	/* responder: the request's; x->refuse when it may not be */
void offer_mode(const struct xch *, struct msg_out *);	/* USE_TRANSPORT_MODE and IPCOMP_SUPPORTED, where the child's policy has them */
void offer_selectors(const struct child *, struct msg_out *);	/* responder: those that were agreed, as the peer calls them */
bool offer_ask_spi(struct turn *);
bool offer_install(struct engine *, struct xch *);
bool offer_lacks_comp(const struct turn *);
bool offer_spi(struct turn *);				/* SPI_NEW's answer */
bool offer_ke(struct turn *, uint32_t *ke, struct octets *pub);	/* ask_ke()'s answer */
bool offer_child(struct turn *);			/* the last of the two that a child's exchange has asked for */

/* rekey.c: CREATE_CHILD_SA, the IKE SA itself */
enum verdict ike_start(struct turn *);
enum verdict ike_request(struct turn *);
enum verdict ike_other_group(struct turn *);
enum verdict ike_refused(struct turn *);
enum verdict ike_response(struct turn *);
enum verdict ike_made(struct turn *);
/* rekey_r.c */
enum verdict ike_requested(struct turn *);
enum verdict ike_derive_r(struct turn *);
enum verdict ike_answer(struct turn *);
void ike_inherit(struct engine *, struct ikesa *old);	/* the survivor gets the children */
bool ike_ask_derive(struct turn *, struct ikesa *fresh);
bool ike_take_keys(struct turn *, struct ikesa *fresh);
struct ikesa *ike_fresh(struct turn *, uint64_t ours, uint64_t theirs);

/* delete.c, liveness.c: INFORMATIONAL */
enum verdict delete_child_start(struct turn *);
enum verdict delete_ike_start(struct turn *);
enum verdict live_start(struct turn *);
enum verdict info_response(struct turn *);
enum verdict info_requested(struct turn *);
enum verdict own_dead(struct turn *);
enum verdict ike_deleted(struct turn *);
enum verdict busy_create(struct turn *);

/* nat.c */
void nat_put(struct engine *, struct msg_out *, const struct ikesa *);
void nat_check(struct engine *, struct ikesa *, const struct msg *);
void nat_float(struct engine *, struct ikesa *);
bool nat_udp(const struct ikesa *);
/* Who we are; and what that says of the peer when it is one. */
struct bytes nat_vendor(const struct engine *);
void nat_vendor_check(struct ikesa *, const struct msg *);

#endif
