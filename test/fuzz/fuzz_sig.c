/* SPDX-License-Identifier: BSD-2-Clause */
/* AUTH's data of method 14: what is taken is known, has a signature behind it, and is written so that it is read back the same. */
#include <stdlib.h>

#include "sig.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct sig_alg a, again;
	uint8_t buf[128];
	struct wr w = wr_of(buf, sizeof(buf));
	struct bytes sig;

	if (!sig_data_get(bytes_of(p, n), &a, &sig))
		return 0;
	if (sig.n == 0 || sig.n >= n || a.hash == 0 || a.hash > HASH_IDENTITY || a.salt > 0x7fff)
		abort();
	if (a.salt > 127)
		return 0;	/* never ours: a salt is as long as its hash */
	sig_alg_put(&w, &a);
	if (!wr_ok(&w) || !sig_alg_get(wr_bytes(&w), &again) || again.kind != a.kind || again.hash != a.hash || again.salt != a.salt)
		abort();
	return 0;
}
