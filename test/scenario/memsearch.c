/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memsearch [-w SECONDS] PID WHAT: exit 0 when the octets of WHAT (text, or hex:...) stand anywhere in the writable memory of the
 * process, 1 when not, 2 on error. With -w the process is traced, and its memory is searched at each of its system calls for so
 * long: a secret that a process holds only between reading a file and wiping the buffer is seen all the same.
 */
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct what {
	unsigned char	octets[256];
	size_t		n;
};

static bool
parse(const char *s, struct what *w)
{
	unsigned v;

	if (strncmp(s, "hex:", 4) != 0) {
		w->n = strlen(s);
		if (w->n == 0 || w->n > sizeof(w->octets))
			return false;
		memcpy(w->octets, s, w->n);
		return true;
	}
	for (s += 4, w->n = 0; s[0] && s[1] && w->n < sizeof(w->octets); s += 2) {
		if (sscanf(s, "%2x", &v) != 1)
			return false;
		w->octets[w->n++] = (unsigned char)v;
	}
	return w->n >= 8 && *s == '\0';
}

/* How many regions could be read; 0: none. */
static unsigned
search(pid_t pid, const struct what *w, bool *found)
{
	unsigned long lo, hi;
	unsigned regions = 0;
	char path[64], line[512], perms[8];
	FILE *maps;
	int mem;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	maps = fopen(path, "re");
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	mem = open(path, O_RDONLY | O_CLOEXEC);
	while (maps && mem >= 0 && fgets(line, sizeof(line), maps)) {
		char *buf;
		ssize_t n;

		if (sscanf(line, "%lx-%lx %7s", &lo, &hi, perms) != 3 || perms[1] != 'w')
			continue;
		buf = malloc(hi - lo);
		n = buf ? pread(mem, buf, hi - lo, (off_t)lo) : -1;
		if (n > 0) {
			regions++;
			*found |= memmem(buf, (size_t)n, w->octets, w->n) != NULL;
		}
		free(buf);
	}
	if (maps)
		fclose(maps);
	if (mem >= 0)
		close(mem);
	return regions;
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Until it is found or the time is over; the number of searches. */
static unsigned
watch(pid_t pid, const struct what *w, double seconds, bool *found)
{
	double end = now() + seconds;
	unsigned searches = 0;
	int status;

	if (ptrace(PTRACE_SEIZE, pid, NULL, (void *)(long)PTRACE_O_TRACESYSGOOD) < 0 || ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0)
		return 0;
	while (!*found && now() < end) {
		pid_t got = waitpid(pid, &status, WNOHANG | __WALL);
		int sig;

		if (got < 0 || (got == pid && !WIFSTOPPED(status)))
			return searches;
		if (got == 0) {
			nanosleep(&(struct timespec){ 0, 20000 }, NULL);
			continue;
		}
		sig = WSTOPSIG(status);
		if (sig == (SIGTRAP | 0x80) && search(pid, w, found) > 0)
			searches++;
		if (sig == (SIGTRAP | 0x80) || status >> 16 == PTRACE_EVENT_STOP)
			sig = 0;
		ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)sig);
	}
	/* It is stopped once more to be let go; the end of this process would do the same. */
	ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	if (*found || waitpid(pid, &status, __WALL) == pid)
		ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return searches;
}

int
main(int argc, char **argv)
{
	double seconds = 0;
	bool found = false;
	struct what w;
	unsigned n;
	pid_t pid;

	if (argc == 5 && strcmp(argv[1], "-w") == 0) {
		seconds = atof(argv[2]);
		argv += 2;
		argc -= 2;
	}
	if (argc != 3 || (pid = (pid_t)atoi(argv[1])) <= 0 || !parse(argv[2], &w)) {
		fprintf(stderr, "usage: memsearch [-w SECONDS] PID TEXT|hex:OCTETS\n");
		return 2;
	}
	n = seconds > 0 ? watch(pid, &w, seconds, &found) : search(pid, &w, &found);
	if (n == 0) {
		fprintf(stderr, "memsearch: process %d: nothing could be read: %s\n", (int)pid, strerror(errno));
		return 2;
	}
	printf("%u %s, %s\n", n, seconds > 0 ? "searches" : "regions read", found ? "found" : "not found");
	return found ? 0 : 1;
}
