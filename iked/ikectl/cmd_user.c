/* SPDX-License-Identifier: BSD-2-Clause */
/* Accounts of the panel. A password comes from the terminal or a file, never from an argument. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "box.h"
#include "secret.h"
#include "sub.h"

#define PASSWORD_CAP	512

/* ---- shared ---- */

static int
send_body(const struct ctl *ctl, const char *method, const char *path, json_t *body, json_t **answer)
{
	char *octets = body ? json_dumps(body, 0) : NULL;
	int rc;

	rc = ctl_method(ctl, method, path, octets ? octets : "", octets ? strlen(octets) : 0, answer);
	if (octets)
		wipe(octets, strlen(octets));
	free(octets);
	json_decref(body);
	return rc;
}

/* What has nothing to tell but that it is done. */
static int
act(const struct ctl *ctl, const char *method, const char *path, json_t *body, const char *said)
{
	json_t *answer = NULL;
	int rc = send_body(ctl, method, path, body, &answer);

	if (answer && ctl->json)
		ctl_json(answer);
	else if (answer)
		printf("%s: %s\n", text(answer, "name"), said);
	json_decref(answer);
	return rc;
}

static bool
get_password(const struct ctl *ctl, char buf[static PASSWORD_CAP])
{
	size_t n = 0;
	char *file;

	if (!ctl->password_file) {
		if (ask_password("New password: ", true, buf, 256))
			return true;
		fprintf(stderr, "ikectl: there is no terminal to ask for the password: give it with --password-file ('-' is standard input)\n");
		return false;
	}
	file = ctl_slurp(ctl, ctl->password_file, &n);
	if (!file)
		return false;
	buf[0] = '\0';
	if (strcspn(file, "\r\n") < PASSWORD_CAP)
		snprintf(buf, PASSWORD_CAP, "%.*s", (int)strcspn(file, "\r\n"), file);
	wipe(file, n);
	free(file);
	if (!buf[0])
		fprintf(stderr, "ikectl: the file's first line is no password\n");
	return buf[0] != '\0';
}

static bool
user_path(const char *name, char *path, size_t cap)
{
	snprintf(path, cap, "/v1/users/%.64s", name);
	return is_name("a user", name);
}

/* The whole list, whatever a part of it holds. cursor: the query that asks for the next part. */
static int
list(const struct ctl *ctl, const char *path, const char *cursor, const char *key, const char *const *columns)
{
	json_t *answer, *part, *row;
	char next[256];
	size_t i;
	int rc = ctl_call(ctl, true, path, "", NULL, 0, &answer, NULL);

	while (rc == CTL_OK && ctl_goes_on(answer)) {
		snprintf(next, sizeof(next), "%s", path);
		ctl_query(next, sizeof(next), cursor, text(answer, "next"));
		rc = ctl_call(ctl, true, next, "", NULL, 0, &part, NULL);
		if (rc != CTL_OK)
			break;
		json_array_extend(json_object_get(answer, key), json_object_get(part, key));
		json_object_set(answer, "next", json_object_get(part, "next"));
		json_decref(part);
	}
	if (rc == CTL_OK && ctl->json)
		ctl_json(answer);
	else if (rc == CTL_OK)
		json_array_foreach(json_object_get(answer, key), i, row) {
			for (unsigned c = 0; columns[c]; c++)
				printf(columns[c + 1] ? "%-21s " : "%s\n", strcmp(columns[c], "disabled") ? text(row, columns[c]) :
				    json_is_true(json_object_get(row, "disabled")) ? "disabled" : "-");
		}
	json_decref(answer);
	return rc;
}

/* ---- users ---- */

static int
user_first(const struct ctl *ctl, int argc, char **argv)
{
	json_t *answer = NULL;
	int rc = send_body(ctl, "POST", "/v1/first-token", NULL, &answer);

	(void)argc, (void)argv;
	if (answer && ctl->json)
		ctl_json(answer);
	else if (answer) {
		printf("%s\n", text(answer, "token"));
		fflush(stdout);
		fprintf(stderr, "Next: enter it on the panel's page 'first', until %s. It is good once; a new one takes its place.\n", text(answer, "expires"));
	}
	json_decref(answer);
	return rc;
}

static int
user_list(const struct ctl *ctl, int argc, char **argv)
{
	static const char *const columns[] = { "user", "role", "disabled", "created", NULL };

	(void)argc, (void)argv;
	return list(ctl, "/v1/users", "after", "users", columns);
}

/* A new one when there is a role. */
static int
with_password(const struct ctl *ctl, const char *name, const char *role)
{
	char path[160], password[PASSWORD_CAP];
	json_t *body;
	int rc;

	if (!user_path(name, path, sizeof(path)))
		return CTL_USAGE;
	if (!get_password(ctl, password))
		return CTL_FAILED;
	body = role ? json_pack("{s:s, s:s, s:s}", "user", name, "password", password, "role", role) : json_pack("{s:s}", "password", password);
	wipe(password, sizeof(password));
	if (!body) {
		fprintf(stderr, "ikectl: the password is not UTF-8\n");
		return CTL_FAILED;
	}
	rc = act(ctl, "POST", role ? "/v1/users" : path, body, role ? "a new user" : "a new password; the sessions of before have ended");
	return rc;
}

static int
user_add(const struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return with_password(ctl, argv[0], ctl->role ? ctl->role : "viewer");
}

static int
user_password(const struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return with_password(ctl, argv[0], NULL);
}

static int
user_role(const struct ctl *ctl, int argc, char **argv)
{
	char path[160];

	(void)argc;
	return user_path(argv[0], path, sizeof(path)) ? act(ctl, "POST", path, json_pack("{s:s}", "role", argv[1]), "has that role now") : CTL_USAGE;
}

static int
disable(const struct ctl *ctl, const char *name, bool off)
{
	char path[160];

	return user_path(name, path, sizeof(path)) ? act(ctl, "POST", path, json_pack("{s:b}", "disabled", off), off ? "may not sign in" : "may sign in") : CTL_USAGE;
}

static int
user_disable(const struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return disable(ctl, argv[0], true);
}

static int
user_enable(const struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return disable(ctl, argv[0], false);
}

static int
user_delete(const struct ctl *ctl, int argc, char **argv)
{
	char path[160];

	(void)argc;
	return user_path(argv[0], path, sizeof(path)) ? act(ctl, "DELETE", path, NULL, "removed, with sessions and tokens") : CTL_USAGE;
}

static const struct sub users[] = {
	{ "first", "", "print the token that makes the first user, an administrator", 0, 0, "", user_first },
	{ "list", "", "the users", 0, 0, "", user_list },
	{ "add", "NAME [--role viewer|operator|editor|admin] [--password-file FILE]", "a new user", 1, 1, "Ew", user_add },
	{ "role", "NAME ROLE", "another role", 2, 2, "", user_role },
	{ "password", "NAME [--password-file FILE]", "another password", 1, 1, "w", user_password },
	{ "disable", "NAME", "may not sign in any more; sessions end, tokens rest", 1, 1, "", user_disable },
	{ "enable", "NAME", "may sign in again", 1, 1, "", user_enable },
	{ "delete", "NAME", "remove a user; the last administrator stays", 1, 1, "", user_delete },
};

int
cmd_user(const struct ctl *ctl, int argc, char **argv)
{
	return sub_run(ctl, "user", users, sizeof(users) / sizeof(users[0]), argc, argv);
}

/* ---- sessions and tokens ---- */

static int
by_id(const struct ctl *ctl, const char *what, const char *id, const char *said)
{
	char path[160];

	if (!*id || strlen(id) > 18 || id[strspn(id, "0123456789")]) {
		fprintf(stderr, "ikectl: '%s' is not a number; 'list' tells them\n", id);
		return CTL_USAGE;
	}
	snprintf(path, sizeof(path), "/v1/%s/%s", what, id);
	return act(ctl, "DELETE", path, NULL, said);
}

static int
session_list(const struct ctl *ctl, int argc, char **argv)
{
	static const char *const columns[] = { "id", "user", "client", "created", "seen", "expires", NULL };

	(void)argc, (void)argv;
	return list(ctl, "/v1/sessions", "before", "sessions", columns);
}

static int
session_end(const struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return by_id(ctl, "sessions", argv[0], "that session has ended");
}

static const struct sub sessions[] = {
	{ "list", "", "the sessions", 0, 0, "", session_list },
	{ "end", "ID", "end one", 1, 1, "", session_end },
};

int
cmd_session(const struct ctl *ctl, int argc, char **argv)
{
	return sub_run(ctl, "session", sessions, sizeof(sessions) / sizeof(sessions[0]), argc, argv);
}

static int
token_list(const struct ctl *ctl, int argc, char **argv)
{
	static const char *const columns[] = { "id", "name", "user", "role", "used", "expires", NULL };

	(void)argc, (void)argv;
	return list(ctl, "/v1/tokens", "before", "tokens", columns);
}

static int
token_add(const struct ctl *ctl, int argc, char **argv)
{
	json_t *body, *answer = NULL;
	int rc = CTL_USAGE;

	(void)argc;
	if (!is_name("a token", argv[0]))
		return CTL_USAGE;
	body = json_pack("{s:s, s:s, s:i}", "name", argv[0], "role", ctl->role ? ctl->role : "viewer", "days", 90);
	if (set_days(body, ctl))
		rc = send_body(ctl, "POST", "/v1/tokens", json_incref(body), &answer);
	json_decref(body);
	if (answer && ctl->json)
		ctl_json(answer);
	else if (answer) {
		printf("%s\n", text(answer, "token"));
		fflush(stdout);
		fprintf(stderr, "Number %s, role %s, good until %s. It is shown now and never again.\n", text(answer, "id"), text(answer, "role"), text(answer, "expires"));
	}
	json_decref(answer);
	return rc;
}

static int
token_remove(const struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return by_id(ctl, "tokens", argv[0], "that token is gone");
}

static const struct sub tokens[] = {
	{ "list", "", "the tokens", 0, 0, "", token_list },
	{ "add", "NAME [--role ROLE] [--days N]", "a new one, for 90 days unless told; it is printed once", 1, 1, "Ed", token_add },
	{ "remove", "ID", "take one away", 1, 1, "", token_remove },
};

int
cmd_token(const struct ctl *ctl, int argc, char **argv)
{
	return sub_run(ctl, "token", tokens, sizeof(tokens) / sizeof(tokens[0]), argc, argv);
}
