/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stateless COOKIE, RFC 7296 2.6: version octet, then HMAC-SHA256(secret, version, Ni, address, port, SPIi), 16 octets of it.
 * The secret changes every minute; the one before it is still accepted.
 */
#ifndef IKED_WIRE_COOKIE_H
#define IKED_WIRE_COOKIE_H

#include "addr.h"
#include "secret.h"

#define COOKIE_LEN	17
#define COOKIE_LIFE_NS	60000000000ull

struct cookie_jar {
	struct secret	now, before;
	uint8_t		version;
	uint64_t	since_ns;	/* 0: no secret yet */
};

/* Is a new secret due? Then give 32 fresh random octets to cookie_turn(). */
bool cookie_due(const struct cookie_jar *, uint64_t now_ns);
void cookie_turn(struct cookie_jar *, uint64_t now_ns, const uint8_t fresh[static 32]);
bool cookie_make(const struct cookie_jar *, struct bytes ni, const struct endpoint *from, uint64_t spi_i,
    uint8_t out[static COOKIE_LEN]);
bool cookie_ok(const struct cookie_jar *, struct bytes cookie, struct bytes ni, const struct endpoint *from, uint64_t spi_i);

#endif
