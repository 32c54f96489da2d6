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

static void
print_text(const struct ctl *ctl, json_t *answer)
{
	fputs(text(answer, "text"), stdout);
}

int
show_revision(const struct ctl *ctl, const char *revision)
{
	char path[64];

	if (!is_number(revision))
		return CTL_USAGE;
	snprintf(path, sizeof(path), "/v1/revisions/%.20s", revision);
	return ctl_ask(ctl, false, path, NULL, NULL, 0, print_text);
}

/* ---- for people ---- */

void
print_history(const struct ctl *ctl, json_t *answer)
{
	json_t *r;
	size_t i;

	json_array_foreach(json_object_get(answer, "revisions"), i, r)
		printf("%s %s  %s  %s  %s\n", json_is_true(json_object_get(r, "current")) ? "*" : " ", text(r, "number"), text(r, "time"),
		    text(r, "author"), text(r, "comment"));
	ctl_more(answer, "--before", "older revisions");
}

void
print_audit(const struct ctl *ctl, json_t *answer)
{
	json_t *r;
	size_t i;

	json_array_foreach(json_object_get(answer, "audit"), i, r)
		printf("%s  %s (%s)  %s %s  %s\n", text(r, "time"), text(r, "author"), text(r, "origin"), text(r, "action"), text(r, "detail"),
		    text(r, "result"));
	ctl_more(answer, "--before", "older lines");
}

static void
print_line(const struct ctl *ctl, const char *p, size_t n)
{
	const char *paint = !ctl->colour ? "" : *p == '+' ? "\033[32m" : *p == '-' ? "\033[31m" : *p == '@' ? "\033[36m" : "";

	fputs(paint, stdout);
	for (size_t i = 0; i < n; i++)
		if (((unsigned char)p[i] < 0x20 && p[i] != '\t') || p[i] == 0x7f)
			printf("\\x%02x", (unsigned char)p[i]);
		else
			putchar(p[i]);
	puts(*paint ? "\033[0m" : "");
}

void
print_diff(const struct ctl *ctl, json_t *answer)
{
	const char *p = json_string_value(json_object_get(answer, "diff"));

	printf("--- revision %s\n+++ revision %s\n", text(answer, "from"), text(answer, "to"));
	for (size_t n; p && *p; p += n + (p[n] != '\0')) {
		n = strcspn(p, "\n");
		print_line(ctl, p, n);
	}
	print_plan_rows(ctl, json_object_get(answer, "plan"));
}
