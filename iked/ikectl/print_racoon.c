/* SPDX-License-Identifier: BSD-2-Clause */
/* The racoon.conf by which IKE serves policies, for people. */
#include <stdio.h>
#include <string.h>

#include "ctl.h"

void
print_racoon_notes(json_t *answer, const char *file)
{
	json_t *note;
	size_t i;

	json_array_foreach(json_object_get(answer, "notes"), i, note)
		fprintf(stderr, "%s:%s: note: %s\n", file, text(note, "line"), text(note, "text"));
}

static void
print_remote(json_t *r)
{
	printf("remote %s: IKE %s", json_is_null(json_object_get(r, "address")) ? "anonymous" : text(r, "address"), text(r, "ike"));
	if (json_is_integer(json_object_get(r, "lifetime_s")))
		printf(", for %s s", text(r, "lifetime_s"));
	if (json_is_string(json_object_get(r, "id_local")))
		printf(", as %s", text(r, "id_local"));
	if (json_is_string(json_object_get(r, "id_remote")))
		printf(", with %s", text(r, "id_remote"));
	printf("%s%s\n", json_is_true(json_object_get(r, "passive")) ? ", passive" : "", strcmp(text(r, "encapsulation"), "udp") == 0 ? ", ESP in UDP" : "");
}

void
print_racoon(json_t *answer)
{
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(answer, "remotes"), i, v)
		print_remote(v);
	json_array_foreach(json_object_get(answer, "sainfos"), i, v) {
		bool here = json_is_string(json_object_get(v, "local")), there = json_is_string(json_object_get(v, "remote"));

		printf("sainfo %s - %s: ESP %s", here ? text(v, "local") : "anonymous", there ? text(v, "remote") : "anonymous", text(v, "esp"));
		if (json_is_integer(json_object_get(v, "lifetime_s")))
			printf(", for %s s", text(v, "lifetime_s"));
		putchar('\n');
	}
}

void
print_racoon_differences(json_t *list)
{
	json_t *f;
	size_t i;

	json_array_foreach(list, i, f)
		printf("%s\n  here:  %s\n  there: %s\n", text(f, "field"), text(f, "here"), text(f, "there"));
	if (json_array_size(list) == 0)
		printf("the same\n");
}

void
print_racoon_text(const struct ctl *ctl, json_t *answer)
{
	fprintf(stderr, "# %s, by %s%s%s\n", text(answer, "time"), text(answer, "author"), json_is_string(json_object_get(answer, "file")) ? ", from " : "",
	    json_is_string(json_object_get(answer, "file")) ? text(answer, "file") : "");
	print_body(ctl, answer);
}
