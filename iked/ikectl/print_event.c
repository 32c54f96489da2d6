/* SPDX-License-Identifier: BSD-2-Clause */
/* The event stream: its lines, and an event for people. */
#include <stdio.h>
#include <string.h>

#include "ctl.h"
#include "sub.h"

json_t *
event_line(const char *line, char id[static 32])
{
	json_t *j;

	if (strncmp(line, "id: ", 4) == 0)
		snprintf(id, 32, "%s", line + 4);
	if (strncmp(line, "data: ", 6) != 0)
		return NULL;
	j = json_loads(line + 6, 0, NULL);
	if (json_string_value(json_object_get(j, "event")))
		return j;
	json_decref(j);
	return NULL;
}

/* Not what the line begins with, nor a reason where nothing is wrong, nor what is not so; but that something ended is the event. */
static bool
is_told(json_t *event, const char *key, const json_t *v)
{
	if (json_is_false(v))
		return strcmp(key, "up") == 0 || strcmp(key, "in_sync") == 0;
	if (strcmp(key, "reason") == 0 || strcmp(key, "message") == 0)
		return strcmp(text(event, "reason"), "OK") != 0;
	return strcmp(key, "id") != 0 && strcmp(key, "time") != 0 && strcmp(key, "event") != 0;
}

static void
print_members(json_t *event)
{
	json_t *v;
	const char *key;

	json_object_foreach(event, key, v) {
		if (!is_told(event, key, v))
			continue;
		if (json_is_boolean(v))
			printf(" %s%s", json_is_true(v) ? "" : "not ", shown(key));
		else if (json_is_string(v) && *json_string_value(v))
			printf(strpbrk(json_string_value(v), " =") ? " %s=\"%s\"" : " %s=%s", shown(key), text(event, key));
		else if (json_is_integer(v))
			printf(" %s=%s", shown(key), text(event, key));
	}
}

void
print_event(json_t *event)
{
	if (strcmp(json_get(event, "event"), "lost") == 0) {
		printf("--- %s events were lost", json_is_integer(json_object_get(event, "count")) ? text(event, "count") : "some");
		return;
	}
	printf("%s %-11s", text(event, "time"), text(event, "event"));
	print_members(event);
}
