/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of ikectl share. */
#ifndef IKECTL_CTL_H
#define IKECTL_CTL_H

#include <jansson.h>
#include <stdbool.h>

#include "reason.h"

/* Exit codes (contracts): scripts depend on them. */
enum { CTL_OK = 0, CTL_FAILED = 1, CTL_USAGE = 2, CTL_NOT_FOUND = 3, CTL_DENIED = 4, CTL_UNREACHABLE = 5, CTL_TIMEOUT = 6, CTL_UNDONE = 7 };

struct ctl {
	const char	*run_dir;
	const char	*comment, *remove, *limit, *file, *label;
	const char	*state, *match, *after, *before;	/* which part of a list */
	const char	*peer_for;	/* export-peer --for */
	const char	*output, *secrets;	/* import; output: bundle too */
	const char	*log;		/* bundle */
	bool		 json;
	bool		 ike;		/* rekey --ike */
	bool		 watch;		/* status --watch */
	const char	*since;		/* events --since */
	const char	*span;		/* traffic --span */
	bool		 wait;		/* apply --confirm: until it is confirmed or undone */
	long		 confirm_s;	/* 0: not given */
	bool		 colour;
	long		 timeout_s;	/* 0: not given */
	/* certificates and the CA; given: their letters (main.c), each once */
	char		 given[32];
	const char	*key, *days, *subject, *crl_url, *csr, *out, *serial, *why, *name, *trust, *ca, *password_file;
	unsigned	 nids;
	const char	*ids[8];
	const char	*role;
	bool		 keep_key, der, pem, p12, with_key, replace;
};

typedef void printer(const struct ctl *, json_t *);
/* cmd.c: one request, and its answer printed. rw: it changes something; body NULL: GET. */
int ctl_ask(const struct ctl *, bool rw, const char *path, const char *type, const void *body, size_t n, printer *);
/* A request that brings another text into force, with --confirm when that was given; its plan is printed, and its end waited for. */
int ctl_change(const struct ctl *, const char *method, const char *path, const char *type, const void *body, size_t n);
/* Does the list go on behind this part? And a line that says where. */
bool ctl_goes_on(json_t *answer);	/* print.c */
void ctl_more(json_t *answer, const char *option, const char *what);
void ctl_query(char *path, size_t cap, const char *key, const char *value);	/* adds it; value NULL: nothing */
/* The answer is the caller's to free; without error, one is printed, else it goes there. Returns the exit code. */
int ctl_call(const struct ctl *, bool rw, const char *path, const char *type, const void *body, size_t n, json_t **answer, json_t **error);
/* Of an answer that ctl_call cannot take, from ro.sock: the exit code, and a sentence where it is not 0. */
struct http;
int ctl_answered(const struct ctl *, const struct http *, const char *socket);
/* A site file that is only looked at, by the socket that takes it from who asks: text is as long as n says. */
int ctl_look(const struct ctl *, const char *path, const char *text, size_t n, json_t **answer);
/* The same as ctl_call with another method. */
int ctl_method(const struct ctl *, const char *method, const char *path, const void *body, size_t n, json_t **answer);
void ctl_json(json_t *);
/* "tunnel" or "tunnel/child" into its parts, each of NAME_CAP; false after a sentence when it is not a name. */
bool ctl_split(const struct ctl *, const char *full, char *tunnel, char *child);
/* An error that ikectl itself finds, for people or as the API tells its own; hint NULL: the reason's. ctl_error returns rc, the others theirs. */
int ctl_error(const struct ctl *, int rc, enum reason, const char *message, const char *hint);
int ctl_denied(const struct ctl *, const char *socket);
int ctl_unreachable(const struct ctl *, const char *socket, const char *why);
void ctl_unreadable(const struct ctl *, const char *name, const char *why);
/* dir.c: is it a directory? All its site files as one text, in the order of their names; NULL after a sentence. */
bool dir_is(const char *name);
char *dir_slurp(const struct ctl *, const char *dir, size_t *n);
char *ctl_slurp(const struct ctl *, const char *name, size_t *n);

/* Each command: the words after its name; returns an exit code. */
int cmd_bundle(const struct ctl *, int argc, char **argv);
int cmd_apply(const struct ctl *, int argc, char **argv);
int cmd_complete(const struct ctl *, int argc, char **argv);
int cmd_confirm(const struct ctl *, int argc, char **argv);
int cmd_undo(const struct ctl *, int argc, char **argv);
int cmd_restart(const struct ctl *, int argc, char **argv);
int cmd_check(const struct ctl *, int argc, char **argv);
int cmd_status(const struct ctl *, int argc, char **argv);
int cmd_up(const struct ctl *, int argc, char **argv);
int cmd_down(const struct ctl *, int argc, char **argv);
int cmd_racoon(const struct ctl *, int argc, char **argv);
int cmd_rekey(const struct ctl *, int argc, char **argv);
int cmd_show(const struct ctl *, int argc, char **argv);
int cmd_edit(const struct ctl *, int argc, char **argv);
int cmd_explain(const struct ctl *, int argc, char **argv);
int cmd_import(const struct ctl *, int argc, char **argv);
int cmd_export_peer(const struct ctl *, int argc, char **argv);
int cmd_open(const struct ctl *, int argc, char **argv);
int cmd_close(const struct ctl *, int argc, char **argv);
int cmd_compare(const struct ctl *, int argc, char **argv);
int cmd_counters(const struct ctl *, int argc, char **argv);
int cmd_audit(const struct ctl *, int argc, char **argv);
int cmd_delete(const struct ctl *, int argc, char **argv);
int cmd_events(const struct ctl *, int argc, char **argv);
int cmd_metrics(const struct ctl *, int argc, char **argv);
int cmd_diff(const struct ctl *, int argc, char **argv);
int cmd_rollback(const struct ctl *, int argc, char **argv);
int cmd_history(const struct ctl *, int argc, char **argv);
int cmd_shutdown(const struct ctl *, int argc, char **argv);
int cmd_ca(const struct ctl *, int argc, char **argv);
int cmd_csr(const struct ctl *, int argc, char **argv);
int cmd_capture(const struct ctl *, int argc, char **argv);
int cmd_cert(const struct ctl *, int argc, char **argv);
int cmd_user(const struct ctl *, int argc, char **argv);
int cmd_secret(const struct ctl *, int argc, char **argv);
int cmd_session(const struct ctl *, int argc, char **argv);
int cmd_token(const struct ctl *, int argc, char **argv);
int cmd_trace(const struct ctl *, int argc, char **argv);
int cmd_traffic(const struct ctl *, int argc, char **argv);

/* tunnel NULL: all. */
int status_once(const struct ctl *, const char *tunnel);
/* What happens to tunnels by policies, until it is interrupted; whole: with everything that each negotiation said. */
int policies_watch(const struct ctl *, bool whole);
int status_watch(const struct ctl *, const char *tunnel);

/* For people; a member that is missing prints as "-". */
void print_plan(const struct ctl *, json_t *);
/* cmd_confirm.c: after a change that waits to be confirmed; watches it where that was asked for, or on a terminal. */
int confirm_watch(const struct ctl *, json_t *answer);
void print_plan_rows(const struct ctl *, json_t *plan);
void print_status(const struct ctl *, json_t *);
void print_sas(const struct ctl *, json_t *);
void print_policies(const struct ctl *, json_t *);
void print_explain(const struct ctl *, json_t *);
void print_negotiation(const struct ctl *, json_t *record);	/* one of explain's */
void print_counters(const struct ctl *, json_t *);
void print_audit(const struct ctl *, json_t *);
void print_diff(const struct ctl *, json_t *);
void print_history(const struct ctl *, json_t *);
void print_body(const struct ctl *, json_t *);	/* its "text", as it is */
void print_compare(const struct ctl *, json_t *);
bool is_state(json_t *tunnel, const char *word);	/* of what compare tells */
void print_traffic(const struct ctl *, json_t *);
void print_event(json_t *event);	/* a line, without its end */
/* One line of the event stream: the event, the caller's to free, or NULL. Its id is kept in id. */
json_t *event_line(const char *line, char id[static 32]);
void print_racoon(json_t *conf);
void print_racoon_text(const struct ctl *, json_t *);
void print_racoon_notes(json_t *answer, const char *file);
void print_racoon_differences(json_t *list);
void print_certs(const struct ctl *, json_t *);
int show_revision(const struct ctl *, const char *revision);	/* its text */
void print_issued(const struct ctl *, json_t *);
void print_error(const struct ctl *, json_t *);
/* A text of an answer with its control octets escaped: a terminal must not obey what a peer sent. Static buffer, eight at a time. */
const char *text(json_t *object, const char *key);
const char *shown(const char *);	/* the same of a text alone, "-" when it is NULL */
void print_octets(const char *, size_t n);	/* of any length, with tabs: n octets of a text that goes on or ends behind them */

#endif
