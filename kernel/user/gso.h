/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Splitting what the TUN hands over with offloads: a TCP packet of up to 64 KiB becomes the packets that the sender's stack
 * would have made, each complete with lengths, sequence numbers and checksums; a packet whose checksum is only begun is
 * finished. Pure: octets in, octets out. What the vnet header claims is checked against the packet and believed only where
 * the packet cannot say it (the segment size, and where the checksum begins).
 */
#ifndef CAUSEWAY_GSO_H
#define CAUSEWAY_GSO_H

#include <linux/virtio_net.h>

#include "bytes.h"

#define GSO_HEADERS	160	/* most octets of IP and TCP headers that are split: 40 + options of both */

struct gso {
	const uint8_t	*pkt;
	size_t		 len, iphlen, hlen;	/* hlen: IP and TCP headers together */
	size_t		 at, mss;		/* next octet of payload, octets a segment */
	uint32_t	 seq;			/* of the first octet */
	uint16_t	 id;			/* IPv4 identification of the first segment */
	unsigned	 n;			/* segments made so far */
};

/* A packet that is not to be split: finish its checksum in place. False: the header does not fit the packet. */
bool gso_finish(const struct virtio_net_hdr *, uint8_t *pkt, size_t len);
/* Begin to split. False: not TCP over IPv4 or IPv6 without extension headers, or the header does not fit the packet. */
bool gso_begin(struct gso *, const struct virtio_net_hdr *, const uint8_t *pkt, size_t len);
/* Write the next segment; its length, or 0 when there is none (or cap is too small for it). */
size_t gso_next(struct gso *, uint8_t *out, size_t cap);

#endif
