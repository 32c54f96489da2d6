/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/byhand.h"

#define CONF	CAUSEWAY_SYSCONFDIR "/racoon.conf"

static const char *run_dir;

static _Noreturn void
usage(void)
{
	fprintf(stderr, "usage: iked [-46CdFtvV] [-f FILE] [--run-dir DIR]\n"
	    "The daemon itself is started by causewayd. By hand it puts a racoon.conf in force, by which policies of setkey are served:\n"
	    "  -f FILE  the file; " CONF " unless said\n"
	    "  -d       stay, and show what happens; -dd and more: with all that was negotiated\n"
	    "  -F       stay, as with -d\n"
	    "  -t, -C   only say what is wrong with the file, or what it means\n");
	exit(2);
}

/* The ikectl that was installed with this program. */
static _Noreturn void
run_ikectl(const char *a, const char *b, const char *c)
{
	char own[PATH_MAX], path[PATH_MAX + 32];
	ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);
	const char *args[8] = { "ikectl" };
	unsigned i = 1;

	own[n > 0 ? n : 0] = '\0';
	snprintf(path, sizeof(path), "%s/../../sbin/ikectl", dirname(own));
	if (run_dir) {
		args[i++] = "--run-dir";
		args[i++] = run_dir;
	}
	args[i++] = "racoon";
	args[i++] = a;
	args[i++] = b;
	args[i] = b ? c : NULL;
	execv(path, (char *const *)(const void *)args);
	execv(CAUSEWAY_SBINDIR "/ikectl", (char *const *)(const void *)args);
	fprintf(stderr, "iked: ikectl cannot be run: %s\n", strerror(errno));
	_exit(1);
}

static int
wait_ikectl(const char *a, const char *b)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		run_ikectl(a, b, NULL);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static _Noreturn void
refuse(int option, const char *why)
{
	fprintf(stderr, "iked: -%c: %s\n", option, why);
	exit(2);
}

void
iked_by_hand(int argc, char **argv)
{
	static const struct option longs[] = { { "run-dir", required_argument, NULL, 'r' }, { NULL, 0, NULL, 0 } };
	const char *file = CONF;
	bool check = false;
	unsigned detail = 0;
	int c, rc;

	if (argc < 2 || argv[1][0] != '-' || (argv[1][1] == '-' && strncmp(argv[1], "--run-dir", 9) != 0))
		return;
	while ((c = getopt_long(argc, argv, "46BCdFf:Ll:p:P:tvVZ", longs, NULL)) != -1)
		switch (c) {
		case '4': case '6': case 'L': case 'v': break;	/* both families are served; there is one kind of line */
		case 'C': case 't': check = true; break;
		case 'd': detail++; break;
		case 'F': detail += detail == 0; break;
		case 'f': file = optarg; break;
		case 'r': run_dir = optarg; break;
		case 'V': printf("iked (Causeway) %s\n", PACKAGE_VERSION); exit(0);
		case 'B': refuse(c, "SAs are kept nowhere but in the engine, and need no file to come back.");
		case 'l': refuse(c, "the daemons' log is the supervisor's standard error; there are no log files.");
		case 'p': case 'P': refuse(c, "ports are those of 'listen:' in the gateway file.");
		default: usage();
		}
	if (optind != argc)
		usage();
	if (check)
		run_ikectl("check", file, NULL);
	rc = wait_ikectl("put", file);
	if (rc != 0 || detail == 0)
		exit(rc);
	run_ikectl("watch", detail > 1 ? "whole" : NULL, NULL);
}
