/* SPDX-License-Identifier: BSD-2-Clause */
/* The JSON bodies of commands: a child's name and what to do, or a sentence. */
#include <stdio.h>
#include <stdlib.h>

#include "act.h"
#include "name.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char why[200] = "";
	struct act a;
	bool ok = act_body((const char *)data, n, &a, why, sizeof(why));

	if (ok ? a.child[0] && !name_ok(a.child) : !why[0]) {
		fprintf(stderr, "fuzz_act: a verdict that does not fit\n");
		abort();
	}
	return 0;
}
