/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands: one request each, an exit code from the answer, and a printer. */
#include <curl/curl.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "http.h"
#include "name.h"
#include "reason.h"

#define FILE_MAX	(16u << 20)

static void
print_supervisor_state(const struct ctl *ctl)
{
	char path[512], line[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/state", ctl->run_dir);
	f = fopen(path, "re");
	if (!f)
		return;
	fprintf(stderr, "The supervisor's last word (%s):\n", path);
	while (fgets(line, sizeof(line), f))
		fprintf(stderr, "  %s", line);
	fclose(f);
}

void
ctl_json(json_t *j)
{
	json_dumpf(j, stdout, JSON_INDENT(2));
	putchar('\n');
}

/* Our own error in the shape of the API's: a script that reads --json needs no second way. */
int
ctl_error(const struct ctl *ctl, int rc, enum reason r, const char *message, const char *hint)
{
	const struct reason_row *row = reason_row(r);
	json_t *e = json_pack("{s:s, s:s, s:s, s:n, s:n, s:n, s:n}", "reason", row->name, "message", message, "hint", hint ? hint : row->hint,
	    "file", "line", "column", "excerpt");

	if (!e)		/* a name in it is not UTF-8 */
		e = json_pack("{s:s, s:s, s:s}", "reason", row->name, "message", row->sentence, "hint", hint ? hint : row->hint);
	if (ctl->json)
		ctl_json(e);
	else
		print_error(ctl, e);
	json_decref(e);
	return rc;
}

static bool
is_door_to_change(const char *socket)
{
	const char *name = strrchr(socket, '/');

	return !name || strcmp(name, "/ro.sock") != 0;
}

/* Who it is, whose the socket is, and how one comes to be one of those. */
int
ctl_denied(const struct ctl *ctl, const char *socket)
{
	bool change = is_door_to_change(socket);
	const char *group = change ? "causeway-admin" : "causeway-view";
	struct passwd *pw = getpwuid(geteuid());
	char user[40], message[700], hint[300];

	snprintf(user, sizeof(user), "%.*s", (int)sizeof(user) - 1, pw ? pw->pw_name : "");
	if (!pw)
		snprintf(user, sizeof(user), "uid %u", (unsigned)geteuid());
	snprintf(message, sizeof(message), "%s may not %s this gateway: %s is for root and members of %s.", user, change ? "change" : "look at", socket, group);
	snprintf(hint, sizeof(hint), "Run it as root (sudo), or have root say 'usermod -aG %s %s', which holds from the next login on.", group, pw ? user : "USER");
	return ctl_error(ctl, CTL_DENIED, R_NOT_PERMITTED, message, hint);
}

int
ctl_unreachable(const struct ctl *ctl, const char *socket, const char *why)
{
	char message[800];
	int rc;

	snprintf(message, sizeof(message), "spdsync does not answer on %s (%s). Is causewayd running?", socket, why);
	rc = ctl_error(ctl, CTL_UNREACHABLE, R_SYNC_DOWN, message, NULL);
	print_supervisor_state(ctl);
	return rc;
}

/* 0, or after a sentence when there is no answer that has one, the exit code. */
static int
ctl_exit(const struct ctl *ctl, const struct http *h, const char *socket, bool rw, long timeout_s)
{
	char message[64];

	if (h->status == 0 && h->timed_out && rw) {
		snprintf(message, sizeof(message), "No answer within %ld s; what was begun goes on.", timeout_s);
		return ctl_error(ctl, CTL_TIMEOUT, R_BUSY, message, "'ikectl status' shows how far it is.");
	}
	if (h->denied)
		return ctl_denied(ctl, socket);
	if (h->status == 0)
		return ctl_unreachable(ctl, socket, h->error);
	switch (h->status) {
	case 403: return CTL_DENIED;
	case 404: return CTL_NOT_FOUND;
	case 504: return CTL_TIMEOUT;
	default: return h->status / 100 == 2 ? CTL_OK : CTL_FAILED;
	}
}

/* The error that came, for people or as it is. */
static int
ctl_refused(const struct ctl *ctl, const struct http *h, int rc)
{
	if (h->status && !h->body) {
		char message[64];

		snprintf(message, sizeof(message), "The answer is not JSON (HTTP status %ld).", h->status);
		return ctl_error(ctl, CTL_FAILED, R_INTERNAL, message, NULL);
	}
	if (h->body && ctl->json)
		ctl_json(h->body);
	else if (h->body)
		print_error(ctl, h->body);
	return h->body && strcmp(text(h->body, "reason"), "CONFIRM_UNDONE") == 0 ? CTL_UNDONE : rc;
}

int
ctl_answered(const struct ctl *ctl, const struct http *h, const char *socket)
{
	int rc = ctl_exit(ctl, h, socket, false, ctl->timeout_s);

	return rc == CTL_OK ? rc : ctl_refused(ctl, h, rc);
}

#define OTHER_DOOR_S	2
#define FILE_S		75	/* for what changes something, and for a long file */

/* ro.sock is full of readers that take nothing: who may use rw.sock is asked there. A spdsync that is down does not answer there either. */
static void
call_other_door(const struct ctl *ctl, struct http *h, const char *method, const char *path, const char *type, const void *body, size_t n, char socket[static 512])
{
	char rw[512];

	if (h->status == 503 ? strcmp(text(h->body, "reason"), "BUSY") != 0 : body || h->status != 0 || !h->timed_out)
		return;
	snprintf(rw, sizeof(rw), "%s/rw.sock", ctl->run_dir);
	if (access(rw, W_OK) != 0)
		return;
	http_free(h);
	http_call(h, rw, method, path, type, body, n, ctl->timeout_s ? ctl->timeout_s : body ? FILE_S : OTHER_DOOR_S);
	memcpy(socket, rw, sizeof(rw));
}

static int
call(const struct ctl *ctl, bool rw, const char *method, const char *path, const char *type, const void *body, size_t n, json_t **answer, json_t **error)
{
	/* causewayd holds the sockets, so a spdsync that is down looks like one that is slow; what only reads is quick. */
	long timeout_s = ctl->timeout_s ? ctl->timeout_s : rw || body ? FILE_S : 5;
	char socket[512];
	struct http h;
	int rc;

	*answer = NULL;
	snprintf(socket, sizeof(socket), "%s/%s.sock", ctl->run_dir, rw ? "rw" : "ro");
	http_call(&h, socket, method, path, type, body, n, timeout_s);
	if (!rw)
		call_other_door(ctl, &h, method, path, type, body, n, socket);
	rc = ctl_exit(ctl, &h, socket, rw, timeout_s);
	if (h.body && rc == CTL_OK)
		*answer = json_incref(h.body);
	else if (h.body && error)
		*error = json_incref(h.body);
	else
		rc = ctl_refused(ctl, &h, rc);
	http_free(&h);
	return rc;
}

int
ctl_call(const struct ctl *ctl, bool rw, const char *path, const char *type, const void *body, size_t n, json_t **answer, json_t **error)
{
	return call(ctl, rw, body ? "POST" : "GET", path, type, body, n, answer, error);
}

int
ctl_method(const struct ctl *ctl, const char *method, const char *path, const void *body, size_t n, json_t **answer)
{
	return call(ctl, true, method, path, "application/json", body, n, answer, NULL);
}

static int
ask(const struct ctl *ctl, bool rw, const char *method, const char *path, const char *type, const void *body, size_t n, printer *print)
{
	json_t *answer;
	int rc = call(ctl, rw, method, path, type, body, n, &answer, NULL);

	if (answer && ctl->json)
		ctl_json(answer);
	else if (answer)
		print(ctl, answer);
	json_decref(answer);
	return rc;
}

int
ctl_ask(const struct ctl *ctl, bool rw, const char *path, const char *type, const void *body, size_t n, printer *print)
{
	return ask(ctl, rw, body ? "POST" : "GET", path, type, body, n, print);
}

int
ctl_change(const struct ctl *ctl, const char *method, const char *path, const char *type, const void *body, size_t n)
{
	char full[8400], seconds[24];
	json_t *answer;
	int rc;

	snprintf(full, sizeof(full), "%s", path);
	snprintf(seconds, sizeof(seconds), "%ld", ctl->confirm_s);
	ctl_query(full, sizeof(full), "confirm", ctl->confirm_s ? seconds : NULL);
	rc = call(ctl, true, method, full, type, body, n, &answer, NULL);
	if (answer && ctl->json)
		ctl_json(answer);
	else if (answer)
		print_plan(ctl, answer);
	if (answer && json_is_object(json_object_get(answer, "confirm")))
		rc = confirm_watch(ctl, answer);
	json_decref(answer);
	return rc;
}

/* The same of a file. */
void
ctl_unreadable(const struct ctl *ctl, const char *name, const char *why)
{
	const struct reason_row *row = reason_row(R_FILE_UNREADABLE);
	json_t *e;

	if (!ctl->json) {
		fprintf(stderr, "ikectl: %s: %s\n", name, why);
		return;
	}
	e = json_pack("{s:s, s:s++, s:s, s:s, s:n, s:n, s:n}", "reason", row->name, "message", name, ": ", why, "hint", row->hint,
	    "file", name, "line", "column", "excerpt");
	if (!e)		/* the name is not UTF-8 */
		e = json_pack("{s:s, s:s, s:s}", "reason", row->name, "message", why, "hint", row->hint);
	json_dumpf(e, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(e);
}

/* The whole file, or NULL after a sentence on stderr. */
char *
ctl_slurp(const struct ctl *ctl, const char *name, size_t *n)
{
	FILE *f = strcmp(name, "-") == 0 ? stdin : fopen(name, "re");
	char *buf = f ? malloc(FILE_MAX + 1) : NULL;
	bool bad;

	if (!buf) {
		ctl_unreadable(ctl, name, strerror(errno));
		if (f && f != stdin)
			fclose(f);
		return NULL;
	}
	*n = fread(buf, 1, FILE_MAX + 1, f);
	bad = ferror(f) || *n > FILE_MAX;
	if (bad)
		ctl_unreadable(ctl, name, *n > FILE_MAX ? "larger than 16 MiB" : strerror(errno));
	if (f != stdin)
		fclose(f);
	if (bad) {
		free(buf);
		return NULL;
	}
	return buf;
}

void
ctl_query(char *path, size_t cap, const char *key, const char *value)
{
	char *escaped = value ? curl_easy_escape(NULL, value, 0) : NULL;
	size_t n = strlen(path);

	if (escaped)
		snprintf(path + n, cap - n, "%c%s=%s", strchr(path, '?') ? '&' : '?', key, escaped);
	curl_free(escaped);
}

#define LOOK_MAX	(1u << 20)	/* as much as ro.sock takes (doc/api.md) */

/* To rw.sock goes what is too long for ro.sock, and what comes from who is let in there alone. */
int
ctl_look(const struct ctl *ctl, const char *path, const char *text, size_t n, json_t **answer)
{
	char ro[512], rw[512];
	bool by_rw;

	*answer = NULL;
	snprintf(ro, sizeof(ro), "%s/ro.sock", ctl->run_dir);
	snprintf(rw, sizeof(rw), "%s/rw.sock", ctl->run_dir);
	by_rw = n > LOOK_MAX || (access(ro, W_OK) != 0 && access(rw, W_OK) == 0);
	if (n > LOOK_MAX && access(rw, W_OK) != 0 && errno == EACCES)
		return ctl_error(ctl, CTL_DENIED, R_NOT_PERMITTED, "The file is longer than 1 MiB: so long a one is only looked at for who may apply it.",
		    "Run it as root (sudo), or as a member of causeway-admin.");
	return ctl_call(ctl, by_rw, path, "application/yaml", text, n, answer, NULL);
}

static int
look_at(const struct ctl *ctl, const char *path, const char *text, size_t n)
{
	json_t *answer;
	int rc = ctl_look(ctl, path, text, n, &answer);

	if (answer && ctl->json)
		ctl_json(answer);
	else if (answer)
		print_plan(ctl, answer);
	json_decref(answer);
	return rc;
}

static int
post_file(const struct ctl *ctl, const char *route, const char *name, bool change)
{
	char path[4096];
	size_t n;
	char *buf = dir_is(name) ? dir_slurp(ctl, name, &n) : ctl_slurp(ctl, name, &n);
	int rc;

	if (!buf)
		return CTL_FAILED;
	snprintf(path, sizeof(path), "%s", route);
	ctl_query(path, sizeof(path), "file", name);
	ctl_query(path, sizeof(path), "comment", ctl->comment);
	ctl_query(path, sizeof(path), "remove", ctl->remove);
	rc = change ? ctl_change(ctl, "POST", path, "application/yaml", buf, n) : look_at(ctl, path, buf, n);
	free(buf);
	return rc;
}

int
cmd_apply(const struct ctl *ctl, int argc, char **argv)
{
	return post_file(ctl, "/v1/apply", argv[0], true);
}

int
cmd_check(const struct ctl *ctl, int argc, char **argv)
{
	return post_file(ctl, "/v1/check", argv[0], false);
}

bool
ctl_split(const struct ctl *ctl, const char *full, char *tunnel, char *child)
{
	const char *slash = strchr(full, '/');
	size_t n = slash ? (size_t)(slash - full) : strlen(full);
	char message[300];

	if (!name_ok_n(full, n) || (slash && !name_ok(slash + 1))) {
		snprintf(message, sizeof(message), "'%s' is not the name of a tunnel.", full);
		ctl_error(ctl, CTL_NOT_FOUND, R_NOT_FOUND, message, NULL);
		return false;
	}
	snprintf(tunnel, NAME_CAP, "%.*s", (int)n, full);
	snprintf(child, NAME_CAP, "%s", slash ? slash + 1 : "");
	return true;
}

static void
print_done(const struct ctl *ctl, json_t *answer)
{
	printf("%s: done\n", text(answer, "tunnel"));
}

static int
tunnel_command(const struct ctl *ctl, const char *full, const char *verb, const char *what)
{
	char tunnel[NAME_CAP], child[NAME_CAP], path[160];
	json_t *body;
	char *octets;
	int rc;

	if (!ctl_split(ctl, full, tunnel, child))
		return CTL_NOT_FOUND;
	body = json_object();
	if (*child)
		json_object_set_new(body, "child", json_string(child));
	if (what)
		json_object_set_new(body, "what", json_string(what));
	octets = json_dumps(body, 0);
	json_decref(body);
	if (!octets)
		return CTL_FAILED;
	snprintf(path, sizeof(path), "/v1/tunnels/%s/%s", tunnel, verb);
	rc = ctl_ask(ctl, true, path, "application/json", octets, strlen(octets), print_done);
	free(octets);
	return rc;
}

int
cmd_up(const struct ctl *ctl, int argc, char **argv)
{
	return tunnel_command(ctl, argv[0], "up", NULL);
}

int
cmd_down(const struct ctl *ctl, int argc, char **argv)
{
	return tunnel_command(ctl, argv[0], "down", NULL);
}

int
cmd_restart(const struct ctl *ctl, int argc, char **argv)
{
	return tunnel_command(ctl, argv[0], "restart", NULL);
}

int
cmd_rekey(const struct ctl *ctl, int argc, char **argv)
{
	return tunnel_command(ctl, argv[0], "rekey", ctl->ike ? "ike" : "child");
}

static void
print_one(const struct ctl *ctl, json_t *tunnel)
{
	json_t *list = json_pack("{s:[O]}", "tunnels", tunnel);

	print_status(ctl, list);
	json_decref(list);
}

int
status_once(const struct ctl *ctl, const char *tunnel)
{
	char path[2048] = "/v1/status";

	if (!tunnel) {
		ctl_query(path, sizeof(path), "label", ctl->label);
		ctl_query(path, sizeof(path), "state", ctl->state);
		ctl_query(path, sizeof(path), "match", ctl->match);
		ctl_query(path, sizeof(path), "limit", ctl->limit);
		ctl_query(path, sizeof(path), "after", ctl->after);
		return ctl_ask(ctl, false, path, NULL, NULL, 0, print_status);
	}
	snprintf(path, sizeof(path), "/v1/tunnels/%s", tunnel);
	return ctl_ask(ctl, false, path, NULL, NULL, 0, print_one);
}

int
cmd_status(const struct ctl *ctl, int argc, char **argv)
{
	char tunnel[NAME_CAP], child[NAME_CAP];

	if (argc && !ctl_split(ctl, argv[0], tunnel, child))
		return CTL_NOT_FOUND;
	return (ctl->watch ? status_watch : status_once)(ctl, argc ? tunnel : NULL);
}

int
cmd_show(const struct ctl *ctl, int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[0], "config") == 0)
		return show_revision(ctl, argv[1]);
	if (argc == 1 && strcmp(argv[0], "sas") == 0)
		return ctl_ask(ctl, false, "/v1/sas", NULL, NULL, 0, print_sas);
	if (argc == 1 && strcmp(argv[0], "policies") == 0)
		return ctl_ask(ctl, false, "/v1/policies", NULL, NULL, 0, print_policies);
	if (argc == 1 && strcmp(argv[0], "certs") == 0)
		return ctl_ask(ctl, false, "/v1/certs", NULL, NULL, 0, print_certs);
	fprintf(stderr, "usage: ikectl show certs | policies | sas | config REVISION\n");
	return CTL_USAGE;
}

int
cmd_explain(const struct ctl *ctl, int argc, char **argv)
{
	char tunnel[NAME_CAP], child[NAME_CAP], path[160];

	if (strcmp(argv[0], "-") == 0)
		return ctl_ask(ctl, false, "/v1/explain/-", NULL, NULL, 0, print_explain);
	if (!ctl_split(ctl, argv[0], tunnel, child))
		return CTL_NOT_FOUND;
	snprintf(path, sizeof(path), "/v1/explain/%s", tunnel);
	return ctl_ask(ctl, false, path, NULL, NULL, 0, print_explain);
}

static void
print_guard(const struct ctl *ctl, json_t *answer)
{
	printf("the guard is %s\n", text(answer, "guard"));
}

int
cmd_open(const struct ctl *ctl, int argc, char **argv)
{
	return ctl_ask(ctl, true, "/v1/guard/open", "application/json", "", 0, print_guard);
}

int
cmd_close(const struct ctl *ctl, int argc, char **argv)
{
	return ctl_ask(ctl, true, "/v1/guard/close", "application/json", "", 0, print_guard);
}

int
cmd_counters(const struct ctl *ctl, int argc, char **argv)
{
	return ctl_ask(ctl, false, "/v1/counters", NULL, NULL, 0, print_counters);
}

static void
print_stopping(const struct ctl *ctl, json_t *answer)
{
	printf("the suite ends; the guard stays\n");
}

int
cmd_shutdown(const struct ctl *ctl, int argc, char **argv)
{
	return ctl_ask(ctl, true, "/v1/shutdown", "application/json", "", 0, print_stopping);
}
