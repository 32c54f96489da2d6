/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Site files: whatever the octets are, the answer is sites or an error with a reason and a sentence. What was read is asked
 * for what this gateway wants of it, as every site that it names.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"
#include "site.h"
#include "want.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static uint32_t
reqid(void *arg, const char *tunnel, const char *child)
{
	(void)arg, (void)tunnel, (void)child;
	return 1;
}

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz_site: %s\n", what);
	abort();
}

static void
use(const struct sites *s, const char *text, size_t n)
{
	struct yt_error err;
	struct plan p;

	for (unsigned i = 0; i < s->nsites && i < 3; i++) {
		struct want w;

		must(want_build(&w, s, s->sites[i].name, reqid, NULL), "what was read cannot be wanted");
		want_fini(&w);
		must(plan_make(&p, s, s, s->sites[i].name), "no plan");
		for (unsigned k = 0; k < p.n; k++)
			must(p.v[k].action == PLAN_KEPT, "the same file is not kept");
		plan_fini(&p);
	}
	must(plan_allowed(s, text, n, s, text, n, NULL, &err), "the same file is not allowed");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct yt_error err;
	struct sites *s = sites_read((const char *)data, n, true, &err);

	if (s)
		use(s, (const char *)data, n);
	else
		must(err.reason != R_OK && err.message[0], "refused without a reason");
	sites_free(s);
	return 0;
}
