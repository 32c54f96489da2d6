/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "state.h"

#define BACKOFF_FIRST_MS	100u
#define BACKOFF_MAX_MS		10000u
#define BACKOFF_FORGET_NS	(10 * NS_PER_S)

static const char *const lives[] = { "down", "starting", "ready" };

size_t
state_text(char *buf, size_t cap, const struct state_line *l, unsigned n)
{
	size_t at = 0;

	for (unsigned i = 0; i < n; i++, l++) {
		time_t t = (time_t)l->since;
		char when[32] = "";
		struct tm tm;
		int len;

		if (gmtime_r(&t, &tm))
			strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
		len = snprintf(buf + at, cap - at, "%s pid=%d state=%s since=%s version=%s restarts=%u last_exit=%s\n", l->name, (int)l->pid,
		    lives[l->life], when, l->version[0] ? l->version : "none", l->restarts, l->last_exit[0] ? l->last_exit : "none");
		if (len < 0 || (size_t)len >= cap - at)
			break;
		at += (size_t)len;
	}
	buf[at] = '\0';
	return at;
}

void
state_exit_text(int status, char *buf, size_t cap)
{
	const char *name;

	if (WIFSIGNALED(status)) {
		name = sigabbrev_np(WTERMSIG(status));
		if (name)
			snprintf(buf, cap, "signal:%s", name);
		else
			snprintf(buf, cap, "signal:%d", WTERMSIG(status));
	} else {
		snprintf(buf, cap, "status:%d", WEXITSTATUS(status));
	}
}

bool
state_write(const char *dir, const char *text, size_t n)
{
	char new[256], path[256];
	bool ok;
	int fd;

	snprintf(new, sizeof(new), "%s/state.new", dir);
	snprintf(path, sizeof(path), "%s/state", dir);
	fd = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return false;
	ok = fchmod(fd, 0644) == 0 && write(fd, text, n) == (ssize_t)n;
	return close(fd) == 0 && ok && rename(new, path) == 0;
}

void
notify(const char *what)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t n = path ? strlen(path) : 0;
	int fd;

	if (n == 0 || n >= sizeof(a.sun_path) || (*path != '/' && *path != '@'))
		return;
	memcpy(a.sun_path, path, n);
	if (*path == '@')
		a.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	sendto(fd, what, strlen(what), MSG_NOSIGNAL, (struct sockaddr *)&a, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
	close(fd);
}

unsigned
backoff_next_ms(unsigned *backoff_ms, uint64_t lived_ns)
{
	unsigned now;

	if (*backoff_ms < BACKOFF_FIRST_MS || lived_ns >= BACKOFF_FORGET_NS)
		*backoff_ms = BACKOFF_FIRST_MS;
	now = *backoff_ms;
	*backoff_ms = now * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : now * 2;
	return now;
}
