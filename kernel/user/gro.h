/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Joining what came out of a burst: consecutive TCP packets of one flow become one packet for the TUN with a vnet header that
 * says how to split it, so that the system's stack sees the burst once. Only packets that splitting would give back octet for
 * octet are joined (equal headers but for length, identification, sequence and checksum; right checksum; equal sizes), so
 * nothing is lost by it. Pure: the packets stay where they are, the result is a list of pieces for writev.
 */
#ifndef CAUSEWAY_GRO_H
#define CAUSEWAY_GRO_H

#include <linux/virtio_net.h>
#include <sys/uio.h>

#include "bytes.h"

#define GRO_SEGS	64	/* packets joined at most */
#define GRO_FLOWS	8	/* flows open at once */
#define GRO_LEN		65535

/* One packet to write: the vnet header, then pieces. The first piece is the first packet with its headers corrected in place. */
struct gro_flow {
	struct virtio_net_hdr	vh;
	uint8_t			*pkt;		/* first packet */
	size_t			iphlen, hlen, mss, len;	/* len: of the joined packet */
	uint32_t		next;		/* sequence number that continues it */
	uint16_t		id;		/* IPv4 identification that continues it */
	bool			closed;		/* a short or pushed packet ended it */
	unsigned		n;		/* pieces */
	struct iovec		iov[GRO_SEGS + 1];	/* [0] is the vnet header */
};

typedef void gro_out(void *ctx, struct iovec *, unsigned n, size_t len, unsigned packets);

struct gro {
	unsigned		n, turn;
	struct gro_flow		flow[GRO_FLOWS];
	gro_out			*out;
	void			*ctx;
};

void gro_init(struct gro *, gro_out *, void *ctx);
/* Take a packet; its memory must stay until gro_flush(). What cannot be joined goes out at once (after its flow's earlier ones). */
void gro_add(struct gro *, uint8_t *pkt, size_t len);
void gro_flush(struct gro *);

#endif
