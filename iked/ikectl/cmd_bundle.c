/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "ikectl bundle": one file for whoever is to help. What is in it are answers of the API, which never has a secret, tables of the system that
 * have none, and the log, in which our daemons write none. As a last line, a block that says of itself that it is a private key is
 * blanked wherever it stands: people paste into comments and logs. What could not be had is said in about.json, and the rest comes all the same.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl.h"
#include "http.h"
#include "name.h"
#include "tar.h"

#define MEMBER_MAX	(16u << 20)

struct bundle {
	const struct ctl *ctl;
	FILE		*to;
	time_t		 now;
	json_t		*members;	/* of about.json: name, octets, error */
	bool		 broken, down;	/* the file cannot be written; spdsync does not answer, and is not asked again */
	bool		 progress;
};

/* From the API: name in the bundle, path. */
static const struct { const char *name, *path; } asked[] = {
	{ "status.json", "/v1/status" }, { "tunnels.json", "/v1/tunnels" }, { "confirm.json", "/v1/confirm" }, { "sas.json", "/v1/sas" },
	{ "policies.json", "/v1/policies" }, { "counters.json", "/v1/counters" }, { "metrics.txt", "/metrics" }, { "certs.json", "/v1/certs" },
	{ "events.json", "/v1/events?since=oldest&follow=0" }, { "audit.json", "/v1/audit?limit=1000" }, { "revisions.json", "/v1/revisions?limit=1000" },
	{ "diff.json", "/v1/diff" }, { "strangers.json", "/v1/explain/-" },
};

/* Of the system. */
static const struct { const char *name, *path; } tables[] = {
	{ "system/version", "/proc/version" }, { "system/os-release", "/etc/os-release" }, { "system/loadavg", "/proc/loadavg" },
	{ "system/meminfo", "/proc/meminfo" }, { "system/causeway-module", "/proc/net/causeway" }, { "system/interfaces", "/proc/net/dev" },
	{ "system/snmp", "/proc/net/snmp" }, { "system/snmp6", "/proc/net/snmp6" }, { "system/netstat", "/proc/net/netstat" },
	{ "system/softnet", "/proc/net/softnet_stat" }, { "system/xfrm_stat", "/proc/net/xfrm_stat" }, { "system/route", "/proc/net/route" },
	{ "system/ipv6_route", "/proc/net/ipv6_route" },
};

/*
 * Blanks what stands between the lines of a PEM private key (RFC 7468, 10 and 11, and the older forms), its end missing or not. Lines may
 * be ended as JSON and log records write it: escapes stay, and a string's end ends the key.
 */
static void
blank_keys(char *p, size_t n)
{
	static const char begin[] = "-----BEGIN ", end[] = "-----END ", kind[] = "PRIVATE KEY-----";
	char *at = p, *stop = p + n, *word;

	while ((at = memmem(at, (size_t)(stop - at), begin, sizeof(begin) - 1)) != NULL) {
		at += sizeof(begin) - 1;
		word = memmem(at, (size_t)(stop - at) < 48 ? (size_t)(stop - at) : 48, kind, sizeof(kind) - 1);
		if (!word || memmem(at, (size_t)(word - at), "-----", 5))
			continue;
		for (at = word + sizeof(kind) - 1; at < stop && *at != '"' && ((size_t)(stop - at) < sizeof(end) || memcmp(at, end, sizeof(end) - 1) != 0); at++)
			if (*at == '\\' && stop - at > 1)
				at++;
			else if (*at != '\n')
				*at = '*';
	}
}

static void
add(struct bundle *b, const char *name, char *octets, size_t n)
{
	blank_keys(octets, n);
	b->broken |= !tar_add(b->to, name, b->now, octets, n);
	json_array_append_new(b->members, json_pack("{s:s, s:I, s:n}", "name", name, "octets", (json_int_t)n, "error"));
	if (b->progress)
		fprintf(stderr, "\r\033[K%zu: %s", json_array_size(b->members), name);
}

static void
add_not(struct bundle *b, const char *name, const char *why)
{
	json_array_append_new(b->members, json_pack("{s:s, s:i, s:s}", "name", name, "octets", 0, "error", why));
}

/* The answer, the caller's; NULL after a line in about.json. */
static char *
add_answer(struct bundle *b, const char *name, const char *path)
{
	const char *why;
	char socket[512], *octets;
	struct http h;

	if (b->down) {
		add_not(b, name, "spdsync does not answer");
		return NULL;
	}
	snprintf(socket, sizeof(socket), "%s/ro.sock", b->ctl->run_dir);
	octets = http_text(&h, socket, path, b->ctl->timeout_s ? b->ctl->timeout_s : 30);
	why = h.body ? json_string_value(json_object_get(h.body, "message")) : NULL;
	if (octets)
		add(b, name, octets, strlen(octets));
	else
		add_not(b, name, why ? why : *h.error ? h.error : "no answer");
	b->down = h.status == 0;
	http_free(&h);
	return octets;
}

/* To its end, or the last MEMBER_MAX octets of it. NULL: see errno. The caller's. */
static char *
read_all(FILE *f, size_t *n)
{
	char *buf = malloc(2 * MEMBER_MAX), *grown;
	size_t got;

	*n = 0;
	while (buf && (got = fread(buf + *n, 1, 2 * MEMBER_MAX - *n, f)) > 0) {
		*n += got;
		if (*n == 2 * MEMBER_MAX) {
			memmove(buf, buf + MEMBER_MAX, MEMBER_MAX);
			*n = MEMBER_MAX;
		}
	}
	if (!buf || ferror(f)) {
		free(buf);
		return NULL;
	}
	if (*n > MEMBER_MAX) {
		memmove(buf, buf + *n - MEMBER_MAX, MEMBER_MAX);
		*n = MEMBER_MAX;
	}
	grown = realloc(buf, *n + 1);
	return grown ? grown : buf;
}

static void
add_stream(struct bundle *b, const char *name, FILE *f)
{
	char *octets;
	size_t n;

	octets = f ? read_all(f, &n) : NULL;
	if (octets)
		add(b, name, octets, n);
	else
		add_not(b, name, strerror(errno));
	free(octets);
}

static void
add_file(struct bundle *b, const char *name, const char *path)
{
	FILE *f = fopen(path, "re");

	add_stream(b, name, f);
	if (f)
		fclose(f);
}

/* The unit's records of the last week, where there is a journal. */
static void
add_journal(struct bundle *b)
{
	char *argv[] = { "journalctl", "--quiet", "--no-pager", "--output=short-iso-precise", "--unit=causeway.service", "--since=-7d", "--lines=50000", NULL };
	posix_spawn_file_actions_t fa;
	extern char **environ;
	int sv[2], rc;
	pid_t pid;
	FILE *f;

	if (pipe2(sv, O_CLOEXEC) != 0) {
		add_not(b, "log/journal", strerror(errno));
		return;
	}
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&fa, sv[1], STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&fa, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	rc = posix_spawnp(&pid, argv[0], &fa, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	close(sv[1]);
	f = fdopen(sv[0], "r");
	if (rc != 0)
		add_not(b, "log/journal", "there is no journalctl; --log FILE adds a log file");
	else
		add_stream(b, "log/journal", f);
	if (f)
		fclose(f);
	else
		close(sv[0]);
	if (rc == 0)
		waitpid(pid, NULL, 0);
}

/* Each tunnel's explanation, and the text in force. */
static void
add_tunnels(struct bundle *b, const char *tunnels, const char *status)
{
	json_t *list = tunnels ? json_loads(tunnels, 0, NULL) : NULL, *st = status ? json_loads(status, 0, NULL) : NULL, *t;
	json_int_t number = json_integer_value(json_object_get(json_object_get(st, "revision"), "number"));
	char name[128], path[128];
	size_t i;

	json_array_foreach(json_object_get(list, "tunnels"), i, t) {
		const char *tunnel = json_string_value(json_object_get(t, "name"));

		if (!tunnel || !name_ok(tunnel))
			continue;
		snprintf(name, sizeof(name), "explain/%s.json", tunnel);
		snprintf(path, sizeof(path), "/v1/explain/%s", tunnel);
		free(add_answer(b, name, path));
	}
	if (number > 0) {
		snprintf(path, sizeof(path), "/v1/revisions/%lld", (long long)number);
		free(add_answer(b, "revision.json", path));
	}
	json_decref(list);
	json_decref(st);
}

static void
add_everything(struct bundle *b)
{
	char state[512], *answer, *status = NULL, *tunnels = NULL;

	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		answer = add_answer(b, asked[i].name, asked[i].path);
		if (i == 0)
			status = answer;
		else if (i == 1)
			tunnels = answer;
		else
			free(answer);
	}
	add_tunnels(b, tunnels, status);
	free(status);
	free(tunnels);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		add_file(b, tables[i].name, tables[i].path);
	snprintf(state, sizeof(state), "%s/state", b->ctl->run_dir);
	add_file(b, "state", state);
	if (b->ctl->log)
		add_file(b, "log/file", b->ctl->log);
	else
		add_journal(b);
}

/* about.json comes last: it lists the others. Returns it. */
static json_t *
add_about(struct bundle *b)
{
	struct utsname u;
	char when[32], *octets;
	struct tm tm;
	json_t *about;

	uname(&u);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&b->now, &tm));
	about = json_pack("{s:s, s:s, s:s, s:s, s:O}", "time", when, "ikectl", PACKAGE_VERSION, "kernel", u.release, "machine", u.machine, "members", b->members);
	octets = about ? json_dumps(about, JSON_INDENT(1)) : NULL;
	b->broken |= !octets || !tar_add(b->to, "about.json", b->now, octets, strlen(octets)) || !tar_end(b->to);
	free(octets);
	return about;
}

static void
report(const struct ctl *ctl, const char *file, json_t *about)
{
	size_t i, n = 0;
	json_t *m;

	json_object_set_new(about, "file", json_string(file));
	if (ctl->json) {
		ctl_json(about);
		return;
	}
	json_array_foreach(json_object_get(about, "members"), i, m)
		if (json_is_string(json_object_get(m, "error")))
			fprintf(stderr, "  without %s: %s\n", text(m, "name"), text(m, "error"));
		else
			n++;
	if (strcmp(file, "-") != 0)
		printf("%s: %zu files, without secrets; look through it before you send it: it tells names and addresses\n", file, n);
}

int
cmd_bundle(const struct ctl *ctl, int argc, char **argv)
{
	struct bundle b = { .ctl = ctl, .now = time(NULL), .progress = isatty(STDERR_FILENO) && !ctl->json };
	const char *file = ctl->output;
	char named[64], socket[512];
	struct tm tm;
	json_t *about;
	int fd;

	strftime(named, sizeof(named), "causeway-bundle-%Y%m%dT%H%M%SZ.tar", gmtime_r(&b.now, &tm));
	file = file ? file : named;
	if (strcmp(file, "-") == 0 && (ctl->json || isatty(STDOUT_FILENO))) {
		fprintf(stderr, "ikectl: the bundle is a tar file; it is not for %s\n", ctl->json ? "standard output beside --json" : "a terminal");
		return CTL_USAGE;
	}
	/* Nothing of it would be more than what anybody has; a spdsync that is down is another matter. */
	snprintf(socket, sizeof(socket), "%s/ro.sock", ctl->run_dir);
	if (access(socket, W_OK) != 0 && errno == EACCES)
		return ctl_denied(ctl, socket);
	fd = strcmp(file, "-") == 0 ? dup(STDOUT_FILENO) : open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	b.to = fd >= 0 ? fdopen(fd, "w") : NULL;
	b.members = json_array();
	if (!b.to) {
		ctl_unreadable(ctl, file, strerror(errno));
		json_decref(b.members);
		return CTL_FAILED;
	}
	add_everything(&b);
	about = add_about(&b);
	if (b.progress)
		fprintf(stderr, "\r\033[K");
	b.broken |= fclose(b.to) != 0;
	if (b.broken)
		ctl_unreadable(ctl, file, "it could not be written to its end");
	else
		report(ctl, file, about);
	json_decref(about);
	json_decref(b.members);
	return b.broken ? CTL_FAILED : CTL_OK;
}
