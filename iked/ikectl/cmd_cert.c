/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests for other CAs, and what they issued; and what the commands of certificates share. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "box.h"
#include "name.h"
#include "sub.h"

/* ---- shared ---- */

static void
sub_usage(FILE *to, const char *command, const struct sub *subs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fprintf(to, "%s ikectl %s %s %s\n           %s\n", i ? "      " : "usage:", command, subs[i].name, subs[i].words, subs[i].help);
}

int
sub_run(const struct ctl *ctl, const char *command, const struct sub *subs, size_t n, int argc, char **argv)
{
	for (size_t i = 0; argc && i < n; i++) {
		if (strcmp(subs[i].name, argv[0]) != 0)
			continue;
		if (argc - 1 >= subs[i].min && argc - 1 <= subs[i].max && ctl->given[strspn(ctl->given, subs[i].options)] == '\0')
			return subs[i].run(ctl, argc - 1, argv + 1);
		fprintf(stderr, "usage: ikectl %s %s %s\n", command, subs[i].name, subs[i].words);
		return CTL_USAGE;
	}
	sub_usage(stderr, command, subs, n);
	return CTL_USAGE;
}

int
post_json(const struct ctl *ctl, const char *path, json_t *body, json_t **answer, json_t **error)
{
	char *octets = json_dumps(body, 0);
	int rc = CTL_FAILED;

	*answer = NULL;
	if (octets)
		rc = ctl_call(ctl, true, path, "application/json", octets, strlen(octets), answer, error);
	else
		fprintf(stderr, "ikectl: what was given is not UTF-8\n");
	free(octets);
	json_decref(body);
	return rc;
}

void
set_text(json_t *body, const char *key, const char *value)
{
	if (value)
		json_object_set_new(body, key, json_string_nocheck(value));
}

void
set_ids(json_t *body, const struct ctl *ctl)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < ctl->nids; i++)
		json_array_append_new(list, json_string_nocheck(ctl->ids[i]));
	if (ctl->nids)
		json_object_set(body, "ids", list);
	json_decref(list);
}

bool
set_days(json_t *body, const struct ctl *ctl)
{
	char *end;
	long n;

	if (!ctl->days)
		return true;
	n = strtol(ctl->days, &end, 10);
	if (!*ctl->days || *end || n < 1 || n > 36500) {
		fprintf(stderr, "ikectl: --days takes a number, 1 to 36500\n");
		return false;
	}
	json_object_set_new(body, "days", json_integer(n));
	return true;
}

bool
is_name(const char *what, const char *name)
{
	if (name_ok(name))
		return true;
	fprintf(stderr, "ikectl: '%s' is not the name of %s: lower-case letters, digits and hyphens, at most 63\n", name, what);
	return false;
}

/* ---- csr ---- */

int
cmd_csr(const struct ctl *ctl, int argc, char **argv)
{
	json_t *body, *answer;
	char path[160];
	int rc;

	if (ctl->given[strspn(ctl->given, "kIsoK")]) {
		fprintf(stderr, "usage: ikectl csr NAME [--id ID]... [--key KIND | --keep-key] [--subject DN] [--out FILE]\n");
		return CTL_USAGE;
	}
	if (!is_name("a certificate", argv[0]))
		return CTL_USAGE;
	snprintf(path, sizeof(path), "/v1/certs/%s/csr", argv[0]);
	body = json_object();
	set_text(body, "key", ctl->key);
	set_text(body, "subject", ctl->subject);
	set_ids(body, ctl);
	if (ctl->keep_key)
		json_object_set_new(body, "keep_key", json_true());
	rc = post_json(ctl, path, body, &answer, NULL);
	if (answer && (ctl->out || !ctl->json) && !text_save(ctl, json_get(answer, "pem"), ctl->out))
		rc = CTL_FAILED;
	else if (answer && ctl->json)
		ctl_json(answer);
	else if (answer)
		fprintf(stderr, "%s: a request; its key (%s) is kept here and goes nowhere.\n"
		    "Next, where the CA lives: 'ikectl ca issue %s --csr FILE' with it; then here 'ikectl cert import' with what that prints.\n",
		    argv[0], text(answer, "key"), argv[0]);
	json_decref(answer);
	return rc;
}

/* ---- import ---- */

static json_t *
import_body(const struct ctl *ctl)
{
	json_t *body = json_object();

	set_text(body, "name", ctl->name);
	set_text(body, "trust", ctl->trust);
	if (ctl->replace)
		json_object_set_new(body, "replace", json_true());
	return body;
}

static int
try_import(const struct ctl *ctl, const char *file, const char *password, json_t **answer, json_t **error)
{
	char path[160] = "/v1/certs/import";
	struct box box;
	int rc = CTL_FAILED;

	*answer = *error = NULL;
	if (box_make(ctl, &box, file, ctl->key, ctl->password_file, password) && (rc = box_send(ctl, &box, path, sizeof(path))) == CTL_OK)
		rc = post_json(ctl, path, import_body(ctl), answer, error);
	box_free(&box);
	return rc;
}

static int
cert_import(const struct ctl *ctl, int argc, char **argv)
{
	const char *from = argv[0];
	char password[256] = "";
	json_t *answer, *error;
	int rc;

	rc = try_import(ctl, from, NULL, &answer, &error);
	/* Whether a file has a password only keymgr can see. What came from a pipe is gone by now. */
	if (error && strcmp(json_get(error, "reason"), "PASSWORD_WRONG") == 0 && !ctl->password_file && strcmp(from, "-") != 0 &&
	    ask_password("Password of the file: ", false, password, sizeof(password))) {
		json_decref(error);
		rc = try_import(ctl, from, password, &answer, &error);
	}
	explicit_bzero(password, sizeof(password));
	if (error && ctl->json)
		ctl_json(error);
	else if (error)
		print_error(ctl, error);
	if (answer && ctl->json)
		ctl_json(answer);
	else if (answer && json_is_true(json_object_get(answer, "private_key"))) {
		print_made("a certificate with its key", answer);
		if (*json_get(answer, "ca"))
			printf("%s: the CA that issued it, now a trust anchor\n", text(answer, "ca"));
		fflush(stdout);
		fprintf(stderr, "Next: it is used by tunnels with 'auth: {certificate: %s, trust: %s}' in the site file, from the next 'ikectl apply' on.\n",
		    text(answer, "name"), *json_get(answer, "ca") ? text(answer, "ca") : "CA");
		if (*json_get(answer, "ca") == '\0')
			fprintf(stderr, "The CA's own certificate was not in the file: import that of the peers' CA too.\n");
	} else if (answer)
		print_made("a trust anchor", answer);
	json_decref(answer);
	json_decref(error);
	return rc;
}

int
remove_named(const struct ctl *ctl, const char *kind, const char *what, const char *name)
{
	json_t *answer;
	char path[160];
	int rc;

	if (!is_name(what, name))
		return CTL_USAGE;
	snprintf(path, sizeof(path), "/v1/%s/%s/remove", kind, name);
	rc = post_json(ctl, path, json_object(), &answer, NULL);
	if (answer && ctl->json)
		ctl_json(answer);
	else if (answer)
		printf("%s: removed\n", name);
	json_decref(answer);
	return rc;
}

static int
cert_remove(const struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return remove_named(ctl, "certs", "a certificate", argv[0]);
}

static const struct sub subs[] = {
	{ "import", "FILE [--key FILE] [--name NAME] [--trust NAME] [--password-file FILE] [--replace]",
	    "a certificate, its chain, its key, its CA: PEM, DER or PKCS#12; '-' is standard input", 1, 1, "kNTwx", cert_import },
	{ "remove", "NAME", "take a certificate and its key away", 1, 1, "", cert_remove },
};

int
cmd_cert(const struct ctl *ctl, int argc, char **argv)
{
	return sub_run(ctl, "cert", subs, sizeof(subs) / sizeof(subs[0]), argc, argv);
}
