/* SPDX-License-Identifier: BSD-2-Clause */
/* A host that throws everything away, and the engine set up for it. */
#ifndef FUZZ_CORE_H
#define FUZZ_CORE_H

#include "cw.h"

#define FUZZ_KEY	{ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20 }

struct host {
	struct cw_engine *e;
	uint32_t	 mtu;
	unsigned	 out;	/* packets that came back */
	unsigned	 told;
};

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);
struct cw_addr fuzz_addr(unsigned last);		/* 20.0.0.x */
struct pfkey_msg;
void fuzz_send(struct host *, struct cw_client *, const struct pfkey_msg *);
void fuzz_hello(struct host *, struct cw_client *);
void fuzz_tunnel(struct host *);	/* SA 0x1000 from .1 to .2 both ways, policies 10/8 and fd00::/8 with each other */

void fuzz_in_udp(struct pfkey_msg *);	/* the SA of an ADD: 0x1000, AES-GCM with FUZZ_KEY, in UDP, so that a NAT may be on the way */

/* One SA between ends of either family, and policies that ask for its protocol of everything in and out. */
struct fuzz_sa { uint8_t satype, proto, mode, level; bool six; };
struct cw_addr fuzz_end(unsigned last, bool six);
void fuzz_one_sa(struct host *, const struct fuzz_sa *, void (*keys)(struct pfkey_msg *));	/* keys: adds the SA itself to the ADD */
bool fuzz_plain(struct host *, struct cw_pkt *, const uint8_t *, size_t);	/* into the packet's buffer and the engine: was it sealed? at most 65,535 octets */
void fuzz_receive(struct host *, struct cw_pkt *);	/* by the wire; it has to come back, once and whole */

#endif
