/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* IP addresses, endpoints and prefixes, and their only text form (never octal, never resolved). */
#ifndef CAUSEWAY_ADDR_H
#define CAUSEWAY_ADDR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "bytes.h"

/* fam 0: no address ("any"); else 4 or 6. An IPv4 address uses b[0..3], the rest is zero. */
struct addr {
	uint8_t	fam;
	uint8_t	b[16];
};

struct endpoint {
	struct addr	addr;
	uint16_t	port;	/* host order */
};

struct prefix {
	struct addr	addr;	/* host bits are zero */
	uint8_t		len;
};

#define ADDR_STR	48	/* longest text of an address, with its terminator */
#define ENDPOINT_STR	56
#define PREFIX_STR	52

static inline size_t addr_len(const struct addr *a) { return a->fam == 4 ? 4 : a->fam == 6 ? 16 : 0; }
static inline uint8_t addr_bits(const struct addr *a) { return a->fam == 4 ? 32 : a->fam == 6 ? 128 : 0; }
bool addr_eq(const struct addr *, const struct addr *);
bool addr_is_any(const struct addr *);			/* fam 0, 0.0.0.0 or :: */
int  addr_cmp(const struct addr *, const struct addr *);	/* memcmp order, family first */
int  prefix_cmp(const struct prefix *, const struct prefix *);	/* by address, then length */
bool endpoint_eq(const struct endpoint *, const struct endpoint *);

/* Text to value. False on anything but the exact canonical grammar: no octal, no scope, no name. */
bool addr_parse(const char *, struct addr *);
/* "10.0.0.0/8"; without "/" the full length. False also when host bits are set. */
bool prefix_parse(const char *, struct prefix *);
/* Value to text; they return buf. */
const char *addr_str(const struct addr *, char buf[static ADDR_STR]);
const char *endpoint_str(const struct endpoint *, char buf[static ENDPOINT_STR]);	/* 1.2.3.4:500 [::1]:500 */
const char *prefix_str(const struct prefix *, char buf[static PREFIX_STR]);

bool prefix_has(const struct prefix *, const struct addr *);
/* First and last address of a prefix. */
void prefix_range(const struct prefix *, struct addr *lo, struct addr *hi);
/* The one prefix that is exactly lo..hi; false when the range is not a prefix. */
bool range_prefix(const struct addr *lo, const struct addr *hi, struct prefix *);

/* struct sockaddr_in/in6 both ways; IPv4-mapped IPv6 becomes IPv4. False on another family. */
bool endpoint_from_sa(const struct sockaddr *, socklen_t, struct endpoint *);
socklen_t endpoint_to_sa(const struct endpoint *, struct sockaddr_storage *);

/* IPC encoding: u8 fam, then 0, 4 or 16 octets. */
void addr_put(struct wr *, const struct addr *);
void addr_get(struct rd *, struct addr *);
void endpoint_put(struct wr *, const struct endpoint *);
void endpoint_get(struct rd *, struct endpoint *);

#endif
