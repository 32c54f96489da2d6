/* SPDX-License-Identifier: BSD-2-Clause */
/* The saved guard: what is accepted, written again, is accepted again and says the same. */
#include <stdlib.h>

#include "guard_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guard_sets s = { 0 };
	struct guard_want g, back;
	const char *why;
	char *text;
	size_t n;

	if (!guard_decode(bytes_of(data, size), &g, &why))
		return 0;
	if (!guard_sets_make(&g, &s) || (text = guard_text(&g, &s, &n)) == NULL)
		abort();
	if (!guard_decode(bytes_of(text, n), &back, &why) || !pairs_eq(&g.in, &back.in) || !pairs_eq(&g.out, &back.out) || !selectors_eq(&g.sel, &back.sel) || g.open != back.open)
		abort();
	free(text);
	guard_sets_fini(&s);
	guard_want_fini(&g);
	guard_want_fini(&back);
	return 0;
}
