/* SPDX-License-Identifier: BSD-2-Clause */
/* RUN/state: one line a daemon, what "ikectl status" prints when nobody else can answer. */
#ifndef CAUSEWAYD_STATE_H
#define CAUSEWAYD_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum life { LIFE_DOWN, LIFE_STARTING, LIFE_READY };

struct state_line {
	const char	*name;
	enum life	 life;
	pid_t		 pid;		/* 0: none */
	uint64_t	 since;		/* wall clock, seconds: of the last change */
	unsigned	 restarts;
	char		 last_exit[48];	/* "none", "status:1", "signal:KILL" */
	char		 version[32];	/* "": not known, or it does not run */
};

/* "NAME pid=N state=ready since=… version=… restarts=N last_exit=…". Returns the length; what does not fit is cut at a line's end. */
size_t state_text(char *buf, size_t cap, const struct state_line *, unsigned n);
/* waitpid's status in words. */
void state_exit_text(int status, char *buf, size_t cap);
/* Replaces DIR/state in one step. */
bool state_write(const char *dir, const char *text, size_t n);
/* To the service manager, if there is one: "READY=1", "STOPPING=1". */
void notify(const char *what);

/* What to wait before the next start, and how the back-off grows: 0.1 s doubling to 10 s, from the beginning after 10 s of life. */
unsigned backoff_next_ms(unsigned *backoff_ms, uint64_t lived_ns);

#endif
