/* SPDX-License-Identifier: BSD-2-Clause */
/* Revisions: which there were, what differs between two, back to an earlier one; and who did what. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

static bool
is_number(const char *s)
{
	if (*s && strlen(s) < 19 && strspn(s, "0123456789") == strlen(s))
		return true;
	fprintf(stderr, "ikectl: '%s' is not the number of a revision; 'ikectl history' lists them\n", s);
	return false;
}

/* A part of a list that goes back in time. */
static int
ask_part(const struct ctl *ctl, const char *route, printer *print)
{
	char path[160];

	snprintf(path, sizeof(path), "%s", route);
	ctl_query(path, sizeof(path), "limit", ctl->limit);
	ctl_query(path, sizeof(path), "before", ctl->before);
	return ctl_ask(ctl, false, path, NULL, NULL, 0, print);
}

int
cmd_history(const struct ctl *ctl, int argc, char **argv)
{
	return ask_part(ctl, "/v1/revisions", print_history);
}

int
cmd_audit(const struct ctl *ctl, int argc, char **argv)
{
	return ask_part(ctl, "/v1/audit", print_audit);
}

/* Without numbers: what the revision in force changed; with one: from there to what is in force. */
int
cmd_diff(const struct ctl *ctl, int argc, char **argv)
{
	char path[120] = "/v1/diff";

	for (int i = 0; i < argc; i++)
		if (!is_number(argv[i]))
			return CTL_USAGE;
	ctl_query(path, sizeof(path), "from", argc > 0 ? argv[0] : NULL);
	ctl_query(path, sizeof(path), "to", argc > 1 ? argv[1] : NULL);
	return ctl_ask(ctl, false, path, NULL, NULL, 0, print_diff);
}

int
cmd_rollback(const struct ctl *ctl, int argc, char **argv)
{
	char path[3400] = "/v1/rollback";

	if (!is_number(argv[0]))
		return CTL_USAGE;
	ctl_query(path, sizeof(path), "to", argv[0]);
	ctl_query(path, sizeof(path), "comment", ctl->comment);
	return ctl_change(ctl, "POST", path, "application/json", "", 0);
}

int
show_revision(const struct ctl *ctl, const char *revision)
{
	char path[64];

	if (!is_number(revision))
		return CTL_USAGE;
	snprintf(path, sizeof(path), "/v1/revisions/%.20s", revision);
	return ctl_ask(ctl, false, path, NULL, NULL, 0, print_body);
}
