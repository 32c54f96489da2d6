/* SPDX-License-Identifier: BSD-2-Clause */
/* A payload of IPComp: what expands is inside the bounds, and comes back when it is made smaller again. */
#include <stdlib.h>
#include <string.h>

#include "comp.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static uint8_t out[65535], small[65535], back[65535];
	struct comp *c = comp_new();
	size_t k, m;

	if (c == NULL)
		return 0;
	k = comp_expand(c, p, n, out, sizeof(out));
	if (k > CW_COMP_FLOOR && k > n * CW_COMP_RATIO)
		abort();
	m = comp_shrink(c, k ? out : p, k ? k : n, small, sizeof(small));
	if (m && (m + CW_COMP_HEADER >= (k ? k : n) || comp_expand(c, small, m, back, sizeof(back)) != (k ? k : n) ||
	    memcmp(back, k ? out : p, k ? k : n) != 0))
		abort();
	comp_free(c);
	return 0;
}
