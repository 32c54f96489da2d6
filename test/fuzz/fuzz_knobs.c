/* SPDX-License-Identifier: BSD-2-Clause */
/* A file of settings: what is accepted has names that end and values of 32 bits, and a refusal names a line of the file in words. */
#include <stdlib.h>
#include <string.h>

#include "knobs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct cw_named table[2] = { { .name = "net.key.debug", .most = 1 }, { .name = "net.key.spi_max_value", .least = 256, .most = UINT32_MAX } };
	const struct bytes t = bytes_of((const uint8_t *)table, sizeof(table));
	struct knob_error e = { 0 };
	struct cw_named v[CW_NAMED_MAX];
	unsigned n;

	if (!knob_file(bytes_of(data, size), v, &n, &e)) {
		if (e.line == 0 || e.line > size + 1 || e.text[0] == '\0')
			abort();
		return 0;
	}
	for (unsigned i = 0; i < n; i++) {
		if (strnlen(v[i].name, sizeof(v[i].name)) == sizeof(v[i].name) || v[i].name[0] == '\0' || v[i].value > UINT32_MAX)
			abort();
		knob_allowed(t, &v[i], &e);
	}
	return 0;
}
