/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counters that outlive what they count: of each child over all of its SAs, of each tunnel over all of its negotiations. The engine says
 * with the end of an SA how much it had counted, so nothing is lost at a rekey; what an engine that crashed had counted after the last
 * look is.
 */
#ifndef CAUSEWAY_TALLY_H
#define CAUSEWAY_TALLY_H

#include <stdint.h>

struct pfkey_msg;
struct sync;
struct want_tunnel;

enum { TALLY_IN, TALLY_OUT };
struct tally_way { uint64_t packets, bytes, replay, icv, selector, other; };

struct tally {			/* of a child: those of its SAs that are gone */
	uint32_t	reqid;
	uint64_t	rekeys;
	struct tally_way way[2];
};

#define TALLY_REASONS	24
struct rt_tally {		/* of a tunnel; zeroed is empty */
	uint64_t	ike_setups, ike_rekeys, children_made;
	unsigned	n;
	struct { uint16_t reason; uint64_t count; } failed[TALLY_REASONS];
	uint64_t	failed_other;
};

void tally_fini(struct sync *);
struct tally *tally_of(struct sync *, uint32_t reqid);		/* made when it is not there; NULL: no memory */
void tally_event(struct sync *, const struct pfkey_msg *);	/* an SA, or all of them, ended */
void tally_engine_lost(struct sync *);
void tally_sums(struct sync *, const struct want_tunnel *, uint32_t reqid, struct tally *);	/* of a child, with the SAs that live, as of the last look */
void tally_failed(struct rt_tally *, uint16_t reason);

#endif
