/* SPDX-License-Identifier: BSD-2-Clause */
/* NAT detection, RFC 7296 2.23: SHA-1 over both IKE SPIs, the address and the port. It is no secret and proves nothing. */
#ifndef IKED_WIRE_NATD_H
#define IKED_WIRE_NATD_H

#include "addr.h"
#include "wire/msg.h"

#define NATD_LEN	20

void natd_hash(uint64_t spi_i, uint64_t spi_r, const struct endpoint *, uint8_t out[static NATD_LEN]);
/*
 * What the received hashes say: *local is translated when no DESTINATION hash is ours, *remote when no SOURCE hash is the
 * peer's. False when the message has no such notifies (the peer does not do NAT traversal).
 */
bool natd_check(const struct msg *, uint64_t spi_i, uint64_t spi_r, const struct endpoint *local, const struct endpoint *remote,
    bool *nat_local, bool *nat_remote);

#endif
