/* SPDX-License-Identifier: BSD-2-Clause */
/* The gateway file. What is accepted has a valid site and two ports. */
#include <stdlib.h>

#include "../../causewayd/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf c;
	struct yt_error e;
	bool ok = conf_read(&c, (const char *)data, size, &e);

	if (ok != (e.reason == R_OK))
		abort();
	if (ok && (!name_ok(c.site) || c.ike_port == 0 || c.natt_port == 0 || c.ike_port == c.natt_port))
		abort();
	return 0;
}
