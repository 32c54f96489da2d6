/* SPDX-License-Identifier: BSD-2-Clause */
/* Pre-shared keys that keymgr keeps. One comes from a file or standard input, never from an argument; one that is made here is printed once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "secret.h"
#include "sub.h"

static int
send_secret(const struct ctl *ctl, const char *name, const char *secret, size_t n, bool made)
{
	char path[160];
	json_t *answer = NULL;
	int rc;

	snprintf(path, sizeof(path), "/v1/secrets/%s%s", name, ctl->replace ? "?replace=yes" : "");
	rc = ctl_method(ctl, "POST", path, secret, n, &answer);
	if (answer && ctl->json) {
		if (made)
			json_object_set_new(answer, "secret", json_string(secret));
		ctl_json(answer);
	} else if (answer) {
		fprintf(stderr, "%s: keymgr has it%s\n", name, made ? "; it is shown now and never again:" : "");
		if (json_is_string(json_object_get(answer, "weak")))
			fprintf(stderr, "ikectl: warning: it is easy to guess: %s; 'ikectl secret new %s --replace' makes a good one\n", text(answer, "weak"), name);
	}
	json_decref(answer);
	return rc;
}

static int
secret_put(const struct ctl *ctl, int argc, char **argv)
{
	size_t n = 0;
	char *file;
	int rc;

	(void)argc;
	if (!is_name("a secret", argv[0]))
		return CTL_USAGE;
	file = ctl_slurp(ctl, argv[1], &n);
	if (!file)
		return CTL_FAILED;
	rc = send_secret(ctl, argv[0], file, n, false);
	wipe(file, n);
	free(file);
	return rc;
}

static int
secret_new(const struct ctl *ctl, int argc, char **argv)
{
	uint8_t r[32];
	char hex[4 + 64 + 2] = "hex:";
	int rc;

	(void)argc;
	if (!is_name("a secret", argv[0]))
		return CTL_USAGE;
	if (getrandom(r, sizeof(r), 0) != sizeof(r)) {
		fprintf(stderr, "ikectl: the system gave no random octets\n");
		return CTL_FAILED;
	}
	for (unsigned i = 0; i < sizeof(r); i++)
		snprintf(hex + 4 + 2 * i, 3, "%02x", r[i]);
	rc = send_secret(ctl, argv[0], hex, strlen(hex), true);
	if (rc == CTL_OK && !ctl->json)
		printf("%s\n", hex);
	wipe(r, sizeof(r));
	wipe(hex, sizeof(hex));
	return rc;
}

static int
secret_remove(const struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return remove_named(ctl, "secrets", "a secret", argv[0]);
}

static const struct sub secrets[] = {
	{ "new", "NAME [--replace]", "make one of 32 random octets; it is printed once", 1, 1, "x", secret_new },
	{ "put", "NAME FILE [--replace]", "hand in one; '-' is standard input", 2, 2, "x", secret_put },
	{ "remove", "NAME", "take away one that no tunnel names", 1, 1, "", secret_remove },
};

int
cmd_secret(const struct ctl *ctl, int argc, char **argv)
{
	return sub_run(ctl, "secret", secrets, sizeof(secrets) / sizeof(secrets[0]), argc, argv);
}
