/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "ikectl complete -- WORD ...": what the last word may become, a line each; the shells' completions ask it, so that they know what this
 * gateway has and what this version takes. Nothing is printed where a file is to be named: the shell knows files.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "http.h"
#include "name.h"

/* Where the words are always the same. */
static const struct { const char *command, *words; } fixed[] = {
	{ "show", "certs config policies sas" },
	{ "ca", "init issue renew revoke crl list export" },
	{ "cert", "import remove" },
	{ "secret", "new put remove" },
	{ "racoon", "put check compare show remove watch" },
	{ "import", "swanctl.conf ipsec.conf iked.conf racoon.conf setkey.conf" },
	{ "--for", "causeway strongswan libreswan openiked fields" },
	{ "--remove", "all" },
	{ "--span", "2h 1d 31d" },
	{ "--since", "oldest" },
	{ "--state", "connecting down failed not-up rekeying up" },
};

static void
offer(const char *word, const char *so_far)
{
	if (strncmp(word, so_far, strlen(so_far)) == 0)
		puts(word);
}

static bool
offer_fixed(const char *of, const char *so_far)
{
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (strcmp(fixed[i].command, of) == 0) {
			for (const char *p = fixed[i].words; *p; p += strcspn(p, " "), p += *p == ' ') {
				char word[32];

				snprintf(word, sizeof(word), "%.*s", (int)strcspn(p, " "), p);
				offer(word, so_far);
			}
			return true;
		}
	return false;
}

/* Quietly: a shell that completes is no place for an error. */
static json_t *
quiet(const char *run_dir, const char *path)
{
	char socket[512];
	struct http h;

	snprintf(socket, sizeof(socket), "%s/ro.sock", run_dir);
	http_call(&h, socket, "GET", path, NULL, NULL, 0, 2);
	if (h.status == 200)
		return h.body;
	http_free(&h);
	return NULL;
}

/* Of tunnels; and of their children once the slash is there. */
static void
offer_tunnels(const char *run_dir, const char *so_far)
{
	json_t *answer = quiet(run_dir, "/v1/tunnels"), *t, *c;
	bool whole = strchr(so_far, '/') != NULL;
	size_t i, k;

	json_array_foreach(json_object_get(answer, "tunnels"), i, t) {
		const char *tunnel = json_string_value(json_object_get(t, "name"));

		if (!tunnel || !name_ok(tunnel))
			continue;
		if (!whole)
			offer(tunnel, so_far);
		json_array_foreach(json_object_get(t, "children"), k, c) {
			const char *child = json_string_value(json_object_get(c, "name"));
			char full[2 * NAME_CAP];

			snprintf(full, sizeof(full), "%s/%s", tunnel, child && name_ok(child) ? child : "net");
			if (whole)
				offer(full, so_far);
		}
	}
	json_decref(answer);
}

static void
offer_revisions(const char *run_dir, const char *so_far)
{
	json_t *answer = quiet(run_dir, "/v1/revisions"), *r;
	size_t i;

	json_array_foreach(json_object_get(answer, "revisions"), i, r) {
		char number[24];

		snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(json_object_get(r, "number")));
		offer(number, so_far);
	}
	json_decref(answer);
}

static void
offer_commands(const char *so_far)
{
	const char *name, *before = "";

	for (size_t i = 0; i < ncommands; i++)
		offer(commands[i].name, so_far);
	for (size_t i = 0; (name = alias_name(i)) != NULL; i++) {
		if (strcmp(name, before) != 0 && strcmp(name, "show") != 0)
			offer(name, so_far);
		before = name;
	}
}

static void
offer_argument(const char *run_dir, int nth, const char *command, const char *so_far)
{
	for (size_t i = 0; i < ncommands; i++) {
		const char *words = commands[i].words;

		if (strcmp(commands[i].name, command) != 0 || nth >= commands[i].max)
			continue;
		if (strstr(words, "REVISION") || strstr(words, "[FROM"))
			offer_revisions(run_dir, so_far);
		else if (nth == 0 && strstr(words, "TUNNEL"))
			offer_tunnels(run_dir, so_far);
		else if (nth == 0)
			offer_fixed(command, so_far);
	}
}

static const struct option *
option_of(const char *word)
{
	for (const struct option *o = options; o->name; o++)
		if (strncmp(word, "--", 2) == 0 && strcmp(word + 2, o->name) == 0)
			return o;
	return NULL;
}

int
cmd_complete(const struct ctl *ctl, int argc, char **argv)
{
	const char *run_dir = ctl->run_dir, *so_far = argv[argc - 1], **words = calloc((size_t)argc + 2, sizeof(*words));
	char **plain = calloc((size_t)argc + 1, sizeof(*plain)), word[64];
	const struct option *o = NULL;
	int n = 0;

	for (int i = 0; plain && i < argc - 1; i++) {
		bool value = o && o->has_arg == required_argument;

		if (value && strcmp(o->name, "run-dir") == 0)
			run_dir = argv[i];
		o = value ? NULL : option_of(argv[i]);
		if (!value && argv[i][0] != '-')
			plain[n++] = argv[i];
	}
	n = plain && words ? alias_words(n, plain, words) : 0;
	if (o && o->has_arg == required_argument) {
		snprintf(word, sizeof(word), "--%s", o->name);
		offer_fixed(word, so_far);
	} else if (*so_far == '-') {
		for (o = options; o->name; o++) {
			snprintf(word, sizeof(word), "--%s", o->name);
			offer(word, so_far);
		}
	} else if (n == 0) {
		offer_commands(so_far);
	} else {
		offer_argument(run_dir, n - 1, words[0], so_far);
	}
	free(words);
	free(plain);
	return CTL_OK;
}
