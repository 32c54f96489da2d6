/* SPDX-License-Identifier: BSD-2-Clause */
/* DER by the byte cursor: one element after the other, lengths in their shortest form, tags of one octet. Sticky, as struct rd is. */
#ifndef KEYMGR_DER_H
#define KEYMGR_DER_H

#include "bytes.h"

enum { DER_BOOLEAN = 0x01, DER_INTEGER = 0x02, DER_BITS = 0x03, DER_OCTETS = 0x04, DER_OID = 0x06, DER_ENUMERATED = 0x0a, DER_UTC_TIME = 0x17,
	DER_TIME = 0x18, DER_SEQUENCE = 0x30 };
#define DER_PLAIN(n)	(0x80 | (n))	/* context-specific, by the number */
#define DER_MADE(n)	(0xa0 | (n))	/* constructed */

/* The next element, whatever it is; its octets with the header in *whole when that is not NULL. */
static inline struct bytes
der_any(struct rd *r, uint8_t *tag, struct bytes *whole)
{
	const uint8_t *start = r->p;
	struct bytes body;
	size_t n, k;

	*tag = rd_u8(r);
	if ((*tag & 0x1f) == 0x1f)
		rd_fail(r);
	n = rd_u8(r);
	if (n & 0x80) {
		k = n & 0x7f;
		if (k == 0 || k > 4)
			rd_fail(r);
		n = (size_t)rd_be(r, k > 4 ? 0 : k);
		if (n < 0x80 || (k > 1 && n >> (8 * (k - 1)) == 0))
			rd_fail(r);
	}
	body = rd_bytes(r, n);
	if (whole)
		*whole = rd_ok(r) ? bytes_of(start, (size_t)(r->p - start)) : bytes_of(NULL, 0);
	return body;
}

/* The next element, which must have this tag. */
static inline struct bytes
der_get(struct rd *r, uint8_t tag)
{
	uint8_t got;
	struct bytes b = der_any(r, &got, NULL);

	if (got != tag)
		rd_fail(r);
	return rd_ok(r) ? b : bytes_of(NULL, 0);
}

static inline bool
der_is(const struct rd *r, uint8_t tag)
{
	return rd_left(r) > 0 && *r->p == tag;
}

/* If the next element has this tag. */
static inline bool
der_maybe(struct rd *r, uint8_t tag, struct bytes *b)
{
	*b = bytes_of(NULL, 0);
	if (!der_is(r, tag))
		return false;
	*b = der_get(r, tag);
	return rd_ok(r);
}

/* BOOLEAN with its DEFAULT FALSE, under this tag. */
static inline bool
der_flag(struct rd *r, uint8_t tag)
{
	struct bytes b;

	if (!der_maybe(r, tag, &b))
		return false;
	if (b.n != 1)
		rd_fail(r);
	return b.n == 1 && b.p[0] != 0;
}

#endif
