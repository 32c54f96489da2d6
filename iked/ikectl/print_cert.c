/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificates and what a CA issued, for people. */
#include <stdio.h>
#include <string.h>

#include "ctl.h"
#include "sub.h"

static bool
yes(json_t *j, const char *key)
{
	return json_is_true(json_object_get(j, key));
}

static void
print_list(const char *before, json_t *list)
{
	json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
		printf("%s%s", i ? ", " : before, shown(json_string_value(v)));
}

static const char *
what_is(json_t *c)
{
	if (yes(c, "issues"))
		return "CA that lives here";
	if (yes(c, "certificate") && yes(c, "private_key"))
		return "certificate and key";
	if (yes(c, "certificate"))
		return yes(c, "is_ca") ? "CA's certificate" : "certificate";
	return yes(c, "private_key") ? "key" : "nothing";
}

static void
print_crl(json_t *trust)
{
	json_t *crl = json_object_get(trust, "crl");

	if (!json_is_object(trust))
		return;
	printf("    revocation %s", text(trust, "revocation"));
	if (*json_get(crl, "this_update"))
		printf("; list of %.10s, next %.10s, %s revoked", text(crl, "this_update"), text(crl, "next_update"), text(crl, "revoked"));
	if (*json_get(crl, "url"))
		printf("; %s", text(crl, "url"));
	printf("\n");
	if (strcmp(json_get(crl, "reason"), "OK") != 0)
		printf("    %s %s (%s)\n", text(crl, "message"), text(crl, "detail"), text(crl, "reason"));
}

void
print_certs(const struct ctl *ctl, json_t *answer)
{
	json_t *c;
	size_t i;

	json_array_foreach(json_object_get(answer, "certs"), i, c) {
		const char *reason = json_get(c, "reason");

		printf("%-16s %s", text(c, "name"), what_is(c));
		if (*json_get(c, "key"))
			printf(" (%s)", text(c, "key"));
		if (yes(c, "certificate"))
			printf(", valid until %.10s", text(c, "not_after"));
		printf("%s\n", strcmp(json_get(c, "kept"), "file") == 0 ? ", a file of the administrator's" : "");
		if (yes(c, "certificate")) {
			printf("    %s", text(c, "subject"));
			print_list("; ", json_object_get(c, "names"));
			if (strcmp(json_get(c, "issuer"), json_get(c, "subject")) != 0)
				printf("; issued by %s", text(c, "issuer"));
			printf("\n");
		}
		if (*json_get(c, "public_key")) {
			printf("    public_key: ");
			print_octets(json_get(c, "public_key"), strlen(json_get(c, "public_key")));
			putchar('\n');
		}
		print_crl(json_object_get(c, "trust"));
		if (json_integer_value(json_object_get(c, "used_by_count"))) {
			printf("    used by %s: ", text(c, "used_by_count"));
			print_list("", json_object_get(c, "used_by"));
			printf("%s\n", json_integer_value(json_object_get(c, "used_by_count")) > (json_int_t)json_array_size(json_object_get(c, "used_by")) ?
			    ", \xe2\x80\xa6" : "");
		}
		if (strcmp(reason, "OK") != 0)
			printf("    %s%s%s%s%s (%s)\n    %s\n", strcmp(reason, "CERT_EXPIRES_SOON") == 0 ? "warning: " : "", text(c, "message"),
			    *json_get(c, "detail") ? " (" : "", *json_get(c, "detail") ? text(c, "detail") : "", *json_get(c, "detail") ? ")" : "",
			    text(c, "reason"), text(c, "hint"));
	}
}

void
print_issued(const struct ctl *ctl, json_t *answer)
{
	json_t *c;
	size_t i;

	json_array_foreach(json_object_get(answer, "issued"), i, c) {
		printf("%s  %-16s", text(c, "serial"), text(c, "site"));
		print_list(" ", json_object_get(c, "names"));
		if (*json_get(c, "revoked"))
			printf("; revoked %.10s (%s)\n", text(c, "revoked"), text(c, "why"));
		else
			printf("; %s %.10s\n", yes(c, "expired") ? "expired" : "valid until", text(c, "not_after"));
	}
}

void
print_made(const char *what, json_t *answer)
{
	printf("%s: %s (%s), %s", text(answer, "name"), what, text(answer, "key"), text(answer, "subject"));
	print_list(", for ", json_object_get(answer, "names"));
	printf(", valid until %.10s\n", text(answer, "not_after"));
	fflush(stdout);
}
