/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * IPComp's DEFLATE (RFC 2394) over zlib: payloads in, payloads out, nothing about packets. One context serves any number of them, one
 * after another. What comes out is bounded in size by the caller, and in its relation to what went in by CW_COMP_RATIO and CW_COMP_FLOOR; what
 * would be beyond is not sent either.
 */
#ifndef CAUSEWAY_COMP_H
#define CAUSEWAY_COMP_H

#include <stddef.h>
#include <stdint.h>

#include "cw.h"


struct comp;
struct comp *comp_new(void);	/* NULL: no memory */
void comp_free(struct comp *);
/* How many octets now stand in out, at most cap; 0: send the payload as it is, for with the header it would not get smaller. */
size_t comp_shrink(struct comp *, const uint8_t *in, size_t n, uint8_t *out, size_t cap);
/* How many octets now stand in out, at most cap; 0: no DEFLATE stream that ends with in, or one that expands beyond the bounds. */
size_t comp_expand(struct comp *, const uint8_t *in, size_t n, uint8_t *out, size_t cap);
bool comp_was_large(const struct comp *);	/* the last one gave 0 because of the bounds */

#endif
