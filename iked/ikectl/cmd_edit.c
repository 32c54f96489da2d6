/* SPDX-License-Identifier: BSD-2-Clause */
/* One tunnel in the file in force: another block from a file or from an editor, or none. The rest of the file stays as it is. */
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl.h"
#include "name.h"

static bool
route(char *path, size_t cap, const char *name, const char *rest)
{
	if (!name_ok(name)) {
		fprintf(stderr, "ikectl: '%s' is not the name of a tunnel\n", name);
		return false;
	}
	snprintf(path, cap, "/v1/tunnels/%s%s", name, rest);
	return true;
}

static int
put(const struct ctl *ctl, const char *name, const char *file, const char *was, const char *block, size_t n)
{
	char path[8192];

	route(path, sizeof(path), name, "");
	ctl_query(path, sizeof(path), "file", file);
	ctl_query(path, sizeof(path), "was", was);
	ctl_query(path, sizeof(path), "comment", ctl->comment);
	return ctl_change(ctl, "PUT", path, "application/yaml", block, n);
}

/* The editor that the user wants, as sh splits its words. */
static bool
run_editor(const char *file)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", "${VISUAL:-${EDITOR:-vi}} \"$1\"", "sh", file, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		fprintf(stderr, "ikectl: the editor failed; nothing is changed\n");
		return false;
	}
	return true;
}

static bool
write_out(const char *block, size_t n, char *file)
{
	int fd = mkstemps(file, 5);
	bool ok = fd >= 0 && write(fd, block, n) == (ssize_t)n;

	if (!ok)
		fprintf(stderr, "ikectl: %s: %s\n", file, strerror(errno));
	if (fd >= 0 && close(fd) != 0)
		ok = false;
	return ok;
}

/* From what it is now; who changed it in between is not overwritten, and what was written is not lost. */
static int
by_editor(const struct ctl *ctl, const char *name)
{
	const char *dir = getenv("TMPDIR"), *block, *sum;
	char path[160], file[512], *now;
	json_t *answer;
	size_t n;
	int rc;

	if (!route(path, sizeof(path), name, "/text"))
		return CTL_NOT_FOUND;
	rc = ctl_call(ctl, false, path, NULL, NULL, 0, &answer, NULL);
	block = json_string_value(json_object_get(answer, "text"));
	sum = json_string_value(json_object_get(answer, "sha256"));
	snprintf(file, sizeof(file), "%s/ikectl-XXXXXX.yaml", dir && *dir ? dir : "/tmp");
	if (rc != CTL_OK || !block || !sum || !write_out(block, strlen(block), file) || !run_editor(file) || !(now = ctl_slurp(ctl, file, &n))) {
		json_decref(answer);
		return rc ? rc : CTL_FAILED;
	}
	if (n == strlen(block) && memcmp(now, block, n) == 0)
		printf("nothing changed\n");
	else
		rc = put(ctl, name, file, sum, now, n);
	if (rc == CTL_OK)
		unlink(file);
	else
		fprintf(stderr, "ikectl: what you wrote is in %s\n", file);
	free(now);
	json_decref(answer);
	return rc;
}

int
cmd_edit(const struct ctl *ctl, int argc, char **argv)
{
	char path[160], *block;
	size_t n;
	int rc;

	if (!route(path, sizeof(path), argv[0], ""))
		return CTL_NOT_FOUND;
	if (!ctl->file && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		return by_editor(ctl, argv[0]);
	if (!ctl->file) {
		fprintf(stderr, "ikectl: no terminal for an editor; give the block with --file FILE, '-' is standard input\n");
		return CTL_USAGE;
	}
	block = ctl_slurp(ctl, ctl->file, &n);
	if (!block)
		return CTL_FAILED;
	rc = put(ctl, argv[0], ctl->file, NULL, block, n);
	free(block);
	return rc;
}

int
cmd_delete(const struct ctl *ctl, int argc, char **argv)
{
	char path[3400];

	if (!route(path, sizeof(path), argv[0], ""))
		return CTL_NOT_FOUND;
	ctl_query(path, sizeof(path), "comment", ctl->comment);
	return ctl_change(ctl, "DELETE", path, NULL, "", 0);
}
