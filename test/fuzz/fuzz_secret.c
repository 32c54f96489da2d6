/* SPDX-License-Identifier: BSD-2-Clause */
/* A secret's file: what is refused leaves nothing, what is taken is not empty, and only the first line counts. */
#include <stdlib.h>

#include "store.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const uint8_t *nl = n ? memchr(p, '\n', n) : NULL;
	struct secret s = { .n = 3 }, line = { 0 };
	bool ok = store_decode(bytes_of(p, n), &s);

	if (ok != (s.n > 0) || s.n > SECRET_CAP)
		abort();
	if (nl && (store_decode(bytes_of(p, (size_t)(nl - p)), &line) != ok || !secret_eq(&line, secret_bytes(&s))))
		abort();
	return 0;
}
