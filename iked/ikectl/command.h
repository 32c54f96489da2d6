/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables of commands and options (main.c), and who else reads them. */
#ifndef IKECTL_COMMAND_H
#define IKECTL_COMMAND_H

#include <getopt.h>
#include <stddef.h>

#include "ctl.h"

struct command {
	const char	*name;
	const char	*words;
	const char	*help;
	int		 min, max;
	int		(*run)(const struct ctl *, int argc, char **argv);
};

extern const struct command commands[];
extern const size_t ncommands;
extern const struct option options[];

/* alias.c: other programs' verbs give way to ours at the beginning of the words; out has room for argc + 1. Returns how many words there are then. */
int alias_words(int argc, char **argv, const char **out);
/* birdc's "configure [soft] FILE [timeout [SECONDS]]": what is left of the words; *confirm_s is set where "timeout" is among them. Before the other. */
int alias_timeout(int argc, char **argv, long *confirm_s);
bool ctl_seconds(const char *, long *);	/* main.c: 1 to 86400 */
const char *alias_name(size_t i);	/* the i'th alias' first word; NULL after the last */

#endif
