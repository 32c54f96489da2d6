/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PF_KEY parser of lib/. What it takes is built again and parsed once more: the second and the third octets must be equal, and
 * so must the structs' facts that the first parse found.
 */
#include <stdio.h>
#include <stdlib.h>

#include "pfkey.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz_pfkey_client: %s\n", what);
	abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static uint8_t once[PFKEY_MSG_MAX], twice[PFKEY_MSG_MAX];
	static struct pfkey_msg m, again;
	struct wr w = wr_of(once, sizeof(once)), v = wr_of(twice, sizeof(twice));
	const char *why = "";
	bool ok = pfkey_get(bytes_of(p, n), &m, &why);

	must(ok == (why == NULL), "a refusal needs a sentence");
	if (!ok || !pfkey_put(&w, &m))	/* what was read may not be sayable: an unknown policy's half addresses, say */
		return 0;
	must(pfkey_get(wr_bytes(&w), &again, NULL), "what was built is not read");
	must(again.has == m.has && again.type == m.type && again.seq == m.seq && again.pid == m.pid, "facts differ");
	must(again.policy.n == m.policy.n && again.sel_src.n == m.sel_src.n && again.sel_dst.n == m.sel_dst.n, "counts differ");
	must(bytes_eq(again.key_encrypt, m.key_encrypt) && bytes_eq(again.key_auth, m.key_auth), "keys differ");
	must(pfkey_put(&v, &again) && bytes_eq(wr_bytes(&v), wr_bytes(&w)), "octets differ");
	return 0;
}
