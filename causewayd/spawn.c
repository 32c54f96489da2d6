/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "spawn.h"

#define SUP_LINK	3

/* No environment reaches the daemons but what the sanitizers of a test build read. */
static char **
environment(char *room[4])
{
	static const char *const keep[] = { "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "LSAN_OPTIONS=" };
	unsigned n = 0;

	for (char **e = environ; *e; e++)
		for (unsigned i = 0; i < 3 && n < 3; i++)
			if (strncmp(*e, keep[i], strlen(keep[i])) == 0)
				room[n++] = *e;
	room[n] = NULL;
	return room;
}

static _Noreturn void
child(const char *path, char *const *argv, int link, pid_t parent)
{
	char *room[4];
	sigset_t none;
	int null;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	/* A key on the terminal ends the supervisor, who ends us in order; and nobody outlives it. */
	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != parent)
		_exit(1);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0)
		dup2(null, STDIN_FILENO);
	if (link == SUP_LINK ? fcntl(link, F_SETFD, 0) != 0 : dup2(link, SUP_LINK) < 0)
		_exit(1);
	execve(path, argv, environment(room));
	dprintf(STDERR_FILENO, "level=error prog=causewayd event=exec_failed msg=\"The program %s cannot be run.\"\n", path);
	_exit(1);
}

pid_t
spawn(const char *libexec, const char *name, char *const *argv, int link)
{
	char path[512];
	pid_t parent = getpid(), pid;

	snprintf(path, sizeof(path), "%s/%s", libexec, name);
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		child(path, argv, link, parent);
	return pid;
}
