/* SPDX-License-Identifier: BSD-2-Clause */
/* The gateway at the other end: what it has to be told, and its site file beside ours. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "name.h"

int
cmd_export_peer(const struct ctl *ctl, int argc, char **argv)
{
	char path[256];

	if (!ctl->peer_for) {
		fprintf(stderr, "ikectl: say for whom: --for causeway, strongswan, libreswan, openiked or fields\n");
		return CTL_USAGE;
	}
	if (!name_ok(argv[0])) {
		fprintf(stderr, "ikectl: '%s' is not the name of a tunnel\n", argv[0]);
		return CTL_NOT_FOUND;
	}
	snprintf(path, sizeof(path), "/v1/tunnels/%s/export", argv[0]);
	ctl_query(path, sizeof(path), "for", ctl->peer_for);
	return ctl_ask(ctl, false, path, NULL, NULL, 0, print_body);
}

/* Exit code 1 when anything differs, as diff(1). */
int
cmd_compare(const struct ctl *ctl, int argc, char **argv)
{
	char path[4096] = "/v1/compare";
	json_t *answer, *t;
	char *buf;
	size_t n, i;
	int rc;

	buf = dir_is(argv[0]) ? dir_slurp(ctl, argv[0], &n) : ctl_slurp(ctl, argv[0], &n);
	if (!buf)
		return CTL_FAILED;
	ctl_query(path, sizeof(path), "file", argv[0]);
	rc = ctl_look(ctl, path, buf, n, &answer);
	free(buf);
	if (answer && ctl->json)
		ctl_json(answer);
	else if (answer)
		print_compare(ctl, answer);
	json_array_foreach(json_object_get(answer, "tunnels"), i, t)
		if (!is_state(t, "same"))
			rc = CTL_FAILED;
	json_decref(answer);
	return rc;
}
