/* SPDX-License-Identifier: BSD-2-Clause */
/* psk.txt: whoever has a line has a key that is found, or a refusal that names the line; no line makes a key of another; and a whole file is good when all of it is. */
#include <stdio.h>
#include <stdlib.h>

#include "psktxt.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct psktxt f = { .left = bytes_of(p, n) };
	char id[PSKTXT_ID], identity[PSKTXT_ID + 8], detail[STORE_DETAIL];
	struct addr v[64], a;
	struct secret own, found = { 0 };
	const char *why = NULL;
	enum psktxt_got got;
	size_t addresses = psktxt_addresses(bytes_of(p, n), v, 64), seen = 0;
	struct bytes key;
	unsigned keys, entries = 0;
	bool good = true;

	own.n = 0;
	while ((got = psktxt_next(&f, id, &key, &why)) != PSKTXT_END) {
		enum reason r;

		if (got == PSKTXT_BAD) {
			if (!why)
				abort();
			good = false;
			continue;
		}
		if (strlen(id) == 0 || key.n == 0 || key.p < p || key.p + key.n > p + n || memchr(key.p, '\n', key.n))
			abort();
		if (addr_parse(id, &a) && seen < 64 && !addr_eq(&v[seen++], &a))
			abort();
		snprintf(identity, sizeof(identity), "%s:%s", addr_parse(id, &a) ? "ip" : "fqdn", id);
		r = psktxt_find(bytes_of(p, n), identity, &found, detail);
		if (r == R_SECRET_MISSING || (r == R_OK) != (found.n > 0))
			abort();
		if (psktxt_key(key, &own) != (own.n > 0) || own.n > SECRET_CAP)
			abort();
		good &= own.n > 0;
		entries++;
	}
	good &= entries > 0;
	if ((psktxt_check(bytes_of(p, n), &keys, detail) == R_OK) != good || (good ? keys != entries : detail[0] == '\0'))
		abort();
	if (seen != addresses)
		abort();
	if (psktxt_find(bytes_of(p, n), "ip:203.0.113.250", &found, detail) == R_OK && found.n == 0)
		abort();
	return 0;
}
