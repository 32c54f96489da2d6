/* SPDX-License-Identifier: BSD-2-Clause */
/* A CA's index: what is taken is written as octets that are taken again and written the same. */
#include <stdlib.h>
#include <string.h>

#include "caindex.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct caindex ix, again;
	uint8_t *a, *b;
	size_t na, nb;
	unsigned line;

	if (!caindex_decode(bytes_of(p, n), &ix, &line)) {
		if (ix.n || ix.row)
			abort();
		return 0;
	}
	a = caindex_encode(&ix, 0, &na);
	if (a == NULL || !caindex_decode(bytes_of(a, na), &again, &line) || again.n != ix.n)
		abort();
	b = caindex_encode(&again, 0, &nb);
	if (b == NULL || !bytes_eq(bytes_of(a, na), bytes_of(b, nb)))
		abort();
	/* one more for the site of the last: it is the newest then, and has the only key */
	if (ix.n) {
		struct caindex_row row = ix.row[ix.n - 1];

		row.serial[0] = '0';
		if (!caindex_issue(&ix, &row) || caindex_newest(&ix, row.site) != &ix.row[ix.n - 1] || ix.row[ix.n - 2].nkey)
			abort();
	}
	free(a);
	free(b);
	caindex_free(&ix);
	caindex_free(&again);
	return 0;
}
