/* SPDX-License-Identifier: BSD-2-Clause */
/* Two ends of a link in one process, or one end and a socket that is spoken by hand. */
#ifndef IPC_FIX_H
#define IPC_FIX_H

#include "ipc.h"
#include "name.h"

enum { T_ECHO = 16, T_LATER = 17, T_ONCE = 18, T_READY = 19, T_EARLY = 20, T_FD = 21, T_KILL = 22, T_LAZY = 23, T_BAD = 24 };

struct side {
	struct ipc	*link;
	unsigned	 ups, downs, runs, answers;
	enum reason	 reason;
	char		 text[64];
	struct ipc_msg	 later;
	int		 fd;
	bool		 free_in_run, free_in_down, free_in_up, free_in_done, call_in_done;
};

struct fix {
	struct event_base	*base;
	struct side		 a, b;
	int			 raw;		/* the other end, spoken by hand */
};

extern unsigned log_lines;	/* the log is counted, not printed: a breach is logged once */
extern char log_last[512];
extern const struct ipc_table table;

struct bytes text(const char *);
void spin(struct fix *);			/* until nothing is left to do */
void make(struct fix *);
void make_pair(struct fix *);
void make_raw(struct fix *);			/* a is a link; the test speaks for the other side */
void done(struct fix *);
void put_raw(struct fix *, uint16_t type, uint16_t version, uint32_t id, struct bytes body);
void put_hello(struct fix *, const char *version);
void assert_breach(struct fix *, const char *words);	/* closed, logged once with these words; and done() */
void assert_alive(struct fix *);
void on_answer(void *arg, enum reason, struct rd *body);

#endif
