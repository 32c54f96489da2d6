/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every message of lib/msg_*.c; the first octet picks one. What a getter accepts, the putter must write back to the very
 * octets that were read, and what it refuses must be left all zero: both are checked here.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../unit/msg_codecs.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz_ipc: %s\n", what);
	abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct codec *c;
	uint8_t *obj, *out;
	struct rd r;
	struct wr w;

	if (n == 0 || n > 65536)
		return 0;
	c = &codecs[data[0] % NCODECS];
	obj = malloc(c->size);
	out = malloc(n);
	if (!obj || !out)
		abort();
	memset(obj, 0xa5, c->size);
	r = rd_of(bytes_of(data + 1, n - 1));
	w = wr_of(out, n - 1);
	if (c->get(&r, obj)) {
		c->put(&w, obj);
		must(wr_ok(&w) && rd_ok(&r), "what was read cannot be written");
		must(w.n == (size_t)(r.p - (data + 1)) && memcmp(out, data + 1, w.n) == 0, "what was read is written otherwise");
	} else {
		for (size_t i = 0; i < c->size; i++)
			must(obj[i] == 0, "a refused message left something behind");
		must(!rd_ok(&r), "a refused message left its cursor good");
	}
	free(out);
	free(obj);
	return 0;
}
