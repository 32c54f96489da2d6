/* SPDX-License-Identifier: BSD-2-Clause */
/* How much a tunnel carries, or all of them. */
#include <stdio.h>

#include "ctl.h"
#include "name.h"

int
cmd_traffic(const struct ctl *ctl, int argc, char **argv)
{
	char path[256] = "/v1/traffic";

	if (argc && !name_ok(argv[0])) {
		fprintf(stderr, "ikectl: '%s' is not the name of a tunnel\n", argv[0]);
		return CTL_NOT_FOUND;
	}
	if (argc)
		snprintf(path, sizeof(path), "/v1/tunnels/%s/traffic", argv[0]);
	ctl_query(path, sizeof(path), "span", ctl->span);
	return ctl_ask(ctl, false, path, NULL, NULL, 0, print_traffic);
}
