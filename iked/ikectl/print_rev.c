/* SPDX-License-Identifier: BSD-2-Clause */
/* Revisions, what differs between two texts, and texts themselves, for people. */
#include <stdio.h>
#include <string.h>

#include "ctl.h"
#include "sub.h"

/* It is a file, which may be as long as it is. */
void
print_body(const struct ctl *ctl, json_t *answer)
{
	const char *s = json_get(answer, "text");

	print_octets(s, strlen(s));
}

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
	print_octets(p, n);
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

/* ---- compare ---- */

bool
is_state(json_t *tunnel, const char *word)
{
	const char *s = json_string_value(json_object_get(tunnel, "state"));

	return s && strcmp(s, word) == 0;
}

/* Of more than these the ones that are the same are only counted. */
#define MANY	20

void
print_compare(const struct ctl *ctl, json_t *answer)
{
	size_t i, k, same = 0;
	json_t *t, *f;

	json_array_foreach(json_object_get(answer, "tunnels"), i, t)
		same += is_state(t, "same");
	if (same > MANY)
		printf("%zu tunnels are the same\n", same);
	json_array_foreach(json_object_get(answer, "tunnels"), i, t) {
		if (same > MANY && is_state(t, "same"))
			continue;
		printf("%s (%s): %s\n", text(t, "tunnel"), text(t, "peer"), is_state(t, "same") ? "the same" : is_state(t, "differs") ? "differs" :
		    is_state(t, "only_here") ? "is here only" : "is there only");
		json_array_foreach(json_object_get(t, "fields"), k, f)
			printf("  %s\n    here:  %s\n    there: %s\n", text(f, "field"), text(f, "here"), text(f, "there"));
	}
	if (json_array_size(json_object_get(answer, "tunnels")) == 0)
		printf("That file has no tunnel with %s.\n", text(answer, "site"));
}
