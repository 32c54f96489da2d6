/* SPDX-License-Identifier: BSD-2-Clause */
/* The verbs of swanctl(8) and of BIRD's birdc(8), for hands that know them. */
#include <string.h>

#include "command.h"

/* The longer one first where two begin alike. */
static const struct { const char *from[2], *to[2]; } aliases[] = {
	{ { "initiate" }, { "up" } },
	{ { "terminate" }, { "down" } },
	{ { "load-all" }, { "apply" } },
	{ { "load-conns" }, { "apply" } },
	{ { "list-conns" }, { "status" } },
	{ { "list-sas" }, { "show", "sas" } },
	{ { "list-pols" }, { "show", "policies" } },
	{ { "list-certs" }, { "show", "certs" } },
	{ { "stats" }, { "counters" } },
	{ { "log" }, { "events" } },
	{ { "configure", "check" }, { "check" } },
	{ { "configure", "confirm" }, { "confirm" } },
	{ { "configure", "undo" }, { "undo" } },
	{ { "configure", "status" }, { "status" } },
	{ { "configure" }, { "apply" } },
	{ { "enable" }, { "up" } },
	{ { "disable" }, { "down" } },
	{ { "show", "status" }, { "status" } },
	{ { "show", "protocols" }, { "status" } },
};
#define NALIASES (sizeof(aliases) / sizeof(aliases[0]))

const char *
alias_name(size_t i)
{
	return i < NALIASES ? aliases[i].from[0] : NULL;
}

#define BIRD_TIMEOUT_S	300	/* birdc's "configure timeout" without a number */

int
alias_timeout(int argc, char **argv, long *confirm_s)
{
	int n = 0;

	if (argc < 2 || strcmp(argv[0], "configure") != 0)
		return argc;
	for (int i = 0; i < argc; i++) {
		long s;

		if (strcmp(argv[i], "soft") == 0)
			continue;	/* an apply is never anything else */
		if (strcmp(argv[i], "timeout") != 0) {
			argv[n++] = argv[i];
			continue;
		}
		*confirm_s = BIRD_TIMEOUT_S;
		if (i + 1 < argc && ctl_seconds(argv[i + 1], &s)) {
			*confirm_s = s;
			i++;
		}
	}
	return n;
}

int
alias_words(int argc, char **argv, const char **out)
{
	int n = 0, skip = 0;

	for (size_t i = 0; i < NALIASES && !skip; i++) {
		const char *const *from = aliases[i].from, *const *to = aliases[i].to;

		if (argc < 1 || strcmp(argv[0], from[0]) != 0 || (from[1] && (argc < 2 || strcmp(argv[1], from[1]) != 0)))
			continue;
		skip = from[1] ? 2 : 1;
		out[n++] = to[0];
		if (to[1])
			out[n++] = to[1];
	}
	for (int i = skip; i < argc; i++)
		out[n++] = argv[i];
	return n;
}
