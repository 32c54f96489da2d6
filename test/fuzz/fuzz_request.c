/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a client writes to a socket of the API, whole: HTTP head, query, names, headers, body; against the API itself, over a store in memory's
 * file system with one tunnel and no other daemon. The first octet: 'r' rw.sock, 'p' panel.sock, anything else ro.sock. The
 * first "%S" is a session of an administrator. Whatever was written: an answer is whole or there is none, its JSON is JSON, and what is no 2xx has a reason.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "api.h"
#include "certwatch.h"
#include "clock.h"
#include "confirm.h"
#include "events.h"
#include "log.h"
#include "names.h"

#define TURNS	200	/* of the loop; what takes longer waits for a daemon, and its client goes */
#define ANSWER	(1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct proc proc = { .engine = "user", .engine_asked = "auto" };
static struct confirm waiting;
static struct sync sync_ = { .proc = &proc, .confirm = &waiting, .host.guard = -1, .iked.sync_due = true, .keymgr = { .which = 1, .sync_due = true }, .site = "a" };
static char dir[64];
static struct account ann = { .name = "ann", .hash = "*", .role = ROLE_ADMIN };
static const char *const socks[] = { "ro", "rw", "panel" };
static const char site[] = "version: 1\nsites:\n  a: {address: 192.0.2.1, networks: [10.0.1.0/24]}\n  b: {address: 192.0.2.2, networks: [10.0.2.0/24]}\n"
    "tunnels:\n  a-b:\n    between: [a, b]\n    auth: {psk: a-b}\n    policy: modern\n    start: always\n    labels: {region: asia}\n";

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz_request: %s\n", what);
	abort();
}

static void
address(unsigned which, struct sockaddr_un *sa)
{
	*sa = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(sa->sun_path, sizeof(sa->sun_path), "%s/%s", dir, socks[which]);
}

/* What is answered; 0 when its end was not seen. */
static size_t
converse(unsigned which, const uint8_t *text, size_t n, char *answer)
{
	struct sockaddr_un sa;
	size_t sent = 0, got = 0;
	bool ended = false;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	address(which, &sa);
	must(fd >= 0 && connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0, "no connection");
	for (unsigned i = 0; i < TURNS; i++) {
		ssize_t k = sent < n ? send(fd, text + sent, n - sent, MSG_NOSIGNAL) : 0;

		sent += k > 0 ? (size_t)k : 0;
		if (sent == n && got == 0 && i > 4)	/* evhttp ends an answer whose client says that it says no more */
			shutdown(fd, SHUT_WR);
		event_base_loop(sync_.base, EVLOOP_NONBLOCK);
		k = recv(fd, answer + got, ANSWER - 1 - got, 0);
		got += k > 0 ? (size_t)k : 0;
		ended = k == 0 && got < ANSWER - 1;
		if (k == 0 || (k < 0 && errno != EAGAIN))
			break;
	}
	close(fd);
	for (unsigned i = 0; i < 3; i++)
		event_base_loop(sync_.base, EVLOOP_NONBLOCK);
	answer[got] = '\0';
	return ended ? got : 0;
}

static void
judge(const char *answer, size_t got)
{
	const char *body = strstr(answer, "\r\n\r\n"), *length = strstr(answer, "Content-Length: ");
	json_t *j;

	if (got == 0)
		return;
	must(strncmp(answer, "HTTP/", 5) == 0 && strlen(answer) == got, "the answer is no HTTP");
	if (!body || !strstr(answer, "Content-Type: application/json") || !length || length > body)
		return;			/* a stream, a text, or evhttp's own refusal of what is no HTTP */
	body += 4;
	must(strlen(body) == strtoul(length + 16, NULL, 10), "the answer is not whole");
	j = json_loads(body, 0, NULL);
	must(j != NULL, "the answer is no JSON");
	must(strncmp(strchr(answer, ' ') ? strchr(answer, ' ') : "", " 2", 2) == 0 || json_is_string(json_object_get(j, "reason")), "a refusal has no reason");
	json_decref(j);
}

static void
listen_at(unsigned which)
{
	struct sockaddr_un sa;
	char name[16];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	address(which, &sa);
	must(fd >= 0 && bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0 && listen(fd, 64) == 0, "no socket");
	snprintf(name, sizeof(name), "api-%s", socks[which]);
	sync_attach(&sync_, name, fd);
}

static void
clean(void)
{
	static const char *const files[] = { "ro", "rw", "panel", "causeway.db", "causeway.db-wal", "causeway.db-shm" };
	char path[128];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		unlink(path);
	}
	rmdir(dir);
}

static void
begin(char *answer)
{
	struct store_error err;
	char path[128], text[sizeof(site) + 128];

	signal(SIGPIPE, SIG_IGN);	/* as proc_start() has it */
	log_init("fuzz_request", LOG_ERROR);
	snprintf(dir, sizeof(dir), "%s/cw-fuzz.XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	must(mkdtemp(dir) != NULL, "no folder");
	atexit(clean);
	snprintf(path, sizeof(path), "%s/causeway.db", dir);
	sync_.base = event_base_new();
	sync_.api = api_new(&sync_);
	sync_.certs = certwatch_new(&sync_);
	sync_.events = events_new(&sync_);
	sync_.names = names_new(&sync_);
	sync_.store = store_open(path, -1, -1, &err);
	must(sync_.store && sync_load(&sync_, &err), "no store");
	for (unsigned i = 0; i < 3; i++)
		listen_at(i);
	snprintf(text, sizeof(text), "POST /v1/apply HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%s", strlen(site), site);
	converse(1, (const uint8_t *)text, strlen(text), answer);
	must(sync_.nrt == 1, "the first file was not applied");
	must(account_add(sync_.store, &ann, &(struct audit_row){ .action = "new user" }) == R_OK, "no account");
}

/* A new one for each who asks for it: the input before may have ended the last, or have changed ann. */
static size_t
put_session(uint8_t *at)
{
	struct audit_row audit = { .action = "login" };
	char token[TOKEN_CAP];

	if (!token_make("cws_", token) || account_get(sync_.store, "ann", &ann) != R_OK ||
	    session_begin(sync_.store, &ann, "", token, clock_wall_s(), &audit) != R_OK)
		return 0;
	memcpy(at, token, strlen(token));
	return strlen(token);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static char *answer;
	bool given = false;
	uint8_t *text;
	size_t len = 0;

	if (!answer) {
		answer = malloc(ANSWER);
		must(answer != NULL, "no memory");
		begin(answer);
	}
	if (n == 0)
		return 0;
	text = malloc(n + TOKEN_CAP);
	must(text != NULL, "no memory");
	for (size_t i = 1; i < n; i++)
		if (!given && i + 1 < n && data[i] == '%' && data[i + 1] == 'S') {
			len += put_session(text + len);
			given = true;
			i++;
		} else
			text[len++] = data[i];
	judge(answer, converse(data[0] == 'r' ? 1 : data[0] == 'p' ? 2 : 0, text, len, answer));
	free(text);
	return 0;
}
