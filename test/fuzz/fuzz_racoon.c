/* SPDX-License-Identifier: BSD-2-Clause */
/* racoon.conf: what is taken has proposals that are whole, and what is refused has a place in the text. */
#include <stdlib.h>

#include "racoon.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
check(const struct proposals *p, uint8_t proto)
{
	char text[2048];
	struct suite s;
	unsigned which;

	must(p->n > 0 && p->n <= PROPOSALS_MAX);
	for (unsigned i = 0; i < p->n; i++)
		must(p->v[i].proto == proto);
	must(proposals_choose(p, p, &s, &which));
	must(proposals_str(p, text, sizeof(text))[0] != '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct yt_error err = { 0 };
	struct racoon *r = racoon_read((const char *)data, n, &err);
	struct addr a = { .fam = 4 };
	struct ts ts = { 0 };

	if (!r) {
		must(err.reason != R_OK && err.message[0]);
		must(err.reason != R_RACOON_INVALID || (err.line && err.column && err.excerpt[0]));
		return 0;
	}
	for (unsigned i = 0; i < r->nremotes; i++) {
		check(&r->remotes[i].ike, PROTO_IKE);
		must(r->remotes[i].anonymous || r->remotes[i].address.fam);
	}
	for (unsigned i = 0; i < r->nsainfos; i++)
		check(&r->sainfos[i].esp, PROTO_ESP);
	must(racoon_remote_of(r, &a) < (int)r->nremotes && racoon_sainfo_of(r, &ts, &ts) < (int)r->nsainfos);
	racoon_free(r);
	return 0;
}
