/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The Internet checksum (RFC 1071) of what a TUN with offloads leaves undone, and of the headers that splitting changes. */
#ifndef CAUSEWAY_CSUM_H
#define CAUSEWAY_CSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A running sum: octets in memory order, so that it needs no swapping; an odd piece must be the last. */
uint64_t csum_add(uint64_t sum, const void *, size_t);
/* Fold to 16 bits in memory order; the checksum is its complement. */
uint16_t csum_fold(uint64_t sum);
/* The pseudo header of RFC 9293 3.1 and RFC 8200 8.1: addresses straight from the IP header (4 or 6). */
uint64_t csum_pseudo(const uint8_t *ip, uint8_t proto, size_t len);
/* Set the header checksum of an IPv4 header of hlen octets. */
void csum_ipv4(uint8_t *ip, size_t hlen);
/* Is the TCP checksum of this whole packet right? */
bool csum_tcp_ok(const uint8_t *ip, size_t iphlen, size_t len);

#endif
