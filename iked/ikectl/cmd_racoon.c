/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "ikectl racoon": the racoon.conf by which IKE serves policies. It is read by spdsync; the file of keys that it names is read here, by the rules that
 * racoon has for it, and handed to keymgr. "iked -f FILE" comes here too.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "racoondiff.h"
#include "secret.h"
#include "sub.h"

#define KEYS_MAX	(60u * 1024u)

/* What is wrong with the file; NULL: nothing. */
static const char *
weak(const struct stat *st, char buf[static 96])
{
	if (!S_ISREG(st->st_mode))
		return "it is not a regular file";
	if (st->st_uid != geteuid() && st->st_uid != 0)
		return "its owner is neither root nor this user";
	if (st->st_mode & 077) {
		snprintf(buf, 96, "weak file permission: it has mode %04o, and must have 0600 or 0400", (unsigned)st->st_mode & 07777);
		return buf;
	}
	return st->st_size > (off_t)KEYS_MAX ? "it has more than 60 KiB" : NULL;
}

/* Is it the file that keymgr reads by itself? */
static bool
is_read(const char *file, json_t *conf)
{
	char *a = realpath(file, NULL), *b = realpath(text(conf, "keys_read"), NULL);
	bool same = a && b && strcmp(a, b) == 0;

	free(a);
	free(b);
	return same;
}

static int
hand_in(const struct ctl *ctl, const char *keys, size_t n)
{
	json_t *answer = NULL;
	int rc = ctl_method(ctl, "POST", "/v1/racoon/keys", keys, n, &answer);

	if (rc == CTL_OK && !ctl->json)
		fprintf(stderr, "psk.txt: keymgr has its %s keys\n", text(answer, "keys"));
	json_decref(answer);
	return rc;
}

/* The keys that the racoon.conf names, to keymgr. conf_file, for the place of what is wrong. */
static int
send_keys(const struct ctl *ctl, json_t *conf, const char *conf_file)
{
	const char *file = json_string_value(json_object_get(conf, "keys")), *why;
	char buf[96], *keys;
	struct stat st;
	ssize_t n = -1;
	int fd, rc = CTL_FAILED;

	if (!file || is_read(file, conf))
		return CTL_OK;
	fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	why = fd < 0 || fstat(fd, &st) != 0 ? (errno == ELOOP ? "it is a symbolic link" : strerror(errno)) : weak(&st, buf);
	keys = why ? NULL : malloc(KEYS_MAX);
	if (keys && (n = read(fd, keys, KEYS_MAX)) < 0)
		why = strerror(errno);
	if (why)
		fprintf(stderr, "%s:%s: the pre-shared keys in %s are not used: %s\n", conf_file, text(conf, "keys_line"), file, why);
	else if (n == 0)
		fprintf(stderr, "%s:%s: %s is empty\n", conf_file, text(conf, "keys_line"), file);
	else if (n > 0)
		rc = hand_in(ctl, keys, (size_t)n);
	if (keys)
		wipe(keys, KEYS_MAX);
	free(keys);
	if (fd >= 0)
		close(fd);
	return rc;
}

static int
put(const struct ctl *ctl, const char *file, const char *body, size_t n, bool check, json_t **answer)
{
	char path[8400] = "/v1/racoon";

	ctl_query(path, sizeof(path), "file", strcmp(file, "-") == 0 ? "standard input" : file);
	ctl_query(path, sizeof(path), "check", check ? "yes" : NULL);
	return ctl_method(ctl, "PUT", path, body, n, answer);
}

/* Looked at first: nothing changes by a file that is not good, nor by one whose keys are not. */
static int
bring(const struct ctl *ctl, const char *file, bool check)
{
	json_t *answer = NULL;
	size_t n;
	char *body = ctl_slurp(ctl, file, &n);
	int rc = body ? put(ctl, file, body, n, true, &answer) : CTL_FAILED;

	if (rc == CTL_OK && !check)
		rc = send_keys(ctl, answer, file);
	if (rc == CTL_OK && !check) {
		json_decref(answer);
		rc = put(ctl, file, body, n, false, &answer);
	}
	if (rc == CTL_OK && ctl->json)
		ctl_json(answer);
	else if (rc == CTL_OK) {
		print_racoon_notes(answer, file);
		print_racoon(answer);
	}
	json_decref(answer);
	free(body);
	return rc;
}

static int
racoon_put(const struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return bring(ctl, argv[0], false);
}

static int
racoon_check(const struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return bring(ctl, argv[0], true);
}

/* Exit code 1 when anything differs, as diff(1). The other host's file is only looked at. */
static int
racoon_compare(const struct ctl *ctl, int argc, char **argv)
{
	json_t *ours = NULL, *theirs = NULL, *list = NULL;
	char *body;
	size_t n;
	int rc;

	if (argc == 2) {
		fprintf(stderr, "usage: ikectl racoon compare FILE [THEIR-ADDRESS OUR-ADDRESS]\n");
		return CTL_USAGE;
	}
	body = ctl_slurp(ctl, argv[0], &n);
	rc = body ? put(ctl, argv[0], body, n, true, &theirs) : CTL_FAILED;
	if (rc == CTL_OK)
		rc = ctl_method(ctl, "GET", "/v1/racoon", NULL, 0, &ours);
	if (rc == CTL_OK) {
		list = racoon_diff(ours, theirs, argc == 3 ? argv[1] : NULL, argc == 3 ? argv[2] : NULL);
		if (ctl->json)
			ctl_json(list);
		else
			print_racoon_differences(list);
		rc = json_array_size(list) ? CTL_FAILED : CTL_OK;
	}
	json_decref(list);
	json_decref(ours);
	json_decref(theirs);
	free(body);
	return rc;
}

static int
racoon_show(const struct ctl *ctl, int argc, char **argv)
{
	(void)argc, (void)argv;
	return ctl_ask(ctl, false, "/v1/racoon", NULL, NULL, 0, print_racoon_text);
}

static int
racoon_remove(const struct ctl *ctl, int argc, char **argv)
{
	json_t *answer = NULL;
	int rc = ctl_method(ctl, "DELETE", "/v1/racoon", NULL, 0, &answer);

	(void)argc, (void)argv;
	json_decref(answer);
	answer = NULL;
	if (rc == CTL_OK)
		rc = ctl_method(ctl, "POST", "/v1/racoon/keys", "", 0, &answer);	/* and the keys that came with it */
	if (rc == CTL_OK && ctl->json)
		ctl_json(answer);
	else if (rc == CTL_OK)
		fprintf(stderr, "no racoon.conf is in force: policies are served by the preset 'compatible'\n");
	json_decref(answer);
	return rc;
}

static int
racoon_watch(const struct ctl *ctl, int argc, char **argv)
{
	if (argc && strcmp(argv[0], "whole") != 0) {
		fprintf(stderr, "usage: ikectl racoon watch [whole]\n");
		return CTL_USAGE;
	}
	return policies_watch(ctl, argc == 1);
}

static const struct sub subs[] = {
	{ "put", "FILE", "put a racoon.conf in force, and hand the keys that it names to keymgr; '-' is standard input", 1, 1, "", racoon_put },
	{ "check", "FILE", "say what is wrong with one, or what it means here", 1, 1, "", racoon_check },
	{ "compare", "FILE [THEIR-ADDRESS OUR-ADDRESS]", "what the other host's racoon.conf says otherwise than the one in force here", 1, 3, "", racoon_compare },
	{ "show", "", "the one in force", 0, 0, "", racoon_show },
	{ "remove", "", "none any more, and no keys that came with one", 0, 0, "", racoon_remove },
	{ "watch", "[whole]", "what happens to the SAs of policies, as it happens (whole: all that was negotiated)", 0, 1, "", racoon_watch },
};

int
cmd_racoon(const struct ctl *ctl, int argc, char **argv)
{
	return sub_run(ctl, "racoon", subs, sizeof(subs) / sizeof(subs[0]), argc, argv);
}
