/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands of a command: "ikectl ca issue". */
#ifndef IKECTL_SUB_H
#define IKECTL_SUB_H

#include "ctl.h"

struct sub {
	const char	*name, *words, *help;
	int		 min, max;
	const char	*options;	/* the letters that it takes (main.c) */
	int		(*run)(const struct ctl *, int argc, char **argv);
};

int sub_run(const struct ctl *, const char *command, const struct sub *, size_t n, int argc, char **argv);

/* A POST with a JSON body (taken); the answer is the caller's. error as with ctl_call. */
int post_json(const struct ctl *, const char *path, json_t *body, json_t **answer, json_t **error);
/* POST /v1/KIND/NAME/remove, and what came of it on standard output. what: "a certificate". Returns the exit status. */
int remove_named(const struct ctl *, const char *kind, const char *what, const char *name);
/* Adds a member for what was given. */
void set_text(json_t *body, const char *key, const char *value);
void set_ids(json_t *body, const struct ctl *);
/* "365" to a number; false after a sentence. */
bool set_days(json_t *body, const struct ctl *);
bool is_name(const char *what, const char *name);
const char *json_get(json_t *, const char *key);	/* a string, "" when it is none */
void print_made(const char *what, json_t *answer);	/* one line about a certificate */

#endif
