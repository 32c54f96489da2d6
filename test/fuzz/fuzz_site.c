/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Site files: whatever the octets are, the answer is sites or an error with a reason and a sentence. What was read is asked
 * for what this gateway wants of it, as every site that it names. After a line "#edit NAME" a block follows that is put in NAME's
 * place, and whose text is a filter of labels too.
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

static const struct site_tunnel *
named(const struct sites *s, const char *name)
{
	for (unsigned i = 0; i < s->ntunnels; i++)
		if (strcmp(s->tunnels[i].name, name) == 0)
			return &s->tunnels[i];
	return NULL;
}

/* Any block for any name: a file in which all other tunnels are what they were, or a refusal with a reason. */
static void
put(const struct sites *s, const char *text, size_t n, const char *name, const char *block, size_t bn)
{
	struct edit e = { 0 };
	struct yt yt = { 0 };
	struct yt_error err;
	size_t on;

	if (edit_put(&e, &yt, s, text, n, name, block, bn)) {
		char *out = edit_text(&e, text, n, &on);
		struct sites *again = sites_read(out, on, true, &err);

		for (unsigned i = 0; again && i < s->ntunnels; i++) {
			const struct site_tunnel *t = &s->tunnels[i], *now = named(again, t->name);

			must(strcmp(t->name, name) == 0 || (now && memcmp(now->digest, t->digest, 32) == 0), "an edit changed another tunnel");
		}
		must(again || err.reason != R_OK, "an edited file was refused without a reason");
		sites_free(again);
		free(out);
	} else
		must(yt.err.reason != R_OK && yt.err.message[0], "an edit was refused without a reason");
	yt_free(&yt);
	edit_fini(&e);
	if (!edit_remove(&e, s, text, n, name, &err))
		must(err.reason != R_OK && err.message[0], "a removal was refused without a reason");
	edit_fini(&e);
}

static const char edit_mark[] = "\n#edit ";

static void
part(const struct sites *s, const char *text, size_t n, const char *rest, size_t rn)
{
	const char *nl = memchr(rest, '\n', rn);
	char name[NAME_CAP], *words;
	size_t len;

	if (!nl || (size_t)(nl - rest) >= sizeof(name))
		return;
	memcpy(name, rest, (size_t)(nl - rest));
	name[nl - rest] = '\0';
	len = rn - (size_t)(nl + 1 - rest);
	put(s, text, n, name, nl + 1, len);
	words = strndup(nl + 1, len);
	for (unsigned i = 0; words && i < s->ntunnels; i++)
		labels_match(&s->tunnels[i], words);
	free(words);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *mark = n ? memmem(data, n, edit_mark, sizeof(edit_mark) - 1) : NULL;
	size_t all = n;
	struct yt_error err;
	struct sites *s;

	n = mark ? (size_t)(mark + 1 - (const char *)data) : n;
	s = sites_read((const char *)data, n, true, &err);
	if (s && mark)
		part(s, (const char *)data, n, mark + sizeof(edit_mark) - 1, all - n - (sizeof(edit_mark) - 2));
	if (s)
		use(s, (const char *)data, n), edit(s, (const char *)data, n);
	else
		must(err.reason != R_OK && err.message[0], "refused without a reason");
	sites_free(s);
	return 0;
}
