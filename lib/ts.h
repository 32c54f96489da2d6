/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Traffic selectors: an address range, one protocol (0: any) and a port range, as in RFC 7296 3.13.1. */
#ifndef CAUSEWAY_TS_H
#define CAUSEWAY_TS_H

#include "addr.h"

#define TS_MAX	64	/* selectors in one list */
#define TS_STR	128

struct ts {
	uint8_t		proto;		/* 0 any */
	uint16_t	port_lo;	/* ICMP: type and code, RFC 7296 3.13.1 */
	uint16_t	port_hi;
	struct addr	lo;
	struct addr	hi;
};

struct ts_list {
	unsigned	n;
	struct ts	v[TS_MAX];
};

struct ts ts_from_prefix(const struct prefix *);	/* any protocol, any port */
bool ts_eq(const struct ts *, const struct ts *);
bool ts_within(const struct ts *inner, const struct ts *outer);
/* The overlap of two selectors; false when there is none. */
bool ts_meet(const struct ts *, const struct ts *, struct ts *);
/* Every overlap of the two lists, without duplicates or selectors inside another; false when empty or too many. */
bool ts_list_meet(const struct ts_list *, const struct ts_list *, struct ts_list *);
bool ts_list_eq(const struct ts_list *, const struct ts_list *);	/* order does not count */
bool ts_list_within(const struct ts_list *inner, const struct ts_list *outer);
bool ts_list_has(const struct ts_list *, uint8_t proto, const struct addr *, uint16_t port);
/* "10.0.1.0/24", "10.0.1.1-10.0.1.9", "10.0.1.0/24 tcp 80-90"; returns buf. */
const char *ts_str(const struct ts *, char buf[static TS_STR]);
/* Comma separated, cut with "…" when it does not fit. */
const char *ts_list_str(const struct ts_list *, char *buf, size_t cap);

/* Upper protocols as they are written: "tcp", "47". 0: it is none. And back. */
uint8_t ts_proto_parse(const char *);
const char *ts_proto_str(uint8_t, char buf[static 4]);
bool ts_proto_has_ports(uint8_t);

void ts_list_put(struct wr *, const struct ts_list *);	/* IPC */
void ts_list_get(struct rd *, struct ts_list *);

#endif
