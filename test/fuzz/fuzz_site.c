/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Site files: whatever the octets are, the answer is sites or an error with a reason and a sentence. What was read is asked
 * for what this gateway wants of it, as every site that it names.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edit.h"
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
		must(plan_make(&p, s, s, s->sites[i].name, NULL, NULL), "no plan");
		for (unsigned k = 0; k < p.n; k++)
			must(p.v[k].fate == FATE_KEPT, "the same file is not kept");
		plan_fini(&p);
	}
	must(plan_allowed(s, text, n, s, text, n, NULL, &err), "the same file is not allowed");
}

/* A tunnel's own block put back is the same file, and what is left when it goes is a file or is refused. */
static void
edit(const struct sites *s, const char *text, size_t n)
{
	const struct site_tunnel *t = s->ntunnels ? &s->tunnels[s->ntunnels / 2] : NULL;
	struct edit e = { 0 };
	struct yt yt = { 0 };
	struct yt_error err;
	struct sites *again;
	char *block, *out;
	size_t bn, on;

	if (!t || t->n == 0)
		return;
	block = edit_block(t, text, &bn);
	if (edit_put(&e, &yt, s, text, n, t->name, block, bn)) {
		out = edit_text(&e, text, n, &on);
		again = sites_read(out, on, true, &err);
		must(again != NULL, "a block that was put back made the file invalid");
		must(again->ntunnels == s->ntunnels, "tunnels were lost");
		for (unsigned i = 0; i < s->ntunnels; i++)
			must(memcmp(again->tunnels[i].digest, s->tunnels[i].digest, 32) == 0, "another tunnel changed");
		sites_free(again);
		free(out);
	} else
		must(yt.err.reason != R_OK && yt.err.message[0], "an edit was refused without a reason");
	yt_free(&yt);
	edit_fini(&e);
	free(block);
	if (edit_remove(&e, s, text, n, t->name, &err)) {
		out = edit_text(&e, text, n, &on);
		again = sites_read(out, on, true, &err);
		must(again ? again->ntunnels == s->ntunnels - 1 : err.reason == R_REFERENCE_UNKNOWN, "a removal broke the file");
		sites_free(again);
		free(out);
	}
	edit_fini(&e);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct yt_error err;
	struct sites *s = sites_read((const char *)data, n, true, &err);

	if (s)
		use(s, (const char *)data, n), edit(s, (const char *)data, n);
	else
		must(err.reason != R_OK && err.message[0], "refused without a reason");
	sites_free(s);
	return 0;
}
